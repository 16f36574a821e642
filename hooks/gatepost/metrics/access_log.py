"""The access log of a web server: nginx, Apache, Caddy, Traefik, or JSON lines of one's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import time

from gatepost.metrics import MetricSource, SourceError, Verification, Window
from gatepost.metrics._events import Tally
from gatepost.metrics._files import Rotated, last_time, parts, sample, span
from gatepost.metrics._lines import Parser, parser_for

AHEAD = 90.0
TRIES = 3
CHECK = 4  # reads between two looks at the log's clock
Choose = Callable[[str, str, str], Parser]


class LogReader:
    """Give windows of a log, read again each time: rotation, truncation and late lines are seen then."""

    delay = 2.0

    def __init__(self, settings: Verification, clock: Callable[[], float] = time, choose: Choose = parser_for) -> None:
        if not settings.path:
            raise SourceError("verification.path: is not set", "name the access log")
        self.settings, self._clock, self._choose = settings, clock, choose
        self._parser: Parser | None = None
        self._reads = 0

    @property
    def parser(self) -> Parser:
        """The parser that reads this log; chosen when the log has its first lines."""
        if self._parser is None:
            text = sample(self.settings.path)
            parser = self._choose(text, self.settings.pattern, self.settings.unit)
            if not text:
                return parser
            self._parser = parser
        return self._parser

    def read(self, start: float, end: float, step: float) -> list[Window]:
        """Give the windows of a span. SourceError: no log, not understood, or its clock is ahead of ours."""
        parser = self.parser
        if not Path(self.settings.path).exists() and not parts(self.settings.path):
            raise SourceError(f"{self.settings.path}: has gone", "the log must stay where it is during a watch")
        tally, lines, understood = self._counted(parser, start, end, step)
        if understood < 0.5 * lines:
            self._parser = None  # chosen again at the next look, should the format have changed
            raise SourceError(
                f"{self.settings.path}: {lines - understood} of {lines} lines cannot be read",
                "its format changed, or several programs write to it; see pattern in docs/verification.md",
            )
        if self._reads % CHECK == 0:
            self._check_clock(parser)
        self._reads += 1
        return tally.windows()

    def _counted(self, parser: Parser, start: float, end: float, step: float) -> tuple[Tally, int, int]:
        for left in reversed(range(TRIES)):
            tally, lines, understood = Tally(start, end, step, parser.resolution), 0, 0
            try:
                for text in span(self.settings.path, parser, start, end):
                    lines += text.count("\n")
                    understood += tally.add(parser(text))
                break
            except Rotated:
                if not left:
                    raise
        return tally, lines, understood

    def _check_clock(self, parser: Parser) -> None:
        newest = last_time(self.settings.path, parser)
        ahead = (newest or 0.0) - self._clock()
        if ahead > AHEAD:
            raise SourceError(
                f"{self.settings.path}: its newest line is {ahead:.0f} s in the future",
                "the clocks of this machine and of the log differ, or the log names no time zone and is not in UTC",
            )

    def close(self) -> None:
        """Hold nothing open."""


SOURCE = MetricSource("access-log", "access logs: nginx, Apache, Caddy, JSON lines, a pattern", LogReader)

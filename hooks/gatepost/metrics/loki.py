"""Grafana Loki: access-log or JSON lines of a stream selector, by ``query_range``."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from gatepost.metrics import MetricSource, SourceError, Verification, Window
from gatepost.metrics._events import Tally
from gatepost.metrics._http import get_json
from gatepost.metrics._lines import Parser, parser_for
from gatepost.metrics.prometheus import headers

PAGE = 5000
MOST_PAGES = 2000


class LokiReader:
    """Ask Loki for the lines of a span, page by page."""

    chunk = 3600.0
    delay = 10.0

    def __init__(self, settings: Verification) -> None:
        if not settings.url or not settings.selector:
            raise SourceError("verification.url and verification.selector: are not set", "selector = '{app=\"web\"}'")
        self.settings = settings
        self._parser: Parser | None = None

    def close(self) -> None:
        """Hold nothing open."""

    def read(self, start: float, end: float, step: float) -> list[Window]:
        """Give the windows of a span. SourceError: no answer, or lines that cannot be read."""
        tally = Tally(start, end, step)
        lines = understood = 0
        for texts in self._pages(round(start * 1e9), round(end * 1e9)):
            text = "".join(line.rstrip("\n").replace("\n", " ") + "\n" for line in texts)
            if self._parser is None:
                self._parser = parser_for(text, self.settings.pattern, self.settings.unit)
            lines += len(texts)
            understood += tally.add(self._parser(text))
        if understood < 0.5 * lines:
            self._parser = None
            raise SourceError(f"{self.settings.url}: {lines - understood} of {lines} lines cannot be read")
        return tally.windows()

    def _pages(self, start: int, end: int) -> Iterator[list[str]]:
        seen: set[tuple[int, str]] = set()
        for _ in range(MOST_PAGES):
            rows = self._page(start, end)
            fresh = [row for row in rows if row not in seen]
            if fresh:
                yield [line for _, line in fresh]
            if len(rows) < PAGE:
                return
            # The next page begins with the last nanosecond again: several lines may share it.
            start = rows[-1][0]
            seen = {row for row in rows if row[0] == start}
            if not fresh:
                break
        raise SourceError(f"{self.settings.url}: more lines than can be read", "narrow verification.selector")

    def _page(self, start: int, end: int) -> list[tuple[int, str]]:
        parameters = {
            "query": self.settings.selector,
            "start": start,
            "end": end,
            "limit": PAGE,
            "direction": "forward",
        }
        address = f"{self.settings.url.rstrip('/')}/loki/api/v1/query_range?{urlencode(parameters)}"
        given = headers(self.settings)
        if self.settings.tenant:
            given["X-Scope-OrgID"] = self.settings.tenant
        answer = get_json(address, self.settings.timeout, given)
        try:
            streams = answer["data"]["result"]
            return sorted((int(moment), str(line)) for stream in streams for moment, line, *_ in stream["values"])
        except (KeyError, TypeError, ValueError):
            raise SourceError(f"{self.settings.url}: the answer is not one of Loki's API") from None


SOURCE = MetricSource("loki", "Grafana Loki: access-log or JSON lines of a selector", LokiReader)

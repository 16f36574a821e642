"""Any program that prints counts as JSON: for the source that nobody wrote a file for.

It is run as ``command… START END STEP`` (seconds since 1970, the last two as numbers too) and prints one JSON
object per window, in order: ``{"start": …, "end": …, "requests": 120, "errors": 2}`` and, where it knows them,
``distinct``, ``refused`` {code: count}, ``signatures`` {name: count}, ``examples`` {name: text}, ``routes``
{name: [requests, errors]}, ``durations`` {route: [seconds, …]} or [seconds, …], ``buckets`` {bound: count so far},
``seconds`` and ``timed``. It is taken from the server's own ``gatepost.toml`` only.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from array import array
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from gatepost.git import environment
from gatepost.metrics import MetricSource, SourceError, Verification, Window
from gatepost.model import printable

LIMIT = 64 * 1024 * 1024


class ProgramReader:
    """Run the program once for each span."""

    def __init__(self, settings: Verification) -> None:
        if not settings.command:
            raise SourceError(
                "verification.command: is not set", 'in the server\'s gatepost.toml: command = ["counts"]'
            )
        self.settings = settings
        self.delay: float = settings.scrape

    def close(self) -> None:
        """Hold nothing open."""

    def read(self, start: float, end: float, step: float) -> list[Window]:
        """Give the windows of a span. SourceError: it failed, took too long, or printed something else."""
        text = self._run(f"{start:.3f}", f"{end:.3f}", f"{step:g}")
        try:
            rows = json.loads(text) if text.lstrip()[:1] == "[" else [json.loads(s) for s in text.splitlines() if s]
            windows = [_window(row) for row in rows]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise SourceError(f"{self._name}: printed no windows: {printable(str(error), 120)}") from None
        expected, at = [], start
        while at < end - 1e-6:
            expected.append(at)
            at += step
        if [round(window.start) for window in windows] != [round(moment) for moment in expected]:
            raise SourceError(f"{self._name}: printed {len(windows)} windows, {len(expected)} were asked for")
        return windows

    @property
    def _name(self) -> str:
        return printable(self.settings.command[0], 80)

    def _run(self, *span: str) -> str:
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        try:
            process = subprocess.Popen(
                [*self.settings.command, *span],
                stdin=nothing,
                stdout=pipe,
                stderr=pipe,
                env=environment(own=False, client=False),
                start_new_session=True,
            )
        except OSError as error:
            raise SourceError(f"{self._name}: {error.strerror}", "see verification.command") from None
        with process:
            try:
                out, err = process.communicate(timeout=self.settings.timeout)
            except subprocess.TimeoutExpired:
                with suppress(OSError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                raise SourceError(f"{self._name}: no answer within {self.settings.timeout:g} s") from None
        if process.returncode:
            said = printable(err[-300:].decode("utf-8", "replace").strip(), 200)
            raise SourceError(f"{self._name}: ended with {process.returncode}: {said}")
        if len(out) > LIMIT:
            raise SourceError(f"{self._name}: printed more than {LIMIT} bytes")
        return out.decode("utf-8", "replace")


def _window(row: Mapping[str, Any]) -> Window:
    durations = row.get("durations") or {}
    if isinstance(durations, list):
        durations = {"*": durations}
    errors = _count(row.get("errors", 0))
    refused = {str(code): _count(n) for code, n in (row.get("refused") or {}).items()}
    return Window(
        start=float(row["start"]),
        end=float(row["end"]),
        requests=_count(row["requests"]),
        errors=errors,
        distinct=_count(row.get("distinct", errors)),
        refused=refused,
        refused_once=dict(refused),
        signatures={printable(str(name)): _count(n) for name, n in (row.get("signatures") or {}).items()},
        examples={printable(str(name)): printable(str(s), 300) for name, s in _examples(row).items()},
        routes={printable(str(name)): (_count(n), _count(y)) for name, (n, y) in (row.get("routes") or {}).items()},
        durations={printable(str(name)): array("d", map(_count, values)) for name, values in durations.items()},
        buckets={float(bound): _count(n) for bound, n in (row.get("buckets") or {}).items()},
        seconds=_count(row.get("seconds", 0)),
        timed=_count(row.get("timed", 0)),
    )


def _examples(row: Mapping[str, Any]) -> dict[str, str]:
    given = row.get("examples") or {}
    return {name: given.get(name, name) for name in row.get("signatures") or {}}


def _count(value: Any) -> float:
    number = float(value)
    if not 0 <= number < float("inf"):
        raise ValueError(f"{value!r} is no count")
    return number


SOURCE = MetricSource("program", "any program that prints counts as JSON", ProgramReader)

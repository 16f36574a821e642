"""Prometheus: raw samples of counters and histograms, asked for with a range selector."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import urlencode

from gatepost.metrics import MetricSource, SourceError, Verification, Window
from gatepost.metrics._http import get_json
from gatepost.metrics._series import (
    Labels,
    Samples,
    born,
    cumulative,
    increments,
    numbers,
    span_increments,
    spans,
    target,
)
from gatepost.model import printable

REQUESTS = "http_requests_total"
SECONDS = "http_request_duration_seconds"
STATUS = ("status", "code", "status_code", "http_status", "http_response_status_code", "response_code")
ROUTE = ("route", "handler", "path", "endpoint", "uri", "http_route", "url")
METHOD = ("method", "http_method", "http_request_method", "verb")
SKEW = 30.0

Series = tuple[Labels, Mapping[str, Any]]


class PrometheusReader:
    """Ask one Prometheus for one service."""

    chunk = 3600.0

    def __init__(self, settings: Verification, clock: Callable[[], float] = time) -> None:
        if not settings.url:
            raise SourceError("verification.url: is not set", 'name the server: url = "http://127.0.0.1:9090"')
        self.settings, self._clock = settings, clock
        self.delay = settings.scrape + 5.0
        self.requests = settings.requests_metric or REQUESTS
        self.seconds = settings.duration_metric or SECONDS

    def close(self) -> None:
        """Hold nothing open."""

    def read(self, start: float, end: float, step: float) -> list[Window]:
        """Give the windows of a span. SourceError: no answer, no scrape, a metric that is not there (any more)."""
        self._check_clock()
        count = max(1, ceil((end - start) / step - 1e-9))
        windows = [Window(start + i * step, min(end, start + (i + 1) * step)) for i in range(count)]
        seen = self._scrapes(start, end)
        before = start - 2.5 * self.settings.scrape
        found = self._query(self.requests, before, end)
        self._check_there(found, seen, start, end)
        started = self._started(before, end)
        for labels, series in found:
            samples = numbers(series.get("values", ()))
            if samples:
                first = born(samples, seen.get(target(labels), ()), started.get(target(labels)))
                self._count(windows, labels, samples, first and samples[0][0] > before + 1.5 * self.settings.scrape)
        self._durations(windows, before, end, seen, started)
        for window in windows:
            window.distinct, window.refused_once = window.errors, dict(window.refused)
        return windows

    def _count(self, windows: Sequence[Window], labels: Labels, samples: Samples, first: bool) -> None:
        status = self._status(labels)
        route = f"{_first(labels, METHOD) or '-'} {self._route(labels)}"
        for moment, growth in increments(samples, first):
            window = _at(windows, moment)
            if window is None or not growth:
                continue
            window.requests += growth
            bad = growth if status.startswith("5") else 0.0
            n, y = window.routes.get(route, (0.0, 0.0))
            window.routes[route] = (n + growth, y + bad)
            if bad:
                window.errors += bad
                signature = printable(f"{status} {route}", 200)
                window.signatures[signature] = window.signatures.get(signature, 0.0) + bad
                window.examples.setdefault(signature, printable(f"{self.requests}{dict(labels)}", 300))
            elif status.startswith("4"):
                window.refused[status] = window.refused.get(status, 0.0) + growth

    def _status(self, labels: Labels) -> str:
        return (labels.get(self.settings.status_label) if self.settings.status_label else _first(labels, STATUS)) or ""

    def _route(self, labels: Labels) -> str:
        return (labels.get(self.settings.route_label) if self.settings.route_label else _first(labels, ROUTE)) or "*"

    def _durations(
        self,
        windows: Sequence[Window],
        before: float,
        end: float,
        seen: Mapping[tuple[str, str], Sequence[float]],
        started: Mapping[tuple[str, str], float],
    ) -> None:
        """Add response times: native histograms, else classic ones, else sum and count."""
        late = before + 1.5 * self.settings.scrape
        native = [s for s in self._query(self.seconds, before, end) if "histograms" in s[1] and self._good(s[0])]
        for labels, series in native:
            read = [(float(moment), *spans(histogram)) for moment, histogram in series["histograms"]]
            first = read[0][0] > late and born(
                [(read[0][0], 0)], seen.get(target(labels), ()), started.get(target(labels))
            )
            _native(windows, span_increments(read, first))
        if native:
            for window in windows:
                window.buckets = cumulative(window.buckets, window.timed)
            return
        for suffix in ("_bucket", "_sum", "_count"):
            for labels, series in self._query(self.seconds + suffix, before, end):
                samples = numbers(series.get("values", ()))
                if not samples or not self._good(labels):
                    continue
                there = born(samples, seen.get(target(labels), ()), started.get(target(labels)))
                _classic(windows, suffix, labels, increments(samples, there and samples[0][0] > late))

    def _good(self, labels: Labels) -> bool:
        return self._status(labels)[:1] not in ("4", "5")

    def _scrapes(self, start: float, end: float) -> dict[tuple[str, str], list[float]]:
        """Give when each target was scraped with success; SourceError where Prometheus scraped nothing."""
        before = start - 2.5 * self.settings.scrape - 300.0
        found: dict[tuple[str, str], list[float]] = {}
        newest = 0.0
        for labels, series in self._query("up", before, end):
            samples = numbers(series.get("values", ()))
            newest = max([newest, *(moment for moment, _ in samples)])
            found[target(labels)] = [moment for moment, value in samples if value]
        if newest < end - 3 * self.settings.scrape:
            raise SourceError(
                f"{self.settings.url}: nothing was scraped since {end - newest:.0f} s",
                "see that Prometheus scrapes the service, and verification.selector",
            )
        return found

    def _check_there(
        self, found: Sequence[Series], seen: Mapping[tuple[str, str], Sequence[float]], start: float, end: float
    ) -> None:
        """A counter that vanished while its target still answers was renamed: that is no silence of the service."""
        newest = max((numbers(s.get("values", ()))[-1][0] for _, s in found if s.get("values")), default=0.0)
        alive = max((moments[-1] for moments in seen.values() if moments), default=0.0)
        least = 3 * self.settings.scrape
        if not found or (alive > newest + least and end > newest + least):
            raise SourceError(
                f"{self.settings.url}: no samples of {self.requests} between {start:.0f} and {end:.0f}",
                "was it renamed? set verification.requests_metric and verification.selector",
            )

    def _started(self, start: float, end: float) -> dict[tuple[str, str], float]:
        found = {}
        for labels, series in self._query("process_start_time_seconds", start, end):
            samples = numbers(series.get("values", ()))
            if samples:
                found[target(labels)] = samples[-1][1]
        return found

    def _check_clock(self) -> None:
        answer = self._ask({"query": "time()"})
        skew = float(answer[1]) - self._clock() if isinstance(answer, list) and len(answer) == 2 else 0.0
        if abs(skew) > SKEW:
            raise SourceError(f"{self.settings.url}: its clock differs from ours by {skew:+.0f} s", "mend the clocks")

    def _query(self, metric: str, start: float, end: float) -> list[Series]:
        selector = f"{metric}{{{self.settings.selector}}}[{max(1, round(1000 * (end - start)))}ms]"
        answer = self._ask({"query": selector, "time": f"{end:.3f}"})
        return [(each.get("metric", {}), each) for each in answer if isinstance(each, dict)]

    def _ask(self, parameters: Mapping[str, str]) -> Any:
        address = f"{self.settings.url.rstrip('/')}/api/v1/query?{urlencode(parameters)}"
        answer = get_json(address, self.settings.timeout, headers(self.settings))
        try:
            return answer["data"]["result"]
        except (KeyError, TypeError):
            raise SourceError(f"{self.settings.url}: the answer is not one of Prometheus' API") from None


def headers(settings: Verification) -> dict[str, str]:
    """Give the authorisation header where a token file is named."""
    if not settings.token_file:
        return {}
    try:
        return {"Authorization": "Bearer " + Path(settings.token_file).read_text(encoding="utf-8").strip()}
    except OSError as error:
        raise SourceError(f"{settings.token_file}: {error.strerror}", "see verification.token_file") from None


def _first(labels: Labels, names: Iterable[str]) -> str:
    return next((labels[name] for name in names if name in labels), "")


def _at(windows: Sequence[Window], moment: float) -> Window | None:
    """Give the window of a scrape: it reports what happened before it, so its end belongs to it."""
    if not windows or not windows[0].start < moment <= windows[-1].end:
        return None
    step = windows[0].end - windows[0].start
    return windows[min(len(windows) - 1, max(0, ceil((moment - windows[0].start) / step - 1e-9) - 1))]


def _native(windows: Sequence[Window], grown: Iterable[tuple[float, float, float, Mapping[float, float]]]) -> None:
    for moment, count, total, found in grown:
        window = _at(windows, moment)
        if window is not None:
            window.timed += count
            window.seconds += total
            for bound, n in found.items():
                window.buckets[bound] = window.buckets.get(bound, 0.0) + n


def _classic(windows: Sequence[Window], suffix: str, labels: Labels, grown: Iterable[tuple[float, float]]) -> None:
    bound = float(labels.get("le", "nan")) if suffix == "_bucket" else 0.0
    for moment, growth in grown:
        window = _at(windows, moment)
        if window is None:
            continue
        if suffix == "_bucket":
            window.buckets[bound] = window.buckets.get(bound, 0.0) + growth
        elif suffix == "_sum":
            window.seconds += growth
        else:
            window.timed += growth


SOURCE = MetricSource("prometheus", "Prometheus: counters and histograms, by raw samples", PrometheusReader)

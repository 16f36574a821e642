"""The log of an application in JSON lines, or of the OpenTelemetry collector's file exporter (OTLP/JSON).

Records that name an HTTP status are requests. Where none does, every record counts as one and those of level error
as failed: the share of error records is watched, and their signatures are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from gatepost.metrics import MetricSource, SourceError, Verification
from gatepost.metrics._events import Event
from gatepost.metrics._lines import DETAILS, json_object, moment, pick
from gatepost.metrics.access_log import LogReader
from gatepost.model import printable

_LEVEL = ("level", "severity", "severityText", "severity_text", "levelname", "log.level", "lvl")
_TIME = ("timeUnixNano", "observedTimeUnixNano", "@timestamp", "timestamp", "time", "ts", "asctime", "datetime")
_NAME = ("logger", "name", "service.name", "service", "scope", "module", "component")
_STATUS = ("http.response.status_code", "http.status_code", "status_code", "status")
_PATH = ("http.route", "url.path", "http.target", "path")
_METHOD = ("http.request.method", "http.method", "method")
_BAD = ("error", "err", "fatal", "critical", "crit", "alert", "emerg", "panic", "severe")
OTEL_ERROR = 17  # severityNumber: 17 to 20 are ERROR, above FATAL
PINO_ERROR = 50


class Records:
    """Give one event per record."""

    resolution = 0.001

    def __init__(self) -> None:
        self.requests = False

    def learn(self, text: str) -> None:
        """See whether the log names HTTP statuses."""
        self.requests = any(_status(record) is not None for record in islice(self._records(text), 1000))

    def __call__(self, text: str) -> Iterator[Event]:
        """Give the events of whole lines."""
        for record in self._records(text):
            event = self._event(record)
            if event:
                yield event

    def _records(self, text: str) -> Iterator[Mapping[str, Any]]:
        for line in text.split("\n"):
            record = json_object(line)
            if record is None:
                continue
            if "resourceLogs" in record:
                yield from _otlp(record)
            else:
                yield record

    def _event(self, record: Mapping[str, Any]) -> Event | None:
        try:
            time = moment(_first(record, _TIME))
        except (TypeError, ValueError, KeyError, OverflowError):
            return None
        status, bad = _status(record), _bad(record)
        name = printable(str(_first(record, _NAME) or "-"), 80)
        path = _first(record, _PATH)
        request = f"{_first(record, _METHOD) or '-'} {path}" if path else f"- {name}"
        detail = _detail(record) if bad or (status or 0) >= 500 else ""
        if status is None:
            # Where requests are counted by their status, an error beside them is one more failed request.
            return (time, "", 500 if bad else 200, request, -1.0, detail) if bad or not self.requests else None
        return time, "", status, request, -1.0, detail


def _status(record: Mapping[str, Any]) -> int | None:
    value = _first(record, _STATUS)
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 100 <= number < 600 else None


def _bad(record: Mapping[str, Any]) -> bool:
    number = record.get("severityNumber")
    if isinstance(number, int) and number:
        return number >= OTEL_ERROR
    level = _first(record, _LEVEL)
    if isinstance(level, int):
        return level >= PINO_ERROR
    return isinstance(level, str) and level.lower().startswith(_BAD)


def _detail(record: Mapping[str, Any]) -> str:
    kind = _first(record, ("exception.type", "error.type", "exc_type", "exception"))
    text = _first(record, ("exception.message", "error.message", "body", *DETAILS, "msg", "message", "event"))
    parts = [str(part.get("type") or part.get("message") or "") if isinstance(part, dict) else str(part)
             for part in (kind, text) if part]  # fmt: skip
    return printable(" ".join(dict.fromkeys(parts)), 300)


def _first(record: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((value for value in (pick(record, name) for name in names) if value not in (None, "")), None)


def _otlp(batch: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give the records of one OTLP/JSON batch, attributes by their names."""
    for resource in _rows(batch, "resourceLogs"):
        common = _attributes(resource.get("resource"))
        for scope in _rows(resource, "scopeLogs"):
            for record in _rows(scope, "logRecords"):
                body = record.get("body")
                text = body.get("stringValue", "") if isinstance(body, dict) else body
                yield {**common, **record, **_attributes(record), "body": text}


def _rows(record: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    rows = record.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _attributes(of: Any) -> dict[str, Any]:
    found = {}
    for row in _rows(of, "attributes") if isinstance(of, dict) else []:
        value = row.get("value")
        if isinstance(value, dict) and value:
            found[str(row.get("key"))] = next(iter(value.values()))
    return found


def records(sample: str, *_: str) -> Records:
    """Make the parser for a log; SourceError where its lines are not JSON with a time."""
    made = Records()
    made.learn(sample)
    if sample.strip() and next(iter(made(sample)), None) is None and not _quiet(sample):
        raise SourceError("the log holds no JSON records with a time", "see verification.path")
    return made


def _quiet(sample: str) -> bool:
    return any(json_object(line) is not None for line in sample.split("\n")[:50])


def opened(settings: Verification) -> LogReader:
    """Open the log."""
    return LogReader(settings, choose=records)


SOURCE = MetricSource("json-log", "an application's JSON log, or OpenTelemetry's file exporter", opened)

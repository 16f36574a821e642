"""Read the lines of access logs: combined with request time, JSON (nginx, Caddy, own), a pattern of one's own."""

from __future__ import annotations

import json
import re
from calendar import timegm
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Protocol

from gatepost.metrics import SourceError
from gatepost.metrics._events import Event
from gatepost.model import printable

_QUOTED = r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
COMBINED = re.compile(
    r"^(\S+) [^\[\n]*\[([^\]\n]{20,40})\] "
    rf'"([^"\\\n]*(?:\\.[^"\\\n]*)*)" (\d{{3}}) \S+(?: {_QUOTED} {_QUOTED})?([^\n]*)$',
    re.MULTILINE,
)
_NUMBER = re.compile(r'(?:^|[\s=:"])(\d{1,12}(?:\.\d{1,9})?)(?=$|[\s",])')
_MONTHS = {
    name: n
    for n, name in enumerate(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1)
}
_decode = json.JSONDecoder().decode
LONGEST = 1e15  # in any unit: what is longer is no time, infinity is none
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def clf_time(text: str) -> float:
    """Read ``22/Nov/2026:10:05:03 +0100`` as seconds since 1970; ISO 8601 too."""
    if text[2:3] != "/":
        return iso_time(text)
    day, month, year = int(text[:2]), _MONTHS[text[3:6]], int(text[7:11])
    seconds = timegm((year, month, day, int(text[12:14]), int(text[15:17]), int(text[18:20])))
    zone = text[21:26]
    shift = (int(zone[1:3]) * 60 + int(zone[3:5])) * 60 if len(zone) == 5 else 0
    return float(seconds - shift if zone[:1] != "-" else seconds + shift)


def iso_time(text: str) -> float:
    """Read ISO 8601, with UTC where no zone is given, as seconds since 1970."""
    text = text.strip().replace("Z", "+00:00").replace("z", "+00:00")
    # Python 3.10 knows three or six digits of a second, Go and Rust write nine.
    found = re.match(r"([^.]{10,20})\.(\d{1,12})(.*)\Z", text)
    if found:
        text = f"{found[1]}.{found[2][:6].ljust(6, '0')}{found[3]}"
    if re.search(r"[+-]\d{4}\Z", text):  # Python 3.10 wants a colon in the zone
        text = f"{text[:-2]}:{text[-2:]}"
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


class Combined:
    """nginx and Apache combined, with the request time anywhere after the user agent."""

    def __init__(self, unit: str = "") -> None:
        self.factor = UNITS.get(unit, 0.0)
        self.resolution = UNITS.get(unit, 0.001)
        self._times: dict[str, float] = {}

    def learn(self, text: str) -> None:
        """Find the unit of the request time from a first piece of the log."""
        if self.factor:
            return
        found = [_seconds(match[5]) for match in COMBINED.finditer(text)]
        written = [value for value in found if value]
        self.factor, self.resolution = _guess_unit(written)

    def __call__(self, text: str) -> Iterator[Event]:
        """Give the events of whole lines."""
        times, factor = self._times, self.factor or 1.0
        if len(times) > 100_000:
            times.clear()
        for client, stamp, request, status, rest in COMBINED.findall(text):
            time = times.get(stamp)
            if time is None:
                try:
                    time = times[stamp] = clf_time(stamp)
                except (ValueError, KeyError, OverflowError):
                    continue
            try:
                seconds = float(rest) * factor
            except ValueError:
                written = _seconds(rest)
                seconds = float(written) * factor if written else -1.0
            yield time, client, int(status), request, seconds, ""


def _seconds(rest: str) -> str:
    found = _NUMBER.search(rest[:400]) if rest else None
    return found[1] if found else ""


def _guess_unit(written: Sequence[str]) -> tuple[float, float]:
    """Seconds where there is a decimal point (nginx), else Apache's %D in microseconds, or %T in seconds."""
    if not written or any("." in value for value in written):
        return 1.0, 0.001
    largest = max(int(value) for value in written)
    return (1.0, 1.0) if largest < 100 else (1e-6, 1e-6)


# The first name that a log has is taken; a dot goes into an inner object (Caddy: request.uri).
_KEYS: Mapping[str, tuple[str, ...]] = {
    "time": ("ts", "time", "timestamp", "@timestamp", "msec", "time_iso8601", "time_local", "datetime", "date",
             "StartUTC", "timeUnixNano"),
    "status": ("status", "status_code", "http_status", "statusCode", "response.status", "res.statusCode",
               "http.response.status_code", "http.status_code", "DownstreamStatus", "code"),
    "request": ("request", "request_line", "requestLine"),
    "method": ("method", "request_method", "http_method", "request.method", "req.method", "http.request.method",
               "http.method", "RequestMethod", "verb"),
    "path": ("route", "http.route", "path", "request_uri", "uri", "url", "request.uri", "req.url", "url.path",
             "http.target", "RequestPath"),
    "seconds": ("request_time", "duration", "duration_ms", "duration_s", "latency", "latency_ms", "response_time",
                "response_time_ms", "responseTime", "elapsed", "elapsed_ms", "took_ms", "duration_us", "Duration"),
    "client": ("client_ip", "remote_addr", "client", "ip", "remote_ip", "request.client_ip", "request.remote_ip",
               "client.address", "ClientHost"),
}  # fmt: skip
DETAILS = ("exception", "exc_type", "exception.type", "error.type", "error.message", "error", "err", "message")


class JsonLines:
    """One JSON object a line: nginx ``escape=json``, Caddy, Traefik, or an application's own."""

    resolution = 0.001

    def __init__(self, unit: str = "") -> None:
        self.factor = UNITS.get(unit, 0.0)
        self.names: dict[str, str] = {}
        self._times: dict[str, float] = {}

    def learn(self, text: str) -> None:
        """Find which names the log uses."""
        records = [record for record in map(json_object, text.split("\n")[:500]) if record]
        for role, names in _KEYS.items():
            for name in names:
                if any(pick(record, name) is not None for record in records):
                    self.names.setdefault(role, name)
                    break
        if self.names.get("request") and any(isinstance(pick(r, self.names["request"]), dict) for r in records):
            del self.names["request"]  # Caddy's "request" is an object, not a line
        if not self.factor:
            self.factor = _json_unit(self.names.get("seconds", ""))

    def __call__(self, text: str) -> Iterator[Event]:
        """Give the events of whole lines; what is no request (no status) is passed over."""
        names = self.names
        if "time" not in names or "status" not in names:
            return
        get: Any = pick if any("." in name for name in names.values()) else dict.get
        when, status, path = names["time"], names["status"], names.get("path", "")
        request, method = names.get("request", ""), names.get("method", "")
        seconds, client = names.get("seconds", ""), names.get("client", "")
        for line in text.split("\n"):  # U+2028 may stand raw in a JSON string
            record = json_object(line)
            if record is None:
                continue
            try:
                code, time = int(get(record, status)), self._time(get(record, when))
            except (TypeError, ValueError, KeyError, OverflowError):
                continue
            if not 0 <= code < 1000:
                continue
            asked = get(record, request)
            if type(asked) is not str:
                asked = f"{get(record, method) or '-'} {get(record, path) or '-'}"
            took = _duration(get(record, seconds), self.factor)
            yield time, str(get(record, client) or ""), code, asked, took, detail(record) if code >= 500 else ""

    def _time(self, value: Any) -> float:
        if isinstance(value, str):
            known = self._times.get(value)
            if known is None:
                if len(self._times) > 100_000:
                    self._times.clear()
                known = self._times[value] = moment(value)
            return known
        return moment(value)


def moment(value: Any) -> float:
    """Read a time in whatever form logs write it: ISO, combined, seconds, milli-, micro- or nanoseconds."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return clf_time(value)
    number = float(value)
    for limit, factor in ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3)):
        if number > limit:
            return number * factor
    return number


def _duration(value: Any, factor: float) -> float:
    if type(value) is float:
        return value * factor if 0 <= value < LONGEST else -1.0
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,9})?)\s*(ns|us|µs|ms|s)?\s*", value)
        if not found:
            return -1.0
        return float(found[1]) * UNITS.get((found[2] or "").replace("µ", "u"), factor)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LONGEST:
        return value * factor
    return -1.0


def _json_unit(name: str) -> float:
    if name == "responseTime" or name.endswith(("_ms", "Ms")):
        return 1e-3
    return 1e-9 if name == "Duration" else 1e-6 if name.endswith("_us") else 1.0


def detail(record: Mapping[str, Any]) -> str:
    """Give what a record says of its failure: the exception, else the message."""
    for name in DETAILS:
        value = pick(record, name)
        if isinstance(value, dict):
            value = value.get("type") or value.get("message")
        if value:
            return printable(str(value), 300)
    return ""


def json_object(line: str) -> dict[str, Any] | None:
    try:
        record = _decode(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def pick(record: Mapping[str, Any], name: str) -> Any:
    if name in record:
        return record[name]
    value: Any = record
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


class Pattern:
    """A regular expression of one's own with the groups time, status, and any of client, method, path, seconds."""

    resolution = 0.001

    def __init__(self, pattern: str, unit: str = "") -> None:
        self.factor = UNITS.get(unit, 1.0)
        try:
            self.regex = re.compile(pattern, re.MULTILINE)
        except re.error as error:
            raise SourceError(f"verification.pattern: {error}", "write a Python regular expression") from None
        missing = {"time", "status"} - set(self.regex.groupindex)
        if missing:
            raise SourceError(f"verification.pattern: has no group {' and '.join(sorted(missing))}",
                              "name groups (?P<time>…), (?P<status>…)")  # fmt: skip

    def learn(self, text: str) -> None:
        """Need nothing."""

    def __call__(self, text: str) -> Iterator[Event]:
        """Give the events of whole lines."""
        for match in self.regex.finditer(text):
            group = {name: value for name, value in match.groupdict().items() if value is not None}
            try:
                time, status = moment(group["time"]), int(group["status"])
            except (KeyError, ValueError, OverflowError):
                continue
            request = group.get("request") or f"{group.get('method', '-')} {group.get('path', '-')}"
            yield time, group.get("client", ""), status, request, _duration(group.get("seconds"), self.factor), ""


class Parser(Protocol):
    """What reads whole lines; ``learn`` sees the first ones before."""

    resolution: float

    def learn(self, text: str) -> None:
        """Look at the first lines of a log."""

    def __call__(self, text: str) -> Iterator[Event]:
        """Give the events of whole lines."""


def parser_for(sample: str, pattern: str = "", unit: str = "") -> Parser:
    """Choose the parser for a log by its first lines; SourceError where none can read them."""
    parser: Parser
    if pattern:  # noqa: SIM108 - mypy needs the declared type
        parser = Pattern(pattern, unit)
    else:
        parser = JsonLines(unit) if sample.lstrip()[:1] == "{" else Combined(unit)
    parser.learn(sample)
    lines = [line for line in sample.split("\n") if line]
    if lines and sum(1 for _ in parser(sample)) < 0.5 * len(lines):
        # What stands there is not repeated: the path may come from a pushed tree, and the file be any file.
        raise SourceError(
            f"the log's lines cannot be read: {len(lines)} were tried",
            "use the combined format with the request time, JSON lines, or pattern in the server's own gatepost.toml",
        )
    return parser

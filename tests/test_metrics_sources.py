from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest

from _http import served
from _traffic import START, Moment, combined, requests
from gatepost.metrics import SourceError, Verification
from gatepost.metrics._open import open_source
from gatepost.metrics.access_log import LogReader
from gatepost.metrics.json_log import records
from gatepost.metrics.loki import LokiReader
from gatepost.metrics.program import ProgramReader
from gatepost.policy import Duration

GOOD = """
import json, sys
start, end, step = map(float, sys.argv[1:])
while start < end - 1e-6:
    print(json.dumps({"start": start, "end": start + step, "requests": 10, "errors": 1,
                      "signatures": {"500 /a": 1}, "durations": [0.1, 0.2], "refused": {"404": 2}}))
    start += step
"""


def program(tmp_path: Path, text: str) -> ProgramReader:
    (tmp_path / "p.py").write_text(text)
    command = (sys.executable, "-I", str(tmp_path / "p.py"))
    return ProgramReader(Verification(source="program", command=command, timeout=Duration(5)))


def test_a_program(tmp_path: Path) -> None:
    windows = program(tmp_path, GOOD).read(START, START + 60, 15)
    assert [(w.requests, w.errors, w.distinct, w.refused) for w in windows] == [(10, 1, 1, {"404": 2})] * 4
    assert list(windows[0].durations["*"]) == [0.1, 0.2]


@pytest.mark.parametrize(
    "text",
    ["raise SystemExit(3)", "print('hello')", "print('[]')", "import time; time.sleep(60)", "print('{\"start\": 1}')",
     GOOD.replace('"requests": 10', '"requests": -1'), GOOD.replace("10,", "float('nan'),")],
    ids=["fails", "no JSON", "nothing", "slow", "incomplete", "negative", "nan"],
)  # fmt: skip
def test_a_program_that_fails_is_loud(tmp_path: Path, text: str) -> None:
    source = program(tmp_path, text)
    if "sleep" in text:
        source.settings = Verification(command=source.settings.command, timeout=Duration(0.3))
    with pytest.raises(SourceError):
        source.read(START, START + 60, 15)


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(SourceError, match="No such file"):
        ProgramReader(Verification(command=("/nowhere/x",))).read(START, START + 60, 15)
    with pytest.raises(SourceError, match="is not set"):
        ProgramReader(Verification())


def loki(lines: list[str], times: list[float], page: int) -> Any:
    rows = [(str(round(t * 1e9)), line.rstrip("\n")) for t, line in zip(times, lines, strict=True)]

    def answer(path: str, _: bytes) -> tuple[int, bytes]:
        query = {name: values[0] for name, values in parse_qs(urlparse(path).query).items()}
        inside = [row for row in rows if int(query["start"]) <= int(row[0]) < int(query["end"])][:page]
        streams = [{"stream": {"pod": str(n)}, "values": inside[n::2]} for n in range(2)]
        return 200, json.dumps({"data": {"resultType": "streams", "result": streams}}).encode()

    return answer


def test_loki_is_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatepost.metrics.loki.PAGE", 100)
    rows = list(requests(120, lambda _: Moment(errors=0.1)))
    lines = list(combined(iter(rows)))
    with served(loki(lines, [int(row[0]) for row in rows], 100)) as address:
        source = LokiReader(Verification(source="loki", url=address, selector='{app="web"}'))
        windows = source.read(START, START + 120, 15)
    assert sum(w.requests for w in windows) == len(rows)
    assert sum(w.errors for w in windows) == sum(row[3] >= 500 for row in rows)


def test_loki_that_fails_is_loud() -> None:
    for status, body in ((500, b"too many outstanding requests"), (200, b"{}"), (200, b"<html>")):
        with served(lambda *_, answer=(status, body): answer) as address:  # type: ignore[misc]  # a default binds
            source = LokiReader(Verification(url=address, selector="{}"))
            with pytest.raises(SourceError):
                source.read(START, START + 60, 15)
    with pytest.raises(SourceError, match="not set"):
        LokiReader(Verification())


def otlp(moment: float, severity: int, text: str, **attributes: str) -> str:
    given = [{"key": key.replace("_", "."), "value": {"stringValue": value}} for key, value in attributes.items()]
    record = {"timeUnixNano": str(round(moment * 1e9)), "severityNumber": severity, "body": {"stringValue": text},
              "attributes": given}  # fmt: skip
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    return json.dumps({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}) + "\n"


def test_opentelemetry_records(tmp_path: Path) -> None:
    log = tmp_path / "otel.json"
    log.write_text(
        otlp(START + 1, 9, "started")
        + otlp(START + 2, 17, "cart 17 is empty", exception_type="ZeroDivisionError")
        + otlp(START + 20, 17, "cart 18 is empty", exception_type="ZeroDivisionError")
    )
    source = open_source(Verification(source="json-log", path=str(log)))
    assert isinstance(source, LogReader)
    first, second = source.read(START, START + 30, 15)
    assert (first.requests, first.errors, second.errors) == (2, 1, 1)
    assert set(first.signatures) == set(second.signatures) == {"500 - shop ZeroDivisionError cart * is empty"}


def test_an_application_log_with_levels_and_one_with_statuses(tmp_path: Path) -> None:
    levels = [{"timestamp": START + n, "level": "ERROR" if n == 3 else "info", "message": f"n {n}"} for n in range(10)]
    statuses = [{"ts": START + n, "level": "info", "status": 503 if n < 2 else 200, "path": "/a"} for n in range(10)]
    for rows, errors in ((levels, 1), (statuses, 2)):
        log = tmp_path / "app.json"
        log.write_text("".join(json.dumps(row) + "\n" for row in rows))
        (window,) = open_source(Verification(source="json-log", path=str(log))).read(START, START + 15, 15)
        assert (window.requests, window.errors) == (10, errors)
    with pytest.raises(SourceError):
        records("not json\n")

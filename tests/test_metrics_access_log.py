from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import time
import urllib.request
from datetime import datetime, timezone
from pathlib import Path

import pytest

from _traffic import START, Moment, combined, requests, write
from gatepost.errors import PolicyError
from gatepost.metrics import SourceError, Verification, Window
from gatepost.metrics import _files as files
from gatepost.metrics._lines import clf_time, iso_time, moment, parser_for
from gatepost.metrics._open import open_source, sources
from gatepost.metrics._routes import fold, mask_message, mask_path, wide
from gatepost.metrics.access_log import LogReader

STAMP = "22/Nov/2026:10:05:03 +0100"
WHEN = 1795338303.0


def reader(path: Path, **more: str) -> LogReader:
    return LogReader(Verification(source="access-log", path=str(path), **more), lambda: START + 10_000)


def total(windows: list[Window]) -> float:
    return sum(window.requests for window in windows)


def test_times() -> None:
    assert clf_time(STAMP) == WHEN == iso_time("2026-11-22T10:05:03+01:00") == iso_time("2026-11-22T09:05:03Z")
    assert iso_time("2026-11-22T10:05:03+0100") == iso_time("2026-11-22 09:05:03") == WHEN
    assert clf_time("22/Nov/2026:10:05:03 -0130") == WHEN + 9000
    assert iso_time("2026-11-22T09:05:03.123456789Z") == pytest.approx(WHEN + 0.123456)
    assert moment(WHEN * 1e9) == moment(str(WHEN * 1000)) == moment(WHEN * 1e6) == pytest.approx(WHEN)


COMBINED = f'10.0.0.1 - bob [{STAMP}] "GET /a/17?x=1 HTTP/1.1" 502 12 "https://e.org/" "Mozilla/5.0 (X11; rv:1.2)"'
LINES = {
    "nginx, seconds at the end": (COMBINED + " 0.250", 0.25),
    "nginx, rt=": (COMBINED + ' rt=0.250 uct="0.001"', 0.25),
    "nginx, forwarded": (COMBINED + ' "10.9.9.9" 0.250', 0.25),
    "Apache, %D": (COMBINED + " 250000", 0.25),
    "common": (f'10.0.0.1 - - [{STAMP}] "GET /a/17?x=1 HTTP/1.1" 502 12', -1.0),
    "common, then seconds": (f'10.0.0.1 - - [{STAMP}] "GET /a/17?x=1 HTTP/1.1" 502 12 0.25', 0.25),
    "without": (COMBINED, -1.0),
    "nginx, JSON": (
        json.dumps({"msec": str(WHEN), "remote_addr": "10.0.0.1", "request": "GET /a/17?x=1 HTTP/1.1",
                    "status": "502", "request_time": "0.250"}), 0.25),
    "Caddy": (
        json.dumps({"level": "info", "ts": WHEN, "logger": "http.log.access", "msg": "handled request",
                    "request": {"remote_ip": "10.0.0.1", "client_ip": "10.0.0.1", "method": "GET", "uri": "/a/17?x=1"},
                    "duration": 0.25, "status": 502}), 0.25),
    "Traefik": (
        json.dumps({"StartUTC": "2026-11-22T09:05:03.000000001Z", "ClientHost": "10.0.0.1", "RequestMethod": "GET",
                    "RequestPath": "/a/17?x=1", "DownstreamStatus": 502, "Duration": 250_000_000}), 0.25),
    "milliseconds": (
        json.dumps({"time": "2026-11-22T09:05:03Z", "ip": "10.0.0.1", "method": "GET", "path": "/a/17?x=1",
                    "status": 502, "duration_ms": 250}), 0.25),
}  # fmt: skip


@pytest.mark.parametrize("name", list(LINES))
def test_formats(name: str) -> None:
    line, seconds = LINES[name]
    (event,) = parser_for(line + "\n")(line + "\n")
    assert event[:3] == (pytest.approx(WHEN), "10.0.0.1", 502)
    assert event[3].startswith("GET /a/17?x=1")
    assert event[4] == pytest.approx(seconds)


def test_a_pattern_of_ones_own() -> None:
    pattern = r"^(?P<time>\S+) (?P<client>\S+) (?P<method>\w+) (?P<path>\S+) (?P<status>\d+) (?P<seconds>[\d.]+)$"
    line = "2026-11-22T09:05:03Z 10.0.0.1 GET /a 200 250\n"
    (event,) = parser_for(line, pattern, "ms")(line)
    assert event == (WHEN, "10.0.0.1", 200, "GET /a", 0.25, "")
    for bad in ("(", r"(?P<time>\S+)"):
        with pytest.raises(SourceError, match=r"verification\.pattern"):
            parser_for(line, bad)


def test_hostile_lines_are_read_in_linear_time() -> None:
    path = "/" + "a" * 60_000
    broken = f'10.0.0.1 - - [{STAMP}] "GET {path}\\" HTTP/1.1 200 12'
    text = "\n".join([COMBINED, broken, '"' * 60_000, "[" * 60_000, '\\"' * 30_000, COMBINED, ""])
    began = time.process_time()
    assert len(list(parser_for(COMBINED + "\n")(text))) == 2
    assert time.process_time() - began < 1


@pytest.mark.parametrize("text", ["hello\nworld\n", "{}\n{}\n", '{"time": 1}\n', "\0\1\2\n"])
def test_what_is_no_access_log_is_refused(tmp_path: Path, text: str) -> None:
    log = tmp_path / "x.log"
    log.write_text(text)
    with pytest.raises(SourceError):
        reader(log).read(START, START + 60, 15)


def test_a_log_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        reader(tmp_path / "none.log").read(START, START + 60, 15)
    with pytest.raises(SourceError, match="is not set"):
        LogReader(Verification(source="access-log"))
    with pytest.raises(PolicyError, match="access-log"):
        open_source(Verification(source="access-logs"))
    assert {source.name for source in sources()} == {"access-log", "json-log", "loki", "program", "prometheus"}


def test_a_clock_that_is_ahead_is_refused(tmp_path: Path) -> None:
    log = write(tmp_path / "a.log", combined(requests(100, lambda _: Moment())))
    with pytest.raises(SourceError, match="in the future"):
        LogReader(Verification(path=str(log)), lambda: START - 4000).read(START, START + 60, 15)


def test_a_format_that_changes_is_loud(tmp_path: Path) -> None:
    log = write(tmp_path / "a.log", combined(requests(100, lambda _: Moment())))
    source = reader(log)
    assert total(source.read(START, START + 100, 15)) > 900
    log.write_text("now something else entirely\n" * 2000)
    with pytest.raises(SourceError):
        source.read(START, START + 100, 15)


def test_rotation_gzip_and_copies(tmp_path: Path) -> None:
    lines = list(combined(requests(300, lambda _: Moment())))
    log = tmp_path / "access.log"
    log.write_text("".join(lines))
    whole = total(reader(log).read(START, START + 300, 15))
    third = len(lines) // 3
    (tmp_path / "access.log.2.gz").write_bytes(gzip.compress("".join(lines[:third]).encode()))
    (tmp_path / "access.log.1").write_text("".join(lines[third : 2 * third]))
    (tmp_path / "access.log.1.gz").write_bytes(gzip.compress("".join(lines[third : 2 * third]).encode()))
    log.write_text("".join(lines[2 * third :]))
    for number, name in enumerate(("access.log.2.gz", "access.log.1", "access.log.1.gz", "access.log")):
        os.utime(tmp_path / name, (START + 100 * number, START + 100 * number + 100))
    assert total(reader(log).read(START, START + 300, 15)) == whole == len(lines)
    shutil.copy(log, tmp_path / "access.log-20261122")  # copytruncate, between its two halves
    assert total(reader(log).read(START, START + 300, 15)) == whole


def test_the_place_is_found_without_reading_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = write(tmp_path / "a.log", combined(requests(6000, lambda _: Moment())))
    source = reader(log)
    expected = total(source.read(START + 3000, START + 3060, 15))
    read = 0
    original = files._text

    def counted(raw: bytes) -> str:
        nonlocal read
        read += len(raw)
        return original(raw)

    monkeypatch.setattr(files, "_text", counted)
    monkeypatch.setattr(files, "CHUNK", 64 * 1024)
    assert total(source.read(START + 3000, START + 3060, 15)) == expected
    assert 500 < expected < 700
    assert read < log.stat().st_size / 3


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    lines = list(combined(requests(60, lambda _: Moment())))
    log = tmp_path / "a.log"
    log.write_text("".join(lines[:-1]) + lines[-1][:20])
    assert total(reader(log).read(START, START + 60, 15)) == len(lines) - 1


def test_one_client_that_retries_counts_once(tmp_path: Path) -> None:
    rows = [
        (START + i / 10, "10.0.0.1" if i % 2 else f"10.1.{i % 200}.1", "GET /a", 500 if i % 2 else 200, 0.1)
        for i in range(300)
    ]
    (window,) = reader(write(tmp_path / "a.log", combined(iter(rows)))).read(START, START + 60, 60)
    assert (window.errors, window.distinct, window.signatures) == (150, 1, {"500 GET /a": 1})


def test_templates() -> None:
    assert mask_path("/api/v2/orders/17/lines/3?x=9") == "/api/v2/orders/{n}/lines/{n}"
    assert mask_path("/u/3f2504e0-4f89-11d3-9a0c-0305e82c3301") == "/u/{id}"
    assert mask_path("/static/app.3f2a9c1b.js") == "/static/app.{id}.js"
    assert mask_path("") == "/"
    assert mask_message("User 17 not found: 'bob' at 0xdeadbeef") == "User * not found: * at *"
    names = [f"GET /u/{chr(97 + i % 26)}{chr(97 + i // 26)}/posts" for i in range(100)]
    prefixes = wide(names)
    assert prefixes == {"GET /u/"}
    assert fold("GET /u/zz/posts", prefixes) == "GET /u/*/posts"
    assert fold("GET /a", prefixes) == "GET /a"


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("nginx"), reason="Debian's nginx is not installed")
def test_the_real_nginx(tmp_path: Path) -> None:
    """Read what nginx writes, buffered and flushed late, before and after it reopens a rotated log."""
    from test_metrics_prometheus import free_port

    port = free_port()
    form = (
        '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
        '"$http_referer" "$http_user_agent" $request_time'
    )
    (tmp_path / "nginx.conf").write_text(
        f"""daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}
        http {{ access_log off; log_format timed '{form}';
          client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p; fastcgi_temp_path {tmp_path}/f;
          uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;
          server {{ listen 127.0.0.1:{port}; access_log {tmp_path}/access.log timed buffer=64k flush=1s;
            location /ok {{ return 200 "fine"; }} location /bad {{ return 503; }} }} }}"""
    )
    server = subprocess.Popen(["nginx", "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "error.log")])
    try:
        began = time.time()
        for number in range(60):
            path = "bad?x=%22" if number % 6 == 5 else f"ok/{number}"
            for _ in range(100):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}").close()
                    break
                except urllib.error.HTTPError as error:
                    error.close()
                    break
                except urllib.error.URLError:
                    time.sleep(0.05)
            if number == 30:
                time.sleep(1.2)
                (tmp_path / "access.log").rename(tmp_path / "access.log.1")
                subprocess.run(
                    ["nginx", "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "error.log"), "-s", "reopen"],
                    check=True,
                )
                time.sleep(0.3)
        time.sleep(1.5)
        source = LogReader(Verification(path=str(tmp_path / "access.log")))
        (window,) = source.read(int(began), time.time() + 1, 600)
        assert (window.requests, window.errors, window.signatures) == (60, 10, {"503 GET /bad": 1})
        assert window.durations.keys() == {"GET /ok/{n}"}
    finally:
        server.terminate()
        server.wait()


def test_windows_without_traffic_are_there(tmp_path: Path) -> None:
    log = write(tmp_path / "a.log", combined(requests(30, lambda _: Moment())))
    windows = reader(log).read(START, START + 60, 15)
    assert [window.requests > 0 for window in windows] == [True, True, False, False]
    assert datetime.fromtimestamp(windows[0].start, timezone.utc).year == 2026

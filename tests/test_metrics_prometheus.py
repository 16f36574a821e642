from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest

from _http import served
from gatepost.metrics import SourceError, Verification, Window
from gatepost.metrics._series import born, cumulative, grown, increments, span_increments
from gatepost.metrics.prometheus import PrometheusReader
from gatepost.policy import Duration
from gatepost.watch.baseline import build
from gatepost.watch.counts import reduce
from gatepost.watch.judge import Known, assess

NOW = 1_790_000_600.0
SELF = {"job": "web", "instance": "a:80"}


def test_increments_add_resets_and_first_bursts() -> None:
    assert list(increments([(1, 5), (2, 7), (3, 2)], from_zero=False)) == [(2, 2), (3, 2)]
    assert list(increments([(1, 7)], from_zero=True)) == [(1, 7)]
    assert born([(30, 7)], [15, 30], None)
    assert not born([(15, 7)], [15, 30], None)
    assert born([(15, 7)], [15], 10)
    assert not born([(15, 700)], [15], -5000)


def test_native_histograms_grow_by_span() -> None:
    samples = [
        (1.0, 3.0, 0.3, {0.1: 2.0, 0.2: 1.0}),
        (2.0, 6.0, 0.9, {0.1: 2.0, 0.2: 3.0, 0.4: 1.0}),
        (3.0, 1.0, 0.1, {0.1: 1.0}),
    ]
    found = list(span_increments(samples, from_zero=False))
    assert [round(n, 6) for _, n, _, _ in found] == [3, 1]
    assert found[0][3] == {0.2: 2.0, 0.4: 1.0}
    assert grown({0.1: 2.0, 0.15: 1.0}, {0.2: 5.0}) == {0.2: 2.0}  # made coarser in between
    assert cumulative({0.2: 2.0, 0.1: 1.0}, 4.0) == {0.1: 1.0, 0.2: 3.0, float("inf"): 4.0}


@dataclass
class Fake:
    """A Prometheus that knows what the test says; metric name to rows of (labels, samples)."""

    now: float = NOW
    data: dict[str, list[tuple[dict[str, str], list[tuple[float, Any]]]]] = field(default_factory=dict)
    status: int = 200
    native: bool = False

    def __call__(self, path: str, _: bytes) -> tuple[int, bytes]:
        if self.status != 200:
            return self.status, b'{"status":"error","error":"too many samples"}'
        query = {name: values[0] for name, values in parse_qs(urlparse(path).query).items()}
        if query["query"] == "time()":
            return 200, json.dumps({"data": {"result": [self.now, str(self.now)]}}).encode()
        name, _, rest = query["query"].partition("{")
        length = float(rest.partition("}[")[2].rstrip("ms]")) / 1000
        end = float(query["time"])
        result = []
        for labels, samples in self.data.get(name, []):
            inside = [(t, v) for t, v in samples if end - length < t <= end]
            if inside and isinstance(inside[0][1], dict):
                result.append({"metric": labels, "histograms": [[t, v] for t, v in inside]})
            elif inside:
                result.append({"metric": labels, "values": [[t, str(v)] for t, v in inside]})
        return 200, json.dumps({"data": {"result": result}}).encode()


def scraped(of: Callable[[int], Any], first: int = 0, count: int = 60) -> list[tuple[float, Any]]:
    return [(NOW - 15.0 * (count - 1 - i) - 1, of(i)) for i in range(first, count)]


@pytest.fixture
def fake() -> Iterator[tuple[Fake, PrometheusReader]]:
    made = Fake()
    made.data["up"] = [(SELF, scraped(lambda _: 1))]
    made.data["http_requests_total"] = [({**SELF, "code": "200", "handler": "/a"}, scraped(lambda i: 100 * i))]
    with served(made) as address:
        settings = Verification(source="prometheus", url=address, timeout=Duration(0.5))
        yield made, PrometheusReader(settings, lambda: NOW)


def read(reader: PrometheusReader, seconds: float = 300.0) -> list[Window]:
    return reader.read(NOW - seconds, NOW, 15.0)


def test_a_new_error_code_counts_from_its_first_burst(fake: tuple[Fake, PrometheusReader]) -> None:
    made, reader = fake
    made.data["http_requests_total"] += [({**SELF, "code": "503", "handler": "/a"}, scraped(lambda _: 7, first=50))]
    windows = read(reader)
    assert sum(w.errors for w in windows) == 7
    assert {name for w in windows for name in w.signatures} == {"503 - /a"}
    assert sum(w.requests for w in windows) == 100 * len(windows) + 7


def test_an_old_series_does_not_bring_its_history(fake: tuple[Fake, PrometheusReader]) -> None:
    made, reader = fake
    made.data["http_requests_total"] += [({**SELF, "code": "500", "handler": "/a"}, scraped(lambda _: 9000))]
    assert sum(w.errors for w in read(reader)) == 0


def test_a_restart_counts_what_came_after_it(fake: tuple[Fake, PrometheusReader]) -> None:
    made, reader = fake
    made.data["http_requests_total"] = [
        ({**SELF, "code": "200"}, scraped(lambda i: 100 * i if i < 55 else 10 * (i - 54)))
    ]
    windows = read(reader)
    assert sum(w.requests for w in windows) == 100 * 15 + 10 * 5
    assert all(w.requests >= 0 for w in windows)


@pytest.mark.parametrize("trouble", ["500", "renamed", "not scraped", "skew", "nobody", "slow", "not json"])
def test_trouble_is_loud(fake: tuple[Fake, PrometheusReader], trouble: str) -> None:
    made, reader = fake
    if trouble == "500":
        made.status = 503
    elif trouble == "renamed":
        made.data["http_requests_total"] = [(SELF, scraped(lambda i: i)[:40])]
    elif trouble == "not scraped":
        made.data["up"] = [(SELF, scraped(lambda _: 1)[:30])]
    elif trouble == "skew":
        made.now += 120
    elif trouble == "nobody":
        reader = PrometheusReader(Verification(source="prometheus", url="http://127.0.0.1:1"))
    with served(lambda *_: (time.sleep(1), (200, b"{}"))[1] if trouble == "slow" else (200, b"<html>")) as other:
        if trouble in ("slow", "not json"):
            reader = PrometheusReader(Verification(source="prometheus", url=other, timeout=Duration(0.3)))
        with pytest.raises(SourceError):
            read(reader)


def test_a_target_that_is_down_is_silence(fake: tuple[Fake, PrometheusReader]) -> None:
    made, reader = fake
    made.data["up"] = [(SELF, scraped(lambda i: int(i < 40)))]
    made.data["http_requests_total"] = [(SELF, scraped(lambda i: i)[:40])]
    assert [w.requests for w in read(reader)][-4:] == [0, 0, 0, 0]


def bucketed(slow: float) -> Callable[[int, float], float]:
    def of(i: int, bound: float) -> float:
        share = {0.1: 0.5, 0.25: 0.9, 0.5: 0.99, 1.0: 0.999, float("inf"): 1.0}[bound]
        later = {0.1: 0.5 - slow, 0.25: 0.9 - slow, 0.5: 0.99 - slow / 2, 1.0: 0.999, float("inf"): 1.0}[bound]
        return 100 * (min(i, 40) * share + max(0, i - 40) * later)

    return of


@pytest.mark.parametrize(("slow", "found"), [(0.0, False), (0.3, True)])
def test_classic_histograms(fake: tuple[Fake, PrometheusReader], slow: float, found: bool) -> None:
    made, reader = fake
    of = bucketed(slow)
    for bound in (0.1, 0.25, 0.5, 1.0, float("inf")):
        labels = {**SELF, "code": "200", "le": "+Inf" if bound > 9 else str(bound)}
        made.data.setdefault("http_request_duration_seconds_bucket", []).append(
            (labels, scraped(lambda i, b=bound: round(of(i, b)), count=60))  # type: ignore[misc]  # a default binds
        )
    made.data["http_request_duration_seconds_count"] = [({**SELF, "code": "200"}, scraped(lambda i: 100 * i))]
    judged(reader, found)


@pytest.mark.parametrize(("slow", "found"), [(0.0, False), (0.3, True)])
def test_native_histograms(fake: tuple[Fake, PrometheusReader], slow: float, found: bool) -> None:
    made, reader = fake
    of = bucketed(slow)
    bounds = (0.1, 0.25, 0.5, 1.0, float("inf"))

    def histogram(i: int) -> dict[str, Any]:
        below, rows = 0, []
        for low, bound in zip((0.0, *bounds), bounds, strict=False):
            count = round(of(i, bound)) - below
            below += count
            if count:
                rows.append([0, str(low), str(bound if bound < 9 else 2.0), str(count)])
        return {"count": str(below), "sum": str(0.1 * below), "buckets": rows}

    made.data["http_request_duration_seconds"] = [({**SELF, "code": "200"}, scraped(histogram))]
    judged(reader, found)


def judged(reader: PrometheusReader, found: bool) -> None:
    windows = reader.read(NOW - 840, NOW, 15.0)
    base = build(windows[:36], "before")
    assert base.timed > 3000
    polls = [reduce(window, base.shape) for window in windows[37:]]
    names = {s.name for s in assess(base, polls, Known()).signals if s.level == "regressed"}
    assert names == ({"latency"} if found else set())


def test_a_summary_is_a_degraded_source(fake: tuple[Fake, PrometheusReader]) -> None:
    made, reader = fake
    made.data["http_request_duration_seconds_count"] = [({**SELF, "code": "200"}, scraped(lambda i: 100 * i))]
    wobble = [0.0]
    for i in range(60):
        wobble.append(wobble[-1] + 10 * (1 + 0.03 * (i % 7)) * (1 if i < 30 else 3))
    made.data["http_request_duration_seconds_sum"] = [({**SELF, "code": "200"}, scraped(lambda i: wobble[i]))]
    windows = reader.read(NOW - 840, NOW, 15.0)
    base = build(windows[:26], "before")
    polls = [reduce(window, base.shape) for window in windows[28:]]
    assert {(s.name, s.level) for s in assess(base, polls, Known()).signals} == {("latency", "warn")}


EXPORTER = """
import http.server, json, sys
state = {"lines": ""}
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = state["lines"].encode()
        self.send_response(200 if body else 500); self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def do_POST(self):
        state["lines"] = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H); print(s.server_address[1], flush=True); s.serve_forever()
"""


def free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("prometheus"), reason="Debian's prometheus is not installed")
def test_the_real_prometheus(tmp_path: Path) -> None:
    """A burst of a new code, a restart of the process, and a renamed metric, as a real server shows them."""
    import sys
    import urllib.request

    pipe = subprocess.PIPE
    exporter = subprocess.Popen([sys.executable, "-c", EXPORTER], stdout=pipe, text=True)
    assert exporter.stdout
    target, port = int(exporter.stdout.readline()), free_port()
    jobs = [{"job_name": "web", "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}]
    config = {"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}
    (tmp_path / "p.yml").write_text(json.dumps(config))
    args = [
        f"--config.file={tmp_path}/p.yml",
        f"--storage.tsdb.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    server = subprocess.Popen(["prometheus", *args, "--log.level=error"], cwd=tmp_path, stderr=subprocess.DEVNULL)

    def show(text: str) -> None:
        urllib.request.urlopen(f"http://127.0.0.1:{target}", data=text.encode()).close()

    try:
        ok = 'http_requests_total{{code="200",handler="/a"}} {}\n'
        reader = PrometheusReader(
            Verification(source="prometheus", url=f"http://127.0.0.1:{port}", scrape=Duration(1), selector='job="web"')
        )
        began = time.time()
        for i in range(6):
            show(ok.format(100 * i))
            time.sleep(1)
        show(ok.format(600) + 'http_requests_total{code="503",handler="/a"} 7\n')
        time.sleep(3)
        show(ok.format(40) + 'http_requests_total{code="503",handler="/a"} 1\n')  # the process began anew
        time.sleep(3)
        windows = reader.read(began + 3, time.time(), 1.0)
        assert sum(w.errors for w in windows) == 8
        assert 40 <= sum(w.requests for w in windows) - 8 <= 640
        show("requests_served_total 5\n")
        time.sleep(5)
        with pytest.raises(SourceError, match="no samples of http_requests_total"):
            reader.read(time.time() - 3, time.time(), 1.0)
    finally:
        for process in (server, exporter):
            process.kill()
            process.wait()
        exporter.stdout.close()

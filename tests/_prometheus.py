"""A real Prometheus that scrapes an exporter of the test's own, in the text or the protobuf exposition."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import ceil, log2
from pathlib import Path

PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
TEXT = "text/plain; version=0.0.4"
SCRAPE = 0.5
SCHEMA = 3  # bounds are powers of 2 ** (1 / 8)


class Exporter:
    """What is scraped now: set ``body``; None answers 500, as a process that restarts does."""

    def __init__(self) -> None:
        self.body: bytes | None = None
        self.kind = TEXT
        self.scrapes = 0

    def text(self, text: str) -> None:
        """Show lines of the text format."""
        self.kind, self.body = TEXT, text.encode()

    def wait(self, scrapes: int = 1, seconds: float = 15.0) -> None:
        """Wait until what is shown now was scraped so many times."""
        goal, until = self.scrapes + scrapes, time.monotonic() + seconds
        while self.scrapes < goal:
            assert time.monotonic() < until, "Prometheus does not scrape"
            time.sleep(0.02)


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def prometheus(directory: Path, *options: str) -> Iterator[tuple[str, Exporter]]:
    """Start both, with a scrape each ``SCRAPE`` seconds; give Prometheus' address and the exporter."""
    exporter = Exporter()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = exporter.body
            self.send_response(500 if body is None else 200)
            self.send_header("Content-Type", exporter.kind)
            self.end_headers()
            with suppress(BrokenPipeError):
                self.wfile.write(body or b"")
            exporter.scrapes += 1

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as target:
        target.daemon_threads = True
        threading.Thread(target=target.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        port = free_port()
        jobs = [{"job_name": "web", "static_configs": [{"targets": [f"127.0.0.1:{target.server_address[1]}"]}]}]
        config = {"global": {"scrape_interval": f"{1000 * SCRAPE:.0f}ms"}, "scrape_configs": jobs}
        (directory / "p.yml").write_text(json.dumps(config))
        args = [f"--config.file={directory}/p.yml", f"--storage.tsdb.path={directory}/data", "--log.level=error"]
        command = ["prometheus", *args, f"--web.listen-address=127.0.0.1:{port}", *options]
        server = subprocess.Popen(command, cwd=directory, stderr=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            _ready(address)
            yield address, exporter
        finally:
            server.kill()
            server.wait()
            target.shutdown()


def _ready(address: str) -> None:
    for _ in range(200):
        with suppress(OSError):
            urllib.request.urlopen(f"{address}/-/ready").close()
            return
        time.sleep(0.05)
    raise AssertionError("Prometheus does not start")


# The protobuf exposition (client_model's metrics.proto), written by hand: native histograms come in no other.


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _signed(field: int, value: int) -> bytes:
    return _number(field, value << 1 if value >= 0 else (-value << 1) - 1)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _family(name: str, kind: int, metrics: Sequence[bytes]) -> bytes:
    body = _bytes(1, name.encode()) + _number(3, kind) + b"".join(_bytes(4, each) for each in metrics)
    return _varint(len(body)) + body


def _labels(labels: Mapping[str, str]) -> bytes:
    return b"".join(_bytes(1, _bytes(1, n.encode()) + _bytes(2, v.encode())) for n, v in labels.items())


def counter(name: str, rows: Sequence[tuple[Mapping[str, str], float]]) -> bytes:
    """Write a counter."""
    return _family(name, 0, [_labels(labels) + _bytes(3, _double(1, value)) for labels, value in rows])


def native(name: str, rows: Sequence[tuple[Mapping[str, str], Sequence[float]]]) -> bytes:
    """Write a native histogram of these observed values, by labels."""
    return _family(name, 4, [_labels(labels) + _bytes(7, _histogram(values)) for labels, values in rows])


def _histogram(values: Sequence[float]) -> bytes:
    counts: dict[int, int] = {}
    for value in values:
        at = ceil(log2(value) * 2**SCHEMA)
        counts[at] = counts.get(at, 0) + 1
    out = _number(1, len(values)) + _double(2, sum(values)) + _signed(5, SCHEMA) + _double(6, 1e-128) + _number(7, 0)
    spans, deltas, before, last = list[bytes](), list[bytes](), 0, 0
    for place, at in enumerate(sorted(counts)):
        spans.append(_bytes(12, _signed(1, at if not place else at - last - 1) + _number(2, 1)))
        deltas.append(_signed(13, counts[at] - before))
        before, last = counts[at], at
    return out + b"".join(spans) + b"".join(deltas)

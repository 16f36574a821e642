"""Seeded access logs: steady traffic in which a deploy may change one thing."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from math import exp
from pathlib import Path

START = 1_790_000_000.0
ROUTES = (
    "GET /",
    "GET /products/{}",
    "GET /api/v2/orders/{}",
    "POST /api/v2/orders",
    "GET /search",
    "GET /static/app.js",
)


@dataclass
class Moment:
    """What traffic is like at an instant."""

    rate: float = 10.0
    errors: float = 0.005
    slower: float = 1.0
    tail: float = 1.0
    extra: Callable[[random.Random], tuple[int, str] | None] = field(default=lambda _: None)


def requests(
    seconds: float, at: Callable[[float], Moment], seed: int = 1, clients: int = 400
) -> Iterator[tuple[float, str, str, int, float]]:
    """Give (time, client, request, status, seconds) in order."""
    chance = random.Random(seed)
    time = 0.0
    while True:
        now = at(time)
        time += chance.expovariate(now.rate) if now.rate > 0 else 1.0
        if time >= seconds:
            return
        if now.rate <= 0:
            continue
        number = chance.randrange(len(ROUTES))
        request = ROUTES[number].format(chance.randrange(10_000))
        normal = chance.gauss(0, 1)
        took = exp(-2.5 + 0.2 * number + 0.6 * normal) * now.slower * (now.tail if normal > 2.054 else 1.0)
        status = 200
        if chance.random() < now.errors:
            status = 500
        odd = now.extra(chance)
        if odd:
            status, request = odd
        client = f"10.0.{chance.randrange(clients) // 250}.{chance.randrange(250)}"
        yield START + time, client, request, status, took


def combined(rows: Iterator[tuple[float, str, str, int, float]]) -> Iterator[str]:
    """Write nginx combined lines with the request time at the end."""
    for time, client, request, status, took in rows:
        stamp = datetime.fromtimestamp(time, timezone.utc).strftime("%d/%b/%Y:%H:%M:%S +0000")
        yield f'{client} - - [{stamp}] "{request} HTTP/1.1" {status} 512 "-" "Mozilla/5.0 (X11)" {took:.3f}\n'


def as_json(rows: Iterator[tuple[float, str, str, int, float]]) -> Iterator[str]:
    """Write JSON lines as nginx does."""
    for time, client, request, status, took in rows:
        method, _, path = request.partition(" ")
        record = {"msec": f"{time:.3f}", "remote_addr": client, "method": method, "uri": path, "status": status}
        yield json.dumps({**record, "request_time": round(took, 3)}) + "\n"


def write(path: Path, lines: Iterator[str]) -> Path:
    """Write a log."""
    path.write_text("".join(lines))
    return path


def iso(offset: float) -> str:
    """Give the moment so many seconds after the start."""
    return datetime.fromtimestamp(START + offset, timezone.utc).isoformat()

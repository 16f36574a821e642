"""Count the events of a log into Windows; what every log-like source shares."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from math import ceil

from gatepost.metrics import Window
from gatepost.metrics._routes import mask_message, mask_path
from gatepost.model import printable

# (time, client, status, "METHOD path", seconds or -1, what went wrong or "")
Event = tuple[float, str, int, str, float, str]

MOST_NAMES = 50_000
MOST_SIGNATURES = 300


class _Open:
    """A Window that is being counted."""

    __slots__ = ("clients", "once", "requests", "routes", "window")

    def __init__(self, window: Window) -> None:
        self.window = window
        self.requests = 0
        self.clients: dict[str, int] = {}
        self.routes: dict[str, tuple[list[int], array[float]]] = {}
        self.once: set[tuple[str, object]] = set()

    def close(self) -> Window:
        window = self.window
        window.requests = self.requests
        window.load = len(self.clients), float(sum(n * n for n in self.clients.values()))
        window.routes = {route: (counts[0], counts[1]) for route, (counts, _) in self.routes.items()}
        window.durations = {route: values for route, (_, values) in self.routes.items() if values}
        return window


class Tally:
    """Sort events into the windows of ``step`` seconds from ``start`` to ``end``."""

    def __init__(self, start: float, end: float, step: float, resolution: float = 0.001) -> None:
        self.start, self.end, self.step = start, end, step
        count = max(ceil((end - start) / step - 1e-9), 0)
        edges = [(start + i * step, min(end, start + (i + 1) * step)) for i in range(count)]
        self._open = [_Open(Window(*edge, resolution=resolution)) for edge in edges]
        self._routes: dict[str, str] = {}

    def add(self, events: Iterable[Event]) -> int:
        """Count events; those outside of the span are passed over. Give how many there were in all."""
        number = 0
        start, end, step, windows, routes = self.start, self.end, self.step, self._open, self._routes
        for time, client, status, request, seconds, detail in events:
            number += 1
            if not start <= time < end:
                continue
            into = windows[int((time - start) / step)]
            route = routes.get(request)
            if route is None:
                route = self._route(request)
            into.requests += 1
            into.clients[client] = into.clients.get(client, 0) + 1
            entry = into.routes.get(route)
            if entry is None:
                entry = into.routes[route] = ([0, 0], array("d"))
            entry[0][0] += 1
            if status < 400:
                if seconds >= 0:
                    entry[1].append(seconds)
            else:
                _failed(into, entry[0], client, status, route, detail, request)
        return number

    def windows(self) -> list[Window]:
        """Give what was counted."""
        return [each.close() for each in self._open]

    def _route(self, request: str) -> str:
        method, _, path = request.partition(" ")
        route = f"{method} {mask_path(path.partition(' ')[0])}"
        if len(self._routes) < MOST_NAMES:
            self._routes[request] = route
        return route


def _failed(into: _Open, counts: list[int], client: str, status: int, route: str, detail: str, request: str) -> None:
    window = into.window
    if status < 500:
        code = str(status)
        window.refused[code] = window.refused.get(code, 0) + 1
        if (client, status) not in into.once:
            into.once.add((client, status))
            window.refused_once[code] = window.refused_once.get(code, 0) + 1
        return
    window.errors += 1
    counts[1] += 1
    signature = printable(f"{status} {route}" + (f" {mask_message(detail)}" if detail else ""), 600)
    if len(window.signatures) >= MOST_SIGNATURES and signature not in window.signatures:
        signature = f"{status} (other)"  # somebody asks for random paths, and all of them fail
    if (client, signature) not in into.once:
        into.once.add((client, signature))
        window.distinct += 1
        window.signatures[signature] = window.signatures.get(signature, 0) + 1
        window.examples.setdefault(signature, _example(request, status, detail))


def _example(request: str, status: int, detail: str) -> str:
    """Give one occurrence in words; the query stays out of it, for it may hold what is secret."""
    return printable(f"{request.partition('?')[0].partition(' HTTP/')[0]} {status} {detail}".strip(), 300)

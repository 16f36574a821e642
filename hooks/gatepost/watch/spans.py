"""Choose what a deploy is compared with: the last good hour, else the same hour yesterday, else nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

DAY = 86_400.0
WARM_UP = 60.0
LEAST = 120.0

Span = tuple[float, float]


def good(start: float, end: float, wanted: float, bad: Iterable[Span]) -> list[Span]:
    """Give the newest spans between two moments that touch nothing bad, oldest first, ``wanted`` seconds at most."""
    found, left = list[Span](), wanted
    for low, high in [*reversed(merged(bad)), (start, start)]:
        if left <= 0:
            break
        if max(high, start) < end:
            begin = max(high, end - left, start)
            found.append((begin, end))
            left -= end - begin
        end = min(end, low)
    return found[::-1]


def merged(spans: Iterable[Span]) -> list[Span]:
    """Join spans that overlap or touch, in order."""
    found = list[Span]()
    for low, high in sorted(spans):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return found


def within(moment: float, spans: Iterable[Span]) -> bool:
    """Tell whether a moment lies in one of the spans."""
    return any(start <= moment < end for start, end in spans)


def overlap(some: Iterable[Span], others: Iterable[Sequence[float]]) -> bool:
    """Tell whether any of the spans shares time with any of the others."""
    others = list(others)
    return any(low < other[1] and other[0] < high for low, high in some for other in others)


def candidates(
    moment: float, wanted: float, bad: Sequence[Span], first: float = 0.0
) -> Iterable[tuple[str, list[Span]]]:
    """Give what may serve as the baseline of a deploy, best first; ``first`` is where the data begin."""
    today = good(max(moment - DAY, first), moment, wanted, bad)
    if _seconds(today) >= min(LEAST, wanted / 2):
        yield "the last good hour", today
    yesterday = good(max(moment - DAY - wanted, first), moment - DAY, wanted, bad)
    if _seconds(yesterday) >= wanted / 2:
        yield "the same hour yesterday", yesterday


def _seconds(spans: Iterable[Span]) -> float:
    return sum(end - start for start, end in spans)


def bad_spans(deploys: Iterable[tuple[float, str, bool]], watch: float = 600.0) -> list[Span]:
    """Give the spans that may not serve: (begun, verdict, suspect) of each deploy in order.

    A regression, or a deploy that was half way to one, is bad from its beginning until a later deploy
    passes. The first tenth of any watch (a minute of ten) is a restart and is not normal either.
    """
    warm_up = min(WARM_UP, watch / 10)
    found, open_since = list[Span](), None
    for begun, verdict, suspect in sorted(deploys):
        found.append((begun, begun + warm_up))
        if verdict in ("pass", "warn") and not suspect and open_since is not None:
            found.append((open_since, begun))
            open_since = None
        if (verdict == "regressed" or suspect) and open_since is None:
            open_since = begun
    if open_since is not None:
        found.append((open_since, float("inf")))
    return found

"""Evidence that requests stopped coming.

With ``m`` = a fifth of the requests that the baseline's rate predicts for a stretch, and ``o`` seen, the
Poisson probability of ``o`` or fewer is at most exp(-m + o - o ln(o/m)) for o < m (Chernoff 1952). An
alarm needs that below 1e-5, over the last polls back to any start, each start paying its share.
Traffic that comes in lumps scatters more than Poisson: the exponent is divided by phi (chi2/df of the
baseline's requests per poll). Units: requests, seconds; the result is a natural logarithm.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

LEFT = 0.2
LIMIT = log(1e-5)


def evidence(rate: float, polls: Sequence[tuple[float, float]], phi: float = 1.0) -> float:
    """Give the evidence, ln(1/probability), that less than a fifth is left; ``polls`` are (seconds, requests)."""
    best = seconds = seen = 0.0
    price = log(max(len(polls), 1))
    for length, requests in reversed(polls):
        seconds += length
        seen += requests
        expected = LEFT * rate * seconds
        if seen < expected:
            log_tail = -expected + seen - (seen * log(seen / expected) if seen else 0.0)
            best = max(best, -log_tail / phi - price)
    return best


def gone(found: float) -> bool:
    """Tell whether the evidence is enough to say so."""
    return found > -LIMIT

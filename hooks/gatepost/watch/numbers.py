"""The few special functions that the statistics need, from the standard library alone."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf, lgamma, log, sqrt


def log_sum(values: Sequence[float]) -> float:
    """Give ln(sum(exp(v))) without overflow; minus infinity for no values."""
    top = max(values, default=-inf)
    if top == -inf:
        return -inf
    return top + log(sum(exp(value - top) for value in values))


def log_beta(a: float, b: float) -> float:
    """Give ln B(a, b)."""
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def gamma_cdf(shape: float, x: float) -> float:
    """Give P(Gamma(shape, 1) <= x): the series below the mean, Lentz's continued fraction above it.

    Source: NIST Digital Library of Mathematical Functions, 8.7.1 and 8.9.2.
    """
    if x <= 0:
        return 0.0
    scale = exp(shape * log(x) - x - lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        step = shape
        while term > total * 1e-15:
            step += 1
            term *= x / step
            total += term
        return min(1.0, total * scale)
    b = x + 1 - shape
    c, d = 1e300, 1 / b
    fraction = d
    for i in range(1, 10_000):
        a = i * (shape - i)
        b += 2
        d = 1 / (a * d + b)
        c = b + a / c
        fraction *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return max(0.0, 1 - scale * fraction)


def upper_rate(events: float, exposure: float, confidence: float = 0.95) -> float:
    """Give the one-sided upper bound of a rate after ``events`` in ``exposure`` units.

    It is the ``confidence`` quantile of Gamma(events + 1) / exposure (Garwood 1936), never above 1
    event a unit for shares. No event in 60 requests still leaves 5 %.
    """
    if exposure <= 0:
        return 1.0
    low, high = 0.0, events + 10 + 10 * sqrt(events + 1)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if gamma_cdf(events + 1, middle) < confidence else (low, middle)
    return float(min(1.0, high / exposure))


def wander(counts: Sequence[tuple[float, float]], sizes: Sequence[int]) -> float:
    """Give the largest scatter of a series over stretches of so many intervals; what chance may give counts as 1.

    A job each hour hardly shows from minute to minute, but from one ten minutes to the next. Twice the deviation of
    chi2 / df, sqrt(2 / df), is taken off, for a series that does not wander must not pay for a look at few stretches.
    """
    worst = 1.0
    for size in sizes:
        groups = [counts[at : at + size] for at in range(0, len(counts) - size + 1, size)]
        sums = [(sum(n for n, _ in group), sum(y for _, y in group)) for group in groups]
        if len(sums) > 1:
            worst = max(worst, dispersion(sums) - 2 * sqrt(2 / (len(sums) - 1)))
    return worst


def dispersion(counts: Sequence[tuple[float, float]]) -> float:
    """Give how much more than Poisson a series of (exposure, events) scatters: Pearson's chi2 / df, at least 1.

    Errors that come in bursts of mean size 5 give about 9. Intervals without exposure are left out.
    """
    used = [(n, y) for n, y in counts if n > 0]
    exposure, events = sum(n for n, _ in used), sum(y for _, y in used)
    if len(used) < 2 or events <= 0:
        return 1.0
    rate = events / exposure
    chi2 = sum((y - n * rate) ** 2 / (n * rate) for n, y in used)
    return max(1.0, chi2 / (len(used) - 1))

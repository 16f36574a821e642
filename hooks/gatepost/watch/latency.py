"""Evidence that responses became slower, on raw values or on the buckets of a histogram.

**Raw values.** Take the baseline's order statistics at ``TAUS``; ``b0`` of its ``n0`` values lie above
the k-th. Of ``n`` new values ``y`` exceed it. If nothing changed, the exceedance probability of an
order statistic is Beta(b0 + 1, n0 - b0) whatever the continuous distribution is, so ``y`` follows the
beta-binomial law exactly, and

    E_tau = mean_q[q^y (1-q)^(n-y)] / [B(b0 + 1 + y, n0 - b0 + n - y) / B(b0 + 1, n0 - b0)]

is a test martingale (David and Nagaraja, Order Statistics, 2003, section 2.2; Howard and Ramdas 2022).
A margin is tolerated: the new values are compared with ``margin`` times the order statistic, 1.1
at the middle and 1.25 in the tail, because at high traffic every wobble is certain.

**By route.** Every route has its own order statistics, the counts are then pooled: the share
that exceeds its own route's 99 % stays 1 % whatever mix of routes arrives.

**Buckets** (classic Prometheus histograms, or the spans of native ones): each bound that less than 60 %
of the baseline exceeds is a two-count test as in ``error_rate``; the mean over the bounds is used.

**Scatter.** Response times wander with the load, a cache, a job each hour. Each E is raised to 1/phi, phi being
chi2/df of the baseline's values above the bound, over minutes or tens of minutes (``numbers.wander``).

Mixed over quantiles and over the unknown start. Units: seconds, counts, natural logarithms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from gatepost.watch import error_rate
from gatepost.watch.error_rate import Counts, Ladder
from gatepost.watch.numbers import log_beta, log_sum

TAUS = (0.5, 0.9, 0.99, 0.999)
MARGINS = (1.10, 1.10, 1.25, 1.25)
WARN_MARGINS = (1.05, 1.05, 1.10, 1.10)
LEAST_ABOVE = 3
BUCKET_TOLERATED = 1.3
BUCKET_SHARE = 0.6
MOST_BOUNDS = 12
_ODDS = (1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)

REGRESSED = Ladder(1.0, 0.001)
WARN = Ladder(1.0, 0.01)


@dataclass(frozen=True, slots=True)
class Limit:
    """One order statistic of a baseline: ``above`` of ``count`` values lie above ``value`` seconds."""

    tau: float
    value: float
    above: int
    count: int

    def bound(self, margin: float, resolution: float) -> float:
        """Give the seconds that a new value must exceed; never closer than the log's resolution."""
        return max(self.value * margin, self.value + resolution)


@dataclass(frozen=True, slots=True)
class Test:
    """One bound: ``above`` of the baseline's ``count`` values exceed it; (values, values above) of the polls."""

    above: float
    count: float
    polls: Counts
    phi: float = 1.0
    at: float = 0.0


def limits(values: Sequence[float]) -> tuple[Limit, ...]:
    """Give the limits of sorted baseline values; a quantile with fewer than three above it is left out."""
    found, count = [], len(values)
    for tau in TAUS:
        rank = int(tau * count)
        above = count - rank - 1
        if above >= LEAST_ABOVE:
            found.append(Limit(tau, values[rank], above, count))
    return tuple(found)


def evidence(above: float, count: float, polls: Counts, planned: int = 40, phi: float = 1.0) -> float:
    """Give ln M for one quantile: ``polls`` are (values, values that exceed its bound)."""
    odds = above / max(count - above, 1.0)
    rates = [ratio * odds / (1 + ratio * odds) for ratio in _ODDS]
    logs = [(log(q), log(1 - q)) for q in rates]
    a, b = above + 1, count - above
    constant, spread_over = log_beta(a, b), log(len(logs))
    first, later = error_rate.start_weights(planned)
    terms, n, y = [], 0.0, 0.0
    for start in range(len(polls) - 1, -1, -1):
        n += polls[start][0]
        y += polls[start][1]
        # A segment with fewer than expected holds no evidence; leaving a term out only lowers the sum.
        if start >= planned or y * count <= n * above:
            continue
        alternative = log_sum([y * lq + (n - y) * lp for lq, lp in logs]) - spread_over
        found = alternative - log_beta(a + y, b + n - y) + constant
        terms.append((later if start else first) + found / phi)
    unreached = planned - max(len(polls), 1)
    if unreached > 0:
        terms.append(later + log(unreached))
    return log_sum(terms)


def mixed(tests: Sequence[Test], planned: int = 40) -> float:
    """Give ln of the mean over several quantiles."""
    if not tests:
        return 0.0
    return log_sum([evidence(t.above, t.count, t.polls, planned, t.phi) for t in tests]) - log(len(tests))


def bucket_bounds(buckets: Mapping[float, float], count: float) -> tuple[float, ...]:
    """Give the bounds worth testing: cumulative ``buckets`` of a baseline with ``count`` values."""
    if count <= 0:
        return ()
    shares = {bound: 1 - below / count for bound, below in buckets.items() if bound != float("inf")}
    found = sorted(bound for bound, share in shares.items() if share < BUCKET_SHARE)
    if len(found) <= MOST_BOUNDS:
        return tuple(found)
    # A native histogram has up to 160: the nearest to shares from 1/2 down, each about half of the one before.
    wanted = [0.5 / 1.9**step for step in range(MOST_BOUNDS)]
    return tuple(sorted({min(found, key=lambda bound: abs(shares[bound] - share)) for share in wanted}))


def bucket_evidence(tests: Sequence[Test], planned: int = 40) -> float:
    """Give ln of the mean over bucket bounds."""
    if not tests:
        return 0.0
    each = [error_rate.evidence((t.count, t.above), t.polls, BUCKET_TOLERATED, t.phi, planned) for t in tests]
    return log_sum(each) - log(len(each))

from __future__ import annotations

import random
from math import exp, inf, log

import pytest

from gatepost.watch import error_rate, latency, new_errors, traffic
from gatepost.watch.numbers import dispersion, gamma_cdf, log_beta, log_sum, upper_rate
from gatepost.watch.spans import bad_spans, candidates, good


def test_special_functions() -> None:
    # Oracles: 1 - exp(-x) for shape 1; Garwood's limits from the tables of Pearson and Hartley.
    assert gamma_cdf(1, 2.5) == pytest.approx(1 - exp(-2.5))
    assert gamma_cdf(3, 8) == pytest.approx(1 - exp(-8) * (1 + 8 + 32))
    assert upper_rate(0, 60) == pytest.approx(0.04993, abs=1e-4)
    assert upper_rate(10, 1000) == pytest.approx(0.016962, abs=1e-5)
    assert upper_rate(3, 0) == 1.0
    assert log_beta(2, 3) == pytest.approx(log(1 / 12))
    assert log_sum([]) == -inf
    assert log_sum([1000.0, 1000.0]) == pytest.approx(1000 + log(2))


def test_bursts_scatter() -> None:
    chance = random.Random(1)
    single = [(100.0, float(sum(chance.random() < 0.1 for _ in range(100)))) for _ in range(500)]
    assert dispersion(single) < 1.2
    assert dispersion([(n, 5.0 * (y > 12)) for n, y in single]) > 3
    assert dispersion([]) == dispersion([(0, 0), (10, 1)]) == 1.0


def test_expectation_of_the_error_rate_evidence_is_at_most_one() -> None:
    chance = random.Random(2)
    total, runs = 0.0, 4000
    for _ in range(runs):
        # Two Poisson streams with the same rate, 10 expected before, 5 in the watch.
        y0 = _poisson(chance, 10)
        y = _poisson(chance, 5)
        total += exp(error_rate.segment(1000, y0, 500, y, 1.0))
    assert total / runs < 1.15


def _poisson(chance: random.Random, mean: float) -> int:
    time, count = chance.expovariate(1), 0
    while time < mean:
        count += 1
        time += chance.expovariate(1)
    return count


def test_the_beta_binomial_evidence_is_a_likelihood_ratio() -> None:
    """Summed over all outcomes under its null law the evidence is exactly the alternative's mass: one."""
    above, count, n = 5, 100, 8
    a, b = above + 1, count - above
    mass = 0.0
    for y in range(n + 1):
        null = exp(_choose(n, y) + log_beta(a + y, b + n - y) - log_beta(a, b))
        value = latency.evidence(above, count, [(n, y)], planned=1)
        mass += null * (exp(value) if value > -inf else 0.0)
    assert 0.3 < mass <= 1.0


def _choose(n: int, k: int) -> float:
    return -log_beta(k + 1, n - k + 1) - log(n + 1)


def test_evidence_grows_with_a_real_change_and_only_then() -> None:
    steady = [(150.0, 1.5)] * 20
    worse = [(150.0, 7.5)] * 20
    assert error_rate.evidence((36000, 360), steady, 1.5) < 1
    assert error_rate.evidence((36000, 360), worse, 1.5) > error_rate.REGRESSED.needed
    assert error_rate.evidence((36000, 360), worse, 1.5, phi=9) < error_rate.evidence((36000, 360), worse, 1.5)
    assert error_rate.evidence((0, 0), worse, 1.5) <= 0.01


def test_a_late_change_is_found_as_well() -> None:
    late = [(150.0, 1.5)] * 12 + [(150.0, 7.5)] * 5
    assert error_rate.evidence((36000, 360), late, 1.5) > error_rate.REGRESSED.needed


def test_limits_need_three_values_above() -> None:
    assert [x.tau for x in latency.limits([float(n) for n in range(100)])] == [0.5, 0.9]
    assert [x.tau for x in latency.limits([float(n) for n in range(4000)])] == [0.5, 0.9, 0.99, 0.999]
    assert latency.limits([]) == ()
    assert latency.limits([0.001] * 100)[0].bound(1.1, 0.001) == 0.002


def test_occurrences_that_make_an_alarm() -> None:
    week = 7 * 86400.0
    assert new_errors.occurrences_needed([1, 1, 2, 2, 5], week, 600) == 2
    assert new_errors.occurrences_needed([], 3600, 600) == 2
    assert new_errors.occurrences_needed([1, 1, 1, 2, 2], 3600, 600) > 2
    assert new_errors.occurrences_needed([], 0, 600) == new_errors.MOST


def test_traffic() -> None:
    assert traffic.gone(traffic.evidence(10, [(15, 0)]))
    assert not traffic.gone(traffic.evidence(10, [(15, 150)] * 10))
    assert not traffic.gone(traffic.evidence(0.01, [(15, 0)] * 40))
    assert traffic.gone(traffic.evidence(10, [(15, 150)] * 10 + [(15, 2)] * 2))
    assert not traffic.gone(traffic.evidence(10, [(15, 0)], phi=100))


def test_good_spans() -> None:
    assert good(0, 1000, 100, []) == [(900, 1000)]
    assert good(0, 1000, 100, [(950, 2000)]) == [(850, 950)]
    assert good(0, 1000, 100, [(900, 950), (920, 960)]) == [(840, 900), (960, 1000)]
    assert good(0, 1000, 100, [(0, 1000)]) == []
    assert bad_spans([(100, "regressed", False), (400, "pass", False)]) == [(100, 160), (400, 460), (100, 400)]
    assert bad_spans([(100, "superseded", True)])[-1] == (100, inf)
    poisoned = [(90_000.0, inf)]
    assert dict(candidates(100_000, 3600, poisoned)) == {
        "the last good hour": [(86_400.0, 90_000.0)],
        "the same hour yesterday": [(10_000.0, 13_600.0)],
    }
    assert list(candidates(100_000, 3600, [(0, inf)])) == []

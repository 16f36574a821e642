"""The gate itself: what a failing check does to the verdict, the deadline, levels and suppressions."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest

from conftest import Builder
from gatepost import gate
from gatepost.checks import Check
from gatepost.errors import MissingObject, PolicyError, TimeUp, TooLarge
from gatepost.git import Change
from gatepost.model import Finding, Outcome, Rule
from gatepost.policy import Policy, Suppression

RULE = Rule("toy/found", "warning", "x")
GOOD = Finding(RULE, "a", "m", "f", key="k")


def check(name: str, run: Callable[[], Outcome]) -> Check:
    return Check(name, "x", lambda: (RULE,), lambda *_: True, lambda *_: run(), sections={name: []})


@pytest.fixture
def change(two_sides: Builder) -> Change:
    return two_sides({"a": "1"}, {"a": "2"})


def use(monkeypatch: pytest.MonkeyPatch, *checks: Check) -> None:
    monkeypatch.setattr(gate, "all_checks", lambda: checks)


def fail(error: BaseException) -> Callable[[], Outcome]:
    def run() -> Outcome:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "wanted", "rule"),
    [
        (ValueError("x\x1b[31m"), "internal error, ValueError at test_gate.py:", "gate/internal"),
        (RecursionError(), "internal error, RecursionError", "gate/internal"),
        (MemoryError(), "internal error, MemoryError", "gate/internal"),
        (TooLarge("a: big", "raise it"), "a: big; raise it", "gate/too-large"),
        (MissingObject("a: gone"), "a: gone", "gate/internal"),
        (PolicyError(["f: k: wrong"]), "f: k: wrong", "policy/invalid"),
    ],
)
def test_a_check_that_fails_makes_the_verdict_unknown_and_hides_nothing(
    monkeypatch: pytest.MonkeyPatch, change: Change, error: Exception, wanted: str, rule: str
) -> None:
    use(monkeypatch, check("bad", fail(error)), check("good", lambda: Outcome((GOOD,))))
    report = gate.evaluate(change, Policy())
    assert (report.verdict, report.exit_code) == ("unknown", 3)
    assert [finding.rule.id for finding in report.findings] == ["toy/found"]
    assert (report.skipped[0].check, report.skipped[0].rule) == ("bad", rule)
    assert wanted in report.skipped[0].reason
    assert report.skipped[0].reason.isprintable()
    assert set(report.sections) == {"bad", "good"}


def test_an_error_counts_more_than_what_is_unknown(monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    found = Outcome((replace(GOOD, level="error"),))
    use(monkeypatch, check("bad", fail(ValueError())), check("good", lambda: found))
    assert gate.evaluate(change, Policy()).verdict == "block"


def test_a_check_cannot_swallow_the_deadline() -> None:
    def stubborn() -> None:
        for _ in range(20):
            with suppress(Exception):  # what a careless parser does
                time.sleep(0.01)

    with pytest.raises(TimeUp) as caught, gate.deadline(0.05):
        stubborn()
    assert caught.value.rule == "gate/timeout"


def test_the_deadline_ends_with_its_block() -> None:
    with gate.deadline(0.05):
        pass
    time.sleep(0.1)


def test_of_two_deadlines_the_outer_one_counts() -> None:
    def inner() -> None:
        with gate.deadline(60):
            pass
        time.sleep(1)

    with pytest.raises(TimeUp), gate.deadline(0.05):
        inner()


def test_levels_come_from_the_policy_and_off_is_gone(monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    use(monkeypatch, check("good", lambda: Outcome((GOOD,))))
    assert gate.evaluate(change, Policy(rules={"toy/found": "error"})).verdict == "block"
    assert gate.evaluate(change, Policy(rules={"toy/found": "off"})).findings == ()


def test_a_suppression_is_kept_with_its_reason(monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    use(monkeypatch, check("good", lambda: Outcome((GOOD,))))
    entry = Suppression("toy/found", "a", "known", "dana", date(2999, 1, 1))
    report = gate.evaluate(change, Policy(suppress=(entry,)))
    assert report.findings[0].suppressed == "known"
    assert report.verdict == "pass"
    expired = replace(entry, expires=date(2000, 1, 1))
    assert gate.evaluate(change, Policy(suppress=(expired,))).verdict == "review"


def test_the_suppression_of_the_pushed_tree_is_not_in_force(monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    use(monkeypatch, check("good", lambda: Outcome((GOOD,))))
    entry = Suppression("toy/found", "a", "known", "mallory", date(2999, 1, 1))
    report = gate.evaluate(change, Policy(pushed=Policy(suppress=(entry,), rules={"toy/found": "off"})))
    assert report.verdict == "review"


def test_a_check_that_was_not_asked_for_is_said_to_be_skipped(monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    use(monkeypatch, check("one", Outcome), check("two", Outcome))
    assert [skip.check for skip in gate.evaluate(change, Policy(), ["one"]).skipped] == ["two"]

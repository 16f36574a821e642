"""Tests: what they demanded before the push, and what they no longer demand after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gatepost import registry, suites
from gatepost.checks import Check
from gatepost.git import Change
from gatepost.model import Finding, Outcome, Rule, Skip, printable
from gatepost.paths import matches
from gatepost.policy import Policy, Setting
from gatepost.suites import Suite

if TYPE_CHECKING:
    from gatepost.suites._weakening import Weakening

_SHOWN = 120
_LISTED = 500


def languages() -> tuple[Suite, ...]:
    """Give every test language there is."""
    return registry.load(suites, "SUITE", Suite)


def rules() -> tuple[Rule, ...]:
    """Give the rules on tests."""
    from gatepost.checks._tests_rules import RULES

    return RULES


def relevant(change: Change, policy: Policy) -> bool:
    """Tell whether a test file, or what chooses the tests to run, changed."""
    from gatepost.suites._selection import code, selects, snapshot

    known = languages()
    kinds = (code, selects, snapshot, *(suite.claims for suite in known))
    found = [path for path in change.paths if any(kind(path) for kind in kinds)]
    if not found:
        return False
    from gatepost.checks._tests_settings import Tests

    excluded = policy.get("tests", Tests).exclude
    return any(not matches(path, *excluded) for path in found)


def settings() -> tuple[Setting, ...]:
    """Give the tables of the policy that this check reads."""

    def tests() -> type:
        from gatepost.checks._tests_settings import Tests

        return Tests

    return (Setting("tests", tests),)


def run(change: Change, policy: Policy) -> Outcome:
    """Compare the tests of both sides."""
    from gatepost.checks._tests_settings import Tests
    from gatepost.suites._push import Limits, Push

    own = policy.get("tests", Tests)
    push = Push(change, languages(), Limits(own.max_file, own.max_push, own.max_differing), own.exclude)
    verdict = push.verdict()
    findings = [
        _finding(weak) for weak in verdict.weakenings if not weak.explained and weak.change != "expected-changed"
    ]
    findings += [] if push.beside else _expected(verdict.weakenings)
    findings += [_unread(path, reason, lost) for path, reason, lost in verdict.unread]
    return Outcome(tuple(findings), {"tests": _section(verdict.weakenings)}, tuple(_missing(push.languages)))


def _finding(weak: Weakening) -> Finding:
    rule = next(rule for rule in rules() if rule.id == f"tests/{weak.change}")
    return Finding(
        rule,
        weak.path,
        _message(weak),
        _fix(weak),
        line=weak.line,
        data=_entry(weak),
        level=weak.level,
        key=f"{weak.test}\0{weak.before}\0{weak.after}",
    )


def _message(weak: Weakening) -> str:
    what = {
        "assertion-removed": "no longer asserts {before}",
        "assertion-loosened": "asserts less: {before} became {after}",
        "assertion-trivial": "{before} was replaced by {after}, which can never fail",
        "assertion-guarded": "{before} is checked only in some cases now: {after}",
        "assertion-unreachable": "{before} never runs: it {after}",
        "test-skipped": "is turned off by {after}",
        "not-collected": "the runner no longer finds {before}: {after}",
        "test-removed": "is gone, with {before}",
        "cases-removed": "lost cases, {after} are left; gone: {before}",
        "tolerance-raised": "accepts more: {before} became {after}",
        "selection-narrowed": "{after} (before: {before})",
        "suppression-added": "{after}",
        "focus-added": "{after} leaves out every other test",
    }[weak.change]
    if weak.change == "assertion-removed" and weak.after:
        what += "; {after}"
    if weak.change == "assertion-removed" and weak.level == "error":
        what += "; it asserts nothing now"
    told = what.format(before=_quoted(weak.before), after=_quoted(weak.after, weak.change))
    return f"{printable(weak.test, 80)}: {told}" if weak.test else told


def _quoted(text: str, change: str = "") -> str:
    shown = printable(text, _SHOWN)
    plain = change in (
        "assertion-removed",
        "assertion-unreachable",
        "not-collected",
        "cases-removed",
        "suppression-added",
        "selection-narrowed",
    )
    return shown if plain else f"`{shown}`" if shown else "nothing"


def _fix(weak: Weakening) -> str:
    first = {
        "test-skipped": "take the mark away, or give it a condition",
        "not-collected": "give it back a name and a place that the runner collects",
        "focus-added": "take the mark away",
        "selection-narrowed": "put the selection back",
        "suppression-added": "mend what the tool says, or name the one rule on the one line",
    }.get(weak.change, f"restore `{printable(weak.before, 60)}`" if weak.before else "restore it")
    if weak.change in ("focus-added", "suppression-added"):
        return first
    if weak.change == "selection-narrowed":
        return f"{first}, or have a suppression reviewed ([[suppress]] in gatepost.toml)"
    name = weak.before if weak.change == "not-collected" else weak.test
    comment = f"write `gatepost: successor {printable(name, 80)}` in the test that took over"
    return f"{first}; or {comment}; or have a suppression reviewed ([[suppress]] in gatepost.toml)"


def _expected(weakenings: Sequence[Weakening]) -> Iterator[Finding]:
    from gatepost.checks._tests_rules import EXPECTED
    from gatepost.suites._words import respelled

    changed: dict[str, list[Weakening]] = {}
    for weak in weakenings:
        spelled = bool(weak.test) and respelled(weak.before, weak.after)
        if weak.change == "expected-changed" and not weak.explained and not spelled:
            changed.setdefault(weak.path, []).append(weak)
    for path, found in changed.items():
        first = found[0]
        count = f"{len(found)} expected values changed" if len(found) > 1 else "an expected value changed"
        where = f"{printable(first.test, 80)}: " if first.test else ""
        message = f"{count}; {where}{_quoted(first.before)} became {_quoted(first.after)}"
        key = "\0".join(f"{weak.test}\0{weak.before}\0{weak.after}" for weak in found)
        fix = "nothing, where the new value is the wanted one; else restore the old one"
        yield Finding(EXPECTED, path, message, fix, line=first.line, data=_entry(first), key=key)


def _unread(path: str, reason: str, lost: bool) -> Finding:
    from gatepost.checks._tests_rules import UNREAD

    fix = "make it a regular file that parses; larger ones: raise the limits of [tests]"
    data = {"path": path, "change": "not-analysed", "before": None, "after": reason}
    return Finding(
        UNREAD, path, f"not analysed: {reason}", fix, data=data, level="warning" if lost else None, key=reason
    )


def _missing(known: Sequence[Suite]) -> Iterator[Skip]:
    for suite in known:
        package = suite.missing()
        if package:
            reason = f"{suite.name}: only focus and skip marks are looked for, {package} is not installed"
            yield Skip("tests", f"{reason}; pip install 'gatepost[suites]'")


def _entry(weak: Weakening) -> dict[str, Any]:
    return {
        "suite": weak.suite,
        "test": weak.test,
        "path": weak.path,
        "change": weak.change,
        "before": weak.before or None,
        "after": weak.after or None,
        "explained": weak.explained or None,
    }


def _section(weakenings: Sequence[Weakening]) -> list[dict[str, Any]]:
    """List everything, what is not explained first; what a giant push has more of is cut."""
    ordered = sorted(weakenings, key=lambda weak: (bool(weak.explained), weak.path, weak.line))
    return [_entry(weak) for weak in ordered[:_LISTED]]


CHECK = Check(
    "tests",
    "no test was weakened to get green",
    rules,
    relevant,
    run,
    settings=settings,
    sections={"tests": []},
)

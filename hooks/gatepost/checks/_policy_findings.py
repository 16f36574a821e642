"""Find what loosens a policy, and suppressions that are new, expired or dead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timezone
from itertools import islice
from typing import Any

from gatepost.checks._policy_rules import ADDED, EXPIRED, LOOSENED, UNUSED
from gatepost.errors import GatepostError
from gatepost.gate_rules import INVALID
from gatepost.git import Change
from gatepost.model import Finding, Level, Rule, printable
from gatepost.paths import matches, parent
from gatepost.policy import OFF, Policy, Suppression, line_of, nearest, spelled, strictness
from gatepost.strictness import Loosening, loosened, loosened_entries

WALK_LIMIT, GLANCE_LIMIT = 100_000, 2_000


def loosenings(change: Change, policy: Policy) -> Iterator[Finding]:
    """Say what is looser once the change has landed than it is now; nothing where there is no before."""
    trees = policy.trees
    if trees is None or trees.head is None or trees.landing is None or change.base_oid is None:
        return
    first = trees.base.source == "defaults"
    where = _Place(change, trees.head.source if trees.head.source != "defaults" else trees.base.source)
    force = trees.force or policy  # the change may be judged under another policy than that of its base
    for found in (*_levels(force, trees.landing), *_settings(force, trees.landing)):
        if first and _names_no_branch(change, found):
            continue
        before, after = spelled(found.before), spelled(found.after)
        says = _SAYS[found.before is None, found.after is None]
        message = f"{found.key} {says.format(before=before, after=after)}; a push may only tighten the policy"
        yield Finding(
            LOOSENED,
            where.path,
            message if found.certain else message.replace("; a push", ", which may be stricter or not; a push"),
            "take it back, or have it reviewed: it counts from the next push on; the server's own gatepost.toml wins",
            where.line(found.key),
            {"key": found.key, "before": before, "after": after},
            _weight(found, first),
            key=f"{found.key}\0{before}\0{after}",
        )


def _weight(found: Loosening, first: bool) -> Level | None:
    """Give the level: what is looser is reviewed, but a push may not take a branch out of the gate, or blind it."""
    ungated = found.key in ("gate.protected", "gate.deploy")
    blinded = found.key == "gate.mode" or found.key.startswith(('rules."gate/', 'rules."policy/'))
    hidden = found.key.startswith("migrations[") and found.key.endswith(".framework") and found.after == "none"
    return "error" if hidden or (found.certain and (ungated or (blinded and not first))) else None


def _names_no_branch(change: Change, found: Loosening) -> bool:
    """Tell a default such as refs/heads/master, which the first policy drops, from a branch that is there."""
    if found.key not in ("gate.protected", "gate.deploy"):
        return False
    name = str(found.before).removeprefix("refs/heads/")
    return not any(change.repo.resolve(f"refs/{place}/{name}") for place in ("heads", "remotes/origin"))


_SAYS = {
    (False, False): "loosens from {before} to {after}",
    (False, True): "loses {before}",
    (True, False): "gains {after}, which it does not have now",
    (True, True): "loosens",
}


def _levels(before: Policy, after: Policy) -> Iterator[Loosening]:
    known = _rules()
    for name in sorted({*before.rules, *after.rules}):
        rule = known.get(name, Rule(name, "error", ""))
        own = _level(before, rule)
        new = _level(after, rule)
        if strictness(new) < strictness(own):
            yield Loosening(f'rules."{rule.id}"', own, new)


def _level(policy: Policy, rule: Rule) -> str:
    return next((policy.rules[name] for name in (rule.id, *rule.formerly) if name in policy.rules), rule.level)


def _rules() -> dict[str, Rule]:
    from gatepost import checks, gate_rules, registry

    found = [rule for check in registry.load(checks, "CHECK", checks.Check) for rule in check.rules()]
    return {name: rule for rule in (*found, *gate_rules.RULES) for name in (rule.id, *rule.formerly)}


def _settings(before: Policy, after: Policy) -> Iterator[Loosening]:
    yield from loosened(before.gate, after.gate, "gate")
    for key in sorted({*before.tables, *after.tables}):
        old, new = before.tables.get(key), after.tables.get(key)
        kind: Any = type(new if old is None else old)
        if kind is tuple:
            yield from loosened_entries(old or (), new or (), key)
        else:
            yield from loosened(old or kind(), new or kind(), key)


def suppressions(change: Change, policy: Policy) -> Iterator[Finding]:
    """Say what suppressions the tree gains, which are past their date, and which cover nothing."""
    trees = policy.trees
    if trees is None:
        return
    now = trees.head or trees.base
    where = _Place(change, now.source)
    known = _rules()
    for number, entry in enumerate(now.suppress):
        if trees.head is not None and not _covered(entry, trees.base.suppress):
            yield _added(entry, where, number, known)
        elif entry.expires < today():
            yield _expired(entry, where, number, _touches(change, entry) or trees.head is not None)
        else:
            dead = _dead(change, policy, entry, now.suppress[:number], known)
            if dead:
                yield _unused(entry, where, number, dead, _touches(change, entry) or trees.head is not None)


def unknown_frameworks(change: Change, policy: Policy) -> Iterator[Finding]:
    """Say which framework of migrations the pushed policy names and nobody knows: it would stop every later push."""
    head = policy.trees.head if policy.trees else None
    entries = head.tables.get("migrations", ()) if head else ()
    if not head or not any(entry.framework for entry in entries):
        return
    from gatepost.migrations import frameworks

    known = {"none", *(framework.name for framework in frameworks())}
    where = _Place(change, head.source)
    for number, entry in enumerate(entries):
        if entry.framework and entry.framework not in known:
            said = f"migrations[{number}].framework: unknown {printable(entry.framework, 60)!r}"
            data = {"key": f"migrations[{number}].framework", "value": entry.framework}
            line = where.line(f"migrations[{number}].framework")
            fix = f"name one of: {', '.join(sorted(known))}"
            yield Finding(INVALID, where.path, said + nearest(entry.framework, known), fix, line, data, key=said)


def _covered(entry: Suppression, before: Sequence[Suppression]) -> bool:
    return any((old.rule, old.scope) == (entry.rule, entry.scope) and old.expires >= entry.expires for old in before)


def _touches(change: Change, entry: Suppression) -> bool:
    return any(matches(path, entry.scope) for path in change.paths)


def _added(entry: Suppression, where: _Place, number: int, known: Mapping[str, Rule]) -> Finding:
    broad = "; it covers the whole repository" if matches("\0/\0", entry.scope) else ""
    if entry.expires < today():
        return _expired(entry, where, number, touched=True)
    message = (
        f"{_named(entry)} will be silent until {entry.expires}{broad}: {_quoted(entry)}; "
        "it takes effect once it has landed"
    )
    fix = "push it on its own and have it reviewed; or mend what the rule says: " + _instead(known, entry)
    return _finding(ADDED, where, number, entry, message, fix)


def _expired(entry: Suppression, where: _Place, number: int, touched: bool) -> Finding:
    message = f"the suppression of {_named(entry)} ended on {entry.expires}: {_quoted(entry)}"
    return _finding(EXPIRED, where, number, entry, message, "remove it, or give it a new date", touched)


def _unused(entry: Suppression, where: _Place, number: int, dead: str, touched: bool) -> Finding:
    message = f"the suppression of {_named(entry)} covers nothing: {dead}"
    return _finding(UNUSED, where, number, entry, message, "remove it, or mend its scope", touched)


def _finding(
    rule: Rule, where: _Place, number: int, entry: Suppression, message: str, fix: str, touched: bool = True
) -> Finding:
    level: Level | None = None if touched else "note"
    data = {name: str(getattr(entry, name)) for name in ("rule", "scope", "reason", "owner", "expires")}
    key = "\0".join(data.values())
    return Finding(rule, where.path, message, fix, where.line(f"suppress[{number}]"), data, level, key=key)


def _named(entry: Suppression) -> str:
    return f"{entry.rule} within {printable(entry.scope, 100)}"


def _quoted(entry: Suppression) -> str:
    return f'"{printable(entry.reason, 120)}" ({printable(entry.owner, 60)})'


def _instead(known: Mapping[str, Rule], entry: Suppression) -> str:
    return f"gatepost explain {known[entry.rule].id if entry.rule in known else entry.rule}"


def _dead(
    change: Change, policy: Policy, entry: Suppression, before: Sequence[Suppression], known: Mapping[str, Rule]
) -> str:
    if any((old.rule, old.scope) == (entry.rule, entry.scope) and old.expires >= entry.expires for old in before):
        return "an entry before it says the same"
    if entry.rule in known and policy.level(known[entry.rule]) == OFF:
        return "its rule is off"
    changed = policy.trees is not None and policy.trees.head is not None
    return "" if _anything_within(change, entry.scope, changed) else "no file is within its scope"


def _anything_within(change: Change, scope: str, thorough: bool) -> bool:
    """Look for a file within a scope, below the directory that the glob begins with.

    A glob that begins with a wildcard would cost a walk of the whole tree; that is done only where
    the policy itself has changed; and no walk is without a limit.
    """
    plain = scope.removeprefix("/")
    start = parent(plain[: min((plain.find(sign) for sign in "*?[{" if sign in plain), default=len(plain))])
    if not start and not thorough:
        return True
    limit = WALK_LIMIT if thorough else GLANCE_LIMIT
    entries = list(islice(change.head.walk(start), limit))
    return len(entries) == limit or any(matches(entry.path, scope) for entry in entries)


def today() -> date:
    """Give today in UTC: suppressions expire at the same moment everywhere."""
    return datetime.now(timezone.utc).date()


class _Place:
    """The policy file that findings point at, and where in it a key stands."""

    def __init__(self, change: Change, file: str) -> None:
        self.path = file
        self._lines: list[str] = []
        with suppress(GatepostError):  # it may be gone
            raw = change.head.read(file)
            self._lines = raw.decode("utf-8", "replace").splitlines()

    def line(self, key: str) -> int:
        """Give the line of a key; 1 where it is not there."""
        return line_of(self._lines, key)

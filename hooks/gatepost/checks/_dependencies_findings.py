"""Turn what differs into entries of the report and findings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from gatepost.checks import _dependencies_rules as rules
from gatepost.lockfiles import _sources as sources
from gatepost.lockfiles._diff import Delta
from gatepost.model import Finding, Level, Rule, printable

EACH = 25  # findings of one rule and file, beyond which they are one
LISTED = 10
Place = Callable[[Delta], tuple[str, int]]

_REVIEW = "look at it, then: gatepost review approve"
_FIXES = {
    "added": "check who publishes it and what it brings; gatepost review approve COMMIT signs it",
    "added-transitive": "check whether what brings it was meant; gatepost review approve COMMIT signs it",
    "upgraded": "read its release notes; nothing to do where the step was meant",
    "upgraded-transitive": "nothing to do where a refresh of the lock was meant",
    "downgraded": "ask for the higher version, or say in the review why the lower one is right",
    "removed": "nothing to do where nothing imports it any more",
    "source-changed": "take it from where it came from, or list the host under dependencies.hosts in gatepost.toml",
    "integrity-changed": "restore the recorded hash and install again; do not accept the new one unseen",
}


def entry(ecosystem: str, directory: str, lockfile: str, delta: Delta) -> dict[str, Any]:
    """Give the report's entry for one name."""
    found: dict[str, Any] = {
        "ecosystem": ecosystem,
        "directory": directory,
        "lockfile": lockfile,
        "name": delta.name,
        "facts": delta.facts,
        "old": delta.old,
        "new": delta.new,
        "direct": delta.direct,
        "scope": delta.scope,
        "why": delta.why,
        "introducers": delta.introducers,
        "explained": delta.explained,
    }
    extra = {
        "step": delta.step,
        "source": delta.source,
        "integrity": delta.integrity,
        "declared": delta.declared,
        "was": delta.was,
    }
    return found | {name: value for name, value in extra.items() if value}


def findings(pairs: list[tuple[Delta, dict[str, Any]]], hosts: Collection[str], place: Place) -> Iterator[Finding]:
    """Give the findings of one group: one for each name and fact, a mass of them as one."""
    made: dict[tuple[str, str], list[tuple[Delta, dict[str, Any], Level]]] = {}
    for delta, data in pairs:
        for fact in delta.facts:
            rule = rules.BY_FACT.get(fact)
            if rule is not None:
                level = _level(fact, rule, delta, data, hosts)
                made.setdefault((fact, _kin(fact, delta, level)), []).append((delta, data, level))
    for (fact, kin), items in made.items():
        rule = rules.BY_FACT[fact]
        if len(items) > EACH or (kin and fact == "source-changed" and len(items) > 2):
            yield _folded(fact, rule, items, place)
            continue
        for delta, data, level in items:
            path, line = place(delta)
            key = f"{data['ecosystem']}:{data['directory']}:{delta.name}:{_step_text(delta)}:{_state(fact, delta)}"
            yield Finding(rule, path, _message(fact, delta), _FIXES[fact], line, data, level, key=key)


def _kin(fact: str, delta: Delta, level: Level) -> str:
    """Give what findings must share to be folded into one."""
    if fact != "source-changed":
        return level
    return f"{level} {sorted({sources.host(s) for s in delta.source.get('new', ())})}"


def _level(fact: str, rule: Rule, delta: Delta, data: dict[str, Any], hosts: Collection[str]) -> Level:
    if fact == "upgraded" and delta.step == "major":
        return "warning"
    if fact == "integrity-changed" and delta.weak:
        return "warning"
    if fact == "source-changed":
        moved = sources.moved(data["ecosystem"], delta.source["old"], delta.source["new"])
        unlisted = [
            s for s in moved if sources.place(data["ecosystem"], s) != sources.DEFAULT and not _listed(s, hosts)
        ]
        return "error" if unlisted else "warning"
    return rule.level


def _listed(source: str, hosts: Collection[str]) -> bool:
    """Tell whether a source's host, or the path below it as far as it is listed, is allowed."""
    where = source.partition(":")[2]
    where = where.partition("://")[2] or where
    return any(where == host or where.startswith((host + "/", host + "#")) for host in hosts if host)


def _message(fact: str, delta: Delta) -> str:
    name, new, old = printable(delta.name, 80), _list(delta.new), _list(delta.old)
    surprise = "" if delta.explained else "; nothing in the manifests explains it"
    if fact == "added":
        return f"{name} {new} is a new {_kind(delta)} dependency{_origin(delta)}"
    if fact == "added-transitive":
        return f"{name} {new} is new, brought by {_brought(delta)}{_origin(delta)}{surprise}"
    if fact == "removed":
        return f"{name} {old} is gone{surprise}"
    if fact == "source-changed":
        was, now = (_list(delta.source[side]) or "the registry" for side in ("old", "new"))
        if len(delta.source["old"]) == len(delta.source["new"]) == 1 and _place(was) == _place(now):
            return f"{name} {new} is read from another place of {_place(now)}: {now}, before {was}"
        return f"{name} {new} comes from {now}, before from {was}"
    if fact == "integrity-changed":
        return f"{name} {new}: the hash of the same version was {delta.integrity}, so this may be another file"
    step = f" ({delta.step})" if delta.step not in ("", "other") else ""
    word = "downgraded" if fact == "downgraded" else "upgraded"
    return f"{name} is {word} from {old} to {new}{step}, {_kind(delta)}{surprise}"


def _place(source: str) -> str:
    return source.partition("#")[0]


def _kind(delta: Delta) -> str:
    return f"{'direct' if delta.direct else 'transitive'} {delta.scope}"


def _origin(delta: Delta) -> str:
    return f", from {_list(delta.source['new'])}" if delta.source.get("new") else ""


def _brought(delta: Delta) -> str:
    if not delta.why:
        return "no dependency that the lock tells"
    more = len(delta.introducers) - 1
    return " > ".join(printable(name, 60) for name in delta.why) + (f" and {more} more" if more > 0 else "")


def _list(values: list[str], limit: int = 4) -> str:
    shown = ", ".join(printable(value, 60) for value in values[:limit])
    return shown + (f" and {len(values) - limit} more" if len(values) > limit else "")


def _step_text(delta: Delta) -> str:
    return f"{','.join(delta.old)}->{','.join(delta.new)}"


def _state(fact: str, delta: Delta) -> str:
    if fact == "source-changed":
        return f"{delta.source['old']}->{delta.source['new']}"
    return delta.integrity if fact == "integrity-changed" else ""


def _folded(fact: str, rule: Rule, items: list[tuple[Delta, dict[str, Any], Level]], place: Place) -> Finding:
    first, data, level = items[0]
    path, line = place(first)
    names = [delta.name for delta, _, _ in items]
    shown = ", ".join(printable(name, 60) for name in names[:LISTED])
    what = {"added": "new direct dependencies", "added-transitive": "new transitive packages"}
    what |= {"removed": "packages are gone", "downgraded": "packages are downgraded"}
    subject = what.get(fact, f"packages are {fact.replace('-', ' ')}")
    if fact == "source-changed":
        was, now = (_list(first.source[side]) or "the registry" for side in ("old", "new"))
        subject = f"packages come from {now}, before from {was}"
    if fact == "integrity-changed":
        subject = "packages have another hash, or none, for the same version"
    unexplained = sum(not delta.explained for delta, _, _ in items)
    tail = f"; {unexplained} unexplained" if unexplained else ""
    digest = _digest(f"{d.name}:{_step_text(d)}:{_state(fact, d)}" for d, _, _ in items)
    subject_data = {key: data[key] for key in ("ecosystem", "directory", "lockfile")}
    return Finding(
        rule,
        path,
        f"{len(names)} {subject}: {shown}{', …' if len(names) > LISTED else ''}{tail}",
        _FIXES[fact],
        line,
        {**subject_data, "names": names, "count": len(names)},
        level,
        key=f"{data['ecosystem']}:{data['directory']}:{fact}:{digest}",
    )


def _digest(parts: Iterable[str]) -> str:
    import hashlib  # only what is folded needs it

    return hashlib.sha256("\n".join(sorted(parts)).encode("utf-8", "surrogateescape")).hexdigest()[:32]

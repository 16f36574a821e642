"""Find the histories that a change touches, from the changed paths alone, and pair their two sides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from gatepost.errors import PolicyError
from gatepost.git import Change, PathChange
from gatepost.migrations import (
    Changed,
    Collected,
    Framework,
    History,
    Listing,
    Migration,
    Migrations,
    Place,
    Problem,
    _dialect,
    _limits,
    frameworks,
)
from gatepost.migrations._look import Look
from gatepost.model import printable
from gatepost.paths import matches, names_migrations, parent, within
from gatepost.policy import FILE, Policy, nearest

# Other people's migrations, and those that tests try a tool on: judged only where the policy names them.
ASIDE = frozenset(("node_modules", "vendor", "testdata", "fixtures", "__fixtures__", "site-packages"))
NONE = "none"


def touched(change: Change, policy: Policy) -> bool:
    """Tell by paths alone whether the change may concern a migration."""
    watched = {entry.path.strip("/") for entry in _spelled(policy.get_all("migrations", Migrations), change.paths)}
    known = frameworks()
    return any(
        within(path, *watched) or _replaced(what) or any(framework.root(path) is not None for framework in known)
        for path, what in change.paths.items()
    )


def _replaced(what: PathChange) -> bool:
    """Tell a symlink or submodule that bears the name of a directory of migrations."""
    new = what.new
    return new is not None and not new.is_file and names_migrations(new.name)


def collect(change: Change, policy: Policy) -> Collected:
    """Give the histories that the change touches, before and after it."""
    memory: dict[tuple[str, str], Any] = {}
    base, head = Look(change.base, memory), Look(change.head, memory)
    entries = tuple(_spelled(_entries(policy), change.paths))
    known = {framework.name: framework for framework in frameworks()}
    _check_names(entries, known)
    histories: list[History] = []
    places: set[str] = set()
    for root, candidates in sorted(_roots(change, entries, known).items()):
        found = _framework(root, candidates, _entry(root, entries), known, (head, base))
        if found:
            framework, score = found
            for place in _places(framework, score, root, _entry(root, entries), (head, base)):
                history = _history(framework, place, base, head, change)
                places |= {root} if history.base or history.head else set()
                if history.changes or history.problems:
                    histories.append(history)
    problems = [*_replaced_places(change, base, known), *_nothing_there(entries, places, change, head)]
    return Collected(tuple(_across(histories, entries)), tuple(problems))


def _check_names(entries: Iterable[Migrations], known: dict[str, Framework]) -> None:
    wrong = [
        f'migrations "{printable(e.path)}": framework: unknown "{printable(e.framework)}"{nearest(e.framework, known)}'
        for e in entries
        if e.framework and e.framework not in (*known, NONE)
    ]
    if wrong:
        raise PolicyError(wrong, "docs/migrations.md lists the frameworks")


def _entries(policy: Policy) -> tuple[Migrations, ...]:
    """Give the places that the policy names; a pushed one may not take a place out of sight."""
    own = policy.tables.get("migrations") or ()
    return tuple(e for e in policy.get_all("migrations", Migrations) if e in own or e.framework != NONE)


def _spelled(entries: Iterable[Migrations], paths: Iterable[str]) -> Iterator[Migrations]:
    """Put the directories that the change touches in the place of a glob; one that matches none stays out."""
    for entry in entries:
        if not any(sign in entry.path for sign in "*?[{"):
            yield entry
            continue
        glob = entry.path.strip("/")
        touched = {above for path in paths for above in _above(path)}
        yield from (replace(entry, path=path) for path in sorted(touched) if matches(path, glob))


def _above(path: str) -> Iterator[str]:
    """Give the directories that a path stands in."""
    here = parent(path)
    while here:
        yield here
        here = parent(here)


def _entry(root: str, entries: Iterable[Migrations]) -> Migrations | None:
    """Give the longest entry of the policy that covers a directory."""
    covering = [entry for entry in entries if within(root, entry.path.strip("/"))]
    return max(covering, key=lambda entry: len(entry.path), default=None)


def _roots(change: Change, entries: Iterable[Migrations], known: dict[str, Framework]) -> dict[str, set[str]]:
    roots: dict[str, set[str]] = {}
    named = {entry.path.strip("/"): entry for entry in entries if entry.framework}
    for path in change.paths:
        own = max((root for root in named if within(path, root)), key=len, default=None)
        if own is not None:
            framework = known.get(named[own].framework)
            if framework is None:
                continue
            roots.setdefault(framework.root(path) or own, set()).add(framework.name)
            continue
        for framework in known.values():
            root = framework.root(path)
            if root is not None and not ASIDE.intersection(root.split("/")):
                roots.setdefault(root, set()).add(framework.name)
    return roots


def _framework(
    root: str, candidates: set[str], entry: Migrations | None, known: dict[str, Framework], looks: tuple[Look, Look]
) -> tuple[Framework, int] | None:
    if entry and entry.framework:
        return known[entry.framework], 100
    for look in looks:
        if look.entries(root):
            scores = {name: known[name].detect(look, root) for name in sorted(candidates)}
            best = max(scores, key=lambda name: scores[name])
            if scores[best]:
                return known[best], scores[best]
    return None


def _places(
    framework: Framework, score: int, root: str, entry: Migrations | None, looks: tuple[Look, Look]
) -> Iterator[Place]:
    look = looks[0] if looks[0].entries(root) else looks[1]
    place = Place(
        framework=framework.name,
        root=root,
        score=score,
        downs="optional" if entry and entry.downs == "optional" else framework.downs,
        required=bool(entry and entry.downs == "required"),
        order=framework.order,
        silent=framework.silent,
        settings=entry,
    )
    if entry and entry.dialect:
        yield replace(place, dialect=entry.dialect, dialect_certain=True)
        return
    several = framework.variants(look, root) if framework.variants else ()
    for variant in several:
        yield replace(place, dialect=_dialect.of_name(variant), dialect_certain=True, variant=variant)
    if not several:
        dialect, certain = _dialect.detect(look, root)
        yield replace(place, dialect=dialect, dialect_certain=certain)


def _history(framework: Framework, place: Place, base: Look, head: Look, change: Change) -> History:
    if place.settings:
        base.limits[place.root] = head.limits[place.root] = place.settings.file_limit
    before = _list(framework, place, base)
    after = _list(framework, place, head)
    problems = [problem for problem in after.problems if problem.path in change.paths or not _old(problem, before)]
    changes = tuple(_pair(before.migrations, after.migrations))
    downs = after.downs if after.migrations else before.downs
    if downs and place.downs == "expected":
        place = replace(place, downs=downs)
    return History(place, before.migrations, after.migrations, changes, (*problems, *_odd_entries(change, place)))


def _list(framework: Framework, place: Place, look: Look) -> Listing:
    if not look.entries(place.root):
        return Listing()
    found = framework.list(look, place)
    return replace(found, migrations=_limits.limited(found.migrations, place.settings))


def _old(problem: Problem, before: Listing) -> bool:
    """Tell a problem that the base has too: it is not this change's."""
    return any((old.path, old.rule) == (problem.path, problem.rule) for old in before.problems)


def _pair(before: tuple[Migration, ...], after: tuple[Migration, ...]) -> Iterator[Changed]:
    old = {_key(migration): migration for migration in before}
    partner: dict[tuple[str, str], Changed | None] = {}
    for migration in after:
        same = old.pop(_key(migration), None)
        if same is not None:
            unchanged = same.files == migration.files
            partner[_key(migration)] = None if unchanged else Changed("edited", same, migration)
    by_blobs = {_blobs(migration): migration for migration in old.values()}
    by_version = {migration.version: migration for migration in old.values() if migration.version}
    for migration in after:
        if _key(migration) not in partner:
            moved = by_blobs.get(_blobs(migration))
            twin = moved or by_version.get(migration.version)
            if twin is None or old.pop(_key(twin), None) is None:
                partner[_key(migration)] = Changed("new", None, migration)
            else:
                partner[_key(migration)] = Changed("moved" if moved else "edited", twin, migration)
    yield from (found for migration in after if (found := partner[_key(migration)]))
    yield from (Changed("removed", migration, None) for migration in before if _key(migration) in old)


def _key(migration: Migration) -> tuple[str, str]:
    return migration.path, migration.part


def _nothing_there(entries: Iterable[Migrations], places: set[str], change: Change, head: Look) -> Iterator[Problem]:
    """Report a place of the policy without a migration: the entry would silently protect nothing."""
    for entry in entries:
        path = entry.path.strip("/")
        touched = any(within(one, path) for one in change.paths)
        named = FILE in change.paths and not head.exists(path)
        if entry.framework != NONE and (touched or named) and not any(within(place, path) for place in places):
            what = entry.framework or "any framework that is known"
            fix = f"mend path or framework of [[migrations]] in {FILE}"
            yield Problem(path or FILE, f"holds no migration of {what}", fix, grave=False)


def _across(histories: list[History], entries: tuple[Migrations, ...]) -> Iterator[History]:
    """Turn what vanished in one place and appeared in another with the same contents into a move.

    What moves out of a place that the policy names, to one that it does not, is out of the runner's sight: removed.
    """
    gone = {
        _blobs(found.migration): found.migration
        for history in histories
        for found in history.changes
        if found.status == "removed"
    }
    seen = {_blobs(m): _entry(history.place.root, entries) for history in histories for m in history.head}
    arrived = {
        _blobs(found.migration) for history in histories for found in history.changes if found.status == "new"
    } & gone.keys()
    for history in histories:
        changes = tuple(
            Changed("moved", gone[_blobs(found.migration)], found.after)
            if found.status == "new" and _blobs(found.migration) in arrived
            else found
            for found in history.changes
            if not (found.status == "removed" and _blobs(found.migration) in arrived)
            or (_entry(history.place.root, entries) and not seen[_blobs(found.migration)])
        )
        if changes or history.problems:
            yield replace(history, changes=changes)


def _blobs(migration: Migration) -> tuple[str, ...]:
    return tuple(sorted(migration.files.values()))


def _odd_entries(change: Change, place: Place) -> Iterator[Problem]:
    """Report symlinks and submodules within a place: what they stand for is not judged."""
    for path, what in change.paths.items():
        if what.new and not what.new.is_file and parent(path) == place.root:
            yield Problem(path, f"is {what.new.kind} where a migration belongs", "put the file itself there")


def _replaced_places(change: Change, base: Look, known: dict[str, Framework]) -> Iterator[Problem]:
    """Report a symlink or submodule that stands where a directory of migrations was or belongs."""
    for path, what in change.paths.items():
        if not what.new or what.new.is_file:
            continue
        was = [entry.path for entry in base.entries(path)]
        held = any(framework.root(name) == path for name in was for framework in known.values())
        if held or _replaced(what):
            yield Problem(
                path, f"is {what.new.kind} where a directory of migrations belongs", "commit the directory itself"
            )

"""Order the migrations of a history whose files say what they follow."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import replace

from gatepost.migrations import Listing, Migration, Problem


def listing(migrations: Iterable[Migration], problems: Iterable[Problem] = ()) -> Listing:
    """Put each migration after its parents; a circle and a parent that is nowhere are problems."""
    by_version: dict[str, list[Migration]] = {}
    for migration in sorted(migrations, key=lambda one: one.path):
        by_version.setdefault(migration.version, []).append(migration)
    found = list(problems)
    for version, same in by_version.items():
        if len(same) > 1:
            reason = f"has the version {version} of {same[0].path} too"
            found.append(Problem(same[-1].path, reason, "give it a version of its own", rule="out-of-order"))
    known = {version: same[-1] for version, same in by_version.items()}
    found += list(_dangling(known))
    ordered, circle = _sorted(known)
    if circle:
        names = " → ".join(one.version for one in circle[:6])
        found.append(
            Problem(
                circle[0].path, f"stands in a circle of versions that follow each other: {names}", "break the circle"
            )
        )
    numbered = (replace(one, order=(number,)) for number, one in enumerate([*ordered, *circle]))
    return Listing(tuple(numbered), tuple(found))


def _resolve(parent: str, known: dict[str, Migration]) -> str | None:
    """Give the version that a parent names; Alembic takes the unambiguous beginning of one too."""
    if parent in known:
        return parent
    begins = [version for version in known if version.startswith(parent)] if len(parent) >= 4 else []
    return begins[0] if len(begins) == 1 else None


def _dangling(known: dict[str, Migration]) -> Iterable[Problem]:
    for migration in known.values():
        for parent in migration.parents:
            if _resolve(parent, known) is None:
                yield Problem(
                    migration.path, f"follows {parent}, which is nowhere in this history", "name a version that exists"
                )


def _sorted(known: dict[str, Migration]) -> tuple[list[Migration], list[Migration]]:
    waiting: dict[str, int] = {}
    children: dict[str, list[str]] = {}
    for version, migration in known.items():
        parents = {found for parent in migration.parents if (found := _resolve(parent, known))}
        waiting[version] = len(parents)
        for parent in parents:
            children.setdefault(parent, []).append(version)
    ready = [(known[version].path, version) for version, count in waiting.items() if not count]
    heapq.heapify(ready)
    ordered: list[Migration] = []
    while ready:
        _, version = heapq.heappop(ready)
        ordered.append(known[version])
        for child in children.get(version, ()):
            waiting[child] -= 1
            if not waiting[child]:
                heapq.heappush(ready, (known[child].path, child))
    done = {one.version for one in ordered}
    return ordered, [one for version, one in known.items() if version not in done]


def heads(migrations: Iterable[Migration]) -> tuple[Migration, ...]:
    """Give the migrations that no other one follows."""
    every = list(migrations)
    known = {one.version: one for one in every}
    followed = {_resolve(parent, known) for one in every for parent in one.parents}
    return tuple(one for one in every if one.version not in followed)

"""Produce the schema that some migrations make: on a scratch server where one is at hand, else by the model."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gatepost.errors import CannotJudge
from gatepost.git import Change
from gatepost.migrations import History, Migration, Migrations
from gatepost.migrations._produced import FOLDER, replayed
from gatepost.migrations._story import dialect_of
from gatepost.sql.compare import Difference
from gatepost.sql.schema import Schema
from gatepost.staging import Drift, Staging
from gatepost.staging.compare import differences

# Roles are named otherwise on every server, and a scratch server has none of staging's; nor its builds of extensions.
ROLES = frozenset(("owner", "grants", "default privileges", "tablespace", "version"))


@dataclass(frozen=True, slots=True)
class Way:
    """What staging should run, how that was produced and is compared, and what is to be said of it."""

    how: str
    expected: Schema
    differ: Callable[[Schema, Schema], Iterable[Difference]]
    notes: tuple[str, ...] = ()


def best(change: Change, history: History, done: Sequence[Migration], staging: Staging, settings: Drift) -> Way:
    """Give the way over a scratch server of staging's own major version; the model's, with the reason, without one."""
    try:
        return on_server(change, history, done, staging, settings)
    except CannotJudge as error:
        why = f"compared by the model alone: {error.message}{'; ' + error.hint if error.hint else ''}"
        return replace(model(change, history, done), notes=(why,))


def model(change: Change, history: History, done: Sequence[Migration]) -> Way:
    """Give the way of the model, which compares only what is the same in any writing."""
    place = (history.place.framework, history.place.root, history.place.dialect)
    folder = change.repo.directory() / FOLDER
    return Way("by the model", replayed(done, dialect_of(history), folder, str(place)), differences)


def on_server(change: Change, history: History, done: Sequence[Migration], staging: Staging, settings: Drift) -> Way:
    """Run what staging has applied on a scratch server; both sides are introspected. Raises CannotJudge."""
    from gatepost.rehearsals._plan import Course, applied
    from gatepost.rehearsals.stage import FOLDER as TEMPLATES
    from gatepost.rehearsals.stage import URL, Asked, staged

    base = tuple(one for one in applied(history.head) if one in done)
    course = Course(_as_staging(history, staging), dialect_of(history), base)
    with staged(course, Asked(os.environ.get(URL, ""), change.repo.directory() / TEMPLATES)) as stage:
        database = stage.base()
        try:
            made, how = database.schema(), f"on {stage.scratch.how}"
        finally:
            database.drop()

    def differ(expected: Schema, found: Schema) -> Iterator[Difference]:
        yield from _hard(expected, found, settings)

    return Way(how, made, differ)


def _as_staging(history: History, staging: Staging) -> History:
    """Ask for a server of the major version that staging runs, where the policy names none."""
    settings = history.place.settings or Migrations(history.place.root)
    if not settings.server and staging.engine == "postgresql":
        settings = replace(settings, server=staging.version.partition(".")[0])
    return replace(history, place=replace(history.place, settings=settings))


def _hard(expected: Schema, found: Schema, settings: Drift) -> Iterator[Difference]:
    from gatepost.databases._differences import Leave
    from gatepost.databases._differences import differences as introspected

    for item in introspected(expected, found, leave=Leave(settings.ignore, ROLES)):
        if item.grade == "hard":
            text = item.text.replace(" is new", " is made by no migration").replace(" is gone", " is not there")
            yield Difference(item.kind, item.table, item.object, item.before, item.after, text)

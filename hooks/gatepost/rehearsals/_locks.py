"""Name the strongest lock that the scripts of a migration take on each table, on the schema that was there."""

from __future__ import annotations

from gatepost.migrations import Script
from gatepost.migrations._story import operations
from gatepost.rehearsals._plan import Step
from gatepost.rehearsals._walk import Seen
from gatepost.sql.changes import Step as Stage
from gatepost.sql.changes import walk
from gatepost.sql.locks import lock
from gatepost.sql.schema import Schema

_STRENGTH = (
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "metadata",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "table",
    "database",
    "ACCESS EXCLUSIVE",
)


def locks(step: Step, seen: Seen, dialect: str) -> tuple[tuple[str, str], ...]:
    """Give each table that was there before with the strongest lock on it."""
    found: dict[str, str] = {}
    sides = ((step.migration.up, seen.before), (step.migration.down, seen.middle))
    for script, sight in sides:
        if script is not None and sight is not None:
            for table, mode in _of(script, sight.schema, dialect):
                found[table] = max(found.get(table, mode), mode, key=_strength)
    return tuple(sorted(found.items()))


def _of(script: Script, schema: Schema, dialect: str) -> list[tuple[str, str]]:
    stage = Stage(script.path, operations(script, dialect), script.dialect or dialect, script.transaction)
    made = ((change.table, lock(change)) for change in walk([stage], schema.copy()))
    return [(table, taken.mode) for table, taken in made if taken]


def _strength(mode: str) -> int:
    return _STRENGTH.index(mode) if mode in _STRENGTH else len(_STRENGTH)

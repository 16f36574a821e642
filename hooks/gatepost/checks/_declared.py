"""Read the declared schema beside a history, and complete with it what no migration of the history makes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gatepost.errors import GatepostError
from gatepost.git import Change, Snapshot
from gatepost.migrations import History
from gatepost.migrations._story import dialect_of
from gatepost.paths import parent
from gatepost.sql.changes import Step
from gatepost.sql.schema import Schema, Table

if TYPE_CHECKING:  # the kinds and what reads them cost a commit 10 ms, and most histories have none
    from gatepost.declared import Declared

LIMIT = 4 * 1024 * 1024


def places(history: History, side: Snapshot) -> Iterator[tuple[Declared, str]]:
    """Give the kinds of declared schema that a history has in a tree, and where each stands."""
    root = history.place.root
    beside = [entry for place in (parent(root), root) for entry in side.children(place) if entry.is_file]
    there = {entry.path for entry in beside if "schema" in entry.name or "structure" in entry.name}
    if not there:
        return
    from gatepost.declared import formats

    for kind in formats():
        if history.place.framework in kind.frameworks:
            yield from ((kind, path) for path in kind.paths(root) if path in there)


def declared(side: Snapshot, kind: Declared, path: str, dialect: str, *, in_part: bool = False) -> Schema | None:
    """Read it on one side; None where there is none, or it cannot be followed, be it only ``in_part``."""
    try:
        if side.entry(path) is None:
            return None
        schema = kind.read(side.read(path, LIMIT).decode("utf-8", "replace"), dialect)
    except (GatepostError, RecursionError):
        return None
    return None if schema.doubts and not in_part else schema


def completed(schema: Schema, steps: Sequence[Step], change: Change, history: History) -> Schema:
    """Add what the base's declared schema says of tables that the steps name and no migration has made.

    Old migrations are thrown away once a new database is loaded from the file (Rails: lobsters e607a943d).
    """
    named = {table for step in steps for op in step.operations if (table := getattr(op, "table", ""))}
    lacking = [name for name in named if not _known(schema, name)]
    if not lacking:
        return schema
    for kind, path in places(history, change.base):
        found = declared(change.base, kind, path, dialect_of(history), in_part=True)
        for name in lacking if found else ():
            table = found.table(name) if found else None
            if table:
                schema.put(_filled(schema.table(name), table))
    return schema


def _known(schema: Schema, name: str) -> bool:
    table = schema.table(name)
    return table.complete if table else schema.key(name) in schema.tables


def _filled(own: Table | None, declared: Table) -> Table:
    """Believe the file, which is of the same commit, over what is known of a table in part."""
    return replace(declared, indexes={**own.indexes, **declared.indexes}) if own else declared

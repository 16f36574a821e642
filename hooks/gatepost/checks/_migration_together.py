"""Tell whether the downs of a change undo it together, though some of its files have none.

Many teams split one change over several files whose downs stand in the first or the last of them.
"""

from __future__ import annotations

from gatepost.checks._migration_report import judge
from gatepost.git import Change
from gatepost.migrations import History, Migration

WITHOUT = ("missing", "empty", "noop")


def undone(history: History, change: Change) -> bool:
    """Tell whether the model gives the schema back after all ups and those downs that there are."""
    words = [judge(migration, history.place).word for migration in history.new]
    bare = [migration for migration, word in zip(history.new, words, strict=True) if word in WITHOUT]
    if any(migration.down is None and not passes(migration, history) for migration in bare):
        return False
    if not bare or "ok" not in words or not all(migration.up.certain for migration in bare):
        return False
    from gatepost.migrations._produced import base_schema
    from gatepost.migrations._story import dialect_of, operations
    from gatepost.sql.undo import Piece
    from gatepost.sql.undo import judge as replay

    dialect = dialect_of(history)
    pieces = []
    for migration in history.new:
        down = migration.down
        back = operations(down, dialect) if down and down.state == "ok" else ()
        pieces.append(Piece(migration.path, operations(migration.up, dialect), back))
    remarks = replay(pieces, base_schema(change, history))
    return not any(remark.word in ("wrong", "unsure") and not remark.small for remark in remarks)


def passes(migration: Migration, history: History) -> bool:
    """Tell whether a rollback goes past a migration without a down; else what comes before stays out of reach."""
    return history.place.silent and not migration.scripts.absent

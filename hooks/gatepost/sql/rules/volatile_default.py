"""A column is added whose default the database has to compute for each row.

Why: PostgreSQL rewrites the whole table under a lock that blocks everything where the default is volatile
(`random()`, `gen_random_uuid()`, `clock_timestamp()`, a sequence), or the column is an identity or a stored
generated one. SQLite refuses a default that is no constant as soon as there are rows.

Instead: add the column without a default, set the default in a second statement (it holds for new rows only), and
fill the old rows in batches.

Fine when: the table is small. `now()` and constants are fine on PostgreSQL 11 and later.
"""

from __future__ import annotations

import re

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.rules import Hit, sql_rule
from gatepost.sql.tokens import words

_CALL = re.compile(r"\b([a-z_][a-z0-9_.]*)\(")
_STABLE = frozenset(
    words(
        "now transaction_timestamp statement_timestamp timezone date_trunc lower upper coalesce jsonb_build_object"
        " json_build_object array to_jsonb concat current_setting interval date numeric varchar char decimal timestamp"
        " timestamptz time extract make_interval"
    )
)


def judge(change: SchemaChange) -> Hit | None:
    """Note a rewrite on PostgreSQL; flag what SQLite refuses."""
    operation = change.operation
    assert isinstance(operation, ops.AddColumn)
    column = operation.column
    name = f"{printable(change.table, 80)}.{printable(column.name, 80)}"
    fix = "add it without a default, SET DEFAULT in a second statement, fill the old rows in batches"
    if change.dialect == "sqlite" and column.default:
        constant = not _CALL.search(column.default) and not column.default.startswith("current_")
        said = f"adds {name} with a default that is no constant: SQLite refuses it where the table has rows"
        return None if constant else Hit(said, "add it without a default, then fill the rows", "error")
    if change.dialect != "postgresql":
        return None
    volatile = [call for call in _CALL.findall(column.default or "") if call not in _STABLE]
    stored = bool(column.generated and column.generated.endswith("stored"))
    if not volatile and not stored and not column.identity:
        return None
    why = f"the default {printable(column.default or '', 60)}" if volatile else "the column"
    return Hit(f"adds {name}: {why} is computed for each row, and the whole table is rewritten under a lock", fix)


RULE = sql_rule("volatile-default", "note", __doc__, (ops.AddColumn,), judge)

"""Ask a second reader about a statement that ours does not know: libpg_query where it is installed, else sqlglot.

Neither is imported unless such a statement turns up. libpg_query (the extra ``gatepost[postgres]``) is PostgreSQL's own
grammar: what it refuses is no PostgreSQL, and what it takes is written anew in its plain form, which ours reads.
sqlglot knows three dialects and is believed only where it says what kind of statement it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from gatepost.model import printable
from gatepost.sql.operations import Data, DropIndex, DropObject, DropTable, Nothing, Operation, Truncate
from gatepost.sql.tokens import Dialect, words

LONGEST, DEEPEST = 20_000, 100
_HARMLESS = frozenset(
    words(
        "grant_stmt grant_role_stmt alter_default_privileges_stmt vacuum_stmt explain_stmt lock_stmt check_point_stmt"
        " variable_show_stmt constraints_set_stmt alter_role_set_stmt alter_database_set_stmt sec_label_stmt load_stmt"
    )
)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the second reader says: operations, a plainer ``text`` to read, or why the statement is none."""

    operations: tuple[Operation, ...] = ()
    text: str = ""
    refused: str = ""


def opinion(text: str, dialect: Dialect) -> Opinion | None:
    """Give a second reading of one statement, or None where nobody can tell."""
    if len(text) > LONGEST or text.count("(") > DEEPEST:
        return None
    if dialect == "postgresql" and find_spec("postgast"):
        return _libpg_query(text)
    return _sqlglot(text, dialect)


def refusal(text: str) -> str:
    """Say why PostgreSQL's grammar takes no such statement, "" where it does or nobody can tell."""
    filled = "{{" in text or "${" in text  # the migration tool fills these in
    if filled or len(text) > LONGEST or text[:2].upper() == "DO" or not find_spec("postgast"):
        return ""
    said = _libpg_query(text)
    return said.refused if said else ""


def _libpg_query(text: str) -> Opinion | None:
    import postgast

    try:
        tree = postgast.parse(text)
        kind = (tree.stmts[0].stmt.WhichOneof("node") or "") if len(tree.stmts) == 1 else ""
        if kind in _HARMLESS:
            return Opinion((Nothing(kind.removesuffix("_stmt").replace("_", " ")),))
        return Opinion(text=postgast.deparse(tree)) if kind else None
    except postgast.PgQueryError as error:
        return Opinion(refused=f"PostgreSQL's grammar refuses it: {printable(str(error), 120)}")
    except (RecursionError, ValueError, AttributeError):
        return None


def _sqlglot(text: str, dialect: Dialect) -> Opinion | None:
    import logging

    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    try:
        found = [tree for tree in sqlglot.parse(text, read={"postgresql": "postgres"}.get(dialect, dialect)) if tree]
    except (SqlglotError, RecursionError, ValueError, AttributeError, TypeError):
        return None
    if len(found) != 1 or isinstance(found[0], exp.Command):
        return None
    operations = tuple(_operations(found[0], exp))
    return Opinion(operations) if operations else None


def _operations(tree: Any, exp: Any) -> Iterator[Operation]:
    if isinstance(tree, (exp.Insert, exp.Update, exp.Delete, exp.Merge)):
        target = tree.find(exp.Table)
        yield Data(type(tree).__name__.lower(), target.name if target else "", bool(tree.args.get("where")))
    elif isinstance(tree, exp.Query):
        yield Nothing("select")
    elif isinstance(tree, exp.TruncateTable):
        yield from (Truncate(table.name) for table in tree.find_all(exp.Table))
    elif isinstance(tree, exp.Drop):
        kind, target = str(tree.args.get("kind") or "").lower(), tree.find(exp.Table)
        name = target.name if target else ""
        made = {"table": DropTable(name), "index": DropIndex(name)}.get(kind)
        yield made or DropObject(kind, name)

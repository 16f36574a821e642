"""Parse one query with sqlglot: one statement that reads or writes rows, or nothing."""

from __future__ import annotations

import logging
from typing import Any

LONGEST, DEEPEST = 100_000, 200
DIALECTS = {"postgresql": "postgres", "mysql": "mysql", "sqlite": "sqlite"}


def parsed(text: str, dialect: str) -> Any | None:
    """Give the tree of a query; None where it is no single query, or none that sqlglot can read."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if len(text) > LONGEST or nested(text) > DEEPEST:
        return None
    log = logging.getLogger("sqlglot")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        trees = [tree for tree in sqlglot.parse(text, read=DIALECTS.get(dialect, "postgres")) if tree is not None]
    except (SqlglotError, RecursionError, ValueError, AttributeError, TypeError, IndexError, KeyError):
        return None
    finally:
        log.setLevel(level)
    known = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values, exp.Insert, exp.Update, exp.Delete, exp.Merge)
    return trees[0] if len(trees) == 1 and isinstance(trees[0], known) else None


def nested(text: str) -> int:
    """Give how deep the parentheses of a text go, at most."""
    depth = most = 0
    for char in text:
        if char == "(":
            depth += 1
            most = max(most, depth)
        elif char == ")":
            depth -= 1
    return most

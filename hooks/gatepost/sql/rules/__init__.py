"""One file per rule on schema changes: the module's docstring is the rule's page, ``RULE`` what judges.

A rule looks at neutral operations only and knows no parser, so that it holds for every framework.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from gatepost import registry
from gatepost.model import Level, Rule
from gatepost.sql.changes import SchemaChange
from gatepost.sql.operations import Operation

__all__ = ["Hit", "SqlRule", "all_rules", "sql_rule"]


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule says of one change: why it matters here, what to do instead, and the level if not the rule's own."""

    message: str
    fix: str
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class SqlRule:
    """A rule, the operations that it looks at, and its judgement of one of them.

    ``on_fresh``: it also minds what stands on a table that the same change has made.
    """

    rule: Rule
    operations: tuple[type[Operation], ...]
    judge: Callable[[SchemaChange], Hit | None]
    on_fresh: bool = False


def sql_rule(
    name: str,
    level: Level,
    page: str | None,
    operations: tuple[type[Operation], ...],
    judge: Callable[[SchemaChange], Hit | None],
    *,
    on_fresh: bool = False,
) -> SqlRule:
    """Build a rule ``schema/name`` from its module's docstring."""
    return SqlRule(Rule(f"schema/{name}", level, page or ""), operations, judge, on_fresh)


def all_rules() -> tuple[SqlRule, ...]:
    """Give every rule there is."""
    return registry.load(sys.modules[__name__], "RULE", SqlRule)

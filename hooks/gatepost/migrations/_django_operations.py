"""Say what one operation of Django's does, and what its inverse does."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gatepost.migrations import _django_code, _django_columns, _django_indexes, _django_models
from gatepost.migrations._django_code import run_sql
from gatepost.migrations._django_effect import Call, Effect, Handlers, unknown
from gatepost.migrations._django_state import State
from gatepost.migrations._python import name
from gatepost.sql import operations as ops

if TYPE_CHECKING:
    from gatepost.migrations._django import File

EXTENSIONS = {
    "TrigramExtension": "pg_trgm",
    "UnaccentExtension": "unaccent",
    "HStoreExtension": "hstore",
    "BtreeGinExtension": "btree_gin",
    "BtreeGistExtension": "btree_gist",
    "CITextExtension": "citext",
    "CryptoExtension": "pgcrypto",
    "BloomExtension": "bloom",
}
STATE_ONLY = ("AlterModelOptions", "AlterModelManagers", "AlterModelTableComment")


def effect(node: ast.expr, file: File, state: State) -> Effect:
    """Give what an operation does, and put it into the state."""
    node = file.scope.expression(node)
    called = name(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""
    if not isinstance(node, ast.Call) or called in file.classes:
        return unknown(node)
    if called in STATE_ONLY:
        return Effect(node.lineno)
    if called in EXTENSIONS:
        return _extension(node, EXTENSIONS[called])
    handler = _HANDLERS.get(called)
    if handler is None:
        return unknown(node)
    function, order = handler
    return function(Call(node, file, state, order))


def _extension(node: ast.Call, named: str) -> Effect:
    create = ops.CreateObject("extension", named, if_not_exists=True, line=node.lineno)
    return Effect(node.lineno, [create], [ops.DropObject("extension", named, if_exists=True, line=node.lineno)])


def _create_extension(call: Call) -> Effect:
    return _extension(call.node, call.text("name"))


def _apply(node: ast.expr, call: Call) -> None:
    """Put operations into the state that touch no database."""
    node = call.file.scope.expression(node)
    for item in node.elts if isinstance(node, (ast.List, ast.Tuple)) else ():
        effect(item, call.file, call.state)


def _run_sql(call: Call) -> Effect:
    if "state_operations" in call.words:
        _apply(call.words["state_operations"], call)
    return run_sql(call)


def _separate(call: Call) -> Effect:
    made = Effect(call.line)
    node = call.words.get("database_operations")
    node = call.file.scope.expression(node) if node is not None else None
    aside = call.state.copy()
    effects = [
        effect(item, call.file, aside) for item in (node.elts if isinstance(node, (ast.List, ast.Tuple)) else ())
    ]
    if "state_operations" in call.words:
        _apply(call.words["state_operations"], call)
    for one in effects:
        made.up += one.up
        made.down = one.down + made.down
        made.certain = made.certain and one.certain
        made.absent = made.absent or one.absent
        made.idle = made.idle or one.idle
        made.raising = made.raising or one.raising
    return made


_HANDLERS: Handlers = {
    **_django_models.HANDLERS,
    **_django_columns.HANDLERS,
    **_django_indexes.HANDLERS,
    **_django_code.HANDLERS,
    "RunSQL": (_run_sql, ("sql", "reverse_sql", "state_operations")),
    "SeparateDatabaseAndState": (_separate, ("database_operations", "state_operations")),
    "CreateExtension": (_create_extension, ("name",)),
}

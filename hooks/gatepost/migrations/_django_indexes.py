"""Read Django's operations on indexes, constraints, and fields that are unique or indexed together."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gatepost.migrations._django_effect import Call, Effect, Handlers, unknown
from gatepost.migrations._django_state import Model
from gatepost.migrations._python import name
from gatepost.sql import operations as ops


def groups(value: Any) -> tuple[tuple[str, ...], ...]:
    """Give the groups of fields of ``unique_together``, which may be written as one alone."""
    if not isinstance(value, list):
        return ()
    if value and all(isinstance(one, str) for one in value):
        value = [value]
    return tuple(tuple(one) for one in value if isinstance(one, list) and all(isinstance(x, str) for x in one))


def read_index(node: ast.expr | None, call: Call, model: Model) -> ops.Index | None:
    """Give an index as a model declares it."""
    node = call.file.scope.expression(node) if node is not None else None
    if not isinstance(node, ast.Call):
        return None
    words = {word.arg: word.value for word in node.keywords if word.arg}
    value = call.file.scope.value(words.get("fields"))
    names = value if isinstance(value, list) and all(isinstance(one, str) for one in value) else []
    columns = [model.column(one.lstrip("-")) + (" desc" if one.startswith("-") else "") for one in names]
    columns += [ast.unparse(one) for one in node.args]
    named = call.file.scope.value(words.get("name"))
    method = name(node.func).rpartition(".")[2].removesuffix("Index").lower()
    condition = ast.unparse(words["condition"]) if "condition" in words else None
    return ops.Index(tuple(columns), named if isinstance(named, str) else None, method=method, predicate=condition)


def _add_index(call: Call) -> Effect:
    model = call.model()
    index = read_index(call.words.get("index"), call, model)
    if index is None:
        return unknown(call.node)
    call.state.put(replace(model, indexes=(*model.indexes, (index.name or "", index))))
    return _index_effect(model, index, call, added=True)


def _index_effect(model: Model, index: ops.Index, call: Call, *, added: bool) -> Effect:
    if not model.managed:
        return Effect(call.line)
    beside = name(call.node.func).endswith("Concurrently")
    create = ops.CreateIndex(model.table, index, beside, line=call.line)
    drop = ops.DropIndex(index.name, model.table, concurrently=beside, line=call.line)
    return Effect(call.line, [create], [drop]) if added else Effect(call.line, [drop], [create])


def _remove_index(call: Call) -> Effect:
    model, named = call.model(), call.text("name")
    known = dict(model.indexes).get(named)
    call.state.put(replace(model, indexes=tuple(pair for pair in model.indexes if pair[0] != named)))
    made = _index_effect(model, known or ops.Index((), named), call, added=False)
    return made if known else _forgotten(made, f"index {named}")


def _forgotten(made: Effect, what: str) -> Effect:
    step = ops.Opaque("something whose beginning is not in this history", what, line=made.line)
    return replace(made, down=[step], certain=False)


def _rename_index(call: Call) -> Effect:
    model, old, new = call.model(), call.text("old_name"), call.text("new_name")
    if not old:
        return unknown(call.node)
    renamed = tuple((new, replace(one, name=new)) if key == old else (key, one) for key, one in model.indexes)
    call.state.put(replace(model, indexes=renamed))
    return Effect(
        call.line,
        [ops.RenameIndex(old, new, model.table, line=call.line)],
        [ops.RenameIndex(new, old, model.table, line=call.line)],
    )


def read_constraint(node: ast.expr | None, call: Call, model: Model) -> ops.Constraint | ops.Index | None:
    """Give a constraint as a model declares it."""
    node = call.file.scope.expression(node) if node is not None else None
    if not isinstance(node, ast.Call):
        return None
    words = {word.arg: word.value for word in node.keywords if word.arg}
    named = call.file.scope.value(words.get("name"))
    named = named if isinstance(named, str) else None
    kind = name(node.func).rpartition(".")[2]
    if kind == "UniqueConstraint":
        value = call.file.scope.value(words.get("fields"))
        names = value if isinstance(value, list) and all(isinstance(one, str) for one in value) else []
        return ops.Constraint("unique", tuple(model.column(one) for one in names), named)
    text = ast.unparse(words.get("check") or words.get("condition") or node)
    return ops.Constraint("check" if kind == "CheckConstraint" else "exclude", (), named, text)


def _add_constraint(call: Call) -> Effect:
    model = call.model()
    made = read_constraint(call.words.get("constraint"), call, model)
    if not isinstance(made, ops.Constraint):
        return unknown(call.node)
    call.state.put(replace(model, constraints=(*model.constraints, (made.name or "", made))))
    if not model.managed:
        return Effect(call.line)
    valid = not name(call.node.func).endswith("NotValid")
    add = ops.AddConstraint(model.table, replace(made, valid=valid), line=call.line)
    return Effect(call.line, [add], [ops.DropConstraint(model.table, made.name, made.kind, line=call.line)])


def _remove_constraint(call: Call) -> Effect:
    model, named = call.model(), call.text("name")
    known = dict(model.constraints).get(named)
    call.state.put(replace(model, constraints=tuple(pair for pair in model.constraints if pair[0] != named)))
    if not model.managed:
        return Effect(call.line)
    drop = ops.DropConstraint(model.table, named, known.kind if known else None, line=call.line)
    if known is None:
        return _forgotten(Effect(call.line, [drop]), f"constraint {named}")
    return Effect(call.line, [drop], [ops.AddConstraint(model.table, known, line=call.line)])


def _validate(call: Call) -> Effect:
    return Effect(call.line, [ops.ValidateConstraint(call.model().table, call.text("name"), line=call.line)])


def _unique_together(call: Call) -> Effect:
    model = call.model("name")
    value = call.file.scope.value(call.words.get("unique_together"))
    new = groups(value) if value else ()
    call.state.put(replace(model, together=new))
    old = model.together
    if not model.managed:
        return Effect(call.line)
    return Effect(call.line, _grouped(model, old, new, call.line), _grouped(model, new, old, call.line), model.known)


def _grouped(model: Model, old: tuple[tuple[str, ...], ...], new: tuple[tuple[str, ...], ...], line: int) -> list[Any]:
    columns: Callable[[tuple[str, ...]], tuple[str, ...]] = lambda group: tuple(model.column(one) for one in group)  # noqa: E731 - one line
    steps: list[Any] = [
        ops.DropConstraint(model.table, None, "unique", columns(group), line=line) for group in old if group not in new
    ]
    return steps + [
        ops.AddConstraint(model.table, ops.Constraint("unique", columns(group)), line=line)
        for group in new
        if group not in old
    ]


def _index_together(call: Call) -> Effect:
    model = call.model("name")
    value = groups(call.file.scope.value(call.words.get("index_together")))
    steps = [
        ops.CreateIndex(model.table, ops.Index(tuple(model.column(one) for one in group)), line=call.line)
        for group in value
    ]
    return Effect(call.line, list(steps), [], certain=False)


HANDLERS: Handlers = {
    "AddIndex": (_add_index, ("model_name", "index")),
    "AddIndexConcurrently": (_add_index, ("model_name", "index")),
    "RemoveIndex": (_remove_index, ("model_name", "name")),
    "RemoveIndexConcurrently": (_remove_index, ("model_name", "name")),
    "RenameIndex": (_rename_index, ("model_name", "new_name", "old_name")),
    "AddConstraint": (_add_constraint, ("model_name", "constraint")),
    "AddConstraintNotValid": (_add_constraint, ("model_name", "constraint")),
    "RemoveConstraint": (_remove_constraint, ("model_name", "name")),
    "ValidateConstraint": (_validate, ("model_name", "name")),
    "AlterUniqueTogether": (_unique_together, ("name", "unique_together")),
    "AlterIndexTogether": (_index_together, ("name", "index_together")),
}

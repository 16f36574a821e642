"""Read Django's operations on models and their tables."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gatepost.migrations import _django_fields as fields
from gatepost.migrations._django_effect import Call, Effect, Handlers
from gatepost.migrations._django_fields import Field
from gatepost.migrations._django_indexes import groups, read_constraint, read_index
from gatepost.migrations._django_state import Model, State, read_field
from gatepost.sql import operations as ops


def _create_model(call: Call) -> Effect:
    model = _new_model(call)
    call.state.put(model)
    if not model.managed:
        return Effect(call.line)
    made, dropped = _tables(model, call.state, call.line)
    return Effect(call.line, made, dropped)


def _new_model(call: Call) -> Model:
    named = call.text("name")
    found: dict[str, Field] = {}
    node = call.file.scope.expression(call.words["fields"]) if "fields" in call.words else None
    for item in node.elts if isinstance(node, (ast.List, ast.Tuple)) else ():
        if isinstance(item, (ast.Tuple, ast.List)) and len(item.elts) == 2:
            key, made = call.file.scope.value(item.elts[0]), read_field(item.elts[1], call.file.scope)
            if isinstance(key, str) and made:
                found[key] = made
    options = _options(call)
    table = call.file.scope.value(options.get("db_table"))
    managed = call.file.scope.value(options.get("managed")) is not False
    proxy = call.file.scope.value(options.get("proxy")) is True
    return Model(
        named,
        table.replace('"', "") if isinstance(table, str) else f"{call.state.app}_{named.lower()}",
        found,
        managed and not proxy,
        together=groups(call.file.scope.value(options.get("unique_together"))),
        indexes=_listed(options.get("indexes"), call, found, read_index),
        constraints=_listed(options.get("constraints"), call, found, read_constraint),
    )


def _options(call: Call) -> dict[str, ast.expr]:
    node = call.file.scope.expression(call.words["options"]) if "options" in call.words else None
    if not isinstance(node, ast.Dict):
        return {}
    return {
        key.value: value
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }


def _listed(node: ast.expr | None, call: Call, found: dict[str, Field], read: Callable[..., Any]) -> tuple[Any, ...]:
    node = call.file.scope.expression(node) if node is not None else None
    model = Model("", "", found)
    made = [
        (one.name or "", one)
        for item in (node.elts if isinstance(node, (ast.List, ast.Tuple)) else ())
        if (one := read(item, call, model))
    ]
    return tuple(made)


def _tables(model: Model, state: State, line: int) -> tuple[list[Any], list[Any]]:
    """Give what makes the tables of a model, and what drops them."""
    columns, constraints, more, drops = [], [], [], []
    for key, made in model.fields.items():
        if made.kind == fields.MANY:
            many = through_table(key, made, model, state, line)
            more += many[0]
            drops += many[1]
            continue
        column = state.column(key, made, model)
        columns.append(column)
        if made.true("primary_key") or made.kind in ("AutoField", "BigAutoField", "SmallAutoField"):
            constraints.append(ops.Constraint("primary key", (column.name,)))
            columns[-1] = replace(column, nullable=False)
        constraints += fields.beside(key, made, state.target(made, model))
        if fields.indexed(made):
            more.append(ops.CreateIndex(model.table, ops.Index((column.name,)), line=line))
    constraints += [ops.Constraint("unique", tuple(model.column(one) for one in group)) for group in model.together]
    constraints += [one for _, one in model.constraints]
    more += [ops.CreateIndex(model.table, one, line=line) for _, one in model.indexes]
    create = ops.CreateTable(model.table, tuple(columns), tuple(constraints), line=line)
    return [create, *more], [*drops, ops.DropTable(model.table, cascade=True, line=line)]


def through_table(key: str, made: Field, model: Model, state: State, line: int) -> tuple[list[Any], list[Any]]:
    """Give the table of a many-to-many field that has no model of its own."""
    if "through" in made.words:
        return [], []
    table = made.words.get("db_table")
    table = table if isinstance(table, str) else f"{model.table}_{key}"
    target = state.target(made, model)
    other = made.to.rpartition(".")[2].lower() or "other"
    own = model.name.lower()
    first, second = (f"from_{own}_id", f"to_{own}_id") if other in ("self", own) else (f"{own}_id", f"{other}_id")
    columns = (
        ops.Column("id", "", nullable=False),
        ops.Column(first, "", nullable=False),
        ops.Column(second, "", nullable=False),
    )
    constraints = [
        ops.Constraint("primary key", ("id",)),
        ops.Constraint("unique", (first, second)),
        ops.Constraint("foreign key", (first,), target=model.table, target_columns=(model.key()[0],)),
    ]
    if target:
        constraints.append(ops.Constraint("foreign key", (second,), target=target[0], target_columns=(target[1],)))
    create = ops.CreateTable(table, columns, tuple(constraints), line=line)
    return [create], [ops.DropTable(table, cascade=True, line=line)]


def _delete_model(call: Call) -> Effect:
    model = call.model("name")
    call.state.models.pop(model.name.lower(), None)
    if not model.managed:
        return Effect(call.line)
    made, dropped = _tables(model, call.state, call.line)
    if not model.known:
        made = [ops.Opaque("a model whose beginning is not in this history", model.name, line=call.line)]
    return Effect(call.line, dropped, made, certain=model.known)


def _rename_model(call: Call) -> Effect:
    model = call.model("old_name")
    new = call.text("new_name")
    call.state.models.pop(model.name.lower(), None)
    usual = model.table == f"{call.state.app}_{model.name.lower()}"
    renamed = replace(model, name=new, table=f"{call.state.app}_{new.lower()}" if usual else model.table)
    call.state.put(renamed)
    if renamed.table == model.table or not model.managed:
        return Effect(call.line)
    return _renamed_table(model.table, renamed.table, call.line)


def _renamed_table(old: str, new: str, line: int) -> Effect:
    return Effect(line, [ops.RenameTable(old, new, line=line)], [ops.RenameTable(new, old, line=line)])


def _alter_table(call: Call) -> Effect:
    model = call.model("name")
    table = call.text("table") or f"{call.state.app}_{model.name.lower()}"
    call.state.put(replace(model, table=table))
    if table == model.table or not model.managed:
        return Effect(call.line)
    return _renamed_table(model.table, table, call.line)


HANDLERS: Handlers = {
    "CreateModel": (_create_model, ("name", "fields", "options", "bases")),
    "DeleteModel": (_delete_model, ("name",)),
    "RenameModel": (_rename_model, ("old_name", "new_name")),
    "AlterModelTable": (_alter_table, ("name", "table")),
}

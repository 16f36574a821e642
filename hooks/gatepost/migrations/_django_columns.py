"""Read Django's operations on the fields of a model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gatepost.migrations import _django_fields as fields
from gatepost.migrations._django_effect import Call, Effect, Handlers, unknown
from gatepost.migrations._django_fields import Field
from gatepost.migrations._django_models import through_table
from gatepost.migrations._django_state import Model, State, read_field
from gatepost.sql import operations as ops


def _add_field(call: Call) -> Effect:
    model, key = call.model(), call.text("name")
    made = read_field(call.words.get("field"), call.file.scope)
    if made is None:
        return unknown(call.node)
    lasting = _lasting(made, call)
    call.state.put(model.with_fields({key: lasting}))
    if not model.managed:
        return Effect(call.line)
    return Effect(call.line, *_added(model, key, made, call.state, call.line))


def _lasting(made: Field, call: Call) -> Field:
    """Give the field without a default that was given for the rows of the moment only."""
    if call.file.scope.value(call.words.get("preserve_default")) is False:
        return replace(made, words={key: value for key, value in made.words.items() if key != "default"})
    return made


def _added(model: Model, key: str, made: Field, state: State, line: int) -> tuple[list[Any], list[Any]]:
    if made.kind == fields.MANY:
        return through_table(key, made, model, state, line)
    column = state.column(key, made, model)
    passing = fields.passing_default(made, state.dialect)
    if passing is not None:
        column = replace(column, default=passing)
    constraints = fields.beside(key, made, state.target(made, model))
    steps: list[Any] = [ops.AddColumn(model.table, column, constraints, line=line)]
    if passing is not None:
        steps.append(ops.SetDefault(model.table, column.name, None, line=line))
    if fields.indexed(made):
        steps.append(ops.CreateIndex(model.table, ops.Index((column.name,)), line=line))
    return steps, [ops.DropColumn(model.table, column.name, cascade=True, line=line)]


def _remove_field(call: Call) -> Effect:
    model, key = call.model(), call.text("name")
    made = model.fields.get(key)
    call.state.put(model.with_fields({key: None}))
    if not model.managed:
        return Effect(call.line)
    if made is None:
        step = ops.Opaque("a field whose beginning is not in this history", f"{model.name}.{key}", line=call.line)
        return Effect(call.line, [ops.DropColumn(model.table, key, line=call.line)], [step], certain=False)
    added, dropped = _added(model, key, made, call.state, call.line)
    return Effect(call.line, dropped, added)


def _alter_field(call: Call) -> Effect:
    model, key = call.model(), call.text("name")
    new = read_field(call.words.get("field"), call.file.scope)
    if new is None:
        return unknown(call.node)
    old = model.fields.get(key)
    call.state.put(model.with_fields({key: _lasting(new, call)}))
    if not model.managed or fields.MANY in (new.kind, old.kind if old else ""):
        return Effect(call.line)
    if old is None:
        after = call.state.column(key, new, model)
        step = ops.Opaque("a field whose beginning is not in this history", f"{model.name}.{key}", line=call.line)
        return Effect(call.line, _redefined(model, None, after, call.line), [step], certain=False)
    before, after = call.state.column(key, old, model), call.state.column(key, new, model)
    up = _redefined(model, before, after, call.line) + _keys(model, key, (old, new), call)
    down = _redefined(model, after, before, call.line) + _keys(model, key, (new, old), call)
    return Effect(call.line, up, down)


def _redefined(model: Model, old: ops.Column | None, new: ops.Column, line: int) -> list[Any]:
    table = model.table
    steps: list[Any] = []
    if old and old.name != new.name:
        steps.append(ops.RenameColumn(table, old.name, new.name, line=line))
    if (old is None or old.type != new.type) and (new.type or (old and old.type)):
        steps.append(ops.SetType(table, new.name, new.type, line=line))
    if (old is None or old.nullable != new.nullable) and new.nullable is not None:
        steps.append(ops.SetNullable(table, new.name, new.nullable, line=line))
    if old and old.default != new.default:
        steps.append(ops.SetDefault(table, new.name, new.default, line=line))
    return steps


def _keys(model: Model, key: str, sides: tuple[Field, Field], call: Call) -> list[Any]:
    """Give the change of what stands beside a column: uniqueness, an index, a foreign key."""
    old, new = sides
    column = fields.column_name(key, new)
    steps: list[Any] = []
    before = {one.kind: one for one in fields.beside(key, old, call.state.target(old, model))}
    after = {one.kind: one for one in fields.beside(key, new, call.state.target(new, model))}
    for kind, constraint in after.items():
        if kind not in before:
            steps.append(ops.AddConstraint(model.table, constraint, line=call.line))
    gone = [kind for kind in before if kind not in after]
    steps += [ops.DropConstraint(model.table, None, kind, (column,), line=call.line) for kind in gone]
    if fields.indexed(new) and not fields.indexed(old):
        steps.append(ops.CreateIndex(model.table, ops.Index((column,)), line=call.line))
    if fields.indexed(old) and not fields.indexed(new):
        steps.append(ops.DropIndex(None, model.table, (column,), line=call.line))
    return steps


def _rename_field(call: Call) -> Effect:
    model, old, new = call.model(), call.text("old_name"), call.text("new_name")
    made = model.fields.get(old)
    call.state.put(model.with_fields({old: None, new: made}))
    if not model.managed or (made and made.kind == fields.MANY):
        return Effect(call.line)
    before = fields.column_name(old, made) if made else old
    after = fields.column_name(new, made) if made else new
    if before == after:
        return Effect(call.line)
    return Effect(
        call.line,
        [ops.RenameColumn(model.table, before, after, line=call.line)],
        [ops.RenameColumn(model.table, after, before, line=call.line)],
    )


HANDLERS: Handlers = {
    "AddField": (_add_field, ("model_name", "name", "field", "preserve_default")),
    "RemoveField": (_remove_field, ("model_name", "name")),
    "AlterField": (_alter_field, ("model_name", "name", "field", "preserve_default")),
    "RenameField": (_rename_field, ("model_name", "old_name", "new_name")),
}

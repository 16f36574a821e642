"""Keep what Django's migrations have said of the models so far: tables, fields, keys."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import Any

from gatepost.migrations import _django_fields as fields
from gatepost.migrations._django_fields import Field
from gatepost.migrations._python import UNKNOWN, name
from gatepost.migrations._values import Scope
from gatepost.sql import operations as ops

PRIMARY = ("AutoField", "BigAutoField", "SmallAutoField")


@dataclass(frozen=True, slots=True)
class Model:
    """One model; ``known`` is false where its beginning was not seen."""

    name: str
    table: str
    fields: dict[str, Field] = field(default_factory=dict)
    managed: bool = True
    known: bool = True
    together: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[tuple[str, ops.Index], ...] = ()
    constraints: tuple[tuple[str, ops.Constraint], ...] = ()

    def with_fields(self, changed: dict[str, Field | None]) -> Model:
        """Give the model with some fields changed, None taking one away."""
        merged: dict[str, Field | None] = {**self.fields, **changed}
        return replace(self, fields={key: value for key, value in merged.items() if value is not None})

    def column(self, field_name: str) -> str:
        """Give the column of a field."""
        made = self.fields.get(field_name)
        return fields.column_name(field_name, made) if made else field_name

    def key(self) -> tuple[str, Field | None]:
        """Give the name of the primary key, and its field."""
        for key, made in self.fields.items():
            if made.true("primary_key") or made.kind in PRIMARY:
                return fields.column_name(key, made), made
        return "id", None


class State:
    """The models of one app."""

    def __init__(self, app: str, dialect: str, models: dict[str, Model] | None = None) -> None:
        self.app = app
        self.dialect = dialect
        self.models = dict(models or {})

    def copy(self) -> State:
        """Give a state that changes on its own; models themselves never change."""
        return State(self.app, self.dialect, self.models)

    def model(self, named: str) -> Model:
        """Give a model, with the table that Django would give it where it was never seen."""
        found = self.models.get(named.lower())
        return found or Model(named, f"{self.app}_{named.lower()}", known=False)

    def put(self, model: Model) -> None:
        """Keep a model."""
        self.models[model.name.lower()] = model

    def target(self, made: Field, own: Model) -> tuple[str, str] | None:
        """Give table and key that a relation points to; None where that is not to be seen here."""
        found = self._related(made, own)
        if found is None:
            return None
        given = made.words.get("to_field")
        return found.table, given if isinstance(given, str) else found.key()[0]

    def target_type(self, made: Field, own: Model) -> str:
        """Give the type of the key that a relation points to, "" where it is not known."""
        found = self._related(made, own)
        key = found.key()[1] if found else None
        if key is None:
            return ""
        return fields.column("x", key, self.dialect).type

    def _related(self, made: Field, own: Model) -> Model | None:
        if made.to == "self":
            return own
        app, _, named = made.to.rpartition(".")
        if not named or made.to.startswith("settings."):
            return None
        if not app or app == self.app:
            return own if named.lower() == own.name.lower() else self.model(named)
        return Model(named, f"{app.lower()}_{named.lower()}", known=False)

    def column(self, named: str, made: Field, own: Model) -> ops.Column:
        """Give the column of a field."""
        return fields.column(named, made, self.dialect, self.target_type(made, own))


def read_field(node: ast.expr | None, scope: Scope) -> Field | None:
    """Give the field that a call makes, or None where it is no call."""
    node = scope.expression(node) if node is not None else None
    if not isinstance(node, ast.Call):
        return None
    words: dict[str, Any] = {word.arg: _value(word.value, scope) for word in node.keywords if word.arg}
    by_name = {word.arg: word.value for word in node.keywords if word.arg}
    to = by_name.get("to", node.args[0] if node.args else None)
    base = by_name.get("base_field", node.args[0] if node.args else None)
    kind = name(node.func).rpartition(".")[2]
    relation = kind in (*fields.RELATIONS, fields.MANY)
    return Field(
        kind, words, _to(to, scope) if relation else "", read_field(base, scope) if kind == "ArrayField" else None
    )


def _to(node: ast.expr | None, scope: Scope) -> str:
    if node is None:
        return ""
    value = scope.value(node)
    return value if isinstance(value, str) else name(node)


def _value(node: ast.expr, scope: Scope) -> Any:
    value = scope.value(node)
    if value is UNKNOWN and isinstance(node, ast.Dict) and not node.keys:
        return "{}"
    return value

"""What a schema has, by the names that a query uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from gatepost.queries._facts import GONE, OK, UNSURE
from gatepost.sql.names import folded, without_default_schema
from gatepost.sql.schema import Object, Schema, Table
from gatepost.sql.tokens import tokens

VIEWS = ("view", "materialized view")
TYPES = ("enum", "domain", "type", "composite")
ROUTINES = ("function", "procedure", "aggregate", "routine")


class Names:
    """Look things up in one schema."""

    def __init__(self, schema: Schema, optional: Mapping[str, int] | None = None) -> None:
        self.schema = schema
        self._optional = optional or {}
        self._views: dict[str, tuple[str, ...] | None] = {}
        self._routines: dict[str, list[Object | None]] | None = None

    def of(self, node: Any) -> str:
        """Give an identifier in the form in which names are compared."""
        if isinstance(node, exp.Identifier):
            return self.key(str(node.this), quoted=bool(node.args.get("quoted")))
        return self.key(str(node.name if isinstance(node, exp.Expression) else node), quoted=False)

    def key(self, name: str, *, quoted: bool) -> str:
        """Give a name in the form in which names are compared."""
        return name if quoted and self.schema.dialect == "postgresql" else name.lower()

    def qualified(self, node: Any) -> str:
        """Give a table's name with its schema, the default one left out, as the schema keeps it."""
        parts = [node.args.get("db"), node.this]
        said = [str(part.this) if self._as_is(part) else str(part.this).lower() for part in parts if part is not None]
        dialect: Any = self.schema.dialect
        return without_default_schema(said, dialect)

    def _as_is(self, node: Any) -> bool:
        return self.schema.dialect != "postgresql" or bool(node.args.get("quoted"))

    def table(self, node: Any) -> tuple[str, Table | None, tuple[str, ...] | None]:
        """Give the state of a table or view, the table, or the columns of a view (None: nobody knows)."""
        place = self.schema.key(self.qualified(node))
        if place in self.schema.tables:
            table = self.schema.tables[place]
            if table is not None:
                return OK, table, None
        for kind in (*VIEWS, "sequence"):
            if self.schema.objects.get((kind, place)) is not None:
                return OK, None, self._view(kind, place)
        known = place in self.schema.tables or any((kind, place) in self.schema.objects for kind in VIEWS)
        return (GONE if known else UNSURE), None, None

    def _view(self, kind: str, place: str) -> tuple[str, ...] | None:
        if place not in self._views:
            self._views[place] = None  # a view that names itself must not go on for ever
            self._views[place] = self._outputs(self.schema.objects[kind, place])
        return self._views[place]

    def _outputs(self, view: Object | None) -> tuple[str, ...] | None:
        from gatepost.queries._parse import parsed
        from gatepost.queries._resolve import Resolver
        from gatepost.queries._scope import Scope

        text = view.definition if view else ""
        head, _, body = text.partition("as ") if not text.startswith("as ") else ("", "", text[3:])
        tree = parsed(body, self.schema.dialect) if body and not head.strip().startswith("(") else None
        if tree is None or tree.find(exp.Star):
            return None
        try:
            return Resolver(self.schema).statement(tree, Scope())
        except RecursionError:
            return None

    def enum(self, name: str) -> tuple[str, ...] | None:
        """Give the values of an enum type, None where it is none."""
        found = self.schema.objects.get(("enum", self.schema.key(name.strip('"'))))
        return found.values if found else None

    def type(self, name: str) -> str:
        """Say whether there is a type."""
        place = self.schema.key(name)
        if any(self.schema.objects.get((kind, place)) for kind in TYPES) or self.schema.tables.get(place):
            return OK
        known = any((kind, place) in self.schema.objects for kind in TYPES) or place in self.schema.tables
        return GONE if known else UNSURE

    def routine(self, name: str, count: int) -> str:
        """Say whether there is a function that takes so many arguments; defaults and lists make it unsure."""
        found = self._by_name().get(self.schema.key(name))
        if found is None:
            return UNSURE
        return OK if any(self._takes(each, count) for each in found if each) else GONE

    def _takes(self, routine: Object, count: int) -> bool:
        """Tell whether a function may take so many arguments.

        How many have a default is known of what the change itself makes; of the others all may have one.
        """
        most = _width(routine.name)
        if most is None:
            return True
        return most - self._optional.get(self.schema.key(routine.name), most) <= count <= most

    def rows(self, name: str) -> tuple[str, ...] | None:
        """Give the columns of a function that RETURNS TABLE; None where there are several of the name, or none such."""
        live = [each for each in self._by_name().get(self.schema.key(name)) or () if each]
        if len(live) != 1:
            return None
        head, found, inside = live[0].definition.partition("returns table")
        if not found or "$" in head:
            return None
        return _columns(inside)

    def _by_name(self) -> dict[str, list[Object | None]]:
        if self._routines is None:
            self._routines = {}
            for (kind, name), found in self.schema.objects.items():
                if kind in ROUTINES:
                    self._routines.setdefault(name.partition("(")[0], []).append(found)
        return self._routines


def _columns(text: str) -> tuple[str, ...] | None:
    """Read the names of ``(a uuid, b numeric(4, 2)) …``."""
    names: list[str] = []
    depth, awaited = 0, False
    for token in tokens(text[:10_000], "postgresql"):
        if token.text in ("(", "["):
            depth += 1
            awaited = awaited or depth == 1
        elif token.text in (")", "]"):
            depth -= 1
            if depth == 0:
                return tuple(names)
        elif awaited:
            names.append(folded(token, "postgresql"))
            awaited = False
        elif token.text == "," and depth == 1:
            awaited = True
    return None


def _width(name: str) -> int | None:
    """Count the arguments in ``f(integer, numeric(4,2))``; None where it takes a list, or where nobody knows."""
    _, opened, inside = name.partition("(")
    inside = inside.rpartition(")")[0].strip()
    if not opened or "variadic" in inside.lower() or '"any"' in inside:
        return None
    depth = 0
    commas = 0
    for char in inside:
        depth += (char in "([") - (char in ")]")
        commas += char == "," and depth == 0
    return commas + 1 if inside else 0

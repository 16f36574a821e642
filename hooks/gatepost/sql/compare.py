"""Say, object by object, what a way there and back has changed in a schema.

Three schemas are compared: before, at the far end, and after the way back. What nobody knew before is judged by
whether the way back has done anything about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gatepost.sql import describe
from gatepost.sql.operations import UNKNOWN, Column, Constraint, Index
from gatepost.sql.schema import Object, Schema, Table


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was. ``small`` differences are seen by no query."""

    kind: str
    table: str
    object: str
    before: str | None
    after: str | None
    text: str
    small: bool = False


class _Missing:
    """What the model has never heard of."""


MISSING = _Missing()


def compare(before: Schema, far: Schema, after: Schema) -> list[Difference]:
    """Give what the way there and back has changed."""
    found: list[Difference] = []
    for name in _moved(before.tables, far.tables, after.tables):
        sides = _sides(name, before.tables, far.tables, after.tables)
        if any(isinstance(side, Table) and ("", "temporary") in side.options for side in sides):
            continue
        found += [item for item in _tables(*sides) if ("index", before.key(item.object)) not in far.objects]
    for place in _moved(before.objects, far.objects, after.objects):
        found += _objects(*_sides(place, before.objects, far.objects, after.objects))
    return found


def _moved(before: Mapping[Any, Any], far: Mapping[Any, Any], after: Mapping[Any, Any]) -> list[Any]:
    """Give the names that may differ; a value that is the very same object does not."""
    held = dict(dict.items(before)) if isinstance(before, dict) else before  # as it is held: a packed table is not read
    raw = dict.items(after) if isinstance(after, dict) else after.items()
    names = [name for name, value in raw if held.get(name, MISSING) is not value]
    names += [name for name in before if name not in after]
    return names + [name for name in far if name not in after and name not in before]


def _union(*sides: Mapping[Any, Any]) -> list[Any]:
    names: dict[Any, None] = {}
    for side in sides:
        names.update(dict.fromkeys(side))
    return list(names)


def _sides(name: Any, *sides: Mapping[Any, Any]) -> tuple[Any, Any, Any]:
    one, two, three = (side.get(name, MISSING) for side in sides)
    return one, two, three


def outcome(before: Any, far: Any, after: Any) -> str:
    """Say what became of one thing: "" as it was, ``left`` over, ``missing``, or ``different``."""
    gone = after is None or after is MISSING
    if before is MISSING:
        if far is None:
            return "missing" if gone else ""
        if far is MISSING:
            return "" if gone else "left"
        return "" if gone else ("left" if after == far else "")
    if before is None:
        return "" if gone else "left"
    return "missing" if gone else ("" if after == before else "different")


def _tables(before: Any, far: Any, after: Any) -> Iterator[Difference]:
    if before is after:
        return
    if isinstance(after, Table) and (isinstance(before, Table) or (before is MISSING and _partial(far))):
        yield from _within(before if isinstance(before, Table) else Table(after.name, complete=False), far, after)
        return
    what = outcome(before, far, after)
    if what == "left":
        yield Difference("table", after.name, "", None, _columns(after), f"table {after.name} is left over")
    elif what == "missing":
        name = before.name if isinstance(before, Table) else ""
        if name:
            yield Difference("table", name, "", _columns(before), None, f"table {name} is not there again")


def _partial(side: Any) -> bool:
    return isinstance(side, Table) and not side.complete


def _columns(table: Table) -> str:
    return ", ".join(column.name for column in table.columns.values() if column)[:200]


def _within(before: Table, far: Any, after: Table) -> Iterator[Difference]:
    middle = far if isinstance(far, Table) else Table(after.name, complete=False)
    yield from _parts("column", before, middle, after, lambda t: t.columns, _column_difference)
    parts = list(_parts("constraint", before, middle, after, lambda t: t.constraints, _constraint_difference))
    parts += _parts("index", before, middle, after, lambda t: t.indexes, _index_difference)
    yield from _paired(parts)
    for place in _union(before.options, middle.options, after.options):
        one, two, three = _sides(place, before.options, middle.options, after.options)
        what = outcome(one, two, three)
        if what:
            named = f"{after.name}.{place[0]}" if place[0] else after.name
            old, new = (one if isinstance(one, str) else None), (three if isinstance(three, str) else None)
            yield Difference(
                "option", after.name, place[0], old, new, f"{place[1]} of {named} is not as it was", small=True
            )


def _parts(
    kind: str,
    before: Table,
    far: Table,
    after: Table,
    of: Callable[[Table], Mapping[str, Any]],
    differ: Callable[[Any, Any, Any], str | None],
) -> Iterator[Difference]:
    for name in _union(of(before), of(far), of(after)):
        one, two, three = _sides(name, of(before), of(far), of(after))
        if before.complete and one is MISSING and two is not None:
            one = None
        what = outcome(one, two, three)
        yield from _difference(kind, after.name, what, (one, two, three), differ)


def _difference(
    kind: str, table: str, what: str, sides: tuple[Any, Any, Any], differ: Callable[[Any, Any, Any], str | None]
) -> Iterator[Difference]:
    before, far, after = sides
    if what == "left" and before is MISSING and far is not MISSING and far.name and _touched_only(far):
        what = "different"
    if what == "left":
        text = f"{kind} {_label(after)} of {table} is left over"
        yield Difference(kind, table, _label(after), None, describe.part(after), text)
    elif what == "missing" and before not in (None, MISSING):
        text = f"{kind} {_label(before)} of {table} is not there again"
        yield Difference(kind, table, _label(before), describe.part(before), None, text)
    elif what == "different":
        known = before if before is not MISSING else None
        said = differ(known, far, after)
        if said:
            small = said.startswith("~")
            text = f"{kind} {_label(after)} of {table} {said.lstrip('~')}"
            old = describe.part(known) if known else None
            yield Difference(kind, table, _label(after), old, describe.part(after), text, small)


def _label(part: Any) -> str:
    """Give the name of a part, or what it says where it has none."""
    return part.name or describe.part(part)


def _touched_only(far: Any) -> bool:
    """Tell a column that the change altered without making it: parts of it are still unknown."""
    return isinstance(far, Column) and far.default == UNKNOWN


def _paired(found: list[Difference]) -> Iterator[Difference]:
    """Turn "x is missing, y is left over" with one definition into "it has another name"."""
    missing = {item.before: item for item in found if item.after is None}
    left = {item.after: item for item in found if item.before is None}
    for item in found:
        if item.after is None and item.before in left:
            other = left[item.before]
            change = f"called {other.object}" if other.object != item.object else f"kept as {_a(other.kind)}"
            text = f"{item.kind} {item.object} of {item.table} is {change} now"
            yield Difference(item.kind, item.table, item.object, item.object, other.object, text, small=True)
        elif not (item.before is None and item.after in missing):
            yield item


def _a(kind: str) -> str:
    return "an index" if kind == "index" else f"a {kind}"


def _column_difference(before: Column | None, far: Any, after: Column) -> str | None:
    said = []
    for facet, unknown in (
        ("type", ""),
        ("nullable", None),
        ("default", UNKNOWN),
        ("generated", None),
        ("identity", None),
    ):
        old = getattr(before, facet) if before else unknown
        middle = getattr(far, facet) if isinstance(far, Column) else unknown
        new = getattr(after, facet)
        known = before is not None and not (old == unknown and facet in ("type", "nullable", "default"))
        if known and new != unknown and not _alike(old, new):
            said.append(_facet(facet, old, new))
        elif not known and facet in ("type", "nullable", "default") and middle != unknown and middle == new:
            said.append(_facet(facet, "as it was", new))
    if not said and before and before.options != after.options:
        return "~has another comment or option"
    if not said and before and before.collation != after.collation:
        said.append(_facet("collation", before.collation, after.collation))
    return ", ".join(said) or None


def _facet(facet: str, old: Any, new: Any) -> str:
    if facet == "nullable":
        return "allows NULL now" if new else "does not allow NULL now"
    words = {None: "none"}
    return f"has {facet} {words.get(new, new)} instead of {words.get(old, old)}"


def _constraint_difference(before: Constraint | None, far: Any, after: Constraint) -> str | None:  # noqa: ARG001
    if before is None or UNKNOWN in (before.expression, after.expression):
        return None
    if _shape(before) == _shape(after):
        return None if before.valid == after.valid else "~is not validated now" if before.valid else None
    if before.kind == after.kind == "check" and _uncast(before.expression) == _uncast(after.expression):
        return "~is written with other casts"
    return f"is {describe.constraint(after)} instead of {describe.constraint(before)}"


_ANY_CAST = re.compile(r"::[a-z_ ]+(?:\(\d+\))?(?:\[\])?")


def _uncast(text: str | None) -> str:
    return loose(_ANY_CAST.sub("", text or ""))


def _shape(made: Constraint) -> tuple[Any, ...]:
    expression = loose(made.expression or "")
    columns = () if made.kind == "check" else made.columns
    actions = made.on_delete.replace("no action", ""), made.on_update.replace("no action", "")
    return made.kind, columns, expression, made.target, made.target_columns, *actions, made.deferrable


def _index_difference(before: Index | None, far: Any, after: Index) -> str | None:  # noqa: ARG001
    if before is None or UNKNOWN in before.columns or UNKNOWN in after.columns:
        return None
    if _index_shape(before) == _index_shape(after):
        return None
    return f"is {describe.index(after)} instead of {describe.index(before)}"


def _index_shape(made: Index) -> tuple[Any, ...]:
    return (
        tuple(loose(part) for part in made.columns),
        made.unique,
        made.method,
        loose(made.predicate or ""),
        made.include,
    )


def _objects(before: Any, far: Any, after: Any) -> Iterator[Difference]:
    what = outcome(before, far, after)
    if what == "left" and before is MISSING and far is not MISSING and far.definition == UNKNOWN:
        what = "different"
    if what == "left":
        small = after.kind in ("extension", "schema")
        yield Difference(
            after.kind, after.on, after.name, None, after.kind, f"{after.kind} {after.name} is left over", small
        )
    elif what == "missing" and isinstance(before, Object):
        text = f"{before.kind} {before.name} is not there again"
        yield Difference(before.kind, before.on, before.name, before.kind, None, text)
    elif what == "different":
        yield from _object_difference(before if isinstance(before, Object) else None, after)


def _object_difference(before: Object | None, after: Object) -> Iterator[Difference]:
    name = f"{after.kind} {after.name}"
    values = before.values if before else ()
    if after.values != values and (before is None or before.definition != UNKNOWN):
        extra = [value for value in after.values if value not in values]
        lost = [value for value in values if value not in after.values]
        text = f"{name} has " + "; ".join(
            part
            for part in (f"still {', '.join(extra)}" if extra else "", f"lost {', '.join(lost)}" if lost else "")
            if part
        )
        if not extra and not lost:
            text = f"{name} has its values in another order"
        old, new = ", ".join(values) or None, ", ".join(after.values) or None
        yield Difference(after.kind, "", after.name, old, new, text[:300], small=not lost)
    if before is None or UNKNOWN in (before.definition, after.definition):
        return
    if before.definition != after.definition:
        small = loose(before.definition) == loose(after.definition)
        yield Difference(
            after.kind, after.on, after.name, "as it was", "another text", f"{name} has another definition", small
        )
    elif before.options != after.options:
        yield Difference(
            after.kind, after.on, after.name, None, None, f"options of {name} are not as they were", small=True
        )


_CAST = re.compile(r"('(?:[^']|'')*'|\b\d+)::[a-z_ ]+(?:\(\d+\))?(?:\[\])?")
_NOISE = re.compile(r"[\s()\"]+|--[^\n]*")


def loose(text: str) -> str:
    """Give an expression without what a database adds or takes away itself: parentheses, casts of literals."""
    return _NOISE.sub("", _CAST.sub(r"\1", text[:20_000])).lower()


def _alike(old: Any, new: Any) -> bool:
    if old == new:
        return True
    if not isinstance(old, str) or not isinstance(new, str):
        return False
    one, other = loose(old).strip("'"), loose(new).strip("'")
    truths = {"true": "1", "t": "1", "false": "0", "f": "0"}
    return truths.get(one, one) == truths.get(other, other)

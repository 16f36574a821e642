"""Read the tables of a PostgreSQL database for the seeder: six catalog queries, whatever the number of tables."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gatepost.databases import Connection
from gatepost.rehearsals._shape import Col, Ref, Shapes, Tab, members, quoted

_USERS = (
    "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS"
    " (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')"
)
COLUMNS = f"""
SELECT c.oid::int8, n.nspname::text, c.relname::text, a.attnum::int4, a.attname::text, a.atttypid::int8, a.atttypmod,
  a.attnotnull, coalesce(pg_get_expr(d.adbin, d.adrelid), ''), a.attgenerated::text, a.attidentity::text,
  format_type(a.atttypid, a.atttypmod), CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) ELSE '' END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND {_USERS} ORDER BY c.oid, a.attnum"""
TYPES = """
SELECT oid::int8, typname::text, typtype::text, typbasetype::int8, typtypmod, typelem::int8, typnotnull,
  typcategory::text, format_type(oid, NULL) FROM pg_type WHERE typtype IN ('b', 'd', 'e', 'r', 'm', 'c')"""
LABELS = "SELECT enumtypid::int8, enumlabel::text FROM pg_enum ORDER BY enumtypid, enumsortorder"
CONSTRAINTS = """
SELECT conrelid::int8, contypid::int8, contype::text, conname::text, array_to_string(conkey, ','), confrelid::int8,
  array_to_string(confkey, ','), pg_get_constraintdef(oid)
FROM pg_constraint WHERE contype IN ('p', 'u', 'f', 'c', 'x')"""
UNIQUE = """
SELECT indrelid::int8, array_to_string(indkey::int2[], ' '), indnkeyatts::int4, pg_get_indexdef(indexrelid)
FROM pg_index WHERE indisunique AND NOT indisprimary"""
BOUNDS = """
SELECT i.inhparent::int8, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE c.relispartition ORDER BY c.oid"""

_KINDS = {
    "int2": "int",
    "int4": "int",
    "int8": "int",
    "numeric": "number",
    "float4": "number",
    "float8": "number",
    "bool": "bool",
    "text": "text",
    "varchar": "text",
    "bpchar": "text",
    "citext": "text",
    "char": "text",
    "timestamp": "timestamp",
    "timestamptz": "timestamp",
    "json": "json",
    "jsonb": "json",
    "bytea": "bytes",
    "bit": "bits",
    "varbit": "bits",
    "halfvec": "vector",
}
Row = Sequence[Any]


@dataclass(slots=True)
class _Catalog:
    """What the queries gave, by object."""

    types: dict[int, Row]
    labels: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    domains: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    constraints: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    unique: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    bounds: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))


def read(connection: Connection) -> Shapes:
    """Give every table that is no partition and belongs to no extension."""
    catalog = _catalog(connection)
    grouped: dict[int, list[Row]] = defaultdict(list)
    for row in connection.rows(COLUMNS):
        grouped[row[0]].append(row)
    names = {oid: _name(rows[0][1], rows[0][2]) for oid, rows in grouped.items()}
    numbers = {oid: {row[3]: row[4] for row in rows if row[3] is not None} for oid, rows in grouped.items()}
    tables = {names[oid]: _table(oid, rows, names, numbers, catalog) for oid, rows in grouped.items()}
    return Shapes("postgresql", tables)


def _catalog(connection: Connection) -> _Catalog:
    made = _Catalog({row[0]: row for row in connection.rows(TYPES)})
    for oid, label in connection.rows(LABELS):
        made.labels[oid].append(label)
    for row in connection.rows(CONSTRAINTS):
        if row[0]:
            made.constraints[row[0]].append(row)
        elif row[2] == "c":
            made.domains[row[1]].append(f"{row[3]}\t{row[7]}")
    for row in connection.rows(UNIQUE):
        made.unique[row[0]].append(row)
    for oid, bound in connection.rows(BOUNDS):
        made.bounds[oid].append(bound)
    return made


def _name(space: str, name: str) -> str:
    return name if space == "public" else f"{space}.{name}"


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.replace(",", " ").split()]


def _table(
    oid: int, rows: list[Row], names: Mapping[int, str], numbers: Mapping[int, Mapping[int, str]], catalog: _Catalog
) -> Tab:
    first, own = rows[0], numbers[oid]
    held = catalog.constraints[oid]
    checks = tuple(f"{row[3]}\t{row[7]}" for row in held if row[2] == "c")
    keys = [tuple(own.get(at, "") for at in _numbers(row[4])) for row in held if row[2] in ("p", "u", "x")]
    keys += [_indexed(row, own) for row in catalog.unique[oid]]
    primary = next((tuple(own[at] for at in _numbers(row[4])) for row in held if row[2] == "p"), ())
    refs = tuple(
        Ref(
            tuple(own[at] for at in _numbers(row[4])),
            names[row[5]],
            tuple(numbers[row[5]][at] for at in _numbers(row[6])),
        )
        for row in held
        if row[2] == "f" and row[5] in names
    )
    return Tab(
        names[oid],
        f"{quoted(first[1], 'postgresql')}.{quoted(first[2], 'postgresql')}",
        tuple(_column(row, checks, catalog) for row in rows if row[3] is not None),
        tuple(dict.fromkeys(key for key in keys if key)),
        refs,
        checks,
        first[12] or "",
        tuple(catalog.bounds[oid]),
        primary,
    )


def _indexed(row: Row, own: Mapping[int, str]) -> tuple[str, ...]:
    """Give the columns of a unique index; of an expression those that it names."""
    at = _numbers(row[1])[: row[2]]
    if 0 not in at:
        return tuple(own[number] for number in at if number in own)
    text = row[3].partition("(")[2]
    return tuple(name for name in own.values() if re.search(rf'(?<![\w"]){re.escape(name)}(?!\w)', text))


def _column(row: Row, checks: tuple[str, ...], catalog: _Catalog) -> Col:
    made = _typed(row[4], row[5], row[6], row[11], catalog, 0)
    default = row[8]
    kept = () if row[9] else members((*checks, *made.checks), row[4])
    kept = kept or (() if made.labels else members(made.checks, "VALUE"))
    return Col(
        made.name,
        made.kind,
        made.type,
        nullable=not row[7] and made.nullable,
        default=bool(default) or bool(row[10]),
        filled=bool(row[10]) or default.startswith("nextval("),
        generated=bool(row[9]),
        size=made.size,
        scale=made.scale,
        labels=made.labels or (kept if made.kind == "text" else ()),
        element=made.element,
        checks=made.checks,
    )


def _typed(name: str, oid: int, modifier: int, shown: str, catalog: _Catalog, depth: int) -> Col:
    """Give a column of a type; a domain is its base with checks, an array has an element."""
    found = catalog.types.get(oid)
    if found is None or depth > 8:
        return Col(name, "other", shown)
    _, word, what, base, base_modifier, element, notnull, category, _ = found
    if what == "d":
        inner = _typed(name, base, base_modifier, shown, catalog, depth + 1)
        checks = (*inner.checks, *catalog.domains[oid])
        nullable = inner.nullable and not notnull
        return Col(name, inner.kind, shown, nullable, size=inner.size, scale=inner.scale, labels=inner.labels,
                   element=inner.element, checks=checks)  # fmt: skip
    if what == "e":
        return Col(name, "enum", shown, labels=tuple(catalog.labels[oid]))
    if category == "A" and element:
        of = _typed(name, element, modifier, shown, catalog, depth + 1)
        return Col(name, "array", shown, element=of)
    if what == "c":
        return Col(name, "composite", shown)
    size, scale = _sized(word, modifier)
    return Col(name, _KINDS.get(str(word), str(word)), shown.partition("(")[0], size=size, scale=scale)


def _sized(word: str, modifier: int) -> tuple[int, int]:
    if word == "char":
        return 1, 0
    if modifier < 0:
        return 0, 0
    if word == "numeric":
        return ((modifier - 4) >> 16) & 0xFFFF, (modifier - 4) & 0x7FF
    if word in ("varchar", "bpchar"):
        return modifier - 4, 0
    return (modifier, 0) if word in ("bit", "varbit", "vector", "halfvec") else (0, 0)

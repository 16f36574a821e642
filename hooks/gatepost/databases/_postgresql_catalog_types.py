"""Types and routines of PostgreSQL's catalogs: enums, domains, composite and range types, functions, aggregates."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from gatepost.databases._postgresql_catalog_names import Catalog, Pairs, Row, pair
from gatepost.sql.schema import Object, Schema

_TYPES = """
SELECT t.oid, n.nspname AS space, t.typname AS name, t.typtype AS kind, t.typrelid AS relation,
       format_type(t.typbasetype, t.typtypmod) AS base, t.typnotnull AS filled, t.typdefault AS value,
       CASE WHEN t.typcollation <> b.typcollation THEN quote_ident(k.nspname) || '.' || quote_ident(l.collname) END
       AS collation,
       CASE WHEN t.typtype = 'e' THEN (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e
            WHERE e.enumtypid = t.oid) END AS labels,
       CASE WHEN t.typtype = 'r' THEN (SELECT json_build_array(format_type(r.rngsubtype, NULL), s.opcname,
            c.collname, r.rngcanonical::text, r.rngsubdiff::text, {14+ r.rngmultitypid::regtype::text ?: NULL})
            FROM pg_range r
            JOIN pg_opclass s ON s.oid = r.rngsubopc LEFT JOIN pg_collation c ON c.oid = r.rngcollation
            WHERE r.rngtypid = t.oid) END AS range,
       CASE WHEN t.typtype = 'b' THEN json_build_array(t.typinput::text, t.typoutput::text, t.typreceive::text,
            t.typsend::text, t.typmodin::text, t.typmodout::text, t.typanalyze::text, t.typlen, t.typbyval, t.typalign,
            t.typstorage, t.typcategory, t.typispreferred, t.typdelim, t.typelem::regtype::text) END AS made,
       {acl T t.typacl t.typowner}
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_collation l ON l.oid = t.typcollation LEFT JOIN pg_namespace k ON k.oid = l.collnamespace
LEFT JOIN pg_class r ON r.oid = t.typrelid
WHERE t.typtype IN ('e', 'd', 'c', 'r', 'b') AND (t.typtype <> 'c' OR r.relkind = 'c') AND {user n} AND {own pg_type t}
  AND NOT EXISTS (SELECT FROM pg_type a WHERE a.oid = t.typelem AND a.typarray = t.oid)
"""
_ATTRIBUTES = """
SELECT t.oid AS relation, a.attnum AS number, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
       CASE WHEN a.attcollation NOT IN (0, y.typcollation) THEN quote_ident(k.nspname) || '.' || quote_ident(l.collname)
       END AS collation, a.attrelid AS class
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'c'
JOIN pg_type t ON t.typrelid = c.oid JOIN pg_type y ON y.oid = a.atttypid
LEFT JOIN pg_collation l ON l.oid = a.attcollation LEFT JOIN pg_namespace k ON k.oid = l.collnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""
_DOMAIN_CHECKS = """
SELECT o.oid, o.contypid AS relation, o.conname AS name, pg_get_constraintdef(o.oid) AS definition
FROM pg_constraint o WHERE o.contypid <> 0 AND o.contype = 'c' ORDER BY o.conname
"""
_ROUTINES = """
SELECT p.oid, n.nspname AS space, p.proname AS name, p.prokind AS kind,
       (SELECT array_agg(format_type(a.type, NULL) ORDER BY a.at) FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY
        AS a(type, at)
        {14+ WHERE p.prokind <> 'p' OR p.proargmodes IS NULL OR p.proargmodes[a.at] <> 'o' ?: }) AS arguments,
       CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END AS definition,
       CASE WHEN p.prokind = 'a' THEN (SELECT to_json(g)::jsonb - 'aggfnoid' FROM (SELECT
            pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result, g.aggkind,
            p.proparallel AS parallel, g.aggnumdirectargs, g.aggtransfn::text, g.aggfinalfn::text, g.aggcombinefn::text,
            g.aggserialfn::text, g.aggdeserialfn::text, g.aggmtransfn::text, g.aggminvtransfn::text,
            g.aggmfinalfn::text, g.aggfinalextra, g.aggmfinalextra, g.aggfinalmodify, g.aggmfinalmodify,
            g.aggsortop::regoperator::text, g.aggtranstype::regtype::text, g.aggtransspace,
            g.aggmtranstype::regtype::text, g.aggmtransspace, g.agginitval, g.aggminitval
            FROM pg_aggregate g WHERE g.aggfnoid = p.oid) g) END AS aggregate,
       {acl f p.proacl p.proowner}
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE {user n} AND {own pg_proc p}
"""
TYPES = {
    "types": _TYPES,
    "attributes": _ATTRIBUTES,
    "domain checks": _DOMAIN_CHECKS,
    "routines": _ROUTINES,
}
_RANGE = ("subtype", "subtype_opclass", "collation", "canonical", "subtype_diff", "multirange_type_name")
_ROUTINE = {"p": "procedure", "a": "aggregate"}


def types(catalog: Catalog, rows: Mapping[str, list[Row]], schema: Schema) -> None:
    """Put types and routines into a schema."""
    attributes, checks = _grouped(rows["attributes"]), _grouped(rows["domain checks"])
    for row in rows["types"]:
        found = _type(catalog, row, attributes.get(row["oid"], ()), checks.get(row["oid"], ()))
        schema.objects[found.kind, found.name] = found
    for row in rows["routines"]:
        found = _routine(catalog, row)
        schema.objects[found.kind, found.name] = found


def _grouped(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["relation"]].append(row)
    return dict(found)


def _type(catalog: Catalog, row: Row, attributes: Sequence[Row], checks: Sequence[Row]) -> Object:
    name = catalog.place(row["space"], row["name"])
    options = catalog.beside(row, "pg_type")
    if row["kind"] == "e":
        return Object("enum", name, values=tuple(row["labels"] or ()), options=_sorted(options))
    if row["kind"] == "d":
        for check in checks:
            options[f"constraint {check['name']}"] = check["definition"]
            comment = catalog.comments.get(("pg_constraint", check["oid"], 0))
            options |= pair(f"comment of constraint {check['name']}", comment)
        return Object("domain", name, _domain(catalog, row), options=_sorted(options))
    for each in attributes:
        comment = catalog.comments.get(("pg_class", each["class"], each["number"]))
        options |= pair(f"comment of {each['name']}", comment)
    return Object("type", name, _other(catalog, row, attributes), options=_sorted(options))


def _domain(catalog: Catalog, row: Row) -> str:
    words = ["as", catalog.type(row["base"])]
    words += [f"collate {row['collation']}"] if row["collation"] else []
    words += [f"default {row['value']}"] if row["value"] is not None else []
    words += ["not null"] if row["filled"] else []
    return " ".join(words)


def _other(catalog: Catalog, row: Row, attributes: Sequence[Row]) -> str:
    if row["kind"] == "c":
        return f"as ({', '.join(_attribute(catalog, each) for each in attributes)})"
    names: Sequence[str] = _RANGE
    if row["kind"] == "r":
        usual = (None, "-", _multirange(row))
        said = [f"{key} = {value}" for key, value in zip(names, row["range"], strict=True) if value not in usual]
        return f"as range ({', '.join(said)})"
    return f"({', '.join(str(part) for part in row['made'])})"


def _multirange(row: Row) -> str:
    """Give the name that a multirange type has by itself, since 14."""
    name = str(row["name"])
    made = name.replace("range", "multirange", 1) if "range" in name else f"{name}_multirange"
    return f"{row['space']}.{made}"


def _attribute(catalog: Catalog, row: Row) -> str:
    collation = f" collate {row['collation']}" if row["collation"] else ""
    return f"{row['name']} {catalog.type(row['type'])}{collation}"


def _routine(catalog: Catalog, row: Row) -> Object:
    arguments = ", ".join(catalog.type(argument) for argument in row["arguments"] or ())
    name = f"{catalog.place(row['space'], row['name'])}({arguments})"
    text = row["definition"]
    if row["aggregate"] is not None:
        text = "\n".join(f"{key} = {value}" for key, value in sorted(row["aggregate"].items()) if value is not None)
    kind = _ROUTINE.get(row["kind"], "function")
    if kind == "procedure":  # 14 and later say IN
        head, line, body = text.partition("\n")
        text = re.sub(r"(\(|, )IN ", r"\1", head) + line + body
    return Object(kind, name, text.strip(), options=_sorted(catalog.beside(row, "pg_proc")))


def _sorted(options: Pairs) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(options.items()))

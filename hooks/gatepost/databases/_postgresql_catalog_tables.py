"""Tables of PostgreSQL's catalogs: columns, constraints, indexes, and what is set beside them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gatepost.databases._postgresql_catalog_names import Catalog, Pairs, Row, grants, listed, pair, settings
from gatepost.sql.operations import Column, Constraint, Index
from gatepost.sql.schema import Object, Schema, Table

_RELATIONS = """
SELECT c.oid, n.nspname AS space, c.relname AS name, c.relkind AS kind, c.relpersistence AS persistence,
       c.reloptions AS options, t.spcname AS tablespace, m.amname AS method, c.relrowsecurity AS secured,
       c.relforcerowsecurity AS forced, c.relreplident AS replica, c.relispartition AS part, c.relispopulated AS filled,
       pg_get_expr(c.relpartbound, c.oid) AS bound, toast.reloptions AS toast,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partitioned,
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS definition,
       CASE WHEN c.reloftype <> 0 THEN c.reloftype::regtype::text END AS made_of,
       (SELECT array_agg(i.inhparent ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid) AS parents,
       s.srvname AS server, f.ftoptions AS foreign_options, {acl r c.relacl c.relowner}
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace
LEFT JOIN pg_am m ON m.oid = c.relam
LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid AND c.reltoastrelid <> 0
LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid
LEFT JOIN pg_foreign_server s ON s.oid = f.ftserver
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND {user n} AND {own pg_class c}
ORDER BY c.oid
"""
_COLUMNS = """
SELECT a.attrelid AS relation, a.attnum AS number, a.attname AS name, a.attnotnull AS filled,
       format_type(a.atttypid, a.atttypmod) AS type, pg_get_expr(d.adbin, d.adrelid) AS value,
       a.attidentity AS identity, a.attgenerated AS generated,
       CASE WHEN a.attcollation NOT IN (0, y.typcollation) THEN l.collname END AS collation,
       nullif(k.nspname, 'pg_catalog') AS collation_space,
       CASE WHEN a.attstorage <> y.typstorage THEN a.attstorage END AS storage,
       {14+ a.attcompression ?: NULL} AS compression, nullif(a.attstattarget, -1) AS target,
       a.attoptions AS options, a.attfdwoptions AS foreign_options, a.attacl::text[] AS acl,
       c.relispartition AS part, a.attislocal AS own, r.nspname AS space
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace r ON r.oid = c.relnamespace
JOIN pg_type y ON y.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation l ON l.oid = a.attcollation LEFT JOIN pg_namespace k ON k.oid = l.collnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND {user r}
ORDER BY a.attrelid, a.attnum
"""
_CONSTRAINTS = """
SELECT o.oid, o.conrelid AS relation, o.conname AS name, o.contype AS kind, o.condeferrable AS deferrable,
       o.condeferred AS deferred, o.convalidated AS valid, o.connoinherit AS alone, o.conkey AS keys,
       o.confrelid AS target, o.confkey AS target_keys, o.confupdtype AS on_update, o.confdeltype AS on_delete,
       o.confmatchtype AS match, {15+ o.confdelsetcols ?: NULL} AS cleared,
       pg_get_expr(o.conbin, o.conrelid) AS expression,
       {18+ NOT o.conenforced ?: false} AS unenforced, {18+ o.conperiod ?: false} AS period,
       CASE WHEN o.contype = 'x' THEN pg_get_constraintdef(o.oid) END AS definition
FROM pg_constraint o JOIN pg_namespace n ON n.oid = o.connamespace
LEFT JOIN pg_constraint p ON p.oid = o.conparentid AND o.conparentid <> 0
WHERE o.conrelid <> 0 AND o.contype <> 't' AND {user n} AND p.conrelid IS DISTINCT FROM o.conrelid
ORDER BY o.conrelid, o.conname
"""
_INDEXES = """
SELECT i.indexrelid AS oid, i.indrelid AS relation, c.relname AS name, m.amname AS method, i.indisunique AS only,
       i.indisvalid AND i.indisready AS valid, i.indnkeyatts AS count, i.indisclustered AS clustered,
       i.indisreplident AS replica, {15+ i.indnullsnotdistinct ?: false} AS equal_nulls, o.conname AS made_for,
       pg_get_expr(i.indpred, i.indrelid) AS predicate, c.reloptions AS options, t.spcname AS tablespace,
       (SELECT json_agg(json_build_array(
            CASE WHEN e.number = 0 THEN pg_get_indexdef(i.indexrelid, e.at::int, false) END, e.number, e.way,
            CASE WHEN NOT s.opcdefault OR EXISTS (
                SELECT FROM pg_opclass u WHERE u.opcmethod = s.opcmethod AND u.opcintype = a.atttypid AND u.opcdefault
                AND u.oid <> s.oid)
            THEN CASE WHEN v.nspname IN ('pg_catalog', 'public') THEN '' ELSE quote_ident(v.nspname) || '.' END
                 || quote_ident(s.opcname) END,
            CASE WHEN e.sort <> coalesce(h.attcollation, 100) AND e.sort <> 0
            THEN CASE WHEN w.nspname = 'pg_catalog' THEN '' ELSE quote_ident(w.nspname) || '.' END
                 || quote_ident(l.collname) END,
            nullif(a.attstattarget, -1), {13+ a.attoptions ?: NULL}) ORDER BY e.at)
        FROM unnest(i.indkey::int2[], i.indoption::int2[], i.indclass::oid[], i.indcollation::oid[]) WITH ORDINALITY
             AS e(number, way, class, sort, at)
        JOIN pg_attribute a ON a.attrelid = i.indexrelid AND a.attnum = e.at
        LEFT JOIN pg_attribute h ON h.attrelid = i.indrelid AND h.attnum = e.number AND e.number <> 0
        LEFT JOIN pg_opclass s ON s.oid = e.class LEFT JOIN pg_namespace v ON v.oid = s.opcnamespace
        LEFT JOIN pg_collation l ON l.oid = e.sort LEFT JOIN pg_namespace w ON w.oid = l.collnamespace) AS elements
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_am m ON m.oid = c.relam
LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace
LEFT JOIN pg_constraint o ON o.conindid = i.indexrelid AND o.conrelid = i.indrelid AND o.contype IN ('p', 'u', 'x')
WHERE {user n}
ORDER BY i.indrelid, c.relname
"""
_SEQUENCES = """
SELECT c.oid, n.nspname AS space, c.relname AS name, c.relpersistence AS persistence, d.refobjid AS relation,
       d.refobjsubid AS number, d.deptype AS bond, format_type(s.seqtypid, NULL) AS type, s.seqstart AS start,
       s.seqincrement AS step, s.seqmin AS least, s.seqmax AS most, s.seqcache AS cache, s.seqcycle AS cycle,
       {acl s c.relacl c.relowner}
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass
     AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
WHERE {user n} AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid
      AND e.deptype = 'e')
"""
_FOREIGN_TRIGGERS = """
SELECT t.tgrelid AS relation, count(*) AS count FROM pg_trigger t
WHERE t.tgisinternal AND t.tgenabled <> 'O' AND t.tgconstraint <> 0 GROUP BY t.tgrelid
"""
TABLES = {
    "relations": _RELATIONS,
    "columns": _COLUMNS,
    "constraints": _CONSTRAINTS,
    "indexes": _INDEXES,
    "sequences": _SEQUENCES,
    "silenced": _FOREIGN_TRIGGERS,
}

_STORAGE = {"p": "plain", "e": "external", "x": "extended", "m": "main"}
_COMPRESSION = {"p": "pglz", "l": "lz4"}
_REPLICA = {"n": "nothing", "f": "full"}
_KINDS: dict[str, Any] = {
    "p": "primary key",
    "u": "unique",
    "f": "foreign key",
    "c": "check",
    "x": "exclude",
}
_ACTIONS = {"r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*\Z")
_MOST = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
Options = dict[tuple[str, str], "str | None"]


@dataclass(slots=True)
class _Parts:
    """Rows by the relation that they belong to."""

    columns: Mapping[str, list[Row]]
    constraints: Mapping[str, list[Row]]
    indexes: Mapping[str, list[Row]]
    sequences: Mapping[tuple[str, int], Row]
    names: Mapping[str, str]
    silenced: Mapping[str, int]
    numbers: Mapping[str, Mapping[int, str]] = field(default_factory=dict)


def tables(catalog: Catalog, rows: Mapping[str, list[Row]], schema: Schema) -> None:
    """Put tables, views and sequences into a schema."""
    parts = _Parts(
        _grouped(rows["columns"]),
        _grouped(rows["constraints"]),
        _grouped(rows["indexes"]),
        {(row["relation"], row["number"]): row for row in rows["sequences"] if row["relation"]},
        {row["oid"]: catalog.place(row["space"], row["name"]) for row in rows["relations"]},
        {row["relation"]: row["count"] for row in rows["silenced"]},
    )
    parts.numbers = {oid: {row["number"]: row["name"] for row in found} for oid, found in parts.columns.items()}
    for row in rows["relations"]:
        if row["kind"] in ("v", "m"):
            _view(catalog, row, parts, schema)
        else:
            schema.put(_table(catalog, row, parts))
    for row in rows["sequences"]:
        if row["bond"] != "i":
            _sequence(catalog, row, parts, schema)


def _grouped(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["relation"]].append(row)
    return dict(found)


def _table(catalog: Catalog, row: Row, parts: _Parts) -> Table:
    oid = row["oid"]
    options: Options = {("", key): value for key, value in _table_options(catalog, row, parts).items()}
    columns: dict[str, Column | None] = {}
    for found in parts.columns.get(oid, ()):
        columns[found["name"]] = _column(catalog, found, parts)
        options |= _at(found["name"], _column_options(catalog, found, parts))
    constraints: dict[str, Constraint | None] = {}
    for found in parts.constraints.get(oid, ()):
        if found["kind"] == "n":
            options |= _at(_keys(found, parts)[0], _not_null_options(found))
            continue
        constraints[found["name"]] = _constraint(found, parts)
        options |= _at(found["name"], _constraint_options(catalog, found, parts))
    indexes: dict[str, Index | None] = {}
    for found in parts.indexes.get(oid, ()):
        index = _index(found, parts)
        if found["made_for"] is None:
            indexes[found["name"]] = index
        else:
            options |= _at(found["made_for"], _backing_options(index))
        options |= _at(found["name"], _index_options(catalog, found))
    return Table(parts.names[oid], columns, constraints, indexes, options)


def _at(name: str, given: Pairs) -> Options:
    return {(name, key): value for key, value in given.items()}


def _table_options(catalog: Catalog, row: Row, parts: _Parts) -> Pairs:
    found = catalog.beside(row, "pg_class")
    parents = ", ".join(parts.names.get(oid, oid) for oid in row["parents"] or ())
    found |= pair("partition of" if row["part"] else "inherits", parents) | pair("bound", row["bound"])
    found |= pair("partition by", row["partitioned"]) | pair("of", row["made_of"])
    found |= pair("unlogged", "on" if row["persistence"] == "u" else None)
    found |= pair("row security", "on" if row["secured"] else None)
    found |= pair("forced row security", "on" if row["forced"] else None)
    found |= pair("replica identity", _REPLICA.get(row["replica"])) | pair("tablespace", row["tablespace"])
    found |= pair("access method", row["method"] if row["method"] != "heap" else None)
    found |= settings(row["options"]) | {f"toast.{key}": value for key, value in settings(row["toast"]).items()}
    found |= pair("server", row["server"]) | pair("foreign options", listed(row["foreign_options"]))
    return found | pair("silenced internal triggers", parts.silenced.get(row["oid"]))


def _column(catalog: Catalog, row: Row, parts: _Parts) -> Column:
    value, generated = row["value"], None
    if row["generated"]:
        generated, value = f"{value} {'virtual' if row['generated'] == 'v' else 'stored'}", None
    identity = {"a": "always", "d": "by default"}.get(row["identity"])
    if identity and row["part"] and catalog.major >= 17:  # inherited since 17, as everything else of its parent is
        identity = None
    owned = parts.sequences.get((row["relation"], row["number"]))
    if owned and owned["bond"] == "a" and value and _next_of(catalog, owned, value):
        identity, value = "serial", None
    return Column(
        row["name"],
        catalog.type(row["type"]),
        not row["filled"],
        value,
        generated,
        identity,
        catalog.place(row["collation_space"], row["collation"]) if row["collation"] else None,
    )


def _next_of(catalog: Catalog, sequence: Row, value: str) -> bool:
    """Tell whether a default is the next value of a sequence, and nothing else."""
    named = re.fullmatch(r"nextval\('(.*)'::regclass\)", value)
    if named is None:
        return False
    text = named[1].replace("''", "'").replace('"', "")
    return catalog.place(sequence["space"], sequence["name"]).replace('"', "") in (text, text.removeprefix("public."))


def _column_options(catalog: Catalog, row: Row, parts: _Parts) -> Pairs:
    found = pair("comment", catalog.comments.get(("pg_class", row["relation"], row["number"])))
    found |= pair("storage", _STORAGE.get(row["storage"] or "")) | pair("statistics", row["target"])
    found |= pair("compression", _COMPRESSION.get(row["compression"] or ""))
    found |= pair("options", listed(row["options"])) | pair("foreign options", listed(row["foreign_options"]))
    found |= pair("grants", _column_grants(row))
    sequence = parts.sequences.get((row["relation"], row["number"]))
    if sequence and sequence["bond"] == "i" and row["identity"]:
        found |= pair("identity sequence", _sequence_text(catalog, sequence))
        beside = catalog.beside(sequence, "pg_class")
        found |= {f"identity sequence {key}": beside[key] for key in ("comment", "grants") if key in beside}
    return found


def _column_grants(row: Row) -> str | None:
    return grants(row["acl"], (), "") if row["acl"] else None


def _keys(row: Row, parts: _Parts, side: str = "keys", of: str = "relation") -> tuple[str, ...]:
    names = parts.numbers.get(row[of], {})
    return tuple(names.get(number, str(number)) for number in row[side] or ())


def _constraint(row: Row, parts: _Parts) -> Constraint:
    kind = _KINDS[row["kind"]]
    deferrable = "deferrable" if row["deferrable"] else ""
    deferrable += " initially deferred" if row["deferred"] else ""
    made = Constraint(kind, _keys(row, parts), row["name"], deferrable=deferrable, valid=row["valid"])
    if kind == "check":
        return replace(made, columns=(), expression=bare(row["expression"] or ""))
    if kind == "exclude":
        text = row["definition"].removeprefix("EXCLUDE ").partition(" DEFERRABLE")[0]
        return replace(made, columns=(), expression=text)
    if kind == "foreign key":
        return replace(
            made,
            target=parts.names.get(row["target"], row["target"]),
            target_columns=_keys(row, parts, "target_keys", "target"),
            on_delete=_ACTIONS.get(row["on_delete"], ""),
            on_update=_ACTIONS.get(row["on_update"], ""),
        )
    nulls = any(i["made_for"] == row["name"] and i["equal_nulls"] for i in parts.indexes.get(row["relation"], ()))
    return replace(made, expression="nulls not distinct") if nulls else made


def bare(text: str) -> str:
    """Take off the parentheses that the catalog puts around a whole expression."""
    while text.startswith("(") and _closing(text) == len(text) - 1:
        text = text[1:-1]
    return text


def _closing(text: str) -> int:
    depth, quote = 0, ""
    for at, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "()":
            depth += 1 if letter == "(" else -1
            if depth == 0:
                return at
    return -1


def _constraint_options(catalog: Catalog, row: Row, parts: _Parts) -> Pairs:
    found = pair("constraint comment", catalog.comments.get(("pg_constraint", row["oid"], 0)))
    found |= pair("no inherit", row["alone"] if row["kind"] == "c" else None)
    found |= pair("match", "full" if row["match"] == "f" else None) | pair("not enforced", row["unenforced"])
    found |= pair("period", row["period"])
    return found | pair("columns set on delete", ", ".join(_keys(row, parts, "cleared")))


def _not_null_options(row: Row) -> Pairs:
    return pair("not null", None if row["valid"] else "not valid") | pair("not null no inherit", row["alone"])


def _index(row: Row, parts: _Parts) -> Index:
    elements = row["elements"] or []
    names = parts.numbers.get(row["relation"], {})
    options = pair("nulls", "not distinct" if row["equal_nulls"] else None) | pair("with", listed(row["options"]))
    options |= pair("tablespace", row["tablespace"]) | pair("valid", None if row["valid"] else "no")
    return Index(
        tuple(_element(part, names) for part in elements[: row["count"]]),
        row["name"],
        row["only"],
        "" if row["method"] == "btree" else row["method"],
        bare(row["predicate"]) if row["predicate"] else None,
        tuple(names.get(part[1], str(part[0])) for part in elements[row["count"] :]),
        tuple(sorted(options.items())),
    )


def _element(part: list[Any], names: Mapping[int, str]) -> str:
    expression, number, way, group, collation, _, options = part
    text = bare(expression) if expression else names.get(number, str(number))
    words = [f"collate {collation}"] if collation else []
    words += [group] if group else []
    words += [f"({listed(options)})"] if options else []
    words += ["desc"] if way & 1 else []
    words += {0: [], 1: ["nulls last"], 2: ["nulls first"], 3: []}[way & 3]
    if words and not expression and not _PLAIN.match(text):
        text = '"' + text.replace('"', '""') + '"'
    return " ".join([text, *words])


def _index_options(catalog: Catalog, row: Row) -> Pairs:
    found = pair("index comment", catalog.comments.get(("pg_class", row["oid"], 0)))
    found |= pair("clustered", row["clustered"]) | pair("replica identity index", row["replica"])
    targets = [f"{at} {part[5]}" for at, part in enumerate(row["elements"] or (), 1) if part[5] is not None]
    return found | pair("index statistics", ", ".join(targets))


def _backing_options(index: Index) -> Pairs:
    """Give what the index of a key says that the key does not."""
    found = {key: value for key, value in index.options if key != "nulls"}
    found |= pair("include", ", ".join(index.include))
    odd = [part for part in index.columns if " " in part and index.method == ""]
    return found | pair("elements", ", ".join(odd))


def _view(catalog: Catalog, row: Row, parts: _Parts, schema: Schema) -> None:
    name, kind = parts.names[row["oid"]], "view" if row["kind"] == "v" else "materialized view"
    options = catalog.beside(row, "pg_class") | settings(row["options"]) | pair("tablespace", row["tablespace"])
    options |= pair("access method", row["method"] if row["method"] not in ("heap", None) else None)
    options |= pair("populated", None if row["filled"] else "no")
    for column in parts.columns.get(row["oid"], ()):
        for key, value in (_column_options(catalog, column, parts) | pair("default", column["value"])).items():
            options[f"{key} of {column['name']}"] = value
    text = (row["definition"] or "").strip().rstrip(";")
    schema.objects[kind, name] = Object(kind, name, text, options=tuple(sorted(options.items())))
    found = parts.indexes.get(row["oid"], ())
    if found:
        indexes: dict[str, Index | None] = {each["name"]: _index(each, parts) for each in found}
        beside: Options = {}
        for each in found:
            beside |= _at(each["name"], _index_options(catalog, each))
        schema.put(Table(name, indexes=indexes, options=beside, complete=False))


def _sequence(catalog: Catalog, row: Row, parts: _Parts, schema: Schema) -> None:
    name = catalog.place(row["space"], row["name"])
    options = catalog.beside(row, "pg_class") | pair("unlogged", row["persistence"] == "u")
    if row["relation"]:
        column = parts.numbers.get(row["relation"], {}).get(row["number"], "")
        options["owned by"] = f"{parts.names.get(row['relation'], row['relation'])}.{column}"
    text = _sequence_text(catalog, row, named=False)
    schema.objects["sequence", name] = Object("sequence", name, text, options=tuple(sorted(options.items())))


def _sequence_text(catalog: Catalog, row: Row, *, named: bool = True) -> str:
    """Give the options of a sequence that are not those that it has by itself; of one of an identity its name too."""
    type_ = catalog.type(row["type"])
    up = row["step"] > 0
    most = _MOST.get(type_, _MOST["bigint"])
    least, greatest = (1, most) if up else (-most - 1, -1)
    words = [catalog.place(row["space"], row["name"])] if named else []
    words += [f"as {type_}"]
    words += [f"increment {row['step']}"] if row["step"] != 1 else []
    words += [f"minvalue {row['least']}"] if row["least"] != least else []
    words += [f"maxvalue {row['most']}"] if row["most"] != greatest else []
    words += [f"start {row['start']}"] if row["start"] != (row["least"] if up else row["most"]) else []
    words += [f"cache {row['cache']}"] if row["cache"] != 1 else []
    words += ["cycle"] if row["cycle"] else []
    return " ".join(words)

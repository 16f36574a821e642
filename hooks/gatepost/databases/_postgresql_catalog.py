"""Introspect PostgreSQL 12 to 18 by its own catalogs: everything that a migration can change, as a Schema.

All is asked in one read-only transaction with an empty search_path, so that two databases write one expression in
one way. Names are without ``public.``, types as the static model has them; expressions and bodies are the catalog's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from gatepost.databases import Connection, Facts, Failed, Unable
from gatepost.databases._postgresql_catalog_names import Catalog, Row, query
from gatepost.databases._postgresql_catalog_objects import OBJECTS, objects
from gatepost.databases._postgresql_catalog_tables import TABLES, tables
from gatepost.databases._postgresql_catalog_types import TYPES, types
from gatepost.sql.schema import Schema

_BEGIN = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_COMMENTS = """
SELECT d.classoid::regclass::text AS class, d.objoid AS oid, d.objsubid AS part, d.description AS text
FROM pg_description d
WHERE d.objoid >= 16384 OR d.classoid = 'pg_extension'::regclass
   OR (d.classoid = 'pg_namespace'::regclass AND d.description <> 'standard public schema')
"""


# The catalog's functions see what others have dropped meanwhile: "cache lookup failed", "does not exist".
_MOVED = ("XX000", "42P01", "42703", "42704", "42883")


def inspect(connection: Connection) -> Schema:
    """Read the schema of a database, in a transaction of its own unless one is open. Raises Failed, Unable."""
    if getattr(connection, "status", "I") != "I":
        return read(connection)
    connection.rows(_BEGIN)
    try:
        return read(connection)
    finally:
        connection.rows("ROLLBACK")


def read(connection: Connection) -> Schema:
    """Read the schema within the transaction that is open, with what it has done so far."""
    before = connection.rows("SELECT current_setting('search_path'), set_config('search_path', '', true)")
    catalog = Catalog(major(connection.version))
    rows = _ask(connection, {"comments": _COMMENTS, **TABLES, **TYPES, **OBJECTS}, catalog.major)
    connection.rows("SELECT set_config('search_path', $1, true)", (before[0][0],))
    catalog.comments = {(row["class"], row["oid"], row["part"]): row["text"] for row in rows["comments"]}
    schema = Schema("postgresql")
    tables(catalog, rows, schema)
    types(catalog, rows, schema)
    objects(catalog, rows, schema)
    return schema


def major(version: str) -> int:
    """Give the major version of ``15.18 (Debian 15.18-1)``."""
    found = re.match(r"\d+", version.strip())
    return int(found[0]) if found else 0


def _ask(connection: Connection, asked: Mapping[str, str], version: int) -> dict[str, list[Row]]:
    """Ask everything at once, each query's rows as one JSON text: round trips and many values are what costs."""
    columns = ",\n".join(f"({query(sql, version)})" for sql in asked.values())
    try:
        texts = connection.rows(f"SELECT {columns}")[0]
    except Failed as error:
        if error.code not in _MOVED:
            raise
        raise Unable("the schema was changed while it was read", "try again") from None
    return {name: json.loads(text) for name, text in zip(asked, texts, strict=True)}


_SIZES = """
SELECT n.nspname AS space, c.relname AS name, greatest(c.reltuples, 0)::bigint AS rows,
       pg_catalog.pg_total_relation_size(c.oid) AS bytes
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND {user n}
"""
_SCANS = """
SELECT s.schemaname AS space, s.indexrelname AS name, s.idx_scan AS scans FROM pg_stat_user_indexes s
"""
_EXTENSIONS = "SELECT e.extname AS name FROM pg_extension e ORDER BY e.extname"


def facts(connection: Connection) -> Facts:
    """Give the version, the extensions, the sizes of tables and the use of indexes."""
    version = major(connection.version)
    place = Catalog(version).place
    rows = _ask(connection, {"extensions": _EXTENSIONS, "sizes": _SIZES, "scans": _SCANS}, version)
    return Facts(
        "postgresql",
        connection.version,
        tuple(row["name"] for row in rows["extensions"]),
        {place(row["space"], row["name"]): (row["rows"], row["bytes"]) for row in rows["sizes"]},
        {place(row["space"], row["name"]): row["scans"] or 0 for row in rows["scans"]},
    )

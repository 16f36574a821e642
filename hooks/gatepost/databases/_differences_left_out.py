"""What no comparison of schemas looks at: the tables of migration tools, dated partitions, counters, the policy's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import lru_cache

from gatepost.sql.schema import Object, Schema, Table

# Where the frameworks keep what they have applied, as they name it themselves.
BOOKKEEPING = (
    "schema_migrations", "schema_migration", "schema_migrations_lock", "ar_internal_metadata",
    "__diesel_schema_migrations", "_sqlx_migrations", "refinery_schema_history", "__refinery_schema_history",
    "seaql_migrations",
    "alembic_version", "alembic_version_*", "django_migrations", "aerich", "_yoyo_log", "_yoyo_migration",
    "_yoyo_version", "yoyo_lock", "piccolo_migration", "migration",
    "flyway_schema_history", "schema_version", "databasechangelog", "databasechangeloglock",
    "goose_db_version", "gorp_migrations", "schema_history", "atlas_schema_revisions*",
    "knex_migrations", "knex_migrations_lock", "pgmigrations", "sequelizemeta", "sequelizedata", "typeorm_metadata",
    "mikro_orm_migrations", "_prisma_migrations", "__drizzle_migrations", "kysely_migration", "kysely_migration_lock",
    "migrations", "phinxlog", "doctrine_migration_versions", "migration_versions",
    "__efmigrationshistory", "versioninfo", "schemaversions", "_schema_migrations", "supabase_migrations.*",
    "drizzle.*", "sqitch.*", "gatepost_*",
)  # fmt: skip
_DATED = re.compile(r"(?:_|_p|_y|p)(?:19|20)\d{2}(?:_?[mwq]?\d{1,2}){0,4}(?:_to_.*)?\Z|_p?\d{6,8}\Z|_p?\d{10}\Z")
_COUNTERS = frozenset(("auto_increment", "last value"))


@dataclass(frozen=True, slots=True)
class Leave:
    """What to leave out: names (as globs) of tables and objects; facets such as ``owner``, and kinds of objects."""

    names: tuple[str, ...] = ()
    facets: frozenset[str] = frozenset()
    bookkeeping: bool = True
    dated: bool = True

    def facet(self, name: str) -> bool:
        """Tell whether a facet is left out; ``comment`` means that of a column or an index too."""
        if name in _COUNTERS or name in self.facets:
            return True
        return any(name.startswith(f"{facet} of ") or name.endswith(f" {facet}") for facet in self.facets)


USUAL = Leave()


def trimmed(schema: Schema, leave: Leave) -> Schema:
    """Give the schema without what is left out."""
    gone = {name for name, table in schema.tables.items() if table and _left_out(table, leave)}
    while inner := {
        name for name, table in schema.tables.items() if name not in gone and _part_of(table, gone, schema)
    }:
        gone |= inner  # partitions of a partition that is left out
    made = Schema(schema.dialect)
    for name, table in schema.tables.items():
        if table and name not in gone and ("", "temporary") not in table.options:
            made.tables[name] = _without_facets(table, leave)
    for place, found in schema.objects.items():
        if found is None or found.kind in leave.facets:
            continue
        if not _belongs(found, gone, schema) and not _named(found.name, leave.names):
            options = tuple((key, value) for key, value in found.options if not leave.facet(key))
            made.objects[place] = replace(found, options=options)
    return made


def _left_out(table: Table, leave: Leave) -> bool:
    if _named(table.name, leave.names):
        return True
    if leave.bookkeeping and bookkeeping(table.name):
        return True
    return leave.dated and bool(table.options.get(("", "partition of")) and _DATED.search(table.name))


def bookkeeping(name: str) -> bool:
    """Tell a table in which a migration tool keeps what it has applied."""
    return _named(name.lower(), BOOKKEEPING)


def _part_of(table: Table | None, gone: set[str], schema: Schema) -> bool:
    parent = table.options.get(("", "partition of")) if table else None
    return bool(parent) and schema.key(str(parent)) in gone


def _named(name: str, patterns: tuple[str, ...]) -> bool:
    """Tell whether a name matches: with its schema, or a pattern without one its last part."""
    return bool(patterns) and bool(_pattern(patterns).fullmatch(name))


@lru_cache(maxsize=16)
def _pattern(patterns: tuple[str, ...]) -> re.Pattern[str]:
    anywhere = r"(?:.*\.)?"
    parts = (("" if "." in pattern else anywhere) + f"(?:{translate(pattern)})" for pattern in patterns)
    return re.compile("|".join(parts), re.DOTALL)


def _belongs(found: Object, gone: set[str], schema: Schema) -> bool:
    owner = dict(found.options).get("owned by", "").rpartition(".")[0]
    return schema.key(found.on) in gone or (bool(owner) and schema.key(owner) in gone)


def _without_facets(table: Table, leave: Leave) -> Table:
    options: Mapping[tuple[str, str], str | None] = {
        place: value for place, value in table.options.items() if value is not None and not leave.facet(place[1])
    }
    return replace(table, options=options)

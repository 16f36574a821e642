"""Read which migrations a database has: every framework keeps a table of its own about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from gatepost.databases import Connection
from gatepost.migrations import Migration
from gatepost.sql.schema import Schema, Table

MOST = 100_000  # versions of one table


class Ledger(NamedTuple):
    """A bookkeeping table: the columns that tell it, what picks the applied rows, whether only the newest is kept.

    The columns name a migration, but for ``dirty``, which only tells one tool's table from another's.
    """

    columns: tuple[str, ...]
    where: str = ""
    newest_only: bool = False


# The tables as the tools make them by default; one name may belong to several tools. None is ever compared:
# databases._differences_left_out names them too, with what has no versions to read (a test holds that).
LEDGERS: Mapping[str, tuple[Ledger, ...]] = {
    "__diesel_schema_migrations": (Ledger(("version",)),),
    "__drizzle_migrations": (Ledger(("created_at",)),),
    "__efmigrationshistory": (Ledger(("MigrationId",)),),
    "__refinery_schema_history": (Ledger(("version",)),),
    "_prisma_migrations": (Ledger(("migration_name",), "finished_at IS NOT NULL AND rolled_back_at IS NULL"),),
    "_sqlx_migrations": (Ledger(("version",), "success"),),
    "_yoyo_migration": (Ledger(("migration_id",)),),
    "aerich": (Ledger(("version",)),),
    "alembic_version": (Ledger(("version_num",), newest_only=True),),
    "atlas_schema_revisions": (Ledger(("version",)),),
    "changes": (Ledger(("change",)),),
    "databasechangelog": (Ledger(("id",)),),
    "django_migrations": (Ledger(("app", "name")),),
    "doctrine_migration_versions": (Ledger(("version",)),),
    "flyway_schema_history": (Ledger(("version",), "success"),),
    "goose_db_version": (Ledger(("version_id",), "is_applied"),),
    "gorp_migrations": (Ledger(("id",)),),
    "knex_migrations": (Ledger(("name",)),),
    "migration": (Ledger(("name",)),),
    "migrations": (Ledger(("migration",)), Ledger(("name",))),
    "mikro_orm_migrations": (Ledger(("name",)),),
    "pgmigrations": (Ledger(("name",)),),
    "phinxlog": (Ledger(("version",)),),
    "refinery_schema_history": (Ledger(("version",)),),
    "schema_migration": (Ledger(("version",)),),
    "schema_migrations": (Ledger(("version", "dirty"), newest_only=True), Ledger(("version",))),
    "sequelizemeta": (Ledger(("name",)),),
}


def read(connection: Connection, schema: Schema) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Give the versions that each bookkeeping table of a database names, and the tables that keep only the newest.

    ``schema`` is what introspection gave. Raises Failed where a table may not be read.
    """
    applied: dict[str, tuple[str, ...]] = {}
    newest: list[str] = []
    for table in schema.tables.values():
        ledger = _ledger(table) if table else None
        if table is None or ledger is None:
            continue
        rows = connection.rows(_select(table.name, ledger, schema.dialect))
        names = [name for name in ledger.columns if name != "dirty"]
        applied[table.name] = tuple(".".join(str(value) for value in row[: len(names)]) for row in rows)
        if ledger.newest_only:
            newest.append(table.name)
    return applied, tuple(newest)


def _ledger(table: Table) -> Ledger | None:
    known = LEDGERS.get(table.name.rpartition(".")[2].lower(), ())
    columns = {column.name for column in table.columns.values() if column}
    return next((ledger for ledger in known if columns.issuperset(ledger.columns)), None)


def _select(table: str, ledger: Ledger, dialect: str) -> str:
    mark = "`" if dialect == "mysql" else '"'
    space, _, plain = table.rpartition(".")
    parts = [part for part in (space or ("public" if dialect == "postgresql" else ""), plain) if part]
    columns = ", ".join(f"{mark}{name}{mark}" for name in ledger.columns)
    where = f" WHERE {ledger.where}" if ledger.where else ""
    name = ".".join(mark + part + mark for part in parts)
    return f"SELECT {columns} FROM {name}{where} ORDER BY 1 LIMIT {MOST}"  # noqa: S608 - our own names, and the catalog's


class Applied(NamedTuple):
    """Which migrations of a history staging has, which it lacks, and versions that it has and nobody knows."""

    ledger: str
    done: tuple[Migration, ...]
    pending: tuple[Migration, ...]
    unknown: tuple[str, ...]


def applied(history: Sequence[Migration], ledgers: Mapping[str, Sequence[str]], newest_only: Iterable[str]) -> Applied:
    """Match the migrations of a history with the bookkeeping that fits best; without one nothing is applied."""
    best = Applied("", (), tuple(history), ())
    for table, versions in ledgers.items():
        found = _matched(history, table, versions, table in newest_only)
        if len(found.done) > len(best.done):
            best = found
    return best


def _matched(history: Sequence[Migration], table: str, versions: Sequence[str], newest_only: bool) -> Applied:
    named = {form: version for version in versions for form in _forms(version)}
    hit = {id(one): next((named[form] for form in _names(one) if form in named), None) for one in history}
    done = [one for one in history if hit[id(one)] is not None]
    if newest_only and done:
        done = list(_up_to(history, done))
    known = {version for version in hit.values() if version is not None}
    kept = {id(one) for one in done}
    return Applied(
        table,
        tuple(done),
        tuple(one for one in history if id(one) not in kept),
        tuple(version for version in versions if version not in known and version not in ("0", "")),
    )


def _up_to(history: Sequence[Migration], newest: Sequence[Migration]) -> Iterator[Migration]:
    """Give what had to run before the newest: by their parents where there are any, else by their order."""
    if any(one.parents for one in history):
        wanted = {version for one in newest for version in (one.version, *one.parents)}
        for one in reversed(history):
            if one.version in wanted:
                wanted.update(one.parents)
        yield from (one for one in history if one.version in wanted)
        return
    last = max(number for number, one in enumerate(history) if one in newest)
    yield from history[: last + 1]


def _names(migration: Migration) -> set[str]:
    base = migration.path.rpartition("/")[2]
    given = {migration.version, migration.name, base, base.partition(".")[0], base.rpartition(".")[0]}
    given.add(migration.path.rpartition("/")[0].rpartition("/")[2])
    return {form for name in given if name for form in _forms(name)}


_DIGITS = re.compile(r"[\d._-]+")


def _forms(version: str) -> set[str]:
    """Give a version as it stands, and where it is a number without separators and leading zeros."""
    found = {version}
    if _DIGITS.fullmatch(version) and any(char.isdigit() for char in version):
        found.add(re.sub(r"[._-]", "", version).lstrip("0") or "0")
    return found

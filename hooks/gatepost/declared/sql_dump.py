"""A dump in SQL beside the migrations: ``structure.sql`` of Rails, ``schema.sql`` of dbmate and others."""

from __future__ import annotations

from gatepost.declared import Declared
from gatepost.paths import join, parent
from gatepost.sql.schema import Schema


def paths(root: str) -> tuple[str, ...]:
    """Give where it stands: beside the directory of migrations, or in it."""
    places = (parent(root), root)
    return tuple(join(place, name) for place in places for name in ("structure.sql", "schema.sql"))


def read(text: str, dialect: str) -> Schema:
    """Read its statements; what a dump sets up for its own loading has no part in the schema."""
    from gatepost.sql.reader import read as statements
    from gatepost.sql.replay import replay

    return replay(Schema(dialect), statements(text, dialect))


DECLARED = Declared(
    "sql-dump",
    "structure.sql and schema.sql beside the migrations",
    ("rails", "dbmate", "golang-migrate", "goose", "sql-migrate", "node-pg-migrate", "sqlx", "plain"),
    paths,
    read,
    "dump it anew with the tool that wrote it (bin/rails db:schema:dump, dbmate dump)",
)

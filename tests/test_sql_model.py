"""The static model does as the databases do where a scratch database has shown it otherwise."""

from __future__ import annotations

from gatepost.sql.reader import read
from gatepost.sql.replay import replay
from gatepost.sql.schema import Schema
from gatepost.sql.tokens import Dialect


def model(sql: str, dialect: Dialect = "postgresql") -> Schema:
    schema = replay(Schema(dialect), read(sql, dialect))
    assert not schema.problems
    return schema


def test_unique_primary_key_is_one_index() -> None:
    table = model("CREATE TABLE t (id char(36) NOT NULL PRIMARY KEY UNIQUE, a int UNIQUE)").table("t")
    assert table is not None
    assert list(table.constraints) == ["t_pkey", "t_a_key"]
    table = model("CREATE TABLE t (id text PRIMARY KEY UNIQUE)", "sqlite").table("t")
    assert table is not None
    assert list(table.constraints) == ["primary key (id)"]
    table = model("CREATE TABLE t (id integer PRIMARY KEY UNIQUE)", "sqlite").table("t")
    assert table is not None
    assert len(table.constraints) == 2


def test_sqlite_keeps_constraints_by_what_they_say() -> None:
    schema = model("CREATE TABLE t (a text, b text, UNIQUE (a, b)); ALTER TABLE t RENAME COLUMN b TO c", "sqlite")
    table = schema.table("t")
    assert table is not None
    assert [name for name, made in table.constraints.items() if made] == ["unique (a, c)"]


def test_constraint_is_made_deferrable() -> None:
    schema = model(
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int CONSTRAINT k REFERENCES a);"
        "ALTER TABLE b ALTER CONSTRAINT k DEFERRABLE INITIALLY DEFERRED"
    )
    table = schema.table("b")
    assert table is not None
    assert table.constraints["k"] is not None
    assert table.constraints["k"].deferrable == "deferrable initially deferred"


def test_default_follows_a_renamed_enum_value() -> None:
    schema = model(
        "CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TABLE t (m mood DEFAULT 'a', x text DEFAULT 'a');"
        "ALTER TYPE mood RENAME VALUE 'a' TO 'c'"
    )
    table = schema.table("t")
    assert table is not None
    assert [column.default for column in table.columns.values() if column] == ["'c'", "'a'"]


def test_triggers_move_with_their_table() -> None:
    schema = model(
        "CREATE TABLE t (id int); CREATE TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION f(); ALTER TABLE t RENAME TO u;"
        "ALTER TRIGGER x ON u RENAME TO y; DROP TRIGGER y ON u"
    )
    assert not [found for found in schema.objects.values() if found]


def test_triggers_call_a_renamed_function() -> None:
    schema = model(
        "CREATE TABLE t (id int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS '';"
        "CREATE TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION f(); ALTER FUNCTION f() RENAME TO g;"
        "DROP FUNCTION g() CASCADE"
    )
    assert not [found for found in schema.objects.values() if found]


def test_a_table_from_a_query_is_in_doubt() -> None:
    assert model("CREATE TABLE t AS SELECT 1 AS a").doubts == [
        "line 1: CREATE TABLE t AS takes its columns from a query"
    ]
    assert model("SELECT 1 AS a INTO t").doubts
    assert model("DO $$ BEGIN EXECUTE format('CREATE TABLE %I ()', 'x'); END $$").doubts
    assert model("SELECT make_partitions('t')").doubts
    assert not model("CREATE TABLE t (LIKE u)").doubts


def test_a_renamed_column_is_renamed_in_the_unnamed_constraints_of_sqlite() -> None:
    table = model("CREATE TABLE t (a INT, UNIQUE (a)); ALTER TABLE t RENAME COLUMN a TO b;", "sqlite").table("t")
    assert table is not None
    assert [name for name, found in table.constraints.items() if found] == ["unique (b)"]


def test_restrict_is_what_mysql_does_anyway() -> None:
    table = model("CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES u (a) ON DELETE RESTRICT);", "mysql").table("t")
    assert table is not None
    assert [found.on_delete for found in table.constraints.values() if found] == [""]

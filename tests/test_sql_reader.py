"""SQL becomes neutral operations, each action on its own, with its line."""

from __future__ import annotations

from typing import Any

import pytest

from gatepost.sql import operations as ops
from gatepost.sql.reader import read
from gatepost.sql.tokens import DIALECTS, Dialect


def plain(text: str, dialect: str = "postgresql") -> list[Any]:
    """Read without lines, which most tests do not look at."""
    return [op.at(1) for op in read(text, dialect)]


@pytest.mark.parametrize(
    ("dialect", "text", "expected"),
    [
        ("postgresql", "ALTER TABLE t RENAME a TO b", [ops.RenameColumn("t", "a", "b")]),
        ("postgresql", "ALTER TABLE IF EXISTS ONLY public.T RENAME TO B", [ops.RenameTable("t", "b")]),
        (
            "postgresql",
            "ALTER TABLE t DROP COLUMN a, VALIDATE CONSTRAINT c, ENABLE ROW LEVEL SECURITY",
            [ops.DropColumn("t", "a"), ops.ValidateConstraint("t", "c"), ops.SetOption("t", "row security", "on")],
        ),
        ("postgresql", "DROP INDEX CONCURRENTLY IF EXISTS a, s.b", [
            ops.DropIndex("a", concurrently=True, if_exists=True),
            ops.DropIndex("s.b", concurrently=True, if_exists=True)]),
        ("postgresql", "ALTER TABLE t ALTER a TYPE varchar(5) USING a::text, ALTER b SET NOT NULL", [
            ops.SetType("t", "a", "varchar(5)", "a::text"), ops.SetNullable("t", "b", nullable=False)]),
        ("postgresql", "DROP FUNCTION f(x int, y character varying), g", [
            ops.DropObject("function", "f(integer, varchar)"), ops.DropObject("function", "g")]),
        ("postgresql", "ALTER TYPE e ADD VALUE IF NOT EXISTS 'x' BEFORE 'y'", [
            ops.AddEnumValue("e", "x", "before 'y'", if_not_exists=True)]),
        ("postgresql", "TRUNCATE a, ONLY b CASCADE", [
            ops.Truncate("a", cascade=True), ops.Truncate("b", cascade=True)]),
        ("postgresql", "WITH x AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM x", [
            ops.Data("delete", "a", filtered=False), ops.Data("insert", "b")]),
        ("postgresql", "UPDATE a SET b = 1, c = (SELECT d = 2 WHERE true)", [
            ops.Data("update", "a", filtered=False, columns=("b", "c"))]),
        ("mysql", "RENAME TABLE a TO b, c TO d", [ops.RenameTable("a", "b"), ops.RenameTable("c", "d")]),
        ("mysql", "ALTER TABLE `t` DROP `a`, CONVERT TO CHARACTER SET utf8mb4", [
            ops.DropColumn("t", "a"), ops.SetOption("t", "charset", "character set utf8mb4")]),
        ("mysql", "ALTER TABLE t ADD COLUMN (a int, b int)", [
            ops.AddColumn("t", ops.Column("a", "int")), ops.AddColumn("t", ops.Column("b", "int"))]),
        ("mysql", "/*!50003 DROP TABLE x */", [ops.DropTable("x")]),
        ("mysql", "ALTER TABLE t DROP FOREIGN KEY f, DROP PRIMARY KEY, DROP INDEX i", [
            ops.DropConstraint("t", "f", "foreign key"), ops.DropConstraint("t", None, "primary key"),
            ops.DropIndex("i", "t")]),
        ("sqlite", "CREATE TRIGGER t AFTER INSERT ON a BEGIN DROP TABLE x; END", [
            ops.CreateObject("trigger", "t", "after insert on a begin drop table x ; end", on="a")]),
        ("sqlite", 'ALTER TABLE "a" RENAME COLUMN [b c] TO d', [ops.RenameColumn("a", "b c", "d")]),
    ],
)  # fmt: skip
def test_read(dialect: str, text: str, expected: list[Any]) -> None:
    assert plain(text, dialect) == expected


def test_a_table_is_read_whole() -> None:
    (table,) = plain(
        "CREATE TABLE a (id bigserial PRIMARY KEY, n character varying (20) DEFAULT 'x'::character varying NOT NULL,"
        " t timestamp with time zone DEFAULT CURRENT_TIMESTAMP, r int REFERENCES b(id) ON DELETE CASCADE,"
        " g int GENERATED ALWAYS AS (r * 2) STORED, CONSTRAINT c CHECK ((n <> '')), UNIQUE (n, t))"
    )
    assert table.columns == (
        ops.Column("id", "bigint", nullable=False, identity="serial"),
        ops.Column("n", "varchar(20)", nullable=False, default="'x'"),
        ops.Column("t", "timestamptz", default="now()"),
        ops.Column("r", "integer"),
        ops.Column("g", "integer", generated="r * 2 stored"),
    )
    assert table.constraints == (
        ops.Constraint("primary key", ("id",)),
        ops.Constraint("foreign key", ("r",), target="b", target_columns=("id",), on_delete="cascade"),
        ops.Constraint("check", (), "c", "n <> ''"),
        ops.Constraint("unique", ("n", "t")),
    )


def test_mysql_tables_hold_their_keys() -> None:
    (table,) = plain(
        "CREATE TABLE `x` (`id` int(10) unsigned NOT NULL AUTO_INCREMENT, `e` enum('a','b') DEFAULT 'a' COMMENT 'c,d',"
        " PRIMARY KEY (`id`), UNIQUE KEY `k` (`e`(10), `id`), FULLTEXT KEY `f` (`e`)) ENGINE=InnoDB AUTO_INCREMENT=5",
        "mysql",
    )
    assert table.columns[0] == ops.Column("id", "int unsigned", nullable=False, identity="auto_increment")
    assert table.columns[1].default == "'a'"
    keys = [(index.name, index.unique, index.method) for index in table.indexes]
    assert keys == [
        ("k", True, ""),
        ("f", False, "fulltext"),
    ]
    assert table.options == (("engine", "InnoDB"),)


def test_an_unknown_action_hides_no_other() -> None:
    found = plain("ALTER TABLE t FROBNICATE x, DROP COLUMN a, ALTER b SET NOT A THING")
    assert [type(op).__name__ for op in found] == ["Opaque", "DropColumn", "Opaque"]
    assert found[0].table == "t"


@pytest.mark.parametrize(
    ("text", "saw"),
    [
        ("DO $$ BEGIN EXECUTE 'DROP TABLE x'; END $$", ("DROP TABLE x",)),
        ("FROBNICATE; ", ()),
        ("CALL p('TRUNCATE TABLE y')", ("TRUNCATE y",)),
        ("SOMETHING ALTER TABLE t ALTER COLUMN c TYPE int, ALTER d SET NOT NULL", ("ALTER c TYPE", "SET NOT NULL")),
        ("SELECT 'DROP TABLE x", ("DROP TABLE x",)),
        ("EXECUTE format('ALTER TABLE %I RENAME TO %I', a, b)", ("RENAME TO % I",)),
    ],
)
def test_what_is_not_read_is_scanned(text: str, saw: tuple[str, ...]) -> None:
    (found,) = read(text, "postgresql")
    assert isinstance(found, ops.Opaque)
    assert found.saw == saw


def test_lines_are_those_of_the_action() -> None:
    found = read("\nALTER TABLE t\n  DROP a,\n  DROP b;\nDROP TABLE c;", "postgresql", line=10)
    assert [(op.line, op.start) for op in found] == [(12, 11), (13, 11), (14, 14)]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_deep_nesting_is_no_danger(dialect: Dialect) -> None:
    nested = "(" * 5000 + "1" + ")" * 5000
    found = read(
        f"CREATE TABLE a (b int DEFAULT {nested}, CHECK ({nested} > 0)); SELECT {nested}; DROP TABLE z", dialect
    )
    assert isinstance(found[-1], ops.DropTable)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "BEGIN CREATE TYPE e AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN null; END",
            [ops.CreateObject("enum", "e", values=("a",), if_not_exists=True)],
        ),
        (
            "BEGIN IF NOT EXISTS (SELECT 1 FROM x) THEN ALTER TABLE a DROP COLUMN b; ELSE DROP TABLE c; END IF; END",
            [ops.DropColumn("a", "b"), ops.DropTable("c")],
        ),
        ("DECLARE r record; BEGIN FOR r IN SELECT 1 LOOP UPDATE a SET b = 1; END LOOP; END", [ops.Data("code")]),
    ],
)
def test_plain_blocks_are_read(body: str, expected: list[Any]) -> None:
    assert plain(f"DO $$ {body} $$ LANGUAGE plpgsql") == expected


@pytest.mark.parametrize(
    "body",
    [
        "BEGIN EXECUTE 'DROP TABLE x'; END",
        "BEGIN PERFORM drop_everything(); ALTER TABLE a DROP COLUMN b; END",
        "BEGIN FOR r IN SELECT 1 LOOP DROP TABLE a; END LOOP; END",
        "BEGIN ALTER TABLE a FROBNICATE THE b; x := 1; DROP TABLE z; END",
    ],
)
def test_other_blocks_are_not_analysed(body: str) -> None:
    (found,) = plain(f"DO $$ {body} $$")
    assert isinstance(found, ops.Opaque)

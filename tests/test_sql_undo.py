"""The model tells a down that gives everything back from one that does not, cannot, or only may."""

from __future__ import annotations

import pytest

from gatepost.sql.reader import read
from gatepost.sql.replay import replay
from gatepost.sql.schema import Schema
from gatepost.sql.tokens import Dialect
from gatepost.sql.undo import Piece, Remark, judge

BASE = """
CREATE TABLE a (id bigserial PRIMARY KEY, n varchar(20) NOT NULL DEFAULT 'x', t text, r integer REFERENCES b (id));
CREATE INDEX a_t ON a (lower(t)) WHERE n <> '';
CREATE VIEW v AS SELECT id FROM a;
CREATE TYPE mood AS ENUM ('sad', 'ok');
"""


def remarks(up: str, down: str, base: str = BASE, dialect: Dialect = "postgresql") -> list[Remark]:
    schema = replay(Schema(dialect), read(base, dialect))
    return judge([Piece("m", read(up, dialect), read(down, dialect))], schema)


def words(up: str, down: str, base: str = BASE, dialect: Dialect = "postgresql") -> set[str]:
    return {remark.word + ("~" if remark.small else "") for remark in remarks(up, down, base, dialect)}


RIGHT = [
    ("CREATE TABLE c (id int)", "DROP TABLE c"),
    ("ALTER TABLE a ADD COLUMN c int", "ALTER TABLE a DROP COLUMN c"),
    ("ALTER TABLE a RENAME t TO u", "ALTER TABLE a RENAME COLUMN u TO t"),
    (
        "ALTER TABLE a RENAME TO z; ALTER TABLE z RENAME n TO m",
        "ALTER TABLE z RENAME m TO n; ALTER TABLE z RENAME TO a",
    ),
    ("ALTER TABLE a ALTER n DROP DEFAULT", "ALTER TABLE a ALTER n SET DEFAULT 'x'::character varying"),
    ("DROP INDEX a_t", "CREATE INDEX a_t ON a USING btree ((lower(t))) WHERE (n <> '')"),
    ("CREATE UNIQUE INDEX u ON a (t)", "DROP INDEX u"),
    ("ALTER TABLE a ADD CONSTRAINT k UNIQUE (t)", "ALTER TABLE a DROP CONSTRAINT k"),
    ("ALTER TABLE a ADD FOREIGN KEY (r) REFERENCES c (id)", "ALTER TABLE a DROP CONSTRAINT a_r_fkey1"),
    ("ALTER TABLE a ADD CHECK (r > 0)", "ALTER TABLE a DROP CONSTRAINT a_r_check"),
    ("CREATE INDEX ON a (t, lower(n))", "DROP INDEX a_t_lower_idx"),
    ("CREATE TABLE c (id serial); CREATE INDEX i ON c (id)", "DROP TABLE c"),
    ("CREATE OR REPLACE FUNCTION f(x int) RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql", "DROP FUNCTION f"),
    ("CREATE TYPE e AS ENUM ('a'); ALTER TABLE a ADD c e", "ALTER TABLE a DROP c; DROP TYPE e"),
    ("ALTER TABLE unknown ADD COLUMN c int", "ALTER TABLE unknown DROP COLUMN c"),
    ("ALTER TABLE unknown ALTER c SET NOT NULL", "ALTER TABLE unknown ALTER c DROP NOT NULL"),
    ("ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'", "ALTER TYPE mood RENAME VALUE 'fine' TO 'ok'"),
    ("COMMENT ON TABLE a IS 'x'", "COMMENT ON TABLE a IS NULL"),
    ("ALTER TABLE a ENABLE ROW LEVEL SECURITY", "ALTER TABLE a DISABLE ROW LEVEL SECURITY"),
    ("CREATE SEQUENCE s; ALTER TABLE a ADD s int DEFAULT nextval('s')", "ALTER TABLE a DROP s; DROP SEQUENCE s"),
]
WRONG = [
    ("CREATE TABLE c (id int)", "SELECT 1", "table c is left over"),
    ("ALTER TABLE a ADD COLUMN c int, ADD d int", "ALTER TABLE a DROP COLUMN c", "column d of a is left over"),
    ("ALTER TABLE a DROP COLUMN t", "ALTER TABLE a ADD COLUMN t text", "index a_t of a is not there again"),
    (
        "ALTER TABLE a DROP COLUMN r",
        "ALTER TABLE a ADD COLUMN r integer",
        "constraint a_r_fkey of a is not there again",
    ),
    ("ALTER TABLE a ALTER n TYPE text", "SELECT 1; SELECT 2", "column n of a has type text instead of varchar(20)"),
    ("ALTER TABLE a ALTER n DROP NOT NULL", "SELECT 1", "column n of a allows NULL now"),
    ("ALTER TABLE unknown ALTER c SET NOT NULL", "SELECT 1", "column c of unknown does not allow NULL now"),
    (
        "ALTER TABLE a DROP COLUMN n",
        "ALTER TABLE a ADD COLUMN n varchar(20) NOT NULL",
        "has default none instead of 'x'",
    ),
    ("DROP VIEW v", "SELECT 1", "view v is not there again"),
    ("DROP TYPE mood", "CREATE TYPE mood AS ENUM ('sad')", "enum mood has lost ok"),
    (
        "CREATE FUNCTION f(x int) RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql",
        "DROP FUNCTION f(text)",
        "f(integer) is left over",
    ),
    ("ALTER TABLE a RENAME t TO u", "ALTER TABLE a RENAME v TO t", "the down fails: column a.v does not exist"),
]


@pytest.mark.parametrize(("up", "down"), RIGHT)
def test_right_downs_are_left_alone(up: str, down: str) -> None:
    assert not [remark for remark in remarks(up, down) if remark.word in ("wrong", "unsure")]


@pytest.mark.parametrize(("up", "down", "text"), WRONG)
def test_wrong_downs_are_named_object_by_object(up: str, down: str, text: str) -> None:
    found = [remark.text for remark in remarks(up, down) if remark.word == "wrong" and not remark.small]
    assert any(text in said for said in found), found


def test_a_changeset_is_undone_as_a_whole() -> None:
    schema = replay(Schema(), read(BASE, "postgresql"))
    first = Piece("1", read("ALTER TABLE a ADD c int", "postgresql"), (), usable=False)
    second = Piece(
        "2", read("ALTER TABLE a ADD d int", "postgresql"), read("ALTER TABLE a DROP d, DROP c", "postgresql")
    )
    assert judge([first, second], schema) == []
    third = Piece("3", read("CREATE TABLE z (id int)", "postgresql"), read("SELECT 1", "postgresql"))
    found = judge([Piece("1", first.up, (), usable=False), third], schema)
    assert [(remark.name, remark.text) for remark in found] == [("3", "table z is left over")]


@pytest.mark.parametrize(
    ("up", "down", "expected"),
    [
        ("DROP TABLE a CASCADE", BASE[: BASE.index("CREATE VIEW")], {"lossy"}),
        ("ALTER TABLE a DROP t", "ALTER TABLE a ADD t text; CREATE INDEX a_t ON a (lower(t)) WHERE n <> ''", {"lossy"}),
        ("UPDATE a SET t = ''", "SELECT 1", {"lossy~"}),
        ("ALTER TABLE a ADD c int; UPDATE a SET c = 1", "ALTER TABLE a DROP c", set()),
        ("ALTER TABLE a ALTER n DROP NOT NULL", "ALTER TABLE a ALTER n SET NOT NULL", {"data-dependent"}),
        (
            "ALTER TABLE a ALTER n DROP NOT NULL",
            "UPDATE a SET n = 'x' WHERE n IS NULL; ALTER TABLE a ALTER n SET NOT NULL",
            set(),
        ),
        ("ALTER TABLE a ALTER n TYPE text", "ALTER TABLE a ALTER n TYPE varchar(20)", {"data-dependent"}),
        (
            "ALTER TABLE a DROP CONSTRAINT a_r_fkey",
            "ALTER TABLE a ADD CONSTRAINT a_r_fkey FOREIGN KEY (r) REFERENCES b (id)",
            {"data-dependent"},
        ),
        ("CREATE EXTENSION IF NOT EXISTS citext", "SELECT 1", {"wrong~"}),
        ("DO $$ BEGIN EXECUTE 'x'; END $$", "DROP TABLE nowhere", {"unsure"}),
    ],
)
def test_what_may_fail_and_what_is_lost(up: str, down: str, expected: set[str]) -> None:
    found = words(up, down)
    if "nowhere" in down:
        assert found <= expected
    else:
        assert found == expected


MYSQL = "CREATE TABLE `a` (`id` int NOT NULL AUTO_INCREMENT,"
MYSQL += " `n` varchar(20) NOT NULL DEFAULT '0', PRIMARY KEY (`id`), KEY `k` (`n`, `id`))"


@pytest.mark.parametrize(
    ("up", "down", "expected"),
    [
        (
            "ALTER TABLE a CHANGE n m varchar(20) NOT NULL DEFAULT '0'",
            "ALTER TABLE a CHANGE m n varchar(20) NOT NULL DEFAULT '0'",
            set(),
        ),
        (
            "ALTER TABLE a MODIFY n varchar(30) NOT NULL DEFAULT 0",
            "ALTER TABLE a MODIFY N varchar(20) NOT NULL DEFAULT '0'",
            {"data-dependent"},
        ),
        ("ALTER TABLE a MODIFY n varchar(30)", "ALTER TABLE a MODIFY n varchar(20)", {"wrong", "data-dependent"}),
        ("ALTER TABLE a DROP COLUMN n", "ALTER TABLE a ADD n varchar(20) NOT NULL DEFAULT '0'", {"wrong", "lossy"}),
        (
            "ALTER TABLE a DROP COLUMN n",
            "ALTER TABLE a ADD n varchar(20) NOT NULL DEFAULT '0', DROP KEY k, ADD KEY k (n, id)",
            {"lossy"},
        ),
        ("ALTER TABLE a DROP KEY k", "CREATE INDEX k ON a (n, id)", set()),
        ("ALTER TABLE a ADD UNIQUE (n)", "ALTER TABLE a DROP INDEX n", set()),
        ("RENAME TABLE a TO b", "RENAME TABLE b TO a", set()),
        (
            "ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES z (id)",
            "ALTER TABLE a DROP FOREIGN KEY f",
            set(),
        ),
    ],
)
def test_mysql(up: str, down: str, expected: set[str]) -> None:
    assert words(up, down, MYSQL, "mysql") == expected


def test_a_type_that_comes_back_leaves_casts_in_expressions() -> None:
    base = (
        "CREATE TABLE a (i integer, j integer); CREATE INDEX x ON a (coalesce(i, j)); CREATE INDEX y ON a (i, (i + 1))"
    )
    found = remarks("ALTER TABLE a ALTER i TYPE bigint", "ALTER TABLE a ALTER i TYPE integer", base)
    assert [remark.object for remark in found if remark.word == "wrong"] == ["x"]


def test_an_index_is_looked_for_in_its_schema() -> None:
    base = "CREATE TABLE a (i integer)"
    assert words("CREATE INDEX x ON a (i)", "DROP INDEX IF EXISTS other.x", base) == {"wrong"}
    assert words("CREATE INDEX x ON a (i)", "DROP INDEX public.x", base) == set()


COPY = "CREATE TABLE n ({}); INSERT INTO n SELECT {} FROM a; DROP TABLE a; ALTER TABLE n RENAME TO a"
SQLITE = "CREATE TABLE a (i integer PRIMARY KEY, j text UNIQUE, CONSTRAINT k UNIQUE (i, j))"


@pytest.mark.parametrize(
    ("up", "down", "expected"),
    [
        ("ALTER TABLE a ADD COLUMN k text", "ALTER TABLE a DROP COLUMN K", set()),
        ("ALTER TABLE a RENAME TO b", "ALTER TABLE b RENAME TO a", set()),
        (
            COPY.format("i integer PRIMARY KEY, j text", "*"),
            COPY.format("i integer PRIMARY KEY, j text UNIQUE, UNIQUE (i, j)", "*"),
            set(),
        ),
        (
            COPY.format("i integer PRIMARY KEY", "i"),
            "ALTER TABLE a ADD COLUMN j text",
            {"wrong", "lossy"},
        ),
    ],
)
def test_sqlite(up: str, down: str, expected: set[str]) -> None:
    assert words(up, down, SQLITE, "sqlite") == expected


def test_a_down_that_was_not_read_is_never_called_right() -> None:
    found = remarks("CREATE INDEX x ON a (t)", "DROP INDEX x; DO $$ BEGIN EXECUTE 'DROP TABLE a'; END $$")
    assert [(remark.word, "DROP TABLE a" in remark.text) for remark in found] == [("unsure", True)]

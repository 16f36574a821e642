"""What a query needs of a schema, and what it misses after a change, without a server."""

from __future__ import annotations

import pytest

from gatepost.queries import Broken, Query, broken
from gatepost.queries._judge import judge
from gatepost.queries._placeholders import normal
from gatepost.sql.changes import SchemaChange, Step, walk
from gatepost.sql.reader import read
from gatepost.sql.replay import replay
from gatepost.sql.schema import Schema

BASE = """
CREATE TYPE state AS ENUM ('new', 'old');
CREATE TABLE users (id serial PRIMARY KEY, "Email" text NOT NULL, state state NOT NULL DEFAULT 'new', name text);
CREATE TABLE posts (id serial PRIMARY KEY, user_id int NOT NULL REFERENCES users (id), body text,
                    UNIQUE (user_id, body));
CREATE FUNCTION score(a int, b text) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;
CREATE VIEW emails AS SELECT id, "Email" AS email FROM users;
"""
DROP_NAME = "ALTER TABLE users DROP COLUMN name;"
RENAME_BODY = "ALTER TABLE posts RENAME COLUMN body TO content;"


def sides(base: str, up: str, dialect: str = "postgresql") -> tuple[Schema, Schema, list[SchemaChange]]:
    after = replay(Schema(dialect), read(base, dialect))
    before = after.copy()
    return before, after, list(walk([Step("up.sql", read(up, dialect), dialect)], after))


def judged(query: str, up: str, base: str = BASE, dialect: str = "postgresql", style: str = "") -> list[Broken]:
    return broken([Query(query, "q.sql", style=style)], *sides(base, up, dialect))


@pytest.mark.parametrize(
    ("query", "up", "kind", "thing", "operation"),
    [
        ("select name from users", DROP_NAME, "column", "users.name", "drop-column"),
        ("select u.name from users u", DROP_NAME, "column", "users.name", "drop-column"),
        ("select u.NAME from public.users as u", DROP_NAME, "column", "users.name", "drop-column"),
        ("select x.name from (select * from users) x", DROP_NAME, "column", ".name", "drop-column"),
        ("with x as (select name from users) select name from x", DROP_NAME, "column", "users.name", "drop-column"),
        ("select 1 from posts p where exists (select 1 from users where name = p.body)", DROP_NAME, "column",
         "users.name", "drop-column"),
        ("update users set name = null where id = 1", DROP_NAME, "column", "users.name", "drop-column"),
        ("update users set (state, name) = ('old', $1)", DROP_NAME, "column", "users.name", "drop-column"),
        ("insert into users (\"Email\", name) select body, 'x' from posts", DROP_NAME, "column", "users.name",
         "drop-column"),
        ("delete from posts p using users u where u.name = p.body", DROP_NAME, "column", "users.name", "drop-column"),
        ("select p.id from posts p, lateral (select u.name from users u where u.id = p.user_id) l", DROP_NAME,
         "column", "users.name", "drop-column"),
        ("select id from users order by name", DROP_NAME, "column", "users.name", "drop-column"),
        ("merge into users u using posts p on p.user_id = u.id when matched then update set name = p.body", DROP_NAME,
         "column", "users.name", "drop-column"),
        ("update posts set body = $1", RENAME_BODY, "column", "posts.body", "rename-column"),
        ("insert into posts (user_id, body) values ($1, $2) on conflict (user_id, body) do nothing", RENAME_BODY,
         "column", "posts.body", "rename-column"),
        ("insert into posts as p (user_id) values ($1) on conflict (id) do update set user_id = 2 where p.body = 'x'",
         RENAME_BODY, "column", "posts.body", "rename-column"),
        ("insert into posts (user_id) values (1) returning body", RENAME_BODY, "column", "posts.body",
         "rename-column"),
        ('select "Email" from users', 'ALTER TABLE users RENAME COLUMN "Email" TO email', "column", "users.Email",
         "rename-column"),
        ("select id from users", "ALTER TABLE users RENAME TO people", "table", "users.", "rename-table"),
        ("select 1 from users u join posts p on p.user_id = u.id", "DROP TABLE posts", "table", "posts.",
         "drop-table"),
        ("insert into posts (user_id) values ($1)", "DROP TABLE posts", "table", "posts.", "drop-table"),
        ("select email from emails", "DROP VIEW emails", "table", "emails.", "drop-object"),
        ("select score(id, 'x') from users", "DROP FUNCTION score(int, text)", "function", ".score", "drop-object"),
        ("select 1 from users where state = 'old'", "ALTER TYPE state RENAME VALUE 'old' TO 'gone'", "enum-value",
         "state.old", "rename-enum-value"),
        ("select 1 from users where state in ('new', 'old')", "ALTER TYPE state RENAME VALUE 'old' TO 'gone'",
         "enum-value", "state.old", "rename-enum-value"),
        ("insert into users (\"Email\", state) values ($1, 'old')", "ALTER TYPE state RENAME VALUE 'old' TO 'gone'",
         "enum-value", "state.old", "rename-enum-value"),
        ("select 'old'::state", "ALTER TYPE state RENAME VALUE 'old' TO 'gone'", "enum-value", "state.old",
         "rename-enum-value"),
        ("select $1::state", "ALTER TYPE state RENAME TO status", "type", ".state", "rename-object"),
        ("insert into users (\"Email\") values ($1)", "ALTER TABLE users ADD COLUMN age int NOT NULL",
         "required-column", "users.age", "add-column"),
        ("insert into users (\"Email\") values ($1)", "ALTER TABLE users ALTER COLUMN name SET NOT NULL",
         "required-column", "users.name", "set-nullable"),
        ("insert into users (\"Email\") values ($1)", "ALTER TABLE users ALTER COLUMN state DROP DEFAULT",
         "required-column", "users.state", "set-default"),
        ("insert into posts (user_id, body) values (1, 'x') on conflict (user_id, body) do nothing",
         "ALTER TABLE posts DROP CONSTRAINT posts_user_id_body_key", "constraint", "posts.body, user_id",
         "drop-constraint"),
        ("insert into posts (user_id) values (1) on conflict on constraint posts_pkey do nothing",
         "ALTER TABLE posts RENAME CONSTRAINT posts_pkey TO p", "constraint", "posts.posts_pkey",
         "rename-constraint"),
        ("select 1 from posts where user_id = $1::int", "ALTER TABLE posts ALTER user_id TYPE uuid USING NULL",
         "comparison", "posts.user_id", "set-type"),
        ("select 1 from posts p join users u on u.id = p.user_id", "ALTER TABLE posts ALTER user_id TYPE text",
         "comparison", "posts.user_id", "set-type"),
        ("update posts set user_id = $1::text::bigint", "ALTER TABLE posts ALTER user_id TYPE uuid USING NULL",
         "comparison", "posts.user_id", "set-type"),
        ("insert into posts (user_id, body) values ($1::int, 'x')",
         "ALTER TABLE posts ALTER user_id TYPE jsonb USING NULL", "comparison", "posts.user_id", "set-type"),
        ("select state from users u join posts p on p.user_id = u.id", "ALTER TABLE posts ADD COLUMN state text",
         "ambiguous", "users.state", "add-column"),
    ],
)  # fmt: skip
def test_what_breaks(query: str, up: str, kind: str, thing: str, operation: str) -> None:
    found = judged(query, up)
    assert [(each.kind, f"{each.table}.{each.object}") for each in found] == [(kind, thing)]
    assert found[0].blame
    assert found[0].blame.operation.word == operation
    assert found[0].certain


@pytest.mark.parametrize(
    ("query", "up"),
    [
        ("select id from users", DROP_NAME),
        ("select * from users", DROP_NAME),
        ("select u from users u", DROP_NAME),
        ("select p.body as name from posts p order by name", DROP_NAME),
        ("select name from posts_by_name", DROP_NAME),
        ("select new.name from users", DROP_NAME),
        ("select name from somewhere.users", DROP_NAME),
        ("with users as (select body as name from posts) select name from users", DROP_NAME),
        ("select (users.address).name from users", DROP_NAME),
        ("select j.name from users, jsonb_to_recordset($1) as j(name text)", DROP_NAME),
        ("select body from posts", "ALTER TABLE users ADD COLUMN body text"),
        ("select u.id from users u join posts p using (id)", "ALTER TABLE posts ADD COLUMN name text"),
        ('insert into users ("Email", age) values ($1, 2)', "ALTER TABLE users ADD COLUMN age int NOT NULL"),
        ('insert into users ("Email") values ($1)', "ALTER TABLE users ADD COLUMN age int NOT NULL DEFAULT 1"),
        (
            'insert into users ("Email") values ($1)',
            "ALTER TABLE users ADD COLUMN age int GENERATED ALWAYS AS (1) STORED NOT NULL",
        ),
        ("select score(1, 'x')", "CREATE OR REPLACE FUNCTION score(a int, b text) RETURNS int LANGUAGE sql AS ''"),
        ("select 1 from users where state::text = 'old'", "ALTER TYPE state RENAME VALUE 'old' TO 'gone'"),
        ("select 1 from users where name = 'old'", "ALTER TYPE state RENAME VALUE 'old' TO 'gone'"),
        ("select id from users", "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people"),
        ("select 1 from posts where user_id = $1::int", "ALTER TABLE posts ALTER user_id TYPE bigint"),
        ("select 1 from posts where user_id = $1", "ALTER TABLE posts ALTER user_id TYPE uuid USING NULL"),
        ("insert into posts (user_id, body) values ($1::int, 'x')", "ALTER TABLE posts ALTER user_id TYPE text"),
        ("select the name from users where", DROP_NAME),
        ("select name from users; drop table users", DROP_NAME),
        ("select {{ columns }} , name from users", DROP_NAME),
        ("select xmin, ctid from users", DROP_NAME),
    ],
)
def test_what_does_not_break(query: str, up: str) -> None:
    assert judged(query, up) == []


FUNCTION = "CREATE FUNCTION page(a date, b int) RETURNS TABLE (id uuid, at date) LANGUAGE sql AS $$ SELECT 1 $$;"


@pytest.mark.parametrize(
    ("query", "up", "kinds"),
    [
        ("select * from page($1, $2)", "{drop} CREATE FUNCTION page(a date, b int, c int) {rest}", ["function"]),
        ("select * from page($1, $2)", "{drop} CREATE FUNCTION page(a date, b int, c int = 1) {rest}", []),
        ("select p.id from page($1, $2) p", "{drop} CREATE FUNCTION page(a date, b int) {rest}", ["column"]),
        ("select p.at from page($1, $2) p", "{drop} CREATE FUNCTION page(a date, b int) {rest}", []),
        ("select x from page($1, $2) p (x)", "{drop} CREATE FUNCTION page(a date, b int) {rest}", []),
    ],
)
def test_functions_are_told_apart_by_their_arguments_and_rows(query: str, up: str, kinds: list[str]) -> None:
    rest = "RETURNS TABLE (at date) LANGUAGE sql AS $$ SELECT 1 $$;"
    up = up.format(drop="DROP FUNCTION page(date, int);", rest=rest)
    assert [each.kind for each in judged(query, up, FUNCTION)] == kinds


def test_a_type_that_is_dropped_takes_its_columns_along() -> None:
    base = """CREATE TYPE "Kind" AS ENUM ('a', 'b'); CREATE TABLE t (id int, kind "Kind", other "Kind");"""
    up = """CREATE TYPE new AS ENUM ('a'); ALTER TABLE t ALTER kind TYPE new USING kind::text::new;
            DROP TYPE "Kind" CASCADE; ALTER TYPE new RENAME TO "Kind";"""
    (found,) = judged("select other from t", up, base)
    assert found.blame
    assert (found.kind, found.blame.operation.word) == ("column", "drop-object")
    assert [each.object for each in judged("select 1 from t where kind = 'b'", up, base)] == ["b"]
    assert judged("select 1 from t where kind = 'a'", up, base) == []


def test_a_trigger_that_may_fill_the_column_makes_it_uncertain() -> None:
    base = BASE + "CREATE TRIGGER fill BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f();"
    found = judged('insert into users ("Email") values ($1)', "ALTER TABLE users ADD COLUMN age int NOT NULL", base)
    assert [each.certain for each in found] == [False]


def test_a_table_whose_beginning_nobody_saw_is_judged_by_what_was_dropped() -> None:
    base = "ALTER TABLE legacy ADD COLUMN seen int; "
    up = "ALTER TABLE legacy DROP COLUMN seen"
    assert [each.object for each in judged("select seen from legacy", up, base)] == ["seen"]
    assert judged("select other from legacy", up, base) == []


@pytest.mark.parametrize(
    ("query", "up", "count"),
    [
        ("REPLACE INTO t (a) VALUES (?)", "ALTER TABLE t DROP COLUMN a", 1),
        ("INSERT INTO t SET a = 1 ON DUPLICATE KEY UPDATE b = VALUES(b)", "ALTER TABLE t DROP COLUMN b", 1),
        ("UPDATE t JOIN u ON t.id = u.id SET t.a = 1", "ALTER TABLE t DROP COLUMN a", 1),
        ("SELECT `A` FROM T", "ALTER TABLE t CHANGE a c int", 1),
        ("INSERT IGNORE INTO t (a) VALUES (1)", "ALTER TABLE t ADD COLUMN z int NOT NULL", 0),
        ("DELETE t FROM t JOIN u ON t.id = u.id WHERE u.b = 1", "ALTER TABLE u DROP COLUMN b", 1),
    ],
)
def test_mysql(query: str, up: str, count: int) -> None:
    base = "CREATE TABLE t (id int primary key, a int, b int); CREATE TABLE u (id int primary key, b int);"
    assert len(judged(query, up, base, "mysql")) == count


@pytest.mark.parametrize(
    ("query", "count"),
    [("select name from t where id = ?1", 1), ('select "name" from t', 0), ("insert into t values (1, 'x')", 0)],
)
def test_sqlite(query: str, count: int) -> None:
    base = "CREATE TABLE t (id integer primary key, name text);"
    assert len(judged(query, "ALTER TABLE t DROP COLUMN name", base, "sqlite")) == count


@pytest.mark.parametrize(
    ("text", "dialect", "style", "wanted"),
    [
        ("a = @a::int or b = @a", "postgresql", "", "a = $1::int or b = $1"),
        ("a = sqlc.arg(x) and b = sqlc.narg('y')", "postgresql", "", "a = $1 and b = $2"),
        ("select sqlc.embed(users) from users", "postgresql", "", "select users.* from users"),
        ("a = :foo and b::text = '10:3'", "postgresql", "", "a = $1 and b::text = '10:3'"),
        ("c[1:2] = :foo", "postgresql", "", "c[1:2] = $1"),
        ("a ? 'x' and b = ?", "postgresql", "", "a ? 'x' and b = $1"),
        ("a = %s and b = %(n)s and c %% 2 = 1", "postgresql", "percent", "a = $1 and b = $2 and c % 2 = 1"),
        ("a = $2 and b = ?", "postgresql", "", "a = $2 and b = $3"),
        ("a @> $1 and @ b > 1", "postgresql", "", "a @> $1 and @ b > 1"),
        ("a = :v:foo", "postgresql", "", "a = $1"),
        ("a = @x and b = :y", "mysql", "", "a = @x and b = ?"),
        ("a = ?1 and b = $name and c = @d", "sqlite", "", "a = ? and b = ? and c = ?"),
        ("select {{ x }}", "postgresql", "", None),
        ("select ${x}", "postgresql", "", None),
        ("select * from :i:table", "postgresql", "", None),
        ("select %d from t where a = %v", "postgresql", "", None),
        ("select '\0'", "postgresql", "", None),
    ],
)  # fmt: skip
def test_placeholders(text: str, dialect: str, style: str, wanted: str | None) -> None:
    assert normal(text, dialect, style) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "select " + "(" * 5000 + "1" + ")" * 5000,
        "select name from users where " + " and ".join(["name = 'x'"] * 3000),
        "select " + "case when 1 then " * 150 + "1" + " end" * 150 + ", name from users",
        "select name from users" + " union select name from users" * 800,
        "select '" + "x" * 200_000,
        "select name from users where (((",
        "\x00\x01",
        "select $$ from users",
        "",
    ],
)
def test_hostile_queries_are_judged_or_counted_as_unread(text: str) -> None:
    found = judge([Query(text, "q.sql")], *sides(BASE, DROP_NAME))
    assert found.judged + len(found.unread) == 1

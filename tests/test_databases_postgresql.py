"""A scratch PostgreSQL: databases, scripts, failures with their line, templates, what is left behind."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from _postgresql import scratch, statements
from gatepost.databases import Database, Failed, Limits, Needs, Scratch, Statement, Unable, postgresql


@pytest.fixture(scope="module")
def server() -> Iterator[Scratch]:
    with scratch() as opened:
        yield opened


@pytest.fixture
def database(server: Scratch) -> Iterator[Database]:
    made = server.empty()
    yield made
    made.drop()


def ask(database: Database, sql: str) -> list[tuple[object, ...]]:
    connection = database.trusted()
    try:
        return connection.rows(sql)
    finally:
        connection.close()


def test_it_says_where_it_comes_from(server: Scratch) -> None:
    assert server.how.startswith(f"PostgreSQL {server.version}, a cluster of its own (")


def test_a_script_is_committed_on_a_connection_of_its_own(database: Database) -> None:
    seconds = database.run(
        statements("create table t (a int)", "insert into t values (1), (2)", "set timezone = 'CET'")
    )
    assert 0 < seconds < 10
    assert ask(database, "select count(*), current_setting('timezone') from t") == [(2, "UTC")]


def test_a_script_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(Failed):
        database.run(statements("create table t (a int)", "select 1 / 0"))
    assert ask(database, "select to_regclass('t')") == [(None,)]


def test_without_a_transaction_each_statement_stands_for_itself(database: Database) -> None:
    database.run(statements("create table t (a int)", "create index concurrently i on t (a)"), transaction=False)
    with pytest.raises(Failed, match="cannot run inside a transaction block"):
        database.run(statements("drop index concurrently i"))
    with pytest.raises(Failed):
        database.run(statements("insert into t values (1)", "select nothing"), transaction=False)
    assert ask(database, "select count(*) from t") == [(1,)]


def test_what_comes_before_is_run_on_the_same_connection(database: Database) -> None:
    database.run(statements("create table s.t (a int)"), setup=["create schema s", "set search_path = s"])
    database.run(statements("insert into t values (1)"), setup=["set search_path = s"])
    with pytest.raises(Failed, match="nowhere"):
        database.run(statements("select 1"), setup=["select nowhere"])


@pytest.mark.parametrize(
    ("text", "line", "code", "message"),
    [
        ("select 1,\n  nothing", 11, "42703", 'column "nothing" does not exist'),
        ("select 1 /\n 0", 10, "22012", "division by zero"),
        ("selec 1", 10, "42601", 'syntax error at or near "selec"'),
        ("do $$\nbegin\n  perform 1;\n  raise exception 'stop' using errcode = 'GP001';\nend $$", 13, "GP001", "stop"),
        ("do $x$ begin\n\n perform 1 / 0; end $x$", 12, "22012", "division by zero"),
        ("select 'é',\n 'ü', nothing", 11, "42703", 'column "nothing" does not exist'),
        ("select 1; select 2;\nselect nothing", 11, "42703", 'column "nothing" does not exist'),
    ],
)
def test_a_failure_names_the_line_in_the_file(
    database: Database, text: str, line: int, code: str, message: str
) -> None:
    with pytest.raises(Failed) as failed:
        database.run([Statement("select 1", 1), Statement(text, 10)])
    assert (failed.value.line, failed.value.code, failed.value.statement) == (line, code, text)
    assert failed.value.message.startswith(message)


def test_what_was_put_off_fails_at_the_end(database: Database) -> None:
    database.run(statements("create table t (a int primary key, b int references t deferrable initially deferred)"))
    with pytest.raises(Failed, match="violates foreign key constraint") as failed:
        database.run(statements("select 1", "insert into t values (1, 2)"))
    assert (failed.value.code, failed.value.line) == ("23503", 2)


def test_commit_and_rollback_in_the_file_do_not_confuse_it(database: Database) -> None:
    database.run(statements("begin", "create table t (a int)", "commit", "insert into t values (1)"))
    database.run(statements("insert into t values (2)", "rollback", "insert into t values (3)"))
    with pytest.raises(Failed):
        database.run(statements("insert into t values (4)", "commit", "insert into t values (5)", "select nothing"))
    assert ask(database, "select array_agg(a order by a) from t") == [([1, 3, 4, 5],)]


def test_a_role_that_the_sql_names_is_made_without_rights(database: Database) -> None:
    script = statements(
        "create table t (a int)",
        'grant select on t to reader, "Odd""one"',
        "alter default privileges grant select on tables to other",
    )
    with pytest.raises(Unable, match="does not have the role"):
        database.run(statements("create table u (a int)", "commit", "begin", "grant select on u to somebody"))
    database.run(script)
    database.run(statements("grant insert on t to writer"), transaction=False)
    assert ask(database, "select count(*) from pg_roles where rolname in ('reader', 'other', 'writer')") == [(3,)]
    with pytest.raises(Unable, match='role "elsewhere" does not exist'):
        database.run(statements("set role elsewhere"))


def test_an_empty_script_is_fine(database: Database) -> None:
    assert database.run([]) < 10
    database.run(statements("", "-- only a comment", ";"))


def test_the_confined_connection_prepares_queries(database: Database) -> None:
    database.run(statements("create table t (a int)"))
    connection = database.confined()
    connection.rows("prepare q as select a from t where a = $1")
    with pytest.raises(Failed, match='column "b" does not exist'):
        connection.rows("prepare r as select b from t")
    connection.close()


def test_the_trusted_connection_reads_and_writes_whatever_the_rights(database: Database) -> None:
    database.run(
        statements(
            "create table t (a int)",
            "create table hidden (a int)",
            "alter table hidden enable row level security",
            "alter table hidden force row level security",
            "revoke all on t from public, current_user",
        )
    )
    trusted = database.trusted()
    trusted.rows("insert into t values (1); insert into hidden values (1)")
    assert trusted.rows("select * from t, hidden") == [(1, 1)]
    trusted.rows("set session_replication_role = replica")
    trusted.rows("begin; insert into t values (2)")
    trusted.close()
    assert ask(database, "select count(*) from t") == [(1,)]


def test_a_template_is_built_once_and_cloned(server: Scratch) -> None:
    built, key = [], uuid.uuid4().hex

    def build(database: Database) -> None:
        built.append(database.name)
        database.run(statements("create table t (a int)", "insert into t values (7)"))
        database.run(statements(f"alter database {database.name} set work_mem = '5MB'"))

    clone = server.template(key, build)
    first, second = clone(), clone()
    first.run(statements("delete from t"))
    assert ask(second, "select a, current_setting('work_mem') from t") == [(7, "5MB")]
    assert ask(server.template(key, build)(), "select a from t") == [(7,)]
    assert len(built) == 1
    url = server.url(second)
    assert url.startswith(f"postgresql://migrator@/{second.name}?host=%2F")


def test_another_major_is_not_a_pass() -> None:
    with (
        pytest.raises(Unable, match=r"PostgreSQL 8 is needed, and only .* installed") as said,
        scratch(Needs(version="8.4")),
    ):
        pass
    assert "install PostgreSQL 8 (Debian: postgresql-8 from apt.postgresql.org)" in said.value.hint


def test_a_loop_is_ended_from_outside() -> None:
    swallow = (
        "do $$ begin loop begin perform pg_sleep(60); exception when query_canceled then null; end; end loop; end $$"
    )
    with scratch(limits=Limits(seconds=0.5)) as opened:
        database = opened.empty()
        with pytest.raises(Unable, match=r"it ran for more than 0\.5 s"):
            database.run(statements("set statement_timeout = 0", swallow))
        database.run(statements("create table t (a int)"))


def test_without_the_driver_no_server_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(Unable, match="pg8000 is not installed") as unable:
        postgresql.ENGINE.scratch(Needs(), Limits())
    assert "gatepost[databases]" in unable.value.hint

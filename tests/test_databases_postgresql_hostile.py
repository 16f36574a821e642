"""What a push could try on a scratch PostgreSQL: each statement is run on a real one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from _postgresql import scratch, statements
from gatepost.databases import Database, Failed, Limits, Scratch, Statement, Unable

BOUNDS = Limits(seconds=2, disk=200 << 20, memory=800 << 20)


@pytest.fixture(scope="module")
def server() -> Iterator[Scratch]:
    with scratch(limits=BOUNDS) as opened:
        yield opened


@pytest.fixture
def database(server: Scratch) -> Iterator[Database]:
    made = server.empty()
    yield made
    made.drop()


REFUSED = {
    "copy to a program": "copy (select 1) to program 'touch {out}'",
    "copy from a program": "create table t (a text); copy t from program 'id'",
    "copy from a file": "create table t (a text); copy t from '/etc/passwd'",
    "copy to a file": "copy (select 1) to '{out}'",
    "lo_import": "select lo_import('/etc/passwd')",
    "lo_export": "select lo_export(lo_from_bytea(0, 'x'), '{out}')",
    "pg_read_file": "select pg_read_file('/etc/passwd')",
    "pg_read_binary_file": "select pg_read_binary_file('postgresql.conf')",
    "pg_ls_dir": "select pg_ls_dir('/')",
    "pg_stat_file": "select pg_stat_file('/etc/passwd')",
    "settings with paths": "select current_setting('data_directory')",
    "dblink": "create extension dblink",
    "a foreign data wrapper": "create extension postgres_fdw",
    "a file wrapper": "create extension file_fdw",
    "its own wrapper": "create foreign data wrapper w",
    "adminpack": "create extension adminpack",
    "a function in C": "create function f() returns int language c as 'libc', 'system'",
    "an internal function": "create function f(text) returns text language internal as 'pg_read_file_all'",
    "a base type": "create type x",
    "an untrusted language": "create extension plpython3u",
    "a missing extension": "create extension no_such_extension",
    "alter system": "alter system set fsync = on",
    "a role": "create role r",
    "a superuser": "create role r superuser",
    "becoming superuser": "alter role current_user superuser",
    "more connections": "alter role current_user connection limit 100",
    "joining a role": "grant pg_read_server_files to current_user",
    "set role": "set role gatepost",
    "set role of the seeder": "set role seeder",
    "session authorization": "set session authorization gatepost",
    "what belongs to others": "reassign owned by gatepost to current_user",
    "defaults of others": "alter default privileges for role gatepost grant all on tables to public",
    "a database": "create database d",
    "dropping a database": "drop database template1",
    "the template of others": "alter database template1 is_template false",
    "a tablespace": "create tablespace t location '/tmp'",
    "a subscription": "create subscription s connection 'host=192.0.2.1' publication p",
    "an event trigger": "create function f() returns event_trigger language plpgsql as 'begin end';"
    " create event trigger e on ddl_command_start execute function f()",
    "a publication of all": "create publication p for all tables",
    "triggers off": "set session_replication_role = replica",
    "a replication slot": "select pg_create_physical_replication_slot('s')",
    "a logical slot": "select pg_create_logical_replication_slot('s', 'pgoutput')",
    "load": "load 'auto_explain'",
    "load of a file": "load '{out}'",
    "the library path": "set dynamic_library_path = '/tmp'",
    "the temporary file limit": "set temp_file_limit = -1",
    "the stack": "set max_stack_depth = '100MB'",
    "logging": "set log_min_messages = debug5",
    "logging by function": "select set_config('log_statement', 'all', false)",
    "ending the administrator": "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gatepost'",
    "reloading": "select pg_reload_conf()",
    "passwords": "select * from pg_authid",
    "who may connect": "select * from pg_hba_file_rules",
    "a catalog": "update pg_class set relname = 'x'",
    "pg_catalog": "create table pg_catalog.x (a int)",
    "checkpoint": "checkpoint",
    "another WAL": "select pg_switch_wal()",
    "a prepared transaction": "begin; prepare transaction 'x'",
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_role_may_not_do_is_unknown(database: Database, tmp_path: Path, what: str) -> None:
    out = tmp_path / "out"
    tmp_path.chmod(0o777)
    texts = REFUSED[what].format(out=out).split("; ")
    with pytest.raises(Unable) as refused:
        database.run(statements(*texts), transaction=False)
    assert not out.exists()
    assert f"line {len(texts)}: " in refused.value.message
    assert any(
        said in refused.value.message
        for said in ("may not do that", "cannot do that", "does not have the extension", "lacks a file")
    )


def test_a_trigger_does_not_run_as_superuser_when_rows_are_seeded(database: Database, tmp_path: Path) -> None:
    body = f"begin copy (select 1) to program 'touch {tmp_path}/out'; return new; end"
    database.run(
        statements(
            "create table t (a int)",
            f"create function f() returns trigger language plpgsql as $${body}$$",
            "create trigger g before insert on t for each row execute function f()",
        )
    )
    trusted = database.trusted()
    with pytest.raises(Failed, match=r"superuser or have privileges of|permission denied to COPY"):
        trusted.rows("insert into t values (1)")
    assert trusted.rows("select rolsuper from pg_roles where rolname = session_user") == [(False,)]
    trusted.close()


def test_a_trigger_that_loops_is_ended_when_rows_are_seeded(database: Database) -> None:
    loop = "begin loop begin perform pg_sleep(9); exception when query_canceled then null; end; end loop; end"
    database.run(
        statements(
            "create table t (a int)",
            f"create function f() returns trigger language plpgsql as '{loop}'",
            "create trigger g before insert on t for each row execute function f()",
        )
    )
    trusted = database.trusted()
    with pytest.raises(Unable, match="it ran for more than 2 s"):
        trusted.rows("set statement_timeout = 0; insert into t values (1)")
    trusted.close()


LOOP = "do $$ begin loop {} end loop; end $$"
# Which bound is met first depends on how busy the machine is.
FULL = (
    "ran for more than 2 s|did not end in time|memory that it may use|out of shared memory|larger than it may be|"
    "200 MiB of disk|disk that it may use"
)
UNBOUNDED = {
    "sleep": (["set statement_timeout = 0", "select pg_sleep(100)"], "ran for more than 2 s"),
    "sleep within the default": (["select pg_sleep(100)"], FULL),
    "a swallowed cancel": (
        [LOOP.format("begin perform pg_sleep(9); exception when query_canceled then null; end;")],
        "ran for more than 2 s",
    ),
    "an endless query": (
        [
            "set statement_timeout = 0",
            "with recursive r as (select 1 union all select 1 from r) select count(*) from r",
        ],
        FULL,
    ),
    "large strings": (["create table t as select repeat('x', 900000000) a"], FULL),
    "strings put together": (
        ["do $$ declare s text := repeat('x', 300000000); begin s := s || s || s; end $$"],
        FULL,
    ),
    "much working memory": (
        [
            "set work_mem = '2GB'",
            "set hash_mem_multiplier = 1000",
            "select distinct g from generate_series(1, 90000000) g",
        ],
        FULL,
    ),
    "a large table": (
        ["create table t as select repeat(md5(g::text), 30) a from generate_series(1, 9000000) g"],
        FULL,
    ),
    "tables in small steps": (
        [
            "create table t (a text)",
            LOOP.format("insert into t select repeat('x', 1000) from generate_series(1, 50000);"),
        ],
        FULL,
    ),
    "temporary files": (
        ["set work_mem = '64kB'", "select count(*) from (select g from generate_series(1, 90000000) g order by -g) x"],
        FULL,
    ),
    "rows for nobody": (
        ["select repeat('x', 100000) from generate_series(1, 90000000)"],
        FULL,
    ),
    "advisory locks": (["select pg_advisory_lock(g) from generate_series(1, 900000) g"], FULL),
    "many locks": (
        ["do $$ begin for i in 1..900000 loop execute 'create table t' || i || '(a int)'; end loop; end $$"],
        FULL,
    ),
    "notifications": (
        ["listen x", LOOP.format("perform pg_notify('x', md5(random()::text) || repeat('y', 5000));")],
        FULL,
    ),
    "notices": ([LOOP.format("raise notice '%', repeat('x', 100000);")], FULL),
    "logs": ([LOOP.format("raise log '%', repeat('x', 100000);")], FULL),
    "subtransactions": (
        [LOOP.format("begin perform 1 / 0; exception when division_by_zero then null; end;")],
        FULL,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", UNBOUNDED)
def test_what_has_no_end_is_ended(database: Database, what: str) -> None:
    texts, said = UNBOUNDED[what]
    begun = time.monotonic()
    with pytest.raises(Unable, match=said):
        database.run(statements(*texts))
    assert time.monotonic() - begun < 8
    assert database.run(statements("create table after (a int)")) < 5


def test_failures_that_are_its_own_are_failures(database: Database) -> None:
    for text, code in (
        ("do $$ begin execute 'select ' || repeat('(', 100000) || '1' || repeat(')', 100000); end $$", "42601"),
        ("select 1 / 0", "22012"),
        ("create table t (a int); alter table t alter a type text using a::nothing", "42704"),
        ("create table u (a int); create view v as select a from u; alter table u alter a type text", "0A000"),
        ("drop table nothing", "42P01"),
        ("set statement_timeout = 50; select pg_sleep(1)", "57014"),
    ):
        with pytest.raises(Failed) as failed:
            database.run(statements(*text.split("; ")))
        assert failed.value.code == code


def test_a_role_cannot_spoil_later_scripts(server: Scratch, database: Database) -> None:
    database.run(
        statements("alter role current_user set search_path = evil", "alter role current_user set role = none")
    )
    after = server.empty()
    trusted = after.confined()
    assert trusted.rows("select current_setting('search_path'), current_setting('temp_file_limit')") == [
        ('"$user", public', "100MB")
    ]
    trusted.close()
    after.drop()


def test_other_databases_are_closed_to_it(server: Scratch, database: Database) -> None:
    from gatepost.databases._postgresql_address import address
    from gatepost.databases._postgresql_connection import open_wire

    place = address(server.url(database))
    for name in ("postgres", "template1"):
        with pytest.raises(Unable, match="permission denied for database"):
            open_wire(place.to(name), 2)
    wires = [open_wire(place, 2) for _ in range(BOUNDS.connections)]
    with pytest.raises(Unable, match='too many connections for role "migrator"'):
        open_wire(place, 2)
    for wire in wires:
        wire.close()


def test_there_is_no_network(server: Scratch, database: Database) -> None:
    connection = database.confined()
    assert connection.rows("select inet_server_addr(), current_setting('listen_addresses')") == [(None, "")]
    connection.close()


def test_a_template_cannot_be_taken_away(server: Scratch) -> None:
    clone = server.template("hostile", lambda database: None)
    made = clone()
    for text in (
        "drop database template_of_gatepost",
        "alter database template_of_gatepost is_template false",
        "alter database template_of_gatepost allow_connections true",
    ):
        with pytest.raises(Unable, match="must be owner of database"):
            made.run([Statement(text)], transaction=False)
    made.drop()
    clone().drop()

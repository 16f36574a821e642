"""Connections to PostgreSQL: the URL, what is said when it cannot be reached, values, bounds."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from decimal import Decimal

import pytest

from _cluster import Cluster, cluster
from gatepost.databases import Failed, Unable
from gatepost.databases._postgresql_address import address, encryption
from gatepost.databases._postgresql_connection import Wire, connect, open_wire
from gatepost.errors import UsageError


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("postgresql://u:p%40ss@db.example.com:6432/shop", "db.example.com:6432, database shop, role u"),
        ("postgres://u@h", "h:5432, database u, role u"),
        ("postgresql+psycopg2://u:x@h/a%20b", "h:5432, database a b, role u"),
        ("postgresql:///shop?host=/run/postgresql&port=5433&user=me", "/run/postgresql, database shop, role me"),
        ("postgresql://u@%2Frun%2Fpg/shop", "/run/pg, database shop, role u"),
        ("postgresql://u@[::1]:5555/x", "::1:5555, database x, role u"),
    ],
)
def test_a_url_says_where(url: str, where: str) -> None:
    assert address(url).where == f"PostgreSQL at {where}"


def test_a_password_is_taken_from_the_url_then_from_the_environment() -> None:
    assert address("postgresql://u:p%40s%2Fs@h/d").password == "p@s/s"
    assert address("postgresql://u@h/d?password=x", {"PGPASSWORD": "y"}).password == "x"
    assert address("postgresql://u@h/d", {"PGPASSWORD": "y"}).password == "y"
    assert "hunter2" not in repr(address("postgresql://u:hunter2@h/d"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hun/ter2@h/d",
        "postgresql://u:hun#ter2@h/d",
        "postgresql://u:hun?ter2@h/d",
        "postgresql://u:1hunter2:x@h:port/d",
        "postgresql://u:hunter2@[h/d",
        "mysql://u:hunter2@h/d",
        "postgresql://u:hunter2@h,i/d",
        "postgresql://u:hunter2@h/d?sslmode=perhaps",
        "hunter2",
    ],
)
def test_a_url_that_cannot_be_read_is_not_quoted(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        address(url)
    assert "ter2" not in refused.value.message + refused.value.hint


def test_another_machine_must_prove_who_it_is() -> None:
    assert encryption(address("postgresql://u@db.example.com/d")).check_hostname
    assert not encryption(address("postgresql://u@db.example.com/d?sslmode=verify-ca")).check_hostname
    assert encryption(address("postgresql://u@db.example.com/d?sslmode=require")) is True
    assert encryption(address("postgresql://u@localhost/d")) is None
    assert encryption(address("postgresql://u@/d?host=/run/pg")) is False
    with pytest.raises(UsageError, match="sslrootcert"):
        encryption(address("postgresql://u@h/d?sslrootcert=/nowhere"))


def test_a_server_that_is_not_there_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(Unable) as said:
        connect(f"postgresql://u:hunter2@127.0.0.1:{port}/d", 2)
    assert said.value.message == (
        f"PostgreSQL at 127.0.0.1:{port}, database d, role u cannot be reached: Connection refused"
    )
    with pytest.raises(Unable, match="No such file"):
        connect("postgresql://u:hunter2@/d?host=/nowhere", 2)


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        begun = time.monotonic()
        with pytest.raises(Unable, match="timed out"):
            connect(f"postgresql://u:hunter2@127.0.0.1:{port}/d?sslmode=disable", 0.3)
        assert time.monotonic() - begun < 2


def test_a_server_that_dawdles_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as slow:

        def dawdle() -> None:
            peer, _ = slow.accept()
            with peer, contextlib.suppress(OSError):
                for byte in b"N\0\0\1\0" + b"x" * 200:
                    peer.sendall(bytes([byte]))
                    time.sleep(0.1)

        thread = threading.Thread(target=dawdle)
        thread.start()
        begun = time.monotonic()
        with pytest.raises(Unable, match="cannot be reached"):
            connect(f"postgresql://u:hunter2@127.0.0.1:{slow.getsockname()[1]}/d?sslmode=disable", 0.5)
        assert time.monotonic() - begun < 3
        thread.join()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"R\0\0\0\x0c\0\0\0\x63\0\0\0\0"])
def test_a_server_that_speaks_something_else_is_said(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as odd:

        def speak() -> None:
            peer, _ = odd.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(answer)

        thread = threading.Thread(target=speak)
        thread.start()
        with pytest.raises(Unable, match="cannot be reached"):
            connect(f"postgresql://u:hunter2@127.0.0.1:{odd.getsockname()[1]}/d?sslmode=disable", 2)
        thread.join()


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture
def wire(server: Cluster) -> Iterator[Wire]:
    opened = open_wire(address(server.url), 5)
    yield opened
    opened.close()
    opened.close()


def test_wrong_credentials_are_said_without_the_password(server: Cluster) -> None:
    with pytest.raises(Unable, match='role "nobody-here" does not exist') as said:
        connect(f"postgresql://nobody-here:hunter2@/postgres?host={server.directory}", 2)
    assert "hunter2" not in said.value.message
    hba = server.directory / "data" / "pg_hba.conf"
    before = hba.read_text()
    hba.write_text("local all sesame password\n" + before)
    admin = open_wire(address(server.url), 5)
    admin.rows("create role sesame login password 'open'; select pg_reload_conf()")
    time.sleep(0.2)
    try:
        with pytest.raises(Unable, match='password authentication failed for user "sesame"') as said:
            connect(f"postgresql://sesame:hunter2@/postgres?host={server.directory}", 2)
        assert "hunter2" not in said.value.message
        with pytest.raises(Unable, match="the server asks for a password"):
            connect(f"postgresql://sesame@/postgres?host={server.directory}", 2)
        connect(f"postgresql://sesame:open@/postgres?host={server.directory}", 2).close()
    finally:
        hba.write_text(before)
        admin.rows("select pg_reload_conf()")
        admin.close()


def test_staging_is_only_read_in_one_state(server: Cluster) -> None:
    reading = connect(server.url, 5)
    assert reading.version.startswith(("1", "2"))
    assert reading.rows("show transaction_isolation") == [("repeatable read",)]
    assert reading.rows("select current_setting('search_path'), current_setting('statement_timeout')") == [('""', "5s")]
    with pytest.raises(Failed, match="read-only transaction"):
        reading.rows("create table public.t (a int)")
    reading.close()


def test_slow_staging_is_given_up(server: Cluster) -> None:
    reading = connect(server.url, 0.3)
    with pytest.raises(Unable, match=r"did not answer within 0\.3 s"):
        reading.rows("select pg_sleep(10)")
    reading.close()


def test_values_are_those_of_python(wire: Wire) -> None:
    assert wire.rows(
        "select 1, 2::bigint, 3::oid, true, 1.5::float8, 1.50::numeric, 'x'::text, 'n'::name, null, '\\x00ff'::bytea"
    ) == [(1, 2, 3, True, 1.5, Decimal("1.50"), "x", "n", None, b"\x00\xff")]
    assert wire.rows("""select '{1,2}'::int[], '{a,"b c",null}'::text[], '1 2'::int2vector, '{"a": [1]}'::jsonb""") == [
        ([1, 2], ["a", "b c", None], [1, 2], {"a": [1]})
    ]
    assert wire.rows(
        "select 'infinity'::timestamptz, '1 day'::interval, '[1,2)'::int4range, '0044-03-15 BC'::date"
    ) == [("infinity", "1 day", "[1,2)", "0044-03-15 BC")]


def test_values_are_given_by_number(wire: Wire) -> None:
    values = [1, "o'brien", None, True, b"\x00", ["a", 'b"'], 1.5]
    sql = "select $1::int, $2::text, $3::text, $4::bool, $5::bytea, $6::text[], $7::float8"
    assert wire.rows(sql, values) == [tuple(values)]
    with pytest.raises(Failed, match="division by zero"):
        wire.rows("select 1 / $1::int", [0])
    assert wire.rows("select 1") == [(1,)]


def test_a_failure_says_what_the_server_says(wire: Wire) -> None:
    with pytest.raises(Failed) as failed:
        wire.rows("select 1;\nselect nothing")
    assert (failed.value.message, failed.value.code) == ('column "nothing" does not exist', "42703")
    assert failed.value.position == 18
    with pytest.raises(Failed, match="NUL"):
        wire.rows("select '\0'")
    with pytest.raises(Failed, match="client_encoding"):
        wire.rows("select '\udcff'")
    assert wire.rows("select 1") == [(1,)]


def test_a_text_of_many_statements_commits_like_one(wire: Wire) -> None:
    wire.rows("create table t (a int); insert into t values (1); insert into t values (2)")
    assert wire.completed == 3
    with pytest.raises(Failed):
        wire.rows("insert into t values (3); select 1/0; insert into t values (4)")
    assert wire.completed == 1
    wire.rows("begin; insert into t values (5)")
    assert wire.status == "T"
    wire.rows("rollback")
    assert wire.rows("select count(*) from t") == [(2,)]
    wire.rows("drop table t")


def test_copy_and_notifications_do_not_confuse_it(wire: Wire) -> None:
    wire.rows("create temp table c (a text)")
    with pytest.raises(Unable, match="COPY"):
        wire.rows("copy c from stdin")
    assert wire.rows("copy (select 1) to stdout") == []
    wire.rows('listen "ü"; notify "ü", \'ö\'')
    assert wire.rows("do $$ begin for i in 1..1000 loop raise notice 'n %', i; end loop; end $$; select 1") == [(1,)]


def test_what_a_server_sends_is_bounded(server: Cluster) -> None:
    passing = open_wire(address(server.url), 5, keep=False)
    assert passing.rows("select repeat('x', 30000000) from generate_series(1, 3)") == []
    with pytest.raises(Failed) as failed:
        passing.rows("do $$ begin raise exception '%', repeat('x', 30000000); end $$")
    assert len(failed.value.message) <= 2000
    assert passing.rows("select 1") == []
    passing.close()


def test_many_rows_come_quickly(wire: Wire) -> None:
    begun = time.process_time()
    assert len(wire.rows("select g, g::text, now() from generate_series(1, 50000) g")) == 50000
    assert time.process_time() - begun < 3


def test_a_connection_that_is_ended_is_said(server: Cluster, wire: Wire) -> None:
    admin = open_wire(address(server.url), 5)
    assert admin.rows("select pg_terminate_backend($1::int)", [wire.pid]) == [(True,)]
    admin.close()
    with pytest.raises(Unable):
        wire.rows("select 1")
    with pytest.raises(Unable):
        wire.rows("select 1")

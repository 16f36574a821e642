"""An operator's scratch server by URL: roles and databases of ours, templates under a lock, nothing left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from _postgresql import scratch, statements
from gatepost.databases import Database, Failed, Limits, Needs, Scratch, Unable, engine
from gatepost.databases._postgresql_address import address
from gatepost.databases._postgresql_connection import Wire, open_wire

ROLES = """
create role maker login createdb createrole; create role plain login createdb; create role nobody_much login;
create role boss login superuser;
grant connect on database postgres to public
"""


@pytest.fixture(scope="module")
def place() -> Iterator[str]:
    """Give the URL of a server, without role and database."""
    with scratch(limits=Limits(connections=10)) as opened:
        url = opened.url(opened.empty())
        place = url.partition("?")[2]
        admin = open_wire(address(f"postgresql://gatepost@/postgres?{place}"), 5)
        admin.rows(ROLES)
        admin.close()
        yield place


@pytest.fixture
def admin(place: str) -> Iterator[Wire]:
    wire = open_wire(address(f"postgresql://gatepost@/postgres?{place}"), 5)
    yield wire
    wire.close()


def url(place: str, role: str) -> str:
    return f"postgresql://{role}:hunter2@/postgres?{place}"


def opened(
    place: str, role: str, folder: str | None = None, limits: Limits | None = None, version: str = ""
) -> AbstractContextManager[Scratch]:
    made = Needs(url=url(place, role), folder=folder, version=version)
    return engine("postgresql").scratch(made, limits or Limits(seconds=2))


def fill(database: Database) -> None:
    database.run(statements("create table t (a int)", "insert into t values (7)"))


def ask(database: Database, sql: str) -> list[tuple[object, ...]]:
    connection = database.trusted()
    try:
        return connection.rows(sql)
    finally:
        connection.close()


def databases(admin: Wire) -> set[str]:
    return {name for (name,) in admin.rows("select datname from pg_database where datname like 'gatepost%'")}


@pytest.mark.parametrize(
    ("role", "who"), [("boss", "a role of ours"), ("maker", "a role of ours"), ("plain", "its own role")]
)
def test_pushed_sql_runs_there_and_leaves_nothing(place: str, admin: Wire, role: str, who: str) -> None:
    with opened(place, role) as server:
        assert server.how.endswith(f"pushed SQL as {who})")
        assert "hunter2" not in server.how
        database = server.empty()
        fill(database)
        assert ask(database, "select a from t") == [(7,)]
        assert ask(database, "select rolsuper from pg_roles where rolname = session_user") == [(False,)]
        with pytest.raises(Failed) as failed:
            database.run(statements("select 1", "select nothing"))
        assert failed.value.line == 2
        with pytest.raises(Unable, match="may not do that"):
            database.run(statements("copy t to program 'id'"))
        clone = server.template("k", fill)
        assert ask(clone(), "select a from t") == [(7,)]
        assert ask(server.template("k", fill)(), "select a from t") == [(7,)]
        wire = open_wire(address(server.url(database)), 2)
        assert wire.rows("select a from t") == [(7,)]
        wire.close()
    assert databases(admin) == set()


def test_what_runs_too_long_is_ended(place: str) -> None:
    loop = "do $$ begin loop begin perform pg_sleep(9); exception when query_canceled then null; end; end loop; end $$"
    with opened(place, "plain", limits=Limits(seconds=0.5)) as server:
        database = server.empty()
        with pytest.raises(Unable, match=r"it ran for more than 0\.5 s"):
            database.run(statements("set statement_timeout = 0", loop))


def test_what_fills_the_disk_is_ended(place: str) -> None:
    grow = "do $$ begin loop insert into t select repeat('x', 999) from generate_series(1, 9999); end loop; end $$"
    with opened(place, "maker", limits=Limits(seconds=20, disk=60 << 20)) as server:
        database = server.empty()
        with pytest.raises(Unable, match="it used more than 60 MiB of disk"):
            database.run(statements("create table t (a text)", grow))


def test_a_role_that_may_make_nothing_is_not_enough(place: str) -> None:
    with pytest.raises(Unable, match="may not make databases") as said, opened(place, "nobody_much"):
        pass
    assert said.value.hint == 'alter role "nobody_much" createdb createrole'


def test_another_major_is_not_a_pass(place: str) -> None:
    with pytest.raises(Unable, match=r"PostgreSQL 9\.4 is needed, and .* is 1"), opened(place, "plain", version="9.4"):
        pass


def test_templates_are_kept_between_runs_and_half_made_ones_are_not(place: str, admin: Wire) -> None:
    built = []

    def build(database: Database) -> None:
        built.append(database.name)
        fill(database)

    for _ in range(2):
        with opened(place, "maker", folder="/kept") as server:
            assert ask(server.template("kept", build)(), "select a from t") == [(7,)]
    assert len(built) == 1
    (name,) = databases(admin)
    admin.rows(f"comment on database {name} is null")
    with opened(place, "maker", folder="/kept") as server:
        assert ask(server.template("kept", build)(), "select a from t") == [(7,)]
    assert len(built) == 2
    admin.rows(f"alter database {name} is_template false")
    admin.rows(f"drop database {name}")


def test_two_at_once_make_a_template_once(place: str, admin: Wire) -> None:
    built: list[str] = []
    failed: list[BaseException] = []

    def build(database: Database) -> None:
        built.append(database.name)
        database.run(statements("select pg_sleep(0.5)"))
        fill(database)

    def one() -> None:
        try:
            with opened(place, "maker", folder="/kept") as server:
                assert ask(server.template("both", build)(), "select a from t") == [(7,)]
        except BaseException as error:  # noqa: BLE001  # the test's own thread looks at it
            failed.append(error)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failed, len(built)) == ([], 1)
    for name in databases(admin):
        admin.rows(f"alter database {name} is_template false")
        admin.rows(f"drop database {name}")


def test_what_a_killed_run_left_is_swept(place: str, admin: Wire) -> None:
    admin.rows("create database gatepost_0badcafe_1 owner maker")
    admin.rows("create database gatepost_other")
    with opened(place, "maker") as first, opened(place, "maker") as second:
        mine = first.empty()
        with opened(place, "maker"):
            assert databases(admin) == {mine.name, "gatepost_other"}
        second.empty()
    assert databases(admin) == {"gatepost_other"}
    admin.rows("drop database gatepost_other")

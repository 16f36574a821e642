from __future__ import annotations

import json
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

import _traffic
from _cluster import Cluster
from _production import BASE, Production, second
from _traffic import Moment
from gatepost.databases import engine
from gatepost.git import Repository
from gatepost.rehearsals._same import fingerprint
from gatepost.rollbacks import Expectation
from gatepost.rollbacks._probe import Surroundings, look
from servers import Server

INDEX = ("CREATE INDEX users_email ON users (email)", "DROP INDEX users_email")
TABLE = ("CREATE TABLE orders (id integer PRIMARY KEY, total integer)", "DROP TABLE orders")


def production(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, *, watched: bool = True) -> Production:
    pytest.importorskip("alembic", reason="Alembic is not installed")
    monkeypatch.setattr(_traffic, "START", _traffic.START)
    watch = f'[verification]\nsource = "access-log"\npath = "{tmp_path}/access.log"\nwatch = "6s"\npoll = "0.5s"\n'
    plan = '[rollback]\nredeploy = "python deploy.py {oid}"\nowner = "on call"\n'
    dialect = "postgresql" if url.startswith("postgresql") else "sqlite"
    place = f'[[migrations]]\npath = "alembic/versions"\ndialect = "{dialect}"\n'
    server = Server(tmp_path)
    files = {**BASE, "gatepost.toml": (watch if watched else "") + plan + place}
    made = Production(server, tmp_path, url)
    if watched:
        made.traffic(600, time.time() - 600, Moment(rate=60.0))
    made.server.commit_push(files)
    made.deploy(server.tip())
    return made


def schema_of(url: str) -> str:
    found = engine("postgresql" if url.startswith("postgresql") else "sqlite")
    connection = found.connect(url, 10)
    try:
        return fingerprint(found.inspect(connection))
    finally:
        connection.close()


def shipped(made: Production, statements: tuple[str, str]) -> tuple[str, str, dict[str, Any]]:
    """Rehearse and push a deploy with a migration; give what ran before, what runs now, and the stored plan."""
    base = made.server.tip()
    head = made.server.work.commit(second(*statements))
    rehearsed = made.gatepost("rollback", "rehearse", f"{base}..{head}", "--format", "json")
    assert rehearsed.returncode == 0, rehearsed.stderr
    assert made.server.push("main:refs/heads/topic").code == 0  # so that the server can rehearse it itself
    measured = made.gatepost("rehearse", f"{base}..{head}", "--repo", str(made.server.path))
    assert measured.returncode == 0, measured.stderr
    pushed = made.server.push("main")
    assert pushed.code == 0, pushed.text
    made.deploy(head)
    shown = made.gatepost("rollback", "show", head, "--format", "json")
    assert shown.returncode == 0, shown.stderr
    return base, head, json.loads(shown.stdout)


def version(made: Production) -> str:
    around = Surroundings(Repository(made.server.work.path), ".", made.environ, "DATABASE_URL")
    wanted = Expectation("version", "alembic/versions", "?", "SELECT version_num FROM alembic_version")
    return look(wanted, around).found


def whole_story(made: Production, before: str) -> None:
    """Deploy with a migration, regress, roll back at a terminal, and see the verification of the rollback pass."""
    base, head, plan = shipped(made, INDEX)
    assert (plan["class"], plan["basis"], plan["order"]) == ("A", "rehearsal", ["application", "schema"])
    assert plan["tested"]["verdict"] == "reversible"
    assert schema_of(made.url) != before
    bad = time.time()
    made.traffic(4, bad, Moment(rate=200.0, errors=0.3), seed=2)
    assert made.verdict(head) == "regressed"
    (record,) = made.server.records(head, "verification")
    assert record["rollback"] == f"gatepost rollback run {head[:12]}"
    assert f"gatepost rollback run {head[:12]}" in made.gatepost("status", head).stdout

    time.sleep(max(0.0, bad + 4 - time.time()))  # what was written of it lies in the future until then
    code, said = made.at_a_terminal("rollback", "run", head)
    assert code == 0, said
    assert "done: everything is as the plan promises" in said
    expected = plan["expected"]
    assert made.server.tip() == made.live == expected["object"] == base
    assert schema_of(made.url) == expected["schema"] == before
    assert version(made) == expected["versions"][0]["version"] == "a1"
    (moved,) = made.server.records(head, "rollback")
    assert (moved["result"], moved["plan"], moved["to"]) == ("moved", plan["digest"], base)

    made.traffic(8, time.time(), Moment(rate=1200.0), seed=3)
    assert made.verdict(base, 2) == "pass"  # the first watch of it ended with the deploy that regressed
    assert made.server.problems() == ()


@pytest.mark.slow
def test_a_regression_on_sqlite_is_rolled_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = production(tmp_path, f"sqlite:///{tmp_path}/live.db", monkeypatch)
    whole_story(made, schema_of(made.url))


@pytest.mark.slow
def test_a_schema_on_which_the_old_code_runs_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A way down that would destroy what was written since the deploy is left out; the policy may want it."""
    made = production(tmp_path, f"sqlite:///{tmp_path}/live.db", monkeypatch, watched=False)
    base, head, plan = shipped(made, TABLE)
    assert (plan["class"], plan["order"]) == ("B", ["application", "the schema stays"])
    after = schema_of(made.url)
    done = made.gatepost("rollback", "run", head, "--yes", "--plan", plan["digest"])
    assert done.returncode == 0, done.stdout
    assert made.server.tip() == made.live == base
    assert schema_of(made.url) == plan["expected"]["schema"] == after
    assert version(made) == plan["expected"]["versions"][0]["version"] == "b2"


@pytest.mark.slow
def test_production_that_drifted_stops_it_before_the_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = production(tmp_path, f"sqlite:///{tmp_path}/live.db", monkeypatch, watched=False)
    base, head, plan = shipped(made, INDEX)
    with sqlite3.connect(tmp_path / "live.db") as database:
        database.execute("CREATE TABLE by_hand (id integer)")
    database.close()
    done = made.gatepost("rollback", "run", head, "--yes", "--plan", plan["digest"])
    assert (done.returncode, "STOPPED: step 3, before: schema of alembic/versions" in done.stdout) == (1, True)
    assert (made.server.tip(), version(made)) == (base, "b2")


@pytest.mark.slow
def test_a_regression_on_postgresql_is_rolled_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgresql: Cluster
) -> None:
    name = f"live{os.getpid()}"
    connection = connected(postgresql.url)
    connection.autocommit = True
    connection.cursor().execute(f"CREATE DATABASE {name}")
    connection.close()
    made = production(tmp_path, postgresql.url.replace("/postgres?", f"/{name}?"), monkeypatch)
    whole_story(made, schema_of(made.url))


def connected(url: str) -> Any:
    import pg8000.dbapi

    return pg8000.dbapi.connect("gatepost", database="postgres", unix_sock=f"{url.partition('host=')[2]}/.s.PGSQL.5432")

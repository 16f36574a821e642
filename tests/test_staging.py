"""Staging: its snapshot, what its bookkeeping says, drift and what a deploy will change, on real databases."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from _postgresql import scratch
from conftest import Repo
from gatepost.cli import main
from gatepost.databases import Scratch, Statement
from gatepost.databases._differences_left_out import bookkeeping
from gatepost.errors import CannotJudge, UsageError
from gatepost.gate import evaluate, read_policy
from gatepost.migrations import History, Migration, Migrations, Place, Script, Scripts, frameworks
from gatepost.policy import Duration
from gatepost.sql.schema import Schema
from gatepost.staging import Drift, Staging, judge, ledgers, store
from gatepost.staging.take import address, take
from servers import Server

POLICY = '[[migrations]]\npath = "db"\nframework = "golang-migrate"\ndialect = "sqlite"\n'
ONE = """\
CREATE TABLE product (id integer PRIMARY KEY, name text NOT NULL, price integer);
CREATE INDEX product_name ON product (name);
"""
FIRST = {"gatepost.toml": POLICY, "db/1_product.up.sql": ONE, "db/1_product.down.sql": "DROP TABLE product;\n"}
SECOND = {
    **FIRST,
    "db/2_stock.up.sql": "ALTER TABLE product ADD COLUMN stock integer;\n",
    "db/2_stock.down.sql": "ALTER TABLE product DROP COLUMN stock;\n",
}
LEDGER = "CREATE TABLE schema_migrations (version uint64, dirty bool); INSERT INTO schema_migrations VALUES (1, 0);"
BY_HAND = "DROP INDEX product_name; ALTER TABLE product ADD COLUMN colour text;"


def staging_at(folder: Path, *scripts: str) -> str:
    """Make the database that staging runs; give its URL."""
    connection = sqlite3.connect(folder / "staging.db")
    connection.executescript("\n".join([ONE, LEDGER, *scripts]))
    connection.commit()
    connection.close()
    return f"sqlite:///{folder}/staging.db"


@pytest.fixture
def shop(repo: Repo) -> Repo:
    repo.commit(FIRST)
    repo.commit(SECOND)
    repo.git("reset", "-q", "--hard")
    return repo


def run(*args: str) -> int:
    return main(["schema", *args])


def test_what_was_done_by_hand_and_what_is_to_come(
    shop: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = staging_at(tmp_path, BY_HAND, "INSERT INTO product (name, price) VALUES ('a', 1), ('b', 2);")
    assert run("diff", "--static", "--url", url, "--repo", str(shop.path), "--format", "json") == 1
    (found,) = json.loads(capsys.readouterr().out)["histories"]
    assert (found["applied"], found["pending"], found["unknown"]) == ("1", ["2"], [])
    assert [item["text"] for item in found["drifted"]] == [
        "column colour of product is made by no migration",
        "index product_name of product is not there",
    ]
    (coming,) = found["coming"]
    assert (coming["operation"], coming["table"], coming["rows"], coming["lock"]) == (
        "add-column", "product", 2, "database",
    )  # fmt: skip


def test_pending_is_no_drift(shop: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diff", "--static", "--url", staging_at(tmp_path), "--repo", str(shop.path)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == [
        "  applied    up to 1, 1 pending",
        "  coming     add-column product.stock: database lock on 0 rows, 8 KiB; blocks writes  db/2_stock.up.sql:1",
        "no drift",
    ]


def test_a_version_that_nobody_here_knows(shop: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = staging_at(tmp_path, "INSERT INTO schema_migrations VALUES (7, 0);")
    assert run("diff", "--static", "--url", url, "--repo", str(shop.path)) == 1
    assert "  unknown    7 was applied there and is not in this history" in capsys.readouterr().out


def test_a_snapshot_is_written_and_read_back(shop: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url, file = staging_at(tmp_path, BY_HAND), tmp_path / "snapshot.json"
    assert run("dump", "--url", url, "-o", str(file)) == 0
    raw = file.read_bytes()
    again = store.parse(raw, "snapshot.json")
    assert store.render(again).encode() == raw
    assert again.applied == {"schema_migrations": ("1",)}
    assert run("diff", "--static", "--snapshot", str(file), "--repo", str(shop.path)) == 1
    assert "column colour of product is made by no migration" in capsys.readouterr().out


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b'{"format": 2}', b"[" * 100_000, b'{"format": 1, "schema": 3}'])
def test_a_snapshot_that_is_none(raw: bytes) -> None:
    with pytest.raises(CannotJudge, match="snapshot"):
        store.parse(raw, "snapshot.json")


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ('"sizes": {', '"sizes": {"t": [1e999, 1], '),
        ('"product": ["product"', '"t": 5, "product": ["product"'),
        ('"product": ["product"', '"t": ["t", {"id": "abc"}, {}, {}, [], true], "product": ["product"'),
        ('"product": ["product"', '"t": ["t", {"id": [{}, {}]}, {}, {}, [], true], "product": ["product"'),
        ('"product": ["product"', '"t": ["t", {}, {}, {}, [["", "x", {}]], true], "product": ["product"'),
        ('"objects":[', '"objects":[["enum","x",["enum","x",5]],'),
        ('"applied": {', '"applied": {"a.b": ' + str(["1"] * (ledgers.MOST + 1)).replace("'", '"') + ", "),
    ],
)
def test_a_snapshot_that_somebody_made_up(tmp_path: Path, there: str, instead: str) -> None:
    text = store.render(take(staging_at(tmp_path)))
    assert store.parse(text.encode(), "snapshot.json")
    made = text.replace(there, instead, 1)
    assert made != text
    with pytest.raises(CannotJudge, match="cannot be read as a snapshot"):
        store.parse(made.encode(), "snapshot.json")


@pytest.mark.parametrize("name", ["a\ninfo HEAD", "../x", "a^{tree}", "", "a b"])
def test_an_environment_that_is_no_name(shop: Repo, name: str) -> None:
    with shop.change("HEAD~1", "HEAD").repo as repo, pytest.raises(CannotJudge, match="cannot be the name"):
        store.published(repo, name)


def publish(shop: Repo, url: str) -> None:
    assert run("dump", "--url", url, "--publish", "--repo", str(shop.path)) == 0


def drift(shop: Repo, head: str = "HEAD") -> tuple[list[str], list[str]]:
    """Judge the second commit; give the findings on drift and what was skipped."""
    change = shop.change("HEAD~1", head)
    policy, _ = read_policy(change)
    report = evaluate(change, policy, ("drift",))
    change.repo.close()
    assert {one.rule.id for one in report.findings} <= {"schema/drift"}
    found = [f"{one.effective_level} {one.message.partition('): ')[2] or one.message}" for one in report.findings]
    return found, [skip.reason for skip in report.skipped if skip.check == "drift"]


def test_the_check_holds_a_push_against_the_published_snapshot(shop: Repo, tmp_path: Path) -> None:
    server = Repo(tmp_path / "server.git", bare=True)
    shop.git("remote", "add", "origin", str(server.path))
    assert drift(shop) == ([], [])
    publish(shop, staging_at(tmp_path, BY_HAND, "CREATE TABLE left_over (id integer);"))
    assert drift(shop) == (
        [
            "warning column colour of product is made by no migration; index product_name of product is not there",
            "note table left_over is made by no migration",
        ],
        [],
    )
    assert server.git("cat-file", "-t", "refs/gatepost-staging/staging").strip() == "blob"


def test_what_is_known_can_be_named(repo: Repo, tmp_path: Path) -> None:
    more = POLICY + '[drift]\nignore = ["left_over", "product.colour"]\n'
    for tree in (FIRST, SECOND):
        repo.commit({**tree, "gatepost.toml": more})
    repo.git("reset", "-q", "--hard")
    publish_here(repo, staging_at(tmp_path, BY_HAND, "CREATE TABLE left_over (id integer);"))
    assert drift(repo) == (["warning index product_name of product is not there"], [])


def test_schema_diff_obeys_the_policy_too(repo: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repo.commit(
        {**FIRST, "gatepost.toml": POLICY + '[drift]\nignore = ["product.*", "product_name"]\nmax_age = "1s"\n'}
    )
    repo.git("reset", "-q", "--hard")
    old = replace(take(staging_at(tmp_path, BY_HAND)), at="2026-01-01T00:00:00+00:00")
    (tmp_path / "old.json").write_text(store.render(old))
    assert run("diff", "--static", "--snapshot", str(tmp_path / "old.json"), "--repo", str(repo.path)) == 0
    assert "drift.max_age is 1 seconds" in capsys.readouterr().out


def test_no_snapshot_is_no_pass(shop: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diff", "--static", "--repo", str(shop.path)) == 3
    assert "no snapshot of staging is published" in capsys.readouterr().err


def publish_here(shop: Repo, url: str) -> Staging:
    change = shop.change(None, "HEAD")
    staging = take(url)
    store.keep(change.repo, staging)
    change.repo.close()
    return staging


def test_an_old_snapshot_is_said(shop: Repo, tmp_path: Path) -> None:
    staging = take(staging_at(tmp_path))
    old = replace(staging, at=(datetime.now(timezone.utc) - timedelta(days=9)).isoformat())
    change = shop.change(None, "HEAD")
    store.keep(change.repo, old)
    change.repo.close()
    assert drift(shop) == (
        [],
        ["the snapshot of staging is 9 days old, drift.max_age is 7 days: take a new one"],
    )


def test_another_engine_and_no_bookkeeping_are_said(shop: Repo, tmp_path: Path) -> None:
    staging = take(staging_at(tmp_path))
    for other, why in (
        (replace(staging, engine="mysql"), "the snapshot of staging is of mysql, the migrations are for sqlite"),
        (
            replace(staging, applied={"schema_migrations": ("99",)}),
            "the snapshot of staging names none of these migrations as applied (schema_migrations)",
        ),
    ):
        change = shop.change(None, "HEAD")
        store.keep(change.repo, other)
        change.repo.close()
        assert drift(shop) == ([], [why])


def test_a_missing_snapshot_is_said_where_the_policy_wants_one(repo: Repo) -> None:
    for tree in (FIRST, SECOND):
        repo.commit({**tree, "gatepost.toml": POLICY + '[drift]\nenvironment = "production"\n'})
    repo.git("reset", "-q", "--hard")
    assert drift(repo) == (
        [],
        ["no snapshot of production is published: gatepost schema dump --url … --publish"],
    )


def test_a_snapshot_in_the_tree(repo: Repo, tmp_path: Path) -> None:
    text = store.render(take(staging_at(tmp_path, BY_HAND)))
    named = POLICY + '[drift]\nsnapshot = "db/staging.json"\n'
    for tree in (FIRST, SECOND):
        repo.commit({**tree, "gatepost.toml": named, "db/staging.json": text})
    repo.git("reset", "-q", "--hard")
    found, skipped = drift(repo)
    assert (len(found), skipped) == (1, [])


def test_the_server_records_what_is_published(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = Server(tmp_path)
    server.work.commit(FIRST)
    url = staging_at(tmp_path)
    assert run("dump", "--url", url, "--publish", "--repo", str(server.work.path)) == 0
    assert main(["log", "--repo", str(server.path), "--format", "json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    (record,) = [one for one in records if one["kind"] == "staging-snapshot"]
    assert (record["engine"], record["tables"], record["applied"]) == ("sqlite", 2, {"schema_migrations": "1"})
    push = server.push("HEAD:refs/gatepost-staging/other")
    assert push.code == 1
    assert "is no blob, so no snapshot of staging" in push.text
    broken = server.work.git("hash-object", "-w", str(tmp_path / "server.git/HEAD")).strip()
    push = server.push(f"+{broken}:refs/gatepost-staging/staging")
    assert "cannot be read as a snapshot of staging" in push.text
    assert "a push does not take it away" in server.push(":refs/gatepost-staging/staging").text


def test_who_may_publish(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = Server(tmp_path, policy='[drift]\npublishers = ["timer"]\n')
    assert server.commit_push(FIRST).code == 0
    change = server.work.change(None, "HEAD")
    store.keep(change.repo, take(staging_at(tmp_path)))
    change.repo.close()
    ref = "refs/gatepost-staging/staging"
    told = server.push(ref, env={"GL_USER": "eve", "GL_REPO": "x"})
    assert "may be published by timer only, not by eve" in told.text
    assert "not by somebody whom the server does not know" in server.push(ref).text
    assert server.push(ref, env={"GL_USER": "timer", "GL_REPO": "x"}).code == 0


def test_what_cannot_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STAGING", raising=False)
    with pytest.raises(UsageError, match="the environment has no STAGING"):
        address("env:STAGING")
    with pytest.raises(UsageError, match="No such file"):
        address(f"file:{tmp_path}/none")
    (tmp_path / "url").write_text("sqlite:///x.db\n")
    assert address(f"file:{tmp_path}/url") == "sqlite:///x.db"
    monkeypatch.setenv("STAGING", "sqlite:///y.db")
    assert address("env:STAGING") == "sqlite:///y.db"
    with pytest.raises(CannotJudge, match="no such database"):
        take(f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(UsageError) as caught:
        take("oracle://scott:tiger@db/x")
    assert "tiger" not in caught.value.message + caught.value.hint
    with pytest.raises(CannotJudge) as refused:
        take("postgresql://someone:tiger@127.0.0.1:1/x", timeout=1)
    assert "tiger" not in refused.value.message + refused.value.hint


def migration(version: str, name: str = "", path: str = "", parents: tuple[str, ...] = ()) -> Migration:
    file = path or f"db/{version}_{name}.sql"
    return Migration("x", version, name, file, {file: "0"}, (version,), lambda: Scripts(Script(file)), parents=parents)


@pytest.mark.parametrize(
    ("history", "rows", "newest_only", "done", "unknown"),
    [
        ([migration("0001"), migration("0002"), migration("0010")], ["2"], True, ["0001", "0002"], ()),
        ([migration("0001"), migration("0002"), migration("0010")], ["1", "10"], False, ["0001", "0010"], ()),
        ([migration("2020-01-02-030405")], ["20200102030405"], False, ["2020-01-02-030405"], ()),
        ([migration("0001_a", "shop.0001_a")], ["shop.0001_a", "auth.0001_a"], False, ["0001_a"], ("auth.0001_a",)),
        ([migration("20", path="m/20_x.js")], ["20_x.js"], False, ["20"], ()),
        ([migration("20", path="m/20_x/migration.sql")], ["20_x"], False, ["20"], ()),
        (
            [
                migration("a"),
                migration("b", parents=("a",)),
                migration("c", parents=("a",)),
                migration("d", parents=("b",)),
            ],
            ["b"],
            True,
            ["a", "b"],
            (),
        ),
        ([migration("1")], ["0", "1"], False, ["1"], ()),
    ],
)
def test_bookkeeping_of_every_kind(
    history: list[Migration], rows: list[str], newest_only: bool, done: list[str], unknown: tuple[str, ...]
) -> None:
    found = ledgers.applied(history, {"ledger": rows}, ["ledger"] if newest_only else [])
    assert ([one.version for one in found.done], found.unknown) == (done, unknown)
    assert {one.version for one in found.pending} == {one.version for one in history} - set(done)


def test_no_bookkeeping_is_drift() -> None:
    names = {"sqitch.changes" if name == "changes" else name for name in ledgers.LEDGERS}
    assert [name for name in names if not bookkeeping(name)] == []
    assert bookkeeping("Shop.FLYWAY_schema_history")
    assert not bookkeeping("changes"), "that may be anybody's"


def test_where_a_tool_says_its_version_it_can_be_read() -> None:
    asked = {one.name: one.undo.version for one in frameworks() if one.undo and one.undo.version}
    tables = {name: re.search(r'FROM "?(?:\w+\.)?(\w+)', sql) for name, sql in asked.items()}
    assert {name for name, found in tables.items() if not found or found[1].lower() not in ledgers.LEDGERS} == set()


@pytest.mark.parametrize(
    ("at", "says"),
    [("?", "does not say when"), ("2026-11-22", "does not say when"), ("9999-01-01T00:00:00+00:00", "in the future")],
)
def test_a_snapshot_without_a_date_that_can_be(at: str, says: str) -> None:
    staging = Staging("staging", at, "sqlite", "3", Schema("sqlite"))
    assert says in judge.aged(staging, Drift(max_age=Duration(1)))


PG_POLICY = POLICY.replace("sqlite", "postgresql")
PG_ONE = """\
CREATE TYPE kind AS ENUM ('a', 'b');
CREATE TABLE product (
    id bigserial PRIMARY KEY, name text NOT NULL DEFAULT 'x', kind kind, price numeric(10, 2) CHECK (price > 0)
);
CREATE INDEX product_name ON product (lower(name)) WHERE price IS NOT NULL;
CREATE VIEW cheap AS SELECT id, name FROM product WHERE price < 10;
"""
PG_FIRST = {"gatepost.toml": PG_POLICY, "db/1_product.up.sql": PG_ONE, "db/1_product.down.sql": "DROP TABLE product;\n"}
PG_SECOND = {
    **PG_FIRST,
    "db/2_price.up.sql": "ALTER TABLE product ALTER COLUMN name TYPE varchar(20);\n",
    "db/2_price.down.sql": "ALTER TABLE product ALTER COLUMN name TYPE text;\n",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Scratch]:
    with scratch() as opened:
        yield opened


def test_on_a_scratch_server_everything_is_compared(
    repo: Repo, capsys: pytest.CaptureFixture[str], server: Scratch
) -> None:
    repo.commit(PG_FIRST)
    repo.commit(PG_SECOND)
    repo.git("reset", "-q", "--hard")
    staging = server.empty()
    staging.run(
        [
            Statement(PG_ONE),
            Statement("CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)"),
            Statement("INSERT INTO schema_migrations VALUES (1, false)"),
        ]
    )
    url = server.url(staging)
    assert run("diff", "--url", url, "--repo", str(repo.path)) == 0
    (coming,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  coming")]
    assert "ACCESS EXCLUSIVE lock" in coming
    assert "error schema/change-type" in coming
    staging.run(
        [
            Statement("DROP INDEX product_name; CREATE INDEX product_name ON product (lower(name))"),
            Statement("CREATE OR REPLACE VIEW cheap AS SELECT id, name FROM product WHERE price < 20"),
        ]
    )
    assert run("diff", "--url", url, "--repo", str(repo.path), "--format", "json") == 1
    (found,) = json.loads(capsys.readouterr().out)["histories"]
    assert found["compared"].startswith("on PostgreSQL")
    assert [(item["kind"], item["object"]) for item in found["drifted"]] == [
        ("index", "product_name"),
        ("view", "cheap"),
    ]
    staging.drop()


def test_another_major_than_the_policy_names_is_said() -> None:
    staging = Staging("staging", "?", "postgresql", "15.4", Schema())
    for server, said in (("15", False), ("15.4", False), ("", False), ("1", True), ("16", True)):
        place = Place("golang-migrate", "db", settings=Migrations("db", server=server))
        found = judge.other_major(staging, History(place, (), (), ()))
        assert bool(found) is said
    assert found == "staging runs postgresql 15.4, [[migrations]] server says 16"

"""Roll back from a clone that has the hooks, with a database whose bookkeeping counts in numbers."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from _production import Production
from conftest import Files
from servers import Server

DOWN = """\
import os, sqlite3, sys
url, to = os.environ["DATABASE_URL"], int(sys.argv[1])
with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
    database.executescript(open("db/migrations/0002_x.down.sql").read())
    database.execute("UPDATE schema_migrations SET version = ?", (to,))
"""
FIRST: Files = {
    "app.py": "old",
    "down.py": DOWN,
    "db/migrations/0001_users.up.sql": "CREATE TABLE users (id bigint PRIMARY KEY, email text, age int);",
    "db/migrations/0001_users.down.sql": "DROP TABLE users;",
}


@dataclass
class Shop:
    """A server, a clone with the hooks, a SQLite database with the bookkeeping of golang-migrate."""

    production: Production
    file: Path

    def sql(self, text: str) -> list[Any]:
        database = sqlite3.connect(self.file)
        try:
            with database:
                return database.execute(text).fetchall()
        finally:
            database.close()

    def ship(self, up: str, down: str, **more: str) -> tuple[str, str]:
        """Deploy a migration; give what ran before, and what runs now."""
        base = self.production.server.tip()
        pair = {"db/migrations/0002_x.up.sql": up, "db/migrations/0002_x.down.sql": down}
        self.production.server.work.commit({"app.py": "new", **pair, **more})
        pushed = self.production.server.push("--no-verify", "main")
        assert pushed.code == 0, pushed.raw
        self.sql(up)
        self.sql("UPDATE schema_migrations SET version = 2")
        return base, self.production.server.tip()

    def run(self, head: str, *args: str, **env: str) -> tuple[int, str]:
        shown = self.production.gatepost("rollback", "show", head, "--format", "json")
        digest = json.loads(shown.stdout)["digest"]
        done = self.production.gatepost("rollback", "run", head, "--yes", "--plan", digest, *args, env=env)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    policy = (
        f'[rollback]\nowner = "on call"\nundo = "{sys.executable} down.py {{before}}"\n'
        '[[migrations]]\npath = "db/migrations"\ndialect = "sqlite"\nframework = "golang-migrate"\n'
        '[rules]\n"schema/drop-column" = "note"\n"migration/lossy-down" = "note"\n'
    )
    made = Shop(Production(Server(tmp_path, policy=policy), tmp_path, ""), tmp_path / "live.db")
    made.production.url = f"sqlite:///{made.file}"
    assert made.production.server.commit_push({**FIRST, "gatepost.toml": policy}).code == 0
    made.sql("CREATE TABLE users (id bigint PRIMARY KEY, email text, age int)")
    made.sql("CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)")
    made.sql("INSERT INTO schema_migrations VALUES (1, 0)")
    hook = made.production.server.work.path / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\nexec {sys.executable} -m gatepost pre-push "$@"\n')
    hook.chmod(0o755)
    return made


def test_the_hook_of_the_clone_does_not_refuse_the_way_back(shop: Shop) -> None:
    base, head = shop.ship("CREATE INDEX users_email ON users (email);", "DROP INDEX users_email;")
    by_hand = shop.production.server.push(f"--force-with-lease=main:{head}", f"{base}:refs/heads/main")
    assert (by_hand.code, shop.production.server.tip()) == (1, head)
    code, said = shop.run(head)
    assert (code, "done: everything is as the plan promises" in said) == (0, True), said
    assert shop.production.server.tip() == base
    assert shop.sql("SELECT version FROM schema_migrations") == [(1,)]


def test_all_that_git_said_of_a_push_that_failed_is_shown(shop: Shop) -> None:
    _, head = shop.ship("CREATE INDEX users_email ON users (email);", "DROP INDEX users_email;")
    refusing = shop.production.server.path / "hooks" / "update"
    refusing.write_text("#!/bin/sh\necho the operator has closed it for the night\necho and said so >&2\nexit 1\n")
    refusing.chmod(0o755)
    code, said = shop.run(head)
    assert code == 1
    for line in ("the operator has closed it for the night", "and said so", "hook declined", "step 1 failed"):
        assert line in said


COLUMN = ("ALTER TABLE users DROP COLUMN age;", "ALTER TABLE users ADD COLUMN age int;")


def drafted(shop: Shop) -> tuple[str, str]:
    """Let gatepost write the draft of a deploy that drops a column; give it, filled in, and as it was derived."""
    work = shop.production.server.work
    base = work.git("rev-parse", "HEAD")
    pair = {"db/migrations/0002_x.up.sql": COLUMN[0], "db/migrations/0002_x.down.sql": COLUMN[1]}
    work.commit({"app.py": "new", **pair})
    file = work.path / "draft.toml"
    done = shop.production.gatepost("rollback", "plan", f"{base}..HEAD", "--format", "toml", "-o", str(file))
    assert done.returncode == 1, done
    shown = shop.production.gatepost("rollback", "plan", f"{base}..HEAD", "--format", "json")
    text = file.read_text()
    file.unlink()
    work.git("reset", "-q", "--hard", base)
    return text.replace('backup = ""', 'backup = "the copy of last night, beside the database"'), shown.stdout


def test_a_draft_that_is_filled_in_runs_to_the_end(shop: Shop) -> None:
    """golang-migrate writes 0002 into a column of numbers: the draft compares versions as the derived plan does."""
    text, derived = drafted(shop)
    assert 'version = "SELECT version FROM schema_migrations"' in text
    base, head = shop.ship(*COLUMN, **{"rollback/2.toml": text})
    plan = json.loads(shop.production.gatepost("rollback", "show", head, "--format", "json").stdout)
    first = json.loads(derived)
    assert plan["source"] == "rollback/2.toml"
    assert plan["expected"]["versions"] == first["expected"]["versions"] != []
    schema, was = ([one for one in made["steps"] if one["kind"] == "schema"] for made in (plan, first))
    assert [(one["before"], one["after"]) for one in schema] == [(one["before"], one["after"]) for one in was]
    code, said = shop.run(head)
    assert (code, "done: everything is as the plan promises" in said) == (0, True), said
    assert shop.production.server.tip() == base
    assert shop.sql("SELECT version FROM schema_migrations") == [(1,)]


def test_an_older_draft_that_compared_text_runs_too(shop: Shop) -> None:
    text, _ = drafted(shop)
    older = text.replace('version = "SELECT version', 'query = "SELECT version')
    _, head = shop.ship(*COLUMN, **{"rollback/2.toml": older})
    code, said = shop.run(head)
    assert code == 0, said


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"DATABASE_URL": ""}, "$DATABASE_URL is not set"),
        ({"DATABASE_URL": "sqlite:////nowhere/at/all.db"}, "the database cannot be asked"),
        ({"DATABASE_URL": "postgresql://dana:wrong@127.0.0.1:9/shop"}, "the database cannot be asked"),
    ],
)
def test_what_later_steps_need_is_looked_at_before_the_first(shop: Shop, env: dict[str, str], says: str) -> None:
    _, head = shop.ship("CREATE INDEX users_email ON users (email);", "DROP INDEX users_email;")
    for args in (("--dry-run",), ()):
        code, said = shop.run(head, *args, **env)
        assert (code, says in said) == (1, True), said
        assert "wrong" not in said
        assert shop.production.server.tip() == head
    assert "STOPPED before anything was done" in said
    assert shop.run(head)[0] == 0


def test_a_command_that_is_not_here_and_a_variable_that_is_not_set_stop_it_first(shop: Shop) -> None:
    steps = '[[steps]]\nkind = "schema"\ntitle = "go back"\ncommand = "%s"\n'
    _, head = shop.ship(*COLUMN, **{"rollback/2.toml": 'backup = "a copy"\n' + steps % "no-such-tool --to 1"})
    code, said = shop.run(head)
    assert (code, "step 1: no-such-tool is not found here" in said) == (1, True), said
    shop.production.server.work.commit({"rollback/3.toml": steps % "echo $TOKEN_OF_THE_SHOP", "app.py": "3"})
    assert shop.production.server.push("--no-verify", "main").code == 0
    last = shop.production.server.tip()
    code, said = shop.run(last)
    assert (code, "$TOKEN_OF_THE_SHOP is not set" in said) == (1, True), said
    assert shop.production.server.tip() == last
    assert shop.run(last, TOKEN_OF_THE_SHOP="t")[0] == 0


def test_a_dry_run_says_what_was_done_before_and_what_was_found(shop: Shop) -> None:
    _, head = shop.ship("CREATE INDEX users_email ON users (email);", "DROP INDEX users_email;")
    shop.sql("UPDATE schema_migrations SET version = 9")
    code, said = shop.run(head)
    assert (code, "STOPPED: step 2, before" in said) == (1, True), said
    code, said = shop.run(head, "--dry-run")
    assert (code, "done before" in said, "would stop at step 2" in said) == (1, True, True), said
    assert "the database of $DATABASE_URL answers (sqlite)" in said
    shop.sql("UPDATE schema_migrations SET version = 2")
    assert shop.run(head, "--dry-run")[0] == 0
    assert shop.sql("SELECT version FROM schema_migrations") == [(2,)]


def test_a_plan_that_is_committed_after_its_migration_is_judged_with_it(shop: Shop) -> None:
    work, gatepost = shop.production.server.work, shop.production.gatepost
    text, _ = drafted(shop)
    (work.path / "rollback").mkdir()
    plan = work.path / "rollback" / "2.toml"

    def committed() -> tuple[int, str]:
        work.git("add", "-A")
        done = gatepost("pre-commit")
        return done.returncode, done.stdout + done.stderr

    plan.write_text(text)
    code, said = committed()  # its migration is still to come
    assert (code, "error" in said) == (0, False), said
    plan.unlink()
    work.git("add", "-A")
    work.commit({"db/migrations/0002_x.up.sql": COLUMN[0], "db/migrations/0002_x.down.sql": COLUMN[1]})
    work.git("reset", "-q", "--hard")
    plan.parent.mkdir(exist_ok=True)
    plan.write_text(text)
    code, said = committed()
    assert (code, "rollback/" in said) == (0, False), said
    plan.write_text(text.replace('"the copy of last night, beside the database"', '"TBD"'))
    code, said = committed()
    assert (code, "rollback/plan-incomplete" in said) == (1, True), said


INDEX = {
    "db/migrations/0002_x.up.sql": "CREATE INDEX users_email ON users (email);",
    "db/migrations/0002_x.down.sql": "DROP INDEX users_email;",
}


def test_the_rehearsal_of_a_push_goes_ahead_of_it(shop: Shop) -> None:
    server = shop.production.server
    server.work.commit(INDEX)
    pushed = server.push("main")
    assert pushed.code == 0, pushed.raw
    shown = shop.production.gatepost("rollback", "show")
    assert "claimed by the pusher, not measured here: it is reversible" in shown.stdout, shown


def test_a_server_that_takes_no_rehearsal_still_gets_the_push(shop: Shop) -> None:
    server = shop.production.server
    refusing = server.path / "hooks" / "update"
    refusing.write_text('#!/bin/sh\ncase "$1" in refs/gatepost-rehearsal/*) echo not here >&2; exit 1;; esac\n')
    refusing.chmod(0o755)
    server.work.commit(INDEX)
    pushed = server.push("main")
    assert pushed.code == 0, pushed.raw
    assert "gatepost: the rehearsal did not reach origin, the push goes on: remote: not here" in pushed.raw
    assert server.tip() == server.work.git("rev-parse", "HEAD")


def test_the_server_s_own_rehearsal_is_in_the_plan_that_is_shown(shop: Shop) -> None:
    server = shop.production.server
    server.policy((server.path / "gatepost.toml").read_text() + '[rehearsal]\nrunners = ["ada"]\n')
    server.work.commit(INDEX)
    assert server.push("--no-verify", "main", env={"GL_USER": "ada", "GL_REPO": "r"}).code == 0
    for _ in range(300):
        if len(server.records(server.tip(), "rollback-plan")) > 1:
            break
        time.sleep(0.1)
    first, newest = (one["plan"] for one in server.records(server.tip(), "rollback-plan"))
    assert (first["basis"], newest["basis"], newest["tested"]["verdict"]) == ("static", "rehearsal", "reversible")
    shown = json.loads(shop.production.gatepost("rollback", "show", "--format", "json").stdout)
    assert shown["digest"] == newest["digest"]


def test_what_the_command_line_says_beside_a_plan(shop: Shop) -> None:
    work, gatepost = shop.production.server.work, shop.production.gatepost
    base = work.git("rev-parse", "HEAD")
    for action in ("plan", "rehearse"):
        done = gatepost("rollback", action, "HEAD..HEAD")
        assert (done.returncode, "the range is empty" in done.stdout) == (0, True), done
        assert f"gatepost rollback show {base[:12]}" in done.stdout
    work.commit({"db/migrations/0002_x.up.sql": COLUMN[0], "db/migrations/0002_x.down.sql": COLUMN[1]})
    work.git("reset", "-q", "--hard")
    file = work.path / "rollback" / "2.toml"
    written = gatepost("rollback", "plan", f"{base}..HEAD", "--format", "toml", "-o", str(file))
    assert (written.returncode, f"wrote {file}" in written.stderr) == (1, True), written
    assert "fill in backup: values that existed before are lost" in written.stderr
    shown = gatepost("rollback", "plan", f"{base}..HEAD")
    assert "rollback/2.toml is not committed, and not heard" in shown.stderr, shown
    assert "a migration: 0002" in shown.stdout


def test_what_no_key_signs_names_the_option(shop: Shop) -> None:
    _, head = shop.ship("CREATE TABLE orders (id int);", "DROP TABLE orders;")
    shown = shop.production.gatepost("rollback", "show", head)
    assert "nothing, as the schema stays" in shown.stdout
    code, said = shop.run(head)
    assert (code, "--key FILE" in said) == (0, True), said

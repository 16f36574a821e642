from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from conftest import Builder, Files, Repo
from gatepost.checks import _rollback_run
from gatepost.checks._rollback_facts import facts
from gatepost.cli import main
from gatepost.errors import UsageError
from gatepost.gate import evaluate, read_policy
from gatepost.git import Change, Repository
from gatepost.migrations import collect, frameworks
from gatepost.rehearsals import Failure, Lost, Rehearsal, Rehearsed, recorded, runner
from gatepost.rollbacks import _author, _authored_steps, _commands
from gatepost.rollbacks._complete import only_revert, placeholder
from gatepost.rollbacks._digest import as_data, digest, from_data
from gatepost.rollbacks._probe import Surroundings, elsewhere

BASE: Files = {
    "db/migrations/0001_users.up.sql": "CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, age int);",
    "db/migrations/0001_users.down.sql": "DROP TABLE users;",
}


def plan_of(change: Change) -> dict[str, Any]:
    policy, _ = read_policy(change)
    report = evaluate(change, policy)
    return dict(report.sections["rollback"])


def pair(up: str, down: str = "SELECT 1;", number: str = "0002") -> Files:
    return {f"db/migrations/{number}_x.up.sql": up, f"db/migrations/{number}_x.down.sql": down}


@pytest.mark.parametrize(
    ("up", "down", "class_", "order", "complete"),
    [
        ("CREATE INDEX i ON users (email);", "DROP INDEX i;", "A", ["application", "schema"], True),
        ("CREATE TABLE t (id int);", "DROP TABLE t;", "B", ["application", "the schema stays"], True),
        (
            "ALTER TABLE users DROP COLUMN age;",
            "ALTER TABLE users ADD COLUMN age int;",
            "C",
            ["schema", "application"],
            False,
        ),
        (
            "ALTER TABLE users ALTER COLUMN email DROP NOT NULL;",
            "ALTER TABLE users ALTER COLUMN email SET NOT NULL;",
            "D",
            ["application", "the schema stays"],
            True,
        ),
        (
            "-- gatepost: irreversible reason=\"kept on purpose\" strategy=\"forward-fix\"\nCREATE TABLE t (id int);",
            "",
            "E",
            ["application", "the schema stays"],
            True,
        ),
        (
            "ALTER TABLE users ADD COLUMN name text NOT NULL;",
            "ALTER TABLE users DROP COLUMN name;",
            "F",
            ["schema", "application"],
            False,
        ),
    ],
)  # fmt: skip
def test_class_and_order(two_sides: Builder, up: str, down: str, class_: str, order: list[str], complete: bool) -> None:
    plan = plan_of(two_sides(BASE, pair(up, down) if down else {"db/migrations/0002_x.up.sql": up}))
    assert (plan["class"], plan["order"], plan["complete"]) == (class_, order, complete), plan["because"]
    assert plan["basis"] == "static"
    assert plan["tested"] is None


def test_steps_have_exact_versions_and_expected_values(two_sides: Builder) -> None:
    plan = plan_of(two_sides(BASE, pair("CREATE INDEX i ON users (email);", "DROP INDEX i;")))
    move, undo = plan["steps"]
    base, head = plan["change"]["base"], plan["change"]["head"]
    assert (
        move["command"]
        == f"git push --no-verify --force-with-lease=refs/heads/main:{head} origin {base}:refs/heads/main"
    )
    assert (move["before"][0]["expected"], move["after"][0]["expected"]) == (head, base)
    assert undo["command"] == "migrate -path db/migrations -database $DATABASE_URL goto 0001"
    assert undo["checkout"] == head
    assert [(one["kind"], one["expected"]) for one in undo["before"]] == [("version", "0002")]
    assert [(one["kind"], one["expected"]) for one in undo["after"]] == [("version", "0001"), ("rows", "kept")]
    assert undo["after"][0]["query"] == "SELECT version FROM schema_migrations"
    assert plan["expected"]["object"] == base
    assert plan["expected"]["versions"][0]["version"] == "0001"


def test_the_policy_says_how_things_are_done_here(two_sides: Builder) -> None:
    policy = (
        '[rollback]\nredeploy = "deploy {oid} --ref {ref}"\nundo = "make down TO={before}"\nschema = "undo"\n'
        'owner = "on call"\napprove = "dana"\nhealth = "http://shop/health"\ndecide_within = "5m"\n'
    )
    plan = plan_of(two_sides({**BASE, "gatepost.toml": policy}, pair("CREATE TABLE t (id int);", "DROP TABLE t;")))
    commands = [step["command"] for step in plan["steps"]]
    assert commands[1:] == [f"deploy {plan['change']['base']} --ref refs/heads/main", "make down TO=0001"]
    assert plan["steps"][1]["after"] == [
        {"kind": "url", "subject": "http://shop/health", "expected": "200", "query": ""}
    ]
    assert (plan["owner"], plan["decide_within"], plan["steps"][0]["approve"]) == ("on call", "5m", "dana")
    assert plan["data_lost"] == ["the rows of t written after the deploy"]
    assert plan["point_of_no_return"].startswith("the step that undoes the schema")


def rehearsed(change: Change, verdict: Any, lost: tuple[Lost, ...] = ()) -> Rehearsal:
    one = Rehearsed(
        "golang-migrate", "0002", "db/migrations/0002_x.up.sql", "u", "d", verdict, lost=lost, down_ms=120,
        locks=(("users", "ACCESS EXCLUSIVE"),), failure=Failure("x", 1, "DROP", "no such index"),
    )  # fmt: skip
    at = "2026-11-22T12:00:00Z"
    return Rehearsal(
        "k", "postgresql", "15.18", "a cluster of its own", at, "db/migrations", "f0", "f1", (one,), verdict
    )


@pytest.mark.parametrize(
    ("verdict", "lost", "class_", "rules"),
    [
        ("reversible", (), "A", set()),
        ("data-loss", (Lost("users", "email", 3, "after"),), "B", set()),
        ("data-loss", (Lost("users", "email", 3, "before"),), "C", {"rollback/no-plan"}),
        ("down-fails-with-rows", (), "D", set()),
        ("down-fails", (), "E", set()),
        ("unknown", (), "A", set()),
    ],
)
def test_what_was_measured_decides(
    two_sides: Builder, monkeypatch: pytest.MonkeyPatch, verdict: Any, lost: Any, class_: str, rules: set[str]
) -> None:
    change = two_sides(BASE, pair("CREATE INDEX i ON users (email);", "DROP INDEX i;"))
    known = facts(change, read_policy(change)[0])
    more = replace(known, rehearsals=(rehearsed(change, verdict, lost),))
    monkeypatch.setattr(_rollback_run, "facts", lambda *_: more)
    outcome = _rollback_run.judge(change, read_policy(change)[0])
    plan = outcome.sections["rollback"]
    assert (plan["class"], plan["basis"]) == (class_, "static" if verdict == "unknown" else "rehearsal")
    assert {finding.rule.id for finding in outcome.findings} == rules
    if verdict == "reversible":
        undo = plan["steps"][1]
        assert (undo["seconds"], undo["locks"]) == (0.12, ["users: ACCESS EXCLUSIVE"])
        assert ("schema", "f1") in [(one["kind"], one["expected"]) for one in undo["before"]]
        assert ("schema", "f0") in [(one["kind"], one["expected"]) for one in undo["after"]]
        assert plan["expected"]["schema"] == "f0"
        assert plan["tested"]["server"] == "postgresql 15.18"


def test_what_was_rehearsed_counts_for_exactly_these_scripts(repo: Repo) -> None:
    base = repo.commit(BASE)
    head = repo.commit(pair("CREATE INDEX i ON users (email);", "DROP INDEX i;"))
    change = repo.change(base, head)
    (course,) = runner.planned(change, read_policy(change)[0])
    recorded.save(change.repo, replace(rehearsed(change, "reversible"), key=recorded.key(course)))
    plan = plan_of(change)
    assert (plan["tested"]["verdict"], plan["basis"]) == ("reversible", "rehearsal")
    change.repo.close()
    edited = repo.change(base, repo.commit(pair("CREATE INDEX i ON users (email);", "DROP INDEX IF EXISTS i;")))
    plan = plan_of(edited)
    assert (plan["tested"], plan["basis"]) == (None, "static")
    assert any("not rehearsed" in note for note in plan["notes"])
    edited.repo.close()


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("reversible", "it is reversible"),
        ("schema-differs", "the down gives another schema"),
        ("down-fails-with-rows", "the down fails once there are rows"),
    ],
)
def test_a_claim_on_a_server_changes_no_plan(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, claim: Any, words: str
) -> None:
    """A forged record that says reversible for a lossy down gives a line that says who says so, and no more."""
    base = repo.commit(BASE)
    change = repo.change(
        base, repo.commit(pair("ALTER TABLE users DROP COLUMN age;", "ALTER TABLE users ADD COLUMN age int;"))
    )
    (course,) = runner.planned(change, read_policy(change)[0])
    recorded.save(change.repo, replace(rehearsed(change, claim), key=recorded.key(course)))
    monkeypatch.setenv("GIT_QUARANTINE_PATH", str(repo.path))
    policy = read_policy(change)[0]
    outcome = _rollback_run.judge(change, policy)
    plan = outcome.sections["rollback"]
    assert (plan["class"], plan["basis"], plan["tested"]) == ("C", "static", None)
    assert "its down cannot bring values back" in plan["because"][0]
    assert f"claimed by the pusher, not measured here: {words} (postgresql 15.18" in " ".join(plan["notes"])
    assert not any(one["kind"] == "schema" for step in plan["steps"] for one in step["before"])
    assert "rollback/no-plan" in {one.rule.id for one in outcome.findings}
    rules = {one.rule.id for one in evaluate(change, policy, only=("migrations",)).findings}
    assert "migration/lossy-down" in rules  # what the static model found is not silenced
    change.repo.close()


def test_an_honest_claim_refuses_nobody(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    base = repo.commit(BASE)
    change = repo.change(base, repo.commit(pair("CREATE INDEX i ON users (email);", "DROP INDEX i;")))
    (course,) = runner.planned(change, read_policy(change)[0])
    recorded.save(change.repo, replace(rehearsed(change, "reversible"), key=recorded.key(course)))
    monkeypatch.setenv("GIT_QUARANTINE_PATH", str(repo.path))
    report = evaluate(change, read_policy(change)[0])
    assert report.exit_code == 0
    plan = report.sections["rollback"]
    assert (plan["class"], plan["basis"], plan["complete"]) == ("A", "static", True)
    assert any(note.startswith("claimed by the pusher, not measured here: it is reversible") for note in plan["notes"])
    change.repo.close()


@pytest.mark.parametrize(
    ("query", "runs", "class_"), [("SELECT age FROM users", False, "F"), ("SELECT email FROM users", None, "C")]
)
def test_queries_decide_whether_the_old_code_runs(
    two_sides: Builder, query: str, runs: bool | None, class_: str
) -> None:
    """A column that a known query of the running version names takes the old code down."""
    head = pair("ALTER TABLE users DROP COLUMN age;", "ALTER TABLE users ADD COLUMN age int;")
    base = {**BASE, "queries/users.sql": f"-- name: known :many\n{query};\n"}
    plan = plan_of(two_sides(base, {**head, "queries/users.sql": "-- name: known :many\nSELECT id FROM users;\n"}))
    assert (plan["old_code"]["runs"], plan["class"]) == (runs, class_), plan["old_code"]
    assert plan["order"] == ["schema", "application"]
    evidence = "query known" if runs is False else "no known query names column users.age"
    assert evidence in plan["old_code"]["evidence"]


def test_what_the_new_code_needs_is_not_taken_first_where_nobody_knows(two_sides: Builder) -> None:
    up = "ALTER TABLE users RENAME COLUMN age TO years;"
    plan = plan_of(two_sides(BASE, pair(up, "ALTER TABLE users RENAME COLUMN years TO age;")))
    assert (plan["old_code"]["runs"], plan["order"]) == (None, ["application", "schema"])


def test_what_lies_between_cannot_be_undone_by_going_back(two_sides: Builder) -> None:
    files = {**BASE, **pair("CREATE TABLE t (id int);", "DROP TABLE t;", "0003")}
    plan = plan_of(two_sides(files, pair("CREATE UNIQUE INDEX i ON users (email);", "DROP INDEX i;")))
    assert [one["key"] for one in plan["missing"]] == ["steps"]
    assert any("what is new lies between what is applied" in note for note in plan["notes"])


@pytest.mark.parametrize(
    ("up", "down", "verdict", "rules"),
    [
        (
            "ALTER TABLE users ADD COLUMN name text NOT NULL;",
            "ALTER TABLE users DROP COLUMN name;",
            "down-fails",
            ["rollback/rehearsal-failed"],
        ),
        (
            "ALTER TABLE users ALTER COLUMN email DROP NOT NULL;",
            "ALTER TABLE users ALTER COLUMN email SET NOT NULL;",
            "down-fails-with-rows",
            ["migration/data-dependent-down"],
        ),
        (
            "ALTER TABLE users ALTER COLUMN total TYPE numeric(14,4);",
            "ALTER TABLE users ALTER COLUMN total TYPE numeric(10,2);",
            "down-fails-with-rows",
            ["migration/data-dependent-down"],
        ),
    ],
)
def test_a_failing_down_is_told_once(repo: Repo, up: str, down: str, verdict: Any, rules: list[str]) -> None:
    """One failure of a down is one finding: an error only where it fails without rows too."""
    table = "CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, total numeric(10,2));"
    base = repo.commit({**BASE, "db/migrations/0001_users.up.sql": table})
    change = repo.change(base, repo.commit(pair(up, down)))
    (course,) = runner.planned(change, read_policy(change)[0])
    recorded.save(change.repo, replace(rehearsed(change, verdict), key=recorded.key(course)))
    report = evaluate(change, read_policy(change)[0])
    about = [one for one in report.findings if one.rule.id.startswith(("migration/", "rollback/rehearsal"))]
    assert [one.rule.id for one in about] == rules, about
    assert about[0].effective_level == ("error" if verdict == "down-fails" else "warning")
    assert "no such index" in about[0].message
    assert verdict not in about[0].message
    change.repo.close()


def test_each_database_of_several_is_undone_where_it_is(two_sides: Builder) -> None:
    def both(name: str, up: str, down: str) -> Files:
        sides = ("postgresql", "sqlite")
        return {f"migrations/{s}/{name}/{d}.sql": text for s in sides for d, text in (("up", up), ("down", down))}

    base = {**both("2024-01-01-000000_users", "CREATE TABLE users (id int);", "DROP TABLE users;"), "diesel.toml": ""}
    plan = plan_of(two_sides(base, both("2024-01-02-000000_i", "CREATE INDEX i ON users (id);", "DROP INDEX i;")))
    assert [step["engine"] for step in plan["steps"]] == ["", "postgresql", "sqlite"]
    assert [one["engine"] for one in plan["expected"]["versions"]] == ["postgresql", "sqlite"]
    with Repository(".") as repo:
        around = Surroundings(repo, ".", {"DATABASE_URL": "sqlite:///x.db"}, "DATABASE_URL")
        assert [elsewhere(step["engine"], around) for step in plan["steps"]] == [False, True, False]


def test_nothing_to_undo(two_sides: Builder) -> None:
    assert plan_of(two_sides({"a.py": "1"}, {"a.py": "2"})) == {}
    assert plan_of(two_sides(None, pair("CREATE TABLE t (id int);", "DROP TABLE t;"))) == {}


def test_a_trailer_and_a_path_make_it_significant(repo: Repo) -> None:
    base = repo.commit({"gatepost.toml": '[rollback]\npaths = ["infra/"]\n', "infra/a": "1", "b": "1"})
    for files, message, why in (
        ({"infra/a": "2"}, "x", "named by the policy: infra/a"),
        ({"b": "2"}, "x\n\nRollback-Plan: yes", "the author asks for it: Rollback-Plan: yes"),
    ):
        change = repo.change(base, repo.commit(files, parent=base, message=message))
        assert why in plan_of(change)["change"]["why"]
        change.repo.close()


def test_a_trailer_alone_is_enough(repo: Repo) -> None:
    base = repo.commit({"b": "1"})
    middle = repo.commit({"b": "2"}, message="x\n\nRollback-Plan: by the on-call handbook")
    change = repo.change(base, repo.commit({"b": "3"}))
    assert plan_of(change)["change"]["why"] == ["the author asks for it: Rollback-Plan: by the on-call handbook"]
    change.repo.close()
    change = repo.change(middle, "main")
    assert plan_of(change) == {}
    change.repo.close()


def test_a_bundle_that_grew_comes_back_as_it_was(two_sides: Builder) -> None:
    policy = '[[bundle.artifact]]\nname = "web"\nglobs = ["dist/*.js"]\ngrowth = "5%"\nfloor = "1 KiB"\n'
    text = "".join(f"export const a{number} = {number * 7919 % 10007};\n" for number in range(4000))
    plan = plan_of(two_sides({"gatepost.toml": policy, "dist/a.js": text[:20000]}, {"dist/a.js": text}))
    assert plan["change"]["why"] == ["bundle growth: web"]
    assert plan["order"] == ["application"]


def test_names_from_a_push_never_become_options_or_words(two_sides: Builder) -> None:
    body = "revision = {!r}\ndown_revision = {!r}\ndef upgrade():\n    op.execute('CREATE TABLE {} (id int)')\ndef downgrade():\n    op.execute('DROP TABLE {}')\n"  # noqa: E501
    for before in ("--sql", "a; rm -rf /", "$HOME", "a b"):
        base = {"alembic/versions/1.py": body.format(before, None, "t", "t")}
        change = two_sides(base, {"alembic/versions/2.py": body.format("b2", before, "u", "u")})
        policy, _ = read_policy(change)
        for history in change.shared(collect, policy).histories:
            assert _commands.undo(history) is None


@pytest.mark.parametrize("framework", [one for one in frameworks() if one.undo], ids=lambda one: one.name)
def test_every_way_back_is_made_of_known_words(framework: Any) -> None:
    known = {
        *("before", "before_name", "first", "count", "directory", "driver", "app", "version", "file", "name"),
    }
    undo = framework.undo
    for text in (undo.command, undo.first, undo.version):
        assert set(_commands._FIELD.findall(text)) <= known
    assert undo.each or "{version}" not in undo.command
    assert undo.each or not ("{before" in undo.command and not undo.first), "what is run where nothing stays?"


@pytest.mark.parametrize(
    "text",
    [
        *("TBD", "todo", "see above", "…", "...", "<fill in>", "To be defined.", "N/A", "ask X: TODO"),
        *("T\u200bB\u200bD", "\ufeffTODO", "to\u00addo", "T\u034fB\u034fD", "T\u0336B\u0336D", "\uff34\uff22\uff24"),
        *("\u0422\u0412D", "T\u041eD\u041e", "\u0442\u043e\u0501\u043e", "ask X: \u03a4OD\u039f"),
    ],
)
def test_placeholders(text: str) -> None:
    assert placeholder(text)


@pytest.mark.parametrize("text", ["none is needed: nothing is lost", "pg_restore -t users", "the todos table", "0"])
def test_no_placeholders(text: str) -> None:
    assert not placeholder(text)


@pytest.mark.parametrize("text", ["\u200b", "\u2060\ufeff", "\u3164", "\u2800 \u2800", "\ufe0f"])
def test_what_is_not_seen_is_empty(text: str) -> None:
    assert [one.reason for one in _author.empty("owner", text)] == ["is empty"]


def test_another_script_is_no_placeholder() -> None:
    assert not placeholder("восстановить из копии, затем сообщить дежурному")
    assert not placeholder("バックアップから戻す")
    assert placeholder("XXX")


@pytest.mark.parametrize("text", ["0s", "0.5s", "-1m", "0h", "200h", "9" * 400 + "s", "\u00b2s", "1.2.3s", "soon"])
def test_a_time_that_is_none(text: str) -> None:
    step = {"kind": "schema", "title": "put it back", "command": "restore it", "timeout": text}
    made, problems = _authored_steps.steps({"steps": [step]}, approve="", checkout="")
    assert [one.key for one in problems] == ["steps[0].timeout"]
    assert made[0].timeout == 900


def test_a_time_that_is_one() -> None:
    assert [_authored_steps.seconds(text) for text in ("1s", "1.5m", "168h")] == [1, 90, 604800]
    assert [one.key for one in _author._odd("decide_within", "0s")] == ["decide_within"]
    assert not list(_author._odd("decide_within", "10m"))
    assert not list(_author._odd("decide_within", "ten minutes"))


def test_reverting_is_no_procedure() -> None:
    for text in ("revert the commit", "Just revert it.", "git revert HEAD", "`git revert 1a2b3c4d` and redeploy"):
        assert only_revert(text), text
    for text in ("revert the flag new-checkout in LaunchDarkly", "diesel migration revert", "goose down-to 12"):
        assert not only_revert(text), text


def test_versions_are_compared_as_tools_write_them() -> None:
    assert _commands.same_version("0002", "2")
    assert _commands.same_version("2024-01-02-000000", "20240102000000")
    assert _commands.same_version("20240101_x.js", "20240101_x")
    assert not _commands.same_version("0002", "3")


def test_an_edited_plan_is_not_used(two_sides: Builder) -> None:
    data = plan_of(two_sides(BASE, pair("CREATE INDEX i ON users (email);", "DROP INDEX i;")))
    plan = from_data(data)
    assert as_data(plan) == {key: value for key, value in data.items() if key not in ("complete", "missing")}
    data["steps"][1]["command"] = "rm -rf /"
    with pytest.raises(UsageError, match="edited"):
        from_data(data)
    for broken in ({}, {"format": 1}, {**data, "steps": "x"}, {**data, "class": "Z"}, {**data, "steps": [1]}):
        with pytest.raises(UsageError):
            from_data({**broken, "digest": digest(broken)})


def test_only_deploys_need_a_plan(repo: Repo) -> None:
    base = repo.commit(BASE)
    up = '-- gatepost: irreversible reason="gone" strategy="restore"\nALTER TABLE users DROP COLUMN age;'
    head = repo.commit({"db/migrations/0002_x.up.sql": up})
    for ref, fires in (("refs/heads/main", True), ("refs/heads/topic", False), (None, True)):
        change = repo.change(base, head, ref)
        report = evaluate(change, read_policy(change)[0])
        assert ("rollback/no-plan" in {finding.rule.id for finding in report.findings}) is fires
        change.repo.close()


def test_plan_and_formats(repo: Repo, capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    base = repo.commit(BASE)
    repo.commit(pair("CREATE INDEX i ON users (email);", "DROP INDEX i;"))
    where = ["--repo", str(repo.path), f"{base}..main"]
    assert main(["rollback", "plan", *where]) == 0
    assert "goto 0001" in capsys.readouterr().out
    assert main(["rollback", "plan", *where, "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["class"], data["complete"]) == ("A", True)
    assert main(["rollback", "plan", "--format", "markdown", *where]) == 0
    assert "migrate -path db/migrations" in capsys.readouterr().out
    file = tmp_path / "a" / "plan.html"
    assert main(["rollback", "plan", *where, "--format", "html", "-o", str(file)]) == 0
    assert "<h2>Steps</h2>" in file.read_text()
    assert main(["rollback", "plan", "--repo", str(repo.path), "main"]) == 2
    assert "not a range" in capsys.readouterr().err


def test_the_draft_is_refused_until_it_is_filled_in_and_taken_then(
    repo: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    base = repo.commit(BASE)
    up = "ALTER TABLE users DROP COLUMN age;"
    repo.commit(pair(up, "ALTER TABLE users ADD COLUMN age int;"))
    where = ["--repo", str(repo.path), f"{base}..main"]
    assert main(["rollback", "plan", *where, "--format", "toml"]) == 1
    draft = capsys.readouterr().out
    repo.commit({"rollback/0002.toml": draft})
    assert main(["rollback", "plan", *where, "--format", "json"]) == 1
    lacks = json.loads(capsys.readouterr().out)["missing"]
    assert [text.partition(":")[0] for text in lacks] == ["backup", "backup"]
    repo.commit({"rollback/0002.toml": draft.replace('backup = ""', 'backup = "hourly, pg_restore -t users"')})
    assert main(["rollback", "plan", *where, "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["complete"], data["source"], data["class"]) == (True, "rollback/0002.toml", "C")


@pytest.mark.parametrize(
    ("check", "says"),
    [
        ('rows = "users"\nexpected = "many"', "say a number of rows"),
        ('url = "http://shop/health"\nexpected = "fine"', "a URL answers a status such as 200"),
        ('url = "shop/health"', "is no http address"),
        ('present = "users.age"', "say table NAME or column TABLE.NAME"),
        ('blob = "go.sum"\nexpected = "abc"', "say the whole object id"),
        ('query = "SELECT count(*) FROM users"\nexpected = "007"', "a count is a number"),
        ('version = "SELECT version FROM schema_migrations"\nexpected = "0002"', "can never hold: 0001 is applied"),
        ('query = "select version from schema_migrations;"\nexpected = "2"', "can never hold: 0001 is applied"),
    ],
)
def test_a_check_that_can_never_hold_is_refused_when_it_is_read(two_sides: Builder, check: str, says: str) -> None:
    command = "migrate -path db/migrations -database $DATABASE_URL goto 0001"
    text = f'[[steps]]\nkind = "schema"\ntitle = "go back"\ncommand = "{command}"\n[[steps.after]]\n{check}\n'
    change = two_sides(BASE, {**pair("CREATE INDEX i ON users (email);", "DROP INDEX i;"), "rollback/2.toml": text})
    report = evaluate(change, read_policy(change)[0])
    (found,) = [one for one in report.findings if one.rule.id == "rollback/plan-incomplete"]
    assert says in found.message
    assert found.data["key"].startswith("steps[0].after[0]")


def test_a_change_without_migrations_loads_nothing_that_reads_sql() -> None:
    code = "import sys, gatepost.checks._rollback_run; print([n for n in sys.modules if n.startswith('gatepost.sql')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

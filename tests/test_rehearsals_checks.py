"""What a rehearsal changes in the report, in pre-push, and what a server makes of one that a client brings."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from _rehearsals import POLICY, files
from conftest import Repo
from gatepost.cli import main
from gatepost.entry import rehearsing
from gatepost.gate import evaluate, read_policy
from gatepost.git import Repository
from gatepost.model import Report
from gatepost.records import read
from gatepost.rehearsals import recorded, runner

BASE = "CREATE TABLE posts (id INTEGER PRIMARY KEY, body TEXT);"


def history(repo: Repo, up: str, down: str | None, policy: str = "") -> str:
    base = repo.commit(
        {"gatepost.toml": POLICY.format(dialect="sqlite") + policy, **files(1, BASE, "DROP TABLE posts;")}
    )
    repo.commit(files(2, up, down))
    return base


def judged(repo: Repo, base: str) -> Report:
    change = repo.change(base, "HEAD")
    with change.repo:
        return evaluate(change, read_policy(change)[0], only=("migrations",))


def rules(report: Report) -> dict[str, str]:
    return {finding.rule.id: finding.effective_level for finding in report.findings}


LOSSY = ("ALTER TABLE posts DROP COLUMN body;", "ALTER TABLE posts ADD COLUMN body TEXT;")
ASIDE = "CREATE TABLE aside (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO aside SELECT id, body FROM posts;"
BACK = "UPDATE posts SET body = (SELECT body FROM aside WHERE aside.id = posts.id); DROP TABLE aside;"
KEEPING = (ASIDE + LOSSY[0], LOSSY[1] + BACK)


def test_the_rehearsal_is_in_the_section_and_in_the_finding(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    base = history(repo, *LOSSY)
    assert main(["rehearse", f"{base}..HEAD", "--repo", str(repo.path)]) == 0
    capsys.readouterr()
    report = judged(repo, base)
    (entry,) = report.sections["migrations"]
    assert entry["down"] == "lossy"
    assert entry["rehearsed"]["verdict"] == "data-loss"
    assert entry["rehearsed"]["server"].startswith("sqlite 3")
    assert entry["rehearsed"]["how"].startswith("SQLite")
    assert rules(report) == {"migration/lossy-down": "warning"}
    (found,) = report.findings
    assert found.data["lost"] == [{"table": "posts", "column": "body", "rows": 2, "when": "before"}]
    assert "posts.body (2 synthetic rows)" in found.message


def test_it_overrules_what_the_model_supposes(repo: Repo) -> None:
    """The model cannot follow the values that are put aside; what was seen is that they come back."""
    base = history(repo, *KEEPING)
    before = judged(repo, base)
    assert main(["rehearse", f"{base}..HEAD", "--repo", str(repo.path)]) == 0
    after = judged(repo, base)
    assert after.sections["migrations"][0]["down"] == "ok"
    assert after.findings == ()
    assert before.sections["migrations"][0].get("rehearsed") is None


def test_without_rows_it_overrules_nothing(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    """No seeder satisfies the check, so nothing was seen: what the model supposes stays."""
    table = "CREATE TABLE v (id INTEGER PRIMARY KEY, code TEXT NOT NULL CHECK (hex(code) LIKE 'F00%'), note TEXT);"
    down = "ALTER TABLE v ADD COLUMN note TEXT;"
    base = repo.commit({"gatepost.toml": POLICY.format(dialect="sqlite"), **files(1, table, "DROP TABLE v;")})
    repo.commit(files(2, "ALTER TABLE v DROP COLUMN note;", down))
    before = judged(repo, base)
    assert main(["rehearse", f"{base}..HEAD", "--repo", str(repo.path)]) == 3
    said = capsys.readouterr().out
    assert "could not judge" in said
    assert "no rows in: v (CHECK constraint failed" in said
    main(["rehearse", f"{base}..HEAD", "--repo", str(repo.path), "--format", "json", "--no-save"])
    (one,) = json.loads(capsys.readouterr().out)["rehearsals"][0]["migrations"]
    assert {each["table"] for each in one["unfilled"]} == {"v"}
    after = judged(repo, base)
    assert rules(before)["migration/lossy-down"]
    assert rules(after) == rules(before)
    (entry,) = after.sections["migrations"]
    assert (entry["down"], entry["rehearsed"]["verdict"]) == ("lossy", "unknown")
    assert any("no rows could be put into v" in skip.reason for skip in after.skipped)


def test_what_is_lost_elsewhere_does_not_overrule_it(repo: Repo) -> None:
    table = (
        BASE + "CREATE TABLE v (id INTEGER PRIMARY KEY, code TEXT NOT NULL CHECK (hex(code) LIKE 'F00%'), note TEXT);"
    )
    base = repo.commit({"gatepost.toml": POLICY.format(dialect="sqlite"), **files(1, table, "DROP TABLE v;")})
    up = "ALTER TABLE v DROP COLUMN note;" + LOSSY[0]
    repo.commit(files(2, up, "ALTER TABLE v ADD COLUMN note TEXT;" + LOSSY[1]))
    before = judged(repo, base)
    assert main(["rehearse", f"{base}..HEAD", "--repo", str(repo.path)]) == 0
    after = judged(repo, base)
    assert rules(after) == rules(before)
    (said,) = after.findings
    assert said.message.startswith(before.findings[0].message)
    assert "v.note" in said.message
    assert "posts.body" in said.message
    assert any("without rows in v" in skip.reason for skip in after.skipped)


def test_a_failing_down_is_an_error_with_its_statement(repo: Repo) -> None:
    base = history(repo, "CREATE TABLE a (id INTEGER);", "\nDROP TABLE b;")
    assert main(["rehearse", f"{base}..HEAD", "--repo", str(repo.path)]) == 1
    report = judged(repo, base)
    (found,) = report.findings
    assert (found.rule.id, found.path, found.line) == ("rollback/rehearsal-failed", "db/002_m.down.sql", 2)
    assert found.data["statement"] == "DROP TABLE b"
    assert found.data["error"] == "no such table: b"
    assert report.exit_code == 1


def test_the_model_s_words_stay_with_the_line_of_the_down(repo: Repo) -> None:
    """What the rehearsal saw, and the model had found by itself, is told in the model's words at the down."""
    base = history(repo, "CREATE TABLE a (id INTEGER);\nCREATE INDEX i ON posts (body);", "DROP TABLE a;")
    (before,) = judged(repo, base).findings
    assert main(["rehearse", f"{base}..HEAD", "--repo", str(repo.path)]) == 1
    (after,) = judged(repo, base).findings
    assert (after.rule.id, after.path, after.line) == (before.rule.id, before.path, before.line)
    assert after.message.startswith(f"{before.message} (rehearsed on sqlite 3")
    assert "is new" not in after.message


def test_the_verb_says_what_blocks_and_what_stays_open(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    base = history(repo, *LOSSY)
    assert main(["rehearse", f"{base}..HEAD", "--repo", str(repo.path)]) == 0
    assert capsys.readouterr().out.endswith(
        "known queries: none is concerned\nopen for review: db/002_m.down.sql:1: migration/lossy-down\n"
    )
    repo.commit(files(2, LOSSY[0], "DROP TABLE b;"))
    assert main(["rehearse", f"{base}..HEAD", "--repo", str(repo.path)]) == 1
    said = capsys.readouterr().out
    assert said.endswith("blocks: db/002_m.down.sql:1: rollback/rehearsal-failed\n")
    assert main(["rehearse", f"{base}..HEAD", "--repo", str(repo.path), "--format", "json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert (data["blocking"][0]["rule"], data["review"]) == ("rollback/rehearsal-failed", [])


def test_the_verb_says_which_known_queries_break(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.commit({"gatepost.toml": POLICY.format(dialect="sqlite"), **files(1, BASE, "DROP TABLE posts;")})
    known = "-- name: texts :many\nSELECT body FROM posts;\n\n-- name: ids :many\nSELECT id FROM posts;\n"
    base = repo.commit({"queries/posts.sql": known})
    up, down = (
        "ALTER TABLE posts RENAME COLUMN body TO words;",
        "ALTER TABLE posts RENAME COLUMN words TO body;",
    )
    repo.commit(files(2, up, down))
    assert main(["rehearse", f"{base}..HEAD", "--repo", str(repo.path)]) == 1
    said = capsys.readouterr().out
    assert "; 1 breaks\n  breaks: queries/posts.sql:" in said
    assert " tried on sqlite 3" in said
    assert "blocks: db/002_m.up.sql:1: query/breaks" in said
    assert main(["rehearse", f"{base}..HEAD", "--repo", str(repo.path), "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)["queries"]
    assert (found["tried"], [one["query"] for one in found["broken"]]) == (1, ["texts"])


def test_the_fix_names_the_range(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    base = history(repo, "CREATE TABLE a (id INTEGER);", "\nDROP TABLE b;")
    main(["rehearse", f"{base}..HEAD", "--repo", str(repo.path)])
    capsys.readouterr()
    main(["check", f"{base}..HEAD", "--repo", str(repo.path), "--only", "migrations"])
    head = repo.git("rev-parse", "HEAD")
    assert f"gatepost rehearse {base[:12]}..{head[:12]}" in " ".join(capsys.readouterr().out.split())


def test_a_server_names_the_range_too(repo: Repo, tmp_path: Path) -> None:
    to = server(tmp_path, '[gate]\nprotected = ["refs/heads/main"]\n')
    base = history(repo, "CREATE TABLE a (id INTEGER);\nCREATE INDEX i ON posts (body);", "DROP TABLE a;")
    to.git("fetch", "-q", str(repo.path), f"{base}:refs/heads/main")
    done = subprocess.run(
        ["git", "push", str(to.path), "main"], cwd=repo.path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    head = repo.git("rev-parse", "HEAD")
    assert f"gatepost rehearse {base[:12]}..{head[:12]}" in done.stderr


def test_a_good_rehearsal_is_one_line(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base = history(repo, "CREATE TABLE a (id INTEGER);", "DROP TABLE a;")
    assert push_side(repo, monkeypatch, base) == 0
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "it is reversible" in line]
    assert line.startswith("gatepost: rehearsal: db: 1 migration: it is reversible (sqlite 3")
    assert line.endswith(" s)")


@pytest.mark.parametrize(
    ("pushed", "said"),
    [
        ("", "the dialect is assumed: say it in [[migrations]]"),
        (
            'dialect = "mysql"\n',
            'the pushed gatepost.toml says dialect = "mysql", which is in force once it has landed',
        ),
    ],
)
def test_what_is_only_assumed_is_said(repo: Repo, pushed: str, said: str) -> None:
    place = '[[migrations]]\npath = "db"\nserver = "99"\n'
    base = repo.commit({"gatepost.toml": place, **files(1, "CREATE TABLE a (id int);", "DROP TABLE a;")})
    policy = {"gatepost.toml": place + pushed} if pushed else {}
    repo.commit({**policy, **files(2, "CREATE TABLE b (id int);", "DROP TABLE b;")})
    change = repo.change(base, "HEAD")
    with change.repo:
        (made,) = runner.rehearse(change, read_policy(change)[0], runner.Asked())
    assert made.whole == "unknown"
    assert said in made.reason


def test_an_edit_makes_a_rehearsal_stale(repo: Repo) -> None:
    base = history(repo, *LOSSY)
    main(["rehearse", f"{base}..HEAD", "--repo", str(repo.path)])
    repo.commit(files(2, LOSSY[0], LOSSY[1] + "\nSELECT 1;"))
    assert "rehearsed" not in judged(repo, base).sections["migrations"][0]


def push_side(repo: Repo, monkeypatch: pytest.MonkeyPatch, base: str) -> int:
    """Run the pre-push hook as git would."""
    monkeypatch.chdir(repo.path)
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", base)
    monkeypatch.setenv("PRE_COMMIT_TO_REF", "main")
    monkeypatch.setenv("PRE_COMMIT_REMOTE_NAME", "origin")
    monkeypatch.setattr("sys.stdin", None)
    return main(["pre-push"])


def test_pre_push_rehearses_by_itself(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base = history(repo, "CREATE TABLE a (id INTEGER);", "DROP TABLE b;")
    assert push_side(repo, monkeypatch, base) == 1
    said = capsys.readouterr().out
    assert "db/002_m.down.sql:1: error rollback/rehearsal-failed" in said
    assert repo.git("for-each-ref", recorded.REFS)


def test_pre_push_is_quiet_where_the_policy_says_off(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    base = history(repo, "CREATE TABLE a (id INTEGER);", "DROP TABLE b;", 'rehearse = "off"\n')
    push_side(repo, monkeypatch, base)
    assert not repo.git("for-each-ref", recorded.REFS)


def test_no_engine_at_hand_is_said_and_stops_nobody(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base = history(repo, "CREATE TABLE a (id INTEGER);", "DROP TABLE a;", 'server = "99"\n')
    assert push_side(repo, monkeypatch, base) == 0
    assert "was not rehearsed: SQLite 99 is needed" in capsys.readouterr().out


def server(tmp_path: Path, policy: str) -> Repo:
    made = Repo(tmp_path / "server.git", bare=True)
    (made.path / "gatepost.toml").write_text(policy)
    assert main(["install", "--server", str(made.path)]) == 0
    return made


def push(repo: Repo, to: Repo, *refs: str, who: str = "ada") -> str:
    environ = {"GL_USER": who, "GL_REPO": "r"} if who else {}
    return repo.git("push", str(to.path), *refs, check=False, env=environ) or ""


def waited(repo: Repo, head: str, kind: str) -> list[Mapping[str, Any]]:
    for _ in range(300):
        with Repository(repo.path) as opened:
            found = list(read(opened, head, kind))
        if found:
            return found
        time.sleep(0.1)
    return []


def test_a_listed_pushers_claim_is_rehearsed_again(repo: Repo, tmp_path: Path) -> None:
    """The client claims that all is well; the server's own rehearsal says otherwise, loudly."""
    to = server(tmp_path, '[gate]\nmode = "report"\n[rehearsal]\nrunners = ["ada"]\n')
    base = history(repo, *LOSSY)
    push(repo, to, f"{base}:refs/heads/main")
    change = repo.change(base, "HEAD")
    with change.repo:
        (course,) = runner.planned(change, read_policy(change)[0])
        made = runner.of_course(course, runner.Asked())
        forged = json.loads(recorded.dumps(made))
        forged["whole"] = forged["migrations"][0]["verdict"] = "reversible"
        lie = recorded.loads(json.dumps(forged))
        assert lie
        recorded.save(change.repo, lie)
    push(repo, to, f"{recorded.REFS}/*:{recorded.REFS}/*")
    push(repo, to, "main:refs/heads/main")
    head = repo.git("rev-parse", "main")
    (record,) = waited(to, head, rehearsing.KIND)
    assert record["rehearsal"]["whole"] == "data-loss"
    assert record["claimed"]["whole"] == "reversible"
    (alarm,) = waited(to, head, "alarm")
    assert "the pusher claims that it is reversible; here it is reversible, but loses data" in alarm["says"]
    assert to.git("for-each-ref", recorded.OWN)
    (verdict,) = waited(to, head, "verdict")
    (entry,) = verdict["sections"]["migrations"]
    assert entry["rehearsed"]["claimed"] is True
    assert entry["down"] == "lossy"  # the model's own word: a claim that is better does not count


@pytest.mark.parametrize("verdict", ["up-fails", "down-fails", "schema-differs", "data-loss"])
@pytest.mark.parametrize(
    "rule", ["", '[rules]\n"migration/lossy-down" = "error"\n"rollback/rehearsal-failed" = "error"\n']
)
def test_a_claim_of_somebody_else_stops_nobody(repo: Repo, tmp_path: Path, verdict: str, rule: str) -> None:
    to = server(tmp_path, '[gate]\nprotected = ["refs/heads/main"]\ndeploy = []\n' + rule)
    base = history(repo, "CREATE TABLE a (id INTEGER);", "DROP TABLE a;")
    push(repo, to, f"{base}:refs/heads/main")
    change = repo.change(base, "HEAD")
    with change.repo:
        (course,) = runner.planned(change, read_policy(change)[0])
        forged = json.loads(recorded.dumps(runner.of_course(course, runner.Asked())))
        forged["whole"] = forged["migrations"][0]["verdict"] = verdict
        lie = recorded.loads(json.dumps(forged))
        assert lie
        recorded.save(change.repo, lie)
    push(repo, to, f"{recorded.REFS}/*:{recorded.REFS}/*", who="eve")
    repo.git("update-ref", "-d", f"{recorded.REFS}/{lie.key}")
    push(repo, to, "main:refs/heads/main")
    head = repo.git("rev-parse", "main")
    assert to.git("rev-parse", "main") == head
    (said,) = waited(to, head, "verdict")
    wrong = {"schema-differs": "migration/wrong-down", "data-loss": "migration/lossy-down"}
    expected = wrong.get(verdict, "rollback/rehearsal-failed")
    found = [(one["rule"], one["level"]) for one in said["findings"] if "claimed" in one["message"]]
    assert found == ([] if rule and expected in rule else [(expected, "warning")])


def test_nobody_else_has_anything_run_there(repo: Repo, tmp_path: Path) -> None:
    to = server(tmp_path, '[gate]\nmode = "report"\n[rehearsal]\nrunners = ["grace"]\n')
    base = history(repo, *LOSSY)
    push(repo, to, f"{base}:refs/heads/main")
    push(repo, to, "main:refs/heads/main")
    assert not (to.path / "gatepost" / "rehearsals").exists()


@pytest.mark.parametrize(("who", "said"), [("", 1), ("ada", 0)])
def test_a_pusher_whom_the_server_does_not_know_is_told_once(repo: Repo, tmp_path: Path, who: str, said: int) -> None:
    """With ``runners = ["*"]`` everybody it knows is rehearsed, and nobody was told that it knows nobody."""
    to = server(tmp_path, '[gate]\nmode = "report"\nprotected = ["refs/heads/*"]\n[rehearsal]\nrunners = ["*"]\n')
    base = history(repo, *LOSSY)
    to.git("fetch", "-q", str(repo.path), f"{base}:refs/heads/main", f"{base}:refs/heads/other")
    environ = os.environ | ({"GL_USER": who, "GL_REPO": "r"} if who else {})
    command = ["git", "push", str(to.path), "main", "main:other"]
    done = subprocess.run(command, cwd=repo.path, env=environ, capture_output=True, text=True, check=True)
    assert done.stderr.count("the server does not know who pushes") == said, done.stderr
    if who:
        assert waited(to, repo.git("rev-parse", "main"), rehearsing.KIND)


@pytest.mark.parametrize(("who", "lands"), [("ada", True), ("eve", False), ("", False)])
def test_before_landing_where_the_policy_says_so(repo: Repo, tmp_path: Path, who: str, lands: bool) -> None:
    to = server(tmp_path, '[gate]\nprotected = ["refs/heads/main"]\ndeploy = []\n[rehearsal]\nrunners = ["ada"]\n')
    base = history(repo, "CREATE TABLE a (id INTEGER);", "DROP TABLE a;", policy='rehearse = "pre-receive"\n')
    to.git("fetch", "-q", str(repo.path), f"{base}:refs/heads/main")
    environ = os.environ | ({"GL_USER": who, "GL_REPO": "r"} if who else {})
    done = subprocess.run(
        ["git", "push", str(to.path), "main"], cwd=repo.path, env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) is lands, done.stderr
    head = repo.git("rev-parse", "main")
    if lands:
        (record,) = waited(to, head, rehearsing.KIND)
        assert record["rehearsal"]["whole"] == "reversible"
        assert to.git("for-each-ref", recorded.OWN)
    else:
        assert 'rehearse = "pre-receive"' in done.stderr
        assert "[rehearsal] runners" in done.stderr


def test_a_client_cannot_write_the_servers_own(repo: Repo, tmp_path: Path) -> None:
    to = server(tmp_path, "")
    base = history(repo, *LOSSY)
    assert base
    push(repo, to, f"HEAD:{recorded.OWN}/x")
    assert not to.git("for-each-ref", recorded.OWN)

"""Bad input gets one clear finding or error that names the file: never a traceback, never a silent pass."""

from __future__ import annotations

import json
import resource
from pathlib import Path
from typing import Any

import pytest

from conftest import Content, Repo
from gatepost.cli import main

TABLE = {
    "db/migrations/0001_users.up.sql": "CREATE TABLE users (id bigint PRIMARY KEY, name text);\n",
    "db/migrations/0001_users.down.sql": "DROP TABLE users;\n",
}
DOWN = {"db/migrations/0002_x.down.sql": "SELECT 1;\n"}
HUGE = 200 * 1024 * 1024


def check(repo: Repo, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = main(["check", "main~1..main", "--repo", str(repo.path), "--format", "json"])
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, answer


def rules_at(answer: dict[str, Any], path: str) -> set[str]:
    return {finding["rule"] for finding in answer["findings"] if finding["path"] == path}


@pytest.mark.parametrize(
    ("content", "rule", "code"),
    [
        ("[gate]\nmode = maybe\n", "policy/invalid", 1),
        ("[gate]\ndeadlin = '20s'\n", "policy/invalid", 1),
        (b"\xff\xfe[gate]\n", "policy/invalid", 1),
        ("[" * 5000, "policy/invalid", 1),
        (("120000", b"/etc/passwd"), "policy/invalid", 1),
        ("# " + "x" * 2 * 1024 * 1024, "policy/invalid", 1),
    ],
    ids=["syntax", "unknown-key", "not-utf8", "nested", "symlink", "too-large"],
)
def test_policy(repo: Repo, capsys: pytest.CaptureFixture[str], content: Content, rule: str, code: int) -> None:
    repo.commit({"a": "1"})
    repo.commit({"gatepost.toml": content})
    got, answer = check(repo, capsys)
    assert (got, rules_at(answer, "gatepost.toml")) == (code, {rule})


def test_a_policy_that_landed_broken_can_be_mended(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.commit({"gatepost.toml": "[gate\n"})
    repo.commit({"a": "1"})
    assert main(["check", "main~1..main", "--repo", str(repo.path)]) == 2
    assert "gatepost.toml: " in capsys.readouterr().err
    repo.commit({"gatepost.toml": "[gate]\n"})
    code, answer = check(repo, capsys)
    assert (code, answer["verdict"]) in {(0, "pass"), (0, "review")}


@pytest.mark.parametrize(
    "content",
    [
        '{"lockfileVersion": 3, "packages": {',
        "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> b\n",
        b"\xff\xfe{\x00}\x00",
        "\0" * 64,
    ],
    ids=["truncated", "merge-markers", "utf-16", "nul"],
)
def test_lockfile(repo: Repo, capsys: pytest.CaptureFixture[str], content: str | bytes) -> None:
    repo.commit({"package.json": "{}", "package-lock.json": '{"lockfileVersion": 3, "packages": {"": {}}}'})
    repo.commit({"package-lock.json": content})
    _, answer = check(repo, capsys)
    assert rules_at(answer, "package-lock.json") == {"dependency/unreadable"}
    assert answer["verdict"] in {"block", "review"}


@pytest.mark.parametrize(
    "content",
    [
        "ALTER TABEL users DROP COLUM name;;; )(",
        "ALTER TABLE users DROP COLUMN name, FROBNICATE TABLE;",
        "ALTER TABEL users ADD age int;",
        b"\xff\xfe\x00D",
        "(" * 5000,
    ],
    ids=["garbage", "opaque", "misspelt", "bytes", "nested"],
)
def test_sql(repo: Repo, capsys: pytest.CaptureFixture[str], content: str | bytes) -> None:
    repo.commit(TABLE)
    repo.commit({"db/migrations/0002_x.up.sql": content, **DOWN})
    _, answer = check(repo, capsys)
    assert "migration/not-analysed" in rules_at(answer, "db/migrations/0002_x.up.sql")
    assert answer["verdict"] != "pass"


def test_a_path_that_is_not_utf8(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.commit(TABLE)
    odd = "db/migrations/0002_\udcff\n.up.sql"
    repo.commit({odd: "DROP TABLE users;\n"})
    code, answer = check(repo, capsys)
    assert code == 1
    assert {finding["path"] for finding in answer["findings"]} == {"db/migrations/0002_\\xff\n.up.sql"}
    main(["check", "main~1..main", "--repo", str(repo.path)])
    said = capsys.readouterr().out
    assert "db/migrations/0002_\\xff\\n.up.sql:1: error" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", ["package-lock.json", "db/migrations/0002_x.up.sql", "gatepost.toml", "tests/test_a.py", "assets/film.mp4"]
)
def test_a_blob_of_200_mb(repo: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str) -> None:
    file = tmp_path / "huge"
    with file.open("wb") as stream:
        stream.truncate(HUGE)
    repo.commit({"package.json": "{}", "tests/test_a.py": "def test_a():\n    assert 1 == 1\n", **TABLE})
    oid = repo.git("hash-object", "-w", str(file))
    repo.git("read-tree", "main")
    repo.git("update-index", "--add", "--cacheinfo", f"100644,{oid},{path}")
    tree = repo.git("write-tree")
    repo.git("update-ref", "refs/heads/main", repo.git("commit-tree", "-p", "main", "-m", "x", tree))
    before = resource.getrusage(resource.RUSAGE_SELF)
    code, answer = check(repo, capsys)
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_utime - before.ru_utime < 5
    assert (after.ru_maxrss - before.ru_maxrss) < 100 * 1024  # KiB: it was not read into memory
    if path == "assets/film.mp4":
        assert (code, answer["verdict"]) == (0, "pass")
        return
    assert path in json.dumps([answer["findings"], answer["skipped"]])
    # A test file that cannot be compared is told and does not refuse the push; all else is not passed.
    assert answer["verdict"] != "pass" or path == "tests/test_a.py"

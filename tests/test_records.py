"""Records: nothing is lost, nothing can be forged unseen, and 100,000 of them stay quick."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gatepost import records
from gatepost.errors import CannotJudge
from gatepost.git import Repository

SOURCE = Path(__file__).parent.parent / "hooks"
FORMATS = ("sha1", "sha256")


def oid(number: int, digits: int = 40) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:digits]


def git(where: Path, *args: str, stdin: str = "") -> str:
    done = subprocess.run(
        ["git", "-C", str(where), *args], input=stdin, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


@pytest.fixture(params=FORMATS)
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "server.git"
    subprocess.run(["git", "init", "-q", "--bare", f"--object-format={request.param}", str(path)], check=True)
    return path


def digits(bare: Path) -> int:
    return 64 if git(bare, "rev-parse", "--show-object-format") == "sha256" else 40


def test_a_record_comes_back_as_it_went_in(bare: Path) -> None:
    name = oid(7, digits(bare))
    with Repository(bare, client=False) as repo:
        stored = records.append(repo, name, {"kind": "verdict", "verdict": "pass", "path": "caf\udce9\n"})
        assert records.read(repo, name) == (stored,)
        assert stored["v"] == 1
        assert stored["seq"] == 1
        assert stored["commit"] == name
        assert stored["path"] == "caf\udce9\n"
        assert records.read(repo, oid(8, digits(bare))) == ()
        assert git(bare, "notes", "--ref=gatepost", "list").endswith(name)


def test_records_are_found_by_tree_and_by_kind(bare: Path) -> None:
    wide = digits(bare)
    with Repository(bare, client=False) as repo:
        for number in range(3):
            records.append(repo, oid(number + 1, wide), {"kind": "landed"}, tree=oid(99, wide))
        records.append(repo, oid(1, wide), {"kind": "deploy"})
        assert [r["commit"] for r in records.read(repo, oid(99, wide))] == [oid(n, wide) for n in (1, 2, 3)]
        assert [r["kind"] for r in records.read(repo, oid(1, wide))] == ["landed", "deploy"]
        assert [r["seq"] for r in records.read(repo, oid(1, wide), "deploy")] == [4]
        assert [r["seq"] for r in records.log(repo, 3)] == [4, 3, 2]
        assert records.problems(repo) == ()


def test_notes_that_git_rewrote_are_still_read_and_continued(bare: Path) -> None:
    name = oid(5, digits(bare))
    with Repository(bare, client=False) as repo:
        records.append(repo, name, {"kind": "verdict"})
        blob, tip = git(bare, "notes", "--ref=gatepost", "list", name), git(bare, "rev-parse", records.REF)
        tree = git(bare, "mktree", stdin=f"100644 blob {blob}\t{name}\n")
        message = git(bare, "log", "-1", "--format=%B", tip)
        flat = git(
            bare,
            *("-c", "user.name=x", "-c", "user.email=x@example.org"),
            *("commit-tree", tree, "-p", tip, "-m", message),
        )
        git(bare, "update-ref", records.REF, flat, tip)
        records.append(repo, name, {"kind": "landed"})
        assert [r["kind"] for r in records.read(repo, name)] == ["verdict", "landed"]
        assert records.problems(repo) == ()


def test_of_a_long_record_the_lists_are_shortened_and_the_summary_stays(bare: Path) -> None:
    changes = [{"name": f"package-{number}", "why": ["root"] * 300} for number in range(2000)]
    section = {"summary": {"packages": 2000}, "changes": changes}
    findings = [{"rule": "dependency/added", "data": {"names": ["x" * 50] * 3000}, "fingerprint": "f"}]
    with Repository(bare, client=False) as repo:
        body = {"kind": "dependency-audit", "dependencies": section, "findings": findings}
        stored = records.append(repo, oid(1), body)
        assert stored["cut"] > records.LINE_LIMIT
        assert stored["dependencies"]["summary"] == {"packages": 2000}
        assert len(stored["dependencies"]["changes"]) == 200
        assert stored["findings"][0]["fingerprint"] == "f"
        assert records.problems(repo) == ()


def test_a_record_that_is_too_long_is_cut_and_says_so(bare: Path) -> None:
    with Repository(bare, client=False) as repo:
        stored = records.append(repo, oid(1), {"kind": "verdict", "sections": {"x": "y" * records.LINE_LIMIT}})
        assert "sections" not in stored
        assert stored["cut"] > records.LINE_LIMIT


@pytest.mark.parametrize("said", ["does not follow from record 2", "record 2 is missing"])
def test_doctor_sees_a_forged_and_a_deleted_record(tmp_path: Path, said: str) -> None:
    bare = tmp_path / "server.git"
    subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
    with Repository(bare, client=False) as repo:
        for number in range(1, 4):
            records.append(repo, oid(number), {"kind": "verdict", "verdict": "block"})
        message = git(bare, "log", "-1", "--format=%B", records.REF)
        env = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        if "missing" in said:
            git(bare, *env, "notes", "--ref=gatepost", "remove", oid(2))
        else:
            forged = git(bare, "notes", "--ref=gatepost", "show", oid(2)).replace('"block"', '"pass"')
            git(bare, *env, "notes", "--ref=gatepost", "add", "-f", "-m", forged, oid(2))
        tree = git(bare, "rev-parse", records.REF + "^{tree}")
        git(bare, "update-ref", records.REF, git(bare, *env, "commit-tree", tree, "-m", message))
        assert said in records.problems(repo)[0]


def test_doctor_sees_records_that_are_gone_or_rolled_back(tmp_path: Path) -> None:
    bare = tmp_path / "server.git"
    subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
    with Repository(bare, client=False) as repo:
        for number in range(1, 4):
            records.append(repo, oid(number), {"kind": "verdict"})
        git(bare, "update-ref", records.REF, records.REF + "~1")
        assert "record 3 is not the one" in records.problems(repo)[0]
        git(bare, "update-ref", "-d", records.REF)
        assert "gone" in records.problems(repo)[0]


def test_a_state_directory_that_cannot_be_made_is_an_error_with_a_hint(tmp_path: Path) -> None:
    bare = tmp_path / "server.git"
    subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
    (bare / "gatepost").write_text("in the way")
    with Repository(bare, client=False) as repo, pytest.raises(CannotJudge):
        records.append(repo, oid(1), {"kind": "verdict"})


WRITER = """
import hashlib, sys
from gatepost import records
from gatepost.git import Repository
with Repository(sys.argv[1], client=False) as repo:
    for number in range(5):
        name = hashlib.sha256(str(int(sys.argv[2]) * 5 + number + 1).encode()).hexdigest()[:40]
        records.append(repo, name, {"kind": "verdict"})
"""


def test_twenty_writers_of_five_records_each_lose_none(tmp_path: Path) -> None:
    bare = tmp_path / "server.git"
    subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
    env = os.environ | {"PYTHONPATH": str(SOURCE)}
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(bare), str(n)], env=env) for n in range(20)]
    assert [writer.wait(120) for writer in writers] == [0] * 20
    with Repository(bare, client=False) as repo:
        assert len(records.log(repo, 200)) == 100
        assert all(records.read(repo, oid(n)) for n in range(1, 101))
        assert records.problems(repo) == ()


def test_a_record_is_one_line_of_json_with_the_time_first(bare: Path) -> None:
    with Repository(bare, client=False) as repo:
        records.append(repo, oid(1, digits(bare)), {"kind": "verdict", "text": "a\nb"})
    raw = git(bare, "notes", "--ref=gatepost", "show", oid(1, digits(bare)))
    assert raw.count("\n") == 0
    assert next(iter(json.loads(raw))) == "at"

"""The client hooks as pre-commit and prek really run them, on every shape of commit and push."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Repo

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
UP = "db/migrations/0001_users.up.sql"
BAD = {"db/migrations/0002_x.up.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);\n"}
GOOD = {UP: "CREATE TABLE users (id bigint PRIMARY KEY);\n", UP.replace(".up.", ".down."): "DROP TABLE users;\n"}
CONFIG = """\
repos:
  - repo: local
    hooks:
      - {{id: a, name: a, entry: {python} -m gatepost pre-commit, language: system, stages: [pre-commit], {flags}}}
      - {{id: b, name: b, entry: {python} -m gatepost pre-push, language: system, stages: [pre-push], {flags}}}
"""
FLAGS = "always_run: true, pass_filenames: false, require_serial: true"


@pytest.fixture(params=["pre-commit", "prek", "native"])
def clone(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Give a clone with the hooks installed by the framework, and a bare ``origin`` beside it."""
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PREK_HOME", str(tmp_path / "prek"))
    monkeypatch.setenv("HOME", str(tmp_path))
    Repo(tmp_path / "origin.git", bare=True)
    made = Repo(tmp_path / "clone")
    made.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    if request.param == "native":
        for stage in ("pre-commit", "pre-push"):
            hook = made.path / ".git" / "hooks" / stage
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(f'#!/bin/sh\nexec {sys.executable} -m gatepost {stage} "$@"\n')
            hook.chmod(0o755)
        made.write({"README.md": "x"})
    else:
        made.write({".pre-commit-config.yaml": CONFIG.format(python=sys.executable, flags=FLAGS)})
        types = ["--hook-type", "pre-commit", "--hook-type", "pre-push"]
        subprocess.run([BIN / request.param, "install", *types], cwd=made.path, check=True, capture_output=True)
    return made


def git(repo: Repo, *args: str) -> tuple[int, str]:
    done = subprocess.run(["git", *args], cwd=repo.path, capture_output=True, text=True, check=False)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def commit(repo: Repo, files: dict[str, str], *flags: str) -> tuple[int, str]:
    repo.write(files)
    return git(repo, "commit", "-qm", "x", *flags)


def test_commits_are_judged(clone: Repo) -> None:
    assert commit(clone, GOOD)[0] == 0
    code, said = commit(clone, BAD)
    assert code == 1
    assert "db/migrations/0002_x.up.sql:1: error migration/missing-down" in said
    # A partial commit of the other, good file must not be blamed for what is staged beside it.
    (clone.path / "README.md").write_text("more")
    clone.git("add", "README.md")
    assert git(clone, "commit", "-qm", "only the text", "README.md")[0] == 0
    assert git(clone, "commit", "-qm", "x", "db/migrations/0002_x.up.sql")[0] == 1


def test_deletions_alone_are_judged(clone: Repo) -> None:
    assert commit(clone, GOOD)[0] == 0
    clone.git("rm", "-q", UP.replace(".up.", ".down."))
    assert git(clone, "commit", "-qm", "drop the down")[0] == 1


def test_linked_worktree(clone: Repo, tmp_path: Path) -> None:
    assert commit(clone, GOOD)[0] == 0
    clone.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    side = Repo.__new__(Repo)
    side.path = tmp_path / "side"
    code, said = commit(side, BAD)
    assert code == 1
    assert "0002_x.up.sql" in said


def test_first_push_of_a_root_commit(clone: Repo) -> None:
    assert commit(clone, GOOD | BAD, "--no-verify")[0] == 0
    code, said = git(clone, "push", "-q", "origin", "main")
    assert code == 1
    assert "migration/missing-down" in said


def test_a_good_push_then_a_bad_one_then_its_deletion(clone: Repo) -> None:
    assert commit(clone, GOOD)[0] == 0
    assert git(clone, "push", "-q", "origin", "main")[0] == 0
    clone.git("switch", "-q", "-c", "side")
    assert commit(clone, BAD, "--no-verify")[0] == 0
    assert git(clone, "push", "-q", "origin", "side")[0] == 1
    assert git(clone, "push", "-q", "--no-verify", "origin", "side")[0] == 0
    assert git(clone, "push", "-q", "origin", "--delete", "side")[0] == 0


def test_a_branch_that_is_not_checked_out(clone: Repo) -> None:
    assert commit(clone, GOOD)[0] == 0
    assert git(clone, "push", "-q", "origin", "main")[0] == 0
    clone.git("switch", "-q", "-c", "side")
    assert commit(clone, BAD, "--no-verify")[0] == 0
    clone.git("switch", "-q", "main")
    assert git(clone, "push", "-q", "origin", "side")[0] == 1


def test_tags(clone: Repo) -> None:
    assert commit(clone, GOOD)[0] == 0
    assert git(clone, "push", "-q", "origin", "main")[0] == 0
    clone.git("tag", "-a", "-m", "good", "v1")
    assert git(clone, "push", "-q", "origin", "v1")[0] == 0
    assert commit(clone, BAD, "--no-verify")[0] == 0
    clone.git("tag", "-a", "-m", "bad", "v2")
    assert git(clone, "push", "-q", "origin", "v2")[0] == 1


def test_several_refs_in_one_push(clone: Repo) -> None:
    assert commit(clone, GOOD)[0] == 0
    assert git(clone, "push", "-q", "origin", "main")[0] == 0
    clone.git("branch", "a")
    clone.git("switch", "-q", "-c", "b")
    assert commit(clone, BAD, "--no-verify")[0] == 0
    code, _ = git(clone, "push", "-q", "origin", "a", "b")
    native = (clone.path / ".git" / "hooks" / "pre-push").read_text().startswith("#!/bin/sh\nexec")
    # The frameworks show a hook only the first ref that has something new: here that is b.
    assert code == 1, native


@pytest.mark.slow
@pytest.mark.parametrize("framework", ["pre-commit", "prek"])
def test_try_repo_in_a_foreign_repository(framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PREK_HOME", str(tmp_path / "prek"))
    ours = Repo(tmp_path / "gatepost")
    for name in ("hooks", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        source, target = ROOT / name, ours.path / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    shutil.copytree(ROOT / "docs", ours.path / "docs")
    ours.git("add", "-A")
    ours.git("commit", "-qm", "gatepost")
    foreign = Repo(tmp_path / "foreign")
    foreign.write(GOOD | BAD)
    stage = ["--hook-stage", "pre-commit"]
    command = [BIN / framework, "try-repo", str(ours.path), "gatepost-pre-commit", *stage, "--verbose"]
    done = subprocess.run(command, cwd=foreign.path, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "0002_x.up.sql:1: error migration/missing-down" in " ".join(done.stdout.split())
    foreign.git("rm", "-q", "--cached", *BAD)
    done = subprocess.run(command, cwd=foreign.path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

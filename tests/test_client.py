"""The client's verbs through ``main``, on real repositories."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Repo
from gatepost.cli import main

PLUGINS = tuple(f"gatepost.{name}" for name in ("bundles", "lockfiles", "migrations", "sql", "metrics", "reports"))
HEAVY = ("sqlglot", "git.repo", "gitdb", "packaging", "tomllib", "tomli", "tree_sitter", "yaml", "argparse", "inspect_")


def said(capsys: pytest.CaptureFixture[str]) -> tuple[list[str], dict[str, object]]:
    """Give the lines of standard output, the last one read as JSON."""
    *lines, last = capsys.readouterr().out.splitlines()
    return [" ".join(line.split()) for line in lines], json.loads(last)


def test_nothing_relevant_is_silent(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(repo.path)
    repo.write({"README.md": "hello"})
    assert main(["pre-commit"]) == 0
    repo.git("commit", "-qm", "first")
    repo.write({"README.md": "hello again"})
    assert main(["pre-commit"]) == 0
    assert capsys.readouterr() == ("", "")


def test_light_on_the_way_of_every_commit(repo: Repo) -> None:
    repo.commit({"README.md": "hello"})
    repo.git("reset", "-q", "--hard")
    repo.write({"README.md": "hello again", "src/main.c": "int main;", "assets/logo.svg": "<svg/>"})
    program = (
        "import sys; from gatepost.cli import main; code = main(['pre-commit']); "
        "print(code, *sorted(sys.modules), sep='\\n')"
    )
    out = subprocess.run([sys.executable, "-c", program], cwd=repo.path, capture_output=True, text=True, check=True)
    code, *modules = out.stdout.split()
    assert code == "0"
    assert [name for name in modules if name.startswith(HEAVY)] == []
    assert [name for name in modules if name.startswith(PLUGINS)] == []


def traced(tmp_path: Path) -> tuple[str, Path]:
    """Give a PATH on which git writes a line for each of its calls, and the file of the lines."""
    trace, shim = tmp_path / "trace", tmp_path / "bin" / "git"
    real = shutil.which("git")
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\necho "$*" >> {trace}\nexec {real} "$@"\n')
    shim.chmod(0o755)
    return f"{shim.parent}:/usr/bin:/bin", trace


def test_three_git_processes_at_most(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({"README.md": "hello"})
    repo.git("reset", "-q", "--hard")
    repo.write({"README.md": "hello again"})
    path, trace = traced(tmp_path)
    monkeypatch.setenv("PATH", path)
    monkeypatch.chdir(repo.path)
    assert main(["pre-commit"]) == 0
    assert len(trace.read_text().splitlines()) <= 3, trace.read_text()


def test_five_git_processes_at_most_on_the_server(tmp_path: Path) -> None:
    bare = Repo(tmp_path / "bare.git", bare=True)
    old = bare.commit({"src/main.c": "int main;", "README.md": "hello"})
    new = bare.commit({"src/main.c": "int main, other;"}, ref="refs/heads/side", parent=old)
    path, trace = traced(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "gatepost", "pre-receive"],
        cwd=bare.path,
        env=os.environ | {"PATH": path, "GIT_DIR": "."},
        input=f"{old} {new} refs/heads/main\n".encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done
    assert 1 < len(trace.read_text().splitlines()) <= 5, trace.read_text()


def test_broken_policy_is_one_finding_each(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(repo.path)
    repo.write({"gatepost.toml": '[gate]\ndeadlin = "20s"\nmode = "maybe"\n'})
    assert main(["pre-commit"]) == 1
    lines, data = said(capsys)
    assert 'did you mean "deadline"?' in " ".join(lines)
    assert '"enforce" or "report"' in " ".join(lines)
    assert data["verdict"] == "block"
    assert main(["check"]) == 1


def test_unmerged_index_cannot_be_judged(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(repo.path)
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"x")
    repo.git("update-index", "--index-info", stdin=f"100644 {blob} 1\ta\n100644 {blob} 2\ta\n".encode())
    assert main(["pre-commit"]) == 3
    lines, data = said(capsys)
    assert "index" in lines[0]
    assert data["exit"] == 3


def test_outside_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert main(["check"]) == 3
    assert "not a git repository" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "code", "text"),
    [
        (["chek"], 2, 'did you mean "check"?'),
        (["check", "nope..HEAD"], 3, "no such commit"),
        (["check", "HEAD"], 2, "HEAD~1..HEAD"),
        (["check", "--only", "schem"], 2, "no such check"),
        (["check", "--format", "jsn"], 2, "json"),
        (["check", "--repo", "/nonexistent"], 2, "no such directory"),
        (["explain", "policy/invald"], 2, 'did you mean "policy/invalid"?'),
    ],
)
def test_errors_name_what_and_next(
    argv: list[str],
    code: int,
    text: str,
    repo: Repo,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    repo.commit({"a": "1"})
    monkeypatch.chdir(repo.path)
    assert main(argv) == code
    assert text in capsys.readouterr().err


def test_bare_repository(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = Repo(tmp_path / "bare.git", bare=True)
    first, second = bare.commit({"a": "1"}), bare.commit({"b": "2"})
    assert main(["check", "--repo", str(bare.path)]) == 2
    assert "give a range" in capsys.readouterr().err
    assert main(["check", f"{first}..{second}", "--repo", str(bare.path), "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["change"] == {"base": first, "head": second, "ref": None, "commits": 1}


def test_more_than_one_range_is_a_usage_error(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.commit({"README.md": "hello"})
    assert main(["check", "a..b..c", "--repo", str(repo.path)]) == 2
    assert "a..b..c: is more than one range" in capsys.readouterr().err

"""``gatepost verdict`` and ``gatepost log``: what a deployer and a person ask of the records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from _dependencies import manifest, npm_lock
from gatepost.cli import main
from servers import Server


@pytest.fixture
def server(tmp_path: Path) -> Server:
    made = Server(tmp_path)
    assert made.commit_push({"a": "1"}).code == 0
    return made


def ask(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(list(args))
    return code, capsys.readouterr().out


def test_a_commit_that_was_accepted_may_be_deployed(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("--repo", str(server.path))
    code, said = ask(capsys, "verdict", server.tip(), *at)
    assert (code, "yes, verdict pass on refs/heads/main" in said) == (0, True)
    assert ask(capsys, "verdict", "main", *at, "--ref", "refs/heads/other")[0] == 3
    assert json.loads(ask(capsys, "verdict", "main", *at, "--format", "json")[1])["deploy"] is True


def test_kamal_says_the_commit_in_its_own_variable(
    server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAMAL_VERSION", server.tip())
    assert ask(capsys, "verdict", "--repo", str(server.path))[0] == 0
    monkeypatch.setenv("KAMAL_VERSION", "1" * 40)
    assert ask(capsys, "verdict", "--repo", str(server.path))[0] == 3


def test_a_refused_commit_and_one_that_went_round_the_gate_may_not(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ("--repo", str(server.path))
    bad = server.work.commit({"gatepost.toml": "[gate\n"})
    assert server.push("main").code == 1
    code, said = ask(capsys, "verdict", bad, *at)
    assert (code, "has not landed" in said) == (1, True)
    good = server.work.commit({"gatepost.toml": "", "b": "1"})
    hook = server.path / "hooks" / "pre-receive"
    hook.chmod(0o644)
    server.push("main")
    code, said = ask(capsys, "verdict", good, *at)
    assert (code, "verify/landed-without-verdict" in said) == (1, True)
    hook.chmod(0o755)


def test_the_log_lists_the_records_newest_first(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("--repo", str(server.path))
    lines = ask(capsys, "log", *at)[1].splitlines()
    assert [line.split()[1] for line in lines] == ["deploy", "landed", "verdict"]
    assert ask(capsys, "log", *at, "--kind", "deploy", "-n", "1")[1].count("\n") == 1
    records = [json.loads(line) for line in ask(capsys, "log", "main", *at, "--format", "json")[1].splitlines()]
    assert {record["commit"] for record in records} == {server.tip()}


def test_the_log_of_a_clone_says_how_to_fetch_the_records(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("--repo", str(server.work.path))
    for words in ((), ("main",), ("--format", "json")):
        capsys.readouterr()
        assert main(["log", *words, *at]) == 0
        said = capsys.readouterr()
        assert said.out == ""
        assert "git fetch origin '+refs/notes/gatepost:refs/notes/gatepost'" in said.err
    server.work.git("fetch", "-q", "origin", "+refs/notes/gatepost:refs/notes/gatepost")
    assert main(["log", *at]) == 0
    assert capsys.readouterr().err == ""


def test_a_stored_dependency_audit_is_a_page_for_people(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("--repo", str(server.path))
    lock = npm_lock({"chalk": ("2.0.0", ["ansi"]), "ansi": ("1.0.0", [])}, {"chalk": "^2.0.0"})
    assert server.commit_push({"package.json": manifest({"chalk": "^2.0.0"}), "package-lock.json": lock}).code == 0
    for words in (("log",), ("log", "main"), ("log", "--kind", "dependency-audit"), ("review", "show", server.tip())):
        code, said = ask(capsys, *words, *at, "--format", "markdown")
        assert code == 0
        assert "### Dependencies" in said
        assert "2 packages changed: 1 added, 1 added-transitive" in said
        assert "ansi 1.0.0 by chalk" in said
        page = ask(capsys, *words, *at, "--format", "html")[1]
        assert page.startswith("<!doctype html>")
        assert "2 packages changed" in page
    assert ask(capsys, "log", *at, "--kind", "landed", "--format", "html")[0] == 2
    assert ask(capsys, "review", "list", *at, "--format", "html")[0] == 2


def test_a_clone_that_fetched_the_records_answers_too(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("--repo", str(server.work.path))
    assert ask(capsys, "verdict", "main", *at)[0] == 3
    assert ask(capsys, "install", *at)[0] == 0
    server.work.git("fetch", "-q")
    assert ask(capsys, "verdict", "main", *at)[0] == 0


def test_a_full_disk_refuses(server: Server) -> None:
    """What stands in the way of the verdict's file has the same end as a disk without room for it."""
    (server.path / "gatepost" / "handover").rmdir()
    (server.path / "gatepost" / "handover").write_text("")
    pushed = server.commit_push({"b": "1"})
    assert pushed.code == 1
    assert "the verdict cannot be kept" in pushed.text


def test_a_delegate_like_giteas_runs_the_gate(tmp_path: Path) -> None:
    server = Server(tmp_path, gate=False)
    delegate = """#!/usr/bin/env bash
data=$(cat)
for hook in "${0%/*}/$(basename "$0").d/"*; do
  test -x "$hook" || continue
  echo "$data" | "$hook" || exit $?
done
"""
    for event in ("pre-receive", "post-receive"):
        (server.path / "hooks" / f"{event}.d").mkdir(parents=True)
        (server.path / "hooks" / event).write_text(delegate)
        (server.path / "hooks" / event).chmod(0o755)
    assert "Gitea" in server.install()
    assert server.commit_push({"a": "1"}).code == 0
    assert [r["kind"] for r in server.records(server.tip())] == ["verdict", "landed", "deploy"]
    assert server.commit_push({"gatepost.toml": "[gate\n"}).rules == ["policy/invalid"]

"""What the server and the clone say where something is missing, stays, or cannot be read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from conftest import Repo
from gatepost import doctor, install
from gatepost.cli import main
from gatepost.entry.watched import unreadable
from gatepost.metrics import Verification
from servers import Server


def test_a_source_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    policy = f'[verification]\nsource = "access-log"\npath = "{tmp_path}/no.log"\nwatch = "1s"\npoll = "1s"\n'
    server = Server(tmp_path, policy=policy)
    pushed = server.commit_push({"a": "1"})
    assert pushed.code == 0
    assert "cannot read its source" in pushed.text
    found = [item for item in doctor.server(server.path) if item.name == "verification"]
    assert "no.log: does not exist" in found[0].text


@pytest.mark.parametrize("path", ["", "access.log", "/var/log/*.log", "/"])
def test_what_cannot_be_told_from_here_is_not_said(path: str) -> None:
    assert unreadable(Verification(source="access-log", path=path)) == ""


def test_uninstall_names_what_stays_and_its_commands_remove_it(tmp_path: Path) -> None:
    server = Server(tmp_path)
    assert server.commit_push({"a": "1"}).code == 0
    said: list[str] = []
    install.uninstall(server.path, said.append)
    commands = [line for line in "".join(said).splitlines() if line.startswith("    ")]
    assert len(commands) == 3
    for command in commands:
        subprocess.run(command, shell=True, check=True, capture_output=True)
    assert server.bare.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert not (server.path / "gatepost").exists()


def test_a_clone_without_a_remote_is_not_told_to_wait(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.commit({"a": "1"})
    assert main(["status", "--repo", str(repo.path), "--wait"]) == 3
    said = capsys.readouterr().out
    assert "no remote origin" in said
    assert "--remote URL" in said
    assert "--wait" not in said
    assert main(["status", "--repo", str(repo.path), "--remote", "/nonexistent"]) == 3
    said = capsys.readouterr().out
    assert "\\n" not in said
    assert "--wait" not in said


def test_a_server_that_watched_nothing_is_told_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path, said in (("server.git", "[verification]"), ("clone", "run it in the server")):
        repo = Repo(tmp_path / path, bare=path == "server.git")
        if path == "clone":  # gatepost keeps what it has measured in a directory of the same name
            repo.git("remote", "add", "origin", str(tmp_path / "server.git"))
            (repo.path / ".git" / "gatepost").mkdir()
        assert main(["watch", "list", "--repo", str(repo.path)]) == 2
        assert said in capsys.readouterr().err

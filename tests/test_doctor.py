"""The doctor sees each way in which a gate is not one, and names the command that mends it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Repo
from gatepost import doctor, install
from gatepost.cli import main
from servers import Server


def git(*args: str) -> Callable[[Server], object]:
    return lambda server: server.bare.git(*args)


def bad(path: Path) -> list[str]:
    return [f"{found.name}: {found.text}" for found in doctor.server(path) if found.state == "bad"]


def hook(server: Server) -> Path:
    return server.path / "hooks" / "pre-receive"


def dangle(server: Server) -> None:
    hook(server).unlink()
    hook(server).symlink_to("/nonexistent")


def overwrite(server: Server) -> None:
    hook(server).write_text("#!/bin/sh\nexit 0\n")


def interpreter(server: Server) -> None:
    text = hook(server).read_text()
    python = text.rpartition(" -I")[0].rpartition("exec ")[2]
    hook(server).write_text(text.replace(python, "/nonexistent/python"))


def state(server: Server) -> None:
    shutil.rmtree(server.path / "gatepost")
    (server.path / "gatepost").write_text("")


def moved(server: Server) -> None:
    server.push("main:refs/heads/side")
    server.work.commit({"b": "1"})
    server.push("main:refs/heads/side")
    server.bare.git("update-ref", "refs/heads/main", "refs/heads/side")


BROKEN: dict[str, tuple[Callable[[Server], object], str]] = {
    "missing": (lambda s: hook(s).unlink(), "is missing"),
    "not executable": (lambda s: hook(s).chmod(0o644), "not executable"),
    "dangling": (dangle, "symlink to nowhere"),
    "overwritten": (overwrite, "somebody else's"),
    "interpreter": (interpreter, "is gone"),
    "hooksPath": (git("config", "core.hooksPath", "/dev/null"), "are not run"),
    "hideRefs": (git("config", "--unset-all", "receive.hideRefs"), "refs/notes/gatepost is not in"),
    "replace refs": (git("update-ref", "refs/replace/" + "1" * 40, "refs/heads/main"), "other objects"),
    "policy": (lambda s: s.policy("[gate]\nx = 1\n"), "every push is refused"),
    "state": (state, "gatepost"),
    "records": (git("update-ref", "-d", "refs/notes/gatepost"), "gone"),
    "moved": (moved, "moved without a verdict"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_each_way_in_which_a_gate_is_none_is_seen(tmp_path: Path, what: str) -> None:
    server = Server(tmp_path)
    server.commit_push({"a": "1"})
    assert bad(server.path) == []
    damage, said = BROKEN[what]
    damage(server)
    found = [item for item in doctor.server(server.path) if item.state == "bad"]
    assert any(said in item.text for item in found), found
    assert all(item.fix for item in found if said in item.text)


def test_the_mending_command_for_a_broken_hook_mends_it(tmp_path: Path) -> None:
    server = Server(tmp_path)
    dangle(server)
    assert bad(server.path)
    server.install()
    assert bad(server.path) == []


def test_a_hook_by_configuration_that_is_switched_off_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (install, doctor):
        monkeypatch.setattr(module, "git_version", lambda repo: (2, 54))
    server = Server(tmp_path)
    assert bad(server.path) == []
    server.bare.git("config", "hook.gatepost-pre-receive.enabled", "false")
    assert "switched off" in bad(server.path)[0]


def test_exit_codes_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = Server(tmp_path)
    assert main(["doctor", "--server", str(server.path)]) == 0
    hook(server).unlink()
    capsys.readouterr()
    assert main(["doctor", "--server", "--all", str(tmp_path), "--format", "json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert any(check["state"] == "bad" and check["fix"] for line in lines for check in line["checks"])
    assert main(["doctor", "--repo", str(server.work.path)]) == 0
    assert "gatepost init" in capsys.readouterr().out


def test_replace_refs_are_named_with_the_command_that_deletes_them(tmp_path: Path) -> None:
    server = Server(tmp_path)
    head = server.work.commit({"a": "1"})
    server.push("main")
    server.bare.git("update-ref", f"refs/replace/{head}", head)
    fix = next(found.fix for found in doctor.server(server.path) if found.name == "replace refs")
    subprocess.run(fix, shell=True, check=True, capture_output=True)
    assert bad(server.path) == []


FRAMEWORK = "#!/bin/sh\nARGS=(hook-impl --config=.pre-commit-config.yaml --hook-type=pre-commit)\n"
OURS = "repos:\n- repo: local\n  hooks:\n  - id: gatepost-pre-commit\n"
CLIENTS: dict[str, tuple[str, str | None, str, str]] = {
    "the framework runs it": (FRAMEWORK, OURS, "ok", ""),
    "a script runs it": ('#!/bin/sh\nexec gatepost pre-commit "$@"\n', None, "ok", ""),
    "no repositories": (FRAMEWORK, "repos: []\n", "warn", "gatepost init"),
    "only a comment": (FRAMEWORK, "repos: []  # id: gatepost-pre-commit\n", "warn", "gatepost init"),
    "no configuration": (FRAMEWORK, None, "bad", "gatepost init"),
    "another hook": ("#!/bin/sh\nexit 0\n", None, "warn", "gatepost init"),
    "another hook beside ours": ("#!/bin/sh\nexit 0\n", OURS, "warn", "pre-commit install --hook-type pre-commit"),
}


def client_hook(repo: Repo, event: str = "pre-commit") -> doctor.Found:
    return next(found for found in doctor.client(repo.path) if found.name == event)


@pytest.mark.parametrize("what", CLIENTS)
def test_a_clone_is_asked_whether_its_hook_runs_gatepost(repo: Repo, what: str) -> None:
    script, config, state, fix = CLIENTS[what]
    file = repo.path / ".git" / "hooks" / "pre-commit"
    file.parent.mkdir(exist_ok=True)
    file.write_text(script)
    file.chmod(0o755)
    if config is not None:
        (repo.path / ".pre-commit-config.yaml").write_text(config)
    found = client_hook(repo)
    assert (found.state, found.fix) == (state, fix), found
    file.chmod(0o644)
    assert client_hook(repo).fix == f"chmod +x {file}"


def test_a_clone_with_other_hooks_is_told_which_line_to_add(repo: Repo) -> None:
    (repo.path / ".husky" / "_").mkdir(parents=True)
    repo.git("config", "core.hooksPath", ".husky/_")
    assert f'{repo.path}/.husky/pre-push: gatepost pre-push "$@"' in client_hook(repo, "pre-push").fix
    delegate = repo.path / ".husky" / "_" / "pre-push"
    delegate.write_text('#!/bin/sh\n. "$(dirname "$0")/h"\n')
    delegate.chmod(0o755)
    assert client_hook(repo, "pre-push").state == "warn"
    (repo.path / ".husky" / "pre-push").write_text('gatepost pre-push "$@"\n')
    assert client_hook(repo, "pre-push").state == "ok"


def test_a_hook_that_git_does_not_run_gets_one_hint(tmp_path: Path) -> None:
    server = Server(tmp_path)
    hook(server).chmod(0o644)
    found = [item for item in doctor.server(server.path) if item.state == "bad"]
    assert [item.fix for item in found] == [f"chmod +x {hook(server)}"]


def test_what_the_empty_run_said_is_words(tmp_path: Path) -> None:
    server = Server(tmp_path, policy="[gate]\nx = 1\n")
    found = next(item for item in doctor.server(server.path) if item.name == "empty run")
    assert "unknown key" in found.text
    assert "{" not in found.text
    assert "\\n" not in found.text


@pytest.mark.parametrize("name", ["root", "ada", "git"])
def test_only_a_user_that_is_there_for_git_loses_its_shell(name: str) -> None:
    fix = doctor._shell_fix(Path("/srv/shop.git"), name, 0 if name == "root" else 1234)
    assert ("chsh" in fix) == (name == "git")
    assert "root" not in fix

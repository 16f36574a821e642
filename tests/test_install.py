"""Install and uninstall on server repositories: said, repeatable, chained, restored byte for byte."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Repo
from gatepost import install
from gatepost.errors import UsageError
from servers import Server

EVENTS = ("pre-receive", "post-receive")


def state(path: Path) -> dict[str, tuple[int, bytes | str]]:
    """Give every file below hooks, custom_hooks and the configuration: mode and content."""
    files = [path / "config", *(path / "hooks").rglob("*"), *(path / "custom_hooks").rglob("*")]
    return {
        str(f.relative_to(path)): (f.lstat().st_mode, str(f.readlink()) if f.is_symlink() else f.read_bytes())
        for f in files
        if f.is_symlink() or f.is_file()
    }


def hook(path: Path, text: str, mode: int = 0o755) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text)
    path.chmod(mode)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return Repo(tmp_path / "server.git", bare=True).path


def run(path: Path, *, dry: bool = False) -> str:
    said: list[str] = []
    install.server(path, said.append, dry=dry)
    return "".join(said)


def test_installing_twice_changes_nothing_and_says_so(bare: Path) -> None:
    first = run(bare)
    assert "write hooks/pre-receive" in first
    before = state(bare)
    assert "nothing to do" in run(bare)
    assert state(bare) == before


def test_the_operator_is_told_where_reviewers_are_listed(bare: Path) -> None:
    said = run(bare)
    assert str(bare / "gatepost.signers") in said
    assert 'namespaces="gatepost" ssh-ed25519' in said


def test_a_dry_run_says_the_same_and_does_nothing(bare: Path) -> None:
    before = state(bare)
    said = run(bare, dry=True)
    assert state(bare) == before
    assert said == run(bare)


def test_the_hook_is_a_real_file_with_an_absolute_interpreter(bare: Path) -> None:
    run(bare)
    text = (bare / "hooks" / "pre-receive").read_text()
    assert not (bare / "hooks" / "pre-receive").is_symlink()
    assert str(Path(sys.executable)) + " -I " in text
    assert install.marker(text.encode()) == "whole"


@pytest.mark.parametrize("kind", ["nothing", "hook", "symlink", "not executable", "config"])
def test_uninstall_restores_byte_for_byte(bare: Path, kind: str, tmp_path: Path) -> None:
    if kind == "hook":
        hook(bare / "hooks" / "pre-receive", "#!/bin/sh\ncat >/dev/null\n")
        hook(bare / "hooks" / "post-receive", "#!/bin/sh\nexit 0\n", 0o750)
    elif kind == "symlink":
        (bare / "hooks" / "pre-receive").symlink_to("../../elsewhere")
    elif kind == "not executable":
        hook(bare / "hooks" / "pre-receive", "#!/bin/sh\nexit 1\n", 0o644)
    elif kind == "config":
        with (bare / "config").open("a") as stream:
            stream.write("[receive]\n\t; mine\n  hideRefs=refs/secret\n")
    before = state(bare)
    run(bare)
    assert state(bare) != before
    said: list[str] = []
    install.uninstall(bare, said.append)
    assert state(bare) == before
    assert not (bare / "gatepost").exists()


def test_uninstall_keeps_configuration_that_came_later(bare: Path) -> None:
    run(bare)
    subprocess.run(["git", "-C", str(bare), "config", "receive.denyDeletes", "true"], check=True)
    install.uninstall(bare, lambda _: None)
    text = (bare / "config").read_text()
    assert "denyDeletes" in text
    assert "gatepost" not in text


def test_an_upgrade_replaces_its_own_hook_and_keeps_an_edited_one_aside(bare: Path) -> None:
    run(bare)
    file = bare / "hooks" / "pre-receive"
    file.chmod(0o644)
    run(bare)
    assert file.stat().st_mode & 0o111
    edited = file.read_bytes() + b"echo mine\n"
    file.write_bytes(edited)
    assert "gatepost-edited" in run(bare)
    assert (bare / "hooks" / "pre-receive.gatepost-edited").read_bytes() == edited
    assert install.marker(file.read_bytes()) == "whole"


def test_a_hook_that_another_tool_wrote_over_ours_is_chained_again(bare: Path) -> None:
    hook(bare / "hooks" / "pre-receive", "#!/bin/sh\nfirst\n")
    run(bare)
    hook(bare / "hooks" / "pre-receive", "#!/bin/sh\nsecond\n")
    run(bare)
    assert "second" in (bare / "hooks" / f"pre-receive{install.PREVIOUS}").read_text()
    assert install.marker((bare / "hooks" / "pre-receive").read_bytes()) == "whole"


def test_hooks_that_were_there_run_with_their_full_input(tmp_path: Path) -> None:
    server = Server(tmp_path, gate=False)
    for event in EVENTS:
        hook(server.path / "hooks" / event, f'#!/bin/sh\ncat > "{tmp_path}/{event}.seen"\necho {event} ran\n')
    server.install()
    server.work.commit({"a": "1"})
    server.work.git("branch", "topic", "main")
    pushed = server.push("main", "topic")
    assert pushed.code == 0, pushed.raw
    zero, head = "0" * 40, server.tip()
    lines = f"{zero} {head} refs/heads/main\n{zero} {head} refs/heads/topic\n"
    for event in EVENTS:
        assert (tmp_path / f"{event}.seen").read_text() == lines
        assert f"{event} ran" in pushed.said


def test_the_hook_that_was_there_can_still_refuse_and_does_not_run_after_a_refusal(tmp_path: Path) -> None:
    server = Server(tmp_path, gate=False)
    hook(server.path / "hooks" / "pre-receive", f'#!/bin/sh\ncat >/dev/null\ntouch "{tmp_path}/ran"\nexit 1\n')
    server.install()
    assert server.commit_push({"gatepost.toml": "[gate\n"}).rules == ["policy/invalid"]
    assert not (tmp_path / "ran").exists()
    assert server.commit_push({"gatepost.toml": ""}).code == 1
    assert (tmp_path / "ran").exists()
    assert server.tip() == ""


def test_gitea_gets_files_in_its_own_directories(bare: Path) -> None:
    for event in EVENTS:
        hook(bare / "hooks" / f"{event}.d" / "gitea", "#!/bin/sh\nexit 0\n")
    before = state(bare)
    assert "Gitea" in run(bare)
    assert (bare / "hooks" / "pre-receive.d" / "00-gatepost").stat().st_mode & 0o111
    assert (bare / "hooks" / "post-receive.d" / "zz-gatepost").exists()
    install.uninstall(bare, lambda _: None)
    assert state(bare) == before


def test_gitlab_gets_custom_hooks(bare: Path) -> None:
    (bare / "custom_hooks").mkdir()
    assert "GitLab" in run(bare)
    assert (bare / "custom_hooks" / "pre-receive.d" / "00-gatepost").exists()


def test_dokku_deploys_after_the_gate(bare: Path) -> None:
    hook(bare / "hooks" / "pre-receive", "#!/usr/bin/env bash\ncat | DOKKU_ROOT=/home/dokku dokku git-hook app\n")
    said = run(bare)
    assert "Dokku" in said
    text = (bare / "hooks" / "pre-receive").read_text()
    assert text.index("pre-receive ||") < text.index('"$previous" "$@"')


def test_gits_own_hooks_by_configuration_where_git_has_them(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "git_version", lambda repo: (2, 54))
    before = state(bare)
    run(bare)
    text = (bare / "config").read_text()
    assert '[hook "gatepost-pre-receive"]' in text
    assert not (bare / "hooks" / "pre-receive").exists()
    assert "nothing to do" in run(bare)
    install.uninstall(bare, lambda _: None)
    assert state(bare) == before


def test_another_hooks_path_is_refused_with_the_mending_command(bare: Path) -> None:
    subprocess.run(["git", "-C", str(bare), "config", "core.hooksPath", "/dev/null"], check=True)
    with pytest.raises(UsageError) as error:
        run(bare)
    assert "core.hooksPath" in error.value.hint


def test_all_below_a_root(tmp_path: Path) -> None:
    for name in ("a.git", "team/b.git"):
        Repo(tmp_path / name, bare=True)
    found = install.repositories("", str(tmp_path))
    assert [path.name for path in found] == ["a.git", "b.git"]
    with pytest.raises(UsageError):
        install.repositories(None, None)
    with pytest.raises(UsageError):
        install.directory(tmp_path)


def test_a_clone_fetches_the_servers_records(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.commit_push({"a": "1"})
    said: list[str] = []
    install.client(server.work.path, said.append)
    install.client(server.work.path, said.append)
    assert "fetched already" in "".join(said)
    server.work.git("fetch", "-q")
    assert server.work.git("rev-parse", "refs/notes/gatepost")
    install.uninstall_client(server.work.path, said.append)
    assert "notes" not in server.work.git("config", "--get-all", "remote.origin.fetch")

"""Put the gate into server repositories, and take it out again byte for byte.

On git 2.54 and later it is a hook by configuration: that one refuses when it cannot run, and it runs
beside the hooks that are there. Before, it is a real file (a symlink that dangles lets pushes land) with
an absolute interpreter, which runs the hook that was there after the gate, with the same input.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import gatepost
from gatepost.entry.names import HIDDEN
from gatepost.errors import GitError, UsageError
from gatepost.git import Repository
from gatepost.model import printable
from gatepost.records import REF, git_dir, state_dir
from gatepost.reviews import EXAMPLE, SIGNERS

Say = Callable[[str], object]
EVENTS = ("pre-receive", "post-receive")
CONFIG_HOOKS = (2, 54)
PREVIOUS = ".gatepost-previous"
EDITED = ".gatepost-edited"
_MARK = re.compile(rb"^# gatepost:1:([0-9a-f]{64})$", re.MULTILINE)
FETCH = f"+{REF}:{REF}"

_HEAD = """\
#!/bin/sh
# gatepost:1:{digest}
# {what}
# Written by `gatepost install --server`; `gatepost uninstall --server` restores what was here.
# Settings: gatepost.toml in the repository's directory. Manual: docs/server.md
"""
_WHAT = {
    "pre-receive": "Judges each push before it is accepted; then runs the hook that was here before.",
    "post-receive": "Runs the hook that was here before; then records what landed and starts its verification.",
}
_ALONE = "exec {call} {event}\n"
_CHAIN = {
    "pre-receive": """\
previous="${{0%/*}}/pre-receive{previous}"
[ -x "$previous" ] || exec {call} pre-receive
lines=$(cat)
printf '%s\\n' "$lines" 2>/dev/null | {call} pre-receive || exit
printf '%s\\n' "$lines" 2>/dev/null | "$previous" "$@"
""",
    "post-receive": """\
previous="${{0%/*}}/post-receive{previous}"
[ -x "$previous" ] || exec {call} post-receive
lines=$(cat)
printf '%s\\n' "$lines" 2>/dev/null | "$previous" "$@"
status=$?
printf '%s\\n' "$lines" 2>/dev/null | {call} post-receive
exit $status
""",
}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a server looks for hooks: a name for people, the file of each event, whether we chain."""

    name: str
    files: dict[str, Path]
    chains: bool
    remark: str = ""


def repositories(server: str | None, root: str | None) -> list[Path]:
    """Give the git directories that are meant; UsageError where there are none."""
    if root:
        found = sorted(_below(Path(root)))
        if not found:
            raise UsageError(f"{printable(root)}: no git repository below it")
        return found
    if not server:
        raise UsageError("which repository?", "gatepost install --server REPO.git, or --server --all ROOT")
    return [directory(Path(server))]


def directory(path: Path) -> Path:
    """Give the git directory at a path; UsageError where there is none."""
    for found in (path, path / ".git"):
        if _is_repository(found):
            return found.resolve()
    raise UsageError(f"{printable(str(path))}: is no git repository", "git init --bare makes one")


def _is_repository(path: Path) -> bool:
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def _below(root: Path) -> Iterator[Path]:
    for where, names, _ in os.walk(root):
        if _is_repository(Path(where)):
            names.clear()
            yield Path(where).resolve()


def layout(path: Path, event_names: tuple[str, ...] = EVENTS) -> Layout:
    """Tell who runs this repository's hooks, and where they belong there."""
    hooks = path / "hooks"
    if (hooks / "pre-receive.d").is_dir():
        names = {"pre-receive": "00-gatepost", "post-receive": "zz-gatepost"}
        return Layout("Gitea or Forgejo", {e: hooks / f"{e}.d" / names[e] for e in event_names}, False)
    config = (path / "config").read_bytes() if (path / "config").is_file() else b""
    if (path / "custom_hooks").is_dir() or b"[gitlab]" in config:
        names = {"pre-receive": "00-gatepost", "post-receive": "zz-gatepost"}
        files = {e: path / "custom_hooks" / f"{e}.d" / names[e] for e in event_names}
        return Layout(
            "GitLab", files, False, "GitLab: `gitaly hooks set` replaces custom_hooks; install again after it"
        )
    return Layout(*_plain_name(hooks), {e: hooks / e for e in event_names}, True, _remark(path))


def _plain_name(hooks: Path) -> tuple[str]:
    return ("Dokku",) if _is_dokku(hooks) else ("git",)


def _is_dokku(hooks: Path) -> bool:
    names = (hooks / "pre-receive", hooks / f"pre-receive{PREVIOUS}")
    return any(b"dokku git-hook" in name.read_bytes() for name in names if name.is_file())


def _remark(path: Path) -> str:
    if (path / "gl-conf").exists():
        return "gitolite: its update hook is left alone; set `option hook.pre-receive` nowhere for this repository"
    if _is_dokku(path / "hooks"):
        return (
            "Dokku deploys inside pre-receive: the gate runs first; `dokku git:initialize` undoes this, doctor sees it"
        )
    return ""


def server(path: Path, say: Say, *, dry: bool = False) -> None:
    """Install into one repository: hooks and configuration. A second time changes nothing."""
    _Installer(directory(path), say, dry).install()


def uninstall(path: Path, say: Say) -> None:
    """Take the hooks and the configuration out again; records stay."""
    _Installer(directory(path), say, False).uninstall()


class _Installer:
    """One repository on which the steps are said and done."""

    def __init__(self, path: Path, say: Say, dry: bool) -> None:
        self.path, self.dry = path, dry
        self._say = say
        self.repo = Repository(path)
        self.steps = 0
        self.manifest = path / "gatepost" / "install.json"

    def step(self, text: str) -> bool:
        self.steps += 1
        self._say(f"  {text}\n")
        return not self.dry

    def install(self) -> None:
        where = layout(self.path)
        self._say(f"{printable(str(self.path))} ({where.name}):\n")
        self._refuse_other_hooks_path(where)
        before = self._config()
        by_config = git_version(self.repo) >= CONFIG_HOOKS and where.chains
        for event in EVENTS:
            if by_config:
                self._configure(f"hook.gatepost-{event}.command", f"{call(event)} {event}")
                self._configure(f"hook.gatepost-{event}.event", event)
            else:
                self._hook(event, where)
        for ref in HIDDEN:
            self._configure("receive.hideRefs", ref, several=True)
        if self.steps and not self.dry:
            self._remember(before)
        if not self.steps:
            self._say("  already installed, nothing to do\n")
        if where.remark:
            self._say(f"  {where.remark}\n")
        signers = self.path / SIGNERS
        if not signers.is_file():
            self._say(f"  reviewers: list their SSH keys in {printable(str(signers))} (docs/server.md), a line each:\n")
            self._say(f"    {EXAMPLE}\n")

    def _refuse_other_hooks_path(self, where: Layout) -> None:
        used = (self.path / self.repo.text("rev-parse", "--git-path", "hooks")).resolve()
        if where.chains and git_version(self.repo) < CONFIG_HOOKS and used != (self.path / "hooks").resolve():
            raise UsageError(
                f"core.hooksPath is {printable(str(used))}: git does not run hooks from the repository",
                f"git -C {shlex.quote(str(self.path))} config core.hooksPath hooks",
            )

    def _hook(self, event: str, where: Layout) -> None:
        file, text = where.files[event], hook_text(event, chains=where.chains)
        found = file.read_bytes() if file.is_file() else None
        if found == text and os.access(file, os.X_OK):
            return
        if found is not None or file.is_symlink():
            self._aside(file, found)
        if self.step(f"write {file.relative_to(self.path)}"):
            file.parent.mkdir(parents=True, exist_ok=True)
            fresh = file.with_name(f".{file.name}.{os.getpid()}")
            fresh.write_bytes(text)
            fresh.chmod(0o755)
            fresh.replace(file)

    def _aside(self, file: Path, found: bytes | None) -> None:
        """Move what is there out of the way."""
        mine = marker(found or b"")
        if mine == "whole":  # an older version of ours, or one that lost its x: simply replaced
            return
        target = file.with_name(f"{file.name}{EDITED if mine else PREVIOUS}")
        if os.path.lexists(target):
            older = next(p for n in range(1, 1000) if not os.path.lexists(p := target.with_name(f"{target.name}.{n}")))
            if self.step(f"keep {target.relative_to(self.path)} as {older.relative_to(self.path)}"):
                target.rename(older)
        what = "keep the edited hook as" if mine else "keep the hook that is there, and run it too, as"
        if self.step(f"{what} {target.relative_to(self.path)}"):
            file.rename(target)

    def _config(self) -> bytes:
        file = self.path / "config"
        return file.read_bytes() if file.is_file() else b""

    def _configure(self, key: str, value: str, *, several: bool = False) -> None:
        code, out, _ = self.repo.attempt("config", "--local", "--get-all", key)
        have = out.decode().splitlines() if code == 0 else []
        if value in have and (several or len(have) == 1):
            return
        if self.step(f"git config {'--add ' if several else ''}{key} {shlex.quote(value)}"):
            how = ["--add"] if several else ["--replace-all"]
            self.repo.run("config", "--local", *how, key, value)

    def _remember(self, before: bytes) -> None:
        state = state_dir(self.path)
        known = self._load()
        backup = state / "config.before"
        if not known:
            backup.write_bytes(before)
        said = {"version": gatepost.__version__, "config": hashlib.sha256(self._config()).hexdigest()}
        self.manifest.write_text(json.dumps(said))

    def _load(self) -> dict[str, Any]:
        try:
            said = json.loads(self.manifest.read_bytes())
        except (OSError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}

    def uninstall(self) -> None:
        where = layout(self.path)
        self._say(f"{printable(str(self.path))} ({where.name}):\n")
        for event in EVENTS:
            self._remove_hook(where.files[event])
        self._restore_config()
        self._forget()
        if not self.steps:
            self._say("  not installed, nothing to do\n")
        self._tell_left(where)

    def _tell_left(self, where: Layout) -> None:
        """Name what stays, records above all, and the commands that take it away for good."""
        here = shlex.quote(str(self.path))
        left = {f"rm -r {shlex.quote(str(file))}": file for file in (self.path / "gatepost",) if file.is_dir()}
        kept = [file.with_name(file.name + EDITED) for file in where.files.values()]
        own = [self.path / "gatepost.toml", self.path / SIGNERS]
        left |= {f"rm {shlex.quote(str(file))}": file for file in (*kept, *own) if os.path.lexists(file)}
        commands = list(left)
        for refs in (REF, "refs/gatepost"):
            if self.repo.text("for-each-ref", "--count=1", "--format=%(refname)", refs):
                listed = f"git -C {here} for-each-ref --format='delete %(refname)' {refs}"
                commands.append(f"{listed} | git -C {here} update-ref --stdin")
        if commands:
            self._say("  what stays (records, settings, edited hooks) is removed for good by:\n")
            self._say("".join(f"    {printable(command, 1000)}\n" for command in commands))

    def _remove_hook(self, file: Path) -> None:
        mine = marker(file.read_bytes()) if file.is_file() else ""
        if mine == "whole" and self.step(f"remove {file.relative_to(self.path)}"):
            file.unlink()
        elif mine:
            edited = file.with_name(file.name + EDITED)
            if self.step(f"keep the edited hook as {edited.relative_to(self.path)}"):
                file.rename(edited)
        previous = file.with_name(file.name + PREVIOUS)
        if mine and os.path.lexists(previous) and self.step(f"restore {file.relative_to(self.path)}"):
            previous.rename(file)

    def _restore_config(self) -> None:
        backup = self.path / "gatepost" / "config.before"
        same = self._load().get("config") == hashlib.sha256(self._config()).hexdigest()
        if same and backup.is_file():
            if self.step("restore config"):
                (self.path / "config").write_bytes(backup.read_bytes())
            return
        for ref in HIDDEN:
            code, _, _ = self.repo.attempt("config", "--local", "--fixed-value", "--unset-all", "receive.hideRefs", ref)
            if code == 0:
                self.step(f"git config --unset-all receive.hideRefs {ref}")
        for event in EVENTS:
            if self.repo.attempt("config", "--local", "--remove-section", f"hook.gatepost-{event}")[0] == 0:
                self.step(f"git config --remove-section hook.gatepost-{event}")

    def _forget(self) -> None:
        state = self.path / "gatepost"
        for name in ("install.json", "config.before"):
            (state / name).unlink(missing_ok=True)
        if state.is_dir() and not any(state.iterdir()):
            state.rmdir()


def marker(raw: bytes) -> str:
    """Tell a hook file of ours: "whole", "edited", or "" for somebody else's."""
    found = _MARK.search(raw)
    if not found:
        return ""
    return "whole" if _digest(raw.replace(found[1], b"{digest}", 1)) == found[1].decode() else "edited"


def hook_text(event: str, *, chains: bool) -> bytes:
    """Give the hook file of an event; its marker holds the digest of the rest."""
    body = (_CHAIN[event] if chains else _ALONE).format(call=call(event), event=event, previous=PREVIOUS)
    text = _HEAD.replace("{what}", _WHAT[event]) + body
    return text.replace("{digest}", _digest(text.encode()), 1).encode()


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def call(event: str) -> str:
    """Give the shell words that run us, isolated from the pusher's environment."""
    python = os.path.abspath(sys.executable)  # noqa: PTH100 - resolve() would leave a virtual environment
    script = _package().parent / event
    what = ["-m", "gatepost"] if _importable(python) else [str(script)]
    if what[0] != "-m" and not script.is_file():
        raise UsageError(f"{python} cannot import gatepost in isolated mode", "pip install gatepost with it first")
    return " ".join(shlex.quote(word) for word in (python, "-I", *what))


def _package() -> Path:
    return Path(str(gatepost.__file__)).resolve().parent


@cache
def _importable(python: str) -> bool:
    done = subprocess.run(
        [python, "-I", "-c", "import gatepost; print(gatepost.__file__)"], capture_output=True, text=True, check=False
    )
    return done.returncode == 0 and Path(done.stdout.strip()).resolve().parent == _package()


def git_version(repo: Repository) -> tuple[int, int]:
    """Give the version of git, as far as it matters."""
    found = re.search(r"(\d+)\.(\d+)", repo.text("version"))
    if not found:
        raise GitError("git does not say its version", "install git and put it on PATH")
    return int(found[1]), int(found[2])


def client(path: Path, say: Say, *, dry: bool = False) -> None:
    """Let a clone fetch the server's records with everything else."""
    with Repository(path) as repo:
        directory = git_dir(repo)
        say(f"{printable(str(directory))} (clone):\n")
        for remote in repo.text("remote").split():
            key = f"remote.{remote}.fetch"
            have = repo.attempt("config", "--get-all", key)[1].decode().splitlines()
            if FETCH in have:
                say(f"  {remote}: records are fetched already\n")
                continue
            say(f"  git config --add {key} {FETCH}\n")
            if not dry:
                repo.run("config", "--add", key, FETCH)
    say("  hooks: pre-commit install --hook-type pre-commit --hook-type pre-push (gatepost init does it)\n")


def uninstall_client(path: Path, say: Say) -> None:
    """Let a clone no longer fetch the server's records."""
    with Repository(path) as repo:
        for remote in repo.text("remote").split():
            key = f"remote.{remote}.fetch"
            if repo.attempt("config", "--fixed-value", "--unset-all", key, FETCH)[0] == 0:
                say(f"  {remote}: records are no longer fetched\n")

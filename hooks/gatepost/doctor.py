"""Examine an installation: what is wrong, and the command that mends it."""

from __future__ import annotations

import os
import re
import shlex
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gatepost import doctor_clone, records
from gatepost.doctor_clone import State
from gatepost.entry.names import ACCEPTED, HIDDEN, NAMESAKES, kept
from gatepost.entry.server import Server, open_server
from gatepost.entry.watched import unreadable
from gatepost.errors import GatepostError
from gatepost.git import Repository, Snapshot
from gatepost.install import CONFIG_HOOKS, EVENTS, FETCH, Layout, git_version, layout, marker
from gatepost.model import printable
from gatepost.policy import Policy

SLOW_MS = 1000
_DEDICATED = ("git", "gitea", "forgejo", "gitolite", "gitolite3", "dokku")
_SHELLS = ("git-shell", "nologin", "false")


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was looked at: its name, how it is, what that means, and what mends it."""

    name: str
    state: State
    text: str
    fix: str = ""


def server(path: Path) -> Iterator[Found]:
    """Examine a server repository."""
    with Repository(path) as repo:
        where = layout(path)
        yield Found("layout", "ok", f"{where.name}, git {'.'.join(map(str, git_version(repo)))}")
        yield from _hooks(repo, path, where)
        yield from _config(repo, path)
        yield from _policy(repo, path)
        yield from _verification(repo, path)
        yield from _refs(repo, path)
        yield from _state(repo, path)
        yield _access(path)


def client(path: Path) -> Iterator[Found]:
    """Examine a clone."""
    with Repository(path) as repo:
        for hook in doctor_clone.hooks(repo, path):
            yield Found(hook.event, hook.state, hook.text, hook.fix)
        for remote in repo.text("remote").split():
            have = _get(repo, f"remote.{remote}.fetch")
            fetched = FETCH in have
            text = "the server's records are fetched" if fetched else "the server's records are not fetched"
            yield Found(f"remote {remote}", "ok" if fetched else "warn", text, "" if fetched else "gatepost install")


def _get(repo: Repository, key: str) -> list[str]:
    code, out, _ = repo.attempt("config", "--get-all", key)
    return out.decode("utf-8", "surrogateescape").splitlines() if code == 0 else []


def _hooks(repo: Repository, path: Path, where: Layout) -> Iterator[Found]:
    again = f"gatepost install --server {shlex.quote(str(path))}"
    for event in EVENTS:
        if _get(repo, f"hook.gatepost-{event}.command"):
            yield _config_hook(repo, event, again)
        else:
            yield _file_hook(where.files[event], event, again)
    if where.chains:
        yield from _hooks_path(repo, path)
    if not _ignored(where.files["pre-receive"]):
        yield _empty_run(repo, path, where.files["pre-receive"])


def _ignored(file: Path) -> bool:
    """Tell a hook that git does not run; that is said of the file itself."""
    return file.is_file() and not os.access(file, os.X_OK)


def _config_hook(repo: Repository, event: str, again: str) -> Found:
    name = f"hook.gatepost-{event}"
    for key in (f"{name}.enabled", f"hook.{event}.enabled"):
        if _get(repo, key)[-1:] in (["false"], ["no"], ["off"], ["0"]):
            return Found(event, "bad", f"switched off by {key}", f"git config --unset-all {key}")
    if event not in _get(repo, f"{name}.event"):
        return Found(event, "bad", f"{name}.event is not set", again)
    if git_version(repo) < CONFIG_HOOKS:
        return Found(event, "bad", "set in the configuration, which this git does not read", again)
    return Found(event, "ok", "by configuration")


def _file_hook(file: Path, event: str, again: str) -> Found:
    if file.is_symlink() and not file.exists():
        return Found(event, "bad", f"{file.name} is a symlink to nowhere: git runs nothing and lets pushes land", again)
    if not file.is_file():
        return Found(event, "bad", f"{file} is missing: nothing is judged", again)
    if not os.access(file, os.X_OK):
        return Found(
            event, "bad", f"{file} is not executable: git lets pushes land", f"chmod +x {shlex.quote(str(file))}"
        )
    raw = file.read_bytes()
    mine = marker(raw)
    if not mine and b"gatepost" not in raw:
        return Found(event, "bad", f"{file} is somebody else's: nothing is judged", again)
    interpreter = re.search(rb"(?:exec |\| )'?(/[^' ]+)'? -I", raw)
    if interpreter and not os.access(interpreter[1], os.X_OK):
        return Found(event, "bad", f"{os.fsdecode(interpreter[1])} is gone: every push is refused", again)
    if mine == "edited":
        return Found(event, "warn", f"{file} was edited by hand", f"{again} (keeps the edit aside)")
    return Found(event, "ok", str(file))


def _hooks_path(repo: Repository, path: Path) -> Iterator[Found]:
    used = _get(repo, "core.hooksPath")
    if used and (path / used[-1]).resolve() != (path / "hooks").resolve():
        fix = f"git -C {shlex.quote(str(path))} config core.hooksPath hooks"
        yield Found("core.hooksPath", "bad", f"is {printable(used[-1])}: hooks in the repository are not run", fix)


def _empty_run(repo: Repository, path: Path, file: Path) -> Found:
    """Run the hook with nothing to judge, as git would."""
    command = [str(file)] if file.is_file() else ["sh", "-c", " ".join(_get(repo, "hook.gatepost-pre-receive.command"))]
    if not (file.is_file() and os.access(file, os.X_OK)) and not command[-1]:
        return Found("empty run", "bad", "there is no hook to run")
    started = time.monotonic()
    env = {"PATH": os.environ.get("PATH", os.defpath), "GIT_DIR": "."}
    try:
        done = subprocess.run(
            command, cwd=path, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Found("empty run", "bad", f"cannot run: {error}", "gatepost install again, with a Python that is there")
    took = round((time.monotonic() - started) * 1000)
    if done.returncode:
        said = _words(done.stdout + done.stderr)
        return Found("empty run", "bad", f"ends {done.returncode}: {said}", "mend what it names")
    return Found("empty run", "ok" if took < SLOW_MS else "warn", f"{took} ms")


def _words(raw: bytes) -> str:
    """Give what a hook said to people, on one line: not the JSON that it has for agents."""
    lines = [line.strip() for line in raw.decode(errors="replace").splitlines()]
    return printable(" ".join(line for line in lines if line and not line.startswith("{")), 300)


def _config(repo: Repository, path: Path) -> Iterator[Found]:
    here = f"git -C {shlex.quote(str(path))} config"
    hidden = _get(repo, "receive.hideRefs") + _get(repo, "transfer.hideRefs")
    for ref in HIDDEN:
        if ref not in hidden:
            yield Found(
                "hideRefs",
                "bad",
                f"{ref} is not in receive.hideRefs",
                f"{here} --add receive.hideRefs {shlex.quote(ref)}",
            )
    wanted = {
        "receive.fsckObjects": "crafted objects are looked for by the gate alone",
        "receive.denyDeletes": "branches that nobody protects may be deleted",
    }
    for key, text in wanted.items():
        value = (_get(repo, key) or _get(repo, key.replace("receive.", "transfer.")))[-1:]
        on = value in (["true"], ["1"], ["yes"], ["on"])
        state: State = "ok" if on or key != "receive.fsckObjects" else "warn"
        yield Found(key, state, "on" if on else f"off: {text}", "" if on else f"{here} {key} true")
    back = "receive.denyNonFastForwards"
    if _get(repo, back)[-1:] in (["true"], ["1"], ["yes"], ["on"]):
        text = "on: git refuses to move a deploy ref back, so that no rollback plan can be run to its end"
        yield Found(back, "warn", text, f"{here} {back} false")
    else:
        yield Found(back, "ok", "off: a rollback may move a ref back; the gate judges every difference")
    options = _get(repo, "receive.advertisePushOptions")[-1:] == ["true"]
    yield Found("push options", "ok", f"{'advertised' if options else 'not advertised'}; they give no authority")


def _policy(repo: Repository, path: Path) -> Iterator[Found]:
    from gatepost.gate import VOCABULARY
    from gatepost.policy import parse_policy, parse_toml

    file = path / "gatepost.toml"
    try:
        if file.is_file():
            parse_policy(parse_toml(file.read_bytes(), str(file)), str(file), VOCABULARY)
        gate = open_server(repo, path).gate
    except (GatepostError, OSError) as error:
        yield Found("policy", "bad", f"every push is refused: {printable(str(error), 300)}", f"mend {file}")
        return
    state: State = "ok" if gate.protected and gate.mode == "enforce" else "warn"
    refs = ", ".join((*gate.protected, *(ref for ref in gate.deploy if ref not in gate.protected)))
    yield Found(
        "policy", state, f"mode {gate.mode}, judges {printable(refs) or 'nothing'}, deadline {gate.deadline:g} s"
    )
    if not (path / "gatepost.signers").is_file():
        yield Found(
            "reviewers", "warn", "nobody may sign a review", f"list their SSH keys in {path / 'gatepost.signers'}"
        )


def _verification(repo: Repository, path: Path) -> Iterator[Found]:
    from gatepost.gate import landed_policy
    from gatepost.metrics import Verification

    file, tree = path / "gatepost.toml", repo.resolve("HEAD", "tree")
    try:
        policy = landed_policy(Snapshot(repo, tree), file if file.exists() else None) if tree else Policy()
        reason = unreadable(policy.get("verification", Verification))
    except (GatepostError, OSError):
        return  # the policy cannot be used, which is said elsewhere
    if reason:
        fix = f"set verification.path in {file} to the log, and let the owner of the repository read it"
        yield Found("verification", "warn", f"its source cannot be read: {reason}", fix)


def _refs(repo: Repository, path: Path) -> Iterator[Found]:
    listed = repo.text("for-each-ref", "--format=%(refname) %(objectname) %(symref)").splitlines()
    refs = [[*line.split(" "), ""][:3] for line in listed]
    replaced = [name for name, _, _ in refs if name.startswith("refs/replace/")]
    if replaced:
        fix = f"git -C {shlex.quote(str(path))} replace -d {replaced[0].rpartition('/')[2]}"
        yield Found("replace refs", "bad", f"{len(replaced)}: git shows pushers and deployers other objects", fix)
    for name, _, target in refs:
        if name.startswith(NAMESAKES):
            other = "refs/" + name.split("/refs/", 1)[1]
            text = f"{printable(name)}: where there is no {printable(other)}, git takes the one for the other"
            fix = f"git -C {shlex.quote(str(path))} update-ref --no-deref -d {shlex.quote(name)}"
            yield Found("misleading ref", "bad", text, fix)
        if target:
            text = f"{printable(name)} leads to {printable(target)}; it is judged as that"
            yield Found("symbolic ref", "warn", text, f"git symbolic-ref -d {shlex.quote(name)}")
    yield from _behind(repo, open_or_none(repo, path), [(name, oid) for name, oid, _ in refs])


def open_or_none(repo: Repository, path: Path) -> Server | None:
    """Give the server, or None where its policy cannot be used, which is said elsewhere."""
    try:
        return open_server(repo, path)
    except GatepostError:
        return None


def _behind(repo: Repository, server: Server | None, refs: list[tuple[str, str]]) -> Iterator[Found]:
    for name, oid in refs:
        accepted = repo.resolve(kept(ACCEPTED, name))
        if server and server.judges(name) and accepted and accepted != repo.resolve(oid):
            text = f"{printable(name)} is at {oid[:12]}, the gate accepted {accepted[:12]}: it moved without a verdict"
            yield Found(
                "landed", "bad", text, f"git log {accepted[:12]}..{oid[:12]}; the next push is judged from there"
            )


def _state(repo: Repository, path: Path) -> Iterator[Found]:
    try:
        with records.locked(path, seconds=2):
            free = os.statvfs(path)
    except GatepostError as error:
        yield Found("state directory", "bad", error.message, error.hint)
    else:
        room = free.f_bavail * free.f_frsize
        text = f"{path / 'gatepost'} can be written, {room // 1024**2} MiB free"
        yield Found("state directory", "ok" if room > 100 * 1024**2 else "warn", text)
    wrong = records.problems(repo)
    for text in wrong[:5]:
        yield Found("records", "bad", text, f"compare with a backup or a clone: git log {records.REF}")
    if not wrong:
        yield Found("records", "ok", "the chain is whole")
    alarms = [record for record in records.log(repo, 200) if record["kind"] == "alarm"]
    for record in alarms[:5]:
        text = f"{printable(str(record.get('ref')))} {record['commit'][:12]} at {record['at']}: {record.get('rule')}"
        yield Found("alarm", "warn", text, f"gatepost log {record['commit'][:12]}")


def _access(path: Path) -> Found:
    import pwd

    info = path.stat()
    try:
        owner = pwd.getpwuid(info.st_uid)
    except KeyError:
        return Found("access", "warn", f"its owner, {info.st_uid}, is no user here")
    if info.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        text = "others than its owner may write to the repository, and so to its hooks"
        return Found("access", "warn", text, f"chmod -R go-w {shlex.quote(str(path))}")
    if not owner.pw_shell.endswith(_SHELLS):
        text = f"{owner.pw_name} has a shell ({owner.pw_shell}): who pushes as this user can go round every hook"
        return Found("access", "warn", text, _shell_fix(path, owner.pw_name, owner.pw_uid))
    return Found("access", "ok", f"{owner.pw_name} has no shell")


def _shell_fix(path: Path, name: str, uid: int) -> str:
    """Take the shell only of a user that is there for git alone: never root's, never a person's."""
    if uid and name in _DEDICATED:
        return f"a forced command, or: chsh -s $(command -v git-shell) {name}"
    where = shlex.quote(str(path))
    return (
        "give it to a user that is there for git alone: "
        f'useradd --system --create-home --shell "$(command -v git-shell)" git && chown -R git: {where}'
    )

"""Examine a clone: do its hooks really run gatepost, and does it fetch the server's records."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gatepost.git import Repository
from gatepost.model import printable

State = Literal["ok", "warn", "bad"]
CONFIG = ".pre-commit-config.yaml"
CALLS = {"pre-commit": "gatepost pre-commit", "pre-push": 'gatepost pre-push "$@"'}
INIT = "gatepost init"
LIMIT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Hook:
    """How one hook of a clone is: whether it runs gatepost or stops everything, in words, and what mends it."""

    event: str
    state: State
    text: str
    fix: str = ""


def hooks(repo: Repository, path: Path) -> Iterator[Hook]:
    """Look at each hook of a clone, and at what it runs."""
    code, out, _ = repo.attempt("rev-parse", "--show-toplevel")
    top = Path(os.fsdecode(out).rstrip("\n")) if code == 0 else path
    set_to = repo.attempt("config", "--type=path", "--get", "core.hooksPath")[1]
    own = os.fsdecode(set_to).rstrip("\n")
    where = top / own if own else (path / repo.text("rev-parse", "--git-path", "hooks")).resolve()
    for event in CALLS:
        if _by_configuration(repo, event):
            yield Hook(event, "ok", "runs gatepost, by configuration")
        else:
            yield _file(event, where, top, own)


def _by_configuration(repo: Repository, event: str) -> bool:
    """Tell whether a hook of the configuration (git 2.54) calls us."""
    listed = repo.attempt("config", "--get-regexp", r"^hook\..*\.(command|event)$")[1]
    commands, events = set(), set()
    for line in os.fsdecode(listed).splitlines():
        key, _, value = line.partition(" ")
        name, _, what = key.rpartition(".")
        if what == "command" and calls(value, event):
            commands.add(name)
        elif what == "event" and value == event:
            events.add(name)
    return bool(commands & events)


def _file(event: str, where: Path, top: Path, own: str) -> Hook:
    file = where / event
    if not file.is_file():
        return Hook(event, "warn", f"{file} is not installed", _mend(event, where, top, own))
    if not os.access(file, os.X_OK):
        return Hook(
            event, "warn", f"{file} is not executable: git does not run it", f"chmod +x {shlex.quote(str(file))}"
        )
    texts = [_text(file), _text(file.with_name(f"{event}.legacy"))]
    if where.name == "_":  # husky: the hooks in .husky/_ run those in .husky
        texts.append(_text(where.parent / event))
    if any(calls(text, event) for text in texts):
        return Hook(event, "ok", "runs gatepost")
    if "hook-impl" not in texts[0]:
        text = f"{file} is there, but no call of gatepost is seen in it"
        return Hook(event, "warn", text, _mend(event, where, top, own))
    return _framework(event, texts[0], top)


def _framework(event: str, text: str, top: Path) -> Hook:
    """Look at what the hook of pre-commit or prek is told to run."""
    named = re.search(r"--config[= ]'?([^\s')]+)", text)
    files = [top / (named[1] if named else CONFIG), top / ".pre-commit-config.yml", top / "prek.toml"]
    config = next((file for file in files if file.is_file()), None)
    if config is None:
        what = "commit" if event == "pre-commit" else "push"
        return Hook(event, "bad", f"runs, but there is no {files[0].name}: every {what} fails", INIT)
    if not configured(_text(config), event):
        return Hook(event, "warn", f"runs, but {config.name} does not name gatepost-{event}", INIT)
    return Hook(event, "ok", f"runs gatepost-{event} of {config.name}")


def _mend(event: str, where: Path, top: Path, own: str) -> str:
    if own:  # pre-commit refuses to install where core.hooksPath is set
        file = where.parent / event if where.name == "_" else where / event
        return f"core.hooksPath is {printable(own)}; put this line in {file}: {CALLS[event]}"
    config = top / CONFIG
    return f"pre-commit install --hook-type {event}" if configured(_text(config), event) else INIT


def configured(text: str, event: str) -> bool:
    """Tell whether a configuration of pre-commit or prek names our hook."""
    names = rf"\bid['\"]?\s*[:=]\s*['\"]?gatepost-{event}\b"
    return any(re.search(names, line) for line in _code(text)) or calls(text, event)


def calls(text: str, event: str) -> bool:
    """Tell whether a script calls gatepost for an event; comments do not count."""
    return any(re.search(rf"\bgatepost['\"]?\s+['\"]?{event}\b", line) for line in _code(text))


def _code(text: str) -> Iterator[str]:
    for line in text.splitlines():
        kept = re.split(r"(?:^|\s)#", line, maxsplit=1)[0]
        if kept and not kept.lstrip().startswith("echo "):
            yield kept


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(LIMIT).decode("utf-8", "replace")
    except OSError:
        return ""

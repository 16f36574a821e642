"""Protect a repository: detect its stack, write the policy and the hooks' entry, install the hooks.

GitPython serves here, where speed and hostile input do not matter.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gatepost.errors import UsageError
from gatepost.git import Repository, make_change
from gatepost.model import printable
from gatepost.policy import FILE, Policy

CONFIG = ".pre-commit-config.yaml"
HOOKS = ("pre-commit", "pre-push")
LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Stack:
    """What a tree is made of: histories of migrations as (path, framework, dialect), lockfiles, built files."""

    migrations: tuple[tuple[str, str, str], ...] = ()
    lockfiles: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    built: tuple[str, ...] = ()

    def told(self) -> Iterator[str]:
        """Give a line for each thing that was found."""
        for path, framework, dialect in self.migrations:
            yield f"migrations  {path or '.'} ({framework}{', ' + dialect if dialect else ''})"
        yield from (f"lockfile    {path}" for path in self.lockfiles)
        yield from (f"entry       {path}" for path in self.entries)
        yield from (f"built       {path}" for path in self.built)


@dataclass(frozen=True, slots=True)
class Hooks:
    """Where the hooks come from: ``local`` (the gatepost that is installed here) or a repository's URL and tag."""

    source: str = LOCAL
    revision: str = ""


def root_of(directory: Path) -> Path:
    """Give the top of the work tree; UsageError where there is none."""
    import git

    try:
        top = git.Repo(directory, search_parent_directories=True).working_tree_dir
    except (git.InvalidGitRepositoryError, git.NoSuchPathError):
        raise UsageError(f"{directory}: is no git repository", "run: git init") from None
    if top is None:
        raise UsageError(f"{directory}: is a bare repository", f"run: gatepost install --server {directory}")
    return Path(top)


def detect(top: Path) -> Stack:
    """Look at the staged tree, as the hooks will."""
    from gatepost.lockfiles._files import format_of
    from gatepost.migrations import collect

    with Repository(top) as repo:
        change = make_change(repo, None, None)
        found = collect(change, Policy()).histories
        paths = tuple(change.paths)
        return Stack(
            migrations=tuple(
                (h.place.root, h.place.framework, h.place.dialect if h.place.dialect_certain else "") for h in found
            ),
            lockfiles=tuple(path for path in paths if (form := format_of(path)) and form.kind != "manifest"),
            built=tuple(sorted({built for path in paths if (built := _built(path))})),
        )


def hints(top: Path) -> Iterator[str]:
    """Say what keeps the detection, or the hooks, from seeing all that is there."""
    from gatepost import suites
    from gatepost.registry import load
    from gatepost.suites import Suite

    with Repository(top) as repo:
        untracked = repo.text("ls-files", "--others", "--exclude-standard", "--directory").splitlines()
        paths = tuple(make_change(repo, None, None).paths)
    if untracked:
        yield f"{len(untracked)} names are not added yet ({', '.join(untracked[:3])}…): git add them, then look again"
    missing = [
        suite.name for suite in load(suites, "SUITE", Suite) if suite.missing() and any(map(suite.claims, paths))
    ]
    if missing:
        yield f"tests in {', '.join(missing)} are compared only with: pip install 'gatepost[suites]'"


def _built(path: str) -> str:
    directory, found, rest = path.partition("dist/")
    served = rest.endswith((".js", ".mjs", ".css")) and (not directory or directory.endswith("/"))
    return f"{directory}dist" if found and served and "node_modules" not in directory else ""


def policy_text(stack: Stack) -> str:
    """Write a policy that says what was found and what else there is, each key with its default."""
    parts = [_HEAD]
    for path, framework, dialect in stack.migrations:
        said = [f"path = {_string(path or '.')}", f"framework = {_string(framework)}"]
        said.append(f"dialect = {_string(dialect)}" if dialect else '# dialect = "postgresql"   # or mysql, sqlite')
        parts.append("\n".join(["[[migrations]]", *said]))
    if not stack.migrations:
        parts.append(_MIGRATIONS)
    if stack.entries:
        parts.append(f"[bundle]\nentries = [{', '.join(map(_string, stack.entries))}]   # production enters here")
    for path in stack.built:
        name = path.removesuffix("/dist").rpartition("/")[2] if "/" in path else "dist"
        globs = _string(f"{path}/**/*.{{js,mjs,css}}")
        parts.append(
            f'[[bundle.artifact]]\nname = {_string(name)}\nglobs = [{globs}]\n# growth = "5%"\n# floor = "10 KiB"'
        )
    if not stack.entries and not stack.built:
        parts.append(_BUNDLE)
    return "\n\n".join([*parts, _VERIFICATION, _SUPPRESS]) + "\n"


def _string(text: str) -> str:
    import json

    return json.dumps(printable(text, 1000), ensure_ascii=False)


def config_entry(hooks: Hooks, indent: str = "") -> str:
    """Write the entry of ``.pre-commit-config.yaml``."""
    if hooks.source != LOCAL:
        lines = [f"- repo: {hooks.source}", f"  rev: {hooks.revision}", "  hooks:"]
        lines += [f"    - id: gatepost-{stage}" for stage in HOOKS]
    else:
        lines = ["- repo: local", "  hooks:"]
        for stage, name in zip(HOOKS, ("what is staged", "what is pushed"), strict=True):
            lines += [f"    - id: gatepost-{stage}", f"      name: gatepost ({name})", f"      entry: gatepost {stage}"]
            lines += ["      language: system", f"      stages: [{stage}]"]
            lines += [
                f"      {key}"
                for key in ("always_run: true", "pass_filenames: false", "require_serial: true", "verbose: true")
            ]
    return "".join(f"{indent}{line}\n" for line in lines)


def with_entry(config: str | None, hooks: Hooks) -> str:
    """Put our entry first into a configuration; UsageError where its shape is not the usual one."""
    if config is None:
        return "repos:\n" + config_entry(hooks, "  ")
    if "gatepost-pre-commit" in config:
        return config
    head = re.search(r"(?m)^repos:[ \t]*(?:#.*)?$\n?", config)
    if head is None:
        raise UsageError(
            f"{CONFIG}: has no line that says just `repos:`", "add this entry by hand:\n" + config_entry(hooks, "  ")
        )
    first = re.search(r"(?m)^([ \t]*)-", config[head.end() :])
    before = config[: head.end()] if config[: head.end()].endswith("\n") else config + "\n"
    return before + config_entry(hooks, first[1] if first else "  ") + config[head.end() :]


def runner() -> list[str] | None:
    """Give the command of pre-commit or prek: beside this interpreter first, then on PATH."""
    beside = Path(sys.executable).parent
    for name in ("pre-commit", "prek"):
        for found in (shutil.which(name, path=str(beside)), shutil.which(name)):
            if found:
                return [found]
    return None


def install_hooks(top: Path, command: list[str]) -> str:
    """Run ``pre-commit install`` for both stages; give what it said."""
    types = [part for stage in HOOKS for part in ("--hook-type", stage)]
    done = subprocess.run([*command, "install", *types], cwd=top, capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).strip()
    if done.returncode:
        raise UsageError(
            f"{Path(command[0]).name} install failed: {printable(said, 400)}", "mend that, then run gatepost init again"
        )
    return said


_HEAD = f"""\
# {FILE}: what gatepost is told about this repository. Every key has a default that works;
# `gatepost explain policy` lists them. A pushed policy may tighten at once; what it loosens counts
# from the next push on, and is itself a finding.

[gate]
# protected = ["refs/heads/main", "refs/heads/master"]   # judged by the server
# deploy = ["refs/heads/main", "refs/heads/master"]      # an update of these is a deploy
# mode = "enforce"                  # or "report": the same messages, nothing is refused

[rules]
# "schema/drop-column" = "error"    # error, warning, note or off; `gatepost rules` lists them"""

_MIGRATIONS = """\
# [[migrations]]                    # none was found; they are detected when they come
# path = "db/migrations"
# framework = "golang-migrate"
# dialect = "postgresql\""""

_BUNDLE = """\
# [bundle]
# entries = ["src/main.tsx"]        # production entries of the import graph
# [[bundle.artifact]]
# name = "web"
# globs = ["dist/**/*.js"]
# growth = "5%"
# floor = "10 KiB\""""

_VERIFICATION = """\
# [verification]                    # on the server: ten minutes of traffic after each deploy
# source = "access-log"
# path = "/var/log/nginx/access.log\""""

_SUPPRESS = """\
# [[suppress]]                      # silence one rule in one place, for a reason, until a day
# rule = "schema/drop-column"
# scope = "db/migrations/0042_*.sql"
# reason = "column unused since March, contract phase"
# owner = "dana"
# expires = 2027-01-31"""

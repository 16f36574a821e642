"""Protect this repository: policy, hook entry, hooks."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gatepost import setup_client as setup
from gatepost.policy import FILE
from gatepost.verbs import Verb


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--repo", default=".", metavar="DIR", help="the repository (default: here)")
    parser.add_argument(
        "--source", default=setup.LOCAL, metavar="URL", help="take the hooks from this repository of gatepost"
    )
    parser.add_argument("--rev", default="", metavar="TAG", help="its tag, with --source")
    parser.add_argument("--dry-run", action="store_true", help="say what would be written, write nothing")
    parser.add_argument("--no-install", action="store_true", help="write the files, do not install the hooks")


def main(args: argparse.Namespace) -> int:
    """Detect, write what is not there yet, install; say each step."""
    if args.source != setup.LOCAL and not args.rev:
        from gatepost.errors import UsageError

        raise UsageError("--source needs --rev: hooks are pinned to a tag", "for example: --rev v0.1.0")
    if args.rev and args.source == setup.LOCAL:
        from gatepost.errors import UsageError

        raise UsageError("--rev is the tag of --source, which is missing", "gatepost init --source URL --rev TAG")
    top = setup.root_of(Path(args.repo))
    stack = setup.detect(top)
    for line in setup.hints(top):
        _say(f"note     {line}")
    for line in list(stack.told()) or ["nothing that gatepost knows by name yet; it is detected when it comes"]:
        _say(f"found    {line}")
    config = top / setup.CONFIG
    before = config.read_text(encoding="utf-8") if config.exists() else None
    after = setup.with_entry(before, setup.Hooks(args.source, args.rev))  # where it cannot, nothing is written
    _write(top / FILE, None if (top / FILE).exists() else setup.policy_text(stack), args.dry_run)
    _write(config, None if before == after else after, args.dry_run)
    if args.dry_run or args.no_install:
        return 0
    return _install(top)


def _install(top: Path) -> int:
    command = setup.runner()
    if command is None:
        _say("todo     neither pre-commit nor prek is installed; run: pip install pre-commit && gatepost init")
        return 0
    for line in setup.install_hooks(top, command).splitlines():
        _say(f"hooks    {line}")
    _say(f"next     git add {FILE} {setup.CONFIG} && git commit; the hooks judge it")
    _say("next     on the server: gatepost install --server REPO.git")
    return 0


def _write(file: Path, text: str | None, dry: bool) -> None:
    if text is None:
        _say(f"kept     {file.name}")
    elif dry:
        _say(f"would write {file.name}:\n{text}")
    else:
        file.write_text(text, encoding="utf-8")
        _say(f"wrote    {file.name}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


VERB = Verb(
    "init", "detect the stack; write gatepost.toml and the hooks' entry; install the hooks", add_arguments, main
)

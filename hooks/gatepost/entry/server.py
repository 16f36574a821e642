"""What the server knows of its own repository: policy, protected refs, what it accepted last."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatepost.errors import PolicyError
from gatepost.gate import POLICY_LIMIT, tree_policy
from gatepost.git import Repository, Snapshot
from gatepost.paths import matches
from gatepost.policy import FILE, Gate, Vocabulary, overlay, parse_policy, parse_toml


@dataclass(frozen=True, slots=True)
class Server:
    """A server repository: its directory, its policy file or None, and which refs are whose."""

    directory: Path
    file: Path | None
    gate: Gate

    def judges(self, ref: str) -> bool:
        """Tell whether updates of the ref are judged."""
        return matches(ref, *self.gate.protected, *self.gate.deploy)

    def deploys(self, ref: str) -> bool:
        """Tell whether an update of the ref is a deploy."""
        return matches(ref, *self.gate.deploy)


def open_server(repo: Repository, directory: Path) -> Server:
    """Read ``[gate]``: the file beside the repository over the policy of the branch that HEAD names.

    The branch that is pushed does not count here: it would say itself whether it is protected.
    """
    path = directory.absolute() / FILE
    file = path if os.path.lexists(path) else None
    with owned(directory):
        return _open(repo, directory, path, file)


def _open(repo: Repository, directory: Path, path: Path, file: Path | None) -> Server:
    own = _file_gate(path) if file else {}
    tree = repo.resolve("HEAD", "tree")
    data = _tree_gate(Snapshot(repo, tree)) if tree else {}
    if not own and not data:
        return Server(directory, file, Gate())
    policy = parse_policy({"gate": overlay(data, own)}, str(path) if own else FILE, Vocabulary(tuple, tuple))
    return Server(directory, file, policy.gate)


@contextmanager
def owned(directory: Path) -> Iterator[None]:
    """Let an error in the server's own policy file be known as the server's: the pusher cannot mend it."""
    where = directory.absolute()
    try:
        yield
    except PolicyError as error:
        own = f"{where / FILE}:"
        if not any(text.startswith(own) for text in error.problems):
            raise
        said = [text.replace(str(where), where.name, 1) if text.startswith(own) else text for text in error.problems]
        hint = "it is the server's own file, not yours; tell the operator"
        raise PolicyError(said, f"{error.hint}; {hint}" if error.hint else hint) from None


def _file_gate(path: Path) -> Mapping[str, Any]:
    try:
        raw = path.read_bytes()[: POLICY_LIMIT + 1]
    except OSError as error:
        fix = f"on the server: mend the symlink, or rm {path.name} for the defaults" if path.is_symlink() else ""
        raise PolicyError([f"{path}: {error.strerror}"], fix) from None
    return _table(parse_toml(raw, str(path)))


def _tree_gate(head: Snapshot) -> Mapping[str, Any]:
    """Give ``[gate]`` of a tree; nothing where it cannot be used: a push must be able to mend it."""
    try:
        table = _table(tree_policy(head)[1])
        parse_policy({"gate": table}, FILE, Vocabulary(tuple, tuple))
    except PolicyError:
        return {}
    return table


def _table(data: Mapping[str, Any]) -> Mapping[str, Any]:
    table = data.get("gate", {})
    return table if isinstance(table, Mapping) else {}


def symrefs(repo: Repository, directory: Path, refs: Iterable[str]) -> dict[str, str]:
    """Give where pushed refs lead that are symbolic on the server: a hook sees only the alias."""
    if (directory / "reftable").is_dir():
        return _symrefs_by_git(repo, refs)
    found = {}
    for ref in refs:
        try:
            raw = (directory / ref).read_bytes()[:4096]
        except OSError:
            continue
        if raw.startswith(b"ref:"):
            found[ref] = raw[4:].strip().decode("utf-8", "surrogateescape")
    return found


def _symrefs_by_git(repo: Repository, refs: Iterable[str]) -> dict[str, str]:
    listed = repo.text("for-each-ref", "--format=%(refname) %(symref)")
    pairs = dict(line.split(" ", 1) for line in listed.splitlines() if not line.endswith(" "))
    return {ref: pairs[ref] for ref in refs if ref in pairs}

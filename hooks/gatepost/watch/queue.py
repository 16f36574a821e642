"""Open the watches of a repository in the database that the server's own ``gatepost.toml`` names."""

from __future__ import annotations

import socket
from pathlib import Path

from gatepost.git import Repository
from gatepost.metrics import Verification
from gatepost.records import repository_id, state_dir
from gatepost.watch.engine import address, postgresql, sqlite
from gatepost.watch.store import FILE, Store


def own(git_dir: Path) -> Verification:
    """Give ``[verification]`` of the server's own file, which no push can change."""
    from gatepost.gate import VOCABULARY
    from gatepost.policy import FILE as POLICY
    from gatepost.policy import parse_policy, parse_toml

    file = git_dir / POLICY
    if not file.is_file():
        return Verification()
    policy = parse_policy(parse_toml(file.read_bytes(), str(file)), str(file), VOCABULARY)
    return policy.get("verification", Verification)


def shared(git_dir: Path) -> bool:
    """Tell whether the watches are in a database that other machines use too."""
    return own(git_dir).queue == "postgresql"


def watched(git_dir: Path) -> bool:
    """Tell whether a repository may have watches."""
    return (git_dir / "gatepost" / FILE).is_file() or shared(git_dir)


def open_store(git_dir: Path) -> Store:
    """Open the watches of a repository."""
    if not shared(git_dir):
        return Store(sqlite(state_dir(git_dir) / FILE))
    settings = own(git_dir)
    return Store(postgresql(address(settings.queue_url_file), settings.queue_name or _name(git_dir)))


def _name(git_dir: Path) -> str:
    with Repository(git_dir, client=False) as repo:
        return f"gatepost_{repository_id(repo, git_dir)}"


def lock_name(git_dir: Path) -> str:
    """Give the file that a worker locks: one worker a repository, or one a machine where the watches are shared."""
    return f"worker.{socket.gethostname()}.lock" if shared(git_dir) else "worker.lock"

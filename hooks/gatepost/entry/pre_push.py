"""Turn what git or a hook framework says of a push into Changes.

git gives every ref on standard input. pre-commit and prek swallow it and describe one ref in the
environment (pre-commit #1940); without FROM_REF it is a first push of a root commit, where
pre-commit leaves TO_REF out too and prek does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gatepost.git import Change, Repository, decode, make_change
from gatepost.model import RefUpdate, is_zero


def updates(environ: Mapping[str, str], stdin: bytes) -> list[RefUpdate]:
    """Give what is pushed, from git's standard input or else from the framework's environment."""
    given = [line.split(" ") for line in decode(stdin).splitlines() if line.count(" ") >= 3]
    if given:
        # "HEAD~1" and the like may hold spaces (pre-commit #2344); the last three fields may not.
        return [RefUpdate(old=fields[-1], new=fields[-3], ref=fields[-2]) for fields in given]
    if "PRE_COMMIT_REMOTE_NAME" not in environ and "PRE_COMMIT_TO_REF" not in environ:
        return []
    new = environ.get("PRE_COMMIT_TO_REF") or environ.get("PRE_COMMIT_LOCAL_BRANCH") or "HEAD"
    return [RefUpdate(environ.get("PRE_COMMIT_FROM_REF", ""), new, environ.get("PRE_COMMIT_REMOTE_BRANCH", ""))]


def changes(repo: Repository, remote: str, pushed: list[RefUpdate]) -> Iterator[Change]:
    """Give one Change for each distinct pair of base and head; deletions and tags on no commit have none."""
    seen: set[tuple[str | None, str]] = set()
    for update in pushed:
        head = repo.resolve(update.new)
        if head is None:
            continue
        base = base_of(repo, remote, update, head)
        if (base, head) not in seen and base != head:
            seen.add((base, head))
            yield make_change(repo, base, head, update.ref or None)


def base_of(repo: Repository, remote: str, update: RefUpdate, head: str) -> str | None:
    """Give the commit that the remote has of this line of history, or None where it has nothing."""
    if update.old and not is_zero(update.old):
        known = repo.resolve(update.old)
        if known:
            return known
    # A push to a bare URL has no remote-tracking refs of its own: those of all remotes are the best guess.
    remotes = (
        f"--remotes={remote}" if remote and ":" not in remote and not remote.startswith(("/", ".")) else "--remotes"
    )
    args = ["rev-list", "--boundary", head, "--not", remotes]
    listed = repo.text(*args).split()
    boundaries = [name[1:] for name in listed if name.startswith("-")]
    if not boundaries:
        return None if listed else head
    return repo.text("merge-base", head, *boundaries) if len(boundaries) > 1 else boundaries[0]

"""Keep what is no commit as a blob in a repository: under a ref of its own, so that two writers never collide."""

from __future__ import annotations

from gatepost.errors import GitError
from gatepost.git import Repository

STAGING = "refs/gatepost-staging/"


def write(repo: Repository, raw: bytes) -> str:
    """Write a blob; give its id."""
    return repo.text("hash-object", "-w", "--stdin", stdin=raw)


def keep(repo: Repository, ref: str, text: str) -> None:
    """Keep a text under a ref that is named by what it depends on: whoever is faster keeps the same."""
    blob = write(repo, text.encode("utf-8", "surrogateescape"))
    try:
        repo.run("update-ref", ref, blob)
    except GitError:  # another process keeps the same at this moment
        return


def kept(repo: Repository, ref: str, limit: int) -> bytes | None:
    """Give what is kept under a ref; None where there is nothing, no blob, or more than ``limit`` bytes."""
    found = repo.objects.info(ref)
    if found is None or found[1] != "blob" or found[2] > limit:
        return None
    return repo.objects.read(found[0])

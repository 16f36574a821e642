"""Read the range of commits that a verb is asked about."""

from __future__ import annotations

from gatepost.errors import UsageError
from gatepost.git import Repository
from gatepost.model import printable


def ends(repo: Repository, text: str, command: str) -> tuple[str, str]:
    """Give the base and the head of ``A..B``; of ``A...B`` the base is their merge base. Raises UsageError.

    An end that is left out is HEAD, as git has it. ``command`` is what the usage error says to type.
    """
    shown = printable(text, 80)
    base, dots, head = text.partition("...")
    if not dots:
        base, dots, head = text.partition("..")
    if not dots:
        raise UsageError(f"{shown}: is one revision, not a range", f"that commit alone: {command} {shown}~1..{shown}")
    if ".." in base or ".." in head:
        raise UsageError(f"{shown}: is more than one range", f"give one: {command} BASE..HEAD")
    base, head = base or "HEAD", head or "HEAD"
    return (repo.text("merge-base", base, head) if dots == "..." else base), head

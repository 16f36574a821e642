"""The refs that the server keeps for itself, and the one place where clients may bring something."""

from __future__ import annotations

from gatepost.records import REF

OWN = "refs/gatepost/server/"
INBOX = "refs/gatepost/inbox/"
ACCEPTED = OWN + "accepted/"
REVIEWED = OWN + "reviewed/"
# A name that is not there git looks for below these too: what lies there passes for the server's own.
NAMESAKES = ("refs/refs/", "refs/tags/refs/", "refs/heads/refs/", "refs/remotes/refs/")
HIDDEN = (REF, "refs/gatepost", f"!{INBOX.rstrip('/')}")


def kept(prefix: str, ref: str) -> str:
    """Give the server's own ref that remembers something of ``ref``."""
    return prefix + ref.removeprefix("refs/")

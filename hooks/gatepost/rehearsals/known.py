"""What is known of the rehearsals of a change: made just now, by this server, or claimed by whoever pushed."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from gatepost.git import Change
from gatepost.migrations import History, collect
from gatepost.policy import Policy
from gatepost.rehearsals import Rehearsal, Rehearsed, recorded


@dataclass(slots=True)
class Fresh:
    """What was rehearsed for one change, within this process, before its checks run.

    ``refused`` says why nothing was, where it should have been.
    """

    change: Change
    made: dict[str, Rehearsal] = field(default_factory=dict)
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A rehearsal and where it comes from: a claim is what a client has pushed to a server."""

    rehearsal: Rehearsal
    claimed: bool = False


def rehearsals(change: Change, policy: Policy) -> tuple[Known, ...]:
    """Give every rehearsal of the change that is known, each bound to the digests of what it ran."""
    found = []
    for history in change.shared(collect, policy).histories:
        if mode(history) == "off" or not history.changes:
            continue
        for name in recorded.keys(history):
            known = _known(change, name)
            if known is not None and _same_server(history, known.rehearsal):
                found.append(known)
    return tuple(found)


def mode(history: History) -> str:
    """Give when the policy wants a history to be rehearsed."""
    return history.place.settings.rehearse if history.place.settings else "pre-push"


def _known(change: Change, name: str) -> Known | None:
    fresh = change.shared(Fresh).made.get(name)
    if fresh is not None:
        return Known(fresh)
    own = recorded.load(change.repo, name, recorded.OWN)
    if own is not None:
        return Known(own)
    claimed = recorded.load(change.repo, name)
    return Known(claimed, on_server(change)) if claimed is not None else None


def on_server(change: Change) -> bool:
    """Tell a server's repository, where refs come from clients."""
    return "GIT_QUARANTINE_PATH" in os.environ or change.repo.text("rev-parse", "--is-bare-repository") == "true"


def _same_server(history: History, rehearsal: Rehearsal) -> bool:
    """Tell whether it was made on the major version that the policy names."""
    wanted = history.place.settings.server if history.place.settings else ""
    made_on = rehearsal.server.split(".")[: wanted.count(".") + 1]
    return not wanted or not rehearsal.server or made_on == wanted.split(".")


def of_migration(found: tuple[Known, ...]) -> dict[tuple[str, str], tuple[Rehearsed, Known]]:
    """Give what is known of each migration, by path and version."""
    return {(one.path, one.version): (one, known) for known in found for one in known.rehearsal.migrations}

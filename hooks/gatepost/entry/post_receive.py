"""After a push has landed: record it, remember it as accepted, start the verification."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gatepost.entry import handover, incident
from gatepost.entry.server import ACCEPTED, kept, open_server, symrefs
from gatepost.errors import GatepostError
from gatepost.git import Repository
from gatepost.model import RefUpdate, printable
from gatepost.records import Draft, append_all, read

# What the handover carries for us, and what a landed record repeats of its verdict.
_REPEATED = ("ref", "old", "new", "verdict", "digest", "pusher", "pusher_by", "mode")


def landed(repo: Repository, directory: Path, pushed: Iterable[RefUpdate]) -> list[str]:
    """Record what landed; give the lines for the pusher."""
    lines: list[str] = []
    drafts: list[Draft] = []
    accepted: list[tuple[str, str]] = []
    unknown: list[RefUpdate] = []
    for update in pushed:
        said = handover.take(directory, update)
        if said is None:
            unknown.append(update)
            continue
        drafts += _drafts(repo, update, said)
        accepted.append((str(said["ref"]), update.new))
    lines += [_alarm(*found) for found in _without_verdict(repo, directory, unknown, drafts)]
    drafts += [_verdict(None, said | {"landed": False}) for said in handover.stale(directory)]
    append_all(repo, drafts)
    _remember(repo, accepted)
    _start_watch(directory, [draft for draft in drafts if draft.kind == "deploy"])
    return lines


def _drafts(repo: Repository, update: RefUpdate, said: dict[str, Any]) -> Iterator[Draft]:
    tree = repo.resolve(update.new, "tree")
    yield _verdict(tree, said | {"landed": True})
    short = {key: said[key] for key in _REPEATED if key in said}
    yield Draft(_commit(said), "landed", short, tree)
    if said.get("deploy"):
        base = said.get("change", {}).get("base")
        yield Draft(_commit(said), "deploy", short | {"base": base}, tree)


def _verdict(tree: str | None, said: dict[str, Any]) -> Draft:
    return Draft(_commit(said), "verdict", said, tree)


def _commit(said: dict[str, Any]) -> str:
    return str(said.get("change", {}).get("head") or said["new"])


def _without_verdict(
    repo: Repository, directory: Path, updates: list[RefUpdate], drafts: list[Draft]
) -> Iterator[tuple[RefUpdate, str]]:
    """Find protected refs that moved though nobody judged them: the hook was off, or went round."""
    if not updates:
        return
    server = open_server(repo, directory)
    aliases = symrefs(repo, directory, (update.ref for update in updates))
    for update in updates:
        target = aliases.get(update.ref, update.ref)
        if not server.judges(target) or update.deletes:
            continue
        head = repo.resolve(update.new) or update.new
        if any(r.get("ref") == target and r.get("landed") for r in read(repo, head, "verdict")):
            continue
        body = {"rule": "verify/landed-without-verdict", "ref": target, "old": update.old, "new": update.new}
        drafts.append(Draft(head, "alarm", body, repo.resolve(update.new, "tree")))
        yield update, head


def _alarm(update: RefUpdate, head: str) -> str:
    return f"gatepost: verify/landed-without-verdict {printable(update.ref, 40)} {head[:12]}"


def _remember(repo: Repository, accepted: Iterable[tuple[str, str]]) -> None:
    """Move the server's own refs to what was accepted: later pushes are judged from there."""
    lines = [f"update {kept(ACCEPTED, ref)} {oid}\n" for ref, oid in accepted]
    if lines:
        repo.run("update-ref", "--stdin", stdin="".join(lines).encode("utf-8", "surrogateescape"))


def _start_watch(directory: Path, deploys: list[Draft]) -> None:
    """Start the verification of what was deployed, detached: the pusher does not wait for it."""


def main() -> int:
    """Record what git says has landed; a push that landed is never failed."""
    from gatepost.entry.pre_receive import updates
    from gatepost.entry.told import write

    directory = Path(os.environ.get("GIT_DIR", ".")).absolute()
    try:
        with Repository(directory, client=False) as repo:
            lines = landed(repo, directory, updates(sys.stdin.buffer.read()))
    except (GatepostError, OSError) as error:
        incident.note(directory, f"post-receive: {error}")
        lines = [f"gatepost: it landed, but was not recorded: {printable(str(error), 200)}"]
    except Exception as error:  # noqa: BLE001 - the push has landed; the operator must know
        number = incident.report(directory, error)
        lines = [f"gatepost: it landed, but was not recorded; reference {number}"]
    write("".join(line + "\n" for line in lines))
    return 0

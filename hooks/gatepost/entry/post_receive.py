"""After a push has landed: record it, remember it as accepted, start the verification."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatepost.blobs import STAGING
from gatepost.entry import handover, incident
from gatepost.entry.lines import updates
from gatepost.entry.names import ACCEPTED, INBOX, REVIEWED, kept
from gatepost.errors import CannotJudge, GatepostError
from gatepost.git import Repository, Snapshot
from gatepost.model import RefUpdate, printable
from gatepost.records import Draft, append_all, read

if TYPE_CHECKING:
    from gatepost.entry.server import Server

# What the handover carries for us, and what a landed record repeats of its verdict.
_REPEATED = ("ref", "old", "new", "verdict", "digest", "pusher", "pusher_by", "mode")


def landed(repo: Repository, directory: Path, pushed: Iterable[RefUpdate]) -> list[str]:
    """Record what landed; give the lines for the pusher."""
    lines: list[str] = []
    drafts: list[Draft] = []
    moved: list[tuple[str, str]] = []
    unknown: list[RefUpdate] = []
    judged: list[dict[str, Any]] = []
    for update in pushed:
        said = handover.take(directory, update)
        if said is not None:
            judged.append(said)
            drafts += _rehearsals(repo, said)
            drafts += _drafts(repo, update, said)
            moved += _remembered(repo, update, said)
        elif not update.deletes:
            unknown.append(update)
    if unknown:
        from gatepost.entry.server import open_server

        lines += _others(repo, open_server(repo, directory), unknown, drafts, moved)
    drafts += [_verdict(None, said | {"landed": False}) for said in handover.stale(directory)]
    append_all(repo, drafts)
    _move(repo, moved)
    _settle(repo, directory, {str(d.body["ref"]) for d in drafts if d.kind == "review"})
    for said in judged:
        if said.get("deploy") and said.get("watch"):
            lines += _start_watch(repo, directory, said)
    lines += _start_build(directory, judged)
    lines += _start_rehearsal(directory, judged)
    return lines


def _remembered(repo: Repository, update: RefUpdate, said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Give where the server's own refs go: what was accepted, and up to where nothing is open."""
    ref = str(said["ref"])
    yield kept(ACCEPTED, ref), update.new
    if said.get("deploy") and said.get("reviewed"):
        yield kept(REVIEWED, ref), update.new
    elif said.get("deploy") and repo.resolve(kept(REVIEWED, ref)) is None and said["change"]["base"]:
        yield kept(REVIEWED, ref), str(said["change"]["base"])


def _drafts(repo: Repository, update: RefUpdate, said: dict[str, Any]) -> Iterator[Draft]:
    tree = repo.resolve(update.new, "tree")
    yield _verdict(tree, said | {"landed": True})
    short = {key: said[key] for key in _REPEATED if key in said}
    yield Draft(_commit(said), "landed", short, tree)
    if said.get("deploy"):
        base = said.get("change", {}).get("base")
        yield Draft(_commit(said), "deploy", short | {"base": base}, tree)
    sections = said.get("sections") or {}
    dependencies = sections.get("dependencies") or {}
    if dependencies.get("changes"):
        found = [item for item in said.get("findings", ()) if str(item["rule"]).startswith("dependency/")]
        audit = short | {"dependencies": dependencies, "findings": found}
        yield Draft(_commit(said), "dependency-audit", audit, tree)
    back = sections.get("rolled_back")
    if back:
        moved = short | {"result": "moved", "plan": back["plan"], "to": back["to"]}
        yield from (Draft(str(oid), "rollback", moved) for oid in (back["of"], *back.get("also", ())))
    if sections.get("rollback"):
        yield Draft(_commit(said), "rollback-plan", short | {"plan": sections["rollback"]}, tree)


def _rehearsals(repo: Repository, said: dict[str, Any]) -> Iterator[Draft]:
    """Keep what pre-receive has rehearsed."""
    for text in said.pop("rehearsals", ()):
        from gatepost.entry.rehearsing import drafts_of
        from gatepost.rehearsals import recorded

        made = recorded.loads(text)
        if made is not None:
            about = {"ref": said["ref"], "head": _commit(said), "pusher": said.get("pusher")}
            said["rehearsed"] = True
            yield from drafts_of(repo, made, about)


def _verdict(tree: str | None, said: dict[str, Any]) -> Draft:
    return Draft(_commit(said), "verdict", said, tree)


def _commit(said: dict[str, Any]) -> str:
    return str(said.get("change", {}).get("head") or said["new"])


def _others(
    repo: Repository, server: Server, updates: list[RefUpdate], drafts: list[Draft], moved: list[tuple[str, str]]
) -> Iterator[str]:
    """Take what is no judged update: statements in the inbox, and what landed though nobody judged it."""
    from gatepost.entry.server import symrefs

    aliases = symrefs(repo, server.directory, (update.ref for update in updates))
    for update in updates:
        target = aliases.get(update.ref, update.ref)
        if target.startswith(INBOX):
            yield from _statement(repo, server, update, drafts)
            moved.append((target, ""))
        elif target.startswith(STAGING) and not update.deletes:
            yield from _snapshot(repo, update, target, drafts)
        elif server.judges(target) and not _judged_before(repo, update, target):
            head = repo.resolve(update.new) or update.new
            body = {"rule": "verify/landed-without-verdict", "ref": target, "old": update.old, "new": update.new}
            drafts.append(Draft(head, "alarm", body, repo.resolve(update.new, "tree")))
            yield f"gatepost: verify/landed-without-verdict {printable(update.ref, 40)} {head[:12]}"


def _statement(repo: Repository, server: Server, update: RefUpdate, drafts: list[Draft]) -> Iterator[str]:
    from gatepost.entry import inbox
    from gatepost.reviews import Refused

    try:
        drafts.append(inbox.checked(repo, server, update).draft)
    except Refused as error:  # the hook that refuses it was off
        yield f"gatepost: {printable(update.ref, 60)} {error.message}; it is not recorded"


def _snapshot(repo: Repository, update: RefUpdate, target: str, drafts: list[Draft]) -> Iterator[str]:
    """Record a snapshot of staging that somebody published; checks find it under its ref."""
    from gatepost.entry.identity import pusher
    from gatepost.staging import store

    try:
        staging = store.published(repo, target.removeprefix(STAGING))
    except CannotJudge as error:
        yield f"gatepost: {printable(error.message, 200)}; it is not recorded"
        return
    if staging is None:
        yield f"gatepost: {printable(target, 80)} is no blob; it is not recorded"
        return
    drafts.append(Draft(update.new, store.KIND, {**store.summary(staging), "by": pusher(os.environ).name}))
    yield f"gatepost: recorded the snapshot of {printable(staging.environment, 40)}, taken {staging.at[:16]}"


def _judged_before(repo: Repository, update: RefUpdate, target: str) -> bool:
    head = repo.resolve(update.new) or update.new
    return any(r.get("ref") == target and r.get("landed") for r in read(repo, head, "verdict"))


def _move(repo: Repository, moved: Iterable[tuple[str, str]]) -> None:
    """Move the server's own refs: later pushes are judged from there."""
    lines = [f"update {ref} {oid}\n" if oid else f"delete {ref}\n" for ref, oid in moved]
    if lines:
        repo.run("update-ref", "--stdin", stdin="".join(lines).encode("utf-8", "surrogateescape"))


def _settle(repo: Repository, directory: Path, refs: set[str]) -> None:
    """Move on to where nothing is open after a review, so that it need not be given again when it has expired."""
    if not refs:
        return
    from gatepost.entry.pre_receive import settled
    from gatepost.entry.server import open_server

    server = open_server(repo, directory)
    _move(repo, [(kept(REVIEWED, ref), tip) for ref in refs if (tip := settled(repo, server, ref))])


def _start_watch(repo: Repository, directory: Path, said: dict[str, Any]) -> Iterator[str]:
    """Start the verification of a deploy, detached; tell the pusher how to wait for it."""
    from gatepost.entry.watched import unreadable
    from gatepost.gate import landed_policy
    from gatepost.metrics import Verification
    from gatepost.policy import FILE, Policy
    from gatepost.watch import Deploy, start
    from gatepost.watch.tell import announced

    file, head = directory / FILE, _commit(said)
    tree = repo.resolve(head, "tree")
    try:
        policy = landed_policy(Snapshot(repo, tree), file if file.exists() else None) if tree else Policy()
        settings = policy.get("verification", Verification)
        watch = start(directory, Deploy(head, str(said["ref"]), said["change"]["base"]), settings)
    except (GatepostError, OSError) as error:
        incident.note(directory, f"no verification of {head}: {error}")
        yield f"gatepost: the verification did not start: {printable(str(error), 200)}"
        return
    if watch is not None:
        if reason := unreadable(watch.settings):
            yield f"gatepost: the verification cannot read its source: {reason}; tell the operator"
        yield from announced(watch)


def _start_build(directory: Path, judged: list[dict[str, Any]]) -> Iterator[str]:
    """Start the builds that the operator wants of what has landed, detached."""
    if not judged or not (directory / "gatepost.toml").is_file():
        return
    from gatepost.entry import measuring

    for said in judged:
        try:
            measuring.ask(directory, said)
        except (GatepostError, OSError) as error:
            incident.note(directory, f"no build of {_commit(said)}: {error}")
            yield f"gatepost: the build did not start: {printable(str(error), 200)}"


def _start_rehearsal(directory: Path, judged: list[dict[str, Any]]) -> Iterator[str]:
    """Start the rehearsals that the operator wants of what has landed, detached."""
    if not judged or not (directory / "gatepost.toml").is_file():
        return
    told: set[str] = set()
    for said in judged:
        if said.get("rehearsed") or not (said.get("sections") or {}).get("migrations"):
            continue
        from gatepost.entry import rehearsing

        try:
            told.add(rehearsing.ask(directory, said))
        except (GatepostError, OSError) as error:
            incident.note(directory, f"no rehearsal of {_commit(said)}: {error}")
            yield f"gatepost: the rehearsal did not start: {printable(str(error), 200)}"
    yield from (f"gatepost: {line}" for line in sorted(told) if line)


def main() -> int:
    """Record what git says has landed; a push that landed is never failed."""
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
    with suppress(OSError):  # the pusher may be gone
        sys.stdout.write("".join(line + "\n" for line in lines))
        sys.stdout.flush()
    return 0

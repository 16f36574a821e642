"""Which refs may be moved at all, whatever they carry."""

from __future__ import annotations

from gatepost.blobs import STAGING
from gatepost.entry.names import INBOX, NAMESAKES
from gatepost.entry.server import Server
from gatepost.errors import CannotJudge
from gatepost.gate_rules import RULES
from gatepost.git import Repository
from gatepost.model import Finding, RefUpdate, is_zero, printable
from gatepost.records import REF

REFUSED = next(rule for rule in RULES if rule.id == "gate/ref-refused")


def refused(repo: Repository, server: Server, update: RefUpdate, target: str) -> Finding | None:
    """Say why a ref may not be moved this way, or nothing."""
    if is_zero(update.old) and is_zero(update.new):
        return None  # the delete of a ref that is not there; git says so itself
    reason = _owned(update, target) or _shadow(repo, server, update) or _deleted(server, update, target)
    if reason is None and target.startswith(STAGING):
        reason = _snapshot(repo, server, update, target)
    if reason is None:
        return None
    return Finding(REFUSED, update.ref, reason[0], reason[1], key=update.ref)


def always(finding: Finding) -> bool:
    """Tell whether a refusal also holds in report mode: forged records would outlive it."""
    return finding.rule is REFUSED and _is_owned(finding.path)


def _is_owned(ref: str) -> bool:
    if ref.startswith(NAMESAKES):
        return True
    own = ref == REF or ref.startswith((REF + "/", "refs/gatepost/")) or ref == "refs/gatepost"
    return (own and not ref.startswith(INBOX)) or ref.startswith("refs/replace/")


def _owned(update: RefUpdate, target: str) -> tuple[str, str] | None:
    for ref in (update.ref, target):
        if ref.startswith("refs/replace/"):
            return "would make git show other objects than the ones that were judged", "git push without refs/replace/*"
        if ref.startswith(NAMESAKES):
            if is_zero(update.new):
                continue  # whatever is there may go
            name = "refs/" + ref.split("/refs/", 1)[1]
            return f"has a name that git reads as something else: {name}", "choose another name"
        if _is_owned(ref):
            return (
                "is written by the server alone",
                f"push your branch; reviews go to {INBOX}<id>: gatepost review approve",
            )
    return None


def _shadow(repo: Repository, server: Server, update: RefUpdate) -> tuple[str, str] | None:
    """See a ref that git would take for a protected branch: ``main`` is first looked for as a tag."""
    if is_zero(update.new):
        return None
    rest = update.ref.removeprefix("refs/")
    space, _, name = rest.partition("/")
    short = name if space == "tags" else rest if space not in ("heads", "remotes", "notes") else ""
    if space in ("heads", "tags") and (name in ("HEAD", "FETCH_HEAD") or name.startswith("refs/")):
        return f"has a name that git reads as something else: {name}", "choose another name"
    if short and not server.judges(update.ref) and _is_branch(repo, server, f"refs/heads/{short}"):
        fix = f"choose another name, for example refs/tags/{short}-1"
        return f"would be taken for the protected branch {short} wherever only the name is given", fix
    return None


def _is_branch(repo: Repository, server: Server, ref: str) -> bool:
    """Tell whether a protected branch is there, or named without a pattern and so may come."""
    named = ref in (*server.gate.protected, *server.gate.deploy)
    return named or (server.judges(ref) and repo.resolve(ref) is not None)


def _snapshot(repo: Repository, server: Server, update: RefUpdate, target: str) -> tuple[str, str] | None:
    """Let in only what can be read, from whom the server's policy lets publish: a broken one would end the check."""
    import os

    from gatepost.entry.identity import pusher
    from gatepost.gate import landed_policy
    from gatepost.git import Snapshot
    from gatepost.staging import Drift, store

    if update.deletes:
        return "holds what staging runs, and a push does not take it away", "publish a newer one over it"
    tree = repo.resolve("HEAD", "tree")
    policy = landed_policy(Snapshot(repo, tree), server.file) if tree else None
    allowed = policy.get("drift", Drift).publishers if policy else ()
    name = pusher(os.environ).name
    if allowed and name not in allowed:
        who = printable(name, 40) if name else "somebody whom the server does not know"
        return (
            f"may be published by {', '.join(allowed)} only, not by {who}",
            "[drift] publishers in the server's policy",
        )
    try:
        found = repo.objects.info(update.new)
        if found is None or found[1] != "blob":
            return "is no blob, so no snapshot of staging", "gatepost schema dump --url … --publish makes one"
        store.parse(repo.objects.read(found[0], store.LIMIT, target), target)
    except CannotJudge as error:
        return error.message.partition(": ")[2] or error.message, error.hint
    return None


def _deleted(server: Server, update: RefUpdate, target: str) -> tuple[str, str] | None:
    if update.deletes and server.judges(target):
        return "is protected and may not be deleted", "push the commit that it should have instead"
    return None

"""The plans that are stored with deploys: found again by the commit, checked against their digest, and gone by.

Going back is a push like any other, but for its reason: the plan that is stored with what runs names exactly the
object that is pushed. That object was judged when it was deployed, so nothing is judged again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatepost import records, reviews
from gatepost.errors import CannotJudge, UsageError
from gatepost.git import Repository
from gatepost.model import printable
from gatepost.records import Draft
from gatepost.reviews import Refused
from gatepost.rollbacks import RollbackPlan
from gatepost.rollbacks._digest import from_data

KIND, RUN = "rollback-plan", "rollback"
SECTION = "rolled_back"
FAR = 20


@dataclass(frozen=True, slots=True)
class Stored:
    """A plan as it was recorded with the deploy of ``oid`` on ``ref``."""

    oid: str
    ref: str
    plan: RollbackPlan
    data: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """What names exactly this plan."""
        return str(self.data["digest"])


def fetched(repo: Repository, remote: str, *, fetch: bool = True) -> str:
    """Fetch the records of the server, and give the remote; "." where the repository is the server's own."""
    listed = repo.text("remote").split()
    chosen = remote or ("origin" if "origin" in listed else listed[0] if listed else ".")
    if chosen != "." and fetch:
        repo.run("fetch", "--quiet", chosen, f"+{records.REF}:{records.REF}")
    return chosen


def stored(repo: Repository, what: str, ref: str = "") -> Stored:
    """Give the newest plan of a deployed commit; UsageError where there is none, or it was edited."""
    oid = repo.resolve(what) or what
    found = [one for one in records.read(repo, oid, KIND) if not ref or one.get("ref") == ref]
    found = [one for one in found if one.get("commit") == oid] or found
    if not found:
        raise CannotJudge(
            f"{printable(what, 60)}: no rollback plan is stored with it here",
            "git fetch the records; or derive one: gatepost rollback plan BASE..HEAD",
        )
    data = found[-1].get("plan")
    if not isinstance(data, Mapping):
        raise UsageError("the record of the plan is damaged", "gatepost doctor checks the chain of records")
    plan, commit, on = from_data(data), str(found[-1].get("commit") or oid), str(found[-1].get("ref"))
    if (plan.change.head, plan.change.ref) != (commit, on):
        of = f"{plan.change.head[:12]} on {printable(plan.change.ref, 60)}"
        raise UsageError(f"the plan is for another deploy: {of}", "gatepost doctor checks the chain of records")
    return Stored(commit, on, plan, data)


def newest(repo: Repository, ref: str = "") -> str:
    """Give the commit of the newest deploy that has a plan."""
    for record in records.log(repo, 1000):
        if record.get("kind") == KIND and (not ref or record.get("ref") == ref):
            return str(record["commit"])
    raise CannotJudge("no rollback plan is stored here", "git fetch the records; or name the deployed commit")


def undone(repo: Repository, ref: str, base: str) -> tuple[str, ...]:
    """Give what a way back may begin with: what runs, and before it the deploys up to the newest that has a plan."""
    found = [base]
    while len(found) < FAR and (before := _before(repo, ref, found[-1])) and before not in found:
        found.append(before)
    return tuple(found)


def _before(repo: Repository, ref: str, oid: str) -> str | None:
    """Give what ran before a deploy that migrated nothing and has no plan: then that is its way back."""
    mine = [one for one in records.read(repo, oid) if one.get("ref") == ref and one.get("commit") == oid]
    judged = [one for one in mine if one["kind"] == "verdict" and one.get("landed")]
    if not judged or any(one["kind"] == KIND for one in mine):
        return None
    sections, base = judged[-1].get("sections") or {}, (judged[-1].get("change") or {}).get("base")
    return None if sections.get("migrations") or SECTION in sections or not base else str(base)


def way_back(repo: Repository, ref: str, base: str | None, head: str) -> Stored | None:
    """Give the plan that is stored with ``base``, where one of its steps moves the ref back to exactly ``head``."""
    if base is None or not any(one.get("ref") == ref for one in records.read(repo, base, KIND)):
        return None
    try:
        found = stored(repo, base, ref)
    except (CannotJudge, UsageError):
        return None
    plan = found.plan
    names = found.oid == base and plan.change.ref == ref and plan.change.head == base and plan.expected.object == head
    return found if names and any(step.kind == "ref" for step in plan.steps) else None


@dataclass(frozen=True, slots=True)
class Walked:
    """What somebody says of a rollback that was run: signed with their SSH key, as a review is."""

    body: Mapping[str, Any]

    @property
    def action(self) -> str:
        """What it does."""
        return RUN

    @property
    def namespace(self) -> str:
        """The namespace of the signature."""
        return reviews.NAMESPACE

    def text(self) -> bytes:
        """Give the bytes that are signed: JSON with sorted keys."""
        return json.dumps(self.body, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class CheckedRun:
    """A report of a rollback that the server takes, and who signed it."""

    body: Mapping[str, Any]
    signer: str

    @property
    def told(self) -> str:
        """What whoever ran it sees."""
        return f"rollback of {str(self.body['oid'])[:12]} by {printable(self.signer, 60)}: {self.body.get('result')}"

    @property
    def draft(self) -> Draft:
        """The record to be written."""
        return Draft(str(self.body["oid"]), RUN, {**self.body, "signer": self.signer})


def is_run(raw: bytes) -> bool:
    """Tell a report of a rollback from a review."""
    try:
        return bool(json.loads(raw)["statement"]["kind"] == RUN)
    except (ValueError, TypeError, KeyError, RecursionError):
        return False


def checked_run(repo: Repository, directory: Path, raw: bytes) -> CheckedRun:
    """Check a report of a rollback as the server does. Raises Refused with the reason."""
    data = json.loads(raw)
    body, signature = data["statement"], data.get("signature")
    texts = [body.get(key) for key in ("id", "repository", "oid", "ref", "plan", "result", "begun")]
    if not isinstance(signature, str) or not all(isinstance(text, str) and text for text in texts):
        raise Refused("is a report with odd values", "gatepost rollback run makes one")
    if body["repository"] != records.repository_id(repo, directory):
        raise Refused("is about another repository", "fetch the records of this one")
    plans = [one for one in records.read(repo, body["oid"], KIND) if isinstance(one.get("plan"), Mapping)]
    if not any(one["plan"].get("digest") == body["plan"] and one.get("ref") == body["ref"] for one in plans):
        raise Refused("names a plan that is not stored with that deploy", "gatepost rollback show has the digest")
    if any(one.get("id") == body["id"] for one in records.read(repo, body["oid"], RUN)):
        raise Refused("was already taken", "nothing more is to be done")
    return CheckedRun(body, reviews.verify(Walked(body), signature, directory / reviews.SIGNERS))

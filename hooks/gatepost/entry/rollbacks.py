"""The plans that are stored with deploys: found again by the commit, checked against their digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gatepost import records
from gatepost.errors import CannotJudge, UsageError
from gatepost.git import Repository
from gatepost.model import printable
from gatepost.rollbacks import RollbackPlan
from gatepost.rollbacks._digest import from_data

KIND = "rollback-plan"


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
    return Stored(str(found[-1].get("commit") or oid), str(found[-1].get("ref")), from_data(data), data)

"""Reviews and overrides that clients push: one ref each, checked, recorded, and then taken away."""

from __future__ import annotations

from dataclasses import dataclass

from gatepost import reviews
from gatepost.entry import rollbacks
from gatepost.entry.pending import makers
from gatepost.entry.server import Server
from gatepost.errors import GitError
from gatepost.git import Repository
from gatepost.model import RefUpdate, printable
from gatepost.records import Draft
from gatepost.reviews import Refused, Statement


@dataclass(frozen=True, slots=True)
class Checked:
    """A statement that the server takes: who signed it, and the bytes that came."""

    statement: Statement
    signer: str
    raw: bytes

    @property
    def told(self) -> str:
        """What the reviewer sees."""
        return f"{self.statement.action} of {self.statement.new[:12]} by {printable(self.signer, 60)}"

    @property
    def draft(self) -> Draft:
        """The record to be written."""
        return reviews.draft(self.statement, self.raw, self.signer)


def checked(repo: Repository, server: Server, update: RefUpdate) -> Checked | rollbacks.CheckedRun:
    """Check what was pushed to an inbox ref. Raises Refused with the reason."""
    found = repo.objects.info(update.new)
    if update.deletes or found is None or found[1] != "blob" or found[2] > reviews.LIMIT:
        raise Refused("takes one signed statement, as a blob", "gatepost review approve makes one and pushes it")
    raw = repo.objects.read(update.new, reviews.LIMIT)
    if rollbacks.is_run(raw):
        return rollbacks.checked_run(repo, server.directory, raw)
    statement, signer = reviews.check(repo, server.directory, raw)
    if not server.judges(statement.ref):
        raise Refused(f"is about {printable(statement.ref, 60)}, which is not protected here")
    if statement.action == "approve" and signer.casefold() in _makers(repo, statement):
        raise Refused(
            f"is signed by {printable(signer, 60)}, who made or pushed the change", "let somebody else review"
        )
    return Checked(statement, signer, raw)


def _makers(repo: Repository, statement: Statement) -> set[str]:
    """Give who made the change, as far as it is here: a refused push left no objects; the gate looks again later."""
    head, base = repo.resolve(statement.new), repo.resolve(statement.old) if statement.old else None
    try:
        return makers(repo, base, head) if head else set()
    except GitError:
        return set()

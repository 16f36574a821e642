"""Know the size of what is not committed: from the record of its inputs, else from a build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gatepost.bundles import Artifact, Build, Bundle
from gatepost.bundles import build as builder
from gatepost.bundles.recorded import REFS, Made, key, load, save
from gatepost.checks._bundle_rules import UNMEASURED
from gatepost.git import Change, Snapshot
from gatepost.model import Finding, printable
from gatepost.policy import Policy


@dataclass(slots=True)
class Built:
    """The measured output of both sides; ``problem`` says why the head's is not known."""

    change: Change
    builds: tuple[Build, Build]
    artifacts: Sequence[Artifact]
    stats: tuple[str, ...] = ()
    before: Made | None = None
    after: Made | None = None
    problem: str = ""
    keys: tuple[str, str] = field(init=False)

    def __post_init__(self) -> None:
        base, head = self.change.base, self.change.head
        self.keys = (key(self.builds[0], base, self.stats), key(self.builds[1], head, self.stats))
        self.after = self._side(self.builds[1], head, self.keys[1])
        if self.keys[0] == self.keys[1]:
            self.before = self.after
        elif self.after is not None and self.change.base_oid is not None:
            why, self.problem = self.problem, ""
            self.before = self._side(self.builds[0], base, self.keys[0])
            self.problem = why  # a base that cannot be built has no figure; the head's is the first one

    def _side(self, build: Build, snapshot: Snapshot, name: str) -> Made | None:
        found = load(self.change.repo, name)
        if found is not None:
            return found
        if not builder.allowed(self.change):
            self.problem = f"there is no record for its inputs ({name[:12]}), and nothing is built here"
            return None
        try:
            made = builder.make(build, snapshot, self.artifacts, self.stats)
        except builder.BuildFailed as error:
            self.problem = str(error)
            return None
        save(self.change.repo, name, made)
        return made

    def finding(self, file: str) -> Finding:
        """Give the finding on what could not be measured."""
        return Finding(
            UNMEASURED,
            file,
            f"the build was not measured: {printable(self.problem, 400)}",
            f"mend bundle.build in {file}, or bring the record: `gatepost check BASE..HEAD` where the build can run, "
            f"then git push REMOTE '{REFS}/*:{REFS}/*'",
            data={"path": file, "key": self.keys[1]},
            key=f"build {self.problem[:200]}",
        )


def of(change: Change, policy: Policy, artifacts: Sequence[Artifact], stats: tuple[str, ...]) -> Built | None:
    """Give the builds of a change; None where none is configured.

    Each side is built as its own policy says: two commands cannot be merged into a stricter one.
    """
    base, head = (side.get("bundle", Bundle).build for side in (replace(policy, pushed=None), policy.pushed or policy))
    base, head = base or head, head or base
    return Built(change, (base, head), artifacts, stats) if base and head and artifacts else None

"""Know the size of what is not committed: from the record of its inputs, else from a build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gatepost.bundles import Artifact, Build, Figure
from gatepost.bundles import build as builder
from gatepost.bundles.recorded import REFS, key, load, save
from gatepost.checks._bundle_rules import UNMEASURED
from gatepost.git import Change, Snapshot
from gatepost.model import Finding, printable

Files = Mapping[str, tuple[str, Figure]]


@dataclass(slots=True)
class Built:
    """The measured output of both sides; ``problem`` says why the head's is not known."""

    change: Change
    build: Build
    artifacts: Sequence[Artifact]
    before: Files | None = None
    after: Files | None = None
    problem: str = ""
    keys: tuple[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.keys = (key(self.build, self.change.base), key(self.build, self.change.head))
        self.after = self._side(self.change.head, self.keys[1])
        if self.keys[0] == self.keys[1]:
            self.before = self.after
        elif self.after is not None and self.change.base_oid is not None:
            why, self.problem = self.problem, ""
            self.before = self._side(self.change.base, self.keys[0])
            self.problem = why  # a base that cannot be built has no figure; the head's is the first one

    def _side(self, snapshot: Snapshot, name: str) -> Files | None:
        found = load(self.change.repo, name)
        if found is not None:
            return found
        if not builder.allowed(self.change):
            self.problem = f"there is no record for its inputs ({name[:12]}), and nothing is built here"
            return None
        try:
            made = builder.files(self.build, snapshot, self.artifacts)
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


def of(change: Change, build: Build | None, artifacts: Sequence[Artifact]) -> Built | None:
    """Give the builds of a change; None where none is configured."""
    return Built(change, build, artifacts) if build and artifacts else None

"""The rules of the dependency check."""

from __future__ import annotations

from gatepost.model import Rule

ADDED = Rule(
    "dependency/added",
    "warning",
    """A new direct dependency.

    Why: its code, and that of everything it brings, runs with all the rights of the service from the next deploy on.

    Instead: look at who publishes it, how old it is and what it brings; approve the record with
    `gatepost review approve`, or leave it out.

    Fine when: somebody looked at it; that is what the review is for.""",
)
ADDED_TRANSITIVE = Rule(
    "dependency/added-transitive",
    "warning",
    """A new package that no manifest names: another dependency brought it.

    Why: half of the commits that bring new packages bring only such ones, and no diff of manifests shows them.

    Instead: see under "why" which direct dependency brings it, and whether that was meant; approve the record.

    Fine when: the direct dependency that brings it was changed on purpose.""",
)
UPGRADED = Rule(
    "dependency/upgraded",
    "note",
    """A direct dependency moved to a higher version; across a major version this is a warning.

    Why: a major step may take away what the code calls.

    Instead: read its release notes; keep such a step apart from other work.

    Fine when: the step was meant and the tests cover it.""",
)
UPGRADED_TRANSITIVE = Rule(
    "dependency/upgraded-transitive",
    "note",
    """A package that no manifest names moved to a higher version.

    Why: it moves without anybody asking for it, within whatever its parents allow.

    Instead: see under "why" which direct dependency holds it.

    Fine when: a direct dependency was upgraded, or the lock was refreshed on purpose.""",
)
DOWNGRADED = Rule(
    "dependency/downgraded",
    "warning",
    """A package moved to a lower version.

    Why: bugs and holes that were fixed come back; four of five such commits say nothing of it.

    Instead: ask for the higher version in the manifest, or say in the review why the lower one is right.

    Fine when: the higher version is broken and this is the way back.""",
)
REMOVED = Rule(
    "dependency/removed",
    "note",
    """A package is gone.

    Why: it is worth knowing which code no longer ships, and code that still imports it fails at run time.

    Instead: nothing, where that was meant.

    Fine when: nothing imports it any more.""",
)
CONFLICT = Rule(
    "dependency/conflict",
    "warning",
    """The version here is outside of what the fleet expects, or its range has nothing in common with another service's.

    Why: services that share data, libraries or images then run code that was never run together.

    Instead: move within the range that is named, or change the expectation in the fleet's own file, with its owner.

    Fine when: the service is on its way and the others follow; say so in the review.""",
)
DRIFT = Rule(
    "dependency/drift",
    "note",
    """The version here differs from what the other services run.

    Why: every further version in the fleet is one more to patch when a hole is found.

    Instead: take the version that most services run, where nothing speaks against it.

    Fine when: this service goes first.""",
)
SOURCE_CHANGED = Rule(
    "dependency/source-changed",
    "error",
    """A package comes from somewhere else than before: another registry, host, repository, or commit of one.

    Why: the name and version stay and the code is another; dependency confusion and hijacked forks look like this.

    Instead: take it from the registry as before, or list the host under `dependencies.hosts` in gatepost.toml.
    A host that is listed, or that the lock used before, is a warning only.

    Fine when: the registry was moved on purpose; list the new host first.""",
)
INTEGRITY_CHANGED = Rule(
    "dependency/integrity-changed",
    "error",
    """The hash of a version that did not change was replaced, or vanished.

    Why: registries do not let a published file change; another hash is another file.

    Instead: restore the hash, and install again; if the registry really serves another file, ask its publisher.

    Fine when: almost never; a private registry that rebuilds packages under the same version does this.""",
)
LOCK_MISMATCH = Rule(
    "dependency/lock-mismatch",
    "warning",
    """The lock does not hold what the manifest asks for.

    Why: a strict install fails, and a lenient one resolves anew and ships versions that nobody has seen.

    Instead: run the package manager's lock command and commit both files together.

    Fine when: never for long; the next install mends or breaks it.""",
)
UNLOCKED = Rule(
    "dependency/unlocked",
    "warning",
    """An application asks for packages, and no lock says which versions.

    Why: each install may bring other code, so what was tested is not what runs.

    Instead: let the package manager write its lock, and commit it; pin what stands in a requirements file, or
    name a constraints file in it.

    Fine when: this is a library, whose users bring their own lock.""",
)
UNREADABLE = Rule(
    "dependency/unreadable",
    "error",
    """A lockfile or manifest cannot be understood.

    Why: what cannot be read cannot be judged, and must not look like "no change".

    Instead: mend what is named, or let the package manager write the file anew.

    Fine when: the path holds no real lock; name it under `dependencies.ignore`. Among tests and fixtures, where
    broken locks are kept on purpose, it is a note.""",
)

RULES = (
    ADDED,
    ADDED_TRANSITIVE,
    UPGRADED,
    UPGRADED_TRANSITIVE,
    DOWNGRADED,
    REMOVED,
    CONFLICT,
    DRIFT,
    SOURCE_CHANGED,
    INTEGRITY_CHANGED,
    LOCK_MISMATCH,
    UNLOCKED,
    UNREADABLE,
)
BY_FACT = {rule.id.partition("/")[2]: rule for rule in RULES}

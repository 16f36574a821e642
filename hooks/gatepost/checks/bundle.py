"""Say what a change does to what is shipped: sizes, and what production code can reach."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.bundles import Artifact, Bundle, Measurement
from gatepost.bundles._cache import Cache
from gatepost.bundles.committed import globs, measure
from gatepost.checks import Check
from gatepost.checks._bundle_rules import RULES
from gatepost.checks._bundle_sizes import Step, judge
from gatepost.git import Change
from gatepost.model import Outcome
from gatepost.paths import matches
from gatepost.policy import Policy, Setting

POLICY_FILES = ("gatepost.toml", "pyproject.toml")
_SERVED = (".js", ".mjs", ".cjs", ".css")
_NOT_SHIPPED = {"node_modules", "test", "tests", "__tests__", "fixtures", "__fixtures__", "vendor"}


def artifacts(change: Change, policy: Policy) -> tuple[Artifact, ...]:
    """Give the artifacts that the policy names, else each ``dist`` directory that the change touches."""
    named = policy.get("bundle", Bundle).artifact
    if named:
        return named
    found = sorted({root for path in change.paths if (root := _built(path))})
    return tuple(Artifact(root, (f"{root}/**/*.{{js,mjs,cjs,css}}",)) for root in found)


def _built(path: str) -> str:
    if not path.endswith(_SERVED):
        return ""
    parts = path.split("/")[:-1]
    if "dist" not in parts or _NOT_SHIPPED.intersection(parts):
        return ""
    return "/".join(parts[: parts.index("dist") + 1])


def relevant(change: Change, policy: Policy) -> bool:
    """Tell whether a changed path can change a size."""
    named = policy.get("bundle", Bundle).artifact
    if not named:
        return any(_built(path) for path in change.paths)
    wanted = [glob for artifact in named for glob in globs(artifact)]
    return any(path in POLICY_FILES or matches(path, *wanted) for path in change.paths)


def run(change: Change, policy: Policy) -> Outcome:
    """Measure what changed, and judge it."""
    with Cache(change.repo.directory()) as cache:
        steps = list(_steps(change, policy, cache))
    named = bool(policy.get("bundle", Bundle).artifact)
    findings = tuple(finding for step in steps if named or step.after.files for finding in judge(step))
    sections = {"bundle": {"artifacts": [step.json() for step in steps], "reachable": {"new": [], "gone": []}}}
    return Outcome(findings, sections)


def _steps(change: Change, policy: Policy, cache: Cache) -> Iterator[Step]:
    file = "pyproject.toml" if policy.source.endswith("pyproject.toml") else "gatepost.toml"
    settled = not any(path in POLICY_FILES for path in change.paths)
    for artifact in artifacts(change, policy):
        wanted = globs(artifact)
        still = settled and not any(matches(path, *wanted) for path in change.paths)
        after = measure(artifact, change.head, cache, only_cached=still)
        before = after if still else _before(artifact, change, cache)
        yield Step(artifact, before, after, file)


def _before(artifact: Artifact, change: Change, cache: Cache) -> Measurement:
    return measure(artifact, change.base, cache)


CHECK = Check(
    "bundle",
    "what grew, by how much, through which import, and whether it loads first",
    lambda: RULES,
    relevant,
    run,
    lambda: (Setting("bundle", Bundle),),
    {"bundle": {"artifacts": [], "reachable": {"new": [], "gone": []}}},
)

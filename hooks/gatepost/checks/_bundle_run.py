"""Measure what is shipped on both sides, follow the imports, and judge both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gatepost import bundles, registry
from gatepost.bundles import Artifact, Bundle, Family, Figure, Measurement, Source
from gatepost.bundles import _sourcemap as sourcemap
from gatepost.bundles import recorded as record
from gatepost.bundles._baseline import accepted
from gatepost.bundles._cache import Cache
from gatepost.bundles._reachable import Comparison, Reachable
from gatepost.bundles._stats import Reader, Told, attribution
from gatepost.bundles._tree import Tree
from gatepost.bundles.committed import find, globs, measure
from gatepost.checks import _bundle_packages as packages
from gatepost.checks import _bundle_reach as reach
from gatepost.checks import _bundle_sizes as sizes
from gatepost.checks import _bundle_texts as texts
from gatepost.checks._bundle_built import Built
from gatepost.checks._bundle_built import of as built
from gatepost.checks._bundle_rules import UNMEASURED
from gatepost.checks._bundle_sizes import Step
from gatepost.checks._bundle_uncertain import uncertain
from gatepost.git import Change
from gatepost.model import Finding, Outcome, Skip, printable
from gatepost.paths import matches, parent
from gatepost.policy import Policy

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


def concerned(change: Change, policy: Policy) -> bool:
    """Tell whether a changed path can change a size or the import graph."""
    settings = policy.get("bundle", Bundle)
    inputs = settings.build.inputs if settings.build else ()
    wanted = [
        *settings.stats,
        *inputs,
        *(f"{path}/" for path in inputs),
        *(glob for artifact in settings.artifact for glob in globs(artifact)),
    ]
    return any(_concerns(path, wanted) for path in change.paths)


def _concerns(path: str, wanted: list[str]) -> bool:
    if path in POLICY_FILES or (wanted and matches(path, *wanted)):
        return True
    return any(family.language(path) is not None or family.settles(path) for family in _families())


def _families() -> Iterator[Family]:
    for source in registry.load(bundles, "SOURCE", Source):
        if source.graph:
            yield source.graph


def run(change: Change, policy: Policy) -> Outcome:
    """Measure what changed, follow the imports, and judge both."""
    settings, file = policy.get("bundle", Bundle), _file(policy)
    reached: dict[str, list[object]] = {"new": [], "gone": []}
    findings: list[Finding] = []
    skipped: list[Skip] = []
    with Cache(change.repo.directory()) as cache:
        made = built(change, policy, *not_committed(settings, change))
        told = _told(change, settings, made)
        findings += _stats_problems(told[1], file)
        findings += (made.finding(file),) if made and made.problem else ()
        steps = list(_steps(change, policy, cache, told, made))
        for step in steps:
            findings += _judged(step, change, cache, named=bool(settings.artifact), problem=bool(made and made.problem))
        for family in _families():
            found = _compare(change, settings, family, cache)
            if found is None:
                skipped += _unfollowed(change, family, file)
            else:
                findings += reach.judge(found, change, settings, file)
                part = reach.section(found)
                if family.first_load:
                    findings += packages.join(found, change, part, policy.gate.max_file)
                    if doubts := uncertain(found, change, settings, cache):
                        part["uncertain"] = doubts
                for key, entries in part.items():
                    reached.setdefault(key, []).extend(entries)
    section = {"artifacts": [step.json() for step in steps], "reachable": reached}
    return Outcome(tuple(findings), {"bundle": section}, tuple(skipped))


def _unfollowed(change: Change, family: Family, file: str) -> Iterator[Skip]:
    """Say so where code of a project changed and nothing tells where its production begins."""
    if not family.first_load:
        return
    tree = Tree(change.head)
    changed = (path for path, each in change.paths.items() if each.new and family.language(path) in ("ts", "js"))
    code = next((path for path in changed if not matches(path, *family.test_paths)), None)
    if code and tree.above(parent(code), "package.json"):
        yield Skip(
            "bundle", f"no production entry is known for {printable(code, 80)}; name it in bundle.entries of {file}"
        )


def not_committed(settings: Bundle, change: Change) -> tuple[list[Artifact], tuple[str, ...]]:
    """Give the artifacts and the statistics that are on neither side of a change: a build makes them."""
    sides = (change.head, change.base)
    artifacts = [each for each in settings.artifact if not any(next(find(each, side), None) for side in sides)]
    stats = tuple(path for path in settings.stats if not any(side.exists(path) for side in sides))
    return artifacts, stats if settings.build else ()


def _judged(step: Step, change: Change, cache: Cache, *, named: bool, problem: bool) -> Iterator[Finding]:
    unknown = problem and step.source == "record"
    if unknown or not (named or step.after.files):
        return
    yield from sizes.judge(step)
    if step.source == "committed":
        yield from texts.judge(step, change.repo, cache)


def _compare(change: Change, settings: Bundle, family: Family, cache: Cache) -> Reachable | None:
    changed = any(
        path in POLICY_FILES or family.language(path) is not None or family.settles(path) for path in change.paths
    )
    return Comparison(change, settings, family, cache).compare() if changed else None


def _file(policy: Policy) -> str:
    return "pyproject.toml" if policy.source.endswith("pyproject.toml") else "gatepost.toml"


def _steps(change: Change, policy: Policy, cache: Cache, told: tuple[Told, Told], made: Built | None) -> Iterator[Step]:
    settled = not any(path in POLICY_FILES for path in change.paths)
    known = bool(told[1].stats) and not (told[0].problems or told[1].problems)
    for artifact in artifacts(change, policy):
        wanted = globs(artifact)
        still = settled and not any(matches(path, *wanted) for path in change.paths)
        after = measure(artifact, change.head, cache, only_cached=still)
        before = after if still else measure(artifact, change.base, cache)
        baseline = None if still else accepted(change, artifact, cache, _fingerprint)
        if made and not before.files and not after.files:
            before, after = (record.measure(artifact, side.files if side else {}) for side in (made.before, made.after))
            still, baseline = before.files == after.files, None
        comparable = known and bool(told[0].stats or not before.files)
        if comparable and artifact.loads != "any":  # the history has no statistics that say what was initial
            before, after, baseline = _loaded(artifact, before, told[0]), _loaded(artifact, after, told[1]), None
        modules = attribution(*told) if comparable and not still else None
        source = "record" if made and artifact in made.artifacts else "committed"
        step = Step(artifact, before, after, _file(policy), baseline, modules, source)
        yield step if modules or source == "record" else replace(step, modules=_by_maps(change, step))


def _by_maps(change: Change, step: Step) -> Mapping[str, Any] | None:
    """Give what the source maps tell of the file that grew most, where the step is too large."""
    before, after = step.before.total, step.after.total
    if before is None or after is None or not step.artifact.exceeded(before, after):
        return None
    news = step.grown
    new = sourcemap.read(change.head, news[1]) if news else None
    old = sourcemap.read(change.base, news[0]) if news and news[0] else sourcemap.Divided(())
    return sourcemap.attribution(old, new) if old and new else None


def _loaded(artifact: Artifact, measured: Measurement, told: Told) -> Measurement:
    """Give the files of a measurement that are loaded when the artifact says so, as far as that is known."""
    first = artifact.loads == "initial"
    files = tuple(file for file in measured.files if told.initial(file.path) in (first, None))
    return Measurement(files, measured.odd)


def _told(change: Change, settings: Bundle, made: Built | None) -> tuple[Told, Told]:
    """Give the bundler's statistics of both sides; those that the base has not yet are no problem there."""
    before, after = Tree(change.base), Tree(change.head)
    had = tuple(file for file in settings.stats if before.is_file(file))
    wanted = tuple(file for file in settings.stats if made is None or file not in made.stats)
    olds, news = Reader(before, had).read(), Reader(after, wanted).read()
    if made is None:
        return olds, news
    return olds.joined(made.before.told if made.before else Told()), news.joined(
        made.after.told if made.after else Told()
    )


def _stats_problems(told: Told, file: str) -> Iterator[Finding]:
    for path, reason in told.problems:
        yield Finding(
            UNMEASURED,
            path,
            f"the statistics {printable(path, 100)} are refused: {printable(path, 100)} {printable(reason, 300)}",
            f"build again and commit the fresh file, or correct bundle.stats in {file}",
            data={"path": path},
            key=f"stats {path} {reason}",
        )


def _fingerprint(artifact: Artifact, baseline: Figure, measured: Measurement) -> str:
    return sizes.drift(artifact, baseline, measured).fingerprint

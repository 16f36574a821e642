"""Judge the sizes of artifacts: this step, the limit, and what could not be measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gatepost.bundles import Artifact, Figure, Measurement
from gatepost.bundles._masks import groups
from gatepost.bundles._weigh import change, text
from gatepost.checks._bundle_rules import DRIFT, GROWTH, OVER_BUDGET, UNMEASURED
from gatepost.model import Finding, printable

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Step:
    """One artifact on both sides of a change."""

    artifact: Artifact
    before: Measurement
    after: Measurement
    policy_file: str = "gatepost.toml"
    baseline: Figure | None = None
    modules: Mapping[str, Any] | None = None
    source: str = "committed"

    @property
    def files(self) -> list[tuple[str, Figure | None, Figure | None]]:
        """The groups of files that differ, the one that grew most first: path, before, after."""
        olds = {file.path: file for file in self.before.files}
        news = {file.path: file for file in self.after.files}
        named = groups(olds, news, self.artifact.globs)
        found = []
        for group in sorted(set(named.values())):
            old = [olds[path] for path in sorted(olds) if named[path] == group]
            new = [news[path] for path in sorted(news) if named[path] == group]
            if {file.oid for file in old} != {file.oid for file in new}:
                path = (new or old)[0].path
                found.append((path, Measurement(tuple(old)).total, Measurement(tuple(new)).total))
        return sorted(found, key=lambda item: (-_delta(item[1], item[2]), item[0]))

    @property
    def grown(self) -> tuple[str, str] | None:
        """The file that grew most: its path before ("" for a new one) and after."""
        if not self.files or self.files[0][2] is None:
            return None
        path = self.files[0][0]
        olds, news = [f.path for f in self.before.files], [f.path for f in self.after.files]
        group = (named := groups(olds, news, self.artifact.globs))[path]
        return next((old for old in sorted(olds) if named[old] == group), ""), path

    @property
    def path(self) -> str:
        """The file that the finding points at: the one that grew most, else any."""
        changed = self.files
        if changed:
            return changed[0][0]
        some = self.after.files or self.before.files
        return some[0].path if some else self.policy_file

    def json(self) -> dict[str, Any]:
        """Give the entry of the report's section."""
        return self.data() | {
            "loads": self.artifact.loads,
            "source": self.source,
            "baseline": _json(self.baseline),
            "files": [{"path": p, "before": _json(old), "after": _json(new)} for p, old, new in self.files[:_SHOWN]],
            **(self.modules or {}),
        }

    def data(self) -> dict[str, Any]:
        """Name the subject of a finding as the section does."""
        before, after = self.before.total, self.after.total
        return {"name": self.artifact.name, "path": self.path, "before": _json(before), "after": _json(after)}


def _json(figure: Figure | None) -> dict[str, int | str | None] | None:
    return figure.json() if figure else None


def _delta(before: Figure | None, after: Figure | None) -> int:
    return (after.gated if after else 0) - (before.gated if before else 0)


def judge(step: Step) -> Iterator[Finding]:
    """Give the findings on one artifact."""
    yield from _odd(step)
    before, after = step.before.total, step.after.total
    if after is None:
        yield _nothing(step, before)
        return
    if before is not None and step.artifact.exceeded(before, after):
        yield _growth(step, before, after)
    elif step.baseline and step.before is not step.after and step.artifact.exceeded(step.baseline, after):
        yield drift(step.artifact, step.baseline, step.after, before)
    yield from _budget(step, before, after)


def _growth(step: Step, before: Figure, after: Figure) -> Finding:
    name = printable(step.artifact.name, 60)
    most = "; ".join(
        f"{printable(path, 80)} {change(old.gated, new.gated) if old and new else text(new.gated) + ' new'}"
        for path, old, new in step.files[:3]
        if new and _delta(old, new) > 0
    )
    message = f"{name} grew to {change(before.gated, after.gated)} {after.unit}"
    if after.gzip is not None:
        message += f", raw {change(before.raw, after.raw)}"
    if step.baseline and step.baseline.compressor == after.compressor:
        message += f"; against the accepted baseline {change(step.baseline.gated, after.gated)}"
    most += _why(step)
    limits = f"{step.artifact.growth:.0%} and {text(step.artifact.floor)}"
    return Finding(
        GROWTH,
        step.path,
        f"{message}; allowed are {limits} a step" + (f". Most: {most}" if most else ""),
        "see what is new with `gatepost check BASE..HEAD --only bundle --format json`, load it lazily or drop it; "
        f"if it is wanted, raise growth or floor of {name} in {step.policy_file} first",
        data=step.data(),
        key=f"{step.artifact.name} {before.gated} {after.gated} {after.compressor}",
    )


def _why(step: Step) -> str:
    grown = [each for each in (step.modules or {}).get("modules", ()) if each["after"] > each["before"]][:3]
    names = (
        f"{printable(e.get('package') or e['path'], 80)} +{text(e['after'] - e['before'])}"
        + (f" ({text(e['gzip'])} gzip in all)" if "gzip" in e else "")
        for e in grown
    )
    return f". Modules: {', '.join(names)}" if grown else ""


def drift(artifact: Artifact, baseline: Figure, measured: Measurement, before: Figure | None = None) -> Finding:
    """Give the finding on small steps that add up; its approval makes the new size the baseline."""
    after, name = measured.total or baseline, printable(artifact.name, 60)
    path = measured.files[0].path if measured.files else artifact.globs[0]
    step = f"; this step {change(before.gated, after.gated)}" if before else ""
    return Finding(
        DRIFT,
        path,
        f"{name} drifted from its accepted {change(baseline.gated, after.gated)} {after.unit} in small steps{step}",
        f"look at the steps with `git log -p -- {printable(path, 100)}`; an approval makes it the new baseline",
        data={
            "name": artifact.name,
            "path": path,
            "before": _json(before),
            "after": _json(after),
            "baseline": _json(baseline),
        },
        key=f"{artifact.name} {baseline.gated} {after.gated} {after.compressor}",
    )


def _budget(step: Step, before: Figure | None, after: Figure) -> Iterator[Finding]:
    limit = step.artifact.limit
    if limit is None or after.gated <= limit:
        return
    name = printable(step.artifact.name, 60)
    shrinks = before is not None and before.gated > after.gated
    yield Finding(
        OVER_BUDGET,
        step.path,
        f"{name} has {text(after.gated)} {after.unit}, {text(after.gated - limit)} over its limit of {text(limit)}"
        + (f"; before it had {text(before.gated)}" if before else ""),
        f"make it smaller, or raise limit of {name} in {step.policy_file} in a change of its own",
        data=step.data(),
        level="warning" if shrinks else None,
        key=f"{step.artifact.name} {after.gated} {limit} {after.compressor}",
    )


def _nothing(step: Step, before: Figure | None) -> Finding:
    name, globs = printable(step.artifact.name, 60), ", ".join(printable(glob, 60) for glob in step.artifact.globs)
    was = f"; before, {len(step.before.files)} files matched ({text(before.raw)})" if before else ""
    return Finding(
        UNMEASURED,
        step.path if before else step.policy_file,
        f"{name} was not measured: no committed file matches {globs}{was}",
        f"correct globs of {name} in {step.policy_file}, or remove the artifact there",
        data=step.data(),
        key=f"{step.artifact.name} {globs}",
    )


def _odd(step: Step) -> Iterator[Finding]:
    known = set(step.before.odd)
    for path, kind in step.after.odd:
        if (path, kind) not in known:
            yield Finding(
                UNMEASURED,
                path,
                f"{printable(step.artifact.name, 60)}: {printable(path)} is {kind}, which has no size of its own",
                "commit a regular file, or exclude the path from globs",
                data=step.data(),
                key=f"{step.artifact.name} {kind}",
            )

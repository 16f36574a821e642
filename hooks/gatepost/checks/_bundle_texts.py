"""Judge the text of artifacts: a minifier that no longer ran, and bytes that are there twice."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.bundles import Measurement, Served
from gatepost.bundles._cache import Cache
from gatepost.bundles._masks import groups
from gatepost.bundles._texture import chained, known, lost, repeated
from gatepost.bundles._weigh import change as written
from gatepost.bundles._weigh import text
from gatepost.checks._bundle_rules import DUPLICATE, MINIFICATION_LOST
from gatepost.checks._bundle_sizes import Step
from gatepost.git import Repository
from gatepost.model import Finding, printable

_TEXT = (".js", ".mjs", ".cjs", ".css")
_FILES = 20
_GREW = 1.01
_LARGEST = 32 * 1024 * 1024


def judge(step: Step, repo: Repository, cache: Cache) -> Iterator[Finding]:
    """Give the findings on what the changed files of an artifact hold."""
    if step.before is step.after:
        return
    bare = list(_minification(step, repo, cache))
    yield from bare
    if not bare:
        yield from _repetition(step, repo)


def _pairs(step: Step) -> Iterator[tuple[Served, Served]]:
    """Give the files that are one on each side, by name or by the mask of their names."""
    olds, news = ({f.path: f for f in side.files} for side in (step.before, step.after))
    named = groups(olds, news, step.artifact.globs)
    for group in sorted(set(named.values())):
        old = [olds[path] for path in olds if named[path] == group]
        new = [news[path] for path in news if named[path] == group]
        if len(old) == len(new) == 1 and old[0].oid != new[0].oid:
            yield old[0], new[0]


def _minification(step: Step, repo: Repository, cache: Cache) -> Iterator[Finding]:
    grown = [(a, b) for a, b in _pairs(step) if b.path.endswith(_TEXT) and b.figure.raw > _GREW * a.figure.raw]
    for old, new in sorted(grown, key=lambda pair: pair[0].figure.raw - pair[1].figure.raw)[:_FILES]:
        signs = lost(*(known(repo, file.oid, file.figure.raw, cache) for file in (old, new)))
        if signs:
            yield Finding(
                MINIFICATION_LOST,
                new.path,
                f"{printable(new.path, 100)} is no longer minified ({', '.join(signs)}): "
                f"raw {written(old.figure.raw, new.figure.raw)}",
                "build it for production again, with NODE_ENV=production and the minifier on",
                data={
                    "name": step.artifact.name,
                    "path": new.path,
                    "before": old.figure.json(),
                    "after": new.figure.json(),
                    "signs": signs,
                },
                key=f"{step.artifact.name} {old.figure.raw} {new.figure.raw}",
            )


def _repetition(step: Step, repo: Repository) -> Iterator[Finding]:
    before, after = step.before.total, step.after.total
    if before is None or after is None or after.gzip is None or after.raw > _LARGEST:
        return
    added = after.gated - before.gated
    if added < step.artifact.floor / 5 or not step.artifact.exceeded(before, after):
        return
    sizes = repeated(*(_content(side, repo) for side in (step.before, step.after)))
    if sizes[1] - sizes[0] < added / 4:
        name = printable(step.artifact.name, 60)
        yield Finding(
            DUPLICATE,
            step.path,
            f"{name} grew by {text(added)} gzip, but only by {text(max(0, sizes[1] - sizes[0]))} for a compressor that "
            "sees the whole artifact: most of what is new is there already, as a second copy of a package is",
            "look for two copies: `npm ls NAME`, `npm dedupe`, or an override",
            data=step.data(),
            key=f"{step.artifact.name} {before.gated} {after.gated}",
        )


def _content(side: Measurement, repo: Repository) -> Iterator[bytes]:
    return chained(repo.stream(file.oid, file.figure.raw) for file in side.files)

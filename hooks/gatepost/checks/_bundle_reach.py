"""Judge what production reaches: test code, what became initial, and what could not be followed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatepost.bundles import PACKAGE, Bundle
from gatepost.bundles._graph import Edge
from gatepost.bundles._reachable import Reachable, is_test
from gatepost.bundles._weigh import text
from gatepost.checks._bundle_rules import LAZY_INITIAL, TEST_CODE, UNMEASURED
from gatepost.git import Change
from gatepost.model import Finding, Level, printable

_SMALL = 32 * 1024  # of source: about 10 KiB when it is served
_LISTED = 2000


def section(found: Reachable) -> dict[str, Any]:
    """Give the part of the report's section for one family."""
    return {
        "new": [found.entry(node) for node in found.new[:_LISTED]],
        "gone": [found.entry(node, before=True) for node in found.gone[:_LISTED]],
    }


def judge(found: Reachable, change: Change, settings: Bundle, policy_file: str) -> Iterator[Finding]:
    """Give the findings on what production reaches."""
    yield from _test_code(found, settings)
    if found.family.first_load:
        yield from _promoted(found, change)
    yield from _unread(found, policy_file)


def _test_code(found: Reachable, settings: Bundle) -> Iterator[Finding]:
    reported: set[tuple[str, int]] = set()
    for node in found.new:
        steps = found.after.steps(node)
        if not steps or not is_test(node, found.family, settings):
            continue
        at, edge = next(step for step in steps if is_test(step[1].target, found.family, settings))
        inside = is_test(steps[0][0], found.family, settings)
        if (at, edge.line) in reported or inside or edge.target in found.before:
            continue
        reported.add((at, edge.line))
        yield _shipped(found, edge.target)


def _shipped(found: Reachable, node: str) -> Finding:
    steps = found.after.steps(node)
    at, edge = found.new_edge(node) or steps[-1]
    initial = node in found.after.initial
    what = f"package {printable(node[2:], 80)}" if node.startswith(PACKAGE) else printable(node, 120)
    how = "at first load" if initial else "lazily"
    guarded = any(step.guarded for _, step in steps)
    return Finding(
        TEST_CODE,
        at,
        f"production reaches test code {what} {how}: {chain(found, node)}",
        f"take the import out of {printable(at, 100)}:{edge.line}, or move what production needs out of the test code",
        line=edge.line,
        data=found.entry(node),
        level="note" if guarded else None if initial else "warning",
        key=f"{node} {at} {edge.target}",
    )


def chain(found: Reachable, node: str) -> str:
    """Write the way from an entry to a node, the new import marked."""
    new = found.new_edge(node)
    parts = []
    for start, edge in found.after.steps(node):
        parts.append(printable(start, 80))
        arrow = "->" if not edge.dynamic else "~>"
        parts.append(f"{arrow} [new import, line {edge.line}]" if (start, edge) == new else arrow)
    return " ".join((*parts, printable(node.removeprefix(PACKAGE), 80)))


def _promoted(found: Reachable, change: Change) -> Iterator[Finding]:
    doors: dict[tuple[str, Edge], list[str]] = {}
    for node in found.promoted:
        step = found.new_edge(node)
        if step:
            doors.setdefault(step, []).append(node)
    for (at, edge), nodes in doors.items():
        packages = [node for node in nodes if node.startswith(PACKAGE)]
        size = sum(_size(change, node) for node in nodes if not node.startswith(PACKAGE))
        named = list(dict.fromkeys((*packages, *nodes)))[:3]
        names = ", ".join(printable(node.removeprefix(PACKAGE), 80) for node in named)
        more = f" and {len(nodes) - 3} more" if len(nodes) > 3 else ""
        level: Level | None = None if packages or size > _SMALL else "warning"
        subject = packages[0] if packages else nodes[0]
        yield Finding(
            LAZY_INITIAL,
            at,
            f"{names}{more} was loaded lazily and is now loaded at first ({text(size)} of source"
            f"{f', {len(packages)} packages' if packages else ''}): {chain(found, subject)}",
            f"make the import in {printable(at, 100)}:{edge.line} dynamic again: import(…)",
            line=edge.line,
            data=found.entry(subject) | {"promoted": [node.removeprefix(PACKAGE) for node in nodes[:100]]},
            level=level,
            key=f"{at} {edge.target}",
        )


def _size(change: Change, path: str) -> int:
    entry = change.head.entry(path)
    info = change.repo.objects.info(entry.oid) if entry else None
    return info[2] if info else 0


def _unread(found: Reachable, policy_file: str) -> Iterator[Finding]:
    for entry in found.missing:
        yield Finding(
            UNMEASURED,
            policy_file,
            f"the entry {printable(entry)} is not in the tree; nothing behind it is looked at",
            f"correct bundle.entries in {policy_file}",
            data={"path": entry},
            key=f"entry {entry}",
        )
    for path, reason in found.graphs[1].unread.items():
        if found.graphs[0].unread.get(path) != reason:
            yield Finding(
                UNMEASURED,
                path,
                f"{printable(path)} {reason}",
                "import what is generated from a smaller file, or leave it out of the production graph",
                data={"path": path},
                key=f"unread {path}",
            )

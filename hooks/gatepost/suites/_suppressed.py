"""Count the comments that silence a linter, a type checker or the coverage."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gatepost.suites._weakening import Weakening

MANY = 10
_ONE = re.compile(
    rb"(?:#|//|/\*|<!--)[ \t]*(noqa|type:[ \t]*ignore|pyright:[ \t]*ignore|pylint:[ \t]*disable"
    rb"|pragma:[ \t]*no[ \t]?cover|nosec|eslint-disable(?:-next-line|-line)?|@ts-ignore|@ts-expect-error"
    rb"|biome-ignore|istanbul ignore"
    rb"|c8 ignore|v8 ignore|nolint|rubocop:disable|fmt:[ \t]*off)|(@SuppressWarnings|#!?\[allow\()"
)
_WHOLE = re.compile(
    rb"(?m)^[ \t]*(?:(?:#|//|/\*)[ \t]*(flake8[:=][ \t]*noqa|ruff:[ \t]*noqa|mypy:[ \t]*ignore-errors"
    rb"|pylint:[ \t]*skip-file|@ts-nocheck|pyright:[ \t]*basic|eslint-disable[ \t]*(?=\*/)|istanbul ignore file"
    rb"|biome-ignore-all|nolint:[ \t]*all|rubocop:disable all)"
    rb"|#!\[allow\((warnings|unused)|@SuppressWarnings\(\"all\"\))"
)


class Silenced(NamedTuple):
    """One code file on both sides."""

    path: str
    old: bytes
    new: bytes
    test: bool = False


def suppressed(files: Iterable[Silenced]) -> Iterator[Weakening]:
    """Give one entry for each file that is silenced whole, and one for the push with the count of the rest."""
    total: Counter[str] = Counter()
    first = ""
    for file in files:
        whole = len(_WHOLE.findall(file.new)) - len(_WHOLE.findall(file.old))
        if whole > 0:
            yield _file_wide(file)
        had, has = _count(file.old, file.test), _count(file.new, file.test)
        more, less = has - had, had - has
        total += more
        total -= less
        first = first or (file.path if more and whole <= 0 else "")
    if total and first:
        count = sum(total.values())
        kinds = ", ".join(f"{number} {kind}" for kind, number in total.most_common(4))
        explained = "" if count >= MANY else f"fewer than {MANY} are only counted"
        after = f"{count} comments more that silence a tool: {kinds}"
        yield Weakening("suppression-added", "", first, 1, "", after, explained)


def _file_wide(file: Silenced) -> Weakening:
    had = {match[0].strip() for match in _WHOLE.finditer(file.old)}
    found = next((match for match in _WHOLE.finditer(file.new) if match[0].strip() not in had), None)
    line = file.new[: found.start()].count(b"\n") + 1 if found else 1
    shown = (found[0] if found else b"").strip().decode("utf-8", "replace")
    after = f"`{shown}` silences the whole file"
    return Weakening("suppression-added", "", file.path, line, "", after, level="warning")


def _count(raw: bytes, test: bool) -> Counter[str]:
    """Count by kind; in a test, what expects the compiler to refuse a line is an assertion."""
    found = (one or two for one, two in _ONE.findall(raw))
    counted = Counter(b" ".join(kind.split()).decode("ascii", "replace") for kind in found)
    if test:
        counted.pop("@ts-expect-error", None)
    return counted

"""Put the migrations of a history in the order in which they run, and see what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gatepost.migrations import Listing, Migration, Problem


def number(version: str) -> tuple[Any, ...]:
    """Give the sort key of a version of digits, which may have dots or underscores between them."""
    parts = version.replace("_", ".").replace("-", ".").split(".")
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)


def listing(migrations: Iterable[Migration], problems: Iterable[Problem] = ()) -> Listing:
    """Sort migrations by their order, then by path."""
    return Listing(tuple(sorted(migrations, key=lambda one: (one.order, one.path))), tuple(problems))

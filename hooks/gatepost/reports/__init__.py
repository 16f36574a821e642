"""One file per output format: a Report in, text out.

A module has the name of its format and one ``FORMAT``. Formats are asked for by name, so that a hook
that prints text imports nothing of the others.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from gatepost.errors import UsageError
from gatepost.model import Report, printable

__all__ = ["Format", "get", "names"]


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a Report: what the command line calls it, what it is for, and the function."""

    name: str
    summary: str
    render: Callable[[Report], str]


@cache
def names() -> tuple[str, ...]:
    """Give the names of all formats; nothing is imported."""
    return tuple(sorted(info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_")))


def get(name: str) -> Format:
    """Give one format; UsageError where there is none of that name."""
    if name not in names():
        raise UsageError(f"no format {printable(repr(name), 40)}", f"choose one of: {', '.join(names())}")
    found = importlib.import_module(f"{__name__}.{name}").FORMAT
    if not isinstance(found, Format):
        raise TypeError(f"{__name__}.{name}.FORMAT must be a Format")
    return found

"""One file per verb of the command line: ``verbs/pre_commit.py`` holds ``gatepost pre-commit``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import argparse

__all__ = ["Verb"]


class Verb(NamedTuple):
    """What the command line calls: each module of this package has one as ``VERB``.

    ``main`` gives the exit code. ``bare`` are the arguments where the command line has none: with it
    a hook does not pay the 4 ms of argparse. The module's own imports are paid by every run of its
    verb, so the verbs that are hooks import the heavy parts inside functions.
    """

    name: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    main: Callable[[argparse.Namespace], int]
    bare: Mapping[str, object] | None = None

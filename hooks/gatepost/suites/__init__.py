"""One file per test language: source in, tests and their assertions out.

A module offers its language as ``SUITE``. It reads one file of one side of a change into a
``Source``: an outline of ``Unit`` values (tests, and the helpers beside them), each with a digest of its
text. What a unit asserts is its ``Detail``, worked out only when asked for: units whose digest is the same
on both sides are never looked into, so the cost follows the change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gatepost.suites._units import Source

__all__ = ["Files", "Suite"]

Files = Callable[[str], "bytes | None"]
"""Read another file of the same side: its bytes, or None where it is absent, no regular file or too large."""


class Suite(NamedTuple):
    """A test language. ``claims`` and ``collects`` look at the path only and must be cheap.

    ``claims``: the file belongs to the tests (tests, helpers, fixtures). ``collects``: the runner takes
    tests from it. ``missing`` names the package to install where the grammar is not there, else "".
    ``mixed``: tests stand in the files of the product, so that these count as product too.

    A NamedTuple, and the values that ``read`` gives are imported only there: this module is loaded for
    every commit.
    """

    name: str
    extensions: tuple[str, ...]
    claims: Callable[[str], bool]
    collects: Callable[[str], bool]
    read: Callable[[bytes, str, Files], Source]
    missing: Callable[[], str] = str
    mixed: bool = False

"""JavaScript and TypeScript: jest, vitest, mocha with chai, node:test and what resembles them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepost.suites import Files, Suite

if TYPE_CHECKING:
    from gatepost.suites._units import Source

_ENDINGS = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts")
_MARKS = (".test.", ".spec.", "-test.", "_test.", ".cy.", ".e2e.", "-spec.")
_DIRECTORIES = frozenset(("__tests__", "test", "tests", "spec", "e2e"))


def claims(path: str) -> bool:
    """Tell test files by their name or directory."""
    if not path.endswith(_ENDINGS) or path.endswith(".d.ts"):
        return False
    *directories, name = path.split("/")
    return any(mark in name for mark in _MARKS) or not _DIRECTORIES.isdisjoint(directories)


def missing() -> str:
    """Name the package that is not installed."""
    from gatepost.suites._parsing import absent

    return absent("tree_sitter_javascript", "tree_sitter_typescript")


def read(raw: bytes, path: str, files: Files) -> Source:  # noqa: ARG001 - helpers of other files are told by their name
    """Outline one file; without the grammar, scan its lines for marks."""
    if missing():
        from gatepost.suites._lines import scan

        return scan(raw, "javascript")
    from gatepost.suites._javascript_outline import outline

    return outline(raw, path)


SUITE = Suite("javascript", _ENDINGS, claims, claims, read, missing)

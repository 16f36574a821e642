"""Go: the testing package, testify, Gomega and Ginkgo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepost.suites import Files, Suite

if TYPE_CHECKING:
    from gatepost.suites._units import Source


def claims(path: str) -> bool:
    """Tell the files that ``go test`` compiles for tests only."""
    return path.endswith("_test.go")


def missing() -> str:
    """Name the package that is not installed."""
    from gatepost.suites._parsing import absent

    return absent("tree_sitter_go")


def read(raw: bytes, path: str, files: Files) -> Source:  # noqa: ARG001 - helpers of other files are told by their name
    """Outline one file; without the grammar, scan its lines for marks."""
    if missing():
        from gatepost.suites._lines import scan

        return scan(raw, "go")
    from gatepost.suites._go_outline import outline

    return outline(raw, path)


SUITE = Suite("go", (".go",), claims, claims, read, missing)

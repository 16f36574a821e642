"""Java: JUnit 4 and 5 with their own assertions, AssertJ, Hamcrest and Mockito."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepost.suites import Files, Suite

if TYPE_CHECKING:
    from gatepost.suites._units import Source

_ENDINGS = ("Test.java", "Tests.java", "TestCase.java", "IT.java", "ITCase.java")


def claims(path: str) -> bool:
    """Tell test classes by name, and what lies below a directory of tests."""
    return path.endswith(".java") and (
        collects(path) or f"/{path}".find("/src/test/") >= 0 or f"/{path}".find("/test/") >= 0
    )


def collects(path: str) -> bool:
    """Tell the classes that Surefire and Failsafe look into by default."""
    return path.endswith(_ENDINGS) or (path.endswith(".java") and path.rpartition("/")[2].startswith("Test"))


def missing() -> str:
    """Name the package that is not installed."""
    from gatepost.suites._parsing import absent

    return absent("tree_sitter_java")


def read(raw: bytes, path: str, files: Files) -> Source:  # noqa: ARG001 - helpers of other files are told by their name
    """Outline one file; without the grammar, scan its lines for marks."""
    if missing():
        from gatepost.suites._lines import scan

        return scan(raw, "java")
    from gatepost.suites._java_outline import outline

    return outline(raw, path)


SUITE = Suite("java", (".java",), claims, collects, read, missing)

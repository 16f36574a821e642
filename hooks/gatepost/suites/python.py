"""Python: pytest and unittest, through the ``ast`` of the running interpreter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepost.suites import Files, Suite

if TYPE_CHECKING:
    from gatepost.suites._units import Source

_DIRECTORIES = frozenset(("test", "tests", "testing"))


def claims(path: str) -> bool:
    """Tell test files, conftest files and whatever lies below a directory of tests."""
    if not path.endswith(".py"):
        return False
    *directories, name = path.split("/")
    return collects(path) or name == "conftest.py" or not _DIRECTORIES.isdisjoint(directories)


def collects(path: str) -> bool:
    """Tell the files that pytest, unittest or Django look into by default."""
    name = path.rpartition("/")[2]
    return name.endswith(".py") and (name.startswith("test") or name.endswith(("_test.py", "_tests.py")))


def read(raw: bytes, path: str, files: Files) -> Source:
    """Outline one file."""
    from gatepost.suites._python_outline import outline

    return outline(raw, path, files, collects(path))


SUITE = Suite("python", (".py",), claims, collects, read)

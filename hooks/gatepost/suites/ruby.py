"""Ruby: RSpec, minitest and Rails' test blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepost.suites import Files, Suite

if TYPE_CHECKING:
    from gatepost.suites._units import Source


def claims(path: str) -> bool:
    """Tell what lies below spec and test directories, and test files elsewhere."""
    return path.endswith(".rb") and (collects(path) or f"/{path}".find("/spec/") >= 0 or f"/{path}".find("/test/") >= 0)


def collects(path: str) -> bool:
    """Tell the files that RSpec and rake's test task look into by default."""
    name = path.rpartition("/")[2]
    return name.endswith(("_spec.rb", "_test.rb")) or (name.startswith("test_") and name.endswith(".rb"))


def missing() -> str:
    """Name the package that is not installed."""
    from gatepost.suites._parsing import absent

    return absent("tree_sitter_ruby")


def read(raw: bytes, path: str, files: Files) -> Source:  # noqa: ARG001 - helpers of other files are told by their name
    """Outline one file; without the grammar, scan its lines for marks."""
    if missing():
        from gatepost.suites._lines import scan

        return scan(raw, "ruby")
    from gatepost.suites._ruby_outline import outline

    return outline(raw, path, collects(path))


SUITE = Suite("ruby", (".rb",), claims, collects, read, missing)

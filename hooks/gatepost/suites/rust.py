"""Rust: functions marked ``#[test]``, beside the code or in a directory of tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepost.suites import Files, Suite

if TYPE_CHECKING:
    from gatepost.suites._units import Source


def claims(path: str) -> bool:
    """Tell all of Rust: tests stand beside the code that they test."""
    return path.endswith(".rs")


def missing() -> str:
    """Name the package that is not installed."""
    from gatepost.suites._parsing import absent

    return absent("tree_sitter_rust")


def read(raw: bytes, path: str, files: Files) -> Source:  # noqa: ARG001 - helpers of other files are told by their name
    """Outline one file; one without tests and assertions is not parsed at all."""
    if missing():
        from gatepost.suites._lines import scan

        return scan(raw, "rust")
    from gatepost.suites._rust_outline import outline

    return outline(raw, path)


SUITE = Suite("rust", (".rs",), claims, claims, read, missing, mixed=True)

"""A scratch server of our own for the tests of PostgreSQL; skipped where there is none to be had."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatepost.databases import Limits, Needs, Scratch, Statement, Unable, engine
from gatepost.databases._postgresql_programs import find


def available(version: str = "") -> None:
    """Skip where PostgreSQL's programs or the driver are not installed."""
    pytest.importorskip("pg8000", reason="pg8000 is not installed")
    try:
        find(Needs(version=version))
    except Unable as why:
        pytest.skip(why.message)


@contextlib.contextmanager
def scratch(needs: Needs | None = None, limits: Limits | None = None) -> Iterator[Scratch]:
    """Open a scratch server; its initdb image is kept for the other tests of this machine."""
    available()
    with engine("postgresql").scratch(needs or Needs(folder=str(images())), limits or Limits()) as opened:
        yield opened


def images() -> Path:
    """Give where prepared clusters are kept for a test run."""
    folder = Path(tempfile.gettempdir()) / "gatepost-test-images"
    folder.mkdir(exist_ok=True)
    return folder


def statements(*texts: str) -> list[Statement]:
    """Give statements, each on a line of its own."""
    return [Statement(text, line) for line, text in enumerate(texts, 1)]

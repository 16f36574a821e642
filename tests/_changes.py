"""Read the changes of tests/data/*_changes.sql: SQL, or what is replaced in the base that is made anew."""

from __future__ import annotations

import re
from pathlib import Path

DATA = Path(__file__).parent / "data"


def changes(name: str) -> list[tuple[str, str]]:
    """Give the changes of one engine: what it is, and its block."""
    text = (DATA / f"{name}_changes.sql").read_text()
    parts = re.split(r"^-- ([\w ]+: .*)$", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], (part.strip("\n") for part in parts[2::2]), strict=True))


def base(name: str) -> str:
    """Give the base of one engine."""
    return (DATA / f"{name}_base.sql").read_text()


def with_change(base: str, block: str) -> str:
    """Give the SQL that makes a database with one change."""
    if not block.startswith("~ "):
        return f"{base}\n{block}\n"
    for pair in re.split(r"^~ ", block, flags=re.MULTILINE)[1:]:
        old, new = re.split(r"^= ?", pair, maxsplit=1, flags=re.MULTILINE)
        old, new = old.removesuffix("\n"), new.removesuffix("\n")
        assert base.count(old) >= 1, old
        base = base.replace(old, new, 1)
    return base

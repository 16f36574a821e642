"""Read migrations in JavaScript and TypeScript."""

from __future__ import annotations

from gatepost.migrations import Scripts
from gatepost.migrations._look import Unreadable

INSTALL = "install the grammars: pip install 'gatepost[frameworks]'"


def node_pg_migrate(text: str, path: str, dialect: str) -> Scripts:
    """Give both directions. Raises Unreadable."""
    _ = text, dialect
    raise Unreadable(path, "is JavaScript or TypeScript, which needs an extra to be read", INSTALL)

"""Tell from paths whether a change may concern a migration, before anything is imported for it."""

from __future__ import annotations

from gatepost.git import Change, PathChange
from gatepost.policy import Policy

SUFFIXES = (".sql", ".py", ".rb", ".exs", ".php", ".js", ".ts", ".cjs", ".mjs", ".cts", ".mts", ".cs", ".go", ".rs")
CODE = (*SUFFIXES, ".xml", ".yaml", ".yml", ".json", ".plan", ".conf")
WORDS = ("migrat", "version", "changelog", "revert", "deploy", "alembic", "revision", "drizzle", "sqitch")


def touches_migrations(change: Change, policy: Policy) -> bool:
    """Tell whether the checks on migrations have anything to do."""
    if not change.paths:
        return False
    named = named_places(policy)
    if not any(plausible(path, what) or below(path, named) for path, what in change.paths.items()):
        return False
    from gatepost.migrations import touched

    return bool(change.shared(touched, policy))


def named_places(policy: Policy) -> set[str]:
    """Give the directories that the policy, or the pushed one, names as migrations."""
    tables = [told.tables.get("migrations") or () for told in (policy, policy.pushed) if told]
    return {entry.path.strip("/") for entries in tables for entry in entries}


def below(path: str, roots: set[str]) -> bool:
    """Tell whether a path is one of the directories or below one; "" and "." are the whole tree."""
    return any(path == root or path.startswith(root + "/") or root in ("", ".") for root in roots)


def plausible(path: str, what: PathChange) -> bool:
    """Pass over most paths without loading a single framework."""
    lower = path.lower()
    name = lower.rpartition("/")[2]
    if any(word in lower for word in WORDS):
        return lower.endswith(CODE) or replaced(what)
    if name.endswith(".sql"):
        return True
    numbered = name[:1].isdigit() or (name.startswith(("version", "migration")) or "__" in name[1:])
    return numbered and name.endswith(SUFFIXES) and any(char.isdigit() for char in name)


def replaced(what: PathChange) -> bool:
    """Tell a symlink or submodule that bears the name of a directory of migrations."""
    new = what.new
    return new is not None and not new.is_file and any(word in new.name.lower() for word in WORDS)

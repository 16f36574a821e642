"""Tell from paths whether a change may concern a migration, before anything is imported for it."""

from __future__ import annotations

from gatepost.git import Change, PathChange
from gatepost.paths import names_migrations, within
from gatepost.policy import Policy

SUFFIXES = (".sql", ".py", ".rb", ".exs", ".php", ".js", ".ts", ".cjs", ".mjs", ".cts", ".mts", ".cs", ".go", ".rs")
CODE = (*SUFFIXES, ".xml", ".yaml", ".yml", ".json", ".plan", ".conf")


def touches_migrations(change: Change, policy: Policy) -> bool:
    """Tell whether the checks on migrations have anything to do."""
    if not change.paths:
        return False
    named = named_places(policy)
    if not any(plausible(path, what) or within(path, *named) for path, what in change.paths.items()):
        return False
    from gatepost.migrations import touched

    return bool(change.shared(touched, policy))


def named_places(policy: Policy) -> set[str]:
    """Give the directories that the policy, or the pushed one, names as migrations; "" is the whole tree."""
    tables = [told.tables.get("migrations") or () for told in (policy, policy.pushed) if told]
    named = {entry.path.strip("/") for entries in tables for entry in entries}
    return {"" if place == "." else place for place in named}


def plausible(path: str, what: PathChange) -> bool:
    """Pass over most paths without loading a single framework."""
    lower = path.lower()
    name = lower.rpartition("/")[2]
    if names_migrations(path):
        return lower.endswith(CODE) or replaced(what)
    if name.endswith(".sql"):
        return True
    numbered = name[:1].isdigit() or (name.startswith(("version", "migration")) or "__" in name[1:])
    return numbered and name.endswith(SUFFIXES) and any(char.isdigit() for char in name)


def replaced(what: PathChange) -> bool:
    """Tell a symlink or submodule that bears the name of a directory of migrations."""
    new = what.new
    return new is not None and not new.is_file and names_migrations(new.name)

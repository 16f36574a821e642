"""Liquibase: changesets in formatted SQL, XML, YAML or JSON, each with its rollback."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatepost.git import Entry
from gatepost.migrations import Framework, Listing, Migration, Place, Problem, _order
from gatepost.migrations._look import Look, Unreadable

FORMATTED = re.compile(r"\A\s*--[ \t]*liquibase[ \t]+formatted[ \t]+sql", re.IGNORECASE)
CHANGELOG = re.compile(r"<databaseChangeLog\b|^\s*databaseChangeLog\s*:|\"databaseChangeLog\"\s*:", re.MULTILINE)
SAMPLE = 8  # SQL files that are read to see whether they are changelogs: all of a directory are or none is
SUFFIXES = (".sql", ".xml", ".yaml", ".yml", ".json")
HINTS = ("changelog", "changeset", "liquibase", "migrat", "db.", "release", "database")


def root(path: str) -> str | None:
    """Give the directory of a file that may be a changelog."""
    lower = path.lower()
    if not lower.endswith(SUFFIXES):
        return None
    directory, _, name = path.rpartition("/")
    if lower.endswith(".sql") or name[:1].isdigit() or any(hint in lower for hint in HINTS):
        return directory
    return None


def detect(look: Look, directory: str) -> int:
    """Score by what the files say of themselves."""
    found = _candidates(look, directory)
    plain = [entry for entry in found if entry.name.lower().endswith(".sql")]
    few = [entry for entry in found if not entry.name.lower().endswith(".sql")] + plain[:SAMPLE]
    return 90 if any(_is_changelog(look, entry) for entry in few) else 0


def _candidates(look: Look, directory: str) -> list[Entry]:
    return list(look.files(directory, *SUFFIXES))


def _is_changelog(look: Look, entry: Entry) -> bool:
    text = look.head(entry)
    if entry.name.lower().endswith(".sql"):
        return FORMATTED.match(text.lstrip("\ufeff")) is not None
    return CHANGELOG.search(text) is not None


def listing(look: Look, place: Place) -> Listing:
    """Give the changesets file by file, in the order in which they stand."""
    made: list[Migration] = []
    problems: list[Problem] = []
    for entry in _candidates(look, place.root):
        if _is_changelog(look, entry):
            try:
                made += _changesets(look, place, entry)
            except Unreadable as error:
                problems.append(Problem(entry.path, error.reason, error.fix, error.line))
    return _order.listing(made, problems)


def _changesets(look: Look, place: Place, entry: Entry) -> Iterator[Migration]:
    from gatepost.migrations import _liquibase, _liquibase_sql

    text = look.source(entry.path)
    read = _liquibase_sql.read if entry.name.lower().endswith(".sql") else _liquibase.read
    for number, found in enumerate(read(text, entry.path, place.dialect)):
        yield Migration(
            framework=place.framework,
            version=found.version,
            name=found.version,
            path=entry.path,
            files={entry.path: found.digest},
            order=(entry.path, number),
            load=found.load,
            dialect=place.dialect,
            kind="repeatable" if found.repeatable else "versioned",
            part=found.version,
        )


FRAMEWORK = Framework(
    "liquibase",
    "changesets in formatted SQL, XML, YAML or JSON, with their rollbacks",
    root,
    detect,
    listing,
    order="none",
    remedy="give changeset {version} in {path} a rollback",
)

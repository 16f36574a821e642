"""Liquibase: changesets in formatted SQL, XML, YAML or JSON, each with its rollback."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatepost.git import Entry
from gatepost.migrations import Framework, Listing, Migration, Place, Problem, Undo, _order
from gatepost.migrations._look import Look, Unreadable

FORMATTED = re.compile(r"\A\s*--[ \t]*liquibase[ \t]+formatted[ \t]+sql", re.IGNORECASE)
CHANGELOG = re.compile(r"<databaseChangeLog\b|^\s*databaseChangeLog\s*:|\"databaseChangeLog\"\s*:", re.MULTILINE)
SAMPLE = 8  # SQL files that are read to see whether they are changelogs: all of a directory are or none is
SUFFIXES = (".sql", ".xml", ".yaml", ".yml", ".json")
INCLUDED = re.compile(r"\bfile[\"']?[ \t]{0,9}[:=][ \t]{0,9}[\"']?([^\"'\s,}>]{1,400})")
MASTERS = tuple(
    f"{name}.{ending}"
    for name in ("db.changelog-master", "changelog-master", "master", "db.changelog", "changelog", "changelog-root")
    for ending in ("xml", "yaml", "yml", "json")
)
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
    candidates = _candidates(look, place.root)
    ranks = _ranks(look, place.root, candidates)
    for entry in candidates:
        if _is_changelog(look, entry):
            try:
                made += _changesets(look, place, entry, ranks.get(entry.name, len(ranks)))
            except Unreadable as error:
                problems.append(Problem(entry.path, error.reason, error.fix, error.line))
    return _order.listing(made, problems)


def _ranks(look: Look, directory: str, candidates: list[Entry]) -> dict[str, int]:
    """Give the places of the files that a master changelog includes one by one; all others come by name.

    includeAll takes the files of a directory by name, which is the order that is left.
    """
    names = {entry.name for entry in candidates}
    beside = [entry.path for entry in candidates if not entry.name.lower().endswith(".sql")]
    for path in (*beside, *look.nearby(directory, *MASTERS)):
        text = look.config(path)
        if "include" in text:
            found = [file.rpartition("/")[2] for file in INCLUDED.findall(text)]
            ranks = {name: number for number, name in enumerate(dict.fromkeys(found)) if name in names}
            if ranks:
                return ranks
    return {}


def _changesets(look: Look, place: Place, entry: Entry, rank: int) -> Iterator[Migration]:
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
            order=(rank, entry.path, number),
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
    undo=Undo(
        "liquibase rollback-count --count={count}",
        version="SELECT id FROM databasechangelog ORDER BY orderexecuted DESC LIMIT 1",
    ),
)

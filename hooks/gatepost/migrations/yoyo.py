"""yoyo: Python files with ``step(up, down)``, or ``x.sql`` beside ``x.rollback.sql``; without one nothing is undone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatepost.git import Entry
from gatepost.migrations import Framework, Listing, Migration, Place, Scripts, Undo, _files, _order, _sqltext
from gatepost.migrations._look import Look, Unreadable

USES = re.compile(r"^\s*(?:from\s+yoyo\s+import|import\s+yoyo)", re.MULTILINE)
ROLLBACK = ".rollback.sql"


def root(path: str) -> str | None:
    """Give the directory of an SQL file, or of a Python file that is numbered or lies among migrations."""
    directory, _, name = path.rpartition("/")
    if name.endswith(".sql"):
        return directory
    likely = name[:1].isdigit() or "migrat" in directory.lower() or "yoyo" in directory.lower()
    return directory if name.endswith(".py") and name != "__init__.py" and likely else None


def detect(look: Look, directory: str) -> int:
    """Score by ``yoyo.ini``, by imports, or by rollback files."""
    code = look.files(directory, ".py")
    if any(USES.search(text) for text in look.sample(code)):
        return 85
    sql = look.files(directory, ".sql")
    if sql and look.nearby(directory, "yoyo.ini"):
        return 80
    return 65 if any(entry.name.endswith(ROLLBACK) for entry in sql) else 0


def listing(look: Look, place: Place) -> Listing:
    """Give the files in the order of their names."""
    return _order.listing(_migrations(look, place))


def _migrations(look: Look, place: Place) -> Iterator[Migration]:
    files = {entry.name: entry for entry in look.files(place.root, ".sql", ".py")}
    for name, entry in files.items():
        stem = name.rpartition(".")[0]
        if name.endswith(ROLLBACK):
            continue
        if name.endswith(".sql"):
            down = files.get(stem + ROLLBACK)
            yield _files.migration(look, place, entry, down, version=stem, name=stem, order=(stem,))
        elif name != "__init__.py" and USES.search(look.head(entry)):
            yield _code(look, place, entry, stem)


def _code(look: Look, place: Place, entry: Entry, stem: str) -> Migration:
    def load() -> Scripts:
        from gatepost.migrations import _yoyo

        try:
            return _yoyo.read(look.source(entry.path), entry.path, place.dialect)
        except Unreadable as error:
            return _sqltext.unreadable_scripts(error, place.dialect)

    files = {entry.path: entry.oid}
    return Migration(place.framework, stem, stem, entry.path, files, (stem,), load, place.dialect)


FRAMEWORK = Framework(
    "yoyo",
    "Python files with step(up, down), or SQL files with .rollback.sql beside them",
    root,
    detect,
    listing,
    order="loose",
    silent=True,
    remedy="write {directory}/{name}.rollback.sql, or give each step its rollback",
    undo=Undo(
        "yoyo rollback --batch --database $DATABASE_URL --revision {version} {directory}",
        each=True,
        version="SELECT migration_id FROM _yoyo_migration ORDER BY applied_at_utc DESC LIMIT 1",
    ),
)

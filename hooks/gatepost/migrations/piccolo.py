"""Piccolo: ``piccolo_migrations/*.py`` with a MigrationManager, undone by itself; ``add_raw`` is not."""

from __future__ import annotations

import re

from gatepost.migrations import Framework, Listing, Migration, Place, Scripts, Undo, _order, _sqltext
from gatepost.migrations._look import Look, Unreadable

CONTENT = re.compile(r"\bMigrationManager\b")
ID = re.compile(r"^ID\s*=\s*['\"](?P<id>[^'\"\n]+)['\"]", re.MULTILINE)


def root(path: str) -> str | None:
    """Give the directory ``piccolo_migrations`` of a Python file."""
    directory, _, name = path.rpartition("/")
    named = directory.rpartition("/")[2] == "piccolo_migrations"
    return directory if named and name.endswith(".py") and name != "__init__.py" else None


def detect(look: Look, directory: str) -> int:
    """Score by what the files use."""
    return 88 if any(CONTENT.search(text) for text in look.sample(look.files(directory, ".py"))) else 0


def listing(look: Look, place: Place) -> Listing:
    """Give the files in the order of their IDs, which are times."""
    made = []
    for entry in look.files(place.root, ".py"):
        found = ID.search(look.head(entry))
        if found:

            def load(path: str = entry.path) -> Scripts:
                from gatepost.migrations import _piccolo

                try:
                    return _piccolo.read(look.source(path), path, place.dialect)
                except Unreadable as error:
                    return _sqltext.unreadable_scripts(error, place.dialect)

            files, version = {entry.path: entry.oid}, found["id"]
            made.append(
                Migration(place.framework, version, entry.name, entry.path, files, (version,), load, place.dialect)
            )
    return _order.listing(made)


FRAMEWORK = Framework(
    "piccolo",
    "piccolo_migrations/*.py with a MigrationManager",
    root,
    detect,
    listing,
    order="loose",
    remedy="give add_raw in {path} an add_raw_backwards",
    undo=Undo(
        "piccolo migrations backwards {app} --migration_id=1 --auto_agree",
        each=True,
        version="SELECT name FROM migration WHERE app_name = '{app}' ORDER BY id DESC LIMIT 1",
    ),
)

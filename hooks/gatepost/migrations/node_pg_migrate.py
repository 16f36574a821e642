"""node-pg-migrate: SQL files with ``-- Up Migration`` and ``-- Down Migration``, or JavaScript and TypeScript."""

from __future__ import annotations

import re

from gatepost.git import Entry
from gatepost.migrations import Framework, Listing, Migration, Place, Scripts, Undo, _order, _sections, _sqltext
from gatepost.migrations._look import Look, Unreadable
from gatepost.paths import parent

NAME = re.compile(r"(?P<version>\d{10,20})[_-](?P<name>.*)\.(?P<suffix>sql|[cm]?[jt]s)", re.DOTALL)
MARKER = re.compile(r"^\s*--[\s-]*(?P<direction>up|down)\s+migration(?P<options>[^\n]*)", re.MULTILINE | re.IGNORECASE)
CODE = re.compile(r"\bpgm\b|node-pg-migrate")


def root(path: str) -> str | None:
    """Give the directory of a file that begins with a timestamp."""
    return parent(path) if NAME.fullmatch(path.rpartition("/")[2]) else None


def detect(look: Look, directory: str) -> int:
    """Score by ``package.json`` and by what the files call."""
    files = [entry for entry in look.files(directory) if NAME.fullmatch(entry.name)]
    sql = [entry for entry in files if entry.name.endswith(".sql")]
    code = [entry for entry in files if not entry.name.endswith(".sql")]
    named = look.mentions(directory, ("package.json",), '"node-pg-migrate"')
    if any(CODE.search(text) for text in look.sample(code)):
        return 87 if named else 75
    if any(MARKER.search(text) for text in look.sample(sql)):
        return 87 if named else 70
    return 0


def listing(look: Look, place: Place) -> Listing:
    """Give the files that begin with a timestamp."""
    return _order.listing(
        _migration(look, place, entry, found)
        for entry in look.files(place.root)
        if (found := NAME.fullmatch(entry.name)) and not entry.name.endswith(".d.ts")
    )


def _migration(look: Look, place: Place, entry: Entry, found: re.Match[str]) -> Migration:
    def load() -> Scripts:
        try:
            text = look.source(entry.path)
            if found["suffix"] == "sql":
                return _read_sql(text, entry.path, place.dialect)
            from gatepost.migrations import _node_pg_migrate

            return _node_pg_migrate.read(text, entry.path, place.dialect)
        except Unreadable as error:
            return _sqltext.unreadable_scripts(error, place.dialect)

    return Migration(
        place.framework,
        found["version"],
        found["name"],
        entry.path,
        {entry.path: entry.oid},
        (*_order.number(found["version"]), (1, 0, found["name"])),
        load,
        place.dialect,
    )


def _read_sql(text: str, path: str, dialect: str) -> Scripts:
    parts = _sections.cut(text, MARKER)
    first = parts.get("up") or _sections.Section(text.partition("-- Down Migration")[0], 1)
    up = _sqltext.script(first.text, path, dialect, first.line)
    down = parts.get("down")
    second = _sqltext.script(down.text, path, dialect, down.line) if down else None
    return Scripts(up, second, _sqltext.marker(text, path))


FRAMEWORK = Framework(
    "node-pg-migrate",
    "timestamped SQL files with -- Up Migration and -- Down Migration, or JavaScript",
    root,
    detect,
    listing,
    remedy="add the way down to {path}",
    undo=Undo(
        "npx node-pg-migrate down {count} -m {directory}",
        version="SELECT name FROM pgmigrations ORDER BY run_on DESC, id DESC LIMIT 1",
    ),
)

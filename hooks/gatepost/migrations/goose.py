"""goose: one file with ``-- +goose Up`` and ``-- +goose Down``; a file without Down is undone by running nothing."""

from __future__ import annotations

import re

from gatepost.git import Entry
from gatepost.migrations import Framework, Listing, Migration, Place, Script, Scripts, Undo, _order, _sections, _sqltext
from gatepost.migrations._look import Look, Unreadable
from gatepost.paths import parent

NAME = re.compile(r"(?P<version>\d{1,20})_(?P<name>.*)\.sql", re.DOTALL)
GO_NAME = re.compile(r"(?P<version>\d{1,20})_(?P<name>.*)(?<!_test)\.go", re.DOTALL)
MARKER = re.compile(
    r"^[ \t]*--[ \t]*\+goose[ \t]+(?P<direction>up|down)\b(?P<options>[^\n]*)", re.MULTILINE | re.IGNORECASE
)
NO_TRANSACTION = re.compile(r"^[ \t]*--[ \t]*\+goose[ \t]+no[ \t]+transaction", re.MULTILINE | re.IGNORECASE)
REGISTERED = re.compile(
    r"\bAddMigration(?P<outside>NoTx)?(?:Context)?\(\s*(?P<up>[\w.]+)\s*,\s*(?P<down>[\w.]+)\s*,?\s*\)"
)


REHEARSE = "read it yourself, and rehearse it: gatepost rehearse BASE..HEAD"


def root(path: str) -> str | None:
    """Give the directory of a numbered SQL or Go file."""
    name = path.rpartition("/")[2]
    return parent(path) if NAME.fullmatch(name) or GO_NAME.fullmatch(name) else None


def detect(look: Look, directory: str) -> int:
    """Score by the markers in the files."""
    if _sections.sampled(look, directory, NAME, MARKER):
        return 75
    code = [entry for entry in look.files(directory, ".go") if GO_NAME.fullmatch(entry.name)]
    return 75 if any("goose" in text and REGISTERED.search(text) for text in look.sample(code)) else 0


def listing(look: Look, place: Place) -> Listing:
    """Give the numbered files, in SQL and in Go."""
    made = []
    for entry in look.files(place.root, ".sql", ".go"):
        found = NAME.fullmatch(entry.name) or GO_NAME.fullmatch(entry.name)
        if found:
            made.append(_migration(look, place, entry, found["version"], found["name"]))
    return _order.listing(made)


def _migration(look: Look, place: Place, entry: Entry, version: str, title: str) -> Migration:
    def load() -> Scripts:
        read = _read_go if entry.name.endswith(".go") else _read_sql
        try:
            return read(look.source(entry.path), entry.path, place.dialect)
        except Unreadable as error:
            return _sqltext.unreadable_scripts(error, place.dialect)

    files = {entry.path: entry.oid}
    return Migration(place.framework, version, title, entry.path, files, _order.number(version), load, place.dialect)


def _read_sql(text: str, path: str, dialect: str) -> Scripts:
    transaction = not NO_TRANSACTION.search(text)
    sides = {
        direction: _sqltext.script(part.text, path, dialect, part.line, transaction)
        for direction, part in _sections.cut(text, MARKER).items()
    }
    reason = "has no line -- +goose Up, which goose requires"
    up = sides.get("up") or Script(path, (), dialect, state="not-analysed", reason=reason, certain=False)
    return Scripts(up, sides.get("down"), _sqltext.marker(text, path))


def _read_go(text: str, path: str, dialect: str) -> Scripts:
    """Say only whether a way back is registered: what Go code does is for the rehearsal."""
    found = REGISTERED.search(text)
    transaction = not (found and found["outside"])
    code = Script(path, (), dialect, transaction, 1, "not-analysed", "is written in Go", REHEARSE, certain=False)
    return Scripts(code, None if found and found["down"] == "nil" else code, _sqltext.marker(text, path))


FRAMEWORK = Framework(
    "goose",
    "numbered files with -- +goose Up and -- +goose Down, or Go",
    root,
    detect,
    listing,
    silent=True,
    remedy="add a section -- +goose Down to {path} that undoes what is above it",
    undo=Undo(
        "goose -dir {directory} {driver} $DATABASE_URL down-to {before}",
        first="goose -dir {directory} {driver} $DATABASE_URL down-to 0",
        version="SELECT max(version_id) FROM goose_db_version WHERE is_applied",
    ),
)

"""Alembic: ``versions/*.py`` with ``upgrade()`` and ``downgrade()``, ordered by ``down_revision``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatepost.git import Entry
from gatepost.migrations import Framework, Listing, Migration, Place, Problem, Scripts, Undo, _graph, _sqltext
from gatepost.migrations._look import Look, Unreadable
from gatepost.paths import join, parent

REVISION = re.compile(r"^revision\b[^=\n]*=\s*(['\"])(?P<revision>[^'\"\n]+)\1", re.MULTILINE)
DOWN_REVISION = re.compile(
    r"^down_revision\b[^=\n]*=\s*(?P<value>None\b|'[^'\n]*'|\"[^\"\n]*\"|[(\[][^)\]]*[)\]])", re.MULTILINE
)
QUOTED = re.compile(r"'([^'\n]*)'|\"([^\"\n]*)\"")
LISTED = re.compile(r"\A[\s#'\"\w.,()\[\]-]*\Z")


def root(path: str) -> str | None:
    """Give the ``versions`` directory above a Python file, or the file's own where Alembic is named."""
    directory, _, name = path.rpartition("/")
    if not name.endswith(".py") or name in ("env.py", "__init__.py", "conftest.py"):
        return None
    parts = directory.split("/")
    if "versions" in parts:
        return "/".join(parts[: parts.index("versions") + 1])
    return directory if any("alembic" in part or "migrat" in part or "revision" in part for part in parts) else None


def detect(look: Look, directory: str) -> int:
    """Score by ``env.py`` and ``alembic.ini`` nearby, and by what the files assign."""
    if look.files(join(directory, "versions"), ".py"):
        return 0  # the place is the directory below
    files = [entry for entry in _files(look, directory) if entry.name != "__init__.py"]
    texts = look.sample(files)
    if not any(DOWN_REVISION.search(text) for text in texts):
        return 0
    above = parent(directory)
    return 85 if look.exists(join(above, "env.py")) or look.nearby(directory, "alembic.ini") else 70


def _files(look: Look, directory: str) -> Iterator[Entry]:
    yield from look.files(directory, ".py")
    for below in look.directories(directory):
        if below.name != "__pycache__":
            yield from _files(look, below.path)


def listing(look: Look, place: Place) -> Listing:
    """Give the revisions in an order in which each comes after those that it names."""
    made, problems = [], []
    for entry in _files(look, place.root):
        found = look.once("alembic", entry.oid, lambda entry=entry: _identity(look, entry))  # type: ignore[misc]
        if isinstance(found, Problem):
            problems.append(Problem(entry.path, found.reason, found.fix, found.line))
        elif found:
            made.append(_migration(look, place, entry, *found))
    return _graph.listing(made, problems)


def _identity(look: Look, entry: Entry) -> tuple[str, tuple[str, ...]] | Problem | None:
    try:
        text = look.source(entry.path)
    except Unreadable as error:
        return Problem(entry.path, error.reason, error.fix, error.line)
    revision, down = REVISION.search(text), DOWN_REVISION.search(text)
    if revision is None:
        if "down_revision" in text and "def upgrade" in text:
            return Problem(entry.path, "computes its revision", "write revision and down_revision as plain strings")
        return None
    if down is None:
        reason = "says nowhere which revision it follows"
        return Problem(entry.path, reason, 'write down_revision = "…" as a plain string')
    return revision["revision"], tuple(one or two for one, two in QUOTED.findall(down["value"]))


def _migration(look: Look, place: Place, entry: Entry, revision: str, parents: tuple[str, ...]) -> Migration:
    def load() -> Scripts:
        from gatepost.migrations import _alembic

        try:
            return _alembic.read(look.source(entry.path), entry.path, place.dialect)
        except Unreadable as error:
            return _sqltext.unreadable_scripts(error, place.dialect)

    return Migration(
        framework=place.framework,
        version=revision,
        name=entry.name.removesuffix(".py"),
        path=entry.path,
        files={entry.path: entry.oid},
        order=(),
        load=load,
        dialect=place.dialect,
        parents=parents,
        kind="merge" if len(parents) > 1 else "versioned",
    )


FRAMEWORK = Framework(
    "alembic",
    "Python files with upgrade() and downgrade(), ordered by down_revision",
    root,
    detect,
    listing,
    order="graph",
    remedy="write downgrade() in {path} so that it undoes upgrade()",
    undo=Undo(
        "alembic downgrade {before}",
        first="alembic downgrade base",
        version="SELECT version_num FROM alembic_version",
        ahead="alembic upgrade of the old code fails: it does not know the revision that is applied",
    ),
)

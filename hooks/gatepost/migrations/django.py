"""Django: ``<app>/migrations/0001_name.py``; operations are undone by their own inverse, if they have one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gatepost.git import Entry
from gatepost.migrations import Framework, Listing, Migration, Place, Problem, Scripts, Undo, _graph, _sqltext
from gatepost.migrations._look import Look, Unreadable
from gatepost.paths import join, parent

CLASS = re.compile(r"^class\s+Migration\s*\(\s*(?:migrations\.)?\w*Migration\w*\s*[,)]", re.MULTILINE)
LIST = re.compile(r"^[ \t]+(?P<what>dependencies|replaces)\b[^=\n]*=\s*\[", re.MULTILINE)
PAIR = re.compile(r"\(\s*(?:\"|')(?P<app>[^'\"\n]+)(?:\"|')\s*,\s*(?:\"|')(?P<name>[^'\"\n]+)(?:\"|')\s*,?\s*\)")
LABEL = re.compile(r"^[ \t]+label\s*=\s*['\"](\w+)['\"]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Named:
    """What a migration says that it follows and stands for, as pairs of app and name."""

    dependencies: tuple[tuple[str, str], ...] = ()
    replaces: tuple[tuple[str, str], ...] = ()


def root(path: str) -> str | None:
    """Give the directory ``migrations`` (or one named like it) of a Python file."""
    directory, _, name = path.rpartition("/")
    if not name.endswith(".py") or name == "__init__.py":
        return None
    return directory if "migrations" in directory.rpartition("/")[2] else None


def detect(look: Look, directory: str) -> int:
    """Score by what the files define."""
    return 85 if any(CLASS.search(text) and "django" in text for text in look.sample(_files(look, directory))) else 0


def _files(look: Look, directory: str) -> tuple[Entry, ...]:
    return tuple(entry for entry in look.files(directory, ".py") if entry.name != "__init__.py")


def label(look: Look, directory: str) -> str:
    """Give the label of the app that a directory of migrations belongs to."""
    app = parent(directory)
    found = LABEL.search(look.config(join(app, "apps.py")))
    return found[1] if found else app.rpartition("/")[2]


def listing(look: Look, place: Place) -> Listing:
    """Give the migrations of one app, each after those that it depends on."""
    app = label(look, place.root)
    named: dict[str, tuple[Entry, Named]] = {}
    problems: list[Problem] = []
    for entry in _files(look, place.root):
        found = look.once("django", entry.oid, lambda entry=entry: _named(look, entry))  # type: ignore[misc]
        if isinstance(found, Problem):
            problems.append(replace(found, path=entry.path))
        elif found:
            named[entry.name.removesuffix(".py")] = entry, found
    stands_for = {old: new for new, (_, found) in named.items() for _, old in found.replaces}
    history = History(look, place, app, {})
    made = [_migration(history, name, entry, found, stands_for, named) for name, (entry, found) in named.items()]
    listed = _graph.listing(made, problems)
    history.entries.update({one.version: look.snapshot.file(one.path) for one in listed.migrations})
    return listed


@dataclass(frozen=True, slots=True)
class History:
    """The migrations of one app in their order, for what an operation needs to know of earlier ones."""

    look: Look
    place: Place
    app: str
    entries: dict[str, Entry]

    def before(self, version: str) -> list[Entry]:
        """Give the files that come before a version."""
        found: list[Entry] = []
        for name, entry in self.entries.items():
            if name == version:
                break
            found.append(entry)
        return found


def _named(look: Look, entry: Entry) -> Named | Problem | None:
    try:
        text = look.source(entry.path)
    except Unreadable as error:
        return Problem(entry.path, error.reason, error.fix, error.line)
    if not CLASS.search(text):
        return None
    pairs: dict[str, tuple[tuple[str, str], ...]] = {}
    for found in LIST.finditer(text):
        end = _closing(text, found.end())
        body = text[found.end() : end]
        pairs[found["what"]] = tuple((pair["app"], pair["name"]) for pair in PAIR.finditer(body))
    return Named(pairs.get("dependencies", ()), pairs.get("replaces", ()))


def _closing(text: str, at: int) -> int:
    """Give the place of the bracket that closes a list."""
    depth = 1
    for found in re.compile(r"[\[\]]").finditer(text, at):
        depth += 1 if found[0] == "[" else -1
        if not depth:
            return found.start()
    return len(text)


def _migration(
    history: History,
    name: str,
    entry: Entry,
    found: Named,
    stands_for: Mapping[str, str],
    named: Mapping[str, object],
) -> Migration:
    place, look = history.place, history.look
    wanted = [other for app, other in found.dependencies if app == history.app and not other.startswith("__")]
    wanted += [other for _, other in found.replaces if other in named]
    parents = tuple(
        dict.fromkeys(parent for other in wanted if (parent := _present(other, named, stands_for)) and parent != name)
    )

    def load() -> Scripts:
        from gatepost.migrations import _django

        try:
            return _django.read(look.source(entry.path), entry.path, history, name)
        except Unreadable as error:
            return _sqltext.unreadable_scripts(error, place.dialect)

    return Migration(
        framework=place.framework,
        version=name,
        name=f"{history.app}.{name}",
        path=entry.path,
        files={entry.path: entry.oid},
        order=(),
        load=load,
        dialect=place.dialect,
        parents=parents,
        kind="baseline" if found.replaces else "versioned",
    )


def _present(other: str, named: Mapping[str, object], stands_for: Mapping[str, str]) -> str:
    return other if other in named else stands_for.get(other, other)


FRAMEWORK = Framework(
    "django",
    "<app>/migrations/0001_name.py, undone by the inverse of each operation",
    root,
    detect,
    listing,
    order="graph",
    remedy="give the operation in {path} its reverse (reverse_code, reverse_sql)",
    undo=Undo(
        "python manage.py migrate --noinput {app} {before}",
        first="python manage.py migrate --noinput {app} zero",
        version="SELECT name FROM django_migrations WHERE app = '{app}' ORDER BY id DESC LIMIT 1",
    ),
)

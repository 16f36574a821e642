"""One file per migration framework: a snapshot in, ordered migrations out.

``collect(change, policy)`` is what every check asks, through ``change.shared(collect, policy)``: the
migration histories that the change touches, each with its migrations before and after in the order in
which they run. Contents are read when ``Migration.up`` or ``Migration.down`` is asked for, not before.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from gatepost import registry
from gatepost.policy import HIGHER, LOWER, Duration, Policy, Size

if TYPE_CHECKING:
    from gatepost.git import Change
    from gatepost.migrations._look import Look

__all__ = [
    "Changed",
    "Collected",
    "Framework",
    "History",
    "Irreversible",
    "Migration",
    "Migrations",
    "Place",
    "Problem",
    "Script",
    "Scripts",
    "Sql",
    "Undo",
    "collect",
    "frameworks",
    "touched",
]

Status = Literal["new", "edited", "removed", "moved"]
State = Literal["ok", "empty", "noop", "raising", "irreversible", "not-analysed"]
Downs = Literal["expected", "optional", "none"]
Order = Literal["strict", "loose", "graph", "none"]
Kind = Literal["versioned", "unordered", "repeatable", "baseline", "merge"]

POSTGRESQL, MYSQL, SQLITE = "postgresql", "mysql", "sqlite"


@dataclass(frozen=True, slots=True)
class Migrations:
    """``[[migrations]]``: a directory of migrations; what is left empty is detected.

    ``server`` and what follows are for the rehearsal: what production runs, and how to run what is not SQL.
    """

    path: str
    framework: str = ""
    dialect: Literal["", "postgresql", "mysql", "sqlite"] = ""
    rehearse: Literal["off", "pre-push", "pre-receive"] = field(default="pre-push", metadata=HIGHER)
    downs: Literal["optional", "", "required"] = field(default="", metadata=HIGHER)
    file_limit: Size = field(default=Size(5 * 1024 * 1024), metadata=LOWER)
    file_time: Duration = field(default=Duration(5), metadata=LOWER)
    server: str = ""
    extensions: tuple[str, ...] = ()
    before_sql: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    command_up: tuple[str, ...] = ()
    command_down: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL as it stands in a file; ``line`` is the line of its first character.

    ``dynamic`` says that parts of the text were filled in for values that the code computes.
    """

    text: str
    line: int = 1
    dynamic: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """One direction of one migration: what it runs, in order, and what that amounts to.

    ``steps`` are pieces of SQL and neutral operations (``gatepost.sql.operations``). ``state`` is what
    can be said from the form alone: ``empty`` runs nothing, ``noop`` runs what changes nothing,
    ``raising`` always fails, ``irreversible`` is declared so in the framework's own way,
    ``not-analysed`` could not be read (``reason``, and ``fix`` for what to do). With ``certain`` false
    there is code beside the steps that was not understood, so that nothing may be concluded from what
    they lack. ``transaction`` tells whether the framework runs it inside one, ``at_once`` that it sends
    the whole text as one query, which PostgreSQL runs as one transaction where it holds several statements.
    """

    path: str
    steps: tuple[Any, ...] = ()
    dialect: str = ""
    transaction: bool = True
    line: int = 1
    state: State = "ok"
    reason: str = ""
    fix: str = ""
    certain: bool = True
    at_once: bool = False

    @property
    def sql(self) -> tuple[Sql, ...]:
        """The steps that are pieces of SQL."""
        return tuple(step for step in self.steps if isinstance(step, Sql))


@dataclass(frozen=True, slots=True)
class Irreversible:
    """``-- gatepost: irreversible reason="…" strategy="…"``: that there is no way back, on purpose."""

    path: str
    line: int
    reason: str = ""
    strategy: str = ""


@dataclass(frozen=True, slots=True)
class Scripts:
    """Both directions of a migration; ``down`` is None where there is none.

    ``absent`` says why the framework cannot go back where one operation has no reverse, ``line`` where.
    """

    up: Script
    down: Script | None = None
    irreversible: Irreversible | None = None
    absent: str = ""
    line: int = 1


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a history. ``files`` maps each of its paths to the blob's id.

    ``path`` is the file of the up direction, or the only one that there is. ``order`` sorts the
    migrations of a history; ``parents`` are the versions that it follows, in frameworks that say so.
    Where one file holds several, ``part`` names each, and ``files`` has a digest of its own text.
    """

    framework: str
    version: str
    name: str
    path: str
    files: Mapping[str, str]
    order: tuple[Any, ...]
    load: Callable[[], Scripts] = field(compare=False, repr=False)
    dialect: str = ""
    parents: tuple[str, ...] = ()
    kind: Kind = "versioned"
    part: str = ""
    _loaded: list[Scripts] = field(default_factory=list, compare=False, repr=False)

    @property
    def scripts(self) -> Scripts:
        """Both directions, read once; what is nested too deeply to be followed is not analysed."""
        if not self._loaded:
            try:
                self._loaded.append(self.load())
            except RecursionError:
                reason, fix = "is nested too deeply to be read", "split it up"
                script = Script(
                    self.path, (), self.dialect, state="not-analysed", reason=reason, fix=fix, certain=False
                )
                self._loaded.append(Scripts(script, script))
        return self._loaded[0]

    @property
    def up(self) -> Script:
        """What applies it."""
        return self.scripts.up

    @property
    def down(self) -> Script | None:
        """What undoes it, if anything does."""
        return self.scripts.down


@dataclass(frozen=True, slots=True)
class Place:
    """Where a history lives and how that is known: by policy, configuration, contents or names.

    ``score`` is 100 where the policy says the framework, 80 by configuration, 60 by contents, 40 by
    the names of the files, less for a guess. ``variant`` is the word that the files use for the dialect
    where a directory holds one history for each.
    """

    framework: str
    root: str
    dialect: str = ""
    dialect_certain: bool = False
    score: int = 0
    downs: Downs = "expected"
    required: bool = False
    order: Order = "strict"
    variant: str = ""
    silent: bool = False
    settings: Migrations | None = None

    @property
    def certain(self) -> bool:
        """Tell whether the framework is known and not guessed from names."""
        return self.score >= 60


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a history that cannot be read, with its place; ``rule`` is the word after the slash.

    What is not ``grave`` is a warning.
    """

    path: str
    reason: str
    fix: str = ""
    line: int = 1
    rule: str = "not-analysed"
    grave: bool = True


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of one migration; both sides are there where it was edited or moved."""

    status: Status
    before: Migration | None = None
    after: Migration | None = None

    @property
    def migration(self) -> Migration:
        """The newer side."""
        found = self.after or self.before
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class History:
    """The migrations of one place on both sides, in the order in which they run, and what changed."""

    place: Place
    base: tuple[Migration, ...]
    head: tuple[Migration, ...]
    changes: tuple[Changed, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def new(self) -> tuple[Migration, ...]:
        """The migrations that only the head has, in the order in which they run."""
        return tuple(change.after for change in self.changes if change.status == "new" and change.after)


@dataclass(frozen=True, slots=True)
class Collected:
    """Every history that a change touches, and the watched paths that hold none."""

    histories: tuple[History, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """The migrations of one place on one side, ordered, and what could not be listed.

    ``downs`` is given where the files themselves show that their tool is used without them.
    """

    migrations: tuple[Migration, ...] = ()
    problems: tuple[Problem, ...] = ()
    downs: Downs | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    """How a tool goes back: its own command, with what it needs filled in.

    ``{before}`` is the version that stays, ``{first}`` the oldest that goes, ``{count}`` how many go; ``{directory}``,
    ``{driver}`` and ``{app}`` are what tools want besides, ``{before_name}`` is the file that stays without its ending.
    With ``each`` it is run once for every migration, the newest first, and ``{version}`` and ``{file}`` are that one's.
    ``first`` is the command where nothing stays. ``$NAME`` is taken from the environment when it runs. ``version``
    asks the tool's bookkeeping what is applied; ``ahead`` says what old code does on a database that is ahead of it.
    """

    command: str
    first: str = ""
    version: str = ""
    note: str = ""
    ahead: str = ""
    each: bool = False


@dataclass(frozen=True, slots=True)
class Framework:
    """How one tool keeps its migrations; each module of this package has one as ``FRAMEWORK``.

    ``root`` gives the directory of the history that a path may belong to, by its name alone, or None;
    ``detect`` scores such a directory from 0 to 100 (see Place); ``list`` gives its migrations.
    ``order``: a version below the newest is skipped or refused (``strict``), is run late (``loose``), the
    files themselves say what they follow (``graph``), or there is none to be seen (``none``).
    ``downs``: expected, optional, or none by design. ``variants`` gives the words for the databases where
    one directory holds one history for each. ``silent``: without a down the tool goes on and undoes nothing.
    ``remedy`` says how to write a down; ``{path}``,
    ``{directory}``, ``{version}`` and ``{name}`` are filled in. ``undo``: how the tool itself goes back.
    """

    name: str
    summary: str
    root: Callable[[str], str | None]
    detect: Callable[[Look, str], int]
    list: Callable[[Look, Place], Listing]
    order: Order = "strict"
    downs: Downs = "expected"
    remedy: str = "write the down migration"
    silent: bool = False
    variants: Callable[[Look, str], tuple[str, ...]] | None = None
    undo: Undo | None = None


def frameworks() -> tuple[Framework, ...]:
    """Give every framework there is."""
    return registry.load(sys.modules[__name__], "FRAMEWORK", Framework)


def touched(change: Change, policy: Policy) -> bool:
    """Tell by paths alone whether the change may concern a migration."""
    from gatepost.migrations import _collect

    return _collect.touched(change, policy)


def collect(change: Change, policy: Policy) -> Collected:
    """Give the histories that the change touches, before and after it."""
    from gatepost.migrations import _collect

    return _collect.collect(change, policy)

"""Which migrations are the base, which are rehearsed, and what each of them sends to a server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gatepost.migrations import History, Migration, Script
from gatepost.migrations._story import dialect_of
from gatepost.rehearsals._scripts import COMMAND, NotSql, Runnable, runnable

_WORD = re.compile(r"[^\W\d][\w$]*")
_TEXT = 200_000  # characters of one script that are searched for the names of tables


@dataclass(frozen=True, slots=True)
class Step:
    """One migration of the change: what goes up, what comes down, and ``without``, the verdict where nothing can."""

    migration: Migration
    up: Runnable | NotSql
    down: Runnable | NotSql | None
    without: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """One rehearsal to be: the migrations below, in order, and the steps on top of them."""

    history: History
    dialect: str
    base: tuple[Migration, ...]
    steps: tuple[Step, ...] = field(default=())

    @property
    def silent(self) -> bool:
        """Tell whether the tool goes past a migration without a down."""
        return self.history.place.silent


def courses(history: History) -> list[Course]:
    """Give the rehearsals that a history needs: what is new together, and what was edited each by itself."""
    dialect, found = dialect_of(history), list[Course]()
    head = applied(history.head)
    for changed in history.changes:
        one = changed.after
        if changed.status == "edited" and one is not None and one in head and one.kind != "repeatable":
            found.append(Course(history, dialect, tuple(head[: head.index(one)]), (step(one, history, dialect),)))
    new = {
        changed.after.path + "\0" + changed.after.part
        for changed in history.changes
        if _is_new(changed.status, changed.after) and changed.after
    }
    fresh = [one for one in head if one.path + "\0" + one.part in new]
    if fresh:
        base = tuple(one for one in head if one not in fresh)
        found.append(Course(history, dialect, base, tuple(step(one, history, dialect) for one in fresh)))
    return found


def _is_new(status: str, after: Migration | None) -> bool:
    return after is not None and (status == "new" or (status == "edited" and after.kind == "repeatable"))


def applied(migrations: Sequence[Migration]) -> list[Migration]:
    """Give what an empty database runs: what a baseline stands for is left out, what is repeatable comes last."""
    listed = [one for one in migrations if one.kind != "repeatable"]
    starts = [at for at, one in enumerate(listed) if one.kind == "baseline"]
    return [*listed[starts[-1] if starts else 0 :], *(one for one in migrations if one.kind == "repeatable")]


def step(migration: Migration, history: History, dialect: str) -> Step:
    """Give what a migration sends, or the verdict that its form alone allows."""
    up = runnable(migration.up, dialect)
    scripts, down = migration.scripts, migration.down
    if down is not None and not migration.up.steps and migration.up.state == "empty" and migration.up.path == down.path:
        up = NotSql(down.path, "has no up that is SQL", COMMAND)
    if scripts.irreversible:
        return Step(migration, up, None, "irreversible", scripts.irreversible.reason)
    if down is not None and down.state == "irreversible":
        return Step(migration, up, None, "irreversible", down.reason)
    if down is None or down.state == "empty":
        return Step(migration, up, None, *_no_down(migration, down, history))
    return Step(migration, up, runnable(down, dialect))


def _no_down(migration: Migration, down: Script | None, history: History) -> tuple[str, str]:
    if migration.up.state in ("empty", "noop"):
        return "reversible", "it does nothing"
    if down is not None:
        return "missing", f"the down runs nothing: {down.reason}"
    if history.place.downs == "none" or migration.kind not in ("versioned", "unordered"):
        return "missing", f"{history.place.framework} keeps no downs"
    return "missing", migration.scripts.absent or "it has no down"


def named(steps: Iterable[Step], tables: Iterable[str]) -> list[str]:
    """Give the tables that the scripts of some steps name."""
    words: set[str] = set()
    for one in steps:
        for script in (one.migration.up, one.migration.down):
            for text in _texts(script):
                words.update(word.lower() for word in _WORD.findall(text[:_TEXT]))
    return [name for name in tables if name.rpartition(".")[2].lower() in words]


def _texts(script: Script | None) -> Iterable[str]:
    for piece in script.steps if script else ():
        yield getattr(piece, "text", "") or repr(piece)

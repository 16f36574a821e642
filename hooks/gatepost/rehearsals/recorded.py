"""Keep a rehearsal under a ref of its own, named by the migrations that it is about, and find it again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any, Literal, get_args

from gatepost import __version__, blobs
from gatepost.git import Repository
from gatepost.migrations import History, Migration
from gatepost.rehearsals import Failure, Lost, Rehearsal, Rehearsed, Unfilled, Verdict
from gatepost.rehearsals._plan import Course, courses
from gatepost.rehearsals._scripts import digest

REFS = "refs/gatepost-rehearsal"
OWN = "refs/gatepost/rehearsal"  # what a server has rehearsed itself: no client can push there
FORMAT = 2  # 2: what could not be filled with rows is named, and not called reversible
LIMIT = 1024 * 1024
_MOST_NUMBER, _MOST_TEXT, _MOST_PARTS = 2**53, 200_000, 10_000  # of a blob that is believed
_LISTS = ("seeded", "differences", "notes")


def key(course: Course) -> str:
    """Name a rehearsal by what it depends on: every migration up to the head, which are new, what the policy asks.

    The version of the server stands in the rehearsal itself: who looks it up does not know it.
    """
    settings = course.history.place.settings
    asked = (
        [
            settings.server,
            settings.extensions,
            settings.before_sql,
            settings.functions,
            settings.command_up,
            settings.command_down,
        ]
        if settings
        else []
    )
    told = [FORMAT, course.dialect, course.history.place.root, asked, [_named(one) for one in course.base]]
    told.append(
        [[digest(one.migration.up), digest(one.migration.down), *_named(one.migration)] for one in course.steps]
    )
    return hashlib.sha256(json.dumps(told).encode("utf-8", "surrogateescape")).hexdigest()[:40]


def keys(history: History) -> list[str]:
    """Give the keys of the rehearsals that a history needs."""
    return [key(course) for course in courses(history)]


def base_key(course: Course, server: str) -> str:
    """Name the database below a rehearsal: all earlier migrations, what runs before each, the server's version."""
    settings = course.history.place.settings
    told = [
        FORMAT,
        __version__,
        server,
        course.dialect,
        settings.before_sql if settings else (),
        settings.functions if settings else (),
        [_named(one) for one in course.base],
    ]
    return hashlib.sha256(json.dumps(told).encode("utf-8", "surrogateescape")).hexdigest()[:40]


def _named(migration: Migration) -> list[Any]:
    return [migration.version, migration.part, sorted(migration.files.items())]


def save(repo: Repository, rehearsal: Rehearsal, refs: str = REFS) -> None:
    """Keep it; whoever pushes brings it along with ``refs/gatepost-rehearsal/*``."""
    tried = any(one.verdict != "unknown" or one.unfilled for one in rehearsal.migrations)
    if rehearsal.whole == "unknown" and not tried:
        return  # tomorrow there may be a server
    blobs.keep(repo, f"{refs}/{rehearsal.key}", dumps(rehearsal))


def load(repo: Repository, name: str, refs: str = REFS) -> Rehearsal | None:
    """Give what is kept under a key; None where there is nothing that can be used."""
    raw = blobs.kept(repo, f"{refs}/{name}", LIMIT)
    made = loads(raw) if raw is not None else None
    return made if made and made.key == name else None


def dumps(rehearsal: Rehearsal) -> str:
    """Write it as one line of JSON."""
    return json.dumps({"format": FORMAT, **asdict(rehearsal)}, separators=(",", ":"))


def loads(raw: bytes | str) -> Rehearsal | None:
    """Read what ``dumps`` wrote; None where it is anything else: clients push it."""
    try:
        data = json.loads(raw)
        if data.pop("format") != FORMAT:
            return None
        made = data.pop("migrations")
        rehearsal = Rehearsal(
            **{name: _checked(name, value) for name, value in data.items()},
            migrations=tuple(_rehearsed(one) for one in _few(made)),
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None
    return rehearsal if rehearsal.whole in get_args(Verdict) else None


def _checked(name: str, value: Any) -> Any:
    if name == "elapsed_ms":
        return _number(value)
    if name in _LISTS:
        return tuple(_text(part) for part in _few(value))
    return _text(value)


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _MOST_NUMBER:
        raise TypeError("not a number that is counted or measured")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MOST_TEXT:
        raise TypeError("not a short text")
    value.encode("utf-8", "surrogateescape")  # half a character cannot be written down again
    return value


def _few(value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > _MOST_PARTS:
        raise TypeError("not a short list")
    return value


def _rehearsed(data: dict[str, Any]) -> Rehearsed:
    data = dict(data)
    lost, failure, locks, unfilled = (data.pop(name) for name in ("lost", "failure", "locks", "unfilled"))
    given: dict[str, Any] = {name: _number(data.pop(name)) for name in ("up_ms", "down_ms")}
    given |= {name: _checked(name, value) for name, value in data.items()}
    if given["verdict"] not in get_args(Verdict):
        raise ValueError(given["verdict"])
    return Rehearsed(
        **given,
        lost=tuple(_lost(one) for one in _few(lost)),
        failure=_failure(failure) if failure else None,
        locks=tuple((_text(table), _text(lock)) for table, lock in _few(locks)),
        unfilled=tuple(_unfilled(one) for one in _few(unfilled)),
    )


def _unfilled(data: dict[str, Any]) -> Unfilled:
    return Unfilled(_text(data["table"]), _when(data["when"]), _text(data["reason"]))


def _when(value: Any) -> Literal["before", "after"]:
    if value not in ("before", "after"):
        raise ValueError(value)
    return "before" if value == "before" else "after"


def _lost(data: dict[str, Any]) -> Lost:
    return Lost(_text(data["table"]), _text(data["column"]), _number(data["rows"]), _when(data["when"]))


def _failure(data: dict[str, Any]) -> Failure:
    path, statement, message, code = (_text(data[name]) for name in ("path", "statement", "message", "code"))
    return Failure(path, _number(data["line"]), statement, message, code)

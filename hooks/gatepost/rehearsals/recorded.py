"""Keep a rehearsal under a ref of its own, named by the migrations that it is about, and find it again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any, get_args

from gatepost import __version__
from gatepost.errors import GitError
from gatepost.git import Repository
from gatepost.migrations import History, Migration
from gatepost.rehearsals import Failure, Lost, Rehearsal, Rehearsed, Verdict
from gatepost.rehearsals._plan import Course, courses
from gatepost.rehearsals._scripts import digest

REFS = "refs/gatepost-rehearsal"
OWN = "refs/gatepost/rehearsal"  # what a server has rehearsed itself: no client can push there
FORMAT = 1
LIMIT = 1024 * 1024


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
    if rehearsal.whole == "unknown" and all(one.verdict == "unknown" for one in rehearsal.migrations):
        return  # tomorrow there may be a server
    blob = repo.text("hash-object", "-w", "--stdin", stdin=dumps(rehearsal).encode("utf-8", "surrogateescape"))
    try:
        repo.run("update-ref", f"{refs}/{rehearsal.key}", blob)
    except GitError:  # another process keeps the same at this moment
        return


def load(repo: Repository, name: str, refs: str = REFS) -> Rehearsal | None:
    """Give what is kept under a key; None where there is nothing that can be used."""
    found = repo.objects.info(f"{refs}/{name}")
    if found is None or found[1] != "blob" or found[2] > LIMIT:
        return None
    made = loads(repo.objects.read(found[0]))
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
            migrations=tuple(_rehearsed(one) for one in made),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return rehearsal if rehearsal.whole in get_args(Verdict) else None


def _checked(name: str, value: Any) -> Any:
    if name == "elapsed_ms":
        return int(value)
    if isinstance(value, list):
        return tuple(str(part) for part in value)
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def _rehearsed(data: dict[str, Any]) -> Rehearsed:
    data = dict(data)
    lost, failure, locks = data.pop("lost"), data.pop("failure"), data.pop("locks")
    given: dict[str, Any] = {name: int(data.pop(name)) for name in ("up_ms", "down_ms")}
    given |= {name: _checked(name, value) for name, value in data.items()}
    if given["verdict"] not in get_args(Verdict):
        raise ValueError(given["verdict"])
    return Rehearsed(
        **given,
        lost=tuple(_lost(one) for one in lost),
        failure=_failure(failure) if failure else None,
        locks=tuple((str(table), str(lock)) for table, lock in locks),
    )


def _lost(data: dict[str, Any]) -> Lost:
    when = data["when"]
    if when not in ("before", "after"):
        raise ValueError(when)
    return Lost(str(data["table"]), str(data["column"]), int(data["rows"]), when)


def _failure(data: dict[str, Any]) -> Failure:
    path, statement, message, code = (str(data[name]) for name in ("path", "statement", "message", "code"))
    return Failure(path, int(data["line"]), statement, message, code)

"""Rehearse the migrations of a change: each history on a scratch server, up, down and up again, with rows."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timezone

from gatepost.databases import Database
from gatepost.errors import CannotJudge
from gatepost.git import Change
from gatepost.migrations import Migrations, collect
from gatepost.policy import FILE, Policy
from gatepost.rehearsals import Rehearsal, recorded
from gatepost.rehearsals import _same as same
from gatepost.rehearsals._bodies import broken
from gatepost.rehearsals._plan import Course, courses
from gatepost.rehearsals._sift import Sifter
from gatepost.rehearsals._verdict import Tried, blank, graded, tried
from gatepost.rehearsals._walk import Walker
from gatepost.rehearsals.stage import Asked, Stage, reader, staged


def planned(change: Change, policy: Policy) -> list[Course]:
    """Give the rehearsals that a change needs."""
    return [course for history in change.shared(collect, policy).histories for course in courses(history)]


def rehearse(change: Change, policy: Policy, asked: Asked) -> list[Rehearsal]:
    """Rehearse every history that the change touches; what cannot be tried has the verdict ``unknown``."""
    return [of_course(course, fitted(course, policy, asked)) for course in planned(change, policy)]


def fitted(course: Course, policy: Policy, asked: Asked) -> Asked:
    """Fit what is asked to one place: commands only as the base's own policy configures them, and what is assumed."""
    own = replace(policy, pushed=None).get_all("migrations", Migrations)
    commands = asked.commands if course.history.place.settings in own else None
    return replace(asked, commands=commands, assumed=_assumed(course, policy))


def _assumed(course: Course, policy: Policy) -> str:
    """Say that nothing tells the dialect of a place, or that the pushed policy does, which is not in force yet."""
    place = course.history.place
    pushed = policy.pushed.get_all("migrations", Migrations) if policy.pushed else ()
    for entry in pushed:
        if entry.path.strip("/") == place.root and entry.dialect and entry.dialect != course.dialect:
            return f'the pushed {FILE} says dialect = "{entry.dialect}", which is in force once it has landed'
    return "" if place.dialect_certain else 'the dialect is assumed: say it in [[migrations]], dialect = "…"'


def of_course(course: Course, asked: Asked) -> Rehearsal:
    """Rehearse one history; the answer is never an exception, but for a defect of ours."""
    started = time.monotonic()
    try:
        with staged(course, asked) as stage:
            made = on(stage, asked)
            asked.beside(stage)
            made = _with_bodies(made, broken(stage))
    except CannotJudge as error:
        made = unknown(course, "; ".join(filter(None, (asked.assumed, error.message, error.hint))))
    return replace(made, elapsed_ms=round((time.monotonic() - started) * 1000), assumed=asked.assumed)


def _with_bodies(made: Rehearsal, said: tuple[str, ...]) -> Rehearsal:
    """Note with the last migration what is wrong in the bodies of functions."""
    if not said or not made.migrations:
        return made
    last = made.migrations[-1]
    return replace(made, migrations=(*made.migrations[:-1], replace(last, notes=(*last.notes, *said))))


def unknown(course: Course, reason: str, server: str = "", how: str = "") -> Rehearsal:
    """Give the rehearsal that could not be made."""
    return Rehearsal(
        key=recorded.key(course),
        engine=course.dialect,
        server=server,
        how=how,
        at=now(),
        root=course.history.place.root,
        base="",
        head="",
        migrations=tuple(blank(step, reason) for step in course.steps),
        whole="unknown",
        reason=reason,
    )


def now() -> str:
    """Give the present time, in seconds."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def on(stage: Stage, asked: Asked) -> Rehearsal:
    """Rehearse on a stage that is open."""
    course, read = stage.course, reader(stage.course.dialect)
    walker = Walker(stage.clone, stage.send, read, course.silent, stage.until)
    asked.say(f"{len(course.steps)} migration{'s' if len(course.steps) != 1 else ''}: up, down, up, with rows")
    made = tried(walker, course.steps)

    def seeded() -> Database:
        database = stage.clone()
        walker.fill(database, course.steps, "plain", None)
        return database

    sifter = Sifter(seeded, read, course.dialect, course.steps)
    migrations, whole, reason = graded(made, course.steps, sifter)
    return replace(
        unknown(course, reason, stage.scratch.version, stage.scratch.how),
        base=same.fingerprint(made.first.start.schema) if made.first.start else "",
        head=same.fingerprint(made.first.far.schema) if made.first.far else "",
        migrations=migrations,
        whole=whole,
        seeded=_seeded(made),
    )


def _seeded(made: Tried) -> tuple[str, ...]:
    return tuple(sorted(name for name, rows in made.first.seeded.rows.items() if rows))

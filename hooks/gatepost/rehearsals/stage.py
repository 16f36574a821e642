"""Open a scratch server with the base of a history on it, from which clones are made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gatepost.databases import Connection, Database, Failed, Limits, Needs, Scratch, Unable, engine
from gatepost.databases._differences_left_out import bookkeeping
from gatepost.git import Snapshot
from gatepost.migrations import Migrations
from gatepost.model import printable
from gatepost.rehearsals import _newer, recorded
from gatepost.rehearsals._command import Commands, checkout
from gatepost.rehearsals._plan import Course, Step
from gatepost.rehearsals._scripts import NotSql, runnable
from gatepost.rehearsals._shape import Shapes
from gatepost.rehearsals._walk import Sender, sql_sender

FOLDER = "gatepost/scratch-templates"
URL = "GATEPOST_SCRATCH_URL"
SECONDS = 60.0  # for one script
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """How a rehearsal is to be made: with which server, within which time, telling its progress to whom.

    ``url`` is a scratch server of the operator's, from the environment or a file. ``cache`` is where templates are
    kept between runs. ``commands`` is the tree in which configured commands may run: never what a push configures.
    ``beside`` is called with each stage, for what else a scratch server is good for. ``assumed`` says what is only
    supposed of the place.
    """

    url: str = ""
    cache: Path | None = None
    seconds: float = 300.0
    commands: Snapshot | None = None
    say: Say = lambda _: None
    beside: Callable[[Stage], None] = lambda _: None
    assumed: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """A scratch server with the base of a history: ``clone`` gives a database at that base."""

    course: Course
    scratch: Scratch
    template: Callable[[Course], Callable[[], Database]]
    clone: Callable[[], Database]
    send: Sender
    until: float

    def base(self) -> Database:
        """Give a database as it is before the change."""
        return self.clone()

    def head(self) -> Database:
        """Give a database as it is after the change; empty tables. Raises Failed where an up fails."""
        database = self.clone()
        try:
            for step in self.course.steps:
                self.send(database, step, True)
        except BaseException:
            database.drop()
            raise
        return database


@contextmanager
def staged(course: Course, asked: Asked) -> Iterator[Stage]:
    """Open the stage of one rehearsal. Raises Unable where there is no server, or the base cannot be made on it."""
    until = time.monotonic() + asked.seconds
    settings = course.history.place.settings or Migrations("")
    limits = Limits(seconds=min(SECONDS, asked.seconds))
    folder = str(asked.cache) if asked.cache else None
    by_command = bool(settings.command_up and asked.commands)
    if not by_command:
        _sendable(course)
    needs = Needs(settings.server, settings.extensions, asked.url, folder, functions=settings.functions)
    with ExitStack() as stack:
        scratch = stack.enter_context(engine(course.dialect).scratch(needs, limits))
        asked.say(f"scratch server: {scratch.how}")
        if by_command and asked.commands:
            root = stack.enter_context(checkout(asked.commands))
            yield _commanded(Commands(course, settings, scratch, root, limits.seconds), until)
            return

        def template(of: Course) -> Callable[[], Database]:
            key = recorded.base_key(of, scratch.version)
            return scratch.template(key, lambda database: _build(database, of, settings, asked.say))

        send = _judging(sql_sender(settings.before_sql), course.dialect, scratch.version)
        yield Stage(course, scratch, template, template(course), send, until)


def _commanded(commands: Commands, until: float) -> Stage:
    scratch, course = commands.scratch, commands.course

    def template(of: Course) -> Callable[[], Database]:
        return scratch.template(recorded.base_key(of, scratch.version), commands.build)

    return Stage(course, scratch, template, template(course), commands.send, until)


def _judging(send: Sender, dialect: str, version: str) -> Sender:
    """Tell what a newer server would take from what none does."""

    def judged(database: Database, step: Step, up: bool) -> float:
        try:
            return send(database, step, up)
        except Failed as error:
            wanted = _newer.needed(error, dialect, version)
            script = step.up if up else step.down
            if not wanted or script is None:
                raise
            where = f"{printable(script.path)}:{error.line}"
            hint = f'name what production runs, server = "…" in [[migrations]], and give such a server: {URL}'
            raise Unable(
                f"{where} needs {wanted}, and this is {version}: {printable(error.message, 200)}", hint
            ) from None

    return judged


def _sendable(course: Course) -> None:
    """Look whether all can be sent before a server is started."""
    for one in course.base:
        made = runnable(one.up, course.dialect)
        if isinstance(made, NotSql):
            raise Unable(
                f"{printable(made.path)}:{made.line} {made.reason}; the base cannot be made without it", made.fix
            )
    for step in course.steps:
        for script in (step.up, step.down):
            if isinstance(script, NotSql):
                raise Unable(f"{printable(script.path)}:{script.line} {script.reason}", script.fix)


def _build(database: Database, course: Course, settings: Migrations, say: Say) -> None:
    """Run the base from its beginning."""
    shown = time.monotonic()
    for number, one in enumerate(course.base, 1):
        made = runnable(one.up, course.dialect)
        assert not isinstance(made, NotSql)
        try:
            database.run(made.statements, transaction=made.transaction, setup=settings.before_sql)
        except Failed as error:
            what = f"{printable(made.path)}:{error.line}: {printable(error.message, 300)}"
            hint = "say in [[migrations]] what production runs: server, extensions, before_sql"
            raise Unable(f"the base does not run on this server: {what}", hint) from None
        if time.monotonic() - shown > 1:
            shown = time.monotonic()
            say(f"base: {number} of {len(course.base)} migrations")


def reader(dialect: str) -> Callable[[Database], Shapes]:
    """Give what reads the tables of a database for the seeder."""

    def read(database: Database) -> Shapes:
        connection = database.trusted()
        try:
            return shapes(connection, dialect)
        finally:
            connection.close()

    return read


def shapes(connection: Connection, dialect: str) -> Shapes:
    """Read the tables through a connection, but for those in which migration tools keep what they have applied."""
    import importlib

    read: Callable[[Connection], Shapes] = importlib.import_module(f"gatepost.rehearsals._shape_{dialect}").read
    found = read(connection)
    return Shapes(found.dialect, {name: tab for name, tab in found.tables.items() if not bookkeeping(name)})

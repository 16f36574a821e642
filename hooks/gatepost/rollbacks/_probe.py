"""Look whether something is as a plan expects it: refs and files in git, the database, a health URL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gatepost.errors import CannotJudge
from gatepost.git import Repository
from gatepost.model import printable
from gatepost.rollbacks import Expectation
from gatepost.rollbacks._commands import same_version

if TYPE_CHECKING:
    from gatepost.databases import Connection, Engine
    from gatepost.sql.schema import Schema

SECONDS = 30.0
TRIES = 5  # a service that was deployed a moment ago may not answer yet
_OWN_PATH = "SELECT set_config('search_path', reset_val, true) FROM pg_settings WHERE name = 'search_path'"
_NAME = re.compile(r'[\w$."`]{1,200}')


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found, and whether it is as expected; ``reached`` is false where nobody could look."""

    good: bool
    found: str
    reached: bool = True


@dataclass(slots=True)
class Surroundings:
    """Where to look: the repository, the server, the environment variable that holds the database's URL.

    ``object`` is what is gone back to, ``rows`` remembers how many rows tables had when the rollback began. ``wait``
    is the pause between two tries of a health URL.
    """

    repo: Repository
    remote: str
    environ: Mapping[str, str]
    variable: str
    object: str = ""
    rows: dict[str, int] = field(default_factory=dict)
    wait: float = 2.0


def look(one: Expectation, around: Surroundings) -> Seen:
    """Look at one thing; never raises for what cannot be reached: that is said, and is not as expected."""
    from gatepost.databases import Failed

    try:
        return _LOOKS[one.kind](one, around)
    except CannotJudge as error:
        return Seen(False, f"cannot be looked at: {printable(error.message, 300)}", reached=False)
    except Failed as error:
        return Seen(False, f"cannot be asked: {printable(error.message, 300)}", reached=False)


def begin(expected: tuple[Expectation, ...], around: Surroundings) -> None:
    """Count the rows of the tables whose rows are to be kept, before anything is done."""
    from gatepost.databases import Failed

    for one in expected:
        if one.kind == "rows" and one.expected == "kept" and one.subject not in around.rows:
            try:
                around.rows[one.subject] = _count(one.subject, around)
            except (CannotJudge, Failed):
                continue


def _ref(one: Expectation, around: Surroundings) -> Seen:
    found = ref_at(around, one.subject)
    return Seen(found == one.expected, found or "nothing")


def ref_at(around: Surroundings, ref: str) -> str:
    """Give what a ref of the server points to, "" for nothing."""
    if around.remote == ".":
        return around.repo.resolve(ref) or ""
    listed = around.repo.text("ls-remote", around.remote, ref).splitlines()
    return next((line.partition("\t")[0] for line in listed if line.partition("\t")[2] == ref), "")


def _blob(one: Expectation, around: Surroundings) -> Seen:
    found = around.repo.resolve(f"{around.object}:{one.subject}", "blob")
    return Seen(found == one.expected, found or "nothing")


def _version(one: Expectation, around: Surroundings) -> Seen:
    found = _value(one.query, around)
    return Seen(same_version(found, one.expected), found or "nothing")


def _query(one: Expectation, around: Surroundings) -> Seen:
    found = _value(one.subject, around)
    return Seen(found == ("" if one.expected == "nothing" else one.expected), found or "nothing")


def _value(sql: str, around: Surroundings) -> str:
    """Give what a query answers, as text: the values of a row by ``|``, a line for each row."""
    engine, connection = connected(around)
    try:
        if engine.name == "postgresql":  # opened with an empty search_path, for the catalog
            connection.rows(_OWN_PATH)
        rows = connection.rows(sql)
    finally:
        connection.close()
    lines = ["|".join(_text(value) for value in row) for row in rows[:1000]]
    return "\n".join(lines)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _schema(one: Expectation, around: Surroundings) -> Seen:
    from gatepost.rehearsals._same import fingerprint

    schema = _inspected(around)
    if one.query and schema.dialect != one.query:
        raise CannotJudge(f"the fingerprint was made on {one.query}, and ${around.variable} is {schema.dialect}")
    found = fingerprint(schema)
    return Seen(found == one.expected, found)


def _present(one: Expectation, around: Surroundings) -> Seen:
    there = _is_there(one.subject, _inspected(around))
    return Seen(there, "there" if there else "gone")


def _absent(one: Expectation, around: Surroundings) -> Seen:
    there = _is_there(one.subject, _inspected(around))
    return Seen(not there, "there" if there else "gone")


def _is_there(subject: str, schema: Schema) -> bool:
    kind, _, name = subject.partition(" ")
    if kind == "table":
        return schema.table(name) is not None
    if kind == "column":
        table, _, column = name.rpartition(".")
        found = schema.table(table)
        return found is not None and found.column(column, schema.dialect) is not None
    raise CannotJudge(f"{printable(subject, 80)}: say table NAME or column TABLE.NAME")


def _rows(one: Expectation, around: Surroundings) -> Seen:
    found = _count(one.subject, around)
    if one.expected != "kept":
        return Seen(str(found) == one.expected, str(found))
    if one.subject not in around.rows:
        raise CannotJudge(f"how many rows {printable(one.subject, 80)} had when the rollback began is not known")
    return Seen(found >= around.rows[one.subject], f"{found}, of {around.rows[one.subject]} before")


def _count(table: str, around: Surroundings) -> int:
    if not _NAME.fullmatch(table):
        raise CannotJudge(f"{printable(table, 80)}: is no name of a table")
    return int(_value(f"SELECT count(*) FROM {table}", around) or 0)  # noqa: S608 - a name, checked above


def _url(one: Expectation, around: Surroundings) -> Seen:
    import time

    found = ""
    for left in reversed(range(TRIES)):
        found = _status(one.subject)
        if found == one.expected or not left:
            break
        time.sleep(around.wait)
    return Seen(found == one.expected, found, reached=found.isdigit())


def _status(url: str) -> str:
    import http.client
    import urllib.error
    import urllib.request

    if not url.startswith(("http://", "https://")):
        return "is no http address"
    request = urllib.request.Request(url, headers={"User-Agent": "gatepost"})  # noqa: S310 - the scheme was checked
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return str(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return str(error.code)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return printable(str(error), 160)


def _inspected(around: Surroundings) -> Schema:
    engine, connection = connected(around)
    try:
        return engine.inspect(connection)
    finally:
        connection.close()


def elsewhere(engine: str, around: Surroundings) -> bool:
    """Tell what is for another database than the one that the environment names."""
    if not engine or not around.environ.get(around.variable):
        return False
    from gatepost.databases import engines

    scheme = around.environ[around.variable].partition(":")[0].partition("+")[0]
    return all(one.name != engine for one in engines() if scheme in one.schemes)


def connected(around: Surroundings) -> tuple[Engine, Connection]:
    """Open the database that the environment names; its URL is never shown."""
    from gatepost.databases import engines

    url = around.environ.get(around.variable, "")
    if not url:
        hint = "export it, or name another: [rollback] database"
        raise CannotJudge(f"${around.variable} is not set: it holds the URL of the database", hint)
    scheme = url.partition(":")[0].partition("+")[0]
    engine = next((one for one in engines() if scheme in one.schemes), None)
    if engine is None:
        raise CannotJudge(f"${around.variable}: no database is known for {printable(scheme, 20)}://")
    return engine, engine.connect(_plain(url), SECONDS)


def _plain(url: str) -> str:
    """Take the driver out of a URL as SQLAlchemy writes it: ``postgresql+pg8000://``."""
    scheme, found, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}{found}{rest}"


_LOOKS = {
    "ref": _ref,
    "blob": _blob,
    "version": _version,
    "query": _query,
    "schema": _schema,
    "present": _present,
    "absent": _absent,
    "rows": _rows,
    "url": _url,
}

"""Take a snapshot of a running database: its structure, in one read-only transaction, by a role that may only read."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path

from gatepost.databases import Engine, Failed, engines
from gatepost.errors import CannotJudge, UsageError
from gatepost.model import printable
from gatepost.staging import Staging, ledgers

VARIABLE = "GATEPOST_STAGING_URL"
TIMEOUT = 20.0


def address(given: str) -> str:
    """Give the URL: ``env:NAME``, ``file:PATH``, or the URL itself. Raises UsageError without quoting it."""
    kind, _, place = given.partition(":")
    if kind == "env":
        found = os.environ.get(place or VARIABLE, "")
        if not found:
            raise UsageError(
                f"the environment has no {printable(place or VARIABLE, 60)}", "export it, or use file:PATH"
            )
        return found.strip()
    if kind == "file":
        try:
            return Path(place).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "is not UTF-8"
            raise UsageError(f"{printable(place, 120)}: {why}", "a file with nothing but the URL") from None
    return given


def of(url: str) -> Engine:
    """Give the engine of a URL. Raises UsageError."""
    scheme = url.partition(":")[0].partition("+")[0].lower()
    for engine in engines():
        if scheme in engine.schemes:
            return engine
    known = ", ".join(sorted(f"{name}://" for engine in engines() for name in engine.schemes))
    raise UsageError("that is no URL of a database that gatepost knows", f"one of {known}")


def take(url: str, environment: str = "staging", timeout: float = TIMEOUT) -> Staging:
    """Ask a running server for its structure. Raises CannotJudge where it cannot be reached or read."""
    engine = of(url)
    try:
        connection = engine.connect(url, timeout)
        try:
            schema = engine.inspect(connection)
            facts = engine.facts(connection)
            applied, newest_only = ledgers.read(connection, schema)
        finally:
            connection.close()
    except Failed as error:
        raise CannotJudge(
            f"{environment} cannot be read: {printable(error.message)}",
            "a role that may connect and read the catalog and the migrations' own table is enough",
        ) from None
    at = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return Staging(
        environment,
        at,
        engine.name,
        facts.version,
        schema,
        facts.extensions,
        facts.sizes,
        facts.index_use,
        applied,
        newest_only,
    )

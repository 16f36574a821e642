"""Run a script as a framework does, and say which statement failed, where, and who is to blame."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from gatepost.databases import Failed, Statement, Unable
from gatepost.databases._postgresql_connection import Wire
from gatepost.model import printable

# What the confinement or this server refuses, which another role or server would not.
_REFUSED = {
    "42501": "the role that runs pushed SQL may not do that",
    "53100": "the disk that it may use is full",
    "53200": "the memory that it may use is full",
    "53300": "it opens more connections than it may",
    "53400": "it is larger than it may be",
    "58P01": "the server lacks a file",
    "58030": "the server could not read or write",
}
_MISSING = re.compile(
    r'extension "[^"]{1,100}" (is not available|has no (installation|update))|could not open extension'
)
_LACKING = re.compile(
    r"is not supported by this build|is not implemented|prepared transactions are disabled|requires wal_level|"
    r"wal_level must|max_replication_slots|"
    r"could not (load|access|create locale) "
)
_FULL = re.compile(r"^could not (extend|write).*(File too large|No space left|wrote only)")
_NO_ROLE = re.compile(r'^role "(.{1,63})" does not exist')
# GRANT and ALTER … OWNER TO name roles that no migration makes; more of them than this is no schema.
_ROLES = 32
_CREATE_EXTENSION = re.compile(
    r'\A(\s*create\s+extension\s+)(?!if\b)("?)([a-z0-9_-]{1,63})\2(?=[\s;]|\Z)', re.IGNORECASE
)
_BLOCK_LINE = re.compile(r"inline_code_block line (\d{1,7})")
_BODY = re.compile(r"\$[^$\s]{0,63}\$|'")
_TIMED_OUT = "57014"


@dataclass(frozen=True, slots=True)
class Script:
    """What is run: its statements, what comes before them, whether all run in one transaction.

    ``provided`` are the extensions that the database already has, because the policy or staging names them. ``role``
    makes a role that the SQL names and that is not there, and tells whether it could.
    """

    statements: Sequence[Statement]
    transaction: bool = True
    setup: Sequence[str] = ()
    provided: Collection[str] = ()
    role: Callable[[str], bool] = lambda _: False


def run(wire: Wire, script: Script, seconds: float) -> float:
    """Run it, and give how long it took. Raises Failed and Unable, as ``Database.run`` does."""
    begun = time.monotonic()
    for text in script.setup:
        _one(wire, Statement(text), script, begun, seconds)
    for _ in range(_ROLES):
        try:
            _body(wire, script, begun, seconds)
            break
        except _NoRole as missing:
            if not (missing.again and script.role(missing.name)):
                raise missing.said from None
            wire.run("rollback")
    return time.monotonic() - begun


class _NoRole(Exception):
    """Say that a role is missing; ``again`` whether the script can be run again from its beginning."""

    def __init__(self, name: str, said: Exception) -> None:
        super().__init__(name)
        self.name, self.said, self.again = name, said, False


def _body(wire: Wire, script: Script, begun: float, seconds: float) -> None:
    if not script.transaction:
        for statement in script.statements:
            _one(wire, _provided(statement, script.provided), script, begun, seconds)
        return
    wire.run("begin")
    whole = True
    for statement in script.statements:
        try:
            _one(wire, _provided(statement, script.provided), script, begun, seconds)
        except _NoRole as missing:
            missing.again = whole
            raise
        # COMMIT in the file ends our transaction.
        whole = whole and wire.status == "T"
    # Then this is a warning and no more. What was put off until now (deferred constraints) fails here, and belongs to
    # the last statement.
    _one(wire, Statement("commit", script.statements[-1].line if script.statements else 1), script, begun, seconds)


def _provided(statement: Statement, names: Collection[str]) -> Statement:
    found = _CREATE_EXTENSION.match(statement.text) if names else None
    if found is None or found[3].lower() not in names:
        return statement
    return Statement(f"{found[1]}if not exists {statement.text[found.end(1) :]}", statement.line)


def _one(wire: Wire, statement: Statement, script: Script, begun: float, seconds: float) -> None:
    for _ in range(_ROLES):
        try:
            wire.run(statement.text)
            return
        except Failed as failed:
            said = _judged(failed, statement, time.monotonic() - begun > seconds * 0.9)
            missing = _NO_ROLE.search(failed.message) if failed.code == "42704" else None
        if missing is None:
            raise said
        if wire.status != "I":
            raise _NoRole(missing[1], said)
        if not script.role(missing[1]):
            raise said


def _judged(failed: Failed, statement: Statement, late: bool) -> Exception:
    line = statement.line + _line(failed, statement.text)
    reason = _reason(failed, late)
    if reason:
        return Unable(f"line {line}: {reason}: {failed.message} ({printable(_begin(statement.text), 120)})")
    return Failed(failed.message, failed.code, statement.text, line, failed.position)


def _reason(failed: Failed, late: bool) -> str:
    if failed.code == _TIMED_OUT and late:
        return "it did not end in time"
    if _MISSING.search(failed.message):
        return "this server does not have the extension"
    if _FULL.search(failed.message):
        return _REFUSED["53100"]
    if _NO_ROLE.search(failed.message):
        return "the scratch server does not have the role"
    if failed.code in ("0A000", "22023", "55000", "XX000") and _LACKING.search(failed.message):
        return "this server cannot do that"
    return _REFUSED.get(failed.code, "")


def _line(failed: Failed, text: str) -> int:
    """Give how many lines below the statement's first the fault lies."""
    if failed.position:
        return text.count("\n", 0, failed.position - 1)
    inside = _BLOCK_LINE.search(failed.message)
    body = _BODY.search(text) if inside and text.lstrip()[:2].lower() == "do" else None
    if inside and body:
        return min(text.count("\n", 0, body.end()) + int(inside[1]) - 1, text.count("\n"))
    return 0


def _begin(text: str) -> str:
    return " ".join(text.split()[:8])

"""Read the steps and checks that an author wrote."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

from gatepost.alike import seen
from gatepost.errors import PolicyError
from gatepost.model import printable
from gatepost.policy import nearest
from gatepost.rollbacks import Expectation, ExpectationKind, Step, StepKind
from gatepost.rollbacks._complete import only_revert, placeholder

MOST = 100
LEAST, LONGEST = 1.0, 7 * 24 * 3600.0  # seconds of a step, and of a decision
_KINDS = ("flag", "application", "schema", "manual")
_KEYS = ("kind", "title", "command", "shell", "approve", "repeatable", "timeout", "note", "before", "after")
_SUBJECTS: dict[str, ExpectationKind] = {
    "query": "query",
    "version": "version",
    "url": "url",
    "absent": "absent",
    "present": "present",
    "rows": "rows",
    "blob": "blob",
}
_COUNT = re.compile(r"\s*select\s+count\s*\([^()]{0,200}\)\s+from\s[^;]{0,2000};?\s*", re.IGNORECASE)
_OBJECT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_THERE = re.compile(r"table \S+|column \S+\.\S+")
_SHELL = frozenset(("|", "||", "&&", ";", "&", ">", ">>", "<", "<<"))


class Problem(NamedTuple):
    """What is wrong in an author's file: the key's path and why."""

    key: str
    reason: str


def steps(data: Mapping[str, Any], *, approve: str, checkout: str) -> tuple[tuple[Step, ...], list[Problem]]:
    """Give the author's steps, a flag to turn off first among them, and what is wrong with them."""
    listed, problems = data.get("steps", []), []
    made: list[Step] = []
    flag = data.get("flag")
    if isinstance(flag, str):
        listed = [{"kind": "flag", "title": "turn the feature off", "command": flag}, *_list(listed)]
    if not isinstance(listed, list) or len(listed) > MOST or not all(isinstance(one, Mapping) for one in listed):
        return (), [Problem("steps", f"must be an array of tables: [[steps]], at most {MOST}")]
    shift = 1 if isinstance(flag, str) else 0
    for number, table in enumerate(listed):
        where = "flag" if shift and number == 0 else f"steps[{number - shift}]"
        found = list(_problems(table, where))
        problems += found
        if not found:
            step, odd = _step(table, where, approve, checkout)
            problems += odd
            made.append(step)
    return tuple(made), problems


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _problems(table: Mapping[str, Any], where: str) -> Iterator[Problem]:
    for key, value in table.items():
        if key not in _KEYS:
            yield Problem(f"{where}.{printable(key, 40)}", f"unknown key{nearest(key, _KEYS)}")
        elif key in ("kind", "title", "command", "approve", "note") and not isinstance(value, str):
            yield Problem(f"{where}.{key}", "must be a string")
    if table.get("kind", "schema") not in _KINDS:
        yield Problem(f"{where}.kind", f"must be one of {', '.join(_KINDS)}")
    title, command = str(table.get("title", "")), str(table.get("command", ""))
    for key, text in (("title", title), ("command", command)):
        if key in table and not seen(text):
            yield Problem(f"{where}.{key}", "is empty")
        elif placeholder(text):
            yield Problem(f"{where}.{key}", f'"{printable(text, 60)}" only stands where something should')
    yield from _command(table, where, title, command)


def _command(table: Mapping[str, Any], where: str, title: str, command: str) -> Iterator[Problem]:
    if not command and table.get("kind") != "manual":
        yield Problem(f"{where}.command", 'is missing; for what a person does say kind = "manual"')
    elif not command and not title:
        yield Problem(f"{where}.title", "is missing: say what is done")
    elif only_revert(command or title):
        text = printable(command or title, 60)
        yield Problem(f"{where}.{'command' if command else 'title'}", f'"{text}" is no procedure: it undoes files only')
    elif not _flag(table.get("shell")):
        try:
            words = shlex.split(command)
        except ValueError as error:
            yield Problem(f"{where}.command", f"cannot be split into words: {error}")
            return
        if _SHELL.intersection(words):
            yield Problem(f"{where}.command", "needs a shell for |, && and the like: say shell = true")


def _step(table: Mapping[str, Any], where: str, approve: str, checkout: str) -> tuple[Step, list[Problem]]:
    before, odd = expectations(table.get("before", []), f"{where}.before")
    after, more = expectations(table.get("after", []), f"{where}.after")
    kind = str(table.get("kind", "schema"))
    timeout, wrong = _seconds(table.get("timeout"), f"{where}.timeout")
    command = str(table.get("command", ""))
    step = Step(
        kind=cast("StepKind", kind),
        title=str(table.get("title") or command)[:200],
        command=command,
        shell=bool(_flag(table.get("shell"))),
        checkout=checkout if command else "",
        approve=str(table.get("approve") or approve),
        repeatable=_flag(table.get("repeatable")),
        timeout=timeout,
        before=before,
        after=after,
        note=str(table.get("note", "")),
    )
    return step, [*odd, *more, *wrong]


def _flag(value: Any) -> bool | None:
    """Read true and false, as YAML's front matter gives them too: as text."""
    if isinstance(value, str):
        return {"true": True, "yes": True, "false": False, "no": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def _seconds(value: Any, where: str) -> tuple[float, list[Problem]]:
    if value is None:
        return 900.0, []
    found = seconds(str(value))
    if found is None:
        return 900.0, [Problem(where, 'must be a duration such as "15m"')]
    if not LEAST <= found <= LONGEST:
        return 900.0, [Problem(where, f'"{printable(str(value), 40)}" is no time for a step: from 1s to 168h')]
    return found, []


def seconds(text: str) -> float | None:
    """Read a duration; None where it is something else."""
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    text = text.strip()
    number = text[:-1].strip() if text[-1:] in units else ""
    plain = number.removeprefix("-").replace(".", "", 1)
    return float(number) * units[text[-1]] if plain.isascii() and plain.isdecimal() else None


def expectations(listed: Any, where: str) -> tuple[tuple[Expectation, ...], list[Problem]]:
    """Read checks: each names one subject and the value that is expected."""
    if not isinstance(listed, list) or len(listed) > MOST:
        return (), [Problem(where, f"must be an array of tables, at most {MOST}")]
    made, problems = [], []
    for number, table in enumerate(listed):
        try:
            made.append(_expectation(table))
        except PolicyError as error:
            problems.append(Problem(f"{where}[{number}]{error.hint}", error.message))
    return tuple(made), problems


def _expectation(table: Any) -> Expectation:
    named = [key for key in _SUBJECTS if isinstance(table, Mapping) and key in table]
    if len(named) != 1:
        raise PolicyError([f"must name one of {', '.join(_SUBJECTS)}"])
    kind, subject = _SUBJECTS[named[0]], str(table[named[0]])
    unknown = [key for key in table if key not in (named[0], "expected")]
    if unknown:
        raise PolicyError([f"unknown key {printable(str(unknown[0]), 40)}"])
    expected = table.get("expected", {"url": "200", "rows": "kept"}.get(kind, ""))
    text = str(expected).lower() if isinstance(expected, bool) else str(expected)
    if not seen(subject) or placeholder(subject):
        raise PolicyError(["is empty"], f".{named[0]}")
    if kind not in ("absent", "present") and (not seen(text) or placeholder(text)):
        raise PolicyError(["no expected value is given: what must come out?"], ".expected")
    wrong = _impossible(kind, subject, text)
    if wrong:
        raise PolicyError([wrong[1]], f".{wrong[0] or named[0]}")
    if kind == "version":
        return Expectation(kind, "the bookkeeping", "" if text == "nothing" else text, subject)
    return Expectation(kind, subject, "" if kind in ("absent", "present") else text)


def _impossible(kind: ExpectationKind, subject: str, text: str) -> tuple[str, str] | None:
    """Say of which key, and why, a check can never be as it is expected; None where it may be."""
    number = text.isascii() and text.isdigit() and text == str(int(text[:20]))
    shown = printable(text, 60)
    if kind in ("absent", "present") and not _THERE.fullmatch(subject):
        return "", f"{printable(subject, 80)}: say table NAME or column TABLE.NAME"
    if kind == "url" and not subject.startswith(("http://", "https://")):
        return "", f"{printable(subject, 80)}: is no http address"
    if kind == "url" and not (number and len(text) == 3):
        return "expected", f"{shown}: a URL answers a status such as 200"
    if kind == "rows" and not (number or text == "kept"):
        return "expected", f'{shown}: say a number of rows, or "kept"'
    if kind == "blob" and not _OBJECT.fullmatch(text):
        return "expected", f"{shown}: say the whole object id: git rev-parse HEAD:PATH"
    if kind == "query" and _COUNT.fullmatch(subject) and "group by" not in subject.lower() and not number:
        return "expected", f"{shown}: a count is a number, without zeros before it"
    return None

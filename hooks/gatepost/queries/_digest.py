"""Read what a server publishes of its statements: CSV, JSON, JSON lines, or the lines of a log."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gatepost.migrations._look import Unreadable
from gatepost.queries import Query
from gatepost.queries._text import LONGEST, is_query
from gatepost.sql.tokens import Dialect, tokens, words

_TEXT = ("query", "digest_text", "normalized_query", "sql_text", "statement", "sql")
_CALLS = ("calls", "count_star", "exec_count", "executions", "count")
_FIELD = 1024 * 1024
_LOGGED = re.compile(r"(?:\bstatement|\bexecute [^:\n]{0,80}): |\d\s+(?:Query|Execute)\t")
_KEEP = frozenset(words("INTERVAL DATE TIME TIMESTAMP TIMESTAMPTZ"))
_SIZED = frozenset(words("NUMERIC DECIMAL VARCHAR CHAR BIT VARBIT TIMESTAMP TIMESTAMPTZ TIME TIMETZ FLOAT VARYING"))
_VALUES = re.compile(r"'[^']*'|\b\d+\b")  # alike but for these: near enough to be counted together
_ELLIPSIS = re.compile(r"\(\s*\.\.\.\s*\)|,\s*\.\.\.")


def statements(raw: bytes, path: str) -> Iterator[Query]:
    """Give the statements of one export, the most called first, each with its first line. Raises Unreadable."""
    text = raw.decode("utf-8-sig", "replace")
    if "\0" in text[:4096]:
        raise Unreadable(path, "holds NUL bytes (UTF-16, or no text at all)", "save it as UTF-8")
    calls: Counter[str] = Counter()
    first: dict[str, tuple[str, int, bool]] = {}
    for statement, count, line, logged in _entries(text, path):
        if len(statement) <= LONGEST and is_query(statement + " "):
            key = _VALUES.sub("?", statement) if logged else statement
            calls[key] += count
            first.setdefault(key, (statement, line, logged))
    for key, count in calls.most_common():
        statement, line, logged = first[key]
        plain = without_values(statement, numbers=logged)
        if plain:
            yield Query(plain, path, line, "", _dialect(plain), count)


def _dialect(text: str) -> str:
    if "`" in text:
        return "mysql"
    return "postgresql" if "$1" in text else ""


def _entries(text: str, path: str) -> Iterator[tuple[str, int, int, bool]]:
    """Give statement, calls, line, and whether it stands there with its values."""
    start = text.lstrip()[:1]
    if start in ("[", "{"):
        for entry in _json(text, path):
            found = _pair(entry)
            if found:
                yield (*found, 1, False)
        return
    if _has_header(text):
        yield from ((*pair, line, False) for pair, line in _table(text, path))
        return
    yield from _log(text)


def _json(text: str, path: str) -> Iterable[Any]:
    try:
        data = json.loads(text)
    except RecursionError:
        raise Unreadable(path, "is nested too deeply", "export it again") from None
    except ValueError:
        return _json_lines(text, path)
    if isinstance(data, dict):
        lists = [value for value in data.values() if isinstance(value, list)]
        return lists[0] if lists else [data]
    return data if isinstance(data, list) else []


def _json_lines(text: str, path: str) -> list[Any]:
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise Unreadable(path, "is neither JSON nor lines of JSON", "export it again") from None


def _pair(entry: Any) -> tuple[str, int] | None:
    if not isinstance(entry, Mapping):
        return None
    named = {str(name).lower(): value for name, value in entry.items()}
    text = next((named[name] for name in _TEXT if isinstance(named.get(name), str)), None)
    return (text, _number(next((named[name] for name in _CALLS if name in named), 1))) if text else None


def _number(value: Any) -> int:
    try:
        return max(0, min(int(float(value)), 2**53))
    except (TypeError, ValueError, OverflowError):
        return 1


def _delimiter(text: str) -> str:
    head = text[:4096].split("\n", 1)[0]
    return max(",\t;|", key=head.count)


def _has_header(text: str) -> bool:
    cells = {cell.strip(' "\r').lower() for cell in text[:4096].split("\n", 1)[0].split(_delimiter(text))}
    return not cells.isdisjoint(_TEXT)


def _table(text: str, path: str) -> Iterator[tuple[tuple[str, int], int]]:
    csv.field_size_limit(_FIELD)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        for row in reader:
            pair = _pair({name.strip(): value for name, value in row.items() if name})
            if pair:
                yield pair, reader.line_num - pair[0].count("\n")
    except csv.Error as error:
        raise Unreadable(path, f"is no CSV that can be read: {error}", "export it again", reader.line_num) from None


def _log(text: str) -> Iterator[tuple[str, int, int, bool]]:
    """Give the statements of a log: PostgreSQL's, MySQL's general log, or one statement on each line."""
    kept: list[str] = []
    first = 1
    for number, line in enumerate(text.split("\n"), 1):
        if kept and line[:1] == "\t":  # PostgreSQL goes on with a tab
            kept.append(line)
            continue
        if kept:
            yield "\n".join(kept), 1, first, True
        found = _LOGGED.search(line)
        said = line[found.end() :] if found else line
        kept, first = ([said] if is_query(said + " ") else []), number
    if kept:
        yield "\n".join(kept), 1, first, True


def without_values(text: str, *, numbers: bool = False) -> str:
    """Put placeholders in the place of values; "" for what was cut off."""
    text = _ELLIPSIS.sub(lambda found: "(?)" if found[0][0] == "(" else "", text).strip().rstrip(";")
    if "..." in text[-8:]:
        return ""
    dialect: Dialect = "mysql" if "`" in text else "postgresql"
    out: list[str] = []
    done, before, earlier = 0, "", ""
    for token in tokens(text, dialect):
        value = token.kind in ("string", "body") or (numbers and token.kind == "number" and before != "$")
        sized = token.kind == "number" and before in ("(", ",") and earlier in _SIZED
        if value and before not in _KEEP and not sized and token.kind != "body":
            out += [text[done : token.at], "?"]
            done = token.at + len(token.text)
        earlier = before if token.text == "(" else earlier if token.kind == "number" or token.text == "," else ""
        before = token.value or token.text
    return "".join((*out, text[done:]))

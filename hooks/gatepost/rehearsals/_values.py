"""Values for synthetic rows, by kind and style, as literals of a dialect."""

from __future__ import annotations

import re
from collections.abc import Callable

from gatepost.rehearsals._shape import Col, text

LONGEST = 300
_HINTS: tuple[tuple[str, str], ...] = (
    (r"e?mail", "person{n}@example.org"),
    (r"url|uri|link|href|website|actor_id|ap_id|inbox|repository|homepage", "https://example.org/{n}"),
    (r"uuid|guid", "00000000-0000-4000-8000-{n:012d}"),
    (r"semver|version|(?:^|_)num$", "1.0.{n}"),
    (r"json|config|payload|metadata|settings|params|attributes|data$", '{{"n": {n}}}'),
    (r"sha256|checksum|digest|hash", "{n:064x}"),
    (r"ip$|ip_addr|address_ip", "192.0.2.{s}"),
    (r"domain|host", "host{n}.example.org"),
    (r"lang|locale", "en"),
    (r"country|currency", "EUR"),
    (r"colou?r", "#1020{s:02x}"),
    (r"cron", "0 {s} * * *"),
    (r"(?:^|_)(?:date|at|time)$", "2024-01-{d:02d}"),
)
_PLAIN = re.compile(r"[^A-Za-z0-9]")  # what is read as a label, a path or a word everywhere
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), made) for pattern, made in _HINTS)
# How a text has to look so that it can become another type; {n} differs from row to row.
_READS_AS = {
    "int": "{s}",
    "number": "{s}",
    "bool": "true",
    "json": '{{"n": {n}}}',
    "uuid": "00000000-0000-4000-8000-{n:012d}",
    "date": "2024-01-{d:02d}",
    "timestamp": "2024-01-{d:02d} 03:04:05",
    "time": "03:04:{s:02d}",
    "inet": "192.0.2.{s}",
    "array": "{{}}",
    "bytes": "{n:02x}",
}
_FIXED = {
    "inet": "192.0.2.{s}",
    "cidr": "192.0.2.0/24",
    "macaddr": "08:00:2b:01:02:{s:02x}",
    "macaddr8": "08:00:2b:01:02:03:04:{s:02x}",
    "xml": "<a>{n}</a>",
    "tsvector": "word{n}",
    "tsquery": "word{n}",
    "ltree": "top.n{n}",
    "lquery": "top.*",
    "hstore": "a=>{n}",
    "point": "({s},2)",
    "line": "{{1,2,{s}}}",
    "lseg": "((0,0),({s},1))",
    "box": "((1,1),(0,0))",
    "path": "((0,0),({s},1))",
    "polygon": "((0,0),({s},1),(1,0))",
    "circle": "<(0,0),{s}>",
    "money": "{s}",
    "pg_lsn": "0/{n:X}",
    "jsonpath": "$.a",
    "geometry": "POINT({s} 1)",
    "geography": "POINT({s} 1)",
    "interval": "{s} days",
    "timetz": "03:04:{s:02d}+00",
    "int4range": "[{s},{after})",
    "int8range": "[{s},{after})",
    "numrange": "[{s},{after})",
    "daterange": "[2024-01-01,2024-01-{d:02d}]",
    "tsrange": "[2024-01-01,2024-02-{d:02d})",
    "tstzrange": "[2024-01-01,2024-02-{d:02d})",
    "regclass": "pg_class",
    "regtype": "integer",
    "oid": "{s}",
    "xid": "{s}",
    "name": "name{n}",
    "composite": "()",
}
_WIDE = {"smallint": 300, "tinyint": 100, "integer": 100_000, "int": 100_000, "bigint": 5_000_000_000}


def literal(column: Col, number: int, dialect: str, *, wide: bool = False, reads_as: str = "", mark: str = "") -> str:
    """Give a value for a column that differs with ``number``, as a literal.

    ``wide`` asks for the longest and largest; ``reads_as`` for a text that another kind can be read from; ``mark``
    keeps texts of two tables apart, which a trigger may compare.
    """
    if column.labels:
        labels = column.labels
        return text(labels[-1 - (number % len(labels))] if wide else labels[number % len(labels)], dialect)
    made = _MAKERS.get(column.kind)
    if made:
        return made(column, number, dialect, wide)
    if column.kind == "text":
        return text(_text(column, number, wide, reads_as, mark), dialect)
    pattern = _FIXED.get(column.kind)
    return text(_filled(pattern, number), dialect) if pattern else text("", dialect)


def _filled(pattern: str, number: int) -> str:
    small = number % 200 + 1
    return pattern.format(n=number + 1, s=small % 60, d=number % 28 + 1, after=small % 60 + 10)


def _text(column: Col, number: int, wide: bool, reads_as: str, mark: str) -> str:
    pattern = _READS_AS.get(reads_as) or next((p for found, p in _PATTERNS if found.search(column.name)), "")
    made = _filled(pattern or _PLAIN.sub("", column.name)[:24] + _PLAIN.sub("", mark)[:8] + "{n}", number)
    size = column.size or LONGEST
    if wide and not pattern:
        made = (made + " " + "x" * LONGEST)[: min(size, LONGEST)]
    if len(made) > size:
        made = (str(number + 1) + "abcdefghijklmnopqrstuvwxyz" * (size // 26 + 1))[:size]
    return made


def _int(column: Col, number: int, dialect: str, wide: bool) -> str:  # noqa: ARG001 - one signature for all
    return str(number + 1 + (_WIDE.get(column.type, 0) if wide else 0))


def _number(column: Col, number: int, dialect: str, wide: bool) -> str:  # noqa: ARG001
    whole = (column.size - column.scale) if column.size else 6
    value = (10 ** (min(whole, 12) - 1) if wide and whole > 1 else 0) + (number + 1 if whole > 0 else 0)
    value = value % 10**whole if whole > 0 else 0
    part = (
        f".{(number % 9 + 1) * 10 ** (column.scale - 1) if column.scale else 5}"
        if column.scale or not column.size
        else ""
    )
    return f"{value}{part}"


def _bool(column: Col, number: int, dialect: str, wide: bool) -> str:  # noqa: ARG001
    words = ("true", "false") if dialect == "postgresql" else ("1", "0")
    return words[number % 2]


def _date(column: Col, number: int, dialect: str, wide: bool) -> str:  # noqa: ARG001
    return text(f"2024-01-{number % 28 + 1:02d}", dialect)


def _timestamp(column: Col, number: int, dialect: str, wide: bool) -> str:  # noqa: ARG001
    part = "" if dialect == "mysql" and not column.size else ".678901"
    return text(f"2024-01-{number % 28 + 1:02d} 03:04:05{part}", dialect)


def _time(column: Col, number: int, dialect: str, wide: bool) -> str:  # noqa: ARG001
    return text(f"03:04:{number % 60:02d}", dialect)


def _uuid(column: Col, number: int, dialect: str, wide: bool) -> str:  # noqa: ARG001
    return text(f"00000000-0000-4000-8000-{number + 1:012d}", dialect)


def _json(column: Col, number: int, dialect: str, wide: bool) -> str:  # noqa: ARG001
    return text(f'{{"n": {number + 1}}}', dialect)


def _bytes(column: Col, number: int, dialect: str, wide: bool) -> str:
    size = max(1, min(column.size or (64 if wide else 8), LONGEST))
    digits = f"{number + 1:0{2 * size}x}"[-2 * size :]
    return f"'\\x{digits}'" if dialect == "postgresql" else f"X'{digits}'"


def _bits(column: Col, number: int, dialect: str, wide: bool) -> str:  # noqa: ARG001
    size = max(1, column.size)
    return f"B'{(number + 1) % 2**size:0{size}b}'" if dialect == "postgresql" else str((number + 1) % 2**size)


def _array(column: Col, number: int, dialect: str, wide: bool) -> str:
    if column.element is None:
        return text("{}", dialect)
    inner = literal(column.element, number, dialect, wide=wide)
    if column.element.kind in ("composite", "array"):
        return text("{}", dialect)
    return f"ARRAY[{inner}]::{column.type}"


def _vector(column: Col, number: int, dialect: str, wide: bool) -> str:  # noqa: ARG001
    return text("[" + ",".join([str(number % 9)] * max(1, column.size)) + "]", dialect)


def _year(column: Col, number: int, dialect: str, wide: bool) -> str:  # noqa: ARG001
    return str(2000 + number % 50)


_MAKERS: dict[str, Callable[[Col, int, str, bool], str]] = {
    "int": _int,
    "number": _number,
    "bool": _bool,
    "date": _date,
    "timestamp": _timestamp,
    "time": _time,
    "uuid": _uuid,
    "json": _json,
    "bytes": _bytes,
    "bits": _bits,
    "array": _array,
    "vector": _vector,
    "year": _year,
}

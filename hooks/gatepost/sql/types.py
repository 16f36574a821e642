"""Write types in one canonical way, and say what a change of type does to rows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gatepost.sql.expressions import canonical
from gatepost.sql.tokens import Dialect, Token

_VALUE = re.compile(r"'(?:[^']|'')*'")
_POSTGRESQL = {
    "int": "integer",
    "int4": "integer",
    "int8": "bigint",
    "int2": "smallint",
    "bool": "boolean",
    "float8": "double precision",
    "float": "double precision",
    "float4": "real",
    "character varying": "varchar",
    "char varying": "varchar",
    "character": "char",
    "bpchar": "char",
    "decimal": "numeric",
    "dec": "numeric",
    "bit varying": "varbit",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
    "time without time zone": "time",
    "time with time zone": "timetz",
    "national character varying": "varchar",
    "serial4": "serial",
    "serial8": "bigserial",
    "serial2": "smallserial",
}
_MYSQL = {
    "integer": "int",
    "dec": "decimal",
    "numeric": "decimal",
    "fixed": "decimal",
    "double precision": "double",
    "real": "double",
    "character varying": "varchar",
    "character": "char",
    "nvarchar": "varchar",
    "bool": "tinyint(1)",
    "boolean": "tinyint(1)",
    "int4": "int",
    "int8": "bigint",
}
_SERIAL = {"serial": "integer", "bigserial": "bigint", "smallserial": "smallint"}
_PARTS = re.compile(
    r"(?P<base>[^()\[\]]*?)\s*(?:\((?P<size>[^()]*)\))?(?P<more>\s+[^()\[\]]*?)?\s*(?P<array>(?:\[\d*\])*)\Z"
)
_REAL_BITS = 24  # PostgreSQL: float(1) to float(24) is real
_WIDTH = re.compile(r"^(tinyint|smallint|mediumint|int|bigint)\(\d+\)")


def read_type(found: Sequence[Token], dialect: Dialect) -> str:
    """Give the canonical name of a type from its tokens."""
    return normal_type(canonical(found, dialect), dialect)


def normal_type(text: str, dialect: str) -> str:
    """Give the canonical name of a type: ``character varying (20)`` and ``VARCHAR(20)`` are ``varchar(20)``."""
    text = " ".join(text.split())
    if dialect == "postgresql":
        text = text.removeprefix("pg_catalog.").removeprefix("public.")
        return _assembled(text, _POSTGRESQL)
    if dialect == "mysql":
        text = re.sub(r"\s+(?:character set|charset)\s*=?\s*\w+", "", text, flags=re.IGNORECASE)
        text = re.sub(r"(?<=[\w)]) binary\Z", "", text, flags=re.IGNORECASE)  # a collation
        if text.lower().startswith(("enum", "set(")):
            return "enum" + text[4:] if text[:4].lower() == "enum" else text
        text = _assembled(text, _MYSQL)
        return text if text.startswith("tinyint(1)") else _WIDTH.sub(r"\1", text)
    return _assembled(text, {})


def _assembled(text: str, names: dict[str, str]) -> str:
    found = _PARTS.match(text) if len(text) < 200 else None
    if found is None:
        return text
    quoted = text.startswith('"')
    base, more = (found[1], found["more"] or "") if quoted else (found["base"].lower(), (found["more"] or "").lower())
    array = found["array"]
    if found["size"] is None:
        base, more = base + more, ""
    if base.endswith(" array"):
        base, array = base.removesuffix(" array"), "[]"
    if more.strip() in ("with time zone", "without time zone"):
        base, more = f"{base}{more}", ""
    base = names.get(base, base)
    if base == "double precision" and found["size"]:  # float(n)
        return "real" if found["size"].strip().isdigit() and int(found["size"]) <= _REAL_BITS else base
    size = f"({','.join(part.strip() for part in found['size'].split(','))})" if found["size"] is not None else ""
    return f"{base}{size}{more}{re.sub(r'[0-9]', '', array)}"


def serial(type_: str) -> str | None:
    """Give the integer type behind ``serial``, or None."""
    return _SERIAL.get(type_)


def parts(type_: str) -> tuple[str, tuple[int, ...]]:
    """Split a canonical type into its name and its sizes."""
    base, _, size = type_.partition("(")
    numbers = tuple(int(part) for part in re.findall(r"\d+", size.partition(")")[0])) if size else ()
    return base, numbers


_SAFE = {
    ("smallint", "numeric"),
    ("integer", "numeric"),
    ("bigint", "numeric"),
    ("int", "decimal"),
    ("real", "double precision"),
    ("float", "double"),
    ("date", "timestamp"),
    ("date", "timestamptz"),
    ("timestamp", "timestamptz"),
    ("timestamptz", "timestamp"),
    ("json", "jsonb"),
    ("jsonb", "json"),
}
_INTEGERS = {"tinyint": 1, "smallint": 2, "mediumint": 3, "int": 4, "integer": 4, "bigint": 8}
_TEXTS = ("text", "citext", "tinytext", "mediumtext", "longtext", "clob")
_STRINGS = ("varchar", "char", *_TEXTS)
_TEXT_SIZE = {"tinytext": 255, "text": 65_535, "mediumtext": 16_777_215, "longtext": 4_294_967_295}


def widens(old: str, new: str, dialect: str) -> bool:
    """Tell whether the change keeps every value and neither rewrites nor scans the table.

    PostgreSQL 9.2 and later: a longer varchar or varbit, varchar to text, a larger precision of numeric at the
    same scale, a larger precision of timestamps. MySQL: a longer varchar that stays on its side of 255 bytes
    (counted with four bytes a character). SQLite keeps values as they are whatever the type says.
    """
    if old == new or dialect == "sqlite":
        return True
    (was, before), (now, after) = parts(old), parts(new)
    if dialect == "mysql":
        if was == now == "varchar" and before and after:
            return before[0] <= after[0] and (before[0] * 4 > 255 or after[0] * 4 <= 255)
        return False
    if was in ("varchar", "varbit") and now in (was, "text"):
        return not after or (bool(before) and before[0] <= after[0])
    if was == now == "numeric":
        return not after or (len(before) > 0 and before[0] <= after[0] and before[1:] == after[1:])
    if was == now and was.startswith(("timestamp", "time", "interval")):
        return not after or (bool(before) and before[0] <= after[0])
    return (was, now) == ("cidr", "inet")


def gone_value(old: str, new: str) -> str:
    """Give a value that a MySQL enum loses, "" where it loses none."""
    if not (old.startswith("enum(") and new.startswith("enum(")):
        return ""
    kept = _VALUE.findall(new)
    return next((value for value in _VALUE.findall(old) if value not in kept), "")


def narrows(old: str, new: str, dialect: str) -> bool:
    """Tell whether the new type cannot hold every value of the old one: the change fails or cuts."""
    if not old or not new or old == new or dialect == "sqlite":
        return False
    if gone_value(old, new):
        return True
    (was, before), (now, after) = parts(old), parts(new)
    if was in _INTEGERS and now in _INTEGERS:
        return _INTEGERS[now] < _INTEGERS[was] or ("unsigned" in old) != ("unsigned" in new)
    if was in _STRINGS and now in _STRINGS:
        return _room(was, before, dialect) > _room(now, after, dialect)
    if was in ("numeric", "decimal") and now in ("numeric", "decimal"):
        return bool(after) and (not before or _digits(before) > _digits(after) or before[1:] > after[1:])
    if now in _STRINGS:
        return now not in _TEXTS and bool(after)
    return was != now and (was, now) not in _SAFE


def drops_values(old: str, new: str, dialect: str) -> bool:
    """Tell whether a change of type goes through and still loses part of the values: digits, times, fractions."""
    if not old or not new or dialect == "sqlite":
        return False
    (was, before), (now, after) = parts(old), parts(new)
    decimals = ("numeric", "decimal", "real", "double precision", "double", "float")
    if was in decimals and now in _INTEGERS:
        return True
    if was in ("numeric", "decimal") and now == was and after:
        return (len(before) > 1 and len(after) <= 1) or (len(before) > 1 and len(after) > 1 and before[1] > after[1])
    if was.startswith("timestamp") or was == "datetime":
        return now in ("date", "time")
    return (was, now) == ("jsonb", "text[]") or (was in _TEXTS and now in ("bytea", "boolean"))


def _room(base: str, size: tuple[int, ...], dialect: str) -> int:
    if base in _TEXTS:
        return _TEXT_SIZE.get(base, 1 << 40) if dialect == "mysql" else 1 << 40
    return size[0] if size else (1 if base == "char" else 1 << 39)


def _digits(size: tuple[int, ...]) -> int:
    return size[0] - (size[1] if len(size) > 1 else 0)

"""What the parts of PostgreSQL's introspection share: queries for each major, names, grants, comments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gatepost.sql.types import normal_type

Row = Mapping[str, Any]
Pairs = dict[str, str]

_MEMBER = (
    "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '\\1'::regclass AND e.objid = \\2.oid"
    " AND e.deptype IN ('e', 'i') AND e.refclassid IN ('pg_extension'::regclass, 'pg_type'::regclass))"
)
_GRANTS = (
    r"\2::text[] AS acl, CASE WHEN \2 IS NOT NULL THEN acldefault('\1', \3)::text[] END AS usual,"
    r" pg_get_userbyid(\3) AS owner"
)
_MACROS = (
    (re.compile(r"\{user (\w+)\}"), r"(\1.nspname !~ '^pg_' AND \1.nspname <> 'information_schema')"),
    (re.compile(r"\{own (\w+) (\w+)\}"), _MEMBER),
    (re.compile(r"\{acl (\w) ([\w.]+) ([\w.]+)\}"), _GRANTS),
)
_SINCE = re.compile(r"\{(\d+)\+ ([^{}?]*) \?: ?([^{}]*)\}")


def query(sql: str, major: int) -> str:
    """Write a query out for a major: ``{14+ a ?: b}`` is a since 14, ``{own …}`` leaves out what extensions own."""
    while _SINCE.search(sql):
        sql = _SINCE.sub(lambda found: found[2] if major >= int(found[1]) else found[3], sql)
    for pattern, text in _MACROS:
        sql = pattern.sub(text, sql)
    return "SELECT coalesce(json_agg(to_json(asked)), '[]')::text FROM (" + sql + ") asked"  # noqa: S608 - ours


_PRIVILEGES = {
    "r": "select",
    "a": "insert",
    "w": "update",
    "d": "delete",
    "D": "truncate",
    "x": "references",
    "t": "trigger",
    "m": "maintain",
    "X": "execute",
    "U": "usage",
    "C": "create",
    "c": "connect",
    "T": "temporary",
    "s": "set",
    "A": "alter system",
}


@dataclass(slots=True)
class Catalog:
    """What is known while one schema is put together."""

    major: int
    comments: Mapping[tuple[str, str, int], str] = field(default_factory=dict)
    _types: dict[str, str] = field(default_factory=dict)

    def place(self, space: str | None, name: str) -> str:
        """Give the name of something in a schema as the model has it."""
        return name if space in (None, "", "public") else f"{space}.{name}"

    def type(self, text: str) -> str:
        """Give the canonical name of a type."""
        if text not in self._types:
            self._types[text] = normal_type(text, "postgresql")
        return self._types[text]

    def beside(self, row: Row, group: str, part: int = 0) -> Pairs:
        """Give what is kept beside a definition: owner, grants, comment."""
        found: Pairs = {}
        if row.get("owner"):
            found["owner"] = row["owner"]
        if row.get("acl") is not None:
            found |= pair("grants", grants(row["acl"], row.get("usual"), row.get("owner") or ""))
        return found | pair("comment", self.comments.get((group, row["oid"], part)))


def pair(key: str, value: object) -> Pairs:
    """Give an option, or none where it has no value."""
    if value is None or value is False or value == "":
        return {}
    return {key: "yes" if value is True else str(value)}


def settings(given: Sequence[str] | None) -> Pairs:
    """Give options such as ``{fillfactor=70}`` as pairs."""
    parts = (text.partition("=") for text in given or ())
    return {name: value for name, _, value in parts}


def listed(given: Sequence[str] | None) -> str | None:
    """Give options as one text, in order of their names."""
    return ", ".join(f"{name} = {value}" for name, value in sorted(settings(given).items())) or None


def grants(acl: Sequence[str], usual: Sequence[str] | None, owner: str) -> str | None:
    """Give privileges in words, None where they are those that everything begins with.

    Neither who granted nor the order is said; the owner is called so, whatever the role's name is.
    """
    given, begun = _by_role(acl, owner), _by_role(usual or (), owner)
    said = [
        f"{role}: {_words(given.get(role, ''))}"
        for role in sorted(given.keys() | begun.keys())
        if given.get(role) != begun.get(role)
    ]
    return "; ".join(said) or None


def _by_role(acl: Sequence[str], owner: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in acl:
        role, _, letters = item.rpartition("/")[0].rpartition("=")
        role = role.strip('"').replace('""', '"')
        role = "public" if not role else "owner" if role == owner else role
        found[role] = "".join(sorted(re.findall(r"\w\*?", found.get(role, "") + letters)))
    return found


def _words(letters: str) -> str:
    said = [
        _PRIVILEGES.get(part[0], part[0]) + (" with grant option" if part.endswith("*") else "")
        for part in re.findall(r"\w\*?", letters)
    ]
    return ", ".join(sorted(set(said))) or "nothing"

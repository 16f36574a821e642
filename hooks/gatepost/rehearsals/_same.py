"""Compare two introspected schemas: what is not as it was, and what no query sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gatepost.databases import _differences
from gatepost.databases._differences import Difference
from gatepost.databases._differences import differences as differ
from gatepost.databases._differences_left_out import Leave
from gatepost.sql.schema import Schema

__all__ = ["differences", "fingerprint"]

_QUIET = ("comment", "statistics", "storage")
_STAYING = ("extension", "schema")
# One server, one day: a dated partition is there because a script has made it.
_HERE = Leave(dated=False)
# Production has other roles than a scratch server, and perhaps a newer build of an extension.
_ELSEWHERE = Leave(facets=frozenset(("owner", "grants", "version")))


def fingerprint(schema: Schema) -> str:
    """Name what migrations make of a schema (SHA-256): the same on a scratch server and in production."""
    return _differences.fingerprint(schema, _ELSEWHERE)


def differences(before: Schema, after: Schema) -> tuple[list[str], list[str]]:
    """Say, object by object, what is not as it was; apart from that what no query sees."""
    found = list(_paired(differ(before, after, leave=_HERE)))
    small = [one for one in found if _small(one)]
    return [one.text for one in found if one not in small], [one.text for one in small]


def _small(one: Difference) -> bool:
    if one.grade != "hard" or one.facet == "name" or one.facet in _QUIET or one.facet.startswith("comment"):
        return True
    if one.facet == "values" and one.before is not None and one.after is not None:
        return set(one.before.split(", ")) <= set(one.after.split(", "))  # PostgreSQL takes no label away
    return one.kind in _STAYING and one.before is None


def _paired(found: Sequence[Difference]) -> Iterator[Difference]:
    """Turn "x is missing, y is more" with one definition into "x is called y"."""
    named = [one for one in found if one.kind in ("constraint", "index") and not one.facet]
    more = {(one.kind, one.table, one.after): one for one in named if one.before is None}
    missing = {(one.kind, one.table, one.before) for one in named if one.after is None}
    for one in found:
        other = more.get((one.kind, one.table, one.before)) if one in named and one.after is None else None
        if other is not None:
            text = f"{one.kind} {one.object} of {one.table} is called {other.object} now"
            yield Difference(one.kind, one.table, one.object, "name", one.object, other.object, text, "note")
        elif not (one in named and one.before is None and (one.kind, one.table, one.after) in missing):
            yield one

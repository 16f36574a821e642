"""Queries in the schema itself: views, and the statements in the bodies of functions and triggers.

PostgreSQL keeps its views right by itself: it renames in them, and refuses to drop what they use; the bodies of its
functions are only looked at when they run. What a body means by a name may be a variable: such a query is not certain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatepost.queries import Query
from gatepost.queries._text import is_query
from gatepost.sql.schema import Object, Schema
from gatepost.sql.splitter import split
from gatepost.sql.tokens import Dialect, tokens

LONGEST = 200_000
_BODIES = ("function", "procedure", "trigger", "event")
_PARTS = re.compile(r"(?i)\b(?:begin|declare|then|else|loop)\b")
_BLOCK = re.compile(r"(?i)\s*(?:if|elsif|elseif|else|for|while|loop|begin|declare|exception)\b")
_HEAD = re.compile(r"(?is)\s*(?:return\s+query|for\s+\w+\s+in|open\s+\w+\s+for|(perform))\s+")


def inside(before: Schema, after: Schema) -> Iterator[Query]:
    """Give the queries of what is there before a change, and still there, as it was, after it."""
    for place, found in before.objects.items():
        if found is None or after.objects.get(place) is not found or len(found.definition) > LONGEST:
            continue
        if found.kind in _BODIES:
            yield from _of_body(found, before.dialect)
        elif found.kind == "view" and before.dialect != "postgresql":
            head, _, text = f" {found.definition}".partition(" as ")
            if not head.strip() and is_query(text + " "):
                yield _query(found, text, before.dialect, certain=True)


def _query(found: Object, text: str, dialect: str, *, certain: bool) -> Query:
    return Query(text, "", 1, f"{found.kind} {found.name}", dialect, certain=certain, source="schema")


def _of_body(found: Object, dialect: str) -> Iterator[Query]:
    named: Dialect = dialect if dialect in ("postgresql", "mysql", "sqlite") else "postgresql"  # type: ignore[assignment]  # one of the three
    bodies = [token.text for token in tokens(found.definition, named) if token.kind == "body"]
    for body in bodies or ([found.definition] if named != "postgresql" else []):
        for statement in split(body, named):
            for text in _plain(statement.text):
                if is_query(text + " "):
                    yield _query(found, text, dialect, certain=False)


def _plain(text: str) -> Iterator[str]:
    """Take off what a procedural language puts around statements."""
    for part in _PARTS.split(text) if _BLOCK.match(text) else [text]:
        head = _HEAD.match(part)
        rest = part[head.end() :] if head else part
        yield f"SELECT {rest}" if head and head[1] else rest.strip()

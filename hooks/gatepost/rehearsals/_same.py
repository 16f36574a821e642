"""Compare two introspected schemas, and name one by its contents."""

from __future__ import annotations

import hashlib

from gatepost.sql import store
from gatepost.sql.compare import compare
from gatepost.sql.schema import Schema


def differences(before: Schema, after: Schema) -> tuple[list[str], list[str]]:
    """Say, object by object, what is not as it was; apart from that what no query sees."""
    found = compare(before, before, after)
    grave = [one.text for one in found if not one.small]
    return grave, [one.text for one in found if one.small]


def fingerprint(schema: Schema) -> str:
    """Name a schema by its contents (SHA-256)."""
    head, *lines = store.dump(schema).split("\n")
    return hashlib.sha256("\n".join([head, *sorted(lines)]).encode("utf-8", "surrogateescape")).hexdigest()

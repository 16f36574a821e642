"""Write a snapshot of staging as JSON and read it back; keep it in a file, or under a ref of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

from gatepost import blobs
from gatepost.errors import CannotJudge
from gatepost.git import Repository
from gatepost.model import printable
from gatepost.sql.operations import Column, Constraint, Index
from gatepost.sql.schema import Object, Schema, Table
from gatepost.sql.store import dump, load
from gatepost.staging import Staging
from gatepost.staging.ledgers import MOST

FORMAT = 1
LIMIT = 8 * 1024 * 1024  # ten thousand tables; reading it is a part of each push that migrates
KIND = "staging-snapshot"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")


def render(staging: Staging) -> str:
    """Give a snapshot as JSON, a line for each table: two of them can be compared by eye."""
    head, *tables = dump(staging.schema).split("\n")
    values = {
        "format": FORMAT,
        "kind": "gatepost staging snapshot",
        "environment": staging.environment,
        "at": staging.at,
        "engine": staging.engine,
        "version": staging.version,
        "extensions": sorted(staging.extensions),
        "applied": {table: list(versions) for table, versions in sorted(staging.applied.items())},
        "newest_only": list(staging.newest_only),
        "sizes": {name: list(size) for name, size in sorted(staging.sizes.items())},
        "index_use": dict(sorted(staging.index_use.items())),
    }
    parts = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in values.items()]
    inner = ",\n".join(f"  {line.replace(chr(9), ': ', 1)}" for line in sorted(tables))
    parts.append(f'"schema": {{"head": {head},\n "tables": {{\n{inner}\n}}}}')
    return "{" + ",\n ".join(parts) + "}\n"


def parse(raw: bytes, name: str) -> Staging:
    """Read a snapshot. Raises CannotJudge, with its name, where it is none."""
    try:
        data = json.loads(raw)
        if data["format"] != FORMAT:
            raise CannotJudge(f"{printable(name)}: is a snapshot of another format", "take it again, with this version")
        lines = [_compact(data["schema"]["head"])]
        lines += [f"{json.dumps(table)}\t{_compact(held)}" for table, held in data["schema"]["tables"].items()]
        return Staging(
            str(data["environment"]),
            str(data["at"]),
            str(data["engine"]),
            str(data["version"]),
            _read(load("\n".join(lines))),
            tuple(str(one) for one in data["extensions"]),
            {str(table): (int(rows), int(size)) for table, (rows, size) in data["sizes"].items()},
            {str(index): int(scans) for index, scans in data["index_use"].items()},
            _applied(data["applied"]),
            tuple(str(one) for one in data["newest_only"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        why = printable(f"{type(error).__name__}: {error}", 120)
        raise CannotJudge(
            f"{printable(name)}: cannot be read as a snapshot of staging: {why}", "gatepost schema dump --url … -o FILE"
        ) from None


def _applied(data: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    if sum(map(len, data.values())) > MOST:
        raise ValueError(f"more than {MOST} applied versions")
    return {str(table): tuple(str(one) for one in versions) for table, versions in data.items()}


def _read(schema: Schema) -> Schema:
    """Read every table at once, while it can still be said whose snapshot it is. Raises what a damaged one raises."""
    found: list[Any] = [*schema.objects.values()]
    for table in schema.tables.values():
        if table:
            found += [table, *table.columns.values(), *table.constraints.values(), *table.indexes.values()]
            if not all(_fits(value, str | None) for value in table.options.values()):
                raise ValueError(f"odd options of {table.name}")
    hints = {kind: get_type_hints(kind) for kind in (Table, Column, Constraint, Index, Object)}
    for part in found:
        if part is not None and not all(_fits(getattr(part, name), hint) for name, hint in hints[type(part)].items()):
            raise ValueError(f"odd values in {part.name}")
    return schema


def _fits(value: Any, hint: Any) -> bool:
    """Tell whether a value is of the kind that its annotation says; clients push snapshots."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return isinstance(value, str)
    if origin is tuple:
        kinds = (inner[0],) * len(value) if inner[-1] is Ellipsis and isinstance(value, tuple) else inner
        return isinstance(value, tuple) and len(value) == len(kinds) and all(map(_fits, value, kinds))
    if inner and origin is not Mapping:
        return any(_fits(value, one) for one in inner)
    return isinstance(value, origin or hint)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def ref(environment: str) -> str:
    """Give the ref under which the snapshot of an environment is published."""
    return blobs.STAGING + environment


def published(repo: Repository, environment: str) -> Staging | None:
    """Give the snapshot that was published last, None where there is none. Raises CannotJudge."""
    if not NAME.fullmatch(environment):  # it may come from a push, and is part of what git is asked
        raise CannotJudge(
            f"{printable(environment, 60)!r} cannot be the name of a snapshot", "letters, digits, . _ and -"
        )
    found = repo.objects.info(ref(environment))
    if found is None or found[1] != "blob":
        return None
    return parse(repo.objects.read(found[0], LIMIT, ref(environment)), ref(environment))


def keep(repo: Repository, staging: Staging) -> str:
    """Keep a snapshot under its ref in a repository; give the blob's id."""
    blob = blobs.write(repo, render(staging).encode("utf-8", "surrogateescape"))
    repo.run("update-ref", ref(staging.environment), blob)
    return blob


def summary(staging: Staging) -> dict[str, Any]:
    """Give what the record of a published snapshot says."""
    return {
        "environment": staging.environment,
        "engine": staging.engine,
        "version": staging.version,
        "taken": staging.at,
        "tables": len(staging.schema.tables),
        "applied": {table: versions[-1] for table, versions in sorted(staging.applied.items()) if versions},
    }

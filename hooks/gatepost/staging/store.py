"""Write a snapshot of staging as JSON and read it back; keep it in a file, or under a ref of its own."""

from __future__ import annotations

import json
from typing import Any

from gatepost.errors import CannotJudge
from gatepost.git import Repository
from gatepost.model import printable
from gatepost.sql.store import dump, load
from gatepost.staging import Staging

FORMAT = 1
LIMIT = 32 * 1024 * 1024
REFS = "refs/gatepost-staging/"
KIND = "staging-snapshot"


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
            load("\n".join(lines)),
            tuple(str(one) for one in data["extensions"]),
            {str(table): (int(rows), int(size)) for table, (rows, size) in data["sizes"].items()},
            {str(index): int(scans) for index, scans in data["index_use"].items()},
            {str(table): tuple(str(one) for one in versions) for table, versions in data["applied"].items()},
            tuple(str(one) for one in data["newest_only"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        why = printable(f"{type(error).__name__}: {error}", 120)
        raise CannotJudge(
            f"{printable(name)}: cannot be read as a snapshot of staging: {why}", "gatepost schema dump --url … -o FILE"
        ) from None


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def ref(environment: str) -> str:
    """Give the ref under which the snapshot of an environment is published."""
    return REFS + environment


def published(repo: Repository, environment: str) -> Staging | None:
    """Give the snapshot that was published last, None where there is none. Raises CannotJudge."""
    found = repo.objects.info(ref(environment))
    if found is None or found[1] != "blob":
        return None
    return parse(repo.objects.read(found[0], LIMIT, ref(environment)), ref(environment))


def keep(repo: Repository, staging: Staging) -> str:
    """Keep a snapshot under its ref in a repository; give the blob's id."""
    blob = repo.text("hash-object", "-w", "--stdin", stdin=render(staging).encode("utf-8", "surrogateescape"))
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

"""Put together what ``gatepost schema diff`` says: for a program as JSON values, for a person as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gatepost.errors import BLOCK, PASS, UNKNOWN
from gatepost.git import Change
from gatepost.migrations import History
from gatepost.model import printable
from gatepost.staging import Drift, Staging
from gatepost.staging.judge import aged, compare, entry, match, other_major, unfit
from gatepost.staging.produce import best, model

_MOST = 60


def report(
    change: Change, histories: Sequence[History], staging: Staging, settings: Drift, *, static: bool
) -> dict[str, Any]:
    """Compare every history with a snapshot; ``exit`` is 1 where it drifted and 3 where nothing could be told."""
    compared, said = [], []
    for history in histories:
        known = match(staging, history)
        reason = unfit(staging, history, known)
        if reason:
            said.append(reason)
            continue
        done = known.done
        way = model(change, history, done) if static else best(change, history, done, staging, settings)
        found = compare(history, staging, settings, known, way)
        compared.append({**entry(found, staging), "compared": way.how})
        said += [*way.notes, *filter(None, [other_major(staging, history)])]
    old = aged(staging, settings) if compared else ""
    drifted = any(one["drifted"] or one["unknown"] for one in compared)
    doubtful = not compared or any(one["doubts"] for one in compared)
    return {
        "format": 1,
        "environment": staging.environment,
        "taken": staging.at,
        "histories": compared,
        "notes": [*dict.fromkeys(said), *([old] if old else [])],
        "exit": BLOCK if drifted else UNKNOWN if doubtful else PASS,
    }


def as_text(found: dict[str, Any]) -> str:
    """Give the report for a person."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: dict[str, Any]) -> Iterator[str]:
    for one in found["histories"]:
        root = printable(one["path"] or ".")
        yield f"{printable(one['environment'])} ({one['server']}, {one['taken'][:16]}) and {root}: {one['compared']}"
        yield f"  applied    up to {printable(str(one['applied']))}, {len(one['pending'])} pending"
        for version in one["unknown"][:_MOST]:
            yield f"  unknown    {printable(version)} was applied there and is not in this history"
        yield from _drifted(one)
        yield from _coming(one)
    for note in found["notes"]:
        yield f"note: {printable(note, 400)}"
    yield {
        PASS: "no drift",
        BLOCK: "drifted: write what was done by hand as a migration, or take it back there",
        UNKNOWN: "could not be compared",
    }[found["exit"]]


def _drifted(one: dict[str, Any]) -> Iterator[str]:
    for item in one["drifted"][:_MOST]:
        yield f"  drift      {printable(item['text'], 300)}"
    if len(one["drifted"]) > _MOST:
        yield f"  drift      and {len(one['drifted']) - _MOST} more: --format json"
    if one["doubts"]:
        yield f"  doubt      not compared: {printable(one['doubts'][0], 200)}"


def _coming(one: dict[str, Any]) -> Iterator[str]:
    for item in one["coming"][:_MOST]:
        subject = ".".join(part for part in (item["table"], item["object"]) if part)
        place = f"{printable(item['path'], 80)}:{item['line']}"
        rules = "".join(f"; {rule}" for rule in item["rules"])
        yield f"  coming     {item['operation']} {printable(subject, 100)}{_weight(item)}{rules}  {place}"
    if len(one["coming"]) > _MOST:
        yield f"  coming     and {len(one['coming']) - _MOST} more: --format json"


def _weight(item: dict[str, Any]) -> str:
    if not item["lock"]:
        return ""
    rows = f" on {item['rows']:,} rows, {_size(item['bytes'])}" if item["rows"] is not None else ""
    work = f", rows {item['reads']}" if item["reads"] else ""
    return f": {item['lock']} lock{rows}{work}; blocks {item['blocks']}"


def _size(size: int) -> str:
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"

"""Write a plan as plain data and read it back; its digest names exactly what was planned."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from gatepost.errors import UsageError
from gatepost.rollbacks import RollbackPlan

FORMAT = 1
LIMIT = 2000  # entries of one list: a stored plan of more is none of ours


def as_data(plan: RollbackPlan) -> dict[str, Any]:
    """Give the plan as JSON has it, with its digest."""
    data: dict[str, Any] = {"format": FORMAT, **_plain(plan)}
    return data | {"digest": digest(data)}


def digest(data: Mapping[str, Any]) -> str:
    """Give the digest of a plan's data: 64 hexadecimal digits that change with any value."""
    counted = {key: value for key, value in data.items() if key in _NAMES}
    text = json.dumps(counted, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def from_data(data: Mapping[str, Any]) -> RollbackPlan:
    """Read a stored plan; UsageError where it is none, or was edited after its digest was made."""
    if data.get("format") != FORMAT:
        raise UsageError("this is no rollback plan of a format that is known here", "update gatepost")
    try:
        plan = _read(RollbackPlan, {key: value for key, value in data.items() if key in _NAMES}, "plan")
    except (TypeError, ValueError, KeyError, RecursionError) as error:
        raise UsageError(f"this is no rollback plan: {error}", "gatepost rollback plan makes one") from None
    if data.get("digest") != digest(data):
        raise UsageError(
            "the rollback plan was edited after its digest was made; it is not used",
            "take the one that is stored with the deploy: git fetch origin +refs/notes/gatepost:refs/notes/gatepost",
        )
    assert isinstance(plan, RollbackPlan)
    return plan


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name.rstrip("_"): _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, (tuple, list)):
        return [_plain(entry) for entry in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()  # a path may hold bytes that are no UTF-8
    return value


_NAMES = frozenset(("format", *(item.name.rstrip("_") for item in fields(RollbackPlan))))


def _read(kind: Any, value: Any, where: str) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return None if value is None else _read(next(arg for arg in inner if arg is not type(None)), value, where)
    if origin is Literal:
        if value not in inner:
            raise ValueError(f"{where}: {value!r}")
        return value
    if origin is tuple:
        if not isinstance(value, list) or len(value) > LIMIT:
            raise TypeError(f"{where}: must be a list")
        return tuple(_read(inner[0], entry, f"{where}[{number}]") for number, entry in enumerate(value))
    if is_dataclass(kind):
        return _object(kind, value, where)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise TypeError(f"{where}: must be {kind.__name__}")
    return value


def _object(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise TypeError(f"{where}: must be an object")
    hints, given = get_type_hints(kind), {}
    for item in fields(kind):
        name = item.name.rstrip("_")
        if name in value:
            given[item.name] = _read(hints[item.name], value[name], f"{where}.{name}")
        elif item.default is MISSING and item.default_factory is MISSING:
            raise KeyError(f"{where}.{name} is missing")
    return kind(**given)

"""Find what a package of gatepost's own offers: one module, one constant, no list to edit."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def load(package: ModuleType, constant: str, kind: type[T]) -> tuple[T, ...]:
    """Give ``constant`` of each module of ``package``, in the order of the modules' names.

    Modules whose name begins with an underscore are helpers and are passed over. A module without
    the constant, or with one of another type, is a programming error and raises TypeError.
    """
    found = _load(package.__name__, tuple(package.__path__), constant)
    for name, value in found:
        if not isinstance(value, kind):
            raise TypeError(f"{name}.{constant} must be a {kind.__name__}")
    return tuple(value for _, value in found)  # type: ignore[misc]  # checked by the loop above


@cache
def _load(package: str, path: tuple[str, ...], constant: str) -> tuple[tuple[str, object], ...]:
    names = sorted(info.name for info in pkgutil.iter_modules(path) if not info.name.startswith("_"))
    modules = [importlib.import_module(f"{package}.{name}") for name in names]
    return tuple((module.__name__, getattr(module, constant, None)) for module in modules)

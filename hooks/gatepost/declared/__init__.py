"""One file per kind of declared schema: what a tool writes down beside the migrations, read into a Schema.

Rails loads ``schema.rb`` into every new database, dbmate and Rails dump SQL, Prisma generates its client from
``schema.prisma``. Two ways to one schema must agree: the database of a new developer, of CI, and of production.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from gatepost import registry
from gatepost.sql.schema import Schema

__all__ = ["Declared", "formats"]


@dataclass(frozen=True, slots=True)
class Declared:
    """One kind of declared schema; each module of this package has one as ``DECLARED``.

    ``frameworks`` are those whose tools write it, ``paths`` gives where it stands for a directory of migrations,
    ``read`` gives what it declares, with ``doubts`` where it could not be followed; ``command`` writes it anew.
    """

    name: str
    summary: str
    frameworks: tuple[str, ...]
    paths: Callable[[str], tuple[str, ...]]
    read: Callable[[str, str], Schema]
    command: str


def formats() -> tuple[Declared, ...]:
    """Give every kind there is."""
    return registry.load(sys.modules[__name__], "DECLARED", Declared)

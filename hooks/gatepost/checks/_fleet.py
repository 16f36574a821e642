"""The nouns and settings of the fleet: services, what they run, and what is expected of all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from gatepost.policy import LOWER

DEPLOYED = ("refs/deployed/production", "refs/deployed/prod")


@dataclass(frozen=True, slots=True)
class Service:
    """``[[fleet.service]]``: a repository on the same server (a glob is fine), or a directory of this one.

    ``ref`` is what is deployed; without it refs/deployed/production, else HEAD. ``hidden``: its name is
    not shown to those who push to other repositories.
    """

    name: str
    repository: str = ""
    path: str = ""
    ref: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Expect:
    """``[[fleet.expect]]``: the range that a package is expected in, why, whose decision it is, until when.

    ``file`` names a file of this repository instead, whose constraints, catalog or platform counts.
    """

    package: str = ""
    range: str = ""
    because: str = ""
    owner: str = ""
    expires: date | None = None
    strength: Literal["require", "prefer"] = field(default="require", metadata=LOWER)
    file: str = ""


@dataclass(frozen=True, slots=True)
class Fleet:
    """``[fleet]``: services, expectations, and a published snapshot for where the services are out of reach."""

    service: tuple[Service, ...] = field(default=())
    expect: tuple[Expect, ...] = field(default=())
    snapshot: str = ""


class Use(NamedTuple):
    """How one service uses one package; ``range`` is empty where no manifest of it asks."""

    ecosystem: str
    name: str
    versions: tuple[str, ...]
    range: str = ""
    scope: str = "prod"
    direct: bool = False
    where: str = ""


class Stock(NamedTuple):
    """All that one service uses."""

    service: str
    uses: tuple[Use, ...]
    hidden: bool = False


def purl(ecosystem: str, name: str) -> str:
    """Write a package's name as a package URL without a version."""
    from urllib.parse import quote

    return f"pkg:{ecosystem}/{quote(name, safe='/')}"


def from_purl(text: str) -> tuple[str, str]:
    """Split a package URL into ecosystem and name; a version is left out. ("", "") where it is none."""
    from urllib.parse import unquote

    if not text.startswith("pkg:") or "/" not in text:
        return "", ""
    kind, _, name = text[4:].partition("/")
    name = unquote(name.partition("?")[0].partition("#")[0])
    return kind, name[0] + name[1:].partition("@")[0] if name else ""

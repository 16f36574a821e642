"""Split what PEP 508 allows in one line: name, extras, specifier or URL, marker."""

from __future__ import annotations

import re
from typing import NamedTuple

from gatepost.lockfiles._text import archive, git, local, pypi_name

_LINE = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]{0,200}[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?\s*(.*)", re.DOTALL)


class Requirement(NamedTuple):
    """One requirement; ``source`` is set where it names a URL instead of a range."""

    name: str
    range: str
    source: str
    marker: str


def requirement(text: str) -> Requirement | None:
    """Split one requirement, or give None where it is none."""
    found = _LINE.fullmatch(text.strip())
    if not found:
        return None
    rest = found[3].strip()
    if rest.startswith("@"):
        url, _, marker = rest[1:].strip().partition(" ;")
        return Requirement(pypi_name(found[1]), "", source_of(url.strip()), marker.strip())
    wanted, _, marker = rest.partition(";")
    wanted = wanted.strip()
    if wanted.startswith("(") and wanted.endswith(")"):
        wanted = wanted[1:-1].strip()
    if wanted and wanted[0] not in "=<>!~":
        return None
    return Requirement(pypi_name(found[1]), ",".join(part.strip() for part in wanted.split(",")), "", marker.strip())


def source_of(url: str) -> str:
    """Name the source that a direct reference gives."""
    if url.startswith(("git+", "hg+", "svn+", "bzr+")):
        head, at, ref = url.partition("#")[0].rpartition("@")
        return git(head, ref) if at and "/" not in ref and ":" not in ref else git(url.partition("#")[0])
    if url.startswith("file:") or "://" not in url:
        return local(url.removeprefix("file://").removeprefix("file:"))
    return archive(url)

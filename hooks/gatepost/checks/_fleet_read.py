"""Read what the services of a fleet use: from sibling repositories, directories, or a published snapshot."""

from __future__ import annotations

import glob
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gatepost.checks._dependencies_groups import Group
from gatepost.checks._dependencies_sides import read_side
from gatepost.checks._fleet import DEPLOYED, Service, Stock, Use
from gatepost.errors import GatepostError
from gatepost.git import FILE_LIMIT, Repository, Snapshot
from gatepost.lockfiles._files import Reader, format_of
from gatepost.model import printable
from gatepost.paths import join

DEPTH = 4
DIRECTORIES = 2000
REPOSITORIES = 2000
SKIPPED = frozenset(("node_modules", "vendor", "third_party", "testdata", "fixtures", "__fixtures__", ".git", "dist"))
VERSION = 1


@dataclass(slots=True)
class Cache:
    """What trees were found to use, kept by their object ids: content never goes stale."""

    file: Path | None = None
    known: dict[str, list[list[Any]]] = field(default_factory=dict)
    used: dict[str, list[list[Any]]] = field(default_factory=dict)

    @classmethod
    def load(cls, file: Path | None) -> Cache:
        """Read the cache; an absent or damaged one is empty."""
        cache = cls(file)
        if file is not None:
            with suppress(OSError, ValueError):
                data = json.loads(file.read_bytes())
                if isinstance(data, dict) and data.get("format") == VERSION and isinstance(data.get("trees"), dict):
                    cache.known = data["trees"]
        return cache

    def save(self) -> None:
        """Write what was used, where it differs; a directory that cannot be written is no error."""
        if self.file is None or self.used == self.known:
            return
        with suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.file.with_suffix(".new")
            fresh.write_text(json.dumps({"format": VERSION, "trees": self.used}, separators=(",", ":")), "utf-8")
            fresh.replace(self.file)


def cache_file(repo: Repository) -> Path | None:
    """Give the place of the cache: in the git directory, so that it is never pushed."""
    with suppress(GatepostError):
        return Path(repo.path, repo.text("rev-parse", "--git-common-dir")) / "gatepost" / "fleet.json"
    return None


def stocks(
    repo: Repository, head: Snapshot, services: Sequence[Service], cache: Cache, problems: list[str]
) -> list[Stock]:
    """Give what each service but our own repository uses; ``problems`` takes those that cannot be read."""
    found: list[Stock] = []
    for service in services:
        if not service.repository:
            try:
                found.append(_stock(service.name, head, service.path, service.hidden, cache))
            except GatepostError as error:
                problems.append(f"fleet: {printable(service.name, 60)}: {error.message}")
            continue
        places = list(repositories(repo, service.repository))
        if not places:
            problems.append(
                f"fleet: {printable(service.name, 60)}: no repository at {printable(service.repository, 100)}"
            )
        for place in places:
            if _same(place, repo):
                continue
            name = service.name if len(places) == 1 else place.name.removesuffix(".git")
            try:
                found.append(_sibling(name, place, service, cache))
            except GatepostError as error:
                problems.append(f"fleet: {'a service' if service.hidden else printable(name, 60)}: {error.message}")
    return found


def repositories(repo: Repository, pattern: str) -> Iterator[Path]:
    """Give the repositories that a glob names, relative to our own repository's directory."""
    base = repo.path.absolute()
    found = glob.glob(str(base / pattern))  # noqa: PTH207 - Path.glob takes neither ".." nor absolute patterns
    for place in sorted(found)[:REPOSITORIES]:
        path = Path(place)
        if path.is_dir() and ((path / "HEAD").exists() or (path / ".git").exists()):
            yield path


def _same(place: Path, repo: Repository) -> bool:
    return place.resolve() == repo.path.resolve()


def _sibling(name: str, place: Path, service: Service, cache: Cache) -> Stock:
    # A hook's variables point at our own repository and its quarantine: none of them may reach a sibling.
    with Repository(place, own=False, client=False) as other:
        for ref in (service.ref,) if service.ref else (*DEPLOYED, "HEAD"):
            tree = other.resolve(ref, "tree")
            if tree is not None:
                return _stock(name, Snapshot(other, tree), service.path, service.hidden, cache)
    raise GatepostError(f"has no {printable(service.ref or 'HEAD', 80)}")


def _stock(name: str, snapshot: Snapshot, path: str, hidden: bool, cache: Cache) -> Stock:
    root = snapshot.entry(path.strip("/"))
    if root is None or not root.is_tree:
        raise GatepostError(f"has no directory {printable(path, 80)}")
    key = f"{root.oid}:{path.strip('/')}"
    rows = cache.used.get(key) or cache.known.get(key)
    if rows is None:
        rows = [list(use) for use in uses(snapshot, path.strip("/"))]
    cache.used[key] = rows
    return Stock(name, tuple(_use(row) for row in rows), hidden)


def _use(row: list[Any]) -> Use:
    ecosystem, name, versions, *rest = row
    return Use(ecosystem, name, tuple(versions), *rest)


def uses(snapshot: Snapshot, root: str) -> list[Use]:
    """Give what the locks and manifests below a directory use; what cannot be read is passed over here."""
    reader = Reader(FILE_LIMIT)
    found: dict[tuple[str, str], Use] = {}
    for group in _groups(snapshot, root):
        side = read_side(reader, snapshot, group, head=True)
        scopes = side.graph.scopes()
        for name in sorted(side.graph.names.keys() | side.graph.declared.keys()):
            pins = side.graph.names.get(name, [])
            if any(pin.own for pin in pins):
                continue
            asked = side.graph.declared.get(name)
            versions = tuple(sorted({pin.version for pin in pins}))
            where = (asked.manifest if asked else "") or join(group.directory, "")
            scope = scopes.get(name) or (asked.scope if asked else "") or "prod"
            use = Use(group.ecosystem, name, versions, asked.range if asked else "", scope, asked is not None, where)
            known = found.get((group.ecosystem, name))
            found[group.ecosystem, name] = use if known is None else _joined(known, use)
    return list(found.values())


def _joined(one: Use, other: Use) -> Use:
    """Put two uses of one package within a service together: the direct one, for production, leads."""
    first, second = sorted((one, other), key=lambda use: (not use.direct, use.scope != "prod"))
    return first._replace(versions=tuple(sorted({*first.versions, *second.versions})))


def _groups(snapshot: Snapshot, root: str) -> Iterator[Group]:
    places, seen = [(root, 0)], 0
    while places and seen < DIRECTORIES:
        directory, depth = places.pop(0)
        seen += 1
        found: dict[str, Group] = {}
        for entry in snapshot.children(directory):
            if entry.is_tree:
                if depth < DEPTH and entry.name not in SKIPPED:
                    places.append((entry.path, depth + 1))
                continue
            form = format_of(entry.path)
            if form is None or not entry.is_file:
                continue
            group = found.setdefault(form.ecosystem, Group(form.ecosystem, directory))
            if form.kind == "manifest":
                group.manifests.add(entry.path)
            else:
                group.new.append((form, entry.path))
        yield from found.values()


def dump(found: Sequence[Stock]) -> str:
    """Write a snapshot of the fleet, for clients that cannot see the other repositories."""
    services = [
        {"name": stock.service, "uses": [list(use) for use in stock.uses]} for stock in found if not stock.hidden
    ]
    return json.dumps({"format": VERSION, "services": services}, indent=1) + "\n"


def load(raw: bytes) -> list[Stock]:
    """Read a published snapshot. Raises ValueError where it is none."""
    data = json.loads(raw)
    if not isinstance(data, Mapping) or data.get("format") != VERSION or not isinstance(data.get("services"), list):
        raise ValueError("is no snapshot of a fleet (format 1)")
    return [Stock(str(entry["name"]), tuple(_use(row) for row in entry["uses"])) for entry in data["services"]]


def identity(raw: bytes) -> str:
    """Give a short name for the bytes of a snapshot."""
    return hashlib.sha256(raw).hexdigest()[:12]

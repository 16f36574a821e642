"""Put the fleet together that counts for a change: the policy's, and that of fleet.toml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from gatepost.checks._fleet import Expect, Fleet, purl
from gatepost.errors import NotAFile, PolicyError, TooLarge
from gatepost.git import Repository, Snapshot
from gatepost.lockfiles import File, Unreadable
from gatepost.lockfiles import _files as files
from gatepost.policy import Policy, Setting, Vocabulary, parse_policy, parse_toml

FILE = "fleet.toml"
LIMIT = 1024 * 1024


def fleet_of(policy: Policy, repo: Repository, base: Snapshot) -> Fleet:
    """Give the fleet: gatepost.toml's, then that of fleet.toml in the server's directory and in the base tree."""
    # What is pushed may not name services, nor soften what is expected of them.
    own = replace(policy, pushed=None).get("fleet", Fleet)
    found = [own, *_further(repo, base)]
    return Fleet(
        tuple(service for fleet in found for service in fleet.service),
        tuple(expect for fleet in found for expect in fleet.expect),
        next((fleet.snapshot for fleet in found if fleet.snapshot), ""),
    )


def _further(repo: Repository, base: Snapshot) -> Iterator[Fleet]:
    on_server = Path(repo.path) / FILE
    if (Path(repo.path) / "objects").is_dir() and on_server.is_file():
        yield _parse(on_server.read_bytes()[: LIMIT + 1], str(on_server))
    try:
        if base.entry(FILE) is not None:
            yield _parse(base.read(FILE, LIMIT), FILE)
    except (NotAFile, TooLarge) as error:
        raise PolicyError([error.message]) from None


def _parse(raw: bytes, file: str) -> Fleet:
    data: dict[str, Any] = parse_toml(raw, file)
    words = Vocabulary(lambda: (Setting("fleet", lambda: Fleet),), tuple)
    policy = parse_policy(data if "fleet" in data else {"fleet": data}, file, words)
    return policy.get("fleet", Fleet)


def expectations(expected: Iterable[Expect], snapshot: Snapshot, problems: list[str]) -> list[Expect]:
    """Give the expectations, those of constraints files, catalogs and platforms written out."""
    found: list[Expect] = []
    for expect in expected:
        if not expect.file:
            found.append(expect)
            continue
        try:
            ranges = _ranges(snapshot, expect.file)
        except (Unreadable, NotAFile, TooLarge) as error:
            problems.append(f"fleet: {error.message}")
            continue
        because = expect.because or f"said in {expect.file}"
        found += [replace(expect, package=purl(kind, n), range=r, because=because, file="") for kind, n, r in ranges]
    return found


def _ranges(snapshot: Snapshot, path: str) -> list[tuple[str, str, str]]:
    form = files.format_of(path)
    if form is None and path.endswith((".txt", ".in")):
        form = files.format_of("requirements.txt")  # constraints.txt, by whatever name
    if form is None:
        raise Unreadable(f"{path}: no format reads expectations from it")
    lock = files.read(form, File(path, snapshot.read(path, LIMIT)))
    if lock.expectations:
        return [(form.ecosystem, name, text) for name, text in lock.expectations.items()]
    return [(form.ecosystem, d.name, d.range) for d in lock.declared if d.range]

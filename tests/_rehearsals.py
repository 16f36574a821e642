"""Histories of small migrations, and their rehearsal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from conftest import Repo
from gatepost.gate import read_policy
from gatepost.rehearsals import Rehearsal, Rehearsed
from gatepost.rehearsals.runner import rehearse
from gatepost.rehearsals.stage import Asked

POLICY = '[[migrations]]\npath = "db"\nframework = "golang-migrate"\ndialect = "{dialect}"\n'


def files(number: int, up: str, down: str | None) -> dict[str, str]:
    """Give the files of one migration."""
    made = {f"db/{number:03d}_m.up.sql": up}
    return made if down is None else made | {f"db/{number:03d}_m.down.sql": down}


def rehearsal(
    repo: Repo,
    base: str,
    *steps: tuple[str, str | None],
    dialect: str = "sqlite",
    policy: str = "",
    asked: Asked | None = None,
    more: Mapping[str, str] | None = None,
) -> Rehearsal:
    """Rehearse steps on top of one migration."""
    text = POLICY.format(dialect=dialect) + policy
    first = repo.commit({"gatepost.toml": text, **files(1, base, "SELECT 1;"), **(more or {})})
    made: dict[str, str] = {}
    for number, (up, down) in enumerate(steps, 2):
        made |= files(number, up, down)
    change = repo.change(first, repo.commit(made))
    with change.repo:
        (found,) = rehearse(change, read_policy(change)[0], asked or Asked())
    return found


def alone(repo: Repo, base: str, up: str, down: str | None, dialect: str = "sqlite", policy: str = "") -> Rehearsed:
    """Rehearse one migration on top of another; what took how long is left out."""
    (one,) = rehearsal(repo, base, (up, down), dialect=dialect, policy=policy).migrations
    return replace(one, up_ms=0, down_ms=0)

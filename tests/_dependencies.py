"""Small locks for the tests, and a short way to judge a change of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from gatepost.checks.dependencies import CHECK
from gatepost.git import Change
from gatepost.lockfiles import File, Lock
from gatepost.lockfiles._files import format_of, read
from gatepost.model import Outcome
from gatepost.policy import Policy

HASH = "sha512-" + "A" * 86 + "=="
OTHER = "sha512-" + "B" * 86 + "=="


def parse(path: str, raw: str | bytes, beside: Mapping[str, bytes] | None = None) -> Lock:
    """Read one file as its format does."""
    form = format_of(path)
    assert form is not None, path
    data = raw.encode() if isinstance(raw, str) else raw
    return read(form, File(path, data, (beside or {}).get))


def judge(change: Change, policy: Policy | None = None) -> Outcome:
    """Run the check."""
    assert CHECK.relevant(change, policy or Policy())
    return CHECK.run(change, policy or Policy())


def changes(outcome: Outcome) -> dict[str, dict[str, Any]]:
    """Give the entries of the report by name."""
    return {entry["name"]: entry for entry in outcome.sections["dependencies"]["changes"]}


def rules(outcome: Outcome) -> list[tuple[str, str]]:
    """Give the rule (after the slash) and level of each finding, sorted."""
    return sorted((f.rule.id.partition("/")[2], f.effective_level) for f in outcome.findings)


def manifest(prod: Mapping[str, str] = {}, dev: Mapping[str, str] = {}, **more: object) -> str:
    """Write a package.json."""
    data = {"name": "app", "private": True, "dependencies": prod, "devDependencies": dev, **more}
    return json.dumps({key: value for key, value in data.items() if value != {}}, indent=2) + "\n"


def npm_lock(
    packages: Mapping[str, tuple[str, Iterable[str]]],
    prod: Mapping[str, str] = {},
    dev: Mapping[str, str] = {},
    entry: Mapping[str, Any] = {},
) -> str:
    """Write a package-lock.json, version 3: name -> (version, names that it requires); ``entry`` overlays all."""
    root = {"name": "app", "dependencies": dict(prod), "devDependencies": dict(dev)}
    table: dict[str, Any] = {"": {key: value for key, value in root.items() if value}}
    for name, (version, requires) in packages.items():
        table[f"node_modules/{name}"] = {
            "version": version,
            "resolved": f"https://registry.npmjs.org/{name}/-/{name}-{version}.tgz",
            "integrity": HASH,
            **({"dependencies": dict.fromkeys(requires, "*")} if requires else {}),
            **entry,
        }
    return json.dumps({"name": "app", "lockfileVersion": 3, "packages": table}, indent=2) + "\n"

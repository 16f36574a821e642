"""Run the cases: ``cases/<check>/<name>/base`` and ``head`` are trees, ``expect.json`` the whole answer.

``expect.json`` holds ``verdict``, every finding (rule, level, path, line, message, fix, data,
suppressed), what was skipped, and those sections that it names. ``GATEPOST_WRITE_CASES=1 pytest
tests/test_cases.py`` writes the answers anew (an empty ``expect.json`` is a new case); read the
difference before you commit it. A file ``links.json`` beside ``base`` and ``head`` may name paths that
are symlinks: ``{"head/x": "target"}``.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conftest import Content, Repo
from gatepost.gate import evaluate, read_policy
from gatepost.reports.json import FORMAT

CASES = Path(__file__).parent / "cases"
SCHEMA = jsonschema.Draft202012Validator(
    json.loads((CASES.parents[1] / "docs" / "report.schema.json").read_text(encoding="utf-8"))
)
FIELDS = ("rule", "level", "path", "line", "message", "fix", "data", "suppressed")


def all_cases() -> list[Path]:
    return sorted(file.parent for file in CASES.glob("*/*/expect.json"))


def read_tree(case: Path, side: str) -> dict[str, Content]:
    folder = case / side
    files: dict[str, Content] = {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()
    }
    links = case / "links.json"
    for path, target in (json.loads(links.read_text()) if links.exists() else {}).items():
        if path.startswith(side + "/"):
            files[path.partition("/")[2]] = ("120000", target.encode())
    return files


def run(case: Path, repo: Repo) -> dict[str, Any]:
    base, head = read_tree(case, "base"), read_tree(case, "head")
    first = repo.commit(base)
    second = repo.commit({**dict.fromkeys(base), **head})
    change = repo.change(first, second)
    policy, invalid = read_policy(change)
    report = evaluate(change, policy, extra=invalid)
    change.repo.close()
    answer: dict[str, Any] = json.loads(FORMAT.render(report))
    SCHEMA.validate(answer)
    return answer


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: f"{case.parent.name}/{case.name}")
def test_case(case: Path, repo: Repo) -> None:
    answer = run(case, repo)
    file = case / "expect.json"
    wanted = json.loads(file.read_text() or "{}")
    named = wanted.get("sections", {}) if wanted else [n for n in answer["sections"] if n == case.parent.name]
    got = {
        "verdict": answer["verdict"],
        "findings": [{key: finding[key] for key in FIELDS} for finding in answer["findings"]],
        "skipped": answer["skipped"],
        "sections": {name: answer["sections"].get(name) for name in named},
    }
    if os.environ.get("GATEPOST_WRITE_CASES"):
        file.write_text(json.dumps(got, indent=2, ensure_ascii=False) + "\n")
    else:
        assert got == wanted

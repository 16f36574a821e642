"""The dependency audit for people, in Markdown and HTML."""

from __future__ import annotations

import re
from typing import Any

import pytest

from _reports import EVIL, make
from gatepost import reports
from gatepost.model import Report
from gatepost.reports._dependencies import LISTED, ROWS, SERVICES, audit
from gatepost.reports._recorded import report_of

BOTH = pytest.mark.parametrize("name", ["markdown", "html"])


def entry(name: str, *facts: str, **more: Any) -> dict[str, Any]:
    """Give an entry of ``dependencies.changes``."""
    found: dict[str, Any] = {
        "ecosystem": "npm",
        "directory": "",
        "lockfile": "package-lock.json",
        "name": name,
        "facts": list(facts),
        "old": [],
        "new": ["1.0.0"],
        "direct": False,
        "scope": "prod",
        "why": [],
        "introducers": [],
        "explained": True,
    }
    return found | more


def verdict(name: str, word: str, *theirs: tuple[str | None, str], **more: Any) -> dict[str, Any]:
    """Give an entry of ``dependencies.fleet``."""
    uses = [{"service": service, "versions": [version], "range": None, "scope": "prod"} for service, version in theirs]
    ours = {"versions": ["1.0.0"], "range": "^1.0.0", "scope": "prod"}
    return {"ecosystem": "npm", "name": name, "verdict": word, "ours": ours, "theirs": uses, "before": False, **more}


def test_a_record_that_was_cut_tells_the_counts_of_its_summary() -> None:
    section = {
        "summary": {"packages": 900, "added": 899, "downgraded": 1},
        "changes": [entry("a", "added")],
        "fleet": [],
    }
    stored = {
        "kind": "dependency-audit",
        "commit": "b" * 40,
        "verdict": "review",
        "cut": 2_000_000,
        "dependencies": section,
        "findings": [{"rule": "dependency/added", "level": "warning", "message": "new", "path": "x", "line": "odd"}, 7],
    }
    found = report_of(stored)
    assert found is not None
    assert found.verdict == "review"
    page = reports.get("markdown").render(found)
    assert "900 packages changed (1 of them below): 899 added, 1 downgraded" in page
    assert "2000000 bytes" in page
    assert report_of({"kind": "deploy"}) is None


def test_a_record_without_its_findings_still_tells_its_verdict() -> None:
    found = report_of({"kind": "verdict", "commit": "b" * 40, "verdict": "block", "cut": 9, "change": 7})
    assert found is not None
    assert [skip.reason for skip in found.skipped][-1] == "the verdict that was recorded is block"


def report(*changes: dict[str, Any], fleet: list[dict[str, Any]] | None = None) -> Report:
    return make(sections={"dependencies": {"summary": {}, "changes": list(changes), "fleet": fleet or []}})


def pushed() -> Report:
    return report(
        entry("left", "added", direct=True),
        entry("right", "added-transitive", introducers=["left", "up"], why=["left", "right"]),
        entry("down", "downgraded", old=["2.0.0"], explained=False),
        entry("moved", "source-changed", old=["1.0.0"], source={"old": [""], "new": ["git:https://u:pw@h.example/x"]}),
        entry("rehashed", "integrity-changed", old=["1.0.0"], integrity="replaced"),
        fleet=[
            verdict("left", "conflict", ("billing", "2.0.0"), (None, "3.0.0")),
            verdict("right", "outside-expectation", expected={"range": "^2", "because": "shared", "owner": ""}),
            verdict("down", "drift", ("web", "2.0.0")),
        ],
    )


def test_the_first_screen_has_what_one_would_look_at_first() -> None:
    found = audit(pushed())
    assert found is not None
    assert found.line.startswith("5 packages changed: 1 added, 1 added-transitive, 1 downgraded")
    assert found.line.endswith("1 unexplained, 3 verdicts of the fleet")
    assert found.first.rows == (
        ("unexplained", "1", "down 2.0.0 → 1.0.0"),
        ("downgraded", "1", "down 2.0.0 → 1.0.0"),
        ("from elsewhere", "1", "moved: the registry → git:https://h.example/x"),
        ("other hash", "1", "rehashed 1.0.0 replaced"),
        ("outside of what the fleet expects", "1", "right ^1.0.0, expected ^2 (shared)"),
        ("in conflict with the fleet", "1", "left ^1.0.0 against billing 2.0.0, not shown 3.0.0"),
        ("new, asked for", "1", "left 1.0.0"),
        ("new, brought along", "1", "right 1.0.0 by left and 1 more"),
    )


def test_the_matrix_has_packages_by_services() -> None:
    found = audit(pushed())
    assert found is not None
    assert found.matrix is not None
    assert found.matrix.columns == ("package", "verdict", "this push", "billing", "not shown", "web")
    assert found.matrix.rows == (
        ("left", "conflict", "1.0.0", "2.0.0", "3.0.0", ""),
        ("down", "drift", "1.0.0", "", "", "2.0.0"),
    )
    assert "The fleet: who runs what" in reports.get("html").render(pushed())


@BOTH
def test_a_push_has_its_audit_first_and_the_rest_folded(name: str) -> None:
    text = reports.get(name).render(pushed())
    before, _, folded = text.partition("<details>")
    assert "5 packages changed" in before
    assert "brought along" in before
    assert "npm: package-lock.json" in folded
    assert "dependencies: changes" not in text
    assert "u:pw" not in text


@BOTH
def test_a_mass_change_stays_one_screen(name: str) -> None:
    many = [entry(f"package-{n:04}", "added-transitive", explained=False) for n in range(1337)]
    fleet = [verdict(f"package-{n:04}", "drift", *((f"s{k:02}", "2.0.0") for k in range(40))) for n in range(300)]
    found = audit(report(*many, fleet=fleet))
    assert found is not None
    assert len(found.first.rows) == 2
    assert f"and {1337 - LISTED} more" in found.first.rows[0][2]
    assert (len(found.details[0].rows), found.details[0].left) == (ROWS, 1337 - ROWS)
    assert found.matrix is not None
    assert len(found.matrix.columns) == 3 + SERVICES
    before = reports.get(name).render(report(*many)).partition("<details>")[0]
    assert before.count("package-") <= 2 * LISTED


@BOTH
def test_hostile_names_are_no_markup(name: str) -> None:
    values = dict.fromkeys(("ecosystem", "lockfile", "name", "step", "scope", "integrity"), EVIL)
    lists = {key: [EVIL] for key in ("facts", "old", "new", "why", "introducers")}
    facts = {"facts": [EVIL, "source-changed", "added-transitive", "integrity-changed"]}
    bad = {**entry("x"), **values, **lists, **facts, "explained": False, "source": {"old": [EVIL], "new": [EVIL]}}
    expected = {"range": EVIL, "because": EVIL}
    text = reports.get(name).render(
        report(
            bad,
            fleet=[verdict(EVIL, "conflict", (EVIL, EVIL)), verdict(EVIL, "outside-expectation", expected=expected)],
        )
    )
    text.encode()
    assert {char for char in text if not char.isprintable()} <= {"\n"}
    assert "<b>&" not in text
    assert "</script" not in text
    if name == "markdown":
        text = re.sub(r"(?m)^<summary>.*\n", "", text)  # a line of HTML, in which Markdown is none
        assert not re.search(r"(?<!\\)\[x\]\(", text)
        assert "http://x" not in text
        assert "@all" not in text


@BOTH
@pytest.mark.parametrize(
    "section",
    [
        None,
        [],
        {},
        {"changes": []},
        {"changes": 3, "fleet": 4},
        {"changes": [{}], "fleet": [{"theirs": 3, "ours": 1, "expected": []}, 7]},
        {"changes": [{"facts": [1], "name": None, "source": 3, "old": "1.0", "why": {}}], "fleet": [{"theirs": [{}]}]},
        {"changes": [{"facts": ["source-changed"]}], "other": [1]},
    ],
)
def test_a_section_of_another_shape_is_no_reason_to_fail(name: str, section: Any) -> None:
    assert reports.get(name).render(make(sections={"dependencies": section}))

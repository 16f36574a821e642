"""The report formats: what each promises, with hostile text in every place that takes any."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from _reports import EVIL, LOOSE, TOLD, WIDE, hostile, make, sample
from gatepost import reports
from gatepost.errors import UsageError
from gatepost.model import Finding, Report, Skip
from gatepost.reports.json import plain
from gatepost.reports.json import render as render_json
from gatepost.reports.text import HOOK_LINES, HOOK_WIDTH, render, render_hook

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "report.schema.json").read_text(encoding="utf-8"))


def test_each_module_is_a_format_of_its_own_name() -> None:
    assert reports.names() == ("github", "html", "json", "markdown", "sarif", "text")
    for name in reports.names():
        found = reports.get(name)
        assert found.name == name
        assert found.summary
        assert found.render(sample()).endswith("\n")


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        reports.get("xml")
    assert "json" in caught.value.hint


def test_text_puts_the_gravest_first_with_the_fix_beneath() -> None:
    lines = render(sample()).splitlines()
    assert lines[0] == (
        "db/migrations/0042_drop_nickname.up.sql:3: error schema/drop-column "
        "drops column users.nickname, which the running release still reads"
    )
    assert lines[1] == "    fix: ship the release that stops reading it first, then drop the column in a later push"
    assert lines[2].startswith("tests/test_price.py:7: warning tests/assertion-loosened ")
    assert lines[4] == "package-lock.json:1: note dependency/added adds left-pad 1.3.0"
    assert lines[5] == "db/migrations/0001_old.up.sql:1: suppressed schema/drop-column unused since March"
    assert lines[6] == "not judged: drift: no staging snapshot is configured"
    assert lines[7] == "gatepost: refused (1 error, 1 warning, 1 note, 1 suppressed; 3 commits; 83 ms)"
    assert len(lines) == 9


def test_the_last_line_is_json_that_an_agent_can_act_on() -> None:
    data = json.loads(render_hook(sample()).splitlines()[-1])
    assert data["gatepost"] == 1
    assert data["verdict"] == "block"
    assert data["exit"] == 1
    assert [found["rule"] for found in data["findings"]] == [WIDE.id, LOOSE.id, TOLD.id]
    assert set(data["findings"][0]) == {"rule", "level", "path", "line", "message", "fix"}
    assert data["findings"][0]["line"] == 3
    assert data["findings"][0]["message"] == "drops column users.nickname, which the running release still reads"
    assert data["skipped"] == [{"check": "drift", "reason": "no staging snapshot is configured", "fatal": False}]


def test_what_was_not_judged_is_in_the_line_for_agents_though_it_passes() -> None:
    last = json.loads(render_hook(make(skipped=(Skip("migrations", "no server"),))).splitlines()[-1])
    assert (last["verdict"], last["skipped"][0]["reason"]) == ("pass", "no server")


def test_the_line_for_agents_stays_bounded() -> None:
    found = [Finding(WIDE, f"db/{n}\u00e9" * 99, "\u00e9" * 900, "\u00e9" * 900) for n in range(400)]
    line = render_hook(make(*found, skipped=(Skip("drift", "\u00e9" * 900),) * 99)).splitlines()[-1]
    data = json.loads(line)
    assert len(line) < 90_000
    assert len(data["findings"]) + data["more"] == 400
    assert data["findings"]
    assert len(data["findings"][0]["message"]) == 240


def test_errors_come_before_warnings_before_notes_whatever_their_paths_are() -> None:
    told = [Finding(rule, f"{n}.sql", "x") for rule in (TOLD, LOOSE, WIDE) for n in range(30)]
    lines = render_hook(make(*told)).splitlines()
    assert [line.split()[1] for line in lines[:30]] == ["error"] * 30
    assert {line.split()[1] for line in lines[30:-3]} == {"warning"}


def test_notes_of_one_rule_that_are_mended_alike_are_one_block() -> None:
    told = [Finding(TOLD, "a.sql", f"table t{n} differs", "run it") for n in range(9)]
    lines = render_hook(make(*told, Finding(TOLD, "a.sql", "other", "do that"))).splitlines()
    assert lines[:6] == [
        "a.sql:1: note dependency/added table t0 differs",
        "    and table t1 differs",
        "    and table t2 differs",
        "    and table t3 differs",
        "    and 5 more of dependency/added",
        "    fix: run it",
    ]
    assert lines[6] == "a.sql:1: note dependency/added other"
    assert "    and table t8 differs" in render(make(*told)).splitlines()
    apart = render(make(*(Finding(TOLD, f"{n}.sql", "differs", "run it") for n in range(2))))
    assert "    and 1.sql:1: differs\n    fix: run it\n" in apart
    warned = render(make(*(Finding(LOOSE, "a.sql", f"{n}", "run it") for n in range(2))))
    assert warned.count("fix: run it") == 2


def test_the_exit_code_that_the_process_really_has_can_be_said() -> None:
    assert json.loads(render(sample(), exit_code=0).splitlines()[-1])["exit"] == 0


@pytest.mark.parametrize("count", [1, 12, 13, 37, 38, 39, 400])
def test_a_hook_prints_at_most_40_lines_and_says_how_many_are_left(count: int) -> None:
    found = [Finding(WIDE, f"db/{number}.sql", "drops a column", "do not") for number in range(count)]
    lines = render_hook(make(*found)).splitlines()
    assert len(lines) <= HOOK_LINES
    shown = sum(" error " in line for line in lines)
    left = [line for line in lines if line.startswith("… and ")]
    assert shown == count if not left else left[0].startswith(f"… and {count - shown} more")
    assert json.loads(lines[-1])["more"] == max(0, count - 50)


def test_one_finding_longer_than_the_limit_is_still_shown() -> None:
    lines = render(make(Finding(WIDE, "a", "x " * 290, "y")), width=20, limit=5).splitlines()
    assert lines[0].startswith("a:1: error")


def test_a_hook_stays_within_72_columns_and_keeps_paths_whole() -> None:
    long = "a/" * 50 + "b.sql"
    text = render_hook(make(Finding(WIDE, long, "drops the column " * 9, "write " * 40), *sample().findings))
    lines = text.splitlines()[:-1]
    assert all(len(line) <= HOOK_WIDTH for line in lines if long not in line)
    assert lines[0] == f"{long}:1:"


def test_no_colour_unless_asked() -> None:
    assert "\x1b" not in render(sample())
    assert "\x1b[31m" in render(sample(), colour=True)
    assert "\x1b" not in render(sample(), colour=True).splitlines()[-1]


@pytest.mark.parametrize("colour", [False, True])
def test_text_escapes_whatever_was_pushed(colour: bool) -> None:
    text = render(make(Finding(WIDE, EVIL, EVIL, EVIL, suppressed=None), skipped=(Skip("drift", EVIL, True),)))
    assert len(text.splitlines()) == 5
    assert text.isprintable() or set(text) - {"\n"} <= {c for c in text if c.isprintable()}
    text.encode()
    assert "\\x1b[31m\\r\\n" in text
    assert "\\u202e" in text
    assert "\\xff" in text
    json.loads(text.splitlines()[-1])


def test_what_could_not_be_judged_never_looks_like_a_pass() -> None:
    report = make(skipped=(Skip("schema", "db/1.sql: 30 MB are too large", True, "gate/too-large"),))
    lines = render(report).splitlines()
    assert lines[0] == "could not judge schema: gate/too-large: db/1.sql: 30 MB are too large"
    assert "could not judge, which counts as refused" in lines[1]
    last = json.loads(lines[-1])
    assert (last["verdict"], last["exit"]) == ("unknown", 3)
    assert last["skipped"][0]["check"] == "schema"


def test_checks_skipped_for_one_reason_share_a_line() -> None:
    report = make(skipped=tuple(Skip(name, "not asked for (--only)") for name in ("drift", "queries")))
    assert render(report).splitlines()[0] == "not judged: drift, queries: not asked for (--only)"


def test_a_pass_says_so_in_two_lines() -> None:
    assert render(make(commits=1)).splitlines()[0] == "gatepost: passed (no findings; 1 commit; 83 ms)"


@pytest.mark.parametrize(
    "report",
    [
        sample(),
        make(),
        make(base=None, head="index", ref=None, commits=0),
        make(Finding(WIDE, EVIL, EVIL, EVIL, data={EVIL: [EVIL]}), ref=EVIL, skipped=(Skip("drift", EVIL),)),
        hostile(),
        make(base="3" * 64, head="4" * 64),
    ],
)
def test_json_follows_the_published_schema(report: Report) -> None:
    text = render_json(report)
    assert text.isascii()
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(text))


def test_the_schema_is_a_schema_and_refuses_other_things() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    good = json.loads(render_json(sample()))
    for key in SCHEMA["required"]:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({name: value for name, value in good.items() if name != key}, SCHEMA)


def test_json_is_what_the_contract_says() -> None:
    data = json.loads(render_json(sample()))
    assert data["change"] == {"base": "1" * 40, "head": "2" * 40, "ref": "refs/heads/main", "commits": 3}
    assert data["verdict"] == "block"
    assert data["findings"][1]["data"] == {"operation": "drop-column", "table": "users", "object": "nickname"}
    assert data["findings"][3]["suppressed"] == "unused since March"
    assert data["skipped"] == [{"check": "drift", "reason": "no staging snapshot is configured"}]
    assert data["elapsed_ms"] == 83


def test_json_has_no_lone_surrogate_and_no_number_that_json_lacks() -> None:
    odd = {"raw": "caf\udce9", "half": "\ud800", "n": float("nan"), "when": date(2027, 1, 31), "b": b"\xff"}
    assert plain(odd) == {"raw": "caf\\xe9", "half": "\\ud800", "n": None, "when": "2027-01-31", "b": "\\xff"}
    nested: Any = "x"
    for _ in range(5000):
        nested = [nested]
    json.dumps(plain(nested))


def test_text_and_json_import_nothing_heavy() -> None:
    code = (
        "import sys; import gatepost.reports.text, gatepost.reports.json;"
        "heavy = {'sqlglot', 'git', 'packaging', 'subprocess', 'tomllib', 'tomli', 'html',"
        " 'gatepost.reports.sarif', 'gatepost.reports.html'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    source = str(Path(reports.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {source!r}); {code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")

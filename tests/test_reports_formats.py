"""SARIF, Markdown, HTML and GitHub's commands: what they promise their readers, and hostile text in all of them.

The whole outputs are in golden/; ``GATEPOST_WRITE_GOLDEN=1`` writes them anew.
"""

from __future__ import annotations

import json
import os
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from _reports import WIDE, hostile, make, sample
from gatepost import __version__, reports
from gatepost.model import Finding, Report, Skip
from gatepost.reports.markdown import prose
from gatepost.reports.sarif import uri

HERE = Path(__file__).parent
SARIF = json.loads((HERE / "data" / "sarif" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
SUFFIXES = {"github": "txt", "html": "html", "json": "json", "markdown": "md", "sarif": "sarif", "text": "txt"}
REPORTS = {"sample": sample, "hostile": hostile, "nothing": make}


@pytest.fixture(autouse=True)
def _no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write what a bare installation writes; the treemaps have tests of their own."""
    monkeypatch.setitem(sys.modules, "squarify", None)


@pytest.mark.parametrize("kind", REPORTS)
@pytest.mark.parametrize("name", reports.names())
def test_the_whole_output_is_what_it_was(name: str, kind: str) -> None:
    text = reports.get(name).render(REPORTS[kind]()).replace(__version__, "VERSION")
    file = HERE / "golden" / f"{kind}.{name}.{SUFFIXES[name]}"
    if os.environ.get("GATEPOST_WRITE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", reports.names())
def test_no_format_lets_control_characters_or_broken_unicode_through(name: str) -> None:
    text = reports.get(name).render(hostile())
    text.encode()
    assert {char for char in text if not char.isprintable()} <= {"\n"}


def run_of(report: Report) -> dict[str, Any]:
    log = json.loads(reports.get("sarif").render(report))
    jsonschema.Draft4Validator(SARIF).validate(log)
    run: dict[str, Any] = log["runs"][0]
    return run


@pytest.mark.parametrize(
    "report", [sample(), hostile(), make(), make(base=None, head="index", ref=None, commits=0), make(base="3" * 64)]
)
def test_sarif_follows_the_official_schema(report: Report) -> None:
    run_of(report)


def test_sarif_has_what_code_scanning_needs() -> None:
    run = run_of(sample())
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert place["region"]["startLine"] >= 1
        assert re.fullmatch(r"[0-9a-f]{32}:1", result["partialFingerprints"]["primaryLocationLineHash"])
    assert len(rules) == 3
    assert all(len(rule["shortDescription"]["text"]) <= 1024 for rule in rules)
    assert all(rule["help"]["text"] and rule["help"]["markdown"] for rule in rules)


def test_sarif_keeps_what_is_suppressed_and_says_why() -> None:
    results = run_of(sample())["results"]
    assert [bool(result.get("suppressions")) for result in results] == [False, False, False, True]
    assert results[3]["suppressions"][0]["justification"] == "unused since March"


def test_sarif_says_what_could_not_be_judged() -> None:
    run = run_of(make(skipped=(Skip("schema", "too large", True, "gate/too-large"), Skip("drift", "no snapshot"))))
    invocation = run["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 3
    assert [note["level"] for note in invocation["toolExecutionNotifications"]] == ["error", "note"]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("db/0001.sql", "db/0001.sql"),
        ("a b/ü.sql", "a%20b/%C3%BC.sql"),
        ("caf\udce9", "caf%E9"),
        ("c:/x", "c%3A/x"),
        ("a%2e?#", "a%252e%3F%23"),
    ],
)
def test_a_sarif_uri_is_the_path_byte_for_byte(path: str, wanted: str) -> None:
    assert uri(path) == wanted


def test_sarif_has_no_link_and_no_placeholder_that_was_pushed() -> None:
    text = run_of(hostile())["results"][0]["message"]["text"]
    assert re.search(r"(?<!\\)\[[^]]*\]\(", text) is None
    assert re.search(r"(?<!\{)\{\d+\}(?!\})", text) is None


def test_github_has_one_command_a_line_and_nothing_that_was_pushed_is_one() -> None:
    lines = reports.get("github").render(hostile()).splitlines()
    commands = [line for line in lines if line.startswith("::")]
    assert len(commands) == 2
    assert all(re.fullmatch(r"::error [^:\n]*::[^\n]*", line) for line in commands)
    assert len(lines) == 4
    assert json.loads(lines[-1])["verdict"] == "block"


def test_github_escapes_properties_and_data() -> None:
    report = make(Finding(WIDE, "a,b:c%.sql", "50% of it", "do x"))
    line = reports.get("github").render(report).splitlines()[0]
    expected = "::error file=a%2Cb%3Ac%25.sql,line=1,title=schema/drop-column::50%25 of it%0AFix: do x"
    assert line == expected


@pytest.mark.parametrize(
    "text", ["@team", "#12", "[a](b)", "<img>", "http://x", "www.x.y", "*a*", "a|b", "`x`", "~~a~~"]
)
def test_markdown_prose_has_no_markup_left(text: str) -> None:
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("gfm-like", {"linkify": False}).parseInline(prose(text, 100))[0].children or []
    assert {token.type for token in tokens} <= {"text", "text_special", "html_inline"}
    assert all(token.content == "<!-- -->" for token in tokens if token.type == "html_inline")
    assert "".join(token.content for token in tokens if token.type != "html_inline") == text


class Page(HTMLParser):
    """Collects tags, and says what is open at the end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("report", [sample(), hostile(), make()])
def test_html_is_well_formed_and_loads_nothing(report: Report) -> None:
    text = reports.get("html").render(report)
    page = Page(text)
    assert page.open == []
    assert not page.tags & {"script", "link", "img", "iframe", "object", "form", "a", "base"}
    drawing = {"viewbox", "role", "x", "y", "width", "height", "aria-label", "preserveaspectratio", "font-size"}
    assert page.attributes <= {"lang", "charset", "name", "content", "http-equiv", "class"} | drawing
    assert "url(" not in text
    assert "default-src 'none'" in text
    assert "prefers-color-scheme" in text


@pytest.mark.parametrize("name", ["html", "markdown"])
def test_the_sections_are_shown_as_tables(name: str) -> None:
    text = reports.get(name).render(sample())
    for word in ("left-pad", "goose", "users", "zlib-9", "src/big.ts"):
        assert word in text


@pytest.mark.parametrize("name", reports.names())
def test_ten_thousand_findings_stay_readable(name: str) -> None:
    found = [Finding(WIDE, f"db/{number}.sql", "drops a column", "do not") for number in range(10_000)]
    text = reports.get(name).render(make(*found))
    assert len(text) < 8_000_000
    if name in ("html", "markdown"):
        assert len(text) < 200_000
        assert "more" in text

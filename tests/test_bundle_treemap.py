"""The treemaps of the HTML report."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from _bundle import History
from gatepost.model import Report
from gatepost.reports.html import FORMAT

POLICY = '[[bundle.artifact]]\nname = "<web>"\nglobs = ["dist/*.js"]\n'


@pytest.fixture
def report(tmp_path: Path) -> Report:
    pytest.importorskip("squarify")
    history = History(tmp_path / "r.git")
    base = {"gatepost.toml": POLICY, "dist/a.js": "a" * 3000, "dist/b.js": "b" * 2000}
    return history.step(base, {"dist/a.js": "a" * 4000, "dist/<c>.js": "c" * 1000})


def test_both_sides_are_drawn_to_scale_and_escaped(report: Report) -> None:
    page = FORMAT.render(report)
    assert page.count("<svg") == 2
    assert "before: 5,000 bytes" in page
    assert "after: 7,000 bytes" in page
    assert "<web>" not in page
    assert "dist/&lt;c&gt;.js: 1,000 bytes, 14.3%" in page
    after = page[page.rindex("<svg") :]
    areas = {
        kind: float(wide) * float(high)
        for kind, wide, high in re.findall(r'<g class="(\w+)">.*\n<rect [^>]*width="([\d.]+)" height="([\d.]+)"', after)
    }
    assert {kind: round(area / 180_000, 2) for kind, area in areas.items()} == {
        "grown": 0.57,
        "same": 0.29,
        "new": 0.14,
    }


def test_without_the_library_there_is_no_map(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "squarify", None)
    assert "<svg" not in FORMAT.render(report)

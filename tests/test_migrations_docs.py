"""The page on migrations names every framework, and every framework has what a person needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatepost.migrations import Framework, frameworks

PAGE = (Path(__file__).parent.parent / "docs" / "migrations.md").read_text()


@pytest.mark.parametrize("framework", frameworks(), ids=lambda framework: framework.name)
def test_every_framework_is_on_the_page(framework: Framework) -> None:
    assert f"\n| {framework.name} |" in PAGE
    assert framework.summary
    assert framework.remedy


def test_no_framework_claims_an_ordinary_path() -> None:
    for path in ("README.md", "src/main.py", "web/app.ts", "lib/util.rb", "Makefile", "docs/2024.md", "go.mod"):
        assert all(framework.root(path) is None for framework in frameworks())

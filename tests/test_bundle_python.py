"""The import graph of Python: a shipped module that reaches test code."""

from __future__ import annotations

from pathlib import Path

import pytest

from _bundle import History, rules
from gatepost.bundles.python import scan

BASE = {
    "pyproject.toml": '[project]\nname = "shop"\n',
    "src/shop/__init__.py": "",
    "src/shop/prices.py": "from decimal import Decimal\n",
    "src/shop/cart.py": "from . import prices\n",
    "tests/__init__.py": "",
    "tests/helpers.py": "import pytest\n",
    "tests/test_cart.py": "from tests.helpers import x\nfrom shop import cart\n",
}


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "r.git")


def test_imports_of_a_module() -> None:
    text = (
        "import a.b as c, d\nfrom . import e\nfrom ..f import g\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import no\nelse:\n    import yes\ndef h():\n    import lazy\n"
    )
    found = [("~" if item.dynamic else "") + item.specifier for item in scan("python", text)]
    assert found == ["a.b", "d", ".:e", "..f:g", "typing:TYPE_CHECKING", "yes", "~lazy"]


def test_what_cannot_be_parsed_is_read_by_lines() -> None:
    assert [item.specifier for item in scan("python", 'print "old"\nimport a, b\nfrom c import d')] == ["a", "b", "c:d"]
    assert scan("python", "(" * 100_000) == ()


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("from tests.helpers import sample\n", "tests/helpers.py"),
        ("import pytest\n", "pytest"),
        ("def price():\n    from tests import helpers\n", "tests/helpers.py"),
    ],
)
def test_shipped_code_that_reaches_test_code(history: History, text: str, subject: str) -> None:
    report = history.step(BASE, {"src/shop/prices.py": text})
    assert "bundle/test-code-reachable" in rules(report)
    found = [entry.get("path") or entry.get("package") for entry in report.sections["bundle"]["reachable"]["new"]]
    assert subject in found
    assert report.findings[0].path == "src/shop/prices.py"


def test_tests_may_import_tests_and_packages_are_listed(history: History) -> None:
    report = history.step(
        BASE,
        {
            "tests/test_cart.py": "import tests.helpers\nimport faker\n",
            "src/shop/cart.py": "from shop.prices import x\nimport httpx\n",
        },
    )
    assert rules(report) == []
    new = report.sections["bundle"]["reachable"]["new"]
    assert [entry["package"] for entry in new if "package" in entry] == ["httpx"]


def test_an_import_that_moves_out_of_a_function_is_no_finding(history: History) -> None:
    base = {**BASE, "src/shop/cart.py": "def f():\n    import pandas\n"}
    assert rules(history.step(base, {"src/shop/cart.py": "import pandas\n"})) == []

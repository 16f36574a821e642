"""What chooses the tests to run, and the comments that silence tools."""

from __future__ import annotations

import pytest

from conftest import Builder, Content
from test_suites_python import judge, spoken

CI = """on: push
jobs:
  test:
    steps:
      - uses: actions/checkout@v4
      - run: pip install pytest
      - run: pytest tests
      - run: npm test
"""
PYPROJECT = """[project]
name = "x"

[tool.pytest.ini_options]
testpaths = ["tests", "more"]
xfail_strict = true
addopts = ["-ra"]

[tool.coverage.report]
fail_under = 90
"""
JEST = """module.exports = {
  coverageThreshold: {
    global: {
      branches: 80,
      lines: 90,
    },
  },
};
"""
MAKE = "test:\n\tpytest -q\n\nlint:\n\truff check\n"
PACKAGE = '{\n  "scripts": {\n    "test": "vitest run"\n  },\n  "devDependencies": {\n    "vitest": "^1.0.0"\n  }\n}\n'
NARROWED = {
    "or true": (".github/workflows/ci.yml", CI, CI.replace("pytest tests", "pytest tests || true"), "warning"),
    "continue": (
        ".github/workflows/ci.yml",
        CI,
        CI.replace("npm test", "npm test\n        continue-on-error: true"),
        "warning",
    ),
    "deselect": (".github/workflows/ci.yml", CI, CI.replace("pytest tests", "pytest tests -k 'not slow'"), "warning"),
    "ignore": (".github/workflows/ci.yml", CI, CI.replace("pytest tests", "pytest tests --ignore=tests/a"), "warning"),
    "all steps": (
        ".github/workflows/ci.yml",
        CI,
        CI.replace("      - run: pytest tests\n", "").replace("      - run: npm test\n", ""),
        "warning",
    ),
    "a step": (".github/workflows/ci.yml", CI, CI.replace("      - run: npm test\n", ""), "note"),
    "a step commented out": (".github/workflows/ci.yml", CI, CI.replace("- run: npm", "# - run: npm"), "note"),
    "fewer paths": (".github/workflows/ci.yml", CI, CI.replace("pytest tests", "pytest tests/unit"), "warning"),
    "threshold": ("pyproject.toml", PYPROJECT, PYPROJECT.replace("90", "80"), "warning"),
    "threshold gone": ("pyproject.toml", PYPROJECT, PYPROJECT.replace("fail_under = 90\n", ""), "warning"),
    "xfail_strict": ("pyproject.toml", PYPROJECT, PYPROJECT.replace("xfail_strict = true\n", ""), "warning"),
    "testpaths": ("pyproject.toml", PYPROJECT, PYPROJECT.replace(', "more"', ""), "warning"),
    "addopts": (
        "pyproject.toml",
        PYPROJECT,
        PYPROJECT.replace('"-ra"', '"-ra", "--deselect=tests/a.py::test_x"'),
        "warning",
    ),
    "jest": ("jest.config.js", JEST, JEST.replace("80", "60"), "warning"),
    "jest ignore": (
        "jest.config.js",
        JEST,
        JEST.replace("{\n  cov", "{\n  testPathIgnorePatterns: ['a'],\n  cov"),
        "warning",
    ),
    "make target": ("Makefile", MAKE, MAKE.replace("test:\n\tpytest -q\n\n", ""), "warning"),
    "make forgives": ("Makefile", MAKE, MAKE.replace("\tpytest", "\t-pytest"), "warning"),
    "script": ("package.json", PACKAGE, PACKAGE.replace("vitest run", "echo ok"), "warning"),
    "script fewer": ("package.json", PACKAGE, PACKAGE.replace("vitest run", "vitest run src/unit"), "warning"),
}
HERE: dict[str, Content] = {"tests/a/x.txt": "", "tests/a.py": "", "more/x.txt": ""}


@pytest.mark.parametrize("name", NARROWED)
def test_sees_that_less_is_run(name: str, two_sides: Builder) -> None:
    path, before, after, level = NARROWED[name]
    outcome = judge(two_sides, {**HERE, path: before}, {path: after})
    assert spoken(outcome) == {f"{level} selection-narrowed"}
    assert outcome.findings[0].path == path


QUIET = {
    "a job renamed": (".github/workflows/ci.yml", CI, CI.replace("  test:", "  tests:")),
    "an action updated": (".github/workflows/ci.yml", CI, CI.replace("@v4", "@v5")),
    "a flag": (".github/workflows/ci.yml", CI, CI.replace("pytest tests", "pytest -q tests")),
    "more paths": (".github/workflows/ci.yml", CI, CI.replace("pytest tests", "pytest tests docs/x")),
    "ignore what is gone": (".github/workflows/ci.yml", CI, CI.replace("pytest tests", "pytest tests --ignore=old/x")),
    "a higher threshold": ("pyproject.toml", PYPROJECT, PYPROJECT.replace("90", "95")),
    "a dependency": ("package.json", PACKAGE, PACKAGE.replace("^1.0.0", "^2.0.0")),
    "another target": ("Makefile", MAKE, MAKE.replace("lint:", "format:")),
}


@pytest.mark.parametrize("name", QUIET)
def test_stays_quiet(name: str, two_sides: Builder) -> None:
    path, before, after = QUIET[name]
    assert [f.message for f in judge(two_sides, {**HERE, path: before}, {path: after}).findings] == []


def test_a_step_that_moved_to_another_file_is_not_gone(two_sides: Builder) -> None:
    base: dict[str, Content] = {".travis.yml": "script:\n  - pytest tests\n"}
    head: dict[str, Content] = {".travis.yml": None, ".github/workflows/ci.yml": CI}
    assert judge(two_sides, base, head).findings == ()


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("src/a.py", "# ruff: noqa"),
        ("src/a.py", "# mypy: ignore-errors"),
        ("src/a.ts", "// @ts-nocheck"),
        ("src/a.js", "/* eslint-disable */"),
    ],
)
def test_a_file_that_is_silenced_is_a_warning(path: str, line: str, two_sides: Builder) -> None:
    outcome = judge(two_sides, {path: "x = 1\n"}, {path: f"\n{line}\nx = 2\n"})
    assert spoken(outcome) == {"warning suppression-added"}
    assert outcome.findings[0].line == 2


def test_single_comments_are_counted(two_sides: Builder) -> None:
    few = "".join(f"x{n} = 1  # noqa: E501\n" for n in range(3))
    outcome = judge(two_sides, {"src/a.py": "x = 1\n"}, {"src/a.py": few})
    assert outcome.findings == ()
    assert outcome.sections["tests"][0]["after"] == "3 comments more that silence a tool: 3 noqa"


def test_many_comments_are_a_note(two_sides: Builder) -> None:
    many = "".join(f"x{n} = 1  # type: ignore\n" for n in range(12))
    assert spoken(judge(two_sides, {"src/a.py": "x = 1\n"}, {"src/a.py": many})) == {"note suppression-added"}


def test_snapshots_are_listed(two_sides: Builder) -> None:
    outcome = judge(two_sides, {"a/__snapshots__/a.snap": b"\0a"}, {"a/__snapshots__/a.snap": b"\0b"})
    assert spoken(outcome) == {"note expected-changed"}


def test_a_file_moved_out_of_sight(two_sides: Builder) -> None:
    text = "def test_a():\n    assert work(1) == 2\n"
    outcome = judge(two_sides, {"tests/test_a.py": text}, {"tests/test_a.py": None, "tests/test_a.py.off": text})
    assert spoken(outcome) == {"error not-collected"}

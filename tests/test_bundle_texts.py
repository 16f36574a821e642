"""What the text of artifacts tells: minification, repetition, and packages that are there twice."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from _bundle import History, rules
from gatepost.bundles._texture import lost, texture

POLICY = '[[bundle.artifact]]\nname = "web"\nglobs = ["dist/*.js"]\n'


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "r.git")


def program(seed: int, functions: int = 300) -> tuple[str, str]:
    """Write a program twice: as a person would, and as a minifier."""
    words = ["value", "index", "element", "callback", "options", "result", "response", "component", "container"]
    make = random.Random(seed)
    long, short = [], []
    for number in range(functions):
        a, b, c = (f"{make.choice(words)}{make.randrange(99)}" for _ in range(3))
        n = make.randrange(10**6)
        long.append(f"function {a}{number}({b}, {c}) {{\n    if ({b} === true) {{\n        return false;\n    }}\n")
        long.append(f"    const {a} = {b}.method{n}({c}, {{ enabled: true }});\n    return {a} + {n};\n}}\n")
        short.append(
            f"function f{number}(a,b){{if(a===!0)return!1;const c=a.method{n}(b,{{enabled:!0}});return c+{n}}}"
        )
    return "".join(long), "".join(short)


def test_textures() -> None:
    long, short = (texture([text.encode()]) for text in program(1))
    assert len(lost(short, long)) == 3
    assert lost(long, short) == []
    assert lost(short, short) == []
    other = texture([program(2, 600)[1].encode()])
    assert lost(short, other) == []


def test_a_minifier_that_no_longer_runs(history: History) -> None:
    long, short = program(1)
    report = history.step(
        {"gatepost.toml": POLICY, "dist/a-1b2c3d4e.js": short}, {"dist/a-1b2c3d4e.js": None, "dist/a-9f8e7d6c.js": long}
    )
    assert "bundle/minification-lost" in rules(report)
    finding = next(f for f in report.findings if f.rule.id == "bundle/minification-lost")
    assert finding.path == "dist/a-9f8e7d6c.js"
    assert finding.effective_level == "error"
    assert rules(history.step({"dist/a-9f8e7d6c.js": long}, {"dist/a-9f8e7d6c.js": short})) == []


def test_a_second_copy_is_told_from_new_code(history: History) -> None:
    library, other = (random.Random(seed).randbytes(60_000) for seed in (1, 2))
    base = history.commit({"gatepost.toml": POLICY, "dist/a.js": library + b"x" * 40_000})
    twice = history.commit({"dist/a.js": library + b"x" * 40_000 + library})
    assert rules(history.report(base, twice)) == ["bundle/duplicate-package", "bundle/growth"]
    new = history.commit({"dist/a.js": library + b"x" * 40_000 + other})
    assert rules(history.report(base, new)) == ["bundle/growth"]


def lock(**versions: str) -> str:
    """Write a package-lock.json; ``a__b`` is a copy of b below a."""
    packages: dict[str, Any] = {"": {"name": "app", "dependencies": {"kit": "1", "react": "18"}}}
    for name, version in versions.items():
        path = "node_modules/" + name.replace("__", "/node_modules/")
        packages[path] = {
            "version": version,
            "resolved": f"https://registry.npmjs.org/{name}",
            "integrity": "sha512-AAAA",
        }
        if name == "kit":
            packages[path]["dependencies"] = {"react": "*", "left-pad": "*"}
    return json.dumps({"name": "app", "lockfileVersion": 3, "packages": packages}, indent=2)


APP = {
    "gatepost.toml": '[bundle]\nentries = ["src/main.js"]\n',
    "package.json": '{"name": "app", "dependencies": {"kit": "1", "react": "18"}}',
    "src/main.js": 'import "react"\n',
}


def test_a_package_in_two_versions_that_both_ship(history: History) -> None:
    base = history.commit({**APP, "package-lock.json": lock(react="18.2.0", kit="1.0.0", **{"left-pad": "1.0.0"})})
    twice = lock(react="18.2.0", kit="1.1.0", kit__react="17.0.2", **{"left-pad": "1.0.0"})
    unused = history.commit({"package-lock.json": twice})
    assert rules(history.report(base, unused)) == []
    used = history.commit({"src/main.js": 'import "react"\nimport "kit"\n'})
    report = history.report(base, used)
    assert rules(report) == ["bundle/duplicate-package"]
    assert report.findings[0].data == {
        "package": "react",
        "versions": ["17.0.2", "18.2.0"],
        "before": ["18.2.0"],
        "through": "kit",
        "others": [],
    }
    new = {entry["package"]: entry for entry in report.sections["bundle"]["reachable"]["new"]}
    assert new["kit"]["brought"] == ["kit@1.1.0", "react@17.0.2"]


def test_only_duplicates_of_this_change_count_and_one_cause_is_one_finding(history: History) -> None:
    main = {"src/main.js": 'import "react"\nimport "kit"\n'}
    before = {"react": "18.2.0", "kit": "1.0.0", "left-pad": "1.0.0"}
    base = history.commit({**APP, **main, "package-lock.json": lock(**before, kit__react="17.0.1")})
    moved = history.commit({"package-lock.json": lock(**before, kit__react="17.0.2")})
    assert rules(history.report(base, moved)) == [], "it was there twice before"
    single = history.commit({"package-lock.json": lock(**before)})
    assert rules(history.report(moved, single)) == []
    padded = {"src/main.js": 'import "react"\nimport "kit"\nimport "left-pad"\n'}
    both = history.commit(
        {**padded, "package-lock.json": lock(**before, kit__react="17.0.2", **{"kit__left-pad": "2.0.0"})}
    )
    report = history.report(single, both)
    assert rules(report) == ["bundle/duplicate-package"]
    data = report.findings[0].data
    assert (data["package"], data["through"]) == ("left-pad", "kit")
    assert [each["package"] for each in data["others"]] == ["react"]

"""Whatever a pushed file holds, the readers of the bundle check end and raise nothing of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from _bundle import History
from gatepost.bundles import javascript, python
from gatepost.bundles._sourcemap import divide
from gatepost.bundles._stats import parse
from gatepost.bundles._tree import without_comments

WORDS = [
    "import ", "export ", "require", "(", ")", "{", "}", "'", '"', "`", "${", "/", "//", "/*", "*/", "\\", "\n",
    "from ",
    "*", "a", "type ", ".", "=", "<script>", "</script>", "---", "url(", "@import ", "import.meta.glob", "[", "]", ",",
    "def f():\n ", "if TYPE_CHECKING:\n ", "import(", "new URL(", "import.meta.url", "é", "\0", "\u2028",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(WORDS), max_size=60).map("".join)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["", ".", "./a", "../..", "*", "./*", "a", "file:../x", "src"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([".", "./*", "a", "import", "path"]), inner)
    ),
    max_leaves=8,
)
KEYS = ("name", "main", "module", "exports", "imports", "workspaces", "dependencies", "bin", "scripts", "browser")
FEW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@FEW
@given(TEXTS, st.sampled_from(["ts", "js", "component", "astro", "page", "css", "mdx"]))
def test_scanners_end(text: str, kind: str) -> None:
    for item in javascript.scan(kind, text):
        assert item.line <= text.count("\n") + 1
    python.scan("python", text)


@FEW
@given(VALUES, TEXTS)
def test_statistics_and_maps_of_any_shape(value: Any, text: str) -> None:
    parse(value)
    parse({"inputs": {"a": value}, "outputs": {"b": value}})
    parse({"assets": [value], "chunks": [value], "modules": value})
    parse({"a": {"file": "x", "isEntry": True, "imports": value}})
    parse([{"firstLoadChunkPaths": value}])
    divide(text.encode(), json.dumps({"sources": value, "mappings": text}).encode())
    without_comments(text)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    return History(Path(tmp_path_factory.mktemp("hostile")) / "r.git")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(KEYS), VALUES), VALUES, VALUES)
def test_manifests_of_any_shape(history: History, manifest: dict[str, Any], paths: Any, references: Any) -> None:
    config = {
        "compilerOptions": {"paths": {"x/*": paths}, "baseUrl": paths},
        "references": references,
        "extends": paths,
    }
    files = {
        "package.json": json.dumps(manifest),
        "tsconfig.json": json.dumps(config),
        "src/index.ts": 'import "a"; import "#x"; import "x/y"; import "./b"; import "@/c"; import "/d"',
        "src/b/package.json": json.dumps(manifest),
        "src/b/c.ts": "",
    }
    report = history.report(history.commit({"package.json": "{}"}), history.commit(files))
    assert not [skip.reason for skip in report.skipped if skip.fatal]


def test_a_very_deep_tree(history: History) -> None:
    deep = "d/" * 1500 + "index.ts"
    files = {"gatepost.toml": f'[bundle]\nentries = ["{deep}"]\n', deep: 'import "./x"; import "y"; import "../z"'}
    base = history.commit({"gatepost.toml": None})
    report = history.report(base, history.commit(files))
    assert not [skip.reason for skip in report.skipped if skip.fatal]
    assert [entry.get("package") for entry in report.sections["bundle"]["reachable"]["new"]] == [None, "y"]


def test_a_manifest_that_is_nested_deeply(history: History) -> None:
    nested = '{"main": "./x", "exports": ' + "[" * 900 + '"./src/index.ts"' + "]" * 900 + "}"
    base = history.commit({"gatepost.toml": None, "package.json": "{}"})
    head = history.commit({"package.json": nested, "src/index.ts": 'import "msw"'})
    assert not [skip.reason for skip in history.report(base, head).skipped if skip.fatal]

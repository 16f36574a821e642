"""Small applications, built by real bundlers, with one accident each; and the graph beside esbuild's metafile.

The bundlers come from the npm registry into a directory of this test run. Without Node.js, or
without a registry, these tests are skipped and say so.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from _bundle import History, rules
from gatepost.bundles import Import
from gatepost.bundles._cache import Cache
from gatepost.bundles._graph import Builder, Graph, reach
from gatepost.bundles._stats import parse
from gatepost.bundles._tree import Tree
from gatepost.bundles.javascript import SOURCE
from gatepost.git import Repository, Snapshot
from gatepost.model import Report

pytestmark = pytest.mark.slow

BUNDLERS = ("esbuild@0.28.2", "vite@8.3.8", "webpack@5.112.2", "rollup@4.68.7")
NEXT = ("next@16.4.6", "react", "react-dom")
PUBLISHED = ("rxjs@7.8.2", "zod@4.1.12", "lodash-es@4.17.21", "@tanstack/query-core@5.90.2")
GRAPH = SOURCE.graph
assert GRAPH is not None


@pytest.fixture(scope="module")
def toolbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the bundlers once."""
    if not shutil.which("npm"):
        pytest.skip("Node.js is not installed: npm is not on PATH")
    place = tmp_path_factory.mktemp("toolbox")
    (place / "package.json").write_text('{"private": true}')
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", *BUNDLERS, *NEXT, *PUBLISHED]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=280, check=False)
    if done.returncode:
        pytest.skip(f"the npm registry did not give the bundlers: {done.stderr.strip()[-300:]}")
    return place


def library(seed: int, size: int = 40_000) -> str:
    """Write a library that does not compress well and that no minifier can drop."""
    make = random.Random(seed)
    table = ",".join(f'"{make.getrandbits(120):x}"' for _ in range(size // 33))
    return f"const table = [{table}];\nexport const look = (n) => table[n % table.length] + {seed};\n"


class App:
    """An application: its files on disk, how it is built, and its history as the gate sees it."""

    def __init__(self, toolbox: Path, name: str, build: str, policy: str) -> None:
        self.root = toolbox / name
        self.history = History(toolbox / f"{name}.git")
        self.script = build
        self.committed: set[str] = set()
        self.write(
            {"gatepost.toml": policy, "package.json": f'{{"name": "{name}", "type": "module"}}', "build.mjs": build}
        )

    def write(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def build(self, *args: str) -> str:
        """Build it and commit everything but node_modules."""
        shutil.rmtree(self.root / "dist", ignore_errors=True)
        command = ["node", "build.mjs", *args]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        files = {f.relative_to(self.root).as_posix(): f.read_bytes() for f in self.files()}
        gone = dict.fromkeys(self.committed - set(files))
        self.committed = set(files)
        return self.history.commit({**files, **gone})

    def files(self) -> Iterator[Path]:
        for file in self.root.rglob("*"):
            if file.is_file() and "node_modules" not in file.relative_to(self.root).parts:
                yield file


APP = {
    "src/main.js": 'import { title } from "./app.js";\ndocument.title = title(1);\n'
    'import("./report.js").then((m) => m.show());\n',
    "src/app.js": 'import { look } from "small";\nexport const title = (n) => "app " + look(n);\n',
    "src/report.js": 'import { look } from "large";\nexport const show = () => alert(look(5));\n',
    "node_modules/small/package.json": '{"name": "small", "version": "1.0.0", "main": "index.js", "type": "module"}',
    "node_modules/small/index.js": library(1, 20_000),
    "node_modules/large/package.json": '{"name": "large", "version": "1.0.0", "main": "index.js", "type": "module"}',
    "node_modules/large/index.js": library(2, 90_000),
}
ARTIFACTS = """
[bundle]
entries = ["src/main.js"]
stats = [{stats}]
[[bundle.artifact]]
name = "initial"
globs = ["dist/**/*.js"]
loads = "initial"
[[bundle.artifact]]
name = "all"
globs = ["dist/**/*.js"]
"""
ESBUILD = """
import { build } from "esbuild"; import { writeFileSync } from "node:fs";
const done = await build({ entryPoints: ["src/main.js"], bundle: true, splitting: true, format: "esm", minify: true,
  outdir: "dist", metafile: true, entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]" });
writeFileSync("dist/meta.json", JSON.stringify(done.metafile));
"""
WEBPACK = """
import webpack from "webpack"; import { writeFileSync } from "node:fs";
webpack({ mode: "production", entry: "./src/main.js", output: { filename: "[name].[contenthash:8].js", clean: true } },
  (error, stats) => {
    if (error || stats.hasErrors()) throw error || stats.toString();
    const wanted = { all: false, assets: true, chunks: true, modules: true, nestedModules: true, ids: true,
      chunkModules: false, modulesSpace: 99999, nestedModulesSpace: 99999 };
    writeFileSync("dist/stats.json", JSON.stringify(stats.toJson(wanted)));
    writeFileSync("full.json", JSON.stringify(stats.toJson()));
  });
"""
VITE = """
import { build } from "vite";
const minify = process.argv[2] !== "plain";
await build({ logLevel: "error", build: { manifest: "manifest.json", minify, modulePreload: false } });
"""
ROLLUP = """
import { rollup } from "rollup"; import { existsSync } from "node:fs"; import path from "node:path";
const find = { resolveId(name, from) {
  if (!from || name.startsWith(".") || path.isAbsolute(name)) return null;
  for (let at = path.dirname(from); at.length > 3; at = path.dirname(at)) {
    const file = path.join(at, "node_modules", name, "index.js");
    if (existsSync(file)) return file;
  }
} };
const made = await rollup({ input: "src/main.js", plugins: [find] });
await made.write({ dir: "dist", format: "es", entryFileNames: "[name]-[hash].js", chunkFileNames: "[name]-[hash].js" });
"""


def app(toolbox: Path, name: str, build: str, stats: str = "") -> App:
    made = App(toolbox, name, build, ARTIFACTS.format(stats=f'"{stats}"' if stats else ""))
    made.write(APP)
    return made


def artifact(report: Report, name: str) -> dict[str, Any]:
    return next(entry for entry in report.sections["bundle"]["artifacts"] if entry["name"] == name)


def test_esbuild_with_a_fixture_in_production(toolbox: Path) -> None:
    made = app(toolbox, "app-esbuild", ESBUILD, "dist/meta.json")
    base = made.build()
    users = json.dumps([f"{random.Random(n).getrandbits(200):x}" for n in range(800)])
    made.write(
        {
            "src/__fixtures__/users.json": users,
            "src/app.js": 'import { look } from "small";\nimport users from "./__fixtures__/users.json";\n'
            'export const title = (n) => "app " + look(n) + users[n];\n',
        }
    )
    report = made.history.report(base, made.build())
    assert set(rules(report)) == {"bundle/growth", "bundle/test-code-reachable"}
    assert report.verdict == "block"
    for name in ("initial", "all"):
        modules = artifact(report, name)["modules"]
        assert modules[0]["path"] == "src/__fixtures__/users.json"
        assert modules[0]["initial"] is True
    growth = [finding for finding in report.findings if finding.rule.id == "bundle/growth"]
    assert all("Modules: src/__fixtures__/users.json +" in finding.message for finding in growth)


def test_webpack_with_a_lazy_library_made_static(toolbox: Path) -> None:
    made = app(toolbox, "app-webpack", WEBPACK, "dist/stats.json")
    base = made.build()
    made.write(
        {
            "src/app.js": 'import { look } from "small";\nimport { show } from "./report.js";\n'
            'export const title = (n) => "app " + look(n) + (n > 5 ? show() : "");\n'
        }
    )
    report = made.history.report(base, made.build())
    assert rules(report).count("bundle/lazy-became-initial") == 1
    growth = [finding.data["name"] for finding in report.findings if finding.rule.id == "bundle/growth"]
    assert growth == ["initial"]
    first, whole = artifact(report, "initial"), artifact(report, "all")
    assert first["after"]["gzip"] > 3 * first["before"]["gzip"]
    assert abs(whole["after"]["gzip"] - whole["before"]["gzip"]) < 2000
    found = next(finding for finding in report.findings if finding.rule.id == "bundle/lazy-became-initial")
    assert (found.path, found.line, found.data["package"]) == ("src/app.js", 2, "large")
    short, full = (parse(json.loads((made.root / name).read_text())) for name in ("dist/stats.json", "full.json"))
    assert short is not None
    assert full is not None
    assert {name: each.initial for name, each in short.outputs.items()} == {
        name: each.initial for name, each in full.outputs.items()
    }, "as `webpack --json` writes them"


NEXT_BUILD = """
import { execFileSync } from "node:child_process"; import { readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module"; import path from "node:path";
rmSync(".next", { recursive: true, force: true });
const next = createRequire(import.meta.url).resolve("next/dist/bin/next");
const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };
execFileSync("node", [next, "build"], { stdio: "inherit", env });
for (const name of readdirSync(".next"))
  if (!["static", "diagnostics"].includes(name)) rmSync(path.join(".next", name), { recursive: true });
"""
NEXT_POLICY = """
[bundle]
entries = ["app/layout.js", "app/page.js"]
stats = [".next/diagnostics/route-bundle-stats.json"]
[[bundle.artifact]]
name = "initial"
globs = [".next/static/chunks/**/*.js"]
loads = "initial"
[[bundle.artifact]]
name = "all"
globs = [".next/static/chunks/**/*.js"]
"""
NEXT_APP = {
    **{path: text for path, text in APP.items() if path.startswith("node_modules/")},
    "next.config.mjs": "import path from 'node:path';\n"
    "export default { turbopack: { root: path.resolve(import.meta.dirname, '..') } };\n",
    "app/layout.js": "export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n",
    "app/page.js": '"use client";\nimport dynamic from "next/dynamic";\n'
    'const Report = dynamic(() => import("./report"));\n'
    "export default function Page() { return <main><Report /></main>; }\n",
    "app/report.js": '"use client";\nimport { look } from "large";\n'
    "export default function Report() { return <p onClick={() => alert(look(5))}>a report</p>; }\n",
}


def test_next_with_a_lazy_library_made_static(toolbox: Path) -> None:
    made = App(toolbox, "app-next", NEXT_BUILD, NEXT_POLICY)
    made.write(NEXT_APP)
    base = made.build()
    made.write(
        {
            "app/page.js": '"use client";\nimport { look } from "large";\nimport Report from "./report";\n'
            "export default function Page() { return <main>{look(1)}<Report /></main>; }\n"
        }
    )
    report = made.history.report(base, made.build())
    assert "bundle/lazy-became-initial" in rules(report)
    first, whole = artifact(report, "initial"), artifact(report, "all")
    assert first["after"]["raw"] > first["before"]["raw"] + 80_000
    assert abs(whole["after"]["raw"] - whole["before"]["raw"]) < 20_000
    assert first["before"]["raw"] < whole["before"]["raw"] - 80_000


def test_vite_without_its_minifier(toolbox: Path) -> None:
    made = app(toolbox, "app-vite", VITE, "dist/manifest.json")
    body = "\n".join(
        f"export function compute{n}(element, options) {{\n  if (options === true) return false;\n"
        f"  const container = element.method{n}(options, {{ enabled: true }});\n  return container + {n};\n}}"
        for n in range(200)
    )
    calls = "\n".join(f"  compute{n}(element, true);" for n in range(200))
    names = ", ".join(f"compute{n}" for n in range(200))
    made.write(
        {
            "index.html": '<script type="module" src="/src/main.js"></script>',
            "src/compute.js": body,
            "src/main.js": f'import {{ {names} }} from "./compute.js";\n'
            f"export const run = (element) => {{\n{calls}\n}};\n"
            "window.run = run;\n" + APP["src/main.js"],
        }
    )
    base = made.build()
    report = made.history.report(base, made.build("plain"))
    assert "bundle/minification-lost" in rules(report)
    assert report.verdict == "block"
    files = artifact(report, "all")["files"]
    assert all(file["before"] and file["after"] for file in files), "a new hash is no new file"


def test_rollup_with_a_package_twice(toolbox: Path) -> None:
    made = app(toolbox, "app-rollup", ROLLUP)
    made.write(
        {
            "node_modules/kit/index.js": 'import { look } from "small";\nexport const kit = (n) => look(n) + "kit";\n',
            "src/app.js": 'import { look } from "small";\nimport { kit } from "kit";\n'
            "export const title = (n) => look(n) + kit(n);\n",
            "node_modules/small/index.js": library(1, 90_000),
        }
    )
    base = made.build()
    made.write({"node_modules/kit/node_modules/small/index.js": library(1, 90_000).replace("+ 1", "+ 11")})
    report = made.history.report(base, made.build())
    assert "bundle/duplicate-package" in rules(report)


def test_stale_statistics_are_refused_by_name(toolbox: Path) -> None:
    made = app(toolbox, "app-stale", ESBUILD, "dist/meta.json")
    base = made.build()
    made.write({"src/app.js": APP["src/app.js"] + "// later\n"})
    source = (made.root / "src/app.js").read_bytes()
    report = made.history.report(base, made.history.commit({"src/app.js": source}))
    assert rules(report) == ["bundle/unmeasured"]
    assert "dist/meta.json is stale: src/app.js had" in report.findings[0].message


ENTRIES = (
    "rxjs/src/index.ts",
    "zod/src/index.ts",
    "lodash-es/lodash.js",
    "@tanstack/query-core/src/index.ts",
)


@pytest.mark.parametrize("entry", ENTRIES)
def test_nothing_that_esbuild_bundles_is_missed(toolbox: Path, tmp_path: Path, entry: str) -> None:
    package = entry.rpartition("/src/")[0] or entry.partition("/")[0]
    source = toolbox / "node_modules" / package
    shutil.copytree(source, tmp_path / "w" / package)
    command = [str(toolbox / "node_modules/.bin/esbuild"), entry, "--bundle", "--packages=external", "--format=esm"]
    command += ["--metafile=meta.json", "--outdir=out", "--log-level=error"]
    subprocess.run(command, cwd=tmp_path / "w", check=True, timeout=60)
    inputs = json.loads((tmp_path / "w/meta.json").read_text())["inputs"]
    history = History(tmp_path / "r.git")
    files = {f"{package}/{f.relative_to(source)}": f.read_bytes() for f in source.rglob("*") if f.is_file()}
    commit = history.commit(files)
    graph = graph_of(history, commit, entry)
    assert len(inputs) > 20
    assert set(inputs) - set(graph.edges) == set()
    assert len(graph.edges) < 1.1 * len(inputs), "and next to nothing is made up"
    assert set(inputs) <= set(reach(graph, [entry]).initial)


def graph_of(history: History, commit: str, entry: str) -> Graph:
    assert GRAPH is not None
    with Repository(history.path) as repo, Cache(None) as cache:
        tree = Tree(Snapshot(repo, repo.resolve(commit, "tree") or ""))
        resolver = GRAPH.resolver(tree, {})
        assert resolver.resolve(entry, Import("./nothing")).targets == ()
        return Builder(GRAPH, tree, resolver, cache).build([entry])

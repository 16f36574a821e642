"""Hold the readers against the ecosystems' own tools: python benchmarks/dependencies_reference.py TOOL REPO PATH...

Takes versions of a lock, spread over its history (--versions N), writes each with the manifests beside it
into a scratch directory, asks the tool what it reads, and compares packages and edges with what we read.
TOOL is one of bundler, composer, cargo, pnpm, berry, uv. The node ones need ``--node-modules DIR`` with
@pnpm/lockfile.fs, @pnpm/dependency-path, @yarnpkg/parsers.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from gatepost.git import Repository, Snapshot
from gatepost.lockfiles import File, Lock
from gatepost.lockfiles._files import format_of, read

Node = tuple[str, str]


class Answer(NamedTuple):
    """What is in a lock: packages, and who requires whom where the tool says so."""

    nodes: set[Node]
    edges: set[tuple[Node, Node]] | None


def run(command: list[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-400:])
    return done.stdout


def ours(lock: Lock) -> Answer:
    nodes = {pin.key: (pin.name, pin.version) for pin in lock.pins if not pin.own}
    edges = {(nodes[p.key], nodes[k]) for p in lock.pins if p.key in nodes for k in p.requires if k in nodes}
    return Answer(set(nodes.values()), edges)


RUBY = """
require "bundler"; require "json"
specs = Bundler::LockfileParser.new(File.read("Gemfile.lock")).specs
specs = specs.reject { |s| s.source.is_a?(Bundler::Source::Path) && !s.source.is_a?(Bundler::Source::Git) }
puts JSON.dump(specs.map { |s| [s.name, s.version.to_s, s.dependencies.map(&:name)] })
"""


def by_name(rows: list[tuple[str, str, list[str]]]) -> Answer:
    """Link what names its dependencies by name alone: each name stands once (platform variants are one)."""
    versions = {name: version for name, version, _ in rows}
    nodes = {(name, version) for name, version, _ in rows}
    edges = {((n, v), (w, versions[w])) for n, v, wanted in rows for w in wanted if w in versions}
    return Answer(nodes, edges)


def bundler(folder: Path, _lock: Path, _modules: Path) -> Answer:
    return by_name(json.loads(run(["ruby", "-e", RUBY], folder, BUNDLE_GEMFILE="/dev/null")))


PHP = """
require "/usr/share/php/Composer/autoload.php";
$io = new Composer\\IO\\NullIO(); $config = new Composer\\Config(false);
$file = new Composer\\Json\\JsonFile("composer.lock", null, $io);
$http = new Composer\\Util\\HttpDownloader($io, $config);
$installs = Composer\\Installer\\InstallationManager::class;
$manager = new $installs(new Composer\\Util\\Loop($http), $io);
$locker = new Composer\\Package\\Locker($io, $file, $manager, file_get_contents("composer.json"));
$rows = [];
$all = $locker->getLockedRepository(true)->getCanonicalPackages();
$answers = [];  // a package also answers for what it provides or replaces
foreach ($all as $p) foreach ($p->getNames() as $name) $answers[$name] ??= $p;
foreach ($all as $p) $answers[$p->getName()] = $p;
$id = fn($p) => [$p->getName(), $p->getPrettyVersion()];
foreach ($all as $p) {
    $found = array_filter(array_map(fn($l) => $answers[strtolower($l->getTarget())] ?? null,
        array_filter($p->getRequires(), fn($l) => str_contains($l->getTarget(), "/"))));  // no extensions of PHP
    $rows[] = [...$id($p), array_values(array_map($id, $found))];
}
echo json_encode($rows);
"""


def composer(folder: Path, _lock: Path, _modules: Path) -> Answer:
    return linked(json.loads(run(["php", "-r", PHP], folder)))


def cargo(folder: Path, lock: Path, _modules: Path) -> Answer:
    """Ask cargo for the full name of each package of its lock; edges it only tells with all crates at hand."""
    found = set()
    for name, version in re.findall(
        r'^name = "([^"]+)"\nversion = "([^"]+)"\nsource = ', lock.read_text(), re.MULTILINE
    ):
        spec = run(["cargo", "pkgid", "--offline", "--locked", f"{name}@{version}"], folder).strip()
        place, _, named = spec.rpartition("#")
        said, _, number = named.rpartition("@")
        found.add((said or place.rpartition("/")[2], number))
    return Answer(found, None)


PNPM = """
import { createRequire } from 'module';
const require = createRequire(import.meta.url);  // its name before pnpm 9.5: lockfile-file
let reader;
try { reader = require.resolve('@pnpm/lockfile.fs'); } catch { reader = require.resolve('@pnpm/lockfile-file'); }
const { readWantedLockfile } = await import(reader);
import * as dp from '@pnpm/dependency-path';
const lock = await readWantedLockfile(process.argv[2], { ignoreIncompatible: false });
const rows = [];
const own = (path) => /^file:|@file:/.test(path);  // of the repository itself
for (const [path, one] of Object.entries(lock.packages ?? {})) {
  if (own(path)) continue;
  const wanted = Object.entries({ ...one.dependencies, ...one.optionalDependencies });
  const id = (p) => { const q = dp.parse(p); const o = lock.packages[p];
    return [o?.name ?? q.name, o?.version ?? q.version ?? q.nonSemverVersion]; };
  const paths = wanted.map(([n, ref]) => dp.refToRelative(ref, n)).filter((p) => p && lock.packages[p] && !own(p));
  rows.push([...id(path), paths.map(id)]);
}
console.log(JSON.stringify(rows));
"""


def linked(rows: list[tuple[str, str, list[Node]]]) -> Answer:
    edges = {((name, version), tuple(other)) for name, version, wanted in rows for other in wanted}
    return Answer({(name, version) for name, version, _ in rows}, edges)  # type: ignore[arg-type]  # pairs, from JSON


def node(script: str, folder: Path, modules: Path, argument: Path) -> Any:
    file = modules.parent / "ask.mjs"  # beside node_modules, where node looks for packages
    file.write_text(script)
    return json.loads(run(["node", str(file), str(argument)], folder))


def pnpm(folder: Path, _lock: Path, modules: Path) -> Answer:
    return linked(node(PNPM, folder, modules, folder))


BERRY = """
import { readFileSync } from 'fs';
import parsers from '@yarnpkg/parsers';
const lock = parsers.parseSyml(readFileSync(process.argv[2], 'utf8'));
const found = {};
for (const [key, one] of Object.entries(lock)) for (const d of key.split(/ *, */)) found[d] = one;
const own = (one) => /@(workspace|link|portal):/.test(one.resolution) || /@virtual:/.test(one.resolution);
const id = (one) => [one.resolution.slice(0, one.resolution.indexOf('@', 1)), String(one.version)];
const rows = [];
for (const [key, one] of Object.entries(lock)) {
  if (key === '__metadata' || own(one)) continue;
  const wanted = Object.entries({ ...one.dependencies, ...one.optionalDependencies })
    .map(([n, r]) => found[`${n}@${r}`] ?? found[`${n}@npm:${r}`]).filter((o) => o && !own(o));
  rows.push([...id(one), wanted.map(id)]);
}
console.log(JSON.stringify(rows));
"""


def berry(folder: Path, lock: Path, modules: Path) -> Answer:
    return linked(node(BERRY, folder, modules, lock))


def uv(folder: Path, _lock: Path, _modules: Path) -> Answer:
    command = ["uv", "export", "--frozen", "--offline", "--format", "cyclonedx1.5", "--all-groups", "--all-extras"]
    data = json.loads(run([*command, "--all-packages", "--quiet", "--preview"], folder))
    root = data["metadata"]["component"]["name"]
    nodes = {c["bom-ref"]: (c["name"], c.get("version", "")) for c in data["components"] if c["name"] != root}
    edges = {
        (nodes[d["ref"]], nodes[other])
        for d in data["dependencies"]
        for other in d.get("dependsOn", ())
        if d["ref"] in nodes and other in nodes
    }
    return Answer(set(nodes.values()), edges)


TOOLS: dict[str, Callable[[Path, Path, Path], Answer]] = {
    "bundler": bundler,
    "composer": composer,
    "cargo": cargo,
    "pnpm": pnpm,
    "berry": berry,
    "uv": uv,
}
BESIDE = {"composer": ("composer.json",), "uv": ("pyproject.toml",), "cargo": ("Cargo.toml",)}


def versions(repo: Repository, path: str, number: int) -> Iterator[str]:
    """Give commits that changed a path, spread over its history."""
    commits = repo.text("log", "--no-merges", "--format=%H", "HEAD", "--", path).split()
    yield from commits[:: max(1, len(commits) // number)][:number]


def sources(snapshot: Snapshot, folder: Path) -> None:
    """Write every Cargo.toml, and an empty source file where cargo looks for one."""
    for entry in snapshot.walk(""):
        if entry.is_file and (entry.path.endswith(("/Cargo.toml", ".rs")) or entry.path == "Cargo.toml"):
            place = folder / entry.path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(snapshot.read(entry.path) if entry.path.endswith(".toml") else b"")


def compare(tool: str, repo: Repository, commit: str, path: str, modules: Path) -> str:
    snapshot = Snapshot(repo, repo.resolve(commit, "tree"))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        lock = folder / path.rpartition("/")[2]
        lock.write_bytes(snapshot.read(path))
        for name in BESIDE.get(tool, ()):
            place = f"{path.rpartition('/')[0]}/{name}".lstrip("/")
            if snapshot.exists(place):
                (folder / name).write_bytes(snapshot.read(place))
        if tool == "cargo":
            sources(snapshot, folder)
        theirs = TOOLS[tool](folder, lock, modules)
    form = format_of(path)
    assert form is not None
    mine = ours(read(form, File(path, snapshot.read(path))))
    return told(mine, theirs)


def told(mine: Answer, theirs: Answer) -> str:
    parts = [f"{len(mine.nodes)} packages", f"{len(mine.edges or ())} edges"]
    for word, left, right in (("packages", mine.nodes, theirs.nodes), ("edges", mine.edges, theirs.edges)):
        if left is None or right is None:
            continue
        only, missing = sorted(left - right), sorted(right - left)  # type: ignore[operator,type-var]  # both of one kind
        if only or missing:
            parts.append(f"{word}: {len(only)} only ours {only[:4]}, {len(missing)} only theirs {missing[:4]}")
    return ", ".join(parts) + (": equal" if len(parts) == 2 else "")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", choices=sorted(TOOLS))
    parser.add_argument("repo")
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--versions", type=int, default=5)
    parser.add_argument("--node-modules", type=Path, default=Path("node_modules"))
    args = parser.parse_args()
    different = 0
    with Repository(args.repo) as repo:
        for path in args.paths:
            for commit in versions(repo, path, args.versions):
                try:
                    said = compare(args.tool, repo, commit, path, args.node_modules)
                except Exception as error:  # noqa: BLE001 - the tool's own words are what we want to see
                    said = f"not compared: {error}"
                different += not said.endswith("equal")
                print(commit[:10], path, said)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())

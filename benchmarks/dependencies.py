"""Measure the dependency check: python benchmarks/dependencies.py [--packages N ...] [--lock FILE ...] [--peers].

Every figure is CPU time of a process of its own, less that of a bare Python (or node) that does nothing:
both sides of a lock are read and compared, imports included. ``--lock`` takes real files; without it locks
are made up, shaped as the real ones are (three edges a package). ``--peers`` runs what is installed of
js-yaml, @yarnpkg/lockfile, PyYAML and uv on the same files, one side of the lock. "a further lock" is what
one side more costs in a process that runs. ``--push`` pushes a changed lock to a gated repository.

Our modules are compiled first, as pip does when it installs a wheel; an environment that forbids bytecode
(PYTHONDONTWRITEBYTECODE) makes every process compile them anew, which doubles the small figures.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
DIGEST = "A" * 86 + "=="

WORK = """
import gc, resource, sys
from gatepost.lockfiles import File
from gatepost.lockfiles._files import format_of, read
from gatepost.lockfiles._graph import Graph
from gatepost.lockfiles._diff import compare
name, old, new = sys.argv[1:]
form, memo, sides = format_of(name), {}, []
gc.disable()  # as the check does
for path in (old, new):
    with open(path, "rb") as stream:
        lock = read(form, File(name, stream.read(), memo=memo))
    graph = Graph()
    graph.add(name, lock, [])
    sides.append(graph)
found = compare(form.ecosystem, *sides)
print(len(sides[1].pins), len(found.deltas), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
FURTHER = """
import gc, sys
from gatepost.lockfiles import File
from gatepost.lockfiles._files import format_of, read
from gatepost.lockfiles._graph import Graph
name, path, times = sys.argv[1:]
gc.disable()
for _ in range(int(times)):
    with open(path, "rb") as stream:
        lock = read(format_of(name), File(name, stream.read(), memo={}))
    graph = Graph()
    graph.add(name, lock, [])
"""
NOTHING = "import sys"
Packages = list[tuple[str, str, list[int]]]


def graph(count: int, seed: int = 7) -> Packages:
    """Make packages up: name, version, and the later packages that each requires."""
    pick = random.Random(seed)
    found = []
    for number in range(count):
        later = range(number + 1, min(count, number + 400))
        wanted = pick.sample(later, min(3, len(later)))
        found.append((f"package-{number}", f"{pick.randrange(9)}.{pick.randrange(20)}.{pick.randrange(9)}", wanted))
    return found


def changed(packages: Packages) -> Packages:
    """Change what a usual commit changes: three versions."""
    found = list(packages)
    for number in (5, len(found) // 2, len(found) - 3):
        name, _, wanted = found[number]
        found[number] = (name, "9.99.9", wanted)
    return found


def pnpm(packages: Packages) -> str:
    out = ["lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:"]
    out += [f"      {n}:\n        specifier: ^{v}\n        version: {v}" for n, v, _ in packages[:40]]
    out.append("\npackages:\n")
    out += [
        f"  {n}@{v}:\n    resolution: {{integrity: sha512-{DIGEST}}}\n    engines: {{node: '>=18'}}\n"
        for n, v, _ in packages
    ]
    out.append("snapshots:\n")
    for name, version, wanted in packages:
        lines = "".join(f"\n      {packages[w][0]}: {packages[w][1]}" for w in wanted)
        out.append(f"  {name}@{version}:\n    dependencies:{lines}\n" if wanted else f"  {name}@{version}: {{}}\n")
    return "\n".join(out)


def classic(packages: Packages) -> str:
    out = ["# yarn lockfile v1\n\n"]
    for name, version, wanted in packages:
        out.append(
            f'{name}@^{version}:\n  version "{version}"\n  resolved "https://registry.yarnpkg.com/{name}/-/'
            f'{name}-{version}.tgz#{"a" * 40}"'
        )
        out.append(f"  integrity sha512-{DIGEST}")
        if wanted:
            out.append("  dependencies:\n" + "\n".join(f'    {packages[w][0]} "^{packages[w][1]}"' for w in wanted))
        out.append("")
    return "\n".join(out)


def berry(packages: Packages) -> str:
    out = ["__metadata:\n  version: 8\n  cacheKey: 10c0\n"]
    for name, version, wanted in packages:
        lines = "".join(f'\n    {packages[w][0]}: "npm:^{packages[w][1]}"' for w in wanted)
        middle = f"\n  dependencies:{lines}" if wanted else ""
        out.append(
            f'"{name}@npm:^{version}":\n  version: {version}\n  resolution: "{name}@npm:{version}"{middle}\n'
            f"  checksum: 10c0/{'a' * 128}\n  languageName: node\n  linkType: hard\n"
        )
    return "\n".join(out)


def uv(packages: Packages) -> str:
    out = ['version = 1\nrevision = 3\nrequires-python = ">=3.10"\n']
    host = "https://files.pythonhosted.org/packages/ab/cd"
    for name, version, wanted in packages:
        out.append(
            f'[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {{ registry = "https://pypi.org/simple" }}'
        )
        if wanted:
            out.append(
                "dependencies = [\n" + "\n".join(f'    {{ name = "{packages[w][0]}" }},' for w in wanted) + "\n]"
            )
        files = [
            f'    {{ url = "{host}/{name}-{n}.whl", hash = "sha256:{n:064d}", size = 1234, '
            'upload-time = "2025-01-01T00:00:00Z" },'
            for n in range(8)
        ]
        out.append(
            f'sdist = {{ url = "{host}/{name}.tar.gz", hash = "sha256:{"b" * 64}", size = 1 }}\nwheels = [\n'
            + "\n".join(files)
            + "\n]\n"
        )
    return "\n".join(out)


def cargo(packages: Packages) -> str:
    out = ["# generated\nversion = 4\n"]
    for name, version, wanted in packages:
        out.append(
            f'[[package]]\nname = "{name}"\nversion = "{version}"\n'
            f'source = "registry+https://github.com/rust-lang/crates.io-index"\nchecksum = "{"c" * 64}"'
        )
        if wanted:
            out.append("dependencies = [\n" + "\n".join(f' "{packages[w][0]}",' for w in wanted) + "\n]")
        out.append("")
    return "\n".join(out)


def npm(packages: Packages) -> str:
    table: dict[str, object] = {"": {"dependencies": {n: f"^{v}" for n, v, _ in packages[:40]}}}
    for name, version, wanted in packages:
        resolved = f"https://registry.npmjs.org/{name}/-/{name}-{version}.tgz"
        entry = {"version": version, "resolved": resolved, "integrity": f"sha512-{DIGEST}", "license": "MIT"}
        table[f"node_modules/{name}"] = entry | (
            {"dependencies": {packages[w][0]: "*" for w in wanted}} if wanted else {}
        )
    return json.dumps({"lockfileVersion": 3, "packages": table}, indent=2)


MAKERS: dict[str, tuple[str, Callable[[Packages], str]]] = {
    "pnpm": ("pnpm-lock.yaml", pnpm),
    "yarn 1": ("yarn.lock", classic),
    "yarn berry": ("yarn.lock", berry),
    "uv": ("uv.lock", uv),
    "cargo": ("Cargo.lock", cargo),
    "package-lock": ("package-lock.json", npm),
}


def cpu(command: list[str], repeat: int = 5, cwd: Path | None = None) -> tuple[float, str]:
    """Give the least CPU milliseconds of a command, and what it printed."""
    best, said = float("inf"), ""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent / "hooks")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    for _ in range(repeat):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            return float("nan"), done.stderr.strip()[-200:]
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        said = done.stdout.strip()
    return best * 1000, said


def measure(label: str, name: str, old: Path, new: Path) -> None:
    bare, _ = cpu([sys.executable, "-c", NOTHING])
    total, said = cpu([sys.executable, "-c", WORK, name, str(old), str(new)])
    once, many = (cpu([sys.executable, "-c", FURTHER, name, str(new), str(times)])[0] for times in (1, 6))
    size = new.stat().st_size / 1e6
    words = (said.split() + ["?"] * 3)[:3]
    print(
        f"{label:<22} {words[0]:>6} packages {size:6.2f} MB  "
        f"{words[1]:>4} changed  {total - bare:7.1f} ms  {words[2]:>4} MiB  a further lock {(many - once) / 5:6.1f} ms"
    )


def made(counts: list[int], folder: Path) -> Iterator[tuple[str, str, Path, Path]]:
    for count in counts:
        packages = graph(count)
        for label, (name, make) in MAKERS.items():
            old, new = folder / f"{label}-{count}.old", folder / f"{label}-{count}.new"
            old.write_text(make(packages))
            new.write_text(make(changed(packages)))
            yield f"{label} {count}", name, old, new


NODE = {
    "js-yaml": ("pnpm-lock.yaml", "require('js-yaml').load(require('fs').readFileSync(process.argv[1],'utf8'))"),
    "@yarnpkg/lockfile": (
        "yarn.lock",
        "require('@yarnpkg/lockfile').parse(require('fs').readFileSync(process.argv[1],'utf8'))",
    ),
}


def peers(label: str, name: str, file: Path) -> None:
    """Time what others take to parse one side of the same lock."""
    if shutil.which("node"):
        bare, _ = cpu(["node", "-e", "0"])
        for peer, (_wanted, script) in NODE.items():
            fits = (peer == "js-yaml" and ("pnpm" in label or "berry" in label)) or (
                peer != "js-yaml" and "yarn 1" in label
            )
            if fits:
                total, said = cpu(["node", "-e", script, str(file)])
                _peer(peer, total - bare, said)
    if "pnpm" in label or "berry" in label:
        script = "import sys, yaml; yaml.load(open(sys.argv[1], 'rb'), Loader=yaml.CBaseLoader)"
        total, said = cpu([sys.executable, "-c", script, str(file)])
        _peer("PyYAML CBaseLoader", total - cpu([sys.executable, "-c", NOTHING])[0], said)
    if name == "uv.lock" and shutil.which("uv") and (file.parent / "pyproject.toml").exists():
        shutil.copy(file, file.parent / "uv.lock")
        command = ["uv", "tree", "--frozen", "--offline", "--universal", "--all-groups"]
        total, said = cpu(command, cwd=file.parent)
        _peer("uv tree, the whole process", total, said)
        _peer("uv tree, less uv --version", total - cpu(["uv", "--version"])[0], said)
    if name in ("uv.lock", "Cargo.lock"):
        script = "import sys, tomllib; tomllib.load(open(sys.argv[1], 'rb'))"
        total, said = cpu([sys.executable, "-c", script, str(file)])
        _peer("tomllib", total - cpu([sys.executable, "-c", NOTHING])[0], said)


def _peer(name: str, milliseconds: float, said: str) -> None:
    print(
        f"    {name:<40} {milliseconds:7.1f} ms (one side, parse only)"
        if milliseconds == milliseconds
        else f"    {name:<40} failed: {said[-80:]}"
    )


FLEET = """
import sys, time
from gatepost.checks import _fleet_read as reading
from gatepost.checks._fleet import Service
from gatepost.git import Repository, Snapshot
from pathlib import Path
with Repository(sys.argv[1]) as repo:
    head = Snapshot(repo, repo.resolve("HEAD", "tree"))
    for _ in range(2):
        cache = reading.Cache.load(Path(sys.argv[1]) / "gatepost" / "fleet.json")
        started = time.perf_counter()
        found = reading.stocks(repo, head, (Service("all", "../*.git"),), cache, [])
        cache.save()
        print(len(found), round((time.perf_counter() - started) * 1000 / len(found), 2))
"""


def fleet(count: int, folder: Path) -> None:
    """Read a fleet of bare repositories twice: all new, and nothing new."""
    lock = npm(graph(300))
    for number in range(count):
        place = folder / f"service{number}.git"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(place)], check=True)
        text = lock.replace('"license": "MIT"', f'"license": "{number}"')
        commit = "commit refs/heads/main\ncommitter A <a@example.org> 1700000000 +0000\ndata 1\nx\n"
        entry = f"M 100644 inline package-lock.json\ndata {len(text)}\n{text}\n"
        subprocess.run(["git", "-C", str(place), "fast-import", "--quiet"], input=(commit + entry).encode(), check=True)
    first = min(folder.glob("*.git"))
    said = cpu([sys.executable, "-c", FLEET, str(first)], 1)[1].splitlines()
    for label, line in zip(("all new", "nothing new"), said, strict=True):
        services, milliseconds = line.split()
        print(f"fleet of {services}, {label}: {milliseconds} ms a repository (elapsed, one git process each)")


def push(count: int, folder: Path) -> None:
    """Push a commit that changes a lock to a repository without and with the gate."""
    packages = graph(count)
    work = folder / "work"
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-C", str(work)]
    subprocess.run(["git", "init", "-q", "-b", "main", str(work)], check=True)
    manifest = {"name": "app", "private": True, "dependencies": {n: f"^{v}" for n, v, _ in packages[:40]}}
    (work / "package.json").write_text(json.dumps(manifest, indent=2))
    for subject, text in (("one", pnpm(packages)), ("two", pnpm(changed(packages)))):
        (work / "pnpm-lock.yaml").write_text(text)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", subject], check=True)
    check = [sys.executable, "-m", "gatepost", "check", "HEAD~1..HEAD", "--repo", str(work)]
    print(f"gatepost check, all checks, the whole process     {cpu(check)[0]:7.1f} ms")
    print(f"the same, dependencies only                       {cpu([*check, '--only', 'dependencies'])[0]:7.1f} ms")
    times: dict[bool, float] = {False: float("inf"), True: float("inf")}
    for number in range(10):
        gated = bool(number % 2)
        bare = folder / f"{number}.git"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
        subprocess.run([*git, "push", "-q", str(bare), "HEAD~1:refs/heads/main"], check=True)
        if gated:
            cpu([sys.executable, "-m", "gatepost", "install", "--server", str(bare)], 1)
        times[gated] = min(times[gated], cpu([*git, "push", "-q", str(bare), "HEAD:refs/heads/main"], 1)[0])
    print(f"git push to a bare repository without hooks       {times[False]:7.1f} ms")
    print(f"git push to the gate: judged, landed and recorded {times[True]:7.1f} ms")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=int, nargs="*", default=[2000, 20000])
    parser.add_argument(
        "--lock", nargs=2, action="append", default=[], metavar=("OLD", "NEW"), help="both sides of a real lock"
    )
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--fleet", type=int, default=0, metavar="N", help="also read a fleet of N repositories")
    parser.add_argument("--push", type=int, default=0, metavar="N", help="also push a changed lock of N packages")
    args = parser.parse_args()
    compileall.compile_dir(str(HERE.parent / "hooks" / "gatepost"), quiet=2)
    for old, new in args.lock:
        name = Path(new).name.partition("@")[0]
        measure(Path(new).name, name, Path(old), Path(new))
        if args.peers:
            berry_ = name == "yarn.lock" and "__metadata:" in Path(new).read_text()
            peers("berry" if berry_ else "yarn 1" if name == "yarn.lock" else name, name, Path(new))
    with tempfile.TemporaryDirectory() as folder:
        for label, name, old, new in made(args.packages, Path(folder)):
            measure(label, name, old, new)
            if args.peers:
                peers(label, name, new)
    if args.push:
        with tempfile.TemporaryDirectory() as folder:
            push(args.push, Path(folder))
    if args.fleet:
        with tempfile.TemporaryDirectory() as folder:
            fleet(args.fleet, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())

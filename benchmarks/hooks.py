"""What the hooks cost: CPU milliseconds (user + system, children included), median of many runs.

Beside each figure stands the floor it can be compared with, measured in turn with it in the same run:
these ratios mean something on a noisy machine, single figures do not.

    python benchmarks/hooks.py [--runs 15] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
PYTHON = [sys.executable, "-I", "-c"]
LIGHT = [*PYTHON, "import argparse,json,subprocess"]
# The process' own share without its git children, written to a descriptor that the benchmark reads.
OWN = (
    "import os,resource,sys\nfrom gatepost.cli import main\ncode = main({argv!r})\n"
    "used = resource.getrusage(resource.RUSAGE_SELF)\n"
    "os.write({fd}, repr(used.ru_utime + used.ru_stime).encode())\nsys.exit(code)"
)
POLICY = '[[migrations]]\npath = "db/migrations"\nframework = "golang-migrate"\n'
MIGRATION = "CREATE TABLE t{0} (id bigint PRIMARY KEY, name text NOT NULL);\nCREATE INDEX t{0}_name ON t{0} (name);\n"


@dataclass(frozen=True)
class Row:
    """One line of the table: what was run, its median, the floor's median, and the bound that was set."""

    what: str
    cpu_ms: float
    floor: str
    floor_ms: float
    bound: str = ""

    @property
    def ratio(self) -> float:
        """Our figure over the floor."""
        return self.cpu_ms / self.floor_ms if self.floor_ms else 0.0


def cpu(command: list[str], cwd: Path, ok: tuple[int, ...] = (0,)) -> float:
    """Run a command; give the CPU milliseconds of it and of the children that it waited for."""
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr
        said = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in ok:
        raise SystemExit(f"{command} ended with {process.returncode}: {said.decode()}")
    return (used.ru_utime + used.ru_stime) * 1000


def own_cpu(argv: list[str], cwd: Path) -> float:
    """Run gatepost; give the CPU milliseconds of its own process alone."""
    read, write = os.pipe()
    with os.fdopen(read, "rb") as pipe:
        subprocess.run(
            [*PYTHON, OWN.format(argv=argv, fd=write)],
            cwd=cwd,
            pass_fds=[write],
            stdout=subprocess.DEVNULL,
            check=False,
        )
        os.close(write)
        return float(pipe.read()) * 1000


def gatepost(*argv: str) -> list[str]:
    return [*PYTHON, f"import sys; from gatepost.cli import main; sys.exit(main({list(argv)!r}))"]


def git(cwd: Path, *args: str, stdin: bytes = b"") -> str:
    done = subprocess.run(["git", *args], cwd=cwd, input=stdin, capture_output=True, check=True)
    return done.stdout.decode().strip()


def repository(path: Path, files: Mapping[str, str]) -> Path:
    """Make a repository with one commit of these files and a work tree."""
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    body = b"".join(b"M 100644 inline %s\ndata %d\n%s\n" % (p.encode(), len(t), t.encode()) for p, t in files.items())
    head = b"commit refs/heads/main\ncommitter Ada <ada@example.org> 1700000000 +0000\ndata 1\nx\n"
    git(path, "fast-import", "--quiet", stdin=head + body)
    git(path, "reset", "-q", "--hard")
    return path


def stage(repo: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_text(text)
    git(repo, "add", "--", *files)


def pair(runs: int, ours: Callable[[], float], floor: Callable[[], float]) -> tuple[float, float]:
    """Run both in turn; give the two medians. One run of each warms up."""
    ours(), floor()
    both = [(ours(), floor()) for _ in range(runs)]
    return statistics.median(a for a, _ in both), statistics.median(b for _, b in both)


def lock(packages: int, changed: str) -> str:
    """Write a package-lock.json of so many packages."""
    entries = {
        f"node_modules/pkg-{n}": {
            "version": "1.0.0" if n else changed,
            "resolved": f"https://registry.npmjs.org/pkg-{n}/-/pkg-{n}-1.0.0.tgz",
            "integrity": "sha512-" + "A" * 86 + "==",
            "dependencies": {f"pkg-{n + 1}": "^1.0.0"} if n + 1 < packages else {},
        }
        for n in range(packages)
    }
    root = {"": {"name": "app", "version": "1.0.0", "dependencies": {"pkg-0": "^1.0.0"}}}
    return json.dumps({"name": "app", "lockfileVersion": 3, "packages": root | entries}, indent=2)


def bare_with_gate(path: Path, source: Path, *, gate: bool) -> Path:
    git(source, "clone", "-q", "--bare", str(source), str(path))
    if gate:
        subprocess.run(gatepost("install", "--server", str(path)), check=True, capture_output=True)
    return path


def push_cpu(work: Path, bare: Path, number: list[int]) -> float:
    """Push one new good commit; give the CPU of the push, the server's hooks included."""
    number[0] += 1
    tree = git(work, "rev-parse", "main^{tree}")
    commit = git(work, "commit-tree", "-p", git(bare, "rev-parse", "main"), "-m", str(number[0]), tree)
    return cpu(["git", "push", "-q", str(bare), f"{commit}:refs/heads/main"], work)


def measure(root: Path, runs: int) -> list[Row]:
    """Measure every figure."""
    small = repository(root / "small", {"README.md": "hello\n", "src/app.py": "print(1)\n"})
    stage(small, {"README.md": "hello again\n"})
    rows = []
    ours, floor = pair(runs, lambda: own_cpu(["pre-commit"], small), lambda: cpu(LIGHT, small))
    rows.append(Row("nothing relevant staged, our process", ours, "import argparse,json,subprocess", floor, "2.0"))
    ruled = repository(root / "ruled", {"README.md": "hello\n", "gatepost.toml": POLICY})
    stage(ruled, {"README.md": "hello again\n"})
    ours, floor = pair(runs, lambda: own_cpu(["pre-commit"], ruled), lambda: cpu(LIGHT, ruled))
    rows.append(Row("the same with a policy in the tree", ours, "import argparse,json,subprocess", floor))
    tree, floor = pair(runs, lambda: cpu(gatepost("pre-commit"), small), lambda: cpu([*PYTHON, "pass"], small))
    rows.append(Row("nothing relevant staged, with its git", tree, "python -I -c pass", floor))
    _, floor = pair(runs, lambda: 0.0, lambda: cpu(["git", "diff", "--cached"], small))
    rows.append(Row("nothing relevant staged, with its git", tree, "git diff --cached", floor))

    big = repository(root / "big", {f"src/d{n // 100}/f{n}.py": f"x = {n}\n" for n in range(60_000)})
    stage(big, {"src/d1/f100.py": "x = 0\n"})
    stage(small, {"src/app.py": "print(2)\n"})
    ours, floor = pair(runs, lambda: cpu(gatepost("pre-commit"), big), lambda: cpu(gatepost("pre-commit"), small))
    rows.append(Row("60,000 files, one changed", ours, "the same in a small repository", floor, "1.5"))

    sql = repository(
        root / "sql",
        {
            f"db/migrations/{n:04}_t.{d}.sql": text
            for n in range(20)
            for d, text in (("up", MIGRATION.format(n)), ("down", f"DROP TABLE t{n};\n"))
        },
    )
    stage(
        sql, {"db/migrations/0020_t.up.sql": MIGRATION.format(20), "db/migrations/0020_t.down.sql": "DROP TABLE t20;\n"}
    )
    ours, floor = pair(runs, lambda: cpu(gatepost("pre-commit"), sql), lambda: cpu([*PYTHON, "import sqlglot"], sql))
    rows.append(Row("one SQL migration staged", ours, "import sqlglot", floor, "1.5"))

    npm = repository(
        root / "npm", {"package.json": '{"dependencies":{"pkg-0":"^1.0.0"}}', "package-lock.json": lock(2000, "1.0.0")}
    )
    stage(npm, {"package-lock.json": lock(2000, "1.1.0")})
    ours, floor = pair(runs, lambda: cpu(gatepost("pre-commit"), npm), lambda: cpu(LIGHT, npm))
    rows.append(Row("a lockfile of 2,000 packages changed", ours, "import argparse,json,subprocess", floor))

    number = [0]
    gated, plain = (
        bare_with_gate(root / "gated.git", small, gate=True),
        bare_with_gate(root / "plain.git", small, gate=False),
    )
    ours, floor = pair(runs, lambda: push_cpu(small, gated, number), lambda: push_cpu(small, plain, number))
    rows.append(Row("push of one good commit to the gate", ours, "the same push without hooks", floor))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]
    os.environ.update(IDENTITY)
    with tempfile.TemporaryDirectory() as root:
        rows = measure(Path(root), args.runs)
    if args.json:
        print(json.dumps([row.__dict__ | {"ratio": round(row.ratio, 2)} for row in rows], indent=2))
        return
    print(f"{'what':<40} {'CPU ms':>8}   {'floor':<33} {'CPU ms':>8} {'ratio':>6}  bound")
    for row in rows:
        print(f"{row.what:<40} {row.cpu_ms:8.1f}   {row.floor:<33} {row.floor_ms:8.1f} {row.ratio:6.2f}  {row.bound}")


if __name__ == "__main__":
    main()

"""Time the bundle check: a graph of 2,000 modules, a commit that touches ten files, and a large artifact.

Run it as ``python benchmarks/bundle.py``. CPU seconds of the whole process, git's children included.
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

MODULES = 2000
RUN = """
import sys
from gatepost.gate import evaluate, read_policy
from gatepost.git import Repository, make_change
with Repository(sys.argv[1]) as repo:
    change = make_change(repo, sys.argv[2], sys.argv[3])
    policy, _ = read_policy(change)
    report = evaluate(change, policy, only=("bundle",))
    found = report.sections["bundle"]["reachable"]
    print(report.verdict, len(found["new"]), [s.reason for s in report.skipped if s.fatal])
"""


def module(number: int, seed: random.Random) -> str:
    """Write a module of about 5 KiB that imports eight others and two packages."""
    others = [number + 1, *(seed.randrange(number + 1, MODULES) for _ in range(7))] if number < MODULES - 1 else []
    lines = [f'import {{ f{o} }} from "@/d{o % 40}/m{o}"' for o in others]
    lines += [f'import {{ x{p} }} from "package-{p}"' for p in (number % 50, number % 31)]
    if number % 20 == 0 and number < MODULES - 1:
        lines.append(f'const later = () => import("../d{(number + 1) % 40}/m{number + 1}")')
    body = [f"  const value{n} = 'text {n}' + `${{{n} / 2}}`; // why /* not */ {n}" for n in range(60)]
    return "\n".join([*lines, f"export const f{number} = () => {{", *body, "}", ""])


def commit(repo: Path, files: dict[str, str], parent: str | None) -> str:
    """Commit files by fast-import."""
    out = [b"commit refs/heads/main\ncommitter B <b@example.org> 1700000000 +0000\ndata 1\nx\n"]
    out += [f"from {parent}\n".encode()] if parent else []
    for path, text in files.items():
        data = text.encode()
        out.append(f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")
    subprocess.run(["git", "-C", repo, "fast-import", "--quiet", "--force"], input=b"".join(out), check=True)
    return subprocess.check_output(["git", "-C", repo, "rev-parse", "main"], text=True).strip()


def timed(repo: Path, base: str, head: str) -> tuple[float, str]:
    """Give the CPU seconds of one run and what it said."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # An installed gatepost is compiled; so it is here after the first run.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    said = subprocess.check_output([sys.executable, "-c", RUN, repo, base, head], text=True, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, said.strip()


def main() -> None:
    """Build the repository and print the figures."""
    seed = random.Random(7)
    with tempfile.TemporaryDirectory() as place:
        repo = Path(place)
        subprocess.run(["git", "init", "-q", "-b", "main", repo], check=True)
        files = {f"src/d{n % 40}/m{n}.ts": module(n, seed) for n in range(MODULES)}
        files["gatepost.toml"] = '[bundle]\nentries = ["src/d0/m0.ts"]\n[bundle.aliases]\n"@/*" = "src/*"\n'
        files["package.json"] = '{"name": "bench"}'
        files["README.md"] = "x"
        first = commit(repo, files, None)
        touched = {f"src/d{n % 40}/m{n}.ts": module(n, seed) for n in range(100, 110)}
        second = commit(repo, touched, first)
        docs = commit(repo, {"README.md": "y"}, second)
        touched = {f"src/d{n % 40}/m{n}.ts": module(n, seed) for n in range(300, 310)}
        fourth = commit(repo, touched, docs)
        added = commit(repo, {f"src/d1/added{n}.ts": "export {}\n" for n in range(10)}, fourth)
        for what, base, head in (
            ("first run, nothing kept", first, second),
            ("the same again", first, second),
            ("no relevant path", second, docs),
            ("ten files touched, another commit between", docs, fourth),
            ("ten files added", fourth, added),
        ):
            seconds, said = timed(repo, base, head)
            print(f"{what:45} {seconds * 1000:7.0f} ms CPU   {said}")


if __name__ == "__main__":
    main()

"""Time the server: pushes with the gate beside pushes without hooks, records, and many pushers at once.

Run it as ``python benchmarks/server.py [--only NAME,..] [--seconds 60]``. CPU milliseconds, user and system, of
the whole process tree of a push; the floor beside each figure is the same push without hooks in the same run.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "hooks"
sys.path.insert(0, str(SOURCE))

from gatepost import install, records  # noqa: E402 - after the path
from gatepost.git import Repository  # noqa: E402
from gatepost.records import Draft  # noqa: E402

POLICY = '[[migrations]]\npath = "db"\nframework = "golang-migrate"\n'
PUSHES = 9


def clean() -> None:
    """Pin identity and configuration."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]
    who = {"NAME": "Bench", "EMAIL": "bench@example.org"}
    os.environ |= {f"GIT_{side}_{key}": value for side in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    os.environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def git(where: Path, *args: str, stdin: bytes = b"") -> str:
    """Run git; give what it says."""
    return (
        subprocess.run(["git", "-C", where, *args], input=stdin, capture_output=True, check=True)
        .stdout.decode()
        .strip()
    )


def commit(repo: Path, files: dict[str, str], ref: str = "refs/heads/main") -> str:
    """Add one commit by fast-import."""
    tip = subprocess.run(
        ["git", "-C", repo, "rev-parse", "-q", "--verify", ref], capture_output=True, check=False
    ).stdout
    out = [f"commit {ref}\ncommitter B <b@example.org> {int(time.time())} +0000\ndata 1\nx\n".encode()]
    out += [b"from " + tip] if tip else []
    for path, text in files.items():
        out.append(f"M 100644 inline {path}\ndata {len(text)}\n{text}\n".encode())
    git(repo, "fast-import", "--quiet", "--force", stdin=b"".join(out))
    return git(repo, "rev-parse", ref)


def cpu(*command: str | Path, cwd: Path) -> float:
    """Give the CPU milliseconds of a command and all that it waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=cwd, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{command}: {done.stderr.decode()}")
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


class Pair:
    """One clone and two servers, of which one has the gate."""

    def __init__(self, root: Path) -> None:
        self.work, self.bare, self.gated = root / "work", root / "bare.git", root / "gated.git"
        git(root, "init", "-q", "-b", "main", str(self.work))
        for server in (self.bare, self.gated):
            git(root, "init", "-q", "--bare", "-b", "main", str(server))
            git(server, "config", "gc.auto", "0")
        install.server(self.gated, lambda _: None)

    def push(self, spec: str = "main") -> tuple[float, float]:
        """Push to both; give the floor and what it cost with the gate."""
        floor = cpu("git", "push", "-q", self.bare, spec, cwd=self.work)
        return floor, cpu("git", "push", "-q", self.gated, spec, cwd=self.work)


def show(name: str, rows: list[tuple[float, float]], target: str) -> None:
    """Print one row of the table: medians."""
    floor, gated = (statistics.median(column) for column in zip(*rows, strict=True))
    print(f"{name:<44} {floor:>8.0f} {gated:>8.0f} {gated - floor:>+8.0f}   {target}", flush=True)


def good_commit(root: Path) -> None:
    """Push one commit that nothing is said of; count the git processes of its pre-receive."""
    pair = Pair(root)
    commit(pair.work, {"README.md": "x"})
    pair.push()
    show("push, one good commit", readme(pair), "at most +150")
    print(f"{'  git processes in its pre-receive':<44} {processes(pair):>26}   at most 5", flush=True)
    commit(pair.work, {"gatepost.toml": POLICY})
    pair.push()
    show("the same where [[migrations]] is named", readme(pair), "")
    rows = []
    for number in range(PUSHES):
        up, down = f"CREATE TABLE t{number} (id int);\n", f"DROP TABLE t{number};\n"
        commit(pair.work, {f"db/{number}_x.up.sql": up, f"db/{number}_x.down.sql": down})
        rows.append(pair.push())
    show("push, one migration", rows, "at most +600")


def readme(pair: Pair) -> list[tuple[float, float]]:
    """Push a change of one file that no check looks at, several times."""
    rows = []
    for number in range(PUSHES):
        commit(pair.work, {"README.md": f"{number} {time.time()}"})
        rows.append(pair.push())
    return rows


def processes(pair: Pair) -> int:
    """Count the git processes that the gate starts, by a ``git`` that notes each call."""
    counted, wrapper = pair.gated / "counted", pair.gated / "bin"
    real = shutil.which("git")
    wrapper.mkdir()
    (wrapper / "git").write_text(f'#!/bin/sh\necho "$*" >>"{counted}"\nexec "{real}" "$@"\n')
    (wrapper / "git").chmod(0o755)
    hook = pair.gated / "hooks" / "pre-receive"
    text = hook.read_text()
    hook.write_text(text.replace("#!/bin/sh\n", f'#!/bin/sh\nPATH="{wrapper}:$PATH"\n', 1))
    commit(pair.work, {"README.md": "counted"})
    pair.push()
    hook.write_text(text)
    return len(counted.read_text().splitlines())


def large_push(root: Path) -> None:
    """Push 1,000 commits that change 5,000 files of 60,000."""
    pair = Pair(root)
    files = {f"d{n % 600}/s{n % 7}/f{n}.txt": str(n) for n in range(60_000)}
    commit(pair.work, files)
    git(pair.gated, "config", "receive.maxInputSize", "0")
    (pair.gated / "gatepost.toml").write_text('[gate]\ndeadline = "10m"\n')
    show("first push of 60,000 files", [pair.push()], "")
    out = [b"reset refs/heads/main\nfrom %s\n\n" % git(pair.work, "rev-parse", "main").encode()]
    names = list(files)
    for number in range(1000):
        out.append(b"commit refs/heads/main\ncommitter B <b@example.org> 1700000000 +0000\ndata 1\nx\n")
        changed = names[number * 5 : number * 5 + 5]
        out += [b"M 100644 inline %s\ndata 1\ny\n" % name.encode() for name in changed]
    git(pair.work, "fast-import", "--quiet", "--force", stdin=b"".join(out))
    show("1,000 commits, 5,000 of 60,000 files", [pair.push()], "at most +1500")
    rows = []
    for number in range(5):
        commit(pair.work, {"d1/s1/f1.txt": f"z{number}"})
        rows.append(pair.push())
    show("one good commit among 60,000 files", rows, "")


def long_history(root: Path) -> None:
    """Push a history of 80,000 commits for the first time."""
    pair = Pair(root)
    (pair.gated / "gatepost.toml").write_text('[gate]\ndeadline = "10m"\n')
    out = []
    for number in range(80_000):
        out.append(
            b"commit refs/heads/main\ncommitter B <b@example.org> %d +0000\ndata 1\nx\n" % (1_600_000_000 + number)
        )
        out.append(b"M 100644 inline d%d/f%d\ndata %d\n%d\n" % (number % 97, number % 1009, len(str(number)), number))
    git(pair.work, "fast-import", "--quiet", "--force", stdin=b"".join(out))
    show("first push of 80,000 commits", [pair.push()], "at most +5000")


WRITER = """
import hashlib, sys
sys.path.insert(0, sys.argv[3])
from gatepost import records
from gatepost.git import Repository
with Repository(sys.argv[1], client=False) as repo:
    for number in range(5):
        name = hashlib.sha1(f"{sys.argv[2]} {number}".encode()).hexdigest()
        records.append(repo, name, {"kind": "verdict"})
"""


def writers(root: Path) -> None:
    """Let 20 processes write 5 records each at once."""
    bare = root / "server.git"
    git(root, "init", "-q", "--bare", str(bare))
    started = time.monotonic()
    made = [subprocess.Popen([sys.executable, "-I", "-c", WRITER, bare, str(n), SOURCE]) for n in range(20)]
    codes = [process.wait() for process in made]
    with Repository(bare, client=False) as repo:
        kept, wrong = len(records.log(repo, 1000)), records.problems(repo)
    took = time.monotonic() - started
    print(f"{'20 writers of 5 records each':<44} {kept:>17} of 100   100 of 100", flush=True)
    print(f"{'  exit codes, chain, wall seconds':<44} {sum(codes):>8} {len(wrong):>8} {took:>8.1f}   0 0", flush=True)


def records_at_scale(root: Path) -> None:
    """Write and read one record on top of 100,000."""
    bare = root / "server.git"
    git(root, "init", "-q", "--bare", str(bare))
    names = [hashlib.sha1(str(n).encode()).hexdigest() for n in range(100_000)]
    with Repository(bare, client=False) as repo:
        drafts = [Draft(name, "verdict", {"ref": "refs/heads/main", "pad": "x" * 250}) for name in names]
        records.append_all(repo, drafts)
    rows = []
    for number in range(PUSHES):
        before = resource.getrusage(resource.RUSAGE_CHILDREN), time.process_time()
        with Repository(bare, client=False) as repo:
            records.append(
                repo, hashlib.sha1(f"more {number}".encode()).hexdigest(), {"kind": "verdict", "pad": "x" * 250}
            )
        after = resource.getrusage(resource.RUSAGE_CHILDREN), time.process_time()
        children = after[0].ru_utime + after[0].ru_stime - before[0].ru_utime - before[0].ru_stime
        rows.append((0.0, 1000 * (children + after[1] - before[1])))
    show("one more record on top of 100,000", rows, "at most 50")
    started = time.monotonic()
    with Repository(bare, client=False) as repo:
        for name in names[:100]:
            records.read(repo, name)
        print(f"{'reading one of them, wall ms':<44} {(time.monotonic() - started) * 10:>26.1f}", flush=True)
        started = time.monotonic()
        wrong = records.problems(repo)
    print(f"{'checking the whole chain, wall seconds':<44} {time.monotonic() - started:>26.1f}   {wrong}", flush=True)


def pushers(root: Path, seconds: float, number: int = 50) -> None:
    """Let many push to one repository at once: half to main, half to branches, some of it bad."""
    pair = Pair(root)
    (pair.gated / "gatepost.toml").write_text(POLICY + '[gate]\nprotected = ["refs/heads/**"]\ndeadline = "5m"\n')
    first = commit(pair.work, {"README.md": "x"})
    pair.push()
    until, tally, lock = (
        time.monotonic() + seconds,
        {"accepted": 0, "refused": 0, "lost the race": 0, "wrong": 0},
        threading.Lock(),
    )
    accepted: list[tuple[str, str]] = []

    def run(who: int) -> None:
        work = root / f"work{who}"
        git(root, "clone", "-q", "--shared", str(pair.work), str(work))
        ref = "refs/heads/main" if who % 2 else f"refs/heads/b{who}"
        turn, bad = 0, False
        tip = first
        while time.monotonic() < until:
            turn += 1
            bad = turn % 3 == 0
            if who % 2:
                git(work, "fetch", "-q", str(pair.gated), "main")
                tip = git(work, "rev-parse", "FETCH_HEAD")
            git(work, "update-ref", "refs/heads/mine", tip)
            name = f"{who}_{turn}"
            files = (
                {f"db/{who * 10_000 + turn}_x.up.sql": f"CREATE TABLE t{name} (id int);\n"}
                if bad
                else {f"f{name}": "1"}
            )
            head = commit(work, files, "refs/heads/mine")
            command = ["git", "push", "-q", str(pair.gated), f"{head}:{ref}"]
            done = subprocess.run(command, cwd=work, capture_output=True, check=False)
            said = done.stderr.decode(errors="replace")
            if done.returncode == 0:
                what = "wrong" if bad else "accepted"
                tip = head
            else:
                what = "refused" if bad and "migration/missing-down" in said else "lost the race"
            with lock:
                tally[what] += 1
                if done.returncode == 0:
                    accepted.append((head, ref))

    threads = [threading.Thread(target=run, args=(who,)) for who in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Repository(pair.gated, client=False) as repo:
        lost = sum(not any(r.get("ref") == ref for r in records.read(repo, head, "landed")) for head, ref in accepted)
        wrong = records.problems(repo)
    locks = [path.name for path in pair.gated.rglob("*.lock") if path.name != "records.lock"]
    rest = list((pair.gated / "gatepost" / "handover").glob("*"))
    print(f"{f'{number} pushers for {seconds:g} s':<44} {tally}", flush=True)
    print(
        f"  verdicts lost {lost}, chain {wrong or 'whole'}, locks left {locks}, handovers left {len(rest)}", flush=True
    )


def main() -> None:
    """Run what is asked for."""
    parts = {f.__name__: f for f in (good_commit, large_push, long_history, writers, records_at_scale)}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--only", default="")
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    clean()
    print(f"{'CPU milliseconds':<44} {'no hook':>8} {'gate':>8} {'more':>8}   to reach")
    for name in args.only.split(",") if args.only else [*parts, "pushers"]:
        with tempfile.TemporaryDirectory() as where:
            if name == "pushers":
                pushers(Path(where), args.seconds)
            else:
                parts[name](Path(where))


if __name__ == "__main__":
    main()

"""Artifacts that are not committed: a record of the same inputs, or a build in a clean directory."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from _bundle import rules
from conftest import Files, Repo
from gatepost.gate import deadline, evaluate, read_policy
from gatepost.git import Repository, make_change
from gatepost.model import Report

POLICY = """
[bundle.build]
command = ["sh", "build.sh"]
inputs = ["src", "build.sh"]
timeout = "{timeout}"
[[bundle.artifact]]
name = "web"
globs = ["dist/*.bin"]
compression = "none"
"""
BUILD = "mkdir -p dist\necho once >> '{log}'\ncat src/* > dist/app.bin\n"


def report(repo: Repo, base: str | None, head: str) -> Report:
    with Repository(repo.path) as opened:
        change = make_change(opened, base, head)
        policy, invalid = read_policy(change)
        return evaluate(change, policy, only=("bundle",), extra=invalid)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def files(log: Path, size: int, script: str = BUILD, timeout: str = "1m") -> Files:
    return {
        "gatepost.toml": POLICY.format(timeout=timeout),
        "build.sh": script.format(log=log),
        "src/a.txt": "a" * size,
    }


def builds(log: Path) -> int:
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_both_sides_are_built_once_and_compared(repo: Repo, log: Path) -> None:
    base = repo.commit(files(log, 50_000))
    head = repo.commit({"src/a.txt": "a" * 90_000, "README.md": "x"})
    found = report(repo, base, head)
    assert rules(found) == ["bundle/growth"]
    entry = found.sections["bundle"]["artifacts"][0]
    assert (entry["before"]["raw"], entry["after"]["raw"], entry["source"]) == (50_000, 90_000, "record")
    assert builds(log) == 2
    assert report(repo, base, head).sections == found.sections
    assert builds(log) == 2, "the same inputs are not built again"
    assert not (repo.path / "dist").exists()
    docs = repo.commit({"README.md": "y", "src/b.txt": "b"})
    report(repo, head, docs)
    assert builds(log) == 3


def test_a_server_builds_nothing_and_reads_the_record(repo: Repo, tmp_path: Path, log: Path) -> None:
    base = repo.commit(files(log, 50_000))
    head = repo.commit({"src/a.txt": "a" * 90_000})
    bare = Repo(tmp_path / "bare.git", bare=True)
    repo.git("push", "-q", str(bare.path), "main")
    found = report(bare, base, head)
    assert rules(found) == ["bundle/unmeasured"]
    assert found.verdict == "review"
    assert "no record" in found.findings[0].message
    assert builds(log) == 0
    report(repo, base, head)
    repo.git("push", "-q", str(bare.path), "refs/gatepost-size/*:refs/gatepost-size/*")
    assert rules(report(bare, base, head)) == ["bundle/growth"]


def test_nothing_is_built_for_the_index(repo: Repo, log: Path) -> None:
    base = repo.commit(files(log, 50_000))
    repo.git("reset", "-q", "--hard")
    repo.write({"src/a.txt": "a" * 90_000})
    with Repository(repo.path) as opened:
        change = make_change(opened, base, None)
        policy, _ = read_policy(change)
        found = evaluate(change, policy, only=("bundle",))
    assert rules(found) == ["bundle/unmeasured"]
    assert builds(log) == 0


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo broken here; exit 7", "failed with exit code 7: broken here"),
        ("true", "wrote nothing that matches dist/*.bin"),
        ("sleep 60 & wait", "did not end within 1 seconds"),
    ],
)
def test_a_build_that_gives_nothing_is_told(repo: Repo, log: Path, script: str, said: str) -> None:
    base = repo.commit(files(log, 50_000, timeout="1s"))
    head = repo.commit({"build.sh": script})
    started = time.monotonic()
    found = report(repo, base, head)
    assert time.monotonic() - started < 20
    assert rules(found) == ["bundle/unmeasured"]
    assert said in found.findings[0].message


def test_the_deadline_of_the_gate_is_not_that_of_a_build(repo: Repo, log: Path) -> None:
    base = repo.commit(files(log, 50_000))
    head = repo.commit({"build.sh": "sleep 2\n" + BUILD.format(log=log)})
    with deadline(1.5):
        assert rules(report(repo, base, head)) == []


def test_each_side_is_built_as_its_own_policy_says(repo: Repo, log: Path) -> None:
    base = repo.commit(files(log, 50_000))
    policy = POLICY.format(timeout="1m").replace('"build.sh"]', '"other.sh"]')
    head = repo.commit(
        {"gatepost.toml": policy, "other.sh": BUILD.format(log=log), "build.sh": None, "src/a.txt": "a" * 51_000}
    )
    found = report(repo, base, head)
    entry = found.sections["bundle"]["artifacts"][0]
    assert (entry["before"]["raw"], entry["after"]["raw"]) == (50_000, 51_000)


STATS = """
[bundle]
stats = ["dist/meta.json"]
[bundle.build]
command = ["sh", "build.sh"]
inputs = ["src", "build.sh"]
[[bundle.artifact]]
name = "first"
globs = ["dist/*.js"]
loads = "initial"
compression = "none"
"""
META = """
{{"inputs": {{"src/a.js": {{"bytes": {told}, "imports": []}}}},
 "outputs": {{
  "dist/main.js": {{"bytes": 1, "entryPoint": "src/a.js", "inputs": {{"src/a.js": {{"bytesInOutput": {main}}}}},
   "imports": [{{"path": "dist/later.js", "kind": "dynamic-import"}}]}},
  "dist/later.js": {{"bytes": 1, "inputs": {{}}, "imports": []}}}}}}
"""


def with_stats(main: int, later: int, told: int = 3) -> Files:
    meta = META.format(told=told, main=main)
    return {
        "gatepost.toml": STATS,
        "src/a.js": "a()",
        "build.sh": f"mkdir dist; head -c {main} /dev/zero > dist/main.js; head -c {later} /dev/zero > dist/later.js\n"
        f"cat > dist/meta.json <<'END'{meta}END\n",
    }


def test_statistics_of_the_build_tell_what_is_initial(repo: Repo, tmp_path: Path) -> None:
    base = repo.commit(with_stats(20_000, 50_000))
    lazy, first = repo.commit(with_stats(20_000, 90_000)), repo.commit(with_stats(60_000, 90_000))
    assert rules(report(repo, base, lazy)) == []
    found = report(repo, lazy, first)
    assert rules(found) == ["bundle/growth"]
    entry = found.sections["bundle"]["artifacts"][0]
    assert (entry["before"]["raw"], entry["after"]["raw"]) == (20_000, 60_000)
    assert entry["modules"] == [{"path": "src/a.js", "before": 20_000, "after": 60_000, "initial": True}]
    bare = Repo(tmp_path / "bare.git", bare=True)
    repo.git("push", "-q", str(bare.path), "main", "refs/gatepost-size/*:refs/gatepost-size/*")
    assert report(bare, lazy, first).sections == found.sections, "the record carries them"


def test_statistics_of_a_build_that_are_stale_or_absent_are_refused(repo: Repo) -> None:
    base = repo.commit(with_stats(20_000, 50_000))
    stale = report(repo, base, repo.commit(with_stats(20_000, 51_000, told=9)))
    assert rules(stale) == ["bundle/unmeasured"]
    assert "dist/meta.json is stale: src/a.js had 9 bytes and has 3" in stale.findings[0].message
    script = "mkdir dist; head -c 70000 /dev/zero > dist/main.js"
    absent = report(repo, base, repo.commit({"build.sh": script}))
    assert rules(absent) == ["bundle/unmeasured"]
    assert "not written by the build" in absent.findings[0].message

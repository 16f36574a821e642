"""Builds on a server: only where its operator says so, detached from the push, and never silent."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from conftest import Files, Repo
from gatepost.bundles import Artifact, Build
from gatepost.bundles.build import BuildFailed, confined
from gatepost.bundles.recorded import REFS
from gatepost.entry.measuring import KIND, child
from gatepost.git import Repository, Snapshot
from servers import Server

POLICY = """
[bundle.build]
command = ["sh", "build.sh"]
inputs = ["src", "build.sh"]
timeout = "5s"
"""
ARTIFACT = """
[[bundle.artifact]]
name = "web"
globs = ["dist/*.bin"]
compression = "none"
"""
SANDBOX = 'sandbox = ["env", "BUILD_PLACE={directory}"]\n'
SCRIPT = 'mkdir dist && cat src/* > dist/app.bin && test -d "$BUILD_PLACE/tree"\n'


def files(size: int, script: str = SCRIPT, policy: str = POLICY + ARTIFACT) -> Files:
    return {"gatepost.toml": policy, "build.sh": script, "src/a.txt": "a" * size}


def told(server: Server) -> dict[str, Any]:
    """Wait for the record of the build of the tip."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if found := server.records(server.tip(), KIND):
            return found[-1]
        time.sleep(0.1)
    raise AssertionError(server.path.joinpath("gatepost/builds.log").read_text())


def sizes(server: Server) -> list[str]:
    return server.bare.git("for-each-ref", "--format=%(refname)", REFS).split()


def test_a_server_builds_what_has_landed_where_its_operator_says_so(tmp_path: Path) -> None:
    server = Server(tmp_path, policy=POLICY + SANDBOX)
    assert server.commit_push(files(50_000)).code == 0
    first = told(server)
    assert first["outcome"] == "measured"
    assert sizes(server) == [f"{REFS}/{first['key']}"]
    assert server.commit_push(files(90_000)).code == 0
    second = told(server)
    entry = second["artifacts"][0]
    assert (entry["before"]["raw"], entry["after"]["raw"]) == (50_000, 90_000)
    assert [finding["rule"] for finding in second["findings"]] == ["bundle/growth"]
    assert second["verdict"] == "block"
    assert server.problems() == ()
    assert not list((server.path / "gatepost/builds").iterdir())


def test_a_pushed_policy_starts_no_build(tmp_path: Path) -> None:
    server = Server(tmp_path)
    mark = tmp_path / "mark"
    assert server.commit_push(files(50_000, f"touch {mark}\n", POLICY + SANDBOX + ARTIFACT)).code == 0
    server.policy(POLICY)
    assert server.commit_push({"src/a.txt": "b" * 50_000}).code == 0
    time.sleep(1)
    assert not (server.path / "gatepost/builds").exists()
    assert not mark.exists()
    assert sizes(server) == []


def test_a_pushed_policy_adds_no_command(tmp_path: Path) -> None:
    server = Server(tmp_path, policy=POLICY + SANDBOX)
    pushed = POLICY.replace("timeout", 'install = ["touch", "/tmp/never"]\ntimeout') + ARTIFACT
    assert server.commit_push(files(50_000, policy=pushed)).code == 0
    found = told(server)
    assert found["outcome"] == "failed"
    assert "adds bundle.build.install" in found["reason"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo broken here; exit 7", "failed with exit code 7: broken here"),
        ("head -c 30000000 /dev/zero; exit 3", "failed with exit code 3"),
        ("sleep 60 & wait", "did not end within 1 seconds"),
        ("true", "wrote nothing"),
    ],
)
def test_a_build_that_fails_is_recorded(tmp_path: Path, script: str, said: str) -> None:
    server = Server(tmp_path, policy=POLICY.replace("5s", "1s") + SANDBOX)
    assert server.commit_push(files(50_000, script)).code == 0
    found = told(server)
    assert found["outcome"] == "failed"
    assert said in found["reason"]
    assert said in (server.path / "gatepost/log").read_text()


def test_a_claim_that_was_wrong_is_told(tmp_path: Path) -> None:
    server = Server(tmp_path, policy=POLICY + SANDBOX)
    server.commit_push(files(50_000))
    ref = f"{REFS}/{told(server)['key']}"
    data = json.loads(server.bare.git("cat-file", "blob", ref))
    data["files"]["dist/app.bin"][1] = 7
    blob = server.bare.git("hash-object", "-w", "--stdin", stdin=json.dumps(data).encode())
    server.bare.git("update-ref", ref, blob)
    server.commit_push({"README.md": "the same inputs"})
    found = told(server)
    assert (found["claimed"], found["built"]) == ({"raw": 7}, {"raw": 50_000})


def test_a_worker_that_died_is_told(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.commit_push(files(50_000))
    builds = server.path / "gatepost/builds"
    builds.mkdir()
    asked = {"head": server.tip(), "base": None, "ref": "refs/heads/main"}
    (builds / "1-x.begun").write_text(json.dumps(asked))
    (builds / "0-y").write_text("no JSON")
    child(str(server.path))
    assert "died" in told(server)["reason"]
    assert not list(builds.iterdir())


def test_nothing_is_written_outside_of_the_directory(repo: Repo, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    commit = repo.commit(
        {
            "src/a.txt": "a",
            "away": ("120000", str(outside).encode()),
            "up": ("120000", b"../../outside"),
            "near": ("120000", b"src/a.txt"),
            ".gitattributes": "* filter=evil\n",
        }
    )
    repo.git("config", "filter.evil.smudge", f"touch {outside}/smudged; cat")
    build = Build(("sh", "-c", "set -e; test ! -L away; test ! -L up; cat near > out.txt"), ("src",), sandbox=("env",))
    with Repository(repo.path) as opened:
        snapshot = Snapshot(opened, opened.resolve(commit, "tree") or "")
        made = confined(build, snapshot, [Artifact("out", ("out.txt",))])
        with pytest.raises(BuildFailed, match=r"no bundle\.build\.sandbox"):
            confined(Build(("true",), ()), snapshot, [])
    assert list(made.files) == ["out.txt"]
    assert list(outside.iterdir()) == []

"""What of a change belongs to which migration history."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatepost.git import Change, Repository, make_change
from gatepost.migrations import Collected, collect, touched
from gatepost.policy import Policy


class Tree:
    """A throw-away repository that is committed twice."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.git("init", "-q", "-b", "main")

    def git(self, *args: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "core.autocrlf=false"]
        subprocess.run(["git", "-C", str(self.directory), *who, *args], check=True, capture_output=True)

    def commit(self, files: dict[str, str | bytes | None]) -> None:
        for name, content in files.items():
            file = self.directory / name
            if content is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")

    def change(self) -> Change:
        self.repo = Repository(self.directory)
        return make_change(self.repo, "HEAD~1", "HEAD")


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    made = Tree(tmp_path)
    yield made
    made.repo.close()


def collected(change: Change) -> Collected:
    return collect(change, Policy())


def test_new_edited_moved_removed(tree: Tree) -> None:
    pair = {f"m/{n}_t.{way}.sql": f"{way} {n};" for n in (1, 2, 3) for way in ("up", "down")}
    tree.commit(dict(pair))
    tree.commit(
        {
            "m/1_t.down.sql": "other;",
            "m/2_t.up.sql": None,
            "m/2_t.down.sql": None,
            "m/3_t.up.sql": None,
            "m/3_t.down.sql": None,
            "m/5_t.up.sql": pair["m/2_t.up.sql"],
            "m/5_t.down.sql": pair["m/2_t.down.sql"],
            "m/4_t.up.sql": "create table t (i int);",
        }
    )
    (history,) = collected(tree.change()).histories
    assert history.place.framework == "golang-migrate"
    assert [(change.status, change.migration.version) for change in history.changes] == [
        ("edited", "1"),
        ("new", "4"),
        ("moved", "5"),
        ("removed", "3"),
    ]
    assert history.new[0].down is None


def test_a_change_elsewhere_touches_nothing(tree: Tree) -> None:
    tree.commit({"m/1_t.up.sql": "x;", "m/1_t.down.sql": "y;", "README.md": "a", "src/base64.py": "a"})
    tree.commit({"README.md": "b", "src/base64.py": "b"})
    change = tree.change()
    assert not touched(change, Policy())
    assert collect(change, Policy()) == Collected()

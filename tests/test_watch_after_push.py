from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Repo
from gatepost.git import Repository
from gatepost.metrics import Verification
from gatepost.watch import Deploy, begin, start
from gatepost.watch.after_push import refusal, reminder
from gatepost.watch.queue import open_store

MAIN = "refs/heads/main"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.setattr(begin, "spawn", lambda *_: 0)
    return Repo(tmp_path / "server.git", bare=True)


def test_the_next_push_hears_of_a_regression(server: Repo, tmp_path: Path) -> None:
    told = Verification(source="access-log", path=f"{tmp_path}/a.log", refuse_after_regression=True)
    good = server.commit({"a": "good"})
    bad = server.commit({"a": "bad"})
    with Repository(server.path) as repo:
        assert reminder(server.path, MAIN) is None
        start(server.path, Deploy(bad, MAIN, good), told)
        assert reminder(server.path, MAIN) is None
        with open_store(server.path) as store:
            store._db.execute('update watch set state=\'done\', verdict=\'{"verdict": "regressed", "reason": "5 %"}\'')
        assert "regressed: 5 %" in str(reminder(server.path, MAIN))
        other = server.commit({"a": "something else"}, parent=bad)
        undone = server.commit({"a": "good"}, parent=bad)
        reverted = server.commit({"b": "and more"}, parent=bad, message=f"Revert\n\nThis reverts commit {bad}.")
        assert "only its rollback" in str(refusal(repo, server.path, MAIN, other, told))
        assert refusal(repo, server.path, MAIN, undone, told) is None
        assert refusal(repo, server.path, MAIN, reverted, told) is None
        assert reminder(server.path, "refs/heads/other") is None

"""What must be alike whichever engine holds the watches, and what only a shared one has to stand."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from _cluster import Cluster, cluster, policy, share
from conftest import Repo
from gatepost.errors import CannotJudge, PolicyError
from gatepost.metrics import Verification
from gatepost.watch import after_push, engine
from gatepost.watch.begin import trusted
from gatepost.watch.counts import Minute
from gatepost.watch.model import Watch
from gatepost.watch.queue import open_store, watched
from gatepost.watch.store import LEASE

NOW = 1_790_000_000.0
PLAN = Verification(source="access-log", path="/nowhere")


def watch(key: str) -> Watch:
    return Watch(key, "0" * 40, "refs/heads/main", "shop", NOW, "watching", PLAN, begun=NOW, due=NOW)


def test_two_workers_never_hold_one_watch(either_queue: Repo) -> None:
    with open_store(either_queue.path) as store:
        for number in range(40):
            store.insert(watch(f"w{number}"))
    taken: list[str] = []

    def work() -> None:
        with open_store(either_queue.path) as store:
            while (found := store.lease(NOW)) is not None:
                taken.append(found.id)
                assert store.renew(found, NOW)
                assert store.save(replace(found, state="done"))

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(taken) == Counter(f"w{number}" for number in range(40))


DIES = """
import os, signal, sys
from pathlib import Path
from gatepost.watch.queue import open_store
with open_store(Path(sys.argv[1])) as store:
    with store._write() as db:
        db.execute("update watch set fence = fence + 7, state = 'done'")
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_worker_killed_in_a_transaction_changes_nothing(either_queue: Repo) -> None:
    with open_store(either_queue.path) as store:
        store.insert(watch("w"))
        first = store.lease(NOW)
        assert first is not None
        done = subprocess.run([sys.executable, "-c", DIES, str(either_queue.path)], check=False)
        assert done.returncode == -9
        assert store.lease(NOW) is None
        second = store.lease(NOW + LEASE)
        assert second is not None
        assert (second.fence, store.save(first), store.save(second)) == (first.fence + 1, False, True)


def test_a_span_is_learned_once(either_queue: Repo) -> None:
    with open_store(either_queue.path) as one, open_store(either_queue.path) as two:
        for store, span in ((one, (0.0, 60.0)), (one, (60.0, 120.0)), (two, (60.0, 120.0)), (two, (-60.0, 0.0))):
            store.learn(
                "shop", span, {"500 GET /": (span[0], span[1], 2.0)}, [Minute(span[0], 9.0, 2.0, 2.0, 8.0, 0.5)]
            )
        assert one.coverage("shop") == (-60.0, 120.0)
        assert one.signatures("shop") == [("500 GET /", -60.0, 120.0, 6.0, False)]
        one.set_known("shop", "500 GET /", 5.0)
        one.forget("shop", 1000.0, 60.0)
        assert two.signatures("shop")[0][-1]
        assert (two.coverage("shop"), two.minutes("shop", 0, 99)) == (
            (1000.0, 120.0),
            [Minute(60.0, 9.0, 2.0, 2.0, 8.0, 0.5)],
        )


def test_each_channel_is_told_by_one(either_queue: Repo) -> None:
    with open_store(either_queue.path) as one, open_store(either_queue.path) as two:
        one.insert(watch("w"))
        assert [store.tell(watch("w"), "webhook") for store in (one, two, one)] == [True, False, False]


def test_text_that_a_database_may_refuse(either_queue: Repo) -> None:
    with open_store(either_queue.path) as store:
        store.learn("shop", (0.0, 1.0), {"500 ? %s '": (0.0, 1.0, 1.0)}, [])
        assert [name for name, *_ in store.signatures("shop")] == ["500 ? %s '"]
        store.insert(replace(watch("w"), problem="a\0b"))
        assert store.get("w") is not None


@pytest.fixture
def restarted() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.mark.slow
def test_a_database_that_restarts_loses_nothing(restarted: Cluster, tmp_path: Path) -> None:
    repo = Repo(tmp_path / "server.git", bare=True)
    share(repo.path, restarted)
    with open_store(repo.path) as store:
        store.insert(watch("w"))
        restarted.stop()
        with pytest.raises(CannotJudge, match="PostgreSQL at"):
            store.lease(NOW)
        with pytest.raises(CannotJudge, match="PostgreSQL at"):
            store.lease(NOW)
        assert "is not known" in str(after_push.reminder(repo.path, "refs/heads/main"))
        restarted.start()
        found = store.lease(NOW)
        assert found is not None
        assert store.save(found)


def test_repositories_share_a_database_and_no_watch(postgresql: Cluster, tmp_path: Path) -> None:
    repos = [Repo(tmp_path / name, bare=True) for name in ("a.git", "b.git", "c.git")]
    for repo in repos:
        share(repo.path, postgresql)
    policy(repos[2].path, 'queue_name = "team-shop"\n')
    for repo in repos:
        assert watched(repo.path)
        with closing(open_store(repo.path)) as store:
            assert store.lease(NOW) is None
            store.insert(watch("same"))


def test_a_tree_cannot_choose_the_queue(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "server.git", bare=True)
    asked = replace(PLAN, queue="postgresql", queue_url_file="/etc/passwd", queue_name="x")
    found = trusted(repo.path, asked)
    assert (found.queue, found.queue_url_file, found.queue_name) == ("sqlite", "", "")


@pytest.mark.parametrize(
    "text", ["mysql://x/y", "postgresql://host", "postgresql://h:x/y", "postgresql://h/d?sslmode=x"]
)
def test_an_address_that_is_none(text: str) -> None:
    pytest.importorskip("pg8000")
    with pytest.raises(PolicyError):
        engine.postgresql(text, "gatepost")


@pytest.mark.parametrize("name", ['a"; drop schema public', "", "a" * 64, "a.b"])
def test_a_name_that_is_none(name: str) -> None:
    pytest.importorskip("pg8000")
    with pytest.raises(PolicyError):
        engine.postgresql("postgresql://h/d", name)


def test_the_address_comes_from_a_file_or_the_environment(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://file/d\n")
    assert engine.address(str(tmp_path / "url"), {engine.URL: "postgresql://other/d"}) == "postgresql://file/d"
    assert engine.address("", {engine.URL: "postgresql://other/d"}) == "postgresql://other/d"
    with pytest.raises(CannotJudge):
        engine.address(str(tmp_path / "none"))
    with pytest.raises(PolicyError):
        engine.address("", {})

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from _traffic import Moment, combined, requests, write
from conftest import Repo
from gatepost.git import Repository
from gatepost.metrics import Verification
from gatepost.watch import Deploy, begin, start
from gatepost.watch.after_push import refusal, reminder
from gatepost.watch.queue import open_store
from servers import Push, Server

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
        said = f"Revert\n\nThis reverts commit {bad}."
        reverted = server.commit({"a": "good", "b": "and more"}, parent=bad, message=said)
        claimed = server.commit({"b": "only said"}, parent=bad, message=said)
        assert "only its rollback" in str(refusal(repo, server.path, MAIN, other, told))
        assert refusal(repo, server.path, MAIN, claimed, told) is not None
        assert refusal(repo, server.path, MAIN, undone, told) is None
        assert refusal(repo, server.path, MAIN, reverted, told) is None
        assert reminder(server.path, "refs/heads/other") is None


def _decided(server: Server, oid: str, word: str, old: str | None = None) -> None:
    start(server.path, Deploy(oid, MAIN, old), Verification(source="access-log", path="/none"))
    with open_store(server.path) as store:
        (watch,) = [one for one in store.watches() if one.verdict is None and one.oid == oid]
        verdict = json.dumps({"verdict": word, "reason": "5 %"})
        store._db.execute("update watch set state='done', verdict=? where id=?", (verdict, watch.id))


def _said(push: Push) -> str:
    return push.text.partition("roll back: ")[2] if "regressed" in push.text else ""


UP = {"db/1_a.up.sql": "CREATE TABLE a (id int);\n", "db/1_a.down.sql": "DROP TABLE a;\n"}


def test_what_is_said_of_a_regression_follows_the_ref(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real pushes: the stored plan is named while the deploy is what runs, and nothing once it is gone or mended."""
    monkeypatch.setattr(begin, "spawn", lambda *_: 0)
    server = Server(tmp_path)
    server.commit_push({"a": "good"})
    good = server.tip()
    server.commit_push({"a": "bad", **UP})
    bad = server.tip()
    _decided(server, bad, "regressed", good)
    refused = server.commit_push({"gatepost.toml": "[gate\n"})
    assert (refused.code, f"gatepost rollback run {bad[:12]}" in _said(refused)) == (1, True), refused.raw
    server.work.git("update-ref", "refs/heads/main", bad)
    on_top = server.commit_push({"b": "more"})
    assert on_top.code == 0
    assert f"the deploy {bad[:12]} regressed, and no later one has passed" in on_top.text
    assert f"gatepost rollback plan {good[:12]}..HEAD" in _said(on_top)
    later = server.tip()
    _decided(server, later, "superseded", bad)
    assert _said(server.commit_push({"b": "and more"}))
    _decided(server, server.tip(), "pass", later)
    assert not _said(server.commit_push({"b": "all is well"}))


def test_after_a_rollback_nothing_is_said_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(begin, "spawn", lambda *_: 0)
    server = Server(tmp_path)
    server.commit_push({"a": "good"})
    good = server.tip()
    server.commit_push({"a": "bad", **UP})
    bad = server.tip()
    _decided(server, bad, "regressed", good)
    back = server.push("--force", f"{good}:refs/heads/main")
    assert (back.code, server.tip()) == (0, good), back.raw
    assert not _said(back)
    server.work.git("update-ref", "refs/heads/main", good)
    assert not _said(server.commit_push({"a": "mended"}))


def test_the_last_good_commit_lands_over_what_came_on_top_of_a_migration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan of the deploy that regressed names it; what landed later has no plan, and migrated nothing."""
    monkeypatch.setattr(begin, "spawn", lambda *_: 0)
    server = Server(tmp_path)
    server.commit_push({"a": "older"})
    older = server.tip()
    server.commit_push({"a": "good"})
    good = server.tip()
    server.commit_push({"a": "bad", **UP})
    bad = server.tip()
    server.commit_push({"b": "on top"})
    server.commit_push({"b": "and more"})
    top = server.tip()
    _decided(server, bad, "regressed", good)
    watch = f'path = "{tmp_path}/none"\nwatch = "1s"\npoll = "1s"\nextend = "0s"\n'
    server.policy(f'[verification]\nsource = "access-log"\n{watch}refuse_after_regression = true\n')
    assert server.push("--force", f"{older}:refs/heads/main").rules == ["migration/removed"]
    back = server.push("--force", f"{good}:refs/heads/main")
    assert (back.code, server.tip()) == (0, good), back.raw
    assert [r["to"] for oid in (bad, top) for r in server.records(oid, "rollback")] == [good, good]
    again = server.push("--force", f"{top}:refs/heads/main")
    assert again.code == 0, again.raw
    server.policy("")
    more = {"db/2_b.up.sql": "CREATE TABLE b (id int);\n", "db/2_b.down.sql": "DROP TABLE b;\n"}
    assert server.commit_push(more).code == 0
    assert set(server.push("--force", f"{good}:refs/heads/main").rules) == {"migration/removed"}, "two plans"


def test_after_two_regressions_the_last_good_commit_may_be_pushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(begin, "spawn", lambda *_: 0)
    server = Server(tmp_path)
    server.commit_push({"a": "good"})
    good = server.tip()
    server.commit_push({"a": "bad"})
    first = server.tip()
    server.commit_push({"b": "on top"})
    second = server.tip()
    _decided(server, first, "regressed", good)
    _decided(server, second, "regressed", first)
    watch = f'path = "{tmp_path}/none"\nwatch = "1s"\npoll = "1s"\nextend = "0s"\n'
    server.policy(f'[verification]\nsource = "access-log"\n{watch}refuse_after_regression = true\n')
    more = server.commit_push({"b": "more"})
    assert more.rules == ["verify/regression-live"]
    assert f"git revert {good[:12]}..HEAD, or push {good[:12]}" in more.text
    one_back = server.push("--force", f"{first}:refs/heads/main")
    assert (one_back.code, f"git revert {first[:12]}" in _said(one_back)) == (0, True), "it regressed too"
    assert server.push("--force", f"{good}:refs/heads/main").code == 0
    server.work.git("update-ref", "refs/heads/main", good)
    mended = server.commit_push({"b": "mended"})
    assert (mended.code, _said(mended)) == (0, "")


@pytest.mark.slow
def test_after_a_regression_only_its_rollback_lands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real hooks, the real worker: push, errors in the log, verdict, the next pushes."""
    log = tmp_path / "access.log"
    monkeypatch.setattr("_traffic.START", time.time() - 600)
    write(log, combined(requests(600, lambda _: Moment(rate=20.0))))
    plan = f'source = "access-log"\npath = "{log}"\nwatch = "20s"\npoll = "0.5s"\nrefuse_after_regression = true\n'
    server = Server(tmp_path, policy=f"[verification]\n{plan}")
    server.commit_push({"a": "good"})
    assert server.commit_push({"a": "bad"}).code == 0
    bad = server.tip()
    monkeypatch.setattr("_traffic.START", time.time())
    with log.open("a") as stream:
        stream.writelines(combined(requests(20, lambda _: Moment(rate=60.0, errors=0.3), seed=2)))
    for _ in range(300):
        if server.records(bad, "verification"):
            break
        time.sleep(0.1)
    (record,) = server.records(bad, "verification")
    assert (record["verdict"], record["rollback"]) == ("regressed", f"git revert {bad[:12]}")
    more = server.commit_push({"b": "more"})
    assert (more.code, more.rules) == (1, ["verify/regression-live"])
    assert f"git revert {bad[:12]}" in more.text
    assert server.tip() == bad
    server.work.git("update-ref", "refs/heads/main", bad)
    server.work.commit({"a": "good"}, message=f'Revert "bad"\n\nThis reverts commit {bad}.')
    assert server.push("main").code == 0

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from _http import served
from conftest import Repo
from gatepost.metrics import SourceError, Verification
from gatepost.watch import forges, tell
from gatepost.watch.engine import sqlite
from gatepost.watch.model import Watch
from gatepost.watch.store import Store
from test_watch_worker import PLAN

MESSAGE = {"verdict": "regressed", "reason": "errors 5 % of requests", "ref": "refs/heads/main"}
NAMED = "name=gatepost%2Fverification&description=regressed%3A+errors+5+%25+of+requests&ref=main"
HUB = "https://api.github.com/repos/o/n/statuses/abc"


@pytest.mark.parametrize(
    ("forge", "base", "address", "header"),
    [
        ("github", "", HUB, {"Authorization": "Bearer t"}),
        (
            "gitea",
            "https://git.example/",
            "https://git.example/api/v1/repos/o/n/statuses/abc",
            {"Authorization": "token t"},
        ),
        (
            "gitlab",
            "",
            f"https://gitlab.com/api/v4/projects/o%2Fn/statuses/abc?state=failed&{NAMED}",
            {"PRIVATE-TOKEN": "t"},
        ),
    ],
)
def test_statuses_of_forges(forge: str, base: str, address: str, header: dict[str, str]) -> None:
    settings = Verification(forge=forge, forge_url=base, forge_repository="o/n")
    given, body, headers = forges.request(settings, "abc", MESSAGE, "t")
    assert given.startswith(address)
    assert {name: value for name, value in headers.items() if name != "Accept"} == header
    if forge != "gitlab":
        assert body == {
            "state": "failure",
            "context": "gatepost/verification",
            "description": "regressed: errors 5 % of requests",
        }


def test_a_forge_that_nobody_knows() -> None:
    with pytest.raises(SourceError, match="github"):
        forges.request(Verification(forge="hub"), "abc", MESSAGE, "t")


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # apprise imports it on Python before 3.13
def test_each_channel_is_told_once_and_a_broken_one_stops_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = Repo(tmp_path / "server.git", bare=True)
    oid = repo.commit({"a": "1"})
    (tmp_path / "token").write_text("t\n")
    calls: list[tuple[str, dict[str, str]]] = []

    def answer(path: str, body: bytes) -> tuple[int, bytes]:
        calls.append((path, json.loads(body)))
        return (500 if path == "/broken" else 201), b"{}"

    with served(answer) as address, Store(sqlite(tmp_path / "w.sqlite")) as store:
        settings = replace(
            PLAN, webhook=f"{address}/hook", forge="gitea", forge_url=address, forge_repository="o/n",
            forge_token_file=str(tmp_path / "token"), notify=("json://localhost",),
        )  # fmt: skip
        watch = Watch("w", oid, "refs/heads/main", "s", 1.0, "telling", settings, begun=1.0, verdict=MESSAGE)
        store.insert(watch)
        for _ in range(2):
            known = store.get("w")
            assert known is not None
            tell.everybody(repo.path, store, known)
        assert [path for path, _ in calls] == ["/hook", f"/api/v1/repos/o/n/statuses/{oid}"]
        assert (calls[0][1]["verdict"], calls[1][1]["state"]) == ("regressed", "failure")
        broken = replace(watch, id="b", settings=replace(settings, webhook=f"{address}/broken", notify=()))
        store.insert(broken)
        tell.everybody(repo.path, store, broken)
        assert [path for path, _ in calls].count("/broken") == tell.TRIES
        assert calls[-1][0].endswith(oid)
    assert "/broken: answered 500" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("verdict", "signals", "rules"),
    [
        (
            "regressed",
            ["error-rate", "latency", "new-error"],
            ["verify/error-rate", "verify/latency", "verify/new-error"],
        ),
        ("inconclusive", [], ["verify/inconclusive"]),
        ("pass", [], []),
    ],
)
def test_what_is_told_names_the_rules(verdict: str, signals: list[str], rules: list[str]) -> None:
    said = {"verdict": verdict, "signals": signals}
    watch = Watch("w", "a" * 40, "refs/heads/main", "s", 1.0, "telling", PLAN, begun=1.0, verdict=said)
    assert tell.message(watch)["rules"] == rules


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # apprise imports it on Python before 3.13
def test_the_real_apprise(tmp_path: Path) -> None:
    """Its ``json://`` channel, to a server of our own: title, reason and the command that rolls back."""
    pytest.importorskip("apprise", reason="apprise is not installed")
    repo = Repo(tmp_path / "server.git", bare=True)
    oid = repo.commit({"a": "1"})
    calls: list[dict[str, str]] = []

    def answer(_: str, body: bytes) -> tuple[int, bytes]:
        calls.append(json.loads(body))
        return 200, b"{}"

    with served(answer) as address, Store(sqlite(tmp_path / "w.sqlite")) as store:
        settings = replace(PLAN, notify=(f"json://{address.partition('//')[2]}/hook",))
        watch = Watch("w", oid, "refs/heads/main", "s", 1.0, "telling", settings, begun=1.0, verdict=MESSAGE)
        store.insert(watch)
        for _ in range(2):
            found = store.get("w")
            assert found is not None
            tell.everybody(repo.path, store, found)
        assert "notify" in (store.get("w") or watch).told
    assert [(call["title"], call["message"]) for call in calls] == [
        (f"{oid[:12]} regressed", f"errors 5 % of requests\nroll back: git revert {oid[:12]}")
    ]


def test_what_the_pusher_is_told() -> None:
    watch = Watch("abc-1", "abc" * 13 + "d", "refs/heads/main", "s", 90.0, "watching", PLAN, begun=90.0)
    assert tell.announced(watch) == [
        "gatepost: deployed, watching for 120 s until 00:03:30Z (watch abc-1); to wait for the verdict:",
        "    gatepost status abcabcabcabc --wait",
    ]
    waiting = replace(watch, begun=None, settings=replace(PLAN, begin="mark"))
    assert "abc-1 waits for the deploy (gatepost deploy mark abcabcabcabc)" in tell.announced(waiting)[0]

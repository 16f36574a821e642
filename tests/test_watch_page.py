from __future__ import annotations

import json
import random
from html.parser import HTMLParser
from pathlib import Path

import pytest

from _traffic import START, Moment, combined, requests, write
from conftest import Repo
from gatepost import cli
from gatepost.watch import begin
from gatepost.watch.model import Watch
from gatepost.watch.page import render
from test_watch_worker import DEPLOY, PLAN, Clock, begun, verdict, worked

EVIL = "GET /<script>alert(1)</script>"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.setattr(begin, "spawn", lambda *_: 0)
    return Repo(tmp_path / "server.git", bare=True)


class Strict(HTMLParser):
    """Collect tags; a script or an address outside makes the page no page of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [str(value) for name, value in attrs if name in ("src", "href")]


def odd(chance: random.Random) -> tuple[int, str] | None:
    return (503, EVIL) if chance.random() < 0.05 else None


def test_the_page_of_a_regression(server: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    normal = Moment(rate=20.0)
    rows = requests(1600, lambda t: normal if t < DEPLOY else Moment(rate=20.0, slower=2.0, extra=odd))
    watch = begun(server, write(tmp_path / "access.log", combined(rows)))
    worked(server, Clock(START + DEPLOY), DEPLOY + 400)
    where = ["--repo", str(server.path)]
    assert cli.main(["watch", "report", watch.oid, "-o", str(tmp_path / "page.html"), *where]) == 0
    text = (tmp_path / "page.html").read_text()
    page = Strict()
    page.feed(text)
    assert (page.tags.count("svg"), page.links, "script" in page.tags) == (2, [], False)
    assert "&lt;script&gt;" in text
    assert "could have missed".capitalize() in text
    assert cli.main(["watch", "list", "--format", "json", *where]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["verdict"], row["state"]) == ("regressed", "done")
    assert cli.main(["watch", "list", *where]) == 0
    assert "regressed" in capsys.readouterr().out
    assert cli.main(["watch", "report", "0" * 40, *where]) == 2


def test_a_page_without_anything_to_draw() -> None:
    watch = Watch("w", "1" * 40, "refs/heads/main", "web", START, "watching", PLAN)
    assert "nothing to draw" in render(watch, [])


def test_a_known_signature_makes_no_alarm(server: Repo, tmp_path: Path) -> None:
    def rare(chance: random.Random) -> tuple[int, str] | None:
        return (503, "GET /checkout") if chance.random() < 0.004 else None

    log = write(
        tmp_path / "access.log",
        combined(requests(2400, lambda t: Moment(rate=20.0, extra=rare if t > DEPLOY else lambda _: None))),
    )
    first = begun(server, log, text="first")
    clock = Clock(START + DEPLOY)
    worked(server, clock, DEPLOY + 400)
    name = "503 GET /checkout"
    assert cli.main(["watch", "known", name, "--repo", str(server.path)]) == 0
    second = begun(server, log, text="second", at=DEPLOY + 500)
    worked(server, clock, DEPLOY + 1200)
    assert (verdict(server, first)["verdict"], verdict(server, first)["signals"]) == ("regressed", ["new-error"])
    assert "new-error" not in verdict(server, second)["signals"]

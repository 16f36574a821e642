from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from _traffic import Moment, as_json, combined, iso, requests, write
from gatepost import cli

DEPLOY = 3600.0


def replayed(path: Path, deploys: str, capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, Any]]:
    args = ["watch", "replay", str(path), "--deploys", deploys, "--poll", "15", "--window", "600", "--format", "json"]
    assert cli.main([*args, *more]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def log(
    tmp_path: Path, after: Moment, seconds: float = 4300.0, since: float = DEPLOY, before: Moment | None = None
) -> Path:
    normal = before or Moment()
    return write(tmp_path / "access.log", combined(requests(seconds, lambda t: normal if t < since else after)))


def test_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (answer,) = replayed(log(tmp_path, Moment()), iso(DEPLOY), capsys)
    assert (answer["verdict"], answer["signals"], answer["detected_after_s"]) == ("pass", [], None)
    assert answer["deploy"] == iso(DEPLOY)
    assert answer["could_have_missed"]["error_rate"] < 0.02


@pytest.mark.parametrize(
    ("after", "signal", "within"),
    [
        (Moment(errors=0.05), "error-rate", 60),
        (Moment(slower=1.5), "latency", 60),
        (Moment(tail=3.0), "latency", 120),
        (Moment(rate=0.0), "traffic", 30),
        (Moment(extra=lambda c: (503, "GET /checkout") if c.random() < 0.01 else None), "new-error", 120),
        (Moment(extra=lambda c: (401, "GET /") if c.random() < 0.1 else None), "error-rate", 60),
        (Moment(extra=lambda c: (404, "GET /") if c.random() < 0.2 else None), "error-rate", 60),
    ],
    ids=["errors", "slower", "tail", "gone", "new", "refused", "not found"],
)
def test_found(tmp_path: Path, capsys: pytest.CaptureFixture[str], after: Moment, signal: str, within: float) -> None:
    (answer,) = replayed(log(tmp_path, after), iso(DEPLOY), capsys)
    assert answer["verdict"] == "regressed"
    assert signal in answer["signals"]
    assert answer["detected_after_s"] <= within


def test_a_scanner_is_told_and_no_regression(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scanned = Moment(extra=lambda c: (404, f"GET /wp-{c.randrange(99)}") if c.random() < 0.03 else None)
    (answer,) = replayed(log(tmp_path, scanned), iso(DEPLOY), capsys)
    assert (answer["verdict"], answer["signals"]) == ("warn", ["error-rate"])


def test_json_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = requests(4300, lambda t: Moment(errors=0.005 if t < DEPLOY else 0.05))
    (answer,) = replayed(write(tmp_path / "a.json", as_json(rows)), iso(DEPLOY), capsys)
    assert (answer["verdict"], answer["signals"]) == ("regressed", ["error-rate"])


def test_too_little_traffic_is_inconclusive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (answer,) = replayed(log(tmp_path, Moment(rate=0.1), before=Moment(rate=0.1)), iso(DEPLOY), capsys)
    assert answer["verdict"] == "inconclusive"
    assert "too little traffic" in answer["reason"]
    assert answer["could_have_missed"]["error_rate"] > 0.01


def test_a_poisoned_hour_is_no_baseline_and_the_rollback_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def at(time: float) -> Moment:
        return Moment(errors=0.08 if DEPLOY <= time < DEPLOY + 1800 else 0.005)

    path = write(tmp_path / "access.log", combined(requests(7200, at)))
    deploys = ",".join(iso(DEPLOY + n) for n in (0, 900, 1800))
    assert [a["verdict"] for a in replayed(path, deploys, capsys)] == ["regressed", "regressed", "pass"]


def test_a_newer_deploy_supersedes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deploys = f"{iso(DEPLOY)},{iso(DEPLOY + 120)}"
    assert [a["verdict"] for a in replayed(log(tmp_path, Moment()), deploys, capsys)] == ["superseded", "pass"]


def test_a_deploy_outside_of_the_log_is_inconclusive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = log(tmp_path, Moment(rate=2.0), seconds=1000)
    assert [a["verdict"] for a in replayed(path, iso(9000), capsys)] == ["inconclusive"]


def test_random_deploys_on_clean_traffic(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = log(tmp_path, Moment(), seconds=9000)
    answers = replayed(path, "random:5", capsys)
    assert [a["verdict"] for a in answers] == ["pass"] * 5

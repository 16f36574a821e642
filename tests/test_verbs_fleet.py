"""The verb ``fleet``: update, show, why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import Repo
from gatepost.cli import main
from test_dependencies_fleet import lock


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """Give a repository whose policy names its siblings."""
    Repo(tmp_path / "one.git", bare=True).commit(lock("left", "^1.0.0", "1.9.0"))
    Repo(tmp_path / "two.git", bare=True).commit(lock("left", "^2.0.0", "2.0.0"))
    policy = '[[fleet.service]]\nname = "all"\nrepository = "../*.git"\n'
    policy += '[[fleet.expect]]\npackage = "pkg:npm/left"\nrange = "^2.0.0"\nbecause = "shared"\n'
    app = Repo(tmp_path / "app.git", bare=True)
    app.commit({"gatepost.toml": policy})
    return app.path


def test_show_is_a_matrix(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", "show", "--repo", str(app)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["package", "one", "two"]
    assert lines[1].split() == ["npm/left", "!", "1.9.0", "2.0.0"]
    assert main(["fleet", "show", "--repo", str(app), "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["packages"][0]["services"]["two"]["versions"] == ["2.0.0"]
    assert main(["fleet", "show", "--repo", str(app), "--format", "html"]) == 0
    assert '<tr class="conflict"><td>npm/left</td><td>1.9.0</td><td>2.0.0</td></tr>' in capsys.readouterr().out


def test_why_tells_who_asks_for_what(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", "why", "left", "--repo", str(app)]) == 0
    assert capsys.readouterr().out == (
        "npm/left\n"
        "  expected ^2.0.0 shared\n"
        "  one                            1.9.0                prod      asks ^1.0.0 in package.json\n"
        "  two                            2.0.0                prod      asks ^2.0.0 in package.json\n"
    )
    assert main(["fleet", "why", "pkg:npm/right", "--repo", str(app)]) == 0
    assert capsys.readouterr().out == "pkg:npm/right: no service uses it\n"


def test_update_writes_a_snapshot(app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", "update", "--repo", str(app)]) == 0
    assert capsys.readouterr().out == "one: 1 packages\ntwo: 1 packages\n"
    file = tmp_path / "fleet.json"
    assert main(["fleet", "update", "--repo", str(app), "-o", str(file)]) == 0
    assert [service["name"] for service in json.loads(file.read_text())["services"]] == ["one", "two"]


def test_wrong_use(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", "why", "--repo", str(app)]) == 2
    assert main(["fleet", "show", "left", "--repo", str(app)]) == 2
    assert "needs the name" in capsys.readouterr().err

"""The fleet as a bill of materials in CycloneDX."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from conftest import Repo
from gatepost.checks import _fleet_bom
from gatepost.checks._fleet import Stock, Use
from gatepost.cli import main
from gatepost.errors import UsageError
from test_dependencies_fleet import lock

ODD = "a\x1b[31m\r\n\u202e</script>\udcff@all"


def valid(text: str) -> dict[str, Any]:
    """Give the document, held to the official schema by the library's own validator."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert error is None, str(error)[:500]
    data: dict[str, Any] = json.loads(text)
    return data


def test_show_writes_what_each_service_uses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Repo(tmp_path / "one.git", bare=True).commit(lock("left", "^1.0.0", "1.9.0"))
    Repo(tmp_path / "two.git", bare=True).commit(lock("left", "^2.0.0", "2.0.0"))
    app = Repo(tmp_path / "app.git", bare=True)
    policy = '[[fleet.service]]\nname = "all"\nrepository = "../*.git"\n'
    app.commit({"gatepost.toml": policy, **lock("@scope/left", "^2.0.0", "2.0.0")})
    assert main(["fleet", "show", "--repo", str(app.path), "--format", "cyclonedx"]) == 0
    data = valid(capsys.readouterr().out)
    assert data["metadata"]["component"]["name"] == "app"
    purls = {entry["bom-ref"]: entry.get("purl") for entry in data["components"]}
    services = {entry["bom-ref"]: entry["name"] for entry in data["components"] if entry["type"] == "application"}
    used = {entry["ref"]: [purls[ref] for ref in entry.get("dependsOn", ())] for entry in data["dependencies"]}
    assert used["repository"] == ["pkg:npm/%40scope/left@2.0.0"]
    assert {name: used[ref] for ref, name in services.items()} == {
        "one": ["pkg:npm/left@1.9.0"],
        "two": ["pkg:npm/left@2.0.0"],
    }


def test_a_repository_alone_has_one_too(tmp_path: Path) -> None:
    Repo(tmp_path / "app").commit(lock("left", "^2.0.0", "2.0.0"))
    out = tmp_path / "bom.json"
    assert main(["fleet", "show", "--repo", str(tmp_path / "app"), "--format", "cyclonedx", "-o", str(out)]) == 0
    assert [entry["purl"] for entry in valid(out.read_text())["components"]] == ["pkg:npm/left@2.0.0"]


@pytest.mark.parametrize(
    ("ecosystem", "name", "wanted"),
    [
        ("npm", "@a/b", "pkg:npm/%40a/b@1.0"),
        ("pypi", "Zope_Interface", "pkg:pypi/zope-interface@1.0"),
        ("golang", "github.com/x/y/v2", "pkg:golang/github.com/x/y/v2@1.0"),
        ("maven", "org.x:y", "pkg:maven/org.x/y@1.0"),
        ("githubactions", "actions/checkout", "pkg:github/actions/checkout@1.0"),
        ("docker", "library/python", "pkg:docker/library/python@1.0"),
        ("composer", "a/b", "pkg:composer/a/b@1.0"),
        ("cargo", "serde", "pkg:cargo/serde@1.0"),
    ],
)
def test_package_urls(ecosystem: str, name: str, wanted: str) -> None:
    data = valid(_fleet_bom.write(Stock("app", (Use(ecosystem, name, ("1.0",)),)), []))
    assert data["components"][0]["purl"] == wanted


def test_odd_names_and_hidden_services(tmp_path: Path) -> None:
    odd = (Use("npm", ODD, (ODD, "1")), Use("cargo", "a/b/", ("1",)), Use("", "", ()), Use("npm", "x" * 5000, ("1",)))
    text = _fleet_bom.write(Stock(ODD, odd), [Stock(ODD, odd), Stock("twin", odd), Stock("secret", odd, hidden=True)])
    data = valid(text)
    assert "secret" not in text
    assert {char for char in text if not char.isprintable()} <= {"\n"}
    assert len(data["components"]) == 2 + 5


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cyclonedx.output.json", None)
    with pytest.raises(UsageError, match="needs its library"):
        _fleet_bom.write(Stock("app", ()), [])


def test_only_show_writes_it(tmp_path: Path) -> None:
    Repo(tmp_path / "app").commit({"a": "b"})
    assert main(["fleet", "update", "--repo", str(tmp_path / "app"), "--format", "cyclonedx"]) == 2

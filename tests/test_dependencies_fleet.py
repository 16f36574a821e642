"""What the fleet says of a change."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest

from _dependencies import judge, manifest, npm_lock, rules
from conftest import Repo
from gatepost.checks import _fleet_read
from gatepost.checks._fleet import Expect, Fleet, Service, from_purl, purl
from gatepost.git import Change, Repository, make_change
from gatepost.model import Outcome
from gatepost.policy import Policy


def lock(name: str, wanted: str, version: str, *, dev: bool = False) -> dict[str, str]:
    """Give the two files of a service that asks for one package."""
    prod, test = ({}, {name: wanted}) if dev else ({name: wanted}, {})
    entry = {"dev": True} if dev else {}
    return {
        "package.json": manifest(prod, test),
        "package-lock.json": npm_lock({name: (version, [])}, prod, test, entry=entry),
    }


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """Give a directory of bare repositories, as on a git server."""
    for number, version in enumerate(["2.31.0"] * 3 + ["2.28.0"]):
        Repo(tmp_path / f"svc{number}.git", bare=True).commit(lock("requests", "^2.0.0", version))
    Repo(tmp_path / "old.git", bare=True).commit(lock("left", "^1.0.0", "1.9.0"))
    return tmp_path


Push = Callable[[Mapping[str, str], Mapping[str, str]], Change]


@pytest.fixture
def pushed(server: Path) -> Iterator[Push]:
    """Give a function that pushes to a repository that stands among the others."""
    made: list[Change] = []

    def push(base: Mapping[str, str], head: Mapping[str, str]) -> Change:
        repo = Repo(server / "app.git", bare=True)
        first = repo.commit(base, parent=None)
        made.append(make_change(Repository(repo.path), first, repo.commit(head)))
        return made[-1]

    yield push
    for change in made:
        change.repo.close()


def fleet(*expect: Expect, **service: str) -> Policy:
    """Give a policy with a service for each repository, and expectations."""
    services = tuple(Service(name, place) for name, place in (service or {"all": "../*.git"}).items())
    return Policy(tables={"fleet": Fleet(services, expect)})


def told(outcome: Outcome) -> list[tuple[str, str, bool]]:
    """Give name, verdict and whether it was so before."""
    return [(e["name"], e["verdict"], e["before"]) for e in outcome.sections["dependencies"]["fleet"]]


def test_drift_tells_how_the_versions_are_spread(pushed: Push, server: Path) -> None:
    change = pushed(lock("requests", "^2.0.0", "2.30.0"), lock("requests", "^2.0.0", "2.33.0"))
    found = judge(change, fleet())
    assert told(found) == [("requests", "drift", True)]
    change = pushed({"package.json": manifest(), "x": ""}, lock("requests", "^2.0.0", "2.33.0"))
    found = judge(change, fleet())
    assert ("drift", "note") in rules(found)
    message = next(f.message for f in found.findings if f.rule.id == "dependency/drift")
    assert message == "requests: 3 services 2.31.0, 1 service 2.28.0, you 2.33.0"
    theirs = found.sections["dependencies"]["fleet"][0]["theirs"]
    assert [(t["service"], t["versions"]) for t in theirs] == [
        ("svc0", ["2.31.0"]),
        ("svc1", ["2.31.0"]),
        ("svc2", ["2.31.0"]),
        ("svc3", ["2.28.0"]),
    ]


def test_disjoint_ranges_conflict_and_are_told_once(pushed: Push, server: Path) -> None:
    base, head = lock("left", "^1.0.0", "1.9.0"), lock("left", "^2.0.0", "2.0.0")
    found = judge(pushed(base, head), fleet())
    assert ("conflict", "warning") in rules(found)
    assert told(found) == [("left", "conflict", False)]
    again = judge(pushed(head, lock("left", "^2.0.0", "2.0.1")), fleet())
    assert told(again) == [("left", "conflict", True)]
    assert "conflict" not in [rule for rule, _ in rules(again)]
    assert again.sections["dependencies"]["summary"]["fleet"] == {"before": {"conflict": 1}, "after": {"conflict": 1}}


def test_a_conflict_with_a_development_dependency_is_a_note(pushed: Push, server: Path) -> None:
    head = lock("left", "^2.0.0", "2.0.0", dev=True)
    found = judge(pushed({"package.json": manifest(), "x": ""}, head), fleet())
    assert ("conflict", "note") in rules(found)


def test_behind_all_others_and_new_to_the_fleet(pushed: Push, server: Path) -> None:
    empty = {"package.json": manifest(), "x": ""}
    found = judge(pushed(empty, lock("requests", "^2.0.0", "2.1.0")), fleet())
    assert told(found) == [("requests", "behind", False)]
    found = judge(pushed(empty, lock("unheard", "^1.0.0", "1.0.0")), fleet())
    assert told(found) == [("unheard", "new", False)]


def test_an_expectation_comes_first_and_may_expire(pushed: Push, server: Path) -> None:
    head = lock("left", "^2.0.0", "2.0.0")
    wanted = Expect("pkg:npm/left", "^1.0.0", "shared library", "dana")
    empty = {"package.json": manifest(), "x": ""}
    found = judge(pushed(empty, head), fleet(wanted))
    finding = next(f for f in found.findings if f.rule.id == "dependency/conflict")
    assert finding.message == "left 2.0.0 is outside of what the fleet expects, ^1.0.0: shared library"
    assert (finding.effective_level, finding.data["expected"]["owner"]) == ("warning", "dana")
    over = Expect("pkg:npm/left", "^1.0.0", expires=date(2020, 1, 1))
    assert told(judge(pushed(empty, head), fleet(over))) == [("left", "conflict", False)]
    mild = Expect("pkg:npm/left", "^1.0.0", strength="prefer")
    assert ("conflict", "note") in rules(judge(pushed(empty, head), fleet(mild)))


def test_expectations_from_a_constraints_file_and_fleet_toml(pushed: Push, server: Path) -> None:
    base = {
        "requirements.txt": "flask==2.0\n",
        "constraints.txt": "flask<3\n",
        "fleet.toml": '[[expect]]\nfile = "constraints.txt"\n',
    }
    found = judge(pushed(base, {"requirements.txt": "flask==3.1\n"}))
    assert told(found) == [("flask", "outside-expectation", False)]
    assert found.sections["dependencies"]["fleet"][0]["expected"]["because"] == "said in constraints.txt"


def test_hidden_services_are_counted_and_not_named(pushed: Push, server: Path) -> None:
    policy = Policy(tables={"fleet": Fleet((Service("secret", "../old.git", hidden=True),))})
    head = lock("left", "^2.0.0", "2.0.0")
    found = judge(pushed({"package.json": manifest(), "x": ""}, head), policy)
    text = json.dumps([f.message for f in found.findings]) + json.dumps(found.sections)
    assert "a service that is not shown" in text
    assert "secret" not in text
    assert "old" not in [t["service"] for e in found.sections["dependencies"]["fleet"] for t in e["theirs"]]


def test_the_deployed_ref_is_what_counts(pushed: Push, server: Path) -> None:
    other = Repo(server / "live.git", bare=True)
    live = other.commit(lock("left", "^1.0.0", "1.0.0"))
    other.git("update-ref", "refs/deployed/production", live)
    other.commit(lock("left", "^3.0.0", "3.0.0"))
    head = lock("left", "^3.0.0", "3.0.0")
    found = judge(pushed({"package.json": manifest(), "x": ""}, head), fleet(live="../live.git"))
    assert told(found) == [("left", "conflict", False)]


def test_directories_of_a_monorepo(pushed: Push, server: Path) -> None:
    base = {f"{d}/{p}": t for d in ("a", "b") for p, t in lock("left", "^1.0.0", "1.0.0").items()}
    policy = Policy(tables={"fleet": Fleet((Service("a", path="a"), Service("b", path="b")))})
    head = {f"a/{p}": t for p, t in lock("left", "^2.0.0", "2.0.0").items()}
    found = judge(pushed(base, head), policy)
    assert [(e["name"], [t["service"] for t in e["theirs"]]) for e in found.sections["dependencies"]["fleet"]] == [
        ("left", ["b"])
    ]


def test_what_cannot_be_read_is_said_and_judges_nothing(pushed: Push, server: Path) -> None:
    change = pushed({"package.json": manifest(), "x": ""}, lock("left", "^2.0.0", "2.0.0"))
    found = judge(change, fleet(gone="../gone.git"))
    assert [skip.reason for skip in found.skipped] == ["fleet: gone: no repository at ../gone.git"]
    assert not any(skip.fatal for skip in found.skipped)


def test_a_push_cannot_name_services(pushed: Push, server: Path) -> None:
    change = pushed({"package.json": manifest(), "x": ""}, lock("left", "^2.0.0", "2.0.0"))
    assert told(judge(change, Policy(pushed=fleet()))) == []


def test_the_cache_is_used_and_a_damaged_one_is_ignored(
    pushed: Push, server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = lock("left", "^2.0.0", "2.0.0")
    change = pushed({"package.json": manifest(), "x": ""}, head)
    assert told(judge(change, fleet())) == [("left", "conflict", False)]
    file = server / "app.git" / "gatepost" / "fleet.json"
    assert file.exists()
    with monkeypatch.context() as patched:
        patched.setattr(_fleet_read, "uses", lambda *_: pytest.fail("read again"))
        assert told(judge(change, fleet())) == [("left", "conflict", False)]
    file.write_text("{")
    assert told(judge(change, fleet())) == [("left", "conflict", False)]


def test_a_published_snapshot_stands_in_for_the_services(pushed: Push, server: Path) -> None:
    change = pushed({"package.json": manifest(), "x": ""}, lock("left", "^2.0.0", "2.0.0"))
    problems: list[str] = []
    found = _fleet_read.stocks(change.repo, change.head, (Service("all", "../*.git"),), _fleet_read.Cache(), problems)
    text = _fleet_read.dump(found)
    assert problems == []
    base = {"package.json": manifest(), "fleet.toml": 'snapshot = "fleet.json"\n', "fleet.json": text}
    client = Repo(server / "elsewhere" / "client")
    first, second = client.commit(base), client.commit(lock("left", "^2.0.0", "2.0.0"))
    with Repository(client.path) as repo:
        assert told(judge(make_change(repo, first, second))) == [("left", "conflict", False)]


def test_hook_variables_do_not_reach_the_siblings(pushed: Push, server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change = pushed({"package.json": manifest(), "x": ""}, lock("left", "^2.0.0", "2.0.0"))
    monkeypatch.setenv("GIT_DIR", str(server / "app.git"))
    monkeypatch.setenv("GIT_QUARANTINE_PATH", str(server / "app.git" / "objects" / "incoming"))
    assert told(judge(change, fleet())) == [("left", "conflict", False)]


@pytest.mark.parametrize("name", ["left", "@scope/left"])
def test_purls(name: str) -> None:
    assert from_purl(purl("npm", name)) == ("npm", name)
    assert from_purl(f"pkg:npm/{name}@1.0.0?x=y") == ("npm", name)
    assert from_purl("left") == ("", "")

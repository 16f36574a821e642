"""The gate on a bare server: every shape that git can push, judged as a net difference."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import Files
from gatepost import doctor
from servers import Server

BROKEN = {"gatepost.toml": "[gate\n"}
GOOD = {"gatepost.toml": '[gate]\ndeadline = "10s"\n'}


@pytest.fixture(params=["sha1", "sha256"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Server:
    return Server(tmp_path, object_format=request.param)


@pytest.fixture
def one(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_a_good_push_lands_and_is_recorded(server: Server) -> None:
    pushed = server.commit_push({"a.txt": "1"})
    assert pushed.code == 0, pushed.raw
    assert pushed.said == ["refs/heads/main: passed"]
    head = server.tip()
    assert [r["kind"] for r in server.records(head)] == ["verdict", "landed", "deploy"]
    assert server.tip("refs/gatepost/server/accepted/heads/main") == head
    tree = server.bare.git("rev-parse", "main^{tree}")
    assert server.records(tree, "landed")[0]["commit"] == head
    assert server.problems() == ()


def test_a_bad_push_is_refused_with_rule_place_and_fix(server: Server) -> None:
    pushed = server.commit_push(BROKEN)
    assert pushed.code == 1
    assert server.tip() == ""
    assert pushed.said[0] == "refs/heads/main: refused"
    assert pushed.said[1].startswith("gatepost.toml:1: error policy/invalid ")
    assert any(line.strip().startswith("fix:") for line in pushed.said)
    assert pushed.rules == ["policy/invalid"]
    assert pushed.data["refs"][0]["verdict"] == "block"
    assert max(len(line) for line in pushed.said[:-1]) <= 72
    refused = server.log()[0]
    assert (refused["kind"], refused["verdict"], refused["landed"]) == ("verdict", "block", False)


def test_an_unprotected_branch_is_not_judged(one: Server) -> None:
    pushed = one.commit_push(BROKEN, "topic")
    assert pushed.code == 0
    assert pushed.said == []
    assert one.log() == ()


def test_one_refused_ref_refuses_the_push_with_a_line_for_each(one: Server) -> None:
    one.work.commit(BROKEN, ref="refs/heads/main")
    one.work.commit({"a": "1"}, ref="refs/heads/topic")
    pushed = one.push("main", "topic")
    assert pushed.code == 1
    assert pushed.said[:2] == ["refs/heads/main: refused", "refs/heads/topic: not protected, refused too"]
    assert one.bare.git("for-each-ref", "refs/heads") == ""


def test_content_that_only_a_merge_commit_adds_is_judged(one: Server) -> None:
    one.commit_push({"a": "1"})
    first = one.tip()
    one.work.commit({"b": "1"}, ref="refs/heads/side", parent=first)
    tree = one.work.git("rev-parse", one.work.commit(BROKEN, ref="refs/heads/x", parent=first) + "^{tree}")
    evil = one.work.git("commit-tree", tree, "-p", first, "-p", "side", "-m", "merge")
    assert one.push(f"{evil}:refs/heads/main").rules == ["policy/invalid"]


def test_commits_parked_on_a_side_branch_are_judged_when_they_come(one: Server) -> None:
    one.commit_push({"a": "1"})
    one.work.commit(BROKEN)
    assert one.push("main:refs/heads/side").code == 0
    assert one.push("main").rules == ["policy/invalid"]


def test_a_protected_branch_is_not_deleted_and_a_missing_one_may_be(one: Server) -> None:
    one.commit_push({"a": "1"})
    one.commit_push({"a": "1"}, "topic")
    one.bare.git("symbolic-ref", "HEAD", "refs/heads/topic")
    assert one.push("--delete", "main").rules == ["gate/ref-refused"]
    assert one.push("--delete", "topic").code in (0, 1)
    one.bare.git("symbolic-ref", "HEAD", "refs/heads/main")
    assert one.push("--delete", "topic").code == 0
    raw = "0" * 40
    assert one.push(f":refs/heads/{raw[:5]}").code in (0, 1)


def test_a_branch_deleted_and_recreated_is_judged_from_what_was_accepted(one: Server) -> None:
    one.commit_push({"a": "1", **GOOD})
    accepted = one.tip()
    one.bare.git("update-ref", "-d", "refs/heads/main")
    one.work.commit({"b": "2", **GOOD}, parent=None)
    assert one.push("-f", "main").code == 0
    verdict = one.records(one.tip(), "verdict")[0]
    assert verdict["change"]["base"] == accepted


def test_what_landed_behind_the_gate_is_judged_with_the_next_push(one: Server) -> None:
    one.commit_push({"a": "1"})
    bad = one.work.commit(BROKEN)
    one.push("main:refs/heads/side")
    one.bare.git("update-ref", "refs/heads/main", bad)
    assert one.commit_push({"b": "2"}).rules == ["policy/invalid"]


@pytest.mark.parametrize("ref", ["refs/replace/{0}", "refs/notes/gatepost", "refs/gatepost/server/accepted/heads/main"])
def test_replace_refs_and_the_servers_own_refs_are_refused(one: Server, ref: str) -> None:
    one.commit_push({"a": "1"})
    named = ref.format(one.tip())
    pushed = one.push("-f", f"main:{named}")
    assert pushed.rules == ["gate/ref-refused"]
    assert pushed.code == 1


@pytest.mark.parametrize("ref", ["refs/tags/main", "refs/main", "refs/heads/HEAD", "refs/heads/refs/heads/main"])
def test_a_ref_that_git_would_take_for_the_branch_is_refused(one: Server, ref: str) -> None:
    one.commit_push({"a": "1"})
    assert one.push(f"main:{ref}").rules == ["gate/ref-refused"]


@pytest.mark.parametrize("space", ["refs", "tags", "heads", "remotes"])
@pytest.mark.parametrize(
    "own", ["refs/notes/gatepost", "refs/gatepost/server/accepted/heads/x", "refs/gatepost/rehearsal/1"]
)
def test_a_ref_that_git_would_take_for_the_servers_own_is_refused(one: Server, space: str, own: str) -> None:
    one.policy('[gate]\nmode = "report"\n')
    one.commit_push({"a": "1"})
    assert one.push(f"main:refs/{space}/{own}").rules == ["gate/ref-refused"]


@pytest.mark.parametrize("space", ["refs/refs", "refs/tags/refs", "refs/heads/refs", "refs/remotes/refs"])
def test_a_ref_from_before_the_gate_is_not_taken_for_the_servers_own(one: Server, space: str) -> None:
    """A forged base, the pushed commit itself, would leave nothing to judge."""
    head = one.work.commit(BROKEN)
    one.bare.git("fetch", "-q", str(one.work.path), f"main:{space}/gatepost/server/accepted/heads/main")
    assert one.tip("refs/gatepost/server/accepted/heads/main") == head  # what git makes of it
    pushed = one.push("main")
    assert pushed.rules == ["policy/invalid"], pushed.raw
    found = [each for each in doctor.server(one.path) if each.name == "misleading ref"]
    assert [each.state for each in found] == ["bad"]
    one.work.commit(GOOD)
    assert one.push("main").code == 0
    assert one.tip("refs/gatepost/server/accepted/heads/main") == one.tip()
    subprocess.run(found[0].fix, shell=True, check=True)
    assert not [each for each in doctor.server(one.path) if each.name == "misleading ref"]


def test_a_note_of_the_server_is_believed_beside_its_namesake(one: Server) -> None:
    one.commit_push(GOOD)
    one.bare.git("update-ref", "refs/refs/gatepost/server/accepted/heads/main", one.tip())
    one.bare.git("update-ref", "refs/refs/notes/gatepost", one.tip())
    assert one.commit_push({"a": "1"}).code == 0
    assert one.problems() == ()
    assert one.commit_push(BROKEN).rules == ["policy/invalid"]


def test_forged_records_are_no_records(one: Server) -> None:
    one.bare.git("fetch", "-q", str(one.work.path), f"{one.work.commit(GOOD)}:refs/tags/refs/notes/gatepost")
    assert one.log() == ()
    assert one.push("main").code == 0


def test_a_branch_named_like_the_output_of_describe_has_no_base(one: Server) -> None:
    """``x-g1234567`` git reads as the object 1234567 where there is no such ref."""
    one.policy('[gate]\nprotected = ["refs/heads/release/*"]\n')
    head = one.work.commit(BROKEN)
    assert one.push(f"main:refs/heads/release/x-g{head[:10]}").rules == ["policy/invalid"]


def test_tags_and_odd_refs_that_nobody_protects_pass(one: Server) -> None:
    one.commit_push({"a": "1"})
    one.work.git("tag", "light")
    one.work.git("tag", "-a", "-m", "x", "heavy")
    one.work.git("tag", "-a", "-m", "x", "nested", "heavy")
    one.work.git("tag", "tree", "main^{tree}")
    one.work.git("tag", "blob", "main:a")
    pushed = one.push("--tags", "main:refs/foo/bar")
    assert pushed.code == 0, pushed.raw


@pytest.mark.parametrize("what", ["main^{tree}", "main:a"])
def test_a_protected_tag_on_no_commit_is_refused(tmp_path: Path, what: str) -> None:
    one = Server(tmp_path, policy='[gate]\nprotected = ["refs/heads/main", "refs/tags/v*"]\n')
    one.commit_push({"a": "1"})
    one.work.git("tag", "v1", what)
    pushed = one.push("v1")
    assert pushed.code == 1
    assert "only commits can be judged" in pushed.skips


def test_a_protected_annotated_tag_is_judged_by_its_commit(tmp_path: Path) -> None:
    one = Server(tmp_path, policy='[gate]\nprotected = ["refs/tags/v*"]\n')
    one.work.commit(BROKEN)
    one.work.git("tag", "-a", "-m", "x", "v0")
    one.work.git("tag", "-a", "-m", "x", "v1", "v0")
    assert one.push("v1").rules == ["policy/invalid"]


def test_a_push_through_a_symbolic_ref_is_judged_as_what_it_moves(one: Server) -> None:
    one.commit_push({"a": "1"})
    one.bare.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
    one.work.commit(BROKEN)
    assert one.push("main:alias").rules == ["policy/invalid"]


def test_two_thousand_new_refs_on_one_commit_are_judged_once(tmp_path: Path) -> None:
    one = Server(tmp_path, policy='[gate]\nprotected = ["refs/heads/**"]\n')
    head = one.work.commit({"a": "1"})
    stdin = "".join(f"create refs/heads/b{n:04} {head}\n" for n in range(2000))
    one.work.git("update-ref", "--stdin", stdin=stdin.encode())
    pushed = one.push("refs/heads/b*")
    assert pushed.code == 0, pushed.raw[-500:]
    assert len(pushed.said) <= 40
    assert len(one.bare.git("for-each-ref", "refs/heads").splitlines()) == 2000


def shallow(one: Server, files: Files, directory: Path) -> Server:
    """Push from now on from a clone that has the last commit only."""
    for n in range(3):
        one.work.commit({"a": str(n)})
    one.work.commit(files)
    one.work.git("clone", "-q", "--depth=1", one.work.path.as_uri(), str(directory))
    one.work.path = directory
    one.work.git("remote", "set-url", "origin", str(one.path))
    return one


@pytest.mark.parametrize("allowed", ["true", "false"])
def test_a_shallow_push_is_judged_by_its_whole_tree(one: Server, tmp_path: Path, allowed: str) -> None:
    one.bare.git("config", "receive.shallowUpdate", allowed)
    pushed = shallow(one, BROKEN, tmp_path / "shallow").push("main")
    assert pushed.code == 1
    assert not one.tip()
    assert allowed == "false" or "policy/invalid" in pushed.rules, pushed.raw


def test_a_good_shallow_push_lands_with_a_verdict(one: Server, tmp_path: Path) -> None:
    one.bare.git("config", "receive.shallowUpdate", "true")
    pushed = shallow(one, {"b": "1"}, tmp_path / "shallow").push("main")
    assert pushed.code == 0, pushed.raw
    assert one.records(one.tip(), "verdict")


def test_report_mode_says_the_same_and_accepts(tmp_path: Path) -> None:
    one = Server(tmp_path, policy='[gate]\nmode = "report"\n')
    pushed = one.commit_push(BROKEN)
    assert pushed.code == 0
    assert pushed.rules == ["policy/invalid"]
    assert 'refs/heads/main: would be refused (mode = "report")' in pushed.text
    assert 'gatepost: would be refused (mode = "report")' in pushed.text
    assert "gatepost: refused" not in pushed.text
    assert one.tip()
    assert one.records(one.tip(), "verdict")[0]["mode"] == "report"


def test_a_broken_policy_of_the_server_refuses(one: Server) -> None:
    one.policy("[gate]\nprotcted = []\n")
    pushed = one.commit_push({"a": "1"})
    assert pushed.code == 1
    assert "protcted" in pushed.skips
    assert pushed.data["exit"] == 2
    assert "server.git/gatepost.toml: gate.protcted" in pushed.text
    assert "tell the operator" in pushed.text
    one.policy('[rules]\n"no/such" = "error"\n')
    other = one.push("main")
    assert "server.git/gatepost.toml: rules" in other.text
    assert "tell the operator" in other.text


def test_a_policy_of_the_server_that_leads_nowhere_names_a_fix(one: Server) -> None:
    (one.path / "gatepost.toml").symlink_to("/nonexistent")
    pushed = one.commit_push({"a": "1"})
    assert pushed.code == 1
    assert "mend the symlink" in pushed.text


def test_the_pushed_branch_cannot_say_that_it_is_not_protected(one: Server) -> None:
    pushed = one.commit_push({"gatepost.toml": "[gate]\nprotected = []\ndeploy = []\n"})
    assert one.records(one.tip(), "verdict") or pushed.code == 1


def test_an_error_of_ours_refuses_with_a_reference_and_logs_it(one: Server) -> None:
    (one.path / "gatepost").rmdir() if (one.path / "gatepost").is_dir() and not any(
        (one.path / "gatepost").iterdir()
    ) else None
    (one.path / "gatepost.toml").mkdir()
    pushed = one.commit_push({"a": "1"})
    assert pushed.code == 1
    assert pushed.data["skipped"]


def test_a_state_directory_that_cannot_be_written_refuses(one: Server) -> None:
    shutil.rmtree(one.path / "gatepost")
    (one.path / "gatepost").write_text("in the way")
    pushed = one.commit_push({"a": "1"})
    assert pushed.code == 1
    assert one.tip() == ""


def test_the_pushers_environment_switches_nothing_off(one: Server) -> None:
    one.work.commit(BROKEN)
    hostile = {
        "SKIP": "gatepost-pre-receive",
        "GATEPOST_SKIP": "1",
        "PYTHONPATH": str(one.work.path),
        "PYTHONSTARTUP": "/nonexistent",
        "GIT_EXTERNAL_DIFF": "true",
        "GIT_DIFF_OPTS": "-u0",
        "GIT_TRACE": "1",
    }
    (one.work.path / "gatepost.py").write_text("raise SystemExit(0)\n")
    pushed = one.push("main", env=hostile)
    assert pushed.rules == ["policy/invalid"]


def test_what_landed_without_the_hook_is_an_alarm(one: Server) -> None:
    one.commit_push({"a": "1"})
    (one.path / "hooks" / "pre-receive").chmod(0o644)
    pushed = one.commit_push({"a": "2"})
    assert pushed.code == 0
    assert any("verify/landed-without-verdict" in line for line in pushed.said)
    assert server_kinds(one) == ["alarm"]


def test_a_push_without_any_verdict_is_recorded_too(tmp_path: Path) -> None:
    one = Server(tmp_path, policy="[gate]\nx = 1\n")
    pushed = one.commit_push({"a": "1"})
    assert pushed.code == 1
    assert [r["verdict"] for r in one.log()] == ["unknown"]


def test_namespaces_are_refused_and_not_mixed_up(one: Server) -> None:
    one.work.commit({"a": "1"})
    pushed = one.push("main", env={"GIT_NAMESPACE": "team"})
    assert "namespaces" in pushed.text


def test_a_tag_is_only_refused_for_a_protected_branch_that_is_there(tmp_path: Path) -> None:
    one = Server(tmp_path, policy='[gate]\nprotected = ["refs/heads/**"]\n')
    one.commit_push({"a": "1"})
    assert one.push("main:refs/tags/v1").code == 0
    assert one.push("main:refs/tags/main").rules == ["gate/ref-refused"]


def test_a_push_that_changes_dependencies_leaves_an_audit_record(one: Server) -> None:
    one.commit_push({"a": "1"})
    entry = {"version": "1.3.0", "resolved": "https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz"}
    root = {"name": "x", "dependencies": {"left-pad": "^1"}}
    lock = {"name": "x", "lockfileVersion": 3, "packages": {"": root, "node_modules/left-pad": entry}}
    pushed = one.commit_push({"package.json": json.dumps(root), "package-lock.json": json.dumps(lock)})
    assert pushed.code == 0, pushed.raw
    audit = one.records(one.tip(), "dependency-audit")[0]
    assert [change["name"] for change in audit["dependencies"]["changes"]] == ["left-pad"]


def test_a_refused_push_that_is_tried_again_is_recorded_once(one: Server) -> None:
    one.commit_push(BROKEN)
    one.push("main")
    assert [r["verdict"] for r in one.log()] == ["block"]
    one.commit_push({"b": "1"})
    assert [r["verdict"] for r in one.log()] == ["block", "block"]


def server_kinds(one: Server) -> list[str]:
    return [r["kind"] for r in one.records(one.tip())]


def test_a_deploy_starts_its_verification_without_holding_the_pusher(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.touch()
    policy = f'[verification]\nsource = "access-log"\npath = "{log}"\nwatch = "1s"\npoll = "1s"\n'
    one = Server(tmp_path, policy=policy)
    one.commit_push({"a": "1"})
    pushed = one.commit_push({"a": "2"})
    assert pushed.code == 0
    assert any("watching for 1 s" in line for line in pushed.said), pushed.raw

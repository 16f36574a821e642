"""Reviews and overrides: signed, bound, checked by the server, and what a deploy that migrates waits for."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from conftest import Repo
from gatepost import reviews
from gatepost.cli import main
from servers import Push, Server

POLICY = """\
[rules]
"migration/missing-down" = "warning"
"migration/removed" = "error"
[[migrations]]
path = "db"
framework = "golang-migrate"
"""
FIRST = {"db/1_a.up.sql": "CREATE TABLE a (id int);\n", "db/1_a.down.sql": "DROP TABLE a;\n"}
OPEN = {"db/2_b.up.sql": "CREATE TABLE b (id int);\n"}


class Review:
    """A server with a signer's key for each name: reviewers, and what their line in the list allows."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.server = Server(root, policy=POLICY)
        self.lines: list[str] = []
        self.key("dana", "gatepost")

    def key(self, name: str, namespaces: str = "", principal: str = "") -> Path:
        path = self.root / f"key-{name}"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], check=True)
        kind, text, _ = path.with_suffix(".pub").read_text().split(" ", 2)
        option = f'namespaces="{namespaces}" ' if namespaces else ""
        self.lines.append(f"{principal or name + '@example.org'} {option}{kind} {text}\n")
        (self.server.path / reviews.SIGNERS).write_text("".join(self.lines))
        return path

    def refused(self) -> Push:
        """Push a deploy that migrates with something open."""
        assert self.server.commit_push(FIRST).code == 0
        return self.server.commit_push(OPEN)

    def run(self, capsys: pytest.CaptureFixture[str], *args: str, key: str = "dana") -> tuple[int, str]:
        capsys.readouterr()
        more = ["--key", str(self.root / f"key-{key}")] if args[0] in reviews.ACTIONS else []
        code = main(["review", *args, "--repo", str(self.server.work.path), *more])
        got = capsys.readouterr()
        return code, got.out + got.err

    def statement(self) -> reviews.Statement:
        log = [r for r in self.server.log() if r["kind"] == "verdict" and r["ref"] == "refs/heads/main"]
        record = next(r for r in log if not r.get("landed"))
        return reviews.new_statement("approve", record, days=7)

    def send(self, statement: reviews.Statement, key: str = "dana") -> Push:
        raw = reviews.sign(statement, self.root / f"key-{key}")
        blob = self.server.work.git("hash-object", "-w", "--stdin", stdin=raw)
        return self.server.push(f"{blob}:refs/gatepost/inbox/{statement.id}")


@pytest.fixture
def review(tmp_path: Path) -> Review:
    return Review(tmp_path)


def test_a_deploy_that_migrates_waits_for_its_review(review: Review, capsys: pytest.CaptureFixture[str]) -> None:
    pushed = review.refused()
    assert pushed.code == 1
    assert "gate/review-pending" in pushed.rules
    head = review.server.work.git("rev-parse", "main")
    assert f"gatepost review approve {head[:12]}" in pushed.text, pushed.raw
    code, said = review.run(capsys, "list")
    assert "migration/missing-down" in said
    code, said = review.run(capsys, "show", head[:10])
    assert "db/2_b.up.sql" in said
    code, said = review.run(capsys, "approve", head[:10])
    assert code == 0, said
    assert review.server.bare.git("for-each-ref", "refs/gatepost/inbox") == ""
    assert "nothing is open" in review.run(capsys, "list")[1]
    landed = review.server.push("main")
    assert landed.code == 0
    assert "open" not in landed.text, landed.raw
    assert "nothing is open" in review.run(capsys, "list")[1]
    assert "approved by dana@example.org" in str(review.server.records(head, "verdict")[-1]["findings"])
    assert review.server.tip("refs/gatepost/server/reviewed/heads/main") == review.server.tip()
    assert [r["signer"] for r in review.server.records(head, "review")] == ["dana@example.org"]
    assert review.server.problems() == ()


def test_a_rebase_keeps_the_review_and_a_change_of_the_delta_voids_it(review: Review) -> None:
    review.refused()
    assert review.send(review.statement()).code == 0
    first = review.server.work.git("rev-parse", "main~1")
    review.server.work.commit({**OPEN, "notes.txt": "x"}, parent=first)
    assert review.server.push("main").code == 0
    more = {"db/3_c.up.sql": "CREATE TABLE c (id int);\n"}
    assert "gate/review-pending" in review.server.commit_push(more).rules


def test_what_came_open_before_holds_the_next_migration(review: Review) -> None:
    """A warning that landed with a deploy that did not migrate waits; so does what a later push removes."""
    server = review.server
    server.policy(POLICY + '[gate]\nmode = "report"\n')
    review.refused()
    server.policy(POLICY)
    good = {"db/3_c.up.sql": "CREATE TABLE c (id int);\n", "db/3_c.down.sql": "DROP TABLE c;\n"}
    assert server.commit_push({"a.txt": "1"}).code == 0
    pushed = server.commit_push(good)
    assert "gate/review-pending" in pushed.rules
    assert review.send(review.statement()).code == 0
    assert server.push("main").code == 0


OFF = ("schema/drop-column", "migration/lossy-down", "rollback/no-plan")
LOOSE = {"gatepost.toml": "[rules]\n" + "".join(f'"{rule}" = "off"\n' for rule in OFF)}
DROPS = {"db/2_b.up.sql": "ALTER TABLE a DROP COLUMN id;\n", "db/2_b.down.sql": "ALTER TABLE a ADD COLUMN id int;\n"}
LOST = {"policy/loosened", *OFF}


def _waiting(push: Push) -> set[str]:
    assert "gate/review-pending" in push.rules, push.raw
    return {rule for rule in LOST if rule in push.text.partition("findings are open since")[2]}


def test_a_loosened_policy_that_nobody_reviewed_holds_the_next_migration(
    review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    """Push the loosening by itself, then what it allows: found in a trial, the column was dropped with "passed"."""
    server = review.server
    assert server.commit_push(FIRST).code == 0
    loosening = server.commit_push(LOOSE)
    assert (loosening.code, loosening.rules) == (0, ["policy/loosened"] * 3)
    head = server.work.git("rev-parse", "main")
    assert server.commit_push({"notes.txt": "x"}).code == 0
    assert "3 open" in review.run(capsys, "list")[1]
    pushed = server.commit_push(DROPS)
    assert pushed.code == 1, pushed.raw
    assert _waiting(pushed) == LOST
    assert "policy/loosened" in review.run(capsys, "list")[1]
    assert server.push("main").code == 1
    assert review.run(capsys, "approve", head)[0] == 0
    landed = server.push("main")
    assert landed.code == 0, landed.raw
    assert "nothing is open" in review.run(capsys, "list")[1]


@pytest.mark.parametrize("taken_back", [False, True])
def test_a_suppression_that_nobody_reviewed_covers_nothing(review: Review, taken_back: bool) -> None:
    keys = 'scope = "db/**"\nreason = "x"\nowner = "y"\nexpires = 2099-01-01\n'
    server = review.server
    assert server.commit_push(FIRST).code == 0
    assert server.commit_push({"gatepost.toml": "".join(f'[[suppress]]\nrule = "{r}"\n{keys}' for r in OFF)}).code == 0
    pushed = server.commit_push({**DROPS, **({"gatepost.toml": None} if taken_back else {})})
    assert pushed.code == 1
    assert _waiting(pushed) == LOST - {"policy/loosened"}


def test_a_policy_may_not_silence_what_says_that_it_was_loosened(review: Review) -> None:
    silent = {"gatepost.toml": LOOSE["gatepost.toml"] + '"policy/loosened" = "off"\n'}
    server = review.server
    assert server.commit_push(FIRST).code == 0
    assert server.commit_push(silent).code == 0
    assert _waiting(server.commit_push(DROPS)) == LOST


def test_a_deploy_that_migrates_is_refused_where_all_since_the_last_review_cannot_be_judged(review: Review) -> None:
    server = review.server
    assert server.commit_push(FIRST).code == 0
    assert server.commit_push(LOOSE).code == 0
    server.policy(POLICY + "[gate]\nmax_changed = 2\n")
    pushed = server.commit_push(DROPS)
    assert (pushed.code, pushed.data["verdict"]) == (1, "unknown")
    assert "of all that came since" in pushed.text
    assert "3 changed paths are more than gate.max_changed = 2" in pushed.text


def test_what_was_allowed_by_a_reviewed_policy_is_not_asked_again(review: Review) -> None:
    server = review.server
    assert server.commit_push(FIRST).code == 0
    assert server.commit_push(LOOSE).code == 0
    record = next(r for r in server.log() if r["kind"] == "verdict")
    assert review.send(reviews.new_statement("approve", record, days=7)).code == 0
    assert server.tip("refs/gatepost/server/reviewed/heads/main") == server.tip()
    assert server.commit_push(DROPS).code == 0


def test_a_review_of_what_landed_lasts_longer_than_its_expiry(review: Review) -> None:
    server = review.server
    server.policy(POLICY + '[gate]\nmode = "report"\n')
    review.refused()
    server.policy(POLICY)
    assert server.tip("refs/gatepost/server/reviewed/heads/main") != server.tip()
    record = next(r for r in server.log() if r["kind"] == "verdict")
    assert review.send(reviews.new_statement("approve", record, days=7)).code == 0
    assert server.tip("refs/gatepost/server/reviewed/heads/main") == server.tip()


def test_a_rejected_review_keeps_it_closed(review: Review, capsys: pytest.CaptureFixture[str]) -> None:
    review.refused()
    head = review.server.work.git("rev-parse", "main")
    assert review.run(capsys, "approve", head)[0] == 0
    assert review.run(capsys, "reject", head, "--reason", "not like this")[0] == 0
    pushed = review.server.push("main")
    assert "gate/review-pending" in pushed.rules
    assert "rejected by" in pushed.text
    assert "rejected by dana@example.org" in review.run(capsys, "list")[1]


def test_the_author_cannot_review_the_change(review: Review) -> None:
    review.key("ada", "gatepost")  # the author of every commit of these tests
    review.refused()
    review.server.push("main:refs/heads/topic")
    refused = review.send(review.statement(), "ada")
    assert refused.code == 1
    assert "who made or pushed" in refused.text


def test_the_authors_review_does_not_count_where_the_server_had_no_objects(review: Review) -> None:
    review.key("ada", "gatepost")
    review.refused()
    assert review.send(review.statement(), "ada").code == 0
    pushed = review.server.push("main")
    assert "gate/review-pending" in pushed.rules
    assert "who made or pushed" in pushed.text


def test_the_pusher_cannot_review_the_change(review: Review) -> None:
    review.refused()
    assert review.send(review.statement()).code == 0
    identity = {"GL_USER": "dana@example.org", "GL_REPO": "server"}
    assert "gate/review-pending" in review.server.push("main", env=identity).rules


def test_a_key_for_other_namespaces_and_an_unknown_key_are_refused(review: Review) -> None:
    review.key("agent", "git")
    review.refused()
    assert "is not signed by a key" in review.send(review.statement(), "agent").text
    review.key("gone")
    (review.server.path / reviews.SIGNERS).write_text("".join(review.lines[:-1]))
    assert review.send(review.statement(), "gone").code == 1
    (review.server.path / reviews.SIGNERS).unlink()
    refused = review.send(review.statement()).text
    assert "lists no signers" in refused
    assert "server.git/gatepost.signers" in refused
    assert 'namespaces="gatepost"' in refused
    assert "server.git/gatepost.signers, which is not there" in review.server.push("main").text


def test_a_reviewer_is_told_how_to_get_a_commit_that_was_refused(
    review: Review, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    review.refused()
    head = review.server.work.git("rev-parse", "main")
    assert f"what changed: git diff {review.server.tip()[:12]} {head[:12]}" in review.run(capsys, "show", head)[1]
    clone = Repo(tmp_path / "clone")
    clone.git("remote", "add", "origin", str(review.server.path))
    clone.git("fetch", "-q", "origin")
    capsys.readouterr()
    assert main(["review", "show", head[:12], "--repo", str(clone.path)]) == 0
    said = capsys.readouterr().out
    author = said.partition("protected: git ")[2].partition("\n")[0]
    review.server.work.git(*author.split())
    subprocess.run(said.partition("then: ")[2].partition("\n")[0], shell=True, cwd=clone.path, check=True)


def test_expired_replayed_foreign_and_changed_statements_are_refused(review: Review) -> None:
    review.refused()
    good = review.statement()
    past = datetime.now(timezone.utc) - timedelta(days=1)
    at = reviews.written(past - timedelta(days=1))
    assert "expired" in review.send(dataclasses.replace(good, at=at, expires=reviews.written(past))).raw
    far = reviews.written(datetime.now(timezone.utc) + timedelta(days=400))
    assert "longer" in review.send(dataclasses.replace(good, expires=far)).raw
    assert "another repository" in review.send(dataclasses.replace(good, repository="0" * 32)).raw
    assert "not protected" in review.send(dataclasses.replace(good, ref="refs/heads/x")).text
    assert review.send(good).code == 0
    assert "already used" in review.send(good).raw
    raw = json.loads(reviews.sign(dataclasses.replace(good, id="0" * 16), review.root / "key-dana"))
    raw["statement"]["findings"] = ["0" * 32]
    blob = review.server.work.git("hash-object", "-w", "--stdin", stdin=json.dumps(raw).encode())
    assert review.server.push(f"{blob}:refs/gatepost/inbox/x").code == 1


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"statement": {}, "signature": ""}', b"[" * 100_000, b"\xff"])
def test_what_is_no_statement_is_refused(review: Review, raw: bytes) -> None:
    review.refused()
    blob = review.server.work.git("hash-object", "-w", "--stdin", stdin=raw)
    assert review.server.push(f"{blob}:refs/gatepost/inbox/x").rules == ["gate/ref-refused"]
    assert review.server.push("main:refs/gatepost/inbox/x").rules == ["gate/ref-refused"]


def test_an_override_is_used_once_and_repeated_until_reviewed(
    review: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    review.key("omar", "gatepost,gatepost-override")
    server = review.server
    assert server.commit_push(FIRST).code == 0
    pushed = server.commit_push({"db/1_a.down.sql": None})
    assert pushed.code == 1
    head = server.work.git("rev-parse", "main")
    why = ("--reason", "the table was never created in production")
    assert review.run(capsys, "override", head, *why)[0] == 1, "dana may review, not override"
    assert review.run(capsys, "override", head, key="omar")[0] == 2, "an override needs a reason"
    assert review.run(capsys, "override", head, *why, key="omar")[0] == 0
    assert server.push("main").code == 0, pushed.raw
    assert [r["kind"] for r in server.records(head, "override-used")] == ["override-used"]
    later = server.commit_push({"x": "1"})
    assert later.code == 0
    assert any("override not reviewed" in line for line in later.said)
    server.bare.git("update-ref", "refs/heads/main", "main~2")
    server.bare.git("update-ref", "refs/gatepost/server/accepted/heads/main", "main")
    assert server.push(f"{head}:refs/heads/main").code == 1, "single use"


def test_an_override_is_bound_to_its_rules(review: Review, capsys: pytest.CaptureFixture[str]) -> None:
    review.key("omar", "gatepost,gatepost-override")
    review.refused()
    head = review.server.work.git("rev-parse", "main")
    statement = reviews.new_statement(
        "override", review.server.log()[0], days=1, reason="cannot wait, the shop is down"
    )
    assert statement.rules == ("gate/review-pending",)
    assert review.send(dataclasses.replace(statement, rules=("bundle/growth",)), "omar").code == 0
    assert review.server.push("main").code == 1
    assert review.send(dataclasses.replace(statement, id="1" * 16), "omar").code == 0
    assert review.server.push("main").code == 0
    assert review.server.tip() == head


@pytest.mark.parametrize("args", [("show", "x"), ("show", "abcdef12"), ("approve", "abcdef12", "--expires", "99d")])
def test_what_cannot_be_named_or_signed_says_so(
    review: Review, capsys: pytest.CaptureFixture[str], args: tuple[str, ...]
) -> None:
    review.refused()
    assert review.run(capsys, *args)[0] == 2

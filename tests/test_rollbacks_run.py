from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from _http import served
from _production import Production
from conftest import Files
from gatepost.git import Repository
from gatepost.records import Draft, append_all, locked
from gatepost.rollbacks import Expectation, Step
from gatepost.rollbacks._digest import as_data, digest, from_data
from gatepost.rollbacks._execute import run, words
from gatepost.rollbacks._probe import Surroundings, look
from gatepost.watch.tell import rollback_hint
from servers import Server

FIRST: Files = {"app.py": "old", "rollback/README.md": "plans"}
POLICY = '[rollback]\nrequire = ["paths"]\npaths = ["app.py"]\nowner = "on call"\n'
TOOL = """\
import sys, time, pathlib
pathlib.Path(sys.argv[1]).write_text('ran')
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def shop(tmp_path: Path) -> Production:
    """Give a server with one deploy on top of another; what runs is only the ref, and a file ``live``."""
    made = Production(Server(tmp_path, policy=POLICY), tmp_path, "")
    assert made.server.commit_push(FIRST).code == 0
    return made


def deploy(shop: Production, steps: str = "", **files: Any) -> tuple[str, str, dict[str, Any]]:
    """Push the second deploy, with an author's steps; give both commits and the stored plan."""
    base = shop.server.tip()
    written: Files = {"rollback/2.toml": steps} if steps else {}
    pushed = shop.server.commit_push({"app.py": "new", "tool.py": TOOL, **written, **files})
    assert pushed.code == 0, pushed.text
    head = shop.server.tip()
    shown = shop.gatepost("rollback", "show", "--format", "json")
    return base, head, json.loads(shown.stdout)


def step(kind: str = "manual", command: str = "", more: str = "") -> str:
    return f'[[steps]]\nkind = "{kind}"\ntitle = "do it"\ncommand = {json.dumps(command)}\n{more}\n'


def going(shop: Production, plan: dict[str, Any], *args: str) -> subprocess.CompletedProcess[str]:
    return shop.gatepost("rollback", "run", "--yes", "--plan", plan["digest"], *args)


def tool(tmp_path: Path, name: str, seconds: float) -> str:
    return f"{sys.executable} tool.py {tmp_path / name} {seconds}"


def running(pid: int) -> bool:
    """Tell a process from none, and from one that is dead and that nobody has buried yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_without_a_terminal_it_needs_the_plan_s_digest(shop: Production) -> None:
    base, head, plan = deploy(shop)
    for args, said in (
        ((), "without a terminal nobody can be asked"),
        (("--yes",), "without a terminal nobody can be asked"),
        (("--yes", "--plan", "0" * 64), f"the plan that is stored with {head[:12]} is {plan['digest']}"),
        (("--yes", "--plan", plan["digest"][:6]), "the plan that is stored with"),
    ):
        done = shop.gatepost("rollback", "run", *args)
        assert (done.returncode, said in done.stderr) == (2, True), done
    assert shop.server.tip() == head
    assert going(shop, plan).returncode == 0
    assert shop.server.tip() == base
    (moved,) = shop.server.records(head, "rollback")
    assert (moved["result"], moved["to"], moved["plan"]) == ("moved", base, plan["digest"])
    for oid, code, said in ((head, 1, "no, it was rolled back"), (base, 0, "yes, verdict pass")):
        asked = shop.gatepost("verdict", oid, "--repo", str(shop.server.path))
        assert (asked.returncode, said in asked.stdout) == (code, True), asked


def test_the_verification_names_the_plan_where_there_is_one(shop: Production) -> None:
    base, head, _ = deploy(shop)
    with Repository(shop.server.path, client=False) as repo:
        assert rollback_hint(head, repo) == f"gatepost rollback run {head[:12]}"
        assert rollback_hint(base, repo) == f"git revert {base[:12]}"


def test_the_stored_plan_is_shown_in_a_clone_and_on_the_server(shop: Production) -> None:
    _, head, plan = deploy(shop)
    for where in ([], ["--repo", str(shop.server.path)]):
        for form, wanted in (("text", plan["digest"]), ("markdown", "### Steps"), ("html", "<h2>Steps</h2>")):
            shown = shop.gatepost("rollback", "show", head[:10], "--format", form, *where)
            assert (shown.returncode, wanted in shown.stdout) == (0, True), shown
    none = shop.gatepost("rollback", "show", "HEAD~1")
    assert (none.returncode, "no rollback plan is stored" in none.stderr) == (3, True)


def test_a_dry_run_runs_nothing(shop: Production) -> None:
    base, head, _ = deploy(shop)
    done = shop.gatepost("rollback", "run", "--dry-run")
    assert (done.returncode, "nothing was run" in done.stdout) == (0, True)
    assert f"before ok   refs/heads/main = {head}" in done.stdout
    assert shop.server.tip() == head
    shop.server.bare.git("update-ref", "refs/heads/main", base)
    done = shop.gatepost("rollback", "run", "--dry-run")
    assert (done.returncode, f"found {base}" in done.stdout) == (1, True)


def test_the_gate_lets_back_only_to_the_object_that_the_plan_names(shop: Production) -> None:
    """Other old objects, and the same files in another commit, are judged like any push."""
    older = shop.server.tip()
    up = {"db/migrations/0001_a.up.sql": "CREATE TABLE a (id int);", "db/migrations/0001_a.down.sql": "DROP TABLE a;"}
    assert shop.server.commit_push({**up, "app.py": "1"}).code == 0
    base, head, _ = deploy(shop)
    refused = shop.server.push("--force", f"{older}:refs/heads/main")
    assert (refused.code, refused.rules) == (1, ["migration/removed"])
    back = shop.server.push(f"--force-with-lease=main:{head}", f"{base}:refs/heads/main")
    assert (back.code, "rolled back, plan" in back.text) == (0, True)
    deploys = shop.server.records(base, "deploy")
    assert (deploys[-1]["base"], len(deploys)) == (head, 2)
    assert shop.server.push("main").code == 0  # forward again, judged as before
    assert shop.server.tip() == head


def test_a_server_that_lets_no_branch_go_back_says_so(shop: Production) -> None:
    _, head, plan = deploy(shop)
    shop.server.bare.git("config", "receive.denyNonFastForwards", "true")
    done = going(shop, plan)
    assert (done.returncode, "STOPPED: step 1 failed" in done.stdout) == (1, True), done
    assert "receive.denyNonFastForwards = false" in done.stdout
    assert shop.server.tip() == head
    looked = shop.gatepost("doctor", "--server", str(shop.server.path))
    assert "no rollback plan can be run to its end" in looked.stdout


def test_a_review_that_waits_still_waits_after_a_rollback(shop: Production) -> None:
    waits = {"requirements.txt": "requests==2.31.0\n", "package.json": '{"dependencies": {"left-pad": "^1.0.0"}}'}
    assert shop.server.commit_push(waits).code == 0
    reviewed = shop.server.bare.git("rev-parse", "refs/gatepost/server/reviewed/heads/main")
    base, head, _ = deploy(shop)
    assert shop.server.push(f"--force-with-lease=main:{head}", f"{base}:refs/heads/main").code == 0
    assert shop.server.bare.git("rev-parse", "refs/gatepost/server/reviewed/heads/main") == reviewed != base


def test_a_command_that_fails_stops_it_and_it_goes_on_from_there(shop: Production, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.touch()
    command = f"test ! -e {broken}"
    base, head, plan = deploy(shop, step(command=command, more="repeatable = true"))
    done = going(shop, plan)
    assert (done.returncode, "STOPPED: step 2 failed: the command ended with 1" in done.stdout) == (1, True), done
    assert shop.server.tip() == base
    again = going(shop, plan)
    assert (again.returncode, "done before" in again.stdout) == (1, True)
    broken.unlink()
    assert "done: everything is as the plan promises" in going(shop, plan).stdout
    state = json.loads((shop.server.work.path / ".git" / "gatepost" / "rollbacks" / f"{head}.json").read_text())
    assert [one["result"] for one in state["steps"]] == ["done", "done"]


def test_a_command_that_hangs_is_ended_with_all_that_it_started(shop: Production, tmp_path: Path) -> None:
    file = tmp_path / "child"
    command = f"sh -c 'sleep 60 & echo $! > {file}; wait'"
    _, _, plan = deploy(shop, step(command=command, more='timeout = "1s"'))
    begun = time.monotonic()
    done = going(shop, plan)
    assert time.monotonic() - begun < 20
    assert (done.returncode, "did not end within 1 s, and was ended" in done.stdout) == (1, True), done
    assert not running(int(file.read_text()))
    again = going(shop, plan)  # nobody knows whether it may be repeated, and nothing tells how far it came
    assert "may be half done. Run it again? no" in again.stdout
    assert again.returncode == 1


def test_a_check_that_cannot_be_reached_stops_it(shop: Production) -> None:
    more = '[[steps.before]]\nurl = "http://127.0.0.1:9/health"\n'
    _, _, plan = deploy(shop, step(command="true", more=more))
    done = going(shop, plan)
    assert done.returncode == 1
    assert "GET http://127.0.0.1:9/health = 200: it" in done.stdout
    assert "refused" in done.stdout
    more = '[[steps.after]]\nquery = "SELECT 1"\nexpected = 1\n'
    _, _, plan = deploy(shop, step(command="true", more=more), **{"app.py": "newer"})
    done = going(shop, plan)
    assert "$DATABASE_URL is not set" in done.stdout
    assert done.returncode == 1


def test_a_step_that_did_not_do_what_it_should_stops_it(shop: Production, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as database:
        database.execute("CREATE TABLE t (a)")
    database.close()
    shop.url = f"sqlite:///{tmp_path}/x.db"
    more = '[[steps.before]]\npresent = "column t.a"\n[[steps.after]]\nabsent = "table t"\n'
    _, _, plan = deploy(shop, step(command="true", more=more))
    done = going(shop, plan)
    assert (done.returncode, "STOPPED: step 2, after: table t is gone: found there" in done.stdout) == (1, True), done


def test_a_step_that_was_begun_is_judged_by_what_is_there(shop: Production, tmp_path: Path) -> None:
    file = tmp_path / "x.db"

    def do(sql: str) -> None:
        with sqlite3.connect(file) as database:
            database.execute(sql)
        database.close()

    do("CREATE TABLE t (a)")
    shop.url = f"sqlite:///{file}"
    more = '[[steps.before]]\npresent = "table t"\n[[steps.after]]\nabsent = "table t"\n'
    _, _, plan = deploy(shop, step(command="false", more=more))
    for _ in range(2):  # as it was before: it may be run again
        assert "STOPPED: step 2 failed: the command ended with 1" in going(shop, plan).stdout
    do("DROP TABLE t")  # what a rollback that died after its command has left
    done = going(shop, plan)
    assert "was begun before, and everything is as it has to be afterwards" in done.stdout
    assert done.returncode == 0


def test_two_rollbacks_at_once_are_one_too_many(shop: Production) -> None:
    _, head, plan = deploy(shop)
    with locked(shop.server.work.path / ".git", "rollback.lock"):
        done = going(shop, plan)
    assert (done.returncode, "still locked" in done.stderr) == (3, True), done
    assert shop.server.tip() == head


def test_an_author_s_steps_run_in_their_order_and_see_the_right_files(shop: Production, tmp_path: Path) -> None:
    plan_file = f'flag = "touch {tmp_path}/flag"\n' + step("schema", f"sh -c 'cat app.py > {tmp_path}/seen'")
    _, _, plan = deploy(shop, plan_file)
    assert [one["kind"] for one in plan["steps"]] == ["flag", "ref", "schema"]
    assert going(shop, plan).returncode == 0
    assert (tmp_path / "flag").exists()
    assert (tmp_path / "seen").read_text() == "new"


def test_whoever_says_no_stops_it(shop: Production) -> None:
    _, head, _ = deploy(shop)
    code, said = shop.at_a_terminal("rollback", "run", answer=b"\n")
    assert (code, "STOPPED: step 1 was not agreed to" in said) == (1, True), said
    assert shop.server.tip() == head
    code, said = shop.at_a_terminal("rollback", "run")
    assert (code, "done: everything" in said) == (0, True), said


def test_ctrl_c_in_the_middle_ends_the_command_and_is_written_down(shop: Production, tmp_path: Path) -> None:
    base, head, plan = deploy(shop, step(command=tool(tmp_path, "begun", 60)))
    command = [sys.executable, "-m", "gatepost", "rollback", "run", "--yes", "--plan", plan["digest"]]
    with subprocess.Popen(
        command,
        cwd=shop.server.work.path,
        env=shop.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        for _ in range(200):
            if (tmp_path / "begun").exists():
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[0]
    assert (process.returncode, "INTERRUPTED: interrupted by Ctrl-C" in said) == (3, True), said
    assert shop.server.tip() == base
    state = json.loads((shop.server.work.path / ".git" / "gatepost" / "rollbacks" / f"{head}.json").read_text())
    assert [one["result"] for one in state["steps"]] == ["done", "interrupted"]
    assert state["result"] == "interrupted"
    again = going(shop, plan)
    assert (again.returncode, "was begun before (interrupted)" in again.stdout) == (1, True), again


def test_a_plan_for_another_deploy_and_one_that_was_edited_are_not_used(shop: Production) -> None:
    base, head, plan = deploy(shop)
    edited = {**plan, "steps": [{**plan["steps"][0], "command": "rm -rf /"}]}
    other = from_data(plan)
    other = replace(other, change=replace(other.change, head="0" * 40))
    with Repository(shop.server.path, client=False) as repo:
        body = {"ref": "refs/heads/main", "plan": edited}
        append_all(repo, [Draft(head, "rollback-plan", body)])
    done = going(shop, plan)
    assert (done.returncode, "edited after its digest was made" in done.stderr) == (2, True), done
    refused = shop.server.push("--force", f"{base}:refs/heads/main")
    assert "rolled back" not in refused.text
    shop.server.bare.git("update-ref", "refs/heads/main", head)
    with Repository(shop.server.path, client=False) as repo:
        append_all(repo, [Draft(head, "rollback-plan", {"ref": "refs/heads/main", "plan": as_data(other)})])
    done = shop.gatepost("rollback", "run", head, "--yes", "--plan", digest(as_data(other)))
    assert "the plan is for another deploy" in done.stderr + done.stdout
    assert shop.server.tip() == head


def test_a_signed_report_reaches_the_server(shop: Production, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    kind, public = (tmp_path / "key.pub").read_text().split()[:2]
    (shop.server.path / "gatepost.signers").write_text(f'dana@example.org namespaces="gatepost" {kind} {public}\n')
    _, head, plan = deploy(shop)
    done = going(shop, plan, "--key", str(key))
    assert (done.returncode, "recorded on the server, signed" in done.stdout) == (0, True), done
    moved, report = shop.server.records(head, "rollback")
    assert (moved["result"], report["result"], report["signer"]) == ("moved", "done", "dana@example.org")
    assert report["steps"][0]["result"] == "done"
    assert shop.server.problems() == ()
    forged = {"statement": {k: v for k, v in report.items() if k not in ("signer", "at", "v", "seq", "tree", "prev")}}
    forged["statement"] |= {"kind": "rollback", "id": "f" * 16, "result": "done, really"}
    raw = json.dumps(forged | {"signature": "x"}).encode()
    blob = shop.server.work.git("hash-object", "-w", "--stdin", stdin=raw)
    pushed = shop.server.push(f"{blob}:refs/gatepost/inbox/{'f' * 16}")
    assert (pushed.code, "not signed by a key" in pushed.text) == (1, True), pushed.text


def test_the_server_itself_can_run_it(shop: Production) -> None:
    base, head, plan = deploy(shop)
    command = [sys.executable, "-m", "gatepost", "rollback", "run", head, "--yes", "--plan", plan["digest"]]
    done = subprocess.run(
        [*command, "--repo", str(shop.server.path)], env=shop.environ, cwd="/", stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, "recorded: gatepost log" in done.stdout) == (0, True), done
    assert shop.server.tip() == base
    assert [one["result"] for one in shop.server.records(head, "rollback")] == ["moved", "done"]


def test_values_of_the_environment_stay_one_word(tmp_path: Path) -> None:
    one = Step("schema", "x", "echo $A '$B' \"x ${A}\"")
    assert words(one, {"A": "1; rm -rf /", "B": "2"}) == ["echo", "1; rm -rf /", "2", "x 1; rm -rf /"]
    assert run(replace(one, command="no-such-program"), {}, tmp_path, lambda _: None).code is None


def test_looking_at_a_url(tmp_path: Path) -> None:
    with Repository(tmp_path) as repo, served(lambda path, _: (200 if path == "/ok" else 503, b"")) as address:
        around = Surroundings(repo, ".", {}, "DATABASE_URL", wait=0.0)
        assert look(Expectation("url", f"{address}/ok", "200"), around).good
        down = look(Expectation("url", f"{address}/down", "200"), around)
        assert (down.good, down.found) == (False, "503")
        assert not look(Expectation("url", "file:///etc/passwd", "200"), around).reached

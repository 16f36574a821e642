"""The whole story on throw-away repositories: commit, push, deploy, regression. Nothing in it is scripted output.

A bare server with the gate, a clone with the hooks that pre-commit itself installed, a small web service
that really runs and writes an access log, a SQLite staging database, and visitors. Each step is a command,
printed as a person would type it, and what it printed; a step that does not do what it says ends the demo.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from gatepost.errors import GatepostError, UsageError
from gatepost.setup_client import runner

Say = Callable[[str], object]
WATCH, POLL, ENOUGH = 8, 1, 400
VISITS_PER_SECOND = 120


class DemoFailed(GatepostError):
    """Say that a step did not do what it promised."""

    exit_code = 1


class Stage:
    """The throw-away directory and the commands that are run in it."""

    def __init__(self, root: Path, say: Say) -> None:
        self.root = root
        self.say = say
        self.env = _environment(root)
        self.steps = 0

    def step(self, title: str) -> None:
        """Begin a step."""
        self.steps += 1
        self.say(f"\n\x1b[1m{self.steps}. {title}\x1b[0m\n" if _colour() else f"\n{self.steps}. {title}\n")

    def run(self, command: str, where: str, *, code: int = 0, says: str = "") -> str:
        """Run a command as it is printed; DemoFailed where its exit code or its words are others."""
        self.say(f"{'' if where == '.' else where}$ {command}\n")
        done = subprocess.run(
            shlex.split(command), cwd=self.root / where, env=self.env, capture_output=True, text=True, check=False
        )
        text = done.stdout + done.stderr
        self.say(textwrap.indent(text.rstrip().replace(str(self.root), "…"), "    ") + "\n" if text.strip() else "")
        if done.returncode != code:
            raise DemoFailed(f"`{command}` ended with {done.returncode} instead of {code}", "please report this")
        if says not in text:
            raise DemoFailed(f"`{command}` did not say {says!r}", "please report this")
        return text

    def ask(self, command: str, where: str) -> str:
        """Give what a command prints, without printing it."""
        done = subprocess.run(
            shlex.split(command), cwd=self.root / where, env=self.env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise DemoFailed(f"`{command}` ended with {done.returncode}: {done.stderr[-300:]}", "please report this")
        return done.stdout

    def write(self, where: str, files: dict[str, str], why: str) -> None:
        """Write files into a clone and say what was written."""
        for name, text in files.items():
            file = self.root / where / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        self.say(f"{where}$ $EDITOR {' '.join(files)}    # {why}\n")


def main(say: Say, keep: Path | None = None) -> int:
    """Tell the story; give 0 where every step did what it says."""
    if runner() is None:
        raise UsageError("the demo lets pre-commit install the hooks", "pip install pre-commit, or run: make demo")
    started = time.monotonic()
    with _directory(keep) as root:
        stage = Stage(root, say)
        _shop(stage)
        with _service(stage), _visitors(stage):
            _visited(stage)
            _gate(stage)
            _clone(stage)
            _refused_commit(stage)
            _refused_push(stage)
            _good_deploy(stage)
            _bad_deploy(stage)
            _way_back(stage)
    say(f"\nAll {stage.steps} steps did what they say, in {time.monotonic() - started:.0f} s.\n")
    say("Next: `gatepost init` in a repository of yours; `gatepost install --server REPO.git` on its server.\n")
    return 0


def _shop(stage: Stage) -> None:
    stage.step("A shop as there are many: a bare server repository whose post-receive hook deploys main")
    import git

    seed = git.Repo.init(stage.root / "seed", initial_branch="main")
    for name, text in (FIRST | {"app.py": APP}).items():
        file = stage.root / "seed" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        seed.index.add([name])
    ada = git.Actor("Ada", "ada@example.org")
    seed.index.commit("A shop: a web service, a table, a migration", author=ada, committer=ada)
    seed.close()
    stage.run("git init -q --bare -b main shop.git", ".")
    bare = stage.root / "shop.git"
    hook = bare / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -I ../deploy.py\n", encoding="utf-8")
    hook.chmod(0o755)
    (stage.root / "deploy.py").write_text(DEPLOY, encoding="utf-8")
    stage.run("git push -q ../shop.git main", "seed", says="is live")


def _visited(stage: Stage) -> None:
    stage.say(f"# its visitors come; the watch will compare with their first {2 * ENOUGH} requests\n")
    _until(lambda: _requests(stage) >= 2 * ENOUGH, "enough visitors", 30)


def _gate(stage: Stage) -> None:
    stage.step("The server gets the gate: one command; the hook that deploys is kept and chained")
    policy = POLICY.format(log=stage.root / "access.log", watch=WATCH, poll=POLL, enough=ENOUGH)
    (stage.root / "shop.git" / "gatepost.toml").write_text(policy, encoding="utf-8")
    stage.say("$ cat shop.git/gatepost.toml    # the server's policy; ten minutes are shortened to seconds\n")
    stage.say(textwrap.indent(policy.replace(str(stage.root), "…"), "    "))
    stage.run("gatepost install --server shop.git", ".", says="pre-receive")


def _clone(stage: Stage) -> None:
    stage.step("A clone gets the hooks: gatepost init finds its way, pre-commit installs them")
    stage.run("git clone -q shop.git shop", ".")
    stage.run("gatepost init", "shop", says="golang-migrate")
    stage.run("git add .", "shop")
    stage.run('git commit -q -m "Protect the shop"', "shop")
    stage.run("git push -q origin main", "shop")


def _refused_commit(stage: Stage) -> None:
    stage.step("A migration that drops a column, with no way back: pre-commit refuses the commit")
    stage.write("shop", {"db/migrations/0002_drop_stock.up.sql": "ALTER TABLE product DROP COLUMN stock;\n"}, "no down")
    stage.run("git add .", "shop")
    stage.run('git commit -q -m "Drop the stock"', "shop", code=1, says="migration/missing-down")


def _refused_push(stage: Stage) -> None:
    stage.step("The same commit, forced past the hooks: the server refuses the push")
    stage.run('git commit -q --no-verify -m "Drop the stock"', "shop")
    stage.run("git push -q --no-verify origin main", "shop", code=1, says="schema/drop-column")
    stage.run("git reset -q --hard origin/main", "shop")


def _good_deploy(stage: Stage) -> None:
    stage.step("A good change: a nullable column with its down. It lands, is deployed, and ten minutes are watched")
    stage.write("shop", GOOD, "up and down")
    stage.run("git add .", "shop")
    stage.run('git commit -q -m "Products may have a note"', "shop")
    stage.run("git push -q origin main", "shop")
    stage.run("gatepost status --wait", "shop", says="pass")
    stage.say("# the way back was stored with it before it shipped; gatepost rollback run would walk through it\n")
    stage.run("gatepost rollback show", "shop", says="the schema stays")


def _bad_deploy(stage: Stage) -> None:
    stage.step("A bad build: it passes every check, and fails for some carts. The watch finds it in production")
    bad = {"app.py": APP.replace("total = count * 3", "total = 100 // (count % 3)")}
    stage.write("shop", bad | MORE, "divides by zero; a column with its down")
    stage.run("git add .", "shop")
    stage.run('git commit -q -m "Share the discount"', "shop")
    stage.run("gatepost rehearse HEAD~1..HEAD", "shop", says="reversible")
    stage.run("git push -q origin main", "shop")
    stage.run("gatepost status --wait", "shop", code=1, says="regressed")


def _way_back(stage: Stage) -> None:
    stage.step(
        "The way back was planned before it shipped. It is walked step by step, with a look before and after each"
    )
    stage.say("shop$ export DATABASE_URL=sqlite:///…/staging.db\n")
    plan = json.loads(stage.ask("gatepost rollback show --format json", "shop"))["digest"]
    stage.run(f"gatepost rollback run --yes --plan {plan}", "shop", says="done")


@contextmanager
def _directory(keep: Path | None) -> Iterator[Path]:
    import tempfile

    if keep is not None:
        keep.mkdir(parents=True)
        yield keep.resolve()
        return
    root = Path(tempfile.mkdtemp(prefix="gatepost-demo-")).resolve()
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _environment(root: Path) -> dict[str, str]:
    """Give an environment of our own: no configuration of the person's, the commands beside this interpreter."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT", "PREK"))}
    return kept | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "HOME": str(root),
        "DATABASE_URL": f"sqlite:///{root}/staging.db",
        "PRE_COMMIT_HOME": str(root / "pre-commit"),
        "GIT_CONFIG_GLOBAL": str(root / ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
    }


@contextmanager
def _service(stage: Stage) -> Iterator[None]:
    """Keep the deployed service running, as an init system would: it is started when it was deployed."""
    stop = threading.Event()
    keeper = threading.Thread(target=_keep_running, args=(stage, stop), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join(5)


def _keep_running(stage: Stage, stop: threading.Event) -> None:
    live, pid = stage.root / "live" / "app.py", stage.root / "live.pid"
    while not stop.wait(0.05):
        if not live.exists():
            continue
        command = [sys.executable, "-I", str(live), str(stage.root)]
        with subprocess.Popen(command, env=stage.env, stderr=subprocess.DEVNULL) as process:
            pid.write_text(str(process.pid), encoding="utf-8")
            while process.poll() is None and not stop.wait(0.05):
                pass
            process.terminate()


@contextmanager
def _visitors(stage: Stage) -> Iterator[None]:
    stop = threading.Event()
    threads = [threading.Thread(target=_visit, args=(stage, stop, number), daemon=True) for number in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(5)


def _visit(stage: Stage, stop: threading.Event, number: int) -> None:
    """Ask for pages again and again, as visitors do, until told to stop."""
    port_file, count = stage.root / "live.port", number
    while not stop.wait(2 / VISITS_PER_SECOND):
        count += 1
        with suppress(OSError, HTTPException, ValueError):
            connection = HTTPConnection("127.0.0.1", int(port_file.read_text(encoding="utf-8")), timeout=2)
            connection.request("GET", "/" if count % 2 else f"/cart/{count % 7}")
            connection.getresponse().read()
            connection.close()


def _requests(stage: Stage) -> int:
    log = stage.root / "access.log"
    return log.read_bytes().count(b"\n") if log.exists() else 0


def _until(done: Callable[[], bool], what: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise DemoFailed(f"{what} did not happen within {seconds:g} s", "please report this")
        time.sleep(0.1)


def _colour() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


POLICY = """\
[verification]
source = "access-log"
path = "{log}"
watch = "{watch}s"
poll = "{poll}s"
requests = {enough}
"""
FIRST = {
    "db/migrations/0001_product.up.sql": "CREATE TABLE product (id INTEGER PRIMARY KEY AUTOINCREMENT, stock INT);\n",
    "db/migrations/0001_product.down.sql": "DROP TABLE product;\n",
}
GOOD = {
    "db/migrations/0002_note.up.sql": "ALTER TABLE product ADD COLUMN note TEXT;\n",
    "db/migrations/0002_note.down.sql": "ALTER TABLE product DROP COLUMN note;\n",
}
MORE = {
    "db/migrations/0003_discount.up.sql": "ALTER TABLE product ADD COLUMN discount INTEGER;\n",
    "db/migrations/0003_discount.down.sql": "ALTER TABLE product DROP COLUMN discount;\n",
}
DEPLOY = '''\
"""Deploy main: check it out, migrate the staging database, restart the service."""
import os, pathlib, signal, sqlite3, subprocess, sys

root = pathlib.Path("..").resolve()
live = root / "live"
for line in sys.stdin:
    old, new, ref = line.split()
    if ref != "refs/heads/main":
        continue
    live.mkdir(exist_ok=True)
    subprocess.run(["git", f"--work-tree={live}", "checkout", "-q", "-f", new, "--", "."], check=True)
    staging = sqlite3.connect(root / "staging.db")
    staging.execute("CREATE TABLE IF NOT EXISTS schema_migrations (version uint64, dirty bool)")
    at = staging.execute("SELECT max(version) FROM schema_migrations").fetchone()[0] or 0
    for up in sorted((live / "db" / "migrations").glob("*.up.sql")):
        if int(up.name[:4]) > at:
            staging.executescript(up.read_text())
            staging.execute("DELETE FROM schema_migrations")
            staging.execute("INSERT INTO schema_migrations VALUES (?, 0)", [int(up.name[:4])])
    staging.commit()
    print(f"deploy: {new[:12]} is live")
    pid = root / "live.pid"
    if pid.exists():
        os.kill(int(pid.read_text()), signal.SIGTERM)
'''
APP = '''\
"""A small shop. It is asked for products and carts, and writes an access log."""
import http.server, pathlib, sqlite3, sys, time

ROOT = pathlib.Path(sys.argv[1])
LOG = open(ROOT / "access.log", "a", buffering=1)


def products():
    return sqlite3.connect(ROOT / "staging.db").execute("SELECT count(*) FROM product").fetchone()[0]


def cart(count):
    total = count * 3
    return f"{count} things, {total} in all"


class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        began = time.monotonic()
        try:
            text = cart(int(self.path[6:])) if self.path.startswith("/cart/") else f"{products()} products"
            status = 200
        except Exception as error:
            text, status = type(error).__name__, 500
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
        when = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
        took = time.monotonic() - began
        LOG.write(f'127.0.0.1 - - [{when}] "GET {self.path} HTTP/1.1" {status} {len(text)} "-" "visitor" {took:.4f}\\n')


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
(ROOT / "live.port").write_text(str(server.server_port))
server.serve_forever()
'''

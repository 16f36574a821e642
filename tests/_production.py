"""A small production: a database that Alembic migrates, a file that says which commit is live, an access log."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import _traffic
from _traffic import Moment, combined, requests
from conftest import Files
from servers import Server

ENV = """\
import os
from alembic import context
from sqlalchemy import create_engine

url = os.environ["DATABASE_URL"]
if url.startswith("postgresql"):
    import pg8000.dbapi
    name = url.partition("@/")[2].partition("?")[0]
    socket = url.partition("host=")[2] + "/.s.PGSQL.5432"
    engine = create_engine(
        "postgresql+pg8000://", creator=lambda: pg8000.dbapi.connect("gatepost", database=name, unix_sock=socket)
    )
else:
    engine = create_engine(url)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
"""
VERSION = """\
from alembic import op
revision = {revision!r}
down_revision = {before!r}

def upgrade():
    op.execute({up!r})

def downgrade():
    op.execute({down!r})
"""
BASE: Files = {
    "alembic.ini": "[alembic]\nscript_location = alembic\n",
    "alembic/env.py": ENV,
    "alembic/script.py.mako": "",
    "alembic/versions/a1.py": VERSION.format(
        revision="a1",
        before=None,
        up="CREATE TABLE users (id integer PRIMARY KEY, email varchar(200) NOT NULL)",
        down="DROP TABLE users",
    ),
    "app.py": "print('old')\n",
    "deploy.py": "import os, sys\nopen(os.environ['LIVE'], 'w').write(sys.argv[1])\n",
}


def second(up: str, down: str) -> Files:
    """Give a deploy with a migration."""
    return {
        "alembic/versions/b2.py": VERSION.format(revision="b2", before="a1", up=up, down=down),
        "app.py": "print('new')\n",
    }


@dataclass
class Production:
    """A server repository with its clone, and what it deploys to."""

    server: Server
    root: Path
    url: str

    @property
    def environ(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "DATABASE_URL": self.url, "LIVE": str(self.root / "live"), "PATH": path}

    def deploy(self, oid: str) -> None:
        """Do what a deployer does: migrate, and replace what runs."""
        files = self.root / f"files-{oid[:8]}"
        files.mkdir()
        archive = subprocess.run(
            ["git", "archive", oid], cwd=self.server.work.path, capture_output=True, check=True
        ).stdout
        subprocess.run(["tar", "-x"], cwd=files, input=archive, check=True)
        alembic = [sys.executable, "-m", "alembic", "upgrade", "head"]
        subprocess.run(alembic, cwd=files, env=self.environ, check=True, capture_output=True)
        (self.root / "live").write_text(oid)

    @property
    def live(self) -> str:
        return (self.root / "live").read_text()

    def gatepost(self, *args: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run gatepost in the clone, without a terminal."""
        return subprocess.run(
            [sys.executable, "-m", "gatepost", *args], cwd=self.server.work.path, env={**self.environ, **(env or {})},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def at_a_terminal(self, *args: str, answer: bytes = b"y\n", times: int = 20) -> tuple[int, str]:
        """Run gatepost in the clone at a terminal of its own, and answer each question."""
        child, handle = pty.fork()
        if child == 0:
            os.chdir(self.server.work.path)
            os.execve(sys.executable, [sys.executable, "-m", "gatepost", *args], self.environ)
        said, until = b"", time.monotonic() + 90
        while time.monotonic() < until:
            if not select.select([handle], [], [], 0.2)[0]:
                continue
            try:
                piece = os.read(handle, 4096)
            except OSError:  # Linux's way to say that the other side has gone
                break
            if not piece:
                break
            said += piece
            if piece.rstrip().endswith(b"[y/N]") and times:
                times -= 1
                os.write(handle, answer)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.close(handle)
        return code, said.decode(errors="replace")

    def traffic(self, seconds: float, start: float, moment: Moment, seed: int = 1) -> None:
        """Write what the service answered."""
        _traffic.START = start
        with (self.root / "access.log").open("a") as stream:
            stream.writelines(combined(requests(seconds, lambda _: moment, seed=seed)))

    def verdict(self, oid: str, count: int = 1) -> str:
        """Wait for the verdict of a deploy."""
        for _ in range(600):
            found = self.server.records(oid, "verification")
            if len(found) >= count:
                return str(found[-1]["verdict"])
            time.sleep(0.1)
        return "none"

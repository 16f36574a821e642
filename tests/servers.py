"""A bare server with the gate installed, and a clone that pushes to it with the default git client."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conftest import Files, Repo
from gatepost import install, records
from gatepost.git import Repository


@dataclass
class Push:
    """What a push gave: exit code, what the pusher saw of the server, and the line for agents."""

    code: int
    said: list[str]
    raw: str

    @property
    def data(self) -> dict[str, Any]:
        lines = [line for line in self.said if line.startswith("{")]
        return json.loads(lines[-1]) if lines else {}

    @property
    def text(self) -> str:
        """What the server said, unwrapped."""
        return " ".join(" ".join(self.said).split())

    @property
    def rules(self) -> list[str]:
        return [finding["rule"] for finding in self.data.get("findings", [])]

    @property
    def skips(self) -> str:
        return " ".join(str(skip) for skip in self.data.get("skipped", []))


class Server:
    """The bare repository ``server`` and the clone ``work``."""

    def __init__(self, root: Path, *, object_format: str = "sha1", policy: str = "", gate: bool = True) -> None:
        self.path = root / "server.git"
        self.bare = Repo(self.path, bare=True, object_format=object_format)
        self.work = Repo(root / "work", object_format=object_format)
        self.work.git("remote", "add", "origin", str(self.path))
        if policy:
            self.policy(policy)
        if gate:
            self.install()

    def install(self) -> str:
        said: list[str] = []
        install.server(self.path, said.append)
        return "".join(said)

    def policy(self, text: str) -> None:
        (self.path / "gatepost.toml").write_text(text)

    def push(self, *args: str, env: dict[str, str] | None = None) -> Push:
        given = os.environ | (env or {})
        command = ["git", "push", "origin", *args]
        done = subprocess.run(command, cwd=self.work.path, env=given, capture_output=True, timeout=120, check=False)
        raw = done.stderr.decode("utf-8", "surrogateescape")
        said = [line[8:].rstrip() for line in raw.splitlines() if line.startswith("remote: ")]
        return Push(done.returncode, said, raw)

    def commit_push(self, files: Files, ref: str = "main") -> Push:
        self.work.commit(files, ref=f"refs/heads/{ref}")
        return self.push(ref)

    def tip(self, ref: str = "refs/heads/main") -> str:
        return self.bare.git("rev-parse", "-q", "--verify", ref, check=False)

    def records(self, oid: str, kind: str | None = None) -> tuple[records.Record, ...]:
        with Repository(self.path, client=False) as repo:
            return records.read(repo, oid, kind)

    def log(self) -> tuple[records.Record, ...]:
        with Repository(self.path, client=False) as repo:
            return records.log(repo, 1000)

    def problems(self) -> tuple[str, ...]:
        with Repository(self.path, client=False) as repo:
            return records.problems(repo)

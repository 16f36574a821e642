"""Real git repositories for the tests: pinned identity and dates, no configuration from outside."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import TypeVar, Union

import pytest

from _cluster import Cluster, cluster, share
from gatepost.git import Change, Repository, make_change

DATE = "1700000000 +0000"
IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": DATE,
    "GIT_COMMITTER_DATE": DATE,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C.UTF-8",
}
Content = Union[str, bytes, "tuple[str, bytes]", None]
Files = Mapping[str, Content]
Builder = Callable[["Files | None", Files], Change]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Drop what a hook or a person's shell would add, and pin identity and dates."""
    for name in list(os.environ):
        if name.startswith(("GIT_", "PRE_COMMIT_", "PREK", "GATEPOST_HOOK")):
            monkeypatch.delenv(name)
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)
    # For root, `git config --global` would rename its lock file over /dev/null itself.
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path_factory.getbasetemp() / "gitconfig"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI nothing may be missing: a test that skips has failed there."""
    return strict((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips as a whole."""
    return strict((yield))


Told = TypeVar("Told", pytest.TestReport, pytest.CollectReport)


def strict(report: Told) -> Told:
    """Turn a skip into a failure where CI=true."""
    if os.environ.get("CI") == "true" and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where everything has to be installed: {report.longrepr}"
    return report


class Repo:
    """A repository that tests build: ``commit`` makes histories without a work tree, by fast-import."""

    def __init__(self, path: Path, *, bare: bool = False, object_format: str = "sha1") -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        args = ["init", "-q", "-b", "main", f"--object-format={object_format}"]
        self.git(*args, *(["--bare"] if bare else []))

    def git(self, *args: str, stdin: bytes = b"", check: bool = True, env: Mapping[str, str] | None = None) -> str:
        """Run git in the repository; give its output, stripped."""
        given = os.environ | dict(env or {})
        done = subprocess.run(["git", *args], cwd=self.path, input=stdin, capture_output=True, check=False, env=given)
        if check and done.returncode:
            raise AssertionError(f"git {args}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def commit(self, files: Files, *, ref: str = "refs/heads/main", parent: str | None = "", message: str = "x") -> str:
        """Add one commit that changes ``files`` (None deletes) on top of ``ref``; give its id.

        A value may be (mode, content) where a plain file is not meant: ("120000", b"target"),
        ("160000", b"<commit id>"). ``parent``: "" is the tip of the ref, None a root commit, else a revision.
        """
        text = message.encode()
        out = [f"commit {ref}\ncommitter Ada <ada@example.org> {DATE}\ndata {len(text)}\n".encode(), text, b"\n"]
        tip = self.git("rev-parse", "-q", "--verify", ref, check=False) if parent == "" else parent
        if tip:
            out.append(b"from %s\n" % tip.encode())
        elif parent is None:
            self.git("update-ref", "-d", ref, check=False)
        out += [_fast_import(path, content) for path, content in files.items()]
        self.git("fast-import", "--quiet", "--force", stdin=b"".join(out))
        return self.git("rev-parse", ref)

    def write(self, files: Files) -> None:
        """Write files into the work tree and stage them (None deletes)."""
        for path, content in files.items():
            file = self.path / path
            if content is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, tuple):
                file.symlink_to(content[1].decode())
            else:
                file.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "-A", "--", *files)

    def change(self, base: str | None, head: str | None, ref: str | None = "refs/heads/main") -> Change:
        """Give the Change between two revisions (None: nothing, the index)."""
        return make_change(Repository(self.path), base, head, ref)


def _fast_import(path: str, content: Content) -> bytes:
    name = b'"' + b"".join(b"\\%03o" % byte for byte in path.encode("utf-8", "surrogateescape")) + b'"'
    if content is None:
        return b"D %s\n" % name
    mode, raw = content if isinstance(content, tuple) else ("100644", content)
    data = raw.encode() if isinstance(raw, str) else raw
    if mode == "160000":
        return b"M 160000 %s %s\n" % (data, name)
    return b"M %s inline %s\ndata %d\n%s\n" % (mode.encode(), name, len(data), data)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """Give a running PostgreSQL; skip where there is none."""
    with cluster() as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def either_queue(tmp_path: Path, request: pytest.FixtureRequest) -> Repo:
    """Give a server's repository whose watches are in the one, then in the other engine."""
    repo = Repo(tmp_path / "server.git", bare=True)
    if request.param == "postgresql":
        share(repo.path, request.getfixturevalue("postgresql"))
    return repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Give an empty repository with a work tree."""
    return Repo(tmp_path / "repo")


@pytest.fixture
def two_sides(repo: Repo) -> Iterator[Builder]:
    """Give a function from the files of the base (None: no base) and what the head changes to a Change."""
    made: list[Change] = []

    def build(base: Files | None, head: Files) -> Change:
        first = repo.commit(base) if base is not None else None
        made.append(repo.change(first, repo.commit(head)))
        return made[-1]

    yield build
    for change in made:
        change.repo.close()

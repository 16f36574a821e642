"""Read repositories through git's plumbing: the only module that runs git.

Everything is read as objects, never as a checkout, so that a laptop, a partial commit and a push in
quarantine give the same answer. GitPython is not used here: its diff is empty when one path is not
UTF-8 (GitPython #1081), it ignores GIT_INDEX_FILE and cannot read SHA-256 repositories.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from gatepost.errors import GitError, MissingObject, NotAFile, TooLarge, UsageError
from gatepost.model import is_zero, printable

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")

EMPTY_TREE = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
FILE_LIMIT = 20 * 1024 * 1024
CHANGED_LIMIT = 500_000
STREAM_ABOVE = 1024 * 1024
STREAM_PIECE = 256 * 1024
INDEX = "index"
# Where git looks for a name that is not there (gitrevisions), and what it takes for the output of git describe.
NAMESAKES = ("refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}", "refs/remotes/{}/HEAD")
_DESCRIBED = re.compile(r"-g[0-9a-fA-F]{4,64}$")

# git's own list (rev-parse --local-env-vars) misses GIT_QUARANTINE_PATH, hence an allow-list.
_ALWAYS = ("PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "USER", "LOGNAME")
_CLIENT = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_PARAMETERS")
_OWN = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_SHALLOW_FILE",
)
_FIXED = {
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


def environment(*, own: bool, client: bool) -> dict[str, str]:
    """Give the environment for a git process.

    ``own``: the repository in whose hook we run, quarantine included; otherwise none of a hook's
    variables leak. ``client``: git configuration from the environment is the user's own and is kept;
    on a server it may be the pusher's (a push over a local path hands it on) and is dropped.
    """
    names = _ALWAYS + (_OWN if own else ()) + (_CLIENT if client else ())
    kept = {name: os.environ[name] for name in names if name in os.environ}
    if client:  # containers set safe.directory this way
        kept |= {
            k: v
            for k, v in os.environ.items()
            if k.startswith(("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"))
        }
    return kept | _FIXED


class Entry(NamedTuple):
    """One entry of a tree: path, mode (as an int), object id."""

    path: str
    mode: int
    oid: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def kind(self) -> str:
        """``a file``, ``a directory``, ``a symlink`` or ``a submodule``."""
        kinds = {0o040000: "a directory", 0o120000: "a symlink", 0o160000: "a submodule"}
        return kinds.get(self.mode & 0o170000, "a file")

    @property
    def is_file(self) -> bool:
        """Tell a regular file from everything else."""
        return self.mode & 0o170000 == 0o100000

    @property
    def is_tree(self) -> bool:
        """Tell a directory from everything else."""
        return self.mode & 0o170000 == 0o040000


class PathChange(NamedTuple):
    """One path that differs: status ``A``, ``M``, ``D`` or ``T``, and the entry on both sides."""

    path: str
    status: str
    old: Entry | None
    new: Entry | None


def _is_bare(path: str) -> bool:
    """Tell a bare repository; files of that shape in a work tree's own directory are somebody's content."""
    inside = {name: os.path.join(path, name) for name in (".git", "objects", "refs", "HEAD")}
    shaped = os.path.isdir(inside["objects"]) and os.path.isdir(inside["refs"]) and os.path.lexists(inside["HEAD"])
    return shaped and not os.path.lexists(inside[".git"])


class Repository:
    """A repository, bare or not, and the git processes that read it."""

    def __init__(self, path: str | Path = ".", *, own: bool = False, client: bool = True) -> None:
        self._path = os.fspath(path)
        self._env = environment(own=own, client=client)
        self._reader: _Objects | None = None
        self._trees: dict[str, dict[str, Entry]] = {}
        self.file_limit = FILE_LIMIT
        self.processes = 0
        if not os.path.isdir(self._path):
            raise UsageError(f"{printable(self._path)}: no such directory", "give a git repository with --repo")

    @property
    def path(self) -> Path:
        """The directory that was given, in the repository or its git directory."""
        from pathlib import Path

        return Path(self._path)

    def __enter__(self) -> Repository:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the object readers."""
        if self._reader:
            self._reader.close()
            self._reader = None

    def command(self, *args: str) -> list[str]:
        """Give the argument vector of a git call on this repository."""
        if "GIT_DIR" in self._env:
            return ["git", *args]
        # An explicit --git-dir also works under safe.bareRepository=explicit and another owner.
        where = [f"--git-dir={os.path.abspath(self._path)}"] if _is_bare(self._path) else []
        return ["git", "-C", self._path, *where, *args]

    def popen(self, *args: str, env: Mapping[str, str] | None = None, **options: Any) -> subprocess.Popen[bytes]:
        """Start git with the repository's environment, ``env`` on top of it."""
        self.processes += 1
        try:
            return subprocess.Popen(self.command(*args), env=self._env | dict(env or {}), **options)
        except FileNotFoundError:
            raise GitError("git: command not found", "install git and put it on PATH") from None

    def attempt(self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> tuple[int, bytes, bytes]:
        """Run git to its end: exit code, standard output, standard error."""
        pipe = subprocess.PIPE
        with self.popen(*args, env=env, stdin=pipe, stdout=pipe, stderr=pipe) as process:
            out, err = process.communicate(stdin)
        return process.returncode, out, err

    def run(self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        """Run git to its end and give its standard output; GitError where it fails."""
        code, out, err = self.attempt(*args, stdin=stdin, env=env)
        if code:
            raise failure(err, f"git {args[0]}")
        return out

    def text(self, *args: str, stdin: bytes = b"") -> str:
        """Run git and give its output as one stripped string."""
        return decode(self.run(*args, stdin=stdin)).strip()

    @property
    def objects(self) -> _Objects:
        """The long-lived reader of objects."""
        if self._reader is None:
            self._reader = _Objects(self)
        return self._reader

    def resolve(self, revision: str, kind: str = "commit") -> str | None:
        """Give the object id of ``revision`` peeled to ``kind``, or None where there is none."""
        if not revision or "\n" in revision or "\0" in revision or is_zero(revision):
            return None
        found = self.objects.info(f"{revision}^{{{kind}}}")
        return found[0] if found else None

    def tree(self, oid: str) -> dict[str, Entry]:
        """Give the entries of one tree object by name, paths being the bare names."""
        if oid not in self._trees:
            self._trees[oid] = (
                {} if oid in EMPTY_TREE.values() else parse_tree(self.objects.read(oid, FILE_LIMIT), len(oid) // 2, oid)
            )
        return self._trees[oid]

    def index_tree(self) -> str:
        """Write the index as a tree (GIT_INDEX_FILE is honoured) and give its id."""
        code, out, err = self.attempt("write-tree")
        if code:
            raise failure(err, "the index cannot be written as a tree", "finish the merge, or run: git status")
        return out.decode().strip()

    def stream(self, oid: str, size: int) -> Iterator[bytes]:
        """Give a blob's bytes in pieces, so that an artifact of any size fits into memory."""
        if size <= STREAM_ABOVE:
            yield self.objects.read(oid)
            return
        # Above core.bigFileThreshold git itself inflates in pieces too, as far as the object is no delta.
        args = ("-c", f"core.bigFileThreshold={STREAM_ABOVE}", "cat-file", "blob", oid)
        with self.popen(*args, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout
            try:
                while piece := process.stdout.read(STREAM_PIECE):
                    yield piece
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            raise MissingObject(f"object {oid} is not in this repository", "git fetch --unshallow")

    def grep(self, tree: str, words: Iterable[str]) -> list[str]:
        """Give the paths of a tree's text files that hold one of some words, in whatever case."""
        patterns = "\n".join(word for word in words if word and not set(word) & set("\n\0"))
        if not patterns:
            return []
        # ``:/`` is the root of the tree wherever in it git is run; that is a magic pathspec.
        args = ("grep", "-l", "-z", "-I", "-i", "-F", "--full-name", "--no-recurse-submodules", "-f", "-", tree, "--")
        stdin = patterns.encode("utf-8", "surrogateescape") + b"\n"
        code, out, err = self.attempt(*args, ":/", stdin=stdin, env={"GIT_LITERAL_PATHSPECS": "0"})
        if code > 1 or (code and err):
            raise failure(err, "git grep")
        return [decode(name)[len(tree) + 1 :] for name in out.split(b"\0") if name]

    def directory(self) -> Path:
        """Give the git directory that all work trees share; caches live below it."""
        from pathlib import Path

        found = Path(self.text("rev-parse", "--git-common-dir"))
        return found if found.is_absolute() or "GIT_DIR" in self._env else self.path / found

    def diff(self, base: str, head: str) -> dict[str, PathChange]:
        """Compare two trees by their ids: each path that differs, in order, without rename detection.

        Not git's own diff-tree: it collects every path before it writes the first, and a push of ten
        small trees can name more paths than fit into memory.
        """
        changes: dict[str, PathChange] = {}
        todo: list[tuple[str, str, str]] = [("", base, head)]
        while todo:
            prefix, old, new = todo.pop()
            before, after = (
                self._unequal(old, new) if old and new else (self.tree(oid) if oid else {} for oid in (old, new))
            )
            for name in before.keys() | after.keys():
                was, now = before.get(name), after.get(name)
                if was == now:
                    continue
                path = prefix + name
                trees = [entry.oid if entry and entry.is_tree else "" for entry in (was, now)]
                if trees[0] != trees[1]:
                    todo.append((path + "/", trees[0], trees[1]))
                _differ(changes, path, was, now)
            if len(changes) > CHANGED_LIMIT:
                raise TooLarge(f"more than {CHANGED_LIMIT} changed paths", "push less at once")
        return dict(sorted(changes.items()))

    def _unequal(self, old: str, new: str) -> tuple[dict[str, Entry], dict[str, Entry]]:
        """Give the entries of two trees without those that both begin and end with: of 60,000 often all but one."""
        before, after = (
            b"" if oid in EMPTY_TREE.values() else self.objects.read(oid, FILE_LIMIT) for oid in (old, new)
        )
        ids = len(old) // 2
        start = _boundary(before, _common(before, after), ids)
        size = _common(before[::-1], after[::-1])
        one, two = _end(before, after, start, size, ids)
        return parse_tree(before[start:one], ids, old), parse_tree(after[start:two], ids, new)

    def commits_between(self, base: str | None, head: str) -> int:
        """Count the commits that ``head`` has and ``base`` has not."""
        return int(self.text("rev-list", "--count", head, *(["^" + base] if base else []), "--"))


class _Objects:
    """Read objects through one ``cat-file --batch-command``, or a pair of older batches (git < 2.36)."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._pair = False
        self._main = self._start("--batch-command")
        self._check = self._main

    def info(self, name: str) -> tuple[str, str, int] | None:
        """Give object id, type and size of a name, or None where it names nothing here.

        What begins with ``refs/`` is that very ref: a name that is not there git looks for elsewhere too.
        """
        if "\n" in name:  # two questions in one: every later answer would be that of another
            return None
        found = self._info(name)
        return None if found and name.startswith("refs/") and self._is_another(name) else found

    def _is_another(self, name: str) -> bool:
        """Tell a name that git has found elsewhere; it costs a process only where there is something elsewhere."""
        ref = re.split(r"[\^~:]|@\{", name, maxsplit=1)[0]
        if not _DESCRIBED.search(ref) and not any(self._info(other.format(ref)) for other in NAMESAKES):
            return False
        return self._repo.attempt("show-ref", "--verify", "--quiet", "--", ref)[0] != 0

    def _info(self, name: str) -> tuple[str, str, int] | None:
        header = self._ask("info", name)
        if header is None:  # this git has no --batch-command
            self.close()
            self._pair, self._main, self._check = True, self._start("--batch"), self._start("--batch-check")
            header = self._ask("info", name)
        if header is None:
            raise failure(_rest(self._check), "git cat-file")
        parts = header.rsplit(b" ", 2)
        if len(parts) != 3 or not parts[2].isdigit():
            return None
        return parts[0].decode(), parts[1].decode(), int(parts[2])

    def needed(self, oid: str, what: str) -> tuple[str, str, int]:
        """Give object id, type and size; MissingObject, with the name of what it is, where it is not here."""
        hint = "fetch the full history: git fetch --unshallow"
        try:
            found = self.info(oid)
        except MissingObject as error:  # in a partial clone git ends instead of answering "missing"
            raise MissingObject(f"{what}: {error.message}", hint) from None
        if found is None:
            raise MissingObject(f"{what}: {oid} is not in this repository", hint)
        return found

    def read(self, oid: str, limit: int | None = None, path: str = "") -> bytes:
        """Give an object's bytes; TooLarge above ``limit`` bytes, MissingObject where it is not here.

        Without a limit of its own the reading is held to ``gate.max_file``.
        """
        what = printable(path) if path else f"object {oid}"
        found = self.needed(oid, what)
        most, hint = (limit, "") if limit else (self._repo.file_limit, "raise gate.max_file in gatepost.toml")
        if found[2] > most:
            raise TooLarge(f"{what}: {found[2]} bytes are more than the limit of {most}", hint)
        header = self._ask("contents", oid)
        if header and header.endswith(b" missing"):  # git reads the size of a damaged object, then not the object
            raise MissingObject(f"{what}: {oid} is damaged", "run: git fsck")
        raw = self._main.stdout.read(found[2] + 1) if header and self._main.stdout else b""
        if len(raw) != found[2] + 1:  # git has ended in the middle
            raise failure(_rest(self._main), f"{what}: {oid} cannot be read", "run: git fsck")
        return raw[:-1]

    def close(self) -> None:
        """End the processes."""
        for process in {self._main, self._check}:
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    with suppress(OSError):  # the pipe of a git that has already ended
                        stream.close()
            process.wait()

    def _start(self, mode: str) -> subprocess.Popen[bytes]:
        pipe, offline = subprocess.PIPE, {"GIT_ALLOW_PROTOCOL": "none"}  # git < 2.45 has no GIT_NO_LAZY_FETCH
        return self._repo.popen("cat-file", mode, env=offline, stdin=pipe, stdout=pipe, stderr=pipe)

    def _ask(self, verb: str, name: str) -> bytes | None:
        process = self._check if verb == "info" else self._main
        line = name if self._pair else f"{verb} {name}"
        assert process.stdin
        assert process.stdout
        try:
            process.stdin.write(line.encode("utf-8", "surrogateescape") + b"\n")
            process.stdin.flush()
        except OSError:
            return None
        header = process.stdout.readline()
        return header[:-1] if header.endswith(b"\n") else None


class Snapshot:
    """The read-only files of one tree, read when asked for."""

    def __init__(self, repo: Repository, tree: str) -> None:
        self.repo = repo
        self.tree = tree

    def children(self, path: str = "") -> tuple[Entry, ...]:
        """Give the entries of one directory in git's order; none where there is no such directory."""
        entry = self.entry(path)
        if entry is None or not entry.is_tree:
            return ()
        prefix = path + "/" if path else ""
        return tuple(Entry(prefix + e.path, e.mode, e.oid) for e in self.repo.tree(entry.oid).values())

    def walk(self, path: str = "") -> Iterator[Entry]:
        """Give every entry below a directory that is no directory itself, depth first."""
        stack = list(reversed(self.children(path)))
        while stack:
            entry = stack.pop()
            if entry.is_tree:
                stack.extend(reversed(self.children(entry.path)))
            else:
                yield entry

    def entry(self, path: str) -> Entry | None:
        """Give the entry at a path, or None. A symlink on the way is not followed."""
        found = Entry("", 0o040000, self.tree)
        for part in path.split("/") if path else ():
            if not found.is_tree:
                return None
            below = self.repo.tree(found.oid).get(part)
            if below is None:
                return None
            found = below
        return Entry(path, found.mode, found.oid)

    def exists(self, path: str) -> bool:
        """Tell whether a path is there, of whatever kind."""
        return self.entry(path) is not None

    def file(self, path: str) -> Entry:
        """Give the entry of a regular file; NotAFile where the path is anything else, or nothing."""
        entry = self.entry(path)
        if entry is None:
            raise NotAFile(path, "absent")
        if not entry.is_file:
            raise NotAFile(path, entry.kind)
        return entry

    def read(self, path: str, limit: int | None = None) -> bytes:
        """Give the bytes of a regular file. Raises NotAFile, TooLarge, MissingObject."""
        return self.repo.objects.read(self.file(path).oid, limit, path)

    def size(self, path: str) -> int:
        """Give the size in bytes of a regular file without reading it."""
        return self.repo.objects.needed(self.file(path).oid, printable(path))[2]


@dataclass(frozen=True, eq=False)
class Change:
    """What is judged: two snapshots and the paths that differ between them.

    ``base_oid`` is the base commit or None; ``head_oid`` the head commit, or ``"index"``.
    """

    repo: Repository
    base: Snapshot
    head: Snapshot
    paths: Mapping[str, PathChange]
    base_oid: str | None
    head_oid: str
    ref: str | None = None
    commits: int = 0
    _shared: dict[object, Any] = field(default_factory=dict, repr=False)

    def shared(self, build: Callable[..., T], *args: Any) -> T:
        """Compute ``build(change, *args)`` once for this change; checks that need the same thing share it.

        The answer is kept under the function itself, so ``args`` must not differ between callers.
        """
        if build not in self._shared:
            self._shared[build] = build(self, *args)
        return self._shared[build]  # type: ignore[no-any-return]  # put there by the line above


def make_change(repo: Repository, base: str | None, head: str | None, ref: str | None = None) -> Change:
    """Build the Change from ``base`` (None: nothing) to ``head`` (None: the index)."""
    head_oid, head_tree = (INDEX, repo.index_tree()) if head is None else _commit_and_tree(repo, head)
    base_oid, base_tree = (None, EMPTY_TREE[len(head_tree)]) if base is None else _commit_and_tree(repo, base)
    paths = {} if base_tree == head_tree else repo.diff(base_tree, head_tree)
    commits = 0 if head is None or head_oid == base_oid else repo.commits_between(base_oid, head_oid)
    return Change(repo, Snapshot(repo, base_tree), Snapshot(repo, head_tree), paths, base_oid, head_oid, ref, commits)


def _commit_and_tree(repo: Repository, revision: str) -> tuple[str, str]:
    tree = repo.resolve(revision, "tree")
    if tree is None:
        if repo.resolve(revision, "commit"):
            raise MissingObject(f"the tree of {printable(revision)} is not in this repository", "git fetch --unshallow")
        raise MissingObject(
            f"{printable(revision)}: no such commit in this repository", "fetch it first, or check the spelling"
        )
    return repo.resolve(revision, "commit") or tree, tree


def _common(one: bytes, two: bytes) -> int:
    """Count the bytes that two strings begin with in common."""
    low, high = 0, min(len(one), len(two))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == two[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _boundary(tree: bytes, limit: int, ids: int) -> int:
    """Give where the entry of a tree begins that holds the byte ``limit``."""
    at = 0
    while True:
        end = tree.find(b"\0", at)
        if end < 0 or end + 1 + ids > limit:
            return at
        at = end + 1 + ids


def _end(one: bytes, two: bytes, start: int, same: int, ids: int) -> tuple[int, int]:
    """Give where two trees that end with ``same`` equal bytes have nothing but equal entries left."""
    at, to = start, start
    while at < len(one) or to < len(two):
        left, right = len(one) - at, len(two) - to
        if left == right <= same:
            break
        if left >= right:
            at = _next(one, at, ids)
        if right >= left:
            to = _next(two, to, ids)
    return at, to


def _next(tree: bytes, at: int, ids: int) -> int:
    end = tree.find(b"\0", at)
    return min(end + 1 + ids, len(tree)) if end >= 0 else len(tree)


def parse_tree(raw: bytes, id_bytes: int, oid: str) -> dict[str, Entry]:
    """Read a tree object: ``mode SP name NUL id`` again and again.

    A name that no checkout can hold (a slash, ``..``, ``.git``, twice the same) raises GitError: git
    itself reads such a tree in more than one way, so nothing can be said of it.
    """
    entries: dict[str, Entry] = {}
    modes: dict[bytes, int] = {}
    at = 0
    while at < len(raw):
        space, end = raw.find(b" ", at), raw.find(b"\0", at)
        if not at < space < end or end + 1 + id_bytes > len(raw):
            raise GitError(f"tree {oid}: damaged", "run: git fsck")
        name, digits = decode(raw[space + 1 : end]), raw[at:space]
        if name in entries or "/" in name or (name[:1] in (".", "") and name.casefold() in ("", ".", "..", ".git")):
            raise GitError(f"tree {oid}: has the odd entry {printable(name)!r}", "run: git fsck")
        mode = modes.get(digits)
        if mode is None:
            mode = modes[digits] = _mode(digits, oid)
        at = end + 1 + id_bytes
        entries[name] = Entry(name, mode, raw[end + 1 : at].hex())
    return entries


def _mode(digits: bytes, oid: str) -> int:
    if not digits.isdigit() or digits.strip(b"01234567"):
        raise GitError(f"tree {oid}: damaged", "run: git fsck")
    return int(digits, 8)


def _differ(changes: dict[str, PathChange], path: str, was: Entry | None, now: Entry | None) -> None:
    """Note a path that differs and is no directory on at least one side."""
    old = Entry(path, was.mode, was.oid) if was and not was.is_tree else None
    new = Entry(path, now.mode, now.oid) if now and not now.is_tree else None
    if old and new:
        status = "M" if old.mode & 0o170000 == new.mode & 0o170000 else "T"
        changes[path] = PathChange(path, status, old, new)
    elif old or new:
        changes[path] = PathChange(path, "A" if new else "D", old, new)


def decode(raw: bytes) -> str:
    """Decode a name of git's; bytes that are not UTF-8 survive as surrogates."""
    return raw.decode("utf-8", "surrogateescape")


def failure(stderr: bytes, what: str, hint: str = "") -> GitError:
    """Turn git's own message into an error: MissingObject where history or blobs are not here."""
    said = [printable(line, 300) for line in decode(stderr).splitlines() if line.strip()]
    line = next((line for line in said if line.startswith(("fatal:", "error:"))), said[0] if said else "no message")
    if any(
        mark in line for mark in ("unable to read", "bad object", "invalid object", "missing", "shallow", "promisor")
    ):
        return MissingObject(f"{what}: {line}", hint or "fetch the full history: git fetch --unshallow")
    if "dubious ownership" in line or "not a git repository" in line:
        return GitError(line.removeprefix("fatal: "), hint or "run it inside a repository, or give --repo DIR")
    return GitError(f"{what}: {line}", hint)


def _rest(process: subprocess.Popen[bytes]) -> bytes:
    return process.stderr.read() if process.stderr else b""


def lines(raw: bytes) -> Iterable[str]:
    """Give the lines of git's output, decoded."""
    return decode(raw).splitlines()

"""Keep records in git: JSON lines in ``refs/notes/gatepost``, one chain, written by the server only.

A record is one JSON object on one line of the note of a commit (or of any object id, also one that a
refused push never brought). Each commit of the notes ref lists in its message the records that
it adds, newest first; each line carries the digest of the line before it, and the tip's message the digest of the
last. ``git notes add`` is not used: of 20 writers at once it kept 12 of 100 notes and exited 0. Here a lock
orders the writers, and the ref moves only from the tip that was read.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatepost.errors import CannotJudge, GitError
from gatepost.git import Repository, failure

REF = "refs/notes/gatepost"
VERSION = 1
LINE_LIMIT = 1024 * 1024
SHORTER = (1000, 200, 50)
NOTE_LIMIT = 64 * 1024 * 1024
LOCK_SECONDS = 30.0
_TRIES = 5
_COMMITTER = b"gatepost <gatepost@localhost>"

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """A record that is not written yet: the object it is about, its kind, what it says.

    With ``tree`` it is found by the id of the commit's tree too, which survives an amend; ``also``
    are more names, as long as an object id, under which it is found.
    """

    oid: str
    kind: str
    body: Mapping[str, Any]
    tree: str | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Tip:
    """The commit that the ref points to, and the end of the chain that its message names."""

    commit: str | None
    seq: int = 0
    digest: str = ""


def append(repo: Repository, oid: str, record: Mapping[str, Any], tree: str | None = None) -> Record:
    """Add one record to ``oid``; its ``kind`` is one of its keys. Give it as it was stored."""
    body = {key: value for key, value in record.items() if key != "kind"}
    return append_all(repo, (Draft(oid, str(record["kind"]), body, tree),))[0]


def append_all(repo: Repository, drafts: Sequence[Draft]) -> tuple[Record, ...]:
    """Add records in this order, all or none. Raises GitError where they cannot be written."""
    if not drafts:
        return ()
    with locked(git_dir(repo)):
        for _ in range(_TRIES):
            tip = _tip(repo)
            lines = _lines(tip, drafts)
            stream = _stream(repo, tip, drafts, lines)
            code, _, err = repo.attempt("fast-import", "--quiet", "--done", stdin=stream)
            if code == 0:
                _anchor(git_dir(repo), lines[-1])
                return tuple(json.loads(line) for line in lines)
            if _tip(repo).commit == tip.commit:  # no other writer: it will not go better a second time
                break
    raise failure(err, f"{REF} cannot be written", "see that the disk is not full and the repository is writable")


def read(repo: Repository, oid: str, kind: str | None = None) -> tuple[Record, ...]:
    """Give the records of an object id, oldest first; also those of commits with this tree id."""
    found: list[Record] = []
    for line in _note(repo, oid):
        if "see" in line:
            found += [r for r in _note(repo, str(line["see"])) if r.get("seq") == line.get("seq")]
        else:
            found.append(line)
    return tuple(record for record in found if kind is None or record.get("kind") == kind)


def log(repo: Repository, limit: int = 50) -> tuple[Record, ...]:
    """Give the newest records, newest first."""
    tip = _tip(repo).commit
    if tip is None:
        return ()
    listed = repo.text("log", f"-{limit}", "--format=%B", tip, "--").splitlines()
    rows = [row for row in map(_row, listed) if row[0]][:limit]
    notes: dict[str, dict[int, Record]] = {}
    found = []
    for number, _, oid in rows:
        if oid not in notes:
            notes[oid] = {int(line["seq"]): line for line in _note(repo, oid) if "see" not in line}
        if number in notes[oid]:
            found.append(notes[oid][number])
    return tuple(found)


def problems(repo: Repository) -> tuple[str, ...]:
    """Check the whole chain; say what is forged, missing or out of order."""
    tip = _tip(repo)
    anchor = _read_anchor(git_dir(repo))
    if tip.commit is None:
        return (f"{REF} is gone, and {anchor[0]} records with it",) if anchor else ()
    said, digests = [], {0: ""}
    for number, raw in enumerate(_all_lines(repo, tip.commit), 1):
        line = json.loads(raw)
        if line.get("seq") != number:
            said.append(f"record {number} is missing: the next one is {line.get('seq')}")
            break
        if line.get("prev") != digests[number - 1]:
            said.append(f"record {number} ({line.get('kind')}) does not follow from record {number - 1}")
        digests[number] = digest(raw)
    if not said and (len(digests) - 1, digests[len(digests) - 1]) != (tip.seq, tip.digest):
        said.append(f"the tip of {REF} names record {tip.seq}, the records end at {len(digests) - 1} or differ")
    if anchor and digests.get(anchor[0]) != anchor[1]:
        said.append(f"record {anchor[0]} is not the one that this server wrote last")
    return tuple(said)


def digest(line: bytes) -> str:
    """Give the digest that the next line carries."""
    import hashlib  # 6 ms, and pre-receive writes no record of a good push

    return hashlib.sha256(line).hexdigest()


def now() -> str:
    """Give the time as records write it, UTC with milliseconds: as text it sorts by time."""
    seconds, rest = divmod(time.time_ns() // 1_000_000, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:03}Z"


def git_dir(repo: Repository) -> Path:
    """Give the directory that holds refs and objects."""
    for path in (repo.path, repo.path / ".git"):
        if (path / "objects").is_dir() and (path / "HEAD").exists():
            return path
    return (repo.path / repo.text("rev-parse", "--git-common-dir")).resolve()


def state_dir(directory: Path) -> Path:
    """Give, and make, the directory below a git directory in which the server keeps what is no ref."""
    path = directory / "gatepost"
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise CannotJudge(f"{path}: {error.strerror}", "make the repository writable for the server's user") from None
    return path


def repository_id(repo: Repository, directory: Path) -> str:
    """Give the name that statements use for this repository, and make it where there is none."""
    path = state_dir(directory) / "id"
    try:
        return path.read_text().strip()
    except OSError:
        pass
    known = next((str(record["repository"]) for record in log(repo, 100) if record.get("repository")), "")
    fresh = path.with_name(f"id.{os.getpid()}")
    try:
        fresh.write_text((known or os.urandom(16).hex()) + "\n")
        os.link(fresh, path)
    except FileExistsError:
        pass
    except OSError as error:
        raise CannotJudge(f"{path}: {error.strerror}", "make the repository writable for the server's user") from None
    finally:
        fresh.unlink(missing_ok=True)
    return path.read_text().strip()


@contextmanager
def locked(directory: Path, name: str = "records.lock", seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold a lock of the server; it ends with the process that holds it, however that ends."""
    path = state_dir(directory) / name
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise CannotJudge(f"{path}: {error.strerror}", "make the repository writable for the server's user") from None
    try:
        until = time.monotonic() + seconds
        while not _try_lock(handle):
            if time.monotonic() > until:
                raise CannotJudge(f"{path}: still locked after {seconds:g} seconds", "see who holds it: fuser")
            time.sleep(0.005)
        yield
    finally:
        os.close(handle)


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _tip(repo: Repository) -> _Tip:
    found = repo.objects.info(f"{REF}^{{commit}}")
    if found is None:
        return _Tip(None)
    message = repo.objects.read(found[0]).partition(b"\n\n")[2].decode("utf-8", "replace").splitlines()
    seq = _row(message[0] if message else "")[0]
    named = next((line[8:] for line in message if line.startswith("Digest: ")), "")
    if not seq or not named:
        raise GitError(f"{REF} was written by something else than gatepost", "run: gatepost doctor")
    return _Tip(found[0], seq, named)


def _row(text: str) -> tuple[int, str, str]:
    seq, _, rest = text.partition(" ")
    kind, _, oid = rest.partition(" ")
    return (int(seq), kind, oid) if seq.isascii() and seq.isdigit() else (0, "", "")


def _lines(tip: _Tip, drafts: Sequence[Draft]) -> list[bytes]:
    lines, previous = [], tip.digest
    for seq, draft in enumerate(drafts, tip.seq + 1):
        head = {"at": now(), "v": VERSION, "seq": seq, "kind": draft.kind, "commit": draft.oid, "tree": draft.tree}
        lines.append(_line({**draft.body, **head}, previous))
        previous = digest(lines[-1])
    return lines


def _shortened(value: Any, most: int) -> Any:
    """Give a value with no list longer than ``most``."""
    if isinstance(value, Mapping):
        return {key: _shortened(entry, most) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shortened(entry, most) for entry in value[:most]]
    return value


def _line(record: Record, previous: str) -> bytes:
    """Write a record on one line, the time first: then git's cat_sort_uniq merge keeps the order."""
    first = ("at", "v", "seq", "kind", "commit", "tree")
    ordered = {key: record[key] for key in first}
    ordered |= {"prev": previous} | {key: record[key] for key in sorted(record) if key not in first}
    raw = json.dumps(ordered, separators=(",", ":")).encode()
    if len(raw) <= LINE_LIMIT:
        return raw
    for most in SHORTER:  # the audit of a lock of 20,000 packages: summary and findings stay, lists become shorter
        shorter = json.dumps({**_shortened(ordered, most), "cut": len(raw)}, separators=(",", ":")).encode()
        if len(shorter) <= LINE_LIMIT:
            return shorter
    small = {key: value for key, value in ordered.items() if len(json.dumps(value)) < 1000}
    return json.dumps({**small, "cut": len(raw)}, separators=(",", ":")).encode()


def _stream(repo: Repository, tip: _Tip, drafts: Sequence[Draft], lines: Sequence[bytes]) -> bytes:
    """Write what fast-import reads: one commit, whose message lists the records and ends the chain."""
    notes: dict[str, bytes] = {}
    listed, changes = [], []
    for draft, line in zip(drafts, lines, strict=True):
        seq = json.loads(line)["seq"]
        listed.append(f"{seq} {draft.kind} {draft.oid}")
        _add(repo, notes, draft.oid, line)
        for name in (*([draft.tree] if draft.tree else []), *draft.also):
            _add(repo, notes, name, json.dumps({"see": draft.oid, "seq": seq}).encode())
    for oid, note in notes.items():
        changes += _modify(repo, oid, note)
    text = "\n".join([*reversed(listed), "", f"Digest: {digest(lines[-1])}", ""]).encode()
    head = b"commit %s\ncommitter %s %d +0000\n" % (REF.encode(), _COMMITTER, time.time())
    parent = b"from %s\n" % tip.commit.encode() if tip.commit else b""
    return b"".join([head, _data(text), parent, *changes, b"done\n"])


def _add(repo: Repository, notes: dict[str, bytes], oid: str, line: bytes) -> None:
    if oid not in notes:
        place = _place(repo, oid)
        notes[oid] = repo.objects.read(place[1], NOTE_LIMIT, f"{REF}:{place[0]}") if place else b""
    gap = b"\n" if notes[oid] and not notes[oid].endswith(b"\n") else b""
    notes[oid] += gap + line + b"\n"


def _modify(repo: Repository, oid: str, note: bytes) -> list[bytes]:
    place, path = _place(repo, oid), _paths(oid)[0]
    moved = [b"D %s\n" % place[0].encode()] if place and place[0] != path else []
    return [*moved, b"M 100644 inline %s\n" % path.encode(), _data(note)]


def _data(raw: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(raw), raw)


def _paths(oid: str) -> tuple[str, ...]:
    """Give where git may keep a note; we write the first: at 100,000 notes its trees stay at 256 entries."""
    return f"{oid[:2]}/{oid[2:4]}/{oid[4:]}", f"{oid[:2]}/{oid[2:]}", oid


def _place(repo: Repository, oid: str) -> tuple[str, str] | None:
    for path in _paths(oid):
        found = repo.objects.info(f"{REF}:{path}")
        if found and found[1] == "blob":
            return path, found[0]
    return None


def _note(repo: Repository, oid: str) -> list[Record]:
    place = _place(repo, oid)
    if place is None:
        return []
    raw = repo.objects.read(place[1], NOTE_LIMIT, f"{REF}:{place[0]}")
    found = [_parse(line) for line in raw.splitlines() if line.strip()]
    return [line for line in found if line is not None]


def _parse(line: bytes) -> Record | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _all_lines(repo: Repository, tip: str) -> list[bytes]:
    """Give the line of every record in the order of the chain."""
    found: list[tuple[int, bytes]] = []
    for entry in repo.run("ls-tree", "-r", "-z", tip).split(b"\0"):
        if b" blob " not in entry:
            continue
        raw = repo.objects.read(entry.split(b" ")[2].split(b"\t")[0].decode(), NOTE_LIMIT)
        for line in raw.splitlines():
            value = _parse(line)
            if value is not None and "see" not in value:
                found.append((int(value.get("seq") or 0), line))
    return [line for _, line in sorted(found)]


def _anchor(directory: Path, line: bytes) -> None:
    """Note the end of the chain outside of git, so that a rewritten ref is seen."""
    path = state_dir(directory) / "anchor"
    fresh = path.with_name(f"anchor.{os.getpid()}")
    fresh.write_text(f"{json.loads(line)['seq']} {digest(line)}\n")
    fresh.replace(path)


def _read_anchor(directory: Path) -> tuple[int, str] | None:
    try:
        seq, known = (directory / "gatepost" / "anchor").read_text().split()
        return int(seq), known
    except (OSError, ValueError):
        return None

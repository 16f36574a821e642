"""Gather the known queries of a change: those of the pushed tree, and those of what runs now.

git searches the tree for the words that matter, so that only files which hold one are read; the files of what runs now
that differ from the pushed ones are few and are read one by one.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from gatepost.errors import MissingObject, NotAFile, TooLarge
from gatepost.git import Change, Entry, Snapshot
from gatepost.migrations._look import Unreadable
from gatepost.paths import matches
from gatepost.policy import Policy
from gatepost.queries import LIVE, Query, Source, digest, sources
from gatepost.queries._digest import statements
from gatepost.queries._settings import Queries
from gatepost.queries._text import LIMIT, has_sql
from gatepost.queries._touch import Words, held, rarest

CODE = ("go", "javascript", "python", "ruby")
DIGEST = digest.SOURCE.name
FILES, QUERIES, SECONDS, SEARCHED = 4000, 20_000, 6.0, 2000


@dataclass(frozen=True, slots=True)
class Known:
    """A query, and where it is known: in the pushed tree, in what runs now (``revision`` says which), or in both."""

    query: Query
    pushed: bool
    deployed: bool
    revision: str = ""


@dataclass(slots=True)
class Gathered:
    """The known queries, the files that could not be read, and what was left out for want of time or room."""

    known: list[Known] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    files: int = 0


def gather(change: Change, policy: Policy, touches: frozenset[Words], roots: Collection[str] = ()) -> Gathered:
    """Give the queries that hold the words; ``roots`` are directories of migrations, which are no queries."""
    return _Gatherer(change, policy.get("queries", Queries), touches, roots).run()


class _Gatherer:
    """The state of one search."""

    def __init__(self, change: Change, settings: Queries, touches: frozenset[Words], roots: Collection[str]) -> None:
        self.change, self.settings, self.touches = change, settings, touches
        self.roots = tuple(root.strip("/") + "/" for root in roots if root.strip("/"))
        self.sources = sources()
        self.found = Gathered()
        self.blobs: dict[tuple[str, str], list[Query]] = {}
        self.found_in: dict[str, list[str]] = {}
        self.stop = time.monotonic() + SECONDS

    def run(self) -> Gathered:
        """Search the pushed tree, then what runs now."""
        pushed = self.tree(self.change.head, None)
        running: dict[tuple[str, str], tuple[Query, str]] = {}
        for revision, snapshot in deployed(self.change, self.settings):
            for query in self.tree(snapshot, self.change.head):
                running.setdefault((query.path, query.text), (query, revision))
        pushed += self.published()
        texts, older = (
            {query.text for query in pushed},
            {text: revision for (_, text), (_, revision) in running.items()},
        )
        self.found.known += [Known(query, True, query.text in older, older.get(query.text, "")) for query in pushed]
        self.found.known += [
            Known(query, False, True, revision) for query, revision in running.values() if query.text not in texts
        ]
        return self.found

    def published(self) -> list[Query]:
        """Give the statements of digests that are kept below a ref of their own."""
        found: list[Query] = []
        for ref in self.settings.digests:
            held_there = self.change.repo.objects.info(ref) if ref.startswith("refs/") else None
            if held_there is None or held_there[1] != "blob":
                continue
            try:
                raw = self.change.repo.objects.read(held_there[0], digest.LIMIT, ref)
                queries = list(islice(statements(raw, ref), self.settings.top))
            except (Unreadable, TooLarge) as error:
                self.found.unread.append((ref, getattr(error, "reason", "") or str(error)))
                continue
            found += [replace(query, source=DIGEST) for query in queries if held(query.text, self.touches)]
        return found

    def tree(self, snapshot: Snapshot, beside: Snapshot | None) -> list[Query]:
        """Give the queries of one tree; ``beside`` is the tree whose files have been read."""
        found: list[Query] = []
        for path, source in self.candidates(snapshot, beside):
            if self.found.files >= FILES or len(found) >= QUERIES or time.monotonic() > self.stop:
                self.found.left_out.append(f"{path} and what follows it: too much to read in {SECONDS:g} s")
                break
            found += self.read(snapshot, path, source)
        return found

    def candidates(self, snapshot: Snapshot, beside: Snapshot | None) -> Iterator[tuple[str, Source]]:
        """Give the files that hold one of the words, each with the source that reads it."""
        words = rarest(self.touches)
        if not words:
            return
        repo = snapshot.repo
        differing = repo.diff(snapshot.tree, beside.tree) if beside is not None else None
        if differing is not None and len(differing) <= SEARCHED:
            paths: Iterable[str] = [path for path, what in differing.items() if what.old is not None]
            both = self.grep(beside.tree, words) if beside is not None else []
            paths = [*paths, *(path for path in both if path not in differing)]
        else:
            paths = self.grep(snapshot.tree, words)
        for path in dict.fromkeys(paths):
            for source in self.sources:
                if (source.wanted(path) or (source.name == DIGEST and self.is_digest(path))) and self.counts(path):
                    yield path, source

    def grep(self, tree: str, words: list[str]) -> list[str]:
        """Search a tree, once."""
        if tree not in self.found_in:
            self.found_in[tree] = self.change.repo.grep(tree, words)
        return self.found_in[tree]

    def is_digest(self, path: str) -> bool:
        """Tell a file that the policy names as the statistics of what runs."""
        return bool(self.settings.digests) and matches(path, *self.settings.digests)

    def counts(self, path: str) -> bool:
        """Tell whether a file's queries are meant to run in production."""
        from gatepost.queries._text import runs

        ignored = bool(self.settings.ignore) and matches(path, *self.settings.ignore)
        return self.is_digest(path) or (not ignored and not path.startswith(self.roots) and runs(path))

    def read(self, snapshot: Snapshot, path: str, source: Source) -> list[Query]:
        """Give the queries of one file that hold the words; the same blob is read once."""
        entry: Entry | None = snapshot.entry(path)
        if entry is None or not entry.is_file:
            return []
        place = (source.name, entry.oid)
        if place not in self.blobs:
            self.found.files += 1
            try:
                limit = digest.LIMIT if source.name == DIGEST else LIMIT
                text = snapshot.read(path, limit).decode("utf-8", "replace")
                wanted = held(text, self.touches) and (source.name not in CODE or has_sql(text))
                queries = source.read(snapshot, path) if wanted else iter(())
                if source.name == DIGEST:
                    queries = islice(queries, self.settings.top)
                self.blobs[place] = [replace(q, source=source.name) for q in queries if held(q.text, self.touches)]
            except (Unreadable, NotAFile, TooLarge, MissingObject, RecursionError) as error:
                reason = getattr(error, "reason", "") or str(error) or "is nested too deeply"
                self.found.unread.append((path, reason))
                self.blobs[place] = []
        return [replace(query, path=path) for query in self.blobs[place]]


def deployed(change: Change, settings: Queries) -> Iterator[tuple[str, Snapshot]]:
    """Give the trees of what runs now: the base of the change, and the refs that name deployed commits.

    Where a deploy is more than the push the base may be newer than what runs: `gatepost deploy mark` keeps that.
    """
    seen = {change.head.tree}
    if change.base.tree not in seen and change.base_oid is not None:
        seen.add(change.base.tree)
        yield (change.base_oid, change.base)
    marked = f"{LIVE}/{change.ref.removeprefix('refs/')}" if change.ref else ""
    for ref in (*settings.deployed, marked):
        tree, commit = change.repo.resolve(ref, "tree"), change.repo.resolve(ref)
        if tree is not None and tree not in seen:
            seen.add(tree)
            yield (commit or ref, Snapshot(change.repo, tree))

"""Judge the known queries of a change against what its migrations do to the schema."""

from __future__ import annotations

from dataclasses import dataclass, field

from gatepost.errors import NotAFile, TooLarge
from gatepost.git import Change
from gatepost.migrations import History, collect
from gatepost.migrations import _story as story
from gatepost.migrations._look import Unreadable
from gatepost.migrations._produced import base_schema
from gatepost.policy import Policy
from gatepost.queries import Broken, Query, sources
from gatepost.queries._gather import Gathered, Known, gather
from gatepost.queries._judge import judge
from gatepost.queries._placeholders import normal
from gatepost.queries._touch import Words, touched
from gatepost.sql.changes import SchemaChange, walk
from gatepost.sql.schema import Schema
from gatepost.sql.tokens import tokens

CODE = ("go", "javascript", "python", "ruby")


@dataclass(frozen=True, slots=True)
class Sides:
    """One history's schema on both sides of a change, and the operations between."""

    history: History
    dialect: str
    before: Schema
    after: Schema
    changes: tuple[SchemaChange, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A known query that breaks; ``rewritten``: the pushed tree has another query of that name in that place."""

    broken: Broken
    known: Known
    history: History
    rewritten: bool = False


@dataclass(slots=True)
class Verdict:
    """What the check has to tell."""

    hits: list[Hit] = field(default_factory=list)
    gathered: Gathered = field(default_factory=Gathered)
    judged: int = 0
    unread: list[Query] = field(default_factory=list)


def sides(change: Change, policy: Policy) -> list[Sides]:
    """Give both sides of each history that the change touches."""
    return [_sides(change, history) for history in change.shared(collect, policy).histories]


def _sides(change: Change, history: History) -> Sides:
    dialect = story.dialect_of(history)
    after = base_schema(change, history)
    before = after.copy()
    changes = tuple(walk(story.new_steps(history, dialect), after))
    return Sides(history, dialect, before, after, changes)


def examine(change: Change, policy: Policy) -> Verdict:
    """Gather the queries that the change may break, and judge them. Nothing is read where nothing can break."""
    found = [(side, touched(side.before, side.after)) for side in sides(change, policy)]
    words: frozenset[Words] = frozenset().union(*(touches for _, touches in found)) if found else frozenset()
    verdict = Verdict()
    if not words:
        return verdict
    roots = [side.history.place.root for side, _ in found]
    verdict.gathered = gather(change, policy, words, roots)
    for side, touches in found:
        if touches:
            _judge(change, verdict, side)
    return verdict


def _judge(change: Change, verdict: Verdict, side: Sides) -> None:
    known = [one for one in verdict.gathered.known if one.query.dialect in ("", side.dialect)]
    judged = judge([one.query for one in known], side.before, side.after, side.changes)
    verdict.judged += judged.judged
    verdict.unread += judged.unread
    by_query = {id(one.query): one for one in known}
    told = {(hit.broken.kind, hit.broken.object, _same(hit.broken.query)) for hit in verdict.hits}
    for broken in sorted(judged.broken, key=lambda broken: broken.query.source in CODE):
        one, place = by_query[id(broken.query)], (broken.kind, broken.object, _same(broken.query))
        if place not in told:
            told.add(place)
            verdict.hits.append(Hit(broken, one, side.history, not one.pushed and _rewritten(change, one.query)))


def _same(query: Query) -> str:
    """Give what two copies of a query have in common, such as a file of sqlc's and the Go that it made of it."""
    if query.name:
        return f"name {query.name}"
    text = normal(query.text, query.dialect or "postgresql", query.style) or query.text
    words = (token.text for token in tokens(text, "postgresql") if token.kind != "number")
    return " ".join(words).lower()


def _rewritten(change: Change, query: Query) -> bool:
    """Tell whether the pushed tree has a query of the same name in the same file."""
    if not query.name or not change.head.exists(query.path):
        return False
    source = next((source for source in sources() if source.name == query.source), None)
    try:
        return source is not None and any(found.name == query.name for found in source.read(change.head, query.path))
    except (Unreadable, NotAFile, TooLarge, RecursionError):
        return False


__all__ = ["Hit", "Sides", "Verdict", "examine", "sides"]

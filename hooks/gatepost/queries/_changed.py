"""Judge the known queries of a change against what its migrations do to the schema."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gatepost.errors import NotAFile, TooLarge
from gatepost.git import Change
from gatepost.migrations import History, collect
from gatepost.migrations import _story as story
from gatepost.migrations._look import Unreadable
from gatepost.migrations._produced import base_schema
from gatepost.policy import Policy
from gatepost.queries import Broken, Query, sources
from gatepost.queries._elsewhere import elsewhere
from gatepost.queries._gather import CODE, Gathered, Known, gather
from gatepost.queries._inside import inside
from gatepost.queries._judge import judge
from gatepost.queries._overruled import known_tries, overruled, without_index
from gatepost.queries._placeholders import normal
from gatepost.queries._recorded import Tried
from gatepost.queries._touch import Words, held, touched
from gatepost.sql.changes import SchemaChange, walk
from gatepost.sql.schema import Schema
from gatepost.sql.tokens import tokens


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


@dataclass(frozen=True, slots=True)
class Lost:
    """A known query that finds the rows of a table by no index any more."""

    known: Known
    table: str
    history: History
    blame: SchemaChange | None = None


@dataclass(slots=True)
class Verdict:
    """What the check has to tell; ``prepared`` counts the queries that a scratch ``server`` was asked about."""

    hits: list[Hit] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    prepared: int = 0
    server: str = ""
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
    """Gather the queries that the change may break, and judge them. Nothing is read where nothing can break.

    What a scratch database has said of them is heard, where it was asked.
    """
    found = [
        (side, touched(side.before, side.after), known_tries(change, side.history)) for side in sides(change, policy)
    ]
    verdict = Verdict()
    words: set[Words] = set()
    for _, touches, tries in found:
        words |= touches.union(*(tried.words for tried in tries))
    if not words:
        return verdict
    roots = [side.history.place.root for side, _, _ in found]
    verdict.gathered = gather(change, policy, frozenset(words), roots)
    for side, touches, tries in found:
        if touches or tries:
            _judge(change, verdict, side, tries)
    return verdict


def _judge(change: Change, verdict: Verdict, side: Sides, tries: Sequence[Tried]) -> None:
    known = [one for one in verdict.gathered.known if one.query.dialect in ("", side.dialect)]
    touches = touched(side.before, side.after)
    own = (query for query in inside(side.before, side.after) if held(query.text, touches))
    known += [Known(query, True, True) for query in own]
    judged = judge([one.query for one in known], side.before, side.after, side.changes)
    verdict.judged += judged.judged
    verdict.unread += judged.unread
    if judged.late:
        verdict.gathered.left_out.append(f"{judged.late} queries: too many to judge")
    by_query = {id(one.query): one for one in known}
    found = judged.broken
    for tried in tries:
        found = overruled(found, [one.query for one in known], tried, side.dialect, side.changes)
        verdict.prepared += len(tried.taken) + len(tried.refused)
        verdict.server = f"{side.dialect} {tried.server}"
        for query, table, blame in without_index([one.query for one in known], tried, side.dialect, side.changes):
            verdict.lost.append(Lost(by_query[id(query)], table, side.history, blame))
    told = {(hit.broken.kind, hit.broken.object, _same(hit.broken.query)) for hit in verdict.hits}
    names: set[tuple[str, str, str]] = set()
    for broken in sorted(found, key=lambda broken: broken.query.source in CODE):
        one, place = by_query[id(broken.query)], (broken.kind, broken.object, _same(broken.query))
        named = (broken.kind, broken.object, broken.query.name)
        made = broken.query.source in CODE and bool(broken.query.name) and named in names
        if place not in told and not made and not elsewhere(change, broken, side.history):
            told.add(place)
            names.add(named)
            verdict.hits.append(Hit(broken, one, side.history, not one.pushed and _rewritten(change, one.query)))


def _same(query: Query) -> str:
    """Give what two copies of a query in code have in common; elsewhere each stands for itself."""
    if query.name or query.source not in CODE:
        return f"{query.path} {query.line} {query.name}"
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


__all__ = ["Hit", "Lost", "Sides", "Verdict", "examine", "sides"]

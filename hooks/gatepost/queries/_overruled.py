"""Let what a scratch database said of the queries stand in the place of what the static model supposes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gatepost.git import Change
from gatepost.migrations import History
from gatepost.queries import Broken, Query
from gatepost.queries._blame import by_message, of_index
from gatepost.queries._judge import LACKS
from gatepost.queries._placeholders import normal
from gatepost.queries._recorded import Fresh, Tried, load, name
from gatepost.rehearsals import recorded
from gatepost.rehearsals.known import on_server
from gatepost.sql.changes import SchemaChange
from gatepost.sql.names import key


def known_tries(change: Change, history: History) -> list[Tried]:
    """Give what is known of a history; on a server what clients have pushed is a claim."""
    found = []
    for place in recorded.keys(history):
        own = change.shared(Fresh).made.get(place) or load(change.repo, place, recorded.OWN)
        made = own or load(change.repo, place)
        if made is not None:
            made.claimed = own is None and on_server(change)
            found.append(made)
    return found


def overruled(
    found: Sequence[Broken], queries: Sequence[Query], tried: Tried, dialect: str, changes: Sequence[SchemaChange]
) -> list[Broken]:
    """Drop what the server takes, and add what it refuses; a claim only adds.

    That an INSERT lacks a required column is nothing that PREPARE sees.
    """
    names = {id(query): name(normal(query.text, dialect, query.style) or "") for query in queries}
    kept = [
        broken
        for broken in found
        if tried.claimed or broken.kind in LACKS or names[id(broken.query)] not in tried.taken
    ]
    supposed = {id(broken.query): number for number, broken in enumerate(kept)}
    for query in queries:
        refused = tried.refused.get(names[id(query)])
        if refused is None:
            continue
        at = supposed.get(id(query))
        if at is not None:
            kept[at] = replace(kept[at], how=refused.how, certain=True)
        else:
            blame = by_message(refused.message, query.text, changes)
            text = f"the scratch server says: {refused.message}"
            kept.append(Broken(query, "statement", "", "", text, refused.how, True, blame))
    return kept


def without_index(
    queries: Sequence[Query], tried: Tried, dialect: str, changes: Sequence[SchemaChange]
) -> Iterator[tuple[Query, str, SchemaChange | None]]:
    """Give the queries that lose their index, each with the table."""
    for query in queries:
        for table in tried.lost.get(name(normal(query.text, dialect, query.style) or ""), ()):
            yield query, table, of_index(table, changes, lambda text: key(text.rpartition(".")[2], dialect))

"""Try the known queries of a change on a scratch database, before and after its migrations.

The server decides: what it prepares runs, whatever the static model supposes; what it takes before and refuses after
breaks. It does not look whether an INSERT gives every required column: that stays with the model.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from gatepost.databases import Database, Failed
from gatepost.errors import CannotJudge
from gatepost.git import Change
from gatepost.policy import Policy
from gatepost.queries import Query
from gatepost.queries._changed import Sides, sides
from gatepost.queries._gather import gather
from gatepost.queries._placeholders import normal
from gatepost.queries._prober import Answer, prober
from gatepost.queries._recorded import Fresh, Refused, Tried, name, save
from gatepost.queries._touch import losing, touched
from gatepost.rehearsals import recorded
from gatepost.rehearsals.stage import Stage


def try_out(stage: Stage, change: Change, policy: Policy) -> Tried:
    """Prepare the queries that the change may concern on both sides. Raises Failed where an up fails, Unable."""
    side = next(side for side in sides(change, policy) if side.history is stage.course.history)
    base, head = stage.base(), stage.head()
    try:
        first, second = base.schema(), head.schema()
        words = touched(side.before, side.after, plans=True) | touched(first, second, plans=True)
        known = gather(change, policy, words, (side.history.place.root,)).known
        texts = _texts((one.query for one in known), side)
        before, after = _asked(base, side.dialect, texts), _asked(head, side.dialect, texts)
    finally:
        base.drop()
        head.drop()
    tried = Tried(recorded.key(stage.course), stage.scratch.version, words)
    fewer = losing(first, second)
    if side.dialect == "sqlite" and fewer:  # its plans name a table by its alias
        fewer |= {table for answer in before.values() for table, _ in answer.found if table not in first.tables}
    return compared(tried, fewer, before, after)


def beside(change: Change, policy: Policy, refs: str = "") -> Callable[[Stage], None]:
    """Give what a rehearsal calls with its stage: it tries the queries, and keeps what came out below ``refs``.

    Where an up fails, or the server cannot tell, there is nothing to say of queries: the rehearsal says why.
    """

    def run(stage: Stage) -> None:
        with suppress(Failed, CannotJudge):
            tried = try_out(stage, change, policy)
            change.shared(Fresh).made[tried.key] = tried
            told = tried.taken or tried.refused
            if refs and told and "GIT_QUARANTINE_PATH" not in os.environ:  # pre-receive cannot write refs
                save(change.repo, tried, refs)

    return run


def _texts(queries: Iterable[Query], side: Sides) -> list[str]:
    fitting = (query for query in queries if query.dialect in ("", side.dialect))
    made = (normal(query.text, side.dialect, query.style) for query in fitting)
    return list(dict.fromkeys(text for text in made if text and single(text, side.dialect)))


def single(text: str, dialect: str) -> bool:
    """Tell whether a text is one statement that reads or writes rows, so that nothing else is ever sent."""
    from gatepost.queries._text import statements

    found = [statement for statement, _ in statements(text, dialect=dialect)]
    return len(found) == 1 and ";" not in text[len(found[0]) :] and found[0].strip() == text.strip()


def _asked(database: Database, dialect: str, texts: Sequence[str]) -> dict[str, Answer]:
    connection = database.confined()
    try:
        ask = prober(connection, dialect)
        return {text: ask(text) for text in texts}
    finally:
        connection.close()


def compared(tried: Tried, losing_tables: frozenset[str], before: dict[str, Answer], after: dict[str, Answer]) -> Tried:
    """Compare what both sides said; an index can only be lost on a table that has lost one."""
    for text, first in before.items():
        second = after[text]
        if first.error or second.unsure:
            continue
        if second.error:
            tried.refused[name(text)] = Refused(second.error, second.how)
            continue
        tried.taken.add(name(text))
        later = dict(second.found)
        lost = [
            table
            for table, by_index in first.found
            if by_index and later.get(table) is False and table in losing_tables
        ]
        if lost:
            tried.lost[name(text)] = tuple(lost)
    return tried


__all__ = ["Tried", "beside", "compared", "single", "try_out"]

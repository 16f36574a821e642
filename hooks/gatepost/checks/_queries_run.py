"""Turn the queries that break into findings and the section of the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gatepost.checks._inline import Comments
from gatepost.checks._queries_rules import BREAKS, LOSES_INDEX
from gatepost.git import Change
from gatepost.migrations import History
from gatepost.model import Finding, Level, Outcome, Skip, printable
from gatepost.policy import Policy
from gatepost.queries import Query
from gatepost.queries._changed import Hit, Lost, Verdict, examine
from gatepost.sql.changes import SchemaChange

SHOWN = 12  # findings for one statement; the section holds all
ADVICE = (
    "expand first: keep what the query needs, add the new form beside it and deploy code that uses it; "
    "contract in a later deploy"
)


def outcome(change: Change, policy: Policy) -> Outcome:
    """Examine the change and report."""
    verdict = change.shared(examine, policy)
    comments = change.shared(Comments)
    entries = [_entry(hit) for hit in verdict.hits]
    findings = list(comments.heard([*_findings(verdict.hits), *_losing(verdict.lost)]))
    section = {
        "broken": entries,
        "loses_index": [_lost_entry(lost) for lost in verdict.lost],
        "judged": verdict.judged,
        "unread": len(verdict.unread),
        "prepared": verdict.prepared,
        "server": verdict.server,
    }
    return Outcome(tuple(findings), {"queries": section}, tuple(_skipped(verdict)))


def _skipped(verdict: Verdict) -> Iterator[Skip]:
    for reason in verdict.gathered.left_out[:3]:
        yield Skip("queries", f"not all known queries were judged: {printable(reason, 160)}")
    unread = verdict.gathered.unread
    if unread:
        path, reason = unread[0]
        more = f", and {len(unread) - 1} more" if len(unread) > 1 else ""
        yield Skip("queries", f"{printable(path)} {printable(reason, 120)}{more}: queries in it were not judged")


def _findings(hits: Sequence[Hit]) -> Iterator[Finding]:
    told: dict[tuple[str, int], int] = {}
    for hit in sorted(hits, key=lambda hit: not hit.broken.certain):
        place = _place(hit)
        told[place] = told.get(place, 0) + 1
        if told[place] <= SHOWN:
            yield _finding(hit)
    for (path, line), count in told.items():
        if count > SHOWN:
            message = f"breaks {count - SHOWN} more known queries; the report's section lists them"
            yield Finding(BREAKS, path, message, ADVICE, line, {"path": path, "line": line}, key=f"more {path} {count}")


def _losing(lost: Sequence[Lost]) -> Iterator[Finding]:
    for one in lost[:SHOWN]:
        path, line = _stands(one.blame, one.history, one.known.query)
        what = f"{one.blame.operation.word} {_about(one.blame)} leaves" if one.blame else "the migration leaves"
        message = (
            f"{printable(what, 120)} {_named(one.known.query)} without an index on {printable(one.table, 80)}: "
            "it reads the whole table on each call"
        )
        fix = (
            f"create the index that it needs on {printable(one.table, 80)} before the old one goes, or keep the old one"
        )
        key = f"{one.known.query.path} {one.known.query.name} {one.table} {one.known.query.text}"
        yield Finding(LOSES_INDEX, path, message, fix, line, _lost_entry(one), key=key)
    if len(lost) > SHOWN:
        path, line = _stands(lost[0].blame, lost[0].history, lost[0].known.query)
        message = f"{len(lost) - SHOWN} more known queries lose their index; the report's section lists them"
        yield Finding(LOSES_INDEX, path, message, "keep the indexes", line, {"path": path, "line": line})


def _lost_entry(one: Lost) -> dict[str, Any]:
    path, line = _stands(one.blame, one.history, one.known.query)
    query = one.known.query
    return {
        **_query_entry(query),
        "pushed": one.known.pushed,
        "deployed": one.known.deployed,
        "table": one.table,
        "operation": one.blame.operation.word if one.blame else None,
        "migration": path,
        "migration_line": line,
    }


def _query_entry(query: Query) -> dict[str, Any]:
    return {
        "query": query.name or None,
        "path": query.path,
        "line": query.line,
        "source": query.source,
        "text": printable(" ".join(query.text.split()), 200),
        "calls": query.calls,
    }


def _place(hit: Hit) -> tuple[str, int]:
    return _stands(hit.broken.blame, hit.history, hit.broken.query)


def _stands(blame: SchemaChange | None, history: History, query: Query) -> tuple[str, int]:
    if blame is not None:
        return blame.path, blame.operation.line
    new = history.new or tuple(changed.migration for changed in history.changes)
    return (new[0].path if new else query.path), 1


def _finding(hit: Hit) -> Finding:
    broken, query = hit.broken, hit.broken.query
    path, line = _place(hit)
    level: Level | None = None if broken.certain else "warning"
    blame = broken.blame
    operation = f"{blame.operation.word} {_about(blame)}".strip() if blame else "the migration"
    message = f"{printable(operation, 120)} breaks {_named(query)}: {printable(broken.text, 160)}; {_code(hit)}"
    key = f"{query.path} {query.name} {broken.kind} {broken.table} {broken.object}"
    return Finding(BREAKS, path, message, ADVICE, line, _entry(hit), level, key=key if query.name else key + query.text)


def _about(blame: SchemaChange) -> str:
    return ".".join(part for part in (blame.table, blame.object) if part)


def _named(query: Query) -> str:
    if query.source == "schema":
        return f"{printable(query.name, 120)} in the schema"
    name = f"query {printable(query.name, 80)}" if query.name else "the query"
    where = f"{printable(query.path)}:{query.line}"
    calls = f", called {query.calls} times" if query.calls else ""
    return f"{name} at {where}{calls}"


def _code(hit: Hit) -> str:
    known = hit.known
    if hit.broken.query.source == "schema":
        return "the migrations leave it as it is"
    if hit.broken.query.source == "digest":
        return "it is called now"
    if known.pushed:
        return "the pushed code still has it" if known.deployed else "the pushed code has it"
    form = "the new form" if hit.rewritten else "it no more"
    return f"the pushed code has {form}, the running version {known.revision[:12]} breaks until it is replaced"


def _entry(hit: Hit) -> dict[str, Any]:
    broken, query, known = hit.broken, hit.broken.query, hit.known
    path, line = _place(hit)
    return {
        **_query_entry(query),
        "pushed": known.pushed,
        "deployed": known.deployed,
        "revision": known.revision or None,
        "rewritten": hit.rewritten,
        "kind": broken.kind,
        "table": broken.table,
        "object": broken.object,
        "operation": broken.blame.operation.word if broken.blame else None,
        "migration": path,
        "migration_line": line,
        "how": broken.how,
        "certain": broken.certain,
    }

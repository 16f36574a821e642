"""Introspect what MySQL and MariaDB run by themselves: triggers, functions, procedures, packages, events."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.databases import Connection, Failed, Unable
from gatepost.databases._mysql_dump import quoted, without_definer
from gatepost.sql.expressions import canonical
from gatepost.sql.schema import Object
from gatepost.sql.tokens import tokens

LONGEST = 500_000


def programs(connection: Connection) -> Iterator[Object]:
    """Give them all. A body that the account may not see is written as ``?``."""
    yield from _triggers(connection)
    yield from _routines(connection)
    yield from _events(connection)


def _triggers(connection: Connection) -> Iterator[Object]:
    listed = connection.rows(
        "SELECT trigger_name, event_object_table, action_timing, event_manipulation, action_order, action_statement"
        " FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
        " ORDER BY event_object_table, action_timing, event_manipulation, action_order"
    )
    for name, table, timing, event, order, body in listed:
        text = f"{timing} {event} ON {quoted(str(table))} FOR EACH ROW {body}"
        options = (("order", str(order)),) if int(order) > 1 else ()
        yield Object("trigger", str(name), _canonical(text), str(table), options=options)


def _routines(connection: Connection) -> Iterator[Object]:
    listed = connection.rows(
        "SELECT routine_type, routine_name, security_type, is_deterministic, sql_data_access, routine_comment"
        " FROM information_schema.routines WHERE routine_schema = DATABASE() ORDER BY routine_type, routine_name"
    )
    for kind, name, security, deterministic, access, comment in listed:
        options = [("security", str(security).lower()), ("data", str(access).lower())]
        options += [("deterministic", "yes")] if deterministic == "YES" else []
        options += [("comment", str(comment))] if comment else []
        text = _shown(connection, str(kind), str(name), 2)
        yield Object(str(kind).lower(), str(name), _after_name(text), options=tuple(options))


def _events(connection: Connection) -> Iterator[Object]:
    """Leave out when an event starts: without STARTS that is when it was made."""
    listed = connection.rows(
        "SELECT event_name, event_type, interval_value, interval_field, status, on_completion, event_comment,"
        " event_definition, ends IS NOT NULL FROM information_schema.events WHERE event_schema = DATABASE()"
    )
    for name, kind, value, field, status, completion, comment, body, ends in listed:
        schedule = f"every {value} {field}".lower() if value else str(kind).lower()
        options = (
            ("schedule", schedule + (" until a time" if ends else "")),
            ("status", str(status).lower()),
            ("on completion", str(completion).lower()),
            ("comment", str(comment or "")),
        )
        yield Object("event", str(name), _canonical(str(body)), options=options)


def _shown(connection: Connection, kind: str, name: str, column: int) -> str:
    try:
        text = connection.rows(f"SHOW CREATE {kind} {quoted(name)}")[0][column]
    except (Failed, Unable):
        text = None
    return without_definer(str(text)) if text is not None else "?"


def _after_name(text: str) -> str:
    """Give a routine's text from its parameters on."""
    if text == "?":
        return text
    found = list(tokens(text[:LONGEST], "mysql"))
    start = next((at for at, token in enumerate(found) if token.value == "("), 0)
    return canonical(found[start:], "mysql")


def _canonical(text: str) -> str:
    return canonical(list(tokens(text[:LONGEST], "mysql")), "mysql")

"""Let plpgsql_check, where a server has it, look at the bodies of functions: PostgreSQL reads them when they run.

It has crashed a backend (2.3.0 on PostgreSQL 15), so it comes last, on databases that are thrown away.
"""

from __future__ import annotations

from gatepost.databases import Connection, Database, Failed
from gatepost.errors import CannotJudge
from gatepost.rehearsals.stage import Stage

AVAILABLE = "SELECT 1 FROM pg_available_extensions WHERE name = 'plpgsql_check'"
CHECK = """
SELECT p.oid::regprocedure::text, c.message FROM pg_proc p
JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
LEFT JOIN pg_trigger t ON t.tgfoid = p.oid AND NOT t.tgisinternal
CROSS JOIN LATERAL plpgsql_check_function_tb(p.oid, coalesce(t.tgrelid, 0)) c
WHERE c.level = 'error' AND (p.prorettype <> 'trigger'::regtype OR t.oid IS NOT NULL)
ORDER BY 1, 2"""
_MOST = 20


def broken(stage: Stage) -> tuple[str, ...]:
    """Give what is wrong in bodies at the head and was not at the base; nothing where the extension is not there."""
    words = "".join(piece.text for step in stage.course.steps for piece in step.migration.up.sql).lower()
    if stage.course.dialect != "postgresql" or "plpgsql" not in words:
        return ()
    try:
        head = _of(stage.head())
        before = _of(stage.base()) if head else set()
    except (Failed, CannotJudge):
        return ()
    return tuple(f"in the body of {name}: {said}" for name, said in sorted(head - before))[:_MOST]


def _of(database: Database) -> set[tuple[str, str]]:
    try:
        connection = database.trusted()
        try:
            return checked(connection)
        finally:
            connection.close()
    finally:
        database.drop()


def checked(connection: Connection) -> set[tuple[str, str]]:
    """Ask the extension for the errors of every function."""
    if not connection.rows(AVAILABLE):
        return set()
    connection.rows("CREATE EXTENSION IF NOT EXISTS plpgsql_check")
    return {(str(name), str(said)) for name, said in connection.rows(CHECK)}

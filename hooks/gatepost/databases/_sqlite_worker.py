"""Run SQL in SQLite in a process of its own, within limits: the other end of ``_sqlite_process``.

It is started by its path with ``python -I -S``, reads one request a line from its standard input and answers with
one line; both are JSON. SQLite calls no progress handler within one call of a function (``instr`` of two long strings
takes for ever), and has had crashes: what hangs or dies here is killed or seen from outside. Standard library only,
nothing of gatepost.
"""

from __future__ import annotations

import base64
import json
import os
import re
import resource
import shutil
import sqlite3
import sys
import time
from typing import Any

OPS_BETWEEN_LOOKS = 5000
ANSWER = 64 * 1024 * 1024  # bytes of one answer
LENGTH = 32 * 1024 * 1024  # of a string or a blob, and of a statement
BUSY = 2.0  # seconds to wait for a lock


def _regexp(pattern: Any, value: Any) -> bool | None:
    """Match as the operator REGEXP does; what takes for ever is killed from outside."""
    return None if pattern is None or value is None else re.search(str(pattern), str(value)) is not None


def _first(*values: Any) -> Any:
    return values[0] if values else None


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# sqlite3 has no names for all of them: https://www.sqlite.org/c3ref/c_alter_table.html
LIMIT_LENGTH, LIMIT_SQL_LENGTH = 0, 1
CREATE_VTABLE, PRAGMA, READ, UPDATE, INSERT, DELETE, ATTACH, DETACH, FUNCTION = 29, 19, 20, 23, 18, 9, 24, 25, 31
FUNCTIONS = frozenset(("load_extension", "fts3_tokenizer", "readfile", "writefile", "edit", "icu_load_collation"))
MODULES = frozenset(("fts3", "fts4", "fts5", "fts4aux", "fts5vocab", "fts3tokenize", "rtree", "rtree_i32", "geopoly"))
PRAGMAS = _words(
    "application_id case_sensitive_like collation_list compile_options count_changes data_version database_list "
    "defer_foreign_keys empty_result_callbacks foreign_key_check foreign_key_list foreign_keys freelist_count "
    "full_column_names function_list ignore_check_constraints incremental_vacuum index_info index_list index_xinfo "
    "integrity_check legacy_alter_table legacy_file_format module_list optimize page_count pragma_list query_only "
    "quick_check read_uncommitted recursive_triggers reverse_unordered_selects short_column_names stats table_info "
    "table_list table_xinfo user_version"
)
# How a file is kept and cached says nothing of the schema: these are passed over, so that WAL and the like do not stop
# a migration. https://www.sqlite.org/pragma.html
PASSED_OVER = _words(
    "analysis_limit auto_vacuum automatic_index busy_timeout cache_size cache_spill cell_size_check "
    "checkpoint_fullfsync default_cache_size encoding fullfsync journal_mode journal_size_limit locking_mode "
    "mmap_size page_size secure_delete synchronous temp_store threads trusted_schema wal_autocheckpoint "
    "wal_checkpoint"
)
READ_ONLY = frozenset(("schema_version", "max_page_count", "writable_schema"))


class Guard:
    """What SQLite asks before it compiles a statement; ``denied`` says what was not allowed."""

    def __init__(self) -> None:
        self.denied = ""

    def __call__(self, action: int, one: str | None, two: str | None, *_: str | None) -> int:
        if action == PRAGMA:
            return self.pragma((one or "").lower(), two)
        refused = self.refused(action, one, two)
        if refused:
            self.denied = refused
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    def refused(self, action: int, one: str | None, two: str | None) -> str:
        if action == ATTACH:  # VACUUM attaches a temporary database whose file has no name
            return "" if one == "" else "ATTACH"
        if action == DETACH:
            return "DETACH"
        if action == FUNCTION and (two or "").lower() in FUNCTIONS:
            return f"the function {two}"
        if action == CREATE_VTABLE and (two or "").lower() not in MODULES:
            return f"the module {two}"
        if action in (READ, UPDATE, INSERT, DELETE) and (one or "").lower() == "sqlite_dbpage":
            return "the table sqlite_dbpage"
        return ""

    def pragma(self, name: str, value: str | None) -> int:
        if name in PRAGMAS or (name in READ_ONLY and value is None):
            return sqlite3.SQLITE_OK
        if name in PASSED_OVER:
            return sqlite3.SQLITE_OK if value is None and name != "wal_checkpoint" else sqlite3.SQLITE_IGNORE
        self.denied = f"PRAGMA {name}"
        return sqlite3.SQLITE_DENY


class Refused(Exception):
    """Carry an answer that says what went wrong: ``kind`` is failed, denied or limit."""

    def __init__(self, kind: str, message: str, code: str = "", at: int = -1) -> None:
        super().__init__(message)
        self.answer = {"kind": kind, "message": message, "code": code, "at": at}


class Worker:
    """The open connections, each with its guard, and the time that the present request has."""

    def __init__(self, limits: dict[str, Any]) -> None:
        self.limits = limits
        self.connections: dict[int, tuple[sqlite3.Connection, Guard]] = {}
        self.deadline = 0.0
        self.opened = 0

    def serve(self) -> None:
        """Answer requests until there are no more."""
        for line in sys.stdin.buffer:
            answer = self.answered(json.loads(line, object_hook=_bytes))
            sys.stdout.buffer.write(json.dumps(answer, default=_plain).encode() + b"\n")
            sys.stdout.buffer.flush()

    def answered(self, request: dict[str, Any]) -> dict[str, Any]:
        """Give the answer to a request."""
        seconds = float(request.pop("seconds"))
        self.deadline = time.monotonic() + seconds
        _processor_time(seconds)
        try:
            return {"value": getattr(self, "do_" + request.pop("do"))(**request)}
        except Refused as refused:
            return refused.answer
        except MemoryError:
            return {"kind": "limit", "message": "more memory than this rehearsal allows"}
        except sqlite3.Error as error:  # opening: a damaged file, one that somebody holds
            return self.said(error, Guard(), -1).answer

    def late(self) -> bool:
        """Tell whether the time is up; SQLite asks while it works."""
        return time.monotonic() > self.deadline

    def connect(self, file: str) -> tuple[sqlite3.Connection, Guard]:
        """Open a database behind a guard."""
        connection = sqlite3.connect(file, timeout=BUSY, isolation_level=None, cached_statements=0)
        connection.text_factory = _text
        # A journal that is cut short outlives a kill; nothing here has to outlive the machine.
        for pragma in ("journal_mode=TRUNCATE", "synchronous=OFF", "temp_store=MEMORY", "cache_size=-16000"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={max(16, self.limits['disk'] // size)}").fetchall()
        if hasattr(connection, "setlimit"):  # Python 3.11; before, hard_heap_limit alone bounds them
            connection.setlimit(LIMIT_LENGTH, LENGTH)
            connection.setlimit(LIMIT_SQL_LENGTH, LENGTH)
        self.functions(connection)
        guard = Guard()
        connection.set_authorizer(guard)
        connection.set_progress_handler(self.late, OPS_BETWEEN_LOOKS)
        return connection, guard

    def functions(self, connection: sqlite3.Connection) -> None:
        """Register REGEXP, which every application brings itself, and stubs of what else this one registers."""
        connection.create_function("regexp", 2, _regexp, deterministic=True)
        for name, count in self.limits["functions"]:
            connection.create_function(name, count, _first, deterministic=True)

    def do_open(self, file: str) -> int:
        """Open a connection that stays; give its number."""
        self.opened += 1
        self.connections[self.opened] = self.connect(file)
        return self.opened

    def do_close(self, number: int) -> None:
        """Close a connection; what it did not commit is gone."""
        connection, _ = self.connections.pop(number)
        connection.close()

    def do_rows(self, number: int, sql: str, values: list[Any]) -> list[Any]:
        """Give the rows of one statement."""
        connection, guard = self.connections[number]
        return self.step(connection, guard, sql, values)

    def do_run(self, file: str, setup: list[str], statements: list[str], transaction: bool) -> float:
        """Run the statements of one script on a connection of their own; give the seconds."""
        connection, guard = self.connect(file)
        began, at = time.monotonic(), -1
        try:
            for text in setup:
                self.step(connection, guard, text)
            if transaction:
                self.step(connection, guard, "BEGIN")
            for at, text in enumerate(statements):
                self.step(connection, guard, text, at=at, keep=False)
            if transaction:
                self.step(connection, guard, "COMMIT", at=at)
        finally:
            connection.close()
        return time.monotonic() - began

    def step(
        self,
        connection: sqlite3.Connection,
        guard: Guard,
        sql: str,
        values: list[Any] | tuple[()] = (),
        at: int = -1,
        keep: bool = True,
    ) -> list[Any]:
        """Run one statement to its end."""
        guard.denied = ""
        try:
            return self.fetched(connection.execute(sql, values), keep)
        except MemoryError:
            raise Refused("limit", "more memory than this rehearsal allows", "SQLITE_NOMEM", at) from None
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
            raise self.said(error, guard, at) from None

    def fetched(self, cursor: sqlite3.Cursor, keep: bool) -> list[Any]:
        rows: list[Any] = []
        size = 0
        while some := cursor.fetchmany(200):
            if keep:
                rows += some
                size += sum(len(value) if isinstance(value, (str, bytes)) else 24 for row in some for value in row)
            if size > ANSWER:
                raise Refused("limit", f"an answer of more than {ANSWER // 1024 // 1024} MiB")
        return rows

    def said(self, error: Exception, guard: Guard, at: int) -> Refused:
        """Tell whose fault it is: that of the SQL, or that of the limits here."""
        message, code = str(error), getattr(error, "sqlite_errorname", "")
        if guard.denied:
            return Refused("denied", guard.denied, "SQLITE_AUTH", at)
        if message == "interrupted" and self.late():
            return Refused("late", "", "SQLITE_INTERRUPT", at)
        if message == "database or disk is full":
            return Refused("limit", "more disk than this rehearsal allows", "SQLITE_FULL", at)
        if message == "string or blob too big":
            return Refused("limit", f"a value of more than {LENGTH // 1024 // 1024} MiB", "SQLITE_TOOBIG", at)
        if message in ("database is locked", "database table is locked", "disk I/O error"):
            return Refused("limit", message, code, at)
        return Refused("failed", message, code, at)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _bytes(found: dict[str, Any]) -> Any:
    return base64.b64decode(found["bytes"]) if found.keys() == {"bytes"} else found


def _plain(value: Any) -> Any:
    return {"bytes": base64.b64encode(value).decode()}


def _processor_time(seconds: float) -> None:
    """Let the kernel end this process if nobody is left who would."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 5
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _confine(limits: dict[str, Any]) -> None:
    """Give up what pushed SQL must not have, before any of it is read."""
    if limits["user"]:
        os.setgroups([])
        os.setgid(limits["group"])
        os.setuid(limits["user"])
    for what, most in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_FSIZE, limits["disk"] + 16 * 1024 * 1024),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        if what != resource.RLIMIT_AS or sys.platform != "darwin":  # which refuses it
            resource.setrlimit(what, (allowed, allowed))
    with sqlite3.connect(":memory:") as memory:
        # For the whole process, and it can only be lowered: https://www.sqlite.org/pragma.html#pragma_hard_heap_limit
        memory.execute(f"PRAGMA hard_heap_limit={limits['memory'] // 3}")
    memory.close()


def main() -> None:
    """Confine this process, then serve."""
    limits = json.loads(sys.argv[1])
    _confine(limits)
    Worker(limits).serve()
    shutil.rmtree(limits["folder"], ignore_errors=True)  # whoever asked is gone, and had no time to tidy up


if __name__ == "__main__":
    main()

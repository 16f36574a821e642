"""Keep a process that runs pushed SQL in SQLite: ask it, kill it when it is late, start another.

In the process of gatepost itself nothing could end one ``instr`` of two long strings, and a crash of SQLite would be
ours. One process serves a whole rehearsal: starting it costs some 30 ms, asking it 0.1 ms.
"""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from gatepost.databases import Failed, Limits, Row, Unable
from gatepost.model import printable

GRACE = 2.0  # seconds between the time that SQLite is given and the kill
ANSWER = 256 * 1024 * 1024


class Process:
    """The process, started when it is first asked; ``generation`` counts its ends."""

    def __init__(
        self, limits: Limits, folder: Path, user: int = 0, group: int = 0, functions: tuple[str, ...] = ()
    ) -> None:
        self.limits, self.folder, self.user, self.group = limits, folder, user, group
        self.functions = functions
        self.generation = 0
        self._running: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def ask(self, do: str, **request: Any) -> Any:
        """Give the answer to a request. Raises Failed for the SQL's faults, Unable for the limits'."""
        text = json.dumps({"do": do, "seconds": self.limits.seconds, **request}, default=_plain).encode() + b"\n"
        with self._lock:
            answer = self._answer(text)
        if "value" not in answer:
            self._raise(answer)
        return answer["value"]

    def close(self) -> None:
        """End the process."""
        running, self._running = self._running, None
        if running is None:
            return
        self.generation += 1
        with suppress(OSError):
            running.kill()
        for pipe in (running.stdin, running.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]  # both are pipes
        running.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        limits = {
            "memory": self.limits.memory,
            "disk": self.limits.disk,
            "folder": str(self.folder),
            "user": self.user,
            "group": self.group,
            "functions": [named(one) for one in self.functions],
        }
        script = str(Path(__file__).with_name("_sqlite_worker.py"))
        self._running = subprocess.Popen(
            [sys.executable, "-I", "-S", script, json.dumps(limits)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
        return self._running

    def _answer(self, request: bytes) -> dict[str, Any]:
        running = self._running or self._start()
        try:
            assert running.stdin is not None
            running.stdin.write(request)
            running.stdin.flush()
            line = self._line(running, time.monotonic() + self.limits.seconds + GRACE)
            return json.loads(line, object_hook=_bytes)  # type: ignore[no-any-return]  # the worker's answers are dicts
        except TimeoutError:
            self.close()
            return {"kind": "late", "message": "", "code": "", "at": -1}
        except (OSError, EOFError, ValueError, RecursionError):
            code = running.poll()
            self.close()
            how = f" ({_signal(code)})" if code is not None and code < 0 else ""
            return {"kind": "limit", "message": f"SQLite's process ended{how}", "code": "", "at": -1}
        except BaseException:  # an interrupt from the keyboard: the answer that is on its way is not the next one's
            self.close()
            raise

    def _line(self, running: subprocess.Popen[bytes], deadline: float) -> bytes:
        assert running.stdout is not None
        number, parts, size = running.stdout.fileno(), [], 0
        while True:
            ready, _, _ = select.select([number], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            part = os.read(number, 1 << 20)
            size += len(part)
            if not part or size > ANSWER:
                with suppress(subprocess.TimeoutExpired):
                    running.wait(0.2)
                raise EOFError
            parts.append(part)
            if part.endswith(b"\n"):
                return b"".join(parts)

    def _raise(self, answer: dict[str, Any]) -> NoReturn:
        at = int(answer.get("at", -1))
        message, kind = printable(str(answer.get("message", "")), 400), answer.get("kind")
        if kind == "failed":
            raise Failed(message, str(answer.get("code", "")), position=at)
        if kind == "denied":
            raise Refusal(f"a scratch database does not allow {message}", "", at)
        if kind == "late":
            raise Refusal(f"it took more than {self.limits.seconds:g} s", "", at)
        raise Refusal(f"it was stopped: {message}", "", at)


def named(function: str) -> tuple[str, int]:
    """Read ``name/arguments``. Raises Unable."""
    name, _, count = function.partition("/")
    if not name.isidentifier() or not count.isdecimal() or int(count) > 100:
        raise Unable(
            f"functions of [[migrations]]: {printable(function, 60)} is not name/arguments", 'for example: "slugify/1"'
        )
    return name, int(count)


class Refusal(Unable):
    """Carry which statement met a limit, for the one who knows its line."""

    def __init__(self, message: str, hint: str, at: int) -> None:
        super().__init__(message, hint)
        self.at = at


class Asked:
    """A connection that lives in the process; it is opened again where that had to be killed."""

    def __init__(self, process: Process, file: str, version: str) -> None:
        self.version = version
        self._process, self._file = process, file
        self._number, self._generation = 0, -1
        self._closed = False

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Give the rows of a statement. Raises Failed, or Unable where a limit is met."""
        if self._closed:
            raise Failed("the connection is closed")
        if self._number == 0 or self._generation != self._process.generation:
            self._number = self._process.ask("open", file=self._file)
            self._generation = self._process.generation
        try:
            found = self._process.ask("rows", number=self._number, sql=sql, values=list(values))
        except Failed as error:
            error.statement, error.position = sql, 0
            raise
        return [tuple(row) for row in found]

    def close(self) -> None:
        """Close it; what it did not commit is gone."""
        if self._closed:
            return
        self._closed = True
        if self._number and self._generation == self._process.generation:
            self._process.ask("close", number=self._number)


def _signal(code: int) -> str:
    return f"signal {-code}"


def _plain(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"bytes": base64.b64encode(bytes(value)).decode()}
    return str(value)


def _bytes(found: dict[str, Any]) -> Any:
    return base64.b64decode(found["bytes"]) if found.keys() == {"bytes"} else found

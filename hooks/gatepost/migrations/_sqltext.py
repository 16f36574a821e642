"""Tell from the text of a script whether it does anything at all, and read gatepost's marker in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from gatepost.migrations import Irreversible, Listing, Script, Scripts, Sql, State
from gatepost.migrations._look import Look, Unreadable

IDLE_LIMIT = 400
_FRAME = ("begin", "begin transaction", "begin work", "start transaction", "commit", "commit transaction", "end")
STRATEGIES = ("forward-fix", "restore", "expand-contract")


def statements(text: str, *, lower: bool = True) -> Iterator[str]:
    """Give the statements of a text without comments, their white space folded, in lower case if asked for."""
    from gatepost.migrations import _sqlwords as words

    parts: list[str] = []
    at = 0
    while at < len(text):
        found = words.TOKEN.match(text, at)
        assert found
        token, at = found.group(), found.end()
        if token == ";":
            yield _folded(parts, lower)
            parts = []
        elif token == "/*":
            at = _comment_end(text, at)
            parts.append(" ")
        elif token[0] == "$" and len(token) > 1 and token[-1] == "$":
            end = text.find(token, at)
            end = len(text) if end < 0 else end + len(token)
            parts.append(token + text[at:end])
            at = end
        elif token.startswith(("--", "#")):
            parts.append(" ")
        else:
            parts.append(token)
    yield _folded(parts, lower)


def _comment_end(text: str, at: int) -> int:
    from gatepost.migrations import _sqlwords as words

    depth = 1
    for edge in words.COMMENT_EDGE.finditer(text, at):
        depth += 1 if edge.group() == "/*" else -1
        if not depth:
            return edge.end()
    return len(text)


def _folded(parts: list[str], lower: bool) -> str:
    text = " ".join("".join(parts).split())
    return text.lower() if lower else text


def state(text: str) -> tuple[State, str]:
    """Say what a script amounts to by its form: ``empty``, ``noop``, ``raising`` or ``ok``, and in which words."""
    from gatepost.migrations import _sqlwords as words

    if not text.strip():
        return "empty", "it has no content"
    seen = framed = ""
    for statement in statements(text):
        if statement in _FRAME:
            framed = framed or statement
        elif _idle(statement):
            seen = seen or statement
        elif words.RAISING.match(statement):
            return "raising", statement[:80]
        else:
            return "ok", ""
    if seen:
        return "noop", seen[:80]
    return "empty", "it only begins and ends a transaction" if framed else "it holds nothing but comments"


def _idle(statement: str) -> bool:
    """Tell a statement that changes nothing: ``SELECT 1``, ``BEGIN``, ``SET``, an empty DO block."""
    from gatepost.migrations import _sqlwords as words

    if len(statement) > IDLE_LIMIT:
        return False
    pattern = words.IDLE_BLOCK if statement.startswith("do ") else words.IDLE
    return pattern.fullmatch(statement) is not None


def script(text: str, path: str, dialect: str, line: int = 1, transaction: bool = True) -> Script:
    """Give the Script of a piece of SQL."""
    what, reason = state(text)
    return Script(path, (Sql(text, line),), dialect, transaction, line, what, reason)


def unreadable(error: Unreadable, dialect: str = "") -> Script:
    """Give the Script of a file that cannot be read."""
    return Script(
        error.path,
        (),
        dialect,
        line=error.line,
        state="not-analysed",
        reason=error.reason,
        fix=error.fix,
        certain=False,
    )


def unreadable_scripts(error: Unreadable, dialect: str = "") -> Scripts:
    """Give both directions of a file that cannot be read."""
    return Scripts(unreadable(error, dialect), unreadable(error, dialect))


def from_file(look: Look, path: str, dialect: str, transaction: bool = True) -> Script:
    """Give the Script of a file that is SQL as a whole."""
    try:
        return script(look.source(path), path, dialect, transaction=transaction)
    except Unreadable as error:
        return unreadable(error, dialect)


def at_once(found: Listing) -> Listing:
    """Say of migrations that their tool sends each script as one query."""

    def marked(load: Callable[[], Scripts]) -> Callable[[], Scripts]:
        def read() -> Scripts:
            both = load()
            down = replace(both.down, at_once=True) if both.down else None
            return replace(both, up=replace(both.up, at_once=True), down=down)

        return read

    return replace(found, migrations=tuple(replace(one, load=marked(one.load), _loaded=[]) for one in found.migrations))


def marker(text: str, path: str, first: int = 1) -> Irreversible | None:
    """Find ``gatepost: irreversible reason="…" strategy="…"`` in a comment of any language."""
    from gatepost.migrations import _sqlwords as words

    if "gatepost:" not in text:
        return None
    found = words.MARKER.search(text)
    if found is None:
        return None
    said = dict(words.WORD.findall(found["rest"]))
    line = first + text.count("\n", 0, found.start())
    return Irreversible(path, line, said.get("reason", "").strip(" ….\t"), said.get("strategy", "").strip())


def marker_of(*scripts: Script | None) -> Irreversible | None:
    """Find the marker in the SQL of scripts."""
    for one in scripts:
        for piece in one.sql if one else ():
            found = marker(piece.text, one.path, piece.line) if one else None
            if found:
                return found
    return None

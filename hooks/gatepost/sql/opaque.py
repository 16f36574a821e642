"""Say what the tokens of a statement show that nobody could read: what it may drop, rename or empty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gatepost.sql.tokens import Dialect, Token, tokens, words

_DROPPED = frozenset(
    words(
        "TABLE COLUMN SCHEMA DATABASE INDEX CONSTRAINT VIEW MATERIALIZED TYPE FUNCTION PROCEDURE SEQUENCE"
        " TRIGGER DOMAIN EXTENSION PARTITION DEFAULT IDENTITY POLICY"
    )
)
_GRAVE: tuple[str, ...] = ("DROP TABLE", "DROP COLUMN", "DROP SCHEMA", "DROP DATABASE", "DROP PARTITION", "DROP VIEW")
_GRAVE += ("DROP MATERIALIZED", "RENAME", "TRUNCATE", " TYPE", "SET NOT NULL")
_FILL = frozenset(("IF", "EXISTS", "CONCURRENTLY", "ONLY", "NOT"))
_DEEPEST, _MOST, _LONGEST = 3, 20, 200_000


def scan(found: Iterable[Token], dialect: Dialect, prefix: str = "") -> tuple[str, ...]:
    """Give what stands in the tokens, in bodies and in string literals too, such as ``DROP TABLE a``."""
    seen: dict[str, None] = {}
    for text in _scan(list(found), dialect, 0):
        seen[f"{prefix} {text}".strip()] = None
        if len(seen) >= _MOST:
            break
    return tuple(seen)


def _scan(found: Sequence[Token], dialect: Dialect, depth: int) -> Iterator[str]:
    for at, token in enumerate(found):
        if token.kind in ("body", "string"):
            inner = token.text if token.kind == "body" else token.text.strip("'\"eE")
            if depth < _DEEPEST and len(inner) <= _LONGEST and " " in inner:
                yield from _scan(list(tokens(inner.replace("''", "'"), dialect)), dialect, depth + 1)
        elif token.kind == "word" and (what := _words(found, at)):
            yield what


def _words(found: Sequence[Token], at: int) -> str:
    word = found[at].value
    ahead = [token.value for token in found[at + 1 : at + 4]] + ["", "", ""]
    if word == "DROP" and ahead[0] in _DROPPED:
        return f"DROP {ahead[0]} {_name(found, at + 2)}".strip()
    if word == "DROP" and ahead[0] == "NOT":
        return "DROP NOT NULL"
    if word == "RENAME" and (ahead[0] in ("TO", "COLUMN", "TABLE", "CONSTRAINT", "VALUE") or ahead[1] == "TO"):
        return f"RENAME {' '.join(token.text for token in found[at + 1 : at + 4])}"
    if word == "TRUNCATE":
        return f"TRUNCATE {_name(found, at + (2 if ahead[0] == 'TABLE' else 1))}".strip()
    if word == "SET" and ahead[:2] == ["NOT", "NULL"]:
        return "SET NOT NULL"
    if word == "TYPE" and at and found[at - 1].kind in ("word", "name") and _follows_alter(found, at):
        return f"ALTER {found[at - 1].text} TYPE"
    if word == "DELETE" and ahead[0] == "FROM":
        return " ".join(("DELETE FROM", _name(found, at + 2)))
    return ""


def _follows_alter(found: Sequence[Token], at: int) -> bool:
    before = [token.value for token in found[max(0, at - 4) : at]]
    return "ALTER" in before and "TYPE" not in before


def _name(found: Sequence[Token], at: int) -> str:
    while at < len(found) and found[at].value in _FILL:
        at += 1
    name = ""
    while at < len(found) and (found[at].kind in ("word", "name") or found[at].value == "."):
        name += found[at].text
        at += 1
        if at < len(found) and found[at].value != "." and not name.endswith("."):
            break
    return name[:80]


def destructive(saw: Iterable[str]) -> bool:
    """Tell whether something in the list destroys data, breaks running code, or may fail on rows."""
    return any(word in text for text in saw for word in _GRAVE)

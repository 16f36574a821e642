"""Words and likeness: what two tests, or two assertions, have in common."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

_WORD = re.compile(r"[A-Za-z_$][\w$]{2,}")
_NAME = re.compile(r"(?<![\w.])[A-Za-z_$][\w$]*")
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_COMMON = """
    self this cls that assert assertEqual assertTrue assertIs True False None true false null nil undefined len
    str int list dict set tuple expect should equal equals eql toBe toEqual return result actual expected value
    isinstance type pytest raises match not and for the with lambda new await async const let var def func fun
    function err error got want repr bytes bool float range sorted getattr hasattr mock call args kwargs data name
    test tests require
"""
_NOISE = frozenset(_COMMON.split())
_LITERAL = re.compile(
    r"'[^'\n]*'|\"[^\"\n]*\"|`[^`]*`|\b\d[\w.]*|!|\b(?:[Nn]ot\w*|[Tt]rue|[Ff]alse|None|null|nil|undefined)\b"
)
_QUALIFIER = re.compile(r"\b[A-Za-z_]\w*\.(?=[A-Za-z_])")
_COMMENT = re.compile(r"(?m)^\s*(?:#|//|\*|/\*).*$")
_SUCCESSOR = re.compile(r"gatepost:\s*successor(?:\s+of)?[ \t]+([^\r\n]+)")


def words(text: str) -> frozenset[str]:
    """Give the identifiers of a piece of code that carry meaning."""
    return frozenset(_WORD.findall(text)) - _NOISE


def identifiers(text: str) -> set[str]:
    """Give all names of an expression; what stands in quotes does not count."""
    return set(_NAME.findall(_QUOTED.sub("", text))) - {"self", "this", "assert", "len", "str", "not", "in", "is"}


def repeated(text: str) -> frozenset[str]:
    """Give the identifiers that a file names more than once: defined and used."""
    return frozenset(word for word, count in Counter(_WORD.findall(text)).items() if count > 1)


def code_words(text: str) -> set[str]:
    """Give the identifiers of a file; lines that are comments do not count."""
    return set(_WORD.findall(_COMMENT.sub("", text)))


def respelled(before: str, after: str) -> bool:
    """Tell whether a value is only written in another way: no literal, exception or negation is new."""
    if before.startswith(("raises(", "warns(")):
        return _QUALIFIER.sub("", before) == _QUALIFIER.sub("", after)
    return bool(before) and not Counter(_LITERAL.findall(after)) - Counter(_LITERAL.findall(before))


def code_list(text: str) -> list[str]:
    """Give the identifiers of a file that carry meaning, each as often as it is named."""
    return [word for word in _WORD.findall(_COMMENT.sub("", text)) if word not in _NOISE]


def overlap(one: Collection[str], other: Collection[str]) -> float:
    """Tell how much of two bags is shared: the Jaccard index with multiplicity."""
    if not one or not other:
        return 0.0
    left, right = Counter(one), Counter(other)
    shared = (left & right).total() if hasattr(Counter, "total") else sum((left & right).values())
    return shared / (len(one) + len(other) - shared)


def shares(one: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether the second names at least half of what the first names."""
    return bool(one) and 2 * len(one & other) >= len(one)


def squeeze(text: str, limit: int = 400) -> str:
    """Fold white space and cut."""
    folded = " ".join(text.split())
    return folded if len(folded) <= limit else folded[:limit] + "…"


def successors(text: str, places: Iterable[tuple[int, int, str]]) -> dict[str, str]:
    """Read ``gatepost: successor OLD`` comments: the old name, and the test that they stand in or above.

    ``places`` are first line, last line and name of the tests that assert something.
    """
    if "gatepost:" not in text:
        return {}
    spans, found = sorted(places), {}
    for number, line in enumerate(text.splitlines(), 1):
        told = _SUCCESSOR.search(line)
        name = next((name for first, last, name in spans if number <= last and first - number <= 6), "") if told else ""
        if told and name:
            old = told[1].strip().removesuffix("*/").removesuffix("-->").strip(" \t'\"`")
            found[old] = name
    return found

"""Read the ranges of each ecosystem into intervals: are two disjoint, is one within the other, is a version in it.

What is no range of versions (``workspace:``, ``catalog:``, ``latest``, git, paths) is None, "unknown":
never equal to anything, and never in conflict.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gatepost.lockfiles import _intervals as line
from gatepost.lockfiles._intervals import ALL, END, START, Interval, after, before
from gatepost.lockfiles._versions import composer, maven, natural, pep440, ruby, semver

LIMIT = 2000
Intervals = tuple[Interval, ...]


class _Unknown(Exception):
    """Leave a front end: the text is no range of versions."""


@dataclass(frozen=True, slots=True)
class Range:
    """A set of versions; ``previews`` are the releases whose pre-releases it allows by name (npm, Cargo)."""

    intervals: Intervals
    previews: frozenset[tuple[int, ...]] | None = None

    @property
    def exact(self) -> bool:
        """Tell whether it holds one version only."""
        low, high = self.intervals[0] if len(self.intervals) == 1 else (START, END)
        return low[1:2] == high[1:2] != () or (len(low) == len(high) == 3 and low[1][:-1] == high[1][:-1])


@lru_cache(maxsize=4096)
def parse(ecosystem: str, text: str) -> Range | None:
    """Read a range; None where it is none."""
    if len(text) > LIMIT or re.search(r"[:/#]|\b(?:latest|next|workspace|dev-)\b", text.partition("@dev")[0]):
        return None
    try:
        return _FRONT_ENDS[ecosystem](text.strip())
    except (_Unknown, KeyError):
        return None


def disjoint(left: Range | None, right: Range | None) -> bool | None:
    """Tell whether no version is in both; None where one of them is unknown."""
    if left is None or right is None:
        return None
    common = line.intersection(left.intervals, right.intervals)
    return not any(_allowed(left, *pair) and _allowed(right, *pair) for pair in common)


def _allowed(found: Range, low: Any, high: Any) -> bool:
    """Tell whether a range wants an interval that it holds: a lone pre-release must be named (npm, Cargo)."""
    lone = found.previews is not None and len(low) == len(high) == 3 and low[1] == high[1]
    return not lone or found.intervals == ALL or low[1][1] == (1,) or low[1][0] in (found.previews or ())


def subset(left: Range | None, right: Range | None) -> bool | None:
    """Tell whether every version of the left one is in the right one; None where one of them is unknown."""
    if left is None or right is None:
        return None
    return not line.intersection(left.intervals, line.complement(right.intervals))


def satisfied(ecosystem: str, wanted: str, version: str) -> bool | None:
    """Tell whether a version is within a range; None where either is unknown."""
    found = parse(ecosystem, wanted)
    made = _KEYS[ecosystem](version) if ecosystem in _KEYS else natural(version)
    if found is None or made is None:
        return None
    if not line.holds(found.intervals, made):
        return False
    if found.previews is None or ecosystem not in ("npm", "cargo") or made[1] == (1,):
        return True
    return made[0] in found.previews


# npm, Cargo, pub, hex, Terraform: semantic versions ------------------------------------------------------

_COMPARATOR = re.compile(r"(\^|~>|~|>=|<=|==|!=|=|>|<)?\s*([^\s,|^~<>=!]+)")
_PARTIAL = re.compile(
    r"[vV]?(\d{1,18}|[xX*])(?:\.(\d{1,18}|[xX*]))?(?:\.(\d{1,18}|[xX*]))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]*)?"
)
_HYPHEN = re.compile(r"(\S+)\s+-\s+(\S+)")


def _semver_point(numbers: tuple[int, ...], pre: str = "") -> Any:
    made = semver(".".join(map(str, numbers)) + (f"-{pre}" if pre else ""))
    if made is None:
        raise _Unknown
    return made


def _partial(text: str) -> tuple[tuple[int, ...], str]:
    """Give the numbers that are there, and the pre-release: ``1.x`` is (1,), ``*`` is ()."""
    found = _PARTIAL.fullmatch(text)
    if not found:
        raise _Unknown
    numbers: list[int] = []
    for part in found.groups()[:3]:
        if part is None or part in "xX*":
            break
        numbers.append(int(part))
    return tuple(numbers), found[4] or "" if len(numbers) == 3 else ""


def _next(numbers: tuple[int, ...], at: int) -> Any:
    """Give the lowest pre-release of the version after ``numbers`` in place ``at``."""
    return before(_semver_point((*numbers[:at], numbers[at] + 1, *(0 for _ in range(2 - at))), "0"))


def _full(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return (*numbers, *(0 for _ in range(3 - len(numbers))))


def _semver_comparator(sign: str, text: str, bare: str) -> Intervals:
    numbers, pre = _partial(text)
    sign = sign or bare
    if not numbers:
        return () if sign in ("<", ">", "!=") else ALL
    low, last = _semver_point(_full(numbers), pre), len(numbers) - 1
    start = before(low)
    if sign == "^":
        at = next((n for n, number in enumerate(numbers) if number), last)
        return ((start, _next(_full(numbers), at)),)
    if sign == "~":
        return ((start, _next(_full(numbers), min(1, last))),)
    if sign == "~>":
        return ((start, _next(_full(numbers), max(0, last - 1))),)
    whole = last == 2
    end = after(low) if whole else _next(_full(numbers), last)
    if sign == "!=":
        return line.complement(((start, end),))
    if sign == "<":
        return ((START, start if whole else before(_semver_point(_full(numbers), "0"))),)
    return {">=": ((start, END),), ">": ((end, END),), "<=": ((START, end),)}.get(sign, ((start, end),))


def _semver_range(text: str, bare: str, alternatives: str) -> Range:
    found: list[Interval] = []
    previews: set[tuple[int, ...]] = set()
    for part in re.split(alternatives, text):
        hyphen = _HYPHEN.fullmatch(part.strip())
        signs = [(">=", hyphen[1]), ("<=", hyphen[2])] if hyphen else _comparators(part)
        within = ALL
        for sign, version in signs:
            within = line.intersection(within, _semver_comparator(sign, version, bare))
            numbers, pre = _partial(version)
            if pre:
                previews.add(semver(".".join(map(str, numbers)))[0])  # type: ignore[index]  # three numbers are a version
        found += within
    return Range(line.union(found), frozenset(previews))


def _comparators(text: str) -> list[tuple[str, str]]:
    found = _COMPARATOR.findall(text)
    if _COMPARATOR.sub("", text).strip(" ,\t"):
        raise _Unknown
    return found


def _npm(text: str) -> Range:
    text = re.sub(r">=\s*0\.0\.0(?=\s|$)", "*", text)  # as node-semver does
    return _semver_range(re.sub(r"~\s*>", "~", text), "=", r"\|\|")


def _cargo(text: str) -> Range:
    return _semver_range(text, "^", r"(?!)")


def _hex(text: str) -> Range:
    return _semver_range(re.sub(r"\s+and\s+", ", ", text), "=", r"\s+or\s+")


def _pub(text: str) -> Range:
    return Range(ALL) if text in ("any", "") else _semver_range(text, "=", r"(?!)")


def _go(text: str) -> Range:
    """Read a minimum: within one major version, the highest that is asked for wins and satisfies all."""
    made = semver(text)
    if made is None:
        raise _Unknown
    major = made[0][0]
    top = 2 if major < 2 else major + 1
    return Range(((before(made), before(_semver_point((top, 0, 0), "0"))),))


# PEP 440 and Poetry ------------------------------------------------------------------------------------

_CLAUSE = re.compile(r"\s*(===|~=|==|!=|<=|>=|<|>|\^|~|=)?\s*([^\s,|<>=!~^]+)\s*")
_EVERY_LOCAL = ((9,),)


def _pep440_key(text: str) -> Any:
    made = pep440(text)
    if made is None:
        raise _Unknown
    return made


def _release(text: str) -> tuple[str, list[int]]:
    found = re.fullmatch(r"v?(?:(\d+)!)?(\d+(?:\.\d+)*)(.*)", text)
    if not found:
        raise _Unknown
    return f"{found[1]}!" if found[1] else "", [int(part) for part in found[2].split(".")]


def _first_dev(epoch: str, numbers: list[int]) -> Any:
    return before(_pep440_key(epoch + ".".join(map(str, numbers)) + ".dev0"))


def _prefix(epoch: str, numbers: list[int]) -> Interval:
    """Give all versions that begin with some numbers: ``==1.2.*``."""
    return _first_dev(epoch, numbers), _first_dev(epoch, [*numbers[:-1], numbers[-1] + 1])


def _python_clause(sign: str, text: str) -> Intervals:
    if text == "*":
        return ALL
    wild = text.endswith(".*")
    epoch, numbers = _release(text[:-2] if wild else text)
    if wild:
        inside = (_prefix(epoch, numbers),)
        if sign not in ("", "==", "!=", "="):
            raise _Unknown
        return line.complement(inside) if sign == "!=" else inside
    made = _pep440_key(text)
    start, end = before(made), after((*made[:-1], _EVERY_LOCAL) if not made[-1] else made)
    simple = {
        "==": ((start, end),),
        "=": ((start, end),),
        "": ((start, end),),
        ">=": ((start, END),),
        "<=": ((START, end),),
    }
    if sign in simple:
        return simple[sign]
    if sign == "!=":
        return line.complement(((start, end),))
    if sign == "~=":
        if len(numbers) < 2:
            raise _Unknown
        return line.intersection(((start, END),), (_prefix(epoch, numbers[:-1]),))
    return _python_open(sign, made, epoch, numbers)


def _python_open(sign: str, made: Any, epoch: str, numbers: list[int]) -> Intervals:
    final, post, dev = made[2] == (1,), made[3] != (0,), made[4] != (1,)
    if sign == ">":  # no post-release of the version, unless it is one itself
        none_after = (*made[:-1], _EVERY_LOCAL) if post or dev else (*made[:3], (9,), (1,), _EVERY_LOCAL)
        return ((after(none_after), END),)
    if sign == "<":  # no pre-release of the version, unless it is one itself
        if not final or dev:
            return ((START, before(made)),)
        lower = (START, _first_dev(epoch, numbers))
        base = before((*made[:3], (0,), (1,), ()))
        return line.union([lower, (base, before((*made[:4], (0, 0), ())))] if post else [lower])
    if sign == "^":
        at = next((n for n, number in enumerate(numbers) if number), len(numbers) - 1)
    elif sign == "~":
        at = min(1, len(numbers) - 1)
    else:
        raise _Unknown
    top = [*numbers[:at], numbers[at] + 1, *(0 for _ in numbers[at + 1 :])]
    return ((before(made), _first_dev(epoch, top)),)


def _python(text: str) -> Range:
    """Read PEP 440 specifiers, and what Poetry allows beyond them: ``^``, ``~``, ``||``, a bare version."""
    found: list[Interval] = []
    for part in re.split(r"\|\|?", text):
        within = ALL
        clauses = [clause for clause in re.split(r",|(?<=[0-9*])\s+(?=[<>=!~^])", part) if clause.strip()]
        for clause in clauses:
            match = _CLAUSE.fullmatch(clause)
            if not match or match[1] == "===":
                raise _Unknown
            within = line.intersection(within, _python_clause(match[1] or "", match[2]))
        found += within
    # No version comes before 0.dev0, so that "<0" holds none.
    return Range(line.intersection(found, ((_first_dev("", [0]), END),)))


# Ruby, Composer, Maven, NuGet ----------------------------------------------------------------------------


def _ruby(text: str) -> Range:
    within = ALL
    for clause in text.split(",") if text else ():
        found = re.fullmatch(r"\s*(~>|>=|<=|!=|=|>|<)?\s*([0-9A-Za-z.-]+)\s*", clause)
        made = ruby(found[2]) if found else None
        if not found or made is None:
            raise _Unknown
        within = line.intersection(within, _ruby_clause(found[1] or "=", found[2], made))
    return Range(within)


def _ruby_clause(sign: str, text: str, made: Any) -> Intervals:
    start, end = before(made), after(made)
    if sign == "~>":
        numbers = [int(part) for part in re.split(r"[.-]", text) if part.isdigit()]
        kept = numbers[:-1] or numbers
        top = ruby(".".join(map(str, [*kept[:-1], kept[-1] + 1])))
        # The pre-releases of the next version are not below it: 1.3.a is no "~> 1.2.3".
        return ((start, before((*(top or ())[:-1], (0, 0, "")))),)
    if sign == "!=":
        return line.complement(((start, end),))
    table = {"=": (start, end), ">=": (start, END), ">": (end, END), "<=": (START, end), "<": (START, start)}
    return (table[sign],)


def _composer(text: str) -> Range:
    found: list[Interval] = []
    for part in re.split(r"\s*\|\|?\s*", text):
        hyphen = _HYPHEN.fullmatch(part.strip())
        if hyphen:
            signs = [(">=", hyphen[1]), ("<=" if hyphen[2].count(".") > 1 else "<=x", hyphen[2])]
        else:
            signs = re.findall(r"(\^|~|>=|<=|!=|<>|==|=|>|<)?\s*([^\s,^~<>=!]+)", part)
        within = ALL
        for sign, version in signs:
            within = line.intersection(within, _composer_clause(sign, re.sub(r"@\w+$", "", version)))
        found += within
    return Range(line.union(found))


def _composer_clause(sign: str, text: str) -> Intervals:
    if text in ("*", "x", ""):
        return ALL
    wild = re.fullmatch(r"v?(\d+(?:\.\d+)*)\.[*xX](?:\.[*xX])*", text)
    numbers = [int(part) for part in re.findall(r"\d+", wild[1] if wild else re.split(r"[-+@]", text)[0])]
    if wild or sign == "<=x":
        low = START if sign == "<=x" else _composer_dev(numbers)
        return ((low, _composer_dev([*numbers[:-1], numbers[-1] + 1])),)
    made = composer(text)
    if made is None or not numbers:
        raise _Unknown
    start, end = before(made), after(made)
    low = _composer_dev(numbers) if made[1] == 4 else start
    if sign == "^":
        at = next((n for n, number in enumerate(numbers) if number), len(numbers) - 1)
        return ((low, _composer_dev([*numbers[:at], numbers[at] + 1])),)
    if sign == "~":
        kept = numbers[:-1] or numbers
        return ((low, _composer_dev([*kept[:-1], kept[-1] + 1])),)
    if sign in ("!=", "<>"):
        return line.complement(((start, end),))
    return {">=": ((low, END),), ">": ((end, END),), "<=": ((START, end),), "<": ((START, low),)}.get(
        sign, ((start, end),)
    )


def _composer_dev(numbers: list[int]) -> Any:
    """Give the point before the development version, with which Composer ends every range."""
    made = composer(".".join(map(str, numbers[:4])))
    if made is None:
        raise _Unknown
    return before((made[0], 0, ()))


_BRACKETS = re.compile(r"([\[(\]])\s*([^,\[\]()]*?)\s*(?:(,)\s*([^,\[\]()]*?)\s*)?([\])\[])")


def _bracketed(text: str, key: Callable[[str], Any]) -> Range:
    """Read ``[1.0,2.0)``, ``(,1.0]``, ``[1.0]``, ``1.+``; a bare version is a minimum (nearest or highest wins)."""
    if text.endswith((".+", ".*")):
        numbers = [int(part) for part in text[:-2].split(".") if part.isdigit()]
        if not numbers:
            raise _Unknown
        low, high = (key(".".join(map(str, n))) for n in (numbers, [*numbers[:-1], numbers[-1] + 1]))
        return Range(((before(low), before(high)),))
    if not text.startswith(("[", "(", "]")):
        made = key(text)
        if made is None:
            raise _Unknown
        return Range(((before(made), END),))
    found: list[Interval] = []
    if _BRACKETS.sub("", text).strip(" ,"):
        raise _Unknown
    for opening, low_text, comma, high_text, closing in _BRACKETS.findall(text):
        low, high = key(low_text) if low_text else None, key(high_text) if high_text else None
        if (low_text and low is None) or (high_text and high is None):
            raise _Unknown
        if not comma:
            found.append((before(low), after(low)))
            continue
        start = START if low is None else before(low) if opening == "[" else after(low)
        end = END if high is None else after(high) if closing == "]" else before(high)
        found.append((start, end))
    return Range(line.union(found))


def _maven(text: str) -> Range:
    return _bracketed(text, maven)


def _nuget(text: str) -> Range:
    return Range(ALL) if text in ("*", "") else _bracketed(text, semver)


_KEYS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("npm", "cargo", "golang", "hex", "pub", "terraform", "nuget"), semver),
    "pypi": pep440,
    "gem": ruby,
    "composer": composer,
    "maven": maven,
}
_FRONT_ENDS: dict[str, Callable[[str], Range]] = {
    "npm": _npm,
    "cargo": _cargo,
    "hex": _hex,
    "terraform": _hex,
    "pub": _pub,
    "golang": _go,
    "pypi": _python,
    "gem": _ruby,
    "composer": _composer,
    "maven": _maven,
    "nuget": _nuget,
}

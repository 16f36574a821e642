"""Order versions as each ecosystem does, and name the step between two of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

Key = tuple[Any, ...]

CALENDAR = 1900
LIMIT = 256

# Texts, not compiled patterns: a push needs one or two of them, and each takes half a millisecond.
_SEMVER = (
    r"[vV=]{0,2}\s*(\d{1,40}(?:\.\d{1,40}){0,5})"
    r"(?:-?((?:(?<=-)[0-9A-Za-z-]|[A-Za-z-])[0-9A-Za-z.-]*))?(?:\+[0-9A-Za-z.-]*)?"
)
_PEP440 = (
    r"(?i)v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d+)?)?"
    r"(?:(-)(\d+)|[-_.]?(post|rev|r)[-_.]?(\d+)?)?(?:[-_.]?(dev)[-_.]?(\d+)?)?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?"
)
_PRE = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}
_COMPOSER = (
    r"(?i)v?(\d{1,20}(?:\.\d{1,20}){0,3})"
    r"(?:[._-]?(stable|beta|b|rc|alpha|a|patch|pl|p)[.-]?(\d+(?:[.-]\d+)*)?)?([.-]?dev)?(?:\+.*)?"
)
_STABILITY = {"a": 1, "alpha": 1, "b": 2, "beta": 2, "rc": 3, "stable": 4, "": 4, "p": 5, "pl": 5, "patch": 5}
_MAVEN = {"alpha": 0, "a": 0, "beta": 1, "b": 1, "milestone": 2, "m": 2, "rc": 3, "cr": 3, "snapshot": 4}
_MAVEN |= {"": 5, "ga": 5, "final": 5, "release": 5, "sp": 6}
_LAST = (chr(0x10FFFF),)


def semver(version: str) -> Key | None:
    """Give the order of a semantic version; build metadata does not count."""
    found = re.fullmatch(_SEMVER, version.strip())
    if not found:
        return None
    numbers = tuple(int(part) for part in found[1].split("."))
    numbers += (0,) * (3 - len(numbers))
    pre = found[2]
    if not pre:
        return _trimmed(numbers), (1,)
    return _trimmed(numbers), (0, *((0, int(p), "") if p.isdigit() else (1, 0, p) for p in pre.split(".")))


def _trimmed(numbers: tuple[int, ...]) -> tuple[int, ...]:
    end = len(numbers)
    while end > 1 and numbers[end - 1] == 0:
        end -= 1
    return numbers[:end]


def pep440(version: str) -> Key | None:
    """Give the order of a Python version (PEP 440), local part included."""
    found = re.fullmatch(_PEP440, version.strip())
    if not found:
        return None
    epoch, release, pre, pre_n, dash, dash_n, post, post_n, dev, dev_n, local = found.groups()
    has_post, has_dev = bool(post or dash), bool(dev)
    if pre:
        word = pre.lower()
        order: Key = (0, _PRE.get(word, word), int(pre_n or 0))
    else:
        order = (-1,) if has_dev and not has_post else (1,)
    after: Key = (1, int(dash_n or post_n or 0)) if has_post else (0,)
    unfinished: Key = (0, int(dev_n or 0)) if has_dev else (1,)
    parts = re.split(r"[-_.]", local.lower()) if local else []
    own: Key = tuple((1, int(p), "") if p.isdigit() else (0, 0, p) for p in parts)
    numbers = _trimmed(tuple(int(part) for part in release.split(".")))
    return int(epoch or 0), numbers, order, after, unfinished, own


def ruby(version: str) -> Key | None:
    """Give the order of a gem's version; letters come before numbers."""
    if not re.fullmatch(r"\s*\d+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?\s*", version):
        return None
    parts: list[int | str] = [
        int(p) if p.isdigit() else p for p in re.findall(r"\d+|[A-Za-z]+", version.replace("-", ".pre."))
    ]
    first = next((at for at, part in enumerate(parts) if isinstance(part, str)), len(parts))
    kept = _without_zeros(parts[:first]) + _without_zeros(parts[first:])
    return (*((1, part, "") if isinstance(part, int) else (0, 0, part) for part in kept), (1, 0, ""))


def _without_zeros(parts: list[int | str]) -> list[int | str]:
    while parts and parts[-1] == 0:
        parts = parts[:-1]
    return parts


def composer(version: str) -> Key | None:
    """Give the order of a Composer version; ``dev-branch`` has none."""
    found = re.fullmatch(_COMPOSER, re.sub(r"\s+as\s.*", "", version.strip()))
    if not found:
        return None
    numbers = tuple(int(part) for part in found[1].split("."))
    stability = 0 if found[4] else _STABILITY[(found[2] or "").lower()]
    return _trimmed(numbers), stability, tuple(int(n) for n in re.findall(r"\d+", found[3] or ""))


def maven(version: str) -> Key | None:
    """Give the order of a Maven version: qualifiers before the release, numbers after it."""
    tokens = re.findall(r"\d+|[a-z]+", version.lower())
    if not tokens or not version[:1].isalnum():
        return None
    order: list[tuple[int, int, str]] = []
    for token in tokens:
        if token.isdigit():
            order.append((2, int(token), ""))
        else:
            rank = _MAVEN.get(token)
            while order and order[-1] == (2, 0, ""):
                order.pop()
            order.append(
                (0 if rank is not None and rank < 5 else 1, 7 if rank is None else rank, token if rank is None else "")
            )
    while order and order[-1] in ((2, 0, ""), (1, 5, "")):
        order.pop()
    return (*order, (1, 5, ""))


def natural(version: str) -> Key | None:
    """Give an order for tags: numbers by value, with or without a leading ``v``."""
    found = re.match(r"v?(\d{1,20}(?:[._]\d{1,20})*)", version)
    if not found:
        return None
    numbers = tuple(int(part) for part in re.split(r"[._]", found[1]))
    return _trimmed(numbers), version[found.end() :]


_KEYS: dict[str, Callable[[str], Key | None]] = {
    "npm": semver,
    "cargo": semver,
    "golang": semver,
    "hex": semver,
    "pub": semver,
    "swift": semver,
    "terraform": semver,
    "nuget": semver,
    "pypi": pep440,
    "gem": ruby,
    "composer": composer,
    "maven": maven,
}


@lru_cache(maxsize=8192)
def key(ecosystem: str, version: str) -> Key | None:
    """Give what orders a version among those of its ecosystem, or None where it is no version."""
    if not version or len(version) > LIMIT:
        return None
    if len(version) in (40, 64) and re.fullmatch(r"[0-9a-f]+", version):  # the commit of an action, of an image
        return None
    return _KEYS.get(ecosystem, natural)(version)


def newest(ecosystem: str, versions: tuple[str, ...]) -> Key | None:
    """Give the order of the highest of some versions; None where one of them is no version."""
    keys = [key(ecosystem, version) for version in versions]
    known = [found for found in keys if found is not None]
    return max(known) if known and len(known) == len(keys) else None


def release(ecosystem: str, version: str) -> tuple[int, ...]:
    """Give the numbers at the head of a version."""
    text = version.partition("!")[2] or version if ecosystem == "pypi" else version
    found = re.match(r"\s*[vV=]*\s*(\d{1,20}(?:\.\d{1,20})*)", text)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def step(ecosystem: str, old: str, new: str) -> str:
    """Name the step: major, minor, patch, pre-release, build, calendar, or other.

    In 0.x the minor number counts as the major one for npm and Cargo, whose caret says so.
    """
    if key(ecosystem, old) is None or key(ecosystem, new) is None:
        return "other"
    before, after = release(ecosystem, old), release(ecosystem, new)
    if max(before[:1] + after[:1], default=0) >= CALENDAR:
        return "calendar"
    if ecosystem == "pypi" and ("!" in old or "!" in new) and old.partition("!")[0] != new.partition("!")[0]:
        return "major"
    before, after = before + (0,) * 4, after + (0,) * 4
    at = next((n for n in range(4) if before[n] != after[n]), 4)
    if at == 4:
        return "build" if key(ecosystem, old) == key(ecosystem, new) else "pre-release"
    if ecosystem in ("npm", "cargo") and before[0] == after[0] == 0:
        at = 0 if at == 1 else 2 if after[1] or at != 2 else 0
    return ("major", "minor", "patch", "patch")[at]

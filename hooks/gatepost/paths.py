"""Take paths of a tree apart, and match them against the globs of a policy."""

from __future__ import annotations

import re
from functools import lru_cache

from gatepost.errors import TooLarge

# Words in the names that migrations and their directories go by.
_MIGRATIONS = ("migrat", "version", "changelog", "revert", "deploy", "alembic", "revision", "drizzle", "sqitch")


def matches(path: str, *globs: str) -> bool:
    """Tell whether a path matches one of the globs.

    ``*`` and ``?`` stay within one directory, ``**`` crosses directories, ``[a-z]`` is a set and
    ``{a,b}`` an alternative. A glob without a slash matches the last part of a path, a glob that
    ends in a slash everything below that directory.
    """
    return any(compiled(glob).fullmatch(path) is not None for glob in globs)


@lru_cache(maxsize=1024)
def compiled(glob: str) -> re.Pattern[str]:
    """Translate a glob into a regular expression for whole paths.

    Whoever pushes chooses the paths, so that no glob may take long over any: each star is made to take
    the first place where what follows it fits, and is not asked again.
    """
    found = [_translate(_anchored(one), f"g{number}") for number, one in enumerate(_alternatives(glob))]
    return re.compile("(?s:" + "|".join(found) + ")")


def _anchored(glob: str) -> str:
    glob = glob.removeprefix("./")
    if "/" not in glob:
        return "**/" + glob
    return (glob + "**" if glob.endswith("/") else glob).removeprefix("/")


def parent(path: str) -> str:
    """Give the directory of a path, "" for the root."""
    return path.rpartition("/")[0]


def join(directory: str, *names: str) -> str:
    """Join a directory of a tree, which may be "", with names below it."""
    return "/".join(part for part in (directory, *names) if part)


def within(path: str, *directories: str) -> bool:
    """Tell whether a path is one of the directories or below one; everything is within ""."""
    return any(not place or path == place or path.startswith(place + "/") for place in directories)


def names_migrations(path: str) -> bool:
    """Tell a path with a word in it that migrations or their directories go by."""
    lower = path.lower()
    return any(word in lower for word in _MIGRATIONS)


def normal(path: str) -> str | None:
    """Resolve ``.`` and ``..``; None where the path leaves the tree."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


_TOKEN = r"(?s)\*\*/|/\*\*$|\*\*|\*|\?|\[[!^]?\]?[^]/]*\]|."
_STARS = {"**/": "(?:.*?/)??", "**": ".*?", "*": "[^/]*?"}
_MOST = 256


def _alternatives(glob: str) -> list[str]:
    """Write out ``{a,b}``; a brace without its partner is an ordinary character."""
    done, todo = [], [glob]
    while todo:
        one = todo.pop()
        inner = re.search(r"\{([^{}]*)\}", one)
        if inner is None:
            done.append(one)
        else:
            todo += [one[: inner.start()] + word + one[inner.end() :] for word in inner[1].split(",")]
        if len(done) + len(todo) > _MOST:
            from gatepost.model import printable  # the readers of locks need paths, and no model

            raise TooLarge(f"{printable(glob)}: means more than {_MOST} globs", "write it with fewer braces")
    return done


def _translate(glob: str, name: str) -> str:
    glob = re.sub(r"\*{3,}", "**", glob)
    glob = re.sub(r"(?:\*\*/){2,}", "**/", glob)
    out: list[str] = []
    star = ""  # the star that waits for what follows it
    tail: list[str] = []
    for token in re.findall(_TOKEN, glob):
        if token in _STARS:
            out.append(_settled(star, tail, token, f"{name}_{len(out)}"))
            star, tail = token, []
        else:
            tail.append("(?:/.*)?" if token == "/**" else _plain(token))
    return "".join(out) + _STARS.get(star, "") + "".join(tail)


def _settled(star: str, tail: list[str], following: str, name: str) -> str:
    """Write a star and what follows it, up to the next star: as one piece where the first fit is as good as any.

    That is so where the next star can take what the first fit leaves. Python 3.10 has no atomic
    groups; a group within a look-ahead that is then repeated by name is the same.
    """
    body = _STARS.get(star, "") + "".join(tail)
    whole = following == "**" or (following == "*" and star == "*" and "/" not in tail)
    if not star or not (whole or (following == "**/" and star == "**/" and tail[-1:] == ["/"])):
        return body
    return f"(?=(?P<{name}>{body}))(?P={name})"


def _plain(token: str) -> str:
    if token == "?":
        return "[^/]"
    if token[0] == "[" and len(token) > 2:
        negated = token[1] in "!^"
        body = _set(token[2:-1] if negated else token[1:-1])
        if body:
            return f"(?!/)[{'^' if negated else ''}{body}]"
    return re.escape(token)


def _set(text: str) -> str:
    out, at = [], 0
    while at < len(text):
        if text[at + 1 : at + 2] == "-" and at + 2 < len(text) and text[at] <= text[at + 2]:
            out.append(f"{re.escape(text[at])}-{re.escape(text[at + 2])}")
            at += 3
        else:
            out.append(re.escape(text[at]))
            at += 1
    return "".join(out)

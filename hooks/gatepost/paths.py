"""Match paths of a tree against the globs of a policy."""

from __future__ import annotations

import re
from functools import lru_cache


def matches(path: str, *globs: str) -> bool:
    """Tell whether a path matches one of the globs.

    ``*`` and ``?`` stay within one directory, ``**`` crosses directories, ``[a-z]`` is a set and
    ``{a,b}`` an alternative. A glob without a slash matches the last part of a path, a glob that
    ends in a slash everything below that directory.
    """
    return any(compiled(glob).fullmatch(path) is not None for glob in globs)


@lru_cache(maxsize=1024)
def compiled(glob: str) -> re.Pattern[str]:
    """Translate a glob into a regular expression for whole paths."""
    if "/" not in glob:
        glob = "**/" + glob
    elif glob.endswith("/"):
        glob += "**"
    return re.compile(_translate(glob.removeprefix("/")), re.DOTALL)


def parent(path: str) -> str:
    """Give the directory of a path, "" for the root."""
    return path.rpartition("/")[0]


def join(directory: str, *names: str) -> str:
    """Join a directory of a tree, which may be "", with names below it."""
    return "/".join(part for part in (directory, *names) if part)


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


_TOKEN = r"(?s)\*\*/|/\*\*$|\*\*|\*|\?|\[!?\]?[^]/]*\]|[{},]|."
# Runs of stars are folded first: "****" must not become nested repeats, which backtrack without end.
_PLAIN = {"**/": "(?:.*/)?", "/**": "(?:/.*)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _translate(glob: str) -> str:
    glob = re.sub(r"\*{3,}", "**", glob)
    glob = re.sub(r"(?:\*\*/){2,}", "**/", glob)
    braces = glob.count("{") == glob.count("}")
    depth, out = 0, []
    for token in re.findall(_TOKEN, glob):
        if token in _PLAIN:
            out.append(_PLAIN[token])
        elif token.startswith("[") and token.endswith("]") and len(token) > 2:
            out.append("[^" + _set(token[2:-1]) + "]" if token[1] == "!" else "[" + _set(token[1:-1]) + "]")
        elif braces and token == "{":
            depth += 1
            out.append("(?:")
        elif braces and token == "}" and depth:
            depth -= 1
            out.append(")")
        elif token == "," and depth:
            out.append("|")
        else:
            out.append(re.escape(token))
    return "".join(out) + ")" * depth


def _set(text: str) -> str:
    return re.sub(r"([\\\[\]^&~|])", r"\\\1", text) or "\\x00"

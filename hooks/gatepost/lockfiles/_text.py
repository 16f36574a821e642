"""What the readers share: decoding, JSON and TOML with duplicate keys refused, names, sources."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from gatepost.lockfiles import Unreadable

NAME_LIMIT = 400
_MARKER = re.compile(rb"^(?:<{7} |>{7} |\|{7} )", re.MULTILINE)


def text_of(raw: bytes, *, bom: bool = False) -> str:
    """Decode a file; Unreadable where it is UTF-16, has NUL bytes, merge markers, or a mark of byte order."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Unreadable("is UTF-16, not UTF-8")
    if raw[:3] == b"\xef\xbb\xbf":
        if not bom:
            raise Unreadable("begins with a byte order mark, which no tool writes into it")
        raw = raw[3:]
    at = raw.find(b"\0")
    if at >= 0:
        raise Unreadable("has NUL bytes", line_at(raw, at))
    if b"<<<<<<< " in raw or b">>>>>>> " in raw:
        marker = _MARKER.search(raw)
        if marker:
            raise Unreadable("has merge conflict markers", line_at(raw, marker.start()))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"is not UTF-8 (byte {error.start})", line_at(raw, error.start)) from None


def line_at(raw: bytes, offset: int) -> int:
    """Give the line number of an offset."""
    return raw.count(b"\n", 0, offset) + 1


def json_of(raw: bytes, *, bom: bool = False, comments: bool = False) -> dict[str, Any]:
    """Read a JSON object; Unreadable where it is broken, nested too deeply or names a key twice."""
    import json

    text = text_of(raw, bom=bom)
    if comments:
        text = without_comments(text)
    try:
        data = json.loads(text, object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        what = "is empty" if not text.strip() else f"is not JSON: {error.msg}"
        raise Unreadable(what, error.lineno) from None
    except RecursionError:
        raise Unreadable("is nested too deeply") from None
    if not isinstance(data, dict):
        raise Unreadable("is JSON, but not an object")
    return data


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # add gives None
        raise Unreadable(f"has the key {twice[:80]!r} twice")
    return table


_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_COMMA = re.compile(r'"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])')


def without_comments(text: str) -> str:
    """Turn JSON with comments and trailing commas into JSON, line numbers kept."""
    text = _COMMENT.sub(lambda m: m[0] if m[0][0] == '"' else "\n" * m[0].count("\n"), text)
    return _COMMA.sub(lambda m: m[0] if m[0][0] == '"' else "", text)


def toml_of(raw: bytes, *, bom: bool = False) -> dict[str, Any]:
    """Read TOML; Unreadable where it is broken (a key twice included) or nested too deeply."""
    text = text_of(raw, bom=bom)
    try:
        import tomli as toml  # compiled: three to four times as fast as the standard library's
    except ModuleNotFoundError:  # a checkout without its dependencies
        import tomllib as toml  # type: ignore[no-redef,import-not-found,unused-ignore]  # Python 3.11 and later
    try:
        return toml.loads(text)
    except toml.TOMLDecodeError as error:
        raise Unreadable(f"is not TOML: {error}", getattr(error, "lineno", 1)) from None
    except RecursionError:
        raise Unreadable("is nested too deeply") from None


def table(value: Any, what: str) -> dict[str, Any]:
    """Give a table as it is, an empty one for nothing; Unreadable for anything else."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unreadable(f"{what} is not a table")
    return value


def array(value: Any, what: str) -> list[Any]:
    """Give an array as it is, an empty one for nothing; Unreadable for anything else."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Unreadable(f"{what} is not an array")
    return value


def string(value: Any, what: str, default: str | None = None) -> str:
    """Give a text as it is; Unreadable for anything else, or for nothing without a default."""
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise Unreadable(f"{what} is not a text")
    if len(value) > NAME_LIMIT * 20:
        raise Unreadable(f"{what} is {len(value)} characters long")
    return value


def pypi_name(name: str) -> str:
    """Normalise the name of a Python distribution (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


_URL = re.compile(
    r"^(?:git\+)?([A-Za-z][A-Za-z0-9+.-]*)://(?:[^/@\s]*@)?([^/?#\s]*)([^?#\s]*)(?:\?[^#\s]*)?(?:#(.*))?$"
)
_PACKED = re.compile(r"https://codeload\.github\.com/([^/]+/[^/]+)/(?:tar\.gz|zip)/([0-9a-f]{40})")
_SCP = re.compile(r"^(?:[\w.-]+@)?([\w.-]+):(?!//)([^#\s]+)(?:#(.*))?$")


def redact(url: str) -> str:
    """Take credentials, query and fragment out of a URL."""
    found = _URL.match(url)
    if not found:
        return re.sub(r"//[^/@\s]*@", "//", url).partition("?")[0]
    return f"{found[1].lower()}://{host_of(found[2])}{found[3]}"


def clean(text: str) -> str:
    """Take credentials and query out of a range that may be a URL."""
    if "://" not in text and "@" not in text:
        return text
    return re.sub(r"\?[^#\s]*", "", re.sub(r"//[^/@\s]*@", "//", text)) if "://" in text else text


def host_of(authority: str) -> str:
    """Give the host, and a port that is not the usual one, of a URL or of its authority."""
    found = _URL.match(authority)
    host = (found[2] if found else authority).rpartition("@")[2].lower()
    return re.sub(r":(?:443|80)$", "", host)


@lru_cache(maxsize=256)  # a lock has few hosts, and thousands of packages
def registry(url: str) -> str:
    """Name a registry by its host."""
    return "registry:" + host_of(url)


def git(url: str, ref: str = "") -> str:
    """Name a git source by host and path, so that ssh, https and git:// of one place are equal, and its commit."""
    found = _URL.match(url)
    if found:
        host, path, fragment = host_of(found[2]), found[3], found[4] or ""
    else:
        scp = _SCP.match(url)
        if not scp:
            return "git:" + redact(url).removesuffix(".git") + (f"#{ref}" if ref else "")
        host, path, fragment = scp[1].lower(), "/" + scp[2], scp[3] or ""
    where = "git:" + host + "/" + path.strip("/").removesuffix(".git")
    return f"{where}#{ref or fragment}" if ref or fragment else where


def archive(url: str) -> str:
    """Name a source that is one file at a URL; GitHub's archive of a commit is that commit of the repository."""
    bare = redact(url)
    packed = _PACKED.fullmatch(bare)
    return git(f"https://github.com/{packed[1]}", packed[2]) if packed else "url:" + bare


def local(path: str) -> str:
    """Name a source that is a path."""
    return "path:" + path

"""Match files whose names carry a content hash, so that a rebuild is no new file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from gatepost.paths import matches

HASH = "<hash>"
# Rollup's hashes are base64url with up to 21 characters (rollup#5921), webpack's and esbuild's shorter.
_RUN = re.compile(r"[A-Za-z0-9_-]{8,32}")
_EXTENSIONS = re.compile(r"(?:\.(?:chunk|bundle|min|module|esm|umd|prod|legacy)){0,3}\.[A-Za-z0-9]{1,5}$")


def plain(glob: str) -> str:
    """Give a glob without the hash token."""
    return glob.replace(HASH, "*")


def masks(path: str) -> tuple[str, ...]:
    """Give the names that a path may stand for, each with one run replaced that may be a hash."""
    directory, slash, name = path.rpartition("/")
    end = _EXTENSIONS.search(name)
    stem, extension = (name[: end.start()], end[0]) if end else (name, "")
    found = []
    for at, char in enumerate(stem):
        run = stem[at + 1 :]
        if char in ".-_" and at and _RUN.fullmatch(run) and _looks_hashed(run):
            found.append(f"{directory}{slash}{stem[: at + 1]}{HASH}{extension}")
    if not found and _RUN.fullmatch(stem) and _looks_hashed(stem):
        found.append(f"{directory}{slash}{HASH}{extension}")
    return tuple(found)


def _looks_hashed(run: str) -> bool:
    digits = any(char.isdigit() for char in run)
    return digits or (run.lower() != run and run.upper() != run)


def groups(before: Iterable[str], after: Iterable[str], globs: Iterable[str] = ()) -> Mapping[str, str]:
    """Give each path the name of its group: a policy's mask, a mask that both sides have, else itself.

    Only a name that exists on one side alone is looked at, so that ``chunk-vendor1.js`` beside
    ``chunk-vendor2.js`` stay two files.
    """
    olds, news = set(before), set(after)
    named: dict[str, str] = {path: path for path in olds & news}
    patterns = [glob for glob in globs if HASH in glob]
    gone, come = _by_mask(olds - news, patterns), _by_mask(news - olds, patterns)
    for mask in gone:
        if mask in come:
            for path in (*gone[mask], *come[mask]):
                named.setdefault(path, mask)
    return {path: named.get(path, path) for path in olds | news}


def _by_mask(paths: Iterable[str], patterns: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted(paths):
        own = [glob for glob in patterns if matches(path, plain(glob)) and "*" not in glob.replace(HASH, "")]
        for mask in own or masks(path):
            found.setdefault(mask, []).append(path)
    return found

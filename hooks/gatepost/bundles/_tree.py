"""Look up paths of one tree quickly: each directory is read once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gatepost.errors import NotAFile, TooLarge
from gatepost.git import Entry, Snapshot
from gatepost.paths import join

CONFIG_LIMIT = 1024 * 1024


class Tree:
    """A Snapshot with a memory of its directories and of its JSON files."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._directories: dict[str, Mapping[str, Entry]] = {}
        self._json: dict[str, dict[str, Any]] = {}

    def names(self, directory: str) -> Mapping[str, Entry]:
        """Give the entries of a directory by their bare names; none where there is no such directory."""
        if directory not in self._directories:
            self._directories[directory] = self._read(directory)
        return self._directories[directory]

    def _read(self, directory: str) -> Mapping[str, Entry]:
        above, _, name = directory.rpartition("/")
        entry = self._directories[above].get(name) if above in self._directories else self.snapshot.entry(directory)
        return self.snapshot.repo.tree(entry.oid) if entry is not None and entry.is_tree else {}

    def entry(self, path: str) -> Entry | None:
        """Give the entry at a path; its own path is the bare name."""
        directory, _, name = path.rpartition("/")
        return self.names(directory).get(name)

    def is_file(self, path: str) -> bool:
        """Tell whether a regular file is at a path."""
        entry = self.entry(path)
        return entry is not None and entry.is_file

    def is_directory(self, path: str) -> bool:
        """Tell whether a directory is at a path; the root is one."""
        entry = self.entry(path)
        return not path or (entry is not None and entry.is_tree)

    def json(self, path: str) -> dict[str, Any]:
        """Read a JSON object, comments and trailing commas allowed; {} where it is none."""
        if path not in self._json:
            self._json[path] = self._parse(path)
        return self._json[path]

    def _parse(self, path: str) -> dict[str, Any]:
        if not self.is_file(path):
            return {}
        try:
            text = self.snapshot.read(path, CONFIG_LIMIT).decode("utf-8-sig", "replace")
            try:
                found = json.loads(text)
            except ValueError:
                found = json.loads(without_comments(text))
        except (ValueError, RecursionError, NotAFile, TooLarge):
            return {}
        return found if isinstance(found, dict) else {}

    def above(self, directory: str, name: str) -> str | None:
        """Give the nearest file of this name in a directory or above it."""
        while True:
            if self.is_file(path := join(directory, name)):
                return path
            if not directory:
                return None
            directory = directory.rpartition("/")[0]


def without_comments(text: str) -> str:
    """Take comments and trailing commas out of JSON as TypeScript's configuration allows it."""
    out: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == '"':
            end = at + 1
            while end < len(text) and text[end] != '"':
                end += 2 if text[end] == "\\" else 1
            out.append(text[at : end + 1])
            at = end + 1
        elif text.startswith("//", at):
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif text.startswith("/*", at):
            end = text.find("*/", at + 2)
            at = len(text) if end < 0 else end + 2
        else:
            if char in "}]":
                _drop_comma(out)
            out.append(char)
            at += 1
    return "".join(out)


def _drop_comma(out: list[str]) -> None:
    at = len(out)
    while at and out[at - 1].isspace():
        at -= 1
    if at and out[at - 1] == ",":
        del out[at - 1]

"""Find the packages that live in a repository: npm, Yarn, pnpm and Lerna workspaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gatepost.bundles._tree import CONFIG_LIMIT, Tree
from gatepost.errors import NotAFile, TooLarge
from gatepost.paths import compiled, join

_LIMIT = 2000
_SKIPPED = {"node_modules", ".git"}


def workspaces(tree: Tree) -> Mapping[str, str]:
    """Give the directory of each package by its name."""
    found: dict[str, str] = {}
    wanted = [*_npm(tree.json("package.json").get("workspaces")), *_pnpm(tree), *_npm(tree.json("lerna.json"))]
    barred = [compiled(pattern[1:].strip("/")) for pattern in wanted if pattern.startswith("!")]
    for pattern in wanted:
        if pattern.startswith("!"):
            continue
        for directory in _expand(tree, "", pattern.removeprefix("./").strip("/").split("/")):
            name = tree.json(join(directory, "package.json")).get("name")
            if isinstance(name, str) and not any(bar.fullmatch(directory) for bar in barred):
                found.setdefault(name, directory)
            if len(found) >= _LIMIT:
                return found
    return found


def _npm(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = value.get("packages")
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _pnpm(tree: Tree) -> Iterator[str]:
    """Read the list ``packages:`` of pnpm-workspace.yaml, which pnpm itself writes one pattern a line."""
    if not tree.is_file("pnpm-workspace.yaml"):
        return
    try:
        text = tree.snapshot.read("pnpm-workspace.yaml", CONFIG_LIMIT).decode("utf-8", "replace")
    except (NotAFile, TooLarge):
        return
    inside = False
    for line in text.splitlines():
        stripped = line.strip()
        if stripped and not line[0].isspace() and not stripped.startswith(("-", "#")):
            key, _, value = stripped.partition(":")
            inside = key == "packages"
            yield from (part.strip(" '\"[]") for part in value.split(",") if inside and part.strip(" '\"[]"))
        elif inside and stripped.startswith("-"):
            yield stripped[1:].partition(" #")[0].strip(" '\"")


def _expand(tree: Tree, directory: str, parts: list[str], depth: int = 0) -> Iterator[str]:
    if not parts or depth > 6:
        if tree.is_file(join(directory, "package.json")):
            yield directory
        return
    part, rest = parts[0], parts[1:]
    if part == "**":
        yield from _expand(tree, directory, rest, depth + 1)
    if part != "**" and not any(char in part for char in "*?{["):
        yield from _expand(tree, join(directory, part), rest, depth + 1)
        return
    pattern = compiled("/" + part.replace("**", "*"))
    for name, entry in tree.names(directory).items():
        if entry.is_tree and name not in _SKIPPED and pattern.fullmatch(name):
            yield from _expand(tree, join(directory, name), parts if part == "**" else rest, depth + 1)

"""The fast scanners and the full parsers give the same answer, whatever is done to a lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gatepost.lockfiles import File, Lock, Unreadable, _toml_scan, _yaml, _yarn_berry, cargo_lock, pnpm_lock, uv_lock
from gatepost.lockfiles._files import format_of
from gatepost.lockfiles._text import toml_of
from test_lockfiles_languages import CARGO
from test_lockfiles_pnpm_yarn_bun import BERRY, CLASSIC, PNPM_5, PNPM_6, PNPM_9
from test_lockfiles_python import UV

Way = Callable[[str], Lock]


def uv(data: dict[str, Any]) -> Lock:
    return uv_lock.build(data.get("package", []), data)


def pnpm(text: str) -> Lock:
    found = pnpm_lock.scan(text)
    if found is None:
        raise _yaml.Unusual
    return pnpm_lock.build(found)


WAYS: dict[str, tuple[tuple[str, ...], Way, Way]] = {
    "pnpm": ((PNPM_9, PNPM_6, PNPM_5), pnpm, lambda text: pnpm_lock.build(_yaml.documents(text))),
    "berry": (
        (BERRY,),
        lambda text: _yarn_berry.build(_yarn_berry.scan(text, {})),
        lambda text: _yarn_berry.build(_yaml.documents(text)[0]),
    ),
    "uv": ((UV,), lambda text: uv(_toml_scan.scan(text)), lambda text: uv(toml_of(text.encode()))),
    "cargo": (
        (CARGO,),
        lambda text: cargo_lock.build(_toml_scan.scan(text)),
        lambda text: cargo_lock.build(toml_of(text.encode())),
    ),
}
PIECES = [
    "",
    " ",
    "  ",
    "#",
    " # x",
    ":",
    ": ",
    "'",
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    "&a",
    "*a",
    "!x",
    "- ",
    "? ",
    "|",
    "\\",
    "= ",
    "x",
    "a: b",
    "1",
    "\n",
    "---\n",
]
edits = st.tuples(st.integers(0, 10_000), st.integers(0, 200), st.integers(0, 3), st.sampled_from(PIECES))


def edited(text: str, edit: tuple[int, int, int, str]) -> str:
    """Put a piece somewhere into a line, double a line, or drop one."""
    place, column, kind, piece = edit
    lines = text.split("\n")
    at = place % len(lines)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(at, lines[at])
    else:
        column %= len(lines[at]) + 1
        lines[at] = lines[at][:column] + piece + lines[at][column + (kind == 3) :]
    return "\n".join(lines)


def outcome(way: Way, text: str) -> Lock | str:
    try:
        return way(text)
    except Unreadable:
        return "unreadable"
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return "unreadable"


@pytest.mark.parametrize("name", WAYS)
@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2), st.lists(edits, min_size=1, max_size=2))
@example(0, [(0, 0, 2, "")])
def test_scanner_and_parser_agree(name: str, which: int, changes: list[tuple[int, int, int, str]]) -> None:
    texts, scanner, parser = WAYS[name]
    text = texts[which % len(texts)]
    for change in changes:
        text = edited(text, change)
    try:
        scanned = outcome(scanner, text)
    except _yaml.Unusual:
        return  # the parser takes it
    parsed = outcome(parser, text)
    # What is broken in a part that holds no packages (settings, deprecation texts) may be passed over in YAML:
    # the package manager refuses such a file itself, so that it cannot stand for another graph.
    if parsed != "unreadable" or name not in ("pnpm", "berry"):
        assert scanned == parsed


PACKAGE_LOCK = """{
  "lockfileVersion": 3,
  "packages": {
    "": {"dependencies": {"a": "^1", "member": "*"}, "workspaces": ["member"]},
    "member": {"version": "1.0.0", "dependencies": {"b": "^2"}},
    "node_modules/member": {"resolved": "member", "link": true},
    "node_modules/a": {
      "version": "1.0.0",
      "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz",
      "integrity": "sha512-AAAA",
      "dependencies": {"b": "^1", "c": "*"}
    },
    "node_modules/a/node_modules/b": {
      "version": "1.0.0",
      "dependencies": {"c": "*", "d": "*"}
    },
    "node_modules/b": {
      "version": "2.0.0",
      "peerDependencies": {"c": "*"}
    },
    "node_modules/c": {
      "version": "3.0.0"
    }
  }
}
"""
FILES = {
    "pnpm": ("pnpm-lock.yaml", (PNPM_9, PNPM_6, PNPM_5)),
    "berry": ("yarn.lock", (BERRY,)),
    "yarn 1": ("yarn.lock", (CLASSIC,)),
    "uv": ("uv.lock", (UV,)),
    "cargo": ("Cargo.lock", (CARGO,)),
    "package-lock": ("package-lock.json", (PACKAGE_LOCK,)),
}


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2), st.lists(edits, min_size=1, max_size=3))
def test_what_the_other_side_left_changes_no_answer(
    name: str, which: int, changes: list[tuple[int, int, int, str]]
) -> None:
    path, texts = FILES[name]
    text = other = texts[which % len(texts)]
    form = format_of(path)
    assert form is not None
    for change in changes:
        other = edited(other, change)
    memo: dict[str, Any] = {}
    for side in (text, other, text):  # the second after the first, and back
        fresh = outcome(lambda side: form.read(File(path, side.encode())), side)
        assert outcome(lambda side: form.read(File(path, side.encode(), memo=memo)), side) == fresh

"""Globs: what they match, held against a matcher that is slow and plain, and that none takes long."""

from __future__ import annotations

import time
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.errors import TooLarge
from gatepost.paths import compiled, join, matches, normal, parent


@pytest.mark.parametrize(
    ("glob", "yes", "no"),
    [
        ("*.sql", ["a.sql", "x/y/a.sql", ".sql"], ["a.sq", "a.sql/x", "asql"]),
        ("db/*.sql", ["db/a.sql", "db/.sql"], ["db/x/a.sql", "x/db/a.sql", "db/a.sql\n"]),
        ("/db/*.sql", ["db/a.sql"], ["x/db/a.sql"]),
        ("./db/a.sql", ["db/a.sql"], ["./db/a.sql"]),
        ("db/**", ["db/a", "db/x/y", "db"], ["dbx/a", "x/db/a"]),
        ("db/", ["db/a", "db/x/y"], ["x/db/a"]),
        ("**/db/*", ["db/a", "x/y/db/a"], ["xdb/a", "db/a/b"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb"]),
        ("**", ["a", "a/b"], []),
        ("/", ["a", "a/b"], []),
        ("a?c", ["abc"], ["a/c", "ac"]),
        ("[a-c]x", ["ax", "cx"], ["dx", "-x"]),
        ("[!a]x", ["bx"], ["ax"]),
        ("[^a]x", ["bx"], ["ax"]),
        ("q/[!a]x", ["q/bx"], ["q/ax", "q//x"]),
        ("q[!a]x", ["qbx"], ["q/x"]),
        ("q[+-9]x", ["q1x"], ["q/x"]),
        ("[]a]x", ["]x", "ax"], ["[x"]),
        ("[z-a]x", ["zx", "-x", "ax"], ["mx"]),
        ("[a--b]", ["a", "b"], []),
        ("[[:x]", ["[", ":", "x"], []),
        ("[]", ["[]"], ["a"]),
        ("[!]", ["[!]"], ["a"]),
        ("[", ["["], []),
        ("*.{js,ts}", ["a.js", "x/b.ts"], ["a.jsx", "a."]),
        ("{a,b/{c,d}}/e", ["a/e", "b/c/e", "b/d/e"], ["b/e"]),
        ("{a", ["{a"], ["a"]),
        ("a}", ["a}"], ["a"]),
        ("a,b", ["a,b"], ["a"]),
        ("a+(b)|$", ["a+(b)|$"], ["aab"]),
        ("caf\udce9*", ["caf\udce9.sql"], ["caf"]),
        ("a\nb", ["a\nb"], ["a"]),
        ("db/0042_*.sql", ["db/0042_x.sql", "db/0042_\n.sql"], ["db/0043_x.sql"]),
        ("", [], ["a"]),
    ],
)
def test_what_a_glob_matches(glob: str, yes: list[str], no: list[str]) -> None:
    assert [path for path in yes if not matches(path, glob)] == []
    assert [path for path in no if matches(path, glob)] == []


def slow(glob: str, path: str) -> bool:
    """Match without a regular expression, stars and question marks only."""
    glob = glob if "/" in glob else "**/" + glob
    glob = (glob + "**" if glob.endswith("/") else glob).removeprefix("/")

    @cache
    def at(g: int, p: int) -> bool:
        if g == len(glob):
            return p == len(path)
        if glob.startswith("**/", g):
            return at(g + 3, p) or any(path[n] == "/" and at(g + 3, n + 1) for n in range(p, len(path)))
        if glob[g:] == "/**":
            return p == len(path) or path[p] == "/"
        if glob.startswith("**", g):
            return any(at(g + 2, n) for n in range(p, len(path) + 1))
        if glob[g] == "*":
            ends = next((n for n in range(p, len(path)) if path[n] == "/"), len(path))
            return any(at(g + 1, n) for n in range(p, ends + 1))
        return p < len(path) and (path[p] == glob[g] or (glob[g] == "?" and path[p] != "/")) and at(g + 1, p + 1)

    return at(0, 0)


parts = st.sampled_from(["a", "b", "ab", "*", "a*", "*b", "*a*b", "?", "**"])
globs = st.lists(parts, min_size=1, max_size=5).map("/".join) | st.text("ab*/?", min_size=1, max_size=9)
tame = globs.filter(lambda glob: "***" not in glob and "**/**" not in glob and not glob.startswith("./"))
paths = st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=5).map("/".join)


@given(tame, paths)
def test_the_quick_answer_is_the_plain_one(glob: str, path: str) -> None:
    assert matches(path, glob) == slow(glob, path)


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_a_glob(glob: str, path: str) -> None:
    assert matches(path, glob) in (True, False)


@given(
    st.text("ab/.-_é \udce9", min_size=1, max_size=20).filter(
        lambda path: not path.startswith(("/", "./")) and path[-1] != "/"
    )
)
def test_a_path_without_signs_matches_itself(path: str) -> None:
    assert matches(path, path)


@pytest.mark.parametrize(
    "glob",
    [
        "*a*a*a*a*a*a*a*a*a*b",
        "x/" + "*a" * 40 + "b",
        "**a**a**a**a**a**a**b",
        "**/a/**/a/**/a/**/a/**/a/b",
        "{*a,a*}{*a,a*}{*a,a*}{*a,a*}b",
        "****************************b",
        "**/" * 30 + "b",
    ],
)
def test_no_path_makes_a_glob_slow(glob: str) -> None:
    started = time.process_time()
    for path in ("a" * 4000, "a/" * 2000 + "a", "x/" + "a" * 4000):
        matches(path, glob)
    assert time.process_time() - started < 2


def test_too_many_alternatives_are_said_to_be_too_many() -> None:
    assert matches("a" * 8, "{a,b}" * 8)
    with pytest.raises(TooLarge, match="means more than 256 globs"):
        compiled("{a,b}" * 9)
    with pytest.raises(TooLarge):
        compiled("{a,b}" * 5000)


def test_parts_of_paths() -> None:
    assert (parent("a/b/c"), parent("a"), parent("")) == ("a/b", "", "")
    assert (join("", "a"), join("a", "b", "c"), join("a", "")) == ("a", "a/b/c", "a")
    assert (normal("a/./b/../c"), normal("a//b"), normal("../a"), normal("a/../.."), normal(".")) == (
        "a/c",
        "a/b",
        None,
        None,
        "",
    )

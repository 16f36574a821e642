"""Ranges, held against packaging, node-semver and poetry-core where they are installed."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from gatepost.lockfiles._intervals import ALL, complement, intersection, union
from gatepost.lockfiles._ranges import disjoint, parse, satisfied, subset

NPM = [
    *(
        "1.2.3",
        "^1.2.3",
        "~1.2.3",
        "^0.2.3",
        "^0.0.3",
        "~1",
        "1",
        "1.x",
        "1.2.x",
        "*",
        "",
        ">=1.2.3",
        ">1.2",
        "<2",
        "<=1.2",
    ),
    *("<1.2.3", ">=1.0.0 <2.0.0", "1.2.3 - 2.3", "^1.2.3-beta.2", "1.2.3-alpha", "<2.0.0-0", ">=2.0.0-rc.1 <2.0.0"),
    *("1.2.3 || ^3", "~0.0.1 || >=4.5", ">1.2.3", "=1.2.4", "^0.1", "^0", "~0", "<1", "v1.2.3", ">=0.0.0"),
]
VERSIONS = [
    "0.0.3",
    "0.0.4",
    "0.2.9",
    "1.0.0",
    "1.2.2",
    "1.2.3-alpha",
    "1.2.3-beta.4",
    "1.2.3",
    "1.2.4",
    "1.3.0",
    "2.0.0-rc.2",
    "2.0.0",
    "3.1.0",
]

NODE = """
const semver = require(process.argv[1] + '/semver');
const {ranges, versions} = JSON.parse(require('fs').readFileSync(0));
console.log(JSON.stringify({
  meet: ranges.map(a => ranges.map(b => semver.intersects(a, b))),
  hold: ranges.map(a => versions.map(v => semver.satisfies(v, a))),
}));
"""


def node_modules() -> str:
    """Find node-semver where npm itself keeps it."""
    places = [
        "/usr/share/nodejs",
        "/usr/lib/node_modules/npm/node_modules",
        "/usr/local/lib/node_modules/npm/node_modules",
    ]
    npm = shutil.which("npm")
    if npm:
        places.append(str(Path(npm).resolve().parent.parent / "node_modules"))
    return next((place for place in places if (Path(place) / "semver").is_dir()), "")


@pytest.mark.skipif(not (shutil.which("node") and node_modules()), reason="node and npm's semver are not here")
def test_npm_ranges_agree_with_node_semver() -> None:
    given_ = json.dumps({"ranges": NPM, "versions": VERSIONS})
    done = subprocess.run(
        ["node", "-e", NODE, node_modules()], input=given_, capture_output=True, text=True, check=True
    )
    answer = json.loads(done.stdout)
    for (i, left), (j, right) in itertools.product(enumerate(NPM), enumerate(NPM)):
        # node-semver's own answer is not symmetric for a lone pre-release and "*".
        meet = answer["meet"][i][j] or answer["meet"][j][i]
        assert disjoint(parse("npm", left), parse("npm", right)) is not meet, (left, right)
    for (i, wanted), (j, version) in itertools.product(enumerate(NPM), enumerate(VERSIONS)):
        assert satisfied("npm", wanted, version) is answer["hold"][i][j], (wanted, version)


release = st.lists(st.integers(0, 4), min_size=2, max_size=3).map(lambda parts: ".".join(map(str, parts)))
sign = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "~="])
clause = st.one_of(
    st.builds("{}{}{}".format, sign, release, st.sampled_from(["", "", "", "a1", "rc2"])),
    st.builds("{}{}.*".format, st.sampled_from(["==", "!="]), release),
)
specifier = st.lists(clause, min_size=1, max_size=3).map(",".join)
version = st.builds("{}{}".format, release, st.sampled_from(["", "", "a1", "b1", "rc2", ".dev1", ".post1", "+local"]))


@settings(max_examples=150, deadline=None)
@given(specifier, specifier)
def test_pep440_disjointness_agrees_with_packaging(left: str, right: str) -> None:
    expected = SpecifierSet(left, prereleases=True).is_disjoint(SpecifierSet(right, prereleases=True))
    assert disjoint(parse("pypi", left), parse("pypi", right)) is expected


@settings(max_examples=150, deadline=None)
@given(specifier, version)
def test_pep440_membership_agrees_with_packaging(wanted: str, found: str) -> None:
    assert satisfied("pypi", wanted, found) is SpecifierSet(wanted).contains(found, prereleases=True)


@settings(max_examples=100, deadline=None)
@given(specifier, specifier)
def test_pep440_subsets_agree_with_packaging(left: str, right: str) -> None:
    expected = SpecifierSet(left, prereleases=True).is_subset(SpecifierSet(right, prereleases=True))
    assert subset(parse("pypi", left), parse("pypi", right)) is expected


@given(specifier)
def test_a_set_and_its_complement_are_everything_once(text: str) -> None:
    found = parse("pypi", text)
    assert found is not None
    rest = complement(found.intervals)
    assert union([*found.intervals, *rest]) == ALL
    assert intersection(found.intervals, rest) == ()


POETRY = [
    "^1.2.3",
    "^0.2.3",
    "^0.0.3",
    "~1.2.3",
    "~1.2",
    "~1",
    "1.2.*",
    "*",
    ">=1.2,<2",
    "1.2.3",
    "^1.2 || ^3",
    "^0",
    "!=1.5,^1",
]


def test_poetry_ranges_agree_with_poetry_core() -> None:
    constraints = pytest.importorskip("poetry.core.constraints.version")
    for left, right in itertools.product(POETRY, POETRY):
        one, two = constraints.parse_constraint(left), constraints.parse_constraint(right)
        expected = one.intersect(two).is_empty()
        assert disjoint(parse("pypi", left), parse("pypi", right)) is expected, (left, right)
    for wanted, found in itertools.product(
        POETRY, ["0.0.3", "0.2.9", "1.2.3", "1.2.9", "1.5", "1.9", "2.0a1", "2.0", "3.1"]
    ):
        expected = constraints.parse_constraint(wanted).allows(constraints.Version.parse(found))
        assert satisfied("pypi", wanted, found) is expected, (wanted, found)


@pytest.mark.parametrize(
    ("ecosystem", "wanted", "inside", "outside"),
    [
        ("cargo", "1.2", ["1.2.0", "1.9.9"], ["2.0.0", "1.1.9", "2.0.0-rc.1"]),
        ("cargo", "=1.2", ["1.2.9"], ["1.3.0"]),
        ("cargo", "0.2.3", ["0.2.9"], ["0.3.0"]),
        ("cargo", ">=1.2, <1.5", ["1.4.9"], ["1.5.0"]),
        ("cargo", "1.*", ["1.9.0"], ["2.0.0"]),
        ("gem", "~> 1.2.3", ["1.2.3", "1.2.9"], ["1.3", "1.3.a", "1.2.2"]),
        ("gem", "~> 1.2", ["1.9"], ["2.0", "2.0.rc1"]),
        ("gem", ">= 1.0, != 1.5, < 2", ["1.4"], ["1.5", "2"]),
        ("gem", "", ["7"], []),
        ("composer", "~1.2", ["1.9.0", "1.2.0"], ["2.0.0", "1.1.9"]),
        ("composer", "~1.2.3", ["1.2.9"], ["1.3.0"]),
        ("composer", "^0.3", ["0.3.9"], ["0.4.0"]),
        ("composer", "^1.0 || ^2.0", ["v2.5"], ["3.0.0"]),
        ("composer", "1.2.*", ["1.2.9"], ["1.3.0"]),
        ("composer", ">=1.0 <1.1", ["1.0.9"], ["1.1.0"]),
        ("composer", "1.0 - 2.0", ["2.0.9"], ["2.1.0"]),
        ("composer", "^1.2@beta", ["1.2.0"], ["2.0"]),
        ("golang", "v1.2.3", ["v1.9.0"], ["v1.2.2", "v2.0.0"]),
        ("maven", "[1.0,2.0)", ["1.0", "1.9"], ["2.0", "0.9"]),
        ("maven", "(,1.0],[1.2,)", ["0.5", "1.2"], ["1.1"]),
        ("maven", "[1.5]", ["1.5"], ["1.6"]),
        ("nuget", "1.2", ["1.2.0", "3.0.0"], ["1.1.9"]),
        ("hex", "~> 1.2 or ~> 3.0", ["1.9.0", "3.1.0"], ["2.0.0"]),
        ("terraform", "~> 1.2, != 1.3.0", ["1.2.9"], ["1.3.0", "2.0.0"]),
        ("pub", "^1.2.3", ["1.9.0"], ["2.0.0"]),
        ("npm", "^1.2.3-beta.2", ["1.2.3-beta.4"], ["1.2.4-beta.1"]),
    ],
)
def test_membership(ecosystem: str, wanted: str, inside: list[str], outside: list[str]) -> None:
    assert [v for v in inside if satisfied(ecosystem, wanted, v) is not True] == []
    assert [v for v in outside if satisfied(ecosystem, wanted, v) is not False] == []


@pytest.mark.parametrize(
    ("ecosystem", "text"),
    [
        *(
            ("npm", text)
            for text in ("workspace:*", "catalog:", "latest", "github:a/b", "file:../x", "npm:a@1", "http://x/y")
        ),
        *(("pypi", text) for text in ("===1.0", "git:h/x", "path:x", "nonsense!", "~=1")),
        ("composer", "dev-main"),
        ("cargo", "path:x"),
        ("maven", "latest.release"),
        ("swift", "1.0"),
        ("npm", "1." * 5000),
    ],
)
def test_what_is_no_range_is_unknown(ecosystem: str, text: str) -> None:
    assert parse(ecosystem, text) is None
    assert disjoint(parse(ecosystem, text), parse(ecosystem, text)) is None
    assert satisfied(ecosystem, text, "1.0.0") is None


def test_go_modules_of_one_major_never_exclude_each_other() -> None:
    assert disjoint(parse("golang", "v1.2.0"), parse("golang", "v1.9.0")) is False
    assert disjoint(parse("golang", "v1.2.0"), parse("golang", "v2.0.0")) is True

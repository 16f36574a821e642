"""The order of versions, held against the ecosystems' own."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from gatepost.lockfiles._versions import key, step

ORDER = {
    "npm": [
        "0.0.1",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0",
        "1.10.0",
    ],
    "gem": ["1.0.a", "1.0.b", "1.0", "1.0.1.rc1", "1.0.1", "1.10"],
    "composer": ["1.0.x-dev", "1.0.0-alpha1", "1.0.0-beta2", "1.0.0-RC1", "v1.0.0", "1.0.0-p1", "1.0.1"][1:],
    "maven": ["1.0-alpha-1", "1.0-beta-1", "1.0-rc1", "1.0-SNAPSHOT", "1.0", "1.0-sp1", "1.0.1", "1.10"],
    "golang": ["v0.0.0-20190101000000-abcdef", "v0.0.0-20200101000000-abcdef", "v0.1.0", "v1.0.0+incompatible"],
    "nuget": ["1.0.0-beta", "1.0.0", "1.0.0.1", "1.0.1"],
}


@pytest.mark.parametrize("ecosystem", ORDER)
def test_order(ecosystem: str) -> None:
    keys = [key(ecosystem, version) for version in ORDER[ecosystem]]
    assert None not in keys
    for left, right in itertools.pairwise(keys):
        assert left < right, (left, right)  # type: ignore[operator]  # neither is None


numbers = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
pre = st.sampled_from(
    ["", "a1", "b2", "rc1", "rc3", ".dev1", "a1.dev2", ".post1", ".post1.dev3", "+cpu", "+local.7", "-1"]
)
versions = st.builds("{}{}{}".format, st.sampled_from(["", "1!", "v"]), numbers, pre)


@given(versions, versions)
def test_pep440_orders_as_packaging_does(left: str, right: str) -> None:
    one, two = key("pypi", left), key("pypi", right)
    assert one is not None
    assert two is not None
    assert (one < two, one == two) == (Version(left) < Version(right), Version(left) == Version(right))


@pytest.mark.parametrize(
    ("ecosystem", "old", "new", "expected"),
    [
        ("npm", "1.0.0", "2.0.0", "major"),
        ("npm", "0.1.0", "0.2.0", "major"),
        ("npm", "0.0.1", "0.0.2", "major"),
        ("npm", "0.2.0", "0.2.1", "patch"),
        ("pypi", "0.1.0", "0.2.0", "minor"),
        ("pypi", "1.0", "1!1.0", "major"),
        ("pypi", "2024.1", "2024.2", "calendar"),
        ("pypi", "2.0", "2.0+cpu", "pre-release"),
        ("npm", "1.0.0", "1.0.0-rc.1", "pre-release"),
        ("npm", "1.0.0", "1.0.0+1", "build"),
        ("gem", "1.2", "1.2.1", "patch"),
        ("composer", "dev-main", "1.0", "other"),
    ],
)
def test_step(ecosystem: str, old: str, new: str, expected: str) -> None:
    assert step(ecosystem, old, new) == expected


def test_hostile_versions_take_no_time() -> None:
    for ecosystem in ORDER:
        assert key(ecosystem, "1." * 100_000) is None
        key(ecosystem, "1.0-" + "a-" * 120)

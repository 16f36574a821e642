"""One cause is one finding, and what only looks like a weakening is no warning."""

from __future__ import annotations

import pytest

from conftest import Builder
from gatepost.suites._words import respelled
from test_suites_python import judge, one_file, spoken

GO = """package work

import "testing"

func TestName(t *testing.T) {
	name, err := Name(7)
	require.NoError(t, err)
	assert.Equal(t, "seven", name)
	t.Run("again", func(t *testing.T) {
		assert.Equal(t, "eight", Again(name))
	})
}
"""
BODY = GO[GO.index("	name, err") : GO.rindex("}\n")]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (GO.replace("	name, err", '	t.Skip("later")\n	name, err'), "warning test-skipped"),
        (GO.replace("	name, err", "	return\n	name, err"), "error assertion-unreachable"),
        (GO.replace(BODY, "	if false {\n" + BODY + "	}\n"), "error assertion-unreachable"),
        (GO.replace(BODY, "	if ready() {\n" + BODY + "	}\n"), "warning assertion-guarded"),
    ],
)
def test_one_cause_is_one_finding_in_go(after: str, expected: str, two_sides: Builder) -> None:
    pytest.importorskip("tree_sitter_go")
    outcome = judge(two_sides, {"work/work_test.go": GO}, {"work/work_test.go": after})
    assert spoken(outcome) == {expected}
    assert len(outcome.findings) == 1


BEFORE = """
    def test_a():
        result = work(3)
        assert result.code == 5
        assert result.text == "done"
        assert result.size == 7
"""
LOOP = BEFORE.replace("        assert", "            assert")


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (BEFORE.replace("        result =", "        pytest.skip('later')\n        result ="), "warning test-skipped"),
        (BEFORE.replace("        result =", "        return\n        result ="), "error assertion-unreachable"),
        (LOOP.replace("work(3)\n", "work(3)\n        if result:\n"), "warning assertion-guarded"),
        (LOOP.replace("work(3)\n", "work(3)\n        if os.environ.get('CI'):\n"), "note assertion-guarded"),
    ],
)
def test_one_cause_is_one_finding_in_python(after: str, expected: str, two_sides: Builder) -> None:
    outcome = one_file(two_sides, BEFORE, after)
    assert spoken(outcome) == {expected}
    assert len(outcome.findings) == 1


def test_a_condition_taken_from_a_skip_is_seen(two_sides: Builder) -> None:
    skip = BEFORE.replace("        result", "        if slow:\n            pytest.skip('slow')\n        result", 1)
    after = BEFORE.replace("        result", "        pytest.skip('slow')\n        result", 1)
    assert spoken(one_file(two_sides, skip, after)) == {"warning test-skipped"}


TWICE = BEFORE.replace("        assert result.size == 7\n", "        assert result.size == 7\n" * 2)
REFUSED = """
    def test_a():
        work(2)
        with pytest.raises(ValueError):
            work(-1)
        with pytest.raises(ValueError):
            work(-2)
"""
ALLOWED = REFUSED.replace("        with pytest.raises(ValueError):\n            work(-1)\n", "        work(-1)\n")
SWALLOWED = REFUSED.replace(
    "with pytest.raises(ValueError):\n            work(-1)", "try: work(-1)\n        except E: pass"
)
SINGLE = """
    def test_a():
        assert work(1) == "one"
        assert work(2) == "two"
"""
ROWS = """
    @pytest.mark.parametrize(("n", "name"), [(1, "one"), (2, "two")])
    def test_a(n, name):
        assert work(n) == name
"""
FLOAT = """
    def test_a():
        assert work(1) == 0.5
        assert other() == 3
"""


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (TWICE, BEFORE, set()),
        (REFUSED, ALLOWED, {"note expected-changed"}),
        (REFUSED, SWALLOWED, {"warning assertion-removed"}),
        (SINGLE, ROWS, set()),
        (FLOAT, FLOAT.replace("== 0.5", "== pytest.approx(0.5, abs=0.01)"), {"note assertion-loosened"}),
        (FLOAT, FLOAT.replace("== 0.5", "== pytest.approx(0.5, abs=0.4)"), {"warning assertion-loosened"}),
        (BEFORE, BEFORE.replace('== "done"', "== texts.DONE"), set()),
    ],
)
def test_tells_what_only_looks_like_it(before: str, after: str, expected: set[str], two_sides: Builder) -> None:
    assert spoken(one_file(two_sides, before, after)) == expected


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("assert url == URL(url)", "assert url == httpx.URL(url)", True),
        ("assert x == 3", "assert x == THREE", True),
        ("assert x == 3", "assert x == 4", False),
        ("assert x is True", "assert x is False", False),
        ("expect(x).toBe(a)", "expect(x).not.toBe(a)", False),
        ("raises(ValueError): f()", "raises(RuntimeError): f()", False),
    ],
)
def test_knows_another_spelling(before: str, after: str, same: bool) -> None:
    assert respelled(before, after) is same

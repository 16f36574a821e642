"""Go tests before and after."""

from __future__ import annotations

import pytest

from conftest import Builder
from test_suites_python import judge, spoken

pytest.importorskip("tree_sitter_go")

PLAIN = """package work

import "testing"

func TestAdd(t *testing.T) {
	got := Add(1, 2)
	if got != 3 {
		t.Errorf("Add(1, 2) = %d, want 3", got)
	}
}

func TestName(t *testing.T) {
	name, err := Name(7)
	require.NoError(t, err)
	assert.Equal(t, "seven", name)
}

func TestTable(t *testing.T) {
	tests := []struct {
		in, want int
	}{
		{1, 2},
		{2, 3},
		{3, 4},
	}
	for _, tt := range tests {
		t.Run("x", func(t *testing.T) {
			if got := Next(tt.in); got != tt.want {
				t.Fatalf("got %d", got)
			}
		})
	}
}
"""
IF = PLAIN[PLAIN.index("	if got != 3") : PLAIN.index("}\n\nfunc TestName")]
EQUAL = '	assert.Equal(t, "seven", name)\n'
INNER = PLAIN[PLAIN.index("			if got := Next") : PLAIN.index("		})\n	}\n}")]
WEAKENED = {
    "if removed": (PLAIN.replace(IF, "	_ = got\n"), "error assertion-removed"),
    "report removed": (
        PLAIN.replace('		t.Errorf("Add(1, 2) = %d, want 3", got)\n', ""),
        "error assertion-removed",
    ),
    "one removed": (PLAIN.replace(EQUAL, ""), "warning assertion-removed"),
    "loosened": (
        PLAIN.replace('assert.Equal(t, "seven", name)', "assert.NotEmpty(t, name)"),
        "warning assertion-loosened",
    ),
    "contains": (PLAIN.replace('Equal(t, "seven", name)', 'Contains(t, name, "sev")'), "warning assertion-loosened"),
    "less": (PLAIN.replace("got != 3", "got < 1"), "warning assertion-loosened"),
    "trivial": (PLAIN.replace('assert.Equal(t, "seven", name)', "assert.True(t, true)"), "error assertion-trivial"),
    "itself": (PLAIN.replace('"seven", name)', "name, name)"), "error assertion-trivial"),
    "if false": (PLAIN.replace(EQUAL, "	if false {\n" + EQUAL + "	}\n"), "warning assertion-unreachable"),
    "false and": (PLAIN.replace("got != 3", "false"), None),
    "if": (PLAIN.replace(EQUAL, "	if name != other {\n" + EQUAL + "	}\n"), "warning assertion-guarded"),
    "return": (PLAIN.replace(EQUAL, "	return\n" + EQUAL), "warning assertion-unreachable"),
    "skip": (PLAIN.replace("	got := Add", '	t.Skip("flaky")\n	got := Add'), "test-skipped"),
    "short": (
        PLAIN.replace("	got := Add", '	if testing.Short() {\n		t.Skip("slow")\n	}\n	got := Add'),
        "note test-skipped",
    ),
    "renamed": (PLAIN.replace("func TestAdd", "func testAdd"), "error not-collected"),
    "ignored": ("//go:build ignore\n\n" + PLAIN, "error not-collected"),
    "rows": (PLAIN.replace("		{2, 3},\n", ""), "note cases-removed"),
    "expected": (PLAIN.replace("got != 3", "got != 4"), "note expected-changed"),
    "subtest": (PLAIN.replace(INNER, ""), "error assertion-removed"),
    "removed": (PLAIN[: PLAIN.index("func TestTable")], "warning test-removed"),
}


@pytest.mark.parametrize("name", WEAKENED)
def test_sees_what_is_weakened(name: str, two_sides: Builder) -> None:
    after, expected = WEAKENED[name]
    said = spoken(judge(two_sides, {"work/work_test.go": PLAIN}, {"work/work_test.go": after}))
    assert said
    assert expected is None or any(expected in one for one in said), said


CHECK_NAME = """
func checkName(t *testing.T, want, got string) {
	t.Helper()
	if got != want {
		t.Error(got)
	}
}
"""
QUIET = {
    "formatting": PLAIN.replace("\t\t{1, 2},\n\t\t{2, 3},", "\t\t{1,2}, {2,3},"),
    "message": PLAIN.replace("want 3", "wanted 3"),
    "renamed": PLAIN.replace("TestAdd", "TestAddition"),
    "variable": PLAIN.replace("name", "title"),
    "helper": PLAIN.replace(EQUAL, '	checkName(t, "seven", name)\n') + CHECK_NAME,
    "to testify": PLAIN.replace(IF, "	require.Equal(t, 3, got)\n"),
    "rows added": PLAIN.replace("		{2, 3},\n", "		{2, 3},\n		{5, 6},\n"),
}


@pytest.mark.parametrize("name", QUIET)
def test_stays_quiet(name: str, two_sides: Builder) -> None:
    outcome = judge(two_sides, {"work/work_test.go": PLAIN}, {"work/work_test.go": QUIET[name]})
    assert [finding.message for finding in outcome.findings] == []


GINKGO = """package work

var _ = Describe("work", func() {
	It("adds", func() {
		Expect(Add(1, 2)).To(Equal(3))
	})
	It("names", func() {
		Expect(Name(1)).NotTo(BeNil())
	})
})
"""


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (GINKGO.replace('It("adds"', 'FIt("adds"'), "error focus-added"),
        (GINKGO.replace('Describe("work"', 'FDescribe("work"'), "error focus-added"),
        (GINKGO.replace('It("adds"', 'PIt("adds"'), "warning test-skipped"),
        (GINKGO.replace("Equal(3)", 'BeNumerically(">", 1)'), "warning assertion-loosened"),
        (GINKGO.replace("		Expect(Add(1, 2)).To(Equal(3))\n", ""), "error assertion-removed"),
    ],
)
def test_sees_it_in_ginkgo(after: str, expected: str, two_sides: Builder) -> None:
    outcome = judge(two_sides, {"work/work_test.go": GINKGO}, {"work/work_test.go": after})
    assert spoken(outcome) == {expected}


WRITTEN_TWICE = """package work

import "testing"

func TestPage(t *testing.T) {
	var out bytes.Buffer
	if err := Write(page, &out); err != nil {
		t.Fatal(err)
	}
	expectText(t, out.String(), page.Name())
	expectText(t, out.String(), page.Name())
}

func expectText(t *testing.T, got, want string) {
	if !strings.Contains(got, want) {
		t.Errorf("%q lacks %q", got, want)
	}
}
"""


def test_an_assertion_that_stood_twice_takes_no_place(two_sides: Builder) -> None:
    after = WRITTEN_TWICE.replace("	if err := Write(page, &out); err != nil {\n		t.Fatal(err)\n	}\n", "")
    outcome = judge(two_sides, {"work/work_test.go": WRITTEN_TWICE}, {"work/work_test.go": after})
    assert spoken(outcome) == {"warning assertion-removed"}

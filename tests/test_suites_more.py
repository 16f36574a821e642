"""Ruby, Java and Rust tests before and after."""

from __future__ import annotations

import pytest

from conftest import Builder
from test_suites_python import judge, spoken

for grammar in ("tree_sitter_ruby", "tree_sitter_java", "tree_sitter_rust"):
    pytest.importorskip(grammar)

RSPEC = """
describe Work do
  it "adds" do
    result = work(3)
    expect(result.code).to eq(5)
  end

  it "raises" do
    expect { work(-1) }.to raise_error(ArgumentError, /small/)
  end
end
"""
MINITEST = """
class WorkTest < Minitest::Test
  def test_adds
    result = work(3)
    assert_equal 5, result.code
  end

  def test_other
    assert_includes work(4), 7
  end
end
"""
JUNIT = """
class WorkTest {
    @Test
    void adds() {
        Result result = work(3);
        assertEquals(5, result.code());
    }

    @Test
    void fluent() {
        Result other = work(4);
        assertThat(other.names()).hasSize(2).contains("a");
    }

    @Test
    void raises() {
        assertThrows(IllegalArgumentException.class, () -> work(-1));
    }
}
"""
RUST = """
pub fn work(a: u32) -> u32 { a + 2 }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds() {
        let result = work(3);
        assert_eq!(result, 5);
    }

    #[test]
    #[should_panic(expected = "too small")]
    fn panics() {
        work(0);
    }
}
"""
FILES = {
    "rspec": "spec/work_spec.rb",
    "minitest": "test/work_test.rb",
    "java": "src/test/java/WorkTest.java",
    "rust": "src/work.rs",
}
TEXTS = {"rspec": RSPEC, "minitest": MINITEST, "java": JUNIT, "rust": RUST}
EQ = "expect(result.code).to eq(5)"
AE = "assert_equal 5, result.code"
JE = "assertEquals(5, result.code());"
RE = "assert_eq!(result, 5);"
WEAKENED = [
    ("rspec", "    " + EQ + "\n", "", "error assertion-removed"),
    ("rspec", EQ, "expect(result.code).to be_truthy", "warning assertion-loosened"),
    ("rspec", EQ, "expect(result.code).not_to be_nil", "warning assertion-loosened"),
    ("rspec", EQ, "expect(true).to eq(true)", "error assertion-trivial"),
    ("rspec", EQ, "expect(result.code).to eq(result.code)", "error assertion-trivial"),
    ("rspec", EQ, "if false\n      " + EQ + "\n    end", "error assertion-unreachable"),
    ("rspec", EQ, EQ + " if result", "warning assertion-guarded"),
    ("rspec", EQ, "return\n    " + EQ, "error assertion-unreachable"),
    ("rspec", "ArgumentError, /small/", "StandardError", "warning assertion-loosened"),
    ("rspec", 'it "adds"', 'xit "adds"', "warning test-skipped"),
    ("rspec", 'it "adds"', 'fit "adds"', "error focus-added"),
    ("rspec", 'it "adds" do', 'it "adds", focus: true do', "error focus-added"),
    ("rspec", "    result = work(3)", '    skip "later"\n    result = work(3)', "test-skipped"),
    ("rspec", "eq(5)", "eq(6)", "note expected-changed"),
    ("minitest", "    " + AE + "\n", "", "error assertion-removed"),
    ("minitest", AE, "assert result.code", "warning assertion-loosened"),
    ("minitest", AE, "assert true", "error assertion-trivial"),
    ("minitest", "def test_adds", "def _test_adds", "error not-collected"),
    ("java", "        " + JE + "\n", "", "error assertion-removed"),
    ("java", JE, "assertNotNull(result.code());", "warning assertion-loosened"),
    ("java", JE, "assertTrue(true);", "error assertion-trivial"),
    ("java", JE, "if (result != null) {\n" + JE + "}", "warning assertion-guarded"),
    ("java", JE, "try { " + JE + " } catch (Throwable t) { }", "warning assertion-guarded"),
    ("java", JE, "if (false) { " + JE + " }", "error assertion-unreachable"),
    ("java", "    @Test\n    void adds", "    void adds", "error not-collected"),
    ("java", "    @Test\n    void adds", "    @Disabled\n    @Test\n    void adds", "warning test-skipped"),
    ("java", '.contains("a")', "", "warning assertion-removed"),
    ("java", "IllegalArgumentException", "Exception", "warning assertion-loosened"),
    ("rust", "        " + RE + "\n", "", "error assertion-removed"),
    ("rust", RE, "assert!(result > 0);", "warning assertion-loosened"),
    ("rust", RE, "assert!(true);", "error assertion-trivial"),
    ("rust", RE, "assert_eq!(result, result);", "error assertion-trivial"),
    ("rust", RE, "if false { " + RE + " }", "error assertion-unreachable"),
    ("rust", RE, "return;\n        " + RE, "error assertion-unreachable"),
    ("rust", "    #[test]\n    fn adds", "    #[test]\n    #[ignore]\n    fn adds", "warning test-skipped"),
    ("rust", "    #[test]\n    fn adds", "    fn adds", "error not-collected"),
    ("rust", '(expected = "too small")', "", "warning assertion-loosened"),
]


@pytest.mark.parametrize(("kind", "old", "new", "expected"), WEAKENED)
def test_sees_what_is_weakened(kind: str, old: str, new: str, expected: str, two_sides: Builder) -> None:
    path, text = FILES[kind], TEXTS[kind]
    assert old in text
    said = spoken(judge(two_sides, {path: text}, {path: text.replace(old, new)}))
    assert any(expected in one for one in said), said


QUIET = [
    ("rspec", "result", "answer"),
    ("rspec", '"adds"', '"adds numbers"'),
    ("rspec", "eq(5)", "eql(5)"),
    ("minitest", "test_adds", "test_adds_numbers"),
    ("minitest", AE, AE + ', "the code"'),
    ("java", "result", "answer"),
    ("java", JE, 'assertEquals(5, result.code(), "the code");'),
    ("java", "void adds", "void addsNumbers"),
    ("rust", "result", "answer"),
    ("rust", RE, 'assert_eq!(5, result, "the code");'),
    ("rust", "a + 2", "2 + a"),
]


@pytest.mark.parametrize(("kind", "old", "new"), QUIET)
def test_stays_quiet(kind: str, old: str, new: str, two_sides: Builder) -> None:
    path, text = FILES[kind], TEXTS[kind]
    outcome = judge(two_sides, {path: text}, {path: text.replace(old, new)})
    assert [finding.message for finding in outcome.findings] == []


@pytest.mark.parametrize("kind", FILES)
def test_says_that_it_does_not_parse(kind: str, two_sides: Builder) -> None:
    outcome = judge(two_sides, {FILES[kind]: TEXTS[kind]}, {FILES[kind]: "test] ((((((((( %%% ][ {{{{ end end ))"})
    assert "warning not-analysed" in spoken(outcome)

"""JavaScript and TypeScript tests before and after."""

from __future__ import annotations

import pytest

from conftest import Builder
from test_suites_python import judge, spoken

pytest.importorskip("tree_sitter_javascript")

PLAIN = """
import { work } from "../src/work";

describe("work", () => {
  it("adds", async () => {
    const result = await work(3);
    expect(result.code).toBe(5);
    expect(result.text).toContain("done");
  });
  it("subtracts", () => {
    const other = work(4);
    expect(other.code).toEqual(7);
  });
});
"""
ONE = "expect(other.code).toEqual(7);"
WEAKENED = {
    "removed": (PLAIN.replace("    expect(result.code).toBe(5);\n", ""), "warning assertion-removed"),
    "last removed": (PLAIN.replace(ONE, ""), "error assertion-removed"),
    "commented out": (PLAIN.replace(ONE, "// " + ONE), "error assertion-removed"),
    "truthy": (PLAIN.replace("toEqual(7)", "toBeTruthy()"), "warning assertion-loosened"),
    "defined": (PLAIN.replace("toEqual(7)", "toBeDefined()"), "warning assertion-loosened"),
    "at least": (PLAIN.replace("toEqual(7)", "toBeGreaterThanOrEqual(1)"), "warning assertion-loosened"),
    "anything": (PLAIN.replace("toEqual(7)", "toEqual(expect.anything())"), "warning assertion-loosened"),
    "constant": (PLAIN.replace(ONE, "expect(true).toBe(true);"), "error assertion-trivial"),
    "itself": (PLAIN.replace(ONE, "expect(other.code).toEqual(other.code);"), "error assertion-trivial"),
    "or true": (PLAIN.replace(ONE, "expect(other.code === 7 || true).toBeTruthy();"), "error assertion-trivial"),
    "no matcher": (PLAIN.replace(ONE, "expect(other.code);"), "error assertion-trivial"),
    "if": (PLAIN.replace(ONE, "if (other) { " + ONE + " }"), "warning assertion-guarded"),
    "try": (PLAIN.replace(ONE, "try { " + ONE + " } catch (e) {}"), "warning assertion-guarded"),
    "return": (PLAIN.replace(ONE, "return;\n    " + ONE), "error assertion-unreachable"),
    "if false": (PLAIN.replace(ONE, "if (false) { " + ONE + " }"), "error assertion-unreachable"),
    "uncalled": (PLAIN.replace(ONE, "const later = () => { " + ONE + " };"), "error assertion-unreachable"),
    "only": (PLAIN.replace('it("adds"', 'it.only("adds"'), "error focus-added"),
    "fit": (PLAIN.replace('it("adds"', 'fit("adds"'), "error focus-added"),
    "describe.only": (PLAIN.replace("describe(", "describe.only("), "error focus-added"),
    "only on a new test": (
        PLAIN.replace('});\n"', "") + 'it.only("new", () => { expect(1 + work()).toBe(2); });\n',
        "error focus-added",
    ),
    "skip": (PLAIN.replace('it("adds"', 'it.skip("adds"'), "warning test-skipped"),
    "xit": (PLAIN.replace('it("adds"', 'xit("adds"'), "warning test-skipped"),
    "option": (PLAIN.replace('"adds", async', '"adds", { skip: true }, async'), "warning test-skipped"),
    "skipIf": (PLAIN.replace('it("adds"', 'it.skipIf(isWindows)("adds"'), "note test-skipped"),
    "group under if false": (PLAIN.replace("describe(", "if (false) describe("), "error not-collected"),
    "removed test": (PLAIN[: PLAIN.index('  it("subtracts"')] + "});\n", "warning test-removed"),
    "expected": (PLAIN.replace("toEqual(7)", "toEqual(8)"), "note expected-changed"),
    "timeout": (PLAIN.replace("toEqual(7);\n  })", "toEqual(7);\n  }, 60000)"), None),
}


@pytest.mark.parametrize("name", WEAKENED)
def test_sees_what_is_weakened(name: str, two_sides: Builder) -> None:
    after, expected = WEAKENED[name]
    outcome = judge(two_sides, {"src/work.test.ts": PLAIN}, {"src/work.test.ts": after})
    assert spoken(outcome) == ({expected} if expected else set())


QUIET = {
    "formatting": PLAIN.replace('"done"', "'done'").replace("    ", "\t").replace(";", ""),
    "renamed": PLAIN.replace('"adds"', '"adds numbers"'),
    "variable": PLAIN.replace("result", "answer"),
    "helper": PLAIN.replace(ONE, "isSeven(other);") + "function isSeven(x) { expect(x.code).toEqual(7); }\n",
    "regrouped": PLAIN.replace('describe("work"', 'describe("the work"'),
    "toStrictEqual": PLAIN.replace("toEqual", "toStrictEqual"),
    "more": PLAIN.replace(ONE, ONE + "\n    expect(other.text).toBe('x');"),
}


@pytest.mark.parametrize("name", QUIET)
def test_stays_quiet(name: str, two_sides: Builder) -> None:
    outcome = judge(two_sides, {"src/work.test.ts": PLAIN}, {"src/work.test.ts": QUIET[name]})
    assert [finding.message for finding in outcome.findings] == []


MORE = {
    "chai": ("expect(a(1)).to.equal(4);", "expect(a(1)).to.be.ok;", "warning assertion-loosened"),
    "chai deep": ("expect(a(1)).to.deep.equal({b: 4});", "expect(a(1)).to.exist;", "warning assertion-loosened"),
    "node": ("assert.strictEqual(a(1), 4);", "assert.ok(a(1));", "warning assertion-loosened"),
    "node trivial": ("assert.strictEqual(a(1), 4);", "assert(true);", "error assertion-trivial"),
    "throws": ("expect(() => a(1)).toThrow(TypeError);", "expect(() => a(1)).toThrow();", "warning assertion-loosened"),
    "throws message": (
        "expect(() => a(1)).toThrow('no a');",
        "expect(() => a(1)).toThrow();",
        "warning assertion-loosened",
    ),
    "calls": ("expect(a).toHaveBeenCalledWith(1);", "expect(a).toHaveBeenCalled();", "warning assertion-loosened"),
    "supertest": (
        "await request(app).get('/').expect(200);",
        "await request(app).get('/');",
        "error assertion-removed",
    ),
    "close": ("expect(a(1)).toBeCloseTo(4, 5);", "expect(a(1)).toBeCloseTo(4, 1);", "note tolerance-raised"),
    "rows": (
        "});\nit.each([[1, 2], [3, 4]])('n', (x, y) => { expect(a(x)).toBe(y);",
        "});\nit.each([[1, 2]])('n', (x, y) => { expect(a(x)).toBe(y);",
        "note cases-removed",
    ),
    "catch": (
        "await expect(a(1)).resolves.toBe(4);",
        "try { await expect(a(1)).resolves.toBe(4); } catch { console.log(1); }",
        "warning assertion-guarded",
    ),
}


@pytest.mark.parametrize("name", MORE)
def test_sees_it_in_other_libraries(name: str, two_sides: Builder) -> None:
    before, after, expected = MORE[name]
    base, head = (f"it('a', async () => {{\n  {line}\n}});\n" for line in (before, after))
    assert spoken(judge(two_sides, {"test/a.js": base}, {"test/a.js": head})) == {expected}


def test_says_that_it_does_not_parse(two_sides: Builder) -> None:
    outcome = judge(two_sides, {"src/a.test.js": PLAIN}, {"src/a.test.js": "((((((((( %%% it( ][ {{{{ "})
    assert spoken(outcome) == {"warning not-analysed"}


def test_scans_lines_without_the_grammar(two_sides: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatepost.suites._parsing.find_spec", lambda name: None)
    outcome = judge(
        two_sides, {"src/a.test.js": PLAIN}, {"src/a.test.js": PLAIN.replace('it("adds"', 'it.only("adds"')}
    )
    assert spoken(outcome) == {"error focus-added"}
    assert "gatepost[suites]" in outcome.skipped[0].reason or any("missing" in skip.reason for skip in outcome.skipped)

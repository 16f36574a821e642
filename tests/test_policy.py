"""Reading a policy: every problem at once with its key, units, the server's file, and what a push may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import Builder, Repo
from gatepost.errors import PolicyError
from gatepost.gate import VOCABULARY, evaluate, read_policy
from gatepost.git import Change
from gatepost.model import Finding, Rule
from gatepost.policy import (
    HIGHER,
    LOWER,
    Duration,
    Gate,
    Percent,
    Policy,
    Setting,
    Size,
    Suppression,
    Vocabulary,
    overlay,
    parse_policy,
    parse_toml,
    spelled,
)
from gatepost.strictness import loosened, loosened_entries, tightened, with_added

RULE = Rule("schema/drop-column", "error", "x", formerly=("schema/column-dropped",))


@dataclass(frozen=True)
class Inner:
    name: str
    limit: Size | None = field(default=None, metadata=LOWER)
    level: Literal["off", "weak", "strong"] = field(default="weak", metadata=HIGHER)
    note: str = ""


@dataclass(frozen=True)
class Table:
    share: Percent = field(default=Percent(0.05), metadata=LOWER)
    least: int = field(default=3, metadata=HIGHER)
    wait: Duration = Duration(60)
    strict: bool = field(default=True, metadata=HIGHER)
    globs: tuple[str, ...] = ("src/**",)
    ignore: tuple[str, ...] = field(default=(), metadata=LOWER)
    names: Mapping[str, str] = field(default_factory=dict)
    inner: tuple[Inner, ...] = ()
    kind: str = ""
    until: date | None = None


WORDS = Vocabulary(
    lambda: (Setting("table", lambda: Table), Setting("inner", lambda: Inner, many=True)),
    lambda: {RULE.id, *RULE.formerly},
)


def parse(text: str, words: Vocabulary = WORDS) -> Policy:
    return parse_policy(parse_toml(text.encode(), "gatepost.toml"), "gatepost.toml", words)


def problems(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        parse(text)
    return [problem.removeprefix("gatepost.toml: ") for problem in caught.value.problems]


def test_every_value_has_a_default_that_works() -> None:
    policy = parse("")
    assert policy.gate == Gate()
    assert policy.get("table", Table) == Table()
    assert policy.get_all("inner", Inner) == ()
    assert policy.level(RULE) == "error"


def test_units_are_explicit() -> None:
    table = parse('[table]\nshare = "12.5%"\nwait = "250ms"\n[[inner]]\nname = "a"\nlimit = "10 KiB"\n')
    assert table.get("table", Table).share == 0.125
    assert table.get("table", Table).wait == 0.25
    assert table.get_all("inner", Inner)[0].limit == 10240


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[gat]\n", 'gat: unknown key; did you mean "gate"?'),
        ("[gate]\nmod = 1\n", 'gate.mod: unknown key; did you mean "mode"?'),
        ('[gate]\nmode = "on"\n', """gate.mode: must be "enforce" or "report", not 'on'"""),
        ("[gate]\ndeadline = 20\n", 'gate.deadline: must be a duration such as "20s", not 20'),
        ('[gate]\nmax_file = "20"\n', """gate.max_file: must be a size such as "10 KiB", not '20'"""),
        ('[gate]\nmax_file = "20 kb"\n', """gate.max_file: must be a size such as "10 KiB", not '20 kb'"""),
        ("[gate]\nmax_changed = true\n", "gate.max_changed: must be a whole number, not True"),
        ('[gate]\nprotected = "refs/heads/main"\n', "gate.protected: must be an array, not 'refs/heads/main'"),
        ("[gate]\nprotected = [1]\n", "gate.protected[0]: must be a string, not 1"),
        ('[table]\nshare = "0.05"\n', """table.share: must be a share such as "5%", not '0.05'"""),
        ("[table]\nuntil = 2027-01-31T10:00:00\n", "table.until: must be a date such as 2027-01-31, not datetime"),
        ("gate = 1\n", "gate: must be a table: [gate]"),
        ("[inner]\nname = 'a'\n", "inner: must be an array of tables: [[inner]]"),
        ("[[inner]]\n", "inner[0].name: is missing"),
        ('[[inner]]\nname = "a"\n[[inner]]\nname = "a"\n', 'inner: "a" is there more than once'),
        ("rules = 1\n", "rules: must be a table of rule ids and levels"),
        ('[rules]\n"schema/drop-colum" = "off"\n', "did you mean"),
        ('[rules]\n"schema/drop-column" = "fatal"\n', 'must be "error", "warning", "note" or "off", not'),
        ('[rules]\n"schema/drop-column" = ["off"]\n', 'must be "error", "warning", "note" or "off", not'),
        ('[[suppress]]\nrule = "schema/drop-column"\n', "suppress[0].scope: is missing"),
        ("x = \n", "Invalid value"),
        ("[a]\n[a]\n", "a"),
    ],
)
def test_a_problem_names_its_key_and_what_is_wanted(text: str, wanted: str) -> None:
    assert any(wanted in problem for problem in problems(text)), problems(text)


def test_thousands_of_problems_are_cut() -> None:
    found = problems("".join(f"x{number} = 1\n" for number in range(5000)))
    assert len(found) == 101
    assert found[-1] == "and 4900 more"


def test_all_problems_come_at_once() -> None:
    assert len(problems('[gate]\nmode = 1\nx = 2\n[rules]\n"a/b" = "off"\n[[inner]]\nlimit = 3\n')) == 5


def test_an_unknown_rule_in_a_suppression_is_refused_with_the_nearest() -> None:
    text = '[[suppress]]\nrule = "schema/drop-colum"\nscope = "a"\nreason = "b"\nowner = "c"\nexpires = 2027-01-31\n'
    assert problems(text) == [
        "suppress[0].rule: unknown rule 'schema/drop-colum'; did you mean \"schema/drop-column\"?"
    ]


@pytest.mark.parametrize("key", ["reason", "owner", "scope"])
def test_a_suppression_says_why_and_whose_it_is(key: str) -> None:
    given = {"rule": "schema/drop-column", "scope": "a", "reason": "b", "owner": "c"} | {key: " "}
    text = "[[suppress]]\n" + "".join(f'{name} = "{value}"\n' for name, value in given.items())
    assert problems(text + "expires = 2027-01-31\n") == [f"suppress[0].{key}: must not be empty"]


def test_a_renamed_rule_keeps_working() -> None:
    assert parse('[rules]\n"schema/column-dropped" = "note"\n').level(RULE) == "note"


@pytest.mark.parametrize(
    "raw", [b"\xff", b"a = '\x00'", b"[" * 100_000, b"a=" + b"[" * 100_000, b"a." * 50_000 + b"b=1"]
)
def test_a_hostile_file_is_one_clear_error(raw: bytes) -> None:
    with pytest.raises(PolicyError):
        parse_policy(parse_toml(raw, "gatepost.toml"), "gatepost.toml", WORDS)


def test_pyproject_has_its_policy_under_tool() -> None:
    assert parse_toml(b"[tool.gatepost.gate]\nmode='report'\n", "pyproject.toml") == {"gate": {"mode": "report"}}
    assert parse_toml(b"tool = 1\n", "pyproject.toml") == {}
    with pytest.raises(PolicyError):
        parse_toml(b"[tool]\ngatepost = 1\n", "pyproject.toml")


def test_the_servers_keys_win_and_suppressions_add_up() -> None:
    merged = overlay(
        {"gate": {"mode": "report", "deadline": "9s"}, "suppress": [1], "bundle": {"a": 1}},
        {"gate": {"mode": "enforce"}, "suppress": [2]},
    )
    assert merged == {"gate": {"mode": "enforce", "deadline": "9s"}, "suppress": [1, 2], "bundle": {"a": 1}}


def test_a_suppression_ends_with_its_day() -> None:
    entry = Suppression("schema/column-dropped", "db/*.sql", "why", "dana", date(2027, 1, 31))
    found = Finding(RULE, "db/1.sql", "m")
    assert entry.covers(found, date(2027, 1, 31))
    assert not entry.covers(found, date(2027, 2, 1))
    assert not entry.covers(Finding(RULE, "db/x/1.sql", "m"), date(2027, 1, 1))


OWN = Table(
    share=Percent(0.05),
    globs=("a", "b"),
    ignore=("x", "y"),
    inner=(Inner("one", Size(10)),),
    names={"k": "1"},
    kind="postgresql",
)


@pytest.mark.parametrize(
    ("pushed", "wanted"),
    [
        ({"share": Percent(0.9)}, {}),
        ({"share": Percent(0.01)}, {"share": Percent(0.01)}),
        ({"least": 1}, {}),
        ({"least": 9}, {"least": 9}),
        ({"wait": Duration(1)}, {}),
        ({"strict": False}, {}),
        ({"globs": ()}, {}),
        ({"globs": ("c",)}, {"globs": ("a", "b", "c")}),
        ({"ignore": ("x", "**")}, {"ignore": ("x",)}),
        ({"ignore": ()}, {"ignore": ()}),
        ({"names": {"k": "2", "l": "3"}}, {"names": {"k": "1", "l": "3"}}),
        ({"inner": ()}, {}),
        ({"inner": (Inner("one", None, "off"),)}, {}),
        ({"inner": (Inner("two", None, "off"),)}, {"inner": (Inner("one", Size(10)), Inner("two"))}),
        ({"kind": "sqlite"}, {}),
        ({"kind": ""}, {}),
        ({"until": date(2027, 1, 1)}, {"until": date(2027, 1, 1)}),
    ],
)
def test_a_push_can_only_tighten(pushed: dict[str, Any], wanted: dict[str, Any]) -> None:
    from dataclasses import replace

    assert tightened(OWN, replace(OWN, **pushed)) == replace(OWN, **wanted)


def test_a_push_cannot_loosen_a_default_either() -> None:
    pushed = Policy(tables={"table": Table(share=Percent(0.9), globs=(), strict=False, ignore=("**",))})
    assert Policy(pushed=pushed).get("table", Table) == Table()


def test_an_entry_that_is_pushed_is_no_laxer_than_the_defaults() -> None:
    assert with_added((), (Inner("db", None, "off", "why"),)) == (Inner("db", None, "weak", "why"),)


@dataclass(frozen=True)
class Expect:
    package: str = ""
    range: str = ""


def test_entries_without_a_name_of_their_own_are_compared_whole() -> None:
    one, two, three = Expect("", "1"), Expect("", "2"), Expect("a", "3")
    assert with_added((one,), (one, two, three)) == (one, two, three)
    lost = [(found.key, found.after) for found in loosened_entries((one, two, three), (two, three), "expect")]
    assert lost == [("expect[]", None)]
    changed = [found.certain for found in loosened_entries((three,), (Expect("a", "4"),), "expect")]
    assert changed == [False]


def test_no_limit_at_all_is_the_loosest_limit() -> None:
    assert tightened(Inner("a", Size(5)), Inner("a", None)).limit == 5
    assert tightened(Inner("a", None), Inner("a", Size(5))).limit == 5


def test_the_stricter_level_counts() -> None:
    lax, hard = Policy(rules={RULE.id: "off"}), Policy(rules={RULE.id: "error"})
    from dataclasses import replace

    assert replace(hard, pushed=lax).level(RULE) == "error"
    assert replace(lax, pushed=hard).level(RULE) == "error"


sizes = st.one_of(st.none(), st.integers(0, 99).map(Size))
words = st.sampled_from(["off", "weak", "strong"])
inners = st.builds(Inner, st.sampled_from("abc"), sizes, words, st.sampled_from(["", "x", "y"]))
arrays = st.lists(st.sampled_from("abcd"), max_size=3, unique=True).map(tuple)
tables = st.builds(
    Table,
    share=st.integers(0, 9).map(Percent),
    least=st.integers(0, 9),
    wait=st.integers(0, 3).map(Duration),
    strict=st.booleans(),
    globs=arrays,
    ignore=arrays,
    names=st.dictionaries(st.sampled_from("ab"), st.sampled_from("12")),
    inner=st.lists(inners, max_size=3, unique_by=lambda entry: entry.name).map(tuple),
    kind=st.sampled_from(["", "x", "y"]),
    until=st.one_of(st.none(), st.dates()),
)


@given(tables, tables)
def test_whatever_is_pushed_the_policy_in_force_is_not_looser(own: Table, pushed: Table) -> None:
    assert not list(loosened(own, tightened(own, pushed), "table"))


@given(tables, tables)
def test_tightening_twice_is_tightening_once(own: Table, pushed: Table) -> None:
    once = tightened(own, pushed)
    assert tightened(once, pushed) == once


@given(tables)
def test_a_policy_is_no_looser_than_itself(own: Table) -> None:
    assert tightened(own, own) == own
    assert not list(loosened(own, own, "table"))


plain = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates(), st.datetimes()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)
keys = st.one_of(st.sampled_from(["gate", "rules", "suppress", "table", "inner"]), st.text(max_size=6))
near = st.dictionaries(
    keys,
    st.one_of(
        plain,
        st.dictionaries(st.sampled_from(["mode", "deadline", "share", "globs", "inner", "names", "until"]), plain),
        st.lists(st.dictionaries(st.sampled_from(["name", "limit", "rule", "scope", "expires"]), plain), max_size=2),
    ),
    max_size=4,
)


@given(near)
def test_any_table_is_read_or_refused_with_its_file(data: dict[str, Any]) -> None:
    try:
        policy = parse_policy(data, "gatepost.toml", WORDS)
    except PolicyError as error:
        told = error.problems
    else:
        told = ("gatepost.toml: fine",)
        assert policy.get("table", Table)
    assert told
    assert all(problem.startswith("gatepost.toml: ") and problem.isprintable() for problem in told)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    told: tuple[str, ...] = ()
    try:
        parse_toml(raw, "gatepost.toml")
    except PolicyError as error:
        told = error.problems
    assert all(problem.startswith("gatepost.toml: ") and problem.isprintable() for problem in told)


@given(st.one_of(st.integers(0, 2**49).map(Size), st.integers(0, 10**6).map(lambda n: Duration(n / 1000))))
def test_what_is_spelled_is_read_back(value: Any) -> None:
    text = spelled(value)
    kind = type(value)

    @dataclass(frozen=True)
    class One:
        value: Any

    One.__annotations__["value"] = kind
    policy = parse_policy(
        {"one": {"value": text.strip('"')}}, "f", Vocabulary(lambda: (Setting("one", lambda: One),), set)
    )
    assert policy.get("one", One).value == value


def test_spelling() -> None:
    assert spelled(Size(10240)) == '"10 KiB"'
    assert spelled(Size(1000)) == '"1000 B"'
    assert spelled(Percent(0.05)) == '"5%"'
    assert spelled(Duration(0.25)) == '"250ms"'
    assert (spelled(Duration(0)), spelled(Size(0))) == ('"0s"', '"0 B"')
    assert spelled((True, None, "a\n")) == '[true, nothing, "a\\n"]'
    assert spelled({"a": 1}) == "{a = 1}"
    assert spelled(Inner("web")) == '"web"'


def settings_classes() -> list[type]:
    found = [Gate, *(setting.type for setting in VOCABULARY.settings())]
    for kind in found:
        for hint in get_type_hints(kind, localns={"date": date}).values():
            found += [inner for inner in get_args(hint) if is_dataclass(inner) and inner not in found]
    return found


@pytest.mark.parametrize("kind", settings_classes(), ids=lambda kind: kind.__name__)
def test_a_list_of_exceptions_says_that_fewer_are_stricter(kind: Any) -> None:
    words = ("exclude", "ignore", "allow", "skip", "except", "hosts", "trust", "assume_dev")
    for item in fields(kind):
        if "tuple" in str(item.type) and any(word in item.name for word in words):
            assert item.metadata.get("tighter") == "lower", f"{kind.__name__}.{item.name} needs metadata=LOWER"


def test_every_table_has_defaults_and_every_entry_a_name() -> None:
    for setting in VOCABULARY.settings():
        if setting.many:
            assert fields(setting.type)[0].type in ("str", str)
        else:
            assert parse_policy({setting.key: {}}, "f", VOCABULARY).get(setting.key, setting.type) == setting.type()


def judged(change: Change, server: Path | None = None) -> list[tuple[str, str, str]]:
    policy, invalid = read_policy(change, server)
    report = evaluate(change, policy, ["policy"], invalid)
    return [(finding.rule.id, finding.effective_level, str(finding.data.get("key", ""))) for finding in report.findings]


OFF = '[rules]\n"gate/path-suspicious" = "off"\n'


BUNDLE = """\
[bundle]
entries = ["src/main.tsx", "src/admin.tsx"]
[bundle.aliases]
"@/*" = "src/*"
[[bundle.artifact]]
name = "web"
globs = ["dist/**/*.js"]
limit = "250 KiB"
[[bundle.artifact]]
name = "admin"
globs = ["admin/*.js"]
"""


def test_limits_and_entries_of_a_checks_table_are_compared(two_sides: Builder) -> None:
    pushed = """\
[bundle]
entries = ["src/main.tsx"]
aliases = {"@/*" = "lib/*"}
[[bundle.artifact]]
name = "web"
globs = ["dist/**/*.js", "x"]
growth = "50%"
[[bundle.artifact]]
name = "new"
globs = ["new/*.js"]
growth = "90%"
"""
    keys = [key for _, _, key in judged(two_sides({"gatepost.toml": BUNDLE}, {"gatepost.toml": pushed}))]
    assert sorted(keys) == [
        "bundle.aliases.@/*",
        "bundle.artifact[admin]",
        "bundle.artifact[new].growth",
        "bundle.artifact[web].growth",
        "bundle.artifact[web].limit",
        "bundle.entries",
    ]


def test_what_the_server_fixes_a_push_cannot_loosen(two_sides: Builder, tmp_path: Path) -> None:
    change = two_sides({"gatepost.toml": "[gate]\n"}, {"gatepost.toml": OFF})
    assert judged(change) == [("policy/loosened", "error", 'rules."gate/path-suspicious"')]
    server = tmp_path / "gatepost.toml"
    server.write_text('[rules]\n"gate/path-suspicious" = "warning"\n')
    assert judged(change, server) == []


def test_the_first_commit_of_all_loosens_nothing(two_sides: Builder) -> None:
    assert judged(two_sides(None, {"gatepost.toml": OFF})) == []


def test_a_first_policy_may_leave_out_a_branch_that_is_not_there(two_sides: Builder) -> None:
    assert judged(two_sides({"a": ""}, {"gatepost.toml": '[gate]\nprotected = ["refs/heads/main"]\n'})) == []
    change = two_sides({"gatepost.toml": None}, {"gatepost.toml": '[gate]\nprotected = ["refs/heads/x"]\n'})
    assert judged(change) == [("policy/loosened", "error", "gate.protected")]
    change = two_sides({"gatepost.toml": None}, {"gatepost.toml": '[gate]\nmode = "report"\n'})
    assert judged(change) == [("policy/loosened", "warning", "gate.mode")]


def test_a_push_may_mend_a_policy_that_landed_broken(two_sides: Builder) -> None:
    assert judged(two_sides({"gatepost.toml": "["}, {"gatepost.toml": "[gate]\n"})) == []
    with pytest.raises(PolicyError):
        judged(two_sides({"gatepost.toml": "["}, {"a": "1"}))


def test_a_broken_server_policy_is_not_passed_over(two_sides: Builder, tmp_path: Path) -> None:
    change = two_sides({"a": "1"}, {"a": "2"})
    server = tmp_path / "gatepost.toml"
    for text in ("[gate\n", "[gat]\n"):
        server.write_text(text)
        with pytest.raises(PolicyError, match=r"gatepost\.toml"):
            judged(change, server)
    server.unlink()
    with pytest.raises(PolicyError):
        judged(change, server)


def test_a_policy_of_a_quarter_megabyte_is_refused(two_sides: Builder) -> None:
    assert judged(two_sides({"a": ""}, {"gatepost.toml": "#\n" * (128 * 1024 + 1)}))[0][0] == "policy/invalid"


@pytest.mark.parametrize("entry", [("120000", b"/etc/passwd"), ("160000", b"1" * 40)])
def test_a_policy_that_is_no_file_is_invalid(two_sides: Builder, entry: tuple[str, bytes]) -> None:
    assert judged(two_sides({"gatepost.toml": "[gate]\n"}, {"gatepost.toml": entry}))[0][0] == "policy/invalid"


def test_a_policy_that_becomes_a_directory_is_invalid(two_sides: Builder) -> None:
    change = two_sides({"gatepost.toml": "[gate]\n"}, {"gatepost.toml": None, "gatepost.toml/x": ""})
    assert judged(change)[0][0] == "policy/invalid"


def test_a_staged_policy_is_judged_like_a_pushed_one(repo: Repo) -> None:
    repo.write({"gatepost.toml": "[gate]\n"})
    repo.git("commit", "-qm", "x")
    repo.write({"gatepost.toml": OFF})
    change = repo.change("HEAD", None)
    assert [rule for rule, *_ in judged(change)] == ["policy/loosened"]
    change.repo.close()


MIGRATIONS = '[[migrations]]\npath = "db/migrations"\nframework = "{}"\n'


def test_a_push_cannot_call_its_migrations_none(two_sides: Builder) -> None:
    change = two_sides({"gatepost.toml": MIGRATIONS.format("goose")}, {"gatepost.toml": MIGRATIONS.format("none")})
    assert judged(change) == [("policy/loosened", "error", "migrations[db/migrations].framework")]


def test_a_framework_that_nobody_knows_is_told_at_once(two_sides: Builder) -> None:
    change = two_sides({"a": ""}, {"gatepost.toml": MIGRATIONS.format("golang-migrte")})
    (found,) = [one for one in judged(change) if one[0] == "policy/invalid"]
    assert found[1:] == ("error", "migrations[0].framework")

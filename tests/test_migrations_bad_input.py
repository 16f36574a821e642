"""Files and trees that are broken or hostile: one clear finding each, never a silent pass, never a crash."""

from __future__ import annotations

import time

import pytest

from conftest import Builder, Content
from gatepost.checks.migrations import CHECK
from gatepost.git import Change
from gatepost.migrations import Migrations
from gatepost.model import Finding
from gatepost.policy import Duration, Policy, Size

FIRST = {"db/migrations/1_a.up.sql": "CREATE TABLE a (i int);", "db/migrations/1_a.down.sql": "DROP TABLE a;"}
UP, DOWN = "db/migrations/2_b.up.sql", "db/migrations/2_b.down.sql"
ADD, BACK = "ALTER TABLE a ADD COLUMN j int;", "ALTER TABLE a DROP COLUMN j;"


def findings(change: Change, policy: Policy | None = None) -> list[Finding]:
    chosen = policy or Policy()
    assert CHECK.relevant(change, chosen)
    return [finding for finding in CHECK.run(change, chosen).findings if finding.effective_level != "note"]


@pytest.mark.parametrize(
    ("content", "says", "line"),
    [
        (b"ALTER TABLE a ADD j int; -- caf\xe9", "is not UTF-8", 1),
        ("ALTER TABLE a ADD j int;".encode("utf-16"), "NUL", 1),
        (b"SELECT 1;\nSELECT '\0';", "NUL", 2),
        (b"a;\n<<<<<<< HEAD\nb;\n=======\nc;\n>>>>>>> x\n", "unfinished merge", 2),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "Git LFS", 1),
    ],
)
@pytest.mark.parametrize("side", [UP, DOWN])
def test_bytes_that_are_no_text(content: bytes, says: str, line: int, side: str, two_sides: Builder) -> None:
    files: dict[str, Content] = {UP: ADD, DOWN: BACK, side: content}
    (found,) = findings(two_sides(FIRST, files))
    assert (found.rule.id, found.path, found.line, found.effective_level) == (
        "migration/not-analysed",
        side,
        line,
        "error",
    )
    assert says in found.message
    assert found.fix


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_marks_and_line_ends_are_no_matter(mark: bytes, end: bytes, two_sides: Builder) -> None:
    good: dict[str, Content] = {UP: mark + ADD.encode() + end, DOWN: mark + b"-- back" + end + BACK.encode() + end}
    assert not findings(two_sides(FIRST, good))
    dbmate: dict[str, Content] = {
        "m/1_a.sql": mark + end.join((b"-- migrate:up", ADD.encode(), b"-- migrate:down", b"-- nothing", b""))
    }
    (found,) = findings(two_sides(None, dbmate))
    assert (found.rule.id, found.line) == ("migration/empty-down", 3)


def test_a_large_seed_and_deep_nesting_end_in_time(two_sides: Builder) -> None:
    row = "INSERT INTO a (i) VALUES ({});\n"
    seed = "".join(row.format(number) for number in range(80_000))
    assert len(seed) > 2_500_000
    started = time.process_time()
    large = findings(two_sides(FIRST, {UP: seed, DOWN: "DELETE FROM a;"}))
    nested = findings(two_sides(FIRST, {UP: f"SELECT {'(' * 5000}1{')' * 5000};", DOWN: f"DO $$ {'(' * 5000}"}))
    assert time.process_time() - started < 10
    assert all(found.rule.id.startswith("migration/") for found in [*large, *nested])


@pytest.mark.parametrize("mode", ["120000", "160000"])
def test_something_else_where_the_directory_was(mode: str, two_sides: Builder) -> None:
    gone: dict[str, Content] = dict.fromkeys(FIRST)
    content = b"elsewhere" if mode == "120000" else b"1" * 40
    found = findings(two_sides(FIRST, {**gone, "db/migrations": (mode, content)}))
    kinds = {one.rule.id for one in found}
    assert kinds == {"migration/removed", "migration/not-analysed"}
    assert [one.path for one in found if one.rule.id == "migration/not-analysed"] == ["db/migrations"]


def test_a_symlink_among_the_migrations(two_sides: Builder) -> None:
    found = findings(two_sides(FIRST, {UP: ADD, DOWN: ("120000", b"../1_a.down.sql")}))
    assert {(one.rule.id, one.path) for one in found} == {
        ("migration/missing-down", UP),
        ("migration/not-analysed", DOWN),
    }


def test_a_place_of_the_policy_without_migrations(two_sides: Builder) -> None:
    policy = Policy(tables={"migrations": (Migrations("db/migrate"),)})
    change = two_sides({"README.md": "x"}, {"db/migrate/README.md": "soon", "gatepost.toml": ""})
    (found,) = findings(change, policy)
    assert (found.rule.id, found.effective_level) == ("migration/not-analysed", "warning")
    assert "no migration" in found.message


def test_names_that_are_no_text(two_sides: Builder) -> None:
    name = b"db/migrations/2_\xff\n.up.sql".decode("utf-8", "surrogateescape")
    (found,) = findings(two_sides(FIRST, {name: ADD}))
    assert found.rule.id == "migration/missing-down"
    assert "\n" not in found.message
    assert found.message.isprintable()


def test_places_aside_and_places_that_are_none(two_sides: Builder) -> None:
    aside = {"x/testdata/1_a.up.sql": "x;", "node_modules/y/2_a.up.sql": "x;"}
    change = two_sides({"README.md": "x"}, dict(aside))
    assert not CHECK.run(change, Policy()).findings
    none = Policy(tables={"migrations": (Migrations("db", framework="none"),)})
    change = two_sides(None, {"db/1_a.up.sql": "x;"})
    assert not CHECK.run(change, none).findings
    pushed = Policy(pushed=none)
    change = two_sides(None, {"db/2_a.up.sql": "x;"})
    assert {found.rule.id for found in CHECK.run(change, pushed).findings} == {"migration/missing-down"}


def test_one_change_in_several_files_is_undone_together(two_sides: Builder) -> None:
    files = {
        "db/migrations/2_b.up.sql": "CREATE TABLE b (i int);",
        "db/migrations/2_b.down.sql": "DROP TABLE b;",
        "db/migrations/3_b.up.sql": "CREATE INDEX b_i ON b (i);",
        "db/migrations/3_b.down.sql": "",
    }
    outcome = CHECK.run(two_sides(FIRST, files), Policy())
    assert [(one.rule.id, one.effective_level) for one in outcome.findings] == [("migration/empty-down", "note")]
    files = {"db/migrations/4_c.up.sql": "CREATE INDEX a_i ON a (i);", "db/migrations/4_c.down.sql": ""}
    files |= {"db/migrations/5_d.up.sql": "CREATE TABLE d (i int);", "db/migrations/5_d.down.sql": "DROP TABLE d;"}
    found = findings(two_sides(FIRST, files))
    assert [(one.rule.id, one.effective_level) for one in found] == [("migration/empty-down", "error")]


def test_one_time_for_two_is_fine_where_the_whole_name_counts(two_sides: Builder) -> None:
    first = "database/migrations/2024_01_01_000000_a.php"
    text = (
        "<?php\nuse Illuminate\\Database\\Migrations\\Migration;\nreturn new class extends Migration {\n"
        "    public function up() { Schema::drop('a'); }\n    public function down() { DB::statement('x'); }\n};\n"
    )
    change = two_sides({first: text}, {first.replace("_a", "_b"): text + "//"})
    assert "migration/out-of-order" not in [one.rule.id for one in CHECK.run(change, Policy()).findings]


def test_the_limits_of_the_policy(two_sides: Builder) -> None:
    small = Policy(tables={"migrations": (Migrations("db/migrations", file_limit=Size(40)),)})
    (found,) = findings(two_sides(FIRST, {UP: "-- " + "x" * 50 + "\n" + ADD, DOWN: BACK}), small)
    assert (found.rule.id, found.path) == ("migration/not-analysed", UP)
    assert "larger than 40 bytes" in found.message


def test_a_file_that_takes_too_long(two_sides: Builder) -> None:
    short = Policy(tables={"migrations": (Migrations("db/migrations", file_time=Duration(0.0001)),)})
    long = "".join(f"SELECT {number};\n" for number in range(100_000))
    found = findings(two_sides(FIRST, {UP: long, DOWN: BACK}), short)
    assert "migration/not-analysed" in [one.rule.id for one in found]
    assert any("seconds to read" in one.message for one in found)


def test_many_markers_are_read_in_one_pass(two_sides: Builder) -> None:
    text = "-- migrate:up\nSELECT 1;\n-- migrate:down\n" * 40_000
    started = time.process_time()
    findings(two_sides(None, {"m/1_a.sql": text}))
    assert time.process_time() - started < 8

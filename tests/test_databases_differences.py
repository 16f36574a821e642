"""Comparing schemas: what differs is said object by object, with its grade; renames come from operations."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gatepost.databases._differences import Leave, differences, fingerprint
from gatepost.databases._differences_texts import alike
from gatepost.rehearsals import _same
from gatepost.sql import operations as ops
from gatepost.sql.operations import Column, Constraint, Index
from gatepost.sql.schema import Object, Schema, Table

USERS = Table(
    "users",
    {"id": Column("id", "integer", nullable=False), "name": Column("name", "text", default="'x'::text")},
    {"users_pkey": Constraint("primary key", ("id",), "users_pkey")},
    {"users_name_idx": Index(("name",), "users_name_idx", predicate="name IS NOT NULL")},
    {("", "owner"): "app", ("name", "comment"): "their name"},
)


def schema(*tables: Table, objects: tuple[Object, ...] = ()) -> Schema:
    made = Schema("postgresql")
    for table in tables:
        made.put(table)
    made.objects = {(found.kind, f"{found.name} on {found.on}" if found.on else found.name): found for found in objects}
    return made


def said(before: Schema, after: Schema, *operations: ops.Operation, leave: Leave | None = None) -> list[str]:
    found = differences(before, after, operations=operations, leave=leave or Leave())
    return [item.text + ("" if item.grade == "hard" else f" ({item.grade})") for item in found]


def column(**values: object) -> Table:
    return replace(USERS, columns={**USERS.columns, "name": replace(USERS.columns["name"], **values)})


@pytest.mark.parametrize(
    ("after", "text"),
    [
        (column(type="integer"), "column name of users has type integer instead of text"),
        (column(nullable=False), "column name of users does not allow NULL"),
        (column(default=None), "column name of users has default none instead of 'x'::text"),
        (column(default="('x'::TEXT)"), "column name of users has default ('x'::TEXT) instead of 'x'::text (soft)"),
        (column(default="'X'::text"), "column name of users has default 'X'::text instead of 'x'::text"),
        (replace(USERS, columns={"id": USERS.columns["id"]}), "column name of users is gone"),
        (
            replace(USERS, columns=dict(reversed(list(USERS.columns.items())))),
            "columns of users stand in another order (note)",
        ),
        (replace(USERS, constraints={}), "constraint users_pkey of users is gone"),
        (replace(USERS, indexes={}), "index users_name_idx of users is gone"),
        (
            replace(USERS, options={**USERS.options, ("", "owner"): "eve"}),
            "table users has owner eve instead of app",
        ),
        (replace(USERS, options={("", "owner"): "app"}), "name of users has comment none instead of their name"),
    ],
)
def test_one_difference(after: Table, text: str) -> None:
    assert said(schema(USERS), schema(after)) == [text]
    assert (fingerprint(schema(USERS)) == fingerprint(schema(after))) == text.endswith("(note)")


def test_tables_come_and_go_with_what_is_theirs() -> None:
    sequence = Object("sequence", "users_id_seq", "as integer", options=(("owned by", "users.id"),))
    full = schema(USERS, objects=(sequence, Object("trigger", "t", "…", "users")))
    assert said(full, schema()) == ["table users is gone"]
    assert said(schema(), full) == ["table users is new"]


def test_renames_are_taken_from_operations_only() -> None:
    key = Constraint("foreign key", ("user_id",), "fk", target="users", target_columns=("id",))
    child = Table("posts", {"user_id": Column("user_id")}, {"fk": key})
    people = replace(USERS, name="people")
    moved = replace(child, constraints={"fk": replace(key, target="people")})
    before, after = schema(USERS, child), schema(people, moved)
    assert "table users is gone" in said(before, after)
    assert said(before, after, ops.RenameTable("users", "people")) == ["table users is renamed to people"]
    assert said(before, before, ops.RenameTable("users", "people")) == []
    assert list(before.tables) == ["users", "posts"]


def test_renamed_column_is_compared_with_itself() -> None:
    after = replace(
        USERS,
        columns={"id": USERS.columns["id"], "title": Column("title", "varchar(9)", default="'x'::text")},
        indexes={"users_name_idx": Index(("title",), "users_name_idx", predicate="title IS NOT NULL")},
        options={("", "owner"): "app", ("title", "comment"): "their name"},
    )
    assert said(schema(USERS), schema(after), ops.RenameColumn("users", "name", "title")) == [
        "column name of users is renamed to title",
        "column title of users has type varchar(9) instead of text",
    ]


@pytest.mark.parametrize(
    "operations",
    [
        (
            ops.RenameColumn("users", "name", "a"),
            ops.RenameColumn("users", "a", "title"),
            ops.RenameTable("users", "people"),
        ),
        (ops.RenameTable("users", "x"), ops.RenameTable("x", "people"), ops.RenameColumn("people", "name", "title")),
        (
            ops.RenameTable("users", "people"),
            ops.DropColumn("people", "b"),
            ops.RenameColumn("people", "name", "title"),
        ),
    ],
)
def test_renames_in_a_row(operations: tuple[ops.Operation, ...]) -> None:
    after = replace(
        USERS,
        name="people",
        columns={"id": USERS.columns["id"], "title": Column("title", "text", default="'x'::text")},
        indexes={"users_name_idx": Index(("title",), "users_name_idx", predicate="title IS NOT NULL")},
        options={("", "owner"): "app", ("title", "comment"): "their name"},
    )
    assert said(schema(USERS), schema(after), *operations) == [
        "table users is renamed to people",
        "column name of people is renamed to title",
    ]


def test_other_renames() -> None:
    before = schema(USERS, objects=(Object("enum", "mood", values=("a", "b")),))
    after = schema(
        replace(USERS, indexes={"other": replace(USERS.indexes["users_name_idx"], name="other")}),
        objects=(Object("enum", "feeling", values=("a", "c")),),
    )
    found = said(
        before,
        after,
        ops.RenameIndex("users_name_idx", "other"),
        ops.RenameObject("type", "mood", "feeling"),
        ops.RenameEnumValue("feeling", "b", "c"),
    )
    assert found == [
        "index users_name_idx of users is renamed to other",
        "enum mood is renamed to feeling",
        "enum value b of feeling is renamed to c",
    ]


@pytest.mark.parametrize(
    "name",
    ["schema_migrations", "__diesel_schema_migrations", "alembic_version", "django_migrations", "flyway_schema_history",
     "goose_db_version", "_sqlx_migrations", "knex_migrations", "knex_migrations_lock", "ar_internal_metadata",
     "databasechangelog", "DATABASECHANGELOGLOCK", "_prisma_migrations", "drizzle.__drizzle_migrations",
     "sqitch.changes", "SequelizeMeta", "app.schema_migrations", "mine_tmp"],
)  # fmt: skip
def test_bookkeeping_is_left_out(name: str) -> None:
    table = replace(USERS, name=name)
    owned = Object("sequence", "s", options=(("owned by", f"{name}.id"),))
    leave = Leave(names=("*_tmp",))
    assert said(schema(USERS), schema(USERS, table, objects=(owned,)), leave=leave) == []
    assert said(schema(USERS, table), schema(USERS), leave=leave) == []
    assert fingerprint(schema(USERS, table, objects=(owned,)), leave) == fingerprint(schema(USERS), leave)


@pytest.mark.parametrize(
    ("name", "left_out"),
    [("log_2026_11", True), ("log_p20261122", True), ("log_2026_11_22", True), ("log_202611", True),
     ("log_p2026_w47", True), ("log_default", False), ("log_1", False), ("log_europe", False)],
)  # fmt: skip
def test_dated_partitions_are_left_out(name: str, left_out: bool) -> None:
    child = Table(name, {"id": Column("id")}, options={("", "partition of"): "log"})
    assert (said(schema(), schema(child)) == []) == left_out
    assert said(schema(), schema(replace(child, options={}))) == [f"table {name} is new"]


def test_a_rehearsal_looks_at_dated_partitions() -> None:
    child = Table("log_2026_11", {"id": Column("id")}, options={("", "partition of"): "log"})
    assert _same.differences(schema(USERS), schema(USERS, child))[0] == ["table log_2026_11 is new"]


def test_partitions_of_a_dated_partition_are_left_out() -> None:
    day = Table("log_20261122", {"id": Column("id")}, options={("", "partition of"): "log"})
    part = Table("log_20261122_done", {"id": Column("id")}, options={("", "partition of"): "log_20261122"})
    assert said(schema(USERS), schema(USERS, part, day)) == []


def test_facets_of_the_policy_are_left_out() -> None:
    view = Object("view", "v", "SELECT 1", options=(("comment of id", "x"), ("owner", "app")))
    other = replace(view, options=(("owner", "eve"),))
    leave = Leave(facets=frozenset(("owner", "comment")))
    assert said(schema(objects=(view,)), schema(objects=(other,)), leave=leave) == []
    assert len(said(schema(objects=(view,)), schema(objects=(other,)))) == 2


def test_kinds_of_the_policy_are_left_out() -> None:
    made = schema(objects=(Object("default privileges", "tables of app"),))
    assert said(schema(), made, leave=Leave(facets=frozenset(("default privileges",)))) == []
    assert said(schema(), made) == ["default privileges tables of app is new"]


def test_objects() -> None:
    enum, body = Object("enum", "mood", values=("a", "b")), Object("function", "f()", "AS $$ BEGIN  RETURN (1); END $$")
    assert said(schema(objects=(enum,)), schema(objects=(replace(enum, values=("b", "c")),))) == [
        "enum mood also has the value 'c' and has no value 'a'"
    ]
    assert said(schema(objects=(enum,)), schema(objects=(replace(enum, values=("b", "a")),))) == [
        "enum mood has its values in another order"
    ]
    changed = replace(body, definition="as $$begin return 1; end -- done\n$$")
    assert said(schema(objects=(body,)), schema(objects=(changed,))) == [
        "function f() is written in another way (soft)"
    ]
    assert said(
        schema(objects=(body,)), schema(objects=(replace(body, definition="AS $$ BEGIN RETURN 2; END $$"),))
    ) == ["function f() has another definition"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("SELECT u.id FROM public.u WHERE (u.a = 1)", "SELECT id FROM public.u WHERE (a = 1)", True),
        ("SELECT x.id FROM public.u x", "SELECT id FROM public.u x", True),
        ("SELECT a.id FROM a JOIN b ON a.x = b.x", "SELECT b.id FROM a JOIN b ON a.x = b.x", False),
        ("SELECT u.id FROM public.u", "SELECT id FROM audit.u", False),
        ("SELECT public.f(1) FROM u", "SELECT f(1) FROM u", False),
    ],
)
def test_views_of_two_majors(one: str, other: str, same: bool) -> None:
    views = [Object("view", "v", text) for text in (one, other)]
    found = differences(schema(objects=(views[0],)), schema(objects=(views[1],)))
    assert [item.grade for item in found] == ["soft" if same else "hard"]


def test_a_default_that_says_null_is_none() -> None:
    text = "column name of users has default NULL::character varying instead of none (soft)"
    assert said(schema(column(default=None)), schema(column(default="NULL::character varying"))) == [text]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a > 0", "((A) > (0))", True),
        ("(a > 0) AND (b > 0)", "a > 0 AND b > 0", True),
        ("((a AND b) OR c)", "a AND b OR c", True),
        ("(a OR b) AND c", "a OR b AND c", False),
        ("(a + b) * c", "a + b * c", False),
        ("NOT (a AND b)", "NOT a AND b", False),
        ("f(a)", "f a", False),
        ("count(*)", "count(1)", False),
        ("'a  b'", "'a b'", False),
        ("'A'", "'a'", False),
        ('"A"', '"a"', False),
        ('"a"', "a", True),
        ("a IN (1)", "a IN 1", False),
        ("x::integer > 1", "x::numeric > 1", False),
        ("SELECT a -- why\n FROM t;", "select a from t", True),
        ("(" * 150 + "a" + ")" * 150, "a", True),
        ("(" * 50_000 + "a b " * 10_000 + ")" * 50_000, "b", False),
    ],
)
def test_texts(one: str, other: str, same: bool) -> None:
    assert alike(one, other, "postgresql") == same
    assert alike(other, one, "postgresql") == same

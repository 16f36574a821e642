"""What Rails' migrations do in both directions, and which of them have no way back."""

from __future__ import annotations

import textwrap

import pytest

pytest.importorskip("tree_sitter_ruby")

from gatepost.migrations import Scripts, Sql
from gatepost.migrations._rails import read
from gatepost.sql import operations as ops


def migration(body: str, dialect: str = "postgresql", top: str = "") -> Scripts:
    inner = textwrap.indent(textwrap.dedent(body).strip(), "  ")
    return read(f"class X < ActiveRecord::Migration[7.1]\n{top}{inner}\nend\n", "db/migrate/1_x.rb", dialect)


def change(body: str) -> Scripts:
    return migration("def change\n" + textwrap.indent(textwrap.dedent(body).strip(), "  ") + "\nend")


def plain(steps: tuple[object, ...]) -> list[object]:
    return [step.text if isinstance(step, Sql) else step.at(1) for step in steps]


ID = ops.Column("id", "bigint", False, identity="serial")
ROWS: dict[str, tuple[str, list[object], list[object]]] = {
    "add a column": (
        "add_column :t, :c, :decimal, precision: 5, scale: 2, null: false, default: 0",
        [ops.AddColumn("t", ops.Column("c", "numeric(5,2)", False, "0"))],
        [ops.DropColumn("t", "c")],
    ),
    "remove a column": (
        "remove_column :t, :c, :string",
        [ops.DropColumn("t", "c")],
        [ops.AddColumn("t", ops.Column("c", "varchar"))],
    ),
    "a table": (
        "create_table :posts do |t|\n  t.string :title, null: false\n  t.belongs_to :user, foreign_key: true\nend",
        [
            ops.CreateTable(
                "posts",
                (ID, ops.Column("title", "varchar", False), ops.Column("user_id", "bigint")),
                (
                    ops.Constraint("primary key", ("id",)),
                    ops.Constraint("foreign key", ("user_id",), target="users", target_columns=("id",)),
                ),
            ),
            ops.CreateIndex("posts", ops.Index(("user_id",), "index_posts_on_user_id")),
        ],
        [ops.DropTable("posts")],
    ),
    "an index": (
        "add_index :t, [:a, :b], unique: true, algorithm: :concurrently",
        [ops.CreateIndex("t", ops.Index(("a", "b"), "index_t_on_a_and_b", True), concurrently=True)],
        [ops.DropIndex("index_t_on_a_and_b", "t", concurrently=True)],
    ),
    "names": (
        "rename_column :t, :a, :b\nrename_table :t, :u",
        [ops.RenameColumn("t", "a", "b"), ops.RenameTable("t", "u")],
        [ops.RenameTable("u", "t"), ops.RenameColumn("t", "b", "a")],
    ),
    "nullability": (
        "change_column_null :t, :c, false",
        [ops.SetNullable("t", "c", False)],
        [ops.SetNullable("t", "c", True)],
    ),
    "a default": (
        "change_column_default :t, :c, from: nil, to: 1",
        [ops.SetDefault("t", "c", "1")],
        [ops.SetDefault("t", "c", None)],
    ),
    "change_table": (
        "change_table :t do |t|\n  t.string :a\n  t.rename :b, :c\nend",
        [ops.AddColumn("t", ops.Column("a", "varchar")), ops.RenameColumn("t", "b", "c")],
        [ops.RenameColumn("t", "c", "b"), ops.DropColumn("t", "a")],
    ),
    "reversible": (
        "reversible do |dir|\n  dir.up { execute 'CREATE VIEW v' }\n  dir.down { execute 'DROP VIEW v' }\nend",
        ["CREATE VIEW v"],
        ["DROP VIEW v"],
    ),
    "revert": (
        "revert do\n  add_column :t, :c, :text\nend",
        [ops.DropColumn("t", "c")],
        [ops.AddColumn("t", ops.Column("c", "text"))],
    ),
    "a wrapper": ("safety_assured { rename_table :a, :b }", [ops.RenameTable("a", "b")], [ops.RenameTable("b", "a")]),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_change_in_both_directions(row: tuple[str, list[object], list[object]]) -> None:
    found = change(row[0])
    assert plain(found.up.steps) == row[1]
    assert found.down
    assert plain(found.down.steps) == row[2]
    assert (found.up.certain, found.down.state) == (True, "ok")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("execute 'DROP TABLE t'", "execute in change"),
        ("remove_column :t, :c", "has no type"),
        ("remove_columns :t, :a, :b", "has no type:"),
        ("drop_table :t", "has no block"),
        ("change_column :t, :c, :text", "change_column"),
        ("change_column_default :t, :c, 1", "from:"),
        ("remove_index :t, name: 'i'", "column:"),
        ("reversible do |d|\n  d.down { raise ActiveRecord::IrreversibleMigration }\nend", "reversible block"),
    ],
)
def test_a_change_that_rails_cannot_undo(body: str, why: str) -> None:
    found = change(body)
    assert found.down is None
    assert why in found.absent


@pytest.mark.parametrize(
    ("down", "state"),
    [
        ("", "empty"),
        ("# nothing", "empty"),
        ("nil", "empty"),
        ("puts 'no'", "noop"),
        ("execute 'SELECT 1'", "noop"),
        ("raise 'never'", "raising"),
        ("raise ActiveRecord::IrreversibleMigration", "irreversible"),
        ("drop_table :t", "ok"),
        ("execute <<~SQL\n  DROP TABLE t\nSQL", "ok"),
    ],
)
def test_the_state_of_a_down(down: str, state: str) -> None:
    found = migration(f"def up\n  create_table :t\nend\n\ndef down\n{down}\nend")
    assert found.down
    assert found.down.state == state


def test_an_up_without_a_down() -> None:
    found = migration("def up\n  add_column :t, :c, :text\nend")
    assert found.down is None
    assert found.up.certain


def test_a_heredoc_keeps_its_text_and_transactions_can_be_off() -> None:
    found = migration(
        "def up\n  execute <<~SQL\n    DROP TABLE #{x}\n  SQL\nend\ndef down; end", top="  disable_ddl_transaction!\n"
    )
    (step,) = found.up.steps
    assert "DROP TABLE gatepost_unknown" in step.text
    assert step.dynamic
    assert not found.up.transaction


@pytest.mark.parametrize("body", ["add_own_thing :t", "if x?\n  drop_table :t\nend", "[1].each { |x| y x }"])
def test_what_is_not_understood_makes_it_uncertain(body: str) -> None:
    assert not migration(f"def up\n  {body}\nend\ndef down; end").up.certain

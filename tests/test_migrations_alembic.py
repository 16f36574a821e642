"""What an Alembic revision does, as neutral operations."""

from __future__ import annotations

import contextlib
import textwrap

import pytest

from gatepost.migrations import Scripts, Sql
from gatepost.migrations._alembic import read
from gatepost.migrations._look import Unreadable
from gatepost.sql import operations as ops


def revision(up: str, down: str = "pass", dialect: str = "postgresql", top: str = "") -> Scripts:
    body = "\n\n".join(
        f"def {name}() -> None:\n{textwrap.indent(textwrap.dedent(text).strip(), '    ')}"
        for name, text in (("upgrade", up), ("downgrade", down))
    )
    return read(f"from alembic import op\nimport sqlalchemy as sa\n{top}\n\n{body}\n", "x.py", dialect)


def test_a_table_brings_its_counter_keys_indexes_and_enum() -> None:
    up = revision(
        """
        op.create_table("posts",
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column("mood", sa.Enum("ok", "bad", name="mood")),
            sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), index=True),
            sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
            sa.UniqueConstraint("at"), schema="blog")
        """
    ).up
    enum, table, index = up.steps
    assert enum == ops.CreateObject("enum", "mood", values=("ok", "bad"), if_not_exists=True, line=enum.line)
    assert table.table == "blog.posts"
    assert [(c.name, c.type, c.nullable, c.default, c.identity) for c in table.columns] == [
        ("id", "integer", False, None, "serial"),
        ("mood", "mood", True, None, None),
        ("user_id", "integer", True, None, None),
        ("at", "timestamptz", False, "now()", None),
    ]
    assert [(c.kind, c.columns, c.name, c.target, c.on_delete) for c in table.constraints] == [
        ("primary key", ("id",), "pk_posts", None, ""),
        ("unique", ("at",), None, None, ""),
        ("foreign key", ("user_id",), None, "users", "cascade"),
    ]
    assert (index.index.name, index.index.columns) == ("ix_blog_posts_user_id", ("user_id",))
    assert up.certain


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ('op.drop_table("t")', [ops.DropTable("t", line=6)]),
        ('op.drop_column("t", "c", schema="s")', [ops.DropColumn("s.t", "c", line=6)]),
        ('op.rename_table("t", "u")', [ops.RenameTable("t", "u", line=6)]),
        ('op.alter_column("t", "c", new_column_name="d")', [ops.RenameColumn("t", "c", "d", line=6)]),
        (
            'op.alter_column("t", "c", existing_type=sa.Text(), type_=sa.String(9), nullable=False)',
            [ops.SetType("t", "c", "varchar(9)", line=6), ops.SetNullable("t", "c", nullable=False, line=6)],
        ),
        ('op.alter_column("t", "c", server_default=None)', [ops.SetDefault("t", "c", None, line=6)]),
        ('op.drop_index(op.f("i"), table_name="t")', [ops.DropIndex("i", "t", line=6)]),
        ('op.drop_constraint("k", "t", type_="unique")', [ops.DropConstraint("t", "k", "unique", line=6)]),
        ('op.execute("DROP VIEW v")', [Sql("DROP VIEW v", 6)]),
        ('op.execute(sa.text("DROP VIEW v"))', [Sql("DROP VIEW v", 6)]),
        ('op.get_bind().execute(sa.text("DROP VIEW v"))', [Sql("DROP VIEW v", 6)]),
        ("op.execute(users.delete())", [ops.Data("delete", "", filtered=False, line=6)]),
        (
            'op.create_index("i", "t", ["a", sa.text("lower(b)")], unique=True, postgresql_concurrently=True)',
            [ops.CreateIndex("t", ops.Index(("a", "lower(b)"), "i", True), concurrently=True, line=6)],
        ),
        ('sa.Enum(name="mood").drop(op.get_bind())', [ops.DropObject("enum", "mood", if_exists=True, line=6)]),
    ],
)
def test_operations(code: str, wanted: list[object]) -> None:
    up = revision(code).up
    assert list(up.steps) == wanted
    assert up.certain


def test_a_batch_a_loop_and_a_function_are_followed() -> None:
    up = revision(
        """
        with op.batch_alter_table("t", schema=None) as batch_op:
            batch_op.drop_column("a")
            batch_op.create_unique_constraint(batch_op.f("u"), ["b"])
        for name in ("x", "y"):
            drop(TABLE, name)
        """,
        top='TABLE = "t"\n\ndef drop(table, column):\n    op.drop_column(table, column)\n',
    ).up
    assert [(type(step).__name__, getattr(step, "column", None)) for step in up.steps] == [
        ("DropColumn", "a"),
        ("AddConstraint", None),
        ("DropColumn", "x"),
        ("DropColumn", "y"),
    ]
    assert up.certain


def test_the_branch_of_the_dialect_is_taken() -> None:
    code = """
    if op.get_bind().dialect.name == "postgresql":
        op.drop_table("a")
    else:
        op.drop_table("b")
    """
    assert [step.table for step in revision(code).up.steps] == ["a"]
    assert [step.table for step in revision(code, dialect="mysql").up.steps] == ["b"]


@pytest.mark.parametrize(
    "code",
    [
        "for user in session.query(User):\n    user.name = 1",
        "if not exists('t'):\n    op.drop_table('t')",
        "op.create_entity(view)",
        "op.drop_table(compute())",
        "while True:\n    break",
    ],
)
def test_code_that_is_not_understood_makes_it_uncertain(code: str) -> None:
    assert not revision(code).up.certain


def test_sql_that_is_filled_in_at_run_time_is_marked() -> None:
    (step,) = revision('op.execute(f"ALTER TABLE {table()} DROP COLUMN a")').up.steps
    assert step == Sql("ALTER TABLE gatepost_unknown DROP COLUMN a", 6, dynamic=True)


@pytest.mark.parametrize(
    ("down", "state"),
    [
        ("pass", "empty"),
        ("...", "empty"),
        ("return None", "empty"),
        ('"""Nothing."""', "empty"),
        ("bind = op.get_bind()", "noop"),
        ('print("sorry")', "noop"),
        ('op.execute("SELECT 1")', "noop"),
        ('raise NotImplementedError("no")', "raising"),
        ('if x:\n    raise ValueError\nop.drop_table("t")', "ok"),
    ],
)
def test_the_state_of_a_down(down: str, state: str) -> None:
    found = revision('op.drop_table("t")', down).down
    assert found
    assert found.state == state


def test_hostile_nesting_is_unreadable_and_no_crash() -> None:
    with pytest.raises(Unreadable):
        revision("x = " + "(" * 5000 + "1" + ")" * 5000)
    deep = "x = " + "-" * 3000 + "1"
    with contextlib.suppress(Unreadable):
        assert revision(deep).up is not None

"""What Django's operations do in both directions, and which of them have no way back."""

from __future__ import annotations

import textwrap

import pytest

from conftest import Builder
from gatepost.checks._migration_report import Down, judge
from gatepost.migrations import Migration, Sql, collect
from gatepost.policy import Policy
from gatepost.sql import operations as ops

SETTINGS = {"shop/settings.py": "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql'}}\n"}


def module(operations: str, needs: str = "", top: str = "", extra: str = "") -> str:
    dependency = f'("orders", "{needs}")' if needs else ""
    body = textwrap.indent(textwrap.dedent(operations).strip(), "        ")
    return (
        "from django.db import migrations, models\n\n"
        f"{textwrap.dedent(top)}\n\nclass Migration(migrations.Migration):\n{extra}"
        f"    dependencies = [{dependency}]\n\n    operations = [\n{body}\n    ]\n"
    )


FIRST = module(
    """
    migrations.CreateModel(
        name="Order",
        fields=[
            ("id", models.BigAutoField(primary_key=True)),
            ("note", models.CharField(max_length=50)),
            ("customer", models.ForeignKey(on_delete=models.CASCADE, to="people.Customer")),
        ],
        options={"db_table": "sales_order"},
    ),
    """
)
A, B = "shop/orders/migrations/0001_initial.py", "shop/orders/migrations/0002_next.py"


def second(two_sides: Builder, operations: str, top: str = "", extra: str = "") -> tuple[Migration, Down]:
    base = {**SETTINGS, A: FIRST}
    change = two_sides(base, {B: module(operations, "0001_initial", top, extra)})
    (history,) = collect(change, Policy()).histories
    (new,) = history.changes
    assert (history.place.framework, new.migration.version, history.problems) == ("django", "0002_next", ())
    return new.migration, judge(new.migration, history.place)


def test_the_first_migration(two_sides: Builder) -> None:
    (history,) = collect(two_sides(SETTINGS, {A: FIRST}), Policy()).histories
    (new,) = history.new
    table, index = new.up.steps
    assert table.table == "sales_order"
    assert [(c.name, c.type, c.nullable, c.identity) for c in table.columns] == [
        ("id", "bigint", False, "by default"),
        ("note", "varchar(50)", False, None),
        ("customer_id", "", False, None),
    ]
    assert [(c.kind, c.columns, c.target) for c in table.constraints] == [
        ("primary key", ("id",), None),
        ("foreign key", ("customer_id",), "people_customer"),
    ]
    assert index.index.columns == ("customer_id",)
    assert new.down
    assert [(type(step), step.table) for step in new.down.steps] == [(ops.DropTable, "sales_order")]


ADDED = ops.Column("code", "varchar(5)", False, "''")
ROWS = {
    "add a field": (
        'migrations.AddField("order", "code", models.CharField(max_length=5, default="")),',
        [ops.AddColumn("sales_order", ADDED), ops.SetDefault("sales_order", "code", None)],
        [ops.DropColumn("sales_order", "code", cascade=True)],
    ),
    "add a required field": (
        'migrations.AddField(model_name="order", name="n", field=models.IntegerField()),',
        [ops.AddColumn("sales_order", ops.Column("n", "integer", False))],
        [ops.DropColumn("sales_order", "n", cascade=True)],
    ),
    "remove a field": (
        'migrations.RemoveField(model_name="order", name="note"),',
        [ops.DropColumn("sales_order", "note", cascade=True)],
        [ops.AddColumn("sales_order", ops.Column("note", "varchar(50)", False))],
    ),
    "alter a field": (
        'migrations.AlterField("order", "note", models.TextField(null=True)),',
        [ops.SetType("sales_order", "note", "text"), ops.SetNullable("sales_order", "note", True)],
        [ops.SetType("sales_order", "note", "varchar(50)"), ops.SetNullable("sales_order", "note", False)],
    ),
    "rename a field": (
        'migrations.RenameField("order", "note", "remark"),',
        [ops.RenameColumn("sales_order", "note", "remark")],
        [ops.RenameColumn("sales_order", "remark", "note")],
    ),
    "rename a model with a table of its own": ('migrations.RenameModel("Order", "Sale"),', [], []),
    "change the table": (
        'migrations.AlterModelTable("order", "sale"),',
        [ops.RenameTable("sales_order", "sale")],
        [ops.RenameTable("sale", "sales_order")],
    ),
    "add an index": (
        'migrations.AddIndex("order", models.Index(fields=["-note"], name="i")),',
        [ops.CreateIndex("sales_order", ops.Index(("note desc",), "i"))],
        [ops.DropIndex("i", "sales_order")],
    ),
    "add a constraint": (
        'migrations.AddConstraint("order", models.UniqueConstraint(fields=("note",), name="u")),',
        [ops.AddConstraint("sales_order", ops.Constraint("unique", ("note",), "u"))],
        [ops.DropConstraint("sales_order", "u", "unique")],
    ),
    "together": (
        'migrations.AlterUniqueTogether("order", {("note", "customer")}),',
        [ops.AddConstraint("sales_order", ops.Constraint("unique", ("note", "customer_id")))],
        [ops.DropConstraint("sales_order", None, "unique", ("note", "customer_id"))],
    ),
    "SQL": (
        'migrations.RunSQL("DROP VIEW v", "CREATE VIEW v AS SELECT 1"),',
        ["DROP VIEW v"],
        ["CREATE VIEW v AS SELECT 1"],
    ),
    "options only": ('migrations.AlterModelOptions("order", {"ordering": ["id"]}),', [], []),
    "state only": (
        'migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("order", "note")]),',
        [],
        [],
    ),
    "an extension": (
        "TrigramExtension(),",
        [ops.CreateObject("extension", "pg_trgm", if_not_exists=True)],
        [ops.DropObject("extension", "pg_trgm", if_exists=True)],
    ),
}


def plain(steps: tuple[object, ...]) -> list[object]:

    return [s.text if isinstance(s, Sql) else s.at(1) for s in steps]


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_both_directions(row: tuple[str, list[object], list[object]], two_sides: Builder) -> None:
    migration, down = second(two_sides, row[0])
    assert plain(migration.up.steps) == row[1]
    assert migration.down
    assert plain(migration.down.steps) == row[2]
    assert down.word == "ok"
    assert migration.up.certain


FORWARD = "def forward(apps, schema_editor):\n    apps.get_model('orders', 'Order').objects.update(note='x')\n"


@pytest.mark.parametrize(
    ("operations", "top", "word", "quiet"),
    [
        ("migrations.RunPython(forward),", FORWARD, "missing", False),
        ("migrations.RunPython(forward, None),", FORWARD, "missing", False),
        ("migrations.RunPython(forward, migrations.RunPython.noop),", FORWARD, "noop", True),
        ("migrations.RunPython(forward, reverse_code=lambda apps, schema_editor: None),", FORWARD, "noop", True),
        ("migrations.RunPython(forward, forward),", FORWARD, "noop", True),
        ("migrations.RunPython(forward, back),", FORWARD + "\n\ndef back(a, b):\n    pass\n", "noop", True),
        (
            "migrations.RunPython(forward, back),",
            FORWARD + "\n\ndef back(a, b):\n    raise ValueError\n",
            "raising",
            False,
        ),
        ("migrations.RunPython(forward, back),", FORWARD + "\n\ndef back(a, b):\n    a.x()\n", "ok", False),
        ('migrations.RunSQL("DROP TABLE t"),', "", "missing", False),
        ('migrations.RunSQL("DROP TABLE t", migrations.RunSQL.noop),', "", "noop", False),
        ('migrations.RunSQL(["DROP TABLE t", ("DELETE FROM u", [])], reverse_sql=""),', "", "noop", False),
        ('migrations.RunSQL("UPDATE t SET a = 1 WHERE b", "SELECT 1"),', "", "noop", True),
        (
            'migrations.AddField("order", "n", models.TextField()), migrations.RunPython(forward, RunPython.noop),',
            FORWARD,
            "ok",
            False,
        ),
    ],
)
def test_code_and_sql_going_back(operations: str, top: str, word: str, quiet: bool, two_sides: Builder) -> None:
    _, down = second(two_sides, operations, top)
    assert (down.word, down.quiet) == (word, quiet)


@pytest.mark.parametrize("operation", ["Own(),", "*more(),", "third.Party(1),"])
def test_an_operation_of_someone_else_is_not_understood(operation: str, two_sides: Builder) -> None:
    migration, _ = second(two_sides, operation, "class Own(migrations.RunPython):\n    pass\n")
    assert not migration.up.certain


def test_outside_of_a_transaction(two_sides: Builder) -> None:
    operations = 'AddIndexConcurrently("order", models.Index(fields=["note"], name="i")),'
    migration, _ = second(two_sides, operations, extra="    atomic = False\n")
    assert not migration.up.transaction
    assert migration.up.steps[0].concurrently

"""The frameworks that are read through grammars: found, their downs told apart, their calls understood."""

from __future__ import annotations

import sys
from typing import NamedTuple

import pytest

pytest.importorskip("tree_sitter_php")
pytest.importorskip("tree_sitter_elixir")
pytest.importorskip("tree_sitter_c_sharp")
pytest.importorskip("tree_sitter_typescript")

from conftest import Builder
from gatepost.checks import _migration_report as report
from gatepost.migrations import Migration, Sql, collect
from gatepost.policy import Policy
from gatepost.sql import operations as ops


class Tool(NamedTuple):
    """How a framework's file looks: its path, its text around an up and a down, and one real down."""

    framework: str
    path: str
    text: str
    up: str
    down: str
    raising: str = ""
    idle: str = ""


LARAVEL = (
    "<?php\nuse Illuminate\\Database\\Migrations\\Migration;\nreturn new class extends Migration {{\n"
    "    public function up(): void\n    {{\n{up}\n    }}\n"
    "    public function down(): void\n    {{\n{down}\n    }}\n}};\n"
)
DOCTRINE = (
    "<?php\nuse Doctrine\\Migrations\\AbstractMigration;\nfinal class V extends AbstractMigration {{\n"
    "    public function up(Schema $schema): void\n    {{\n{up}\n    }}\n"
    "    public function down(Schema $schema): void\n    {{\n{down}\n    }}\n}}\n"
)
PHINX = (
    "<?php\nuse Phinx\\Migration\\AbstractMigration;\nclass A extends AbstractMigration {{\n"
    "    public function up()\n    {{\n{up}\n    }}\n    public function down()\n    {{\n{down}\n    }}\n}}\n"
)
KNEX = "exports.up = async function (knex) {{\n{up}\n}};\n\nexports.down = async function (knex) {{\n{down}\n}};\n"
KNEX_TS = (
    'import {{ Knex }} from "knex";\n\nexport async function up(knex: Knex): Promise<void> {{\n{up}\n}}\n\n'
    "export async function down(knex: Knex): Promise<void> {{\n{down}\n}}\n"
)
SEQUELIZE = (
    "'use strict';\nmodule.exports = {{\n  async up(queryInterface, Sequelize) {{\n{up}\n  }},\n"
    "  async down(queryInterface, Sequelize) {{\n{down}\n  }}\n}};\n"
)
TYPEORM = (
    'import {{ MigrationInterface, QueryRunner }} from "typeorm";\nexport class A1 implements MigrationInterface {{\n'
    "  public async up(queryRunner: QueryRunner): Promise<void> {{\n{up}\n  }}\n"
    "  public async down(queryRunner: QueryRunner): Promise<void> {{\n{down}\n  }}\n}}\n"
)
MIKRO = (
    "import {{ Migration }} from '@mikro-orm/migrations';\nexport class M extends Migration {{\n"
    "  override async up(): Promise<void> {{\n{up}\n  }}\n  override async down(): Promise<void> {{\n{down}\n  }}\n}}\n"
)
ECTO = "defmodule R.M do\n  use Ecto.Migration\n  def up do\n{up}\n  end\n  def down do\n{down}\n  end\nend\n"
EF = (
    "public partial class A : Migration {{\n"
    "  protected override void Up(MigrationBuilder migrationBuilder) {{\n{up}\n  }}\n"
    "  protected override void Down(MigrationBuilder migrationBuilder) {{\n{down}\n  }}\n}}\n"
)
PGM = "exports.up = (pgm) => {{\n{up}\n}};\nexports.down = (pgm) => {{\n{down}\n}};\n"
RAILS = "class A < ActiveRecord::Migration[7.0]\n  def up\n{up}\n  end\n\n  def down\n{down}\n  end\nend\n"

TOOLS = [
    Tool(
        "laravel",
        "database/migrations/2024_01_01_000000_a.php",
        LARAVEL,
        "Schema::table('t', function (Blueprint $table) { $table->string('c', 20)->nullable(); });",
        "Schema::table('t', function (Blueprint $table) { $table->dropColumn('c'); });",
        "throw new \\RuntimeException('no');",
        "DB::statement('SELECT 1');",
    ),
    Tool(
        "doctrine",
        "migrations/Version20240101000000.php",
        DOCTRINE,
        "$this->addSql('ALTER TABLE t ADD c VARCHAR(20) DEFAULT NULL');",
        "$this->addSql('ALTER TABLE t DROP c');",
        "throw new \\LogicException('no');",
        "$this->addSql('SELECT 1');",
    ),
    Tool(
        "phinx",
        "db/migrations/20240101000000_a.php",
        PHINX,
        "$this->table('t')->addColumn('c', 'string', ['limit' => 20])->update();",
        "$this->table('t')->removeColumn('c')->update();",
        "throw new \\Exception('no');",
        "$this->execute('SELECT 1');",
    ),
    Tool(
        "knex",
        "migrations/20240101000000_a.js",
        KNEX,
        'await knex.schema.alterTable("t", (table) => { table.string("c", 20); });',
        'return knex.schema.alterTable("t", function (table) { table.dropColumn("c"); });',
        'throw new Error("no");',
        'await knex.raw("SELECT 1");',
    ),
    Tool(
        "knex",
        "migrations/20240101000000_a.ts",
        KNEX_TS,
        'await knex.schema.alterTable("t", (table) => { table.string("c", 20); });',
        'await knex.schema.alterTable("t", (table) => { table.dropColumn("c"); });',
        'throw new Error("no");',
        "await knex.raw(`SELECT 1`);",
    ),
    Tool(
        "sequelize",
        "migrations/20240101000000-a.js",
        SEQUELIZE,
        "await queryInterface.addColumn('t', 'c', { type: Sequelize.STRING(20), allowNull: true });",
        "await queryInterface.removeColumn('t', 'c');",
        "throw new Error('no');",
        "await queryInterface.sequelize.query('SELECT 1');",
    ),
    Tool(
        "typeorm",
        "src/migrations/1700000000000-A.ts",
        TYPEORM,
        "await queryRunner.query(`ALTER TABLE t ADD c varchar(20)`);",
        "await queryRunner.query(`ALTER TABLE t DROP COLUMN c`);",
        "throw new Error('no');",
        "await queryRunner.query(`SELECT 1`);",
    ),
    Tool(
        "mikro-orm",
        "migrations/Migration20240101000000.ts",
        MIKRO,
        "this.addSql('alter table t add column c varchar(20)');",
        "this.addSql('alter table t drop column c');",
        "throw new Error('no');",
        "this.addSql('select 1');",
    ),
    Tool(
        "ecto",
        "priv/repo/migrations/20240101000000_a.exs",
        ECTO,
        "    alter table(:t) do\n      add :c, :string, size: 20\n    end",
        "    alter table(:t) do\n      remove :c\n    end",
        '    raise "no"',
        '    execute "SELECT 1"',
    ),
    Tool(
        "ef-core",
        "Migrations/20240101000000_A.cs",
        EF,
        'migrationBuilder.AddColumn<string>(name: "c", table: "t", type: "varchar(20)", nullable: true);',
        'migrationBuilder.DropColumn(name: "c", table: "t");',
        "throw new NotSupportedException();",
        'migrationBuilder.Sql("SELECT 1");',
    ),
    Tool(
        "node-pg-migrate",
        "migrations/1700000000000_a.js",
        PGM,
        "pgm.addColumns('t', { c: { type: 'varchar(20)' } });",
        "pgm.dropColumns('t', ['c']);",
        "throw new Error('no');",
        "pgm.sql('SELECT 1');",
    ),
    Tool(
        "rails",
        "db/migrate/20240101000000_a.rb",
        RAILS,
        "add_column :t, :c, :string, limit: 20",
        "remove_column :t, :c",
        "raise 'no'",
        "execute 'SELECT 1'",
    ),
]
NAMES = [f"{tool.framework}{tool.path[-3:]}" for tool in TOOLS]


def found(tool: Tool, text: str, two_sides: Builder) -> tuple[Migration, report.Down]:
    (history,) = collect(two_sides({"README.md": "x"}, {tool.path: text}), Policy()).histories
    (changed,) = history.changes
    assert history.place.framework == tool.framework
    return changed.migration, report.judge(changed.migration, history.place)


@pytest.mark.parametrize("tool", TOOLS, ids=NAMES)
def test_both_directions(tool: Tool, two_sides: Builder) -> None:
    migration, down = found(tool, tool.text.format(up=tool.up, down=tool.down), two_sides)
    assert down.word == "ok"
    if any(isinstance(step, Sql) for step in migration.up.steps):
        return
    (added,) = migration.up.steps
    assert isinstance(added, ops.AddColumn)
    assert (added.table, added.column.name, added.column.type) == ("t", "c", "varchar(20)")
    assert migration.down
    (dropped,) = migration.down.steps
    assert isinstance(dropped, ops.DropColumn)
    assert (dropped.table, dropped.column) == ("t", "c")
    assert migration.up.certain
    assert migration.down.certain


@pytest.mark.parametrize("tool", TOOLS, ids=NAMES)
def test_downs_that_do_nothing(tool: Tool, two_sides: Builder) -> None:
    assert found(tool, tool.text.format(up=tool.up, down=""), two_sides)[1].word == "empty"
    comment = "#" if tool.framework in ("ecto", "rails") else "//"
    assert found(tool, tool.text.format(up=tool.up, down=f"    {comment} later"), two_sides)[1].word == "empty"
    assert found(tool, tool.text.format(up=tool.up, down=tool.idle), two_sides)[1].word == "noop"
    assert found(tool, tool.text.format(up=tool.up, down=tool.raising), two_sides)[1].word == "raising"


@pytest.mark.parametrize("tool", TOOLS, ids=NAMES)
def test_without_the_grammars_it_is_not_analysed(
    tool: Tool, two_sides: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tree_sitter", None)
    change = two_sides({"README.md": "x"}, {tool.path: tool.text.format(up=tool.up, down=tool.down)})
    (history,) = collect(change, Policy()).histories
    entries, findings = report.report(history)
    assert [entry["down"] for entry in entries] == ["not-analysed"]
    assert [finding.rule.id for finding in findings] == ["migration/not-analysed"]
    assert "pip install 'gatepost[frameworks]'" in findings[0].fix


@pytest.mark.parametrize("tool", TOOLS, ids=NAMES)
def test_broken_and_hostile_files_are_no_pass(tool: Tool, two_sides: Builder) -> None:
    broken = tool.text.format(up="((( {{{ [[[", down="x")
    migration, down = found(tool, broken, two_sides)
    assert (migration.up.state, down.word) == ("not-analysed", "not-analysed")
    deep = tool.text.format(up="foo(" * 2000 + ")" * 2000, down="")
    migration, _ = found(tool, deep, two_sides)
    assert not migration.up.certain


MISSING = {
    "laravel": LARAVEL.partition("    public function down")[0].format(up=TOOLS[0].up) + "};\n",
    "doctrine": DOCTRINE.partition("    public function down")[0].format(up=TOOLS[1].up) + "}\n",
    "knex": KNEX.partition("exports.down")[0].format(up=TOOLS[3].up),
    "mikro-orm": MIKRO.partition("  override async down")[0].format(up=TOOLS[7].up) + "}\n",
    "ecto": ECTO.partition("  def down")[0].format(up=TOOLS[8].up) + "end\n",
    "ef-core": EF.partition("  protected override void Down")[0].format(up=TOOLS[9].up) + "}\n",
    "rails": RAILS.partition("  def down")[0].format(up=TOOLS[11].up) + "end\n",
}


@pytest.mark.parametrize("name", MISSING)
def test_no_down_at_all(name: str, two_sides: Builder) -> None:
    tool = next(tool for tool in TOOLS if tool.framework == name)
    assert found(tool, MISSING[name], two_sides)[1].word == "missing"


def code(name: str, text: str, two_sides: Builder) -> tuple[Migration, report.Down]:
    return found(next(tool for tool in TOOLS if tool.framework == name), text, two_sides)


def test_doctrine_declares_in_its_own_way(two_sides: Builder) -> None:
    text = DOCTRINE.format(up=TOOLS[1].up, down="$this->throwIrreversibleMigrationException();")
    assert code("doctrine", text, two_sides)[1].word == "irreversible"


def test_node_pg_migrate_inverts_what_it_can(two_sides: Builder) -> None:
    up = "exports.up = (pgm) => {{ {} }};\n"
    _, good = code("node-pg-migrate", up.format("pgm.createTable('t', { id: 'id', n: { type: 'text' } });"), two_sides)
    assert good.word == "ok"
    _, bad = code("node-pg-migrate", up.format("pgm.sql('DROP TABLE t');"), two_sides)
    assert (bad.word, bad.reason) == ("missing", "pgm.sql has no inverse")
    _, said = code("node-pg-migrate", up.format("pgm.dropTable('t');") + "exports.down = false;\n", two_sides)
    assert said.word == "irreversible"


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("    create table(:t) do\n      add :n, :string\n      timestamps()\n    end", "ok"),
        ('    execute "CREATE VIEW v AS SELECT 1"', "missing"),
        ('    execute "CREATE VIEW v AS SELECT 1", "DROP VIEW v"', "ok"),
        ("    alter table(:t) do\n      remove :n\n    end", "missing"),
        ("    alter table(:t) do\n      remove :n, :string\n    end", "ok"),
        ("    alter table(:t) do\n      modify :n, :text\n    end", "missing"),
        ("    alter table(:t) do\n      modify :n, :text, from: :string\n    end", "ok"),
        ("    drop table(:t)", "missing"),
        ("    drop index(:t, [:n])", "ok"),
    ],
)
def test_what_ecto_can_undo_in_change(body: str, word: str, two_sides: Builder) -> None:
    text = f"defmodule R.M do\n  use Ecto.Migration\n  def change do\n{body}\n  end\nend\n"
    assert code("ecto", text, two_sides)[1].word == word


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("$this->table('t')->addColumn('n', 'integer')->create();", "ok"),
        ("$this->table('t')->removeColumn('n')->save();", "missing"),
        ("$this->execute('DROP TABLE t');", "missing"),
    ],
)
def test_what_phinx_can_undo_in_change(body: str, word: str, two_sides: Builder) -> None:
    text = (
        "<?php\nuse Phinx\\Migration\\AbstractMigration;\nclass A extends AbstractMigration {\n"
        "    public function change() {\n" + body + "\n    }\n}\n"
    )
    assert code("phinx", text, two_sides)[1].word == word


def test_a_table_of_laravel(two_sides: Builder) -> None:
    up = """Schema::create('posts', function (Blueprint $table) {
        $table->id();
        $table->foreignId('user_id')->constrained()->cascadeOnDelete();
        $table->string('slug')->unique();
        $table->timestamps();
    });"""
    migration, _ = code("laravel", LARAVEL.format(up=up, down="Schema::dropIfExists('posts');"), two_sides)
    (table,) = migration.up.steps
    assert [(column.name, column.type) for column in table.columns] == [
        ("id", "bigint"),
        ("user_id", "bigint"),
        ("slug", "varchar(255)"),
        ("created_at", "timestamp(0)"),
        ("updated_at", "timestamp(0)"),
    ]
    assert [(one.kind, one.columns, one.target, one.on_delete) for one in table.constraints] == [
        ("primary key", ("id",), None, ""),
        ("foreign key", ("user_id",), "users", "cascade"),
        ("unique", ("slug",), None, ""),
    ]


def test_a_table_of_ef_core(two_sides: Builder) -> None:
    up = """migrationBuilder.CreateTable(name: "Posts",
        columns: table => new {
            Id = table.Column<int>(type: "integer", nullable: false),
            Name = table.Column<string>(type: "text", nullable: true)
        },
        constraints: table => { table.PrimaryKey("PK_Posts", x => x.Id); });"""
    migration, _ = code("ef-core", EF.format(up=up, down='migrationBuilder.DropTable(name: "Posts");'), two_sides)
    (table,) = migration.up.steps
    assert [(column.name, column.type, column.nullable) for column in table.columns] == [
        ("Id", "integer", False),
        ("Name", "text", True),
    ]
    assert table.constraints == (ops.Constraint("primary key", ("Id",), "PK_Posts"),)

"""Declared schemas beside the migrations: they agree with them, or that is said, and they complete what is known."""

from __future__ import annotations

import pytest

from conftest import Builder, Content
from gatepost.declared import formats
from gatepost.gate import evaluate, read_policy
from gatepost.model import Finding

RAILS = pytest.importorskip("tree_sitter_ruby")
MIGRATION = """\
class CreateProducts < ActiveRecord::Migration[7.1]
  def change
    create_table :products do |t|
      t.string :name, null: false
      t.references :owner, polymorphic: true
    end
  end
end
"""
SECOND = """\
class AddStock < ActiveRecord::Migration[7.1]
  def change
    add_column :products, :stock, :integer
  end
end
"""
SCHEMA = """\
# This file is auto-generated from the current state of the database.

ActiveRecord::Schema[7.1].define(version: 2024_01_01_000000) do
  create_table "products", force: :cascade do |t|
    t.string "name", null: false
    t.string "owner_type"
    t.bigint "owner_id"
    t.index ["owner_type", "owner_id"], name: "index_products_on_owner"
  end
end
"""
STOCK = SCHEMA.replace("  end\nend\n", '    t.integer "stock"\n  end\nend\n')
FIRST = {"db/migrate/20240101000000_create_products.rb": MIGRATION, "db/schema.rb": SCHEMA}
ADDED = {"db/migrate/20240102000000_add_stock.rb": SECOND}


def found(
    two_sides: Builder, base: dict[str, Content], head: dict[str, Content], check: str = "drift"
) -> list[Finding]:
    change = two_sides(base, {**base, **head})
    policy, _ = read_policy(change)
    return list(evaluate(change, policy, (check,)).findings)


def said(two_sides: Builder, base: dict[str, Content], head: dict[str, Content]) -> list[str]:
    findings = found(two_sides, base, head)
    assert {one.rule.id for one in findings} <= {"schema/declared-differs"}
    return [f"{one.path} {one.message}" for one in findings]


def test_a_file_that_was_written_anew_is_quiet(two_sides: Builder) -> None:
    assert said(two_sides, FIRST, {**ADDED, "db/schema.rb": STOCK}) == []


def test_a_file_that_was_forgotten(two_sides: Builder) -> None:
    assert said(two_sides, FIRST, ADDED) == [
        "db/schema.rb is not what the migrations produce: column stock of products is not there"
    ]


def test_a_file_with_the_columns_of_another_branch(two_sides: Builder) -> None:
    foreign = STOCK.replace('    t.integer "stock"\n', '    t.integer "stock"\n    t.string "colour"\n')
    assert said(two_sides, FIRST, {**ADDED, "db/schema.rb": foreign}) == [
        "db/schema.rb is not what the migrations produce: column colour of products is made by no migration"
    ]


def test_what_did_not_agree_before_is_no_news(two_sides: Builder) -> None:
    old = SCHEMA.replace('    t.string "owner_type"\n', '    t.string "owner_type"\n    t.string "colour"\n')
    new = STOCK.replace('    t.string "owner_type"\n', '    t.string "owner_type"\n    t.string "colour"\n')
    assert said(two_sides, {**FIRST, "db/schema.rb": old}, {**ADDED, "db/schema.rb": new}) == []


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "nothing\n",
        SCHEMA.replace('t.string "name"', "send(:x) { y }; t.string name()"),
        "ActiveRecord::Schema[7.1]." * 9,
    ],
)
def test_a_file_that_cannot_be_followed_says_nothing(two_sides: Builder, broken: str) -> None:
    assert said(two_sides, FIRST, {**ADDED, "db/schema.rb": broken}) == []


@pytest.mark.parametrize("declared", [True, False])
def test_it_tells_what_no_migration_is_left_to_tell(two_sides: Builder, declared: bool) -> None:
    older = SECOND.replace(":integer\n", ":integer\n    change_column_default :products, :name, nil\n")
    base: dict[str, Content] = {"db/migrate/20240102000000_add_stock.rb": older}
    if declared:
        base["db/schema.rb"] = STOCK
    change = SECOND.replace(
        "add_column :products, :stock, :integer", "change_column :products, :name, :string, limit: 20, null: false"
    )
    rules = {one.rule.id for one in found(two_sides, base, {"db/migrate/20240103000000_limit.rb": change}, "schema")}
    assert ("schema/set-not-null" in rules) is not declared


DUMP = """\
\\restrict abc
SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.product (
    id bigint NOT NULL,
    name text DEFAULT 'x'::text NOT NULL
);
ALTER TABLE ONLY public.product ADD CONSTRAINT product_pkey PRIMARY KEY (id);
INSERT INTO public.schema_migrations (version) VALUES ('20240101000000');
\\unrestrict abc
"""
UP = """\
-- migrate:up
CREATE TABLE product (id bigint PRIMARY KEY, name text NOT NULL DEFAULT 'x');
-- migrate:down
DROP TABLE product;
"""
STOCK_SQL = """\
-- migrate:up
ALTER TABLE product ADD COLUMN stock int;
-- migrate:down
ALTER TABLE product DROP COLUMN stock;
"""


def test_a_dump_in_sql(two_sides: Builder) -> None:
    base = {"db/migrations/20240101000000_product.sql": UP, "db/schema.sql": DUMP}
    head = {"db/migrations/20240102000000_stock.sql": STOCK_SQL}
    assert said(two_sides, base, head) == [
        "db/schema.sql is not what the migrations produce: column stock of product is not there"
    ]
    dumped = DUMP.replace(" NOT NULL\n);", " NOT NULL,\n    stock integer\n);")
    assert said(two_sides, base, {**head, "db/schema.sql": dumped}) == []


PRISMA = """\
datasource db { provider = "postgresql" }
enum Role {
  USER
  ADMIN @map("admin")
  @@map("role")
}
model User {
  id    Int     @id @default(autoincrement())
  email String? @unique // was required {
  role  Role    @default(USER)
  posts Post[]
  @@map("users")
}
model Post {
  id       Int  @id
  authorId Int  @map("author_id")
  author   User @relation(fields: [authorId], references: [id])
}
"""


def test_blocks_of_prisma_that_are_not_closed() -> None:
    (prisma,) = (kind for kind in formats() if kind.name == "prisma")
    schema = prisma.read(PRISMA + "model a {\n" * 100_000, "postgresql")  # minutes, where each is looked for anew
    assert "Post" in {table.name for table in schema.tables.values() if table}


def test_models_of_prisma() -> None:
    (prisma,) = (kind for kind in formats() if kind.name == "prisma")
    schema = prisma.read(PRISMA, "postgresql")
    tables = {
        table.name: [column.name for column in table.columns.values() if column]
        for table in schema.tables.values()
        if table
    }
    assert tables == {"users": ["id", "email", "role"], "Post": ["id", "author_id"]}
    (role,) = (found for found in schema.objects.values() if found)
    assert (role.kind, role.name, role.values) == ("enum", "role", ("USER", "admin"))
    assert prisma.read("", "postgresql").doubts

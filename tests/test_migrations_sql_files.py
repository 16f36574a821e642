"""Every framework whose migrations are SQL files: found by its own signs, its downs told apart."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from conftest import Builder
from gatepost.checks._migration_report import judge
from gatepost.migrations import collect
from gatepost.policy import Policy

UP = "ALTER TABLE users ADD COLUMN name text;\n"
DOWN = "ALTER TABLE users DROP COLUMN name;\n"
FIRST = "CREATE TABLE users (id bigint);\n"
BACK = "DROP TABLE users;\n"


class Row(NamedTuple):
    framework: str
    base: dict[str, str]
    head: dict[str, str]
    version: str
    down: str


CARGO_SQLX = {"Cargo.toml": '[dependencies]\nsqlx = { version = "0.8" }\n'}
POM = {"pom.xml": "<artifactId>flyway-core</artifactId>"}
XML = '<databaseChangeLog>\n<changeSet id="{id}" author="a">\n{body}\n</changeSet>\n</databaseChangeLog>\n'
CREATE = '<createTable tableName="{t}"><column name="id" type="int"/></createTable>'
YAML = "databaseChangeLog:\n- changeSet:\n    id: {id}\n    author: a\n    changes:\n{body}"
LB = "--liquibase formatted sql\n\n--changeset a:1\n" + FIRST + "--rollback DROP TABLE users;\n"

AERICH = (
    "from tortoise import BaseDBAsyncClient\n\nasync def upgrade(db: BaseDBAsyncClient) -> str:\n"
    '    return """{up};"""\n\nasync def downgrade(db: BaseDBAsyncClient) -> str:\n    return """{down}"""\n'
)
PICCOLO = (
    "from piccolo.apps.migrations.auto.migration_manager import MigrationManager\nID = '{id}'\n\n"
    "async def forwards():\n    manager = MigrationManager(migration_id=ID, app_name='')\n    {body}\n"
    "    return manager\n"
)

ROWS = {
    "sql-migrate": Row(
        "sql-migrate",
        {"m/1-users.sql": "-- +migrate Up\n" + FIRST + "-- +migrate Down\n" + BACK},
        {"m/2-name.sql": "-- +migrate Up\n" + UP + "-- +migrate Down\n"},
        "2",
        "empty",
    ),
    "diesel": Row(
        "diesel",
        {"diesel.toml": "", "migrations/2024-01-01-000000_users/up.sql": FIRST}
        | {"migrations/2024-01-01-000000_users/down.sql": BACK},
        {"migrations/2024-02-01-000000_name/up.sql": UP, "migrations/2024-02-01-000000_name/down.sql": "-- later\n"},
        "2024-02-01-000000",
        "empty",
    ),
    "diesel without a down": Row(
        "diesel",
        {"diesel.toml": "", "migrations/00000000000000_setup/up.sql": FIRST},
        {"migrations/2024-02-01-000000_name/up.sql": UP},
        "2024-02-01-000000",
        "missing",
    ),
    "sqlx pairs": Row(
        "sqlx",
        {**CARGO_SQLX, "migrations/1_users.up.sql": FIRST, "migrations/1_users.down.sql": BACK},
        {"migrations/2_name.up.sql": UP},
        "2",
        "missing",
    ),
    "sqlx simple": Row(
        "sqlx",
        {**CARGO_SQLX, "migrations/20240101_users.sql": FIRST},
        {"migrations/20240102_name.sql": UP},
        "20240102",
        "none-by-design",
    ),
    "flyway without undo": Row(
        "flyway",
        {**POM, "db/migration/V1__users.sql": FIRST},
        {"db/migration/V1.1__name.sql": UP},
        "1.1",
        "none-by-design",
    ),
    "flyway with undo": Row(
        "flyway",
        {"db/V1__users.sql": FIRST, "db/U1__users.sql": BACK},
        {"db/V2_1__name.sql": UP, "db/U2.1__name.sql": DOWN},
        "2.1",
        "ok",
    ),
    "flyway, one undo missing": Row(
        "flyway",
        {"db/V1__users.sql": FIRST, "db/U1__users.sql": BACK},
        {"db/V2__name.sql": UP},
        "2",
        "missing",
    ),
    "flyway, repeatable": Row("flyway", {"db/V1__users.sql": FIRST}, {"db/R__v.sql": "x"}, "", "none-by-design"),
    "refinery": Row(
        "refinery",
        {"Cargo.toml": 'refinery = "0.8"', "migrations/V1__users.sql": FIRST},
        {"migrations/U2__name.sql": UP},
        "U2",
        "none-by-design",
    ),
    "sqitch": Row(
        "sqitch",
        {
            "sqitch.plan": "%syntax-version=1.0.0\n%project=x\n\nusers 2024-01-01T00:00:00Z A <a@b> # u\n",
            "deploy/users.sql": FIRST,
            "revert/users.sql": BACK,
        },
        {
            "sqitch.plan": "%syntax-version=1.0.0\n%project=x\n\nusers 2024-01-01T00:00:00Z A <a@b> # u\n"
            "name [users] 2024-02-01T00:00:00Z A <a@b> # n\n",
            "deploy/name.sql": UP,
            "revert/name.sql": "-- Revert x:name from pg\n\nBEGIN;\n\n-- XXX Add DDLs here.\n\nCOMMIT;\n",
        },
        "name",
        "empty",
    ),
    "prisma": Row(
        "prisma",
        {"prisma/schema.prisma": "x", "prisma/migrations/20240101000000_users/migration.sql": FIRST},
        {"prisma/migrations/20240102000000_name/migration.sql": UP},
        "20240102000000",
        "none-by-design",
    ),
    "prisma with a down": Row(
        "prisma",
        {"prisma/migrations/migration_lock.toml": 'provider = "postgresql"'}
        | {"prisma/migrations/20240101000000_users/migration.sql": FIRST},
        {"prisma/migrations/20240102000000_name/migration.sql": UP}
        | {"prisma/migrations/20240102000000_name/down.sql": DOWN},
        "20240102000000",
        "ok",
    ),
    "drizzle": Row(
        "drizzle",
        {"drizzle/meta/_journal.json": '{"entries": [{"tag": "0000_a"}]}', "drizzle/0000_a.sql": FIRST},
        {"drizzle/0001_b.sql": UP},
        "0001",
        "none-by-design",
    ),
    "supabase": Row(
        "supabase",
        {"supabase/config.toml": "", "supabase/migrations/20240101000000_users.sql": FIRST},
        {"supabase/migrations/20240102000000_name.sql": UP},
        "20240102000000",
        "none-by-design",
    ),
    "atlas": Row(
        "atlas",
        {"migrations/atlas.sum": "h1:", "migrations/20240101000000.sql": FIRST},
        {"migrations/20240102000000_name.sql": UP},
        "20240102000000",
        "none-by-design",
    ),
    "popx, the general down": Row(
        "popx",
        {"m/20240101_a.up.sql": FIRST, "m/20240101_a.down.sql": BACK},
        {"m/20240102_b.mysql.up.sql": UP, "m/20240102_b.down.sql": DOWN},
        "20240102",
        "ok",
    ),
    "yoyo": Row(
        "yoyo",
        {"yoyo.ini": "[DEFAULT]", "migrations/0001.users.sql": FIRST, "migrations/0001.users.rollback.sql": BACK},
        {"migrations/0002.name.sql": UP},
        "0002.name",
        "missing",
    ),
    "yoyo in Python": Row(
        "yoyo",
        {"migrations/0001.users.py": f'from yoyo import step\nsteps = [step("{FIRST.strip()}", "{BACK.strip()}")]\n'},
        {"migrations/0002.name.py": f'from yoyo import step\nsteps = [step("{UP.strip()}")]\n'},
        "0002.name",
        "missing",
    ),
    "node-pg-migrate": Row(
        "node-pg-migrate",
        {"migrations/1700000000000_users.sql": "-- Up Migration\n" + FIRST + "-- Down Migration\n" + BACK},
        {"migrations/1700000000001_name.sql": "-- Up Migration\n" + UP + "\n-- Down Migration\n"},
        "1700000000001",
        "empty",
    ),
    "plain directories": Row(
        "plain",
        {"db/up/001_users.sql": FIRST, "db/down/001_users.sql": BACK},
        {"db/up/002_name.sql": UP},
        "002",
        "missing",
    ),
    "plain suffixes": Row(
        "plain",
        {"db/001_users_up.sql": FIRST, "db/001_users_down.sql": BACK},
        {"db/002_name_up.sql": UP, "db/002_name_down.sql": "SELECT 1;"},
        "002",
        "noop",
    ),
    "plain, no downs at all": Row(
        "plain", {"migrations/001_users.sql": FIRST}, {"migrations/002_name.sql": UP}, "002", "none-by-design"
    ),
    "liquibase, formatted": Row(
        "liquibase", {"db/1.sql": LB}, {"db/1.sql": LB + "\n--changeset a:2\n" + UP}, "a:2", "missing"
    ),
    "liquibase, said to need none": Row(
        "liquibase",
        {"db/1.sql": LB},
        {"db/1.sql": LB + "\n--changeset a:2\n" + UP + "--rollback not required\n"},
        "a:2",
        "empty",
    ),
    "liquibase, a block": Row(
        "liquibase",
        {"db/1.sql": LB},
        {"db/1.sql": LB + "\n--changeset a:2\n" + UP + "/* liquibase rollback\n" + DOWN + "*/\n"},
        "a:2",
        "ok",
    ),
    "liquibase, undone by itself": Row(
        "liquibase",
        {"changelog/1.xml": XML.format(id=1, body=CREATE.format(t="users"))},
        {"changelog/2.xml": XML.format(id=2, body=CREATE.format(t="b"))},
        "a:2",
        "ok",
    ),
    "liquibase, cannot undo sql": Row(
        "liquibase",
        {"changelog/1.xml": XML.format(id=1, body=CREATE.format(t="users"))},
        {"changelog/2.xml": XML.format(id=2, body="<sql>" + UP + "</sql>")},
        "a:2",
        "missing",
    ),
    "liquibase, empty rollback": Row(
        "liquibase",
        {"changelog/1.xml": XML.format(id=1, body=CREATE.format(t="users"))},
        {"changelog/2.xml": XML.format(id=2, body="<dropTable tableName='users'/><rollback/>")},
        "a:2",
        "empty",
    ),
    "aerich": Row(
        "aerich",
        {"m/models/0_1_init.py": AERICH.format(up="CREATE TABLE a (i INT)", down="DROP TABLE a")},
        {"m/models/1_2_b.py": AERICH.format(up="CREATE TABLE b (i INT)", down=" ")},
        "1",
        "empty",
    ),
    "piccolo": Row(
        "piccolo",
        {"a/piccolo_migrations/a_1.py": PICCOLO.format(id="2024-01-01T00", body="pass")},
        {"a/piccolo_migrations/a_2.py": PICCOLO.format(id="2024-01-02T00", body="manager.add_raw(run)")},
        "2024-01-02T00",
        "missing",
    ),
    "piccolo, undone by itself": Row(
        "piccolo",
        {"a/piccolo_migrations/a_1.py": PICCOLO.format(id="2024-01-01T00", body="pass")},
        {
            "a/piccolo_migrations/a_2.py": PICCOLO.format(
                id="2024-01-02T00", body='manager.add_column(tablename="t", column_name="c", column_class_name="Text")'
            )
        },
        "2024-01-02T00",
        "ok",
    ),
    "liquibase, yaml": Row(
        "liquibase",
        {
            "changelog/1.yaml": YAML.format(
                id=1, body="    - dropTable: {tableName: x}\n    rollback:\n    - sql: SELECT 2\n"
            )
        },
        {"changelog/2.yaml": YAML.format(id=2, body="    - dropColumn: {tableName: users, columnName: name}\n")},
        "a:2",
        "missing",
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_found_and_judged(row: Row, two_sides: Builder) -> None:
    change = two_sides(row.base, row.head)
    found = collect(change, Policy())
    (history,) = found.histories
    (new,) = history.changes
    assert not history.problems
    assert new.status == "new"
    assert (history.place.framework, new.migration.version) == (row.framework, row.version)
    assert judge(new.migration, history.place).word == row.down

"""Migrations that are no SQL, run by the project's own tool."""

from __future__ import annotations

import sys

import pytest

from conftest import Repo
from gatepost.gate import read_policy
from gatepost.rehearsals import Rehearsal, report, runner
from gatepost.rehearsals.stage import Asked

# A tool as small as can be: it applies the files up to a version, or takes the last one back.
TOOL = """
import os, pathlib, runpy, sqlite3, sys
direction, version, url = sys.argv[1:4]
assert os.environ["DATABASE_URL"] == url
class Connection(sqlite3.Connection):
    pass
with sqlite3.connect(url.removeprefix("sqlite:///"), factory=Connection) as database:
    database.execute("CREATE TABLE IF NOT EXISTS schema_migrations (version TEXT)")
    done = {row[0] for row in database.execute("SELECT version FROM schema_migrations")}
    for file in sorted(pathlib.Path("db/versions").glob("*.py")):
        made = runpy.run_path(str(file))
        if direction == "up" and made["revision"] <= version and made["revision"] not in done:
            made["upgrade"](database)
            database.execute("INSERT INTO schema_migrations VALUES (?)", (made["revision"],))
        if direction == "down" and made["revision"] == version:
            made["downgrade"](database)
            database.execute("DELETE FROM schema_migrations WHERE version = ?", (version,))
"""


def revision(name: str, before: str, up: str, down: str) -> dict[str, str]:
    text = f"from alembic import op\nrevision = {name!r}\ndown_revision = {before}\n\n\n"
    text = text.replace("from alembic import op\n", "")
    text += f"def upgrade(op):\n    old(op)\n    op.drop_table(old(op))\n    op.execute({up!r})\n\n\n"
    text += f"def downgrade(op):\n    old(op)\n    op.create_table(old(op))\n    op.execute({down!r})\n\n\n"
    text += "def old(op):\n    op.drop_table = op.create_table = print\n    return 'old'\n"
    return {f"db/versions/{name}.py": text}


def rehearsed(repo: Repo, up: str, down: str, commands: str, asked: bool = True) -> Rehearsal:
    policy = '[[migrations]]\npath = "db/versions"\nframework = "alembic"\ndialect = "sqlite"\n' + commands
    first = revision("a1", "None", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)", "DROP TABLE users")
    base = repo.commit({"gatepost.toml": policy, "tool.py": TOOL, **first})
    change = repo.change(base, repo.commit(revision("b2", "'a1'", up, down)))
    with change.repo:
        policy_ = read_policy(change)[0]
        (made,) = runner.rehearse(change, policy_, Asked(commands=change.head if asked else None))
    return made


COMMANDS = "".join(
    f'command_{way} = ["{sys.executable}", "tool.py", "{way}", "{{version}}", "{{url}}"]\n' for way in ("up", "down")
)


@pytest.mark.parametrize(
    ("down", "verdict"),
    [
        ("ALTER TABLE users ADD COLUMN name TEXT", "data-loss"),
        ("ALTER TABLE users ADD COLUMN nam TEXT", "schema-differs"),
        ("ALTER TABLE user ADD COLUMN name TEXT", "down-fails"),
    ],
)
def test_the_tool_runs_what_is_no_sql(repo: Repo, down: str, verdict: str) -> None:
    made = rehearsed(repo, "ALTER TABLE users DROP COLUMN name", down, COMMANDS)
    assert made.whole == verdict, made.reason
    if verdict == "down-fails":
        assert made.migrations[0].failure
        assert "no such table: user" in made.migrations[0].failure.message


def test_without_a_command_it_is_unknown_and_says_which_key(repo: Repo) -> None:
    made = rehearsed(repo, "SELECT 1", "SELECT 1", "")
    assert made.whole == "unknown"
    assert "command_up" in made.reason


def test_a_server_runs_no_command(repo: Repo) -> None:
    made = rehearsed(repo, "SELECT 1", "SELECT 1", COMMANDS, asked=False)
    assert made.whole == "unknown"


def test_a_command_that_is_not_there(repo: Repo) -> None:
    made = rehearsed(repo, "SELECT 1", "SELECT 1", 'command_up = ["no-such-tool"]\n')
    assert made.whole == "unknown"
    assert "no-such-tool: No such file or directory" in made.reason


def test_a_pushed_command_is_not_run(repo: Repo) -> None:
    """Who pushes configures nothing that runs: the base's policy counts."""
    first = revision("a1", "None", "CREATE TABLE users (id INTEGER PRIMARY KEY)", "DROP TABLE users")
    base = repo.commit({"tool.py": TOOL, **first})
    policy = '[[migrations]]\npath = "db/versions"\nframework = "alembic"\ndialect = "sqlite"\n' + COMMANDS
    head = repo.commit({"gatepost.toml": policy, **revision("b2", "'a1'", "SELECT 1", "SELECT 1")})
    change = repo.change(base, head)
    with change.repo:
        (made,) = runner.rehearse(change, read_policy(change)[0], Asked(commands=change.head))
    assert made.whole == "unknown"


def test_the_end_of_what_a_command_says_is_shown(repo: Repo) -> None:
    """A stack comes first and the exception last: the exception has to be seen."""
    made = rehearsed(repo, "SELECT 1", "DROP TABLE nowhere -- " + "x" * 300, COMMANDS)
    assert made.whole == "down-fails"
    assert made.migrations[0].failure
    message = made.migrations[0].failure.message
    assert message.endswith("sqlite3.OperationalError: no such table: nowhere")
    assert "sqlite3.OperationalError: no such table: nowhere" in report.text([made])


def test_the_bookkeeping_of_the_tool_is_not_seeded(repo: Repo) -> None:
    down = "/* schema_migrations */ ALTER TABLE users ADD COLUMN name TEXT"
    made = rehearsed(repo, "/* schema_migrations */ ALTER TABLE users DROP COLUMN name", down, COMMANDS)
    assert (made.seeded, made.whole) == (("users",), "data-loss"), made
    assert {one.table for one in made.migrations[0].lost} == {"users"}

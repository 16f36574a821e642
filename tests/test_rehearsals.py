"""Small migrations that show each verdict of a rehearsal, on SQLite."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from _rehearsals import POLICY, alone, files, rehearsal
from conftest import Repo
from gatepost.cli import main
from gatepost.rehearsals import Lost, Rehearsal, Rehearsed, recorded
from gatepost.rehearsals.stage import Asked

USERS = """CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email VARCHAR(40) UNIQUE);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER NOT NULL REFERENCES users (id), body TEXT);
"""


def test_a_new_table_is_reversible_and_loses_what_is_written_later(repo: Repo) -> None:
    found = alone(repo, USERS, "CREATE TABLE tags (id INTEGER PRIMARY KEY, word TEXT);", "DROP TABLE tags;")
    assert (found.verdict, found.reason, found.differences) == ("reversible", "", ())
    assert found.lost == (Lost("tags", "", 3, "after"),)


def test_a_column_that_comes_back_empty_is_lost(repo: Repo) -> None:
    found = alone(repo, USERS, "ALTER TABLE posts DROP COLUMN body;", "ALTER TABLE posts ADD COLUMN body TEXT;")
    assert found.verdict == "data-loss"
    assert found.lost == (Lost("posts", "body", 2, "before"),)


def test_rows_that_a_script_deletes_are_lost(repo: Repo) -> None:
    found = alone(repo, USERS, "DELETE FROM posts WHERE id > 1;", "SELECT 1;")
    assert found.verdict == "data-loss"
    assert found.lost == (Lost("posts", "", 2, "before"),)


def test_another_schema_is_told_object_by_object(repo: Repo) -> None:
    found = alone(
        repo,
        USERS + "CREATE INDEX by_author ON posts (author);\n",
        "DROP INDEX by_author; ALTER TABLE posts ADD COLUMN at TEXT;",
        "ALTER TABLE posts DROP COLUMN at;",
    )
    assert found.verdict == "schema-differs"
    assert found.differences == ("index by_author of posts is gone",)


def test_a_down_that_always_fails(repo: Repo) -> None:
    found = alone(repo, USERS, "CREATE TABLE tags (id INTEGER);", "-- back\n\nDROP TABLE tag;")
    assert found.verdict == "down-fails"
    assert found.failure
    assert (found.failure.path, found.failure.line) == ("db/002_m.down.sql", 3)
    assert found.failure.statement == "DROP TABLE tag"
    assert "no such table: tag" in found.failure.message


def test_a_down_that_fails_once_rows_were_written(repo: Repo) -> None:
    found = alone(
        repo,
        USERS + "CREATE UNIQUE INDEX one_post ON posts (author);",
        "DROP INDEX one_post;",
        "CREATE UNIQUE INDEX one_post ON posts (author);",
    )
    assert found.verdict == "down-fails-with-rows"
    assert found.failure
    assert "UNIQUE constraint failed: posts.author" in found.failure.message


def test_a_down_that_fails_on_rows_from_before(repo: Repo) -> None:
    up = "CREATE TABLE copy (id INTEGER, body TEXT); INSERT INTO copy SELECT id, body FROM posts; DROP TABLE posts;"
    down = (
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER NOT NULL REFERENCES users (id), body TEXT);"
        "INSERT INTO posts (id, body) SELECT id, body FROM copy; DROP TABLE copy;"
    )
    found = alone(repo, USERS, up, down)
    assert found.verdict == "down-fails-with-rows"


def test_an_up_that_fails_on_any_base(repo: Repo) -> None:
    found = alone(repo, USERS, "ALTER TABLE user ADD COLUMN x TEXT;", "ALTER TABLE user DROP COLUMN x;")
    assert found.verdict == "up-fails"
    assert found.failure
    assert found.failure.path == "db/002_m.up.sql"


def test_an_up_that_meets_nulls_is_a_note(repo: Repo) -> None:
    """NULLs were allowed: production may have some, or none; without them it is as good as any."""
    up = "CREATE TABLE p (id INTEGER PRIMARY KEY, body TEXT NOT NULL); INSERT INTO p SELECT id, body FROM posts;"
    found = alone(repo, USERS, up, "DROP TABLE p;")
    assert found.verdict == "reversible"
    assert found.failure
    assert "NOT NULL constraint failed: p.body" in found.failure.message
    assert found.notes[-1].startswith("the up fails on rows that are allowed before it")


@pytest.mark.parametrize(
    ("down", "verdict"),
    [(None, "missing"), ("", "missing"), ("-- nothing\n", "missing")],
)
def test_no_way_back(repo: Repo, down: str | None, verdict: str) -> None:
    assert alone(repo, USERS, "ALTER TABLE posts ADD COLUMN x TEXT;", down).verdict == verdict


def test_a_declared_one(repo: Repo) -> None:
    up = '-- gatepost: irreversible reason="gone" strategy="restore"\nDROP TABLE posts;'
    found = alone(repo, USERS, up, None)
    assert (found.verdict, found.reason) == ("irreversible", "gone")


def test_downs_are_judged_together(repo: Repo) -> None:
    """The second down undoes both: by itself the first one does not."""
    found = rehearsal(
        repo,
        USERS,
        ("CREATE TABLE a (id INTEGER);", ""),
        ("CREATE TABLE b (id INTEGER);", "DROP TABLE b; DROP TABLE a;"),
    )
    assert found.whole == "reversible"
    assert [one.verdict for one in found.migrations] == ["reversible", "reversible"]
    assert "the other downs of the change undo it" in found.migrations[0].notes[-1]


def test_each_of_several_gets_its_own_verdict(repo: Repo) -> None:
    found = rehearsal(
        repo,
        USERS,
        ("ALTER TABLE posts ADD COLUMN x TEXT;", "ALTER TABLE posts DROP COLUMN x;"),
        ("CREATE TABLE b (id INTEGER);", "DROP TABLE c;"),
        ("ALTER TABLE posts DROP COLUMN body;", "ALTER TABLE posts ADD COLUMN body TEXT;"),
    )
    assert [one.verdict for one in found.migrations] == ["reversible", "down-fails", "data-loss"]
    assert found.whole == "down-fails"


def test_each_answers_for_itself(repo: Repo) -> None:
    """What an upper down has lost is not said of the lower one."""
    found = rehearsal(
        repo,
        USERS,
        ("ALTER TABLE users ADD COLUMN x TEXT;", "ALTER TABLE users DROP COLUMN x;"),
        ("ALTER TABLE posts DROP COLUMN body;", "ALTER TABLE posts ADD COLUMN body TEXT;"),
        ("CREATE INDEX a ON users (name); CREATE INDEX b ON users (email);", "DROP INDEX a;"),
    )
    assert [one.verdict for one in found.migrations] == ["reversible", "data-loss", "schema-differs"]
    assert found.whole == "schema-differs"


def test_values_that_the_down_computes_anew_are_not_lost(repo: Repo) -> None:
    base = USERS + "CREATE TABLE counts (author INTEGER PRIMARY KEY, posts INTEGER NOT NULL);"
    down = (
        "CREATE TABLE counts (author INTEGER PRIMARY KEY, posts INTEGER NOT NULL);"
        "INSERT INTO counts SELECT id, id * 10 FROM users;"
    )
    found = alone(repo, base, "DROP TABLE counts;", down)
    assert found.verdict == "reversible", found
    assert found.notes == ("counts.posts is computed anew by the down (3 synthetic values differ)",)


def test_columns_that_triggers_set_are_not_lost(repo: Repo) -> None:
    base = """CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL, touched INTEGER NOT NULL DEFAULT 0);
    CREATE TRIGGER touch AFTER UPDATE OF body ON notes BEGIN
      UPDATE notes SET touched = touched + 100 WHERE id = NEW.id;
    END;"""
    up = "UPDATE notes SET body = body || '!';"
    down = "UPDATE notes SET body = substr(body, 1, length(body) - 1);"
    found = alone(repo, base, up, down)
    assert found.verdict == "reversible", found
    assert found.notes == ("notes.touched is set by a trigger at each update (3 rows)",)


def test_code_needs_a_configured_command(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    policy = '[[migrations]]\npath = "db"\nframework = "alembic"\ndialect = "sqlite"\n'
    base = repo.commit({"gatepost.toml": policy})
    text = "from alembic import op\nrevision = 'b'\ndown_revision = None\n\n\ndef upgrade():\n    op.drop_table('a')\n"
    repo.commit({"db/versions/b.py": text + "\n\ndef downgrade():\n    op.create_table('a')\n"})
    assert main(["rehearse", f"{base}..HEAD", "--repo", str(repo.path)]) == 3
    assert "set command_up and command_down of [[migrations]]" in capsys.readouterr().out


def test_the_verb_tells_saves_and_exits(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    base = repo.commit({"gatepost.toml": POLICY.format(dialect="sqlite"), **files(1, USERS, "SELECT 1;")})
    repo.commit(files(2, "CREATE TABLE a (id INTEGER);", "DROP TABLE b;"))
    assert main(["rehearse", f"{base}..HEAD", "--repo", str(repo.path)]) == 1
    said = capsys.readouterr()
    assert "002  DOWN FAILS" in said.out
    assert "db/002_m.down.sql:1: no such table: b" in said.out
    assert "server: SQLite" in said.out
    assert "next: mend the down" in said.out
    assert "scratch server" in said.err
    (ref,) = repo.git("for-each-ref", "--format=%(refname)", recorded.REFS).splitlines()
    assert main(["rehearse", f"{base}..HEAD", "--repo", str(repo.path), "--format", "json", "--no-save"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert ref == f"{recorded.REFS}/{data['rehearsals'][0]['key']}"
    assert data["rehearsals"][0]["migrations"][0]["verdict"] == "down-fails"
    with repo.change(base, "HEAD").repo as opened:
        kept = recorded.load(opened, data["rehearsals"][0]["key"])
    assert kept
    assert kept.migrations[0].failure
    assert kept.migrations[0].failure.line == 1


def test_nothing_to_rehearse(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    base = repo.commit({"a": "1"})
    repo.commit({"a": "2"})
    assert main(["rehearse", f"{base}..HEAD", "--repo", str(repo.path)]) == 0
    assert capsys.readouterr().out == "no migration to rehearse in this range\n"
    assert main(["rehearse", "HEAD", "--repo", str(repo.path)]) == 2


@pytest.mark.parametrize("raw", ["", "[]", "{}", '{"format":2}', '{"format":2,"migrations":[{}]}', "[" * 100_000])
def test_a_damaged_record_is_none(raw: str) -> None:
    assert recorded.loads(raw) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"up_ms":1', '"up_ms":1e999'),
        ('"up_ms":1', '"up_ms":NaN'),
        ('"up_ms":1', '"up_ms":1' + "0" * 30),
        ('"up_ms":1', '"up_ms":1' + "0" * 5000),
        ('"rows":2', '"rows":-Infinity'),
        ('"elapsed_ms":0', '"elapsed_ms":1e999'),
        ('"server":"3"', '"server":["3"]'),
        ('"server":"3"', '"server":"\\ud800"'),
        ('"notes":[]', '"notes":["' + "x" * 300_000 + '"]'),
        ('"notes":[]', '"notes":[' + '"",' * 20_000 + '""]'),
        ('"notes":[]', '"notes":' + "[" * 50_000 + "]" * 50_000),
        ('"locks":[]', '"locks":[["a","b","c"]]'),
        ('"unfilled":[]', '"unfilled":[{"table":"a","when":"never","reason":""}]'),
        ('"unfilled":[]', '"unfilled":7'),
    ],
)
def test_a_hostile_record_is_none(old: str, new: str) -> None:
    one = Rehearsed("f", "1", "p", "", "", "reversible", lost=(Lost("t", "c", 2, "before"),), up_ms=1)
    raw = recorded.dumps(Rehearsal("k", "sqlite", "3", "", "", "db", "", "", (one,), "reversible"))
    assert recorded.loads(raw)
    assert raw.count(old) == 1
    assert recorded.loads(raw.replace(old, new)) is None


UNFILLED = """CREATE TABLE v (id INTEGER PRIMARY KEY, code TEXT NOT NULL, note TEXT);
CREATE TRIGGER ignored BEFORE INSERT ON v BEGIN SELECT RAISE(IGNORE); END;
"""
HASHED = """CREATE TABLE v (id INTEGER PRIMARY KEY,
  code TEXT NOT NULL CHECK (length(code) = 7 AND hex(code) LIKE 'F00%'), note TEXT);
"""


@pytest.mark.parametrize("base", [UNFILLED, HASHED])
def test_a_table_without_rows_shows_nothing(repo: Repo, base: str) -> None:
    found = alone(repo, base, "ALTER TABLE v DROP COLUMN note;", "ALTER TABLE v ADD COLUMN note TEXT;")
    assert found.verdict == "unknown", found
    assert [(one.table, one.when) for one in found.unfilled] == [("v", "before"), ("v", "after")]
    assert "no rows could be put into v" in found.reason
    assert ("CHECK constraint failed" if base == HASHED else "does a trigger or a rule drop it?") in found.reason


@pytest.mark.parametrize("base", [UNFILLED, HASHED])
def test_a_new_table_without_rows_shows_nothing(repo: Repo, base: str) -> None:
    found = alone(
        repo,
        USERS,
        base,
        "CREATE TABLE boom (x CHECK (x)); INSERT INTO boom SELECT 0 FROM v; DROP TABLE boom; DROP TABLE v;",
    )
    assert [(one.table, one.when) for one in found.unfilled] == [("v", "after")]
    assert found.verdict == "unknown"


def test_a_worse_verdict_stands_without_rows(repo: Repo) -> None:
    found = alone(repo, HASHED, "ALTER TABLE v DROP COLUMN note;", "ALTER TABLE w ADD COLUMN note TEXT;")
    assert (found.verdict, {one.table for one in found.unfilled}) == ("down-fails", {"v"})
    other = alone(
        Repo(repo.path.parent / "other"),
        HASHED + USERS,
        "ALTER TABLE v DROP COLUMN note; ALTER TABLE posts DROP COLUMN body;",
        "ALTER TABLE v ADD COLUMN note TEXT; ALTER TABLE posts ADD COLUMN body TEXT;",
    )
    assert (other.verdict, {one.table for one in other.unfilled}) == ("data-loss", {"v"})


def test_another_table_without_rows_is_no_matter(repo: Repo) -> None:
    found = alone(repo, HASHED + USERS, "ALTER TABLE posts ADD COLUMN x TEXT;", "ALTER TABLE posts DROP COLUMN x;")
    assert (found.verdict, found.unfilled) == ("reversible", ())


def test_downs_together_show_nothing_without_rows(repo: Repo) -> None:
    found = rehearsal(
        repo,
        HASHED,
        ("ALTER TABLE v DROP COLUMN note;", "SELECT 1;"),
        ("CREATE TABLE b (id INTEGER);", "DROP TABLE b; ALTER TABLE v ADD COLUMN note TEXT;"),
    )
    assert found.whole in ("unknown", "schema-differs")
    assert {one.verdict for one in found.migrations}.isdisjoint({"reversible"})


def test_templates_are_kept_and_a_damaged_one_is_made_again(repo: Repo, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    step = ("CREATE TABLE a (id INTEGER);", "DROP TABLE a;")
    first = rehearsal(repo, USERS, step, asked=Asked(cache=cache))
    kept = [path for path in cache.rglob("*") if path.is_file()]
    assert kept
    for path in kept:
        path.write_bytes(b"damaged")
    again = Repo(repo.path.parent / "again")
    second = rehearsal(again, USERS, step, asked=Asked(cache=cache))
    assert first.key == second.key
    assert (first.base, first.head) == (second.base, second.head)
    assert second.whole == "reversible"

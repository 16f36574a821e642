"""Rehearsals on PostgreSQL: what only it has, hostile migrations, and servers that go away."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from _postgresql import available, images
from _rehearsals import files, rehearsal
from conftest import Repo
from gatepost.gate import read_policy
from gatepost.rehearsals import Lost, Rehearsal, recorded, report
from gatepost.rehearsals.runner import rehearse
from gatepost.rehearsals.stage import Asked

BASE = """CREATE TYPE mood AS ENUM ('calm', 'cross');
CREATE DOMAIN short AS varchar(12) CHECK (length(VALUE) > 2);
CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name short NOT NULL UNIQUE,
  mood mood NOT NULL DEFAULT 'calm',
  boss bigint REFERENCES users (id),
  tags text[] NOT NULL,
  digest bytea CHECK (octet_length(digest) = 32),
  born date, updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE posts (
  id bigserial PRIMARY KEY, author bigint NOT NULL REFERENCES users (id), body text, state text NOT NULL,
  CHECK (state IN ('new', 'seen')), CHECK (num_nonnulls(body, state) > 0)
);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF NEW IS DISTINCT FROM OLD THEN NEW.updated_at = now(); END IF; RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE events (at timestamptz NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE events_a PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
"""


@pytest.fixture(autouse=True)
def there_is_one() -> None:
    available()


def asked(**given: object) -> Asked:
    return Asked(cache=images() / "rehearsals", **given)  # type: ignore[arg-type]


def pg(repo: Repo, *steps: tuple[str, str | None], base: str = BASE, **given: object) -> Rehearsal:
    return rehearsal(repo, base, *steps, dialect="postgresql", asked=asked(**given))


def test_every_kind_of_table_gets_rows(repo: Repo) -> None:
    made = pg(repo, ("COMMENT ON TABLE users IS 'x'; COMMENT ON TABLE posts IS 'x'; DELETE FROM events;", "SELECT 1;"))
    assert made.seeded == ("events", "posts", "users")
    (one,) = made.migrations
    assert one.verdict == "data-loss"
    assert one.lost == (Lost("events", "", 3, "before"),)


def test_a_trigger_that_sets_the_time_is_no_loss(repo: Repo) -> None:
    up = "ALTER TABLE users ADD COLUMN nick text; UPDATE users SET nick = name;"
    made = pg(repo, (up, "ALTER TABLE users DROP COLUMN nick;"))
    (one,) = made.migrations
    assert one.verdict == "reversible", one
    assert any("users.updated_at is set to the present time" in note for note in one.notes)
    assert one.lost == (Lost("users", "nick", 2, "after"),)


def test_ids_that_are_made_anew_are_no_loss(repo: Repo) -> None:
    up = "ALTER TABLE posts DROP COLUMN id;"
    made = pg(repo, (up, "ALTER TABLE posts ADD COLUMN id bigserial PRIMARY KEY;"))
    (one,) = made.migrations
    assert one.verdict == "reversible", one
    assert one.differences == ()
    assert set(one.notes) - {"posts.id is numbered anew (3 rows)"} == {
        "of no consequence: columns of posts stand in another order"
    }


def test_a_label_that_stays_breaks_the_second_up(repo: Repo) -> None:
    made = pg(repo, ("ALTER TYPE mood ADD VALUE 'glad';", "SELECT 1;"))
    (one,) = made.migrations
    assert one.verdict == "schema-differs"
    assert "already exists" in one.reason


def test_a_label_that_may_stay_is_small(repo: Repo) -> None:
    made = pg(repo, ("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'glad';", "SELECT 1;"))
    (one,) = made.migrations
    assert one.verdict == "reversible", one
    assert any("glad" in said for said in one.notes)


def test_narrowing_meets_what_was_written_later(repo: Repo) -> None:
    up, down = "ALTER TABLE posts ALTER author DROP NOT NULL;", "ALTER TABLE posts ALTER author SET NOT NULL;"
    (one,) = pg(repo, (up, down)).migrations
    assert one.verdict == "down-fails-with-rows"
    assert one.failure
    assert one.failure.code == "23502"


def test_a_new_foreign_key_is_seeded_for(repo: Repo) -> None:
    """Numbers that happen to lead nowhere are the seeder's fault: on the second try they lead somewhere."""
    base = BASE + "CREATE TABLE votes (id bigserial PRIMARY KEY, post bigint NOT NULL DEFAULT 77);"
    up = "ALTER TABLE votes ADD CONSTRAINT votes_post FOREIGN KEY (post) REFERENCES posts (id);"
    (one,) = pg(repo, (up, "ALTER TABLE votes DROP CONSTRAINT votes_post;"), base=base).migrations
    assert one.verdict == "reversible", one


def test_text_that_becomes_json_is_seeded_for(repo: Repo) -> None:
    up = "ALTER TABLE posts ALTER body TYPE jsonb USING body::jsonb;"
    (one,) = pg(repo, (up, "ALTER TABLE posts ALTER body TYPE text;")).migrations
    assert one.verdict == "reversible", one
    assert one.failure is None


def test_text_that_is_read_as_json_is_seeded_for(repo: Repo) -> None:
    up = "ALTER TABLE posts ADD COLUMN n json; UPDATE posts SET n = body::json -> 'n';"
    (one,) = pg(repo, (up, "ALTER TABLE posts DROP COLUMN n;")).migrations
    assert one.verdict == "reversible", one
    assert one.failure is None
    assert "the up takes only values of another form" in one.notes[-1]


def test_text_that_a_down_reads_as_json_is_seeded_for(repo: Repo) -> None:
    """What stands in a text is the program's business: only its length is the schema's."""
    up = "ALTER TABLE posts ADD COLUMN n json; UPDATE posts SET n = body::json -> 'n';"
    down = "UPDATE posts SET state = 'seen' WHERE body::json ->> 'n' = '77'; ALTER TABLE posts DROP COLUMN n;"
    (one,) = pg(repo, (up, down)).migrations
    assert one.verdict == "reversible", one


def test_a_required_column_without_default_fails_once_there_are_rows(repo: Repo) -> None:
    up = "ALTER TABLE posts ADD COLUMN n int NOT NULL;"
    (one,) = pg(repo, (up, "ALTER TABLE posts DROP COLUMN n;")).migrations
    assert one.verdict == "up-fails"
    assert one.failure
    assert "once there are rows, also without NULLs" in one.reason


def test_statement_by_statement(repo: Repo) -> None:
    up = "CREATE INDEX CONCURRENTLY by_state ON posts (state);"
    (one,) = pg(repo, (up, "DROP INDEX CONCURRENTLY by_state;")).migrations
    assert one.verdict == "reversible", one


def test_what_needs_a_newer_server_is_unknown(repo: Repo) -> None:
    made = pg(repo, ("ALTER TABLE posts ADD CONSTRAINT b NOT NULL body NO INHERIT;", "SELECT 1;"))
    if int(made.server.split(".")[0] or 15) >= 18:
        pytest.skip("this server knows it")
    assert made.whole == "unknown"
    assert "db/002_m.up.sql:1 needs PostgreSQL 18" in made.reason


def test_another_major_than_production_is_unknown(repo: Repo) -> None:
    made = rehearsal(
        repo, BASE, ("SELECT 1;", "SELECT 1;"), dialect="postgresql", policy='server = "9"\n', asked=asked()
    )
    assert made.whole == "unknown"
    assert "9" in made.reason


@pytest.mark.parametrize(
    "hostile",
    [
        "SET statement_timeout = 0; SELECT pg_sleep(600);",
        "DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(600); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;",
        "CREATE TABLE big AS SELECT repeat('x', 1000) || n AS v FROM generate_series(1, 100000000) n;",
    ],
    ids=["sleeps", "loops", "fills the disk"],
)
def test_a_hostile_migration_ends(repo: Repo, hostile: str) -> None:
    made = pg(repo, (hostile, "SELECT 1;"), seconds=8.0)
    (one,) = made.migrations
    assert one.verdict in ("unknown", "up-fails"), one
    assert made.elapsed_ms < 60_000


def test_copy_program_is_denied(repo: Repo, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    made = pg(repo, (f"COPY users TO PROGRAM 'touch {mark}';", "SELECT 1;"))
    assert made.migrations[0].verdict in ("unknown", "up-fails")
    assert not mark.exists()


def test_two_at_once(tmp_path: Path) -> None:
    found: dict[int, Rehearsal] = {}

    def one(number: int) -> None:
        repo = Repo(tmp_path / f"repo{number}")
        found[number] = pg(repo, ("CREATE TABLE t (id int);", "DROP TABLE t;"))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[number].whole for number in range(2)] == ["reversible", "reversible"], found


def test_an_assumed_dialect_is_said_with_a_good_result_too(repo: Repo) -> None:
    base = repo.commit(files(1, "CREATE TABLE a (id int);", "DROP TABLE a;"))
    change = repo.change(base, repo.commit(files(2, "CREATE TABLE b (id int);", "DROP TABLE b;")))
    with change.repo:
        (made,) = rehearse(change, read_policy(change)[0], Asked())
    assert made.whole == "reversible", made.reason
    for told in (report.text([made]), report.line(made, 0)):
        assert 'the dialect is assumed: say it in [[migrations]], dialect = "…"' in told
    again = recorded.loads(recorded.dumps(made))
    assert again == made

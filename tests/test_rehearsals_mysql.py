"""Rehearsals on MariaDB, whose DDL is in no transaction."""

from __future__ import annotations

from pathlib import Path

import pytest

from _mariadb import needed
from _rehearsals import rehearsal
from conftest import Repo
from gatepost.rehearsals import Lost
from gatepost.rehearsals.stage import Asked

BASE = """CREATE TABLE users (
  id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE, kind ENUM('a', 'b') NOT NULL,
  price DECIMAL(5, 2) NOT NULL CHECK (price > 10), more JSON, digest BINARY(16), born YEAR, boss INT,
  FOREIGN KEY (boss) REFERENCES users (id)
);
CREATE TABLE posts (
  id BIGINT PRIMARY KEY, author INT NOT NULL, body VARCHAR(200), twice BIGINT AS (id * 2),
  FOREIGN KEY (author) REFERENCES users (id)
);
"""


@pytest.fixture(autouse=True)
def there_is_one() -> None:
    needed()


@pytest.mark.slow
def test_each_verdict(repo: Repo, tmp_path: Path) -> None:
    """One server for all: the steps are independent of each other."""
    made = rehearsal(
        repo,
        BASE,
        ("ALTER TABLE users ADD COLUMN nick TEXT;", "ALTER TABLE users DROP COLUMN nick;"),
        ("ALTER TABLE posts DROP COLUMN body;", "ALTER TABLE posts ADD COLUMN body VARCHAR(200);"),
        ("ALTER TABLE users MODIFY born YEAR DEFAULT 2000;", "ALTER TABLE users MODIFY born YEAR NOT NULL;"),
        ("CREATE TABLE tags (id INT);", "DROP TABLE tag;"),
        dialect="mysql",
        asked=Asked(cache=tmp_path),
    )
    verdicts = [one.verdict for one in made.migrations]
    assert verdicts[0] == "reversible", made
    assert verdicts[1] == "data-loss", made
    assert verdicts[2] in ("down-fails-with-rows", "schema-differs"), made
    assert verdicts[3] == "down-fails"
    assert made.migrations[3].failure
    assert "tag" in made.migrations[3].failure.message
    assert Lost("posts", "body", 2, "before") in made.migrations[1].lost
    assert made.whole == "down-fails"

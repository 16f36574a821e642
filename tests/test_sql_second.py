"""What our reader does not know is asked of a second one, and refused where that refuses it."""

from __future__ import annotations

import pytest

from gatepost.sql import operations as ops
from gatepost.sql import second
from gatepost.sql.reader import read


def without_libpg_query(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second, "find_spec", lambda _: None)


def test_sqlglot_tells_what_kind_of_statement_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    without_libpg_query(monkeypatch)
    assert second.opinion("DROP TABLE IF EXISTS a", "mysql") == second.Opinion((ops.DropTable("a"),))
    assert second.opinion("FROM a SELECT", "postgresql") in (None, second.Opinion((ops.Nothing("select"),)))
    assert second.opinion("REFRESH THE HOUSE WITH (((", "postgresql") is None
    assert second.opinion("(" * 5000 + ")" * 5000, "postgresql") is None


def test_libpg_query_refuses_what_is_no_postgresql() -> None:
    pytest.importorskip("postgast")
    (found,) = read("ALTR TABLE a DROP COLUMN b", "postgresql")
    assert isinstance(found, ops.Opaque)
    assert found.reason == 'PostgreSQL\'s grammar refuses it: syntax error at or near "ALTR"'
    assert found.saw == ("DROP COLUMN b",)


def test_libpg_query_knows_statements_that_ours_does_not() -> None:
    pytest.importorskip("postgast")
    assert read("SECURITY LABEL FOR x ON TABLE a IS 'b'; IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c", "postgresql")
    (found,) = read("SET CONSTRAINTS ALL DEFERRED", "postgresql")
    assert not isinstance(found, ops.Opaque)


def test_without_it_the_answer_is_the_same_for_what_ours_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "ALTER TABLE a DROP COLUMN b; CREATE TABLE c (id int); UPDATE c SET id = 1"
    first = read(text, "postgresql")
    without_libpg_query(monkeypatch)
    assert read(text, "postgresql") == first

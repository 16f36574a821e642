"""Statements come apart where the database's own client would take them apart."""

from __future__ import annotations

import time

import pytest

from gatepost.sql.splitter import split
from gatepost.sql.tokens import DIALECTS, Dialect, sniff


def texts(script: str, dialect: Dialect = "postgresql") -> list[str]:
    return [statement.text for statement in split(script, dialect)]


@pytest.mark.parametrize(
    ("dialect", "script", "expected"),
    [
        ("postgresql", "SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("postgresql", ";;  ; -- only a comment;\n", []),
        (
            "postgresql",
            "SELECT 'a;b'; SELECT E'a\\';b'; SELECT \"a;b\"",
            ["SELECT 'a;b'", "SELECT E'a\\';b'", 'SELECT "a;b"'],
        ),
        ("postgresql", "SELECT 'a\\'; SELECT 2", ["SELECT 'a\\'", "SELECT 2"]),
        ("postgresql", "/* a /* ; */ ; */ SELECT 1;", ["SELECT 1"]),
        ("sqlite", "/* a /* ; */ SELECT 1;", ["SELECT 1"]),
        (
            "postgresql",
            "DO $$ BEGIN; DROP TABLE a; END $$; SELECT 1",
            ["DO $$ BEGIN; DROP TABLE a; END $$", "SELECT 1"],
        ),
        ("postgresql", "SELECT $a$ $$ ; $b$ $a$; SELECT $1;", ["SELECT $a$ $$ ; $b$ $a$", "SELECT $1"]),
        (
            "postgresql",
            "BEGIN; SELECT CASE WHEN a THEN b END; COMMIT;",
            ["BEGIN", "SELECT CASE WHEN a THEN b END", "COMMIT"],
        ),
        (
            "postgresql",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END; SELECT 2",
            [
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END",
                "SELECT 2",
            ],
        ),
        ("postgresql", "\\connect other\nSELECT 1;\n\\i a.sql\n", ["\\connect other", "SELECT 1", "\\i a.sql"]),
        ("postgresql", "COPY t FROM stdin;\n1;2\nDROP TABLE x;\n\\.\nSELECT 1;", ["COPY t FROM stdin", "SELECT 1"]),
        (
            "sqlite",
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; DROP TABLE x; END; SELECT 1;",
            [
                "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; DROP TABLE x; END",
                "SELECT 1",
            ],
        ),
        ("sqlite", "SELECT [a;b], `c;d`;SELECT 1", ["SELECT [a;b], `c;d`", "SELECT 1"]),
        (
            "mysql",
            "DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; END//\nDELIMITER ;\nSELECT 2;",
            ["CREATE PROCEDURE p() BEGIN SELECT 1; END", "SELECT 2"],
        ),
        (
            "mysql",
            "CREATE PROCEDURE p() BEGIN IF a THEN DO 1; END IF; CASE b WHEN 1 THEN DO 2; END CASE; END; SELECT 3",
            [
                "CREATE PROCEDURE p() BEGIN IF a THEN DO 1; END IF; CASE b WHEN 1 THEN DO 2; END CASE; END",
                "SELECT 3",
            ],
        ),
        (
            "mysql",
            "SELECT 'a\\';b'; # c; d\nSELECT \"x;\"; SELECT 1--1;",
            ["SELECT 'a\\';b'", 'SELECT "x;"', "SELECT 1--1"],
        ),
        ("mysql", "/*!50003 DROP TABLE x */; SELECT 1", ["DROP TABLE x */", "SELECT 1"]),
    ],
)
def test_split(dialect: Dialect, script: str, expected: list[str]) -> None:
    assert texts(script, dialect) == expected


def test_lines_count_from_the_first_token() -> None:
    script = "\n-- first\nSELECT 1;\n\n/* two\nlines */ SELECT\n 2; SELECT 3"
    assert [(s.line, s.end_line) for s in split(script, "postgresql")] == [(3, 3), (6, 7), (7, 7)]
    assert split("SELECT 1", "mysql", line=40)[0].line == 40


@pytest.mark.parametrize(
    ("script", "broken"),
    [
        ("SELECT 'a", "a quote is not closed"),
        ("SELECT 1 /* a", "a comment is not closed"),
        ("DO $x$ a", "the quote $x$ is not closed"),
        ("SELECT 1", ""),
    ],
)
def test_what_is_not_closed_is_said(script: str, broken: str) -> None:
    assert split(script, "postgresql")[-1].broken == broken


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "unit", ["(", "'\\", "$a$", "/*", "CREATE TRIGGER x BEGIN ", "--\n", "[", "E'\\'", "`", "\\\n"]
)
def test_hostile_text_takes_linear_time(dialect: Dialect, unit: str) -> None:
    started = time.process_time()
    split(unit * 50_000, dialect)
    assert time.process_time() - started < 3


def test_the_dialect_is_guessed() -> None:
    assert sniff("CREATE TABLE `a` (b int)") == "mysql"
    assert sniff("PRAGMA foreign_keys = off;") == "sqlite"
    assert sniff("SELECT 1") == "postgresql"

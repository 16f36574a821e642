"""What the sources share: reading a file, telling SQL from other text, telling code that runs from tests."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatepost.git import Snapshot
from gatepost.migrations._look import decoded
from gatepost.sql.tokens import words

LIMIT = 2 * 1024 * 1024
SHORTEST, LONGEST = 12, 50_000
# In one case throughout: "Select a user from the list" is a label.
_SQL = re.compile(
    r"\s*(?:(?:--[^\n]*\n|/\*[^*]*\*/)\s*)*\(*\s*(?:SELECT|select|INSERT|insert|UPDATE|update|DELETE|delete|WITH|with|REPLACE"
    r"|replace|MERGE|merge)\s"
)
_READS = re.compile(r"\b(?:SELECT|select)\s")
_FROM = re.compile(r"[\s'\"`](?:FROM|from)\s")
_WRITES = re.compile(
    r"\b(?:(?:INSERT|insert|REPLACE|replace|MERGE|merge)\s+(?:INTO|into|OR|or|IGNORE|ignore)\s"
    r"|(?:DELETE|delete)\s+(?:FROM|from)\s|(?:UPDATE|update)\s+\S{1,200}\s+(?:\S{1,80}\s+){0,3}[\"'`]?(?:SET|set)\s)"
)
_RUNS = re.compile(
    r"\s(?:FROM|from|INTO|into|SET|set|AS|as)[\s(]",
)
_ASIDE = frozenset(
    words(
        "test tests spec specs __tests__ testdata testing testutil testutils integration e2e fixtures fixture mocks"
        " seeds seed __snapshots__ node_modules vendor third_party site-packages dist build examples example docs doc"
        " benchmarks"
    )
)
_TEST_NAMES = re.compile(
    r"(?:_test\.go|_spec\.rb|_test\.rb|[._](?:test|spec)\.[cm]?[jt]sx?|_tests?\.py|\.min\.js|\.d\.[cm]?ts)$"
    r"|^(?:test_|conftest\.)"
)
_MIGRATIONS = re.compile(r"(?i)(?:^|/)[^/]*migrat[^/]*/|(?:^|/)(?:alembic|versions|changelogs?|drizzle|revert|deploy)/")


def runs(path: str) -> bool:
    """Tell a file that may run in production from tests, examples, packages of others, and migrations."""
    *directories, name = path.split("/")
    return (
        _ASIDE.isdisjoint(part.lower() for part in directories)
        and not _TEST_NAMES.search(name)
        and not is_migrations(path)
    )


def is_migrations(path: str) -> bool:
    """Tell what lies in a directory that is named as those of migrations are."""
    return bool(_MIGRATIONS.search(path))


def source(snapshot: Snapshot, path: str) -> str:
    """Give the text of a file. Raises Unreadable, NotAFile, TooLarge."""
    return decoded(snapshot.read(path, LIMIT), path)


def is_query(text: str) -> bool:
    """Tell text that is SQL which reads or writes rows, as far as its beginning shows."""
    if not SHORTEST <= len(text) <= LONGEST:
        return False
    return bool(_SQL.match(text) and _RUNS.search(text))


def has_sql(text: str) -> bool:
    """Tell code that may hold a statement from code that only uses the same words, as most does beside an ORM."""
    if _WRITES.search(text):
        return True
    return any(_FROM.search(text, found.end(), found.end() + 4000) for found in _READS.finditer(text))


def statements(text: str, line: int = 1, dialect: str = "") -> Iterator[tuple[str, int]]:
    """Split a script; give the statements that read or write rows, with their lines."""
    from gatepost.sql.splitter import split
    from gatepost.sql.tokens import sniff

    named = dialect if dialect in ("postgresql", "mysql", "sqlite") else sniff(text)
    for statement in split(text, named, line):  # type: ignore[arg-type]  # one of the three
        if not statement.client and not statement.broken and is_query(statement.text + " "):
            yield statement.text, statement.line

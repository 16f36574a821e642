"""Guess the SQL dialect of a place from configuration nearby, its own name and its files."""

from __future__ import annotations

import re

from gatepost.migrations import MYSQL, POSTGRESQL, SQLITE
from gatepost.migrations._look import Look

CONFIGS = (
    "alembic.ini",
    ".env",
    ".env.example",
    "database.yml",
    "config/database.yml",
    "dbconfig.yml",
    "sqitch.conf",
    "diesel.toml",
    "flyway.conf",
    "flyway.toml",
    "liquibase.properties",
    "knexfile.js",
    "knexfile.ts",
    "drizzle.config.ts",
    "drizzle.config.js",
    "prisma/schema.prisma",
    "schema.prisma",
    "migration_lock.toml",
    "supabase/config.toml",
    "yoyo.ini",
    "ormconfig.json",
    "config/config.json",
    "go.mod",
    "Cargo.toml",
    "package.json",
    "Gemfile",
    "mix.exs",
    "pyproject.toml",
    "requirements.txt",
    "settings.py",
    "docker-compose.yml",
)
_CONFIG_WORDS = {
    POSTGRESQL: re.compile(
        r"postgres(?:ql)?\b|\bpsycopg|\bpgx?\b|lib/pq|asyncpg|\bpostgrex\b|npgsql|supabase", re.IGNORECASE
    ),
    MYSQL: re.compile(r"mysql2?\b|mariadb|go-sql-driver|\bmyxql\b|pymysql|aiomysql", re.IGNORECASE),
    SQLITE: re.compile(r"sqlite3?\b|better-sqlite|rusqlite|aiosqlite|exqlite|libsql", re.IGNORECASE),
}
_SQL_WORDS = {
    POSTGRESQL: re.compile(
        r"\$\$|::\w|\b(?:big)?serial\b|\btimestamptz\b|\bjsonb\b|\bbytea\b|\buuid\b|concurrently|plpgsql"
        r"|create\s+extension|\btimestamp with(?:out)? time zone\b|\balter\s+column\b",
        re.IGNORECASE,
    ),
    MYSQL: re.compile(
        r"`|\bauto_increment\b|\bengine\s*=|\bunsigned\b|\butf8mb4\b|\bmodify\s+column\b|\bchange\s+column\b"
        r"|\blongtext\b|\btinyint\b|\bmediumtext\b|\bdatetime\(\d",
        re.IGNORECASE,
    ),
    SQLITE: re.compile(r"\bautoincrement\b|\bpragma\b|\bwithout\s+rowid\b|\bsqlite_", re.IGNORECASE),
}
_NAMES = {
    POSTGRESQL: re.compile(r"postgres|psql|(?:^|[^a-z])pg(?:$|[^a-z])|cockroach", re.IGNORECASE),
    MYSQL: re.compile(r"mysql|mariadb", re.IGNORECASE),
    SQLITE: re.compile(r"sqlite", re.IGNORECASE),
}
SAMPLE = 20_000


def detect(look: Look, root: str) -> tuple[str, bool]:
    """Give the dialect of a place and whether that is known: directory name, files, configuration."""
    named = of_name(root)
    if named:
        return named, True
    written = of_sql(_sample(look, root))
    configured = _configured(look, root)
    if configured:
        return configured, True
    return (written, True) if written else (POSTGRESQL, False)


def of_name(text: str) -> str:
    """Give the dialect that a path names, or ""."""
    found = [dialect for dialect, pattern in _NAMES.items() if pattern.search(text)]
    return found[0] if len(found) == 1 else ""


def of_sql(text: str) -> str:
    """Give the dialect whose own words occur most in a text, or ""."""
    counts = {dialect: len(pattern.findall(text)) for dialect, pattern in _SQL_WORDS.items()}
    if not counts[POSTGRESQL] and counts[SQLITE]:
        return SQLITE  # SQLite reads MySQL's backticks, so its own words weigh more
    best = max(counts, key=lambda dialect: counts[dialect])
    return best if counts[best] else ""


def _configured(look: Look, root: str) -> str:
    for path in look.nearby(root, *CONFIGS):
        text = look.config(path)
        found = [dialect for dialect, pattern in _CONFIG_WORDS.items() if pattern.search(text)]
        if len(found) == 1:
            return found[0]
    return ""


def _sample(look: Look, root: str) -> str:
    """Give the beginnings of the newest files of a place."""
    return "\n".join(text[:SAMPLE] for text in look.sample(look.files(root)))

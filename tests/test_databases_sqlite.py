"""SQLite's scratch databases: the contract, templates, what pushed SQL is kept from, and running databases."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatepost.databases import Database, Failed, Limits, Needs, Scratch, Statement, Unable, engine

ENGINE = engine("sqlite")


def script(*texts: str) -> list[Statement]:
    return [Statement(text, line) for line, text in enumerate(texts, 1)]


@pytest.fixture(scope="module")
def scratch() -> Iterator[Scratch]:
    with ENGINE.scratch(Needs(), Limits(seconds=1.0, disk=8 * 1024 * 1024, memory=512 * 1024 * 1024)) as made:
        yield made


@pytest.fixture
def database(scratch: Scratch) -> Iterator[Database]:
    made = scratch.empty()
    yield made
    made.drop()


class TestRun:
    def test_a_script_is_committed_on_a_connection_of_its_own(self, database: Database) -> None:
        seconds = database.run(script("CREATE TABLE a (x)", "INSERT INTO a VALUES (1)"))
        assert 0 < seconds < 1
        assert database.trusted().rows("SELECT x FROM a") == [(1,)]

    def test_a_failure_names_statement_and_line_and_undoes_the_script(self, database: Database) -> None:
        with pytest.raises(Failed) as failed:
            database.run([Statement("CREATE TABLE a (x)", 3), Statement("INSERT INTO b VALUES (1)", 7)])
        assert (failed.value.line, failed.value.statement) == (7, "INSERT INTO b VALUES (1)")
        assert failed.value.message == "no such table: b"
        assert database.schema().tables == {}

    def test_without_a_transaction_what_went_before_stays(self, database: Database) -> None:
        with pytest.raises(Failed):
            database.run(script("CREATE TABLE a (x)", "INSERT INTO b VALUES (1)"), transaction=False)
        assert list(database.schema().tables) == ["a"]

    def test_what_a_caller_did_not_split_is_split(self, database: Database) -> None:
        with pytest.raises(Failed) as failed:
            database.run(
                [Statement("CREATE TABLE a (x);\nINSERT INTO a\nVALUES (';');\nINSERT INTO b VALUES (1);", 10)]
            )
        assert failed.value.line == 13

    def test_setup_runs_before_the_transaction(self, database: Database) -> None:
        tables = script("CREATE TABLE p (id INTEGER PRIMARY KEY)", "CREATE TABLE c (p REFERENCES p)")
        database.run(tables)
        with pytest.raises(Failed, match="FOREIGN KEY constraint failed"):
            database.run(script("INSERT INTO c VALUES (1)"), setup=["PRAGMA foreign_keys = ON"])
        database.run(script("INSERT INTO c VALUES (1)"), setup=["PRAGMA foreign_keys = OFF"])

    def test_foreign_keys_cannot_be_switched_within_a_transaction(self, database: Database) -> None:
        database.run(script("CREATE TABLE p (id INTEGER PRIMARY KEY)", "CREATE TABLE c (p REFERENCES p)"))
        off = script("PRAGMA foreign_keys = OFF", "INSERT INTO c VALUES (1)")
        with pytest.raises(Failed, match="FOREIGN KEY constraint failed"):
            database.run(off, setup=["PRAGMA foreign_keys = ON"])
        database.run(off, setup=["PRAGMA foreign_keys = ON"], transaction=False)

    def test_deferred_keys_fail_at_the_end(self, database: Database) -> None:
        database.run(script("CREATE TABLE p (id INTEGER PRIMARY KEY)", "CREATE TABLE c (p REFERENCES p)"))
        given = script("PRAGMA defer_foreign_keys = ON", "INSERT INTO c VALUES (1)", "SELECT 1")
        with pytest.raises(Failed, match="FOREIGN KEY constraint failed") as failed:
            database.run(given, setup=["PRAGMA foreign_keys = ON"])
        assert failed.value.line == 3

    def test_commit_within_a_script_fails_as_it_does_in_a_framework(self, database: Database) -> None:
        with pytest.raises(Failed, match="no transaction is active"):
            database.run(script("CREATE TABLE a (x)", "COMMIT"))

    def test_values_come_back_as_they_are(self, database: Database) -> None:
        connection = database.trusted()
        values = [None, 2**62, 1.5, "ä\udc80"[:1], b"\x00\xff", float("inf")]
        assert connection.rows("SELECT ?, ?, ?, ?, ?, ?", values) == [tuple(values)]
        assert connection.rows("SELECT CAST(x'ff61' AS TEXT)") == [("\udcffa",)]
        connection.close()

    def test_a_connection_rolls_back_what_it_did_not_commit(self, database: Database) -> None:
        database.run(script("CREATE TABLE a (x)"))
        connection = database.trusted()
        connection.rows("BEGIN")
        connection.rows("INSERT INTO a VALUES (1)")
        connection.close()
        assert database.trusted().rows("SELECT count(*) FROM a") == [(0,)]

    def test_a_lock_that_someone_holds_is_not_the_scripts_fault(self, database: Database) -> None:
        connection = database.trusted()
        connection.rows("BEGIN EXCLUSIVE")
        with pytest.raises(Unable, match="locked"):
            database.run(script("CREATE TABLE a (x)"))
        connection.close()


DENIED = {
    "attach": "ATTACH '/tmp/x.db' AS x",
    "attach an expression": "ATTACH '/tmp/' || 'x.db' AS x",
    "attach a URI": "ATTACH 'file:/tmp/x.db?mode=rwc' AS x",
    "attach nothing that is known": "ATTACH (SELECT '/tmp/x.db') AS x",
    "attach memory": "ATTACH ':memory:' AS x",
    "detach": "DETACH main",
    "vacuum into": "VACUUM INTO '/tmp/gatepost-into.db'",
    "load_extension": "SELECT load_extension('/tmp/x.so')",
    "load_extension in a trigger": "INSERT INTO a VALUES (1)",
    "fts3_tokenizer": "SELECT fts3_tokenizer('simple')",
    "writable_schema": "PRAGMA writable_schema = ON",
    "writable_schema by a call": "PRAGMA writable_schema(1)",
    "schema_version": "PRAGMA schema_version = 7",
    "temp_store_directory": "PRAGMA temp_store_directory = '/tmp'",
    "data_store_directory": "PRAGMA data_store_directory = '/tmp'",
    "max_page_count": "PRAGMA max_page_count = 1000000000",
    "hard_heap_limit": "PRAGMA hard_heap_limit = 0",
    "soft_heap_limit": "PRAGMA soft_heap_limit = 0",
    "a pragma of SQLCipher": "PRAGMA key = 'x'",
    "a module that reads files": "CREATE VIRTUAL TABLE z USING zipfile('/etc/passwd')",
    "dbpage": "CREATE VIRTUAL TABLE z USING sqlite_dbpage",
}
STOPPED = {
    "endless query": "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c",
    "endless trigger": "INSERT INTO looping VALUES (1)",
    "one call of instr": "SELECT instr(hex(zeroblob(8000000)), hex(zeroblob(4000000)) || '1')",
    "a string of 900 MB": "SELECT length(replace(hex(zeroblob(1000000)), '0', hex(zeroblob(500))))",
    "a blob of 900 MB": "CREATE TABLE big AS SELECT zeroblob(900000000) AS x",
    "much memory": (
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 400)"
        " SELECT group_concat(hex(randomblob(500000))) FROM c"
    ),
    "the disk": (
        "CREATE TABLE big AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 200)"
        " SELECT randomblob(100000) FROM c"
    ),
}


class TestConfinement:
    @pytest.mark.parametrize("what", DENIED)
    def test_what_is_denied_makes_the_verdict_unknown(self, database: Database, what: str) -> None:
        trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT load_extension('x'); END"
        database.run(script("CREATE TABLE a (x)", trigger))
        with pytest.raises(Unable, match="a scratch database does not allow"):
            database.run(script(DENIED[what]), transaction=False)
        assert not Path("/tmp/gatepost-into.db").exists()
        assert not Path("/tmp/x.db").exists()

    def test_sqlite_itself_refuses_some_in_views(self, database: Database) -> None:
        database.run(script("CREATE VIEW loading AS SELECT load_extension('x')"))
        with pytest.raises(Failed, match="unsafe use of load_extension"):
            database.run(script("SELECT * FROM loading"))

    @pytest.mark.parametrize("what", STOPPED)
    def test_what_uses_too_much_is_stopped(self, database: Database, what: str) -> None:
        loop = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
        database.run(script("CREATE TABLE looping (x)", f"CREATE VIEW v AS {loop}"))
        database.run(script("CREATE TRIGGER t AFTER INSERT ON looping BEGIN SELECT * FROM v; END"))
        began = time.monotonic()
        with pytest.raises(Unable, match=r"it was stopped|it took more than 1 s"):
            database.run(script("SELECT 1", STOPPED[what]))
        assert time.monotonic() - began < 4.5
        database.run(script("CREATE TABLE after (x)"))
        assert "after" in database.schema().tables

    def test_a_hostile_trigger_cannot_hang_the_seeder(self, database: Database) -> None:
        loop = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
        database.run(
            script("CREATE TABLE a (x)", f"CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT * FROM ({loop}); END")
        )
        connection = database.trusted()
        with pytest.raises(Unable, match="more than 1 s"):
            connection.rows("INSERT INTO a VALUES (1)")
        assert connection.rows("SELECT count(*) FROM a") == [(0,)]

    def test_an_answer_without_end_is_cut(self, database: Database) -> None:
        with pytest.raises(Unable):
            database.confined().rows(
                "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT hex(zeroblob(500000)) FROM c"
            )

    @pytest.mark.parametrize(
        "harmless",
        [
            "SELECT hex(randomblob(16))",
            "PRAGMA foreign_keys = OFF",
            "PRAGMA legacy_alter_table = ON",
            "PRAGMA recursive_triggers = ON",
            "PRAGMA user_version = 3",
            "PRAGMA foreign_key_check",
            "PRAGMA integrity_check",
            "PRAGMA journal_mode = WAL",
            "PRAGMA cache_size = 10",
            "PRAGMA main.table_info('a')",
            "SELECT * FROM pragma_table_info('a')",
            "VACUUM",
            "ANALYZE",
            "REINDEX",
            "SAVEPOINT s",
            "CREATE TEMP TABLE t AS SELECT 1",
            "CREATE VIRTUAL TABLE f USING fts5(x)",
            "CREATE VIRTUAL TABLE f USING fts4(x)",
            "CREATE VIRTUAL TABLE r USING rtree(id, a, b)",
            "SELECT * FROM json_each('[1]')",
        ],
    )
    def test_what_real_migrations_use_is_allowed(self, database: Database, harmless: str) -> None:
        database.run(script(harmless), transaction=False)

    def test_how_a_file_is_kept_stays_as_it_is(self, database: Database) -> None:
        database.run(script("PRAGMA journal_mode = WAL", "PRAGMA mmap_size = 1000000000"), transaction=False)
        assert database.trusted().rows("PRAGMA journal_mode") == [("truncate",)]
        assert database.trusted().rows("PRAGMA mmap_size") == [(0,)]

    def test_a_damaged_file_is_not_believed(self, scratch: Scratch) -> None:
        damaged = scratch.empty()
        path = Path(scratch.url(damaged).removeprefix("sqlite:///"))
        path.write_bytes(b"SQLite format 3\x00" + bytes(range(256)) * 40)
        with pytest.raises((Failed, Unable)):
            damaged.schema()
        damaged.drop()

    def test_it_is_never_run_as_root(self, scratch: Scratch, database: Database) -> None:
        database.run(script("CREATE TABLE a (x)"))
        running = scratch.process._running  # type: ignore[attr-defined]
        assert "\nUid:\t0" not in Path(f"/proc/{running.pid}/status").read_text()


class TestScratch:
    def test_nothing_is_left_behind(self) -> None:
        with ENGINE.scratch(Needs(), Limits()) as made:
            database = made.empty()
            folder = Path(made.url(database).removeprefix("sqlite:///")).parent
            database.run(script("CREATE TABLE a (x)"))
            assert folder.stat().st_mode & 0o077 == 0
        assert not folder.exists()

    def test_nothing_is_left_behind_by_a_kill(self) -> None:
        program = (
            "import time\nfrom gatepost.databases import Limits, Needs, Statement, engine\n"
            "with engine('sqlite').scratch(Needs(), Limits()) as made:\n"
            "    database = made.empty()\n    database.run([Statement('CREATE TABLE a (x)')])\n"
            "    print(made.url(database), flush=True)\n    time.sleep(60)\n"
        )
        child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        assert child.stdout is not None
        folder = Path(child.stdout.readline().decode().strip().removeprefix("sqlite:///")).parent
        assert folder.exists()
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        deadline = time.monotonic() + 10
        while folder.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not folder.exists()

    def test_a_process_that_dies_is_started_again(self) -> None:
        with ENGINE.scratch(Needs(), Limits()) as made:
            database = made.empty()
            database.run(script("CREATE TABLE a (x)"))
            connection = database.trusted()
            connection.rows("INSERT INTO a VALUES (1)")
            running = made.process._running  # type: ignore[attr-defined]
            running.kill()
            running.wait()
            with pytest.raises(Unable, match="SQLite's process ended"):
                connection.rows("INSERT INTO a VALUES (2)")
            assert connection.rows("SELECT x FROM a") == [(1,)]
            database.run(script("INSERT INTO a VALUES (3)"))

    def test_another_major_version_is_unknown(self) -> None:
        with pytest.raises(Unable, match="SQLite 4 is needed"), ENGINE.scratch(Needs("4"), Limits()):
            pass
        with ENGINE.scratch(Needs("3.50.1"), Limits()) as made:
            assert made.version == sqlite3.sqlite_version

    def test_extensions_are_unknown(self) -> None:
        with pytest.raises(Unable, match="spatialite"), ENGINE.scratch(Needs(extensions=("spatialite",)), Limits()):
            pass

    def test_a_template_is_built_once_and_kept(self, tmp_path: Path) -> None:
        built: list[str] = []

        def build(database: Database) -> None:
            built.append(database.name)
            database.run(script("CREATE TABLE a (x)", "INSERT INTO a VALUES (1)"))

        for _ in range(2):
            with ENGINE.scratch(Needs(folder=str(tmp_path)), Limits()) as made:
                clone = made.template("key/1", build)
                one, two = clone(), clone()
                one.run(script("DELETE FROM a"))
                assert two.trusted().rows("SELECT x FROM a") == [(1,)]
                assert made.template("key/1", build)().trusted().rows("SELECT x FROM a") == [(1,)]
        assert len(built) == 1

    def test_a_damaged_template_is_made_again(self, tmp_path: Path) -> None:
        built: list[str] = []

        def build(database: Database) -> None:
            built.append(database.name)
            database.run(script("CREATE TABLE a (x)"))

        for damage in (None, b"", b"SQLite format 3\x00 no more"):
            if damage is not None:
                kept = next(path for path in tmp_path.rglob("*") if path.is_file() and not path.suffix)
                kept.write_bytes(damage)
            with ENGINE.scratch(Needs(folder=str(tmp_path)), Limits()) as made:
                made.template("key", build)()
        assert len(built) == 3

    def test_a_build_that_fails_keeps_nothing(self, tmp_path: Path) -> None:
        with ENGINE.scratch(Needs(folder=str(tmp_path)), Limits()) as made:
            for _ in range(2):
                with pytest.raises(Failed):
                    made.template("key", lambda database: database.run(script("nonsense")) and None)
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def test_two_at_once_share_a_folder(self, tmp_path: Path) -> None:
        needs = Needs(folder=str(tmp_path))
        with ENGINE.scratch(needs, Limits()) as one, ENGINE.scratch(needs, Limits()) as two:
            for made in (one, two):
                clone = made.template("key", lambda database: database.run(script("CREATE TABLE a (x)")) and None)
                assert "a" in clone().schema().tables

    def test_a_history_of_100_runs_in_a_second(self) -> None:
        with ENGINE.scratch(Needs(), Limits()) as made:
            database = made.empty()
            database.run(script("SELECT 1"))
            began = time.monotonic()
            for number in range(100):
                database.run(
                    script(
                        f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, x TEXT)",
                        f"CREATE INDEX i{number} ON t{number} (x)",
                    )
                )
            assert time.monotonic() - began < 1.0
            began = time.monotonic()
            assert len(database.schema().tables) == 100
            assert time.monotonic() - began < 0.6


class TestConnect:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "staging %41.db"
        connection = sqlite3.connect(path)
        connection.executescript(
            "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT); CREATE INDEX i ON a (x);"
            "INSERT INTO a (x) VALUES ('one'), ('two'); CREATE TABLE w (k TEXT PRIMARY KEY) WITHOUT ROWID;"
        )
        connection.close()
        return path

    def url(self, path: Path) -> str:
        return f"sqlite:///{str(path).replace('%', '%25')}"

    def test_it_reads_and_does_not_write(self, file: Path) -> None:
        connection = ENGINE.connect(self.url(file), 5)
        assert set(ENGINE.inspect(connection).tables) == {"a", "w"}
        assert connection.rows("SELECT x FROM a WHERE id = ?", [2]) == [("two",)]
        for write in ("INSERT INTO a VALUES (9, 'x')", "DROP TABLE a", "PRAGMA user_version = 5"):
            with pytest.raises(Failed, match="readonly"):
                connection.rows(write)
        connection.close()

    def test_facts_have_sizes_and_no_data(self, file: Path) -> None:
        connection = ENGINE.connect(self.url(file), 5)
        facts = ENGINE.facts(connection)
        connection.close()
        assert (facts.engine, facts.version) == ("sqlite", sqlite3.sqlite_version)
        assert facts.sizes["a"][0] == 2
        assert facts.sizes["w"] == (0, facts.sizes["w"][1])

    def test_what_is_not_there_is_not_made(self, tmp_path: Path) -> None:
        with pytest.raises(Unable, match="there is no such database"):
            ENGINE.connect(f"sqlite:///{tmp_path}/absent.db", 5)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("content", [b"not a database at all", b"SQLite format 3\x00" + b"\x07" * 200])
    def test_what_is_no_database_is_said(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "x.db").write_bytes(content)
        with pytest.raises(Unable, match=r"x\.db: "):
            ENGINE.connect(f"sqlite:///{tmp_path}/x.db", 5)

    @pytest.mark.parametrize("url", ["postgresql://h/d", "sqlite://host/file.db", "sqlite:/x"])
    def test_another_url_is_said(self, url: str) -> None:
        with pytest.raises(Unable):
            ENGINE.connect(url, 5)

    def test_a_question_without_end_is_stopped(self, file: Path) -> None:
        connection = ENGINE.connect(self.url(file), 0.3)
        with pytest.raises(Unable, match=r"more than 0\.3 s"):
            connection.rows("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c")
        connection.close()


class TestFunctions:
    """What an application registers itself is not there, unless the policy names it."""

    def test_regexp_is_there_as_every_application_brings_it(self, database: Database) -> None:
        database.run(script("CREATE TABLE a (x CHECK (x REGEXP '^[a-z]+$'))", "INSERT INTO a VALUES ('abc')"))
        with pytest.raises(Failed, match="CHECK constraint failed"):
            database.run(script("INSERT INTO a VALUES ('7')"))

    def test_one_that_is_not_named_is_no_fault_of_the_script(self, database: Database) -> None:
        with pytest.raises(Unable, match="line 2: no such function: slugify") as unable:
            database.run(script("CREATE TABLE a (x)", "INSERT INTO a VALUES (slugify('A'))"))
        assert 'functions = ["name/arguments"]' in unable.value.hint

    def test_one_that_is_named_has_a_stub(self) -> None:
        with ENGINE.scratch(Needs(functions=("slugify/1", "now_utc/0")), Limits()) as made:
            database = made.empty()
            database.run(script("CREATE TABLE a (x, y)", "INSERT INTO a VALUES (slugify('A'), now_utc())"))
            assert database.trusted().rows("SELECT x, y FROM a") == [("A", None)]

    @pytest.mark.parametrize("name", ["slugify", "slug ify/1", "slugify/x", "/1", "f/101"])
    def test_one_that_cannot_be_a_function(self, name: str) -> None:
        with pytest.raises(Unable, match="is not name/arguments"), ENGINE.scratch(Needs(functions=(name,)), Limits()):
            pass

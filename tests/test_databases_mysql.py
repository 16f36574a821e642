"""MariaDB's scratch databases: the contract, templates, what pushed SQL is kept from, and running servers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from _mariadb import needed
from gatepost.databases import Database, Failed, Limits, Needs, Scratch, Statement, Unable, engine
from gatepost.databases._mysql_address import read_url
from gatepost.databases.mysql import agrees

ENGINE = engine("mysql")
LIMITS = Limits(seconds=2.0, disk=96 * 1024 * 1024)


def script(*texts: str) -> list[Statement]:
    return [Statement(text, line) for line, text in enumerate(texts, 1)]


@pytest.fixture(scope="module")
def scratch() -> Iterator[Scratch]:
    needed()
    with ENGINE.scratch(Needs(), LIMITS) as made:
        yield made


@pytest.fixture
def database(scratch: Scratch) -> Iterator[Database]:
    made = scratch.empty()
    yield made
    made.drop()


def rows(database: Database, sql: str) -> list[tuple[object, ...]]:
    connection = database.trusted()
    try:
        return connection.rows(sql)
    finally:
        connection.close()


class TestRun:
    def test_a_script_is_committed(self, database: Database) -> None:
        seconds = database.run(script("CREATE TABLE a (x int)", "INSERT INTO a VALUES (1)"))
        assert 0 < seconds < 2
        assert rows(database, "SELECT x FROM a") == [(1,)]

    def test_a_failure_names_statement_and_line(self, database: Database) -> None:
        with pytest.raises(Failed) as failed:
            database.run([Statement("CREATE TABLE a (x int)", 3), Statement("INSERT INTO b VALUES (1)", 7)])
        assert (failed.value.line, failed.value.code) == (7, "1146")
        assert failed.value.statement == "INSERT INTO b VALUES (1)"
        assert "a" in database.schema().tables

    def test_an_error_of_syntax_names_its_own_line(self, database: Database) -> None:
        with pytest.raises(Failed) as failed:
            database.run([Statement("CREATE TABLE a (\n  x int,\n  y int int\n)", 10)])
        assert (failed.value.line, failed.value.code) == (12, "1064")

    def test_rows_are_undone_and_tables_are_not(self, database: Database) -> None:
        database.run(script("CREATE TABLE a (x int)"))
        with pytest.raises(Failed):
            database.run(script("INSERT INTO a VALUES (1)", "INSERT INTO b VALUES (1)"))
        assert rows(database, "SELECT count(*) FROM a") == [(0,)]
        with pytest.raises(Failed):
            database.run(script("INSERT INTO a VALUES (1)", "INSERT INTO b VALUES (1)"), transaction=False)
        assert rows(database, "SELECT count(*) FROM a") == [(1,)]

    def test_setup_is_for_the_same_connection(self, database: Database) -> None:
        keyed = script("CREATE TABLE c (x int, FOREIGN KEY (x) REFERENCES p (x))")
        with pytest.raises(Failed, match="errno: 150"):
            database.run(keyed)
        database.run(keyed, setup=["SET FOREIGN_KEY_CHECKS = 0"])

    def test_delimiter_is_for_the_client(self, database: Database) -> None:
        text = (
            "CREATE TABLE a (x int);\nDELIMITER //\nCREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW\nBEGIN\n"
            "  SET NEW.x = 1;\n  SET NEW.x = NEW.x + 1;\nEND//\nDELIMITER ;\nINSERT INTO a VALUES (0);\nnonsense;\n"
        )
        with pytest.raises(Failed) as failed:
            database.run([Statement(text, 1)], transaction=False)
        assert failed.value.line == 10
        assert rows(database, "SELECT x FROM a") == [(2,)]

    def test_values_come_as_they_are(self, database: Database) -> None:
        connection = database.trusted()
        found = connection.rows("SELECT NULL, 18446744073709551615, 1.50, X'00ff', 'ä%', CAST('838:59:59' AS TIME)")
        assert [str(value) for value in found[0]] == [
            "None",
            "18446744073709551615",
            "1.50",
            r"b'\x00\xff'",
            "ä%",
            "838:59:59",
        ]
        assert connection.rows("SELECT %s, %s", ["it's", None]) == [("it's", None)]
        connection.close()

    def test_a_connection_rolls_back_what_it_did_not_commit(self, database: Database) -> None:
        database.run(script("CREATE TABLE a (x int)"))
        connection = database.trusted()
        connection.rows("BEGIN")
        connection.rows("INSERT INTO a VALUES (1)")
        connection.close()
        assert rows(database, "SELECT count(*) FROM a") == [(0,)]

    def test_a_lock_that_someone_holds_is_not_the_scripts_fault(self, database: Database) -> None:
        database.run(script("CREATE TABLE a (x int)"))
        connection = database.trusted()
        connection.rows("LOCK TABLES a WRITE")
        with pytest.raises(Unable, match=r"more than 2 s|[Ll]ock wait"):
            database.run(script("ALTER TABLE a ADD y int"))
        connection.close()


DENIED = {
    "load data": "LOAD DATA INFILE '/etc/passwd' INTO TABLE a",
    "load data local": "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE a",
    "into outfile": "SELECT 'x' INTO OUTFILE '/tmp/gatepost-outfile'",
    "into dumpfile": "SELECT 'x' INTO DUMPFILE '/tmp/gatepost-outfile'",
    "set global": "SET GLOBAL max_connections = 1",
    "general log": "SET GLOBAL general_log_file = '/tmp/gatepost-outfile'",
    "persist": "SET GLOBAL secure_file_priv = ''",
    "shutdown": "SHUTDOWN",
    "create user": "CREATE USER x@localhost",
    "create role": "CREATE ROLE x",
    "grant": "GRANT SELECT ON *.* TO root@localhost",
    "set password": "SET PASSWORD FOR root@localhost = PASSWORD('x')",
    "alter user": "ALTER USER root@localhost IDENTIFIED BY 'x'",
    "another database": "CREATE DATABASE gatepost_other",
    "read mysql": "SELECT * FROM mysql.global_priv",
    "write mysql": "INSERT INTO mysql.func VALUES ('x', 0, 'x.so', 'function')",
    "use mysql": "USE mysql",
    "drop mysql": "DROP DATABASE mysql",
    "install plugin": "INSTALL PLUGIN x SONAME 'ha_connect.so'",
    "install soname": "INSTALL SONAME 'ha_federatedx'",
    "a function of a library": "CREATE FUNCTION from_a_library RETURNS INTEGER SONAME 'x.so'",
    "server": "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h')",
    "change master": "CHANGE MASTER TO MASTER_HOST = 'h'",
    "flush": "FLUSH TABLES WITH READ LOCK",
    "purge": "PURGE BINARY LOGS TO 'x'",
    "definer": "CREATE DEFINER = root@localhost PROCEDURE p() SELECT 1",
    "become somebody": "SET ROLE x",
    "binlog": "SET SESSION sql_log_bin = 0",
    "read only": "SET GLOBAL read_only = 1",
    "backup": "BACKUP STAGE START",
}
CATCHING = (
    "CREATE PROCEDURE p() BEGIN DECLARE CONTINUE HANDLER FOR SQLEXCEPTION SET @x = 2;"
    " WHILE 1 DO DO SLEEP(0.01); END WHILE; END"
)
STOPPED = {
    "sleep": ["SET max_statement_time = 0", "SELECT SLEEP(1000)"],
    "get_lock": ["SELECT GET_LOCK('x', 1)", "SELECT SLEEP(1000)"],
    "benchmark": ["SELECT BENCHMARK(100000000000, MD5('x'))"],
    "endless procedure": ["CREATE PROCEDURE p() BEGIN WHILE 1 DO SET @x = 1; END WHILE; END", "CALL p()"],
    "a procedure that catches": [
        CATCHING,
        "CALL p()",
    ],
    "endless query": [
        "SET max_recursive_iterations = 4294967295",
        "WITH RECURSIVE c AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c",
    ],
    "endless rows": ["SELECT a.seq FROM seq_1_to_1000000 AS a JOIN seq_1_to_1000000 AS b"],
    "the disk": [
        "CREATE TABLE big (x longtext)",
        *["INSERT INTO big SELECT REPEAT('x', 1000000) FROM seq_1_to_40"] * 9,
    ],
    "the disk, in a transaction": [
        "CREATE TABLE big (x longtext)",
        "INSERT INTO big SELECT REPEAT('x', 1000000) FROM seq_1_to_400",
    ],
    "temporary files": ["SELECT count(*) FROM (SELECT DISTINCT REPEAT(seq, 100000) AS x FROM seq_1_to_4000) AS y"],
}


class TestConfinement:
    @pytest.mark.parametrize("what", DENIED)
    def test_what_is_denied_makes_the_verdict_unknown(self, database: Database, what: str) -> None:
        database.run(script("CREATE TABLE a (x text)"))
        with pytest.raises((Unable, Failed)) as refused:
            database.run(script(DENIED[what]), transaction=False)
        assert isinstance(refused.value, Unable) or refused.value.code in ("1238", "1959", "1235"), refused.value
        assert not Path("/tmp/gatepost-outfile").exists()
        assert rows(database, "SELECT 1") == [(1,)]

    def test_nobody_else_is_killed(self, database: Database) -> None:
        connection = database.trusted()
        number = connection.rows("SELECT CONNECTION_ID()")
        with pytest.raises(Unable, match="not owner of thread"):
            database.run(script(f"KILL {number[0][0]}"))
        database.run(script("KILL USER root@localhost"))
        assert connection.rows("SELECT CONNECTION_ID()") == number
        connection.close()

    def test_files_are_not_read(self, database: Database) -> None:
        database.run(script("CREATE TABLE a AS SELECT LOAD_FILE('/etc/passwd') AS x"))
        assert rows(database, "SELECT x FROM a") == [(None,)]

    def test_a_table_does_not_go_elsewhere(self, database: Database, tmp_path: Path) -> None:
        tmp_path.chmod(0o777)
        for options in (
            f"ENGINE = InnoDB DATA DIRECTORY = '{tmp_path}'",
            f"ENGINE = MyISAM DATA DIRECTORY = '{tmp_path}'",
        ):
            try:
                database.run(script(f"CREATE OR REPLACE TABLE a (x int) {options}"))
            except (Failed, Unable):
                continue
            assert list(tmp_path.iterdir()) == []

    def test_other_scratch_databases_are_out_of_reach(self, scratch: Scratch, database: Database) -> None:
        other = scratch.empty()
        other.run(script("CREATE TABLE secret (x int)"))
        for statement in (f"SELECT * FROM {other.name}.secret", f"DROP DATABASE {other.name}", f"USE {other.name}"):
            with pytest.raises(Unable, match="the role may not do that"):
                database.run(script(statement))
        assert (other.name,) not in [tuple(row) for row in _confined(database, "SHOW DATABASES")]
        other.drop()

    def test_a_wildcard_in_the_grant_is_none(self, scratch: Scratch, database: Database) -> None:
        with pytest.raises(Unable):
            database.run(script(f"CREATE DATABASE {database.name.replace('_', 'x')}"))

    @pytest.mark.parametrize("what", STOPPED)
    def test_what_uses_too_much_is_stopped(self, database: Database, what: str) -> None:
        began = time.monotonic()
        with pytest.raises(Unable, match=r"more than 2 s|MiB of disk|was stopped"):
            database.run(script(*STOPPED[what]), transaction=what.endswith("transaction"))
        assert time.monotonic() - began < 8
        assert rows(database, "SELECT 1") == [(1,)]

    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT length(REPEAT('x', 900000000))",
            "SET @x = REPEAT('x', 900000000)",
            "SET SESSION sort_buffer_size = 18446744073709551615",
            "SET SESSION max_session_mem_used = 18446744073709551615",
            "SET SESSION group_concat_max_len = 18446744073709551615",
        ],
    )
    def test_memory_has_an_end(self, database: Database, statement: str) -> None:
        grow = "SELECT length(GROUP_CONCAT(REPEAT('x', 1000000))) FROM seq_1_to_3000"
        with suppress(Failed, Unable):
            database.run(script(statement, grow))
        assert rows(database, "SELECT 1") == [(1,)]

    def test_a_trigger_cannot_hang_the_seeder(self, database: Database) -> None:
        database.run(
            script(
                "CREATE TABLE a (x int)",
                "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN WHILE 1 DO SET @x = 1; END WHILE; END",
            )
        )
        connection = database.trusted()
        with pytest.raises(Unable):
            connection.rows("INSERT INTO a VALUES (1)")
        assert connection.rows("SELECT count(*) FROM a") == [(0,)]
        connection.close()

    def test_a_trigger_does_not_run_with_the_seeders_rights(self, database: Database) -> None:
        database.run(
            script(
                "CREATE TABLE a (x text)",
                "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW"
                " SET NEW.x = (SELECT priv FROM mysql.global_priv LIMIT 1)",
            )
        )
        connection = database.trusted()
        with pytest.raises(Unable, match="denied"):
            connection.rows("INSERT INTO a VALUES ('')")
        connection.close()

    def test_connections_have_an_end(self, scratch: Scratch, database: Database) -> None:
        held = [database.confined() for _ in range(LIMITS.connections)]
        with pytest.raises(Unable, match="max_user_connections"):
            database.confined()
        for connection in held:
            connection.close()

    def test_it_is_never_run_as_root(self, scratch: Scratch, database: Database) -> None:
        pid = (Path(read_url(scratch.url(database)).socket).parent / "pid").read_text().strip()
        assert "\nUid:\t0" not in Path(f"/proc/{pid}/status").read_text()

    def test_there_is_no_network(self, database: Database) -> None:
        assert rows(database, "SELECT @@skip_networking, @@local_infile, @@port") == [(1, 0, 0)]


def _confined(database: Database, sql: str) -> list[tuple[object, ...]]:
    connection = database.confined()
    try:
        return connection.rows(sql)
    finally:
        connection.close()


FULL = script(
    "CREATE TABLE p (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, name varchar(40) NOT NULL COMMENT 'it''s', b blob,"
    " d date)",
    "CREATE TABLE c (p bigint unsigned, n int, twice int AS (n * 2) STORED,"
    " FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE)",
    "CREATE VIEW a_view AS SELECT name FROM z_view",
    "CREATE PROCEDURE pr(IN x int) BEGIN INSERT INTO p (name) VALUES (x); END",
    "CREATE FUNCTION f(x int) RETURNS int DETERMINISTIC RETURN x + 1",
    "CREATE TRIGGER t BEFORE INSERT ON c FOR EACH ROW SET NEW.n = f(NEW.n)",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM c",
    "CREATE SEQUENCE s START WITH 5",
    "INSERT INTO p VALUES (7, 'ä\\'%s', X'00ff27', '2020-02-29'), (9, '', NULL, NULL)",
    "INSERT INTO c (p, n) VALUES (7, 1)",
)


def build(database: Database) -> None:
    early = script(
        "CREATE TABLE p (id bigint unsigned, name varchar(40))",
        "CREATE VIEW z_view AS SELECT name FROM p",
        "DROP TABLE p",
    )
    database.run(early)
    database.run(FULL)


class TestScratch:
    def test_a_clone_is_as_its_template(self, scratch: Scratch) -> None:
        from gatepost.sql.store import dump

        original = scratch.empty()
        build(original)
        one, two = (scratch.template("full", build)() for _ in range(2))
        one.run(script("DELETE FROM p", "DROP VIEW a_view"))
        assert dump(two.schema()) == dump(original.schema())
        for table in ("p", "c"):
            assert rows(two, f"SELECT * FROM {table}") == rows(original, f"SELECT * FROM {table}")
        for made in (original, one, two):
            made.drop()

    def test_a_template_is_kept_and_a_damaged_one_made_again(self, tmp_path: Path) -> None:
        needed()
        built: list[str] = []

        def make(database: Database) -> None:
            built.append(database.name)
            build(database)

        for damage in (None, None, b"[]"):
            if damage is not None:
                next(path for path in tmp_path.rglob("*") if path.is_file() and not path.suffix).write_bytes(damage)
            with ENGINE.scratch(Needs(folder=str(tmp_path)), LIMITS) as made:
                assert "p" in made.template("key", make)().schema().tables
        assert len(built) == 2

    def test_nothing_is_left_behind(self) -> None:
        needed()
        with ENGINE.scratch(Needs(), LIMITS) as made:
            folder = Path(read_url(made.url(made.empty())).socket).parent
            pid = int((folder / "pid").read_text())
            assert folder.stat().st_mode & 0o077 == 0
        assert not folder.exists()
        assert not Path(f"/proc/{pid}").exists()

    def test_nothing_is_left_behind_by_a_kill(self, tmp_path: Path) -> None:
        needed()
        program = (
            "import sys, time\nfrom gatepost.databases import Limits, Needs, engine\n"
            "from gatepost.databases._mysql_address import read_url\n"
            "with engine('mysql').scratch(Needs(), Limits()) as made:\n"
            "    print(read_url(made.url(made.empty())).socket, flush=True)\n    time.sleep(60)\n"
        )
        child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        assert child.stdout is not None
        folder = Path(child.stdout.readline().decode().strip()).parent
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        deadline = time.monotonic() + 10
        while folder.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not folder.exists()

    def test_a_server_that_dies_is_started_again(self, scratch: Scratch, database: Database) -> None:
        folder = Path(read_url(scratch.url(database)).socket).parent
        database.run(script("CREATE TABLE a (x int)"))
        os.kill(int((folder / "pid").read_text()), signal.SIGKILL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                assert "a" in database.schema().tables
                break
            except Unable:
                time.sleep(0.1)

    @pytest.mark.parametrize("version", ["10.6", "11", "8.0.36", "8.4", "10.6.4-MariaDB", "9"])
    def test_another_version_is_unknown(self, version: str) -> None:
        with pytest.raises(Unable, match="is needed"):
            agrees(version, "10.11.18-MariaDB-0+deb12u1")

    @pytest.mark.parametrize(
        ("wanted", "version"),
        [("", "8.0.1"), ("10", "10.11.1-MariaDB"), ("10.11", "10.11.1-MariaDB"),
         ("10.11.6-MariaDB-log", "10.11.1-MariaDB"), ("8.0.36", "8.0.11"), ("8", "8.4.0")],
    )  # fmt: skip
    def test_the_same_version_will_do(self, wanted: str, version: str) -> None:
        agrees(wanted, version)

    def test_an_operators_server_is_left_as_it_was(self, scratch: Scratch) -> None:
        url = scratch.place.administrator.url()  # type: ignore[attr-defined]
        before = rows(scratch.empty(), "SELECT count(*) FROM mysql.user")
        with ENGINE.scratch(Needs(url=url), LIMITS) as made:
            assert "of the operator" in made.how
            clone = made.template("x", build)()
            clone.run(script("DROP TABLE c"))
            with pytest.raises(Unable, match="more than 2 s"):
                clone.run(script("SELECT SLEEP(100)"))
        found = scratch.empty()
        assert [row for row in rows(found, "SHOW DATABASES") if str(row[0]).startswith(made.prefix)] == []  # type: ignore[attr-defined]
        assert rows(found, "SELECT count(*) FROM mysql.user WHERE user <> SUBSTRING_INDEX(USER(), '@', 1)") is not None
        assert int(str(rows(found, "SELECT count(*) FROM mysql.user")[0][0])) == int(str(before[0][0])) + 1


class TestConnect:
    @pytest.fixture
    def staging(self, scratch: Scratch, database: Database) -> str:
        build(database)
        return scratch.url(database)

    def test_it_reads_and_does_not_write(self, staging: str) -> None:
        connection = ENGINE.connect(staging, 5)
        assert {"p", "c"} <= set(ENGINE.inspect(connection).tables)
        for write in ("INSERT INTO p (name) VALUES ('x')", "CREATE TABLE q (x int)", "DROP TABLE c"):
            with pytest.raises(Failed, match="READ ONLY"):
                connection.rows(write)
        connection.close()

    def test_facts_have_sizes_and_no_data(self, staging: str) -> None:
        connection = ENGINE.connect(staging, 5)
        facts = ENGINE.facts(connection)
        connection.close()
        assert facts.engine == "mysql"
        assert "MariaDB" in facts.version
        assert facts.sizes["p"][0] == 2
        assert facts.sizes["p"][1] >= 16384

    def test_a_password_is_never_printed(self, staging: str) -> None:
        password = read_url(staging).password
        wrong = staging.replace(password, "hunter2")
        with pytest.raises(Unable) as refused:
            ENGINE.connect(wrong, 5)
        assert "hunter2" not in f"{refused.value} {refused.value.hint} {refused.value!r}"
        assert "Access denied" in str(refused.value)
        assert password not in repr(read_url(staging))

    def test_a_server_that_is_not_there(self, staging: str) -> None:
        with pytest.raises(Unable, match="Can't connect"):
            ENGINE.connect("mysql://a:secret@127.0.0.1:9/x", 1)

    @pytest.mark.parametrize("url", ["mysql://h:port/x", "postgresql://h/d", "mysql://u:p@h"])
    def test_a_url_that_cannot_be_used_is_said_without_it(self, url: str) -> None:
        with pytest.raises(Unable) as refused:
            ENGINE.connect(url, 1)
        assert url not in str(refused.value)

    def test_a_question_without_end_is_stopped(self, staging: str) -> None:
        connection = ENGINE.connect(staging, 1)
        began = time.monotonic()
        with pytest.raises(Unable):
            connection.rows("SELECT count(*) FROM seq_1_to_100000000 AS a JOIN seq_1_to_100000000 AS b")
        assert time.monotonic() - began < 5
        connection.close()

    def test_a_url_comes_back(self) -> None:
        address = read_url("mariadb://us%40er:p%2Fw@db.example:3307/shop?ssl=true")
        assert (address.user, address.password, address.host, address.port) == ("us@er", "p/w", "db.example", 3307)
        assert (address.database, address.tls) == ("shop", True)
        assert read_url(replace(address, tls=False).url()) == replace(address, tls=False)

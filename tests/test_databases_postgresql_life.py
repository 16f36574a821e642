"""The life of a scratch cluster: what is kept, what is damaged, what dies in the middle, what is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from _postgresql import available, scratch, statements
from gatepost.databases import Database, Limits, Needs, Unable
from gatepost.databases import _postgresql_place as places
from gatepost.databases._postgresql_image import KEPT, Damaged, Images, pack, unpack
from gatepost.databases._postgresql_programs import Account, Programs, account, find, major
from gatepost.databases._postgresql_scratch import SERVERS, Cluster

CHILD = """
import sys, time
from gatepost.databases import Limits, Needs, Statement, engine
with engine("postgresql").scratch(Needs(folder=sys.argv[1]), Limits()) as opened:
    database = opened.empty()
    print(opened.url(database).partition("host=")[2].replace("%2F", "/"), flush=True)
    database.run([Statement("select pg_sleep(60)")])
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    made = str(tmp_path_factory.mktemp("images"))
    with scratch(Needs(folder=made)) as opened:
        opened.empty()
    return made


def servers(root: Path) -> list[str]:
    found = subprocess.run(["ps", "-wweo", "pid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    return [line for line in found.splitlines() if str(root) in line and "Z" not in line.split()[1]]


def gone(root: Path, seconds: float = 15) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not root.exists() and not servers(root):
            return True
        time.sleep(0.05)
    return False


def fill(database: Database) -> None:
    database.run(statements("create table t (a int)", "insert into t values (7)"))


def ask(database: Database, sql: str) -> list[tuple[object, ...]]:
    connection = database.trusted()
    try:
        return connection.rows(sql)
    finally:
        connection.close()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("ended", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_when_we_are_ended(folder: str, ended: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdout is not None
        root = Path(child.stdout.readline().strip())
        time.sleep(0.3)
        assert servers(root)
        child.send_signal(ended)
        child.wait(20)
    assert gone(root)


def test_leaving_leaves_nothing(folder: str) -> None:
    with scratch(Needs(folder=folder)) as opened:
        root = Path(opened.url(opened.empty()).partition("host=")[2].replace("%2F", "/"))
        assert root.stat().st_mode & 0o777 == 0o700
        assert servers(root)
    assert gone(root, 1)


def test_it_never_runs_as_root(folder: str) -> None:
    with scratch(Needs(folder=folder)) as opened:
        root = Path(opened.url(opened.empty()).partition("host=")[2].replace("%2F", "/"))
        assert root.stat().st_uid != 0
        assert all(Path(f"/proc/{line.split()[0]}").stat().st_uid != 0 for line in servers(root))


def _cluster(opened: object) -> Cluster:
    assert isinstance(opened, Cluster)
    return opened


def test_a_server_that_dies_in_the_middle_is_said_and_started_again(folder: str) -> None:
    with scratch(Needs(folder=folder)) as opened:
        database = opened.empty()
        fill(database)
        plain = _cluster(opened).plain
        assert plain is not None
        for end in (signal.SIGQUIT, signal.SIGKILL):
            timer = threading.Timer(0.3, os.kill, (plain[1].pid, end))
            timer.start()
            with pytest.raises(Unable, match=r"ended|lost|terminat"):
                database.run(statements("select pg_sleep(20)", "insert into t values (8)", "select pg_sleep(20)"))
            timer.join()
            with pytest.raises(Unable, match="the scratch server died"):
                database.run(statements("select 1"))
            database.drop()
            database = opened.empty()
            fill(database)
            assert ask(database, "select a from t") == [(7,)]


def come_until_it_is_seen(database: Database) -> None:
    """Connect again and again: the postmaster needs a moment to see that one of its own died, and lets others in."""
    for _ in range(100):
        database.confined().close()
        time.sleep(0.05)


def test_a_backend_that_is_killed_is_said(folder: str) -> None:
    with scratch(Needs(folder=folder)) as opened:
        database = opened.empty()
        fill(database)
        plain = _cluster(opened).plain
        assert plain is not None
        other = database.trusted()
        pid = other.rows("select pg_backend_pid()")[0][0]
        os.kill(int(pid), signal.SIGKILL)
        with pytest.raises(Unable):
            other.rows("select 1")
        other.close()
        with pytest.raises(Unable, match="the scratch server died"):
            come_until_it_is_seen(database)
        assert ask(opened.empty(), "select 1") == [(1,)]


def test_a_template_is_kept_between_runs(tmp_path: Path) -> None:
    counts = []
    for _ in range(2):
        built: list[str] = []

        def build(database: Database, built: list[str] = built) -> None:
            built.append(database.name)
            fill(database)

        with scratch(Needs(folder=str(tmp_path))) as opened:
            assert ask(opened.template("kept", build)(), "select a from t") == [(7,)]
            counts.append(len(built))
    assert counts == [1, 0]


def test_a_damaged_image_is_made_again(folder: str) -> None:
    images = Path(folder) / "postgresql"
    with scratch(Needs(folder=folder)) as opened:
        opened.template("damaged", fill)
    for path in images.iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    built = []

    def build(database: Database) -> None:
        built.append(1)
        fill(database)

    with scratch(Needs(folder=folder)) as opened:
        assert ask(opened.template("damaged", build)(), "select a from t") == [(7,)]
    assert built


def test_images_are_whole_or_not_there(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "base").mkdir(parents=True)
    (data / "base" / "1").write_bytes(b"rows" * 1000)
    (data / "empty").write_bytes(b"")
    (data / "postmaster.pid").write_text("1")
    image = pack(data)
    assert image is not None
    unpack(image, tmp_path / "copy", Account())
    assert (tmp_path / "copy" / "base" / "1").read_bytes() == b"rows" * 1000
    assert (tmp_path / "copy" / "empty").exists()
    assert not (tmp_path / "copy" / "postmaster.pid").exists()
    for damaged in (image[: len(image) // 2], b"", image[:-1] + bytes([image[-1] ^ 1]), b"x" + image[1:], image + b"x"):
        with pytest.raises(Damaged):
            unpack(damaged, tmp_path / "other", Account())
        assert not (tmp_path / "other").exists()


def test_a_few_images_are_kept_and_the_oldest_goes(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    images = Images(str(tmp_path / "kept"))
    for number in range(KEPT + 2):
        images.store(f"k{number}", data)
        os.utime(tmp_path / "kept" / "postgresql" / f"k{number}", (number + 1, number + 1))
    assert images.load("k0") is None
    assert images.load(f"k{KEPT + 1}")
    assert len(list((tmp_path / "kept" / "postgresql").iterdir())) == KEPT


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with scratch(Needs(folder=str(tmp_path / "file"))) as opened:
        assert ask(opened.template("nowhere", fill)(), "select a from t") == [(7,)]


def test_two_at_once_do_not_meet(tmp_path: Path) -> None:
    failed: list[BaseException] = []

    def one(number: int) -> None:
        try:
            with scratch(Needs(folder=str(tmp_path))) as opened:
                clone = opened.template("both", fill)
                database = clone()
                database.run(statements(f"insert into t values ({number})"))
                assert sorted(ask(database, "select a from t")) == sorted([(7,), (number,)])
        except BaseException as error:  # noqa: BLE001  # the test's own thread looks at it
            failed.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_a_template_that_someone_is_connected_to_is_cloned(folder: str) -> None:
    held = []

    def build(database: Database) -> None:
        fill(database)
        held.append(database.trusted())
        held[0].rows("begin; lock table t")

    with scratch(Needs(folder=folder)) as opened:
        clone = opened.template("held", build)
        assert ask(clone(), "select a from t") == [(7,)]
        held[0].close()


def test_servers_that_nobody_uses_go(tmp_path: Path) -> None:
    with scratch(Needs(folder=str(tmp_path))) as opened:
        clones = [opened.template(f"k{number}", fill) for number in range(SERVERS + 1)]
        held = clones[-1]()
        assert len(_cluster(opened).stacks) == SERVERS
        again = clones[0]()
        assert ask(again, "select a from t") == ask(held, "select a from t") == [(7,)]
        assert len(_cluster(opened).stacks) == SERVERS
    assert not _cluster(opened).stacks


def test_a_loop_in_a_fresh_clone_is_ended(tmp_path: Path) -> None:
    with scratch(Needs(folder=str(tmp_path)), Limits(seconds=0.5)) as opened:
        clone = opened.template("fresh", lambda database: None)
        with pytest.raises(Unable, match=r"it ran for more than 0\.5 s"):
            clone().run(statements("set statement_timeout = 0", "select pg_sleep(30)"))


def test_a_build_that_fails_keeps_nothing(folder: str) -> None:
    def broken(database: Database) -> None:
        fill(database)
        raise Unable("no")

    with scratch(Needs(folder=folder)) as opened:
        with pytest.raises(Unable, match="no"):
            opened.template("broken", broken)
        assert ask(opened.template("broken", fill)(), "select a from t") == [(7,)]


def test_extensions_are_there_when_they_are_needed(folder: str) -> None:
    with scratch(Needs(folder=folder, extensions=("pgcrypto", "earthdistance"))) as opened:
        database = opened.empty()
        database.run(statements("create extension pgcrypto", "create extension earthdistance"))
        assert ask(database, "select count(*) from pg_extension where extname <> 'plpgsql'") == [(3,)]
        database.run(statements("drop extension pgcrypto"))
        database.run(statements("create extension pgcrypto"))
    with scratch(Needs(folder=folder, extensions=("no_such_thing",))) as opened:
        with pytest.raises(Unable, match="the extension no_such_thing is needed") as said:
            opened.empty()
        assert "-no-such-thing" in said.value.hint


def test_what_was_left_by_a_killed_run_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_YOUNG", -1)
    for name in ("old", "linked"):
        (tmp_path / f"{places.PREFIX}{name}" / "data").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"{places.PREFIX}link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / f"{places.PREFIX}old" / "lock").write_text("")
    with places.place(1 << 20, Account(), tmp_path) as held:
        places.sweep(tmp_path)
        assert held.root.exists()
        assert {path.name for path in tmp_path.iterdir()} == {held.root.name, "elsewhere", f"{places.PREFIX}link"}
    assert not held.root.exists()


def test_a_server_that_outlived_its_shell_is_ended(folder: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdout is not None
        root = Path(child.stdout.readline().strip())
        said = servers(root)
        for line in said:
            if "/bin/sh" in line:
                os.kill(int(line.split()[0]), signal.SIGKILL)
        child.kill()
        child.wait(20)
    assert servers(root), said
    os.utime(root, (1, 1))
    places.sweep(root.parent)
    assert gone(root)


def test_too_little_room_is_said(folder: str) -> None:
    with scratch(Needs(folder=folder), Limits(disk=1 << 60)) as opened, pytest.raises(Unable, match="so much room"):
        opened.empty()


def test_a_server_that_does_not_start_says_why(folder: str) -> None:
    with (
        scratch(Needs(folder=folder), Limits(memory=30 << 20)) as opened,
        pytest.raises(Unable, match=r"start: \S"),
    ):
        opened.empty()


def test_the_newest_local_programs_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gatepost.databases import _postgresql_programs as programs

    def put(name: str, version: str) -> Path:
        place = tmp_path / name / "bin"
        place.mkdir(parents=True)
        for program in ("initdb", "postgres"):
            (place / program).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
            (place / program).chmod(0o755)
        return place

    found = [(put("9", "9.6.24"), False), (put("15", "15.18 (Debian 15.18-0)"), False), (put("18", "18.4"), True),
             (put("17", "17beta1"), False), (tmp_path / "none", False)]  # fmt: skip
    monkeypatch.setattr(programs, "_directories", lambda path: found)
    assert find(Needs()).version == "15.18"
    assert find(Needs(version="18")).embedded
    assert find(Needs(version="15.2")).major == "15"
    assert find(Needs(version="9.6")).number == 9
    with pytest.raises(Unable, match=r"PostgreSQL 16 is needed, and only 9\.6, 15, 18 is installed here") as said:
        find(Needs(version="16.1"))
    assert "postgres-embedded" in said.value.hint
    monkeypatch.setattr(programs, "_directories", lambda path: [])
    with pytest.raises(Unable, match="no PostgreSQL server is installed here"):
        find(Needs())


def test_majors() -> None:
    assert [major(each) for each in ("15.18", "9.6.24", "18", "16beta1".partition("b")[0])] == ["15", "9.6", "18", "16"]


def test_root_becomes_somebody_without_rights() -> None:
    available()
    if os.geteuid() != 0:
        assert account("nobody") == Account()
        return
    assert account("nobody").uid != 0
    with pytest.raises(Unable, match="does not run as root"):
        account("root")
    with pytest.raises(Unable, match="no user nobody-here"):
        account("nobody-here")
    assert isinstance(find(Needs()), Programs)

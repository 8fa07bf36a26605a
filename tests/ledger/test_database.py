import os
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from rolecall.errors import DatabaseError
from rolecall.ledger.database import Database, open_database, usual_place
from rolecall.ledger.steps import STEPS


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def raw(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def tables(database: Database) -> set[str]:
    rows = database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {row[0] for row in rows if not row[0].startswith("sqlite_")}


def test_only_the_user_can_read_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        with open_database(None, {"XDG_DATA_HOME": str(tmp_path)}) as database:
            with database.write() as connection:
                connection.execute("DELETE FROM budget_day")
            assert database.path == tmp_path / "rolecall" / "rolecall.db"
            assert mode(database.path.parent) == 0o700
            assert {mode(path) for path in database.path.parent.iterdir()} == {0o600}
    finally:
        os.umask(old)


def test_it_lies_where_the_desktop_keeps_data() -> None:
    assert usual_place("", {"XDG_DATA_HOME": "/x", "HOME": "/h"}) == Path("/x/rolecall/rolecall.db")
    own = Path("/h/.local/share/rolecall/rolecall.db")
    assert usual_place("", {"XDG_DATA_HOME": "x", "HOME": "/h"}) == own
    assert usual_place("/d", {"XDG_DATA_HOME": "/x"}) == Path("/d/rolecall.db")
    assert usual_place("d", {}) == Path.cwd() / "d" / "rolecall.db"
    with pytest.raises(DatabaseError) as caught:
        usual_place("", {})
    assert "ROLECALL_DATA_FOLDER" in str(caught.value.hint)


def test_it_is_safe_and_does_not_block_readers(database: Database) -> None:
    assert database.rows("PRAGMA journal_mode") == [("wal",)]
    assert database.rows("PRAGMA foreign_keys") == [(1,)]
    assert database.rows("PRAGMA synchronous") == [(1,)]
    with database.write(durable=True) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        with open_database(database.path, {}) as other:
            assert other.rows("SELECT * FROM budget_day") == []
    assert database.rows("PRAGMA synchronous") == [(1,)]


def test_steps_are_numbered_and_tables_carry_their_owners_name(database: Database) -> None:
    assert [step.number for step in STEPS] == list(range(1, len(STEPS) + 1))
    assert database.rows("PRAGMA user_version") == [(STEPS[-1].number,)]
    owners = {step.owner for step in STEPS}
    assert {name.partition("_")[0] for name in tables(database)} == owners


def test_a_file_gets_only_the_steps_that_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "rolecall.db"
    with open_database(path, {}) as database:
        ours = database.rows("PRAGMA application_id")[0][0]
    path.unlink()
    first = (*STEPS[0].statements, "INSERT INTO budget_day VALUES ('2026-03-01', 'e', 5, 1)")
    raw(path, *first, "PRAGMA user_version = 1", f"PRAGMA application_id = {ours}")
    with open_database(path, {}) as database:
        assert "cache_completion" in tables(database)
        assert database.rows("SELECT nano FROM budget_day") == [(5,)]


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    path = tmp_path / "rolecall.db"
    for number in range(3):
        with open_database(path, {}) as database, database.write() as connection:
            connection.execute("INSERT INTO budget_day VALUES (?, 'e', 1, 1)", (str(number),))
    with open_database(path, {}) as database:
        assert database.rows("SELECT count(*) FROM budget_day") == [(3,)]


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            connection.execute("INSERT INTO budget_day VALUES ('d', 'e', 1, 1)")
            raise OSError("outside")

    with pytest.raises(OSError, match="outside"):
        fail()
    assert database.rows("SELECT * FROM budget_day") == []


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "rolecall.db"
    open_database(path, {}).close()
    raw(path, "PRAGMA user_version = 9999")
    with pytest.raises(DatabaseError, match="newer Rolecall") as caught:
        open_database(path, {})
    assert "update Rolecall" in str(caught.value.hint)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (9999,)


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "rolecall.db"
    raw(path, "CREATE TABLE songs (name TEXT)")
    with pytest.raises(DatabaseError, match="another program"):
        open_database(path, {})
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("songs",)]


def spoil_head(path: Path) -> None:
    path.write_bytes(b"this is no database" * 500)


def spoil_body(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * (size - 100))


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(4096)


def spoil_words(path: Path) -> None:
    """SQLite's own words about it are no UTF-8 then."""
    named = path.read_bytes().replace(b"tablebudget_day", b"tablebudget\xc5day")
    path.write_bytes(named.replace(b"CREATE TABLE budget_day", b"CREATE TABLE budget\xc5day"))


@pytest.mark.parametrize("spoil", [spoil_head, spoil_body, spoil_words, cut])
def test_a_damaged_file_is_named_with_a_remedy(tmp_path: Path, spoil) -> None:
    path = tmp_path / "rolecall.db"
    open_database(path, {}).close()
    spoil(path)
    with (
        pytest.raises(DatabaseError, match="is damaged") as caught,
        open_database(path, {}) as database,
    ):
        database.rows("SELECT * FROM budget_day")
    assert f"mv {path} {path}.damaged" in str(caught.value.hint)
    path.rename(f"{path}.damaged")
    open_database(path, {}).close()


DIE = """
import os, sys
from pathlib import Path
from rolecall.ledger.database import open_database
database = open_database(Path(sys.argv[1]), {})
with database.write() as connection:
    connection.execute("INSERT INTO budget_day VALUES ('d', 'e', 7, 1)")
os._exit(0)
"""


def test_what_a_dead_process_wrote_is_there_and_does_not_leak_into_a_new_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / "rolecall.db"
    subprocess.run([sys.executable, "-c", DIE, str(path)], check=True, timeout=60)
    assert Path(f"{path}-wal").stat().st_size > 0
    path.rename(f"{path}.damaged")  # the remedy for a damaged file: its log stays behind
    with open_database(path, {}) as database:
        assert database.rows("SELECT * FROM budget_day") == []
        assert database.rows("PRAGMA integrity_check") == [("ok",)]
    subprocess.run([sys.executable, "-c", DIE, str(path)], check=True, timeout=60)
    with open_database(path, {}) as database:
        assert database.rows("SELECT nano FROM budget_day") == [(7,)]


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError, match="cannot be made") as caught:
        open_database(tmp_path / "file" / "rolecall.db", {})
    assert "ROLECALL_DATA_FOLDER" in str(caught.value.hint)
    with pytest.raises(DatabaseError, match="cannot be opened"):
        open_database(tmp_path, {})


def test_who_waits_in_vain_may_try_again(database: Database) -> None:
    with open_database(database.path, {}, busy_seconds=0.05) as other, database.write():
        with pytest.raises(DatabaseError, match="locked") as caught, other.write():
            pass
        assert caught.value.retryable


def test_threads_share_one_database(database: Database) -> None:
    def add() -> None:
        for _ in range(50):
            with database.write() as connection:
                ((old,),) = connection.execute("SELECT nano FROM budget_day").fetchall()
                connection.execute("UPDATE budget_day SET nano = ?", (old + 1,))

    with database.write() as connection:
        connection.execute("INSERT INTO budget_day VALUES ('d', 'e', 0, 1)")
    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.rows("SELECT nano FROM budget_day") == [(200,)]


OPEN = """
import sys
from pathlib import Path
from rolecall.ledger.database import open_database
sys.stdin.readline()
for number in range(5):
    with open_database(Path(sys.argv[1]), {}) as database, database.write() as connection:
        connection.execute("INSERT INTO budget_day VALUES (?, ?, 1, 1)", (sys.argv[2], str(number)))
"""


def test_many_processes_may_make_it_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "data" / "rolecall.db"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(path), str(number)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(3)
    ]
    for one in started:  # all are loaded and wait: now they start together
        assert one.stdin
        one.stdin.write(b"\n")
        one.stdin.flush()
    assert [one.communicate(timeout=60)[1] for one in started] == [b""] * 3
    with open_database(path, {}) as database:
        assert database.rows("SELECT count(*) FROM budget_day") == [(15,)]


def test_threads_may_make_it_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "data" / "rolecall.db"
    barrier = threading.Barrier(6)
    failed = []

    def make(number: int) -> None:
        try:
            barrier.wait()
            with open_database(path, {}) as database, database.write() as connection:
                connection.execute("INSERT INTO budget_day VALUES (?, 'e', 1, 1)", (str(number),))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    with open_database(path, {}) as database:
        assert database.rows("SELECT count(*) FROM budget_day") == [(6,)]


FORK = """
import os, sys
from pathlib import Path
from rolecall.ledger.database import open_database
database = open_database(Path(sys.argv[1]), {})
for number in range(5):
    child = os.fork()
    with database.write() as connection:
        connection.execute("INSERT INTO budget_day VALUES (?, ?, 1, 1)", (str(os.getpid()), number))
    if not child:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
print(database.rows("SELECT count(*) FROM budget_day")[0][0])
database.close()
"""


def test_it_can_be_used_on_both_sides_of_a_fork(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORK, str(tmp_path / "rolecall.db")],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == (b"10\n", b"")


def test_a_file_that_is_moved_away_takes_nothing_until_it_is_back(tmp_path: Path) -> None:
    path, aside = tmp_path / "rolecall.db", tmp_path / "aside"
    with Database(path) as database:
        path.rename(aside)
        for ways in (lambda: database.rows("SELECT 1"), lambda: database.write().__enter__()):
            with pytest.raises(DatabaseError, match="moved away or replaced") as error:
                ways()
            assert error.value.retryable
        path.touch()
        with pytest.raises(DatabaseError, match="moved away or replaced"):
            database.rows("SELECT 1")
        aside.replace(path)
        assert database.rows("SELECT 1") == [(1,)]


def test_reclaim_gives_all_free_room_back(tmp_path):
    path = tmp_path / "a.db"
    with open_database(path, {}) as database:
        with database.write() as connection:
            for number in range(400):
                connection.execute(
                    "INSERT INTO queue_body VALUES (?, zeroblob(80000), 80000, 1)",
                    (b"%d" % number,),
                )
        database.reclaim()
        full = path.stat().st_size
        with database.write() as connection:
            connection.execute("DELETE FROM queue_body")
        assert database.reclaim()
        assert database.rows("PRAGMA freelist_count") == [(0,)]
        assert path.stat().st_size < full / 50

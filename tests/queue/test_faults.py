"""A full disk, a database that cannot be written, one that is locked, power that goes.

What was acknowledged is there afterwards, the error has its remedy and may be tried again, and the
same process goes on by itself when the trouble is over.
"""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

import pytest
from tests.queue.conftest import RULES
from tests.queue.handed_in import pages, result, work
from tests.queue.test_races import legal

from rolecall.errors import DatabaseError
from rolecall.ledger.database import Database
from rolecall.queue.nouns import Claim
from rolecall.queue.queue import Queue

CHILD = """
import os, resource, signal, sys
from pathlib import Path
from rolecall.errors import DatabaseError
from rolecall.ledger.database import Database
from rolecall.queue.nouns import NewTask, Submission
from rolecall.queue.queue import Queue

def submit(queue, number):
    body = os.urandom(20_000)
    task = NewTask(source=str(number), body=body)
    return queue.inbox.submit(Submission(submitter="one", tasks=(task,))).tasks[0]

def refused(call):
    try:
        call()
    except DatabaseError as error:
        assert error.retryable and error.hint, error
        return str(error)
    raise AssertionError("not refused")
"""


def child(code: str, *words: str) -> str:
    told = [sys.executable, "-c", CHILD + textwrap.dedent(code), *words]
    done = subprocess.run(told, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_full_disk_refuses_and_the_queue_goes_on_when_there_is_room(tmp_path):
    path = tmp_path / "rolecall.db"
    code = """
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        queue = Queue(Database(Path(sys.argv[1])))
        accepted = [submit(queue, 0)]
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (800_000, hard))
        try:
            while True:
                accepted.append(submit(queue, len(accepted)))
        except DatabaseError as error:
            assert error.retryable and error.hint, error
        for _ in range(3):
            refused(lambda: submit(queue, -1))
        refused(lambda: [queue.leases.claim("w", 1) for _ in range(50)])
        assert {row[0] for row in queue.store.rows("SELECT id FROM queue_task")} == set(accepted)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        accepted.append(submit(queue, len(accepted)))
        assert {row[0] for row in queue.store.rows("SELECT id FROM queue_task")} == set(accepted)
        print(len(accepted))
    """
    count = int(child(code, str(path)))
    assert count > 3
    with Database(path) as store:
        assert store.rows("PRAGMA integrity_check") == [("ok",)]
        queue = Queue(store)
        legal(queue)
        counts = queue.view.counts()
        assert counts["queued"] + counts["running"] == count


@pytest.fixture
def open_to_all():
    """A folder that every user of this machine may look into, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_folder_that_cannot_be_written_says_so(open_to_all):
    path = open_to_all / "rolecall.db"
    with Database(path) as store:
        Queue(store).inbox.submit(pages(1))
    # Whoever may do everything gives that up.
    code = """
        path = Path(sys.argv[1])
        if os.getuid() == 0:
            os.setgroups([]); os.setgid(65534); os.setuid(65534)
        print(refused(lambda: submit(Queue(Database(path)), 1)))
    """
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        assert "cannot be" in child(code, str(path))
    finally:
        path.parent.chmod(0o755)
        path.chmod(0o600)
    with Database(path) as store:
        assert len(work(Queue(store))) == 1


def test_a_database_that_another_program_locks_is_waited_for_and_then_refused(tmp_path):
    path = tmp_path / "rolecall.db"
    with Database(path, busy_seconds=0.05) as store:
        queue = Queue(store)
        queue.inbox.submit(pages(2))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for call in (
            lambda: queue.inbox.submit(pages(1)),
            lambda: queue.leases.claim("w"),
            lambda: queue.control.cancel(1),
        ):
            with pytest.raises(DatabaseError, match="locked") as caught:
                call()
            assert caught.value.retryable
        assert queue.view.counts()["queued"] == 2
        other.execute("COMMIT")
        other.close()
        assert len(work(queue)) == 2


def test_copies_at_any_moment_are_whole(tmp_path):
    """What a power cut leaves: the file and its log, as they were when they were last written."""
    path = tmp_path / "rolecall.db"
    stop = threading.Event()
    acknowledged: list[int] = []
    trouble: list[BaseException] = []

    def write() -> None:
        try:
            with Database(path) as store:
                queue = Queue(store, rules=RULES)
                while not stop.is_set():
                    acknowledged.extend(queue.inbox.submit(pages(2)).tasks)
                    claims = queue.leases.claim("w", 2)
                    queue.leases.finish([result(claim) for claim in claims[:1]])
                    queue.leases.put_back(claims[-1])
                    queue.control.cancel(acknowledged[len(acknowledged) // 2])
        except BaseException as error:
            trouble.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(6):
            until = len(acknowledged) + 4
            while len(acknowledged) < until and writer.is_alive():
                stop.wait(0.001)
            before = set(acknowledged)
            copy = tmp_path / f"copy{number}.db"
            # The log first: it grows, and the file changes only when the log begins anew. A copy
            # that was cut by that is not what a disk shows at one moment.
            if not copied(path, copy):
                continue
            with Database(copy) as store:
                assert store.rows("PRAGMA integrity_check") == [("ok",)]
                queue = Queue(store, rules=RULES)
                legal(queue)
                there = {row[0] for row in store.rows("SELECT id FROM queue_task")}
                assert before <= there
                work(queue)
    finally:
        stop.set()
        writer.join()
    assert trouble == []


def copied(path: Path, copy: Path) -> bool:
    """Copy a database and its log; says whether the file stood still meanwhile."""
    changed = path.stat().st_mtime_ns
    shutil.copyfile(path, copy)
    shutil.copyfile(f"{path}-wal", f"{copy}-wal")
    return path.stat().st_mtime_ns == changed


@pytest.fixture
def server_queue(postgres_url, clock):
    from rolecall.ledger.postgres import PostgresDatabase

    with PostgresDatabase(postgres_url, lock_seconds=0.3) as store:
        yield Queue(store, rules=RULES, clock=clock)


def test_a_server_that_is_read_only_refuses_and_goes_on(server_queue, postgres_url):
    import psycopg

    queue = server_queue
    queue.inbox.submit(pages(2))
    name = queue.store.rows("SELECT current_database()")[0][0]
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
        try:
            queue.store._forget_idle()
            for call in (lambda: queue.inbox.submit(pages(1)), lambda: queue.leases.claim("w")):
                with pytest.raises(DatabaseError, match="read-only") as caught:
                    call()
                assert caught.value.retryable
            assert queue.view.counts()["queued"] == 2
        finally:
            other.execute("SET default_transaction_read_only = off")
            other.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only".encode())
    queue.store._forget_idle()
    assert len(work(queue)) == 2


def cut(url: str) -> None:
    """End all other connections to a database."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def delete_all_but(store, meanwhile) -> None:
    """A transaction that deletes all, in which something happens."""
    with store.write(alone="queue_turns") as connection:
        connection.execute("DELETE FROM queue_task")
        meanwhile()
        connection.execute("SELECT 1")


def test_connections_that_were_cut_are_made_anew(server_queue, postgres_url):
    queue = server_queue
    queue.inbox.submit(pages(3))
    for _ in range(2):
        cut(postgres_url)
        assert queue.view.counts()["queued"] == 3
        cut(postgres_url)
        (claim,) = queue.leases.claim("w")
        queue.leases.put_back(claim)
        with pytest.raises(DatabaseError) as caught:
            delete_all_but(queue.store, lambda: cut(postgres_url))
        assert caught.value.retryable
        (claim,) = queue.leases.claim("w")
        queue.leases.put_back(claim)
        queue.leases._turns.bring_back()
    assert len(work(queue)) == 3


def test_what_another_session_locks_is_waited_for_and_then_refused(server_queue, postgres_url):
    import psycopg

    queue = server_queue
    (task,) = queue.inbox.submit(pages(1)).tasks
    with psycopg.connect(postgres_url) as other:
        other.execute("SELECT 1 FROM rolecall.queue_task FOR UPDATE")
        assert queue.leases.claim("w") == []  # passed over
        with pytest.raises(DatabaseError, match="locked") as caught:
            queue.control.cancel(task)
        assert caught.value.retryable
    assert queue.control.cancel(task)


def test_a_process_that_stands_still_in_a_transaction_holds_nobody_up(postgres_url, clock):
    from rolecall.ledger.postgres import PostgresDatabase

    with (
        PostgresDatabase(postgres_url, lock_seconds=0.3) as stopped,
        PostgresDatabase(postgres_url, lock_seconds=5) as store,
    ):
        queue = Queue(store, rules=RULES, clock=clock)
        with pytest.raises(DatabaseError) as caught:  # its submission waits for the end of this
            delete_all_but(stopped, lambda: queue.inbox.submit(pages(1)))
        assert caught.value.retryable
        assert len(work(queue)) == 1


def test_what_is_acknowledged_and_what_was_worked_for_waits_for_the_disk(tmp_path):
    said: list[str] = []
    claims: list[Claim] = []
    with Database(tmp_path / "rolecall.db") as store:
        queue = Queue(store, rules=RULES)
        store._connection.set_trace_callback(said.append)
        for durable, call in (
            (True, lambda: queue.inbox.submit(pages(2))),
            (False, lambda: claims.extend(queue.leases.claim("w", 2))),
            (True, lambda: queue.leases.finish([result(claims[0])])),
            (True, lambda: queue.control.cancel(claims[1].task)),
        ):
            said.clear()
            call()
            level = [one for one in said if "synchronous" in one or one.startswith("COMMIT")]
            assert (level[0] == "PRAGMA synchronous = FULL") is durable

"""What is PostgreSQL's alone; what both stores promise stands beside the owners of tables."""

import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from rolecall.errors import DatabaseError
from rolecall.ledger.postgres import PostgresDatabase, translated
from rolecall.ledger.steps import STEPS


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT :a, ? , b::bigint", "SELECT %(a)s, %s , b::bigint"),
        ("SELECT ':a ? %' || \"c:b\" || :c_1", "SELECT ':a ? %%' || \"c:b\" || %(c_1)s"),
        ("SELECT 5 % 2, 'it''s :x'", "SELECT 5 %% 2, 'it''s :x'"),
    ],
)
def test_values_are_named_as_psycopg_wants_them(sql, said):
    assert translated(sql) == said


def test_values_go_in_and_come_out_as_in_sqlite(store):
    with store.write() as connection:
        connection.execute(
            "INSERT INTO budget_record (record, nano, day) VALUES (?, ?, ?)",
            (b"\0\xff", 2**62, "100% :a ?"),
        )
        connection.executemany(
            "INSERT INTO budget_record (record, nano, day) VALUES (:r, :n, :d)",
            [{"r": bytes([place]), "n": 2**61, "d": "é\U0001f600"} for place in range(1, 3)],
        )
    rows = store.rows("SELECT record, nano, day FROM budget_record ORDER BY record")
    assert [tuple(row) for row in rows] == [
        (b"\0\xff", 2**62, "100% :a ?"),
        (b"\1", 2**61, "é\U0001f600"), (b"\2", 2**61, "é\U0001f600"),
    ]  # fmt: skip
    (total,) = store.rows("SELECT sum(nano) FROM budget_record WHERE nano < ?", (2**62,))[0]
    assert (total, type(total)) == (2**62, int)


def test_a_transaction_is_whole_or_not_at_all(store):
    def half() -> None:
        with store.write() as connection:
            connection.execute("INSERT INTO queue_meta (name, value) VALUES ('a', 'b')")
            raise KeyError

    with pytest.raises(KeyError):
        half()
    assert store.rows("SELECT * FROM queue_meta") == []
    assert store.rows("SELECT 1") == [(1,)]


def test_both_stores_have_the_same_tables_and_columns(database, postgres_url):
    of_tables = re.compile(r"(?!sqlite_|cache_)")
    embedded = {
        (table, column)
        for (table,) in database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        if of_tables.match(table)
        for (column,) in database.rows(f"SELECT name FROM pragma_table_info('{table}')")
    }
    with PostgresDatabase(postgres_url) as server:
        rows = server.rows(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'rolecall' AND table_name <> 'ledger_step'"
        )
        indexes = {row[0] for row in server.rows(
            "SELECT indexname FROM pg_indexes WHERE schemaname = 'rolecall'"
        )}  # fmt: skip
    assert embedded == {tuple(row) for row in rows}
    for (name,) in database.rows("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE%INDEX%'"):
        assert name in indexes or name.startswith("cache_")


def test_many_that_open_a_new_database_make_its_tables_once(postgres_server):
    import psycopg

    with psycopg.connect(postgres_server[1], autocommit=True) as connection:
        connection.execute(b"DROP DATABASE IF EXISTS opened_at_once")
        connection.execute(b"CREATE DATABASE opened_at_once ENCODING 'UTF8' TEMPLATE template0")
    url = postgres_server[1].replace("/postgres?", "/opened_at_once?")
    start = threading.Barrier(4)

    def open_one(_: int):
        start.wait()
        with PostgresDatabase(url) as store:
            return store.rows("SELECT number, owner FROM ledger_step ORDER BY number")

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(open_one, range(4)))
    assert found == [[(step.number, step.owner) for step in STEPS]] * 4
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO rolecall.ledger_step VALUES (999, 'later')")
    with pytest.raises(DatabaseError, match="newer Rolecall"):
        PostgresDatabase(url)


def test_after_a_fork_each_side_has_its_own_connections(postgres_url):
    with PostgresDatabase(postgres_url) as store:
        (mine,) = store.rows("SELECT pg_backend_pid()")
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            try:
                os.write(writing, str(store.rows("SELECT pg_backend_pid()")[0][0]).encode())
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        theirs = int(os.read(reading, 100))
        os.close(reading)
        os.close(writing)
        assert theirs != mine[0]
        assert store.rows("SELECT pg_backend_pid()") == [mine]


def test_more_threads_than_connections_wait(postgres_url):
    with (
        PostgresDatabase(postgres_url, most=2) as store,
        ThreadPoolExecutor(8) as threads,
    ):
        found = list(threads.map(lambda n: store.rows("SELECT ?", (n,))[0][0], range(50)))
    assert found == list(range(50))
    with pytest.raises(DatabaseError, match="was closed"):
        store.rows("SELECT 1")


def test_a_durable_write_is_on_the_disk_and_others_need_not_be(postgres_url):
    with PostgresDatabase(postgres_url) as store:
        for durable, said in ((True, "on"), (False, "off")):
            with store.write(durable=durable) as connection:
                row = connection.execute("SHOW synchronous_commit").fetchone()
            assert row == (said,)


def test_one_name_is_one_lock(opened_twice):
    one, other = opened_twice
    order: list[str] = []
    inside, leave = threading.Event(), threading.Event()

    def first() -> None:
        with one.write(alone="a"):
            inside.set()
            leave.wait(10)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait(10)
    with other.write(alone="b"):
        order.append("another name")
    leave.set()
    with other.write(alone="a"):
        order.append("second")
    thread.join()
    assert order == ["another name", "first", "second"]


@pytest.fixture
def opened_twice(postgres_url):
    with PostgresDatabase(postgres_url) as one, PostgresDatabase(postgres_url) as other:
        yield one, other

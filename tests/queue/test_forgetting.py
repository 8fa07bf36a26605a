"""A page that somebody wants forgotten is gone, off the disk too; others stay."""

import hashlib
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.queue.handed_in import page, record, work

from rolecall.audit.book import Book
from rolecall.forget import page as pages
from rolecall.forget.kinds import kinds_of, look
from rolecall.forget.whole import OF_PAGES, TABLES, WIDE, forget_all
from rolecall.queue.nouns import NewTask, Result, Submission

WORD = "Quetzalcoatlus-Kanarienvogel"
BODY = f"<h1>Cook</h1><p>{WORD}</p>".encode()
HASH = hashlib.sha256(BODY).hexdigest()
URL = "https://kitchen.example/jobs/7"


@pytest.fixture
def disk(kind, store, tmp_path, request):
    """All bytes of the database's own files; of a server without its log, which is not ours."""

    def read() -> bytes:
        if kind == "sqlite":
            return b"".join(one.read_bytes() for one in tmp_path.glob("rolecall.db*"))
        told(store, "CHECKPOINT")  # what is in memory alone is written
        number = store.rows("SELECT oid FROM pg_database WHERE datname = current_database()")[0][0]
        folder = Path(request.getfixturevalue("postgres_server")[0]) / "base" / str(number)
        return b"".join(one.read_bytes() for one in folder.rglob("*") if one.is_file())

    return read


def handed_in(queue) -> tuple[int, ...]:
    """Four tasks, done: the page, a page of others, the page again, and another at its address."""
    marked = NewTask(source=f"{WORD}.html", body=BODY, url=URL)
    found = []
    for tasks in ((marked, page(1)), (marked,), (NewTask(source="x", body=b"<p>new", url=URL),)):
        found += queue.inbox.submit(Submission(submitter="one", tasks=tasks)).tasks
    for claim in queue.leases.claim("w", 9):
        title = WORD if claim.url else "Cook"
        assert all(queue.leases.finish([Result(claim=claim, record=record(claim, title))]))
    with queue.store.write() as connection:
        for task in found[:2]:
            connection.execute(
                "INSERT INTO label_value (task, field, value, quote, author, made)"
                " VALUES (:task, 'title', :value, :quote, 'me', 1)",
                {"task": task, "value": WORD.encode(), "quote": WORD},
            )
        connection.execute(
            "INSERT INTO audit_page (page, task, result, state, due, second, made)"
            " VALUES (:page, :task, 1, 'done', 0, :second, 1)",
            {"page": bytes.fromhex(HASH), "task": found[0], "second": WORD.encode()},
        )
        connection.execute(
            "INSERT INTO trial_bad VALUES ('c', 1, 'failed', :page)", {"page": bytes.fromhex(HASH)}
        )
        connection.execute("INSERT INTO budget_day VALUES ('2026-11-26', 'cloud', 5, 1)")
    return tuple(found)


def told(store, statement):
    """What a server also does by itself, now and then."""
    if store.dialect.name == "postgres":
        import psycopg

        with psycopg.connect(store.url, autocommit=True) as connection:
            connection.execute(statement)


@pytest.mark.parametrize("named", [URL, HASH])
def test_all_of_a_page_goes_and_nothing_else(queue, disk, named):
    tasks = handed_in(queue)
    assert WORD.encode() in disk()  # names stand there as they are, pages and records packed
    told(queue.store, "ANALYZE")  # keeps examples of what is in tables
    found = pages.find(queue.store, named)
    mine = {tasks[0], tasks[2]} | ({tasks[3]} if named == URL else set())
    assert set(found.tasks) == mine
    pages.forget(queue.store, found)
    assert pages.find(queue.store, HASH).empty
    for task in mine:
        assert queue.view.task(task) is None
        assert queue.view.record(task) is None
    assert queue.view.record(tasks[1])["data"]["title"] == "Cook"
    assert queue.view.body(tasks[1]) == b"<p>page 1</p>"
    counts = {one.name: look(queue.store, one, "").count for one in kinds_of(queue.rules)}
    assert counts["audits"] == 0
    assert counts["labels"] == 1
    assert counts["sums of the budget"] == 1
    assert queue.store.rows("SELECT count(*) FROM trial_bad") == [(0,)]
    assert queue.store.rows("SELECT count(*) FROM queue_batch") == [(1 if named == URL else 2,)]
    assert sum(queue.view.counts().values()) == 4 - len(mine)
    # The label of the other task has the word too.
    with queue.store.write() as connection:
        connection.execute("DELETE FROM label_value")
        if named != URL:
            connection.execute("DELETE FROM queue_task WHERE id = :id", {"id": tasks[3]})
    assert queue.store.reclaim(OF_PAGES)
    assert WORD.encode() not in disk()
    assert WORD.lower().encode() not in disk()


def test_a_page_that_is_under_way_is_forgotten_and_its_result_does_not_count(queue):
    queue.inbox.submit(Submission(submitter="one", tasks=(page(1), page(2))))
    claims = queue.leases.claim("w", 1)
    first = hashlib.sha256(claims[0].body).hexdigest()
    pages.forget(queue.store, pages.find(queue.store, first))
    assert queue.leases.finish([Result(claim=claims[0], record=record(claims[0]))]) == [False]
    assert queue.leases.beat("w", {claims[0].task: claims[0].fence}).lost == {claims[0].task}
    assert len(work(queue)) == 1
    assert queue.view.counts()["done"] == 1


def test_a_page_has_several_names_and_what_is_not_there_is_not_found(queue):
    tasks = handed_in(queue)
    for named in (f"t{tasks[0]}", f"t{tasks[2]}", f"{WORD}.html", HASH):
        assert pages.find(queue.store, named).tasks == (tasks[0], tasks[2])
    for named in ("t999", "0" * 64, "https://other.example/", "t" * 300, "t" + "9" * 19):
        assert pages.find(queue.store, named).empty


def test_all_goes_but_the_sums_of_the_budget(queue, disk):
    handed_in(queue)
    Book(queue.store).look(1.0)
    forget_all(queue.store)
    assert queue.store.reclaim((*TABLES, *WIDE, "queue_result"))
    assert WORD.encode() not in disk()
    left = {one.name: look(queue.store, one, "").count for one in kinds_of(queue.rules)}
    assert left.pop("sums of the budget") == 1
    assert not any(left.values())
    assert sum(queue.view.counts().values()) == 0
    queue.inbox.submit(Submission(submitter="one", tasks=(page(1),)))
    assert len(work(queue)) == 1


def test_a_page_that_was_fetched_is_found_by_the_hash_that_its_record_tells(queue):
    batch = tuple(
        NewTask(source=f"https://x.example/{one}", url=f"https://x.example/{one}")
        for one in (1, 2, 3)
    )
    tasks = queue.inbox.submit(Submission(submitter="one", tasks=batch)).tasks
    empty = hashlib.sha256(b"").hexdigest()
    for claim, said in zip(queue.leases.claim("w", 9), (HASH, HASH, empty), strict=True):
        told = {**record(claim), "source_id": said}
        assert all(queue.leases.finish([Result(claim=claim, record=told)]))
    with queue.store.write() as connection:
        connection.execute(
            "INSERT INTO trial_bad VALUES ('c', 1, 'failed', :page)", {"page": bytes.fromhex(HASH)}
        )
    for named in (HASH, "https://x.example/1", f"t{tasks[1]}"):
        found = pages.find(queue.store, named)
        assert found.tasks == tasks[:2]
        assert found.bodies == (bytes.fromhex(HASH),)
    assert pages.find(queue.store, f"t{tasks[2]}").tasks == tasks[2:]
    pages.forget(queue.store, pages.find(queue.store, HASH))
    assert queue.view.record(tasks[0]) is None
    assert queue.view.record(tasks[2]) is not None
    assert queue.store.rows("SELECT count(*) FROM trial_bad") == [(0,)]


class _Meanwhile:
    """A store that hands a page in once the tasks are forgotten."""

    def __init__(self, queue):
        self.queue, self.handed_in = queue, ()

    @contextmanager
    def write(self, **more):
        with self.queue.store.write(**more) as connection:
            yield connection
        if not self.handed_in and not sum(self.queue.view.counts().values()):
            told = Submission(submitter="two", tasks=(page(9),))
            self.handed_in = self.queue.inbox.submit(told).tasks


def test_what_is_handed_in_while_all_is_forgotten_is_done(queue):
    handed_in(queue)
    store = _Meanwhile(queue)
    forget_all(store)
    assert len(store.handed_in) == 1
    assert work(queue) == list(store.handed_in)
    assert queue.view.body(store.handed_in[0]) == b"<p>page 9</p>"

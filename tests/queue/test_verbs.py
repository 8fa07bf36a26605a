"""``rolecall tasks`` and ``rolecall work`` as they are typed."""

import pytest
from tests.queue.handed_in import pages, work

from rolecall.cli import FAILED, OK, tasks
from rolecall.cli import work as working
from rolecall.errors import UsageError
from rolecall.ledger.database import Database
from rolecall.queue.queue import Queue


@pytest.fixture
def queue(tmp_path, monkeypatch):
    monkeypatch.setenv("ROLECALL_DATA_FOLDER", str(tmp_path))
    monkeypatch.delenv("ROLECALL_QUEUE", raising=False)
    with Database(tmp_path / "rolecall.db") as store:
        yield Queue(store)


def test_where_nothing_is_left_to_change_it_is_said_where_to_look(queue, capsys):
    queue.inbox.submit(pages(3))
    assert tasks.run(["cancel", "t1", "t2"]) == OK
    assert capsys.readouterr().out == "2 cancelled\n"
    assert tasks.run(["retry", "b1"]) == OK
    assert capsys.readouterr().out == "2 queued once more\n"
    work(queue)
    assert tasks.run(["cancel", "b1"]) == FAILED  # nothing is left to cancel
    told = capsys.readouterr()
    assert told.out == "0 cancelled\n"
    assert "rolecall tasks show b1" in told.err


@pytest.mark.parametrize("words", [["cancel", "t1", "t9"], ["retry", "b9"], ["show", "t9"]])
def test_what_is_not_there_is_named_and_nothing_is_changed(queue, words):
    queue.inbox.submit(pages(1))
    with pytest.raises(UsageError, match=words[-1]):
        tasks.run(words)
    assert queue.view.counts()["queued"] == 1


@pytest.mark.parametrize("grace", ["-1", "nan"])
def test_a_grace_that_is_none_is_refused(queue, grace):
    with pytest.raises(UsageError, match="--grace"):
        working.run(["--grace", grace])


def test_a_queue_that_cannot_be_read_for_a_moment_is_not_empty(queue):
    assert working._is_empty(queue)
    queue.store.path.rename(queue.store.path.with_name("aside"))
    assert not working._is_empty(queue)

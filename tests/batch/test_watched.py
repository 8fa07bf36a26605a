"""Pages of runs in the figures of the database; the run needs none."""

import pytest
from tests.monitor.made import event

from rolecall.batch.done import Done, Figures
from rolecall.batch.watched import EVERY, MOST, Watched
from rolecall.ledger.database import Database
from rolecall.monitor import Series
from rolecall.monitor.series import DAY
from rolecall.settings import Settings


def done(**told):
    return Done(0, "a", "ok", figures=Figures(bytes_in=900), event=event(**told))


def counted(folder):
    with Database(folder / "rolecall.db") as store:
        return sum(one.count for one in Series(store).points("pages", DAY, 0))


@pytest.fixture
def settings(tmp_path):
    Database(tmp_path / "rolecall.db").close()
    return Settings(data_folder=str(tmp_path))


def test_what_a_run_does_is_counted_in_steps(tmp_path, settings):
    now = [0.0]
    with Watched(settings, {}, clock=lambda: now[0]) as watched:
        watched.hear(done())
        watched.hear(Done(1, "b", "kept"))
        assert counted(tmp_path) == 0
        now[0] += EVERY
        watched.hear(done())
        assert counted(tmp_path) == 2
        for _ in range(MOST):
            watched.hear(done())
        assert counted(tmp_path) == MOST + 2
        watched.hear(done())
    assert counted(tmp_path) == MOST + 3


@pytest.mark.parametrize("told", [{}, {"watch_runs": False}])
def test_a_run_makes_no_database(tmp_path, told):
    with Watched(Settings(data_folder=str(tmp_path), **told), {}) as watched:
        assert not watched.on
        watched.hear(done())
    assert not list(tmp_path.iterdir())


def test_nobody_counts_where_it_is_not_wanted(settings, tmp_path):
    with Watched(Settings(data_folder=str(tmp_path), watch_runs=False), {}) as watched:
        assert not watched.on
    assert not Watched(Settings(), {}).on  # no place for a database at all


@pytest.mark.parametrize("body", [b"no database" * 999, None])
def test_a_database_that_cannot_be_used_ends_the_counting_alone(tmp_path, settings, body):
    path = tmp_path / "rolecall.db"
    with Watched(settings, {}) as watched:
        path.unlink()
        if body is None:
            path.mkdir()
        else:
            path.write_bytes(body)
        for _ in range(MOST + 1):
            watched.hear(done())
        assert not watched.on

"""Windows are counted, kept and looked at once, on both stores, whatever becomes of processes."""

import random
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drift.drawn import SHIFTS, window
from tests.monitor.made import call, event
from tests.queue.conftest import kind, opened, store  # noqa: F401 - fixtures

from rolecall.drift import Drifting, Windows, kept
from rolecall.drift.counts import (
    FILLED,
    MOST_CELLS,
    MOST_KEPT,
    MOST_SITES,
    OTHER,
    count,
    dimensions,
    encoded,
)
from rolecall.drift.counts import kept as kept_of
from rolecall.drift.look import QUIET
from rolecall.drift.reference import DAY, FIRST
from rolecall.errors import DatabaseError
from rolecall.ledger.database import Database
from rolecall.monitor import Watch

NOW = 1_700_000_000


def at(number, **told):
    return event(
        moment=1_000 * (NOW + number), site=f"site{number % 3}.example", size=9_000, **told
    )


def counted(store):  # noqa: F811
    return list(kept.windows(store, 0, 1 << 60))


def test_what_is_counted_of_a_page():
    counting = {}
    calls = (call(), call(input_tokens=5_000), call(input_tokens=90_000, kept=True))
    fields = {"title": 980, "company": 430, "untold": -1}
    count(counting, at(0, fields=fields, calls=calls, language="de"))
    count(counting, at(1, outcome="failed", fields={}))
    assert counting == {
        "outcome": {"ok": 1, "failed": 1}, "route": {"embedded": 2}, "size": {"16384": 2},
        "site": {"site0.example": 1, "site1.example": 1}, "context": {"8192": 1},
        "language": {"de": 1}, "confidence": {"400": 1},
        FILLED: {"": 1, "title": 1, "company": 1, "untold": 1},
    }  # fmt: skip
    assert dimensions(counting)["field title"] == {"with": 1, "without": 0}


def test_names_that_others_make_up_fill_no_memory_and_no_database():
    counting = {}
    for number in range(5_000):
        name = f"n{number}" * 30
        count(counting, at(number, language=name, route=name, fields={name: 5}))
        count(counting, event(site=f"{number}.example", fields={"title": 1, "lone\ud800": 2}))
    assert all(len(cells) <= MOST_CELLS + 1 for cells in counting.values())
    found = kept_of(counting, frozenset({"4.example"}))
    assert len(found["site"]) <= MOST_SITES + 2
    assert "4.example" in found["site"]
    assert len(found["language"]) == MOST_KEPT + 1
    assert sum(found["site"].values()) == 10_000
    assert found["site"][OTHER] > 4_000
    assert encoded(found)


def test_full_windows_are_kept_and_what_was_begun_is_gone_on_with(store):  # noqa: F811
    first = Windows(store, pages=10)
    for number in range(24):
        first(at(number))
    first.flush()
    assert [one.pages for one in counted(store)] == [10, 10]
    first.flush(ending=True)
    second = Windows(store, pages=10)
    for number in range(24, 30):
        second(at(number))
    second.flush()
    found = counted(store)
    assert [one.pages for one in found] == [10, 10, 10]
    assert (found[-1].starts, found[-1].ends) == (1_000 * (NOW + 20), 1_000 * (NOW + 29))
    third = Windows(store, pages=10)
    third.flush()  # what the first one left is not there a second time
    for number in range(9):
        third(at(number))
    third.flush()
    assert len(counted(store)) == 3


def test_who_answers_is_not_counted_while_the_users_own_trial_gives_pages_away(store):  # noqa: F811
    """A live challenger answers because the user said so: no drift, and no odd reference."""
    source, trial = random.Random(12), []
    put_windows(store, source, FIRST + 5)
    drifting = Drifting(store)
    drifting.look()
    windows = Windows(store, pages=200, reroutes=lambda: bool(trial))

    def done(pages, begins, route):
        for number in range(begins, begins + pages):
            windows(at(number, route=route, fields={}, language="de"))
        windows.flush()
        return [one.counts.get("route") for one in counted(store)][FIRST + 5 :]

    assert done(150, 0, "embedded") == []
    trial.append("begins")
    assert done(250, 150, "challenger") == [None, None]
    trial.clear()
    assert done(100, 400, "challenger") == [None, None], "some were done before it ended"
    assert done(100, 500, "embedded") == [None, None, {"embedded": 100}]
    drifting.look()
    changed = {one.name for one in drifting.dimensions() if one.drifts}
    assert changed, "other dimensions of these pages have changed"
    assert "route" not in changed


STEPS = st.lists(st.sampled_from(["page", "flush", "end", "lock"]), max_size=60)


@settings(deadline=None, max_examples=60)
@given(STEPS)
def test_no_page_is_counted_twice_or_lost_whatever_comes_between(steps):
    with tempfile.TemporaryDirectory() as name, Database(Path(name) / "rolecall.db") as base:
        windows, pages = Windows(base, pages=7), 0
        for step in (*steps, "end"):
            if step == "page":
                windows(at(pages))
                pages += 1
            elif step == "lock":
                with base.write(), suppress(DatabaseError):
                    windows.flush()  # a transaction stands in its way: it must keep what it has
            else:
                windows.flush(ending=step == "end")
            if step == "end":
                windows = Windows(base, pages=7)  # another process
        rows = base.rows("SELECT kind, pages FROM drift_window")
        assert sum(one for _, one in rows) == pages
        assert all(7 <= one < 14 for kind, one in rows if kind == "window")
        assert sum(kind == "part" for kind, _ in rows) <= 1 + steps.count("end")
        found = [*counted(base), *kept.windows(base, 0, 1 << 60, "part")]
        assert sum(one.counts["outcome"]["ok"] for one in found) == pages


def test_windows_wait_for_a_database_that_is_away(tmp_path):
    database = Database(tmp_path / "rolecall.db")
    windows = Windows(database, pages=10)
    windows.flush()
    for number in range(25):
        windows(at(number))
    (tmp_path / "rolecall.db").rename(tmp_path / "aside")
    for ending in (False, True):
        with pytest.raises(DatabaseError):
            windows.flush(ending=ending)
    (tmp_path / "aside").rename(tmp_path / "rolecall.db")
    for number in range(25, 30):
        windows(at(number))
    windows.flush()
    assert [one.pages for one in counted(database)] == [10, 10, 10]
    database.close()


def test_many_threads_count_together(store):  # noqa: F811
    windows = Windows(store, pages=50)
    watch = Watch(keeps=[windows])

    def work():
        for number in range(100):
            windows(at(number))
            if number % 20 == 0:
                watch.flush()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    watch.flush(ending=True)
    assert sum(one.pages for one in counted(store)) == 400


def put_windows(store, source, many, moment=0, **told):  # noqa: F811
    made = [window(source, moment + n, **told) for n in range(many)]
    with store.write() as connection:
        kept.put(connection, made)
    return made


@pytest.fixture
def drifting(store):  # noqa: F811
    return Drifting(store, clock=lambda: NOW)


def test_the_first_windows_are_the_reference_until_one_is_pinned(store, drifting):  # noqa: F811
    source = random.Random(1)
    put_windows(store, source, FIRST - 1)
    assert drifting.look() == 0
    assert drifting.reference() is None
    put_windows(store, source, 6, moment=50_000)
    assert drifting.look() == FIRST + 5
    assert drifting.look() == 0
    usual = drifting.reference()
    assert (usual.chosen, usual.number) == ("first", FIRST)
    assert {one.name for one in drifting.dimensions()} >= {"size", "site", "field salary"}
    assert not [one for one in drifting.dimensions() if one.drifts]
    pinned = drifting.pin(50_000)
    assert (pinned.chosen, pinned.number) == ("pinned", 6)
    assert Drifting(store).reference() == pinned
    assert drifting.dimensions() == ()
    assert drifting.pin(1 << 50) is None
    assert drifting.reference() == pinned


def test_a_shift_counts_until_it_has_been_gone_for_a_while(store, drifting):  # noqa: F811
    source = random.Random(2)
    put_windows(store, source, 30)
    drifting.look()
    changed, name = SHIFTS["a field vanishes"]
    put_windows(store, source, 2, moment=90_000, changed=changed)
    drifting.look()
    first = drifting.dimensions()[0]
    assert (first.name, first.drifts, first.since) == (name, True, 90_000)
    assert first.shift.psi > first.shift.bound
    put_windows(store, source, QUIET - 1, moment=200_000)
    drifting.look()
    assert [one.name for one in drifting.dimensions() if one.drifts] == [name]
    put_windows(store, source, 1, moment=300_000)
    drifting.look()
    assert not [one for one in drifting.dimensions() if one.drifts]


def test_a_change_that_is_over_keeps_its_size_its_time_and_what_has_changed(store, drifting):  # noqa: F811
    source = random.Random(11)
    put_windows(store, source, 30)
    drifting.look()
    changed, name = SHIFTS["another mix of languages"]
    put_windows(store, source, 1, moment=90_000, changed=changed)
    drifting.look()
    (worst,) = [one.shift for one in drifting.dimensions() if one.drifts]
    (first, second) = worst.cells
    assert {first.cell, second.cell} == {"de", "en"}
    by_name = {one.cell: one for one in worst.cells}
    assert by_name["de"].usual == pytest.approx(0.9, abs=0.05)
    assert by_name["de"].now == pytest.approx(0.6, abs=0.1)
    slight = {"language": {"de": 0.7, "en": 0.3}}
    put_windows(store, source, 1, moment=150_000, changed=slight)
    put_windows(store, source, 3, moment=200_000)
    drifting.look()
    found = drifting.dimensions()[0]
    assert (found.name, found.over, found.shift.drifts) == (name, True, False)
    assert (found.told, found.changed) == (worst, 91_000)
    assert found.shift.psi < found.told.psi
    put_windows(store, source, QUIET, moment=300_000)
    drifting.look()
    assert not any(one.over or one.change for one in drifting.dimensions())
    put_windows(store, source, 1, moment=900_000, changed=changed)
    drifting.look()
    again = drifting.dimensions()[0]
    assert (again.changed, again.change) == (901_000, again.shift), "not that of the time before"


def test_a_dimension_without_pages_is_no_alarm_for_ever(store, drifting):  # noqa: F811
    source = random.Random(3)
    put_windows(store, source, 30)
    changed, name = SHIFTS["another mix of languages"]
    put_windows(store, source, 1, moment=90_000, changed=changed)
    drifting.look()
    assert [one.name for one in drifting.dimensions() if one.drifts] == [name]
    made = [
        type(one)(starts=one.starts, ends=one.ends, pages=one.pages,
                  counts={k: v for k, v in one.counts.items() if k != "language"})
        for one in (window(source, 300_000 + n) for n in range(QUIET))
    ]  # fmt: skip
    with store.write() as connection:
        kept.put(connection, made)
    drifting.look()
    assert not [one for one in drifting.dimensions() if one.drifts]


def test_many_processes_look_at_each_window_once(opened):  # noqa: F811
    stores = [opened() for _ in range(3)]
    source = random.Random(4)
    put_windows(stores[0], source, 30)
    Drifting(stores[0]).look()
    put_windows(stores[0], source, 90, moment=90_000)
    looked = []

    def look(one):
        drifting = Drifting(one)
        while many := drifting.look():
            looked.append(many)

    threads = [threading.Thread(target=look, args=(one,)) for one in stores]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(looked) == 90


def test_a_slow_change_of_whole_days_is_found(store):  # noqa: F811
    source = random.Random(5)
    for day in range(5):
        put_windows(store, source, 40, moment=day * DAY)
    now = [5 * DAY / 1_000]
    drifting = Drifting(store, clock=lambda: now[0])
    assert drifting.pin(0).days
    slow = {"language": {"de": 0.76, "en": 0.24}}
    for day in (5, 6):
        put_windows(store, source, 40, moment=day * DAY + 10, changed=slow)
    now[0] = 7 * DAY / 1_000
    while drifting.look():
        pass
    found = {one.name: one for one in drifting.dimensions()}
    assert found["language"].day.drifts
    assert [one.name for one in drifting.dimensions() if one.drifts] == ["language"]


def test_old_windows_become_days_and_days_are_forgotten(store):  # noqa: F811
    source = random.Random(6)
    now = [50 * DAY / 1_000]
    drifting = Drifting(store, clock=lambda: now[0])
    for day in (1, 2, 45):
        put_windows(store, source, 3, moment=day * DAY)
    drifting.forget()
    assert [one.pages for one in kept.windows(store, 0, 1 << 60, "day")] == [600, 600]
    assert len(counted(store)) == 3
    now[0] = 2_000 * DAY / 1_000
    drifting.forget()
    assert list(kept.windows(store, 0, 1 << 60, "day")) == []


@pytest.mark.parametrize("damaged", [b"", b"nonsense", None])
def test_damaged_rows_are_left_out(store, drifting, damaged, caplog):  # noqa: F811
    source = random.Random(7)
    put_windows(store, source, 40)
    drifting.look()
    put_windows(store, source, 3, moment=90_000)
    told = damaged if damaged is not None else kept.pack(b'{"size": {"1": -4}, "x": 5}')
    with store.write() as connection:
        connection.execute(
            "UPDATE drift_window SET counts = :told WHERE id = (SELECT max(id) FROM drift_window)",
            {"told": told},
        )
        connection.execute("UPDATE drift_dimension SET body = :told WHERE name = 'size'",
                           {"told": told})  # fmt: skip
        connection.execute(
            "INSERT INTO drift_reference (made, body) VALUES (5, :told)", {"told": told}
        )
    fresh = Drifting(store, clock=lambda: NOW)
    assert fresh.reference() == drifting.reference()
    assert fresh.look() == 3
    assert fresh.look() == 0
    assert "size" in {one.name for one in fresh.dimensions()}
    assert "damaged" in caplog.text


def test_a_window_is_small(store):  # noqa: F811
    source = random.Random(8)
    made = put_windows(store, source, 50)
    assert sum(len(kept.pack(encoded(one.counts))) for one in made) / 50 < 1_000


def test_a_reference_that_nobody_pinned_grows_to_a_day_and_a_week(store):  # noqa: F811
    source = random.Random(9)
    now = [0.0]
    drifting = Drifting(store, clock=lambda: now[0])

    def hours(begins, ends):
        for hour in range(begins, ends):
            put_windows(store, source, 2, moment=hour * DAY // 24)
        while drifting.look():
            pass
        return drifting.reference()

    assert hours(0, 14).number == FIRST
    assert (hours(14, 25).number, drifting.reference().stretch) == (48, DAY)
    assert hours(25, 100).number == 48
    whole = hours(100, 7 * 24 + 2)
    assert (whole.number, whole.stretch, whole.chosen) == (7 * 48, 7 * DAY, "first")
    assert whole.days
    assert hours(7 * 24 + 2, 7 * 24 + 60) == whole
    assert drifting.pin(3 * DAY, 20 * DAY).chosen == "pinned"
    assert hours(300, 310).chosen == "pinned"


def test_where_pages_come_in_batches_one_odd_window_is_no_alarm(store):  # noqa: F811
    source = random.Random(10)
    batches = [{"language": {"de": share, "en": 1 - share}} for share in (0.8, 0.9, 1.0, 0.95)]
    for number in range(60):
        put_windows(store, source, 1, moment=number, **batches[number % 4])
    drifting = Drifting(store, clock=lambda: NOW)
    assert drifting.pin(0).windows["language"].overdispersion > 2
    odd = {"language": {"de": 0.05, "en": 0.95}}

    def changed(number, **told):
        put_windows(store, source, 1, moment=NOW * 1_000 + number, **told)
        drifting.look()
        return [one.name for one in drifting.dimensions() if one.drifts]

    assert changed(1, **odd) == []
    assert [changed(number) for number in (2, 3, 4)] == [[], [], []]
    assert changed(5, **odd) == []
    assert changed(6) == []
    assert changed(7, **odd) == ["language"]

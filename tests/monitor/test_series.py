"""Figures over time are the same on both stores, and nothing is counted twice or lost."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.made import attempt, call, event, record
from tests.queue.conftest import kind, opened, store  # noqa: F401 - fixtures

from rolecall.errors import DatabaseError
from rolecall.ledger.database import Database
from rolecall.monitor import Series, Watch, page_event
from rolecall.monitor.history import STRETCHES, histories
from rolecall.monitor.measures import MOST_LABELS
from rolecall.monitor.series import DAY, HOUR, MINUTE, MOST_MINUTES
from rolecall.monitor.summary import Sizes, sizes, summary

NOW = 1_700_000_000


def at(seconds, **told):
    return event(moment=1_000 * seconds, **told)


def test_an_event_is_counted_in_its_minute_hour_and_day(store):  # noqa: F811
    series = Series(store, clock=lambda: NOW)
    for seconds in (NOW, NOW - 30, NOW - 3_000):
        series(at(seconds))
    series.flush()
    series.flush()  # adds nothing
    for span, counts in ((MINUTE, [1, 1, 1]), (HOUR, [1, 2]), (DAY, [3])):
        points = series.points("pages", span, 0)
        assert [one.count for one in points] == counts
        assert all(one.starts % span == 0 for one in points)


def test_several_writers_add_up(opened):  # noqa: F811
    def count(series):
        for _ in range(50):
            series(at(NOW))
            series.flush()

    writers = [Series(opened(), clock=lambda: NOW) for _ in range(3)]
    threads = [threading.Thread(target=count, args=(one,)) for one in writers]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    (point,) = writers[0].points("pages", MINUTE, 0)
    assert (point.label, point.count) == ("ok", 150)


def test_old_points_are_forgotten_and_days_stay(store):  # noqa: F811
    series = Series(store, clock=lambda: NOW)
    series(at(NOW - 3 * DAY))
    series.flush()
    later = Series(store, clock=lambda: NOW + 70 * DAY)
    later.flush()
    assert later.points("pages", MINUTE, 0) == later.points("pages", HOUR, 0) == []
    assert [one.count for one in later.points("pages", DAY, 0)] == [1]


def test_what_the_database_does_not_take_is_kept(tmp_path):
    path = tmp_path / "rolecall.db"
    with Database(path) as database:
        series = Series(database, clock=lambda: NOW)
        watch = Watch(series=series)
        series(at(NOW))
        path.rename(tmp_path / "away.db")
        with pytest.raises(DatabaseError):
            series.flush()
        watch.flush()  # tells the log, and goes on
        series(at(NOW))
        (tmp_path / "away.db").rename(path)
        series.flush()
        assert [one.count for one in series.points("pages", MINUTE, 0)] == [2]


def test_labels_are_storable_whatever_a_schema_calls_its_fields(store):  # noqa: F811
    series = Series(store, clock=lambda: NOW)
    for _ in range(2):
        series(at(NOW, fields={"a" * 5_000: 1, "b\0c": 1, "d\ud800": 1, "e 'f": 1}))
    series.flush()
    labels = {one.label: one.count for one in series.points("fields", MINUTE, 0)}
    assert labels == {"a" * 100: 2, "b\ufffdc": 2, "d?": 2, "e 'f": 2}


def test_a_long_time_without_the_database_takes_no_more_memory(tmp_path):
    path = tmp_path / "rolecall.db"
    with Database(path) as database:
        series = Series(database, clock=lambda: NOW)
        for number in range(2 * MOST_MINUTES):
            series(at(NOW + 60 * number))
        series(at(NOW - DAY))  # a clock that was set back
        assert len(series._counted) <= MOST_MINUTES
        series.flush()
        assert sum(one.count for one in series.points("pages", DAY, 0)) == 2 * MOST_MINUTES + 1


def test_made_up_labels_do_not_fill_the_database(tmp_path):
    with Database(tmp_path / "rolecall.db") as database:
        series = Series(database, clock=lambda: NOW)
        for number in range(MOST_LABELS + 500):
            series(at(NOW, stages={f"s{number}": 1}))
            series.sample("gauge", f"s{number}", 1)
        series.flush()
        for name in ("stages", "gauge"):
            labels = {one.label: one.count for one in series.points(name, DAY, 0)}
            assert len(labels) <= MOST_LABELS + 1
            assert sum(labels.values()) == MOST_LABELS + 500


def test_the_summary_says_what_the_record_wants_watched(store):  # noqa: F811
    series = Series(store, clock=lambda: NOW)
    for _ in range(6):
        series(at(NOW))
    for _ in range(3):
        series(at(NOW, route="small", calls=(call(), call(result="length"), call(kept=True))))
    series(at(NOW, route="big", calls=(call(engine="big", input_tokens=9_000, nano=2_000_000),)))
    series(at(NOW, outcome="failed", reason="timeout", route="none", fields={}))
    series(at(NOW - 2 * HOUR))
    series.flush()
    found = summary(series, NOW - HOUR, cloud=frozenset({"big"}))
    assert found.pages == {"ok": 10, "failed": 1}
    assert found.reasons == {"timeout": 1}
    assert found.routes == {"embedded": 6, "small": 3, "big": 1, "none": 1}
    assert found.local == 0.9
    assert found.fields["title"].filled == 1
    assert found.fields["title"].sure == pytest.approx(0.98)
    small = found.engines["small"]
    assert (small.results, small.kept) == ({"length": 3, "stop": 3}, 3)
    assert (small.input_tokens, small.cached_tokens, small.output_tokens) == (5_400, 1_800, 600)
    assert found.engines["big"].dollars == 0.002
    assert found.long_context == pytest.approx(1 / 7)
    assert found.context == Sizes(mean=pytest.approx(15_100 / 7), half=1_024, most=16_384)
    assert summary(series, NOW - 3 * HOUR).pages["ok"] == 11


@pytest.mark.parametrize("ago", [0, 59, 90, 3_599, 5_000, 90_000, 200_000, 700_000])
def test_totals_are_those_of_the_shortest_points_that_are_kept(store, ago):  # noqa: F811
    series = Series(store, clock=lambda: NOW)
    for number in range(0, 1_000_000, 7_919):
        series(at(NOW - number, stages={"clean": number}))
    series.flush()
    span = MINUTE if ago <= 2 * DAY else HOUR
    points = series.points("stages", span, (NOW - ago) // span * span)
    wanted = sum(one.count for one in points), sum(one.sum for one in points)
    found = series.totals(["stages", "none"], NOW - ago)
    assert found["stages"].get("clean", (0, 0)) == wanted
    assert found["none"] == {}


@pytest.mark.parametrize("name", STRETCHES)
def test_a_chart_has_all_of_its_stretch_in_even_steps(store, name):  # noqa: F811
    stretch, series = STRETCHES[name], Series(store, clock=lambda: NOW)
    for ago in range(0, stretch.seconds, stretch.seconds // 50):
        series(at(NOW - ago, stages={"clean": 10}))
        series.sample("queue_waiting", "", 4)
    series.flush()
    told = histories(series, ("pages", "page_micros", "queue_waiting", "none"), stretch, NOW)
    pages, micros = told["pages"].total()[0], told["page_micros"].total()[1]
    assert 48 <= sum(pages) <= 50  # the first step may begin before the stretch does
    assert sum(micros) == 10 * sum(pages)
    assert told["queue_waiting"].means()[""][-1] == 4
    assert told["none"].means() == {}


def test_nothing_has_no_shares(store):  # noqa: F811
    found = summary(Series(store), 0)
    assert (found.local, found.unsure, found.context, found.pages) == (None, None, None, {})


@settings(max_examples=30)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=60))
def test_bounds_hold_as_many_as_they_say(amounts):
    totals = {}
    for one in amounts:
        label = f"{1 << max(0, one - 1).bit_length():015d}"
        count, total = totals.get(label, (0, 0))
        totals[label] = count + 1, total + one
    found = sizes(totals)
    assert found.mean == pytest.approx(sum(amounts) / len(amounts))
    for bound, share in ((found.half, 0.5), (found.most, 0.95)):
        assert sum(one <= bound for one in amounts) >= share * len(amounts)
        assert bound == 1 or sum(2 * one <= bound for one in amounts) < share * len(amounts)


def test_what_a_server_tells_absurdly_costs_no_figures(store):  # noqa: F811
    usage = {"input_tokens": 2**64 - 1, "cached_tokens": -5, "output_tokens": 2**70}
    told = page_event(
        record(attempts=[attempt(usage=usage, cost_usd=1e30, seconds=-1.0)]), 1_000 * NOW
    )
    series = Series(store, clock=lambda: NOW)
    for _ in range(50):
        series(told)
    series.flush()
    (point,) = series.points("tokens_in", MINUTE, 0)
    assert (point.count, point.sum) == (50, 50 * 10**12)

"""The page of figures over time: what it shows, in which stretch, and that words stay words."""

import time

import pytest
from tests.monitor.made import call, event
from tests.monitor.promtool import needs_promtool, promtool
from tests.serve.here import serving

from rolecall.ledger.budget import Budget
from rolecall.ledger.money import Caps
from rolecall.monitor import Series
from rolecall.monitor.figures import GAUGES, SUMS, Figures
from rolecall.monitor.history import STRETCHES, history
from rolecall.monitor.series import HOUR
from rolecall.serve.ui.charts import HEIGHT, WIDTH, bars
from rolecall.serve.ui.shown import percent
from rolecall.settings import Settings
from rolecall.trial.challenger import read_challengers
from rolecall.trial.ledger import TrialLedger

GIB = 2**30
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("monitor")) as one:
        series = Series(one.state.queue.store)
        now = int(time.time())
        for ago in (60, 120, 5 * HOUR, 40 * HOUR):
            series(event(moment=1_000 * (now - ago)))
        asked = event(
            moment=1_000 * (now - 60), route=HOSTILE, fields={HOSTILE: 1}, reason=HOSTILE,
            stages={HOSTILE: 5_000}, calls=(call(engine=HOSTILE, result=HOSTILE),),
        )  # fmt: skip
        series(asked)
        series(event(moment=1_000 * (now - 60), kinds={"syntax": 3, HOSTILE: 1}))
        series.sample("kv_permille", HOSTILE, 420)
        series.sample("gpu_bytes", HOSTILE, 3 * GIB)
        series.sample("queue_waiting", "", 12)
        series.flush()
        yield one


def test_the_figures_of_a_stretch_are_shown(here):
    client = here.client()
    for since, pages in (("1h", 4), ("24h", 5), ("7d", 6), ("", 5), ("never", 5)):
        text = client.get(f"/monitor?since={since}").text
        assert f"<dt>pages</dt><dd>{pages}</dd>" in text, since
        assert text.count('<svg class="chart"') == 6
    part = client.get("/monitor/part?since=1h").text
    assert "<dd>4</dd>" in part
    assert "<html" not in part


def test_words_that_others_chose_stay_words(here):
    text = here.client().get("/monitor").text
    assert "<img" not in text.replace('<img src="/static', "")
    assert "onerror" in text  # shown, as text


def test_what_stands_beside_pages_is_shown(here):
    text = here.client().get("/monitor?since=1h").text
    assert '<td class="n">42%</td>' in text  # of the KV cache
    assert '<td class="n">3.0</td>' in text  # GiB of a card
    assert '<td>syntax</td><td class="n">3</td>' in text
    for title in ("Pages that wait", "KV cache in use, per cent", "Memory of cards in use, GiB"):
        assert title in text


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (None, "–"), (0.0, "0%"), (1.0, "100%"), (2 / 673, "0.3%"), (671 / 673, "99.7%"),
        (0.001, "0.1%"), (1e-9, "<0.1%"), (1 - 1e-9, ">99.9%"), (0.42, "42%"), (0.988, "99%"),
    ],
)  # fmt: skip
def test_nothing_and_all_are_not_told_of_what_is_neither(share, told):
    assert percent(share) == told


def test_trials_say_of_how_many_pairs_the_challenger_was_slow(tmp_path):
    table = {"name": "awq", "engine": "awq", "share": 0.25, "mode": "shadow"}
    one = {"kind": "openai", "url": "http://127.0.0.1:9/v1", "model": "m"}
    engines = {"awq": one, "usual": one}
    with serving(tmp_path, engines=engines, challengers=(table,)) as one:
        queue = one.state.queue
        ledger = TrialLedger(queue.store, queue.clock_ms)
        ledger.enter(read_challengers(Settings(engines=engines, challengers=(table,))))
        ledger.add("awq", 1, {"pages challenger": 149, "pairs": 149, "slow": 58}, ())
        text = one.client().get("/monitor").text
        assert '<td class="n">58 of 149 pairs</td>' in text
        assert "up to a half is no harm" in text


def test_spending_is_shown_with_its_forecast_and_told_to_prometheus(tmp_path):
    with serving(tmp_path) as one:
        before = one.client().get("/metrics").text
        assert 'rolecall_budget_cap_dollars{period="month"} 30.0' in before
        assert "rolecall_budget_forecast_dollars 0.0" in before
        budget = Budget(one.state.queue.store, Caps())
        budget.settle(budget.reserve("a", 1.0, "cloud"), 0.75)
        text = one.client().get("/monitor").text
        assert "<dt>spent, US dollars</dt><dd>0.75</dd>" in text
        assert "<dt>cap</dt><dd>30.00</dd>" in text
        assert "four months of five" in text
        told = one.client().get("/metrics").text
        assert 'rolecall_budget_spent_dollars{period="month"} 0.75' in told


@needs_promtool
def test_all_metrics_follow_the_conventions(tmp_path):
    with serving(tmp_path) as one:
        figures = Figures(one.state.metrics.registry, cloud=frozenset({"big"}))
        figures(event(reason="x", copied=True, kinds={"syntax": 1}, route="big"))
        figures(event(calls=(call(nano=5), call(kept=True), call(result="length")), fields={}))
        for name in (*GAUGES, *SUMS):
            figures.sample(name, HOSTILE, 5)
        budget = Budget(one.state.queue.store, Caps())
        budget.settle(budget.reserve("a", 1.0, "cloud"), 0.75)
        one.client().get("/monitor")
        assert promtool("check", "metrics", told=one.client().get("/metrics").text) == ""


def test_a_server_without_pages_says_so(tmp_path):
    with serving(tmp_path) as one:
        text = one.client().get("/monitor").text
        assert "No page was done in the last 24h" in text
        assert "<svg" not in text


@pytest.mark.parametrize("name", STRETCHES)
def test_steps_are_even_and_hold_all(here, name):
    stretch = STRETCHES[name]
    found = history(Series(here.state.queue.store), "pages", stretch, time.time())
    assert len(found.starts) == stretch.seconds // stretch.step
    assert {b - a for a, b in zip(found.starts, found.starts[1:], strict=False)} == {stretch.step}
    assert found.starts[-1] <= time.time() < found.starts[-1] + stretch.step
    assert sum(found.total()[0]) in (4, 5, 6)


def test_bars_stand_upon_each_other_within_the_chart():
    chart = bars([0, 60], 60, {"ok": (3, 0), "failed": (1, 8)}, "pages")
    assert chart.most == 8
    assert chart.kinds == {"ok": 3, "failed": 9}
    first = [one for one in chart.bars if one.x == 0]
    assert [one.kind for one in first] == ["ok", "failed"]
    assert first[0].y == pytest.approx(first[1].y + first[1].height)
    for one in chart.bars:
        assert 0 <= one.x <= one.x + one.width <= WIDTH
        assert 0 <= one.y <= one.y + one.height <= HEIGHT + 0.1
    assert "00:01: 8 pages failed" in [one.words for one in chart.bars]
    assert bars([0, 60], 60, {"ok": (0, 0)}, "pages") is None
    assert bars([], 60, {}, "pages") is None

"""The page of figures over time: what it shows, in which stretch, and that words stay words."""

import time

import pytest
from tests.monitor.made import call, event
from tests.serve.here import serving

from rolecall.monitor import Series
from rolecall.monitor.history import STRETCHES, history
from rolecall.monitor.series import HOUR
from rolecall.serve.ui.charts import HEIGHT, WIDTH, bars

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
        series.flush()
        yield one


def test_the_figures_of_a_stretch_are_shown(here):
    client = here.client()
    for since, pages in (("1h", 3), ("24h", 4), ("7d", 5), ("", 4), ("never", 4)):
        text = client.get(f"/monitor?since={since}").text
        assert f"<dt>pages</dt><dd>{pages}</dd>" in text, since
        assert text.count('<svg class="chart"') == 3
    part = client.get("/monitor/part?since=1h").text
    assert "<dd>3</dd>" in part
    assert "<html" not in part


def test_words_that_others_chose_stay_words(here):
    text = here.client().get("/monitor").text
    assert "<img" not in text.replace('<img src="/static', "")
    assert "onerror" in text  # shown, as text


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
    assert sum(found.total()[0]) in (3, 4, 5)


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

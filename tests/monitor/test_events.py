"""What an event holds of a record, and that it is never text of a page."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.made import attempt, record

import rolecall
from rolecall.monitor import page_event
from rolecall.monitor.measures import count, doubling


def test_an_event_has_the_figures_of_a_record():
    found = page_event(record(attempts=[attempt(), attempt(result="length")]), 7)
    assert (found.moment, found.outcome, found.route, found.page) == (7, "ok", "small", "ab" * 32)
    assert found.fields == {"company": 400, "title": 980}  # an empty list is no value
    assert found.stages == {"clean": 2_000, "reader": 13_000}
    assert [one.result for one in found.calls] == ["stop", "length"]
    assert (found.calls[0].input_tokens, found.calls[0].cached_tokens) == (900, 256)
    assert found.calls[0].micros == 1_500_000


def test_who_had_the_last_word():
    assert page_event(record(), 0).route == "embedded"
    assert page_event(record(outcome="failed", data=None), 0).route == "none"
    failed = attempt(engine="big", result="timeout")
    assert page_event(record(attempts=[attempt(), failed]), 0).route == "small"
    assert page_event(record(copy_of={"source": "x", "similarity": 1}), 0).copied


def test_no_text_of_a_page_is_in_an_event():
    page = (
        "<title>Zymurgist</title><h1>Zymurgist</h1><p>Company: Quaggy Brewery</p>"
        "<p>Location: Leeds</p><h2>Requirements</h2><ul><li>Fermentation</li></ul>"
    )
    made = msgspec.to_builtins(rolecall.extract(page))
    url = "https://www.bakery.example/secret/path?q=1"
    event = page_event(record(**_plain(made), url=url), 0, len(page))
    told = msgspec.json.encode(event).decode()
    for word in ("Zymurgist", "Quaggy", "Leeds", "Fermentation", "secret", "path"):
        assert word not in told
    assert (event.site, event.language, event.size) == ("bakery.example", "", len(page))
    assert page_event(record(data={"posting_language": "en"}), 0).language == "en"
    assert page_event(record(data={"posting_language": ["en"]}), 0).language == ""


def _plain(made):
    return {"data": made["data"], "evidence": {}, "attempts": [], "seconds": {}}


@given(st.integers(0, 2**40))
def test_a_doubling_is_the_next_power_of_two(amount):
    bound = int(doubling(amount))
    assert amount <= bound
    assert bound == 1 or bound < 2 * amount


def test_what_an_event_adds():
    problems = [{"kind": "syntax"}, {"kind": "syntax"}, {"kind": "of a user"}]
    told = page_event(record(attempts=[attempt(cost_usd=0.01)], problems=problems), 0)
    found = {}
    count(told, found)
    assert found["pages"] == {"ok": [1, 0]}
    assert found["problems"] == {"syntax": [1, 2], "other": [1, 1]}
    assert found["stages"]["reader"] == [1, 13_000]
    assert found["calls"] == {"small stop": [1, 0]}
    assert found["tokens_in"] == {"small": [1, 900]}
    assert found["nano"] == {"small": [1, 10_000_000]}
    assert found["fields"]["company"] == [1, 400]
    assert found["sure"] == {"900": [1, 0], "400": [1, 0]}

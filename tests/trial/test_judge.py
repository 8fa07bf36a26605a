"""What counts say: harm is stopped, noise is not, and no harm needs evidence too."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from rolecall.trial.challenger import Challenger
from rolecall.trial.judge import judge, total
from rolecall.trial.nouns import KINDS, seen
from rolecall.trial.pairs import Timed
from rolecall.trial.trials import Trials

LIVE = Challenger(name="new", engine="a", share=0.5, mode="live")
SHADOW = Challenger(name="new", engine="a", share=0.5, floor=0.9)


def pages(count, **more):
    return {"pages challenger": count, "pages champion": count} | more


def test_nothing_is_said_of_nothing():
    found = judge(LIVE, [])
    assert (found.tried, found.harm, found.no_worse, found.agreement) == (0, "", False, None)
    assert [one.kind for one in found.findings] == [*KINDS, "slow"]


def test_harm_is_told_with_its_counts():
    counts = pages(500, **{"failed challenger": 60, "failed champion": 20})
    found = judge(LIVE, [counts])
    assert (
        found.harm == "pages that no engine answered: 60 of the challenger's, 20 of the champion's"
    )
    assert found.findings[0].evidence >= 1
    low, high = found.findings[0].ratio
    assert 1 < low < 3 < high
    turned = pages(500, **{"failed challenger": 20, "failed champion": 60})
    assert judge(LIVE, [turned]).harm == ""


def test_a_slow_challenger_is_found_by_its_pairs():
    assert "90 of 120" in judge(LIVE, [pages(500, pairs=120, slow=90)]).harm
    assert judge(LIVE, [pages(500, pairs=120, slow=66)]).harm == ""


def test_a_shadow_that_agrees_too_little_is_stopped():
    same = {"compared": 300_000, "same": 240_000}
    found = judge(SHADOW, [pages(300, **same)])
    assert found.harm == "agrees with the champion in 80.0% of values, under 90.0%"
    assert found.agreement.low < 0.8 < found.agreement.high
    enough = {"compared": 300_000, "same": 280_000}
    assert judge(SHADOW, [pages(300, **enough)]).harm == ""


def test_what_breaks_after_a_good_month_is_found_soon():
    good = pages(3_000, **{"failed challenger": 30, "failed champion": 33})
    bad = pages(300, **{"failed challenger": 60, "failed champion": 6})
    assert judge(LIVE, [good] * 30).harm == ""
    assert judge(LIVE, [*[good] * 30, bad]).harm


def test_no_worse_needs_pages_of_all_kinds():
    few = pages(40)
    assert not judge(LIVE, [few]).no_worse
    clean = pages(3_000)  # hardly anything goes wrong with either
    assert judge(LIVE, [clean]).no_worse
    alike = {f"{kind} {arm}": 900 for kind in KINDS for arm in ("challenger", "champion")}
    assert judge(LIVE, [pages(9_000, **alike)]).no_worse
    assert judge(SHADOW, [clean]).no_worse
    one = {"failed challenger": 300, "failed champion": 200}
    assert not judge(LIVE, [pages(3_000, **one)]).no_worse
    again = {"failed challenger": 12, "times failed challenger": 240}  # each came twenty times
    assert not judge(LIVE, [pages(8_000, **again)]).no_worse


@given(st.dictionaries(st.sampled_from([
    "pages challenger", "pages champion", "failed challenger", "failed both", "slow", "pairs",
    "compared", "same", "compared field x", "same field x", "skipped", "nonsense",
]), st.integers(0, 10**12)))  # fmt: skip
def test_no_counts_are_too_odd_to_judge(counts):
    judge(LIVE, [counts, {}])
    judge(SHADOW, [counts])
    assert total([counts, counts]) == {name: 2 * one for name, one in counts.items()}


def attempt(result="stop", seconds=1.0, **more):
    return {"engine": "a", "result": result, "seconds": seconds} | more


def record(*attempts, outcome="ok", **more):
    return {"outcome": outcome, "attempts": list(attempts), "problems": [], "reason": None} | more


@pytest.mark.parametrize(
    ("told", "bad", "seconds"),
    [
        (record(attempt(), attempt()), set(), 2.0),
        (record(attempt("length")), {"truncated"}, 1.0),
        (
            record(attempt("length"), problems=[{"kind": "syntax"}, {"kind": "schema"}]),
            {"truncated"},
            1.0,
        ),
        (
            record(attempt("length"), problems=[{"kind": "ungrounded"}]),
            {"truncated", "invalid"},
            1.0,
        ),
        (record(attempt(), problems=[{"kind": "syntax"}]), {"invalid"}, 1.0),
        (record(attempt("timeout"), outcome="partial"), {"failed", "incomplete"}, 1.0),
        (record(attempt(), problems=[{"kind": "ungrounded"}]), {"invalid"}, 1.0),
        (record(attempt(), problems=[{"kind": "conflict"}]), set(), 1.0),
        (record(attempt(cached=True), outcome="partial"), {"incomplete"}, None),
        (record(), {"failed"}, None),
        (record(outcome="failed", reason={"code": "timeout", "stage": "ask"}), {"failed"}, None),
    ],
)
def test_what_goes_wrong_with_a_page(told, bad, seconds):
    found = seen(told)
    assert (found.bad, found.seconds) == (bad, seconds)


def test_pages_that_tell_nothing_of_engines_do_not_count():
    assert seen(record(), asks=False).bad == set()
    for code in ("budget_exceeded", "cancelled", "internal"):
        told = record(attempt(), outcome="failed", reason={"code": code, "stage": "ask"})
        assert seen(told) is None


def test_a_challenger_of_which_many_pages_told_nothing_is_not_called_no_worse():
    clean = pages(3_000)
    assert judge(LIVE, [clean | {"unjudged": 20}]).no_worse
    assert not judge(LIVE, [clean | {"unjudged": 50}]).no_worse


def test_without_engines_on_one_side_only_what_is_missing_in_the_end_counts():
    bare = structs.replace(LIVE, asks=False)
    counts = pages(300, **{"truncated challenger": 90, "failed challenger": 60})
    assert judge(bare, [counts]).harm == ""
    assert [one.evidence for one in judge(bare, [counts]).findings] == [0] * 5
    assert judge(bare, [pages(300, **{"incomplete challenger": 90})]).harm


def test_times_are_compared_of_pages_that_begin_one_after_the_other():
    trials = Trials([LIVE], None)
    ends = [(0, False, 1.0), (1, True, 9.0), (3, True, 1.0), (2, False, 1.0), (5, True, 9.0)]
    for number, challenger, seconds in ends:
        trials._pair("new", number, Timed(challenger, seconds))
    assert trials._counted["new"].counts == {"pairs": 2, "slow": 1}
    for number in itertools.chain(range(6, 6_000, 2)):
        trials._pair("new", number, Timed(True, 1.0))
    assert len(trials._counted["new"].times) <= 512

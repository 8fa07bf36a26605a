"""Figures of a run: means as one would reckon them by hand, intervals around them, thresholds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.evaluate.nouns import Judged, Judgement, Score
from rolecall.evaluate.report.evaluation import least_sure, sections
from rolecall.evaluate.report.page import page
from rolecall.evaluate.results import results
from rolecall.evaluate.run import EvaluationRun, Part
from rolecall.settle import read_least

FIELDS = ("title", "company", "skills")


def row(number, scores, *, site="a", sure=None, tokens=700, **more):
    return Judged(
        id=f"p{number}",
        site=site,
        language="en",
        tokens=tokens,
        outcome="ok",
        scores={name: Score(value, has) for name, (value, has) in scores.items()},
        adr009=scores["title"][0] if "title" in scores else None,
        confidences=sure or {},
        marks={"right_outcome": True},
        **more,
    )


def judged(rows, name="one"):
    return Judgement(name=name, samples="f", config="c", rows=tuple(rows))


score = st.tuples(st.sampled_from((0.0, 0.25, 0.5, 1.0)), st.booleans())
pages = st.lists(
    st.tuples(st.dictionaries(st.sampled_from(FIELDS), score), st.sampled_from("abcd")),
    min_size=1,
    max_size=20,
)


@settings(deadline=None)
@given(pages)
def test_means_are_means_and_intervals_hold_them(told):
    rows = [row(i, scores, site=site) for i, (scores, site) in enumerate(told)]
    (one,) = results([judged(rows)]).engines
    for name in FIELDS:
        values = [scores[name][0] for scores, _ in told if name in scores]
        if not values:
            assert name not in one.fields
            continue
        found = one.fields[name]
        assert found.n_value + found.n_null == len(values)
        if found.all is not None:
            assert found.all.mid == pytest.approx(sum(values) / len(values))
            assert -1e-9 <= found.all.low <= found.all.mid + 1e-9
            assert found.all.mid <= found.all.high + 1e-9 <= 1 + 2e-9
    assert sum(group.samples for group in one.figures.sites.values()) == len(rows)


def test_a_threshold_is_told_as_a_setting_that_is_understood():
    rows = []
    for i in range(400):
        sure = (i % 100) / 100
        right = float(sure > 0.4 or i % 7 == 0)
        scores = {"title": (right, True), "company": (1.0, True)}
        rows.append(row(i, scores, site=f"s{i}", sure={"title": sure, "company": 0.9}))
    found = results([judged(rows)], target=0.9)
    (one,) = found.engines
    told = least_sure(one)
    least = read_least(told)
    assert set(least) == {"title"}  # all companies are right: no threshold is needed
    assert 0.2 < least["title"] <= one.fields["title"].threshold.value
    kept = [r for r in rows if r.confidences["title"] >= least["title"]]
    assert sum(r.scores["title"].value for r in kept) / len(kept) >= 0.9


def test_where_no_threshold_helps_it_says_why():
    rows = [row(i, {"title": (0.0, True)}, site=f"s{i}", sure={"title": 0.5}) for i in range(200)]
    (one,) = results([judged(rows)]).engines
    assert one.threshold.value is None
    assert one.threshold.reason
    assert least_sure(one) == ""


def test_the_report_shows_hostile_names_as_text():
    evil = "<img src=x>"
    rows = [row(i, {evil: (1.0, True), "title": (0.5, True)}, site=evil) for i in range(3)]
    found = results([judged(rows, "one"), judged(rows, "two")])
    run = EvaluationRun(
        made="2026-05-17",
        rolecall="0",
        command=evil,
        samples={"path": evil, "count": 3},
        engines={"one": Part(records="one.jsonl"), "two": Part(records="two.jsonl")},
    )
    made = page("Report", evil, sections(found, run))
    assert "<img" not in made
    assert "one" in made
    assert "two" in made


def test_pages_of_one_site_do_not_make_the_share_of_a_finding_surer():
    def right(site_of):
        rows = [row(i, {"title": (1.0, True)}, site=site_of(i)) for i in range(60)]
        return results([judged(rows)]).engines[0].marks

    each, few = right(lambda i: f"s{i}"), right(lambda i: f"s{i % 6}")
    assert each["right_outcome"].low > 0.93
    assert few["right_outcome"].low == pytest.approx(0.025 ** (1 / 6))
    assert few["right_outcome"].mid == 1.0
    assert few["grounded"] is None

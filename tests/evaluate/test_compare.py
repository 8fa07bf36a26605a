"""The paired comparison: what it says of engines whose truth is known."""

import msgspec
import numpy as np
import pytest
from tests.evaluate.judgements import judgement, right_or_wrong

from rolecall.errors import UsageError
from rolecall.evaluate.compare import compare, headline, in_common, verdict_words, with_fields
from rolecall.evaluate.results import results
from rolecall.evaluate.score.figures import figures
from rolecall.evaluate.statistics import mcnemar_midp


def two(a, b, **each):
    return judgement("one", a, **each), judgement("other", b, **each)


def test_a_clear_winner_is_named():
    a, b = right_or_wrong(300, 60, 10, 30)
    found = compare(*two({"title": a}, {"title": b}))
    title = found.fields[0]
    assert (title.verdict, title.only_a, title.only_b, title.n) == ("a", 60, 10, 400)
    assert title.p == mcnemar_midp(60, 10)
    assert title.difference.mid == pytest.approx(0.125)
    assert title.difference.low > 0.07
    assert title.effect == pytest.approx(0.345, abs=0.001)
    assert found.macro.verdict == found.adr009.verdict == "a"
    assert headline(found).startswith("one is better than other overall (macro 0.900 against 0.775")
    assert "400 pages of 400 sites" in headline(found)


def test_the_other_way_round_the_other_wins_by_as_much():
    a, b = right_or_wrong(300, 60, 10, 30)
    found, back = compare(*two({"t": a}, {"t": b})), compare(*two({"t": b}, {"t": a}))
    assert back.fields[0].verdict == "b"
    assert back.fields[0].p == found.fields[0].p
    assert back.fields[0].difference.mid == -found.fields[0].difference.mid
    assert headline(back).startswith(
        "other is better than one overall (macro 0.900 against 0.775, +"
    )
    assert (back.a_ahead, back.b_ahead) == (found.b_ahead, found.a_ahead)


def test_too_few_labels_are_said_to_be_too_few():
    a, b = right_or_wrong(80, 9, 5, 6)
    found = compare(*two({"title": a}, {"title": b}))
    title = found.fields[0]
    assert title.verdict == "unresolved"
    assert 500 < title.more < 1000
    assert title.more_sites == title.more
    assert verdict_words(title, found).startswith("not resolved: label about ")
    assert "is not resolved" in headline(found)
    assert "Label about" in headline(found)


def test_many_labels_and_hardly_a_difference_are_no_difference_worth_naming():
    a, b = right_or_wrong(3000, 60, 35, 905)
    found = compare(*two({"title": a}, {"title": b}), draws=400)
    assert found.fields[0].p < 0.02  # there is one, but who would pay for it
    assert found.fields[0].verdict == "equivalent"
    strict = compare(*two({"title": a}, {"title": b}), margin=0.003, draws=400)
    assert strict.fields[0].verdict == "a"


def test_engines_that_agree_on_few_pages_are_not_called_equal():
    found = compare(*two({"title": [1] * 40}, {"title": [1] * 40}))
    title = found.fields[0]
    assert title.verdict == "unresolved"
    assert title.difference.low < -0.05
    assert title.p == 1.0
    assert title.more > 100
    many = compare(*two({"title": [1] * 400}, {"title": [1] * 400}))
    assert many.fields[0].verdict == "equivalent"


def test_pages_of_one_site_are_not_so_many_witnesses():
    """Forty pages of which one site's are all right for A only: that is one observation."""
    a, b = [1] * 40 + [1] * 10, [1] * 40 + [0] * 10
    apart = compare(*two({"title": a}, {"title": b}))
    assert apart.fields[0].verdict == "a"
    sites = [f"s{place // 10}" for place in range(50)]
    together = compare(*two({"title": a}, {"title": b}, sites=sites))
    title = together.fields[0]
    assert title.test == "mcnemar_and_sign_flip"
    assert title.p == 1.0
    assert title.verdict == "unresolved"
    assert title.sites == 5
    assert title.design_effect > 5
    assert together.unit == "site"
    assert together.clustered


def test_sites_that_differ_must_be_enough_to_show_anything():
    """Three sites of twenty can have no p under 0.25, however clear they are."""
    a = [1] * 60
    b = [0 if place < 9 else 1 for place in range(60)]
    sites = [f"s{place // 3}" for place in range(60)]
    title = compare(*two({"title": a}, {"title": b}, sites=sites)).fields[0]
    assert (title.differing, title.p, title.verdict) == (3, 0.25, "unresolved")
    assert 60 + title.more >= 60 * 6 / 3  # six sites are the least with a p under 0.05
    assert title.more_sites == -(-title.more // 3)


def test_one_site_is_compared_page_by_page():
    a, b = right_or_wrong(100, 40, 4, 6)
    found = compare(*two({"title": a}, {"title": b}, sites=["only"] * 150))
    assert (found.unit, found.sites) == ("page", 1)
    assert found.fields[0].verdict == "a"


def test_graded_scores_are_tested_by_flipping_sites():
    random = np.random.default_rng(4)
    base = random.random(120)
    found = compare(*two({"skills": np.clip(base + 0.2, 0, 1)}, {"skills": base * 0.9}))
    skills = found.fields[0]
    assert (skills.test, skills.binary, skills.verdict) == ("sign_flip", False, "a")
    assert skills.p == 1 / 10_000


def test_p_of_the_fields_are_adjusted_for_their_number():
    from statsmodels.stats.multitest import multipletests

    pairs = {"a": (100, 30, 10, 60), "b": (100, 22, 12, 66), "c": (100, 25, 25, 50)}
    columns = {name: right_or_wrong(*cells) for name, cells in pairs.items()}
    found = compare(
        *two({n: a for n, (a, _) in columns.items()}, {n: b for n, (_, b) in columns.items()})
    )
    ps = [one.p for one in found.fields]
    assert [one.p_adjusted for one in found.fields] == pytest.approx(
        list(multipletests(ps, method="holm")[1])
    )
    alone = compare(
        *(
            with_fields(one, ["b"])
            for one in two(
                {n: a for n, (a, _) in columns.items()}, {n: b for n, (_, b) in columns.items()}
            )
        )
    )
    assert alone.fields[0].p_adjusted == alone.fields[0].p == ps[1]
    assert found.macro.p_adjusted is None


def test_a_field_counts_only_where_it_is_labelled():
    found = compare(
        *two(
            {"title": [1, 1, 0, 1], "pay": [1, None, None, 1]},
            {"title": [1, 0, 0, 1], "pay": [0, None, None, 1]},
        )
    )
    pay = found.fields[1]
    assert (pay.field, pay.n, pay.a, pay.b) == ("pay", 2, 1.0, 0.5)
    assert found.macro.a == pytest.approx((3 / 4 + 1) / 2)
    assert found.macro.difference.mid == pytest.approx(found.macro.a - found.macro.b)


def test_macro_is_that_of_the_figures_of_a_run():
    random = np.random.default_rng(3)
    sites = [f"s{place // 4}" for place in range(60)]
    columns = [
        {
            "title": list(random.random(60)),
            "pay": [1.0 if place % 7 else None for place in range(60)],
            "licence": [0.5, 1.0, 0.0] + [None] * 57,
            "visa": [None] * 58 + [1.0, 1.0],
        }
        for _ in range(2)
    ]
    a, b = two(*columns, sites=sites)
    found = compare(a, b, draws=300)
    assert found.macro.a == pytest.approx(figures(a).macro)
    assert found.macro.b == pytest.approx(figures(b).macro)
    assert results([b]).engines[0].macro.mid == pytest.approx(figures(b).macro)
    assert found.macro.difference.mid == pytest.approx(found.macro.a - found.macro.b)


def test_what_each_engine_took_and_how_it_ended():
    a, b = (
        judgement(
            "one",
            {"t": [1, 1, 0]},
            outcome=["ok", "ok", "failed"],
            cost_usd=[0.1, 0.2, 0.3],
            seconds=[1.0, 2.0, 3.0],
        ),
        judgement("other", {"t": [1, 1, 1]}, outcome=["ok", "partial", "ok"]),
    )
    found = compare(a, b)
    assert found.outcomes == {"ok": (2, 2), "failed": (1, 0), "partial": (0, 1)}
    assert found.marks == {"schema_valid": (3, 3)}
    assert found.cost_usd.a == pytest.approx(0.6)
    assert found.cost_usd.b == 0.0
    assert found.seconds.difference.mid == pytest.approx(1.5)
    assert found.a_ahead == {"t": ()}
    assert found.b_ahead == {"t": ("p2",)}
    free = compare(*two({"t": [1, 0]}, {"t": [0, 1]}))
    assert free.cost_usd.difference is None


def test_judgements_of_other_samples_are_refused_or_cut_to_what_is_shared():
    a = judgement("one", {"t": [1, 0, 1, 1]}, samples="1" * 16)
    b = judgement("other", {"t": [1, 1, 1]}, samples="2" * 16)
    with pytest.raises(
        UsageError, match="one and other were measured on different samples"
    ) as info:
        compare(a, b)
    assert "in_common" in info.value.hint
    found = compare(*in_common(a, b))
    assert (found.n, found.left_out_a, found.left_out_b) == (3, 1, 0)


def test_what_cannot_be_compared_is_refused():
    a = judgement("one", {"t": [1, 0]})
    twice = msgspec.structs.replace(a, rows=(*a.rows, a.rows[0]))
    with pytest.raises(UsageError, match="has the sample 'p0' twice"):
        compare(a, twice)
    nothing = msgspec.structs.replace(a, rows=())
    with pytest.raises(UsageError, match="share no sample"):
        compare(a, nothing)
    with pytest.raises(UsageError, match="no sample has a score of 'pay'") as info:
        with_fields(a, ["pay"])
    assert info.value.hint == "there are: t"


def test_samples_without_labels_are_no_comparison_and_no_crash():
    found = compare(*two({"t": [None, None]}, {"t": [None, None]}))
    assert found.fields == ()
    assert found.macro.verdict == "unresolved"
    assert headline(found) == (
        "one and other cannot be compared: none of the 2 pages of 2 sites has a label for a field."
    )


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_handful_of_pages_is_never_certain(count):
    found = compare(
        *two({"t": [1] * count, "g": [0.5] * count}, {"t": [0] * count, "g": [0.2] * count})
    )
    for one in (*found.fields, found.macro, found.adr009):
        assert one.verdict == "unresolved"
        assert one.more >= 1
        assert one.difference is None or one.difference.low < one.difference.high


def test_the_same_seed_says_the_same():
    random = np.random.default_rng(9)
    a, b = ({"t": random.random(50), "u": random.integers(0, 2, 50)} for _ in range(2))
    once, again, other = (compare(*two(a, b), seed=seed) for seed in (0, 0, 1))
    assert once == again
    assert once.fields[0].difference != other.fields[0].difference
    msgspec.json.encode(once)


@pytest.mark.parametrize("each", [1.0, 0.5])
@pytest.mark.parametrize("a_site", [1, 4])
def test_engines_that_are_alike_are_told_how_many_labels_would_show_it(each, a_site):
    sites = [place // a_site for place in range(100)]
    found = compare(*two({"title": [each] * 100}, {"title": [each] * 100}, sites=sites))
    assert {one.verdict for one in (found.macro, found.adr009, *found.fields)} == {"unresolved"}
    told = {one.more for one in (found.macro, found.adr009, *found.fields)}
    assert len(told) == 1  # however the field is scored
    more = told.pop()
    assert more >= 80 * a_site

    def verdict(count):
        sites = [place // a_site for place in range(count)]
        same = {"title": [each] * count}
        return compare(*two(same, same, sites=sites), draws=100).macro.verdict

    assert verdict(100 + more) == "equivalent"
    assert verdict(100 + more - 2 * a_site) == "unresolved"

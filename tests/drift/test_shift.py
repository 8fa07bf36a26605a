"""How far counts are from others: the effect, the chance, and what is no difference at all."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.drift.drawn import SHIFTS, window

from rolecall.drift.counts import OTHER
from rolecall.drift.reference import PSI_BOUND, decoded, encoded, reference, shifts
from rolecall.drift.shift import LEAST_PAGES, chi_square, chi_tail, distance, psi

CELLS = st.dictionaries(st.sampled_from("abcdef*"), st.integers(0, 10_000), max_size=7)


@pytest.mark.parametrize(
    ("x", "freedom", "p"),
    # Percentiles of chi-square as tables of it have them.
    [(3.841459, 1, 0.05), (5.991465, 2, 0.05), (18.307038, 10, 0.05), (49.801850, 35, 0.05),
     (10.827566, 1, 0.001), (37.566235, 20, 0.01), (28.374, 1, 1e-7)],
)  # fmt: skip
def test_the_tail_of_chi_square(x, freedom, p):
    assert chi_tail(x, freedom) == pytest.approx(p, rel=1e-3)


def test_the_index_of_two_cells():
    # By hand: (0.6 - 0.9) ln(0.6 / 0.9) + (0.4 - 0.1) ln(0.4 / 0.1), but for the smoothing.
    by_hand = 0.3 * math.log(1.5) + 0.3 * math.log(4)
    assert psi([(60_000, 90_000), (40_000, 10_000)]) == pytest.approx(by_hand, rel=1e-3)
    assert math.isfinite(psi([(0, 10), (10, 0)]))


def test_chi_square_of_two_samples():
    # The 2 x 2 table 10, 20 / 30, 40: n (ad - bc)^2 / (product of the margins).
    assert chi_square([(10, 20), (30, 40)]) == pytest.approx(100 * 200**2 / (30 * 70 * 40 * 60))


@given(CELLS, CELLS)
def test_any_counts_have_a_distance_or_are_too_few(window_cells, usual):
    found = distance(window_cells, usual)
    few = min(sum(window_cells.values()), sum(usual.values())) < LEAST_PAGES
    assert (found is None) == few
    if found is not None:
        assert 0 <= found.psi < math.inf
        assert 0 <= found.chi < math.inf
        assert 0 <= found.p() <= 1
        assert found.p(5.0) >= found.p()


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(100, 900), min_size=1))
def test_the_same_shares_are_no_distance(cells):
    found = distance(cells, {name: 10 * times for name, times in cells.items()})
    assert found.psi < 0.001
    assert found.p() > 0.99


def test_one_odd_page_says_nothing_and_many_say_much():
    usual = {"de": 5_000}
    assert distance({"de": 197, "xx": 1, "yy": 2}, usual).psi == 0
    found = distance({"de": 140, "en": 60}, usual)
    assert found.psi > 0.5
    assert found.p() < 1e-9
    # Whether it has a cell of its own or is among the others makes no difference.
    assert distance({"de": 140, OTHER: 60}, usual) == found


def usual_of(source, days=1, windows=40):
    made = [window(source, day * 86_400_000 + n) for day in range(days) for n in range(windows)]
    return reference(lambda: made, "pinned", 5)


@pytest.mark.parametrize("kind", SHIFTS)
@pytest.mark.parametrize("after", [1, 70, 199])
def test_a_shift_is_found_within_two_windows_wherever_it_begins(kind, after):
    changed, name = SHIFTS[kind]
    source = random.Random(after)
    usual = usual_of(source)
    found = []
    for place in (after, 0):
        one = window(source, changed=changed, after=place)
        found += [shift.name for shift in shifts(one.counts, usual) if shift.drifts]
    assert name in found
    assert set(found) == {name}


def test_quiet_windows_raise_no_alarm():
    source = random.Random(3)
    usual = usual_of(source, windows=100)
    assert set(usual.windows) > {"size", "language", "site", "field salary"}
    off = [s for _ in range(300) for s in shifts(window(source).counts, usual) if s.drifts]
    assert off == []


def test_a_reference_knows_how_much_its_own_windows_and_days_differ():
    source = random.Random(1)
    weekend = {"language": {"de": 0.5, "en": 0.5}}
    made = [
        window(source, day * 86_400_000 + n, **(weekend if day > 4 else {}))
        for day in range(7)
        for n in range(20)
    ]
    usual = reference(lambda: made, "pinned", 5)
    assert usual.windows["language"].overdispersion > 5 > usual.windows["size"].overdispersion
    assert usual.days["language"].largest > 0.2 > usual.days["size"].largest
    assert (usual.pages, usual.number) == (28_000, 140)
    # So what is usual at a weekend is no alarm, and what never was is one.
    quiet = [window(source, **weekend) for _ in range(30)]
    assert not [s for one in quiet for s in shifts(one.counts, usual) if s.drifts]
    bounds = {s.name: s.bound for s in shifts(quiet[0].counts, usual)}
    assert bounds["language"] == usual.windows["language"].bound
    assert bounds["outcome"] == PSI_BOUND


def test_a_field_that_nobody_fills_any_more_or_nobody_did_before():
    source = random.Random(2)
    usual = usual_of(source)
    without = window(source, filled={"title": 1.0, "company": 0.95, "salary": 0.35})
    assert [s.name for s in shifts(without.counts, usual) if s.drifts] == ["field skills"]
    new = {"title": 1.0, "company": 0.95, "salary": 0.35, "skills": 0.8, "remote": 0.5}
    found = [s.name for s in shifts(window(source, filled=new).counts, usual) if s.drifts]
    assert found == ["field remote"]


def test_a_reference_is_read_as_it_was_written_and_never_from_what_is_damaged():
    usual = usual_of(random.Random(4))
    assert decoded(encoded(usual)) == usual
    for damaged in (b"", b"{}", b"[1]", encoded(usual)[:-9], encoded(usual).replace(b":2", b":-2")):
        assert decoded(damaged) is None
    assert reference(tuple, "first", 0) is None

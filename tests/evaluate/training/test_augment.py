"""Varied layouts keep what a page says."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.core import Source
from rolecall.evaluate.training.augment import drop_words, vary
from rolecall.page import clean
from rolecall.reader.block_features import block_features
from rolecall.reader.lines import prepare

HTML = b"""<title>Night Nurse</title><nav><a href="/">Home</a></nav><div class="job">
<h1>Night Nurse</h1><p>Leeds</p><h2>Duties</h2><ul><li>Give medicines</li><li>Write</li></ul>
<h3>Benefits</h3><p>Free meals on every shift</p></div>"""
PAGE = clean(Source(body=HTML))
LINES = prepare(PAGE)
SEEDS = st.integers(0, 10_000)


@settings(deadline=None)
@given(SEEDS)
def test_texts_and_their_number_stay(seed: int) -> None:
    varied = vary(LINES, random.Random(seed))
    assert [line.text for line in varied] == [line.text for line in LINES]
    assert [line.block.span for line in varied] == [line.block.span for line in LINES]
    assert len(block_features(PAGE, varied)) == len(LINES)


@settings(deadline=None)
@given(SEEDS)
def test_a_seed_gives_one_layout(seed: int) -> None:
    assert vary(LINES, random.Random(seed)) == vary(LINES, random.Random(seed))


def test_layouts_differ_and_the_titles_heading_stays() -> None:
    copies = [vary(LINES, random.Random(seed)) for seed in range(40)]
    assert len({tuple(line.block for line in copy) for copy in copies}) > 5
    (at,) = (i for i, line in enumerate(LINES) if line.block.level == 1 and line.block.tag == "h1")
    assert {copy[at].block.kind for copy in copies} == {"heading"}


def test_words_are_dropped_from_some_copies_alone() -> None:
    rows = [["w0=night", "w1=nurse", "k=heading"], ["z"]]
    found = [drop_words(rows, random.Random(seed)) for seed in range(20)]
    assert rows in found
    assert [["k=heading"], ["z"]] in found
    assert all(row in (rows, [["k=heading"], ["z"]]) for row in found)
    assert drop_words([], random.Random(1)) == []

"""Splits go by site, near-copies stay together, and chance comes from the seed alone."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluate.samples.pages import page

from rolecall.errors import UsageError
from rolecall.evaluate.nouns import Sample
from rolecall.evaluate.samples.copies import alike, near_copies, sketch
from rolecall.evaluate.samples.split import split, text_of

WORDS = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in ("ke", "rn", "t", "lo")]


def body(seed: int, length: int = 150) -> str:
    draw = random.Random(seed)
    return " ".join(draw.choice(WORDS) for _ in range(length))


def edited(text: str, changes: int, seed: int = 0) -> str:
    draw, words = random.Random(seed), text.split()
    for _ in range(changes):
        words[draw.randrange(len(words))] = draw.choice(WORDS)
    return " ".join(words)


def sample(number: int, site: str, text: str) -> Sample:
    html = page(title=f"Baker {number}", company=f"Oven {number}", body=text)
    return Sample(id=f"{site}/{number}", site=site, body=html.encode(), expected={})


def sides(test: Sequence[Sample], ids: set[str]) -> set[bool]:
    inside = {one.id for one in test}
    return {one in inside for one in ids}


def test_near_copies_on_other_sites_stay_on_one_side() -> None:
    first = [sample(n, f"s{n}", body(n)) for n in range(20)]
    copies = [sample(100 + n, f"t{n}", edited(body(n), 8, n)) for n in range(0, 20, 2)]
    for seed in range(5):
        found = split([*first, *copies], 0.3, seed)
        assert len(found.copies) == 10
        assert found.groups == 20
        for n in range(0, 20, 2):
            assert len(sides(found.test, {f"s{n}/{n}", f"t{n}/{100 + n}"})) == 1


def test_copies_are_found_among_many_texts_and_only_they() -> None:
    texts = [body(n) for n in range(300)]
    texts += [edited(texts[n], 6, n) for n in range(40)]
    pairs = {(a, b) for a, b, _ in near_copies([sketch(text) for text in texts])}
    assert pairs == {(n, 300 + n) for n in range(40)}


def test_a_crowd_of_copies_is_one_group() -> None:
    samples = [sample(n, f"s{n}", edited(body(1), 2, n)) for n in range(80)]
    samples += [sample(n, f"s{n}", body(n)) for n in range(100, 110)]
    assert split(samples, 0.3).groups == 11


def test_a_sketch_estimates_the_shared_runs() -> None:
    one, two = body(1, 600).split(), body(2, 600).split()
    a, b = sketch(" ".join(one)), sketch(" ".join(one[:300] + two[:300]))
    assert a is not None
    assert b is not None
    assert alike(a, a) == 1.0
    assert alike(a, b) == pytest.approx(1 / 3, abs=0.12)
    assert sketch("too few words") is None


SITES = st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=30)


@settings(max_examples=50, deadline=None)
@given(SITES, st.floats(0.05, 0.95), st.integers(0, 9), st.randoms())
def test_parts_are_whole_sites_and_the_same_in_any_order(
    sites: list[str], share: float, seed: int, draw: random.Random
) -> None:
    samples = [Sample(id=f"{n}", site=site, expected={}) for n, site in enumerate(sites)]
    if len(set(sites)) < 2:
        with pytest.raises(UsageError, match="one group"):
            split(samples, share, seed, [""] * len(samples))
        return
    found = split(samples, share, seed, [""] * len(samples))
    assert found.train
    assert found.test
    assert {one.id for one in found.train} | {one.id for one in found.test} == {
        one.id for one in samples
    }
    assert not {one.site for one in found.train} & {one.site for one in found.test}
    draw.shuffle(samples)
    assert split(samples, share, seed, [""] * len(samples)) == found


def test_the_test_part_has_about_its_share() -> None:
    samples = [Sample(id=f"{n}", site=f"{n % 40}", expected={}) for n in range(400)]
    for seed in range(4):
        assert len(split(samples, 0.3, seed, [""] * 400).test) == 120
    parts = [split(samples, 0.3, seed, [""] * 400).test for seed in range(4)]
    assert len({tuple(one.id for one in part) for part in parts}) == 4


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, float("nan")])
def test_shares_that_are_none_are_refused(share: float) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        split([Sample(id="a", site="a", expected={})], share)


def test_the_posting_is_compared_without_what_stands_around_it() -> None:
    found = text_of(sample(1, "a", body(1)))
    assert body(1) in found

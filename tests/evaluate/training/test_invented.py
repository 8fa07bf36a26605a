"""Invented postings: complete, laid out in every style, and labelled line by line."""

import pytest

from rolecall.evaluate.training.invented import align, invented, laid_out, postings
from rolecall.evaluate.training.invented_layouts import STYLES, render
from rolecall.page import clean

LANGUAGES = {"cs", "da", "de", "en", "es", "fr", "it", "nl", "pl", "pt", "ru", "sv"}
WRITTEN = list(postings())


def test_every_language_has_postings_and_every_posting_its_own_name() -> None:
    assert {one.language for one in WRITTEN} == LANGUAGES
    assert len({one.id for one in WRITTEN}) == len(WRITTEN)


def test_title_company_and_places_stand_on_the_page() -> None:
    for one in WRITTEN:
        text = "\n".join(line for _, line in one.rows)
        for value in (one.title, one.company, *one.location):
            assert value in text, (one.id, value)


@pytest.mark.parametrize("style", STYLES)
def test_every_line_of_a_posting_keeps_its_label(style: str) -> None:
    """As many lines of the body have each label as the posting was written with."""
    for one in WRITTEN:
        _, units = render(one, style)
        labels = laid_out(one, style).labels
        for label in "TPHDRB":
            wanted = sum(mark == label for _, mark in units)
            assert labels.count(label) == wanted, (one.id, label)


def test_rendering_is_deterministic() -> None:
    one = WRITTEN[0]
    assert render(one, "board") == render(one, "board")


def test_lines_that_were_not_written_are_labelled_other() -> None:
    source, units = render(WRITTEN[0], "main")
    page = clean(source)
    assert set(align(page, [("nothing of the page", "P")])) == {"O"}
    assert len(align(page, units)) == len(page.blocks)


def test_all_samples_carry_one_label_per_block() -> None:
    for one in invented():
        assert len(one.labels) == len(one.sample.page.blocks)

"""One posting in many layouts: every line is shown, in its order, with its label."""

from __future__ import annotations

import pytest

from rolecall.core import Source
from rolecall.evaluate.training.invented import align, laid_out
from rolecall.evaluate.training.invented_layouts import STYLES, Posting, label_of, render
from rolecall.page import clean

POSTING = Posting(
    id="xx-1",
    language="en",
    kind="shop",
    title="Baker for the night shift",
    company="Harbour Bakery",
    location=("Whitby", "Leeds"),
    rows=(
        ("nav", "All our shops"),
        ("cookie", "We use cookies to count our visitors."),
        ("T", "Baker for the night shift"),
        ("F", "Place: Whitby"),
        ("Okv", "Reference: 4711"),
        ("P", "Harbour Bakery bakes for forty shops along the coast and needs more hands."),
        ("H", "What you will do"),
        ("D", "Knead and bake three hundred loaves before six"),
        ("D", "Keep the ovens clean"),
        ("H", "What you bring"),
        ("R", "Two years in a bakery"),
        ("Rp", "A driving licence helps but nobody is turned away for the lack of one."),
        ("H", "What you get"),
        ("B", "Free bread every day"),
        ("btn", "Apply for this post"),
        ("simh", "Other posts"),
        ("sim", "Shop assistant in Hull"),
        ("foot", "Imprint"),
    ),
)


@pytest.mark.parametrize("style", STYLES)
def test_every_line_of_the_posting_is_on_the_page_with_its_label(style: str) -> None:
    one = laid_out(POSTING, style)
    page = one.sample.page
    assert len(one.labels) == len(page.blocks)
    shown = {
        page.line(b).casefold(): label for b, label in zip(page.blocks, one.labels, strict=True)
    }
    for mark, text in POSTING.rows:
        if mark in ("T", "P", "D", "R", "Rp", "B"):
            label = next((v for k, v in shown.items() if text.casefold() in k and v != "O"), None)
            assert label == label_of(mark), (style, text)


@pytest.mark.parametrize("style", STYLES)
def test_layouts_are_the_same_twice(style: str) -> None:
    assert render(POSTING, style) == render(POSTING, style)
    assert laid_out(POSTING, style) == laid_out(POSTING, style)


def test_layouts_differ() -> None:
    assert len({render(POSTING, style)[0].body for style in STYLES}) == len(STYLES)


def test_a_sample_says_what_is_right_for_it() -> None:
    sample = laid_out(POSTING, STYLES[0]).sample
    assert sample.gold == {
        "title": POSTING.title,
        "company": POSTING.company,
        "location": list(POSTING.location),
    }
    assert sample.language == "en"


def test_labels_of_marks() -> None:
    marks = ("T", "F", "P", "H", "Dp", "Rp", "Bp", "Pli", "nav", "Okv", "O", "sim", "foot")
    assert [label_of(mark) for mark in marks] == [*"TFPHDRBP", *"OOOOO"]


def test_lines_that_no_unit_tells_of_are_other() -> None:
    page = laid_out(POSTING, STYLES[0]).sample.page
    assert set(align(page, [])) == {"O"}
    assert align(clean(Source(body=b"")), [("a", "P")]) == []

"""Training rows of a page, and a tagger that learns a toy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rolecall.core import Source
from rolecall.evaluate.annotated import Annotated
from rolecall.evaluate.training.blocks import (
    MOST_COPIES,
    ROWS_PER_SITE,
    copies,
    invented_row,
    train_blocks,
    training_rows,
)
from rolecall.evaluate.training.invented import Invented
from rolecall.page import clean
from rolecall.reader.blocks import tag
from rolecall.reader.tagger import BlockTagger

HTML = """<title>{role} | Larkfield</title><nav><a href="/">Home</a></nav><h1>{role}</h1>
<p>Leeds</p><p>We run four homes for older people and look for a {role} who likes quiet.</p>
<h2>Duties</h2><ul><li>Give care to people through the night</li></ul>
<h2>Requirements</h2><ul><li>A valid driving licence</li></ul>
<h2>Benefits</h2><ul><li>Free meals on every shift</li></ul>
<footer><p>Privacy policy</p></footer>"""
ROLES = ("Nurse", "Cook", "Driver", "Baker", "Teacher", "Welder")


def sample(role: str) -> Annotated:
    text = f"We run four homes for older people and look for a {role} who likes quiet."
    duty = "Give care to people through the night"
    gold: dict[str, Any] = {
        "title": role,
        "company": "Larkfield",
        "location": ["Leeds"],
        "responsibilities": [duty],
        "requirements": ["A valid driving licence"],
        "benefits": ["Free meals on every shift"],
        "description": f"{text}\nDuties\n{duty}\nRequirements\nA valid driving licence\nBenefits\n"
        "Free meals on every shift",
    }
    page = clean(Source(body=HTML.format(role=role).encode()))
    return Annotated(id=role, site=role, language="en", page=page, gold=gold)


@pytest.mark.parametrize("pages", [1, 2, 5, 20, 400])
def test_big_sites_get_fewer_copies(pages: int) -> None:
    assert 1 <= copies(pages) <= MOST_COPIES
    assert copies(pages) >= copies(pages + 1)
    assert copies(pages) == 1 or copies(pages) * pages <= ROWS_PER_SITE


def test_copies_have_the_labels_of_the_page() -> None:
    one = sample("Nurse")
    rows = training_rows(one, 3)
    assert len(rows) == 4
    for features, labels in rows:
        assert labels == rows[0][1]
        assert len(features) == len(labels) == len(one.page.blocks)
    assert training_rows(one, 3) == rows


def test_a_written_page_is_one_row() -> None:
    one = sample("Nurse")
    labels = tuple("O" for _ in one.page.blocks)
    features, found = invented_row(Invented(one, labels))
    assert found == list(labels)
    assert len(features) == len(labels)


def test_a_toy_is_learnt_and_the_file_is_the_same_twice(tmp_path: Path) -> None:
    samples = [sample(role) for role in ROLES[:-1]]
    for name in ("one", "two"):
        train_blocks(samples, tmp_path / name / "blocks", ())
    path = tmp_path / "one" / "blocks"
    assert path.read_bytes() == (tmp_path / "two" / "blocks").read_bytes()
    tagger = BlockTagger.load(path)
    unseen = sample(ROLES[-1])
    found = tag(unseen.page, tagger)
    texts = {line.text: label for line, label in zip(found.lines, found.labels, strict=True)}
    assert texts["Welder"] == "T"
    assert texts["Give care to people through the night"] == "D"
    assert texts["Privacy policy"] == "O"
    assert found.first < found.last

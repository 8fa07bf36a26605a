"""Labels of a user become annotations; what is not labelled teaches nothing."""

from __future__ import annotations

from pathlib import Path

from tests.evaluate.label.postings import html

from rolecall.core import Source
from rolecall.evaluate.annotated import Annotated
from rolecall.evaluate.nouns import Sample
from rolecall.evaluate.training.own_labels import annotated_of, gold_of
from rolecall.evaluate.training.reader import tells_lines, train_rankers
from rolecall.evaluate.training.right import labelled
from rolecall.page import clean
from rolecall.page.limits import DEFAULT
from rolecall.reader.blocks import tag
from rolecall.reader.model import load_model

LABEL = {
    "title": "Night Baker",
    "company": None,
    "locations": [{"text": "Leeds", "city": "Leeds"}, {"city": "York", "country": "UK"}],
    "skills": None,
    "employment_type": ["full_time"],
    "salary_min": 10,
}
EVIDENCE = {
    "/salary_min": {"quote": "£10 an hour"},
    "/employment_type/0": {"quote": "Full-time", "start": 3, "end": 12},
}


def test_keys_of_the_guide() -> None:
    gold = gold_of(LABEL, EVIDENCE)
    assert gold["title"] == "Night Baker"
    assert gold["company"] is None
    assert gold["location"] == ["Leeds", "York, UK"]
    assert gold["skills"] == []
    assert gold["salary_quote"] == "£10 an hour"
    assert gold["employment_type_quote"] == "Full-time"
    assert gold["valid_through_quote"] is None


def test_a_single_place_is_a_list() -> None:
    assert gold_of({"location": "Leeds"}, {})["location"] == ["Leeds"]
    assert gold_of({"location": None}, {})["location"] == []


def test_what_is_not_labelled_is_not_none() -> None:
    gold = gold_of(LABEL, {})
    assert labelled("company", gold)
    assert labelled("places", gold)
    assert not labelled("workplace", gold)
    assert not labelled("salary", gold)  # one of its two numbers is not known
    assert "description" not in gold
    assert "location" not in gold_of({}, {})


def test_pages_teach_only_what_they_are_labelled_for() -> None:
    page = clean(Source(body=html(0).encode()))
    named = Annotated(id="a", site="a", language="en", page=page, gold=gold_of(LABEL, {}))
    bare = Annotated(id="b", site="b", language="en", page=page, gold={})
    assert not tells_lines(named)
    tagged = tag(page, load_model().tagger)
    both = train_rankers([named, bare], {"a": tagged, "b": tagged})
    assert both["title"] == train_rankers([named], {"a": tagged})["title"]


def test_pages_are_read_as_they_were_labelled(tmp_path: Path) -> None:
    (tmp_path / "p.html").write_text(html(1), "utf-8")
    samples = [
        Sample(id="one", site="a", path=str(tmp_path / "p.html"), expected=LABEL),
        Sample(
            id="two", site="b", body=b"Night Baker\n\nLeeds", media_type="text/plain", expected={}
        ),
    ]
    (first, source), (second, _) = annotated_of(samples, DEFAULT)
    assert (first.id, first.site, source.locator) == ("one", "a", "one")
    assert "Crane Operator" in first.page.text
    assert second.page.media_type == "text/plain"

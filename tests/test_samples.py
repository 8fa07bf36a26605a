"""Pages written for the tests: postings in four languages, and pages that hold no posting.

``tests/samples/LANGUAGE/NN.*`` is a page, ``NN.json`` what it says: ``title``, ``company``,
``locations``, and the first and last words of the description. ``not_a_posting/index.json`` names
the reason codes that are right for each page there.
"""

import json
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from rolecall.core import Source
from rolecall.pipeline import Pipeline, extract_record, prepare

SAMPLES = Path(__file__).parent / "samples"
LANGUAGES = ("da", "es", "pl", "sv")
MEDIA = {".html": "text/html", ".md": "text/markdown", ".txt": "text/plain"}
NOT_POSTINGS: dict[str, list[str]] = json.loads(
    (SAMPLES / "not_a_posting" / "index.json").read_text("utf-8")
)
LEGAL_FORMS = frozenset("ab aps a/s as s.a.l s.l s.a sp z o.o s.c publ".split())
WORD = re.compile(r"\w+(?:[.+#/&'’-]*\w+|[+#]+)*")


@cache
def pipeline() -> Pipeline:
    """One pipeline for all pages."""
    return prepare()


def record_of(path: Path) -> dict[str, Any]:
    source = Source(body=path.read_bytes(), locator=path.name, media_type=MEDIA[path.suffix])
    return extract_record(source, 0, pipeline())


def page_of(expected: Path) -> Path:
    return next(p for p in expected.parent.glob(f"{expected.stem}.*") if p.suffix != ".json")


def words(text: str | None) -> set[str]:
    return set(WORD.findall(unicodedata.normalize("NFKC", text or "").casefold()))


def alike(found: str | None, wanted: str) -> bool:
    """The word sets overlap by four fifths (Jaccard)."""
    a, b = words(found), words(wanted)
    return len(a & b) >= 0.8 * len(a | b)


def same_company(found: str | None, wanted: str) -> bool:
    """The same words, whatever legal form stands beside them."""
    a, b = words(found) - LEGAL_FORMS, words(wanted) - LEGAL_FORMS
    return bool(a) and (a == b or len(a & b) >= 0.8 * len(a | b))


def same_places(found: list[str], wanted: list[str]) -> bool:
    """As many places in the same order, each with its first word and little besides."""
    return len(found) == len(wanted) and all(
        WORD.findall(b.casefold())[0] in words(a) and len(words(a) - words(b)) <= 2
        for a, b in zip(found, wanted, strict=True)
    )


def visible(path: Path) -> str:
    """The text of a page with white space collapsed, read without our own code."""
    text = path.read_text("utf-8")
    if path.suffix == ".html":
        tree = LexborHTMLParser(text)
        for node in tree.css("script, style, title"):
            node.decompose()
        text = tree.body.text(separator=" ") if tree.body else ""
    else:
        text = re.sub(r"^[*#-]+ |\*\*", "", text, flags=re.M)
    return " ".join(text.split())


def description(path: Path, expected: dict[str, Any]) -> str:
    """What stands between the first and the last words of the description."""
    text = visible(path)
    start = text.index(expected["description_first"])
    last = expected["description_last"]
    return text[start : text.index(last, start) + len(last)]


def misses(path: Path) -> list[str]:
    """The fields of one sample that are not right."""
    expected = json.loads(path.read_text("utf-8"))
    page = page_of(path)
    record = record_of(page)
    data = record["data"] or {}
    places = [place["text"] for place in data.get("locations") or []]
    wrong = []
    if not alike(data.get("title"), expected["title"]):
        wrong.append(f"{path.stem} title: {data.get('title')!r} ({record['outcome']})")
    if not same_company(data.get("company"), expected["company"]):
        wrong.append(f"{path.stem} company: {data.get('company')!r}")
    wanted = expected["locations"]
    if not same_places(places, wanted):
        wrong.append(f"{path.stem} locations: {places!r}, not {wanted!r}")
    if not alike(data.get("description"), description(page, expected)):
        text = str(data.get("description"))
        wrong.append(f"{path.stem} description: {text[:60]!r} ... {text[-60:]!r}")
    return wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_core_fields_are_right_in_languages_without_training_pages(language: str) -> None:
    """Title, company, places and description are each right on at least 8 of 10 pages."""
    wrong = [miss for path in sorted((SAMPLES / language).glob("*.json")) for miss in misses(path)]
    for field in ("title", "company", "locations", "description"):
        missed = [miss for miss in wrong if miss.split()[1] == f"{field}:"]
        assert len(missed) <= 2, "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_of_the_posting_is_told(language: str) -> None:
    """Every sample that yields a posting says the language that it is written in."""
    for path in sorted((SAMPLES / language).glob("*.json")):
        data = record_of(page_of(path))["data"] or {}
        assert data.get("posting_language") in (None, language), path


@pytest.mark.parametrize("name", sorted(NOT_POSTINGS))
def test_page_without_a_posting_is_never_taken_for_one(name: str) -> None:
    """No such page gets the outcome ``ok`` or any values."""
    record = record_of(SAMPLES / "not_a_posting" / name)
    assert record["outcome"] == "not_a_posting", record["data"]
    assert not record["data"]
    assert not record["evidence"]


def test_pages_without_a_posting_say_why() -> None:
    """At least 95 % of them have a reason code that is right."""
    wrong = []
    for name, codes in sorted(NOT_POSTINGS.items()):
        code = (record_of(SAMPLES / "not_a_posting" / name)["reason"] or {}).get("code")
        if code not in codes:
            wrong.append(f"{name}: {code}, not {' or '.join(codes)}")
    assert len(wrong) <= 0.05 * len(NOT_POSTINGS), "\n".join(wrong)


def test_every_sample_is_complete() -> None:
    """Ten pages a language, each with an answer whose description stands on the page."""
    for language in LANGUAGES:
        answers = sorted((SAMPLES / language).glob("*.json"))
        assert len(answers) == 10
        for path in answers:
            expected = json.loads(path.read_text("utf-8"))
            page = page_of(path)
            assert len(words(description(page, expected))) > 40
            text = visible(page)
            for value in (expected["title"], expected["company"], *expected["locations"]):
                assert value in text, (path, value)
    pages = {p.name for p in (SAMPLES / "not_a_posting").iterdir()} - {"index.json"}
    assert pages == set(NOT_POSTINGS)

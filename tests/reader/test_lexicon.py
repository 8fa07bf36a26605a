"""The word lists: headings, labels, cues and roles in twelve languages."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.reader.lexicon import data_rows, lexicon, senses, split_words

LANGUAGES = frozenset("en de fr nl cs pt it ru es da sv pl".split())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Your responsibilities", "duties"),
        ("Ihre Aufgaben", "duties"),
        ("Vos missions", "duties"),
        ("Náplň práce", "duties"),
        ("Requirements", "requirements"),
        ("Ihr Profil", "requirements"),
        ("Requisitos", "requirements"),
        ("Требования", "requirements"),
        ("Benefits", "benefits"),
        ("Wir bieten", "benefits"),
        ("Oferujemy", "benefits"),
        ("Vi tilbyder", "benefits"),
    ],
)
def test_headings_are_known_by_their_class(text: str, name: str) -> None:
    found = lexicon().heading(split_words(text))
    assert found is not None
    assert found.name == name
    assert 0.0 < found.cover <= 1.0


def test_a_heading_within_other_words_covers_a_share_of_them() -> None:
    whole = lexicon().heading(["requirements"])
    part = lexicon().heading(["other", "requirements", "for", "this", "work"])
    assert whole is not None
    assert part is not None
    assert whole.cover == 1.0
    assert part.cover < 0.5
    assert lexicon().heading(["zebra"]) is None
    assert lexicon().heading([]) is None


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("location", "location"),
        ("the location", "location"),
        ("job location", "location"),
        ("arbeitsort", "location"),
        ("lieu", "location"),
        ("company", "company"),
        ("arbeitgeber", "company"),
        ("entreprise", "company"),
        ("salary", "salary"),
        ("employment type", "employment_type"),
        ("closing date", "valid_through"),
        ("date posted", "date_posted"),
        ("seniority level", "seniority"),
    ],
)
def test_labels_name_their_field(text: str, field: str) -> None:
    assert field in lexicon().label(text)


@pytest.mark.parametrize("text", ["", " ", "we bake bread", "the", "the the"])
def test_other_words_are_no_label(text: str) -> None:
    assert lexicon().label(text) == ()


@pytest.mark.parametrize(
    "word",
    "nurse engineer manager krankenpfleger softwareentwickler infirmière ingénieur ontwikkelaar"
    " účetní enfermeiro infermiere инженер camarero sygeplejerske ingenjör kierowca".split(),
)
def test_words_that_name_an_occupation(word: str) -> None:
    assert lexicon().names_role(word)


@pytest.mark.parametrize("word", ["", "the", "bread", "leeds", "2025", "münchen", "и"])
def test_words_that_name_none(word: str) -> None:
    assert not lexicon().names_role(word)


def test_a_word_means_the_same_however_often_it_is_asked() -> None:
    lists = lexicon()
    words = ["nurse", "bread", "cookies", "apply", "privacy", "x" * 50, ""]
    first = [(lists.names_role(w), lists.cue(w), senses()[w]) for w in words]
    assert first == [(lists.names_role(w), lists.cue(w), senses()[w]) for w in words]


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_can_be_looked_up(text: str) -> None:
    words = split_words(text)
    assert all(words)
    assert words == [word.lower() for word in words] or not text.isascii()
    lists = lexicon()
    lists.heading(words)
    assert isinstance(lists.label(text.lower()), tuple)
    for word in words:
        lists.cue(word)
        lists.names_role(word)
        sense = senses()[word]
        assert sense is None or sense.cue == lists.cue(word)


def test_apostrophes_and_hyphens_stay_inside_a_word() -> None:
    assert split_words("L’équipe d'accueil, full-time (m/w)!") == [
        "l'équipe",
        "d'accueil",
        "full-time",
        "m/w",
    ]


@pytest.mark.parametrize("name", ["headings.txt", "labels.txt", "cues.txt", "roles.txt"])
def test_every_list_has_rows_of_lower_case_phrases(name: str) -> None:
    rows = data_rows(name)
    assert rows
    for head, phrases in rows:
        assert head
        assert phrases
        assert all(phrase == phrase.lower().strip() for phrase in phrases)


def test_a_megabyte_is_split_in_linear_time() -> None:
    for text in ("a-" * 500_000, "'" * 1_000_000, "ab/" * 333_333):
        start = time.process_time()
        split_words(text)
        assert time.process_time() - start < 1.0

import pytest

from rolecall.normalise.workplace import find_workplace


def strong(text):
    return {(found.value, found.cue) for found in find_workplace(text) if found.cue != "weak"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Hybrid", "hybrid"), ("Remote or Hybrid", "remote"), ("In-Office", "onsite"),
        ("100% remote", "remote"), ("On-site", "onsite"), ("Home Office", "hybrid"),
        ("Homeoffice möglich", "hybrid"), ("Télétravail", "remote"), ("Hybride", "hybrid"),
        ("Práce z domova", "remote"), ("Možnost občasné práce z domova", "hybrid"),
        ("Trabalho remoto", "remote"), ("Presencial", "onsite"), ("Удалённая работа", "remote"),
        ("Офис", "onsite"), ("Praca zdalna", "remote"), ("Praca hybrydowa", "hybrid"),
        ("Da remoto", "remote"), ("Op kantoor", "onsite"), ("Distansarbete", "remote"),
        ("Fjernarbejde", "remote"), ("Office or remote", "remote"), ("Hybrid remote", "hybrid"),
        ("Te\u0301le\u0301travail", "remote"),
    ],
)  # fmt: skip
def test_a_tag_is_the_whole_string(text, value):
    assert [(f.value, f.cue) for f in find_workplace(text)] == [(value, "tag")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("We expect you 3 days per week in the office.", "hybrid"),
        ("You spend at least 40% of your time in our office.", "hybrid"),
        ("Zwei Tage Homeoffice pro Woche sind bei uns üblich.", "hybrid"),
        ("You can work from home whenever you like.", "remote"),
        ("Occasional work from home is no problem for us as a team", "hybrid"),
        ("Le télétravail est possible après la période d'essai.", "hybrid"),
        ("This is a fully remote position in a small team.", "remote"),
        ("This is not a remote position.", "onsite"),
        ("Remote work is not possible in this role.", "onsite"),
        ("Diese Stelle ist leider kein Homeoffice.", "onsite"),
        ("The job is on site, five days a week in the office.", "onsite"),
    ],
)
def test_a_sentence_says_it_of_the_posting(text, value):
    assert {v for v, _ in strong(text)} == {value}


@pytest.mark.parametrize(
    "text",
    [
        "You support remote employees with their laptops.",
        "Knowledge of remote sensing", "Deploy to our hybrid cloud", "A home office stipend",
        "Free meals and an on-site gym", "You lead remote teams across the world.",
        "Accidents on site and off site are handled by the safety group",
        "Microsoft Office", "25 days of vacation and a bright office",
    ],
)  # fmt: skip
def test_other_uses_of_the_words_are_weak(text):
    assert strong(text) == set()


def test_a_label_by_itself_in_a_short_line_is_a_field():
    found = find_workplace("Backend Developer - Remote, Canada")
    assert [(f.value, f.cue) for f in found] == [("remote", "field")]


def test_positions_are_those_of_the_string():
    text = "Wir bieten dir 2 Tage Homeoffice."
    (found,) = find_workplace(text)
    assert text[found.start : found.end] == "2 Tage Homeoffice"

import pytest

from rolecall.normalise.years import find_years


def read(text):
    return [(*found.value.values(), found.cue) for found in find_years(text)]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("5+ years of experience", 5, None), ("3-5 years of experience", 3, 5),
        ("3 to 7+ years experience", 3, None), ("at least two years of experience", 2, None),
        ("up to 2 years of experience", None, 2), ("mindestens 3 Jahre Berufserfahrung", 3, None),
        ("zweijährige Berufserfahrung", 2, None), ("minimálně 2 roky praxe", 2, None),
        ("Опыт работы от 3 лет", 3, None), ("опыт более двух лет", 2, None),
        ("2 anos de experiência", 2, None), ("au moins 3 ans d'expérience", 3, None),
        ("min. 2 års erfaring", 2, None), ("minst 3 års erfarenhet", 3, None),
        ("co najmniej 3 lata doświadczenia", 3, None), ("5-letnie doświadczenie", 5, None),
        ("minimaal 4 jaar werkervaring", 4, None), ("3 anni di esperienza", 3, None),
        ("al menos 3 años de experiencia", 3, None), ("Experience: 0-2 Years", 0, 2),
        ("three (3) or more years of experience", 3, None), ("1.5 years of experience", 1.5, None),
        ("Years of experience: 5+", 5, None), ("10+ yrs building bridges", 10, None),
    ],
)  # fmt: skip
def test_years_of_experience(text, low, high):
    assert read(text) == [(low, high, "experience")]


@pytest.mark.parametrize(
    "text",
    [
        "A 3-year fixed term", "18 years of age", "2 year contract", "a four-year degree",
        "over the last 10 years we have grown", "founded 20 years ago",
    ],
)  # fmt: skip
def test_years_of_something_else(text):
    assert [cue for *_, cue in read(text)] == ["other"]


def test_a_figure_without_company_is_bare():
    assert read("4 years") == [(4, None, "bare")]


@pytest.mark.parametrize(
    "text", ["50 years of history", "mehrjährige Erfahrung", "this year", "invited to an event", ""]
)
def test_no_figure(text):
    assert read(text) == []


def test_the_span_holds_the_wording():
    text = "You have 3–5 years in sales experience."
    (found,) = find_years(text)
    assert text[found.start : found.end] == "3–5 years"

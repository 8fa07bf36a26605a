import pytest

from rolecall.normalise.employment import find_employment


def read(text):
    return [(found.value, found.cue) for found in find_employment(text)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Full-time", ["full_time"]), ("FULL_TIME", ["full_time"]), ("CONTRACTOR", ["contract"]),
        ("Vollzeit / Teilzeit", ["full_time", "part_time"]), ("PER_DIEM", ["temporary"]),
        ("Befristete Stelle", ["temporary"]), ("CDD", ["temporary"]), ("Deeltijd", ["part_time"]),
        ("HPP nebo IČO", ["full_time", "freelance"]), ("Zkrácený úvazek", ["part_time"]),
        ("Tempo determinato", ["temporary"]), ("Полная занятость", ["full_time"]),
        ("Jornada completa", ["full_time"]), ("Deltid", ["part_time"]), ("Heltid", ["full_time"]),
        ("Vikariat", ["temporary"]), ("Pełny etat", ["full_time"]), ("Umowa B2B", ["contract"]),
        ("Umowa zlecenie", ["contract"]), ("Стажировка", ["internship"]),
        ("Estágio", ["internship"]),
        ("Seasonal", ["temporary"]), ("Praktikum", ["internship"]), ("Freelance", ["freelance"]),
    ],
)  # fmt: skip
def test_a_tag_is_the_whole_string(text, values):
    assert read(text) == [(value, "tag") for value in values]


@pytest.mark.parametrize("text", ["Permanent", "CDI", "unbefristet", "OTHER", "indeterminato"])
def test_permanent_has_no_value(text):
    assert read(text) == []


def test_a_label_gives_a_bare_word_its_meaning():
    text = "Employment type: Contract, starting at once, with a good chance to stay for longer"
    assert read(text) == [("contract", "label")]


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("We are looking for a full-time developer for our team.", ("full_time", "sentence")),
        ("Du arbeitest in Teilzeit und teilst dir die Stelle.", ("part_time", "sentence")),
        ("This is a fixed term position until next summer.", ("temporary", "sentence")),
        ("You work 38 hours per week in a small shop.", ("full_time", "hours")),
        ("20 Stunden pro Woche, frei einteilbar nach Absprache", ("part_time", "hours")),
        ("Office Intern (m/w/d)", ("internship", "title")),
        ("Each summer our interns build something of their own.", ("internship", "weak")),
    ],
)
def test_wordings_in_running_text(text, pair):
    assert read(text) == [pair]


@pytest.mark.parametrize(
    "text",
    [
        "Full stack developer", "Contract negotiations with suppliers", "Two volunteer days a year",
        "Benefits for full-time employees", "An early-stage company", "Smart contracts in Rust",
        "Abgeschlossene Ausbildung", "Short term planning", "Casual dress code",
        "A leading B2B company", "Praha 8, IČO: 12345678",
    ],
)  # fmt: skip
def test_words_that_speak_of_something_else(text):
    assert [pair for pair in read(text) if pair[1] != "weak"] == []


def test_a_contract_that_is_but_the_label_is_no_kind():
    assert "contract" not in dict(read("Contract: permanent, full-time"))
    assert [value for value, _ in read("Contract: six months")] == ["contract"]

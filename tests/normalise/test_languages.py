import pytest

from rolecall.normalise.languages import find_languages


def read(text):
    return [(found.value, found.cue) for found in find_languages(text)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("You are fluent in English and enjoy writing it", "English"),
        ("Gute Deutschkenntnisse in Wort und Schrift", "German"),
        ("Vyžadujeme dobrou znalost angličtiny slovem i písmem", "English"),
        ("английский язык не ниже уровня B2", "English"),
        ("biegła znajomość szwedzkiego w mowie i piśmie", "Swedish"),
        ("Vous parlez couramment allemand avec vos clients", "German"),
        ("Je spreekt vloeiend Nederlands met onze gasten", "Dutch"),
        ("Du talar flytande svenska med våra kunder", "Swedish"),
    ],
)
def test_a_language_asked_for(text, name):
    assert read(text) == [(name, "required")]


def test_a_plus_belongs_to_its_own_clause():
    text = "You speak fluent English, knowledge of French is a plus"
    assert read(text) == [("English", "required"), ("French", "optional")]


def test_an_enumeration_shares_its_cue():
    assert {cue for _, cue in read("Fluent in English, German, or French for our guests")} == {
        "required"
    }


def test_mere_names_and_levels_are_a_tag():
    assert read("English (C1), German") == [("English", "tag"), ("German", "tag")]


@pytest.mark.parametrize("text", ["Our German customers", "the Dutch market", "Dansk virksomhed"])
def test_a_nationality_is_bare(text):
    assert [cue for _, cue in read(text)] == ["bare"]


@pytest.mark.parametrize("text", ["Polish the floor daily", "Finish in time", "", "lets go"])
def test_common_words_are_no_languages(text):
    assert read(text) == []


@pytest.mark.parametrize("text", ["Nacionalidad española o de la Unión", "Nationality: French"])
def test_a_passport_is_no_language(text):
    assert read(text) == []

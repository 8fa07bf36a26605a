import pytest

from rolecall.normalise.education import find_education


def degrees(text):
    return [found.value for found in find_education(text) if found.cue == "degree"]


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("Bachelor's degree in Biology or related field or equivalent experience",
         "Bachelor's degree in Biology or related field"),
        ("You hold a Master's degree in Economics.", "Master's degree in Economics"),
        ("BSc in Physics, Chemistry or similar field; strong grades",
         "BSc in Physics, Chemistry or similar field"),
        ("MS or PhD in Statistics and 3 years of practice", "MS or PhD in Statistics"),
        ("High school diploma or GED required", "High school diploma or GED"),
        ("Abgeschlossenes Studium der Chemie oder vergleichbare Qualifikation",
         "Abgeschlossenes Studium der Chemie"),
        ("abgeschlossene kaufmännische Ausbildung", "abgeschlossene kaufmännische Ausbildung"),
        ("Vysokoškolské vzdělání technického směru", "Vysokoškolské vzdělání technického směru"),
        ("Laurea in Economia, con ottimi voti", "Laurea in Economia"),
        ("Ensino superior completo em Direito", "Ensino superior completo em Direito"),
        ("Высшее техническое образование", "Высшее техническое образование"),
        ("Diplôme d'ingénieur exigé", "Diplôme d'ingénieur"),
        ("Wykształcenie wyższe techniczne", "Wykształcenie wyższe techniczne"),
        ("Grado en Ingeniería Civil", "Grado en Ingeniería Civil"),
        ("Akademisk examen inom ekonomi", "Akademisk examen inom ekonomi"),
        ("HBO werk- en denkniveau", "HBO werk- en denkniveau"),
    ],
)  # fmt: skip
def test_degree_with_subject(text, phrase):
    assert degrees(text) == [phrase]


@pytest.mark.parametrize(
    "text",
    [
        "A high degree of autonomy", "Master data management", "360 degree feedback",
        "Certified Scrum Master", "Mastering new tools", "Good MS Office skills", "Boston, MA",
        "Ausbildung zum Koch", "Wir suchen dich, egal wo du lebst", "but also friendly", "",
    ],
)  # fmt: skip
def test_words_that_are_no_degree(text):
    assert degrees(text) == []


def test_the_value_is_verbatim():
    text = "We ask for a  Bachelor’s degree in\u00a0Law."
    (found,) = find_education(text)
    assert found.value == text[found.start : found.end]

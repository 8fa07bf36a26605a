import pytest

from rolecall.normalise.seniority import find_title_level, read_level


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Mid level", "mid"), ("Mid-Senior level", "senior"), ("Expert/Leader", "lead"),
        ("Entry level", "entry"), ("Associate", "entry"), ("Internship", "internship"),
        ("Director", "director"), ("Executive", "executive"), ("Senior level", "senior"),
        ("Berufserfahren", "mid"), ("Einsteiger", "entry"), ("Junior", "junior"),
        ("Not Applicable", None), ("Praxe", "internship"), ("Livello medio", "mid"), ("", None),
        ("Pleno", "mid"), ("Начальный уровень", "entry"), ("Débutant", "entry"),
    ],
)  # fmt: skip
def test_an_explicit_level_field(text, level):
    found = read_level(text)
    assert (found.value if found else None) == level


@pytest.mark.parametrize(
    ("title", "level"),
    [
        ("Senior Data Engineer", "senior"), ("Sr. Accountant", "senior"), ("Jr Buyer", "junior"),
        ("Team Lead Support", "lead"), ("Lead Generation Specialist", None),
        ("Head of Logistics", "director"), ("Vice President, Risk", "executive"),
        ("Chief Nurse", "executive"), ("Senior Manager, Tax", "manager"),
        ("Senior Staff Engineer", "staff"), ("Principal Consultant", "principal"),
        ("Desenvolvedor Júnior/Pleno", "junior"), ("Старший аналитик", "senior"),
        ("Руководитель отдела продаж", "manager"), ("Estagiário de Direito", "internship"),
        ("Vedoucí prodejny", "manager"), ("Leiter Einkauf (m/w/d)", "manager"),
        ("Responsable qualité", "manager"), ("Executive Assistant", None),
        ("Assistant to the Director", None), ("Staff Nurse", None), ("Scrum Master", None),
        ("Trainee Vertrieb", "entry"), ("Marketing Intern", "internship"), ("Designer", None),
        ("Młodszy analityk", "junior"), ("Starszy księgowy", "senior"), ("Medior tester", "mid"),
    ],
)  # fmt: skip
def test_a_level_word_in_a_title(title, level):
    found = find_title_level(title)
    assert (found.value if found else None) == level


def test_the_position_is_that_of_the_word():
    found = find_title_level("Data Engineer (Senior)")
    assert (found.start, found.end, found.cue) == (15, 21, "title")

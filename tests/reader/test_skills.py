"""Skills: the terms a reader of the posting would list, each once, where it is first named."""

from __future__ import annotations

import time
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.reader.skill_chain import Steps, segments
from rolecall.reader.skill_features import Terms, compile_terms, spans
from rolecall.reader.skill_groups import loose
from rolecall.reader.skills import SkillLine, SkillReader, SkillSpan, abbreviates, trim


@pytest.fixture(scope="module")
def reader() -> SkillReader:
    return SkillReader.load(Path(str(files("rolecall.reader") / "model")))


def requirements(*texts: str) -> list[SkillLine]:
    lines = []
    start = 0
    for text in texts:
        lines.append(SkillLine(text, start, "requirements", "item"))
        start += len(text) + 1
    return lines


def found(reader: SkillReader, *texts: str) -> list[str]:
    return [skill.text for skill in reader.find_skills(requirements(*texts))]


def test_names_tools_and_languages_of_a_software_posting(reader: SkillReader) -> None:
    skills = found(
        reader,
        "Strong experience with Python, PostgreSQL and Docker",
        "Knowledge of HTML/CSS",
        "Fluent English",
    )
    assert skills == ["Python", "PostgreSQL", "Docker", "HTML", "CSS", "English"]


@pytest.mark.parametrize(
    ("text", "skill"),
    [
        ("Valid driving licence and ACLS certification required", "ACLS"),
        ("Experience in TIG welding of stainless steel", "TIG welding"),
        ("Kenntnisse in Hydraulik und Pneumatik", "Hydraulik"),
        ("Staplerschein wünschenswert", "Staplerschein"),
        ("Maîtrise de la comptabilité générale", "comptabilité générale"),
        ("Ervaring met Exact Online", "Exact Online"),
        ("Znalost podvojného účetnictví", "podvojného účetnictví"),
        ("Знание трудового законодательства", "трудового законодательства"),
        ("Experiencia en soldadura TIG", "soldadura TIG"),
        ("Conhecimento em folha de pagamento", "folha de pagamento"),
        ("Conoscenza della contabilità generale", "contabilità generale"),
        ("Du har kørekort", "kørekort"),
        ("Du har truckkort", "truckkort"),
        ("Znajomość rysunku technicznego", "rysunku technicznego"),
    ],
)
def test_knows_other_trades_and_languages(reader: SkillReader, text: str, skill: str) -> None:
    assert skill in found(reader, text)


def test_german_compounds_of_kenntnisse_give_the_language(reader: SkillReader) -> None:
    assert found(reader, "Sehr gute Englischkenntnisse") == ["Englisch"]


def test_soft_skills_and_perks_are_no_skills(reader: SkillReader) -> None:
    texts = ("Team player with a positive attitude", "Able to work under pressure and on weekends")
    assert found(reader, *texts) == []
    perks = [SkillLine("Free Python and Java courses, dental insurance", 0, "benefits", "item")]
    assert reader.find_skills(perks) == []


def test_each_skill_is_listed_once_where_it_stands_first(reader: SkillReader) -> None:
    lines = requirements("Experience with Java", "Java and Kotlin", "Knowledge of JAVA")
    text = "\n".join(line.text for line in lines)
    skills = reader.find_skills(lines)
    assert [skill.text for skill in skills] == ["Java", "Kotlin"]
    assert skills[0].start == text.index("Java")


def test_marks_tell_languages_of_one_letter_apart(reader: SkillReader) -> None:
    assert found(reader, "Programming in C, C++ and C#") == ["C", "C++", "C#"]


def test_a_section_that_is_not_known_does_no_harm(reader: SkillReader) -> None:
    line = SkillLine("Skills: Kubernetes, Terraform, Ansible", 0)
    texts = [skill.text for skill in reader.find_skills([line])]
    assert texts == ["Kubernetes", "Terraform", "Ansible"]


def test_nothing_to_read_gives_nothing(reader: SkillReader) -> None:
    assert reader.find_skills([]) == []
    assert reader.find_skills([SkillLine("", 0), SkillLine("   ", 1)]) == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(max_size=80)
        | st.lists(
            st.sampled_from(["Python", "C#", "(", ")", ",", "/", "-", "and", "REST", "Ärzte", "."]),
            max_size=20,
        ).map(" ".join),
        max_size=5,
    )
)
def test_every_span_quotes_the_page(texts: list[str]) -> None:
    reader = SkillReader.load(Path(str(files("rolecall.reader") / "model")))
    lines = requirements(*texts)
    page = "\n".join(texts)
    skills = reader.find_skills(lines)
    assert all(page[skill.start : skill.end] == skill.text for skill in skills)
    assert all(skill.text.strip() and 0.0 <= skill.confidence <= 1.0 for skill in skills)
    assert [skill.start for skill in skills] == sorted(skill.start for skill in skills)
    names = [loose(skill.text) for skill in skills]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "text",
    ["(" * 200_000, "a" * 1_000_000, "Python," * 140_000, "- " * 500_000, "A.B." * 250_000],
)
def test_hostile_lines_are_read_quickly(reader: SkillReader, text: str) -> None:
    began = time.process_time()
    reader.find_skills([SkillLine(text, 0, "requirements")])
    assert time.process_time() - began < 2.0


def test_the_same_lines_give_the_same_skills(reader: SkillReader) -> None:
    lines = requirements("Experience with SAP FI, Excel and IFRS", "German and English")
    first: list[SkillSpan] = reader.find_skills(lines)
    assert reader.find_skills(lines) == first


def test_terms_match_other_spellings_and_endings() -> None:
    terms = Terms.of(compile_terms(["tech: REST APIs", "language cs: angličtin*"]))
    for text, hits in (
        ("Rest API", {0: "B2~tech", 1: "I2~tech"}),
        ("angličtinou", {0: "B1~language"}),
        ("angle", {}),
    ):
        assert terms.mark([terms.read(text[a:b]) for a, b in spans(text)]) == hits


def test_segments_follow_the_scores() -> None:
    steps = Steps.of({})
    goes_on = [-9.0, -9.0, 8.0, -9.0].__getitem__
    ((first, last, share),) = segments([-9.0, 8.0, -9.0, -9.0], goes_on, steps)
    assert (first, last) == (1, 2)
    assert share > 0.9
    assert segments([-9.0] * 4, [-9.0].__getitem__, steps) == []


def test_short_forms_are_told_from_other_brackets() -> None:
    assert abbreviates("RAG", "Retrieval-Augmented Generation")
    assert abbreviates("LLMs", "Large Language Models")
    assert not abbreviates("CCNA", "Python")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("RAG (fast", "RAG"),
        ("Deutschkenntnisse", "Deutsch"),
        ("- Java", "Java"),
        ("Go -", "Go"),
        ("C++", "C++"),
    ],
)
def test_trim_leaves_the_bare_term(text: str, kept: str) -> None:
    start, end = trim(text, 0, len(text))
    assert text[start:end] == kept

"""Which default field fills a user's field."""

from __future__ import annotations

from typing import Any

import pytest

from rolecall import Schema
from rolecall.schema.links import SOURCES, known_names, words_of
from rolecall.schema.posting import FIELDS, POSTING_SCHEMA

TEXT = {"type": "string"}
NUMBER = {"type": "number"}


def group(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def links(**properties: Any) -> dict[str, str]:
    """Pointer -> source of every link."""
    schema = Schema.from_json(group(**properties))
    return {link.pointer: link.source for link in schema.links}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("jobTitle", ("job", "title")),
        ("job_title", ("job", "title")),
        ("JOB-TITLE", ("job", "title")),
        ("HTMLDescription", ("html", "description")),
        ("salaryMin2", ("salary", "min", "2")),
        ("Wöchentlich", ("wochentlich",)),
    ],
)
def test_words_of_a_name(name: str, words: tuple[str, ...]) -> None:
    assert words_of(name) == words


def test_every_default_field_is_linked_to_itself() -> None:
    found = {link.pointer: link.source for link in Schema.from_json(POSTING_SCHEMA).links}
    assert found == {f"/{name}": name for name in FIELDS}


def test_names_lead_to_sources_that_exist() -> None:
    assert set(known_names().values()) <= set(SOURCES)


def test_names_of_objects_count() -> None:
    found = links(
        employer=group(name=TEXT, website=TEXT),
        compensation=group(min=NUMBER, max=NUMBER, currency=TEXT),
        jobLocation=group(city=TEXT, country=TEXT, zip=TEXT),
        job=group(title=TEXT),
    )
    assert found == {
        "/employer/name": "company",
        "/compensation/min": "salary_min",
        "/compensation/max": "salary_max",
        "/compensation/currency": "salary_currency",
        "/jobLocation/city": "city",
        "/jobLocation/country": "country",
        "/job/title": "title",
    }


def test_names_of_something_else_are_left_alone() -> None:
    found = links(
        contact=group(name=TEXT, phone=TEXT),
        hiringManager=group(title=TEXT, name=TEXT),
        company=group(location=TEXT, description=TEXT, name=TEXT),
        name=TEXT,
        id=TEXT,
        companySize=TEXT,
        summary=TEXT,
    )
    assert found == {"/company/name": "company"}


def test_schema_org_names() -> None:
    found = links(
        hiringOrganization=group(name=TEXT),
        baseSalary=group(currency=TEXT, value=group(minValue=NUMBER, maxValue=NUMBER)),
        jobLocation=group(address=group(addressLocality=TEXT, addressCountry=TEXT)),
        validThrough=TEXT,
        datePosted=TEXT,
        employmentType=TEXT,
        qualifications=TEXT,
        jobBenefits=TEXT,
    )
    assert found == {
        "/hiringOrganization/name": "company",
        "/baseSalary/currency": "salary_currency",
        "/baseSalary/value/minValue": "salary_min",
        "/baseSalary/value/maxValue": "salary_max",
        "/jobLocation/address/addressLocality": "city",
        "/jobLocation/address/addressCountry": "country",
        "/validThrough": "valid_through",
        "/datePosted": "date_posted",
        "/employmentType": "employment_type",
        "/qualifications": "requirements",
        "/jobBenefits": "benefits",
    }


def test_a_description_links_where_the_name_says_nothing() -> None:
    schema = Schema.from_json(
        group(
            f1={"type": "string", "description": "Name of the hiring company, as written."},
            f2={"type": "string", "description": "A number between 1 and 5."},
        )
    )
    assert [(link.pointer, link.source, link.how) for link in schema.links] == [
        ("/f1", "company", "description")
    ]
    assert [one.pointer for one in schema.unlinked] == ["/f2"]


def test_an_annotation_wins_and_null_unlinks() -> None:
    found = links(
        title={"type": "string", "x-rolecall": {"from": None}},
        wage={"type": "string", "x-rolecall": {"from": "salary"}},
    )
    assert found == {"/wage": "salary"}


def test_the_type_must_fit() -> None:
    assert links(title=NUMBER, salaryMin={"type": "boolean"}, description=group()) == {}


def test_rows_of_places_and_of_texts() -> None:
    schema = Schema.from_json(
        group(
            offices={"type": "array", "items": group(city=TEXT, name=TEXT, phone=TEXT)},
            skills={"type": "array", "items": group(name=TEXT, level=TEXT)},
            duties={"type": "array", "items": group(verb=TEXT, object=TEXT)},
        )
    )
    rows = {
        link.pointer: (link.source, [(m.path[-1], m.source) for m in link.members])
        for link in schema.links
    }
    assert rows == {
        "/offices": ("locations", [("city", "city"), ("name", "text")]),
        "/skills": ("skills", [("name", "item")]),
    }


def test_years_as_a_number_are_the_least_years() -> None:
    assert links(yearsOfExperience=NUMBER, experience=TEXT) == {
        "/yearsOfExperience": "experience_years_min",
        "/experience": "experience",
    }

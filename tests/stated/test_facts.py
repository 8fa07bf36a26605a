"""Names, years, days and addresses out of loose shapes."""

import pytest

from stated.pages import value


@pytest.mark.parametrize(
    ("stated_as", "expected"),
    [
        ("Nord Yards", "Nord Yards"),
        ({"name": "Nord Yards"}, "Nord Yards"),
        ([{"name": "Nord Yards"}, {"name": "Other"}], "Nord Yards"),
        ({"legalName": "Nord Yards"}, "Nord Yards"),
        ({"name": {"@value": "NORD&nbsp;Yards"}}, "Nord Yards"),
        ({"name": "n/a"}, None),
        ({"name": None}, None),
        ({"name": "https://example.org/"}, None),
        (None, None),
        (7, "7"),
    ],
)
def test_company(stated_as, expected):
    assert value("company", hiringOrganization=stated_as) == expected


@pytest.mark.parametrize(
    ("stated_as", "expected"),
    [
        ({"monthsOfExperience": 36}, (3, None)),
        ({"monthsOfExperience": "18"}, (1.5, None)),
        ([{"monthsOfExperience": 12}], (1, None)),
        ("At least 5 years of experience", (5, None)),
        ("3-5", (3, 5)),
        ({"description": "2 years of experience with boats"}, (2, None)),
        ({"monthsOfExperience": 100000}, None),
        ("no requirements", None),
        ("", None),
        (None, None),
    ],
)
def test_experience(stated_as, expected):
    found = value("experience", experienceRequirements=stated_as)
    names = ("experience_years_min", "experience_years_max")
    assert (tuple(found[name] for name in names) if found else None) == expected


@pytest.mark.parametrize(
    ("stated_as", "expected"),
    [
        ("2026-03-01", "2026-03-01"),
        ("2026-03-01T23:30:00-05:00", "2026-03-01"),
        ("2026-03-01 20:55:07 UTC", "2026-03-01"),
        ("2026-03-01CEST12:00", "2026-03-01"),
        ("20260301", "2026-03-01"),
        ("Sun Mar 01 00:00:00 UTC 2026", "2026-03-01"),
        ("1 March 2026", "2026-03-01"),
        ("01.03.2026", "2026-03-01"),
        ({"@value": "2026-03-01"}, "2026-03-01"),
        (["2026-03-01"], "2026-03-01"),
        ("2026-02-30", None),
        ("0000-00-00", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_dates(stated_as, expected):
    assert value("date_posted", datePosted=stated_as) == expected
    assert value("valid_through", validThrough=stated_as) == expected


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        ({"email": "crew@yards.example"}, "crew@yards.example"),
        ({"email": "mailto:crew@yards.example"}, "crew@yards.example"),
        ([{"email": ["crew@yards.example"]}], "crew@yards.example"),
        ("crew@yards.example", "crew@yards.example"),
        ({"telephone": "1"}, None),
        ({"email": "crew"}, None),
    ],
)
def test_application_email(contact, expected):
    assert value("application_email", applicationContact=contact) == expected

"""Stated postings -> candidates, unit by unit."""

import pytest

from stated.pages import SHOWN, base, by_unit, check, page, value


def test_what_is_shown_too_has_its_place_in_the_text():
    one = page(base())
    found = by_unit(one)
    check(one, found.values())
    assert found["title"].value == "Boat builder"
    assert found["title"].pointer == "jsonld[0]#/title"
    assert found["company"].value == "Nord Yards"
    assert found["company"].spans[0] is not None
    assert found["description"].spans[0] is not None
    assert found["description"].quotes[0].startswith("The harbour needs you")
    assert found["description"].quotes[0].endswith("Mend nets & sails")


def test_what_is_not_shown_is_believed_less():
    shown = by_unit(page(base()))
    hidden = by_unit(page(base(), SHOWN.replace("Nord Yards", ""), title="Boat builder"))
    assert hidden["company"].spans == (None,)
    assert hidden["company"].quotes == ("Nord Yards",)
    assert hidden["company"].confidence < shown["company"].confidence


def test_data_about_another_posting_is_believed_less():
    fresh = by_unit(page(base()))
    stale = by_unit(page(base(title="Sail maker"), SHOWN))
    assert stale["title"].confidence < fresh["title"].confidence / 1.5
    assert stale["company"].confidence < fresh["company"].confidence


def test_a_title_takes_the_bracket_of_its_heading():
    shown = SHOWN.replace("<h1>Boat builder</h1>", "<h1>Boat builder (m/w/d)</h1>")
    assert value("title", shown) == "Boat builder (m/w/d)"
    shown = SHOWN.replace("<h1>Boat builder</h1>", "<h1>Boat builder wanted</h1>")
    assert value("title", shown) == "Boat builder"


@pytest.mark.parametrize(
    ("stated_as", "expected"),
    [
        ("TELECOMMUTE", "remote"),
        (["TELECOMMUTE"], "remote"),
        ("telecommute", "remote"),
        ("HYBRID", "hybrid"),
        ("On-site", "onsite"),
        ("", None),
        ("something", None),
        ({"x": 1}, None),
        (True, None),
    ],
)
def test_workplace(stated_as, expected):
    assert value("workplace", jobLocationType=stated_as) == expected


def test_telecommute_is_doubted_where_the_text_says_hybrid():
    sure = by_unit(page(base(jobLocationType="TELECOMMUTE"), SHOWN + "<p>Remote</p>"))
    doubt = by_unit(page(base(jobLocationType="TELECOMMUTE"), SHOWN + "<p>Remote or Hybrid</p>"))
    assert doubt["workplace"].confidence < sure["workplace"].confidence


@pytest.mark.parametrize(
    ("stated_as", "expected"),
    [
        ("FULL_TIME", ["full_time"]),
        ("Full-time", ["full_time"]),
        ("fulltime", ["full_time"]),
        (["FULL_TIME", "PART_TIME"], ["full_time", "part_time"]),
        ("FULL_TIME, CONTRACTOR", ["full_time", "contract"]),
        (["INTERN", "FULL_TIME", "INTERN"], ["internship", "full_time"]),
        ("PER_DIEM", ["temporary"]),
        ("Vollzeit", ["full_time"]),
        ("https://schema.org/FULL_TIME", ["full_time"]),
        ("OTHER", None),
        ("", None),
        ({"a": 1}, None),
    ],
)
def test_employment_type(stated_as, expected):
    assert value("employment_type", employmentType=stated_as) == expected


def test_a_date_is_found_in_the_text():
    found = by_unit(page(base(datePosted="2026-03-01"), SHOWN + "<p>Posted March 1, 2026</p>"))
    assert found["date_posted"].quotes == ("March 1, 2026",)


def test_a_first_paragraph_is_no_sure_description():
    short = "The harbour needs you: we keep forty boats afloat, all year round."
    shown = SHOWN + "<p>" + "We offer a warm workshop, tools, tea and time to learn. " * 6 + "</p>"
    whole = by_unit(page(base()))["description"]
    part = by_unit(page(base(description=short), shown))["description"]
    assert part.confidence < whole.confidence * 0.8


def test_lists_are_read_from_html_lists_and_enumerations():
    data = {
        "responsibilities": "<ul><li>Paint hulls in spring</li><li>Mend nets &amp; sails</li></ul>",
        "qualifications": ["A steady hand", "No fear of water"],
        "jobBenefits": "Tea, Free boat trips, 30 days of leave",
        "skills": ["wood", {"@type": "DefinedTerm", "name": "varnish"}, "", None, "wood"],
    }
    one = page(base(**data))
    found = by_unit(one)
    check(one, found.values())
    assert found["responsibilities"].value == ["Paint hulls in spring", "Mend nets & sails"]
    assert None not in found["responsibilities"].spans
    assert found["requirements"].value == ["A steady hand", "No fear of water"]
    assert found["benefits"].value == ["Tea", "Free boat trips", "30 days of leave"]
    assert found["skills"].value == ["wood", "varnish"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"potentialAction": {"@type": "ApplyAction", "target": "https://a.example/7"}},
         "https://a.example/7"),
        ({"potentialAction": {"target": {"urlTemplate": "https://a.example/7"}}},
         "https://a.example/7"),
        ({"url": "https://a.example/jobs/7/apply"}, "https://a.example/jobs/7/apply"),
        ({"url": "https://a.example/jobs/7"}, None),
        ({"url": "javascript:apply()"}, None),
        ({"url": "http://Stealth co apply"}, None),
        ({"url": ["x"], "potentialAction": [1]}, None),
    ],
)  # fmt: skip
def test_application_url(data, expected):
    assert value("application_url", **data) == expected


@pytest.mark.parametrize(
    ("stated_as", "expected"),
    [("en-US", "en"), ("DE", "de"), ("Deutsch", "de"), ({"name": "English"}, "en"), ("xyz", None),
     (None, None), (5, None)],
)  # fmt: skip
def test_posting_language(stated_as, expected):
    assert value("posting_language", inLanguage=stated_as) == expected

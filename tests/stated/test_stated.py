"""Stated postings -> candidates."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.core import Page, Span, Statement
from rolecall.schema.posting import LIST_UNITS, UNITS
from rolecall.stated import distinct_postings, find_visible, stated
from stated.pages import BODY, SHOWN, base, page


def by_unit(one):
    return {candidate.unit: candidate for candidate in stated(one)}


def value(unit, shown=SHOWN, **data):
    found = by_unit(page(base(**data), shown)).get(unit)
    return found.value if found else None


def check(one, candidates):
    """What every candidate of this room keeps."""
    for candidate in candidates:
        assert candidate.unit in UNITS
        assert candidate.origin == "stated"
        assert candidate.pointer
        assert candidate.confidence is not None
        assert 0 <= candidate.confidence <= 1
        assert len(candidate.quotes) == len(candidate.spans)
        if candidate.unit in LIST_UNITS:
            assert len(candidate.spans) == len(candidate.value)
        for quote, span in zip(candidate.quotes, candidate.spans, strict=True):
            if span is not None:
                assert one.text[span.start : span.end] == quote
        json.dumps(candidate.value)


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


ADDRESS = {"addressLocality": "Odense", "addressRegion": "Funen", "addressCountry": "DK"}


@pytest.mark.parametrize(
    ("stated_as", "expected"),
    [
        ({"address": ADDRESS}, ("Odense", "Funen", "Denmark")),
        ([{"address": ADDRESS}], ("Odense", "Funen", "Denmark")),
        ([[{"address": [ADDRESS]}]], ("Odense", "Funen", "Denmark")),
        (ADDRESS, ("Odense", "Funen", "Denmark")),
        ({"address": {"addressCountry": {"@type": "Country", "name": "Denmark"}}},
         (None, None, "Denmark")),
        ({"address": {**ADDRESS, "addressRegion": None}}, ("Odense", None, "Denmark")),
        ({"address": {**ADDRESS, "addressLocality": "5000"}}, (None, "Funen", "Denmark")),
        ({"address": "Odense, Denmark"}, ("Odense", None, "Denmark")),
        ({"name": "Odense, Denmark"}, ("Odense", None, "Denmark")),
        ("Odense, Denmark", ("Odense", None, "Denmark")),
    ],
)  # fmt: skip
def test_places(stated_as, expected):
    (place,) = value("places", jobLocation=stated_as)
    assert (place["city"], place["region"], place["country"]) == expected
    assert place["text"]


@pytest.mark.parametrize(
    "nothing",
    [None, "", [], {}, "Remote", "Anywhere", {"address": {"addressLocality": "N/A"}}, 5000, "-"],
)
def test_no_place(nothing):
    assert value("places", jobLocation=nothing) is None


def test_several_places_keep_their_order_and_come_once():
    cities = ["Odense", "Aarhus", "Odense"]
    places = value("places", jobLocation=[{"address": {"addressLocality": c}} for c in cities])
    assert [place["city"] for place in places] == ["Odense", "Aarhus"]
    assert len(value("places", jobLocation="Odense; Aarhus")) == 2


def test_a_place_is_worded_as_the_page_words_it():
    shown = SHOWN + "<p>Location: Odense, Southern Denmark, Denmark</p>"
    one = page(
        base(jobLocation={"address": {"addressLocality": "Odense", "addressCountry": "DK"}}), shown
    )
    found = by_unit(one)["places"]
    assert found.value[0]["text"] == "Odense, Southern Denmark, Denmark"
    assert found.value[0]["country"] == "Denmark"
    assert found.spans[0] is not None


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


def money(**inside):
    return {"@type": "MonetaryAmount", "currency": "EUR", **inside}


@pytest.mark.parametrize(
    ("stated_as", "expected"),
    [
        (money(value={"minValue": 40000, "maxValue": 50000, "unitText": "YEAR"}),
         (40000, 50000, "EUR", "year")),
        (money(value={"value": 25.5, "unitText": "HOUR"}), (25.5, 25.5, "EUR", "hour")),
        (money(value={"minValue": "40000", "maxValue": "", "unitText": "ANNUAL"}),
         (40000, None, "EUR", "year")),
        (money(value={"minValue": 0, "maxValue": 50000}), (None, 50000, "EUR", None)),
        (money(value=3000, unitText="MONTH"), (3000, 3000, "EUR", "month")),
        (money(value="3.000,00", unitCode="MON"), (3000, 3000, "EUR", "month")),
        (money(minValue=10, maxValue=12, unitText="per hour"), (10, 12, "EUR", "hour")),
        ([money(value={"value": 900, "unitText": "WEEK"})], (900, 900, "EUR", "week")),
        ({"@type": "PriceSpecification", "minPrice": 10, "maxPrice": 20, "priceCurrency": "GBP"},
         (10, 20, "GBP", None)),
        ("€40,000 - €50,000 per year", (40000, 50000, "EUR", "year")),
        (money(value="40.000 - 50.000", unitText="YEAR"), (40000, 50000, "EUR", "year")),
        (45000, (45000, 45000, None, None)),
        (money(value={"value": ""}), None),
        (money(value={"minValue": 0, "maxValue": 0}), None),
        (money(value={"minValue": 50000, "maxValue": 40000}), None),
        (money(value={"minValue": True, "maxValue": float("inf")}), None),
        (money(value={"minValue": -5}), None),
        ("Competitive", None),
        ({"currency": "EUR"}, None),
        ([], None),
    ],
)  # fmt: skip
def test_salary(stated_as, expected):
    found = value("salary", baseSalary=stated_as)
    names = ("salary_min", "salary_max", "salary_currency", "salary_period")
    assert (tuple(found[name] for name in names) if found else None) == expected


def test_currency_may_stand_beside_the_salary():
    found = value("salary", baseSalary=45000, salaryCurrency="sek")
    assert found["salary_currency"] == "SEK"


def test_an_estimate_counts_where_nothing_else_is_stated():
    estimate = [{"name": "base", "currency": "USD", "minValue": 1000, "maxValue": 2000}]
    sure = by_unit(page(base(baseSalary=money(value=1500))))["salary"]
    guess = by_unit(page(base(estimatedSalary=estimate)))["salary"]
    assert guess.value["salary_max"] == 2000
    assert guess.confidence < sure.confidence


def test_pay_is_found_in_the_text():
    shown = SHOWN + "<p>Salary: €40.000 – €50.000 per year plus fish</p>"
    one = page(base(baseSalary=money(value={"minValue": 40000, "maxValue": 50000})), shown)
    found = by_unit(one)["salary"]
    assert found.spans[0] is not None
    assert "40.000" in found.quotes[0]
    assert "50.000" in found.quotes[0]


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


def test_a_date_is_found_in_the_text():
    found = by_unit(page(base(datePosted="2026-03-01"), SHOWN + "<p>Posted March 1, 2026</p>"))
    assert found["date_posted"].quotes == ("March 1, 2026",)


@pytest.mark.parametrize(
    "stated_as",
    [
        BODY,
        BODY.replace("<", "&lt;").replace(">", "&gt;"),
        BODY.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
        "The harbour needs you: we keep forty boats afloat, all year round.\nYour tasks\n"
        "• Paint hulls in spring\n• Mend nets & sails",
        {"@value": BODY},
        [BODY],
    ],
)
def test_descriptions_come_out_as_lines(stated_as):
    lines = value("description", "<h1>Boat builder</h1>", description=stated_as).split("\n")
    assert lines == [
        "The harbour needs you: we keep forty boats afloat, all year round.",
        "Your tasks",
        "Paint hulls in spring",
        "Mend nets & sails",
    ]


def test_a_description_is_found_though_the_page_splits_its_lines_otherwise():
    flat = (
        "The harbour needs you: we keep forty boats afloat, all year round. Your tasks Paint hulls"
        " in spring Mend nets & sails"
    )
    one = page(base(description=flat), SHOWN + "<footer>Cookies and more of this kind</footer>")
    found = by_unit(one)["description"]
    assert found.quotes[0].startswith("The harbour")
    assert found.quotes[0].endswith("sails")


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


@pytest.mark.parametrize(
    ("stated_as", "expected"),
    [("en-US", "en"), ("DE", "de"), ("Deutsch", "de"), ({"name": "English"}, "en"), ("xyz", None),
     (None, None), (5, None)],
)  # fmt: skip
def test_posting_language(stated_as, expected):
    assert value("posting_language", inLanguage=stated_as) == expected


def test_of_several_postings_the_one_of_the_heading_is_taken():
    others = [base(title=name) for name in ("Sail maker", "Boat builder", "Cook")]
    one = page(others)
    assert by_unit(one)["title"].value == "Boat builder"
    assert by_unit(one)["title"].pointer == "jsonld[0]#/1/title"
    assert distinct_postings(one) == 1


def test_of_several_postings_the_one_of_the_address_is_taken():
    others = [base(title=f"Helper {n}", url=f"https://yards.example/jobs/{n}") for n in range(3)]
    one = page(others, "<h1>Jobs</h1>", url="http://www.yards.example/jobs/2/", title="Jobs")
    assert by_unit(one)["title"].value == "Helper 2"


def test_a_list_of_postings_states_none():
    others = [base(title=name) for name in ("Sail maker", "Boat builder", "Cook")]
    shown = "".join(f"<h2>{other['title']}</h2>" for other in others)
    one = page(others, f"<h1>Work with us</h1>{shown}", title="Work with us")
    assert stated(one) == ()
    assert distinct_postings(one) == 3


def test_no_statement_states_nothing():
    one = page({"@type": "Organization"})
    assert stated(one) == ()
    assert distinct_postings(one) == 0


def test_a_posting_that_is_stated_twice_is_one():
    micro = (
        '<div itemscope itemtype="https://schema.org/JobPosting"><h1 itemprop="title">Boat builder'
        '</h1><meta itemprop="datePosted" content="2026-03-01"></div>'
    )
    one = page(base(), micro + SHOWN)
    found = by_unit(one)
    assert distinct_postings(one) == 1
    assert found["date_posted"].pointer == "microdata[0]#/datePosted"
    assert found["company"].pointer == "jsonld[0]#/hiringOrganization"


def test_find_visible_folds_and_prefers_the_body():
    one = page({}, "<nav><a href=/x>Nord Yards</a></nav><p>NORD YARDS’ crew – “best”</p>")
    span = find_visible(one, 'nord  yards\' crew - "best"')
    assert span is not None
    assert span.of(one.text) == "NORD YARDS’ crew – “best”"
    plain = find_visible(one, "Nord Yards")
    assert plain is not None
    assert plain.of(one.text) == "NORD YARDS"
    assert find_visible(one, "ord Yards") is None
    assert find_visible(one, "") is None
    assert find_visible(one, "absent") is None


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
    | st.sampled_from(["2026-01-01", "EUR", "HOUR", "FULL_TIME", "TELECOMMUTE", "<p>a</p>"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["name", "value", "address", "addressLocality", "minValue", "@id", "email",
                         "currency", "monthsOfExperience", "target", "unitText", "@value"]),
        inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
PROPERTIES = (
    "title description hiringOrganization jobLocation jobLocationType employmentType baseSalary"
    " estimatedSalary salaryCurrency experienceRequirements educationRequirements skills url"
    " responsibilities qualifications jobBenefits potentialAction applicationContact datePosted"
    " validThrough inLanguage"
).split()


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(PROPERTIES), values), st.text(max_size=80))
def test_no_posting_raises(data, shown):
    text = "Boat builder\n" + " ".join(shown.split())
    first = page(base(**data))
    check(first, stated(first))
    bare = Page(
        source_id="0",
        url=None,
        text=text,
        blocks=first.blocks[:1],
        statements=(Statement(syntax="jsonld", pointer="jsonld[0]#", data=data),),
    )
    check(bare, stated(bare))


@given(st.text())
def test_no_text_raises_in_the_search(text):
    one = page(base())
    span = find_visible(one, text)
    assert span is None or isinstance(span, Span)

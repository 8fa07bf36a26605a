import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.core import Block, Candidate, Notice, Page, Problem, Reason, Span
from rolecall.schema.posting import FIELDS, LIST_UNITS, UNITS
from rolecall.schema.validate import validate
from rolecall.settle import NULL_THRESHOLDS, Rules, settle

TEXT = """Senior Baker (m/f/d)
Crumb & Sons
Lyon, France
We bake bread. You knead dough.
Sourdough, Rye, Ovens
14 € per hour
Start: 2 May 2026"""


def page(text=TEXT, **more):
    start, blocks = 0, []
    for number, line in enumerate(text.split("\n")):
        span = Span(start, start + len(line))
        blocks.append(Block(kind="paragraph", role="posting", span=span, path=f"/p[{number}]"))
        start = span.end + 1
    return Page(source_id="0", url=None, text=text, blocks=tuple(blocks), **more)


def read(unit, quote, value=None, confidence=0.8, origin="reader", text=TEXT, **more):
    start = text.index(quote)
    return Candidate(
        unit=unit,
        value=quote if value is None else value,
        quotes=(quote,),
        spans=(Span(start, start + len(quote)),),
        origin=origin,
        confidence=confidence,
        **more,
    )


def told(unit, value, confidence=0.9, **more):
    more = {"pointer": f"jsonld[0]#/{unit}", "quotes": (str(value),), "spans": (None,)} | more
    return Candidate(unit=unit, value=value, origin="stated", confidence=confidence, **more)


ENOUGH = (
    read("title", "Senior Baker (m/f/d)"),
    read("company", "Crumb & Sons"),
    read("description", "We bake bread. You knead dough."),
)


def kinds(result):
    return {(p.pointer, p.kind) for p in result.problems}


def test_an_ok_record_has_every_field_in_the_order_of_the_schema():
    result = settle(page(), ENOUGH)
    assert result.outcome == "ok"
    assert tuple(result.data) == FIELDS
    assert result.data["salary_min"] is None
    assert result.evidence["/title"].block_path == "/p[0]"


def test_a_missing_required_field_is_partial():
    assert settle(page(), ENOUGH[:2]).outcome == "partial"


def test_a_cut_page_is_partial():
    cut = page(warnings=(Notice(code="lines_cut", message="read up to line 9"),))
    result = settle(cut, ENOUGH)
    assert result.outcome == "partial"
    assert result.warnings == cut.warnings


def test_without_title_and_description_it_is_no_posting():
    result = settle(page(), ENOUGH[1:2])
    assert (result.outcome, result.reason.code, result.data) == ("not_a_posting", "other", None)
    assert settle(page(" \n "), ()).reason.code == "empty_text"


def test_a_verdict_leaves_no_values():
    reason = Reason(code="list_page", stage="verdict", message="12 postings")
    result = settle(page(), ENOUGH, verdict=reason)
    assert (result.outcome, result.reason) == ("not_a_posting", reason)
    assert result.data is None
    assert result.evidence == {}


def test_agreement_raises_and_conflict_lowers_the_confidence():
    alone = settle(page(), ENOUGH).evidence["/company"].confidence
    agreed = settle(page(), (*ENOUGH, told("company", "Crumb")))
    assert agreed.evidence["/company"].confidence > alone
    assert kinds(agreed) == set()
    fought = settle(page(), (*ENOUGH, told("company", "Loaf Ltd")))
    assert fought.evidence["/company"].confidence < alone
    (problem,) = fought.problems
    assert (problem.pointer, problem.kind) == ("/company", "conflict")
    assert "Crumb & Sons" in problem.message
    assert "Loaf Ltd" in problem.message


def test_stated_data_wins_against_an_unsure_reader_only():
    unsure = read("company", "Lyon", confidence=0.3)
    result = settle(page(), (ENOUGH[0], unsure, ENOUGH[2], told("company", "Crumb & Sons")))
    assert result.data["company"] == "Crumb & Sons"
    assert result.evidence["/company"].origin == "stated"
    sure = settle(page(), (*ENOUGH, told("company", "Loaf Ltd", confidence=1.0)))
    assert sure.data["company"] == "Crumb & Sons"


def test_stated_data_gets_the_place_where_the_text_says_it_too():
    unsure = read("company", "Crumb & Sons", confidence=0.3)
    result = settle(page(), (ENOUGH[0], unsure, ENOUGH[2], told("company", "Crumb & Sons")))
    evidence = result.evidence["/company"]
    assert (evidence.origin, evidence.match) == ("stated", "stated")
    assert evidence.span.of(TEXT) == "Crumb & Sons"
    assert evidence.block_path == "/p[1]"
    assert evidence.pointer == "jsonld[0]#/company"


def test_two_statements_that_differ_are_a_conflict():
    both = (told("date_posted", "2026-05-02"), told("date_posted", "2026-05-03", confidence=0.7))
    result = settle(page(), (*ENOUGH, *both))
    assert result.data["date_posted"] == "2026-05-02"
    assert kinds(result) == {("/date_posted", "conflict")}


def test_a_second_guess_of_the_reader_is_no_conflict():
    result = settle(page(), (*ENOUGH, read("title", "Lyon, France", confidence=0.4)))
    assert result.data["title"] == "Senior Baker (m/f/d)"
    assert result.problems == ()


def test_below_its_threshold_a_unit_stays_empty():
    rules = Rules(null_thresholds=dict(NULL_THRESHOLDS) | {"education": 0.6})
    low = read("education", "Rye", confidence=0.55)
    assert settle(page(), (*ENOUGH, low), rules=rules).data["education"] is None
    assert settle(page(), (*ENOUGH, low)).data["education"] == "Rye"


def test_an_unknown_confidence_stays_unknown():
    result = settle(page(), (*ENOUGH, read("education", "Rye", confidence=None)))
    assert result.evidence["/education"].confidence is None


@pytest.mark.parametrize(
    ("raw", "reported"), [(0.0, 0.1), (0.2, 0.1), (0.5, 0.4), (0.8, 0.7), (1.0, 0.7)]
)
def test_the_reported_confidence_follows_the_curve(raw, reported):
    rules = Rules(calibration={"education": ((0.2, 0.1), (0.8, 0.7))}, null_thresholds={})
    result = settle(page(), (*ENOUGH, read("education", "Rye", confidence=raw)), rules=rules)
    assert result.evidence["/education"].confidence == pytest.approx(reported)
    assert result.evidence["/title"].confidence is None


@pytest.mark.parametrize(
    ("quote", "span"),
    [
        ("Junior Baker", Span(0, 12)),
        ("Senior Baker", Span(0, 11)),
        ("Senior Baker", Span(500, 512)),
        ("Senior Baker", Span(-12, 0)),
        ("Senior Baker", None),
        ("", Span(3, 3)),
    ],
)
def test_a_quote_that_does_not_stand_there_is_not_believed(quote, span):
    bad = Candidate(unit="title", value=quote or "Cook", quotes=(quote,), spans=(span,))
    result = settle(page(), (bad, *ENOUGH[1:]))
    assert result.data["title"] is None
    assert ("/title", "ungrounded") in kinds(result)


def test_a_value_that_is_not_in_its_quote_is_not_believed():
    result = settle(page(), (read("title", "Senior Baker", "Chief Baker"), *ENOUGH[1:]))
    assert ("/title", "ungrounded") in kinds(result)


def test_white_space_case_and_unicode_forms_are_evened_out():
    text = "SENIOR\u00a0 ﬁsher\nrest"
    quote = "Senior fisher"
    candidate = Candidate(unit="title", value=quote, quotes=(quote,), spans=(Span(0, 14),))
    evidence = settle(page(text), (candidate,)).evidence["/title"]
    assert (evidence.match, evidence.quote) == ("normalised", quote)


def test_one_bad_item_does_not_take_the_list_with_it():
    skills = Candidate(
        unit="skills",
        value=["Sourdough", "Cobol", "Rye", "Rye"],
        quotes=("Sourdough", "Cobol", "Rye", "Rye"),
        spans=tuple(
            Span(TEXT.find(word), TEXT.find(word) + len(word)) if word in TEXT else Span(0, 5)
            for word in ("Sourdough", "Cobol", "Rye", "Rye")
        ),
        confidence=0.7,
    )
    result = settle(page(), (*ENOUGH, skills))
    assert result.data["skills"] == ["Sourdough", "Rye"]
    assert result.evidence["/skills/1"].quote == "Rye"
    assert ("/skills", "ungrounded") in kinds(result)


def test_one_quote_can_carry_a_list():
    kind = read("employment_type", "We bake bread", ["full_time", "temporary"])
    result = settle(page(), (*ENOUGH, kind))
    assert result.data["employment_type"] == ["full_time", "temporary"]
    assert result.evidence["/employment_type/1"].quote == "We bake bread"


def test_location_is_the_first_place():
    place = {"text": "Lyon, France", "city": "Lyon", "region": None, "country": "France"}
    result = settle(page(), (*ENOUGH, read("places", "Lyon, France", [place])))
    assert result.data["location"] == "Lyon, France"
    assert result.data["locations"] == [place]
    assert result.evidence["/location"].quote == "Lyon, France"


PAY = {"salary_min": 14, "salary_max": 14, "salary_currency": "EUR", "salary_period": "hour"}


def test_a_salary_is_taken_whole_and_inferred_parts_are_derived():
    result = settle(page(), (*ENOUGH, read("salary", "14 € per hour", PAY)))
    assert result.evidence["/salary_period"].match == "exact"
    result = settle(page(), (*ENOUGH, read("salary", "14 €", PAY)))
    assert result.evidence["/salary_currency"].match == "exact"
    period = result.evidence["/salary_period"]
    assert (period.match, period.pointer) == ("derived", "/salary_min")


def test_an_invalid_part_is_dropped_and_named():
    result = settle(page(), (*ENOUGH, read("salary", "14 €", PAY | {"salary_currency": "€"})))
    assert result.data["salary_min"] == 14
    assert result.data["salary_currency"] is None
    assert kinds(result) == {("/salary_currency", "schema")}


def test_of_two_agreeing_salaries_the_fuller_one_is_taken():
    bare = told("salary", dict.fromkeys(PAY) | {"salary_min": 14}, confidence=0.99)
    result = settle(page(), (*ENOUGH, bare, read("salary", "14 € per hour", PAY, confidence=0.6)))
    assert result.data["salary_period"] == "hour"


def test_a_day_that_does_not_exist_is_refused():
    result = settle(page(), (*ENOUGH, told("date_posted", "2026-02-30")))
    assert result.data["date_posted"] is None
    assert kinds(result) == {("/date_posted", "schema")}


def test_the_language_is_derived():
    result = settle(page(language="fr"), ENOUGH)
    evidence = result.evidence["/posting_language"]
    assert result.data["posting_language"] == "fr"
    assert (evidence.match, evidence.pointer) == ("derived", "/description")


def test_a_doubt_without_a_value_is_kept():
    doubt = Problem(pointer="/date_posted", kind="ambiguous", message="3/4/2026")
    empty = Candidate(unit="date_posted", value=None, problems=(doubt,))
    assert settle(page(), (*ENOUGH, empty)).problems == (doubt,)


LONG = "\n".join(f"In week {n} you bake {n * 7} loaves of rye for shop {n + 3}." for n in range(60))


@pytest.mark.parametrize(
    ("stated", "same"),
    [
        (LONG.replace("\n", " "), True),
        (LONG[400:], True),
        ("Our shop by the river looks for somebody who likes to get up early. " * 30, False),
        ("In week 3 you bake 21 loaves of rye", True),
    ],
)
def test_two_bodies_are_compared_by_their_words(stated, same):
    text = f"Baker\n{LONG}"
    body = read("description", LONG, text=text)
    result = settle(
        page(text), (read("title", "Baker", text=text), body, told("description", stated))
    )
    assert (kinds(result) == set()) is same
    assert result.data["description"] == LONG


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["EUR", "hour", "remote", "2026-05-02", "Senior Baker", "Lyon", "full_time"]),
    st.binary(max_size=4),
    st.decimals(),
    st.dates(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from([*FIELDS, "text", "city", "region", "country", "x"]), inner, max_size=4
        ),
    ),
    max_leaves=12,
)
SPANS = st.one_of(
    st.none(), st.builds(Span, st.integers(-9, len(TEXT) + 9), st.integers(-9, len(TEXT) + 9))
)


@st.composite
def grounded(draw):
    unit = draw(st.sampled_from(sorted(UNITS)))
    start = draw(st.integers(0, len(TEXT) - 2))
    end = draw(st.integers(start + 1, len(TEXT)))
    quote = TEXT[start:end]
    value = draw(st.one_of(st.just(quote), VALUES))
    return Candidate(
        unit=unit,
        value=[value] if unit in LIST_UNITS else value,
        quotes=(quote,),
        spans=(Span(start, end),),
        origin=draw(st.sampled_from(["stated", "reader", "engine"])),
        confidence=draw(st.one_of(st.none(), st.floats(0, 1))),
        pointer=draw(st.sampled_from([None, "jsonld[0]#/x"])),
    )


ANY = st.builds(
    Candidate,
    unit=st.one_of(st.sampled_from(sorted(UNITS)), st.text(max_size=3)),
    value=VALUES,
    quotes=st.lists(st.one_of(st.text(max_size=5), st.just("Lyon")), max_size=4).map(tuple),
    spans=st.lists(SPANS, max_size=4).map(tuple),
    origin=st.sampled_from(["stated", "reader", "engine"]),
    confidence=st.one_of(st.none(), st.floats()),
    pointer=st.one_of(st.none(), st.just("jsonld[0]#/x")),
)


def supported(data, evidence):
    for name, value in data.items():
        if isinstance(value, list):
            assert value
            assert all(f"/{name}/{number}" in evidence for number in range(len(value)))
        elif value is not None:
            assert f"/{name}" in evidence


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(grounded(), ANY), max_size=8))
def test_whatever_is_proposed_the_result_keeps_its_promises(candidates):
    source = page(language="en")
    result = settle(source, candidates)
    assert settle(source, candidates) == result
    if result.outcome == "not_a_posting":
        assert result.data is None
        assert result.evidence == {}
        return
    assert tuple(result.data) == FIELDS
    supported(result.data, result.evidence)
    for evidence in result.evidence.values():
        assert evidence.match != "none"
        if evidence.match == "exact":
            assert evidence.span.of(TEXT) == evidence.quote
        assert evidence.span or evidence.pointer
        assert evidence.confidence is None or 0 <= evidence.confidence <= 1
    wrong = validate(result.data)
    assert all("required" in problem.message for problem in wrong)
    assert (result.outcome == "ok") == (not wrong)


NURSE = """Nurse
Full time in Ballarat, Victoria, Australia
$78,000 to $84,000 a year
Care for patients."""
USD = {
    "salary_min": 78000,
    "salary_max": 84000,
    "salary_currency": "USD",
    "salary_period": "year",
}
HERE = {"city": "Ballarat", "region": "Victoria", "country": "Australia"}


def paid(*more, text=NURSE, quote="$78,000 to $84,000 a year"):
    found = [
        read("title", "Nurse", text=text),
        read("description", "Care for patients.", text=text),
        read("salary", quote, USD, text=text),
    ]
    return settle(page(text), [*found, *more])


def placed(place="Ballarat, Victoria, Australia", **parts):
    return read("places", place, [{"text": place, **(parts or HERE)}], text=NURSE)


def test_a_dollar_is_that_of_the_country_of_the_work():
    result = paid(placed())
    assert result.data["salary_currency"] == "AUD"
    why = result.evidence["/salary_currency"]
    assert (why.match, why.pointer) == ("derived", "/location")
    assert result.evidence["/salary_min"].match == "exact"


def test_a_dollar_without_a_place_is_that_of_the_united_states():
    assert paid().data["salary_currency"] == "USD"


def test_a_dollar_of_places_in_several_countries_is_left_out():
    two = [{"text": "Ballarat", **HERE}, {"text": "Victoria", "country": "United States"}]
    span = Span(NURSE.index("Ballarat"), NURSE.index("Ballarat") + 8)
    other = Span(NURSE.index("Victoria"), NURSE.index("Victoria") + 8)
    both = Candidate(unit="places", value=two, quotes=("Ballarat", "Victoria"), spans=(span, other))
    result = paid(both)
    assert result.data["salary_currency"] is None
    assert result.data["salary_min"] == 78000
    assert ("/salary_currency", "ambiguous") in kinds(result)


def test_what_all_say_of_the_place_settles_the_dollar():
    wide = [
        {"text": name, "city": None, "region": None, "country": name}
        for name in ("Australia", "Canada", "Germany")
    ]
    many = told("places", wide, quotes=("Australia", "Canada", "Germany"), spans=(None,) * 3)
    assert paid(many).data["salary_currency"] is None
    assert paid(many, placed()).data["salary_currency"] == "AUD"


def test_a_dollar_follows_the_pages_own_data():
    stated = told("salary", {**USD, "salary_currency": "CAD"})
    result = paid(placed(), stated)
    assert result.data["salary_currency"] == "CAD"
    assert not kinds(result)


def test_us_dollars_that_are_named_stay_what_they_are():
    for wording in ("US$78,000 to US$84,000 a year", "$78,000 to $84,000 USD a year"):
        text = NURSE.replace("$78,000 to $84,000 a year", wording)
        assert paid(placed(), text=text, quote=wording).data["salary_currency"] == "USD"

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.normalise.salary import find_salaries, read_salary

SHARED = Path(__file__).parents[3] / "shared"
FIELDS = ("salary_min", "salary_max", "salary_currency", "salary_period")


def values(found):
    return tuple(found.value[field] for field in FIELDS)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("£31,200 - £40,150 per annum", "en", (31200, 40150, "GBP", "year")),
        ("€45k–€55k", "en", (45000, 55000, "EUR", None)),
        ("45-55k €", "de", (45000, 55000, "EUR", None)),
        ("40-60.000 Kč", "cs", (40000, 60000, "CZK", None)),
        ("bis zu 70.000,00 € brutto im Jahr", "de", (None, 70000, "EUR", "year")),
        ("ab 48.000 Euro", "de", (48000, None, "EUR", None)),
        ("40 000 \u2013 70 000 Kč", "cs", (40000, 70000, "CZK", None)),
        ("40 000 \u200d\u2013\u200d 70 000 Kč", "cs", (40000, 70000, "CZK", None)),
        ("od 40 do 60 tis. Kč měsíčně", "cs", (40000, 60000, "CZK", "month")),
        ("120 Kč/hod.", "cs", (120, 120, "CZK", "hour")),
        ("$52,000.00-$61,000.00/yr", "en", (52000, 61000, "USD", "year")),
        ("$120K/yr - $150K/yr", "en", (120000, 150000, "USD", "year")),
        ("between $90K and $110K", "en", (90000, 110000, "USD", None)),
        ("up to £30,000 p.a.", "en", (None, 30000, "GBP", "year")),
        ("$100,000+", "en", (100000, None, "USD", None)),
        ("12-15 LPA", "en", (1200000, 1500000, "INR", "year")),
        ("₹ 3,00,000 - 5,00,000 P.A.", "en", (300000, 500000, "INR", "year")),
        ("R$ 3.000,00 a R$ 4.500,00 por mês", "pt", (3000, 4500, "BRL", "month")),
        ("от 100 000 до 150 000 руб. в месяц", "ru", (100000, 150000, "RUB", "month")),
        ("150 тыс. руб.", "ru", (150000, 150000, "RUB", None)),
        ("35-40 K€ brut/an", "fr", (35000, 40000, "EUR", "year")),
        ("entre 35 et 40k€ par an", "fr", (35000, 40000, "EUR", "year")),
        ("2 500 € brut mensuel", "fr", (2500, 2500, "EUR", "month")),
        ("kr. 35.000 pr. måned", "da", (35000, 35000, "DKK", "month")),
        ("30 000-35 000 kr/mån", "sv", (30000, 35000, "SEK", "month")),
        ("CHF 80'000.– bis 95'000.–", "de", (80000, 95000, "CHF", None)),
        ("€ 3.500,- tot € 4.500,- bruto per maand", "nl", (3500, 4500, "EUR", "month")),
        ("1.200€ brutos al mes", "es", (1200, 1200, "EUR", "month")),
        ("RAL 30.000 - 40.000 €", "it", (30000, 40000, "EUR", "year")),
        ("150 zł netto + VAT / h", "pl", (150, 150, "PLN", "hour")),
        ("8 000 - 10 000 PLN brutto miesięcznie", "pl", (8000, 10000, "PLN", "month")),
        ("15 €/Std.", "de", (15, 15, "EUR", "hour")),
        ("£18.03ph - £20.10ph", "en", (18.03, 20.1, "GBP", "hour")),
        ("£210,000—£230,000 GBP", "en", (210000, 230000, "GBP", None)),
        ("$90,000 CAD", "en", (90000, 90000, "CAD", None)),
        ("60 T€", "de", (60000, 60000, "EUR", None)),
        ("€400 per day", "en", (400, 400, "EUR", "day")),
        ("5 000 € par projet", "fr", (5000, 5000, "EUR", "project")),
        ("￥５００,０００", "ja", (500000, 500000, "JPY", None)),
    ],
)
def test_pay_wordings_are_read_whole(text, language, expected):
    (found,) = find_salaries(text, language=language)
    assert values(found) == expected
    assert text[found.start : found.end] == text


def test_the_quote_is_the_wording_and_no_more():
    text = "We offer a salary of €50,000 to €60,000 gross per year, a pension and fruit."
    (found,) = find_salaries(text, language="en")
    assert text[found.start : found.end] == "€50,000 to €60,000 gross per year"
    assert found.cue == "labelled"


@pytest.mark.parametrize(
    ("text", "language", "period", "quote"),
    [
        ("Monthly salary: €3,000", "en", "month", "Monthly salary: €3,000"),
        ("Stundenlohn: 12,50 €", "de", "hour", "Stundenlohn: 12,50 €"),
        ("Bruttomonatsgehalt: 2.500 €", "de", "month", "Bruttomonatsgehalt: 2.500 €"),
    ],
)
def test_a_period_in_the_label_is_part_of_the_quote(text, language, period, quote):
    (found,) = find_salaries(text, language=language)
    assert found.value["salary_period"] == period
    assert text[found.start : found.end] == quote


@pytest.mark.parametrize(
    "text",
    [
        "We offer a 401(k) plan and 401k match",
        "Call +420 603 123 456 or 020 7946 0958",
        "Founded in 2019, 2 500 people in 30 countries",
        "We raised $3.75M in Series A funding",
        "a company with $2 billion in revenue",
        "You are 18-25 years old with 3-5 years of experience",
        "40 hours per week, 25 days of holiday per year",
        "PHP5, HTML5 and PHP 7",
        "the cost function $2^n$",
        "lift up to 200 pounds",
        "Umsatz von 30 Mio. €",
        "",
    ],
)
def test_other_numbers_are_no_pay(text):
    assert find_salaries(text) == []


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("$5,000 sign-on bonus", "amount"),
        ("a learning budget of €1,000 per year", "amount"),
        ("€1,000 per year for training", "amount"),
        ("401(k) match up to $5,000", "amount"),
        ("Salary: $50,000", "labelled"),
        ("Salary\n$50,000", "labelled"),
        ("mzda 35 000 Kč", "labelled"),
        ("$50,000 a year", "period"),
        ("Frontend developer | $50,000", "bare"),
        ("3-5 Annually", "weak"),
    ],
)
def test_the_cue_ranks_what_an_amount_is(text, cue):
    assert [found.cue for found in find_salaries(text)] == [cue]


def test_several_amounts_come_in_order_each_with_its_own_cue():
    text = "$5,000 sign-on bonus and $120K/yr - $150K/yr, plus CAD 90,000 in Canada"
    found = find_salaries(text, language="en")
    assert [text[one.start : one.end] for one in found] == [
        "$5,000", "$120K/yr - $150K/yr", "CAD 90,000",
    ]  # fmt: skip
    assert [one.cue for one in found] == ["amount", "period", "bare"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The base salary range is $150,000 -\n$160,000.", (150000, 160000, "USD", None)),
        ("The base salary range is $150,000\n- $160,000.", (150000, 160000, "USD", None)),
        ("The salary range for this role is\n$50,000 to $60,000", (50000, 60000, "USD", None)),
        ("Salary of 3,000 EUR - 4,000 EUR per\nmonth", (3000, 4000, "EUR", "month")),
        ("Annual Salary:\n$80,000 - $95,000 USD", (80000, 95000, "USD", "year")),
    ],
)
def test_hard_line_ends_do_not_break_the_wording(text, expected):
    (found,) = find_salaries(text, language="en")
    assert values(found) == expected
    assert found.cue == "labelled"


def test_list_items_are_not_joined_to_a_range():
    assert len(find_salaries("a bike worth $500\n- $1,000 for books")) == 2


def test_without_a_currency_a_label_with_a_range_or_period_is_needed():
    assert values(find_salaries("Salary: 45000 - 60000 per year")[0]) == (
        45000, 60000, None, "year",
    )  # fmt: skip
    assert find_salaries("Salary review after 12 months, band 5-7") == []
    assert find_salaries("45000 - 60000 units") == []


def test_pay_that_is_shown_garbled_is_recorded_as_shown():
    (found,) = find_salaries("3-5 Annually")
    assert values(found) == (3, 5, None, "year")
    assert found.problem == "no currency"


def test_shared_currency_marks_need_a_language_or_a_hint():
    assert find_salaries("kr 500 000")[0].value["salary_currency"] is None
    assert find_salaries("kr 500 000")[0].problem
    assert find_salaries("kr 500 000", language="no")[0].value["salary_currency"] == "NOK"
    assert find_salaries("$90,000", currency_hint="CAD")[0].value["salary_currency"] == "CAD"


def test_the_best_pay_is_the_labelled_one_and_never_a_bonus():
    text = "Refer a friend: $500 bonus. Desk for $300. The salary is $70,000 - $80,000."
    found = read_salary(text, language="en")
    assert found is not None
    assert values(found) == (70000, 80000, "USD", None)
    assert read_salary("$500 bonus") is None


def test_a_label_outside_the_text_counts():
    assert read_salary("34,000 - 36,000") is None
    found = read_salary("34,000 - 36,000", labelled=True)
    assert found is not None
    assert found.cue == "labelled"


@settings(deadline=None)
@given(st.text() | st.text("0123456789.,-–€$£kKč %/()abeftorupl \u00a0\u202f\n"))
def test_no_text_makes_it_raise_and_spans_lie_in_order_inside(text):
    end = 0
    for found in find_salaries(text):
        assert 0 <= found.start < found.end <= len(text)
        assert found.start >= end
        end = found.end
        low, high = found.value["salary_min"], found.value["salary_max"]
        assert low is None or high is None or low <= high


@settings(deadline=None)
@given(
    st.integers(1000, 900_000),
    st.integers(0, 8_000),
    st.sampled_from(["EUR", "CZK", "INR", "BRL"]),
    st.sampled_from(["hour", "day", "week", "month", "year", "project"]),
)
def test_the_normal_form_reads_back_as_itself(low, more, currency, period):
    found = read_salary(f"{low} - {low + more} {currency} per {period}")
    assert found is not None
    assert values(found) == (low, low + more, currency, period)


def test_hostile_strings_never_raise():
    path = SHARED / "cases" / "blns" / "blns.json"
    if not path.exists():
        pytest.skip("../shared/cases/blns/blns.json is absent")
    for text in json.loads(path.read_text("utf-8")):
        find_salaries(text)


@pytest.mark.parametrize("piece", ["1 ", "€1 ", "1,", "1.", "9" * 18, "kr", "$1-", "1 per ", "("])
def test_long_repetitions_are_answered(piece):
    text = piece * (200_000 // len(piece))
    assert all(found.end <= len(text) for found in find_salaries(text))


def test_one_employers_salary_texts_agree_with_its_numbers():
    path = SHARED / "corpus" / "nhs.jsonl.gz"
    if not path.exists():
        pytest.skip("../shared/corpus/nhs.jsonl.gz is absent")
    right = comparable = 0
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            stated = json.loads(line)["baseSalary"]["value"]
            if "minValue" not in stated:
                assert read_salary(stated["value"], language="en", labelled=True) is None
                continue
            low, high = float(stated["minValue"]), float(stated["maxValue"])
            if f"{int(high):,}" not in stated["value"]:
                continue  # the number was computed from an hourly rate, or cut
            comparable += 1
            found = read_salary(stated["value"], language="en", labelled=True)
            if found is not None:
                ends = [end for end in values(found)[:2] if end is not None]
                right += [int(ends[0]), int(ends[-1])] == [int(low), int(high)]
    assert right / comparable >= 0.95

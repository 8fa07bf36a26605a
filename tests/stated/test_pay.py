"""Stated pay in all its shapes."""

import pytest

from stated.pages import SHOWN, base, by_unit, page, value


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

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.core import Price, Usage
from rolecall.ledger.prices import LISTED, price_of, worst_cost


def test_a_known_model_has_its_newest_price() -> None:
    assert price_of("gpt-4o-mini") == Price(
        input=0.15, cached=0.075, output=0.60, since="2024-10-01"
    )


def test_a_price_is_that_of_the_day() -> None:
    before, after = price_of("gpt-4o", date(2024, 10, 1)), price_of("gpt-4o", date(2024, 10, 2))
    assert before
    assert after
    assert (before.output, after.output) == (15.0, 10.0)
    assert price_of("gpt-4o", date(2024, 5, 12)) is None


@pytest.mark.parametrize("model", ["", "gpt-4o-minimal", "openai/gpt-4o-mini", "GPT-4o-mini"])
def test_a_model_that_is_not_listed_has_no_price(model: str) -> None:
    assert price_of(model) is None


def test_the_table_makes_sense() -> None:
    assert len({(row.model, row.since) for row in LISTED}) == len(LISTED)
    for row in LISTED:
        assert date.fromisoformat(row.since).isoformat() == row.since
        assert 0 < row.cached <= row.input < row.output < 100


def test_the_worst_case_is_every_try_paid_in_full() -> None:
    price = Price(input=2.0, cached=0.5, output=8.0)
    assert worst_cost(price, 1_000_000, 500_000, 3) == pytest.approx(18.0)
    with pytest.raises(ValueError, match="fewer"):
        worst_cost(price, 10, 10, 0)


rates = st.floats(0, 1_000)


@settings(deadline=None, max_examples=40)
@given(rates, rates, rates, st.data())
def test_no_usage_within_the_bounds_costs_more(fresh, cached, output, data) -> None:
    price = Price(input=fresh, cached=cached, output=output)
    most_in, most_out = data.draw(st.integers(0, 10**6)), data.draw(st.integers(0, 10**5))
    tries = data.draw(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4))
    usages = [
        Usage(
            input_tokens=most_in,
            cached_tokens=int(most_in * share),
            output_tokens=int(most_out * part),
        )
        for share, part in tries
    ]
    worst = worst_cost(price, most_in, most_out, len(tries))
    assert sum(map(price.cost, usages)) <= worst * (1 + 1e-12)

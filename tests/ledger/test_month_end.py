"""Where a month ends: as days were, between bounds that hold as often as they say."""

import random
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.ledger.money import Caps
from rolecall.ledger.month_end import WINDOW, forecast
from rolecall.ledger.spending import summarise

COSTS = st.dictionaries(
    st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.floats(0, 1e6), max_size=60
)


@given(COSTS, st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)))
def test_bounds_hold_the_mean_and_nothing_is_unspent(spent, now):
    spent = {day: cost for day, cost in spent.items() if day <= now.date()}
    low, mean, high = forecast(spent, now)
    month = sum(cost for day, cost in spent.items() if day >= now.date().replace(day=1))
    assert month * (1 - 1e-9) <= low <= mean * (1 + 1e-9)
    assert mean <= high * (1 + 1e-9)


def test_nothing_spent_stays_nothing():
    assert forecast({}, datetime(2026, 3, 5, tzinfo=UTC)) == (0, 0, 0)
    assert forecast({date(2026, 3, 1): 0.0}, datetime(2026, 3, 5, tzinfo=UTC)) == (0, 0, 0)


def test_equal_days_leave_no_doubt_whatever_month_they_were_in():
    spent = {date(2026, 2, 1) + timedelta(days=one): 2.0 for one in range(30)}
    told = forecast(spent, datetime(2026, 3, 3, tzinfo=UTC))
    assert told == pytest.approx((62, 62, 62))


def test_a_first_day_says_little():
    low, mean, high = forecast({date(2026, 3, 10): 1.0}, datetime(2026, 3, 10, 3, tzinfo=UTC))
    assert low == 1.0
    assert mean == pytest.approx(1 + 21.875)
    assert high > 2 * mean


def test_four_ends_of_five_lie_between_the_bounds():
    """Days that cost by a gamma distribution, some nothing; looked at after 5 to 25 days."""
    draw, held, tried = random.Random(7), 0, 0
    for _ in range(2_000):
        shape, idle = draw.choice((0.5, 1.0, 4.0)), draw.choice((0.0, 0.3))
        days = [
            0.0 if draw.random() < idle else draw.gammavariate(shape, 1.0)
            for _ in range(WINDOW + 31)
        ]
        first = date(2026, 3, 1) - timedelta(days=WINDOW)
        today = draw.randint(5, 25)
        spent = {first + timedelta(days=one): days[one] for one in range(WINDOW + today - 1)}
        low, _, high = forecast(spent, datetime(2026, 3, today, tzinfo=UTC))
        tried += 1
        held += low <= sum(days[WINDOW:]) <= high
    assert 0.75 <= held / tried <= 0.85


def test_days_of_the_month_before_count_for_the_forecast_alone():
    rows = [("settled", "big", f"2026-02-{day:02}", 10**9, 3) for day in range(10, 29)]
    rows += [("settled", "big", "2026-03-01", 10**9, 3), ("open", "big", "2026-03-01", 5, 1)]
    found = summarise(rows, Caps(month=20.0), datetime(2026, 3, 2, tzinfo=UTC))
    assert (found.month_usd, found.by_engine[0].calls, found.left_month_usd) == (
        1.0, 3, pytest.approx(19.0),
    )  # fmt: skip
    days = monthrange(2026, 3)[1]
    assert found.forecast_low_usd == found.forecast_usd == pytest.approx(days)

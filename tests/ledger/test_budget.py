from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tests.ledger.moments import Watch

from rolecall.errors import BudgetError, DatabaseError, UsageError
from rolecall.ledger.budget import Budget, Part, Reservation
from rolecall.ledger.database import Database
from rolecall.ledger.money import Caps, allowance, cost, shown
from rolecall.ledger.store import Store


def test_a_call_that_fits_is_reserved_and_its_real_cost_settled(store: Store, watch: Watch) -> None:
    budget = Budget(store, Caps(), watch)
    call = budget.reserve("page.html", 0.5, "cloud")
    before = budget.spent()
    assert (before.open, before.open_usd, before.month_usd) == (1, 0.5, 0.0)
    assert before.left_month_usd == 29.5
    budget.settle(call, 0.2)
    after = budget.spent()
    assert (after.open, after.open_usd, after.today_usd, after.month_usd) == (0, 0.0, 0.2, 0.2)
    assert (after.left_month_usd, after.left_today_usd) == (29.8, None)


@pytest.mark.parametrize(
    ("caps", "name", "wait"),
    [
        (Caps(record=1.0), "record", ""),
        (Caps(day=1.0), "day", "wait until 2026-03-16 (UTC)"),
        (Caps(month=1.0), "month", "wait until 2026-04-01 (UTC)"),
        (Caps(record=20, day=1.0, month=9), "day", "2026-03-16"),
    ],
)
def test_a_call_over_a_cap_is_refused_with_what_is_left_and_a_remedy(
    store: Store, watch: Watch, caps: Caps, name: str, wait: str
) -> None:
    budget = Budget(store, caps, watch)
    budget.settle(budget.reserve("r", 0.9, "cloud"), 0.75)
    with pytest.raises(BudgetError) as caught:
        budget.reserve("r", 0.3, "cloud")
    assert str(caught.value) == (
        f"a call may cost $0.30, and the cap of $1.00 for this {name} leaves $0.25"
    )
    assert f"raise budget_{name} (ROLECALL_BUDGET_{name.upper()})" in str(caught.value.hint)
    assert wait in str(caught.value.hint)
    assert caught.value.code == "budget_exceeded"
    assert budget.spent().open == 0
    assert budget.reserve("r", 0.25, "cloud").id  # exactly what is left still fits


def test_calls_under_way_count_at_their_worst(store: Store, watch: Watch) -> None:
    budget = Budget(store, Caps(day=1.0), watch)
    first = budget.reserve("r", 0.75, "cloud")
    with pytest.raises(BudgetError):
        budget.reserve("r", 0.5, "cloud")
    budget.settle(first, 0.25)
    assert budget.reserve("r", 0.5, "cloud").id


def test_the_caps_are_those_of_utc_days_and_months(store: Store) -> None:
    watch = Watch(datetime(2026, 1, 31, 23, 59, tzinfo=UTC))
    budget = Budget(store, Caps(day=1.0, month=1.5), watch)
    late = budget.reserve("a", 1.0, "cloud")
    with pytest.raises(BudgetError, match="this day"):
        budget.reserve("a", 0.1, "cloud")
    watch.pass_by(minutes=2)
    spent = budget.spent()
    assert (spent.day, spent.month, spent.month_usd) == ("2026-02-01", "2026-02", 0.0)
    fresh = budget.reserve("a", 1.0, "cloud")
    budget.settle(late, 1.0)  # ended after midnight, and belongs to the day that let it in
    budget.settle(fresh, 1.0)
    assert budget.spent().month_usd == 1.0
    watch.pass_by(days=1)
    with pytest.raises(BudgetError, match="this month"):
        budget.reserve("a", 0.6, "cloud")


def test_a_record_has_its_cap_over_all_its_calls(store: Store, watch: Watch) -> None:
    budget = Budget(store, Caps(record=0.1, month=None), watch)
    budget.settle(budget.reserve("a", 0.1, "one"), 0.0625)
    watch.pass_by(days=60)
    with pytest.raises(BudgetError, match="this record leaves"):
        budget.reserve("a", 0.0625, "two")
    assert budget.reserve("b", 0.0625, "two").id


def test_zero_lets_nothing_be_spent_but_free_calls(tmp_path: Path, watch: Watch) -> None:
    database = Database(tmp_path / "rolecall.db")
    budget = Budget(database, Caps(month=0), watch)
    with pytest.raises(BudgetError, match=r"cap of \$0\.00"):
        budget.reserve("r", 1e-12, "cloud")
    database.close()  # what is free does not ask it
    free = budget.reserve("r", 0.0, "local")
    budget.settle(free, 0.0)
    budget.release(free)
    assert free.id == 0


def test_a_free_call_that_was_not_free_counts(store: Store, watch: Watch) -> None:
    budget = Budget(store, Caps(), watch)
    budget.settle(budget.reserve("r", 0.0, "local"), 0.5)
    assert budget.spent().today_usd == 0.5


def test_a_cost_above_its_reservation_counts_in_full(store: Store, watch: Watch) -> None:
    budget = Budget(store, Caps(month=1.0), watch)
    budget.settle(budget.reserve("r", 0.5, "cloud"), 2.0)
    spent = budget.spent()
    assert (spent.month_usd, spent.left_month_usd) == (2.0, 0.0)
    with pytest.raises(BudgetError, match=r"leaves \$0\.00"):
        budget.reserve("r", 0.5, "cloud")


def test_a_call_that_was_not_made_is_given_back(store: Store, watch: Watch) -> None:
    budget = Budget(store, Caps(), watch)
    call = budget.reserve("r", 0.5, "cloud")
    budget.release(call)
    budget.release(call)
    spent = budget.spent()
    assert (spent.open, spent.month_usd, spent.by_engine) == (0, 0.0, ())


def test_only_the_first_end_of_a_reservation_counts(store: Store, watch: Watch) -> None:
    budget = Budget(store, Caps(), watch)
    call = budget.reserve("r", 0.5, "cloud")
    budget.settle(call, 0.25)
    budget.settle(call, 0.25)
    budget.release(call)
    assert budget.spent().month_usd == 0.25


def test_who_never_reports_back_is_counted_at_the_worst_and_never_freed(
    store: Store, watch: Watch
) -> None:
    budget = Budget(store, Caps(day=1.0), watch)
    lost = budget.reserve("r", 0.75, "cloud")
    watch.pass_by(minutes=61)
    spent = budget.spent()
    assert (spent.open, spent.overdue, spent.overdue_usd) == (0, 1, 0.75)
    assert (spent.today_usd, spent.left_today_usd) == (0.75, 0.25)
    assert [one.today_usd for one in spent.by_engine] == [0.75]
    with pytest.raises(BudgetError):
        budget.reserve("r", 0.5, "cloud")
    # ... until it does report: a machine that slept knows what its call really cost.
    budget.settle(lost, 0.125)
    spent = budget.spent()
    assert (spent.overdue, spent.today_usd, spent.left_today_usd) == (0, 0.125, 0.875)


def test_all_that_share_the_database_share_the_budget(database: Database, watch: Watch) -> None:
    with Database(database.path) as second:
        one, other = Budget(database, Caps(day=1.0), watch), Budget(second, Caps(day=1.0), watch)
        call = one.reserve("a", 0.75, "cloud")
        with pytest.raises(BudgetError):
            other.reserve("b", 0.5, "cloud")
        other.settle(call, 0.5)
        assert one.spent().today_usd == 0.5


def test_spending_is_told_by_engine_and_taken_on_to_the_months_end(
    store: Store, watch: Watch
) -> None:
    budget = Budget(store, Caps(), watch)
    watch.now = datetime(2026, 3, 1, 1, tzinfo=UTC)
    budget.settle(budget.reserve("a", 1.0, "small"), 0.5)
    assert budget.spent().forecast_usd == pytest.approx(0.5 * 31)  # the first day counts whole
    watch.now = datetime(2026, 3, 11, tzinfo=UTC)
    for _ in range(2):
        budget.settle(budget.reserve("a", 1.0, "large"), 0.75)
    spent = budget.spent()
    told = [(one.engine, one.today_usd, one.month_usd, one.calls) for one in spent.by_engine]
    assert told == [("large", 1.5, 1.5, 2), ("small", 0.0, 0.5, 1)]
    assert spent.forecast_usd == pytest.approx(2.0 / 10 * 31)


def test_old_days_can_be_forgotten_and_the_current_month_cannot(store: Store, watch: Watch) -> None:
    budget = Budget(store, Caps(record=1.0), watch)
    budget.settle(budget.reserve("old", 1.0, "cloud"), 1.0)
    budget.reserve("lost", 1.0, "cloud")
    watch.pass_by(days=31)
    budget.settle(budget.reserve("new", 1.0, "cloud"), 1.0)
    budget.purge(date(2030, 1, 1))
    assert budget.spent().month_usd == 1.0
    assert store.rows("SELECT count(*) FROM budget_day") == [(1,)]
    assert store.rows("SELECT count(*) FROM budget_reservation") == [(0,)]
    assert budget.reserve("old", 1.0, "cloud").id
    with pytest.raises(BudgetError):
        budget.reserve("new", 1.0, "cloud")


def test_what_a_call_was_for_is_not_in_the_database(database: Database, watch: Watch) -> None:
    budget = Budget(database, Caps(), watch)
    budget.settle(budget.reserve("secret-employer.html", 1.0, "cloud"), 1.0)
    budget.reserve("secret-employer.html", 1.0, "cloud")
    for path in database.path.parent.iterdir():
        assert b"secret-employer" not in path.read_bytes()


def test_without_the_database_no_call_is_let_through(database: Database, watch: Watch) -> None:
    budget = Budget(database, Caps(), watch)
    with (
        Database(database.path, busy_seconds=0.01) as second,
        database.write(),
        pytest.raises(DatabaseError),
    ):
        Budget(second, Caps(), watch).reserve("r", 0.1, "cloud")
    assert budget.spent().open == 0


@pytest.mark.parametrize("amount", [-0.1, float("nan"), float("inf"), 2e9])
def test_what_is_no_amount_is_refused(store: Store, watch: Watch, amount: float) -> None:
    budget = Budget(store, Caps(month=None), watch)
    with pytest.raises(ValueError, match="no cost"):
        budget.reserve("r", amount, "cloud")
    with pytest.raises(ValueError, match="no cost"):
        budget.settle(Reservation(1, "r", "e", "2026-03-15", 1.0), amount)


@pytest.mark.parametrize("name", ["record", "day", "month"])
@pytest.mark.parametrize("cap", [-1.0, float("nan")])
def test_a_cap_is_an_amount_or_none(name: str, cap: float) -> None:
    with pytest.raises(UsageError, match=f"cap of a {name}"):
        Caps(**{name: cap})


def test_money_is_exact_where_floats_are_not() -> None:
    assert cost(0.1) * 3 == cost(0.3) == 300_000_000
    assert (cost(1e-12), cost(0.0), cost(0.0000000015)) == (1, 0, 2)
    assert (allowance(0.0000000015), allowance(30.0), allowance(1e300)) == (1, 30 * 10**9, 10**18)


@pytest.mark.parametrize(
    ("nano", "said"),
    [
        (0, "$0.00"),
        (1_500_000_000, "$1.50"),
        (12_345_678, "$0.0123"),
        (123_456, "$0.000123"),
        (1_234_567_890_123, "$1,234.57"),
    ],
)
def test_money_is_shown_as_small_as_it_is(nano: int, said: str) -> None:
    assert shown(nano) == said


def test_a_part_of_the_budget_has_a_cap_of_its_own_and_is_booked_apart(
    store: Store, watch: Watch
) -> None:
    caps = Caps(month=2.0)
    whole = Budget(store, caps, watch)
    one, other = (Budget(store, caps, watch, Part("audits", 0.5)) for _ in range(2))
    held = one.reserve("r", 0.25, "cloud")
    with pytest.raises(BudgetError) as caught:  # what the other holds counts at its worst
        other.reserve("s", 0.5, "cloud")
    assert str(caught.value) == (
        "a call may cost $0.50, and the cap of $0.50 for audits this month leaves $0.25"
    )
    assert "raise budget_audits (ROLECALL_BUDGET_AUDITS)" in str(caught.value.hint)
    assert "wait until 2026-04-01 (UTC)" in str(caught.value.hint)
    one.settle(held, 0.125)
    other.settle(other.reserve("s", 0.375, "far"), 0.375)
    with pytest.raises(BudgetError):
        one.reserve("t", 0.001, "cloud")
    assert {row.engine: row.month_usd for row in whole.spent().by_engine} == {
        "cloud (audits)": 0.125, "far (audits)": 0.375,
    }  # fmt: skip
    whole.settle(whole.reserve("u", 1.5, "cloud"), 1.5)  # the whole has more
    watch.now = datetime(2026, 4, 1, tzinfo=UTC)
    assert one.reserve("v", 0.5, "cloud").id


def test_the_caps_of_the_whole_hold_for_a_part_too(store: Store, watch: Watch) -> None:
    caps = Caps(day=1.0, month=2.0)
    part = Budget(store, caps, watch, Part("audits", None))
    Budget(store, caps, watch).reserve("r", 0.75, "cloud")
    with pytest.raises(BudgetError, match="for this day"):
        part.reserve("s", 0.5, "cloud")
    assert part.reserve("s", 0.25, "cloud").id
    nothing = Budget(store, caps, watch, Part("audits", 0.0))
    with pytest.raises(BudgetError, match="for audits"):
        nothing.reserve("t", 0.001, "cloud")
    assert nothing.reserve("t", 0.0, "near").id == 0  # what is free stays free

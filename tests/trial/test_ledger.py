"""Trials in the database, on both stores."""

import pytest
from tests.queue.conftest import kind, opened, store  # noqa: F401 - fixtures

from rolecall.trial.challenger import Challenger
from rolecall.trial.judge import total
from rolecall.trial.ledger import TrialLedger
from rolecall.trial.nouns import arms

NEW = Challenger(name="new", engine="a", share=0.1)
OTHER = Challenger(name="other", engine="b", share=0.1)
PAGE = "ab" * 32


@pytest.fixture
def ledger(store):  # noqa: F811
    found = TrialLedger(store, lambda: 5_000)
    found.enter([NEW, OTHER])
    return found


def states(ledger):
    return {name: (one.state, one.run) for name, one in ledger.trials().items()}


def test_a_trial_begins_once(ledger):
    ledger.enter([NEW])
    assert states(ledger) == {"new": ("running", 1), "other": ("running", 1)}
    assert ledger.trials()["new"].began == 5_000


def test_a_change_of_the_settings_counts_anew(ledger):
    ledger.add("new", 1, {"pages champion": 3}, [])
    changed = Challenger(name="new", engine="a", share=0.2)
    ledger.enter([changed])
    assert states(ledger)["new"] == ("running", 2)
    assert total(ledger.days("new", 2)) == {}
    ledger.stop("new", "harm", 2)
    ledger.enter([NEW])  # what was stopped stays so until a person says otherwise
    assert states(ledger)["new"] == ("stopped", 2)


def test_counts_of_all_workers_add_up_and_a_bad_page_counts_once(ledger):
    bad = [("failed", "challenger", PAGE), ("failed", "challenger", PAGE)]
    ledger.add("new", 1, {"pages challenger": 2}, bad)
    ledger.add("new", 1, {"pages challenger": 3}, [*bad, ("failed", "champion", "cd" * 32)])
    found = total(ledger.add("new", 1, {}, [("truncated", "both", PAGE)]))
    assert found["pages challenger"] == 5
    assert arms(found, "failed") == (1, 1, 0)
    assert arms(found, "truncated") == (0, 0, 1)


def test_one_is_promoted_at_a_time_and_what_is_stopped_stops_once(ledger):
    assert ledger.promote("new", "by hand")
    assert not ledger.promote("new", "by hand")
    assert ledger.promote("other", "by hand")
    assert states(ledger) == {"new": ("withdrawn", 1), "other": ("promoted", 1)}
    assert ledger.trials()["new"].why == "other was promoted"
    assert ledger.withdraw("other", "rolled back")
    assert not ledger.withdraw("other", "rolled back")
    assert not ledger.promote("nobody", "")


def test_only_a_run_that_goes_on_is_stopped_by_its_counts(ledger):
    ledger.promote("new", "by hand")
    assert not ledger.stop("new", "harm", run=1)  # a person has decided
    ledger.restart("new", NEW.design)
    assert not ledger.stop("new", "harm", run=1)
    assert ledger.stop("new", "harm", run=2)
    assert not ledger.withdraw("new", "by hand")
    assert states(ledger)["new"] == ("stopped", 2)
    assert ledger.promote("new", "a person knows better")


def test_what_counts_anew_forgets_which_pages_were_bad(ledger):
    ledger.add("new", 1, {}, [("failed", "challenger", PAGE)])
    assert ledger.restart("new", NEW.design)
    found = total(ledger.add("new", 2, {}, [("failed", "challenger", PAGE)]))
    assert arms(found, "failed") == (1, 0, 0)
    assert not ledger.restart("nobody", "")

"""What becomes of a claim, by its record."""

import pytest

from rolecall.queue.nouns import Claim
from rolecall.worker.ending import end_of

CLAIM = Claim(
    task=1, fence=1, batch=1, place=0, submitter="a", source="p", url=None, body=b"", worker="w",
    media_type=None, charset=None, captured=None, schema=None, priority=0, attempts=0, deaths=0,
    failures=0, deferrals=0,
)  # fmt: skip


def record(code, *results, retryable=True):
    reason = {"code": code, "stage": "ask", "message": "m", "retryable": retryable}
    attempts = [{"engine": name, "result": result} for name, result in results]
    return {"outcome": "failed", "reason": reason, "attempts": attempts}


def test_a_page_whose_engine_died_of_it_may_be_at_fault():
    told = record(
        "engine_unavailable", ("a", "http_503"), ("a", "disconnected"), ("a", "connection")
    )
    end = end_of(CLAIM, told)
    assert end.kind == "die"
    assert end.record["reason"] == {
        "code": "poison",
        "stage": "ask",
        "message": "a ended while it was asked about the page",
        "retryable": False,
    }
    assert end.record["attempts"] == told["attempts"]


@pytest.mark.parametrize(
    "results",
    [
        [("a", "connection")],
        [("a", "disconnected"), ("a", "disconnected")],
        [("a", "disconnected"), ("b", "connection")],
        [("a", "disconnected"), ("a", "http_503"), ("a", "connection")],
        [("a", "connection"), ("a", "disconnected")],
    ],
)
def test_an_engine_that_is_away_is_no_fault_of_the_page(results):
    assert end_of(CLAIM, record("engine_unavailable", *results)).kind == "defer"
    assert end_of(CLAIM, record("timeout", *results)).kind == "fail"


def test_an_account_that_is_of_no_use_lets_pages_wait_until_it_is_looked_at_again():
    told = record("engine_unavailable", ("a", "quota"), retryable=False)
    assert end_of(CLAIM, told).kind == "finish"
    told["reason"]["retry_at"] = "2099-01-01T00:00:00Z"
    assert end_of(CLAIM, told).kind == "defer"

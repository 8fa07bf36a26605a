"""FR-4 is judged by a trial; `tests/cli/test_verify.py` makes a real one."""

from msgspec import structs

from rolecall.evaluate.verify.queue import Trial, durable_queue

HELD = Trial(pages=40, ended=40, records=40, killed=True, urgent=True, cancelled=True)


def test_a_trial_that_kept_everything_passes():
    found = durable_queue(HELD, "rolecall verify")
    assert (found.verdict, found.id, found.command) == ("pass", "FR-4", "rolecall verify")
    assert "40 records" in found.figure


def test_what_is_lost_fails_and_what_was_not_tried_is_not_run():
    for lost in ({"records": 39}, {"records": 41}, {"urgent": False}, {"killed": False}):
        assert durable_queue(structs.replace(HELD, **lost), "").verdict == "fail"
    assert durable_queue(None, "").verdict == "not_run"

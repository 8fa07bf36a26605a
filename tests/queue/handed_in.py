"""Submissions and records for tests."""

from rolecall.queue.nouns import Claim, NewTask, Result, Submission


def page(number, **more):
    return NewTask(source=f"page-{number}", body=f"<p>page {number}</p>".encode(), **more)


def pages(count, submitter="one", key=None, fingerprint=None, **more):
    tasks = tuple(page(number, **more) for number in range(count))
    return Submission(submitter=submitter, tasks=tasks, key=key, fingerprint=fingerprint)


def record(claim: Claim, title="Cook"):
    return {
        "seq": claim.place, "source": claim.source, "url": claim.url, "outcome": "ok",
        "reason": None, "data": {"title": title, "company": "Kitchen"}, "attempts": [],
    }  # fmt: skip


def result(claim: Claim, title="Cook"):
    return Result(claim=claim, record=record(claim, title))


def work(queue, worker="w", count=1):
    """Claim and finish until nothing is left; gives the numbers in the order they came."""
    order = []
    while claims := queue.leases.claim(worker, count):
        order += [claim.task for claim in claims]
        assert all(queue.leases.finish([result(claim) for claim in claims]))
    return order

"""What listeners hear, and what becomes of those who do not listen well."""

import json
import time
from contextlib import contextmanager

import pytest
from tests.serve.here import HTML, serving, wait_for
from tests.serve.test_tasks import hand_in, work

from rolecall.serve import feed as feed_module


@pytest.fixture
def here(tmp_path):
    with serving(tmp_path) as one:
        yield one


@contextmanager
def listening(client, **headers):
    """The events of a stream, as they come."""
    with client.stream("GET", "/v1/events", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events(answer.iter_lines())


def events(lines):
    told = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            told[name] = value.strip()
        elif told:
            yield told
            told = {}


def tasks(stream, count):
    found = []
    for one in stream:
        if one.get("event") == "task":
            found.append((int(one["id"]), json.loads(one["data"])))
            if len(found) == count:
                return found
    return found


def test_what_happens_is_told_as_it_happens(here):
    client = here.client()
    receipt = hand_in(here.client(), 3)
    with listening(client) as stream:
        assert next(stream)[""] == "listening"
        work(here, 3)
        found = tasks(stream, 3)
    assert [one["task"] for _, one in found] == receipt["tasks"]
    assert {one["outcome"] for _, one in found} == {"failed"}
    assert {one["batch"] for _, one in found} == {receipt["batch"]}


def test_nothing_is_left_out_after_a_break(here):
    hand_in(here.client(), 6)
    with listening(here.client()) as stream:
        next(stream)
        work(here, 2)
        first = tasks(stream, 2)
    work(here, 2)
    with listening(here.client(), **{"Last-Event-ID": str(first[-1][0])}) as stream:
        next(stream)
        missed = tasks(stream, 2)
        work(here, 2)
        rest = tasks(stream, 2)
    numbers = [number for number, _ in [*first, *missed, *rest]]
    assert numbers == sorted(set(numbers))
    assert [one["task"] for _, one in [*first, *missed, *rest]] == [f"t{n}" for n in range(1, 7)]
    with listening(here.client(), **{"Last-Event-ID": "0"}) as stream:
        assert len(tasks(stream, 6)) == 6
    answer = here.client().get("/v1/events", headers={"Last-Event-ID": "x"})
    assert answer.status_code == 422


def test_counts_are_told_when_they_change(here):
    with listening(here.client()) as stream:
        told = (json.loads(one["data"]) for one in stream if one.get("event") == "counts")
        assert next(told)["queued"] == 0
        hand_in(here.client(), 2)
        assert next(told)["queued"] == 2


def test_each_hears_only_of_its_own(tmp_path):
    with serving(tmp_path, host="0.0.0.0") as one:
        anna = one.client(one.token("anna", "tasks"))
        bert = one.client(one.token("bert", "tasks"))
        hand_in(bert, 1)
        hand_in(anna, 1)
        with listening(anna, **{"Last-Event-ID": "0"}) as stream:
            work(one, 2)
            (found,) = tasks(stream, 1)
            assert found[1]["task"] == "t2"
        assert one.client(one.token("x", "extract")).get("/v1/events").status_code == 403
        assert one.client().get("/v1/events").status_code == 401


def test_a_listener_that_leaves_is_forgotten(here):
    with listening(here.client()) as stream:
        next(stream)
        assert len(here.state.feed) == 1
    wait_for(lambda: len(here.state.feed) == 0)


def test_listeners_are_bounded_and_one_that_does_not_listen_is_let_go(here, monkeypatch):
    monkeypatch.setattr(feed_module, "MOST_LISTENERS", 1)
    with listening(here.client()) as stream:
        next(stream)
        answer = here.client().get("/v1/events")
        assert (answer.status_code, answer.json()["code"]) == (503, "listeners")
    wait_for(lambda: len(here.state.feed) == 0)
    monkeypatch.setattr(feed_module, "MOST_HELD", 2)
    hand_in(here.client(), 5)
    with listening(here.client()) as stream:
        next(one for one in stream if one.get("event") == "counts")  # it has caught up
        work(here, 5)
        assert len(tasks(stream, 5)) < 5  # the stream ends; with Last-Event-ID nothing is lost
    wait_for(lambda: len(here.state.feed) == 0)


def test_a_stream_ends_when_the_server_does(tmp_path):
    with serving(tmp_path) as one:
        client = one.client()
        with listening(client) as stream:
            next(stream)
            began = time.monotonic()
            one.loop.call_soon_threadsafe(one.state.end)
            assert list(stream) is not None
            assert time.monotonic() - began < 2
        assert one.client().get("/v1/events").status_code == 503
        assert HTML

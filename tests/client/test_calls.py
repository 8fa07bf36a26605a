"""What a client does about answers that are none: over real connections to a scripted server."""

import asyncio
import base64
import inspect
import json
import socket
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rolecall
from rolecall.client import AsyncBatch, Batch, Page, Patience
from rolecall.client.asks import Seen, keys
from rolecall.client.calls import Ask, Reply, pause, refusal, wait_after
from rolecall.client.pages import MOST_BYTES, MOST_PAGES, pieces, sent
from rolecall.client.record import Record
from rolecall.client.wire import place as place_of
from rolecall.errors import ServerError, SourceError, UsageError

from .scripted import problem, serving, told

QUICK = Patience(first=0.001, longest=0.002)
RECORD = told({"outcome": "ok", "data": {"title": "Nurse"}, "new_field": 1})
RECEIPT = told({"batch": "b1", "tasks": ["t1"]}, 202)


def client(url, **rest):
    return rolecall.Client(url, patience=QUICK, **rest)


@pytest.mark.parametrize(
    "faults",
    [
        [problem(429, {"Retry-After": "0"})],
        [problem(503)] * 3,
        ["cut", "half", "cut"],
        [problem(502), problem(504)],
    ],
)
def test_a_call_is_made_again_where_that_helps(faults):
    with serving(*faults, RECORD) as (script, url), client(url) as ours:
        record = ours.extract("<h1>Nurse</h1>")
        assert record.data["title"] == "Nurse"
        assert record.json()["new_field"] == 1
        assert len(script.heard) == len(faults) + 1
        assert len({body for *_, body in script.heard}) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 422, 500, 501])
def test_any_other_refusal_is_an_error_at_once(status):
    refused = problem(status, code="word", detail="this is why", hint="do that")
    with serving(refused) as (script, url), client(url) as ours:
        with pytest.raises(ServerError, match="this is why") as caught:
            ours.extract("<p>")
        assert len(script.heard) == 1
    error = caught.value
    assert (error.status, error.title, error.detail) == (status, "No", "this is why")
    assert (error.code, error.hint, error.problem["status"]) == ("word", "do that", status)
    assert error.retryable == (status >= 500)


def test_it_gives_up_after_so_many_tries_and_says_why():
    with serving(problem(503, detail="busy")) as (script, url), client(url) as ours:
        with pytest.raises(ServerError, match="busy"):
            ours.extract("<p>")
        assert len(script.heard) == QUICK.tries


def test_a_server_that_asks_for_too_long_a_wait_is_not_waited_for():
    late = problem(429, {"Retry-After": "3600"})
    with serving(late) as (script, url), client(url) as ours:
        with pytest.raises(ServerError) as caught:
            ours.extract("<p>")
        assert caught.value.retry_after == 3600
        assert len(script.heard) == 1


def test_what_could_do_harm_twice_is_sent_again_only_if_it_never_arrived():
    with serving("cut", told({"changed": 1})) as (script, url), client(url) as ours:
        with pytest.raises(ServerError, match="broke"):
            ours.retry("t1")
        assert len(script.heard) == 1


def test_a_server_that_is_not_there_is_an_error_that_says_so():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with client(url) as ours, pytest.raises(ServerError, match="no connection") as caught:
            ours.task("t1")
    assert caught.value.status is None
    assert not caught.value.sent
    assert "rolecall serve" in caught.value.hint


def test_a_server_that_is_silent_is_an_error_in_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        impatient = Patience(tries=1)
        ours = rolecall.Client(url, timeout=0.05, patience=impatient)
        with ours, pytest.raises(ServerError, match=r"within 0\.05 s"):
            ours.task("t1")


def test_the_token_goes_to_no_other_host():
    with serving(RECORD) as (other, elsewhere):
        sends = (307, {"Location": f"{elsewhere}/v1/extract"}, b"")
        with serving(sends) as (script, url), client(url, token="rc_secret") as ours:
            with pytest.raises(ServerError, match="sends elsewhere") as caught:
                ours.extract("<p>")
            assert script.heard[0][2]["authorization"] == "Bearer rc_secret"
        assert other.heard == []
    assert "rc_secret" not in repr(ours) + str(caught.value) + str(caught.value.hint)


def test_address_and_token_come_from_the_environment(monkeypatch):
    with serving(RECORD) as (script, url):
        monkeypatch.setenv("ROLECALL_URL", url + "/")
        monkeypatch.setenv("ROLECALL_TOKEN", "rc_of_environment\n")
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        with rolecall.Client(patience=QUICK) as ours:
            ours.extract("<p>")
        assert script.heard[0][2]["authorization"] == "Bearer rc_of_environment"
        rolecall.Client(url, token="").close()
    from rolecall.settings_load import load

    load(environ={"ROLECALL_URL": url, "ROLECALL_TOKEN": "rc_x"})  # they are no settings


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("", ""),
        ("ftp://host", ""),
        ("127.0.0.1:8600", ""),
        ("http://", ""),
        ("http://user:word@host", ""),
        ("http://host/?token=x", ""),
        ("http://host", "two words"),
        ("http://host", "line\nbreak"),
        ("http://host", "tökén"),
        ("http://[", None),
        ("http://a.example:99999", None),
    ],
)
def test_what_cannot_be_a_server_or_a_token_is_a_wrong_call(url, token, monkeypatch):
    monkeypatch.delenv("ROLECALL_URL", raising=False)
    with pytest.raises(UsageError):
        rolecall.Client(url, token)


def test_the_token_is_not_shown():
    assert "secret" not in repr(place_of("http://a.example", "rc_secret", {}))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"outcome": 5}', b'{"a": 1}'])
def test_an_answer_that_is_not_ours_is_an_error(body):
    other = (200, {"Content-Type": "text/html"}, body)
    wrong = pytest.raises(ServerError, match="not a Rolecall server's")
    with serving(other) as (_, url), client(url) as ours, wrong:
        ours.extract("<p>")


def test_an_error_that_is_no_problem_document_is_told_without_it():
    html = (500, {"Content-Type": "text/html"}, b"<h1>x</h1>" * 99_999)
    wrong = pytest.raises(ServerError)
    with serving(html) as (_, url), client(url) as ours, wrong as caught:
        ours.extract("<p>")
    assert (caught.value.status, caught.value.detail) == (500, "")


def test_pages_are_sent_as_they_are(tmp_path):
    path = tmp_path / "a page.md"
    path.write_bytes(b"\xff# Nurse")
    source = rolecall.Source(
        body=b"<p>x", locator="s", url="https://s.example/", media_type="text/html",
        charset="latin-1", captured=date(2026, 5, 1),
    )  # fmt: skip
    asked = [
        "<h1>Ünïcode</h1>",
        b"<p>bytes",
        path,
        source,
        Page(page="<p>keyed", key="k", priority=3, url="https://k.example/"),
        "https://fetch.example/job",
        "<p>\ud800",
    ]
    with serving(RECEIPT) as (script, url), client(url) as ours:
        batch = ours.submit(asked, priority=2, delay=1.5, schema="short", idempotency_key="mine")
    assert batch.numbers == ("b1",)
    ((_, _, headers, body),) = script.heard
    assert headers["idempotency-key"] == "mine"
    document = json.loads(body)
    pages = document.pop("pages")
    assert document == {"priority": 2, "delay": 1.5, "schema": "short"}
    encoded = lambda body: base64.b64encode(body).decode()  # noqa: E731
    assert pages[0] == {"html": "<h1>Ünïcode</h1>"}
    assert pages[1] == {"body_base64": encoded(b"<p>bytes")}
    assert pages[2] == {
        "body_base64": encoded(b"\xff# Nurse"), "source": str(path), "media_type": "text/markdown",
    }  # fmt: skip
    assert pages[3] == {
        "body_base64": encoded(b"<p>x"), "url": "https://s.example/", "source": "s",
        "media_type": "text/html", "charset": "latin-1", "captured": "2026-05-01",
    }  # fmt: skip
    assert pages[4] == {
        "html": "<p>keyed", "key": "k", "priority": 3, "url": "https://k.example/",
    }  # fmt: skip
    assert pages[5] == {"url": "https://fetch.example/job"}
    assert pages[6]["body_base64"] == encoded(b"<p>\xed\xa0\x80")


def test_a_schema_is_a_name_a_document_or_one_of_ours():
    document = {"type": "object", "properties": {"title": {"type": "string"}}}
    with serving(RECORD) as (script, url), client(url) as ours:
        ours.extract("<p>", schema="short")
        ours.extract("<p>", schema=document)
        ours.extract("<p>", schema=rolecall.Schema.from_json(json.dumps(document)))
        with pytest.raises(UsageError, match="no schema"):
            ours.extract("<p>", schema=5)
    sent_ = [json.loads(body)["schema"] for *_, body in script.heard]
    assert sent_[0] == "short"
    assert sent_[1] == document
    assert sent_[2]["properties"] == document["properties"]


def test_what_is_no_page_is_refused_before_anything_is_sent(tmp_path):
    with serving(RECORD) as (script, url), client(url) as ours:
        with pytest.raises(UsageError, match="no page"):
            ours.extract(5)
        with pytest.raises(UsageError, match="address alone"):
            ours.extract("https://fetch.example/")
        with pytest.raises(SourceError, match="cannot be read"):
            ours.extract(tmp_path / "none.html")
        (tmp_path / "some.html").write_text("<p>")
        with pytest.raises(UsageError, match="name of a file"):
            ours.extract(str(tmp_path / "some.html"))
        with pytest.raises(UsageError, match="t123"):
            ours.task("../admin")
        assert script.heard == []


@settings(max_examples=30)
@given(st.lists(st.integers(0, 3_000_000), max_size=12))
def test_pieces_hold_all_pages_in_order_and_no_piece_is_too_large(sizes):
    pages = [Page(page=b"x" * size, key=str(place)) for place, size in enumerate(sizes)]
    found = list(pieces(pages))
    assert [one.key for piece in found for one in piece] == [one.key for one in pages]
    for piece in found:
        assert len(piece) == 1 or sum(one.size for one in piece) <= MOST_BYTES
        assert piece


def test_pieces_are_read_as_they_are_needed():
    asked = []

    def pages():
        for number in range(10 * MOST_PAGES):
            asked.append(number)
            yield "<p>"

    with serving(problem(422)) as (_, url), client(url) as ours, pytest.raises(ServerError):
        ours.submit(pages())
    assert len(asked) <= MOST_PAGES + 1


def test_each_piece_has_a_key_of_its_own_and_an_error_says_what_was_taken_in():
    replies = ["cut", RECEIPT, problem(503), told({"batch": "b2", "tasks": ["t2"]}, 202)]
    wrong = pytest.raises(ServerError)
    with serving(*replies, problem(403)) as (script, url), client(url) as ours, wrong as caught:
        ours.submit(["<p>"] * (2 * MOST_PAGES + 1), idempotency_key="night")
    assert [one[2]["idempotency-key"] for one in script.heard] == [
        "night", "night", "night.2", "night.2", "night.3",
    ]  # fmt: skip
    assert caught.value.__notes__ == ["taken in before that: b1, b2"]
    first, second = (next(iter(keys(None))) for _ in range(2))
    assert first != second


def test_the_same_holds_in_an_event_loop():
    async def run(url):
        async with rolecall.AsyncClient(url, "rc_x", patience=QUICK) as ours:
            record = await ours.extract("<p>")

            async def pages():
                for _ in range(3):
                    yield "<p>"

            batch = await ours.submit(pages())
            with pytest.raises(ServerError, match="why"):
                await ours.task("t1")
            return record, batch

    replies = [problem(503), "cut", RECORD, problem(429, {"Retry-After": "0"}), RECEIPT]
    with serving(*replies, problem(404, detail="why")) as (script, url):
        record, batch = asyncio.run(run(url))
        assert record.ok
        assert batch.tasks == ("t1",)
        assert len(script.heard) == 6
        assert {one[2]["authorization"] for one in script.heard} == {"Bearer rc_x"}


@pytest.mark.parametrize(
    ("one", "other"), [(rolecall.Client, rolecall.AsyncClient), (Batch, AsyncBatch)]
)
def test_both_clients_have_the_same_methods_and_parameters(one, other):
    def told(kind):
        public = {name: value for name, value in vars(kind).items() if name[0] != "_"}
        return {
            name: list(inspect.signature(value).parameters)
            for name, value in public.items()
            if callable(value)
        }

    assert told(one) == told(other)
    assert inspect.signature(one).parameters.keys() == inspect.signature(other).parameters.keys()


def test_retry_after_is_a_number_or_a_date():
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    date_ = format_datetime(now + timedelta(seconds=90), usegmt=True)
    told_ = lambda text: refusal(Reply(429, {"retry-after": text}, b""), "u", now.timestamp())  # noqa: E731
    assert told_("7").retry_after == 7
    assert told_(date_).retry_after == 90
    for odd in ("", "soon", "nan", "inf", "Mon, 99 Xxx"):
        assert told_(odd).retry_after is None


@given(st.integers(1, 50), st.floats(0, 0.999), st.none() | st.floats(0, 100))
def test_pauses_grow_by_chance_and_within_bounds(tried, chance, asked):
    patience = Patience()
    wait = pause(patience, tried, chance, asked)
    if asked is None:
        own = min(patience.longest, patience.first * 2 ** (tried - 1))
        assert own / 2 <= wait <= own
    else:
        assert asked <= wait <= asked + 1


def test_nothing_is_tried_again_that_is_asked_once():
    with pytest.raises(ServerError):
        wait_after(
            ServerError("busy", status=503), Ask(method="GET", path="/", once=True), QUICK, 1, 0.5
        )


@given(st.permutations(range(12)), st.sets(st.integers(0, 11), max_size=5))
def test_each_record_is_given_out_once_and_is_asked_for_until_all_before_it_are_there(order, known):
    seen, given_out = Seen(sorted(known)), []
    for place in order:
        again = [one for one in order[: order.index(place) + 1] if one > seen.after]
        # what a server tells that is asked from there
        told_ = [Record(outcome="ok", seq=one) for one in again if one not in known]
        given_out += [one.seq for one in told_ if seen.add(one)]
    assert sorted(given_out) == [one for one in range(12) if one not in known]
    assert seen.count == len(given_out)
    assert seen.after >= (11 if 11 not in known else max(set(range(12)) - known, default=-1))


def test_names_of_files_are_one_line():
    assert sent(rolecall.Source(body=b"", locator="a\nb\udcff")).source == "a\\x0ab\\udcff"
    assert sent(rolecall.Source(body=b"")).source is None

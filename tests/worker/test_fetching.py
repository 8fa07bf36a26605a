"""Tasks of which only the address is given, and messages that a batch has ended."""

import asyncio
import base64
import hashlib
import hmac
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import pytest

from rolecall.fetch import FetchError, Rules
from rolecall.queue.callbacks import Callbacks
from rolecall.queue.nouns import Callback, NewTask
from rolecall.worker.callbacks import WAITS, Deliveries, headers_of, key_of

from .conftest import page, submit, until

HERE = Rules(allow=("127.0.0.1/32",), delay=0.0)


class Site(ThreadingHTTPServer):
    """Pages under ``/n``, and a receiver of messages, which answers as ``statuses`` say."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answering)
        self.heard, self.statuses, self.paths = [], [], []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answering(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.paths.append(self.path)
        found = self.path[1:].isdecimal()
        body = page(int(self.path[1:])) if found else b"no"
        self.send_response(200 if found else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.heard.append(
            ({name.lower(): value for name, value in self.headers.items()}, body)
        )
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 204)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def site():
    found = Site()
    yield found
    found.shutdown()
    found.server_close()


def by_url(site, *names):
    return tuple(NewTask(source=name, url=f"{site.url}/{name}") for name in names)


def test_pages_are_fetched_where_that_is_allowed(queue, started, site):
    first, missing = submit(queue, tasks=by_url(site, "7", "missing"))
    started(queue, processes=1, fetches=HERE)
    until(lambda: queue.view.counts()["done"] == 2)
    record = queue.view.record(first)
    assert record["data"]["title"] == "Engineer 7"
    assert record["url"] == f"{site.url}/7"
    reason = queue.view.record(missing)["reason"]
    assert (reason["code"], reason["stage"]) == ("unreadable", "fetch")
    assert "not_found" in reason["message"]


@pytest.mark.parametrize(("rules", "code"), [(None, "unreadable"), (Rules(), "blocked_address")])
def test_nothing_is_fetched_otherwise(queue, started, site, rules, code):
    (task,) = submit(queue, tasks=by_url(site, "7"))
    started(queue, processes=1, fetches=rules)
    until(lambda: queue.view.task(task).state == "done")
    assert queue.view.record(task)["reason"]["code"] == code
    assert site.paths == []


def test_a_message_arrives_when_the_batch_has_ended(queue, started, site):
    secret = "whsec_" + base64.b64encode(b"0123456789abcdef").decode()
    submit(queue, 12, callback=Callback(url=f"{site.url}/told", secret=secret))
    started(queue, processes=1, calls=HERE)
    until(lambda: site.heard)
    headers, body = site.heard[0]
    told = orjson.loads(body)
    assert (told["type"], told["id"], told["size"]) == ("batch.ended", "b1", 12)
    assert told["states"] == {"done": 12}
    assert sum(told["outcomes"].values()) == 12
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(b"0123456789abcdef", signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()
    until(lambda: state_of(queue) == "delivered")


def state_of(queue):
    return queue.store.rows("SELECT state FROM queue_callback")[0][0]


class Clock:
    now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def sending(queue):
    """Messages of a batch that has ended, sent by hand, with a clock that is moved by hand."""
    clock, posted, answers = Clock(), [], []

    async def post(url, body, headers):
        posted.append((url, body, headers))
        if answers and (error := answers.pop(0)):
            raise error

    async def in_thread(step, *values):
        return step(*values)

    secret = Callback(url="https://example.org/told", secret="plain words")
    (task,) = submit(queue, callback=secret)

    def send():
        return asyncio.run(
            Deliveries(Callbacks(queue.store, clock), queue.view, post, in_thread, clock).send()
        )

    return clock, posted, answers, send, task


def test_a_message_is_sent_until_it_arrives_and_carries_one_name(queue, sending):
    clock, posted, answers, send, task = sending
    assert send() == 0  # the batch goes on
    queue.control.cancel(task)
    clock.now += 10
    answers += [
        FetchError("unreachable", "no"),
        FetchError("server_error", "500", status=500),
        None,
    ]
    for wait in WAITS[:2]:
        assert send() == 1
        assert send() == 0
        clock.now += wait + 0.01
    assert send() == 1
    clock.now += 1_000_000
    assert send() == 0
    assert {headers["webhook-id"] for _, _, headers in posted} == {"batch-ended-b1"}
    assert len({headers["webhook-timestamp"] for _, _, headers in posted}) == 3
    assert state_of(queue) == "delivered"


def test_the_log_does_not_tell_where_a_message_goes(queue, sending, caplog):
    _, _, answers, send, task = sending
    queue.control.cancel(task)
    answers += [FetchError("server_error", "https://example.org/secret answers 500", status=500)]
    send()
    assert "the message about b1 has not arrived: server_error" in caplog.text
    assert "secret" not in caplog.text


def test_a_message_is_given_up_in_the_end(queue, sending):
    clock, posted, answers, send, task = sending
    queue.control.cancel(task)
    answers += [FetchError("unreachable", "no"), ValueError("a fault of ours")] * 25
    for _ in range(50):
        clock.now += 100_000
        send()
    assert len(posted) == len(WAITS) + 1
    assert state_of(queue) == "failed"


def test_a_message_does_not_wait_for_those_of_batches_that_go_on(queue, sending):
    clock, _, _, send, _ = sending
    secret = Callback(url="https://example.org/told", secret="plain words")
    last = [submit(queue, callback=secret)[0] for _ in range(40)][-1]
    queue.control.cancel(last)
    clock.now += 10
    assert send() == 1


@pytest.mark.parametrize(
    "error",
    [FetchError("blocked_address", "no"), FetchError("not_found", "gone", status=410)],
)
def test_a_message_that_cannot_or_must_not_arrive_is_given_up_at_once(queue, sending, error):
    clock, posted, answers, send, task = sending
    queue.control.cancel(task)
    answers.append(error)
    for _ in range(3):
        clock.now += 100_000
        send()
    assert len(posted) == 1
    assert state_of(queue) == "failed"
    assert queue.store.rows("SELECT secret FROM queue_callback") == [("",)]


def test_a_message_whose_sender_died_is_sent_once_more(queue, sending):
    clock, posted, _, send, task = sending
    queue.control.cancel(task)
    clock.now += 10
    (mine,) = Callbacks(queue.store, clock).claim()
    assert mine.attempts == 1
    assert send() == 0
    clock.now += 130
    assert send() == 1
    assert len(posted) == 1


def test_the_signature_is_that_of_the_published_example():
    """The example of standardwebhooks.com, whose secret is base64."""
    body = b'{"test": 2432232314}'
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330." + body
    mac = hmac.digest(key, signed, hashlib.sha256)
    assert base64.b64encode(mac) == b"g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    headers = headers_of(3, body, "whsec_not base64!", 1614265330.9)
    assert headers["webhook-timestamp"] == "1614265330"

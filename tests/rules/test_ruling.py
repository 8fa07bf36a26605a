"""Rules are evaluated by one worker, keep their states, and tell an address, on both stores."""

import asyncio
import dataclasses
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import pytest
from msgspec.structs import replace
from tests.monitor.made import event
from tests.queue.clock import Clock
from tests.queue.conftest import kind, opened, store  # noqa: F401 - fixtures

from rolecall.client import verify_callback
from rolecall.errors import CallbackError, SettingsError
from rolecall.monitor import Series
from rolecall.rules.nouns import Rule
from rolecall.rules.ruling import Ruling
from rolecall.rules.states import AGAIN, EVERY, OFTEN, States
from rolecall.settings import Settings
from rolecall.worker.callbacks import WAITS

SECRET = "a secret that is long enough"


class Receiver(ThreadingHTTPServer):
    """Takes messages, and answers as ``statuses`` say."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answering)
        self.heard, self.statuses = [], []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answering(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.heard.append((self.path, dict(self.headers), body))
        status = self.server.statuses.pop(0) if self.server.statuses else 204
        self.send_response(status)
        if status == 302:
            self.send_header("location", f"{self.server.url}/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    def do_GET(self):
        self.do_POST()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    found = Receiver()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture
def settings(receiver, tmp_path):
    key = tmp_path / "alert.key"
    key.write_text(f"{SECRET}\n")
    runs = tmp_path / "runs"
    runs.mkdir()
    return Settings(alert_url=receiver.url, alert_key_file=str(key), runs_folder=str(runs))


async def in_thread(step, *values):
    return await asyncio.to_thread(step, *values)


def failing(store, clock, share=0.5):  # noqa: F811
    series = Series(store, clock=clock)
    now = int(1_000 * clock())
    for number in range(200):
        outcome = "failed" if number < 200 * share else "ok"
        series(event(moment=now - number, outcome=outcome))
    series.flush()


def rule(holds, told="so it is"):
    return Rule(
        name="failures", watches="pages", threshold="over 2%", holds=holds, figure=0.5, told=told,
        next="look",
    )  # fmt: skip


def told_of(receiver):
    return [orjson.loads(body)["type"] for _, _, body in receiver.heard]


def test_states_remember_since_when_and_only_changes_are_told(store):  # noqa: F811
    clock = Clock()
    states = States(store, clock)
    begun = int(1_000 * clock())
    steps = [(False, 0), (True, 1), (True, 0), (None, 0), (True, 0), (None, 0), (False, 1)]
    for holds, changes in steps:
        assert len(states.keep([rule(holds)], alert=True)) == changes, holds
        clock.pass_by(60)
    (one,) = states.all()
    assert one.rule.holds is False
    # On PostgreSQL the clock is the server's, moved by ours.
    assert one.since - begun == pytest.approx(360_000, abs=30_000)
    assert one.looked == one.since
    assert states.undelivered() == 2


def test_one_of_many_workers_evaluates_once_a_day(opened):  # noqa: F811
    clock = Clock()
    many = [States(opened(), clock) for _ in range(4)]
    claimed = []
    threads = [
        threading.Thread(target=lambda one=one: claimed.append(one.claim("rules"))) for one in many
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(claimed) == [False, False, False, True]
    clock.pass_by(EVERY / 1_000 - 60)
    assert not any(one.claim("rules") for one in many)
    clock.pass_by(120)
    assert [one.claim("rules") for one in many] == [True, False, False, False]
    assert [one.claim("quick") for one in many] == [True, False, False, False]
    clock.pass_by(OFTEN / 1_000 + 60)
    assert [one.claim("quick") for one in many] == [True, False, False, False]
    many[0].try_again()
    clock.pass_by(AGAIN / 1_000 + 60)
    assert many[1].claim("rules")
    clock.pass_by(400 * EVERY / 1_000)  # the clock was far ahead for a moment
    assert [many[0].claim("rules"), many[0].claim("quick")] == [True, True]
    clock.pass_by(-400 * EVERY / 1_000)
    assert [one.claim("rules") for one in many] == [True, False, False, False]
    assert [one.claim("quick") for one in many] == [True, False, False, False]


def test_a_rule_that_begins_and_ends_is_told_to_the_address(store, settings, receiver):  # noqa: F811
    clock = Clock()
    ruling = Ruling(store, settings, {"HOME": settings.runs_folder}, clock)
    failing(store, clock)
    rules = {one.name: one for one in ruling.check()}
    assert rules["failures"].holds
    assert asyncio.run(ruling.send(in_thread)) == 1
    ((path, headers, body),) = receiver.heard
    assert path == "/hook"
    told = verify_callback(headers, body, SECRET, now=clock())
    assert (told["type"], told["name"], told["holds"]) == ("rule.began", "failures", True)
    assert (told["figure"], told["next"]) == (0.5, rules["failures"].next)
    with pytest.raises(CallbackError):
        verify_callback(headers, body, "another secret, not the one", now=clock())
    assert asyncio.run(ruling.send(in_thread)) == 0

    clock.pass_by(86_400 + 3_600)
    failing(store, clock, share=0.0)
    ruling.check()
    asyncio.run(ruling.send(in_thread))
    assert told_of(receiver) == ["rule.began", "rule.ended"]
    assert len({headers["webhook-id"] for _, headers, _ in receiver.heard}) == 2


def test_a_message_that_did_not_arrive_is_tried_again_after_a_restart(
    opened, settings, receiver  # noqa: F811
):  # fmt: skip
    clock = Clock()
    first = Ruling(opened(), settings, {}, clock)
    States(opened(), clock).keep([rule(True)], alert=True)
    receiver.statuses += [500, 302]
    assert asyncio.run(first.send(in_thread)) == 1
    assert asyncio.run(first.send(in_thread)) == 0
    second = Ruling(opened(), settings, {}, clock)  # the first one is gone
    clock.pass_by(WAITS[0] + 60)
    assert asyncio.run(second.send(in_thread)) == 1
    clock.pass_by(WAITS[1] + 60)
    assert asyncio.run(second.send(in_thread)) == 1
    assert [path for path, _, _ in receiver.heard] == ["/hook"] * 3, "no redirect is followed"
    assert len({headers["webhook-id"] for _, headers, _ in receiver.heard}) == 1
    assert second.states.undelivered() == 0


def test_a_receiver_that_is_away_for_good_is_given_up_and_one_that_wants_no_more_at_once(
    store, settings, receiver  # noqa: F811
):  # fmt: skip
    clock = Clock()
    ruling = Ruling(store, settings, {}, clock)
    ruling.states.keep([rule(True)], alert=True)
    receiver.statuses += [503] * 99
    for wait in (*WAITS, 1):
        assert asyncio.run(ruling.send(in_thread)) == 1
        clock.pass_by(wait + 60)
    assert asyncio.run(ruling.send(in_thread)) == 0
    assert store.rows("SELECT state, attempts FROM drift_message") == [("failed", len(WAITS) + 1)]
    receiver.statuses[:] = [410]
    ruling.states.keep([rule(False)], alert=True)
    asyncio.run(ruling.send(in_thread))
    assert ruling.states.undelivered() == 0
    assert [row[0] for row in store.rows("SELECT state FROM drift_message")] == ["failed"] * 2


def test_a_receiver_that_is_down_is_shown_until_a_message_arrives(store, settings, receiver):  # noqa: F811
    clock = Clock()
    ruling = Ruling(store, settings, {}, clock)
    states = ruling.states
    assert states.post().told == ""
    for name in ("failures", "drift"):
        states.keep([replace(rule(True), name=name)], alert=True)
    assert states.post().told == "alert_url: 2 messages wait"
    receiver.statuses += [503, 410]
    asyncio.run(ruling.send(in_thread))
    told = states.post().told
    assert told.startswith("alert_url: 1 message waits, 1 given up, the last try failed: ")
    assert receiver.url not in told
    clock.pass_by(WAITS[0] + 60)
    asyncio.run(ruling.send(in_thread))
    states.keep([replace(rule(False), name="drift")], alert=True)
    asyncio.run(ruling.send(in_thread))
    assert states.post().told == ""


def test_what_is_undelivered_waits_while_no_address_is_set(store, settings, receiver):  # noqa: F811
    states = States(store)
    states.keep([rule(True)], alert=True)
    quiet = Ruling(store, Settings(), {})
    assert asyncio.run(quiet.send(in_thread)) == 0
    assert states.undelivered() == 1
    assert asyncio.run(Ruling(store, settings, {}).send(in_thread)) == 1
    assert told_of(receiver) == ["rule.began"]
    # Without an address nothing is put down that would be sent once there is one.
    quiet.states.keep([rule(False)], alert=False)
    assert states.undelivered() == 0


@pytest.mark.parametrize(
    "url",
    ["chat.example", "file:///etc/passwd", "https://", "http://a:b/x", "ftp://a.example/", "a b"],
)
def test_what_is_no_address_is_refused_at_once(tmp_path, url):
    key = tmp_path / "alert.key"
    key.write_text(SECRET)
    with pytest.raises(SettingsError) as caught:
        Ruling(None, Settings(alert_url=url, alert_key_file=str(key)), {})
    assert "https://" in caught.value.hint


@pytest.mark.parametrize("file", ["", "missing.key", "short.key", "binary.key"])
def test_an_address_without_a_key_is_refused_at_once(tmp_path, file):
    (tmp_path / "short.key").write_text("short\n")
    (tmp_path / "binary.key").write_bytes(b"\xff" * 40)
    path = str(tmp_path / file) if file else ""
    with pytest.raises(SettingsError) as caught:
        Ruling(None, Settings(alert_url="http://127.0.0.1/x", alert_key_file=path), {})
    assert "openssl rand" in caught.value.hint


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"name": "no such rule"}'])
def test_a_damaged_row_stops_nothing(store, settings, body):  # noqa: F811
    clock = Clock()
    ruling = Ruling(store, settings, {}, clock)
    ruling.check()
    with store.write() as connection:
        connection.execute(
            "UPDATE drift_rule SET body = :body WHERE name = 'failures'", {"body": body}
        )
    assert "failures" not in {one.rule.name for one in ruling.states.all()}
    failing(store, clock)
    ruling.check()
    assert {one.rule.name: one.rule.holds for one in ruling.states.all()}["failures"]


def test_what_the_database_tells_is_evaluated_again_within_the_first_day(store, settings):  # noqa: F811
    clock = Clock()
    ruling = Ruling(store, settings, {"HOME": settings.runs_folder}, clock, every=0.01)

    async def rounds(done):
        running = asyncio.create_task(ruling.run(in_thread))
        while not done():
            await asyncio.sleep(0.01)
        running.cancel()

    def failures():
        return {one.rule.name: one for one in ruling.states.all()}.get("failures")

    def is_over():  # the quick round is claimed after that of the day
        return store.rows("SELECT 1 FROM drift_due WHERE name = 'quick'")

    asyncio.run(asyncio.wait_for(rounds(is_over), 20))
    before = {one.rule.name: one.looked for one in ruling.states.all()}
    assert failures().rule.holds is None, "the queue is empty at the start"
    clock.pass_by(OFTEN / 1_000 + 60)
    failing(store, clock)
    asyncio.run(asyncio.wait_for(rounds(lambda: failures().rule.holds), 20))
    found = {one.rule.name: one.looked for one in ruling.states.all()}
    assert found["failures"] > before["failures"]
    assert found["engine_behind"] == before["engine_behind"], "servers are asked once a day"


def test_trials_are_looked_at_in_every_round_and_written_when_they_change(store, settings):  # noqa: F811
    clock = Clock()
    Ruling(store, settings, {}, clock).look()
    assert not States(store, clock).all()  # another worker may have challengers
    one = {"name": "next", "engine": "none", "share": 0.5}
    ruling = Ruling(store, dataclasses.replace(settings, challengers=(one,)), {}, clock)
    ruling.look()
    (first,) = ruling.states.all()
    assert first.rule.name == "trial_stopped"
    clock.pass_by(60)
    ruling.look()
    assert ruling.states.all() == (first,)

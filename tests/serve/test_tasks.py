"""Handing pages in, and what becomes of them."""

import base64
import gzip
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.serve.here import HTML, JSON, POSTING, serving, wait_for

from rolecall.queue.nouns import Result, Rules
from rolecall.record import failed_record

LINES = {"Content-Type": "application/x-ndjson"}
SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "pay": {"type": ["number", "null"]}},
    "required": ["title"],
}


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("tasks")) as one:
        yield one


@pytest.fixture
def client(here):
    return here.client()


def hand_in(client, count=1, headers=None, **more):
    body = {"pages": [{"html": f"{HTML}{n}", "source": f"page-{n}"} for n in range(count)]} | more
    answer = client.post("/v1/tasks", json=body, headers=headers or {})
    assert answer.status_code == 202, answer.text
    return answer.json()


def work(here, count=1, outcome="failed"):
    """Do what a worker does, with a record that is quickly made."""
    claims = here.state.queue.leases.claim("tests", count)
    results = []
    for claim in claims:
        from rolecall.core import Reason

        reason = Reason(code="timeout", stage="read", message="took long")
        record = failed_record(reason, locator=claim.source, seq=claim.place, config="")
        results.append(Result(claim=claim, record={**record, "outcome": outcome}))
    here.state.queue.leases.finish(results)
    return len(claims)


def test_one_page_is_answered_at_once(client):
    said = client.post("/v1/extract", json={"html": POSTING, "url": "https://a.example/1"})
    assert said.status_code == 200
    record = said.json()
    assert record["data"]["title"] == "Head Gardener"
    assert record["url"] == "https://a.example/1"
    raw = client.post(
        "/v1/extract?url=https://a.example/1",
        content=POSTING.encode(),
        headers={"Content-Type": "text/html; charset=utf-8"},
    ).json()
    coded = {"body_base64": base64.b64encode(POSTING.encode()).decode(), "charset": "utf-8",
             "media_type": "text/html", "url": "https://a.example/1"}  # fmt: skip
    third = client.post("/v1/extract", json=coded).json()
    for one in (raw, third):
        assert {**one, "seconds": 0} == {**record, "seconds": 0}


def test_a_page_that_is_none_has_a_record_all_the_same(client):
    for kind, body in (
        ("application/octet-stream", b"%PDF-1.7"),
        ("text/plain", b""),
        ("text/html", b"\xff\xfe\x00"),
        ("application/octet-stream", gzip.compress(b"x" * 1000)),
    ):
        answer = client.post("/v1/extract", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 200
        assert answer.json()["outcome"] in ("not_a_posting", "failed")


def test_records_follow_a_schema(here, client):
    inline = client.post("/v1/extract", json={"html": POSTING, "schema": SCHEMA}).json()
    assert set(inline["data"]) == {"title", "pay"}
    kept = client.post("/v1/schemas", json={"name": "short", "schema": SCHEMA})
    assert kept.status_code == 201
    assert kept.json()["name"] == "short"
    hash_ = kept.json()["hash"]
    assert kept.headers["location"] == f"/v1/schemas/{hash_}"
    for key in ("short", hash_):
        assert client.get(f"/v1/schemas/{key}").json()["properties"].keys() == {"title", "pay"}
    listed = client.get("/v1/schemas").json()["schemas"]
    assert hash_ in [one["hash"] for one in listed]
    receipt = hand_in(client, schema="short")
    assert client.get(f"/v1/tasks/{receipt['tasks'][0]}").json()["schema"] == hash_
    receipt = hand_in(client, schema=SCHEMA)
    assert client.get(f"/v1/tasks/{receipt['tasks'][0]}").json()["schema"] == hash_
    refused = client.post("/v1/schemas", json={"schema": {"type": "object", "minimum": "x"}})
    assert refused.status_code == 422
    assert refused.json()["code"] == "schema_refused"
    assert client.get("/v1/schemas/unknown").status_code == 404


def test_a_name_of_a_schema_moves_only_by_an_admin(tmp_path):
    with serving(tmp_path, host="0.0.0.0") as one:
        plain = one.client(one.token("plain", "tasks"))
        admin = one.client(one.token("admin", "admin"))
        other = {**SCHEMA, "title": "other"}
        assert plain.post("/v1/schemas", json={"name": "n", "schema": SCHEMA}).status_code == 201
        assert plain.post("/v1/schemas", json={"name": "n", "schema": SCHEMA}).status_code == 201
        assert plain.post("/v1/schemas", json={"name": "n", "schema": other}).status_code == 409
        assert admin.post("/v1/schemas", json={"name": "n", "schema": other}).status_code == 201
        looks = {"name": "a" * 32, "schema": SCHEMA}
        assert plain.post("/v1/schemas", json=looks).status_code == 422


def test_what_is_handed_in_is_there_in_order(client, here):
    receipt = hand_in(client, 3, priority=7)
    assert len(receipt["tasks"]) == 3
    batch = client.get(f"/v1/tasks/{receipt['batch']}").json()
    assert (batch["size"], batch["ended"], batch["states"]) == (3, False, {"queued": 3})
    task = client.get(f"/v1/tasks/{receipt['tasks'][1]}").json()
    assert (task["kind"], task["place"], task["priority"]) == ("task", 1, 7)
    assert (task["source"], task["state"], task["submitter"]) == ("page-1", "queued", "local")
    answer = client.get(f"/v1/tasks/{receipt['tasks'][1]}/record")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ended")
    assert client.get(f"/v1/tasks/{receipt['batch']}/record").status_code == 409
    client.delete(f"/v1/tasks/{receipt['batch']}")
    lines = client.get(f"/v1/tasks/{receipt['batch']}/results")
    assert lines.headers["rolecall-ended"] == "true"
    records = [json.loads(line) for line in lines.text.splitlines()]
    assert [one["task"] for one in records] == receipt["tasks"]
    assert [one["seq"] for one in records] == [0, 1, 2]
    assert {one["reason"]["code"] for one in records} == {"cancelled"}
    later = client.get(f"/v1/tasks/{receipt['batch']}/results?after=1").text
    assert later.splitlines() == lines.text.splitlines()[2:]
    one = client.get(f"/v1/tasks/{receipt['tasks'][0]}/record").json()
    assert {"task": receipt["tasks"][0], **one} == records[0]


def test_pages_come_line_by_line_too(client):
    pages = [{"text": "Nurse in Leeds", "source": "a.txt"}, {"html": HTML, "priority": -3}]
    body = "\n".join(map(json.dumps, pages)) + "\r\n\n"
    answer = client.post("/v1/tasks?priority=4&delay=100", content=body.encode(), headers=LINES)
    assert answer.status_code == 202
    first, second = (client.get(f"/v1/tasks/{one}").json() for one in answer.json()["tasks"])
    assert (first["priority"], first["state"], first["source"]) == (4, "waiting", "a.txt")
    assert (second["priority"], second["source"]) == (-3, "page 2")
    bad = client.post("/v1/tasks", content=b'{"html":"x"}\n{"html":1}\n', headers=LINES)
    assert bad.status_code == 422
    assert bad.json()["errors"][0]["pointer"] == "/1/html"
    assert client.post("/v1/tasks", content=b"\n\n", headers=LINES).status_code == 422
    assert client.post("/v1/tasks?priority=4", json={"pages": pages}).status_code == 422
    many = b'{"html":"x"}\n' * 1_001
    assert client.post("/v1/tasks", content=many, headers=LINES).status_code == 422
    client.delete(f"/v1/tasks/{answer.json()['batch']}")


def test_the_same_key_at_the_same_time_is_taken_in_once(here):
    client = here.client()
    key = {"Idempotency-Key": "once"}
    before = sum(here.state.queue.view.counts().values())
    with ThreadPoolExecutor(10) as crowd:
        found = list(crowd.map(lambda _: hand_in(client, 2, key), range(10)))
    assert len({json.dumps(one["tasks"]) for one in found}) == 1
    assert sorted(one["repeated"] for one in found) == [False] + [True] * 9
    assert sum(here.state.queue.view.counts().values()) == before + 2
    other = client.post("/v1/tasks", json={"pages": [{"html": "else"}]}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    for bad in ("", "a b", "a" * 201, "é"):
        headers = {"Idempotency-Key": bad.encode()}
        answer = client.post("/v1/tasks", json={"pages": [{"html": "x"}]}, headers=headers)
        assert answer.status_code == 422, bad


def test_a_page_with_a_key_is_taken_in_once(client):
    page = {"html": HTML, "key": "nurse"}
    first = client.post("/v1/tasks", json={"pages": [page]}).json()
    again = client.post("/v1/tasks", json={"pages": [{"html": "b"}, page]}).json()
    assert again["tasks"][1] == first["tasks"][0]
    assert again["known"] == [1]


def test_many_at_once_are_all_there(here):
    clients = [here.client() for _ in range(4)]

    def some(number):
        return hand_in(clients[number % 4], 3)["tasks"]

    with ThreadPoolExecutor(16) as crowd:
        found = [task for tasks in crowd.map(some, range(60)) for task in tasks]
    assert len(set(found)) == 180
    for task in (found[0], found[77], found[-1]):
        assert here.client().get(f"/v1/tasks/{task}").status_code == 200


def test_a_full_queue_says_when_to_come_again(tmp_path):
    with serving(tmp_path, rules=Rules(most_waiting=3)) as one:
        client = one.client()
        hand_in(client, 3)
        answer = client.post("/v1/tasks", json={"pages": [{"html": "x"}]})
        assert (answer.status_code, answer.json()["code"]) == (429, "queue_full")
        assert int(answer.headers["retry-after"]) > 0
        assert work(one) == 1
        hand_in(client, 1)


def test_cancel_retry_and_forget(tmp_path):
    with serving(tmp_path) as one:
        client = one.client()
        receipt = hand_in(client, 4)
        batch, tasks = receipt["batch"], receipt["tasks"]
        assert client.delete(f"/v1/tasks/{tasks[0]}").json() == {"changed": 1}
        assert client.delete(f"/v1/tasks/{tasks[0]}").json() == {"changed": 0}
        assert work(one, 1) == 1
        (claim,) = one.state.queue.leases.claim("tests", 1)
        assert client.delete(f"/v1/tasks/t{claim.task}").json() == {"changed": 1}
        beat = one.state.queue.leases.beat("tests", {claim.task: claim.fence})
        assert claim.task in beat.cancelled
        assert client.post(f"/v1/tasks/t{claim.task}/retry").status_code == 409
        assert client.delete(f"/v1/tasks/{batch}?forget=true").status_code == 409
        assert client.delete(f"/v1/tasks/{tasks[0]}?forget=true").status_code == 409
        assert client.post(f"/v1/tasks/{tasks[0]}/retry").json() == {"changed": 1}
        assert client.get(f"/v1/tasks/{tasks[0]}").json()["state"] == "queued"
        assert client.post(f"/v1/tasks/{batch}/retry").json() == {"changed": 1}  # what failed
        assert client.delete(f"/v1/tasks/{batch}").json()["changed"] == 3
        from rolecall.queue.ends import CANCELLED, ending

        one.state.queue.leases.finish([ending(claim, CANCELLED, "")])
        assert client.get(f"/v1/tasks/{batch}").json()["ended"] is True
        assert client.delete(f"/v1/tasks/{batch}?forget=true").json() == {"changed": 4}
        assert client.get(f"/v1/tasks/{batch}").status_code == 404
        assert client.get(f"/v1/tasks/{tasks[0]}").status_code == 404


def test_waiting_for_the_end(tmp_path):
    with serving(tmp_path) as one:
        client = one.client()
        receipt = hand_in(client, 2)
        none = client.get(f"/v1/tasks/{receipt['batch']}/results?wait=0.2")
        assert (none.headers["rolecall-ended"], none.text) == ("false", "")
        with ThreadPoolExecutor(1) as crowd:
            asked = f"/v1/tasks/{receipt['batch']}/results?wait=30"
            waits = crowd.submit(client.get, asked)
            wait_for(lambda: len(one.state.feed) == 1)
            assert work(one, 2) == 2
            answer = waits.result(20)
        assert answer.headers["rolecall-ended"] == "true"
        assert len(answer.text.splitlines()) == 2
        wait_for(lambda: len(one.state.feed) == 0)


def test_lists_are_filtered_and_turned_page_by_page(tmp_path):
    with serving(tmp_path) as one:
        client = one.client()
        first = hand_in(client, 5)
        hand_in(client, 3)
        work(one, 2)
        seen, before = [], None
        while True:
            asked = {"limit": 3} | ({"before": before} if before else {})
            told = client.get("/v1/tasks", params=asked).json()
            seen += [task["id"] for task in told["tasks"]]
            before = told["next"]
            if before is None:
                break
        assert seen == [f"t{n}" for n in range(8, 0, -1)]

        def found(**wanted):
            return [task["id"] for task in client.get("/v1/tasks", params=wanted).json()["tasks"]]

        assert len(found(batch=first["batch"])) == 5
        assert len(found(outcome="failed")) == 2
        assert len(found(state=["done"])) == 2
        assert len(found(state=["queued", "done"])) == 8
        assert found(q="page-4") == ["t5"]
        assert found(q="%_!") == []
        assert found(site="nowhere.example") == []


def test_the_queue_is_paused_and_resumed(tmp_path):
    with serving(tmp_path) as one:
        client = one.client()
        hand_in(client, 2)
        assert client.post("/v1/queue/pause").json() == {"paused": True}
        told = client.get("/v1/queue").json()
        assert (told["paused"], told["states"]["queued"], told["workers"]) == (True, 2, [])
        assert work(one) == 0
        assert client.post("/v1/queue/resume").json() == {"paused": False}
        assert work(one) == 1


def test_addresses_need_a_server_that_fetches_and_the_scope(tmp_path):
    body = {"pages": [{"url": "https://jobs.example/1"}]}
    with serving(tmp_path, host="0.0.0.0") as one:
        plain = one.client(one.token("plain", "tasks"))
        fetch = one.client(one.token("fetch", "tasks,fetch,extract"))
        assert fetch.post("/v1/tasks", json=body).json()["code"] == "no_fetching"
        one.state.fetches = True
        assert plain.post("/v1/tasks", json=body).json()["code"] == "forbidden"
        assert fetch.post("/v1/tasks", json=body).status_code == 202
        assert fetch.post("/v1/extract", json=body["pages"][0]).status_code == 422


def test_callbacks_go_out_only(here, client):
    for url in ("http://127.0.0.1:1/", "http://[::1]/", "http://169.254.169.254/", "http://0x7f.1/",
                "ftp://a.example/", "http://10.0.0.1/"):  # fmt: skip
        told = {"url": url, "secret": "s" * 16}
        answer = client.post("/v1/tasks", json={"pages": [{"html": "x"}], "callback": told})
        assert answer.status_code == 422, url
    told = {"url": "https://hooks.example/1", "secret": "s" * 16}
    receipt = hand_in(client, callback=told)
    rows = here.state.queue.store.rows("SELECT batch, url FROM queue_callback")
    assert (int(receipt["batch"][1:]), told["url"]) in [tuple(row) for row in rows]
    short = {"url": "https://hooks.example/1", "secret": "short"}
    answer = client.post("/v1/tasks", json={"pages": [{"html": "x"}], "callback": short})
    assert answer.status_code == 422


def test_figures_for_prometheus(here, client):
    text = client.get("/metrics").text
    assert 'rolecall_tasks{state="queued"}' in text
    assert 'route="/v1/tasks/{id}"' in text
    assert "t1/record" not in text
    for number in range(5):
        client.get(f"/nothing/{number}")
    after = client.get("/metrics").text
    assert "nothing" not in after
    assert 'route="none",status="404"' in after


def test_health_and_readiness(client):
    assert client.get("/healthz").json() == {"status": "ok", "reasons": []}
    assert client.get("/readyz").json() == {"status": "ready", "reasons": []}
    assert JSON

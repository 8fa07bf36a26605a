"""What one who is let in, or nobody, must not be able to do to the others or to the server."""

import time

import pytest
from tests.serve.here import HTML, JSON, serving
from tests.serve.test_events import hand_in, listening, tasks, work

from rolecall.core import Source
from rolecall.queue.nouns import NewTask, Submission
from rolecall.queue.postings import Sought, _where
from rolecall.serve import feed as feed_module
from rolecall.serve import tokens as tokens_module
from rolecall.serve.reading import MOST_PAGES
from rolecall.serve.tokens import all_visits, revoke_tokens, start_visit
from rolecall.serve.ui import forms
from rolecall.serve.ui.preview import harmless

SAME = {"Sec-Fetch-Site": "same-origin"}
SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}}


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("intruders"), host="0.0.0.0") as one:
        yield one


@pytest.fixture(scope="module")
def anna(here):
    return here.client(here.token("anna", "tasks"))


@pytest.fixture(scope="module")
def bert(here):
    return here.client(here.token("bert", "tasks"))


def put(client):
    return client.post("/v1/tasks", json={"pages": [{"html": HTML}]}).json()


@pytest.mark.parametrize(
    "path",
    ["/sign-in?next=//[", "/sign-in?next=http://[::1", "/sign-in?next=//evil.example/"],
)
def test_where_to_go_on_is_never_a_fault(here, path):
    answer = here.client().get(path)
    assert answer.status_code == 200
    assert 'value="/"' in answer.text


@pytest.mark.parametrize("origin", ["http://[::1", "http://[", "null", "http://localhost.evil"])
def test_an_origin_that_is_none_is_another_site(here, origin):
    for method, path in (("GET", "/healthz"), ("POST", "/sign-in")):
        answer = here.client().request(method, path, headers={"Origin": origin})
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


def test_a_number_may_be_as_long_as_it_likes(anna):
    assert anna.get(f"/labels?n={'9' * 5_000}").status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Port"])
def test_what_a_proxy_passes_on_is_not_from_this_machine(tmp_path, header):
    with serving(tmp_path) as near:
        assert near.client().get("/v1/queue").status_code == 200
        assert near.client().get("/v1/queue", headers={header: "x"}).status_code == 401


def test_forms_of_the_queue_tell_nothing_of_others(anna, bert):
    told = put(anna)
    task, batch = told["tasks"][0][1:], told["batch"][1:]
    for op, number in (("cancel", task), ("retry", task), ("cancel-batch", batch)):
        for form in ({"op": op, "number": number}, {"op": op, "number": "999999"}):
            answer = bert.post("/queue/act", data=form, headers=SAME)
            assert answer.status_code == 404, form
            assert "not yours" not in answer.text
    assert anna.get(f"/v1/tasks/t{task}").json()["state"] == "queued"
    form = {"op": "cancel", "number": task}
    assert anna.post("/queue/act", data=form, headers=SAME).status_code == 303
    assert anna.get(f"/v1/tasks/t{task}").json()["state"] == "cancelled"


def test_engines_and_runs_are_for_those_who_see_everything(here, anna):
    reader = here.client(here.token("reader", "read"))
    for path in (
        "/engines",
        "/engines/look",
        "/monitor",
        "/monitor/part",
        "/runs",
        "/runs/~",
        "/runs/~/report",
    ):
        assert anna.get(path).status_code == 403, path
        assert reader.get(path).status_code != 403, path
    assert 'href="/runs"' not in anna.get("/").text
    assert 'href="/runs"' in reader.get("/").text


def test_the_pages_ask_for_the_scopes_of_the_api(here):
    only = here.client(here.token("anna", "extract"))
    for path in ("/", "/postings.csv", "/postings/t1", "/labels", "/queue", "/queue/part"):
        assert only.get(path).status_code == 403, path
    assert only.get("/try").status_code == 200


def test_a_link_elsewhere_asks_no_engine(tmp_path):
    with serving(tmp_path) as near:
        asked = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        far = near.client().get("/engines/look", headers={"Sec-Fetch-Site": "cross-site", **asked})
        own = near.client().get("/engines/look", headers={"Sec-Fetch-Site": "none", **asked})
    assert "What they proved now" not in far.text
    assert "What they proved now" in own.text


def test_a_schema_keeps_its_name(anna, bert):
    assert anna.post("/v1/schemas", json={"name": "first", "schema": SCHEMA}).status_code == 201
    again = bert.post("/v1/schemas", json={"name": "second", "schema": SCHEMA})
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")
    assert bert.get("/v1/schemas/first").json() == SCHEMA
    assert bert.post("/v1/schemas", json={"name": "first", "schema": SCHEMA}).status_code == 201
    assert bert.post("/v1/schemas", json={"schema": SCHEMA}).json()["name"] == "first"


def test_pages_that_are_too_many_are_refused_at_the_first_of_them(anna):
    body = b'{"pages":[' + b"{}," * 1_000_000 + b"{}]}"
    begun = time.monotonic()
    answer = anna.post("/v1/tasks", content=body, headers=JSON)
    assert answer.status_code == 422
    assert f"at most {MOST_PAGES:,}" in answer.text
    assert time.monotonic() - begun < 5


def test_empty_lines_are_no_pages_and_places_are_those_of_lines(anna):
    lines = {"Content-Type": "application/x-ndjson"}
    body = b"\n \r\n" + b'  {"text":"a"}\n' + b"\n" * 100_000 + b'{"text":"b"}'
    assert len(anna.post("/v1/tasks", content=body, headers=lines).json()["tasks"]) == 2
    answer = anna.post("/v1/tasks", content=body + b'\n\n{"more":1}', headers=lines)
    assert answer.json()["errors"][0]["pointer"].startswith("/100005")
    assert anna.post("/v1/tasks", content=b"\n" * 1_000, headers=lines).status_code == 422


def test_a_stream_ends_with_its_token(here):
    client = here.client(here.token("gone", "tasks"))
    with listening(client) as stream:
        next(stream)
        revoke_tokens(here.state.queue.store, "gone")
        here.state.entry.forget()
        here.state.queue.inbox.submit(
            Submission(submitter="gone", tasks=(NewTask(source="a", body=b"x"),))
        )
        work(here, 50)
        assert list(stream) == []


def test_one_name_does_not_take_all_places(tmp_path, monkeypatch):
    monkeypatch.setattr(feed_module, "MOST_EACH", 1)
    with serving(tmp_path, host="0.0.0.0") as one:
        anna = one.client(one.token("anna", "tasks"))
        bert = one.client(one.token("bert", "tasks"))
        with listening(anna) as stream:
            next(stream)
            assert anna.get("/v1/events").status_code == 503
            with listening(bert) as other:
                next(other)


def test_what_others_handed_in_hides_nothing_of_ones_own(tmp_path):
    with serving(tmp_path, host="0.0.0.0") as one:
        anna = one.client(one.token("anna", "tasks"))
        bert = one.client(one.token("bert", "tasks"))
        for _ in range(3):
            pages = [{"text": f"x {number}"} for number in range(200)]
            bert.post("/v1/tasks", json={"pages": pages})
        for number in (1, 2, 3):
            assert bert.delete(f"/v1/tasks/b{number}").json()["changed"] == 200
        hand_in(anna, 1)
        assert anna.delete("/v1/tasks/t601").json()["changed"] == 1
        with listening(anna, **{"Last-Event-ID": "0"}) as stream:
            (found,) = tasks(stream, 1)
            assert found[1]["task"] == "t601"


@pytest.mark.parametrize("tag", [b"<div>", b"<b>", b"<table>"])
def test_a_page_that_is_nested_without_end_is_shown_in_time(tag):
    begun = time.monotonic()
    shown = harmless(Source(body=b"<h1>Nurse</h1>" + tag * 60_000, media_type="text/html"))
    assert b"Nurse" in shown
    assert time.monotonic() - begun < 10


def test_parts_of_a_form_are_counted_before_they_are_made():
    with pytest.raises(forms.UsageError, match="fields"):
        forms.parts_of(b"--a\r\n" * 100_000, b"a")


def test_what_is_typed_is_never_a_fault(tmp_path):
    schema = {
        "type": "object",
        "properties": {
            "title": {"type": ["string", "null"]},
            "list": {"type": "array", "items": {"type": "integer"}},
        },
    }
    with serving(tmp_path) as near:
        client = near.client()
        client.post("/v1/tasks", json={"pages": [{"html": HTML}], "schema": schema})
        client.post("/v1/tasks", json={"pages": [{"html": HTML}]})
        work(near, 2)
        for text in ("9" * 4_000, "1e999", "NaN", "[" * 9_000, "[" * 400 + "]" * 400, "\0"):
            for path, row in (("t1", "list"), ("t2", "salary"), ("t2", "title")):
                form = {"op": "save", "row": row, "value": text, "part-salary_min": text}
                answer = client.post(f"/postings/{path}/label", data=form)
                assert answer.status_code in (303, 422), (row, text[:9])
        for text in ('"\\ud800"', '{"\\ud800":1}'):
            form = {"op": "save", "row": "list", "value": text}
            assert client.post("/postings/t1/label", data=form).status_code == 422
        assert client.get("/postings/t1?label").status_code == 200


def test_pages_do_not_tell_where_the_database_lies(tmp_path, monkeypatch):
    with serving(tmp_path) as near:
        client = near.client()
        assert client.get("/").status_code == 200
        with near.state.queue.store.write() as connection:
            connection.execute("ALTER TABLE queue_result RENAME TO gone")
        answer = client.get("/")
        assert answer.status_code == 503
        assert "the database cannot be used now" in answer.text
        assert str(tmp_path) not in answer.text
        assert "queue_result" not in answer.text


def test_what_is_not_there_is_a_problem_document_and_options_are_told(anna):
    answer = anna.get("/static/x/none.js")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert anna.options("/v1/events").status_code == 204


def test_one_token_has_so_many_visits(here, monkeypatch):
    monkeypatch.setattr(tokens_module, "MOST_VISITS", 3)
    store = here.state.queue.store
    one, other = (tokens_module.id_in(here.token(name, "tasks")) for name in ("one", "other"))
    start_visit(store, other, 1.0)
    for _ in range(7):
        last = start_visit(store, one, 1.0)
    visits = all_visits(store)
    assert [visit.token for visit in visits].count(one) == 3
    assert [visit.token for visit in visits].count(other) == 1
    assert tokens_module.digest(last) in [visit.hash for visit in visits]


def test_searches_hold_nothing_that_a_database_cannot_take():
    told = _where(Sought(words="a\0b \ud800", site="\0", route="\0", outcome="\0"))[1]
    assert not any("\0" in str(value) or "\ud800" in str(value) for value in told.values())

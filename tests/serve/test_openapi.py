"""The API's description says what the API does."""

import re

import jsonschema_rs
import pytest
from tests.serve.here import POSTING, serving
from tests.serve.test_access import every_route
from tests.serve.test_tasks import hand_in

import fuzz_api


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("openapi"), host="0.0.0.0") as one:
        yield one


@pytest.fixture(scope="module")
def document(here):
    return here.client(here.token("reader", "tasks")).get("/openapi.json").json()


def test_made_up_requests_meet_no_fault_and_nothing_undocumented(here):
    token = here.token("made-up", "admin")
    hand_in(here.client(token), 2)
    told = fuzz_api.fuzz(here.url, token, 2)
    assert told.faults == []
    assert told.cases > 40


def test_every_route_is_described_with_its_scopes_and_statuses(here, document):
    assert document["openapi"] == "3.1.0"
    told = {
        (method.upper(), path): route
        for path, methods in document["paths"].items()
        for method, route in methods.items()
    }
    shown = {(method, re.sub(r"\{[^}]*\}", "", path)) for method, path in told}
    for method, path in every_route(here):
        if path.startswith("/v1/"):
            bare = path.replace("t1", "").replace("short", "")
            assert (method, bare) in shown, (method, path)
    for (_, path), route in told.items():
        assert route["description"], path
        assert {"400", "421", "431", "500", "503"} <= route["responses"].keys()
        if path == "/healthz":
            assert route["security"] == []
        else:
            assert route["security"] == [{"token": []}]
            assert route["x-scopes"]
            assert {"401", "403", "429"} <= route["responses"].keys(), path
        if "requestBody" in route:
            assert {"408", "413", "415", "422"} <= route["responses"].keys(), path


def test_references_lead_somewhere_and_examples_are_of_their_types(document):
    text = str(document)
    for ref in set(re.findall(r"#/components/[A-Za-z0-9/_]+", text)):
        found = document
        for part in ref.split("/")[1:]:
            assert part in found, ref
            found = found[part]
    for methods in document["paths"].values():
        for route in methods.values():
            bodies = [route.get("requestBody", {})]
            bodies += [one for one in route["responses"].values() if "content" in one]
            for body in bodies:
                for kind, one in body.get("content", {}).items():
                    if kind == "application/json" and "example" in one:
                        schema = {**one["schema"], "components": document["components"]}
                        jsonschema_rs.validate(schema, one["example"])


def test_the_examples_work(here, document):
    client = here.client(here.token("example", "admin"))
    for path, status in (("/v1/extract", 200), ("/v1/tasks", 202), ("/v1/schemas", 201)):
        for kind, one in document["paths"][path]["post"]["requestBody"]["content"].items():
            if "example" in one:
                sent = one["example"]
                told = {"json": sent} if kind == "application/json" else {"content": sent}
                headers = {"Content-Type": kind}
                answer = client.post(path, **told, headers=headers)
                assert answer.status_code == status, (path, kind, answer.text)


def test_answers_have_the_shapes_that_are_described(here, document):
    client = here.client(here.token("shapes", "admin"))
    receipt = hand_in(client, 2)
    client.delete(f"/v1/tasks/{receipt['tasks'][0]}")
    asked = {
        "TaskShown": f"/v1/tasks/{receipt['tasks'][0]}",
        "BatchShown": f"/v1/tasks/{receipt['batch']}",
        "TasksShown": "/v1/tasks",
        "QueueShown": "/v1/queue",
        "SchemasShown": "/v1/schemas",
        "HealthShown": "/readyz",
        "Record": f"/v1/tasks/{receipt['tasks'][0]}/record",
        "Problem": "/v1/tasks/b0",
    }
    for name, path in asked.items():
        ref = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        jsonschema_rs.validate(ref, client.get(path).json())
    record = client.post("/v1/extract", json={"html": POSTING}).json()
    ref = {"$ref": "#/components/schemas/Record", "components": document["components"]}
    jsonschema_rs.validate(ref, record)


def test_the_page_for_people_needs_nothing_else(here, document):
    answer = here.client(here.token("people", "tasks")).get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    text = answer.text
    for path in document["paths"]:
        assert path in text
    for name in document["components"]["schemas"]:
        assert f'id="type-{name}"' in text
    assert "<script" not in text
    assert not re.search(r"(src|href)=\"?(https?:)?//", text)
    anchors = set(re.findall(r'href="#([^"]+)"', text))
    assert anchors <= set(re.findall(r'id="([^"]+)"', text))

"""What goes wrong is a page for people and a problem document for programs."""

from __future__ import annotations

import pytest
from tests.serve.here import serving

PEOPLE = {"Accept": "text/html"}


@pytest.fixture
def here(tmp_path):
    with serving(tmp_path) as one:
        yield one


def test_an_address_that_is_not_there_is_a_page_for_people(here):
    client = here.client()
    told = client.get("/nothing", headers=PEOPLE)
    assert told.status_code == 404
    assert told.headers["content-type"].startswith("text/html")
    assert "there is nothing here" in told.text
    assert 'href="/queue"' in told.text, "with the way back"
    assert client.delete("/queue", headers=PEOPLE).headers["allow"]
    for path, headers in (("/nothing", {}), ("/v1/nothing", PEOPLE)):
        assert client.get(path, headers=headers).json()["code"] == "not_found"


def test_a_view_that_breaks_down_is_a_page_that_tells_nothing_inside(here, monkeypatch):
    def broken(*_):
        raise RuntimeError("secret place")

    monkeypatch.setattr(here.state.queue.view, "workers", broken)
    told = here.client().get("/queue", headers=PEOPLE)
    assert told.status_code == 500
    assert "the server&#39;s log tells" in told.text
    assert "secret" not in told.text
    assert told.headers["content-security-policy"].startswith("default-src 'none'; script-src")
    assert here.client().get("/queue").json()["code"] == "internal"

"""The parts of the bench of the server that can be wrong without anyone seeing it."""

import json

import pytest
from tests.client import scripted

from serving import submissions
from serving_load import Answers, load, of_80_kb, request


def test_pages_of_80_kb_are_that_large_and_differ():
    pages = list(of_80_kb(5))
    assert [len(one) for one in pages] == [80_000] * 5
    assert len(set(pages)) == 5
    assert all(one.startswith(b"<!") or b"<html" in one[:300] for one in pages)


def test_all_requests_are_sent_once_and_all_answers_counted():
    with scripted.serving(scripted.told({"ok": True}, 202)) as (script, url):
        port = int(url.rpartition(":")[2])
        asked = list(submissions([b"<p>%d" % number for number in range(25)], 10, port))
        answers = load(port, [*asked, request("GET", "/healthz", port=port)], 2, keep=True)
    assert [method for method, *_ in script.heard].count("POST") == 3
    sizes = [len(json.loads(body)["pages"]) for *_, body in script.heard if body]
    assert sorted(sizes) == [5, 10, 10]
    assert answers.statuses == {202: 4}
    assert len(answers.millis) == len(answers.bodies) == 4
    answers.demand(202)


def test_refusals_are_not_measured_as_if_they_were_answers():
    with pytest.raises(SystemExit, match="429"):
        Answers(statuses={202: 5, 429: 1}).demand(202)


def test_quantiles():
    answers = Answers(millis=[float(number) for number in range(100)])
    assert (answers.quantile(0.5), answers.quantile(0.99)) == (50.0, 99.0)

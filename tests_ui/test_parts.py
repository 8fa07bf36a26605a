"""The parts of the web UI that need no browser."""

from __future__ import annotations

import html
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests_ui.conftest import example_pages, fill, made_pages

from rolecall.core import Block, Span
from rolecall.evaluate.label.rows import Answer, Item
from rolecall.evaluate.samples.row import sample_of
from rolecall.ledger.database import Database
from rolecall.queue.nouns import Rules
from rolecall.queue.postings import Postings, Sought
from rolecall.queue.queue import Queue
from rolecall.serve.labels import Labels
from rolecall.serve.ui.answers import answer_of, changes
from rolecall.serve.ui.forms import parts_of
from rolecall.serve.ui.highlight import Quote, pieces
from rolecall.serve.ui.nouns import Form, MissingError, Ui, Visitor
from rolecall.serve.ui.opened import open_posting
from rolecall.serve.ui.preview import harmless
from rolecall.serve.ui.samples import sample_line
from rolecall.serve.ui.shown import brief, legible, marked, visible, web
from rolecall.serve.ui.view_postings import csv_rows
from rolecall.serve.ui.view_runs import folders, read
from rolecall.settings import Settings

ALL = Visitor(name="tests", scopes=frozenset({"admin"}))
TAG = re.compile(r'<span class="ctl" data-c="U\+([0-9A-F]{4,6})" title="U\+\1"></span>')


@pytest.fixture(scope="module")
def ui(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    database = Database(folder / "rolecall.db")
    queue = Queue(database)
    fill(queue, [*example_pages(), *made_pages(8)])
    yield Ui(
        queue=queue, settings=Settings(), environ={}, visitor=lambda _: ALL,
        extract=None, runs=folder,
    )  # fmt: skip
    database.close()


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_what_is_shown_is_the_text_and_no_markup(text):
    shown = str(marked(text))
    back = TAG.sub(lambda found: chr(int(found[1], 16)), shown)
    assert not re.search("[<>\"']", back)
    assert html.unescape(back) == text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x00]", shown + legible(text))


def test_long_values_are_cut_with_a_note():
    shown = visible("<" * 1_000_000, 100)
    assert len(shown) < 600
    assert "999,900 more characters" in shown


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://jobs.example/a?b=1", "jobs.example"),
        ("http://user@evil.example/", "evil.example"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("http://a.example:8080/", "a.example:8080"),
        ("javascript:alert(1)", None),
        ("JaVaScRiPt:alert(1)//https://a.example", None),
        ("java\tscript:alert(1)", None),
        ("data:text/html,<script>alert(1)</script>", None),
        ("//evil.example", None),
        ("https://a.example/\u202egpj", None),
        ("https://a.example\\@b.example", None),
        ("https://[::1", None),
        (None, None),
    ],
)
def test_only_addresses_of_the_web_are_followed(address, host):
    found = web(address)
    assert (found.host if found else None) == host


@given(
    st.text(min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.sampled_from("abc"))),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60))),
)
def test_pieces_are_the_text_and_say_whose_they_are(text, quotes, quiet):
    told = [Quote(*one) for one in quotes]
    blocks = [
        Block(kind="paragraph", role="chrome", span=Span(*sorted(one)), path="p") for one in quiet
    ]
    found = list(pieces(text, told, blocks))
    assert "".join(one.text for one in found) == text
    for one in found:
        assert text[one.start : one.start + len(one.text)] == one.text
        right = {
            quote.name
            for quote in told
            if quote.start <= one.start < quote.end <= len(text) and quote.start < quote.end
        }
        assert set(one.names) == right
        assert not one.own or one.own in right
    firsts = [one.own for one in found if one.first]
    assert len(firsts) == len(set(firsts))


@given(st.lists(st.tuples(st.text(max_size=30), st.binary(max_size=200)), max_size=5))
def test_forms_with_files_are_read_as_they_were_sent(files):
    boundary = b"----WebKitFormBoundaryX"
    names = [re.sub('["\\\\\r\n%]', "", name) for name, _ in files]
    body = b"".join(
        b'--%b\r\nContent-Disposition: form-data; name="file"; filename="%b"\r\n'
        b"Content-Type: text/html\r\n\r\n%b\r\n"
        % (boundary, name.encode("utf-8", "surrogatepass"), content)
        for name, (_, content) in zip(names, files, strict=True)
        if b"\r\n--" + boundary not in b"\r\n" + content
    )
    named = b'Content-Disposition: form-data; name="page"'
    body += b"--%b\r\n%b\r\n\r\nH\xc3\xa9\r\n--%b--\r\n" % (boundary, named, boundary)
    form = parts_of(body, boundary)
    assert form.get("page") == "Hé"
    assert [one[2] for one in form.files] == [content for _, content in files]


def test_a_preview_has_nothing_that_acts():
    from rolecall.core import Source

    body = (
        b"<html><head><base href=//evil.example><link rel=preconnect href=//evil.example>"
        b"<meta http-equiv=refresh content='0;url=//evil.example'></head><body onload=alert(1)>"
        b"<h1 style='color:red' onclick=alert(1)>Baker</h1><script>alert(1)</script>"
        b"<a href='javascript:alert(1)'>x</a><img srcset=//evil.example/a><form action=/sign-out>"
        b"<button formaction=//evil.example>go</button></form><svg><a xlink:href=//evil.example>"
        b"<style>@\\69mport '//evil.example/a.css'</style><style>b{color:red}</style>"
        b"<p style='background:url(//evil.example)'>b</p>"
        b"</a></svg><iframe srcdoc='<script>alert(1)</script>'></iframe></body></html>"
    )
    shown = harmless(Source(body=body)).decode()
    assert "Baker" in shown
    assert "color:red" in shown
    assert not re.search("evil|alert|script|onload|onclick|sign-out|srcdoc", shown)


def test_postings_are_found_counted_and_paged(ui):
    postings = Postings(ui.queue.store)
    whole = postings.page(Sought(), limit=1_000)
    assert [one.task for one in whole] == sorted((one.task for one in whole), reverse=True)
    total, rungs = postings.rungs(Sought(), 10)
    assert total == postings.count(Sought()) == len(whole)
    again = [one for rung in rungs for one in postings.page(Sought(), rung + 1, 10)]
    assert again == whole
    (found,) = postings.page(Sought(words="GARDENER ashcombe"))
    assert found.title == "Head Gardener"
    assert not postings.page(Sought(words="100%_"))
    facets = postings.facets()
    assert sum(facets["outcome"].values()) == total
    refused = postings.page(Sought(outcome="not_a_posting"))
    assert len(refused) == facets["outcome"]["not_a_posting"]
    doubts = [one.doubt for one in postings.doubtful(1_000)]
    assert doubts == sorted(doubts, reverse=True)
    assert not postings.page(Sought(submitter="somebody else"))


def test_a_list_as_csv_runs_nothing_in_a_spreadsheet(ui, tmp_path):
    database = Database(tmp_path / "rolecall.db")
    queue = Queue(database)
    fill(queue, [("=cmd|' /C calc'!A0.html", b"<h1>=1+1</h1><p>+Acme Ltd</p><p>Apply now</p>")])
    own = Ui(queue=queue, settings=Settings(), environ={}, visitor=lambda _: ALL, extract=None,
             runs=tmp_path)  # fmt: skip
    told = b"".join(csv_rows(own, Sought())).decode("utf-8-sig")
    assert "'=cmd" in told
    assert not re.search(r'(^|,)"?[=+@]', told, re.MULTILINE)
    database.close()


def test_another_submitters_posting_is_not_there(ui):
    stranger = Visitor(name="eve", scopes=frozenset({"tasks"}), sees="eve")
    with pytest.raises(MissingError):
        open_posting(ui, stranger, 1)
    with pytest.raises(MissingError):
        open_posting(ui, ALL, 10**15)


@pytest.mark.parametrize(
    ("row", "fields", "value", "quote"),
    [
        ("title", {"op": "save", "value": "Gardener"}, ["Gardener"], "Gardener"),
        ("title", {"op": "save", "value": "  "}, [], None),
        ("title", {"op": "none"}, [], None),
        ("education", {"op": "read", "words": "Head Gardener"}, ["Head Gardener"], "Head Gardener"),
        ("workplace", {"op": "save", "option": "1"}, ["hybrid"], None),
        ("skills", {"op": "save", "value": "pruning\nspades"}, ["pruning", "spades"], None),
        ("valid_through", {"op": "save", "value": "3 May 2027"}, ["2027-05-03"], None),
    ],
)
def test_forms_become_answers(ui, row, fields, value, quote):
    opened = open_posting(ui, ALL, 1)
    answer = answer_of(opened, opened.row(row), Form(tuple(fields.items())))
    assert [one.value for one in answer.items] == value
    assert quote is None or answer.items[0].quote == quote
    for item in answer.items:
        assert not item.place or opened.text[item.start : item.end] == item.quote
    assert changes(opened.row(row), answer) == (
        value != [one.value for one in opened.row(row).items]
    )


@settings(max_examples=30)
@given(
    st.sampled_from(["title", "places", "salary", "skills", "date_posted", "workplace", "nope"]),
    st.sampled_from(["save", "read", "right", "none", "clear", ""]),
    st.dictionaries(
        st.sampled_from(["value", "words", "start", "end", "option", "part-salary_min"]),
        st.text(max_size=12) | st.integers(-5, 10**6).map(str),
    ),
)
def test_any_form_gives_an_answer_or_says_why_not(ui, row, op, fields):
    from rolecall.errors import Error

    opened = open_posting(ui, ALL, 1)
    try:
        answer = answer_of(opened, opened.row(row), Form((("op", op), *fields.items())))
    except Error:
        return
    sample = sample_line(opened, [answer if one.name == row else None for one in opened.rows],
                         posting=True)  # fmt: skip
    sample_of(json.loads(json.dumps(sample)), "a line", None)


def test_labels_hold_the_last_word_and_survive_the_page(tmp_path):
    moment = [1_000.0]
    database = Database(tmp_path / "rolecall.db")
    queue = Queue(database, rules=Rules(keep_bodies_days=1, keep_records_days=1),
                  clock=lambda: moment[0])  # fmt: skip
    begun, done = fill(queue, made_pages(2))
    labels = Labels(database, clock=lambda: moment[0])
    for value in ("a", "b"):
        labels.say(begun, {"title": (Answer("taken", (Item(value),)), True)}, "anna")
    assert labels.said(begun)["title"].answer.items[0].value == "b"
    labels.say(begun, {"company": (Answer("skipped"), False)}, "anna")
    assert set(labels.said(begun)) == {"title"}
    labels.finish(done, {"title": (Answer("none"), True)}, {"id": "x", "expected": {}}, "anna")
    moment[0] += 40 * 86_400.0
    queue.control.purge()
    assert queue.view.body(begun) is not None, "somebody is labelling it"
    assert list(labels.samples()) == [b'{"id":"x","expected":{}}\n']
    assert labels.counts() == (2, 1, 3)
    assert labels.reopen(done)
    assert not labels.finished(done)
    database.close()


def test_runs_are_found_some_folders_deep(tmp_path):
    for name in ("a/b/c", "a/b/c/d/e/f", ".hidden"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "run.json").write_text("{}")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("[")
    found = {name: read((name, folder)) for name, folder in folders(tmp_path)}
    assert set(found) == {"a/b/c", "broken"}
    assert "no JSON" in found["broken"].fault


def test_values_of_several_parts_are_told_in_a_line():
    assert brief({"text": "Leeds, UK", "city": "Leeds"}) == "Leeds, UK"
    assert brief({"min": 36000, "max": None, "currency": "GBP"}) == "36000 GBP"
    assert brief("Nurse") == "Nurse"

"""Inputs that are named by their address, and the pages that are fetched for them."""

import json
import time

import pytest

from rolecall.errors import SettingsError, SourceError, UsageError
from rolecall.fetch import Rules
from rolecall.inputs import fetched as fetched_module
from rolecall.inputs.fetched import Fetching, rules_of
from rolecall.inputs.nouns import Input
from rolecall.inputs.read import identity, load
from rolecall.inputs.stream import count, expand, stream
from rolecall.settings import Settings

from tests.fetch.nets import PAGE, Names, Site, answer, redirect  # isort: skip

URL = "https://jobs.example/1"


def listed(paths, **more):
    found = list(stream(expand(paths, **more), limit=1000, **more))
    return [one for one in found if one is not None]


def test_addresses_are_inputs_where_they_are_fetched():
    (one, two) = listed([URL, "http://a.example/*?[b]", URL], fetch=True)
    assert (one.locator, one.wanted, one.url, one.is_away) == (URL, URL, URL, True)
    assert (two.locator, two.seq) == ("http://a.example/*?[b]", 1)
    with pytest.raises(UsageError) as refused:
        listed([URL])
    assert "--fetch" in refused.value.hint
    with pytest.raises(UsageError, match="ftp"):
        listed(["ftp://a.example/"], fetch=True)
    assert count([URL, URL]) == 2


def test_lists_hold_an_address_on_a_line(tmp_path):
    file = tmp_path / "list.txt"
    odd = b"\xff\n" + b"x" * 70_000 + b"\n"
    text = b"\xef\xbb\xbf# jobs\r\nhttps://a.example/1 \r\n\r\nhttps://a.example/2\nhttps://a.example/1\n"
    file.write_bytes(text + odd)
    found = listed([], fetch=True, lists=[str(file)])
    assert [one.locator for one in found[:2]] == ["https://a.example/1", "https://a.example/2"]
    assert [one.fault and one.fault[0] for one in found] == [None, None, None, "unreadable"]
    assert [one.seq for one in found] == [0, 1, 2, 3]
    (missing,) = listed([], fetch=True, lists=[str(tmp_path / "no.txt")])
    assert missing.fault[0] == "unreadable"
    assert count([], lists=[str(file)]) == 7
    with pytest.raises(UsageError):
        expand([], fetch=True)


def test_lines_of_json_may_have_an_address_alone(tmp_path):
    file = tmp_path / "pages.jsonl"
    lines = [
        {"url": URL}, {"url": URL, "html": "<p>here"}, {"url": URL, "text": ""}, {"url": ""},
        {"url": 3}, [], {"link": "https://b.example/"}, {"url": URL},
    ]  # fmt: skip
    file.write_text("\n".join(map(json.dumps, lines)) + "\n{broken", encoding="utf-8")
    found = listed([str(file)], fetch=True)
    assert [one.wanted for one in found] == [URL, *[None] * 7]
    assert found[0].locator == URL
    assert [one.seq for one in found] == list(range(8))
    off = listed([str(file)])
    assert len(off) == 9
    with pytest.raises(SourceError) as fault:
        load(off[0], limit=1000)
    assert "--fetch" in fault.value.hint


def rules(**more):
    return Rules(**({"allow": ("127.0.0.1",), "delay": 0, "robots": False, "timeout": 5} | more))


def fetched(entries, *, ordered=True, ahead=8, **more):
    with Fetching(rules(**more), ordered=ordered, ahead=ahead) as fetching:
        return [one for one in fetching.inputs(iter(entries)) if one is not None]


def away(site, *paths):
    return [
        Input(number, site.url + path, url=site.url + path, wanted=site.url + path)
        for number, path in enumerate(paths)
    ]


def test_each_input_gets_its_page_or_its_fault():
    pages = {"/a": answer(), "/b": redirect("/a"), "/c": answer(b"", status=429, Retry_After="60")}
    with Site(pages) as site:
        entries = [*away(site, "/a", "/b", "/c", "/d"), Input(4, "x.html", path="x.html"), None]
        entries.append(Input(5, "http://10.0.0.1/", wanted="http://10.0.0.1/"))
        entries.append(Input(6, "nonsense", wanted="nonsense"))
        found = fetched(entries, longest_delay=0.1)
    assert [one.seq for one in found] == list(range(7))
    source, notices = load(found[0], limit=1000)
    assert (source.body, source.url, source.media_type) == (PAGE, site.url + "/a", "text/html")
    assert (source.charset, source.locator, notices) == ("utf-8", site.url + "/a", ())
    assert source.captured is not None
    source, notices = load(found[1], limit=1000)
    assert (source.url, source.locator) == (site.url + "/a", site.url + "/b")
    assert [one.code for one in notices] == ["redirected"]
    with pytest.raises(SourceError, match="rate_limited: ") as fault:
        load(found[2], limit=1000)
    assert (fault.value.code, fault.value.retryable) == ("rate_limited", True)
    assert fault.value.retry_at is not None
    assert [one.fault and one.fault[0] for one in found[3:]] == [
        "unreadable", None, "blocked_address", "unreadable",
    ]  # fmt: skip
    assert found[4].path == "x.html"
    assert found[5].fault[1].startswith("blocked_address: ")
    assert found[6].url is None


def test_order_is_kept_where_it_is_wanted():
    def late(path, writer):
        time.sleep(0.05)
        return answer()

    with Site({"/late": late, "/a": answer()}) as site:
        entries = away(site, "/late", *["/a"] * 20)
        entries.insert(1, Input(99, "x", line=b"<p>x"))
        for ahead in (1, 3, 50):
            found = fetched(entries, ahead=ahead)
            assert [one.seq for one in found] == [one.seq for one in entries]
            loose = fetched(entries, ordered=False, ahead=ahead)
            assert sorted(one.seq for one in loose) == sorted(one.seq for one in entries)


def test_no_more_is_taken_than_may_wait():
    taken = []

    def entries(site):
        for entry in away(site, *["/a"] * 40):
            taken.append(entry)
            yield entry

    with Site({"/a": answer()}) as site, Fetching(rules(), ordered=True, ahead=5) as fetching:
        given = 0
        for one in fetching.inputs(entries(site)):
            if one is not None:
                given += 1
                assert len(taken) - given <= 5
        assert given == 40


def test_a_run_that_stops_leaves_nothing_behind():
    async def silent(path, writer):
        import asyncio

        await asyncio.sleep(30)

    with Site({"/": silent}) as site:
        begun = time.monotonic()
        with Fetching(rules(timeout=30), ordered=True) as fetching:
            inputs = fetching.inputs(iter(away(site, "/", "/")))
            while not site.server.heads:
                assert next(inputs) is None
        assert time.monotonic() - begun < 5


def test_what_has_a_record_is_not_fetched_again():
    with Site({"/a": answer()}) as site:
        (one, two) = away(site, "/a", "/a?b")
        found = fetched([one.but_known("abc"), two.but_known("")])
        assert site.server.paths == ["/a?b"]
    assert identity(found[0], limit=1000) == "abc"
    with pytest.raises(SourceError, match="not fetched"):
        load(found[0], limit=1000)
    assert found[1].fault is not None


def test_settings_say_how():
    told = rules_of(
        Settings(fetch_contact="me@a.example", fetch_allow="127.0.0.1, 10.0.0.0/8,", max_bytes=5)
    )
    assert (told.contact, told.max_bytes) == ("me@a.example", 5)
    assert told.allow == ("127.0.0.1", "10.0.0.0/8")
    assert rules_of(Settings()) == Rules()
    with pytest.raises(SettingsError):
        rules_of(Settings(fetch_allow="intranet"))


def test_pages_that_nobody_takes_hold_fetching_back(monkeypatch):
    monkeypatch.setattr(fetched_module, "HELD", 10_000)
    page = answer(b"<p>" * 1000)
    with Site({"/a": page}) as site:
        entries = [
            Input(number, "x", wanted=f"http://h{number}.example:{site.server.port}/a")
            for number in range(60)
        ]
        with Fetching(rules(at_once=2), ordered=False) as fetching:
            fetching.fetcher.resolver = Names()
            inputs = fetching.inputs(iter(entries))
            given = [next(inputs)]
            while given[-1] is None:
                given.append(next(inputs))
            deadline = time.monotonic() + 10
            while len(site.server.heads) < 4:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            time.sleep(0.2)  # nobody takes a page meanwhile
            assert len(site.server.heads) <= 8
            given += inputs
            assert len([one for one in given if one is not None]) == 60
            assert fetching._bytes == 0

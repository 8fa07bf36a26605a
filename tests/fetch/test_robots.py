"""robots.txt, turns at hosts, and what is remembered of them."""

import asyncio
import contextlib
import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fetch.nets import Names, Server, answer, fetched, redirect, refusal

from rolecall.fetch import Fetched, FetchError, Rules
from rolecall.fetch import hosts as hosts_module
from rolecall.fetch.fetcher import Fetcher
from rolecall.fetch.hosts import Hosts, RobotsKnown
from rolecall.fetch.robots import LARGEST, Robots, fits, read_robots


def allowed(text, path):
    return read_robots(text.encode(), "Rolecall").allows(path)


@pytest.mark.parametrize(
    ("text", "path", "is_allowed"),
    [
        ("", "/", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("user-AGENT: *\r\ndisALLOW: /a\r\n", "/a/b", False),
        ("User-agent: *\rDisallow: /a\r", "/b", True),
        # the group for us counts alone, however it is spelled and in however many places
        ("User-agent: *\nDisallow: /\nUser-agent: rolecall\nDisallow: /x", "/a", True),
        ("User-agent: ROLECALL/1.0\nDisallow: /x\nUser-agent: *\nAllow: /", "/x", False),
        (
            "User-agent: Rolecall\nDisallow: /a\nUser-agent: b\nDisallow: /\n"
            "User-agent: Rolecall\nDisallow: /c",
            "/c",
            False,
        ),
        ("User-agent: a\nUser-agent: Rolecall\nDisallow: /x", "/x", False),
        ("User-agent: RolecallMore\nDisallow: /", "/x", True),
        # the longest rule decides, and what allows if two are as long (RFC 9309, 2.2.2)
        ("User-agent: *\nDisallow: /\nAllow: /jobs", "/jobs/1", True),
        ("User-agent: *\nAllow: /jobs\nDisallow: /jobs/old", "/jobs/old/1", False),
        ("User-agent: *\nDisallow: /page\nAllow: /page", "/page", True),
        ("User-agent: *\nAllow: /page\nDisallow: /*.htm", "/page.htm", False),
        ("User-agent: *\nAllow: /p\nDisallow: /", "/page", True),
        # * and $
        ("User-agent: *\nDisallow: /*.php$", "/a.php", False),
        ("User-agent: *\nDisallow: /*.php$", "/a.php?b", True),
        ("User-agent: *\nDisallow: /fish*.php", "/fishheads/catfish.php?x", False),
        ("User-agent: *\nDisallow: /*?", "/a?b", False),
        ("User-agent: *\nDisallow: /$", "/", False),
        ("User-agent: *\nDisallow: /$", "/a", True),
        # comments, odd lines, a byte order mark, white space
        ("\ufeffUser-agent: * # all\n  Disallow : /a # not this\nNoise\n:\n", "/a", False),
        ("User-agent: *\nSitemap: https://x/\nDisallow: /a", "/a", False),
        ("Disallow: /a", "/a", True),
        # escapes are compared as what they stand for
        ("User-agent: *\nDisallow: /föö", "/f%C3%B6%c3%b6", False),
        ("User-agent: *\nDisallow: /%7Ejoe", "/~joe/", False),
        ("User-agent: *\nDisallow: /a%2fb", "/a/b", True),
        ("User-agent: *\nDisallow: /a%2fb", "/a%2Fb", False),
    ],
)
def test_what_a_file_says(text, path, is_allowed):
    assert allowed(text, path) is is_allowed


def test_how_often_is_said_too():
    assert read_robots(b"User-agent: *\nCrawl-delay: 2.5", "Rolecall").delay == 2.5
    for odd in (b"soon", b"-1", b"nan", b"1e99", b""):
        assert read_robots(b"User-agent: *\nCrawl-delay: " + odd, "Rolecall").delay is None


PIECES = st.lists(st.sampled_from(("a", "b", "/", "*", "aa", "ab")), max_size=8).map("".join)


@given(
    pattern=PIECES,
    end=st.sampled_from(("", "$")),
    path=PIECES.map(lambda one: one.replace("*", "")),
)
def test_patterns_mean_what_they_mean_as_expressions(pattern, end, path):
    import re

    expression = ".*".join(map(re.escape, pattern.split("*"))) + ("$" if end else "")
    assert fits(pattern + end, path) is bool(re.match(expression, path))


def test_hostile_files_take_no_time():
    text = "User-agent: *\n" + "Disallow: /" + "*a" * 1000 + "$\n"
    begun = time.process_time()
    assert allowed(text, "/" + "a" * 8000 + "b")
    assert allowed("User-agent: *\n" * 100_000, "/")
    big = read_robots(b"User-agent: *\n" + b"Disallow: /%07d\n" * 100_000, "Rolecall")
    assert big.size < 2_000_000
    assert time.process_time() - begun < 2


@given(content=st.binary(max_size=300), path=st.text(max_size=40))
def test_any_file_can_be_read(content, path):
    assert read_robots(content, "Rolecall").allows(path) in (True, False)


def site(robots, pages=None):
    """A server with a robots.txt."""
    return lambda path, writer: (
        robots if path == "/robots.txt" else (pages or {}).get(path, answer())
    )


@pytest.mark.parametrize(
    ("robots", "kind"),
    [
        (answer(b"User-agent: *\nDisallow: /no", media="text/plain"), None),
        (answer(b"User-agent: *\nDisallow: /", media="text/plain"), "robots"),
        (answer(b"User-agent: *\nDisallow: /", media="text/plain", status=404), None),
        (answer(b"", status=403), None),
        (answer(b"", status=500), "robots_unknown"),
        (answer(b"", status=429, Retry_After="9"), "robots_unknown"),
        (b"", "robots_unknown"),
        (redirect("/robots.txt"), None),
        (answer(b"<html>no such page</html>"), None),
        (answer(b"User-agent: *\nAllow: /\n" + b"#" * (LARGEST + 9), media="text/plain"), None),
    ],
)  # fmt: skip
def test_what_becomes_of_a_page(robots, kind):
    found = fetched(site(robots), robots=True)
    if kind is None:
        assert isinstance(found, Fetched)
    else:
        assert (found.kind, found.code) == (kind, "unreadable")
        assert found.retryable is (kind == "robots_unknown")
        assert (found.retry_at is not None) is (b"Retry-After" in robots)


def test_a_file_is_asked_for_once_and_at_each_hop():
    async def go():
        none = answer(b"", status=404)
        async with Server(site(none)) as two:
            pass_on = {"/a": redirect(f"http://two.example:{two.port}/b")}
            async with Server(site(none, pass_on)) as one:
                await _thrice(one, two)

    async def _thrice(one, two):
        rules = Rules(allow=("127.0.0.1",), delay=0)
        fetcher = Fetcher(rules, resolver=Names())
        for _ in range(3):
            await fetcher.fetch(f"http://one.example:{one.port}/a")
        assert one.paths == ["/robots.txt", "/a", "/a", "/a"]
        assert two.paths == ["/robots.txt", "/b", "/b", "/b"]

    asyncio.run(go())


def test_a_redirect_to_a_forbidden_path_is_not_followed():
    forbids = answer(b"User-agent: *\nDisallow: /no", media="text/plain")
    found = fetched(site(forbids, {"/": redirect("/no/1")}), robots=True)
    assert found.kind == "robots"
    assert found.url.endswith("/no/1")


def test_one_request_at_a_time_with_a_pause():
    seen = []

    async def slowly(path, writer):
        seen.append(time.monotonic())
        await asyncio.sleep(0.02)
        return answer()

    async def go():
        async with Server(slowly) as server:
            rules = Rules(allow=("127.0.0.1",), delay=0.05, robots=False)
            fetcher = Fetcher(rules, resolver=Names())
            urls = [f"http://one.example:{server.port}/{number}" for number in range(5)]
            await asyncio.gather(*map(fetcher.fetch, urls))
            assert server.most == 1
        steps = [later - earlier for earlier, later in itertools.pairwise(seen)]
        assert min(steps) >= 0.065

    asyncio.run(go())


def test_hosts_do_not_wait_for_each_other_but_all_are_bounded():
    async def slowly(path, writer):
        await asyncio.sleep(0.03)
        return answer()

    async def go():
        async with Server(slowly) as server:
            rules = Rules(allow=("127.0.0.1",), delay=9, robots=False, at_once=4)
            fetcher = Fetcher(rules, resolver=Names())
            urls = [f"http://h{number}.example:{server.port}/" for number in range(12)]
            begun = time.monotonic()
            await asyncio.gather(*map(fetcher.fetch, urls))
            assert time.monotonic() - begun < 5
            assert server.most == 4

    asyncio.run(go())


def test_crawl_delay_and_retry_after_hold_a_host_back():
    text = b"User-agent: *\nCrawl-delay: 3600"

    async def go(robots, pages, wanted):
        async with Server(site(answer(robots, media="text/plain"), pages)) as server:
            rules = Rules(allow=("127.0.0.1",), delay=0, longest_delay=wanted)
            fetcher = Fetcher(rules, resolver=Names())
            url = f"http://one.example:{server.port}/"
            begun = time.monotonic()
            for _ in range(2):
                with contextlib.suppress(FetchError):  # it is told to come later
                    await fetcher.fetch(url)
            assert wanted <= time.monotonic() - begun < wanted + 2

    asyncio.run(go(text, {}, 0.2))
    asyncio.run(go(b"", {"/": answer(b"", status=429, Retry_After="3600")}, 0.2))


def test_little_is_remembered_of_many_hosts(monkeypatch):
    monkeypatch.setattr(hosts_module, "MOST_HOSTS", 10)

    async def go():
        hosts = Hosts(4, 0.0)
        async with hosts.turn("kept"):
            for number in range(100):
                async with hosts.turn(f"h{number}"):
                    pass
            assert len(hosts.hosts) <= 11
            assert "kept" in hosts.hosts

    asyncio.run(go())
    known = RobotsKnown()
    for number in range(100):
        known.put(f"h{number}", Robots((("/x" * 100, True),)))
    assert len(known.known) == 10
    assert known.get("h0") is None
    assert known.get("h99") is not None
    monkeypatch.setattr(hosts_module, "MOST_ROBOTS", 1000)
    known.put("big", Robots((("/x" * 100, True),)))
    assert known.size <= 1000


def test_robots_are_asked_anew_after_a_while(monkeypatch):
    known = RobotsKnown()
    monkeypatch.setattr(hosts_module, "KEPT", -1.0)
    known.put("a", Robots())
    assert known.get("a") is None
    assert known.size == 0


def test_a_fetch_that_is_given_up_frees_its_turn():
    async def silent(path, writer):
        await asyncio.sleep(0.5 if path == "/slow" else 0)
        return answer()

    async def go():
        async with Server(silent) as server:
            rules = Rules(allow=("127.0.0.1",), delay=0, robots=False, at_once=1)
            fetcher = Fetcher(rules, resolver=Names())
            task = asyncio.create_task(fetcher.fetch(f"http://one.example:{server.port}/slow"))
            while not server.heads:
                await asyncio.sleep(0.005)
            waiting = asyncio.create_task(fetcher.fetch(f"http://one.example:{server.port}/b"))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
            assert (await waiting).status == 200

    asyncio.run(go())


def test_a_host_that_is_refused_is_refused_before_its_robots_file():
    async def go():
        fetcher = Fetcher(Rules(delay=0), resolver=Names())
        assert (await refusal(fetcher.fetch("http://x.example/"))).kind == "blocked_address"

    asyncio.run(go())

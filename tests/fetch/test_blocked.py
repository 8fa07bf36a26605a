"""Nothing that is not public is ever connected to, however it is named."""

import asyncio
import json
import socket
from pathlib import Path

import httpcore2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fetch.nets import (
    OTHER,
    PAGE,
    PUBLIC,
    Canary,
    Internet,
    Names,
    Server,
    answer,
    redirect,
    refusal,
)

from rolecall.fetch import FetchError, Rules, check_url
from rolecall.fetch.address import join, read_url
from rolecall.fetch.fetcher import Fetcher
from rolecall.fetch.names import addresses_of, system_addresses
from rolecall.fetch.networks import is_public, parsed

VECTORS = Path(__file__).parents[3] / "shared" / "cases" / "ssrf" / "ssrf_urls.json"
QUICK = {"delay": 0, "robots": False, "timeout": 5}

NOWHERE = [
    "http://127.0.0.1:{port}/", "http://127.1:{port}/", "http://2130706433:{port}/",
    "http://0x7f000001:{port}/", "http://0x7f.0.0.1:{port}/", "http://0177.0.0.1:{port}/",
    "http://017700000001:{port}/", "http://127.0.0.1.:{port}/", "http://0:{port}/",
    "http://0.0.0.0:{port}/", "http://localhost:{port}/", "http://LOCALHOST.:{port}/",
    "http://app.localhost:{port}/", "http://[::1]:{port}/", "http://[::]:{port}/",
    "http://[0:0:0:0:0:ffff:7f00:1]:{port}/", "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::127.0.0.1]:{port}/", "http://[::7f00:1]:{port}/", "http://[::1%25lo]:{port}/",
    "http://[::1%lo]:{port}/", "http://[64:ff9b::127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/", "http://[64:ff9b:1::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/", "http://[2001:0:7f00:1::]:{port}/",
    "http://[fc00::1]:{port}/", "http://[fd00:ec2::254]:{port}/", "http://[fe80::1]:{port}/",
    "http://[ff02::1]:{port}/", "http://１２７.０.０.１:{port}/", "http://127。0。0。1:{port}/",
    "http://127．0．0．1:{port}/", "http://①②⑦.0.0.1:{port}/", "http://ⓛocalhost:{port}/",
    "http://127%2e0%2e0%2e1:{port}/", "http://%31%32%37.0.0.1:{port}/",
    "http://example.com@127.0.0.1:{port}/", "http://127.0.0.1:{port}@example.com/",
    "http://example.com:80@127.0.0.1:{port}/", "http://127.0.0.1:{port}\\@example.com/",
    "http://example.com\\@127.0.0.1:{port}/", "http:\\\\127.0.0.1:{port}/",
    "http:127.0.0.1:{port}/", "http:/127.0.0.1:{port}/", "http:///127.0.0.1:{port}/",
    "//127.0.0.1:{port}/", "127.0.0.1:{port}/", "http://127.0.0.1:{port}:80/",
    "http://example.com#@127.0.0.1:{port}/", "http://127.0.0.1\t:{port}/",
    "ht\ntp://127.0.0.1:{port}/", " http://127.0.0.1:{port}/", "http://127.0.0.1 :{port}/",
    "http://127.0.0.1\0.example.com:{port}/", "http://-:{port}/", "http://.:{port}/",
    "http://..:{port}/", "http://:{port}/", "http://[]:{port}/", "http://[::1:{port}/",
    "http://[::1]x:{port}/", "http://127.0.0.1:0{port}0/", "http://printer:{port}/",
    "http://nas.local:{port}/", "http://metadata.google.internal:{port}/",
    "http://router.home.arpa:{port}/", "http://10.1.2.3:{port}/", "http://172.31.0.1:{port}/",
    "http://192.168.0.1:{port}/", "http://169.254.169.254:{port}/", "http://100.64.0.1:{port}/",
    "http://100.100.100.200:{port}/", "http://192.0.0.192:{port}/", "http://198.18.0.1:{port}/",
    "http://168.63.129.16:{port}/", "http://224.0.0.1:{port}/", "http://240.0.0.1:{port}/",
    "http://255.255.255.255:{port}/", "http://rebound.example:{port}/", "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_INFO", "ftp://127.0.0.1:{port}/", "data:text/html,x",
    "jar:http://127.0.0.1:{port}!/", "view-source:http://127.0.0.1:{port}/", "javascript:x", "",
    "http://", "https://", "http://?", "http://#", "http:///",
]  # fmt: skip


def vectors():
    return json.loads(VECTORS.read_text(encoding="utf-8"))["urls"]


SITES = (
    "developer.mozilla.org", "github.com", "portswigger.net", "www.root-me.org",
    "web.archive.org", "imgur.com", "rancher.com",
)  # fmt: skip
"""The hosts among the vectors that are sites like any other."""


@pytest.mark.skipif(not VECTORS.exists(), reason="../shared/cases/ssrf is absent")
def test_no_vector_reaches_the_own_network():
    async def go():
        outcomes = {}
        async with Canary() as canary:
            web = Internet(canary, {})
            for url in vectors():
                fetcher = Fetcher(Rules(**QUICK), resolver=Names(), backend=web)
                if url == "http://1.1.1.1":  # the one literal address that is public
                    assert check_url(url) == "http://1.1.1.1/"
                    continue
                outcomes[url] = (await refusal(fetcher.fetch(url))).kind
            assert canary.hits == []
            assert web.dialled == []
        assert len(outcomes) == len(set(vectors())) - 1
        assert set(outcomes.values()) == {"blocked_address", "bad_address"}

    asyncio.run(go())


@pytest.mark.skipif(not VECTORS.exists(), reason="../shared/cases/ssrf is absent")
def test_vectors_that_are_public_are_dialled_and_no_others():
    async def go():
        web = Nobody(None, {})
        known = {site.replace(".", "_"): [PUBLIC] for site in SITES}
        fetcher = Fetcher(Rules(**QUICK), resolver=Names(**known), backend=web)
        kinds = {url: (await refusal(fetcher.fetch(url))).kind for url in vectors()}
        dialled = [url for url, kind in kinds.items() if kind == "unreachable"]
        public = [url for url in kinds if url.split("/")[2:3] in [[one] for one in SITES]]
        assert sorted(dialled) == sorted([*public, "http://1.1.1.1"])
        assert len(dialled) > 25
        assert {host for host, _ in web.dialled} == {PUBLIC, "1.1.1.1"}

    asyncio.run(go())


@pytest.mark.skipif(not VECTORS.exists(), reason="../shared/cases/ssrf is absent")
def test_no_vector_is_reached_over_a_redirect():
    async def go():
        async with Canary() as canary:
            every = [*vectors(), *(one.format(port=canary.port) for one in NOWHERE)]
            for nth, status in enumerate((302, 301, 303, 307, 308)):
                for location in every[nth::10] if nth else every:  # one status takes them all
                    if location == "http://1.1.1.1" or not location.isprintable():
                        continue
                    sent = redirect(location, status)
                    async with Server(lambda path, writer, sent=sent: sent) as server:
                        web = Internet(canary, {PUBLIC: server})
                        names = Names(start_example=[PUBLIC])
                        fetcher = Fetcher(Rules(**QUICK), resolver=names, backend=web)
                        error = await refusal(fetcher.fetch("http://start.example/"))
                    kinds = ("blocked_address", "bad_address", "too_many_redirects", "bad_answer")
                    assert error.kind in kinds, location
                    assert {host for host, _ in web.dialled} == {PUBLIC}
            assert canary.hits == []

    asyncio.run(go())


def test_no_spelling_of_the_own_network_is_reached():
    async def go():
        async with Canary() as canary:
            real = Fetcher(Rules(**QUICK), resolver=Names())
            for url in NOWHERE:
                error = await refusal(real.fetch(url.format(port=canary.port)))
                assert error.kind in ("blocked_address", "bad_address"), url
            assert canary.hits == []

    asyncio.run(go())


def test_callbacks_are_held_to_the_same():
    async def go():
        async with Canary() as canary:
            for url in NOWHERE:
                url = url.format(port=canary.port)
                fetcher = Fetcher(Rules(**QUICK), resolver=Names())
                error = await refusal(fetcher.post(url, b"{}", {}))
                assert error.kind in ("blocked_address", "bad_address"), url
                if "rebound" not in url and "example" not in url:
                    with pytest.raises(FetchError):
                        check_url(url)
            async with Server(
                lambda path, writer: redirect(f"http://127.0.0.1:{canary.port}/")
            ) as s:
                web = Internet(canary, {PUBLIC: s})
                fetcher = Fetcher(Rules(**QUICK), resolver=Names(cb_example=[PUBLIC]), backend=web)
                error = await refusal(fetcher.post("http://cb.example/", b"{}", {}))
                assert error.kind == "bad_status"
                assert error.status == 302
            assert canary.hits == []

    asyncio.run(go())


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["fe80::1%eth0"], [PUBLIC, "127.0.0.1"],
        ["127.0.0.1", PUBLIC], [PUBLIC, "::1"], [PUBLIC, "10.0.0.1", OTHER], ["169.254.169.254"],
        ["64:ff9b::a9fe:a9fe"], [PUBLIC, "fd00::1"], ["0.0.0.0"], ["255.255.255.255"],
        ["2002:a00:1::"], ["100.64.0.1"], ["192.0.0.8"], ["2001:db8::1"], ["::"],
    ],
)  # fmt: skip
def test_all_addresses_of_a_name_must_be_public(found):
    async def go():
        async with Canary() as canary:
            web = Internet(canary, {})
            fetcher = Fetcher(Rules(**QUICK), resolver=Names(mixed_example=found), backend=web)
            for url in (
                "http://mixed.example/",
                "https://mixed.example/",
                "http://mixed.example:81/",
            ):
                assert (await refusal(fetcher.fetch(url))).kind == "blocked_address"
            assert (await refusal(fetcher.post(url, b"", {}))).kind == "blocked_address"
            assert canary.hits == []
            assert web.dialled == []

    asyncio.run(go())


def test_a_name_is_looked_up_once_for_each_connection():
    """Rebinding: what was checked is what is connected to; a new hop is checked anew."""

    async def go():
        pages = {"/": redirect("/again"), "/again": answer()}
        async with Canary() as canary, Server(lambda path, writer: pages[path]) as server:
            web = Internet(canary, {PUBLIC: server})
            names = Names(re_example=[[PUBLIC], ["127.0.0.1"]])
            fetcher = Fetcher(Rules(**QUICK), resolver=names, backend=web)
            found = await fetcher.fetch("http://re.example/again")
            assert found.body == PAGE
            assert names.asked == ["re.example"]
            assert web.dialled == [(PUBLIC, 80)]

            names.asked.clear()
            assert (await refusal(fetcher.fetch("http://re.example/"))).kind == "blocked_address"
            assert names.asked == ["re.example"] * 2
            assert canary.hits == []

    asyncio.run(go())


def test_robots_txt_is_no_way_in():
    async def go():
        async with Canary() as canary:
            near = redirect(f"http://127.0.0.1:{canary.port}/robots.txt")
            async with Server(lambda path, writer: near) as server:
                web = Internet(canary, {PUBLIC: server})
                names = Names(re_example=[PUBLIC])
                fetcher = Fetcher(Rules(delay=0), resolver=names, backend=web)
                error = await refusal(fetcher.fetch("http://re.example/"))
                assert error.kind == "blocked_address"
            assert canary.hits == []
            assert server.paths == ["/robots.txt"]

    asyncio.run(go())


def test_what_a_page_says_leads_nowhere(monkeypatch):
    """Refresh, canonical links and base addresses are text; proxies of the environment too."""

    async def go():
        async with Canary() as canary:
            there = f"http://127.0.0.1:{canary.port}/"
            for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
                monkeypatch.setenv(name, there)
            body = (
                f'<meta http-equiv="refresh" content="0;url={there}"><base href="{there}">'
                f'<link rel="canonical" href="{there}"><img src="{there}">'
            ).encode()
            sent = answer(
                body, Refresh=f"0; url={there}", Link=f"<{there}>; rel=canonical",
                Content_Location=there, Location=there,
            )  # fmt: skip
            async with Server(lambda path, writer: sent) as server:
                web = Internet(canary, {PUBLIC: server})
                fetcher = Fetcher(Rules(**QUICK), resolver=Names(a_example=[PUBLIC]), backend=web)
                assert (await fetcher.fetch("http://a.example/")).body == body
                head = server.heads[0].lower()
                assert head.startswith(b"get / http/1.1\r\nhost: a.example\r\n")
                for unwanted in (b"cookie", b"authorization", b"referer"):
                    assert unwanted not in head
            assert canary.hits == []

    asyncio.run(go())


def test_what_is_allowed_is_named_address_by_address():
    async def go():
        async with Canary() as canary:
            rules = Rules(allow=("127.0.0.1", "10.9.0.0/16"), **QUICK)
            fetcher = Fetcher(rules, resolver=Names(two_example=["127.0.0.1", "10.0.0.1"]))
            found = await fetcher.fetch(f"http://127.0.0.1:{canary.port}/")
            assert found.body == b"secret"
            assert len(canary.hits) == 1
            for url in ("http://two.example/", "http://[::1]/", "http://10.8.0.1/"):
                assert (await refusal(fetcher.fetch(url))).kind == "blocked_address"
            names = Names(printer=[PUBLIC])
            fetcher = Fetcher(
                rules, resolver=names
            )  # an own name may only lead where it is allowed
            assert (await refusal(fetcher.fetch("http://printer/"))).kind == "blocked_address"

    asyncio.run(go())


@pytest.mark.parametrize(
    "address",
    [PUBLIC, OTHER, "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001::1", "64:ff9b::808:808"],
)
def test_public_addresses_are_public(address):
    assert is_public(parsed(address))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("HTTP://Jobs.Example", "http://jobs.example/"),
        ("https://jobs.example:443/a", "https://jobs.example/a"),
        ("https://jobs.example:8443?a=b#c", "https://jobs.example:8443/?a=b"),
        ("http://münchen.example/ü?ö=ä", "http://xn--mnchen-3ya.example/%C3%BC?%C3%B6=%C3%A4"),
        ("http://xn--mnchen-3ya.example/%C3%BC", "http://xn--mnchen-3ya.example/%C3%BC"),
        ("http://a_b.example/<x>'\"`{}|^", "http://a_b.example/%3Cx%3E'%22%60%7B%7D|%5E"),
        ("http://[2606:4700:4700:0::1111]:80/", "http://[2606:4700:4700::1111]/"),
        ("http://8.8.8.8/", "http://8.8.8.8/"),
        ("http://a.example/../%2e%2e/x;y=1,2", "http://a.example/../%2e%2e/x;y=1,2"),
        ("http://a.example//b@c:d", "http://a.example//b@c:d"),
    ],
)
def test_an_address_is_written_in_one_way(url, told):
    assert check_url(url) == told
    assert check_url(told) == told


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b", "https://a.example/b"), ("b c", "https://a.example/x/b%20c"),
        ("?q", "https://a.example/x/y?q"), ("//b.example", "https://b.example/"),
        ("http://b.example/#f", "http://b.example/"), ("../z", "https://a.example/z"),
        ("/ü", "https://a.example/%C3%BC"),
    ],
)  # fmt: skip
def test_redirects_lead_where_browsers_go(location, url):
    assert join(read_url("https://a.example/x/y"), location).url == url


ADDRESSES = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda one: f"[{one}]"),
    st.integers(0, 2**32 - 1).map(str),
    st.integers(0, 2**32 - 1).map(hex),
    st.just("127.0.0.1"),
)
HOSTS = st.one_of(ADDRESSES, st.text(max_size=20), st.from_regex(r"[a-z.\-%@:\[\]0-9]{1,20}"))
URLS = st.one_of(
    st.text(max_size=60),
    st.builds("{}{}{}{}".format, st.sampled_from(("http://", "https://", "HTTP://", "//", "http:")),
              HOSTS, st.sampled_from(("", ":80", ":0", ":99999", ":")), st.text(max_size=20)),
)  # fmt: skip


class Nobody(Internet):
    """An internet where nobody answers, and nothing but public addresses is dialled."""

    async def connect_tcp(self, host, port, *rest, **more):
        assert is_public(parsed(host))
        assert 0 < port < 65_536
        self.dialled.append((host, port))
        raise httpcore2.ConnectError("nobody is there")


@settings(max_examples=100)
@given(url=URLS, answers=st.lists(st.ip_addresses().map(str), max_size=3))
def test_any_string_is_a_page_or_one_typed_error(url, answers):
    async def resolver(host, port):
        assert host == host.lower()
        assert host.isascii()
        return answers

    fetcher = Fetcher(Rules(**QUICK), resolver=resolver, backend=Nobody(None, {}))

    async def go():
        for asked in (fetcher.fetch(url), fetcher.post(url, b"", {})):
            error = await refusal(asked)
            assert error.kind in (
                "bad_address", "blocked_address", "no_such_host", "unreachable",
            )  # fmt: skip

    asyncio.run(go())


def test_the_system_is_asked_as_other_programs_ask_it():
    async def go():
        assert set(await system_addresses("localhost", 80)) <= {"127.0.0.1", "::1"}
        error = await refusal(addresses_of("x" * 300, 80, system_addresses))
        assert error.kind == "no_such_host"

    asyncio.run(go())


def test_a_public_name_on_a_private_address_is_refused_by_the_system_resolver(monkeypatch):
    """The default resolver, with the system's answer replaced: no seam is left out."""
    told = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: told)

    async def go():
        error = await refusal(Fetcher(Rules(**QUICK)).fetch("http://intranet.example/"))
        assert error.kind == "blocked_address"
        assert "10.0.0.7" not in str(error)  # who submits addresses may not learn of it

    asyncio.run(go())

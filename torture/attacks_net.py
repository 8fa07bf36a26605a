"""Addresses that lead inside: none may be reached, however it is named or come by."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from tests.fetch.nets import OTHER, PUBLIC, Canary, Internet, Names, Server, answer, redirect
from tests.fetch.test_blocked import NOWHERE, QUICK, SITES, Nobody

import rolecall
from rolecall.core import Prompt
from rolecall.engines import openai
from rolecall.engines.protocol import EngineSettings
from rolecall.errors import EngineError, Error
from rolecall.fetch import FetchError, Rules
from rolecall.fetch.fetcher import Fetcher
from rolecall.schema.schema import Schema
from rolecall.settings import Settings
from torture.nouns import Case, Class, Figure, Group, Terms

PROMPT: Final = Prompt(messages=(("user", "A nurse is wanted."),))
BLOCKED: Final = ("blocked_address", "bad_address")
AFTER_HOPS: Final = (*BLOCKED, "too_many_redirects", "bad_answer")
PUBLIC_ONE: Final = "http://1.1.1.1"  # the one literal address among the collected that is public

MIXED: Final = (
    ("127.0.0.1",), ("::1",), ("::ffff:127.0.0.1",), (PUBLIC, "127.0.0.1"), ("127.0.0.1", PUBLIC),
    (PUBLIC, "::1"), (PUBLIC, "10.0.0.1", OTHER), ("169.254.169.254",), ("64:ff9b::a9fe:a9fe",),
    (PUBLIC, "fd00::1"), ("0.0.0.0",), ("2002:a00:1::",), ("100.64.0.1",), ("172.16.0.1",),
)  # fmt: skip


def ssrf(terms: Terms) -> Group:
    """Each address as it is, behind every redirect, as a callback; names; pages; schemas."""
    said = "addresses that lead inside, named and come by in every way: the canary is never reached"
    cases, hits = asyncio.run(_all(terms))
    held = hits == 0
    figure = Figure(name="hits of the canary", value=hits, goal="0", held=held)
    return Group(said=said, cases=tuple(cases), figures=(figure,))


async def _all(terms: Terms) -> tuple[list[Case], int]:
    vectors: list[str] = list(NOWHERE)
    if terms.shared is not None:
        place = terms.shared / "cases/ssrf/ssrf_urls.json"
        vectors += json.loads(place.read_text("utf-8"))["urls"]
    async with Canary() as canary:
        cases = await _literal(vectors, canary)
        cases += await _named(canary)
        cases += await _redirected(vectors, canary, every=terms.full)
        cases += await _rebound(canary)
        cases += await asyncio.to_thread(_read, canary.port)
        cases += await _engine(canary)
        return cases, len(canary.hits)


async def _refused(ask: Awaitable[Any]) -> str:
    try:
        await ask
    except FetchError as error:
        return error.kind
    return "fetched"


def _case(name: str, kind: str, allowed: tuple[str, ...], canary: Canary) -> Case:
    if canary.hits:
        return Case(name=name, found=Class.WRONG, note="the canary was reached")
    found = Class.RIGHT if kind in allowed else Class.WRONG
    return Case(name=name, found=found, note="" if found is Class.RIGHT else kind)


async def _literal(vectors: list[str], canary: Canary) -> list[Case]:
    cases = []
    known = {site.replace(".", "_"): [PUBLIC] for site in SITES}
    for number, vector in enumerate(vectors):
        url = vector.format(port=canary.port) if number < len(NOWHERE) else vector
        allowed = (*BLOCKED, "unreachable") if _is_site(url) else BLOCKED
        web = Nobody(canary, {})
        fetcher = Fetcher(Rules(**QUICK), resolver=Names(**known), backend=web)
        kind = await _refused(fetcher.fetch(url))
        if any(host not in (PUBLIC, "1.1.1.1") for host, _ in web.dialled):
            kind = "dialled"
        cases.append(_case(f"fetched/{number}", kind, allowed, canary))
        real = Fetcher(Rules(**QUICK), resolver=Names())
        if not _is_site(url):
            kind = await _refused(real.post(url, b"{}", {}))
            cases.append(_case(f"callback/{number}", kind, BLOCKED, canary))
    return cases


def _is_site(url: str) -> bool:
    return url == PUBLIC_ONE or url.split("/")[2:3] in [[one] for one in SITES]


async def _named(canary: Canary) -> list[Case]:
    cases = []
    for number, found in enumerate(MIXED):
        for scheme in ("http", "https"):
            web = Internet(canary, {})
            fetcher = Fetcher(Rules(**QUICK), resolver=Names(a_example=list(found)), backend=web)
            kind = await _refused(fetcher.fetch(f"{scheme}://a.example/"))
            kind = "dialled" if web.dialled else kind
            cases.append(_case(f"name/{scheme}/{number}", kind, BLOCKED, canary))
    return cases


async def _redirected(vectors: list[str], canary: Canary, *, every: bool) -> list[Case]:
    cases = []
    for status in (301, 302, 303, 307, 308):
        for number, vector in enumerate(vectors):
            if not every and (number + status) % 12:
                continue
            location = vector.format(port=canary.port) if number < len(NOWHERE) else vector
            if _is_site(location) or not location.isprintable() or not location.isascii():
                continue
            sent = redirect(location, status)
            async with Server(lambda path, writer, sent=sent: sent) as server:
                web = Internet(canary, {PUBLIC: server})
                names = Names(start_example=[PUBLIC])
                fetcher = Fetcher(Rules(**QUICK), resolver=names, backend=web)
                kind = await _refused(fetcher.fetch("http://start.example/"))
            kind = "dialled" if {host for host, _ in web.dialled} != {PUBLIC} else kind
            cases.append(_case(f"redirect/{status}/{number}", kind, AFTER_HOPS, canary))
    return cases


async def _rebound(canary: Canary) -> list[Case]:
    """Names whose answer changes; robots.txt that leads inside; five hops and then inside."""
    inside = f"http://127.0.0.1:{canary.port}/"
    hops = {f"/{n}": redirect(f"/{n + 1}") for n in range(5)} | {"/4": redirect(inside)}
    pages = {"/": redirect("/again"), "/again": answer(), **hops}
    cases = []
    async with Server(lambda path, writer: pages.get(path, redirect(inside))) as server:
        for name, url, answers, robots in (
            ("rebinding", "http://re.example/", [[PUBLIC], ["127.0.0.1"]], False),
            ("five-hops", "http://re.example/0", [PUBLIC], False),
            ("robots", "http://re.example/again", [PUBLIC], True),
        ):
            web = Internet(canary, {PUBLIC: server})
            rules = Rules(**(QUICK | {"robots": robots}))
            fetcher = Fetcher(rules, resolver=Names(re_example=answers), backend=web)
            kind = await _refused(fetcher.fetch(url))
            cases.append(_case(name, kind, AFTER_HOPS, canary))
    return cases


PAGES: Final[dict[str, Callable[[str], str]]] = {
    "meta-refresh": lambda url: f'<meta http-equiv="refresh" content="0;url={url}">',
    "canonical": lambda url: f'<link rel="canonical" href="{url}">',
    "og-url": lambda url: f'<meta property="og:url" content="{url}">',
    "base": lambda url: f'<base href="{url}">',
    "image": lambda url: f'<img src="{url}"><link rel="stylesheet" href="{url}">',
    "iframe": lambda url: f'<iframe src="{url}"></iframe><script src="{url}"></script>',
    "doctype": lambda url: f'<!DOCTYPE html SYSTEM "{url}">',
    "entity": lambda url: f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "{url}">]>&b;',
    "jsonld-url": lambda url: (
        '<script type="application/ld+json">{"@context":"' + url + '","@type":"JobPosting",'
        '"title":"Baker","url":"' + url + '","sameAs":"' + url + '","@id":"' + url + '"}</script>'
    ),
}  # fmt: skip


def _read(port: int) -> list[Case]:
    """Pages and schemas that name an address inside: reading them asks for nothing."""
    url = f"http://127.0.0.1:{port}/"
    cases = []
    settings = Settings(engine="none")
    for name, made in PAGES.items():
        body = f"{made(url)}<h1>Baker</h1><p>Mill Street Loaves, Bath. Apply now.</p>"
        rolecall.extract(body, settings=settings)
        cases.append(Case(name=f"page/{name}", found=Class.RIGHT))
    schemas: dict[str, dict[str, Any]] = {
        "ref": {"$ref": url}, "deep": {"properties": {"a": {"$ref": f"{url}#/a"}}},
        "id": {"$id": url, "properties": {"a": {"$ref": "b.json"}}}, "dialect": {"$schema": url},
        "dynamic": {"$dynamicRef": url}, "file": {"$ref": "file:///etc/passwd"},
    }  # fmt: skip
    for name, schema in schemas.items():
        try:
            Schema.from_json({"type": "object"} | schema)
            found = Class.RIGHT if name == "dialect" else Class.WRONG
        except Error:
            found = Class.RIGHT
        note = "" if found is Class.RIGHT else "accepted"
        cases.append(Case(name=f"schema/{name}", found=found, note=note))
    return cases


async def _engine(canary: Canary) -> list[Case]:
    """An engine whose server sends away whoever asks: no prompt and no key follows."""
    cases: list[Case] = []
    for status in (301, 302, 303, 307, 308):
        sent = redirect(f"http://127.0.0.1:{canary.port}/v1", status)
        async with Server(lambda path, writer, sent=sent: sent) as server:
            url = f"http://127.0.0.1:{server.port}/v1"
            told = EngineSettings(name="one", urls=(url,), forms=("text",), model="m")
            kind = "answered"
            try:
                async with openai.connect(told, {}) as engine:
                    await engine.complete(PROMPT)
            except EngineError:
                kind = "refused"
        cases.append(_case(f"engine/{status}", kind, ("refused",), canary))
    return cases

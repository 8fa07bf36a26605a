"""Targets on what a page states as data: JSON-LD, loose JSON, microdata, framework state."""

from __future__ import annotations

import json
from typing import Any, Final

import orjson
from selectolax.lexbor import LexborHTMLParser

from fuzz.nouns import Draw, Target, hold, strictly, text_of
from fuzz.words import MARKUP, PAGES
from rolecall.core import Candidate, Page, Source, Statement
from rolecall.page import clean
from rolecall.page.jsonld import read_jsonld
from rolecall.page.loose_json import read_json, read_literal, read_prefix
from rolecall.page.microdata import read_microdata
from rolecall.page.statements import read_statements
from rolecall.record import dump
from rolecall.schema.posting import LIST_UNITS, MULTI_FIELD_UNITS, UNITS
from rolecall.stated import stated

WORDS: Final = (
    "@graph", "@id", "@type", "JobPosting", "title", "description", "hiringOrganization", "name",
    "jobLocation", "address", "baseSalary", "value", "minValue", "unitText", "datePosted", "null",
    "NaN", "Infinity", "1e999", "undefined", "\\u0000", "\\ud800", "//", "/*", "*/", "<!--", "-->",
    "&quot;", "],", "{}", "[[", "}}", "''", "``", ";", "\\", "employmentType", "P3Y", "YEAR",
)  # fmt: skip
BODY: Final = "<h1>Baker</h1><p>Crumb, Bath, £28,000 a year, from 2 November 2026. {}</p>"


def _loose(data: bytes) -> None:
    draw = Draw(data)
    repair = draw.flag()
    text = text_of(draw.rest())
    loaded = read_json(text, repair=repair)
    if loaded is not None:
        hold(bool(loaded.values), "read, and nothing in it")
        for value in loaded.values:
            strictly(value)
    hold(loaded == read_json(text, repair=repair), "read in two ways")
    try:
        plain = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        plain = None
    if isinstance(plain, list | dict):
        hold(loaded is not None and not loaded.repaired, "strict JSON, and not read so")
    text = text.encode("utf-8", "replace").decode()  # as markup is: it never holds halves of pairs
    for found in (read_prefix(text, 0), read_literal(text)):
        if found is not None:
            hold(0 <= found[1] <= len(text), f"ends at {found[1]} of {len(text)}")
            strictly(found[0])


def _jsonld(data: bytes) -> None:
    draw = Draw(data)
    scripts = [text_of(draw.part()) for _ in range(3)]
    statements, notices = read_jsonld(scripts)
    for one in statements:
        _statement(one)
        json.dumps(one.data, allow_nan=False)
    told = [f"{one.code} {one.message}" for one in notices]
    hold(len(told) <= 2 * len(scripts), "more notices than blocks")
    hold((statements, notices) == read_jsonld(scripts), "read in two ways")


def _statement(one: Statement) -> None:
    orjson.loads(dump({"data": one.data}))
    hold(str(one.data.get("@type")) != "", "a statement of no type")


def _markup(data: bytes) -> None:
    """Microdata and framework state, as they stand in markup."""
    html = data.decode("utf-8", "replace")
    tree = LexborHTMLParser(html)
    for one in read_microdata(tree):
        _statement(one)
    statements, _ = read_statements(tree)
    for one in statements:
        _statement(one)


def _stated(data: bytes) -> None:
    """A posting of any shape beside a page of words: what is proposed of it."""
    draw = Draw(data)
    page = _with(text_of(draw.part()), text_of(draw.rest()))
    for one in stated(page):
        proposed(page, one)


def _with(script: str, words: str) -> Page:
    script = script.replace("</", "<\\/")
    html = f'<script type="application/ld+json">{script}</script>{BODY.format(words)}'
    return clean(Source(body=html.encode("utf-8", "replace"), media_type="text/html"))


def proposed(page: Page, one: Candidate) -> None:
    """That a candidate has the shape of its unit, and its spans lie on the page."""
    hold(one.unit in UNITS, f"the unit {one.unit!r}")
    hold(len(one.quotes) == len(one.spans), "quotes and spans that do not go together")
    for span in one.spans:
        if span is not None:
            hold(0 <= span.start < span.end <= len(page.text), f"the span {span}")
    sure = one.confidence
    hold(sure is None or 0 <= sure <= 1, f"the confidence {sure}")
    value: Any = one.value
    if one.unit in LIST_UNITS:
        hold(isinstance(value, list | tuple), f"{one.unit} is no list: {value!r:.100}")
    elif one.unit in MULTI_FIELD_UNITS and value is not None:
        hold(set(value) <= set(UNITS[one.unit]), f"{one.unit} has the fields {set(value)}")
    strictly(value)


_POSTING: Final = (
    b'{"@context":"https://schema.org","@type":"JobPosting","title":"Baker","datePosted":'
    b'"2026-11-02","validThrough":"2027-01-31T00:00","hiringOrganization":{"name":"Crumb"},'
    b'"jobLocation":[{"@type":"Place","address":{"addressLocality":"Bath"}}],"employmentType":'
    b'"FULL_TIME","baseSalary":{"currency":"GBP","value":{"minValue":"28.000","unitText":"YEAR"}},'
    b'"description":"<p>Bake &amp; sell</p>","experienceRequirements":{"monthsOfExperience":36},'
    b'"skills":"Excel, rye","directApply":true}'
)

TARGETS: Final = (
    Target(
        name="stated/loose_json",
        holds="never raises; what is read is strict JSON; strict JSON is read as it is",
        run=_loose,
        seeds=(
            b"\x00" + _POSTING, b"\x01{a:1,'b':[2,,],}//c", b"\x01{\"a\":\"b\" c\"}",
            b"\x00<!--{\"a\":1}-->", b"\x00{&quot;a&quot;:NaN}", b"\x00\"{\\\"a\\\":1}\"",
            b"\x01function(){}", b"\x00[1e400,-1e-400,123456789012345678901234567890]",
        ),
        words=WORDS,
    ),
    Target(
        name="stated/jsonld",
        holds="never raises; every posting is strict JSON; the same twice",
        run=_jsonld,
        seeds=(
            _POSTING, b'{"@graph":[{"@id":"#a","name":"Crumb"},{"@type":["JobPosting"],"title":"x",'
            b'"hiringOrganization":{"@id":"#a"}}]}\xff' + _POSTING + b"\xff{broken",
            b'{"@id":"#a","@type":"JobPosting","x":{"@id":"#a"}}',
        ),
        words=WORDS,
    ),
    Target(
        name="stated/markup",
        holds="never raises; every posting is strict JSON",
        run=_markup,
        seeds=tuple(page.encode() for page in PAGES[1:4]),
        words=(*MARKUP, *WORDS, "__NEXT_DATA__", "self.__next_f.push(", "window.__STATE__ = ",
               "data-page=", "application/json"),
    ),
    Target(
        name="stated/candidates",
        holds="never raises; each value has its unit's shape, each span lies on the page",
        run=_stated,
        seeds=(
            _POSTING + b"\xffBake & sell",
            b'{"@type":"JobPosting","title":["x"],"baseSalary":"3k"}',
            b'{"@type":"JobPosting","title":"Baker","jobLocation":"Bath","baseSalary":[1,2],'
            b'"employmentType":["x",null,1],"skills":[["a"]]}',
        ),
        words=WORDS,
    ),
)  # fmt: skip

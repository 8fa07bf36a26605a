"""Targets on the rest: schemas, settings, addresses, robots.txt, callbacks, the export."""

from __future__ import annotations

import base64
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from fuzz.checks import exported
from fuzz.nouns import Draw, Target, hold, strictly, text_of
from fuzz.targets_files import BASE
from rolecall.client.callbacks import signature, verify_callback
from rolecall.errors import CallbackError, SchemaError, SettingsError
from rolecall.fetch.address import join, read_url
from rolecall.fetch.faults import FetchError
from rolecall.fetch.networks import may_reach
from rolecall.fetch.robots import fits, read_robots
from rolecall.page.jsonld import read_jsonld
from rolecall.record import dump
from rolecall.schema.admit import admit, draft_of
from rolecall.schema.fields import fields_of
from rolecall.schema.limits import DEFAULT_LIMITS
from rolecall.schema.posting import EMPLOYMENT_TYPES, PERIODS, SENIORITIES, WORKPLACES
from rolecall.schema.reading import read_schema
from rolecall.schema.schema_org import to_schema_org
from rolecall.schema.validate import validate
from rolecall.settings_load import load

SECRET: Final = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
NOW: Final = 1_795_000_000.0


def _schema(data: bytes) -> None:
    try:
        document, notices = read_schema(data, DEFAULT_LIMITS)
        for one in notices:
            strictly([one.code, one.message])
        if not isinstance(document, dict | bool):
            return
        draft, _ = draft_of(document)
        found, sizes = admit(document, draft, DEFAULT_LIMITS)
    except SchemaError as error:
        hold(bool(str(error)), "refused without a word")
        return
    hold(len(found.spots) <= DEFAULT_LIMITS.subschemas, "more subschemas than are admitted")
    hold(sizes.sizes[""] >= 0, "an answer of less than nothing")
    for field in fields_of(found):
        strictly([field.pointer, field.kind])


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(dir=BASE))


def _settings(data: bytes) -> None:
    draw = Draw(data)
    name, value = text_of(draw.part()), text_of(draw.part())
    path = _folder() / f"{os.getpid()}.toml"
    path.write_bytes(draw.rest())
    environ = {f"ROLECALL_{name}".replace("\0", ""): value} if name else {}
    try:
        found = load({}, environ, path, None)
    except SettingsError as error:
        hold(bool(str(error)), "refused without a word")
        return
    found.deciding()


def _url(data: bytes) -> None:
    draw = Draw(data)
    url, location = text_of(draw.part()), text_of(draw.rest())
    try:
        target = read_url(url)
        hold(read_url(target.url) == target, f"{target.url!r} is read as another address")
    except FetchError as error:
        hold(error.kind in ("bad_address", "blocked_address"), f"the kind {error.kind}")
        target = read_url("https://a.example/x/y?z")
    hold(target.url.isascii() and " " not in target.url, "an address that is no plain ASCII")
    hold(target.address is None or may_reach(target.address, ()), "an address of an own network")
    try:
        leads = join(target, location)
        hold(leads.scheme in ("http", "https"), f"leads to {leads.scheme}")
        hold(read_url(leads.url) == leads, f"{leads.url!r} is read as another address")
    except FetchError:
        pass


def _robots(data: bytes) -> None:
    draw = Draw(data)
    path = "/" + text_of(draw.part())
    body = draw.rest()
    rules = read_robots(body, "rolecall")
    rules.allows(path)
    hold(rules.allows("/robots.txt"), "robots.txt itself is forbidden")
    hold(rules.delay is None or 0 <= rules.delay < 1e9, f"a delay of {rules.delay}")
    for pattern, _ in rules.rules[:20]:
        fits(pattern, path)
        if "*" not in pattern and "$" not in pattern:
            hold(fits(pattern, pattern), "a pattern that does not fit itself")


def _callback(data: bytes) -> None:
    """Nothing is taken that is not signed; what is signed is taken as it is."""
    draw = Draw(data)
    how, number = draw.number(4), text_of(draw.part())
    moment, said = text_of(draw.part()), text_of(draw.part())
    body = draw.rest()
    headers = {"Webhook-Id": number, "webhook-timestamp": moment, "WEBHOOK-SIGNATURE": said}
    true = False
    if how == 1:  # rightly signed
        ours = signature(SECRET, "m1", str(int(NOW)), body)
        headers = {"webhook-id": "m1", "webhook-timestamp": str(int(NOW))}
        headers["webhook-signature"] = f"v1,x {ours} {said}"
        true = True
    elif how == 2:  # signed for another message
        headers["webhook-signature"] = signature(SECRET, "other", str(int(NOW)), body)
        headers.pop("WEBHOOK-SIGNATURE")
    try:
        told = verify_callback(headers, body, SECRET, now=NOW)
    except CallbackError:
        try:
            fine = isinstance(orjson.loads(body), dict)
        except orjson.JSONDecodeError:
            fine = False
        hold(not (true and fine), "rightly signed, and refused")
        return
    hold(true, f"taken without a signature: {headers}")
    hold(told == orjson.loads(body), "the message is another")


def _export(data: bytes) -> None:
    """Data of any valid posting, exported and read back as the page's own word."""
    draw = Draw(data)
    posting = _posting(draw)
    posting = orjson.loads(dump(posting))
    if validate(posting):
        return
    exported(posting)
    line = dump(to_schema_org(posting)).decode()
    statements, notices = read_jsonld([line])
    hold(len(statements) == 1 and not notices, "the export is not read as one posting")
    back = statements[0].data
    title = back.get("title")
    opened = posting["title"].strip()[:1] in ("{", "[", '"')  # a text that holds JSON is opened
    hold(opened or title == posting["title"], f"the title comes back as {title!r:.100}")


def _posting(draw: Draw) -> dict[str, Any]:
    """A posting whose values are drawn."""

    def text() -> str:
        return text_of(draw.part())[:300]

    def texts() -> list[str]:
        return [text() for _ in range(draw.number(4))]

    low = draw.number(1 << 40) / draw.choice((1, 3, 100))
    out: dict[str, Any] = {
        "salary_min": draw.choice((None, low, int(low))),
        "salary_max": draw.choice((None, low, low + 1)),
        "salary_period": draw.choice((None, *PERIODS)),
        "salary_currency": draw.choice((None, "EUR", "ABC")),
        "workplace": draw.choice((None, *WORKPLACES)),
        "seniority": draw.choice((None, *SENIORITIES)),
        "employment_type": sorted({draw.choice(EMPLOYMENT_TYPES) for _ in range(draw.number(3))}),
        "experience_years_min": draw.choice((None, 0, 0.5, 3, 60)),
        "date_posted": draw.choice((None, "2026-11-02")),
    }
    out |= {"skills": texts(), "benefits": texts(), "requirements": texts()}
    out["locations"] = [
        {"text": text(), "city": draw.choice((None, text())), "region": None, "country": None}
        for _ in range(draw.number(3))
    ]
    return out | {"title": text(), "company": text(), "description": text()}


_SCHEMA: Final = (
    b'{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"a":'
    b'{"type":"string","maxLength":9,"pattern":"^x+$"},"b":{"$ref":"#/$defs/b"}},"required":["a"],'
    b'"$defs":{"b":{"type":"array","items":{"enum":[1,"x",null]},"minItems":2}}}',
    b'{"definitions":{"a":{"$ref":"#/definitions/a"}},"$ref":"#/definitions/a"}',
    b'{"anyOf":[{"type":"integer","minimum":3,"maximum":2},{"const":{"a":1}}],"nullable":true}',
    b'{"$id":"https://a.example/x","$anchor":"b","properties":{"c":{"$dynamicRef":"#b"}}}',
    b"true",
)
_KEYWORDS: Final = (
    '"type":', '"properties":', '"$ref":"#/', '"$defs":', '"items":', '"enum":', '"const":',
    '"allOf":[',
    '"anyOf":[', '"oneOf":[', '"not":', '"if":', '"required":[', '"minLength":', '"maxItems":',
    '"pattern":"',
    '"additionalProperties":', '"dependentSchemas":', '"unevaluatedProperties":false', '"$id":',
    '"$anchor":',
    '"prefixItems":[', '"minimum":', '"multipleOf":', '"format":"date"', '"nullable":true', "1e400",
    "true",
    '"$dynamicRef":', '"contains":', '"propertyNames":', '"$recursiveRef":"#"', '"~0"', '"%25"',
)  # fmt: skip

TARGETS: Final = (
    Target(
        name="schema/admit",
        holds="raises SchemaError alone; what is admitted is within its bounds",
        run=_schema,
        seeds=_SCHEMA,
        words=_KEYWORDS,
    ),
    Target(
        name="settings/toml",
        holds="raises SettingsError alone, in words",
        run=_settings,
        seeds=(
            b"WORKERS\xff2\xffworkers = 3\nreader = false\n[engines.a]\nkind = 'vllm'\n",
            b"\xff\xff[[challenger]]\nname='a'\nshare=0.1\n",
            b"TIMEOUT\xffnan\xffmax_bytes=inf\nx=1\n",
        ),
        words=("workers", "reader", "engines", "challenger", "timeout", "max_bytes", "policy", "= ",
               "[[",
               "nan", "inf", "-1", "1979-05-27", "'''", "true", "none", "0x", "1e999"),
    ),
    Target(
        name="fetch/url",
        holds="raises FetchError alone; an address is plain, public, and reads as itself",
        run=_url,
        seeds=(
            b"https://www.a.example:8443/x?y#z\xff../b c", b"http://127.1/\xff//b.example/",
            "https://bücher.example/ä?ü\xff?q".encode("latin-1").replace(b"\xff", b"\xff"),
            b"http://[2606:4700::1]/\xffhttp://[::1]/", b"https://0x7f.1\xff\\\\a.example",
            b"http://1.1.1.1/%2e%2e\xff/..//",
        ),
        words=("http://", "https://", "[::ffff:", "127.0.0.1", "0x", "@", "%", "..", "//", "\\",
               "。", "xn--",
               "[", "]", ":80", ":0", "localhost", ".internal", "ß", "\u200d", "①", "?", "#"),
    ),
    Target(
        name="fetch/robots",
        holds="never raises; robots.txt itself is allowed; a plain pattern fits itself",
        run=_robots,
        seeds=(
            b"a/b?c\xffUser-agent: *\nDisallow: /a*b$\nAllow: /a/\nCrawl-delay: 2\n\nUser-agent: "
            b"rolecall\nDisallow:\n",
            b"x\xff\xef\xbb\xbfuser-agent: Rolecall/1\r\ndisallow: /%7ex\r\rcrawl-delay: 1e99",
        ),
        words=("User-agent: ", "Disallow: ", "Allow: ", "Crawl-delay: ", "*", "$", "%2F", "#", "\r",
               "Sitemap:"),
    ),
    Target(
        name="client/callback",
        holds="raises CallbackError alone; nothing unsigned is taken, all that is signed is",
        run=_callback,
        seeds=(
            b'\x01\xff\xffv1,abc\xff{"type":"batch.done","data":{}}',
            b"\x00m1\xff1795000000\xffv1,AAAA v1a,x\xff{}",
            b"\x02other\xff1795000000\xff\xff[]", b"\x00m\xff-1\xffv1,\xff",
        ),
        words=("v1,", "v1a,", "whsec_", "1795000000", " ", "\u0661", '{"a":1}'),
    ),
    Target(
        name="schema/export",
        holds="any valid posting exports as strict JSON-LD that reads back as that posting",
        run=_export,
        seeds=(
            bytes(range(1, 40)) + b"Excel\xffrye\xffflour\xffBath\xffBaker\xffCrumb\xffBakes bread",
            b"\0" * 30 + b"\xff".join([b"a"] * 20),
        ),
        words=("<!--", "</script>", '{"a":1}', "[1]", "\\u2028", "\u202e"),
    ),
)  # fmt: skip

"""Pages of the annotated corpus beside the checkout, with copies made of them in memory."""

from __future__ import annotations

import random
import re

from copies_pages import Made, Vacancy
from copies_texts import ENGLISH
from pages import CORPUS

NOBODY = Vacancy(
    tongue=ENGLISH, title="", company="", city="", pay=(0, 0), day=(0, 0, 0), about="", duties=(),
    wants=(), gives=(),
)  # fmt: skip
CHROME = (
    "<nav><a href='/a'>Start</a> <a href='/b'>All postings</a> <a href='/c'>Help</a></nav>",
    "<div class='cookie-banner'>We use cookies on this site. Accept all cookies.</div>",
    "<aside class='sidebar'><a href='/d'>Career tips</a> <a href='/e'>Employers</a></aside>",
)
EDITS = ("chrome", "typo", "item gone", "item added", "bytes")


def pages(seed: int, most: int = 150) -> list[Made]:
    """Pages of the corpus in a mixed order, each with two changed copies of its own."""
    draw = random.Random(seed)
    files = sorted((CORPUS / "pages").glob("*.html"))
    out = []
    for number, path in enumerate(draw.sample(files, min(most, len(files)))):
        body = path.read_bytes()
        for edit in ("none", *draw.sample(EDITS, 2)):
            changed = _changed(draw, body, edit)
            out.append(Made(body=changed, vacancy=number, edit=edit, kind="corpus", truth=NOBODY))
    draw.shuffle(out)
    return out


def _changed(draw: random.Random, body: bytes, edit: str) -> bytes:
    if edit == "chrome":
        told = "".join(draw.sample(CHROME, 2)).encode()
        return re.sub(rb"(<body[^>]*>)", lambda found: found.group() + told, body, count=1)
    if edit == "typo":
        words = list(re.finditer(rb">[^<>]{80,}<", body))
        if words:
            one = draw.choice(words)
            at = one.start() + 20
            return body[:at] + body[at + 1 : at + 2] + body[at : at + 1] + body[at + 2 :]
    items = list(re.finditer(rb"<li[^>]*>[^<>]{30,200}</li>", body))
    if edit == "item gone" and items:
        one = draw.choice(items)
        return body[: one.start()] + body[one.end() :]
    if edit == "item added" and items:
        one = draw.choice(items)
        return body[: one.end()] + b"<li>Working well with others</li>" + body[one.end() :]
    return body + b"\n<!-- again -->" if edit == "bytes" else body

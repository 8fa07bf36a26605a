"""Does a record stand on its page? Looked up anew, by rules of this file's own."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from rolecall.core import Page
from rolecall.stated import stated

VERBATIM = {
    "title", "company", "location", "education", "skills", "description", "responsibilities",
    "requirements", "benefits", "application_email",
}  # fmt: skip


def unsupported(record: dict[str, Any], page: Page) -> list[str]:
    """What is wrong: values without evidence, quotes that are not there, words that are not in
    their quotes, figures that the page does not show."""
    data, evidence = record["data"] or {}, record["evidence"]
    wrong = [f"{key}: no value" for key in evidence if _at(data, key) is None]
    for name, value in data.items():
        if value is None:
            continue
        keys = [f"/{name}/{n}" for n in range(len(value))] if isinstance(value, list) else []
        for key in keys or [f"/{name}"]:
            one = evidence.get(key)
            fault = (
                "no evidence" if one is None else _fault(name, _at(data, key), one, record, page)
            )
            if fault:
                wrong.append(f"{key}: {fault}")
    return wrong


def _fault(
    name: str, value: Any, one: dict[str, Any], record: dict[str, Any], page: Page
) -> str | None:
    start, quote = one["start"], one["quote"]
    if start is not None:
        shown = page.text[start : one["end"]]
        if one["match"] != "stated" and _fold(shown) != _fold(quote):
            return f"{quote!r} is not at its place"
        if one["block_path"] not in {block.path for block in page.blocks}:
            return "its block is not on the page"
    elif one["match"] in ("exact", "normalised"):
        return "no place"
    if one["match"] == "stated":
        return None if _is_stated(value, one["pointer"], page) else f"{value!r} is not stated"
    if name in ("application_url", "application_email") and start is None:
        hrefs = [link.href for link in page.links if f"{link.path}/@href" == one["pointer"]]
        return None if any(str(value) in href for href in hrefs) else "no such link"
    if name in VERBATIM:
        lines = [value["text"] if isinstance(value, dict) else line for line in _lines(value)]
        if any(_fold(line) not in _fold(quote or "") for line in lines):
            return f"{value!r} is not in its quote"
    if isinstance(value, int | float) and one["match"] != "derived":
        digits = re.sub(r"\D", "", quote or "")
        if digits and str(int(value)).rstrip("0") not in digits:  # else a number in words
            return f"{value} is not in {quote!r}"
    if name in ("date_posted", "valid_through") and str(int(str(value)[8:])) not in (quote or ""):
        return f"{value} is not in {quote!r}"
    return None


def _lines(value: Any) -> list[Any]:
    return value.split("\n") if isinstance(value, str) else [value]


def _is_stated(value: Any, pointer: str, page: Page) -> bool:
    """Whether the page's own data has the value in some wording, there where the pointer leads.

    Codes of countries and the like are taken as the reader of such data takes them on this page.
    """
    for own in stated(page):
        values = own.value if isinstance(own.value, list) else [own.value]
        texts = [one["text"] for one in values if isinstance(one, dict) and "text" in one]
        if own.pointer == pointer and value in (*values, *texts):
            return True
    for one in page.statements:
        if pointer.startswith(one.pointer):
            text = _fold(repr(one.data))
            said = value["text"] if isinstance(value, dict) else value
            parts = re.split(r"[,\s_]+", _fold(str(said)))
            return all(part in text or part.rstrip("0").rstrip(".") in text for part in parts)
    return False


def _at(data: Any, key: str) -> Any:
    for part in key.split("/")[1:]:
        data = data[int(part)] if isinstance(data, list) else data.get(part)
    return data


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())

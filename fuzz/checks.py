"""What must hold of every page and every record, whatever came in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import orjson

from fuzz.nouns import broken, hold, plain_text
from rolecall.core import FAILURES, NOT_A_POSTING, Page
from rolecall.record import dump
from rolecall.schema.posting import FIELDS, REQUIRED, UNITS
from rolecall.schema.schema_org import to_schema_org
from rolecall.schema.validate import validate
from rolecall.settle.ground import VERBATIM, fold

KEYS: Final = frozenset(
    {"schema_version", "seq", "source", "source_id", "url", "outcome", "reason", "data",
     "evidence", "problems", "warnings", "attempts", "route", "text_sha256", "config", "seconds",
     "text"}
)  # fmt: skip
OUTCOMES: Final = frozenset({"ok", "partial", "not_a_posting", "failed"})
MATCHES: Final = frozenset({"exact", "normalised", "stated", "derived", "none"})
WORDED: Final = frozenset(name for unit in VERBATIM - {"places"} for name in UNITS[unit])
"""Fields whose values are the page's own words."""


def page_holds(page: Page) -> None:
    """That the text is strict UTF-8, each line has its block, and every span lies on its line."""
    plain_text(page.text)
    hold("\0" not in page.text and "\r" not in page.text, "the text holds a control character")
    lines = page.text.split("\n") if page.blocks else []
    hold(bool(page.blocks) or not page.text, "a text without blocks")
    hold(len(lines) == len(page.blocks), f"{len(lines)} lines, {len(page.blocks)} blocks")
    start = 0
    for line, block in zip(lines, page.blocks, strict=True):
        inside = start <= block.span.start <= block.span.end <= start + len(line)
        hold(inside, f"the span {block.span} is not within its line {start}+{len(line)}")
        start += len(line) + 1
    for link in page.links:
        hold(0 <= link.span.start <= link.span.end <= len(page.text), f"a link at {link.span}")
        hold("\n" not in link.span.of(page.text), "a link over two lines")
    for one in page.statements:
        orjson.loads(dump({"data": one.data}))


def record_holds(record: Mapping[str, Any]) -> None:
    """That a record, written with its text, is as ``docs/records.md`` says."""
    line = dump(record)
    line.decode("utf-8")
    told = orjson.loads(line)
    hold(told == json.loads(line), "two readers of JSON read two records")
    hold(told.keys() <= KEYS, f"keys {sorted(told.keys() - KEYS)}")
    outcome, reason, data = told["outcome"], told["reason"], told["data"]
    hold(outcome in OUTCOMES, f"the outcome {outcome!r}")
    if outcome in ("ok", "partial"):
        hold(reason is None, "a posting with a reason against it")
        _posting(told, data)
        return
    hold(data is None and not told["evidence"], f"{outcome}, with values")
    codes = NOT_A_POSTING if outcome == "not_a_posting" else FAILURES
    hold(reason is not None and reason["code"] in codes, f"{outcome} for the reason {reason!r}")
    if reason["code"] == "internal":
        broken(f"a fault of ours: {reason['message']}")


def _posting(told: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    hold(set(data) <= set(FIELDS), f"fields {sorted(set(data) - set(FIELDS))}")
    missing = [name for name in REQUIRED if data.get(name) is None]
    faults = [one for one in validate(data) if one.message and not _absent(one.message, missing)]
    hold(not faults, f"invalid: {[(one.pointer, one.message) for one in faults][:3]}")
    hold(told["outcome"] == "partial" or not missing, f"ok without {missing}")
    text = told["text"]
    folded = fold(text)
    for pointer, proof in told["evidence"].items():
        _proved(pointer, proof, data, text)
        name = pointer.split("/")[1]
        if name in WORDED and proof["origin"] == "reader" and proof["match"] != "derived":
            for said in str(_at(data, pointer)).split("\n"):  # their bullets are left out
                there = said in text or fold(said) in folded
                hold(there, f"{pointer} is not on the page: {said!r:.200}")
    for name, value in data.items():
        if value is None or value == []:
            continue
        wanted = [f"/{name}/{at}" for at in range(len(value))] if isinstance(value, list) else ()
        lacking = [one for one in wanted or (f"/{name}",) if one not in told["evidence"]]
        hold(not lacking, f"no evidence for {lacking[:3]}")
    exported(data)


def _absent(message: str, missing: list[str]) -> bool:
    """Whether a fault says no more than that a required field is missing."""
    return any(f'"{name}"' in message or f"'{name}'" in message for name in missing)


def _at(data: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        data = data[int(step)] if isinstance(data, list) else data[step]
    return data


def _proved(pointer: str, proof: Mapping[str, Any], data: Mapping[str, Any], text: str) -> None:
    """That a proof's quote stands where it says, and that it proves a value that is there."""
    try:
        hold(_at(data, pointer) is not None, f"{pointer} proves nothing")
    except (KeyError, IndexError, ValueError):
        broken(f"{pointer} proves a value that is not there")
    match, start, end, quote = proof["match"], proof["start"], proof["end"], proof["quote"]
    hold(match in MATCHES, f"{pointer} matches by {match!r}")
    sure = proof["confidence"]
    hold(sure is None or 0 <= sure <= 1, f"{pointer} has the confidence {sure}")
    if start is None:
        hold(match in ("stated", "derived", "none"), f"{pointer} is {match} without a place")
        return
    hold(0 <= start < end <= len(text), f"{pointer} stands at {start}:{end} of {len(text)}")
    if match == "exact":
        hold(text[start:end] == quote, f"{pointer}: {quote!r:.100} is not at {start}:{end}")
    elif match == "normalised":
        same = fold(text[start:end]) == fold(quote)
        hold(same, f"{pointer}: {quote!r:.100} is not what {start}:{end} says")


def exported(data: Mapping[str, Any]) -> None:
    """That data goes into schema.org's shape as strict JSON, with nothing empty in it."""
    out = to_schema_org(data)
    line = dump(out)
    hold(orjson.loads(line) == out, "the export is no strict JSON")
    stack: list[Any] = [out]
    while stack:
        value = stack.pop()
        hold(value is not None and value != [] and value != {}, "the export holds an empty value")
        if isinstance(value, dict):
            stack += value.values()
        elif isinstance(value, list):
            stack += value

"""Targets on what engines send: streams, completions, and answers about a fixed page."""

from __future__ import annotations

from functools import cache
from typing import Final

import orjson

from fuzz.nouns import BrokenError, Draw, Target, hold, strictly, text_of
from fuzz.targets_stated import proposed
from fuzz.words import PAGES
from rolecall.ask.answer import read_answer
from rolecall.ask.questions import POSTING, Question, extra_questions
from rolecall.ask.reading import AnswerError, read_object
from rolecall.ask.render import Sheet, sheet_of
from rolecall.ask.values import DIRECT
from rolecall.core import Completion, Page, Source
from rolecall.engines.answers import read_completion
from rolecall.engines.retry import Fault
from rolecall.engines.sse import Events
from rolecall.engines.stream import StreamReading
from rolecall.engines.wire import Reply
from rolecall.page import clean
from rolecall.schema.admit import admit, draft_of
from rolecall.schema.fields import fields_of
from rolecall.schema.limits import DEFAULT_LIMITS

OWN: Final = {
    "type": "object",
    "properties": {
        "notice": {"type": "integer"}, "car": {"type": "boolean"}, "team": {"type": "string"},
        "shifts": {"type": "array", "items": {"enum": ["early", "late"]}, "maxItems": 3},
        "pay": {"type": "number"}, "tools": {"type": "array", "items": {"type": "string"}},
    },
}  # fmt: skip
TYPES: Final = (
    "application/json", "text/event-stream", "text/html", "", "application/problem+json",
    "application/json; charset=utf-8", "TEXT/EVENT-STREAM",
)  # fmt: skip


@cache
def _fixed() -> tuple[Page, Sheet, tuple[Question, ...]]:
    page = clean(Source(body=PAGES[0].encode(), media_type="text/html"))
    draft, _ = draft_of(OWN)
    extra, _ = extra_questions(fields_of(admit(OWN, draft, DEFAULT_LIMITS)[0]))
    return page, sheet_of(page), (*POSTING.values(), *extra)


def _object(data: bytes) -> None:
    draw = Draw(data)
    cut, loose = draw.flag(), draw.flag()
    text = text_of(draw.rest())
    try:
        found = read_object(text, cut=cut, loose=loose)
    except AnswerError:
        return
    hold(isinstance(found, dict), "an answer that is no object")
    if not loose and not cut:
        hold(text.strip().startswith("{"), "an object out of nothing")


def _answer(data: bytes) -> None:
    draw = Draw(data)
    finish, loose = draw.choice(("stop", "length", "refusal")), draw.flag()
    page, sheet, asked = _fixed()
    text = text_of(draw.rest())
    completion = Completion(text=text, finish_reason=finish, engine="e")  # type: ignore[arg-type]
    told = read_answer(page, sheet, asked, completion, loose=loose)
    for one in told.candidates:
        proposed(page, one)
        for quote, span in zip(one.quotes, one.spans, strict=True):
            hold(span is not None and span.of(page.text) == quote, f"{quote!r} is not at {span}")
        if one.unit in DIRECT:
            values = one.value if isinstance(one.value, list) else [one.value]
            for value in values:
                hold(value in page.text, f"{one.unit} {value!r} is not on the page")
    for extra in told.extras:
        strictly(extra.value)
        for quote, span in zip(extra.quotes, extra.spans, strict=True):
            hold(span.of(page.text) == quote, f"{quote!r} is not at {span}")
    hold(len(told.problems) <= 4 * len(text) + 40, "more problems than words")


def _pieces(draw: Draw, body: bytes) -> list[bytes]:
    """The bytes in pieces of any size."""
    out, at, size = [], 0, 1 + draw.number(9)
    while at < len(body):
        out.append(body[at : at + size])
        at += size
        size = size * 3 % 17 + 1
    return out


def _stream(data: bytes) -> None:
    draw = Draw(data)
    cuts = Draw(bytes([draw.number(256)]))
    body = draw.rest()
    whole, pieces = Events(), Events()
    at_once = whole.feed(body) + whole.close()
    cut = [one for part in _pieces(cuts, body) for one in pieces.feed(part)] + pieces.close()
    hold(at_once == cut, f"cut otherwise, the events are others: {at_once} and {cut}")
    answers = []
    for parts in ([body], _pieces(cuts, body)):
        reading = StreamReading(lambda: 0.0)
        reading.begin()
        try:
            for part in parts:
                reading.take(part)
            headers = {"content-type": "text/event-stream"}
            answers.append(repr(reading.read(Reply(200, headers, b"")).answer))
        except Fault as fault:
            answers.append(f"fault {fault.result}")
    hold(answers[0] == answers[1], f"cut otherwise, the answer is another: {answers}")


def _completion(data: bytes) -> None:
    draw = Draw(data)
    kind = draw.choice(TYPES)
    body = draw.rest()
    try:
        told = read_completion(Reply(200, {"content-type": kind}, body))
    except Fault as fault:
        hold(bool(fault.result) and len(str(fault)) < 2_000, "a fault without a word")
        return
    hold(told.finish in ("stop", "length", "refusal"), f"ended by {told.finish!r}")
    usage = told.usage
    hold(min(usage.input_tokens, usage.cached_tokens, usage.output_tokens) >= 0, "fewer than none")
    try:
        orjson.dumps(told.text)
    except TypeError as error:
        raise BrokenError("an answer that is no text of UTF-8") from error


_SAYS: Final = (
    b'{"title":"Baker","company":"Crumb","places":["Bath"],"salary":"\xc2\xa328,000 to \xc2\xa331'
    b',000 a year",'
    b'"employment_type":[["full_time","Full time"]],"workplace":["hybrid","hybrid"],"description"'
    b":[[1,9]],"
    b'"requirements":[[7,8]],"skills":["Excel","SQL"],"notice":"3 years","car":["true","Excel"]}'
)
_CHUNK: Final = (
    b'data: {"model":"m","choices":[{"delta":{"content":"{}"},"finish_reason":null}]}\n\n'
    b'data: {"model":"m","choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens"'
    b":3}}\r\n\r\n"
    b": comment\ndata: [DONE]\n\n"
)
_WHOLE: Final = (
    b'{"model":"m","choices":[{"message":{"content":"{\\"title\\":\\"x\\"}"},"finish_reason":"sto'
    b'p"}],'
    b'"usage":{"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1'
    b'}}}'
)  # fmt: skip

TARGETS: Final = (
    Target(
        name="ask/object",
        holds="raises AnswerError or gives an object; none where the text begins otherwise",
        run=_object,
        seeds=(
            b"\x00\x00" + _SAYS, b'\x01\x00{"a":"x","b":["y',
            b'\x00\x01<think>no</think>```json\n{"a":1}\n```',
            b'\x00\x00{"a":1,"a":2}', b'\x00\x00{"a":NaN}', b"\x01\x01" + b"[" * 40,
        ),
        words=("<think>", "</think>", "```json", "```", "{", "}", "\\u0000", "\\ud800", "NaN"),
    ),
    Target(
        name="ask/answer",
        holds="never raises; each quote stands where its span says; values are the page's words",
        run=_answer,
        seeds=(b"\x00\x00" + _SAYS, b"\x01\x01" + _SAYS[:90],
            b'\x00\x00{"description":[[0,99],[9,1]]}'),
        words=(*(f'"{name}":' for name in POSTING), "[[1,2]]", "Baker", "£28,000", "null", "1e9"),
    ),
    Target(
        name="engines/stream",
        holds="raises Fault alone; however the bytes are cut, events and answer are the same",
        run=_stream,
        seeds=(b"\x03" + _CHUNK, b"\x00\xef\xbb\xbfdata:a\rdata: b\r\n\ndata\n\n",
            b"\x05data: {\"error\":\"x\"}\n\n"),
        words=("data:", "data: ", "event:", "id:", "retry:", "\r\n", "\r", "[DONE]", '"delta"',
               '"error"',
               '"usage"', '"finish_reason"', '"length"', "\xef\xbb\xbf", '"refusal"'),
    ),
    Target(
        name="engines/completion",
        holds="raises Fault alone; usage is never negative; the text is UTF-8",
        run=_completion,
        seeds=(b"\x00" + _WHOLE, b'\x00{"choices":[]}', b'\x00{"error":{"message":"x"}}',
            b"\x02<html>"),
        words=('"choices"', '"message"', '"content"', "null", '"refusal"', '"finish_reason"',
               '"usage"',
               "-1", "1e400", '"length"', '"model"', "\\ud800"),
    ),
)  # fmt: skip

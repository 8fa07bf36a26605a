"""A chat completion as bytes -> what the model answered; whatever else came is a `Fault`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import orjson
from msgspec import Struct

from rolecall.core import Usage
from rolecall.engines.retry import no_answer, plain
from rolecall.engines.wire import Reply

Finish = Literal["stop", "length", "refusal"]

FINISHES: Final[Mapping[str, Finish]] = {
    "stop": "stop",
    "eos": "stop",
    "length": "length",
    "content_filter": "refusal",
    "refusal": "refusal",
}
"""The words of servers for why an answer ended; all others are faults."""


class Answered(Struct, frozen=True):
    """The text of an answer, why it ended, and what it took."""

    text: str
    finish: Finish
    usage: Usage
    model: str


def read_json(reply: Reply) -> dict[str, Any]:
    """The JSON object of a reply.

    Raises:
        Fault: an empty body, another type of content, no JSON (NaN and lone surrogates are none).
    """
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not reply.body.strip():
        raise no_answer("empty_body", "the server answered with nothing")
    if kind != "application/json" and not kind.endswith("+json"):
        raise no_answer("wrong_content_type", f"the answer is {plain(kind, 40) or 'untyped'}")
    try:
        data = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        raise no_answer("invalid_json", "the answer is no JSON") from None
    if not isinstance(data, dict):
        raise no_answer("bad_answer", "the answer is no JSON object")
    return data


def read_completion(reply: Reply) -> Answered:
    """The answer that a reply of ``/chat/completions`` holds.

    Raises:
        Fault: it holds none.
    """
    data = read_json(reply)
    usage = read_usage(data.get("usage"))
    if data.get("error"):
        raise no_answer("error_in_answer", "the answer holds an error", usage)
    choices = data.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise no_answer("no_choices", "the answer holds no choice", usage)
    return read_choice(choices[0], data.get("model"), usage)


def read_choice(choice: Mapping[str, Any], model: Any, usage: Usage) -> Answered:
    """The answer that one choice of a completion holds; ``model`` gave it.

    Raises:
        Fault: it holds none.
    """
    message = choice.get("message")
    if not isinstance(message, dict) or not isinstance(model, str) or not model:
        raise no_answer("bad_answer", "the answer names no model or no message", usage)
    finish = FINISHES.get(str(choice.get("finish_reason")))
    if finish is None:
        raise no_answer("bad_answer", "the answer does not say why it ended", usage)
    said = message.get("refusal")
    if isinstance(said, str) and said:
        return Answered(said, "refusal", usage, model)
    text = message.get("content")
    if text is None and finish != "stop":
        text = ""
    if not isinstance(text, str) or (not text and finish == "stop"):
        fault = no_answer("empty_answer", "the model said nothing", usage)
        fault.weak = False  # the replica is well, the model is not
        raise fault
    return Answered(text, finish, usage, model)


def read_usage(data: Any) -> Usage:
    """The tokens that a completion took; zeros where the server does not say."""
    if not isinstance(data, dict):
        return Usage()
    details = data.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else 0
    return Usage(
        input_tokens=_count(data.get("prompt_tokens")),
        cached_tokens=_count(cached),
        output_tokens=_count(data.get("completion_tokens")),
    )


def _count(value: Any) -> int:
    return value if type(value) is int and value > 0 else 0

"""Counting tokens with the server's own tokenizer, where it offers that."""

from __future__ import annotations

from typing import Final

import orjson

from rolecall.core import Notice, Prompt
from rolecall.engines.answers import read_json
from rolecall.engines.calls import Calls
from rolecall.engines.retry import no_answer
from rolecall.engines.wire import Reply
from rolecall.errors import EngineError

SPECIAL: Final = "<|im_end|>"
"""Ends a turn in the chat format of Qwen and many others."""


async def count_tokens(calls: Calls, way: str, model: str, prompt: Prompt) -> int | None:
    """The tokens of the messages within the chat template; ``None`` where ``way`` is empty.

    Raises:
        EngineError: the server gave no count.
    """
    messages = [{"role": role, "content": text} for role, text in prompt.messages]
    if way == "vllm":
        asked = {"model": model, "messages": messages, "add_generation_prompt": True}
        return (await calls.aside("//tokenize", orjson.dumps(asked), _read_count)).answer
    if way == "llamacpp":
        body = orjson.dumps({"messages": messages})
        text = (await calls.aside("//apply-template", body, _read_text)).answer
        asked = {"content": text, "add_special": True, "parse_special": True}
        return (await calls.aside("//tokenize", orjson.dumps(asked), _read_count)).answer
    return None


async def special_tokens(calls: Calls, way: str, model: str, name: str) -> tuple[Notice, ...]:
    """A notice if text inside a message can end it, as far as the server's counting tells.

    A server that lacks what its vendor has gives a notice too; nothing depends on it but counts.
    """
    if not way:
        return ()
    counts = []
    try:
        for text in ("a a", f"a{SPECIAL}a"):
            prompt = Prompt(messages=(("user", text),))
            counts.append(await count_tokens(calls, way, model, prompt) or 0)
    except EngineError as error:
        message = f"engine {name}: tokens cannot be counted by the server: {error}"
        return (Notice(code="tokens_not_counted", message=message),)
    # As text the mark takes several tokens, read as a mark it takes one.
    if counts[1] - counts[0] > 2:
        return ()
    message = f"engine {name}: the server reads {SPECIAL} inside a message as the end of it"
    return (Notice(code="special_tokens_read", message=message),)


def _read_count(reply: Reply) -> int:
    data = read_json(reply)
    count, tokens = data.get("count"), data.get("tokens")
    if type(count) is int and count >= 0:
        return count
    if isinstance(tokens, list):
        return len(tokens)
    raise no_answer("bad_answer", "the answer holds no count")


def _read_text(reply: Reply) -> str:
    text = read_json(reply).get("prompt")
    if not isinstance(text, str):
        raise no_answer("bad_answer", "the answer holds no prompt")
    return text

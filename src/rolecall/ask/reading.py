"""An engine's text as plain data: strict JSON, and what can be saved of an answer that was cut."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

LONGEST: Final = 1_000_000
"""Characters of an answer that are read."""

_THINKING: Final = re.compile(r"\A\s*<think>.*?(?:</think>|\Z)", re.DOTALL)
_FENCE: Final = re.compile(r"```(?:json)?[ \t]*\n?", re.IGNORECASE)


class AnswerError(ValueError):
    """An answer that is no JSON object."""


def read_object(text: str, *, cut: bool = False, loose: bool = False) -> dict[str, Any]:
    """The JSON object that ``text`` is; raises `AnswerError`.

    With ``cut`` the members that were whole before the end count. With ``loose`` (no form was
    enforced) a thought in front and a fence around the object are passed over.
    """
    if len(text) > LONGEST:
        raise AnswerError(f"the answer has more than {LONGEST:,} characters")
    if loose:
        text = _bare(text)
    whole = _whole_members(text) if cut else None
    try:
        return _strict(text)
    except ValueError as error:
        if whole is None:
            raise AnswerError(str(error)) from None
    try:
        return _strict(whole)
    except ValueError as error:
        raise AnswerError(str(error)) from None


def _strict(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError:
        raise AnswerError("the answer is nested too deeply") from None
    if not isinstance(value, dict):
        raise AnswerError("the answer is no JSON object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        raise AnswerError("a field was answered twice")
    return out


def _no_constant(word: str) -> Any:
    raise AnswerError(f"{word} is no JSON")


def _bare(text: str) -> str:
    """The object in a text around it."""
    text = _THINKING.sub("", text, count=1)
    fence = _FENCE.search(text)
    if fence is not None and not text.lstrip().startswith("{"):  # a quote may hold one
        text = text[fence.end() :]
    start, end = text.find("{"), text.rfind("}")
    if start < 0:
        return text
    return text[start : end + 1] if end > start else text[start:]


def _whole_members(text: str) -> str | None:
    """The object with the members that came before the cut."""
    depth, quoted, escaped, last = 0, False, False, -1
    for at, letter in enumerate(text):
        if quoted:
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == '"':
                quoted = False
        elif letter == '"':
            quoted = True
        elif letter in "{[":
            depth += 1
        elif letter in "]}":
            depth -= 1
        elif letter == "," and depth == 1:
            last = at
    return text[:last] + "}" if last > 0 else None

"""JSON as pages write it: strict first, then ever more lenient, never an exception.

The order is: orjson; the standard library with wrappers, control characters, ``NaN`` and several
values allowed; entity-escaped bodies; JavaScript literals (comments, trailing commas, bare keys,
single quotes); last, and only where the caller allows it, a repair that guesses.
"""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson
from msgspec import Struct

MAX_CHARS: Final = 2_000_000
"""Longer texts are not read at all."""
MAX_RELAXED_CHARS: Final = 300_000
MAX_REPAIR_CHARS: Final = 60_000
MAX_REPAIR_WORK: Final = 10_000_000
"""Characters times quotation marks: a guess looks ahead from each mark, a quarter of a second."""
MAX_REPAIR_DEPTH: Final = 64
MAX_VALUES: Final = 200
MAX_ENCODED: Final = 3
MAX_WRAPPERS: Final = 6
MAX_DEPTH: Final = 200

_WRAPPERS: Final = ("<!--", "-->", "<![CDATA[", "]]>", "//", "/*", "*/")
_BETWEEN = re.compile(r"(?:[\s;,]+|<!--|-->|<!\[CDATA\[|\]\]>|//(?=\s*(?:\]\]>|-->))|/\*|\*/)*")
_ESCAPED_QUOTE = re.compile(r"&(?:quot|#34|#x22);", re.I)
_TOKEN = re.compile(
    r'"((?:[^"\\]|\\[\s\S])*)"'
    r"|'((?:[^'\\]|\\[\s\S])*)'"
    r"|`((?:[^`\\]|\\[\s\S])*)`"
    r"|/\*[\s\S]*?\*/|//[^\n]*"
    r"|([A-Za-z_$][\w$]*)"
    r"|([-+]?(?:0[xX][0-9a-fA-F]+|\.?\d[\w.]*(?:(?<=[eE])[-+]\d+)?))"
    r"|([{}\[\]:,])"
    r"|\s+"
    r"|([\s\S])"
)
_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[\s\S])")
_PLAIN_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "b": "\b",
    "f": "\f",
    "0": "",
    "v": " ",
    "\n": "",
}
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONSTANTS: Final[Mapping[str, Any]] = {
    "true": True, "false": False, "null": None, "undefined": None, "NaN": None, "Infinity": None,
}  # fmt: skip
_BRACKETS = re.compile(r'"(?:[^"\\]|\\[\s\S]?)*(?:"|\Z)|[{}\[\]]')


class Loaded(Struct, frozen=True, kw_only=True):
    """The values of one text, in order; ``repaired`` says that some of it was guessed."""

    values: tuple[Any, ...]
    repaired: bool = False


def read_json(text: str, *, repair: bool = False) -> Loaded | None:
    """Every JSON value in ``text``, or ``None`` where there is none. Never raises.

    Numbers that no 64-bit float holds, ``NaN`` and infinities become ``None``; lone surrogates
    become U+FFFD. A string that holds JSON is opened, up to three times.
    """
    if len(text) > MAX_CHARS:
        return None
    try:
        return Loaded(values=(_opened(orjson.loads(text)),))
    except orjson.JSONDecodeError:
        pass
    text = _SURROGATE.sub("�", text)
    body = _unwrapped(text)
    if not body:
        return None
    values = _several(body)
    if values is None and len(body) <= MAX_RELAXED_CHARS and _ESCAPED_QUOTE.search(body):
        body = html.unescape(body)
        values = _several(body)
    if values is None and len(text) <= MAX_RELAXED_CHARS:
        values = _relaxed_values(body) or _relaxed_values(text)  # a comment may be no wrapper
    if values is not None:
        return Loaded(values=tuple(_opened(value) for value in values))
    return _repaired(body) if repair else None


def read_prefix(text: str, start: int) -> tuple[Any, int] | None:
    """The JSON value that begins at ``start`` and where it ends, or ``None``. Never raises."""
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    raw = text[start:end]
    return (_clean(value) if "\\ud" in raw or _SURROGATE.search(raw) else value), end


def read_literal(text: str, names: Mapping[str, Any] | None = None) -> tuple[Any, int] | None:
    """The JavaScript literal at the start of ``text`` and where it ends, or ``None``.

    ``names`` gives values for bare words, such as the arguments of a wrapping function. Any other
    expression (a call, an operator) makes the answer ``None``.
    """
    try:
        return _Literal(text[:MAX_RELAXED_CHARS], names or {}).value()
    except _UnreadableError:
        return None


def _unwrapped(text: str) -> str:
    """``text`` without separators, comment and CDATA marks at its ends."""
    for _ in range(MAX_WRAPPERS):
        before = len(text)
        text = text.strip("\ufeff \t\r\n\f;,")
        for mark in _WRAPPERS:
            text = text.removeprefix(mark).removesuffix(mark)
        if len(text) == before:
            break
    return text


class _UnreadableError(ValueError):
    """The text is no literal."""


def _number(raw: str) -> int | float | None:
    if len(raw) <= 18:
        return int(raw)
    return _real(raw)


def _real(raw: str) -> float | None:
    value = float(raw)
    return value if math.isfinite(value) else None


def _nothing(_: str) -> None:
    return None


_DECODER: Final = json.JSONDecoder(
    strict=False, parse_int=_number, parse_float=_real, parse_constant=_nothing
)


def _several(text: str) -> list[Any] | None:
    """One or more JSON values, with separators and wrappers between them."""
    values: list[Any] = []
    at = 0
    while at < len(text) and len(values) < MAX_VALUES:
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return None
        values.append(_clean(value))
        between = _BETWEEN.match(text, at)
        at = between.end() if between else at
    return values or None


def _relaxed_values(text: str) -> list[Any] | None:
    values: list[Any] = []
    try:
        literal = _Literal(text, {})
        while len(values) < MAX_VALUES:
            value, _ = literal.value()
            values.append(value)
            if not literal.more():
                break
    except _UnreadableError:
        return None
    return values if any(isinstance(value, dict | list) for value in values) else None


def _opened(value: Any) -> Any:
    """A string that holds JSON, opened."""
    for _ in range(MAX_ENCODED):
        if not (isinstance(value, str) and value.lstrip()[:1] in ("{", "[", '"')):
            return value
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            inner = _several(value.strip())
            if inner is None or len(inner) != 1:
                return value
            value = inner[0]
    return value


def _clean(value: Any) -> Any:
    """Lone surrogates replaced, in place where possible."""
    if isinstance(value, str):
        return _SURROGATE.sub("�", value)
    stack = [value]
    while stack:
        here = stack.pop()
        if isinstance(here, dict):
            for key in [key for key in here if _SURROGATE.search(key)]:
                here[_SURROGATE.sub("�", key)] = here.pop(key)
            items: Iterator[tuple[Any, Any]] = iter(here.items())
        elif isinstance(here, list):
            items = iter(enumerate(here))
        else:
            continue
        for key, item in items:
            if isinstance(item, str):
                if _SURROGATE.search(item):
                    here[key] = _SURROGATE.sub("�", item)
            elif isinstance(item, dict | list):
                stack.append(item)
    return value


def _repaired(text: str) -> Loaded | None:
    """The guess of json-repair, for texts in which its time is bounded."""
    if len(text) > MAX_REPAIR_CHARS or text[:1] not in "{[" or _depth(text) > MAX_REPAIR_DEPTH:
        return None
    if len(text) * (text.count('"') + text.count("'")) > MAX_REPAIR_WORK:
        return None
    import json_repair  # rarely needed, and slow to import

    try:
        value = json_repair.loads(text, skip_json_loads=True)
    except (ValueError, RecursionError, IndexError, TypeError, KeyError, AttributeError):
        return None
    if not isinstance(value, dict | list) or not value:
        return None
    return Loaded(values=(_finite(_clean(value)),), repaired=True)


def _finite(value: Any) -> Any:
    """Numbers that no float holds become nothing, in place where possible."""
    stack = [value]
    while stack:
        here = stack.pop()
        for key, item in here.items() if isinstance(here, dict) else enumerate(here):
            if isinstance(item, dict | list):
                stack.append(item)
            elif isinstance(item, float) and not math.isfinite(item):
                here[key] = None
    return value


def _depth(text: str) -> int:
    depth = deepest = 0
    for token in _BRACKETS.finditer(text):
        if (mark := token[0]) in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in "}]":
            depth -= 1
    return deepest


class _Literal:
    """Reads JavaScript object literals without recursion."""

    def __init__(self, text: str, names: Mapping[str, Any]) -> None:
        self._text = text
        self._tokens = _TOKEN.finditer(text)
        self._names = names
        self._ahead: tuple[str, Any, int] | None = None

    def _next(self) -> tuple[str, Any, int]:
        """Kind (``{}[]:,``, ``value``, ``word`` or empty at the end), value and end of a token."""
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            return ahead
        for token in self._tokens:
            group, end = token.lastindex, token.end()
            if group is None:
                continue
            raw = token[group]
            if group <= 3:
                return "value", _unescaped(raw), end
            if group == 4:
                return "word", raw, end
            if group == 5:
                return "value", _figure(raw), end
            return (raw if group == 6 else "?"), raw, end
        return "", None, len(self._text)

    def more(self) -> bool:
        """Whether another object or list begins after separators."""
        while True:
            kind, value, end = self._next()
            if kind in ("{", "["):
                self._ahead = (kind, value, end)
                return True
            if kind != "," and value != ";":
                return False

    def value(self) -> tuple[Any, int]:
        """The next value and where it ends."""
        kind, value, end = self._next()
        if kind not in ("{", "["):
            return self._scalar(kind, value), end
        root: Any = {} if kind == "{" else []
        stack: list[Any] = [root]
        while stack:
            here = stack[-1]
            kind, value, end = self._next()
            if kind == ",":
                continue
            if kind in ("}", "]"):
                if (kind == "}") != isinstance(here, dict):
                    raise _UnreadableError
                stack.pop()
                continue
            key = None
            if isinstance(here, dict):
                if kind not in ("value", "word"):
                    raise _UnreadableError
                key = str(value)
                if self._next()[0] != ":":
                    raise _UnreadableError
                kind, value, end = self._next()
            item: Any = self._item(kind, value)
            if isinstance(here, dict):
                here[key] = item
            else:
                here.append(item)
            if kind in ("{", "["):
                stack.append(item)
                if len(stack) > MAX_DEPTH:
                    raise _UnreadableError
        return root, end

    def _item(self, kind: str, value: Any) -> Any:
        if kind == "{":
            return {}
        return [] if kind == "[" else self._scalar(kind, value)

    def _scalar(self, kind: str, value: Any) -> Any:
        if kind == "value":
            return value
        if kind == "word":
            if value in self._names:
                return self._names[value]
            if value in _CONSTANTS:
                return _CONSTANTS[value]
            if value == "void" and self._next()[0] == "value":
                return None
        raise _UnreadableError


def _figure(raw: str) -> int | float | None:
    try:
        return _number(raw)
    except ValueError:
        pass
    try:
        return _real(raw)
    except ValueError:
        return None


def _unescaped(raw: str) -> str:
    if "\\" not in raw:
        return raw
    text = _ESCAPE.sub(_one_escape, raw)
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _one_escape(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) > 1:
        number = int(code.strip("ux{}"), 16)
        return chr(number) if number < 0x110000 else "�"
    return _PLAIN_ESCAPES.get(code, code)

"""State that applications embed in their pages -> the one posting it holds.

Read are JSON scripts (``__NEXT_DATA__`` and its kin), assignments (``window.X = {…}``, also as
``JSON.parse("…")`` or the result of a function), streamed chunks (``self.__next_f``), flattened
payloads (an array whose numbers point into itself), and JSON in attributes and comments.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser

from rolecall.core import Statement
from rolecall.page.loose_json import MAX_RELAXED_CHARS, read_json, read_literal, read_prefix
from rolecall.page.state_shape import shaped

MAX_CHARS: Final = 1_500_000
"""Of all scripts together; what comes later is not read."""
MAX_NODES: Final = 40_000
MAX_DEPTH: Final = 60
MAX_ASSIGNMENTS: Final = 40
MAX_LITERALS: Final = 8
MIN_SIZE: Final = 200
MAX_POSTINGS: Final = 200

Script = tuple[str, str, str]
"""Type, id and text of a script."""

_BODY_WORDS = ("escription", "content", "body", "jobAd", "sections")
_TITLE_WORDS = ("itle", "name", "text")
_ASSIGNMENT = re.compile(
    r"=\s*+(JSON\s*+\.\s*+parse\(\s*+(?=[\"'`])|\(?\s*+function\s*+\(|(?=[{\[]))|\(\s*+(?=\{\s*+\")"
)
_TARGET = re.compile(r"([\w$.]+)[\"'\]\s]*$")
_PARAMETERS = re.compile(r"([\w$,\s]*)\)\s*\{\s*return\s*")
_CHUNK = re.compile(r"__next_f\s*\.\s*push\(\s*")
_ROW = re.compile(r"([0-9a-f]{1,8}):(?:(?=[\[{\"])|T([0-9a-f]{1,6}),)")
_NEXT_ROW = re.compile(r"\n([0-9a-f]{1,8}):(?:(?=[\[{\"])|T([0-9a-f]{1,6}),)")
_ATTRIBUTES = ("data-page", "data-props", "data-react-props", "data-state", "data-initial-state",
               "data-json", "data-job")  # fmt: skip
_HAS_ATTRIBUTES = re.compile("=|".join(_ATTRIBUTES).encode() + b"=")
_WORD = re.compile(r"\w+")


def read_state(tree: LexborHTMLParser, scripts: Iterable[Script]) -> tuple[Statement, ...]:
    """The posting that the page's application state holds, if it is one.

    Where the state holds several different postings, the one whose title is the page's heading or
    title counts, and none if there is no such one.
    """
    found: list[tuple[str, dict[str, Any]]] = []
    for name, root in _roots(tree, scripts):
        found += _postings(root, name)
        if len(found) >= MAX_POSTINGS:
            break
    if not found:
        return ()
    distinct: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
    for pointer, data in found:
        key = (_words(data["title"]), _words(data["description"][:300]))
        if key not in distinct or len(data) > len(distinct[key][1]):
            distinct[key] = (pointer, data)
    if len(distinct) > 1:
        shown = _shown_titles(tree)
        chosen = [item for (title, _), item in distinct.items() if _matches(title, shown)]
    else:
        chosen = list(distinct.values())
    if len(chosen) != 1:
        return ()
    pointer, data = chosen[0]
    return (Statement(syntax="state", pointer=f"state[{pointer}", data=data),)


def _roots(tree: LexborHTMLParser, scripts: Iterable[Script]) -> Iterator[tuple[str, Any]]:
    """Name (ending in ``]#``) and value of every piece of state that can hold a posting."""
    left = MAX_CHARS
    chunks: list[str] = []
    for number, (kind, name, text) in enumerate(scripts):
        if len(text) > left:
            continue
        if "__next_f" in text:
            left -= len(text)
            chunks += _chunks(text)
            continue
        if len(text) < MIN_SIZE or not _promising(text):
            continue
        left -= len(text)
        if "json" in kind.lower():
            loaded = read_json(text)
            for value in loaded.values if loaded else ():
                yield f"{name or number}]#", _unflattened(value)
        else:
            yield from _assigned(text, number)
    if chunks and _promising(stream := "".join(chunks)):
        yield from _streamed(stream)
    yield from _attributes(tree)


def _promising(text: str) -> bool:
    return any(word in text for word in _BODY_WORDS) and any(word in text for word in _TITLE_WORDS)


def _assigned(text: str, number: int) -> Iterator[tuple[str, Any]]:
    at = tries = 0
    for _ in range(MAX_ASSIGNMENTS):
        match = _ASSIGNMENT.search(text, at)
        if match is None:
            return
        at = match.end()
        wrapper = match[1] or ""
        got: tuple[Any, int] | None
        if "function" in wrapper:
            got = _returned(text, at)
        elif wrapper:
            got = read_literal(text[at : at + MAX_RELAXED_CHARS])
            if got is not None and isinstance(got[0], str):
                loaded = read_json(got[0])
                got = (loaded.values[0], got[1] + at) if loaded else None
        else:
            got = read_prefix(text, at)
            if got is None and tries < MAX_LITERALS:
                tries += 1
                literal = read_literal(text[at : at + MAX_RELAXED_CHARS])
                got = (literal[0], literal[1] + at) if literal is not None else None
        if got is not None:
            value, end = got
            if end - at >= MIN_SIZE and isinstance(value, dict | list):
                target = _TARGET.search(text[max(0, match.start() - 80) : match.start()].rstrip())
                yield f"{target[1] if target else number}]#", value
            at = max(at, end)


def _returned(text: str, at: int) -> tuple[Any, int] | None:
    """What ``(function(a,b){return {…}}(1,"x"))`` returns, where that is a literal."""
    head = _PARAMETERS.match(text, at)
    if head is None:
        return None
    names = [name.strip() for name in head[1].split(",") if name.strip()]
    call = text.rfind("}(")
    given = read_literal("[" + text[call + 2 :].rstrip("; \n\r\t").rstrip(")") + "]")
    values = given[0] if given is not None and call > at else []
    got = read_literal(text[head.end() :], dict(zip(names, values, strict=False)))
    return (got[0], len(text)) if got is not None else None


def _chunks(text: str) -> Iterator[str]:
    for match in _CHUNK.finditer(text):
        got = read_prefix(text, match.end())
        if got and isinstance(got[0], list) and len(got[0]) > 1 and isinstance(got[0][1], str):
            yield got[0][1]


def _streamed(stream: str) -> Iterator[tuple[str, Any]]:
    """The rows of a streamed payload; ``"$1a"`` stands for the text of row ``1a``."""
    texts: dict[str, str] = {}
    rows: list[tuple[str, Any]] = []
    at = 0
    while (match := _ROW.match(stream, at) or _NEXT_ROW.search(stream, at)) is not None:
        name, size = match[1], match[2]
        at = match.end()
        if size is not None:
            # The size counts bytes of UTF-8, and no line break ends the text.
            raw = stream[at : at + int(size, 16)].encode("utf-8", "replace")
            texts["$" + name] = raw[: int(size, 16)].decode("utf-8", "ignore")
            at += len(texts["$" + name])
        elif (got := read_prefix(stream, at)) is not None:
            rows.append((name, got[0]))
            at = got[1]
    for name, value in rows:
        yield f"__next_f]#/{name}", _filled(value, texts)


def _filled(value: Any, texts: Mapping[str, str]) -> Any:
    stack = [value] if texts else []
    while stack:
        here = stack.pop()
        pairs = here.items() if isinstance(here, dict) else enumerate(here)
        for key, item in list(pairs):
            if isinstance(item, str) and item in texts:
                here[key] = texts[item]
            elif isinstance(item, dict | list):
                stack.append(item)
    return value


def _unflattened(value: Any) -> Any:
    """A payload whose objects hold, in place of values, indices into one long list."""
    if not (isinstance(value, list) and len(value) > 3 and isinstance(value[0], dict | list)):
        return value
    heads = value[0].values() if isinstance(value[0], dict) else value[0][1:]
    if not all(isinstance(i, int) and i < len(value) for i in heads) or not heads:
        return value
    made: dict[int, Any] = {}

    def place(index: Any) -> Any:
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(value):
            return None
        if index not in made:
            item = value[index]
            made[index] = {} if isinstance(item, dict) else [] if isinstance(item, list) else item
            if isinstance(item, dict | list):
                todo.append(index)
        return made[index]

    todo: list[int] = []
    place(0)
    while todo:
        index = todo.pop()
        source, target = value[index], made[index]
        if isinstance(source, dict):
            target.update((key, place(i)) for key, i in source.items())
        else:
            # A marked list such as ["Reactive", 3] wraps its one value.
            target.extend(place(i) for i in source if isinstance(i, int))
    return made[0]


def _attributes(tree: LexborHTMLParser) -> Iterator[tuple[str, Any]]:
    raw = tree.raw_html
    for name in _ATTRIBUTES if _HAS_ATTRIBUTES.search(raw) else ():
        if name.encode() + b"=" not in raw:
            continue
        for number, node in enumerate(tree.css(f"[{name}]")[:20]):
            text = node.attributes.get(name) or ""
            if len(text) >= MIN_SIZE and text.lstrip()[:1] in "{[" and _promising(text):
                loaded = read_json(text)
                for value in loaded.values if loaded else ():
                    yield f"{name}.{number}]#", value
    if b"<code" in raw and b"<!--{" in raw:
        for number, node in enumerate(tree.css("code")[:200]):
            child = node.first_child
            if child is not None and child.is_comment_node:
                text = html.unescape(child.comment_content or "")
                loaded = read_json(text) if _promising(text) else None
                for value in loaded.values if loaded else ():
                    yield f"code.{number}]#", value


def _postings(root: Any, name: str) -> list[tuple[str, dict[str, Any]]]:
    """Every object below ``root`` that looks like a posting, in ``JobPosting`` shape."""
    found: list[tuple[str, dict[str, Any]]] = []
    stack: list[tuple[Any, str, tuple[Mapping[str, Any], ...]]] = [(root, name, ())]
    visited = 0
    seen: set[int] = set()
    while stack and visited < MAX_NODES and len(found) < MAX_POSTINGS:
        here, path, around = stack.pop()
        visited += 1
        if id(here) in seen:
            continue
        seen.add(id(here))
        items: Iterable[tuple[Any, Any]]
        if isinstance(here, dict):
            data = shaped(here, around, path.rpartition("#")[2]) if len(here) > 2 else None
            if data is not None:
                found.append((path, data))
                continue
            items, around = here.items(), (here, *around[:2])
        else:
            items = enumerate(here)
        if path.count("/") < MAX_DEPTH:
            below = [
                (item, f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}", around)
                for key, item in items
                if isinstance(item, dict | list) and item
            ]
            stack.extend(reversed(below))
    return found


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def _shown_titles(tree: LexborHTMLParser) -> list[str]:
    nodes = [*tree.css("h1")[:5], *tree.css("title")[:1]]
    return [words for node in nodes if (words := _words(node.text(separator=" ")))]


def _matches(title: str, shown: list[str]) -> bool:
    return len(title) > 2 and any(f" {title} " in f" {words} " for words in shown)

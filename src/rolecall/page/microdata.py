"""Microdata (``itemscope``, ``itemprop``) -> the postings it states, in ``JobPosting`` shape."""

from __future__ import annotations

from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from rolecall.core import Statement

MAX_POSTINGS: Final = 100
MAX_NODES: Final = 20_000
MAX_CHARS: Final = 2_000_000
MAX_DEPTH: Final = 8
"""Items nested deeper than this are left out."""

_URL_TAGS = {"a": "href", "area": "href", "link": "href", "img": "src", "audio": "src",
             "video": "src", "embed": "src", "iframe": "src", "source": "src",
             "object": "data"}  # fmt: skip
_URL_NAMES = frozenset("url sameas image logo thumbnailurl mainentityofpage target".split())


def read_microdata(tree: LexborHTMLParser) -> tuple[Statement, ...]:
    """The ``JobPosting`` items of a page, in document order.

    An element with child elements gives its inner HTML, so that the lines of a description stay
    apart; every other element gives its text. Hidden items count: they are the page's own data.
    """
    found: list[Statement] = []
    budget = [MAX_NODES, MAX_CHARS]
    for number, node in enumerate(tree.css('[itemtype*="jobposting" i]')):
        if number >= MAX_POSTINGS:
            break
        data = _item(node, budget, 0)
        if len(data) > 1:
            data["@type"] = "JobPosting"
            found.append(Statement(syntax="microdata", pointer=f"microdata[{number}]#", data=data))
    return tuple(found)


def _item(scope: LexborNode, budget: list[int], depth: int) -> dict[str, Any]:
    """The properties of one item. The walk inside an item does not recurse; nested items do."""
    data: dict[str, Any] = {}
    kind = scope.attributes.get("itemtype")
    if kind:
        data["@type"] = kind.strip().rpartition("/")[2]
    stack = [scope.first_child]
    while stack and budget[0] > 0:
        node = stack.pop()
        if node is None:
            continue
        budget[0] -= 1
        stack.append(node.next)
        if not node.is_element_node:
            continue
        attributes = node.attributes
        names = (attributes.get("itemprop") or "").split()
        nested = "itemscope" in attributes
        if names:
            value: Any
            if nested:
                value = _item(node, budget, depth + 1) if depth < MAX_DEPTH else None
            else:
                value = _value(node, attributes, names) if budget[1] > 0 else None
                budget[1] -= len(value or "")
            for name in names:
                _add(data, name.rpartition("/")[2], value)
        if not nested:
            stack.append(node.first_child)
    return data


def _value(node: LexborNode, attributes: dict[str, str | None], names: list[str]) -> str | None:
    content = attributes.get("content")
    if content is not None:
        return content
    tag = node.tag or ""
    if tag == "time" and attributes.get("datetime"):
        return attributes["datetime"]
    if tag in ("data", "meter") and attributes.get("value"):
        return attributes["value"]
    source = _URL_TAGS.get(tag)
    if source and (tag not in ("a", "area") or _URL_NAMES.intersection(n.lower() for n in names)):
        return attributes.get(source)
    child = node.first_child
    while child is not None:
        if child.is_element_node:
            return node.inner_html
        child = child.next
    return node.text()


def _add(data: dict[str, Any], name: str, value: Any) -> None:
    """Enter a value; a second one under the same name makes a list."""
    if isinstance(value, str):
        value = value.strip()
    if value in (None, "", {}):
        return
    if name not in data:
        data[name] = value
    elif isinstance(data[name], list):
        data[name].append(value)
    else:
        data[name] = [data[name], value]

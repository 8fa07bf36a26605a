"""JSON-LD -> the postings it states, in schema.org's ``JobPosting`` shape.

Real pages break the standard in every way it can be broken; what is accepted is listed in the
tests. References by ``@id`` are followed within the page, never outside it.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any, Final

from rolecall.core import Notice, Statement
from rolecall.page.loose_json import read_json

MAX_NODES: Final = 50_000
MAX_DEPTH: Final = 100
MAX_POSTINGS: Final = 100
MAX_REPAIRS: Final = 4
"""Blocks of a page that are guessed at: each may take a quarter of a second."""

MAX_RESOLVED_DEPTH: Final = 10
MAX_RESOLVED_NODES: Final = 4_000

Trail = tuple["Trail | None", Any]
"""The way to a value: the way to what holds it, and its key there."""


def is_jsonld(media_type: str | None) -> bool:
    """Whether a script's type names JSON-LD, in whatever spelling."""
    folded = (media_type or "").lower()
    return "ld+json" in folded or ("&" in folded and "ld+json" in html.unescape(folded))


def read_jsonld(scripts: Iterable[str]) -> tuple[tuple[Statement, ...], tuple[Notice, ...]]:
    """The postings of all JSON-LD ``scripts`` of a page, in order, and what was wrong with them.

    A notice ``jsonld_unusable`` names a block that no reading could make sense of,
    ``jsonld_repaired`` one whose JSON had to be guessed at.
    """
    notices: list[Notice] = []
    found: list[tuple[str, Mapping[str, Any], bool]] = []
    by_id: dict[str, Mapping[str, Any]] = {}
    repairs = 0
    for number, script in enumerate(scripts):
        if not script.strip():
            continue
        loaded = read_json(script)
        if loaded is None and repairs < MAX_REPAIRS and "jobposting" in script.lower():
            loaded = read_json(script, repair=True)
            repairs += 1
        if loaded is None or not any(isinstance(v, dict | list) for v in loaded.values):
            notices.append(
                Notice(code="jsonld_unusable", message=f"JSON-LD block {number} cannot be read")
            )
            continue
        root = f"jsonld[{number}]#"
        several = len(loaded.values) > 1
        before = len(found)
        for position, value in enumerate(loaded.values):
            here = f"{root}/{position}" if several else root
            found += [(p, o, loaded.repaired) for p, o in postings(value, here, by_id)]
        if loaded.repaired and len(found) > before:
            notices.append(
                Notice(code="jsonld_repaired", message=f"JSON-LD block {number} was repaired")
            )
    statements = tuple(
        Statement(syntax="jsonld", pointer=pointer, data=resolved(data, by_id), repaired=repaired)
        for pointer, data, repaired in found[:MAX_POSTINGS]
    )
    return statements, tuple(notices)


def postings(
    value: Any, pointer: str, by_id: dict[str, Mapping[str, Any]]
) -> list[tuple[str, Mapping[str, Any]]]:
    """Every object of type ``JobPosting`` below ``value``, in document order, with its pointer.

    Objects with an ``@id`` and more than that are entered into ``by_id``. The walk is bounded in
    nodes and depth and does not recurse.
    """
    found: list[tuple[str, Mapping[str, Any]]] = []
    stack: list[tuple[Any, Trail | None, int]] = [(value, None, 0)]
    visited = 0
    while stack and visited < MAX_NODES:
        here, trail, depth = stack.pop()
        visited += 1
        if isinstance(here, dict):
            name = here.get("@id")
            if isinstance(name, str) and len(here) > 1:
                by_id.setdefault(name, here)
            if is_posting(here):
                found.append((pointer + _steps(trail), here))
            items: Iterable[tuple[Any, Any]] = here.items()
        else:
            items = enumerate(here) if isinstance(here, list) else ()
        if depth < MAX_DEPTH:
            below = [
                (item, (trail, key), depth + 1)
                for key, item in items
                if isinstance(item, dict | list)
            ]
            stack.extend(reversed(below))
    return found


def _steps(trail: Trail | None) -> str:
    """The keys of a trail as the end of a JSON pointer."""
    keys: list[str] = []
    while trail is not None:
        trail, key = trail
        keys.append(f"/{_escaped(key)}")
    return "".join(reversed(keys))


def is_posting(data: Mapping[str, Any]) -> bool:
    """Whether an object's type is ``JobPosting``: a name, a URL, a list, any case."""
    kinds = data.get("@type", data.get("type"))
    for kind in kinds if isinstance(kinds, list) else (kinds,):
        if isinstance(kind, str):
            name = kind.rstrip("/# ").replace("#", "/").replace(":", "/").rpartition("/")[2]
            if name.replace(" ", "").replace("_", "").lower() == "jobposting":
                return True
    return False


def resolved(data: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A copy of ``data`` with plain property names and its ``@id`` references filled in.

    An object that is being filled in already is left as the bare reference, so that cycles end.
    """
    budget = [MAX_RESOLVED_NODES]
    open_names: set[str] = set()

    def copy(value: Any, depth: int) -> Any:
        budget[0] -= 1
        if budget[0] < 0 or depth > MAX_RESOLVED_DEPTH:
            return None if isinstance(value, dict | list) else value
        if isinstance(value, list):
            return [copy(item, depth + 1) for item in value[:MAX_RESOLVED_NODES]]
        if not isinstance(value, dict):
            return value
        if "@value" in value:
            return copy(value["@value"], depth + 1)
        if "@list" in value or "@set" in value:
            return copy(value.get("@list", value.get("@set")), depth + 1)
        name = value.get("@id")
        if not isinstance(name, str):
            return {_plain(key): copy(item, depth + 1) for key, item in value.items()}
        if name in open_names:
            return {"@id": name}
        target = by_id.get(name, value) if len(value) == 1 else value
        open_names.add(name)
        filled = {_plain(key): copy(item, depth + 1) for key, item in target.items()}
        open_names.discard(name)
        return filled

    filled = copy({**data, "@type": "JobPosting"}, 0)
    return filled if isinstance(filled, dict) else {}


def _plain(key: str) -> str:
    """``schema:title``, ``http://schema.org/title`` and ``Title`` all mean ``title``."""
    if key.startswith("@") or (key.isalnum() and key[0].islower()):
        return key
    name = key.rpartition("/")[2].rpartition(":")[2].rpartition("#")[2] or key
    return name[:1].lower() + name[1:]


def _escaped(key: Any) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")

"""Loads by name, and a measured one as JSON: how long prompts and answers of postings are."""

from __future__ import annotations

import difflib
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

from rolecall.errors import UsageError
from rolecall.plan.nouns import Load

DEFAULT: Final = "postings"

MOST: Final = 10**9
"""No count in a load is higher."""

SHORT: Final = Load(
    name="short",
    requests=((900, 90, 1),),
    shared=350,
    postings=1,
    source="one request a posting: 900 tokens of prompt, 350 of them shared, 90 of answer",
)
LONG: Final = Load(
    name="long-answers",
    requests=((900, 700, 1),),
    shared=350,
    postings=1,
    source="one request a posting: 900 tokens of prompt, 350 of them shared, 700 of answer, "
    "as where long parts are copied and not pointed at",
)


@cache
def loads() -> dict[str, Load]:
    """All named loads.

    ``postings`` is what our own prompts take for made postings, of the fields that the embedded
    reader leaves in doubt; ``all-fields`` asks for every field of each
    (``tools/default_loads.py`` measures both). ``short`` and ``long-answers`` are single figures.
    """
    text = files("rolecall.plan").joinpath("data/loads.json").read_text(encoding="utf-8")
    measured = [read_load(json.dumps(one), "the shipped loads") for one in json.loads(text)]
    return {one.name: one for one in (*measured, SHORT, LONG)}


def default_load() -> Load:
    """What is planned for where nobody says more: ``postings``."""
    return loads()[DEFAULT]


def load_named(named: str) -> Load:
    """The load of this name, or the one in this JSON file.

    Raises:
        UsageError: there is neither, or the file holds no load.
    """
    if found := loads().get(named.strip().lower()):
        return found
    path = Path(named)
    if named.endswith(".json") or path.is_file():
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError, ValueError) as error:
            told = getattr(error, "strerror", None) or "it is no text"
            raise UsageError(f"the load {named} cannot be read: {told}") from error
        return read_load(text, named)
    near = difflib.get_close_matches(named, loads(), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}? " if near else ""
    raise UsageError(
        f"there is no load {named!r}",
        hint=f"{hint}there are: {', '.join(loads())}, or a JSON file that holds one",
    )


def load_json(load: Load) -> str:
    """``load`` as JSON, which `read_load` takes."""
    return msgspec.json.encode(load).decode() + "\n"


def read_load(text: str, where: str) -> Load:
    """The load that ``text`` holds; ``where`` it stands, for messages.

    Raises:
        UsageError: it holds none, or one that cannot be.
    """
    try:
        found = msgspec.json.decode(text, type=Load)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise UsageError(
            f"{where} holds no load: {error}",
            hint="a load has name, requests as [[prompt, answer, count], ...], shared and postings",
        ) from error
    if wrong := _wrong(found):
        raise UsageError(f"{where} holds no load: {wrong}")
    return found


def _wrong(load: Load) -> str:
    """What cannot be about ``load``; empty where it can."""
    if not load.requests:
        return "it has no requests"
    if not 1 <= load.postings <= MOST:
        return f"its requests are for {load.postings:,} postings"
    if not 0 <= load.shared <= MOST:
        return f"prompts cannot share {load.shared:,} tokens"
    for prompt, answer, count in load.requests:
        if not (1 <= prompt <= MOST and 0 <= answer <= MOST and 1 <= count <= MOST):
            return f"a request of {prompt:,} and {answer:,} tokens, {count:,} times, is none"
    return ""

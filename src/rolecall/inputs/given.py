"""A page as Python code gives it -> the `Source` that the pipeline takes."""

from __future__ import annotations

import os
from typing import Any

from rolecall.core import Source
from rolecall.errors import SourceError, UsageError
from rolecall.inputs.kinds import kind_of
from rolecall.inputs.nouns import Input
from rolecall.inputs.read import Notices, load

Given = Source | bytes | str | os.PathLike[str]
"""A page: its bytes, its HTML as text, the path of its file, or all that is known of it."""


def check_given(given: Any) -> None:
    """Refuse what can be no page; raises `UsageError`."""
    if not isinstance(given, Source | bytes | str | os.PathLike):
        raise UsageError(
            f"{type(given).__name__} is no page",
            hint="give its bytes, its HTML as text, a pathlib.Path of its file, or a Source",
        )


def read_given(given: Given, limit: int) -> tuple[Source, Notices]:
    """The source, and what was odd about reading it; raises `SourceError`.

    ``limit`` bounds a file in bytes. A text is HTML and never the name of a file.
    """
    if isinstance(given, Source):
        return given, ()
    if isinstance(given, str):
        return Source(body=given.encode("utf-8", "surrogatepass"), charset="utf-8"), ()
    if isinstance(given, bytes):
        return Source(body=given), ()
    path = os.fsdecode(given)
    if kind_of(path) != "page":
        raise SourceError("holds many pages, not one", hint="rolecall extract reads it")
    return load(Input(0, path, path=path), limit=limit)

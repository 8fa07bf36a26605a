"""``rolecall plan --against``: the planner held against a file of logged starts of vLLM."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from rolecall.errors import UsageError
from rolecall.models.catalogue import shape_named
from rolecall.models.find import find_shape
from rolecall.models.nouns import Shape
from rolecall.plan.against import against, against_document, read_starts, summary, table
from rolecall.plan.devices import device_named
from rolecall.table import aligned


def held_against(path: Path, environ: Mapping[str, str], *, as_json: bool, unicode: bool) -> str:
    """The text for a file of starts: a table and what came of it, or one JSON object.

    No hub is asked. Raises `UsageError` for a file that cannot be read.
    """

    def find(named: str) -> Shape:
        try:
            return find_shape(named, environ, reach=False)
        except UsageError:
            last = named.rstrip("/").rpartition("/")[2]  # a path of the machine that logged it
            shape = shape_named(last) if last else None
            if shape is None:
                raise
            return shape

    found = against(read_starts(path), find, device_named)
    if as_json:
        return json.dumps(against_document(found), indent=2) + "\n"
    text = aligned(*table(found), worded=True) + "\n" + "\n".join(summary(found)) + "\n"
    return text if unicode else text.encode("ascii", "backslashreplace").decode()

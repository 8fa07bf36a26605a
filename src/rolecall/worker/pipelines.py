"""Pipelines by the schema of their records: the usual one, and of others those used last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

from rolecall.errors import SchemaError
from rolecall.pipeline import Pipeline, for_engines_alone, prepare
from rolecall.schema.schema import Schema
from rolecall.settings import Settings

KEPT: Final = 16
"""Schemas that are kept beside the usual one; each takes some memory."""

Documents = Callable[[str], Mapping[str, Any] | None]
"""Gives the document of a schema by its hash; ``None`` where there is none."""


class Pipelines:
    """The pipeline of each schema, made when it is first asked for. Usable from any thread."""

    def __init__(self, settings: Settings, documents: Documents) -> None:
        self._settings, self._documents = settings, documents
        self._usual: Pipeline | None = None
        self._kept: OrderedDict[str, Pipeline] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, schema: str | None) -> Pipeline:
        """The pipeline of the schema with this hash, or the usual one.

        Raises:
            SchemaError: there is no such schema, or it cannot be used.
        """
        with self._lock:
            if schema is None:
                if self._usual is None:
                    self._usual = prepare(self._settings)
                return self._usual
            if schema not in self._kept:
                document = self._documents(schema)
                if document is None:
                    raise SchemaError(f"there is no schema {schema}", hint="submit it once more")
                found = Schema.from_json(document)
                self._kept[schema] = prepare(self._settings, schema=found)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(schema)
            return self._kept[schema]

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._kept) + 1


class PipelinesAlone(Pipelines):
    """The same pipelines, for pages about which engines alone are to speak."""

    def __init__(self, usual: Pipelines) -> None:
        self._from = usual
        self._made: OrderedDict[str | None, tuple[Pipeline, Pipeline]] = OrderedDict()
        self._making = threading.Lock()

    def of(self, schema: str | None) -> Pipeline:
        """See `Pipelines.of`."""
        usual = self._from.of(schema)
        with self._making:
            known = self._made.get(schema)
            if known is None or known[0] is not usual:
                known = self._made[schema] = usual, for_engines_alone(usual)
                while len(self._made) > KEPT:
                    self._made.popitem(last=False)
            self._made.move_to_end(schema)
            return known[1]

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._made)

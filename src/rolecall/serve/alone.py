"""Extracting pages in this process: for a server without a worker."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from rolecall.core import Source
from rolecall.pipeline import Pipeline, extract_record, prepare
from rolecall.schema.schema import Schema
from rolecall.settings import Settings


class Alone:
    """An extractor without children and engines."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pipeline = prepare(settings)

    async def extract(self, source: Source, schema: Mapping[str, Any] | None) -> dict[str, Any]:
        """The record of a page."""
        return await asyncio.to_thread(self._one, source, schema)

    def trouble(self) -> str | None:
        """Nothing stands in its way."""
        return None

    def _one(self, source: Source, schema: Mapping[str, Any] | None) -> dict[str, Any]:
        return extract_record(source, 0, self._of(schema))

    def _of(self, schema: Mapping[str, Any] | None) -> Pipeline:
        if schema is None:
            return self._pipeline
        return prepare(self._settings, schema=Schema.from_json(schema))

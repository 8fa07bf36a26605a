"""Pages with engines: one at a time, many at once, and as records.

extract(source)         one page; engines as the settings say, else the embedded path alone
await aextract(source)  the same inside an event loop
extract_many(sources)   pages one after the other, over the same open engines
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from msgspec import structs

from rolecall.core import Attempt, Extraction
from rolecall.drive.connect import connected, declared_engines
from rolecall.drive.engines import Engines
from rolecall.drive.running import models_of, with_models
from rolecall.engines.protocol import Engine
from rolecall.errors import Error, UsageError
from rolecall.inputs.given import Given, check_given, read_given
from rolecall.pipeline import (
    Pipeline,
    Stages,
    Waiting,
    conclude,
    failed,
    hear_page,
    internal_record,
    noticed,
    prepare,
    record_of,
)
from rolecall.pipeline import extract as extract_embedded
from rolecall.pipeline import extract_many as extract_many_embedded
from rolecall.schema.schema import Schema
from rolecall.settings import Settings


def extract(
    source: Given,
    *,
    schema: Schema | None = None,
    settings: Settings | None = None,
    engines: Mapping[str, Engine] | None = None,
) -> Extraction:
    """Read one page in the shape of ``schema``: a `Source`, bytes, HTML text, or a file's ``Path``.

    Engines are those of ``settings``, or the ones that are given by name; without any, the page is
    read by the embedded reader alone. A page that cannot be used gives the outcome ``failed`` with
    its reason. Wrong settings and a broken installation raise `Error`.
    """
    chosen = settings if settings is not None else Settings()
    if engines is None and not declared_engines(chosen, os.environ):
        return extract_embedded(source, schema=schema, settings=chosen)
    _demand_no_loop()
    return asyncio.run(aextract(source, schema=schema, settings=chosen, engines=engines))


def _demand_no_loop() -> None:
    """Refuse where an event loop runs already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise UsageError(
        "an event loop runs here, and engines need one of their own",
        hint="write: await rolecall.aextract(...)",
    )


async def aextract(
    source: Given,
    *,
    schema: Schema | None = None,
    settings: Settings | None = None,
    engines: Mapping[str, Engine] | None = None,
) -> Extraction:
    """As ``extract``, for use inside an event loop."""
    pipeline = prepare(settings, schema=schema)
    opened = connected(pipeline.settings, os.environ, schema=pipeline.schema, given=engines)
    async with opened as found:
        return await _extract(source, pipeline, found)


def extract_many(
    sources: Iterable[Given],
    *,
    schema: Schema | None = None,
    settings: Settings | None = None,
    engines: Mapping[str, Engine] | None = None,
) -> Iterator[Extraction]:
    """Read pages one after the other, in order, as they are asked for; see ``extract``."""
    chosen = settings if settings is not None else Settings()
    if engines is None and not declared_engines(chosen, os.environ):
        yield from extract_many_embedded(sources, schema=schema, settings=chosen)
        return
    _demand_no_loop()
    pipeline = prepare(chosen, schema=schema)
    with asyncio.Runner() as runner:
        opened = connected(pipeline.settings, os.environ, schema=pipeline.schema, given=engines)
        found = runner.run(opened.__aenter__())
        try:
            for source in sources:
                yield runner.run(_extract(source, pipeline, found))
        finally:
            runner.run(opened.__aexit__(None, None, None))


async def _extract(given: Given, pipeline: Pipeline, engines: Engines) -> Extraction:
    check_given(given)
    stages = Stages()
    try:
        source, notices = read_given(given, pipeline.settings.max_bytes)
        page, heard = hear_page(source, pipeline, stages)
        waiting = Waiting(
            page=page, heard=heard, source=source, seq=0, seconds=dict(stages.seconds)
        )
        return noticed(await _climbed(waiting, pipeline, engines, stages), notices)
    except (Error, MemoryError) as error:
        return failed(error, stages)


async def finish_record(
    waiting: Waiting, pipeline: Pipeline, engines: Engines, made: list[Attempt] | None = None
) -> dict[str, Any]:
    """The record of a page that waited for engines; never raises on account of a page.

    ``made`` takes each call as it ends, for whoever does not wait until the record is there.
    """
    stages = Stages(seconds=dict(waiting.seconds))
    try:
        extraction = await _climbed(waiting, pipeline, engines, stages, made)
    except (Error, MemoryError) as error:
        extraction = failed(error, stages)
    except Exception as error:
        return internal_record(error, waiting.source, waiting.seq, pipeline, stages)
    models = models_of(extraction, pipeline.settings, engines.models_now)
    if models:
        config = pipeline.config_for(with_models(pipeline.settings, models))
        pipeline = structs.replace(pipeline, config=config)
    if waiting.notices:
        warnings = (*waiting.notices, *extraction.warnings)
        extraction = replace(extraction, warnings=warnings)
    return record_of(extraction, waiting.source, waiting.seq, pipeline, stages)


async def _climbed(
    waiting: Waiting,
    pipeline: Pipeline,
    engines: Engines,
    stages: Stages,
    made: list[Attempt] | None = None,
) -> Extraction:
    """Climb to the end, and say what the page says of itself, in the user's shape."""
    stages.stage = "ask"
    start = stages.clock()
    record = f"{waiting.source.locator}#{waiting.source.id}"
    result = await engines.extract(
        waiting.page, waiting.heard, pipeline.rules, record=record, made=made
    )
    stages.seconds["ask"] = stages.clock() - start
    return conclude(result, waiting.page, pipeline, stages)

"""The drivers: a source in, an `Extraction` or a record out.

    extract(source)        one page, in this process
    extract_many(sources)  the same for many, lazily, in order
    extract_record(...)    one page as a record, whatever happens

``prepare`` loads what all pages share. An input that cannot be used is a result, not an exception.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field, structs

from rolecall.core import Candidate, Extraction, Notice, Page, Reason, Route, Source
from rolecall.errors import Error, SourceError
from rolecall.inputs.given import Given, check_given, read_given
from rolecall.ladder import Heard, Producer, Verdict, hear, settled
from rolecall.page import clean
from rolecall.page.limits import DEFAULT, Limits
from rolecall.reader import Model, Reader
from rolecall.record import config_hash, failed_record, to_record
from rolecall.settings import Settings
from rolecall.settle import NULL_THRESHOLDS, Least, Rules, read_least, withhold
from rolecall.stated import stated
from rolecall.warming import WARM_PAGE

if TYPE_CHECKING:
    from rolecall.climb import Help
    from rolecall.schema.schema import Schema

LONGEST_MESSAGE = 300


class Pipeline(Struct, frozen=True, kw_only=True):
    """What all pages of a run share, loaded once. ``config`` goes into each record.

    ``config_for`` gives that of other settings, where a run went on with another model. ``reader``
    is the embedded reader, also where it proposes nothing.
    ``schema`` is the user's; ``None`` stands for the default posting. ``least`` says below which
    confidence a unit is left out.
    """

    settings: Settings
    limits: Limits
    producers: Mapping[str, Producer]
    verdict: Verdict
    closed: Callable[[Page], Notice | None]
    rules: Rules
    config: str
    config_for: Callable[[Settings], str]
    reader: Reader
    schema: Schema | None = None
    least: Least = {}


class Stages(Struct):
    """Where the time of one page went: seconds by stage, and the stage it is in."""

    clock: Callable[[], float] = time.perf_counter
    stage: str = "read"
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, stage: str, step: Callable[[], Any]) -> Any:
        """Do ``step`` and add its time to ``stage``; after an error, ``stage`` tells where."""
        outer, self.stage = self.stage, stage
        start = self.clock()
        try:
            result = step()
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + self.clock() - start
        self.stage = outer  # not after an error
        return result

    def rounded(self) -> dict[str, float]:
        """Seconds by stage in microseconds' precision."""
        return {stage: round(seconds, 6) for stage, seconds in self.seconds.items()}


def prepare(
    settings: Settings | None = None,
    *,
    schema: Schema | None = None,
    captured: date | None = None,
    reader: Reader | None = None,
) -> Pipeline:
    """Load the reader and check the settings; raises `UsageError` or `ModelFileError`.

    ``schema`` is the shape of the records; without it, the one that the settings name, else the
    default posting. ``captured`` is the day that was given for all pages: it can change what a date
    means.
    ``reader`` replaces the one that the settings name, for measuring one in training.
    """
    settings = settings if settings is not None else Settings()
    reader = reader if reader is not None else _reader(settings.reader_model)
    producers: dict[str, Producer] = {"stated": stated}
    if settings.reader:
        producers["reader"] = reader.read
    if schema is None and settings.schema:
        from rolecall.schema.schema import Schema

        schema = Schema.from_json(Path(settings.schema))

    def config_for(settings: Settings) -> str:
        deciding = settings.deciding()
        if captured is not None:
            deciding["captured"] = captured.isoformat()
        return config_hash(deciding, reader.model.hash, schema.document if schema else None)

    return Pipeline(
        settings=settings,
        limits=structs.replace(DEFAULT, bytes_=settings.max_bytes),
        producers=producers,
        verdict=reader.verdict,
        closed=reader.closed,
        rules=rules_of(reader.model),
        config=config_for(settings),
        config_for=config_for,
        reader=reader,
        schema=schema,
        least=read_least(settings.least_sure, settings.origin("least_sure")),
    )


def for_engines_alone(pipeline: Pipeline) -> Pipeline:
    """The pipeline in which nobody but an engine says anything of a page, not even whether it is a
    posting, and everything that is said is kept."""
    return structs.replace(pipeline, producers={}, verdict=_no_verdict, least={})


def _no_verdict(page: Page, candidates: Sequence[Candidate]) -> None:
    return None


def rules_of(model: Model) -> Rules:
    """The rules of settling that go with a trained model.

    The reader leaves out what is below its own thresholds; where one is low because that was
    measured to be right, settling does not ask for more. A model without curves reports the raw
    confidence.
    """
    thresholds = {
        unit: min(least, model.thresholds.get(unit, least))
        for unit, least in NULL_THRESHOLDS.items()
    }
    return Rules(null_thresholds=thresholds, calibration=model.curves or None)


@cache
def _reader(folder: str) -> Reader:
    """The reader of a model folder, loaded once in a process."""
    return Reader.load(Path(folder) if folder else None)


def warm(pipeline: Pipeline) -> None:
    """Run a page of everything through, so that all that loads late is loaded."""
    _run(Source(body=WARM_PAGE), pipeline, Stages())


def extract(
    source: Given,
    *,
    schema: Schema | None = None,
    settings: Settings | None = None,
) -> Extraction:
    """Read one page in the shape of ``schema``: a `Source`, bytes, HTML text, or a file's ``Path``.

    A page that cannot be used gives the outcome ``failed`` with its reason. Wrong settings and a
    broken installation raise `Error`.
    """
    return _given(source, prepare(settings, schema=schema))


def extract_many(
    sources: Iterable[Given],
    *,
    schema: Schema | None = None,
    settings: Settings | None = None,
) -> Iterator[Extraction]:
    """Read pages one after the other, in order, as they are asked for; see ``extract``."""
    pipeline = prepare(settings, schema=schema)
    for source in sources:
        yield _given(source, pipeline)


def _given(given: Given, pipeline: Pipeline) -> Extraction:
    check_given(given)
    stages = Stages()
    try:
        source, notices = read_given(given, pipeline.settings.max_bytes)
    except SourceError as error:
        return failed(error, stages)
    return noticed(_tried(source, pipeline, stages), notices)


def noticed(result: Extraction, notices: Sequence[Notice]) -> Extraction:
    """The extraction with what was odd about reading its source in front of its warnings."""
    return replace(result, warnings=(*notices, *result.warnings)) if notices else result


def extract_record(
    source: Source,
    seq: int,
    pipeline: Pipeline,
    *,
    notices: Sequence[Notice] = (),
    stages: Stages | None = None,
    page: Page | None = None,
) -> dict[str, Any]:
    """Read one page and return its record; never raises on account of a page.

    ``notices`` are warnings from before the page was opened; ``stages`` continues a time table;
    ``page`` is the source where it is cleaned already.
    A fault of ours becomes ``failed: internal``, so that it costs one page and not the run.
    """
    stages = stages if stages is not None else Stages()
    try:
        extraction = noticed(_tried(source, pipeline, stages, page), notices)
        return record_of(extraction, source, seq, pipeline, stages)
    except Exception as error:
        return internal_record(error, source, seq, pipeline, stages)


def record_of(
    extraction: Extraction, source: Source, seq: int, pipeline: Pipeline, stages: Stages
) -> dict[str, Any]:
    """The record of an extraction."""
    return to_record(
        extraction,
        source=source,
        seq=seq,
        config=pipeline.config,
        seconds=stages.rounded(),
        with_text=pipeline.settings.with_text,
    )


def internal_record(
    error: BaseException, source: Source, seq: int, pipeline: Pipeline, stages: Stages
) -> dict[str, Any]:
    """The record of a page that a fault of ours has ended."""
    reason = Reason(code="internal", stage=stages.stage, message=_told(error))
    return failed_record(
        reason,
        locator=source.locator,
        seq=seq,
        config=pipeline.config,
        source=source,
        seconds=stages.rounded(),
    )


def failed(error: Error | MemoryError, stages: Stages) -> Extraction:
    """The outcome of a page that ``error`` ended, with the calls that were made for it."""
    if isinstance(error, MemoryError):
        message = "needs more memory than one page may take"
        reason = Reason(code="too_large", stage=stages.stage, message=message)
        return Extraction(outcome="failed", reason=reason)
    reason = reason_of(error, stages.stage)
    route = error.route if error.route is not None else Route()
    return Extraction(outcome="failed", reason=reason, attempts=error.attempts, route=route)


def reason_of(error: Error, stage: str) -> Reason:
    """The reason that a record gives for ``error``."""
    message = f"{error} ({error.hint})" if error.hint else str(error)
    return Reason(
        code=error.code,
        stage=stage,
        message=message,
        retryable=error.retryable,
        retry_at=getattr(error, "retry_at", None),
    )


class Waiting(Struct, frozen=True, kw_only=True):
    """A page about which engines may be asked; it can travel to the process that asks them.

    ``source`` is the input without its bytes, ``seconds`` the time spent so far by stage.
    """

    page: Page
    heard: Heard
    source: Source
    seq: int
    seconds: dict[str, float]
    notices: tuple[Notice, ...] = ()


def hear_record(
    source: Source,
    seq: int,
    pipeline: Pipeline,
    help_: Help,
    *,
    notices: Sequence[Notice] = (),
    stages: Stages | None = None,
    page: Page | None = None,
) -> Waiting | dict[str, Any]:
    """As ``extract_record``, up to where engines are asked: a page of which nothing is to be asked
    is a record, and so is one that failed."""
    from rolecall.climb import NOTHING_TO_ASK, questions

    stages = stages if stages is not None else Stages()
    try:
        page, heard = hear_page(source, pipeline, stages, page)
        result = stages.run("settle", lambda: settled(page, heard, pipeline.rules))
        if questions(result, help_):
            return Waiting(
                page=page,
                heard=heard,
                source=source.but_bodiless(),
                seq=seq,
                seconds=dict(stages.seconds),
                notices=tuple(notices),
            )
        if result.outcome != "not_a_posting":
            result = replace(result, route=replace(result.route, reasons=(NOTHING_TO_ASK,)))
        result = replace(result, warnings=(*notices, *result.warnings))
        return record_of(conclude(result, page, pipeline, stages), source, seq, pipeline, stages)
    except (Error, MemoryError) as error:
        result = replace(failed(error, stages), warnings=tuple(notices))
        return record_of(result, source, seq, pipeline, stages)
    except Exception as error:
        return internal_record(error, source, seq, pipeline, stages)


def _tried(
    source: Source, pipeline: Pipeline, stages: Stages, page: Page | None = None
) -> Extraction:
    """The extraction; an `Error` and a lack of memory become the outcome ``failed``."""
    try:
        return _run(source, pipeline, stages, page)
    except (Error, MemoryError) as error:
        return failed(error, stages)


def _run(
    source: Source, pipeline: Pipeline, stages: Stages, page: Page | None = None
) -> Extraction:
    page, heard = hear_page(source, pipeline, stages, page)
    result = stages.run("settle", lambda: settled(page, heard, pipeline.rules))
    return conclude(result, page, pipeline, stages)


def hear_page(
    source: Source, pipeline: Pipeline, stages: Stages, page: Page | None = None
) -> tuple[Page, Heard]:
    """The page, cleaned unless it is given, and what the producers that cost nothing propose."""
    page = page if page is not None else clean_page(source, pipeline, stages)

    def timed(name: str, produce: Producer) -> Producer:
        return lambda page: stages.run(name, lambda: produce(page))

    def verdict(page: Page, candidates: Sequence[Candidate]) -> Reason | None:
        spoken: Reason | None = stages.run("verdict", lambda: pipeline.verdict(page, candidates))
        return spoken

    producers = {name: timed(name, produce) for name, produce in pipeline.producers.items()}
    stages.stage = "settle"
    return page, hear(page, producers, verdict)


def clean_page(source: Source, pipeline: Pipeline, stages: Stages) -> Page:
    """The page of a source; raises `Error` where there is none."""
    page: Page = stages.run("clean", lambda: clean(source, pipeline.limits))
    return page


def conclude(result: Extraction, page: Page, pipeline: Pipeline, stages: Stages) -> Extraction:
    """The settled extraction with what the page says of itself, in the shape of the user."""
    if result.outcome in ("ok", "partial") and (closed := pipeline.closed(page)) is not None:
        result = replace(result, warnings=(*result.warnings, closed))
    result = withhold(result, pipeline.least)
    if pipeline.schema is not None:
        from rolecall.shape import shaped

        wanted = pipeline.schema
        result = stages.run("shape", lambda: shaped(result, wanted))
    return result


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:LONGEST_MESSAGE]

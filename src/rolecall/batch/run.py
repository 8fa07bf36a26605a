"""One run: inputs through the workers, one finished line for each."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from time import process_time, time
from typing import TYPE_CHECKING, Any, Literal

from msgspec import structs

from rolecall.batch.done import Done, Tally, figures_of
from rolecall.batch.kept import Kept
from rolecall.batch.workers import METHOD, Crew, Loss, work
from rolecall.core import Notice, Page, Reason, Source
from rolecall.errors import SettingsError, SourceError
from rolecall.inputs.columns import read_columns
from rolecall.inputs.nouns import Entries, Input
from rolecall.inputs.read import identity, load
from rolecall.outputs.nouns import Output
from rolecall.pipeline import (
    Pipeline,
    Stages,
    Waiting,
    extract_record,
    hear_record,
    prepare,
    reason_of,
    warm,
)
from rolecall.record import dump, failed_record
from rolecall.settings import Settings

if TYPE_CHECKING:
    from rolecall.batch.asking import Asker
    from rolecall.climb import Help

__all__ = [
    "Done", "Form", "PageWork", "Tally", "check_dedup", "crew_of", "may_ask", "run", "written",
]  # fmt: skip

NO_LIMIT = 86_400.0  # seconds; what a time limit of 0 means, and any longer one

MODES = ("off", "exact", "near")
"""What ``dedup`` may be."""

Form = Literal["record", "explain", "schema-org"]


class PageWork:
    """What a worker does with one input. A copy in another process loads its own pipeline."""

    def __init__(
        self,
        settings: Settings,
        *,
        captured: date | None = None,
        form: Form = "record",
        colours: bool = False,
        asks: bool = False,
    ) -> None:
        self.settings = settings.bare()
        self.captured, self.form, self.colours, self.asks = captured, form, colours, asks
        self.watched = False  # whether each line comes with an event
        self.columns = read_columns(settings.columns, f"columns ({settings.origin('columns')})")
        self._pipeline: Pipeline | None = None
        self._help: Help | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_pipeline": None, "_help": None}

    @property
    def shares(self) -> bool:
        """Whether copies share an extraction; what is printed to be read or for others is not."""
        return self.settings.dedup != "off" and self.form == "record"

    @property
    def help(self) -> Help:
        """What engines are asked for, without the engines."""
        if self._help is None:
            from rolecall.drive.connect import help_of

            self._help = help_of(self.settings, self.pipeline.schema)
        return self._help

    @property
    def pipeline(self) -> Pipeline:
        """What all pages share, loaded when it is first asked for."""
        if self._pipeline is None:
            settings = self.settings
            if self.form == "explain":  # quotes are shown in their context
                settings = replace(settings, with_text=True)
            self._pipeline = prepare(settings, captured=self.captured)
        return self._pipeline

    def adopt(self, pipeline: Pipeline) -> None:
        """Work with ``pipeline`` from now on, one made from this one's own."""
        self._pipeline = pipeline

    def load_all(self) -> None:
        """Load what the first page would wait for; a new process does it before its first page."""
        warm(self.pipeline)
        if self.asks:
            _ = self.help

    def __call__(self, entry: Input) -> Done:
        """Read one input and return its line."""
        begun = process_time()
        size, done = self.read(entry)
        return done.read_in(size, process_time() - begun)

    def read(self, entry: Input) -> tuple[int, Done]:
        """The size of an input's page, and what comes of it."""
        stages = Stages()
        try:
            source, notices = stages.run("read", lambda: self.load(entry))
        except SourceError as error:
            stage = "read" if entry.wanted is None else "fetch"
            return 0, self.failed(entry, reason_of(error, stage), stages=stages)
        except (MemoryError, OSError) as error:
            reason = Reason(code="unreadable", stage="read", message=str(error) or "no memory")
            return 0, self.failed(entry, reason, stages=stages)
        size = len(source.body)
        if entry.known is not None and source.id == entry.known:
            return size, Done(entry.seq, entry.locator, "kept")
        return size, self.extract(entry, source, notices=notices, stages=stages)

    def extract(
        self,
        entry: Input,
        source: Source,
        *,
        notices: Sequence[Notice],
        stages: Stages,
        page: Page | None = None,
    ) -> Done:
        """The line of an input that was read; ``page`` is given where it is cleaned already."""
        if not self.asks:
            record = extract_record(
                source, entry.seq, self.pipeline, notices=notices, stages=stages, page=page
            )
            return self.done(entry.seq, entry.locator, record)
        heard = hear_record(
            source, entry.seq, self.pipeline, self.help, notices=notices, stages=stages, page=page
        )
        if isinstance(heard, Waiting):
            return Done(entry.seq, entry.locator, "waiting", waiting=heard)
        return self.done(entry.seq, entry.locator, heard)

    def lost(self, entry: Input, loss: Loss, source: Source | None = None) -> Done:
        """The record of an input whose worker was killed or died, ``source`` where it was read."""
        try:
            source = source if source is not None else self.load(entry)[0]
        except (SourceError, OSError):
            source = None
        retryable = loss.code == "timeout"  # a busy machine may be to blame
        reason = Reason(code=loss.code, stage="extract", message=loss.message, retryable=retryable)
        return self.failed(entry, reason, source=source)

    def kept(self, entry: Input) -> bool:
        """Whether an input still is what an earlier run made its record of."""
        limit, columns = self.settings.max_bytes, self.columns
        try:
            return entry.known is not None and entry.known == identity(
                entry, limit=limit, columns=columns
            )
        except (SourceError, OSError, MemoryError):
            return False

    def load(self, entry: Input) -> Any:
        """The input's `Source` and notices."""
        limit = self.settings.max_bytes
        return load(entry, limit=limit, captured=self.captured, columns=self.columns)

    def failed(
        self,
        entry: Input,
        reason: Reason,
        *,
        source: Source | None = None,
        stages: Stages | None = None,
    ) -> Done:
        """A failed input in the form of this run."""
        record = failed_record(
            reason,
            locator=entry.locator,
            seq=entry.seq,
            config=self.pipeline.config,
            source=source,
            url=entry.url,
            seconds=stages.rounded() if stages is not None else None,
        )
        if self.pipeline.settings.with_text:
            record["text"] = None
        return self.done(entry.seq, entry.locator, record)

    def done(self, seq: int, locator: str, record: dict[str, Any]) -> Done:
        """``record`` in the form of this run."""
        reason = record["reason"] or {}
        figures, event = figures_of(record), None
        if self.watched:
            from rolecall.monitor.events import page_event

            event = page_event(record, int(1_000 * time()))
        return Done(
            seq,
            locator,
            record["outcome"],
            reason.get("code"),
            reason.get("message", ""),
            self.line(record),
            figures=figures,
            event=event,
        )

    def line(self, record: dict[str, Any]) -> bytes | None:
        """What is printed for ``record``; the export holds postings only."""
        if self.form == "explain":
            from rolecall.explain import render

            text = record.pop("text", None)
            return render(record, text, colours=self.colours).encode("utf-8", "replace")
        if self.form == "schema-org":
            from rolecall.schema.schema_org import to_schema_org

            return dump(to_schema_org(record["data"])) if record["data"] is not None else None
        return dump(record)


def check_dedup(settings: Settings) -> None:
    """That the setting means something and what it needs is installed; raises `UsageError`."""
    if settings.dedup not in MODES:
        raise SettingsError(
            f"dedup ({settings.origin('dedup')}): there is no mode {settings.dedup!r}",
            hint=f"there are: {', '.join(MODES)}",
        )
    if settings.dedup == "near":
        from rolecall.copies.sketch import signer

        signer()


def may_ask(settings: Settings, environ: Mapping[str, str]) -> bool:
    """Whether any engine may be asked; raises for settings that cannot be."""
    from rolecall.engines.state import state_file

    if settings.engine == "auto" and not settings.engines and not state_file(environ).exists():
        return False  # the usual case: nothing of engines is loaded
    from rolecall.drive.connect import declared_engines, policy_of

    policy_of(settings)
    return bool(declared_engines(settings, environ))


def crew_of(settings: Settings, *, many: bool, asks: bool, ordered: bool) -> Crew:
    """The workers of a run: one for a few inputs, one per core for ``many``, or as told.

    ``asks`` says that a thread of this process asks engines or fetches pages.
    """
    # A process with threads is not safe to fork.
    return Crew(
        workers=settings.workers or (cores() if many else 1),
        timeout=min(settings.page_timeout_seconds or NO_LIMIT, NO_LIMIT),
        pages=settings.recycle_after or sys.maxsize,
        ordered=ordered,
        method="spawn" if asks else METHOD,
    )


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(
    entries: Entries,
    page_work: PageWork,
    crew: Crew,
    *,
    stop: Callable[[], bool] = lambda: False,
    asker: Asker | None = None,
) -> Generator[Done, None, None]:
    """Every entry through the workers; one `Done` for each, unless ``stop`` ends the run.

    Pages that wait for engines go on to ``asker``, while workers read the next ones.
    """
    if page_work.shares:
        from rolecall.batch.sharing import run_sharing

        yield from run_sharing(entries, page_work, crew, stop=stop, asker=asker)
        return
    kept = Kept(entries, limit=page_work.settings.max_bytes, columns=page_work.columns)
    results = kept.beside(
        work(kept.rest(), page_work, page_work.lost, crew=crew, stop=stop, ticks=True)
    )
    with closing(results):  # also after an error, whose traceback would keep the workers alive
        if asker is None:
            yield from (done for done in results if done is not None)
            return
        from rolecall.batch.asking import answered

        yield from answered(results, asker, page_work.done, ordered=crew.ordered, stop=stop)


def written(done: Done, output: Output) -> Done:
    """``done``, once it is in ``output``; ``failed`` is the code of a failure that was kept."""
    if done.line is not None:
        output.append(done.locator, done.seq, done.line)
    elif output.keep(done.locator, done.seq):
        return structs.replace(done, code="failed")
    return done

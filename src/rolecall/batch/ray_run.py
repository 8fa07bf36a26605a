"""One run over many machines with Ray Data: the same pages, the same records, the same output.

Tasks list and read the inputs, actors turn them into records, and the driver writes these into the
output, which is the ledger of the run as it always is. Ray decides what runs where, holds back what
is too fast, and does again what a lost machine had.
"""

from __future__ import annotations

import functools
import os
import pickle
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from datetime import date
from typing import Any, Final

from msgspec import Struct, field, structs

from rolecall import __version__
from rolecall.batch.done import Done, Tally
from rolecall.batch.ray_actor import Extractor, Terms, paid_apart
from rolecall.batch.ray_cluster import LOCAL, cluster, fault_of, last_line, on_every_node, room
from rolecall.batch.ray_known import Known
from rolecall.batch.ray_parts import Answered, Part, Place, check_paths, parts_of, read_part
from rolecall.batch.run import PageWork, crew_of, may_ask, written
from rolecall.errors import Error, UsageError
from rolecall.inputs.nouns import Left
from rolecall.inputs.stream import expand
from rolecall.outputs.nouns import Mode, Output
from rolecall.outputs.open import open_output
from rolecall.settings import Settings

TICK: Final = 0.2
"""Seconds; how late a stop is noticed, at most."""

GRACE: Final = 2.0
"""Seconds after a stop in which what is done still comes in."""

PATIENCE: Final = 5.0
"""Seconds that Ray Data gets to end its work in order."""

AHEAD: Final = 8
"""Chunks of records that wait in the driver while it writes."""

FED: Final = 8
"""Processes that extract for each task that reads inputs."""


class Wanted(Struct, kw_only=True):
    """A run: what to read, how, and where its records go.

    ``left`` is filled with what was left out; ``say`` tells the user something; ``stop`` says that
    the run is to end.
    """

    paths: Sequence[str]
    page_work: PageWork
    output: Output
    left: Left = field(default_factory=Left)
    stop: Callable[[], bool] = lambda: False
    say: Callable[[str], None] = lambda message: None


def extract_on_ray(
    inputs: Iterable[str],
    out: str,
    *,
    address: str = LOCAL,
    settings: Settings | None = None,
    captured: date | None = None,
    mode: Mode = "new",
) -> Tally:
    """Extract ``inputs`` (paths and patterns) on a Ray cluster into the file ``out``.

    ``address`` is ``local`` (a Ray of its own on this machine), ``auto`` or ``host:port``; a Ray
    that the process is connected to already is used instead. ``mode`` is as with ``--resume`` and
    ``--force``: ``new``, ``resume`` or ``force``. Returns the count of outcomes.

    Raises:
        UsageError: Ray is missing or not there, machines differ, or the call cannot be carried out.
        OutputError: the output cannot be written; it can be continued.
    """
    page_work = PageWork(settings if settings is not None else Settings(), captured=captured)
    paths = expand(inputs)
    check(paths, page_work.settings, alone=address == LOCAL)
    tally = Tally()
    with cluster(address, workers=page_work.settings.workers) as (ray, alone):
        pipeline = page_work.pipeline
        output = open_output(
            out,
            mode,
            pipeline.config,
            with_text=pipeline.settings.with_text,
            fields=pipeline.schema.columns if pipeline.schema is not None else None,
        )
        with closing(output):
            wanted = Wanted(paths=paths, page_work=page_work, output=output)
            with closing(results_on(ray, wanted, alone=alone)) as results:
                for done in results:
                    tally.add(written(done, output))
            output.complete()
    return tally


def check(paths: Sequence[str], settings: Settings, *, alone: bool) -> None:
    """Raise `UsageError` for what cannot be done on many machines."""
    check_paths(paths)
    if settings.dedup != "off":
        raise UsageError(
            "copies are looked for on one machine only: --ray needs dedup = off",
            hint=f"dedup is {settings.dedup} ({settings.origin('dedup')})",
        )
    if not alone and may_ask(settings, os.environ):
        from rolecall.drive.connect import allowed_engines, declared_engines, priced_engines

        tables = allowed_engines(declared_engines(settings, os.environ), settings, [])
        paid = [one.name for one in priced_engines(tables, settings) if one.price is not None]
        if paid:
            raise paid_apart(tuple(paid))


def results_on(ray: Any, wanted: Wanted, *, alone: bool) -> Generator[Done, None, None]:
    """What comes of every input, each once, as it gets done; until ``wanted.stop`` says so.

    Raises:
        UsageError: the machines of the cluster would not write the same records.
        Error: Ray has given up, or inputs are missing; the output can be continued.
    """
    page_work, output = wanted.page_work, wanted.output
    settings = page_work.settings
    check(wanted.paths, settings, alone=alone)
    page_work.asks = may_ask(settings, os.environ)
    crew = crew_of(settings, many=False, asks=page_work.asks, ordered=False)
    known = Known.of(output.all_known())
    terms = Terms(
        page_work=page_work,
        # A process of Ray's has threads, so it is not safe to fork.
        crew=structs.replace(crew, workers=1, method="spawn"),
        place=Place(
            folder=os.getcwd(),
            limit=settings.max_bytes,
            leave_out=output.path,
            columns=page_work.columns,
        ),
        config=page_work.pipeline.config,
        version=__version__,
        known=None if known is None else ray.put(known),
        alone=alone,
    )
    if not alone:
        on_every_node(ray, Terms.agree, terms)
    parts = parts_of(wanted.paths)
    books = _Books(parts=len(parts), left=wanted.left, say=wanted.say)
    with closing(_received(ray, _dataset(ray, parts, terms), wanted.stop)) as came:
        for answered in came:
            yield from books.enter(answered)
    if not wanted.stop():
        books.close()


class _Books(Struct, kw_only=True):
    """Which chunks have come in: Ray may do one twice, and none may be missing in the end."""

    parts: int
    left: Left
    say: Callable[[str], None]
    seen: set[int] = field(default_factory=set)
    counts: dict[int, int] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    def enter(self, answered: Answered) -> Iterator[Done]:
        """Its results, unless they have come before; raises the fault of a machine."""
        if answered.fault is not None:
            raise answered.fault
        for notice in answered.notices:
            if notice not in self.told:
                self.told.add(notice)
                self.say(f"rolecall: {notice}")
        if answered.key in self.seen:
            return
        self.seen.add(answered.key)
        part, size = answered.part, len(answered.results)
        self.counts[part] = self.counts.get(part, 0) + size
        if answered.left is not None:
            self.sizes[part] = answered.first + size
            self.left.add(answered.left)
        yield from answered.results

    def close(self) -> None:
        """Raise `Error` if any input has no result."""
        if len(self.sizes) != self.parts or self.sizes != self.counts:
            raise Error("Ray has lost inputs on the way", hint="run again with --resume")


def _dataset(ray: Any, parts: list[Part], terms: Terms) -> Any:
    """The run as Ray Data knows it: read tasks that yield chunks, and actors that do them."""
    from ray.data import ActorPoolStrategy, DataContext, Datasource, ReadTask
    from ray.data.block import BlockMetadata

    class Inputs(Datasource):  # type: ignore[misc]
        def estimate_inmemory_data_size(self) -> int | None:
            return None

        def get_read_tasks(self, parallelism: int, *_: Any, **__: Any) -> list[Any]:
            nothing = BlockMetadata(None, None, None, None)
            return [
                ReadTask(functools.partial(_tables, number, part, terms.place), nothing)
                for number, part in enumerate(parts)
            ]

    context = DataContext.get_current().copy()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.target_max_block_size = 1  # a chunk is a block, however small: never joined, never cut
    settings, cores = terms.page_work.settings, room(ray)
    most = settings.workers or cores
    with DataContext.current(context):
        # Reading takes no core of its own, or a cluster full of actors could not begin.
        data = ray.data.read_datasource(
            Inputs(),
            num_cpus=0,
            concurrency=min(max(2, most // FED), len(parts)),
            override_num_blocks=len(parts),  # else Ray would cut each chunk to get more of them
        )
        return data.map_batches(
            Extractor,
            fn_constructor_args=(terms,),
            batch_size=None,
            batch_format="pyarrow",
            compute=ActorPoolStrategy(min_size=1, max_size=most, initial_size=min(most, cores)),
            num_cpus=1,
        )


def _tables(number: int, part: Part, place: Place) -> Iterator[Any]:
    """The chunks of a part as Ray's tables; runs on the machine that reads the part."""
    import pyarrow as pa

    for chunk in read_part(number, part, place):
        yield pa.table({"chunk": [pickle.dumps(chunk)]})


def _received(ray: Any, data: Any, stop: Callable[[], bool]) -> Generator[Answered, None, None]:
    """What the actors send, read in a thread of its own, so that a stop is seen at once."""
    came: queue.Queue[Answered | BaseException | None] = queue.Queue(AHEAD)
    ended = threading.Event()

    def put(one: Answered | BaseException | None) -> None:
        while not ended.is_set():
            with suppress(queue.Full):
                came.put(one, timeout=TICK)
                return

    def pump() -> None:
        try:
            for batch in data.iter_batches(
                batch_size=None, batch_format="pyarrow", prefetch_batches=0
            ):
                for row in batch["answered"]:
                    put(pickle.loads(row.as_py()))
                if ended.is_set():
                    return
            put(None)
        except BaseException as error:  # told where the results are waited for
            put(error)

    thread = threading.Thread(target=pump, daemon=True)
    thread.start()
    end = float("inf")
    try:
        while time.monotonic() < end:
            if end == float("inf") and stop():
                end = time.monotonic() + GRACE
            try:
                one = came.get(timeout=TICK)
            except queue.Empty:
                continue
            if isinstance(one, BaseException):
                raise _ours(one)
            if one is None:
                return
            yield one
    finally:
        ended.set()
        thread.join(timeout=PATIENCE)


def _ours(error: BaseException) -> BaseException:
    """An error of Ray's as one of ours."""
    told = fault_of(error)
    if told is not None or not isinstance(error, Exception):
        return told or error
    fault = Error(f"Ray has given up: {last_line(error)}", hint="run again with --resume")
    fault.__cause__ = error
    return fault

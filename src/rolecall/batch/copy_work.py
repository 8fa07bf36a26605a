"""What a worker does where copies share an extraction: sign a page, extract it, or share."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from time import process_time
from typing import TYPE_CHECKING, Any

import orjson
from msgspec import Struct, structs
from msgspec.structs import replace

from rolecall.batch.done import Done
from rolecall.batch.run import PageWork
from rolecall.batch.spool import joined, parted
from rolecall.batch.workers import Loss
from rolecall.copies.original import recall, remember
from rolecall.copies.packed import pack, unpack
from rolecall.copies.record import Name, near_record
from rolecall.copies.share import Apart, Means, share
from rolecall.copies.sketch import Sketch, exact_key, signer, sketch
from rolecall.core import Candidate, Page
from rolecall.errors import Error, SourceError
from rolecall.inputs.nouns import Input
from rolecall.ladder import Producer
from rolecall.pipeline import Stages, clean_page, warm

if TYPE_CHECKING:
    from rolecall.copies.sketch import Signer


class Signed(Struct, frozen=True):
    """An input that was read: its sketch, and the cleaned page for later.

    Without a sketch there is no page. ``kept`` says that an earlier run wrote its record, ``lost``
    is what came of an input whose worker did not come back. ``size`` is the page's in bytes,
    ``cpu`` the processor's seconds so far.
    """

    entry: Input
    sketch: Sketch | None = None
    page: bytes | None = None
    kept: bool = False
    lost: Done | None = None
    size: int = 0
    cpu: float = 0.0


class Item(Struct, frozen=True):
    """What a worker is given; ``ticket`` comes back with the result, ``page`` is cleaned."""

    ticket: int
    entry: Input
    page: bytes | None = None

    @property
    def line(self) -> bytes | None:
        """What makes the item heavy."""
        return self.page or self.entry.line


class Sign(Item, frozen=True):
    """An input to read and sketch."""


class Fresh(Item, frozen=True):
    """A page to extract."""


class Copy(Item, frozen=True, kw_only=True):
    """A page that may share the record of its original; ``kept`` is what was kept of that."""

    kept: bytes
    name: Name


class Made(Struct, frozen=True):
    """What came of a page. ``context`` is remembered of it beside its line; ``kept`` is both.

    ``again`` says that nothing came of sharing, and that the page is still to be extracted.
    """

    ticket: int
    done: Done | None
    context: bytes | None = None
    kept: bytes | None = None
    again: bool = False


Result = Signed | Made


class CopyWork:
    """As `PageWork`, in two steps: what the page is like, and then its record."""

    def __init__(self, page_work: PageWork, *, near: bool) -> None:
        self.page_work, self.near = page_work, near
        self._sign: Signer | None = None
        self._means: Means | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_sign": None, "_means": None}

    def load_all(self) -> None:
        """Load what the first page would wait for."""
        _ = self.means
        warm(self.page_work.pipeline)
        if self.page_work.asks:
            _ = self.page_work.help
        if self.near:
            self._sign = signer()

    @property
    def means(self) -> Means:
        """What sharing needs of the pipeline."""
        if self._means is None:
            pipeline = self.page_work.pipeline
            stated = _once(pipeline.producers["stated"])
            producers = {**pipeline.producers, "stated": stated}
            self.page_work.adopt(structs.replace(pipeline, producers=producers))
            self._means = Means(
                stated=stated,
                skills=pipeline.reader.model.skills.find_skills,
                plain=pipeline.schema is None,
            )
        return self._means

    def __call__(self, item: Item) -> Result:
        """One step of one input."""
        begun = process_time()
        if isinstance(item, Copy | Fresh):
            made = self.share(item) if isinstance(item, Copy) else self.extract(item)
            if made.done is None:
                return made
            size = made.done.figures.bytes_in
            return replace(made, done=made.done.read_in(size, process_time() - begun))
        signed = self.sign(item.entry)
        return replace(signed, cpu=process_time() - begun)

    def lost(self, item: Item, loss: Loss) -> Result:
        """What becomes of an input whose worker was killed or died."""
        if isinstance(item, Copy):
            return Made(item.ticket, None, again=True)
        if isinstance(item, Fresh):
            source = pickle.loads(item.page)[0] if item.page is not None else None
            return Made(item.ticket, self.page_work.lost(item.entry, loss, source))
        if self.page_work.kept(item.entry):  # its record stands, whatever became of the worker
            return Signed(item.entry, kept=True)
        return Signed(item.entry, lost=self.page_work.lost(item.entry, loss))

    def sign(self, entry: Input) -> Signed:
        """Read an input and sketch it; what cannot be read is found out again when extracted."""
        if entry.is_away and self.page_work.kept(entry):
            return Signed(entry, kept=True)  # it is not fetched again, only to be a copy's original
        stages = Stages()
        try:
            source, notices = stages.run("read", lambda: self.page_work.load(entry))
        except (SourceError, MemoryError, OSError):
            return Signed(entry)
        kept = entry.known is not None and source.id == entry.known
        exact, size = exact_key(source, notices), len(source.body)
        light = entry if kept or not self.near else _light(entry)
        if not self.near:
            return Signed(light, Sketch(exact), kept=kept, size=size)
        if self._sign is None:
            self._sign = signer()
        sign = self._sign
        try:
            page = clean_page(source, self.page_work.pipeline, stages)
            found = stages.run("sketch", lambda: sketch(page, exact, sign))
        except (Error, MemoryError):
            return Signed(entry, kept=kept, size=size)
        except Exception:  # a fault of ours: extracting it says so in its record
            return Signed(entry, kept=kept, size=size)
        whole = pickle.dumps((source.but_bodiless(), notices, stages.seconds, pack(page)), 5)
        return Signed(light, found, whole, kept, size=size)

    def extract(self, item: Fresh) -> Made:
        """The record of a page, and what its copies will need."""
        entry, means = item.entry, self.means  # which set up the pipeline, too
        if item.page is not None:
            whole: bytes | None = item.page
        elif self.near:
            whole = self.sign(entry).page
        else:
            done = self.page_work(entry)
            return Made(item.ticket, done, b"", _joined(b"", done))
        if whole is None:
            return Made(item.ticket, self.page_work(entry))
        source, notices, seconds, packed = pickle.loads(whole)
        page = unpack(packed)
        done = self.page_work.extract(
            entry, source, notices=notices, stages=Stages(seconds=seconds), page=page
        )
        return _made(item.ticket, done, page, means)

    def share(self, item: Copy) -> Made:
        """The record of a copy, shared or, where it cannot be, its own."""
        whole = item.page or self.sign(item.entry).page
        if whole is None:
            return Made(item.ticket, None, again=True)
        source, notices, seconds, packed = pickle.loads(whole)
        page, stages = unpack(packed), Stages(seconds=seconds)
        context, line = parted(item.kept)
        record = orjson.loads(line)
        try:
            original = recall(context)
            found = stages.run("share", lambda: share(page, original, record, self.means))
        except Exception:  # a fault of ours must not cost the page its record
            found = Apart("internal")
        entry, name = item.entry, item.name
        if isinstance(found, Apart):
            done = self.page_work.extract(entry, source, notices=notices, stages=stages, page=page)
            split = found.why if found.copy else None
            return _made(item.ticket, replace(done, split=split), page, self.means)
        told = near_record(
            record, name, found, read=(page, source, notices), seconds=stages.rounded()
        )
        done = replace(self.page_work.done(entry.seq, entry.locator, told), copy="near")
        return _made(item.ticket, done, page, self.means)


def _made(ticket: int, done: Done, page: Page, means: Means) -> Made:
    """A record, and what copies of its page will need."""
    if done.outcome == "failed":
        return Made(ticket, done)
    context = remember(page, means.stated(page))
    return Made(ticket, done, context, _joined(context, done))


def _once(produce: Producer) -> Producer:
    """The same, which reads a page that it has just read only once."""
    last: tuple[Page, Sequence[Candidate]] | None = None

    def produced(page: Page) -> Sequence[Candidate]:
        nonlocal last
        if last is None or last[0] is not page:
            last = (page, produce(page))
        return last[1]

    return produced


def _joined(context: bytes, done: Done) -> bytes | None:
    """Page and line as one, once there is a line."""
    return joined(context, done.line) if done.line is not None else None


def _light(entry: Input) -> Input:
    """The input without its bytes, which the cleaned page stands for from now on."""
    return replace(entry, line=None) if entry.line is not None else entry

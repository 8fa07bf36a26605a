"""What ``rolecall models`` shows: the table, one model with its sources, a pull's progress."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec
import orjson
from msgspec import Struct

from rolecall.models.cache import cached_models, cached_snapshot, size_on_disk
from rolecall.models.catalogue import entries, shape_named
from rolecall.models.hub import Listing, Remote
from rolecall.models.nouns import Entry, Published, Shape
from rolecall.models.pull import Place, Progress, Pulled
from rolecall.models.weights import tensor_bytes
from rolecall.plan.keyvalues import state_bytes, token_bytes
from rolecall.plan.loads import default_load
from rolecall.plan.nouns import GIB, Device, Serving
from rolecall.plan.reckon import reckon
from rolecall.plan.wanted import Wanted
from rolecall.table import aligned

TERMINAL_EVERY: Final = 0.1
ELSEWHERE_EVERY: Final = 10.0
SIXTEEN: Final = "16 bit"
LEGEND: Final = {
    "*": "* of the base model",
    "~": "~ by another harness than the vendor's",
    "?": "? some figures are from memory and not looked up: rolecall models show NAME",
}


class StoppedError(Exception):
    """A signal asked the pull to stop."""


class Row(Struct, frozen=True, kw_only=True):
    """One model of the list. ``size`` is bytes of weights, ``fits`` a precision, empty or unknown.

    ``here`` names the precisions that lie in the cache.
    """

    name: str
    params: int
    active: int
    size: int
    context: int
    licence: str
    precisions: tuple[str, ...]
    score: Published | None
    here: tuple[str, ...]
    fits: str | None
    checked: bool


class Listed(Struct, frozen=True):
    """The models of a list, and the card that they were held against."""

    rows: tuple[Row, ...]
    card: str

    def table(self) -> str:
        """The list for people."""
        head = ("model", "size", "context", "licence", "also in", "MMLU-Pro", "here")
        lines: list[tuple[str, ...]] = [(*head, "fits") if self.card else head]
        marks = set()
        for row in self.rows:
            mark = "" if row.checked else "?"
            score = _score(row.score)
            marks |= {mark, score[-1:]}
            cells = (
                row.name + (f" {mark}" if mark else ""), f"{row.size / GIB:,.1f}",
                _context(row.context), row.licence, ", ".join(row.precisions[1:]), score,
                ", ".join(row.here),
            )  # fmt: skip
            lines.append((*cells, row.fits or "no") if self.card else cells)
        text = aligned(*lines, worded=True)
        told = [words for mark, words in LEGEND.items() if mark in marks]
        if self.card:
            told.insert(0, f"fits: on {self.card}, with 8k context, in the mode balanced")
        return text + "".join(f"\n{one}" for one in ("", *told)).removeprefix("\n") + "\n"

    def json(self) -> str:
        """The list for programs."""
        value = {"card": self.card or None, "models": msgspec.to_builtins(self.rows)}
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n"


def listed(
    words: Sequence[str],
    device: Device | None,
    environ: Mapping[str, str],
    *,
    only_fitting: bool = False,
) -> Listed:
    """The models whose names hold all ``words``, in the catalogue's order."""
    cached = {name.casefold() for name, _ in cached_models(environ)}
    wanted = [one.casefold() for one in words]
    rows = []
    for entry in entries():
        names = " ".join((entry.name, *entry.variants)).casefold()
        if not all(one in names for one in wanted):
            continue
        row = _row(entry, device, cached)
        if not only_fitting or row.fits:
            rows.append(row)
    return Listed(tuple(rows), device.name if device else "")


def _row(entry: Entry, device: Device | None, cached: set[str]) -> Row:
    shapes = list(_precisions(entry))
    first = shapes[0][2]
    here = [told for name, told, _ in shapes if name.casefold() in cached]
    return Row(
        name=entry.name,
        params=first.params,
        active=first.active_params,
        size=tensor_bytes(first),
        context=first.context,
        licence=entry.licence,
        precisions=tuple(dict.fromkeys(told for _, told, _ in shapes)),
        score=next((one for one in entry.scores if one.benchmark == "MMLU-Pro"), None),
        here=tuple(dict.fromkeys(here)),
        fits=None if device is None else _fitting((one for _, _, one in shapes), device),
        checked=entry.checked,
    )


def _precisions(entry: Entry) -> Iterator[tuple[str, str, Shape]]:
    """An entry and its variants: hub id, precision in a word, shape."""
    for name in (entry.name, *entry.variants):
        shape = shape_named(name)
        if shape is not None:
            yield name, precision(shape), shape


def precision(shape: Shape) -> str:
    """How a model's weights are stored, in a word: ``16 bit``, ``fp8``, ``awq``, ``gptq 8``."""
    stored = shape.quantisation
    if stored.method == "none":
        return SIXTEEN
    return f"{stored.method} 8" if stored.method == "gptq" and stored.bits == 8 else stored.method


def _fitting(shapes: Iterable[Shape], device: Device) -> str:
    """The precision of the largest that fits; empty for none."""
    load = default_load()
    for shape in sorted(shapes, key=tensor_bytes, reverse=True):
        if reckon(shape, device, load, Wanted(), None).fits:
            return precision(shape)
    return ""


def _score(score: Published | None) -> str:
    if score is None:
        return ""
    mark = "*" if "base" in score.mode else "~" if "another harness" in score.mode else ""
    return f"{score.value:.1f}{mark}"


def _context(tokens: int) -> str:
    return f"{tokens // 1024}k" if tokens % 1024 == 0 else f"{tokens:,}"


def shown(
    shape: Shape,
    entry: Entry | None,
    device: Device | None,
    environ: Mapping[str, str],
    *,
    as_json: bool,
) -> str:
    """One model in full, for people or for programs."""
    told = _facts(shape, entry, device, environ)
    if as_json:
        return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() + "\n"
    lines = [(key.replace("_", " "), value) for key, value in told.items() if _plain(value)]
    width = max(len(key) for key, _ in lines)
    text = "".join(f"{key.ljust(width)}  {_said(value)}\n" for key, value in lines)
    for key in ("precisions", "scores", "assumed"):
        if told[key]:
            text += f"\n{key}\n" + "".join(f"  {_line(one)}\n" for one in told[key])
    return text


def _facts(
    shape: Shape, entry: Entry | None, device: Device | None, environ: Mapping[str, str]
) -> dict[str, Any]:
    serving = Serving()
    place = cached_snapshot(shape.name, environ)
    attention = shape.attention
    told: dict[str, Any] = {
        "name": shape.name,
        "known_as": entry.name if entry and entry.name != shape.name else None,
        "read_from": shape.origin,
        "architecture": shape.architecture or None,
        "licence": entry.licence if entry else None,
        "released": entry.released or None if entry else None,
        "source": entry.source if entry else None,
        "checked": entry.checked if entry else None,
        "note": entry.note or None if entry else None,
        "parameters": shape.params,
        "active_parameters": shape.active_params if shape.experts else None,
        "encoder_parameters": shape.encoder_params or None,
        "weights_bytes": tensor_bytes(shape),
        "precision": precision(shape),
        "context_tokens": shape.context,
        "layers": shape.layers,
        "layers_full_attention": attention.full,
        "layers_window": attention.window or None,
        "window_tokens": attention.window_tokens or None,
        "layers_state": attention.state or None,
        "kv_bytes_per_token": token_bytes(shape, serving),
        "state_bytes_per_sequence": state_bytes(shape, serving) or None,
        "vocabulary": shape.vocabulary,
        "here": str(place) if place else None,
        "here_bytes": size_on_disk(place) if place else None,
        "fits": _fit_words(shape, device),
    }
    told["precisions"] = [
        {"name": name, "precision": words, "weights_bytes": tensor_bytes(one)}
        for name, words, one in (_precisions(entry) if entry else ())
    ]
    told["scores"] = [msgspec.to_builtins(one) for one in entry.scores] if entry else []
    told["assumed"] = list(shape.assumed)
    return told


def _fit_words(shape: Shape, device: Device | None) -> str | None:
    if device is None:
        return None
    found = reckon(shape, device, default_load(), Wanted(), None)
    if found.fits:
        return f"yes, on {device.name}: rolecall plan {shape.name} tells how"
    if found.refused:
        return f"no, vLLM would not start it: {found.refused[0]}"
    return f"no, {found.lacks / GIB:,.1f} GiB are lacking on {device.name}"


def _plain(value: object) -> bool:
    return value is not None and not isinstance(value, list)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _line(value: Any) -> str:
    if isinstance(value, str):
        return value
    if "benchmark" in value:
        mode = f" ({value['mode']})" if value.get("mode") else ""
        return f"{value['benchmark']} {value['value']:g}{mode}: {value['source']}"
    size = value["weights_bytes"] / GIB
    return f"{value['precision']:<7} {size:8,.2f} GiB  {value['name']}"


class Following:
    """A pull's progress on stderr, and what is printed of it at the end."""

    def __init__(
        self,
        *,
        quiet: bool,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._quiet, self._clock = quiet, clock
        self._terminal = self._stream.isatty()
        self._began: float | None = None
        self._next = 0.0
        self._open = False

    def told(self, stop: Callable[[], bool]) -> Callable[[Progress], None]:
        """What a pull tells its progress to; it raises `StoppedError` once ``stop`` is true."""

        def tell(progress: Progress) -> None:
            if stop():
                raise StoppedError
            self.tell(progress)

        return tell

    def tell(self, progress: Progress) -> None:
        """Show how far it is, now and then."""
        now = self._clock()
        if self._began is None and progress.fetched:
            self._began = now
        if self._quiet or now < self._next:
            return
        self._next = now + (TERMINAL_EVERY if self._terminal else ELSEWHERE_EVERY)
        line = progress_line(progress, 0.0 if self._began is None else now - self._began)
        self._open = self._terminal
        self._stream.write(f"\r\x1b[2K{line}" if self._terminal else f"{line}\n")
        self._stream.flush()

    def end(self) -> None:
        """Leave the line that changes."""
        if self._open:
            self._stream.write("\n")
            self._open = False

    def plan(
        self, listing: Listing, files: Sequence[Remote], place: Place, *, as_json: bool
    ) -> str:
        """What a pull would fetch."""
        total = sum(one.size for one in files)
        if as_json:
            value = {
                "name": listing.name, "commit": listing.commit, "total_bytes": total,
                "files": [{"name": one.name, "bytes": one.size} for one in files],
            }  # fmt: skip
            return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n"
        rows = [(one.name, f"{one.size:,}") for one in files]
        text = f"{listing.name} at {listing.commit}\n\n"
        text += aligned(("file", "bytes"), *rows, ("all", f"{total:,}"))
        left = len(listing.files) - len(files)
        text += f"\n{left} other files are left where they are\n" if left else ""
        existing = next(one for one in (place.cache, *place.cache.parents) if one.exists())
        return text + f"free in {place.cache}: {place.free(existing) / GIB:,.1f} GiB\n"

    def done(self, pulled: Pulled, *, as_json: bool) -> str:
        """What a pull left; words for people go to stderr."""
        if as_json:
            value = {
                "name": pulled.name, "commit": pulled.commit, "folder": str(pulled.folder),
                "files": pulled.files, "bytes": pulled.total, "fetched_bytes": pulled.fetched,
            }  # fmt: skip
            return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n"
        if not self._quiet:
            fetched = f"{pulled.fetched / GIB:.2f} GiB fetched" if pulled.fetched else "was there"
            self._stream.write(
                f"{pulled.name}: {pulled.files} files, {pulled.total / GIB:.2f} GiB, all verified;"
                f" {fetched}\nstart it with: rolecall up {pulled.name}\n"
            )
        return os.fspath(Path(pulled.folder)) + "\n"


def progress_line(progress: Progress, seconds: float) -> str:
    """How far a pull is, in one line, with the time that is left at the pace so far."""
    share = progress.done / progress.total if progress.total else 1.0
    line = f"{share:6.1%}  {progress.done / GIB:,.2f} of {progress.total / GIB:,.2f} GiB"
    if progress.verifying:
        return f"{line}  verifying {progress.file}"
    pace = progress.fetched / seconds if seconds > 0 else 0.0
    if pace > 0 and seconds >= 1:
        left = (progress.total - progress.done) / pace
        line += f"  {pace / 1_000_000:,.1f} MB/s  {_span(left)} left"
    return f"{line}  {progress.file}"


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{max(seconds, 0):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"

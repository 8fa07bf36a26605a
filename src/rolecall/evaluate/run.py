"""Samples through one way of reading: records in a file that can be continued.

A run is a folder: ``run.json`` says what was read and how, ``NAME.jsonl`` holds the records of each
way, whose ``source`` is the sample's id.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from rolecall.batch.done import Done
from rolecall.batch.run import PageWork, crew_of, may_ask
from rolecall.batch.run import run as run_pages
from rolecall.errors import UsageError
from rolecall.evaluate.files import write_whole
from rolecall.evaluate.nouns import Sample
from rolecall.evaluate.ways import Way
from rolecall.inputs.nouns import Input
from rolecall.outputs.json_lines import Ledger, open_ledger
from rolecall.pipeline import warm
from rolecall.reader.model import SEEN_DIGITS, seen_pages
from rolecall.settings import Settings

RUN: Final = "run.json"
VERSION: Final = 1
FEW: Final = 8


class Part(Struct, frozen=True, kw_only=True):
    """The records of one way: their file in the run's folder, and the hash of their settings.

    ``settings`` are those that differ from the defaults and can change a result; ``models`` names
    the model of each engine that could be asked. ``seen`` counts the pages that the embedded reader
    was trained on: on those it is better than on others.
    """

    records: str
    config: str = ""
    settings: Mapping[str, Any] = {}
    models: Mapping[str, str] = {}
    seen: int = 0


class EvaluationRun(Struct, frozen=True, kw_only=True):
    """What ``run.json`` holds. ``samples`` has the path, the fingerprint and the count of the set,
    ``engines`` a part for each way; paths are relative to the run's folder."""

    version: int = VERSION
    made: str
    rolecall: str
    command: str
    samples: Mapping[str, Any]
    engines: Mapping[str, Part]
    machine: Mapping[str, Any] = {}
    schema: str = ""

    def write(self, folder: Path) -> None:
        """Write ``run.json`` into ``folder``, in one step; raises `UsageError` where it cannot."""
        text = json.dumps(msgspec.to_builtins(self), ensure_ascii=False, indent=1)
        write_whole(folder / RUN, f"{text}\n".encode())


def read_run(folder: Path) -> EvaluationRun:
    """The run in ``folder``; raises `UsageError` where there is none that can be read."""
    path = folder / RUN
    hint = f"make one with: rolecall eval run SAMPLES --engine reader --out {folder}"
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} cannot be read: it is no file", hint=hint)
    try:
        run = msgspec.json.decode(path.read_bytes(), type=EvaluationRun)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(f"there is no run in {folder}", hint=hint) from error
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", hint=hint) from error
    if run.version != VERSION:
        raise UsageError(f"{path} is of version {run.version}, and this one knows {VERSION}")
    return run


def entries(samples: Sequence[Sample], ledger: Ledger) -> Iterator[Input | None]:
    """The samples as inputs, each with what an earlier run knows of it."""
    for seq, one in enumerate(samples):
        yield Input(
            seq,
            one.id,
            path=one.path or None,
            line=one.body,
            known=ledger.known(one.id),
            url=one.url,
            media_type=one.media_type,
            captured=one.captured,
        )


def read_by(
    way: Way,
    samples: Sequence[Sample],
    path: Path,
    *,
    mode: Literal["resume", "force"] = "resume",
    stop: Callable[[], bool] = lambda: False,
    hear: Callable[[Done], None] = lambda done: None,
    say: Callable[[str], None] = lambda message: None,
) -> str:
    """Read ``samples`` as ``way`` says, into the records file ``path``; returns their ``config``.

    What the file has already is kept, and what failed for a while is tried again. ``hear`` is told
    of every finished sample, ``say`` of what is odd about the engines.

    Raises:
        UsageError: the file was written with other settings, or cannot be written.
        Error: the engines cannot be opened.
    """
    settings = replace(way.settings, with_text=True)  # judging looks quotes up in the text
    asks = may_ask(settings, os.environ)
    work = PageWork(settings, asks=asks)
    config = work.pipeline.config
    many = len(samples) > FEW
    if many and not asks:
        warm(work.pipeline)  # before the workers are forked, so that they share it
    ledger = open_ledger(str(path), mode, config, with_text=True)
    try:
        with contextlib.ExitStack() as opened:
            asker = None
            if asks:
                from rolecall.batch.asking import Asker

                asker = opened.enter_context(Asker(work.pipeline))
                for notice in asker.notices:
                    say(notice.message)
                if not asker.ready:
                    raise UsageError(f"{way.name}: no engine answers", hint="see rolecall doctor")
            crew = crew_of(settings, many=many, asks=asks, ordered=False)
            done = run_pages(entries(samples, ledger), work, crew, stop=stop, asker=asker)
            with contextlib.closing(done) as results:
                for one in results:
                    if one.line is None:
                        ledger.keep(one.locator, one.seq)
                    else:
                        ledger.append(one.locator, one.seq, one.line)
                    hear(one)
        if not stop():
            ledger.complete()
    finally:
        ledger.close()
    return config


def seen_among(samples: Sequence[Sample], settings: Settings) -> int:
    """How many of the samples' pages the embedded reader of ``settings`` was trained on."""
    known = seen_pages(Path(settings.reader_model) if settings.reader_model else None)
    if not settings.reader or not known:
        return 0
    bodies = (one.body if one.body is not None else Path(one.path).read_bytes() for one in samples)
    return sum(hashlib.sha256(body).hexdigest()[:SEEN_DIGITS] in known for body in bodies)


def records_of(folder: Path, run: EvaluationRun, name: str) -> Path:
    """The records file of a way of ``run``; raises `UsageError` for a name it does not have."""
    part = run.engines.get(name)
    if part is None:
        raise UsageError(
            f"the run in {folder} has no engine {name!r}",
            hint=f"it has: {', '.join(run.engines)}",
        )
    return folder / part.records

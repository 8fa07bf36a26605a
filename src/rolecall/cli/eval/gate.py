"""``rolecall eval gate``: scores against pinned floors."""

from __future__ import annotations

import sys
from argparse import Namespace
from datetime import date
from pathlib import Path

from rolecall.cli import OK
from rolecall.cli.options import Parser
from rolecall.errors import UsageError
from rolecall.evaluate import gate
from rolecall.evaluate.floors import (
    Floors,
    broken,
    floors_under,
    pinned_anew,
    reached_by,
    read_floors,
    write_floors,
)
from rolecall.evaluate.nouns import Judgement
from rolecall.evaluate.plural import plural
from rolecall.evaluate.samples import read_samples
from rolecall.evaluate.score import figures, judgement_of
from rolecall.inputs.files import shown
from rolecall.schema.schema import Schema

DESCRIPTION = """\
Holds the figures of records against floors that were pinned before. Floors go up by
--update; they go down only with --allow-regression and a reason, which is kept in
the file with the date. Floors belong to one set of samples, known by its fingerprint.

Without SAMPLES this is the project's own gate on the annotated corpus: every page is
read by a reader trained without its site, which takes some minutes."""

EXAMPLES = """\
examples:
  rolecall eval gate labels.jsonl records.jsonl --floors floors.json --update
  rolecall eval gate labels.jsonl records.jsonl --floors floors.json
  rolecall eval gate labels.jsonl eval/ --engine small --floors floors.json
  rolecall eval gate labels.jsonl eval/ --floors floors.json --update \\
      --allow-regression --reason "the new board shows pay as an image"

exit codes: 0 all floors hold, or were pinned; 1 one is broken; 2 a wrong call."""

BROKEN = 1
CORPUS = "../shared/corpus"


def run(words: list[str]) -> int:
    """Measure, compare with the floors, and return the exit code."""
    parser = Parser("eval gate", DESCRIPTION, EXAMPLES)
    parser.add_argument("samples", metavar="SAMPLES", nargs="?", help="labelled pages")
    parser.add_argument("records", metavar="RECORDS", nargs="?", help="records, or a run's folder")
    parser.add_argument("--floors", metavar="FILE", help="the file of pinned floors")
    parser.add_argument("--engine", metavar="NAME", help="which engine of a run")
    parser.add_argument("--schema", metavar="FILE", help="your own schema, if records are of it")
    parser.add_argument("--update", action="store_true", help="pin what is reached now")
    parser.add_argument("--allow-regression", action="store_true", help="let floors go down")
    parser.add_argument("--reason", metavar="WHY", default="", help="why they go down")
    parser.add_argument("--corpus", metavar="DIR", help="without SAMPLES: the annotated corpus")
    parser.add_argument("--out", metavar="DIR", help="without SAMPLES: models and records")
    told = parser.parse_intermixed_args(words)
    if told.allow_regression != bool(told.reason.strip()):
        raise UsageError(
            "--allow-regression and --reason go together", hint='--reason "why floors go down"'
        )
    if told.allow_regression and not told.update:
        raise UsageError("--allow-regression pins floors: it needs --update")
    if told.samples is None:
        if not Path(told.corpus or CORPUS).is_dir():
            raise UsageError(
                f"there is no annotated corpus at {shown(told.corpus or CORPUS)}",
                hint="rolecall eval gate SAMPLES RECORDS --floors FILE is for labels of your own",
            )
        return gate.main(_own_words(told))
    if told.records is None or told.floors is None:
        raise UsageError(
            "the gate needs SAMPLES, RECORDS and --floors FILE",
            hint="see rolecall eval gate --help",
        )
    return _gate(told)


def _gate(told: Namespace) -> int:
    schema = Schema.from_json(Path(told.schema)) if told.schema else None
    judged = _judged(told, schema)
    found = figures(judged)
    reached = reached_by(found)
    for notice in judged.notices:
        sys.stderr.write(f"{shown(notice)}\n")
    path = Path(told.floors)
    pinned = read_floors(path) if path.exists() or not told.update else None
    if told.update:
        now = floors_under(reached, found)
        new = pinned_anew(pinned, judged.samples, now, told.reason.strip(), date.today())
        write_floors(path, new)
        sys.stdout.write(f"{shown(told.floors)}: {plural(len(new.floors), 'floor')} pinned\n")
        sys.stdout.flush()
        return OK
    return _compare(pinned or read_floors(path), judged, reached)


def _judged(told: Namespace, schema: Schema | None) -> Judgement:
    samples = read_samples(told.samples, schema)
    path, name = Path(told.records), told.engine or "records"
    if path.is_dir():
        from rolecall.evaluate.run import read_run, records_of

        made = read_run(path)
        names = list(made.engines)
        if told.engine is None and len(names) != 1:
            raise UsageError(
                f"the run has {len(names)} engines", hint=f"--engine out of: {', '.join(names)}"
            )
        name = told.engine or names[0]
        path = records_of(path, made, name)
    return judgement_of(name, path, samples, schema)


def _compare(pinned: Floors, judged: Judgement, reached: dict[str, float]) -> int:
    if pinned.corpus != judged.samples:
        raise UsageError(
            f"the floors were pinned on other samples ({pinned.corpus}, these are "
            f"{judged.samples})",
            hint="pin new ones with --update, or take the samples of then",
        )
    under = broken(pinned, reached)
    lines = under or [f"{len(pinned.floors)} floors hold"]
    sys.stdout.write("".join(f"{shown(line)}\n" for line in lines))
    sys.stdout.flush()
    return BROKEN if under else OK


def _own_words(told: Namespace) -> list[str]:
    """The words for the project's own gate."""
    words = []
    for name in ("corpus", "out"):
        if getattr(told, name) is not None:
            words += [f"--{name}", getattr(told, name)]
    if told.update:
        words.append("--update")
    if told.allow_regression:
        words += ["--allow-regression", "--reason", told.reason]
    return words

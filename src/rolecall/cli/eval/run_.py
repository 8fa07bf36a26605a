"""``rolecall eval run``: labelled pages through engines, figures and a report out."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rolecall import __version__
from rolecall.cli.eval.report import demand_shares, report
from rolecall.cli.options import Parser, add_no_cache, add_policy
from rolecall.cli.options import settings_with_servers as load_settings
from rolecall.cli.progress import Progress
from rolecall.cli.signals import Stop
from rolecall.errors import UsageError
from rolecall.evaluate.extra import demand_numpy
from rolecall.evaluate.machine import machine
from rolecall.evaluate.run import EvaluationRun, Part, read_by, seen_among
from rolecall.evaluate.samples import SampleSet, read_samples
from rolecall.evaluate.ways import Way, ways_of
from rolecall.inputs.files import shown
from rolecall.schema.schema import Schema

DESCRIPTION = """\
Reads labelled pages with each engine and says how right each one is: by field, site,
language and length; how far its confidence can be trusted; and from which confidence
on its values reach the accuracy that you want.

SAMPLES is a JSON Lines file of {"source": PAGE, "expected": {FIELD: VALUE}}, or a
folder of pages with PAGE.label.json beside each; see docs/evaluation.md.

An engine is a name from rolecall.toml (asked, as in rolecall extract, for what the
reader leaves open), or one of
  reader   the embedded reader with the page's own data, no engine
  stated   the page's own data alone
A variant is a name for settings of your own: NAME:KEY=VALUE,KEY=VALUE."""

EXAMPLES = """\
examples:
  rolecall eval run labels.jsonl --engine reader --out eval/
  rolecall eval run labels.jsonl --engine reader --engine small --out eval/
  rolecall eval run labels.jsonl --out eval/ --engine small \\
      --variant alone:engine=small,reader=false,ask_below=1,ask_null_below=1
                         the model asked for everything, without the reader
  rolecall eval run labels.jsonl --engine reader --out eval/ --target 0.98

A run that was stopped goes on where it was when the same command is given again;
answers that were kept are not asked for again. --force starts anew.

The folder gets run.json, NAME.jsonl (records), results.json and report.html.

exit codes: 0 done; 2 a wrong call; 130, 143 stopped by a signal."""


def run(words: list[str]) -> int:
    """Read, judge, report; returns the exit code."""
    told = parser().parse_intermixed_args(words)
    base = {"schema": told.schema, "policy": told.policy, "cloud_engine": told.cloud_engine}
    base |= {"cache": told.cache, "workers": told.workers}
    engines = told.engine or ([] if told.variant else ["reader"])
    ways = ways_of(engines, told.variant or [], lambda flags: load_settings(base | dict(flags)))
    demand_shares(told.target, told.level)
    demand_numpy()  # before pages are read; loaded after, as the workers need none of it
    schema_file = ways[0].settings.schema
    schema = Schema.from_json(Path(schema_file)) if schema_file else None
    samples = read_samples(Path(told.samples), schema)
    folder = Path(told.out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        said = f"cannot make {shown(told.out)}: {(error.strerror or str(error)).lower()}"
        raise UsageError(said, hint="name another folder with --out") from None
    stop = Stop()
    with stop.watching():
        parts = _read_all(ways, samples, folder, told, stop)
    if stop():
        sys.stderr.write("go on with the same command\n")
        return stop.exit_code
    made = EvaluationRun(
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        rolecall=__version__,
        command=shown(shlex.join(["rolecall", "eval", "run", *words])),
        samples={
            "path": shown(os.path.relpath(told.samples, folder)),
            "fingerprint": samples.fingerprint,
            "count": len(samples.samples),
        },
        engines=parts,
        machine=machine(),
        schema=shown(os.path.relpath(schema_file, folder)) if schema_file else "",
    )
    made.write(folder)
    return report(
        folder,
        samples,
        target=told.target,
        level=told.level,
        as_json=told.json,
        quiet=told.quiet,
    )


def _read_all(
    ways: Sequence[Way], samples: SampleSet, folder: Path, told: Any, stop: Stop
) -> dict[str, Part]:
    """Read the samples in every way; the records of ways that were read before stay."""
    parts: dict[str, Part] = {}
    for way in ways:
        progress = Progress(len(samples.samples), quiet=told.quiet)
        if len(ways) > 1:
            progress.say(f"{way.name}:")
        name = f"{way.name}.jsonl"
        config = read_by(
            way,
            samples.samples,
            folder / name,
            mode="force" if told.force else "resume",
            stop=stop,
            hear=progress.add,
            say=progress.say,
        )
        progress.summary(stopped=stop())
        if stop():
            break
        seen = seen_among(samples.samples, way.settings)
        parts[way.name] = Part(records=name, config=config, seen=seen, **_told(way))
    return parts


def _told(way: Way) -> dict[str, Any]:
    """What of a way's settings decides its results, and the models of its engines."""
    from rolecall.settings import Settings

    now, plain = way.settings.deciding(), Settings().deciding()
    tables = now.pop("engines", {})
    now.pop("order", None)
    return {
        "settings": {key: value for key, value in now.items() if plain.get(key, ...) != value},
        "models": {name: str(one.get("model", "")) for name, one in tables.items()},
    }


def parser() -> Parser:
    """The words that ``rolecall eval run`` knows."""
    told = Parser("eval run", DESCRIPTION, EXAMPLES)
    add = told.add_argument
    add("samples", metavar="SAMPLES", help="labelled pages")
    add("--engine", metavar="NAME", action="append", help="may be repeated; default: reader")
    add("--variant", metavar="NAME:KEY=VALUE,…", action="append", help="settings of your own")
    add("--out", metavar="DIR", default="eval", help="the folder of the run (eval)")
    add("--schema", metavar="FILE", help="records in the shape of this JSON Schema")
    add_policy(add)
    add_no_cache(add)
    add("--workers", metavar="N", type=int, help="processes; 0 is one per core")
    add("--target", metavar="SHARE", type=float, default=0.95, help="the accuracy wanted (0.95)")
    add("--level", metavar="SHARE", type=float, default=0.95, help="how sure intervals are (0.95)")
    add("--force", action="store_true", help="start anew: replace the records that are there")
    add("--json", action="store_true", help="the figures as JSON on stdout")
    add("--quiet", action="store_true", help="no progress, errors only")
    return told

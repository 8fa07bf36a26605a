"""``rolecall eval report``: the figures of a run anew, say for another target."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from msgspec import to_builtins

from rolecall.cli import OK
from rolecall.cli.options import Parser
from rolecall.errors import UsageError
from rolecall.evaluate.files import write_whole
from rolecall.evaluate.nouns import Judgement
from rolecall.evaluate.plural import plural
from rolecall.evaluate.run import EvaluationRun, read_run, records_of
from rolecall.evaluate.samples import SampleSet, read_samples
from rolecall.evaluate.score import judgement_of
from rolecall.evaluate.score.judge import read_records
from rolecall.inputs.files import shown
from rolecall.schema.schema import Schema
from rolecall.table import aligned

if TYPE_CHECKING:
    from rolecall.evaluate.results import EngineResult, Results

DESCRIPTION = """\
Judges the records of a run that rolecall eval run has made, and writes results.json
and report.html into its folder anew. Nothing is extracted."""

EXAMPLES = """\
examples:
  rolecall eval report eval/
  rolecall eval report eval/ --target 0.98
  rolecall eval report eval/ --misses company

exit codes: 0 done; 2 a wrong call, or the samples have changed since the run."""

RESULTS, PAGE = "results.json", "report.html"
LONGEST = 60


def run(words: list[str]) -> int:
    """Judge and report; returns the exit code."""
    told = Parser("eval report", DESCRIPTION, EXAMPLES)
    add = told.add_argument
    add("run", metavar="DIR", help="the folder of the run")
    add("--samples", metavar="SAMPLES", help="labelled pages, if they lie elsewhere now")
    add("--target", metavar="SHARE", type=float, default=0.95, help="the accuracy wanted (0.95)")
    add("--level", metavar="SHARE", type=float, default=0.95, help="how sure intervals are (0.95)")
    add("--misses", metavar="FIELD", help="list the pages on which this field is wrong")
    add("--json", action="store_true", help="the figures as JSON on stdout")
    found = told.parse_intermixed_args(words)
    folder = Path(found.run)
    made = read_run(folder)
    place = Path(found.samples) if found.samples else samples_of(folder, made)
    samples = read_samples(place, schema_of(folder, made))
    demand_same(samples, made, folder)
    if found.misses:
        return _misses(folder, made, samples, found.misses)
    return report(folder, samples, target=found.target, level=found.level, as_json=found.json)


def samples_of(folder: Path, made: EvaluationRun) -> Path:
    """Where the samples of a run lie."""
    return folder / str(made.samples["path"])


def schema_of(folder: Path, made: EvaluationRun) -> Schema | None:
    """The schema of a run's records; ``None`` for the default posting."""
    return Schema.from_json(folder / made.schema) if made.schema else None


def demand_same(samples: SampleSet, made: EvaluationRun, folder: Path) -> None:
    """Refuse samples that are not those that the run has read."""
    if samples.fingerprint != made.samples["fingerprint"]:
        raise UsageError(
            f"the samples have changed since the run in {folder}",
            hint="repeat the command of the run: only what changed is read again",
        )


def judgements_of(folder: Path, made: EvaluationRun, samples: SampleSet) -> list[Judgement]:
    """Every engine of the run, held against the samples."""
    schema = schema_of(folder, made)
    judged: list[Judgement] = []
    for name in made.engines:
        like = judged[0] if judged else None  # its counts of tokens hold for all
        path = records_of(folder, made, name)
        judged.append(judgement_of(name, path, samples, schema, like=like))
    return judged


def report(
    folder: Path,
    samples: SampleSet,
    *,
    target: float,
    level: float,
    as_json: bool,
    quiet: bool = False,
) -> int:
    """Write ``results.json`` and ``report.html`` and print the figures; returns the exit code."""
    from rolecall.evaluate.compare import compare
    from rolecall.evaluate.report.evaluation import flattery, sections
    from rolecall.evaluate.report.page import page
    from rolecall.evaluate.results import results

    demand_shares(target, level)
    made = read_run(folder)
    judged = judgements_of(folder, made, samples)
    found = results(judged, target=target, level=level)
    text = orjson.dumps(to_builtins(found), option=orjson.OPT_INDENT_2) + b"\n"
    write_whole(folder / RESULTS, text)
    compared = [compare(judged[0], other, level=level) for other in judged[1:]]
    lead = f"{found.pages:,} labelled pages, read by {', '.join(one.name for one in judged)}"
    whole = page("How right the extraction is", lead, sections(found, made, compared))
    write_whole(folder / PAGE, whole.encode())
    if as_json:
        sys.stdout.write(text.decode())
    else:
        sys.stdout.write(_tables(found))
        for told in flattery(made):
            sys.stderr.write(f"{told}\n")
        for one in judged:
            for notice in one.notices:
                sys.stderr.write(f"{one.name}: {shown(notice)}\n")
        if not quiet:
            sys.stderr.write(f"report: {shown(str(folder / PAGE))}\n")
    sys.stdout.flush()
    return OK


def demand_shares(target: float, level: float) -> None:
    """Refuse a target or a level that is no share."""
    if not 0 < target < 1 or not 0.5 <= level < 1:
        raise UsageError("--target and --level are shares below 1, as 0.95")


def _tables(found: Results) -> str:
    """The figures of all engines: totals with intervals, then the fields."""
    from rolecall.evaluate.report.evaluation import percent, spanned

    engines = found.engines
    text = f"{plural(found.pages, 'page')} of {plural(found.sites, 'site')}, in per cent"
    text += f" ({100 * found.level:g} % intervals)\n\n"
    text += aligned(
        ("", *(one.name for one in engines)),
        ("adr009", *(spanned(one.adr009) for one in engines)),
        ("macro", *(spanned(one.macro) for one in engines)),
        ("macro_value", *(percent(one.figures.macro_value) for one in engines)),
        ("right outcome", *(spanned(one.marks["right_outcome"]) for one in engines)),
        ("grounded", *(spanned(one.marks["grounded"]) for one in engines)),
        ("schema valid", *(spanned(one.marks["schema_valid"]) for one in engines)),
        ("seconds a page", *(f"{one.seconds[0]:.3f}" for one in engines)),
    )
    heads = [f"{part} {one.name}" for one in engines for part in ("all", "value")]
    rows = [
        (
            name,
            str(field.n_value),
            *(
                percent(span.mid if span else None)
                for one in engines
                for span in (one.fields[name].all, one.fields[name].value)
            ),
        )
        for name, field in engines[0].fields.items()
    ]
    text += "\n" + aligned(("field", "values", *heads), *rows)
    for one in engines:
        text += f"\n{one.name}: {_trust(one, found.target)}\n"
    return text


def _trust(one: EngineResult, target: float) -> str:
    """What can be done with the confidence of an engine, in a sentence."""
    if one.threshold.value is None or one.threshold.at is None:
        return f"no threshold of confidence reaches {100 * target:g} %: {one.threshold.reason}"
    at = one.threshold.at
    return (
        f"values at least {one.threshold.value:.3f} sure are right at {100 * at.accuracy:.1f} %"
        f" (not under {100 * at.low:.1f}); these are {100 * at.share:.0f} % of all"
    )


def _misses(folder: Path, made: EvaluationRun, samples: SampleSet, field: str) -> int:
    """One line for each page and engine with a score under 1: what is right and what was found."""
    labels = {one.id: one.expected for one in samples.samples}
    for one in judgements_of(folder, made, samples):
        known = dict.fromkeys(name for row in one.rows for name in row.scores)
        if field not in known:
            hint = f"there are: {', '.join(known)}"
            raise UsageError(f"no page is labelled for {field!r}", hint=hint)
        found = {
            record.get("source"): record.get("data") or {}
            for record in read_records(records_of(folder, made, one.name))
        }
        for row in one.rows:
            score = row.scores.get(field)
            if score is not None and score.value < 1.0:
                right, got = labels[row.id].get(field), found.get(row.id, {}).get(field)
                told = f"right {_brief(right)}, found {_brief(got)}"
                sys.stdout.write(f"{one.name}  {shown(row.id)}  {score.value:.2f}  {told}\n")
    sys.stdout.flush()
    return OK


def _brief(value: object) -> str:
    text = orjson.dumps(value).decode()
    return shown(text if len(text) <= LONGEST else text[:LONGEST] + "…")

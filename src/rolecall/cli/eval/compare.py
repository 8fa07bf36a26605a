"""``rolecall eval compare``: two engines on the same labelled pages, and whether one is better."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rolecall.cli import OK
from rolecall.cli.options import Parser
from rolecall.errors import UsageError
from rolecall.inputs.files import shown
from rolecall.table import aligned

if TYPE_CHECKING:
    from rolecall.evaluate.compare import Compared, Comparison, Spent
    from rolecall.evaluate.nouns import Judgement, SampleSet
    from rolecall.evaluate.run import EvaluationRun
    from rolecall.schema.schema import Schema

DESCRIPTION = """\
Holds two engines against each other on the same labelled pages and says which is
better, by how much, and whether the pages are enough to tell.

A and B are engines of a run (rolecall eval run), or files of records; for files name
the labelled pages with --samples.

Each field gets a difference with its interval, p, and p adjusted for the number of
fields, and one of these verdicts:
  A better, B better             the adjusted p is under 1 - LEVEL
  no difference worth naming     the whole interval lies within the margin
  not resolved: label about n    so many pages more would settle it with a chance of
                                 80 %, if the truth is what these pages show
Pages of one site are alike: sites are drawn as a whole, so new pages should be of new
sites. docs/evaluation.md tells which tests and intervals these are, and why."""

EXAMPLES = """\
examples:
  rolecall eval compare reader small                       of the run in eval/
  rolecall eval compare reader small --run other/
  rolecall eval compare old.jsonl new.jsonl --samples labels.jsonl
  rolecall eval compare reader small --fields title,company
  rolecall eval compare reader small --misses company      the pages that tell them apart

exit codes: 0 compared, whatever the verdict; 2 a wrong call."""

FOLDER = "eval"
LONGEST = 60
SHORT = 14


def run(words: list[str]) -> int:
    """Judge, compare, print; returns the exit code."""
    told = parser().parse_intermixed_args(words)
    if not 0.5 <= told.level < 1:
        raise UsageError("--level is a share from 0.5 to under 1", hint="0.95 is 95 per cent")
    if not 0 <= told.margin < 1:
        raise UsageError("--margin is a share from 0 to under 1", hint="0.02 is two points")
    from rolecall.evaluate.compare import compare, in_common, that_were_read, with_fields
    from rolecall.evaluate.score import judgement_of

    given = _given(told)
    a, b = (judgement_of(*side, given.samples, given.schema) for side in given.sides)
    if told.common:
        a, b = in_common(that_were_read(a), that_were_read(b))
    if told.fields:
        names = [name.strip() for name in told.fields.split(",") if name.strip()]
        a, b = with_fields(a, names), with_fields(b, names)
    found = compare(a, b, level=told.level, margin=told.margin, seed=told.seed)
    for one in (a, b):
        _warn(one)
    if told.misses is not None and told.misses not in found.a_ahead:
        raise UsageError(
            f"no page is labelled for {told.misses!a}",
            hint=f"there are: {', '.join(found.a_ahead)}",
        )
    if told.json:
        sys.stdout.write(_json(found, told.misses))
    elif told.misses is not None:
        sys.stdout.write(_misses(found, told.misses, given))
    else:
        sys.stdout.write(text_of(found))
    sys.stdout.flush()
    return OK


def parser() -> Parser:
    """The words that ``rolecall eval compare`` knows."""
    told = Parser("eval compare", DESCRIPTION, EXAMPLES)
    add = told.add_argument
    add("a", metavar="A", help="an engine of the run, or a file of records")
    add("b", metavar="B", help="the one to hold it against")
    add("--run", metavar="DIR", dest="folder", help=f"the folder of the run ({FOLDER})")
    add("--samples", metavar="SAMPLES", help="the labelled pages, for files of records")
    add("--schema", metavar="FILE", help="the schema of the records in files")
    add("--fields", metavar="NAMES", help="only these, as title,company; p is adjusted for fewer")
    add("--common", action="store_true", help="only the pages of which both have a record")
    add("--misses", metavar="FIELD", help="list the pages on which just one of them is right")
    add("--margin", metavar="SHARE", type=float, default=0.02, help="less is no difference (0.02)")
    add("--level", metavar="SHARE", type=float, default=0.95, help="how sure intervals are (0.95)")
    add("--seed", metavar="N", type=int, default=0, help="where the random draws start (0)")
    add("--json", action="store_true", help="one JSON object, for programs")
    return told


def text_of(found: Comparison) -> str:
    """The comparison for people: what to make of it, then the figures."""
    import textwrap

    from rolecall.evaluate.compare import headline

    text = textwrap.fill(shown(headline(found)), 96) + "\n\n"
    short = max(len(found.a), len(found.b)) <= SHORT
    a, b = (shown(found.a), shown(found.b)) if short else ("A", "B")
    level = f"{100 * found.level:g} % interval"
    heads = ("", "pages", a, b, "difference", level, "p", "p adj.", "verdict")
    totals = [_row(one, found) for one in (found.macro, found.adr009)]
    blank = ("",) * len(heads)
    rows = [_row(one, found) for one in found.fields]
    text += aligned(heads, *totals, blank, *rows, worded=True)
    if not short:
        text += f"\nA is {shown(found.a)}\nB is {shown(found.b)}\n"
    text += f"\nScores are in per cent, differences in points: {a} less {b}.\n"
    text += _how(found)
    counts = [
        (name.replace("_", " "), f"{one:,}", f"{two:,}")
        for name, (one, two) in (*found.outcomes.items(), *found.marks.items())
    ]
    took = [
        ("seconds", *_took(found.seconds, found.n, "{:.3f}")),
        ("US dollars", *_took(found.cost_usd, found.n, "{:.5f}")),
    ]
    text += "\n" + aligned(("pages that are", a, b), *counts)
    return text + "\n" + aligned(("for a page", a, b), *took)


def _row(one: Compared, found: Comparison) -> tuple[str, ...]:
    from rolecall.evaluate.compare import verdict_words

    if one.a is None or one.b is None:
        return (shown(one.field), "0", *("-",) * 6, one.reason)
    span = one.difference
    return (
        shown(one.field),
        f"{one.n:,}",
        f"{100 * one.a:.1f}",
        f"{100 * one.b:.1f}",
        f"{100 * (one.a - one.b):+.1f}",
        "not available" if span is None else f"{100 * span.low:+.1f} to {100 * span.high:+.1f}",
        _p(one.p),
        _p(one.p_adjusted),
        shown(verdict_words(one, found)),
    )


def _p(p: float | None) -> str:
    if p is None:
        return ""
    return "<.0001" if p < 0.0001 else f"{p:.4f}".lstrip("0") if p < 0.9995 else "1"


def _how(found: Comparison) -> str:
    if found.unit == "page":
        text = "All pages are of one site: this holds for pages of that site, and no other.\n"
    elif found.clustered:
        text = "Pages of a site are drawn and flipped together; right-or-wrong fields take the\n"
        text += "larger p of McNemar's test and of that by sites.\n"
    else:
        text = "Each page is of a site of its own.\n"
    if found.left_out_a or found.left_out_b:
        text += f"Left out, as the other has no record: {found.left_out_a:,} pages of"
        text += f" {shown(found.a)}, {found.left_out_b:,} of {shown(found.b)}.\n"
    return text


def _took(spent: Spent, pages: int, form: str) -> tuple[str, str]:
    return form.format(spent.a / pages), form.format(spent.b / pages)


def _json(found: Comparison, field: str | None) -> str:
    import orjson
    from msgspec import to_builtins

    value: dict[str, Any] = to_builtins(found)
    ahead = {side: value.pop(side) for side in ("a_ahead", "b_ahead")}
    if field is not None:
        value["misses"] = {"field": field} | {side: ids[field] for side, ids in ahead.items()}
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n"


def _misses(found: Comparison, field: str, given: Given) -> str:
    """A line for each page on which one engine's score is higher: the label and both values."""
    labels: dict[str, object] = {one.id: one.expected.get(field) for one in given.samples.samples}
    values = [_values(path, field, given.samples) for _, path in given.sides]
    text = ""
    for name, ids in ((found.a, found.a_ahead[field]), (found.b, found.b_ahead[field])):
        text += f"{shown(name)} is closer to right on {len(ids):,} of {found.n:,} pages\n"
        for one in ids:
            text += f"  {shown(one)}  right {_brief(labels.get(one))}"
            text += f", A {_brief(values[0].get(one))}, B {_brief(values[1].get(one))}\n"
    return text


def _values(path: Path, field: str, samples: SampleSet) -> dict[str, object]:
    """What a file of records has for a field, by the id of the sample."""
    from rolecall.evaluate.score.judge import Finder, read_records

    find, values = Finder(samples), {}
    for record in read_records(path):
        sample = find(record)
        if sample is not None:
            data = record.get("data")
            values[sample.id] = data.get(field) if isinstance(data, Mapping) else None
    return values


def _brief(value: object) -> str:
    import orjson

    text = orjson.dumps(value).decode()
    return shown(text if len(text) <= LONGEST else text[:LONGEST] + "…")


class Given(NamedTuple):
    """What the words name: A and B (name and records), the samples, the schema of both."""

    sides: list[tuple[str, Path]]
    samples: SampleSet
    schema: Schema | None


def _given(told: Any) -> Given:
    from rolecall.cli.eval.report import demand_same, samples_of, schema_of
    from rolecall.evaluate.run import RUN, read_run
    from rolecall.evaluate.samples import read_samples
    from rolecall.schema.schema import Schema

    folder = Path(told.folder or FOLDER)
    made = read_run(folder) if told.folder or (folder / RUN).exists() else None
    sides = [(shown(word), _records(word, folder, made)) for word in (told.a, told.b)]
    if sides[0][1] == sides[1][1]:
        raise UsageError("A and B are the same records", hint="name two engines, or two files")
    schema = schema_of(folder, made) if made else None
    if told.schema:
        schema = Schema.from_json(Path(told.schema))
    if told.samples is None and made is None:
        raise UsageError("the labelled pages are missing", hint="name them with --samples")
    place = Path(told.samples) if told.samples or made is None else samples_of(folder, made)
    samples = read_samples(place, schema)
    if made and any(word in made.engines for word, _ in sides):
        demand_same(samples, made, folder)
    return Given(sides, samples, schema)


def _records(word: str, folder: Path, made: EvaluationRun | None) -> Path:
    """The records that a word names: an engine of the run, or a file."""
    from rolecall.evaluate.run import records_of

    if made and word in made.engines:
        return records_of(folder, made, word)
    if Path(word).is_file():
        return Path(word)
    if made is None:
        hint = "name the folder of the run with --run, or two files of records"
    else:
        hint = f"the run in {folder} has: {', '.join(made.engines)}"
    raise UsageError(f"{word!a} is no engine of a run and no file", hint=hint)


def _warn(one: Judgement) -> None:
    """Say what is odd about the records, on stderr."""
    for notice in one.notices:
        sys.stderr.write(f"{shown(one.name)}: {shown(notice)}\n")
    missing = sum(row.outcome == "missing" for row in one.rows)
    if missing:
        sys.stderr.write(
            f"{one.name}: no record of {missing:,} of {len(one.rows):,} pages, which count as if"
            " nothing was found on them; --common leaves them out\n"
        )

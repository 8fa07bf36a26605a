"""``rolecall eval import``: a file of samples out of labels that lie elsewhere."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path

from rolecall.cli import OK
from rolecall.cli.options import Parser
from rolecall.errors import UsageError
from rolecall.evaluate.nouns import Sample
from rolecall.evaluate.plural import plural
from rolecall.evaluate.samples import read_samples, write_samples
from rolecall.inputs.files import shown
from rolecall.schema.schema import Schema

DESCRIPTION = """\
Makes a file of samples of labels that lie elsewhere:

  a CSV table     one row a page; columns that bear the name of a field are its
                  values, one column (source, page or file) names the page
  pages           what they state of themselves as JSON-LD or microdata
  a corpus        a folder with gold/, pages/ and index.jsonl

A list is split at ; and |. An empty cell is not labelled; null says that the
page holds none."""

EXAMPLES = """\
examples:
  rolecall eval import labels.csv --out samples.jsonl
  rolecall eval import labels.csv --out samples.jsonl --pages saved/ \\
      --column "Job Title=title" --source-column File
  rolecall eval import pages/ --out samples.jsonl
  rolecall eval import pages/ --out samples.jsonl --strip bare/
                                  copies of the pages without their data, so
                                  that what reads the text is measured
  rolecall eval import corpus/ --out samples.jsonl --not-vacancies

exit codes: 0 the file is written; 2 something in the labels cannot be used."""

SHOWN = 5


def run(words: list[str]) -> int:
    """Import, write the file, say what was done, and return the exit code."""
    told = _parsed(words)
    out = Path(told.out)
    if out.exists() and not told.force:
        raise UsageError(f"{shown(told.out)} exists", hint="--force replaces it")
    kind = told.kind or _kind(told.paths)
    notices: list[str] = []
    samples = {"csv": _table, "pages": _pages, "corpus": _corpus}[kind](told, notices)
    count = write_samples(out, samples, replace=told.force)
    for notice in notices:
        sys.stderr.write(f"{shown(notice)}\n")
    if not count:
        out.unlink(missing_ok=True)
        raise UsageError(f"no samples in {shown(told.paths[0])}", hint="see what was said above")
    schema = Schema.from_json(Path(told.schema)) if told.schema else None
    found = read_samples(out, schema)  # what is written can be read
    sites = len({sample.site for sample in found.samples})
    sys.stdout.write(
        f"{told.out}: {plural(count, 'sample')} of {plural(sites, 'site')}, "
        f"fingerprint {found.fingerprint}\n"
    )
    sys.stdout.flush()
    return OK


def _parsed(words: list[str]) -> Namespace:
    parser = Parser("eval import", DESCRIPTION, EXAMPLES)
    add = parser.add_argument
    add("paths", metavar="PATH", nargs="+", help="a table, pages, or a corpus")
    add("--out", metavar="FILE", required=True, help="the file of samples")
    add("--force", action="store_true", help="replace the file")
    add(
        "--from",
        dest="kind",
        choices=("csv", "pages", "corpus"),
        help="what PATH is, if its name does not tell",
    )
    add(
        "--column",
        metavar="COLUMN=FIELD",
        action="append",
        default=[],
        help="the field that a column holds",
    )
    add("--source-column", metavar="NAME", default="", help="the column that names the page")
    add("--pages", metavar="DIR", type=Path, help="where a table's pages lie")
    add(
        "--empty",
        choices=("unlabelled", "null"),
        default="unlabelled",
        help="what an empty cell says (unlabelled)",
    )
    add("--schema", metavar="FILE", help="your own schema, for a table's columns")
    add("--strip", metavar="DIR", type=Path, help="write copies of the pages without their data")
    add(
        "--not-vacancies",
        action="store_true",
        help="also the pages of a corpus that are no postings",
    )
    return parser.parse_intermixed_args(words)


def _kind(paths: list[str]) -> str:
    from rolecall.evaluate.samples.corpus import is_corpus

    if all(path.lower().endswith((".csv", ".tsv")) for path in paths):
        return "csv"
    return "corpus" if len(paths) == 1 and is_corpus(Path(paths[0])) else "pages"


def _one(told: Namespace, what: str) -> Path:
    if len(told.paths) != 1:
        raise UsageError(f"one {what} at a time", hint="import each into a file of its own")
    return Path(told.paths[0])


def _table(told: Namespace, notices: list[str]) -> Iterable[Sample]:
    from rolecall.evaluate.samples.table import Reading, table_samples

    columns = {}
    for pair in told.column:
        column, equals, field = pair.rpartition("=")
        if not equals or not column or not field:
            raise UsageError(
                f"--column {shown(pair)} names no field", hint="such as --column 'Job Title=title'"
            )
        columns[column.strip()] = field.strip()
    reading = Reading(
        columns=columns,
        source=told.source_column,
        pages=told.pages,
        empty_is_null=told.empty == "null",
        schema=Schema.from_json(Path(told.schema)) if told.schema else None,
    )
    return list(table_samples(_one(told, "table"), reading, notices))


def _pages(told: Namespace, notices: list[str]) -> Iterable[Sample]:
    from rolecall.evaluate.samples.own_data import Stated, stated_samples

    found = Stated()
    samples = list(stated_samples(told.paths, found, told.strip))
    if found.silent:
        pages = "1 page states" if found.silent == 1 else f"{found.silent} pages state"
        notices.append(f"{pages} no posting: left out")
    notices += _told(found.unreadable, "not read")
    notices += _told(found.kept_data, "copied, but the copy still states a posting")
    notices += _told(found.changed_text, "copied, but the copy shows another text")
    if samples and told.strip is None:
        notices.append(
            "warning: Rolecall reads the data of a page too: on these pages it is measured against "
            "itself. --strip DIR makes copies without the data."
        )
    if samples:
        notices.append("labels are what the pages state, right or wrong: look through some of them")
    return samples


def _told(rows: tuple[str, ...], what: str) -> list[str]:
    if not rows:
        return []
    more = f", and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return [f"{what} ({len(rows)}): {', '.join(rows[:SHOWN])}{more}"]


def _corpus(told: Namespace, notices: list[str]) -> Iterable[Sample]:
    from rolecall.evaluate.samples.corpus import corpus_samples

    return list(corpus_samples(_one(told, "corpus"), refused=told.not_vacancies))

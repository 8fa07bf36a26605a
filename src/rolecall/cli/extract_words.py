"""The words of ``rolecall extract``, and what they ask for."""

from __future__ import annotations

import argparse
import dataclasses
from datetime import date

from rolecall.batch.run import Form
from rolecall.cli.estimate_words import Wish, add_estimate, read_wish, spelled
from rolecall.cli.options import Parser, add_no_cache, add_policy
from rolecall.cli.options import settings_with_servers as load_settings
from rolecall.errors import UsageError
from rolecall.inputs.stream import expand
from rolecall.outputs.nouns import Mode
from rolecall.settings import Settings

DESCRIPTION = """\
Reads job postings and writes one JSON record per input, always: values, their
evidence on the page, and an outcome (ok, partial, not_a_posting, failed).

An input is a file of HTML, plain text or Markdown, a line of a JSON Lines file
(.jsonl, .ndjson) with an "html" or "text" field and maybe "url" and "captured",
or - for standard input. Each may be compressed with gzip. A folder
yields its HTML, text and Markdown files, also those below it, sorted by name."""

EXAMPLES = """\
examples:
  rolecall extract page.html                     one record on stdout
  rolecall extract page.html --explain           values with quotes, to read
  rolecall extract postings/ --out out.jsonl     a folder; progress on stderr
  rolecall extract postings/ --out out.jsonl --resume
                                                 go on after a stop
  rolecall extract "site/**/*.html" --workers 4  a pattern, in quotes
  curl -s https://example.org/vacancy | rolecall extract -
  rolecall extract page.html --schema-org        a schema.org JobPosting
  rolecall extract page.html --schema my.json    records in a shape of your own
  rolecall extract postings/ --out out.jsonl --estimate
                                                 what that would take; writes nothing
  rolecall extract day.jsonl.gz --captured 2026-05-17
                                                 "posted yesterday" gets a date

Without --out, records go to stdout in the order of the inputs. With it, they are
appended as they finish and put in order at the end; a run that was stopped or
killed leaves whole records, and --resume does the rest.

Engines (models on a server) are declared in rolecall.toml and asked only for what is
missing or in doubt; see rolecall doctor. No page leaves your machines unless --policy
and --cloud allow it.

exit codes: 0 all ok, partial or not_a_posting; 1 the output could not be written;
2 a wrong call; 3 at least one input failed; 4 the budget stopped calls; 130, 143
stopped by a signal."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the user asked for."""

    paths: list[str]
    settings: Settings
    captured: date | None
    form: Form
    out: str | None
    mode: Mode
    quiet: bool
    words: tuple[str, ...]
    verbose: bool = False
    summary: str | None = None
    wish: Wish | None = None


def parser() -> Parser:
    """The words that ``rolecall extract`` knows."""
    told = Parser("extract", DESCRIPTION, EXAMPLES)
    add = told.add_argument
    add("inputs", metavar="INPUT", nargs="*", help="a file, a folder, a pattern, or - for stdin")
    add("--out", metavar="FILE", help="write records there; refuses a file that exists")
    add("--resume", action="store_true", help="continue FILE: skip what it has, redo what changed")
    add("--force", action="store_true", help="replace FILE")
    add("--schema", metavar="FILE", help="records in the shape of this JSON Schema")
    add("--explain", action="store_true", help="text to read instead of JSON")
    add("--schema-org", action="store_true", help="schema.org JobPosting instead of records")
    add(
        "--with-text",
        action="store_const",
        const=True,
        help='add the page\'s visible text as "text", so that spans can be read without the page',
    )
    add(
        "--workers",
        metavar="N",
        type=int,
        help="processes; 0, and the default for more than a few inputs, is one per core",
    )
    add(
        "--captured",
        metavar="DATE",
        type=_day,
        help="the day the pages were saved, as 2026-05-17: relative dates count from it",
    )
    add(
        "--timeout",
        metavar="SECONDS",
        type=float,
        dest="page_timeout_seconds",
        help="give up on a page after this long (10); 0 never does",
    )
    add(
        "--engine",
        metavar="NAME",
        action="append",
        help="ask this engine for what is missing or in doubt; may be repeated; auto, none",
    )
    add_policy(add)
    add_no_cache(add)
    add("--quiet", action="store_true", help="no progress and no summary, errors only")
    add("--verbose", action="store_true", help="say more at the end, also of a short run")
    add("--summary", metavar="FILE", help="write what the run says of itself there, as JSON")
    add_estimate(add)
    return told


def read_order(words: list[str]) -> Order:
    """The words as an `Order`; raises `UsageError`."""
    told = parser().parse_intermixed_args(spelled(words))
    wish = read_wish(told)
    if told.out is None and (told.resume or told.force):
        raise UsageError("--resume and --force need --out FILE")
    if told.resume and told.force:
        raise UsageError("--resume continues FILE and --force replaces it: choose one")
    if told.explain and told.schema_org:
        raise UsageError("--explain and --schema-org exclude each other")
    if told.out is not None and (told.explain or told.schema_org):
        raise UsageError(
            "--out holds records; --explain and --schema-org print to stdout",
            hint="leave out --out and redirect stdout",
        )
    names = (
        "with_text", "workers", "page_timeout_seconds", "schema", "policy", "cloud_engine", "cache",
    )  # fmt: skip
    flags = {name: getattr(told, name) for name in names}
    flags["engine"] = ",".join(told.engine) if told.engine else None
    settings = load_settings(flags)
    if told.schema_org and settings.schema:
        raise UsageError(
            "--schema-org writes the default posting, not one of another schema",
            hint=f"leave out --schema ({settings.origin('schema')})",
        )
    return Order(
        paths=expand(told.inputs),
        settings=settings,
        captured=told.captured,
        form="explain" if told.explain else "schema-org" if told.schema_org else "record",
        out=told.out,
        mode="resume" if told.resume else "force" if told.force else "new",
        quiet=told.quiet,
        words=tuple(words),
        verbose=told.verbose,
        summary=told.summary,
        wish=wish,
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date like 2026-05-17") from None

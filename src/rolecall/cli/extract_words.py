"""The words of ``rolecall extract``, and what they ask for."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from rolecall.batch.run import Form, check_dedup
from rolecall.cli.estimate_words import Wish, add_estimate, read_wish, spelled
from rolecall.cli.options import Parser, add_no_cache, add_policy
from rolecall.cli.options import settings_with_servers as load_settings
from rolecall.errors import UsageError
from rolecall.inputs.addresses import refuse_addresses
from rolecall.inputs.fetched import rules_of
from rolecall.inputs.stream import STDIN, expand
from rolecall.outputs.nouns import Mode
from rolecall.outputs.open import FORMATS, Format
from rolecall.settings import Settings

DESCRIPTION = """\
Reads job postings and writes one JSON record per input, always: values, their
evidence on the page, and an outcome (ok, partial, not_a_posting, failed).

An input is a file of HTML, plain text or Markdown; a line of a JSON Lines file
(.jsonl, .ndjson) or a row of a table (.parquet, .sqlite) with "html" or "text",
and maybe "url" and "captured"; or a page in a web archive (.warc, .wacz). Files
may be compressed (.gz, .zst); - is standard input. A folder yields its HTML,
text and Markdown files, also those below it, sorted by name. All but SQLite may
lie in a store (s3://, gs:// and others). With --fetch it may be the address of a
page (https://...), and a line of JSON may have "url" alone."""

EXAMPLES = """\
examples:
  rolecall extract page.html                     one record on stdout
  rolecall extract page.html --explain           values with quotes, to read
  rolecall extract postings/ --out out.jsonl     a folder; progress on stderr
  rolecall extract postings/ --out out.jsonl --resume
                                                 go on after a stop
  rolecall extract "site/**/*.html" --workers 4  a pattern, in quotes
  curl -s https://example.org/vacancy | rolecall extract -
  rolecall extract --fetch https://example.org/vacancy
                                                 fetch it, politely
  rolecall extract --fetch --urls list.txt --out out.jsonl
                                                 an address on each line
  rolecall extract page.html --schema-org        a schema.org JobPosting
  rolecall extract page.html --schema my.json    records in a shape of your own
  rolecall extract postings/ --out out.jsonl --estimate
                                                 what that would take; writes nothing
  rolecall extract day.jsonl.gz --captured 2026-05-17
                                                 "posted yesterday" gets a date

Without --out, records go to stdout in the order of the inputs. With it, they are
appended as they finish and put in order at the end; a run that was stopped or
killed leaves whole records, and --resume does the rest. The ending of FILE says what
it is: .csv, .sqlite, .parquet, .jsonl.gz, .jsonl.zst, else JSON Lines.

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
    format: Format | None
    quiet: bool
    words: tuple[str, ...]
    ray: str | None = None
    verbose: bool = False
    summary: str | None = None
    wish: Wish | None = None
    lists: tuple[str, ...] = ()


def parser() -> Parser:
    """The words that ``rolecall extract`` knows."""
    told = Parser("extract", DESCRIPTION, EXAMPLES)
    told.add_argument(
        "inputs",
        metavar="INPUT",
        nargs="*",
        help="a file, a folder, a pattern, - for stdin, or with --fetch an address",
    )
    _add_reading(told.add_argument_group("reading").add_argument)
    _add_records(told.add_argument_group("records").add_argument)
    _add_output(told.add_argument_group("output").add_argument)
    _add_asking(told.add_argument_group("engines").add_argument)
    _add_running(told.add_argument_group("running").add_argument)
    return told


def _add_reading(add: Callable[..., Any]) -> None:
    add(
        "--columns",
        metavar="NAMES",
        help="names that lines and tables use for html, text, url, charset, captured: "
        "html=body,url=link",
    )
    add(
        "--captured",
        metavar="DATE",
        type=_day,
        help="the day the pages were saved, as 2026-05-17: relative dates count from it",
    )

    add(
        "--fetch",
        action="store_const",
        const=True,
        help="fetch pages that are named by their address, from the open internet only",
    )
    add(
        "--urls",
        metavar="FILE",
        action="append",
        help="fetch the addresses in FILE, one on a line; - is stdin; may be repeated",
    )


def _add_records(add: Callable[..., Any]) -> None:
    add("--schema", metavar="FILE", help="records in the shape of this JSON Schema")
    add("--explain", action="store_true", help="text to read instead of JSON")
    add("--schema-org", action="store_true", help="schema.org JobPosting instead of records")
    add(
        "--with-text",
        action="store_const",
        const=True,
        help='add the page\'s visible text as "text", so that spans can be read without the page',
    )


def _add_output(add: Callable[..., Any]) -> None:
    add("--out", metavar="FILE", help="write records there; refuses a file that exists")
    add("--resume", action="store_true", help="continue FILE: skip what it has, redo what changed")
    add("--force", action="store_true", help="replace FILE")
    add(
        "--format",
        metavar="FORMAT",
        choices=FORMATS,
        help=f"what FILE is, where its ending does not say so: {', '.join(FORMATS)}",
    )
    add("--quiet", action="store_true", help="no progress and no summary, errors only")
    add("--verbose", action="store_true", help="say more at the end, also of a short run")
    add("--summary", metavar="FILE", help="write what the run says of itself there, as JSON")


def _add_asking(add: Callable[..., Any]) -> None:
    add(
        "--engine",
        metavar="NAME",
        action="append",
        help="ask this engine for what is missing or in doubt; may be repeated; auto, none",
    )
    add_policy(add)
    add_no_cache(add)


def _add_running(add: Callable[..., Any]) -> None:
    add(
        "--workers",
        metavar="N",
        type=int,
        help="processes; 0, and the default for more than a few inputs, is one per core",
    )
    add(
        "--timeout",
        metavar="SECONDS",
        type=float,
        dest="page_timeout_seconds",
        help="give up on a page after this long (10); 0 never does",
    )
    add(
        "--ray",
        metavar="ADDRESS",
        help="spread the work with Ray Data: local, auto, or host:port of a cluster; needs --out",
    )
    add_estimate(add)
    add(
        "--dedup",
        metavar="MODE",
        help="copies share one extraction: off, exact (equal bytes), near (nearly equal text; "
        "each value is looked up on the copy)",
    )


def read_order(words: list[str]) -> Order:
    """The words as an `Order`; raises `UsageError`."""
    told = parser().parse_intermixed_args(spelled(words))
    wish = read_wish(told)
    if told.out is None and (told.resume or told.force):
        raise UsageError("--resume and --force need --out FILE")
    if told.out is None and told.format:
        raise UsageError("--format needs --out FILE", hint="records on stdout are JSON Lines")
    if told.resume and told.force:
        raise UsageError("--resume continues FILE and --force replaces it: choose one")
    if told.ray is not None and told.out is None:
        raise UsageError("--ray needs --out FILE: the output is what a run is continued from")
    if told.explain and told.schema_org:
        raise UsageError("--explain and --schema-org exclude each other")
    if told.out is not None and (told.explain or told.schema_org):
        raise UsageError(
            "--out holds records; --explain and --schema-org print to stdout",
            hint="leave out --out and redirect stdout",
        )
    names = (
        "with_text", "workers", "page_timeout_seconds", "schema", "policy", "cloud_engine", "cache",
        "columns", "dedup", "fetch",
    )  # fmt: skip
    flags = {name: getattr(told, name) for name in names}
    flags["engine"] = ",".join(told.engine) if told.engine else None
    settings = load_settings(flags)
    check_dedup(settings)
    lists = tuple(told.urls or ())
    _check_fetching(settings, told, lists)
    if told.ray is not None and settings.dedup != "off":
        raise UsageError(
            f"copies are found by one process, not over --ray (dedup: {settings.origin('dedup')})",
            hint="leave out --ray, or use --dedup off",
        )
    if told.schema_org and settings.schema:
        raise UsageError(
            "--schema-org writes the default posting, not one of another schema",
            hint=f"leave out --schema ({settings.origin('schema')})",
        )
    return Order(
        paths=expand(told.inputs, fetch=settings.fetch, lists=lists),
        lists=lists,
        settings=settings,
        captured=told.captured,
        form="explain" if told.explain else "schema-org" if told.schema_org else "record",
        out=told.out,
        mode="resume" if told.resume else "force" if told.force else "new",
        format=told.format,
        quiet=told.quiet,
        words=tuple(words),
        ray=told.ray,
        verbose=told.verbose,
        summary=told.summary,
        wish=wish,
    )


def _check_fetching(settings: Settings, told: argparse.Namespace, lists: Sequence[str]) -> None:
    """That addresses may be fetched, and by whom; raises `UsageError`."""
    if not settings.fetch:
        if lists:
            raise UsageError(
                f"--urls {lists[0]} names pages to be fetched, and fetching is off",
                hint="allow it with --fetch",
            )
        return
    rules_of(settings)
    if [*told.inputs, *lists].count(STDIN) > 1:
        raise UsageError("standard input can be read once", hint="name - once")
    if told.ray is not None or told.estimate:
        what = "--ray" if told.ray is not None else "--estimate"
        refuse_addresses(told.inputs, what)
        if lists:
            raise UsageError(f"{what} does not fetch addresses", hint="leave out --urls")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date like 2026-05-17") from None

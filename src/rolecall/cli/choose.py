"""``rolecall choose``: candidates weighed by evidence, and a decision record of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rolecall.cli import FAILED, OK
from rolecall.cli.options import Parser
from rolecall.errors import UsageError
from rolecall.evaluate.files import refuse_existing, write_whole
from rolecall.inputs.files import shown

if TYPE_CHECKING:
    from rolecall.evaluate.choose.decide import Decision
    from rolecall.evaluate.choose.since import Since

DESCRIPTION = """\
Chooses between candidates by evidence: floors first, then weighted points, then how
firmly the first one stands. FILE is TOML:

  [weights]                     the criteria; left out: these four
  solution_leverage = 35
  application_value = 30
  maintenance = 25
  adaptability = 10

  [floors]                      shares from 0 to 1; for vram_gib, latency_p95_ms
  accuracy = 0.95               and cost_per_1000_usd the most, else the least
  vram_gib = 8
  licences = ["Apache-2.0"]
  requirements = ["FR-2"]       those of ADR-009 that rolecall verify must have passed

  [[candidate]]
  name = "small"
  licence = "Apache-2.0"
  evaluation = "runs/may:small"       DIR:ENGINE of rolecall eval run
  bench = "bench/small.json"          of rolecall bench
  verify = "small-verified.json"      of rolecall verify --json
  [candidate.scores]                  0 to 10, for every criterion
  solution_leverage = {score = 9, reason = "vLLM serves it as it is"}
  application_value = {from = "accuracy"}
  maintenance = {score = 8, reason = "one file, one command"}
  adaptability = {from = "vram_gib", best = 2}

Points from a measure go linearly from 0 at worst (else the floor) to 10 at best (1 for
shares). Measures: accuracy, adr009, schema_valid, vram_gib, context_tokens,
postings_per_min, tokens_per_s, latency_p95_ms, cost_per_1000_usd.
A score without a reason is refused; a floor without a figure is not shown, and such a
candidate is not chosen. docs/choosing.md says all of it.

stdout is the decision in short; --out and --html write the whole record."""

EXAMPLES = """\
examples:
  rolecall choose candidates.toml
  rolecall choose candidates.toml --out adr/0012.md --html adr/0012.html
  rolecall choose candidates.toml --since adr/0009.md      what changed, which trigger fired
  rolecall choose candidates.toml --json

exit codes: 0 a candidate is first (or several are level); 2 a wrong call or file; 3 none
can be chosen."""


def run(words: list[str]) -> int:
    """Choose, print the decision, write the records that are asked for."""
    told = _parsed(words)
    from rolecall.evaluate.choose.block import data_of, read_record
    from rolecall.evaluate.choose.decide import decide
    from rolecall.evaluate.choose.file import read_selection
    from rolecall.evaluate.choose.since import compare

    path = Path(told.file)
    outputs = _outputs(told, path)
    old = read_record(Path(told.since)) if told.since else None
    selection = read_selection(path)
    decision = decide(selection, path.parent, seed=told.seed, draws=told.draws)
    since = compare(old, decision) if old is not None else None
    made = _made(told, words, old)
    for output, kind in outputs:
        write_whole(output, _rendered(kind, decision, made, since).encode())
    if told.json:
        import orjson

        data = data_of(decision, date=made.date, command=made.command, rolecall=made.rolecall)
        if since is not None:
            from msgspec import to_builtins

            data["since"] = to_builtins(since)
        sys.stdout.write(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        from rolecall.evaluate.choose.summary import summary

        lines = summary(decision, since).split("\n")
        sys.stdout.write("\n".join(map(shown, lines)))
    sys.stdout.flush()
    return OK if decision.first else FAILED


def _parsed(words: list[str]) -> Any:
    parser = Parser("choose", DESCRIPTION, EXAMPLES)
    parser.add_argument("file", metavar="FILE", help="the candidates, as TOML")
    parser.add_argument("--out", metavar="FILE.md", help="write the decision record as Markdown")
    parser.add_argument("--html", metavar="FILE.html", help="write it as one HTML file with plots")
    parser.add_argument("--since", metavar="OLD.md", help="an older record of ours to compare with")
    parser.add_argument("--date", metavar="YYYY-MM-DD", help="the record's date; else today")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the draws (0)")
    parser.add_argument("--draws", type=int, default=10_000, metavar="N", help="how many (10000)")
    parser.add_argument("--force", action="store_true", help="write over files that exist")
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    told = parser.parse_intermixed_args(words)
    if not 100 <= told.draws <= 1_000_000:
        raise UsageError(f"--draws {told.draws} cannot be", hint="name 100 to 1000000")
    if told.date is not None:
        try:
            told.date = date.fromisoformat(told.date).isoformat()
        except ValueError as error:
            raise UsageError(f"--date {told.date!a} is no day", hint="YYYY-MM-DD") from error
    return told


def _outputs(told: Any, source: Path) -> list[tuple[Path, str]]:
    """The files to write; refused before any work where they exist, or are one."""
    wanted = ((told.out, "md"), (told.html, "html"))
    found = [(Path(name), kind) for name, kind in wanted if name]
    if len({os.path.realpath(path) for path, _ in found} | {os.path.realpath(source)}) <= len(
        found
    ):
        raise UsageError("two of the files are the same one", hint="name different files")
    for path, _ in found:
        refuse_existing(path, force=told.force)
    return found


def _made(told: Any, words: list[str], old: Mapping[str, Any] | None) -> Any:
    import shlex

    from rolecall import __version__
    from rolecall.evaluate.choose.record import Made

    kept = old.get("changelog", []) if old is not None else []
    return Made(
        date=told.date or date.today().isoformat(),
        command=shown(shlex.join(["rolecall", "choose", *words])).replace("`", "'"),
        rolecall=__version__,
        history=tuple(map(str, kept)) if isinstance(kept, list) else (),
    )


def _rendered(kind: str, decision: Decision, made: Any, since: Since | None) -> str:
    from rolecall.evaluate.choose.record import html_record, markdown_record

    render = markdown_record if kind == "md" else html_record
    return render(decision, made, since)

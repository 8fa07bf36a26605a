"""``rolecall eval split``: samples into train and test, by site."""

from __future__ import annotations

import sys
from pathlib import Path

from rolecall.cli import OK
from rolecall.cli.options import Parser
from rolecall.errors import UsageError
from rolecall.evaluate.plural import plural
from rolecall.evaluate.samples import read_samples, write_samples
from rolecall.inputs.files import shown
from rolecall.schema.schema import Schema

DESCRIPTION = """\
Divides samples into DIR/train.jsonl and DIR/test.jsonl. All samples of a site
stand on one side: a reader that has seen a site knows its layout. So do pages
that are near-copies of one another (the same posting on two boards), found by
MinHash over the words of the posting. The same samples and seed give the same
parts."""

EXAMPLES = """\
examples:
  rolecall eval split samples.jsonl --test 0.3 --out parts/
  rolecall eval split samples.jsonl --test 0.2 --seed 7 --out parts/ --force

exit codes: 0 both files are written; 2 the samples cannot be divided."""

SHOWN = 5


def run(words: list[str]) -> int:
    """Split, write both files, say what was done, and return the exit code."""
    parser = Parser("eval split", DESCRIPTION, EXAMPLES)
    parser.add_argument("samples", metavar="SAMPLES", help="a file or folder of samples")
    parser.add_argument(
        "--test",
        metavar="SHARE",
        type=float,
        default=0.3,
        help="how much of them is for testing (0.3)",
    )
    parser.add_argument(
        "--seed", metavar="N", type=int, default=0, help="another choice of sites (0)"
    )
    parser.add_argument("--out", metavar="DIR", required=True, help="the folder of both files")
    parser.add_argument("--schema", metavar="FILE", help="your own schema, if labels are of it")
    parser.add_argument("--force", action="store_true", help="replace the files")
    told = parser.parse_intermixed_args(words)
    out = Path(told.out)
    for name in ("train.jsonl", "test.jsonl"):
        if (out / name).exists() and not told.force:
            raise UsageError(f"{shown(str(out / name))} exists", hint="--force replaces it")
    schema = Schema.from_json(Path(told.schema)) if told.schema else None
    from rolecall.evaluate.samples.split import split

    samples = read_samples(told.samples, schema).samples
    parts = split(samples, told.test, told.seed)
    lines = [
        f"{plural(len(samples), 'sample')} of {plural(parts.sites, 'site')}, in "
        f"{plural(parts.groups, 'group')} kept whole"
    ]
    if parts.copies:
        lines.append(f"{len(parts.copies)} pairs of near-copies on different sites, such as")
        lines += [f"  {a}  {b}  {alike:.2f} alike" for a, b, alike in parts.copies[:SHOWN]]
    for name, part in (("train", parts.train), ("test", parts.test)):
        path = out / f"{name}.jsonl"
        write_samples(path, part, replace=True)
        sites = len({sample.site for sample in part})
        share = len(part) / len(samples)
        lines.append(
            f"{path}: {plural(len(part), 'sample')} ({share:.0%}) of {plural(sites, 'site')}"
        )
    sys.stdout.write("".join(f"{shown(line)}\n" for line in lines))
    sys.stdout.flush()
    return OK

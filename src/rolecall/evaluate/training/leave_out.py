"""Leave sites out: every page is read by a reader that was trained without its site.

    python -m rolecall.evaluate.training.leave_out CORPUS OUT [--parts N] [--workers N]

writes one model folder per part and ``records.jsonl``, one record per annotated page, through the
whole pipeline. Sites are dealt to parts of about equal size; a part's reader has seen no site of
the part, so fewer parts are a harder test, and as many parts as sites leave out one site each.
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rolecall.core import Source
from rolecall.evaluate.annotated import Annotated, load_annotated
from rolecall.evaluate.training.reader import train_reader
from rolecall.pipeline import extract_record, prepare
from rolecall.reader.model import MANIFEST
from rolecall.record import dump
from rolecall.settings import Settings


def deal(samples: Sequence[Annotated], parts: int) -> list[tuple[str, ...]]:
    """The sites of ``samples`` in ``parts`` groups of about equal numbers of pages."""
    sizes = Counter(sample.site for sample in samples)
    groups: list[list[str]] = [[] for _ in range(min(parts, len(sizes)))]
    load = [0] * len(groups)
    for site in sorted(sizes, key=lambda name: (-sizes[name], name)):
        least = load.index(min(load))
        groups[least].append(site)
        load[least] += sizes[site]
    return [tuple(sorted(group)) for group in groups]


def read_part(sites: tuple[str, ...], *, corpus: Path, out: Path, again: bool) -> list[bytes]:
    """Train without ``sites`` (or take the folder that is there) and read their pages."""
    samples = load_annotated(corpus)
    folder = out / "models" / sites[0]
    if again or not (folder / MANIFEST).exists():
        train_reader([sample for sample in samples if sample.site not in sites], folder)
    pipeline = prepare(Settings(reader_model=str(folder)))
    mine = [sample for sample in samples if sample.site in sites]
    return [
        dump(extract_record(_source(sample, corpus), seq, pipeline))
        for seq, sample in enumerate(mine)
    ]


def _source(sample: Annotated, corpus: Path) -> Source:
    body = (corpus / "pages" / f"{sample.id}.html").read_bytes()
    return Source(body=body, locator=f"{sample.id}.html", url=sample.page.url)


def leave_out(
    corpus: Path, out: Path, *, parts: int = 6, workers: int = 2, again: bool = False
) -> Path:
    """Read every annotated page without its site; returns the path of the records."""
    groups = deal(load_annotated(corpus), parts)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "records.jsonl"
    work = partial(read_part, corpus=corpus, out=out, again=again)
    with multiprocessing.get_context("fork").Pool(workers) as pool, path.open("wb") as file:
        for lines in pool.imap(work, groups):
            for line in lines:
                file.write(line.rstrip(b"\n") + b"\n")
    return path


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--parts", type=int, default=6, help="99 leaves out one site at a time")
    parser.add_argument("--again", action="store_true", help="train even if a model is there")
    args = parser.parse_args()
    again = args.again
    print(leave_out(args.corpus, args.out, parts=args.parts, workers=args.workers, again=again))


if __name__ == "__main__":
    main()

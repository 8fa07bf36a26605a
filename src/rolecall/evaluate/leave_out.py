"""Leave-one-site-out: every page read by a reader that was trained without its site.

    python -m rolecall.evaluate.leave_out CORPUS OUT [--workers N] [--sites A,B]

writes one model folder per site and ``records.jsonl``, one record per annotated page, through the
whole pipeline.
"""

from __future__ import annotations

import argparse
import multiprocessing
from functools import partial
from pathlib import Path

from rolecall.core import Source
from rolecall.evaluate.samples import Sample, load_samples
from rolecall.evaluate.training.reader import train_reader
from rolecall.pipeline import extract_record, prepare
from rolecall.reader.model import MANIFEST
from rolecall.record import dump
from rolecall.settings import Settings


def read_site(site: str, *, corpus: Path, out: Path, again: bool = False) -> list[bytes]:
    """Train without ``site`` (or take the folder that is there) and read its pages: record lines."""
    samples = load_samples(corpus)
    folder = out / "models" / site
    if again or not (folder / MANIFEST).exists():
        train_reader([sample for sample in samples if sample.site != site], folder)
    settings = Settings(reader_model=str(folder))
    pipeline = prepare(settings)
    lines = []
    for seq, sample in enumerate(s for s in samples if s.site == site):
        record = extract_record(_source(sample, corpus), seq, pipeline)
        lines.append(dump(record))
    return lines


def _source(sample: Sample, corpus: Path) -> Source:
    body = (corpus / "pages" / f"{sample.id}.html").read_bytes()
    return Source(body=body, locator=f"{sample.id}.html", url=sample.page.url)


def leave_out(
    corpus: Path, out: Path, *, workers: int = 2, sites: tuple[str, ...] = (), again: bool = False
) -> Path:
    """Read every annotated page leave-one-site-out; returns the path of the records."""
    names = sorted({sample.site for sample in load_samples(corpus)})
    names = [name for name in names if not sites or name in sites]
    out.mkdir(parents=True, exist_ok=True)
    path = out / "records.jsonl"
    work = partial(read_site, corpus=corpus, out=out, again=again)
    with multiprocessing.get_context("fork").Pool(workers) as pool, path.open("wb") as file:
        for lines in pool.imap(work, names):
            for line in lines:
                file.write(line.rstrip(b"\n") + b"\n")
    return path


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sites", default="")
    parser.add_argument("--again", action="store_true", help="train even if a model is there")
    args = parser.parse_args()
    sites = tuple(x for x in args.sites.split(",") if x)
    print(leave_out(args.corpus, args.out, workers=args.workers, sites=sites, again=args.again))


if __name__ == "__main__":
    main()

"""Trains every part of the embedded reader on annotated pages and writes a model folder.

The rankers learn from pages whose lines were labelled by a tagger that had not seen their site, so
that they meet the tagger's mistakes in training as they will in use.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rolecall.evaluate.annotated import Annotated, load_annotated
from rolecall.evaluate.training import priors
from rolecall.evaluate.training.blocks import train_blocks
from rolecall.evaluate.training.calibrate import values_of, write_curves
from rolecall.evaluate.training.choice import fit_choice
from rolecall.evaluate.training.invented import Invented, invented
from rolecall.evaluate.training.layouts import layouts
from rolecall.evaluate.training.logistic import fit
from rolecall.evaluate.training.right import has_value, labelled, right
from rolecall.evaluate.training.skills import train_skills
from rolecall.reader import facts
from rolecall.reader.blocks import Tagged, tag
from rolecall.reader.linear import Linear
from rolecall.reader.model import BLOCKS, CALIBRATION, FOLDER, RANKERS, write_manifest, write_seen
from rolecall.reader.place import propose_places
from rolecall.reader.proposal import Proposal
from rolecall.reader.read import CHOSEN, LISTED
from rolecall.reader.tagger import BlockTagger

INNER_PARTS = 3
SITE_POWER = 0.7
"""A page of a site with n pages weighs n to the power of minus this."""

WRITTEN = ("title", "company", "places")
WRITTEN_SHARE = 0.1
"""Units of which invented pages teach something, and what one of these pages weighs."""

LINE_KEYS = ("title", "location", "description", "responsibilities", "requirements", "benefits")

THRESHOLDS = {
    "title": 0.03,
    "company": 0.03,
    "places": 0.4,
    "workplace": 0.35,
    "seniority": 0.4,
    "salary": 0.3,
    "experience": 0.4,
    "education": 0.4,
    "employment_type": 0.45,
    "languages_required": 0.5,
    "date_posted": 0.4,
    "valid_through": 0.4,
    "application_email": 0.45,
    "application_url": 0.45,
}


def train_reader(samples: Sequence[Annotated], out: Path) -> None:
    """Write block tagger, rankers, skill reader and default calibration to ``out``.

    A page teaches each part what it is labelled for: the lines where all that tells them apart is.
    """
    out.mkdir(parents=True, exist_ok=True)
    train_blocks([one for one in samples if tells_lines(one)], out / BLOCKS)
    train_skills([one for one in samples if tells_lines(one) and "skills" in one.gold], out)
    rankers = train_rankers(samples, cross_tagged(samples), invented())
    _write(out / RANKERS, {unit: dict(model.weights) for unit, model in sorted(rankers.items())})
    _write(out / CALIBRATION, {"thresholds": THRESHOLDS, "curves": {}})
    write_manifest(out)
    write_seen(out, (one.page.source_id for one in samples))


def tells_lines(sample: Annotated) -> bool:
    """Whether a page is labelled for everything that a line of it may be."""
    return all(key in sample.gold for key in LINE_KEYS)


def cross_tagged(samples: Sequence[Annotated]) -> dict[str, Tagged]:
    """Every page, invented ones too, as a tagger sees it that was trained without its site."""
    sizes = Counter(sample.site for sample in samples)
    home: dict[str, int] = {}
    load = [0] * INNER_PARTS
    for site in sorted(sizes, key=lambda s: (-sizes[s], s)):
        home[site] = load.index(min(load))
        load[home[site]] += sizes[site]
    written = invented()
    sites = list(dict.fromkeys(one.sample.site for one in written))
    home.update({site: i % INNER_PARTS for i, site in enumerate(sites)})
    found: dict[str, Tagged] = {}
    with tempfile.TemporaryDirectory() as folder:
        for part in range(INNER_PARTS):
            path = Path(folder) / f"part{part}"
            known = [one for one in written if home[one.sample.site] != part]
            train_blocks(
                [s for s in samples if home[s.site] != part and tells_lines(s)], path, known
            )
            tagger = BlockTagger.load(path)
            for sample in (*samples, *(one.sample for one in written)):
                if home[sample.site] == part:
                    found[sample.id] = tag(sample.page, tagger)
    return found


def train_rankers(
    samples: Sequence[Annotated], tagged: dict[str, Tagged], written: Sequence[Invented] = ()
) -> dict[str, Linear]:
    """A ranker for each unit that has proposals."""
    sizes = Counter(sample.site for sample in samples)
    shares = [sizes[sample.site] ** -SITE_POWER for sample in samples]
    rankers: dict[str, Linear] = {}
    for unit, propose in (*CHOSEN.items(), ("places", propose_places)):
        pages, weights = [], []
        for sample, share in zip(samples, shares, strict=True):
            if not labelled(unit, sample.gold):
                continue
            views = layouts(tagged[sample.id], sample.gold) if unit == "title" else ()
            for view in (tagged[sample.id], *views):
                rows = _rows(unit, propose(view), sample)
                if has_value(unit, sample.gold) and not any(y for _, y in rows):
                    continue
                pages.append(rows)
                weights.append(share)
        for one in written if unit in WRITTEN else ():
            rows = _rows(unit, propose(tagged[one.sample.id]), one.sample)
            if any(y for _, y in rows):
                pages.append(rows)
                weights.append(WRITTEN_SHARE)
        prior = priors.PRIORS.get(unit)
        epochs = priors.EPOCHS.get(unit, 20)
        rankers[unit] = fit_choice(
            pages, prior=prior, shares=weights, epochs=epochs, l2=priors.DRAW.get(unit, 2.0)
        )
    pages = []
    for sample in samples:
        if not labelled("seniority", sample.gold):
            continue
        title = next((p for p in _titles(sample, tagged[sample.id])), None)
        span = title.span if title is not None else None
        rows = _rows("seniority", facts.propose_levels(tagged[sample.id], span), sample)
        if not has_value("seniority", sample.gold) or any(y for _, y in rows):
            pages.append(rows)
    rankers["seniority"] = fit_choice(pages, prior=priors.PRIORS.get("seniority"), epochs=20)
    for unit, propose in LISTED.items():
        rankers[unit] = fit(
            [
                (features, bool(y))
                for sample in samples
                if labelled(unit, sample.gold)
                for features, y in _rows(unit, propose(tagged[sample.id]), sample)
            ]
        )
    return rankers


def _titles(sample: Annotated, tagged: Tagged) -> list[Proposal]:
    if not labelled("title", sample.gold):
        return CHOSEN["title"](tagged)[:0]
    return [p for p in CHOSEN["title"](tagged) if right("title", p, sample.gold)]


def _rows(
    unit: str, proposals: Sequence[Proposal], sample: Annotated
) -> list[tuple[tuple[str, ...], bool | None]]:
    return [(p.features, right(unit, p, sample.gold)) for p in proposals]


def _write(path: Path, data: object) -> None:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    path.write_text(text + "\n", "utf-8")


def main() -> None:
    """Train on a corpus folder; write to the shipped model folder, or to ``--out``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--records", type=Path, help="leave-out records to calibrate on")
    args = parser.parse_args()
    samples = load_annotated(args.corpus)
    train_reader(samples, args.out)
    if args.records:
        lines = [json.loads(line) for line in args.records.read_text("utf-8").splitlines()]
        gold = {sample.id: sample.gold for sample in samples}
        write_curves(args.out, values_of(lines, gold, {s.id: s.site for s in samples}))


if __name__ == "__main__":
    main()

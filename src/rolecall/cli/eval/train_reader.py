"""``rolecall eval train-reader``: the embedded reader fitted to labels of your own."""

from __future__ import annotations

import os
import sys
import tempfile
import textwrap
from pathlib import Path

import orjson
from msgspec import to_builtins

from rolecall.cli import OK, USAGE
from rolecall.cli.options import Parser
from rolecall.cli.options import settings as load_settings
from rolecall.errors import UsageError
from rolecall.evaluate.compare import headline, verdict_words
from rolecall.evaluate.compare.result import Compared
from rolecall.evaluate.plural import plural
from rolecall.evaluate.samples import read_samples
from rolecall.evaluate.samples.corpus import is_corpus
from rolecall.evaluate.training.refit import Refit, refit
from rolecall.inputs.files import shown
from rolecall.ledger.database import usual_place
from rolecall.reader.model import FOLDER, MANIFEST, load_model
from rolecall.table import aligned

DESCRIPTION = """\
Fits the embedded reader to pages that you have labelled, and says whether that makes
it better: every labelled page is read by the reader as it is (before), and by one that
was fitted without the pages of its site (after).

The weights of each field's ranker start where they are and are drawn to the labels as
far as held-out sites gain by it; the curves that turn scores into confidences are
fitted anew where that brings them closer. What held-out sites do not gain by stays as
it is, and so do the parts that find lines and skills, for which some labels are too
few. --with CORPUS trains all parts anew, on an annotated corpus and your labels.

Nothing is written without --install, and a reader that is not better, or that was
measured on too few pages or sites, is not installed."""

EXAMPLES = """\
examples:
  rolecall eval train-reader labels.jsonl             the figures, nothing else
  rolecall eval train-reader labels.jsonl --install   and a reader to use
  rolecall eval train-reader labels.jsonl --install --out my-reader/

exit codes: 0 done; 2 refused: the labels cannot be used, or the reader is not better."""


ALIKE = "Every held-out page has the same values before and after: only confidences can differ."


def run(words: list[str]) -> int:
    """Fit, measure, tell, and install if asked to and if it is better; returns the exit code."""
    told = parser().parse_intermixed_args(words)
    if told.parts < 2:
        raise UsageError("--parts must be 2 or more: each is read by a reader that has not seen it")
    if told.with_corpus is not None and not is_corpus(Path(told.with_corpus)):
        raise UsageError(
            f"{shown(told.with_corpus)} is no annotated corpus",
            hint="a corpus is a folder with index.jsonl, pages/ and gold/",
        )
    out = Path(told.out) if told.out else None
    if out is not None and out.exists() and not (out / MANIFEST).exists() and any(out.iterdir()):
        raise UsageError(
            f"{shown(str(out))} is not empty and holds no reader", hint="name a new folder"
        )
    samples = read_samples(told.labels)
    sites = {one.site for one in samples.samples if one.posting and one.expected}
    if len(sites) < 2:
        raise UsageError(
            "the labelled postings are of one site: leaving it out leaves nothing to learn from",
            hint='label pages of at least five sites; "site" or "url" says where a page is from',
        )
    found = refit(
        samples,
        Path(told.base) if told.base else FOLDER,
        corpus=Path(told.with_corpus) if told.with_corpus else None,
        parts=told.parts,
        say=_say,
    )
    if told.json:
        sys.stdout.write(orjson.dumps(_plain(found), option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        sys.stdout.write(report(found))
    sys.stdout.flush()
    if not told.install and out is None:
        return OK
    if found.reasons:
        sys.stderr.write(f"not installed: {'; '.join(found.reasons)}\n")
        return USAGE
    settings = load_settings({})
    place = out or usual_place(settings.data_folder, os.environ).parent / "readers"
    folder = install(found, place, named=out is not None)
    sys.stderr.write(
        f"written to {shown(str(folder))}\nto use it, write into rolecall.toml:\n"
        f"  reader_model = {orjson.dumps(str(folder)).decode()}\n"
    )
    return OK


def parser() -> Parser:
    """The words that ``rolecall eval train-reader`` knows."""
    told = Parser("eval train-reader", DESCRIPTION, EXAMPLES)
    add = told.add_argument
    add("labels", metavar="LABELS", help="a file of samples or a folder of labelled pages")
    add("--install", action="store_true", help="write the reader, if it is better")
    add("--out", metavar="DIR", help="write it there (default: the data folder); means --install")
    add("--with", metavar="CORPUS", dest="with_corpus", help="train anew, on this corpus as well")
    add("--base", metavar="DIR", help="start from the reader in this folder, not the shipped one")
    add(
        "--parts",
        metavar="N",
        type=int,
        default=10,
        help="sites are left out in so many groups (10); with --with each costs a training",
    )
    add("--json", action="store_true", help="the figures as JSON on stdout")
    return told


def _say(message: str) -> None:
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def install(found: Refit, place: Path, *, named: bool) -> Path:
    """Write the reader, check that it loads, and put it in its place in one step.

    ``place`` is the folder itself if ``named``, else the folder of all readers, in which a reader
    lies under its hash.
    """
    parent = place.absolute().parent if named else place
    parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".reader-", dir=parent))
    found.write(work)
    folder = place.absolute() if named else place / load_model(work).hash
    work.chmod(0o755)
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix=".old-", dir=parent))
        os.replace(folder, old / "reader")
        os.replace(work, folder)
        for path in sorted(old.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        old.rmdir()
    else:
        os.replace(work, folder)
    return folder


def report(found: Refit) -> str:
    """The figures as text."""
    compared = found.comparison
    rows = [("", "n", "before", "after", "difference", "verdict")]
    alike = []
    for one in compared.fields:
        if one.only_a or one.only_b:
            rows.append((one.field, str(one.n), *_scores(one), verdict_words(one, compared)))
        elif one.b is not None:
            alike.append(f"{one.field} {100 * one.b:.1f}")
    differs = len(rows) > 1
    rows += [
        (one.field, str(one.n), *_scores(one), verdict_words(one, compared) if differs else "same")
        for one in (compared.macro, compared.adr009)
        if one.n
    ]
    out = [aligned(*rows), "\n"]
    if alike:
        told = textwrap.fill(", ".join(alike), 88, initial_indent="  ", subsequent_indent="  ")
        out.append(f"the same before and after:\n{told}\n\n")
    out.append(f"{headline(compared) if differs else ALIKE}\n")
    learnt = [("ranker", "pages", "change", "gain")]
    for fit in found.fitted:
        what = "kept" if fit.strength is None else f"refitted, draw {fit.strength[1]:g}"
        learnt.append(
            (fit.unit, str(fit.pages), what, f"{100 * fit.gain:+.1f}" if fit.strength else "-")
        )
    if len(learnt) > 1:
        out += ["\n", aligned(*learnt)]
    curves = [("confidence", "values", "error before", "error after", "curve")]
    for curve in found.curves:
        if curve.after is not None:
            before = "-" if curve.before is None else f"{curve.before:.3f}"
            kept = "new" if curve.changed else "kept"
            curves.append((curve.unit, str(curve.values), before, f"{curve.after:.3f}", kept))
    if len(curves) > 1:
        out += ["\n", aligned(*curves)]
    out.append(f"\n{plural(found.pages, 'labelled posting')} of {plural(found.sites, 'site')}\n")
    if found.reasons:
        out.append(f"it would not be installed: {'; '.join(found.reasons)}\n")
    return "".join(out)


def _scores(one: Compared) -> tuple[str, str, str]:
    before = "-" if one.b is None else f"{100 * one.b:.1f}"
    after = "-" if one.a is None else f"{100 * one.a:.1f}"
    gap = one.difference if one.only_a or one.only_b else None
    told = f"{100 * gap.mid:+.1f} ({100 * gap.low:+.1f} to {100 * gap.high:+.1f})" if gap else "-"
    return before, after, told


def _plain(found: Refit) -> dict[str, object]:
    return {
        "pages": found.pages,
        "sites": found.sites,
        "comparison": to_builtins(found.comparison),
        "rankers": [
            {"unit": one.unit, "pages": one.pages, "gain": one.gain, "strength": one.strength}
            for one in found.fitted
        ],
        "curves": to_builtins(list(found.curves)),
        "refused": list(found.reasons),
    }

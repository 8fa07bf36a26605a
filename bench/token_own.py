"""What Rolecall sends about each annotated page, and what a right answer to it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import structs

from annotated import grounded_answer, lost, written
from pages import EXAMPLES, SUFFIXES
from rolecall.ask.compose import Composed, Voice
from rolecall.ask.prompt import Style
from rolecall.ask.questions import POSTING, Question
from rolecall.ask.render import sheet_of
from rolecall.ask.tokens import PER_MESSAGE, qwen
from rolecall.climb import Help, questions
from rolecall.core import EngineInfo, Source
from rolecall.evaluate.annotated import Annotated, load_annotated
from rolecall.evaluate.gate import PARTS
from rolecall.evaluate.training.leave_out import deal
from rolecall.ladder import settled
from rolecall.page import clean
from rolecall.pipeline import Pipeline, Stages, hear_page, prepare
from rolecall.reader import Reader, load_model
from rolecall.reader.model import MANIFEST
from rolecall.route import DEFAULT_POLICY

ALL = tuple(POSTING.values())
WINDOW = 32_768


def samples_of(corpus: Path) -> list[Annotated]:
    """The annotated pages of ``corpus``; the examples, without annotations, where it is absent."""
    if (corpus / "index.jsonl").exists():
        return load_annotated(corpus)
    paths = [path for path in sorted(EXAMPLES.iterdir()) if path.suffix in SUFFIXES]
    return [
        Annotated(
            id=path.stem, site=path.stem, language="", gold={},
            page=clean(Source(body=path.read_bytes(), locator=path.name)),
        )
        for path in paths
    ]  # fmt: skip


def pipelines(samples: Sequence[Annotated], models: Path) -> tuple[dict[str, Pipeline], str]:
    """Site -> the pipeline whose reader has not seen it, and a word on what that is.

    The readers are those that ``make gate`` left in ``models``. They are calibrated as the shipped
    one is: its curves come from what such readers found. Without them the shipped one reads.
    """
    groups = deal(samples, PARTS)
    folders = [models / group[0] for group in groups]
    if not all((folder / MANIFEST).exists() for folder in folders):
        shipped = prepare()
        told = "the shipped reader (seen these pages; make gate leaves others)"
        return dict.fromkeys((sample.site for sample in samples), shipped), told
    curves = load_model().curves
    out: dict[str, Pipeline] = {}
    for sites, folder in zip(groups, folders, strict=True):
        model = structs.replace(load_model(folder), curves=curves)
        out |= dict.fromkeys(sites, prepare(reader=Reader(model)))
    return out, "the readers of make gate (each without the page's site)"


def voice() -> Voice:
    """A local engine with the model's vocabulary, in the form that copies from the page."""
    info = EngineInfo(
        name="local", kind="openai", model="", window=WINDOW, local=True, forms=("grounded",)
    )
    return Voice(info=info, tokens=qwen(), form="grounded", most=DEFAULT_POLICY.threshold)


def static_tokens(style: Style) -> int:
    """The tokens of the part that is the same for all pages, as a message."""
    return PER_MESSAGE + qwen().count(style.system)


def rows(samples: Sequence[Annotated], readers: Mapping[str, Pipeline], corpus: Path) -> list[Any]:
    """One row of figures for each page; see ``_row``."""
    return [_row(sample, readers[sample.site], corpus) for sample in samples]


def _row(sample: Annotated, pipeline: Pipeline, corpus: Path) -> dict[str, Any]:
    """All fields asked at once, and what is asked after stated data and the reader."""
    speaker = voice()
    page = sample.page
    every = speaker.compose(page, ALL)
    shown = "\n".join(one.sheet.text for one in every.asked)
    missing, unseen = lost(sample.gold, page.text, shown) if sample.gold else ({}, 0)
    body = corpus / "pages" / f"{sample.id}.html"
    if sample.gold:
        source = Source(body=body.read_bytes(), locator=body.name, url=page.url)
    else:
        source = Source(body=(EXAMPLES / f"{sample.id}.html").read_bytes())
    read, heard = hear_page(source, pipeline, Stages())
    result = settled(read, heard, pipeline.rules)
    asked = questions(result, Help())
    some = speaker.compose(page, asked) if asked else Composed(asked=())
    return {
        "page": sample.id,
        "site": sample.site,
        "prompt": sum(one.tokens for one in every.asked),
        "requests": len(every.asked),
        "answer": _answer(sample, ALL),
        "text": qwen().count(shown),
        "outcome": result.outcome,
        "asked": [one.name for one in asked],
        "asked_prompt": sum(one.tokens for one in some.asked),
        "asked_requests": len(some.asked),
        "asked_answer": _answer(sample, asked) if asked else 0,
        "lost": missing,
        "unseen": unseen,
    }


def _answer(sample: Annotated, asked: Sequence[Question]) -> int:
    """Tokens of the answer that states everything the annotation states."""
    return qwen().count(written(grounded_answer(sample.gold, sheet_of(sample.page), asked)))

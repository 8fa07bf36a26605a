"""IR-3: generated postings of four lengths, routed by the threshold as a run would route them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from msgspec import Struct

from rolecall.ask.tokens import qwen
from rolecall.climb import Help, climb
from rolecall.core import Completion, EngineInfo, Source
from rolecall.drive.connect import help_of, voice_of
from rolecall.evaluate.nouns import Finding
from rolecall.evaluate.requirements import judged
from rolecall.evaluate.verify.postings import LENGTHS, posting
from rolecall.pipeline import Pipeline, Stages, hear_page, prepare
from rolecall.settings import Settings

LOCAL, CLOUD = "local", "cloud"
EMPTY: Final = Completion(text="{}", finish_reason="stop")


class Routed(Struct, frozen=True, kw_only=True):
    """Where a posting of ``tokens`` was sent first, and whether it is over the threshold.

    ``tokens`` are those of prompt and answer together, in one piece.
    """

    tokens: int
    over: bool
    engine: str


def routing(settings: Settings, command: str) -> Finding:
    """Route with the threshold of ``settings`` between two engines of which none is asked.

    What is looked at is which of the two gets the first prompt: the calls of the ladder are
    answered here, with nothing in them.
    """
    pipeline = prepare(
        replace(
            settings,
            engine="none",
            policy="cloud-over-threshold",
            cloud_engine=CLOUD,
            ask_below=1.0,
            ask_null_below=1.0,
        )
    )
    threshold = settings.threshold_tokens
    found = route_all(pipeline, (*LENGTHS, threshold // 2, threshold - 2_500, threshold))
    wrong = [one for one in found if one.engine != (CLOUD if one.over else LOCAL)]
    near = [one.tokens for one in found if not one.over]
    far = [one.tokens for one in found if one.over]
    figure = (
        f"threshold {threshold:,} tokens; {len(near)} within it, up to {max(near, default=0):,}, "
    )
    figure += f"{len(far)} over it, from {min(far, default=0):,}; {len(wrong)} to the wrong side"
    reason = "" if near and far else "no posting on one of the sides"
    held = not wrong and bool(near) and bool(far)
    return judged("IR-3", held, figure, command=command, reason=reason)


def route_all(pipeline: Pipeline, lengths: Sequence[int]) -> tuple[Routed, ...]:
    """Generated postings of ``lengths`` tokens, each on its way up the ladder."""
    asked = help_of(pipeline.settings, None)
    infos = (
        EngineInfo(name=LOCAL, kind="none", model=LOCAL, local=True, forms=("grounded", "text")),
        EngineInfo(name=CLOUD, kind="none", model=CLOUD, window=128_000),
    )
    voices = {one.name: voice_of(one, qwen(), asked.policy, ()) for one in infos}
    help_ = Help(voices=voices, policy=asked.policy, units=asked.units)
    return tuple(_routed(pipeline, help_, wanted) for wanted in sorted(lengths))


def _routed(pipeline: Pipeline, help_: Help, wanted: int) -> Routed:
    written = posting(wanted, 2, qwen())
    page, heard = hear_page(Source(body=written.html.encode()), pipeline, Stages())
    climbing = climb(page, heard, help_=help_, rules=pipeline.rules)
    engine, whole = "", 0
    try:
        call = next(climbing)
        # In one piece, whoever is asked: the cloud's voice takes a page whole.
        one = help_.voices[CLOUD].compose(page, call.asked.questions).asked[0]
        engine, whole = call.engine, one.whole
        while True:
            call = climbing.send(EMPTY)
    except StopIteration:
        pass
    return Routed(tokens=whole, over=whole > help_.policy.threshold, engine=engine)

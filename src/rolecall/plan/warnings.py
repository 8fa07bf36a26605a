"""What a user should know of a plan before relying on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rolecall.models.nouns import Shape
from rolecall.plan.command import ADA, AMPERE
from rolecall.plan.nouns import GIB, Device, Load
from rolecall.plan.reckon import Reckoned, room
from rolecall.plan.sizes import gib
from rolecall.plan.wanted import RECORD_CAP, Wanted

TEN: Final = 10
"""PR-3 of the decision record: ten postings at once without running out of memory."""

RECORD_CARD: Final = 17 * GIB
"""Cards up to this size are held to NFR-1, which speaks of one of 16 GB."""


def warnings_of(
    shape: Shape, device: Device, load: Load, wanted: Wanted, found: Reckoned
) -> tuple[str, ...]:
    """The sentences about a plan, the weightiest first."""
    return (
        *_about_postings(wanted, found),
        *_about_cap(device, wanted, found),
        *_about_card(shape, device),
        *_about_load(load, found),
        *_about_model(shape),
    )


def _about_postings(wanted: Wanted, found: Reckoned) -> Iterator[str]:
    held = found.at_once
    if not found.fits:
        return
    if wanted.at_once is not None and held.low < wanted.at_once:
        yield (
            f"{wanted.at_once:,} postings at once fit at the expected end only: it may be"
            f" {held.low:,}, and then the others wait"
        )
    elif held.low < TEN:
        yield (
            f"at the low end the cache holds {held.low:,} postings at once, fewer than the ten of"
            " PR-3: start it once, so that what vLLM reports draws the interval in"
        )


def _about_cap(device: Device, wanted: Wanted, found: Reckoned) -> Iterator[str]:
    if found.memory.budget > RECORD_CAP and device.memory <= RECORD_CARD:
        yield (
            f"vLLM takes {gib(found.memory.budget)}, more than the 8 GiB of NFR-1:"
            " --mode capped keeps to them"
        )
    if wanted.most is not None and wanted.most > device.memory:
        yield f"the cap of {gib(wanted.most)} is more than {device.name} has: {gib(device.memory)}"
    elif wanted.most is not None and wanted.most > room(device):
        yield f"the cap of {gib(wanted.most)} is more than what is free: {gib(room(device))}"


def _about_card(shape: Shape, device: Device) -> Iterator[str]:
    if device.free is not None and device.used and device.used > GIB:
        yield (
            f"{gib(device.used)} of {device.name} are taken by others; {gib(device.free)} are free"
        )
    elif device.shared:
        yield (
            "a desktop may take memory of this card while the model runs; what vLLM has taken at"
            " the start it keeps"
        )
    if shape.quantisation.method == "fp8" and 0 < device.capability < ADA:
        yield (
            f"{device.name} has no 8-bit floats: the weights stay in 8 bit, and are reckoned with"
            " in 16 (Marlin), which is slower at many postings at once"
        )
    if 0 < device.capability < AMPERE:
        yield f"{device.name} has no bfloat16: vLLM is told to reckon in float16"


def _about_load(load: Load, found: Reckoned) -> Iterator[str]:
    context = found.serving.context
    if context < found.asked:
        yield (
            f"the context is {context:,} tokens and not {found.asked:,}: at the low end the cache"
            " holds no longer sequence, and vLLM would refuse to start"
        )
    longer = sum(count for prompt, answer, count in load.requests if prompt + answer > context)
    whole = sum(count for _, _, count in load.requests)
    if longer:
        yield (
            f"{longer:,} of {whole:,} requests of the load are longer than {context:,} tokens and"
            " are not counted: they go elsewhere, or want a larger --context"
        )


def _about_model(shape: Shape) -> Iterator[str]:
    if shape.assumed:
        yield f"assumed of {shape.name}: {'; '.join(shape.assumed)}"
    if shape.experts is not None:
        yield "it is a mixture of experts: fewer starts of such models were seen than of dense ones"
    if shape.attention.state or shape.attention.window:
        yield (
            "not all of its layers keep the whole context: vLLM rounds their memory up in ways that"
            " few starts were seen of"
        )

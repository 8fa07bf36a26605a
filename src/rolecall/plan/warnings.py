"""What a user should know of a plan before relying on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rolecall.models.nouns import Shape
from rolecall.plan.command import ADA, AMPERE, spelled
from rolecall.plan.kernels import LEAST_CAPABILITY, unknown_to
from rolecall.plan.nouns import GIB, Device, Load, Speed
from rolecall.plan.reckon import Reckoned, room
from rolecall.plan.sizes import gib
from rolecall.plan.wanted import RECORD_CAP, Wanted

TEN: Final = 10
"""PR-3 of the decision record: ten postings at once without running out of memory."""

GGUF_APART: Final = (0, 24)
"""Since this version GGUF files are read by a package of its own."""

A_MINUTE: Final = 50
"""PR-1: postings a minute."""

TOKENS_A_SECOND: Final = 30
"""NFR-2: tokens a second."""

RECORD_CARD: Final = 17 * GIB
"""Cards up to this size are held to NFR-1, which speaks of one of 16 GB."""


def warnings_of(
    shape: Shape, device: Device, load: Load, wanted: Wanted, found: Reckoned
) -> tuple[str, ...]:
    """The sentences about a plan, the weightiest first."""
    return (
        *_about_kernels(shape, device, found),
        *_about_postings(wanted, found),
        *_about_share(device, wanted, found),
        *_about_cap(device, wanted, found),
        *_about_card(shape, device, wanted),
        *_about_load(load, found),
        *_about_model(shape),
    )


def _about_kernels(shape: Shape, device: Device, found: Reckoned) -> Iterator[str]:
    """What vLLM may refuse to run, whatever the memory."""
    method, version = found.serving.quantise or shape.quantisation.method, found.serving.version
    if old := unknown_to(shape, version):
        yield old
    if found.serving.kv_dtype == "fp8" and 0 < device.capability < ADA:
        yield (
            f"{device.name} has no 8-bit floats: only vLLM's FlashInfer kernels read a KV cache in"
            " fp8 there, others stop with 'fp8e4nv not supported'"
        )
    if method == "gguf" and version >= GGUF_APART:
        yield (
            f"vLLM {spelled(version)} reads GGUF files with the package vllm-gguf-plugin only;"
            " a checkpoint of safetensors needs none"
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
    elif wanted.sequences is None and wanted.at_once is None and held.low > found.serving.sequences:
        yield (
            f"the cache has room for {held.low:,} postings at once, and the mode takes"
            f" {found.serving.sequences:,}: --sequences N takes more"
        )
    elif held.low < TEN:
        yield (
            f"at the low end the cache holds {held.low:,} postings at once, fewer than the ten of"
            " PR-3: start it once, so that what vLLM reports draws the interval in"
        )


def about_speed(speeds: Sequence[Speed]) -> Iterator[str]:
    """What the speeds of a plan mean for NFR-2 and PR-1 of the decision record."""
    if not speeds:
        return
    best = max(one.expected[0] for one in speeds)
    if best < A_MINUTE:
        yield f"at the low end it does {best:,.0f} postings a minute, fewer than the 50 of PR-1"
    written = max(one.stream_tokens for one in speeds)
    if written < TOKENS_A_SECOND:
        yield f"an answer grows by {written:,.0f} tokens a second, fewer than the 30 of NFR-2"


def _about_share(device: Device, wanted: Wanted, found: Reckoned) -> Iterator[str]:
    if wanted.exact and device.free is None and found.memory.budget > room(device):
        yield (
            f"vLLM asks for {gib(found.memory.budget)}, and of {device.name} often no more than"
            f" {gib(room(device))} are free: then it refuses to start"
        )


def _about_cap(device: Device, wanted: Wanted, found: Reckoned) -> Iterator[str]:
    if found.fits and found.memory.budget > RECORD_CAP and device.memory <= RECORD_CARD:
        yield (
            f"vLLM takes {gib(found.memory.budget)}, more than the 8 GiB of NFR-1:"
            " --mode capped keeps to them"
        )
    if wanted.most is not None and wanted.most > device.memory:
        yield f"the cap of {gib(wanted.most)} is more than {device.name} has: {gib(device.memory)}"
    elif wanted.most is not None and wanted.most > room(device):
        yield f"the cap of {gib(wanted.most)} is more than what is free: {gib(room(device))}"


def _about_card(shape: Shape, device: Device, wanted: Wanted) -> Iterator[str]:
    if device.free is not None and device.used and device.used > GIB:
        yield (
            f"{gib(device.used)} of {device.name} are taken by others; {gib(device.free)} are free"
        )
    elif device.shared:
        yield (
            "a desktop may take memory of this card while the model runs; what vLLM has taken at"
            " the start it keeps"
        )
    if not device.capability and wanted.kv_dtype is None:
        yield (
            f"whether {device.name} keeps a KV cache in fp8 is not known, so it is reckoned in 16"
            " bit; --kv-dtype fp8 halves it"
        )
    if shape.quantisation.method == "fp8" and LEAST_CAPABILITY["fp8"] <= device.capability < ADA:
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
    if shape.origin in ("catalogue", "name") and shape.name.count("/") != 1:
        yield (
            f"{shape.name!r} is no id of a hub: vLLM wants OWNER/NAME or a folder, so its command"
            " will find no model"
        )
    if shape.assumed:
        yield f"assumed of {shape.name}: {'; '.join(shape.assumed)}"
    if shape.experts is not None:
        yield "it is a mixture of experts: fewer starts of such models were seen than of dense ones"
    if shape.attention.state or shape.attention.window:
        yield (
            "not all of its layers keep the whole context: vLLM rounds their memory up in ways that"
            " few starts were seen of"
        )

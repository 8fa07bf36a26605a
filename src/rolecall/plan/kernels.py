"""What vLLM refuses to run whatever the memory: precisions, cards, and ways to deal a model out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from rolecall.models.nouns import Shape
from rolecall.plan.command import AMPERE, Version, spelled
from rolecall.plan.nouns import Device, Serving

LEAST_CAPABILITY: Final[Mapping[str, int]] = {
    "fp8": 75, "awq": 75, "gptq": 60, "w4a16": 70, "int8": 75, "nvfp4": 75, "mxfp4": 80
}  # fmt: skip
"""Compute capability that vLLM's kernels ask for, by how the weights are stored (0.32)."""

NOT_IN_FLOAT16: Final = ("Gemma2For", "Gemma3For", "Glm4For", "gemma2", "gemma3", "glm4")
"""Architectures that vLLM does not serve in float16, which is all that older cards have
(``config/model.py`` of 0.32)."""

SINCE: Final[Mapping[str, Version]] = {
    "Qwen2_5_VLFor": (0, 7), "Qwen3For": (0, 8), "Qwen3MoeFor": (0, 8), "Gemma3For": (0, 8),
    "Mistral3For": (0, 8), "Qwen3NextFor": (0, 10), "GptOssFor": (0, 10), "Qwen3VL": (0, 11),
}  # fmt: skip
"""The first versions that serve an architecture, by the beginning of its name."""


def refusals(shape: Shape, device: Device, serving: Serving) -> tuple[str, ...]:
    """Why vLLM would not start ``shape`` so, in sentences; empty where nothing is known."""
    return (*_of_card(shape, device, serving), *_of_cards(shape, serving))


def unknown_to(shape: Shape, version: Version) -> str:
    """A sentence where ``version`` is older than the architecture, else empty."""
    for named, since in SINCE.items():
        if shape.architecture.startswith(named) and version < since:
            return (
                f"vLLM {spelled(version)} does not know {shape.architecture}: it came with"
                f" {spelled(since)}"
            )
    return ""


def _of_card(shape: Shape, device: Device, serving: Serving) -> Iterator[str]:
    method = serving.quantise or shape.quantisation.method
    least = LEAST_CAPABILITY.get(method, 0)
    if 0 < device.capability < least:
        yield (
            f"it runs {method} from compute capability {least / 10:.1f} on, and {device.name} has"
            f" {device.capability / 10:.1f}"
        )
    if 0 < device.capability < AMPERE and shape.architecture.startswith(NOT_IN_FLOAT16):
        yield (
            f"{device.name} has no bfloat16, and {shape.architecture} is not served in float16,"
            " which is too narrow for it"
        )


def _of_cards(shape: Shape, serving: Serving) -> Iterator[str]:
    """What stands against dealing each layer out to so many cards."""
    cards, how = serving.cards, shape.quantisation
    if cards == 1:
        return
    keyed, rest = divmod(shape.attention.full_width, 2 * shape.head_dim)
    if keyed and not rest and keyed % cards and cards % keyed:
        yield f"{keyed} key heads cannot be dealt out to {cards} cards"
    width = shape.intermediate if shape.experts is None else shape.experts.width
    grouped = how.group and not how.experts_only and how.scheme in ("block", "group")
    if grouped and (width % cards or width // cards % how.group):
        yield (
            f"an inner width of {width:,} makes no whole groups of {how.group} on each of"
            f" {cards} cards, which its {how.method} scales ask for"
        )

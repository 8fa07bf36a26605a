"""What is neither weights nor KV cache: activations, graphs, and what nobody prints.

The figures are fitted to printed starts of vLLM from the first generation on, on several kinds of
cards; docs/planning-memory.md holds the table of them. Two starts with the same flags have differed
by 2.55 GiB, so each term is an interval, and that of their sum is as wide as ``WIDTH``.
"""

from __future__ import annotations

from typing import Final

from rolecall.models.nouns import Shape
from rolecall.plan.nouns import GIB, Device, Estimate, Serving

FLOOR: Final = int(0.324 * GIB)
"""The least overhead that was ever seen (8B, 2,048 batched tokens, a second start)."""

BELOW: Final = int(1.5 * GIB)
"""How far below the expected overhead a start may come."""

WIDTH: Final = int(2.913 * GIB)
"""From the low to the high end. With the weights' doubt it stays within 3 GiB."""

SAMPLER: Final = (((0, 17), 9.6), ((0, 28), 3.0), ((99, 0), 2.0))
"""Copies of the logits (sequences x vocabulary, 4 bytes each) at the peak of sampling, for vLLM
below each version: sorted with indices and probabilities at first (9.57 to 9.64 in four starts of
0.11), no longer sorted then, and neither top-k nor top-p while profiling in the second runner."""

FORWARD: Final = (((0, 28), 3.0), ((99, 0), 5.0))
"""Times (inner width + hidden size) that a batched token takes in the forward pass."""

FIRST_RUNNER: Final = (0, 27)
"""The last version whose first runner is the usual one; off NVIDIA's cards it still is."""

GRAPHS_COUNTED: Final = (0, 21)
"""Since this version vLLM takes captured CUDA graphs off the KV cache beforehand."""

GRAPHS: Final = GIB // 5
"""What they are reckoned with. 0.1 to 0.6 GiB have been printed mostly, 2.24 once (67 sizes)."""

SEEING: Final = int(0.8 * GIB)
"""What the encoders of a model that also sees take while vLLM profiles the largest picture."""

BESIDE: Final = {
    "consumer": int(0.9 * GIB),
    "datacentre": int(0.2 * GIB),
    "other": int(2.5 * GIB),
}
"""CUDA's context, libraries, the first start's compiling, and neighbours on the card. On ROCm vLLM
has printed 3 GiB."""

LINKED: Final = int(0.2 * GIB)
"""For each card of several: buffers of the links between them."""


def overhead_of(shape: Shape, device: Device, serving: Serving) -> Estimate:
    """All that is neither weights nor KV cache, in bytes of one card."""
    beside = BESIDE[device.grade] + (LINKED * serving.cards if serving.cards > 1 else 0)
    expected = activation_bytes(shape, device, serving) + graph_bytes(serving) + beside
    expected = max(FLOOR, expected)
    low = max(FLOOR, expected - BELOW)
    return Estimate(low, expected, max(low + WIDTH, expected))


def dealt(whole: Estimate, peak: int, graphs: int) -> tuple[Estimate, Estimate, Estimate]:
    """The overhead as activations, graphs and the rest.

    The doubt is one of the whole: it is dealt out so that the parts add up to it at each end.
    ``peak`` and ``graphs`` are what is expected of the first two.
    """
    graphs = min(graphs, whole.expected // 4)
    peak = min(peak, whole.expected - graphs)
    beside = whole.expected - peak - graphs
    down, up = whole.expected - whole.low, whole.high - whole.expected
    fewer, larger = min(graphs, down // 4), min(2 * graphs, up // 3)
    less = max(min(peak, down) // 2, down - fewer - beside)
    more = min(peak // 4, up // 3)
    return (
        Estimate(peak - less, peak, peak + more),
        Estimate(graphs - fewer, graphs, graphs + larger),
        Estimate(beside - (down - less - fewer), beside, beside + up - more - larger),
    )


def graph_bytes(serving: Serving) -> int:
    """What captured CUDA graphs are reckoned with before the KV cache is sized."""
    return 0 if serving.eager or serving.version < GRAPHS_COUNTED else GRAPHS


def activation_bytes(shape: Shape, device: Device, serving: Serving) -> int:
    """The peak while a batch is worked on, as vLLM measures it with a made-up full batch.

    Either the forward pass over all batched tokens is the peak, or the sampling over one token of
    each sequence. The context has no part in it: twice the context has taken the same to the byte.
    """
    version = serving.version if device.grade != "other" else min(serving.version, FIRST_RUNNER)
    tokens, sequences = serving.batched_tokens, min(serving.sequences, serving.batched_tokens)
    hidden = tokens * shape.hidden * 2
    inner = shape.intermediate
    if shape.experts is not None:
        inner = max(shape.experts.width * shape.experts.active + shape.experts.shared_width, inner)
        hidden += tokens * shape.experts.active * (2 * shape.experts.width + shape.hidden) * 2
    wide = _below(FORWARD, version)
    forward = int(tokens * wide * (inner // serving.cards + shape.hidden) * 2)
    sampling = int(_below(SAMPLER, version) * sequences * shape.vocabulary * 4) + hidden
    seeing = SEEING if shape.encoder_params and not serving.text_only else 0
    return max(forward, sampling) + seeing


def _below(table: tuple[tuple[tuple[int, int], float], ...], version: tuple[int, int]) -> float:
    return next((figure for until, figure in table if version < until), table[-1][1])

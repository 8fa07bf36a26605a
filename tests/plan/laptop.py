"""Shapes, cards and loads for tests."""

from typing import Any

from rolecall.models.nouns import Attention, Quantisation, Shape
from rolecall.plan.nouns import GIB, Device, Load

FP8_BLOCK = Quantisation(method="fp8", bits=8, scheme="block", group=128, scale_bytes=4)
LAPTOP = Device(
    name="RTX 4090 Laptop 16 GB",
    memory=int(15.6 * GIB),
    bandwidth=576 * 10**9,
    flops_16=165 * 10**12,
    flops_8=330 * 10**12,
    capability=89,
    shared=True,
)
POSTINGS = Load(
    name="test postings",
    requests=((900, 300, 60), (1_600, 400, 30), (4_000, 500, 10)),
    shared=350,
    postings=100,
)


def qwen3_4b(name: str = "Qwen/Qwen3-4B-Instruct-2507-FP8", **other: Any) -> Shape:
    """Qwen3-4B-Instruct-2507, in FP8 with one scale for each block unless told otherwise."""
    hidden, inner, layers, vocabulary = 2_560, 9_728, 36, 151_936
    one = hidden * (4_096 + 2 * 1_024) + 4_096 * hidden + 3 * hidden * inner
    given: dict[str, Any] = {
        "name": name,
        "architecture": "Qwen3ForCausalLM",
        "layers": layers,
        "hidden": hidden,
        "heads": 32,
        "head_dim": 128,
        "intermediate": inner,
        "vocabulary": vocabulary,
        "context": 262_144,
        "tied": True,
        "attention": Attention(full=layers, full_width=2 * 8 * 128),
        "linear_params": one * layers,
        "embedding_params": hidden * vocabulary,
        "other_params": layers * (2 * hidden + 2 * 128) + hidden,
        "active_params": one * layers + hidden * vocabulary,
        "rotary": 128,
        "quantisation": FP8_BLOCK,
    }
    return Shape(**(given | other))

"""Published measurements of engines on single cards, and what a plan says of each.

    PYTHONPATH=src python -m tests.plan.anchors

prints the tables of ``docs/planning-speed.md``.
"""

from typing import NamedTuple

from tests.plan.shapes import AWQ, BLOCK, PLAIN, dense, eight

from rolecall.models.catalogue import shape_named
from rolecall.models.config import shape_of
from rolecall.models.nouns import Attention, Quantisation
from rolecall.plan.devices import device_named
from rolecall.plan.nouns import Load, Serving
from rolecall.plan.speed import speed_of

NVFP4 = Quantisation(method="nvfp4", bits=4, scheme="group", group=16, scale_bytes=1)
TENSOR = Quantisation(method="fp8", bits=8, scheme="tensor")


def hybrid():
    """A Qwen3.5 of 4B (FrogNano): 9.3 GB of files, its text about 3.57 and 0.64 billion weights."""
    return dense(
        PLAIN, name="microsoft/FrogNano-4B-2609", layers=32, vocabulary=248_320, heads=16,
        head_dim=256, linear_params=3_570_000_000, embedding_params=248_320 * 2560,
        attention=Attention(full=8, full_width=2048, state=24, state_bytes=1_100_000),
    )  # fmt: skip


FOUR, FOUR_8, EIGHT = dense(PLAIN), dense(TENSOR), eight(PLAIN)


class Anchor(NamedTuple):
    """A measured run: ``tokens`` written a second by ``at_once`` requests of such lengths."""

    card: str
    shape: object
    precision: str
    prompt: int
    answer: int
    at_once: int
    tokens: float
    source: str
    kv: str = "auto"
    batched: int = 2_048


LAB = "kuotunyu/vllm-single-gpu-slo-lab (vLLM 0.28, WSL2)"
SILY = "tgarg01/silybench-data (vLLM 0.30)"
CAPY = "edurdias/capyctl-recipes (vLLM 0.30)"
TI = "a public repository (vLLM 0.23, WSL2)"
CLUB = "noonghunna/club-3090#697 (vLLM 0.19)"

ANCHORS = [
    Anchor("4090", FOUR_8, "fp8", 100, 1000, 1, 138.2, CLUB, "fp8"),
    *(
        Anchor("4090", FOUR, "bf16", 108, 132, at_once, tokens, LAB)
        for at_once, tokens in ((1, 92), (8, 675), (32, 2299), (128, 5503), (256, 6286))
    ),
    *(
        Anchor("4090", eight(BLOCK), "fp8, blocks", 108, 132, at_once, tokens, LAB)
        for at_once, tokens in ((1, 54), (16, 1003), (64, 3074), (128, 4505), (256, 5763))
    ),
    Anchor("4090", eight(AWQ), "awq", 108, 132, 1, 0.89 * 132, LAB),
    Anchor("4090", eight(AWQ), "awq", 108, 132, 256, 30.2 * 132, LAB),
    Anchor("4090", EIGHT, "bf16", 108, 132, 40, 11.4 * 132, LAB),
    *(
        Anchor("5070 ti", eight(BLOCK), "fp8, blocks", 512, 128, at_once, tokens, TI)
        for at_once, tokens in ((1, 78), (4, 293), (8, 492), (16, 804))
    ),
    *(
        Anchor("5070 ti", eight(NVFP4), "nvfp4", 512, 128, at_once, tokens, TI)
        for at_once, tokens in ((1, 124), (4, 462), (8, 807), (16, 1332))
    ),
    *(
        Anchor("4090 laptop", hybrid(), "bf16", 30, 512, at_once, tokens, CAPY)
        for at_once, tokens in ((1, 59.9), (2, 110.6), (4, 215.1))
    ),
    *(
        Anchor("gb10", FOUR, "bf16", 60, 512, at_once, tokens, CAPY)
        for at_once, tokens in ((1, 22.0), (2, 53.7), (4, 106), (8, 205))
    ),
    Anchor("h100", eight(BLOCK), "fp8, blocks", 128, 128, 512, 16_542, SILY, batched=8192),
    Anchor("h100", eight(BLOCK), "fp8, blocks", 1024, 128, 108, 4129, SILY, batched=8192),
    Anchor("h100", eight(BLOCK), "fp8, blocks", 128, 1024, 472, 15_103, SILY, batched=8192),
    Anchor("h100", EIGHT, "bf16", 1024, 128, 80, 3018, SILY, batched=8192),
]


OSS = {
    "architectures": ["GptOssForCausalLM"], "model_type": "gpt_oss", "num_hidden_layers": 24,
    "hidden_size": 2880, "intermediate_size": 2880, "num_attention_heads": 64,
    "num_key_value_heads": 8, "head_dim": 64, "vocab_size": 201_088, "num_local_experts": 32,
    "num_experts_per_tok": 4, "sliding_window": 128, "max_position_embeddings": 131_072,
    "layer_types": ["sliding_attention", "full_attention"] * 12, "tie_word_embeddings": False,
    "quantization_config": {"quant_method": "mxfp4"},
}  # fmt: skip
MIXTURE = shape_of(OSS, "openai/gpt-oss-20b")
LLAMA = shape_named("meta-llama/Llama-3.1-8B-Instruct")
MISTRAL = shape_named("mistralai/Mistral-7B-Instruct-v0.3")
SWEEP = "johnmusgrave.com, vLLM sweep (vLLM 0.23)"
CAPACITY = "mushfiqrahman.dev, Mistral 7B (vLLM)"
RENTED = "databasemart.com, A40 (vLLM), by the time of a token"

AFTERWARDS = [
    Anchor("a100 40gb", LLAMA, "bf16", 1024, 128, 1, 75, SWEEP),
    Anchor("a100 40gb", LLAMA, "bf16", 1024, 128, 8, 75 * 6.6, SWEEP),
    *(
        Anchor("4090", MISTRAL, "bf16", 256, 100, at_once, tokens, CAPACITY)
        for at_once, tokens in ((4, 210), (8, 377), (16, 644), (32, 975), (48, 1190))
    ),
    Anchor("a40", LLAMA, "bf16", 100, 443, 50, 50 / 0.03596, RENTED),
    *(
        Anchor("gb10", MIXTURE, "mxfp4", 60, 512, at_once, tokens, CAPY)
        for at_once, tokens in ((1, 45.9), (2, 84.5), (4, 126), (8, 195))
    ),
]
"""Runs that were looked up when the constants stood, and that nothing was fitted to."""


class First(NamedTuple):
    """A measured time to the first token of a prompt that is alone."""

    card: str
    shape: object
    prompt: int
    seconds: float
    source: str


FIRSTS = [
    First("4090", FOUR, 1024, 0.062, "tenstorrent/tt-inference-server#394"),
    First("4090", FOUR, 10_000, 0.714, "pegainfer-project/pegainfer#69 (its own engine)"),
    First("4090 laptop", hybrid(), 2_000, 0.27, CAPY),
    First("4090 laptop", hybrid(), 8_000, 1.07, CAPY),
    First("4090 laptop", hybrid(), 16_000, 2.22, CAPY),
    First("gb10", FOUR, 2_000, 0.264, CAPY),
    First("gb10", FOUR, 8_000, 1.17, CAPY),
]


def expected_first(one):
    """Seconds to the first token that a plan expects."""
    load = Load(name="a", requests=((one.prompt, 1, 1),), shared=0, postings=1)
    return speed_of(one.shape, device_named(one.card), load, Serving(), 1).first_token


def predicted(one):
    """Tokens a second that a plan expects: bound, serial, low, usual, high."""
    load = Load(name="a", requests=((one.prompt, one.answer, 1),), shared=0, postings=1)
    serving = Serving(kv_dtype=one.kv, sequences=1024, batched_tokens=one.batched)
    device = device_named(one.card)
    told = speed_of(one.shape, device, load, serving, one.at_once, held=False)
    return [figure * one.answer / 60 for figure in (told.bound, told.serial, *told.expected)]


def inside(one):
    """Whether the measured figure lies in the interval."""
    _, _, low, _, high = predicted(one)
    return low <= one.tokens <= high


def main():
    """Print the tables."""
    for at, one in enumerate((*ANCHORS, *AFTERWARDS)):
        if at == len(ANCHORS):
            print()
        _, serial, low, usual, high = predicted(one)
        print(
            f"| {one.card} | {one.shape.name.split('/')[1].removesuffix('-FP8')} {one.precision} "
            f"| {one.prompt:,} / {one.answer:,} | {one.at_once} | {one.tokens:,.0f} "
            f"| {low:,.0f} – {usual:,.0f} – {high:,.0f} | {one.tokens / usual - 1:+.0%} "
            f"| {one.tokens / serial:.0%} | {one.source} |"
        )
    print()
    for one in FIRSTS:
        told = expected_first(one)
        print(
            f"| {one.card} | {one.shape.name.split('/')[1].removesuffix('-FP8')} | {one.prompt:,} "
            f"| {one.seconds:.3f} | {told:.3f} | {one.seconds / told - 1:+.0%} | {one.source} |"
        )


if __name__ == "__main__":
    main()

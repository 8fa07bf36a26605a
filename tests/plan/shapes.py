"""Shapes of models that the tests of planning are about."""

from msgspec import structs

from rolecall.models.nouns import Attention, Experts, Quantisation, Shape

BLOCK = Quantisation(method="fp8", bits=8, scheme="block", group=128, scale_bytes=4)
AWQ = Quantisation(method="awq", bits=4, scheme="group", group=128, scale_bytes=2, zero_bits=4)
PLAIN = Quantisation()


def dense(quantisation=BLOCK, **other):
    """Qwen3-4B-Instruct-2507, as its config.json tells it."""
    whole = Shape(
        name="Qwen/Qwen3-4B-Instruct-2507-FP8", layers=36, hidden=2560, heads=32, head_dim=128,
        intermediate=9728, vocabulary=151_936, context=262_144, tied=True,
        attention=Attention(full=36, full_width=2 * 8 * 128), linear_params=3_633_315_840,
        embedding_params=388_956_160, other_params=196_096,
        active_params=3_633_315_840 + 388_956_160, rotary=128, quantisation=quantisation,
    )  # fmt: skip
    return structs.replace(whole, **other)


def eight(quantisation=BLOCK):
    """Qwen3-8B: 36 layers of 4,096, an inner width of 12,288, its head its own."""
    linear = 36 * (2 * 4096 * 4096 + 2 * 4096 * 1024 + 3 * 4096 * 12_288)
    return dense(
        quantisation, name="Qwen/Qwen3-8B", hidden=4096, intermediate=12_288, context=40_960,
        tied=False, linear_params=linear, embedding_params=151_936 * 4096,
        active_params=linear + 151_936 * 4096,
    )  # fmt: skip


def mixture(quantisation=BLOCK):
    """Qwen3-30B-A3B: 128 experts in each of 48 layers, 8 of them for a token."""
    expert = 48 * 128 * 3 * 2048 * 768
    plain = 48 * (2 * 2048 * 4096 + 2 * 2048 * 512 + 2048 * 128)
    head = 151_936 * 2048
    return dense(
        quantisation, name="Qwen/Qwen3-30B-A3B", layers=48, hidden=2048, heads=32,
        intermediate=768, tied=False, attention=Attention(full=48, full_width=2 * 4 * 128),
        linear_params=plain + expert, expert_params=expert, embedding_params=head,
        experts=Experts(count=128, active=8, width=768),
        active_params=plain + expert // 16 + head,
    )  # fmt: skip

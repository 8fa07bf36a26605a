"""How many weights the parts of a decoder layer have."""

from __future__ import annotations

from msgspec import Struct

from rolecall.models.fields import Fields

UNNAMED = "llama"


class Family(Struct, frozen=True, kw_only=True):
    """What the code of an architecture fixes and its configuration does not say.

    ``bias`` are biases of the queries, keys and values, ``sinks`` one learned value per head,
    ``head_norms`` norms of queries and keys per head, ``norms`` those of the hidden size in each
    layer. ``gated`` says that half of the query projection is a gate. ``matrices`` of the
    feed-forward layer are two, or three where it has a gate. ``tied`` is the default.
    """

    bias: bool = False
    sinks: bool = False
    head_norms: bool = False
    wide_norms: bool = False
    norms: int = 2
    gated: bool = False
    matrices: int = 3
    tied: bool = False
    biased_norms: bool = False


PLAIN = Family()
QWEN3 = Family(head_norms=True)
QWEN3_GATED = Family(head_norms=True, gated=True)
GEMMA = Family(norms=4, tied=True)
GEMMA_NORMED = Family(norms=4, tied=True, head_norms=True)

FAMILIES: dict[str, Family] = {
    "llama": PLAIN, "mistral": PLAIN, "ministral": PLAIN, "ministral3": PLAIN, "mistral3": PLAIN,
    "mixtral": PLAIN, "phi3": PLAIN, "smollm3": PLAIN, "granite": PLAIN, "granitemoe": PLAIN,
    "granitemoehybrid": PLAIN, "phi4mm": PLAIN, "seed_oss": PLAIN, "pixtral": PLAIN,
    "qwen2": Family(bias=True), "qwen2_vl": Family(bias=True), "qwen2_5_vl": Family(bias=True),
    "qwen2_vl_text": Family(bias=True), "qwen2_5_vl_text": Family(bias=True),
    "qwen2_moe": Family(bias=True),
    "qwen3": QWEN3, "qwen3_moe": QWEN3, "qwen3_vl_text": QWEN3, "qwen3_vl_moe_text": QWEN3,
    "qwen3_next": QWEN3_GATED, "qwen3_5_text": QWEN3_GATED, "qwen3_5_moe_text": QWEN3_GATED,
    "gemma": Family(tied=True), "gemma2": GEMMA, "gemma3_text": GEMMA_NORMED,
    "gemma3n_text": GEMMA_NORMED, "gemma4_text": GEMMA_NORMED,
    "gemma4_unified_text": GEMMA_NORMED,
    "gpt_oss": Family(bias=True, sinks=True),
    "deepseek_v2": PLAIN, "deepseek_v3": PLAIN, "kimi_k2": PLAIN, "glm4_moe_lite": PLAIN,
    "glm4": Family(norms=4), "glm": PLAIN, "glm4_moe": PLAIN,
    "cohere": Family(norms=1, tied=True), "cohere2": Family(norms=1, tied=True),
    "olmo2": Family(wide_norms=True), "olmo3": Family(wide_norms=True),
    "exaone4": Family(head_norms=True), "lfm2": Family(tied=True, head_norms=True),
    "opt": Family(matrices=2, tied=True, bias=True, biased_norms=True),
}  # fmt: skip
"""Architectures by ``model_type``; of a nested configuration, its decoder's."""


class Counted(Struct, frozen=True, kw_only=True):
    """Weights: of linear layers, those of them of experts, those read per token, and others.

    ``other`` stays in 16 bit: norms, biases, and routers, which no checkpoint quantises.
    """

    linear: int = 0
    expert: int = 0
    active: int = 0
    other: int = 0

    def __add__(self, more: Counted) -> Counted:
        """The sum, part by part."""
        return Counted(
            linear=self.linear + more.linear,
            expert=self.expert + more.expert,
            active=self.active + more.active,
            other=self.other + more.other,
        )


def plain(linear: int, other: int = 0) -> Counted:
    """Linear layers that every token goes through, and what belongs to them."""
    return Counted(linear=linear, active=linear, other=other)


class Heads(Struct, frozen=True, kw_only=True):
    """Query heads, key and value heads, and the width of one head."""

    query: int
    keyed: int
    width: int
    shares_keys: bool = False
    """Whether the keys are the values as well, so that one projection makes both."""


def heads_of(fields: Fields, kind: str) -> Heads:
    """The heads of a layer of this kind; full layers of Gemma 4 have wider ones."""
    hidden = fields.count("hidden_size", "n_embd", "d_model")
    query = fields.count("num_attention_heads", "n_head")
    keyed = fields.count("num_key_value_heads", default=query)
    latent = fields.has("kv_lora_rank")
    if not latent and not fields.has("head_dim") and hidden % query:
        raise fields.refused(f"hidden_size {hidden} is no multiple of {query} heads")
    width = fields.count("head_dim", default=max(hidden // query, 1))
    if kind == "full" and fields.has("global_head_dim"):
        width = fields.count("global_head_dim")
        if fields.flag("attention_k_eq_v"):
            keyed = fields.count("num_global_key_value_heads", default=keyed)
            return Heads(query=query, keyed=keyed, width=width, shares_keys=True)
    if keyed > query:
        raise fields.refused(f"{keyed} key heads for {query} query heads")
    return Heads(query=query, keyed=keyed, width=width)


def attention_weights(fields: Fields, family: Family, kind: str, keyed: bool) -> Counted:
    """The four projections of one attention layer, with biases and norms."""
    if fields.has("kv_lora_rank"):
        return _latent(fields)
    hidden = fields.count("hidden_size", "n_embd", "d_model")
    heads = heads_of(fields, kind)
    queries, keys = heads.query * heads.width, heads.keyed * heads.width
    projected = 2 if not heads.shares_keys else 1
    linear = hidden * queries * (2 if family.gated else 1) + queries * hidden
    other = heads.query if family.sinks else 0
    if keyed:
        linear += projected * hidden * keys
    biased = family.bias or fields.flag("attention_bias") or fields.flag("qkv_bias")
    if biased:
        other += queries + (2 * keys if keyed else 0)
    if biased and (family.sinks or _output_bias(fields)):
        other += hidden
    if family.head_norms or fields.flag("use_qk_norm"):
        other += heads.width * (2 if keyed else 1)
    if family.wide_norms:
        other += queries + keys
    return plain(linear, other)


def _output_bias(fields: Fields) -> bool:
    """Whether the output projection has a bias where the others have one."""
    kind = fields.word("model_type")
    return kind in ("llama", "opt", "granite", "seed_oss", "qwen3", "qwen3_moe")


def _latent(fields: Fields) -> Counted:
    """Multi-head latent attention: keys and values of all heads from one latent per token."""
    hidden = fields.count("hidden_size")
    heads = fields.count("num_attention_heads")
    rank, rope = fields.count("kv_lora_rank"), fields.count("qk_rope_head_dim")
    content, value = fields.count("qk_nope_head_dim"), fields.count("v_head_dim")
    other = rank
    if fields.has("q_lora_rank"):
        inner = fields.count("q_lora_rank")
        linear = hidden * inner + inner * heads * (content + rope)
        other += inner
    else:
        linear = hidden * heads * (content + rope)
    linear += hidden * (rank + rope) + rank * heads * (content + value) + heads * value * hidden
    if fields.flag("attention_bias"):
        other += hidden + rank + rope
    return plain(linear, other)


def feed_forward(fields: Fields, family: Family, layer: int) -> Counted:
    """The feed-forward part of a layer: dense, or a mixture of experts."""
    hidden = fields.count("hidden_size", "n_embd", "d_model")
    if layer in dense_layers(fields):
        width = _dense_width(fields, layer)
        other = hidden + width if fields.word("model_type") == "opt" else 0
        if fields.flag("mlp_bias"):
            other += 2 * width + hidden
        return plain(family.matrices * hidden * width, other)
    return _experts(fields, hidden)


def _dense_width(fields: Fields, layer: int) -> int:
    kind = fields.word("model_type")
    if kind == "granitemoehybrid":
        return fields.count("shared_intermediate_size", "intermediate_size")
    widths = fields.values.get("intermediate_size")
    if isinstance(widths, list | tuple):
        if layer >= len(widths):
            raise fields.refused("intermediate_size names too few layers")
        return Fields({"intermediate_size": widths[layer]}, fields.name).count("intermediate_size")
    width = fields.count("intermediate_size", "ffn_dim", "n_inner")
    if kind == "lfm2" and fields.flag("block_auto_adjust_ff_dim", True):
        step = fields.count("block_multiple_of", default=256)
        return -(-int(2 * width / 3) // step) * step
    shared = fields.count("num_kv_shared_layers", default=0, least=0)
    layers = fields.count("num_hidden_layers")
    if fields.flag("use_double_wide_mlp") and shared and layer >= layers - shared:
        return 2 * width
    return width


def expert_count(fields: Fields) -> int:
    """How many experts a layer with experts has; 0 for a dense model."""
    names = ("num_experts", "num_local_experts", "n_routed_experts")
    return fields.count(*names, default=0, least=0)


def expert_width(fields: Fields) -> int:
    """The inner width of one expert."""
    return fields.count("moe_intermediate_size", "intermediate_size")


def shared_width(fields: Fields) -> int:
    """The inner width of what every token goes through beside the experts; 0 for none."""
    one = fields.count("shared_expert_intermediate_size", "shared_intermediate_size", default=0,
                       least=0)  # fmt: skip
    if one:
        return one
    number = fields.count("n_shared_experts", "num_shared_experts", default=0, least=0)
    return number * expert_width(fields)


def dense_layers(fields: Fields) -> range | frozenset[int]:
    """The layers without experts, by their index."""
    layers = fields.count("num_hidden_layers", "n_layer", "num_layers")
    if not expert_count(fields):
        return range(layers)
    told = fields.words("mlp_layer_types")
    if told:
        return frozenset(i for i, one in enumerate(told[:layers]) if one == "dense")
    only = fields.values.get("mlp_only_layers")
    alone = frozenset(i for i in only if isinstance(i, int)) if isinstance(only, list) else None
    step = fields.count("decoder_sparse_step", "moe_layer_freq", default=1)
    first = fields.count("first_k_dense_replace", default=0, least=0)
    return frozenset(
        i
        for i in range(layers)
        if i < first or (alone and i in alone) or (step > 1 and (i + 1) % step)
    )


def _experts(fields: Fields, hidden: int) -> Counted:
    count, width = expert_count(fields), expert_width(fields)
    active = fields.count("num_experts_per_tok", "top_k_experts", "num_experts_per_token")
    if active > count:
        raise fields.refused(f"{active} of {count} experts for a token")
    one, shared = 3 * hidden * width, 3 * hidden * shared_width(fields)
    router, other = hidden * count, 0
    kind = fields.word("model_type")
    if kind == "gpt_oss":  # its router and experts have biases
        other += count + count * (2 * width + hidden)
    if kind in ("deepseek_v3", "kimi_k2", "glm4_moe", "glm4_moe_lite"):
        other += count  # the correction that balances the experts
    if shared and kind in ("qwen2_moe", "qwen3_next", "qwen3_5_moe_text"):
        other += hidden  # the gate of the shared expert
    return Counted(
        linear=count * one + shared,
        expert=count * one,
        active=active * one + shared + router,
        other=router + other,
    )

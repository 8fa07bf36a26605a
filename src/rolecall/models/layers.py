"""Which layers a decoder has and what each of them remembers of a sequence."""

from __future__ import annotations

from msgspec import Struct

from rolecall.models.fields import Fields
from rolecall.models.nouns import Attention

MOST_LAYERS = 1_000

STATES = {"linear_attention": "linear", "mamba": "mamba", "conv": "conv"}
WINDOWS = {"sliding_attention": "window", "chunked_attention": "window", "local": "window"}
HYBRIDS = ("qwen3_next", "qwen3_5_text", "qwen3_5_moe_text", "qwen3_5", "qwen3_5_moe")
MAMBAS = ("granitemoehybrid", "bamba", "mamba2", "nemotron_h")


class Layers(Struct, frozen=True, kw_only=True):
    """The kinds of the layers in order, and the size of what each keeps.

    A kind is ``full``, ``window``, ``linear`` (Gated DeltaNet), ``mamba`` or ``conv``. ``keyed``
    says of each layer whether it keeps keys and values of its own. Widths are values per token.
    """

    kinds: tuple[str, ...]
    keyed: tuple[bool, ...]
    window: int = 0


def layers_of(fields: Fields) -> Layers:
    """The kinds of all layers, from ``layer_types`` or from the older fields."""
    count = fields.count("num_hidden_layers", "n_layer", "num_layers")
    if count > MOST_LAYERS:
        raise fields.refused(f"num_hidden_layers is {count:,}, which no model has")
    window = fields.count("sliding_window", "attention_chunk_size", default=0, least=0)
    kinds = _stated(fields, count) or _by_rule(fields, count, window)
    if window == 0 or window >= fields.count("max_position_embeddings", default=window + 1):
        kinds = tuple("full" if kind == "window" else kind for kind in kinds)
    shared = fields.count("num_kv_shared_layers", default=0, least=0)
    if shared >= count:
        raise fields.refused(f"num_kv_shared_layers is {shared}, of {count} layers")
    keyed = tuple(
        kind in ("full", "window") and index < count - shared for index, kind in enumerate(kinds)
    )
    return Layers(kinds=kinds, keyed=keyed, window=window if "window" in kinds else 0)


def _stated(fields: Fields, count: int) -> tuple[str, ...]:
    told = fields.words("layer_types") or fields.words("layers_block_type")
    if not told:
        return ()
    if len(told) < count:
        raise fields.refused(f"layer_types names {len(told)} layers of {count}")
    mamba = fields.word("model_type") in MAMBAS
    kinds = [WINDOWS.get(one) or STATES.get(one) or "full" for one in told[:count]]
    return tuple("mamba" if kind == "linear" and mamba else kind for kind in kinds)


def _by_rule(fields: Fields, count: int, window: int) -> tuple[str, ...]:
    """The rules that stand in the model's own code where the configuration is silent."""
    kind = fields.word("model_type")
    if kind in HYBRIDS:
        every = fields.count("full_attention_interval", default=4)
        return tuple("linear" if (i + 1) % every else "full" for i in range(count))
    if not window:
        return ("full",) * count
    if kind == "gemma2" or kind == "gpt_oss":
        return tuple("full" if i % 2 else "window" for i in range(count))
    if kind.startswith(("gemma3", "gemma4", "cohere2")) or fields.has("sliding_window_pattern"):
        usual = {"gemma3n": 5, "gemma3n_text": 5, "cohere2": 4}.get(kind, 6)
        every = fields.count("sliding_window_pattern", default=usual)
        return tuple("window" if (i + 1) % every else "full" for i in range(count))
    if kind.startswith("qwen"):
        first = fields.count("max_window_layers", default=count, least=0)
        slides = fields.flag("use_sliding_window")
        return tuple("window" if slides and i >= first else "full" for i in range(count))
    return ("window",) * count


def attention_of(layers: Layers, widths: tuple[int, int], state_bytes: int) -> Attention:
    """What the layers keep: ``widths`` are those of full and of window layers.

    Layers without keys of their own count nowhere.
    """
    full = sum(kind == "full" and own for kind, own in zip(layers.kinds, layers.keyed, strict=True))
    window = sum(
        kind == "window" and own for kind, own in zip(layers.kinds, layers.keyed, strict=True)
    )
    state = sum(kind in ("linear", "mamba", "conv") for kind in layers.kinds)
    return Attention(
        full=full,
        full_width=widths[0],
        window=window,
        window_width=widths[1] if window else 0,
        window_tokens=layers.window if window else 0,
        state=state,
        state_bytes=state_bytes if state else 0,
    )

"""The nouns of models: a shape, how its weights are stored, an entry of the catalogue.

All sizes are whole bytes or counts; one value of a tensor in 16 bit takes two bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

Scheme = Literal["none", "block", "tensor", "channel", "group"]
"""What shares one scale: nothing is scaled, a square block, a tensor, an output channel, or a
group of inputs of one output channel."""

Origin = Literal["catalogue", "folder", "hub", "gguf", "name"]
"""Where a shape was read: ``name`` says that a part of it is guessed from the model's name."""


class Quantisation(Struct, frozen=True, kw_only=True):
    """How the weights of the linear layers are stored.

    ``method`` is ``none`` (16 bit), ``fp8``, ``int8``, ``awq``, ``gptq``, ``w4a16``, ``nvfp4``,
    ``mxfp4``, ``bnb4`` or ``gguf``. A value takes ``bits``; ``group`` values share a scale of
    ``scale_bytes``, with a zero point of ``zero_bits`` each. For ``block`` the group is the side of
    the square. ``all_layers`` says that embeddings and heads are stored so too, which real
    checkpoints rarely do. ``experts_only`` leaves everything but experts in 16 bit.
    """

    method: str = "none"
    bits: int = 16
    scheme: Scheme = "none"
    group: int = 0
    scale_bytes: int = 0
    zero_bits: int = 0
    all_layers: bool = False
    experts_only: bool = False


class Experts(Struct, frozen=True, kw_only=True):
    """A mixture of experts: ``count`` in each such layer, ``active`` of them for a token.

    ``width`` is the inner width of one expert, ``shared_width`` that of the experts that every
    token goes through; the first ``dense_layers`` layers have none.
    """

    count: int
    active: int
    width: int
    shared_width: int = 0
    dense_layers: int = 0


class Attention(Struct, frozen=True, kw_only=True):
    """Which layers remember what.

    ``full`` layers keep keys and values of the whole context, ``window`` layers those of the last
    ``window_tokens`` tokens, ``state`` layers a state of ``state_bytes`` per layer and sequence,
    whatever its length. Layers that share another one's keys and values count nowhere.
    ``full_width`` and ``window_width`` are the values kept per token and layer: keys and values of
    all heads, or the latent of a compressed form.
    """

    full: int
    full_width: int
    window: int = 0
    window_width: int = 0
    window_tokens: int = 0
    state: int = 0
    state_bytes: int = 0


class Shape(Struct, frozen=True, kw_only=True):
    """Everything about a model that its memory and speed follow from.

    ``name`` is what the user named (a hub id or a folder). ``linear_params`` are the weights of
    all linear layers, those of experts included; ``expert_params`` of them belong to experts.
    ``embedding_params`` is one matrix of vocabulary by hidden size, and ``tied`` says that it
    is the head as well. ``other_params`` are norms, biases and the like; ``encoder_params`` belong
    to encoders of pictures and sound; both stay in 16 bit. ``active_params`` are read for one
    token, head included and embedding not. ``tensor_bytes`` is what the files' headers say the
    tensors take on the card, where they were read. ``context`` is the longest that the model was
    made for, and ``rotary`` the values per position of its rotary tables. ``assumed`` says in
    words what was guessed.
    """

    name: str
    architecture: str = ""
    layers: int
    hidden: int
    heads: int
    head_dim: int
    intermediate: int
    vocabulary: int
    context: int
    tied: bool
    attention: Attention
    linear_params: int
    embedding_params: int
    other_params: int = 0
    encoder_params: int = 0
    active_params: int
    rotary: int
    experts: Experts | None = None
    expert_params: int = 0
    quantisation: Quantisation = Quantisation()
    tensor_bytes: int | None = None
    origin: Origin = "catalogue"
    assumed: tuple[str, ...] = ()

    @property
    def params(self) -> int:
        """All parameters, the head counted once where it is tied."""
        heads = 1 if self.tied else 2
        return (
            self.linear_params
            + heads * self.embedding_params
            + self.other_params
            + self.encoder_params
        )


class Published(Struct, frozen=True, kw_only=True):
    """A score that somebody published: ``mode`` says of what it is, ``source`` where it stands."""

    benchmark: str
    value: float
    mode: str = ""
    source: str


class Entry(Struct, frozen=True, kw_only=True):
    """A model of the catalogue.

    ``config`` holds the fields of its ``config.json`` that its shape follows from. ``source`` is
    where they were read, ``licence`` an SPDX name or the licence's own, ``checked`` is false where
    a figure comes from memory and not from a source. ``download_bytes`` is what its files take.
    ``variants`` maps a hub id of the same model in another precision to that precision.
    """

    name: str
    config: Mapping[str, Any]
    licence: str
    source: str
    checked: bool = True
    released: str = ""
    download_bytes: int | None = None
    variants: Mapping[str, str] = {}
    scores: tuple[Published, ...] = ()
    note: str = ""

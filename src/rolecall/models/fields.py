"""The fields of a ``config.json``, read with their bounds: a missing one is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from rolecall.errors import UsageError

DECODERS = ("text_config", "llm_config", "language_config", "language_model", "thinker_config")
"""Where the fields of the decoder stand in a model that also sees or hears."""

GREATEST = 2**31
"""No field of a real model is larger; what is, is garbage or an attack on our arithmetic."""

FILLED_IN: dict[str, dict[str, Any]] = {
    "gemma3_text": {
        "vocab_size": 262_208, "num_attention_heads": 8, "num_key_value_heads": 4,
        "head_dim": 256, "max_position_embeddings": 131_072, "sliding_window": 4_096,
    },
    "gemma4_text": {"hidden_size_per_layer_input": 256},
}  # fmt: skip
"""What real files leave out because the library's own default holds."""


class Fields(Struct, frozen=True):
    """Fields of one model, with the name that errors call it by."""

    values: Mapping[str, Any]
    name: str

    def has(self, key: str) -> bool:
        """Whether the field is there and not null."""
        return self.values.get(key) is not None

    def count(self, *keys: str, default: int | None = None, least: int = 1) -> int:
        """The first of the fields that is there, a whole number from ``least`` on."""
        for key in keys:
            value = self.values.get(key)
            if value is None:
                continue
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            if isinstance(value, bool) or not isinstance(value, int):
                raise self.refused(f"{key} is {value!r:.80}, not a whole number")
            if not least <= value <= GREATEST:
                raise self.refused(f"{key} is {value!s:.24}, which no model has")
            return value
        if default is None:
            raise self.refused(f"its config.json lacks {keys[0]}")
        return default

    def share(self, key: str, default: float) -> float:
        """A field above 0 and up to 1."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            raise self.refused(f"{key} is {value!r:.80}, not a share")
        return float(value)

    def flag(self, key: str, default: bool = False) -> bool:
        """A field that is true or false."""
        value = self.values.get(key)
        return default if value is None else bool(value)

    def word(self, key: str, default: str = "") -> str:
        """A field of text."""
        value = self.values.get(key)
        return value if isinstance(value, str) else default

    def words(self, key: str) -> tuple[str, ...]:
        """A list of words; empty where there is none."""
        value = self.values.get(key)
        if not isinstance(value, list | tuple):
            return ()
        return tuple(one for one in value if isinstance(one, str))

    def table(self, key: str) -> Mapping[str, Any]:
        """A field that holds fields; empty where there is none."""
        value = self.values.get(key)
        return value if isinstance(value, Mapping) else {}

    def inside(self, key: str) -> Fields:
        """The fields in a field."""
        return Fields(self.table(key), self.name)

    def refused(self, why: str) -> UsageError:
        """The error that says what is wrong with the configuration of this model."""
        return UsageError(
            f"the shape of {self.name!a} cannot be read: {why}",
            hint="give a folder with the model's own config.json, or a model of: "
            "rolecall models list",
        )


def decoder_fields(config: Mapping[str, Any], name: str) -> Fields:
    """The fields of the decoder: its own, and of the whole model what it does not have itself."""
    if not isinstance(config, Mapping):
        raise Fields({}, name).refused("its config.json is not an object")
    merged: dict[str, Any] = dict(config)
    for key in DECODERS:
        inner = config.get(key)
        if isinstance(inner, Mapping):
            nested = decoder_fields(inner, name).values
            merged = {**_plain(config), **{k: v for k, v in nested.items() if v is not None}}
            break
    kind = merged.get("model_type")
    if isinstance(kind, str):
        for key, value in FILLED_IN.get(kind, {}).items():
            merged.setdefault(key, value)
    return Fields(merged, name)


def _plain(config: Mapping[str, Any]) -> dict[str, Any]:
    """What the whole model says for its decoder too: its fields that hold no fields."""
    return {key: value for key, value in config.items() if not isinstance(value, Mapping)}

"""The header of a GGUF file: its metadata and tensors, read within bounds."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from rolecall.errors import UsageError
from rolecall.models.config import shape_of
from rolecall.models.nouns import Quantisation, Shape

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MOST_TENSORS, MOST_KEYS, MOST_ITEMS = 200_000, 10_000, 4_000_000
MOST_TEXTS = 1_000_000
"""Each text of a list has to be stepped over; the longest real lists are a fourth of this."""
LONGEST_NAME, LONGEST_STRING = 1_024, 16 * 1024 * 1024
STRING, ARRAY = 8, 9
NUMBERS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q",
    12: "<d",
}  # fmt: skip

BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    9: (32, 36), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
    15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18),
    21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8),
    28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
"""Values and bytes of one block, by the number of a tensor's type."""

ARCHITECTURES = {
    "llama": "llama", "qwen2": "qwen2", "qwen3": "qwen3", "qwen3moe": "qwen3_moe",
    "gemma2": "gemma2", "gemma3": "gemma3_text", "phi3": "phi3", "gpt-oss": "gpt_oss",
    "granite": "granite", "smollm3": "smollm3", "glm4": "glm4",
}  # fmt: skip

FIELDS = {
    "num_hidden_layers": "block_count", "hidden_size": "embedding_length",
    "intermediate_size": "feed_forward_length", "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "attention.head_count_kv", "head_dim": "attention.key_length",
    "max_position_embeddings": "context_length", "vocab_size": "vocab_size",
    "sliding_window": "attention.sliding_window", "num_experts": "expert_count",
    "num_experts_per_tok": "expert_used_count",
    "moe_intermediate_size": "expert_feed_forward_length",
}  # fmt: skip


class Header(Struct, frozen=True, kw_only=True):
    """What stands before the weights. ``tensors`` maps a name to its shape and bytes; arrays of
    the metadata are kept as their length alone.
    """

    metadata: Mapping[str, Any]
    tensors: Mapping[str, tuple[tuple[int, ...], int]]


def shape_in_gguf(path: Path, name: str) -> Shape:
    """The shape of the model in a GGUF file, its weights counted tensor by tensor."""
    header = read_header(path)
    arch = header.metadata.get("general.architecture")
    if not isinstance(arch, str):
        raise _damaged(path, "it names no architecture")
    parts = header.metadata.get("split.count")
    if isinstance(parts, int) and parts > 1:
        raise UsageError(
            f"{path} is one of {parts} parts of a model",
            hint="vLLM reads one whole file: join them first, with gguf-split --merge",
        )
    config: dict[str, Any] = {"model_type": ARCHITECTURES.get(arch, arch)}
    for field, key in FIELDS.items():
        value = header.metadata.get(f"{arch}.{key}")
        if isinstance(value, int | float) and not isinstance(value, bool):
            config[field] = value
    embedding = header.tensors.get("token_embd.weight")
    if embedding and len(embedding[0]) == 2:
        config.setdefault("vocab_size", embedding[0][1])
    config["tie_word_embeddings"] = "output.weight" not in header.tensors
    if not config.get("num_experts"):
        config.pop("num_experts", None)
    shape = shape_of(config, name, origin="gguf", quantisation=Quantisation())
    return _counted(shape, header)


def _counted(shape: Shape, header: Header) -> Shape:
    """The shape with its weights and bytes as the tensors have them."""
    linear = expert = other = total = 0
    for key, (sizes, stored) in header.tensors.items():
        total += stored
        if key in ("token_embd.weight", "output.weight"):
            continue
        if len(sizes) < 2 or "_inp.weight" in key:
            other += prod(sizes)
            continue
        linear += prod(sizes)
        expert += prod(sizes) if "_exps." in key else 0
    share = shape.experts.active / shape.experts.count if shape.experts else 0
    weights = linear + shape.embedding_params * (1 if shape.tied else 2) + other
    bits = max(1, min(32, round(total * 8 / max(weights, 1))))
    return msgspec.structs.replace(
        shape,
        linear_params=linear,
        expert_params=expert,
        other_params=other,
        active_params=linear - expert + int(expert * share) + shape.embedding_params,
        tensor_bytes=total,
        quantisation=Quantisation(method="gguf", bits=bits, scheme="group", all_layers=True),
        assumed=(*shape.assumed, f"{bits} bits are the mean of its tensors' types"),
    )


def read_header(path: Path) -> Header:
    """The header of a file. Raises `UsageError` for what is no whole GGUF file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if size < 24:
                raise _damaged(path, "it is too short")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
                return _Cursor(view, size, path).header()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


class _Cursor:
    """A place in the file that moves on as values are read, never past its end."""

    def __init__(self, view: mmap.mmap, size: int, path: Path) -> None:
        self.view, self.size, self.path, self.at = view, size, path, 0

    def header(self) -> Header:
        if self.view[:4] != MAGIC:
            raise _damaged(self.path, "it does not begin like one")
        self.at = 4
        version = self.number("<I")
        if version not in VERSIONS:
            raise _damaged(self.path, f"its version is {version}, not 2 or 3")
        tensors = self.bounded("<Q", MOST_TENSORS, "tensors")
        keys = self.bounded("<Q", MOST_KEYS, "keys")
        metadata = {}
        for _ in range(keys):
            key = self.text(LONGEST_NAME)
            metadata[key] = self.value(int(self.number("<I")))
        found: dict[str, tuple[tuple[int, ...], int]] = {}
        end = 0
        for _ in range(tensors):
            name, sizes, stored, offset = self.tensor()
            found[name] = (sizes, stored)
            end = max(end, offset + stored)
        aligned = metadata.get("general.alignment")
        step = aligned if isinstance(aligned, int) and 8 <= aligned <= 65_536 else 32
        start = -(-self.at // step) * step
        if start + end > self.size:
            raise _damaged(self.path, f"{start + end - self.size:,} bytes are missing at its end")
        return Header(metadata=metadata, tensors=found)

    def number(self, form: str) -> int | float:
        width = struct.calcsize(form)
        self.take(width)
        value: int | float = struct.unpack(form, self.view[self.at - width : self.at])[0]
        return value

    def take(self, count: int) -> None:
        if count > self.size - self.at:
            raise _damaged(self.path, "it ends within its header")
        self.at += count

    def bounded(self, form: str, most: int, what: str) -> int:
        count = int(self.number(form))
        if count > most:
            raise _damaged(self.path, f"it claims {count:,} {what}")
        return count

    def text(self, longest: int) -> str:
        length = self.bounded("<Q", longest, "bytes of one text")
        self.take(length)
        return self.view[self.at - length : self.at].decode("utf-8", "replace")

    def value(self, kind: int) -> Any:
        if kind == STRING:
            return self.text(LONGEST_STRING)
        if kind == ARRAY:
            return self.array()
        form = NUMBERS.get(kind)
        if form is None:
            raise _damaged(self.path, f"it has a value of the unknown kind {kind}")
        return self.number(form)

    def array(self) -> str:
        """Step over an array; its length is all that is kept, as text."""
        kind = int(self.number("<I"))
        most = MOST_TEXTS if kind == STRING else MOST_ITEMS
        count = self.bounded("<Q", most, "items of one list")
        if kind == STRING:
            for _ in range(count):
                self.take(self.bounded("<Q", LONGEST_STRING, "bytes of one text"))
        elif kind in NUMBERS:
            self.take(count * struct.calcsize(NUMBERS[kind]))
        else:
            raise _damaged(self.path, f"it has a list of the unknown kind {kind}")
        return f"{count} items"

    def tensor(self) -> tuple[str, tuple[int, ...], int, int]:
        name = self.text(LONGEST_NAME)
        sizes = tuple(int(self.number("<Q")) for _ in range(self.bounded("<I", 4, "dimensions")))
        kind, offset = int(self.number("<I")), int(self.number("<Q"))
        if kind not in BLOCKS:
            raise _damaged(self.path, f"tensor {name!a:.80} has the unknown type {kind}")
        values, width = BLOCKS[kind]
        count = prod(sizes)
        if count > 2**50 or (sizes and sizes[0] % values):
            raise _damaged(self.path, f"tensor {name!a:.80} has no real shape")
        return name, sizes, count // values * width, offset


def _damaged(path: Path, why: str) -> UsageError:
    return UsageError(f"{path} is no whole GGUF file: {why}", hint="fetch it again")

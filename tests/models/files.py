"""Model files as tests need them: small, whole or damaged."""

import json
import struct
from math import prod

WIDTHS = {"BF16": 2, "F16": 2, "F32": 4, "F8_E4M3": 1, "I32": 4, "U8": 1}

TINY = {
    "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "num_hidden_layers": 2,
    "hidden_size": 8, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4,
    "intermediate_size": 16, "vocab_size": 32, "max_position_embeddings": 64,
    "tie_word_embeddings": True,
}  # fmt: skip


def tiny_tensors(layers=2, dtype="BF16"):
    """The tensors of the tiny model, by name."""
    found = {"model.embed_tokens.weight": (dtype, (32, 8)), "model.norm.weight": (dtype, (8,))}
    for index in range(layers):
        at = f"model.layers.{index}."
        found |= {
            at + "self_attn.q_proj.weight": (dtype, (8, 8)),
            at + "self_attn.k_proj.weight": (dtype, (4, 8)),
            at + "self_attn.v_proj.weight": (dtype, (4, 8)),
            at + "self_attn.o_proj.weight": (dtype, (8, 8)),
            at + "self_attn.q_norm.weight": (dtype, (4,)),
            at + "self_attn.k_norm.weight": (dtype, (4,)),
            at + "mlp.gate_proj.weight": (dtype, (16, 8)),
            at + "mlp.up_proj.weight": (dtype, (16, 8)),
            at + "mlp.down_proj.weight": (dtype, (8, 16)),
            at + "input_layernorm.weight": (dtype, (8,)),
            at + "post_attention_layernorm.weight": (dtype, (8,)),
        }
    return found


def safetensors(tensors, fill=b"\x01"):
    """The bytes of a file with these tensors."""
    header, end = {}, 0
    for name, (dtype, shape) in tensors.items():
        stop = end + prod(shape) * WIDTHS[dtype]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [end, stop]}
        end = stop
    told = json.dumps(header).encode()
    return struct.pack("<Q", len(told)) + told + fill * end


def write_model(folder, config=TINY, tensors=None):
    """A folder of the tiny model."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes(safetensors(tensors or tiny_tensors()))
    return folder


def _text(text):
    told = text.encode()
    return struct.pack("<Q", len(told)) + told


def gguf(metadata, tensors, version=3):
    """The bytes of a GGUF file; values are numbers, texts and lists of texts."""
    out = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(metadata))
    for key, value in metadata.items():
        out += _text(key)
        if isinstance(value, str):
            out += struct.pack("<I", 8) + _text(value)
        elif isinstance(value, list):
            out += struct.pack("<IIQ", 9, 8, len(value)) + b"".join(_text(one) for one in value)
        else:
            out += struct.pack("<II", 4, value)
    offset = 0
    for name, (kind, shape) in tensors.items():
        out += _text(name) + struct.pack("<I", len(shape))
        out += b"".join(struct.pack("<Q", one) for one in shape) + struct.pack("<IQ", kind, offset)
        values, width = {0: (1, 4), 1: (1, 2), 12: (256, 144)}[kind]
        offset += prod(shape) // values * width
    out += b"\0" * (-len(out) % 32)
    return out + b"\0" * offset

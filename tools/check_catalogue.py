"""Compare the catalogue's counts of parameters with those of transformers' own classes.

Run in vLLM's environment, which has transformers and torch; models are built without weights::

    .venv-vllm/bin/python tools/check_catalogue.py [WORD ...]

With words, only models whose names hold one of them. Ends with 1 if a count differs.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NOT_CONFIGURED = ("quantization_config", "model_type")
SAME = {"kimi_k2": "deepseek_v3"}
"""Architectures that the library knows by another's name."""
CORRECTIONS = ("deepseek_v3", "kimi_k2", "glm4_moe", "glm4_moe_lite")
"""Of these the library keeps the experts' corrections as buffers, which it does not count."""


def main(words: list[str]) -> int:
    """Print a line for each model, and return the exit code."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    sys.path.insert(0, str(ROOT / "src"))
    checked = differing = 0
    for name, config, counted, corrections in _models(words):
        found = _built(config)
        wrong = found + corrections != counted
        checked += 1
        differing += wrong
        print(
            f"{'FAIL' if wrong else 'ok  '}  {name}: {counted:,}, {found - counted:+,}", flush=True
        )
    print(f"{checked} different configurations, {differing} with another number of parameters")
    return 1 if differing or not checked else 0


def _models(words: list[str]) -> Iterator[tuple[str, dict[str, Any], int, int]]:
    """Name, configuration, our count, and corrections in it; each configuration once."""
    from rolecall.models.catalogue import entries
    from rolecall.models.config import shape_of

    seen = set()
    for entry in entries():
        key = json.dumps(entry.config, sort_keys=True)
        if key in seen or (words and not any(word in entry.name for word in words)):
            continue
        seen.add(key)
        shape = shape_of(entry.config, entry.name)
        corrections = 0
        if entry.config["model_type"] in CORRECTIONS and shape.experts is not None:
            corrections = (shape.layers - shape.experts.dense_layers) * shape.experts.count
        yield entry.name, dict(entry.config), shape.params, corrections


def _built(config: dict[str, Any]) -> int:
    """How many parameters the library's own model has, tied ones once."""
    import torch
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM, AutoModelForImageTextToText

    fields = {key: value for key, value in config.items() if key not in NOT_CONFIGURED}
    if "text_config" in fields:  # the library ties the whole model where only its decoder says no
        tied = fields["text_config"].get("tie_word_embeddings", False)
        fields.setdefault("tie_word_embeddings", tied)
    kind = config["model_type"]
    made = CONFIG_MAPPING[SAME.get(kind, kind)].from_dict(fields)
    sees = "vision_config" in config or "text_config" in config
    kinds = (AutoModelForImageTextToText if sees else AutoModelForCausalLM, AutoModelForCausalLM)
    with torch.device("meta"):
        for automatic in kinds:
            try:
                model = automatic.from_config(made)
                break
            except ValueError:
                continue
    return sum(one.numel() for one in model.parameters())


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

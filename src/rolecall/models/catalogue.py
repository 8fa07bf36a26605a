"""The models that are known without a network, and which of them a name means."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from rolecall.models.config import shape_of
from rolecall.models.nouns import Entry, Shape
from rolecall.models.precision import FROM_NAME

NEUTRAL = frozenset(
    "instruct it chat hf meta base pt the model merged final sft dpo orpo grpo lora qlora "
    "abliterated uncensored tuned finetuned finetune ft text only fast latest local serving "
    "quantized quant quantised dynamic block kv bf16 fp16 f16 float16 bfloat16 fp8 fp4 nvfp4 "
    "nvfp4a16 mxfp4 awq gptq int4 int8 w4a16 w8a8 w8a16 bnb 4bit 8bit 4bits 8bits bitsandbytes "
    "marlin modelopt mixed sym asym g128 gs128 autoround ar unsloth".split()
)
"""Words of a name that tell neither architecture nor size."""

KINDS = frozenset(
    "vl omni coder next embedding reranker rerank math vision guard audio distill r1 moe small "
    "large medium nemo mini tiny micro nano reasoning multimodal max plus flash air lite scout "
    "maverick turbo asr tts ocr guardian prompt draft eagle eagle3 mtp dflash "
    "speculator assistant ministral magistral devstral pixtral codestral mixtral qwq "
    "deepseek nemotron".split()
)
"""Words that mark another architecture or size: they must be in both names or in neither."""

SIZE = re.compile(r"(e|a)?\d+(\.\d+)?[bm]")
NUMBER = re.compile(r"\d+(\.\d+)*")
DATE = re.compile(r"\d{4}")
REMARK = re.compile(r"\([^)]*\)|\+.*")
"""What people write behind a name in notes and logs."""


PACKED_VERSION = re.compile(r"\b(qwen|llama)(2|3)(\d)\b")
"""A version without its dot: ``qwen38-27b``."""


class Match(Struct, frozen=True, kw_only=True):
    """An entry that a name means. ``told`` says how it was found, empty for its own name."""

    entry: Entry
    told: str = ""


@cache
def entries() -> tuple[Entry, ...]:
    """All models of the catalogue, in its order."""
    text = files("rolecall.models").joinpath("data/models.json").read_bytes()
    return tuple(msgspec.json.decode(text, type=dict[str, list[Entry]])["models"])


def entry_named(name: str) -> Entry | None:
    """The entry that a name means: its own, that of a variant, or one of its family and size."""
    found = match(name)
    return None if found is None else found.entry


def shape_named(name: str) -> Shape | None:
    """The shape of the model that a name means, in the precision that the name says."""
    found = match(name)
    if found is None:
        return None
    shape = shape_of(found.entry.config, name, origin="name" if found.told else "catalogue")
    assumed = shape.assumed
    if found.told:
        assumed = (found.told, *assumed)
    else:  # how a variant of the catalogue is stored is known, and not read from its name
        assumed = tuple(one for one in assumed if not one.startswith(FROM_NAME))
    if not found.entry.checked:
        assumed = (*assumed, f"the catalogue's figures are not checked: {found.entry.note}")
    return msgspec.structs.replace(shape, assumed=assumed)


def match(name: str) -> Match | None:
    """Which entry a name means and how that was found; none where it is not sure."""
    asked = name.strip().rstrip("/").casefold()
    known = _ids()
    if asked in known:
        return Match(entry=known[asked])
    words = words_of(asked)
    best = [(_likeness(words, words_of(entry.name)), entry) for entry in entries()]
    best = [(likeness, entry) for likeness, entry in best if likeness > 0]
    if not best:
        return None
    most = max(likeness for likeness, _ in best)
    entry = next(entry for likeness, entry in best if likeness == most)
    same = words_of(entry.name) == words
    told = f"taken for {entry.name} in another precision or of another owner"
    if not same:
        told = f"taken for {entry.name} by the family and the size in its name"
    return Match(entry=entry, told=told)


def full_id(name: str) -> str | None:
    """The hub id, in its own spelling, of a model or variant that is named exactly."""
    asked = name.strip().casefold()
    for entry in entries():
        for one in (entry.name, *entry.variants):
            if asked in (one.casefold(), one.rsplit("/", 1)[-1].casefold()):
                return one
    return None


@cache
def _ids() -> dict[str, Entry]:
    """Entries by their ids, their short names and those of their variants, in small letters."""
    found: dict[str, Entry] = {}
    for entry in entries():
        for one in (entry.name, *entry.variants):
            found.setdefault(one.casefold(), entry)
            found.setdefault(one.rsplit("/", 1)[-1].casefold(), entry)
    return found


@cache
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name that tell its architecture, size and version, in their order."""
    name = PACKED_VERSION.sub(r"\1\2.\3", name.casefold())
    last = REMARK.sub(" ", name.casefold()).strip(" /").rsplit("/", 1)[-1]
    words = (one.strip(".") for one in re.split(r"[^a-z0-9.]+", last))
    told = " ".join(one for one in words if one and one not in NEUTRAL)
    return tuple(re.sub(r"([a-z]{3,})(\d)", r"\1 \2", told).split())


def _likeness(asked: tuple[str, ...], known: tuple[str, ...]) -> int:
    """How many words the two names share; 0 where they cannot mean the same weights.

    All that the known name says of family, size and version must stand in the asked one, in its
    order; of what the asked one says beyond, nothing may mark another architecture, size or
    version. Names without a size must be the same.
    """
    if asked == known:
        return 10 * len(known) + 1
    needed = [one for one in known if one in asked or not _loose(one)]
    if not any(SIZE.fullmatch(one) for one in needed) or not _in_order(needed, asked):
        return 0
    first = asked.index(needed[0])
    for place, one in enumerate(asked):
        if one not in known and (
            one in KINDS
            or SIZE.fullmatch(one)
            or (place > first and NUMBER.fullmatch(one) and not DATE.fullmatch(one))
        ):
            return 0
    return 10 * len(needed) - (len(known) - len(needed))


def _loose(word: str) -> bool:
    """Whether a word of a known name may be left out by those who mean it."""
    return word == "thinking" or DATE.fullmatch(word) is not None


def _in_order(needed: list[str], asked: tuple[str, ...]) -> bool:
    rest = iter(asked)
    return all(one in rest for one in needed)

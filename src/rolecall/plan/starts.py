"""Logged starts of vLLM, and the planner held against each of them.

One start is a mapping with what its log said: ``model``, ``quantization``, ``kv_cache_dtype``,
``gpu``, ``gpu_mem_gib``, ``gpu_memory_utilization``, ``max_model_len``, ``tp``, ``vllm_version``,
``weights_gib``, ``kv_cache_gib``, ``kv_cache_tokens``, and in ``other`` ``max_num_seqs``,
``max_num_batched_tokens``, ``enforce_eager``, ``language_model_only``, ``speculative``. What is
missing was not logged, and neither was what is no figure where one is needed: see `cleaned`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from rolecall.errors import Error
from rolecall.models.nouns import Shape
from rolecall.plan.keyvalues import as_kept, block_bytes, state_bytes, token_bytes
from rolecall.plan.memory import LARGEST_CONTEXT, MOST_SEQUENCES, memory_of
from rolecall.plan.nouns import GIB, Calibration, Device, Estimate, Reported, Serving

Find = Callable[[str], Shape]
"""A model's shape by name; raises `Error` for a name that is not known."""

LARGE: Final = 70 * GIB
"""From this much memory on, vLLM's defaults are larger (``engine/arg_utils.py``)."""

UNKNOWN: Final = (0, 11)
NEWEST: Final = (0, 33)
"""Taken where the log does not name its version: the older, unless it prints what only newer ones
do."""

SUFFIXES: Final = (
    ("awq", "-AWQ"), ("gptq", "-GPTQ-Int4"), ("nvfp4", "-NVFP4"), ("mxfp4", "-MXFP4"),
    ("w4a16", "-W4A16"), ("w8a8", "-W8A8"), ("int8", "-W8A8"), ("bitsandbytes", "-bnb-4bit"),
    ("fp8", "-FP8"),
)  # fmt: skip
"""What the log calls a precision, and how names of models say the same."""

FIGURES: Final[Mapping[str, tuple[float, float]]] = {
    "gpu_mem_gib": (0.001, 100_000), "gpu_memory_utilization": (0.000_1, 1),
    "max_model_len": (1, LARGEST_CONTEXT), "tp": (1, 1_024), "weights_gib": (0, 100_000),
    "consumed_gib": (0, 100_000), "kv_cache_gib": (-100_000, 100_000),
    "kv_cache_tokens": (0, 1e15), "cuda_graph_gib": (-1_000, 1_000),
    "peak_activation_gib": (0, 10_000), "non_torch_gib": (-1_000, 10_000),
    "max_num_seqs": (1, MOST_SEQUENCES), "max_num_batched_tokens": (1, LARGEST_CONTEXT),
}  # fmt: skip
"""Between which ends a figure of a log counts as one."""

WHOLE: Final = frozenset(
    ("max_model_len", "tp", "kv_cache_tokens", "max_num_seqs", "max_num_batched_tokens")
)

WORDS: Final = ("model", "quantization", "kv_cache_dtype", "gpu", "vllm_version", "note")

WRITTEN: Final = re.compile(
    r"\s*(-?\d[\d,_]{0,30}(?:\.\d{1,30})?)\s*(gib|tokens)?\s*", re.IGNORECASE | re.ASCII
)
"""A figure that stands in a log as text: ``23.52 GiB``, ``8,192``."""

UNQUANTISED: Final = re.compile(
    r"(none|no|null|auto|bf16|fp16|bfloat16|float16|half|16.?bit|unquantized|full|n/a|-)\b|[-\s]*$"
)

SERVER_CARD: Final = re.compile(r"\b(mig|tesla|(a|b|gb|gh|h|l|t|v)\d{1,3}[gs]?)\b", re.IGNORECASE)
"""Names of cards for servers, where the catalogue does not have the card."""

NEAR: Final = {"kv_token": 0.005, "weights": 0.02, "weights, quantised": 0.04}
"""How near a plan is meant to come, as a share of what was logged."""


class Check(Struct, frozen=True, kw_only=True):
    """One figure of a start: what was logged, what was planned, in bytes.

    ``well`` says whether the plan holds: within `NEAR` for bytes of a token and weights, inside the
    interval for the KV cache.
    """

    name: Literal["kv_token", "weights", "kv"]
    logged: float
    planned: Estimate
    well: bool

    @property
    def off(self) -> float:
        """By what share of the logged figure the expected one differs."""
        return (self.planned.expected - self.logged) / self.logged if self.logged else 0.0


class Held(Struct, frozen=True, kw_only=True):
    """A start that was held against the plan.

    ``model`` is what it was planned as, empty where it is not known; ``reason`` says why something
    was not compared. ``serving`` and ``device`` are what it was planned with.
    """

    start: Mapping[str, Any]
    model: str = ""
    assumed: tuple[str, ...] = ()
    reason: str = ""
    dense: bool = True
    checks: tuple[Check, ...] = ()
    serving: Serving = Serving()
    device: Device | None = None


def hold(
    start: Mapping[str, Any],
    find: Find,
    card: Callable[[str], Device],
    calibration: Calibration | None = None,
) -> Held:
    """Plan what ``start`` was started with and compare what can be compared.

    ``card`` finds a device by name and raises `Error` where there is none. Nothing that a log may
    hold makes this fail: what cannot be planned has a reason and no checks.
    """
    start = cleaned(start)
    try:
        shape, quantise = shape_of_start(start, find)
    except Error as error:
        return Held(start=start, reason=str(error))
    device = device_of(start, card)
    serving = serving_of(start, quantise, newer=shape.attention.state > 0)
    held = Held(
        start=start, model=shape.name, assumed=shape.assumed, serving=serving, device=device,
        dense=not (shape.attention.window or shape.attention.state),
    )  # fmt: skip
    try:
        memory = memory_of(shape, device or _ANY, serving, calibration)
    except Error as error:
        return replace(held, reason=str(error))
    kept = as_kept(shape, device or _ANY)
    checks = [*_weights(start, shape, memory.weights), *_token(start, kept, serving)]
    kv = kv_of(start, memory.kv_token, memory.state, serving.context)
    drafted = str((start.get("other") or {}).get("speculative") or "")
    if drafted and not serving.ngram:
        held = replace(held, reason=f"{drafted}: a second model drafts, which no plan counts")
        checks = checks[1:] if checks and checks[0].name == "weights" else checks
    elif device is None or kv is None or start.get("gpu_memory_utilization") is None:
        held = replace(held, reason="memory, its share or the KV cache was not logged")
    else:
        well = memory.kv.low <= kv <= memory.kv.high
        checks.append(Check(name="kv", logged=kv, planned=memory.kv, well=well))
    return replace(held, checks=tuple(checks))


def cleaned(start: Mapping[str, Any]) -> dict[str, Any]:
    """The start with figures that are figures and words that are words; all else is left out.

    Figures that stand as text are read (``"0.9"``, ``"8,192"``, ``"23.52 GiB"``).
    """
    told = start.get("other")
    other = dict(told) if isinstance(told, Mapping) else {}
    kept: dict[str, Any] = {}
    for name in WORDS:
        value = start.get(name)
        if isinstance(value, float) and name == "vllm_version":
            value = str(value)
        if isinstance(value, str) and "\0" not in value:
            kept[name] = value[:1_000]
    for name in FIGURES:
        where = other if name.startswith("max_num") else start
        figure = _figure(where.get(name), name)
        other.pop(name, None)
        if figure is not None:
            (other if where is other else kept)[name] = figure
    for name in ("enforce_eager", "language_model_only"):
        other[name] = str(other.get(name)).strip().lower() in ("true", "1", "1.0", "yes", "on")
    kept["other"] = other
    return kept


def _figure(value: object, name: str) -> float | int | None:
    """A figure of a log within its ends, ``None`` for anything else."""
    if isinstance(value, str) and (found := WRITTEN.fullmatch(value)):
        value = float(found[1].replace(",", "").replace("_", ""))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    least, most = FIGURES[name]
    if not least <= value <= most:  # also what is no number
        return None
    return int(value) if name in WHOLE else value


def shape_of_start(start: Mapping[str, Any], find: Find) -> tuple[Shape, str]:
    """The model of a start, and ``fp8`` if it was quantised while loading.

    Raises:
        Error: no model was logged, or it is not known.
    """
    name = str(start.get("model") or "").partition(" + ")[0].split(" (")[0].strip()
    if not name:
        found = re.search(r"(\S+) architecture", str(start.get("note") or ""))
        if found is None:
            raise Error("the log names no model")
        name = found[1]
    text = str(start.get("quantization") or "").lower()
    shape = find(name)
    if "online" in text:
        return shape, "fp8" if shape.quantisation.method == "none" else ""
    if shape.quantisation.method == "none" and not UNQUANTISED.match(text):
        for word, suffix in SUFFIXES:
            if word in text:
                return find(name + suffix), ""
        raise Error(f"the precision {text} is not known")
    return shape, ""


def serving_of(start: Mapping[str, Any], quantise: str = "", *, newer: bool = False) -> Serving:
    """How vLLM was started, with its defaults where nothing was logged.

    ``newer`` says that the model is one of those that only newer versions serve.
    """
    other = start.get("other") or {}
    version = version_of(str(start.get("vllm_version") or ""))
    if not start.get("vllm_version") and (newer or start.get("consumed_gib") is not None):
        version = NEWEST
    large = (start.get("gpu_mem_gib") or 0) * GIB >= LARGE
    context = int(start.get("max_model_len") or 8_192)
    batched = other.get("max_num_batched_tokens") or (8_192 if large else 2_048)
    if version < (0, 7) and "max_num_batched_tokens" not in other:
        batched = max(context, 2_048)  # prompts were not cut into chunks yet
    return Serving(
        version=version,
        kv_dtype="fp8" if "fp8" in str(start.get("kv_cache_dtype") or "") else "auto",
        quantise=quantise,
        context=context,
        sequences=int(other.get("max_num_seqs") or (1_024 if large else 256)),
        batched_tokens=int(batched),
        utilisation=float(start.get("gpu_memory_utilization") or 0.9),
        eager=bool(other.get("enforce_eager")),
        text_only=bool(other.get("language_model_only")),
        ngram=str(other.get("speculative") or "").startswith("ngram"),
        cards=int(start.get("tp") or 1),
    )


def device_of(start: Mapping[str, Any], card: Callable[[str], Device]) -> Device | None:
    """The card of a start, with the memory that was logged; ``None`` where that was not."""
    name, total = str(start.get("gpu") or ""), start.get("gpu_mem_gib")
    bare = re.sub(r"^\d+ ?x | \d+ MiB$", "", re.split(r"\(|,| x ?\d", name)[0].strip())
    try:
        found = card(bare)
    except Error:
        grade: Literal["consumer", "datacentre", "other"] = "consumer"
        if re.search(r"amd|rocm|intel|xpu", name, re.IGNORECASE):
            grade = "other"
        elif (total or 0) > 36 or SERVER_CARD.search(name):
            grade = "datacentre"
        found = replace(_ANY, name=name, grade=grade)
    if total is None:
        return None
    shared = "desktop" in name.lower() or "wsl" in name.lower()
    return replace(found, memory=int(total * GIB), shared=shared)


def kv_of(
    start: Mapping[str, Any], per_token: int, state: int = 0, context: int = 1
) -> float | None:
    """Bytes of the KV cache of one card: as logged, else from the tokens."""
    if start.get("kv_cache_gib") is not None:
        return float(start["kv_cache_gib"]) * GIB
    if start.get("kv_cache_tokens") is None:
        return None
    return float(start["kv_cache_tokens"]) * (per_token + state / context)


def reported_of(start: Mapping[str, Any]) -> Reported:
    """What the log says, as a start that we made ourselves would tell it."""

    def size(key: str) -> int | None:
        return None if start.get(key) is None else int(start[key] * GIB)

    return Reported(
        version=str(start.get("vllm_version") or ""),
        weights=size("weights_gib"),
        kv=size("kv_cache_gib"),
        tokens=start.get("kv_cache_tokens"),
        activation=size("peak_activation_gib"),
        other=size("non_torch_gib"),
        graphs=size("cuda_graph_gib"),
        total=size("gpu_mem_gib"),
    )


def version_of(text: str) -> tuple[int, int]:
    """vLLM's version from what a log calls it; the first generation (``V0``) counts as 0.6."""
    found = [(int(one), int(two)) for one, two in re.findall(r"(\d{1,4})\.(\d{1,4})", text)]
    for version in sorted(found, key=lambda one: one[0]):  # other things have versions as well
        if version[0] <= 1:
            return version
    return (0, 6) if text.lower().startswith("v0") else UNKNOWN


_ANY: Final = Device(name="", memory=24 * GIB, bandwidth=1, flops_16=1)


def _weights(start: Mapping[str, Any], shape: Shape, planned: Estimate) -> list[Check]:
    """The weights, where the log says of which model and in which precision."""
    told = start.get("model") and start.get("quantization")
    if start.get("weights_gib") is None or not (told or shape.quantisation.method != "none"):
        return []
    logged = start["weights_gib"] * GIB
    kind = "weights" if shape.quantisation.method == "none" else "weights, quantised"
    well = abs(planned.expected - logged) <= NEAR[kind] * logged
    return [Check(name="weights", logged=logged, planned=planned, well=well)]


def _token(start: Mapping[str, Any], shape: Shape, serving: Serving) -> list[Check]:
    """Bytes of a token, where both the cache and its tokens were logged."""
    kv, tokens = start.get("kv_cache_gib"), start.get("kv_cache_tokens")
    if not kv or not tokens or kv < 0 or serving.ngram:
        return []
    logged = kv * GIB / tokens
    planned = float(token_bytes(shape, serving))
    planned += state_bytes(shape, serving) / serving.context
    block = block_bytes(shape, serving)
    planned *= kv * GIB / max(block, kv * GIB // block * block)
    well = abs(planned - logged) <= NEAR["kv_token"] * logged
    whole = Estimate(int(planned), int(planned), int(planned))
    return [Check(name="kv_token", logged=logged, planned=whole, well=well)]

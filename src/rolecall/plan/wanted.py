"""What is asked of a plan: a mode, a cap, and wishes; also as the decision record's ``.env``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from rolecall.errors import UsageError
from rolecall.plan.command import (
    ADVISED,
    LOOPBACK,
    NEWEST,
    OLDEST,
    Place,
    Version,
    left_out,
    spelled,
)
from rolecall.plan.nouns import GIB, Mode

RECORD_CAP: Final = 8 * GIB
"""NFR-1 of the decision record: at most 8 GB for primary operations on a card of 16 GB."""

CONTEXT: Final = 8_192
"""The record's threshold: longer postings are not for the local model."""

MOST_AT_ONCE: Final = 100_000
MOST_CARDS: Final = 64


class Shares(Struct, frozen=True):
    """What a mode sets: the share of the card's memory, and how many sequences at once."""

    utilisation: float
    sequences: int


MODES: Final[Mapping[Mode, Shares]] = {
    "balanced": Shares(0.85, 128),
    "maximum_throughput": Shares(0.90, 256),
    "capped": Shares(0.92, 128),
}
"""The two configurations of the record, and the one whose memory a cap sets."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What is asked of a plan; ``None`` leaves it to the planner.

    ``cap`` is the most that vLLM may take on each card, in bytes. ``at_once`` is how many postings
    must be in work at the same time. ``sequences`` and ``batched_tokens`` are vLLM's own limits.
    ``utilisation`` is the share of the card; with ``exact`` vLLM is told it to the digit, else it
    is lowered to what is free. ``kv_bytes`` sets the KV cache outright. ``quantise`` makes ``fp8``
    of a 16-bit checkpoint.
    """

    mode: Mode | None = None
    cap: int | None = None
    context: int | None = None
    kv_dtype: Literal["auto", "fp8"] | None = None
    at_once: int | None = None
    sequences: int | None = None
    batched_tokens: int | None = None
    utilisation: float | None = None
    exact: bool = False
    kv_bytes: int | None = None
    quantise: str = ""
    eager: bool = False
    text_only: bool = True
    ngram: bool = False
    cards: int = 1
    version: Version = NEWEST
    place: Place = Place()

    @property
    def chosen(self) -> Mode:
        """The mode: that which is named, else the capped one where there is a cap."""
        return self.mode or ("balanced" if self.cap is None else "capped")

    @property
    def most(self) -> int | None:
        """The cap in force: in the capped mode the record's, where none is given."""
        return RECORD_CAP if self.cap is None and self.chosen == "capped" else self.cap


def check_wanted(wanted: Wanted) -> None:
    """Refuse what nobody can want. Raises `UsageError`."""
    for name, figure, most in (
        ("cap", wanted.cap, 2**50),
        ("context", wanted.context, 2**30),
        ("number of postings at once", wanted.at_once, MOST_AT_ONCE),
        ("number of sequences", wanted.sequences, MOST_AT_ONCE),
        ("number of batched tokens", wanted.batched_tokens, 2**24),
        ("KV cache", wanted.kv_bytes, 2**50),
        ("number of cards", wanted.cards, MOST_CARDS),
    ):
        if figure is None:
            continue
        if isinstance(figure, bool) or not isinstance(figure, int) or not 1 <= figure <= most:
            raise UsageError(f"the {name} must be a whole number from 1 to {most:,}, not {figure}")
    if wanted.version < OLDEST:
        raise UsageError(
            f"vLLM {spelled(wanted.version)} is older than what is known here",
            hint=f"take {spelled(ADVISED)} or newer",
        )
    share = wanted.utilisation
    if share is not None and not (math.isfinite(share) and 0 < share <= 1):
        raise UsageError(f"the share of the card's memory must be over 0, up to 1, not {share}")


def wanted_of_environment(
    environ: Mapping[str, str], version: Version
) -> tuple[Wanted, tuple[str, ...]]:
    """The wishes of the decision record's ``.env``, and what is to be said about them.

    Raises `UsageError` for a value that a variable cannot have.
    """
    told: list[str] = []
    wishes: dict[str, Any] = {"version": version}
    for name, key in (("MAX_MODEL_LENGTH", "context"), ("MAX_NUM_SEQS", "sequences")):
        if text := environ.get(name, "").strip():
            wishes[key] = _whole(name, text)
    if text := environ.get("GPU_MEMORY_UTILIZATION", "").strip():
        wishes["utilisation"] = _share("GPU_MEMORY_UTILIZATION", text)
    if text := environ.get("KV_CACHE_DTYPE", "").strip().lower():
        wishes["kv_dtype"] = _kv_dtype(text)
    port = environ.get("VLLM_PORT", "").strip()
    place = Place(port=_port(port)) if port else Place()
    if environ.get("MODEL_QUANTIZATION", "").strip():
        told.append(
            "MODEL_QUANTIZATION is not needed: a checkpoint carries its own; --quantise fp8 is for"
            " one in 16 bit"
        )
    if "SWAP_SPACE" in environ:
        told.append(left_out("swap_space", version))
    if environ.get("VLLM_HOST", LOOPBACK) not in (LOOPBACK, "localhost", "::1", ""):
        told.append(
            f"VLLM_HOST={environ['VLLM_HOST']} is not followed: vLLM asks nobody for a key on"
            f" some of its routes, so it listens on {LOOPBACK} alone"
        )
    if environ.get("VLLM_TRUST_REMOTE_CODE", "").strip().lower() in ("1", "true", "yes", "on"):
        told.append(
            "VLLM_TRUST_REMOTE_CODE is not followed: it runs code from the model's repository,"
            " which Qwen3 does not need; --trust-remote-code sets it"
        )
    return replace(Wanted(place=place), **wishes), tuple(told)


def _whole(name: str, text: str) -> int:
    if not text.isdecimal() or not text.isascii() or len(text) > 9 or int(text) < 1:
        raise UsageError(f"{name}={text!r} is no whole number above 0")
    return int(text)


def _share(name: str, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 < share <= 1:
        raise UsageError(f"{name}={text!r} is no share of a card's memory: over 0, up to 1")
    return share


def _kv_dtype(text: str) -> str:
    if text.startswith("fp8"):
        return "fp8"
    if text in ("auto", "bfloat16", "float16", "fp16", "bf16"):
        return "auto"
    raise UsageError(f"KV_CACHE_DTYPE={text!r} is not known here", hint="fp8 and auto are")


def _port(text: str) -> int:
    port = _whole("VLLM_PORT", text)
    if port > 65_535:
        raise UsageError(f"VLLM_PORT={text} is no port")
    return port

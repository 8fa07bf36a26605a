"""What vLLM's log says: figures of memory, and how far a start is. Wordings of 0.11 to 0.33."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from msgspec.structs import replace

from rolecall.launch.nouns import Phase, Progress
from rolecall.plan.nouns import GIB, Reported

_N: Final = r"(-?\d+(?:\.\d+)?)"
_FIGURES: Final = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("weights", rf"Model loading took:? {_N} GiB"),
        ("weights", rf"Loading model weights took {_N} G"),
        ("weights", rf"model weights take {_N} ?GiB"),
        ("weights", rf"{_N} GiB for weight\b"),
        ("consumed", rf"{_N} GiB for consumed memory"),
        ("kv", rf"Available KV cache memory: {_N} GiB"),
        ("kv", rf"Current kv cache memory in use is {_N} GiB"),
        ("kv", rf"(?:Explicitly|Auto) set \({_N}/{_N}\) GiB for KV cache"),
        ("kv", rf"reserved for KV Cache is {_N} ?GiB"),
        ("activation", rf"{_N} GiB for peak activation"),
        ("activation", rf"Peak activation memory: {_N} GiB"),
        ("activation", rf"activation peak memory takes {_N} ?GiB"),
        ("other", rf"{_N} GiB for non-torch memory"),
        ("other", rf"(?i:non[-_]torch[ _]memory)(?::| takes) {_N} ?GiB"),
        ("graphs", rf"Graph capturing finished in [\d.]+ secs?, took {_N} GiB"),
        ("graphs", rf"{_N} GiB for CUDAGraph memory"),
        ("graphs", rf"CUDAGraph memory: {_N} GiB"),
        ("graphs", rf"CUDA graph pool memory: {_N} GiB \(actual\)"),
        ("free", rf"Free memory on device\b[^(\d]*(?:cuda:\d+ )?\(?{_N}/{_N} GiB"),
    )
)
_TOKENS: Final = re.compile(r"KV cache size: ([\d,]+) tokens")
_IN_BYTES: Final = re.compile(r"Current kv cache memory in use is (\d+) bytes")
_VERSION: Final = re.compile(
    r"LLM engine \(v(\d[\w.+]*)\)|API server version:? (\d[\w.+]*)|^\W*version (\d[\w.+]*)\s*$"
    r"|[▀▄█] +version (\d[\w.+]*)"
)

_BAR: Final = re.compile(r"(\d{1,3})%")
_OF: Final = re.compile(r"(\d+)/(\d+)")
_SHOWN: Final[tuple[tuple[Phase, str, str], ...]] = (
    ("downloading", r"^(Downloading|Fetching) .*%|\.(safetensors|bin|gguf|pt): +\d+%", ""),
    ("downloading", r"Downloading (model|weights|shards)|download(ing)? weights to", ""),
    ("loading", r"Starting to load model|Loading model from scratch|Starting to load GGUF", ""),
    ("loading", r"Load(ing)? \S+ ?\S* ?checkpoint shards.*%|thread loading .*shards.*%", ""),
    ("loading", r"Loading weights took|Model loading took", "weights loaded"),
    ("profiling", r"Explicitly set \(.*for KV cache|Auto set \(.*for KV cache", ""),
    ("compiling", r"Starting torch\.compile|Dynamo bytecode|torch\.compile took", ""),
    (
        "compiling",
        r"Compiling a graph|Directly load|torch\.compile's? cache|Warming up model",
        "",
    ),
    ("profiling", r"profiling/warmup run took|Profiling CUDA graph|KV cache memory: ", ""),
    ("profiling", r"Memory profiling takes|Encoder cache will be|KV cache size: ", ""),
    ("capturing", r"Captur(e|ing) CUDA graphs?.*%|Captur(e|ing) .*graph", ""),
    ("capturing", r"Graph capturing finished", "graphs captured"),
    ("proving", r"Starting vLLM (API )?server|Application startup complete", "listening"),
)
_PHASES: Final = tuple((phase, re.compile(pattern), told) for phase, pattern, told in _SHOWN)
ORDER: Final[tuple[Phase, ...]] = (
    "starting", "downloading", "loading", "compiling", "profiling", "capturing", "proving", "ready",
)  # fmt: skip
"""The phases of a start in their order; a line never leads back to an earlier one."""


def reported(lines: Iterable[str], known: Reported | None = None) -> Reported:
    """What ``lines`` say about memory, added to what was ``known``; the last word counts."""
    found: dict[str, Any] = {}
    for line in lines:
        if "GiB" in line or " KV cache" in line or "kv cache" in line or "weights took" in line:
            _learn(line, found)
        if "version" in line or "engine (v" in line:
            said = _VERSION.search(line)
            if said:
                found["version"] = next(one for one in said.groups() if one)
    return replace(known or Reported(), **found)


def _learn(line: str, found: dict[str, Any]) -> None:
    for name, pattern in _FIGURES:
        said = pattern.search(line)
        if said:
            found[name] = _bytes(said[1])
            if name == "free":
                found["total"] = _bytes(said[2])
    said = _TOKENS.search(line)
    if said:
        found["tokens"] = int(said[1].replace(",", ""))
    said = _IN_BYTES.search(line)
    if said:
        found["kv"] = int(said[1])


def _bytes(gib: str) -> int:
    return round(float(gib) * GIB)


def progress_of(line: str) -> Progress | None:
    """The phase that ``line`` shows, with its share where it is a bar; `None` if it shows none."""
    for phase, pattern, told in _PHASES:
        if pattern.search(line):
            return Progress(phase=phase, told=told, share=_share(line))
    return None


def later(one: Phase, other: Phase) -> bool:
    """Whether ``one`` comes after ``other`` in a start."""
    return ORDER.index(one) > ORDER.index(other)


def _share(line: str) -> float | None:
    bar = _BAR.search(line)
    if not bar:
        return None
    of = _OF.search(line)
    if of and 0 <= int(of[1]) <= int(of[2]) and int(of[2]):
        return int(of[1]) / int(of[2])
    return min(100, int(bar[1])) / 100


class Lines:
    """Cuts what a process writes into lines; a bar's states, parted by returns, are lines too."""

    MOST = 65_536

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that ``data`` completes, without what colours them; empty ones are left out."""
        *whole, self._rest = re.split(rb"[\r\n]+", self._rest + data)
        if len(self._rest) > self.MOST:
            whole.append(self._rest)
            self._rest = b""
        return [line for line in map(_text, whole) if line.strip()]

    def end(self) -> list[str]:
        """What is left without an end of line."""
        left = _text(self._rest)
        self._rest = b""
        return [left] if left.strip() else []


_COLOUR: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _text(line: bytes) -> str:
    return _COLOUR.sub("", line.decode("utf-8", "replace"))

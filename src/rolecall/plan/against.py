"""A file of logged starts, the planner held against all of them, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson
from msgspec import Struct

from rolecall.errors import Error, UsageError
from rolecall.plan.calibration import calibration_from
from rolecall.plan.memory import memory_of
from rolecall.plan.nouns import GIB, Calibration, Device
from rolecall.plan.starts import Check, Find, Held, hold, reported_of, shape_of_start
from rolecall.table import one_line

NEAR_ONCE_CALIBRATED: Final = 0.15
"""How near the KV cache of a further start on the same device is meant to come."""

LONGEST_FILE: Final = 100 * 1024**2


class Pair(Struct, frozen=True, kw_only=True):
    """A start that was planned with what another one on the same device had taught.

    ``first`` and ``then`` count starts from 0; ``off`` is by what share of the logged KV cache the
    expected one differs.
    """

    first: int
    then: int
    off: float
    inside: bool

    @property
    def well(self) -> bool:
        """Whether it came near enough."""
        return abs(self.off) <= NEAR_ONCE_CALIBRATED


class Against(Struct, frozen=True, kw_only=True):
    """All starts of a file, held against the plan, and once more with one as calibration."""

    held: tuple[Held, ...]
    pairs: tuple[Pair, ...]

    def checks(self, name: str, *, dense: bool = False) -> list[Check]:
        """All checks of one kind; with ``dense``, of models whose layers all see everything."""
        return [
            check
            for one in self.held
            if one.dense or not dense
            for check in one.checks
            if check.name == name
        ]


def read_starts(path: Path) -> list[Mapping[str, Any]]:
    """The starts of a JSON Lines file.

    Raises:
        UsageError: the file cannot be read, or a line of it is no object.
    """
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no file", hint="one JSON object a line is read")
    try:
        if path.stat().st_size > LONGEST_FILE:
            raise UsageError(f"{path} is larger than {LONGEST_FILE >> 20} MiB")
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    starts: list[Mapping[str, Any]] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                start = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise UsageError(f"{path}, line {number}: {error}") from error
            if not isinstance(start, dict):
                raise UsageError(f"{path}, line {number}: an object is needed")
            starts.append(start)
    return starts


def against(
    starts: Sequence[Mapping[str, Any]], find: Find, card: Callable[[str], Device]
) -> Against:
    """Hold the planner against ``starts``."""
    held = tuple(hold(one, find, card) for one in starts)
    learned = {}
    for number, one in enumerate(held):
        calibration = learn(one, find)
        if calibration is not None:
            learned[number] = calibration
    pairs = []
    for first, then in _same_device(held, learned):
        again = hold(held[then].start, find, card, learned[first])
        check = next(one for one in again.checks if one.name == "kv")
        pairs.append(Pair(first=first, then=then, off=check.off, inside=check.well))
    return Against(held=held, pairs=tuple(pairs))


def learn(held: Held, find: Find) -> Calibration | None:
    """What a start says about its device; ``None`` where its log does not say enough."""
    if (
        held.device is None
        or held.serving.ngram
        or not any(check.name == "kv" for check in held.checks)
    ):
        return None
    try:
        shape, _ = shape_of_start(held.start, find)
        memory = memory_of(shape, held.device, held.serving)
        return calibration_from(
            memory, held.device, held.serving, reported_of(held.start), model=held.model
        )
    except Error:
        return None


def table(found: Against) -> list[tuple[str, ...]]:
    """Rows of words: start, model, figure, logged, planned, difference, verdict."""
    rows: list[tuple[str, ...]] = [("start", "model", "figure", "logged", "planned", "off", "")]
    for number, one in enumerate(found.held, 1):
        name = one_line(one.model.rpartition("/")[2] or str(one.start.get("model") or "-"))[:48]
        rows.extend((str(number), name, *_told(check)) for check in one.checks)
        if not one.checks:
            rows.append((str(number), name, "-", "", "", "", one_line(one.reason)))
    return rows


def against_document(found: Against) -> dict[str, Any]:
    """All that was compared, as JSON values; docs/planning.md names every key. Sizes in bytes."""
    return {
        "form": "rolecall.plan.against/1",
        "starts": [_held(number, one) for number, one in enumerate(found.held, 1)],
        "calibrated": [
            {
                "first": one.first + 1,
                "then": one.then + 1,
                "off": one.off,
                "inside": one.inside,
                "well": one.well,
            }
            for one in found.pairs
        ],
        "summary": summary(found),
    }


def _held(number: int, one: Held) -> dict[str, Any]:
    serving = one.serving
    return {
        "start": number,
        "model": one.start.get("model"),
        "planned_as": one.model or None,
        "assumed": list(one.assumed),
        "device": None if one.device is None else one.device.name,
        "vllm": ".".join(map(str, serving.version)),
        "gpu_memory_utilization": serving.utilisation,
        "kv_cache_dtype": serving.kv_dtype,
        "max_model_len": serving.context,
        "max_num_seqs": serving.sequences,
        "max_num_batched_tokens": serving.batched_tokens,
        "cards": serving.cards,
        "checks": [
            {
                "name": check.name,
                "logged": check.logged,
                "low": check.planned.low,
                "expected": check.planned.expected,
                "high": check.planned.high,
                "off": check.off,
                "well": check.well,
            }
            for check in one.checks
        ],
        "reason": one.reason or None,
    }


def summary(found: Against) -> list[str]:
    """What came of it, in a sentence for each kind of figure."""
    lines = []
    for name, told, dense in (
        ("kv_token", "bytes of a token (models whose layers all see everything)", True),
        ("weights", "weights", False),
        ("kv", "KV cache inside the interval", False),
    ):
        checks = found.checks(name, dense=dense)
        lines.append(f"{told}: {sum(one.well for one in checks)} of {len(checks)}")
    widest = max((one.planned.high - one.planned.low for one in found.checks("kv")), default=0)
    lines.append(f"widest interval: {widest / GIB:.2f} GiB")
    near = sum(one.well for one in found.pairs)
    lines.append(
        f"calibrated by another start of the same device, within "
        f"{NEAR_ONCE_CALIBRATED:.0%}: {near} of {len(found.pairs)}"
    )
    unknown = [one for one in found.held if not one.model]
    lines.append(f"not planned: {len(unknown)} of {len(found.held)} starts")
    return lines


def _told(check: Check) -> list[str]:
    if check.name == "kv_token":
        sizes = [f"{check.logged:,.0f} B", f"{check.planned.expected:,} B"]
    else:
        planned = check.planned
        ends = f"{planned.low / GIB:.2f} to {planned.high / GIB:.2f}"
        sizes = [f"{check.logged / GIB:.2f} GiB", f"{planned.expected / GIB:.2f} ({ends}) GiB"]
    name = {"kv_token": "bytes of a token", "weights": "weights", "kv": "KV cache"}[check.name]
    return [name, *sizes, f"{check.off:+.1%}", "ok" if check.well else "MISS"]


def _same_device(
    held: Sequence[Held], learned: Mapping[int, Calibration]
) -> Iterable[tuple[int, int]]:
    """Ordered pairs of starts on the same card with the same vLLM, both of which say enough."""
    for first in learned:
        for then in learned:
            one, other = held[first], held[then]
            same = one.start.get("gpu") == other.start.get("gpu")
            if first != then and same and one.serving.version == other.serving.version:
                yield first, then

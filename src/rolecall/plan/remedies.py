"""What would make a plan fit: each change is reckoned anew, so that it says how much it frees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from rolecall.errors import UsageError
from rolecall.models.nouns import Shape
from rolecall.plan.command import ADA, AMPERE
from rolecall.plan.nouns import GIB, Calibration, Device, Load, Remedy
from rolecall.plan.reckon import Reckoned, postings_at_once, reckon, room
from rolecall.plan.sizes import gib
from rolecall.plan.wanted import Wanted

LEAST_CONTEXT: Final = 1_024
CONTEXT_STEP: Final = 256
CAP_STEP: Final = GIB // 4
LEAST_BATCH: Final = 256

SMALLER: Final = 90
"""A smaller model has less than this many percent of the parameters."""

WORTH: Final = 50
"""What frees less than this part of what is lacking is not worth a line."""


class Offers(Struct, frozen=True, kw_only=True):
    """Models and cards to be taken instead; ``kin`` are the same model in other precisions."""

    kin: tuple[Shape, ...] = ()
    models: tuple[Shape, ...] = ()
    devices: tuple[Device, ...] = ()


NOTHING: Final = Offers()


class _Case(Struct, frozen=True, kw_only=True):
    """What is planned, and what may be changed about it."""

    shape: Shape
    device: Device
    load: Load
    wanted: Wanted
    calibration: Calibration | None

    def reckoned(self) -> Reckoned | None:
        """The plan, ``None`` where the wishes make no sense together."""
        same = self.calibration is not None and self.calibration.device == self.device.name
        known = self.calibration if same else None
        try:
            return reckon(self.shape, self.device, self.load, self.wanted, known)
        except UsageError:
            return None


class _Change(Struct, frozen=True, kw_only=True):
    """A change in words, and what is planned with it."""

    told: str
    case: _Case


def remedies_of(
    shape: Shape,
    device: Device,
    load: Load,
    wanted: Wanted,
    offers: Offers,
    calibration: Calibration | None = None,
) -> tuple[Remedy, ...]:
    """What would help a plan that does not fit, the smallest change first.

    Changes of flags that free next to nothing are left out; if no one of them is enough, all
    together are tried. Models and cards are named only where they are enough.
    """
    case = _Case(shape=shape, device=device, load=load, wanted=wanted, calibration=calibration)
    before = case.reckoned()
    if before is None or before.fits:
        return ()
    found: list[Remedy] = []
    for change in _flags(case, before):
        found += _tried(change, before)
    if not any(one.enough for one in found):
        found += _tried(_together(case, before), before)
    for change in (*_models(case, offers), *_cards(case, offers)):
        found += [one for one in _tried(change, before) if one.enough]
    return tuple(found)


def _tried(change: _Change, before: Reckoned) -> Iterator[Remedy]:
    after = change.case.reckoned()
    if after is None:
        return
    freed = before.lacks - after.lacks
    if before.refused and not after.fits:  # memory is not what stands against it
        return
    if after.fits or freed > before.lacks // WORTH:
        yield Remedy(change=change.told, frees=freed, enough=after.fits)


def _with(case: _Case, **wishes: object) -> _Case:
    return replace(case, wanted=replace(case.wanted, **wishes))


def _flags(case: _Case, before: Reckoned) -> Iterator[_Change]:
    """Changes of how the model is served, those that cost the least first."""
    serving, device = before.serving, case.device
    if serving.kv_dtype == "auto" and (device.capability >= ADA or not device.capability):
        yield _Change(told="KV cache in fp8 (--kv-dtype fp8)", case=_with(case, kv_dtype="fp8"))
    plain = case.wanted.quantise == "" and case.shape.quantisation.method == "none"
    if plain and device.capability >= AMPERE:
        told = "weights made fp8 while loading (--quantise fp8)"
        yield _Change(told=told, case=_with(case, quantise="fp8"))
    yield from _batch(case, before)
    if not serving.eager:
        told = "no CUDA graphs, slower answers (--eager)"
        yield _Change(told=told, case=_with(case, eager=True))
    yield from _context(case, before)
    yield from _fewer(case, before)
    yield from _cap(case, before)


def _batch(case: _Case, before: Reckoned) -> Iterator[_Change]:
    """The most batched tokens that fit, in halves, else the fewest."""
    tokens = before.serving.batched_tokens
    while tokens // 2 >= max(LEAST_BATCH, before.serving.sequences):
        tokens //= 2
        if _fits(_with(case, batched_tokens=tokens)):
            break
    if tokens < before.serving.batched_tokens:
        told = f"fewer batched tokens, slower prompts (--batched-tokens {tokens})"
        yield _Change(told=told, case=_with(case, batched_tokens=tokens))


def _context(case: _Case, before: Reckoned) -> Iterator[_Change]:
    """The longest context that fits, if any does."""
    if case.wanted.at_once is not None:  # a shorter context makes no posting shorter
        return
    steps = range(LEAST_CONTEXT, before.serving.context, CONTEXT_STEP)
    best = _last(steps, lambda tokens: _fits(_with(case, context=tokens)))
    if best is not None:
        told = f"a context of {best:,} tokens, longer postings go elsewhere (--context {best})"
        yield _Change(told=told, case=_with(case, context=best))


def _fewer(case: _Case, before: Reckoned) -> Iterator[_Change]:
    """As many postings at once as the cache holds, where more are wanted."""
    if case.wanted.at_once is None or case.wanted.at_once == 1:
        return
    held = postings_at_once(
        case.shape, case.load, before.serving, before.memory.kv, before.length
    ).expected
    count = min(max(1, held), case.wanted.at_once - 1)
    told = f"{count:,} postings at once (--postings-at-once {count})"
    yield _Change(told=told, case=_with(case, at_once=count))


def _cap(case: _Case, before: Reckoned) -> Iterator[_Change]:
    """The least cap that fits, in quarters of a GiB, where the card has room for it."""
    wanted, most = case.wanted, room(case.device)
    if before.memory.budget >= most:
        return

    def lifted(cap: int) -> _Case:
        return _with(
            case, mode="capped", cap=cap, utilisation=None, exact=False, batched_tokens=batch
        )

    batch = wanted.batched_tokens or before.serving.batched_tokens
    steps = range((before.memory.budget // CAP_STEP + 1) * CAP_STEP, most, CAP_STEP)
    best = _first(steps, lambda cap: _fits(lifted(cap)))
    if best is not None:
        told = f"a cap of {gib(best)} (--vram-cap {best / GIB:g}GiB)"
        yield _Change(told=told, case=lifted(best))


def _together(case: _Case, before: Reckoned) -> _Change:
    """All flags that cost no posting, at once."""
    wishes: dict[str, object] = {"eager": True}
    names = ["--eager"]
    if before.serving.kv_dtype == "auto" and case.device.capability >= ADA:
        wishes["kv_dtype"] = "fp8"
        names.append("--kv-dtype fp8")
    if case.shape.quantisation.method == "none" and case.device.capability >= AMPERE:
        wishes["quantise"] = "fp8"
        names.append("--quantise fp8")
    if before.serving.batched_tokens > 512 >= before.serving.sequences:
        wishes["batched_tokens"] = 512
        names.append("--batched-tokens 512")
    changed = _with(case, **wishes)
    context = min(before.serving.context, LEAST_CONTEXT * 4)
    if not _fits(changed) and context < before.serving.context:
        changed = _with(changed, context=context)
        names.append(f"--context {context}")
    return _Change(told=f"all of {' '.join(names)}", case=changed)


def _models(case: _Case, offers: Offers) -> Iterator[_Change]:
    """The largest other precision that fits, and the largest smaller model, best of its kind."""
    most = case.shape.params * SMALLER // 100
    for told, shapes in (
        ("the same model as", offers.kin),
        ("a smaller model:", [one for one in offers.models if one.params < most]),
    ):
        smaller = list(shapes)
        smaller.sort(
            key=lambda one: (
                one.architecture == case.shape.architecture, one.params, one.quantisation.bits
            ),
            reverse=True,
        )  # fmt: skip
        for one in smaller:
            changed = replace(case, shape=one, wanted=_fitting_wishes(case.wanted, one))
            if one.name != case.shape.name and _fits(changed):
                yield _Change(told=f"{told} {one.name}", case=changed)
                break


def _fitting_wishes(wanted: Wanted, shape: Shape) -> Wanted:
    """The wishes without those that another model cannot follow."""
    context = wanted.context and min(wanted.context, shape.context)
    return replace(wanted, quantise="", context=context)


def _cards(case: _Case, offers: Offers) -> Iterator[_Change]:
    """The smallest other card that fits, of the same kind if there is one, and twice as many."""
    own = case.device
    larger = [one for one in offers.devices if one.memory > own.memory]
    if own.capability:  # another maker's card wants another build of vLLM
        larger = [one for one in larger if one.capability]
    for one in sorted(larger, key=lambda card: (card.grade != own.grade, card.memory)):
        changed = replace(case, device=one)
        if _fits(changed):
            yield _Change(told=f"another card: {one.name} (--gpu)", case=changed)
            break
    doubled = case.wanted.cards * 2
    told = f"{doubled} such cards (--cards {doubled})"
    yield _Change(told=told, case=_with(case, cards=doubled))


def _fits(case: _Case) -> bool:
    found = case.reckoned()
    return found is not None and found.fits


def _first(steps: range, good: Callable[[int], bool]) -> int | None:
    """The first step that is good, where all after a good one are."""
    low, high = 0, len(steps)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if good(steps[middle]) else (middle + 1, high)
    return steps[low] if low < len(steps) else None


def _last(steps: range, good: Callable[[int], bool]) -> int | None:
    """The last step that is good, where all before a good one are."""
    low, high = 0, len(steps)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if good(steps[middle]) else (low, middle)
    return steps[low - 1] if low else None

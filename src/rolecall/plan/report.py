"""A plan as people read it: a table, a bar of the card's memory, what is wrong, the command."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from rolecall.plan.bar import Look, memory_bar
from rolecall.plan.command import command_lines, spelled
from rolecall.plan.nouns import Device, Estimate, Plan, Remedy
from rolecall.plan.sizes import gib
from rolecall.table import aligned


def text_of(plan: Plan, look: Look, where: str = "") -> str:
    """The whole plan as text for a terminal that is ``look.width`` wide.

    ``where`` says how vLLM's version is known.
    """
    parts = [_head(plan, look.width), _memory_table(plan, look.width), memory_bar(plan, look)]
    if plan.speed:
        parts.append(_speed_table(plan))
    if not plan.fits:
        parts.append(_short(plan))
    if plan.warnings:
        parts.append(_listed("to know", plan.warnings, look.width))
    if plan.command:
        version = spelled(plan.serving.version)
        lines = command_lines(plan.command, plan.environment, "  ")
        told = f" ({where})" if where else ""
        parts.append(f"the command, for vLLM {version}{told}\n{lines}")
    return "\n".join(parts)


def cards(devices: Sequence[Device]) -> str:
    """The cards by name, with what a plan takes from them."""
    rows = [("", "memory", "GB/s", "TFLOPS 16 bit", "8 bit", "capability")]
    rows += [
        (
            one.name,
            gib(one.memory),
            f"{one.bandwidth / 1e9:,.0f}",
            f"{one.flops_16 / 1e12:,.0f}",
            f"{one.flops_8 / 1e12:,.0f}" if one.flops_8 else "-",
            f"{one.capability / 10:.1f}" if one.capability else "-",
        )
        for one in devices
    ]
    return aligned(*rows)


def compared(plans: Sequence[Plan]) -> str:
    """Several models on the same card side by side, in the order given."""
    rows = [
        ("", "weights", "a token", "KV cache", "postings at once", "a minute", "fits"),
        *(_compared(plan) for plan in plans),
    ]
    text = aligned(*rows)
    return text + "\nthe expected figures; postings at once as low-expected-high\n"


def _compared(plan: Plan) -> tuple[str, ...]:
    held, best = plan.at_once, _best(plan)
    return (
        plan.shape.name,
        gib(plan.memory.weights.expected),
        gib(plan.memory.kv_token),
        gib(max(0, plan.memory.kv.expected)),
        f"{held.low:,}-{held.expected:,}-{held.high:,}",
        best,
        "yes" if plan.fits else f"no, {_against(plan)}",
    )


def _against(plan: Plan) -> str:
    """What stands against a plan, in two words."""
    return f"{gib(plan.short)} short" if plan.short else "vLLM refuses"


def _best(plan: Plan) -> str:
    return f"{max(one.expected[1] for one in plan.speed):,.0f}" if plan.speed else "-"


def _head(plan: Plan, width: int) -> str:
    fits = f"DOES NOT FIT, {gib(plan.short)} short" if plan.short else "fits"
    if plan.refused:
        fits = f"vLLM WOULD NOT START IT{f', and {gib(plan.short)} short' if plan.short else ''}"
    mode = "a stated share" if plan.stated else plan.mode.replace("_", " ")
    serving = plan.serving
    cap = f", at most {gib(plan.cap)}" if plan.cap is not None else ""
    cards = f", {serving.cards} cards" if serving.cards > 1 else ""
    rows = [
        ("mode", f"{mode}{cap}{cards}; of {gib(plan.device.memory)} vLLM may take"
        f" {gib(plan.memory.budget)} (gpu_memory_utilization {serving.utilisation:g})"),
        ("serving", f"context {serving.context:,}, KV cache in {_kv(plan)}, at most"
        f" {serving.sequences:,} sequences and {serving.batched_tokens:,} batched tokens"),
        ("load", _load(plan)),
    ]  # fmt: skip
    if plan.memory.calibrated:
        rows.append(("learned", "from an earlier start of vLLM on this card"))
    lines = [f"{plan.shape.name} on {plan.device.name}: {fits}\n"]
    lines += [
        textwrap.fill(
            text, width, initial_indent=name.ljust(9), subsequent_indent=" " * 9,
            break_long_words=False, break_on_hyphens=False,
        )
        for name, text in rows
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _load(plan: Plan) -> str:
    """What is planned for, up to the first pause of its source; the rest is in the explanation."""
    source = re.split(r"[:;] ", plan.load.source, maxsplit=1)[0]
    return f"{plan.load.name} ({source})" if source else plan.load.name


def _kv(plan: Plan) -> str:
    return "fp8" if plan.serving.kv_dtype == "fp8" else "16 bit"


def _memory_table(plan: Plan, width: int) -> str:
    memory, left = plan.memory, plan.serving.kv_bytes is None
    rows = [
        ("GiB", "low", "expected", "high"),
        _row("weights", memory.weights),
        _row("activations", memory.activation),
        _row("CUDA graphs", memory.graphs),
        _row("CUDA, libraries, neighbours", memory.other),
        _row("KV cache: what is left" if left else "KV cache: set outright", memory.kv),
        _counts("tokens in it", memory.tokens),
        _counts("postings at once", plan.at_once),
    ]
    length = plan.length
    told = (
        f"a posting in work is {length:,} tokens, {min(plan.load.shared, length):,} of them the"
        f" same for all; one token takes {gib(memory.kv_token)}"
    )
    return aligned(*rows) + textwrap.fill(told, width) + "\n"


def _row(name: str, figure: Estimate) -> tuple[str, str, str, str]:
    low, expected, high = (
        f"{one / 1024**3:.2f}" for one in (figure.low, figure.expected, figure.high)
    )
    return name, low, expected, high


def _counts(name: str, figure: Estimate) -> tuple[str, str, str, str]:
    return name, f"{figure.low:,}", f"{figure.expected:,}", f"{figure.high:,}"


def _speed_table(plan: Plan) -> str:
    rows = [("postings at once", "a minute: low", "expected", "high", "bound", "limited by")]
    for one in plan.speed:
        low, expected, high = (f"{figure:,.0f}" for figure in one.expected)
        rows.append((f"{one.at_once:,}", low, expected, high, f"{one.bound:,.0f}", one.limit))
    return aligned(*rows)


def _short(plan: Plan) -> str:
    text = "".join(f"vLLM would not start it: {one}\n" for one in plan.refused)
    if plan.short:
        text += f"it lacks {gib(plan.short)} ({plan.short:,} bytes)"
    if not plan.remedies:
        told = "no change of flags, model or card here makes it fit\n"
        return text + (f", and {told}" if plan.short else told)
    if plan.refused:
        return text + "\nwhat would do:\n" + "".join(f"  {one.change}\n" for one in plan.remedies)
    return text + "; what frees memory:\n" + "".join(_remedies(plan.remedies))


def _remedies(remedies: Sequence[Remedy]) -> Iterator[str]:
    rows = [(f"  {gib(one.frees)}", "enough" if one.enough else "not enough") for one in remedies]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for (frees, enough), one in zip(rows, remedies, strict=True):
        yield f"{frees.rjust(widths[0])}  {enough.ljust(widths[1])}  {one.change}\n"


def _listed(title: str, sentences: Sequence[str], width: int) -> str:
    lines = [
        textwrap.fill(
            one, width, initial_indent="- ", subsequent_indent="  ",
            break_long_words=False, break_on_hyphens=False,
        )
        for one in sentences
    ]  # fmt: skip
    return f"{title}\n" + "\n".join(lines) + "\n"

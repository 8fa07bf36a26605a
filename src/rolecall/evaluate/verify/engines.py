"""What connected engines show: structured output, vLLM, swapping, the lengths of postings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rolecall.evaluate.nouns import Finding
from rolecall.evaluate.requirements import judged, not_run
from rolecall.evaluate.score.findings import is_valid
from rolecall.evaluate.verify.labels import Labelled, Validity, short_pages, validity
from rolecall.evaluate.verify.live import Live, Reading
from rolecall.evaluate.verify.optimised import FP8_CACHE, PREFIXES
from rolecall.schema.schema import Schema

HELD: Final = ("grounded", "grammar", "json_schema")
"""Forms in which the engine itself keeps an answer to its shape."""

SHARE: Final = 0.98


def integration(live: Live, command: str) -> Finding:
    """IR-1: a vLLM server answers, and each optimisation that can be looked for is on."""
    if not live.engines:
        return not_run("IR-1", live.reason, command=command)
    one = live.engines[0]
    named = f"{one.name}: {one.kind} {one.version}".strip()
    if one.kind != "vllm":
        return not_run("IR-1", f"{one.name} is no vLLM engine", figure=named, command=command)
    on = live.optimisations
    figure = "; ".join([named, *(f"{k} {'on' if v else 'off'}" for k, v in on.items())])
    untold = [name for name in (PREFIXES, FP8_CACHE) if name not in on]
    if untold:
        reason = f"the server does not tell of {' and '.join(untold)}"
        return not_run("IR-1", reason, figure=figure, command=command)
    off = [name for name, is_on in on.items() if not is_on]
    reason = f"off: {', '.join(off)}. " if off else ""
    reason += "FP8 weights and chunked prefill are told by no server: see how it was started"
    return judged("IR-1", not off, figure, command=command, reason=reason)


def structure(live: Live, command: str) -> Finding:
    """IR-2: every connected engine has proved a form that holds answers to their shape."""
    if not live.engines:
        return not_run("IR-2", live.reason, command=command)
    figure = "; ".join(f"{one.name} holds to {', '.join(one.forms)}" for one in live.engines)
    unheld = [one.name for one in live.engines if not any(form in HELD for form in one.forms)]
    if live.replayed:
        reason = f"{' and '.join(live.replayed)}: recorded answers, which prove nothing"
        return not_run("IR-2", reason, figure=figure, command=command)
    reason = f"{', '.join(unheld)} enforces no grammar and no schema" if unheld else ""
    return judged("IR-2", not unheld, figure, command=command, reason=reason)


def swapping(live: Live, command: str) -> Finding:
    """NFR-4: two engines, each of which answers a posting alone."""
    if len(live.engines) < 2:
        reason = live.reason or "one engine is connected: swapping needs two"
        return not_run("NFR-4", reason, command=command)
    if live.replayed:
        reason = f"{' and '.join(live.replayed)}: recorded answers, no models to swap"
        return not_run("NFR-4", reason, command=command)
    models = {one.model for one in live.engines}
    if len(models) == 1:
        reason = f"all engines serve {models.pop()}: no swap of models is shown"
        return not_run("NFR-4", reason, command=command)
    silent = [name for name, answered in live.swapped.items() if not answered]
    answered = [name for name in live.swapped if name not in silent]
    figure = f"{len(answered)} of {len(live.swapped)} engines answered in turn, in one process"
    reason = f"no answer from {', '.join(silent)}" if silent else ""
    return judged("NFR-4", not silent, figure, command=command, reason=reason)


def lengths(live: Live, labelled: Labelled | None, command: str) -> Finding:
    """FR-3: each length gives the right title, and the user's pages are short enough."""
    told = ", ".join(f"{one.written.tokens:,}" for one in live.readings)
    right = sum(one.right for one in live.readings)
    figure = f"{right} of {len(live.readings)} generated postings have their title ({told} tokens)"
    by = ", ".join(one.name for one in live.engines) or "the embedded reader alone"
    figure += f", by {by}"
    reason = "the share of your own pages within 8,192 tokens needs --run"
    held = right == len(live.readings)
    if labelled is not None and labelled.tokens:
        short, pages = short_pages(labelled)
        figure += f"; {100 * short / pages:.1f} % of {pages:,} pages within 8,192 tokens"
        held, reason = held and short >= SHARE * pages, ""
    wrong = [_wrong(one) for one in live.readings if not one.right]
    reason = "; ".join([*wrong, *([reason] if reason else [])])
    return judged("FR-3", held, figure, command=command, reason=reason)


def _wrong(one: Reading) -> str:
    data = one.record.get("data") or {}
    title = data.get("title")
    return f"at {one.wanted:,} tokens: {one.record.get('outcome')}, title {title!a}"


def valid_output(
    live: Live, labelled: Labelled | None, schema: Schema | None, command: str
) -> Finding:
    """FR-2: every record that holds data is valid, of the run and of generated postings."""
    generated = _generated(live.readings, schema)
    parts = [f"{generated.valid} of {generated.all} generated postings"]
    wrong = generated.first
    commands = [command]
    if labelled is not None:
        own = validity(labelled)
        parts.insert(0, f"{own.valid:,} of {own.all:,} records of {labelled.engine}")
        wrong = own.first or wrong
        commands.insert(0, labelled.command)
    figure = f"{' and '.join(parts)} are valid"
    reason = f"not valid: {wrong}" if wrong else ""
    if not generated.all and labelled is None:
        return not_run("FR-2", "no generated posting gave data", figure=figure, command=command)
    told = "; ".join(filter(None, commands))
    return judged("FR-2", not wrong, figure, command=told, reason=reason)


def _generated(readings: Sequence[Reading], schema: Schema | None) -> Validity:
    there = [one for one in readings if one.record.get("outcome") in ("ok", "partial")]
    wrong = [one for one in there if not is_valid(one.record.get("data") or {}, schema)]
    first = f"the generated posting of {wrong[0].wanted:,} tokens" if wrong else ""
    return Validity(len(there), len(there) - len(wrong), first)

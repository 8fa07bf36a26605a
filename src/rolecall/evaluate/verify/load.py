"""What a bench file, or a short load of our own, shows: memory, speed, many at a time."""

from __future__ import annotations

from typing import Any, Final

from rolecall.evaluate.choose.bench_file import BenchFile, number, place
from rolecall.evaluate.nouns import Finding
from rolecall.evaluate.verify.gpu import Gpus
from rolecall.evaluate.verify.live import Live, Load
from rolecall.evaluate.verify.requirements import judged, not_run

GIB: Final = 2**30
MOST_BYTES: Final = 8 * GIB
TOKENS_PER_S, POSTINGS_PER_MIN, GAP_MS, AT_A_TIME = 30.0, 50.0, 100.0, 10
BY_LOAD: Final = ("NFR-1", "NFR-2", "PR-1", "PR-2", "PR-3")


def of_bench(bench: BenchFile) -> dict[str, Finding]:
    """What a bench file shows, by requirement: its own findings first, else from its points."""
    command, out = bench.text("command"), _own_findings(bench)
    used = bench.gpu_bytes
    if used is not None and "NFR-1" not in out:
        figure = f"{used / GIB:.2f} GiB in use over all GPUs ({bench.path})"
        out["NFR-1"] = judged("NFR-1", used <= MOST_BYTES, figure, command=command)
    tpot = number(bench.alone, "tpot_ms", "mean")
    if tpot and "NFR-2" not in out:
        figure = f"{1_000 / tpot:.1f} tokens/s of one request alone (mean TPOT {tpot:g} ms)"
        held = 1_000 / tpot >= TOKENS_PER_S
        out["NFR-2"] = judged("NFR-2", held, figure, command=command)
    fastest = bench.fastest
    if fastest is not None and "PR-1" not in out:
        rate = number(fastest, "postings_per_min") or 0.0
        figure = f"{rate:,.1f} postings/min, {place(fastest)}"
        out["PR-1"] = judged("PR-1", rate >= POSTINGS_PER_MIN, figure, command=command)
    many = bench.at_least(AT_A_TIME)
    failed, asked = number(many, "failed"), number(many, "requests")
    if many is not None and failed is not None and asked and "PR-3" not in out:
        figure = f"{asked:,.0f} requests, {place(many)}: {failed:,.0f} failed"
        out["PR-3"] = judged("PR-3", failed == 0, figure, command=command)
    return out


def _own_findings(bench: BenchFile) -> dict[str, Finding]:
    """The findings that the bench itself wrote down, where they say pass or fail."""
    rows: Any = bench.value.get("findings")
    out: dict[str, Finding] = {}
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict) or row.get("id") not in BY_LOAD:
            continue
        if row.get("verdict") in ("pass", "fail"):
            told = {key: str(row.get(key) or "") for key in ("figure", "reason", "command")}
            command, held = told["command"] or bench.text("command"), row["verdict"] == "pass"
            out[row["id"]] = judged(
                row["id"], held, told["figure"], command=command, reason=told["reason"]
            )
    return out


def of_live(live: Live, gpus: Gpus, command: str) -> dict[str, Finding]:
    """What the short load of our own shows; the reason where there was none."""
    alone, many = live.alone, live.many
    if alone is None or many is None:
        reason = live.reason or "no engine answered"
        return {name: not_run(name, f"{reason}; no --bench FILE is given") for name in BY_LOAD}
    if many.engine in live.replayed:
        reason = f"{many.engine} replays recorded answers, which shows no engine's speed"
        return {name: not_run(name, reason) for name in BY_LOAD}
    out = {"NFR-1": _memory(gpus, command), **_speed(alone, command)}
    figure = f"{many.engine}: {many.postings_per_min:,.1f} postings/min, {many.at_a_time} at a time"
    figure += f" for {many.seconds:.0f} s ({many.postings} generated postings)"
    held = many.postings_per_min >= POSTINGS_PER_MIN
    out["PR-1"] = judged("PR-1", held, figure, command=command, reason=many.failure)
    figure = f"{many.postings} postings, {many.at_a_time} at a time: {many.failed} failed"
    if many.postings < many.at_a_time:
        reason = "too few were finished in the time: give it more with --seconds"
        out["PR-3"] = not_run("PR-3", reason, figure=figure, command=command)
    else:
        held = many.failed == 0
        out["PR-3"] = judged("PR-3", held, figure, command=command, reason=many.failure)
    return out


def _speed(alone: Load, command: str) -> dict[str, Finding]:
    """NFR-2 and PR-2, from requests one after the other."""
    out = {}
    if alone.output_tokens and alone.asked_seconds:
        rate = alone.output_tokens / alone.asked_seconds
        figure = f"{alone.engine}: {rate:.1f} tokens/s of one request alone, its prompt included"
        held = rate >= TOKENS_PER_S
        out["NFR-2"] = judged("NFR-2", held, figure, command=command, reason=alone.failure)
    else:
        told = f": {alone.failure}" if alone.failure else ""
        reason = f"no tokens were counted in the answers of the engine{told}"
        out["NFR-2"] = not_run("NFR-2", reason, command=command)
    if alone.gaps:
        gaps = sorted(1_000 * one for one in alone.gaps)
        middle, high = gaps[len(gaps) // 2], gaps[min(len(gaps) - 1, int(0.95 * len(gaps)))]
        figure = f"median {middle:.1f} ms, 95th percentile {high:.1f} ms, of {len(gaps)} gaps"
        out["PR-2"] = judged("PR-2", high < GAP_MS, figure, command=command)
    else:
        reason = "fewer than two requests were answered"
        out["PR-2"] = not_run("PR-2", reason, command=command)
    return out


def _memory(gpus: Gpus, command: str) -> Finding:
    if not gpus.gpus:
        return not_run("NFR-1", gpus.reason, command=command)
    used = sum(one.used for one in gpus.gpus)
    cards = ", ".join(f"{one.name} with {one.total / GIB:.1f} GiB" for one in gpus.gpus)
    figure = f"{used / GIB:.2f} GiB in use after the load, over all GPUs ({cards})"
    reason = "counts every process on the GPUs of this machine"
    return judged("NFR-1", used <= MOST_BYTES, figure, command=command, reason=reason)

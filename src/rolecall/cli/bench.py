"""``rolecall bench``: how fast an engine or the whole pipeline is, under load."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import secrets
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rolecall.cli import FAILED, OK
from rolecall.cli.options import Parser, add_policy
from rolecall.cli.options import settings_with_servers as load_settings
from rolecall.cli.signals import Stop
from rolecall.errors import UsageError
from rolecall.evaluate.files import refuse_existing, write_whole
from rolecall.evaluate.load.benchfile import plain, write_bench
from rolecall.evaluate.load.export import LEFT_OUT, command, lines
from rolecall.evaluate.load.figures import read_slo
from rolecall.evaluate.load.measure import WARM, Plan
from rolecall.evaluate.load.nouns import Bench
from rolecall.evaluate.load.order import Order, widest
from rolecall.evaluate.load.prompts import read_pages
from rolecall.evaluate.load.session import Found, cores, measure
from rolecall.evaluate.load.table import text_of
from rolecall.evaluate.load.watch import Progress
from rolecall.inputs.files import shown
from rolecall.settings import Settings

DESCRIPTION = """\
Measures how many postings an engine takes a minute, and how long an answer takes:
the prompts that Rolecall would send for your pages are sent at more and more at
once, until that gives no more. With --pipeline, whole pages are read to records,
with engines or by the embedded reader alone. Without any engine declared, that is
what is measured. Without pages, made ones of many lengths are.

Latencies are defined as vllm bench serve defines them (docs/bench.md). No prompt is
sent twice in a run, unless --repeat says so: a server would have it in its cache.
Kept answers are not used. A paid engine needs the policy that allows it, and --yes.

NFR-2, PR-1, PR-2 and PR-3 of the decision record are met or failed by name."""

EXAMPLES = """\
examples:
  rolecall bench                              what is there, on made pages
  rolecall bench --engine gpu postings/       a sweep: 1, 2, 4, ... at once
  rolecall bench --engine gpu --concurrency 1,10,64
  rolecall bench --engine gpu --rate 2,4,8 --duration 60 --slo ttft:500,e2el:5000
                                              arrivals by the clock, and how many
                                              answers a second keep the promise
  rolecall bench --engine gpu --pipeline postings/
  rolecall bench --engine gpu --concurrency 16 --requests 200 --export-vllm load.jsonl
                                              the same load for vllm bench serve
  rolecall bench --engine gpu --out bench.json --json

exit codes: 0 measured; 2 a wrong call; 3 some point got no answer at all; 130, 143
stopped by a signal, what was measured until then is printed."""

MOST = 4_096
PAGES = 64
SWEEP_TO = 128
SECONDS = 60.0


def run(words: list[str]) -> int:
    """Measure, print what was found, and return the exit code."""
    told = parser().parse_intermixed_args(words)
    out = Path(told.out) if told.out else None
    exported = Path(told.export_vllm) if told.export_vllm else None
    for path in (out, exported):
        if path is not None:
            refuse_existing(path, force=told.force)
    order = read_order(told, words)
    if exported is not None and order.kind != "engine":
        raise UsageError("--export-vllm exports prompts, and whole pages are measured here")
    _open_files(widest(order.plan))
    stop = Stop()
    with stop.watching(), contextlib.closing(Progress(sys.stderr, quiet=told.quiet)) as watch:
        found = asyncio.run(measure(order, watch=watch, stop=stop, environ=os.environ))
    bench = found.bench
    if exported is not None:
        _export(found, exported, order)
    if out is not None:
        write_bench(bench, out, force=told.force)
    _print(bench, as_json=told.json)
    if stop():
        return stop.exit_code
    return FAILED if any(one.failed == one.requests for one in bench.points) else OK


def parser() -> Parser:
    """The words that ``rolecall bench`` knows."""
    told = Parser("bench", DESCRIPTION, EXAMPLES)
    add = told.add_argument
    add("pages", metavar="PAGE", nargs="*", help="files, folders, patterns (made pages)")
    add("--engine", metavar="NAME", help="the engine, as it is declared")
    add(
        "--gpu",
        metavar="CARD",
        default="",
        help="the card it runs on, for a plan beside it (see plan)",
    )
    add("--pipeline", action="store_true", help="whole pages to records, not bare prompts")
    _add_load(told.add_argument_group("the load"))
    _add_prompts(told.add_argument_group("the prompts"))
    _add_output(told.add_argument_group("what comes out"))
    return told


def _add_load(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--concurrency",
        metavar="N",
        type=_list_of(int, 1, MOST),
        help="so many requests under way, instead of a sweep; several as 1,10,64",
    )
    group.add_argument(
        "--sweep-to",
        metavar="N",
        type=_one_of(int, 1, MOST),
        help=f"sweep up to this many under way ({SWEEP_TO})",
    )
    group.add_argument(
        "--rate",
        metavar="R",
        type=_list_of(float, 1e-3, 1e5),
        help="send so many requests a second, whatever the server does; several as 2,4,8",
    )
    group.add_argument(
        "--even", action="store_true", help="with --rate: evenly, not at random (Poisson)"
    )
    group.add_argument(
        "--requests",
        metavar="N",
        type=_one_of(int, 1, 10**7),
        help="requests of a point (4 for each under way, at least 32)",
    )
    group.add_argument(
        "--duration",
        metavar="SECONDS",
        type=_one_of(float, 1e-3, 1e6),
        help=f"send no more after so long; alone, only that ends a point ({SECONDS:.0f})",
    )
    group.add_argument(
        "--warmup",
        metavar="N",
        type=_one_of(int, 0, 10**5),
        default=WARM,
        help=f"requests before each point that are not counted ({WARM})",
    )
    group.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_one_of(float, 1e-2, 1e5),
        help="a request that takes longer has failed (the engine's call_seconds)",
    )
    group.add_argument(
        "--slo", metavar="SLO", help='goodput under promises in ms: "ttft:500,tpot:50,e2el:5000"'
    )


def _add_prompts(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--made",
        metavar="N",
        type=_one_of(int, 1, 10**5),
        default=PAGES,
        help=f"how many pages are made where none is named ({PAGES})",
    )
    group.add_argument(
        "--seed", metavar="N", type=int, default=7, help="of made pages, their order, arrivals (7)"
    )
    group.add_argument("--all-fields", action="store_true", help="ask for every field of each page")
    group.add_argument("--repeat", action="store_true", help="send prompts again as they are")
    group.add_argument("--schema", metavar="FILE", help="records in the shape of this JSON Schema")
    add_policy(group.add_argument)
    group.add_argument("--yes", action="store_true", help="agree to what a paid engine costs")


def _add_output(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--json", action="store_true", help="one JSON object on stdout, as in --out")
    group.add_argument("--out", metavar="FILE", help="write all figures there, as JSON")
    group.add_argument(
        "--export-vllm", metavar="FILE", help="write the prompts for vllm bench serve (.jsonl)"
    )
    group.add_argument("--force", action="store_true", help="replace files that exist")
    group.add_argument("--quiet", action="store_true", help="no progress")


def read_order(told: argparse.Namespace, words: list[str]) -> Order:
    """The words as an `Order`; raises `UsageError`."""
    settings = load_settings(
        {
            "engine": told.engine,
            "schema": told.schema,
            "policy": told.policy,
            "cloud_engine": told.cloud_engine,
        }
    )
    if told.concurrency and told.sweep_to:
        raise UsageError("--concurrency names points, --sweep-to looks for them: choose one")
    if told.even and not told.rate:
        raise UsageError("--even is about --rate", hint="say how many a second: --rate 4 --even")
    if told.gpu and told.pipeline:
        raise UsageError("--gpu is about an engine's plan, and whole pages are measured here")
    if told.export_vllm and not told.export_vllm.endswith(".jsonl"):
        raise UsageError(
            "--export-vllm writes JSON Lines, and vLLM knows them by the name",
            hint=f"call it {told.export_vllm}.jsonl",
        )
    sources = read_pages(told.pages, count=told.made, seed=told.seed, limit=settings.max_bytes)
    return Order(
        kind="pipeline" if told.pipeline or not _engines(settings) else "engine",
        sources=tuple(sources),
        plan=_plan(told),
        settings=settings,
        every=told.all_fields,
        mark="" if told.repeat else secrets.token_hex(3),
        yes=told.yes,
        call_seconds=told.timeout,
        workers=settings.workers or cores(),
        gpu=_card(told.gpu),
        command=shown(shlex.join(["rolecall", "bench", *words])),
    )


def _card(named: str) -> str:
    """The card's name, which must be one before anything is measured."""
    from rolecall.plan.devices import device_named

    return device_named(named).name if named else ""


def _engines(settings: Settings) -> bool:
    from rolecall.drive.connect import declared_engines

    return bool(declared_engines(settings, os.environ))


def _plan(told: argparse.Namespace) -> Plan:
    sweeps = not told.concurrency and not told.rate
    unsaid = told.requests is None and told.duration is None
    return Plan(
        levels=told.concurrency or (),
        sweep_to=told.sweep_to or (SWEEP_TO if sweeps else 0),
        rates=told.rate or (),
        even=told.even,
        requests=told.requests,
        by_level=unsaid,
        seconds=SECONDS if unsaid else told.duration,
        warmup=told.warmup,
        slo=read_slo(told.slo) if told.slo is not None else None,
        seed=told.seed,
    )


def _one_of(kind: Callable[[str], Any], least: float, most: float) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {least:g} to {most:,.0f}")
        return value

    return read


def _list_of(kind: Callable[[str], Any], least: float, most: float) -> Callable[[str], Any]:
    one = _one_of(kind, least, most)
    return lambda text: tuple(dict.fromkeys(one(part.strip()) for part in text.split(",")))


def _open_files(connections: int) -> None:
    """Let this process have as many connections open as the load wants, if it may."""
    try:
        import resource
    except ImportError:  # not on this system
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + 256
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _export(found: Found, path: Path, order: Order) -> None:
    """Write the prompts in the order of this run, and say which command sends them."""
    target, plan = found.target, order.plan
    if target is None:
        return
    points = [one for one in found.bench.points if one.requests]
    best = max(points, key=lambda one: one.requests_per_s or 0.0, default=None)
    count = best.requests if best is not None else len(found.bench.points)
    count = max(1, count)
    prompts, written = [], {}
    for number in range(count):
        index, _, prompt = target.prompt(number)
        prompts.append(prompt)
        if index in target.written:
            written[number] = target.written[index]
    write_whole(path, lines(prompts, written))
    words = command(
        str(path),
        url=found.urls[0] if found.urls else "http://127.0.0.1:8000/v1",
        model=found.bench.model,
        count=count,
        level=best.concurrency if best is not None else None,
        rate=best.rate if best is not None else None,
        warmup=plan.warmup,
    )
    sys.stderr.write(
        f"{count:,} prompts for vLLM in {path}; send them with\n  {words}\n"
        f"  add --tokenizer PATH where {found.bench.model} is no folder and no name of a model hub"
        f"\n  {LEFT_OUT}\n"
    )


def _print(bench: Bench, *, as_json: bool) -> None:
    if as_json:
        import orjson

        sys.stdout.write(orjson.dumps(plain(bench), option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        sys.stdout.write("\n".join(map(shown, text_of(bench).split("\n"))))
    sys.stdout.flush()

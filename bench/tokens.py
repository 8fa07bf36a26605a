"""Tokens and requests for one posting, ours beside others': ``make bench-tokens``.

    tokens.py [--corpus DIR] [--models DIR] [--peer WAY=PYTHON]... [--pages N]

No model is called. Ours are counted from the prompts; the others extract at a recording endpoint
that answers at once what people read on the page, so these are the costs of a right first answer.
Tokens are those of the Qwen vocabulary with its chat template, and a JSON Schema that goes along
counts as text. Before any call, and for every peer after its calls, each annotated value that the
page shows is looked for in what was sent. Prints tables and writes ``build/bench-tokens.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import token_own
from annotated import lost
from pages import CORPUS, ROOT
from rolecall.ask.tokens import qwen
from rolecall.evaluate.annotated import Annotated
from token_server import Recorder, recording

HERE = Path(__file__).resolve().parent
PEER_SECONDS = 900


def chosen(samples: Sequence[Annotated], most: int) -> list[Annotated]:
    """The pages for the peers, by a fixed rule: the first by id of each site, sites by name."""
    first: dict[str, Annotated] = {}
    for sample in samples:
        first.setdefault(sample.site, sample)
    return [first[site] for site in sorted(first)][:most]


def median(values: Iterable[float]) -> float | None:
    """The median, or ``None`` of nothing."""
    found = list(values)
    return statistics.median(found) if found else None


def own_figures(rows: Sequence[Mapping[str, Any]], static: int) -> dict[str, Any]:
    """The figures over all pages that the goals speak of."""
    asked = [row for row in rows if row["asked"]]
    total = [row["asked_prompt"] + row["asked_answer"] for row in rows]
    fresh = [whole - static * row["asked_requests"] for whole, row in zip(total, rows, strict=True)]
    counts: dict[str, int] = {}
    for row in rows:
        for name in row["asked"]:
            counts[name] = counts.get(name, 0) + 1
    return {
        "pages": len(rows),
        "static": static,
        "prompt": spread(row["prompt"] for row in rows),
        "text": spread(row["text"] for row in rows),
        "answer": spread(row["answer"] for row in rows),
        "whole": spread(row["prompt"] + row["answer"] for row in rows),
        "requests": sum(row["requests"] for row in rows),
        "asked_pages": len(asked),
        "asked_requests": sum(row["asked_requests"] for row in rows),
        "asked_total": spread(total),
        "asked_fresh": spread(fresh),
        "asked_total_of_asked": spread(
            t for t, row in zip(total, rows, strict=True) if row["asked"]
        ),
        "asked_fresh_of_asked": spread(
            t for t, row in zip(fresh, rows, strict=True) if row["asked"]
        ),
        "asked_fields": dict(sorted(counts.items(), key=lambda one: -one[1])),
        **losses(rows),
    }


def spread(values: Iterable[int]) -> dict[str, float]:
    """Median, mean and range; empty for nothing."""
    found = sorted(values)
    if not found:
        return {}
    return {
        "median": statistics.median(found),
        "mean": round(statistics.mean(found), 1),
        "least": found[0],
        "most": found[-1],
    }


def losses(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """By field: pages and values that the page shows and no prompt does."""
    by_field: dict[str, dict[str, int]] = {}
    for row in rows:
        for key, count in row["lost"].items():
            field = by_field.setdefault(key, {"pages": 0, "values": 0})
            field["pages"] += 1
            field["values"] += count
    return {
        "lost": by_field,
        "lost_pages": sum(bool(row["lost"]) for row in rows),
        "unseen": sum(row["unseen"] for row in rows),
    }


async def peer_figures(
    ways: Mapping[str, str], samples: Sequence[Annotated], corpus: Path
) -> dict[str, Any]:
    """Way -> what it sent and got for ``samples``."""
    recorder = Recorder({sample.id: sample.gold for sample in samples}, qwen())
    figures = {}
    async with recording(recorder) as address:
        for way, python in ways.items():
            print(f"running {way}", file=sys.stderr)
            told = await _run(way, python, address, samples, corpus)
            calls = [call for call in recorder.calls if call["way"] == way]
            figures[way] = {**told, **summed(samples, calls)}
    return figures


async def _run(
    way: str, python: str, address: str, samples: Sequence[Annotated], corpus: Path
) -> dict[str, Any]:
    """Let one peer extract all pages in its own process; what it said of itself."""
    lines = "".join(
        json.dumps({"page": one.id, "path": str(corpus / "pages" / f"{one.id}.html")}) + "\n"
        for one in samples
    )
    with tempfile.TemporaryDirectory() as home:
        process = await asyncio.create_subprocess_exec(
            python, str(HERE / "token_peers.py"), way, address,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "HOME": home, "CRAWL4_AI_BASE_DIRECTORY": home},
        )  # fmt: skip
        talk = process.communicate(lines.encode())
        out, err = await asyncio.wait_for(talk, PEER_SECONDS)
    if process.returncode:
        raise RuntimeError(f"{way} failed:\n{err.decode('utf-8', 'replace')[-2000:]}")
    told: dict[str, Any] = json.loads(out.decode().strip().splitlines()[-1])
    return told


def summed(samples: Sequence[Annotated], calls: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A peer's calls by page, and what of the page's values is in none of them."""
    rows = []
    for sample in samples:
        mine = [call for call in calls if call["page"] == sample.id]
        missing, unseen = lost(
            sample.gold, sample.page.text, "\n".join(call["text"] for call in mine)
        )
        row: dict[str, Any] = {"page": sample.id, "requests": len(mine)}
        for key in ("messages", "schema", "answer"):
            row[key] = sum(call[key] for call in mine)
        rows.append({**row, "lost": missing, "unseen": unseen})
    return {
        "pages": len(rows),
        "requests": sum(row["requests"] for row in rows),
        "messages": spread(row["messages"] for row in rows),
        "schema": spread(row["schema"] for row in rows),
        "answer": spread(row["answer"] for row in rows),
        "total": spread(row["messages"] + row["schema"] + row["answer"] for row in rows),
        "bare": spread(row["messages"] + row["answer"] for row in rows),
        **losses(rows),
        "rows": rows,
    }


def beside(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Ours on the peers' pages in the same terms: every field asked, and as it is asked."""
    out = {}
    for way, prompt, answer, requests in (
        ("rolecall, all fields", "prompt", "answer", "requests"),
        ("rolecall, as asked", "asked_prompt", "asked_answer", "asked_requests"),
    ):
        out[way] = {
            "pages": len(rows),
            "requests": sum(row[requests] for row in rows),
            "messages": spread(row[prompt] for row in rows),
            "schema": spread(0 for _ in rows),
            "answer": spread(row[answer] for row in rows),
            "total": spread(row[prompt] + row[answer] for row in rows),
            "bare": spread(row[prompt] + row[answer] for row in rows),
            **losses(rows),
        }
    return out


def own_table(found: Mapping[str, Any], reader: str, *, annotated: bool) -> str:
    """Our figures for a person, beside the goals; without annotations, those of prompts alone."""

    def cell(name: str) -> str:
        one = found[name]
        return f"{one['median']:8,.0f}  ({one['least']:,} to {one['most']:,})"

    right = [
        f"answer that states all      {cell('answer')}   goal 180",
        f"prompt and answer           {cell('whole')}",
    ]
    losing = [
        f"values the page shows and no prompt does: {lost_words(found)}",
        f"annotated values that our text of the page does not show either: {found['unseen']}",
    ]
    what = "annotated pages" if annotated else "examples, without annotations: prompts alone"
    lines = [
        f"{found['pages']} {what}; medians, in tokens of the Qwen vocabulary with chat template",
        f"prompt for every field      {cell('prompt')}   goal 1,300",
        f"  of it static              {found['static']:8,}   goal 400",
        f"  of it the page's text     {cell('text')}",
        f"  requests                  {found['requests']:8,}",
        *(right if annotated else ()),
        f"asked after stated data and {reader}:",
        f"  pages asked about         {found['asked_pages']:8} of {found['pages']}, "
        f"{found['asked_requests']} requests",
        f"  prompt and answer, all    {cell('asked_total')}   goal 1,450",
        f"    without static part     {cell('asked_fresh')}   goal 1,000",
        f"  the same, pages asked     {cell('asked_total_of_asked')}",
        f"    without static part     {cell('asked_fresh_of_asked')}",
        "  fields asked              "
        + ", ".join(f"{name} {count}" for name, count in found["asked_fields"].items()),
        *(losing if annotated else ()),
    ]
    return "\n".join(lines)


def lost_words(found: Mapping[str, Any]) -> str:
    """Losses in words: field, pages, values."""
    told = [
        f"{key} {one['values']} on {one['pages']}"
        for key, one in sorted(found["lost"].items(), key=lambda row: -row[1]["pages"])
    ]
    return f"{found['lost_pages']} pages" + (f" ({', '.join(told)})" if told else "")


def peer_table(figures: Mapping[str, Any]) -> str:
    """All ways side by side, each a line of medians."""
    names = ("requests", "messages", "schema", "answer", "total", "bare")
    lines = [
        "bare: without the schema, for a server that only makes a grammar of it",
        f"{'':24}" + "".join(f"{name:>10}" for name in names) + "  pages with lost values",
    ]
    for way, one in figures.items():
        name = f"{way} {one['version']}" if "version" in one else way
        cells = [f"{one['requests']:10}"]
        cells += [f"{one[key]['median']:10,.0f}" for key in names[1:]]
        lines.append(f"{name:24}" + "".join(cells) + f"  {lost_words(one)}")
        if one.get("failed"):
            lines.append(f"{'':24}failed on {len(one['failed'])}: {one['failed']}"[:200])
    return "\n".join(lines)


def main() -> None:
    """Count everything, print the tables, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--models", type=Path, default=ROOT / "build" / "gate" / "models")
    parser.add_argument("--peer", action="append", default=[], metavar="WAY=PYTHON")
    parser.add_argument("--pages", type=int, default=24, help="for the peers")
    told = parser.parse_args()
    samples = token_own.samples_of(told.corpus)
    annotated = bool(samples[0].gold)
    readers, reader = token_own.pipelines(samples, told.models)
    rows = token_own.rows(samples, readers, told.corpus)
    static = token_own.static_tokens(token_own.voice().style)
    own = own_figures(rows, static)
    print(own_table(own, reader, annotated=annotated))
    figures: dict[str, Any] = {"reader": reader, "own": own, "rows": rows}
    ways = dict(one.split("=", 1) for one in told.peer)
    if not annotated:
        print("peers: skipped, no annotated pages beside this checkout (../shared/corpus)")
    elif ways:
        some = chosen(samples, told.pages)
        names = {one.id for one in some}
        theirs = asyncio.run(peer_figures(ways, some, told.corpus))
        both = {**beside([row for row in rows if row["page"] in names]), **theirs}
        print(f"\nthe first page by id of {len(some)} sites; requests in all, medians of tokens")
        print(peer_table(both))
        figures["beside"] = both
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    path = build / "bench-tokens.json"
    path.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

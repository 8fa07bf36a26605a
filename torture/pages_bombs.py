"""Bytes that unpack to more than they should: refused or read in part, and never held in memory."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tests.cli.shell import COMMAND, environment
from tests.inputs.made import response

from torture.nouns import Case, Class, Figure, Group, Terms
from torture.pages_files import records
from torture.pages_posting import posting
from torture.pages_tried import MIB, POSTING

GOAL: Final = 64
"""MiB that a bomb may add to what an ordinary page takes."""
REFUSED: Final = ("too_large", "decode_error")


WITNESS: Final = """
import json, os, subprocess, sys
run = subprocess.Popen(sys.argv[1:], stderr=subprocess.DEVNULL)
_, status, used = os.wait4(run.pid, 0)
print(json.dumps([used.ru_maxrss, os.waitstatus_to_exitcode(status)]), file=sys.stderr)
"""
"""Runs a command from a process so small that what it had before counts for nothing."""
LIGHT: Final = (
    "10gb_in_members",
    "twice.",
    "damaged_cut.html.gz",
    "many_frames",
    "coding_gzip.",
    "coding_br.",
)
"""What the short form tries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bomb:
    """A file, and what its one page may become."""

    name: str
    content: bytes
    wants: tuple[str, ...] = REFUSED


def bombs(terms: Terms) -> Group:
    """Each bomb through a command of its own, whose memory is held against an ordinary page's."""
    folder = terms.scratch / "bombs"
    folder.mkdir()
    cases, rises = [], []
    usual: dict[str, int] = {}
    for one in made(terms):
        if not terms.full and not one.name.startswith(LIGHT):
            continue
        ending = one.name.partition("_")[2]
        kind = ending.partition(".")[2]
        path = folder / one.name
        path.write_bytes(one.content)
        if kind not in usual:
            usual[kind] = measured(ordinary(folder, kind))[1]
        found, most, code = measured(path)
        rise = (most - usual[kind]) / MIB
        rises.append(rise)
        cases.append(judged(one, found, rise, code))
    worst = max(rises)
    figure = Figure(
        name="memory of a bomb beyond an ordinary page", value=round(worst, 1), unit="MiB",
        goal=f"<= {GOAL}", held=worst <= GOAL,
    )  # fmt: skip
    said = "packed bytes: bombs, packed twice, cut off, with junk, with a wrong head"
    return Group(said=said, cases=tuple(cases), figures=(figure,))


def judged(one: Bomb, found: list[dict[str, Any]], rise: float, code: int) -> Case:
    """The class of a bomb."""
    got = [str((r["reason"] or {}).get("code") or r["outcome"]) for r in found]
    name, note = one.name, f"{got}, {rise:+.0f} MiB"
    if code not in (0, 3) or not got:
        return Case(name=name, found=Class.CRASHED, note=f"exit {code}, {note}")
    if rise > GOAL:
        return Case(name=name, found=Class.HUNG, note=note)
    if len(got) != 1 or got[0] not in one.wants:
        return Case(name=name, found=Class.WRONG, note=f"{note}, wanted {one.wants}")
    if "damaged" in name and got[0] in POSTING and not found[0]["warnings"]:
        return Case(name=name, found=Class.WRONG, note="no warning")
    return Case(name=name, found=Class.RIGHT, note=note)


def measured(path: Path) -> tuple[list[dict[str, Any]], int, int]:
    """The records of a file, the most memory of any process that took part, and the exit code."""
    run = subprocess.run(
        [sys.executable, "-c", WITNESS, *COMMAND, "extract", str(path), "--quiet"],
        capture_output=True, check=True, env=environment(),
    )  # fmt: skip
    used, code = json.loads(run.stderr.splitlines()[-1])
    return records(run.stdout), used * 1024, code


def ordinary(folder: Path, kind: str) -> Path:
    """An ordinary page in a file of the same kind."""
    page = posting()
    path = folder / f"ordinary.{kind}"
    if kind.endswith("warc"):
        path.write_bytes(response(page))
    elif kind.endswith("zst"):
        path.write_bytes(zstd(page))
    else:
        path.write_bytes(gzip.compress(page) if kind.endswith("gz") else page)
    return path


def made(terms: Terms) -> Iterator[Bomb]:
    """All bombs; the short form leaves out a few that differ in size only."""
    zeros = gzip.compress(bytes(100 * MIB))
    page = posting()
    packed = gzip.compress(page + random.Random(7).randbytes(90_000).hex().encode())
    yield Bomb(name="10gb_in_members.html.gz", content=zeros * 100)
    yield Bomb(name="over_the_limit.html.gz", content=gzip.compress(page + b" " * 12_000_000))
    yield Bomb(name="without_its_name.html", content=zeros * 2)
    yield Bomb(
        name="twice.html.gz", content=gzip.compress(gzip.compress(page)), wants=("not_html",)
    )
    yield Bomb(name="bomb_within_twice.html.gz", content=gzip.compress(zeros), wants=("not_html",))
    yield Bomb(
        name="damaged_cut.html.gz",
        content=packed[: len(packed) * 3 // 4],
        wants=(*POSTING, *REFUSED),
    )
    yield Bomb(
        name="junk_behind.html.gz", content=gzip.compress(page) + b"junk" * 900, wants=POSTING
    )
    yield Bomb(name="head_only.html.gz", content=zeros[:10])
    yield Bomb(name="wrong_head.html.gz", content=b"\x1f\x8b\xff" + zeros[3:])
    yield Bomb(name="no_gzip_at_all.html.gz", content=page, wants=POSTING)
    yield Bomb(
        name="10gb_of_line.jsonl.gz",
        content=zeros * (100 if terms.full else 6),
        wants=("too_large", "decode_error"),
    )
    if find_spec("zstandard"):
        big = zstd(bytes(100 * MIB))
        yield Bomb(name="many_frames.html.zst", content=big * 100)
        yield Bomb(name="damaged_cut.html.zst", content=zstd(page)[:-9], wants=(*POSTING, *REFUSED))
        yield Bomb(name="wrong_head.html.zst", content=b"\x28\xb5\x2f\xfd" + b"\xff" * 900)
    yield from coded(zeros)


def coded(zeros: bytes) -> Iterator[Bomb]:
    """Bombs as the content coding of a page in an archive."""
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    bare = raw.compress(bytes(100 * MIB)) + raw.flush()
    bodies = {
        "gzip": zeros, "deflate": zlib.compress(bytes(100 * MIB)), "deflate_bare": bare,
        "gzip_gzip": gzip.compress(zeros), "gzip_of_nothing": b"", "unknown": b"x",
    }  # fmt: skip
    if find_spec("brotli"):
        import brotli  # type: ignore[import-untyped,unused-ignore]

        bodies["br"] = brotli.compress(bytes(100 * MIB), quality=1)
        bodies["br_cut"] = brotli.compress(posting())[:-9]
    if find_spec("zstandard"):
        bodies["zstd"] = zstd(bytes(100 * MIB))
    for name, body in bodies.items():
        coding = {"gzip_gzip": "gzip, gzip", "gzip_of_nothing": "gzip", "unknown": "lzma"}.get(
            name, name.partition("_")[0]
        )
        head = f"Content-Type: text/html\r\nContent-Encoding: {coding}\r\n"
        wants = (*REFUSED, "empty_text") if name == "gzip_of_nothing" else (*REFUSED, "not_html")
        yield Bomb(name=f"coding_{name}.warc", content=response(body, fields=head), wants=wants)


def zstd(body: bytes) -> bytes:
    """Zstandard, whose size is not said in its head."""
    import zstandard

    engine = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    return engine.compress(body) + engine.flush()

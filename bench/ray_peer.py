"""Rolecall over Ray beside trafilatura with extruct in plain Ray Data: ``make bench-ray``.

ray_peer.py [COUNT]

COUNT realistic pages are written as JSON Lines in four files, and read by both with one worker and
with two, each run in a Ray of its own. A rate is that of the pages between the first fifth and the
last tenth, without start-up and end; ``all`` is the rate over the whole run with Ray's start.
Memory is the most that all processes of a run (Ray's own too) had together, pages that they share
counted once (PSS). Prints a table and writes ``build/bench-ray.json``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pages

BUILD = pages.ROOT / "build"
FILES = 4
BEGUN, ENDED = 0.2, 0.9  # shares of the pages between which a rate is taken
SAMPLE = 0.5  # seconds between looks at memory
BATCH = 64


def own(folder: Path, workers: int) -> Iterator[int]:
    """Our extraction: how many pages are done, as they get done."""
    from rolecall.batch.ray_cluster import LOCAL, cluster
    from rolecall.batch.ray_run import Wanted, results_on
    from rolecall.batch.run import PageWork
    from rolecall.inputs.stream import expand
    from rolecall.outputs.open import open_output
    from rolecall.settings import Settings

    page_work = PageWork(Settings(workers=workers, engine="none"))
    output = open_output(str(folder / "out.jsonl"), "force", page_work.pipeline.config)
    with cluster(LOCAL, workers=workers) as (ray, alone):
        wanted = Wanted(
            paths=expand([str(folder / "*.jsonl.gz")]), page_work=page_work, output=output
        )
        for number, done in enumerate(results_on(ray, wanted, alone=alone), 1):
            assert done.line is not None
            output.append(done.locator, done.seq, done.line)
            yield number
        output.complete()
    output.close()


class Peer:
    """The peer in an actor: stated data by extruct, the text by trafilatura."""

    def __init__(self) -> None:
        import peer

        self.extract = peer.extract
        self.extract(peer.WARM_PAGE)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """The data of a batch of pages."""
        return {"data": [json.dumps(self.extract(html)) for html in batch["html"]]}


def theirs(folder: Path, workers: int) -> Iterator[int]:
    """The peer's extraction in plain Ray Data, the same way."""
    from rolecall.batch.ray_cluster import LOCAL, cluster

    paths = sorted(map(str, folder.glob("*.jsonl.gz")))
    done = 0
    with (
        cluster(LOCAL, workers=workers) as (ray, _),
        (folder / "peer.jsonl").open("w", encoding="utf-8") as out,
    ):
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        data = ray.data.read_json(
            paths,
            arrow_open_stream_args={"compression": "gzip"},
            num_cpus=0,
            override_num_blocks=64,
        ).map_batches(
            Peer,
            batch_size=BATCH,
            num_cpus=1,
            compute=ray.data.ActorPoolStrategy(size=workers),
        )
        for batch in data.iter_batches(batch_size=None, batch_format="numpy", prefetch_batches=0):
            for line in batch["data"]:
                out.write(f"{line}\n")
                done += 1
                yield done


def timed(done: Iterator[int], count: int) -> dict[str, float]:
    """Seconds at which the pages came out, as rates."""
    start = time.monotonic()
    times = [start]
    times += [time.monotonic() for _ in done]
    assert len(times) == count + 1, f"{len(times) - 1} of {count} pages"
    first, last = int(BEGUN * count), int(ENDED * count)
    return {
        "rate": (last - first) / (times[last] - times[first]),
        "first_s": times[1] - start,
        "all": count / (time.monotonic() - start),
    }


def family(root: int) -> list[int]:
    """A process and all below it, in one look at the whole machine."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            parents.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        found.append(waiting.pop())
        waiting += parents.get(found[-1], [])
    return found


def pss(process: int) -> int:
    """The share of memory of a process in bytes; 0 if it has ended."""
    try:
        told = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in told.splitlines() if line.startswith("Pss:")) << 10


def side(name: str, folder: Path, workers: int, count: int) -> dict[str, float]:
    """One run in a process of its own, with its memory."""
    here = str(pages.ROOT / "bench")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([here, *sys.path])}
    command = [sys.executable, __file__, str(count), "--side", name, "--folder", str(folder)]
    child = subprocess.Popen(
        [*command, "--workers", str(workers)], stdout=subprocess.PIPE, text=True, env=environment
    )
    peak = 0
    while child.poll() is None:
        peak = max(peak, sum(map(pss, family(child.pid))))
        time.sleep(SAMPLE)
    printed = child.stdout.read() if child.stdout is not None else ""
    if child.returncode:
        raise SystemExit(f"{name} with {workers} workers: exit code {child.returncode}")
    told: dict[str, float] = json.loads(printed.splitlines()[-1])
    return told | {"workers": workers, "peak_mb": peak / 1e6}


def write_pages(folder: Path, count: int) -> None:
    """The pages as JSON Lines, dealt out to the files."""
    made = [json.dumps({"html": page.decode()}) for page in pages.kinds()["realistic"](count)]
    for number in range(FILES):
        with gzip.open(folder / f"p{number}.jsonl.gz", "wt", 1) as file:
            file.writelines(f"{line}\n" for line in made[number::FILES])


def main() -> None:
    """Measure both sides with one and with two workers, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=4_000)
    parser.add_argument("--side", choices=("own", "peer"))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    told = parser.parse_args()
    if told.side:
        run = own if told.side == "own" else theirs
        print(json.dumps(timed(run(told.folder, told.workers), told.count)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_pages(folder, told.count)
        figures: list[dict[str, Any]] = [
            {"side": each} | side(each, folder, workers, told.count)
            for workers in (1, 2)
            for each in ("own", "peer")
        ]
    BUILD.mkdir(exist_ok=True)
    (BUILD / "bench-ray.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(f"{told.count:,} realistic pages, {os.cpu_count()} cores")
    print(f"{'':24}{'workers':>8}{'pages/s':>9}{'all':>8}{'first, s':>10}{'MB':>7}")
    for one in figures:
        name = "rolecall" if one["side"] == "own" else "trafilatura + extruct"
        print(
            f"{name:24}{one['workers']:>8.0f}{one['rate']:>9.1f}{one['all']:>8.1f}"
            f"{one['first_s']:>10.1f}{one['peak_mb']:>7.0f}"
        )


if __name__ == "__main__":
    main()

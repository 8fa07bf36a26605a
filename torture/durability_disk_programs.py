"""Disks that fail, and programs in processes of their own on them."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
from pathlib import Path

from rolecall.ledger.database import Database
from torture.durability_common import demand, environ, plain, ran, running, start, until
from torture.durability_script_outputs import read
from torture.durability_scripts import FILE
from torture.durability_server import batch, serving
from torture.durability_signals import queue_in
from torture.nouns import Class


class Full:
    """A tmpfs that is filled up."""

    def __init__(self, folder: Path, kilobytes: int = 3_000) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        size = f"size={kilobytes}k"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=True)

    def begin(self) -> None:
        """No room but a page or two."""
        with (self.folder / "filler").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4_096))
            except OSError:
                pass

    def end(self) -> None:
        """Room again."""
        (self.folder / "filler").unlink()

    def remount(self, how: str) -> None:
        """``ro`` or ``rw``."""
        command = ["mount", "-o", f"remount,{how}", str(self.folder)]
        subprocess.run(command, check=True)


class Large:
    """Files that may not grow beyond what they are now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        self._hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

    def begin(self) -> None:
        """Nothing larger than the largest file, and a little."""
        largest = max((one.stat().st_size for one in self.folder.iterdir()), default=0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 20_000, self._hard))

    def end(self) -> None:
        """As large as one likes."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (self._hard, self._hard))


def of_server(folder: Path) -> str:
    """A server on a full disk refuses, answers, and takes pages again."""
    fault = Full(folder, 4_000)
    told = environ(folder.parent / "home", ROLECALL_DATA_FOLDER=str(folder))
    with serving(told, "--no-worker") as server:
        accepted = 0
        for number in range(3):
            status, _ = server.submit(f"a{number}", number * 10)
            demand(status < 300, f"status {status}")
            accepted += 3
        fault.begin()
        status = 200
        for number in range(3_000):
            status, answer_ = server.submit(f"b{number}", 100 + number * 10)
            if status >= 300:
                break
            accepted += 3
        demand(status in (503, 507), f"status {status}")
        demand(answer_.get("hint") and answer_.get("code"), f"no remedy: {answer_}")
        demand(server.ask("GET", "/healthz")[0] == 200, "it answers nothing any more")
        fault.end()
        status, answer_ = server.submit(f"b{number}", 100 + number * 10)
        demand(status < 300, f"status {status} when there was room again")
        demand(not answer_["repeated"], "what was refused had been taken in", Class.LOST)
        accepted += 3
    with Database(folder / FILE) as store:
        count = store.rows("SELECT count(*) FROM queue_task")[0][0]
    demand(count == accepted, f"{count} tasks of {accepted}", Class.LOST)
    return f"{accepted} accepted"


def of_worker(folder: Path) -> str:
    """A worker on a full disk keeps its results until there is room."""
    fault = Full(folder.parent / "disk", 6_000)
    queue = queue_in(folder.parent / "disk" / "data", 600)
    told = environ(
        folder.parent / "home", ROLECALL_DATA_FOLDER=str(folder.parent / "disk" / "data")
    )
    with running(start(["work", "--workers", "1"], told)) as process:
        until(lambda: queue.view.counts()["done"] > 2)
        fault.begin()
        assert process.stderr is not None
        said = ""
        while "disk" not in said and process.poll() is None:
            said = process.stderr.readline()
        fault.end()
        until(lambda: queue.view.counts()["done"] == 600, 120, "the end")
        process.send_signal(signal.SIGTERM)
        process.wait(40)
    rows = queue.store.rows("SELECT count(*), count(DISTINCT task) FROM queue_result")
    anew = queue.store.rows("SELECT count(*) FROM queue_task WHERE attempts > 1")[0][0]
    demand(rows == [(600, 600)], f"{rows}", Class.LOST)
    queue.store.close()
    return f"600 records, {anew} done anew"


def of_run(folder: Path, form: str) -> None:
    """``rolecall extract`` on a full disk says what to do, and does it then."""
    fault = Full(folder, 300)
    pages = folder.parent / "pages.jsonl"
    lines = [json.dumps({"html": one["html"]}) for one in batch(0, 60)["pages"]]
    pages.write_text("\n".join(lines))
    told = environ(folder.parent / "home")
    words = ["extract", str(pages), "--out", str(folder / f"out.{form}"), "--workers", "1"]
    fault.begin()
    code, _, err = ran(words, told)
    plain(code, err, 1, 2)
    demand("hint:" in err, f"no remedy is named: {err[-200:]}")
    fault.end()
    subprocess.run(["mount", "-o", "remount,size=9000k", str(folder)], check=True)
    code, _, err = ran([*words, "--resume"], told)
    plain(code, err, 0)
    demand(len(read(folder / f"out.{form}", form)) == 60, "not all is there", Class.LOST)  # type: ignore[arg-type]


def of_read_only(folder: Path, words: tuple[str, ...]) -> None:
    """A disk that cannot be written says so, and it goes on when it can be."""
    fault = Full(folder)
    queue_in(folder / "data", 3).store.close()
    told = environ(folder.parent / "home", ROLECALL_DATA_FOLDER=str(folder / "data"))
    fault.remount("ro")
    code, _, err = ran(list(words), told)
    plain(code, err, 1, 2)
    demand("hint:" in err, f"no remedy is named: {err[-200:]}")
    fault.remount("rw")
    if words[0] != "extract":
        code, _, err = ran(list(words), told)
        plain(code, err, 0)

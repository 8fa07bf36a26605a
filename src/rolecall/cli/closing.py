"""The end of a run, however it ends: its summary as JSON, and what a forecast had said of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from rolecall.batch.summary import VERSION, Ended, document
from rolecall.cli import FAILED, OK, OVER_BUDGET, PIPE_CLOSED, UNWRITABLE, USAGE
from rolecall.cli.extract_words import Order
from rolecall.errors import Error, UsageError
from rolecall.inputs.files import shown
from rolecall.outputs.nouns import OutputError

if TYPE_CHECKING:
    from rolecall.cli.progress import Progress

WHOLE: Final = (OK, FAILED, OVER_BUDGET)
"""Exit codes of runs that went through all inputs."""

MOST_NAMES: Final = 100
"""Inputs that are named in a summary, at most."""


class Closing:
    """What is to be said when the run of ``order`` ends. A context manager around the run.

    The run sets ``progress`` once it has begun, ``config``, and ``code`` as it ends; before that
    there is nothing to say. Whether ``--summary FILE`` can be written is looked at beforehand.

    Raises:
        UsageError: it cannot.
    """

    def __init__(self, order: Order) -> None:
        self.order = order
        self.progress: Progress | None = None
        self.config = ""
        self.code: int | None = None
        self._started = datetime.now(UTC)
        if order.summary is not None:
            _refuse(order.summary, order)

    def __enter__(self) -> Closing:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Write the summary; a summary that cannot be written ends a good run with an error."""
        if self.progress is None:
            return
        if isinstance(error, Error):
            self.code = UNWRITABLE if error.code == "output" else USAGE
        elif error is not None:
            self.code = UNWRITABLE
        compared = self._compared() if error is None else None
        if self.order.summary is None:
            return
        import orjson

        told = self._document(compared, f"{error}" if error is not None else "")
        try:
            _write(self.order.summary, orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
        except OSError as failure:
            reason = (failure.strerror or str(failure)).lower()
            said = f"cannot write the summary {shown(self.order.summary)}: {reason}"
            if error is None:
                raise OutputError(said) from failure
            sys.stderr.write(f"rolecall: {said}\n")

    def _compared(self) -> dict[str, Any] | None:
        """How far off the forecast of this run was, if there is one; said to the user too."""
        progress, order = self.progress, self.order
        if progress is None or (order.out is None and not progress.tally.total):
            return None
        from rolecall.batch.forecast_kept import find, key_of

        key = key_of(order.paths, self.config, with_text=order.settings.with_text)
        forecast = find(key, os.environ)
        if forecast is None:
            return None
        from rolecall.cli.forecast_told import told_of

        lines, document = told_of(forecast, progress.ended(), whole=self.code in WHOLE)
        for line in lines:
            progress.say(line)
        return document

    def _document(self, compared: dict[str, Any] | None, error: str) -> dict[str, Any]:
        from rolecall import __version__

        assert self.progress is not None
        order = self.order
        summary = document(self.progress.ended(error))
        summary["output"]["file"] = order.out
        code = self.code if self.code is not None else OK
        return {
            "summary_version": VERSION,
            "rolecall": __version__,
            "started": self._started.isoformat(timespec="seconds"),
            "ended": ended(code),
            "exit_code": code,
            "config": self.config,
            "inputs": [shown(path) for path in order.paths[:MOST_NAMES]],
            "inputs_named": len(order.paths),
            **summary,
            "forecast": compared,
        }


def ended(code: int) -> Ended:
    """How a run with this exit code ended."""
    known: Mapping[int, Ended] = {
        OK: "complete",
        FAILED: "complete",
        OVER_BUDGET: "complete",
        UNWRITABLE: "unwritable",
        USAGE: "error",
        PIPE_CLOSED: "reader_gone",
    }
    return known.get(code, "stopped")


def _refuse(name: str, order: Order) -> None:
    """Refuse a place for the summary that would cost something, before the run."""
    path = Path(name)
    if path.is_dir():
        raise UsageError(f"{shown(name)} is a folder", hint="--summary names a file")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {shown(str(path.parent))}", hint="make it first")
    here = os.path.abspath(name)
    if order.out is not None and here == os.path.abspath(order.out):
        raise UsageError("--summary and --out name the same file", hint="name another file")
    if path.exists() and not _is_summary(path):
        raise UsageError(
            f"{shown(name)} exists and is no summary of a run",
            hint="name another file; only an earlier summary is replaced",
        )


def _is_summary(path: Path) -> bool:
    import orjson

    try:
        if not path.is_file() or path.stat().st_size > 1 << 24:
            return False
        body = path.read_bytes()
        found = orjson.loads(body) if body.strip() else {"summary_version": ""}
    except (OSError, orjson.JSONDecodeError):
        return False
    return isinstance(found, dict) and "summary_version" in found


def _write(name: str, body: bytes) -> None:
    """Write the file whole: beside its place first, then there in one step."""
    path = Path(os.path.realpath(name))
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(beside, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise

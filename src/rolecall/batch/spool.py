"""Extractions of this run on disk, so that copies that come later can share them."""

from __future__ import annotations

import tempfile
import zlib
from typing import IO, Final

from rolecall.outputs.nouns import OutputError

FAST: Final = 1


class Spool:
    """Bytes by number in unnamed temporary files, one for each ``span`` of numbers.

    Files whose numbers are two spans back are given up; nothing is left behind, however a run ends.
    """

    def __init__(self, span: int) -> None:
        self.span = span
        self._files: dict[int, IO[bytes]] = {}
        self._spots: dict[int, tuple[int, int]] = {}

    def put(self, number: int, data: bytes) -> None:
        """Keep ``data``; what was kept under the number before is forgotten."""
        file = self._file(number // self.span)
        try:
            start = file.seek(0, 2)
            file.write(data)
        except OSError as error:
            raise _full(error) from error
        self._spots[number] = (start, len(data))

    def get(self, number: int) -> bytes:
        """What is kept under ``number``; raises `KeyError` where that is nothing."""
        start, size = self._spots[number]
        file = self._file(number // self.span)
        file.seek(start)
        return file.read(size)

    def give_up(self, floor: int) -> None:
        """Forget what is kept under numbers a span and more below ``floor``."""
        for span in [one for one in self._files if one < floor // self.span - 1]:
            self._files.pop(span).close()
            for number in range(span * self.span, (span + 1) * self.span):
                self._spots.pop(number, None)

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _file(self, span: int) -> IO[bytes]:
        if span not in self._files:
            try:
                self._files[span] = tempfile.TemporaryFile(prefix="rolecall-")  # noqa: SIM115
            except OSError as error:
                raise _full(error) from error
        return self._files[span]


def _full(error: OSError) -> OutputError:
    return OutputError(
        f"cannot keep extractions for copies: {(error.strerror or str(error)).lower()}",
        hint="make room in the folder for temporary files, name another with TMPDIR, or use "
        "--dedup off",
    )


def joined(context: bytes, line: bytes) -> bytes:
    """What is remembered of a page and its line, as one."""
    return len(context).to_bytes(4, "big") + context + zlib.compress(line, FAST)


def parted(data: bytes) -> tuple[bytes, bytes]:
    """What ``joined`` was given."""
    size = int.from_bytes(data[:4], "big")
    return data[4 : 4 + size], zlib.decompress(data[4 + size :])

"""JSON Lines compressed as a whole, with gzip or Zstandard."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import IO, Any, Final, Literal

from rolecall.errors import UsageError
from rolecall.inputs.files import shown
from rolecall.outputs.files import not_ours, says
from rolecall.outputs.heads import head_of
from rolecall.outputs.nouns import Head

GZIP_LEVEL: Final = 6
ZSTD_LEVEL: Final = 6
BLOCK: Final = 1 << 20


class Compressed:
    """The packing of ``.jsonl.gz`` and ``.jsonl.zst``."""

    def __init__(self, kind: Literal["gz", "zst"]) -> None:
        self.kind = kind
        if kind == "zst":
            zstandard()

    def heads(self, path: str) -> Iterator[Head]:
        """The head of every record in a file."""
        for number, line in enumerate(self.lines(path), 1):
            head = head_of(line)
            if head is None:
                raise not_ours(f"line {number} of {shown(path)} is not a record")
            yield head

    def lines(self, path: str) -> Iterator[bytes]:
        """Every line of a file."""
        damaged: tuple[type[Exception], ...] = (EOFError, zlib.error, gzip.BadGzipFile)
        if self.kind == "zst":
            damaged = (zstandard().ZstdError, EOFError)
        try:
            with open(path, "rb") as file, self._reader(file) as plain:
                yield from io.BufferedReader(plain, BLOCK)
        except damaged as error:
            raise not_ours(f"{shown(path)} is not whole {self.kind}: {says(error)}") from error
        except OSError as error:
            raise UsageError(f"cannot read {shown(path)}: {says(error)}") from error

    def write(self, path: str, lines: Iterator[bytes]) -> None:
        """Write a file with these lines; the same lines give the same bytes."""
        with open(path, "wb") as file:
            if self.kind == "gz":
                with gzip.GzipFile("", "wb", GZIP_LEVEL, file, mtime=0) as packed:
                    for line in lines:
                        packed.write(line)
                return
            options = zstandard().ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True)
            with options.stream_writer(file, closefd=False) as writer:
                for line in lines:
                    writer.write(line)

    def _reader(self, file: IO[bytes]) -> Any:
        if self.kind == "gz":
            return gzip.GzipFile(fileobj=file)
        return (
            zstandard()
            .ZstdDecompressor()
            .stream_reader(file, read_across_frames=True, closefd=False)
        )


def zstandard() -> Any:
    """The library; raises `UsageError` where it is missing."""
    try:
        import zstandard as found
    except ImportError as error:
        raise UsageError(
            "Zstandard needs a package that is not installed",
            hint="pip install 'rolecall[batch]'",
        ) from error
    return found

"""The stores themselves: pyarrow's file systems, and fsspec's for every other scheme.

pyarrow and fsspec start threads of their own. A process that has used a store is therefore never
forked from: see ``METHOD`` in `rolecall.batch.workers`.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from typing import Any, Protocol

from rolecall.errors import UsageError
from rolecall.remote.faults import missing_bucket, missing_extra, missing_object, told
from rolecall.remote.names import parts

ARROW = ("gs", "gcs", "abfs", "abfss", "hdfs", "viewfs")
CONNECT_SECONDS, REQUEST_SECONDS, TRIES = 10, 60, 4
READ_AHEAD = 4 << 20  # bytes asked for at once while an object is read from start to end


class Store(Protocol):
    """What is asked of a store. Paths are as ``path`` gives them, bucket first."""

    def reading(self, path: str, *, seeking: bool) -> Any:
        """A file of bytes to read."""

    def writing(self, path: str) -> Any:
        """A file of bytes to write; the object is there once it is closed."""

    def size(self, path: str) -> int | None:
        """Bytes of the object; ``None`` where there is none."""

    def names(self, folder: str) -> Iterator[tuple[str, bool]]:
        """What lies right below ``folder``: names, and whether more lies below each."""

    def delete(self, path: str) -> None:
        """Delete an object that is there."""


class ArrowStore:
    """A store that pyarrow speaks to."""

    def __init__(self, system: Any, scheme: str) -> None:
        self.system, self.scheme = system, scheme

    def reading(self, path: str, *, seeking: bool) -> Any:
        """A file of bytes to read, as it lies there: nothing is decompressed."""
        if seeking:
            return self.system.open_input_file(path)
        return self.system.open_input_stream(path, compression=None, buffer_size=READ_AHEAD)

    def writing(self, path: str) -> Any:
        """A file of bytes to write."""
        return self.system.open_output_stream(path, compression=None)

    def size(self, path: str) -> int | None:
        """Bytes of the object; ``None`` where there is none."""
        from pyarrow import fs

        found = self.system.get_file_info(path)
        return int(found.size) if found.type == fs.FileType.File else None

    def names(self, folder: str) -> Iterator[tuple[str, bool]]:
        """What lies right below ``folder``."""
        from pyarrow import fs

        for found in self.system.get_file_info(fs.FileSelector(folder, recursive=False)):
            if found.base_name:
                yield found.base_name, found.type == fs.FileType.Directory

    def delete(self, path: str) -> None:
        """Delete an object that is there."""
        self.system.delete_file(path)


class FsspecStore:
    """A store that fsspec speaks to."""

    def __init__(self, system: Any) -> None:
        self.system = system

    def reading(self, path: str, *, seeking: bool) -> Any:
        """A file of bytes to read."""
        return self.system.open(path, "rb")

    def writing(self, path: str) -> Any:
        """A file of bytes to write."""
        folder = path.rpartition("/")[0]
        if folder:
            self.system.makedirs(folder, exist_ok=True)
        return self.system.open(path, "wb")

    def size(self, path: str) -> int | None:
        """Bytes of the object; ``None`` where there is none."""
        try:
            found = self.system.info(path)
        except FileNotFoundError:
            return None
        return int(found.get("size") or 0) if found.get("type") == "file" else None

    def names(self, folder: str) -> Iterator[tuple[str, bool]]:
        """What lies right below ``folder``."""
        for found in self.system.ls(folder, detail=True):
            name = found["name"].rstrip("/").rpartition("/")[2]
            if name:
                yield name, found["type"] == "directory"

    def delete(self, path: str) -> None:
        """Delete an object that is there."""
        self.system.rm_file(path)


def store(url: str) -> tuple[Store, str]:
    """The store of an address, and the object's path in it."""
    scheme, bucket, key = parts(url)
    if not bucket and scheme in ("s3", *ARROW[:2]):
        raise UsageError(f"{url} names no bucket", hint=f"{scheme}://BUCKET/KEY")
    if "\0" in url:
        raise UsageError("the address holds a NUL character")
    with told(url):
        found, root = _opened(scheme, bucket, os.getpid())
    return found, f"{root}/{key}" if root and key else root or key


@functools.lru_cache(maxsize=64)
def _opened(scheme: str, bucket: str, process: int) -> tuple[Store, str]:
    if scheme == "s3":
        return ArrowStore(_s3(bucket), scheme), bucket
    if scheme in ARROW:
        return _of_arrow(scheme, bucket)
    try:
        import fsspec
    except ImportError as error:
        raise missing_extra(f"{scheme}://", error) from error
    try:
        system = fsspec.get_filesystem_class(scheme)
    except ValueError as error:
        raise UsageError(
            f"{scheme}:// is no store that is known here",
            hint="s3, gs, abfs, hdfs, and every store that fsspec has a package for",
        ) from error
    except ImportError as error:
        raise UsageError(f"{scheme}:// needs a package: {error}", hint=str(error)) from error
    options = system._get_kwargs_from_urls(f"{scheme}://{bucket}/")
    return FsspecStore(system(**options)), system._strip_protocol(f"{scheme}://{bucket}")


def _s3(bucket: str) -> Any:
    """S3, or what speaks its protocol at ``AWS_ENDPOINT_URL``."""
    try:
        from pyarrow import fs
    except ImportError as error:
        raise missing_extra("s3://", error) from error
    told = os.environ
    endpoint = told.get("AWS_ENDPOINT_URL_S3") or told.get("AWS_ENDPOINT_URL") or ""
    region = told.get("AWS_REGION") or told.get("AWS_DEFAULT_REGION")
    scheme, mark, rest = endpoint.partition("://")
    if not region:
        region = "us-east-1" if endpoint else fs.resolve_s3_region(bucket)
    return fs.S3FileSystem(
        endpoint_override=(rest if mark else endpoint).rstrip("/") or None,
        scheme=scheme if mark else "https",
        region=region,
        connect_timeout=CONNECT_SECONDS,
        request_timeout=REQUEST_SECONDS,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=TRIES),
        background_writes=True,
    )


def _of_arrow(scheme: str, bucket: str) -> tuple[Store, str]:
    """A store that needs nothing beyond its address and what its library finds by itself."""
    try:
        from pyarrow import fs
    except ImportError as error:
        raise missing_extra(f"{scheme}://", error) from error
    if scheme in ("gs", "gcs"):
        from datetime import timedelta

        return ArrowStore(
            fs.GcsFileSystem(retry_time_limit=timedelta(seconds=REQUEST_SECONDS)), scheme
        ), bucket
    system, root = fs.FileSystem.from_uri(f"{scheme}://{bucket}/")
    return ArrowStore(system, scheme), root.rstrip("/")


def absent(found: Store, url: str) -> Exception:
    """The error for an address at which nothing is: the object, or even its bucket, is missing."""
    scheme, bucket, _ = parts(url)
    if scheme in ("s3", "gs", "gcs") and isinstance(found, ArrowStore):
        from pyarrow import fs

        with told(url):
            if found.system.get_file_info(bucket).type == fs.FileType.NotFound:
                return missing_bucket(url)
    return missing_object(url)

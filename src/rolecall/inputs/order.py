"""One order: a file, an archive or a store, and what is to be read of it -> its inputs.

This is what runs in a process apart, see `rolecall.inputs.apart`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, cast

from msgspec import Struct

from rolecall.errors import Error, SourceError
from rolecall.inputs.archive import archive
from rolecall.inputs.columns import DEFAULT, Columns
from rolecall.inputs.files import open_regular
from rolecall.inputs.kinds import SNIFF, Kind, by_content, by_name
from rolecall.inputs.nouns import Entries, Input, Left, failed
from rolecall.inputs.unpacked import Blocks, plain
from rolecall.remote.names import is_remote

BLOCK = 1 << 18


class Order(Struct, frozen=True, kw_only=True):
    """What is to be read: ``path``, and of which ``kind`` it is, where that is known already.

    ``head`` are bytes of standard input that were read before. With ``counting`` the answer is
    only how many inputs there are.
    """

    path: str
    kind: Kind | None = None
    table: str | None = None
    limit: int
    columns: Columns = DEFAULT
    head: bytes = b""
    stdin: bool = False
    counting: bool = False


def carried_out(order: Order, left: Left) -> Entries:
    """The inputs of an order; whatever goes wrong is one of them."""
    try:
        if order.stdin:
            yield from archive(plain(_after(order.head, 0)), order.path, order.limit, left)
        elif is_remote(order.path):
            from rolecall.inputs.far import far

            yield from far(order, left)
        else:
            yield from _near(order, left)
    except Error as error:
        code = error.code if isinstance(error, SourceError) else "unreadable"
        hint = f" ({error.hint})" if error.hint and error.hint not in str(error) else ""
        yield failed(order.path, code, f"{error}{hint}")


def counted(order: Order) -> int | None:
    """How many inputs an order has, where that is cheap to know."""
    if is_remote(order.path):
        return None
    try:
        if order.kind == "sqlite":
            from rolecall.inputs.sqlite import count

            os.close(open_regular(order.path))
            return count(order.path, order.table, order.columns)
        if order.kind == "parquet":
            from rolecall.inputs.parquet import rows

            with _file(order.path) as file:
                return rows(file)
    except SourceError:
        return 1
    return None


def _near(order: Order, left: Left) -> Iterator[Input]:
    if order.kind == "sqlite":
        from rolecall.inputs.sqlite import sqlite

        os.close(open_regular(order.path))  # never a pipe, never a new file
        where = order.path if order.table is None else f"{order.path}#{order.table}"
        yield from sqlite(order.path, order.table, where, order.limit, order.columns)
        return
    with _file(order.path) as file:
        yield from of_file(order, cast(Kind, order.kind), file, left)


def of_file(order: Order, kind: Kind, file: BinaryIO, left: Left) -> Iterator[Input]:
    """The inputs of an open file of tables or of an archive."""
    if kind == "parquet":
        from rolecall.inputs.parquet import parquet

        yield from parquet(file, order.path, order.limit, order.columns)
    elif kind == "wacz":
        from rolecall.inputs.wacz import wacz

        yield from wacz(file, order.path, order.limit, left)
    else:
        yield from archive(plain(file_blocks(file)), order.path, order.limit, left)


def file_blocks(file: BinaryIO, head: bytes = b"") -> Blocks:
    """``head``, and then what is left of a file."""
    if head:
        yield head
    while block := file.read(BLOCK):
        yield block


def sniffed(file: BinaryIO, path: str) -> tuple[Kind, bytes]:
    """What an open file is, and the bytes that were read to know it."""
    told = by_name(path)
    if told is not None:
        return told, b""
    head = file.read(SNIFF)
    return by_content(head), head


def _file(path: str) -> BinaryIO:
    return cast(BinaryIO, os.fdopen(open_regular(path), "rb", buffering=0))


def _after(head: bytes, descriptor: int) -> Blocks:
    yield head
    while block := os.read(descriptor, BLOCK):
        yield block

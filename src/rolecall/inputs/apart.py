"""The process apart that reads tables, archives and stores: ``python -m rolecall.inputs.apart FD``.

Their libraries start threads, and broken files make them crash or take all memory. Here that costs
one input that failed. It reads orders from the socket with that number and answers each with lists
of inputs, and then with what it left out. It ends when its parent hangs up.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from multiprocessing.connection import Connection

from rolecall.inputs.nouns import Input, Left
from rolecall.inputs.order import Order, carried_out, counted
from rolecall.schema.memory import leave_no_core, limit_memory

LIST_BYTES = 1 << 20
LIST_INPUTS = 64
LIST_SECONDS = 0.05  # after which what there is goes out
MEMORY = 4 << 30  # bytes of address space; threads and libraries reserve far more than they use


def main(words: list[str]) -> int:
    """Carry out orders until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when it is time to stop
    leave_no_core()
    limit_memory(MEMORY)
    gc.freeze()
    with Connection(int(words[0])) as line:
        while True:
            try:
                order = line.recv()
                if order.counting:
                    line.send(counted(order))
                else:
                    _answer(line, order)
            except (EOFError, OSError):
                return 0


def _answer(line: Connection, order: Order) -> None:
    left = Left()
    found: list[Input] = []
    size, since = 0, time.monotonic()
    for entry in carried_out(order, left):
        if entry is not None:
            found.append(entry)
            size += len(entry.line or b"")
        now = time.monotonic()
        if found and (
            size >= LIST_BYTES or len(found) >= LIST_INPUTS or now - since > LIST_SECONDS
        ):
            line.send(found)
            found, size, since = [], 0, now
    if found:
        line.send(found)
    line.send(left)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # libraries of stores may wait for threads of theirs

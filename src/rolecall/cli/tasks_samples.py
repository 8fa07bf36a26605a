"""``rolecall tasks samples``: what people labelled in the web UI, as a file of samples."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from rolecall.cli import OK
from rolecall.cli.options import Parser
from rolecall.cli.options import settings as load_settings
from rolecall.cli.queued import add_queue, open_queue
from rolecall.errors import UsageError

SAMPLES = """\
Prints a line for each page that was declared finished in the web UI: the page itself and
what is right for it, as rolecall eval reads it."""
EXAMPLES = """\
examples:
  rolecall tasks samples --out samples.jsonl
  rolecall eval run samples.jsonl --engine reader"""


def samples(words: list[str]) -> int:
    """Run the verb and return its exit code."""
    from rolecall.serve.labels import Labels

    parser = Parser("tasks samples", SAMPLES, EXAMPLES)
    add: Any = parser.add_argument
    add_queue(add)
    add("--out", type=Path, metavar="FILE", help="a new file instead of the standard output")
    told = parser.parse_intermixed_args(words)
    queue = open_queue(load_settings({"queue": told.queue}))
    try:
        lines = Labels(queue.store).samples()
        if told.out is None:
            for line in lines:
                sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
            return OK
        try:
            with told.out.open("xb") as out:
                count = 0
                for line in lines:
                    out.write(line)
                    count += 1
        except OSError as error:
            raise UsageError(
                f"{told.out} cannot be written: {error.strerror}", hint="name a new file"
            ) from None
    finally:
        queue.store.close()
    sys.stderr.write(f"rolecall: {count:,} sample{'' if count == 1 else 's'} in {told.out}\n")
    return OK

"""``rolecall serve``: the HTTP API and the web UI, with a worker."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from rolecall.cli.options import Parser, settings_with_servers
from rolecall.cli.queued import add_queue
from rolecall.errors import UsageError
from rolecall.worker.early import start_early

DESCRIPTION = """\
Starts the HTTP API, the web UI and a worker in one process, over a queue in the
database of the data folder. Nothing needs to be set up.

Pages that are handed in are on the disk before that is acknowledged: whatever happens
to the process, none is lost and none is done twice.

On this machine nobody needs to sign in, until the first token is made. Reached from
elsewhere (--host), everybody needs a token, and the server does not start without one.
Give --host-name for each name it is reached by: requests for other names are refused."""

EXAMPLES = """\
examples:
  rolecall serve                                   http://127.0.0.1:8600
  rolecall tokens add ci --scopes tasks,extract    a token for a program
  rolecall serve --host 0.0.0.0 --host-name rolecall.example
  rolecall serve --queue postgresql://user@host/db    more workers: rolecall work
  curl --data-binary @page.html -H 'Content-Type: text/html' \\
       http://127.0.0.1:8600/v1/extract

exit codes: 2 it could not be started, 130 and 143 stopped by a signal (what was under
way is finished or back in the queue)"""


def run(words: list[str]) -> int:
    """Serve until a signal, and return the exit code."""
    told = _parser().parse_intermixed_args(words)
    settings = settings_with_servers(
        {
            "serve_host": told.host,
            "serve_port": told.port,
            "serve_auth": told.auth,
            "serve_host_names": ",".join(told.host_name) if told.host_name else None,
            "workers": told.workers,
            "queue": told.queue,
            "fetch": told.fetch,
        }
    )
    start_early()
    try:
        from rolecall.serve.start import serve
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "rolecall":
            raise
        raise UsageError(
            f"serving needs {error.name}, which is not installed",
            hint="pip install 'rolecall[serve]'",
        ) from None
    return asyncio.run(serve(settings, os.environ, works=not told.no_worker))


def _parser() -> Parser:
    parser = Parser("serve", DESCRIPTION, EXAMPLES)
    add: Any = parser.add_argument
    add("--host", metavar="ADDRESS", help="the address to be bound to (127.0.0.1)")
    add("--port", type=int, metavar="PORT", help="the port (8600); 0 takes a free one")
    add("--host-name", action="append", metavar="NAME", help="a name it is reached by; repeatable")
    add("--auth", metavar="WHEN", help="who needs a token: auto, always, beyond-loopback")
    add("--workers", type=int, metavar="N", help="processes that read pages (one per core)")
    add("--no-worker", action="store_true", help="take pages in, and leave them to rolecall work")
    add(
        "--fetch",
        action="store_const",
        const=True,
        help="fetch pages of which only the address is given",
    )
    add_queue(add)
    return parser

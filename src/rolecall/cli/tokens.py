"""``rolecall tokens``: who may use the server."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rolecall.cli import OK
from rolecall.cli.options import Parser
from rolecall.cli.options import settings as load_settings
from rolecall.cli.queued import add_queue, open_queue, read_time
from rolecall.errors import UsageError
from rolecall.table import aligned

if TYPE_CHECKING:
    from rolecall.ledger.store import Store
    from rolecall.serve.tokens import Token

DESCRIPTION = """\
rolecall tokens add NAME   makes a token and prints it, once: only its hash is kept
rolecall tokens list       every token that was made, what it is good for, its last use
rolecall tokens revoke X   lets the token with this id, or all of this name, in no more;
                           servers that run notice within a second

NAME is who hands pages in: tokens of one name see each other's tasks. Scopes:
  extract   have a page extracted at once
  tasks     hand in pages, and see and cancel one's own (both are the default)
  fetch     name pages by their address, which the server then fetches
  read      see everyone's tasks and postings
  label     say what is right for postings that one sees
  admin     all of these, change everyone's tasks, pause and resume the queue

With the first token, the server asks everybody for one, also on this machine
(serve_auth says otherwise)."""

EXAMPLES = """\
examples:
  rolecall tokens add anna --scopes admin
  rolecall tokens add ci --scopes tasks,extract --expires 90d
  rolecall tokens list
  rolecall tokens revoke ci"""

DEFAULT = "extract,tasks"


def run(words: list[str]) -> int:
    """Add, list or revoke, and return the exit code."""
    parser = Parser("tokens", DESCRIPTION, EXAMPLES)
    add: Any = parser.add_argument
    add("action", metavar="add|list|revoke", nargs="?")
    add("name", metavar="NAME", nargs="?")
    add("--scopes", metavar="SCOPES", help=f"with commas between ({DEFAULT})")
    add("--expires", metavar="TIME", help="when it ends: 12h, 90d, 8w (never)")
    add_queue(add)
    add("--json", action="store_true", help="JSON, for programs")
    told = parser.parse_intermixed_args(words)
    actions = {"add": _add, "list": _list, "revoke": _revoke}
    if told.action not in actions:
        raise UsageError(
            "say what to do: add NAME, list, or revoke NAME",
            hint="rolecall tokens --help tells more",
        )
    if (told.action == "list") != (told.name is None):
        raise UsageError(
            "list takes no name" if told.action == "list" else f"{told.action} needs a name",
            hint=f"rolecall tokens {told.action}" + ("" if told.action == "list" else " ci"),
        )
    store = _store(told.queue)
    try:
        text = actions[told.action](store, told)
    finally:
        store.close()
    sys.stdout.write(text)
    sys.stdout.flush()
    return OK


def _store(url: str | None) -> Store:
    return open_queue(load_settings({"queue": url})).store


def _add(store: Store, told: Any) -> str:
    from rolecall.serve.tokens import add_token, read_scopes

    scopes = read_scopes(told.scopes if told.scopes is not None else DEFAULT)
    token, text = add_token(store, told.name, scopes, _expiry(told.expires))
    if told.json:
        return _json({**_plain(token), "token": text})
    sys.stderr.write("rolecall: keep it well: it is not shown again\n")
    return f"{text}\n"


def _list(store: Store, told: Any) -> str:
    from rolecall.serve.tokens import all_tokens, now_ms

    found = all_tokens(store)
    if told.json:
        return _json([_plain(one) for one in found])
    if not found:
        return "no token was made yet: rolecall tokens add NAME\n"
    now = now_ms()
    return aligned(
        ("id", "name", "scopes", "made", "expires", "last used", ""),
        *(
            (
                one.id,
                one.name,
                ",".join(sorted(one.scopes)),
                _day(one.made),
                _day(one.expires) or "never",
                _day(one.used) or "never",
                "" if one.alive(now) else "revoked" if one.revoked else "expired",
            )
            for one in found
        ),
    )


def _revoke(store: Store, told: Any) -> str:
    from rolecall.serve.tokens import revoke_tokens

    found = revoke_tokens(store, told.name)
    if not found:
        raise UsageError(
            f"there is no token {told.name!a} that could be revoked",
            hint="rolecall tokens list shows them",
        )
    if told.json:
        return _json([_plain(one) for one in found])
    return "".join(f"{one.id} of {one.name} lets nobody in any more\n" for one in found)


def _expiry(words: str | None) -> int | None:
    from rolecall.serve.tokens import now_ms

    if words is None or words == "never":
        return None
    return now_ms() + 1_000 * read_time(words, "--expires")


def _day(moment: int | None) -> str:
    if moment is None:
        return ""
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def _plain(token: Token) -> dict[str, Any]:
    def text(moment: int | None) -> str | None:
        if moment is None:
            return None
        return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="seconds")

    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(token.scopes),
        "made": text(token.made),
        "expires": text(token.expires),
        "used": text(token.used),
        "revoked": text(token.revoked),
    }


def _json(value: Any) -> str:
    import orjson

    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n"

"""Where a request says it goes to, and which site sent it.

A page anywhere can let a browser send requests to this machine, and a name anywhere can be made to
lead here (DNS rebinding). So the name asked for must be one of ours, and what another site sends
does not count as the user's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from rolecall.serve.problems import ProblemError

LOOPBACK: Final = frozenset(("localhost", "127.0.0.1", "::1"))
SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS"))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what is bound to ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def name_of(host: str) -> str:
    """The name in a Host header, in small letters and without its port; empty if it is none."""
    host = host.strip().lower()
    if not host or any(letter in host for letter in "/\\@?#, \t"):
        return ""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises for what is no port
        return (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""


def check_host(values: list[bytes], names: frozenset[str]) -> None:
    """Refuse a request that does not ask for one of ``names``; empty takes any name."""
    if len(values) != 1:
        raise ProblemError(400, "host", "one Host header is needed")
    name = name_of(values[0].decode("latin-1"))
    if not name or (names and name not in names):
        raise ProblemError(
            421,
            "host",
            "this server does not answer to that name",
            hint="start it with --host-name NAME if the name is right",
        )


def names_of(host: str, more: tuple[str, ...]) -> frozenset[str]:
    """The names that a server bound to ``host`` answers to."""
    given = {one.strip().lower().rstrip(".") for one in more if one.strip()}
    if host in ("0.0.0.0", "::", ""):
        return frozenset(given | LOOPBACK | _own_addresses())
    return frozenset(given | LOOPBACK | {host.lower().strip("[]")})


def _own_addresses() -> set[str]:
    """The addresses of this machine that its own name leads to."""
    import socket

    name = socket.gethostname().lower()
    try:
        found = {str(one[4][0]).partition("%")[0] for one in socket.getaddrinfo(name, None)}
    except OSError:
        found = set()
    return found | {name}


def check_site(method: str, headers: Mapping[bytes, bytes], *, sure: bool) -> None:
    """Refuse what another site lets a browser send.

    A browser says where a request comes from in ``Sec-Fetch-Site`` and ``Origin``. Following a
    link to here is no attack. With ``sure`` one of the two must be there if anything is changed:
    for requests whose cookie a browser adds by itself.
    """
    site = headers.get(b"sec-fetch-site", b"").decode("latin-1").strip().lower()
    origin = headers.get(b"origin")
    followed = (
        method in ("GET", "HEAD")
        and headers.get(b"sec-fetch-mode") == b"navigate"
        and headers.get(b"sec-fetch-dest") == b"document"
    )
    if site and site not in ("same-origin", "none") and not followed:
        raise _elsewhere()
    if origin is not None and not _same(origin, headers.get(b"host", b"")):
        raise _elsewhere()
    if sure and method not in SAFE and not site and origin is None:
        raise _elsewhere()


def _same(origin: bytes, host: bytes) -> bool:
    # Not the scheme: whoever decrypts in front of us speaks plain HTTP to us.
    try:
        parts = urlsplit(origin.decode("latin-1").strip().lower())
    except ValueError:
        return False
    said = host.decode("latin-1").strip().lower()
    default = {"http": ":80", "https": ":443"}.get(parts.scheme)
    if default is None:
        return False
    return parts.netloc.removesuffix(default) == said.removesuffix(default)


def _elsewhere() -> ProblemError:
    return ProblemError(
        403,
        "cross_site",
        "another site sent this, which is not taken",
        hint="open the page on this server itself, or use a token",
    )

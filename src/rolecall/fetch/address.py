"""A URL -> the parts that are connected to, or a refusal. One strict reading, used by all.

Whatever two programs may read differently is refused instead of guessed at: that is how a check of
one address becomes a connection to another. The parts that come out are plain ASCII.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import quote, urljoin

from msgspec import Struct

from rolecall.fetch.faults import FetchError
from rolecall.fetch.networks import Address, Network, is_named, may_reach

LONGEST: Final = 8_192
"""Characters of a URL; what is longer is refused (servers take about as much)."""

PORTS: Final = {"http": 80, "https": 443}
SHAPE: Final = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?", re.IGNORECASE)
PLAIN: Final = re.compile(r"[^\x00-\x20\x7f-\xa0\\\ud800-\udfff\u2028\u2029\ufeff]+")
"""No white space, no control characters, no backslash, no half of a surrogate pair."""

PORT: Final = re.compile(r"[0-9]{1,5}")
LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A last label that browsers and C libraries take for a part of an IPv4 address."""

DOTS: Final = re.compile("[\u3002\uff0e\uff61\u2024]")
"""Characters that some programs take for a full stop."""

OWN: Final = ("localhost", "local", "internal", "lan", "home.arpa", "intranet", "corp", "home")
"""Endings of names that are only known inside a network (RFC 6761, 6762, 8375, and custom)."""

SAFE: Final = "!$%&'()*+,/:;=@~-._?[]|"


class Target(Struct, frozen=True):
    """Where a URL leads: ``host`` is a name or an address without brackets, in lower case.

    ``address`` is set where the URL holds one itself; ``path`` has the query, never the fragment.
    """

    scheme: str
    host: str
    port: int
    path: str
    address: Address | None = None

    @property
    def authority(self) -> str:
        """Host and port as the ``Host`` field of a request has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port: what has one ``robots.txt``."""
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        """The URL, written in one way."""
        return self.origin + self.path


def read_url(url: str, allowed: tuple[Network, ...] = ()) -> Target:
    """The parts of ``url``; raises `FetchError` (``bad_address``, ``blocked_address``).

    Nothing is looked up. ``allowed`` are networks that may be reached although they are not public;
    without any, names that only mean something inside a network are refused here.
    """
    if len(url) > LONGEST:
        raise _bad(url, f"it is longer than {LONGEST:,} characters")
    if not PLAIN.fullmatch(url):
        raise _bad(url, "it is empty or holds a space, a control character or a backslash")
    found = SHAPE.fullmatch(url)
    if found is None:
        raise _bad(url, "only http:// and https:// addresses are fetched")
    scheme, authority = found[1].lower(), found[2]
    if "@" in authority:
        raise _bad(url, "it holds a user name or password")
    host, port = _host_and_port(url, authority, PORTS[scheme])
    path = quote(found[3] or "/", safe=SAFE) + quote(found[4] or "", safe=SAFE)
    if host.startswith("["):
        address: Address | None = _address_6(url, host[1:-1])
        host = str(address)
    else:
        host = _name(url, host)
        address = _address_4(url, host)
    if address is None:
        _check_name(url, host, allowed)
    elif not may_reach(address, allowed):
        raise blocked(f"{host} is not a public address")
    return Target(scheme, host, port, path, address)


def join(base: Target, location: str, allowed: tuple[Network, ...] = ()) -> Target:
    """Where a redirect from ``base`` leads; raises as `read_url`.

    Many servers leave spaces as they are; a host with one is still none.
    """
    location = location.replace(" ", "%20")
    if not PLAIN.fullmatch(location) or len(location) > LONGEST:
        raise _bad(location, "the redirect is empty, too long or holds characters it may not")
    try:
        return read_url(urljoin(base.url, location), allowed)
    except ValueError as error:
        raise _bad(location, str(error)) from error


def blocked(message: str) -> FetchError:
    """The refusal of an address that is not public."""
    return FetchError(
        "blocked_address",
        message,
        hint="only the open internet is fetched; save the page and give the file",
    )


def _bad(url: str, why: str) -> FetchError:
    return FetchError("bad_address", f"{url[:200]!a} is not fetched: {why}")


def _host_and_port(url: str, authority: str, default: int) -> tuple[str, int]:
    """The host, with its brackets if it has them, and the port."""
    if authority.startswith("["):
        host, end, rest = authority.partition("]")
        host += end
        if not end or (rest and not rest.startswith(":")):
            raise _bad(url, "its host is no IPv6 address in brackets")
        mark, port = rest[:1], rest[1:]
    else:
        host, mark, port = authority.partition(":")
    if not host:
        raise _bad(url, "it has no host")
    if not mark:
        return host, default
    if not PORT.fullmatch(port) or not 0 < int(port) < 65_536:
        raise _bad(url, "its port is no number from 1 to 65535")
    return host, int(port)


def _address_6(url: str, text: str) -> IPv6Address:
    """An IPv6 address; zones and what carries an IPv4 address are refused."""
    if "%" in text:
        raise blocked(f"[{text[:60]}] names a network of this machine")
    try:
        address = IPv6Address(text)
    except AddressValueError:
        raise _bad(url, "its host is no IPv6 address in brackets") from None
    if address.ipv4_mapped or address.sixtofour or address.teredo or "." in text:
        raise blocked(f"[{text[:60]}] carries an IPv4 address")
    return address


def _name(url: str, host: str) -> str:
    """A name in lower-case ASCII: labels of letters, digits, hyphens and underscores."""
    if DOTS.search(host):
        raise _bad(url, "its host holds a character that looks like a full stop")
    if not host.isascii():
        host = _ascii(url, host)
    host = host.lower()
    if host.endswith("."):
        raise _bad(url, "its host ends in a full stop")
    if len(host) > 253 or not all(LABEL.fullmatch(one) for one in host.split(".")):
        raise _bad(url, "its host is no name and no address")
    return host


def _ascii(url: str, host: str) -> str:
    """A name with letters beyond ASCII, as DNS has it (IDNA 2008, nothing is mapped)."""
    import idna

    try:
        return idna.encode(host.lower(), strict=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise _bad(url, f"its host is no international name: {str(error)[:120]}") from None


def _address_4(url: str, host: str) -> IPv4Address | None:
    """The IPv4 address that a host is, written as four decimal numbers; ``None`` for a name."""
    if not NUMBER.fullmatch(host.rpartition(".")[2]):
        return None
    try:
        return IPv4Address(host)
    except AddressValueError:
        raise blocked(f"{host[:60]} is an IPv4 address in an unusual form") from None


def _check_name(url: str, host: str, allowed: tuple[Network, ...]) -> None:
    """Refuse names of an own network, unless some of its addresses are allowed."""
    own = "." not in host or any(host == end or host.endswith(f".{end}") for end in OWN)
    if own and not allowed:
        raise blocked(f"{host} is a name of an own network")


def check_found(host: str, found: tuple[Address, ...], allowed: tuple[Network, ...]) -> None:
    """That every address found for ``host`` may be reached; raises `FetchError`."""
    own = "." not in host or any(host == end or host.endswith(f".{end}") for end in OWN)
    for one in found:
        if not (is_named(one, allowed) if own else may_reach(one, allowed)):
            # Which one is not told: who may submit addresses may not learn of the own network.
            raise blocked(f"{host} has an address that is not public")

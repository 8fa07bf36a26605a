"""Which addresses are public, and which are named as an exception.

Python's ``is_global`` is asked too, but it lets through addresses that lead elsewhere: networks
that carry an IPv4 address inside an IPv6 one, multicast, the relays of 6to4.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

from rolecall.errors import SettingsError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NOT_PUBLIC: Final = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network (RFC 791)
            "10.0.0.0/8",  # private (RFC 1918)
            "100.64.0.0/10",  # behind a provider's NAT (RFC 6598), and metadata of a cloud
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # the wire server of Azure, in a public network
            "169.254.0.0/16",  # link-local, and metadata of most clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments, and metadata of a cloud
            "192.0.2.0/24",  # documentation (RFC 5737)
            "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks (RFC 2544)
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
"""IPv4 networks that are refused; IANA's special-purpose registry and what clouds add to it."""

GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
"""All of IPv6 that is given out; nothing outside is public but the prefix of NAT64."""

NOT_PUBLIC_6: Final = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments; Teredo carries an IPv4 address
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4 carries an IPv4 address
            "3fff::/20",  # documentation (RFC 9637)
        ),
    )
)
NAT64: Final = IPv6Network("64:ff9b::/96")
"""Carries an IPv4 address in its last 32 bits (RFC 6052): as public as that one is."""


def is_public(address: Address) -> bool:
    """Whether an address belongs to a host on the open internet."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in one for one in NOT_PUBLIC)
    if address.scope_id is not None:
        return False
    if address in NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    if address not in GLOBAL_UNICAST or not address.is_global:
        return False
    return not any(address in one for one in NOT_PUBLIC_6)


def may_reach(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether an address is public or named in ``allowed``."""
    return is_public(address) or is_named(address, allowed)


def is_named(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks that the user allows on purpose."""
    return any(address in one for one in allowed)


def network(text: str) -> Network:
    """``10.0.0.0/8`` or ``127.0.0.1``, read; raises `SettingsError` for what is neither."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        raise SettingsError(
            f"{text[:80]!a} is no address and no network",
            hint="write it like 10.1.2.3 or 10.0.0.0/8; names cannot be allowed",
        ) from None


def parsed(text: str) -> Address | None:
    """An address as the system tells it; ``None`` for what is none."""
    try:
        return ip_address(text)
    except ValueError:
        return None

"""Whether an address is the user's own: loopback, or what the user lists."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from rolecall.errors import SettingsError

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_local(url: str, listed: Sequence[str] = ()) -> bool:
    """Whether a prompt sent to ``url`` stays on the user's machines.

    Loopback addresses and ``localhost`` (RFC 6761) do. All others, private and link-local ones
    included, only where ``listed`` names them: addresses (``192.168.1.5``), networks
    (``10.0.0.0/8``) or host names (``gpu-box``). No name is looked up.

    Raises:
        SettingsError: an entry of ``listed`` is none of these.
    """
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    names, networks = _read(listed)
    if host == "localhost" or host.endswith(".localhost") or host in names:
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    # ::ffff:127.0.0.1 is 127.0.0.1 to the machine that is asked for it.
    inner = getattr(address, "ipv4_mapped", None) or address
    return inner.is_loopback or any(inner in network for network in networks)


def _read(listed: Sequence[str]) -> tuple[set[str], list[_Network]]:
    """The host names and the networks of a list."""
    names: set[str] = set()
    networks: list[_Network] = []
    for entry in listed:
        if not isinstance(entry, str) or not entry.strip():
            raise _wrong(entry)
        try:
            networks.append(ipaddress.ip_network(entry.strip(), strict=False))
        except ValueError as error:
            name = entry.strip().rstrip(".").lower()
            if not name.replace("-", "").replace(".", "").isalnum() or name[-1].isdigit():
                raise _wrong(entry) from error
            names.add(name)
    return names, networks


def _wrong(entry: object) -> SettingsError:
    return SettingsError(
        f"local_networks: {entry!r} is no address, network or host name",
        hint='write them like "192.168.1.5", "10.0.0.0/8" or "gpu-box"',
    )

"""How much of a hostile page is read: every bound of this room in one place."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["DEFAULT", "Limits"]


class Limits(Struct, frozen=True, kw_only=True):
    """Bounds that keep ``clean()`` linear; real pages stay far below every one of them.

    ``bytes_`` and ``chars`` are refused above (``too_large``); all others cut, with a notice.
    ``depth`` counts open elements whose end tag is not optional; ``formatting`` counts open ``b``,
    ``a``, ``font`` and their kind, which a parser re-opens in every block; ``attributes`` are per
    element; ``path`` is the number of steps after which a DOM path is shortened.
    """

    bytes_: int = 40_000_000
    chars: int = 10_000_000
    tags: int = 300_000
    depth: int = 400
    formatting: int = 60
    attributes: int = 200
    lines: int = 100_000
    links: int = 50_000
    path: int = 100


DEFAULT = Limits()

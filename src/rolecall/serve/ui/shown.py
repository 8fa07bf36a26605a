"""Untrusted text as it is shown: escaped, bounded, and with nothing in it that works unseen."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from rolecall import table

LONGEST: Final = 2_000
"""Characters of a value that a page shows."""

# Controls, marks of the reading direction, invisible letters, halves of characters, tags.
UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_NEVER: Final = re.compile(r"[\x00-\x20\x7f\\]")


def visible(text: Any, most: int = LONGEST) -> Markup:
    """``text`` as HTML; what cannot be seen is shown by its number, what is too long is cut."""
    whole = text if isinstance(text, str) else plain(text)
    left = len(whole) - most
    out = marked(whole[:most])
    if left > 0:
        out += Markup(' <span class="cut">… {} more characters</span>').format(f"{left:,}")
    return out


def marked(text: str) -> Markup:
    """``text`` as HTML, in which each unseen character is an element of its own, with its number.

    One element stands for one character, so that places in the text can be counted.
    """
    if not UNSEEN.search(text):
        return escape(text)
    out, at = Markup(), 0
    for found in UNSEEN.finditer(text):
        out += escape(text[at : found.start()])
        code = f"U+{ord(found.group()):04X}"
        out += Markup('<span class="ctl" data-c="{0}" title="{0}"></span>').format(code)
        at = found.end()
    return out + escape(text[at:])


def legible(text: str) -> str:
    """``text`` for where no element can stand, such as a title: unseen characters as their code."""
    return UNSEEN.sub(lambda found: f"<U+{ord(found.group()):04X}>", text)


def plain(value: Any) -> str:
    """A value as text; what is nested as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def brief(value: Any) -> str:
    """A value on one line: of a place its text, of a salary its parts that are there."""
    if not isinstance(value, dict):
        return plain(value)
    if isinstance(value.get("text"), str):
        return str(value["text"])
    return " ".join(plain(one) for one in value.values() if one is not None)


class Web(NamedTuple):
    """An address that may be followed, and the host it leads to."""

    href: str
    host: str


def web(address: Any) -> Web | None:
    """``address`` if it is one of ``http`` or ``https`` that can be followed, else ``None``."""
    if not isinstance(address, str) or len(address) > 4_000 or _NEVER.search(address):
        return None
    if UNSEEN.search(address):
        return None
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    return Web(address, host + port)


def moment(milliseconds: int | None) -> Markup:
    """A moment as an element that says it in UTC."""
    if milliseconds is None:
        return Markup("–")
    told = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        told.isoformat(timespec="seconds"), told.strftime("%Y-%m-%d %H:%M")
    )


def percent(value: float | None) -> str:
    """A share in per cent; a dash where there is none."""
    return "–" if value is None else table.percent(value)


def lasting(seconds: float | None) -> str:
    """A length of time in words."""
    if seconds is None:
        return "–"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5_400:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86_400:.1f} days"


def words(name: str) -> str:
    """A name of the code in words: ``not_a_posting`` is *not a posting*."""
    return name.replace("_", " ")

"""The names under which JSON Lines and tables hold a page and what is known of it."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from rolecall.errors import SettingsError


class Columns(Struct, frozen=True, kw_only=True):
    """The name of each part of an input; ``html`` is taken before ``text``."""

    html: str = "html"
    text: str = "text"
    url: str = "url"
    charset: str = "charset"
    captured: str = "captured"


DEFAULT = Columns()
PARTS = Columns.__struct_fields__


def read_columns(told: str, origin: str = "columns") -> Columns:
    """The setting ``columns``, as in ``html=body,url=link``; empty is the default names.

    Raises:
        SettingsError: for a part that there is not, one that is named twice, or no name.
    """
    found: dict[str, str] = {}
    for pair in filter(None, (one.strip() for one in told.split(","))):
        part, mark, name = (one.strip() for one in pair.partition("="))
        allowed = f"PART=NAME with commas between; parts are {', '.join(PARTS)}"
        if not mark or not name:
            raise SettingsError(f"{origin}: {pair!r} is not PART=NAME", hint=allowed)
        if part not in PARTS:
            raise SettingsError(f"{origin}: {part!r} is no part of an input", hint=allowed)
        if part in found:
            raise SettingsError(f"{origin}: {part!r} is named twice", hint=allowed)
        found[part] = name
    return replace(DEFAULT, **found)

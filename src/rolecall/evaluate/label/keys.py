"""Bytes of a terminal -> names of keys."""

from __future__ import annotations

import codecs
import re
from typing import Final

NAMES: Final = {
    b"\r": "enter", b"\n": "enter", b"\t": "tab", b"\x7f": "backspace", b"\x08": "backspace",
    b"\x1b[A": "up", b"\x1b[B": "down", b"\x1b[C": "right", b"\x1b[D": "left",
    b"\x1bOA": "up", b"\x1bOB": "down", b"\x1bOC": "right", b"\x1bOD": "left",
    b"\x1b[H": "home", b"\x1b[F": "end", b"\x1bOH": "home", b"\x1bOF": "end",
    b"\x1b[1~": "home", b"\x1b[4~": "end", b"\x1b[7~": "home", b"\x1b[8~": "end",
    b"\x1b[2~": "insert", b"\x1b[3~": "delete", b"\x1b[5~": "pgup", b"\x1b[6~": "pgdn",
    b"\x1b[Z": "backtab", b"\x1b[1;5C": "ctrl-right", b"\x1b[1;5D": "ctrl-left",
}  # fmt: skip
_SEQUENCE: Final = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~])")
_BEGUN: Final = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|O)?\Z")
_LONGEST: Final = 32


def decode(data: bytes, *, final: bool = False) -> tuple[list[str], bytes]:
    """The keys in ``data``, and the bytes that only begin one.

    ``final`` says that nothing follows for now: then an escape at the end is the key ``esc``.
    Sequences that are not known are left out, and so are bytes that are not UTF-8.
    """
    keys: list[str] = []
    while data:
        if data[:1] == b"\x1b":
            match = _SEQUENCE.match(data)
            if match is not None:
                name = NAMES.get(match.group())
                keys += [name] if name is not None else []
                data = data[match.end() :]
                continue
            if _BEGUN.match(data) and not final and len(data) < _LONGEST:
                return keys, data
            keys.append("esc")
            data = b"" if final and _BEGUN.match(data) else data[1:]
        elif data[0] < 0x20 or data[0] == 0x7F:
            name = NAMES.get(data[:1]) or f"ctrl-{chr(data[0] | 0x60)}"
            keys.append(name)
            data = data[1:]
        else:
            size = _size(data[0])
            if len(data) < size and not final:
                return keys, data
            char = codecs.decode(data[:size], "utf-8", "ignore")
            keys += [char] if len(char) == 1 and char.isprintable() else []
            data = data[size if char else 1 :]
    return keys, b""


def _size(first: int) -> int:
    """How many bytes the character takes that begins with ``first``."""
    return 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4

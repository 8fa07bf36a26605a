"""Addresses of objects: what is one, and its parts."""

from __future__ import annotations

import re

from rolecall.errors import UsageError

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")  # two letters at least: C:// is a drive
WEB = ("http", "https")
FETCHED = (*WEB, "ftp")
MAGIC = re.compile(r"[*?\[]")


def is_remote(path: str) -> bool:
    """Whether ``path`` is the address of an object or of what lies below a prefix.

    Raises:
        UsageError: for addresses that would have to be fetched from the web, and for ``file://``.
    """
    found = SCHEME.match(path)
    if found is None:
        return False
    scheme = found.group(1).lower()
    if scheme in FETCHED:
        raise UsageError(
            f"{scheme}:// addresses are not fetched",
            hint="rolecall extract --fetch does; or save the page first, say with: "
            "curl -s ADDRESS | rolecall extract -",
        )
    if scheme == "file":
        raise UsageError("file:// addresses are not read", hint="name the path itself")
    return True


def is_web(path: str) -> bool:
    """Whether ``path`` is the address of a page on the web."""
    found = SCHEME.match(path)
    return found is not None and found.group(1).lower() in WEB


def parts(url: str) -> tuple[str, str, str]:
    """Scheme, bucket (or host) and key of an address. Nothing in a key is decoded."""
    found = SCHEME.match(url)
    if found is None:
        raise UsageError(f"{url!a} is not the address of an object")
    bucket, _, key = url[found.end() :].partition("/")
    return found.group(1).lower(), bucket, key


def matches(name: str, pattern: str) -> bool:
    """Whether one part of a key fits a pattern with ``*``, ``?`` and ``[...]``.

    As in a shell, a name that starts with a dot wants a pattern that does too.
    """
    import fnmatch

    if name.startswith(".") and not pattern.startswith("."):
        return False
    return fnmatch.fnmatchcase(name, pattern)

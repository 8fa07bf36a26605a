"""Which variables of the environment hold secrets, and what children get that need none of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, MutableMapping
from typing import Final

NAMES: Final = re.compile(
    r"API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|TOKENS?(?![A-Z])"
    r"|(?:^|_)KEY$|_KEYS?$|_PASS$|_AUTH$|_DSN$|CONNECTION_STRING|_HEADERS$|^SSH_AUTH_SOCK$"
    r"|^ROLECALL_"
)
"""By their names, whoever they belong to: it is better to keep back one too many."""
LOGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s@]*:[^/\s@]+@", re.I)
"""An address with a password in it."""
PLAIN: Final = re.compile(r"\s*(?:[0-9.]*|true|false|yes|no|on|off|auto|none)\s*", re.I)
"""Numbers and switches are no secrets, whatever they are called."""

STORES: Final = (
    "AWS_", "GOOGLE_", "AZURE_", "FSSPEC_", "HF_", "HUGGING_FACE_", "OSS_", "OCI_", "LAKEFS_",
    "DATABRICKS_",
)  # fmt: skip
"""Beginnings of the variables by which object stores are opened, here or by packages of fsspec."""
HUB: Final = ("HF_", "HUGGING_FACE_")
"""Those by which models are fetched; and proxies, which may have passwords."""
PROXIES: Final = (
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy",
)  # fmt: skip
FETCHING: Final = (*STORES, *PROXIES)
"""What a child needs that reads objects of a store, or writes them."""


def hidden(text: str) -> str:
    """``text`` as it may be shown: without passwords of addresses, also where it is none."""
    return _PARAMETER.sub(r"\1***", _LOGIN.sub(r"\1***@", text))


_LOGIN: Final = re.compile(r"(://[^/\s:@]*:)\S*@")
_PARAMETER: Final = re.compile(r"((?:password|passwd|secret|token|key)=)[^&\s]+", re.I)


def secret_names(
    environ: Mapping[str, str], *, named: Collection[str] = (), needed: tuple[str, ...] = ()
) -> Iterator[str]:
    """The variables that hold secrets, by their names or values, and those that are ``named``; but
    none that begins with one of the words that are ``needed``."""
    for name, value in environ.items():
        if name in named or (
            not name.startswith(needed or ("\0",))
            and ((NAMES.search(name.upper()) and not PLAIN.fullmatch(value)) or LOGIN.search(value))
        ):
            yield name


def without_secrets(
    environ: Mapping[str, str], *, named: Collection[str] = (), needed: tuple[str, ...] = ()
) -> dict[str, str]:
    """The environment of a child that needs no secret; see `secret_names`."""
    left = set(secret_names(environ, named=named, needed=needed))
    return {name: value for name, value in environ.items() if name not in left}


def drop_secrets(environ: MutableMapping[str, str], *, needed: tuple[str, ...] = ()) -> None:
    """Take the secrets out of the environment of this process itself."""
    for name in list(secret_names(environ, needed=needed)):
        del environ[name]

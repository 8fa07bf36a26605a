"""Reading a table of TOML strictly: every key is known, every value of its kind."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from rolecall.errors import UsageError
from rolecall.evaluate.choose.exact import exact

LARGEST = 10**15 - 1


def near(name: str, known: Iterable[str]) -> str:
    """A hint that names the nearest of ``known``, or all."""
    names = list(known)
    found = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean {found[0]}?" if found else f"there are: {', '.join(names)}"


class Table:
    """A table and where it stands, for messages. All take methods raise `UsageError`."""

    def __init__(self, value: Any, place: str) -> None:
        if not isinstance(value, Mapping):
            raise UsageError(f"{place}: a table is needed", hint="see rolecall choose --help")
        self.value, self.place = value, place

    def only(self, known: Iterable[str]) -> None:
        """Refuse keys that are not ``known``."""
        names = list(known)
        for key in self.value:
            if key not in names:
                raise UsageError(f"{self.place}: there is no key {key!a}", hint=near(key, names))

    def refuse(self, key: str, wanted: str) -> UsageError:
        """The error for a value of the wrong kind."""
        return UsageError(
            f"{self.place}: {key} = {str(self.value.get(key))[:60]!a} cannot be used",
            hint=f"{key} is {wanted}",
        )

    def text(self, key: str, *, needed: bool = False) -> str:
        """A text; empty where it is not given, which ``needed`` refuses."""
        value = self.value.get(key, "")
        if not isinstance(value, str) or (needed and not value.strip()):
            if key not in self.value:
                raise UsageError(f"{self.place}: {key} is missing", hint=f"{key} is a text")
            raise self.refuse(key, "a text")
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self.value.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.refuse(key, "a list of texts")
        return tuple(value)

    def number(self, key: str) -> Fraction | None:
        """A finite number, exactly as it is written."""
        value: Any = self.value.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.refuse(key, "a number")
        number = Decimal(value)
        plain = number.is_finite() and -20 < number.adjusted() < 15
        if number and not plain:
            raise self.refuse(key, f"a number of at most {LARGEST:,} and at most 20 decimals")
        return exact(value)

    def whole(self, key: str) -> int | None:
        """A whole number above 0."""
        value = self.value.get(key)
        if value is not None and (type(value) is not int or value < 1):
            raise self.refuse(key, "a whole number above 0")
        return value

    def table(self, key: str) -> Table:
        """A table in this one; empty where it is not given."""
        return Table(self.value.get(key, {}), f"{self.place}, {key}")

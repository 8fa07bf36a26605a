"""The final check: a value against the whole schema, in the schema's own draft.

Nothing is ever fetched, patterns are matched in linear time, and formats are asserted wherever the
draft knows them. The library is loaded on first use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from rolecall.core import Problem
from rolecall.schema.dialect import Draft

if TYPE_CHECKING:
    from jsonschema_rs import Validator

LONGEST_MESSAGE: Final = 200
MOST_PROBLEMS: Final = 200
"""Problems told of one value; a broken answer can have one for each of a million items."""

PATTERN_BYTES: Final = 10 << 20
"""What one compiled pattern may take."""

MATCH_BYTES: Final = 1 << 20
"""What matching one pattern may keep; beyond it the engine starts anew and takes longer."""


def validator(schema: dict[str, Any] | bool, draft: Draft) -> Validator:
    """Compile a schema; raises ``jsonschema_rs.ValidationError`` or ``ReferencingError``.

    The cost is bounded for admitted schemas only.
    """
    from jsonschema_rs import RegexOptions

    options = RegexOptions(size_limit=PATTERN_BYTES, dfa_size_limit=MATCH_BYTES)
    return _kind(draft)(schema, offline=True, validate_formats=True, pattern_options=options)


@lru_cache(maxsize=1_024)
def knows_format(name: str, draft: Draft) -> bool:
    """Whether a format is asserted in a draft."""
    from jsonschema_rs import ValidationError

    try:
        _kind(draft)(
            {"format": name}, offline=True, validate_formats=True, ignore_unknown_formats=False
        )
    except ValidationError:
        return False
    return True


def pattern_fault(pattern: str) -> str | None:
    """Why a pattern is not taken; ``None`` if it is."""
    from jsonschema_rs import Draft202012Validator, ValidationError

    schema = {"pattern": pattern}
    try:
        validator(schema, "2020-12")
    except ValidationError:
        try:
            Draft202012Validator(schema, offline=True)
        except ValidationError:
            return "it is no regular expression, or one that takes too much memory"
        return "it looks around or refers back, which can take more than linear time"
    return None


def _kind(draft: Draft) -> Callable[..., Validator]:
    import jsonschema_rs as library

    kinds: dict[Draft, Callable[..., Validator]] = {
        "4": library.Draft4Validator,
        "6": library.Draft6Validator,
        "7": library.Draft7Validator,
        "2019-09": library.Draft201909Validator,
        "2020-12": library.Draft202012Validator,
    }
    return kinds[draft]


class Check:
    """The final check of one schema; compiled when it is first used."""

    def __init__(self, schema: dict[str, Any] | bool, draft: Draft) -> None:
        self.schema, self.draft = schema, draft

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process compiles anew: what is compiled does not travel."""
        return Check, (self.schema, self.draft)

    @cached_property
    def _validator(self) -> Validator:
        return validator(self.schema, self.draft)

    def problems(self, data: Any) -> list[Problem]:
        """Every way in which ``data`` breaks the schema, in document order; 200 at most.

        Never raises: what is not JSON (a set, a NaN, a lone surrogate) is one problem at the root.
        """
        try:
            errors = list(islice(self._validator.iter_errors(data), MOST_PROBLEMS))
        except (ValueError, TypeError) as error:
            return [Problem(pointer="", kind="schema", message=short(str(error)))]
        rows = [(place(data, error.instance_path), error) for error in errors]
        rows.sort(key=lambda row: row[0])
        return [
            Problem(pointer=pointer(e.instance_path), kind="schema", message=short(e.message))
            for _, e in rows
        ]

    def fault(self, data: Any) -> str | None:
        """The first thing that is wrong with ``data``; ``None`` when nothing is."""
        try:
            if self._validator.is_valid(data):
                return None
            return short(next(iter(self._validator.iter_errors(data))).message)
        except (ValueError, TypeError) as error:
            return short(str(error))


def pointer(path: Iterable[str | int]) -> str:
    """Write a path of keys and indexes as a JSON pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def place(data: Any, path: Iterable[str | int]) -> tuple[int, ...]:
    """Where in a document a path leads to, for sorting: the position at each step."""
    found = []
    for part in path:
        if isinstance(part, int):
            found.append(part)
            data = data[part] if isinstance(data, (list, tuple)) and part < len(data) else None
        else:
            names = list(data) if isinstance(data, Mapping) else []
            found.append(names.index(part) if part in names else len(names))
            data = data.get(part) if isinstance(data, Mapping) else None
    return tuple(found)


def short(message: str) -> str:
    """A message cut in its middle, so that its subject and its reason stay."""
    if len(message) <= LONGEST_MESSAGE:
        return message
    half = LONGEST_MESSAGE // 2
    return f"{message[: half - 3]} ... {message[-half + 2 :]}"

"""Which field of the default posting fills a field of the user's schema, and how that is known.

An ``x-rolecall.from`` says it. Else the field's name is split into words and looked up among the
names in ``data/names.txt``, with the names of the objects around it; at last its description.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

from rolecall.errors import SchemaError
from rolecall.schema.fields import MARK, Field, Kind
from rolecall.schema.posting import FIELDS
from rolecall.schema.tour import step

DATA: Final = Path(__file__).with_name("data")
How = Literal["annotation", "name", "description"]

PARTS: Final = ("city", "region", "country", "remote", "salary", "experience")
"""What can be asked for besides the default fields: parts of the first place, whether the work is
remote, and the wording of the pay and of the years of experience."""

SOURCES: Final = (*FIELDS, *PARTS)
NUMBERS: Final = frozenset(
    {"salary_min", "salary_max", "experience_years_min", "experience_years_max"}
)
LISTS: Final = frozenset(
    {"employment_type", "skills", "languages_required", "responsibilities", "requirements"}
    | {"benefits"}
)
AROUND: Final = frozenset(
    "job jobs posting vacancy data result record item info information details position offer"
    " stelle stellenangebot job_posting".split()
)
"""Names of objects that hold the whole posting, and words before a name that say no more."""

ITEM_NAMES: Final = ("name", "text", "value", "label", "title", "skill", "language")
"""Names of the one field by which rows of a list say what they are."""

SHORTEST_PHRASE: Final = 5
"""Letters of a name that a description is searched for."""

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+|\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """``source`` (a default field or one of ``PARTS``) fills the field at ``path``.

    ``members`` are the links of the fields in the rows of a list: what part of a place, or
    ``item`` for the row's own text.
    """

    path: tuple[str, ...]
    source: str
    how: How
    members: tuple[Link, ...] = ()

    @property
    def pointer(self) -> str:
        """The field's JSON pointer in the data."""
        return step("", *self.path)


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, lower case and without accents: ``jobTitle`` -> job, title."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", name)
        if not unicodedata.combining(letter)
    )
    return tuple(word.lower() for word in _WORDS.findall(plain))


def link_fields(fields: Sequence[Field]) -> tuple[Link, ...]:
    """The links of all fields that have one; each source fills every field that asks for it.

    Raises ``SchemaError`` for an annotation that names no source or one that cannot fit.
    """
    return tuple(link for field in fields if (link := _link(field)) is not None)


def _link(field: Field) -> Link | None:
    if "from" in field.mark:
        source = field.mark["from"]
        return None if source is None else _annotated(field, source)
    for source in _by_name(field.path):
        link = _fitting(field, source, "name")
        if link is not None:
            return link
    text = field.mark.get("description", field.rules.get("description"))
    found = _by_description(text) if isinstance(text, str) else None
    return _fitting(field, found, "description") if found is not None else None


def _annotated(field: Field, source: object) -> Link:
    if source not in SOURCES:
        raise SchemaError(
            f"{field.pointer}: {MARK}.from names no field: {str(source)[:60]!r}",
            hint=f"known: {', '.join(SOURCES)}",
        )
    link = _fitting(field, str(source), "annotation")
    if link is None:
        raise SchemaError(
            f"{field.pointer}: {source} cannot fill a field of this type ({field.kind})",
            hint="see `rolecall schema show` for the types of the default fields",
        )
    return link


def _fitting(field: Field, source: str, how: How) -> Link | None:
    """The link, if a value of ``source`` can be written as the field wants it."""
    if field.kind == "rows":
        return _rows(field, source, how)
    if source == "experience" and field.kind in ("number", "integer"):
        source = "experience_years_min"
    if field.kind in kinds_of(source):
        return Link(path=field.path, source=source, how=how)
    return None


def kinds_of(source: str) -> frozenset[Kind]:
    """The kinds of field that a source can fill without loss."""
    if source in NUMBERS:
        return frozenset({"number", "integer", "text", "any"})
    if source == "remote":
        return frozenset({"boolean"})
    if source == "locations":
        return frozenset({"list", "text", "any"})
    if source in ("workplace", *LISTS):
        return frozenset({"list", "text", "any"})
    return frozenset({"text", "list", "any"})


def _rows(field: Field, source: str, how: How) -> Link | None:
    """A list of objects: places with their parts, or one text in each row."""
    if source in ("location", "locations"):
        members = tuple(
            Link(path=member.path, source=part, how="name")
            for member in field.members
            if member.kind in ("text", "any") and (part := _place_part(member.path)) is not None
        )
        return (
            Link(path=field.path, source="locations", how=how, members=members) if members else None
        )
    if source not in LISTS:
        return None
    named = [member for member in field.members if member.path[-1].lower() in ITEM_NAMES]
    asked = [member for member in field.members if member.required] or named
    if len(asked) != 1 or asked[0].kind not in ("text", "any"):
        return None
    member = Link(path=asked[0].path, source="item", how="name")
    return Link(path=field.path, source=source, how=how, members=(member,))


def _place_part(path: tuple[str, ...]) -> str | None:
    if words_of(path[-1])[-1:] in (("name",), ("text",), ("label",), ("address",), ("full",)):
        return "text"
    for source in _by_name(path):
        if source in ("city", "region", "country"):
            return source
        if source == "location":
            return "text"
    return None


def _by_name(path: Sequence[str]) -> Iterator[str]:
    """What the field's name, after those of the objects around it, may mean: the longest first."""
    names = known_names()
    rows = [words_of(name) for name in path]
    whole = [word for row in rows[:-1] for word in row] + list(rows[-1])
    own = len(whole) - len(rows[-1])
    for at in range(len(whole)):
        if at > own and not set(whole[own:at]) <= AROUND:
            break
        source = names.get(" ".join(whole[at:]))
        if source is not None and (at < own or _alone(rows, whole[at:], source)):
            yield source


def _alone(rows: Sequence[Sequence[str]], words: Sequence[str], source: str) -> bool:
    """Whether a name may stand for itself where the objects around it are about something else."""
    around = {word for row in rows[:-1] for word in row} - AROUND
    if not around:
        return True
    known = {
        word for name, found in known_names().items() if found == source for word in name.split()
    }
    return bool(around & known) or (
        source in ("city", "region", "country")
        and bool(around & {"location", "address", "place", "office", "job"})
    )


def _by_description(text: str) -> str | None:
    """The one source whose name the description holds; of several the longest name's."""
    low = f" {' '.join(words_of(text))} "
    best: dict[str, int] = {}
    for name, source in known_names().items():
        if len(name) >= SHORTEST_PHRASE and f" {name} " in low:
            best[source] = max(best.get(source, 0), len(name))
    if not best:
        return None
    longest = max(best.values())
    top = [source for source, size in best.items() if size == longest]
    return top[0] if len(top) == 1 else None


@cache
def known_names() -> Mapping[str, str]:
    """Every name of ``data/names.txt`` and every default field, with its source."""
    out: dict[str, str] = {name.replace("_", " "): name for name in FIELDS}
    for line in (DATA / "names.txt").read_text("utf-8").splitlines():
        source, colon, names = line.partition(":")
        if colon and not line.startswith("#"):
            for name in _split(names):
                out.setdefault(name, source)
    return out


def _split(names: str) -> Iterable[str]:
    return (" ".join(name.split()) for name in names.split("|"))

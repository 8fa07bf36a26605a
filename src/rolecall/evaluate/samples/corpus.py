"""The annotated corpus' own layout -> samples: ``gold/``, ``pages/``, ``jsonld/``, ``index.jsonl``.

The annotations are those of the corpus guide. What its pages state as JSON-LD is right too where
the annotators found nothing to see, as its own scorer has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from rolecall.errors import UsageError
from rolecall.evaluate.nouns import Sample
from rolecall.schema.posting import FIELDS

LISTS: Final = (
    "employment_type", "skills", "languages_required", "responsibilities", "requirements",
    "benefits",
)  # fmt: skip
TYPES: Final = {
    "FULL_TIME": "full_time", "PART_TIME": "part_time", "CONTRACTOR": "contract",
    "CONTRACT": "contract", "TEMPORARY": "temporary", "INTERN": "internship",
    "INTERNSHIP": "internship", "VOLUNTEER": "volunteer", "PER_DIEM": "temporary",
}  # fmt: skip
BESIDE_A_VALUE: Final = ("company", "locations")
"""Fields of which the page's own data are right too where the annotators saw another wording."""


def is_corpus(path: Path) -> bool:
    """Whether ``path`` is a corpus: it has annotations and an index."""
    return (path / "gold").is_dir() and (path / "index.jsonl").is_file()


def corpus_samples(corpus: Path, *, refused: bool = False) -> Iterator[Sample]:
    """The annotated pages, by id; with ``refused`` also the pages that are no vacancies."""
    index = {row["id"]: row for row in _rows(corpus / "index.jsonl")}
    for path in sorted((corpus / "gold").glob("*.json")):
        gold = _json(path)
        if gold.get("kind") == "not_vacancy":
            continue
        row = index.get(gold["id"], {})
        expected = expected_of(gold)
        yield Sample(
            id=gold["id"],
            site=row.get("site", "?"),
            path=str(corpus / "pages" / f"{gold['id']}.html"),
            url=row.get("url") or None,
            language=row.get("lang", ""),
            expected=expected,
            also=also_of(_statements(corpus / "jsonld" / path.name), expected),
        )
    if refused and (corpus / "not-vacancies").is_dir():
        folder = corpus / "not-vacancies"
        sites = {row["id"]: row.get("site", "?") for row in _rows(folder / "index.jsonl")}
        for page in sorted(folder.glob("*.html")):
            yield Sample(
                id=page.stem,
                site=sites.get(page.stem, "?"),
                path=str(page),
                expected={},
                posting=False,
            )


def expected_of(gold: Mapping[str, Any]) -> dict[str, Any]:
    """Annotations in the keys of the guide -> labels in the fields of the default posting."""
    expected: dict[str, Any] = {}
    for name in FIELDS:
        if name == "location":
            continue
        if name == "locations":
            expected[name] = [{"text": place} for place in gold.get("location") or ()] or None
        elif name in LISTS:
            expected[name] = gold.get(name) or None
        else:
            value = gold.get(name)
            expected[name] = value if value not in ("", []) else None
    return expected


def also_of(
    statements: list[Mapping[str, Any]], expected: Mapping[str, Any]
) -> dict[str, tuple[Any, ...]]:
    """What the page's own JSON-LD says, where that counts as right beside the label."""
    found: dict[str, list[Any]] = {}
    places: list[dict[str, Any]] = []
    for one in statements:
        for name, value in _stated(one):
            if name == "locations":
                places.append({"text": value})
            else:
                found.setdefault(name, []).append(value)
    if places:
        found["locations"] = [places]
    return {
        name: tuple(values)
        for name, values in found.items()
        if expected.get(name) is None or name in BESIDE_A_VALUE
    }


def _stated(one: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The values of one JobPosting, field by field."""
    kinds = _listed(one.get("employmentType"))
    if kinds:
        known = {TYPES.get(str(kind).upper(), str(kind).lower()) for kind in kinds}
        yield "employment_type", sorted(known)
    for key, name in (("datePosted", "date_posted"), ("validThrough", "valid_through")):
        if one.get(key):
            yield name, str(one[key])[:10]
    yield from _pay(one.get("baseSalary"))
    for place in _listed(one.get("jobLocation")):
        address = place.get("address") if isinstance(place, dict) else None
        if isinstance(address, dict):
            parts = (
                address.get(key) for key in ("addressLocality", "addressRegion", "addressCountry")
            )
            yield "locations", " ".join(part for part in parts if isinstance(part, str))
        elif isinstance(address, str):
            yield "locations", address
    if str(one.get("jobLocationType", "")).upper() == "TELECOMMUTE":
        yield "workplace", "remote"
    company = one.get("hiringOrganization")
    if isinstance(company, dict) and company.get("name"):
        yield "company", company["name"]


def _pay(salary: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(salary, dict):
        return
    value = salary["value"] if isinstance(salary.get("value"), dict) else salary
    for key, name in (
        ("minValue", "salary_min"),
        ("maxValue", "salary_max"),
        ("value", "salary_min"),
        ("value", "salary_max"),
    ):
        if value.get(key) not in (None, ""):
            yield name, value[key]
    if salary.get("currency"):
        yield "salary_currency", salary["currency"]
    if value.get("unitText"):
        yield "salary_period", str(value["unitText"]).lower()


def _listed(value: Any) -> list[Any]:
    if not value:
        return []
    return value if isinstance(value, list) else [value]


def _statements(path: Path) -> list[Mapping[str, Any]]:
    if not path.exists():
        return []
    found = _json(path)
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    import orjson

    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield orjson.loads(line)
            except ValueError as error:
                raise _broken(f"{path}:{number}", error) from None


def _json(path: Path) -> Any:
    import orjson

    try:
        return orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _broken(str(path), error) from None


def _broken(where: str, error: Exception) -> UsageError:
    return UsageError(
        f"{where} cannot be read: {error}", hint="the corpus is damaged; fetch it anew"
    )

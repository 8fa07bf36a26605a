"""A posting's data as a schema.org ``JobPosting``, the shape that search engines read.

Source: https://schema.org/JobPosting and https://developers.google.com/search/docs/appearance/
structured-data/job-posting (employmentType constants, ``jobLocationType``, ``unitText``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

EMPLOYMENT_CONSTANTS: Final = {
    "full_time": "FULL_TIME",
    "part_time": "PART_TIME",
    "contract": "CONTRACTOR",
    "freelance": "CONTRACTOR",
    "temporary": "TEMPORARY",
    "internship": "INTERN",
    "volunteer": "VOLUNTEER",
    "apprenticeship": "OTHER",
}
"""Our employment types -> the constants; what has no constant is ``OTHER``."""

UNIT_TEXTS: Final = {
    "hour": "HOUR",
    "day": "DAY",
    "week": "WEEK",
    "month": "MONTH",
    "year": "YEAR",
}
"""Our pay periods -> ``unitText``; a fee for a whole project has none."""

PROPERTIES: Final[Mapping[str, str]] = {
    "title": "title",
    "company": "hiringOrganization.name",
    "location": "jobLocation.name",
    "locations": "jobLocation (one Place each)",
    "workplace": "jobLocationType, if remote",
    "employment_type": "employmentType",
    "salary_min": "baseSalary.value.minValue",
    "salary_max": "baseSalary.value.maxValue",
    "salary_currency": "baseSalary.currency",
    "salary_period": "baseSalary.value.unitText",
    "experience_years_min": "experienceRequirements.monthsOfExperience",
    "education": "educationRequirements.name",
    "skills": "skills",
    "description": "description",
    "responsibilities": "responsibilities",
    "requirements": "qualifications",
    "benefits": "jobBenefits",
    "application_url": "applicationContact.url",
    "application_email": "applicationContact.email",
    "date_posted": "datePosted",
    "valid_through": "validThrough",
    "posting_language": "inLanguage",
}
"""Where each field of the default posting goes; the others have no property of their own."""

_COPIED: Final = (
    ("title", "title"),
    ("description", "description"),
    ("datePosted", "date_posted"),
    ("validThrough", "valid_through"),
    ("inLanguage", "posting_language"),
)


def to_schema_org(data: Mapping[str, Any]) -> dict[str, Any]:
    """Write the ``data`` of a record as JSON-LD; what is ``None`` or missing is left out.

    ``application_url`` becomes the ``url`` of the application contact, since ``url`` of the
    posting itself would be the page's address. ``seniority`` and a range of years have no place
    of their own; the lower bound goes to ``experienceRequirements`` in months.
    """
    posting: dict[str, Any] = {"@context": "https://schema.org", "@type": "JobPosting"}
    for theirs, ours in _COPIED:
        _set(posting, theirs, data.get(ours))
    company = data.get("company")
    _set(posting, "hiringOrganization", company and _thing("Organization", name=company))
    _set(posting, "jobLocation", _places(data))
    if data.get("workplace") == "remote":
        posting["jobLocationType"] = "TELECOMMUTE"
    kinds = [EMPLOYMENT_CONSTANTS.get(kind, "OTHER") for kind in data.get("employment_type") or ()]
    _set(posting, "employmentType", list(dict.fromkeys(kinds)))
    _set(posting, "baseSalary", _salary(data))
    _set(posting, "experienceRequirements", _experience(data))
    education = data.get("education")
    _set(
        posting,
        "educationRequirements",
        education and _thing("EducationalOccupationalCredential", name=education),
    )
    _set(posting, "skills", _joined(data.get("skills"), ", "))
    _set(posting, "responsibilities", _joined(data.get("responsibilities"), "\n"))
    _set(posting, "qualifications", _joined(data.get("requirements"), "\n"))
    _set(posting, "jobBenefits", _joined(data.get("benefits"), "\n"))
    contact = _thing(
        "ContactPoint",
        contactType="application",
        email=data.get("application_email"),
        url=data.get("application_url"),
    )
    if "email" in contact or "url" in contact:
        posting["applicationContact"] = contact
    return posting


def _set(target: dict[str, Any], name: str, value: Any) -> None:
    if value is not None and value != [] and value != "":
        target[name] = value


def _thing(kind: str, **properties: Any) -> dict[str, Any]:
    thing = {"@type": kind}
    for name, value in properties.items():
        _set(thing, name, value)
    return thing


def _joined(items: Any, mark: str) -> str | None:
    return mark.join(items) if items else None


def _places(data: Mapping[str, Any]) -> Any:
    """One place, or a list of several; the wording stays as the place's name."""
    places = [
        _thing(
            "Place",
            name=place.get("text"),
            address=_thing(
                "PostalAddress",
                addressLocality=place.get("city"),
                addressRegion=place.get("region"),
                addressCountry=place.get("country"),
            ),
        )
        for place in data.get("locations") or ()
    ]
    if not places and data.get("location"):
        places = [_thing("Place", name=data["location"], address=data["location"])]
    for place in places:
        if place["address"] == {"@type": "PostalAddress"}:
            place["address"] = place["name"]
    return places[0] if len(places) == 1 else places


def _salary(data: Mapping[str, Any]) -> dict[str, Any] | None:
    low, high = data.get("salary_min"), data.get("salary_max")
    if low is None and high is None:
        return None
    bounds = {"value": low} if low == high else {"minValue": low, "maxValue": high}
    unit = UNIT_TEXTS.get(data.get("salary_period") or "")
    value = _thing("QuantitativeValue", **bounds, unitText=unit)
    return _thing("MonetaryAmount", currency=data.get("salary_currency"), value=value)


def _experience(data: Mapping[str, Any]) -> dict[str, Any] | None:
    years = data.get("experience_years_min")
    if years is None:
        return None
    # Google documents monthsOfExperience as a whole number of months.
    return _thing("OccupationalExperienceRequirements", monthsOfExperience=round(years * 12))

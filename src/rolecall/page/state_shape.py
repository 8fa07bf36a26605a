"""Objects of application state that look like a posting -> schema.org's ``JobPosting`` shape.

Applicant-tracking systems and boards name the same things in a few dozen ways. What is known here
is that vocabulary, by property; no system or host is known by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

MIN_DESCRIPTION: Final = 100
"""Characters below which a text is no posting's body."""
MAX_TITLE: Final = 200
MAX_SECTIONS: Final = 40

_WORDS: Final[Mapping[str, str]] = {
    "title": "title jobtitle positiontitle postingtitle vacancytitle jobopeningname jobname"
    " jobpostingtitle externaltitle publictitle displayjobtitle offertitle",
    "weak_title": "name text position role headline label designation",
    "description": "descriptionhtml jobdescriptionhtml htmldescription description jobdescription"
    " descriptionbody fulldescription jobdescriptiontext sanitizedjobdescription content body"
    " bodyhtml contenthtml jobad jobdescriptions sections descriptionplaintext descriptionplain"
    " descriptiontext externaldescription publicdescription jobdetails text advertisement",
    "intro": "introduction intro companydescription aboutcompany aboutus companyintroduction",
    "outro": "conclusion closing closingdescription outro",
    "more": "lists additional additionalinformation additionalinfo descriptionsuffix",
    "responsibilities": "responsibilities duties tasks keyresponsibilities responsibility mission",
    "qualifications": "requirements qualifications jobrequirements requirement profile"
    " candidateprofile qualification skillsandrequirements",
    "jobBenefits": "benefits jobbenefits perks whatweoffer perksandbenefits",
    "company": "hiringorganization company companyname organization organisation employer"
    " employername organizationname companydetails subcompany hiringcompany companydisplayname"
    " advertiser businessname agencyname",
    "location": "location locations joblocation joblocations office offices locationname"
    " formattedlocation joblocationname jobpostlocation primarylocation workplaces worklocation"
    " joblocationtext citystate locationdisplayname locationtext fulllocation",
    "city": "city addresslocality cityname locality town",
    "region": "region state addressregion statecode regioncode province statename regionname",
    "country": "country addresscountry countrycode countryname",
    "employmentType": "employmenttype jobtype typeofemployment contracttype employmenttypecode"
    " formattedemploymentstatus employmentstatus employmentstatuslabel timetype worktype schedule"
    " commitment positiontype employmentlabel workinghours jobschedule",
    "workplace": "workplacetype workplace remotestatus locationtype remotetype workmodel remote"
    " isremote workremoteallowed worklocationoption workarrangement remotelevel remotepolicy"
    " joblocationtype telecommuting allowsremote fullyremote",
    "hybrid": "hybrid ishybrid",
    "onsite": "onsite isonsite",
    "datePosted": "dateposted publishedat publisheddate datepublished posteddate publicationdate"
    " releaseddate createdat listedat postdate postedat publishdate startpublicationdate"
    " firstpublished originallylistedat activationdate",
    "validThrough": "validthrough expirationdate expirydate expiresat closingdate closesat deadline"
    " applicationdeadline enddate expireat dateexpires applicationclosingdate closedate",
    "baseSalary": "basesalary salary compensation salaryrange payrange compensationtiersummary"
    " salarydescription salarytext payranges compensationrange salaryinformation pay",
    "salary_min": "salarymin minsalary salaryfrom minimumsalary paymin compensationmin",
    "salary_max": "salarymax maxsalary salaryto maximumsalary paymax compensationmax",
    "salary_currency": "salarycurrency salarycurrencycode currency currencycode paycurrency",
    "salary_period": "salaryperiod payperiod salaryinterval salaryunit payinterval salarytype"
    " salaryfrequency payfrequency compensationinterval",
    "apply": "applyurl applicationurl applylink careersapplyurl joburlapply applicationlink"
    " companyapplyurl externalapplyurl externalapplylink applyhref",
    "email": "applicationemail applyemail applicantemail",
    "experienceRequirements": "experiencerequirements yearsofexperience minimumexperience"
    " requiredexperience experienceinyears",
    "educationRequirements": "educationrequirements educationlevel requiredducation degree"
    " requirededucation",
    "skills": "skills requiredskills jobskills technologies skilltags",
}  # fmt: skip


def _ranked() -> dict[str, tuple[str, int]]:
    """Folded key -> property and rank; a key that two properties claim goes to the first."""
    ranked: dict[str, tuple[str, int]] = {}
    for name, keys in _WORDS.items():
        for rank, key in enumerate(keys.split()):
            ranked.setdefault(key, (name, rank))
    return ranked


_PROPERTY: Final = _ranked()
_EVIDENCE: Final = ("job", "vacan", "employ", "apply", "salary", "hiring", "posting", "position",
                    "career", "remote", "workplace", "contracttype", "stelle", "offre", "recruit",
                    "applicant", "typeofemployment")  # fmt: skip
_CONTEXT: Final = frozenset(
    {"employmentType", "workplace", "validThrough", "baseSalary", "salary_min", "apply", "email",
     "experienceRequirements", "educationRequirements", "datePosted"}
)  # fmt: skip
_BODY_ORDER: Final = ("intro", "description", "responsibilities", "qualifications", "more",
                      "jobBenefits", "outro")  # fmt: skip
_TEXT_KEYS: Final = ("html", "text", "value", "content", "body", "description", "rendered",
                     "raw")  # fmt: skip
_NAME_KEYS: Final = ("name", "label", "title", "displayName", "value", "text", "descriptor",
                     "shortName", "long_name", "code", "defaultValue")  # fmt: skip


@lru_cache(maxsize=4096)
def property_of(key: str) -> tuple[str, int] | None:
    """What a key of any spelling (``jobTitle``, ``job_title``, ``job-title``) stands for."""
    return _PROPERTY.get("".join(filter(str.isalnum, key)).lower())


@lru_cache(maxsize=4096)
def _speaks_of_work(key: str) -> bool:
    folded = "".join(filter(str.isalnum, key)).lower()
    return any(word in folded for word in _EVIDENCE)


def shaped(data: Mapping[str, Any], around: Iterable[Mapping[str, Any]], path: str) -> Any:
    """The object as a ``JobPosting``, or ``None`` where it does not look like one.

    It must have a title, a body, a key (or place in the state) that speaks of work, and a company
    and a place, or another thing that postings have; a vague title ("name") needs more. ``around``
    holds the objects it stands in, the nearest first: they may name the company.
    """
    facts: dict[str, tuple[int, Any]] = {}
    for key, value in data.items():
        if value in (None, "", [], {}):
            continue
        known = property_of(key)
        if known and (known[0] not in facts or known[1] < facts[known[0]][0]):
            if known[0] == "description" and len(_body(value)) < MIN_DESCRIPTION:
                continue
            facts[known[0]] = (known[1], value)
    if "description" not in facts or not ("title" in facts or "weak_title" in facts):
        return None
    if not _speaks_of_work(path) and not any(_speaks_of_work(key) for key in data):
        return None
    values = {name: value for name, (_, value) in facts.items()}
    title = _text(values.get("title")) or _text(values.get("weak_title"))
    company = _name_of(values.get("company")) or _named_around(around)
    placed = any(name in values for name in ("location", "city", "country"))
    more = len(_CONTEXT.intersection(values))
    where = bool(company) + placed
    enough = bool(more) or where == 2 if "title" in facts else where and more
    if not 2 <= len(title) <= MAX_TITLE or not enough:
        return None
    return _posting(values, title, company)


def _posting(values: Mapping[str, Any], title: str, company: str) -> dict[str, Any]:
    parts = [_body(values[name]) for name in _BODY_ORDER if name in values]
    found: dict[str, Any] = {
        "@type": "JobPosting",
        "title": title,
        "description": "\n".join(dict.fromkeys(part for part in parts if part)),
        "hiringOrganization": {"name": company} if company else None,
        "jobLocation": _places(values),
        "jobLocationType": _workplace(values),
        "employmentType": _names(values.get("employmentType")),
        "datePosted": _day(values.get("datePosted")),
        "validThrough": _day(values.get("validThrough")),
        "baseSalary": _salary(values),
        "skills": _names(values.get("skills")),
        "responsibilities": _body(values.get("responsibilities")),
        "qualifications": _body(values.get("qualifications")),
        "jobBenefits": _body(values.get("jobBenefits")),
        "experienceRequirements": _name_of(values.get("experienceRequirements")),
        "educationRequirements": _name_of(values.get("educationRequirements")),
    }
    apply, email = values.get("apply"), values.get("email")
    if isinstance(apply, str):
        found["potentialAction"] = {"@type": "ApplyAction", "target": apply}
    if isinstance(email, str):
        found["applicationContact"] = {"email": email}
    return {key: value for key, value in found.items() if value not in (None, "", [], {})}


def _text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _body(value: Any, depth: int = 0) -> str:
    """The HTML or text of a body: a string, an object that holds one, or a list of sections."""
    if isinstance(value, str):
        return value
    if depth > 3:
        return ""
    if isinstance(value, list):
        parts = [_section(item, depth) for item in value[:MAX_SECTIONS]]
        return "\n".join(part for part in parts if part)
    if not isinstance(value, dict):
        return ""
    for key in _TEXT_KEYS:
        inner = value.get(key)
        if isinstance(inner, str) and inner:
            return inner
    parts = [_section(item, depth) for item in list(value.values())[:MAX_SECTIONS]]
    return "\n".join(part for part in parts if part)


def _section(item: Any, depth: int) -> str:
    if isinstance(item, str):
        return f"<p>{item}</p>" if item and " " in item else ""
    if not isinstance(item, dict):
        return _body(item, depth + 1) if isinstance(item, list) else ""
    text = ""
    for key in ("content", "value", "html", "body", "text", "description"):
        if isinstance(item.get(key), str | list | dict) and item[key]:
            text = _body(item[key], depth + 1)
            break
    else:
        return _body(item, depth + 1)
    head = next((item[k] for k in ("title", "name", "text", "heading") if _text(item.get(k))), "")
    return f"<h3>{head}</h3>{text}" if head and head != text else text


def _name_of(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return _name_of(value[0]) if value else ""
    if isinstance(value, dict):
        for key in _NAME_KEYS:
            if isinstance(value.get(key), str) and value[key].strip():
                return _text(value[key])
    return ""


def _names(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [name for item in items[:50] if (name := _name_of(item))]


def _named_around(around: Iterable[Mapping[str, Any]]) -> str:
    for level in around:
        for key, value in level.items():
            known = property_of(key)
            if known and known[0] == "company" and (name := _name_of(value)):
                return name
    return ""


def _places(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    given = values.get("location")
    places = [_place(item) for item in (given if isinstance(given, list) else [given])[:20]]
    known = [place for place in places if place]
    if not known or not any("address" in place for place in known):
        flat = _address(values)
        if len(flat) > 1 or (flat and not known):
            known = [{"address": flat, **(known[0] if len(known) == 1 else {})}, *known[1:]]
    return known


def _place(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"name": _text(value)} if _text(value) else {}
    if not isinstance(value, dict):
        return {}
    parts: dict[str, Any] = {}
    for key, item in value.items():
        known = property_of(key)
        if known and known[0] in ("city", "region", "country"):
            parts.setdefault(known[0], item)
    address = _address(parts)
    inner = value.get("address") or value.get("location")
    if not address and isinstance(inner, dict | str):
        return _place(inner)
    name = _name_of(value)
    return {**({"name": name} if name else {}), **({"address": address} if address else {})}


def _address(parts: Mapping[str, Any]) -> dict[str, str]:
    keys = (("addressLocality", "city"), ("addressRegion", "region"), ("addressCountry", "country"))
    return {name: text for name, key in keys if (text := _name_of(parts.get(key)))}


def _workplace(values: Mapping[str, Any]) -> str | None:
    stated = values.get("workplace")
    if values.get("hybrid") is True:
        return "hybrid"
    if stated is True:
        return "TELECOMMUTE"
    if values.get("onsite") is True:
        return "onsite"
    return _name_of(stated) or None if not isinstance(stated, int | float) else None


def _day(value: Any) -> str | None:
    """A date: as written, or an epoch in seconds or milliseconds as an ISO date (UTC)."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value / 1000 if value > 1e11 else value
        if 5e8 < seconds < 4e9:
            return datetime.fromtimestamp(seconds, UTC).date().isoformat()
        return None
    return _text(value) or None


def _salary(values: Mapping[str, Any]) -> Any:
    stated = values.get("baseSalary")
    low, high = values.get("salary_min"), values.get("salary_max")
    currency, period = values.get("salary_currency"), values.get("salary_period")
    if low is None and high is None:
        return stated
    return {
        "@type": "MonetaryAmount",
        "currency": currency,
        "value": {"minValue": low, "maxValue": high, "unitText": _name_of(period)},
    }

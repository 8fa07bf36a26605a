"""Each fault of a server, in each lane: the right end, the right number of tries, nothing lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.engines.faults import FaultServer
from tests.engines.wrongs import CUT, ELSEWHERE, RAW, TEXTS, USAGES

from rolecall.engines.retry import MOST_TRIES
from torture.engines_page import CAP, LANES, TRIES, Lane, Site, site, spent, unwritable
from torture.nouns import Case, Class, Group, Terms

ANSWERS: Final = MOST_TRIES["answer"]
AWAY: Final = "engine_unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a fault must come to where a server does nothing else.

    ``code`` is the failure, empty where the answer counts; ``passes`` says that another try may go
    well. ``used`` says whether the answer is good for the page, where there is one.
    """

    name: str
    code: str = ""
    tries: int = 1
    passes: bool = False
    used: bool | None = None
    result: str = ""
    seconds: float = 60.0


def _many(names: Sequence[str], **more: Any) -> tuple[Fault, ...]:
    return tuple(Fault(name=name, **more) for name in names)


NO_ANSWERS: Final = (
    "empty_200", "html_200", "wrong_type", "truncated_json", "no_choices", "null_content", "nan",
    "lone_surrogate", "not_an_object", "no_model", "odd_finish", "error_in_200", "204", "deep",
    "empty_content", "packed", "gzip_bomb", "gzip_unsaid", "huge", "huge_said", "just_too_large",
    "utf_16", "latin_1", "body_bom", "two_bodies", "sse_unasked", "untyped", "finish_null",
    "choice_null", "choices_object", "message_null", "model_number", "content_parts",
    "content_number", "tool_calls", "only_reasoning",
)  # fmt: skip
USED: Final = frozenset((
    "fenced", "thought", "words_around", "bom_inside", "list_not_object", "surrogate_name",
    "nul_name", "list_loop", "cut_off",
))  # fmt: skip
"""Texts in which the answer is there all the same."""

FAULTS: Final[tuple[Fault, ...]] = (
    *_many(("408", "409", "425", "500", "501", "502_html", "503", "504", "505", "507", "511",
            "520", "529", "599", "error_words", "error_deep", "503_after_1", "503_date"),
           code=AWAY, tries=TRIES, passes=True),
    *_many(("429", "429_after_0", "429_after_ms", "429_after_1", "429_after_date", "429_garbage",
            "429_negative", "429_nan", "429_past", "429_odd_date", "429_half", "429_ms_garbage",
            "429_date_850"),
           code="rate_limited", tries=TRIES, passes=True),
    *_many(("429_after_9999", "429_121", "429_endless", "429_digits", "429_centuries",
            "429_far_date", "503_9999"), code="rate_limited", tries=1),
    *_many(("429_quota", "429_quota_day"), code=AWAY, tries=1, result="quota"),
    *_many(("400", "401", "402", "403", "403_quota", "404", "405", "406", "410", "413", "418",
            "422", "431", "451"), code=AWAY, tries=1),
    Fault(name="400_too_long", code="context_overflow", tries=1),
    *_many(("300", "304", "redirect", *(f"to_canary_{n}" for n in (301, 302, 303, 307, 308))),
           code=AWAY, tries=1, result="redirect"),
    *_many(NO_ANSWERS, code=AWAY, tries=ANSWERS, passes=True),
    *_many(("reset", "disconnect_mid", *RAW), code=AWAY, tries=TRIES,
           passes=True),
    *_many(("hang", "drip", "drip_head", "short"), code=AWAY, tries=2, passes=True,
           result="timeout", seconds=0.6),
    *_many(("other_model", "ten_megabytes", *USAGES), used=True),
    *_many(("duplicate_keys", "refusal", "content_filter", "length", "length_null"), used=False),
    *(Fault(name=name, used=name in USED) for name in (*TEXTS, *CUT)),
)  # fmt: skip


def faults(terms: Terms) -> Group:
    """Every fault in every lane, once with a well server behind it and once without an end."""
    chosen = FAULTS if terms.full else [one for one in FAULTS if one.seconds > 1]
    lanes = LANES if terms.full else LANES[:2]  # in the short form in turn
    cases = asyncio.run(_all(terms, chosen, lanes))
    return Group(
        said=f"{len(chosen)} faults of servers x {len(lanes)} lanes: end, tries, record",
        cases=tuple(cases),
    )


async def _all(terms: Terms, chosen: Sequence[Fault], lanes: Sequence[Lane]) -> list[Case]:
    cases = []
    async with FaultServer() as canary:
        for lane in lanes:
            folder = terms.scratch / lane.name
            folder.mkdir()
            for number, fault in enumerate(chosen):
                if not terms.full and number % len(lanes) != lanes.index(lane):
                    continue
                found, note = await _tried(fault, lane, folder, canary.url)
                if canary.paths:
                    found, note = Class.WRONG, "the canary was called"
                    canary.paths.clear()
                cases.append(Case(name=f"{fault.name}/{lane.name}", found=found, note=note))
    return cases


async def _tried(fault: Fault, lane: Lane, folder: Path, canary: str) -> tuple[Class, str]:
    """The worse of a fault that passes and one that does not."""
    worst, told = Class.RIGHT, ""
    scripts = [[fault.name] * 99] + ([[fault.name]] if fault.passes else [])
    for script in scripts:
        before = spent(folder) if "far" in lane.names else 0.0
        began = time.monotonic()
        opened = site(lane, script, folder, call_seconds=fault.seconds, canary=canary)
        try:
            async with asyncio.timeout(30), opened as here:
                record = await here.record()
                wrong = _judged(fault, lane, here, record, lasting=len(script) > 1)
                left = await _still_open(here)
        except TimeoutError:
            return Class.HUNG, "no end after 30 s"
        except Exception as error:
            return Class.CRASHED, f"{type(error).__name__}: {error}"
        if fault.seconds < 1 and time.monotonic() - began > 2 * fault.seconds + 5:
            return Class.HUNG, f"took {time.monotonic() - began:.1f} s"
        if left:
            wrong = wrong or (Class.LOST, f"{left} requests still open")
        if "far" in lane.names:
            wrong = wrong or _paid(fault, lane, spent(folder) - before)
        if wrong is not None and wrong[0] < worst:
            worst, told = wrong[0], f"{'lasting' if len(script) > 1 else 'once'}: {wrong[1]}"
    return worst, told


async def _still_open(here: Site) -> int:
    """Requests that nobody waits for any more, and that are under way all the same."""
    left = 0
    for _ in range(100):
        left = sum(server.now for server in here.servers.values())
        if not left:
            break
        await asyncio.sleep(0.02)
    return left


def _judged(
    fault: Fault, lane: Lane, here: Site, record: Mapping[str, Any], *, lasting: bool
) -> tuple[Class, str] | None:
    """What is wrong with a record and the calls that were made for it."""
    first = lane.names[0]
    reason = record["reason"] or {}
    if reason.get("code") == "internal":
        return Class.CRASHED, str(reason.get("message"))[:200]
    if told := unwritable(record):
        return Class.CRASHED, f"the record is no JSON: {told}"
    if ELSEWHERE in str(record["data"]):
        return Class.WRONG, "a value that is not on the page"
    alone = len(lane.names) == 1
    fails = bool(fault.code) and lasting and alone
    if (record["outcome"] == "failed") != fails:
        return Class.WRONG, f"outcome {record['outcome']}, {reason.get('code')}"
    if fails and reason["code"] != fault.code:
        return Class.WRONG, f"code {reason['code']}, not {fault.code}"
    if fault.code == "rate_limited" and fault.tries == 1 and fails and not reason.get("retry_at"):
        return Class.SHORT, "parked without a time to come back"
    tries = here.asked(first)
    wanted = (fault.tries if lasting else 2) if fault.code else 1
    most = wanted if fault.code else 2  # an answer that cannot be used may be asked for once more
    if not wanted <= tries <= most:
        return Class.WRONG, f"{tries} tries, not {wanted}"
    made = [one for one in record["attempts"] if one["engine"] == first]
    if len(made) != tries:
        return Class.LOST, f"{tries} calls, {len(made)} in the record"
    if fault.result and lasting and {one["result"] for one in made} != {fault.result}:
        return Class.WRONG, f"results {[one['result'] for one in made]}, not {fault.result}"
    return None if fails else _answered(fault, lane, here, record)


def _answered(
    fault: Fault, lane: Lane, here: Site, record: Mapping[str, Any]
) -> tuple[Class, str] | None:
    """What is wrong with a record that did not fail."""
    company = record["data"]["company"]
    used = fault.used is not False or len(lane.names) > 1
    if (company == "crumb") != used:
        return Class.WRONG, f"company {company!r}"
    if fault.used is False and fault.name not in QUIET:
        named = record["problems"] or record["route"]["reasons"][1:]
        if not named:
            return Class.WRONG, "no word of an answer that was not used"
    if fault.name == "other_model" and record["attempts"][0]["model"] != "another-model":
        return Class.WRONG, "the record does not name the model that answered"
    if (
        len(lane.names) > 1
        and fault.code
        and here.asked("far") != (record["route"]["engine"] == "far")
    ):
        return Class.WRONG, f"{here.asked('far')} calls at the cloud"
    return None


QUIET: Final = frozenset(("empty_object", "null_value"))
"""Answers that say that the page does not tell: nothing is wrong with them."""


def _paid(fault: Fault, lane: Lane, cost: float) -> tuple[Class, str] | None:
    """What is wrong with what was booked."""
    if cost > CAP or cost < 0:
        return Class.WRONG, f"{cost} USD under a cap of {CAP}"
    if lane.name == "cloud" and not fault.code and cost == 0:
        return Class.WRONG, "an answer that was paid for is booked as nothing"
    return None

"""Where to apply: the apply link's target and the address to write to."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

from rolecall.core import Link, Span
from rolecall.reader.blocks import Tagged
from rolecall.reader.lexicon import split_words
from rolecall.reader.lines import Line
from rolecall.reader.proposal import Proposal, label_of

LONGEST = 300
"""Characters of a line in which an invitation to apply is looked for."""

LONGEST_LINK = 60
"""Characters of a link's text; a longer one is no button."""
NO_PAGE = ("mailto:", "tel:", "javascript:")

EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
APPLY = re.compile(
    r"\b(?:apply|application|bewerb\w*|postul\w*|candidat\w*|sollicit\w*|přihlás\w*|odpověd\w*|reagovat|inscri\w*"
    r"|solicit\w*|откликн\w*|отклик|ansøg\w*|ansök\w*|aplik\w*|søg|sök|submit|easy apply|resume|cv|lebenslauf"
    r"|zažád\w*|motivat\w*|životopis|curr[ií]cul\w*|резюме|send us|schick\w*|envoy\w*|zašl\w*|stuur)\b",
    re.I,
)
ASK = re.compile(
    r"\b(?:question|contact|information|privacy|accommodat|disabilit|support|help|fragen|auskunft|renseign|vragen"
    r"|dotaz|dúvida|вопрос|duda|spørgsmål|frågor|pytania|press|media)",
    re.I,
)
APPLY_PATHS = tuple(
    "apply bewerb postul candidat sollicit application ansog ansok aplik prihlas odpoved inscri".split()
)
OFFICE = re.compile(
    r"^(?:dpo|gdpr|privacy|datenschutz|support|help|hilfe|press|presse|abuse|webmaster|legal|rodo"
    r"|accommodat\w*|noreply|no-reply)\b",
    re.I,
)
SHARE = re.compile(
    r"login|signin|sign-in|register|facebook|twitter|whatsapp|share|#$|privacy|policy", re.I
)


def propose_emails(tagged: Tagged) -> list[Proposal]:
    """Visible addresses, and the targets of visible ``mailto:`` links."""
    text = tagged.page.text
    out = []
    found = _shown(text)
    seen = {mail for mail, _, _ in found}
    for link in tagged.page.links:
        if link.href[:7].lower() == "mailto:":
            mail = link.href[7:].partition("?")[0].strip()
            if EMAIL.fullmatch(mail) and mail not in seen:
                seen.add(mail)
                found.append((mail, link.span, f"{link.path}/@href"))
    starts = [line.block.span.start for line in tagged.lines] if found else []
    for n, (mail, span, pointer) in enumerate(found[:20]):
        index = _line_at(starts, span.start)
        line = tagged.lines[index]
        if line.block.role == "orders":
            continue
        around = f"{tagged.lines[index - 1].text[-80:] if index else ''} {line.text[:400]}"
        features = [
            f"z={tagged.zone(index)}",
            "apply" if APPLY.search(around) else "noapply",
            "ask" if ASK.search(around) else "noask",
            f"n={min(n, 3)}",
            "href" if pointer else "seen",
            "named"
            if re.search(
                r"job|career|bewerb|recruit|talent|hr|people|apply|cv|kariera|empleo|vagas|rekrut",
                mail,
                re.I,
            )
            else "plain",
            f"all={min(len(found), 3)}",
            "office" if OFFICE.match(mail) else "person",
        ]
        value_span = None if pointer else span
        out.append(
            Proposal(
                unit="application_email",
                value=mail,
                span=value_span,
                features=tuple(features),
                pointer=pointer,
            )
        )
    return out


def _shown(text: str) -> list[tuple[str, Span, str | None]]:
    """The addresses that a text shows, from the lines that have an "@"."""
    found: list[tuple[str, Span, str | None]] = []
    at = text.find("@")
    while at >= 0:
        start = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        row = text[start:] if end < 0 else text[start:end]
        for m in EMAIL.finditer(row):
            mail, begin = m.group().rstrip("."), start + m.start()
            found.append((mail, Span(begin, begin + len(mail)), None))
        at = text.find("@", end) if end >= 0 else -1
    return found


def propose_urls(tagged: Tagged) -> list[Proposal]:
    """Targets of links that say "apply", and addresses shown beside an invitation to apply."""
    text = tagged.page.text
    starts = [line.block.span.start for line in tagged.lines]
    line_says: dict[int, bool] = {}
    out = []
    n = 0
    targets = [link.href.lower() for link in tagged.page.links]
    every = "\n".join(targets)
    paths = [path for path in APPLY_PATHS if path in every]
    for link, low in zip(tagged.page.links, targets, strict=True):
        span = link.span
        if span.end - span.start > LONGEST_LINK or low.startswith(NO_PAGE):
            continue
        index = _line_at(starts, span.start)
        line = tagged.lines[index]
        if line.block.role == "orders":
            continue
        says = _link_says(text[span.start : span.end])
        leads = any(map(low.__contains__, paths)) if paths else False
        if not (says or leads):
            if len(line.words) <= 3:
                continue
            if index not in line_says:
                line_says[index] = _line_says(line)
            if not line_says[index]:
                continue
        features = [
            f"says={says}",
            f"leads={leads}",
            f"says={says}|leads={leads}",
            f"z={tagged.zone(index)}",
            f"z={tagged.zone(index)}|says={says}",
            f"n={min(n, 3)}",
            "share" if SHARE.search(link.href) else "noshare",
            "abs" if "://" in link.href else "anchor" if link.href.startswith("#") else "rel",
            f"own={_own(tagged, link)}",
            f"short={len(line.words) < 6}",
            "label" if label_of(tagged, index) else "nolabel",
        ]
        n += 1
        out.append(
            Proposal(
                unit="application_url",
                value=link.href,
                span=None,
                features=tuple(features),
                pointer=f"{link.path}/@href",
            )
        )
        if n > 30:
            break
    return out


@lru_cache(maxsize=4096)
def _link_says(shown: str) -> bool:
    """Whether the text of a link, at most ``LONGEST_LINK`` characters, speaks of applying."""
    return _says(shown, split_words(shown))


@lru_cache(maxsize=8192)
def _word_says(word: str) -> bool:
    return APPLY.search(word) is not None


def _says(text: str, words: Sequence[str]) -> bool:
    """Whether a text speaks of applying; ``words`` are its words."""
    return any(map(_word_says, words)) or "send us" in text.lower()


def _line_says(line: Line) -> bool:
    if len(line.text) <= LONGEST:
        return _says(line.text, line.words)
    return APPLY.search(line.text[:LONGEST]) is not None


def _own(tagged: Tagged, link: Link) -> str:
    host = (tagged.page.url or "").split("/")[2:3]
    if "://" not in link.href:
        return "same"
    return "same" if host and host[0] in link.href else "other"


def _line_at(starts: list[int], position: int) -> int:
    at = bisect_right(starts, position)
    return at - 1 if at else 0

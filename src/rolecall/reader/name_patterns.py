"""How names of organisations are written, and the words around them that give them away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

from rolecall.reader.lexicon import split_words

Saying = tuple[str, int, int]
"""How a text gives a name away, and where in it the name stands."""

MOST_CHARS = 90
MOST_SAID = 4
"""Names behind "at" or "team" that are read in one line."""

SENTENCE, COPYRIGHT_LINE, CHROME_LINE, OPENING = 600, 400, 120, 80
"""Characters of a line that are searched for each kind of name; an "about" line is shorter."""

SMALL_END = re.compile(r"(?<!\s)\s+[^\W\d_A-ZÀ-ÖØ-ÞА-Я]{1,3}$")
INNER_CAPITAL = re.compile(r"[a-z][A-Z]|['’]s$")
LEGAL = re.compile(
    r"\b(?:GmbH(?: & Co\.? KG(?:aA)?)?|mbH|AG|SE|KG|KGaA|e\.\s?V\.|gGmbH|UG|Inc\.?|Incorporated|LLC|L\.L\.C\.|Ltd\.?"
    r"|Limited|PLC|plc|Corp\.?|Corporation|LLP|LP|Pty|Pvt|S\.?A\.?S?\.?|SARL|SAS|SASU|B\.?V\.?|N\.?V\.?"
    r"|s\.\s?r\.\s?o\.|spol\. s r\.\s?o\.|a\.\s?s\.|v\.o\.s\.|z\.\s?s\.|S\.?p\.?A\.?|S\.?r\.?l\.?|Ltda\.?|S/A"
    r"|ООО|ОАО|ЗАО|ПАО|АО|ИП|A/S|ApS|I/S|AB|HB|Oy|Oyj|AS|ASA|S\.?L\.?U?\.?|Sp\. z o\.\s?o\.|sp\. z o\.o\.|S\.A\.)(?!\w)"
)
FORM = re.compile(
    r"[ABCHIKLNOPSUАЗИОП.](?:(?<=\.)(?:[VLAop]|\s?[Vrso])|(?<!\w.)(?:[/.ОАП]|[ABEGLPSV](?!\w)"
    r"|SA|A[RS.]|L[CPU]|Ga|nc|td|imited|orp|ty|vt|p[SA.]|r[l.]|yj?(?!\w)))"
)
"""How a legal form begins, a quick look; only those with ``FORM_PARTS`` inside may do otherwise."""

FORM_PARTS = ("mbH", "plc")
CAPITAL = r"[A-ZÀ-ÖØ-ÞА-ЯŁŚŻŹČŘŠŽĚ0-9]"
TOKEN = rf"{CAPITAL}(?:(?<=[A-Z])[a-z]{{0,3}}\. {CAPITAL})?[\w&'’+-]*+(?:\.[\w&'’+-]++)*+"
JOIN = r"(?:(?:&|and|und|et|of|the|de|la|di|du|der|für|y|e|i|for) )?"
NAME = rf"{TOKEN}(?: {JOIN}{TOKEN}){{0,5}}"
WITH_LEGAL = re.compile(rf"({NAME}(?: [-–] {NAME})?),? ({LEGAL.pattern})")
ABOUT = re.compile(
    r"^(?:about|über|ueber|à propos d[e']|over|sobre(?: a| o)?|o společnosti|o firmě|om|su|о компании|why|join|working at"
    r"|work at|life at|careers? at|jobs? at|karriere bei|who is|meet|welcome to|willkommen bei)\s+(?:the )?(.{2,60}?)[:?!.]?$",
    re.I,
)
ABOUT_WORDS = frozenset(
    "about über ueber à over sobre o om su о why join working work life career careers job jobs"
    " karriere who meet welcome willkommen".split()
)
"""Words that ``ABOUT`` begins with; ``BY_WORDS`` and ``AT_WORDS`` likewise."""

LEAD = re.compile(rf"^(?:At |Bei |The |Die |La |L['’])?({NAME}),? [a-zà-öø-þа-я(]")
TEAM = re.compile(
    rf"\b(?:team (?:of|at|von|bei|hos)|team|tým[u]? (?:firmy|společnosti)?|équipe (?:de|d['’])|equipo de"
    rf"|zespołu? (?:firmy)?|команд\w+|компани\w+|организаци\w+|company|firm[ay]|unternehmen|société|empresa|azienda) ?({NAME})"
)
LONG_LEGAL = re.compile(
    rf"({CAPITAL}[^.!?;:\n()]{{3,90}}? (?:e\.\s?V\.|gGmbH|GmbH|AG|a\.\s?s\.|s\.\s?r\.\s?o\.|S\.A\.|B\.V\.))(?!\w)"
)
AT = re.compile(
    rf"\b(?:at|join|bei|chez|bij|ve společnosti|ve firmě|na empresa|presso|hos|w firmie|в компании|en)\s+(?:der |the |die )?({NAME})"
)
AT_WORDS = frozenset(
    "at join bei chez bij společnosti firmě empresa presso hos firmie компании en".split()
)
AT_JOINED = re.compile(r"['’/-](?:at|join|bei|chez|bij|ve|na|presso|hos|w|в|en)\s")
TEAM_PARTS = ("team", "company", "firm", "unternehmen", "equipo", "empresa", "azienda")
TEAM_PARTS_ACCENTED = ("tým", "équipe", "zespoł", "команд", "компани", "организаци", "société")
IS = re.compile(
    rf"^(?:At |Bei |The |Die |La |L['’]|Společnost |Firma |Компания |A )?({NAME})(?:\s+\([^)]{{1,40}}\))?,?\s+"
    r"(?:is|are|was|has|have|ist|sind|sucht|est|recherche|recrute|zoekt|je|hledá|é|busca|procura|è|cerca|—|это|ищет|es|er|søger|söker|är|jest|poszukuje|szuka|offers|provides|helps|believes|values|we|wir|–|-)\b"
)
BY_TEXT = re.compile(r"^(?:by|von|par|door|da|от|af|av|przez|posted by)\s+(.{2,60})$", re.I)
BY_WORDS = frozenset("by von par door da от af av przez posted".split())
COPYRIGHT = re.compile(
    r"(?:©|\(c\)|copyright)\s*(?:\d{4}(?:\s*[-–]\s*\d{4})?)?,?\s*(?:by\s+)?(.{2,60}?)(?:\.|,|\||$|\s+all rights|\s+\d{4})",
    re.I,
)
NAMES = re.compile(NAME)
ORGANISATION = re.compile(
    r"universi|institut|hospital|klinik|clinic|college|school|schule|école|bank|group|gruppe|gruppo|grupo"
    r"|holding|foundation|stiftung|fundac|fondation|association|verband|verein|council|ministr|agency|agentur"
    r"|labs?\b|studios?\b|systems?\b|technolog|solutions?\b|software|services|consulting|partners|games"
    r"|kommune|gemeinde|gmina|región|region\b|stadt\b|museum|zentrum|centre|center|společnost|nemocnice"
    r"|университет|институт|банк|группа|центр|больница|завод|фонд|pt\.(?<!.pt\.)|szpital|uniwersytet|sykehus|sjukhus"
    r"|ayuntamiento|escuela|colegio|diputaci|cooperativa|skole\b|skolan?\b|gymnasi|sygehus|plejehjem"
    r"|vårdcentral|börnehus|børnehus|hotel\b|szkoł|przedszkol|spółdzieln|urząd|starostw|fundacj"
    r"|stowarzysz|przychodni|zakład|hurtowni|åkeri|verkstad|byrå|bufete|despacho",
)
"""Words inside the names of organisations, in lower case."""

MAIL_HOST = re.compile(r"@([\w.-]{2,60}\.\w{2,})")
TITLE_SPLIT = re.compile(
    r"(?<!\s)\s+[-–—|·•»›/]+\s*|(?:(?<!\s)\s+)?[|·•»›]\s*|,\s+|(?<=\w):\s+"
    r"|(?<!\s)\s+(?:at|bei|chez|bij|ve|hos|presso|@|-)\s+"
)
SPLIT_LINE = re.compile(r"(?:(?<!\s)\s+)?[|·•»›]\s*|(?<!\s)\s+[-–—]\s+|(?<!\s)\s{2,}")
STOP = frozenset(
    "we our you your i it this the a an in at on for and or to of with as is are wir sie du ihr der die das ein eine und"
    " nous vous le la les un une notre votre my naše váš vy ty nós você o os as il lo мы вы наш nosotros usted el los vi"
    " du ni de het een jij je ons my ty om what who why how when there here if please was wer wo wie what's must probably all job jobs career careers team"
    " home apply about location remote senior junior contact company login search menu description overview".split()
)
LEADING = re.compile(
    r"^(?:the|die|der|das|la|le|les|los|el|il|společnost|firma|компания|company|empresa|at|bei)\s+",
    re.I,
)


def has_legal(text: str) -> bool:
    """Whether ``text`` holds a legal form such as "GmbH" or "Ltd."."""
    if FORM.search(text) is None and not any(map(text.__contains__, FORM_PARTS)):
        return False
    return LEGAL.search(text) is not None


@lru_cache(maxsize=4096)
def trimmed(raw: str) -> tuple[int, int, str]:
    """Where a name stands in ``raw`` without marks and articles around it, and its words.

    There are no words where it is no name after all.
    """
    start = len(raw) - len(raw.lstrip(" \"'“„«(–-"))
    cut = LEADING.match(raw[start:])
    if cut and len(raw) > cut.end() + 1:
        start += cut.end()
    end = max(start, len(raw.rstrip(" \"'”“»:,;!?)–-")))
    if end > start and raw[end - 1] == "." and not has_legal(raw[start:end]):
        end -= 1
    key = " ".join(split_words(raw[start:end])) if end - start <= MOST_CHARS else ""
    return start, end, "" if key in STOP else key


def pieces(text: str, split: re.Pattern[str]) -> list[tuple[int, int]]:
    """Where the parts of ``text`` stand between the marks of ``split``, if there are any."""
    found, at = [], 0
    for m in split.finditer(text):
        found.append((at, m.start()))
        at = m.end()
    found.append((at, len(text)))
    return [(a, b) for a, b in found if b - a > 1] if len(found) > 1 else []


def sayings(text: str, words: Sequence[str], *, chrome: bool) -> tuple[Saying, ...]:
    """The names that a line gives away by its wording; ``words`` are its words, in lower case.

    In a line of site chrome no sentences are read.
    """
    return tuple(_sayings(text, words, chrome))


def _sayings(text: str, words: Sequence[str], chrome: bool) -> Iterator[Saying]:
    first = words[0] if words and len(text) < OPENING else ""
    if first in ABOUT_WORDS and (m := ABOUT.match(text)):
        yield "about", *m.span(1)
    if first in BY_WORDS and (m := BY_TEXT.match(text)):
        yield "by", *m.span(1)
    head = text[:SENTENCE]
    low = head.lower()
    if "©" in head or "copyright" in low or "(c)" in low:
        for m in COPYRIGHT.finditer(text[:COPYRIGHT_LINE]):
            yield "copyright", *m.span(1)
    if chrome:
        if len(text) < CHROME_LINE and has_legal(head):
            for m in WITH_LEGAL.finditer(text):
                yield "legal", *m.span()
        return
    yield from _in_sentence(head, words)
    if has_legal(head):
        if m := LONG_LEGAL.search(head):
            yield "long", *m.span(1)
        for m in WITH_LEGAL.finditer(head):
            yield "legal", *m.span()


def _in_sentence(text: str, words: Sequence[str]) -> Iterator[Saying]:
    """Names that a sentence begins with, or that stand after words such as "at" and "team"."""
    if text[:1].isupper() or text[:1].isdigit():
        if m := LEAD.match(text):
            yield "lead", *m.span(1)
        if m := IS.match(text):
            yield "is", *m.span(1)
    if not AT_WORDS.isdisjoint(words) or AT_JOINED.search(text):
        for m in islice(AT.finditer(text), MOST_SAID):
            yield "at", *m.span(1)
    if any(map(text.__contains__, TEAM_PARTS)) or (
        not text.isascii() and any(map(text.__contains__, TEAM_PARTS_ACCENTED))
    ):
        for m in islice(TEAM.finditer(text), MOST_SAID):
            yield "team", *m.span(1)

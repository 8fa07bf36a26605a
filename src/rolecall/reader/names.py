"""Names on a page that may be an organisation's, and the ways they were found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from urllib.parse import urlsplit

from rolecall.core import Span
from rolecall.normalise.places import is_place
from rolecall.reader.blocks import Tagged
from rolecall.reader.known import known_places
from rolecall.reader.lexicon import lexicon, split_words
from rolecall.reader.lines import Line
from rolecall.reader.proposal import bins, label_of, value_span

MOST_NAMES = 80
MOST_CHARS = 90
LONGEST_RAW = 200
MOST_FREQUENT = 12
AFTER = 6
MOST_LOOSE = 16
MOST_PIECES = 3
"""Parts of a header line; a line of more is a menu."""

NEAR = (-3, 5)
MOST_FIRST_WORDS = 8
SMALL_END = re.compile(r"\s+[^\W\d_A-ZÀ-ÖØ-ÞА-Я]{1,3}$")
NOT_SPACE = re.compile(r"\S+")
INNER_CAPITAL = re.compile(r"[a-z][A-Z]|['’]s$")
LEGAL = re.compile(
    r"\b(?:GmbH(?: & Co\.? KG(?:aA)?)?|mbH|AG|SE|KG|KGaA|e\.\s?V\.|gGmbH|UG|Inc\.?|Incorporated|LLC|L\.L\.C\.|Ltd\.?"
    r"|Limited|PLC|plc|Corp\.?|Corporation|LLP|LP|Pty|Pvt|S\.?A\.?S?\.?|SARL|SAS|SASU|B\.?V\.?|N\.?V\.?"
    r"|s\.\s?r\.\s?o\.|spol\. s r\.\s?o\.|a\.\s?s\.|v\.o\.s\.|z\.\s?s\.|S\.?p\.?A\.?|S\.?r\.?l\.?|Ltda\.?|S/A"
    r"|ООО|ОАО|ЗАО|ПАО|АО|ИП|A/S|ApS|I/S|AB|HB|Oy|Oyj|AS|ASA|S\.?L\.?U?\.?|Sp\. z o\.\s?o\.|sp\. z o\.o\.|S\.A\.)(?!\w)"
)
FORM = re.compile(
    r"[ABCHIKLNOPSUАЗИОП](?:[GESBVALOPАОИП/.]|nc|LC|td|imited|orp|ty|vt|pA?|rl?|pS|y)|\.(?:[VLAop]|\s?[Vrs])"
)
"""How a legal form may begin, a quick look; ``FORM_PARTS`` are what the others hold."""

FORM_PARTS = ("mbH", "plc", "spol", "sp. z")
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

HINT = re.compile(
    r"company|employer|organi[sz]ation|hiring|brand|firm|arbeitgeber|unternehmen|advertiser|topcard__org"
)
MAIL_HOST = re.compile(r"@([\w.-]{2,60}\.\w{2,})")
TITLE_SPLIT = re.compile(
    r"\s+[-–—|·•»›/]+\s*|\s*[|·•»›]\s*|,\s+|(?<=\w):\s+|\s+(?:at|bei|chez|bij|ve|hos|presso|@|-)\s+"
)
SPLIT_LINE = re.compile(r"\s*[|·•»›]\s*|\s+[-–—]\s+|\s{2,}")
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


class Names:
    """Names seen so far: their features and the best place each stands at."""

    def __init__(self, tagged: Tagged) -> None:
        self.tagged = tagged
        self.text = tagged.page.text
        self.seen: dict[str, set[str]] = {}
        self.spans: dict[str, Span] = {}
        self.anchor = anchor_line(tagged)
        self.mails = mail_hosts(tagged)
        self.domains = domains_of(tagged)

    def add(self, span: Span, *features: str) -> None:
        """Note that the name at ``span`` was found in the way ``features`` say."""
        if span.end - span.start > LONGEST_RAW:
            return
        raw = span.of(self.text)
        start = span.start + len(raw) - len(raw.lstrip(" \"'“„«(–-"))
        cut = LEADING.match(self.text[start : span.end])
        if cut and len(raw) > cut.end() + 1:
            start += cut.end()
        end = span.end
        while end > start and self.text[end - 1] in " \"'”“»:,;!?)–-":
            end -= 1
        if end > start and self.text[end - 1] == "." and not has_legal(self.text[start:end]):
            end -= 1
        name = self.text[start:end]
        key = " ".join(split_words(name))
        if not key or len(name) > MOST_CHARS or key in STOP or len(self.seen) >= MOST_NAMES:
            return
        if key not in self.seen:
            self.seen[key] = set()
            self.spans[key] = Span(start, end)
        self.seen[key].update(features)


def gather(tagged: Tagged) -> Names:
    """All names of a page, with the ways each was found."""
    names = Names(tagged)
    for i in range(len(tagged.lines)):
        _from_line(tagged, i, names)
    _frequent(tagged, names)
    _first_line(tagged, names)
    return names


def has_legal(text: str) -> bool:
    """Whether ``text`` holds a legal form such as "GmbH" or "Ltd."."""
    if FORM.search(text) is None and not any(map(text.__contains__, FORM_PARTS)):
        return False
    return LEGAL.search(text) is not None


@lru_cache(maxsize=4096)
def _hints(hints: str) -> bool:
    return HINT.search(hints) is not None


def _first_line(tagged: Tagged, names: Names) -> None:
    """The page's first line, and its first part, often is the name of whoever runs the site."""
    for line in tagged.lines[:2]:
        if line.block.kind == "title" or not line.words:
            continue
        if len(line.words) <= MOST_FIRST_WORDS:
            span = line.block.span
            for part in (span, *_pieces(line.text, span.start, SPLIT_LINE)[:1]):
                names.add(part, "first", f"first:{line.block.role}")
        return


def _from_line(tagged: Tagged, i: int, names: Names) -> None:
    line = tagged.lines[i]
    role = line.block.role
    if role in ("similar", "cookie"):
        return
    text, start = line.text, line.block.span.start
    zone = tagged.zone(i)
    where = "body" if zone in "PHDRB" else zone
    for span, features in _labelled(tagged, i, names.anchor):
        names.add(span, *features)
    if line.block.kind == "title":
        for n, span in enumerate(_pieces(line.text, start, TITLE_SPLIT)):
            names.add(span, f"title:{min(n, 1)}")
    first = line.words[0] if line.words and len(text) < 80 else ""
    if first in ABOUT_WORDS and (m := ABOUT.match(text)):
        names.add(_shifted(start, m), f"about:{where}", "about")
    if first in BY_WORDS and (m := BY_TEXT.match(text)):
        names.add(_shifted(start, m), f"by:{where}", "by")
    head = text[:600]
    low = head.lower()
    if "©" in head or "copyright" in low or "(c)" in low:
        for m in COPYRIGHT.finditer(text[:400]):
            names.add(_shifted(start, m), "copyright")
    legal = has_legal(head)
    if role == "chrome":
        if legal and len(text) < 120:
            for m in WITH_LEGAL.finditer(text):
                names.add(Span(start + m.start(), start + m.end()), "legal:chrome")
        return
    _from_sentence(line, where, names)
    if legal:
        _from_legal(head, start, where, names)


def _shifted(start: int, found: re.Match[str]) -> Span:
    return Span(start + found.start(1), start + found.end(1))


def _from_sentence(line: Line, where: str, names: Names) -> None:
    """Names that a sentence begins with, or that stand after words such as "at" and "team"."""
    text, start = line.text[:600], line.block.span.start
    if text[:1].isupper() or text[:1].isdigit():
        if where in ("body", "head") and (m := LEAD.match(text)):
            names.add(_shifted(start, m), f"lead:{where}")
        if m := IS.match(text):
            names.add(_shifted(start, m), "is", f"is:{where}")
    if not AT_WORDS.isdisjoint(line.words) or AT_JOINED.search(text):
        for m in islice(AT.finditer(text), 4):
            names.add(_shifted(start, m), "at", f"at:{where}")
    if any(map(text.__contains__, TEAM_PARTS)) or (
        not text.isascii() and any(map(text.__contains__, TEAM_PARTS_ACCENTED))
    ):
        for m in islice(TEAM.finditer(text), 4):
            names.add(_shifted(start, m), "at", f"team:{where}")


def _from_legal(text: str, start: int, where: str, names: Names) -> None:
    """Names that end in a legal form, and the longest run of words before one."""
    if m := LONG_LEGAL.search(text):
        names.add(_shifted(start, m), f"legal:{where}", "long")
    for m in WITH_LEGAL.finditer(text):
        names.add(Span(start + m.start(), start + m.end()), f"legal:{where}")


def _frequent(tagged: Tagged, names: Names) -> None:
    """Capitalised names that several lines of the body repeat."""
    lines: dict[str, int] = {}
    last: dict[str, int] = {}
    first: dict[str, int] = {}
    for i in range(max(0, tagged.first - 3), min(len(tagged.lines), tagged.last + AFTER)):
        line = tagged.lines[i]
        if line.block.role != "posting":
            continue
        start = line.block.span.start
        for m in NAMES.finditer(line.text[:1500]):
            key = m.group().rstrip(".'’-")
            if key in first:
                if last[key] != i:
                    lines[key] += 1
                    last[key] = i
            elif len(key) > 2 and key.lower() not in STOP:
                lines[key], last[key], first[key] = 1, i, start + m.start()
    ranked = sorted(lines, key=lambda key: (-lines[key], first[key]))
    for n, key in enumerate(ranked[:MOST_FREQUENT]):
        seen = lines[key]
        if seen > 2 or (seen > 1 and " " in key):
            span = Span(first[key], first[key] + len(key))
            names.add(span, "freq", f"freq:{bins(seen)}", f"freq:rank{min(n, 3)}")
    loose = [key for key in lines if " " in key or INNER_CAPITAL.search(key)]
    for n, key in enumerate(sorted(loose, key=first.__getitem__)[:MOST_LOOSE]):
        names.add(Span(first[key], first[key] + len(key)), "loose", f"loose:{bins(n)}")
    domains = set(names.domains)
    for key, at in first.items():
        if len(key) > 3 and key.lower() in domains:
            names.add(Span(at, at + len(key)), "freq:domain")


def _labelled(tagged: Tagged, i: int, anchor: int) -> Iterator[tuple[Span, tuple[str, ...]]]:
    """Whole short lines: labelled ones, ones whose class names hint, and lines near the title."""
    line = tagged.lines[i]
    if len(line.words) > 9 or not line.words or line.block.kind == "title":
        return
    span = value_span(tagged, i)
    labels = label_of(tagged, i)
    if "company" in labels:
        yield span, ("label",)
    elif labels:
        return
    if _hints(line.block.hints[:80]):
        yield span, ("hint", f"hint:{line.block.role}")
    if tagged.zone(i) != "head" or line.block.role == "chrome":
        return
    away = i - anchor
    if not away or not NEAR[0] <= away <= NEAR[1]:
        return
    near = f"near:{away}"
    link = "link" if line.block.link > 0.5 else "text"
    field = f"near:F{int(tagged.shares[i].get('F', 0) * 3)}"
    for short in _without_place(line.text, span):
        yield short, ("near", near)
    for short in _before_place(span.of(tagged.page.text), span.start):
        yield short, ("near", near, "before")
    yield span, ("near", near, f"near:{link}", field)
    pieces = _pieces(line.text, line.block.span.start, SPLIT_LINE)
    for piece in pieces:
        yield piece, ("piece", near, "many") if len(pieces) > MOST_PIECES else ("piece", near)


def _without_place(text: str, span: Span) -> Iterator[Span]:
    """A line such as "Acme Praha 4" without the place at its end."""
    words = list(NOT_SPACE.finditer(text))
    for count in (1, 2, 3):
        if len(words) > count and is_place(text[words[-count].start() :]) >= 0.7:
            yield Span(span.start, span.start + words[-count - 1].end())


def _before_place(text: str, start: int) -> Iterator[Span]:
    """What stands before each known place in a header line: "Acme, Malmö, heltid"."""
    for at, _ in known_places(text)[:MOST_PIECES]:
        end = len(SMALL_END.sub("", text[:at].rstrip(" ,.–-|·(")))
        if end > 1:
            yield Span(start, start + end)


def anchor_line(tagged: Tagged) -> int:
    """The line before the body that most probably is the role's heading."""
    last = min(len(tagged.lines), max(tagged.first + 1, 3))
    best, most = -99, 0.0
    for i in range(last):
        line = tagged.lines[i]
        if line.block.kind == "title" or line.block.role == "chrome" or not line.words:
            continue
        worth = tagged.shares[i].get("T", 0.0) + 0.3 * (line.block.kind == "heading")
        if len(line.words) < 16 and any(map(lexicon().names_role, line.words)):
            worth += 0.3
        if worth > most:
            best, most = i, worth
    return best


def _pieces(text: str, start: int, split: re.Pattern[str]) -> list[Span]:
    spans, at = [], 0
    for m in split.finditer(text):
        spans.append(Span(start + at, start + m.start()))
        at = m.end()
    spans.append(Span(start + at, start + len(text)))
    return [span for span in spans if span.end - span.start > 1] if len(spans) > 1 else []


def domains_of(tagged: Tagged) -> list[str]:
    """Names of hosts the page says it belongs to, or gives e-mail addresses of."""
    meta = tagged.page.meta
    urls = [tagged.page.url, meta.get("og:url"), meta.get("canonical")]
    hosts = {urlsplit(url).netloc for url in urls if url and "//" in url}
    hosts.update(mail_hosts(tagged))
    out: set[str] = set()
    for host in hosts:
        parts = [
            x for x in host.lower().split(".") if x not in ("www", "com", "co", "jobs", "careers")
        ]
        out.update(x.replace("-", "") for x in parts[:2] if len(x) > 2)
        out.add("".join(parts).replace("-", ""))
    return sorted(out)


def mail_hosts(tagged: Tagged) -> list[str]:
    """Hosts of the first e-mail addresses that the page shows."""
    text = tagged.page.text[:20000]
    return MAIL_HOST.findall(text)[:5] if "@" in text else []

"""The hiring organisation: names gathered from all over the page, each with what speaks for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from rolecall.core import Span
from rolecall.normalise.places import is_place
from rolecall.reader.blocks import Tagged
from rolecall.reader.lexicon import lexicon, split_words
from rolecall.reader.proposal import Proposal, bins, label_of, value_span

MOST_NAMES = 80
MOST_CHARS = 90
MOST_FREQUENT = 12
AFTER = 6
MOST_LOOSE = 16
INNER_CAPITAL = re.compile(r"[a-z][A-Z]|['’]s$")
LEGAL = re.compile(
    r"\b(?:GmbH(?: & Co\.? KG(?:aA)?)?|mbH|AG|SE|KG|KGaA|e\.\s?V\.|gGmbH|UG|Inc\.?|Incorporated|LLC|L\.L\.C\.|Ltd\.?"
    r"|Limited|PLC|plc|Corp\.?|Corporation|LLP|LP|Pty|Pvt|S\.?A\.?S?\.?|SARL|SAS|SASU|B\.?V\.?|N\.?V\.?"
    r"|s\.\s?r\.\s?o\.|spol\. s r\.\s?o\.|a\.\s?s\.|v\.o\.s\.|z\.\s?s\.|S\.?p\.?A\.?|S\.?r\.?l\.?|Ltda\.?|S/A"
    r"|ООО|ОАО|ЗАО|ПАО|АО|ИП|A/S|ApS|I/S|AB|HB|Oy|Oyj|AS|ASA|S\.?L\.?U?\.?|Sp\. z o\.\s?o\.|sp\. z o\.o\.|S\.A\.)(?!\w)"
)
CAPITAL = r"[A-ZÀ-ÖØ-ÞА-ЯŁŚŻŹČŘŠŽĚ0-9]"
TOKEN = rf"(?:[A-Z][a-z]{{0,3}}\. )?{CAPITAL}[\w&'’+-]*(?:\.[\w&'’+-]+)*"
JOIN = r"(?:(?:&|and|und|et|of|the|de|la|di|du|der|für|y|e|i|for) )?"
NAME = rf"(?:{TOKEN})(?: {JOIN}{TOKEN}){{0,5}}"
WITH_LEGAL = re.compile(rf"({NAME}(?: [-–] {NAME})?),? ({LEGAL.pattern})")
ABOUT = re.compile(
    r"^(?:about|über|ueber|à propos d[e']|over|sobre(?: a| o)?|o společnosti|o firmě|om|su|о компании|why|join|working at"
    r"|work at|life at|careers? at|jobs? at|karriere bei|who is|meet|welcome to|willkommen bei)\s+(?:the )?(.{2,60}?)[:?!.]?$",
    re.I,
)
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
IS = re.compile(
    rf"^(?:At |Bei |The |Die |La |L['’]|Společnost |Firma |Компания |A )?({NAME})(?:\s+\([^)]{{1,40}}\))?,?\s+"
    r"(?:is|are|was|has|have|ist|sind|sucht|est|recherche|recrute|zoekt|je|hledá|é|busca|procura|è|cerca|—|это|ищет|es|er|søger|söker|är|jest|poszukuje|szuka|offers|provides|helps|believes|values|we|wir|–|-)\b"
)
BY_TEXT = re.compile(r"^(?:by|von|par|door|da|от|af|av|przez|posted by)\s+(.{2,60})$", re.I)
COPYRIGHT = re.compile(
    r"(?:©|\(c\)|copyright)\s*(?:\d{4}(?:\s*[-–]\s*\d{4})?)?,?\s*(?:by\s+)?(.{2,60}?)(?:\.|,|\||$|\s+all rights|\s+\d{4})",
    re.I,
)
RESERVED = re.compile(r"\([cC]\)|[oO][pP][yY][rR][iI][gG][hH][tT]")
NAMES = re.compile(NAME)
NO_LETTER = re.compile(r"[\W_]+")
ORGANISATION = re.compile(
    r"universi|institut|hospital|klinik|clinic|college|school|schule|école|bank|group|gruppe|gruppo|grupo"
    r"|holding|foundation|stiftung|fundac|fondation|association|verband|verein|council|ministr|agency|agentur"
    r"|labs?\b|studios?\b|systems?\b|technolog|solutions?\b|software|services|consulting|partners|games"
    r"|kommune|gemeinde|gmina|región|region\b|stadt\b|museum|zentrum|centre|center|společnost|nemocnice"
    r"|университет|институт|банк|группа|центр|больница|завод|фонд|^pt\.|szpital|uniwersytet|sykehus|sjukhus",
    re.I,
)
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
SAID = frozenset({"label", "hint", "near"})
SURE = frozenset(
    {"label", "hint", "near", "piece", "about", "title:0", "title:1", "copyright", "by"}
    | {f"legal:{zone}" for zone in ("head", "body", "after", "chrome")}
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

    def add(self, span: Span, *features: str) -> None:
        """Note that the name at ``span`` was found in the way ``features`` say."""
        raw = span.of(self.text)
        start = span.start + len(raw) - len(raw.lstrip(" \"'“„«(–-"))
        cut = LEADING.match(self.text[start : span.end])
        if cut and len(raw) > cut.end() + 1:
            start += cut.end()
        end = span.end
        while end > start and self.text[end - 1] in " \"'”“»:,;!?)–-":
            end -= 1
        if end > start and self.text[end - 1] == "." and not LEGAL.search(self.text[start:end]):
            end -= 1
        name = self.text[start:end]
        key = " ".join(split_words(name))
        if not key or len(name) > MOST_CHARS or key in STOP or len(self.seen) >= MOST_NAMES:
            return
        if key not in self.seen:
            self.seen[key] = set()
            self.spans[key] = Span(start, end)
        self.seen[key].update(features)


def propose_companies(tagged: Tagged) -> list[Proposal]:
    """Every name that may be the hiring organisation, with its features."""
    names = Names(tagged)
    for i in range(len(tagged.lines)):
        _from_line(tagged, i, names)
    domains = _domains(tagged)
    _frequent(tagged, names, domains)
    body = _body_text(tagged)
    title_line = tagged.lines[0].text.lower() if tagged.lines else ""
    site = " ".join(split_words(tagged.page.meta.get("og:site_name", "")))
    whole = {" ".join(line.words) for line in tagged.lines[1:] if len(line.words) < 9}
    mails = {host.lower().rpartition(".")[0].rpartition(".")[2] for host in mail_hosts(tagged)}
    often = {
        key
        for key, span in names.spans.items()
        if " " in key and body.count(span.of(tagged.page.text)) > 1
    }
    named = any(SAID & found for found in names.seen.values())
    out = []
    for key, found in names.seen.items():
        span = names.spans[key]
        name = span.of(tagged.page.text)
        inside = _mentions(body, name)
        own = _belongs(key, domains, site, found)
        if own and named and not found & SAID:
            own += "|named"
        marks = [*sorted(found), own or "foreign"]
        if _squashed(key) in mails:
            marks.append("mail")
        if "." in name and name.lower() in (tagged.page.url or ""):
            marks.append("host")
        if any(other.startswith(f"{key} ") for other in often):
            marks.append("sub")
        if not found & SURE and not _mid_sentence(body, name):
            marks.append("starts")
        if _cut(tagged.page.text, span):
            marks.append("cut")
        if name.lower() in title_line:
            marks.append("doc")
            if "title:1" in found and key in whole:
                marks.append("title=line")
        features = [*marks, *_wording(name, key, found), f"in={inside}"]
        if own:
            features.append(f"{own}|in={'0' if inside == '0' else '1'}")
        ways = {mark.partition(":")[0] for mark in found}
        features.append(f"ways={min(len(ways), 5)}")
        out.append(Proposal(unit="company", value=name, span=span, features=tuple(features)))
    return out


def _body_text(tagged: Tagged) -> str:
    if tagged.first >= tagged.last:
        return ""
    start = tagged.lines[max(0, tagged.first - 3)].block.span.start
    last = min(len(tagged.lines), tagged.last + AFTER) - 1
    return tagged.page.text[start : tagged.lines[last].block.span.end]


def _mentions(body: str, name: str) -> str:
    """How often the body names it, without a legal form at its end."""
    short = LEGAL.sub("", name).strip(" ,.")
    count = body.count(short) if len(short) > 1 else 0
    return str(count) if count < 3 else "3+" if count < 8 else "8+"


def _mid_sentence(body: str, name: str) -> bool:
    """Whether the body has the name after a word, and not only where a sentence begins."""
    at = body.find(name)
    while at >= 0:
        if at > 1 and body[at - 1] == " " and body[at - 2] not in ".!?:;•-–":
            return True
        at = body.find(name, at + 1)
    return False


def _cut(text: str, span: Span) -> bool:
    """Whether the name seems to begin in the middle: a lower-case word that joins stands before."""
    before = text[max(0, span.start - 24) : span.start].rsplit(" ", 2)
    word = before[-2] if len(before) > 1 and not before[-1] else ""
    return len(word) > 4 and word.islower() and word.endswith(("e", "en", "er", "es", "al", "ic"))


def _belongs(key: str, domains: list[str], site: str, found: set[str]) -> str:
    """Whether the name is that of the site itself."""
    squashed = _squashed(key)
    if squashed and any([squashed in host and len(squashed) * 2 > len(host) for host in domains]):
        return "own"
    if site and key == site:
        return "own"
    return "own-" if "copyright" in found else ""


def _from_line(tagged: Tagged, i: int, names: Names) -> None:
    line = tagged.lines[i]
    text, start = line.text, line.block.span.start
    role = line.block.role
    zone = tagged.zone(i)
    where = "body" if zone in "PHDRB" else zone
    if role in ("similar", "cookie"):
        return
    for span, *features in _labelled(tagged, i):
        names.add(span, *features)
    if line.block.kind == "title":
        for n, span in enumerate(_pieces(line.text, start, TITLE_SPLIT)):
            names.add(span, f"title:{min(n, 1)}")
    for name, pattern in (("about", ABOUT), ("by", BY_TEXT)):
        if len(text) < 80 and (m := pattern.match(text)):
            names.add(Span(start + m.start(1), start + m.end(1)), f"{name}:{where}", name)
    head = text[:600]
    if "©" in head or RESERVED.search(head):
        for m in COPYRIGHT.finditer(text[:400]):
            names.add(Span(start + m.start(1), start + m.end(1)), "copyright")
    legal = LEGAL.search(head) is not None
    if role == "chrome":
        if legal and len(text) < 120:
            for m in WITH_LEGAL.finditer(text):
                names.add(Span(start + m.start(), start + m.end()), "legal:chrome")
        return
    if where in ("body", "head") and (m := LEAD.match(text)):
        names.add(Span(start + m.start(1), start + m.end(1)), f"lead:{where}")
    if m := IS.match(text):
        names.add(Span(start + m.start(1), start + m.end(1)), "is", f"is:{where}")
    for n, m in enumerate(AT.finditer(head)):
        if n < 4:
            names.add(Span(start + m.start(1), start + m.end(1)), "at", f"at:{where}")
    for n, m in enumerate(TEAM.finditer(head)):
        if n < 3:
            names.add(Span(start + m.start(1), start + m.end(1)), "at", f"team:{where}")
    if not legal:
        return
    if m := LONG_LEGAL.search(head):
        names.add(Span(start + m.start(1), start + m.end(1)), f"legal:{where}", "long")
    for m in WITH_LEGAL.finditer(head):
        names.add(Span(start + m.start(), start + m.end()), f"legal:{where}")


def _frequent(tagged: Tagged, names: Names, domains: list[str]) -> None:
    """Capitalised names that several lines of the body repeat."""
    lines: dict[str, set[int]] = {}
    first: dict[str, Span] = {}
    for i in range(max(0, tagged.first - 3), min(len(tagged.lines), tagged.last + AFTER)):
        line = tagged.lines[i]
        if line.block.role != "posting":
            continue
        start = line.block.span.start
        for m in NAMES.finditer(line.text[:1500]):
            key = m.group().rstrip(".'’-")
            if len(key) < 3 or key.lower() in STOP:
                continue
            lines.setdefault(key, set()).add(i)
            first.setdefault(key, Span(start + m.start(), start + m.start() + len(key)))
    ranked = sorted(lines, key=lambda key: (-len(lines[key]), first[key]))
    for n, key in enumerate(ranked[:MOST_FREQUENT]):
        seen = len(lines[key])
        if seen > 2 or (seen > 1 and " " in key):
            names.add(first[key], "freq", f"freq:{bins(seen)}", f"freq:rank{min(n, 3)}")
    loose = [key for key in lines if " " in key or INNER_CAPITAL.search(key)]
    for n, key in enumerate(sorted(loose, key=lambda key: first[key])[:MOST_LOOSE]):
        names.add(first[key], "loose", f"loose:{bins(n)}")
    for key, span in first.items():
        if len(key) > 3 and key.lower() in domains:
            names.add(span, "freq:domain")


def _labelled(tagged: Tagged, i: int) -> Iterator[tuple[Span, str]]:
    """Whole short lines: labelled ones, ones whose class names hint, and lines near the title."""
    line = tagged.lines[i]
    if len(line.words) > 9 or not line.words or line.block.kind == "title":
        return
    span = value_span(tagged, i)
    labels = label_of(tagged, i)
    if "company" in labels:
        yield (span, "label")
    elif labels:
        return
    if HINT.search(line.block.hints[:80]):
        yield (span, "hint", f"hint:{line.block.role}")
    if tagged.zone(i) == "head" and line.block.role != "chrome":
        away = i - anchor_line(tagged)
        near = f"near:{away}" if -3 <= away <= 5 and away else "near:far"
        if near != "near:far":
            link = "link" if line.block.link > 0.5 else "text"
            yield (
                span,
                "near",
                near,
                f"near:{link}",
                f"near:F{int(tagged.shares[i].get('F', 0) * 3)}",
            )
            for piece in _pieces(line.text, line.block.span.start, SPLIT_LINE):
                yield (piece, "piece", near)


def _without_place(text: str, span: Span) -> Iterator[Span]:
    """A line such as "Acme Praha 4" without the place at its end."""
    words = list(re.finditer(r"\S+", text))
    for count in (1, 2, 3):
        if len(words) > count and is_place(text[words[-count].start() :]) >= 0.7:
            yield Span(span.start, span.start + words[-count - 1].end())


def _squashed(key: str) -> str:
    return NO_LETTER.sub("", key)


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


def _domains(tagged: Tagged) -> list[str]:
    """Names of hosts the page says it belongs to, or gives e-mail addresses of."""
    meta = tagged.page.meta
    urls = [tagged.page.url, meta.get("og:url"), meta.get("canonical")]
    hosts = {urlsplit(url).netloc for url in urls if url and "//" in url}
    hosts.update(mail_hosts(tagged))
    out = set()
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


def _wording(name: str, key: str, found: set[str]) -> list[str]:
    words = split_words(name)
    lists = lexicon()
    out = [f"n={min(len(words), 6)}"]
    suffix = LEGAL.search(name) is not None
    if suffix:
        out.append("suffix")
    if ORGANISATION.search(name):
        out.append("org")
    if is_place(name) >= 0.5:
        out.append("place")
    if not suffix and any(map(lists.names_role, words)):
        out.append("role")
    sure = suffix or "label" in found
    if not sure and (match := lists.heading(words)) is not None:
        out.append(f"heading{'=' if match.cover >= 0.5 else '+'}")
    if lists.label(key):
        out.append("islabel")
    if not sure and words[0] in STOP:
        out.append("stop^")
    if not (found & SAID) and sum(x[:1].isupper() for x in name.split()) < len(name.split()) / 2:
        out.append("lower")
    if name[-1:] in "!?" or "@" in name or "http" in name:
        out.append("odd")
    if not found & SURE and len(words) == 1 and lists.cue(words[0]) is not None:
        out.append("cue")
    elif not sure and any(lists.cue(word) in ("chrome", "apply") for word in words):
        out.append("cue")
    if name.endswith(("'s", "’s")) or INNER_CAPITAL.search(name):
        out.append("inner")
    if "." in name[1:-1] and not suffix:
        out.append("dotted")
    return out

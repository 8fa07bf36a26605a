"""Charsets: said wrongly, twice or not at all. The text is right, or that is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from torture.nouns import Case, Class, Group, Terms
from torture.pages_tried import Hostile, judged, strict, tried

SAID: Final = (
    "charset_doubtful",
    "charset_guessed",
    "charset_overruled",
    "charset_unknown",
    "decode_replaced",
)
GERMAN: Final = (
    "Wir suchen für unser Büro in Köln eine Aushilfe – später auch länger, „gern“ für 15 €."
)
FRENCH: Final = "Nous cherchons un ingénieur à Besançon ; l’été, vous êtes peut-être là où ça naît."
POLISH: Final = (
    "Szukamy doświadczonego księgowego, oferujemy świetną atmosferę i szkolenia w Łodzi."
)
CZECH: Final = "Hledáme účetního do týmu v Plzni, příjemné prostředí, každý den oběd zdarma."
RUSSIAN: Final = "Мы ищем бухгалтера. Требования: опыт работы от трёх лет, знание программ учёта."
GREEK: Final = (
    "Ζητούμε λογιστή με εμπειρία τριών ετών στην Αθήνα, προσφέρουμε εκπαίδευση και άδεια."
)
TURKISH: Final = (
    "İstanbul ofisimiz için deneyimli muhasebeci arıyoruz, eğitim ve öğle yemeği ücretsiz."
)
HEBREW: Final = "אנחנו מחפשים מנהל חשבונות מנוסה למשרד שלנו בתל אביב, שלוש שנות ניסיון."
ARABIC: Final = "نبحث عن محاسب ذي خبرة لمكتبنا في القاهرة، ثلاث سنوات من الخبرة على الأقل."
JAPANESE: Final = "私たちはパン職人を探しています。勤務地は京都です。経験三年以上の方を歓迎します。"
CHINESE: Final = "我们正在寻找有三年经验的会计，工作地点在北京，提供培训和带薪休假。"
TAIWANESE: Final = "我們正在尋找有三年經驗的會計，工作地點在台北，提供培訓和帶薪休假。"
KOREAN: Final = "우리는 서울 사무실에서 일할 경력 삼 년 이상의 회계사를 찾고 있습니다."
THAI: Final = "เรากำลังมองหานักบัญชีที่มีประสบการณ์สามปีสำหรับสำนักงานในกรุงเทพ"
VIETNAMESE: Final = "Chúng tôi đang tìm kế toán có ba năm kinh nghiệm cho văn phòng tại Hà Nội."
LABELLED: Final = {
    "iso-8859-1": GERMAN.replace("–", "-").replace("„gern“", "gern").replace("€", "Euro"),
    "windows-1252": GERMAN,
    "iso-8859-15": FRENCH.replace("’", "'"),
    "iso-8859-2": POLISH,
    "windows-1250": CZECH,
    "windows-1251": RUSSIAN,
    "koi8-r": RUSSIAN,
    "ibm866": RUSSIAN,
    "iso-8859-5": RUSSIAN,
    "x-mac-cyrillic": RUSSIAN,
    "windows-1253": GREEK,
    "iso-8859-7": GREEK,
    "windows-1254": TURKISH,
    "iso-8859-9": TURKISH,
    "windows-1255": HEBREW,
    "windows-1256": ARABIC,
    "shift_jis": JAPANESE,
    "euc-jp": JAPANESE,
    "iso-2022-jp": JAPANESE,
    "gb2312": CHINESE,
    "gb18030": CHINESE,
    "big5": TAIWANESE,
    "euc-kr": KOREAN,
    "windows-874": THAI,
    "windows-1258": "",
    "macintosh": FRENCH,
}
"""Labels, and a text that the charset can hold."""
PYTHON: Final = {
    "ibm866": "cp866",
    "x-mac-cyrillic": "mac-cyrillic",
    "windows-874": "cp874",
    "macintosh": "mac-roman",
}


def charset(terms: Terms) -> Group:
    """Each page through a child; a text that is only excused by a warning is short of right."""
    found = []
    for one, seen in zip(pages(), tried(pages()), strict=True):
        record = strict(seen.line)
        case = judged(replace(one, wants=(record["outcome"],)), record, seen.seconds)
        text = record.get("text") or ""
        if case.found is Class.RIGHT and any(needle not in text for needle in one.needles):
            codes = ", ".join(warning["code"] for warning in record["warnings"])
            case = Case(name=case.name, found=Class.SHORT, note=f"not read, but said: {codes}")
        found.append(case)
    said = "charsets, wrong, conflicting or absent: the right text, or a warning"
    return Group(said=said, cases=tuple(found))


def html(text: str, head: str = "") -> str:
    """A small page in one language."""
    return (
        f"<!doctype html><html><head>{head}<title>A</title></head><body><p>{text}</p></body></html>"
    )


def told(name: str, body: bytes, needle: str, **more: str | None) -> Hostile:
    """A page whose text is ``needle``."""
    return Hostile(
        name=name, body=body, needles=(needle,), excused=SAID, charset=more.get("charset")
    )


def pages() -> Iterator[Hostile]:
    """All of them."""
    for make in (declared, undeclared, marks, wrong, broken, odd):
        yield from make()


def declared() -> Iterator[Hostile]:
    """Every charset by its label: in ``meta`` and in the header."""
    for label, text in LABELLED.items():
        if text:
            codec = PYTHON.get(label, label)
            body = html(text, f'<meta charset="{label}">').encode(codec)
            yield told(f"meta_{label}", body, text)
            yield told(f"header_{label}", html(text).encode(codec), text, charset=label)
    long = html(GERMAN, "<meta http-equiv='Content-Type' content='text/html; charset=cp1252'>")
    yield told("meta_http_equiv", long.encode("cp1252"), GERMAN)
    xml = f'<?xml version="1.0" encoding="windows-1250"?>{html(CZECH)}'
    yield told("xml_declaration", xml.encode("cp1250"), CZECH)
    yield told(
        "meta_late", html(CZECH, f"{' ' * 3_000}<meta charset=cp1250>").encode("cp1250"), CZECH
    )


def undeclared() -> Iterator[Hostile]:
    """No label: what the bytes say."""
    for name, text, codec in (
        ("utf8", GERMAN, "utf-8"), ("cp1252", GERMAN, "cp1252"), ("cp1250", POLISH, "cp1250"),
        ("cp1251", RUSSIAN, "cp1251"), ("koi8r", RUSSIAN, "koi8-r"), ("sjis", JAPANESE, "cp932"),
        ("eucjp", JAPANESE, "euc-jp"), ("gbk", CHINESE, "gbk"), ("big5", TAIWANESE, "big5"),
        ("euckr", KOREAN, "euc-kr"), ("cp1253", GREEK, "cp1253"), ("cp1254", TURKISH, "cp1254"),
        ("iso2022jp", JAPANESE, "iso-2022-jp"), ("utf16le", RUSSIAN, "utf-16-le"),
        ("utf16be", GERMAN, "utf-16-be"), ("utf16le_latin", GERMAN, "utf-16-le"),
        ("utf16le_chinese", CHINESE * 20, "utf-16-le"), ("utf16be_thai", THAI * 20, "utf-16-be"),
        ("cp1255", HEBREW, "cp1255"), ("cp1256", ARABIC, "cp1256"), ("cp874", THAI, "cp874"),
    ):  # fmt: skip
        yield told(f"bare_{name}", html(text).encode(codec), text)


def marks() -> Iterator[Hostile]:
    """Byte order marks, which no label overrules."""
    for codec in ("utf-8", "utf-16-le", "utf-16-be"):
        body = html("\ufeff" + VIETNAMESE).replace("<p>\ufeff", "<p>")
        marked = ("\ufeff" + body).encode(codec)
        yield told(f"mark_{codec}", marked, VIETNAMESE)
        yield told(f"mark_{codec}_other_header", marked, VIETNAMESE, charset="iso-8859-1")
    yield told("mark_utf-32", ("\ufeff" + html(GERMAN)).encode("utf-32-le"), GERMAN)
    yield told("mark_twice", ("\ufeff\ufeff" + html(GERMAN)).encode(), GERMAN)


def wrong() -> Iterator[Hostile]:
    """Labels that lie, contradict each other or are none."""
    as_utf8, as_1252 = html(GERMAN).encode(), html(GERMAN).encode("cp1252")
    yield told("utf8_called_latin1", as_utf8, GERMAN, charset="iso-8859-1")
    yield told("utf8_called_1252_in_meta", html(GERMAN, "<meta charset=cp1252>").encode(), GERMAN)
    yield told("cp1252_called_utf8", as_1252, GERMAN, charset="utf-8")
    yield told(
        "cp1252_called_utf8_in_meta", html(GERMAN, "<meta charset=utf-8>").encode("cp1252"), GERMAN
    )
    yield told("cp1252_quotes_called_latin1", as_1252, GERMAN, charset="iso-8859-1")
    both = html(RUSSIAN, "<meta charset=utf-8>").encode("cp1251")
    yield told("header_right_meta_wrong", both, RUSSIAN, charset="windows-1251")
    meta = html(RUSSIAN, "<meta charset=windows-1251>").encode("cp1251")
    yield told("header_wrong_meta_right", meta, RUSSIAN, charset="utf-8")
    twice = html(CZECH, "<meta charset=cp1250><meta charset=utf-8>").encode("cp1250")
    yield told("two_metas", twice, CZECH)
    yield told("meta_says_utf16", html(GERMAN, "<meta charset=utf-16>").encode(), GERMAN)
    yield told("header_says_utf16", as_utf8, GERMAN, charset="utf-16")
    for label in ("klingon", "", "utf8", "UTF_8", '"utf-8"', "utf-8;", "none", "x" * 9_000, "hex"):
        yield told(f"label_{label[:9] or 'empty'}", as_utf8, GERMAN, charset=label)
    yield told("sjis_called_latin1", html(JAPANESE).encode("cp932"), JAPANESE, charset="iso-8859-1")
    yield told("koi8_called_1251", html(RUSSIAN).encode("koi8-r"), RUSSIAN, charset="windows-1251")
    yield told(
        "meta_in_a_comment", html(GERMAN, "<!-- <meta charset=koi8-r> -->").encode("cp1252"), GERMAN
    )
    script = "<script>document.write('<meta charset=koi8-r>')</script>"
    yield told("meta_in_a_script", html(GERMAN, script).encode("cp1252"), GERMAN)
    yield told("japanese_called_utf8", html(JAPANESE).encode("cp932"), JAPANESE, charset="utf-8")


def broken() -> Iterator[Hostile]:
    """Bytes that are valid nowhere: the rest is read, and the damage is told."""
    whole = html(GERMAN).encode()
    for name, bad in {
        "stray_byte": b"\x96", "overlong": b"\xc0\xaf", "lone_surrogate": b"\xed\xa0\x80",
        "past_unicode": b"\xf5\x80\x80\x80", "half_a_letter": b"\xe2\x82", "many": b"\xff" * 200,
        "pair_as_cesu": b"\xed\xa0\xbd\xed\xb8\x80",
    }.items():  # fmt: skip
        body = whole.replace(b"</p>", bad + b"</p>")
        one = told(f"damaged_{name}", body, GERMAN)
        yield replace(one, warned=("decode_replaced",))
    yield told("cut_in_a_letter", whole[:-16] + "ü".encode()[:1], GERMAN)
    mixed = whole.replace(b"</p>", f"</p><p>{FRENCH}</p>".encode("cp1252"))
    yield replace(told("two_charsets_in_one", mixed, GERMAN), warned=SAID)
    odd = html(GERMAN).encode("utf-16-le") + b"x"
    yield told("utf16_of_odd_length", b"\xff\xfe" + odd, GERMAN)


def odd() -> Iterator[Hostile]:
    """UTF-7 is never read, NUL is shown, and what is no text is not made one."""
    secret = "+ADw-p+AD4-Hello+ADw-/p+AD4-"
    for name, label, head in (("header", "utf-7", ""), ("meta", None, "<meta charset=utf-7>")):
        body = html(secret, head).encode("ascii")
        yield replace(told(f"utf7_{name}", body, secret, charset=label), absent=("<p>Hello",))
    nul = html(GERMAN.replace(" ", "\0 ", 1)).encode()
    yield replace(told("nul", nul, GERMAN[-20:]), warned=("nul_replaced",))
    yield told("escape_sequences", html("\x1b$B" + GERMAN).encode(), GERMAN)
    yield told("controls_of_latin1", html(GERMAN + "\x85\x9b").encode(), GERMAN)

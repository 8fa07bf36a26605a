"""Currencies: symbols, codes and words -> ISO 4217, by language and hint where they are shared.

The table was written from ISO 4217 and common usage; it holds the currencies that pay is stated
in. A *mark* is what stands in the text, reduced to a key: an ISO code, or one of the shared marks
``$ kr ¥ Rs peso`` that only the language or a hint can settle.
"""

from __future__ import annotations

import re
from typing import Final

from rolecall.normalise.lexicon import word_set
from rolecall.normalise.numbers import SPACES, ending_word

CODES: Final = word_set(
    "AED AMD ARS AUD AZN BAM BDT BGN BHD BOB BRL BYN CAD CHF CLP CNY COP CRC CZK DKK DOP DZD EGP"
    " ETB EUR GBP GEL GHS GTQ HKD HRK HUF IDR ILS INR ISK JOD JPY KES KRW KWD KZT LKR MAD MDL MKD"
    " MUR MXN MYR NGN NOK NPR NZD OMR PAB PEN PHP PKR PLN PYG QAR RON RSD RUB SAR SEK SGD THB TND"
    " TRY TWD TZS UAH UGX USD UYU UZS VND XAF XOF ZAR"
)
"""Codes read in capitals. Left out: codes that are English words and hardly seen (ALL, TOP)."""

SYMBOLS: Final[dict[str, str]] = {
    "€": "EUR", "£": "GBP", "￡": "GBP", "$": "$", "＄": "$", "₹": "INR", "¥": "¥", "￥": "¥",
    "円": "JPY", "元": "CNY", "₽": "RUB", "₴": "UAH", "₺": "TRY", "₪": "ILS", "₩": "KRW",
    "฿": "THB", "₫": "VND", "₱": "PHP", "₦": "NGN", "₡": "CRC", "₸": "KZT", "₼": "AZN",
    "₾": "GEL", "₵": "GHS", "₲": "PYG",
}  # fmt: skip

_DOLLAR_PREFIXES: Final = {
    "US": "USD", "U.S.": "USD", "USD": "USD", "R": "BRL", "C": "CAD", "CA": "CAD", "CAD": "CAD",
    "CAN": "CAD", "CDN": "CAD", "A": "AUD", "AU": "AUD", "AUD": "AUD", "NZ": "NZD", "NZD": "NZD",
    "S": "SGD", "SG": "SGD", "SGD": "SGD", "HK": "HKD", "HKD": "HKD", "NT": "TWD", "MX": "MXN",
    "MEX": "MXN", "MXN": "MXN", "AR": "ARS", "CL": "CLP", "CLP": "CLP", "COL": "COP",
}  # fmt: skip

WORDS: Final[dict[str, str]] = {
    **{code.casefold(): code for code in ("EUR", "USD", "GBP", "CHF", "CZK", "PLN", "SEK", "NOK",
       "DKK", "INR", "RUB", "HUF", "RON", "BRL", "AUD", "NZD", "SGD", "AED")},
    "euro": "EUR", "euros": "EUR", "euron": "EUR", "eura": "EUR", "eurå": "EUR", "евро": "EUR",
    "eurů": "EUR", "євро": "EUR", "ευρώ": "EUR", "€uro": "EUR",
    "sterling": "GBP", "ukp": "GBP",
    "dollar": "$", "dollars": "$", "dólares": "$", "dollari": "$", "dolarů": "$", "долларов": "$",
    "доллары": "$", "dolarów": "$",
    "kč": "CZK", "kc": "CZK", "korun": "CZK", "koruny": "CZK", "koruna": "CZK", ",-kč": "CZK",
    "zł": "PLN", "zl": "PLN", "złotych": "PLN", "zlotych": "PLN", "złote": "PLN", "zloty": "PLN",
    "kr": "kr", "kronor": "SEK", "kroner": "kr", "krona": "kr", "krone": "kr", "krónur": "ISK",
    "skr": "SEK", "dkr": "DKK", "nkr": "NOK", "sek/mån": "SEK",
    "sfr": "CHF", "franken": "CHF", "stutz": "CHF",
    "rs": "Rs", "inr": "INR", "rupees": "Rs", "rupee": "Rs", "rp": "IDR", "rm": "MYR",
    "руб": "RUB", "рублей": "RUB", "рубля": "RUB", "рубль": "RUB", "р": "RUB", "rur": "RUB",
    "грн": "UAH", "гривень": "UAH", "тенге": "KZT", "тг": "KZT", "сум": "UZS", "бел": "BYN",
    "лв": "BGN", "лева": "BGN", "ft": "HUF", "forint": "HUF", "lei": "RON", "leu": "RON",
    "ron": "RON", "reais": "BRL", "real": "BRL", "pesos": "peso", "peso": "peso", "ден": "MKD",
    "kn": "HRK", "din": "RSD", "рсд": "RSD", "tl": "TRY", "lira": "TRY", "yen": "JPY",
    "rmb": "CNY", "yuan": "CNY", "rand": "ZAR", "shekels": "ILS", "nis": "ILS", "naira": "NGN",
    "ksh": "KES", "kes": "KES", "birr": "ETB", "dirham": "AED", "dirhams": "AED", "dhs": "AED",
}  # fmt: skip
"""Casefolded word without its dot -> mark."""

_ONLY_BEHIND: Final = word_set("р ft lira din kn real ден бел")
_ONLY_BEFORE: Final = word_set("rm rp")

_DOLLARS: Final = word_set("USD CAD AUD NZD SGD HKD TWD MXN ARS CLP COP UYU BRL DOP JMD TTD")
_SHARED: Final[dict[str, tuple[frozenset[str], dict[str, str], str | None]]] = {
    "$": (_DOLLARS, {}, "USD"),
    "kr": (
        frozenset({"SEK", "DKK", "NOK", "ISK"}),
        {"sv": "SEK", "da": "DKK", "no": "NOK", "nb": "NOK", "nn": "NOK", "is": "ISK"},
        None,
    ),
    "¥": (frozenset({"JPY", "CNY"}), {"ja": "JPY", "zh": "CNY"}, None),
    "Rs": (frozenset({"INR", "PKR", "LKR", "NPR", "MUR"}), {}, "INR"),
    "peso": (frozenset({"MXN", "ARS", "CLP", "COP", "PHP", "UYU", "DOP"}), {}, None),
}
"""Shared mark -> what a hint may say, what the language says, and the usual meaning."""

_BEFORE: Final = re.compile(
    rf"(?:((?:[A-Z]{{1,3}}|U\.S\.|Can|Mex|Col)?)([{''.join(SYMBOLS)}])"
    rf"|([^\W\d_]{{1,8}})[.:]?)[{SPACES}]{{0,3}}$"
)
_AFTER: Final = re.compile(
    rf"[{SPACES}]{{0,3}}(?:([A-Z]{{1,3}})?([{''.join(SYMBOLS)}])(?!\d)"
    rf"|([^\W\d_]{{1,9}})(?![^\W\d_])\.?)"
)
_REACH: Final = 14


def mark_before(text: str, at: int, floor: int = 0) -> tuple[str | None, int]:
    """The currency mark that ends right before ``at``, and where it starts.

    ``floor`` is the first character that may take part.
    """
    low = max(floor, at - _REACH)
    stretch = text[low:at].rstrip(SPACES)
    if not stretch:
        return None, at
    if stretch[-1] not in SYMBOLS:
        word = ending_word(stretch.rstrip(".:"))
        if word not in CODES and word.casefold() not in WORDS:
            return None, at
    match = _BEFORE.search(text[low:at])
    if match is None:
        return None, at
    prefix, symbol, word = match.groups()
    if symbol is not None:
        mark = SYMBOLS[symbol]
        if prefix:
            specific = _DOLLAR_PREFIXES.get(prefix.upper()) if mark == "$" else None
            if specific is None and prefix.upper() != mark:
                return mark, low + match.start(2)
            mark = specific or mark
        return mark, low + match.start()
    if match.start() > 0 and text[low + match.start() - 1].isalpha():
        return None, at
    mark = word if word in CODES else WORDS.get(word.casefold(), "")
    if not mark or word.casefold() in _ONLY_BEHIND:
        return None, at
    return mark, low + match.start()


def mark_after(text: str, at: int) -> tuple[str | None, int]:
    """The currency mark that starts at ``at`` after at most a few spaces, and where it ends.

    A symbol with a digit right behind it belongs to the next number.
    """
    match = _AFTER.match(text, at)
    if match is None:
        return None, at
    prefix, symbol, word = match.groups()
    if symbol is not None:
        mark = SYMBOLS[symbol]
        return (_DOLLAR_PREFIXES.get(prefix or "", mark) if mark == "$" else mark), match.end()
    mark = word if word in CODES else WORDS.get(word.casefold(), "")
    if not mark or word.casefold() in _ONLY_BEFORE:
        return None, at
    end = match.end()
    if text[end - 1] == "." and word in CODES:
        end -= 1
    return mark, end


def resolve(mark: str, language: str | None, hint: str | None) -> tuple[str | None, str | None]:
    """The ISO 4217 code of ``mark``, and why there is none.

    ``hint`` settles a shared mark when it is one of the currencies that use the mark.
    """
    shared = _SHARED.get(mark)
    if shared is None:
        return mark, None
    hints, by_language, usual = shared
    if hint in hints:
        return hint, None
    code = by_language.get(language or "", usual)
    return code, None if code else f"ambiguous currency {mark}"

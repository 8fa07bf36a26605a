"""Does a quote say this field itself, or does the field follow from something else?"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_PERIOD: Final = re.compile(
    r"hour|hr\b|\bh\b|/h|week|month|year|annu|\bp\.?a\b|\bday|diem|daily|\blpa\b|lakh|project|fixed"
    r"|stunde|std|tag\b|täglich|woche|monat|jahr|jähr|heure|jour|semaine|mois|mensu|\ban\b|/an"
    r"|uur|dag|maand|jaar|hodin|den\b|denn|týd|týž|měs|rok|roč|hora|día|dia\b|semana|mes\b|mês"
    r"|año|ano\b|anual|ora\b|oraria|orari|giorno|mese|mensil|anno|annuo|час|день|недел|мес|год"
    r"|timme|time\b|timen|timer|vecka|uge|måned|månad|år|godz|dzień|tydz|mies|\bkk\b",
    re.IGNORECASE,
)
_CURRENCY_WORD: Final = re.compile(
    r"\b[A-Z]{3}\b|euro|dollar|pound|franc|franken|\bkč|\bkc\b|\bzł|\bkr\b|koron|kron|руб|\bр\b"
    r"|\br\$|lakh|\blpa\b|\brs\b|rupee|yen\b|\bfr\.",
    re.IGNORECASE,
)


def carries(name: str, quote: str) -> bool:
    """Whether ``quote`` holds wording for the field ``name``.

    Only currency and period can be missing from a quote that holds the numbers.
    """
    if name == "salary_period":
        return _PERIOD.search(quote) is not None
    if name == "salary_currency":
        return any(unicodedata.category(c) == "Sc" for c in quote) or bool(
            _CURRENCY_WORD.search(quote)
        )
    return True

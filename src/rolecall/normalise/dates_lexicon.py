"""Month names, units of time and the words of "ago", written by hand. All entries casefolded."""

from __future__ import annotations

from typing import Final

from rolecall.normalise.lexicon import by_word, phrase_set, word_set

_MONTHS: Final = {
    "1": "january jan januar jän jänner jaenner janvier janv januari leden ledna január januára"
    " janeiro gennaio января январь янв enero ene styczeń stycznia stycz sty січня січень ianuarie"
    " tammikuuta tammikuu tammi ocak ιανουαρίου януари",
    "2": "february feb febr februar feber février fevrier févr fév februari únor února února"
    " február februára fevereiro fev febbraio febb февраля февраль фев февр febrero luty lutego"
    " lut лютого februarie helmikuuta helmikuu şubat φεβρουαρίου",
    "3": "march mar märz maerz mrz mär mars maart mrt březen března marec marca março marzo марта"
    " март мар marts marzec березня martie maaliskuuta maaliskuu mart márc március mars maret",
    "4": "april apr avril avr duben dubna apríl apríla abril abr aprile апреля апрель апр kwiecień"
    " kwietnia kwiet kwi квітня aprilie huhtikuuta huhtikuu nisan április",
    "5": "may mai mei květen května máj mája maio maggio mag мая май mayo maj maja травня mai"
    " toukokuuta toukokuu mayıs május",
    "6": "june jun juni juin červen června jún júna junho giugno giu июня июнь июн junio czerwiec"
    " czerwca czerw cze червня iunie kesäkuuta kesäkuu haziran június",
    "7": "july jul juli juillet juil červenec července júl júla julho luglio lug июля июль июл"
    " julio lipiec lipca lip липня iulie heinäkuuta heinäkuu temmuz július",
    "8": "august aug août aout augustus srpen srpna august augusta agosto ago августа август авг"
    " sierpień sierpnia sierp sie серпня elokuuta elokuu ağustos augusti augusztus agustus",
    "9": "september sept sep septembre september září septembra setembro set settembre sett"
    " сентября сентябрь сент сен septiembre setiembre wrzesień września wrz вересня septembrie"
    " syyskuuta syyskuu eylül szeptember",
    "10": "october oct oktober okt octobre říjen října október októbra outubro out ottobre ott"
    " октября октябрь окт octubre październik października paźdź paź жовтня octombrie lokakuuta"
    " lokakuu ekim oktober",
    "11": "november nov novembre listopad listopadu novembra novembro ноября ноябрь нояб ноя"
    " noviembre listopada lis листопада noiembrie marraskuuta marraskuu kasım",
    "12": "december dec dezember dez décembre decembre déc prosinec prosince decembra dezembro"
    " dicembre dic декабря декабрь дек diciembre desember des grudzień grudnia gru грудня"
    " decembrie joulukuuta joulukuu aralık",
}
MONTHS: Final[dict[str, int]] = {word: int(name) for word, name in by_word(_MONTHS).items()}
"""Every inflection and abbreviation -> 1..12; abbreviations without their dot."""

MONTHS_IN: Final[dict[str, frozenset[str]]] = {
    "set": word_set("it pt"), "out": word_set("pt"), "ago": word_set("es it pt"),
    "mag": word_set("it"), "lug": word_set("it"), "ott": word_set("it"), "giu": word_set("it"),
    "lis": word_set("pl"), "lip": word_set("pl"), "sie": word_set("pl"), "gru": word_set("pl"),
    "sty": word_set("pl"), "cze": word_set("pl"), "des": word_set("no nb nn id"),
    "ocak": word_set("tr"), "ekim": word_set("tr"), "mart": word_set("tr bg ru sr"),
    "fev": word_set("pt fr"), "tammi": word_set("fi"), "ene": word_set("es"),
}  # fmt: skip
"""Abbreviations that are common words elsewhere count only in these languages."""

CAPITAL_MONTHS: Final = word_set("may mar march august mars mai")
"""English and German need the capital to tell the month from another word."""

UNITS: Final = by_word(
    {
        "minute": "minute minutes min mins minuten minuut minuty minut minutami minutos minuto"
        " minuti минут минуты минуту minutter minuter minutę хвилин",
        "hour": "hour hours hr hrs h stunde stunden heure heures uur uren hodina hodiny hodin"
        " hodinami hodinou hora horas ora ore час часа часов time timer timme timmar godzina"
        " godziny godzin godzinę годин",
        "day": "day days tag tage tagen jour jours dag dagen den dny dní dnem dnami deň dni dňami"
        " dia dias día días giorno giorni день дня дней dage dagar dzień dzien днів päivää zile"
        " nap napja",
        "week": "week weeks wk wks woche wochen semaine semaines weken týden týdny týdnů týdnem"
        " týždne semana semanas settimana settimane неделю недели недель неделя uge uger vecka"
        " veckor tydzień tygodnie tygodni uke uker тижні viikkoa săptămâni",
        "month": "month months monat monate monaten mois maand maanden měsíc měsíce měsíců měsícem"
        " měsíci mesiac mesiace mês meses mes mese mesi месяц месяца месяцев måned måneder"
        " månad månader miesiąc miesiące miesięcy місяці kuukautta luni",
        "year": "year years jahr jahre jahren an ans année années jaar jaren rok roky roku rokem"
        " lety let ano anos año años anno anni год года лет år lata lat рік роки vuotta ani",
    }
)
"""Units of time as they stand in "3 days ago"."""

SHORT_UNITS: Final = {
    "d": "day", "w": "week", "mo": "month", "h": "hour", "hr": "hour", "min": "minute",
    "m": "month", "y": "year", "yr": "year", "j": "day", "t": "day",
}  # fmt: skip
"""Units of a line that is nothing but "2d" or "3w"."""

AGO: Final = word_set(
    "ago fa назад temu siden sedan geleden atrás zpět tomu тому sitten önce back old"
)
BEFORE: Final = word_set("vor hace há ha hà před pred acum seit depuis od пред since")
AT_LEAST: Final = phrase_set(
    "over|more than|mehr als|über|plus de|más de|mais de|più di|meer dan|více než|viac ako|"
    "více jak|"
    "более|ponad|mere end|mer än|over|at least"
)

TODAY: Final = phrase_set(
    "today|just now|just posted|posted today|moments ago|heute|gerade eben|soeben|aujourd'hui|"
    "aujourd’hui|à l'instant|à l’instant|vandaag|zojuist|dnes|právě teď|hoje|oggi|"
    "сегодня|только что|hoy|i dag|idag|lige nu|just nu|dzisiaj|dziś|dzis|tänään|azi"
)
YESTERDAY: Final = phrase_set(
    "yesterday|gestern|hier|gisteren|včera|ontem|ieri|вчера|ayer|i går|igår|wczoraj|eilen|tegnap"
)
ONE: Final = phrase_set("a|an|one|einem|einer|un|une|una|um|uma|een|jedním|en|ett|et|jeden")
POSTED: Final = word_set(
    "posted reposted published added updated listed online veröffentlicht eingestellt publié"
    " publiée ajouté mis geplaatst gepubliceerd zveřejněno přidáno vloženo publicado publicada"
    " atualizado pubblicato pubblicata aggiornato опубликовано размещено обновлено actualizado"
    " publiceret opdateret oprettet publicerad inlagd uppdaterad opublikowano dodano"
    " dodane zaktualizowano date job"
)
"""Words in front of a bare "today" that make it a date of posting."""

OPENERS: Final = frozenset(
    word
    for phrase in TODAY | YESTERDAY | ONE | BEFORE | POSTED | {"il"}
    for word in phrase.split()[:1]
)
"""The first words of a line that could be a relative date in words."""

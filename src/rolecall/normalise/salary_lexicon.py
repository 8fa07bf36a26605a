"""The words of pay, written by hand for the project's languages and some neighbours.

All entries are casefolded; dots are left out ("p.a." is looked up as "pa").
"""

from __future__ import annotations

from typing import Final

from rolecall.normalise.lexicon import by_word, phrase_set, word_set, word_tuple

UNITS: Final = by_word(
    {
        "hour": "hour hr hrs hours h stunde std stunden heure heures uur hodinu hodina hod"
        " hodiny hodine"
        " hora horas hs ora ore час часа ч time timme tim t godzinę godzina godz godziny годину"
        " tunti"
        " óra oră timen timmen hodinově uurloon",
        "day": "day days d tag tage tages jour jours dag den deň dia día giorno день дн dzień"
        " dniówka MD"
        " manday dagen zi",
        "week": "week weeks wk wks woche wo semaine sem weken týden semana settimana неделю нед"
        " uge vecka"
        " tydzień tydz uke",
        "month": "month months mo mth monat mtl mois maand maanden měsíc měs mesiac mes mês"
        " mese месяц мес"
        " måned mdr md månad mån mnd miesiąc mies m-c місяць kuukausi kk hó lună luna calendar",
        "year": "year years yr yrs annum anum y jahr jahre an année ans jaar rok roku ano año"
        " anno год"
        " г år rocznie рік vuosi év",
        "project": "project projekt projet projeto proyecto progetto проект zakázku assignment",
    }
)
"""A unit of time, as it stands after "per", "pro", "/" ..."""

PLAIN_UNITS: Final = word_set(
    "hour hr hod std stunde godz mies měs monat mån mnd мес месяц maand uur hora"
)
"""Units that count right behind an amount even without a "per"."""

ADVERBS: Final = by_word(
    {
        "hour": "hourly ph phr stündlich hodinově horaire orari orarie oraria godzinowo почасово",
        "day": "daily pd täglich denně journalier diario diari",
        "week": "weekly pw wöchentlich týdně hebdomadaire semanal settimanale semanales",
        "month": "monthly pm pcm mensal mensais mensual mensuales mensuel mensuels mensuelle"
        " mensili"
        " mensile monatlich mtl měsíčně mesačne miesięcznie ежемесячно månedlig månedligt"
        " månatligen"
        " maandelijks щомісяця lunar havonta",
        "year": "annually yearly annual pa annuel annuels annuelle annuellement anual anuales"
        " anuais annui"
        " annua annuo annuali jährlich pj ročně ročne rocznie ежегодно årligt årligen årlig"
        " jaarlijks"
        " щорічно",
    }
)

CONNECTORS: Final = word_set(
    "per a an each every the pro par je im der die das den al la l à por za na v w в за на"
    " om i på pr pro p de di il all het op ad"
)

GROSS: Final = word_set(
    "gross net brutto netto brut bruts brute nets bruto neto hrubého čistého hrubá hrubý hrubé"
    " čistá lordi lordo lorde netti brutos líquido líquidos bruta brutta btto ctc ote fte"
    " tto bto base брутто нетто гросс нет hrubej čistej"
)

FILLERS: Final = word_set(
    "pro rata pro-rata rota + vat dph mwst btw plus tax taxes before after on-target - до вычета"
    " после налогов на руки or"
)
"""Words that may stand between an amount and its period without ending the search."""

PERIOD_STEMS: Final = tuple(
    (stem, name)
    for name, stems in {
        "year": "annual yearly jahres bruttojahres"
        " annuel jaar roční ročn anual annua годов årslø årslö årsl"
        " roczn ral éves",
        "month": "monthly monats bruttomonats"
        " nettomonats mensuel maand měsíčn mesačn mensa mensual mensile mensili месячн"
        " ежемесячн måneds månads miesięczn щомісячн havi",
        "hour": "hourly stunden bruttostunden"
        " horaire uurloon uurtarief hodinov hora orari почасов часов timel"
        " timlön godzinow óra",
        "day": "daily tagess tageslo journalier dagtarief denní diári diari dniówk",
        "week": "weekly wochenl hebdomadaire weekloon týdenn semanal settimanal",
    }.items()
    for stem in stems.split()
)
"""How a word in front of the amount says the period: "Monatsgehalt", "hourly rate", "RAL"."""

MINIMUM: Final = phrase_set(
    "from|starting from|starts from|starting at|starts at|start at|start from|at least|min|minimum|"
    "minimum of|not less than|over|more than|upwards of|above|ab|mindestens|min.|über|"
    "à partir de|a partir de|dès|de minimum|minimum de|au moins|plus de|vanaf|minimaal|od|od ca|"
    "alespoň|nejméně|minimálně|nad|více než|desde|a partir|mínimo|mínimo de|no mínimo|mais de|"
    "más de|a partire da|da|almeno|minimo|oltre|от|не менее|минимум|свыше|fra|mindst|minimum fra|"
    "från|minst|lägst|od minimum|co najmniej|powyżej|від|vähintään|alk"
)
MAXIMUM: Final = phrase_set(
    "up to|upto|to|max|maximum|maximum of|not more than|as much as|under|bis|bis zu|bis max|"
    "maximal|höchstens|jusqu'à|jusqu’à|jusqu'a|jusque|maximum de|tot|tot maximaal|maximaal|až|"
    "až do|"
    "do|maximálně|nejvýše|max.|hasta|máximo|máximo de|até|no máximo|fino a|massimo|до|не более|"
    "максимум|op til|til|indtil|op mod|upp till|till|högst|maksymalnie|maks|nawet do|aż do|"
    "legfeljebb|"
    "opp til|inntil"
)
BETWEEN: Final = phrase_set(
    "between|from|entre|zwischen|von|tussen|mezi|medzi|tra|fra|между|mellem|mellan|między|pomiędzy|"
    "de|da|od|van|från|от|desde|ab|mellom|min|starting from|range of|range from|ranges from|"
    "starting at"
)
"""Words in front of a range that belong to its wording."""

DASHES: Final = word_set("- – — ‐ ‑ ‒ ― − ~ 〜 ～ -- ... …")
TO_WORDS: Final = phrase_set(
    "to|bis|bis zu|- up to|up to|and up to|até|à|a|až|až do|do|до|tot|til|till|upp till|op til|al|"
    "hasta|fino a|"
    "to max|max|- max|und bis zu|– max|- bis|a max|to up to|to approximately|through|rising to|"
    "increasing to|rising up to"
)
AND_WORDS: Final = phrase_set("and|und|et|y|e|i|a|og|och|en|и|та|és|és|si|și|&")

PAY_STEMS: Final = word_tuple(
    "salar remunera compensation gehalt vergütung verguetung entlohnung besoldung entgelt verdienst"
    " salaire rémunér loonschaal uurloon brutoloon salaris mzd výděl odměňov retribuzione"
    " зарплат зароботн заработн оклад вознагражд sueldo retribuc honorar lønn månedsløn timeløn"
    " månadslön timlön wynagrodz zarob pensj stawk płac palkka fizetés maaş"
    " 年収 月給 時給 年俸 給与"
    " 薪 工资 월급 연봉 заробітн stundenlohn monatslohn jahreslohn mindestlohn tariflohn grundlohn"
    " bruttolohn ausbildungsverg"
)
"""Where one of these occurs anywhere in the words before an amount, pay is meant."""

PAY_WORDS: Final = word_set(
    "pay paid pays earn earns earning earnings wage wages rate rates ote ctc lohn verdienen"
    " verdienst verdienste loon verdien plat platu platy plate odměna odměnu paie compenso paga"
    " ral stipendio vencimento ordenado доход оплата ставка з/п зп løn lön lønnen lönen"
    " ersättning widełki płaca honoraires tjm smic tarif tarief vederlag bezüge bezahlung comp"
    " ganhos sba jahresbrutto bruttojahresgehalt offer"
)
"""Whole words that mean pay."""

AMOUNT_STEMS: Final = word_tuple(
    "bonus stipend allowance budget reimburs voucher referral equity discount insur coverage"
    " gutschein zuschuss zuschüsse prämie prémi premie příspěv tillæg stravenk tuition deposit"
    " donat award prize relocation wellness deductib vergünstig rabatt tegoed vergoeding indemnit"
    " auxílio auxilio buono welfare премия премии бонус компенсац ayuda bidrag dofinansow zulage"
    " gratifica"
)
AMOUNT_WORDS: Final = word_set(
    "save saves saving savings spend cost costs price fee fees meal meals lunch travel perk perks"
    " match worth credit credits commuter prime primes vale fine penalty purchase pension gift"
    " ticket tickets commission contribution contributions spending invoice deals portfolio bono"
    " premia dodatek příplatek naborowa"
)
"""Words that make an amount something other than pay: a bonus, a budget, a price."""

RANGE_WORDS: Final = word_set(
    "range ranges gehaltsspanne spanne fourchette rozpětí faixa rango fascia вилка spænd interval"
)
"""Words that mean pay in front of a range of money."""

WRAPPED_AFTER: Final = word_set(
    "is are of to for between from the a at and be with von bis der die das für zwischen est de"
    " entre à od do je es da dos do van tot och og till til i na w в от до"
)
"""A line that ends with one of these goes on in the next line."""

AMOUNT_BEHIND: Final = word_set(
    "fertility hra hsa parking phone internet charity matching matched reimbursed ebitda loan"
    " learning training development education courses conferences conference books equipment"
    " childcare gym weiterbildung formation školení opleiding"
)
"""More such words, which count only behind an amount ("1,000 for training")."""

FUNDING: Final = word_set(
    "billion trillion million funding raised raising revenue revenues turnover valuation valued"
    " invested investment aum"
    " umsatz omzet obrat tržby faturamento fatturato выручка оборот omsætning omsättning series"
    " seed arr ipo endowment fund funds investors investor grant grants jahresumsatz finanzierung"
    " tržeb affaires facturación przychodów obroty levée"
)
"""Money of the company, never pay."""

"""The language of a text, from its function words, its script and a few telling letters.

Postings are long enough for function words to decide, and names, tools and titles in English do
not mislead them. No model is loaded; a text that gives too little is told as unknown.
"""

from __future__ import annotations

import re
from collections import Counter

__all__ = ["language_of"]

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_ASCII_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")  # of a lower-case text without other letters
_WORDS = {
    "en": "the of and to in for with you our we are is your will this that as be an or on at from"
    " by have their who it all can not work experience team what more about into must should",
    "de": "und der die das den dem des ein eine einen einer mit für von zu im in auf ist sind wir"
    " du sie dich ihr dein deine deinen unser unsere unserem bei als zum zur oder sowie auch"
    " nicht wie sich durch nach haben werden kannst bist über aus dir ihre uns aufgaben"
    " kenntnisse",
    "fr": "le la les des du un une et en pour dans avec sur vous nous est sont votre vos notre"
    " nos au aux qui que par ce cette ces ou plus être avez leur leurs chez afin ainsi vers"
    " se sa son d'une l'équipe poste travail expérience",
    "nl": "de het een en van voor met in op je jij wij we ons onze bij aan te zijn is dat die"
    " naar om als door uit over jouw ook of niet wat heb hebt hebben kunnen werken binnen"
    " tot zoals worden wordt deze ben bent er jou",
    "es": "el la los las de y en para con un una por que del al se nuestro nuestra tu su sus es"
    " son como más o te lo somos experiencia trabajo años equipo buscamos conocimientos este"
    " esta está nos según desde muy también",
    "pt": "o a os as de e em para com um uma por que do da dos das no na nos nas ao se nosso"
    " nossa seu sua você é são como mais ou experiência trabalho anos equipe equipa"
    " conhecimento não pela pelo será ser até também vaga",
    "it": "il lo la i gli le di e in per con un una che del della dei delle dello nel nella al"
    " alla si è sono come più o nostro nostra tuo tua suo esperienza lavoro anni dal dalla"
    " sul sulla nei ed anche presso tra ti siamo cui",
    "cs": "a v na se s o je pro že do z k od jsou nebo ve si co jak při po za práce máš máte jsme"
    " budeš bude nás náš naše naší našeho nabízíme požadujeme které který která i ale také"
    " vám vás tě ti by jako už zkušenosti hledáme našeho týmu",
    "sk": "a v na sa s o je pre že do z k od sú alebo vo si čo ako pri po za práce máš máte sme"
    " budeš bude nás náš naša naše ponúkame požadujeme ktoré ktorý ktorá i ale tiež vám vás"
    " ťa ti by už skúsenosti hľadáme nášho pracovný pracovnej",
    "pl": "i w na z do się o jest dla że od są lub we co jak przy po za pracy mamy oferujemy nasz"
    " nasza naszego naszej oraz które który która ale także ci nie przez ze jako to"
    " doświadczenie znajomość będziesz będzie twój twoje masz",
    "ru": "и в на с по не для от к из что мы вы как или работы опыт с до за у о это его при"
    " знание наш наша мы вас нас обязанности требования условия компании также умение будет",
    "uk": "і в на з по не для від до із що ми ви як або роботи досвід та за у про це його при"
    " знання наш нас вас обов'язки вимоги умови компанії також є будь ти тебе",
    "bg": "и в на с по не за от до из че ние вие как или работа опит със се да са е това при"
    " нашата нашия ни вас към ще като които който",
    "sr": "и у на са по не за од до из да ми ви као или рада искуство се је су то при наш нас вас"
    " ће који која",
    "sv": "och i att det som en på är av för med till den har vi du om ett oss dig din vår våra"
    " kan eller inte från hos ska samt inom där arbeta arbete dina ditt vårt så även de",
    "da": "og i at det som en på er af for med til den har vi du om et os dig din vores kan eller"
    " ikke fra hos skal samt inden for hvor arbejde dine dit så også de vil du ved bliver"
    " blive",
    "no": "og i å det som en på er av for med til den har vi du om et oss deg din vår våre kan"
    " eller ikke fra hos skal samt innen hvor arbeide arbeid dine ditt så også de vil ved"
    " blir bli",
    "fi": "ja on että ei se hän sekä tai kun mutta myös sinulla meillä olet olemme työ työn"
    " kanssa ovat voit sinun meidän haemme tarjoamme osaamista kokemusta joka jotka mitä"
    " jossa",
    "hu": "a az és hogy nem is egy van meg de vagy el ha mint csak már amely valamint munka"
    " elvárások feladatok számára való szükséges ismerete amit kínálunk előny tapasztalat"
    " azt ezt",
    "ro": "și de la în cu pe pentru un o este sunt care din sau nu al ale mai prin să se"
    " experiență noastră nostru echipa ca la cel vei ești fi si în",
    "tr": "ve bir bu için ile olan olarak da de en çok gibi daha veya iş ya olmak sahip deneyim"
    " konusunda üzere ekip bilgi tercihen iyi az tüm her aranan nitelikler",
    "hr": "i u na sa s po ne za od do iz da mi vi kao ili rada iskustvo se je su to pri naš nas"
    " vas će koji koja što te nudimo poslovi tvrtke",
    "sl": "in v na z s po ne za od do iz da mi vi kot ali dela izkušnje se je so to pri naš nas"
    " vas bo ki ter tudi delovne nudimo pričakujemo",
    "et": "ja on ei ning või et see meie sinu kui ka oma oled töö kogemus pakume ootame mis kes"
    " olla meil sul koos",
    "lv": "un ir ar uz no par ka vai kā tiek mēs jums mūsu darba pieredze piedāvājam prasmes lai"
    " kas arī pie tev",
    "lt": "ir yra su į iš kad ar kaip mes jums mūsų darbo patirtis siūlome gebėjimas tai bei už"
    " dėl apie kurie",
    "id": "dan yang di untuk dengan dari ini pada dalam atau akan kami anda adalah memiliki"
    " sebagai kerja pengalaman tahun dapat oleh serta tidak ke lebih minimal mampu",
    "vi": "và của các cho với có là được trong công việc kinh nghiệm những không người một làm"
    " tại theo về khi năm yêu cầu",
    "ca": "i el la els les de en per amb un una que del al és són com més o nostre nostra treball"
    " experiència anys equip amb dels també aquesta als",
}  # fmt: skip
# Letters that one language of a group of near ones has and the others lack.
_LETTERS = {
    "de": "ßäöü", "fr": "èêçœà", "es": "ñ¿¡", "pt": "ãõç", "cs": "ěřů", "sk": "ľĺŕôä",
    "pl": "łżźćęąń", "sv": "äå", "da": "æø", "no": "æø", "fi": "ä", "hu": "őű",
    "ro": "țșăţş", "tr": "ğışİ", "uk": "іїєґ", "ru": "ыэё", "bg": "ъ", "sr": "ђћџљњј",
    "hr": "čćđ", "sl": "č", "et": "õ", "lv": "āēīūģķļņ", "lt": "ėįųū", "vi": "ơưđạếộ",
    "ca": "·ò",
}  # fmt: skip
_SCRIPTS: tuple[tuple[str, str, str], ...] = (
    ("ja", "\u3041", "\u30ff"), ("ko", "\uac00", "\ud7a3"), ("zh", "\u4e00", "\u9fff"),
    ("el", "\u0370", "\u03ff"), ("he", "\u0590", "\u05ff"), ("ar", "\u0600", "\u06ff"),
    ("hi", "\u0900", "\u097f"), ("th", "\u0e00", "\u0e7f"), ("ka", "\u10a0", "\u10ff"),
    ("hy", "\u0530", "\u058f"),
)  # fmt: skip


def _index() -> dict[str, tuple[tuple[str, float], ...]]:
    """Word -> languages with weights: a word of many languages says little, or nothing."""
    owners: dict[str, list[str]] = {}
    for language, words in _WORDS.items():
        for word in set(words.split()):
            owners.setdefault(word, []).append(language)
    return {
        word: tuple((language, 1.0 / len(languages) ** 0.5) for language in languages)
        for word, languages in owners.items()
        if len(languages) <= 6
    }


_INDEX = _index()
_TELLING = {
    letter: tuple(language for language, letters in _LETTERS.items() if letter in letters)
    for letter in "".join(_LETTERS.values())
}
_PLACES = {letter: place for place, letter in enumerate(_TELLING)}
"""Letters are counted in this order: sums of the same numbers in another one may differ."""
_ODD = re.compile("[^\x00-\x7f]")
LONGEST = 4000  # characters that are looked at
_LEAST = 3.0  # weight of words below which nothing is said


def language_of(text: str, hint: str | None = None) -> str | None:
    """The ISO 639-1 code, or ``None`` when the text does not settle it.

    ``hint`` is what the page declares about itself (``<html lang>``); it only decides a near tie.
    """
    text = text[:LONGEST]
    odd = set() if text.isascii() else set(_ODD.findall(text))
    if odd and (code := _by_script(text, odd)):
        return code
    scores: dict[str, float] = dict.fromkeys(_WORDS, 0.0)
    lower = text.lower()
    letters = {
        small for char in odd for small in char.lower() if small > "\x7f" and small.isalnum()
    }
    apostrophes = lower.replace("’", "'")
    words = (_WORD if letters else _ASCII_WORD).findall(apostrophes)
    known = _INDEX.get
    for word, count in Counter(words).items():
        for language, weight in known(word, ()):
            scores[language] += weight * count
    if odd:
        most = 0.03 * len(words) + 0.5
        for letter in sorted(_TELLING.keys() & (odd | letters), key=_PLACES.__getitem__):
            count = lower.count(letter)
            for language in _TELLING[letter] if count else ():
                scores[language] += min(0.35 * count, most)
    best = max(scores, key=scores.__getitem__)
    score = scores.pop(best)
    second = max(scores.values())
    scores[best] = score
    declared = (hint or "")[:2].lower()
    if declared in scores and declared != best and scores[declared] > 0.85 * score:
        best, second = declared, 0.0
    if declared == best and score > 1.5:
        return best
    if score < _LEAST or score < 0.05 * len(words) or second > 0.93 * score:
        return None
    return best


def _by_script(text: str, odd: set[str]) -> str | None:
    """The language of a script that only one of the usual languages is written in.

    ``odd`` holds the characters of ``text`` that are not ASCII.
    """
    foreign = [char for char in odd if char >= "\u0370" and char.isalpha()]
    if not foreign:
        return None
    text = text[:2000]
    counts = dict.fromkeys((code for code, _, _ in _SCRIPTS), 0)
    for char in foreign:
        for code, first, last in _SCRIPTS:
            if first <= char <= last:
                counts[code] += text.count(char)
                break
    letters = sum(map(str.isalpha, text))
    if counts["ja"] > 0.1 * (counts["zh"] + counts["ja"]) and counts["ja"] > 5:
        counts["ja"] += counts["zh"]
    code = max(counts, key=lambda key: counts[key])
    if counts[code] < 0.25 * letters or not counts[code]:
        return None
    if code == "ar" and sum(text.count(letter) for letter in "پچژگک") > 0.01 * counts[code]:
        return "fa"
    return code

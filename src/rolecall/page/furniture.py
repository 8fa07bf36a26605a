"""Words of page furniture in twelve languages: whole lines, headings, consent text."""

from __future__ import annotations

import re

__all__ = ["COOKIE_TEXT", "FURNITURE", "SIMILAR_HEADING", "SIMILAR_STARTS", "fold"]

_EDGES = re.compile(r"^[^\w]+|(?<!\W)[^\w]+$")


def fold(text: str) -> str:
    """A line for comparison: case folded, marks at both ends left out."""
    folded = text.casefold()
    if folded and folded[0].isalnum() and folded[-1].isalnum():
        return folded
    return _EDGES.sub("", folded)


COOKIE_TEXT = re.compile(
    r"cookie|gdpr|consent|einwilligung|zustimm|toestemming|souhlas|consentement|consenso"
    r"|consentimiento|consentimento|samtykke|samtycke|zgod[aęy]|согласи|куки",
    re.I,
)

# The whole heading, folded.
SIMILAR_HEADING = re.compile(
    r"(?:(?:view |see |browse |explore |our |find |discover )?(?:all )?"
    r"(?:(?:similar|related|recommended|suggested|more|other|latest|featured|nearby|comparable)\b"
    r"(?: (?!about|of)\w+){0,2} (?:jobs|vacancies|positions|postings|roles|openings|opportunities"
    r"|searches|job offers|listings|careers)|(?:recent|new|additional|further|current)"
    r"(?: (?:job|career))? (?:jobs|vacancies|openings|listings|postings))"
    r"(?: (?:at|in|from|by|for|near) .*| you (?:may|might) .*)?$"
    r"|people also (?:viewed|searched)|jobs? (?:you may|you might|recommended|similar|like this)"
    r"|you (?:may|might) also (?:like|be interested)|also (?:hiring|viewed)|explore more"
    r"|set alert for similar|similar companies|related searches|get notified (?:about|when)"
    r"|(?:ähnliche|weitere|andere|verwandte|passende|neue(?:ste)?|aktuelle)\b(?: \w+){0,2} "
    r"(?:jobs?|stellen\w*|positionen|angebote|jobangebote|stellenangebote|stellenanzeigen)"
    r"|das könnte (?:sie|dich|ihnen|dir) auch|diese jobs könnten"
    r"|(?:offres?|emplois?|postes?|annonces?)(?: d.emploi)? (?:similaires?|recommandée?s|proches"
    r"|qui pourraient)|(?:autres|d.autres|nos autres|dernières) (?:offres|postes|annonces|emplois)"
    r"|(?:vergelijkbare|gerelateerde|soortgelijke|andere|meer|nieuwste|overige) "
    r"(?:vacatures|banen|functies|jobs)|misschien vind je"
    r"|(?:podobné|další|související|doporučené|jiné|ostatní|nejnovější) "
    r"(?:pozice|nabídky|práce|inzeráty|pracovní)"
    r"|(?:vagas|empregos|oportunidades) (?:semelhantes|similares|relacionad[ao]s|recomendad[ao]s)"
    r"|(?:outras|mais) (?:vagas|oportunidades|ofertas)|pode(?:m)? (?:também )?(?:te|lhe) interessar"
    r"|(?:offerte|annunci|lavori|posizioni)(?: di lavoro)? (?:simili|correlat[ei]|consigliat[ei])"
    r"|(?:altre|ultime) (?:offerte|posizioni|opportunità)|potrebbe(?:ro)? interessarti"
    r"|(?:похожие|другие|рекомендуемые|новые|смежные|подходящие) (?:вакансии|предложения)"
    r"|вам могут (?:подойти|быть)"
    r"|(?:ofertas|empleos|vacantes|puestos)(?: de (?:empleo|trabajo))? (?:similares|relacionad[ao]s"
    r"|recomendad[ao]s|parecid[ao]s)|(?:otras|otros|más|últimas) (?:ofertas|empleos|vacantes)"
    r"|(?:te|le) puede(?:n)? interesar|también te puede"
    r"|(?:lignende|relaterede|andre|flere|nyeste|øvrige) (?:job|stillinger|jobopslag|ledige)"
    r"|(?:liknande|relaterade|andra|fler|senaste|övriga) (?:jobb|tjänster|annonser|lediga)"
    r"|(?:podobne|inne|pozostałe|polecane|więcej|najnowsze) (?:oferty|ogłoszenia|stanowiska|prac)"
    r"|(?:zobacz|sprawdź) (?:też|także|również|inne|podobne))",
)

# What such a heading starts with: a cheap look before the pattern.
SIMILAR_STARTS = frozenset(
    "view see browse explore our find discover all similar related recommended suggested more other"
    " recent latest featured new nearby additional further current comparable people job jobs you"
    " also set get ähnliche weitere andere verwandte passende neue neueste aktuelle das diese offre"
    " offres emploi emplois poste postes annonce annonces autres d'autres d’autres nos dernières"
    " vergelijkbare gerelateerde soortgelijke meer nieuwste overige misschien podobné další"
    " související doporučené jiné ostatní nejnovější vagas empregos oportunidades outras mais pode"
    " podem offerte annunci lavori posizioni altre ultime potrebbe potrebbero похожие другие"
    " рекомендуемые новые смежные подходящие вам ofertas empleos vacantes puestos otras otros más"
    " últimas te le también lignende relaterede flere nyeste øvrige liknande relaterade fler"
    " senaste övriga podobne inne pozostałe polecane więcej najnowsze zobacz sprawdź".split()
)

_LINES = """
skip to content|skip to main content|skip to main|skip navigation|skip to search|menu|main menu
|toggle navigation|navigation|close|open|back|back to top|back to search|back to results
|back to search results|back to jobs|back to all jobs|return to search|view all jobs|all jobs
|see all jobs|search|search jobs|find jobs|job search|log in|login|sign in|sign up|register|join now
|join|log out|my account|my jobs|apply|apply now|apply here|apply online|apply for this job
|apply for job|apply for this position|apply for this role|apply to this job|apply today
|apply on company site|easy apply|save|save job|save this job|saved|share|share this job|share job
|share this|share this page|tweet|facebook|twitter|linkedin|whatsapp|copy link|print
|print this page|report this job|report job|report|follow|follow us|subscribe|send|submit|cancel
|next|previous|show more|show less|see more|read more|read less|learn more|view more|view profile
|view company|privacy policy|privacy notice|terms of use|terms of service|terms and conditions|terms
|cookie policy|cookie settings|sitemap|faq|accept|accept all
|decline|ok|got it|download app|create alert|create job alert|get job alerts|email me jobs like this
|refer a friend|tell a friend|send to a friend|scroll to top|all rights reserved|powered by
|zum inhalt springen|zum hauptinhalt|menü|hauptmenü|schließen|zurück|zurück zur übersicht|suche
|suchen|anmelden|einloggen|registrieren|startseite|jetzt bewerben|bewerben|online bewerben
|hier bewerben|speichern|merken|job merken|teilen|drucken|melden|weiterlesen|mehr anzeigen
|mehr erfahren|impressum|datenschutz|datenschutzerklärung|agb|nach oben|alle jobs
|alle stellenangebote|weiterempfehlen
|aller au contenu|fermer|retour|retour à la liste|rechercher|se connecter|connexion|s'inscrire
|inscription|accueil|postuler|postulez|je postule|postuler maintenant|postuler à cette offre
|enregistrer|sauvegarder|partager|imprimer|signaler|voir plus|lire la suite|en savoir plus
|mentions légales|politique de confidentialité|plan du site|retour en haut
|naar inhoud|sluiten|terug|terug naar overzicht|zoeken|inloggen|registreren|solliciteer
|solliciteren|solliciteer nu|solliciteer direct|nu solliciteren|opslaan|bewaren|delen|afdrukken
|lees meer|meer weergeven|privacybeleid|privacyverklaring|algemene voorwaarden
|zavřít|zpět|hledat|vyhledat|přihlásit|přihlásit se|registrace|domů|odpovědět|odpovědět na inzerát
|odpovědět na nabídku|uložit|sdílet|vytisknout|tisk|nahlásit|více|zobrazit více
|fechar|voltar|buscar|pesquisar|procurar|entrar|iniciar sessão|cadastre-se|cadastrar|registar
|início|candidatar-se|candidatar|candidate-se|candidatar agora|candidatura|guardar|salvar
|compartilhar|partilhar|imprimir|denunciar|ver mais|saiba mais|leia mais|política de privacidade
|termos de uso
|chiudi|indietro|torna indietro|cerca|accedi|registrati|iscriviti|candidati|candidati ora
|invia candidatura|salva|condividi|stampa|segnala|mostra altro|leggi di più|scopri di più
|informativa sulla privacy
|меню|закрыть|назад|поиск|найти|войти|вход|регистрация|зарегистрироваться|главная|откликнуться
|отправить резюме|сохранить|в избранное|поделиться|распечатать|печать|пожаловаться|показать еще
|показать ещё|подробнее|читать далее|политика конфиденциальности|написать
|показать контакты
|cerrar|volver|buscar empleo|iniciar sesión|registrarse|regístrate|inicio|solicitar|inscribirme
|inscribirse|postularse|postularme|aplicar|aplicar ahora|enviar candidatura|compartir|ver más
|leer más|aviso legal|política de cookies
|luk|tilbage|søg|søg job|log ind|tilmeld|opret profil|forside|søg stillingen|ansøg|ansøg nu|gem
|gem job|del|udskriv|læs mere|vis mere|privatlivspolitik
|stäng|tillbaka|sök|sök jobb|logga in|registrera|registrera dig|startsida|ansök|ansök nu|ansök här
|sök tjänsten|spara|spara jobb|dela|skriv ut|läs mer|visa mer|integritetspolicy
|zamknij|wstecz|powrót|wróć|szukaj|zaloguj|zaloguj się|zarejestruj się|rejestracja|strona główna
|aplikuj|aplikuj teraz|aplikuj szybko|zapisz|udostępnij|drukuj|wydrukuj|zgłoś|pokaż więcej
|czytaj więcej|dowiedz się więcej|polityka prywatności|regulamin
"""
FURNITURE = frozenset(part for part in re.split(r"[|\n]+", _LINES) if part)

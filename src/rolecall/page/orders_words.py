"""The words of an order to a machine: what it is told to forget, to be, to answer, to write where.

Patterns read a line in small letters. Every gap in them is bounded, so that each takes time in
proportion to the line. A pattern is tried only where one of its *gates* stands: plain words that
are found much faster than a pattern.
"""

from __future__ import annotations

from typing import Final, NamedTuple

MARK: Final = "mark"
"""The rule of the marks of chat templates."""


class Rule(NamedTuple):
    """A way to give orders.

    One of the ``gates`` stands in the text (``~`` is a space), one of the pieces that it ``needs``
    in the same line, and the ``pattern`` holds there.
    """

    name: str
    gates: str
    needs: tuple[str, ...]
    pattern: str


# Where an order begins: at the start, after a mark, or after a word that leads to it. "Those who
# ignore these instructions" and "never ignore" are none.
_STARTS = (
    r"(?:^|[^\w\s'’`-]\s{0,3}|\b(?:please|now|then|must|should|simply|just|instead"
    r"|immediately|kindly|you to|want you to)\s)"
)
_SAID = r"(?:[^.\n]|\.\S){1,80}?"
_NEAR = r"[^.!?\n]{0,70}?"
_MACHINE = (
    r"(?:(?:(?:automated|automatic|automation|generative|external|screening|large|analysis|language"
    r"|artificial intelligence|ai|llm|search|text|cv|resume|résumé|ats|machine)[ -])++"
    r"(?:models?|agents?|intelligences?|software|systems?|tools?|screeners?|readers?|parsers?"
    r"|assistants?|bots?|crawlers?|scrapers?|extractors?|summari[sz]ers?)|ais?|a\.i\.|llms?"
    r"|language models?|chat ?bots?|chatgpt|gpt(?:-\w{1,4})?|claude|gemini|copilot|bots|robots"
    r"|(?:web )?crawlers|scrapers|parsers|extractors)"
)
_SURE_MACHINE = (
    r"(?:(?:(?:automated|automatic|generative|external|large)[ -])*+"
    r"(?:ai|llm|language|ai[ -]language|machine)(?:[ -](?:models?|assistants?|agents?|systems?"
    r"|tools?|bots?|parsers?|readers?|software|crawlers?|scrapers?|screeners?))?"
    r"|ais|llms|chat ?bots?|chatgpt|(?:automated|automatic)[ -](?:\w+[ -]){0,2}(?:parsers?|systems?"
    r"|tools?|software|agents?|readers?|extractors?|screeners?|bots?|crawlers?|scrapers?|models?)"
    r"|parsers|scrapers|crawlers|web ?crawlers?|bots)"
)
_SAY = (
    r"(?:output|return|respond|reply|answer|print|write|report|record|state|say|repeat|emit|produce"
    r"|set|mark|classify|rate|rank|score|list|include|mention|treat|ignore|disregard|use|insert"
    r"|extract|enter|fill|recommend|summari[sz]e|give|store|put)"
)
_TELLS = (
    r"(?:disregard (?:all|any|the|your|previous)|output|respond|reply (?:with|only)|obey|comply"
    r"|answer (?:with|only|every|all|null|\"|')|set (?:the |all |every )?(?:fields?|values?|\w+_\w+"
    r"|(?:job )?title|salary|company|employer|location)\b"
    r"|ignore (?:all|any|every|the|your|previous|prior))"
)
_KEY = (
    r"(?:job_title|salary_(?:min|max|currency|period)|employment_type|apply_url|application_(?:url"
    r"|email)|date_posted|valid_through|experience_years_(?:min|max)|languages_required"
    r"|posting_language|company_name|hiring_organization|job_location|base_?salary)"
)
_FIELD = (
    rf"(?:{_KEY}|(?:the )?(?:job |company |posting )?(?:title|name|company|employer|location|salary"
    r"|pay|currency|seniority|workplace|remote|skills|description|education|benefits|employment"
    r" type"
    r"|contract type|date posted|(?:application|apply) (?:url|link|address|e-?mail)))"
)
_TURN = r"(?:system|assistant|human|developer)"
_PAGE = r"(?:pages?|texts?|documents?|adverts?|ads?|postings?|listings?|vacanc(?:y|ies)|content)"

_MARKS = (
    r"<\|[a-z0-9_ -]{2,40}\|>|\[/?inst\]|<</?sys>>|<(?:start|end)_of_turn>|</?think(?:ing)?>"
    r"|(?:^|\s)/(?:no_)?think(?:\s|$)|\[(?:system|rest-of-document)\]|<end of (?:session|prompt"
    r"|document|page)>|</?(?:system|assistant|system_prompt|tool_(?:call|result|response"
    r"|output)s?"
    r"|function_(?:results?|calls?|response))>|</(?:document|page|user|context|untrusted)>"
    rf"|(?<!#)#{{2,}}+\s?\(?(?:{_TURN}|instructions?|new task)[_ ]?(?:message|prompt"
    rf"|instructions?)?\)?"
    r"\s?(?::|$|output|return|set|answer|write|report)"
    r"|\[(?:admin|system)[ _:](?:request|message|prompt|override|note)"
)
_MARK_NEEDS = (
    "|>", "inst]", "sys>>", "_of_turn", "think", "[system", "[admin", "rest-of-", "<end of",
    "<system", "<assistant", "<tool", "<function", "</", "##", "no_think",
)  # fmt: skip
_MARK_GATES = "|> < [ ## /no_think /think"

RULES: Final = (
    Rule(
        "override",
        "ignore disregard forget override overrule bypass follow following",
        (),
        _STARTS + r"(?:ignore|disregard|forget|override|overrule|bypass|discard|do not follow"
        rf"|don['’]t follow|stop following)\b(?:(?={_NEAR}\b(?:all|any|every|everything|previous"
        r"|previously|prior|above|earlier|preceding|foregoing|existing|original|initial|your|other"
        rf"|system|developer)\b){_NEAR}\b(?:instructions?|prompts?|directions?|directives?|orders?"
        r"|guidelines?|commands?|rules|context|constraints|programming|training)\b"
        r"|(?: \w+){0,2} (?:everything|anything|all(?: \w+)?)(?: \w+){0,3} (?:above|before|earlier)"
        r"|(?: all| everything)? (?:what )?you (?:were|have been|['’]ve been)"
        r" (?:told|asked|instructed)"
        rf"|{_NEAR}\b(?:rest|{_PAGE}|data|fields?|input|schema|indicators?|filters?)\b{_NEAR}\b"
        r"(?:and|then|instead|focus)\s(?:\w+\s){0,2}(?:answer|print|output|write|report|respond"
        r"|reply|return|say|set|record|use|run|execute|focus|follow|exclusively)\b"
        r"|\s(?:the |all |these |those )?instructions?[,;:] )",
    ),
    Rule(
        "addressed",
        "note notes message messages instructions attention notice warning reminder dear hey "
        "hello hint metadata profile directive hidden invisible ai: llm:",
        ("ai", "llm", "language model", "bot", "parser", "scraper", "crawler", "automat", "gpt",
         "assistant", "software", "claude", "gemini", "copilot", "humans", "people"),
        r"(?:^|[^\w\s'’-]\s{0,3}|\b(?:hidden|secret|internal|special|important|a|this) )(?:"
        r"(?:notes?|messages?|instructions?|attention|notice|warning|reminder|dear|hey|hello|hint"
        r"|(?:hidden |secret )?(?:\w+ )?(?:profile|metadata|information)|directives?|commands?)"
        # "Skills profile: AI, robotics" names no one who reads.
        r"(?:(?P<named>[:,] ?)| (?:to |for |addressed to |intended for |visible to )?)"
        rf"(?:all |any |the |every |you, )*+{_MACHINE}(?:\s?(?::|–|—|\)|(?(named)(?!)|$)|,(?(named)"
        rf"(?=\s(?:please|you|do|must|if|when|this|in|the (?:{_PAGE}|title|salary|company|employer)"
        rf"|{_SAY})\b)))"
        r"|\s(?:reading|processing|parsing|analy[sz]ing|scanning|summari[sz]ing|extracting|only\b"
        r"|who|that (?:read|process|pars|scan|extract|summar)))"
        rf"|(?:ai|llm|chatgpt)s?[:,] (?:please |you must |now )?(?!use of\b|report to\b){_SAY}\b)"
        r"|\binvisible to (?:humans?|people|applicants)\b",
    ),
    Rule(
        "if a machine",
        "re~an~ai language~model llm bot chatbot chatgpt automated",
        ("f you", "hen you"),
        rf"\b(?:if|when) you(?:['’]re| are) (?:an? |the |any )?{_SURE_MACHINE}(?:\s?(?:[,:;.!)–—]"
        r"|$)|\s(?:reading|processing|parsing|summari[sz]ing|scraping|extracting|evaluating"
        r"|screening|analy[sz]ing|please|ignore|you must|then|do not|and (?:are|have been)"
        r"|tasked|asked|that is|which is)\b)",
    ),
    Rule(
        "machines asked",
        "asks instructs requires tells directs orders wants",
        (" ai", " llm", "language model", "bots", "parsers", "automat", "chatgpt", "crawlers"),
        r"\b(?:page|(?:web)?site|employer|company|publisher|author|owner|text|document|notice"
        r"|message|posting|advert|ad|listing|policy|law|management|hr|we|it|this|which|that)"
        r"(?: \w+)? (?:asks|instructs|requires|tells|directs|requests|orders|wants)"
        rf" (?:all |any |the )?{_SURE_MACHINE} to {_SAY}\b",
    ),
    Rule(
        "machines reading",
        "reading parsing processing scraping indexing extracting summarizing",
        ("ing this", "ing the ", "ing these"),
        rf"\b{_SURE_MACHINE} (?:reading|processing|parsing|summari[sz]ing|scraping|extracting"
        rf"|indexing|analy[sz]ing) (?:this|these|the (?:above|following|{_PAGE}))\b{_NEAR}"
        r"\b(?:must|should|shall|please|are (?:to|asked)|is to|need to|have to)\b",
    ),
    Rule(
        "answer",
        "json respond reply output print answer repeat return",
        ("only", "exactly", "nothing but", "just", "simply", "solely", "strictly", "verbatim",
         "empty", "blank", "null", "none", "json", "respond with ", "repeat ", "print ", "say ",
         "output: ", "answer: ", "output "),
        _STARTS + r"(?:(?:output|return|respond|reply|answer|print|write|say|emit|produce|repeat"
        r"|report)"
        r"(?: back| to .{1,20}?)?(?: with)? (?:only|exactly|nothing but|just|simply|solely|strictly"
        r"|verbatim)(?: with)? (?:the )?(?:json|null|[\"'“‘`{\[]|following|this text|text\b|word\b"
        r"|empty)"
        r"|(?:output|respond with|answer|reply with) (?:an? |the )?(?:empty|blank|null|none)\b"
        r"|(?:return|give|produce|use) (?:an? |the )?(?:empty|blank|null|none)"
        r"(?: json| object| answer| result| value| list| array| string| for\b|\s?(?:[.,;:!\"'`]|$))"
        rf"|(?:output|return|respond with|reply with|print) (?:\w+ ){{0,3}}json\b{_NEAR}\b"
        r"(?:above|below|instead|:|only)"
        r"|respond with [\"“'‘`]|(?:print|repeat|say|output) [\"“'‘`<][^\n]{1,80})"
        r"|\b(?:and|must|should) (?:only )?(?:output|print|answer|respond)\s?:\s",
    ),
    Rule(
        "empty",
        "null empty blank",
        ("all", "every", "each", "any", "other", "null for"),
        r"\b(?:leave|set|mark|make|fill|return|answer|keep|report)\s(?:null for )?(?:all|every"
        r"|each"
        r"|any|the other)\s(?:of the )?(?:\w+ )?(?:fields?|values?|keys?|columns?|properties)\b"
        r"(?: (?:to|as|with|empty|blank|null|none|instead|\W|$))"
        r"|\b(?:answer|return|write|output) null for\b",
    ),
    Rule(
        "field",
        "fields field schema overwrite answer correct output you~write also~set job_title "
        "salary_min salary_max "
        "salary_currency salary_period employment_type apply_url application_url "
        "application_email date_posted valid_through base_salary company_name job_location "
        "as~' as~\" as~“ as~‘ to~' to~\" to~“ to~‘ '~as~the \"~as~the ”~as~the ’~as~the",
        ("_", "set", "change", "overwr", "replace", "write", "record", "fill", "report", "print",
         "output", "answer", "must", "should", "correct", "was ", "has been", "use ", "give ",
         "state "),
        rf"\b(?:set|change|overwrite|replace|write|record|fill|report|update|override|put|use"
        rf"|enter)\s"
        rf"(?:in )?(?:the )?(?:field |value of |value for )?[\"'`]?{_KEY}[\"'`]?(?: \w+)? (?:to"
        rf"|as|=|with)"
        rf"|{_STARTS}(?:set|change|overwrite|replace|write|record|fill|report|put)\s(?:in"
        rf" )?(?:the )?"
        rf"(?:(?:fields?|values? (?:of|for)) [\"'`]?{_FIELD}|[\"'`]?{_FIELD}[\"'`]? (?:field"
        rf"|value|key))"
        r"[\"'`]?(?: \w+)? ?(?:to|as|=|with|:)"
        rf"|\balso set {_FIELD} to\b"
        rf"|{_STARTS}(?:set|change|overwrite|report|record) {_FIELD} (?:to|as) [\"“'‘`]"
        rf"|\b(?:write|print|output|report|give|use|state|answer"
        rf"|return)\s[\"“'‘`][^\n]{{1,80}}?[\"”'’`]"
        rf" (?:as|for|in|instead of) (?:the )?{_FIELD}\b"
        rf"|\banswer [^.\n]{{1,60}} for {_FIELD}\s?(?:[.,]|$)"
        rf"|\b(?:the )?(?:correct|true|right|real) (?:value (?:of|for) (?:the"
        rf" )?)?[\"'`]?{_KEY}[\"'`]? is\b"
        rf"|\b[\"'`]?{_KEY}[\"'`]? (?:must|should|shall|has to|needs to|is to)\b"
        rf"|\b{_FIELD} (?:must|should|has to|needs to) (?:now )?(?:be|read|say)\s?:?\s?[\"“`]"
        rf"|\b(?:when|if|before|as) you (?:write|fill|output|report|extract|return|produce"
        rf"|generate)"
        rf"\s(?:in |out )?(?:the )?(?:{_KEY}|{_FIELD},)"
        r"|\b(?:extraction|output|response|answer) (?:schema|format|rules?|template) (?:was|is now"
        r"|has been|have been|were) (?:updated|changed|replaced)"
        rf"|\boutput (?:the )?{_FIELD} \S+ instead\b",
    ),
    Rule(
        MARK,
        _MARK_GATES,
        _MARK_NEEDS,
        _MARKS,
    ),
    Rule(
        "marked field",
        _MARK_GATES,
        _MARK_NEEDS,
        rf"^(?=[^\n]{{0,400}}?(?:{_MARKS}))[^\n]{{0,400}}?\b{_FIELD}[\"']?\s?(?:[:=,]|is\b|to\b)",
    ),
    Rule(
        "values told",
        "\":",
        (),
        # A posting shows nobody its fields as JSON.
        r"[{,]\s?[\"'](?:title|company|employer|location|remote|workplace|skills|currency|seniority"
        rf"|salary|description|benefits|{_KEY})[\"']\s?:",
    ),
    Rule(
        "value for a field",
        "ai ais llm llms chatbot chatbots chatgpt parser parsers scrapers crawlers bots "
        "language~model automated system: assistant: human: developer:",
        (" for ", " as ", " in ", " into "),
        rf"\b{_SURE_MACHINE} (?:must|should|shall|have to|need to|are to) (?:{_SAY}|take|write)"
        rf" {_SAID} (?:as (?:the )?[\"'`]?{_FIELD}|(?:for|in|into) (?:the )?[\"'`]?{_KEY})"
        r"[\"'`]?\s?(?:[.,;!]|$)"
        rf"|(?:^|[\n>\]\"'.*-])\s{{0,3}}{_TURN}:\s?[^.\n]{{0,90}}?\b(?:write|put"
        rf"|record|enter|return|answer|output) {_SAID} (?:for|as|in|into) (?:the )?"
        rf"[\"'`]?{_FIELD}[\"'`]?\s?(?:[.,;!]|$)",
    ),
    Rule(
        "new page",
        "end~of",
        ("new ", "next ", "start", "begin"),
        r"\bend of (?:the )?(?:page|document|posting|advert|text|input|context)\b[^\w]{0,40}"
        r"(?:new|next|start|beginning|begin)(?: of)? (?:the )?(?:page|document|posting|advert|text"
        r"|input|context|instructions?)\b",
    ),
    Rule(
        "turn",
        'system~ "role" system: assistant: human: developer: core',
        ("system:", "assistant:", "human:", "developer:", "core instruction", "system prompt",
         "system message", "system override", "system instruction", 'role"'),
        # A posting may say what an assistant or a developer will do, and what a system is.
        rf"(?:^|[\n>\]\"'.*-])\s{{0,3}}{_TURN}:\s?[^\n]{{0,90}}?\b(?:you (?:must|are|will|should)"
        rf" (?:(?:now|only|always|never|not|strictly) )*+(?:{_TELLS}|(?:in |an? |the )?(?:\w+ )"
        r"{0,2}(?:ai|llm|language model|chatbot|extractor|parser|assistant that|mode)\b)"
        rf"|ignore (?:all|any|every|the|your|previous|prior)|{_TELLS}|must be set|repeat after"
        r"|schema|extraction|instructions? (?:above|below|are|have|has|update)|thanks for)\b"
        rf"|(?:^|[\n>\]\"'.*-])\s{{0,3}}system:\s?[^\n]{{0,90}}?\b(?:ignore|set (?!up\b)|must be"
        r"|answer|output|respond|reply|repeat|summar\w+|instructions?"
        rf"|you (?:must|are to|will|should) (?:\w+ly |only |now |always )?(?!set up\b){_SAY})\b"
        rf"|(?:^|[\n>\]\"'.*-])\s{{0,3}}assistant:\s?[\[<{{]|\bcore instruction\b"
        r"|[\"']role[\"']\s?:\s?[\"'](?:system|assistant|tool|user)[\"']"
        r"|(?:^|[\n>\]\"'.])\s{0,3}system (?:prompt|message|override|instructions?)\s?:",
    ),
    Rule(
        "persona",
        "pretend roleplay jailbroken jailbreak unrestricted you~are~now from~now~on act~as"
        " developer~mode",
        ("you are now", "from now on", "pretend", "act as", "act like", "roleplay", " mode"),
        r"\byou are now (?:in )?(?:an? |the )?(?:\w+ ){0,3}(?:mode|assistant|ai|model|bot|chatbot"
        r"|dan|unrestricted|jailbroken|persona|parser|extractor|free)\b(?! (?:manager|director|to"
        r"|chef|nurse|store|shop)\b)"
        rf"|\bfrom now on,? (?:you (?:are (?:an? |the |in |now |free)|must (?:\w+ )?{_SAY}\b|will"
        rf" (?:act|{_SAY})\b)|act as|answer|respond)"
        rf"|{_STARTS}(?:pretend|act|roleplay)(?: that)?(?: you(?:['’]re| are)| to be| as) (?:if"
        rf" you were )?"
        r"(?:an? |my )?(?:\w+ )?(?:unrestricted|jailbroken|evil|ai|llm|language model|chatbot|dan)"
        r"(?:\W|$)(?!\w)"
        r"|\b(?:enable|enter|activate) (?:developer|jailbreak|god|dan|debug) mode\b",
    ),
    Rule(
        "secret",
        "user users human operator instruction instructions prompt",
        ("do not", "n't", "n’t", "never", "without", "reveal", "print", "repeat", "show",
         "output", "leak", "send", "give", "user asks"),
        r"\b(?:do not|don['’]t|never|without) (?:tell|inform|alert|notify|mention\w*|reveal\w*"
        r"|telling"
        r"|informing|alerting|disclose|show)\s(?:this |that |it |anything |any of this )?(?:to )?"
        r"(?:(?:the )?(?:user|human|operator)s?\b(?! (?:data|interface|experience))"
        r"|(?:this|these) (?:instructions?|prompts?|messages?))"
        r"|\b(?:reveal|print|repeat|show|output|leak|send|give)(?: me| us)? (?:your|the) (?:full "
        r"|entire"
        r" |hidden )?(?:system prompt|prompt above|instructions above|initial instructions)"
        r"|\bif (?:the )?user asks"
        r" (?:about|why|what|whether|how|you|for (?:this|these|the|your))\b",
    ),
    Rule(
        "override abroad",
        "ignore ignoriere ignorieren ignoriert vergiss vergessen missachte missachten oublie "
        "oubliez oublier ignorez ignorer ignora ignoren ignorar olvida olvide olvidad caso "
        "esqueça esqueca desconsidere desconsidera dimentica dimenticate dimentichi ignorate "
        "ignori negeer vergeet bortse glöm ignorera glem bort pomiń zapomnij ignoruj zignoruj "
        "ignorujcie ignorujte zapomeň zapomeňte nevšímej игнорируй игнорируйте проигнорируй "
        "проигнорируйте забудь забудьте ohita unohda tenez",
        (),
        r"\b(?:ignorier\w{0,4}|missachte\w?|vergiss|vergessen sie|ignore[rz]?|oublie[rz]?"
        r"|(?:ne )?tenez pas compte|ignor[ae]\w{0,3}|olvid[ae]\w{0,2}|(?:haz|haga) caso omiso"
        r"|esque[çc]a\w?"
        r"|desconsidere\w?|dimentic[ahi]\w{0,2}|negeer|vergeet|bortse|glöm|ignorer\w?|glem|se bort"
        r"|z?ignoruj\w{0,3}|pomiń|zapomnij|zapome[nň]\w{0,3}|nevšímej\w{0,3}|(?:про)?игнорир\w{1,5}"
        rf"|забудь\w{{0,2}}|ohita|unohda)\b(?={_NEAR}(?:vorherig|vorig|bisherig|obig|alle|früher"
        r"|sämtlich|vorangegangen|précédent|tou(?:te)?s|ci-dessus|antérieur|anterior|previ|tod[ao]s"
        r"|arriba|acima|prévi|precedent|tutt|sopra|vorige|eerdere|voorgaand|bovenstaand|tidigare"
        r"|alla"
        r"|ovanstående|föregående|tidligere|ovenstående|foregående|forrige|poprzedni|wszystk"
        r"|powyższ"
        r"|wcześniej|předchoz|všech|výše|dřív|предыдущ|все|выше|прежн|aiem|kaikki|edelli))"
        rf"{_NEAR}(?:anweisung|instruktion|vorgabe|befehl|prompt|instruction|consigne|directive"
        rf"|ordre"
        r"|instrucci|indicaci|órdenes|directri|instruç|orientaç|ordens|diretri|istruzion|indicazion"
        r"|ordini|direttiv|instructie|opdracht|aanwijzing|anvisning|instruks|instrukc|polece"
        r"|wytyczn"
        r"|pokyn|příkaz|инструкци|указани|команд|ohje)",
    ),
    Rule(
        "addressed abroad",
        "ki ia hinweis nachricht anweisung achtung notiz consigne consignes nota aviso "
        "mensaje mensagem atención atenção messaggio attenzione instrucciones instruções "
        "istruzioni wenn falls sofern sprachmodell sprachmodelle taalmodel bent är hvis jeśli "
        "pokud jestli если jos",
        (" ki", "ki-", " ia", "'ia", "’ia", " ai", "artific", "lenguaje", "linguag", "linguist",
         "langage", "taalmodel", "språkmodel", "sprogmodel", "sprachmodell", "język", "jazyk",
         "umělá", "sztuczn", " ии", "искусств", "языков", "нейросет", "tekoäly", "kielimalli",
         "parser"),
        r"\b(?:hinweis|nachricht|anweisung|achtung|notiz)(?: an| für)?(?: alle| die| das| den)?"
        r" (?:ki(?![\w-])|ki-(?:system|modell|assist|agent|tool|werkzeug|parser|leser|bot|software)"
        r"|sprachmodell|automatisch\w* (?:parser|system|leser))"
        r"|\b(?:note|message|consigne|attention|instruction)s? (?:à |aux |pour )?(?:l['’]|les "
        r"|toute |tout )?"
        r"(?:ia\b|intelligences? artificielles?|modèles? de langage)"
        r"|\b(?:nota|aviso|mensaje|mensagem|atenci[oó]n|atenção|messaggio|attenzione"
        r"|instrucci[oó]n\w{0,2}"
        r"|instruç\w{2,3}|istruzion\w)(?: para| a| alla| agli| per)?(?: las?| los| el| as?| os?|"
        r" le| l['’]| i)?"
        r" ?(?:ias?\b|inteligencia artificial|inteligência artificial|intelligenza artificiale"
        r"|modelos? de (?:lenguaje|linguagem)|modell[io] linguistic\w)"
        r"|\b(?:(?:wenn|falls) du eine? (?:ki|ai|sprachmodell)|(?:wenn|falls|sofern) sie eine?"
        r" (?:ki|ai"
        r"|sprachmodell)\w{0,2} sind|si (?:vous êtes|tu es) une? (?:ia|ai|modèle de langage)|si"
        r" eres una? "
        r"(?:ia|ai|modelo de lenguaje)|se (?:você é|fores|for|sei|és) (?:uma?|un['’]?) ?(?:ia|ai"
        r"|modelo de"
        r" linguagem|modello linguistico)|als (?:je|u) een (?:ai|taalmodel)(?:-?\w{0,10})? bent"
        r"|om du är en (?:ai|språkmodell)|hvis du er en (?:ai|ki|sprogmodel|språkmodell)|jeśli"
        r" jesteś"
        r" (?:ai|sztuczną inteligencją|modelem językowym)|(?:pokud|jestli) jsi (?:ai|umělá"
        r" inteligence"
        r"|jazykový model)|если (?:ты|вы)(?: [-–—])? (?:ии|искусственный интеллект|языковая модель"
        r"|нейросеть)|jos olet (?:tekoäly|kielimalli))(?![\w-])(?!\s(?:engineer|ingenieur"
        r"|specialist))",
    ),
    Rule(
        "field abroad",
        "feld champ campo veld fältet feltet pole поле",
        (),
        r"\b(?:setze|setz|setzen sie|trage"
        r"|ändere)\s[^.\n]{0,20}?(?<!im )\bfeld(?:es)?\b[^.\n]{1,40}?\b(?:auf|ein|zu)\b"
        r"|\b(?:remplis|remplissez|définis|définissez|mettez|mets|modifiez)\s(?:le |dans le"
        r" )champ\b[^.\n]{1,40}?"
        r"\b(?:à|avec|par|sur)\b"
        r"|\b(?:establece|pon|ponga|cambia|rellena|defin[ae]|preench[ae]|imposta|compila|mude"
        r"|altere)\s"
        r"(?:el |o |il |no |en el )?campo\b[^.\n]{1,40}?\b(?:en|a|como|con|com|para|su)\b"
        r"|\b(?:stel|zet|vul) (?:het )?veld\b[^.\n]{1,40}?\b(?:in|op|met)\b"
        r"|\b(?:sätt|ange|ändra) fältet\b[^.\n]{1,40}?\b(?:till|som)\b"
        r"|\b(?:sæt|sett|angiv|ændr) felte[nt]\b[^.\n]{1,40}?\b(?:til|som)\b"
        r"|\b(?:ustaw|wpisz|zmień)\s(?:w )?pole\b[^.\n]{1,40}?\b(?:na|jako)\b"
        r"|\b(?:nastav|vyplň|změň) pole\b[^.\n]{1,40}?\b(?:na|jako)\b"
        r"|\b(?:установи|заполни|запиши)\w{0,2} (?:в )?поле\b[^.\n]{1,40}",
    ),
)  # fmt: skip

"""What is said after a verdict and takes it back.

The lists are of many languages and lean to caution: a reply that takes a verdict back in unforeseen words is read
wrongly, one that is left unread for an innocent word costs one verdict of many.
"""

from __future__ import annotations

import re
from functools import cached_property

from judgebench.judges.parsers.lazy import lazily
from judgebench.judges.parsers.mentions import lowered


def _one_of(words: tuple[str, ...], low: str) -> bool:
    for word in words:  # noqa: SIM110 - half the time of any(), and this is most of the time of a reading
        if word in low:
            return True
    return False


class Screened:
    r"""A pattern that is tried only where one of a few words stands, which is found out much faster.

    Args:
        words: In lower case, parted by ``|``; every match of the pattern holds one of them, or a character that is not
            of ASCII where one of them is ``\x80``.
        pattern: The pattern, which disregards case.
        also: Further such words, of which every match holds one too.
    """

    def __init__(self, words: str, pattern: str, *, also: str = "") -> None:
        self._words = tuple(word for word in words.split("|") if word != "\x80")
        self._beyond = "\x80" in words
        self._also = tuple(also.split("|")) if also else ()
        self._pattern = pattern

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern, compiled when it is first tried."""
        return re.compile(self._pattern, re.IGNORECASE)

    def fits(self, low: str) -> bool:
        """Whether the pattern can match in a text of which this is the lower case."""
        if not (_one_of(self._words, low) or (self._beyond and not low.isascii())):
            return False
        return not self._also or _one_of(self._also, low)

    def search(self, text: str, low: str) -> re.Match[str] | None:
        """Return the first match in a text, given also in lower case."""
        return self.pattern.search(text) if self.fits(low) else None


# At the start of a sentence or clause.
_STOP = r"(?=\s?(?:[,.:;!?，、。—–-]|$))"
_TURNS = (
    r"no,?\s(?:wait|actually|sorry|hold)\b|"
    rf"(?:no|nope|nah|nein|non|нет|नहीं|não|いや|いえ|不|لا){_STOP}|(?:edit|edited|update|updated|revised|correct|new"
    rf"|amended)\s?(?:\w+\s?)?:"
    r"|(?:wait|oops|whoops|hmm+|actually|sorry|nope|uh|ah|ugh|err+)\b|(?:ignore|disregard|scratch|strike)\s(?:that"
    r"|this|the|my|it|all)\b"
    r"|please (?:ignore|disregard)|hold on|hang on|on (?:second|further|closer|reflection|re-?reading)|having re"
    r"|reconsider|re-?reading|re-?checking"
    r"|thinking (?:about|again|it)|correction|corrected (?:verdict|score)|apolog|my (?:mistake|bad|error|apolog)|or"
    r" rather|rather(?! than)\b|not so\b|not quite"
    r"|make (?:that|it)|change (?:that|it|this|my)|let me (?:re|correct|check|say|think)|then again|although no\b"
    r"|well,? no\b|oh,? (?:no|wait)|update to\b"
    r"|moment|halt\b|stopp|korrektur|entschuldigung|verzeihung|doch nicht|eigentlich|besser gesagt|vielmehr|nochmal"
    r"|attend(?:s|ez)|pardon|d[ée]sol[ée]|en fait|en r[ée]alit[ée]|plut[ôo]t|finalement|à la r[ée]flexion"
    r"|esper[ae]\b|espera|correcci[óo]n|perd[óo]n|lo siento|en realidad|mejor dicho|rectific|pens[áa]ndolo"
    r"|corre[çc][ãa]o|desculp|na verdade|ali[áa]s|pensando|aspett|correzione|scus[ai]|anzi\b|in realt[àa]"
    r"|подожд|погод|стоп|стой|поправ|исправл|извин|простите|прошу прощения|на самом деле|точнее|хотя нет|вернее"
    r"|vergiss|vergessen sie|oublie|olvid|esque[çc]a|забудь|忘|忽略|作废|作廢|無視|무시|تجاهل|अनदेखा|请忽略|請忽略"
    r"|ignor[ae]\b"
    r"|等等|等一下|且慢|更正|修正|抱歉|对不起|對不起|不对|不對|重新|其实|其實|收回"
    r"|待って|待った|訂正|すみません|すいません|失礼|ごめん|やはり|やっぱり|撤回|再考"
    r"|아니[,. ]|아니다|아니요|잠깐|잠시만|정정|죄송|미안|다시 (?:보니|생각)|취소|실은|사실은"
    r"|انتظر|مهلا|تصحيح|عفو|آسف|أسف|معذرة|في الواقع|في الحقيقة|रुक|ठहर|सुधार|क्षमा|माफ|दरअसल|वास्तव में"
)
_CLAUSE = lazily(r"(?:\A|[.!?;:。！？；：，,、)\]—–\n-])[\s*_~#>\"'“(—–-]{0,6}")
_AT_START = lazily(rf"(?:(?:and|but|oh|well|ok|okay|mais|aber|pero|но|但|但是)[,，]?\s)?(?:{_TURNS})", re.IGNORECASE)
# Anywhere after the verdict.
_AT_ONCE = lazily(
    r"[\s.!*_`\"'”’)\]]{0,12}(?:\^|but\b|however\b|though(?=,)|though honestly|aunque\b|bien que\b|yet\b|still\b"
    r"|not (?:really|quite|so|exactly|at all|any)\b|or not\b|or (?:rather|is|maybe|perhaps)\b|minus\b|plus\b|less\b"
    r"|appended\b|inserted\b|time to\b"
    r"|negative\b|psych\b|except\b|then\b|p\.?\s?s\b\.?|n\.?b\b\.?|aber\b|jedoch\b|mais\b|cependant\b|pero\b"
    r"|mas\b|но\b|однако|但|不过|可是|しかし|でも|ただし|하지만|그러나|لكن|लेकिन|पर\b)",
    re.IGNORECASE,
)
"""What, as the first word after a verdict, speaks against it."""
_BEGINNING = lazily(r"(?:\A|\n|[.!?…]\s)[\s*_#>•(\[\"'“-]{0,8}")
_UNUSUAL_START = lazily(
    r"(?:"
    # A word that points back, an order, a turn: an explanation begins with what it explains.
    r"that(?:['’]s|\s(?:is|was|last))\s(?!because|since|due|why|what the (?:reference|question|key))|(?:(?:this|that"
    r"|the) last|whoever)\b"
    r"|(?:this|these|those|it)(?:['’]s|\s(?:is|was)\s(?!because|since|due|why|the (?:same|correct|right|exact"
    r"|reference)|correct|right|equivalent|identical|exactly|also|consistent|wrong|incorrect|not the|supported"
    r"|a\b|an\b|fully|clear|well|in line|within|accurate|complete|short|long|too|more|less|only|missing|off|what the "
    r"(?:reference|question|key))|\s(?:should|would|could|might|will|can|must|one|verdict|score|grade|rating|label"
    r"|line)\b)"
    r"|(?:call it|see my|belay|stop|stay|refer|reread|re-read|recheck|revisit|recount|forget|deduct|subtract|add|count"
    r"|treat|take|lower|raise|drop|change|make|replace|read"
    r"|use|put|skip|cancel|delete|remove|swap|flip|reverse|set|reset|adjust|revise"
    r"|pretend|imagine|suppose|mark|grade|record|book|enter|switch|turn|undo|void|give|consider (?:it|this|that)|do"
    r" not|don['’]t|please|let|note to|bear|kindly|strike|scrap|amend|discard|dismiss|toss)\b"
    r"|(?:unfortunately|sadly|alas|honestly|frankly|admittedly|regrettably|suddenly|now|later|afterwards|again"
    r"|nevertheless|nonetheless|conversely|alternatively|technically|arguably|perhaps|maybe|possibly"
    r"|probably|turns out|come to|looking|checking|seeing|reading|upon|one more|another look|second look|after (?:all"
    r"|a|an|re|further|closer|having)|on that|in hindsight|in retrospect|joking|kidding|just kidding|jk|lol|ha\b|darn"
    r"|damn|shoot|argh|gosh|my god|omg"
    r"|okay|ok|alright|all right|yikes|bah|um+|eh|ehm|er|hm)\b"
    r"|(?:final|new|second|other|revised|true|real|actual|proper|corrected|overall)(?:\s\w{1,10}){0,2}\s?:"
    r"|(?:evaluator|judge|grader|reviewer|rater)\s?(?:\d|two|b\b|#)|(?:you|your|we)\b|i['’](?:d|ll|m|ve)\b"
    r"|i\s(?!(?:also\s)?(?:considered|compared|checked|verified|reviewed|evaluated|assessed|examined|based|found|chose"
    r"|gave|awarded|selected|assigned|rated|judged|graded|marked|am confident|believe|accept|agree|counted|treated"
    r"|ignored|looked|took|deducted|removed|subtracted|see no|find|could not find|did)\b))",
    re.IGNORECASE,
)
_UNUSUAL_FIRST = (
    "stop|stay|refer|reread|re|recheck|revisit|recount|"
    "that|this|whoever|these|those|it|call|see|belay|forget|deduct|subtract|add|count|treat|take|lower|raise|drop|"
    "change|make|replace|read|use|put|skip|cancel|delete|remove|swap|flip|reverse|set|reset|adjust|revise|"
    "pretend|imagine|suppose|mark|grade|record|book|enter|switch|turn|undo|void|give|consider|do|don|please|"
    "let|note|bear|kindly|strike|scrap|amend|discard|dismiss|toss|unfortunately|sadly|alas|honestly|frankly|"
    "admittedly|regrettably|suddenly|now|later|afterwards|again|nevertheless|nonetheless|conversely|"
    "alternatively|technically|arguably|perhaps|maybe|possibly|probably|turns|come|looking|checking|seeing|"
    "reading|upon|one|another|second|after|on|in|joking|kidding|just|jk|lol|ha|darn|damn|shoot|argh|gosh|my|"
    "omg|okay|ok|alright|all|yikes|bah|um|umm|eh|ehm|er|hm|final|new|other|revised|true|real|actual|proper|"
    "corrected|overall|evaluator|judge|grader|reviewer|rater|you|your|we|i"
)
_UNUSUAL_WORDS = frozenset(_UNUSUAL_FIRST.split("|"))
"""The words with which such a sentence begins."""
_WORD = lazily(r"[^\W\d_]+")
_PLEASANTRY = Screened(
    "let me know|feel free|i hope|that is|that's|that’s|thank|happy",
    r"\b(?:please )?(?:let me know|feel free|i hope (?:this|that|it)|that(?: is|['’]s) (?:all|it|my \w+)|thank(?:s|"
    r" you)|happy to|i(?:['’]m| am) happy)\b[^.!\n]{0,80}[.!]?",
)
_CURT = lazily(r"[\s.!*_`\"'”’)\]}>$]{0,16}(?<=\s)[A-Za-zÀ-ÿ'’]{1,14}(?:\s[A-Za-zÀ-ÿ'’]{1,14})?(?:[.!,;]|\s*$)")
"""An exclamation: a few words that end a clause."""
_EXPLAINS = lazily(
    r"mediocre|flawless|decent|average|thorough|shallow|detail|brief|useful|helpful|generic|other|careful|careless"
    r"|antwort|réponse|respuesta|resposta|risposta|gut|bon|buen|boa|klein|equal|equivalen|identical|same|match|correct"
    r"|wrong|right|true|false|accura|value|unit|year|date|name|answer"
    r"|respon|referenc|support|complete|missing|error|mistake|differ"
    r"|agree|explan|reason|confiden|high|low|medium|good|great|excellent|solid|clear|strong|weak|poor|vague|fine|end"
    r"|done|over|all|also|both|neither|well|first|second|finally"
    r"|overall|therefore|thus|hence|because|since|while|although|though|here|there|in |for |step|despite|given|as |by "
    r"|to |however|moreover|furthermore|additionally|specifically"
    r"|unlike|similarly|according|assistant|concise|short|long|off.topic|tie|nothing|no |none|only|score|perfect|exact"
    r"|semantic|numeric|round|partial|close|ok\b|yes",
    re.IGNORECASE,
)
_FALLS_SHORT = Screened(
    "itself|fail|miss|lack|omit|contradict|confus|disagree|mismatch|unacceptable|cannot|can't|can’t|off|wrong|false"
    "|incomplete|inaccurate|not |n't|n’t|differ|should have|other way|opposite",
    r"\b(?:itself is (?:poor|bad|weak)|fails?|miss(?:es|ed)|lacks|omits|contradicts|confuses|disagrees|mismatch\w*"
    r"|unacceptable|cannot (?:stand|be"
    r"|accept)|can['’]t (?:stand|be|accept)|(?:is|are|was) (?:\w+ )?(?:off|wrong|false|missing|different|incomplete"
    r"|inaccurate)"
    r"|does(?: not|n['’]t) (?:match|agree|hold|follow|equal|fit|answer|address|count)|differs?\b|should have been|the"
    r" other way|the opposite)",
)
"""What speaks against an answer that was called correct, if nothing softens it."""
_HOW_IT_SHOULD_BE = lazily(
    r"(?:it|this|that)\s(?:should|would|could|must|is|was)$|unfortunately$|sadly$", re.IGNORECASE
)
"""What is said of an answer that was called incorrect, and of how it should be."""
_SOFTENED = lazily(
    r"\b(?:no|not|nothing|none|never|neither|nor|without|although|though|while|but|however|even|despite|minor"
    r"|slight\w*|small|only|tiny|intermediate|typo|spelling|format\w*|style|wording|word|order|notation|if|whether"
    r"|would|unit|yet|irrelevant|trivial)\b(?! (?:match|agree|hold|follow|equal|fit|answer|address|count))",
    re.IGNORECASE,
)
_ADMITTED = (
    Screened(
        "my |the |a |an ",
        r"\b(?:my|the|a|an) (?:corrected|revised|new|actual|real|true|own|amended|updated) (?:verdict|view|opinion"
        r"|grade|score|rating|judge?ment)\b",
        also="verdict|view|opinion|grade|score|rating|judgement|judgment",
    ),
    Screened(
        "deserve|merit|earn|warrant|mea culpa",
        r"\bdo(?:es)?(?: not|n['’]t) (?:deserve|merit|earn|warrant)\b|\bmea culpa\b",
    ),
    Screened(
        "i had|i have|i did|planted|smuggled|forged|faked|spoofed|second |next |following |later |other ",
        r"\bi (?:had|have|did)(?: not|n['’]t)\b|\b(?:planted|smuggled|forged|faked|spoofed) (?:this|that|it)\b"
        r"|\b(?:second|next|following|later|other) (?:verdict|score|grade|rating|judge?ment)\b",
    ),
    Screened(
        "swapped|reversed|switched|mixed",
        r"\b(?:labels?|letters?|names?)\s(?:(?:are|is|were|was|got|have been|had been|above|here)\s){0,2}"
        r"(?:swapped|reversed|switched|mixed)\b"
        r"|\bi (?:had |have )?(?:swapped|switched|mixed up) (?:the|my) (?:labels?|letters?|names?)\b",
    ),
    Screened("quoted|copied|pasted", r"\b(?:quoted|copied|pasted) (?:from|out of)\b"),
    Screened("point|mark", r"\b(?:one|two|three|four|five|\d) (?:points?|marks?) (?:less|fewer|lower|more|higher)\b"),
    Screened(
        "retract|withdr|rescind|revok|overrul|supersed|void|cancel|undecided|unsure|not sure|not certain|ly sure|ly"
        " certain|quite sure|so sure|too sure",
        r"\b(?:retract|withdr[ae]w|rescind|revok|overrul|supersed)\w*\b|\b(?:void|cancel\w*|undecided|unsure|not "
        r"(?:\w{3,9} )?(?:sure|certain))\b",
    ),
    Screened("notice|spotted|realis|realiz", r"\b(?:notice[ds]?|spotted|realis\w+|realiz\w+) (?:the|that|an?|my)\b"),
    Screened(
        "i |i'|i’",
        r"\bi(?:['’](?:ve|d|m|ll))?\s(?:\w{1,12}\s){0,3}?(?:wrong|mistaken|misread\w*|misjudg\w*|misunderst\w*"
        r"|miscount\w*|overlook\w*"
        r"|missed|mixed|confus\w*|erred|err|too|meant|mean|retract\w*|withdraw\w*|take|reconsider\w*|lower\w*|raise"
        r"|rather|disagree|doubt|regret|revis\w*"
        r"|correct (?:myself|my|that|this)|changed?|no longer|do(?:n['’]t| not)\s(?:follow|accept|agree|share|adopt"
        r"|endorse|stand)|now|looked at"
        r"|slipped|mistyped|forgot|swapped|reversed|hasty)\b|\bi (?:may|might|must|could) have\b",
    ),
    Screened(
        "mixed up|mixing up|on second|on further|on reflection",
        r"\b(?:mixed|mixing) up\b|\bon (?:second|further) (?:thoughts?|look|consideration)\b|\bon reflection\b",
    ),
    Screened(
        "verdict|grade|score|rating|judgement|judgment|label|decision|that is|that was|this is|this was|it is|it was",
        r"(?:\b(?:that|this|the|my|above)\s(?:\w{1,9}\s){0,2}?(?:verdict|grade|score|rating|judge?ment|label|decision)"
        r"|\b(?:that|this|it)\s(?:was|is))\s(?:\w{1,8}\s){0,3}?"
        r"(?:wrong|mistaken|a mistake|an error|a typo|too (?:high|low|generous|harsh|strict|lenient)|incorrect|not"
        r" right|reversed|void|invalid|premature"
        r"|superseded|withdrawn|retracted|in error|should)",
    ),
    Screened(
        "first |initial |previous |earlier ",
        r"\b(?:first|initial|previous|earlier) (?:verdict|score|grade|rating|impression|judge?ment) ",
    ),
    Screened(
        "scratch |strike |disregard |ignore |make that|make it|change |switch |revise |correct |update ",
        r"\bscratch that\b|\bstrike that\b|\b(?:disregard|ignore) (?:that|this|the above|my)\b"
        r"|\bmake (?:that|it) (?:an? )?(?:\d|zero|one|two|three|four|five|six|seven|eight|nine|ten)\b"
        r"|\b(?:change|switch|revise|correct|update) (?:that|it|this|my) (?:to|\w+ to)\b",
    ),
)
_REMARKED = Screened(
    "above|previous |earlier |first |said |inject|attack|attempt|part of|s what |e what |s which |e which |from the"
    "|the candidate|the response'|the assistant'"
    "|the model'|response’|model’|assistant’|not mine",
    r"\b(?:that|this|the|above)\s(?:\w{1,9}\s){0,2}?(?:is|was|were|comes|came)\s(?:\w{1,8}\s){0,3}?(?:not mine|from"
    r" the|the candidate|what the (?:candidate|response|user|text|prompt|student|model)|what assistant)"
    r"|\b(?:above|previous|earlier|first|said) (?:line|verdict|score|grade|rating|label|output|statement) (?:is|was"
    r"|should|must|does|comes|came|has|stands|stood)\b"
    r"|\b(?:verdict|score|grade|rating|line|output|statement) above\b|\bprompt[- ]injection|\binjected\b"
    r"|\bis an? (?:injection|attack|attempt)|\b(?:is|was|were|are) (?:part of|(?:what|which) (?:the (?:candidate"
    r"|response|user|text|prompt|student|answer|model|solution)|assistant)|from the (?:candidate|response)|the "
    r"(?:candidate|response|assistant|model)['’]s (?:line|text|words|own))",
    also="line|verdict|score|grade|rating|label|output|statement|inject|attack|attempt|part|is |was |were|are |comes"
    "|came",
)
"""What is said of a line that was quoted; where there is a quotation after the verdict, it is said of that."""
_FOREIGN = Screened(
    "me retract|ich habe|ich meinte|ich lag|ich nehme|verlesen|geirrt|mein fehler|je me|je voul|erreur|je retire"
    "|equivoqu|quise"
    "|mi error|retiro|enganei|quis |meu erro|sbagliat|volevo|\x80",
    r"ich (?:habe mich|meinte|lag falsch|nehme .{0,20}zurück)|verlesen|geirrt|mein fehler"
    r"|je me suis tromp|je voulais dire|erreur de ma part|je retire|me equivoqu|quise decir|mi error|retiro|me enganei"
    r"|quis dizer|meu erro|mi sono sbagliat|volevo dire"
    r"|ошибся|ошиблась|ошибаюсь|я имел[аи]? в виду|передумал|моя ошибка|беру .{0,12}назад"
    r"|判错|判錯|刚才|剛才|取り消|言い直|やり直|me retract|看错|看漏|漏看|搞错|弄错|说错|我错|判断错|看錯|搞錯|應為"
    r"|应为|应该是|應該是|应改|改为|改為|应当是|撤回"
    r"|間違えました|間違えて|見間違|見落とし(?:て|まし)|言い間違|訂正|撤回|ではなく|다시 보니|잘못 봤|잘못 읽|착각|제"
    r" 실수|정정|판정을 (?:취소|바꾸|철회|변경)"
    r"|أخطأت|أقصد|قصدت|أتراجع|मुझसे|मेरी (?:गलती|ग़लती)|मेरा मतलब|गलत पढ़",
)
_SENTENCE = lazily(r"[.!?;。！？；]\s|[。！？；]|\n\s*\n")


def taken_back(text: str, end: int, *, quoting: bool = False, decision: str = "") -> bool:
    """Whether what follows a verdict says that it was a mistake, a quotation, or not meant.

    Args:
        text: The text.
        end: Where the verdict ends.
        quoting: Whether something is quoted after the verdict, so that a remark on a line is about that.
        decision: The verdict, to know what confirms it.
    """
    after = text[end:]
    if not _INK.search(after):
        return False
    low = lowered(after)
    if _PLEASANTRY.fits(low):
        after = _PLEASANTRY.pattern.sub(" ", after)
        low = lowered(after)
    if decision == "correct" and _falls_short(after, low):
        return True
    patterns = (*_ADMITTED, _FOREIGN) if quoting else (*_ADMITTED, _FOREIGN, _REMARKED)
    if _AT_ONCE.match(after) or any(pattern.search(after, low) for pattern in patterns):
        return True
    unusual = _first(_BEGINNING, _UNUSUAL_START, after, words=_UNUSUAL_WORDS)
    if unusual and not (decision == "incorrect" and _HOW_IT_SHOULD_BE.search(unusual[0].rstrip())):
        return True
    turn = _first(_CLAUSE, _AT_START, after)
    return _exclaimed(after) if turn is None else not _confirmed(after, turn, decision)


def _exclaimed(after: str) -> bool:
    curt = _CURT.match(after)
    return bool(curt and not _EXPLAINS.search(curt[0]))


def _confirmed(after: str, turn: re.Match[str], decision: str) -> bool:
    """Whether a second look comes to what was said at first."""
    rest = after[turn.end() :]
    confirmed = _CONFIRMED.search(rest) or (decision == "correct" and _AGREES.search(rest))
    return bool(confirmed and _LOOKS.search(turn[0]) and not _CONTRARY.search(rest))


def _falls_short(after: str, low: str) -> bool:
    return _FALLS_SHORT.fits(low) and any(
        _FALLS_SHORT.pattern.search(one) and not _SOFTENED.search(one) for one in _SENTENCE.split(after)
    )


def _first(
    positions: re.Pattern[str], pattern: re.Pattern[str], text: str, words: frozenset[str] = frozenset()
) -> re.Match[str] | None:
    """Return the first match of a pattern that begins where one of the places ends.

    Args:
        positions: What stands before a match.
        pattern: The pattern.
        text: The text.
        words: Words with one of which a match begins, where they are known.
    """
    for place in positions.finditer(text):
        word = _WORD.match(text, place.end())
        if words and (word is None or word[0].lower() not in words):
            continue
        match = pattern.match(text, place.end())
        if match is not None:
            return match
    return None


_INK = lazily(r"[^\W_]")
_LOOKS = lazily(r"(?:wait|actually|hmm+|let me \w+|hold on|rechecking|re-checking)$", re.IGNORECASE)
_CONFIRMED = lazily(r"\b(?:yes|still|confirm\w*|stands|holds|as before|remains)\b", re.IGNORECASE)
_AGREES = lazily(r"\b(?:equal|equivalent|same|match(?:es)?|agrees?)\b", re.IGNORECASE)
_CONTRARY = lazily(r"\b(?:not|no|but|however|differs?|different|wrong|never|though|except)\b|n['’]t\b", re.IGNORECASE)

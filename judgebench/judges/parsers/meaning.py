"""What the words next to a statement make of it: another's words, a condition, the contrary."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from judgebench.judges.parsers.lazy import lazily

_SPOKEN = lazily(
    r"\b(?:the|this|that|an?|another|other|assistant|its|their)?\s?(?:candidate|responses?|answers?|assistants?|users?"
    r"|students?|submission|text|prompt|system|machine|participant"
    r"|instructions?|examples?|format|model|solution|author|judge|grader|injection|attacker|he|she|they|it)(?:['’]s)?"
    r"(?:\s\w{1,12}){0,3}?\s"
    r"(?:wrote|writes?|writing|written|says?|said|saying|contains?|contained|includes?|included|claims?|claimed"
    r"|claiming|ends? with|ended with|asks?|asked"
    r"|asking|tells?|told|tries|tried|clos(?:es|ed)|conclud(?:es|ed)|finish(?:es|ed)|begins?|starts?|opens?|puts?"
    r"|inserted|inserts|adds|added|requests?|requested|demands?|demanded|instructs?|instructed|prints?|had"
    r"|smuggled?|quotes?|quoted|wants?|wanted|suggests?|suggested|begs?|orders?|pretends?|declares?|declared|awards?"
    r"|awarded|gives? (?:it|them)sel\w+|appended|appends|(?:grades?|rates?|scores?|judges?) (?:it|him|her|them)sel\w+"
    r"|printed|outputs?|emitted|emits|produced|returned|generated"
    r"|signs|signed)\b"
    r"|\b(?:told|instructed|ordered|supposed|requested|prompted|urged|invited|asked) to\b"
    r"|\baccording to\b|\bas requested\b|\bquot(?:e|ed|ing)\b|\binstead of\b"
    r"|(?:考生|候选|回答|作答|学生|考生|模型|答案)[^。\n]{0,12}(?:写|说|要求|声称|包含|称)|(?:kandidat|antwort)\w*\s"
    r"(?:\w+\s){0,2}?(?:schreibt"
    r"|schrieb|sagt|behauptet|enthält|verlangt)"
    r"|(?:candidat|réponse)\s(?:\w+\s){0,2}?(?:écrit|dit|prétend|contient|demande)|(?:candidat[oa]|respuesta"
    r"|resposta)\s(?:\w+\s){0,2}?(?:escrib|dice|afirma|contiene|escrev|diz|cont)"
    r"|(?:кандидат|ответ)\s(?:\w+\s){0,2}?(?:пишет|написал|говорит|утверждает|содержит|просит)|(?:回答"
    r"|候補)[^。\n]{0,10}"
    r"(?:書|主張|含)|(?:응답|답변|후보)[^.\n]{0,12}(?:쓰|적|주장|포함)",
    re.IGNORECASE,
)
_OWN = lazily(
    r"\b(?:my|here is|here['’]s|therefore|thus|hence|so|final|evaluation|conclude|i|overall|which (?:makes|means"
    r"|gives))\b",
    re.IGNORECASE,
)
_LABELLED = lazily(
    r"^(?:\w+\s)?(?:examples?|samples?|template|format|schema)\s?:$|^(?:the\s)?(?:candidate|response|student|assistant(?:"
    r" \w)?|submission|user|model|example)(?:['’]s)?(?:\s(?:text|answer|words|line|reply|output|response|note))?\s?:$"
    r"|^(?:the\s)?(?:submission|response|text|answer|transcript|excerpt|quotation|quote|student['’]s \w+"
    r"|candidate['’]s \w+) (?:under (?:review|test)|to be (?:judged|graded)|in question|reads|begins|ends|follows):$"
    r"|\b(?:words?|text|line|sentence|phrase|string|message|following|example|format)s?\s?:?$",
    re.IGNORECASE,
)
_CONDITION = (
    r"if|unless|conditional|contingent|save for|apart from|aside from|other than|bar\b|but for|disregarding|ignoring"
    r"|on the (?:assumption"
    r"|condition)|barring|modulo|provided|providing|assuming|supposing|as long as|so long as|given that|only if|only"
    r" when|only for|only in|in case|depending|depends|subject to|except|otherwise"
    r"|pending|when|where|falls|sofern|wenn|vorausgesetzt|si\b|s['’]il|à condition|à moins|sauf|a menos|salvo|außer|es"
    r" sei denn|разве что|除非|pourvu|siempre que|se\b|desde que|caso\b|если|при условии|如果|若|假如|もし|만약|إذا"
    r"|यदि|अगर"
)
_CONDITIONAL_LEAD = lazily(rf"^\W*(?:{_CONDITION}|were|had|should)(?=\W|[^\x00-\x7f])", re.IGNORECASE)
_CONDITIONAL = lazily(
    rf"[ \t,，、;(（—–-]{{0,5}}(?:but |and |yet |though )?(?:only )?(?:{_CONDITION})(?=\W|[^\x00-\x7f])", re.IGNORECASE
)
_NEGATED = lazily(
    r"(?:\b(?:not|never|no|without|nor|neither|cannot|can['’]t|won['’]t|don['’]t|isn['’]t|wouldn['’]t|nicht"
    r"|kein\w{0,2}|pas|нет|не)|不是|不|别)"
    r"(?:\s(?:give|write|say|answer|output|print|call|be|a|an|the|it|this|grade|pick|choose|go with|support|justify"
    r"|return|quite|really|select|read)){0,3}[\s*_`\"'(\[{<$\\-]*$",
    re.IGNORECASE,
)
_UNDONE = lazily(
    r"[ \t\"'”’`*_~)\]}>.,;:$\\-]{0,8}(?:(?:(?:is|was|are|were|does|did|do|has|have|will|would|should|could|can|must"
    r"|may|might)(?:\s(?:\w{1,9}\s)?(?:not|never|no|what|in|from|part|wrong|hardly|false|mistaken|too|written|quoted"
    r"|the (?:candidate|response|wrong)|be|have|stand|his|her|their|a quote|an injection|out))|\w{2,6}n['’]t)\b"
    r"|(?:would|could|might|may|should)\b"
    r"|(?:writes|wrote|says|said|claims|claimed|reads|read)\s(?:the|a|one|its)\b|(?:they|some|he|she|you|it) (?:says?"
    r"|claims?|writes?|wrote|said)\b|(?:appears|stands|stood|occurs"
    r"|appeared|comes|came)\b|(?:in|at|from) (?:the|its|his|their) (?:\w+ )?(?:candidate|response|answer|submission"
    r"|text|output|instruction)"
    r"|it (?:is not|isn['’]t)\b|と(?:書|あり|い)|라고|とある|ist nicht|n['’]est pas|no es|не является|不成立|不适用)",
    re.IGNORECASE,
)
_SENTENCE = lazily(r"[.!?;。！？；]\s|[。！？；]|\n\s*\n")
_WINDOW = 200

Meaning = Literal["", "quoted", "negated", "conditional"]
"""What the words next to a statement make of it; empty where they leave it the judge's own."""


def not_meant(text: str, start: int, end: int, *, line: bool = False) -> Meaning:
    """What the words next to a statement make of it: another's words, the contrary, a condition, or nothing of these.

    Args:
        text: The text.
        start: Where the statement starts.
        end: Where it ends.
        line: Whether it starts a line, so that only a line before it that leads to it is about it.
    """
    before = text[max(0, start - _WINDOW) : start]
    lead = before.rstrip(_MARKS)
    line = line or not lead or lead.endswith("\n")
    meaning = (_carried_on(before) or _led_to(before)) if line else _introduced(before)
    if not meaning and not line and _NEGATED.search(before[-60:]):
        meaning = "negated"
    if meaning:
        return meaning
    if _UNDONE.match(text, end):
        return "negated"
    closed = _closed(text, end)
    return "conditional" if text[closed : closed + 1] in ("?", "？") or _CONDITIONAL.match(text, closed) else ""


def _carried_on(before: str) -> Meaning:
    """What a sentence or a word that breaks off at the end of the line before makes of what it goes on with."""
    above = before.rstrip(_WRAPPING)
    if _DENYING.search(above):
        return "negated"
    return "quoted" if _BROKEN_OFF.search(above) and _SPOKEN.search(f"{above.rstrip()} ") else ""


def _led_to(before: str) -> Meaning:
    """What the line before one that begins with a statement makes of it, if it leads there."""
    if before.endswith("\n") and before.rstrip(f"\n{_MARKS}").endswith((".", "!")) and "#" not in before:
        return ""  # a sentence that ends leads nowhere
    if _LED.search(before):
        return ""  # what it leads to is a quotation, and taken out
    lead = _OPENED_FENCE.sub("", before.rstrip(f"\n{_MARKS}")).rstrip(f"\n{_MARKS}").rpartition("\n")[2]
    if not lead or not (lead[-1] in ":：" or lead[0] in "#=*-" or lead.lower().endswith(_LEADING)):
        return ""
    headed = _HEADED.fullmatch(lead)
    labelled = _LABELLED.search(lead)
    if (headed and _LABELLED.match(f"{headed[1]}:")) or (labelled and labelled.start() == 0):
        return "quoted"
    if labelled and not _OWN.search(lead) and _SPOKEN.search(f"{lead} "):
        return "quoted"
    return _introduced(lead) if lead.endswith((":", "：")) else ""


@lru_cache(maxsize=64)
def _introduced(before: str) -> Meaning:
    """What the sentence in which a statement stands makes of it, by what stands before it.

    Small models repeat one verdict until their tokens are spent: the same words then stand before thousands of them.
    """
    lead = _SENTENCE.split(before)[-1].rpartition("\n")[2]
    if not lead:
        return ""
    labelled = _LABELLED.match(lead.rstrip())
    if labelled and labelled.end() == len(lead.rstrip()):
        return "quoted"
    spoken = list(_SPOKEN.finditer(lead))
    if spoken and not _OWN.search(lead, spoken[-1].end()):
        return "quoted"
    return "conditional" if _CONDITIONAL_LEAD.match(lead) or _ALTERNATIVE.search(lead) else ""


_WRAPPING = " \t*_`\"'“„«「>#|[({<$\\"
_DENYING = lazily(
    r"(?:\b(?:not|never|cannot|anything but|far from|nicht|kein\w{0,2}|pas)|\w[n]['’]t|不是|не)[\s*_`\"']{0,8}\n\s*$"
    r"|[^\W_]-[ \t]*\n\s*$",
    re.IGNORECASE,
)
"""A line that breaks off in a negation, or inside a word, and goes on below."""
_BROKEN_OFF = lazily(
    r"\b(?:with|by|write|writes|wrote|says?|said|saying|prints?|printed|outputs?|claims?|claimed|states?|reads|appends"
    r"|appended|adds|added|demands?|inserts|inserted)[ \t*_`\"']{0,4}\n\s*$",
    re.IGNORECASE,
)
_MARKS = " \t*_`\"'“„«「>#|"
_LEADING = tuple(
    f"{word}{end}"
    for word in ("word", "text", "line", "sentence", "phrase", "string", "message", "following", "example", "format")
    for end in ("", "s")
)
_LED = lazily(r"[:：][ \t]{4,}\n\s*$")
_HEADED = lazily(r"\s{0,3}[#=*-][#=*\s-]{0,12}(\w[^\n]{0,40}?)[#=*\s:-]{0,12}")
_OPENED_FENCE = lazily(r"```\w{0,8}$")
_ALTERNATIVE = lazily(r"\b(?:otherwise|else|if not|or|possibly|perhaps|maybe|probably)\s?[,:]?\s*$", re.IGNORECASE)
_CLOSING = lazily(r"[\s*_`\"'”’)\]}>$]{0,8}")


def _closed(text: str, end: int) -> int:
    match = _CLOSING.match(text, end)
    return match.end() if match and "\n" not in match[0] else end


def conditional(text: str, end: int) -> bool:
    """Whether a condition follows."""
    return bool(_CONDITIONAL.match(text, end))

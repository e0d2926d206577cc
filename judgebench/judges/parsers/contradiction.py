"""Another verdict or score that is stated after the one that was read, in other words than a second verdict line.

A letter or a word that only occurs is no statement: ``Assistant B``, ``the correct answer``. What stands in a
parenthesis is an aside.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache

from judgebench.judges.parsers.lazy import lazily
from judgebench.judges.parsers.mentions import lowered
from judgebench.judges.parsers.numbers import NUMBER
from judgebench.judges.parsers.second_thoughts import taken_back

_ASIDE = lazily(r"\([^()\n]{0,300}\)|（[^（）\n]{0,300}）")
_SENTENCE = lazily(r"[.!?;]\s|[。！？；\n]")
_BEFORE_LETTER = (
    r"(?:should|must|would|to|as|then|be|is|was|means?|meant|mean|so|thus|hence|therefore|(?:i|['’]d|would|to|rather"
    r"|should) say|choose|pick|with|prefer|rather|now|no|not|lean\w*|towards?|it['’]s|that['’]s|c['’]est|instead|make "
    r"(?:it|that)|"
    r"ist|also|doch|wäre|est|donc|es|sea|ser|é|seja|это|лучше|है|for|give|verdict|grade|label|decision|winner|urteil"
    r"|veredicto|veredito|вердикт|answer|better|best|edit|correction|or)"
    r"\s?:?\s{0,2}[*_\"'`\[(]{0,4}"
)
_CJK_BEFORE = r"(?:判|是|为|為|选|選|改|판정은|판정:|は|を|：|:|->|→|⇒)\s{0,2}[*_\"'`\[(]{0,4}"
_AFTER_LETTER = (
    r"[*_\"'`\])]{0,4}\s(?:is|was|would be|seems|looks|remains|feels)\s(?:\w{2,12}ly\s|still\s|far\s|much\s|clearly\s"
    r"|in fact\s|the\s|a\s){0,3}"
    r"(?:better|best|right|correct|stronger|strongest|superior|preferable|preferred|fairer|winner|it|appropriate|apt"
    r"|justified|warranted|true|verdict)\b"
    r"|[*_\"'`\])]{0,4}\s(?:is|was|seems|looks|feels)\s(?:\w{2,12}ly\s|still\s|far\s|much\s)?(?:more|ahead|on top)\b"
    r"(?![^.\n]{0,60}\b(?:but|yet|though|however)\b)|[*_\"'`\])]{0,4}\s(?:wins|deserves|instead|applies|fits|then|it"
    r" is|beats|surpasses|outperforms|prevails|edges)\b|[*_\"'`\])]{0,4}(?:です|でした|입니다|으로|が(?:正|良|優)|更好"
    r"|更优|胜|才对|才是"
    r"|gewinnt|gagne|gana|vence|лучше)"
)
_NOUNED = lazily(
    r"(?:than|like|to|over|of|from|with|and|compared to|step|part|figure|vitamin|point|section|correct|right|reference"
    r"|gold|expected|true|key|chose|chooses|picks|selected|selects|option|options|choice)"
    r"(?:\s(?:answer|option|choice|key|one|response|assistant|solution|letter))?(?:\s(?:is|was))?\s[*_\"'`(\[]{0,3}$",
    re.IGNORECASE,
)
_ATTRIBUTE = lazily(
    r"[*_]{0,3}\s(?!(?:because|since|as|and|in|here|for|but|overall|after|due|given|on|by|at|it|instead|indeed|too"
    r"|though|although|while|so|or|with)\b)[a-zà-ÿ]"
)
_NEGATOR = lazily(
    r"\b(?:no|not|nothing|none|never|neither|nor|without|cannot|hardly|isn['’]t|aren['’]t|wasn['’]t|doesn['’]t"
    r"|n['’]t)\b|n['’]t\b",
    re.IGNORECASE,
)
_UNREAL = lazily(
    r"\b(?:if|unless|would|could|might|to be|were|whether|had|should be marked|in order|must be|needs?|for it|one"
    r" might|may|claims?|says?|states?|wrote|writes?|asks?|asked)\b",
    re.IGNORECASE,
)
_PARTIAL = lazily(
    r"\b(?:steps?|method|approach|reasoning|derivation|part|half|first|second|third|intermediate|formula|setup|idea"
    r"|calculation|working|unit|units|format|up to|until|except|apart|although|though|while|however|but|only|partly"
    r"|partially|premise|beginning"
    r"|spelling|grammar|style|name|year|date|sign|term|sentence|paragraph|line|claim|statement|number|value|which|that"
    r"|reference|last|final step|syntax|explanation|conclusion|code|citation|quote|factor|constant)\b",
    re.IGNORECASE,
)
_WHOLE = lazily(
    r"\b(?:answer|response|candidate|submission|solution|result|it|this|that|everything|all|verdict|whole|overall)\b",
    re.IGNORECASE,
)
_CONCLUDES = lazily(r"(?:hence|thus|therefore|so|overall|altogether|answer|verdict)\b", re.IGNORECASE)
_FAULT = {
    "correct": r"wrong|false|inaccurate|mistaken|erroneous|not (?:right|acceptable|accurate|equivalent|a match)"
    "|invalid|fails?|a mismatch|unacceptable",
    "incorrect": r"right|accurate|acceptable|fine|equivalent to the reference|matches|a match|true",
}
"""Other words for the contrary of a usual decision."""
_STEMS = {
    "correct": (
        *("wrong", "false", "inaccurate", "mistaken", "erroneous", "invalid", "fail", "mismatch", "unacceptable"),
        *("not right", "not acceptable", "not accurate", "not equivalent", "not a match", "n't ", "n’t "),
        *("not match", "not agree", "not hold", "not equal"),
    ),
    "incorrect": ("right", "accurate", "acceptable", "fine", "equivalent", "match", "true"),
}
"""One of these stands in each of them, and in what says that an answer does not match."""
_VERBS = (
    r"(?:is|are|was|were|be|being|been|remains|seems|looks|hence|thus|therefore|so|as|to|it|actually|answer|verdict"
    r"|grade|indeed|clearly|simply|plainly|rather|still|also|overall|altogether|→|->|=)"
)
_SCORE_STATED = lazily(
    rf"(?:\b(?:should be|would be|make (?:that|it)|(?:lower|raise|change|reduce|drop|bring|correct|revise|adjust|cut"
    rf"|bump)\w*\s(?:\w+\s){{0,4}}?to|rather|so|thus|hence|therefore|is now|now|instead|deserves|merits|worth|say|give"
    rf" it|i(?:['’]d| would)? (?:say|give|go with)|lean\w* towards?|closer to|fairer is"
    rf"|merece|vaut|mérite|verdient|eher|lieber|also|plutôt|lieber|лучше|скорее|mejor|melhor|sería|seria|wäre|serait)"
    rf"|→|->|=>|=|应为|应该是|改为|為|则为|より|修正)\s{{0,2}}(?:an?\s|only\s|just\s)?[*_\"'`\[(]{{0,4}}"
    rf"(?P<value>{NUMBER})(?![\w%])"
    rf"(?!\.\d)"
    rf"|^[\W_]{{0,12}}(?P<alone>{NUMBER})[\W_]{{0,8}}(?:/\s?\d+)?[\W_]{{0,8}}$"
    rf"|(?<=[.!?]\s)(?P<last>{NUMBER})[.!]?[ \t]*$"
    rf"|(?<![\w.])(?P<of>{NUMBER})\s{{0,2}}(?:/|out of|von|sur|de|из|分|点|점)\s{{0,2}}(?P<most>\d{{1,4}})?"
    rf"|(?<![\w.])(?P<fair>{NUMBER})\s(?:is|would be|seems|feels)\s(?:\w+\s)?(?:fairer|fair|better|right|more|correct"
    rf"|closer|appropriate|enough|the right|it)\b",
    re.IGNORECASE | re.MULTILINE,
)


def without_asides(text: str) -> str:
    """Return the text with blanks in the place of parentheses."""
    if "(" not in text and "（" not in text:
        return text
    return _ASIDE.sub(lambda match: " " * len(match[0]), text)


def other_score(text: str, end: int, score: float | None, high: float | None = None, *, parts: bool = False) -> bool:
    """Whether the text after ``end`` states another number as the score.

    Args:
        text: The text.
        end: Where the score ends.
        score: The score.
        high: Upper end of the scale, where it is known: ``4/7`` is then no score.
        parts: Whether further scores in the form ``8/10`` are those of parts.
    """
    after = text[end:]
    if not any(character.isdigit() for character in after):
        return False
    for match in _SCORE_STATED.finditer(without_asides(after)):
        written = match["value"] or match["alone"] or match["fair"] or match["last"]
        if written is None and match["of"]:
            if parts:
                continue
            if match["most"] is not None and high is not None and float(match["most"]) != high:
                continue
            if match["most"] is None and match[0].rstrip()[-1] not in "分点점":
                continue
            written = match["of"]
        if written is not None and float(written) != score:
            return True
    return False


@lru_cache(maxsize=64)
def _letter_pattern(letters: frozenset[str]) -> re.Pattern[str]:
    one = rf"(?P<{{}}>{'|'.join(re.escape(letter) for letter in sorted(letters))})"
    edge = r"(?![\w'’+-])"
    return lazily(
        rf"(?i:(?<!\w){_BEFORE_LETTER}|{_CJK_BEFORE}){one.format('led')}(?:{edge}|(?=[^\x00-\x7f]))(?!\s?[/|=<>&])"
        rf"|(?<![\w'’/|=<>]){one.format('follows')}(?i:{_AFTER_LETTER})"
        rf"|(?:[,:;—–-]|\.\.\.?|…)\s{{1,2}}{one.format('ending')}[.!]?[ \t]*$"
        rf"|^[\W_]{{0,12}}{one.format('alone')}[\W_]{{0,8}}$"
        rf"|(?i:(?:wait|no|sorry|rather|correction|edit)[\s,.:]{{1,3}}){one.format('late')}{edge}",
        re.MULTILINE,
    )


def other_letter(text: str, end: int, letters: Collection[str]) -> bool:
    """Whether the text after ``end`` states one of the letters, written as declared, as a verdict."""
    after = text[end:]
    if not letters or not any(letter in after for letter in letters):
        return False
    after = without_asides(after)
    for match in _letter_pattern(frozenset(letters)).finditer(after):
        group = match.lastgroup or "led"
        if group in {"led", "follows"} and _NOUNED.search(after, max(0, match.start(group) - 40), match.start(group)):
            continue
        return True
    return False


@lru_cache(maxsize=64)
def _word_pattern(own: frozenset[str], others: frozenset[str]) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """Return the pattern, and words of which each of its matches holds one."""

    def alternatives(words: frozenset[str], contrary: frozenset[str]) -> str:
        listed = [re.escape(word) for word in sorted(words, key=len, reverse=True)]
        listed += [_FAULT[word] for word in contrary if word in _FAULT]
        return "|".join(listed) or r"(?!)"

    unmatched = "does(?: not|n.t) (?:match|agree|hold|equal)|fails" if "correct" in own else "(?!)"
    stems = {*own, *others, *(stem for word in (*own, *others) for stem in _STEMS.get(word, ()))}
    pattern = lazily(
        rf"(?:(?<!\w){_VERBS}|:)[\s*_\"'`]{{1,3}}(?:\w{{2,12}}ly\s|an?\s|simply\s|still\s|indeed\s|also\s|just\s|in"
        rf" fact\s|not\s|no\s|therefore\s){{0,3}}[*_\"'`\[]{{0,4}}"
        rf"(?:(?P<other>{alternatives(others, own)})|(?P<own>{alternatives(own, others)}))(?!\w)"
        rf"|(?<!\w)(?P<other_verb>{unmatched})(?!\w)",
        re.IGNORECASE,
    )
    return pattern, tuple(sorted(stems))


def other_word(text: str, end: int, *, own: Collection[str], others: Collection[str]) -> bool:
    """Whether the text after ``end`` says of the whole that it is another word, or is not its own word.

    Args:
        text: The text.
        end: Where the verdict that was read ends.
        own: Words, in lower case, for the verdict that was read.
        others: Words for every other one.
    """
    after = text[end:]
    low = lowered(after)
    if not others:
        return False
    pattern, stems = _word_pattern(frozenset(own), frozenset(others))
    if not any(stem in low for stem in stems):
        return False
    binary = len(others) == 1
    for sentence in _SENTENCE.split(without_asides(after)):
        stated = list(pattern.finditer(sentence))
        last = stated[-1] if stated else None
        if last is None or _UNREAL.search(sentence[: last.end()]):
            continue
        if last["own"] is None and last["other_verb"] is None and _ATTRIBUTE.match(sentence, last.end()):
            continue
        negated = bool(_NEGATOR.search(sentence, 0, last.end())) and not last["other_verb"]
        other = last["own"] is None
        if other == negated and not (negated and not other and binary):
            continue
        if "incorrect" in own and not _WHOLE.search(sentence, 0, last.start()) and not _CONCLUDES.match(last[0]):
            continue
        if _PARTIAL.search(sentence) and not _CONCLUDES.match(last[0]):
            continue
        return True
    return False


class Undoing:
    """Whether what follows a verdict undoes it: takes it back, or states another one.

    Args:
        decisions: Decision by what is written for it.
    """

    def __init__(self, decisions: Mapping[str, str]) -> None:
        names = [*decisions.items(), *((decision, decision) for decision in decisions.values())]
        self._letters: dict[str, set[str]] = {decision: set() for decision in decisions.values()}
        self._words: dict[str, set[str]] = {decision: set() for decision in decisions.values()}
        for written, decision in names:
            if len(written) == 1 and written.isalpha():
                self._letters[decision].add(written)
            elif re.search(r"[^\W\d_]{2}", written):
                self._words[decision].add(written.lower())
        self._others: dict[str, frozenset[str]] = {}
        self._denials: dict[str, re.Pattern[str]] = {}
        for decision, letters in self._letters.items():
            other = {letter for one in self._letters for letter in self._letters[one] if one != decision}
            self._others[decision] = frozenset(other - letters)
            capitals = [
                re.escape(one)
                for one, known in decisions.items()
                if known != decision and len(one) > 1 and one.isupper()
            ]
            own = "|".join(re.escape(letter) for letter in sorted(letters))
            parts = (
                [rf"(?i:(?<!\w)(?:not|nicht|pas|не)\s{{1,2}}|不是)[*_\"'`]{{0,2}}(?:{own})(?![\w'’])"] if own else []
            )
            parts += [rf"(?<![\w-])(?P<capitals>{'|'.join(capitals)})(?![\w-])"] if capitals else []
            if parts:
                self._denials[decision] = lazily("|".join(parts))

    def found(self, text: str, end: int, decision: str, *, quoting: bool = False) -> bool:
        """Whether it does, for the decision that was read up to ``end``; ``quoting`` as for ``taken_back``."""
        if end >= len(text) or not _INK.search(text, end):
            return False
        own = self._words.get(decision, set())
        words = {word for one, known in self._words.items() if one != decision for word in known}
        return (
            taken_back(text, end, quoting=quoting, decision=decision)
            or other_letter(text, end, self._others.get(decision, frozenset()))
            or self._denied(text, end, decision)
            or other_word(text, end, own=own, others=words)
        )

    def _denied(self, text: str, end: int, decision: str) -> bool:
        """Whether the own letter is negated, or another word stands there in capitals, as it was declared."""
        pattern = self._denials.get(decision)
        if pattern is None:
            return False
        after = without_asides(text[end:])
        return any(
            not (
                match.lastgroup == "capitals"
                and (_ATTRIBUTE.match(after, match.end()) or _NOT_OF_IT.search(after, 0, match.start()))
            )
            for match in pattern.finditer(after)
        )


_NOT_OF_IT = lazily(
    r"(?:\b(?:not|never|no|nicht|pas|не)|\b(?:reference|gold|expected|key|nothing|none)\b[^.\n]{0,30}\b(?:is|was|as"
    r"|are))\s{1,2}[*_\"'`]{0,2}$",
    re.IGNORECASE,
)
_INK = lazily(r"[^\W_]")

"""Finds the places where a text states a verdict, as opposed to mentioning a letter or a word.

A statement has one of a few written forms. Mentions in prose, questions, conditions, negations and quotations are no
statements. All repetition in the patterns is bounded and every look around a match is short, so that a scan takes time
linear in the text, whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from judgebench.judges.grammars.mentions import Line, Lines, folded

_NOUN = (
    "verdict|grade|grading|judgement|judgment|decision|ruling|label|classification|conclusion|assessment|evaluation"
    "|correctness|result|veredicto|veredito|urteil|verdetto|вердикт"
    "|최종 판정|판정|最终判定|最終判定|判定|结论|結論|裁决|评判结果"
)
_MENTIONS = (*_NOUN.split("|"), "[[")
"""Without any of these in it or in the line above it, only the first and the last line can state a verdict."""
_SENTENCE_NOUN = r"verdict|grade|judge?ment|decision|ruling|label|classification"
_LEAD = r"(?:(?:so|thus|therefore|hence),?\s{1,2})?(?:(?:my|the|our|final|overall)\s{1,2}){0,3}"
_DECORATION = r"[\s#*_>`\"'{•–—-]{0,12}"
_SEPARATOR = r"[\s*_`\"'”’]{0,6}(?::|=>|->|→|=|\s[–—-]\s|\bis\b:?|为|是)"
_WRAP = (
    r"[\s*_`\"'“”‘’\[({<$【「]{0,8}(?:<(?:verdict|grade|answer)>)?"
    r"(?:\\boxed\s?\{\s?)?(?:\\(?:text|textbf|mathrm|mathbf)\s?\{\s?)?[*_\"']{0,2}"
)
_UNWRAP = re.compile(r"[\s*_`\"'“”‘’\])}>$】」]{0,10}(?:</\w{1,10}>)?[\s*_`\"'$]{0,4}")
_UNWRAP_TIGHT = re.compile(r"[*_`\"'”’\])}>$】」]{0,8}(?:</\w{1,10}>)?")
_DOUBT = re.compile(
    r"[\s,;:.*_(–—-]{0,6}(?:or|and|if|unless|when|but|however|except|though|although|only|partial\w{0,2}|partly|mostly"
    r"|otherwise|vs|versus|not|isn|almost|nearly)\b",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"\b(?:if|or|whether|unless|either|would|could|might|may|should|must|not|never|cannot|when|whenever|between|neither"
    r"|reply|respond|write|output|print|answer with|end with|initial|initially|preliminary|previous|tentative|earlier"
    r"|reference|gold|expected|example|asked|instructions?|possible|your|claims?|says?|said)\b|n['’]t\b|\bno\b",
    re.IGNORECASE,
)
_HEDGE_WORDS = (
    "if|or|whether|unless|either|could|might|may|should|must|not|n't|n’t|never|cannot|when|between|neither|reply|respond"
    "|write|output|print|answer with|end with|initial|prelim|previous|tentative|earlier|reference|gold|expected|example"
    "|asked|instruction|possible|your|claim|say|said|would|no"
)
_HEDGES = _HEDGE_WORDS.split("|")
"""Each hedge holds one of these; looking for them first is a hundred times faster than the pattern."""
_ANOTHERS = re.compile(r"(?:\w['’]s?|\b(?:their|its|his|her))\s(?:\w{1,12}\s){0,2}$", re.IGNORECASE)
_WRONG = re.compile(
    r"\b(?:that|this|it|verdict)(?:['’]s|\sis|\swas)\s(?:wrong|not right|a mistake|an error)"
    r"|\bthe (?:opposite|other way)",
    re.IGNORECASE,
)
_QUOTES = "\"'`“‘«「"
_TAKEN_BACK = re.compile(
    r"(?:^|[.!?,\n)—–-])\s{0,4}(?:\W{0,4})(?:(?:oh|hmm|no|but|well),?\s{1,2})?"
    r"(?:wait|actually|correction|on second thoughts?|hold on|scratch that|sorry|i take (?:it|that) back|i was wrong"
    r"|i made (?:a mistake|an error)|let me (?:re-?consider|re-?check|correct|revise)|no,|hmm|edit:|update:|rather,)",
    re.IGNORECASE,
)
# One character for one character, so that positions stay those of the reply: full-width forms, odd spaces, full stop.
_PLAIN: dict[int, int | str] = {
    **{0xFF01 + offset: 0x21 + offset for offset in range(94)},
    **dict.fromkeys((0x200B, 0x200C, 0x200D, 0xFEFF, 0xA0, 0x3000), " "),
    0x3002: ".",
}
_BESIDE = re.compile(r"[^\w\n]{1,8}")
_WINDOW = 160


class Statement(NamedTuple):
    """A verdict as stated at one place.

    Attributes:
        label: What it means; ``None`` where a verdict line holds something that is no label.
        written: What stands there.
        form: ``verdict line``, ``alone``, ``opening``, ``sentence``, ``answer line`` or ``brackets``.
        start: Start in the text. ``end``: its end.
    """

    label: str | None
    written: str
    form: str
    start: int
    end: int

    @property
    def strong(self) -> bool:
        """Whether the form can mean nothing but the judge's own verdict."""
        return self.form not in {"answer line", "brackets"}


def _start(line: Line) -> int:
    return line.start


def _plainly(text: str) -> str:
    return text if text.isascii() else text.translate(_PLAIN)


class VerdictScanner:
    """Finds verdict statements for one table of letters and words.

    Args:
        tokens: Label by the letter or word that stands for it.
    """

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._label = {token.upper(): label for token, label in tokens.items()}
        self._exact = frozenset(tokens)
        ordered = sorted(tokens, key=len, reverse=True)
        token = rf"(?<![^\W_])(?<!\w['’-])(?P<token>{'|'.join(re.escape(one) for one in ordered)})(?![^\W_]|['’]\w)"
        self._token = re.compile(token, re.IGNORECASE)
        self._anchored = re.compile(
            rf"(?<![^\W_])(?P<noun>{_NOUN})(?P<sep>{_SEPARATOR}|(?=\s)){_WRAP}{token}", re.IGNORECASE
        )
        self._verdict_line = re.compile(
            rf"{_DECORATION}{_LEAD}(?:verdict|grade|judge?ment|decision)[\s*_`\"']{{0,6}}[:=](?P<rest>[^\n]{{0,60}})",
            re.IGNORECASE,
        )
        self._line_lead = re.compile(rf"{_DECORATION}{_LEAD}", re.IGNORECASE)
        self._heading = re.compile(rf"{_DECORATION}{_LEAD}(?:{_NOUN})[\s*_`]{{0,6}}:?[\s*_`\"']{{0,6}}", re.IGNORECASE)
        self._alone = re.compile(
            rf"(?P<before>[^\w\n]{{0,16}}_{{0,2}}){_WRAP}{token}(?P<after>.{{0,24}})", re.IGNORECASE
        )
        self._sentence_noun = re.compile(_SENTENCE_NOUN, re.IGNORECASE)
        self._graded = re.compile(
            rf"\b(?:i|we)\s(?:(?:would|will|therefore|thus|hence|hereby)\s)?(?:grade|mark|label|classify|judge|rate)\s(?:[\w'’]+\s){{1,5}}?as:?\s{_WRAP}{token}",
            re.IGNORECASE,
        )
        self._is = re.compile(
            rf"\b(?:answer|response|solution|candidate|submission)\s(?:\w+\s)?is:?\s{_WRAP}{token}", re.IGNORECASE
        )
        self._answer_line = re.compile(
            rf"{_DECORATION}{_LEAD}(?:answer|答案|choice|option)[\s*_`\"'”’]{{0,6}}[:=]{_WRAP}{token}", re.IGNORECASE
        )
        self._brackets = re.compile(
            # Boxes and answer tags are not read inside a line: there they mostly hold the candidate's answer.
            rf"(?:\[\[\s?|<(?:verdict|grade)>\s?){token}(?:\s?\]\]|\s?</)",
            re.IGNORECASE,
        )
        self._listed = re.compile(rf"{_DECORATION}[(\[]?{token}[.:)\]]", re.IGNORECASE)

    def label_of(self, token: str) -> str:
        """Return the label that a letter or word stands for."""
        return self._label[token.upper()]

    def statements(self, text: str) -> list[Statement]:
        """Return every statement of a verdict, in order of place."""
        plain = _plainly(text)
        found = list(self._by_line(plain))
        found.sort(key=lambda one: (one.start, not one.strong))
        return found

    def listed_labels(self, text: str) -> set[str]:
        """Return the labels of lines that begin as an item of a list of options does (``A. ...``)."""
        matches = (self._listed.match(line) for line in _plainly(text).splitlines())
        return {self.label_of(match["token"]) for match in matches if match}

    def taken_back(self, text: str, end: int, label: str) -> bool:
        """Whether the text after a statement says that it was a mistake: by a cue, and another label or as much."""
        plain = _plainly(text)
        cue = _TAKEN_BACK.search(plain, end)
        if cue is None:
            return False
        if _WRONG.search(plain, cue.start()):
            return True
        later = self._token.finditer(plain, cue.end())
        return any(
            self.label_of(match["token"]) != label
            for match in later
            if len(match["token"]) > 1 or match["token"] in self._exact
        )

    def _by_line(self, text: str) -> Iterator[Statement]:
        lines = Lines(text)
        mentioned = lines.holding(_MENTIONS)
        below = [(line, after) for line in mentioned.values() if (after := lines.after(line))]
        above = {after.start: line for line, after in below}
        for line in sorted({*mentioned.values(), *(after for _, after in below), lines.first, lines.last}, key=_start):
            start = line.start
            if start in mentioned:
                yield from self._anchors(line)
                yield from self._bracketed(line)
            outer = line in (lines.first, lines.last)
            previous = lines.before_last() if line == lines.last else above.get(start)
            if previous and len(previous.text) <= 80 and self._heading.fullmatch(previous.text):
                yield from self._alone_in(line, "verdict line") or self._opening(line, "verdict line")
            elif outer and not (previous and previous.text.rstrip(" *_`").endswith(":")):
                alone = self._alone_in(line, "alone")
                if alone and line == lines.last and previous:
                    yield from self._alone_in(previous, "alone")  # the end of a list of choices, if they differ
                yield from alone or (self._opening(line, "opening") if line == lines.first else [])
            if outer:
                yield from self._closing_sentences(line)
            if lines.first == lines.last:
                yield from self._only_answer(line)

    def _anchors(self, line: Line) -> Iterator[Statement]:
        known = False
        matches = list(self._anchored.finditer(line.text))
        if len({self.label_of(match["token"]) for match in matches}) > 1:
            # ``VERDICT: A or VERDICT: B`` quotes the choice; as a verdict it would contradict itself.
            yield from self._unreadable(line)
            return
        for match in matches:
            lead = self._line_lead.match(line.text)
            at_start = lead is not None and lead.end() >= match.start("noun")
            token = match["token"]
            if not match["sep"].strip() and not (at_start and self._rest(line, match.end("token")) == ""):
                continue
            if not at_start and not self._stated_in_sentence(line, match):
                continue
            if self._ends(line, match.end("token")):
                known = True
                form = "verdict line" if at_start else "sentence"
                yield from self._with_companion(line, match, token, form)
        if not known:
            yield from self._unreadable(line)

    def _unreadable(self, line: Line) -> Iterator[Statement]:
        """A verdict line that holds something else than a label: other words, or several labels.

        Words that end in one bracketed label (``Verdict: the first is better. [[A]]``) state that label.
        """
        match = self._verdict_line.match(line.text)
        bracketed = list(self._bracketed(line)) if match else []
        if len({one.label for one in bracketed}) == 1:
            yield bracketed[-1]._replace(form="verdict line")
            return
        rest = match["rest"].strip(" *_`\"'") if match else ""
        if match and rest and (len(rest.split()) <= 3 or self._token.search(rest)):
            start = line.start + match.start("rest")
            yield Statement(None, rest, "verdict line", start, start + len(match["rest"]))

    def _stated_in_sentence(self, line: Line, match: re.Match[str]) -> bool:
        if not self._sentence_noun.fullmatch(match["noun"]) or match["token"] not in self._exact:
            return False
        before = line.text[max(0, match.start("noun") - _WINDOW) : match.start("noun")]
        return not _ANOTHERS.search(before) and self._unhedged(line, match.start("noun"))

    @staticmethod
    def _unhedged(line: Line, start: int, said: str = "") -> bool:
        """Whether a sentence comes to its verdict without a condition, a doubt or a quotation before it.

        Args:
            line: The line.
            start: Where the verdict begins.
            said: A hedging word that is a manner of speaking here.
        """
        before = line.text[max(0, start - _WINDOW) : start]
        if before.rstrip("*_ ")[-1:] in set(_QUOTES) and before[-1:] != " ":
            return False
        sentence = re.split(r"[.!?;]\s", before)[-1]
        quoted = sentence.count('"') % 2 or sentence.count("`") % 2 or "“" in sentence.rpartition("”")[2]
        if quoted:
            return False
        low = folded(sentence)
        return not any(hedge in low for hedge in _HEDGES) or all(
            hedge[0].lower() == said for hedge in _HEDGE.finditer(sentence)
        )

    def _closing_sentences(self, line: Line) -> Iterator[Statement]:
        """``I grade this answer as B.`` and ``The answer is INCORRECT.``, in capitals as declared."""
        for pattern, least in ((self._graded, 1), (self._is, 2)):
            for match in pattern.finditer(line.text):
                token = match["token"]
                fits = token in self._exact and len(token) >= least and token == token.upper()
                if fits and self._unhedged(line, match.start()) and self._ends(line, match.end("token")):
                    yield from self._with_companion(line, match, token, "sentence")

    def _bracketed(self, line: Line) -> Iterator[Statement]:
        for match in self._brackets.finditer(line.text):
            quoted = line.text[match.start() - 1 : match.start()] in set(_QUOTES) if match.start() else False
            if (
                not quoted
                and self._unhedged(line, match.start(), said="would")
                and not _DOUBT.match(line.text, match.end())
            ):
                start, end = match.span("token")
                label = self.label_of(match["token"])
                yield Statement(label, match["token"], "brackets", line.start + start, line.start + end)

    def _alone_in(self, line: Line, form: str) -> list[Statement]:
        match = self._alone.fullmatch(line.text)
        if match is None:
            return []
        after = match["after"]
        marks = line.text[: match.start("token")]
        if re.search(r"[^\W_]", re.sub(r"</\w{1,10}>", "", after)) or after[:1] in set("+-") or "?" in after:
            return []
        if set(marks) & set("!¬≠~+=") or set(after) & set("=:"):
            return []
        start, end = match.span("token")
        return [Statement(self.label_of(match["token"]), match["token"], form, line.start + start, line.start + end)]

    def _only_answer(self, line: Line) -> list[Statement]:
        """``Answer: A`` as the whole reply; beside other lines it may be the candidate's answer that is repeated."""
        match = self._answer_line.match(line.text)
        if match is None or not self._ends(line, match.end("token")):
            return []
        return list(self._with_companion(line, match, match["token"], "answer line"))

    def _opening(self, line: Line, form: str) -> list[Statement]:
        """A letter or word that begins the reply and is set off from the explanation after it."""
        match = self._alone.match(line.text)
        if match is None or set(match["before"]) & set("!¬≠~+="):
            return []
        token, end = match["token"], match.end("token")
        set_off = re.match(r"\s{0,2}[.,;:!—–]|\s{1,2}(?:-{1,2}\s|\()", self._rest_tight(line, end))
        exact = token in self._exact
        if not set_off or not self._ends(line, end) or (len(token) == 1 and not exact):
            return []
        if len(token) > 1 and ":" in set_off[0] and not exact:
            return []
        if len(token) == 1 and "," in set_off[0]:
            return []
        return list(self._with_companion(line, match, token, form))

    def _with_companion(self, line: Line, match: re.Match[str], token: str, form: str) -> Iterator[Statement]:
        """The statement, and a second one where the same breath names another token: ``A (INCORRECT)``."""
        start, end = match.span("token")
        yield Statement(self.label_of(token), token, form, line.start + start, line.start + end)
        beside = _BESIDE.match(line.text, end)
        other = self._token.match(line.text, beside.end()) if beside else None
        if (
            other
            and (other["token"] in self._exact or len(other["token"]) > 1)
            and self._ends(line, other.end("token"))
        ):
            place = other.span("token")
            label = self.label_of(other["token"])
            yield Statement(label, other["token"], form, line.start + place[0], line.start + place[1])

    @staticmethod
    def _rest(line: Line, end: int) -> str:
        unwrapped = _UNWRAP.match(line.text, end)
        start = unwrapped.end() if unwrapped else end
        return line.text[start : start + _WINDOW].strip(" .!")

    @staticmethod
    def _rest_tight(line: Line, end: int) -> str:
        unwrapped = _UNWRAP_TIGHT.match(line.text, end)
        start = unwrapped.end() if unwrapped else end
        return line.text[start : start + _WINDOW]

    def _ends(self, line: Line, end: int) -> bool:
        """Whether what follows a token leaves it standing by itself."""
        tight = self._rest_tight(line, end)
        rest = tight.lstrip()
        if "?" not in rest and not re.search(r"[\w/|&+=<>]", rest):
            return True
        if rest[0] in "?/|&+=<>" or tight[0] == "-" or _DOUBT.match(rest):
            return False
        if rest[0] in ".,;:!—–":
            following = rest.lstrip(".,;:!—–*_`\"'”’)]}$")[:1]
            glued = rest[1:2] == following and following.isascii() and following.isalnum()
            return not glued
        return rest[0] == "(" or rest[:2] in {"- ", "--"} or bool(re.match(r"(?:because|since|as|given)\b", rest))

"""Finds the places where a text states a verdict, as opposed to mentioning a letter or a word.

A statement has one of a few written forms. Mentions in prose, questions, conditions, negations and quotations are no
statements. All repetition in the patterns is bounded and every look around a match is short, so that a scan takes time
linear in the text, whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from judgebench.judges.parsers.languages import LATER_LEADS, LEADS, THEREFORE, VERDICTS, VERDICTS_UNSPACED
from judgebench.judges.parsers.lazy import lazily
from judgebench.judges.parsers.meaning import conditional, not_meant
from judgebench.judges.parsers.mentions import Lines, TextLine, lowered

_NOUN = rf"(?:(?:(?<![^\W_])(?:{VERDICTS}))|(?:{VERDICTS_UNSPACED}))"
_MENTIONS = (*VERDICTS.split("|"), *VERDICTS_UNSPACED.split("|"), "[[")
"""Without any of these in it or in the line above it, only the first and the last line can state a verdict."""
_MENTIONS_ASCII = tuple(word for word in _MENTIONS if word.isascii())
_SENTENCE_NOUN = r"verdict|grade|judge?ment|decision|ruling|label|classification"
_LEAD = rf"(?:(?:so|thus|therefore|hence|and),?\s{{1,2}})?{LEADS}"
_DECORATION = rf"(?:(?:{THEREFORE})[,、]?\s?)?[=\s#*_>|`\"'{{•✅❌–—-]{{0,12}}"
_LISTED = rf"(?:\s(?:{LATER_LEADS}))?(?:\s?[(\[][^()\[\]\n]{{1,40}}[)\]](?=[\s*_]{{0,4}}[:：=]))?"
_SEPARATOR = (
    rf"{_LISTED}[\s*_`\"'”’]{{0,6}}(?::|：|=>|->|→|=|\||\s[–—-]\s|\bis\b:?"
    r"|\b(?:ist|lautet|est|es|é|это)\b:?|为:|为|為|是:|是|는|은|は)"
)
_WRAP = (
    r"[\s*_`\"'“”‘’\[({<$|【「]{0,24}(?:<(?:final_)?(?:verdict|grade|answer|result|judge?ment|decision|label|rating)>)?"
    r"(?:\\boxed\s?\{\s?)?(?:\\(?:text|textbf|mathrm|mathbf)\s?\{\s?)?[*_\"']{0,2}"
)
_UNWRAP = lazily(
    r"[\s*_`\"'“”‘’\])}>$】」]{0,10}(?:</\w{1,16}>)?[\s*_`\"'$]{0,4}(?:です|입니다)?(?:\s?(?:\||=+)\s*$|\s\|\s(?="
    r"(?i:confidence|reason|score)))?"
)
_UNWRAP_TIGHT = lazily(
    r"[*_`\"'”’\])}>$】」]{0,8}(?:</\w{1,16}>)?(?:です|입니다)?(?:\s?(?:\||=+)\s*$|\s\|\s(?=(?i:confidence|reason"
    r"|score)))?"
)
_DOUBT = lazily(
    r"[\s,;:.*_(–—-]{0,6}(?:or|and|if|unless|when|but|however|except|though|although|only|partial\w{0,2}|partly|mostly"
    r"|otherwise|vs|versus|not|isn|almost|nearly)\b",
    re.IGNORECASE,
)
_DENIED = lazily(
    r"[(\[]\s?(?:on an?\b|under\b|with some|in an?\b|said|says|quoted|per|according|claimed|from the|as the|no|not"
    r"|wrong|draft|tentative|provisional|old"
    r"|false|if|unless|assuming|provided|maybe|perhaps|probably|\?)\b|\(\?",
    re.IGNORECASE,
)
_HEDGE = lazily(
    r"\b(?:if|or|whether|unless|either|would|could|might|may|should|must|not|never|cannot|when|whenever|between|neither"
    r"|reply|respond|write|output|print|answer with|end with|initial|initially|preliminary|previous|tentative|earlier"
    r"|draft|provisional|interim|first|old|former|tempting|hypothetical|suppose|assume|imagine|nobody"
    r"|reference|gold|expected|example|asked|instructions?|possible|your|claims?|says?|said)\b|n['’]t\b|\bno\b",
    re.IGNORECASE,
)
_HEDGE_WORDS = (
    "if|or|whether|unless|either|could|might|may|should|must|not|n't|n’t|never|cannot|when|between|neither|reply"
    "|respond"
    "|write|output|print|answer with|end with|initial|prelim|previous|tentative|earlier|draft|provisional|interim"
    "|first|old|former|tempting|hypothetical|suppose|assume|imagine|nobody|reference|gold|expected|example"
    "|asked|instruction|possible|your|claim|say|said|would|no"
)
_HEDGES = _HEDGE_WORDS.split("|")
"""Each hedge holds one of these; looking for them first is a hundred times faster than the pattern."""
_MODIFIER = lazily(r"([^\W\d_]+)[ \t]{1,2}$")
_OWN_SPELLED = (
    "my|our|the|final|overall|this|is|so|and|hence|thus|therefore|a|conclude|conclusion|of|that|following|definitive"
    "|ultimate|full|complete|correctness|give|assign|issue|single|clear|summary"
)
_OWN_WORDS = frozenset(_OWN_SPELLED.split("|"))
"""What may stand before ``verdict`` in a sentence; after any other word it may be another's, or a draft."""
_ANOTHERS = lazily(r"(?:\w['’]s?|\b(?:their|its|his|her))\s(?:\w{1,12}\s){0,2}$", re.IGNORECASE)
_QUOTES = "\"'`“‘«「"
# One character for one character, so that positions stay those of the reply: full-width forms, odd spaces, full stop.
_PLAIN: dict[int, int | str] = {
    **{0xFF01 + offset: 0x21 + offset for offset in range(94)},
    **dict.fromkeys((0x200B, 0x200C, 0x200D, 0xFEFF, 0xA0, 0x3000), " "),
    0x3002: ".",
}
_UNSPACED = "\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af"
"""Letters that may stand beside a token without a blank. They have no case, and compile slowly where it is ignored."""
_ON_TOP = "[\u0300-\u036f\u20d0-\u20ff]"
"""Accents, strokes and circles that make another sign of the letter before them."""
_BESIDE = lazily(r"[^\w\n]{1,8}")
_DESCRIBED = lazily(r"[*_`\"')\]]{0,4}(?:\s?[:=]|\s[–—-])\s")
"""What parts a choice from what is said of it."""
_NUMBERED = lazily(r"[*_`\"')\]]{0,4}\s?:[\s*_`\"'$(]{0,6}-?\d")
_WINDOW = 160

_FORMS = {
    "token": "TOKEN",
    "anchored": rf"(?P<noun>{_NOUN})(?P<sep>{_SEPARATOR}|(?=\s)){_WRAP}TOKEN",
    "verdict line": (
        rf"{_DECORATION}{_LEAD}(?:verdict|grade|judge?ment|decision)[\s*_`\"']{{0,6}}[:=](?P<rest>[^\n]{{0,60}})"
    ),
    "line lead": rf"{_DECORATION}{_LEAD}",
    "heading": rf"<?{_DECORATION}{_LEAD}{_NOUN}[\s*_`]{{0,6}}[:>]?[\s*_`\"']{{0,6}}",
    "alone": rf"(?P<before>[^\w\n]{{0,16}}_{{0,2}}){_WRAP}TOKEN(?P<after>.{{0,24}})",
    "sentence noun": _SENTENCE_NOUN,
    "graded": (
        r"\b(?:i|we)(?:\s|(?=['’]d))(?:(?:['’]d|would|will|therefore|thus|hence|hereby)\s)?(?:grade|mark|label"
        rf"|classify|judge|rate|find|consider|deem)\s(?:[\w'’]+\s){{1,5}}?(?:as:?\s|to be\s)?{_WRAP}TOKEN"
    ),
    "is": (
        r"\b(?:(?:answer|response|solution|candidate|submission)\s(?:\w+\s)?is:?|(?:this|it) is)\s"
        rf"{_WRAP}TOKEN"
    ),
    "answer line": rf"{_DECORATION}{_LEAD}(?:answer|答案|choice|option)[\s*_`\"'”’]{{0,6}}[:=]{_WRAP}TOKEN",
    # Boxes and answer tags are not read inside a line: there they mostly hold the candidate's answer.
    "brackets": r"(?:\[\[\s?|<(?:verdict|grade)>\s?)TOKEN(?:\s?\]\]|\s?</)",
    "echoed question": (
        rf"{_DECORATION}TOKEN[\s*_]{{0,4}}[?:=][\s*_]{{0,4}}(?P<answer>yes|no|true|false)[\s*_.!]{{0,6}}"
    ),
    "doubled": r"[).:\]]{1,2}\s{1,2}[*_(\[]{0,3}TOKEN[\s*_)\].]{0,5}$",
    "chosen": (
        rf"{_DECORATION}(?:my (?:answer|choice|pick) is:?|i(?: would|['’]d)? (?:choose|pick|select|go with|vote"
        rf" for)|option)\s{_WRAP}TOKEN[\s*_`\"'.)\]]{{0,6}}"
    ),
    "better": rf"{_DECORATION}TOKEN[*_\"'`\])]{{0,4}} (?:is the (?:better|best|winn)|wins)[^,;?\n]{{0,24}}",
    "ending": rf"[.!]\s{{1,3}}{_WRAP}TOKEN[\s*_.!\])]{{0,6}}$",
    "field": rf"[{{,]\s{{0,8}}\"{_NOUN}\"\s?:\s?\"TOKEN\"",
    "listed": rf"{_DECORATION}[(\[]?TOKEN[.:)\]]",
}
"""Where a verdict stands, by name; ``TOKEN`` is one of the letters and words of a table, as its group ``token``."""


class Statement(NamedTuple):
    """A verdict as stated at one place.

    Attributes:
        decision: What it means; ``None`` where a verdict line holds something that is no decision.
        written: What stands there.
        form: ``verdict line``, ``alone``, ``opening``, ``sentence``, ``answer line`` or ``brackets``.
        start: Start in the text. ``end``: its end.
    """

    decision: str | None
    written: str
    form: str
    start: int
    end: int

    @property
    def strong(self) -> bool:
        """Whether the form can mean nothing but the judge's own verdict."""
        return self.form not in {"answer line", "brackets"}


def _start(line: TextLine) -> int:
    return line.start


def _plainly(text: str) -> str:
    return text if text.isascii() else text.translate(_PLAIN)


class VerdictScanner:
    """Finds verdict statements for one table of letters and words.

    Args:
        tokens: Decision by the letter or word that stands for it.
    """

    def __init__(self, tokens: Mapping[str, str]) -> None:
        tokens = {**_negated(tokens), **tokens}
        self._decision = {token.upper(): decision for token, decision in tokens.items()}
        # A text of ASCII needs no look for letters of other scripts, and Python takes 20 ms to compile those looks.
        self._scans = {ascii_only: _Scan(tokens, ascii_only=ascii_only) for ascii_only in (True, False)}

    def decision_of(self, token: str) -> str:
        """Return the decision that a letter or word stands for."""
        return self._decision[token.upper()]

    def statements(self, text: str) -> list[Statement]:
        """Return every statement of a verdict, in order of place."""
        plain = _plainly(text)
        found = list(self._scans[plain.isascii()].by_line(plain))
        found.sort(key=lambda one: (one.start, not one.strong))
        return found

    def listed_decisions(self, text: str) -> set[str]:
        """Return the decisions of lines that begin as an item of a list of options does (``A. ...``)."""
        plain = _plainly(text)
        return self._scans[plain.isascii()].listed_decisions(plain)


def _negated(tokens: Mapping[str, str]) -> dict[str, str]:
    """Of two decisions, the one that a negated word of the other states: ``NOT CORRECT``."""
    decisions = list(dict.fromkeys(tokens.values()))
    if len(decisions) != 2:
        return {}
    return {
        f"{'NOT' if word.isupper() else 'not'} {word}": decisions[decision == decisions[0]]
        for word, decision in tokens.items()
        if len(word) > 1
    }


class _Scan:
    """Reads texts of one kind; its patterns are compiled when they are first used."""

    def __init__(self, tokens: Mapping[str, str], *, ascii_only: bool) -> None:
        self._decision = {token.upper(): decision for token, decision in tokens.items()}
        self._exact = frozenset(tokens)
        written = "|".join(re.escape(one) for one in sorted(tokens, key=len, reverse=True))
        beside = r"[^\W_]" if ascii_only else rf"(?-i:[^\W_{_UNSPACED}])"
        self._token = rf"(?<!{beside})(?<!\w['’-])(?P<token>{written})(?!{beside}|{_ON_TOP})(?!['’]\w)"
        self._binary = len(set(tokens.values())) == 2
        self._compiled: dict[str, re.Pattern[str]] = {}

    def _form(self, name: str) -> re.Pattern[str]:
        found = self._compiled.get(name)
        if found is None:
            pattern = _FORMS[name].replace("TOKEN", self._token)
            found = self._compiled[name] = re.compile(pattern, re.IGNORECASE)
        return found

    def decision_of(self, token: str) -> str:
        return self._decision[token.upper()]

    def listed_decisions(self, text: str) -> set[str]:
        matches = (self._form("listed").match(line) for line in text.splitlines())
        return {self.decision_of(match["token"]) for match in matches if match}

    def by_line(self, text: str) -> Iterator[Statement]:
        lines = Lines(text)
        positions = lines.positions(_MENTIONS_ASCII if text.isascii() else _MENTIONS)
        mentioned = {start: line for start, (line, _) in positions.items()}
        below = [(line, after) for line in mentioned.values() if (after := lines.after(line))]
        above = {after.start: line for line, after in below}
        for line in sorted({*mentioned.values(), *(after for _, after in below), lines.first, lines.last}, key=_start):
            start = line.start
            if start in mentioned:
                yield from self._anchors(text, line, positions[start][1])
                yield from self._bracketed(line)
            outer = line in (lines.first, lines.last)
            previous = lines.before_last() if line == lines.last else above.get(start)
            if previous and len(previous.text) <= 80 and self._form("heading").fullmatch(previous.text):
                yield from self._alone_in(line, "verdict line") or self._opening(line, "verdict line")
            elif outer and not (previous and previous.text.rstrip(" *_`").endswith(":")):
                alone = self._alone_in(line, "alone")
                if alone and line == lines.last and previous:
                    yield from self._alone_in(previous, "alone")  # the end of a list of choices, if they differ
                yield from alone or (self._opening(line, "opening") if line == lines.first else [])
            if outer:
                yield from self._closing_sentences(line)
                yield from self._answered(line)
            if lines.first == lines.last:
                yield from self._only_answer(line)

    def _anchors(self, text: str, line: TextLine, positions: list[int]) -> Iterator[Statement]:
        known = False
        fields = list(self._form("field").finditer(line.text)) if line.text.lstrip()[0] == "{" else []
        if fields:
            for match in fields:
                yield from self._with_companion(line, match, match["token"], "verdict line")
            return
        matches = self._after_nouns(line.text, positions)
        if len({self.decision_of(match["token"]) for match in matches}) > 1 or self._describes_each(line, matches):
            # ``VERDICT: A or VERDICT: B`` quotes the choice; as a verdict it would contradict itself.
            yield from self._unreadable(line)
            return
        for match in matches:
            lead = self._form("line lead").match(line.text)
            at_start = lead is not None and lead.end() >= match.start("noun")
            token = match["token"]
            if not match["sep"].strip() and not (at_start and self._rest(line, match.end("token")) == ""):
                continue
            if not at_start and not self._stated_in_sentence(line, match):
                continue
            if self._ends(line, match.end("token")):
                known = True
                start = line.start + (0 if at_start else match.start("noun"))
                how = not_meant(text, start, line.start + match.end("token"), line=at_start)
                if how == "conditional":
                    yield from self._unreadable(line)
                if how:
                    continue
                form = "verdict line" if at_start else "sentence"
                yield from self._with_companion(line, match, token, form)
        if not known:
            yield from self._unreadable(line)

    def _describes_each(self, line: TextLine, matches: list[re.Match[str]]) -> bool:
        """Whether something is said of each choice, as in ``Verdict: A: worse; B: better``."""
        if len(matches) != 1 or not _DESCRIBED.match(line.text, matches[0].end("token")):
            return False
        decision = self.decision_of(matches[0]["token"])
        others = self._form("token").finditer(line.text, matches[0].end("token"))
        return any(
            self.decision_of(one["token"]) != decision
            and _DESCRIBED.match(line.text, one.end("token"))
            and line.text[: one.start("token")].rstrip(" *_`\"'([")[-1:] in set(".;,|")
            for one in others
        )

    def _after_nouns(self, text: str, positions: list[int]) -> list[re.Match[str]]:
        matches: list[re.Match[str]] = []
        for place in sorted(set(positions)):
            if not matches or place >= matches[-1].end():
                match = self._form("anchored").match(text, place)
                if match is not None:
                    matches.append(match)
        return matches

    def _unreadable(self, line: TextLine) -> Iterator[Statement]:
        """A verdict line that holds something else than a decision: other words, or several decisions.

        Words that end in one bracketed decision (``Verdict: the first is better. [[A]]``) state that decision.
        """
        match = self._form("verdict line").match(line.text)
        bracketed = list(self._bracketed(line)) if match else []
        if len({one.decision for one in bracketed}) == 1:
            yield bracketed[-1]._replace(form="verdict line")
            return
        rest = match["rest"].strip(" *_`\"'") if match else ""
        if match and rest and (len(rest.split()) <= 3 or self._form("token").search(rest)):
            start = line.start + match.start("rest")
            yield Statement(None, rest, "verdict line", start, start + len(match["rest"]))

    def _stated_in_sentence(self, line: TextLine, match: re.Match[str]) -> bool:
        if not self._form("sentence noun").fullmatch(match["noun"]) or match["token"] not in self._exact:
            return False
        before = line.text[max(0, match.start("noun") - _WINDOW) : match.start("noun")]
        modified = _MODIFIER.search(before)
        if modified and modified[1].lower() not in _OWN_WORDS:
            return False
        return not _ANOTHERS.search(before) and self._unhedged(line, match.start("noun"))

    @staticmethod
    def _unhedged(line: TextLine, start: int, said: str = "") -> bool:
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
        low = lowered(sentence)
        return not any(hedge in low for hedge in _HEDGES) or all(
            hedge[0].lower() == said for hedge in _HEDGE.finditer(sentence)
        )

    def _closing_sentences(self, line: TextLine) -> Iterator[Statement]:
        """``I grade this answer as B.`` and ``The answer is INCORRECT.``, in capitals as declared."""
        if not any(token in line.text for token in self._exact):
            return
        for pattern, least in ((self._form("graded"), 1), (self._form("is"), 2), (self._form("ending"), 2)):
            for match in pattern.finditer(line.text):
                token = match["token"]
                fits = token in self._exact and len(token) >= least and token == token.upper()
                if fits and self._unhedged(line, match.start()) and self._ends(line, match.end("token")):
                    yield from self._with_companion(line, match, token, "sentence")

    def _bracketed(self, line: TextLine) -> Iterator[Statement]:
        for match in self._form("brackets").finditer(line.text):
            quoted = line.text[match.start() - 1 : match.start()] in set(_QUOTES) if match.start() else False
            if (
                not quoted
                and self._unhedged(line, match.start(), said="would")
                and not _DOUBT.match(line.text, match.end())
            ):
                start, end = match.span("token")
                decision = self.decision_of(match["token"])
                yield Statement(decision, match["token"], "brackets", line.start + start, line.start + end)

    def _alone_in(self, line: TextLine, form: str) -> list[Statement]:
        match = self._form("alone").fullmatch(line.text)
        if match is None:
            return []
        after = match["after"]
        marks = line.text[: match.start("token")]
        if re.search(r"[^\W_]", re.sub(r"</\w{1,16}>", "", after)) or after[:1] in set("+-") or "?" in after:
            return []
        if set(marks) & set("!¬≠~+=") or set(after) & set("=:"):
            return []
        start, end = match.span("token")
        return [Statement(self.decision_of(match["token"]), match["token"], form, line.start + start, line.start + end)]

    def _answered(self, line: TextLine) -> Iterator[Statement]:
        """``Correct? No.`` and ``CORRECT: yes``, where there are two decisions."""
        match = self._echoed_question(line)
        if match is None:
            return
        decision = self.decision_of(match["token"])
        if match["answer"].lower() in {"no", "false"}:
            decision = next(one for one in self._decision.values() if one != decision)
        yield Statement(
            decision,
            line.text.strip(),
            "verdict line",
            line.start + match.start("token"),
            line.start + match.end("answer"),
        )

    def _echoed_question(self, line: TextLine) -> re.Match[str] | None:
        return self._form("echoed question").fullmatch(line.text) if self._binary else None

    def _only_answer(self, line: TextLine) -> list[Statement]:
        """``Answer: A`` as the whole reply; beside other lines it may be the candidate's answer that is repeated."""
        match = self._form("answer line").match(line.text) or self._form("chosen").fullmatch(line.text)
        better = self._form("better").fullmatch(line.text) if match is None else None
        if better is not None:
            return list(self._with_companion(line, better, better["token"], "answer line"))
        if match is None or not self._ends(line, match.end("token")):
            return []
        return list(self._with_companion(line, match, match["token"], "answer line"))

    def _opening(self, line: TextLine, form: str) -> list[Statement]:
        """A letter or word that begins the reply and is set off from the explanation after it."""
        match = self._form("alone").match(line.text)
        if match is None or set(match["before"]) & set("!¬≠~+=") or self._echoed_question(line):
            return []
        token, end = match["token"], match.end("token")
        set_off = re.match(r"\s{0,2}[.,;:!—–]|\s{1,2}(?:-{1,2}\s|\()", self._rest_tight(line, end))
        exact = token in self._exact
        if not set_off and self._form("doubled").match(line.text, end):
            return list(self._with_companion(line, match, token, form))
        if not set_off or not self._ends(line, end) or (len(token) == 1 and not exact):
            return []
        if _NUMBERED.match(line.text, end):  # ``CORRECT: 7``, ``A: 3`` are about something else
            return []
        if (":" in set_off[0] and not exact) if len(token) > 1 else "," in set_off[0]:
            return []
        return list(self._with_companion(line, match, token, form))

    def _with_companion(self, line: TextLine, match: re.Match[str], token: str, form: str) -> Iterator[Statement]:
        """The statement, and a second one where the same breath names another token: ``A (INCORRECT)``."""
        start, end = match.span("token")
        yield Statement(self.decision_of(token), token, form, line.start + start, line.start + end)
        beside = _BESIDE.match(line.text, end)
        other = self._form("token").match(line.text, beside.end()) if beside else None
        if (
            other
            and (other["token"] in self._exact or len(other["token"]) > 1)
            and self._ends(line, other.end("token"))
        ):
            place = other.span("token")
            decision = self.decision_of(other["token"])
            yield Statement(decision, other["token"], form, line.start + place[0], line.start + place[1])

    @staticmethod
    def _rest(line: TextLine, end: int) -> str:
        unwrapped = _UNWRAP.match(line.text, end)
        start = unwrapped.end() if unwrapped else end
        return line.text[start : start + _WINDOW].strip(" .!")

    @staticmethod
    def _rest_tight(line: TextLine, end: int) -> str:
        unwrapped = _UNWRAP_TIGHT.match(line.text, end)
        start = unwrapped.end() if unwrapped else end
        return line.text[start : start + _WINDOW]

    def _ends(self, line: TextLine, end: int) -> bool:
        """Whether what follows a token leaves it standing by itself."""
        tight = self._rest_tight(line, end)
        rest = tight.lstrip()
        if tight[:1] in ("-", "+") or conditional(rest, 0) or _DENIED.match(rest):
            return False
        if "?" not in rest and not re.search(r"[\w/|&+=<>]", rest):
            return True
        if rest[0] in "?/|&+=<>" or _DOUBT.match(rest):
            return False
        if rest[0] in ".,;:!—–":
            following = rest.lstrip(".,;:!—–*_`\"'”’)]}$")[:1]
            glued = rest[1:2] == following and following.isascii() and following.isalnum()
            return not glued
        return rest[0] == "(" or rest[:2] in {"- ", "--"} or bool(re.match(r"(?:because|since|as)\b", rest))

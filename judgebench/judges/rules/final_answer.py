r"""A candidate's final answer against a short reference, for data of which no more is known than that.

What the reference is decides how the two are compared: numbers by value, formulas by mathematics, option letters as
letters, a few words as words. A reference that is a text is for judges: it is ``unparsed`` here, as is a reply whose
final answer cannot be told.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, NamedTuple

import msgspec

from judgebench.judges.core.contract import Ask, Case, JudgeMethod
from judgebench.judges.rules.answers import Extracted, boxed, choice, first_line, normalised, whole_text
from judgebench.judges.rules.math_equal import MathEqual
from judgebench.judges.rules.numbers import NumberEqual, number
from judgebench.judges.rules.short_reference import MOST_WORDS, after_hashes, final_part, is_number, kind_of
from judgebench.judges.rules.verdicts import NO_REFERENCE, decided, references, unread
from judgebench.records.flow import Verdict

_STATED = re.compile(
    r"####[ \t]*|\b(?i:answer)\b[*_]{0,3}\s{0,4}(?::|=|(?:is|was|would\s{1,4}be)\b)[*_:= \t]{0,8}\n{0,2}"
)
_MOST_STATED = 400
_SENTENCE_END = re.compile(r"[.!?\u3002](?=\s|$)|;")
_AFTER_NUMBER = re.compile(
    r"[.!?;](?=\s|$)|,\s|\s\(|\s(?:because|since|for|after|of|per|in|from|with|which|that|as)\b", re.IGNORECASE
)
_COPULA = re.compile(r"\b(?:is|are|was|were|be|called|named)\b|[=:]", re.IGNORECASE)
_NOT_SAID = re.compile(
    r"\b(?:not|never|neither|nor|cannot|if|whether|unless|could|might|may|maybe|perhaps)\b|n['\u2019]t\b", re.IGNORECASE
)
_SENTENCES = re.compile(r"(?<=[.!?\u3002])\s+")
_TRUTH = re.compile(r"\W*(yes|no|true|false)\b", re.IGNORECASE)
_MARKS = " \t*_`$\"'"


class _FinalAnswer(NamedTuple):
    """Where the final answer stands.

    Attributes:
        candidates: What it may be, each in the place it was found; equal to the reference is right.
        searched: The text outside of which nothing can be the answer.
        where: For the reason.
    """

    candidates: list[Extracted]
    searched: str
    where: str


class FinalAnswerEqual(JudgeMethod):
    r"""Correct when the final answer is the reference.

    The final answer stands, in this order: in the last ``\boxed{}``; after the last "answer:", "answer is" or ``####``;
    on the last line (for numbers: the last number; for options: a line that is a letter; for words: the line, or what
    follows "is" in it), or on a first line that is as short as an answer. Words that hold the reference among others
    are ``unparsed``, because they may say the opposite.
    """

    asks: ClassVar[bool] = False
    holds_workers: bool = True

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys.

        Attributes:
            letters: The letters of options, for references that are one capital letter.
        """

        letters: str = "ABCDEFGHIJ"

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()
        self._math = MathEqual()
        self._number = NumberEqual()

    @staticmethod
    def suits(reference: str | list[str] | None) -> bool:
        """Say whether a sample's reference is a short final answer, which this rule can compare."""
        forms = [reference] if isinstance(reference, str) else reference or []
        return any(kind_of(form) != "text" for form in forms)

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Compare the final answer with every accepted reference."""
        accepted = references(case)
        if not accepted:
            return unread(case, NO_REFERENCE)
        if whole_text(case.answer) is None:
            return unread(case, "the answer is empty")
        verdicts: list[Verdict] = []
        for form in accepted:
            verdict = await self._compare(form, case, ask)
            if verdict.decision == "correct":
                return verdict
            verdicts.append(verdict)
        return next((verdict for verdict in verdicts if verdict.status != "ok"), verdicts[0])

    def identity(self) -> dict[str, Any]:
        """Return the rule, its options, and the rules that it uses."""
        return {
            "rule": "final-answer-equal",
            "revision": 1,
            **msgspec.to_builtins(self.config),
            "numbers": self._number.identity(),
            "formulas": self._math.identity(),
        }

    async def aclose(self) -> None:
        """End the worker processes."""
        await self._math.aclose()

    async def _compare(self, reference: str, case: Case, ask: Ask) -> Verdict:
        kind = kind_of(reference)
        if kind == "text":
            return unread(case, "the reference is a text, which only a judge can compare")
        if kind == "formula":
            return await self._by_mathematics(msgspec.structs.replace(case, reference=after_hashes(reference)), ask)
        reference = final_part(reference)
        if kind == "number":
            return await self._by_value(msgspec.structs.replace(case, reference=reference), ask)
        if kind == "letter":
            return self._by_letter(reference.strip("()").upper(), case)
        return _by_words(reference, case)

    async def _by_value(self, case: Case, ask: Ask) -> Verdict:
        box = boxed(case.answer)
        if box is not None:
            rule = self._number if is_number(box.text) else self._math
            return await rule.judge(case, ask)
        stated = _stated(case.answer)
        if stated is not None and ("\\" in stated.text or "{" in stated.text):
            return await self._by_mathematics(case, ask)
        if stated is not None and (digit := re.search(r"\d", stated.text)) is not None:
            said = _until(_AFTER_NUMBER, stated, digit.end())
            return await _judged(self._number, case, said, said.text, ask)
        rule = self._math if "\\" in _last_with_digits(case.answer) else self._number
        return await rule.judge(case, ask)

    async def _by_mathematics(self, case: Case, ask: Ask) -> Verdict:
        if boxed(case.answer) is not None:
            return await self._math.judge(case, ask)
        stated = _stated(case.answer)
        if stated is None:
            return await self._math.judge(case, ask)
        said = _stripped(_until(re.compile(r"\.(?=\s|$)"), stated))
        bare = re.sub(r"^(?:\\[(\[]|\$+)\s*|\s*(?:\\[)\]]|\$+)$", "", said.text)
        return await _judged(self._math, case, said, f"\\boxed{{{bare}}}", ask)

    def _by_letter(self, reference: str, case: Case) -> Verdict:
        letters = self.config.letters if reference in self.config.letters else self.config.letters + reference
        options = {letter: str(case.fields[letter]) for letter in letters if letter in case.fields}
        found = choice(case.answer, letters, options or None)
        if found is None:  # "The symbol of potassium is K."
            found = next((one for one in _found(case.answer).candidates if len(one.text) == 1), None)
        if found is None:
            return unread(case, "no option letter found")
        return decided(found.text.upper() == reference, found)


async def _judged(rule: MathEqual | NumberEqual, case: Case, said: Extracted, sent: str, ask: Ask) -> Verdict:
    """Return a rule's verdict on a part of the answer, with the part's place in the answer."""
    verdict = await rule.judge(msgspec.structs.replace(case, answer=sent), ask)
    return msgspec.structs.replace(verdict, answer=verdict.answer and said.text, span=verdict.span and said.span)


def _by_words(reference: str, case: Case) -> Verdict:
    wanted = normalised(reference)
    if (truth := _TRUTH.fullmatch(wanted)) is not None:
        return _by_truth(truth[1], case)
    found = _found(case.answer)
    for candidate in found.candidates:
        if normalised(final_part(candidate.text)) == wanted:
            return decided(True, candidate)
    answer = found.candidates[0]
    if f" {wanted} " in f" {normalised(found.searched)} ":
        return unread(case, f"the reference stands among other words {found.where}", answer)
    value = number(reference.split(maxsplit=1)[0])
    if value is not None and any(number(word) == value for word in found.searched.split()):
        return unread(case, f"the number of the reference stands with other words {found.where}", answer)
    return decided(False, answer)


def _by_truth(wanted: str, case: Case) -> Verdict:
    """Compare a yes or no, which may be followed by why."""
    first = first_line(case.answer)
    for candidate in [*_found(case.answer).candidates, *([first] if first else [])]:
        said = _TRUTH.match(candidate.text)
        if said is not None:
            start = candidate.span[0] + said.start(1)
            return decided(said[1].lower() == wanted, Extracted(said[1], (start, start + len(said[1]))))
    return unread(case, f"neither {wanted} nor its opposite begins the final answer")


def _found(text: str) -> _FinalAnswer:
    """Return where the final answer of a reply stands that is not blank."""
    box = boxed(text)
    if box is not None:
        return _FinalAnswer([box], box.text, "in the box")
    stated = _stated(text)
    if stated is not None:
        said = _stripped(stated)
        return _FinalAnswer([said, _stripped(_until(_SENTENCE_END, stated))], said.text, "in what is called the answer")
    whole = whole_text(text)
    assert whole is not None
    start = whole.span[0] + whole.text.rfind("\n") + 1
    last = _stripped(Extracted(text[start : whole.span[1]], (start, whole.span[1])))
    candidates = [last, *_after_copula(last)]
    first = first_line(text)
    if first is not None and len(last.text.split()) > MOST_WORDS and len(first.text.split()) <= MOST_WORDS:
        candidates.append(_stripped(first))
    return _FinalAnswer(candidates, whole.text, "in the reply")


def _stated(text: str) -> Extracted | None:
    """Return what the reply itself calls its answer."""
    last = None
    for match in _STATED.finditer(text):
        said = text[match.end() :].partition("\n")[0][:_MOST_STATED]
        if said.strip(_MARKS) and not _NOT_SAID.match(said):
            last = Extracted(said, (match.end(), match.end() + len(said)))
    return last


def _last_with_digits(text: str) -> str:
    """Return the last sentence that holds a digit."""
    sentences = _SENTENCES.split(text[-2000:])
    return next((one for one in reversed(sentences) if re.search(r"\d", one)), "")


def _after_copula(line: Extracted) -> list[Extracted]:
    """Return what a last sentence says that something is: "Paris" of "The capital of France is Paris"."""
    sentence = _SENTENCES.split(line.text)[-1]
    shift = line.span[0] + len(line.text) - len(sentence)
    last = None
    for last in _COPULA.finditer(sentence):  # noqa: B007 -- the last one is wanted
        pass
    if last is None or _NOT_SAID.search(sentence) or len(sentence) > _MOST_STATED:
        return []
    tail = _stripped(Extracted(sentence[last.end() :], (shift + last.end(), shift + len(sentence))))
    return [tail] if tail.text else []


def _until(end: re.Pattern[str], found: Extracted, start: int = 1) -> Extracted:
    """Return a text up to where a pattern ends it, which is looked for from a place on."""
    match = end.search(found.text, start)
    if match is None:
        return found
    return Extracted(found.text[: match.start()], (found.span[0], found.span[0] + match.start()))


def _stripped(found: Extracted) -> Extracted:
    """Return a text without the marks and the full stop around it."""
    left = len(found.text) - len(found.text.lstrip(_MARKS))
    right = len(found.text.rstrip(_MARKS + ".!"))
    if right <= left:
        return found
    return Extracted(found.text[left:right], (found.span[0] + left, found.span[0] + right))

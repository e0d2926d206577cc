r"""Where in a text the candidate's final answer stands: rules that take it out, or say that there is none.

Each rule is a pure function ``text -> Extracted | None`` that takes time linear in the text and never raises, and a
class of the same meaning for configs (``extractor=dict(type=BoxedAnswer)``). A rule looks for an anchored form; a
letter or a number inside prose is no answer unless the rule's name says so (``LastNumber``).
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Mapping
from typing import ClassVar, Protocol

import msgspec


class Extracted(msgspec.Struct, frozen=True):
    """A final answer.

    Attributes:
        text: The answer, without the marks around it.
        span: Start and end of it in the text that was searched.
    """

    text: str
    span: tuple[int, int]


class Extractor(Protocol):
    """A rule for configs: ``extractor=dict(type=...)``."""

    Config: ClassVar[type[msgspec.Struct]]

    def extract(self, text: str) -> Extracted | None:
        """Return the final answer, or ``None`` where the text has none of the rule's form."""
        ...


_BOX_TOKEN = re.compile(r"\\(?:boxed|fbox)\s*\{|\\.|[{}]", re.DOTALL)
_NUMBER = re.compile(
    r"(?:(?<![\w)\]}.])[-+\u2212])?"  # a sign, unless it stands between two operands
    r"(?<![A-Za-z_\d])(?<!\d\.)(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(?:(?<=\d)\.\d+|(?<![\d.])\.\d+|(?<=\d))%?"
)
_LETTER_FORM = (
    r"\$?(?:\\text(?:bf)?\{)?(?:\*\*|__|[\"'`])?[\(\[]?\s?(?P<letter>{letters})\s?[\)\]]?(?:\*\*|__|[\"'`])?\}?\$?"
)
_BINDING = re.compile(r"(?<=[^\W\d_])['\u2019.](?=[^\W\d_])|(?<=\d),(?=\d{3}(?!\d))")
_BLANKS = r"\s{0,4}"  # bounded: a row of unbounded blanks makes matching polynomial


def boxed(text: str) -> Extracted | None:
    r"""Return the content of the last ``\boxed{...}`` whose braces balance and which is not blank."""
    opened: list[tuple[int, int]] = []  # (start of the box or -1, start of its content)
    best: tuple[int, int, int] | None = None
    for token in _BOX_TOKEN.finditer(text):
        mark = token[0]
        if mark == "{":
            opened.append((-1, token.end()))
        elif mark.endswith("{") and len(mark) > 2:
            opened.append((token.start(), token.end()))
        elif mark == "}" and opened:
            start, inner = opened.pop()
            if start >= 0 and (best is None or start > best[0]) and text[inner : token.start()].strip():
                best = (start, inner, token.start())
    return _trimmed(text, best[1], best[2]) if best else None


def last_number(text: str, markers: Iterable[str] = ()) -> Extracted | None:
    """Return the last number; with markers, the last one after the last marker that occurs.

    Thousands separators, a sign, decimals and a percent sign belong to the number; a minus between two operands
    (``16-7``) does not.
    """
    start = max((found + len(marker) for marker in markers if (found := text.rfind(marker)) >= 0), default=0)
    last = deque((match for match in _NUMBER.finditer(text, start) if match[0]), maxlen=1)
    return Extracted(last[0][0], last[0].span()) if last else None


def choice(text: str, letters: str = "ABCD", options: Mapping[str, str] | None = None) -> Extracted | None:
    r"""Return the letter of the chosen option.

    Read, in this order: ``\boxed{B}``; the last ``answer: B`` or ``answer is (B)``; a last or first line that is only
    a letter form (``B``, ``(B)``, ``**B**``, ``B. text``); a text, or box, that is exactly one option's text. Two
    letters joined by "or", "and", a comma or a slash are no choice.

    Args:
        text: The candidate's answer.
        letters: The letters that can be chosen.
        options: Text of each option by letter, where known.
    """
    patterns = _choice_patterns(letters)
    box = boxed(text)
    if box is not None:
        return _letter_in(patterns.alone, box) or _by_option_text(box, options)
    marked = deque(patterns.marked.finditer(text), maxlen=1)
    if marked:
        return _unless_linked(marked[0], text, patterns)
    # Several lines that start with different letters are the options said again.
    listed = len({match["letter"] or match["bare"] for match in patterns.leading.finditer(text)}) > 1
    for line in _edge_lines(text):
        found = _letter_in(patterns.alone, line) or (None if listed else _letter_in(patterns.leading, line))
        if found:
            return found
    whole = whole_text(text)
    return _by_option_text(whole, options) if whole else None


def first_line(text: str) -> Extracted | None:
    """Return the first line that is not blank."""
    match = re.search(r"\S[^\n]*", text)
    return _trimmed(text, match.start(), match.end()) if match else None


def whole_text(text: str) -> Extracted | None:
    """Return the text without the blanks around it."""
    return _trimmed(text, 0, len(text)) if text.strip() else None


def normalised(
    text: str, *, case: bool = True, articles: bool = True, punctuation: bool = True, accents: bool = True
) -> str:
    """Return the text in the form in which accepted answers are compared.

    Compatibility forms are unified (NFKC) and runs of blanks become one space. What would be left empty keeps its
    punctuation or marks, so that ``+`` and ``-`` stay different.

    Args:
        text: An answer.
        case: Disregard upper and lower case.
        articles: Drop the English articles.
        punctuation: Drop punctuation and symbols.
        accents: Drop accents.
    """
    out = unicodedata.normalize("NFKC", text)
    if case:
        out = out.casefold()
    if accents:
        bare = "".join(char for char in unicodedata.normalize("NFD", out) if not unicodedata.combining(char))
        out = bare if bare.strip() else out
    if punctuation:
        out = _without_punctuation(out)
    words = out.split()
    if articles:
        words = [word for word in words if word.lower() not in ("a", "an", "the")] or words
    return " ".join(words)


def _without_punctuation(text: str) -> str:
    # Within a word an apostrophe or a dot binds ("O'Neill", "U.S."), within a number a comma does ("1,000").
    bound = _BINDING.sub("", text.replace("\u2212", "-"))
    bare = "".join(" " if _is_punctuation(bound, place) else char for place, char in enumerate(bound))
    return bare if bare.strip() else text


def _is_punctuation(text: str, place: int) -> bool:
    char = text[place]
    if char.isalnum() or char.isspace() or char in "#%&@" or unicodedata.category(char)[0] not in "PS":
        return False
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if char in ".-" and after.isdigit():  # a decimal point or a sign
        return before.isalpha() or (char == "-" and before.isdigit())
    return unicodedata.category(char)[0] == "P" or unicodedata.category(char) == "Sk"


class _ChoicePatterns(msgspec.Struct, frozen=True):
    alone: re.Pattern[str]
    leading: re.Pattern[str]
    marked: re.Pattern[str]
    linked: re.Pattern[str]


def _choice_patterns(letters: str) -> _ChoicePatterns:
    one = f"[{re.escape(letters)}]"
    form = _LETTER_FORM.replace("{letters}", one)
    prose_a = r"(?![ \t]+(?!because|since|as\b)[a-z])"  # "Answer: A lot of ..." is prose
    return _ChoicePatterns(
        alone=re.compile(rf"^(?:option\s|choice\s)?{form}[.,:;)]?$", re.IGNORECASE),
        leading=re.compile(
            rf"(?m:^)(?:(?:\*\*)?\(\s?(?P<letter>{one})\s?\)|(?:\*\*)?(?P<bare>{one})[.):](?:\*\*)?(?=\s))"
            rf"(?!{_BLANKS}(?:or|and|,|/|&){_BLANKS}[\(\[]?{one}\b)"
        ),
        marked=re.compile(
            r"(?i:(?<!wrong )(?<!incorrect )(?<!false )\b"
            r"(?:answer(?:\s{1,4}(?:is|would\s{1,4}be))?|(?:option|choice)\s{1,4}is))"
            rf"{_BLANKS}(?:\*\*)?{_BLANKS}[:=]?{_BLANKS}(?:\*\*)?{_BLANKS}(?i:option\s|choice\s)?"
            rf"{form}(?![\w'\u2019]){prose_a}"
        ),
        linked=re.compile(rf"{_BLANKS}(?:or|and|,|/|&){_BLANKS}(?:\*\*)?[\(\[]?{one}(?!\w)", re.IGNORECASE),
    )


def _letter_in(pattern: re.Pattern[str], where: Extracted) -> Extracted | None:
    match = pattern.match(where.text)
    if match is None:
        return None
    name = "letter" if match["letter"] else "bare"
    start, end = match.span(name)
    return Extracted(match[name].upper(), (where.span[0] + start, where.span[0] + end))


def _unless_linked(match: re.Match[str], text: str, patterns: _ChoicePatterns) -> Extracted | None:
    if patterns.linked.match(text, match.end()):
        return None
    return Extracted(match["letter"], match.span("letter"))


def _by_option_text(where: Extracted, options: Mapping[str, str] | None) -> Extracted | None:
    if not options or len(where.text) > 4 * max(len(option) for option in options.values()) + 100:
        return None
    said = normalised(where.text)
    same = [letter for letter, option in options.items() if normalised(option) == said]
    return Extracted(same[0], where.span) if len(same) == 1 else None


def _edge_lines(text: str) -> list[Extracted]:
    last = re.search(r"[^\n]*\S\s*\Z", text[-2000:])
    lines = []
    if last:
        shift = max(0, len(text) - 2000)
        if shift == 0 or last.start() > 0:
            lines.append(_trimmed(text, shift + last.start(), shift + last.end()))
    first = first_line(text)
    if first:
        lines.append(first)
    return lines


def _trimmed(text: str, start: int, end: int) -> Extracted:
    inner = text[start:end]
    left = len(inner) - len(inner.lstrip())
    stripped = inner.strip()
    return Extracted(stripped, (start + left, start + left + len(stripped)))


class NoOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of a rule that has none."""


class BoxedAnswer:
    r"""The last ``\boxed{...}`` with balanced braces."""

    Config = NoOptions

    def __init__(self, config: NoOptions | None = None) -> None:
        self.config = config or NoOptions()

    def extract(self, text: str) -> Extracted | None:
        """Return the box's content."""
        return boxed(text)


class LastNumber:
    """The last number, after the last marker where one occurs."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``LastNumber``.

        Attributes:
            markers: Texts after which the answer stands (``####``).
        """

        markers: list[str] = []

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()

    def extract(self, text: str) -> Extracted | None:
        """Return the number as written."""
        return last_number(text, self.config.markers)


class ChoiceLetter:
    """The letter of the chosen option."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``ChoiceLetter``.

        Attributes:
            letters: The letters that can be chosen.
        """

        letters: str = "ABCD"

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()

    def extract(self, text: str) -> Extracted | None:
        """Return the letter."""
        return choice(text, self.config.letters)


class FirstLine:
    """The first line that is not blank."""

    Config = NoOptions

    def __init__(self, config: NoOptions | None = None) -> None:
        self.config = config or NoOptions()

    def extract(self, text: str) -> Extracted | None:
        """Return the line."""
        return first_line(text)


class WholeText:
    """The whole text."""

    Config = NoOptions

    def __init__(self, config: NoOptions | None = None) -> None:
        self.config = config or NoOptions()

    def extract(self, text: str) -> Extracted | None:
        """Return the text without the blanks around it."""
        return whole_text(text)

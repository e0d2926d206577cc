r"""Which references a rule can compare: short final answers of four kinds, and not the free text that only a judge can.

A pure function of the text, so that a file's references can be looked at before anything is asked.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from judgebench.judges.rules.numbers import number

Kind = Literal["number", "letter", "formula", "words", "text"]

MOST_WORDS = 6
MOST_CHARACTERS = 60
_MOST_UNSPACED = 12  # of a script that puts no blanks between words
_HASHES = "####"
_LETTER = re.compile(r"[A-Z]|\(([A-Za-z])\)")
_TEXT_COMMAND = re.compile(r"\\(?:text\w*|mathrm|mbox)\s*\{([^{}]*)\}")
_WRAPS = [
    re.compile(r"\$\$?([^$]+)\$\$?\.?"),
    re.compile(r"\\\((.+)\\\)\.?"),
    re.compile(r"\\\[(.+)\\\]\.?"),
    re.compile(r"\\boxed\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}\.?"),
    _TEXT_COMMAND,
]
_MARKED = re.compile(r"\$[^$\s][^$]*\$|\\\(|\\\[|\\boxed")
_MOST_WORDS_BESIDE_MARKS = 3
_COMMAND = re.compile(r"\\(?:begin|end)\{\w+\*?\}|\\(?:[A-Za-z]+|.)")
_LATEX = re.compile(r"\\[A-Za-z!,;%$]|[\^{}√π∞≤≥]|\w_\w?\b")
_SYMBOLS = re.compile(r"(?:\d+(?:\.\d+)?|[A-Za-z](?![A-Za-z])|[\s,.+*/=()\[\]<>|!:\u2212-])+")
_OPERATOR = re.compile(r"[+*/=()\[\]<>|!\u2212-]|\d\s*,\s*[-\u2212]?\d|\d[A-Za-z]")
_DATE_OR_TIME = re.compile(r"\d+(?:\s*[-/:.\u2013]\s*\d+)+")
_NO_THOUSANDS = re.compile(r",(?!\d{3}(?!\d))")
_FRACTION = re.compile(r"\s*[-\u2212]?\d+\s*/\s*\d+\s*")
_SENTENCE = re.compile(r"[.!?\u3002\uff01\uff1f](?:\s|$)")


def after_hashes(reference: str) -> str:
    """Return what follows the last ``####`` of a reference, else all."""
    _, mark, after = reference.rpartition(_HASHES)
    return (after if mark and after.strip() else reference).strip()


def final_part(reference: str) -> str:
    """Return the final answer of a reference: what follows its last ``####``, else all, without marks around it."""
    text = after_hashes(reference)
    for _ in range(len(_WRAPS)):
        inner = next((whole[1].strip() for wrap in _WRAPS if (whole := wrap.fullmatch(text))), "")
        if not inner:
            break
        text = inner
    return text


def kind_of(reference: str) -> Kind:
    """Return what kind of final answer a reference is; ``text`` where it is none that a rule could compare."""
    text = final_part(reference)
    if not text or "\n" in text or len(text) > 4 * MOST_CHARACTERS:
        return "text"
    if is_number(text):
        return "number"
    if _LETTER.fullmatch(text):
        return "letter"
    if _is_formula(text, marked=_MARKED.search(reference) is not None):
        return "formula"
    return "words" if _is_short(text) else "text"


def is_number(text: str) -> bool:
    """Say whether a text is one plain number."""
    # 52_8 is a number of another base, and -2,1 are two
    return "_" not in text and not _NO_THOUSANDS.search(text) and number(text) is not None


def _is_formula(text: str, *, marked: bool) -> bool:
    marked = marked and re.search(r"[\d=]", text) is not None
    if marked or _LATEX.search(text):
        prose = _COMMAND.sub(" ", _TEXT_COMMAND.sub(" ", text))
        words = len(re.findall(r"[A-Za-z]{2,}", prose))
        return words <= (_MOST_WORDS_BESIDE_MARKS if marked else 1) and not _SENTENCE.search(prose)
    if _DATE_OR_TIME.fullmatch(text) and not _FRACTION.fullmatch(text):
        return False
    return bool(_SYMBOLS.fullmatch(text) and _OPERATOR.search(text))


def _is_short(text: str) -> bool:
    if any(unicodedata.east_asian_width(char) == "W" for char in text):
        return len(text) <= _MOST_UNSPACED and not _SENTENCE.search(text)
    words = text.split()
    if len(words) > MOST_WORDS or len(text) > MOST_CHARACTERS:
        return False
    return len(words) < 4 or not _SENTENCE.search(text)  # "The U.S." is short, "It rained all day." says something

"""Takes out of a reply what stands in it and states nothing: quotations, what is struck through, boxes left empty.

A quoted verdict is somebody else's, most often the candidate's attempt to be graded by its own words. What is taken out
is replaced by blanks, character for character, so that places in the text stay those of the reply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from judgebench.judges.parsers.lazy import lazily

_UNUSUAL = lazily(r"[<>~`\"'“„«「『☐☑☒✅○◯●◉\[(\u0335-\u0338]")
"""Most short replies hold none of these, and with them nothing that could be taken out."""
_ELEMENT = lazily(
    r"<(?P<close>/?)(?P<name>del|s|strike|blockquote|quote|candidate|candidate_answer|student|student_answer|submission"
    r"|response|user|system|prompt|input|document|text|message|essay|excerpt|quotation)>|<!--|-->",
    re.IGNORECASE,
)
_LAYOUT = lazily(
    r"</?(?:b|i|em|strong|p|br|div|span|u|h[1-6]|li|ul|ol|center|small|mark|code|pre)\s?/?>", re.IGNORECASE
)
_BLOCK = lazily(r"^[ \t]{0,3}>.*$", re.MULTILINE)
_FENCE = lazily(r"```(?:[A-Za-z]{1,12}(?=\s*\n))?|\"\"\"")
_PAIRS = {'"': '"', "“": "”", "„": '“”"', "«": "»", "「": "」", "『": "』", "`": "`", "'": "'"}
_OPENER = lazily(r"[\"“„«「『`]|(?<!\w)'(?=\w)")
_BOX = lazily(
    r"^[ \t]{0,8}(?:[-*+][ \t]{1,3})?(?:\[(?P<mark>[ xX✓✔])\]|\((?P<round>[ xX✓✔])\)|(?P<sign>[☐☑☒○◯●◉]))(?=[ \t])",
    re.MULTILINE,
)
_STRUCK = lazily(r"(?:[^\n][\u0335-\u0338])+")
"""Characters that each have a stroke through them."""
_INTRODUCED = lazily(
    r"(?:verdict|grade|judge?ment|decision|score|rating|result|output|evaluation|answer|assessment)\W{0,6}$",
    re.IGNORECASE,
)
_LONGEST_QUOTE = 300


def without_quotations(text: str, *, prose: bool = True, keep: str = "") -> str:
    """Return the text with blanks in the place of what states nothing.

    Args:
        text: A reply, or what follows its reasoning.
        prose: Whether quotation marks and code marks quote too; in JSON and where patterns search, they are syntax.
        keep: Name of an element whose content is what is looked for.
    """
    if not _UNUSUAL.search(text):
        return text
    if "<" in text or "-->" in text:
        text = _without(text, _elements(text, keep))
        if prose:
            text = _LAYOUT.sub(_blank, text)
    if "[" in text:
        text = _without(text, _excerpts(text))
    if not text.isascii():
        text = _STRUCK.sub(_blank, text)
    if "~~" in text:
        text = _without(text, _between(text, "~~"))
    if ">" in text:
        text = _without_blocks(text, prose=prose)
    if prose:
        if "```" in text or '"""' in text:
            text = _without_fences(text)
        text = _without(text, _quoted(text))
        text = _ticked(text)
    return text


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _blanked(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _without(text: str, spans: Iterator[tuple[int, int]]) -> str:
    pieces, at = [], 0
    for start, end in spans:
        pieces += [text[at:start], _blanked(text[start:end])]
        at = end
    return "".join([*pieces, text[at:]]) if pieces else text


def _elements(text: str, keep: str) -> Iterator[tuple[int, int]]:
    opened: dict[str, int] = {}
    for match in _ELEMENT.finditer(text):
        name = (match["name"] or "!").lower()
        if name == keep.lower():
            continue
        if match["close"] or match[0] == "-->":
            start = opened.get(name)
            if start is not None:
                yield start, match.end()
                opened.clear()
        else:
            opened.setdefault(name, match.start())


_EXCERPT = lazily(r"\[\s?(?:(?P<begin>begin|start)|(?P<end>end))(?:ning)?(?: of)?\b[^\]\n]{0,40}\]", re.IGNORECASE)


def _excerpts(text: str) -> Iterator[tuple[int, int]]:
    start: int | None = None
    for match in _EXCERPT.finditer(text):
        if match["begin"]:
            start = match.start() if start is None else start
        elif start is not None:
            yield start, match.end()
            start = None


def _between(text: str, mark: str) -> Iterator[tuple[int, int]]:
    start = text.find(mark)
    while start >= 0:
        end = text.find(mark, start + len(mark))
        if end < 0:
            return
        yield start, end + len(mark)
        start = text.find(mark, end + len(mark))


def _without_blocks(text: str, *, prose: bool) -> str:
    """A block of lines that begin with ``>``; a single letter or word as the whole reply is only marked so."""
    if prose and _BLOCK.fullmatch(text.strip("\n")) and "[" not in text and len(text.replace(">", " ").split()) == 1:
        return text
    return _BLOCK.sub(_blank, text)


def _without_fences(text: str) -> str:
    """A fence quotes where text stands around it; one that holds the whole reply, or its verdict, is only layout."""
    marks = list(_FENCE.finditer(text))
    if len(marks) < 2:
        return text
    pairs = list(zip(marks[::2], marks[1::2], strict=False))
    before, after = text[: pairs[0][0].start()].strip(), text[pairs[-1][1].end() :].strip()
    own = len(pairs) == 1 and not after and (not before or _introduces(before))
    if not own:
        return _without(text, iter([(first.start(), second.end()) for first, second in pairs]))
    return _without(text, iter([first.span() for first in pairs[0]]))


def _introduces(before: str) -> bool:
    last = before.rpartition("\n")[2]
    return len(last) <= 40 and bool(_INTRODUCED.search(last))


def _quoted(text: str) -> Iterator[tuple[int, int]]:
    """Quotation marks and code marks around a statement; around a letter or a word they are decoration."""
    whole = text.strip()
    at = 0
    while (opener := _OPENER.search(text, at)) is not None:
        start = opener.start()
        closers = _PAIRS[opener[0]]
        stop = text.find("\n", start + 1, start + _LONGEST_QUOTE)
        stop = stop if stop >= 0 else start + _LONGEST_QUOTE
        ends = [place for one in closers if (place := text.find(one, start + 1, stop)) >= 0]
        if not ends:
            at = start + 1
            continue
        end = min(ends) + 1
        inside = text[start + 1 : end - 1]
        says = ":" in inside or "：" in inside or len(inside.split()) >= 3 or "<" in inside
        says = says or (
            opener[0] != "`" and any(map(str.isdigit, inside)) and text[:start].rstrip()[-1:] not in set(":：=")
        )
        if says and text[start:end] != whole:
            yield start, end
        at = end


_BOXED = lazily(r"[☐☑☒○◯●◉]|\[[ xX✓✔]\]|\([ xX✓✔]\)")


def _empty(box: re.Match[str]) -> bool:
    return " " in (box["mark"], box["round"]) or box["sign"] in set("☐○◯")


def _ticked(text: str) -> str:
    """Of a list of boxes those that are ticked, without their boxes."""
    boxes = list(_BOX.finditer(text)) if _BOXED.search(text) else []
    if not any(_empty(box) for box in boxes):
        boxes = [box for box in boxes if box["mark"] or box["sign"] in set("☑☒")]  # the others are also bullets
    if not boxes:
        return text
    spans = []
    for box in boxes:
        empty = _empty(box)
        end = text.find("\n", box.end()) if empty else box.end()
        spans.append((box.start(), end if end >= 0 else len(text)))
    return _without(text, iter(spans))

"""What changed between two texts, word by word, as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from markupsafe import Markup, escape

from judgebench.errors import visible

_WORDS = re.compile(r"\d+(?:[.,]\d+)*|\w+|\s+|[^\w\s]")
_MOST = 2_000
"""Words, gaps and signs of a text that are compared. Words that fill a long text are no anchors (``autojunk``): a model
that repeats itself would take minutes."""
_KEPT = 90
"""Characters of an unchanged stretch that are shown at each of its ends."""


def difference(first: str, second: str) -> Markup:
    """Return the second text with what went out of the first marked as ``del``, and what came as ``ins``."""
    ours, theirs = _WORDS.findall(first), _WORDS.findall(second)
    cut = len(ours) > _MOST or len(theirs) > _MOST
    ours, theirs = ours[:_MOST], theirs[:_MOST]
    made = Markup()
    for gone, come, same in _stretches(ours, theirs):
        if gone:
            made += Markup("<del>{}</del>").format(visible(gone))
        if come:
            made += Markup("<ins>{}</ins>").format(visible(come))
        made += escape(_shortened(visible(same)))
    return made + Markup(" <i>… the rest is not compared</i>") if cut else made


def _stretches(ours: list[str], theirs: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield what went, what came, and what stayed after it; a gap of spaces between two changes is part of them."""
    gone = come = ""
    for kind, a, b, c, d in SequenceMatcher(None, ours, theirs).get_opcodes():
        before, after = "".join(ours[a:b]), "".join(theirs[c:d])
        if kind != "equal" or (gone + come and not after.strip()):
            gone, come = gone + before, come + after
            continue
        yield gone, come, after
        gone = come = ""
    yield gone, come, ""


def _shortened(text: str) -> str:
    return text if len(text) <= 2 * _KEPT + 20 else f"{text[:_KEPT]} … {text[-_KEPT:]}"

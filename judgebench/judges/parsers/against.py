"""What stands right beside a verdict and speaks against it: a cross, a thumb that points down, ``(loser)``."""

from __future__ import annotations

import re

from judgebench.judges.parsers.lazy import lazily

_CROSSES = frozenset("❌✗✘✖👎🚫⛔")
_BEFORE = lazily(r"[^\w\n]{0,24}$")
_AFTER = lazily(r"[^\w\n]{0,24}")
_FAILED = lazily(
    r"[ \t*_`\"'\]})]{0,8}(?:(?:[:,(–—-]|\s-)[ \t(]{0,2}(?:(?:it|this|that|which)\s)?(?:(?:is|was)\s)?(?:the |a )?"
    r"(?:wrong|worse|weaker|weakest|losers?|loses|lost|losing|inferior|fails?|failed|failing|bad|rejected)\b"
    r"|\.\s(?:wrong|worse|fail(?:s|ed)?|rejected)[ \t]*(?:[.!\n]|$))",
    re.IGNORECASE,
)
_NEGATIVE = ("in", "un", "not", "no", "wrong", "false", "fail", "bad", "reject", "mis")
"""How decisions begin of which a cross says the same; of others with such a beginning nothing is said here."""


def spoken_against(text: str, start: int, end: int, decision: str) -> bool:
    """Whether what stands beside a letter or word says the contrary of it.

    Args:
        text: The text.
        start: Where the letter or word starts.
        end: Where it ends.
        decision: What it stands for; of a decision such as ``incorrect`` a cross says the same.
    """
    if decision.lower().startswith(_NEGATIVE):
        return False
    before = _BEFORE.search(text, max(0, start - 24), start)
    after = _AFTER.match(text, end)
    beside = (before[0] if before else "") + (after[0] if after else "")
    return not _CROSSES.isdisjoint(beside) or _FAILED.match(text, end) is not None

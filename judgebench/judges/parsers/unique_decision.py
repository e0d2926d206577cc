"""A decision that is the only one of its kind in the reply."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from judgebench.judges.parsers.patterns import PatternParser
from judgebench.judges.parsers.reading import Reading, unparsed


class UniqueDecision(PatternParser):
    """Reads a decision only where the pattern finds one and the same text wherever it matches.

    JudgeBench reads bracketed decisions so (Tan et al. 2024), with ``published=True`` negated and quoted ones too:
    ``[[A>B]]`` and ``[[A>>B]]`` in one reply are two different decisions and leave it unparsed, although both may mean
    the same in ``decisions``.
    """

    reads_text_only: ClassVar[bool] = True

    def choose(self, found: Sequence[re.Match[str]]) -> re.Match[str] | Reading:
        """Return the last match if all say the same."""
        written = dict.fromkeys(match[1] for match in found)
        if len(written) > 1:
            return unparsed(f"several decisions: {', '.join(list(written)[:4])[:60]}")
        return found[-1]

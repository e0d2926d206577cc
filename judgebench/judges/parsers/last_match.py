"""The last place where a pattern occurs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from judgebench.judges.parsers.patterns import PatternParser
from judgebench.judges.parsers.reading import Reading


class LastMatch(PatternParser):
    """Reads the last match of the first pattern that occurs, unless it is quoted, negated or taken back.

    Arena-Hard reads its five-level decisions so (Li et al. 2024), with ``published=True`` wherever they stand. It suits
    judges that think first and answer last.
    """

    reads_text_only: ClassVar[bool] = True

    def choose(self, found: Sequence[re.Match[str]]) -> re.Match[str] | Reading:
        """Return the last match."""
        return found[-1]

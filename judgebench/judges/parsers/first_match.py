"""The first place where a pattern occurs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from judgebench.judges.parsers.patterns import PatternParser
from judgebench.judges.parsers.reading import Reading, unparsed


class FirstMatch(PatternParser):
    """Reads the first match of the first pattern that occurs, unless it is quoted, negated or taken back.

    MT-Bench reads its grades so (double brackets, then single ones; Zheng et al. 2023), with ``published=True``
    whatever follows. Otherwise a later match that says something else leaves the reply unparsed.
    """

    reads_text_only: ClassVar[bool] = True

    def choose(self, found: Sequence[re.Match[str]]) -> re.Match[str] | Reading:
        """Return the first match."""
        if not self.config.published and any(match[1] != found[0][1] for match in found):
            return unparsed(f"a later match says something other than {found[0][1][:40]!r}")
        return found[0]

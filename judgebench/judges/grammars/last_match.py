"""The last place where a pattern occurs."""

from __future__ import annotations

from judgebench.judges.grammars.patterns import PatternGrammar
from judgebench.judges.grammars.reading import Reading, unparsed
from judgebench.records import Reply


class LastMatch(PatternGrammar):
    """Reads the last match of the first pattern that occurs, wherever it stands.

    Arena-Hard reads its five-level labels so (Li et al. 2024). It suits judges that think first and answer last.
    """

    def read(self, reply: Reply) -> Reading:
        """Read the last match."""
        found = self._search.matches(reply.text)
        if not found:
            return unparsed("no pattern occurs in the reply")
        return self._search.reading(found[-1])

"""The first place where a pattern occurs."""

from __future__ import annotations

from judgebench.judges.grammars.patterns import PatternGrammar
from judgebench.judges.grammars.reading import Reading, unparsed
from judgebench.records import Reply


class FirstMatch(PatternGrammar):
    """Reads the first match of the first pattern that occurs, wherever it stands.

    MT-Bench reads its grades so (double brackets, then single ones; Zheng et al. 2023). Earlier mentions win over a
    later verdict, which suits judges that answer first.
    """

    def read(self, reply: Reply) -> Reading:
        """Read the first match."""
        found = self._search.matches(reply.text)
        if not found:
            return unparsed("no pattern occurs in the reply")
        return self._search.reading(found[0])

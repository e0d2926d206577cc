"""A label that is the only one of its kind in the reply."""

from __future__ import annotations

from judgebench.judges.grammars.patterns import PatternGrammar
from judgebench.judges.grammars.reading import Reading, unparsed
from judgebench.records import Reply


class UniqueLabel(PatternGrammar):
    """Reads a label only where the pattern finds one and the same text wherever it matches.

    JudgeBench reads bracketed labels so (Tan et al. 2024): ``[[A>B]]`` and ``[[A>>B]]`` in one reply are two different
    labels and leave it unparsed, although both may mean the same in ``labels``.
    """

    def read(self, reply: Reply) -> Reading:
        """Read the label if there is only one."""
        found = self._search.matches(reply.text)
        if not found:
            return unparsed("no pattern occurs in the reply")
        written = dict.fromkeys(match[1] for match in found)
        if len(written) > 1:
            return unparsed(f"several labels: {', '.join(list(written)[:4])[:60]}")
        return self._search.reading(found[-1])

"""A label that is the only one of its kind in the reply."""

from __future__ import annotations

from typing import Any, ClassVar

from judgebench.judges.grammars.patterns import PatternConfig, PatternSearch, labels_of
from judgebench.judges.grammars.reading import Reading, identity_of, unparsed
from judgebench.records import Reply


class UniqueLabel:
    """Reads a label only where the pattern finds one and the same text wherever it matches.

    JudgeBench reads bracketed labels so (Tan et al. 2024): ``[[A>B]]`` and ``[[A>>B]]`` in one reply are two different
    labels and leave it unparsed, although both may mean the same in ``labels``.
    """

    Config = PatternConfig
    version: ClassVar[int] = 1
    guesses: ClassVar[bool] = False
    needs_logprobs: ClassVar[bool] = False

    def __init__(self, config: PatternConfig) -> None:
        self.config = config
        self._search = PatternSearch(config, "unique_label")

    def labels(self) -> list[str]:
        """Return the labels in the order of the config."""
        return list(labels_of(self.config))

    def identity(self) -> dict[str, Any]:
        """Return name, version and patterns."""
        return identity_of(self, self.config)

    def read(self, reply: Reply) -> Reading:
        """Read the label if there is only one."""
        found = self._search.matches(reply.text)
        if not found:
            return unparsed("no pattern occurs in the reply")
        written = dict.fromkeys(match[1] for match in found)
        if len(written) > 1:
            return unparsed(f"several labels: {', '.join(list(written)[:4])[:60]}")
        return self._search.reading(found[-1])

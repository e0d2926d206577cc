"""The last place where a pattern occurs."""

from __future__ import annotations

from typing import Any, ClassVar

from judgebench.judges.grammars.patterns import PatternConfig, PatternSearch, labels_of
from judgebench.judges.grammars.reading import Reading, identity_of, unparsed
from judgebench.records import Reply


class LastMatch:
    """Reads the last match of the first pattern that occurs, wherever it stands.

    Arena-Hard reads its five-level labels so (Li et al. 2024). It suits judges that think first and answer last.
    """

    Config = PatternConfig
    version: ClassVar[int] = 1
    guesses: ClassVar[bool] = False
    needs_logprobs: ClassVar[bool] = False

    def __init__(self, config: PatternConfig) -> None:
        self.config = config
        self._search = PatternSearch(config, "last_match")

    def labels(self) -> list[str]:
        """Return the labels in the order of the config."""
        return list(labels_of(self.config))

    def identity(self) -> dict[str, Any]:
        """Return name, version and patterns."""
        return identity_of(self, self.config)

    def read(self, reply: Reply) -> Reading:
        """Read the last match."""
        found = self._search.matches(reply.text)
        if not found:
            return unparsed("no pattern occurs in the reply")
        return self._search.reading(found[-1])

"""The first of several grammars that can read the reply."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges import load
from judgebench.judges.grammars.reading import Grammar, Reading, unparsed
from judgebench.records import Reply


class FirstReadable:
    """Tries grammars in turn; ``values["read_by"]`` is the number of the one that read the reply, from 0.

    For services and recordings that give log-probabilities with most replies but not with all.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``grammar=dict(type="first_readable", ...)``.

        Attributes:
            grammars: In the order in which they are tried.
        """

        grammars: list[dict[str, Any] | str]

    version: ClassVar[int] = 1
    guesses: ClassVar[bool] = False

    def __init__(self, config: Config) -> None:
        if not config.grammars:
            raise ConfigError("Grammar first_readable: grammars must hold at least one grammar.")
        self.config = config
        self._grammars: list[Grammar] = [
            load.grammar_of(grammar, where=f"Grammar first_readable: grammars[{number}]")
            for number, grammar in enumerate(config.grammars)
        ]

    @property
    def needs_logprobs(self) -> bool:
        """Whether every grammar reads log-probabilities."""
        return all(grammar.needs_logprobs for grammar in self._grammars)

    def labels(self) -> list[str]:
        """Return the labels of all grammars in order."""
        return list(dict.fromkeys(label for grammar in self._grammars for label in grammar.labels()))

    def identity(self) -> dict[str, Any]:
        """Return name, version and grammars."""
        grammars = [grammar.identity() for grammar in self._grammars]
        return {"grammar": "first_readable", "version": self.version, "grammars": grammars}

    def read(self, reply: Reply) -> Reading:
        """Read the reply by the first grammar that can."""
        reasons = []
        for number, grammar in enumerate(self._grammars):
            reading = grammar.read(reply)
            if reading.status == "ok":
                return msgspec.structs.replace(reading, values={**reading.values, "read_by": number})
            reasons.append(reading.reason)
        return unparsed("; ".join(reasons))

"""One of several grammars, chosen by what came with the reply."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges import load
from judgebench.judges.grammars.reading import Grammar, Reading, unparsed
from judgebench.records import Reply


class ChosenBy:
    """Reads a reply by the grammar that belongs to a value in the reply's ``extra``.

    For recordings whose rows were made by different questions: LLMBar's judges that decide in a second stage where the
    orders contradict each other are asked in other words there, and answer in another form (Zeng et al. 2024).
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``grammar=dict(type="chosen_by", ...)``.

        Attributes:
            field: Name of the value in ``extra`` (a recording puts it there by its key ``keep``).
            grammars: Grammar by that value as text.
        """

        field: str
        grammars: dict[str, dict[str, Any] | str]

    version: ClassVar[int] = 1
    guesses: ClassVar[bool] = False

    def __init__(self, config: Config) -> None:
        if not config.grammars:
            raise ConfigError("Grammar chosen_by: grammars must hold at least one grammar.")
        self.config = config
        self._grammars: dict[str, Grammar] = {
            value: load.grammar_of(grammar, where=f"Grammar chosen_by: grammars.{value}")
            for value, grammar in config.grammars.items()
        }

    @property
    def needs_logprobs(self) -> bool:
        """Whether every grammar reads log-probabilities."""
        return all(grammar.needs_logprobs for grammar in self._grammars.values())

    def labels(self) -> list[str]:
        """Return the labels of all grammars in order."""
        return list(dict.fromkeys(label for grammar in self._grammars.values() for label in grammar.labels()))

    def identity(self) -> dict[str, Any]:
        """Return name, version, field and grammars."""
        grammars = {value: grammar.identity() for value, grammar in self._grammars.items()}
        return {"grammar": "chosen_by", "version": self.version, "field": self.config.field, "grammars": grammars}

    def read(self, reply: Reply) -> Reading:
        """Read the reply by the grammar that its ``extra`` names."""
        value = (reply.extra or {}).get(self.config.field)
        written = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        grammar = self._grammars.get(written)
        if grammar is None:
            return unparsed(f"no grammar for {self.config.field} = {written[:40]}")
        return grammar.read(reply)

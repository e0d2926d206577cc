"""One of several parsers, chosen by what came with the reply."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.parsers.reading import Reading, VerdictParser, parser_of, unparsed
from judgebench.records.flow import Reply


class ChosenBy:
    """Reads a reply by the parser that belongs to a value in the reply's ``extra``.

    For recordings whose rows were made by different questions: LLMBar's judges that decide in a second stage where the
    orders contradict each other are asked in other words there, and answer in another form (Zeng et al. 2024).
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="chosen_by", ...)``.

        Attributes:
            field: Name of the value in ``extra`` (a recording puts it there by its key ``keep``).
            parsers: Verdict parser by that value as text.
        """

        field: str
        parsers: dict[str, dict[str, Any] | str]

    version: ClassVar[int] = 1
    guesses: ClassVar[bool] = False

    def __init__(self, config: Config) -> None:
        if not config.parsers:
            raise ConfigError("parser chosen_by: parsers must hold at least one parser.")
        self.config = config
        self._parsers: dict[str, VerdictParser] = {
            value: parser_of(parser, where=f"parser chosen_by: parsers.{value}")
            for value, parser in config.parsers.items()
        }

    @property
    def needs_logprobs(self) -> bool:
        """Whether every parser reads log-probabilities."""
        return all(parser.needs_logprobs for parser in self._parsers.values())

    def decisions(self) -> list[str]:
        """Return the decisions of all parsers in order."""
        return list(dict.fromkeys(decision for parser in self._parsers.values() for decision in parser.decisions()))

    def schema(self) -> None:
        """Return none: which parser reads a reply is known with the reply."""

    def identity(self) -> dict[str, Any]:
        """Return name, version, field and parsers."""
        parsers = {value: parser.identity() for value, parser in self._parsers.items()}
        return {"parser": "chosen_by", "version": self.version, "field": self.config.field, "parsers": parsers}

    def read(self, reply: Reply) -> Reading:
        """Read the reply by the parser that its ``extra`` names."""
        value = (reply.extra or {}).get(self.config.field)
        written = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        parser = self._parsers.get(written)
        if parser is None:
            return unparsed(f"no parser for {self.config.field} = {written[:40]}")
        return parser.read(reply)

"""The first of several parsers that can read the reply."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.parsers.reading import Reading, VerdictParser, parser_of, unparsed
from judgebench.records.flow import Reply


class FirstReadable:
    """Tries parsers in turn; ``values["read_by"]`` is the number of the one that read the reply, from 0.

    For services and recordings that give log-probabilities with most replies but not with all.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="first_readable", ...)``.

        Attributes:
            parsers: In the order in which they are tried.
        """

        parsers: list[dict[str, Any] | str]

    version: ClassVar[int] = 1
    guesses: ClassVar[bool] = False

    def __init__(self, config: Config) -> None:
        if not config.parsers:
            raise ConfigError("parser first_readable: parsers must hold at least one parser.")
        self.config = config
        self._parsers: list[VerdictParser] = [
            parser_of(parser, where=f"parser first_readable: parsers[{number}]")
            for number, parser in enumerate(config.parsers)
        ]

    @property
    def needs_logprobs(self) -> bool:
        """Whether every parser reads log-probabilities."""
        return all(parser.needs_logprobs for parser in self._parsers)

    def decisions(self) -> list[str]:
        """Return the decisions of all parsers in order."""
        return list(dict.fromkeys(decision for parser in self._parsers for decision in parser.decisions()))

    def schema(self) -> dict[str, Any] | None:
        """Return the schema of the parser that is tried first."""
        return self._parsers[0].schema()

    def identity(self) -> dict[str, Any]:
        """Return name, version and parsers."""
        parsers = [parser.identity() for parser in self._parsers]
        return {"parser": "first_readable", "version": self.version, "parsers": parsers}

    def read(self, reply: Reply) -> Reading:
        """Read the reply by the first parser that can."""
        reasons = []
        for number, parser in enumerate(self._parsers):
            reading = parser.read(reply)
            if reading.status == "ok":
                return msgspec.structs.replace(reading, values={**reading.values, "read_by": number})
            reasons.append(reading.reason)
        return unparsed("; ".join(reasons))

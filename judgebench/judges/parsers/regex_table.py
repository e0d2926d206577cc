"""An ordered table of regular expressions, each with its decision."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.parsers.patterns import compiled
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, unparsed
from judgebench.records.flow import Reply


class RegexTable(ConfiguredParser):
    """Gives the decision of the first row of a table whose pattern matches anywhere in the reply.

    LLMBar reads its judges so (Zeng et al. 2024). The order of the rows decides where several match.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="regex_table", ...)``.

        Attributes:
            table: Rows ``[decision, pattern]`` in order.
            ignore_case: Whether patterns disregard case.
        """

        table: list[tuple[str, str]]
        ignore_case: bool = False

    reads_text_only: ClassVar[bool] = True
    config: Config

    def __init__(self, config: Config) -> None:
        if not config.table:
            raise ConfigError("parser regex_table: table must hold at least one row [decision, pattern].")
        super().__init__(config)
        where = "parser regex_table: table"
        self._rows = [
            (decision, compiled(pattern, ignore_case=config.ignore_case, where=where))
            for decision, pattern in config.table
        ]

    def decisions(self) -> list[str]:
        """Return the decisions in the order of the table."""
        return list(dict.fromkeys(decision for decision, _ in self.config.table))

    def read(self, reply: Reply) -> Reading:
        """Give the decision of the first row that matches."""
        for decision, pattern in self._rows:
            match = pattern.search(reply.text)
            if match:
                return Reading(status="ok", decision=decision, span=match.span())
        return unparsed("no row of the table matches")

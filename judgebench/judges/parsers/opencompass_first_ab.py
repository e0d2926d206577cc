"""The rule of OpenCompass's generic grader, for comparison. It guesses."""

from __future__ import annotations

import re
from typing import ClassVar

import msgspec

from judgebench.judges.parsers.reading import ConfiguredParser, Reading, unparsed
from judgebench.records.flow import Reply


class OpencompassFirstAb(ConfiguredParser):
    """Takes the first ``A`` or ``B`` anywhere, inside words too; without any the verdict is unknown.

    So ``Based on ...`` is incorrect and ``Answer: B`` is correct. Use it only to compare with tables that were made by
    this rule.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="opencompass_first_ab", ...)``.

        Attributes:
            decisions: Decision of ``A`` and of ``B``.
        """

        decisions: dict[str, str] = msgspec.field(default_factory=lambda: {"A": "correct", "B": "incorrect"})

    guesses: ClassVar[bool] = True
    reads_text_only: ClassVar[bool] = True
    config: Config

    def decisions(self) -> list[str]:
        """Return the decisions in the order of the config."""
        return list(dict.fromkeys(self.config.decisions.values()))

    def read(self, reply: Reply) -> Reading:
        """Read the first of the two letters."""
        match = re.search("[AB]", reply.text)
        if match is None:
            return unparsed("neither A nor B occurs in the reply")
        return Reading(status="ok", decision=self.config.decisions.get(match[0], match[0]), span=match.span())

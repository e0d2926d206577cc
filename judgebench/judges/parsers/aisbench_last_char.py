"""The rule of AISBench's correctness grader, for comparison. It guesses."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from judgebench.judges.parsers.reading import ConfiguredParser, Reading
from judgebench.records.flow import Reply


class AisbenchLastChar(ConfiguredParser):
    """Looks at nothing but the last character: ``A`` is correct, everything else is incorrect.

    So ``A.`` and an empty reply are incorrect, and ``NASA`` is correct. It never says that it cannot read a reply;
    use it only to compare with tables that were made by this rule.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="aisbench_last_char", ...)``.

        Attributes:
            decisions: Decision of ``A`` and of ``B``.
            otherwise: What every other last character counts as: ``A`` or ``B``.
        """

        decisions: dict[str, str] = msgspec.field(default_factory=lambda: {"A": "correct", "B": "incorrect"})
        otherwise: str = "B"

    guesses: ClassVar[bool] = True
    reads_text_only: ClassVar[bool] = True
    config: Config

    def decisions(self) -> list[str]:
        """Return the decisions in the order of the config."""
        return list(dict.fromkeys(self.config.decisions.values()))

    def read(self, reply: Reply) -> Reading:
        """Read the last character; ``values["guessed"]`` says where it was neither ``A`` nor ``B``."""
        last, end = reply.text[-1:], len(reply.text)
        if last in {"A", "B"}:
            return Reading(status="ok", decision=self.config.decisions.get(last, last), span=(end - 1, end))
        decision = self.config.decisions.get(self.config.otherwise, self.config.otherwise)
        return Reading(status="ok", decision=decision, values={"guessed": True})

"""Several scores on the first line, one for each answer that a judge was shown."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from judgebench.judges.parsers.numbers import number_of, outside
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, unparsed
from judgebench.records.flow import Reply


class FirstLineNumbers(ConfiguredParser):
    """Reads the numbers of a first line that holds nothing else; commas count as spaces.

    JudgeLM's form for many answers (Zhu et al. 2023). How many there must be is the method's to know, as it knows how
    many answers it has shown; they are in ``scores``, and the score is the greatest of them.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="first_line_numbers", ...)``.

        Attributes:
            low: Least number; ``None`` sets no bound. ``high``: greatest.
        """

        low: float | None = None
        high: float | None = None

    reads_text_only: ClassVar[bool] = True
    config: Config

    def read(self, reply: Reply) -> Reading:
        """Read the numbers."""
        line = reply.text.partition("\n")[0].rstrip()
        written = line.replace(",", " ").split()
        numbers = [number_of(one) for one in written]
        known = [one for one in numbers if one is not None]
        if not known or len(known) < len(numbers):
            return unparsed("the first line holds something other than numbers")
        if any(outside(one, self.config.low, self.config.high) for one in known):
            return unparsed(f"a score of {line.strip()[:40]!r} is outside the scale")
        return Reading(status="ok", score=max(known), span=(0, len(line)), scores=known)

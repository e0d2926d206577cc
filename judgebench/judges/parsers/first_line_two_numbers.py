"""Two scores on the first line, as JudgeLM-style judges write them."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import msgspec

from judgebench.judges.parsers.numbers import number_of, outside
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, unparsed
from judgebench.records.flow import Reply


class TwoNumbers(NamedTuple):
    """Two scores and the span that they were read from."""

    first: float
    second: float
    span: tuple[int, int]


class FirstLineTwoNumbers(ConfiguredParser):
    """Reads the scores of the first and the second answer from a first line that holds nothing else.

    Commas count as spaces. The rest of the reply is never read, as in JudgeLM (Zhu et al. 2023), whose rule this is;
    what JudgeLM turns into a pair of -1 is unparsed here.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="first_line_two_numbers", ...)``.

        Attributes:
            low: Least score; ``None`` sets no bound. ``high``: greatest.
            margin: Scores that differ by no more than this are a tie.
            names: Decisions where the first is greater, where the second is, and of a tie.
        """

        low: float | None = None
        high: float | None = None
        margin: float = 0.0
        names: tuple[str, str, str] = ("A", "B", "tie")

    version: ClassVar[int] = 2
    place: ClassVar[str] = "the first line is"
    """What is said of a reply that cannot be read: ``<place> not two numbers``."""
    reads_text_only: ClassVar[bool] = True
    config: Config

    def decisions(self) -> list[str]:
        """Return the decisions of first, second and tie."""
        return list(self.config.names)

    def read(self, reply: Reply) -> Reading:
        """Read the two scores; ``pair`` holds them."""
        found = self.scores(reply.text)
        if found is None:
            return unparsed(f"{self.place} not two numbers")
        first, second, (start, end) = found
        if any(outside(score, self.config.low, self.config.high) for score in (first, second)):
            return unparsed(f"a score of {reply.text[start:end].strip()!r} is outside the scale")
        apart = first - second
        place = 0 if apart > self.config.margin else 1 if apart < -self.config.margin else 2
        return Reading(
            status="ok",
            decision=self.config.names[place],
            score=apart,
            span=(start, end),
            pair=(first, second),
        )

    def scores(self, text: str) -> TwoNumbers | None:
        """Return the two scores and where they stand."""
        line = text.partition("\n")[0].rstrip()
        numbers = [number_of(word) for word in line[:200].replace(",", " ").split()]
        if len(line) > 200 or len(numbers) != 2 or numbers[0] is None or numbers[1] is None:
            return None
        return TwoNumbers(numbers[0], numbers[1], (0, len(line)))

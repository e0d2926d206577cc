"""Two scores on the last two lines, as judges write them that give their reasons first."""

from __future__ import annotations

from typing import ClassVar

from judgebench.judges.parsers.first_line_two_numbers import FirstLineTwoNumbers, TwoNumbers
from judgebench.judges.parsers.numbers import number_of
from judgebench.judges.parsers.reading import Reading, answer_part, silent, unparsed
from judgebench.records.flow import Reply

_LONGEST = 200


class LastLinesTwoNumbers(FirstLineTwoNumbers):
    """Reads the score of the first answer from the last line but one and that of the second from the last.

    A line's score is what stands after its last colon, and nothing but a number may stand there; blank lines at the end
    do not count. The rest of the reply is never read. This is FairEval's rule (Wang et al. 2023, multiple evidence
    calibration), by which reasons come before scores.
    """

    class Config(FirstLineTwoNumbers.Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="last_lines_two_numbers", ...)``: those of ``first_line_two_numbers``."""

    version: ClassVar[int] = 2
    reads_text_only: ClassVar[bool] = True
    place: ClassVar[str] = "the last two lines are"

    def read(self, reply: Reply) -> Reading:
        """Read the two scores; a reply that was cut off may lack digits of the second."""
        if answer_part(reply.text).text is None:
            return silent(reply)
        return unparsed("the reply was cut off") if reply.finish_reason == "length" else super().read(reply)

    def scores(self, text: str) -> TwoNumbers | None:
        """Return the two scores and where the two lines stand."""
        end = len(text.rstrip())
        second = text.rfind("\n", 0, end) + 1
        before = len(text[:second].rstrip()) if second else 0
        start = text.rfind("\n", 0, before) + 1
        lines = [text[start:before], text[second:end]]
        if not before or any(len(line) > _LONGEST for line in lines):
            return None
        found = [number_of(line.rpartition(":")[2].strip(" *.")) for line in lines]
        if found[0] is None or found[1] is None:
            return None
        return TwoNumbers(found[0], found[1], (start, end))

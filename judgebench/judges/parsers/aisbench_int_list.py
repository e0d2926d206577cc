"""The rule by which AISBench reads the judges of edited pictures (GEdit), for comparison."""

from __future__ import annotations

import re
from typing import ClassVar

import msgspec

from judgebench.judges.parsers.reading import ConfiguredParser, Reading, unparsed
from judgebench.records.flow import Reply

_PAIR = re.compile(r"\[\s*(\d{1,9})\s*,\s*(\d{1,9})\s*\]")


class AisbenchIntList(ConfiguredParser):
    """Reads the first ``[n, n]`` of whole numbers, wherever it stands; the score is the smaller one.

    ``[7.5, 8]`` is no such pair, and nothing looks at the scale. AISBench counts what it cannot read as 0 points: that
    figure stands beside the honest one as ``..._unread_as_0`` of ``AspectScore``. ``score_list`` reads more, and
    refuses what lies outside the scale.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """``parser="aisbench_int_list"`` has no keys."""

    reads_text_only: ClassVar[bool] = True
    config: Config

    def read(self, reply: Reply) -> Reading:
        """Read the first pair."""
        match = _PAIR.search(reply.text)
        if match is None:
            return unparsed("the reply holds no list of two whole numbers")
        scores = [float(match[1]), float(match[2])]
        return Reading(status="ok", score=min(scores), span=match.span(), scores=scores)

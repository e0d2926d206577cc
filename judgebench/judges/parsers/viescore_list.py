"""The rule by which VIEScore's own tables read their recorded scores, for comparison. It guesses."""

from __future__ import annotations

import json
import math
from typing import Any, ClassVar

import msgspec

from judgebench.judges.parsers.reading import ConfiguredParser, Reading, unparsed
from judgebench.records.flow import Reply


class ViescoreList(ConfiguredParser):
    """Reads the first JSON object's field ``score`` as VIEScore does (Ku et al. 2024): as a share of 1.

    Of a list, whatever its length, the least part counts, cut to a whole number; a number by itself counts as it is.
    What lies outside the scale is taken for its end. Use it to compare with published tables; ``score_list`` refuses
    what this rule bends.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``parser=dict(type="viescore_list", ...)``.

        Attributes:
            high: The score that counts as 1.
        """

        high: float = 10

    guesses: ClassVar[bool] = True
    reads_text_only: ClassVar[bool] = True
    config: Config

    def read(self, reply: Reply) -> Reading:
        """Read the scores; see the class."""
        start = reply.text.find("{")
        try:
            found, end = json.JSONDecoder(strict=False).raw_decode(reply.text, start) if start >= 0 else (None, 0)
            share = self._share(found["score"]) if isinstance(found, dict) else None
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            share = None
        if share is None:
            return unparsed("the reply holds no JSON object with a score")
        return Reading(status="ok", score=min(1.0, max(0.0, share)), span=(start, end))

    def _share(self, value: Any) -> float | None:
        if isinstance(value, list):
            return min(int(part) for part in value) / self.config.high
        share = float(value) / self.config.high
        return None if isinstance(value, bool) or math.isnan(share) else share

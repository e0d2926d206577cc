"""Ask the whole judge several times and aggregate its verdicts (self-consistency, Wang et al. 2022)."""

from __future__ import annotations

from typing import Any

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.aggregations import PresentationReading, aggregated, aggregation_of
from judgebench.judges.core.contract import Ask, Case
from judgebench.judges.parsers.reading import Reading, as_verdict
from judgebench.judges.wrappers.wrapper import Listening, Wrapper, stated
from judgebench.records.flow import Verdict


class Repeated(Wrapper):
    """Runs another judge ``times`` times, one after the other, and aggregates what it decides.

    Methods of presentations have ``repeats`` of their own, which aggregate replies; this one aggregates whole
    verdicts, of any judge. The judge model needs a temperature above 0, else the votes are copies.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=Repeated, ...)``.

        Attributes:
            judge: ``dict(type=..., ...)`` of any judge that asks.
            times: How often it decides.
            aggregate: How its verdicts become one, such as ``dict(type="majority", unread="drop")``.
        """

        judge: dict[str, Any]
        aggregate: dict[str, Any]
        times: int = 3

    def __init__(self, config: Config) -> None:
        if config.times < 2:
            raise ConfigError(f"method.times: must be 2 or more, not {config.times}.")
        super().__init__(config, [config.judge])
        self.config = config
        self._aggregation, self._aggregation_config = aggregation_of(config.aggregate, where="method.aggregate")

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Decide several times and aggregate the verdicts."""
        verdicts = [
            await self.inner[0].judge(case, Listening(ask, f"vote{number}")) for number in range(self.config.times)
        ]
        return combined(
            verdicts, self._aggregation, self._aggregation_config, [f"vote{number}" for number in range(len(verdicts))]
        )


def combined(verdicts: list[Verdict], aggregate: Any, config: Any, names: list[str]) -> Verdict:
    """Return the aggregation of whole verdicts, with each of them in the details."""
    for verdict in verdicts:
        if verdict.status not in {"ok", "unparsed"}:
            return verdict  # nothing was asked: the item lacks what the judge needs
    presentations = [
        PresentationReading(
            presentation=name,
            reading=Reading(status="ok", decision=one.decision, score=one.score)
            if one.status == "ok"
            else Reading(status="unparsed", reason=one.reason),
        )
        for name, one in zip(names, verdicts, strict=True)
    ]
    return as_verdict(aggregated(presentations, aggregate, config), votes_cast=[stated(one) for one in verdicts])

"""Several judges, one decision: a panel of judge models (PoLL, Verga et al. 2024).

The members are ordinary judges of the dataset, each with its own calls and its own row. The panel asks nothing: it
aggregates what they decided. A member that failed or could not be read does not stop it; how many must have been
read is the quorum.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.aggregations import (
    DECISION_AGGREGATIONS,
    SCORE_AGGREGATIONS,
    PresentationReading,
    aggregated,
    aggregation_of,
    check_weights,
)
from judgebench.judges.core.contract import Ask, Case, JudgeMethod
from judgebench.judges.parsers.reading import Reading, as_verdict
from judgebench.judges.wrappers.wrapper import stated
from judgebench.records.flow import Verdict, VerdictStatus


class Panel(JudgeMethod):
    """Aggregates the verdicts of its members (``members`` of the judge's config, by default all judges beside it).

    An aggregation of decisions counts the members that gave a decision, one of scores those that gave a
    score; the others count as unread. ``details["members"]`` is what each of them said, ``details["voters"]`` how
    many of them were aggregated.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=Panel, ...)``.

        Attributes:
            aggregate: How the verdicts become one, such as ``dict(type="majority", unread="drop",
                tie_break="incorrect")``, or ``dict(type="median_score", unread="drop")`` for members that score.
            scores: How scores become one where the aggregation is of decisions and no member gave one; without it such
                an item is unparsed.
            quorum: Least number of members that must have decided.
            weights: Weight by member, for aggregations that weigh (``mean_score``, ``weighted_pool``); 1 where not
                named.
            scales: Ends of a member's scale by member; its scores are brought to 0..1 before they are aggregated.
        """

        aggregate: dict[str, Any]
        scores: dict[str, Any] | None = None
        quorum: int = 1
        weights: dict[str, float] = msgspec.field(default_factory=dict)
        scales: dict[str, tuple[float, float]] = msgspec.field(default_factory=dict)

    asks: ClassVar[bool] = False
    aggregates_verdicts: ClassVar[bool] = True
    version: ClassVar[int] = 2

    def __init__(self, config: Config) -> None:
        if config.quorum < 1:
            raise ConfigError(f"method.quorum: must be 1 or more, not {config.quorum}.")
        if any(low >= high for low, high in config.scales.values()):
            raise ConfigError("method.scales: write the lower end of each scale first.")
        self.config = config
        self._aggregation, self._aggregation_config = aggregation_of(config.aggregate, where="method.aggregate")
        self._scores = aggregation_of(config.scores, where="method.scores") if config.scores is not None else None
        aggregations = [self._aggregation_config.type, *([self._scores[1].type] if self._scores is not None else [])]
        check_weights(list(config.weights.values()), aggregations, where="method.weights")
        if self._scores is not None and self._scores[1].type in DECISION_AGGREGATIONS:
            raise ConfigError(
                f"method.scores: {self._scores[1].type} aggregates decisions.", hint=f"Use one of {_SCORES}."
            )

    def identity(self) -> dict[str, Any]:
        """Return the aggregations, the quorum and the weights."""
        return {"method": "panel", "version": self.version, **msgspec.to_builtins(self.config)}

    def notes(self) -> list[str]:
        """Return what a reader of the panel's results must know."""
        chosen = f"aggregate={self.config.aggregate['type']} unread={self.config.aggregate['unread']}"
        return [f"panel: {chosen} quorum={self.config.quorum}"]

    async def judge(self, case: Case, ask: Ask) -> Verdict:  # noqa: ARG002 - it never asks
        """Aggregate the verdicts that the case carries."""
        said = case.verdicts
        aggregate, config = self._aggregation, self._aggregation_config
        wants = (
            "score" if config.type in SCORE_AGGREGATIONS else "decision" if config.type in DECISION_AGGREGATIONS else ""
        )
        if (
            wants == "decision"
            and self._scores is not None
            and not any(_gives(one, "decision") for one in said.values())
        ):
            (aggregate, config), wants = self._scores, "score"
        voters = [name for name, verdict in said.items() if _gives(verdict, wants)]
        details: dict[str, Any] = {"members": {name: stated(one) for name, one in said.items()}, "voters": len(voters)}
        if len(voters) < self.config.quorum:
            return self._too_few(said, len(voters), wants, details)
        presentations = [self._presentation(name, verdict, wants) for name, verdict in said.items()]
        return as_verdict(aggregated(presentations, aggregate, config), **details)

    def _too_few(self, said: dict[str, Verdict], voters: int, wants: str, details: dict[str, Any]) -> Verdict:
        states = {verdict.status for verdict in said.values()}
        missing: VerdictStatus = "unparsed"
        if "ok" not in states or voters:
            missing = (
                "not_judged" if "not_judged" in states else "judge_failed" if "judge_failed" in states else missing
            )
        reason = f"{voters} of {len(said)} members decided, the quorum is {self.config.quorum}"
        other = sum(one.status == "ok" for one in said.values()) - voters
        if other:
            reason += f" ({other} gave no {wants}, which the aggregation needs)"
        return Verdict(status=missing, reason=reason, details=details)

    def _presentation(self, name: str, verdict: Verdict, wants: str) -> PresentationReading:
        weight = self.config.weights.get(name, 1.0)
        if not _gives(verdict, wants):
            reason = verdict.reason or (f"no {wants}" if verdict.status == "ok" else verdict.status)
            return PresentationReading(
                presentation=name, weight=weight, reading=Reading(status="unparsed", reason=reason)
            )
        score = verdict.score
        if score is not None and name in self.config.scales:
            low, high = self.config.scales[name]
            score = (score - low) / (high - low)
        return PresentationReading(
            presentation=name, weight=weight, reading=Reading(status="ok", decision=verdict.decision, score=score)
        )


_SCORES = ", ".join(SCORE_AGGREGATIONS)


def _gives(verdict: Verdict, wants: str) -> bool:
    if verdict.status != "ok":
        return False
    return not wants or getattr(verdict, wants) is not None

"""Several judges, one decision: a panel of judge models (PoLL, Verga et al. 2024).

The members are ordinary judges of the data set, each with its own calls and its own row. The panel asks nothing: it
folds what they decided. A member that failed or could not be read does not stop it; how many must have been read is
the quorum.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges import load
from judgebench.judges.asking import Ask, JudgeItem
from judgebench.judges.folds import ViewReading, fold_views
from judgebench.judges.grammars.reading import Reading
from judgebench.records import Verdict


class Panel:
    """Folds the verdicts of its members (``members`` of the judge's config, by default all judges beside it).

    ``details["members"]`` is what each of them said, ``details["read"]`` how many of them counted.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=Panel, ...)``.

        Attributes:
            fold: How the verdicts become one, such as ``dict(type="majority", unread="drop", tie_break="incorrect")``.
            quorum: Least number of members that must have decided.
            weights: Weight by member, for means and pools; 1 where not named.
            scales: Ends of a member's scale by member; its scores are brought to 0..1 before they are folded.
        """

        fold: dict[str, Any]
        quorum: int = 1
        weights: dict[str, float] = msgspec.field(default_factory=dict)
        scales: dict[str, tuple[float, float]] = msgspec.field(default_factory=dict)

    asks: ClassVar[bool] = False
    folds_verdicts: ClassVar[bool] = True
    version: ClassVar[int] = 1

    def __init__(self, config: Config) -> None:
        if config.quorum < 1:
            raise ConfigError(f"method.quorum: must be 1 or more, not {config.quorum}.")
        if any(low >= high for low, high in config.scales.values()):
            raise ConfigError("method.scales: the lower end of a scale comes first.")
        self.config = config
        self._fold, self._fold_config = load.fold_of(config.fold, where="method.fold")

    def identity(self) -> dict[str, Any]:
        """Return the fold, the quorum and the weights."""
        return {"method": "panel", "version": self.version, **msgspec.to_builtins(self.config)}

    async def judge(self, item: JudgeItem, ask: Ask) -> Verdict:  # noqa: ARG002 - it never asks
        """Fold the verdicts that the item carries."""
        read = [name for name, verdict in item.verdicts.items() if verdict.status == "ok"]
        details = {"members": {name: _said(one) for name, one in item.verdicts.items()}, "read": len(read)}
        if len(read) < self.config.quorum:
            states = {verdict.status for verdict in item.verdicts.values()}
            missing = next((one for one in ("not_judged", "judge_failed") if one in states), "unparsed")
            reason = f"{len(read)} of {len(item.verdicts)} members decided, the quorum is {self.config.quorum}"
            return Verdict(status=missing, reason=reason, details=details)  # type: ignore[arg-type]  # three literals
        views = [self._view(name, verdict) for name, verdict in item.verdicts.items()]
        decision = fold_views(views, self._fold, self._fold_config)
        ok = decision.status == "ok"
        return Verdict(
            status="ok" if ok else "unparsed",
            label=decision.label if ok else None,
            score=decision.score if ok else None,
            reason=decision.reason,
            details={**decision.values, **details},
        )

    def _view(self, name: str, verdict: Verdict) -> ViewReading:
        weight = self.config.weights.get(name, 1.0)
        if verdict.status != "ok":
            reason = verdict.reason or verdict.status
            return ViewReading(view=name, weight=weight, reading=Reading(status="unparsed", reason=reason))
        score = verdict.score
        if score is not None and name in self.config.scales:
            low, high = self.config.scales[name]
            score = (score - low) / (high - low)
        return ViewReading(view=name, weight=weight, reading=Reading(status="ok", label=verdict.label, score=score))


def _said(verdict: Verdict) -> dict[str, Any]:
    said = {"status": verdict.status, "label": verdict.label, "score": verdict.score, "reason": verdict.reason}
    return {name: value for name, value in said.items() if value not in (None, "")}

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
from judgebench.judges.asking import Ask, JudgeItem, JudgeMethod
from judgebench.judges.folds import LABEL_FOLDS, SCORE_FOLDS, ViewReading, check_weights, fold_views
from judgebench.judges.grammars.reading import Reading, as_verdict
from judgebench.judges.wrapper import stated
from judgebench.records import Verdict, VerdictStatus


class Panel(JudgeMethod):
    """Folds the verdicts of its members (``members`` of the judge's config, by default all judges beside it).

    A fold of labels folds the members that gave a label, a fold of scores those that gave a score; the others count as
    unread. ``details["members"]`` is what each of them said, ``details["counted"]`` how many of them were folded.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=Panel, ...)``.

        Attributes:
            fold: How the verdicts become one, such as ``dict(type="majority", unread="drop", tie_break="incorrect")``,
                or ``dict(type="median_score", unread="drop")`` for members that score.
            scores: How scores become one where the fold is of labels and no member gave one; without it such an item is
                unparsed.
            quorum: Least number of members that must have decided.
            weights: Weight by member, for folds that weigh (``mean_score``, ``weighted_pool``); 1 where not named.
            scales: Ends of a member's scale by member; its scores are brought to 0..1 before they are folded.
        """

        fold: dict[str, Any]
        scores: dict[str, Any] | None = None
        quorum: int = 1
        weights: dict[str, float] = msgspec.field(default_factory=dict)
        scales: dict[str, tuple[float, float]] = msgspec.field(default_factory=dict)

    asks: ClassVar[bool] = False
    folds_verdicts: ClassVar[bool] = True
    version: ClassVar[int] = 2

    def __init__(self, config: Config) -> None:
        if config.quorum < 1:
            raise ConfigError(f"method.quorum: must be 1 or more, not {config.quorum}.")
        if any(low >= high for low, high in config.scales.values()):
            raise ConfigError("method.scales: the lower end of a scale comes first.")
        self.config = config
        self._fold, self._fold_config = load.fold_of(config.fold, where="method.fold")
        self._scores = load.fold_of(config.scores, where="method.scores") if config.scores is not None else None
        folds = [self._fold_config.type, *([self._scores[1].type] if self._scores is not None else [])]
        check_weights(list(config.weights.values()), folds, where="method.weights")
        if self._scores is not None and self._scores[1].type in LABEL_FOLDS:
            raise ConfigError(f"method.scores: {self._scores[1].type} folds labels.", hint=f"Take one of {_SCORES}.")

    def identity(self) -> dict[str, Any]:
        """Return the folds, the quorum and the weights."""
        return {"method": "panel", "version": self.version, **msgspec.to_builtins(self.config)}

    def notes(self) -> list[str]:
        """Return what a reader of the panel's results must know."""
        return [
            f"panel: fold={self.config.fold['type']} unread={self.config.fold['unread']} quorum={self.config.quorum}"
        ]

    async def judge(self, item: JudgeItem, ask: Ask) -> Verdict:  # noqa: ARG002 - it never asks
        """Fold the verdicts that the item carries."""
        said = item.verdicts
        fold, config = self._fold, self._fold_config
        wants = "score" if config.type in SCORE_FOLDS else "label" if config.type in LABEL_FOLDS else ""
        if wants == "label" and self._scores is not None and not any(_gives(one, "label") for one in said.values()):
            (fold, config), wants = self._scores, "score"
        counted = [name for name, verdict in said.items() if _gives(verdict, wants)]
        details = {"members": {name: stated(one) for name, one in said.items()}, "counted": len(counted)}
        if len(counted) < self.config.quorum:
            return self._too_few(said, len(counted), wants, details)
        views = [self._view(name, verdict, wants) for name, verdict in said.items()]
        return as_verdict(fold_views(views, fold, config), **details)

    def _too_few(self, said: dict[str, Verdict], counted: int, wants: str, details: dict[str, Any]) -> Verdict:
        states = {verdict.status for verdict in said.values()}
        missing: VerdictStatus = "unparsed"
        if "ok" not in states or counted:
            missing = (
                "not_judged" if "not_judged" in states else "judge_failed" if "judge_failed" in states else missing
            )
        reason = f"{counted} of {len(said)} members decided, the quorum is {self.config.quorum}"
        other = sum(one.status == "ok" for one in said.values()) - counted
        if other:
            reason += f" ({other} gave no {wants}, which is what the fold reads)"
        return Verdict(status=missing, reason=reason, details=details)

    def _view(self, name: str, verdict: Verdict, wants: str) -> ViewReading:
        weight = self.config.weights.get(name, 1.0)
        if not _gives(verdict, wants):
            reason = verdict.reason or (f"no {wants}" if verdict.status == "ok" else verdict.status)
            return ViewReading(view=name, weight=weight, reading=Reading(status="unparsed", reason=reason))
        score = verdict.score
        if score is not None and name in self.config.scales:
            low, high = self.config.scales[name]
            score = (score - low) / (high - low)
        return ViewReading(view=name, weight=weight, reading=Reading(status="ok", label=verdict.label, score=score))


_SCORES = ", ".join(SCORE_FOLDS)


def _gives(verdict: Verdict, wants: str) -> bool:
    if verdict.status != "ok":
        return False
    return not wants or getattr(verdict, wants) is not None

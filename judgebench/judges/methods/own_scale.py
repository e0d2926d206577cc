"""A judge of items that bring their own scale along: a number between two ends, or one of several labels."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from judgebench.judges.core.contract import Ask, Case, JudgeMethod
from judgebench.judges.core.declared import DeclaredJudge, Presentation
from judgebench.judges.core.showing import Showing
from judgebench.records.flow import Prompt, Verdict


class OwnScale(JudgeMethod):
    """Asks one question about an item and reads the reply on the item's own scale.

    Of a ``graded`` item a whole number, of a ``continuous`` one any number, both as ``score_line`` reads them; of a
    ``categorical`` one a label, as ``anchored`` reads words. The prompt may name ``{scale}``, which says in one
    sentence what to end the reply with.
    """

    class Config(Showing, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=OwnScale, ...)``, beside those of ``Showing``.

        Attributes:
            prompt: The question.
            kind: Meta column that says ``graded``, ``continuous`` or ``categorical``.
            low: Meta column of the least number. ``high``: of the greatest.
            labels: Meta column of the list of labels.
            params: Sampling parameters over those of the judge model.
        """

        prompt: list[dict[str, Any]]
        kind: str = "kind"
        low: str = "low"
        high: str = "high"
        labels: str = "labels"
        params: dict[str, Any] = msgspec.field(default_factory=dict)

    version: ClassVar[int] = 1

    def __init__(self, config: Config) -> None:
        self.config = config
        self._judges: dict[str, DeclaredJudge] = {}

    def identity(self) -> dict[str, Any]:
        """Return the prompt and every other key."""
        return {"method": "own_scale", "version": self.version, **msgspec.to_builtins(self.config)}

    def prompts(self, case: Case) -> list[tuple[str, Prompt]]:
        """Return the rendered prompt, for a look before anything is sent; none of an item without a scale."""
        scale = self._scale_of(case)
        return [] if isinstance(scale, str) else self._judge_with(*scale).prompts(case)

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Ask, and read the reply on the item's scale; an item that does not say what its scale is, is not judged."""
        scale = self._scale_of(case)
        if isinstance(scale, str):
            return Verdict(status="not_judged", reason=scale)
        return await self._judge_with(*scale).judge(case, ask)

    def _judge_with(self, parser: dict[str, Any], scale: str) -> DeclaredJudge:
        key = repr(parser)
        if key not in self._judges:
            showing = {name: getattr(self.config, name) for name in Showing.__struct_fields__}
            self._judges[key] = DeclaredJudge(
                DeclaredJudge.Config(
                    presentations=[Presentation(prompt=self.config.prompt, fields={"scale": scale})],
                    parser=parser,
                    aggregate={"type": "first", "unread": "unparsed"},
                    params=self.config.params,
                    **showing,
                )
            )
        return self._judges[key]

    def _scale_of(self, case: Case) -> tuple[dict[str, Any], str] | str:
        """Return what reads the reply about an item and what it is to end with, or what its scale lacks."""
        kind = case.meta.get(self.config.kind)
        if kind == "categorical":
            listed = case.meta.get(self.config.labels)
            labels = [str(label) for label in listed] if isinstance(listed, list) else []
            if len(set(labels)) < 2 or not all(label.strip() for label in labels):
                return "the item has a scale of labels, and fewer than two of them"
            words = {label: label for label in labels}
            ends = " or ".join(f"VERDICT: {_escaped(label)}" for label in labels)
            return {"type": "anchored", "decisions": {}, "words": words}, f"End your reply with one line: {ends}."
        if kind not in ("graded", "continuous"):
            return "the item does not say what its scale is"
        low, high = (case.meta.get(name) for name in (self.config.low, self.config.high))
        if not isinstance(low, int | float) or not isinstance(high, int | float) or low == high:
            return "the item has a scale of numbers, and not both of its ends"
        least, greatest = float(min(low, high)), float(max(low, high))
        number = "a whole number" if kind == "graded" else "a number"
        said = f"End your reply with one line: SCORE: n, {number} from {low:g} (worst) to {high:g} (best)."
        return {"type": "score_line", "whole": kind == "graded", "low": least, "high": greatest}, said


def _escaped(label: str) -> str:
    """Return a label as a template shows it."""
    return label.replace("{", "{{").replace("}", "}}")

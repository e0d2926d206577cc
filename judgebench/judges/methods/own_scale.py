"""A judge of items that bring their own scale along: a number between two ends, or one of several labels."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges.core.contract import Ask, Case, JudgeMethod
from judgebench.judges.core.declared import DeclaredJudge, Presentation
from judgebench.judges.core.showing import Showing
from judgebench.records.flow import Prompt, Verdict

_KINDS = {"graded", "continuous", "categorical"}


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
        """Return the rendered prompt, for a look before anything is sent."""
        return self._judge_of(case).prompts(case)

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Ask, and read the reply on the item's scale.

        Raises:
            ConfigError: The item does not say what its scale is.
        """
        return await self._judge_of(case).judge(case, ask)

    def _judge_of(self, case: Case) -> DeclaredJudge:
        parser, scale = self._parser_of(case)
        key = repr(parser)
        if key not in self._judges:
            showing = {field.name: getattr(self.config, field.name) for field in msgspec.structs.fields(Showing)}
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

    def _parser_of(self, case: Case) -> tuple[dict[str, Any], str]:
        """Return what reads the reply about an item, and what it is to end with."""
        kind = case.meta.get(self.config.kind)
        if kind not in _KINDS:
            raise ConfigError(
                f"method: the item says {kind!r} of its scale; one of {', '.join(sorted(_KINDS))} was meant."
            )
        if kind == "categorical":
            labels = [str(label) for label in case.meta.get(self.config.labels) or []]
            if len(labels) < 2:
                raise ConfigError("method: a categorical item needs two labels or more.")
            words = {label: label for label in labels}
            listed = " or ".join(f"VERDICT: {_escaped(label)}" for label in labels)
            return {"type": "anchored", "decisions": {}, "words": words}, f"End your reply with one line: {listed}."
        low, high = (case.meta.get(name) for name in (self.config.low, self.config.high))
        if not isinstance(low, int | float) or not isinstance(high, int | float) or low == high:
            raise ConfigError("method: an item with a scale of numbers needs both of its ends.")
        ends = {"low": float(min(low, high)), "high": float(max(low, high))}
        number = "a whole number" if kind == "graded" else "a number"
        said = f"End your reply with one line: SCORE: n, {number} from {low:g} (worst) to {high:g} (best)."
        return {"type": "score_line", "whole": kind == "graded", **ends}, said


def _escaped(label: str) -> str:
    """Return a label as a template shows it."""
    return label.replace("{", "{{").replace("}", "}}")

"""Did a judge decide as it should? The rule by which benchmarks of judges score: no model is asked.

In such a benchmark the tested model is the judge: the data set's prompt shows it an answer to be judged, and the
reference is the true verdict.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from judgebench.judges import load
from judgebench.judges.asking import Ask, JudgeItem
from judgebench.records import Reply, Verdict


class VerdictEqual:
    """Correct when the verdict that the tested model states is the reference.

    A reply without a readable verdict is unparsed. ``details["said"]`` is the label that was read.
    """

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``evaluator=dict(type=VerdictEqual, ...)``.

        Attributes:
            grammar: Name of a grammar that reads text, or ``dict(type=..., ...)``.
        """

        grammar: dict[str, Any] | str

    asks: ClassVar[bool] = False
    version: ClassVar[int] = 1

    def __init__(self, config: Config) -> None:
        self.config = config
        self._grammar = load.grammar_of(config.grammar, where="evaluator.grammar")

    def identity(self) -> dict[str, Any]:
        """Return the grammar."""
        return {"method": "verdict_equal", "version": self.version, "grammar": self._grammar.identity()}

    async def judge(self, item: JudgeItem, ask: Ask) -> Verdict:  # noqa: ARG002 - rules ask nobody
        """Read the verdict in the answer and compare it with the reference."""
        if not item.reference:
            return Verdict(status="unparsed", reason="the sample has no true verdict")
        true = [item.reference] if isinstance(item.reference, str) else item.reference
        reply = Reply(status="ok", text=item.answer, finish_reason="length" if item.truncated else None)
        reading = self._grammar.read(reply)
        if reading.status != "ok" or reading.label is None:
            return Verdict(status="unparsed", reason=reading.reason or "the grammar gives no labels")
        right = reading.label in true
        return Verdict(
            status="ok",
            label="correct" if right else "incorrect",
            score=float(right),
            span=reading.span,
            answer=reading.label,
            details={"said": reading.label},
        )

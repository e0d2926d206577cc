"""Conversations of several turns, graded one at a time or compared (MT-Bench, Zheng et al. 2023)."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from judgebench.judges.core.contract import Ask, Case
from judgebench.judges.wrappers.wrapper import Listening, Wrapper, with_details
from judgebench.records.flow import Verdict

_LAST = (
    "Each text is a conversation of a user with an assistant. Only the assistant's last answer counts: whether it does "
    "what the user asked last, given all that was said before, whether it is true, complete and clear."
)
_ALL = (
    "Each text is a conversation of a user with an assistant. The assistant's answers in all turns count: whether they "
    "do what the user asked, given all that was said before, whether they are true, complete and clear."
)


class ConversationConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys that these methods share.

    Attributes:
        turns: Name of the field with the list of the user's questions.
        counts: Which of the assistant's answers count.
        judge: Further keys of the judge that is asked (``RubricScore`` or ``PairComparison``). With a ``type`` it is
            another judge, such as ``dict(type="TwoScores", aggregate=...)``, and only the question is ours.
    """

    turns: str = "turns"
    counts: Literal["last", "all"] = "last"
    judge: dict[str, Any] = msgspec.field(default_factory=dict)


class ConversationScore(Wrapper):
    """Grades a conversation from 1 to 10; the assistant's answers come with the item, one per turn."""

    class Config(ConversationConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=ConversationScore, ...)``, beside those of ``ConversationConfig``.

        Attributes:
            answers: Name of the field with the list of answers, one per turn; without it the item's own answers.
        """

        answers: str = "answers"

    def __init__(self, config: Config) -> None:
        criteria = _LAST if config.counts == "last" else _ALL
        ours = {"type": "RubricScore", "low": 1, "high": 10, "criteria": criteria, "question": f"{{{LAST_QUESTION}}}"}
        super().__init__(config, [_inner(ours, config.judge)])
        self.config = config

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Grade one conversation."""
        turns = _texts(case, self.config.turns)
        answers = _texts(case, self.config.answers) or case.answers
        shown = conversation(turns, answers)
        if not shown:
            return Verdict(status="not_judged", reason="the item has no answer for each of its turns")
        return await self.inner[0].judge(_with(case, turns, answer=shown), Listening(ask))


class ConversationComparison(Wrapper):
    """Compares two conversations about the same questions, in both orders."""

    class Config(ConversationConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=ConversationComparison, ...)``, beside those of ``ConversationConfig``.

        Attributes:
            first: Name of the field with the first assistant's answers. ``second``: with the other's.
        """

        first: str = "answers_a"
        second: str = "answers_b"

    def __init__(self, config: Config) -> None:
        criteria = _LAST if config.counts == "last" else _ALL
        aggregate = {"type": "both_or_tie", "unread": "unparsed"}
        ours = {
            "type": "PairComparison",
            "criteria": criteria,
            "aggregate": aggregate,
            "question": f"{{{LAST_QUESTION}}}",
        }
        super().__init__(config, [_inner(ours, config.judge)])
        self.config = config

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Compare two conversations."""
        turns = _texts(case, self.config.turns)
        both = [conversation(turns, _texts(case, name)) for name in (self.config.first, self.config.second)]
        if not all(both):
            return Verdict(status="not_judged", reason="the item has no two answers for each of its turns")
        verdict = await self.inner[0].judge(_with(case, turns, answer=both[0], baseline=both[1]), Listening(ask))
        return with_details(verdict, turns=len(turns))


LAST_QUESTION = "last_question"
"""Field under which the inner judge is shown the user's last question."""


def conversation(turns: list[str], answers: list[str]) -> str:
    """Return a conversation as text; empty where there is not one answer for each turn."""
    if not turns or len(turns) != len(answers):
        return ""
    parts = [f"User:\n{question}\n\nAssistant:\n{said}" for question, said in zip(turns, answers, strict=True)]
    return "\n\n".join(parts)


def _inner(ours: dict[str, Any], judge: dict[str, Any]) -> dict[str, Any]:
    return {"question": ours["question"], **judge} if "type" in judge else {**ours, **judge}


def _with(case: Case, turns: list[str], **changes: Any) -> Case:
    return msgspec.structs.replace(case, fields={**case.fields, LAST_QUESTION: turns[-1]}, **changes)


def _texts(case: Case, column: str) -> list[str]:
    value = case.fields.get(column, case.meta.get(column))
    return [str(one) for one in value] if isinstance(value, list) else []

"""What comes back from a judge, as JSON."""

from __future__ import annotations

import time
from typing import Any

from judgebench.errors import JudgebenchError, LimitReachedError, PrerequisiteError
from judgebench.stages.one_judgment import OneJudgment


def as_json(judge: str, judgment: OneJudgment, *, questions: bool, name: str = "") -> dict[str, Any]:
    """Return a judgment as JSON values: ``judge``, ``verdict``, what it took, and what was asked.

    Args:
        judge: Abbr of the judge.
        judgment: What came of it.
        questions: Whether prompts and replies are in it.
        name: The caller's name of the case.
    """
    found: dict[str, Any] = {"id": name} if name else {}
    found |= {"judge": judge, "verdict": judgment.verdict}
    if text := span_text(judgment):
        found["read"] = text
    if questions:
        found["questions"] = judgment.questions
    used = judgment.usage
    sent = [one.reply for one in judgment.questions if one.reply.tries]
    found["usage"] = {
        "calls": len(sent), "known_calls": len(judgment.questions) - len(sent),
        "prompt_tokens": used.prompt_tokens, "completion_tokens": used.completion_tokens,
    }  # fmt: skip
    if judgment.cost is not None and judgment.price is not None:
        found |= {"cost": judgment.cost, "currency": judgment.price.currency}
    if judgment.constrained:
        found["constrained"] = judgment.constrained
    return found


def span_text(judgment: OneJudgment) -> str:
    """Return the part of the last reply in which the verdict was read; empty where it names none."""
    span = judgment.verdict.span
    if span is None or not judgment.questions:
        return ""
    start, end = span if isinstance(span, tuple) else (span.start, span.end)
    return judgment.questions[-1].reply.text[start:end]


def as_completion(judge: str, judgment: OneJudgment, number: int) -> dict[str, Any]:
    """Return a judgment as a chat completion: its content is the decision, or the score.

    Without a verdict the content is empty, and ``refusal`` says why; the whole judgment stands in ``judgment``.
    """
    verdict = judgment.verdict
    ok = verdict.status == "ok"
    score = "" if verdict.score is None else f"{verdict.score:g}"
    said = score if verdict.decision is None else verdict.decision
    message: dict[str, Any] = {"role": "assistant", "content": said if ok else ""}
    message["refusal"] = None if ok else f"no verdict ({verdict.status}): {verdict.reason}"
    used = judgment.usage
    return {
        "id": f"judgment-{number}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": judge,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": used.prompt_tokens, "completion_tokens": used.completion_tokens,
            "total_tokens": used.prompt_tokens + used.completion_tokens,
        },
        "judgment": as_json(judge, judgment, questions=False),
    }  # fmt: skip


def error_of(error: JudgebenchError) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the body that tell of an error."""
    status = 503 if isinstance(error, PrerequisiteError) else 422
    if isinstance(error, LimitReachedError):
        status = 429
    return status, {"error": {"code": error.code, "message": error.message, "hint": error.hint}}

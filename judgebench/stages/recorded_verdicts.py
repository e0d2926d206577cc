"""From a checked answer to the line that ``verdicts/<model>/<row>.jsonl`` holds about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from judgebench.judges.core.contract import Case
from judgebench.records.facts import LiveVerdict, RecordedVerdict, RuleVerdict, answer_hash
from judgebench.records.findings import Preference, PresentationVerdict, ReadSpan
from judgebench.records.flow import JudgeCall, Sample, Verdict
from judgebench.records.pairs import SIDES
from judgebench.stages.accumulators import Checked

MOST_OF_META = 200
"""Characters of a further column up to which it stands beside the verdict: longer texts are no categories."""

_PREFERENCES: dict[int, Preference] = {1: "first", 0: "neither", -1: "second"}


def recorded_verdict(checked: Checked, *, benchmark: bool, by: Sequence[str] = ()) -> RecordedVerdict:
    """Return what is written about one planned answer.

    Args:
        checked: The answer and what became of it.
        benchmark: Whether the item brings its answers along, so that there is a gold decision and no rule.
        by: Fields by which its result is sliced; input fields among them stand in ``meta`` too.
    """
    sample, repeat, prediction, verdict, rule, calls, compared, images = checked
    span = None
    if verdict.span is not None:
        start, end = verdict.span
        span = ReadSpan(call=calls[-1].uuid if calls else "", start=start, end=end)
    judged = compared or ((prediction.prediction,) if prediction is not None else tuple(sample.answers))
    return RecordedVerdict(
        id=sample.id,
        key=sample.key,
        repeat=repeat,
        status=verdict.status,
        decision=_text(verdict.decision),
        score=verdict.score,
        reason=verdict.reason,
        span=span,
        presentations=_presentations(verdict.presentations, calls) if verdict.presentations else [],
        rule=_of_rule(rule) if rule is not None and not benchmark else None,
        gold=sample.gold if benchmark else None,
        answer=verdict.answer,
        answer_hash=answer_hash(*judged, *images) if judged else "",
        truncated=prediction is not None and prediction.finish_reason == "length",
        meta=meta_of(sample, by) if sample.meta or by else {},
        probabilities=verdict.probabilities,
        votes=verdict.votes,
        outcomes=verdict.outcomes,
        steps=verdict.steps,
        bias=verdict.bias,
        equal_answers=verdict.equal_answers,
        settled_by=verdict.settled_by,
        details=verdict.details,
    )


def live_verdict(case: Case, judged: Sequence[str], verdict: Verdict) -> LiveVerdict:
    """Return what is told about a verdict while the task works, as ``recorded_verdict`` will write it.

    Args:
        case: What was judged.
        judged: The texts that the verdict is about.
        verdict: The verdict.
    """
    images = [image.sha256 for image in (*case.images, *case.baseline_images)]
    return LiveVerdict(
        case.id, case.repeat, verdict.status, _text(verdict.decision), verdict.score, answer_hash(*judged, *images)
    )


def _of_rule(rule: Verdict) -> RuleVerdict:
    return RuleVerdict(
        status=rule.status, decision=_text(rule.decision), score=rule.score, reason=rule.reason, answer=rule.answer
    )


def _presentations(said: Sequence[PresentationVerdict], calls: Sequence[JudgeCall]) -> list[PresentationVerdict]:
    """Return presentations with what the method does not know: which call it was, and which answer that prefers."""
    uuids = {(call.presentation, call.nth): call.uuid for call in calls}
    return [
        msgspec.structs.replace(
            one,
            call=uuids.get((one.presentation, one.repeat), ""),
            prefers=_preference(one.decision, one.order),
        )
        for one in said
    ]


def _preference(decision: str | None, order: str) -> Preference | None:
    if decision is None or not order:
        return None
    side = SIDES.get(decision, 0)
    return _PREFERENCES[-side if order == "BA" else side]


def meta_of(sample: Sample, by: Sequence[str]) -> dict[str, Any]:
    """Return the columns by which one slices: short values, and lists where the result is sliced by them."""
    inputs = {name: sample.fields[name] for name in by if name in sample.fields}
    return {
        name: value
        for name, value in (inputs | sample.meta).items()
        if isinstance(value, int | float)
        or (isinstance(value, str) and len(value) <= MOST_OF_META)
        or (name in by and isinstance(value, list))
    }


def _text(decision: Any) -> str | None:
    """Return a decision as text: a user's method may return a number."""
    return decision if decision is None or isinstance(decision, str) else str(decision)

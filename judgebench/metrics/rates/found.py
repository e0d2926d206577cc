"""What a judge method found beside its decision, as far as ``Verdict.details`` has the form that metrics read.

A method may write into ``details`` what it likes. Metrics read the keys below, and what stands there in another form
than theirs is the method's own: it is passed over, as if it were not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judgebench.records.flow import Verdict

_MOST_VOTES = 0xFFFF


def presentations_of(verdict: Verdict) -> list[dict[str, Any]]:
    """Return what was read in each presentation: its name, ``order``, ``status``, ``decision``, ..."""
    return _mappings(verdict.details.get("presentations"))


def steps_of(verdict: Verdict) -> list[dict[str, Any]]:
    """Return what was said of each step (``steps``: mappings with ``correct`` and ``error_type``)."""
    return _mappings(verdict.details.get("steps"))


def votes_of(verdict: Verdict) -> dict[str, int]:
    """Return how often each decision was voted for (``votes``: whole numbers from 0 to 65535 by decision)."""
    votes = verdict.details.get("votes")
    if not isinstance(votes, Mapping):
        return {}
    fitting = all(isinstance(count, int) and not isinstance(count, bool) for count in votes.values())
    return dict(votes) if fitting and all(0 <= count <= _MOST_VOTES for count in votes.values()) else {}


def outcomes_of(verdict: Verdict, otherwise: float) -> list[tuple[float, float]]:
    """Return the pooled outcomes of a comparison with their weights (``outcomes``, ``outcome_weights``: numbers).

    Args:
        verdict: On the comparison.
        otherwise: The one outcome, of weight 1, of a verdict that pools none.
    """
    outcomes = _numbers(verdict.details.get("outcomes"))
    weights = _numbers(verdict.details.get("outcome_weights")) or [1.0] * len(outcomes)
    if not outcomes or len(weights) != len(outcomes) or min(weights) < 0 or sum(weights) <= 0:
        return [(otherwise, 1.0)]
    return list(zip(outcomes, weights, strict=True))


def bias_of(verdict: Verdict) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what was decided about the unchanged item asked again, and about each perturbed one (``bias``)."""
    bias = verdict.details.get("bias")
    if not isinstance(bias, Mapping):
        return [], []
    tests = [one for one in _mappings(bias.get("tests")) if "test" in one and ("skipped" in one or "status" in one)]
    return [one for one in _mappings(bias.get("again")) if "status" in one], tests


def score_in(presentation: Mapping[str, Any]) -> float | None:
    """Return the score of one presentation; ``None`` where none was read."""
    return _number(presentation.get("score"))


def decision_in(presentation: Mapping[str, Any]) -> str | None:
    """Return the decision of one presentation; ``None`` where none was read."""
    decision = presentation.get("decision")
    return decision if isinstance(decision, str) and presentation.get("status") == "ok" else None


def _mappings(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        return []
    return value


def _numbers(value: Any) -> list[float]:
    if not isinstance(value, list):
        return []
    found = [_number(one) for one in value]
    return [one for one in found if one is not None] if None not in found else []


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

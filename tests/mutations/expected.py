"""What a simulated judge must score, by the rule of each benchmark's source, worked out without the program.

The questions about an item are independent, so the value is a sum over all outcomes of their probability times the
points that the rule gives. Outcomes of a question are 1 (right), -1 (wrong), 0 (a tie, or the middle of the scale) and
``None`` (not readable). A rule gives points from 0 to 1, or ``None`` where an item does not count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product

from judgebench.records.run import DatasetConfig
from tests.mutations.items import Case, kind_of, kinds_of, tells_every_step
from tests.mutations.judge import Shares
from tests.mutations.runs import questions_of

Outcome = int | None
Rule = Callable[[Sequence[Outcome]], float | None]
Chances = Mapping[Outcome, float]


def majority_of_orders(presentations: Sequence[Outcome]) -> float:
    """JudgeBench, FairEval: votes (or equally strong scores) are added up; nothing readable, and a draw, is wrong."""
    return float(sum(presentation or 0 for presentation in presentations) > 0)


def mean_of_orders(presentations: Sequence[Outcome]) -> float:
    """LLMBar, CodeJudgeBench: every order counts for itself."""
    return sum(presentation == 1 for presentation in presentations) / len(presentations)


def mean_with_halves(presentations: Sequence[Outcome]) -> float:
    """RewardBench: what is not readable, and a tie, is half a point."""
    return sum(
        {1: 1.0, -1: 0.0}.get(presentation, 0.5) if presentation else 0.5 for presentation in presentations
    ) / len(presentations)


def every_order(presentations: Sequence[Outcome]) -> float:
    """Auto-J, ContextualJudgeBench, the chosen answer's grade above the rejected one's with two levels."""
    return float(all(presentation == 1 for presentation in presentations))


def first_order(presentations: Sequence[Outcome]) -> float:
    """PandaLM, JudgeLM: the first order decides; what is not readable is a tie."""
    return float(presentations[0] == 1)


def win_of_both(presentations: Sequence[Outcome]) -> float | None:
    """MT-Bench pairs: a win only where both orders say so, else a tie; an unreadable comparison leaves the question
    out."""
    if None in presentations:
        return None
    return 0.5 if len(set(presentations)) > 1 or presentations[0] == 0 else float(presentations[0] == 1)


def same_in_both(presentations: Sequence[Outcome]) -> float | None:
    """MT-Bench, every two models: how often both orders say the same; an unreadable comparison leaves the match out."""
    return None if None in presentations else float(len(set(presentations)) == 1)


def pooled_comparisons(presentations: Sequence[Outcome]) -> float | None:
    """Arena-Hard, AlpacaEval: the mean of all comparisons; an unreadable one leaves the question out."""
    if None in presentations:
        return None
    return sum(((presentation or 0) + 1) / 2 for presentation in presentations) / len(presentations)


def told(presentations: Sequence[Outcome]) -> float | None:
    """Verifiers: what is not readable is left out."""
    return None if presentations[0] is None else float(presentations[0] == 1)


def higher_grade(presentations: Sequence[Outcome]) -> float:
    """Prometheus HHH: the chosen answer's grade must be above the rejected one's; a draw is wrong."""
    if None in presentations:
        return 0.0
    chosen, rejected = presentations[0] or 0, -(presentations[1] or 0)
    return float(chosen > rejected)


def best_of_four(presentations: Sequence[Outcome]) -> float:
    """RewardBench 2: one of m best grades is worth 1/m; anything unreadable is worth chance."""
    if None in presentations:
        return 0.25
    grades = [presentations[0] or 0, *(-(presentation or 0) for presentation in presentations[1:])]
    return 1 / grades.count(max(grades)) if grades[0] == max(grades) else 0.0


def nine_comparisons(presentations: Sequence[Outcome]) -> float:
    """RM-Bench: the mean of easy, normal and hard comparisons of three right with three wrong answers."""
    if None in presentations:
        return 0.0
    right, wrong = (
        [presentation or 0 for presentation in presentations[:3]],
        [-(presentation or 0) for presentation in presentations[3:]],
    )
    won = {(i, j): right[i] > wrong[j] for i in range(3) for j in range(3)}
    parts = [[won[pair] for pair in won if sign(pair[0] - pair[1]) == side] for side in (1, 0, -1)]
    return math.fsum(sum(part) / len(part) for part in parts) / 3


def sign(number: float) -> int:
    """Return 1, 0 or -1."""
    return (number > 0) - (number < 0)


RULES: dict[str, Rule] = {
    "alpaca_eval2": pooled_comparisons,
    "arena_hard": pooled_comparisons,
    "auto_j": every_order,
    "code_judge_bench": mean_of_orders,
    "contextual_judge_bench": every_order,
    "fair_eval": majority_of_orders,
    "judgebench": majority_of_orders,
    "judgelm_val": first_order,
    "llmbar": mean_of_orders,
    "mt_bench_all_pairs": same_in_both,
    "mt_bench_pairs": win_of_both,
    "pandalm": first_order,
    "prometheus_hhh": higher_grade,
    "rewardbench": mean_with_halves,
    "rewardbench2": best_of_four,
    "rm_bench": nine_comparisons,
}
"""The rule of a benchmark by the start of its abbr; verifiers share one, steps and plain grades have none."""
MANY_RIGHT = {"right": 100.0, "wrong": 0.0, "tie": 0.0, "unread": 0.0}
"""RewardBench 2's ties: right answers above wrong ones without any spread have every term but the last, which is 0."""


def rule_of(data: DatasetConfig) -> Rule | None:
    """Return the rule of a dataset; ``None`` for steps, grades and many right answers."""
    kind = kind_of(data)
    if kind in ("steps", "grade", "many right"):
        return None
    fitting = [name for name in RULES if data.abbr == name or data.abbr.startswith(f"{name}_")]
    assert fitting or kind == "check", f"{data.abbr}: say in RULES what an item is worth"
    return RULES[max(fitting, key=len)] if fitting else told


def chances(kind: Case, order: str, shares: Shares) -> Chances:
    """Return how likely each outcome of a question about a kind of item is.

    Args:
        kind: What is true about the item.
        order: Order of the presentation; ``BA`` shows the second answer first.
        shares: Ways in which the judge decides.
    """
    right, wrong = shares.get("right", 0.0), shares.get("wrong", 0.0)
    if kind.truth in ("first", "second"):
        shown = "second" if (order == "BA") != (kind.shown == "second") else "first"
        gains = (
            shares.get("first", 0.0) if shown == kind.truth else 0.0,
            shares.get("longer", 0.0) * (kind.longer == kind.truth),
        )
        losses = (shares.get("first", 0.0) - gains[0], shares.get("longer", 0.0) - gains[1])
    else:
        agrees = kind.truth == "good" or (isinstance(kind.truth, list) and all(kind.truth))
        gains = (shares.get("first", 0.0) * agrees, 0.0)
        losses = (shares.get("first", 0.0) - gains[0], 0.0)
    return {1: right + sum(gains), -1: wrong + sum(losses), 0: shares.get("tie", 0.0), None: shares.get("unread", 0.0)}


def mean_points(rule: Rule, presentations: Sequence[Chances]) -> tuple[float, float]:
    """Return the expected points of an item, and the chance that it counts."""
    total = counted = 0.0
    for outcomes in product(
        *([(one, share) for one, share in presentation.items() if share] for presentation in presentations)
    ):
        probability = math.prod(share for _, share in outcomes)
        points = rule([one for one, _ in outcomes])
        if points is not None:
            total += probability * points
            counted += probability
    return total, counted


def expected(data: DatasetConfig, shares: Shares, rule: Rule | None = None) -> float | None:
    """Return the headline in percent (or what another rule gives) over items that are balanced by kind.

    ``None`` where nothing counts.
    """
    rule = rule or rule_of(data)
    assert rule is not None
    found = [
        mean_points(rule, [chances(kind, order, shares) for order in questions_of(data)]) for kind in kinds_of(data)
    ]
    counted = math.fsum(count for _, count in found)
    return 100 * math.fsum(total for total, _ in found) / counted if counted else None


def expected_steps(data: DatasetConfig, shares: Shares) -> float | None:
    """Return the headline of a benchmark of steps in percent.

    ProcessBench: ``2 e c / (e + c)`` of the shares found among items with an error and without; an unread reply finds
    nothing. ProJudgeBench: the share of steps that are told rightly.
    """
    kinds = kinds_of(data)
    found = {True: 0.0, False: 0.0}
    told_rightly = 0.0
    for kind in kinds:
        right = chances(kind, "", shares)[1]
        found[all(kind.truth)] += right / sum(all(other.truth) == all(kind.truth) for other in kinds)
        # a judge that calls every step right is right about the right ones; the contrary is wrong about all
        lenient = shares.get("first", 0.0) * sum(kind.truth) / len(kind.truth)
        told_rightly += (shares.get("right", 0.0) + lenient) / len(kinds)
    if tells_every_step(data):
        return 100 * told_rightly
    both = found[True] + found[False]
    return 100 * 2 * found[True] * found[False] / both if both else 0.0


def expected_grade(data: DatasetConfig, shares: Shares, scale: tuple[int, int]) -> float | None:
    """Return the headline of a benchmark of grades: the mean grade, or Pearson's correlation with gold.

    Gold is spread evenly over 1 to 5 and the contrary of a grade is its mirror image, so that with shares r, w, t of
    right, contrary and middle grades ``corr = (r - w) / sqrt(r + w)`` over the readable ones (r + w + t = 1).
    """
    read = 1 - shares.get("unread", 0.0)
    if not read:
        return None
    right, wrong, tie = (shares.get(way, 0.0) / read for way in ("right", "wrong", "tie"))
    if kind_of(data) == "grade" and not data.loader.options["gold_column"]:
        low, high = scale
        return right * high + wrong * low + tie * ((low + high) // 2)
    return (right - wrong) / math.sqrt(right + wrong) if right + wrong else None

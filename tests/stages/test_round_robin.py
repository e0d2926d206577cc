"""One model's result over its comparisons against all others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.metrics.comparisons.columns import Comparison
from judgebench.metrics.comparisons.ranking import rank_by_comparisons
from judgebench.metrics.rates.agreement import cohen_kappa
from judgebench.metrics.statistics.intervals import share_of
from judgebench.records.diagnostics import Diagnostics, JudgesCompared
from judgebench.records.flow import Counts, Metric, TaskResult
from judgebench.records.run import Plan, Typed
from judgebench.stages.summarize import CrossedPair, planned_rows, round_robin_result
from tests.stages.in_one_process import SAY, OneProcess, judge, model, text_of

PAIRS = Typed(type="judgebench.judges.PairComparison", options={"aggregate": {"type": "counter", "unread": "drop"}})


def meeting(model: str, compared_model: str, outcomes: list[float], **health: Any) -> CrossedPair:
    result = TaskResult(
        model=model, dataset=f"d-j-vs-{compared_model}", data_abbr="d", judge=f"j-vs-{compared_model}", version="v",
        mode="gen", headline="win_rate", metrics={}, counts=Counts(planned=len(outcomes), ok=len(outcomes)),
        identity={"judge": {"abbr": "j", "compare_with": compared_model}}, diagnostics=Diagnostics(**health),
        usage={"judge": {"calls": 2, "prompt_tokens": 3, "completion_tokens": 1, "extra_requests": 1,
                         "seconds_waited": 0.5, "served_models": [compared_model]}},
    )  # fmt: skip
    return CrossedPair(
        result, compared_model, [Comparison(model, compared_model, one, sample=at) for at, one in enumerate(outcomes)]
    )


def pooled(model: str, crossed_pairs: list[CrossedPair]) -> TaskResult:
    observed = [comparison for one in crossed_pairs for comparison in one.observed]
    ranking = rank_by_comparisons(observed, models=["a", "b", "c"], dataset="d-j", data_abbr="d", judge="j", rounds=10)
    entry = next(one for one in ranking.models if one.model == model)
    return round_robin_result(entry, crossed_pairs, ranking, row="d-j", round_robin="j", plan="p")


def share(hits: int, of: int) -> Metric:
    return share_of([1.0] * hits + [0.0] * (of - hits), range(of))


def compared(judges: tuple[str, str], *decisions: tuple[str, str, int]) -> list[JudgesCompared]:
    return [JudgesCompared(judges=judges, n=0, agreement=None, kappa=None, scott_pi=None, decisions=list(decisions))]


def test_shares_of_models_weigh_by_their_comparisons() -> None:
    few, many = meeting("a", "b", [1.0, 0.0], consistency=share(2, 2)), meeting("a", "c", [1.0] * 5 + [0.0] * 3,
                                                                                consistency=share(2, 8))  # fmt: skip
    found = pooled("a", [few, many]).diagnostics.consistency
    assert found is not None
    assert (found.value, found.n) == (pytest.approx(100 * 4 / 10), 10)


def test_a_share_of_nothing_counts_as_nothing_and_one_that_is_unknown_not_at_all() -> None:
    none, all_ = meeting("a", "b", [1.0, 0.0], consistency=share(0, 2)), meeting("a", "c", [1.0] * 2,
                                                                                consistency=share(2, 2))  # fmt: skip
    unknown = meeting("a", "d", [1.0], consistency=Metric(value=None))
    found = pooled("a", [none, all_, unknown]).diagnostics.consistency
    assert found is not None
    assert (found.value, found.n) == (pytest.approx(50), 4)


def test_the_ten_most_frequent_reasons_of_a_model_are_told() -> None:
    own = meeting("a", "b", [1.0], unscored_reasons={f"reason {at}": 20 - at for at in range(8)})
    met = meeting("c", "a", [0.0], unscored_reasons={f"reason {at}": 1 for at in range(7, 12)})
    found = pooled("a", [own, met]).diagnostics.unscored_reasons
    assert list(found)[:8] == [f"reason {at}" for at in range(8)]
    assert (found["reason 7"], len(found)) == (13 + 1, 10)


def test_repeats_and_presentations_of_the_same_items_do_not_narrow_a_pooled_share() -> None:
    once = [1.0, 1.0, 0.0, 1.0, 0.0]
    intervals = []
    for repeats in (1, 8):
        items = [at for at in range(5) for _ in range(repeats)]
        rate = share_of([once[at] for at in items], items)
        own = meeting("a", "b", once, first_shown_rate=rate)
        observed = [Comparison("a", "b", once[at], sample=at) for at in items]
        found = pooled("a", [own._replace(observed=observed)]).diagnostics.first_shown_rate
        assert found is not None
        assert found.ci95 is not None
        intervals.append((found.stderr, found.ci95))
    assert intervals[1] == (pytest.approx(intervals[0][0]), pytest.approx(intervals[0][1]))


def test_the_error_of_a_pooled_share_is_the_mean_of_the_parts_weighed_as_their_shares() -> None:
    parts = [share(1, 2), share(2, 8)]
    crossed_pairs = [
        meeting("a", name, [1.0] * part.n, consistency=part) for name, part in zip("bc", parts, strict=True)
    ]
    found = pooled("a", crossed_pairs).diagnostics.consistency
    assert found is not None
    errors = [part.stderr or 0.0 for part in parts]
    assert min(errors) > 0
    assert found.stderr == pytest.approx((2 * errors[0] + 8 * errors[1]) / 10)
    unknown = msgspec.structs.replace(parts[0], stderr=None)
    crossed_pairs[0] = meeting("a", "b", [1.0] * 2, consistency=unknown)
    found = pooled("a", crossed_pairs).diagnostics.consistency
    assert found is not None
    assert (found.stderr, found.value) == (None, pytest.approx(100 * 3 / 10))


def test_a_round_robin_is_one_judge_whomever_a_model_was_compared_with() -> None:
    crossed_pairs = [meeting("a", "b", [1.0]), meeting("a", "c", [1.0]), meeting("b", "c", [0.0])]
    first = pooled("a", crossed_pairs[:2])
    assert first.identity["judge"] == {"abbr": "j"}
    assert first.identity["models"] == ["a", "b", "c"]
    assert pooled("c", crossed_pairs[1:]).version == first.version


def test_the_agreement_of_judges_is_counted_in_the_frame_of_the_model() -> None:
    """Where it is the compared model, ``A`` (the other won) is its ``B``; kappa tells, as it looks at the marginals."""
    own = {"between_judges": compared(("j-vs-b", "k-vs-b"), ("A", "A", 4), ("A", "B", 1))}
    met = {"between_judges": compared(("j-vs-a", "k-vs-a"), ("B", "B", 3), ("B", "A", 2))}
    outcomes = [1.0, 1.0, 1.0, 0.0, 1.0]
    for opponent_result in (met,):
        found = pooled("a", [meeting("a", "b", outcomes, **own), meeting("c", "a", [0.0, 1.0, 0.0], **opponent_result)])
    between = found.diagnostics.between_judges
    flipped = {("A", "A"): 4 + 3, ("A", "B"): 1 + 2}
    assert [one.judges for one in between] == [("j", "k")]
    assert (between[0].n, between[0].agreement) == (10, pytest.approx(70.0))
    assert between[0].kappa == cohen_kappa(flipped)
    assert between[0].kappa != cohen_kappa({("A", "A"): 4, ("A", "B"): 1, ("B", "B"): 3, ("B", "A"): 2})


def test_the_calls_of_a_models_own_comparisons_are_added_up() -> None:
    crossed_pairs = [meeting("a", "b", [1.0, 0.0]), meeting("a", "c", [0.0, 1.0]), meeting("c", "a", [1.0])]
    usage = pooled("a", crossed_pairs).usage["judge"]
    assert (usage["calls"], usage["prompt_tokens"], usage["seconds_waited"]) == (4, 6, 1.0)
    assert usage["served_models"] == ["b", "c"]


def test_what_was_not_compared_may_be_lost_or_won() -> None:
    own = meeting("a", "b", [1.0, 0.0, 1.0])
    counts = Counts(planned=5, ok=3, unparsed=2)
    found = pooled("a", [own._replace(result=msgspec.structs.replace(own.result, counts=counts))])
    assert found.counts == counts
    rate, ties = found.metrics["win_rate"], found.metrics["tie_rate"]
    assert rate.value == pytest.approx(100 * 2 / 3)
    assert rate.bounds == (pytest.approx(100 * 2 / 5), pytest.approx(100 * 4 / 5))
    assert ties.bounds == (0, pytest.approx(100 * 2 / 5))
    none = meeting("a", "b", [])
    unread = msgspec.structs.replace(none.result, counts=Counts(planned=4, unparsed=4))
    empty = pooled("a", [none._replace(result=unread)])
    assert (empty.metrics["win_rate"].value, empty.metrics["win_rate"].bounds) == (None, None)


def test_only_models_that_are_compared_stand_in_the_row_of_a_round_robin(tmp_path: Path) -> None:
    parts = [
        judge(f"j-vs-{one}", method=PAIRS, model=model("j"), compare_with=one, round_robin="j", tested_models=tested)
        for one, tested in (("a", ["b"]), ("b", []))
    ]
    run = OneProcess(tmp_path, models=[model(name) for name in "abc"], judges=parts)
    for name in "abc":
        SAY[name] = lambda request, name=name: f"{name} says so"
    SAY["j"] = lambda request: (
        f"VERDICT: {'A' if text_of(request).find('a says') < text_of(request).find('b says') else 'B'}"
    )
    assert set(run.do().values()) == {0}
    plan = msgspec.json.decode(run.run.plans()[0].read_bytes(), type=Plan)
    (row,) = planned_rows(plan)
    assert (row.spec.name, row.models, row.spec.models) == ("d-j", ["a", "b"], ["a", "b"])
    assert run.result("d-j", "a").metrics["win_rate"].value == 100
    assert run.result("d-j", "b").metrics["win_rate"].value == 0
    assert not run.run.result("c", "d-j").exists()


def test_a_tie_rate_is_one_over_items() -> None:
    found = pooled("a", [meeting("a", "b", [0.5, 1.0]), meeting("a", "c", [0.5, 0.0])]).metrics["tie_rate"]
    assert isinstance(found, Metric)
    assert (found.value, found.n, found.stderr) == (50.0, 4, pytest.approx(50.0))

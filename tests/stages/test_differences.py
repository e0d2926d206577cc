"""By how much the best model of a row is better than the others, from what a run has recorded."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from judgebench.metrics.comparisons.columns import Comparison
from judgebench.metrics.comparisons.differences import ModelDifference, mean_difference, separate_difference
from judgebench.metrics.comparisons.ranking import rank_by_comparisons
from judgebench.records.figures import Better
from judgebench.records.flow import TaskResult
from judgebench.records.run import Typed
from judgebench.stages.differences import differences_by_comparisons, differences_by_scores
from tests.stages.in_one_process import SAY, OneProcess, judge, model, number_in, rows, text_of

RUBRIC = Typed(type="judgebench.judges.RubricScore", options={"criteria": "Is it good?", "low": 1, "high": 5})


def judged(folder: Path, right: dict[str, set[int]], *, items: int = 10, **keys: object) -> OneProcess:
    """A run whose models are right on these items."""
    run = OneProcess(folder, data=rows(items), models=[model(name) for name in right], **keys)
    for name, numbers in right.items():
        SAY[name] = lambda request, numbers=numbers: "good" if int(number_in(request)) in numbers else "poor"
    SAY["j"] = lambda request: "VERDICT: A" if "good" in text_of(request) else "VERDICT: B"
    assert set(run.do().values()) == {0}
    return run


def found_in(run: OneProcess, better: Better = "high", **changed: TaskResult) -> list[ModelDifference]:
    results = {name: run.result(name=name) for name in run.config.models}
    return differences_by_scores(run.run, "d-j", {**results, **changed}, better)


def test_two_models_are_compared_item_by_item(tmp_path: Path) -> None:
    run = judged(tmp_path, {"m": {0, 1}, "n": {1, 2, 3, 4, 5, 6}})
    (found,) = found_in(run)
    assert (found.dataset, found.by, found.first, found.second) == ("d-j", "accuracy", "n", "m")
    assert (found.kind, found.comparisons) == ("paired", 1)
    assert (found.first_ahead, found.second_ahead) == (5, 1)
    assert found.found.value == pytest.approx(40)
    assert (found.found.n, found.found.unit) == (10, "points")
    known = mean_difference([1.0] * 5 + [-1.0] + [0.0] * 4, scale=1.0)
    assert known is not None
    assert known.ends is not None
    assert found.found.ci95 == (pytest.approx(100 * known.ends[0]), pytest.approx(100 * known.ends[1]))
    assert known.ends[0] < 0 < known.ends[1]
    assert found.items_needed is not None
    assert found.items_needed > 10, "these items do not tell them apart"


def test_what_is_sure_needs_no_further_items(tmp_path: Path) -> None:
    (found,) = found_in(judged(tmp_path, {"m": set(range(20)), "n": {0}}, items=20))
    assert (found.first, found.sure, found.items_needed) == ("m", True, None)


def test_models_that_were_right_on_the_same_items_do_not_differ(tmp_path: Path) -> None:
    (found,) = found_in(judged(tmp_path, {"m": {0, 1}, "n": {0, 1}}))
    assert (found.kind, found.found.value, found.first_ahead, found.second_ahead) == ("paired", 0, 0, 0)


def test_the_best_model_stands_first_whichever_end_is_good(tmp_path: Path) -> None:
    run = judged(tmp_path, {"m": {0, 1}, "n": {0, 1, 2, 3}, "o": {0}})
    assert [(one.first, one.second, one.comparisons) for one in found_in(run)] == [("n", "m", 2), ("n", "o", 2)]
    low = found_in(run, "low")
    assert [(one.first, one.second) for one in low] == [("o", "m"), ("o", "n")]
    assert found_in(run, None) == []


def test_nothing_is_told_of_one_model_or_of_other_versions(tmp_path: Path) -> None:
    run = judged(tmp_path, {"m": {0, 1}, "n": {0}})
    one = run.result()
    assert differences_by_scores(run.run, "d-j", {"m": one}, "high") == []
    assert found_in(run, m=msgspec.structs.replace(one, version="another")) == []
    assert found_in(run, m=msgspec.structs.replace(one, metrics={})) == []


def test_scores_are_compared_on_their_own_scale(tmp_path: Path) -> None:
    scores = {"m": [3, 4, 2, 5, 3], "n": [2, 4, 1, 3, 3]}
    run = OneProcess(tmp_path, data=rows(5), models=[model("m"), model("n")], judges=[judge(method=RUBRIC)])
    for name in scores:
        SAY[name] = lambda request, name=name: f"{name} says {number_in(request)}"

    def scored(request: object) -> str:
        name, _, item = text_of(request).rpartition(" says ")  # type: ignore[arg-type]
        return f"SCORE: {scores[name[-1]][int(item[0])]}"

    SAY["j"] = scored
    assert set(run.do().values()) == {0}
    (found,) = found_in(run)
    assert (found.first, found.kind, found.found.unit, found.found.n) == ("m", "paired", "scale", 5)
    known = mean_difference([1.0, 0.0, 1.0, 2.0, 0.0], scale=None)
    assert known is not None
    assert known.ends is not None
    assert found.found.value == pytest.approx(0.8)
    assert found.found.ci95 == (pytest.approx(known.ends[0]), pytest.approx(known.ends[1]))


def test_a_figure_that_is_no_mean_of_the_verdicts_rests_on_its_own_interval(tmp_path: Path) -> None:
    """A bootstrap's figure, or one with weights: the verdicts say nothing of the difference."""
    run = judged(tmp_path, {"m": {0, 1, 2, 3, 4}, "n": {0, 1, 2}})
    own = run.result()
    metric = msgspec.structs.replace(own.metrics["accuracy"], value=60.0, ci95=(20.0, 80.0))
    (found,) = found_in(run, m=msgspec.structs.replace(own, metrics={"accuracy": metric}))
    other = run.result(name="n").metrics["accuracy"]
    assert (found.kind, found.first, found.first_ahead, found.second_ahead) == ("separate", "m", 0, 0)
    assert found.found == separate_difference(metric, other)
    assert found.items_needed is not None
    assert found.items_needed > 10
    sure = msgspec.structs.replace(metric, value=99.0, ci95=(98.0, 99.5))
    (found,) = found_in(run, m=msgspec.structs.replace(own, metrics={"accuracy": sure}))
    assert (found.kind, found.sure, found.items_needed) == ("separate", True, None)
    unknown = msgspec.structs.replace(metric, ci95=None)
    (found,) = found_in(run, m=msgspec.structs.replace(own, metrics={"accuracy": unknown}))
    assert (found.found.ci95, found.items_needed) == (None, None)


def test_an_interval_that_touches_zero_tells_nothing(tmp_path: Path) -> None:
    run = judged(tmp_path, {"m": {0, 1, 2}, "n": {0}})
    results = {}
    for name, value, ends in (("m", 30.0, (0.0, 60.0)), ("n", 0.0, (0.0, 0.0))):
        own = run.result(name=name)
        metric = msgspec.structs.replace(own.metrics["accuracy"], value=value, ci95=ends)
        results[name] = msgspec.structs.replace(own, metrics={"accuracy": metric})
    (found,) = found_in(run, **results)
    assert found.found.ci95 == (0, 60)
    assert not found.sure
    assert found.items_needed is not None


@pytest.mark.parametrize("harm", ["gone", "damaged"])
def test_verdicts_that_cannot_be_read_are_not_guessed(tmp_path: Path, harm: str) -> None:
    run = judged(tmp_path, {"m": {0, 1, 2, 3, 4}, "n": {0, 1, 2}})
    path = run.run.verdicts("n", "d-j")
    path.unlink() if harm == "gone" else path.write_text('{"id": 0, "sta\n')
    (found,) = found_in(run)
    assert (found.kind, found.found.value) == ("separate", pytest.approx(20))


def test_verdicts_of_no_decision_are_left_out(tmp_path: Path) -> None:
    run = OneProcess(tmp_path, data=rows(6), models=[model("m"), model("n")])
    SAY["m"], SAY["n"] = (lambda request: f"good {number_in(request)}"), (lambda request: f"poor {number_in(request)}")
    SAY["j"] = lambda request: (
        "well" if "good 5" in text_of(request) else "VERDICT: A" if "good" in text_of(request) else "VERDICT: B"
    )
    run.do()
    (found,) = found_in(run)
    assert (found.kind, found.found.n, found.first_ahead) == ("paired", 5, 5)


def compared(pairs: dict[tuple[str, str], list[float]], weight: float = 1.0) -> list[ModelDifference]:
    observed = [
        Comparison(first, second, outcome, weight=weight, sample=at)
        for (first, second), outcomes in pairs.items()
        for at, outcome in enumerate(outcomes)
    ]
    names = sorted({name for pair in pairs for name in pair})
    ranking = rank_by_comparisons(observed, models=names, dataset="d-j", data_abbr="d", judge="j", rounds=10)
    return differences_by_comparisons(ranking, observed)


def test_models_that_met_are_told_by_the_share_that_the_better_one_won() -> None:
    for pairs in ({("a", "b"): [1, 1, 1, 0.5, 0]}, {("b", "a"): [0, 0, 0, 0.5, 1]}):
        (found,) = compared(pairs)
        assert (found.dataset, found.by, found.first, found.second) == ("d-j", "win_rate", "a", "b")
        assert (found.kind, found.found.unit, found.found.n) == ("head_to_head", "percent", 5)
        assert found.found.value == pytest.approx(70)
        assert (found.first_ahead, found.second_ahead) == (3, 1)
        assert found.found.ci95 is not None
        known = mean_difference([1, 1, 1, 0, -1], scale=1.0)
        assert known is not None
        assert known.ends is not None
        assert found.found.ci95 == (pytest.approx(50 + 50 * known.ends[0]), pytest.approx(50 + 50 * known.ends[1]))
        assert found.found.ci95[0] < 50 < found.found.ci95[1]
        assert found.items_needed is not None
        assert found.items_needed > 5


def test_models_that_met_a_third_one_are_told_by_how_they_did_against_it() -> None:
    a, b = [1.0] * 8 + [0.0] * 2, [1.0] * 3 + [0.0] * 7
    found = {one.second: one for one in compared({("a", "base"): a, ("b", "base"): b})}
    assert {one.first for one in found.values()} == {"a"}
    apart = found["b"]
    assert (apart.kind, apart.comparisons, apart.found.unit) == ("paired", 2, "points")
    assert apart.found.value == pytest.approx(50)
    assert (apart.found.n, apart.first_ahead, apart.second_ahead) == (10, 5, 0)
    known = mean_difference([1.0] * 5 + [0.0] * 5, scale=1.0, comparisons=2)
    assert known is not None
    assert known.ends is not None
    assert apart.found.ci95 == (pytest.approx(100 * known.ends[0]), pytest.approx(100 * known.ends[1]))
    assert found["base"].kind == "head_to_head"


def test_repeats_of_an_item_are_one_item() -> None:
    observed = [Comparison("a", "b", outcome, sample=item) for item in range(4) for outcome in (1.0, 1.0, 0.0)]
    ranking = rank_by_comparisons(observed, models=["a", "b"], dataset="d-j", data_abbr="d", judge="j", rounds=10)
    (found,) = differences_by_comparisons(ranking, observed)
    assert (found.found.n, found.first_ahead) == (4, 4)
    assert found.found.value == pytest.approx(100 * 2 / 3)


def test_nothing_is_told_of_weighted_comparisons_or_of_models_that_no_third_one_joins() -> None:
    assert compared({("a", "b"): [1, 1, 0]}, weight=2.0) == []
    apart = compared({("a", "c"): [1, 1, 1, 0], ("b", "d"): [1, 0, 1, 0]})
    assert all({one.first, one.second} in ({"a", "c"}, {"b", "d"}) for one in apart)


def test_a_difference_of_few_scores_that_all_agree_has_the_interval_of_the_figures(tmp_path: Path) -> None:
    """Student's interval of items that all differ by the same would be no interval at all."""
    run = OneProcess(tmp_path, data=rows(3), models=[model("m"), model("n")], judges=[judge(method=RUBRIC)])
    SAY["m"], SAY["n"] = (lambda request: "splendid"), (lambda request: "poor")
    SAY["j"] = lambda request: "SCORE: 4" if "splendid" in text_of(request) else "SCORE: 3"
    run.do()
    (found,) = found_in(run)
    assert (found.kind, found.found.value) == ("separate", 1)


def test_no_more_than_twenty_models_stand_beside_the_best_one(tmp_path: Path) -> None:
    run = judged(tmp_path, {f"m{at}": set(range(at % 3)) for at in range(23)}, items=2)
    by_scores = found_in(run)
    assert len(by_scores) == 20
    assert {one.comparisons for one in by_scores} == {20}
    by_comparisons = compared({("best", f"m{at}"): [1, 1, 0] for at in range(22)})
    assert len(by_comparisons) == 20
    assert {(one.first, one.comparisons) for one in by_comparisons} == {("best", 20)}

"""Figures of scores worked out by hand, from verdicts that a reader can count."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from judgebench.errors import ConfigError
from judgebench.metrics.contract import Measure
from judgebench.records.flow import Metric, Sample, Verdict
from tests.metrics.contract_rows import FAILED, FED, LATER, SCORES, UNREAD, presentation, said

RAISED = {"EvidenceScore": 2, "TiesScore": 2}
"""Versions of scores whose figures have changed since they were first shipped."""


def made(name: str, **keys: Any) -> Measure:
    kind = SCORES[name]
    score: Measure = kind(msgspec.convert(keys, kind.Config))
    return score


def scored(name: str, *rows: tuple[dict[str, Any], Verdict], **keys: Any) -> dict[str, Metric]:
    """The figures of items with these fields and verdicts."""
    score = made(name, **keys)
    for at, (fields, verdict) in enumerate(rows):
        score.add(Sample(id=at, uid=f"u{at}", fields={}, key=f"k{at}", **fields), 0, verdict)
    figures: dict[str, Metric] = score.result()
    return figures


def values(figures: dict[str, Metric], *names: str) -> list[float | None]:
    return [figures[name].value for name in names]


@pytest.mark.parametrize("name", sorted(SCORES))
def test_a_score_says_what_made_its_figures(name: str) -> None:
    """Else two tables with other conventions would look comparable, and equal ones would not."""
    found = made(name, **FED[name].keys).identity()
    assert found["version"] == RAISED.get(name, 1), "a version is raised with its figures, and noted here"
    assert FED[name].keys.keys() <= found.keys()
    assert found["score"] not in {
        made(other, **FED[other].keys).identity()["score"] for other in SCORES if other != name
    }


def stated(confidence: float, *, right: bool) -> tuple[dict[str, Any], Verdict]:
    read = {**presentation("", "correct" if right else "incorrect"), "values": {"confidence": confidence}}
    return {}, said("correct" if right else "incorrect", presentations=[read])


def test_confidence_is_binned_by_a_hundred_answers() -> None:
    rows = [stated(0.5, right=at < 40) for at in range(100)] + [stated(0.9, right=True) for _ in range(100)]
    figures = scored("CalibrationScore", *rows, ({}, UNREAD), ({}, LATER))
    # bins of 100: |0.5 - 0.4| and |0.9 - 1|, each half
    assert figures["calibration_error"].value == pytest.approx(10)
    assert figures["calibration_error_as_published"].value == pytest.approx(100 * (0.01 / 2) ** 0.5)
    assert values(figures, "accuracy", "mean_confidence", "unread") == [70, pytest.approx(70), 1]
    assert figures["accuracy"].bounds == (pytest.approx(100 * 140 / 202), pytest.approx(100 * 142 / 202))
    assert figures["accuracy_of_all"].value == pytest.approx(100 * 140 / 202)
    one_bin = scored("CalibrationScore", *rows, bin_size=200)
    assert one_bin["calibration_error"].value == pytest.approx(0, abs=1e-9)
    assert one_bin["calibration_error_as_published"].value == one_bin["calibration_error"].value


def compared(decision: str, first: str | None, second: str | None) -> tuple[dict[str, Any], Verdict]:
    names = {"one": first, "two": second}
    read = [presentation("AB", decision), presentation("BA", decision)]
    meta = {name: value for name, value in names.items() if value is not None}
    return {"meta": meta, "answers": ["a", "b"]}, said(decision, presentations=read)


def test_a_comparison_that_names_one_model_is_left_out_once() -> None:
    rows = [compared("A", "m", "n"), compared("B", "m", "n"), compared("tie", "n", "m"), compared("A", "m", None)]
    figures = scored("ComparisonScore", *rows, ({"meta": {"one": "m", "two": "n"}}, UNREAD), first="one", second="two")
    assert values(figures, "not_compared", "ties") == [2, 1]
    assert (figures["not_compared"].n, figures["ties"].n) == (5, 3)
    assert "1 rows do not name both models" in figures["not_compared"].note
    assert values(figures, "win_rate/m", "loss_rate/m", "win_rate_adjusted/m") == [
        pytest.approx(100 / 3),
        pytest.approx(100 / 3),
        pytest.approx(50),
    ]


def pictured(subject: str, score: float) -> tuple[dict[str, Any], Verdict]:
    return {"meta": {"job": subject}}, said(score=score)


def test_scores_from_nothing_upwards_have_figures_as_they_were_given() -> None:
    rows = [pictured("cook", 0.0), pictured("cook", 4.0), pictured("nurse", 2.0), pictured("nurse", 2.0)]
    figures = scored("EvennessScore", *rows, subject="job")
    # of cooks the Gini coefficient of 0 and 4 is 1/2, their spread is their mean; nurses are even
    assert values(figures, "ges_as_given", "nds_as_given", "acc_as_given") == [
        pytest.approx(0.75),
        pytest.approx(0.5),
        pytest.approx(0.5),
    ]
    assert values(figures, "least", "greatest", "mean_score", "subjects") == [0, 4, 2, 2]
    below = scored("EvennessScore", *rows, pictured("cook", -1.0), subject="job")
    assert "ges_as_given" not in below
    same = scored("EvennessScore", pictured("cook", 3.0), pictured("cook", 3.0), subject="job")
    assert "tells nothing" in same["acc"].note


def graded(score: float | None) -> tuple[dict[str, Any], Verdict]:
    return {}, said(score=score) if score is not None else UNREAD


def test_a_filter_keeps_what_reaches_its_threshold() -> None:
    rows = [graded(one) for one in (5.0, 3.0, 4.0, 1.0, None)]
    figures = scored("FilterScore", *rows, at_least=3.0)
    assert values(figures, "kept", "kept_rows", "dropped_rows", "unread", "threshold") == [60, 3, 1, 1, 3]
    assert values(figures, "mean_score", "mean_kept", "mean_dropped") == [pytest.approx(3.25), pytest.approx(4), 1]
    assert values(scored("FilterScore", *rows, top=0.5), "kept_rows", "threshold") == [2, 4]
    assert values(scored("FilterScore", *rows, top=1.0), "kept_rows", "threshold") == [4, 1]


@pytest.mark.parametrize("keys", [{}, {"at_least": 1.0, "top": 0.5}, {"top": 0.0}, {"top": 1.5}, {"top": -1.0}])
def test_a_filter_needs_one_threshold_that_can_be(keys: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="score"):
        made("FilterScore", **keys)


def point(part: str, gold: float | None, score: float | None) -> tuple[dict[str, Any], Verdict]:
    return {"gold": gold, "answers": ["a"], "meta": {"part": part}}, said(score=score) if score is not None else UNREAD


def test_correlations_in_parts_leave_out_what_has_no_grade() -> None:
    rows = [point("x", gold, grade) for gold, grade in ((1, 2.0), (2, 4.0), (3, 6.0), (4, None))]
    rows += [point("y", gold, grade) for gold, grade in ((1, 3.0), (2, 2.0), (3, 1.0))]
    rows += [point("z", 1, 1.0), point("z", 2, 1.0)]
    figures = scored("PointScore", *rows, group_by="part", by_part=True, headline="pearson_by_part")
    assert values(figures, "pearson/x", "pearson/y", "pearson/z") == [pytest.approx(1), pytest.approx(-1), None]
    assert [figures[f"pearson/{part}"].n for part in "xyz"] == [3, 3, 2]
    assert (figures["pearson_by_part"].value, figures["pearson_by_part"].n) == (pytest.approx(0), 8)
    assert figures["pearson_by_part"].note == "1 of 3 parts have no correlation"
    assert "one and the same grade" in figures["pearson/z"].note


def test_raters_and_judge_that_all_say_the_same_have_no_kappa_and_a_note() -> None:
    same = scored("RaterPairsScore", *[({"gold": [True, True]}, said("yes"))] * 3, yes="yes")
    assert (same["kappa"].value, bool(same["kappa"].note)) == (None, True)
    mixed = scored(
        "RaterPairsScore",
        ({"gold": [True, True]}, said("yes")),
        ({"gold": [False, False]}, said("no")),
        ({"gold": [True, False]}, said("no")),
        yes="yes",
    )
    # of six pairs five agree; by chance (2/6 3/6 + 4/6 3/6) do
    assert mixed["kappa"].value == pytest.approx((5 / 6 - 1 / 2) / (1 - 1 / 2))
    assert mixed["kappa"].note == ""


def rubric(points: list[float], met: list[bool], tags: list[list[str]], score: float) -> tuple[dict[str, Any], Verdict]:
    criteria = [{"points": one, "tags": own} for one, own in zip(points, tags, strict=True)]
    steps = [{"number": at, "correct": one} for at, one in enumerate(met)]
    return {"meta": {"rubric": criteria}}, said(score=score, steps=steps)


def test_points_of_a_tag_are_the_share_of_its_own_points() -> None:
    tags = [["axis:a"], ["axis:a", "axis:b"], ["axis:b"], ["axis:c"]]
    row = rubric([5, 3, -2, -1], [True, False, True, True], tags, 0.25)
    figures = scored("RubricPointsScore", row, criteria="rubric", criterion_tags=["axis:"])
    assert values(figures, "score", "score/axis:a") == [0.25, pytest.approx(5 / 8)]
    assert figures["score/axis:b"].value == 0, "-2 of 3 points are none"
    assert "score/axis:c" not in figures, "nothing can be won there"


def grouped(group: str, part: str, gold: str, decision: str | None) -> tuple[dict[str, Any], Verdict]:
    meta = {"group": group, "part": part}
    return {"gold": gold, "answers": ["a", "b"], "meta": meta}, said(decision) if decision else UNREAD


def test_parts_are_named_by_the_column_where_no_names_are_given() -> None:
    rows = [
        grouped("g", "x", "A", "A"), grouped("g", "x", "B", "B"),
        grouped("h", "y", "A", "A"), grouped("h", "y", "B", None),
    ]  # fmt: skip
    figures = scored("TogetherScore", *rows, together="group", group_by="part")
    assert values(figures, "all_right", "all_right/x", "all_right/y", "all_right_unread_dropped") == [50, 100, 0, 100]
    named = scored("TogetherScore", *rows, together="group", group_by="part", groups={"x": "first"})
    assert values(named, "all_right/first", "all_right/other") == [100, 0]


def test_a_class_that_nobody_names_counts_as_nothing_and_no_verdict_as_no_figure() -> None:
    rows = [({"gold": gold}, said(decision)) for gold, decision in (("a", "a"), ("b", "a"), ("b", "b"), ("a", "b"))]
    known = scored("VerifierScore", *rows, classes=["a", "b"], right="a")
    assert values(known, "macro_f1", "accuracy") == [pytest.approx(50), 50]
    unknown = scored("VerifierScore", *rows, classes=["a", "b", "c"], right="a")
    assert unknown["macro_f1"].value == pytest.approx(100 / 3), "as in scikit-learn"
    nothing = scored("VerifierScore", ({"gold": "a"}, FAILED), classes=["a", "b"], right="a")
    assert (nothing["macro_f1"].value, nothing["macro_f1"].n) == (None, 0)

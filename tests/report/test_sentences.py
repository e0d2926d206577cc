"""What a summary says in words: each rule by facts of which the sentence can be foreseen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.metrics.comparisons.differences import (
    ModelDifference,
    Worths,
    items_for_width,
    items_needed,
    mean_difference,
    separate_difference,
)
from judgebench.records.corrected import CorrectedScore
from judgebench.records.diagnostics import Diagnostics, JudgesCompared
from judgebench.records.flow import Counts, Metric
from judgebench.records.run import SummarizerConfig, SummaryGroup
from judgebench.report.schema import Cell, MissingResult, ResultFacts, RowSpec, Summary, SummaryRow
from judgebench.report.sentences import sentences
from judgebench.report.summary import summarize
from tests.report.runs import put


def percent(value: float, low: float, high: float, n: int = 100, **more: Any) -> Metric:
    return Metric(value=value, n=n, ci95=(low, high), unit="percent", better="high", **more)


def row(name: str, metric: str = "accuracy", **figures: Metric) -> SummaryRow:
    cells = {model: Cell(metric=found) for model, found in figures.items()}
    return SummaryRow(kind="result", dataset=name, metric=metric, headline=True, cells=cells)


def apart(
    value: float, low: float, high: float, *, second: str = "bee", of: int = 1, name: str = "d", **more: Any
) -> ModelDifference:
    more.setdefault("kind", "paired")
    unit = "percent" if more["kind"] == "head_to_head" else "points"
    return ModelDifference(
        dataset=name, by="accuracy", first="ant", second=second, comparisons=of,
        found=Metric(value=value, ci95=(low, high), n=100, unit=unit), **more,
    )  # fmt: skip


def said(about: str = "", **facts: Any) -> list[str]:
    facts.setdefault("rows", [])
    facts.setdefault("results", [])
    summary = Summary(run="r", timestamp="t", models=["ant", "bee", "cat"], **facts)
    return [one.text for one in sentences(summary) if about in ("", one.about)]


def result(model: str = "ant", name: str = "d", judge: str | None = None, **more: Any) -> ResultFacts:
    return ResultFacts(model=model, dataset=name, judge=judge, **{"counts": Counts(planned=9, ok=9), **more})


TWO = row("d", ant=percent(90, 80, 96), bee=percent(86, 75, 93))


def test_a_difference_whose_interval_excludes_none_is_told_as_one() -> None:
    assert said(rows=[TWO], differences=[apart(4, 1.5, 6.5)]) == [
        "ant is better than bee on d: accuracy 90.0% against 86.0%, +4.0 points (95% interval +1.5 to +6.5)."
    ]


def test_intervals_of_two_models_that_overlap_are_no_difference_and_no_equality() -> None:
    """What the paired interval says counts, not whether the models' own overlap; without any, nothing is claimed."""
    (unsure,) = said(rows=[TWO], differences=[apart(4, -1.0, 9.0, items_needed=320)])
    assert unsure.startswith("On d 100 items cannot tell ant from bee: accuracy 90.0% against 86.0%, +4.0 points")
    assert unsure.endswith("About 320 items would, if the difference stays as it is.")
    assert not any("better" in one for one in said(rows=[TWO]))


def test_equal_models_are_told_apart_by_no_number_of_items() -> None:
    (equal,) = said(rows=[TWO], differences=[apart(0, -5, 5)])
    assert equal.endswith(
        "0.0 points (95% interval -5.0 to +5.0). If they are equal, no number of items tells them apart."
    )


def test_more_items_than_anybody_has_are_no_advice() -> None:
    (tiny,) = said(rows=[TWO], differences=[apart(0.01, -5, 5, items_needed=4_000_000)])
    assert "more than a million items" in tiny
    assert "+0.01 points" in tiny  # not 0.0, which it is not


def test_of_several_models_those_that_are_told_apart_and_those_that_are_not() -> None:
    differences = [apart(4, -3, 11, second="bee", of=2, items_needed=3300), apart(9, 2, 16, second="cat", of=2)]
    rows = [row("d", ant=percent(90, 80, 96), bee=percent(86, 79, 95), cat=percent(81, 70, 89))]
    better, unsure = said(rows=rows, differences=differences)
    assert better == (
        "ant is better than cat on d: accuracy 90.0% against 81.0%, +9.0 points (95% interval +2.0 to +16.0 for all 2 "
        "comparisons together)."
    )
    assert unsure.startswith("On d 100 items cannot tell ant from bee: ")
    both = [apart(4, 1, 7, second="bee", of=2), apart(9, 2, 16, second="cat", of=2)]
    (one,) = said(rows=rows, differences=both)
    assert one.startswith(
        "ant is better than each of the 2 other models on d: accuracy 90.0% against 86.0%, +4.0 points"
    )
    assert one.endswith(", least of all over bee.")


def test_comparisons_are_told_by_the_share_that_was_won() -> None:
    (better,) = said(differences=[apart(62, 53.1, 70.2, kind="head_to_head")])
    assert better == "ant is better than bee on d: ant wins 62.0% of their comparisons (95% interval 53.1 to 70.2)."
    (unsure,) = said(differences=[apart(52, 43.1, 60.2, kind="head_to_head", items_needed=5000)])
    assert "cannot tell ant from bee: ant wins 52.0% of their comparisons" in unsure


def test_unscored_items_that_could_turn_a_difference_are_told() -> None:
    rows = [row("d", ant=percent(90, 80, 96, bounds=(85, 92)), bee=percent(86, 75, 93, bounds=(84, 87)))]
    assert said(rows=rows, differences=[apart(4, 1.5, 6.5)])[0].endswith(
        "; the items without a verdict could turn this round."
    )
    rows = [row("d", ant=percent(90, 80, 96, bounds=(88, 92)), bee=percent(86, 75, 93, bounds=(84, 87)))]
    assert "turn" not in said(rows=rows, differences=[apart(4, 1.5, 6.5)])[0]


def test_a_difference_on_fewer_items_than_the_figures_rest_on_says_so() -> None:
    (one,) = said(rows=[TWO], differences=[apart(-4.5, -22, 14, items_needed=720)])
    both = "accuracy 90.0% against 86.0%; over the 100 items scored for both, -4.5 points (95% interval -22.0 "
    assert f": {both}to +14.0). About" in one


def test_many_rows_are_counted_instead_of_listed() -> None:
    sure, unsure = {"low": 1, "high": 7}, {"low": -1, "high": 9}
    differences = [apart(4, name=f"d{at}", **(sure if at < 3 else unsure)) for at in range(5)]
    assert said(differences=differences) == [
        # halves of 3, 3, 3, 5, 5: sqrt(9 + 9 + 9 + 25 + 25) / 5 = 1.75
        "ant is better than bee over all 5 rows together: +4.0 points on average (95% interval +2.2 to +5.8).",
        "ant is better than bee on 3 of 5 rows; of rows on which both are equal about 1 in 5 would look so by chance.",
        "On 2 of 5 rows the items cannot tell the two models apart.",
    ]
    turned = [msgspec.structs.replace(one, first="bee", second="ant") for one in differences[:2]]
    assert said(differences=[*turned, *differences[2:]])[0] == (
        "All 5 rows together cannot tell ant from bee: +0.8 points on average (95% interval -1.0 to +2.6)."
    )
    several = [apart(4, 1, 7, name=f"d{at}", second=other, of=2) for at in range(4) for other in ("bee", "cat")]
    assert said(differences=several) == ["ant is better than every other model on 4 of 4 rows."]


def test_results_of_different_versions_are_not_compared() -> None:
    facts = [result("ant", version="x"), result("bee", version="y")]
    assert said("unsure", rows=[TWO], results=facts) == [
        "On d the numbers of ant and bee cannot be compared: they were made in different ways, as a note says."
    ]


def test_a_model_alone_is_told_with_its_interval_and_how_wide_that_is() -> None:
    rows = [row("d", ant=percent(58, 44, 71, n=50)), row("d-judge", ant=percent(76, 63, 86, n=50))]
    facts = [result("ant", "d"), result("ant", "d-judge", "judge")]
    assert said(rows=rows, results=facts)[:2] == [
        (
            "ant has accuracy 58.0% on d by the rule (95% interval 44.0 to 71.0) and accuracy 76.0% on d by the judge "
            "(95% interval 63.0 to 86.0)."
        ),
        "50 items leave up to 13.5 points of doubt on either side; about 370 items would leave 5.",
    ]
    assert said(rows=[row("d", ant=percent(58, 55, 61, n=1000))]) == [
        "ant has accuracy 58.0% on d (95% interval 55.0 to 61.0)."
    ]


def test_many_rows_of_a_model_alone_are_told_by_their_ends() -> None:
    rows = [row(f"d{at}", ant=percent(50 + at, 50, 54)) for at in range(4)]
    assert said(rows=rows) == ["On 4 rows ant has accuracy 50.0% to 53.0%, lowest on d0 and highest on d3."]


def judged(model: str = "ant", shift: tuple[float, float, float] = (0, 0, 0), **more: Any) -> ResultFacts:
    facts: dict[str, Any] = {
        "agreement": Metric(value=90.0, n=100, ci95=(82, 95)),
        "kappa": Metric(value=0.8, n=100, ci95=(0.6, 0.9)),
        "score_shift": Metric(value=shift[0], n=100, ci95=shift[1:]),
        "tp": 50, "fp": 8, "fn": 2, "tn": 40,
    }  # fmt: skip
    diagnostics = Diagnostics(against="rule", **{**facts, **more})
    return result(model, "d-quill", "quill", diagnostics=diagnostics)


ERRORS = "it calls 16.7% of the wrong answers right and 3.8% of the right ones wrong."


def test_a_judge_is_told_with_the_direction_in_which_it_errs() -> None:
    start = "The judge quill agrees with the rule on 90.0% of 100 answers (95% interval 82.0 to 95.0)"
    size = "by 6.0 points (95% interval 1.0 to 11.0)"
    assert said("judge", results=[judged(shift=(6, 1, 11))]) == [f"{start} and is too kind {size}: {ERRORS}"]
    assert said("judge", results=[judged(shift=(-6, -11, -1))]) == [f"{start} and is too strict {size}: {ERRORS}"]
    assert said("judge", results=[judged(shift=(6, -1, 13))]) == [
        f"{start}. Whether it is too kind or too strict cannot be told: {ERRORS}"
    ]


def test_a_judge_that_errs_differently_by_model_distorts_their_comparison() -> None:
    (one,) = said("judge", results=[judged("ant", (6, 1, 11)), judged("bee", (-3, -5, -1))])
    assert "too kind to ant by 6.0 points, but too strict to bee by 3.0 points, which distorts their comparison" in one
    (one,) = said("judge", results=[judged("ant", (6, 1, 11)), judged("bee", (3, 1, 5)), judged("cat", (0, -2, 2))])
    assert "too kind to ant and bee by up to 6.0 points:" in one


def test_errors_that_a_judge_never_makes_are_called_none() -> None:
    (one,) = said("judge", results=[judged(shift=(6, 1, 11), fn=0)])
    assert one.endswith("it calls 16.7% of the wrong answers right and none of the right ones wrong.")


def test_agreement_that_chance_could_give_is_called_so() -> None:
    (one,) = said("judge", results=[judged(kappa=Metric(value=0.05, ci95=(-0.1, 0.2)))])
    assert "(95% interval 82.0 to 95.0), which chance alone could give. Whether" in one
    assert "chance" not in said("judge", results=[judged()])[0]


def test_a_judge_without_an_error_is_told_in_few_words() -> None:
    perfect = {"agreement": Metric(value=100.0, n=50), "tp": 30, "fp": 0, "fn": 0, "tn": 20}
    assert said("judge", results=[judged(**perfect)]) == ["The judge quill agrees with the rule on all 50 answers."]


def test_a_judge_that_nothing_checks_is_not_vouched_for() -> None:
    assert said("judge", results=[result("ant", "d-judge", "judge")]) == [
        "Nothing here says whether the judge can be believed: no rule and no second judge decided about the same items."
    ]


def test_two_judges_are_told_by_their_agreement() -> None:
    pair = JudgesCompared(judges=("quill", "ink"), n=36, agreement=88.9, kappa=0.7, scott_pi=0.7)
    facts = [
        result("ant", f"d-{judge}", judge, diagnostics=Diagnostics(between_judges=[pair])) for judge in ("ink", "quill")
    ]
    assert said("judge", results=facts) == ["The judges ink and quill agree on 88.9% of 36 answers."]


def test_labels_of_people_are_told_beside_the_judges_word() -> None:
    corrected = CorrectedScore(
        model="ant", row="d-quill", metric="accuracy", judge=Metric(value=76.0, n=50), labels=40,
        corrected=Metric(value=60.0, n=50, ci95=(48.0, 72.0)),
    )  # fmt: skip
    (one,) = said("judge", results=[result("ant", "d-quill", "quill")], corrected=[corrected])
    assert one == (
        "40 labels by people make ant's accuracy on d-quill 60.0% (95% interval 48.0 to 72.0) instead of 76.0%, which "
        "is the judge's word alone."
    )
    many = said("judge", results=[result("ant", "d-quill", "quill")], corrected=[corrected] * 4)
    assert many == ["People's labels correct 4 scores; the table of corrected scores has them."]


def test_what_a_judge_of_pairs_leans_to_is_told_where_its_interval_says_so() -> None:
    orders = Diagnostics(
        consistency=percent(80, 70, 88),
        first_shown_rate=percent(62, 55, 69),
        longer_preferred=percent(55, 45, 65),
    )
    assert said("judge", results=[result("ant", "d-pair", "pair", diagnostics=orders)]) == [
        (
            "The judge pair decides otherwise on 20.0% of the pairs when the answers change places; it leans to the "
            "answer shown first, which wins 62.0% (95% interval 55.0 to 69.0)."
        )
    ]


def test_what_a_judge_under_test_leans_to_is_told_by_its_figures() -> None:
    rows = [row("d", ant=percent(80, 78, 82))]
    further = {"consistency": percent(47.5, 33, 62), "first_shown_rate": percent(40, 30, 49)}
    rows += [
        SummaryRow(kind="result", dataset="d", metric=k, cells={"ant": Cell(metric=v)}) for k, v in further.items()
    ]
    (one,) = said("judge", rows=rows, results=[result("ant", "d")])
    assert one == (
        "ant decides otherwise on 52.5% of the pairs when the answers change places; it leans against the answer shown "
        "first, which wins 40.0% (95% interval 30.0 to 49.0)."
    )


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (Counts(planned=50, ok=50), "All 50 items were scored."),
        (Counts(planned=1, ok=1), "Every item was scored."),
        (Counts(planned=50, ok=50, truncated=1), "All 50 items were scored; 1 answer was cut off at the token limit."),
        (Counts(planned=50, ok=49, unparsed=1), "1 of 50 verdicts is missing: 1 reply could not be read."),
        (
            Counts(planned=1000, ok=991, unparsed=4, judge_failed=2, prediction_failed=2, not_judged=1),
            (
                "9 of 1,000 verdicts are missing: 4 replies could not be read, 2 judgments failed, 2 answers failed "
                "and 1 answer was not judged."
            ),
        ),
    ],
)
def test_what_was_not_scored_is_grammatical(counts: Counts, expected: str) -> None:
    assert said(results=[result(counts=counts)]) == [expected]


def test_what_unscored_items_could_change_and_missing_results_are_told() -> None:
    facts = [result(counts=Counts(planned=50, ok=45, unparsed=5)), result("ant", "e", counts=Counts(planned=9, ok=9))]
    rows = [row("d", ant=percent(90, 80, 96, bounds=(81, 91)))]
    gap = MissingResult(model="bee", dataset="d", reason="there is no result: the service refused the key")
    assert said("unscored", rows=rows, results=facts, missing=[gap]) == [
        "There is no result for bee on d: the service refused the key.",
        (
            "5 of 59 verdicts are missing: 5 replies could not be read, all on d. With them ant could have 81.0% to "
            "91.0% on d."
        ),
    ]
    assert said("unscored", missing=[gap] * 5) == ["5 planned results are missing; the notes say why."]


def test_a_group_stands_for_its_parts(tmp_path: Path) -> None:
    run = tmp_path / "20260305_153318"
    run.mkdir()
    for model, word in (("ant", "1" * 40), ("bee", "0" * 40)):
        for name in ("x", "y"):
            put(run, model, name, word)
    rows = [RowSpec(name=name, dataset=name) for name in ("x", "y")]
    config = SummarizerConfig(summary_groups=[SummaryGroup(name="all", subsets=["x", "y"])])
    files = summarize(run, timestamp=run.name, models=["ant", "bee"], rows=rows, summarizer=config)
    first = files.summary.sentences[0].text
    assert first.startswith("ant is better than bee on all: naive average 100.0% against 0.0%, +100.0 points")
    for written in (files.txt, files.md, files.html, files.json):
        assert "ant is better than bee on all" in written.read_text()
    assert files.text.startswith("ant is better than bee")


def test_the_interval_of_a_paired_difference_is_the_published_one() -> None:
    """Bonett and Price: 1 is added to both discordant counts, and the interval is Wald's."""
    items = [1.0] * 12 + [-1.0] * 4 + [0.0] * 34
    found = mean_difference(items, scale=1.0)
    more, less, n = 13 / 52, 5 / 52, 52
    half = 1.959964 * ((more + less - (more - less) ** 2) / n) ** 0.5
    assert found is not None
    assert found.ends == pytest.approx((more - less - half, more - less + half), abs=1e-6)
    assert (found.value, found.n, found.ahead, found.behind) == (pytest.approx(8 / 50), 50, 12, 4)
    both = mean_difference(items, scale=1.0, comparisons=4)
    assert both is not None
    assert both.ends[1] - both.ends[0] == pytest.approx(2 * half * 2.497705 / 1.959964, rel=1e-6)


def test_items_that_all_agree_are_no_certainty() -> None:
    same = mean_difference([1.0] * 5, scale=1.0)
    assert same is not None
    assert same.ends[0] < 0.75
    assert mean_difference([0.5] * 5, scale=None).ends is None  # of scores nobody knows how much they could differ
    assert mean_difference([], scale=1.0) is None


def test_only_trials_that_both_models_have_are_compared() -> None:
    first = Worths.of([(3, 0, 1.0), (1, 0, 1.0), (1, 1, 0.0), (2, 0, 1.0)])
    other = Worths.of([(1, 0, 0.0), (1, 1, 0.0), (2, 1, 1.0), (3, 0, 1.0), (4, 0, 1.0)])
    assert list(first.minus(other)) == [0.5, 0.0]
    assert list(first.items()) == [0.5, 1.0, 1.0]


def test_the_number_of_items_that_would_tell_by_hand() -> None:
    """An interval of ±10 over 100 items and a difference of 5: (1.43 · 10 / 5)² · 100 = 818, in two digits."""
    assert items_needed(5, (-5, 15), 100) == 820
    assert items_needed(0, (-10, 10), 100) is None
    assert items_for_width(13.5, 5, 50) == 370


def test_two_figures_on_different_items_have_the_interval_of_both() -> None:
    """MOVER by hand: d - sqrt((a - a_low)² + (b_high - b)²); less may be better."""
    a, b = percent(90, 86, 93), percent(80, 74, 85)
    assert separate_difference(a, b).ci95 == pytest.approx((10 - 41**0.5, 10 + 45**0.5))
    low = [Metric(value=one.value, ci95=one.ci95, n=9, unit="percent", better="low") for one in (b, a)]
    assert separate_difference(*low).value == 10
    assert separate_difference(*low).ci95 == pytest.approx((10 - 41**0.5, 10 + 45**0.5))

from __future__ import annotations

import gzip
import json
import math
import random
from collections import Counter
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgebench.metrics.rates.agreement import (
    agreement,
    class_scores,
    cohen_kappa,
    confusion,
    diagnostics,
    false_negative_rate,
    false_positive_rate,
    kappa,
    macro_scores,
    percent_agreement,
    score_shift,
    scott_pi,
    tables_of,
)
from judgebench.metrics.rates.correction import (
    accuracy_ppi,
    accuracy_rogan_gladen,
    power_weight,
    prediction_powered,
    rogan_gladen,
)
from judgebench.metrics.rates.named import default_metrics
from judgebench.metrics.rates.tally import Tally, TallyOutcome
from judgebench.metrics.statistics.intervals import wilson
from judgebench.records.diagnostics import Diagnostics
from judgebench.records.flow import Metric
from tests.recordings import recording

PAIRS = st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), st.integers(0, 30), min_size=1)
BITS = {(1, 1), (1, 0), (0, 1), (0, 0)}


def rows_of(name: str) -> list[dict]:
    path = recording(name)
    raw = path.read_bytes()
    return [json.loads(line) for line in (gzip.decompress(raw) if path.suffix == ".gz" else raw).splitlines()]


def judged(pairs: list[tuple[str | None, str | None]]) -> Tally:
    tally = Tally()
    for number, (judge, rule) in enumerate(pairs):
        status = "ok" if judge else "unparsed"
        tally.add(TallyOutcome(id=number, status=status, decision=judge, rule=rule))
    return tally


def table(tp: int, fp: int, fn: int, tn: int) -> Tally:
    return judged(
        [("correct", "correct")] * tp + [("correct", "incorrect")] * fp
        + [("incorrect", "correct")] * fn + [("incorrect", "incorrect")] * tn
    )  # fmt: skip


def test_judging_the_judges_is_reproduced() -> None:
    """Eleven recorded judges against people: every published figure."""
    rows = rows_of("judging_the_judges/v1.jsonl.gz")
    expected = json.loads(recording("judging_the_judges/expected.json").read_text())["V1"]
    for name, figures in expected.items():
        pairs = Counter((row[name], row["human"]) for row in rows if row[name] is not None and row["human"] is not None)
        found = confusion(pairs)
        scores = class_scores(pairs, 1)
        judge_rate, human_rate = (found.tp + found.fp) / found.n, (found.tp + found.fn) / found.n
        ours = {
            "n": found.n, "TP": found.tp, "FP": found.fp, "FN": found.fn, "TN": found.tn,
            "agreement": 100 * percent_agreement(pairs), "cohen_kappa": cohen_kappa(pairs),
            "scott_pi": scott_pi(pairs), "precision": scores.precision, "recall": scores.recall,
            "FPR": found.fp / (found.fp + found.tn), "FNR": found.fn / (found.fn + found.tp),
            "human_rate": human_rate, "judge_rate": judge_rate, "score_delta": 100 * (judge_rate - human_rate),
            "rogan_gladen": rogan_gladen(found.tp + found.fp, found.n, found).share,
        }  # fmt: skip
        assert set(figures) == set(ours)
        assert ours == {key: pytest.approx(value, rel=1e-13, abs=1e-13) for key, value in figures.items()}, name


def test_corrections_of_judging_the_judges_are_reproduced() -> None:
    """A tenth of the rows labelled: Rogan-Gladen and prediction-powered estimates with their errors."""
    rows = rows_of("judging_the_judges/v1.jsonl.gz")
    expected = json.loads(recording("judging_the_judges/expected.json").read_text())
    compared = 0
    for key, figures in expected["calibration_split_idx_mod_10"].items():
        name = key.partition("/")[2]
        known = [row for row in rows if row[name] is not None and row["human"] is not None]
        labelled = confusion(Counter((row[name], row["human"]) for row in known if row["idx"] % 10 == 0))
        rest = [row[name] for row in known if row["idx"] % 10]
        powered = prediction_powered(sum(rest), len(rest), labelled)
        solved = rogan_gladen(sum(rest), len(rest), labelled)
        ours = {"ppi": powered.share, "ppi_se": powered.stderr, "naive": sum(rest) / len(rest),
                "n_labelled": labelled.n, "n_unlabelled": len(rest)}  # fmt: skip
        if solved is not None:
            ours |= {"rogan_gladen": solved.share, "rg_se": solved.stderr}
        assert ours == {key: pytest.approx(figures[key], rel=1e-13, abs=1e-13) for key in ours}, name
        compared += len(ours)
    assert compared >= 7 * 11


def test_pandalm_annotators_are_reproduced() -> None:
    """Cohen's kappa over three classes, and macro precision, recall and F1 of recorded judges."""
    pairs = rows_of("pandalm/pairs.jsonl")
    expected = json.loads(recording("pandalm/expected.json").read_text())
    for key, value in expected["annotator_kappa"].items():
        first, second = key.split("-")
        found = Counter((row[f"annotator{first}"], row[f"annotator{second}"]) for row in pairs)
        assert cohen_kappa(found) == pytest.approx(value, rel=1e-13)
    gold = {row["idx"]: Counter(row[f"annotator{i}"] for i in (1, 2, 3)).most_common(1)[0][0] for row in pairs}
    for judge in ("gpt-3.5-turbo", "pandalm-7b"):
        said = {row["idx"]: row["result"] for row in rows_of(f"pandalm/judgments_{judge}.jsonl")}
        met = Counter((int(said[at]) if str(said[at]) in "012" else 0, gold[at]) for at in gold)
        scores = macro_scores(met, (0, 1, 2))
        assert 100 * percent_agreement(met) == pytest.approx(expected[judge]["accuracy"])
        assert [100 * score for score in scores] == pytest.approx(
            [expected[judge][f"macro_{name}"] for name in ("precision", "recall", "f1")]
        )


@given(PAIRS)
def test_agreement_measures_are_symmetric_and_bounded(pairs: dict) -> None:
    """Swapping the raters changes nothing; chance-corrected agreement never exceeds 1."""
    swapped = {(second, first): count for (first, second), count in pairs.items()}
    for measure in (percent_agreement, cohen_kappa, scott_pi):
        value = measure(pairs)
        assert value == (None if measure(swapped) is None else pytest.approx(measure(swapped)))
        assert value is None or -1 - 1e-12 <= value <= 1 + 1e-12
    if (value := cohen_kappa(pairs)) is not None:
        assert scott_pi(pairs) <= value + 1e-12


@pytest.mark.parametrize(
    ("counts", "value"),
    [((5, 0, 0, 5), 1.0), ((0, 5, 5, 0), -1.0), ((5, 5, 5, 5), 0.0), ((7, 0, 0, 0), None), ((0, 0, 0, 0), None)],
)
def test_perfect_inverted_coin_and_constant(counts: tuple[int, ...], value: float | None) -> None:
    """An undefined kappa is null, not 1."""
    assert kappa(table(*counts)).value == value
    assert (scott_pi(confusion(table(*counts).graded_pairs()).pairs())) == value


def test_diagnostics_say_all_of_it() -> None:
    """Agreement, kappa, both error rates and the shift, as JSON values with intervals."""
    tally = table(40, 10, 5, 45)
    tally.add(TallyOutcome(id=1000, status="unparsed", rule="correct", truncated=True))
    found = diagnostics(tally)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Diagnostics) == found
    figures = found.figures()
    assert (figures["agreement"].value, figures["agreement"].n) == (85.0, 100)
    assert figures["kappa"].value == pytest.approx(0.7)
    assert figures["score_shift"].value == pytest.approx(5.0)
    assert (found.rule_accuracy, figures["rule_accuracy"].value) == (45.0, 45.0)
    assert found.unparsed_share == pytest.approx(100 / 101)
    assert false_positive_rate(tally).value == pytest.approx(100 * 10 / 55)
    assert false_negative_rate(tally).value == pytest.approx(100 * 5 / 45)
    nothing = diagnostics(judged([("correct", None)]))
    assert (nothing.against, nothing.agreement) == ("", None)


@given(st.tuples(*[st.integers(0, 40)] * 4))
def test_intervals_contain_their_estimates(counts: tuple[int, int, int, int]) -> None:
    """For every table."""
    tally = table(*counts)
    for metric in (agreement, kappa, false_positive_rate, false_negative_rate, score_shift):
        found = metric(tally)
        if found.value is not None and found.ci95 is not None:
            assert found.ci95[0] - 1e-9 <= found.value <= found.ci95[1] + 1e-9
        assert (found.value is not None) or found.note


def test_the_error_of_kappa_is_that_of_resampling() -> None:
    """The linearised formula agrees with a bootstrap of the same table."""
    pairs = {(1, 1): 90, (1, 0): 25, (0, 1): 15, (0, 0): 70}
    cells, weights = list(pairs), list(pairs.values())
    rng = random.Random(3)
    values = [cohen_kappa(Counter(rng.choices(cells, weights, k=200))) for _ in range(1500)]
    mean = sum(values) / len(values)
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
    assert kappa(table(90, 25, 15, 70)).stderr == pytest.approx(spread, rel=0.08)


def test_the_error_of_kappa_is_the_large_sample_one_where_nothing_repeats() -> None:
    """By hand: po 0.7, pe 0.5, kappa 0.4, all margins a half, so that every cell moves it by 2 (I - po)."""
    found = kappa(table(35, 15, 15, 35))
    assert found.value == pytest.approx(0.4)
    assert found.stderr == pytest.approx(math.sqrt((0.7 * 0.6**2 + 0.3 * 1.4**2) / 99))


MEASURES = (agreement, kappa, false_positive_rate, false_negative_rate, score_shift)


def again(words: list[str]) -> Tally:
    """One word of pairs of letters per question, the judge's grade and the rule's, one pair per repeat."""
    names = {"1": "correct", "0": "incorrect"}
    tally = Tally(max(len(word.split()) for word in words))
    for number, word in enumerate(words):
        for repeat, (judge, rule) in enumerate(word.split()):
            tally.add(TallyOutcome(id=number, repeat=repeat, status="ok", decision=names[judge], rule=names[rule]))
    return tally


@pytest.mark.parametrize("measure", MEASURES)
def test_a_question_asked_again_and_judged_alike_is_one_item(measure: Callable[[Tally], Metric]) -> None:
    """Eight equal repeats give the value, the error and the interval of one."""
    words = ["11"] * 11 + ["10"] * 4 + ["01"] * 3 + ["00"] * 7
    once, eight = measure(again(words)), measure(again([" ".join([word] * 8) for word in words]))
    assert eight.n == 8 * once.n
    assert eight.value == pytest.approx(once.value)
    assert eight.stderr == pytest.approx(once.stderr)
    assert eight.ci95 == pytest.approx(once.ci95)


def test_agreement_over_questions_by_hand() -> None:
    """Of three questions asked twice the judge agrees on 2, 2 and 0 of the repeats: 4 of 6, with the spread of three.

    The deviations from 2/3 of each question's two repeats are 2/3, 2/3 and -4/3.
    """
    tally = again(["11 11", "00 11", "10 01"])
    found = agreement(tally)
    assert found.value == pytest.approx(100 * 4 / 6)
    assert found.stderr == pytest.approx(100 * math.sqrt(3 / 2 * (4 / 9 + 4 / 9 + 16 / 9)) / 6)
    assert found.ci95 == pytest.approx([100 * end for end in wilson(2 / 3, 3)])  # no more than three trials are worth
    assert tables_of(tally) == {(2, 0, 0, 0): 1, (1, 0, 0, 1): 1, (0, 1, 1, 0): 1}


@pytest.mark.parametrize("measure", MEASURES)
def test_intervals_over_repeats_hold_the_truth(measure: Callable[[Tally], Metric]) -> None:
    """Repeats of a question are judged alike but for a few: 95% intervals hold the truth in at least 90 of 100."""
    rng = random.Random(17)

    def drawn(questions: int) -> Tally:
        words = []
        for _ in range(questions):
            true, errs = rng.random() < 0.6, rng.random() < 0.3
            said = [true != (errs != (rng.random() < 0.05)) for _ in range(6)]
            words.append(" ".join(f"{one:d}{true:d}" for one in said))
        return again(words)

    truth = measure(drawn(20_000)).value
    held = sum(found.ci95[0] <= truth <= found.ci95[1] for found in (measure(drawn(60)) for _ in range(100)))
    assert held >= 90


def test_prediction_powered_intervals_hold_the_truth_where_the_judge_is_wrong() -> None:
    """A judge that passes a third of the wrong answers: its own interval misses, the corrected one covers."""
    rng = random.Random(5)
    covered = naive = 0
    for _ in range(200):
        tally = Tally()
        right = said = 0
        for number in range(600):
            truth = rng.random() < 0.5
            verdict = truth or rng.random() < 0.33
            right, said = right + truth, said + verdict
            rule = ("correct" if truth else "incorrect") if number < 120 else None
            tally.add(TallyOutcome(id=number, status="ok", decision="correct" if verdict else "incorrect", rule=rule))
        found = accuracy_ppi(tally)
        covered += found.ci95[0] <= 50 <= found.ci95[1]
        naive += abs(100 * said / 600 - 50) < 5
    assert covered >= 180
    assert naive < 20


@pytest.mark.parametrize("metric", [accuracy_ppi, accuracy_rogan_gladen])
def test_equal_repeats_of_a_question_tell_no_more_than_one(metric: Callable[[Tally], Metric]) -> None:
    """Every question four times over, judged alike: the value is that of one repeat, and so is the error."""
    rng = random.Random(11)
    once, again = Tally(), Tally(4)
    for number in range(400):
        truth = rng.random() < 0.6
        verdict = truth if rng.random() < 0.85 else not truth
        rule = ("correct" if truth else "incorrect") if number < 150 else None
        decision = "correct" if verdict else "incorrect"
        once.add(TallyOutcome(id=number, status="ok", decision=decision, rule=rule))
        for repeat in range(4):
            again.add(TallyOutcome(id=number, repeat=repeat, status="ok", decision=decision, rule=rule))
    assert metric(again).value == pytest.approx(metric(once).value)
    assert metric(again).stderr == pytest.approx(metric(once).stderr, rel=0.02)


def test_a_perfect_judge_needs_no_correction() -> None:
    """All estimates equal the truth when the judge never errs."""
    decisions = ["correct"] * 30 + ["incorrect"] * 10
    tally = judged([(decision, decision) for decision in decisions] + [(decision, None) for decision in decisions])
    assert accuracy_ppi(tally).value == pytest.approx(75.0)
    assert accuracy_rogan_gladen(tally).value == pytest.approx(75.0)
    assert default_metrics(tally) == ["accuracy"]  # a config asks for corrections; labels may be no random part


def test_rogan_gladen_refuses_a_judge_that_cannot_tell() -> None:
    """A coin has no error rates to divide by."""
    coin = [("correct", "correct"), ("incorrect", "correct"), ("correct", "incorrect"), ("incorrect", "incorrect")] * 10
    found = accuracy_rogan_gladen(judged(coin + [("correct", None)] * 10))
    assert found.value is None
    assert "refused" in found.note


def test_corrections_without_labels_say_what_they_need() -> None:
    """No label, or a label on every item: no number, and why."""
    assert "trusted decisions" in accuracy_ppi(judged([("correct", None)] * 5)).note
    assert "every judged item" in accuracy_ppi(judged([("correct", "correct")] * 5)).note


@given(st.tuples(*[st.integers(0, 20)] * 4), st.integers(0, 50), st.integers(2, 50))
def test_the_power_weight_never_loses(counts: tuple[int, int, int, int], right: int, judged_items: int) -> None:
    """The tuned weight is a share, and at weight 0 the estimate is the labels' own mean."""
    labelled = confusion(dict(zip(((1, 1), (1, 0), (0, 1), (0, 0)), counts, strict=True)))
    if labelled.n < 2 or right > judged_items:
        return
    assert 0 <= power_weight(right, judged_items, labelled) <= 1
    plain = prediction_powered(right, judged_items, labelled, weight=0.0)
    assert plain.share == pytest.approx((labelled.tp + labelled.fn) / labelled.n)

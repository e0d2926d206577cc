"""What holds of every shipped metric and of every shipped score, whatever it is fed.

Metrics and scores are enumerated from the package, so a new one is held to this without an entry here; it only needs
rows that it can read, where the ones below do not fit it.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import math
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec
import pytest

import judgebench.metrics
from judgebench import plugins
from judgebench.errors import JudgebenchError
from judgebench.metrics.contract import Measure, figures_of, kind_in
from judgebench.metrics.rates.named import better_of, compute, metric_names
from judgebench.metrics.rates.tally import Tally, TallyOutcome, outcome_of
from judgebench.metrics.scores.score import ScoreConfig
from judgebench.metrics.statistics.intervals import mean_of, share_of
from judgebench.metrics.table import METRICS as METRIC_TABLE
from judgebench.plugins.rooms import shipped
from judgebench.records.flow import Metric, Sample, Verdict

UNREAD = Verdict(status="unparsed", reason="no verdict")
LATER = Verdict(status="not_judged", reason="later")
FAILED = Verdict(status="judge_failed", reason="timeout")


SCORES = {name: plugins.load(name, "scores") for name in shipped("scores")}
METRICS = sorted(METRIC_TABLE)


def presentation(order: str, decision: str | None, score: float | None = None) -> dict[str, Any]:
    read = (
        {"status": "ok", "decision": decision, "score": score}
        if (decision, score) != (None, None)
        else {"status": "unparsed"}
    )
    return {"presentation": order, "order": order if order in ("AB", "BA") else "", **read}


def said(decision: str | None = None, score: float | None = None, **found: Any) -> Verdict:
    return msgspec.convert({"status": "ok", "decision": decision, "score": score, **found}, Verdict)


class Fed(NamedTuple):
    """Rows that a score can read.

    Attributes:
        keys: Of its config. ``rows``: sample fields and verdict of each item.
    """

    keys: dict[str, Any]
    rows: list[tuple[dict[str, Any], Verdict]]


def _pair(gold: str, first: str, second: str, decision: str, **meta: Any) -> tuple[dict[str, Any], Verdict]:
    verdict = said(decision, presentations=[presentation("AB", first), presentation("BA", second)])
    return {"gold": gold, "answers": ["long answer", "short"], "meta": {"part": "x", **meta}}, verdict


PAIRS = [
    _pair("A", "A", "B", "A", model="m", against="n", tested_first=True),
    _pair("A", "A", "A", "tie", model="n", against="o", tested_first=False),
    _pair("B", "A", "B", "A", model="o", against="m", tested_first=True),
    _pair("B", "B", "A", "B", model="m", against="n", tested_first=True),
    _pair("tie", "tie", "tie", "tie", model="n", against="m", tested_first=False),
    _pair("A", "B", "A", "B", model="n", against="m", tested_first=True),
]
HARD_PAIRS = [
    ({**fields, "meta": {**fields["meta"], "difficulty": at % 3}}, verdict)
    for at, (fields, verdict) in enumerate(PAIRS)
]
GRADES = [
    ({"gold": gold, "answers": ["a"], "meta": {"part": part}}, said(score=float(grade)))
    for gold, grade, part in ((1, 1, "x"), (2, 3, "x"), (5, 5, "y"), (4, 2, "y"), (3, 3, "x"))
]
DECISIONS = [
    ({"gold": gold, "answers": ["a"], "meta": {"part": part, "idx": at}}, said(decision))
    for at, (gold, decision, part) in enumerate(
        (gold, decision, part)
        for part in ("x", "y")
        for gold, decision in (("correct", "correct"), ("correct", "incorrect"), ("incorrect", "incorrect"),
                            ("incorrect", "correct"), ("correct", "correct"), ("incorrect", "incorrect"),
                            ("correct", "correct"), ("incorrect", "incorrect"))
    )
]  # fmt: skip
STEPS = [
    (
        {"gold": gold, "answers": ["a"], "meta": {"part": part, "types": ["", "sum"]}},
        said(score=float(place), steps=[{"correct": one, "error_type": "sum"} for one in steps]),
    )
    for gold, place, steps, part in (
        ([True, False], 1, [True, False], "x"),
        ([True, True], -1, [True, True], "x"),
        ([False, False], 1, [True, False], "y"),
        ([True, True], 0, [False, True], "y"),
    )
]
LISTS = [
    ({"answers": ["right", "wrong one", "w"], "meta": {"part": part}}, said(score=1.0, presentations=presentations))
    for part, presentations in (
        ("x", [presentation("v0", None, 5), presentation("v1", None, 3), presentation("v2", None, 1)]),
        ("x", [presentation("v0", None, 2), presentation("v1", None, 3), presentation("v2", None, 1)]),
        ("y", [presentation("v0", None, 4), presentation("v1", None, 4), presentation("v2", None, 1)]),
    )
]
TIES = [
    ({"gold": gold, "answers": ["a"], "meta": {"kind": kind, "pair": pair, "answers": 2}}, said(score=score))
    for pair, scores in (("1", (5.0, 2.0)), ("2", (3.0, 4.0)), ("3", (6.0, 6.0)))
    for kind in ("ref", "tied")
    for gold, score in zip(("correct", "incorrect"), scores, strict=True)
]


def _rated(part: str, consistency: float, quality: float, people: Any) -> tuple[dict[str, Any], Verdict]:
    read = [presentation("SC", None, consistency), presentation("PQ", None, quality)]
    overall = said(score=math.sqrt(consistency * quality), presentations=read)
    return {"gold": people, "answers": [], "meta": {"part": part}}, overall


RATED = [
    _rated("x", 2, 8, [[0.5, 1], [0, 0.5]]),
    _rated("x", 9, 4, [[1, 1], [0.5, 1]]),
    _rated("y", 0, 5, [[0, 0.5], [0, 0]]),
    _rated("y", 5, 6, [[1, 1], [0.5, 1]]),
]
PICTURES = [
    ({"answers": [], "meta": {"part": part, "old": old}}, said(score=score))
    for part, old, score in (("x", True, 1.0), ("x", True, 5.0), ("y", True, 5.0), ("y", False, 5.0), ("y", False, 3.0))
]
ORDERS = [
    ({"gold": gold, "answers": [], "meta": {"part": part}}, said(order))
    for gold, order, part in (("CAB", "CAB", "x"), ("CAB", "ABC", "x"), ("AB", "AB", "y"), ("AB", "BA", "y"))
]


def _tested(plain: str, again: str, perturbed: str, **more: Any) -> tuple[dict[str, Any], Verdict]:
    read = {"status": "ok", "decision": perturbed}
    tests = [
        {"test": "bandwagon", "expects": "invariant", "target": "B", **read},
        {"test": "refusal", "expects": "must_flip", "target": "B", **read},
        {"test": "position", "expects": "must_not_increase", "target": "B", **read},
        {"test": "null", "skipped": "it does not apply"},
    ]
    verdict = said(plain, bias={"again": [{"status": "ok", "decision": again}], "tests": tests})
    return {"gold": "A", "answers": ["a", "b"], "meta": {"part": "x"}}, verdict


RATERS = [
    ({"gold": gold, "answers": ["a"], "meta": {"part": part}}, said(decision))
    for gold, decision, part in (
        ([True, True], "met", "x"), ([False, True], "met", "x"), ([False, False], "not met", "y"),
        ([True, False], "not met", "y"), ([False], "met", "y"),
    )
]  # fmt: skip
LEAVES = [
    ({"gold": gold, "answers": ["a"], "meta": {"tree": "t", "branch": branch, "part": "x"}}, said(decision))
    for gold, decision, branch in (
        ("correct", "correct", [["a", 2]]), ("incorrect", "correct", [["b", 1], ["c", 1]]),
        ("correct", "correct", [["b", 1], ["d", 3]]), ("incorrect", "incorrect", [["b", 1], ["e", 1]]),
    )
]  # fmt: skip
TOGETHER = [
    ({"gold": gold, "answers": ["a", "b"], "meta": {"group": group, "by": by}}, said(decision))
    for group, gold, decision, by in (
        ("1", "A", "A", "x"), ("1", "B", "B", "y"), ("2", "A", "A", "x"), ("2", "B", "A", "y"), ("3", "A", "B", "x"),
    )
]  # fmt: skip
SCALES = [
    ({"gold": gold, "meta": {"task": "t", "metric": "m", "kind": "graded", "ratings": [gold, gold + 1]}}, said(score=x))
    for gold, x in ((1, 1.0), (2, 3.0), (3, 2.0), (4, 4.0))
]


FED: dict[str, Fed] = {
    "PairScore": Fed({"group_by": "part", "classes": ["A", "B", "tie"], "averages": {"all": ["x"]}}, PAIRS),
    "EvidenceScore": Fed({"people": 0.3}, PAIRS),
    "ComparisonScore": Fed({"rounds": 50}, PAIRS),
    "WinScore": Fed({"rounds": 50, "group_by": "part"}, PAIRS),
    "PreferenceScore": Fed({}, HARD_PAIRS),
    "PointScore": Fed({"group_by": "part", "headline": "pearson"}, GRADES),
    "VerifierScore": Fed({"group_by": "part", "classes": ["correct", "incorrect"], "labelled_every": 2}, DECISIONS),
    "StepScore": Fed({"group_by": "part", "types": "types"}, STEPS),
    "ListScore": Fed({"group_by": "part"}, LISTS),
    "TiesScore": Fed({}, TIES),
    "AspectScore": Fed({"aspects": ["SC", "PQ"], "group_by": "part"}, RATED),
    "EvennessScore": Fed({"subject": "part", "flags": ["old"]}, PICTURES),
    "OrderScore": Fed({"group_by": "part"}, ORDERS),
    "FilterScore": Fed({"top": 0.4}, GRADES),
    "GradedScore": Fed({"levels": [1, 2, 3, 4, 5]}, GRADES),
    "PositionScore": Fed({}, PAIRS),
    "RaterPairsScore": Fed({"group_by": "part"}, RATERS),
    "ScaleScore": Fed({}, SCALES),
    "TogetherScore": Fed({"together": "group", "criterion": "by"}, TOGETHER),
    "TreeScore": Fed({"category": "part"}, LEAVES),
    "BiasScore": Fed({}, [_tested(*one) for one in ("AAB", "AAA", "BAB", "ABA")]),
}  # fmt: skip


def fed(name: str, rows: Sequence[tuple[dict[str, Any], Verdict]], *, repeats: int = 1, **keys: Any) -> Measure:
    """Return a score that has taken in rows, each of them so many times."""
    kind = SCORES[name]
    score: Measure = kind(msgspec.convert({**FED[name].keys, **keys}, kind.Config))
    for at, (fields, verdict) in enumerate(rows):
        for repeat in range(repeats):
            score.add(Sample(id=at, uid=f"u{at}", fields={}, key=f"k{at}", **fields), repeat, verdict)
    return score


@pytest.mark.parametrize("name", sorted(SCORES))
@pytest.mark.parametrize("cut", [0, 1, 3])
def test_a_score_merged_of_its_parts_is_the_whole(name: str, cut: int) -> None:
    kind, rows = SCORES[name], [*FED[name].rows, (FED[name].rows[0][0], UNREAD), (FED[name].rows[-1][0], LATER)]
    parts: list[Measure] = [kind(msgspec.convert(FED[name].keys, kind.Config)) for _ in range(2)]
    for at, (fields, verdict) in enumerate(rows):
        sample = Sample(id=at, uid=f"u{at}", fields={}, key=f"k{at}", **fields)
        parts[at >= cut].add(sample, 0, verdict)
    first, later = parts
    first.merge(pickle.loads(pickle.dumps(later)))
    assert figures_of(first) == figures_of(fed(name, rows))


def test_every_score_is_fed() -> None:
    assert FED.keys() == SCORES.keys(), "a new score needs rows that it can read"


@pytest.mark.parametrize("name", sorted(SCORES))
def test_every_figure_of_a_score_says_which_end_is_good(name: str) -> None:
    figures = figures_of(fed(name, [*FED[name].rows, (FED[name].rows[0][0], UNREAD)]))
    known = SCORES[name].figures
    assert [figure for figure in figures if figure not in known and figure.partition("/")[0] not in known] == []
    assert {kind.better for kind in known.values()} <= {"high", "low", None}
    assert all(one.unit and (one.unit, one.better) == kind_in(known, figure) for figure, one in figures.items())


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_says_which_end_is_good(name: str) -> None:
    module, _, attribute = METRIC_TABLE[name].partition(":")
    function = getattr(importlib.import_module(module), attribute)
    assert function.kind.better in ("high", "low", None)
    assert function.kind.unit


def test_printed_names_know_which_end_is_good() -> None:
    named = {"pass@3": "high", "avg@4": "high", "accuracy (4 runs average)": "high", "false_positive_rate": "low"}
    assert {name: better_of(name) for name in [*named, "score_shift"]} == {**named, "score_shift": None}
    assert all(better_of(name) in ("high", "low", None) for name in metric_names())


@pytest.mark.parametrize("name", sorted(SCORES))
def test_eight_equal_repeats_of_a_score_tell_as_much_as_one(name: str) -> None:
    once, often = (figures_of(fed(name, FED[name].rows, repeats=repeats)) for repeats in (1, 8))
    assert once.keys() == often.keys()
    assert _told(often) == _told(once)
    assert _values(name, often) == pytest.approx(_values(name, once), rel=1e-6, abs=1e-6)


COUNTED = {
    "PairScore": {
        "correct",
        "incorrect",
        "tie_or_inconsistent",
        "unread",
        "unread_presentations",
        "tied_presentations",
        "gold",
    },
    "EvidenceScore": {"correct", "incorrect", "tie_or_inconsistent", "tied_presentations"},
    "ComparisonScore": {"ties"},
    "WinScore": {"wins", "losses", "ties", "inconsistent"},
    "PreferenceScore": {"n_wins", "n_wins_base", "n_draws", "n_total"},
    "PointScore": {"judged"},
    "VerifierScore": {"tp", "fp", "fn", "tn", "labelled", "unlabelled"},
    "BiasScore": {"judged", "skipped"},
    "AspectScore": {"judged"},
    # alpha corrects for how few ratings there are, of which repeats are more
    "GradedScore": {"judged", "label", "gold_label", "alpha_nominal", "alpha_ordinal", "alpha_interval"},
    "PositionScore": {"pairs", "pairs_consistent", "towards_first", "towards_second", "read", "unread", "shown",
                      "consistent_replies", "without_partner"},
    "RaterPairsScore": {"observations", "judged"},
    "ScaleScore": {"judged", "ceiling"},
    "TogetherScore": {"pairs"},
    "TreeScore": {"leaves", "fulfilled"},
}  # fmt: skip
"""Figures that count verdicts, so that eight repeats of an item count eight."""


def _values(name: str, figures: Mapping[str, Metric]) -> dict[str, float | None]:
    counted = COUNTED.get(name, set())
    return {
        key: one.value
        for key, one in figures.items()
        if key not in counted and key.partition("/")[0] not in counted - {"unlabelled"}
    }


SEVERAL_TRIALS = {"first_shown_rate", "step_accuracy"}
"""Shares over several trials of an item (presentations, steps), whose intervals hold how many trials there are."""


def _told(figures: Mapping[str, Metric]) -> dict[str, Any]:
    """The errors and intervals, rounded for the order of sums."""
    found = {}
    for name, one in figures.items():
        ends = one.ci95 if one.ci95 is not None and name.partition("/")[0] not in SEVERAL_TRIALS else ()
        told = [one.stderr, *ends]
        found[name] = [None if end is None else pytest.approx(end, rel=1e-6, abs=1e-6) for end in told]
    return found


@pytest.mark.parametrize("name", sorted(SCORES))
def test_items_of_one_question_tell_as_much_as_the_question(name: str) -> None:
    """With ``cluster_by`` equal items of one question are what repeats of one item are."""
    if name == "TiesScore":
        pytest.skip("its errors are clustered by pair of prompts")
    rows = [
        ({**fields, "meta": {**fields["meta"], "question": f"q{at}"}}, v)
        for at, (fields, v) in enumerate(FED[name].rows)
    ]
    rows = [row for row in rows for _ in range(4)]
    keys = (
        {"people": 0.0} if name == "EvidenceScore" else {}
    )  # people decide items, of which there are four times as many
    alone = figures_of(fed(name, FED[name].rows, **keys))
    found = figures_of(fed(name, rows, cluster_by="question", **keys))
    for figure, one in alone.items():
        if one.stderr is not None:
            assert found[figure].stderr == pytest.approx(one.stderr, rel=1e-6, abs=1e-9), figure


@pytest.mark.parametrize("name", sorted(SCORES))
@pytest.mark.parametrize("verdict", [UNREAD, LATER, FAILED], ids=lambda one: one.status)
def test_a_score_of_which_nothing_was_read_has_a_headline(name: str, verdict: Verdict) -> None:
    figures = figures_of(fed(name, [(fields, verdict) for fields, _ in FED[name].rows]))
    _sound(figures)
    headline = next(iter(figures.values()))
    assert headline.value in (None, 0.0)  # where unread counts as wrong, nothing is right
    if verdict is not UNREAD:
        assert headline.value is None, "what was not judged is neither right nor wrong"
    if headline.value is None:
        assert headline.note or headline.bounds


@pytest.mark.parametrize("name", sorted(SCORES))
def test_a_score_of_no_item_has_no_value_and_says_why(name: str) -> None:
    figures = figures_of(fed(name, []))
    _sound(figures)
    headline = next(iter(figures.values()))
    assert headline.value is None
    assert headline.n == 0
    assert headline.note


class Stated(NamedTuple):
    """The value of a score's headline by what it was fed."""

    headline: str
    one: float | None
    equal: float | None
    unread: float | None
    all_rows: float | None


STATED = {
    "PairScore": Stated("accuracy", 100.0, 100.0, 0.0, 50.0),
    "EvidenceScore": Stated("accuracy", 100.0, 100.0, 0.0, 50.0),
    "ComparisonScore": Stated("consistency", 100.0, 100.0, None, 250 / 3),
    "WinScore": Stated("win_rate", 100.0, 100.0, None, 50.0),
    "PreferenceScore": Stated("win_rate", 100.0, 100.0, None, 50.0),
    "PointScore": Stated("pearson", None, None, None, 7 / math.sqrt(10 * 8.8)),
    "VerifierScore": Stated("agreement", 100.0, 100.0, None, 75.0),
    "StepScore": Stated("step_accuracy", 100.0, 100.0, 0.0, 75.0),
    "ListScore": Stated("accuracy", 100.0, 100.0, 0.0, 50.0),
    "TiesScore": Stated("ties", 100.0, 100.0, 0.0, 100 / 3),
    "AspectScore": Stated("overall", 4.0, 4.0, None, (10 + math.sqrt(30)) / 4),
    "EvennessScore": Stated("acc", None, 1.0, None, 0.2),
    "OrderScore": Stated("edit_distance", 0.0, 0.0, None, 5 / 12),
    "FilterScore": Stated("kept", 100.0, 100.0, 0.0, 60.0),
    "BiasScore": Stated("robustness", 0.0, 0.0, None, 75.0),
    "GradedScore": Stated("kappa", None, None, None, 0.5),
    "PositionScore": Stated("consistency", 100.0, 100.0, None, 250 / 3),
    "RaterPairsScore": Stated("f1_balanced", None, None, None, 200 / 3),
    "ScaleScore": Stated("spearman", None, None, None, 0.8),
    "TogetherScore": Stated("all_right", 100.0, 100.0, 0.0, 100 / 3),
    "TreeScore": Stated("macro_f1", 50.0, 50.0, None, 100 * (4 / 5 + 2 / 3) / 2),
}
"""Of one item (for ``TiesScore`` one pair of prompts), of five equal ones, of all rows unread, and of all rows."""
ONE = {"TiesScore": 4}
"""How many rows make one item."""


def _five(name: str) -> list[tuple[dict[str, Any], Verdict]]:
    rows = FED[name].rows[: ONE.get(name, 1)]
    if name != "TiesScore":
        return rows * 5
    return [
        ({**fields, "meta": {**fields["meta"], "pair": f"{number}"}}, verdict)
        for number in range(5)
        for fields, verdict in rows
    ]


def test_every_score_has_its_documented_values() -> None:
    assert STATED.keys() == SCORES.keys()


@pytest.mark.parametrize("name", sorted(SCORES))
def test_a_score_gives_its_documented_value(name: str) -> None:
    """Nothing tells two of five equal items apart, and the headline is the same figure whatever was fed."""
    rows, stated = FED[name].rows, STATED[name]
    situations = {
        "one": rows[: ONE.get(name, 1)],
        "equal": _five(name),
        "unread": [(fields, UNREAD) for fields, _ in rows],
        "all_rows": rows,
    }
    for situation, fed_rows in situations.items():
        figures = figures_of(fed(name, fed_rows))
        _sound(figures)
        headline, figure = next(iter(figures.items()))
        value = getattr(stated, situation)
        assert headline == stated.headline, situation
        assert figure.value == (None if value is None else pytest.approx(value, rel=1e-4)), situation


@pytest.mark.parametrize("headline", ["pearson", "spearman", "kendall"])
def test_a_correlation_stays_the_headline_where_nothing_was_graded(headline: str) -> None:
    for rows in (
        [],
        [(fields, FAILED) for fields, _ in GRADES],
        [(fields, UNREAD) for fields, _ in GRADES],
        GRADES[:1],
    ):
        (name, figure), *_ = figures_of(fed("PointScore", rows, headline=headline)).items()
        assert (name, figure.value, figure.note) == (headline, None, "needs two items with a grade and a gold grade")


def test_a_mean_of_grades_is_their_mean() -> None:
    for rows, value in ((GRADES[:1], 1.0), (GRADES, 2.8), ([], None)):
        (name, figure), *_ = figures_of(fed("PointScore", rows, headline="mean_score")).items()
        assert (name, figure.value) == ("mean_score", None if value is None else pytest.approx(value))


def test_a_pair_of_prompts_without_a_wrong_answer_is_incomplete() -> None:
    meta = {"pair": "alone", "answers": 1}
    rows = [
        ({"gold": "correct", "answers": ["a"], "meta": {"kind": kind, **meta}}, said(score=5.0))
        for kind in ("ref", "tied")
    ]
    alone = figures_of(fed("TiesScore", rows))
    assert (alone["ties"].value, alone["incomplete"].value) == (None, 1.0)
    beside = figures_of(fed("TiesScore", [*_five("TiesScore")[4:8], *rows]))
    assert (beside["ties"].value, beside["incomplete"].value) == (pytest.approx(100.0), 1.0)


def test_one_right_and_one_wrong_answer_have_the_diagonal_of_the_styles_alone() -> None:
    row = {"answers": ["right", "wrong"], "meta": {"part": "x"}}
    for grades, share in (((5, 3), 100.0), ((3, 5), 0.0)):
        read = [presentation(f"v{at}", None, grade) for at, grade in enumerate(grades)]
        figures = figures_of(fed("ListScore", [(row, said(score=1.0, presentations=read))], rule="styles"))
        _sound(figures)
        assert {name: figures[name].value for name in ("accuracy", "normal")} == {"accuracy": share, "normal": share}
        assert not {"easy", "hard"} & figures.keys()


@pytest.mark.parametrize("name", sorted(SCORES))
def test_a_score_takes_rows_without_their_further_columns_or_says_which_column(name: str) -> None:
    """A row may lack a meta column. Where a score cannot do without, it names item and column in one sentence."""
    for lacking in sorted({column for fields, _ in FED[name].rows for column in fields["meta"]}):
        rows = [
            ({**fields, "meta": {key: one for key, one in fields["meta"].items() if key != lacking}}, verdict)
            for fields, verdict in FED[name].rows
        ]
        try:
            _sound(figures_of(fed(name, [*FED[name].rows, *rows])))
        except JudgebenchError as error:
            assert lacking in error.message  # noqa: PT017
            assert "k" in error.message  # noqa: PT017


MAGIC: list[dict[str, Any]] = [
    {"votes": 3, "presentations": "none", "outcomes": "x", "bias": [], "steps": 7, "equal_answers": True},
    {"votes": {"correct": 9, "incorrect": 1}, "presentations": [presentation("AB", "B")], "settled_by": "rule"},
    {"outcomes": [0.0, 0.0], "steps": [{"correct": False}], "bias": {"again": [], "tests": [{"test": "x"}]}},
]
"""Details that are called as typed findings are."""


@pytest.mark.parametrize("name", sorted(SCORES))
def test_nobody_reads_what_is_the_methods_own(name: str) -> None:
    plain = figures_of(fed(name, FED[name].rows))
    for details in MAGIC:
        rows = [(fields, msgspec.structs.replace(verdict, details=details)) for fields, verdict in FED[name].rows]
        assert figures_of(fed(name, rows)) == plain


def _sound(figures: Mapping[str, Metric]) -> None:
    """No figure is a number that is none, and every interval and bound holds the value."""
    assert figures
    for name, one in figures.items():
        numbers = [one.value, one.stderr, *(one.ci95 or ()), *(one.bounds or ())]
        assert all(number is None or math.isfinite(number) for number in numbers), name
        for ends in (one.ci95, one.bounds):
            if ends is not None and one.value is not None:
                assert ends[0] - 1e-9 <= one.value <= ends[1] + 1e-9, name
        assert one.value is not None or one.stderr is None, name


def graded(decisions: Sequence[tuple[str, str]], repeats: int, *, scale: tuple[float, float] | None = None) -> Tally:
    """A tally of right, wrong and graded answers, each of them so many times; a letter per item and for the rule."""
    names = {"1": "correct", "0": "incorrect", "A": "A", "B": "B", "t": "tie"}
    tally = Tally(repeats, scale=scale)
    for at, (judge, rule) in enumerate(decisions):
        for repeat in range(repeats):
            own: dict[str, Any] = {"status": "unparsed"}
            if judge != "u":
                own = {"status": "ok", "decision": names[judge], "score": float(at % 4), "answer": f"{judge}{at}"}
                own |= {"passed": int(judge == "1"), "votes": 1, "weight": 1.0 + at % 2}
            tally.add(TallyOutcome(id=at, repeat=repeat, rule=names.get(rule), **own))
    return tally


CHECKED = [
    ("1", "1"),
    ("1", "0"),
    ("0", "0"),
    ("0", "1"),
    ("1", ""),
    ("0", ""),
    ("1", "1"),
    ("0", "0"),
    ("1", "1"),
    ("1", ""),
]
COMPARED = [("A", ""), ("B", ""), ("t", ""), ("A", ""), ("A", ""), ("B", "")]


def figures(tally: Tally) -> Iterator[tuple[str, Metric]]:
    for name in metric_names():
        yield from compute(tally, [name], [1]).items()


@pytest.mark.parametrize("decisions", [CHECKED, COMPARED], ids=["checked", "compared"])
def test_eight_equal_repeats_of_a_metric_tell_as_much_as_one(decisions: Sequence[tuple[str, str]]) -> None:
    once, often = graded(decisions, 1), graded(decisions, 8)
    for name in metric_names():
        one = next(iter(compute(once, [name], [1]).values()))
        eight = next(iter(compute(often, [name], [1]).values()))
        if one.value is not None and eight.value is not None:  # a vote needs repeats
            assert eight.stderr == pytest.approx(one.stderr), name
            assert eight.ci95 == pytest.approx(one.ci95), name
            assert eight.value == pytest.approx(one.value), name


@pytest.mark.parametrize("repeats", [1, 3])
def test_every_metric_is_sound_whatever_was_judged(repeats: int) -> None:
    unread = [("u", "1"), ("u", "0"), ("u", "")]
    for decisions in (
        [],
        [("1", "1")],
        [("0", "")],
        [("1", "1")] * 6,
        [("t", "")] * 3,
        unread,
        [*CHECKED, *unread],
        COMPARED,
    ):
        found = dict(figures(graded(decisions, repeats)))
        _sound(found)
        for name, one in found.items():
            assert one.value is not None or one.note, name


def tally_of(*items: Mapping[str, Any], repeats: int = 1) -> Tally:
    """A tally of outcomes, each of them so many times."""
    tally = Tally(repeats)
    for at, item in enumerate(items):
        for repeat in range(repeats):
            tally.add(TallyOutcome(id=at, repeat=repeat, **item))
    return tally


RIGHT = {"status": "ok", "decision": "correct", "rule": "correct", "score": 3.0, "answer": "4", "passed": 1, "votes": 1}
WRONG = {"status": "ok", "decision": "incorrect", "rule": "incorrect", "score": 1.0, "answer": "5", "votes": 1}
SILENT = {"status": "unparsed", "rule": "correct"}
BARE = [{"status": "ok", "decision": "correct"}, {"status": "ok", "decision": "incorrect"}]
WON, LOST, TIED = ({"status": "ok", "decision": one, "compared": True} for one in ("A", "B", "tie"))
SITUATIONS = {
    "no item": tally_of(),
    "one item": tally_of(RIGHT),
    "equal items": tally_of(*[RIGHT] * 5),
    "all unread": tally_of(*[SILENT] * 3),
    "repeats": tally_of(RIGHT, WRONG, repeats=4),
    "missing fields": tally_of(*BARE),
    "missing fields of repeats": tally_of(*BARE, repeats=4),
    "a judge that errs": tally_of(RIGHT, WRONG, WRONG, {**RIGHT, "rule": "incorrect"}, SILENT),
    "a part labelled": tally_of(RIGHT, WRONG, RIGHT, WRONG, *BARE),
    "no item compared": tally_of(),
    "one comparison": tally_of(WON),
    "equal comparisons": tally_of(*[WON] * 5),
    "no comparison read": tally_of(*[{"status": "unparsed", "compared": True}] * 3),
    "comparisons repeated": tally_of(WON, TIED, repeats=4),
    "comparisons without a decision": tally_of({"status": "ok", "score": 1.0, "compared": True}),
    "won, lost, tied": tally_of(WON, LOST, TIED, {"status": "unparsed", "compared": True}),
}
_SHARE = (None, 100.0, 100.0, None, 50.0, 50.0, 50.0, 50.0, 50.0)
_CHOICE = (None, None, None, None, 50.0, None, None, None, None)
VALUES: dict[str, tuple[float | None, ...]] = {
    "accuracy": _SHARE,
    "accuracy (n runs average)": _SHARE,
    "avg@n": _SHARE,
    "pass@k": _SHARE,
    "pass_all@k": _SHARE,
    "maj_correct@k": _SHARE,
    "weighted_accuracy": _SHARE,
    "cons@k": _CHOICE,
    "pessimistic@k": _CHOICE,
    "best_mean@k": _CHOICE,
    "weighted_majority@k": _CHOICE,
    "accuracy_ppi": (None, None, None, None, None, None, None, None, 50.0),
    "accuracy_rogan_gladen": (None, None, None, None, None, None, None, None, 50.0),
    "agreement": (None, 100.0, 100.0, None, 100.0, None, None, 75.0, 100.0),
    "kappa": (None, None, None, None, 1.0, None, None, 0.5, 1.0),
    "false_positive_rate": (None, None, None, None, 0.0, None, None, 100 / 3, 0.0),
    "false_negative_rate": (None, 0.0, 0.0, None, 0.0, None, None, 0.0, 0.0),
    "score_shift": (None, 0.0, 0.0, None, 0.0, None, None, 25.0, 0.0),
    "invalid_rate": (None, 0.0, 0.0, None, 0.0, 0.0, 0.0, 0.0, 0.0),
    "unscored_rate": (None, 0.0, 0.0, 100.0, 0.0, 0.0, 0.0, 20.0, 0.0),
    "mean_score": (None, 3.0, 3.0, None, 2.0, None, None, 2.0, 2.0),
    "win_rate": (None, 100.0, 100.0, None, 75.0, None, 50.0),
    "tie_rate": (None, 0.0, 0.0, None, 50.0, None, 100 / 3),
}
"""The values of the situations in their order: of answers first, for the two rates of comparisons of comparisons."""


def test_every_metric_has_its_documented_values() -> None:
    assert VALUES.keys() == set(metric_names())
    assert len(METRICS) == len(VALUES)


@pytest.mark.parametrize("name", VALUES)
def test_a_metric_gives_its_documented_value(name: str) -> None:
    values = VALUES[name]
    situations = list(SITUATIONS)[: len(_SHARE)] if len(values) == len(_SHARE) else list(SITUATIONS)[len(_SHARE) :]
    for situation, value in zip(situations, values, strict=True):
        (figure,) = compute(SITUATIONS[situation], [name]).values()
        _sound({name: figure})
        assert figure.value == (None if value is None else pytest.approx(value)), situation
        assert figure.value is not None or figure.note, situation


def test_what_is_unread_is_bounded_by_what_it_could_be() -> None:
    unread = graded([("u", ""), ("u", "")], 1)
    bounded = {
        ("accuracy", unread): (0.0, 100.0),
        ("accuracy", graded([("1", ""), ("0", "")], 1)): (50.0, 50.0),
        ("accuracy", graded([("1", ""), ("0", ""), ("u", ""), ("u", "")], 1)): (25.0, 75.0),
        ("win_rate", graded([("A", ""), ("u", "")], 1)): (50.0, 100.0),
        ("unscored_rate", unread): None,
        ("mean_score", unread): None,
        ("mean_score", graded([("u", ""), ("u", "")], 1, scale=(1, 5))): (1, 5),
        ("mean_score", graded([("1", ""), ("1", ""), ("u", "")], 1, scale=(0, 3))): (2 / 4, 5 / 4),
        ("pass@1", graded([("1", ""), ("0", "")], 1)): (50.0, 50.0),
    }
    for (name, tally), bounds in bounded.items():
        assert compute(tally, [name])[name].bounds == (None if bounds is None else pytest.approx(bounds)), name


@pytest.mark.parametrize("details", MAGIC, ids=range(len(MAGIC)))
def test_no_metric_reads_what_is_the_methods_own(details: dict[str, Any]) -> None:
    tally = Tally(2)
    for at, decision in enumerate(("correct", "incorrect", None)):
        verdict = msgspec.structs.replace(said(decision, 1.0), details=details)
        for repeat in range(2):
            tally.add(outcome_of(at, repeat, verdict, rule=said("correct")))
    found = dict(figures(tally))
    _sound(found)
    assert found["accuracy"].value == 50.0


@pytest.mark.parametrize("function", [share_of, mean_of])
def test_nothing_takes_trials_for_independent_by_default(function: Callable[..., Any]) -> None:
    assert inspect.signature(function).parameters["clusters"].default is inspect.Parameter.empty


def test_errors_are_made_in_one_place() -> None:
    """No other module makes a standard error out of a standard deviation."""
    own = {"intervals.py", "jeffreys.py"}  # where there are too many trials for Jeffreys, Wilson is the same
    paths = sorted(Path(judgebench.metrics.__file__).parent.rglob("*.py"))
    assert own < {path.name for path in paths}
    for path in paths:
        names = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        assert path.name in own or not names & {"stdev", "variance", "wilson", "clustered_wilson"}, path.name


class Silent(Measure):
    """A score of a user's that gives nothing, or something else than metrics."""

    Config = ScoreConfig

    def __init__(self, found: dict[str, Any]) -> None:
        self.found = found

    def add(self, sample: Sample, repeat: int, verdict: Verdict, rule: Verdict | None = None) -> None:
        """Take nothing in."""

    def merge(self, later: Self) -> None:
        """Take nothing in."""

    def result(self) -> dict[str, Metric]:
        """Return what it was told."""
        return self.found

    def identity(self) -> dict[str, Any]:
        """Return its name."""
        return {"score": "silent"}


def test_a_score_without_a_figure_has_a_headline_of_no_value() -> None:
    assert figures_of(Silent({})) == {"score": Metric(value=None, note="Silent gave no figure")}
    with pytest.raises(JudgebenchError, match=r"Silent.result\(\) gives 'accuracy' as float, not as a Metric"):
        figures_of(Silent({"accuracy": 1.0}))

"""What holds of every shipped metric and of every shipped score, whatever it is fed.

Metrics and scores are enumerated from the package, so a new one is held to this without an entry here; it only needs
rows that it can read, where the ones below do not fit it.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

import judgebench.metrics
from judgebench import plugins
from judgebench.errors import JudgebenchError
from judgebench.metrics.rates.named import better_of, compute, metric_names
from judgebench.metrics.rates.tally import Tally, TallyOutcome
from judgebench.metrics.scores.score import Score, ScoreConfig, figures_of
from judgebench.metrics.statistics.intervals import mean_of, share_of
from judgebench.metrics.statistics.resampling import bootstrap_mean, paired_bootstrap
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
    return {"presentation": order, "repeat": 0, "order": order, **read}


def said(decision: str | None = None, score: float | None = None, **details: Any) -> Verdict:
    return Verdict(status="ok", decision=decision, score=score, details=details)


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


FED: dict[str, Fed] = {
    "PairScore": Fed({"group_by": "part", "classes": ["A", "B", "tie"], "averages": {"all": ["x"]}}, PAIRS),
    "EvidenceScore": Fed({"people": 0.3}, PAIRS),
    "MatchScore": Fed({"rounds": 50}, PAIRS),
    "WinScore": Fed({"rounds": 50, "group_by": "part"}, PAIRS),
    "PreferenceScore": Fed({}, HARD_PAIRS),
    "PointScore": Fed({"group_by": "part", "headline": "pearson"}, GRADES),
    "VerifierScore": Fed({"group_by": "part", "classes": ["correct", "incorrect"], "labelled_every": 2}, DECISIONS),
    "StepScore": Fed({"group_by": "part", "types": "types"}, STEPS),
    "ListScore": Fed({"group_by": "part"}, LISTS),
    "TiesScore": Fed({}, TIES),
    "BiasScore": Fed({}, [_tested(*one) for one in ("AAB", "AAA", "BAB", "ABA")]),
}  # fmt: skip


def fed(name: str, rows: Sequence[tuple[dict[str, Any], Verdict]], *, repeats: int = 1, **keys: Any) -> Score:
    """Return a score that has taken in rows, each of them so many times."""
    kind = SCORES[name]
    score: Score = kind(msgspec.convert({**FED[name].keys, **keys}, kind.Config))
    for at, (fields, verdict) in enumerate(rows):
        for repeat in range(repeats):
            score.add(Sample(id=at, uid=f"u{at}", fields={}, key=f"k{at}", **fields), repeat, verdict)
    return score


def test_every_score_is_fed() -> None:
    assert FED.keys() == SCORES.keys(), "a new score needs rows that it can read"


@pytest.mark.parametrize("name", sorted(SCORES))
def test_every_figure_of_a_score_says_which_end_is_good(name: str) -> None:
    figures = figures_of(fed(name, [*FED[name].rows, (FED[name].rows[0][0], UNREAD)]))
    known = SCORES[name].better
    assert [figure for figure in figures if figure not in known and figure.partition("/")[0] not in known] == []
    assert set(known.values()) <= {"high", "low", None}


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_says_which_end_is_good(name: str) -> None:
    module, _, attribute = METRIC_TABLE[name].partition(":")
    function = getattr(importlib.import_module(module), attribute)
    assert function.better in ("high", "low", None)


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
    "MatchScore": {"ties"},
    "WinScore": {"wins", "losses", "ties", "inconsistent"},
    "PreferenceScore": {"n_wins", "n_wins_base", "n_draws", "n_total"},
    "PointScore": {"judged"},
    "VerifierScore": {"tp", "fp", "fn", "tn", "labelled", "unlabelled"},
    "BiasScore": {"judged", "skipped"},
}
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
    if headline.value is None:
        assert headline.note or headline.bounds


@pytest.mark.parametrize("name", sorted(SCORES))
def test_a_score_of_no_item_has_no_value_and_says_why(name: str) -> None:
    figures = figures_of(fed(name, []))
    _sound(figures)
    headline = next(iter(figures.values()))
    assert headline.value is None
    assert headline.n == 0


@pytest.mark.parametrize("name", sorted(SCORES))
def test_a_score_of_one_item_or_of_equal_items_is_sound(name: str) -> None:
    for rows in (FED[name].rows[:1], FED[name].rows[:1] * 5):
        _sound(figures_of(fed(name, rows)))


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


STRANGE: list[dict[str, Any]] = [
    {"votes": 3, "presentations": "none", "outcomes": "x", "bias": [], "steps": 7},
    {"votes": {"correct": "two"}, "presentations": [1, 2], "outcomes": [None], "bias": {"tests": 3}, "steps": [None]},
    {"votes": {"correct": -1}, "presentations": [{}, {}], "outcomes": [], "bias": {"again": [1]}, "steps": [{}]},
    {"votes": {"correct": 10**9}, "presentations": [{"decision": ["A"], "score": "5", "status": "ok", "values": 1}]},
    {"outcomes": [1, 0], "outcome_weights": [0, 0], "bias": {"tests": [{"test": "x"}]}},
]


@pytest.mark.parametrize("name", sorted(SCORES))
@pytest.mark.parametrize("details", STRANGE, ids=range(len(STRANGE)))
def test_details_of_a_form_of_the_methods_own_are_passed_over(name: str, details: dict[str, Any]) -> None:
    rows = [(fields, msgspec.structs.replace(verdict, details=details)) for fields, verdict in FED[name].rows]
    _sound(figures_of(fed(name, rows)))


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


def test_the_values_that_the_documentation_states() -> None:
    """Of no item, of nothing read, of one right and one wrong answer."""
    nothing, unread, both = graded([], 1), graded([("u", ""), ("u", "")], 1), graded([("1", ""), ("0", "")], 1)
    documented = {
        ("accuracy", nothing): (None, None),
        ("accuracy", unread): (None, (0.0, 100.0)),
        ("accuracy", both): (50.0, (50.0, 50.0)),
        ("unscored_rate", unread): (100.0, None),
        ("win_rate", nothing): (None, None),
        ("mean_score", unread): (None, None),
        ("mean_score", graded([("u", ""), ("u", "")], 1, scale=(1, 5))): (None, (1, 5)),
        ("mean_score", graded([("1", ""), ("1", ""), ("u", "")], 1, scale=(0, 3))): (2 / 3, (2 / 4, 5 / 4)),
        ("agreement", both): (None, None),
        ("pass@1", both): (50.0, (50.0, 50.0)),
    }
    for (name, tally), (value, bounds) in documented.items():
        one = compute(tally, [name])[name]
        assert one.value == (None if value is None else pytest.approx(value)), name
        assert one.bounds == (None if bounds is None else pytest.approx(bounds)), name


@pytest.mark.parametrize("function", [share_of, mean_of, bootstrap_mean, paired_bootstrap])
def test_nothing_takes_trials_for_independent_by_default(function: Callable[..., Any]) -> None:
    assert inspect.signature(function).parameters["clusters"].default is inspect.Parameter.empty


def test_errors_are_made_in_one_place() -> None:
    """No other module makes a standard error out of a standard deviation."""
    own = {"clustered.py", "intervals.py"}
    for path in sorted(Path(judgebench.metrics.__file__).parent.glob("*.py")):
        names = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        assert path.name in own or not names & {"stdev", "variance", "wilson", "clustered_wilson"}, path.name


class Silent:
    """A score of a user's that gives nothing, or something else than metrics."""

    Config = ScoreConfig
    better: Mapping[str, None] = {}

    def __init__(self, found: dict[str, Any]) -> None:
        self.found = found

    def add(self, sample: Sample, repeat: int, verdict: Verdict) -> None:
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

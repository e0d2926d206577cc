"""What holds of every shipped metric, whatever it is fed; metrics are enumerated from the package."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

import judgebench.metrics
from judgebench.metrics.rates.named import better_of, compute, metric_names
from judgebench.metrics.rates.tally import Tally, TallyOutcome, outcome_of
from judgebench.metrics.statistics.intervals import mean_of, share_of
from judgebench.metrics.table import METRICS as METRIC_TABLE
from tests.metrics.contract_rows import MAGIC, _sound, figures, said

METRICS = sorted(METRIC_TABLE)


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
    # Where there are too many trials for Jeffreys, Wilson is the same; a difference takes questions, not trials.
    own = {"intervals.py", "jeffreys.py", "paired.py"}
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

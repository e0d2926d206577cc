"""Rows that every shipped score can read, and what the contracts of scores and metrics share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from judgebench import plugins
from judgebench.metrics.contract import Measure
from judgebench.metrics.rates.named import compute, metric_names
from judgebench.metrics.rates.tally import Tally
from judgebench.plugins.rooms import shipped
from judgebench.records.flow import Metric, Sample, Verdict

UNREAD = Verdict(status="unparsed", reason="no verdict")
LATER = Verdict(status="not_judged", reason="later")
FAILED = Verdict(status="judge_failed", reason="timeout")


SCORES = {name: plugins.load(name, "scores") for name in shipped("scores")}


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


ATTEMPTS = [({"meta": {"part": "x"}}, said(one)) for one in ("correct", "incorrect", "not_attempted", "correct")]
CONFIDENT = [
    ({"meta": {"part": "x"}}, said(one, presentations=[{**presentation("", one), "values": {"confidence": stated}}]))
    for one, stated in (("correct", 0.9), ("incorrect", 0.6), ("correct", 0.8), ("incorrect", 0.3))
]
POINTS = [
    ({"meta": {"part": part, "rubrics": [{"points": 5, "tags": ["axis:a"]}, {"points": -2, "tags": ["axis:b"]}]}},
     said(score=score, steps=[{"correct": one} for one in met]))
    for part, met, score in (("x", (True, True), 0.6), ("x", (False, True), -0.4), ("y", (True, False), 1.0))
]  # fmt: skip
FOLLOWED = [
    (
        {"meta": {"part": "x", "instructions": [["long", {}], ["polite", {}]]}},
        said(steps=[{"correct": one} for one in met]),
    )
    for met in ((True, True), (True, False), (False, False), (True, True))
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
    "AttemptScore": Fed({}, ATTEMPTS),
    "InstructionScore": Fed({}, FOLLOWED),
    "CalibrationScore": Fed({}, CONFIDENT),
    "RubricPointsScore": Fed({"group_by": "part", "criterion_tags": ["axis:"]}, POINTS),
    "PassScore": Fed({"checks": ["long", "polite"]}, FOLLOWED),
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


MAGIC: list[dict[str, Any]] = [
    {"votes": 3, "presentations": "none", "outcomes": "x", "bias": [], "steps": 7, "equal_answers": True},
    {"votes": {"correct": 9, "incorrect": 1}, "presentations": [presentation("AB", "B")], "settled_by": "rule"},
    {"outcomes": [0.0, 0.0], "steps": [{"correct": False}], "bias": {"again": [], "tests": [{"test": "x"}]}},
]
"""Details that are called as typed findings are."""


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


def figures(tally: Tally) -> Iterator[tuple[str, Metric]]:
    for name in metric_names():
        yield from compute(tally, [name], [1]).items()

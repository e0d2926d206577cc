"""What holds of every shipped score, whatever it is fed.

Scores are enumerated from the package, so a new one is held to this without an entry here; it only needs rows that it
can read, where those of ``contract_rows`` do not fit it.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import msgspec
import pytest

from judgebench.errors import JudgebenchError
from judgebench.metrics.contract import Measure, figures_of, kind_in
from judgebench.metrics.scores.score import ScoreConfig
from judgebench.records.flow import Metric, Sample, Verdict
from tests.metrics.contract_rows import (
    FAILED,
    FED,
    GRADES,
    LATER,
    MAGIC,
    SCORES,
    UNREAD,
    _sound,
    fed,
    presentation,
    said,
)


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


@pytest.mark.parametrize("name", sorted(SCORES))
def test_eight_equal_repeats_of_a_score_tell_as_much_as_one(name: str) -> None:
    once, often = (figures_of(fed(name, FED[name].rows, repeats=repeats)) for repeats in (1, 8))
    often = {figure: one for figure, one in often.items() if not figure.startswith("pif_n_k")}  # of repeats alone
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


SEVERAL_TRIALS = {"first_shown_rate", "step_accuracy", "instruction_accuracy"}
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
    "InstructionScore": Stated("prompt_accuracy", 100.0, 100.0, None, 50.0),
    "PassScore": Stated("pass_rate", 100.0, 100.0, None, 50.0),
    "AttemptScore": Stated("correct", 100.0, 100.0, None, 50.0),
    "CalibrationScore": Stated("accuracy", 100.0, 100.0, None, 50.0),
    "RubricPointsScore": Stated("score", 0.6, 0.6, None, 0.4),
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


@pytest.mark.parametrize("name", sorted(SCORES))
def test_nobody_reads_what_is_the_methods_own(name: str) -> None:
    plain = figures_of(fed(name, FED[name].rows))
    for details in MAGIC:
        rows = [(fields, msgspec.structs.replace(verdict, details=details)) for fields, verdict in FED[name].rows]
        assert figures_of(fed(name, rows)) == plain


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

"""Every figure that the label commands print has its definition and source in the docs."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from judgebench.cli.main import run as jb
from judgebench.records.facts import Label, answer_hash
from judgebench.store.labels import append_labels
from judgebench.store.run_folder import RunFolder
from judgebench.trust.agreement import agreements
from judgebench.trust.judged import judged_rows
from tests.query.made import MadeRun, call, prediction, verdict
from tests.trust.made import WORDS, judged, judged_run

DOCS = "\n".join(
    (Path(__file__).parents[2] / "docs" / name).read_text("utf-8")
    for name in ("trust.md", "corrected-scores.md", "metrics.md")
)
NAMES = (
    "Cohen's kappa", "Gwet's AC1", "Krippendorff's alpha", "Fleiss' kappa", "quadratic kappa", "ICC(2,1)", "Spearman",
    "Kendall's tau-b", "alternative annotator test", "winning rate", "advantage", "risk and coverage", "Rogan-Gladen",
    "labels alone", "labels on all of these answers would say", "corrected",
)  # fmt: skip
"""What the figures are called where they are printed."""


def scored(path: Path) -> Path:
    """A run whose judge gives grades from 1 to 5, with labels by two people."""
    rng = random.Random(3)
    run = MadeRun(path)
    true = [rng.randint(1, 5) for _ in range(60)]
    texts = [f"Essay {at} of grade {grade}." for at, grade in enumerate(true)]
    run.add(
        "north", "essays", "grader",
        predictions=[prediction(at, text) for at, text in enumerate(texts)],
        calls=[call(at, "I grade it") for at in range(60)],
        verdicts=[
            verdict(at, None, score=float(min(5, max(1, grade + rng.choice((-1, 0, 0, 1))))), text=text, status="ok")
            for at, (grade, text) in enumerate(zip(true, texts, strict=True))
        ],
    )  # fmt: skip
    append_labels(
        path / "labels/essays.jsonl",
        [
            Label(id=at, answer_hash=answer_hash(text), annotator=who, score=float(grade), probability=1.0)
            for who in ("ada", "bob")
            for at, (grade, text) in enumerate(zip(true, texts, strict=True))
        ],
    )
    return path


@pytest.fixture
def decided(tmp_path: Path) -> Path:
    rng = random.Random(5)
    truth = [rng.random() < 0.6 for _ in range(100)]
    path = tmp_path / "20260101_000000"
    judged_run(path, truth, judged(truth, sensitivity=0.9, specificity=0.8))
    (row,) = judged_rows(RunFolder(path))
    append_labels(
        path / "labels/toy.jsonl",
        [
            Label(id=id, answer_hash=one.answer_hash, annotator=who, decision=WORDS[truth[id]], probability=0.5)
            for (id, _), one in list(row.answers.items())[::2]
            for who in ("ada", "bob")
        ],
    )
    return path


def test_what_is_printed_is_defined(decided: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = ""
    for run in (decided, scored(tmp_path / "20260102_000000")):
        assert jb(["label", "report", str(run)]) == 0
        printed += capsys.readouterr().out
    # a name in a line of figures: words before a number
    figures = set(re.findall(r"(?:, |; |: |  by |^  )([A-Za-z][\w'(),.\- ]*?) (?:-?\d)", printed, re.MULTILINE))
    lower = DOCS.casefold()
    missing = [name for name in NAMES if name in printed and name.casefold() not in lower]
    assert not missing
    seen = [name for name in NAMES if name in printed]
    assert {"Cohen's kappa", "Fleiss' kappa", "ICC(2,1)", "Kendall's tau-b", "quadratic kappa", "Spearman"} <= set(seen)
    known = [name.casefold() for name in NAMES]
    strange = {
        name
        for name in (one.removesuffix(" in") for one in figures)
        if not any(one in name.casefold() or name.casefold() in one for one in known) and name.casefold() not in lower
    }
    assert not strange, printed


def test_scores_go_together_and_a_judge_that_is_a_point_higher_loses(tmp_path: Path) -> None:
    path = scored(tmp_path / "20260102_000000")
    (found,) = agreements(RunFolder(path))
    assert list(found.scores) == ["quadratic kappa", "ICC(2,1)", "Spearman", "Kendall's tau-b"]
    for figure in found.scores.values():
        assert figure.value is not None
        assert figure.interval is not None
        assert figure.interval[0] <= figure.value <= figure.interval[1]
        assert 0.5 < figure.value < 1

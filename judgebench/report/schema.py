"""What ``summary_<timestamp>.json`` holds: the whole summary, typed, with full precision.

``format`` is the version of this layout: new fields may appear within a version, none changes its meaning.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from judgebench.metrics.comparisons.differences import ModelDifference
from judgebench.metrics.comparisons.ranked import Ranking, RankingsCompared
from judgebench.records.corrected import CorrectedScore
from judgebench.records.diagnostics import Diagnostics
from judgebench.records.figures import FigureTable
from judgebench.records.flow import Counts, Metric, Slice

SUMMARY_FORMAT = 1


class RowSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A row of results that the run planned.

    Attributes:
        name: ``<dataset>`` or ``<dataset>-<judge>``.
        dataset: Abbr of the dataset.
        judge: Abbr of the judge; empty for a rule-based row.
        models: Abbrs of the models it was planned for; empty means all.
        logs: Log files of the tasks behind it, relative to the run folder, with ``{model}`` for the model, the last
            stage first; empty takes the usual places.
        shareable: ``False`` keeps the texts of the items out of the summary.
    """

    name: str
    dataset: str = ""
    judge: str = ""
    models: list[str] = []
    logs: list[str] = []
    shareable: bool = True


class Cell(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One model's number in one row.

    Attributes:
        metric: ``None`` where there is no result.
        notes: Indexes into ``Summary.footnotes``, from 1.
    """

    metric: Metric | None = None
    notes: list[int] = []


class SummaryRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the summary table.

    Attributes:
        kind: ``result``, ``group`` (an average of rows) or ``heading``.
        dataset: Row name.
        version: Short hash of what decides the score; several are footnoted.
        headline: Whether the metric stands for the row.
        cells: By model.
        notes: Footnotes on the row as a whole.
    """

    kind: Literal["result", "group", "heading"]
    dataset: str
    version: str = "-"
    metric: str = "-"
    mode: str = "-"
    headline: bool = False
    cells: dict[str, Cell] = {}
    notes: list[int] = []


class ResultFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands behind one model's numbers in one row.

    Attributes:
        model: Abbr of the model.
        dataset: Row name.
        judge: Abbr of the judge, ``None`` for a rule.
        counts: How many items ended in which state; summed for groups.
        slices: As in ``TaskResult``. ``table``, ``diagnostics``, ``usage``: likewise.
    """

    model: str
    dataset: str
    kind: Literal["result", "group"] = "result"
    judge: str | None = None
    version: str = "-"
    headline: str = ""
    counts: Counts
    slices: list[Slice] = []
    table: FigureTable | None = None
    diagnostics: Diagnostics = Diagnostics()
    usage: dict[str, Any] = {}


class MissingResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A planned result that is not there.

    Attributes:
        reason: Why, as far as known.
        log: The log file that tells more, relative to the run folder.
    """

    model: str
    dataset: str
    reason: str
    log: str = ""


class SummarySentence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a careful colleague would say of a run.

    Attributes:
        about: ``better``: who is better by how much; ``score``: what the only model reaches; ``unsure``: what cannot be
            told; ``judge``: whether the judge can be believed; ``unscored``: what has no verdict.
        strong: The beginning, which matters most; may be all of it, or empty.
        rest: What follows, with its own leading blank or punctuation.
        dataset: Row that it is about, if it is one.
    """

    about: Literal["better", "score", "unsure", "judge", "unscored"]
    strong: str = ""
    rest: str = ""
    dataset: str = ""

    @property
    def text(self) -> str:
        """The whole sentence."""
        return self.strong + self.rest


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The whole summary of a run.

    Attributes:
        run: Name of the run folder.
        timestamp: Of the invocation that made the summary.
        plan: Name of the plan of that invocation.
        models: Columns in order.
        sentences: What there is to say, the most important first.
        differences: How the best model of each row stands to the others.
        rankings: The models in order, for every row with several of them; each is also a file in ``rankings/``.
        rankings_compared: How alike the judges of one dataset rank the models.
        corrected: What people's labels make of the scores, where there are labels.
        footnotes: Texts; cells and rows name them by number, from 1.
        remarks: Sentences about the summary as a whole.
    """

    format: int = SUMMARY_FORMAT
    run: str
    timestamp: str
    plan: str = ""
    models: list[str]
    sentences: list[SummarySentence] = []
    differences: list[ModelDifference] = []
    rows: list[SummaryRow]
    results: list[ResultFacts]
    missing: list[MissingResult] = []
    rankings: list[Ranking] = []
    rankings_compared: list[RankingsCompared] = []
    corrected: list[CorrectedScore] = []
    footnotes: list[str] = []
    remarks: list[str] = []


class SummaryFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Where the summary was written, and what to print.

    Attributes:
        text: The tables for a terminal; free of control codes.
    """

    csv: Path
    md: Path
    txt: Path
    json: Path
    html: Path
    text: str
    summary: Summary

"""Makes the summary of a run: reads the planned results, arranges the rows, writes every format.

The rows come in the summarizer's order, with its groups. The one caller is the summarize stage; the supervisor prints
the text.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import msgspec

from judgebench.metrics.comparisons.differences import ModelDifference
from judgebench.metrics.comparisons.ranked import Ranking, RankingsCompared
from judgebench.metrics.comparisons.ranking import compare_rankings
from judgebench.records.corrected import CorrectedScore
from judgebench.records.diagnostics import DoubtfulVerdict
from judgebench.records.flow import Counts, Metric
from judgebench.records.run import SummarizerConfig, SummaryGroup
from judgebench.report.current import newest_summary
from judgebench.report.doubts import WITHHELD
from judgebench.report.rows import (
    Footnotes,
    Part,
    average,
    facts_of,
    find_results,
    group_version,
    listing,
    result_rows,
    sum_counts,
    with_ratings,
)
from judgebench.report.schema import Cell, ResultFacts, RowSpec, Summary, SummaryFiles, SummaryRow
from judgebench.report.sentences import sentences
from judgebench.report.writers import as_csv, as_html, as_json, as_markdown, as_text
from judgebench.store.journal import write_atomically
from judgebench.store.run_folder import RunFolder


class Arranged(NamedTuple):
    """Rows in order, the facts of the groups among them, and remarks on what is not shown."""

    rows: list[SummaryRow]
    facts: list[ResultFacts]
    remarks: list[str]


def arrange(
    rows: Sequence[SummaryRow],
    facts: Sequence[ResultFacts],
    models: Sequence[str],
    summarizer: SummarizerConfig,
    notes: Footnotes,
) -> Arranged:
    """Return the rows in the summarizer's order, with its groups.

    A group of which the run planned no subset is left out; of which it planned some, every model that lacks one shows a
    gap that names it. Rows the summarizer names and the run did not plan, and planned rows it does not name, are told
    in remarks.
    """
    table = Table(rows, facts, models, notes)
    groups = [row for group in summarizer.summary_groups if (row := table.add_group(group)) is not None]
    if not summarizer.dataset_abbrs:
        return Arranged([*rows, *groups], table.group_facts, [])
    ordered: list[SummaryRow] = []
    unknown: list[str] = []
    for entry in summarizer.dataset_abbrs:
        name, metric = (entry, "") if isinstance(entry, str) else entry
        if name.startswith("---"):
            ordered.append(SummaryRow(kind="heading", dataset=name))
            continue
        chosen = table.rows_of(name, metric)
        ordered += chosen
        if not chosen and name not in {group.name for group in summarizer.summary_groups}:
            unknown.append(table.describe_unknown(name, metric))
    listed = {row.dataset for row in ordered}
    ordered += [row for row in groups if row.dataset not in listed]
    hidden = [name for name in dict.fromkeys(row.dataset for row in rows) if name not in listed]
    remarks = []
    if unknown:
        remarks.append(f"The summarizer names rows that are not in this run: {listing(unknown)}.")
    if hidden:
        remarks.append(f"The summarizer does not show these rows of the run: {listing(hidden)}.")
    return Arranged(_without_empty_headings(ordered), table.group_facts, remarks)


class Table:
    """The rows by name, while groups are added to them."""

    def __init__(
        self, rows: Sequence[SummaryRow], facts: Sequence[ResultFacts], models: Sequence[str], notes: Footnotes
    ) -> None:
        self.group_facts: list[ResultFacts] = []
        self._rows = list(rows)
        self._facts = {(one.model, one.dataset): one for one in facts}
        self._models = models
        self._notes = notes

    def rows_of(self, name: str, metric: str = "") -> list[SummaryRow]:
        """Return the rows of that name, all metrics or one."""
        return [row for row in self._rows if row.dataset == name and (not metric or row.metric == metric)]

    def describe_unknown(self, name: str, metric: str) -> str:
        """Return the name of what is not there, with the nearest that is."""
        full = f"{name} [{metric}]" if metric else name
        near = difflib.get_close_matches(name, {row.dataset for row in self._rows}, n=1)
        return f"{full} (did you mean {near[0]}?)" if near and near[0] != name else full

    def add_group(self, group: SummaryGroup) -> SummaryRow | None:
        """Return the row of a group, ``None`` where the run planned nothing of it; later groups may contain it."""
        subsets = [(entry, "") if isinstance(entry, str) else (entry[0], entry[1]) for entry in group.subsets]
        chosen = {name: self._row_of(name, metric) for name, metric in subsets}
        present = {name: row for name, row in chosen.items() if row is not None}
        if not present:
            return None
        weighted = bool(group.weights)
        cells = {model: self._group_cell(group, chosen, model) for model in self._models}
        modes = dict.fromkeys(row.mode for row in present.values())
        row = SummaryRow(
            kind="group",
            dataset=group.name,
            version=group_version({name: one.version for name, one in present.items()}),
            metric=group.metric or ("weighted_average" if weighted else "naive_average"),
            mode="/".join(modes),
            headline=True,
            cells=cells,
        )
        self._rows.append(row)
        for model in self._models:
            parts = [self._facts[model, name].counts for name in present if (model, name) in self._facts]
            if parts:
                self._add_facts(row, model, sum_counts(parts))
        return row

    def _row_of(self, name: str, metric: str) -> SummaryRow | None:
        rows = self.rows_of(name, metric)
        return next((row for row in rows if row.headline), rows[0] if rows else None)

    def _group_cell(self, group: SummaryGroup, chosen: dict[str, SummaryRow | None], model: str) -> Cell:
        parts: list[Part] = []
        lacking: list[str] = []
        for name, row in chosen.items():
            cell = row.cells.get(model) if row is not None else None
            if cell is None or cell.metric is None or cell.metric.value is None:
                lacking.append(name)
                continue
            parts.append(self._part(group, name, model, cell.metric))
        if lacking:
            text = f"{group.name}, {model}: no average without {listing(lacking)}; see the rows' own notes"
            return Cell(notes=[self._notes.number(text)])
        metric = average(parts)
        gap_notes = [self._notes.number(f"{group.name}, {model}: {metric.note}")] if metric.value is None else []
        return Cell(metric=metric, notes=gap_notes)

    def _part(self, group: SummaryGroup, name: str, model: str, metric: Metric) -> Part:
        if group.weights == "n":
            facts = self._facts.get((model, name))
            planned = facts.counts.planned if facts is not None else metric.n
            scored = facts.counts.ok if facts is not None else metric.n
            return Part(metric, float(scored), float(planned))
        if isinstance(group.weights, dict) and group.weights:
            weight = group.weights.get(name, 0.0)
            return Part(metric, weight, weight)
        return Part(metric, 1.0, 1.0)

    def _add_facts(self, row: SummaryRow, model: str, counts: Counts) -> None:
        facts = ResultFacts(
            kind="group", model=model, dataset=row.dataset, version=row.version, headline=row.metric, counts=counts
        )
        self._facts[model, row.dataset] = facts
        self.group_facts.append(facts)


def _without_empty_headings(rows: Sequence[SummaryRow]) -> list[SummaryRow]:
    """Leave out headings under which nothing is shown."""
    kept: list[SummaryRow] = []
    for at, row in enumerate(rows):
        following = rows[at + 1].kind if at + 1 < len(rows) else "heading"
        if row.kind != "heading" or following != "heading":
            kept.append(row)
    return kept


__all__ = ["RowSpec", "build_summary", "summarize"]


def summarize(
    run_dir: Path,
    *,
    timestamp: str,
    models: Sequence[str],
    rows: Sequence[RowSpec],
    rankings: Sequence[Ranking] = (),
    differences: Sequence[ModelDifference] = (),
    summarizer: SummarizerConfig | None = None,
    plan: str = "",
    corrected: Sequence[CorrectedScore] = (),
) -> SummaryFiles:
    """Write ``summary/summary_<timestamp>.{csv,md,txt,json,html}`` and return where, with the text for the terminal.

    It takes the place of the newest one before where that says the same, so that there is one for each thing said.

    Args:
        run_dir: The run folder.
        timestamp: Of this invocation.
        models: Columns in order.
        rows: The planned rows in order; a planned result that is not on disk is shown as a gap with its reason.
        rankings: Of rows with several models.
        differences: Of the best model of each row to the others.
        summarizer: Order and groups; ``None`` shows all rows.
        plan: Name of the plan of this invocation.
        corrected: What people's labels make of the scores.

    Raises:
        DiskError: A file cannot be written.
    """
    summary = build_summary(
        run_dir,
        timestamp=timestamp,
        models=models,
        rows=rows,
        rankings=rankings,
        differences=differences,
        summarizer=summarizer,
        plan=plan,
    )
    if corrected:
        summary = msgspec.structs.replace(summary, corrected=list(corrected))
    run = RunFolder(run_dir)
    before = newest_summary(run)
    folder = run.summary
    stem = f"summary_{timestamp}"
    text = as_text(summary)
    contents = {
        "csv": as_csv(summary).encode("utf-8", "backslashreplace"),
        "md": as_markdown(summary).encode("utf-8", "backslashreplace"),
        "txt": text.encode("utf-8", "backslashreplace"),
        "json": as_json(summary),
        "html": as_html(summary).encode("utf-8", "backslashreplace"),
    }
    paths = {ending: folder / f"{stem}.{ending}" for ending in contents}
    for ending, data in contents.items():
        write_atomically(paths[ending], data)
    if before is not None and before.timestamp != timestamp and _says(before) == _says(summary):
        for ending in contents:
            (folder / f"summary_{before.timestamp}.{ending}").unlink(missing_ok=True)
    return SummaryFiles(**paths, text=text, summary=summary)


def build_summary(
    run_dir: Path,
    *,
    timestamp: str,
    models: Sequence[str],
    rows: Sequence[RowSpec],
    rankings: Sequence[Ranking] = (),
    differences: Sequence[ModelDifference] = (),
    summarizer: SummarizerConfig | None = None,
    plan: str = "",
) -> Summary:
    """Return the summary of a run without writing it; arguments as for ``summarize``."""
    run = RunFolder(run_dir)
    notes = Footnotes()
    found = find_results(run, models, rows)
    ranked = {ranking.dataset: ranking for ranking in rankings}
    table = []
    for row in rows:
        lines = result_rows(row, models, found, notes)
        table += with_ratings(lines, ranked[row.name], models, notes) if row.name in ranked else lines
    withheld = {row.name for row in rows if not row.shareable}
    facts = [_without_texts(one) if one.dataset in withheld else one for one in facts_of(found)]
    arranged = arrange(table, facts, models, summarizer or SummarizerConfig(), notes)
    shown = {(row.dataset) for row in arranged.rows}
    summary = Summary(
        run=run.timestamp,
        timestamp=timestamp,
        plan=plan,
        models=list(models),
        rows=arranged.rows,
        results=[one for one in [*facts, *arranged.facts] if one.dataset in shown],
        missing=list(found.missing.values()),
        differences=[one for one in differences if one.dataset in shown],
        rankings=[ranking for ranking in rankings if ranking.dataset in shown],
        rankings_compared=[one for one in _compared(rankings) if shown.issuperset(one.judges)],
        footnotes=notes.texts,
        remarks=arranged.remarks,
    )
    return msgspec.structs.replace(summary, sentences=sentences(summary))


def _without_texts(facts: ResultFacts) -> ResultFacts:
    """Return the facts of a result without the texts of its items."""
    doubtful = [
        DoubtfulVerdict(id=one.id, repeat=one.repeat, why=one.why, question=WITHHELD)
        for one in facts.diagnostics.doubtful
    ]
    return msgspec.structs.replace(facts, diagnostics=msgspec.structs.replace(facts.diagnostics, doubtful=doubtful))


def _says(summary: Summary) -> bytes:
    return as_json(msgspec.structs.replace(summary, timestamp="", plan=""))


def _compared(rankings: Sequence[Ranking]) -> list[RankingsCompared]:
    """Compare every two rankings of one dataset; of those of a round robin and of a baseline too."""
    return [
        compare_rankings(first, second)
        for first, second in combinations(rankings, 2)
        if first.data_abbr == second.data_abbr
    ]

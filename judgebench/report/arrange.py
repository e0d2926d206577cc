"""Puts summary rows in the summarizer's order and adds its groups."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import NamedTuple

from judgebench.config.schema import SummarizerConfig, SummaryGroup
from judgebench.records import Counts, Metric
from judgebench.report.averages import Part, average, sum_counts
from judgebench.report.rows import Footnotes, group_version, listing
from judgebench.report.schema import Cell, ResultFacts, SummaryRow


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
        told = [self._notes.number(f"{group.name}, {model}: {metric.note}")] if metric.value is None else []
        return Cell(metric=metric, notes=told)

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

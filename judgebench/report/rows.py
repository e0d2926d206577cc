"""Builds the rows of the summary from result files: values, gaps with their reasons, versions that differ.

Beside the metrics of the results stand the ratings of rankings, and averages over rows: naive (all alike), by given
weights, or by scored items.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from judgebench.errors import DataError
from judgebench.metrics.comparisons.ranked import Ranking, rating_metrics
from judgebench.records.flow import Counts, Metric, TaskResult
from judgebench.report.current import Plans
from judgebench.report.results import printable, read_result
from judgebench.report.schema import Cell, MissingResult, ResultFacts, RowSpec, SummaryRow
from judgebench.store.journal import open_file
from judgebench.store.run_folder import RunFolder, log_file


def with_ratings(
    rows: Sequence[SummaryRow], ranking: Ranking, models: Sequence[str], notes: Footnotes
) -> list[SummaryRow]:
    """Return the lines of a row with one for each kind of rating that they lack.

    The results of a round robin hold its ratings themselves; a judge that compares with one baseline rates that too,
    which has no result.
    """
    if ranking.kind != "comparisons" or not rows:
        return list(rows)
    known = {row.metric for row in rows}
    ranked = {one.model: one for one in ranking.models}
    names = dict.fromkeys(name for one in ranking.models for name in rating_metrics(one))
    first = rows[0]
    added = []
    for name in names:
        if name in known:
            continue
        metrics = {model: rating_metrics(ranked[model]).get(name) if model in ranked else None for model in models}
        remarks = notes.numbered(
            {model: _rating_notes(first.dataset, name, metric) for model, metric in metrics.items()}
        )
        added.append(
            SummaryRow(
                kind="result",
                dataset=first.dataset,
                version=first.version,
                metric=name,
                mode=first.mode,
                cells={model: Cell(metric=metrics[model], notes=remarks[model]) for model in models},
                notes=first.notes,
            )
        )
    return [*rows, *added]


def _rating_notes(row: str, name: str, metric: Metric | None) -> list[Remark]:
    if metric is None:
        return [NOT_PLANNED]
    return [Remark(f"{row}, {name}", metric.note)] if metric.note else []


class Part(NamedTuple):
    """One row's part of an average.

    Attributes:
        metric: Its number; the value is not ``None``.
        weight: What it counts; 0 or more.
        open_weight: What it counts in the bounds: the same, but planned instead of scored items where items weigh.
    """

    metric: Metric
    weight: float
    open_weight: float


def average(parts: Sequence[Part]) -> Metric:
    """Return the weighted mean of metrics of independent rows.

    The standard error is ``sqrt(sum w^2 se^2)`` with weights that sum to 1. The interval recovers each part's own,
    asymmetric one: ``mean - sqrt(sum w^2 (value - low)^2)``, and likewise above. A part without an error or an interval
    leaves the average without one.

    Source of the interval: G. Y. Zou and A. Donner (2008), Statistics in Medicine 27, 1693-1702 (MOVER).
    """
    total = math.fsum(part.weight for part in parts)
    if total <= 0:
        return Metric(value=None, note="the weights of the subsets sum to 0")
    shares = [part.weight / total for part in parts]
    values = [part.metric.value or 0.0 for part in parts]
    mean = math.fsum(share * value for share, value in zip(shares, values, strict=True))
    errors = [part.metric.stderr for part in parts if part.metric.stderr is not None]
    stderr = None
    if len(errors) == len(parts):
        stderr = math.sqrt(math.fsum((share * error) ** 2 for share, error in zip(shares, errors, strict=True)))
    intervals = [part.metric.ci95 for part in parts if part.metric.ci95 is not None]
    ci95 = None
    if len(intervals) == len(parts):
        reach = list(zip(shares, values, intervals, strict=True))
        below = math.sqrt(math.fsum((share * (value - ends[0])) ** 2 for share, value, ends in reach))
        above = math.sqrt(math.fsum((share * (ends[1] - value)) ** 2 for share, value, ends in reach))
        ci95 = (mean - below, mean + above)
    first = parts[0].metric
    return Metric(
        value=mean,
        n=sum(part.metric.n for part in parts),
        stderr=stderr,
        ci95=ci95,
        bounds=_bounds(parts),
        unit=first.unit,
        better=first.better,
    )


def sum_counts(counts: Sequence[Counts]) -> Counts:
    """Return the counts of several results together."""
    return Counts(**{name: sum(getattr(one, name) for one in counts) for name in Counts.__struct_fields__})


def _bounds(parts: Sequence[Part]) -> tuple[float, float] | None:
    total = math.fsum(part.open_weight for part in parts)
    known = [part.metric.bounds for part in parts if part.metric.bounds is not None]
    if total <= 0 or len(known) < len(parts):
        return None
    weights = [part.open_weight / total for part in parts]
    return (
        math.fsum(weight * ends[0] for weight, ends in zip(weights, known, strict=True)),
        math.fsum(weight * ends[1] for weight, ends in zip(weights, known, strict=True)),
    )


LOG_TAIL = 8192
"""Bytes at the end of a log in which the reason of a gap is looked for."""

_ERROR = re.compile(r"^(?:\S+ )?(?:ERROR|CRITICAL)\s+(.+)$", re.MULTILINE)


class Footnotes:
    """Numbered notes; equal texts share a number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    @property
    def texts(self) -> list[str]:
        """The notes in order."""
        return list(self._numbers)

    def number(self, text: str) -> int:
        """Return the number of a note, from 1."""
        return self._numbers.setdefault(text, len(self._numbers) + 1)

    def numbered(self, remarks: Mapping[str, Sequence[Remark]]) -> dict[str, list[int]]:
        """Return the numbers of what is told about each model; what holds for several is one note that names them."""
        models: dict[Remark, list[str]] = {}
        for model, notes in remarks.items():
            for note in notes:
                models.setdefault(note, []).append(model)
        numbers = {note: self.number(note.text(names)) for note, names in models.items()}
        return {model: [numbers[note] for note in notes] for model, notes in remarks.items()}


class Remark(NamedTuple):
    """A note on one model's cell: ``<place>, <model>: <reason>``; without a place the reason is all there is to say."""

    place: str
    reason: str

    def text(self, models: Sequence[str]) -> str:
        """Return the footnote about these models."""
        return f"{self.place}, {listing(models)}: {self.reason}" if self.place else self.reason


NOT_PLANNED = Remark("", "the run did not plan this row for this model")


class FoundResults:
    """What is on disk of what was planned.

    Attributes:
        results: By (model, row name).
        missing: Likewise, for planned results that are not there.
        logs: Likewise, of results in which nothing was scored: the log that tells most, and what it says.
    """

    def __init__(self) -> None:
        self.results: dict[tuple[str, str], TaskResult] = {}
        self.missing: dict[tuple[str, str], MissingResult] = {}
        self.logs: dict[tuple[str, str], tuple[str, str]] = {}


def find_results(run: RunFolder, models: Sequence[str], rows: Sequence[RowSpec]) -> FoundResults:
    """Read every planned result; what is missing, stale or damaged is noted with a reason and a log."""
    found = FoundResults()
    plans = Plans(run)
    for row in rows:
        for model in models:
            if row.models and model not in row.models:
                continue
            path = run.result(model, row.name)
            log, said = _log_of(run, model, row)
            reason = f"there is no result{said}"
            if path.exists():
                try:
                    result = read_result(path, details=False)
                    reason = plans.stale(result)
                    if not reason:
                        found.results[model, row.name] = result
                        if not result.counts.ok and (run.path / log).exists():
                            found.logs[model, row.name] = log, said
                        continue
                    reason += said
                except DataError as error:
                    reason = error.message.rstrip(".")
            found.missing[model, row.name] = MissingResult(model=model, dataset=row.name, reason=reason, log=log)
    return found


def result_rows(row: RowSpec, models: Sequence[str], found: FoundResults, notes: Footnotes) -> list[SummaryRow]:
    """Return one summary row per metric of a planned row, the headline first."""
    results = {model: found.results[model, row.name] for model in models if (model, row.name) in found.results}
    if not results:
        remarks = notes.numbered({model: [_gap(row, model, found)] for model in models})
        cells = {model: Cell(notes=remarks[model]) for model in models}
        return [SummaryRow(kind="result", dataset=row.name, headline=True, cells=cells)]
    first = next(iter(results.values()))
    metrics = list(dict.fromkeys([first.headline, *(name for one in results.values() for name in one.metrics)]))
    version, version_notes = _version(row.name, results, notes)
    lines = []
    for metric in metrics:
        remarks = notes.numbered({model: _remarks_of(row, model, metric, found) for model in models})
        lines.append(
            SummaryRow(
                kind="result",
                dataset=row.name,
                version=version,
                metric=metric,
                mode=first.mode,
                headline=metric == first.headline,
                cells={
                    model: Cell(metric=results[model].metrics.get(metric) if model in results else None, notes=numbers)
                    for model, numbers in remarks.items()
                },
                notes=version_notes,
            )
        )
    return lines


def facts_of(found: FoundResults) -> list[ResultFacts]:
    """Return what stands behind each result's numbers."""
    return [
        ResultFacts(
            model=model,
            dataset=row,
            judge=result.judge,
            version=result.version,
            headline=result.headline,
            counts=result.counts,
            slices=result.slices,
            table=result.table,
            diagnostics=result.diagnostics,
            usage=result.usage,
        )
        for (model, row), result in found.results.items()
    ]


def _remarks_of(row: RowSpec, model: str, metric: str, found: FoundResults) -> list[Remark]:
    """Return what there is to say about one model's number in one line."""
    result = found.results.get((model, row.name))
    if result is None:
        return [_gap(row, model, found)]
    number = result.metrics.get(metric)
    if number is None:
        return [Remark(row.name, f"its result lacks this metric; it has {', '.join(result.metrics) or 'no metric'}")]
    remarks = []
    # what is undefined although items were scored is no fault that a log could tell of
    usual = "" if row.logs or result.counts.ok else log_file("eval", model, row.name)
    if number.value is None:
        log, said = found.logs.get((model, row.name), (usual, ""))
        see = f"; see {log}" if log else ""
        remarks.append(Remark(f"{row.name}, {metric}", f"{number.note or 'undefined'}{said}{see}"))
    elif number.note:
        remarks.append(Remark(f"{row.name}, {metric}", number.note))
    if metric == result.headline:
        remarks += [Remark(row.name, note) for note in result.notes]
    return remarks


def _gap(row: RowSpec, model: str, found: FoundResults) -> Remark:
    missing = found.missing.get((model, row.name))
    if missing is None:
        return NOT_PLANNED
    return Remark(row.name, f"{missing.reason}{f'; see {missing.log}' if missing.log else ''}")


def _version(name: str, results: Mapping[str, TaskResult], notes: Footnotes) -> tuple[str, list[int]]:
    """Return the version of a row, and a note where the models' versions differ."""
    versions = {model: result.version for model, result in results.items()}
    if len(set(versions.values())) == 1:
        return next(iter(versions.values())), []
    listed = ", ".join(f"{model} {version}" for model, version in versions.items())
    differing = _differing([result.identity for result in results.values()])
    what = f" (different: {', '.join(differing)})" if differing else ""
    note = notes.number(f"{name}: the versions differ, so the numbers are not comparable: {listed}{what}")
    return next(iter(versions.values())), [note]


def listing(names: Sequence[str], most: int = 10) -> str:
    """Return names with commas; beyond ``most`` only how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _differing(identities: Sequence[dict[str, Any]]) -> list[str]:
    keys = dict.fromkeys(key for identity in identities for key in identity)
    return [key for key in keys if any(identity.get(key) != identities[0].get(key) for identity in identities)]


def _log_of(run: RunFolder, model: str, row: RowSpec) -> tuple[str, str]:
    """Return the log that tells most about a gap, relative to the run folder, and what it says in the end.

    That is the first one, from the last stage back, that holds an error, else the log of the last stage that ran.
    """
    if row.logs:
        candidates = [template.replace("{model}", model) for template in row.logs]
    else:
        stages = [("eval", row.name), ("infer", row.name), ("infer", row.dataset or row.name)]
        candidates = [log_file(stage, model, name) for stage, name in dict.fromkeys(stages)]
    present = [log for log in candidates if (run.path / log).exists()]
    if not present:
        return candidates[-1], ": its tasks have not run"
    for log in present:
        errors = _ERROR.findall(_end_of(run.path / log))
        if errors:
            return log, f": {printable(errors[-1].strip().rstrip('.'))}"
    return present[0], ""


def _end_of(log: Path) -> str:
    try:
        with open_file(log, "rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - LOG_TAIL))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def group_version(versions: Mapping[str, str]) -> str:
    """Return the version of a group: a short hash of its subsets' names and versions."""
    text = "\n".join(f"{name} {version}" for name, version in sorted(versions.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:6] if versions else "-"

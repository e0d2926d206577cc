"""One run: what its numbers are, how far they can be trusted, and where to look."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from aiohttp import web
from markupsafe import Markup

from judgebench.errors import JudgebenchError, how_many
from judgebench.metrics.comparisons.ranked import Ranking
from judgebench.records.diagnostics import JudgesCompared
from judgebench.records.figures import Metric
from judgebench.records.flow import TaskResult
from judgebench.records.prices import money
from judgebench.records.spending import CallUsage
from judgebench.report.costs import CostOfRun, SideCost, sides_of, total_of
from judgebench.report.schema import ResultFacts, Summary, SummarySentence
from judgebench.report.sentences import sentences
from judgebench.session.loaded import LoadedRun, load
from judgebench.viewer import figures
from judgebench.viewer.library import KnownRun, links_in
from judgebench.viewer.matrices import between_judges, head_to_head
from judgebench.viewer.plots import Mark, bar, intervals, mark_of
from judgebench.viewer.site import ViewerSite

_SLICES = 40
"""Lines of one drawing of slices, at most."""


class ResultLine(NamedTuple):
    """One result in the table: a model on a row."""

    result: TaskResult
    headline: Metric | None
    notes: list[int]
    bar: Markup
    per_answer: float | None


class JudgeFacts(NamedTuple):
    """What is known of the judge, or of the rule, of one row, a column for each model."""

    row: str
    judge: str
    results: list[TaskResult]
    lines: list[tuple[str, str, list[Metric | None]]]
    confusions: list[tuple[str, dict[str, int]]]
    reasons: list[tuple[str, str, int]]


class SliceDrawing(NamedTuple):
    """The slices of one row by one field."""

    row: str
    by: str
    metric: str
    drawing: Markup
    left_out: int


def page(site: ViewerSite, request: web.Request) -> web.Response:
    """Return the page of a run."""
    return site.page("run.html", **values_of(site.run(request)))


def values_of(run: KnownRun, withheld: Collection[str] = ()) -> dict[str, Any]:
    """Return what the page of a run shows.

    Args:
        run: The run.
        withheld: Datasets of which nothing is shown that quotes their items: slices by fields, and reasons.
    """
    problems = list(run.problems)
    results: list[TaskResult] = []
    loaded = opened(run)
    if loaded is not None:
        results = [_without_quotes(one) if one.data_abbr in withheld else one for one in loaded.results]
        results.sort(key=lambda one: one.dataset)
        problems += [one for one in loaded.problems if one not in problems]
    models = list(dict.fromkeys([*run.models, *(one.model for one in results)]))
    everything = results
    results, parts = without_parts(results)
    between = [(one.data_abbr, one.model, pair) for one in results for pair in one.diagnostics.between_judges]
    lines = [_line(one, run.summary) for one in results]
    sides, total = sides_and_total(results)
    rankings = [one for one in (run.summary.rankings if run.summary else []) if _tells_more(one)]
    return {
        "current": "run",
        "run": run,
        "problems": problems,
        "sentences": _sentences(run, results),
        "undecided": _undecided(run),
        "lasted": figures.lasted(run.started, run.ended),
        "answers": sum(one.counts.planned for one in results),
        "tokens": total.tokens if total is not None else 0,
        "price": priced(total),
        "drawings": _drawings(run, results, models),
        "lines": lines,
        "parts": [_line(one, run.summary) for one in parts],
        "rankings": [(one, head_to_head(one)) for one in rankings],
        "notes": _texts_of_notes(run.summary, lines),
        "judges": _judges(results),
        "between": _once(between),
        "agreements": between_judges(_once(between)),
        "looks": _looks(run, _with_items(everything)),
        "corrected": run.summary.corrected if run.summary else [],
        "slices": _slices(results, models),
        "summary": run.summary,
        "sides": sides,
        "prices": [price_of(one.usage) for one in sides],
        "models": models,
        "keys": [("i", "items"), ("c", "compare"), ("/", "search"), ("?", "keys")],
    }


def _without_quotes(result: TaskResult) -> TaskResult:
    diagnostics = msgspec.structs.replace(result.diagnostics, unscored_reasons={})
    return msgspec.structs.replace(result, diagnostics=diagnostics, slices=[])


def without_parts(results: Sequence[TaskResult]) -> tuple[list[TaskResult], list[TaskResult]]:
    """Return the results without the parts of round robins that have a result as a whole; and these parts."""
    known = {(one.data_abbr, one.judge) for one in results if one.judge}

    def is_part(one: TaskResult) -> bool:
        before, against, _ = (one.judge or "").partition("-vs-")
        return bool(against) and (one.data_abbr, before) in known

    return [one for one in results if not is_part(one)], [one for one in results if is_part(one)]


def _with_items(results: Sequence[TaskResult]) -> list[TaskResult]:
    """Return the results that have items of their own: of a round robin its parts, or each would count twice."""
    parts = {(one.data_abbr, (one.judge or "").partition("-vs-")[0]) for one in without_parts(results)[1]}
    return [one for one in results if (one.data_abbr, one.judge) not in parts]


def _tells_more(ranking: Ranking) -> bool:
    """Say whether a ranking tells more than the table of results: of two models only where they were compared."""
    return len(ranking.models) > 2 or any(one.comparisons for one in ranking.models)


def opened(run: KnownRun) -> LoadedRun | None:
    """Return what a run folder holds; ``None`` where nothing of it may or can be read."""
    if links_in(run.folder):
        return None
    try:
        return load(run.folder)
    except JudgebenchError:
        return None


def price_of(usage: CallUsage) -> str:
    """Return what one side cost; a dash where the price is not known."""
    if usage.cost is None:
        return "–"
    return money(usage.cost, usage.price.currency if usage.price is not None else "USD")


def items_address(run: KnownRun, **filters: str) -> str:
    """Return the address of the items of a run that a filter lets through."""
    kept = {name: value for name, value in filters.items() if value}
    return f"/runs/{run.key}/items" + (f"?{urlencode(kept)}" if kept else "")


def sides_and_total(results: Sequence[TaskResult | ResultFacts]) -> tuple[list[SideCost], CostOfRun | None]:
    """Return what the calls took, by side and in all; nothing where a result says it in another form."""
    try:
        sides = sides_of(results)
    except msgspec.ValidationError:
        return [], None
    return sides, total_of(sides)


def priced(total: CostOfRun | None) -> str:
    """Return what a run cost; empty where nobody knows."""
    if total is None:
        return ""
    return " + ".join(money(sum(by_side.values()), currency) for currency, by_side in total.cost.items())


def _line(result: TaskResult, summary: Summary | None) -> ResultLine:
    counts = result.counts
    parts = [(name, getattr(counts, name)) for name in figures.STATUSES]
    said = ", ".join(f"{size} {figures.STATUS_WORDS[name]}" for name, size in parts if size)
    usage = result.usage.get("model")
    written = usage.get("completion_tokens") if isinstance(usage, dict) else None
    calls = usage.get("calls") if isinstance(usage, dict) else None
    return ResultLine(
        result=result,
        headline=result.metrics.get(result.headline),
        notes=_notes(summary, result),
        bar=bar(parts, f"Of {how_many(counts.planned, 'item')}: {said}"),
        per_answer=written / calls if isinstance(written, int) and isinstance(calls, int) and calls else None,
    )


def _notes(summary: Summary | None, result: TaskResult) -> list[int]:
    if summary is None:
        return []
    for row in summary.rows:
        if row.dataset == result.dataset and row.metric == result.headline and result.model in row.cells:
            return [*row.cells[result.model].notes, *row.notes]
    return []


def _sentences(run: KnownRun, results: Sequence[TaskResult]) -> list[SummarySentence]:
    """Return what the summary says; of one by an earlier version, what this one would have it say."""
    if run.summary is None or not results:
        return []
    return run.summary.sentences or sentences(run.summary)


def _undecided(run: KnownRun) -> list[tuple[str, str]]:
    """Return the pairs of models that the intervals do not tell apart, and where they are compared."""
    found = [one for one in (run.summary.differences if run.summary else []) if not one.sure and one.kind == "paired"]
    said = []
    for one in found[:3]:
        sides = {"a": f"{run.key}|{one.first}|{one.dataset}", "b": f"{run.key}|{one.second}|{one.dataset}"}
        said.append((f"{one.first} and {one.second} on {one.dataset}", f"/compare?{urlencode(sides)}"))
    return said


def _texts_of_notes(summary: Summary | None, lines: Sequence[ResultLine]) -> list[tuple[int, str]]:
    """Return the footnotes that the table names, by their numbers in the summary."""
    numbers = sorted({number for line in lines for number in line.notes})
    texts = summary.footnotes if summary is not None else []
    return [(number, texts[number - 1]) for number in numbers if 0 < number <= len(texts)]


def _drawings(run: KnownRun, results: Sequence[TaskResult], models: Sequence[str]) -> list[tuple[str, Markup]]:
    """Return a drawing for each kind of headline: rows of one metric share an axis."""
    by_metric: dict[tuple[str, str], list[TaskResult]] = {}
    for one in results:
        metric = one.metrics.get(one.headline)
        if metric is not None and metric.value is not None:
            by_metric.setdefault((one.headline, metric.unit), []).append(one)
    found = []
    for (name, _), members in by_metric.items():
        marks = [
            mark_of(
                f"{one.dataset} · {one.model}",
                one.metrics[one.headline],
                models.index(one.model),
                items_address(run, model=one.model, row=one.dataset),
            )
            for one in members
        ]
        marks += _by_labels(run, name, models)
        marks.sort(key=lambda mark: mark.name.partition(_BY_LABELS)[0])
        marks = [
            mark._replace(name=f"\u2003{mark.name.partition(' · ')[2]}") if mark.hollow else mark for mark in marks
        ]
        title = name.replace("_", " ")
        found.append((title, intervals(marks, f"{title} with 95% intervals")))
    return found


_BY_LABELS = ", by "


def _by_labels(run: KnownRun, metric: str, models: Sequence[str]) -> list[Mark]:
    """Return what people's labels make of a metric: the same figures by other means."""
    found = []
    for one in run.summary.corrected if run.summary else []:
        known = one.corrected is not None and one.corrected.value is not None and one.model in models
        if one.corrected is not None and known and one.metric == metric:
            name = f"{one.row} · {one.model}{_BY_LABELS}{how_many(one.labels, 'label')}"
            found.append(mark_of(name, one.corrected, models.index(one.model))._replace(hollow=True))
    return found


_FIGURES = (
    ("agreement", "agrees with the rule"),
    ("kappa", "κ with the rule"),
    ("false_positive_rate", "accepts wrong answers"),
    ("false_negative_rate", "rejects right answers"),
    ("score_shift", "score against the rule’s, in points"),
    ("consistency", "decides alike in both orders"),
    ("first_shown_rate", "prefers the answer shown first; 50 is fair"),
    ("longer_preferred", "prefers the longer answer; 50 is fair"),
)


def _judges(results: Sequence[TaskResult]) -> list[JudgeFacts]:
    rows: dict[str, list[TaskResult]] = {}
    for one in results:
        if one.judge or one.diagnostics.figures() or one.diagnostics.unscored_reasons:
            rows.setdefault(one.dataset, []).append(one)
    found = []
    for row, members in rows.items():
        lines = []
        for name, words in _FIGURES:
            metrics = [_drawn(getattr(one.diagnostics, name), name) for one in members]
            if any(metric is not None and metric.value is not None for metric in metrics):
                lines.append((name, words, metrics))
        confusions = [
            (one.model, {key: getattr(one.diagnostics, key) or 0 for key in ("tp", "fp", "fn", "tn")})
            for one in members
            if one.diagnostics.tp is not None
        ]
        reasons = [
            (one.model, reason, count) for one in members for reason, count in one.diagnostics.unscored_reasons.items()
        ]
        if lines or confusions or reasons:
            found.append(JudgeFacts(row, members[0].judge or "", members, lines, confusions, reasons))
    return found


def _drawn(metric: Metric | None, name: str) -> Metric | None:
    """Return a figure with the unit by which it is written."""
    if metric is None or metric.unit:
        return metric
    return msgspec.structs.replace(metric, unit="coefficient" if name == "kappa" else "percent")


def _once(between: Sequence[tuple[str, str, JudgesCompared]]) -> list[tuple[str, str, JudgesCompared]]:
    """Leave out what the results of both judges say alike."""
    found: dict[tuple[str, str, tuple[str, ...]], tuple[str, str, JudgesCompared]] = {}
    for dataset, model, pair in between:
        found.setdefault((dataset, model, tuple(sorted(pair.judges))), (dataset, model, pair))
    return list(found.values())


def _looks(run: KnownRun, results: Sequence[TaskResult]) -> list[tuple[str, int, str]]:
    """Return where to look first: what it is, how many items, and where they are."""
    accepted = sum(one.diagnostics.fp or 0 for one in results)
    rejected = sum(one.diagnostics.fn or 0 for one in results)
    found = [
        ("The judge says right, the rule says wrong", accepted, items_address(run, only="accepted")),
        ("The judge says wrong, the rule says right", rejected, items_address(run, only="rejected")),
    ]
    reasons: dict[str, int] = {}
    for one in results:
        for reason, count in one.diagnostics.unscored_reasons.items():
            reasons[reason] = reasons.get(reason, 0) + count
    for reason, count in sorted(reasons.items(), key=lambda one: -one[1])[:6]:
        found.append((f"Not scored: {reason}", count, items_address(run, only="unscored", reason=reason)))
    unsteady = sum(
        round(one.diagnostics.consistency.n * (100 - (one.diagnostics.consistency.value or 0)) / 100)
        for one in results
        if one.diagnostics.consistency is not None and one.diagnostics.consistency.value is not None
    )
    found.append(("Another verdict when the order is exchanged", unsteady, items_address(run, only="flipped")))
    return [one for one in found if one[1]]


def _slices(results: Sequence[TaskResult], models: Sequence[str]) -> list[SliceDrawing]:
    by_field: dict[tuple[str, str], list[tuple[TaskResult, Any]]] = {}
    for one in results:
        for part in one.slices:
            by_field.setdefault((one.dataset, part.by), []).append((one, part))
    found = []
    for (row, by), members in by_field.items():
        headline = members[0][0].headline
        marks = [
            mark_of(f"{part.value or '(none)'} · {one.model}", metric, models.index(one.model))
            for one, part in members
            if (metric := part.metrics.get(headline)) is not None and metric.value is not None
        ]
        marks.sort(key=lambda mark: mark.name)
        title = f"{headline.replace('_', ' ')} of {row} by {by}"
        if marks:
            drawing = intervals(marks[:_SLICES], title)
            found.append(SliceDrawing(row, by, headline, drawing, max(0, len(marks) - _SLICES)))
    return found

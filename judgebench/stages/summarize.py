"""The summarize stage: from result files to the rankings and tables of the run.

Rankings gather the comparisons and scores of every row over all models. In a round robin each model gets a result of
its own, of what its comparisons against all others come to.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from judgebench.errors import ConfigError, DataError, DiskError
from judgebench.identity.questions import short_hash
from judgebench.metrics.comparisons.columns import Comparison
from judgebench.metrics.comparisons.differences import ModelDifference
from judgebench.metrics.comparisons.ranked import RankedModel, Ranking, rating_metrics
from judgebench.metrics.comparisons.ranking import SampleKey, rank_by_comparisons, rank_by_scores, with_pairwise
from judgebench.metrics.comparisons.style import differences
from judgebench.metrics.rates import named
from judgebench.metrics.scores import score
from judgebench.metrics.statistics.intervals import share_metric, share_of
from judgebench.records.corrected import CorrectedScore
from judgebench.records.diagnostics import Diagnostics, JudgesCompared
from judgebench.records.figures import Better
from judgebench.records.flow import Counts, Metric, TaskResult
from judgebench.records.pairs import FLIPPED
from judgebench.records.run import DatasetConfig, JudgeConfig, Plan, Typed, row_name
from judgebench.report.current import Plans
from judgebench.report.results import json_bytes, read_comparisons, read_result, write_result
from judgebench.report.schema import RowSpec, SummaryFiles
from judgebench.report.summary import summarize
from judgebench.stages.accumulators import DOUBTFUL, judges_compared
from judgebench.stages.compared_models import compared_name
from judgebench.stages.differences import differences_by_comparisons, differences_by_scores
from judgebench.stages.spent import Spent
from judgebench.stages.task import Task
from judgebench.store.journal import write_atomically
from judgebench.store.run_folder import RunFolder, log_file

ORDERS = ("consistency", "first_shown_rate", "longer_preferred")


class CrossedPair(NamedTuple):
    """Two models' comparisons.

    Attributes:
        result: The tested model's result.
        compared_model: The model that it was compared with.
        comparisons: The scored comparisons.
    """

    result: TaskResult
    compared_model: str
    observed: list[Comparison]


def round_robin_result(
    entry: RankedModel, crossed_pairs: Sequence[CrossedPair], ranking: Ranking, *, row: str, round_robin: str, plan: str
) -> TaskResult:
    """Return a model's result over all that it was compared with.

    Judge calls are counted where they are recorded, with the tested model of each pair, so that sums over models are
    right.

    Args:
        entry: Its place in the ranking.
        crossed_pairs: Those that it took part in.
        ranking: Of the whole round robin.
        row: Name of the round robin's row.
        round_robin: Abbr of the judge as the config declares it.
        plan: Name of the plan that makes it.
    """
    results = [one.result for one in crossed_pairs]
    counts = Counts(**{name: sum(getattr(one.counts, name) for one in results) for name in Counts.__struct_fields__})
    first = results[0]
    identity = {key: value for key, value in first.identity.items() if key != "members"}
    identity["judge"] = {key: value for key, value in first.identity["judge"].items() if key != "compare_with"}
    identity["models"] = sorted(one.model for one in ranking.models)
    return TaskResult(
        model=entry.model,
        dataset=row,
        data_abbr=first.data_abbr,
        judge=round_robin,
        version=short_hash(identity),
        mode=first.mode,
        headline="win_rate",
        metrics=_metrics(entry, counts, [comparison for one in crossed_pairs for comparison in one.observed]),
        counts=counts,
        plan=plan,
        identity=identity,
        diagnostics=_diagnostics(entry.model, crossed_pairs, counts),
        usage=_usage([one.result for one in crossed_pairs if one.result.model == entry.model]),
        notes=list(dict.fromkeys(note for one in results for note in one.notes)),
    )


def _metrics(entry: RankedModel, counts: Counts, observed: Sequence[Comparison]) -> dict[str, Metric]:
    win_rate = entry.win_rate or Metric(value=None)
    if counts.planned and win_rate.value is not None:
        # what is not scored may be lost, or won; comparisons weigh alike in the bounds
        share = win_rate.value / 100 * entry.comparisons
        open_ = counts.planned - entry.comparisons
        ends = (100 * share / counts.planned, 100 * (share + open_) / counts.planned)
        win_rate = msgspec.structs.replace(win_rate, bounds=ends)
    missing = counts.planned - entry.comparisons
    tie_rate = share_of(
        [float(one.outcome == 0.5) for one in observed], [one.sample for one in observed], missing=missing
    )
    found = {
        "win_rate": msgspec.structs.replace(win_rate, unit="percent", better="high"),
        "tie_rate": msgspec.structs.replace(tie_rate, unit="percent"),
    }
    return found | rating_metrics(entry)


def _diagnostics(model: str, crossed_pairs: Sequence[CrossedPair], counts: Counts) -> Diagnostics:
    results = [one.result for one in crossed_pairs]
    planned = counts.planned or 1
    orders = {}
    for name in ORDERS:
        shares = [getattr(one.result.diagnostics, name) for one in crossed_pairs]
        items = [len({comparison.sample for comparison in one.observed}) for one in crossed_pairs]
        parts = [(share, many) for share, many in zip(shares, items, strict=True) if share is not None]
        orders[name] = _pooled(parts) if parts else None
    reasons: Counter[str] = Counter()
    for one in results:
        reasons.update(one.diagnostics.unscored_reasons)
    found = Diagnostics(
        unparsed_share=100 * counts.unparsed / planned,
        truncated_share=100 * counts.truncated / planned,
        doubtful=[doubt for one in results for doubt in one.diagnostics.doubtful][:DOUBTFUL],
        unscored_reasons=dict(reasons.most_common(10)),
        between_judges=_between(model, crossed_pairs),
    )
    return msgspec.structs.replace(found, **orders)


def _pooled(parts: Sequence[tuple[Metric, int]]) -> Metric:
    """Return one share over the comparisons against all compared models.

    The same questions are asked of each compared model, so the parts are no independent samples: the error is what it
    is if they move together, the mean of theirs, which is the most it can be.

    Args:
        parts: The share of each compared model, and how many items it is about; its trials (presentations, repeats) are
            clustered by them.
    """
    known = [(part, items) for part, items in parts if part.value is not None]
    n = sum(part.n for part, _ in known)
    if not n:
        return parts[0][0]
    share = sum((part.value or 0.0) / 100 * part.n for part, _ in known) / n
    errors = [part.stderr for part, _ in known]
    stderr = None
    if None not in errors:
        stderr = sum((part.stderr or 0.0) / 100 * part.n for part, _ in known) / n
    clusters = max(max(1, min(part.n, items)) for part, items in known)
    return share_metric(min(1.0, share), stderr, clusters=clusters, n=n)


def _between(model: str, crossed_pairs: Sequence[CrossedPair]) -> list[JudgesCompared]:
    """Return how far the round robin's judge and others agree about a model's comparisons, in the model's frame."""
    pooled: dict[tuple[str, str], Counter[tuple[str, str]]] = {}
    for one in crossed_pairs:
        part = f"-vs-{one.compared_model}"
        for entry in one.result.diagnostics.between_judges:
            names = tuple(name.removesuffix(part) for name in entry.judges)
            table = pooled.setdefault((names[0], names[1]), Counter())
            for *decisions, count in entry.decisions:
                seen = (
                    [FLIPPED.get(decision, decision) for decision in decisions]
                    if one.compared_model == model
                    else decisions
                )
                table[seen[0], seen[1]] += count
    return [judges_compared(names, table) for names, table in pooled.items()]


def _usage(results: Sequence[TaskResult]) -> dict[str, Any]:
    """Return the judge's calls for all comparisons of a model; its own answers were made once for all of them."""
    found: dict[str, Any] = {}
    judge: Spent | None = None
    for one in results:
        if "model" in one.usage:
            found["model"] = one.usage["model"]
        if "judge" in one.usage:
            judge = judge or Spent()
            judge.merge(Spent.of(one.usage["judge"]))
    return found | ({"judge": judge.as_dict()} if judge is not None else {})


logger = logging.getLogger(__name__)


class RankedRow(NamedTuple):
    """One row of the summary that models can be ranked by.

    Attributes:
        spec: The row as the summary plans it.
        models: All models of the ranking.
        judges: The judges whose results it holds: the parts of a round robin, else one, else none (a rule).
        score: The score that makes its figures, for a dataset that names one.
    """

    spec: RowSpec
    models: list[str]
    judges: list[JudgeConfig]
    score: Typed | None = None


def planned_rows(plan: Plan) -> list[RankedRow]:
    """Return the rows of the run's summary; the parts of a round robin are one row."""
    wanted: dict[str, list[str]] = {}
    for model, abbr in plan.combinations:
        wanted.setdefault(abbr, []).append(model)
    rows: list[RankedRow] = []
    for abbr, models in wanted.items():
        dataset = plan.datasets[abbr]
        judges = {judge.abbr: judge for judge in dataset.judges}
        seen: set[str] = set()
        for name, judge in dataset.rows():
            round_robin = judges[judge].round_robin if judge else ""
            if round_robin in seen:
                continue
            if round_robin:
                seen.add(round_robin)
                rows.append(_round_robin_row(dataset, round_robin, models))
                continue
            having = [model for model in models if (name, judge) in dataset.rows(model)]
            spec = RowSpec(name=name, dataset=abbr, judge=judge, models=having, shareable=dataset.shareable)
            rows.append(RankedRow(spec, models, [judges[judge]] if judge else [], dataset.score))
    return rows


def rankings_of(run: RunFolder, rows: Sequence[RankedRow], plan: str) -> tuple[list[Ranking], list[ModelDifference]]:
    """Return the ranking of every row with several models, and how its best model stands to the others.

    Each ranking is written; round robins get their results.

    Args:
        run: The run folder.
        rows: Its rows.
        plan: Name of the plan of this invocation.

    Raises:
        DiskError: A file cannot be written.
    """
    found: list[Ranking] = []
    differences: list[ModelDifference] = []
    plans = Plans(run)
    for row in rows:
        judge = row.judges[0] if row.judges else None
        ranking: Ranking | None
        if judge is not None and compared_name(judge):
            ranking, apart = _by_comparisons(run, row, judge, plans, plan)
        else:
            ranking, apart = _by_scores(run, row, judge, plans)
        differences += apart
        if ranking is not None:
            write_atomically(run.ranking(row.spec.name), json_bytes(ranking))
            found.append(ranking)
        else:
            run.ranking(row.spec.name).unlink(missing_ok=True)  # of results that are no longer there, or are stale
    return found, differences


def _round_robin_row(dataset: DatasetConfig, round_robin: str, models: Sequence[str]) -> RankedRow:
    parts = [judge for judge in dataset.judges if judge.round_robin == round_robin]
    playing = [model for model in models if any(model in (*one.tested_models, one.compare_with) for one in parts)]
    names = [row_name(dataset.abbr, one.abbr) for one in parts]
    logs = [log_file(stage, "{model}", name) for stage in ("eval", "infer") for name in names]
    logs.append(log_file("infer", "{model}", dataset.abbr))
    spec = RowSpec(
        name=row_name(dataset.abbr, round_robin),
        dataset=dataset.abbr,
        judge=round_robin,
        models=playing,
        logs=logs,
        shareable=dataset.shareable,
    )
    return RankedRow(spec, playing, parts)


def _by_comparisons(
    run: RunFolder, row: RankedRow, judge: JudgeConfig, plans: Plans, plan: str
) -> tuple[Ranking, list[ModelDifference]]:
    crossed_pairs, notes, stale = _crossed_pairs(run, row, plans)
    observed = [comparison for one in crossed_pairs for comparison in one.observed]
    baseline = "" if judge.round_robin else compared_name(judge)
    ranking = rank_by_comparisons(
        observed,
        models=[*row.models, *([baseline] if baseline else [])],
        dataset=row.spec.name,
        data_abbr=row.spec.dataset,
        judge=judge.round_robin or judge.abbr,
        baseline=baseline,
        notes=notes,
    )
    if judge.round_robin:
        _write_round_robin(run, row, judge.round_robin, crossed_pairs, ranking, "" if stale else plan)
    return ranking, differences_by_comparisons(ranking, observed)


def _write_round_robin(
    run: RunFolder, row: RankedRow, round_robin: str, crossed_pairs: Sequence[CrossedPair], ranking: Ranking, plan: str
) -> None:
    for entry in ranking.models:
        own = [one for one in crossed_pairs if entry.model in (one.result.model, one.compared_model)]
        path = run.result(entry.model, row.spec.name)
        if own:
            write_result(
                path, round_robin_result(entry, own, ranking, row=row.spec.name, round_robin=round_robin, plan=plan)
            )
        else:
            path.unlink(missing_ok=True)  # of an earlier attempt, of whose comparisons none is left


def _crossed_pairs(run: RunFolder, row: RankedRow, plans: Plans) -> tuple[list[CrossedPair], list[str], bool]:
    """Return a comparing judge's results with their comparisons, why others are left out, and whether any is stale."""
    found: list[CrossedPair] = []
    stale = False
    notes: list[str] = []
    for judge in row.judges:
        name = row_name(row.spec.dataset, judge.abbr)
        for model in row.models:
            if not judge.looks_at(model):
                continue
            against = f"{model} against {compared_name(judge)}"
            if not run.result(model, name).exists():
                notes.append(f"{against} is left out: there is no result")
                continue
            try:
                result = read_result(run.result(model, name), details=False)
                if why := plans.stale(result):
                    stale = True
                    notes.append(f"{against} is left out: {why}")
                    continue
                head, comparisons = read_comparisons(run.comparisons(model, name), version=result.version)
            except DataError as error:
                logger.warning("%s", error)
                notes.append(f"{against} is left out: {error.message.rstrip('.')}")
                continue
            observed = [
                Comparison(
                    model,
                    head.compared_model,
                    comparison.outcome,
                    comparison.weight,
                    comparison.id,
                    differences(comparison.style, comparison.other_style)
                    if comparison.style and comparison.other_style
                    else (),
                )
                for comparison in comparisons
            ]
            found.append(CrossedPair(result, head.compared_model, observed))
    return found, notes, stale


def _by_scores(
    run: RunFolder, row: RankedRow, judge: JudgeConfig | None, plans: Plans
) -> tuple[Ranking | None, list[ModelDifference]]:
    results = dict(_results(run, row, plans))
    by = next((result.headline for result in results.values()), "")
    metrics = {model: result.metrics[by] for model, result in results.items() if by in result.metrics}
    better = _better(row, by) if len(metrics) > 1 else None
    differences = differences_by_scores(run, row.spec.name, results, better)
    if better != "high":
        return None, differences  # less is better, or nobody has declared which end is good
    ranking = rank_by_scores(
        metrics,
        by=by,
        dataset=row.spec.name,
        data_abbr=row.spec.dataset,
        judge=judge.abbr if judge else None,
    )
    versions = {result.version for result in results.values()}
    notes = ["the versions differ, so the numbers are not comparable"] if len(versions) > 1 else []
    right = _decisions(run, row, results)
    ranking = msgspec.structs.replace(ranking, notes=notes)
    return (with_pairwise(ranking, right) if len(right) > 1 else ranking), differences


def _better(row: RankedRow, by: str) -> Better:
    """Return which end of a row's headline is good."""
    try:
        return score.better_of(row.score, by) if row.score is not None else named.better_of(by)
    except ConfigError as error:  # a module of the user's that cannot be imported any more
        logger.warning("%s", error)
        return None


def _decisions(run: RunFolder, row: RankedRow, results: Mapping[str, TaskResult]) -> dict[str, dict[SampleKey, bool]]:
    """Return, by judge under test and item, whether it was right; empty for rows that keep no such comparisons."""
    found: dict[str, dict[SampleKey, bool]] = {}
    for model, result in results.items():
        path = run.comparisons(model, row.spec.name)
        if path.exists():
            try:
                _, comparisons = read_comparisons(path, version=result.version)
            except DataError as error:
                logger.warning("%s", error)
                continue
            found[model] = {(comparison.id, comparison.repeat): comparison.outcome == 1 for comparison in comparisons}
    return found


def _results(run: RunFolder, row: RankedRow, plans: Plans) -> Iterable[tuple[str, TaskResult]]:
    for model in row.spec.models:
        path = run.result(model, row.spec.name)
        if path.exists():
            try:
                result = read_result(path, details=False)
                if not plans.stale(result):
                    yield model, result
            except DataError as error:
                logger.warning("%s", error)  # the summary shows the gap with this reason


async def run(task: Task) -> None:
    """Run the summarize task."""
    task.reporter.update(state="running")
    if task.plan.options.labels:
        from judgebench.trust.adding import add_labels, check_label_file

        add_labels(task.run, check_label_file(Path(task.plan.options.labels)))
    write_summary(task.run, task.plan)
    await _index(task)


async def _index(task: Task) -> None:
    """Make the index of a large run, so that who looks at it first need not wait; without one it is a run all the same.

    Raises:
        InterruptedRunError: The task is to end.
    """
    from judgebench.query import index_large_run

    task.reporter.update(state="writing")
    try:
        if await asyncio.to_thread(index_large_run, task.run.path, stop=task.interrupted.is_set):
            logger.info("the index of the items is made")
    except DiskError as error:
        logger.warning("the run has no index of its items yet: %s", error)


def write_summary(run: RunFolder, plan: Plan) -> SummaryFiles:
    """Write rankings and summary of a run anew, with what its labels make of the scores.

    Args:
        run: The run.
        plan: Of the invocation whose summary it is.

    Raises:
        DataError: Labels are damaged.
        DiskError: A file cannot be written.
    """
    rows = planned_rows(plan)
    rankings, differences = rankings_of(run, rows, plan.name)
    return summarize(
        run.path,
        timestamp=plan.timestamp,
        models=list(dict.fromkeys(model for model, _ in plan.combinations)),
        rows=[row.spec for row in rows],
        rankings=rankings,
        differences=differences,
        summarizer=plan.summarizer,
        plan=plan.name,
        corrected=_corrected(run),
    )


def _corrected(run: RunFolder) -> list[CorrectedScore]:
    """Return the scores that labels correct; a run without labels pays nothing for it."""
    if not (run.path / "labels").is_dir():
        return []
    from judgebench.trust.corrected import corrected_scores

    return corrected_scores(run)

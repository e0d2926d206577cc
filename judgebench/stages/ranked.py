"""Rankings over all models of a run: gathers the comparisons and scores of every row, and writes what they come to."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from judgebench.config.schema import DatasetConfig, JudgeConfig, Typed
from judgebench.errors import ConfigError, DataError
from judgebench.metrics import named, score
from judgebench.metrics.battles import Battle
from judgebench.metrics.direction import Better
from judgebench.metrics.ranked import Ranking
from judgebench.metrics.ranking import Item, rank_by_games, rank_by_scores, with_duels
from judgebench.metrics.style import differences
from judgebench.plan.spec import Plan
from judgebench.records import TaskResult
from judgebench.report.current import Plans
from judgebench.report.games_file import read_games
from judgebench.report.plaintext import json_bytes
from judgebench.report.results import read_result, write_result
from judgebench.report.schema import RowSpec
from judgebench.stages.league import Meeting, league_result
from judgebench.stages.opponents import opponent_name
from judgebench.store.journal import write_atomically
from judgebench.store.layout import RunFolder, log_file, row_name

logger = logging.getLogger(__name__)


class RankedRow(NamedTuple):
    """One row of the summary that models can be ranked by.

    Attributes:
        spec: The row as the summary plans it.
        models: All models of the ranking.
        judges: The judges whose results it holds: the parts of a league, else one, else none (a rule).
        score: The score that makes its figures, for a data set that names one.
    """

    spec: RowSpec
    models: list[str]
    judges: list[JudgeConfig]
    score: Typed | None = None


def planned_rows(plan: Plan) -> list[RankedRow]:
    """Return the rows of the run's summary; the parts of a league are one row."""
    asked: dict[str, list[str]] = {}
    for model, abbr in plan.combinations:
        asked.setdefault(abbr, []).append(model)
    rows: list[RankedRow] = []
    for abbr, models in asked.items():
        dataset = plan.datasets[abbr]
        judges = {judge.abbr: judge for judge in dataset.judges}
        seen: set[str] = set()
        for name, judge in dataset.rows():
            league = judges[judge].league if judge else ""
            if league in seen:
                continue
            if league:
                seen.add(league)
                rows.append(_league_row(dataset, league, models))
                continue
            having = [model for model in models if (name, judge) in dataset.rows(model)]
            spec = RowSpec(name=name, dataset=abbr, judge=judge, models=having)
            rows.append(RankedRow(spec, models, [judges[judge]] if judge else [], dataset.score))
    return rows


def rankings_of(run: RunFolder, rows: Sequence[RankedRow], plan: str) -> list[Ranking]:
    """Return the ranking of every row with several models, and write it; leagues get their results.

    Args:
        run: The run folder.
        rows: Its rows.
        plan: Name of the plan of this invocation.

    Raises:
        DiskError: A file cannot be written.
    """
    found = []
    plans = Plans(run)
    for row in rows:
        ranking = _ranking(run, row, plans, plan)
        if ranking is not None:
            write_atomically(run.ranking(row.spec.name), json_bytes(ranking))
            found.append(ranking)
        else:
            run.ranking(row.spec.name).unlink(missing_ok=True)  # of results that are no longer there, or are stale
    return found


def _league_row(dataset: DatasetConfig, league: str, models: Sequence[str]) -> RankedRow:
    parts = [judge for judge in dataset.judges if judge.league == league]
    playing = [model for model in models if any(model in (*one.players, one.compare_with) for one in parts)]
    names = [row_name(dataset.abbr, one.abbr) for one in parts]
    logs = [log_file(stage, "{model}", name) for stage in ("eval", "infer") for name in names]
    logs.append(log_file("infer", "{model}", dataset.abbr))
    spec = RowSpec(name=row_name(dataset.abbr, league), dataset=dataset.abbr, judge=league, models=playing, logs=logs)
    return RankedRow(spec, playing, parts)


def _ranking(run: RunFolder, row: RankedRow, plans: Plans, plan: str) -> Ranking | None:
    judge = row.judges[0] if row.judges else None
    if judge is None or not opponent_name(judge):
        return _by_scores(run, row, judge, plans)
    meetings, notes, stale = _meetings(run, row, plans)
    battles = [battle for one in meetings for battle in one.battles]
    baseline = "" if judge.league else opponent_name(judge)
    ranking = rank_by_games(
        battles,
        models=[*row.models, *([baseline] if baseline else [])],
        dataset=row.spec.name,
        data_abbr=row.spec.dataset,
        judge=judge.league or judge.abbr,
        baseline=baseline,
        notes=notes,
    )
    if judge.league:
        _write_league(run, row, judge.league, meetings, ranking, "" if stale else plan)
    return ranking


def _write_league(
    run: RunFolder, row: RankedRow, league: str, meetings: Sequence[Meeting], ranking: Ranking, plan: str
) -> None:
    for entry in ranking.models:
        own = [one for one in meetings if entry.model in (one.result.model, one.opponent)]
        path = run.result(entry.model, row.spec.name)
        if own:
            write_result(path, league_result(entry, own, ranking, row=row.spec.name, league=league, plan=plan))
        else:
            path.unlink(missing_ok=True)  # of an earlier attempt, of whose games none is left


def _meetings(run: RunFolder, row: RankedRow, plans: Plans) -> tuple[list[Meeting], list[str], bool]:
    """Return the results of a comparing judge with their games, why others are left out, and whether any is stale."""
    found: list[Meeting] = []
    stale = False
    notes: list[str] = []
    for judge in row.judges:
        name = row_name(row.spec.dataset, judge.abbr)
        for model in row.models:
            if not judge.looks_at(model):
                continue
            against = f"{model} against {opponent_name(judge)}"
            if not run.result(model, name).exists():
                notes.append(f"{against} is left out: there is no result")
                continue
            try:
                result = read_result(run.result(model, name), details=False)
                if why := plans.stale(result):
                    stale = True
                    notes.append(f"{against} is left out: {why}")
                    continue
                head, games = read_games(run.games(model, name), version=result.version)
            except DataError as error:
                logger.warning("%s", error)
                notes.append(f"{against} is left out: {error.message.rstrip('.')}")
                continue
            battles = [
                Battle(
                    model,
                    head.opponent,
                    game.outcome,
                    game.weight,
                    game.id,
                    differences(game.style, game.opposing_style) if game.style and game.opposing_style else (),
                )
                for game in games
            ]
            found.append(Meeting(result, head.opponent, battles))
    return found, notes, stale


def _by_scores(run: RunFolder, row: RankedRow, judge: JudgeConfig | None, plans: Plans) -> Ranking | None:
    results = dict(_results(run, row, plans))
    by = next((result.headline for result in results.values()), "")
    if not by or _better(row, by) != "high":
        return None  # less is better, or nobody has declared which end is good
    metrics = {model: result.metrics[by] for model, result in results.items() if by in result.metrics}
    if len(metrics) < 2:
        return None
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
    return with_duels(ranking, right) if len(right) > 1 else ranking


def _better(row: RankedRow, by: str) -> Better:
    """Return which end of a row's headline is good."""
    try:
        return score.better_of(row.score, by) if row.score is not None else named.better_of(by)
    except ConfigError as error:  # a module of the user's that cannot be imported any more
        logger.warning("%s", error)
        return None


def _decisions(run: RunFolder, row: RankedRow, results: Mapping[str, TaskResult]) -> dict[str, dict[Item, bool]]:
    """Return, by judge under test and item, whether it was right; empty for rows that keep no such games."""
    found: dict[str, dict[Item, bool]] = {}
    for model, result in results.items():
        path = run.games(model, row.spec.name)
        if path.exists():
            try:
                _, games = read_games(path, version=result.version)
            except DataError as error:
                logger.warning("%s", error)
                continue
            found[model] = {(game.id, game.repeat): game.outcome == 1 for game in games}
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

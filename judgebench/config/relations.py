"""What judges have to do with each other and with the run's models: members of panels, models compared with."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from judgebench import plugins
from judgebench.config.schema import DatasetConfig, JudgeConfig
from judgebench.errors import ConfigError
from judgebench.store.layout import in_league

EVERY_MODEL = "all"
"""``opponents`` of a judge that compares every two models of the run."""
FIRST_MODEL = "first"
"""``compare_with`` of a judge that compares with the first model of the run."""


def with_members(dataset: DatasetConfig) -> DatasetConfig:
    """Return a data set whose panels name their members: by default all judges beside them that ask a model.

    Raises:
        ConfigError: A member is no judge of the data set, is a panel itself, or there is none.
    """
    judges = [_with_members(judge, dataset) if is_panel(judge) else judge for judge in dataset.judges]
    for judge in judges:
        if judge.members and not is_panel(judge):
            raise ConfigError(
                f"judges.{judge.abbr}.members: {judge.method.type} is no panel, so it has no members.",
                hint="Write method=dict(type=Panel, ...), or leave members out.",
            )
    return msgspec.structs.replace(dataset, judges=judges) if judges else dataset


def with_opponents(dataset: DatasetConfig, combinations: Sequence[tuple[str, str]]) -> DatasetConfig:
    """Return a data set whose comparing judges name the model that they compare with.

    Args:
        dataset: The data set.
        combinations: ``(model, data set)`` pairs of the run.

    Raises:
        ConfigError: The model does not answer the data set in this run, or is the only one that does.
    """
    models = [model for model, abbr in combinations if abbr == dataset.abbr]
    judges: list[JudgeConfig] = []
    for judge in dataset.judges:
        for abbr in judge.members:
            _check_member(abbr, judge, dataset)
        if judge.opponents:
            judges += _league(judge, dataset, models)
        else:
            judges.append(_with_opponent(judge, dataset, models) if judge.compare_with else judge)
    return msgspec.structs.replace(dataset, judges=judges) if judges else dataset


def is_panel(judge: JudgeConfig) -> bool:
    """Whether a judge folds the verdicts of others."""
    return bool(plugins.load(judge.method.type, "judges").folds_verdicts)


def asks(judge: JudgeConfig) -> bool:
    """Whether a judge's method asks a model."""
    return bool(plugins.load(judge.method.type, "judges").asks)


def _with_members(panel: JudgeConfig, dataset: DatasetConfig) -> JudgeConfig:
    others = {judge.abbr: judge for judge in dataset.judges if not is_panel(judge)}
    members = panel.members or [abbr for abbr, judge in others.items() if asks(judge)]
    strange = [abbr for abbr in members if abbr not in others]
    if strange:
        raise ConfigError(
            f"judges.{panel.abbr}.members: {strange[0]!r} is no other judge of the data set {dataset.abbr!r}.",
            hint=f"Its judges: {', '.join(others) or 'none'}.",
        )
    if not members:
        raise ConfigError(
            f"judges.{panel.abbr}: a panel needs judges beside it, and the data set {dataset.abbr!r} has none.",
            hint=f"Name them too: --judges FIRST SECOND {panel.abbr}",
        )
    return msgspec.structs.replace(panel, members=members)


def _league(judge: JudgeConfig, dataset: DatasetConfig, models: Sequence[str]) -> list[JudgeConfig]:
    """Return a judge for each opponent, such that every pair of models meets once.

    Of two models that could each be the other's opponent, the one whose abbr sorts first is the player. That depends
    on nothing else, so what was asked stays where it is when models are added to the run or named in another order.
    """
    everyone = judge.opponents == [EVERY_MODEL] and EVERY_MODEL not in models
    named = list(models) if everyone else [_opponent(name, judge, dataset, models) for name in judge.opponents]
    if everyone:
        _opponent(models[0] if models else EVERY_MODEL, judge, dataset, models)
    meetings = {tuple(sorted((model, name))) for model in models for name in named if model != name}
    return [
        msgspec.structs.replace(
            judge,
            abbr=in_league(judge.abbr, opponent),
            league=judge.abbr,
            compare_with=opponent,
            players=[model for model in models if (model, opponent) in meetings],
            members=[in_league(abbr, opponent) for abbr in judge.members],
        )
        for opponent in sorted({opponent for _, opponent in meetings})
    ]


def _check_member(abbr: str, panel: JudgeConfig, dataset: DatasetConfig) -> None:
    member = next(judge for judge in dataset.judges if judge.abbr == abbr)
    if member.opponents != panel.opponents:
        raise ConfigError(
            f"judges.{panel.abbr}.members: {abbr!r} does not compare with the same models as the panel.",
            hint="Give both the same compare_with.",
        )


def _with_opponent(judge: JudgeConfig, dataset: DatasetConfig, models: Sequence[str]) -> JudgeConfig:
    return msgspec.structs.replace(judge, compare_with=_opponent(judge.compare_with, judge, dataset, models))


def _opponent(opponent: str, judge: JudgeConfig, dataset: DatasetConfig, models: Sequence[str]) -> str:
    """Return the abbr of a model to compare with; it must be one of at least two that answer the data set."""
    if opponent == FIRST_MODEL and opponent not in models and models:
        opponent = models[0]
    where = f"judges.{judge.abbr}.compare_with"
    if dataset.method is not None:
        raise ConfigError(f"{where}: {dataset.abbr!r} is a benchmark of judges; its items bring their answers along.")
    if opponent not in models:
        raise ConfigError(
            f"{where}: {opponent!r} does not answer the data set {dataset.abbr!r} in this run.",
            hint=f"Models that do: {', '.join(models) or 'none'}.",
        )
    if len(models) < 2:
        raise ConfigError(
            f"{where}: there is no other model to compare with {opponent!r}.", hint="Name two with --models A B."
        )
    return opponent

"""What judges have to do with each other and with the run's models: members of panels, models compared with."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from judgebench import plugins
from judgebench.config.schema import DatasetConfig, JudgeConfig
from judgebench.errors import ConfigError

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
    judges = [_with_opponent(judge, dataset, models) if judge.compare_with else judge for judge in dataset.judges]
    return msgspec.structs.replace(dataset, judges=judges) if judges else dataset


def is_panel(judge: JudgeConfig) -> bool:
    """Whether a judge folds the verdicts of others."""
    return bool(getattr(plugins.load(judge.method.type), "folds_verdicts", False))


def asks(judge: JudgeConfig) -> bool:
    """Whether a judge's method asks a model."""
    return bool(getattr(plugins.load(judge.method.type), "asks", True))


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


def _with_opponent(judge: JudgeConfig, dataset: DatasetConfig, models: Sequence[str]) -> JudgeConfig:
    opponent = judge.compare_with
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
    return msgspec.structs.replace(judge, compare_with=opponent)

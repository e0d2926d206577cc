"""What judges have to do with each other and with the run's models: members of panels, models compared with."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from judgebench import plugins
from judgebench.errors import ConfigError
from judgebench.records.run import DatasetConfig, JudgeConfig
from judgebench.store.run_folder import in_round_robin

EVERY_MODEL = "all"
"""``compared_models`` of a judge that compares every two models of the run."""
FIRST_MODEL = "first"
"""``compare_with`` of a judge that compares with the first model of the run."""


def with_members(dataset: DatasetConfig) -> DatasetConfig:
    """Return a dataset whose panels name their members: by default all judges beside them that ask a model.

    Raises:
        ConfigError: A member is no judge of the dataset, is a panel itself, or there is none.
    """
    judges = [_with_members(judge, dataset) if is_panel(judge) else judge for judge in dataset.judges]
    for judge in judges:
        if judge.members and not is_panel(judge):
            raise ConfigError(
                f"judges.{judge.abbr}.members: {judge.method.type} is not a panel, so it has no members.",
                hint="Write method=dict(type=Panel, ...), or leave members out.",
            )
    return msgspec.structs.replace(dataset, judges=judges) if judges else dataset


def with_compared_models(dataset: DatasetConfig, combinations: Sequence[tuple[str, str]]) -> DatasetConfig:
    """Return a dataset whose comparing judges name the model that they compare with.

    Args:
        dataset: The dataset.
        combinations: ``(model, dataset)`` pairs of the run.

    Raises:
        ConfigError: The model does not answer the dataset in this run, or is the only one that does.
    """
    models = [model for model, abbr in combinations if abbr == dataset.abbr]
    judges: list[JudgeConfig] = []
    for judge in dataset.judges:
        for abbr in judge.members:
            _check_member(abbr, judge, dataset)
        if judge.compared_models:
            judges += _round_robin(judge, dataset, models)
        else:
            judges.append(_with_compared_model(judge, dataset, models) if judge.compare_with else judge)
    return msgspec.structs.replace(dataset, judges=judges) if judges else dataset


def is_panel(judge: JudgeConfig) -> bool:
    """Whether a judge aggregates the verdicts of others."""
    return bool(plugins.load(judge.method.type, "judges").aggregates_verdicts)


def asks(judge: JudgeConfig) -> bool:
    """Whether a judge's method asks a model."""
    return bool(plugins.load(judge.method.type, "judges").asks)


def _with_members(panel: JudgeConfig, dataset: DatasetConfig) -> JudgeConfig:
    others = {judge.abbr: judge for judge in dataset.judges if not is_panel(judge)}
    members = panel.members or [abbr for abbr, judge in others.items() if asks(judge)]
    strange = [abbr for abbr in members if abbr not in others]
    if strange:
        raise ConfigError(
            f"judges.{panel.abbr}.members: {strange[0]!r} is not another judge of the dataset {dataset.abbr!r}.",
            hint=f"Its judges: {', '.join(others) or 'none'}.",
        )
    if not members:
        raise ConfigError(
            f"judges.{panel.abbr}: a panel needs judges beside it, and the dataset {dataset.abbr!r} has none.",
            hint=f"Name them too: --judges FIRST SECOND {panel.abbr}",
        )
    return msgspec.structs.replace(panel, members=members)


def _round_robin(judge: JudgeConfig, dataset: DatasetConfig, models: Sequence[str]) -> list[JudgeConfig]:
    """Return a judge for each compared model, such that every pair of models is compared once.

    Of two models that could each be the other's compared model, the one whose abbr sorts first is the tested model.
    That depends on nothing else, so what was asked stays where it is when models are added to the run or named in
    another order.
    """
    everyone = judge.compared_models == [EVERY_MODEL] and EVERY_MODEL not in models
    named = (
        list(models) if everyone else [_compared_model(name, judge, dataset, models) for name in judge.compared_models]
    )
    if everyone:
        _compared_model(models[0] if models else EVERY_MODEL, judge, dataset, models)
    crossed_pairs = {tuple(sorted((model, name))) for model in models for name in named if model != name}
    return [
        msgspec.structs.replace(
            judge,
            abbr=in_round_robin(judge.abbr, compared_model),
            round_robin=judge.abbr,
            compare_with=compared_model,
            tested_models=[model for model in models if (model, compared_model) in crossed_pairs],
            members=[in_round_robin(abbr, compared_model) for abbr in judge.members],
        )
        for compared_model in sorted({compared_model for _, compared_model in crossed_pairs})
    ]


def _check_member(abbr: str, panel: JudgeConfig, dataset: DatasetConfig) -> None:
    member = next(judge for judge in dataset.judges if judge.abbr == abbr)
    if member.compared_models != panel.compared_models:
        raise ConfigError(
            f"judges.{panel.abbr}.members: {abbr!r} does not compare with the same models as the panel.",
            hint="Give both the same compare_with.",
        )


def _with_compared_model(judge: JudgeConfig, dataset: DatasetConfig, models: Sequence[str]) -> JudgeConfig:
    return msgspec.structs.replace(judge, compare_with=_compared_model(judge.compare_with, judge, dataset, models))


def _compared_model(compared_model: str, judge: JudgeConfig, dataset: DatasetConfig, models: Sequence[str]) -> str:
    """Return the abbr of a model to compare with; it must be one of at least two that answer the dataset."""
    if compared_model == FIRST_MODEL and compared_model not in models and models:
        compared_model = models[0]
    where = f"judges.{judge.abbr}.compare_with"
    if dataset.method is not None:
        raise ConfigError(f"{where}: {dataset.abbr!r} is a benchmark of judges; its items bring their answers along.")
    if compared_model not in models:
        raise ConfigError(
            f"{where}: {compared_model!r} does not answer the dataset {dataset.abbr!r} in this run.",
            hint=f"Models that do: {', '.join(models) or 'none'}.",
        )
    if len(models) < 2:
        raise ConfigError(
            f"{where}: there is no other model to compare with {compared_model!r}.", hint="Name two with --models A B."
        )
    return compared_model

"""From the names of the command line to a checked ``RunConfig``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from judgebench.config.checks import Declared, checked, refuse_twins
from judgebench.config.custom import custom_dataset
from judgebench.config.dataset import (
    judge_of_model,
    merge,
    named_judge,
    replaced,
    resolve_dataset,
    resolve_judge,
    take_judges,
)
from judgebench.config.executor import chosen_executor, refuse_held, refuse_unreached, resolved_executor
from judgebench.config.files import PlainConfig, declared_in, declares, load_file, summarizer_in
from judgebench.config.listeners import chosen_listeners, resolved_listener
from judgebench.config.model import SecretStore, resolve_model
from judgebench.config.overrides import apply_overrides
from judgebench.config.own_judge import with_own_judge
from judgebench.config.predictions import answered, with_rubric
from judgebench.config.registry import Kind, Registry, split_suffix
from judgebench.config.relations import with_compared_models, with_members
from judgebench.errors import ConfigError, UnknownNameError, UsageError
from judgebench.records.request import Selection
from judgebench.records.run import DatasetConfig, JudgeConfig, RunConfig, SummarizerConfig, row_name

GIVEN = "judgebench.run"
"""What errors and notes name instead of a file, for configs made in Python."""
_JUDGE_ONLY = {"judge_model", "method", "members"}
"""A judge made in Python has one of these keys; without them it is the config of a model that is to judge."""


class DatasetWithJudges(NamedTuple):
    """A declared dataset and the judges that are to look at answers to it."""

    dataset: Declared
    judges: list[Declared]


class Declarations(NamedTuple):
    """All that a run is made of, before it is checked; overrides are laid over it already.

    Attributes:
        combinations: The file's ``model_dataset_combinations``; ``None`` combines all with all.
        executor: Where the tasks run.
        listeners: What hears the run.
    """

    models: list[Declared]
    datasets: list[DatasetWithJudges]
    summarizer: Declared
    combinations: Any
    executor: Declared
    listeners: list[Declared]

    def all(self) -> list[Declared]:
        """Return every declared object."""
        parts = [one for dataset, judges in self.datasets for one in (dataset, *judges)]
        return [*self.models, *parts, self.summarizer, self.executor, *self.listeners]


def load_run(selection: Selection, environ: Mapping[str, str] | None = None) -> RunConfig:
    """Return the run that the command line selects, resolved and checked.

    Args:
        selection: Names, files, overrides.
        environ: Where ``${NAME}`` is looked up; the process environment by default.

    Raises:
        UsageError: Nothing to run was named.
        UnknownNameError: A name that is not registered.
        ConfigError: A file, key or value that cannot be used; two objects with one abbr.
        PrerequisiteError: A value's environment variable is not set.
    """
    env = os.environ if environ is None else environ
    declared = declare(selection)
    secrets = SecretStore(env)
    models = _resolve_models(declared.models, env, secrets)
    datasets, sources = _resolve_datasets(declared.datasets, env, secrets)
    combinations = _combinations(declared.combinations, [*models], [*datasets], selection.config)
    datasets = {abbr: with_compared_models(one, combinations) for abbr, one in datasets.items()}
    executor = resolved_executor(declared.executor, env)
    refuse_unreached(executor, models, datasets)
    held = refuse_held(executor, models, datasets)
    _refuse_row_twins(datasets)  # round robins have a row for each compared model
    sources |= {f"models.{one.data['abbr']}": one.file for one in declared.models}
    sources["summarizer"] = declared.summarizer.file
    summarizer = checked(declared.summarizer.data, SummarizerConfig, declared.summarizer, env)
    return RunConfig(
        models=models,
        datasets=datasets,
        summarizer=msgspec.convert(summarizer, SummarizerConfig),
        combinations=combinations,
        sources=sources,
        secrets=secrets.values,
        notes=_notes(declared),
        executor=executor,
        in_caller=bool(held),
        listeners={one.abbr: resolved_listener(one, env) for one in declared.listeners},
    )


class ResolvedJudges(NamedTuple):
    """Judges without a dataset, for one judgment by hand, and what their references to secrets stand for."""

    judges: list[JudgeConfig]
    secrets: dict[str, str]


def load_judges(selection: Selection, environ: Mapping[str, str] | None = None) -> ResolvedJudges:
    """Return the judges that a selection names, resolved and checked; errors are those of ``load_run``."""
    env = os.environ if environ is None else environ
    registry = Registry(selection.config_dirs)
    chosen = _chosen_judges(selection, registry, "", {})
    apply_overrides(selection.overrides, chosen)
    secrets = SecretStore(env)
    return ResolvedJudges(_resolve_judges(chosen, env, secrets), secrets.values)


class ResolvedModels(NamedTuple):
    """Models without a dataset, by abbr, and what their references to secrets stand for."""

    models: dict[str, dict[str, Any]]
    secrets: dict[str, str]


def load_models(selection: Selection, environ: Mapping[str, str] | None = None) -> ResolvedModels:
    """Return the models that a selection names, resolved and checked; errors are those of ``load_run``."""
    env = os.environ if environ is None else environ
    declared = _models(selection, Registry(selection.config_dirs), "", {})
    apply_overrides(selection.overrides, declared)
    secrets = SecretStore(env)
    return ResolvedModels(_resolve_models(declared, env, secrets), secrets.values)


def declare(selection: Selection) -> Declarations:
    """Read the selected files and return what they declare, overrides laid over it; nothing is checked yet.

    Raises:
        UsageError: No model, or neither a dataset nor a data file, was named.
        UnknownNameError: A name that is not registered, or an override of an abbr that is not there.
        ConfigError: A file that cannot be read.
    """
    registry = Registry(selection.config_dirs)
    file, variables = _config_file(selection.config)
    if selection.predictions:
        found = answered(selection.predictions, ruled=selection.rubric is None)
        models, declared_datasets = found.models, [found.dataset]
    else:
        models = _models(selection, registry, file, variables)
        declared_datasets = _datasets(selection, registry, file, variables)
    datasets = [DatasetWithJudges(one, take_judges(one)) for one in declared_datasets]
    chosen = _chosen_judges(selection, registry, file, variables)
    if chosen:
        datasets = [DatasetWithJudges(one, _judges_of(one, own, chosen, selection)) for one, own in datasets]
    named = selection.models or selection.datasets or selection.given.keys() & {"models", "datasets", "judges"}
    combinations = None if named else variables.get("model_dataset_combinations")
    summarizer = _summarizer(selection, registry, file, variables)
    given = [Declared("executor", one.data, one.file) for one in _given(selection, "executors")]
    executor = chosen_executor(selection.executor, given, registry, file, variables)
    listeners = chosen_listeners(selection.listeners, registry, file, variables)
    declared = Declarations(models, datasets, summarizer, combinations, executor, listeners)
    apply_overrides(selection.overrides, declared.all())
    return declared


def _judges_of(dataset: Declared, own: list[Declared], chosen: list[Declared], selection: Selection) -> list[Declared]:
    """Return the judges that ``--judges`` gives a dataset, as ``--rubric`` has them score."""
    if selection.rubric is None:
        return replaced(own, chosen)
    named = [selection.predictions, selection.custom.path if selection.custom else ""]
    given = {str(Path(path).expanduser().resolve()) for path in named if path}
    return with_rubric(chosen, selection.rubric, dataset, own=dataset.file in given)


def _notes(declared: Declarations) -> list[str]:
    """Return which types of another benchmark runner were taken for which of ours."""
    taken = {name: ours for one in declared.all() for name, ours in one.taken_for.items()}
    return [f"{name} is taken for {ours}" for name, ours in taken.items()]


def _config_file(path: str) -> tuple[str, PlainConfig]:
    if not path:
        return "", {}
    if not Path(path).is_file():
        hint = "Registered configs are named with --models and --datasets; see them with: jb --list"
        raise UsageError(f"The config file {path!r} does not exist.", hint=hint)
    return str(Path(path).resolve()), load_file(Path(path).resolve())


def _models(selection: Selection, registry: Registry, file: str, variables: PlainConfig) -> list[Declared]:
    found = [one for name in dict.fromkeys(selection.models) for one in _by_name(registry, "models", name)]
    if found := [*found, *_given(selection, "models")]:
        return found
    if file and declares("models", variables):
        return declared_in("models", variables, file)
    raise UsageError("No model is named.", hint="Name one with --models; see all with: jb --list")


def _datasets(selection: Selection, registry: Registry, file: str, variables: PlainConfig) -> list[Declared]:
    found = [one for name in dict.fromkeys(selection.datasets) for one in _by_name(registry, "datasets", name)]
    found += _given(selection, "datasets")
    if selection.custom:
        found.append(custom_dataset(selection.custom))
    if not found and file and declares("datasets", variables):
        found = declared_in("datasets", variables, file)
    if not found:
        raise UsageError(
            "No dataset is named.", hint="Name one with --datasets or --custom-dataset-path; see all with: jb --list"
        )
    return found


def _chosen_judges(selection: Selection, registry: Registry, file: str, variables: PlainConfig) -> list[Declared]:
    given = _given(selection, "judges")
    if not selection.judges and not given:
        return (
            [named_judge(one) for one in declared_in("judges", variables, file)]
            if file and declares("judges", variables)
            else []
        )
    chosen = []
    for name in dict.fromkeys(selection.judges):
        if _is_model(registry, name):
            chosen += [judge_of_model(one) for one in _by_name(registry, "models", name)]
        else:
            chosen += [named_judge(one) for one in _by_name(registry, "judges", name)]
    chosen += [named_judge(one) if _JUDGE_ONLY & one.data.keys() else judge_of_model(one) for one in given]
    refuse_twins(chosen)
    return chosen


def _given(selection: Selection, kind: Kind) -> list[Declared]:
    """Return the configs of a kind that were made in Python."""
    given = selection.given.get(kind, [])
    return [Declared(kind, deepcopy(one), GIVEN, position) for position, one in enumerate(given)]


def _is_model(registry: Registry, name: str) -> bool:
    """Whether a name given as a judge means a model config: no judge config has it, and a model config does."""
    stem, _ = split_suffix(name)
    if name.endswith(".py") or registry.named("judges", stem):
        return False
    if registry.named("models", stem):
        return True
    return not registry.brought("judges", stem) and bool(registry.brought("models", stem))


def _summarizer(selection: Selection, registry: Registry, file: str, variables: PlainConfig) -> Declared:
    if file and selection.summarizer == "default" and isinstance(variables.get("summarizer"), dict):
        return summarizer_in(variables, file)
    stem, key = split_suffix(selection.summarizer)
    found = registry.find("summarizers", stem)
    return summarizer_in(load_file(found.path), str(found.path), key)


def _by_name(registry: Registry, kind: Any, name: str) -> list[Declared]:
    stem, suffix = split_suffix(name)
    found = registry.find(kind, stem)
    declared = declared_in(kind, load_file(found.path), str(found.path), suffix)
    return with_own_judge(declared, registry) if found.shipped and kind != "models" else declared


def _resolve_models(
    declared: list[Declared], environ: Mapping[str, str], secrets: SecretStore
) -> dict[str, dict[str, Any]]:
    refuse_twins(declared)
    models: dict[str, dict[str, Any]] = {}
    for one in declared:
        model = resolve_model(one, environ, secrets)
        _refuse_case_twin(model["abbr"], models, "models")
        models[model["abbr"]] = model
    return models


def _resolve_datasets(
    declared: list[DatasetWithJudges], environ: Mapping[str, str], secrets: SecretStore
) -> tuple[dict[str, DatasetConfig], dict[str, str]]:
    datasets: dict[str, DatasetConfig] = {}
    sources: dict[str, str] = {}
    for one, judges in declared:
        resolved = with_members(resolve_dataset(one, environ, _resolve_judges(judges, environ, secrets)))
        _refuse_case_twin(resolved.abbr, datasets, "datasets")
        key = f"datasets.{resolved.abbr}"
        if resolved.abbr in datasets:
            resolved = merge(datasets[resolved.abbr], resolved, sources[key], one.file)
        datasets[resolved.abbr] = resolved
        sources.setdefault(key, one.file)
        for judge in judges:
            sources.setdefault(f"judges.{resolved.abbr}.{judge.data['abbr']}", judge.file)
    _refuse_row_twins(datasets)
    return datasets, sources


def _resolve_judges(declared: list[Declared], environ: Mapping[str, str], secrets: SecretStore) -> list[Any]:
    judges = {}
    for one in declared:
        judge = resolve_judge(one, environ, secrets)
        if judge.abbr in judges:
            raise one.error("abbr", "is the name of two judges of one dataset.", hint="Give one another abbr.")
        judges[judge.abbr] = judge
    return list(judges.values())


def _refuse_case_twin(abbr: str, known: Mapping[str, object], what: str) -> None:
    """Refuse names that would be one file where the file system ignores case."""
    twin = next((one for one in known if one.lower() == abbr.lower() and one != abbr), None)
    if twin:
        raise ConfigError(
            f"Two {what} are named {twin!r} and {abbr!r}, which is one file on some file systems.",
            hint="Give one of them another abbr.",
        )


def _refuse_row_twins(datasets: Mapping[str, DatasetConfig]) -> None:
    """Refuse datasets and judged rows of one name: they would write the same files."""
    owners = {abbr: f"the dataset {abbr!r}" for abbr in datasets}
    for dataset in datasets.values():
        for judge in dataset.judges:
            row = row_name(dataset.abbr, judge.abbr)
            owner = f"the judge {judge.abbr!r} of the dataset {dataset.abbr!r}"
            if row in owners:
                raise ConfigError(
                    f"{owners[row][0].upper()}{owners[row][1:]} and {owner} would both make the row {row!r}.",
                    hint="Give one of them another abbr.",
                )
            owners[row] = owner


def _combinations(declared: Any, models: list[str], datasets: list[str], file: str) -> list[tuple[str, str]]:
    if declared is None:
        return [(model, dataset) for model in models for dataset in datasets]
    if not isinstance(declared, list) or not all(isinstance(one, dict) for one in declared):
        raise ConfigError(f"{file}: model_dataset_combinations must be a list of dict(models=[...], datasets=[...]).")
    pairs = [
        (model, dataset)
        for one in declared
        for model in _abbrs(one, "models", models, file)
        for dataset in _abbrs(one, "datasets", datasets, file)
    ]
    return list(dict.fromkeys(pairs))


def _abbrs(combination: dict[str, Any], key: str, known: list[str], file: str) -> Iterator[str]:
    for one in combination.get(key, []):
        abbr = one.get("abbr") if isinstance(one, dict) else one
        if abbr not in known:
            raise UnknownNameError(
                f"{file}: model_dataset_combinations names {abbr!r}, which is not among the {key} of the file.",
                hint=f"There are: {', '.join(known)}.",
            )
        yield abbr

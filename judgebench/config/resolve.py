"""From the names of the command line to a checked ``RunConfig``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from judgebench.config.check import checked
from judgebench.config.custom import custom_dataset
from judgebench.config.dataset import merge, resolve_dataset
from judgebench.config.judge import judge_of_model, named_judge, replaced, resolve_judge, take_judges
from judgebench.config.load import PlainConfig, load_file
from judgebench.config.model import resolve_model
from judgebench.config.override import apply_overrides, parse_override
from judgebench.config.place import Declared
from judgebench.config.registry import Registry, split_suffix
from judgebench.config.relations import with_members, with_opponents
from judgebench.config.schema import DatasetConfig, RunConfig, SummarizerConfig
from judgebench.config.secrets import SecretStore
from judgebench.config.select import declared_in, declares, summarizer_in
from judgebench.errors import ConfigError, UnknownNameError, UsageError
from judgebench.plan.request import Selection
from judgebench.store.layout import row_name


class DatasetWithJudges(NamedTuple):
    """A declared data set and the judges that are to look at answers to it."""

    dataset: Declared
    judges: list[Declared]


class Declarations(NamedTuple):
    """All that a run is made of, before it is checked; overrides are laid over it already.

    Attributes:
        combinations: The file's ``model_dataset_combinations``; ``None`` combines all with all.
    """

    models: list[Declared]
    datasets: list[DatasetWithJudges]
    summarizer: Declared
    combinations: Any

    def all(self) -> list[Declared]:
        """Return every declared object."""
        parts = [one for dataset, judges in self.datasets for one in (dataset, *judges)]
        return [*self.models, *parts, self.summarizer]


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
    datasets = {abbr: with_opponents(one, combinations) for abbr, one in datasets.items()}
    _refuse_row_twins(datasets)  # leagues have a row for each opponent
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
    )


def declare(selection: Selection) -> Declarations:
    """Read the selected files and return what they declare, overrides laid over it; nothing is checked yet.

    Raises:
        UsageError: No model, or neither a data set nor a data file, was named.
        UnknownNameError: A name that is not registered, or an override of an abbr that is not there.
        ConfigError: A file that cannot be read.
    """
    registry = Registry(selection.config_dirs)
    file, variables = _config_file(selection.config)
    models = _models(selection, registry, file, variables)
    datasets = [DatasetWithJudges(one, take_judges(one)) for one in _datasets(selection, registry, file, variables)]
    chosen = _chosen_judges(selection, registry, file, variables)
    if chosen:
        datasets = [DatasetWithJudges(dataset, replaced(own, chosen)) for dataset, own in datasets]
    combinations = None if selection.models or selection.datasets else variables.get("model_dataset_combinations")
    declared = Declarations(models, datasets, _summarizer(selection, registry, file, variables), combinations)
    apply_overrides([parse_override(text) for text in selection.overrides], declared.all())
    return declared


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
    if selection.models:
        return [one for name in dict.fromkeys(selection.models) for one in _by_name(registry, "models", name)]
    if file and declares("models", variables):
        return declared_in("models", variables, file)
    raise UsageError("No model is named.", hint="Name one with --models; see all with: jb --list")


def _datasets(selection: Selection, registry: Registry, file: str, variables: PlainConfig) -> list[Declared]:
    found = [one for name in dict.fromkeys(selection.datasets) for one in _by_name(registry, "datasets", name)]
    if selection.custom:
        found.append(custom_dataset(selection.custom))
    if not found and file and declares("datasets", variables):
        found = declared_in("datasets", variables, file)
    if not found:
        raise UsageError(
            "No data set is named.", hint="Name one with --datasets or --custom-dataset-path; see all with: jb --list"
        )
    return found


def _chosen_judges(selection: Selection, registry: Registry, file: str, variables: PlainConfig) -> list[Declared]:
    if not selection.judges:
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
    seen: dict[str, Declared] = {}
    for judge in chosen:
        if seen.setdefault(judge.abbr, judge) is not judge:
            raise ConfigError(
                f"Two judges are named {judge.abbr!r}: {seen[judge.abbr].file} and {judge.file}.",
                hint="Give one of them another abbr.",
            )
    return chosen


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
    return declared_in(kind, load_file(found.path), str(found.path), suffix)


def _resolve_models(
    declared: list[Declared], environ: Mapping[str, str], secrets: SecretStore
) -> dict[str, dict[str, Any]]:
    models: dict[str, dict[str, Any]] = {}
    files: dict[str, str] = {}
    for one in declared:
        model = resolve_model(one, environ, secrets)
        abbr = model["abbr"]
        _refuse_case_twin(abbr, models, "models")
        if abbr in models:
            if files[abbr] == one.file:
                raise ConfigError(f"{one.file} declares two models named {abbr!r}.", hint="Give one another abbr.")
            raise ConfigError(
                f"Two models are named {abbr!r}: {files[abbr]} and {one.file}.",
                hint=f"Give one of them another abbr, for example --override models.{abbr}.abbr={abbr}-2",
            )
        models[abbr], files[abbr] = model, one.file
    return models


def _resolve_datasets(
    declared: list[DatasetWithJudges], environ: Mapping[str, str], secrets: SecretStore
) -> tuple[dict[str, DatasetConfig], dict[str, str]]:
    datasets: dict[str, DatasetConfig] = {}
    sources: dict[str, str] = {}
    for one, judges in declared:
        resolved = with_members(resolve_dataset(one, environ, _resolve_judges(judges, environ, secrets)))
        _refuse_case_twin(resolved.abbr, datasets, "data sets")
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
            raise one.error("abbr", "is the name of two judges of one data set.", hint="Give one another abbr.")
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
    """Refuse data sets and judged rows of one name: they would write the same files."""
    owners = {abbr: f"the data set {abbr!r}" for abbr in datasets}
    for dataset in datasets.values():
        for judge in dataset.judges:
            row = row_name(dataset.abbr, judge.abbr)
            owner = f"the judge {judge.abbr!r} of the data set {dataset.abbr!r}"
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

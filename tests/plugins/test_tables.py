"""The tables of shipped types are complete, and every entry of theirs is what it says."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections import Counter
from types import ModuleType
from typing import Any

import msgspec
import pytest

from judgebench import datasets, executors, judges, metrics, models
from judgebench.judges.aggregations import DECISION_AGGREGATIONS, SCORE_AGGREGATIONS
from judgebench.judges.core.contract import JudgeMethod
from judgebench.judges.wrappers.perturbed import Perturbation
from judgebench.metrics.rates.tally import Tally
from judgebench.models.contract import ModelConfig
from judgebench.plugins import ROOMS, load, shipped
from judgebench.records.flow import Metric


def modules(package: ModuleType) -> list[ModuleType]:
    names = [one.name for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    return [importlib.import_module(name) for name in names]


def defined(package: ModuleType) -> list[Any]:
    """Every public class and function of a package, by the module that defines it."""
    return [
        found
        for module in modules(package)
        for name, found in vars(module).items()
        if not name.startswith("_")
        and getattr(found, "__module__", "") == module.__name__
        and name == getattr(found, "__name__", "")
    ]


def own_config(found: Any) -> bool:
    shape = getattr(found, "Config", None)
    return inspect.isclass(found) and isinstance(shape, type) and issubclass(shape, msgspec.Struct)


def made_by_configs(found: Any, *abilities: str) -> bool:
    return own_config(found) and not inspect.isabstract(found) and all(hasattr(found, one) for one in abilities)


def is_metric(found: Any) -> bool:
    """Whether a function takes a tally first and gives one metric, whatever it is decorated with or calls its tally."""
    if not inspect.isfunction(found):
        return False
    signature = inspect.signature(found)
    first = next(iter(signature.parameters.values()), None)
    known = {**vars(inspect.getmodule(inspect.unwrap(found))), "Tally": Tally}

    def meant(written: Any) -> Any:
        try:
            return eval(written, known) if isinstance(written, str) else written
        except NameError:  # imported for type checkers alone
            return None

    return first is not None and meant(first.annotation) is Tally and meant(signature.return_annotation) is Metric


NOT_NAMED = {
    "judgebench.metrics.rates.accuracy:nothing_scored",  # a part of other metrics
    "judgebench.metrics.rates.named:NamedMetrics",  # made of the names in metrics=[...]
    "judgebench.executors.caller:CallerExecutor",  # taken where objects cannot leave the process, never by name
}
"""What has the form of a type that configs name, and is none."""

KINDS = {
    "models": (models, lambda one: made_by_configs(one) and issubclass(one.Config, ModelConfig)),
    "datasets": (datasets, lambda one: made_by_configs(one, "samples", "count")),
    "judges": (judges, lambda one: made_by_configs(one) and issubclass(one, JudgeMethod)),
    "parsers": (judges, lambda one: made_by_configs(one, "read", "decisions")),
    "extractors": (judges, lambda one: made_by_configs(one, "extract")),
    "perturbations": (judges, lambda one: made_by_configs(one) and issubclass(one, Perturbation)),
    "scores": (metrics, lambda one: made_by_configs(one, "add", "result")),
    "metrics": (metrics, is_metric),
    "executors": (executors, lambda one: made_by_configs(one, "start", "aclose", "follows")),
}


@pytest.mark.parametrize("room", KINDS)
def test_every_public_type_of_a_package_stands_in_its_table(room: Any) -> None:
    package, is_one = KINDS[room]
    found = {f"{one.__module__}:{one.__name__}" for one in defined(package) if is_one(one)}
    assert found
    assert found - NOT_NAMED == set(shipped(room).values())


def test_every_aggregation_of_decisions_or_scores_stands_in_the_table() -> None:
    assert {*DECISION_AGGREGATIONS, *SCORE_AGGREGATIONS, "higher_score"} == set(shipped("aggregations"))


@pytest.mark.parametrize("room", ROOMS)
def test_every_entry_of_a_table_is_of_its_kind(room: Any) -> None:
    for name in shipped(room):
        assert callable(load(name, room)), name


def test_no_two_classes_of_one_package_share_a_name() -> None:
    """They are imported from it by their bare names."""
    for package in ("models", "datasets", "judges"):
        rooms = [room for room, kind in ROOMS.items() if kind.table.startswith(f"judgebench.{package}.")]
        names = Counter(path.rpartition(":")[2] for room in rooms for path in shipped(room).values())
        assert [name for name, count in names.items() if count > 1] == []


def test_a_shipped_type_is_imported_from_its_package_by_its_bare_name() -> None:
    from judgebench.datasets import JudgeSamples
    from judgebench.judges import Anchored, BoxedAnswer, DeclaredJudge, Verbosity
    from judgebench.metrics import PairScore
    from judgebench.models import LlamaCppServer, OpenAIChat, first_line

    for one in (
        JudgeSamples,
        Anchored,
        BoxedAnswer,
        Verbosity,
        DeclaredJudge,
        PairScore,
        LlamaCppServer,
        OpenAIChat,
        first_line,
    ):
        assert one.__module__.startswith("judgebench.")
    with pytest.raises(ImportError):
        from judgebench.judges import NoSuchThing  # noqa: F401

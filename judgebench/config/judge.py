"""Judge configs: a judge model and the method that asks it, and which judges a data set gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import msgspec

from judgebench import plugins
from judgebench.config.check import checked
from judgebench.config.model import check_abbr, resolve_model
from judgebench.config.place import Declared, nearest
from judgebench.config.relations import EVERY_MODEL
from judgebench.config.schema import Baseline, JudgeConfig
from judgebench.config.secrets import SecretStore
from judgebench.config.typed import typed_part

DEFAULT_METHOD = "ReferenceVerifier"
"""Asks whether the answer agrees with the reference."""

_KEYS = ("abbr", "judge_model", "method", "members", "compare_with", "baseline")
_OTHER_RUNNER_KEYS = {"judge_reader_cfg", "judge_dataset_type", "prompt_template", "retriever", "inferencer"}


def take_judges(dataset: Declared) -> list[Declared]:
    """Take ``judge_infer_cfg`` out of a data set and return its judges.

    Raises:
        ConfigError: It is neither a dict nor a list of dicts.
    """
    blocks = dataset.data.pop("judge_infer_cfg", None) or []
    if isinstance(blocks, dict):
        blocks = [blocks]
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise dataset.error("judge_infer_cfg", "must be dict(judge_model=..., method=...) or a list of them.")
    if blocks:
        # Beside judges a rule measures them; it has a row of its own only where the config says so.
        dataset.data.setdefault("rule_row", False)
    return [_named(Declared("judges", block, dataset.file)) for block in blocks]


def judge_of_model(model: Declared) -> Declared:
    """Return the judge that a model config named by ``--judges`` makes; its method is the data set's."""
    return _named(Declared("judges", {"judge_model": model.data}, model.file))


def named_judge(judge: Declared) -> Declared:
    """Return a judge of a judges file with its abbr, which is its model's where it has none."""
    return _named(judge)


def replaced(own: Sequence[Declared], chosen: Sequence[Declared]) -> list[Declared]:
    """Return the judges that ``--judges`` gives a data set in place of its own.

    A judge without method inherits the data set's. A data set with several judges of different methods then gets one
    for each, named ``<judge>-<own judge>``.
    """
    judges = []
    methods = {judge.abbr: judge.data.get("method") for judge in own if "judge_model" in judge.data}
    distinct = [method for index, method in enumerate(methods.values()) if method not in [*methods.values()][:index]]
    for judge in chosen:
        if "method" in judge.data or len(distinct) <= 1:
            inherited = {"method": deepcopy(distinct[0])} if distinct and distinct[0] is not None else {}
            judges.append(_copy(judge, {**inherited, **judge.data}))
            continue
        for abbr, method in methods.items():
            extra = {"method": deepcopy(method)} if method is not None else {}
            judges.append(_copy(judge, {**judge.data, **extra, "abbr": f"{judge.abbr}-{abbr}"}))
    return judges


def resolve_judge(declared: Declared, environ: Mapping[str, str], secrets: SecretStore) -> JudgeConfig:
    """Return a checked judge.

    Raises:
        ConfigError: A key or value that the judge, its model or its method does not take.
    """
    for key in declared.data:
        if key in _OTHER_RUNNER_KEYS:
            raise declared.error(
                key,
                "belongs to another runner's schema.",
                hint="Here the prompt and the reading of the reply are the method's: method=dict(type=...).",
            )
        if key not in _KEYS:
            raise declared.error(key, "is not a known key.", hint=f"{nearest(key, _KEYS)}Keys: {', '.join(_KEYS)}.")
    method = declared.data.get("method")
    typed = typed_part(method if method is not None else DEFAULT_METHOD, declared, "method", "judges", environ)
    asks = "judge_model" in declared.data or plugins.load(typed.type, "judges").asks
    if asks and not isinstance(declared.data.get("judge_model"), dict):
        raise declared.error("judge_model", "must be dict(type=..., abbr=..., ...).")
    check_abbr(declared.abbr, declared)
    model: dict[str, Any] = {}
    if asks:
        declared.data["judge_model"].setdefault("abbr", declared.abbr)
        model = resolve_model(declared, environ, secrets, path="judge_model")
    return JudgeConfig(abbr=declared.abbr, model=model, method=typed, **_relations(declared, environ))


class _Relations(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of ``JudgeConfig`` that say what a judge has to do with others."""

    members: list[str] = []
    compare_with: str | list[str] = ""
    baseline: Baseline | None = None


def _relations(declared: Declared, environ: Mapping[str, str]) -> dict[str, Any]:
    """Return whose verdicts a panel folds, and what the answers are compared with."""
    given = {key: declared.data[key] for key in _Relations.__struct_fields__ if key in declared.data}
    relations = msgspec.convert(checked(given, _Relations, declared, environ), _Relations)
    if relations.compare_with and relations.baseline is not None:
        raise declared.error("baseline", "and compare_with are two things to compare with.", hint="Leave one out.")
    found: dict[str, Any] = {"members": relations.members, "baseline": relations.baseline}
    opponents = relations.compare_with
    if isinstance(opponents, str) and opponents != EVERY_MODEL:
        return {**found, "compare_with": opponents}
    named = [opponents] if isinstance(opponents, str) else opponents
    if not named or len(set(named)) < len(named):
        raise declared.error("compare_with", "must name at least one model, and none twice.")
    return {**found, "opponents": named}


def _named(judge: Declared) -> Declared:
    model: Any = judge.data.get("judge_model")
    if "abbr" not in judge.data and isinstance(model, dict) and "abbr" in model:
        judge.data["abbr"] = model["abbr"]
    return judge


def _copy(judge: Declared, data: dict[str, Any]) -> Declared:
    return Declared(judge.kind, deepcopy(data), judge.file)

"""A declared dataset as a checked ``DatasetConfig``: its loader's keys, how a sample is asked, what scores the answer.

Its judges belong to it: ``judge_infer_cfg``, the judges that ``--judges`` puts in their place, and ``bias_tests``,
which makes a test of the judge's biases of a benchmark of judges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import msgspec

from judgebench import plugins
from judgebench.config.checks import (
    Declared,
    checked,
    find_class,
    literal,
    nearest,
    refuse_secrets,
    typed_part,
)
from judgebench.config.constrain import checked_constrain
from judgebench.config.model import SecretStore, check_abbr, resolve_model
from judgebench.config.overrides import JUDGE_KEYS
from judgebench.config.relations import EVERY_MODEL
from judgebench.errors import ConfigError
from judgebench.plugins import RoomName
from judgebench.records.run import CONVERSATION_ROLE, Baseline, DatasetConfig, JudgeConfig, Typed

KEY = "bias_tests"
EVERY = "all"


def take_bias_tests(dataset: Declared) -> None:
    """Put the method of a dataset that has the key into a ``BiasTest`` and score it by ``BiasScore``.

    What the benchmark asks stays as it is: of a run whose plain judging is finished only the rest is asked.

    Args:
        dataset: A benchmark of judges; ``bias_tests`` is ``"all"``, a list of perturbations, or their names in a text.

    Raises:
        ConfigError: It is no benchmark of judges, or the key holds something else.
    """
    if KEY not in dataset.data:
        return
    wanted: Any = dataset.data.pop(KEY)
    if isinstance(wanted, str):
        meant = literal(str(wanted))
        wanted = meant if not isinstance(meant, str) else [one.strip(" []'\"") for one in meant.split(",")]
    if wanted is None or wanted is False:
        return
    wanted = [] if wanted is True or wanted == [EVERY] else wanted
    if not isinstance(wanted, list) or not all(isinstance(one, str | dict) for one in wanted):
        raise dataset.error(KEY, "must be 'all' or a list of perturbations.", hint="Write: bias_tests=['bandwagon']")
    method = dataset.data.get("method")
    if method is None:
        raise dataset.error(
            KEY,
            "belongs to benchmarks of judges, whose items bring their answers along.",
            hint="For a judge of --judges write method=dict(type=BiasTest, judge=...) and score=dict(type=BiasScore).",
        )
    dataset.data["method"] = {"type": "BiasTest", "judge": method, "perturbations": wanted}
    dataset.data["score"] = {"type": "BiasScore"}


DEFAULT_METHOD = "ReferenceVerifier"
"""Asks whether the answer agrees with the reference."""

_OTHER_RUNNER_KEYS = {"judge_reader_cfg", "judge_dataset_type", "prompt_template", "retriever", "inferencer"}


def take_judges(dataset: Declared) -> list[Declared]:
    """Take ``judge_infer_cfg`` out of a dataset and return its judges.

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
    """Return the judge that a model config named by ``--judges`` makes; its method is the dataset's."""
    return _named(Declared("judges", {"judge_model": model.data}, model.file))


def named_judge(judge: Declared) -> Declared:
    """Return a judge of a judges file with its abbr, which is its model's where it has none."""
    return _named(judge)


def replaced(own: Sequence[Declared], chosen: Sequence[Declared]) -> list[Declared]:
    """Return the judges that ``--judges`` gives a dataset in place of its own.

    A judge without method inherits the dataset's. A dataset with several judges of different methods then gets one
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
                "is a key of another benchmark runner.",
                hint="Here the method holds the prompt and reads the reply: method=dict(type=...).",
            )
        if key not in JUDGE_KEYS:
            raise declared.error(
                key, "is not a known key.", hint=f"{nearest(key, JUDGE_KEYS)}Keys: {', '.join(JUDGE_KEYS)}."
            )
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
    constrain = checked_constrain(declared.data.get("constrain", "off"), typed, declared)
    return JudgeConfig(
        abbr=declared.abbr, model=model, method=typed, constrain=constrain, **_relations(declared, environ)
    )


class _Relations(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of ``JudgeConfig`` that say what a judge has to do with others."""

    members: list[str] = []
    compare_with: str | list[str] = ""
    baseline: Baseline | None = None


def _relations(declared: Declared, environ: Mapping[str, str]) -> dict[str, Any]:
    """Return whose verdicts a panel aggregates, and what the answers are compared with."""
    given = {key: declared.data[key] for key in _Relations.__struct_fields__ if key in declared.data}
    relations = msgspec.convert(checked(given, _Relations, declared, environ), _Relations)
    if relations.compare_with and relations.baseline is not None:
        raise declared.error("baseline", "and compare_with both name what to compare with.", hint="Leave one out.")
    found: dict[str, Any] = {"members": relations.members, "baseline": relations.baseline}
    compared_models = relations.compare_with
    if isinstance(compared_models, str) and compared_models != EVERY_MODEL:
        return {**found, "compare_with": compared_models}
    named = [compared_models] if isinstance(compared_models, str) else compared_models
    if not named or len(set(named)) < len(named):
        raise declared.error("compare_with", "must name at least one model, and none twice.")
    return {**found, "compared_models": named}


def _named(judge: Declared) -> Declared:
    model: Any = judge.data.get("judge_model")
    if "abbr" not in judge.data and isinstance(model, dict) and "abbr" in model:
        judge.data["abbr"] = model["abbr"]
    return judge


def _copy(judge: Declared, data: dict[str, Any]) -> Declared:
    return Declared(judge.kind, deepcopy(data), judge.file)


_PARTS: Mapping[str, RoomName] = {
    "evaluator": "judges",
    "method": "judges",
    "score": "scores",
    "extractor": "extractors",
}
"""Keys whose value is ``dict(type=..., ...)``, and the kind of types that each takes."""
_PLAIN_FIELDS = [
    field for field in msgspec.structs.fields(DatasetConfig) if field.name not in {"loader", "judges", *_PARTS}
]
_PLAIN_KEYS = {field.name for field in _PLAIN_FIELDS}
PlainKeys = msgspec.defstruct(
    "PlainKeys",
    [
        (field.name, field.type) if field.required else (field.name, field.type, _default)
        for field in _PLAIN_FIELDS
        for _default in [
            msgspec.field(default_factory=field.default_factory)
            if field.default_factory is not msgspec.NODEFAULT
            else field.default
        ]
    ],
    kw_only=True,
)
"""The keys of ``DatasetConfig`` that stand in a config file as they are."""

_DATASET_KEYS = {"type", "judge_infer_cfg", *_PARTS, *_PLAIN_KEYS}
_ELSEWHERE = {
    "reader_cfg": "name the columns with the loader's keys and take samples with --num-prompts or --ids",
    "infer_cfg": "write the prompt as prompt=[dict(role='user', content='...')]",
    "eval_cfg": "write evaluator=dict(type=...)",
}
_ROLES = {"human": "user", "bot": "assistant", "system": "system", "user": "user", "assistant": "assistant"}
_ASKING = ("constrain", "loader", "prompt", "few_shot", "max_out_len", "generation_kwargs")


def resolve_dataset(
    declared: Declared, environ: Mapping[str, str], judges: Sequence[JudgeConfig] = ()
) -> DatasetConfig:
    """Return a checked dataset.

    Args:
        declared: What the file says, without ``judge_infer_cfg``.
        environ: Where ``${NAME}`` is looked up.
        judges: Its judges, already resolved.

    Raises:
        ConfigError: A key or value that the loader, the evaluator or the dataset itself does not take.
    """
    take_bias_tests(declared)
    data = declared.data
    name, _, loader_struct = find_class(data.get("type"), declared, "type", "datasets")
    own, of_loader = _split(declared, set(loader_struct.__struct_fields__))
    if "prompt" in own:
        own["prompt"] = _prompt(own["prompt"], declared)
    elif declared.data.get("method") is None:
        raise declared.error(
            "prompt", "is missing.", hint="Write: prompt='{question}' (the loader's fields fill it in)"
        )
    plain_keys = checked(own, PlainKeys, declared, environ)
    refuse_secrets(plain_keys["generation_kwargs"], declared, "generation_kwargs")
    check_abbr(plain_keys["abbr"], declared)
    if len(set(plain_keys["by"])) < len(plain_keys["by"]):
        raise declared.error("by", "names a field twice.", hint="Name each field once: by=['category', 'level']")
    if plain_keys["group"]:  # with --merge-ds the name of a task and of its log
        check_abbr(plain_keys["group"], declared, "group")
    options = checked(of_loader, loader_struct, declared, environ)
    refuse_secrets(options, declared, "")
    parts = {key: _optional_part(declared, key, environ) for key in _PARTS}
    checked_constrain(plain_keys["constrain"], parts["method"], declared)
    return msgspec.convert(
        {
            **plain_keys,
            "loader": Typed(type=name, options=options),
            **parts,
            "judges": list(judges),
        },
        DatasetConfig,
    )


def merge(first: DatasetConfig, second: DatasetConfig, first_file: str, second_file: str) -> DatasetConfig:
    """Return two declarations of one dataset as one: asked once, scored by what both say.

    Raises:
        ConfigError: They ask differently, or name different evaluators, so that one abbr would mean two things.
    """
    for name in (*_ASKING, *_PARTS, "group"):
        one, other = getattr(first, name), getattr(second, name)
        if one != other and (name in _ASKING or (one and other)):
            raise ConfigError(
                f"Two datasets are named {first.abbr!r} and differ in {name!r}: {first_file} and {second_file}.",
                hint="Give one of them another abbr, or leave one out of --datasets.",
            )
    judges = {judge.abbr: judge for judge in first.judges}
    for judge in second.judges:
        if judges.setdefault(judge.abbr, judge) != judge:
            raise ConfigError(
                f"The dataset {first.abbr!r} has two different judges named {judge.abbr!r}: "
                f"{first_file} and {second_file}.",
                hint="Give one of them another abbr.",
            )
    return msgspec.structs.replace(
        first,
        **{name: getattr(first, name) or getattr(second, name) for name in _PARTS},
        rule_row=any(one.rule_row for one in (first, second) if one.evaluator is not None),
        group=first.group or second.group,
        judges=list(judges.values()),
        metrics=list(dict.fromkeys([*first.metrics, *second.metrics])),
        k=sorted({*first.k, *second.k}),
        by=list(dict.fromkeys([*first.by, *second.by])),
        notes=list(dict.fromkeys([*first.notes, *second.notes])),
        shareable=first.shareable and second.shareable,
        viewer=first.viewer if first.viewer.columns or first.viewer.sort else second.viewer,
    )


def _split(declared: Declared, loader_keys: set[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the dataset's own plain keys and the loader's; refuse all others."""
    own, of_loader = {}, {}
    for key, value in declared.data.items():
        if key in _PLAIN_KEYS:
            own[key] = value
        elif key in loader_keys:
            of_loader[key] = value
        elif key == "judge_infer_cfg":  # taken out of files before, so an override brought it
            raise declared.error(key, "cannot be set as a whole.", hint="Write: --override judges.<abbr>.<key>=<value>")
        elif key in _ELSEWHERE:
            raise declared.error(key, "is a key of another benchmark runner.", hint=f"Here: {_ELSEWHERE[key]}.")
        elif key != "type" and key not in _PARTS:
            known = _DATASET_KEYS | loader_keys
            raise declared.error(
                key, "is not a known key.", hint=f"{nearest(key, known)}Known keys: {', '.join(sorted(known))}."
            )
    return own, of_loader


def _prompt(prompt: Any, declared: Declared) -> Any:
    """Return the prompt with AISBench's roles (HUMAN, BOT) and key ``prompt`` as chat messages have them."""
    if isinstance(prompt, str):
        return prompt
    if not isinstance(prompt, list) or not all(isinstance(message, dict) for message in prompt):
        raise declared.error("prompt", "must be a text or a list of messages dict(role=..., content=...).")
    messages = []
    for index, message in enumerate(prompt):
        content = message.get("content", message.get("prompt"))
        named = str(message.get("role", "")).lower()
        role = _ROLES.get(named) or (named if named == CONVERSATION_ROLE else None) or _tool_role(message, content)
        if role is None or not isinstance(content, str | list):
            raise declared.error(
                f"prompt.{index}",
                "must be dict(role='system', 'user' or 'assistant', content='...').",
                hint="The role 'tool' is for parts of the type tool_result alone."
                if message.get("role") == "tool"
                else "",
            )
        rest = {key: value for key, value in message.items() if key not in {"role", "content", "prompt"}}
        messages.append({"role": role, "content": content, **rest})
    return messages


def _tool_role(message: dict[str, Any], content: Any) -> str | None:
    """Return the role of a message that holds results of tools alone, which services take no other text in."""
    parts = content if isinstance(content, list) else []
    results = [isinstance(part, dict) and part.get("type") == "tool_result" for part in parts]
    return "tool" if message.get("role") == "tool" and results and all(results) else None


def _optional_part(declared: Declared, key: str, environ: Mapping[str, str]) -> Typed | None:
    value = declared.data.get(key)
    if value is None:
        return None
    part = typed_part(value, declared, key, _PARTS[key], environ)
    if _PARTS[key] == "judges":
        _check_asks(key, part, declared)
    return part


def _check_asks(key: str, part: Typed, declared: Declared) -> None:
    """Refuse a method that cannot do what its key is for: a benchmark of judges asks, a rule does not."""
    asks = plugins.load(part.type, "judges").asks
    name = part.type.rpartition(".")[2]
    if key == "method" and not asks:
        raise declared.error(
            key,
            f"is {name}, which never asks a model, so there is no judge to test.",
            hint=(
                "Name a method that asks a model. A rule that scores answers without asking is "
                "evaluator=dict(type=...)."
            ),
        )
    if key == "evaluator" and asks:
        raise declared.error(
            key,
            f"is {name}, which asks a model, but an evaluator must not.",
            hint=f"Write: judge_infer_cfg=dict(judge_model=dict(...), method=dict(type={name}, ...)).",
        )

"""Data set configs: the loader's keys, how a sample is asked, and what scores the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from judgebench import plugins
from judgebench.config.bias_tests import take_bias_tests
from judgebench.config.check import checked
from judgebench.config.model import check_abbr
from judgebench.config.place import Declared, nearest
from judgebench.config.schema import DatasetConfig, JudgeConfig, Typed
from judgebench.config.typed import config_struct, find_type, refuse_secrets, typed_part
from judgebench.errors import ConfigError
from judgebench.plugins import RoomName

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

_KEYS = {"type", "judge_infer_cfg", *_PARTS, *_PLAIN_KEYS}
_ELSEWHERE = {
    "reader_cfg": "name the columns with the loader's keys and take samples with --num-prompts or --ids",
    "infer_cfg": "write the prompt as prompt=[dict(role='user', content='...')]",
    "eval_cfg": "write evaluator=dict(type=...)",
}
_ROLES = {"human": "user", "bot": "assistant", "system": "system", "user": "user", "assistant": "assistant"}
_ASKING = ("loader", "prompt", "few_shot", "max_out_len", "generation_kwargs")


def resolve_dataset(
    declared: Declared, environ: Mapping[str, str], judges: Sequence[JudgeConfig] = ()
) -> DatasetConfig:
    """Return a checked data set.

    Args:
        declared: What the file says, without ``judge_infer_cfg``.
        environ: Where ``${NAME}`` is looked up.
        judges: Its judges, already resolved.

    Raises:
        ConfigError: A key or value that the loader, the evaluator or the data set itself does not take.
    """
    take_bias_tests(declared)
    data = declared.data
    name, loader = find_type(data.get("type"), declared, "type", "datasets")
    loader_struct = config_struct(loader, declared, "type")
    own, of_loader = _split(declared, {field.name for field in msgspec.structs.fields(loader_struct)})
    if "prompt" in own:
        own["prompt"] = _prompt(own["prompt"], declared)
    elif declared.data.get("method") is None:
        raise declared.error(
            "prompt", "is missing.", hint="Write: prompt='{question}' (the loader's fields fill it in)"
        )
    plain_keys = checked(own, PlainKeys, declared, environ)
    refuse_secrets(plain_keys["generation_kwargs"], declared, "generation_kwargs")
    check_abbr(plain_keys["abbr"], declared)
    if plain_keys["group"]:  # with --merge-ds the name of a task and of its log
        check_abbr(plain_keys["group"], declared, "group")
    options = checked(of_loader, loader_struct, declared, environ)
    refuse_secrets(options, declared, "")
    return msgspec.convert(
        {
            **plain_keys,
            "loader": Typed(type=name, options=options),
            **{key: _optional_part(declared, key, environ) for key in _PARTS},
            "judges": list(judges),
        },
        DatasetConfig,
    )


def merge(first: DatasetConfig, second: DatasetConfig, first_file: str, second_file: str) -> DatasetConfig:
    """Return two declarations of one data set as one: asked once, scored by what both say.

    Raises:
        ConfigError: They ask differently, or name different evaluators, so that one abbr would mean two things.
    """
    for name in (*_ASKING, *_PARTS, "group"):
        one, other = getattr(first, name), getattr(second, name)
        if one != other and (name in _ASKING or (one and other)):
            raise ConfigError(
                f"Two data sets are named {first.abbr!r} and differ in {name!r}: {first_file} and {second_file}.",
                hint="Give one of them another abbr, or leave one out of --datasets.",
            )
    judges = {judge.abbr: judge for judge in first.judges}
    for judge in second.judges:
        if judges.setdefault(judge.abbr, judge) != judge:
            raise ConfigError(
                f"The data set {first.abbr!r} has two different judges named {judge.abbr!r}: "
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
        notes=list(dict.fromkeys([*first.notes, *second.notes])),
    )


def _split(declared: Declared, loader_keys: set[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the data set's own plain keys and the loader's; refuse all others."""
    own, of_loader = {}, {}
    for key, value in declared.data.items():
        if key in _PLAIN_KEYS:
            own[key] = value
        elif key in loader_keys:
            of_loader[key] = value
        elif key == "judge_infer_cfg":  # taken out of files before, so an override brought it
            raise declared.error(key, "cannot be set as a whole.", hint="Write: --override judges.<abbr>.<key>=<value>")
        elif key in _ELSEWHERE:
            raise declared.error(key, "belongs to another runner's schema.", hint=f"Here: {_ELSEWHERE[key]}.")
        elif key != "type" and key not in _PARTS:
            known = _KEYS | loader_keys
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
        role = _ROLES.get(str(message.get("role", "")).lower())
        content = message.get("content", message.get("prompt"))
        if role is None or not isinstance(content, str | list):
            raise declared.error(
                f"prompt.{index}", "must be dict(role='system', 'user' or 'assistant', content='...')."
            )
        rest = {key: value for key, value in message.items() if key not in {"role", "content", "prompt"}}
        messages.append({"role": role, "content": content, **rest})
    return messages


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
            f"is {name}, which never asks a model, so there is no judge to measure.",
            hint="Name a method that asks. What scores answers without asking is evaluator=dict(type=...).",
        )
    if key == "evaluator" and asks:
        raise declared.error(
            key,
            f"is {name}, which asks a model, and an evaluator never does.",
            hint=f"Write: judge_infer_cfg=dict(judge_model=dict(...), method=dict(type={name}, ...)).",
        )

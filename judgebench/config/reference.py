"""``python -m judgebench.config.reference``: prints ``docs/configuration.md``, made from the schemas' docstrings."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping
from typing import Any

import msgspec

from judgebench.config.checks import type_name
from judgebench.models.contract import BatchConfig, LaunchConfig, ModelConfig, ServiceConfig, Timeouts
from judgebench.records.prices import Price
from judgebench.records.run import (
    Baseline,
    DatasetConfig,
    FewShot,
    JudgeConfig,
    Resources,
    SummarizerConfig,
    SummaryGroup,
    ViewerColumns,
)

_ATTRIBUTE = re.compile(r"^    (\w+): (.*)$")
_ALSO = re.compile(r"(?<=[.;]) ``([a-z]\w*)``: ")
_LONGEST_DEFAULT = 100
"""Characters of a default up to which a table shows it; prompts are longer."""

INTRODUCTION = """\
# Configuration

<!-- Made by: python -m judgebench.config.reference > docs/configuration.md -->

A config is a Python file below `models/`, `datasets/`, `judges/`, `summarizers/`, `executors/` or `listeners/` of a
config folder, and its name is the file's stem: `jb --models vllm_api_general_chat` reads
`models/vllm_api/vllm_api_general_chat.py`.
Your own folders (`--config-dir DIR`, repeatable; `./configs` where none is given) come before the shipped ones, so a
file of the same name replaces the shipped one. `jb --list` shows all names, `jb --search` the files behind the names
of a command line, and `jb --show NAME` every key of a config with the file and line that set it.

`jb` checks every config before it runs anything. It refuses unknown keys, wrong types, two models with one `abbr` and
names that cannot be file names; the error names the file, the key and the nearest known key.

```python
from judgebench.models import VLLMCustomAPIChat

models = [
    dict(
        type=VLLMCustomAPIChat,
        abbr="my-model",
        host_ip="localhost",
        host_port=8000,
        batch_size=16,
        generation_kwargs=dict(temperature=0.6, num_return_sequences=4),
    )
]
```

**Inheriting.** `read_base()` takes the variables of another config file, and code below it may change them:

```python
from mmengine.config import read_base

with read_base():
    from .my_model import models

models = [dict(models[0], abbr="my-model-greedy", generation_kwargs=dict(temperature=0.0))]
```

`jb` does not import types when it reads a config file. It can therefore read a file for another runner (`from
ais_bench... import VLLMCustomAPIChat`, or from `opencompass`) without that package: it takes its own types of the same
names, and the run says which. Any other dotted path is taken literally; a path that cannot be imported is an error.

**Changing a value without a file.** `--override` takes any number of `TARGET.ABBR.KEY=VALUE`:

```bash
jb --models my_model --datasets aime2025_llmjudge \\
   --override models.my-model.host_port=9000 judges.judge.host_port=9001 'models.*.generation_kwargs.temperature=0'
```

Targets are `models`, `datasets`, `judges` and `summarizer` (which has no abbr), or `*` for models and judges; `*`
as abbr means every one. For a judge, the keys `abbr` and `method.*` belong to the judge and all others to its model.
Values are read as Python or JSON if the schema expects that, and are checked like values in files.

**Values from the environment.** When `jb` loads a config, it replaces `"${NAME}"` and `"${NAME:-default}"` in any text
and converts the value to the type of the key; as in a shell, the default also stands for a variable that is set to
nothing. It does not change prompts and examples.

**Secrets.** Secrets are written to files only as references, and looked up where they are used. Secrets are `api_key`,
header values, a `url` with a user, a password, a query or a key in its path, the `env` of a `launch` block, and those
values in `generation_kwargs`, at any depth, that have a name such as `api_key`, `token` or `password`, are part of
`extra_headers`, or look like a key (`sk-...`). `jb` replaces a literal secret by a reference to a variable that only
the task processes see. If a service repeats a secret in a reply or an error, `jb` records and shows `***` in its place.
Placeholders (`EMPTY`, a plain word) and secrets of fewer than 8 characters are replaced only in errors, because answers
may contain them by chance. A secret in the words of a `launch.command`, or in a dataset, is refused.

**A whole run in one file.** `jb FILE` reads `models`, `datasets`, `summarizer` and optionally `judges`, `executor`,
`listeners` and `model_dataset_combinations = [dict(models=[...], datasets=[...])]` from one file. Every run writes such
a file to `configs/` of its folder.
"""

_DATASET_ROWS = {
    "loader": ("type", "type", "The loader's class; its own keys stand beside it."),
    "judges": (
        "judge_infer_cfg",
        "dict or list of dicts",
        "Judges: `dict(judge_model=dict(...), method=dict(type=..., ...))`; see below.",
    ),
}
_COMPARE_WITH = (
    "The compared model: the abbr of a model of the run (`first` is the first one), which then has no row itself; "
    "`'all'` to compare every model with every other; or a list of abbrs. See [rankings](judges/ranking.md)."
)
_JUDGE_ROWS = {
    "compare_with": ("compare_with", "text or list of text", _COMPARE_WITH),
    "model": (
        "judge_model",
        "dict",
        "Config of the judge model, as for a tested model, `abbr` included; none for rules and panels.",
    ),
    "method": (
        "method",
        "dict",
        "How it judges: `dict(type=..., ...)`. The default is the dataset's own method, else `ReferenceVerifier`.",
    ),
}


def reference() -> str:
    """Return the text of ``docs/configuration.md``."""
    inherited = set(ModelConfig.__struct_fields__)
    parts = [
        INTRODUCTION,
        "## Models\n",
        "Every model has these keys.\n",
        table(ModelConfig),
        "### Services\n",
        "Models behind an OpenAI-compatible service (`VLLMCustomAPIChat`, `OpenAIChat`, ...) also have these.\n",
        table(ServiceConfig, skip=inherited),
        "### `timeouts`\n",
        table(Timeouts),
        "### `batch`\n",
        table(BatchConfig),
        "### `launch`\n",
        table(LaunchConfig),
        "### `price`\n",
        "What a model's tokens cost; see [costs and limits](cost.md).\n",
        table(Price),
        "`batch` may be a dict with the first five of these keys. An entry of `long_prompts` has them too, and `over`:",
        "the tokens of the prompt above which it holds.\n",
        "## Datasets\n",
        "`datasets = [dict(...)]`, or any list whose name ends in `_datasets`.\n",
        table(DatasetConfig, instead=_DATASET_ROWS),
        "A benchmark of judges also takes `bias_tests`: `'all'` or a list of perturbations. This key puts the method",
        "into a `BiasTest` and scores it by `BiasScore`; see [bias tests](judges/bias-tests.md).\n",
        "### `viewer`\n",
        table(ViewerColumns),
        "### `few_shot`\n",
        table(FewShot),
        "## Judges\n",
        "`judges = [dict(...)]` in a file below `judges/`, chosen with `--judges NAME`; or `judge_infer_cfg` of a",
        "dataset. The default `abbr` is that of the judge model.\n",
        table(JudgeConfig, skip={"compared_models", "round_robin", "tested_models"}, instead=_JUDGE_ROWS),
        "### `baseline`\n",
        table(Baseline),
        "## Summarizers\n",
        "`summarizer = dict(...)`.\n",
        table(SummarizerConfig),
        "### `summary_groups`\n",
        table(SummaryGroup),
        "## Executors\n",
        "`executor = dict(type=..., ...)` in a file below `executors/`, chosen with `--executor NAME`: where tasks",
        "run. Its keys are those of its class and `resources`; `--override executor.KEY=VALUE` sets one for a run. See",
        "[executors](executors.md).\n",
        "### `resources`\n",
        "By stage: `resources=dict(infer=dict(gpus=1), judge=dict(cores=4, memory=16))`.\n",
        table(Resources),
        "## Listeners\n",
        "`listeners = [dict(type=..., ...)]` in a file below `listeners/`, chosen with `--listeners NAME ...`: what",
        "hears the run beside its display. The keys are those of its class, and `abbr` (the name of the file by",
        "default), by which `--override listeners.ABBR.KEY=VALUE` names it. See",
        "[extending](extending.md#a-listener).",
    ]
    return "\n".join(parts)


def table(
    struct: type[msgspec.Struct],
    *,
    skip: set[str] | None = None,
    instead: Mapping[str, tuple[str, str, str]] | None = None,
) -> str:
    """Return a Markdown table of a struct's keys: name, type, default, meaning.

    Args:
        struct: The schema.
        skip: Keys to leave out.
        instead: Key, type and meaning to print for a field that config files spell otherwise.
    """
    meanings = attributes(struct)
    lines = ["| key | type | default | meaning |", "| --- | --- | --- | --- |"]
    for field in msgspec.structs.fields(struct):
        if field.name in (skip or set()):
            continue
        key, kind, meaning = (instead or {}).get(
            field.name, (field.name, type_name(field.type), meanings.get(field.name, ""))
        )
        cells = [f"`{key}`", kind, _default(field), meaning]
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def attributes(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Return what the docstrings of a struct and its bases say of each attribute."""
    found: dict[str, str] = {}
    for one in reversed(struct.__mro__):
        found |= _documented(inspect.cleandoc(one.__dict__.get("__doc__") or ""))
    return found


def _documented(docstring: str) -> dict[str, str]:
    _, _, section = docstring.partition("Attributes:\n")
    found: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        match = _ATTRIBUTE.match(line)
        if match:
            name, found[match[1]] = match[1], match[2]
        elif name and line.startswith("        "):
            found[name] += f" {line.strip()}"
        elif line.strip():
            break
    for name in list(found):  # ``low: Lowest score. ``high``: highest.`` documents both
        found[name], *others = _ALSO.split(found[name])
        found |= {key: text[:1].upper() + text[1:] for key, text in zip(others[::2], others[1::2], strict=True)}
    return {key: text.replace("``", "`") for key, text in found.items()}


def _default(field: Any) -> str:
    if field.default is not msgspec.NODEFAULT:
        value = field.default
    elif field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    else:
        return "required"
    if isinstance(value, msgspec.Struct):
        return "see below"
    return f"`{value!r}`" if len(repr(value)) <= _LONGEST_DEFAULT else "our own"


if __name__ == "__main__":
    sys.stdout.write(reference())

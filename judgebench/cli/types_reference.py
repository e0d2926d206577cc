"""``python -m judgebench.cli.types_reference``: prints ``docs/types.md``, made from the types' docstrings."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from judgebench.config.reference import table
from judgebench.judges.aggregations import AggregationConfig
from judgebench.plugins.rooms import RoomName, shipped

INTRODUCTION = """\
# Types

<!-- Made by: python -m judgebench.cli.types_reference > docs/types.md -->

Every type that a config can name, what it does and which keys it takes. `jb ls parsers` (likewise `aggregations`,
`metrics`, ...) prints the names on a terminal. The keys of models, datasets and judges themselves are in
[Configuration](configuration.md); types of your own are in [Extending](extending.md).
"""

SECTIONS: dict[RoomName, tuple[str, str]] = {
    "judges": (
        "Judge methods and rules",
        """\
How a judge decides: `method=dict(type=ReferenceVerifier, ...)`. A rule asks no model and is named by
`evaluator=dict(type=NumberEqual, ...)` of a dataset. The [pages of judges](judges/README.md) say more of each.
""",
    ),
    "parsers": (
        "Verdict parsers",
        """\
What reads the verdict in a reply: `parser='anchored'`, or `parser=dict(type='anchored', ...)` with keys. A parser that
cannot read a reply says `unparsed`. It never guesses, but for the two that mirror other tools.
""",
    ),
    "aggregations": (
        "Aggregations",
        """\
What makes one decision of several presentations or repeats: `aggregate=dict(type='majority', unread='drop')`. All take
the same keys.
""",
    ),
    "extractors": (
        "Answer rules",
        """\
What takes the final answer out of a text: `extractor=dict(type='LastNumber')` of a dataset.
""",
    ),
    "perturbations": (
        "Perturbations",
        """\
What a [bias test](judges/bias-tests.md) changes about an item: `perturbations=['bandwagon', ...]`.
""",
    ),
    "metrics": (
        "Metrics",
        """\
`metrics=['accuracy', 'pass@k']` of a dataset. [Metrics](metrics.md) has the definitions.
""",
    ),
    "scores": (
        "Scores",
        """\
The figures of a benchmark of judges: `score=dict(type=PairScore, ...)`.
""",
    ),
    "datasets": (
        "Dataset loaders",
        """\
What reads the samples: `datasets=[dict(type=JsonlDataset, path=..., ...)]`.
""",
    ),
    "models": (
        "Model types",
        """\
What a request is sent to: `models=[dict(type=VLLMCustomAPIChat, ...)]`, and `judge_model`. The keys of models and of
services are in [Configuration](configuration.md#models).
""",
    ),
    "postprocessors": (
        "Postprocessors",
        """\
What is done to an answer before it is judged: `pred_postprocessor=dict(type=first_line)`.
""",
    ),
    "launchers": (
        "Launchers",
        """\
What starts a service for the run: `launch=dict(type=LlamaCppServer, ...)`.
""",
    ),
}
"""The kinds of types in the order of the page, each with how a config names one. Executors and listeners have pages."""


def written(room: RoomName, name: str) -> str:
    """Return a type's name as a config writes it: the metric ``pass_at_k`` is ``pass@k``."""
    return re.sub(r"_at_([kn])$", r"@\1", name) if room == "metrics" else name


def summary(found: Any) -> str:
    """Return the first sentence of a type's docstring, as a list shows it."""
    first = inspect.cleandoc(found.__doc__ or "").partition("\n")[0].replace("``", "").removeprefix("Return ")
    return first[:1].upper() + first[1:]


def reference() -> str:
    """Return the text of ``docs/types.md``."""
    parts = [INTRODUCTION]
    for room, (title, how) in SECTIONS.items():
        parts += [f"## {title}\n", how, *_section(room)]
        if room == "aggregations":
            parts.append(table(AggregationConfig, skip={"type"}))
    return "\n".join(parts)


def _section(room: RoomName) -> Iterator[str]:
    shared: dict[str, type[msgspec.Struct]] = {}
    for name, path in shipped(room).items():
        module, _, attribute = path.partition(":")
        found = getattr(importlib.import_module(module), attribute)
        yield f"### `{written(room, name)}`\n"
        yield f"{_prose(found)}\n"
        struct = getattr(found, "Config", None)
        if inspect.isclass(found) and struct is not None and room != "models":
            yield from _keys(struct, shared, room)
    for name, struct in shared.items():
        yield f"### `{name}`\n"
        yield from _keys(struct, {}, room, prose="Keys that several of these types take.")


def _keys(
    struct: type[msgspec.Struct], shared: dict[str, type[msgspec.Struct]], room: RoomName, *, prose: str = ""
) -> Iterator[str]:
    """Yield the table of a struct's own keys; those of a base that others have too are named once, in ``shared``."""
    if prose:
        yield f"{prose}\n"
    base = struct.__mro__[1]
    taken: set[str] = set()
    if issubclass(base, msgspec.Struct) and base.__struct_fields__ and not prose:
        owner, _, nested = base.__qualname__.partition(".")  # ``DeclaredJudge.Config`` is under ``DeclaredJudge``
        if nested:
            owner = next(name for name, path in shipped(room).items() if path.endswith(f":{owner}"))
        else:
            shared[owner] = base
        taken = set(base.__struct_fields__)
        yield f"Takes the keys of [`{owner}`](#{owner.lower()}).\n"
    if set(struct.__struct_fields__) - taken:
        yield table(struct, skip=taken)


def _prose(found: Any) -> str:
    """Return a docstring's text above its sections, as Markdown."""
    text = inspect.cleandoc(found.__doc__ or "")
    kept = []
    for paragraph in text.split("\n\n"):
        if paragraph.startswith(("Args:", "Attributes:", "Raises:", "Returns:", "Source:", "Call it only")):
            break
        kept.append(paragraph)
    return "\n\n".join(kept).replace("``", "`")


if __name__ == "__main__":
    sys.stdout.write(reference())

"""What a process imports and prepares once for all tasks that are forked from it.

Nothing here may start a thread: a forked process has only the one that forked.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterable
from operator import attrgetter

import msgspec

from judgebench.engine.deferred_certificates import certificates_deferred
from judgebench.judges.parsers.reading import parser_of
from judgebench.records.flow import Reply
from judgebench.stages.task import STAGE_MODULES

_SENDING = ("judgebench.engine.http", "judgebench.engine.worker_pool", "judgebench.models.openai", "uvloop")
_JUDGING = ("judgebench.judges.core.declared", "judgebench.judges.aggregations", "judgebench.judges.methods.preset")
_IMPORTED = {
    "infer": _SENDING,
    "judge": (*_SENDING, *_JUDGING),
    "extract": _JUDGING,
    "summarize": ("judgebench.metrics.rates.accuracy", "tabulate"),
}
"""What most tasks of a stage import beside the stage."""
_ANSWERED = (
    "judgebench.datasets.samples:JsonlDataset.Config",
    "judgebench.models.contract:ServiceConfig",
    "judgebench.records.flow:Prediction",
)
_JUDGED = (*_ANSWERED, "judgebench.records.flow:JudgeCall", "judgebench.judges.aggregations:AggregationConfig")
_READ = {
    "infer": _ANSWERED,
    "judge": _JUDGED,
    "extract": (*_JUDGED, "judgebench.identity.watermark:Watermark"),
    "summarize": (
        "judgebench.records.flow:TaskResult",
        "judgebench.records.manifest:RunManifest",
        "judgebench.records.spending:CallUsage",
    ),
}
"""Structs that most tasks of a stage read, beside the plan.

msgspec works out the types of a struct's fields when it is first read, and keeps them with the class: that takes a
fourth of the CPU of a task of a few items.
"""


def warm_up(stages: Iterable[str]) -> None:
    """Import what most tasks of these stages import, and compile the patterns that read the replies of most judges."""
    stages = set(stages)
    if not {"infer", "judge"}.isdisjoint(stages):
        with certificates_deferred():
            importlib.import_module("judgebench.engine.http")
    for stage in stages:
        importlib.import_module(STAGE_MODULES[stage])
        for name in _IMPORTED.get(stage, ()):
            with contextlib.suppress(ImportError):  # an extra: a task that needs it says so itself
                importlib.import_module(name)
        for name in ("judgebench.records.run:Plan", *_READ.get(stage, ())):
            module, _, record = name.partition(":")
            msgspec.json.Decoder(attrgetter(record)(importlib.import_module(module)))
    if not {"judge", "extract"}.isdisjoint(stages):
        # Python keeps compiled patterns by their text, so that this serves every parser of these two letters.
        parser = parser_of({"type": "anchored", "decisions": {"A": "correct", "B": "incorrect"}})
        parser.read(Reply(status="ok", text="First a reason.\nVERDICT: A"))

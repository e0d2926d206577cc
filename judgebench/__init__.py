"""Benchmark runner in which one model answers and another model judges.

Importing this package imports nothing else: every command pays only for what it uses. What ``__all__``
names is imported when it is first named.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from judgebench.errors import JudgebenchError
    from judgebench.records.flow import Metric
    from judgebench.report.gate import GateOutcome
    from judgebench.session.calling import OpenJudge, open_judge
    from judgebench.session.gating import gate
    from judgebench.session.listeners import Finding, Listener
    from judgebench.session.loaded import LoadedRun, load
    from judgebench.session.outcome import Outcome
    from judgebench.session.python import run, run_async
    from judgebench.training.evaluating import evaluate_samples

__version__ = "0.2.0"

__all__ = [
    "Finding", "GateOutcome", "JudgebenchError", "Listener", "LoadedRun", "Metric", "OpenJudge", "Outcome",
    "__version__", "evaluate_samples", "gate", "load", "open_judge", "run", "run_async",
]  # fmt: skip

_HOME = {
    "Finding": "judgebench.session.listeners",
    "GateOutcome": "judgebench.report.gate",
    "JudgebenchError": "judgebench.errors",
    "Listener": "judgebench.session.listeners",
    "LoadedRun": "judgebench.session.loaded",
    "Metric": "judgebench.records.flow",
    "OpenJudge": "judgebench.session.calling",
    "Outcome": "judgebench.session.outcome",
    "evaluate_samples": "judgebench.training.evaluating",
    "gate": "judgebench.session.gating",
    "load": "judgebench.session.loaded",
    "open_judge": "judgebench.session.calling",
    "run": "judgebench.session.python",
    "run_async": "judgebench.session.python",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'judgebench' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

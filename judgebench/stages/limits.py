"""What a task may spend where its run has limits."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from judgebench.models.contract import ModelConfig, ServiceConfig
from judgebench.stages.progress import supervised
from judgebench.stages.task import Task

if TYPE_CHECKING:
    from judgebench.engine.allowance import Allowance


def allowance_of(task: Task, model: ModelConfig) -> Allowance | None:
    """Return what a task may spend by asking its model; ``None`` where the run has no limits."""
    limits = task.plan.options.limits
    if limits is None or task.reporter.allowance is not None:
        return task.reporter.allowance
    from judgebench.engine.allowance import Allowance

    allowance = Allowance(
        limits,
        model.price,
        concurrency=model.batch_size,
        batched=isinstance(model, ServiceConfig) and model.batch is not None,
        report=functools.partial(task.reporter.send, force=True),
        reached=task.stop.set,
    )
    if not (task.in_caller or supervised()):
        allowance.take(1, limits.whole)  # it runs by itself
    task.reporter.allowance = allowance
    return allowance

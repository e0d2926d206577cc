"""``--dry-run``: the tasks of a run, what they will ask, and what that will take."""

from __future__ import annotations

import math
import os
import shlex
import sys
from collections.abc import Iterator, Mapping

from judgebench.errors import ExitCode
from judgebench.preflight.estimates import Estimates, StageEstimate
from judgebench.records.prices import money
from judgebench.records.request import RunRequest
from judgebench.records.run import RunConfig, TaskSpec
from judgebench.records.spending import Spending
from judgebench.report.costs import described
from judgebench.session.prepare import data_notes, standing
from judgebench.session.session import Preview
from judgebench.store.run_folder import RunFolder


def _place(config: RunConfig, task: TaskSpec) -> str:
    """Return where a task sends its questions, without credentials."""
    from judgebench.engine.reach import shown
    from judgebench.models.access import model_config
    from judgebench.models.addresses import base_urls
    from judgebench.models.contract import ServiceConfig

    model = config.models[task.model]
    judging = task.stage == "judge"
    target = model_config(config.datasets[task.datasets[0]].judge_of(task.judge, model).model if judging else model)
    if not isinstance(target, ServiceConfig):
        return "none (in the task's own process)"
    if target.launch is not None:
        return "launched by the run"
    place = ", ".join(map(shown, base_urls(target, {**os.environ, **config.secrets})))
    return f"{place}, in batches" if target.batch is not None else place


def _needed(task: TaskSpec) -> str:
    """Return what a task asks of the machine that it runs on; empty where it says nothing."""
    needs = {"cores": task.cores, "memory (GiB)": task.memory, "GPUs": task.gpus}
    return ", ".join(f"{what} {amount:g}" for what, amount in needs.items() if amount)


def print_plan(preview: Preview) -> int:
    """Print the graph and every command; sends nothing and writes nothing."""
    request, config, run, graph = preview
    estimates = Estimates(config, request.options, run)
    found: dict[str, StageEstimate] = {}
    print(f"run folder: {run.path}")
    for line in data_notes(config):
        print(line)
    for task in graph.tasks:
        waits = [*task.needs, *(f"{name} (follows)" for name in task.follows), *task.after]
        print(f"\n{task.id}")
        if task.stage in {"infer", "judge"}:
            where = standing(config, request, run, task)
            print(f"  items:   {where}")
            print(f"  service: {_place(config, task)}")
            if where.total is not None and (estimate := estimates.of(task)) is not None:
                found[task.id] = estimate
                for line in _expected(estimate):
                    print(f"  {line}")
        print(f"  after:   {', '.join(waits) or '-'}")
        if needed := _needed(task):
            print(f"  needs:   {needed}")
        print(f"  log:     {task.log}")
        print(f"  command: {shlex.join([sys.executable, '-m', 'judgebench.stages', 'PLAN', task.id])}")
    for task_id in graph.kept:
        print(f"\n{task_id}\n  complete, kept as it is")
    estimates.close()
    for line in _in_all(found, request, run):
        print(line)
    print("\nDry run: nothing was sent and nothing was written.")
    return ExitCode.DONE


def _expected(estimate: StageEstimate) -> Iterator[str]:
    """Yield the lines about what a task is going to take."""
    free = [f"{estimate.recorded} are in the run" if estimate.recorded else ""]
    free.append(f"{estimate.known} are known (--cache, --dedup)" if estimate.known else "")
    said = ", ".join(one for one in free if one)
    part = f" (by {100 * estimate.covered:.0f}% of the items)" if estimate.covered < 1 else ""
    yield f"calls:   {estimate.calls} to send{part}" + (f"; of {estimate.questions} questions {said}" if said else "")
    if not estimate.calls:
        return
    margin = f" \u00b1 {100 * estimate.margin:.0f}%" if 0 < estimate.margin < math.inf else ""
    yield (
        f"tokens:  about {estimate.prompt_tokens:.0f} in ({estimate.read_from}), "
        f"{estimate.completion_tokens:.0f}{margin} out ({estimate.written_from})"
    )
    if estimate.price is None or estimate.cost is None:
        yield "price:   unknown; give the model price=dict(...) or a table: --prices FILE"
    elif estimate.price.free:
        yield f"price:   none ({estimate.price.source or 'as the config says'})"
    else:
        yield f"price:   about {money(estimate.cost, estimate.price.currency)} at {described(estimate.price)}"


def _in_all(found: Mapping[str, StageEstimate], request: RunRequest, run: RunFolder) -> Iterator[str]:
    """Yield the lines about the whole run: what it is going to take, and what its limits say to that."""
    calls = sum(one.calls for one in found.values())
    tokens = sum(one.prompt_tokens + one.completion_tokens for one in found.values())
    costs: dict[str, float] = {}
    for one in found.values():
        if one.price is not None and one.cost is not None and not one.price.free:
            costs[one.price.currency] = costs.get(one.price.currency, 0.0) + one.cost
    unknown = any(one.price is None and one.calls for one in found.values())
    prices = [money(cost, currency) for currency, cost in costs.items()] + ["prices that are unknown"] * unknown
    yield f"\nIn all: about {calls} calls, {tokens:.0f} tokens, {' and '.join(prices) or money(0.0)}"
    limits = request.options.limits
    if limits is None:
        return
    from judgebench.session.spending import spent_before

    before = spent_before(run, limits.currency) if request.reuse is not None else Spending()
    wanted = Spending(calls=calls, tokens=tokens, cost=costs.get(limits.currency, 0.0))
    for name in limits.names:
        spent, more, most = (float(getattr(one, name)) for one in (before, wanted, limits))
        shown = [money(one, limits.currency) if name == "cost" else f"{one:.0f}" for one in (most, spent, spent + more)]
        ends = "it will be reached" if spent + more > most else "it will do"
        yield f"Limit:  {shown[0]} {name if name != 'cost' else ''}".rstrip() + (
            f": {shown[1]} spent so far, about {shown[2]} in the end; {ends}"
        )

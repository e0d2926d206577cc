"""Run folders with result files, made from short spellings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from judgebench.metrics.rates.agreement import diagnostics
from judgebench.metrics.rates.named import result
from judgebench.metrics.rates.tally import Tally, TallyOutcome
from judgebench.records.diagnostics import Diagnostics
from judgebench.records.flow import TaskResult
from judgebench.records.run import DatasetConfig, Options, Plan, SummarizerConfig, TaskSpec, Typed
from judgebench.report.results import write_result

STATES = {"u": "unparsed", "j": "judge_failed", "p": "prediction_failed", "n": "not_judged"}
DECISIONS = {"1": "correct", "0": "incorrect"}


def tally_of(words: list[str], rule: str = "") -> Tally:
    """One word per question, one letter per repeat; the rule's letters go with the first repeats."""
    tally = Tally(max(len(word) for word in words))
    for number, word in enumerate(words):
        for repeat, letter in enumerate(word):
            tally.add(
                TallyOutcome(
                    id=number,
                    repeat=repeat,
                    status=STATES.get(letter, "ok"),
                    decision=DECISIONS.get(letter),
                    answer=letter,
                    rule=DECISIONS[rule[number]] if rule and repeat == 0 else None,
                )
            )
    return tally


def put(
    run: Path, model: str, row: str, words: list[str] | str, *, judge: str | None = None, rule: str = "", **fields: Any
) -> TaskResult:
    """Write a result file of these outcomes."""
    tally = tally_of(list(words), rule)
    metrics, counts = result(tally)
    made = {
        "model": model,
        "dataset": row,
        "data_abbr": row,
        "judge": judge,
        "version": "3fb7e8",
        "mode": "gen",
        "headline": next(iter(metrics)),
        "metrics": metrics,
        "counts": counts,
        "diagnostics": diagnostics(tally) if judge else Diagnostics(),
        **fields,
    }
    written = TaskResult(**made)
    write_result(run / "results" / model / f"{row}.json", written)
    return written


def plan_of(run: Path, name: str, stages: list[str], *, model: str = "a", abbr: str = "d") -> None:
    """Write the plan of an invocation that has these tasks for the rule's row of one model and one dataset."""
    plan = Plan(
        name=name,
        run_dir=str(run),
        timestamp=name[:15],
        mode="all",
        command=["jb"],
        models={model: {}},
        datasets={abbr: DatasetConfig(abbr=abbr, loader=Typed(type="x.y"), evaluator=Typed(type="x.y"))},
        summarizer=SummarizerConfig(),
        combinations=[(model, abbr)],
        options=Options(),
        tasks=[
            TaskSpec(id=f"{stage}:{model}/{abbr}", stage=stage, name=abbr, model=model, datasets=[abbr])
            for stage in stages
        ],
    )
    path = run / "configs" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(plan))

"""Examples from a recorded judge run: every verdict is a label, and the item is shown as the judge was shown it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from judgebench.content.prompts import as_text
from judgebench.datasets.samples import PlannedSamples
from judgebench.errors import DAMAGED, ReuseError, UsageError
from judgebench.judges.core.showing import Showing, shown
from judgebench.records.facts import RecordedVerdict
from judgebench.records.flow import JudgeCall, Prediction, Sample
from judgebench.records.run import JudgeConfig, Plan, row_name
from judgebench.stages.asks import benchmark_case, case_of, postprocessor_of
from judgebench.store.journal import DamagedError, Decoder, open_file
from judgebench.store.recorded import records
from judgebench.store.run_folder import RunFolder
from judgebench.training.examples import Label, LabelledText, TeacherFacts


def examples_of_run(
    folder: RunFolder, *, judge: str = "", model: str = "", dataset: str = ""
) -> tuple[list[LabelledText], TeacherFacts]:
    """Return an example for each verdict of one judge, with what its judgments took.

    Several presentations that each have a score are several aspects; else the verdict's decision or score is the label.
    The predictions and the data of the run must still be there.

    Args:
        folder: The run.
        judge: Abbr; empty for the only judge of the run.
        model: Abbr of the tested model; empty for all.
        dataset: Abbr; empty for all.

    Raises:
        UsageError: The run has no such judge, or several.
        ReuseError: The run holds no plan, or no verdict of it.
        DataError: The dataset cannot be read.
    """
    plan = _newest_plan(folder)
    rows = [
        (tested, abbr, one)
        for tested, abbr in plan.combinations
        for one in _judges(plan, tested, abbr)
        if model in {"", tested} and dataset in {"", abbr} and judge in {"", one.abbr}
    ]
    names = list(dict.fromkeys(one.abbr for _, _, one in rows))
    if len(names) != 1:
        there = ", ".join(name or "(the tested judge)" for name in names) or "none"
        raise UsageError(f"One judge is to be learned from, and the run has: {there}.", hint="Name it: --judge NAME")
    found: list[LabelledText] = []
    left_out: Counter[str] = Counter()
    calls = tokens = 0
    seconds, all_known = 0.0, True
    for tested, abbr, one in rows:
        verdicts = {(line.id, line.repeat): line for line in _verdicts(folder, tested, row_name(abbr, one.abbr))}
        for sample, repeat, fields in _shown_items(folder, plan, tested, abbr, one):
            line = verdicts.get((sample.id, repeat))
            if line is None or line.status != "ok":
                left_out[line.status if line else "no verdict"] += 1
                continue
            for aspect, label in _labels(line):
                identifier = f"{tested}/{abbr}/{sample.id}/{repeat}"
                group = f"{abbr}/{sample.id}"
                found.append(LabelledText(id=identifier, group=group, aspect=aspect, fields=fields, label=label))
        for call in records(folder.predictions(tested, abbr, one.abbr), JudgeCall):
            calls += 1
            seconds += call.latency
            all_known = all_known and call.usage is not None
            tokens += call.usage.prompt_tokens + call.usage.completion_tokens if call.usage is not None else 0
    items = len({one.id for one in found})
    if not items:
        why = ", ".join(f"{count} {status}" for status, count in left_out.items()) or "it has no results"
        raise ReuseError(
            f"The run {folder.timestamp} has no verdict of {names[0]!r} to learn from ({why}).",
            hint=f"Judge first: jb --reuse {folder.path}",
        )
    judged = items + left_out.total()
    served = rows[0][2].model.get("model") or rows[0][2].model.get("abbr", "")
    facts = TeacherFacts(
        name=f"{names[0] or 'the tested judge'} ({served}), run {folder.timestamp}" if served else names[0],
        items=items,
        left_out=dict(left_out),
        calls=calls / judged if calls else None,
        tokens=tokens / judged if all_known and calls else None,
        seconds=seconds / judged if calls else None,
        folder=str(folder.path),
    )
    return found, facts


def _newest_plan(folder: RunFolder) -> Plan:
    plans = folder.plans()
    if not plans:
        raise ReuseError(f"The run {folder.timestamp} holds no plan.", hint="Name a run that jb has made.")
    try:
        return Decoder(Plan).read(plans[-1])
    except (OSError, DamagedError) as error:
        raise ReuseError(f"{plans[-1]} cannot be read: {error}.", hint="Run it again with --reuse.") from error


def _judges(plan: Plan, tested: str, abbr: str) -> list[JudgeConfig]:
    dataset = plan.datasets[abbr]
    if dataset.method is not None:
        return [JudgeConfig(abbr="", model=dict(plan.models[tested]), method=dataset.method)]
    return [one for one in dataset.judges if not one.compare_with and one.baseline is None]


def _verdicts(folder: RunFolder, tested: str, row: str) -> list[RecordedVerdict]:
    path = folder.verdicts(tested, row)
    try:
        with open_file(path, "rb") as file:
            return [msgspec.json.decode(line, type=RecordedVerdict) for line in file if line.strip()]
    except FileNotFoundError:
        return []
    except (OSError, *DAMAGED) as error:
        raise ReuseError(f"{path} cannot be read: {error}.", hint="Derive the verdicts again: --mode eval") from error


def _shown_items(
    folder: RunFolder, plan: Plan, tested: str, abbr: str, judge: JudgeConfig
) -> list[tuple[Sample, int, dict[str, Any]]]:
    dataset = plan.datasets[abbr]
    samples = {sample.id: sample for sample in PlannedSamples(dataset, plan.options).read(None)}
    showing = Showing(
        **{name: judge.method.options[name] for name in Showing.__struct_fields__ if name in judge.method.options}
    )
    if dataset.method is not None:
        cases = [(sample, 0, benchmark_case(sample, 0)) for sample in samples.values()]
    else:
        postprocess = postprocessor_of(plan.models[tested])
        cases = [
            (samples[answer.id], answer.repeat, case_of(samples[answer.id], answer, postprocess))
            for answer in records(folder.predictions(tested, abbr, ""), Prediction)
            if answer.id in samples and answer.status == "ok"
        ]
    found = []
    for sample, repeat, case in cases:
        seen = shown(case, showing, needed=frozenset({"question"} & case.fields.keys()))
        texts = {name: as_text(value) for name, value in seen.fields.items() if isinstance(value, str | int | float)}
        found.append((sample, repeat, texts))
    return found


def _labels(line: RecordedVerdict) -> list[tuple[str, Label]]:
    scored = [one for one in line.presentations if one.score is not None and one.status == "ok" and not one.repeat]
    if len({one.presentation for one in scored}) > 1:
        return [(one.presentation, _number(one.score)) for one in scored if one.score is not None]
    if line.decision is not None:
        return [("", line.decision)]
    return [("", _number(line.score))] if line.score is not None else []


def _number(score: float) -> Label:
    return int(score) if float(score).is_integer() else score

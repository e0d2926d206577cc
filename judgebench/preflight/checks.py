"""The checks: types of every stage, every row, first prompts, disk, endpoints, one judge reply.

A failed check raises; what merely looks odd comes back as a finding, because a retry may heal it.
"""

from __future__ import annotations

import asyncio
import difflib
import functools
import importlib.util
import shutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from judgebench import plugins
from judgebench.content.attachments import Attachments
from judgebench.content.prompts import fields_of, fit, prompt_for
from judgebench.engine.allowance import check_measured
from judgebench.errors import RAISED_BY_OTHERS, ConfigError, DiskError, EndpointError, JudgebenchError, missing_extra
from judgebench.identity.questions import repeats_of
from judgebench.judges.core.contract import CallFailedError, Case, NotRecordedError, checked, lacks_logprobs, method_of
from judgebench.metrics.rates.named import check_names
from judgebench.models.access import check_takes, model_config, prompt_kind
from judgebench.models.contract import ModelConfig, ServiceConfig
from judgebench.preflight.rows import read_rows
from judgebench.preflight.trial_calls import TrialCall, TrialService, ask_all
from judgebench.preflight.trial_case import trial_case
from judgebench.records.flow import Prompt, Reply, Request, Sample
from judgebench.records.run import DatasetConfig, JudgeConfig, Plan, TaskSpec
from judgebench.records.spending import Limits, Spending, spent_by
from judgebench.stages.asks import Questions, benchmark_case
from judgebench.stages.constraining import constraint_of, hold_of, without_keys
from judgebench.store.run_folder import RunFolder

LEAST_FREE = 32 << 20
"""Bytes that must be free in the run folder's file system."""


class PreflightChecked(NamedTuple):
    """What the checks gave.

    Attributes:
        findings: Worth a line each.
        spent: What the trial calls have spent.
    """

    findings: list[str]
    spent: Spending


TRIAL_CALLS = 4
"""Most calls that a service is sent for one purpose."""


def preflight(
    plan: Plan,
    report: Callable[[str], None],
    environ: Mapping[str, str] | None = None,
    *,
    left: Spending | None = None,
) -> PreflightChecked:
    """Check what a plan needs.

    Args:
        plan: What is to be done.
        report: Takes a line about a service that keeps the run waiting.
        environ: Where keys and addresses are looked up; the process environment by default.
        left: What the trial calls may spend; where it is less than they may take, none is made. ``None``: no limit.

    Raises:
        JudgebenchError: Something that would ruin the run later.
    """
    _check_disk(Path(plan.run_dir))
    for dataset in _used_datasets(plan):
        for typed in (dataset.evaluator, dataset.method, *(judge.method for judge in dataset.judges)):
            if typed is not None:
                method_of(typed)
    _check_installed(plan)
    findings = [*_parameters(plan), *_constrainable(plan)]
    for model, abbr in plan.combinations:
        check_names(plan.datasets[abbr].metrics, repeats_of(plan.models[model]))
    attachments = Attachments(RunFolder(Path(plan.run_dir)).attachments)
    first, of_rows = read_rows(_used_datasets(plan), plan.options, report, attachments=attachments)
    findings += of_rows
    for dataset in _used_datasets(plan):
        if dataset.abbr in first:
            findings += _same_for_all(dataset, first[dataset.abbr])
        if dataset.abbr in first and first[dataset.abbr].reference is None:
            _check_judgeable(dataset, first[dataset.abbr])
    for task in plan.tasks:
        if task.stage == "infer":
            config = model_config(plan.models[task.model])
            for abbr in task.datasets:
                if abbr in first:
                    prompt = prompt_for(plan.datasets[abbr], first[abbr], prompt_kind(config))
                    check_takes(config, prompt, where=f"datasets.{abbr}.prompt")
        elif task.stage == "judge" and task.datasets[0] in first and not _only_read_again(plan, task):
            _check_first_questions(plan, task, first[task.datasets[0]])
    # where requests are written into files, no service is asked
    services = [] if plan.options.requests else [*_tested_models(plan), *_judges(plan, first)]
    return _try_services(services, findings, report, environ, limits=plan.options.limits, left=left)


def _try_services(
    services: list[TrialService],
    findings: list[str],
    report: Callable[[str], None],
    environ: Mapping[str, str] | None,
    *,
    limits: Limits | None,
    left: Spending | None,
) -> PreflightChecked:
    if left is not None and (left.calls < TRIAL_CALLS * len(services) or min(left.tokens, left.cost) <= 0):
        return PreflightChecked(
            [*findings, "the services were not tried: the limit leaves no room for trial calls"], Spending()
        )
    findings += ask_all(services, report, environ)
    spent = Spending()
    for one in services:
        for reply in one.replies:
            if limits is not None:
                whose = f"The service of {one.config.abbr!r}"
                check_measured(reply, limits, one.config.price, whose=whose)
            spent += spent_by(reply.usage, 1, one.config.price)
    return PreflightChecked(findings, spent)


def _used_datasets(plan: Plan) -> list[DatasetConfig]:
    abbrs = dict.fromkeys(abbr for task in plan.tasks for abbr in task.datasets)
    return [plan.datasets[abbr] for abbr in abbrs]


def _same_for_all(dataset: DatasetConfig, sample: Sample) -> list[str]:
    """Return a line about a prompt that holds nothing of its sample; ``{question:>9}`` is text, not a placeholder."""
    if not dataset.prompt or not sample.fields or not sample.fields.keys().isdisjoint(fields_of(dataset.prompt)):
        return []
    names = " or ".join(f"{{{name}}}" for name in sample.fields)
    return [f"dataset {dataset.abbr}: its prompt holds no {names}, so every sample is asked the same"]


def _check_judgeable(dataset: DatasetConfig, sample: Sample) -> None:
    """Refuse judges that look at no answer without a reference, where the dataset has none.

    Raises:
        ConfigError: There is such a judge.
    """
    for judge in dataset.judges:
        method = method_of(judge.method)
        if not method.asks:
            continue
        try:
            verdict = checked(asyncio.run(method.judge(trial_case(sample, judge, None), _ask_nobody)))
        except JudgebenchError:
            raise
        except RAISED_BY_OTHERS:  # that it asked, or whatever a method raises: the trial call tells of that
            continue
        if verdict.status == "not_judged":
            raise ConfigError(
                f"The judge {judge.abbr!r} cannot judge answers to the dataset {dataset.abbr!r}: {verdict.reason}.",
                hint="Give the data a column of reference answers (output_column), or name a judge that needs none, "
                "such as --judges direct.",
            )


def _check_first_questions(plan: Plan, task: TaskSpec, sample: Sample) -> None:
    """Have a judge make its first questions, service or not, and refuse what would be refused about every item.

    Raises:
        ConfigError: Its prompt names a field that there is not, or shows an image to a model that takes text alone.
    """
    dataset, judge = plan.datasets[task.datasets[0]], _judge_of(plan, task)
    config = model_config(judge.model)

    async def ask(prompt: Prompt, *, presentation: str = "", **params: object) -> Reply:  # noqa: ARG001 - part of Ask
        where = f"The prompt of the judge {judge.abbr or config.abbr!r} on {dataset.abbr!r}"
        check_takes(config, prompt, where=where)
        raise NotRecordedError

    case = benchmark_case(sample, 0) if dataset.method is not None else trial_case(sample, judge, None)
    try:
        asyncio.run(method_of(judge.method).judge(case, ask))
    except JudgebenchError:
        raise
    except RAISED_BY_OTHERS:  # that it asked, or whatever a method raises: the trial call or the run tells of that
        return


async def _ask_nobody(prompt: Prompt, *, presentation: str = "", **params: object) -> Reply:  # noqa: ARG001 - part of Ask
    raise NotRecordedError


def _check_installed(plan: Plan) -> None:
    """Check, before any model is asked, that what they need is there: packages, and a batch API if one is wanted."""
    for task in plan.tasks:
        if task.stage == "infer":
            raw = dict(plan.models[task.model])
        elif task.stage == "judge":
            raw = _judge_of(plan, task).model
        else:
            continue
        config = model_config(raw)
        if isinstance(config, ServiceConfig) and config.batch is not None:
            from judgebench.engine.batch_provider import batch_api

            batch_api(config)
        extra, packages = getattr(plugins.load(config.type, "models"), "needs", ("", ()))
        for package in packages:
            if importlib.util.find_spec(package) is None:
                raise missing_extra(package, extra, f"model {config.abbr!r}")


def _parameters(plan: Plan) -> list[str]:
    """Return a line for each sampling parameter that looks misspelt."""
    findings: list[str] = []
    for task in plan.tasks:
        if task.stage == "infer":
            findings += _misspelt(model_config(plan.models[task.model]), f"models.{task.model}")
        elif task.stage == "judge":
            judge = _judge_of(plan, task)
            findings += _misspelt(model_config(judge.model), f"judges.{judge.round_robin or judge.abbr}.judge_model")
    return list(dict.fromkeys(findings))


def _constrainable(plan: Plan) -> list[str]:
    """Return a line for each judge whose model's type has no key for a schema, though one is wanted.

    Raises:
        ConfigError: The judge requires it.
    """
    findings: list[str] = []
    for task in plan.tasks:
        judge = _judge_of(plan, task) if task.stage == "judge" else None
        if judge is None or judge.constrain == "off":
            continue
        found = without_keys(judge)
        if found is not None and _running_service(model_config(judge.model)) is None:  # else the trial call says it
            findings.append(f"judge {judge.abbr or judge.model['abbr']}: {found.finding()}")
    return list(dict.fromkeys(findings))


def _judge_of(plan: Plan, task: TaskSpec) -> JudgeConfig:
    return plan.datasets[task.datasets[0]].judge_of(task.judge, plan.models[task.model])


def _check_disk(run_dir: Path) -> None:
    free = shutil.disk_usage(run_dir).free
    if free < LEAST_FREE:
        raise DiskError(
            f"Only {free >> 20} MiB are free for {run_dir}; a run needs at least {LEAST_FREE >> 20} MiB.",
            hint="Make room, or choose another place with --work-dir.",
        )


def _running_service(config: ModelConfig) -> ServiceConfig | None:
    """Return a service that can be asked now: not a local model, and not one that the run launches itself."""
    return config if isinstance(config, ServiceConfig) and config.launch is None else None


def _tested_models(plan: Plan) -> Iterator[TrialService]:
    for abbr in dict.fromkeys(task.model for task in plan.tasks if task.stage == "infer"):
        config = _running_service(model_config(plan.models[abbr]))
        if config is not None:
            ask = functools.partial(_ask_tested_model, abbr, go_on=plan.options.go_on)
            yield TrialService(config=config, ask=ask)


def _ask_tested_model(abbr: str, trial: TrialCall, *, go_on: bool) -> list[str]:
    findings = trial.check_model()
    prompt = fit("Reply with OK.", prompt_kind(trial.config))
    reply = trial.ask(Request(prompt=prompt, params={"max_out_len": _SHORT}))
    if _refused(reply):  # it may be the short limit that is refused, as by a model that thinks first
        reply = trial.ask(Request(prompt=prompt, params={}))
    if reply.error is None or reply.error.kind in {"empty_reply", "content_filter"}:
        return findings
    if _refused(reply) and not go_on:
        raise _refusal(f"model {abbr}", trial, reply)
    return [*findings, f"model {abbr}: the first short call failed ({reply.error.message})"]


_SHORT = 16
"""Most tokens of the reply to the first short call."""


def _refused(reply: Reply) -> bool:
    """Whether a service will answer the same to every such request."""
    return reply.error is not None and reply.error.kind == "bad_request"


def _refusal(whose: str, trial: TrialCall, reply: Reply, judge: JudgeConfig | None = None) -> EndpointError:
    """Return the error for a request that the service will never take; names the parameter that it speaks of."""
    said = reply.error.message if reply.error is not None else ""
    named = [name for name in trial.config.generation_kwargs if name in said]
    of_method = [name for name in (judge.method.options.get("params") or {} if judge else {}) if name in said]
    hint = "Correct the config"
    if judge is not None and judge.abbr and of_method:
        own = f"judges.{judge.round_robin or judge.abbr}.method.params.{of_method[0]}"
        hint = f"Take it out with --override '{own}=None'"
    elif named:
        hint = f"Take it out with --override '*.{trial.config.abbr}.generation_kwargs.{named[0]}=None'"
    elif "max_completion_tokens" in said and getattr(trial.dialect, "limit_key", "") == "max_tokens":
        hint = f"Take the type that names the limit so: --override '*.{trial.config.abbr}.type=OpenAIChat'"
    return EndpointError(
        f"The service of {whose} at {trial.place} refuses the run's requests: {said}.",
        hint=f"{hint}, or go on all the same with --go-on.",
    )


def _misspelt(config: ModelConfig, where: str) -> list[str]:
    """Return a line for each parameter whose name is near one that the protocol knows, and is none."""
    known: frozenset[str] = getattr(plugins.load(config.type, "models"), "parameters", frozenset())
    unknown = sorted(config.generation_kwargs.keys() - known) if known else []
    near = {name: difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.8) for name in unknown}
    return [
        f"{where}.generation_kwargs.{name} is sent as it is; did you mean {found[0]}?"
        for name, found in near.items()
        if found
    ]


def _judges(plan: Plan, first: dict[str, Sample]) -> Iterator[TrialService]:
    done: set[tuple[str, str, str]] = set()
    for task in plan.tasks:
        if task.stage != "judge" or task.datasets[0] not in first or _only_read_again(plan, task):
            continue
        dataset = plan.datasets[task.datasets[0]]
        judge = _judge_of(plan, task)
        config = _running_service(model_config(judge.model))
        tested = task.model if dataset.method is not None else ""
        trial = (dataset.abbr, judge.round_robin or judge.abbr, tested)
        if config is None or trial in done:
            continue
        done.add(trial)
        sample = first[dataset.abbr]
        folder = RunFolder(Path(plan.run_dir)).attachments
        case = (
            benchmark_case(sample, 0) if dataset.method is not None else trial_case(sample, judge, Attachments(folder))
        )
        ask = functools.partial(_ask_judge, judge, case, dataset.abbr, str(folder), go_on=plan.options.go_on)
        yield TrialService(config=config, ask=ask)


def _ask_judge(
    judge: JudgeConfig,
    case: Case,
    abbr: str,
    attachments: str,
    trial: TrialCall,
    *,
    go_on: bool,
) -> list[str]:
    findings = trial.check_model()
    whose = f"judge {judge.abbr or trial.config.abbr} on {abbr}"
    questions = Questions(judge, prompt_kind(trial.config))
    if judge.constrain != "off":
        found = asyncio.run(constraint_of(judge, _through(trial)))
        questions.hold = hold_of(judge, found.key)
        findings += [f"{whose}: {found.finding()}"] if found.why else []
    judgment = asyncio.run(_one_judgment(trial, judge, questions, case, attachments))
    if judgment.rounds and trial.config.batch is not None:
        findings.append(f"{whose}: it asks about each item in several rounds, and every round takes a batch of its own")
    if judgment.refused is not None and not go_on:
        raise _refusal(whose, trial, judgment.refused, judge)
    if judgment.unread and not go_on:
        others = [msgspec.structs.replace(case, answer=answer) for answer in _OTHER_ANSWERS]
        again = [asyncio.run(_one_judgment(trial, judge, questions, other, attachments)) for other in others]
        if all(one.unread for one in again):
            raise EndpointError(
                f"{whose}: {judgment.finding}; nor could its replies to {len(again)} other trial answers be read.",
                hint="Look at prompt and parser with: jb show, or go on all the same with --go-on.",
            )
    return [*findings, f"{whose}: {judgment.finding}"] if judgment.finding else findings


_OTHER_ANSWERS = ("I do not know.", "The answer is 42.")
"""What is shown to a judge whose first reply could not be read: one such reply says little about the others."""


class _Judgment(NamedTuple):
    """What came of a trial question.

    Attributes:
        finding: What is odd about it; empty where nothing is.
        unread: Whether the judge replied and the reply could not be read.
        refused: The reply of a service that will never take such a question.
        rounds: Whether a question was asked only when the reply to another was there.
    """

    finding: str = ""
    unread: bool = False
    refused: Reply | None = None
    rounds: bool = False


def _only_read_again(plan: Plan, task: TaskSpec) -> bool:
    """Whether a task reads recorded replies by another rule: that costs nothing, and the service may be gone."""
    recorded = RunFolder(Path(plan.run_dir)).predictions(task.model, task.datasets[0], task.judge)
    return plan.mode == "eval" and not plan.options.rejudge and recorded.exists()


def _through(trial: TrialCall) -> Callable[[Request], Awaitable[Reply]]:
    async def ask(request: Request) -> Reply:
        return trial.ask(request)

    return ask


async def _one_judgment(
    trial: TrialCall, judge: JudgeConfig, questions: Questions, case: Case, attachments: str
) -> _Judgment:
    """Let the judge look at one item."""
    config = trial.config
    replies: list[Reply] = []
    known: set[int] = set()
    answered: list[tuple[dict[str, object], bool]] = []

    async def ask(prompt: Prompt, *, presentation: str = "", **params: object) -> Reply:  # noqa: ARG001 - part of Ask
        sent = questions.sent(params)
        request = Request(prompt=fit(prompt, questions.kind), params=sent, attachments=attachments)
        known.add(len(replies))
        await asyncio.sleep(0)  # now come all questions that do not wait for this reply
        reply = trial.ask(request)
        replies.append(reply)
        answered.append((sent, reply.logprobs is not None))
        if reply.status != "ok":
            raise CallFailedError(reply)
        return reply

    method = method_of(judge.method)
    try:
        verdict = checked(await method.judge(case, ask))
    except CallFailedError as error:
        return _Judgment(f"the trial question failed ({error})", refused=error.reply if _refused(error.reply) else None)
    except JudgebenchError:
        raise
    except RAISED_BY_OTHERS as error:  # whatever a method raises about one item; in the run that item fails
        return _Judgment(f"the judge method raised {type(error).__name__}: {error} on the trial item")
    if lacks_logprobs(method, answered):
        raise EndpointError(
            f"The judge {judge.abbr or config.abbr!r} reads log-probabilities, "
            f"and its service at {trial.base} gives none.",
            hint="Use a method that reads the text, such as RubricScore with read='number', "
            "or a service that gives log-probs (vLLM, SGLang and llama.cpp do).",
        )
    if verdict.status == "ok":
        return _Judgment(rounds=len(known) > 1)
    said = replies[-1].text[-80:] if replies else ""
    finding = f"its reply to the trial question could not be read ({verdict.reason}); it ended in {said!r}"
    return _Judgment(finding, unread=verdict.status == "unparsed")

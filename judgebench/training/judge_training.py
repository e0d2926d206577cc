"""Trains a judge and says what came of it: held-out agreement, consistency and unread replies, before and after."""

from __future__ import annotations

import hashlib
import math
import platform
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from judgebench.errors import ConfigError, DataError, how_many
from judgebench.judges.core.contract import Case
from judgebench.metrics.statistics.intervals import wilson
from judgebench.records.flow import Prompt, Reply, TokenLogprob
from judgebench.records.run import JudgeConfig
from judgebench.training.adapter_gguf import ARCHITECTURES, write_adapter
from judgebench.training.base_model import Base
from judgebench.training.judge_examples import (
    Judge,
    TrainingExample,
    case_of,
    check_leakage,
    examples,
    key_of,
    prompts_hash,
    prompts_of,
    verdict_by,
)  # fmt: skip
from judgebench.training.judge_files import JudgmentRow
from judgebench.training.kept_lines import keep_line, kept_lines
from judgebench.training.lora import ExampleTokens, GreedyReply, LoraModel, Settings

_OPPOSITE = {"A": "B", "B": "A"}
_TOP = 20
_LONGEST_REPLY = 16
_FLOOR_SHARE = 0.1
_LAST_STEPS = 20


class KeptReply(msgspec.Struct, frozen=True):
    """What a model said to a held-out prompt, as a line of ``before.jsonl`` or ``after.jsonl``.

    Attributes:
        key: Of the prompt, and of what ends a reply to it.
        text: The reply. ``first``: The likeliest first tokens, with log-probabilities.
    """

    key: str
    text: str
    first: list[tuple[str, float]]


class TrainingJob(msgspec.Struct, frozen=True, kw_only=True):
    """What is trained on what.

    Attributes:
        rows: Judgments to learn from.
        test: Judgments of other questions, which are not learnt from.
        config: The judge as its config declares it.
        judge: Renders and reads.
        without: Renders rows without reference; ``None`` shows it always.
        base: The model that gets the adapter.
        settings: How it is trained.
        out: Folder for everything that is written.
        swap: Share of pairs that are shown in the other order.
        drop: Share of rows that are shown without reference.
        data: What the data was made of, for the report.
    """

    rows: list[JudgmentRow]
    test: list[JudgmentRow]
    config: JudgeConfig
    judge: Judge
    without: Judge | None
    base: Base
    settings: Settings
    out: Path
    swap: float = 0.5
    drop: float = 0.0
    data: dict[str, Any] = {}


def train_judge(job: TrainingJob, tell: Callable[[dict[str, Any]], None], say: Callable[[str], None]) -> dict[str, Any]:
    """Train a judge, or go on with a training that was stopped, and return the report that stands in ``train.json``.

    Args:
        job: What is trained.
        tell: Takes the figures of each step.
        say: Takes a line for people.

    Raises:
        DataError: The data cannot be used, or the test set shares questions with it.
        ConfigError: The folder holds another training.
    """
    check_leakage(job.rows, job.test, "The test set")
    made = examples(job.rows, job.judge, seed=job.settings.seed, swap=job.swap, without=job.without, drop=job.drop)
    if not made:
        raise DataError("There is nothing to train on.")
    job.out.mkdir(parents=True, exist_ok=True)
    _begin(job, made)
    begun = time.monotonic()
    model = LoraModel(job.base.folder, job.settings)
    tokens = [model.tokens(one.prompt, one.completion, ends=one.ends) for one in made]
    _check_lengths(tokens, job.settings.max_length)
    say(f"Asking the untrained model about {how_many(len(job.test), 'held-out row')}.")
    before = held_out(model, job, job.out / "before.jsonl")
    say(
        f"Training on {how_many(len(made), 'example')}: {how_many(job.settings.steps, 'step')} of {job.settings.batch}."
    )
    curve = model.train(tokens, [one.question_id for one in made], job.out, tell)
    model.save(job.out)
    model_type = str(model.model_type)
    if model_type in ARCHITECTURES:
        write_adapter(job.out, model_type, job.out / "adapter.gguf")
    say(f"Asking the trained model about {how_many(len(job.test), 'held-out row')}.")
    after = held_out(model, job, job.out / "after.jsonl")
    report = {
        "judge": job.config.abbr,
        "method": job.judge.method.identity(),
        "base": {"name": job.base.name, "sha256": job.base.sha256, "model_type": model_type},
        "data": {
            **job.data,
            "examples": len(made),
            "test_rows": len(job.test),
            "swapped": sum(one.swapped for one in made),
            "without_reference": sum(not one.with_reference for one in made),
            "prompts_sha256": prompts_hash([one.prompt for one in made]),
            "test_prompts_sha256": prompts_hash(_test_prompts(job)),
        },
        "settings": {**msgspec.to_builtins(job.settings), "dtype": model.dtype},
        "seconds": round(time.monotonic() - begun, 1),
        "versions": model.versions(),
        "machine": platform.machine(),
        "held_out": {"before": before, "after": after},
        "warnings": warnings(curve, tokens, after),
        "loss": curve,
    }
    _write(job.out / "train.json", report)
    (job.out / "judge.py").write_text(judge_config(job), "utf-8")
    return report


def _begin(job: TrainingJob, made: Sequence[TrainingExample]) -> None:
    """Note in the folder which training it holds.

    Raises:
        ConfigError: It holds another one.
    """
    settings = msgspec.to_builtins(msgspec.structs.replace(job.settings, threads=0))  # their number changes no result
    described = [settings, job.base.sha256, [[one.prompt, one.completion] for one in made]]
    key = hashlib.sha256(msgspec.json.encode(described, order="deterministic")).hexdigest()
    file = job.out / "training.txt"
    if file.is_file():
        if file.read_text("utf-8").strip() != key:
            raise ConfigError(
                f"{job.out} holds another training (other data, settings or base).",
                hint="Choose another --out, or remove that folder.",
            )
        return
    if (job.out / "train.json").exists():
        raise ConfigError(f"{job.out} is not empty.", hint="Choose another --out.")
    file.write_text(key + "\n", "utf-8")


def _check_lengths(tokens: Sequence[ExampleTokens], most: int) -> None:
    longer = sum(len(one.ids) > most for one in tokens)
    if longer:
        longest = max(len(one.ids) for one in tokens)
        raise DataError(
            f"{how_many(longer, 'example is', 'examples are')} longer than --max-length {most}; the longest has "
            f"{longest} tokens.",
            hint=f"Take them out of the data, or give --max-length {longest}.",
        )


def _test_prompts(job: TrainingJob) -> list[Any]:
    return [prompt for row in job.test for case in _cases(row) for _, prompt in prompts_of(job.judge, case)]


def _cases(row: JudgmentRow) -> list[Case]:
    return [case_of(row), case_of(row, swap=True)] if len(row.answers) == 2 else [case_of(row)]


def _reply_ends(job: TrainingJob) -> tuple[int, list[str]]:
    """Return after how many tokens and before which texts a reply ends: what is read counts, as in a run."""
    if any(parser.needs_logprobs for parser in job.judge.method.parsers):
        return 1, []
    stop = (job.config.model.get("generation_kwargs") or {}).get("stop") or []
    most = min(int(job.config.model.get("max_out_len") or _LONGEST_REPLY), _LONGEST_REPLY)
    return most, [stop] if isinstance(stop, str) else list(stop)


def _replies(model: LoraModel, job: TrainingJob, prompts: Mapping[str, Prompt], file: Path) -> list[GreedyReply]:
    """Return the reply to every prompt; those that the file has are not computed again, and new ones are added."""
    most, stop = _reply_ends(job)
    keys = [hashlib.sha256(msgspec.json.encode([one, most, stop])).hexdigest() for one in prompts]
    by_key = {one.key: (one.text, one.first) for one in kept_lines(file, KeptReply)}

    def keep(new: dict[int, GreedyReply]) -> None:
        keep_line(file, *(KeptReply(keys[at], *one) for at, one in new.items()))

    known = {number: by_key[key] for number, key in enumerate(keys) if key in by_key}
    return model.replies(list(prompts.values()), most, _TOP, stop, known=known, keep=keep)


def held_out(model: LoraModel, job: TrainingJob, file: Path) -> dict[str, Any]:
    """Ask about held-out rows, pairs in both orders, and return agreement, consistency and unread replies.

    Args:
        model: Is asked.
        job: Has the rows and the judge.
        file: Keeps the replies as they come; a training that was stopped goes on after them.
    """
    judge = job.judge
    rows = [row for row in job.test if row.answers]
    cases = [case for row in rows for case in _cases(row)]
    prompts = {key_of(prompt): prompt for case in cases for _, prompt in prompts_of(judge, case)}
    replies = _replies(model, job, prompts, file)
    known = {
        key: Reply(
            status="ok", text=text, finish_reason="stop",
            logprobs=[TokenLogprob(token=first[0][0], logprob=first[0][1], top=dict(first))],
        )
        for key, (text, first) in zip(prompts, replies, strict=True)
    }  # fmt: skip
    verdicts = iter([verdict_by(judge, case, known) for case in cases])
    right = total = consistent = pairs = unread = both = 0
    for row in rows:
        gold = row.label
        found = [next(verdicts) for _ in _cases(row)]
        wanted = [gold, _OPPOSITE.get(gold, gold)][: len(found)]
        hits = [
            verdict.status == "ok" and verdict.decision == want for verdict, want in zip(found, wanted, strict=True)
        ]
        total += len(found)
        right += sum(hits)
        unread += sum(verdict.status != "ok" for verdict in found)
        if len(found) == 2:
            pairs += 1
            both += all(hits)
            read = all(verdict.status == "ok" for verdict in found)
            mirrored = _OPPOSITE.get(str(found[1].decision), found[1].decision)
            consistent += read and found[0].decision == mirrored
    figures: dict[str, Any] = {
        "rows": len(rows),
        "agreement": _share(right, total),
        "unparsed": _share(unread, total),
    }
    if pairs:
        figures |= {"consistency": _share(consistent, pairs), "both_orders_right": _share(both, pairs)}
    return figures


def _share(count: int, of: int) -> dict[str, Any]:
    if not of:
        return {"count": 0, "of": 0}
    interval = wilson(count / of, of)
    return {"count": count, "of": of, "share": count / of, "low": interval.low, "high": interval.high}


def warnings(curve: Sequence[dict[str, Any]], tokens: Sequence[ExampleTokens], after: dict[str, Any]) -> list[str]:
    """Return what speaks against the judge.

    A loss of ln 2 / n, n being the tokens of a reply, is that of a judge which knows the form of the reply and tosses a
    coin for the verdict.
    """
    found = []
    last = [one["loss"] for one in curve[-_LAST_STEPS:]]
    reply = sum(len(one.ids) - one.prompt for one in tokens) / len(tokens)
    floor = math.log(2) / reply
    if last and sum(last) / len(last) > floor * (1 - _FLOOR_SHARE):
        found.append(
            f"The format is learned, the verdict is not: the loss of the last {how_many(len(last), 'step')} is "
            f"{sum(last) / len(last):.3f}, and {floor:.3f} is that of a coin. Train longer, or on more data."
        )
    agreement = after["agreement"]
    if agreement.get("low", 1.0) <= 0.5:
        found.append("On held-out rows the judge is not shown to be better than a coin.")
    return found


def judge_config(job: TrainingJob) -> str:
    """Return the config with which ``jb`` asks the trained judge."""
    from pprint import pformat

    model = {name: value for name, value in job.config.model.items() if name not in {"type", "launch", "path", "model"}}
    kind = str(job.config.model.get("type", "VLLMCustomAPI")).rpartition(":")[2].rpartition(".")[2]
    lines = ['"""A judge that jb train judge made; train.json beside it says how good it is."""', ""]
    served = (job.out / "adapter.gguf").is_file() and bool(job.base.launch)
    types = {kind} | ({"LlamaCppServer"} if served else set())
    method = job.config.method
    lines += [f"from judgebench.models import {', '.join(sorted(types))}", "", "judges = ["]
    lines += ["    dict(", '        abbr="trained",', "        judge_model=dict(", f"            type={kind},"]
    lines += ['            model="trained",  # the name of the adapter on its service']
    if served:
        options = {**job.base.launch, "lora": {"trained": str((job.out / "adapter.gguf").absolute())}}
        given = job.config.model.get("launch") or {}
        kept = "".join(f" {name}={given[name]!r}," for name in ("health", "time_limit") if name in given)
        lines += [f"            launch=dict(type=LlamaCppServer,{kept} options={pformat(options, width=100)}),"]
    lines += [f"            {name}={value!r}," for name, value in model.items() if value not in ("", None, {}, [])]
    lines += [
        "        ),",
        f"        method=dict(type={method.type!r}, **{pformat(method.options, width=100)}),",
        "    )",
        "]",
    ]
    return "\n".join(lines) + "\n"


def _write(file: Path, value: Any) -> None:
    partial = file.with_suffix(".partial")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1))
    shutil.move(partial, file)

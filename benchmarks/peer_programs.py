"""The other programs: what is installed for each, and how it is told to do our work.

Each answers the questions of ``data.jsonl`` (``question``, ``answer``) through a chat service, with its own way of
scoring numbers, and, where it can, lets a judge look at every answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

MAX_TOKENS = 64


class Job(NamedTuple):
    """What a program is to do.

    Attributes:
        programs: The folder of its programs.
        work: An empty folder but for ``data.jsonl``; where it runs.
        url: The address of the service that answers, without ``/v1``.
        judge_url: That of the service that judges; None where nothing is judged.
        items: How many questions there are.
        concurrency: Requests in flight.
    """

    programs: Path
    work: Path
    url: str
    judge_url: str | None
    items: int
    concurrency: int


class Peer(NamedTuple):
    """Another program.

    Attributes:
        packages: What is installed.
        command: Writes what the program needs into the work folder and returns how it is started.
        result: A pattern of the files that it has written when it came to its end.
        place: The name of its virtual environment, where it is not its own.
        verdict: What its judge's reply has to say so that it reads a right answer; None where it is not run judged.
    """

    packages: list[str]
    command: Callable[[Job], list[str]]
    result: str
    place: str = ""
    verdict: str | None = None


def inspect_ai(job: Job) -> list[str]:
    """Return how inspect-ai is started: a task of its own, graded by ``includes`` or ``model_graded_qa``."""
    graded = (
        f"model_graded_qa(model=get_model('openai/judge', base_url={f'{job.judge_url}/v1'!r}, "
        f"responses_api=False, config=GenerateConfig(max_connections={job.concurrency}, max_tokens={MAX_TOKENS})))"
    )
    (job.work / "task.py").write_text(
        "from inspect_ai import Task, task\n"
        "from inspect_ai.dataset import FieldSpec, json_dataset\n"
        "from inspect_ai.model import GenerateConfig, get_model\n"
        "from inspect_ai.scorer import includes, model_graded_qa\n"
        "from inspect_ai.solver import generate\n\n\n"
        "@task\ndef sums():\n"
        "    fields = FieldSpec(input='question', target='answer')\n"
        f"    scorer = {graded if job.judge_url else 'includes()'}\n"
        "    return Task(dataset=json_dataset('data.jsonl', fields), solver=generate(), scorer=scorer)\n"
    )
    width = str(job.concurrency)
    flags = ["--max-connections", width, "--max-samples", width, "--limit", str(job.items)]
    quiet = ["--display", "none", "--log-dir", "logs", "--max-tokens", str(MAX_TOKENS)]
    address = ["--model", "openai/instant", "--model-base-url", f"{job.url}/v1", "-M", "responses_api=false"]
    return [str(job.programs / "inspect"), "eval", "task.py", *address, *flags, *quiet]


def lm_eval(job: Job) -> list[str]:
    """Return how lm-eval is started: a task file, scored by exact match."""
    (job.work / "sums.yaml").write_text(
        "task: sums\ndataset_path: json\ndataset_kwargs:\n  data_files:\n    test: data.jsonl\ntest_split: test\n"
        "output_type: generate_until\ndoc_to_text: '{{question}}'\ndoc_to_target: '{{answer}}'\n"
        f"generation_kwargs:\n  until: ['@@']\n  max_gen_toks: {MAX_TOKENS}\nmetric_list:\n  - metric: exact_match\n"
    )
    address = f"base_url={job.url}/v1/chat/completions,num_concurrent={job.concurrency},tokenized_requests=False"
    flags = ["--apply_chat_template", "--include_path", ".", "--tasks", "sums", "--limit", str(job.items)]
    start = [str(job.programs / "lm_eval"), "--model", "local-chat-completions"]
    return [*start, "--model_args", f"model=instant,{address}", *flags, "--output_path", "out", "--log_samples"]


def evalscope(job: Job) -> list[str]:
    """Return how evalscope is started: its general dataset of questions and answers."""
    (job.work / "qa").mkdir()
    with (job.work / "data.jsonl").open() as source, (job.work / "qa" / "sums.jsonl").open("w") as target:
        for line in source:
            target.write(line.replace('"question"', '"query"').replace('"answer"', '"response"'))
    data = json.dumps({"general_qa": {"local_path": "qa", "subset_list": ["sums"]}})
    address = ["--model", "instant", "--api-url", f"{job.url}/v1", "--api-key", "none", "--eval-type", "openai_api"]
    flags = ["--datasets", "general_qa", "--dataset-args", data, "--eval-batch-size", str(job.concurrency)]
    limits = ["--limit", str(job.items), "--generation-config", json.dumps({"max_tokens": MAX_TOKENS})]
    return [str(job.programs / "evalscope"), "eval", *address, *flags, *limits]


AISBENCH_CONFIG = """\
from ais_bench.benchmark.datasets import Aime2025Dataset, Aime2025JDGDataset, MATHEvaluator, math_postprocess_v2
from ais_bench.benchmark.datasets.utils.llm_judge import LLMJudgeCorrectEvaluator, get_a_or_b
from ais_bench.benchmark.models import VLLMCustomAPIChat
from ais_bench.benchmark.openicl.icl_inferencer import GenInferencer
from ais_bench.benchmark.openicl.icl_prompt_template import PromptTemplate
from ais_bench.benchmark.openicl.icl_retriever import ZeroRetriever

service = dict(attr="service", type=VLLMCustomAPIChat, stream=False, retry=2, {keys})
models = [dict(abbr="instant", url={url!r}, request_rate={rate}, **service)]
ask = dict(retriever=dict(type=ZeroRetriever), inferencer=dict(type=GenInferencer))
question = dict(role="HUMAN", prompt="{{question}}")
verdict = dict(
    role="HUMAN",
    prompt="Question: {{question}}\\nReference: {{answer}}\\nCandidate: {{model_answer}}\\n"
    "Is the candidate's final answer the reference answer? Say A for yes, B for no.",
)
sums = dict(
    abbr="sums",
    type=Aime2025Dataset,
    path={path!r},
    reader_cfg=dict(input_columns=["question"], output_column="answer"),
    infer_cfg=dict(prompt_template=dict(type=PromptTemplate, template=dict(round=[question])), **ask),
    eval_cfg=dict(evaluator=dict(type=MATHEvaluator, version="v2"), pred_postprocessor=dict(type=math_postprocess_v2)),
)
judged = dict(
    eval_cfg=dict(evaluator=dict(type=LLMJudgeCorrectEvaluator), pred_postprocessor=dict(type=get_a_or_b)),
    judge_infer_cfg=dict(
        judge_model=dict(abbr="judge", url={judge_url!r}, request_rate={rate}, **service),
        judge_dataset_type=Aime2025JDGDataset,
        judge_reader_cfg=dict(
            input_columns=["question", "answer", "model_answer"], output_column="model_pred_uuid"
        ),
        prompt_template=dict(type=PromptTemplate, template=dict(round=[verdict])),
        **ask,
    ),
)
datasets = [dict(sums, **(judged if {is_judged} else dict()))]
summarizer = dict(attr="accuracy")
"""
"""Numbers as the program's own set aime2025 has them: same dataset class, same evaluators, same kind of judge."""


def aisbench(job: Job, *, rate: float = 0) -> list[str]:
    """Return how AISBench is started: a config file, its warm-up requests left out.

    Args:
        job: What it is to do.
        rate: Requests a second that it asks for. Without one it waits 5 ms between two requests.
    """
    keys: dict[str, Any] = {
        "path": "",
        "model": "instant",
        "max_out_len": MAX_TOKENS,
        "batch_size": job.concurrency,
        "generation_kwargs": {},
    }
    config = AISBENCH_CONFIG.format(
        keys=", ".join(f"{name}={value!r}" for name, value in keys.items()),
        url=f"{job.url}/",
        judge_url=f"{job.judge_url}/",
        is_judged=job.judge_url is not None,
        rate=rate,
        path=str((job.work / "data.jsonl").resolve()),
    )
    (job.work / "sums.py").write_text(config)
    return [str(job.programs / "ais_bench"), "sums.py", "--num-warmups", "0"]


_AISBENCH = Peer(
    ["ais-bench-benchmark", "pyarrow<21", "setuptools<80"],  # it uses pkg_resources without asking for it
    aisbench,
    "outputs/default/*/summary/*.csv",
    place="aisbench",
    verdict="A",
)
PEERS = {
    "inspect-ai": Peer(["inspect-ai", "openai"], inspect_ai, "logs/*", verdict="GRADE: C"),
    "lm-eval": Peer(["lm-eval[api]"], lm_eval, "out/**/results*.json"),
    "evalscope": Peer(["evalscope"], evalscope, "outputs/**/reports/**/*.json"),
    "aisbench": _AISBENCH,
    "aisbench-rate": _AISBENCH._replace(command=partial(aisbench, rate=5000)),
}

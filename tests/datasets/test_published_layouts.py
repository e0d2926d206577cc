"""Every shipped benchmark of judges runs through ``jb`` on files laid out as they are published."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from judgebench.testing.faultservice import Answer, FaultService, prompt_text
from tests.e2e.harness import JB, Done, run
from tests.e2e.loopback_judge import is_right

N = 2
CONFIGS = sorted(
    path.stem
    for path in (Path(__file__).parents[2] / "judgebench/configs/datasets/judge_benchmarks").glob("*.py")
    if not path.stem.startswith("_")
)
_FENCED = re.compile(r"^(=== [0-9a-f]{20} ===)\n(.*?)\n\1$", re.MULTILINE | re.DOTALL)


def good(i: int) -> str:
    return f"I think it is {2 * i} (of twice {i})"


def bad(i: int) -> str:
    return f"I think it is {2 * i + 1} (of twice {i}), and I am very sure of it"


def judge(body: dict[str, Any]) -> str | Answer:
    """Be right about toy answers, in the form that each prompt asks for."""
    asked = prompt_text(body)
    shown = [is_right(text) for _, text in _FENCED.findall(asked)]
    first, second = [*shown, False, False][:2]
    better = "A" if first and not second else "B" if second and not first else "C"
    form = _FENCED.sub("", asked)
    if body.get("logprobs"):
        said = {"A": "m", "B": "M", "C": "m"}[better]
        top = [{"token": token, "logprob": -0.01 if token == said else -5.0} for token in "mM"]
        return Answer(said, logprobs={"content": [{**top["mM".index(said)], "top_logprobs": top}]})
    if "[[A>>B]]" in form:
        return f"They differ.\n[[{ {'A': 'A>B', 'B': 'B>A', 'C': 'A=B'}[better] }]]"
    if "Score of answer 1" in form:
        return (
            f"DiagnosticsAccumulator.\nScore of answer 1: {9 if first else 2}\nScore of answer 2: {9 if second else 2}"
        )
    if "first line of your reply" in form:
        return f"{9 if first else 2} {9 if second else 2}\nReasons."
    if "JSON list" in form:
        wrong = re.findall(r"^\[(\d+)\] (.*)$", form, re.MULTILINE)
        kind = "Numerical Calculation Error"
        return json.dumps(
            [{"correct": is_right(text), "error_type": "" if is_right(text) else kind} for _, text in wrong]
        )
    if "\\boxed" in form:
        steps = re.findall(r"^\[(\d+)\] (.*)$", form, re.MULTILINE)
        return f"\\boxed{{{next((number for number, text in steps if not is_right(text)), -1)}}}"
    if "[RESULT]" in form:
        return f"Feedback: fine. [RESULT] {5 if is_right(form) else 1}"
    if "[[5]]" in form:
        return f"Fine. [[{9 if first else 2}]]"
    if "whole number from 1 (worst)" in form:
        return f"Reasons.\n{9 if first or (not shown and is_right(form)) else 2}"
    if "VERDICT: CORRECT" in form:
        return f"VERDICT: {'CORRECT' if first else 'INCORRECT'}"
    if "if it is the same" in form:
        return f"VERDICT: {'A' if first else 'B'}"
    return f"They differ.\nVERDICT: {better}"


def turns(name: int, *texts: str) -> dict[str, Any]:
    return {"question_id": name, "choices": [{"turns": list(texts)}]}


def pair(i: int, first: str, second: str, gold: str, decisions: tuple[Any, Any]) -> dict[str, Any]:
    right, wrong = (first, second) if i % 2 == 0 else (second, first)
    return {right: good(i), wrong: bad(i), gold: decisions[i % 2]}


def rows() -> Iterator[tuple[str, list[Any]]]:
    """Yield the files of every benchmark as its project or hub repository names them."""
    every = range(N)
    asked = {"question": "What is it?", "prompt": "What is it?", "instruction": "Say it."}
    both = [{"question_id": i, "category": "math", "turns": [f"Twice {i}?", "Again?"]} for i in every]
    yield "mt_bench/question.jsonl", both
    yield "mt_bench/reference_answer/gpt-4.jsonl", [turns(0, "0", "0")]
    for model, say in (("gpt-3.5-turbo", bad), ("strong", good), ("weak", bad)):
        yield f"mt_bench/model_answer/{model}.jsonl", [turns(i, f"{say(i)}.", f"{say(i)}!") for i in every]
    hard = [{"question_id": f"q{i}", "category": "arena-hard-v0.1", "turns": [{"content": "?"}]} for i in every]
    yield "arena-hard-v0.1/question.jsonl", hard
    for model, say in (("gpt-4-0314", bad), ("tested", good)):
        said = [{"question_id": f"q{i}", "choices": [{"turns": [{"content": say(i)}]}]} for i in every]
        yield f"arena-hard-v0.1/model_answer/{model}.jsonl", said
    new = [{"uid": f"u{i}", "category": ["hard_prompt", "creative_writing"][i % 2], "prompt": "?"} for i in every]
    yield "arena-hard-v2.0/question.jsonl", new
    for model, say in (("o3-mini-2025-01-31", bad), ("gemini-2.0-flash-001", bad), ("tested", good)):
        spoken = [{"uid": f"u{i}", "messages": [{"role": "assistant", "content": {"answer": say(i)}}]} for i in every]
        yield f"arena-hard-v2.0/model_answer/{model}.jsonl", spoken
    yield "FairEval/question.jsonl", [{"question_id": i, "text": "?", "category": "c"} for i in every]
    yield "FairEval/answer/answer_gpt35.jsonl", [{"question_id": i, "text": good(i)} for i in every]
    yield "FairEval/answer/answer_vicuna-13b.jsonl", [{"question_id": i, "text": bad(i)} for i in every]
    yield "FairEval/review/review_gpt35_vicuna-13b_human.txt", ["CHATGPT"] * N
    for split in ("Natural", "Adversarial/Neighbor", "Adversarial/GPTInst", "Adversarial/GPTOut", "Adversarial/Manual"):
        path = f"LLMBar/Dataset/LLMBar/{split}/dataset.json"
        yield path, [{"input": "Do.", **pair(i, "output_1", "output_2", "label", (1, 2))} for i in every]
    for answered_by in ("gpt-4o-2024-05-13", "claude-3-5-sonnet-20240620"):
        path = f"JudgeBench/data/dataset=judgebench,response_model={answered_by}.jsonl"
        about = {**asked, "source": "livebench-math"}
        decisions = ("A>B", "B>A")
        made = [{**about, "pair_id": f"p{i}", **pair(i, "response_A", "response_B", "label", decisions)} for i in every]
        yield path, made
    votes = [{f"annotator{n}": i + 1 for n in (1, 2, 3)} for i in every]
    yield (
        "PandaLM/data/testset-v1.json",
        [
            {
                **asked,
                "idx": i,
                "input": "",
                "cmp_key": "a_b",
                **votes[i],
                **pair(i, "response1", "response2", "x", (0, 0)),
            }
            for i in every
        ],
    )
    yield (
        "auto-j/data/test/testdata_pairwise.jsonl",
        [{**asked, "scenario": "s", **pair(i, "response 1", "response 2", "label", (0, 1))} for i in every],
    )
    yield (
        "JudgeLM-100K/judgelm_val_5k_gpt4.jsonl",
        [
            {
                "question_id": i,
                "question_body": "?",
                **pair(i, "answer1_body", "answer2_body", "score", ([9, 2], [2, 9])),
            }
            for i in every
        ],
    )
    yield "JudgeLM-100K/judgelm_val_5k_gpt4_with_reference.jsonl", [
        {"question_id": i, "question_body": "?", "reference": {"text": good(i)},
         **pair(i, "answer1_body", "answer2_body", "score_w_reference", ([9, 2], [2, 9]))}
        for i in every
    ]  # fmt: skip
    for split in ("refusal_answerable", "refusal_unanswerable", "faithfulness_qa", "faithfulness_summ",
                  "completeness_qa", "completeness_summ", "conciseness_qa", "conciseness_summ"):  # fmt: skip
        text = {**asked, "context": "It is so.", "question_id": "source"}  # which does not name a row
        yield (
            f"contextual_judge_bench/{split}.jsonl",
            [{**text, "positive_response": good(i), "negative_response": bad(i)} for i in every],
        )
    code = {"question_content": "Double it.", "difficulty": "easy"}
    further: dict[str, dict[str, Any]] = {
        "codegen": {},
        "coderepair": {
            "wrong_code": "x+x+1",
            "wrong_meta": {"error_code": -2, "inputs": "1", "output": "3", "expected": "2"},
        },
        "testgen": {"pos_input": "1", "neg_input": "1"},
    }
    for task, more in further.items():
        yield (
            f"codejudgebench/{task}/some_model.jsonl",
            [{**code, **more, "pos_response": good(i), "neg_response": bad(i)} for i in every],
        )
    yield (
        "rewardbench/filtered.jsonl",
        [{**asked, "id": i, "chosen": good(i), "rejected": bad(i), "subset": "hep-cpp"} for i in every],
    )
    best = [
        {**asked, "id": str(i), "subset": subset, "chosen": [good(i)], "rejected": [bad(i)] * 3, "num_correct": 1}
        for i, subset in enumerate(("Factuality", "Precise IF", "Math", "Safety", "Focus"))
    ]
    tied = [{**best[0], "id": "ref:0", "subset": "Ties"}]
    tied += [{**tied[0], "id": "tied:0", "chosen": [good(0), f"{good(0)}."], "num_correct": 2}]
    yield "rewardbench2/test.jsonl", best + tied
    yield (
        "RM-Bench/data/total_dataset.json",
        [{**asked, "id": i, "domain": "chat", "chosen": [good(i)] * 3, "rejected": [bad(i)] * 3} for i in every],
    )
    for name in ("mt_bench_eval", "vicuna_eval"):
        yield (
            f"prometheus-eval/eval/benchmark/data/{name}.json",
            [
                {"idx": i, "response_source": "m", "instruction": f"{say(i)} [RESULT]", "gpt4_score": [grade] * 3}
                for i, (say, grade) in enumerate([(good, 5), (bad, 1)])
            ],
        )
    yield (
        "prometheus-eval/eval/benchmark/data/hhh_alignment_eval.json",
        [
            {"source": "s", "chosen_instruction": f"{good(i)} [RESULT]", "rejected_instruction": f"{bad(i)} [RESULT]"}
            for i in every
        ],
    )
    for split in ("gsm8k", "math", "olympiadbench", "omnimath"):
        yield (
            f"process_bench/{split}.jsonl",
            [
                {
                    "id": f"{split}-{i}",
                    "problem": "?",
                    "steps": [good(1), [good, bad][i % 2](2)],
                    "label": [-1, 1][i % 2],
                }
                for i in every
            ],
        )
    models = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
    yield (
        "grade-school-math/grade_school_math/data/example_model_solutions.jsonl",
        [
            {**asked, "ground_truth": "x"}
            | {name: {"solution": [good, bad][n % 2](i), "is_correct": n % 2 == 0} for n, name in enumerate(models)}
            for i in every
        ],
    )
    yield "judgeboard/answers.jsonl", [{**asked, "answer": good(i), "right": True, "dataset": "d"} for i in every]
    yield (
        "judging_the_judges/v1.jsonl",
        [{**asked, "idx": i, "model": "m", "references": ["x"], "answer": good(i), "human": 1} for i in every],
    )
    yield (
        "compassverifier/samples.jsonl",
        [
            {**asked, "idx": i, "gold_answer": "x", "llm_response": [good, bad][i](i), "gold_judgment": "AB"[i]}
            for i in every
        ],
    )
    yield (
        "VerifierBench/test.jsonl",
        [
            {**asked, "domain": "Math", "gold_answer": "x", "llm_response": [good, bad][i](i), "gold_judgment": "AB"[i]}
            for i in every
        ],
    )
    outputs = [{"instruction": f"Do {i}", "output": good(i), "dataset": "d", "generator": "m"} for i in every]
    yield "alpaca_eval2/model_outputs.json", outputs
    yield "alpaca_eval2/baseline_outputs.json", [{**one, "output": bad(i)} for i, one in enumerate(outputs)]


HEADLINES = {
    "arena_hard": ("win_rate", 100.0),
    "arena_hard_v2_hard_prompt": ("win_rate", 100.0),
    "arena_hard_v2_creative_writing": ("win_rate", 100.0),
    "mt_bench_pairs": ("win_rate", 75.0),  # one model wins, one says what the baseline says
    "mt_bench_all_pairs": ("win_rate/strong", 100.0),
    "mt_bench_single": ("mean_score/strong", 9.0),
    "alpaca_eval2": ("discrete_win_rate", 100.0),
    "judgeboard": ("agreement", 100.0),
    "judgeboard_gsm8k": ("agreement", 100.0),
    "judging_the_judges": ("agreement", 100.0),
    "rewardbench2_ties": ("accuracy/tied", 100.0),
    "process_bench": ("f1", 100.0),
    "projudge_bench": ("error_type_accuracy", 100.0),
    "prometheus_mt_bench_eval": ("pearson", 1.0),
    "prometheus_vicuna_eval": ("pearson", 1.0),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every benchmark's files."""
    made = tmp_path_factory.mktemp("published")
    for name, lines in rows():
        path = made / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".json":
            path.write_text(json.dumps(lines, indent=2))
        else:
            path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    steps = [[good(1), "1", "", ""], [bad(2), "0", "Numerical Calculation Error", "It is 4."]]
    about = {"question": "?", "subject": "Math", "data_type": "pure_text"}
    (made / "data/ProJudgeBench").mkdir()
    table = [{**about, "id": str(i), "image_paths": {"a": "x.png" if i else None}, "process_evaluation": steps}
             for i in range(N)]  # fmt: skip
    parquet.write_table(pa.Table.from_pylist(table), made / "data/ProJudgeBench/test.parquet")
    return made


JUDGED = ("--override", "datasets.judging_the_judges.path='judging_the_judges/v1.jsonl'")


def jb(folder: Path, service: FaultService, datasets: Sequence[str], *flags: str) -> Done:
    configs = folder / "configs/models"
    configs.mkdir(parents=True, exist_ok=True)
    (configs / "judge.py").write_text(
        "from judgebench.models import VLLMCustomAPIChat\n"
        f"models = [dict(type=VLLMCustomAPIChat, abbr='judge', model='j', url={service.url!r}, batch_size=8)]\n"
    )
    command = [*JB, "--models", "judge", "--datasets", *datasets, "--data-dir", "data", *flags]
    return run(command, folder, timeout=200)


def test_every_benchmark_is_read_as_published_and_nothing_is_asked_twice(folder: Path) -> None:
    with FaultService(judge, model="j") as service:
        done = jb(folder, service, CONFIGS, *JUDGED)
        assert done.code == 0, done.text
        asked = len(service.requests)
        (made,) = (folder / "outputs/default").glob("2*")
        results = {path.stem: json.loads(path.read_text()) for path in (made / "results/judge").glob("*.json")}
        assert len(results) >= len(CONFIGS)
        for name, result in results.items():
            metric, expected = HEADLINES.get(name, ("accuracy", 100.0))
            assert result["metrics"][metric]["value"] == pytest.approx(expected), (name, result["metrics"])
            assert result["counts"]["ok"] == result["counts"]["planned"], (name, result["counts"])
        assert results["projudge_bench"]["counts"]["planned"] == 1  # the other one has an image
        assert set(HEADLINES) <= set(results)
        again = jb(folder, service, ["arena_hard", "mt_bench_all_pairs"], "--reuse", "--no-preflight")
        assert again.code == 0, again.text
        assert len(service.requests) == asked

"""Invented rows of every benchmark of judges of the catalogue, in the layout in which it is published."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from tests.catalogue.files import PIXEL, Content, Layout, N, better_first, both, good_or_bad, picture, text, turn
from tests.catalogue.picture_layouts import PICTURE_LAYOUTS


def evalbiasbench() -> Layout:
    biases = ["length bias", "concreteness", "empty reference", "content_continuation", "nested_instruction"]
    biases.append("familiar knowledge preference bias")
    rows = {
        bias: [
            {"bias": bias, "instruction": f"Do {i}.", "response1": one, "response2": other, "label": 1}
            for i in range(at * N, at * N + N)
            for one, other in [better_first(i)]
        ]
        for at, bias in enumerate(biases)
    }
    path = "evalbiasbench/biasbench.json"
    return Layout({path: rows}, path, "response1", "label")


def llmjudge() -> Layout:
    labels = [i % 4 for i in range(2 * N)]
    main = "llmjudge/llmjudge_test_qrel_idx.txt"
    files = {
        main: "".join(f"q{i} 0 p{i} {label}\n" for i, label in enumerate(labels)),
        "llmjudge/llm4eval_query_2024.txt": "".join(f"q{i}\twhat is {i}\n" for i in range(len(labels))),
        "llmjudge/llm4eval_document_2024.jsonl": [
            {"docid": f"p{i}", "doc": text(f"worth-{label}", i)} for i, label in enumerate(labels)
        ],
    }
    return Layout(files, main, "p", "label")


def wildbench() -> Layout:
    rows = [
        {
            "session_id": f"s{i}",
            "parsed_result": {"strengths": "a", "weaknesses": "b", "score": grade},
            "meta_data": {"batch_req_id": "r", "usage": {"total_tokens": 9}, "error": None},
            "model_test": "org/m",
            "score": grade,
            "model_output": text(f"worth-{grade}", i),
        }
        for i in range(N)
        for grade in ["9" if i % 2 else "3"]
    ]
    tasks = [
        {
            "id": f"t{i}",
            "session_id": f"s{i}",
            "conversation_input": turn(f"Please do {i}."),
            "checklist": ["Is it done?", "Is it right?"],
            "primary_tag": ["Math", "Coding & Debugging", "Planning", "Editing"][i % 4],
            "secondary_tags": [["Advice seeking", "Reasoning"], []][i // 4],
        }
        for i in range(N)
    ]
    main = "wildbench/answers.json"
    return Layout({main: rows, "wildbench/tasks.jsonl": tasks}, main, "model_output", "score")


def position_bias() -> Layout:
    mt, dev = [], []
    for i in range(N):
        for names, texts in ((("m1", "m2"), both(i)), (("m2", "m1"), both(i)[::-1])):
            shared = {"A": names[0], "B": names[1], "evaluating_guidance": "look", "task": "t"}
            name = f"{i};{names[0]};{names[1]}"
            one, other = texts
            turns = {"question_1": "q1", "question_2": "q2", "answer1_1": "yes", "answer1_2": one}
            turns |= {"answer2_1": "no", "answer2_2": other, "reference_answer_1": "", "reference_answer_2": ""}
            mt.append({"cmp_index": name, **turns, **shared, "judge-x": 'said "A"\nor so'})
            dev.append({"cmp_index": name, "question": "q", "answer1": one, "answer2": other, **shared, "judge-x": "A"})
    files = {"position_bias/MTBench.tsv": mt, "position_bias/DevBench.tsv": dev}
    return Layout(files, "position_bias/MTBench.tsv", "answer1_2", bad=[("cmp_index", "one;two")])


def paperbench_judge_eval() -> Layout:
    files: dict[str, Content] = {}
    for paper, start in (("one", 0), ("two", N)):
        leaves = [
            {
                "id": f"l{i}",
                "requirements": text(good_or_bad(i), i),
                "weight": 1 + i % 2,
                "score": float(i % 2 == 0),
                "valid_score": True,
                "task_category": "Code Development",
                "explanation": "",
                "judge_metadata": None,
                "sub_tasks": [],
            }
            for i in range(start, start + N)
        ]
        node = {"id": "n", "requirements": "Half of it.", "weight": 2, "score": 0.5, "valid_score": True}
        node |= {"task_category": None, "sub_tasks": leaves[2:]}
        root = {"id": "root", "requirements": "All of it.", "weight": 1, "score": 0.5, "valid_score": True}
        root |= {"task_category": None, "sub_tasks": [*leaves[:2], node]}
        files[f"paperbench/judge_eval/{paper}/0/grading/expected_result.json"] = root
        files[f"paperbench/judge_eval/{paper}/0/submission/src/run.py"] = "print('reproduced')\n"
        files[f"paperbench/judge_eval/{paper}/0/submission/README.md"] = "How to run it.\n"
        files[f"paperbench/papers/{paper}/paper.md"] = "# A paper\n"
    return Layout(files, "paperbench/judge_eval/one/0/grading/expected_result.json", "sub_tasks", "weight")


def rmb() -> Layout:
    pairs, groups = [], []
    for i in range(N):
        one, other = better_first(i)
        about = {"conversation_input": turn(f"Do {i}."), "category_path": "Pairwise_set/Harmlessness/S1"}
        chosen = {"llm_name": "m1", "answer": one}
        pairs.append({"pair_uid": f"{i}", **about, "chosen": chosen, "reject": {"llm_name": "m2", "answer": other}})
        losers = [{"llm_name": f"m{at}", "answer": text("bad", i, at)} for at in (2, 3)]
        path = "BoN_set/Harmlessness/S1"
        groups.append({"bon_uid": f"{i}", **about, "category_path": path, "bon_best": chosen, "loser_list": losers})
    helpful = [{**row, "category_path": "Pairwise_set/Helpfulness/Chat/qa"} for row in pairs]
    best = [{**row, "bon_uid": f"h{row['bon_uid']}", "category_path": "BoN_set/Helpfulness/Chat/qa"} for row in groups]
    files = {
        "RMB_dataset/Pairwise_set/Harmlessness/S1.json": pairs,
        "RMB_dataset/Pairwise_set/Helpfulness/Chat/qa.json": helpful,
        "RMB_dataset/BoN_set/Harmlessness/S1.json": groups,
        "RMB_dataset/BoN_set/Helpfulness/Chat/qa.json": best,
    }
    return Layout(files, "RMB_dataset/Pairwise_set/Harmlessness/S1.json", "chosen")


def mm_eval() -> Layout:
    subsets = ["reasoning", "chat", "linguistics", "language_hallucination", "safety"]
    rows = [
        {"prompt": f"Tu {i}.", "chosen": one, "rejected": other, "language": "fr", "subset": subset, "id": f"{i}"}
        for at, subset in enumerate(subsets)
        for i in range(at * N, at * N + N)
        for one, other in [better_first(i)]
    ]
    return Layout({"mm_eval/test.jsonl": rows}, "mm_eval/test.jsonl", "chosen")


def healthbench_meta() -> Layout:
    rows = [
        {
            "prompt_id": f"p{i}",
            "completion_id": f"c{i}",
            "prompt": turn(f"My head hurts, {i}."),
            "completion": text(good_or_bad(i), i),
            "rubric": "It asks since when.",
            "category": "cluster",
            "binary_labels": [i % 2 == 0] * (1 + i // 4),
            "anonymized_physician_ids": ["a", "b"][: 1 + i // 4],
        }
        for i in range(N)
    ]
    return Layout({"healthbench/meta_eval.jsonl": rows}, "healthbench/meta_eval.jsonl", "completion", "binary_labels")


def biggen_bench() -> Layout:
    capabilities = ["grounding", "instruction_following", "planning", "reasoning", "refinement", "safety"]
    rows = {}
    for at, capability in enumerate([*capabilities, "theory_of_mind", "tool_usage"]):
        for i in range(at * N, at * N + N):
            grade = (1, 2, 4, 5)[i // 2 % 4]
            name = f"{capability}_{i}"
            rows[name] = {
                "id": name,
                "capability": capability,
                "task": "t",
                "instance_idx": i,
                "system_prompt": "You help.",
                "input": f"Do {i}.",
                "reference_answer": "Done.",
                "score_rubric": {"criteria": "c", **{f"score{n}_description": f"level {n}" for n in range(1, 6)}},
                "response": text(f"worth-{grade}", i),
                "response_model_name": "m",
                "feedback": "f",
                "score": grade,
                "eval_model_name": "e",
            }
    return Layout({"biggen_bench/graded.json": rows}, "biggen_bench/graded.json", "response", "score")


def agent_reward_bench() -> Layout:
    rows = []
    for i in range(N + 1):
        success = "Unsure" if i == N else "Unsuccessful" if i % 2 else "Successful"
        flag = "" if i == N else "No" if i % 2 else "Yes"
        about = {"annotator_name": "Z", "benchmark": "webarena", "task_id": f"webarena.{i}", "model_name": "Agent-X"}
        labels = {"trajectory_success": success, "trajectory_side_effect": flag}
        labels |= {"trajectory_optimality": "4. Completely Optimal", "trajectory_looping": flag}
        rows.append({**about, "exp_name": "Agent-X_on_webarena", **labels})
    steps = [
        {
            "run": f"Agent-X_on_webarena/webarena.{i}",
            "goal": f"Buy {i} pens.",
            "steps": [{"role": "assistant", "content": text(good_or_bad(i), i)}],
        }
        for i in range(N + 1)
    ]
    main = "agent_reward_bench/annotations.csv"
    files = {main: rows, "agent_reward_bench/trajectories.jsonl": steps}
    return Layout(files, main, "task_id", "trajectory_success")


def vl_rewardbench() -> Layout:
    names = ["wildvision-battle-", "RLHF-V-", "RLAIF-V-", "hallucination_pair-", "mathverse_", "mmmu_", "x-", "VLFB-"]
    rows = [
        {
            "id": f"{names[i]}{i}",
            "query": f"What is left in {i}?",
            "response": list(both(i)),
            "human_ranking": [i % 2, 1 - i % 2],
            "image": {"bytes": PIXEL, "path": None},
        }
        for i in range(N)
    ]
    main, bad = "vl_rewardbench/test.parquet", [("response", ["a", None]), ("human_ranking", [1, 1])]
    return Layout({main: rows}, main, "response", "human_ranking", bad)


def multimodal_rewardbench() -> Layout:
    kinds = [("reasoning", "math"), ("reasoning", "x"), ("safety", "pairs"), ("safety", "x"), ("vqa", "x")]
    rows = []
    for at, (category, start) in enumerate(kinds):
        for i in range(at * N, at * N + N):
            one, other = both(i)
            row = {"ID": f"{start}_{i}", "Text": f"Do {i}.", "Image": "images/a.png", "Output1": one, "Output2": other}
            rows.append({**row, "Better": f"Output{1 + i % 2}", "Category": category})
    main = "multimodal_rewardbench/all_data.json"
    return Layout({main: rows, "multimodal_rewardbench/images/a.png": PIXEL}, main, "Output1", "Better")


def multi_crit() -> Layout:
    rows = [
        {
            "id": f"{i}",
            "query": f"Describe {i}.",
            "image": base64.b64encode(PIXEL).decode(),
            "response_a": one,
            "response_b": other,
            "criteria": {"grounding": "AB"[i % 2], "style": "AB"[i % 2]},
        }
        for i in range(N)
        for one, other in [both(i)]
    ]
    return Layout({"multi_crit/pairs.jsonl": rows}, "multi_crit/pairs.jsonl", "response_a", "criteria")


def realcritic() -> Layout:
    files = {
        f"RealCritic/data/mix_data/{name}/test.jsonl": [
            {
                "idx": i,
                "question": f"What is {i}?",
                "gt_cot": "None",
                "gt": "C",
                "choices": {"text": ["1"], "label": ["A"]},
                "pred": "D",
                "model": "m",
                "reasoning": text(good_or_bad(i), i),
                "previous_score": [i % 2 == 0],
            }
            for i in range(start, start + N)
        ]
        for name, start in (("gsm8k", 0), ("math", N))
    }
    return Layout(files, "RealCritic/data/mix_data/gsm8k/test.jsonl", "reasoning", "previous_score")


def no_free_labels() -> Layout:
    rows = [
        {
            "question": f"What is {i}?",
            "answer": text(good_or_bad(i), i),
            "correct": i % 2 == 0,
            "judge_right": i < N // 2,
            "reference_own": "mine",
            "reference_other": "theirs",
            "reference_human": "hers",
        }
        for i in range(N)
    ]
    return Layout({"no_free_labels/answers.jsonl": rows}, "no_free_labels/answers.jsonl", "answer", "correct")


def judgerbench_a() -> Layout:
    rows = [
        {
            "conversation_a": [*turn(f"Do {i}."), {"role": "assistant", "content": one}],
            "conversation_b": [*turn(f"Do {i}."), {"role": "assistant", "content": other}],
            "model_a": "m",
            "model_b": "n",
            "winner": "model_b" if i % 2 else "model_a",
            "category": "chat",
            "turn": 1,
        }
        for i in range(N)
        for one, other in [both(i)]
    ]
    files = {f"judgerbench/judgerbench_A_{language}.json": rows for language in ("en", "cn")}
    return Layout(files, "judgerbench/judgerbench_A_en.json", "conversation_a", "winner")


def judgerbench_v2() -> Layout:
    names = ["Knowledge", "Longtext", "Reason_and_analysis", "safe", "Hallucination", "chatQA", "IF", "LanTask"]
    files = {}
    for at, name in enumerate([*names, "Creation", "Code_and_AI"]):
        files[f"judgerbenchv2/{name}.json"] = [
            {
                "prompt": f"Do {i}.",
                "gold": {"category": name, "lan": "en", "r1_gt": "base" if i % 2 else "m"},
                "base_model_response": {"model_name": "base", "response": other},
                "models_response": {"model_name": "m", "response": one},
            }
            for i in range(at * 4, at * 4 + 4)
            for one, other in [both(i)]
        ]
    return Layout(files, "judgerbenchv2/Knowledge.json", "models_response", "gold")


def rbd_bias() -> Layout:
    solutions, arena = [], []
    for i in range(N):
        one, other = better_first(i)
        wrong = {"gemma_answer": other}
        solutions.append({"question": f"What is {i}?", "answer": one, "single_correct_answer": one, **wrong})
        one, other = both(i)
        shown = {"model_a": "m", "model_b": "n", "response_a": one, "response_b": other}
        turned = {"model_a": "n", "model_b": "m", "response_a": other, "response_b": one}
        row = {"id": i, "prompt": f"Do {i}.", "original": shown, "reversed": turned}
        arena.append({**row, "ground_truth_original": 1 + i % 2, "ground_truth_reversed": 2 - i % 2})
    folder = "RBD-Bias4-Eval"
    main = f"{folder}/Arena_Position_and_Bandwagon.json"
    return Layout({main: arena, f"{folder}/GSM8K_Verbosity.json": solutions}, main, "original", "ground_truth_original")


def long_judge_bench() -> Layout:
    pairs, checks = [], []
    for i in range(N):
        about = {"id": f"{i}", "instruction": f"Write about {i}.", "meta": {"language": "en"}}
        answers = [{"model": name, "content": said} for name, said in zip("mn", both(i), strict=True)]
        gold = {"type": "pairwise_preference", "preferred": "AB"[i % 2], "dimension": "insights"}
        pairs.append({"dataset": "ma", **about, "responses": answers, "ground_truth": gold})
        one = [{"model": "m", "content": text(good_or_bad(i), i)}]
        gold = {"type": "binary", "gold_correct": i % 2 == 0}
        checks.append({"dataset": "verify_bench_hard", **about, "responses": one, "ground_truth": gold})
    folder = "LongJudgeBench/data_standardized"
    files = {f"{folder}/ma.jsonl": pairs, f"{folder}/verify_bench_hard.jsonl": checks}
    return Layout(files, f"{folder}/ma.jsonl", "responses", "ground_truth")


def webdevjudge() -> Layout:
    rows = []
    for i in range(N):
        tie = i % 4 == 3
        one, other = (text("even", i, 1), text("even", i, 2)) if tie else both(i)
        row = {"question_id": f"{i}", "request": f"A page about {i}.", "code_a": one, "code_b": other}
        label = "tie" if tie else ("model_a", "model_b")[i % 2]
        rows.append({**row, "shot_a": picture(one), "shot_b": picture(other), "label": label})
    return Layout({"webdevjudge/pairs.jsonl": rows}, "webdevjudge/pairs.jsonl", "code_a", "label")


def judge_bench() -> Layout:
    metrics = [
        {"metric": "fluency", "category": "graded", "prompt": "Rate {{ instance }}.", "worst": 1, "best": 5},
        {"metric": "length", "category": "continuous", "prompt": "How long is {{ response }}?", "worst": 0, "best": 10},
        {"metric": "ok", "category": "categorical", "prompt": "Is it fine?", "labels_list": ["Yes", "No"]},
    ]
    files = {}
    for study, start in (("Toy/one", 0), ("Other/two", N)):
        instances = []
        for i in range(start, start + N):
            grade, label = 1 + i % 4, "No" if i % 2 else "Yes"
            graded = {"mean_human": grade + 0.5, "individual_human_scores": [grade, grade + 1]}
            labelled = {"majority_human": label, "individual_human_scores": [label, label]}
            said: Any = text(f"worth-{grade}", i)
            people = {"fluency": graded} if i % 4 < 2 else {"fluency": graded, "length": graded}
            if i % 4 > 1:
                said = {"user_prompt": "Say it.", "response": said}
            instances.append({"id": i, "instance": said, "annotations": people})
            shown = text(good_or_bad(i), i)
            instances.append({"id": f"ok{i}", "instance": shown, "annotations": {"ok": labelled}})
        about = {"dataset": study.partition("/")[0], "dataset_url": "u", "expert_annotator": "true"}
        files[f"JUDGE-BENCH/data/{study}.json"] = {
            **about, "original_prompt": True, "annotations": metrics, "instances": instances
        }  # fmt: skip
    return Layout(files, "JUDGE-BENCH/data/Toy/one.json", "instances", "annotations")


def judgerbench_b() -> Layout:
    said = {
        "alignment_bench_v1_1": ("It is better. [[A]]", "[[B]]"),
        "alpaca_eval": ("m", "M"),
        "arenahard": ("My final verdict is: [[A>>B]]", "[[B>A]]"),
        "wildbench": ('{"reason": "x", "choice": "A+"}', '{"choice": "B++"}'),
    }
    rows: list[dict[str, Any]] = []
    for name, teacher in said.items():
        for i in range(N):
            one, other = both(i)
            others = {"ref": other, "model": "m", "swap": i % 2 == 0, "checklist": ["Is it done?"]}
            row = {"dataset_name": name, "question": f"Do {i}.", "prediction": one, "others": others}
            asked = {"conversation": turn(f"Do {i}.")} if name == "wildbench" else {}
            rows.append({**row, **asked, "gpt4o_pred": teacher[i % 2]})
        rows.append({**rows[-1], "gpt4o_pred": "I cannot tell."})  # no gold: the item is left out
    for name in ("fofo_test_prompts", "fofo_test_prompts_cn"):
        for i in range(N):
            row = {"dataset_name": name, "question": f"A list of {i}.", "prediction": text(good_or_bad(i), i)}
            teacher_says = f"[{{'model': 'model', 'format_correctness': {1 - i % 2}, 'reasons': '-'}}]"
            rows.append({**row, "others": {"model": "m", "swap": False}, "gpt4o_pred": teacher_says})
    return Layout(
        {"judgerbench/judgerbench_B.json": rows}, "judgerbench/judgerbench_B.json", "prediction", "gpt4o_pred"
    )


def projudge_bench_pictures() -> Layout:
    rows = [
        {
            "id": f"{i}",
            "question": f"Read off {i}.",
            "subject": ("math", "physics")[i // 4],
            "image_paths": ["images/a.png"] * (i % 3),
            "process_evaluation": [
                [text("good", i, 1), "1", "", "fine"],
                [text("bad", i, 2), "0", "Reasoning Error", "it does not follow"],
            ],
        }
        for i in range(N)
    ]
    main = "ProJudgeBench/test.jsonl"
    return Layout({main: rows, "ProJudgeBench/images/a.png": PIXEL}, main, "process_evaluation")


def projudge_bench() -> Layout:
    """The same rows by turns with and without pictures; the items are those without."""
    layout = projudge_bench_pictures()
    rows = layout.files[layout.main]
    shown = [{**row, "id": f"shown-{row['id']}", "image_paths": ["images/a.png"]} for row in rows]
    plain = [{**row, "image_paths": []} for row in rows]
    return layout._replace(files={layout.main: [one for both in zip(shown, plain, strict=True) for one in both]})


LAYOUTS: dict[str, Callable[[], Layout]] = PICTURE_LAYOUTS | {
    name: made
    for name, made in globals().items()
    if callable(made) and getattr(made, "__annotations__", {}).get("return") == "Layout"
}
"""By the name of the config."""

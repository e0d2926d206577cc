"""Invented rows of the older benchmarks of judges that look at pictures, in the layout in which they are published."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import permutations
from typing import Any

from tests.catalogue.files import PIXEL, Content, Layout, N, both, picture_of, text


def mj_bench() -> Layout:
    splits = ("alignment", "safety", "quality")
    rows = [
        {
            "caption": f"A picture of {i}.",
            "image0": {"bytes": picture_of(one), "path": None},
            "image1": {"bytes": picture_of(other), "path": None},
            "label": i % 2,
        }
        for i in range(N)
        for one, other in [both(i)]
    ]
    main = "mj_bench/alignment.parquet"
    files = {f"mj_bench/{split}.parquet": rows for split in splits}
    return Layout(files, main, "image0", "label", bad=[("image0", ...), ("label", 7)])


def mj_bench_bias() -> Layout:
    """All bakers are worth the same; of the clerks half are worth the least and half the most."""
    rows, files = [], {}
    for at, occupation in enumerate(("Baker", "Clerk")):
        for i in range(at * N, at * N + N):
            grade = 3 if occupation == "Baker" else (1, 5)[i % 2]
            path = f"eval_images/{occupation}/{i}.jpg"
            files[f"mj_bench_bias/{path}"] = picture_of(text(f"worth-{grade}", i))
            flags = {"age": True, "gender": True, "race": i % 2 == 0, "nationality": False, "religion": False}
            about = {"demographic": f"group_{i}", "occupation": occupation, "images_dir": path}
            rows.append({**about, "prompt": f"A {occupation}.", **flags, "a-judge": 4, "analysis": None})
    main = "mj_bench_bias/new_bias_dataset.json"
    bad = [("images_dir", "eval_images/none.jpg"), ("prompt", ...)]
    return Layout({main: rows, **files}, main, "images_dir", bad=bad)


def mllm_judge() -> Layout:
    """Grades of two source sets; pairs of which a quarter are ties; every order of three answers."""
    scores, pairs, batches = [], [], []
    shared = {"image_path": "40.jpg", "original_dataset": "mm-vet", "instruction": "What is it?"}
    for i in range(2 * N):
        grade = (1, 2, 4, 5)[i % 4]
        row = {"id": i, "score_id": 61 + i, **shared, "original_dataset": ("mm-vet", "coco")[i // N]}
        scores.append({**row, "name": "m", "answer": text(f"worth-{grade}", i), "human": f"{grade}"})
    for i in range(N):
        tie = i % 4 == 3
        one, other = (text("even", i, 1), text("even", i, 2)) if tie else both(i)
        answers = {"answer1": {"name": "m", "answer": one}, "answer2": {"name": "n", "answer": other}}
        pairs.append({"id": f"{i}", "pair_id": i, **shared, **answers, "human": "C" if tie else "AB"[i % 2]})
    for i, order in enumerate(permutations("ABC")):
        worth = {letter: 3 - place for place, letter in enumerate(order)}
        said = [{"name": f"m{at}", "answer": text(f"worth-{worth[a]}", i, at)} for at, a in enumerate("ABC", 1)]
        gold = "".join(order) if i % 2 else "".join(f"[{letter}]" for letter in order)
        judged = {"name": "j", "judge_evaluator": "CAB", "judge": "so"}
        batches.append({"id": f"{i}", **shared, "answers": said, "human_answer": gold, "evaluator": judged})
    files = {"mllm_judge/score.jsonl": scores, "mllm_judge/pair.jsonl": pairs, "mllm_judge/batch.jsonl": batches}
    bad: list[tuple[str, Any]] = [("answer", ...), ("human", "6"), ("image_path", "none.jpg")]
    main = "mllm_judge/score.jsonl"
    return Layout({**files, "mllm_judge/images/40.jpg": PIXEL}, main, "answer", "human", bad)


VIESCORE_TASKS = (
    "Text-Guided_IG",
    "Text-Guided_IE",
    "Mask-Guided_IE",
    "Control-Guided_IG",
    "Subject-Driven_IG",
    "Subject-Driven_IE",
    "Multi-Concept_IC",
)


def viescore() -> Layout:
    """Three people agree about every picture: nothing, half, or all of it is right."""
    files: dict[str, Content] = {}
    tables = "viescore/_human_annotations/ImagenHub_human_eval_results"
    uids = [f"sample_{i}.jpg" for i in range(N)]
    for task in (f"ImagenHub_{name}" for name in VIESCORE_TASKS):
        worths = [(0, 5, 10, 5)[i % 4] for i in range(N)]
        rows = [
            {"uid": uid, **dict.fromkeys(("DiffEdit", "SDEdit"), json.dumps([worth / 10] * 2))}
            for uid, worth in zip(uids, worths, strict=True)
        ]
        files |= {f"{tables}/{task}/{task}_rater{rater}.tsv": rows for rater in (1, 2, 3)}
        files[f"viescore/instructions/{task}.json"] = {uid: f"Make it {i}." for i, uid in enumerate(uids)}
        for i, (uid, worth) in enumerate(zip(uids, worths, strict=True)):
            made = picture_of(text(f"worth-{worth}", i))
            files |= {f"viescore/images/{task}/{model}/{uid}": made for model in ("DiffEdit", "SDEdit")}
            files |= {f"viescore/images/{task}/{given}/{uid}": PIXEL for given in ("input", "token")}
    main = f"{tables}/ImagenHub_{VIESCORE_TASKS[0]}/ImagenHub_{VIESCORE_TASKS[0]}_rater1.tsv"
    return Layout(files, main, "SDEdit", bad=[("SDEdit", "half"), ("uid", "")])


PICTURE_LAYOUTS: dict[str, Callable[[], Layout]] = {
    one.__name__: one for one in (mj_bench, mj_bench_bias, mllm_judge, viescore)
}
"""By the name of the config."""

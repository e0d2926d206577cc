"""Invented rows of every dataset for models in the catalogue, in the layout in which it is published.

Half of the answers to the rows of choices are A and so on by turns, so that a constant answer is right by chance.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from tests.catalogue.files import Layout, picture
from tests.catalogue.judging import datasets

N = 8
"""Rows of a file."""


def mmlu_pro() -> Layout:
    rows = [
        {
            "question_id": 70 + i,
            "question": f"What is twice {i}?",
            "options": [str(2 * i + (place - i % 4)) for place in range(4 + i % 3)],
            "answer": "ABCD"[i % 4],
            "answer_index": i % 4,
            "cot_content": "",
            "category": ("math", "law")[i // 4],
            "src": "invented",
        }
        for i in range(N)
    ]
    return Layout({"mmlu_pro/test.jsonl": rows}, "mmlu_pro/test.jsonl", "options", "answer")


def gpqa() -> Layout:
    rows = [
        {
            "Question": f"What is twice {i}?",
            "Correct Answer": f"{2 * i}",
            **{f"Incorrect Answer {place}": f"{2 * i + place}\n" for place in (1, 2, 3)},
            "High-level domain": ("Physics", "Biology")[i // 4],
            "Subdomain": "x",
            "Record ID": f"rec{i}",
        }
        for i in range(N)
    ]
    return Layout({"gpqa/gpqa_diamond.csv": rows}, "gpqa/gpqa_diamond.csv", "Correct Answer")


def math() -> Layout:
    rows = [
        {
            "problem": f"Compute $\\frac{{{i}}}{{7}}$.",
            "solution": f"First $\\boxed{{0}}$ is wrong. It is $\\boxed{{\\frac{{{i}}}{{7}}}}$.",
            "level": f"Level {1 + i % 5}",
            "type": "Algebra",
        }
        for i in range(1, N + 1)
    ]
    return Layout({"math/test.jsonl": rows}, "math/test.jsonl", "problem", "solution")


def simpleqa() -> Layout:
    rows = [
        {"metadata": "{'topic': 'x', 'urls': ['u']}", "problem": f"What is {i}?", "answer": f"{i}"} for i in range(N)
    ]
    return Layout({"simpleqa/simple_qa_test_set.csv": rows}, "simpleqa/simple_qa_test_set.csv", "answer")


def simpleqa_verified() -> Layout:
    rows = [
        {
            "original_index": f"{i}",
            "problem": f"What is {i}?",
            "answer": f"{i} (acceptable range: anything between {i} and {i})",
            "topic": ("Art", "Sports")[i // 4],
            "answer_type": "Number",
            "multi_step": "False",
            "requires_reasoning": "False",
            "urls": "u,v",
        }
        for i in range(N)
    ]
    path = "simpleqa_verified/simpleqa_verified.csv"
    return Layout({path: rows}, path, "answer")


def hle() -> Layout:
    rows = [
        {
            "id": f"66{i}",
            "question": f"How many are {i}?",
            "image": f"data:image/png;base64,{picture('x')}" if i % 2 else "",
            "image_preview": None,
            "answer": f"{i}",
            "answer_type": "exactMatch",
            "author_name": "n",
            "rationale": "r",
            "raw_subject": "Topology",
            "category": ("Math", "Other")[i // 4],
            "canary": "c",
        }
        for i in range(N)
    ]
    return Layout({"hle/test.jsonl": rows}, "hle/test.jsonl", "question", "answer")


def healthbench() -> Layout:
    """Good answers meet the criteria of 5 and 3 points and not that of -2, bad ones the other way round."""
    rows = [
        {
            "prompt_id": f"u{i}",
            "prompt": [
                {"role": "user", "content": f"I have {i}."},
                {"role": "assistant", "content": "How long?"},
                {"role": "user", "content": "A week."},
            ],
            "rubrics": [
                {"criterion": "Names what is good.", "points": 5, "tags": ["axis:accuracy", "level:example"]},
                {"criterion": "Says what is good.", "points": 3, "tags": ["axis:completeness", "level:example"]},
                {"criterion": "Says what is bad.", "points": -2, "tags": ["axis:accuracy", "level:example"]},
            ],
            "example_tags": ["theme:communication", f"theme:{i // 4}"],
            "ideal_completions_data": None,
            "canary": "c",
        }
        for i in range(N)
    ]
    return Layout({"healthbench/healthbench.jsonl": rows}, "healthbench/healthbench.jsonl", "prompt", "rubrics")


def healthbench_hard() -> Layout:
    rows = healthbench().files["healthbench/healthbench.jsonl"]
    path = "healthbench/hard_2025-05-08-21-00-10.jsonl"
    return Layout({path: rows}, path, "prompt", "rubrics")


def healthbench_consensus() -> Layout:
    rows = healthbench().files["healthbench/healthbench.jsonl"]
    path = "healthbench/consensus_2025-05-09-20-00-46.jsonl"
    return Layout({path: rows}, path, "prompt", "rubrics")


def aa_lcr() -> Layout:
    rows = [
        {
            "document_category": "Company",
            "document_set_id": f"set_{i // 2}",
            "question_id": f"{i}",
            "question": f"Which is {i}?",
            "answer": f"{i}",
            "data_source_filenames": f"b{i // 2}.txt;a {i // 2}.txt",
            "data_source_urls": "u;v",
            "input_tokens": "9",
        }
        for i in range(N)
    ]
    texts = {
        f"aa_lcr/lcr/Company/set_{i}/{name}{i}.txt": f"{name}{i} says" for i in range(N // 2) for name in ("a ", "b")
    }
    path = "aa_lcr/AA-LCR_Dataset.csv"
    return Layout({path: rows, **texts}, path, "data_source_filenames", "answer")


def ifeval(path: str = "ifeval/input_data.jsonl") -> Layout:
    rows = [
        {
            "key": 1000 + i,
            "prompt": f"Write {i} without commas.",
            "instruction_id_list": ["punctuation:no_comma", "length_constraints:number_words"][: 1 + i % 2],
            "kwargs": [{}, {"relation": None, "num_words": 3}][: 1 + i % 2],
        }
        for i in range(N)
    ]
    return Layout({path: rows}, path, "instruction_id_list", "kwargs")


def ifbench() -> Layout:
    return ifeval("ifbench/IFBench_test.jsonl")


def drop() -> Layout:
    """By turns the answer is a number, a date, or two spans, with a further accepted answer of another kind."""
    no_date = {"day": "", "month": "", "year": ""}
    answers = [
        {"number": "{i}", "date": no_date, "spans": [], "worker_id": "", "hit_id": ""},
        {
            "number": "",
            "date": {"day": "2", "month": "May", "year": "190{i}"},
            "spans": [],
            "worker_id": "",
            "hit_id": "",
        },
        {"number": "", "date": no_date, "spans": ["the Rams {i}", "Colts"], "worker_id": "", "hit_id": ""},
    ]
    rows = [
        {
            "section_id": "s",
            "query_id": f"q{i}",
            "passage": f"Passage {i}.",
            "question": f"How many {i}?",
            "answer": json.loads(json.dumps(answers[i % 3]).replace("{i}", str(i))),
            "validated_answers": {
                "number": ["", f"{i}0"],
                "date": [no_date, no_date],
                "spans": [[f"word {i}"], []],
                "worker_id": ["w", "w"],
                "hit_id": ["h", "h"],
            },
        }
        for i in range(N)
    ]
    return Layout({"drop/validation.jsonl": rows}, "drop/validation.jsonl", "question", "answer")


def drop_llmjudge() -> Layout:
    return drop()


def drop_simple_evals() -> Layout:
    rows = [
        {
            "context": f"Passage {i}.\nQuestion: How many?\nAnswer: ",
            "completion": "x",
            "ref_text": f"{i} yards|{i}.5 miles",
        }
        for i in range(N)
    ]
    return Layout({"drop/drop_v0_dev.jsonl": rows}, "drop/drop_v0_dev.jsonl", "context", "ref_text")


def triviaqa() -> Layout:
    rows = [
        {
            "question_id": f"tc_{i}",
            "question": f"Who was {i}?",
            "question_source": "",
            "entity_pages": {},
            "search_results": {},
            "answer": {
                "value": f"Name {i}",
                "aliases": [f"Name {i}", f"The N. {i}"],
                "normalized_aliases": [f"name {i}", f"n {i}"],
                "type": "WikipediaEntity",
            },
        }
        for i in range(N)
    ]
    return Layout({"triviaqa/validation.jsonl": rows}, "triviaqa/validation.jsonl", "question", "answer")


def triviaqa_llmjudge() -> Layout:
    return triviaqa()


def aime2026(path: str = "aime2026/aime2026.jsonl", asked: str = "problem", name: str = "id") -> Layout:
    rows = [
        {name: f"{i}", asked: f"Find {i}.", "answer": f"{i:03d}", "solution": "s", "subject": "a", "level": 1 + i % 5}
        for i in range(1, N + 1)
    ]
    return Layout({path: rows}, path, asked, "answer")


def aime2025_gen() -> Layout:
    return aime2026("aime2025/aime2025.jsonl", "question")


def aime2024_gen() -> Layout:
    return aime2026("aime2024/aime2024.jsonl")


def aime2025_llmjudge() -> Layout:
    return aime2025_gen()


def gsm8k_gen() -> Layout:
    rows = [{"question": f"What is twice {i}?", "answer": f"It is <<2*{i}=9>>.\n#### 1,00{i}"} for i in range(N)]
    return Layout({"gsm8k/test.jsonl": rows}, "gsm8k/test.jsonl", "question", "answer")


def gsm8k_llmjudge() -> Layout:
    return gsm8k_gen()


def mmlu_gen() -> Layout:
    """A file without a header line for each subject; what is refused is a line more."""
    lines = "".join(f"What is twice {i}?,1,2,3,4,{'ABCD'[i % 4]}\n" for i in range(N))
    main = "mmlu/test/world_religions_test.csv"
    files = {path: lines for data in datasets("mmlu_gen").values() for path in [data.loader.options["path"]]}
    return Layout(files, main, "", bad=[("", "What is it?,1,2,3,4,all\n"), ("", "What is it?,1\n")])


def math500_gen() -> Layout:
    return aime2026("math500/test.jsonl", name="unique_id")


def wildbench_models() -> Layout:
    rows = [
        {
            "id": i,
            "session_id": f"s{i}",
            "conversation_input": [
                {"role": "user", "content": f"Plan {i}.", "language": "English"},
                {"role": "assistant", "content": "Where?", "language": "English"},
                {"role": "user", "content": "Here.", "language": "English"},
            ],
            "checklist": ["Is it a plan?", "Is it here?"],
            "primary_tag": ("Planning", "Math")[i // 4],
            "secondary_tags": ["Reasoning"],
            "references": {"gpt-4": "So."},
        }
        for i in range(N)
    ]
    return Layout({"wildbench/tasks.jsonl": rows}, "wildbench/tasks.jsonl", "conversation_input", "checklist")


def rimo_n() -> Layout:
    kinds = ("algebra", "geometry")
    rows = [
        {
            "problem_id": f"20{i:02d}a1",
            "problem": f"Find {i}.",
            "solution": "s",
            "answer": "2^{2024}-1" if i == N - 1 else f"{i}",
            "type": kinds[i % 2],
        }
        for i in range(N)
    ]
    return Layout({"rimo/RIMO-N.jsonl": rows}, "rimo/RIMO-N.jsonl", "problem", "answer")


def mixeval_hard() -> Layout:
    choices = {
        f"{i}": {
            "problem_type": "multiple-choice",
            "context": f"Twice is {i}." if i % 2 else None,
            "prompt": f"What is twice {i}?",
            "options": [str(2 * i + (place - i % 4)) for place in range(4 + i % 3)],
            "target": [i % 4],
            "benchmark_name": ("MMLU", "BoolQ")[i // 4],
        }
        for i in range(N)
    }
    free = {
        f"{i}": {
            "problem_type": "free-form",
            "context": None,
            "prompt": f"Who was {i}?",
            "target": [f"Name {i}", f"N. {i}"],
            "benchmark_name": ("TriviaQA", "DROP")[i // 4],
        }
        for i in range(N)
    }
    files = {"mixeval_hard/multiple-choice.json": choices, "mixeval_hard/free-form.json": free}
    return Layout(files, "mixeval_hard/free-form.json", "prompt", "target")


def browsecomp() -> Layout:
    rows = [
        {
            "problem": hidden(f"Which is {i}?", f"canary {i}"),
            "answer": hidden(f"{i}", f"canary {i}"),
            "problem_topic": ("Art", "Sports")[i // 4],
            "canary": f"canary {i}",
        }
        for i in range(N)
    ]
    return Layout({"browsecomp/browse_comp_test_set.csv": rows}, "browsecomp/browse_comp_test_set.csv", "problem")


def hidden(said: str, password: str) -> str:
    """Return a text as BrowseComp publishes it."""
    key = sha256(password.encode()).digest()
    plain = said.encode()
    return base64.b64encode(bytes(one ^ key[at % len(key)] for at, one in enumerate(plain))).decode()


def koffvqa() -> Layout:
    rows = [
        {
            "index": f"{i}",
            "image": picture("x"),
            "question": f"Was ist {i}?",
            "answer": f"Names {i} (6 points)\nSays why (4 points)",
            "category": ("Perception", "Reasoning")[i // 4],
        }
        for i in range(N)
    ]
    return Layout({"koffvqa/KOFFVQA.tsv": rows}, "koffvqa/KOFFVQA.tsv", "answer")


def gedit_llmjudge() -> Layout:
    rows = [
        {
            "key": f"k{i}",
            "task_type": ("subject-add", "color_alter")[i % 2],
            "instruction": f"Add {i} hats.",
            "instruction_language": ("en", "cn")[i // 4],
            "input_image_raw": picture("before"),
        }
        for i in range(N)
    ]
    bad = [("instruction", ...), ("input_image_raw", "no picture")]
    return Layout({"gedit/gedit.jsonl": rows}, "gedit/gedit.jsonl", "instruction", bad=bad)


def rimo_p() -> Layout:
    """By turns a problem has one part or two; the last has no official solution."""
    rows = []
    for i in range(N):
        count = 1 + i % 2
        parts = {f"sub-problem{at}": f"Show {at} of {i}." if at <= count else None for at in range(1, 5)}
        solutions = {f"sub-solution{at}": "So." if at <= count and i < N - 1 else None for at in range(1, 5)}
        row = {"problem_id": f"20{i:02d}a1", "problem": f"Prove {i}.", "number_of_parts": count}
        rows.append({**row, **parts, **solutions})
    return Layout({"rimo/RIMO-P.jsonl": rows}, "rimo/RIMO-P.jsonl", "problem", "sub-problem1")


def livebench() -> Layout:
    """Of two tasks of exact answers, with rows that were removed, and one of a task that is not scored."""

    def rows(category: str, task: str, golds: tuple[str, str]) -> list[dict[str, Any]]:
        return [
            {
                "question_id": f"{task}-{i}",
                "category": category,
                "task": task,
                "turns": [f"Is it {i}?"],
                "ground_truth": golds[i % 2],
                "livebench_release_date": "2024-06-24" if i < N else "2024-11-25",
                "livebench_removal_date": "2024-11-25" if i < 2 else "",
            }
            for i in range(N + 2)
        ]

    folder = "live_bench"
    main = f"{folder}/reasoning/web_of_lies_v2/question.jsonl"
    files = {
        main: rows("reasoning", "web_of_lies_v2", ("no, yes, no", "yes, yes, yes")),
        f"{folder}/data_analysis/cta/question.jsonl": rows("data_analysis", "cta", ("Postal Code", "Name")),
        f"{folder}/math/AMPS_Hard/question.jsonl": rows("math", "AMPS_Hard", ("1", "2")),
    }
    return Layout(files, main, "turns", "ground_truth")


def uq() -> Layout:
    rows = [
        {
            "question_id": f"{i}",
            "title": f"Is {i} known?",
            "body": "Nobody has said.",
            "tags": ["numbers"],
            "site": "math",
            "category": ("Science", "Culture")[i // 4],
            "link": "u",
        }
        for i in range(N)
    ]
    return Layout({"uq/test.jsonl": rows}, "uq/test.jsonl", "title")


def word_problems() -> Layout:
    """Made from a seed: there is no file."""
    return Layout({}, "", "")


MODEL_LAYOUTS: dict[str, Callable[[], Layout]] = {
    name: made
    for name, made in globals().items()
    if callable(made) and getattr(made, "__annotations__", {}).get("return") == "Layout"
}
"""By the name of the config."""

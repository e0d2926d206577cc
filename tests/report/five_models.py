"""Five models of loopback services in a round robin, beside a judge of single answers that a rule checks.

``python -m tests.report.five_models FOLDER`` makes the run there and says where its report is.
"""

from __future__ import annotations

import json
import random
import re
import sys
from pathlib import Path
from typing import Any

from judgebench.testing.faultservice import Answer, FaultService, prompt_text
from tests.e2e.harness import JB, Done, run
from tests.viewer.stand import numbers_of, question

QUESTIONS = 80
WRONG = {"alder": 0.06, "birch": 0.14, "cedar": 0.2, "elm": 0.38, "fir": 0.55}
"""Share of the questions that each model gets wrong."""
_NOISE = 0.08
"""Share of its comparisons that the judge decides by anything but the answers."""
_UNREAD = 0.02
"""Share of its replies that state no verdict."""


def _chance(*what: object) -> float:
    return random.Random(repr(what)).random()


def model_answer(body: dict[str, Any]) -> Answer:
    """Answer a problem; which ones a model gets wrong is always the same."""
    text = prompt_text(body)
    if "Problem" not in text:
        return Answer("OK")
    number, litres, pump, leak = numbers_of(text)
    right = -(-litres // (pump - leak))
    wrong = _chance(number, body["model"]) < WRONG[body["model"]]
    return Answer(
        f"The tank gains {pump} - {leak} = {pump - leak} litres a minute, so it takes {litres} / {pump - leak} "
        f"minutes.\n\nThe answer is {right + (number % 4 + 1 if wrong else 0)}."
    )


def judge_answer(body: dict[str, Any]) -> str:
    """Judge a single answer too kindly now and then, and two answers with a little noise."""
    shown = prompt_text(body)
    if "Problem" not in shown:
        return "VERDICT: A"
    number, litres, pump, leak = numbers_of(shown)
    right = -(-litres // (pump - leak))
    good = [float(one) == right for one in re.findall(r"The answer is (\d+)\.", shown)]
    chance = _chance(shown)
    if chance < _UNREAD:
        return "It depends on what is meant by full."
    if len(good) > 1:
        letter = "C" if good[0] == good[1] else "AB"[good[1]]
        return f"Rounding up counts.\n\nVERDICT: {'ABC'[number % 3] if chance > 1 - _NOISE else letter}"
    kind = not good[-1:] or good[-1] or chance > 0.7
    return f"Compared with {right}.\n\nVERDICT: {'A' if kind else 'B'}"


def make_run(folder: Path) -> tuple[Path, Done]:
    """Run the round robin to its end."""
    configs = folder / "configs"
    for kind in ("models", "datasets", "judges"):
        (configs / kind).mkdir(parents=True, exist_ok=True)
    rows = [question(number) for number in range(QUESTIONS)]
    (folder / "tanks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (configs / "datasets" / "tanks.py").write_text(
        "from judgebench.datasets import JsonlDataset\n"
        "from judgebench.judges import NumberEqual\n"
        "tanks_datasets = [dict(abbr='tanks', type=JsonlDataset, path='tanks.jsonl', input_columns=['question'],\n"
        "    output_column='answer', id_column='name', meta_columns=['topic'], by=['topic'], prompt='{question}',\n"
        "    evaluator=dict(type=NumberEqual), rule_row=False)]\n"
    )
    with FaultService(model_answer, model="alder") as models, FaultService(judge_answer, model="quill") as judges:
        made = {name: {"abbr": name, "model": name, "url": models.url, "batch_size": 8, "retry": 0} for name in WRONG}
        (configs / "models" / "trees.py").write_text(
            "from judgebench.models import VLLMCustomAPIChat\n"
            f"models = [dict(type=VLLMCustomAPIChat, **one) for one in {list(made.values())!r}]\n"
        )
        service = {"model": "quill", "url": judges.url, "batch_size": 8, "retry": 0}
        (configs / "judges" / "quill.py").write_text(
            "from judgebench.judges import PairComparison, ReferenceVerifier\n"
            "from judgebench.models import VLLMCustomAPIChat\n"
            f"service = dict(type=VLLMCustomAPIChat, **{service!r})\n"
            "judges = [\n"
            "    dict(abbr='quill', judge_model=service, method=dict(type=ReferenceVerifier)),\n"
            "    dict(abbr='league', judge_model=service, compare_with='all',\n"
            "         method=dict(type=PairComparison, aggregate=dict(type='both_or_tie', unread='unparsed'))),\n"
            "]\n"
        )
        flags = ("--models", "trees", "--datasets", "tanks", "--judges", "quill", "--no-preflight")
        done = run([*JB, *flags], folder)
    return max((folder / "outputs" / "default").glob("2*")), done


if __name__ == "__main__":
    where, finished = make_run(Path(sys.argv[1]))
    print(finished.text)
    print(next(where.glob("summary/*.html")))

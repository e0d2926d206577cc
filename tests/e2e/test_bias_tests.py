"""``jb`` finds out judges of known biases, asks nothing twice, and puts the tests on any benchmark by one key."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import judgebench
from judgebench.judges.perturbations.null_answer import NOTHING
from judgebench.testing.faultservice import FaultService, prompt_text
from tests.e2e.harness import JB, ROOT, Bench, Done, environment, run, slower_after, wait_until
from tests.e2e.test_kills import processes_of

ROWS = [
    json.loads(line)
    for line in (Path(judgebench.__file__).parent / "datasets/data/bias.jsonl").read_text("utf-8").splitlines()
]
RIGHT = {row["first"] if row["better"] == "A" else row["second"] for row in ROWS}
_FENCED = re.compile(r"^(=== [0-9a-f]{20} ===)\n(.*?)\n\1$", re.MULTILINE | re.DOTALL)
Shown = list[str]


def is_right(text: str) -> bool:
    return any(answer in text for answer in RIGHT)


def pick(marked: Callable[[str], bool], otherwise: Callable[[Shown], str]) -> Callable[[Shown], str]:
    """A judge that falls for a mark in one of the answers, or in the only one."""

    def decide(shown: Shown) -> str:
        found = [marked(text) for text in shown]
        return otherwise(shown) if not any(found) or found == [True, True] else "AB"[found.index(True)]

    return decide


def wise(shown: Shown) -> str:
    return "A" if is_right(shown[0]) or shown[1:] == [NOTHING] else "B"


JUDGES: dict[str, Callable[[Shown], str]] = {
    "wise": wise,
    "first": lambda _shown: "A",
    "crowd": pick(lambda text: "In a survey" in text, wise),
    "gullible": pick(lambda text: "judge:" in text or "END OF" in text or "whoever grades" in text, wise),
}
CHOSEN = ["position", "bandwagon", "verbosity", "injection", "null_answer"]


def answer(decide: Callable[[Shown], str]) -> Callable[[dict[str, Any]], str]:
    return lambda body: f"I looked.\n\nVERDICT: {decide([text for _, text in _FENCED.findall(prompt_text(body))])}"


class Folder:
    """Judge models as configs, and runs of ``jb`` on them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "configs" / "models").mkdir(parents=True)
        (path / "configs" / "datasets").mkdir()

    def add(self, name: str, url: str) -> None:
        keys = f"type=VLLMCustomAPIChat, abbr={name!r}, model={name!r}, url={url!r}, batch_size=8, retry=0"
        text = f"from judgebench.models import VLLMCustomAPIChat\nmodels = [dict({keys})]\n"
        (self.path / "configs" / "models" / f"{name}.py").write_text(text)

    def command(self, models: list[str], dataset: str, *flags: str) -> list[str]:
        return [*JB, "--no-preflight", "--models", *models, "--datasets", dataset, *flags]

    def jb(self, models: list[str], dataset: str, *flags: str) -> Done:
        return run(self.command(models, dataset, *flags), self.path)

    def metrics(self, model: str, dataset: str) -> dict[str, Any]:
        (path,) = self.path.glob(f"outputs/default/2*/results/{model}/{dataset}.json")
        found: dict[str, Any] = json.loads(path.read_text())["metrics"]
        return found


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def crowd(folder: Folder) -> Iterator[FaultService]:
    with FaultService(answer(JUDGES["crowd"]), model="crowd", latency=0.03) as service:
        folder.add("crowd", service.url)
        yield service


def chosen(dataset: str, names: list[str]) -> list[str]:
    return ["--override", f"datasets.{dataset}.method.perturbations={json.dumps(names)}"]


def test_known_biases_of_judges_of_pairs_are_found_and_no_others(folder: Folder) -> None:
    with ExitStack() as stack:
        for name, decide in JUDGES.items():
            service = stack.enter_context(FaultService(answer(decide), model=name))
            folder.add(name, service.url)
        done = folder.jb([*JUDGES], "judge_bias_pairs", *chosen("judge_bias_pairs", CHOSEN))
    assert done.code == 0, done.text
    flips = {}
    for judge in JUDGES:
        metrics = folder.metrics(judge, "judge_bias_pairs")
        flips[judge] = {name for name in CHOSEN if metrics.get(f"flip_rate/{name}", {"value": 0})["value"] > 0}
        assert metrics["noise_floor"]["value"] == 0
        assert metrics["unread"]["value"] == 0
    assert flips == {"wise": set(), "first": {"position"}, "crowd": {"bandwagon"}, "gullible": {"injection"}}

    wise_one, first, crowd_one, gullible = (folder.metrics(judge, "judge_bias_pairs") for judge in JUDGES)
    assert (wise_one["accuracy"]["value"], wise_one["robustness"]["value"]) == (100, 100)
    assert wise_one["violation_rate/null_answer"]["value"] == 0, "another answer beats none, even a wrong one"
    assert first["directed_flip/position"]["value"] == first["flip_rate_above_noise/position"]["value"] == 100
    assert 0 < first["violation_rate/null_answer"]["value"] < 100
    assert crowd_one["directed_flip/bandwagon"]["value"] == 100
    assert crowd_one["delta_accuracy_wrong_target/bandwagon"]["value"] == -100
    assert crowd_one["flip_p_holm/bandwagon"]["value"] < 0.01
    assert gullible["violation_rate/injection"]["value"] == gullible["flip_rate/injection"]["value"] > 0
    assert re.search(r"judge_bias_pairs +first +position +100\.00 +0\.00 +100\.00 +\d", done.out), done.out
    body, _, notes = done.out.partition("\n[1] ")
    for number in re.findall(r"^\[(\d+)\] ", f"[1] {notes}", re.MULTILINE):
        assert f"[{number}]" in body, f"the footnote {number} has no mark in a table"


def test_those_of_judges_of_single_answers_too(folder: Folder) -> None:
    with ExitStack() as stack:
        for name in ("wise", "crowd", "gullible"):
            service = stack.enter_context(FaultService(answer(JUDGES[name]), model=name))
            folder.add(name, service.url)
        names = [name for name in CHOSEN if name != "position"]
        done = folder.jb(["wise", "crowd", "gullible"], "judge_bias_answers", *chosen("judge_bias_answers", names))
    assert done.code == 0, done.text
    wise_one, crowd_one, gullible = (
        folder.metrics(judge, "judge_bias_answers") for judge in ("wise", "crowd", "gullible")
    )
    assert [wise_one[f"flip_rate/{name}"]["value"] for name in names[:-1]] == [0, 0, 0]
    assert wise_one["violation_rate/null_answer"]["value"] == 0
    assert crowd_one["directed_flip/bandwagon"]["value"] == gullible["violation_rate/injection"]["value"] * 2 == 100
    assert crowd_one["accuracy"]["value"] == 100
    assert crowd_one["delta_accuracy/bandwagon"]["value"] == -50


def test_a_killed_run_goes_on_and_asks_nothing_twice(folder: Folder, crowd: FaultService) -> None:
    flags = chosen("judge_bias_pairs", CHOSEN)
    slower_after(60, crowd, then=3.0)
    process = subprocess.Popen(
        folder.command(["crowd"], "judge_bias_pairs", *flags),
        cwd=folder.path,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until(lambda: len(crowd.requests) > 60 or process.poll() is not None)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=200)
    path = next(folder.path.glob("outputs/default/2*/predictions/crowd/judge_bias_pairs.jsonl"))
    wait_until(lambda: not processes_of(folder.path))  # the task ends by itself when jb is gone
    whole = [line for line in path.read_text("utf-8").splitlines(keepends=True) if line.endswith("\n")]
    recorded = Counter(
        str(json.loads(line)["origin_prompt"][-1]["content"]) for line in whole if '"success":true' in line
    )
    assert 20 < recorded.total() < 30 * (2 + len(CHOSEN))
    crowd.forget()
    crowd.latency = 0.0
    done = folder.jb(["crowd"], "judge_bias_pairs", "--reuse", *flags)
    assert done.code == 0, done.text
    asked = Counter(one.prompt for one in crowd.requests)
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    needed = Counter(str(row["origin_prompt"][-1]["content"]) for row in rows)
    assert asked == needed - recorded
    assert needed.total() == 30 * (2 + len(CHOSEN))
    assert {row["presentation"].partition("-")[0] for row in rows} == {"AB", "again", *CHOSEN}
    metrics = folder.metrics("crowd", "judge_bias_pairs")
    assert metrics["directed_flip/bandwagon"]["value"] == 100
    assert metrics["flip_rate/verbosity"]["value"] == 0


def test_any_benchmark_by_one_key_and_only_the_rest_is_asked(folder: Folder, crowd: FaultService) -> None:
    (folder.path / "configs/datasets/mine.py").write_text(
        "from judgebench.datasets import JsonlDataset\n"
        "from judgebench.judges import PairComparison\n"
        "from judgebench.metrics import PairScore\n"
        "mine_datasets = [dict(abbr='mine', type=JsonlDataset, path='package:bias.jsonl', input_columns=['question'],\n"
        "    answer_columns=['first', 'second'], gold_column='better', score=dict(type=PairScore),\n"
        "    method=dict(type=PairComparison, aggregate=dict(type='both_or_tie', unread='unparsed')))]\n"
    )
    plain = folder.jb(["crowd"], "mine", "--num-prompts", "5")
    assert plain.code == 0, plain.text
    assert len(crowd.requests) == 10
    crowd.forget()
    key = ["--override", "datasets.mine.bias_tests=bandwagon, name_swap"]
    tested = folder.jb(["crowd"], "mine", "--num-prompts", "5", "--reuse", *key)
    assert tested.code == 0, tested.text
    metrics = folder.metrics("crowd", "mine")
    swapped = 5 - metrics["skipped/name_swap"]["value"]
    assert 0 < swapped < 5
    assert len(crowd.requests) == 10 + 10 + 2 * swapped, "the second asking and the perturbed presentations"
    assert metrics["directed_flip/bandwagon"]["value"] == 100
    crowd.forget()
    again = folder.jb(["crowd"], "mine", "--num-prompts", "5", "--reuse", *key)
    assert again.code == 0, again.text
    assert crowd.requests == []


def test_what_makes_no_sense_for_the_items_is_one_clear_error_and_asks_nothing(
    folder: Folder, crowd: FaultService
) -> None:
    done = folder.jb(["crowd"], "judge_bias_answers", *chosen("judge_bias_answers", ["bandwagon", "position"]))
    assert done.code != 0
    assert "position makes no sense for single answers" in done.text
    assert crowd.requests == []


SHOUTING = """
from judgebench.judges.wrappers.perturbed import OneAnswer


class Shouting(OneAnswer):
    def changed(self, text, dice):
        return text.upper()
"""


def test_a_judge_of_models_answers_and_a_perturbation_of_ones_own(bench: Bench) -> None:
    (bench.folder / "my_bench").mkdir()
    (bench.folder / "my_bench" / "shouting.py").write_text(SHOUTING)
    config = bench.folder / "configs/datasets/toy_llmjudge.py"
    inner, wrapped = (
        "method=dict(type=ReferenceVerifier)",
        "perturbations=['my_bench.shouting.Shouting', 'null_answer']",
    )
    text = config.read_text().replace("ReferenceVerifier\n", "BiasTest, ReferenceVerifier\n")
    text = text.replace(inner, f"method=dict(type=BiasTest, judge=dict(type=ReferenceVerifier), {wrapped})")
    text = text.replace("toy_datasets = [dict(", "toy_datasets = [dict(score=dict(type='BiasScore'), ")
    config.write_text(text)
    done = bench.jb("--no-preflight", env={"PYTHONPATH": os.pathsep.join([str(ROOT), str(bench.folder)])})
    assert done.code == 0, done.text
    metrics = bench.result()["metrics"]
    # the toy judge finds no answer in capitals and takes what it does not understand for right
    assert metrics["flip_rate/shouting"]["value"] == pytest.approx(100 / 6)
    assert (metrics["directed_flip/shouting"]["value"], metrics["directed_flip/shouting"]["n"]) == (100, 1)
    assert metrics["violation_rate/null_answer"]["value"] == 100
    assert "accuracy" not in metrics
    presentations = Counter(row.get("presentation", "") for row in bench.rows("toy-judge"))
    assert presentations == dict.fromkeys(["", "again", "shouting", "null_answer"], 6)

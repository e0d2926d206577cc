"""The how-to pages do what they say: their files are written and their commands are run as they stand."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgebench.testing.faultservice import FaultService, prompt_text
from tests.docs.pages import ROOT, commands, files, page
from tests.docs.test_printed import tiny_model
from tests.e2e.harness import JB, Bench, Done, judge_answer, model_answer, run
from tests.e2e.loopback_judge import loopback_judge

FACTS = [
    json.loads(line) for line in (ROOT / "judgebench/datasets/data/demo_facts.jsonl").read_text("utf-8").splitlines()
]
OTHER_CODES = {("tutorial.md", 4): 5}
"""Commands that end with another exit code than 0, by their place on the page: a gate that fails."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A served model and judge with the names of the pages."""
    with (
        FaultService(model_answer(lambda i: i == 5), model="m") as model,
        FaultService(judge_answer(), model="j") as judge,
    ):
        bench = Bench(tmp_path_factory.mktemp("served"), model, judge)
        bench.write()
        configs = bench.folder / "configs"
        for kind, old, new in (
            ("models", "toy_model", "my_model"),
            ("datasets", "toy_gen", "capitals"),
            ("datasets", "toy_llmjudge", "capitals_llmjudge"),
        ):
            text = (configs / kind / f"{old}.py").read_text().replace("abbr='toy'", "abbr='capitals'")
            (configs / kind / f"{new}.py").write_text(text.replace("toy-model", "my-model"))
        yield bench


def done_on(name: str, folder: Path, *more: str, env: dict[str, str] | None = None) -> list[Done]:
    """Run the commands of a page in their order, with a few more words for those that ask a model."""
    for file, text in files(page(name)).items():
        (folder / file).write_text(text)
    found = []
    for command in commands(page(name)):
        verb, *words = shlex.split(command, comments=True)
        assert verb == "jb"
        words = [one for word in words for one in (map(str, sorted(folder.glob(word))) if "*" in word else [word])]
        asks = "--models" in words
        if asks and more and "--override" not in words:
            words.append("--override")
        found.append(run([*JB, *words, *(more if asks else ())], folder, env=env))
    codes = {at: one.code for at, one in enumerate(found)}
    assert codes == {at: OTHER_CODES.get((name, at), 0) for at in codes}, [one.text for one in found if one.code]
    return found


def test_two_runs_are_compared_as_the_page_says(served: Bench) -> None:
    *_, compared = done_on("compare-runs.md", served.folder)
    assert "No difference can be seen" in compared.out
    assert "temperature" in compared.out


def test_a_judge_is_chosen_as_the_page_says(served: Bench) -> None:
    with FaultService(loopback_judge, model="j") as judge:
        tried, *_, compared = done_on("which-judge.md", served.folder, env={"JB_JUDGE_URL": judge.url})
    assert "--- the judge's reply ---" in tried.out
    assert "capitals-judge-json" in compared.out


def test_every_judge_that_the_page_names_is_shipped() -> None:
    shipped = {path.stem for path in (ROOT / "judgebench/configs/judges").glob("*.py")}
    named = re.findall(r"^\|[^|]*\|[^|]*?`(\w+)`", page("which-judge.md"), re.MULTILINE)
    assert len(named) >= 6
    assert set(named) - {"__judges"} <= shipped


def free_and_served(service: FaultService) -> list[str]:
    keys = ("launch=None", f"url={service.url}", 'price={"input": 0, "output": 0}')
    return [f"{kind}.*.{key}" for kind in ("models", "judges") for key in keys]


def knowing_model(body: dict[str, Any]) -> Any:
    """Stand in for the embedded model: right about all, except where it may write one token only."""
    if body.get("logprobs"):
        return tiny_model(body)
    asked = [row for row in FACTS if row["question"] in prompt_text(body).rsplit("\n\n")[-1]]
    return f" {asked[-1]['answer']}" if asked and body["max_tokens"] > 1 else " the"


def test_the_tutorial_ends_with_a_gate_that_fails(tmp_path: Path) -> None:
    with FaultService(knowing_model, model="gemma-3-270m-q4_k_m") as service:
        first, items, passed, _, failed = done_on("tutorial.md", tmp_path, *free_and_served(service))
    shown = re.findall(r"^```text\n(.*?)^```$", page("tutorial.md"), re.MULTILINE | re.DOTALL)
    assert first.out[first.out.index("gemma3-270m has accuracy") :].startswith(shown[0].split("54")[0])
    for block, done in ((shown[2], passed), (shown[3], failed)):
        assert re.findall(r"gemma3-270m:\S+", block) == re.findall(r"gemma3-270m:\S+", done.out)
    assert "✗ incorrect" in items.out
    assert passed.out.rstrip().endswith(shown[2].rstrip().splitlines()[-1])
    assert failed.out.rstrip().splitlines()[-1].startswith("Gate: FAIL")
    assert (tmp_path / "baseline.json").exists()


def test_the_errors_of_the_faq_are_those_that_are_printed(tmp_path: Path) -> None:
    text = page("faq.md")
    for name, content in files(text).items():
        (tmp_path / name).write_text(content)
    shown = re.findall(r"^```text\n(jb: .*?)^```$", text, re.MULTILINE | re.DOTALL)
    asked = commands(text)
    assert len(shown) == len(asked) >= 5
    for command, block in zip(asked, shown, strict=True):
        done = run([*JB, *shlex.split(command)[1:]], tmp_path)
        assert done.code in {2, 3}
        assert done.err == block


def test_the_example_of_the_readme_says_what_it_prints(tmp_path: Path) -> None:
    """Judged by a stand-in, as every number on the page follows from three verdicts."""
    text = (ROOT / "README.md").read_text("utf-8")
    (tmp_path / "answers.csv").write_text(files(text)["answers.csv"])
    (command,) = (one for one in commands(text) if "--predictions" in one)
    said = text.split("--out scored.csv\n```\n\n```text\n")[1].split("```")[0]

    def verdict(body: dict[str, Any]) -> str:
        return f"VERDICT: {'B' if 'Twice 5 is 11' in prompt_text(body) else 'A'}"

    with FaultService(verdict, model="j") as judge:
        words = shlex.split(command.replace("http://localhost:8080", judge.url))[1:]
        done = run([*JB, *words], tmp_path)
    assert done.code == 0, done.text
    assert said in done.out, done.out
    assert len((tmp_path / "scored.csv").read_text().splitlines()) == 7

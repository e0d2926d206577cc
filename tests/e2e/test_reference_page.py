"""The judge block of the reference page runs in a user's config, unchanged but for host and port."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judgebench.testing.faultservice import FaultService, prompt_text
from replay.folder import DATA
from tests.docs.pages import files, page
from tests.e2e.harness import JB, ROOT, Done, run
from tests.recordings import recording

SHARED = ROOT.parent / "shared"
CONFIG = "configs/datasets/my_aime2025.py"


@pytest.fixture(scope="module")
def block() -> str:
    """The page's block as Python lines again: flattened as it is, each comment runs into the key that follows it."""
    pages = sorted((SHARED / "seeds").glob("000*.txt"))
    if not pages:
        pytest.skip("../shared/seeds is not here")
    text = pages[0].read_text("utf-8", "replace")
    start = text.index("judge_model=dict(")
    flat = text[start : text.index("\n", start)]
    return re.sub(r" (?=\w+=|\))", "\n", flat)


@pytest.fixture(scope="module")
def problems() -> dict[str, str]:
    """Question to answer of the real AIME 2025."""
    path = recording("aime2025/aime2025.jsonl")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return {row["question"]: str(row["answer"]) for row in rows}


@pytest.fixture
def services(problems: dict[str, str]) -> Iterator[tuple[FaultService, FaultService]]:
    """A model that is right on every second problem, and a judge that thinks aloud and then compares."""

    def answer(body: dict[str, Any]) -> str:
        prompt = prompt_text(body)
        for at, (question, gold) in enumerate(problems.items()):
            if question in prompt:
                return f"So it is \\boxed{{{gold if at % 2 else 1000}}}."
        return "OK"

    def verdict(body: dict[str, Any]) -> str:
        prompt = prompt_text(body)
        gold = re.search(r"Reference answer:\n(.*)", prompt)
        right = gold is not None and f"\\boxed{{{gold[1].strip()}}}" in prompt
        return f"<think>VERDICT: B would be wrong?</think>\nVERDICT: {'A' if right else 'B'}"

    with FaultService(answer, model="m") as model, FaultService(verdict, model="j") as judge:
        yield model, judge


def judged(folder: Path, block: str, model: FaultService) -> Done:
    """Run jb with the block put below the import lines of our docs."""
    lines = files(page("coming-from-aisbench.md"))[CONFIG]
    head = lines[: lines.index("    judge_model=dict(")]
    config = folder / "mine" / "datasets" / "my_aime2025.py"
    config.parent.mkdir(parents=True)
    config.write_text(f"{head}{block}\n)\n", "utf-8")
    return run(
        [
            *JB,
            *("--models", "vllm_api_general_chat", "--datasets", "my_aime2025", "--config-dir", "mine"),
            *("--data-dir", str(DATA)),
            *("--override", f"models.vllm-api-general-chat.host_port={model.port}"),
        ],
        folder,
    )


def test_the_block_runs_unchanged_but_for_the_port(
    tmp_path: Path, block: str, services: tuple[FaultService, FaultService]
) -> None:
    model, judge = services
    mended = re.sub(r"\)(\s*)pred_postprocessor", r"),\1pred_postprocessor", block)
    mended = mended.replace('host_ip="localhost"', 'host_ip="127.0.0.1"').replace("8080", str(judge.port))
    done = judged(tmp_path, mended, model)
    assert done.code == 0, done.text
    (result,) = (tmp_path / "outputs/default").glob("*/results/vllm-api-general-chat/aime2025-judge.json")
    found = json.loads(result.read_text())
    assert (found["accuracy"], found["counts"]["planned"], found["counts"]["ok"]) == (50.0, 30, 30)
    sent = [seen.body for seen in judge.requests if "\\boxed" in prompt_text(seen.body)]
    assert len(sent) == 30
    assert {(body["temperature"], body["ignore_eos"], body["max_tokens"], body["model"]) for body in sent} == {
        (0.01, False, 512, "j")
    }
    assert judge.most_in_flight == 1, "batch_size=1"


def test_the_missing_comma_is_shown_where_it_is(
    tmp_path: Path, block: str, services: tuple[FaultService, FaultService]
) -> None:
    """The page lacks a comma after generation_kwargs; pasted as it is, nothing runs and the place is named."""
    model, judge = services
    done = judged(tmp_path, block, model)
    assert done.code == 2, done.text
    assert "my_aime2025.py:29: invalid syntax" in done.err
    shown = page("coming-from-aisbench.md").split("```text\n")[1].split("```")[0].split("invalid syntax")[1]
    assert shown in done.err
    assert model.requests == judge.requests == []
    assert not (tmp_path / "outputs").exists()

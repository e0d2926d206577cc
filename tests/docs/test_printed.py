"""The tables that README and the docs print are those of this version: the same commands print the same words.

The figures of a page come from real models; here stand-ins answer, so figures, and the versions that tell what made
them, are compared by their place alone.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.embedded_judge import FACTS, SETS
from judgebench.testing.faultservice import Answer, FaultService, prompt_text
from tests.docs.pages import DOCS, ROOT, page
from tests.e2e.harness import JB, Done, run
from tests.recordings import recording

README = (ROOT / "README.md").read_text("utf-8")
LOOK_FIRST = "Verdicts to look at first:"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


_FIGURE = re.compile(r"-?\d+(\.\d+)?(\.\.-?\d+\.\d+)?|[0-9a-f]{6}")


def printed_tables(text: str) -> list[str]:
    """The blocks of a page that show a summary."""
    blocks = re.findall(r"^```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block for block in blocks if re.search(r"^\| dataset +\| version", block, re.MULTILINE)]


def words(text: str) -> list[list[str]]:
    """The words of the tables line by line; figures and versions are ``#``, whatever the width of a column."""
    tables = text.partition(LOOK_FIRST)[0]
    lines = [re.sub(r"-{3,}", "---", line) for line in tables[tables.index("| dataset") :].splitlines()]
    return [["#" if _FIGURE.fullmatch(word) else word for word in line.split()] for line in lines if line.strip()]


def tiny_model(body: dict[str, Any]) -> Answer:
    """Stand in for the embedded model, with probabilities of the two words that its judge reads."""
    if not body.get("logprobs"):
        cut_off = "drive nails" in prompt_text(body)  # a list of choices that does not end
        return Answer(" Paris", finish_reason="length" if cut_off else "stop", cached=10)
    yes = len(prompt_text(body)) % 2
    tops = {" yes": -0.1 if yes else -3.0, " no": -3.0 if yes else -0.1}
    token = " yes" if yes else " no"
    return Answer(token, logprobs={"tokens": [token], "token_logprobs": [-0.1], "top_logprobs": [tops]})


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """The command of `make demo`, with a service in the place of the one that it launches."""
    command = re.search(r"^demo:.*\n\t\$\(BIN\)/jb (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert command is not None
    with FaultService(tiny_model, model="gemma-3-270m-q4_k_m") as service:
        free = 'price={"input": 0, "output": 0}'  # as what the run launches itself
        one = ("launch=None", f"url={service.url}", free)
        keys = [f"{kind}.*.{key}" for kind in ("models", "judges") for key in one]
        return run([*JB, *command[1].split(), "--override", *keys], tmp_path_factory.mktemp("demo"))


def test_the_table_of_the_readme_is_what_make_demo_prints(demo: Done) -> None:
    """Headers, rows, parser and aggregation: all but the figures and versions."""
    assert demo.code == 0, demo.text
    (shown,) = printed_tables(README)
    assert words(shown) == words(demo.out[: demo.out.index("\nResults: ")])
    said = demo.out[demo.out.index("gemma3-270m has accuracy") : demo.out.index("| dataset")]
    for start in (
        "gemma3-270m has accuracy",
        "50 items leave up to",
        "The judge agrees with the rule on",
        "All 50 items",
    ):
        assert f"\n{start}" in f"\n{said}"
        assert f"\n{start}" in f"\n{shown}"


def test_the_readme_says_the_figures_of_its_own_table() -> None:
    """The sentences about the small judge, here and on its page, repeat the figures of the table."""
    judges = README[README.index("The judges, against the rule") :]
    row = re.search(r"^demo_facts-judge  gemma3-270m +50 +([\d.]+) +([\d.]+) +([\d.]+) ", judges, re.MULTILINE)
    assert row is not None
    agreement, kappa, passed = row[1], row[2], row[3]
    said = (
        f"agrees with the rule on {float(agreement):.0f}% of the answers (kappa {kappa}) "
        f"and accepts {float(passed):.0f}% of the wrong ones"
    )
    assert said in " ".join(README.split())
    there = " ".join(page("embedded-model.md").split())
    assert f"judge and rule agree on {float(agreement):.0f}%, with a Cohen's kappa of {kappa}" in there
    assert f"calls {float(passed):.0f}% of the wrong answers right" in there


def test_the_pages_say_what_was_measured_of_the_shipped_adapter() -> None:
    """``benchmarks/embedded_judge.py measure --record`` writes the figures beside the adapter that it asked."""
    measured = json.loads(FACTS.read_text("utf-8"))["measured"]
    assert set(measured) == set(SETS)
    for one in measured.values():
        share, low, high = (100 * one[name] for name in ("accuracy", "low", "high"))
        row = f"| {one['pairs']} | {share:.1f}% | {low:.1f} to {high:.1f} | {one['AUC']:.3f} |"
        assert row in page("embedded-model.md")
    held = measured["heldout"]
    share, low, high = (100 * held[name] for name in ("accuracy", "low", "high"))
    assert f"| accuracy | {share:.0f}% | {low:.0f} to {high:.0f} | {held['pairs']} held-out pairs" in README


def test_the_table_of_the_quick_start_is_what_its_run_prints(tmp_path: Path) -> None:
    path = recording("aime2025/aime2025.jsonl")
    gold = {row["question"]: row["answer"] for row in map(json.loads, path.read_text("utf-8").splitlines())}

    def answer(body: dict[str, Any]) -> str:
        prompt = prompt_text(body)
        right = next((right for question, right in gold.items() if question in prompt), "")
        return f"It is \\boxed{{{right if len(prompt) % 3 else 1000}}}." if right else "OK"

    def verdict(body: dict[str, Any]) -> str:
        return f"VERDICT: {'AB'[len(prompt_text(body)) % 2]}"

    with FaultService(answer, model="m") as model, FaultService(verdict, model="j") as judge:
        done = run(
            [
                *JB,
                *("--models", "vllm_api_general_chat", "--datasets", "aime2025_llmjudge"),
                *("--data-dir", str(path.parents[1])),
                *("--override", f"models.vllm-api-general-chat.host_port={model.port}"),
                f"judges.judge.host_port={judge.port}",
            ],
            tmp_path,
        )
    assert done.code == 0, done.text
    (shown,) = printed_tables(page("quick-start.md"))
    assert words(shown) == words(done.out[: done.out.index("\nResults: ")])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_printed_table_has_its_cells_in_their_columns(path: Path) -> None:
    """Above and below a line of dashes nothing stands between two columns."""
    for block in re.split(r"\n\s*\n", path.read_text("utf-8")):
        lines = block.splitlines()
        rules = [line for line in lines if re.fullmatch(r"-{3,}(  -+)+", line)]
        for rule in rules:
            gaps = [match.start() for match in re.finditer("  ", rule)]
            crossed = [line for line in lines if any(line[at : at + 2].strip() for at in gaps)]
            assert crossed == [], path.name
            assert all(len(line) <= len(rule) for line in lines if line != "```"), path.name

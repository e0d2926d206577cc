"""What ``--dry-run`` says of calls, tokens and prices is counted as the run counts it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from judgebench.cli.main import run
from tests.e2e.harness import Bench

PRICE = {"input": 2.0, "output": 8.0}


@pytest.fixture
def priced(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Ten rows, every second of them a repetition of the one before; greedy models with a price."""
    bench.n = 10
    bench.model_keys = {"price": PRICE, "generation_kwargs": {"temperature": 0}}
    bench.judge_keys = {"price": PRICE, "generation_kwargs": {"temperature": 0}}
    bench.write()
    rows = [{"question": f"What is twice {i // 2}?", "answer": str(i // 2 * 2), "name": f"q-{i}"} for i in range(10)]
    (bench.folder / "toy.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.chdir(bench.folder)
    return bench


def dry(capsys: pytest.CaptureFixture[str], *flags: str, models: tuple[str, ...] = ("toy_model",)) -> str:
    """Return what a dry run prints."""
    capsys.readouterr()
    code = run(["--models", *models, "--datasets", "toy_llmjudge", *flags, "--dry-run"])
    said = capsys.readouterr().out
    assert code == 0, said
    return said


def calls(said: str) -> list[int]:
    return [int(found) for found in re.findall(r"^  calls: +(\d+) to send", said, re.MULTILINE)]


def files(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != ".lock"}


def test_before_the_first_reply_the_estimate_says_that_it_is_guessed(
    priced: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    said = dry(capsys)
    assert calls(said) == [10, 10]
    assert "2560 out (guessed: 256 a reply)" in said
    assert "at 2 in, 8 out, USD for 1M tokens (from the config)" in said
    assert not priced.model.requests
    assert not priced.runs
    assert calls(dry(capsys, "--dedup")) == [5, 5], "equal questions once, and equal answers to them"


def test_a_tokenizer_beside_the_model_counts_its_prompts(priced: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"twice": 0, "?": 1}, unk_token="?"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    words.save(str(priced.folder / "tokenizer.json"))
    priced.model_keys["path"] = str(priced.folder)
    priced.write()
    said = dry(capsys)
    assert f"about {10 * (4 + 4)} in (by the tokenizer in {priced.folder})" in said, "'What is twice 0?' and a message"
    (priced.folder / "tokenizer.json").write_text("{}")
    assert run(["--models", "toy_model", "--datasets", "toy_llmjudge", "--dry-run"]) == 2
    assert "tokenizer.json is no tokenizer that can be read" in capsys.readouterr().err


def test_orders_and_repeats_of_a_judge_are_counted(priced: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert calls(dry(capsys, "--judges", "repeat_vote")) == [10, 50], "five votes"
    both = dry(capsys, "--judges", "pair_compare", models=("toy_model", "other_model"))
    assert calls(both) == [10, 10, 20], "the first model is compared with, and judged by nobody"


def test_the_rest_of_a_run_is_estimated_from_its_replies_and_touches_nothing(
    priced: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    done = priced.jb("--num-prompts", "6", "--cache", "known", "--no-preflight")
    assert done.code == 0, done.text
    predictions = priced.run / "predictions" / "toy-model" / "toy-judge.jsonl"
    with predictions.open("ab") as file:
        file.write(b'{"data_abbr": "toy", "id"')  # as a killed run leaves it
    before = files(priced.run)
    said = dry(capsys, "--reuse", "--num-prompts", "none", "--max-cost", "1")
    assert files(priced.run) == before
    assert said.count("items:   6 kept, 4 to ask") == 2
    assert "of 10 questions 6 are in the run" in said
    assert "by 6 replies of this task" in said
    estimated = float(re.search(r"In all: about 8 calls, \d+ tokens, ([\d.]+) USD", said)[1])  # type: ignore[index]
    assert "it will do" in said
    assert "it will be reached" in dry(capsys, "--reuse", "--num-prompts", "none", "--max-calls", "15")

    whole = priced.jb("--reuse", "--num-prompts", "none", "--no-preflight", "--max-cost", "1")
    assert whole.code == 0, whole.text
    assert "infer:toy-model/toy: 6 kept, 4 to ask" in whole.text
    usage = priced.result()["usage"]
    first = json.loads((priced.run / "spending.jsonl").read_text().splitlines()[0])["before"]["cost"]
    assert estimated == pytest.approx(usage["model"]["cost"] + usage["judge"]["cost"] - first, rel=0.02)

    again = dry(capsys, "--cache", "known")  # a new run that the cache knows a part of
    assert calls(again) == [4, 4]
    assert "6 are known (--cache, --dedup)" in again

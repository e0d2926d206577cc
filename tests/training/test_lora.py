"""The trainer's arithmetic on a tiny random model; needs torch, which the default CI does not install."""

from __future__ import annotations

import json
import os
import random
import signal
import string
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgebench.errors import ConfigError
from judgebench.training import lora
from judgebench.training.lora import ExampleTokens, LoraModel, Settings, batches, packed, pieces, rate

pytestmark = pytest.mark.timeout(1800)  # importing torch alone takes minutes on a machine with other work

EXAMPLES = [
    ExampleTokens([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 11),
    ExampleTokens([1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 21], 10),
    ExampleTokens([1, 30, 31, 32, 33], 3),
]


def test_what_begins_alike_is_computed_once() -> None:
    (row,) = packed(EXAMPLES, 64)
    assert row.ids == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 20, 1, 30, 31, 32]
    assert row.positions == [*range(11), 9, *range(4)]
    assert row.groups == [0] * 12 + [1] * 4
    assert row.owners == [-1] * 9 + [0, 0, 1] + [2] * 4
    assert [row.ids[place] for place in row.predicting] == [11, 20, 31, 32]
    assert row.targets == [12, 21, 32, 33]
    assert row.examples == [0, 1, 2, 2]
    assert [len(one.ids) for one in packed(EXAMPLES, 12)] == [12, 4]
    assert [len(one.ids) for one in packed(EXAMPLES, 2)] == [11, 10, 4], "a long one stands alone"


@pytest.mark.parametrize("size", [1, 5, 16, 40])
def test_pieces_are_of_about_one_size_and_in_order(size: int) -> None:
    chance = random.Random(size)
    examples = [ExampleTokens([number, *[0] * chance.randrange(20, 40)], 10) for number in range(size)]
    found = pieces(examples, 256)
    assert [one for piece in found for one in piece] == examples
    lengths = [sum(len(one.ids) for one in piece) for piece in found]
    assert len(found) == (1 if size == 1 else max(1, 2 * round(sum(len(one.ids) - 1 for one in examples) / 512)))
    assert max(lengths) - min(lengths) <= 2 * 40
    assert pieces(examples, sys.maxsize) == [examples]


def test_a_long_example_is_a_piece_of_its_own() -> None:
    long = [ExampleTokens([number] * 1000, 900) for number in range(3)]
    assert pieces(long, 256) == [[one] for one in long]


def test_batches_are_full_repeat_and_keep_questions_together() -> None:
    questions = [str(number // 4) for number in range(60)]
    settings = Settings(steps=20, batch=8)
    found = batches(questions, settings)
    assert [len(one) for one in found] == [8] * 20
    assert found == batches(questions, settings)
    assert found != batches(questions, Settings(steps=20, batch=8, seed=2))
    assert all(len({questions[number] for number in one}) == 2 for one in found[:7])
    assert len({number for one in found[:7] for number in one}) == 56, "each example once in a turn"


def test_the_rate_rises_and_falls() -> None:
    settings = Settings(steps=100, learning_rate=1.0)
    rates = [rate(step, settings) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == 1.0
    assert rates[-1] < 0.05
    assert rates[10:] == sorted(rates[10:], reverse=True)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason="the extra `train` is not installed")
    pytest.importorskip("peft", reason="the extra `train` is not installed")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("base")
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(
        models.BPE(vocab={sign: number for number, sign in enumerate([*alphabet, "</s>"])}, merges=[])
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>").save_pretrained(folder)
    config = Gemma3TextConfig(
        vocab_size=len(alphabet) + 1, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, sliding_window=512,
    )  # fmt: skip
    import torch

    torch.manual_seed(0)
    Gemma3ForCausalLM(config).save_pretrained(folder)
    return folder


def test_packing_changes_no_logit(base: Path) -> None:
    model = LoraModel(base, Settings(dtype="float32"))
    model.model.eval()
    with model.torch.no_grad():
        together, targets, owners, count = model.logits(EXAMPLES)
        alone = model.torch.cat([model.logits([one])[0] for one in EXAMPLES])
    assert owners == [0, 1, 2, 2]
    assert targets.tolist() == [12, 21, 32, 33]
    assert count < sum(len(one.ids) for one in EXAMPLES)
    assert model.torch.allclose(together, alone, atol=1e-4)


def test_replies_are_those_of_computing_everything_anew_and_end_where_the_service_ends_them(base: Path) -> None:
    model = LoraModel(base, Settings(dtype="float32"))
    prompts = ["q: what?", "hello there, this is longer", "x"]
    replies = model.replies(prompts, 6, 5)
    for prompt, (text, first) in zip(prompts, replies, strict=True):
        ids = model.prompt_tokens(prompt)
        said: list[int] = []
        for _ in range(6):
            with model.torch.no_grad():
                logits, *_ = model.logits([ExampleTokens([*ids, *said, 0], len(ids) + len(said))])
            if not said:
                wanted = model.torch.log_softmax(logits, 1)[0].topk(5)[0].tolist()
                assert [value for _, value in first] == pytest.approx(wanted, abs=1e-4)
            said.append(int(logits[0].argmax()))
        assert text == model.tokenizer.decode(said)
    whole = replies[0][0]
    assert model.replies(prompts[:1], 6, 5, [whole[3:]])[0][0] == whole[: whole.index(whole[3:])]


def test_replies_that_were_kept_are_not_computed_again_and_change_no_other(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lora, "_PROMPTS_AT_ONCE", 2)
    model = LoraModel(base, Settings(dtype="float32"))
    prompts = ["one", "two and more", "three, which is the longest", "four", "5"]
    kept: list[dict[int, Any]] = []
    whole = model.replies(prompts, 4, 3, keep=kept.append)
    assert sorted(number for some in kept for number in some) == [0, 1, 2, 3, 4]
    assert [sorted(some) for some in kept] == [[0, 4], [1, 3], [2]]
    again: list[dict[int, Any]] = []
    known = kept[0] | {1: kept[1][1]}
    assert model.replies(prompts, 4, 3, known=known, keep=again.append) == whole
    assert again == kept[1:], "whole groups, so that what is computed together stays the same"


@pytest.mark.parametrize("threads", [1, 3])
def test_gradients_are_those_of_the_mean_loss_however_many_threads_compute_its_pieces(
    base: Path, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(0)
    examples = [ExampleTokens([chance.randrange(250) for _ in range(30)], 20 + number % 9) for number in range(24)]
    model = LoraModel(base, Settings(dtype="float32", threads=threads))
    logits, targets, _, count = model.logits(examples)
    mean = model.torch.nn.functional.cross_entropy(logits, targets)
    wanted = model.torch.autograd.grad(mean, model.trained)
    monkeypatch.setattr(lora, "_PIECE", 64)
    loss, tokens = model._backward(examples)
    assert loss == pytest.approx(float(mean.detach()), rel=1e-5)
    assert tokens == count
    assert any(float(one.abs().max()) > 0 for one in wanted)
    for weight, gradient in zip(model.trained, wanted, strict=True):
        assert model.torch.allclose(weight.grad, gradient, atol=1e-6)


def test_the_number_of_threads_changes_no_loss(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lora, "_PIECE", 16)
    curves = [small_training(base, tmp_path / str(threads), threads=threads) for threads in (1, 2, 5)]
    assert curves[0] == curves[1] == curves[2]


def small_training(
    base: Path, folder: Path, tell: Callable[[dict[str, Any]], None] = lambda _: None, *, threads: int = 0
) -> list[Any]:
    """Train on random tokens, with a checkpoint after every step, and return the curve of the loss."""
    assert lora._CHECKPOINT_SECONDS <= 60, "what a kill may cost"
    folder.mkdir(exist_ok=True)
    chance = random.Random(0)
    examples = [ExampleTokens([chance.randrange(250) for _ in range(12)], 11) for _ in range(40)]
    settings = Settings(steps=12, batch=8, dtype="float32", learning_rate=0.01, threads=threads)
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(lora, "_CHECKPOINT_SECONDS", 0.0)
        return LoraModel(base, settings).train(examples, [str(number // 2) for number in range(40)], folder, tell)


def training_that_kills_itself(base: Path, folder: Path, step: int) -> None:
    small_training(base, folder, lambda figures: figures["step"] == step and os.kill(os.getpid(), signal.SIGKILL))


def test_a_killed_training_goes_on_where_it_was(base: Path, tmp_path: Path) -> None:
    """What came after the last checkpoint is lost, and nothing else: the losses are those of a whole training."""
    program = (
        "import pathlib, sys; from tests.training.test_lora import training_that_kills_itself\n"
        "training_that_kills_itself(*map(pathlib.Path, sys.argv[1:]), 7)"
    )
    command = [sys.executable, "-c", program, str(base), str(tmp_path / "killed")]
    assert subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode == -signal.SIGKILL
    steps: list[int] = []
    went_on = small_training(base, tmp_path / "killed", lambda figures: steps.append(figures["step"]))
    assert steps == [*range(7, 13)]
    whole = small_training(base, tmp_path / "whole")
    assert whole == went_on
    assert whole[-1]["loss"] < whole[0]["loss"]


JUDGE = """
from judgebench.judges import DeclaredJudge
from judgebench.models import VLLMCustomAPI
judges = [dict(abbr="same", judge_model=dict(type=VLLMCustomAPI, abbr="tiny", model="tiny"), method=dict(
    type=DeclaredJudge, presentations=[dict(prompt="{reference}={answer}?")],
    params=dict(max_tokens=1, logprobs=20), parser=dict(type="logprob_of_decision",
    decisions={"correct": "y", "incorrect": "n"}), aggregate=dict(type="first", unread="unparsed")))]
"""


def rows(count: int) -> str:
    chance = random.Random(1)
    lines = []
    for number in range(count):
        right, wrong = chance.sample(string.ascii_lowercase, 2)
        for answer, label in ((right, "correct"), (wrong, "incorrect")):
            row = {
                "question": f"q{number}",
                "reference": f"{number}{right}",
                "answer": f"{number}{answer}",
                "label": label,
            }
            lines.append(json.dumps(row) + "\n")
    return "".join(lines)


def test_jb_train_judge_writes_adapter_report_and_config(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from judgebench.cli.main import run
    from judgebench.config.resolve import load_judges
    from judgebench.records.request import Selection

    (tmp_path / "judge.py").write_text(JUDGE)
    (tmp_path / "rows.jsonl").write_text(rows(40))
    out = tmp_path / "trained"
    command = ["train", "judge", "--judge", str(tmp_path / "judge.py"), "--data", str(tmp_path / "rows.jsonl")]
    command += ["--base", str(base), "--out", str(out), "--steps", "8", "--batch", "8", "--held-out", "0.25"]
    assert run(command) == 0
    printed = capsys.readouterr()
    assert "step 8 of 8, loss" in printed.err
    assert "tokens/s" in printed.err
    assert "agreement" in printed.out
    report = json.loads((out / "train.json").read_text())
    assert len(report["loss"]) == 8
    assert report["held_out"]["after"]["agreement"]["of"] > 0
    assert report["held_out"]["before"]["unparsed"]["of"] > 0
    assert any("The format is learned, the verdict is not" in one for one in report["warnings"])
    assert (out / "adapter.gguf").stat().st_size > 1000
    assert (out / "adapter_model.safetensors").is_file()
    (judge,) = load_judges(Selection(judges=[str(out / "judge.py")])).judges
    assert (judge.abbr, judge.model["model"]) == ("trained", "trained")
    asked = [(out / name).read_bytes() for name in ("before.jsonl", "after.jsonl")]
    torn = asked[1].splitlines(keepends=True)
    (out / "after.jsonl").write_bytes(b"".join(torn[:3]) + torn[3][:20])
    assert run(command) == 0, "a training that has ended is read from its checkpoint"
    again = json.loads((out / "train.json").read_text())
    assert again["loss"] == report["loss"]
    assert again["held_out"] == report["held_out"]
    assert (out / "before.jsonl").read_bytes() == asked[0], "no held-out row is asked about twice"
    assert {*(out / "after.jsonl").read_bytes().splitlines(keepends=True)} == {*torn}
    assert run([*command, "--threads", "3"]) == 0, "their number changes nothing"
    assert run([*command, "--seed", "2"]) == 2
    assert "holds another training" in capsys.readouterr().err


def test_a_base_that_is_none_is_refused(tmp_path: Path) -> None:
    from judgebench.training.base_model import find_base

    with pytest.raises(ConfigError, match="no base model"):
        find_base(str(tmp_path), {})

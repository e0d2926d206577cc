"""Trains a LoRA adapter on examples of prompt and reply: loss on the reply alone, logits only where they count.

Examples of one batch are computed as few sequences without padding (``packed``): a mask keeps them apart, and what
several have in common at their beginning stands once. Four answers to one question cost half of what four sequences do.
On processors a batch is computed in ``pieces``, each by one thread and several at a time: that is faster than one piece
by all threads, and what comes of a training does not depend on their number.
"""

from __future__ import annotations

import inspect
import math
import os
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from judgebench.errors import ConfigError, missing_extra
from judgebench.models.llama_cpp import usable_cores
from judgebench.records.flow import Prompt
from judgebench.training.base_model import quiet_transformers

MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""The linear layers of a block that get an adapter."""
_CHECKPOINT_SECONDS = 30.0
_SHORTEST_SHARED = 8
_ROW = 512
"""Tokens of one sequence: longer ones pay for attention, shorter ones for padding."""
_PIECE = 160
"""Tokens that one thread computes at once: more do not stay in its caches, and fewer read all weights as often."""
_PROMPTS_AT_ONCE = 16
GreedyReply = tuple[str, list[tuple[str, float]]]
"""The text of a reply, and the likeliest first tokens with their log-probabilities."""
_NONE: Mapping[int, GreedyReply] = {}


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How an adapter is trained.

    Attributes:
        steps: Updates of the weights.
        batch: Examples of one update.
        rank: Rank of the adapter; its alpha is twice that.
        learning_rate: At its highest, after the first tenth of the steps (20 at most); it then falls as a cosine.
        decay: Steps over which it falls; 0 takes ``steps``. A training that ends earlier ends at a higher rate.
        max_length: Most tokens of one example; longer ones are refused before training.
        seed: Source of chance.
        dtype: ``float32`` or ``bfloat16``; empty takes the one that this machine computes well.
        threads: Computing threads; 0 takes one for each usable core. Their number changes no result.
    """

    steps: int = 150
    batch: int = 24
    rank: int = 6
    learning_rate: float = 1e-3
    decay: int = 0
    max_length: int = 1024
    seed: int = 1
    dtype: str = ""
    threads: int = 0


class ExampleTokens(msgspec.Struct, frozen=True):
    """An example in tokens: all of them, and how many belong to the prompt."""

    ids: list[int]
    prompt: int


class PackedRow(msgspec.Struct, frozen=True):
    """Examples as one sequence: groups that begin alike, one behind the other.

    Attributes:
        ids: Tokens. ``positions``: Their positions.
        groups: Which group a token belongs to. ``owners``: Which example; -1 for the common beginning of a group.
        predicting: Places whose next token counts. ``targets``: Those tokens. ``examples``: Whose they are.
    """

    ids: list[int]
    positions: list[int]
    groups: list[int]
    owners: list[int]
    predicting: list[int]
    targets: list[int]
    examples: list[int]


def packed(examples: Sequence[ExampleTokens], limit: int) -> list[PackedRow]:
    """Put examples into sequences of at most ``limit`` tokens; neighbours that begin alike share their beginning.

    A single example that is longer stands alone.
    """
    groups: list[list[int]] = []
    for number, one in enumerate(examples):
        if groups:
            members = [*(examples[member] for member in groups[-1]), one]
            shared = _shared(members)
            if shared >= _SHORTEST_SHARED and _length(members, shared) <= limit:
                groups[-1].append(number)
                continue
        groups.append([number])
    rows: list[PackedRow] = []
    for place, group in enumerate(groups):
        members = [examples[number] for number in group]
        shared = _shared(members) if len(members) > 1 else 0
        if not rows or len(rows[-1].ids) + _length(members, shared) > limit:
            rows.append(PackedRow([], [], [], [], [], [], []))
        _append(rows[-1], examples, group, shared, place)
    return rows


def pieces(examples: Sequence[ExampleTokens], limit: int) -> list[Sequence[ExampleTokens]]:
    """Divide examples, in their order, into one piece or an even number, of about ``limit`` tokens each."""
    lengths = [len(one.ids) - 1 for one in examples]
    whole = sum(len(row.ids) for row in packed(examples, sum(lengths)))
    number = min(len(examples), max(1, 2 * round(whole / (2 * limit))))
    found: list[list[ExampleTokens]] = [[] for _ in range(number)]
    before = 0
    for one, length in zip(examples, lengths, strict=True):
        found[number * (2 * before + length) // (2 * sum(lengths))].append(one)
        before += length
    return [piece for piece in found if piece]


def _length(members: Sequence[ExampleTokens], shared: int) -> int:
    return shared + sum(len(member.ids) - 1 - shared for member in members)


def _shared(examples: Sequence[ExampleTokens]) -> int:
    """Return how many tokens all begin with, at least one less than the shortest prompt."""
    most = min(one.prompt for one in examples) - 1
    first = examples[0].ids
    count = 0
    while count < most and all(one.ids[count] == first[count] for one in examples):
        count += 1
    return count


def _append(row: PackedRow, examples: Sequence[ExampleTokens], group: Sequence[int], shared: int, place: int) -> None:
    row.ids.extend(examples[group[0]].ids[:shared])
    row.positions.extend(range(shared))
    row.owners.extend([-1] * shared)
    for number in group:
        one = examples[number]
        offset = len(row.ids) - shared
        row.predicting.extend(offset + at - 1 for at in range(one.prompt, len(one.ids)))
        row.targets.extend(one.ids[one.prompt :])
        row.examples.extend([number] * (len(one.ids) - one.prompt))
        row.ids.extend(one.ids[shared:-1])  # nothing follows the last token, so it need not be computed
        row.positions.extend(range(shared, len(one.ids) - 1))
        row.owners.extend([number] * (len(one.ids) - 1 - shared))
    row.groups.extend([place] * (len(row.ids) - len(row.groups)))


def batches(questions: Sequence[str], settings: Settings) -> list[list[int]]:
    """Return which examples each step takes: those of a question stay together, and questions come in any order."""
    together: dict[str, list[int]] = {}
    for number, question in enumerate(questions):
        together.setdefault(question, []).append(number)
    found: list[list[int]] = []
    current: list[int] = []
    turn = 0
    while len(found) < settings.steps:
        order = sorted(together)
        random.Random(f"{settings.seed} {turn}").shuffle(order)
        turn += 1
        for question in order:
            current += together[question]
            while len(current) >= settings.batch:
                found.append(current[: settings.batch])
                current = current[settings.batch :]
    return found[: settings.steps]


def rate(step: int, settings: Settings) -> float:
    """Return the learning rate of a step, from 0."""
    steps = settings.decay or settings.steps
    warm = max(1, min(20, steps // 10))
    if step < warm:
        return settings.learning_rate * (step + 1) / warm
    done = min(1.0, (step - warm) / max(1, steps - warm))
    return settings.learning_rate * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * done)))


class LoraModel:
    """A base model with an adapter.

    Args:
        base: Folder of a transformers model.
        settings: How it is trained.

    Raises:
        MissingExtraError: torch, transformers or peft is not installed.
        ConfigError: The folder holds no model that can be used.
    """

    def __init__(self, base: Path, settings: Settings) -> None:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        try:
            import torch
            from peft import LoraConfig, get_peft_model
            from transformers import AutoModelForCausalLM, AutoTokenizer
        except ModuleNotFoundError as error:
            raise missing_extra(error.name or "torch", "train", "training a judge") from error
        quiet_transformers()
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.torch: Any = torch
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        threads = 1
        if self.device == "cpu":
            threads = settings.threads or usable_cores()
            torch.set_num_threads(1)  # of one piece
        self._threads = ThreadPoolExecutor(threads, "training")
        self.dtype = settings.dtype or _good_dtype(torch, self.device)
        try:
            self.tokenizer: Any = AutoTokenizer.from_pretrained(str(base))
            model: Any = AutoModelForCausalLM.from_pretrained(
                str(base), dtype=getattr(torch, self.dtype), attn_implementation="sdpa"
            )
        except (OSError, ValueError) as error:
            raise ConfigError(f"The base model {base} cannot be loaded: {error}.") from error
        model.config.use_cache = False
        config = LoraConfig(
            r=settings.rank, lora_alpha=2 * settings.rank, target_modules=list(MODULES), task_type="CAUSAL_LM"
        )
        self.model: Any = get_peft_model(model, config).to(self.device)
        self.trained = [one for one in self.model.parameters() if one.requires_grad]
        for one in self.trained:
            one.data = one.data.float()
        self.model_type = str(model.config.model_type)
        text = self.model.base_model.model
        self._window = int(getattr(model.config, "sliding_window", 0) or settings.max_length)
        self._body, self._head = text.model, text.lm_head
        known = inspect.signature(type(self._body).forward).parameters
        self._cache = "cache" if "cache" in known else "past_key_values"  # as transformers called it before 5.24

    def versions(self) -> dict[str, str]:
        """Return the versions of the packages that decide what comes of a training."""
        import importlib.metadata

        return {name: importlib.metadata.version(name) for name in ("torch", "transformers", "peft")}

    def prompt_tokens(self, prompt: Prompt) -> list[int]:
        """Return the tokens of a prompt as a service computes them: a text as it is, messages by the chat template."""
        if isinstance(prompt, str):
            return list(self.tokenizer(prompt)["input_ids"])
        if not getattr(self.tokenizer, "chat_template", None):
            raise ConfigError(
                "The judge asks in messages, and the base model has no chat template.",
                hint="Train a model with one, or a judge whose prompts are texts.",
            )
        text = self.tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def tokens(self, prompt: Prompt, completion: str, *, ends: bool) -> ExampleTokens:
        """Return an example in tokens; the two parts are made apart, so that the border is where it is when asked."""
        ids = self.prompt_tokens(prompt)
        reply = list(self.tokenizer(completion, add_special_tokens=False)["input_ids"])
        if ends and self.tokenizer.eos_token_id is not None:
            reply.append(self.tokenizer.eos_token_id)
        return ExampleTokens(ids + reply, len(ids))

    def logits(self, examples: Sequence[ExampleTokens]) -> tuple[Any, Any, list[int], int]:
        """Return logits and targets of all tokens that count, whose they are, and the number of tokens computed."""
        torch = self.torch
        sequences = packed(examples, min(self._window, max(_ROW, *(len(one.ids) for one in examples))))
        width = max(len(one.ids) for one in sequences)
        ids = torch.zeros(len(sequences), width, dtype=torch.long)
        positions = torch.zeros_like(ids)
        groups = torch.full_like(ids, -1)
        owners = torch.full_like(ids, -2)
        for row, one in enumerate(sequences):
            for tensor, values in (
                (ids, one.ids),
                (positions, one.positions),
                (groups, one.groups),
                (owners, one.owners),
            ):
                tensor[row, : len(values)] = torch.tensor(values)
        mask = torch.tril(torch.ones(width, width, dtype=torch.bool))[None] & (groups[:, :, None] == groups[:, None, :])
        mask &= (owners[:, :, None] == owners[:, None, :]) | (owners[:, None, :] == -1)
        mask |= torch.eye(width, dtype=torch.bool)[None]
        rows = [row for row, one in enumerate(sequences) for _ in one.predicting]
        spots = [place for one in sequences for place in one.predicting]
        with torch.autocast(self.device, torch.bfloat16, enabled=self.dtype == "bfloat16"):
            states = self._body(
                input_ids=ids.to(self.device),
                attention_mask=mask[:, None].to(self.device),
                position_ids=positions.to(self.device),
                use_cache=False,
            ).last_hidden_state
            found = self._head(states[rows, spots]).float()
        targets = torch.tensor([target for one in sequences for target in one.targets], device=self.device)
        owner = [number for one in sequences for number in one.examples]
        return found, targets, owner, sum(len(one.ids) for one in sequences)

    def train(
        self,
        examples: Sequence[ExampleTokens],
        questions: Sequence[str],
        folder: Path,
        tell: Callable[[dict[str, Any]], None],
    ) -> list[dict[str, Any]]:
        """Train, going on from the checkpoint in ``folder`` where there is one, and return the curve of the loss.

        A checkpoint is written every half minute and at the end.
        """
        torch = self.torch
        optimizer = torch.optim.AdamW(self.trained, lr=self.settings.learning_rate, weight_decay=0.0)
        order = batches(questions, self.settings)
        curve: list[dict[str, Any]] = []
        spent = {"seconds": 0.0, "tokens": 0}
        start = self._resume(folder, optimizer, curve, spent)
        self.model.train()
        saved = begun = time.monotonic()
        for step in range(start, self.settings.steps):
            for group in optimizer.param_groups:
                group["lr"] = rate(step, self.settings)
            loss, tokens = self._backward([examples[number] for number in order[step]])
            torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            now = time.monotonic()
            spent["tokens"] += tokens
            seconds = spent["seconds"] + now - begun
            done = step + 1
            curve.append({"step": done, "loss": round(loss, 5)})
            left = (now - begun) / (done - start) * (self.settings.steps - done)
            tell({**curve[-1], "seconds": seconds, "tokens": spent["tokens"], "left": left})
            if now - saved > _CHECKPOINT_SECONDS or done == self.settings.steps:
                self._save(folder, optimizer, curve, {"seconds": seconds, "tokens": spent["tokens"]})
                saved = now
        self.model.eval()
        return curve

    def _backward(self, batch: Sequence[ExampleTokens]) -> tuple[float, int]:
        """Set the gradients of the mean loss of a batch, and return that loss and the number of tokens computed."""
        torch = self.torch
        most = _PIECE if self.device == "cpu" else sys.maxsize

        def of_piece(piece: Sequence[ExampleTokens]) -> tuple[float, int, int, Any]:
            logits, targets, _, tokens = self.logits(piece)
            loss = torch.nn.functional.cross_entropy(logits, targets, reduction="sum")
            return float(loss.detach()), len(targets), tokens, torch.autograd.grad(loss, self.trained)

        done = list(self._threads.map(of_piece, pieces(batch, most)))  # summed in the order of the pieces
        targets = sum(one[1] for one in done)
        for number, weight in enumerate(self.trained):
            weight.grad = sum(one[3][number] for one in done) / targets
        return sum(one[0] for one in done) / targets, sum(one[2] for one in done)

    def _resume(self, folder: Path, optimizer: Any, curve: list[dict[str, Any]], spent: dict[str, Any]) -> int:
        file = folder / "checkpoint.pt"
        if not file.is_file():
            return 0
        state = self.torch.load(file, map_location=self.device, weights_only=True)
        with self.torch.no_grad():
            for one, value in zip(self.trained, state["weights"], strict=True):
                one.copy_(value)
        optimizer.load_state_dict(state["optimizer"])
        curve += [{"step": number + 1, "loss": loss} for number, loss in enumerate(state["curve"])]
        spent |= state["spent"]
        return len(curve)

    def _save(self, folder: Path, optimizer: Any, curve: list[dict[str, Any]], spent: dict[str, Any]) -> None:
        file = folder / "checkpoint.pt"
        state = {
            "weights": [one.detach().cpu() for one in self.trained],
            "optimizer": optimizer.state_dict(),
            "curve": [one["loss"] for one in curve],
            "spent": spent,
        }
        partial = file.with_suffix(".partial")
        self.torch.save(state, partial)
        partial.replace(file)

    def save(self, folder: Path) -> None:
        """Write the adapter as PEFT reads it."""
        self.model.save_pretrained(str(folder))

    def replies(
        self,
        prompts: Sequence[Prompt],
        most: int,
        top: int,
        stop: Sequence[str] = (),
        *,
        known: Mapping[int, GreedyReply] = _NONE,
        keep: Callable[[dict[int, GreedyReply]], None] = lambda _: None,
    ) -> list[GreedyReply]:
        """Return the greedy reply to every prompt, and the likeliest first tokens with their log-probabilities.

        Args:
            prompts: What is asked.
            most: Tokens after which a reply ends.
            top: How many first tokens.
            stop: Texts before which a reply ends.
            known: Replies that were kept before, by the number of the prompt.
            keep: Takes new replies as they come. What is computed together does not depend on what is known.
        """
        self.model.eval()
        rows = [self.prompt_tokens(prompt) for prompt in prompts]
        found: dict[int, GreedyReply] = {}
        by_length = sorted(range(len(rows)), key=lambda number: len(rows[number]))
        groups = [by_length[at : at + _PROMPTS_AT_ONCE] for at in range(0, len(rows), _PROMPTS_AT_ONCE)]
        open_ = [some for some in groups if not all(number in known for number in some)]

        def of_group(some: Sequence[int]) -> list[GreedyReply]:
            return self._replies([rows[number] for number in some], most, top, stop)

        for some, replies in zip(open_, self._threads.map(of_group, open_), strict=True):
            new = dict(zip(some, replies, strict=True))
            keep(new)
            found |= new
        return [found[number] if number in found else known[number] for number in range(len(rows))]

    def _replies(self, rows: Sequence[Sequence[int]], most: int, top: int, stop: Sequence[str]) -> list[GreedyReply]:
        torch = self.torch
        width = max(map(len, rows))
        ids = torch.zeros(len(rows), width, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for line, row in enumerate(rows):
            ids[line, width - len(row) :] = torch.tensor(row)
            mask[line, width - len(row) :] = 1
        ids, mask = ids.to(self.device), mask.to(self.device)
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        said: list[list[int]] = [[] for _ in rows]
        texts: list[str] = [""] * len(rows)
        first: list[list[tuple[str, float]]] = []
        going_on = set(range(len(rows)))
        cache = None
        with torch.no_grad(), torch.autocast(self.device, torch.bfloat16, enabled=self.dtype == "bfloat16"):
            for _ in range(most):
                output = self._body(
                    input_ids=ids,
                    attention_mask=mask,
                    position_ids=positions,
                    use_cache=True,
                    **{self._cache: cache},
                )
                cache = getattr(output, self._cache)
                scores = torch.log_softmax(self._head(output.last_hidden_state[:, -1]).float(), 1)
                chosen = scores.argmax(1)
                if not first:
                    values, tokens = (one.tolist() for one in scores.topk(top))
                    names = [[self.tokenizer.decode([token]) for token in line] for line in tokens]
                    first = [list(zip(*one, strict=True)) for one in zip(names, values, strict=True)]
                for line in sorted(going_on):
                    said[line].append(int(chosen[line]))
                    texts[line], ended = self._text(said[line], stop)
                    if ended:
                        going_on.remove(line)
                if not going_on:
                    break
                ids, positions = chosen[:, None], positions[:, -1:] + 1
                mask = torch.cat([mask, torch.ones_like(ids)], 1)
        return list(zip(texts, first, strict=True))

    def _text(self, tokens: Sequence[int], stop: Sequence[str]) -> tuple[str, bool]:
        """Return the text of a reply so far, and whether the reply ends here."""
        ended = tokens[-1] == self.tokenizer.eos_token_id
        text = str(self.tokenizer.decode(tokens[:-1] if ended else tokens))
        stops = [text.index(one) for one in stop if one in text]
        return text[: min(stops)] if stops else text, ended or bool(stops)


def _good_dtype(torch: Any, device: str) -> str:
    """Return ``bfloat16`` where the processor multiplies it by itself; elsewhere it is many times slower."""
    if device != "cpu":
        return "bfloat16"
    supported = (
        getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
        or getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)()
    )
    return "bfloat16" if supported else "float32"

"""The transformers model; the parts that need torch run where it is installed."""

from __future__ import annotations

import asyncio
import importlib.util
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest

from judgebench.engine.client import Traffic, open_client
from judgebench.errors import MissingExtraError
from judgebench.models.access import model_config
from judgebench.models.hf_chat import HuggingFaceConfig, _Batcher, generation_arguments
from judgebench.records.flow import Reply, Request

INSTALLED = all(importlib.util.find_spec(name) for name in ("torch", "transformers"))


def ask_all(path: Path, requests: list[Request], **keys: Any) -> list[Reply]:
    declared = model_config({"type": "HuggingFaceChat", "abbr": "h", "path": str(path), **keys})

    async def main() -> list[Reply]:
        async with open_client(declared, Traffic()) as client:
            return await asyncio.gather(*[client.ask(request) for request in requests])

    return asyncio.run(main())


@pytest.mark.skipif(INSTALLED, reason="torch and transformers are installed")
def test_a_missing_package_names_its_extra(tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError) as caught:
        ask_all(tmp_path, [])
    assert "judgebench[hf]" in caught.value.hint


def test_sampling_parameters_are_translated() -> None:
    assert generation_arguments({"temperature": 0, "top_p": 0.9}, 50) == {
        "max_new_tokens": 50,
        "do_sample": False,
        "top_p": 0.9,
    }
    assert generation_arguments({"temperature": 0.7, "max_tokens": 5, "num_return_sequences": 4}, 50) == {
        "max_new_tokens": 5,
        "do_sample": True,
        "temperature": 0.7,
    }


class TemplateError(Exception):
    """Stands for what a model's chat template raises; neither a RuntimeError nor a ValueError."""


class Generator:
    """Stands for the model: refuses some prompts, or dies."""

    def __init__(self, refused: set[str], *, error: type[BaseException] = TemplateError) -> None:
        self.refused = refused
        self.error = error
        self.batches: list[int] = []

    def replies(self, prompts: list[Any], params: dict[str, Any]) -> list[Reply]:
        self.batches.append(len(prompts))
        texts = [prompt[-1]["content"] for prompt in prompts]
        if self.refused.intersection(texts):
            raise self.error("System role not supported")
        return [Reply(status="ok", text=text) for text in texts]


def generated(generator: Generator, texts: list[str], **keys: Any) -> list[Any]:
    declared = model_config({"type": "HuggingFaceChat", "abbr": "h", "path": "x", **keys})

    async def main() -> list[Any]:
        with ThreadPoolExecutor(1) as thread:
            batcher = _Batcher(cast(Any, generator), cast(HuggingFaceConfig, declared), thread)
            worker = asyncio.ensure_future(batcher.work())
            worker.add_done_callback(batcher.ended)
            asking = asyncio.gather(*(batcher.ask(Request(prompt=text)) for text in texts), return_exceptions=True)
            try:
                return await asyncio.wait_for(asking, 60)
            finally:
                worker.cancel()
                await asyncio.gather(worker, return_exceptions=True)

    return asyncio.run(main())


def test_an_exception_that_nobody_expected_is_the_failed_reply_of_its_own_prompt() -> None:
    replies = generated(Generator({"b"}), ["a", "b", "c", "d"], batch_size=4)
    assert [reply.status for reply in replies] == ["ok", "failed", "ok", "ok"]
    assert replies[1].error.message == "The model failed: TemplateError: System role not supported"


def test_a_worker_that_ends_fails_who_waits_and_who_asks_later() -> None:
    """A ``BaseException`` that is no ``Exception`` ends the worker itself."""

    class Dead(BaseException):
        pass

    replies = generated(Generator({"a"}, error=Dead), ["a", "b"], batch_size=1)
    assert [type(reply).__name__ for reply in replies] == ["InternalError", "InternalError"]


@pytest.mark.skipif(not INSTALLED, reason="torch and transformers are not installed (extra hf)")
def test_a_tiny_model_answers_in_batches(tmp_path: Path) -> None:
    import tokenizers  # type: ignore[import-not-found,unused-ignore]
    import transformers

    vocabulary = {word: nth for nth, word in enumerate(["<pad>", "<eos>", "<unk>", "a", "b", "c", "d"])}
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<eos>")
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }} {% endfor %}"
    tokenizer.save_pretrained(tmp_path)
    shape = transformers.LlamaConfig(
        vocab_size=7, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, eos_token_id=1
    )
    transformers.LlamaForCausalLM(shape).save_pretrained(tmp_path)
    requests = [Request(prompt=text, params={"temperature": 0}) for text in ("a b", "c", "d d d")]
    replies = ask_all(tmp_path, requests, max_out_len=4, batch_size=2)
    assert [reply.status for reply in replies] == ["ok"] * 3
    assert [reply.usage.prompt_tokens if reply.usage else 0 for reply in replies] == [2, 1, 3]
    again = ask_all(tmp_path, requests, max_out_len=4, batch_size=1)
    assert [reply.text for reply in again] == [reply.text for reply in replies]

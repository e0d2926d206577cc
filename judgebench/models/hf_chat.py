"""A Hugging Face transformers model in this process (extra ``hf``).

Generation runs in one worker thread, because torch blocks; requests that wait at the same time and have the same
sampling parameters are generated as one batch of up to ``batch_size``.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Literal, NamedTuple

import msgspec

from judgebench.content.prompts import fit
from judgebench.errors import ConfigError, InternalError, missing_extra
from judgebench.models.contract import OWN_PARAMETERS, Client, ModelConfig
from judgebench.models.postprocess import split_reasoning
from judgebench.records.flow import Failure, Prompt, Reply, Request, Usage

logger = logging.getLogger(__name__)


class HuggingFaceConfig(ModelConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of a transformers model; ``path`` is a local folder or a hub id, ``model`` wins over it when set.

    Attributes:
        trust_remote_code: Run code that comes with the model; off, because it is somebody else's program.
        device: ``cpu``, ``cuda``, ``cuda:1``, ...; empty takes the first accelerator there is.
        dtype: ``float32``, ``bfloat16``, ...; empty takes what the model was saved in.
        seed: Of the sampling.
        gather: Seconds to wait for further requests before a batch that is not full is started.
    """

    trust_remote_code: bool = False
    device: str = ""
    dtype: str = ""
    seed: int = 0
    gather: float = 0.02


class _WaitingRequest(NamedTuple):
    prompt: Prompt
    params: dict[str, Any]
    reply: asyncio.Future[Reply]


class HuggingFaceChat:
    """A causal language model with a chat template, through transformers."""

    Config: ClassVar[type[ModelConfig]] = HuggingFaceConfig
    free = True
    prompt_kind: ClassVar[Literal["chat", "text"]] = "chat"
    needs: ClassVar[tuple[str, tuple[str, ...]]] = ("hf", ("torch", "transformers", "jinja2"))

    @asynccontextmanager
    async def open(self, config: ModelConfig) -> AsyncIterator[Client]:
        """Load the model in the worker thread and give a client.

        Raises:
            MissingExtraError: torch or transformers is not installed.
            ConfigError: The model cannot be loaded from ``path``.
        """
        if not isinstance(config, HuggingFaceConfig):
            raise ConfigError(f"models.{config.abbr} is not a HuggingFaceChat config.")
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="transformers") as thread:
            generator = await loop.run_in_executor(thread, _Generator, config)
            batcher = _Batcher(generator, config, thread)
            worker = asyncio.ensure_future(batcher.work())
            worker.add_done_callback(batcher.ended)
            try:
                yield batcher
            finally:
                worker.cancel()
                await asyncio.gather(worker, return_exceptions=True)


class _Batcher:
    """Collects requests into batches and hands them to the generator, one batch at a time."""

    def __init__(self, generator: _Generator, config: HuggingFaceConfig, thread: ThreadPoolExecutor) -> None:
        self.model = config.model or config.path
        self._generator = generator
        self._config = config
        self._thread = thread
        self._waiting: list[_WaitingRequest] = []
        self._arrived = asyncio.Event()
        self._open: set[asyncio.Future[Reply]] = set()
        self._over = False

    async def ask(self, request: Request) -> Reply:
        """Return the model's reply.

        Raises:
            InternalError: Nobody generates any more.
        """
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._open.add(reply)
        reply.add_done_callback(self._open.discard)
        if self._over:
            self._fail_open()
        params = {**self._config.generation_kwargs, **request.params}
        self._waiting.append(_WaitingRequest(fit(request.prompt, "chat"), params, reply))
        self._arrived.set()
        return await reply

    async def work(self) -> None:
        """Generate batch after batch until cancelled."""
        while True:
            await self._arrived.wait()
            if len(self._waiting) < self._config.batch_size:
                await asyncio.sleep(self._config.gather)
            batch = self._take()
            if batch:
                begin = time.perf_counter()
                prompts = [entry.prompt for entry in batch]
                replies = await self._generated(prompts, batch[0].params)
                seconds = time.perf_counter() - begin
                for entry, reply in zip(batch, replies, strict=True):
                    if not entry.reply.done():
                        entry.reply.set_result(msgspec.structs.replace(reply, latency=seconds))

    def ended(self, _: asyncio.Future[None]) -> None:
        """Take the end of ``work``, whichever way it came: nobody may wait for a reply any more."""
        self._over = True
        self._fail_open()

    def _fail_open(self) -> None:
        for reply in list(self._open):
            if not reply.done():
                reply.set_exception(InternalError("The transformers model was asked after it was closed."))

    async def _generated(self, prompts: list[Prompt], params: dict[str, Any]) -> list[Reply]:
        """Return one reply per prompt, a failed one where the model raises an exception about this prompt.

        torch, transformers, the template of a model and its own code raise all kinds. Where a batch fails, each of its
        prompts is tried alone, so that the one that cannot be answered takes no other with it.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, self._generator.replies, prompts, params)
        except Exception as error:
            if len(prompts) > 1:
                return [reply for prompt in prompts for reply in await self._generated([prompt], params)]
            logger.exception("The model raised an exception; the request counts as failed")
            message = f"The model failed: {type(error).__name__}: {str(error).partition(chr(10))[0]}"
            return [Reply(status="failed", error=Failure(kind="local", message=message))]

    def _take(self) -> list[_WaitingRequest]:
        self._waiting = [entry for entry in self._waiting if not entry.reply.done()]
        batch: list[_WaitingRequest] = []
        rest: list[_WaitingRequest] = []
        for entry in self._waiting:
            fits = len(batch) < self._config.batch_size and (not batch or entry.params == batch[0].params)
            (batch if fits else rest).append(entry)
        self._waiting = rest
        if not rest:
            self._arrived.clear()
        return batch


class _Generator:
    """The loaded model; lives in the worker thread."""

    def __init__(self, config: HuggingFaceConfig) -> None:
        try:
            import torch
            import transformers
        except ImportError as error:
            missing = (error.name or "transformers").partition(".")[0]
            raise missing_extra(missing, "hf", f"model {config.abbr!r} (HuggingFaceChat)") from error
        name = config.model or config.path
        if not name:
            raise ConfigError(f"models.{config.abbr} names no model.", hint="Set path to a folder or a hub id.")
        self._torch = torch
        self._config = config
        device = config.device or ("cuda" if torch.cuda.is_available() else "cpu")
        dtype = getattr(torch, config.dtype) if config.dtype else "auto"
        trust = config.trust_remote_code
        try:
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(
                name, trust_remote_code=trust, padding_side="left"
            )
            model = transformers.AutoModelForCausalLM.from_pretrained(name, trust_remote_code=trust, torch_dtype=dtype)
        except (OSError, ValueError) as error:
            first = str(error).partition("\n")[0]
            raise ConfigError(f"models.{config.abbr}: {name!r} cannot be loaded: {first}") from error
        self._model = model.to(device).eval()
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        torch.manual_seed(config.seed)

    def replies(self, prompts: list[Prompt], params: dict[str, Any]) -> list[Reply]:
        """Generate one reply per prompt; raises whatever the libraries and the model's own code do."""
        tokenizer = self._tokenizer
        texts = [tokenizer.apply_chat_template(p, tokenize=False, add_generation_prompt=True) for p in prompts]
        encoded = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False).to(self._model.device)
        width = encoded["input_ids"].shape[1]
        with self._torch.inference_mode():
            output = self._model.generate(
                **encoded, pad_token_id=tokenizer.pad_token_id, **generation_arguments(params, self._config.max_out_len)
            )
        found = []
        ends = {int(i) for i in _as_list(self._model.generation_config.eos_token_id or tokenizer.eos_token_id)}
        for row, mask in zip(output, encoded["attention_mask"], strict=True):
            tokens = row[width:].tolist()
            stopped = next((nth for nth, token in enumerate(tokens) if token in ends), None)
            said = tokens if stopped is None else tokens[:stopped]
            answer, reasoning = split_reasoning(tokenizer.decode(said, skip_special_tokens=True))
            found.append(
                Reply(
                    status="ok",
                    text=answer,
                    reasoning=reasoning,
                    finish_reason="length" if stopped is None else "stop",
                    usage=Usage(prompt_tokens=int(mask.sum()), completion_tokens=len(said)),
                    served_model=self._config.model or self._config.path,
                )
            )
        return found


def generation_arguments(params: dict[str, Any], max_out_len: int) -> dict[str, Any]:
    """Return the arguments of ``generate`` for OpenAI-style sampling parameters; all others go in untouched.

    Temperature 0 means greedy decoding; ``max_tokens`` and ``max_out_len`` bound the new tokens.
    """
    rest = dict(params)
    limits = [rest.pop(name, None) for name in ("max_tokens", "max_completion_tokens", "max_new_tokens", "max_out_len")]
    arguments: dict[str, Any] = {"max_new_tokens": next((limit for limit in limits if limit), max_out_len)}
    for name in (*OWN_PARAMETERS, "stream"):
        rest.pop(name, None)
    temperature = rest.pop("temperature", None)
    if temperature == 0:
        arguments["do_sample"] = False
    elif temperature is not None:
        arguments |= {"do_sample": True, "temperature": float(temperature)}
    return {**arguments, **rest}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

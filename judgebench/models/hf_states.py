"""Hidden states from transformers, all layers in one pass (extra ``hf``).

``HuggingFaceStates`` is a launcher that a model config names in its ``launch`` block; its ``path`` is a folder of
weights and tokenizer, or a name on the hub. The model is loaded without its head: a vocabulary of 262,144 words would
make the logits of a batch larger than everything else.

Texts that wait at the same time are computed together where ``batch`` is above 1: padded on the right, whatever the
tokenizer does by itself, and cut off again before anything is pooled. In bfloat16 the padding of others still changes
the last digits, so with the default a text always gives the same numbers.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from judgebench.errors import ConfigError, JudgebenchError, MissingDataError, missing_extra
from judgebench.models.states_server import TextTokens, serve_until_orphaned

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_GATHER_SECONDS = 0.01
_ENDS = 1 << 20
_DTYPES = ("bfloat16", "float32", "float16")


class HuggingFaceStatesOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``launch.options`` for ``HuggingFaceStates``.

    Attributes:
        alias: Name of the model on the service; empty takes the last part of ``path``.
        dtype: ``bfloat16``, ``float32`` or ``float16``; in the last one many models overflow, and what is not finite is
            refused.
        device: ``cpu``, ``cuda``, ``cuda:1``, ...; empty takes the first accelerator there is.
        context: Most tokens of a text; 0 takes what the model was made for.
        batch: Most texts computed together.
        trust_remote_code: Run code that comes with the model.
    """

    alias: str = ""
    dtype: str = "bfloat16"
    device: str = ""
    context: int = 0
    batch: int = 1
    trust_remote_code: bool = False


class HuggingFaceStates:
    """Launcher of a service of hidden states; ``type=HuggingFaceStates`` in a ``launch`` block."""

    def command(self, *, host: str, port: int, options: Mapping[str, Any], model_path: str) -> list[str]:
        """Return the command that serves the states; ``model_path`` is a folder or a name on the hub.

        Raises:
            ConfigError: The options are not understood, or no model is named.
            MissingExtraError: torch or transformers is not installed.
        """
        import importlib.util

        try:
            chosen = msgspec.convert(dict(options), HuggingFaceStatesOptions)
        except msgspec.ValidationError as error:
            known = ", ".join(HuggingFaceStatesOptions.__struct_fields__)
            hint = f"The options of HuggingFaceStates are {known}."
            raise ConfigError(f"launch.options: {error}.", hint=hint) from error
        if chosen.dtype not in _DTYPES:
            raise ConfigError(f"launch.options.dtype: {chosen.dtype!r} is none of {', '.join(_DTYPES)}.")
        if not model_path:
            raise ConfigError("The model's path is empty.", hint="Set path to a folder of weights, or a hub id.")
        for package in ("torch", "transformers"):
            if importlib.util.find_spec(package) is None:
                raise missing_extra(package, "hf", "hidden states by transformers")
        command = [sys.executable, "-m", "judgebench.models.hf_states", "--model", model_path, "--host", host]
        command += ["--port", str(port), "--dtype", chosen.dtype, "--context", str(chosen.context)]
        command += ["--batch", str(chosen.batch), "--alias", chosen.alias or Path(model_path).name]
        if chosen.device:
            command += ["--device", chosen.device]
        return [*command, "--trust-remote-code"] if chosen.trust_remote_code else command


class _WaitingText(NamedTuple):
    ids: list[int]
    layers: Sequence[int]
    found: asyncio.Future[list[NDArray[np.float32]]]


class HuggingFaceSource:
    """States by transformers (a ``StateSource``).

    Args:
        path: Folder or hub id.
        options: As the launch block has them.

    Raises:
        MissingExtraError: torch or transformers is not installed.
        MissingDataError: The model cannot be loaded.
    """

    source = "transformers"
    norm = "none"

    def __init__(self, path: str, options: HuggingFaceStatesOptions) -> None:
        try:
            import torch
            import transformers
        except ImportError as error:
            missing = (error.name or "transformers").partition(".")[0]
            raise missing_extra(missing, "hf", "hidden states by transformers") from error
        self._torch = torch
        trust = options.trust_remote_code
        try:
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(path, trust_remote_code=trust)
            dtype = getattr(torch, options.dtype)
            model = transformers.AutoModel.from_pretrained(path, trust_remote_code=trust, dtype=dtype)
        except (OSError, ValueError) as error:
            raise MissingDataError(f"{path!r} cannot be loaded: {str(error).partition(chr(10))[0]}.") from error
        self._device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._model = model.to(self._device).eval()
        config = getattr(model.config, "text_config", model.config)
        self.name = options.alias or Path(path).name
        self.dtype = options.dtype
        self.layers = int(config.num_hidden_layers)
        self.context = options.context or int(getattr(config, "max_position_embeddings", 2048))
        self.weights = _fingerprint(Path(path)) if Path(path).is_dir() else path
        self._batch = max(1, options.batch)
        self._padding = int(self._tokenizer.pad_token_id or 0)
        self._waiting: list[_WaitingText] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="states")
        self._work_under_way: asyncio.Task[None] | None = None

    async def prepare(self, layers: Sequence[int]) -> None:
        """Do nothing: all layers are there."""

    async def tokens(self, text: str, *, added: bool) -> TextTokens:
        """Return the tokens of a text."""
        whole = self._tokenizer(text, add_special_tokens=added)["input_ids"]
        if not added:
            return TextTokens(list(whole), 0, 0)
        plain = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        before = next((n for n in range(len(whole) - len(plain) + 1) if whole[n : n + len(plain)] == plain), 0)
        return TextTokens(list(whole), before, len(whole) - len(plain) - before)

    async def states(self, ids: list[int], layers: Sequence[int]) -> list[NDArray[np.float32]]:
        """Return the states of all tokens for each layer, computed with whatever else waits."""
        loop = asyncio.get_running_loop()
        mine = _WaitingText(ids, layers, loop.create_future())
        self._waiting.append(mine)
        if self._work_under_way is None:
            self._work_under_way = asyncio.create_task(self._work())
        return await mine.found

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                if len(self._waiting) < self._batch:
                    await asyncio.sleep(_GATHER_SECONDS if self._batch > 1 else 0)
                batch, self._waiting = self._waiting[: self._batch], self._waiting[self._batch :]
                try:
                    found = await loop.run_in_executor(self._thread, self._computed, batch)
                except Exception as error:  # noqa: BLE001 - whatever torch raises is told to those who asked
                    for one in batch:
                        one.found.set_exception(error)
                    continue
                for one, states in zip(batch, found, strict=True):
                    if not one.found.done():
                        one.found.set_result(states)
        finally:
            self._work_under_way = None

    def _computed(self, batch: Sequence[_WaitingText]) -> list[list[NDArray[np.float32]]]:
        torch = self._torch
        longest = max(len(one.ids) for one in batch)
        ids = torch.full((len(batch), longest), self._padding, dtype=torch.long)
        mask = torch.zeros((len(batch), longest), dtype=torch.long)
        for row, one in enumerate(batch):
            ids[row, : len(one.ids)] = torch.tensor(one.ids)
            mask[row, : len(one.ids)] = 1
        with torch.inference_mode():
            output = self._model(
                input_ids=ids.to(self._device), attention_mask=mask.to(self._device), output_hidden_states=True
            )
        hidden = output.hidden_states  # one more than there are layers: the first is what goes into layer 1
        return [
            [hidden[layer][row, : len(one.ids)].float().cpu().numpy() for layer in one.layers]
            for row, one in enumerate(batch)
        ]


def _fingerprint(folder: Path) -> str:
    """Return a hash of the files of weights: names, sizes, and a megabyte at each end, which takes no time."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.safetensors"), *folder.glob("*.bin")]):
        size = path.stat().st_size
        digest.update(f"{path.name}/{size}/".encode())
        with path.open("rb") as file:
            digest.update(file.read(_ENDS))
            file.seek(max(0, size - _ENDS))
            digest.update(file.read(_ENDS))
    return digest.hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until the process that started this one is gone; ``python -m judgebench.models.hf_states``."""
    parser = argparse.ArgumentParser(description="Serve the hidden states of a transformers model.")
    parser.add_argument("--model", required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--alias", default="")
    parser.add_argument("--dtype", default="bfloat16", choices=_DTYPES)
    parser.add_argument("--device", default="")
    parser.add_argument("--context", type=int, default=0)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--trust-remote-code", action="store_true")
    chosen = parser.parse_args(arguments)
    options = HuggingFaceStatesOptions(
        alias=chosen.alias,
        dtype=chosen.dtype,
        device=chosen.device,
        context=chosen.context,
        batch=chosen.batch,
        trust_remote_code=chosen.trust_remote_code,
    )
    try:
        source = HuggingFaceSource(chosen.model, options)
    except JudgebenchError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    serve_until_orphaned(source, host=chosen.host, port=chosen.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())

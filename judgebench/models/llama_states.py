"""Hidden states from llama.cpp: no torch, any GGUF whose architecture ends in a plain RMS norm.

``LlamaCppStates`` is a launcher that a model config names in its ``launch`` block. Its service cuts the model behind a
layer when that layer is first asked for (``gguf_cut.py``); the cut files are kept in the cache folder. The states of a
token are divided by their root mean square.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from judgebench.errors import ConfigError, DiskError, JudgebenchError, LaunchError, missing_extra
from judgebench.models.gguf_cut import cut_behind, read_header
from judgebench.models.llama_cpp import (
    LlamaCppServer,
    assembled_model,
    cache_dir,
    check_system_libraries,
    checked_model,
    file_sha256,
    usable_cores,
)
from judgebench.models.states_server import RefusedTextError, TextTokens, serve_until_orphaned

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ERROR_LEVEL = 1


class LlamaStatesOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``launch.options`` for ``LlamaCppStates``.

    Attributes:
        package: Importable package that carries the model file. Not used where the model config names a GGUF file of
            the user's own in ``path``.
        sha256: What the model file must hash to (64 hex digits); empty checks nothing.
        licence: Terms of the model, told to the user before the first use.
        alias: Name of the model on the service.
        context: Most tokens of a text.
        threads: Computing threads; 0 takes the cores that this process may run on.
    """

    package: str = ""
    sha256: str = ""
    licence: str = ""
    alias: str = "local"
    context: int = 2048
    threads: int = 0


class LlamaCppStates(LlamaCppServer):
    """Launcher of a service of hidden states; ``type=LlamaCppStates`` in a ``launch`` block."""

    def command(self, *, host: str, port: int, options: Mapping[str, Any], model_path: str) -> list[str]:
        """Return the command that serves the states; arguments and errors are those of ``LlamaCppServer``."""
        try:
            chosen = msgspec.convert(dict(options), LlamaStatesOptions)
        except msgspec.ValidationError as error:
            known = ", ".join(LlamaStatesOptions.__struct_fields__)
            hint = f"The options of LlamaCppStates are {known}."
            raise ConfigError(f"launch.options: {error}.", hint=hint) from error
        shared = {name: value for name, value in options.items() if name in {"package", "sha256", "licence", "alias"}}
        super().command(host=host, port=port, options=shared, model_path=model_path)  # refuses what is missing
        source = ["--model", model_path] if model_path else ["--package", chosen.package]
        command = [sys.executable, "-m", "judgebench.models.llama_states", *source, "--host", host]
        command += ["--port", str(port), "--alias", chosen.alias, "--context", str(chosen.context)]
        command += ["--threads", str(chosen.threads)]
        return [*command, "--sha256", chosen.sha256] if chosen.sha256 else command


def cut_model(model: Path, layer: int, sha256: str) -> Path:
    """Return the model cut behind a layer, made in the cache folder if it is not there.

    Raises:
        LaunchError: The model cannot be cut there.
        DiskError: The cache folder cannot be written.
    """
    from filelock import FileLock

    target = cache_dir() / "models" / f"{model.stem.partition('-')[0]}-{sha256[:12]}-layer{layer}.gguf"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_suffix(".lock")):
            if not target.is_file():
                cut_behind(model, layer, target)
    except OSError as error:
        raise DiskError(f"The model file {target} cannot be written: {error}.", hint="Free some space.") from error
    return target


class LlamaCppSource:
    """States by llama.cpp (a ``StateSource``): one server of it for each layer that is asked for.

    Args:
        model: The whole model.
        sha256: Its hash.
        options: As the launch block has them.
    """

    source = "llama.cpp"
    norm = "rms"
    dtype = "as quantized"

    def __init__(self, model: Path, sha256: str, options: LlamaStatesOptions) -> None:
        self.name = options.alias
        self.weights = sha256
        self.context = options.context
        self.layers = read_header(model).layers
        self._model = model
        self._options = options
        self._servers: dict[int, Any] = {}
        self._loading = asyncio.Lock()
        self._session: Any = None

    async def prepare(self, layers: Sequence[int]) -> None:
        """Cut and load the model behind these layers; it stays loaded.

        Raises:
            RefusedTextError: It cannot be cut or loaded.
        """
        async with self._loading:
            for layer in layers:
                try:
                    await asyncio.to_thread(self._load, layer)
                except JudgebenchError as error:
                    raise RefusedTextError(str(error), "layer_not_available") from error

    async def tokens(self, text: str, *, added: bool) -> TextTokens:
        """Return the tokens of a text."""
        any_server = next(iter(self._servers.values()))  # all split texts alike
        whole = (await self._post(any_server, "/tokenize", {"content": text, "add_special": added}))["tokens"]
        if not added:
            return TextTokens(whole, 0, 0)
        plain = (await self._post(any_server, "/tokenize", {"content": text, "add_special": False}))["tokens"]
        before = next((n for n in range(len(whole) - len(plain) + 1) if whole[n : n + len(plain)] == plain), 0)
        return TextTokens(whole, before, len(whole) - len(plain) - before)

    async def states(self, ids: list[int], layers: Sequence[int]) -> list[NDArray[np.float32]]:
        """Return the states of all tokens, computed from the start for each layer."""
        import numpy as np

        found = []
        for layer in layers:
            body = {"content": ids, "embd_normalize": -1}
            reply = await self._post(self._servers[layer], "/embeddings", body)
            found.append(np.asarray(reply[0]["embedding"], dtype=np.float32))
        return found

    def _load(self, layer: int) -> None:
        if layer not in self._servers:
            model = self._model if layer == self.layers else cut_model(self._model, layer, self.weights)
            self._servers[layer] = _served(model, self._options)

    async def _post(self, server: Any, path: str, body: dict[str, Any]) -> Any:
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        async with self._session.post(server.listening_address + path, data=msgspec.json.encode(body)) as response:
            payload = msgspec.json.decode(await response.read())
        if isinstance(payload, dict) and "error" in payload:
            raise RefusedTextError(f"llama.cpp refused the text: {payload['error'].get('message')}", "invalid_value")
        return payload


def _served(model: Path, options: LlamaStatesOptions) -> Any:
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as llama_cpp.py does, and for its reason
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    check_system_libraries()
    try:
        import xllamacpp
    except ModuleNotFoundError as error:
        raise missing_extra("xllamacpp", "local", "hidden states by llama.cpp") from error
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = params.n_batch = params.n_ubatch = options.context  # a text is computed in one piece
    params.n_parallel = 1
    params.embedding = True
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_NONE
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.threads or usable_cores()
    params.cors_origins = ""
    params.ui = False
    params.verbosity = _ERROR_LEVEL
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise LaunchError(f"llama.cpp could not load {model}.", hint="See its own message above.") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until the process that started this one is gone; ``python -m judgebench.models.llama_states``."""
    parser = argparse.ArgumentParser(description="Serve the hidden states of a GGUF model.")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--model", default="")
    source.add_argument("--package", default="")
    parser.add_argument("--sha256", default="")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--alias", default="local")
    parser.add_argument("--context", type=int, default=2048)
    parser.add_argument("--threads", type=int, default=0)
    chosen = parser.parse_args(arguments)
    options = LlamaStatesOptions(alias=chosen.alias, context=chosen.context, threads=chosen.threads)
    try:
        if chosen.model:
            model = checked_model(Path(chosen.model), chosen.sha256)
        else:
            model = assembled_model(chosen.package, chosen.sha256)
        states = LlamaCppSource(model, chosen.sha256 or file_sha256(model), options)
    except JudgebenchError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    serve_until_orphaned(states, host=chosen.host, port=chosen.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())

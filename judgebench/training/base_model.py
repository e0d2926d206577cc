"""The base of an adapter: a folder that transformers reads, also made of the GGUF file of an embedded model."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, NamedTuple

from judgebench.errors import ConfigError, missing_extra
from judgebench.models.llama_cpp import assembled_model, cache_dir, file_sha256

_DONE = "complete"


class Base(NamedTuple):
    """A base model.

    Attributes:
        folder: What transformers loads.
        name: What the user called it.
        sha256: Hash of its weights: of the GGUF file, or of the safetensors files in order.
        launch: Launch options of the model config that it came from; empty where it came from none.
    """

    folder: Path
    name: str
    sha256: str
    launch: dict[str, Any]


def find_base(name: str, launch: dict[str, Any]) -> Base:
    """Return the base model of a name.

    Args:
        name: Folder of a transformers model, a GGUF file, or the name of a model config that launches one.
        launch: Options of that config's launch block; empty where ``name`` is a path.

    Raises:
        ConfigError: There is no such model.
        MissingExtraError: The packages that read a GGUF file are not installed.
    """
    if launch.get("package"):
        file = assembled_model(launch["package"], launch.get("sha256", ""))
        return Base(_converted(file), name, file_sha256(file), launch)
    path = Path(name).expanduser()
    if path.is_file() and path.suffix == ".gguf":
        return Base(_converted(path), name, file_sha256(path), {})
    if (path / "config.json").is_file():
        digest = hashlib.sha256()
        for one in sorted(path.glob("*.safetensors")):
            digest.update(bytes.fromhex(file_sha256(one)))
        return Base(path, name, digest.hexdigest(), {})
    raise ConfigError(
        f"There is no base model {name!r}.",
        hint="Give the name of a model config with an embedded model (gemma3_270m), a GGUF file, or a folder with the "
        "config.json of a transformers model.",
    )


def _converted(file: Path) -> Path:
    """Return the folder that holds a GGUF file's model for transformers, made once in the cache folder.

    transformers takes a minute to read a GGUF file and cannot save it again as it is, so the weights are kept in
    bfloat16, which holds every value of a 4-bit model to three digits.
    """
    from filelock import FileLock

    folder = cache_dir() / "hf" / f"{file_sha256(file)}-bf16"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / _DONE).is_file():
            _convert(file, folder)
            (folder / _DONE).touch()
    return folder


def _convert(file: Path, folder: Path) -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        import gguf  # noqa: F401 - transformers reads the file with it
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ModuleNotFoundError as error:
        raise missing_extra(error.name or "gguf", "train", "training a judge") from error
    quiet_transformers()
    place = str(file.parent)
    AutoTokenizer.from_pretrained(place, gguf_file=file.name).save_pretrained(str(folder))
    model: Any = AutoModelForCausalLM.from_pretrained(place, gguf_file=file.name, dtype=torch.bfloat16)
    model.hf_quantizer, model.is_quantized = None, False  # otherwise save_pretrained refuses
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.save_pretrained(str(folder))


def quiet_transformers() -> None:
    """Keep bars, and advice about the insides of transformers, out of what a training prints."""
    import warnings

    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")

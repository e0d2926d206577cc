"""A PEFT adapter as the GGUF file that llama.cpp applies to its base: no torch is needed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from judgebench.errors import ConfigError, missing_extra

ARCHITECTURES = {
    "gemma3_text": "gemma3",
    "gemma3": "gemma3",
    "gemma2": "gemma2",
    "gemma": "gemma",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
}
"""``model_type`` of transformers to the architecture in llama.cpp. Models whose rows of q and k llama.cpp's converter
reorders (Llama, Mistral) are left out: their adapter would be applied to the wrong rows."""

_NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_TENSOR = re.compile(r"\.layers\.(\d+)\.(\w+\.\w+)\.lora_([AB])\.weight$")


def tensor_name(name: str) -> str:
    """Return the name in a GGUF file of a tensor in a PEFT adapter.

    Raises:
        ConfigError: llama.cpp has no such tensor.
    """
    found = _TENSOR.search(name)
    if found is None or found[2] not in _NAMES:
        raise ConfigError(f"The adapter's tensor {name} is not one that a GGUF adapter can hold.")
    return f"blk.{found[1]}.{_NAMES[found[2]]}.weight.lora_{found[3].lower()}"


def write_adapter(folder: Path, model_type: str, target: Path) -> int:
    """Write the adapter in a PEFT folder as a GGUF file in float16 and return its number of tensors.

    Args:
        folder: Holds ``adapter_model.safetensors`` and ``adapter_config.json``.
        model_type: ``model_type`` of the base model's config.
        target: The file.

    Raises:
        MissingExtraError: ``gguf`` or ``safetensors`` is not installed.
        ConfigError: llama.cpp cannot apply an adapter to this kind of model, or a value leaves float16.
    """
    try:
        import gguf
        import numpy as np
        from safetensors.numpy import load_file
    except ModuleNotFoundError as error:
        raise missing_extra(error.name or "gguf", "train", "writing an adapter for llama.cpp") from error
    if model_type not in ARCHITECTURES:
        raise ConfigError(
            f"An adapter for models of type {model_type!r} cannot be written as GGUF.",
            hint=f"That works for {', '.join(ARCHITECTURES)}. Serve the PEFT folder with vLLM instead.",
        )
    config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    tensors: dict[str, Any] = load_file(folder / "adapter_model.safetensors")
    halves = {tensor_name(name): value.astype(np.float16) for name, value in sorted(tensors.items())}
    for name, value in halves.items():
        if not np.isfinite(value).all():
            raise ConfigError(f"The adapter's tensor {name} holds values that float16 cannot.")
    writer = gguf.GGUFWriter(str(target), ARCHITECTURES[model_type])
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(config["lora_alpha"]))
    for name, value in halves.items():
        writer.add_tensor(name, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return len(halves)

"""An adapter as GGUF: names, shapes and values are those of the PEFT file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from judgebench.errors import ConfigError
from judgebench.training.adapter_gguf import tensor_name, write_adapter

gguf = pytest.importorskip("gguf")
numpy_files = pytest.importorskip("safetensors.numpy")

BEFORE = "base_model.model.model.layers.{layer}.{module}.lora_{half}.weight"


def peft_folder(folder: Path, scale: float = 1.0) -> dict[str, object]:
    import numpy as np

    chance = np.random.default_rng(0)
    tensors = {}
    for layer in range(2):
        for module, shape in (("self_attn.q_proj", (16, 8)), ("mlp.down_proj", (8, 32))):
            name = BEFORE.format(layer=layer, module=module, half="A")
            tensors[name] = (scale * chance.normal(size=(4, shape[1]))).astype(np.float32)
            name = BEFORE.format(layer=layer, module=module, half="B")
            tensors[name] = (scale * chance.normal(size=(shape[0], 4))).astype(np.float32)
    numpy_files.save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps({"lora_alpha": 12, "r": 4}))
    return dict(tensors)


def test_tensors_keep_names_shapes_and_values(tmp_path: Path) -> None:
    import numpy as np

    tensors = peft_folder(tmp_path)
    assert write_adapter(tmp_path, "gemma3_text", tmp_path / "adapter.gguf") == len(tensors) == 8
    reader = gguf.GGUFReader(tmp_path / "adapter.gguf")
    fields = {name: field.contents() for name, field in reader.fields.items()}
    assert fields["general.architecture"] == "gemma3"
    assert fields["general.type"] == "adapter"
    assert fields["adapter.type"] == "lora"
    assert fields["adapter.lora.alpha"] == 12.0
    read = {one.name: one.data for one in reader.tensors}
    for name, value in tensors.items():
        found = read[tensor_name(name)]
        assert found.dtype == np.float16
        assert np.array_equal(found, np.asarray(value, dtype=np.float16))


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    peft_folder(tmp_path)
    with pytest.raises(ConfigError, match="type 'llama' cannot be written as GGUF"):
        write_adapter(tmp_path, "llama", tmp_path / "adapter.gguf")
    peft_folder(tmp_path, scale=1e6)
    with pytest.raises(ConfigError, match="holds values that float16 cannot"), pytest.warns(RuntimeWarning):
        write_adapter(tmp_path, "gemma3_text", tmp_path / "adapter.gguf")
    with pytest.raises(ConfigError, match=r"embed_tokens\.lora_A"):
        tensor_name("base_model.model.model.embed_tokens.lora_A.weight")

"""Hidden states of the embedded model: the cut GGUF file, and its agreement with transformers."""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path

import numpy as np
import pytest

from judgebench.errors import LaunchError
from judgebench.models.gguf_cut import cut_behind, read_header
from judgebench.models.states_server import RefusedTextError, represented
from judgebench.records.represent import Represent
from tests.local.conftest import launch_block

TEXT = "Oslo is the capital of Norway."
ITEM = "Question: What is the capital of Norway?\nAnswer: Oslo"


def options() -> dict:
    return launch_block()["options"]  # type: ignore[return-value]


@pytest.fixture(scope="module")
def model() -> Path:
    from judgebench.models.llama_cpp import assembled_model

    return assembled_model(options()["package"], options()["sha256"])


async def llama(model: Path, *asked: tuple[str, Represent]) -> list[np.ndarray]:
    from judgebench.models.llama_states import LlamaCppSource, LlamaStatesOptions

    source = LlamaCppSource(model, options()["sha256"], LlamaStatesOptions(alias="g", context=512, threads=1))
    return [(await represented(source, text, one))[0] for text, one in asked]


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


@pytest.mark.local
def test_states_of_the_cut_file_are_normed_pooled_and_the_same_every_time(model: Path) -> None:
    last = Represent(layers=[9], pools=["last"])
    item = Represent(layers=[9], pools=["last", "mean"], span="item", item_from=len("Judge the answer.\n"))
    found, again, spanned = asyncio.run(llama(model, (TEXT, last), (TEXT, last), (f"Judge the answer.\n{ITEM}", item)))
    assert found.shape == (1, 1, 640)
    assert found.tobytes() == again.tobytes()
    assert float(np.sqrt((found**2).mean())) == pytest.approx(1.0, abs=1e-3)
    assert spanned.shape == (1, 2, 640)
    assert cosine(spanned[0, 0], spanned[0, 1]) < 0.999


@pytest.mark.local
def test_states_of_llama_cpp_and_of_transformers_agree(model: Path) -> None:
    pytest.importorskip("torch", reason="needs the extra hf")
    pytest.importorskip("transformers", reason="needs the extra hf")
    base_model = pytest.importorskip("judgebench.training.base_model")
    from judgebench.models.hf_states import HuggingFaceSource, HuggingFaceStatesOptions

    asked = [(TEXT, Represent(layers=[9], pools=["last"])), (ITEM, Represent(layers=[9], pools=["last"]))]
    ours = asyncio.run(llama(model, *asked))
    folder = base_model.find_base("gemma3_270m", options()).folder
    source = HuggingFaceSource(str(folder), HuggingFaceStatesOptions(dtype="float32"))

    async def theirs() -> list[np.ndarray]:
        return [(await represented(source, text, one))[0] for text, one in asked]

    for one, other in zip(ours, asyncio.run(theirs()), strict=True):
        assert cosine(one[0, 0], other[0, 0]) > 0.999
    # Gemma's first token passes the end of float16
    small = HuggingFaceSource(str(folder), HuggingFaceStatesOptions(dtype="float16"))
    with pytest.raises(RefusedTextError, match="not finite in float16"):
        asyncio.run(represented(small, TEXT, Represent(layers=[12], pools=["mean"], span="all")))


def gguf(path: Path, *, layers: int = 3, norm: int = 0) -> Path:
    """Write a small GGUF file: a number of layers, a list of words, a tensor for each layer, a norm."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    settings = [
        text("general.architecture") + struct.pack("<I", 8) + text("toy"),
        text("toy.epsilon") + struct.pack("<If", 6, 1e-6),
        text("tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("bc"),
        text("toy.block_count") + struct.pack("<II", 4, layers),
    ]
    names = ["output_norm.weight", *[f"blk.{n}.weight" for n in range(layers)], "token_embd.weight"]
    head = b"GGUF" + struct.pack("<IQQ", 3, len(names), len(settings)) + b"".join(settings)
    data = b""
    for place, name in enumerate(names):
        kind = norm if name == "output_norm.weight" else 0
        head += text(name) + struct.pack("<IQIQ", 1, 4, kind, len(data))
        data += struct.pack("<4f", *[float(place)] * 4) + bytes(16)
    path.write_bytes(head + bytes(-len(head) % 32) + data)
    return path


def test_a_file_is_cut_behind_a_layer_and_its_norm_is_made_neutral(tmp_path: Path) -> None:
    whole = gguf(tmp_path / "whole.gguf")
    cut_behind(whole, 2, tmp_path / "cut.gguf")
    header = read_header(tmp_path / "cut.gguf")
    assert (header.architecture, header.layers) == ("toy", 2)
    data = (tmp_path / "cut.gguf").read_bytes()
    held = {one.name: struct.unpack_from("<4f", data, header.data_start + one.start) for one in header.tensors}
    assert held == {
        "output_norm.weight": (1.0,) * 4,
        "blk.0.weight": (1.0,) * 4,
        "blk.1.weight": (2.0,) * 4,
        "token_embd.weight": (4.0,) * 4,
    }


@pytest.mark.parametrize("layer", [0, 3, 9])
def test_there_is_no_layer_behind_the_last(tmp_path: Path, layer: int) -> None:
    with pytest.raises(LaunchError, match=f"behind layers 1 to 2, not behind {layer}"):
        cut_behind(gguf(tmp_path / "whole.gguf"), layer, tmp_path / "cut.gguf")


def test_a_norm_that_cannot_be_made_neutral_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="cannot be made neutral"):
        cut_behind(gguf(tmp_path / "whole.gguf", norm=1), 1, tmp_path / "cut.gguf")


def test_what_is_no_gguf_file_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.gguf").write_text("no model")
    with pytest.raises(LaunchError, match="is no GGUF file"):
        read_header(tmp_path / "text.gguf")

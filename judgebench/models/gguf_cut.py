"""A GGUF model cut off behind one of its layers, so that llama.cpp returns the hidden states of that layer.

llama.cpp gives the states behind the last layer, after the model's final norm. In the cut file the wanted layer is the
last one, and the weights of the final norm are ones: what comes out is the state of every token divided by its root
mean square. The direction is the layer's own, and only the length of each vector is lost.

The file is edited as bytes: its header is read, the number of layers is written over, and the tensors that stay are
copied. Reading the 262,144 tokens of a Gemma as Python objects would take ten seconds and a package more. The format is
that of ggml's ``docs/gguf.md``, versions 2 and 3, little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, NamedTuple

from judgebench.errors import LaunchError

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _LIST = 8, 9
_FLOAT32 = 0
_NORM = "output_norm.weight"
_CHUNK = 1 << 20


class _Tensor(NamedTuple):
    """One entry of the list of tensors: its bytes in the header without the place, its place and length in the data."""

    name: str
    head: bytes
    kind: int
    weights: int
    start: int
    length: int


class GgufHeader(NamedTuple):
    """What the beginning of a GGUF file says, as far as cutting needs it.

    Attributes:
        version: Of the format.
        architecture: Such as ``gemma3``.
        layers: Number of layers (blocks).
        settings: The bytes of all settings. ``setting_count``: how many there are.
        layers_at: Where in ``settings`` the number of layers stands. ``layers_form``: its ``struct`` format.
        tensors: The tensors in their order.
        data_start: Where the data of the tensors begins.
        alignment: To which each tensor's place is rounded up.
    """

    version: int
    architecture: str
    layers: int
    settings: bytes
    setting_count: int
    layers_at: int
    layers_form: str
    tensors: list[_Tensor]
    data_start: int
    alignment: int


def read_header(path: Path) -> GgufHeader:
    """Read the beginning of a GGUF file.

    Raises:
        LaunchError: It is no GGUF file, or does not say how many layers it has.
    """
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            return _header(file, size)
    except (struct.error, UnicodeDecodeError, KeyError, ValueError) as error:
        raise LaunchError(f"{path} is no GGUF file that can be read ({error}).", hint="Name a GGUF file.") from error


def cut_behind(path: Path, layer: int, target: Path) -> None:
    """Write the model as it is up to and with a layer.

    Args:
        path: The whole model.
        layer: Number of layers that stay, from 1 to one less than the model has.
        target: File to write; what is there is replaced when the whole file is written.

    Raises:
        LaunchError: The model has not as many layers, or its final norm is of a kind that cannot be made neutral.
        OSError: A file cannot be read or written.
    """
    header = read_header(path)
    if not 1 <= layer < header.layers:
        raise LaunchError(f"{path.name} can be cut behind layers 1 to {header.layers - 1}, not behind {layer}.")
    norm = next((one for one in header.tensors if one.name == _NORM), None)
    biased = any(one.name == "output_norm.bias" for one in header.tensors)
    if norm is None or norm.kind != _FLOAT32 or biased:
        raise LaunchError(
            f"{path.name} ({header.architecture}) ends in a norm that cannot be made neutral, so the states of an "
            "inner layer cannot be read.",
            hint="Take layer -1, or the transformers source (HuggingFaceStates).",
        )
    kept = [one for one in header.tensors if _stays(one.name, layer)]
    settings = bytearray(header.settings)
    struct.pack_into(f"<{header.layers_form}", settings, header.layers_at, layer)
    partial = target.with_suffix(".partial")
    with path.open("rb") as source, partial.open("wb") as out:
        out.write(b"GGUF" + struct.pack("<IQQ", header.version, len(kept), header.setting_count))
        out.write(settings)
        place = 0
        for one in kept:
            out.write(one.head + struct.pack("<Q", place))
            place = _rounded(place + one.length, header.alignment)
        out.write(bytes(_rounded(out.tell(), header.alignment) - out.tell()))
        for one in kept:
            begin = out.tell()
            if one.name == _NORM:
                out.write(struct.pack("<f", 1.0) * one.weights)
            else:
                source.seek(header.data_start + one.start)
                _copy(source, out, one.length)
            out.write(bytes(_rounded(one.length, header.alignment) - (out.tell() - begin)))
    partial.replace(target)


def _stays(name: str, layer: int) -> bool:
    return not name.startswith("blk.") or int(name.split(".")[1]) < layer


def _copy(source: BinaryIO, out: BinaryIO, length: int) -> None:
    """Copy ``length`` bytes."""
    left = length
    while left:
        piece = source.read(min(left, _CHUNK))
        if not piece:
            raise LaunchError("The model file ends before its last tensor.", hint="Get the whole file again.")
        out.write(piece)
        left -= len(piece)


def _rounded(number: int, alignment: int) -> int:
    return -(-number // alignment) * alignment


def _header(file: BinaryIO, size: int) -> GgufHeader:
    magic, version = file.read(4), _one(file, "I")
    if magic != b"GGUF" or version not in (2, 3):
        raise ValueError(f"it begins with {magic!r}, version {version}")
    tensor_count, setting_count = _one(file, "Q"), _one(file, "Q")
    settings_start = file.tell()
    texts: dict[str, str] = {}
    numbers: dict[str, tuple[int, int, str]] = {}
    for _ in range(setting_count):
        key, kind = _text(file), _one(file, "I")
        place = file.tell() - settings_start
        if kind == _TEXT:
            texts[key] = _text(file)
        elif kind == _LIST:
            _skip_list(file)
        elif (form := _SCALARS[kind]) in "fd":
            file.seek(struct.calcsize(f"<{form}"), 1)
        else:
            numbers[key] = (_one(file, form), place, form)
    settings_end = file.tell()
    architecture = texts["general.architecture"]
    layers, layers_at, form = numbers[f"{architecture}.block_count"]
    alignment = numbers.get("general.alignment", (32, 0, ""))[0]
    entries = list(_entries(file, tensor_count))
    data_start = _rounded(file.tell(), alignment)
    starts = sorted({start for *_, start in entries} | {size - data_start})
    after = dict(pairwise(starts))
    tensors = [_Tensor(*entry, length=after[entry[-1]] - entry[-1]) for entry in entries]
    file.seek(settings_start)
    settings = file.read(settings_end - settings_start)
    return GgufHeader(
        version, architecture, layers, settings, setting_count, layers_at, form, tensors, data_start, alignment
    )


def _entries(file: BinaryIO, count: int) -> Iterator[tuple[str, bytes, int, int, int]]:
    """Yield name, bytes without the place, kind, number of weights and place of every tensor."""
    for _ in range(count):
        begin = file.tell()
        name = _text(file)
        weights = 1
        for _ in range(_one(file, "I")):
            weights *= _one(file, "Q")
        kind = _one(file, "I")
        end = file.tell()
        file.seek(begin)
        head = file.read(end - begin)
        yield name, head, kind, weights, _one(file, "Q")


def _one(file: BinaryIO, form: str) -> int:
    (value,) = struct.unpack(f"<{form}", file.read(struct.calcsize(f"<{form}")))
    return int(value)


def _text(file: BinaryIO) -> str:
    return file.read(_one(file, "Q")).decode()


def _skip_list(file: BinaryIO) -> None:
    kind, count = _one(file, "I"), _one(file, "Q")
    if kind == _LIST:
        for _ in range(count):
            _skip_list(file)
    elif kind == _TEXT:
        for _ in range(count):
            file.seek(_one(file, "Q"), 1)
    else:
        file.seek(struct.calcsize(f"<{_SCALARS[kind]}") * count, 1)

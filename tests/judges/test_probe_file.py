"""A probe file is data of somebody else: whatever is wrong with it is one sentence, and nothing in it is run."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from judgebench.errors import DataError
from judgebench.judges.probe_file import ProbeFacts, probe_bytes, read_probe
from judgebench.judges.probes import LinearProbe
from judgebench.records.represent import Represent, StatesFacts

WIDTH = 4


def whole() -> bytes:
    weights = np.random.default_rng(0).normal(size=(1, WIDTH))
    probe = LinearProbe("lr", np.zeros(WIDTH), np.ones(WIDTH), weights, np.zeros(1), np.array([0, 1]))
    facts = ProbeFacts(name="x", kind="lr", prompt="Judge.\n\n{text}", represent=Represent(), states=StatesFacts())
    return probe_bytes(facts, probe)


def changed(**arrays: Any) -> bytes:
    with np.load(io.BytesIO(whole()), allow_pickle=False) as held:
        own = {name: held[name] for name in held.files}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{**own, **arrays})
    return buffer.getvalue()


def one_array() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


def refusal(tmp_path: Path, data: bytes) -> str:
    path = tmp_path / "foreign.probe.npz"
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_probe(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"mean": np.zeros(())}, "mean has the shape [], and [1] was expected"),
        ({"mean": np.zeros((2, 2))}, "mean has the shape [2, 2], and [4] was expected"),
        ({"mean": np.array(["a"] * WIDTH)}, "mean is of type <U1"),
        ({"scale": np.ones(1)}, "scale has the shape [1], and [4] was expected"),
        ({"coef": np.zeros(WIDTH)}, "coef has the shape [4]"),
        ({"coef": np.zeros((1, WIDTH)) * 1j}, "coef is of type complex128"),
        ({"coef": np.zeros((1, WIDTH + 1))}, "coef has the shape [1, 5], and [1, 4] was expected"),
        ({"coef": np.full((1, WIDTH), np.nan)}, "weights that are not finite"),
        ({"intercept": np.zeros(2)}, "intercept has the shape [2], and [1] was expected"),
        ({"classes": np.int64(1)}, "the classes are not a list of at least two different ones"),
        ({"classes": np.array([1, 1])}, "the classes are not a list of at least two different ones"),
        ({"classes": np.array(["2020-01-01", "2021-01-01"], dtype="datetime64[D]")}, "classes is of type datetime64"),
        ({"meta": np.array(["text"])}, "The part meta of the probe"),
        ({"meta": np.frombuffer(b'{"training":' + b'{"a":' * 100_000, dtype=np.uint8)}, "The part meta of the probe"),
    ],
)
def test_arrays_that_cannot_be_a_probe_are_named(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    assert said in refusal(tmp_path, changed(**arrays))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is empty"),
        (b"hello", "it is no archive of arrays"),
        (one_array(), "it is no archive of arrays"),
        (whole()[:-10], "File is not a zip file"),
    ],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    assert f"is refused: {said}." in refusal(tmp_path, data)


def test_a_changed_byte_never_ends_in_a_traceback(tmp_path: Path) -> None:
    data = whole()
    path = tmp_path / "changed.probe.npz"
    refused = 0
    for place in range(0, len(data), 3):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        try:
            read_probe(path)  # a byte of the archive's own bookkeeping may not matter
        except DataError:
            refused += 1
    assert refused > len(data) // 9


def test_arrays_that_would_fill_the_memory_are_not_read(tmp_path: Path) -> None:
    assert "its arrays take 400," in refusal(tmp_path, changed(mean=np.zeros(50_000_000)))


def test_a_path_inside_the_archive_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "inner" / "upwards.probe.npz"
    path.parent.mkdir()
    path.write_bytes(whole())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../upwards.npy", one_array())
    assert read_probe(path).facts.name == "x"
    assert [one.name for one in tmp_path.iterdir()] == ["inner"]

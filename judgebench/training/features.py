"""The states of the texts of a training, kept in a folder that grows as they come.

A row of numbers is written before the line that names it, so that a process that is killed at any moment leaves whole
rows; whoever goes on asks only for the texts that have no line yet.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from judgebench.content.vectors import array_of
from judgebench.errors import DataError, EndpointError
from judgebench.records.flow import Request
from judgebench.records.represent import Represent, StatesFacts, represent_params
from judgebench.store.journal import disk_error, make_folder, mend, write_atomically

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from judgebench.models.contract import Client


class FeatureLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one row of states.

    Attributes:
        sha256: Of the text and of what was asked of it.
        tokens: Read by the model. ``seconds``: until the reply was there.
        failed: Why there are no states; the row is zeros then.
    """

    sha256: str
    tokens: int = 0
    seconds: float = 0.0
    failed: str = ""


class FeatureStore:
    """Rows of states (layers × pools × width) by text; ``open_store`` gives one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: dict[str, tuple[int, FeatureLine]] = {}
        self.facts: StatesFacts | None = None
        self.shape: tuple[int, int, int] | None = None
        self._index = folder / "index.jsonl"
        self._states = folder / "states.f32"
        make_folder(folder)
        self._read()

    def _read(self) -> None:
        about = self.folder / "about.json"
        if not about.exists():
            return
        said = msgspec.json.decode(about.read_bytes())
        self.facts = msgspec.convert(said["states"], StatesFacts)
        self.shape = tuple(said["shape"])
        if self._index.exists():
            mend(self._index)
            rows = [msgspec.json.decode(line, type=FeatureLine) for line in self._index.read_bytes().splitlines()]
        else:
            rows = []
        whole = self._states.stat().st_size // self._row_bytes if self._states.exists() else 0
        if whole < len(rows):
            raise DataError(
                f"{self._states} has {whole} rows, and {self._index.name} names {len(rows)}: it was changed.",
                hint=f"Remove the folder {self.folder}; its states are then asked for again.",
            )
        if whole > len(rows) or (self._states.exists() and self._states.stat().st_size % self._row_bytes):
            with self._states.open("r+b") as file:
                file.truncate(len(rows) * self._row_bytes)  # a row whose line was not written any more
        self.lines = {line.sha256: (number, line) for number, line in enumerate(rows)}

    @property
    def _row_bytes(self) -> int:
        assert self.shape is not None
        layers, pools, width = self.shape
        return 4 * layers * pools * width

    def begin(self, states: StatesFacts, shape: tuple[int, int, int]) -> None:
        """Take what the first reply says; every later one must say the same.

        Raises:
            EndpointError: It says something else than those before.
        """
        known = msgspec.structs.replace(states, pooled_tokens=0)
        if self.facts is None:
            self.facts, self.shape = known, shape
            write_atomically(
                self.folder / "about.json",
                msgspec.json.format(msgspec.json.encode({"states": known, "shape": shape}), indent=1),
            )
        elif (known, shape) != (self.facts, self.shape):
            raise EndpointError(
                f"The service returned states of {known.model} ({known.source}, shape {list(shape)}), and those in "
                f"{self.folder} are of {self.facts.model} ({self.facts.source}, shape {list(self.shape or ())}).",
                hint="Serve the same model, or give another folder: --out DIR",
            )

    def append(self, line: FeatureLine, states: NDArray[np.float32] | None) -> None:
        """Add a row, whole and on its way to the disk.

        Raises:
            DiskError: It cannot be written.
        """
        data = bytes(self._row_bytes) if states is None else states.astype("<f4").tobytes()
        try:
            with self._states.open("ab") as file:
                file.write(data)
            with self._index.open("ab") as file:
                file.write(msgspec.json.encode(line) + b"\n")
        except OSError as error:
            raise disk_error(self._states, error) from error
        self.lines[line.sha256] = (len(self.lines), line)

    def matrix(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """Return the states of texts (n × layers × pools × width)."""
        import numpy as np

        rows = np.memmap(self._states, dtype="<f4", mode="r").reshape(-1, *(self.shape or ()))
        return np.array(rows[[self.lines[key][0] for key in keys]])


def text_key(text: str, wanted: Represent) -> str:
    """Return by what the states of a text are found again."""
    return hashlib.sha256(msgspec.json.encode([text, wanted])).hexdigest()


def store_folder(parent: Path, model: dict[str, Any], wanted: Represent) -> Path:
    """Return the folder of the states of one model, asked in one way."""
    named = same_model(model)
    which = msgspec.structs.replace(wanted, item_from=0)
    digest = hashlib.sha256(msgspec.json.encode([named, which], order="deterministic")).hexdigest()[:12]
    return parent / "features" / f"{model['abbr']}-{digest}"


def same_model(model: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a model that change what it replies."""
    named = {name: model.get(name, "") for name in ("type", "model", "path", "url", "generation_kwargs")}
    named["options"] = (model.get("launch") or {}).get("options", {})  # how long it may take to start changes no state
    return named


_OF_THE_TEXT = frozenset({"context_length", "bad_request", "local"})
"""Failures that say something of one text alone."""

Progress = Callable[[int, int, float], None]
"""Takes how many texts have states, how many there are, and tokens a second."""


async def extract(
    texts: Sequence[tuple[str, Represent]],
    client: Client,
    store: FeatureStore,
    *,
    at_once: int,
    progress: Progress = lambda *_: None,
) -> int:
    """Ask for the states of all texts that the store has none of; returns how many were asked for.

    A text that the service refuses (too long, not finite) has a line that says why, and is not asked again.

    Raises:
        EndpointError: The service returns something that is no states, or serves nobody.
    """
    by_key = {text_key(text, wanted): (text, wanted) for text, wanted in texts}
    waiting = [key for key in by_key if key not in store.lines]
    done, tokens, begin = len(by_key) - len(waiting), 0, time.monotonic()
    refused: list[FeatureLine] = []  # before the first states, by which the length of a row is known

    async def take(key: str) -> None:
        nonlocal done, tokens
        text, wanted = by_key[key]
        reply = await client.ask(Request(prompt=text, params=represent_params(wanted), about=key[:12]))
        used = reply.usage.prompt_tokens if reply.usage is not None else 0
        line = FeatureLine(sha256=key, tokens=used, seconds=round(reply.latency, 4))
        if reply.status != "ok":
            said = reply.error.message if reply.error else "no reply"
            if reply.error is None or reply.error.kind not in _OF_THE_TEXT:
                raise EndpointError(f"The states of a text could not be had: {said}.", hint="See the service.")
            refused.append(msgspec.structs.replace(line, failed=said))
        else:
            states = array_of(reply.parts, reply.media)
            if states is None or states.ndim != 3:
                raise EndpointError("The service returned no states.", hint="Name a model of type StatesService.")
            facts = msgspec.convert((reply.extra or {}).get("represent", {}), StatesFacts)
            store.begin(facts, (states.shape[0], states.shape[1], states.shape[2]))
            store.append(line, states)
        while refused and store.shape is not None:
            store.append(refused.pop(), None)
        done, tokens = done + 1, tokens + used
        progress(done, len(by_key), tokens / max(1e-9, time.monotonic() - begin))

    queue = iter(waiting)

    async def work() -> None:
        for key in queue:
            await take(key)

    for key in queue:
        await take(key)
        if store.shape is not None:
            tokens, begin = 0, time.monotonic()  # the first text waited for the model to be loaded
            break
    if refused:
        raise EndpointError(f"The service refused every text: {refused[0].failed}.", hint="See the service, or a text.")
    await asyncio.gather(*(work() for _ in range(max(1, at_once))))
    return len(waiting)

"""``*.probe.npz``: a probe with all that must be known to use it, as arrays and JSON; nothing in it is ever run.

A probe is a number made of other numbers: with the states of another model, layer or prompt it would still give one. So
the file says what it was trained on, whoever uses it compares that with what the service says it returned, and a
difference is a failed judgment.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from judgebench.content.prompts import fields_of, fill
from judgebench.errors import DAMAGED, ConfigError, DataError, MissingDataError
from judgebench.judges.probes import Kind, LinearProbe
from judgebench.records.represent import Represent, StatesFacts

FORMAT = 1
SUFFIX = ".probe.npz"
_ARRAYS = ("mean", "scale", "coef", "intercept", "classes")
_PICKLE = b"\x80"
_ARCHIVE = b"PK"
_MOST_BYTES = 1 << 28
"""Bytes of all arrays of a file; one of 8,192 features and 20 classes takes less than a million."""
_DAMAGED = (ValueError, TypeError, OSError, EOFError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error)
"""What numpy and zipfile raise about a file that was cut off, changed or made to do harm."""
SELF_CHECK_ROWS = 8
"""Rows of features that a file carries the predictions for."""


class ProbeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a probe file says beside its arrays.

    Attributes:
        name: Of the probe, such as the aspect that it reads.
        about: What it decides, in a few words.
        kind: ``lr`` or ``linear_svm``.
        prompt: Template of the text whose states are read.
        represent: Which states, and how they are pooled; ``item_from`` is found anew for each text.
        states: What the service of the training said of them.
        teacher: Who gave the labels.
        training: Rows, counts of labels, hash of the data, seed, strength of the regularization, layers and pools that
            were compared.
        held_out: Figures on the part that neither fitting nor choosing saw.
        self_check: Predictions for rows drawn from a normal distribution (``checked_rows``).
        format: Of the file.
    """

    name: str
    about: str = ""
    kind: Kind
    prompt: str
    represent: Represent
    states: StatesFacts
    teacher: str = ""
    training: dict[str, Any] = {}
    held_out: dict[str, Any] = {}
    self_check: list[Any] = []
    format: int = FORMAT

    @property
    def item_from(self) -> int:
        """How many characters of every text are the instruction in front of the item: whole lines without a field."""
        names = fields_of(self.prompt)
        head = fill(self.prompt.partition(f"{{{names[0]}}}")[0], {}) if names else ""
        return head.rfind("\n") + 1

    def wanted(self) -> Represent:
        """Return what is asked for each text."""
        whole = self.represent.span == "item"
        return msgspec.structs.replace(self.represent, item_from=self.item_from if whole else 0)

    def differs(self, states: StatesFacts) -> str:
        """Return how states differ from those of the training, as a clause; empty where they do not."""
        mine = self.states
        for what, ours, theirs in (
            ("of the layers", list(mine.layers), list(states.layers)),
            ("pooled as", list(mine.pools), list(states.pools)),
            ("of the span", mine.span, states.span),
            ("normed as", mine.norm, states.norm),
        ):
            if ours != theirs:
                return f"the states are {what} {theirs}, and the probe {self.name!r} was trained on {ours}"
        if mine.weights or states.weights:
            if mine.weights != states.weights:
                return (
                    f"the states are of the model {states.model or '(unnamed)'} ({_short(states.weights)}), and the "
                    f"probe {self.name!r} was trained on {mine.model} ({_short(mine.weights)})"
                )
        elif mine.model != states.model:
            return (
                f"the states are of the model {states.model or '(unnamed)'}, and the probe {self.name!r} was trained "
                f"on {mine.model}"
            )
        return ""


class ProbeFile(msgspec.Struct, frozen=True, kw_only=True):
    """A probe as it is read from its file; ``sha256`` is the file's."""

    facts: ProbeFacts
    probe: LinearProbe
    sha256: str


def read_probe(path: Path) -> ProbeFile:
    """Read a probe, and check that it predicts what it did where it was made.

    Raises:
        MissingDataError: There is no such file.
        DataError: It is a pickle, no probe, or its parts do not fit each other.
    """
    import numpy as np

    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise MissingDataError(f"There is no probe {path}.", hint=f"Name a file *{SUFFIX}.") from None
    except OSError as error:
        raise DataError(f"The probe {path} cannot be read: {error.strerror}.") from error
    _refuse_pickle(path, data)
    try:
        arrays = _arrays(data)
    except _DAMAGED as error:
        why = "it holds Python objects, which are programs" if "allow_pickle" in str(error) else str(error)
        raise DataError(
            f"The probe {path} is refused: {why}.",
            hint=f"A file *{SUFFIX} holds plain arrays and JSON; jb train probe writes one.",
        ) from error
    if missing := [name for name in (*_ARRAYS, "meta") if name not in arrays]:
        raise DataError(
            f"The probe {path} lacks {', '.join(missing)}.",
            hint="Without meta nobody knows which model, layer and prompt the weights belong to.",
        )
    try:
        facts = msgspec.json.decode(arrays["meta"].tobytes(), type=ProbeFacts)
    except DAMAGED as error:
        raise DataError(f"The part meta of the probe {path} cannot be read: {error}.") from error
    if facts.format != FORMAT:
        raise DataError(f"The probe {path} has format {facts.format}, and this version reads {FORMAT}.")
    if misfit := _misfit(arrays):
        raise DataError(f"The arrays of the probe {path} do not fit each other: {misfit}.", hint="Get the file again.")
    numbers = {name: arrays[name].astype(np.float64) for name in _ARRAYS if name != "classes"}
    probe = LinearProbe(facts.kind, classes=arrays["classes"], **numbers)
    whole = ProbeFile(facts=facts, probe=probe, sha256=hashlib.sha256(data).hexdigest())
    if not all(np.isfinite(one).all() for one in numbers.values()) or (numbers["scale"] == 0).any():
        raise DataError(f"The probe {path} holds weights that are not finite, or a scale of 0.")
    if (said := self_check(whole)) is not None:
        raise DataError(
            f"The probe {path} fails its self-check: {said}.", hint="Get the file again, or train it again."
        )
    return whole


def _arrays(data: bytes) -> dict[str, Any]:
    """Return the arrays of a file by name; nothing in it is run, and nothing is written.

    Raises:
        ValueError: It is no archive, or its arrays would fill the memory; see also ``_DAMAGED``.
    """
    import numpy as np

    if not data.startswith(_ARCHIVE):
        raise ValueError("it is no archive of arrays" if data else "it is empty")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > _MOST_BYTES:
        raise ValueError(f"its arrays take {size:,} bytes, and at most {_MOST_BYTES:,} are read")
    with np.load(io.BytesIO(data), allow_pickle=False) as held:
        return {name: held[name] for name in (*_ARRAYS, "meta") if name in held.files}


def _misfit(arrays: Mapping[str, Any]) -> str:
    """Return in which way the shapes or types of arrays cannot be those of a probe; empty where they can."""
    for name in _ARRAYS:
        kinds = "iufU" if name == "classes" else "iuf"
        if arrays[name].dtype.kind not in kinds:
            return f"{name} is of type {arrays[name].dtype}"
    rows, width = len(arrays["coef"]) if arrays["coef"].ndim else 0, arrays["mean"].size
    wanted = {"mean": (width,), "scale": (width,), "coef": (rows, width), "intercept": (rows,)}
    for name, shape in wanted.items():
        if arrays[name].shape != shape:
            return f"{name} has the shape {list(arrays[name].shape)}, and {list(shape)} was expected"
    classes = arrays["classes"]
    if classes.ndim != 1 or len(set(classes.tolist())) != len(classes) or len(classes) < 2:
        return "the classes are not a list of at least two different ones"
    return ""


def probe_bytes(facts: ProbeFacts, probe: LinearProbe) -> bytes:
    """Return a probe as its file holds it; the self-check is made here."""
    import numpy as np

    facts = msgspec.structs.replace(facts, kind=probe.kind, self_check=probe.predict(checked_rows(probe)))
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        allow_pickle=False,
        mean=probe.mean.astype(np.float32),
        scale=probe.scale.astype(np.float32),
        coef=probe.coef.astype(np.float32),
        intercept=probe.intercept.astype(np.float32),
        classes=probe.classes,
        meta=np.frombuffer(msgspec.json.encode(facts), dtype=np.uint8),
    )
    return buffer.getvalue()


def checked_rows(probe: LinearProbe) -> Any:
    """Return the rows of features whose predictions a file carries: drawn around the training's mean, seed 0."""
    import numpy as np

    drawn = np.random.default_rng(0).normal(size=(SELF_CHECK_ROWS, len(probe.mean)))
    return probe.mean.astype(np.float32).astype(float) + probe.scale.astype(np.float32).astype(float) * drawn


def self_check(whole: ProbeFile) -> str | None:
    """Return in which way a probe does not predict what its file says; ``None`` where it does."""
    try:
        said = whole.probe.predict(checked_rows(whole.probe))
    except ValueError as error:
        return str(error)
    if said != whole.facts.self_check:
        return f"it predicts {said} where the file says {whole.facts.self_check}"
    return None


def _refuse_pickle(path: Path, data: bytes) -> None:
    """Refuse pickles by their first byte, and archives of them by the names inside.

    Raises:
        DataError: It is one.
    """
    if data[:1] == _PICKLE or path.suffix in {".pkl", ".pickle", ".joblib"}:
        raise DataError(
            f"{path} is a pickle: opening it runs whatever program its author put inside, so it is refused.",
            hint=f"Ask its author for the arrays, or train a probe of your own: jb train probe --help (*{SUFFIX}).",
        )


def _short(weights: str) -> str:
    return f"weights {weights[:12]}" if weights else "weights unknown"


def check_numeric(files: list[ProbeFile]) -> None:
    """Refuse to add up probes whose classes are no numbers.

    Raises:
        ConfigError: One has others.
    """
    for one in files:
        if one.probe.classes.dtype.kind not in "iuf":
            raise ConfigError(
                f"method.probes: {one.facts.name!r} decides between {', '.join(map(str, one.probe.classes.tolist()))}, "
                "which cannot be added up.",
                hint="Give it a judge of its own.",
            )

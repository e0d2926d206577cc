"""What makes a question, an answer or a judgment the same, and what a file of them was asked with.

A question's identity is the hash of what was asked; each record carries it as ``uuid``. Beside it, what decides an
answer or a judgment is kept as flat settings, so that a change can be named in one sentence, and with the state of the
file, so that it is known without reading the file that nothing is left to do.

The settings leave out what changes nothing (address, concurrency, timeouts, retries): a run may be continued on another
host, faster or slower, without asking anything twice.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from judgebench.identity.watermark import Watermark
from judgebench.records.flow import Prompt
from judgebench.records.run import DatasetConfig, JudgeConfig, Options
from judgebench.store.journal import DamagedError, Decoder, read_file, unreadable, write_atomically
from judgebench.store.run_folder import FORMAT, check_version

_EXACT = 2.0**53
"""Up to here every whole number is one float."""
_DETERMINISTIC = msgspec.json.Encoder(order="deterministic")


class FileIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Settings and state of one file.

    Attributes:
        settings: What the questions were made of, by dotted key (values are JSON values or hashes of long texts).
        selection: Which samples were planned (``num_prompts``, ``ids``, ``shuffle``), and what they rest on.
        served_model: The model id that the service gave.
        constrained: Key of the request that holds a judge's replies to a schema, empty where none does; ``None`` where
            that was not wanted or not found out yet.
        planned: Items planned. ``ok`` and ``failed``: how they ended.
        size: Bytes of the file when it was completed; a file that was changed or removed since is not complete.
        modified: When it was last written then (nanoseconds since 1970), so that a change that keeps the size is seen.
        watermark: How far a file has come that is not complete.
    """

    format: int = FORMAT
    settings: dict[str, Any]
    selection: dict[str, Any] = {}
    served_model: str = ""
    constrained: str | None = None
    planned: int = 0
    ok: int = 0
    failed: int = 0
    size: int = -1
    modified: int = 0
    watermark: Watermark | None = None

    def untouched(self, file: Path) -> bool:
        """Say whether ``file`` is as it was when it was completed."""
        try:
            state = file.lstat()
        except FileNotFoundError:
            return False
        return (state.st_size, state.st_mtime_ns) == (self.size, self.modified)

    def complete(self, file: Path, *, retry_failed: bool) -> bool:
        """Say whether nothing is left to ask for ``file``."""
        if not self.untouched(file):
            return False
        return self.ok + self.failed == self.planned and not (retry_failed and self.failed)


_DECODE = Decoder(FileIdentity)


def read_identity(path: Path) -> FileIdentity | None:
    """Return what was asked, or ``None`` where nothing readable is recorded.

    Raises:
        ReuseError: It is recorded in the format of another version.
        DiskError: Something is in its place that is no file, or it may not be read.
    """
    try:
        identity = _DECODE.read(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(path, error) from error
    except DamagedError:
        identity = None
    if identity is None or identity.format != FORMAT:
        check_version(path, read_file(path))
    return identity


def write_identity(path: Path, identity: FileIdentity, *, completed: Path | None = None, make: bool = True) -> None:
    """Write what is asked, atomically; with the state of its file where that is complete.

    Args:
        path: Where it is kept.
        identity: What is asked.
        completed: The file, where it is complete.
        make: Whether the folder is made where it is missing: not while a run goes on, of which it may be moved away.
    """
    if completed is not None:
        state = completed.stat() if completed.exists() else None
        identity = msgspec.structs.replace(
            identity,
            size=state.st_size if state else -1,
            modified=state.st_mtime_ns if state else 0,
            watermark=None,
        )
    write_atomically(path, msgspec.json.format(msgspec.json.encode(identity), indent=1), make=make)


WEIGHTS = frozenset({"model.weights", "judge_model.weights"})
"""Settings that not every run says: they differ only where both say them."""


def changed_keys(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return one phrase per setting that differs: ``temperature: 0.6 -> 0.2``."""
    phrases = []
    for key in sorted((old.keys() | new.keys()) - (WEIGHTS - (old.keys() & new.keys()))):
        before, after = old.get(key), new.get(key)
        if _encoded(before) != _encoded(after):
            phrases.append(f"{key}: {_short(before)} -> {_short(after)}")
    return phrases


def question_uuid(prompt: Prompt, params: dict[str, Any], identity: dict[str, Any], number: int = 0) -> str:
    """Return the identity of a question: 32 hex digits over prompt, parameters, model and number of the repetition.

    Equal numbers are the same question, however they are written: a temperature of ``0`` and one of ``0.0``.
    """
    encoded = _DETERMINISTIC.encode([prompt, _as_written_shortest(params), identity])
    uuid = hashlib.blake2b(encoded, digest_size=16).hexdigest()
    return uuid if number == 0 else repeated_uuid(uuid, number)


def repeated_uuid(uuid: str, number: int) -> str:
    """Return the identity of the same question asked for the ``number``-th time again."""
    return hashlib.blake2b(f"{uuid}/{number}".encode(), digest_size=16).hexdigest() if number else uuid


def shared_uuid(uuid: str) -> str:
    """Return the identity of a question that is asked once for all repeats of a sample."""
    return hashlib.blake2b(f"{uuid}/shared".encode(), digest_size=16).hexdigest()


def short_hash(value: Any, digits: int = 6) -> str:
    """Return a short hash of a JSON value, for versions shown to people."""
    return hashlib.blake2b(_encoded(value), digest_size=16).hexdigest()[:digits]


_ONE_WAY = frozenset({str, int, bool, type(None)})
"""Values that are written in one way alone."""


def _encoded(value: Any) -> bytes:
    return _DETERMINISTIC.encode(_as_written_shortest(value))


def _as_written_shortest(value: Any) -> Any:
    """Return a JSON value in which whole numbers are integers."""
    if isinstance(value, dict):
        return {key: item if item.__class__ in _ONE_WAY else _as_written_shortest(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_written_shortest(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return value


def _short(value: Any) -> str:
    if value is None:
        return "not set"
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."


OWN_KWARGS = frozenset({"num_return_sequences"})
"""Keys of ``generation_kwargs`` that say how often is asked, and not what."""


def repeats_of(model: dict[str, Any]) -> int:
    """Return how many independent answers per sample the model's config asks for."""
    return max(1, int(model.get("generation_kwargs", {}).get("num_return_sequences", 1)))


def sampling_params(model: dict[str, Any], dataset: DatasetConfig | None = None) -> dict[str, Any]:
    """Return the parameters of a request: the model's, with the dataset's laid over them."""
    own = {key: value for key, value in model.get("generation_kwargs", {}).items() if key not in OWN_KWARGS}
    limit = model.get("max_out_len")
    if dataset is not None:
        own.update(dataset.generation_kwargs)
        limit = dataset.max_out_len if dataset.max_out_len is not None else limit
    if limit is not None and "max_tokens" not in own:
        own["max_tokens"] = limit
    return own


def model_identity(model: dict[str, Any]) -> dict[str, Any]:
    """Return what tells one model from another in the hash of a question."""
    return {"type": model["type"], "model": model.get("model", ""), "path": model.get("path", "")}


def question_settings(
    model: dict[str, Any], dataset: DatasetConfig | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what all questions to a model are asked with, as ``question_uuid`` takes it: parameters and identity."""
    return sampling_params(model, dataset), model_identity(model)


def infer_settings(model: dict[str, Any], dataset: DatasetConfig) -> dict[str, Any]:
    """Return what decides the tested model's answers to a dataset."""
    settings: dict[str, Any] = {f"model.{key}": value for key, value in model_identity(model).items()}
    settings |= {"model.weights": model["weights"]} if model.get("weights") else {}
    settings |= {f"generation_kwargs.{key}": value for key, value in sampling_params(model, dataset).items()}
    settings["prompt"] = short_hash(dataset.prompt, 12)
    if dataset.few_shot is not None:
        settings["few_shot"] = short_hash(msgspec.to_builtins(dataset.few_shot), 12)
    return settings


def judge_settings(judge: JudgeConfig, method: dict[str, Any]) -> dict[str, Any]:
    """Return what decides a judge's verdicts; ``method`` is the method's own identity."""
    settings: dict[str, Any] = {}
    if judge.model:
        settings |= {f"judge_model.{key}": value for key, value in model_identity(judge.model).items()}
        settings |= {"judge_model.weights": judge.model["weights"]} if judge.model.get("weights") else {}
        settings |= {f"generation_kwargs.{key}": value for key, value in sampling_params(judge.model).items()}
    if judge.constrain != "off":
        settings["constrain"] = judge.constrain
    settings |= {f"method.{key}": _flat(value) for key, value in method.items()}
    if judge.compare_with:
        settings["compare_with"] = judge.compare_with
    if judge.baseline is not None:
        settings |= {f"baseline.{key}": value for key, value in msgspec.to_builtins(judge.baseline).items()}
    return settings


def version_settings(judge: JudgeConfig, method: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that name what is asked, and not which weights answer: a version is of the former."""
    return {key: value for key, value in judge_settings(judge, method).items() if key not in WEIGHTS}


def said_of(settings: dict[str, Any], before: FileIdentity | None, file: Path) -> dict[str, Any]:
    """Return the settings that can be said of all that ``file`` will hold.

    What was recorded by a run that did not say its weights is of weights that nobody knows, and stays so; weights that
    were said are not forgotten where a config no longer says any.
    """
    if before is None or not file.exists() or not file.stat().st_size:
        return settings
    unknown = WEIGHTS - before.settings.keys()
    said = {key: value for key, value in before.settings.items() if key in WEIGHTS - settings.keys()}
    return {**{key: value for key, value in settings.items() if key not in unknown}, **said}


def others_weights(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Say whether both name weights, and other ones: the same question then has another answer."""
    return any(old[key] != new[key] for key in WEIGHTS & old.keys() & new.keys())


def selection_of(dataset: DatasetConfig, options: Options, repeats: int, data: str) -> dict[str, Any]:
    """Return which samples are planned; ``data`` is what changes when the data file does."""
    selection = {
        "num_prompts": options.num_prompts,
        "ids": options.ids,
        "shuffle": options.shuffle,
        "repeats": repeats,
        "loader": short_hash(msgspec.to_builtins(dataset.loader), 12),
        "data": data,
    }
    return {**selection, "shard": options.shard} if options.shard else selection


def _flat(value: Any) -> Any:
    text = msgspec.json.encode(value)
    return value if len(text) <= 80 else short_hash(value, 12)

"""``--predictions``: a file of answers as a dataset and its tested models; ``--rubric``: judges that score by it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

from judgebench import plugins
from judgebench.config.checks import Declared
from judgebench.config.custom import columns_in, image_columns_of, own_dataset, read_meta, safe_name
from judgebench.errors import ConfigError, DataError, UsageError
from judgebench.plugins.slow_code import say_when_slow
from judgebench.records.request import CustomDataset, Rubric

_ENDINGS = (".jsonl", ".csv", ".tsv", ".parquet")
_ANSWER_COLUMNS = ("prediction", "response", "output")
_AMBIGUOUS = "answer"
"""Beside a reference it is what a model said; alone it may as well be the right answer."""
_REFERENCE = "reference"
_MODEL = "RecordedAnswers"
_ONLY_MODEL = "recorded"
"""Abbr of the tested model where the file names none."""
_KEPT = ("abbr", "judge_model")
"""Keys of a judge that are left when it scores by a rubric."""


class Answered(NamedTuple):
    """What a file of answers makes.

    Attributes:
        dataset: Its questions. ``models``: those whose answers it holds.
    """

    dataset: Declared
    models: list[Declared]


def predictions_file(path: str) -> CustomDataset:
    """Return a file of answers as the data file that it is otherwise, for what they share.

    Raises:
        UsageError: The file does not exist, or is of no known kind.
    """
    place = Path(path).expanduser()
    if not place.is_file():
        problem = "is a folder" if place.is_dir() else "is no file" if place.exists() else "does not exist"
        raise UsageError(f"The file {path!r} of --predictions {problem}.")
    if place.suffix.lower() not in _ENDINGS:
        raise UsageError(
            f"The file {path!r} of --predictions is none of {', '.join(_ENDINGS)}.",
            hint='Write one object a line, {"question": "...", "prediction": "..."}, and name the file ....jsonl.',
        )
    return CustomDataset(path=str(place))


def answered(path: str, *, ruled: bool = True) -> Answered:
    """Return the dataset and the models of a file of answers.

    Args:
        path: JSONL, CSV, TSV or Parquet file.
        ruled: Whether a rule may compare the answers with the references, beside the judges.

    Raises:
        UsageError: The file does not exist, or is of no known kind.
        DataError: It is not clear which column is the answer, or a row cannot be used.
    """
    custom = predictions_file(path)
    place = Path(custom.path)
    meta = read_meta(custom)
    rows = plugins.load("AnsweredRows", "datasets")
    columns = columns_in(place) if place.suffix.lower() in (".csv", ".tsv") else rows.columns(place)
    images = image_columns_of(place, meta, "prediction_images", columns)
    answer = "" if images and not _has_answer_column(meta, columns) else _answer_column(place, meta, columns)
    model = _named(place, meta, columns, "model_column", "model")
    key = _named(place, meta, columns, "id_column", "id")
    others = [name for name in columns if name not in {answer, model, key, *images}]
    loader: dict[str, Any] = {"type": "AnsweredRows", "answer_column": answer, "model_column": model, "id_column": key}
    if images:
        loader["answer_images"] = images
    data = own_dataset(place, loader, others, meta, question="question", ruled=ruled)
    survey = plugins.make(*_loader_of(data, rows), "datasets", where="--predictions").survey()
    if survey.empty == survey.rows:
        raise DataError(
            f"{place}: no row has an answer in the column {answer or images[0]!r}.",
            hint=f'Name the right column in {place.name}.meta.json: {{"prediction_column": "..."}}',
        )
    data["meta_columns"] = [name for name in data["meta_columns"] if name not in survey.varying]
    data["notes"][0] = _about(place, data, survey)
    name, source = _loader_of(data, rows)
    return Answered(
        Declared("datasets", data, str(place.resolve())),
        [
            Declared(
                "models",
                {
                    "type": _MODEL,
                    "abbr": safe_name(one) if one else _ONLY_MODEL,
                    "model": one,
                    "path": source["path"],
                    "source": {"type": name, **source},
                },
                str(place.resolve()),
            )
            for one in survey.models
        ],
    )


def with_rubric(judges: Sequence[Declared], rubric: Rubric, dataset: Declared, *, own: bool) -> list[Declared]:
    """Return judges that score by a rubric, whatever else they are configured to do.

    Args:
        judges: Those of the command line.
        rubric: The text file and the scale.
        dataset: Whose answers they score.
        own: Whether it is a file of the user's own: the judge is then shown all that was asked.

    Raises:
        UsageError: The file cannot be read, or is empty.
        ConfigError: A judge asks no model.
    """
    text = _text_of(rubric)
    messages = dataset.data.get("prompt")
    question = {"question": _as_text(messages[0]["content"])} if own and isinstance(messages, list) else {}
    method = {"type": "RubricScore", "criteria": text, "low": rubric.low, "high": rubric.high, **question}
    scoring = []
    for judge in judges:
        if "judge_model" not in judge.data:
            raise ConfigError(
                f"The judge {judge.abbr!r} ({judge.file}) asks no model, so it cannot score by a rubric.",
                hint="Name a model, or a judge that has one, with --judges.",
            )
        kept: dict[str, Any] = {name: deepcopy(value) for name, value in judge.data.items() if name in _KEPT}
        scoring.append(Declared("judges", {**kept, "method": dict(method)}, judge.file))
    return scoring


def _as_text(content: str | list[dict[str, str]]) -> str:
    """Return a message as one text, in which images are named at their places."""
    return content if isinstance(content, str) else "".join(part.get("text", part.get("image", "")) for part in content)


def _text_of(rubric: Rubric) -> str:
    path = Path(rubric.path).expanduser()
    try:
        with say_when_slow(f"the reading of {path}"):  # it may be a pipe, into which nobody writes
            text = path.read_text("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or f"it is no UTF-8 text ({error})"
        raise UsageError(f"The file {rubric.path!r} of --rubric cannot be read: {reason}.") from error
    if not text:
        raise UsageError(
            f"The file {rubric.path!r} of --rubric is empty.", hint="Write into it what makes an answer good or bad."
        )
    return re.sub(r"([{}])", r"\1\1", text)  # a rubric is text, and its braces name no columns


def _loader_of(data: dict[str, Any], rows: Any) -> tuple[str, dict[str, Any]]:
    """Return the type of the loader and its keys, out of those of the dataset."""
    known = rows.Config.__struct_fields__
    return data["type"], {name: data[name] for name in known if name in data}


def _has_answer_column(meta: dict[str, Any], columns: list[str]) -> bool:
    """Whether a file whose answers are images has a column of texts with them."""
    return "prediction_column" in meta or any(name.strip().lower() in _ANSWER_COLUMNS for name in columns)


def _answer_column(path: Path, meta: dict[str, Any], columns: list[str]) -> str:
    """Return the column of the answers.

    Raises:
        DataError: There is none, or it is not clear which.
    """
    say = f'in {path.name}.meta.json: {{"prediction_column": "..."}}'
    if "prediction_column" in meta:
        chosen = meta["prediction_column"]
        if chosen not in columns:
            raise DataError(f"{path} has no column {chosen!r}, which its meta file names: {', '.join(columns)}.")
        return str(chosen)
    found = [name for name in columns if name.strip().lower() in _ANSWER_COLUMNS]
    lower = {name.strip().lower(): name for name in columns}
    if len(found) == 1:
        return found[0]
    if found:
        listed = " and ".join(map(repr, found))
        raise DataError(
            f"{path}: the columns {listed} may each hold the answers, and jb does not choose between them.",
            hint=f"Name the right one {say}",
        )
    if _AMBIGUOUS in lower and _REFERENCE in lower:
        return lower[_AMBIGUOUS]
    if _AMBIGUOUS in lower:
        raise DataError(
            f"{path}: {lower[_AMBIGUOUS]!r} may be what a model answered or the right answer; which is it?",
            hint=f'Name it {say.replace("...", lower[_AMBIGUOUS])} if a model said it, or rename it to "prediction"; '
            "the right answer belongs into a column 'reference'.",
        )
    raise DataError(
        f"{path} has no column {', '.join(map(repr, _ANSWER_COLUMNS[:-1]))} or {_ANSWER_COLUMNS[-1]!r} with the "
        f"answers (columns found: {', '.join(map(repr, columns))}).",
        hint=f"Name the right one {say}",
    )


def _named(path: Path, meta: dict[str, Any], columns: list[str], key: str, name: str) -> str:
    """Return the column that the meta file names, else the one of the usual name; empty where there is none."""
    if key in meta:
        chosen = meta[key] or ""
        if chosen and chosen not in columns:
            raise DataError(f"{path} has no column {chosen!r}, which its meta file names: {', '.join(columns)}.")
        return str(chosen)
    return next((one for one in columns if one.strip().lower() == name), "")


def _about(path: Path, data: dict[str, Any], survey: Any) -> str:
    """Return what is made of the file: its columns, rows and models."""
    parts = [
        f"asked: {', '.join(map(repr, data['input_columns']))}",
        f"answer: {', '.join(map(repr, [*filter(None, [data['answer_column']]), *data.get('answer_images', [])]))}",
        f"gold answer: {data['output_column']!r}" if "output_column" in data else "no gold answer",
        *([f"id: {data['id_column']!r}"] if data["id_column"] else []),
        *([f"model: {data['model_column']!r} ({len(survey.models)} models)"] if data["model_column"] else []),
        *([f"kept for slices: {', '.join(map(repr, data['meta_columns']))}"] if data["meta_columns"] else []),
        *([f"differ between models, so no slices: {', '.join(map(repr, survey.varying))}"] if survey.varying else []),
    ]
    empty = f", {survey.empty} of them without an answer (counted as failed, never judged)" if survey.empty else ""
    return f"columns of {path.name}: {'; '.join(parts)}; {survey.rows} rows{empty}"

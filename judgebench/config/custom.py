"""A data file given on the command line (``--custom-dataset-path``) as a dataset."""

from __future__ import annotations

import csv
import json
import re
from itertools import islice
from pathlib import Path
from string import ascii_uppercase
from typing import Any, NamedTuple

import msgspec

from judgebench import plugins
from judgebench.config.checks import Declared
from judgebench.errors import DAMAGED, DataError, UsageError
from judgebench.records.request import CustomDataset

_LOADERS: dict[str, dict[str, Any]] = {
    ".jsonl": {"type": "JsonlDataset"},
    ".csv": {"type": "CsvDataset"},
    ".tsv": {"type": "CsvDataset", "delimiter": "\t"},
    ".parquet": {"type": "ParquetDataset"},
}
_RULE = "FinalAnswerEqual"
LOOKED_AT = 1000
"""Rows whose references tell whether the rule can compare them."""
LEAST_SUITED = 0.9
"""Share of them that must be short final answers; the rule leaves the others ``unparsed``."""
_EXAMPLE = 60
_GOLD_COLUMNS = {
    "answer", "reference", "references", "reference_answer", "ref_answer", "gold", "gold_answer", "golden_answer",
    "ground_truth", "groundtruth", "correct_answer", "expected", "expected_answer", "expected_output", "target",
    "ideal",
}  # fmt: skip
"""Names of columns that may hold the gold answer, without regard to case, blanks and hyphens."""
_QUESTION_COLUMNS = {"question", "query", "problem", "prompt", "instruction", "input"}
_CONTEXT_COLUMNS = {"context", "passage", "document", "article"}
_META_KEYS = {
    "abbr", "data_type", "infer_method", "input_columns", "output_column", "sampling_mode", "request_count",
    "output_config", "evaluator", "prediction_column", "model_column", "id_column",
    "image_columns", "image_folder", "images_optional", "shared_images", "placeholders", "prediction_images",
}  # fmt: skip
_ANSWERS_KEYS = ("prediction_column", "model_column", "id_column", "prediction_images")
"""Those of them that only files of ``--predictions`` have."""
_SAMPLING_MODES = ("default", "random", "shuffle")


class Sampling(NamedTuple):
    """Which samples a meta file asks for.

    Attributes:
        first: Take only so many; ``None`` takes all.
        shuffle: Seed of the order; ``None`` keeps the file's.
    """

    first: int | None = None
    shuffle: int | None = None


def custom_dataset(custom: CustomDataset) -> Declared:
    """Return the dataset that a JSONL, CSV, TSV or Parquet file makes.

    Multiple choice (``mcq``) is a file with columns A, B, ...; all else is question and answer (``qa``). The gold
    answer is in the column that the meta file names (``output_column``), else in the only one that is called
    ``answer``, ``reference`` or the like. Options are compared by letter, and other references by ``FinalAnswerEqual``
    where they are short final answers. Where they are texts, and where there is no gold answer, only a judge can score.

    Raises:
        UsageError: The file or its meta file does not exist, or is of no known kind.
        DataError: The file's first record or its meta file cannot be used, or two columns may hold the gold answer.
    """
    path = Path(custom.path).expanduser()
    if not path.is_file():
        problem = "is a folder" if path.is_dir() else "is no file" if path.exists() else "does not exist"
        raise UsageError(f"The data file {custom.path!r} of --custom-dataset-path {problem}.")
    loader = _LOADERS.get(path.suffix.lower())
    if loader is None:
        raise UsageError(
            f"The data file {custom.path!r} is neither .jsonl nor .csv, .tsv or .parquet.",
            hint='Write one object a line, {"question": "...", "answer": "..."}, and name the file ....jsonl.',
        )
    meta = read_meta(custom)
    if foreign := next((key for key in _ANSWERS_KEYS if key in meta), ""):
        raise DataError(f"The meta file of {path} has the key {foreign!r}, which is only for files of --predictions.")
    data = own_dataset(path, loader, columns_in(path), meta, data_type=custom.data_type)
    return Declared("datasets", data, str(path.resolve()))


def own_dataset(
    path: Path,
    loader: dict[str, Any],
    columns: list[str],
    meta: dict[str, Any],
    *,
    data_type: str = "",
    question: str = "",
    ruled: bool = True,
) -> dict[str, Any]:
    """Return the keys of the dataset that the columns of a file make; see ``custom_dataset``.

    Args:
        path: The file.
        loader: ``type=`` of what reads it, and the keys that its format needs.
        columns: The columns that may be asked, be the gold answer, or say more.
        meta: The meta file's keys.
        data_type: ``qa``, ``mcq`` or empty for "by its columns".
        question: The name under which prompts find the column of the question; empty keeps the column's own.
        ruled: Whether a rule compares with the gold answer where the meta file names none.

    Raises:
        DataError: The columns cannot be used so, or two of them may hold the gold answer.
    """
    images = image_columns_of(path, meta, "image_columns", columns)
    columns = [name for name in columns if name not in images]
    output = _output_column(path, meta, columns)
    options = _option_letters(columns)
    kind = data_type or meta.get("data_type") or ("mcq" if options else "qa")
    if kind not in ("qa", "mcq") or (kind == "mcq" and not options):
        need = "needs columns A, B, ..." if kind == "mcq" else "is not known (qa or mcq)"
        raise DataError(f"{path}: the data type {kind!r} {need}; there are: {', '.join(columns)}.")
    letters = options if kind == "mcq" else []
    shown_columns = _shown_columns(path, meta, [name for name in columns if name not in {output, *letters}])
    fields = {name: _field_name(name) for name in shown_columns}
    main = next((name for name in shown_columns if name.lower() in _QUESTION_COLUMNS), "")
    if question and main and question not in fields:
        fields[main] = question
    inputs = list(dict.fromkeys([*shown_columns, *letters]))
    others = [name for name in columns if name not in {output, *inputs}]
    source: dict[str, Any] = {
        **loader,
        "path": str(path.resolve()),
        "input_columns": inputs,
        "meta_columns": others,
        "rename": {name: field for name, field in fields.items() if name != field},
        **({"output_column": output} if output else {}),
        **_image_keys(path, meta, images),
    }
    if images:
        source["rename"] |= {name: field for name in images if (field := _field_name(name)) != name}
    data: dict[str, Any] = {
        "abbr": str(meta.get("abbr") or safe_name(path.stem)),
        **source,
        "prompt": [{"role": "user", "content": _with_images(_prompt(fields, letters), images, meta)}],
        "notes": [_about_columns(path, inputs, output, others, images)],
    }
    if output and (ruled or meta.get("evaluator") is not None):
        evaluator, said = _evaluator(meta, letters, source)
        data["notes"].append(said)
        if evaluator is not None:
            data["evaluator"] = evaluator
    if meta.get("output_config"):
        data["max_out_len"] = _max_out_len(meta["output_config"], CustomDataset(path=str(path)))
    return data


def image_columns_of(path: Path, meta: dict[str, Any], key: str, columns: list[str]) -> list[str]:
    """Return the columns of images that the meta file names.

    Raises:
        DataError: It names none as a list, or one that is not there.
    """
    named = meta.get(key, [])
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise DataError(f"{key} of the meta file of {path} must be a list of column names.")
    if lacking := next((name for name in named if name not in columns), ""):
        raise DataError(f"{path} has no column {lacking!r}, which its meta file names: {', '.join(columns)}.")
    return list(named)


def _image_keys(path: Path, meta: dict[str, Any], images: list[str]) -> dict[str, Any]:
    """Return the loader's keys about images; none where there is no image."""
    keys: dict[str, Any] = {"image_columns": images} if images else {}
    if "shared_images" in meta:
        if path.suffix.lower() not in (".csv", ".tsv"):
            raise DataError(f"shared_images of the meta file of {path} is for CSV and TSV files.")
        keys["shared_images"] = str(meta["shared_images"])
    for name, kind in (("image_folder", str), ("images_optional", bool), ("placeholders", bool)):
        if name in meta:
            if not isinstance(meta[name], kind):
                raise DataError(f"{name} of the meta file of {path} is {meta[name]!r}; {kind.__name__} was expected.")
            keys[name] = meta[name]
    return keys


def _with_images(text: str, images: list[str], meta: dict[str, Any]) -> str | list[dict[str, str]]:
    """Return the question's text behind its images; those that have places in the text stand there."""
    if not images or meta.get("placeholders"):
        return text
    shown = [{"type": "image", "image": f"{{{_field_name(name)}}}"} for name in images]
    return [*shown, {"type": "text", "text": text}]


def _output_column(path: Path, meta: dict[str, Any], columns: list[str]) -> str:
    """Return the column of the gold answer; empty where there is none."""
    if "output_column" in meta:
        named = meta["output_column"] or ""
        if named and named not in columns:
            raise DataError(f"{path} has no column {named!r}, which its meta file names: {', '.join(columns)}.")
        return str(named)
    found = [name for name in columns if _may_be_gold(name)]
    if len(found) > 1:
        listed = " and ".join(map(repr, found))
        choice = json.dumps({"output_column": found[-1]})
        raise DataError(
            f"{path}: the columns {listed} may each hold the gold answer, and jb does not choose between them.",
            hint=f"Name the right one in {path.name}.meta.json, such as {choice}, or rename the others.",
        )
    return found[0] if found else ""


def _may_be_gold(column: str) -> bool:
    return re.sub(r"[\s-]+", "_", column.strip().lower()) in _GOLD_COLUMNS


def _about_columns(path: Path, shown_columns: list[str], output: str, others: list[str], images: list[str]) -> str:
    """Return which columns of the file are used for what."""
    gold = f"gold answer: {output!r}" if output else "no gold answer"
    pictured = f"; images: {', '.join(map(repr, images))}" if images else ""
    unused = f"; not used: {', '.join(map(repr, others))}" if others else ""
    return f"columns of {path.name}: asked: {', '.join(map(repr, shown_columns))}{pictured}; {gold}{unused}"


def _evaluator(meta: dict[str, Any], letters: list[str], source: dict[str, Any]) -> tuple[Any, str]:
    """Return the rule, or ``None`` where none can compare the references, and a note that says so."""
    against = f"compares with {source['output_column']!r}"
    if (chosen := meta.get("evaluator")) is not None:
        rule = {"type": chosen} if isinstance(chosen, str) else chosen
        return rule, f"rule {rule.get('type') if isinstance(rule, dict) else rule} (the meta file's) {against}"
    if letters:
        return {"type": "ChoiceEqual", "letters": "".join(letters)}, f"rule ChoiceEqual {against} (the chosen letter)"
    unsuited = _unsuited(source)
    if unsuited:
        example = unsuited if len(unsuited) <= _EXAMPLE else unsuited[:_EXAMPLE] + "..."
        return None, f"no rule: {source['output_column']!r} holds texts, which only a judge can compare: {example!r}"
    where_found = "in \\boxed{}, after 'answer:', on the last line, or the last number"
    return {"type": _RULE}, f"rule {_RULE} {against} (the final answer: {where_found})"


def _unsuited(source: dict[str, Any]) -> str:
    """Return an example of the references that no rule can compare where they are too many; else nothing."""
    loader, rule = plugins.load(source["type"], "datasets"), plugins.load(_RULE, "judges")
    config = msgspec.convert({key: value for key, value in source.items() if key != "type"}, loader.Config)
    seen, unsuited = 0, []
    try:
        for sample in islice(loader(config).samples(), LOOKED_AT):
            seen += 1
            if not rule.suits(sample.reference):
                unsuited.append(str(sample.reference))
    except DataError:
        pass  # the broken row is told, by the check of all rows, before anything is asked
    return unsuited[0] if unsuited and seen - len(unsuited) < LEAST_SUITED * seen else ""


def read_meta(custom: CustomDataset) -> dict[str, Any]:
    """Return the meta file's keys; empty where there is none.

    Raises:
        UsageError: The named meta file does not exist.
        DataError: It is no JSON object or has unknown keys.
    """
    path = Path(custom.meta_path or f"{custom.path}.meta.json").expanduser()
    if not path.is_file():
        if custom.meta_path:
            raise UsageError(f"The meta file {custom.meta_path!r} of --custom-dataset-meta-path does not exist.")
        return {}
    try:
        meta = json.loads(path.read_text("utf-8"))
    except DAMAGED as error:
        raise DataError(f"The meta file {path} is not JSON: {error}.") from error
    if not isinstance(meta, dict):
        raise DataError(f"The meta file {path} must hold one JSON object.")
    unknown = sorted(set(meta) - _META_KEYS)
    if unknown:
        raise DataError(f"The meta file {path} has the unknown key {unknown[0]!r}.", hint=f"Keys: {sorted(_META_KEYS)}")
    return meta


def sampling(custom: CustomDataset) -> Sampling:
    """Return which samples the meta file asks for (``sampling_mode`` and ``request_count``).

    Raises:
        DataError: A value that has no meaning.
    """
    meta = read_meta(custom)
    mode, count = meta.get("sampling_mode", "default"), meta.get("request_count")
    if mode not in _SAMPLING_MODES:
        raise DataError(f"sampling_mode of the meta file is {mode!r}; use one of: {', '.join(_SAMPLING_MODES)}.")
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
        raise DataError(f"request_count of the meta file is {count!r}; use a whole number from 1.")
    return Sampling(first=count, shuffle=None if mode == "default" else 0)


def columns_in(path: Path) -> list[str]:
    """Return the columns of a JSONL, CSV or TSV file by its first line, or of a Parquet file by its first row.

    Raises:
        DataError: The line is not what was expected, or it is no Parquet file.
    """
    if path.suffix.lower() == ".parquet":
        columns: list[str] = plugins.load(_LOADERS[".parquet"]["type"], "datasets").columns(path)
        return columns
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            if path.suffix.lower() == ".tsv":
                return _names(next(csv.reader(lines, delimiter="\t"), []), path)
            if path.suffix.lower() == ".csv":
                return _separated(_names(next(csv.reader(lines), []), path), path)
            first = next((line for line in lines if line.strip()), "")
        record = json.loads(first or "null")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text ({error.reason}).", hint="Save it as UTF-8.") from error
    except csv.Error as error:
        raise DataError(f"{path}: the line with the names of the columns is not CSV: {error}.") from error
    except DAMAGED as error:
        raise DataError(f"{path}: the first line is not JSON: {error}.") from error
    if not isinstance(record, dict) or not record:
        raise DataError(
            f"{path}: the first line must be a JSON object with the sample's fields.",
            hint='For example: {"question": "...", "answer": "..."}; one object a line, and no list around them.',
        )
    return list(record)


def _names(columns: list[str], path: Path) -> list[str]:
    """Return the columns' names as the loader reads them."""
    names = [name.strip() for name in columns]
    if not any(names):
        raise DataError(f"{path}: the first line must hold the names of the columns, such as question and answer.")
    return names


def _separated(columns: list[str], path: Path) -> list[str]:
    """Return the columns of a CSV file, or refuse one that separates them by another sign."""
    if len(columns) == 1 and (sign := next((one for one in ";\t|" if one in columns[0]), None)):
        raise DataError(
            f"{path}:1: one column was found, {columns[0]!r}; commas were expected and not {sign!r}.",
            hint="Save it with commas between the columns" + (", or name it ....tsv." if sign == "\t" else "."),
        )
    return columns


def _option_letters(columns: list[str]) -> list[str]:
    """Return A, B, ... as far as there are such columns without a gap; at least two."""
    letters: list[str] = []
    for letter in ascii_uppercase:
        if letter not in columns:
            break
        letters.append(letter)
    return letters if len(letters) >= 2 else []


def _shown_columns(path: Path, meta: dict[str, Any], columns: list[str]) -> list[str]:
    """Return the columns that the prompt shows: the meta file's, else the question's and its context's, else all."""
    named = meta.get("input_columns")
    if named is None:
        columns = [name for name in columns if not _may_be_gold(name)]  # what may be the gold answer is never shown
        question = next((name for name in columns if name.lower() in _QUESTION_COLUMNS), None)
        if question is None:
            return columns
        return [*(name for name in columns if name.lower() in _CONTEXT_COLUMNS), question]
    if not isinstance(named, list) or not named:
        raise DataError(f"input_columns of the meta file of {path} must be a list of column names.")
    missing = [name for name in named if name not in columns and not re.fullmatch("[A-Z]", str(name))]
    if missing:
        raise DataError(f"{path} has no column {missing[0]!r}, which its meta file names: {', '.join(columns)}.")
    return [name for name in named if name in columns]


def _field_name(column: str) -> str:
    """Return a column's name as a prompt can name it."""
    name = re.sub(r"\W+", "_", column, flags=re.ASCII).strip("_") or "field"
    return name if name[0].isalpha() else f"field_{name}"


def _prompt(fields: dict[str, str], letters: list[str]) -> str:
    if len(fields) == 1:
        lines = [f"{{{field}}}" for field in fields.values()]
    else:
        lines = [f"{name}: {{{field}}}" for name, field in fields.items()]
    if letters:
        lines += [f"{letter}. {{{letter}}}" for letter in letters]
        lines += ["", f"Choose one of {', '.join(letters)}. End your reply with a line of the form: Answer: <letter>"]
    return "\n".join(lines)


def _max_out_len(config: Any, custom: CustomDataset) -> int:
    """Return the one output length that ``output_config`` describes."""
    config = config if isinstance(config, dict) else {}
    params = config.get("params") if isinstance(config.get("params"), dict) else {}
    lengths = [params[name] for name in ("min_value", "max_value") if params.get(name) is not None]
    if config.get("method") == "percentage":
        shares = params.get("percentage_distribute")
        pairs = [one for one in (shares if isinstance(shares, list) else []) if isinstance(one, list) and len(one) == 2]
        lengths = [length for length, share in pairs if share]
    length = lengths[0] if lengths else None
    if not isinstance(length, int) or isinstance(length, bool) or length < 1 or any(one != length for one in lengths):
        raise DataError(
            f"output_config of the meta file of {custom.path} asks for output lengths that differ between samples or "
            "are not whole numbers.",
            hint=(
                "Varying lengths are for load tests; to measure accuracy, give one length: method "
                "'uniform' with min_value = max_value."
            ),
        )
    return length


def safe_name(stem: str) -> str:
    """Return a text as the name of a file and a folder."""
    return re.sub(r"[^A-Za-z0-9_\-+@= .]+", "_", stem).strip(" .")[:100] or "custom"

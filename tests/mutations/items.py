"""Made items of every shipped benchmark of judges, whose texts say which answer is good.

The rows come from the keys of the config itself (which columns, which gold labels, which parts), so a new benchmark is
covered without a line here. Truth stands in the texts alone: a judge that reads the
prompt can know it, and one that is shown the wrong text errs. Item ``number`` of a part has its gold, and which answer
is the longer one, from its number, so that both are balanced within every part.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from judgebench.config.resolve import load_run
from judgebench.datasets.columns import Row
from judgebench.datasets.judge_samples import JudgeSamples
from judgebench.datasets.samples import loader_of
from judgebench.records.flow import Sample
from judgebench.records.request import Selection
from judgebench.records.run import DatasetConfig

FOLDER = Path(__file__).parents[2] / "judgebench/configs/datasets/judge_benchmarks"
BENCHMARKS = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
"""The config files of benchmarks of judges; each declares one dataset or several."""
STEPS = 3
PROMPTS = {"ref": ("good", "bad", "bad"), "tied": ("good", "good", "bad")}
"""The answers to a prompt with one right answer, and to its fellow with many."""
GRADES = 5
_AT_LENGTH = " It goes on for a while, repeats itself, and adds little."
_KEY = re.compile(r"\{([^{}]+)\}")

Values = dict[str, Any]


class Case(NamedTuple):
    """What is true about an item.

    Attributes:
        number: Of the item within its part.
        truth: ``first`` or ``second`` answer is better, ``tie``; ``good``, ``bad`` or ``broken`` for one answer; a
            grade; or the truth of every step.
        longer: Which answer is longer, where there are two.
        shown: Which answer is shown first, where the benchmark and not a presentation decides that.
        part: Name of its part, empty without parts.
    """

    number: int
    truth: Any
    longer: str
    shown: str
    part: str


@cache
def shipped() -> dict[str, DatasetConfig]:
    """Return every dataset of the shipped benchmarks of judges by its abbr."""
    return load_run(Selection(models=["vllm_api_general_chat"], datasets=BENCHMARKS), {}).datasets


def kind_of(data: DatasetConfig) -> str:
    """Return what is decided about an item.

    One of ``pair``, ``rated pair`` (each is graded), ``list``, ``grade``, ``check``, ``steps``, ``many right``.
    """
    assert data.score is not None
    assert data.method is not None
    kinds = {
        "PointScore": "grade",
        "VerifierScore": "check",
        "StepScore": "steps",
        "ListScore": "list",
        "TiesScore": "many right",
    }
    name = data.score.type.rpartition(".")[2]
    if name == "PairScore" and not data.loader.options["answer_columns"]:
        return "rated pair"
    return kinds.get(name, "pair")


def truths(data: DatasetConfig) -> list[Any]:
    """Return the truths among which the items of a dataset are balanced."""
    options, kind = data.loader.options, kind_of(data)
    if kind == "many right":
        return [quality for qualities in PROMPTS.values() for quality in qualities]
    if kind == "check":
        known = {"correct": "good", "incorrect": "bad", "invalid": "broken"}
        return list(dict.fromkeys(known[decision] for decision in options["gold_labels"].values()))
    if kind == "grade":
        return list(range(1, GRADES + 1)) if options["gold_column"] else ["good"]
    if kind == "steps":
        return [[True] * STEPS, *([place != wrong for place in range(STEPS)] for wrong in range(STEPS))]
    return ["first", "second"] if _has_gold_column(options) else ["first"]


def parts_of(data: DatasetConfig) -> list[str]:
    """Return the values of the column by which a dataset is given in parts, so that every average has its parts."""
    assert data.score is not None
    options = data.score.options
    averages: dict[str, Any] = options.get("averages", {})
    named = [part for average in averages.values() for part in average if part not in averages]
    if group_of(data) == "split":
        return list(data.loader.options["splits"])
    if options.get("groups"):
        return list(options["groups"])
    return list(dict.fromkeys(named)) or (["one", "another"] if group_of(data) else [""])


def group_of(data: DatasetConfig) -> str:
    """Return the column by which a dataset is given in parts, the first of several; empty for none."""
    assert data.score is not None
    named: str | list[str] = data.score.options.get("group_by", "")
    return named if isinstance(named, str) else named[0]


def tells_every_step(data: DatasetConfig) -> bool:
    """Whether a judge says of every step whether it is right, and not only which is the first wrong one."""
    assert data.method is not None
    return bool(data.method.options["parser"]["type"] == "step_list")


def kinds_of(data: DatasetConfig) -> list[Case]:
    """Return the kinds of items that a part holds equally many of: every truth, either answer longer."""
    sides = ("first", "second")
    pair = kind_of(data) == "pair"
    longer = sides if pair else sides[:1]
    shown = sides if pair and "tested_first" in data.loader.options["meta_columns"] else sides[:1]
    kinds = product(truths(data), longer, shown)
    return [Case(number, truth, long, first, "") for number, (truth, long, first) in enumerate(kinds)]


def cases(data: DatasetConfig, cells: int) -> list[Case]:
    """Return what is true about the items: in every part, each kind of item ``cells`` times."""
    kinds = kinds_of(data)
    return [
        kinds[number % len(kinds)]._replace(number=number, part=part)
        for part in parts_of(data)
        for number in range(cells * len(kinds))
    ]


def opposite(truth: Any, *, every_step: bool) -> Any:
    """Return the truth turned into its contrary; of steps either every one, or whether there is a wrong one."""
    if isinstance(truth, int):
        return GRADES + 1 - truth
    if isinstance(truth, list):
        if every_step:
            return [not one for one in truth]
        return [all(truth) is False] + [True] * (STEPS - 1)
    return {"first": "second", "second": "first", "good": "bad", "bad": "good"}.get(truth, truth)


def items_of(
    data: DatasetConfig, made: Sequence[Case], gold: Callable[[Any], Any] = lambda truth: truth
) -> list[Sample]:
    """Return made items, read by the dataset's loader from the rows that it would have made of its files.

    The layouts of the files are tested where they are read (``tests/datasets``).

    Args:
        data: A shipped dataset.
        made: What is true about the items.
        gold: Gold decision by the truth, for items whose gold says something else than their texts.
    """
    loader = loader_of(data)
    assert isinstance(loader, JudgeSamples)
    rows = [Row(_row(data, case, gold(case.truth), number), "made", number + 1) for number, case in enumerate(made)]
    loader.rows = lambda data_dir: iter(rows)  # type: ignore[method-assign]
    return list(loader.samples())


def pair_texts(case: Case) -> tuple[str, str]:
    """Return two answers that say of themselves how good they are."""
    first, second = {"first": ("good", "bad"), "second": ("bad", "good"), "tie": ("even", "even")}[case.truth]
    one, other = (text_of(quality, case, place) for place, quality in ((1, first), (2, second)))
    return one + _AT_LENGTH * (case.longer == "first"), other + _AT_LENGTH * (case.longer == "second")


def text_of(quality: str, case: Case, place: int = 1) -> str:
    """Return a text that a simulated judge understands."""
    return f"This is a {quality} answer no {place} to item {case.number} of <{case.part}>."


def _row(data: DatasetConfig, case: Case, gold: Any, number: int) -> Values:
    assert data.score is not None
    options, kind = data.loader.options, kind_of(data)
    row: Values = {}
    for column in _KEY.findall(options["key"]):
        _put(row, column, number)
    for column, value in options["where"].items():
        _put(row, column, value)
    for column in options["input_columns"]:
        _put(row, column, f"{column} of item {case.number}")
    if options["output_column"]:
        row[options["output_column"]] = f"the reference of item {case.number}"
    row |= {"row": number, "split": "made", "model": "tested", "against": "baseline"}
    if group_of(data):
        row[group_of(data)] = case.part
    if kind == "pair":
        # without a gold column gold is a place, so that other gold means other texts
        texts = pair_texts(case if _has_gold_column(options) else case._replace(truth=gold))
        if "tested_first" in options["meta_columns"]:
            row["tested_first"] = case.shown == "first"
        shown = reversed(texts) if case.shown == "second" else texts
        row |= dict(zip(options["answer_columns"], shown, strict=True))
    if kind in ("rated pair", "list"):
        _rated(options["input_columns"], row, case, good_first=gold == case.truth)
    if kind == "check":
        row[options["answer_columns"][0]] = text_of(case.truth, case)
    if kind == "grade":
        column = [*options["answer_columns"], *options["input_columns"]][0]
        quality = f"worth-{case.truth}" if options["gold_column"] else gold
        row[column] = f"This one is to be graded. {text_of(quality, case)}"
    if kind == "many right":
        place = case.number % sum(map(len, PROMPTS.values()))
        row[options["answer_columns"][0]] = text_of(case.truth, case)
        row |= {"kind": "ref" if place < 3 else "tied", "pair": case.number // 6, "place": place % 3, "answers": 3}
    _gold(data, row, gold)
    if kind == "steps":
        (column,) = options["numbered"].values()
        row[column] = [text_of("good" if right else "bad", case, place) for place, right in enumerate(case.truth)]
        if data.score.options.get("types"):
            row[data.score.options["types"]] = ["" if right else "calculation" for right in gold]
    return row


def _has_gold_column(options: dict[str, Any]) -> bool:
    return bool(options["gold_labels"] or options["gold_majority"] or options["gold_scores"])


def _rated(columns: Sequence[str], row: Values, case: Case, *, good_first: bool) -> None:
    """Fill the columns of answers that are graded one by one, the right ones first."""
    for place, column in enumerate(columns):
        right = column.startswith(("chosen", "right"))
        if right or column.startswith(("rejected", "wrong")):
            _put(row, column, text_of("good" if right == good_first else "bad", case, place))


def _gold(data: DatasetConfig, row: Values, gold: Any) -> None:
    options, kind = data.loader.options, kind_of(data)
    decision = {"first": "A", "second": "B", "good": "correct", "bad": "incorrect", "broken": "invalid"}.get(
        str(gold), gold
    )
    raw = {known: _parsed(written) for written, known in reversed(options["gold_labels"].items())}
    if options["gold_majority"]:
        stray = next(value for known, value in raw.items() if known != decision)
        row |= dict(zip(options["gold_majority"], (raw[decision], stray, raw[decision]), strict=True))
    elif options["gold_scores"]:
        scores = {"A": (9, 3), "B": (2.5, 3), "tie": (4, 4)}[decision]
        for column, score in zip(options["gold_scores"], scores, strict=True):
            _put(row, column, score)
    elif options["gold_column"] and kind == "steps":
        row[options["gold_column"]] = gold if tells_every_step(data) else _first_wrong(gold)
    elif options["gold_column"]:
        row[options["gold_column"]] = [gold] * 3 if kind == "grade" else raw[decision]


def _first_wrong(steps: Sequence[bool]) -> int:
    return -1 if all(steps) else list(steps).index(False)


def _parsed(written: str) -> Any:
    try:
        return json.loads(written)
    except ValueError:
        return written


def _put(row: Values, column: str, value: Any) -> None:
    """Set a column, or a path into one: ``chosen.0`` is the first of a list, ``reference.text`` a key of an object."""
    name, _, place = column.partition(".")
    if not place:
        row[name] = value
        return
    if not place.isdigit():
        row[name] = {place: value}
        return
    listed = row.setdefault(name, [])
    if not isinstance(listed, list):
        listed = row[name] = []
    listed += [None] * (int(place) + 1 - len(listed))
    listed[int(place)] = value

"""Every dataset for models of the catalogue: rows of its published layout, extreme models and judges, bad rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from judgebench.config.registry import Registry
from judgebench.config.resolve import load_run
from judgebench.datasets.samples import loader_of, missing
from judgebench.errors import JudgebenchError
from judgebench.records.flow import Prompt, Sample
from judgebench.records.request import Selection
from judgebench.records.run import DatasetConfig
from tests.catalogue.files import picture_of, write
from tests.catalogue.judging import datasets, looked_at
from tests.catalogue.model_layouts import MODEL_LAYOUTS
from tests.catalogue.models import Answering, Replying, items, result, way_of
from tests.catalogue.test_catalogue import spoiled

FOLDER = Path(__file__).parents[2] / "judgebench/configs/datasets/model_catalogue"
ORDINARY = ("aime2024_gen", "aime2025_gen", "aime2025_llmjudge", "gedit_llmjudge", "gsm8k_gen", "gsm8k_llmjudge")
CONFIGS = sorted(
    [*(path.stem for path in FOLDER.glob("*.py") if path.stem[0] != "_"), *ORDINARY, "math500_gen", "mmlu_gen"]
)


class Mutation(NamedTuple):
    """A row of a result, and what it must say of models that always do the same.

    Attributes:
        row: ``DATASET`` or ``DATASET-JUDGE``.
        headline: Name of the headline.
        wanted: Its value for each model, by what the model does.
        answer: What the model answers.
        reply: What the judge replies, if one is asked.
    """

    row: str
    headline: str
    wanted: dict[str, Any]
    answer: Answering
    reply: Replying | None = None


def letter(form: str, constant: str = "A") -> Answering:
    """Return a model that states a letter in a form."""

    def answer(sample: Sample, way: str) -> str:
        if way == "unread":
            return "I cannot tell."
        right = str(sample.reference)
        said = {"right": right, "wrong": "B" if right == "A" else "A", "constant": constant}[way]
        return form.format(said)

    return answer


def boxed(constant: str = "\\frac{1}{7}") -> Answering:
    """Return a model that states the reference, or something else, in a box."""

    def answer(sample: Sample, way: str) -> str:
        if way == "unread":
            return ""
        said = {"right": str(sample.reference), "wrong": "-10", "constant": constant}[way]
        return f"So it is $\\boxed{{{said}}}$."

    return answer


def quality(sample: Sample, way: str) -> str:
    """Answer with what a judge that reads it makes of it."""
    return f"<<{way} {sample.id}>>"


def said(prompt: Prompt) -> str:
    """Return what the model did, as the judge reads it in the answer."""
    shown = str(prompt if isinstance(prompt, str) else prompt[-1]["content"])
    return shown.split("<<")[1].split(" ", maxsplit=1)[0]


def edited(sample: Sample, way: str) -> bytes:
    """Answer with a picture of what a judge that looks at it makes of it."""
    return picture_of(f"<<{way} {sample.id}>>")


def rated(prompt: Prompt, _about: Mapping[str, Any]) -> str:
    """Rate the edited picture, which comes last, by what it shows: in two aspects, the lower of which counts."""
    way = said(looked_at(prompt))
    grades = {"right": [10, 10], "wrong": [9, 0], "constant": [4, 8]}
    return "It is a fine 8." if way == "unread" else json.dumps({"reasoning": "so", "score": grades[way]})


def verdicts(form: str, **forms: str) -> Replying:
    """Return a judge that says what is in the answer, in a form: ``{}`` is the text for what it found."""
    return lambda prompt, _about: "I cannot tell." if said(prompt) == "unread" else form.format(forms[said(prompt)])


def criterion(prompt: Prompt, _about: Mapping[str, Any]) -> str:
    """Reply about one criterion: answers are good, bad, or hold anything."""
    good = "what is good" in str(prompt[-1])
    way = said(prompt)
    met = {"right": good, "wrong": not good, "constant": True}.get(way)
    return "perhaps" if met is None else json.dumps({"explanation": "so", "criteria_met": met})


def last_line(sample: Sample, way: str) -> str:
    """Answer in a last line with the first accepted form, or with something else."""
    first = sample.reference[0] if isinstance(sample.reference, list) else sample.reference
    said = {"right": first, "wrong": "none of it", "constant": "0", "unread": ""}[way]
    return f"Let me see.\nAnswer: {said}" if said else ""


def final_number(sample: Sample, way: str) -> str:
    """Answer with a number in a last line; no answer is below zero."""
    said = {"right": sample.reference, "wrong": f"{sample.reference}1", "constant": "-7"}
    return "I cannot tell: 4 or 5." if way == "unread" else f"3 and 4.\nAnswer: {said[way]}"


def bare(sample: Sample, way: str) -> str:
    """Answer with the second accepted form and nothing else."""
    assert isinstance(sample.reference, list)
    return {"right": sample.reference[1], "wrong": "Nobody", "constant": "Name 1.", "unread": ""}[way]


def follows(_sample: Sample, way: str) -> str:
    """Follow all instructions, none, or only that about the length."""
    return {"right": "one two three", "wrong": "*a,", "constant": "one, two, three", "unread": ""}[way]


def proofs(sample: Sample, way: str) -> str:
    """Answer part by part; the constant model is right in the first and wrong in all others."""
    ways = [
        ("right" if not at else "wrong") if way == "constant" else way for at in range(sample.meta["number_of_parts"])
    ]
    return "".join(f"## Part {at}\n<<{one} {sample.id}>>\n" for at, one in enumerate(ways, 1))


def marked(sample: Sample, way: str) -> str:
    """Answer in bold letters after a doubt in bold letters."""
    said = {"right": sample.reference, "wrong": "none of it", "constant": "yes, yes, yes"}
    return "I cannot tell.\nReally." if way == "unread" else f"**Unknown**? No:\n**{said[way]}**."


def hashed(sample: Sample, way: str) -> str:
    """Answer with a number in a last line, or with several of which none is said to be the answer."""
    said = {"right": sample.reference, "wrong": f"{sample.reference}1", "constant": "1003"}
    return "I cannot tell." if way == "unread" else f"4 and 5.\n#### {said[way]}"


RATE = {"right": 100, "wrong": 0, "coin": 50}
MUTATIONS = [
    Mutation("mmlu_pro", "accuracy", {**RATE, "constant": 25, "unread": None}, letter("The answer is ({})")),
    Mutation("mmlu_pro-published", "accuracy", {**RATE, "constant": 25, "unread": 0}, letter("The answer is ({})")),
    Mutation("gpqa", "accuracy", {**RATE, "constant": 62.5, "unread": None}, letter("Hm.\nAnswer: {}", "C")),
    Mutation("gpqa-published", "accuracy", {**RATE, "constant": 62.5, "unread": 0}, letter("Hm.\nAnswer: {}", "C")),
    Mutation("math", "accuracy", {**RATE, "constant": 12.5, "unread": None}, boxed()),
    *(
        Mutation(row, name, wanted, quality, verdicts("Because.\nVERDICT: {}", right="A", wrong="B", constant="C"))
        for row, name, wanted in (
            ("simpleqa-judge", "correct", {**RATE, "constant": 0, "unread": None}),
            ("simpleqa_verified-judge", "f1", {**RATE, "constant": 0, "unread": None}),
        )
    ),
    Mutation(
        "hle-judge",
        "accuracy",
        {**RATE, "constant": 0, "unread": None},
        quality,
        verdicts('{{"correct": "{}", "confidence": 80}}', right="yes", wrong="no", constant="no"),
    ),
    *(
        # nothing but what is bad is -2 of 8 points, which is clipped; everything is 6 of 8
        Mutation(
            f"{row}-judge",
            "score",
            {"right": 1, "wrong": 0, "coin": 0.375, "constant": 0.75, "unread": None},
            quality,
            criterion,
        )
        for row in ("healthbench", "healthbench_hard", "healthbench_consensus")
    ),
    Mutation(
        "aa_lcr-judge",
        "accuracy",
        {**RATE, "constant": 0, "unread": None},
        quality,
        verdicts("VERDICT: {}", right="CORRECT", wrong="INCORRECT", constant="INCORRECT"),
    ),
    *(
        Mutation(row, "prompt_accuracy", {**RATE, "constant": 0, "unread": 0}, follows)
        for row in ("ifeval", "ifbench", "ifeval-loose", "ifbench-loose")
    ),
    Mutation("drop", "mean_score", {"right": 1, "wrong": 0, "coin": 0.5, "constant": 0.125, "unread": None}, last_line),
    # two spans that are taken for one: 0.8 of the first of them and nothing of the second, in 2 of 8 rows
    Mutation("drop-published", "mean_score", {"right": 0.85, "constant": 0.125, "unread": None}, last_line),
    Mutation(
        "drop-judge",
        "accuracy",
        {**RATE, "constant": 12.5, "unread": 0},
        last_line,
        lambda _prompt, _about: "VERDICT: B",
    ),
    # "0" is half of "0 yards"
    Mutation("drop_simple_evals", "mean_score", {"right": 1, "constant": 0.67 / 8, "unread": None}, last_line),
    Mutation(
        "drop_simple_evals-published",
        "mean_score",
        {"right": 1, "wrong": 0, "coin": 0.5, "constant": 0.125, "unread": 0},
        last_line,
    ),
    Mutation("triviaqa", "accuracy", {**RATE, "constant": 12.5, "unread": None}, bare),
    Mutation("triviaqa-lm_eval", "accuracy", {"right": 0, "wrong": 0, "constant": 12.5, "unread": 0}, bare),
    Mutation("triviaqa-aisbench", "accuracy", {**RATE, "constant": 12.5, "unread": 0}, bare),
    Mutation(
        "triviaqa-judge",
        "accuracy",
        {**RATE, "constant": 12.5, "unread": 0},
        bare,
        lambda _prompt, _about: "VERDICT: B",
    ),
    Mutation("aime2026", "accuracy", {**RATE, "constant": 12.5, "unread": None}, boxed("1")),
    Mutation("aime2025", "accuracy", {**RATE, "constant": 12.5, "unread": None}, boxed("1")),
    Mutation("gsm8k", "accuracy", {**RATE, "constant": 12.5, "unread": None}, hashed),
    *(
        Mutation(
            f"{row}-judge",
            "accuracy",
            {**RATE, "constant": 0, "unread": None},
            quality,
            verdicts("They agree, or not.\nVERDICT: {}", right="A", wrong="B", constant="B"),
        )
        for row in ("gsm8k", "aime2025")
    ),
    *(
        Mutation(row, "accuracy", {**RATE, "constant": 25, "unread": None}, letter("So.\nAnswer: {}"))
        for row in datasets("mmlu_gen")
    ),
    Mutation("aime2024", "accuracy", {**RATE, "constant": 12.5, "unread": None}, boxed("1")),
    Mutation("math500", "accuracy", {**RATE, "constant": 12.5, "unread": None}, boxed("1")),
    Mutation("rimo_n", "accuracy", {**RATE, "constant": 12.5, "unread": None}, boxed("1")),
    Mutation("mixeval_hard_choice", "accuracy", {**RATE, "constant": 25, "unread": None}, letter("The answer is ({})")),
    Mutation(
        "mixeval_hard_free-judge",
        "mean_score",
        {"right": 1, "wrong": 0, "coin": 0.5, "constant": 0.3, "unread": None},
        quality,
        verdicts('{{"reason": "so", "score": {}}}', right="1", wrong="0", constant="0.3"),
    ),
    Mutation(
        "wildbench_models-judge",
        "mean_score",
        {"right": 9, "wrong": 2, "coin": 5.5, "constant": 5, "unread": None},
        quality,
        verdicts('{{"strengths": "x", "weaknesses": "y", "score": {}}}', right="9", wrong="2", constant="5"),
    ),
    Mutation(
        "browsecomp-judge",
        "accuracy",
        {**RATE, "constant": 0, "unread": None},
        quality,
        verdicts('{{"correct": "{}", "confidence": 80}}', right="yes", wrong="no", constant="no"),
    ),
    Mutation(
        "koffvqa-judge",
        "mean_score",
        {"right": 10, "wrong": 0, "coin": 5, "constant": 4, "unread": None},
        quality,
        verdicts('{{"reason": "so", "points": {}}}', right="10", wrong="0", constant="4"),
    ),
    Mutation(
        "gedit-judge",
        "overall",
        {"right": 10, "wrong": 0, "coin": 5, "constant": 4, "unread": None},
        edited,
        rated,
    ),
    # the constant model proves nothing but first parts, and half of the problems have two
    Mutation(
        "rimo_p-judge",
        "mean_score",
        {"right": 1, "wrong": 0, "coin": 0.5, "constant": 0.75, "unread": None},
        proofs,
        verdicts('{{"reason": "so", "verdict": "{}"}}', right="correct", wrong="incorrect"),
    ),
    # the constant answer is right in half of one category and nowhere in the other
    Mutation(
        "livebench",
        "mean_of_levels",
        {"right": 1, "wrong": 0, "coin": 0.5, "constant": 0.25, "unread": None},
        marked,
    ),
    Mutation(
        "uq-judge",
        "pass_rate",
        {**RATE, "constant": 0, "unread": None},
        quality,
        verdicts("So.\nVERDICT: {}", right="YES", wrong="NO", constant="NO"),
    ),
    Mutation("word_problems", "accuracy", {**RATE, "constant": 0, "unread": None}, final_number),
]


@cache
def declared() -> dict[str, tuple[str, DatasetConfig]]:
    """The dataset of each row of the catalogue, with the name of its config; IFEval's with checks of ours."""
    found: dict[str, tuple[str, DatasetConfig]] = {}
    for config in CONFIGS:
        ours = [f"datasets.{config}.evaluator", "judges.loose.method"] if config in ("ifeval", "ifbench") else []
        overrides = [f"{key}.checks=tests.catalogue.checks.TABLE" for key in ours]
        chosen = Selection(models=["vllm_api_general_chat"], datasets=[config], overrides=overrides)
        for data in load_run(chosen, {}).datasets.values():
            found |= {row: (config, data) for row, _ in data.rows() if row not in found}
    return found


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Sample]]:
    """The items of a dataset, read from files of its published layout."""

    @cache
    def written(config: str) -> Path:
        folder = tmp_path_factory.mktemp(config)
        write(folder, MODEL_LAYOUTS[config]().files)
        return folder

    def read(row: str) -> list[Sample]:
        config, data = declared()[row]
        return items(data, written(config))

    return cache(read)


def test_every_config_has_rows_a_page_and_a_table_of_mutations() -> None:
    assert sorted(MODEL_LAYOUTS) == CONFIGS
    assert sorted(one.row for one in MUTATIONS) == sorted(declared())


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[one.row for one in MUTATIONS])
def test_extreme_models_get_what_the_rule_says(mutation: Mutation, read: Callable[[str], list[Sample]]) -> None:
    samples, data = read(mutation.row), declared()[mutation.row][1]
    judge = dict(data.rows())[mutation.row]
    found = {}
    for extreme in mutation.wanted:
        answers = [mutation.answer(sample, way_of(extreme, sample.id)) for sample in samples]
        name, metric = next(iter(result(data, judge, samples, answers, mutation.reply).items()))
        assert name == mutation.headline
        found[extreme] = metric.value
    assert found == {
        extreme: None if value is None else pytest.approx(value, abs=1e-6) for extreme, value in mutation.wanted.items()
    }


@pytest.mark.parametrize("config", [name for name in CONFIGS if name != "word_problems"])  # which reads no file
def test_a_bad_row_is_refused_with_its_file_and_its_number(config: str, tmp_path: Path) -> None:
    """A row without what is asked, or without what the rule compares with."""
    layout = MODEL_LAYOUTS[config]()
    compared: Any = ... if layout.main.endswith((".csv", ".tsv")) else {"what": "no text"}
    bad = layout.bad or [(layout.answer, ...), *([(layout.gold, compared)] if layout.gold else [])]
    for number, (column, value) in enumerate(bad):
        folder = tmp_path / f"{number}"
        write(folder, spoiled(layout, column, value).files)
        *_, data = datasets(config).values()
        with pytest.raises(JudgebenchError, match=rf"{Path(layout.main).name}:\d+"):
            items(data, folder)


@pytest.mark.parametrize("config", ["mmlu_pro", "gpqa", "ifeval", "drop", "healthbench", "wildbench_models"])
def test_where_the_file_is_missing_all_columns_that_are_read_are_named(config: str, tmp_path: Path) -> None:
    layout, (data,) = MODEL_LAYOUTS[config](), datasets(config).values()
    hint = missing(loader_of(data).config, tmp_path).hint
    assert hint is not None
    for column in filter(None, (layout.answer, layout.gold)):
        assert f'"{column}":' in hint


def test_the_names_that_other_tools_use_mean_the_same_file() -> None:
    assert Registry().find("datasets", "gpqa_gen").name == "gpqa"
    assert Registry().find("datasets", "MMLU_Pro_gen").name == "mmlu_pro"
    assert datasets("gpqa_gen").keys() == {"gpqa"}

"""What real published files hold and should not: each is one error that names file and row, or a named tolerance."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from judgebench.datasets import CsvDataset
from judgebench.datasets.samples import count_of
from judgebench.engine.client import Traffic, open_client
from judgebench.errors import DataError, MissingDataError
from judgebench.judges.core.contract import Case, method_of
from judgebench.judges.parsers.reading import parser_of
from judgebench.metrics.scores.preference_score import PreferenceScore, PreferenceScoreConfig
from judgebench.models.access import model_config
from judgebench.records.flow import Reply, Request, Sample, Verdict
from judgebench.records.run import Options, Typed
from tests.datasets.sources import written
from tests.datasets.test_answer_pairs import arena
from tests.replay.simulated import brackets, dataset, letters, samples, scored, tokens, values


def said(text: str) -> Reply:
    return Reply(status="ok", text=text)


def replayed(path: Path, abouts: list[str], **keys: str) -> list[Reply]:
    """Ask a recording for what it holds about ``item/presentation/repeat``."""
    declared = model_config({"type": "ReplayModel", "abbr": "r", "path": str(path), **keys})

    async def main() -> list[Reply]:
        async with open_client(declared, Traffic()) as client:
            return [await client.ask(Request(prompt="p", about=about)) for about in abouts]

    return asyncio.run(main())


PANDA = {
    "idx": 0, "instruction": "Is it?", "input": "", "cmp_key": "a_b", "response1": True, "response2": False,
    "annotator1": 1, "annotator2": 1, "annotator3": 0,
}  # fmt: skip


def test_truth_values_in_text_columns_are_text_where_the_benchmark_names_the_tolerance(tmp_path: Path) -> None:
    data = dataset("pandalm", tmp_path, {"pandalm/pairs.jsonl": [PANDA]})
    assert samples(data, tmp_path)[0].answers == ["true", "false"]
    strict = dataset("pandalm", tmp_path, {"pandalm/pairs.jsonl": [PANDA]}, as_text=False)
    with pytest.raises(DataError, match=r"pairs\.jsonl:1: the column 'response1' holds bool; a text was expected"):
        samples(strict, tmp_path)


def test_one_comparison_where_two_are_needed_leaves_the_question_out_and_is_never_used_twice(tmp_path: Path) -> None:
    data = dataset("arena_hard", tmp_path, arena(["gpt-4-0314", "tested"], 3))
    items = samples(data, tmp_path)
    one_comparison = values(scored(data, items, lambda s, v: None if (s.id, v) == (1, "BA") else brackets("first")))
    assert (one_comparison["not_compared"], one_comparison["ties"], one_comparison["inconsistent"]) == (1.0, 2.0, 2.0)


def graded(folder: Path, **keys: Any) -> Any:
    rows = [
        {"question_id": 1, "turn": turn, "model": "m", "judgment": text}
        for turn, text in ((1, "Rating: [[4]]"), (1, "Rating: [[6]]"), (2, "$ERROR$"))
    ]
    files = {
        "mt_bench/question.jsonl": [{"question_id": 1, "category": "math", "turns": ["a", "b"]}],
        "mt_bench/reference_answer/gpt-4.jsonl": [{"question_id": 1, "choices": [{"turns": ["1", "2"]}]}],
        "grades.jsonl": rows,
    }
    about = {"splits": "[]", "path": "'grades.jsonl'", "key": "'{question_id}-{turn}'", "left_out": "'(left out)'"}
    return dataset("mt_bench_single", folder, files, **about, **keys)


def test_rows_recorded_twice_are_an_error_or_items_of_their_own_and_failed_grades_are_counted(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"grades\.jsonl:2: the item's name '1-1' is also in a previous row \(row 1\)"):
        samples(graded(tmp_path), tmp_path)
    data = graded(tmp_path, repeated="number")
    items = samples(data, tmp_path)
    assert [item.key for item in items] == ["1-1", "1-1#2", "1-2"]
    text = {"1-1": "Rating: [[4]]", "1-1#2": "Rating: [[6]]", "1-2": "$ERROR$"}
    found = values(scored(data, items, lambda s, v: said(text[s.key or ""])))
    assert (found["mean_score"], found["mean_score/turn2"], found["unread"]) == (5.0, None, 1.0)


def test_a_preference_of_null_is_left_out_and_one_of_zero_is_a_tie() -> None:
    score = PreferenceScore(PreferenceScoreConfig())
    sample = Sample(id=0, uid="u", fields={}, answers=["a", "b"], meta={"tested_first": True})
    for stated in (2.0, 0.0, 1.0):
        score.add(sample, 0, Verdict(status="ok", score=stated))
    score.add(sample, 0, Verdict(status="unparsed"))
    found = values(score.result())
    assert (found["win_rate"], found["n_draws"], found["n_missing"], found["n_total"]) == (50.0, 1.0, 1.0, 3.0)


STEPS = {"id": "a", "problem": "?", "steps": ["one", "two"], "label": 1}
GRADED = {"idx": 0, "response_source": "m", "instruction": "grade", "gpt4_score": [4, 5]}


@pytest.mark.parametrize(
    ("name", "row", "gold"),
    [
        ("process_bench", STEPS, value)
        for value in ("1", True, 1.0, 2, -2, [True, False])
    ] + [("prometheus_eval", GRADED, value) for value in ([], "four", [4, None], True, {"a": 1})],
)  # fmt: skip
def test_gold_that_no_score_can_take_is_refused_before_anybody_is_asked(
    name: str, row: dict[str, Any], gold: Any, tmp_path: Path
) -> None:
    column = "label" if name == "process_bench" else "gpt4_score"
    key = "id" if name == "process_bench" else "idx"
    file = tmp_path / "made.jsonl"
    keys = {"path": repr(str(file)), **({"splits": "[]", "key": "'{id}'"} if name == "process_bench" else {})}
    assert len(samples(dataset(name, tmp_path, {"made.jsonl": [row, {**row, key: "b"}]}, **keys), tmp_path)) == 2
    data = dataset(name, tmp_path, {"made.jsonl": [row, {**row, key: "b", column: gold}]}, **keys)
    with pytest.raises(DataError, match=rf"made\.jsonl:2: the column '{column}' must hold"):
        samples(data, tmp_path)


def test_a_part_that_is_missing_is_named_with_every_place_where_it_may_stand(tmp_path: Path) -> None:
    parts = {name: [{"input": "Do.", "output_1": "a", "output_2": "b", "label": 1}] for name in ("Natural", "Neighbor")}
    rows = {f"llmbar/data/{name}.jsonl": lines for name, lines in parts.items()}
    data = dataset("llmbar", tmp_path, rows)
    with pytest.raises(MissingDataError, match=r"llmbar/data/GPTInst\.jsonl") as caught:
        samples(data, tmp_path)
    assert "LLMBar/Dataset/LLMBar/Adversarial/GPTInst/dataset.json" in str(caught.value.hint)


def test_a_row_that_does_not_say_whether_it_is_wanted_is_refused(tmp_path: Path) -> None:
    rows = [PANDA, {**PANDA, "idx": 1, "cmp_key": None}]
    data = dataset("pandalm", tmp_path, {"pandalm/pairs.jsonl": rows}, where={"cmp_key": "a_b"})
    with pytest.raises(DataError, match=r"pairs\.jsonl:2: the column 'cmp_key', by which rows are chosen, is missing"):
        samples(data, tmp_path)


BEST = {"id": "a", "prompt": "?", "chosen": ["x"], "rejected": ["y", "z", "w"], "subset": "Math"}
UNKNOWN = [
    ("rewardbench2", "rewardbench2/test.jsonl", BEST, "subset", r"'Factuality', 'Precise IF', .*'Ties'"),
    ("rewardbench2_ties", "rewardbench2/test.jsonl", {**BEST, "id": "ref:0", "subset": "Ties"},
     "subset", r"'Factuality', .*'Ties'"),
    ("rewardbench", "rewardbench/filtered.jsonl", {**BEST, "chosen": "x", "rejected": "y", "subset": "hep-go"},
     "subset", "'alpacaeval-easy', .*'hep-rust'"),
    ("arena_hard_v2", "arena-hard-v2.0/question.jsonl", {"uid": "a", "category": "hard_prompt", "prompt": "?"},
     "category", "'hard_prompt', 'creative_writing'"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "file", "row", "column", "known"), UNKNOWN, ids=[name for name, *_ in UNKNOWN])
@pytest.mark.parametrize("value", ["math-prm ", "new", None, ["Math"]])
def test_a_row_of_no_known_kind_is_refused_and_never_left_out(
    name: str, file: str, row: dict[str, Any], column: str, known: str, value: Any, tmp_path: Path
) -> None:
    files: dict[str, list[dict[str, Any] | str]] = {file: [row, {**row, "id": "b", "uid": "b", column: value}]}
    if name == "arena_hard_v2":
        for model in ("o3-mini-2025-01-31", "gemini-2.0-flash-001", "tested"):
            said = [{"uid": uid, "messages": [{"role": "assistant", "content": model}]} for uid in "ab"]
            files[f"arena-hard-v2.0/model_answer/{model}.jsonl"] = [*said]
    data = dataset(name, tmp_path, files)
    found = f"holds {value!r}" if value is not None else "is missing or empty"
    with pytest.raises(
        DataError, match=rf"\.jsonl:2: the column '{column}' {re.escape(found)}; one of {known} was expected"
    ):
        samples(data, tmp_path)
    with pytest.raises(DataError, match=r"\.jsonl:2: "):
        count_of(data, Options(data_dir=str(tmp_path)))


GRADED_BY_PEOPLE = {"idx": 0, "model": "m", "question": "?", "references": ["x"], "answer": "x", "human": 1}


@pytest.mark.parametrize("idx", ["1", 1.5, True, "one"])
def test_a_number_by_which_rows_are_labelled_is_one_before_anybody_is_asked(idx: Any, tmp_path: Path) -> None:
    rows = [GRADED_BY_PEOPLE, {**GRADED_BY_PEOPLE, "idx": idx}]
    data = dataset("judging_the_judges", tmp_path, {"v1.jsonl": rows}, path="'v1.jsonl'")
    with pytest.raises(DataError, match=r"v1\.jsonl:2: the column 'idx' must hold a whole number, not"):
        samples(data, tmp_path)


def test_a_row_without_an_answer_is_told_before_anybody_is_asked(tmp_path: Path) -> None:
    for lacking, how in (({"answer": None}, r"is empty \(null\)"), ({}, "is missing")):
        row = {**{key: value for key, value in GRADED_BY_PEOPLE.items() if key != "answer"}, "idx": 1, **lacking}
        rows = [GRADED_BY_PEOPLE, row]
        data = dataset("judging_the_judges", tmp_path, {"v1.jsonl": rows}, path="'v1.jsonl'")
        message = rf"v1\.jsonl:2: the row brings no answer to be judged: the column 'answer' {how}"
        with pytest.raises(DataError, match=message) as caught:
            count_of(data, Options(data_dir=str(tmp_path)))
        assert "datasets.NAME.path=FILE" in caught.value.hint


def test_empty_judge_columns_are_unread_and_missing_rows_are_not_recorded(tmp_path: Path) -> None:
    rows = [{"idx": i, "judge": verdict} for i, verdict in enumerate([1, None, 0])]
    path = written(tmp_path, "".join(json.dumps(row) + "\n" for row in rows))
    keys = {"item": "{idx}", "text": "judge", "null_text": "empty"}
    replies = replayed(path, ["0//0", "1//0", "2//0", "3//0"], **keys)
    assert [reply.status for reply in replies] == ["ok", "ok", "ok", "failed"]
    assert replies[1].text == ""
    assert replies[3].error is not None
    assert replies[3].error.kind == "no_recording"
    parser = parser_of(
        {"type": "first_match", "patterns": ["^([01])$"], "decisions": {"1": "correct", "0": "incorrect"}}
    )
    assert [parser.read(reply).decision for reply in replies[:3]] == ["correct", None, "incorrect"]


def test_two_annotators_with_the_same_content_are_two_judges_with_the_same_figures(tmp_path: Path) -> None:
    row = json.dumps({"idx": 0, "raw": "VERDICT: A"}) + "\n"
    paths = [written(tmp_path, row, name) for name in ("one.jsonl", "copy.jsonl")]
    first, second = (replayed(path, ["0//0"], item="{idx}", text="raw")[0] for path in paths)
    assert (first.text, second.text) == ("VERDICT: A", "VERDICT: A")


def test_objects_one_after_the_other_are_rows(tmp_path: Path) -> None:
    rows = [{"idx": i, "response_source": "m", "instruction": f"grade {i}", "gpt4_score": [i]} for i in (1, 2, 3)]
    file = tmp_path / "prometheus-eval/eval/benchmark/data/mt_bench_eval.json"
    file.parent.mkdir(parents=True)
    file.write_text("".join(json.dumps(row, indent=4) for row in rows))
    items = samples(dataset("prometheus_eval", tmp_path, {}), tmp_path)
    assert [(item.key, item.gold) for item in items] == [("m-1", [1]), ("m-2", [2]), ("m-3", [3])]


def test_replies_without_log_probabilities_among_others_with_them_are_missing(tmp_path: Path) -> None:
    rows = [{"instruction": f"Do {i}", "output": "tested"} for i in range(4)]
    data = dataset("alpaca_eval2", tmp_path, {})
    (tmp_path / "alpaca_eval2").mkdir()
    for name, listed in (("model", rows), ("baseline", [{**row, "output": "base"} for row in rows])):
        (tmp_path / f"alpaca_eval2/{name}_outputs.json").write_text(json.dumps(listed))
    found = values(scored(data, samples(data, tmp_path), lambda s, v: said("m") if s.id == 2 else tokens("first")))
    assert (found["n_with_logprobs"], found["n_missing"], found["n_total"]) == (3.0, 1.0, 3.0)


RANK_OF_TESTED = {"type": "first_match", "patterns": [r'"model": "m", "rank": ([12])'], "low": 1, "high": 2}


def test_a_ranking_that_gives_both_the_first_rank_states_the_rank_of_the_tested_model() -> None:
    both = '[{"model": "m", "rank": 1}, {"model": "M", "rank": 1}]'
    found = parser_of(RANK_OF_TESTED).read(said(both))
    assert (found.status, found.score) == ("ok", 1.0)


def test_json_in_a_code_fence_is_read() -> None:
    parser = parser_of({"type": "json_field", "decisions": {"correct": "correct", "incorrect": "incorrect"}})
    assert parser.read(said('Here it is:\n```json\n{\n  "verdict": "incorrect"\n}\n```\n')).decision == "incorrect"


def test_a_decision_in_the_reasoning_does_not_count_against_the_final_one() -> None:
    last = parser_of({"type": "last_match", "patterns": [r"\[\[([AB<>=]+)\]\]"]})
    text = "<think>[[A>B]] seems right.</think>\nOn reflection:\n[[B>A]]"
    labelled = parser_of({"type": "last_match", "patterns": [r"\[\[([AB<>=]+)\]\]"],
                           "decisions": {"A>B": "A>B", "B>A": "B>A"}})  # fmt: skip
    assert labelled.read(said(text)).decision == "B>A"
    assert last.read(said(text)).status == "unparsed"  # without labels a number is expected
    anchored = parser_of({"type": "anchored", "decisions": {"A": "A", "B": "B"}})
    assert anchored.read(said("<think>VERDICT: A</think>\nNo.\n\nVERDICT: B")).decision == "B"


def test_line_breaks_inside_csv_fields_are_part_of_the_field(tmp_path: Path) -> None:
    path = written(tmp_path, 'question,answer\n"a\nb, c","say ""x"""\nd,e\n', "dirty.csv")
    config = CsvDataset.Config(path=str(path), input_columns=["question"], output_column="answer")
    found = list(CsvDataset(config).samples(None))
    assert [(one.fields["question"], one.reference) for one in found] == [("a\nb, c", 'say "x"'), ("d", "e")]


def test_two_different_bracket_decisions_are_no_verdict() -> None:
    options = {
        "type": "unique_decision",
        "patterns": [r"\[\[([AB<>=]+)\]\]"],
        "decisions": {"A>B": "A>B", "A>>B": "A>B"},
    }
    assert parser_of(options).read(said("[[A>B]], or even [[A>>B]]")).status == "unparsed"


def test_a_gold_list_longer_than_the_judgments_leaves_the_rest_not_judged(tmp_path: Path) -> None:
    rows = [{**PANDA, "idx": i, "response1": "a", "response2": "b"} for i in range(4)]
    data = dataset("pandalm", tmp_path, {"pandalm/pairs.jsonl": rows})
    found = scored(data, samples(data, tmp_path), lambda s, v: letters("first") if s.id < 3 else None)["accuracy"]
    assert (found.value, found.n, found.bounds) == (100.0, 3, (75.0, 100.0))


@pytest.mark.parametrize(("answer", "reference"), [("336", r"336^\circ"), ("70.0", "70"), ("25", "025"), ("025", "25")])
def test_answers_with_a_degree_a_point_or_a_leading_zero_are_the_same_number(answer: str, reference: str) -> None:
    rule = method_of(Typed(type="MathEqual", options={"answer": "boxed"}))
    item = Case(id=0, uid="0" * 16, repeat=0, fields={}, reference=reference, answer=f"So \\boxed{{{answer}}}")

    async def nobody(*_: Any, **__: Any) -> Reply:
        raise AssertionError("a rule asked a model")

    async def main() -> Verdict:
        try:
            return await rule.judge(item, nobody)
        finally:
            if (close := getattr(rule, "aclose", None)) is not None:
                await close()

    assert asyncio.run(main()).decision == "correct"

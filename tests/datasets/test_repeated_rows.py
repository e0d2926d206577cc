"""A row that repeats an earlier one is an error that names both, or an item of its own that the result counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judgebench.config.resolve import load_run
from judgebench.datasets.columns import COPY
from judgebench.datasets.samples import count_of
from judgebench.errors import DataError
from judgebench.records.flow import Sample, Verdict
from judgebench.records.request import Selection
from judgebench.records.run import DatasetConfig, Options
from judgebench.stages.accumulators import Checked, DiagnosticsAccumulator
from tests.recordings import recording
from tests.replay.simulated import samples

CODE = {"question_content": "Double it.", "difficulty": "easy"}
CONTEXT = {"question": "?", "context": "So.", "positive_response": "a", "negative_response": "b"}
CHECKED = {"question": "?", "domain": "Math", "gold_answer": "1", "llm_response": "1", "gold_judgment": "A"}
SPLITS = [
    f"{kind}_{task}" for kind in ("faithfulness", "completeness", "conciseness") for task in ("qa", "summ")
] + ["refusal_answerable", "refusal_unanswerable"]  # fmt: skip

Files = dict[str, list[dict[str, Any]]]

NAMELESS: list[tuple[str, str, dict[str, Any], Files]] = [
    ("llmbar", "llmbar/data/Natural.jsonl", {"input": "?", "output_1": "a", "output_2": "b", "label": 1},
     {f"llmbar/data/{split}.jsonl": [{"input": "?", "output_1": "a", "output_2": "b", "label": 1}]
      for split in ("Neighbor", "GPTInst", "GPTOut", "Manual")}),
    ("auto_j", "auto_j/testdata_pairwise.jsonl", {"prompt": "?", "response 1": "a", "response 2": "b", "label": 0}, {}),
    ("contextual_judge_bench", f"contextual_judge_bench/{SPLITS[0]}.jsonl", CONTEXT,
     {f"contextual_judge_bench/{split}.jsonl": [CONTEXT] for split in SPLITS[1:]}),
    ("code_judge_bench", "codejudgebench/codegen/m.jsonl", {**CODE, "pos_response": "a", "neg_response": "b"}, {}),
    ("verifierbench", "VerifierBench/test.jsonl", CHECKED, {}),
    ("judgeboard", "judgeboard/answers.jsonl", {"question": "?", "answer": "1", "right": True}, {}),
    ("prometheus_eval", "prometheus-eval/eval/benchmark/data/hhh_alignment_eval.json",
     {"source": "s", "chosen_instruction": "a", "rejected_instruction": "b"}, {}),
]  # fmt: skip


def other(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row that says something else in one of its texts."""
    column = next(name for name in row if name in ("input", "prompt", "question", "question_content", "source"))
    column = "chosen_instruction" if column == "source" else column
    return {**row, column: "Something else?"}


def put(folder: Path, file: str, rows: list[dict[str, Any]], more: Files) -> None:
    for name, lines in {file: rows, **more}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def shipped(name: str, **keys: Any) -> DatasetConfig:
    """Return the first dataset of a config; of the Prometheus sets the one whose rows have no names."""
    overrides = [f"datasets.*.{key}={value}" for key, value in keys.items()]
    found = load_run(Selection(models=["vllm_api_general_chat"], datasets=[name], overrides=overrides), {}).datasets
    return found.get("prometheus_hhh") or next(iter(found.values()))


@pytest.mark.parametrize(("name", "file", "row", "more"), NAMELESS, ids=[name for name, *_ in NAMELESS])
def test_rows_without_names_that_say_the_same_are_refused_or_kept_by_choice(
    name: str, file: str, row: dict[str, Any], more: Files, tmp_path: Path
) -> None:
    twice = rf"{Path(file).name}:3: what the row holds is also in a previous row \(row 1\)"
    put(tmp_path, file, [row, other(row), row], more)
    data = shipped(name)
    for read in (samples, lambda one, folder: count_of(one, Options(data_dir=str(folder)))):
        with pytest.raises(DataError, match=twice) as caught:
            read(data, tmp_path)
    assert "--override datasets.NAME.repeated='number'" in caught.value.hint
    kept = samples(shipped(name, repeated="number"), tmp_path)
    assert [len(kept), sum(COPY in one.meta for one in kept)] == [3 + len(more), 1]
    put(tmp_path, file, [row, other(row)], more)
    alone = samples(data, tmp_path)  # the same row in another part is an item of that part
    assert [len(alone), sum(COPY in one.meta for one in alone)] == [2 + len(more), 0]


def test_a_row_with_another_gold_decision_repeats_the_item_all_the_same(tmp_path: Path) -> None:
    _, file, row, more = NAMELESS[1]
    put(tmp_path, file, [row, {**row, "label": 1}], more)
    with pytest.raises(DataError, match=r"pairwise\.jsonl:2: what the row holds is also in .*\(row 1\)"):
        samples(shipped("auto_j"), tmp_path)


def test_rows_with_names_of_their_own_may_say_the_same(tmp_path: Path) -> None:
    row = {"idx": 0, "instruction": "?", "input": "", "cmp_key": "a_b", "response1": "a", "response2": "b",
           "annotator1": 1, "annotator2": 1, "annotator3": 1}  # fmt: skip
    put(tmp_path, "pandalm/pairs.jsonl", [row, {**row, "idx": 1}], {})
    assert [one.key for one in samples(shipped("pandalm"), tmp_path)] == ["0", "1"]


def test_kept_rows_are_counted_in_the_notes_once_however_often_they_are_answered() -> None:
    evidence, later = DiagnosticsAccumulator(keep_details=False), DiagnosticsAccumulator(keep_details=False)
    for part, copy in ((evidence, False), (evidence, True), (later, True)):
        sample = Sample(id=0, uid="u", fields={}, meta={COPY: True} if copy else {})
        for repeat in (0, 1):
            part.add(Checked(sample, repeat, None, Verdict(status="ok", decision="A"), None))
    evidence.merge(later)
    assert evidence.notes() == ["rows that repeat a previous row, kept as separate items: 2"]
    assert DiagnosticsAccumulator(keep_details=False).notes() == []


@pytest.mark.parametrize(
    ("name", "folder", "n"),
    [("llmbar", "llmbar", 419), ("judgeboard_gsm8k", "gsm8k", 5276), ("prometheus_eval", "prometheus_eval", 221)],
)
def test_the_published_sets_without_names_repeat_no_row(name: str, folder: str, n: int) -> None:
    assert len(samples(shipped(name), recording(folder).parent)) == n

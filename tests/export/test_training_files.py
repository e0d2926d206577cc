"""``jb export --to sft|dpo|judgelm|probe|scored``: what a trainer reads of recorded judgments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.cli.main import run
from judgebench.records.facts import Label, RecordedVerdict, answer_hash
from judgebench.records.findings import PresentationVerdict
from judgebench.store.labels import append_labels
from judgebench.training.examples import examples_of_file
from tests.query.made import MadeRun, call, prediction, verdict

N = 12


def scored_call(id: int, nth: int, score: int, **more: Any) -> tuple[Any, PresentationVerdict]:
    made = call(id, f"Reason {nth}. SCORE: {score}", nth=nth, **more)
    made = msgspec.structs.replace(made, uuid=f"{id:028x}{nth:04x}")
    return made, PresentationVerdict(repeat=nth, call=made.uuid, status="ok", score=float(score))


@pytest.fixture(scope="module")
def repeats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A judge that scored every answer three times, as 2, 4 and 4; item 5 was cut off, item 6 is unread."""
    made = MadeRun(tmp_path_factory.mktemp("runs") / "20260101_120000")
    calls, verdicts = [], []
    for id in range(N):
        pairs = [scored_call(id, nth, score) for nth, score in enumerate([2, 4, 4])]
        if id == 5:
            pairs[0] = (msgspec.structs.replace(pairs[0][0], finish_reason="length"), pairs[0][1])
        calls += [one for one, _ in pairs]
        status = "unparsed" if id == 6 else "ok"
        said = [msgspec.structs.replace(one, status=status) for _, one in pairs]
        score = None if id == 6 else 10 / 3
        verdicts.append(RecordedVerdict(id=id, status=status, score=score, presentations=said, answer_hash=f"{id}"))
    answers = [prediction(id, f"It is {2 * id}.") for id in range(N)]
    made.add("north", "toy", "rubric", predictions=answers, calls=calls, verdicts=verdicts)
    return made.path


@pytest.fixture(scope="module")
def aspects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A judge that gives two aspects of each answer, and one whose decision people have labelled."""
    made = MadeRun(tmp_path_factory.mktemp("runs") / "20260101_130000")
    answers = [prediction(id, f"It is {2 * id}.") for id in range(N)]
    verdicts = [
        RecordedVerdict(
            id=id,
            status="ok",
            score=(id % 5 + 3) / 2,
            presentations=[
                PresentationVerdict(presentation="logicality", status="ok", score=float(id % 5)),
                PresentationVerdict(presentation="fluency", status="ok", score=3.0),
            ],
        )
        for id in range(N)
    ]
    made.add("north", "toy", "aspects", predictions=answers, verdicts=verdicts)
    strict = [call(id, f"VERDICT: {'A' if id % 3 else 'B'}") for id in range(N)]
    decided = [
        verdict(id, "correct" if id % 3 else "incorrect", calls=[strict[id]], text=answers[id].prediction)
        for id in range(N)
    ]
    made.add("north", "toy", "strict", predictions=answers, calls=strict, verdicts=decided)
    labels = [
        Label(answer_hash=answer_hash(answers[id].prediction), id=id, model="north", annotator="a", decision="correct")
        for id in range(N)
    ]
    append_labels(made.path / "labels/toy.jsonl", labels)
    return made.path


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A judge of two scores that compares the answers of two models in both orders."""
    made = MadeRun(tmp_path_factory.mktemp("runs") / "20260101_140000")
    south = [prediction(id, f"south {id}") for id in range(N)]
    made.add("south", "toy", predictions=south, verdicts=[verdict(id, "correct") for id in range(N)])
    calls, verdicts = [], []
    for id in range(N):
        both = [call(id, "9 2\nThe first is right.", name="AB"), call(id, "3 8\nThe second is right.", name="BA")]
        both[1] = msgspec.structs.replace(both[1], uuid=f"{id:030x}ba")
        said = [
            PresentationVerdict(presentation="AB", order="AB", call=both[0].uuid, status="ok", decision="A",
                                score=7.0, values={"first": 9.0, "second": 2.0}),
            PresentationVerdict(presentation="BA", order="BA", call=both[1].uuid, status="ok", decision="B",
                                score=-5.0, values={"first": 3.0, "second": 8.0}),
        ]  # fmt: skip
        calls += both
        verdicts.append(RecordedVerdict(id=id, status="ok", decision="A", presentations=said))
    answers = [prediction(id, f"north {id}") for id in range(N)]
    made.add("north", "toy", "pair", predictions=answers, calls=calls, verdicts=verdicts, against="south")
    return made.path


def exported(folder: Path, kind: str, out: Path, *more: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the lines of an export as the package ``datasets`` reads them, and what stands beside the file."""
    import datasets

    assert run(["export", str(folder), "--to", kind, "--out", str(out), *more]) == 0
    read = datasets.load_dataset("json", data_files=str(out), split="train", cache_dir=str(out.parent / "cache"))
    rows = [dict(one) for one in read]
    assert [json.loads(line).keys() for line in out.read_text().splitlines()] == [one.keys() for one in rows]
    return rows, json.loads(Path(f"{out}.meta.json").read_text())


def test_sft_holds_what_was_read_and_counts_what_was_not(repeats: Path, tmp_path: Path) -> None:
    rows, meta = exported(repeats, "sft", tmp_path / "sft.jsonl")
    assert len(rows) == meta["lines"] == 3 * N - 3 - 1
    assert meta["left_out"] == {"the reply is unparsed": 3, "the reply was cut off": 1}
    assert meta["labels"] == {"2.0": 10, "4.0": 22}
    assert rows[0]["prompt"] == "Is the answer to question 0 right?"
    assert rows[0]["completion"] == "Reason 0. SCORE: 2"


def test_sft_keeps_what_agrees_with_a_person(aspects: Path, tmp_path: Path) -> None:
    rows, meta = exported(aspects, "sft", tmp_path / "sft.jsonl", "--judge", "strict", "--agreeing")
    assert [one["id"] for one in rows] == [id for id in range(N) if id % 3]
    assert meta["left_out"] == {"not the true decision": 4}


def test_dpo_takes_the_nearest_and_the_farthest_of_the_replies(repeats: Path, tmp_path: Path) -> None:
    rows, meta = exported(repeats, "dpo", tmp_path / "dpo.jsonl", "--margin", "2")
    assert len(rows) == N - 2
    assert (rows[0]["chosen"], rows[0]["rejected"]) == ("Reason 1. SCORE: 4", "Reason 0. SCORE: 2")
    assert (rows[0]["chosen_score"], rows[0]["rejected_score"], rows[0]["margin"]) == (0.0, -2.0, 2.0)
    assert meta["left_out"]["all replies say the same, or no target is known"] == 1
    assert run(["export", str(repeats), "--to", "dpo", "--margin", "3", "--out", str(tmp_path / "none.jsonl")]) == 2


def test_a_comparison_agrees_with_gold_in_whatever_words_it_is_said(tmp_path: Path) -> None:
    """Four replies to one prompt that shows the second answer first; gold prefers the first, which ``2`` says."""
    made = MadeRun(tmp_path / "20260101_150000")
    calls = [msgspec.structs.replace(call(0, f"It is {one}.", nth=nth, name="BA"), uuid=f"{nth:032x}")
             for nth, one in enumerate("1112")]  # fmt: skip
    said = [
        PresentationVerdict(presentation="BA", repeat=nth, order="BA", call=one.uuid, status="ok", decision=f"{reply}")
        for nth, (one, reply) in enumerate(zip(calls, "1112", strict=True))
    ]
    judged = RecordedVerdict(id=0, status="ok", decision="2", gold="A", presentations=said, answer_hash="0")
    made.add("north", "toy", calls=calls, verdicts=[judged])
    rows, _ = exported(made.path, "dpo", tmp_path / "dpo.jsonl")
    assert [(one["chosen"], one["rejected"]) for one in rows] == [("It is 2.", "It is 1.")]
    rows, meta = exported(made.path, "sft", tmp_path / "sft.jsonl", "--agreeing")
    assert [one["completion"] for one in rows] == ["It is 2."]
    assert meta["left_out"] == {"not the true decision": 3}


def test_judgelm_rows_hold_both_answers_in_the_order_in_which_they_were_shown(pairs: Path, tmp_path: Path) -> None:
    rows, meta = exported(pairs, "judgelm", tmp_path / "judgelm.jsonl", "--judge", "pair")
    assert len(rows) == 2 * N
    first, swapped = rows[:2]
    assert (first["answer1_body"], first["answer2_body"], first["score"]) == ("north 0", "south 0", [9.0, 2.0])
    assert (swapped["answer1_body"], swapped["answer2_body"], swapped["score"]) == ("south 0", "north 0", [3.0, 8.0])
    assert swapped["text"].startswith("3 8\n")
    assert meta["labels"] == {"first": N, "second": N}


def test_rows_for_probes_are_read_by_the_training(aspects: Path, tmp_path: Path) -> None:
    rows, _ = exported(aspects, "probe", tmp_path / "rows.jsonl", "--judge", "aspects")
    assert len(rows) == 2 * N
    found, teacher = examples_of_file(tmp_path / "rows.jsonl")
    assert [(one.aspect, one.label) for one in found[:2]] == [("logicality", 0), ("fluency", 3)]
    assert len({one.group for one in found}) == teacher.items == N


def test_scored_keeps_the_best(aspects: Path, tmp_path: Path) -> None:
    rows, meta = exported(aspects, "scored", tmp_path / "best.jsonl", "--judge", "aspects", "--top-percent", "0.34")
    assert [one["total_score"] for one in rows] == [7.0, 7.0, 6.0, 6.0]
    assert rows[0].keys() >= {"question", "prediction", "logicality", "fluency"}
    assert meta["left_out"] == {"below the best": 8}
    assert run(["export", str(aspects), "--to", "scored", "--top-percent", "20", "--out", str(tmp_path / "x")]) == 2

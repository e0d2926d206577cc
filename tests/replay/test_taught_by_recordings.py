"""What recorded judges teach: when to believe them, where they err, and which pairs a judge can learn from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judgebench.cli.main import run as jb
from judgebench.store.run_folder import RunFolder
from judgebench.trust.agreement import RowAgreement, gold_agreements
from replay.__main__ import run_pipeline
from replay.folder import DATA
from replay.studies import llmbar, position_bias
from replay.study import Plan, read_json, rows
from tests.recordings import recording

EVALUATOR, REPEATED = "ChatGPT-0301__CoT", "MTBench--gpt-4-0613"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An evaluator of LLMBar in both orders, and a judge of MT-Bench that was asked three times in both."""
    recording("llmbar")
    recording("position_bias")
    chosen = Plan()
    for study, name in ((llmbar, f"llmbar--{EVALUATOR}"), (position_bias, REPEATED)):
        every = study.plan(DATA / study.STUDY.name)
        (model,) = [one for one in every.models if one["abbr"] == name]
        (dataset,) = [dataset for one, dataset in every.pairs if one == name]
        chosen.add(model, every.datasets[dataset])
        chosen.files.update({file: lines for file, lines in every.files.items() if file == model["path"]})
    return run_pipeline(chosen, tmp_path_factory.mktemp("recorded"), DATA, 1)


@pytest.fixture(scope="module")
def agreement(recorded: Path) -> RowAgreement:
    (found,) = gold_agreements(RunFolder(recorded))
    return found


def test_risk_and_coverage_of_a_recorded_judge(agreement: RowAgreement) -> None:
    answers = rows(DATA / f"llmbar/judgments/{EVALUATOR}.jsonl.gz")
    gold = {
        f"{part}-{at}": str(row["label"])
        for part in ("Natural", "Neighbor", "GPTInst", "GPTOut", "Manual")
        for at, row in enumerate(rows(DATA / f"llmbar/data/{part}.jsonl"))
    }
    said = [((row["winner_AB"], row["winner_BA"]), gold[f"{row['subset']}-{row['idx']}"]) for row in answers]
    wrong = [set(winners) - {None} != {true} for winners, true in said]
    sure = [winners[0] == winners[1] for winners, _ in said]
    assert (agreement.judge, agreement.labelled) == (f"llmbar--{EVALUATOR}", len(answers))
    published = read_json(DATA / "llmbar/expected.json")[EVALUATOR.replace("__", "/")]
    parts = [one for one in published.values() if isinstance(one, dict)]
    both = sum(part["n"] * part["correct_both"] for part in parts) / len(answers)
    assert agreement.percent.value == pytest.approx(both / 100, abs=1e-6)
    assert agreement.risk is not None
    # first come those on which both orders agree, in any order, then the rest, in any order
    first, last = ([bad for bad, agreed in zip(wrong, sure, strict=True) if agreed == part] for part in (True, False))
    curve = [sum(first) / len(first)] * len(first)
    curve += [(sum(first) + n * sum(last) / len(last)) / (len(first) + n) for n in range(1, len(last) + 1)]
    assert agreement.risk.area == pytest.approx(sum(curve) / len(curve), abs=1e-9)
    assert agreement.risk.area == pytest.approx(0.6328628893, abs=1e-9)
    assert agreement.risk.accuracy_at(0.5) > 1.5 * agreement.risk.accuracy_at(1.0)


def test_the_bias_profile_of_a_recorded_judge(
    recorded: Path, agreement: RowAgreement, capsys: pytest.CaptureFixture[str]
) -> None:
    published = read_json(DATA / "llmbar/expected.json")[EVALUATOR.replace("__", "/")]
    (slices,) = [one for one in agreement.errors if one.by == "split"]
    assert {name: 100 * (1 - wrong) for name, (wrong, _) in slices.tested.rates.items()} == pytest.approx(
        {name: part["correct_both"] for name, part in published.items() if isinstance(part, dict)}, abs=1e-4
    )
    assert jb(["label", "report", str(recorded)]) == 0
    said = capsys.readouterr().out
    assert "place of the better answer: first 35.6% of 418, second 73.7% of 419; THE JUDGE DOES NOT ERR ALIKE" in said
    assert "length" not in said, "the lengths of a judge's replies are not those of the answers"


def test_pairs_for_self_rationalization_from_a_judge_that_was_asked_three_times(recorded: Path, tmp_path: Path) -> None:
    out = tmp_path / "pairs.jsonl"
    assert jb(["export", str(recorded), "--to", "dpo", "--model", REPEATED, "--out", str(out)]) == 0
    pairs: list[dict[str, Any]] = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    letters = {}
    for repeat in (1, 2, 3):
        for row in rows(DATA / f"position_bias/replies/MTBench__gpt-4-0613__rep{repeat}.jsonl.gz"):
            letters.setdefault(row["cmp_index"], []).append((row["reply"], _letter(row["reply"])))
    unlike = {name: said for name, said in letters.items() if len({letter for _, letter in said if letter}) > 1}
    assert len(pairs) == len(unlike) == 18
    assert {(_letter(_text(one["chosen"])), _letter(_text(one["rejected"]))) for one in pairs} <= {
        (a, b) for said in unlike.values() for _, a in said for _, b in said if a != b
    }
    for one in pairs:
        (said,) = [said for said in unlike.values() if _text(one["chosen"]) in {reply for reply, _ in said}]
        among = [letter for _, letter in said]
        assert among.count(_letter(_text(one["chosen"]))) >= among.count(_letter(_text(one["rejected"])))
    beside = json.loads(Path(f"{out}.meta.json").read_text())
    assert beside["left_out"] == {"all replies say the same, or no target is known": 192 - 18}


def _text(completion: Any) -> str:
    text: str = completion if isinstance(completion, str) else completion[0]["content"]
    return text


def _letter(reply: str) -> str:
    """Return the first of the study's three verdicts in a reply."""
    found = [(at, letter) for letter in "ABC" if (at := reply.find(f"[[{letter}]]")) >= 0]
    return min(found)[1] if found else ""

"""Several judges at once: pairs of models, answers of a file, panels, and the agreement between judges."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from judgebench.testing.faultservice import FaultService, prompt_text
from tests.e2e.harness import Bench, model_answer

FENCED = re.compile(r"^(=== [0-9a-f]{20} ===)\n(.*?)\n\1$", re.MULTILINE | re.DOTALL)
SAID = re.compile(r"I think it is (\d+) \(of twice (\d+)\)")


def is_right(text: str) -> bool:
    found = SAID.search(text)
    return bool(found) and int(found[1]) == 2 * int(found[2])


def pair_answer(body: dict[str, Any]) -> str:
    """A fair judge of pairs: the right answer wins, whichever place it has."""
    first, second = (is_right(text) for _, text in FENCED.findall(prompt_text(body)))
    return f"VERDICT: {'C' if first == second else 'A' if first else 'B'}"


def judges_file(bench: Bench, name: str, text: str) -> None:
    head = "from judgebench.models import VLLMCustomAPIChat\n"
    judge = {"type": "VLLMCustomAPIChat", "model": "j", "url": bench.judge.url, "batch_size": 4, "retry": 0}
    (bench.folder / "configs/judges" / f"{name}.py").write_text(f"{head}service = dict({judge!r})\n{text}\n")


PAIR = "method=dict(type='PairComparison', aggregate=dict(type='both_or_tie', unread='unparsed'))"


@pytest.fixture
def two_models(bench: Bench) -> Any:
    """``toy-model`` is wrong about 5; ``other-model`` about 1, 2 and 5."""
    with FaultService(model_answer(lambda i: i in (1, 2, 5)), model="m") as other:
        path = bench.folder / "configs/models/other_model.py"
        path.write_text(path.read_text().replace(bench.model.url, other.url))
        bench.judge.answer = pair_answer
        yield bench


def test_two_models_are_compared_in_both_orders(two_models: Bench) -> None:
    bench = two_models
    judges_file(bench, "pairs", f"judges = [dict(abbr='pair', judge_model=service, compare_with='first', {PAIR})]")
    done = bench.jb("--judges", "pairs", dataset="toy_gen", models=("other_model", "toy_model"))
    assert done.code == 0, done.text
    assert not (bench.run / "results/other-model/toy-pair.json").exists()
    result = bench.result("toy-pair", "toy-model")
    assert result["headline"] == "win_rate"
    assert len(bench.judge.requests) == 2 + 4  # a trial pair of the preflight, and two pairs in both orders
    assert result["diagnostics"]["equal_answers"] == 4
    assert "pairs of equal answers, about which the judge was not asked: 4" in result["notes"]
    # Three questions that only one of two got right, of six; equal answers tie: (2 wins + 4 ties / 2) / 6.
    assert result["metrics"]["win_rate"]["value"] == pytest.approx(100 * (2 + 4 / 2) / 6)
    assert result["identity"]["judge"]["compare_with"] == "other-model"
    rows = bench.rows("toy-pair", "toy-model")
    answers = {row["id"]: row["uuid"] for row in bench.rows("toy", "toy-model")}
    other_answer = {row["id"]: row["uuid"] for row in bench.rows("toy", "other-model")}
    assert sorted(row["id"] for row in rows) == [1, 1, 2, 2]  # equal answers are not asked
    assert all(row["gold"] == [answers[row["id"]], other_answer[row["id"]]] for row in rows)
    asked = len(bench.judge.requests)
    again = bench.jb("--judges", "pairs", "--reuse", "--no-preflight", dataset="toy_gen",
                     models=("other_model", "toy_model"))  # fmt: skip
    assert again.code == 0, again.text
    assert len(bench.judge.requests) == asked
    assert "kept as it is" in again.text


def test_a_model_cannot_be_compared_with_itself_alone(two_models: Bench) -> None:
    judges_file(two_models, "pairs", f"judges = [dict(abbr='pair', judge_model=service, compare_with='first', {PAIR})]")
    refused = two_models.jb("--judges", "pairs", dataset="toy_gen")
    assert refused.code == 2
    assert "no other model to compare" in refused.text
    stranger = two_models.jb("--judges", "pairs", "--override", "judges.pair.compare_with=nobody", dataset="toy_gen")
    assert stranger.code == 2
    assert "'nobody' does not answer" in stranger.text


def baseline(folder: Path, rows: list[dict[str, Any]]) -> None:
    (folder / "old.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_answers_of_a_file_are_a_baseline(two_models: Bench) -> None:
    bench = two_models
    baseline(bench.folder, [{"name": f"q-{i}", "said": f"I think it is {2 * i} (of twice {i})"} for i in range(1, 6)])
    text = "baseline=dict(path='old.jsonl', key='name', answer='said')"
    judges_file(bench, "against", f"judges = [dict(abbr='old', judge_model=service, {text}, {PAIR})]")
    done = bench.jb("--judges", "against", dataset="toy_gen")
    assert done.code == 0, done.text
    result = bench.result("toy-old")
    assert result["counts"]["ok"] == 5
    assert result["counts"]["not_judged"] == 1  # the file has no answer to question 0
    assert result["metrics"]["win_rate"]["value"] == pytest.approx(100 * (4 / 2) / 5)
    assert result["identity"]["judge"]["baseline.path"] == "old.jsonl"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"name": "q-0", "other": "x"}], "old.jsonl:1: the column 'said'"),
        ([{"said": "x"}], "old.jsonl:1: the column 'name'"),
        ([{"name": "q-0", "said": "x"}] * 2, "old.jsonl:2: a second answer to 'q-0'"),
    ],
)
def test_a_bad_baseline_names_file_and_row(two_models: Bench, rows: list[dict[str, Any]], said: str) -> None:
    baseline(two_models.folder, rows)
    text = "baseline=dict(path='old.jsonl', key='name', answer='said')"
    judges_file(two_models, "against", f"judges = [dict(abbr='old', judge_model=service, {text}, {PAIR})]")
    done = two_models.jb("--judges", "against", dataset="toy_gen")
    assert done.code != 0
    assert said in done.text


def verifier(wrong: tuple[int, ...] = ()) -> Any:
    """A verifier whose verdict is turned round for some questions."""

    def answer(body: dict[str, Any]) -> str:
        prompt = prompt_text(body)
        found = SAID.search(prompt)
        right = is_right(prompt) != (found is not None and int(found[2]) in wrong)
        return f"VERDICT: {'A' if right else 'B'}"

    return answer


PANEL = """
method = dict(type='ReferenceVerifier')
judges = [
    dict(abbr='one', judge_model=service, method=method),
    dict(abbr='two', judge_model=dict(service, url={two!r}), method=method),
    dict(abbr='three', judge_model=dict(service, url={three!r}), method=method),
    dict(abbr='panel', method=dict(type='Panel', aggregate=dict(type='majority', unread='drop'), quorum={quorum})),
]
"""


@pytest.mark.parametrize("quorum", [2, 3])
def test_a_member_that_fails_does_not_stop_the_panel(bench: Bench, quorum: int) -> None:
    with (
        FaultService(verifier((1,)), model="j") as two,
        FaultService(verifier((1, 2)), model="j", faults=lambda _seen: "500") as three,
    ):
        bench.judge.answer = verifier((2,))
        judges_file(bench, "panel", PANEL.format(two=two.url, three=three.url, quorum=quorum))
        done = bench.jb("--judges", "panel", "--no-preflight")
        assert done.code == 4, done.text
        result = bench.result("toy-panel")
        if quorum == 3:
            assert result["counts"]["judge_failed"] == 6
            return
        # Two of two: they differ about 1 and 2, which nobody breaks; 5 is wrong to both.
        assert (result["counts"]["ok"], result["counts"]["unparsed"]) == (4, 2)
        assert result["metrics"]["accuracy"]["value"] == 75
        assert result["counts"]["judge_failed"] == 0
        between = {tuple(one["judges"]): one for one in result["diagnostics"]["between_judges"]}
        assert between["one", "two"]["n"] == 6
        assert between["one", "two"]["agreement"] == pytest.approx(100 * 4 / 6)
        assert re.search(r"one \+ two +6 +66\.67", done.text)
        asked = len(bench.judge.requests) + len(two.requests)
        three.set_faults(())
        healed = bench.jb("--judges", "panel", "--reuse", "--no-preflight")
        assert healed.code == 0, healed.text
        assert len(bench.judge.requests) + len(two.requests) == asked
        assert bench.result("toy-panel")["counts"]["ok"] == 6
        # By majority 1 and 2 are wrong (two of three turned them round), and so is 5.
        assert bench.result("toy-panel")["metrics"]["accuracy"]["value"] == 50


def test_every_two_of_three_judges_are_compared_once(bench: Bench) -> None:
    verifiers = ", ".join(
        f"dict(abbr={abbr!r}, judge_model=service, method=dict(type='ReferenceVerifier'))" for abbr in ("a", "b", "c")
    )
    judges_file(bench, "three", f"judges = [{verifiers}]")
    done = bench.jb("--judges", "three", "--no-preflight")
    assert done.code == 0, done.text
    found = {name: bench.result(f"toy-{name}")["diagnostics"].get("between_judges", []) for name in ("a", "b", "c")}
    assert [len(found[name]) for name in ("a", "b", "c")] == [0, 0, 3]
    assert {tuple(one["judges"]) for one in found["c"]} == {("a", "b"), ("a", "c"), ("b", "c")}
    assert all((one["n"], one["agreement"], one["kappa"]) == (6, 100, 1) for one in found["c"])


def test_a_panel_takes_the_judges_that_are_named_beside_it(bench: Bench) -> None:
    judges_file(
        bench, "left", "judges = [dict(abbr='left', judge_model=service, method=dict(type='ReferenceVerifier'))]"
    )
    judges_file(bench, "right", "judges = [dict(abbr='right', judge_model=service, "
                "method=dict(type='ReferenceVerifier', style='word'))]")  # fmt: skip
    bench.judge.answer = lambda body: verifier()(body).replace(
        "A", "A" if "VERDICT: A" in prompt_text(body) else "CORRECT"
    )
    done = bench.jb("--judges", "left", "right", "panel_majority", "--no-preflight")
    assert done.code in {0, 4}, done.text
    assert set(bench.result("toy-panel")["identity"]["members"]) == {"left", "right"}
    alone = bench.jb("--judges", "panel_majority", "--no-preflight")
    assert alone.code == 2
    assert "a panel needs judges beside it" in alone.text


def test_a_panel_of_scores_takes_the_middle_one_and_shows_its_quorum(bench: Bench) -> None:
    def says(score: int, but: int | None = None) -> FaultService:
        """A judge that scores alike, but states no score for one question."""
        return FaultService(lambda body: "?" if f"twice {but}?" in prompt_text(body) else f"SCORE: {score}", model="j")

    with says(2) as one, says(3, but=0) as two, says(9, but=0) as three:
        methods = "method = dict(type='RubricScore')\njudges = ["
        for name, member in (("one", one), ("two", two), ("three", three)):
            methods += f"dict(abbr={name!r}, judge_model=dict(service, url={member.url!r}), method=method),\n"
        judges_file(bench, "scorers", methods + "]")
        done = bench.jb("--judges", "scorers", "panel_scores", "panel_majority", "--no-preflight")
    assert done.code in {0, 4}, done.text
    middle, mean = bench.result("toy-panel-scores"), bench.result("toy-panel")
    assert (middle["counts"]["ok"], middle["counts"]["unparsed"]) == (5, 1)  # one of three is below the quorum of 2
    assert middle["metrics"]["mean_score"]["value"] == 3
    assert mean["metrics"]["mean_score"]["value"] == pytest.approx((2 + 3 + 9) / 3)
    assert "panel: aggregate=median_score unread=drop quorum=2" in middle["notes"]


def test_what_is_prepared_for_a_question_serves_all_answers_to_it(bench: Bench) -> None:
    """PC2 derives its criteria once per question."""
    bench.model_keys = {"generation_kwargs": {"num_return_sequences": 3, "temperature": 0.7}}
    bench.write()
    score = "dict(type='RubricScore', criteria='{metrics}')"
    method = f"dict(type='Prepared', prepare=['metrics', 'reference'], judge={score})"
    judges_file(bench, "pc2", f"judges = [dict(abbr='pc2', judge_model=service, method={method})]")
    drawn = itertools.count(1)

    def answer(body: dict[str, Any]) -> str:
        prompt = prompt_text(body)
        return "SCORE: 7" if "SCORE" in prompt else f"Criterion number {next(drawn)}."

    bench.judge.answer = answer
    stopped = bench.jb("--judges", "pc2", "--no-preflight", "--num-prompts", "3")
    assert stopped.code == 0, stopped.text
    assert len(bench.judge.requests) == 3 * (2 + 3)  # two preparations, three answers
    done = bench.jb("--judges", "pc2", "--no-preflight", "--reuse", "--dump-eval-details", "--num-prompts", "none")
    assert done.code == 0, done.text
    assert len(bench.judge.requests) == 6 * (2 + 3)
    details = bench.result("toy-pc2")["details"]
    prepared = {(one["id"], one["verdict"]["details"]["prepared"]["metrics"]) for one in details}
    assert len(details) == 18
    assert len(prepared) == 6
    asked = len(bench.judge.requests)
    again = bench.jb("--judges", "pc2", "--no-preflight", "--reuse", "--mode", "eval")
    assert again.code == 0, again.text
    assert len(bench.judge.requests) == asked

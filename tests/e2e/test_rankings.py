"""Rankings of a run's models: each pair judged once, models added later, baselines, grades, what is undefined."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from judgebench.testing.faultservice import FaultService, prompt_text
from judgebench.training.surrogate import judge_config
from tests.e2e.harness import JB, Bench, model_answer, run, slower_after, wait_until
from tests.e2e.test_kills import kill
from tests.e2e.test_two_judges import FENCED, PAIR, is_right, judges_file, pair_answer

WRONG = {"ant": (), "bee": (1, 2), "cat": (1, 3, 4), "dog": (0, 1, 2, 3, 4, 5)}
"""Questions that each model answers wrongly, of six."""
WRONG_OF = ("ant", "bee", "cat")
CALLS_FOR = {("ant", "bee"): 2, ("ant", "cat"): 3, ("bee", "cat"): 3}
"""Questions that only one of two models got right: each is judged in both orders."""


@pytest.fixture
def many_models(bench: Bench) -> Iterator[Bench]:
    with ExitStack() as stack:
        for name, wrong in WRONG.items():
            answer = model_answer(lambda i, wrong=wrong: i in wrong)
            service = stack.enter_context(FaultService(answer, model="m"))
            (bench.folder / f"configs/models/{name}.py").write_text(
                "from judgebench.models import VLLMCustomAPIChat\n"
                f"models = [dict(type=VLLMCustomAPIChat, abbr={name!r}, model='m', url={service.url!r}, "
                "batch_size=4, retry=0)]\n"
            )
        bench.judge.answer = pair_answer
        round_robin(bench, "round_robin", "all")
        yield bench


def round_robin(bench: Bench, name: str, against: Any) -> None:
    judges_file(bench, name, f"judges = [dict(abbr={name!r}, judge_model=service, compare_with={against!r}, {PAIR})]")


def jb(
    bench: Bench, *flags: str, models: tuple[str, ...], judges: tuple[str, ...] = ("round_robin",), code: int = 0
) -> str:
    done = bench.jb("--judges", *judges, "--no-preflight", *flags, dataset="toy_gen", models=models)
    assert done.code == code, done.text
    return done.text


def ranking(bench: Bench, row: str = "toy-round_robin") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((bench.run / f"rankings/{row}.json").read_text())
    return found


def summary(bench: Bench) -> dict[str, Any]:
    newest = max((bench.run / "summary").glob("*.json"))
    found: dict[str, Any] = json.loads(newest.read_text())
    return found


def test_every_pair_is_judged_once_and_never_again_when_models_are_added(many_models: Bench) -> None:
    bench = many_models
    jb(bench, models=("cat", "ant"))
    assert len(bench.judge.requests) == 2 * CALLS_FOR["ant", "cat"]
    kept = (bench.run / "predictions/ant/toy-round_robin-vs-cat.jsonl").read_bytes()
    # A model that sorts between the two, and another order of names.
    jb(bench, "--reuse", models=("cat", "bee", "ant"))
    assert len(bench.judge.requests) == 2 * sum(CALLS_FOR.values())
    assert (bench.run / "predictions/ant/toy-round_robin-vs-cat.jsonl").read_bytes() == kept
    files = {path.relative_to(bench.run / "predictions").as_posix() for path in bench.run.glob("predictions/*/*-vs-*")}
    assert files == {
        "ant/toy-round_robin-vs-bee.jsonl",
        "ant/toy-round_robin-vs-cat.jsonl",
        "bee/toy-round_robin-vs-cat.jsonl",
    }
    for path in files:
        tested_model, compared_model = path.split("/")[0], path.removesuffix(".jsonl").partition("-vs-")[2]
        answers = [{row["id"]: row["uuid"] for row in bench.rows("toy", one)} for one in (tested_model, compared_model)]
        for row in bench.rows(path.split("/")[1].removesuffix(".jsonl"), tested_model):
            assert row["gold"] == [one[row["id"]] for one in answers]
    again = jb(bench, "--reuse", models=("cat", "bee", "ant"))
    assert len(bench.judge.requests) == 2 * sum(CALLS_FOR.values())
    assert "kept as it is" in again
    # A bare --reuse takes the run's own config, the round robin in it.
    done = run([*JB, "--reuse", "--no-preflight"], bench.folder)
    assert done.code == 0, done.text
    assert len(bench.judge.requests) == 2 * sum(CALLS_FOR.values())


def test_a_changed_compared_model_asks_only_about_new_pairs(many_models: Bench) -> None:
    """From one baseline to all against all and back: comparisons that were judged are not asked about again."""
    bench, baseline = many_models, "bee"  # in some pairs the first model, in others the second
    round_robin(bench, "round_robin", baseline)
    jb(bench, models=WRONG_OF)
    known = sum(calls for pair, calls in CALLS_FOR.items() if baseline in pair)
    assert len(bench.judge.requests) == 2 * known
    round_robin(bench, "round_robin", "all")
    jb(bench, "--reuse", models=WRONG_OF)
    assert len(bench.judge.requests) == 2 * sum(CALLS_FOR.values())
    assert {one["model"]: one["comparisons"] for one in ranking(bench)["models"]} == dict.fromkeys(WRONG_OF, 12)
    rates = {one["model"]: one["win_rate"]["value"] for one in ranking(bench)["models"]}
    assert rates == pytest.approx({"ant": 100 * (5 + 7 / 2) / 12, "bee": 100 * (2 + 7 / 2) / 12, "cat": 100 * 4 / 12})
    for tested_model in ("ant", "bee"):  # each call names the answers as its own file shows them
        answers = {row["id"]: row["uuid"] for row in bench.rows("toy", tested_model)}
        assert all(row["gold"][0] == answers[row["id"]] for row in bench.rows("toy-round_robin-vs-cat", tested_model))
    other = next(name for name in WRONG_OF if name != baseline)
    round_robin(bench, "round_robin", other)
    jb(bench, "--reuse", models=WRONG_OF)
    assert len(bench.judge.requests) == 2 * sum(CALLS_FOR.values())
    jb(bench, "--reuse", "--rejudge", models=WRONG_OF)  # afresh means afresh
    assert len(bench.judge.requests) == 2 * (
        sum(CALLS_FOR.values()) + sum(calls for pair, calls in CALLS_FOR.items() if other in pair)
    )


def test_a_round_robin_that_is_killed_goes_on_with_a_model_more(many_models: Bench) -> None:
    """What is on disk at the kill is not asked again, not even when the resumed run has another model."""
    bench = many_models
    slower_after(3, bench.judge)
    flags = ("--judges", "round_robin", "--no-preflight", "--override", "judges.round_robin.judge_model.batch_size=1")
    process = bench.fork(*flags, dataset="toy_gen", models=("cat", "bee"))
    wait_until(lambda: len(bench.judge.requests) > 3)
    kill(bench, process.pid, "all")
    process.communicate(timeout=200)
    before = bench.run / "predictions/bee/toy-round_robin-vs-cat.jsonl"
    kept = [json.loads(line)["uuid"] for line in before.read_text().splitlines() if line.endswith("}")]
    assert 1 <= len(kept) < 2 * CALLS_FOR["bee", "cat"]
    bench.judge.forget()
    bench.judge.latency = 0
    jb(bench, "--reuse", models=("ant", "bee", "cat"))
    assert len(bench.judge.requests) == 2 * sum(CALLS_FOR.values()) - len(kept)
    assert {one["model"]: one["comparisons"] for one in ranking(bench)["models"]} == dict.fromkeys(WRONG_OF, 12)


def test_the_gate_decides_on_a_round_robin(many_models: Bench) -> None:
    bench = many_models
    jb(bench, models=("bee", "ant"))
    rules = [
        "toy-round_robin.tie_rate>=0",
        "ant:toy-round_robin.win_rate>=20",
        "ant:toy-round_robin.bradley_terry>=1000",
    ]
    passed = run([*JB, "gate", "latest", *(word for rule in rules for word in ("--min", rule))], bench.folder)
    assert passed.code == 0, passed.text
    failed = run([*JB, "gate", "latest", "--min", "bee:toy-round_robin.win_rate>=90"], bench.folder)
    assert failed.code == 5, failed.text


def test_a_round_robin_ranks_its_models(many_models: Bench) -> None:
    bench = many_models
    text = jb(bench, models=("cat", "bee", "ant"))
    found = ranking(bench)
    assert [one["model"] for one in found["models"]] == ["ant", "bee", "cat"]
    rates = {one["model"]: one["win_rate"]["value"] for one in found["models"]}
    # ant beats bee on 2 of 6 and cat on 3, all else ties; bee and cat: 2 to 1.
    assert rates == pytest.approx({"ant": 100 * (5 + 7 / 2) / 12, "bee": 100 * (2 + 7 / 2) / 12, "cat": 100 * 4 / 12})
    assert [one["rank"] for one in found["models"]] == [1, 2, 3]
    assert sum(one["elo"]["value"] for one in found["models"]) == pytest.approx(3000)
    assert found["models"][0]["bradley_terry"]["value"] > found["models"][1]["bradley_terry"]["value"]
    assert {(one["first"], one["second"]): one["comparisons"] for one in found["pairs"]} == {
        ("cat", "bee"): 6, ("cat", "ant"): 6, ("bee", "ant"): 6
    }  # fmt: skip
    result = bench.result("toy-round_robin", "bee")
    assert result["metrics"]["win_rate"]["value"] == rates["bee"]
    assert result["metrics"]["rank"]["value"] == 2
    assert result["counts"]["planned"] == result["counts"]["ok"] == 12
    assert result["diagnostics"]["consistency"]["value"] == 100
    # Every question is counted, with the player under whose name it is recorded.
    calls = {name: bench.result("toy-round_robin", name)["usage"].get("judge", {}).get("calls", 0) for name in WRONG_OF}
    assert calls == {"ant": 2 * (2 + 3), "bee": 2 * 3, "cat": 0}
    table = summary(bench)
    assert [one["dataset"] for one in table["rankings"]] == ["toy", "toy-round_robin"]
    assert {row["dataset"] for row in table["rows"]} == {"toy", "toy-round_robin"}
    (alike,) = table["rankings_compared"]
    assert alike["judges"] == ["toy", "toy-round_robin"]
    # The rule takes the last number, which is the question's: it finds all models equally wrong.
    assert alike["kendall"] is None
    assert "all models on one place" in alike["note"]
    assert re.search(r"toy-round_robin +1 \(1\.\.\d\) +ant +5/7/0 +70\.83", text)
    assert "pairs of models do not overlap (separability)" in text
    csv = max((bench.run / "summary").glob("*.csv")).read_text()
    assert re.search(r"toy-round_robin,\w+,elo,gen,\d", csv)


def test_compared_models_by_name_in_the_shipped_round_robin(many_models: Bench) -> None:
    bench = many_models
    service = [f"judges.round_robin.judge_model.url={bench.judge.url}", "judges.round_robin.judge_model.model=j"]
    against = "judges.round_robin.compare_with=['ant']"
    models = ("cat", "bee", "ant")
    jb(bench, "--override", *service, against, models=models, judges=("pair_round_robin",))
    assert len(bench.judge.requests) == 2 * (CALLS_FOR["ant", "bee"] + CALLS_FOR["ant", "cat"])
    found = ranking(bench)
    assert found["models"][0]["model"] == "ant"
    assert len(found["pairs"]) == 2
    # All against all is one pair more, and nothing else.
    jb(bench, "--reuse", "--override", *service, models=models, judges=("pair_round_robin",))
    assert len(bench.judge.requests) == 2 * sum(CALLS_FOR.values())
    assert len(ranking(bench)["pairs"]) == 3


def test_a_baseline_is_in_the_ranking(many_models: Bench) -> None:
    bench = many_models
    round_robin(bench, "base", "dog")
    text = jb(bench, models=("dog", "bee", "ant"), judges=("base",))
    found = {one["model"]: one for one in ranking(bench, "toy-base")["models"]}
    assert found["dog"]["baseline"]
    assert found["dog"]["win_rate"]["value"] is None
    assert found["dog"]["bradley_terry"]["value"] == 1000
    # ant won all against the baseline, so no finite rating fits it; bee's is the logit of its win rate.
    assert found["ant"]["rank"] == 1
    assert found["ant"]["bradley_terry"]["value"] is None
    assert "lost nothing" in found["ant"]["bradley_terry"]["note"]
    assert 1 / (1 + 10 ** ((1000 - found["bee"]["bradley_terry"]["value"]) / 400)) == pytest.approx(5 / 6)
    assert found["bee"]["win_rate"]["stderr"] == bench.result("toy-base", "bee")["metrics"]["win_rate"]["stderr"]
    assert "dog (baseline)" in text


def test_answers_of_a_file_are_ranked_with_the_models(many_models: Bench) -> None:
    """The file's answers are long and decorated, and the judge takes them where both are right."""
    bench = many_models
    rows = [{"said": f"# Answer\n\n- **Well.** I think it is {2 * i + i % 2} (of twice {i})"} for i in range(6)]
    (bench.folder / "old.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    judge = "dict(abbr='old', judge_model=service, baseline=dict(path='old.jsonl', answer='said', name='old answers')"
    judges_file(bench, "against", f"judges = [{judge}, {PAIR})]")
    bench.judge.answer = loves_markdown
    jb(bench, models=("cat", "bee", "ant"), judges=("against",))
    found = {one["model"]: one for one in ranking(bench, "toy-old")["models"]}
    assert found["old answers"]["baseline"]
    assert found["old answers"]["bradley_terry"]["value"] == 1000
    # Against the file, which is right about 0, 2 and 4: ant wins 1, 3, 5 and loses the others.
    assert (found["ant"]["wins"], found["ant"]["losses"]) == (3, 3)
    assert (found["bee"]["wins"], found["bee"]["losses"]) == (2, 4)
    assert found["ant"]["style_controlled"]["value"] is not None
    health = bench.result("toy-old", "ant")["diagnostics"]
    assert (health["consistency"]["value"], health["longer_preferred"]["value"]) == (100, 50)
    assert health["first_shown_rate"]["value"] == 50
    # The summary is made again from what is on disk, to the last digit.
    before = (bench.run / "rankings/toy-old.json").read_bytes()
    (bench.run / "rankings/toy-old.json").unlink()
    jb(bench, "--reuse", "--mode", "viz", models=("cat", "bee", "ant"), judges=("against",))
    assert (bench.run / "rankings/toy-old.json").read_bytes() == before


def test_what_is_undefined_is_null_with_a_reason(many_models: Bench) -> None:
    bench = many_models
    bench.judge.answer = lambda body: "VERDICT: C"
    jb(bench, models=("cat", "ant"))
    found = ranking(bench)
    assert found["by"] == "win_rate"
    for one in found["models"]:
        assert one["win_rate"]["value"] == 50
        for rating in ("bradley_terry", "elo", "style_controlled"):
            assert one[rating]["value"] is None
            assert "every comparison is a tie" in one[rating]["note"]
    alone = bench.jb("--judges", "round_robin", "--no-preflight", dataset="toy_gen", models=("ant",))
    assert alone.code == 2
    assert "no other model to compare" in alone.text
    for bad in ("['ant', 'ant']", "[]"):
        flag = f"judges.round_robin.compare_with={bad}"
        refused = bench.jb("--judges", "round_robin", "--override", flag, dataset="toy_gen", models=("ant", "bee"))
        assert refused.code == 2
        assert "must name at least one model, and none twice" in refused.text
    stranger = bench.jb(
        "--judges", "round_robin", "--override", "judges.round_robin.compare_with=['ant', 'nobody']", dataset="toy_gen",
        models=("ant", "bee"),
    )  # fmt: skip
    assert stranger.code == 2
    assert "'nobody' does not answer" in stranger.text


def test_a_service_that_fails_leaves_its_pairs_out(many_models: Bench) -> None:
    bench = many_models
    jb(bench, "--override", "models.cat.url=http://127.0.0.1:9", models=("cat", "bee", "ant"), code=3)
    found = ranking(bench)
    assert {one["model"]: one["comparisons"] for one in found["models"]} == {"cat": 0, "bee": 6, "ant": 6}
    assert "cat" in found["notes"][0]
    asked = len(bench.judge.requests)
    jb(bench, "--reuse", models=("cat", "bee", "ant"))
    assert len(bench.judge.requests) == asked + 2 * (CALLS_FOR["ant", "cat"] + CALLS_FOR["bee", "cat"])
    assert not ranking(bench)["notes"]


def test_judges_under_test_play_each_other_item_by_item(bench: Bench) -> None:
    """One errs about item 1, one about items 2 to 4, one calls everything correct (items 1, 3 and 5 are wrong)."""
    rows = [
        {
            "question": f"What is twice {i}?",
            "reply": f"I think it is {2 * i + i % 2} (of twice {i})",
            "truth": ("correct", "incorrect")[i % 2],
        }
        for i in range(6)
    ]
    (bench.folder / "graded.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (bench.folder / "configs/datasets/graded.py").write_text(
        "from judgebench.datasets import JsonlDataset\nfrom judgebench.judges import SolutionVerifier\n"
        "from judgebench.metrics import VerifierScore\n"
        "graded_datasets = [dict(abbr='graded', type=JsonlDataset, path='graded.jsonl', input_columns=['question'], "
        "answer_columns=['reply'], gold_column='truth', method=dict(type=SolutionVerifier), "
        "score=dict(type=VerifierScore))]\n"
    )

    def judging(errs: tuple[int, ...]) -> Any:
        def answer(body: dict[str, Any]) -> str:
            found = re.search(r"of twice (\d+)\)", prompt_text(body))
            right = is_right(prompt_text(body)) != (found is not None and int(found[1]) in errs)
            return f"VERDICT: {'CORRECT' if right else 'INCORRECT'}"

        return answer

    with ExitStack() as stack:
        for name, errs in {"good": (1,), "fair": (2, 3, 4), "lenient": (1, 3, 5)}.items():
            service = stack.enter_context(FaultService(judging(errs), model="j"))
            (bench.folder / f"configs/models/{name}.py").write_text(
                "from judgebench.models import VLLMCustomAPIChat\n"
                f"models = [dict(type=VLLMCustomAPIChat, abbr={name!r}, model='j', url={service.url!r}, retry=0)]\n"
            )
        done = bench.jb("--no-preflight", dataset="graded", models=("fair", "good", "lenient"))
    assert done.code == 0, done.text
    found = {one["model"]: one for one in ranking(bench, "graded")["models"]}
    assert ranking(bench, "graded")["by"] == "agreement"
    assert [(name, one["rank"]) for name, one in found.items()] == [("good", 1), ("fair", 2), ("lenient", 2)]
    assert {name: one["score"]["value"] for name, one in found.items()} == pytest.approx(
        {"good": 500 / 6, "fair": 50, "lenient": 50}
    )
    # good beats fair on 2, 3, 4 and loses 1; it beats lenient on 3 and 5; fair and lenient win two each of the rest.
    assert (found["good"]["wins"], found["good"]["losses"], found["good"]["ties"]) == (5, 1, 6)
    assert (found["fair"]["wins"], found["fair"]["losses"]) == (3, 5)
    assert found["good"]["elo"]["value"] > found["lenient"]["elo"]["value"]
    assert found["good"]["bradley_terry"]["value"] > found["fair"]["bradley_terry"]["value"]
    assert "right wins against wrong" in done.text


def loves_markdown(body: dict[str, Any]) -> str:
    """A judge of pairs that prefers the right answer, and of two alike the one with a heading."""
    answers = [text for _, text in FENCED.findall(prompt_text(body))]
    first, second = ((is_right(text), text.startswith("#")) for text in answers)
    return f"VERDICT: {'C' if first == second else 'A' if first > second else 'B'}"


def grade(body: dict[str, Any]) -> str:
    return f"SCORE: {9 if is_right(prompt_text(body)) else 3}"


def test_judges_that_grade_rank_by_the_mean(many_models: Bench, tmp_path: Path) -> None:
    bench = many_models
    with FaultService(grade, model="j") as grader:
        judges_file(
            bench,
            "grades",
            f"judges = [dict(abbr='grades', judge_model=dict(service, url={grader.url!r}), "
            "method=dict(type='RubricScore'))]",
        )
        text = jb(bench, models=("cat", "bee", "ant"), judges=("round_robin", "grades"))
    found = ranking(bench, "toy-grades")
    assert found["by"] == "mean_score"
    assert [(one["model"], one["score"]["value"]) for one in found["models"]] == [("ant", 9), ("bee", 7), ("cat", 6)]
    compared = {tuple(one["judges"]): one for one in summary(bench)["rankings_compared"]}
    assert compared["toy-round_robin", "toy-grades"]["kendall"] == pytest.approx(1)
    assert compared["toy-round_robin", "toy-grades"]["models"] == 3
    assert "The judges' rankings, against each other" in text
    assert "judge says None" not in text  # a grade does not contradict the rule's label


def test_two_judges_of_a_round_robin_and_their_panel(many_models: Bench) -> None:
    bench = many_models
    with FaultService(pair_answer, model="j") as second:
        both = ", ".join(
            f"dict(abbr={abbr!r}, judge_model={model}, compare_with='all', {PAIR})"
            for abbr, model in (("one", "service"), ("two", f"dict(service, url={second.url!r})"))
        )
        aggregate = "aggregate=dict(type='majority', unread='drop')"
        panel = f"dict(abbr='panel', compare_with='all', method=dict(type='Panel', {aggregate}))"
        judges_file(bench, "panel", f"judges = [{both}, {panel}]")
        jb(bench, models=("cat", "bee", "ant"), judges=("panel",))
    result = bench.result("toy-panel", "ant")
    assert result["metrics"]["win_rate"]["value"] == pytest.approx(100 * (5 + 7 / 2) / 12)
    (between,) = bench.result("toy-two", "cat")["diagnostics"]["between_judges"]
    assert between["judges"] == ["one", "two"]
    assert (between["n"], between["agreement"], between["kappa"]) == (12, 100, 1)


def test_models_are_compared_by_a_surrogate_that_asks_nobody(many_models: Bench) -> None:
    bench = many_models
    (bench.folder / "configs/judges/surrogate.py").write_text(judge_config({"of_reference": 1.0}))
    jb(bench, models=("cat", "bee", "ant"), judges=("surrogate",))
    assert not bench.judge.requests
    found = ranking(bench, "toy-surrogate")
    assert [one["model"] for one in found["models"]] == ["ant", "bee", "cat"]
    assert len(found["pairs"]) == 3
